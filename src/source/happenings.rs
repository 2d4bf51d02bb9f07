//! When records happen, and of which key: evenly, at random, or in bursts per key.

use crate::rng::{Draws, Seed};
use crate::scenario::{Spacing, Synthetic};
use crate::source::keys::Shares;
use crate::source::quantile::exponential;
use crate::time::{MICROS_PER_SECOND, Span};

/// The distance of a record from the start in event time, and the rank of its key.
pub type Happening = (Span, u32);

/// All happenings in `[0, duration)`, in order of event time.
///
/// The rate must be finite and positive, and both it and the spells of bursts small enough that
/// the result fits in memory; [`crate::scenario::Scenario::problems`] says when they are not.
pub fn draw(source: &Synthetic, duration: Span, seed: Seed) -> Vec<Happening> {
    let shares = Shares::new(&source.keys);
    let mut keys = seed.stream("key");
    let mut with_key = |offset: Span| (offset, shares.rank(keys.unit()));
    match source.arrivals {
        Spacing::Regular => regular(source.rate, duration).map(&mut with_key).collect(),
        Spacing::Poisson => {
            let gaps = seed.stream("gap");
            let mean_gap = MICROS_PER_SECOND as f64 / source.rate;
            poisson(gaps, mean_gap, duration.micros() as f64).map(micros).map(&mut with_key).collect()
        }
        Spacing::Bursts { active, silent } => bursts(source, (active, silent), duration, &shares, seed),
    }
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
            if on {
                let next = || Some(exponential(gaps.unit_above_zero(), mean_gap));
                let moments = std::iter::from_fn(next).map(|gap| {
                    at += gap;
                    at
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
    use crate::scenario::KeySpec;

    fn source(arrivals: Spacing, rate: f64, count: u32) -> Synthetic {
        Synthetic { rate, arrivals, keys: KeySpec::Uniform { count, names: Vec::new() }, ..Synthetic::default() }
    }

    fn offsets(source: &Synthetic, duration: Span) -> Vec<i64> {
        draw(source, duration, Seed::new(7)).into_iter().map(|(offset, _)| offset.micros()).collect()
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
        let all = draw(&source(spells, 10.0, 5), Span::from_secs(20_000), Seed::new(7));
        assert!(all.is_sorted());
        // 200,000 expected. Per key 250 spells whose lengths have a relative deviation of about 1.
        assert!((all.len() as f64 - 200_000.0).abs() < 20_000.0, "{}", all.len());
        let first: Vec<i64> = all.iter().filter(|(_, rank)| *rank == 0).map(|(offset, _)| offset.micros()).collect();
        let silences = first.windows(2).filter(|pair| pair[1] - pair[0] > 10_000_000).count();
        // 250 silences are expected, of which exp(-1/6) = 85% last longer than 10 s; while
        // active, 8 records a second never leave 10 s.
        assert!((150..280).contains(&silences), "{silences}");
    }

    #[test]
    fn another_key_leaves_the_bursts_of_the_first() {
        let spells = Spacing::Bursts { active: Span::from_secs(20), silent: Span::from_secs(60) };
        let of_first = |count: u32| {
            let all = draw(&source(spells, f64::from(count), count), Span::from_secs(600), Seed::new(7));
            all.into_iter().filter(|(_, rank)| *rank == 0).collect::<Vec<_>>()
        };
        assert_eq!(of_first(1), of_first(2));
        assert!(!of_first(1).is_empty());
    }
}
