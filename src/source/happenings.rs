//! When records happen, and of which key: evenly, at random, or in bursts per key.

use crate::rng::{Draws, Seed};
use crate::scenario::{Fault, RateShape, Spacing, Synthetic};
use crate::source::keys::Shares;
use crate::source::quantile::exponential;
use crate::source::rate::Intensity;
use crate::time::{MICROS_PER_SECOND, Span};

/// The distance of a record from the start in event time, and the rank of its key.
pub type Happening = (Span, u32);

/// All happenings in `[0, duration)`, in order of event time. Of the faults, only bursts make a difference.
///
/// The rate must be finite and positive, and both it and the spells of bursts small enough that
/// the result fits in memory; [`crate::scenario::Scenario::problems`] says when they are not.
pub fn draw(source: &Synthetic, duration: Span, faults: &[Fault], seed: Seed) -> Vec<Happening> {
    let shares = Shares::new(&source.keys);
    let mut keys = seed.stream("key");
    let mut with_key = |offset: Span| (offset, shares.rank(keys.unit()));
    let intensity = source.intensity(duration, faults);
    let is_bursting = faults.iter().any(|fault| matches!(fault, Fault::Burst { .. }));
    let is_constant = source.rate_shape == RateShape::Constant && !is_bursting;
    match source.arrivals {
        Spacing::Regular if !is_constant => {
            let counted = (0_u32..).map(f64::from);
            shaped(&intensity, counted, duration).map(&mut with_key).collect()
        }
        Spacing::Poisson if !is_constant => {
            let units = poisson(seed.stream("gap"), 1.0, f64::INFINITY);
            shaped(&intensity, units, duration).map(&mut with_key).collect()
        }
        Spacing::Regular => regular(source.rate, duration).map(&mut with_key).collect(),
        Spacing::Poisson => {
            let gaps = seed.stream("gap");
            let mean_gap = MICROS_PER_SECOND as f64 / source.rate;
            poisson(gaps, mean_gap, duration.micros() as f64).map(micros).map(&mut with_key).collect()
        }
        Spacing::Bursts { active, silent } => {
            let shape = (!is_constant).then_some(&intensity);
            bursts(source, shape, (active, silent), duration, &shares, seed)
        }
    }
}

/// What an instant may be short of by rounding alone, in microseconds: one that is due at the end of a
/// stretch, or of the run, does not come before it.
const NEARLY: f64 = 1e-3;

/// The instants below `duration` before which as many records are expected as `units` says, ascending.
fn shaped(intensity: &Intensity, units: impl Iterator<Item = f64>, duration: Span) -> impl Iterator<Item = Span> {
    let end = duration.micros() as f64;
    let mut last = 0.0_f64;
    units
        .map(move |unit| {
            // The search for an instant ends within a small part of a microsecond.
            last = last.max(intensity.instant_of(unit) + NEARLY);
            last
        })
        .take_while(move |&at| at < end)
        .map(micros)
}

/// `i / rate` for i = 0, 1, 2, ..., below `duration`.
fn regular(rate: f64, duration: Span) -> impl Iterator<Item = Span> {
    let gap = MICROS_PER_SECOND as f64 / rate;
    (0_u32..).map(move |i| micros(f64::from(i) * gap)).take_while(move |&offset| offset < duration)
}

/// The points of a Poisson process on `[0, end)`: gaps are independent and exponential.
fn poisson(mut gaps: Draws, mean_gap: f64, end: f64) -> impl Iterator<Item = f64> {
    let mut at = 0.0;
    std::iter::from_fn(move || {
        at += exponential(gaps.unit_above_zero(), mean_gap);
        (at < end).then_some(at)
    })
}

/// Every key by itself: on and off in turns, a Poisson process while on. Each key has streams of
/// its own, so another key more leaves the others as they are.
fn bursts(
    source: &Synthetic,
    shape: Option<&Intensity>,
    (active, silent): (Span, Span),
    duration: Span,
    shares: &Shares,
    seed: Seed,
) -> Vec<Happening> {
    let (active, silent, end) = (active.micros() as f64, silent.micros() as f64, duration.micros() as f64);
    let active_part = active / (active + silent);
    let mut all = Vec::new();
    for rank in 0..source.keys.count() {
        let rate = source.rate * shares.share(rank) / active_part;
        let mean_gap = MICROS_PER_SECOND as f64 / rate;
        let mut spells = seed.stream(&format!("spell {rank}"));
        let mut gaps = seed.stream(&format!("gap {rank}"));
        let mut on = spells.unit() < active_part;
        let mut spell_end = 0.0;
        while spell_end < end {
            let spell_start = spell_end;
            spell_end += exponential(spells.unit_above_zero(), if on { active } else { silent });
            let end = spell_end.min(end);
            let mut at = spell_start;
            // On the clock of the shape, when the rate varies, one gap is one record.
            let (mut unit, share) = (shape.map_or(0.0, |shape| shape.records_before(at)), rate / source.rate);
            if on {
                let moments = std::iter::from_fn(|| {
                    at = match shape {
                        None => at + exponential(gaps.unit_above_zero(), mean_gap),
                        Some(shape) => {
                            unit += exponential(gaps.unit_above_zero(), 1.0 / share);
                            at.max(shape.instant_of(unit))
                        }
                    };
                    Some(at)
                });
                all.extend(moments.take_while(|&at| at < end).map(|at| (micros(at), rank)));
            }
            on = !on;
        }
    }
    all.sort_unstable();
    all
}

/// Rounded down, so that what happens before an end stays before it.
fn micros(micros: f64) -> Span {
    Span::from_micros(micros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{KeySpec, RateStep};

    fn source(arrivals: Spacing, rate: f64, count: u32) -> Synthetic {
        Synthetic { rate, arrivals, keys: KeySpec::Uniform { count, names: Vec::new() }, ..Synthetic::default() }
    }

    fn offsets(source: &Synthetic, duration: Span) -> Vec<i64> {
        draw(source, duration, &[], Seed::new(7)).into_iter().map(|(offset, _)| offset.micros()).collect()
    }

    #[test]
    fn regular_records_have_the_same_distance() {
        let three = source(Spacing::Regular, 4.0, 1);
        assert_eq!(offsets(&three, Span::from_millis(700)), [0, 250_000, 500_000]);
        assert_eq!(offsets(&three, Span::from_millis(750)), [0, 250_000, 500_000]);
        assert_eq!(offsets(&three, Span::from_millis(751)), [0, 250_000, 500_000, 750_000]);
        assert_eq!(offsets(&source(Spacing::Regular, 1.0 / 3.0, 1), Span::from_secs(7)), [0, 3_000_000, 6_000_000]);
        assert_eq!(offsets(&source(Spacing::Regular, 100_000.0, 1), Span::from_secs(10)).len(), 1_000_000);
    }

    #[test]
    fn poisson_counts_and_gaps_are_those_of_the_process() {
        let all = offsets(&source(Spacing::Poisson, 50.0, 1), Span::from_secs(2_000));
        // 100,000 expected with a standard deviation of 316; five of those.
        assert!((all.len() as f64 - 100_000.0).abs() < 1_580.0, "{}", all.len());
        assert!(all.is_sorted());
        // P(gap > mean) = 1/e and P(gap > 3 mean) = e^-3, independent of the code under test.
        for (times, expected) in [(1, 0.367_879), (3, 0.049_787)] {
            let longer = all.windows(2).filter(|pair| pair[1] - pair[0] > times * 20_000).count();
            let share = longer as f64 / (all.len() - 1) as f64;
            assert!((share - expected).abs() < 0.008, "{times}: {share}");
        }
    }

    #[test]
    fn bursts_keep_the_rate_and_leave_silences() {
        let spells = Spacing::Bursts { active: Span::from_secs(20), silent: Span::from_secs(60) };
        let all = draw(&source(spells, 10.0, 5), Span::from_secs(20_000), &[], Seed::new(7));
        assert!(all.is_sorted());
        // 200,000 expected. Per key 250 spells whose lengths have a relative deviation of about 1.
        assert!((all.len() as f64 - 200_000.0).abs() < 20_000.0, "{}", all.len());
        let first: Vec<i64> = all.iter().filter(|(_, rank)| *rank == 0).map(|(offset, _)| offset.micros()).collect();
        let silences = first.windows(2).filter(|pair| pair[1] - pair[0] > 10_000_000).count();
        // 250 silences are expected, of which exp(-1/6) = 85% last longer than 10 s; while
        // active, 8 records a second never leave 10 s.
        assert!((150..280).contains(&silences), "{silences}");
    }

    fn shaped(arrivals: Spacing, rate: f64, rate_shape: RateShape) -> Synthetic {
        Synthetic { rate_shape, ..source(arrivals, rate, 1) }
    }

    #[test]
    fn regular_records_follow_the_shape() {
        let steps = [(3, 1.0), (5, 0.0), (9, 4.0)];
        let step = |&(at, rate): &(i64, f64)| RateStep { at: Span::from_secs(at), rate };
        let source = shaped(Spacing::Regular, 2.0, RateShape::Steps(steps.iter().map(step).collect()));
        let expected = [0, 500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 9_000, 9_250, 9_500, 9_750];
        let found: Vec<i64> = offsets(&source, Span::from_secs(10)).iter().map(|micros| micros / 1_000).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn poisson_counts_follow_the_shape() {
        let wave = RateShape::Diurnal { amplitude: 0.8, period: Span::from_secs(100), offset: Span::ZERO };
        let all = offsets(&shaped(Spacing::Poisson, 100.0, wave), Span::from_secs(1_000));
        assert!(all.is_sorted());
        let in_phase = |from: i64, until: i64| {
            let within = |at: &&i64| (from..until).contains(&(*at / 1_000_000 % 100));
            all.iter().filter(within).count() as f64
        };
        // Ten periods; half a wave has the area 100/pi * 80 above and below the mean, 5,000.
        for (from, until, expected) in [(0, 50, 75_464.8), (50, 100, 24_535.2)] {
            let found = in_phase(from, until);
            assert!((found - expected).abs() < 5.0 * f64::sqrt(expected), "{found}, not {expected}");
        }
    }

    #[test]
    fn a_step_deals_nothing_anew_before_it() {
        let step = RateStep { at: Span::from_secs(300), rate: 50.0 };
        let with = offsets(&shaped(Spacing::Poisson, 5.0, RateShape::Steps(vec![step])), Span::from_secs(600));
        let without = offsets(&source(Spacing::Poisson, 5.0, 1), Span::from_secs(600));
        let before = |all: &[i64]| all.iter().copied().filter(|&at| at < 300_000_000).collect::<Vec<_>>();
        let (with, without) = (before(&with), before(&without));
        assert_eq!(with.len(), without.len());
        // The same instants but for the last bit, which may fall on either side of a microsecond.
        assert!(with.iter().zip(&without).all(|(a, b)| a.abs_diff(*b) <= 1));
    }

    #[test]
    fn bursts_follow_the_shape() {
        let spells = Spacing::Bursts { active: Span::from_secs(2), silent: Span::from_secs(2) };
        let burst =
            |rate| RateShape::Burst { from: Span::from_secs(500), length: Span::from_secs(500), rate, every: None };
        let count = |rate, from: i64| {
            let all = draw(
                &Synthetic {
                    keys: KeySpec::Uniform { count: 20, names: Vec::new() },
                    ..shaped(spells, 100.0, burst(rate))
                },
                Span::from_secs(1_000),
                &[],
                Seed::new(7),
            );
            all.iter().filter(|(at, _)| *at >= Span::from_secs(from)).count() as f64
        };
        assert_eq!(count(0.0, 500), 0.0);
        // Spells are the same, so three times the rate is three times as many up to chance.
        assert!((count(300.0, 500) / count(100.0, 500) - 3.0).abs() < 0.1);
    }

    #[test]
    fn another_key_leaves_the_bursts_of_the_first() {
        let spells = Spacing::Bursts { active: Span::from_secs(20), silent: Span::from_secs(60) };
        let of_first = |count: u32| {
            let all = draw(&source(spells, f64::from(count), count), Span::from_secs(600), &[], Seed::new(7));
            all.into_iter().filter(|(_, rank)| *rank == 0).collect::<Vec<_>>()
        };
        assert_eq!(of_first(1), of_first(2));
        assert!(!of_first(1).is_empty());
    }
}
