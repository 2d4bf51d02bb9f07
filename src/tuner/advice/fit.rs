//! The span that keeps a share of the records, chosen from what has been seen, with how sure it is.
//!
//! What is chosen is bound + lateness: a record is kept when its need ([`crate::tuner::advice::needs`]) is
//! less. The choice is an upper confidence limit: among the needs seen, the lowest of which the theory of
//! exceedances ([`crate::tuner::advice::exceedance`]) says that the next stretch of equal length keeps the
//! share with the confidence asked for, records that come late together counted as one; and not less than
//! that quantile of the spans that resampled streams would have needed. It never goes beyond what was seen:
//! where even the largest need is not enough to be so sure, the confidence is what it is.

use crate::rng::Seed;
use crate::time::Span;
use crate::tuner::advice::blocks::mean_block_length;
use crate::tuner::advice::exceedance::Exceedance;
use crate::tuner::advice::tail::Counts;

/// Resampled streams. The 5 % and 95 % quantiles of so many are themselves within about 1 % of the
/// distribution; the cost grows in proportion.
const RESAMPLED: usize = 600;
/// From how many records beyond a threshold on their clustering is measured; below, that of the next lower
/// threshold with so many is taken.
const MEASURED_FROM: u64 = 30;
/// Blocks from fewer bins tell little of how much blocks differ: the measured variance is raised by this
/// many block lengths as a share of the series.
const RAISED_BY: f64 = 2.0;

/// What is wished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// The share of records to be counted, 0 to 1.
    pub complete: f64,
    /// How sure that is to be of the next stretch, above 0 and below 1.
    pub confidence: f64,
}

impl Wish {
    /// How many of so many records may be missing: the largest whole number that keeps the share.
    pub fn allowed(self, records: usize) -> u64 {
        // A millionth of a record forgives the last bit of 0.999.
        libm::floor((1.0 - self.complete).max(0.0) * records as f64 + 1e-6) as u64
    }
}

/// A span that keeps a share of the records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// The least bound + lateness that keeps the share of the records seen; 0 or more.
    pub needed: Span,
    /// The one to set: at least `needed`.
    pub promised: Span,
    /// How sure it is that the next stretch, as long as the one seen, keeps the share with `promised`: at
    /// least what was wished, unless too few records are seen.
    pub confidence: f64,
    /// 5 % and 95 % of resampled streams need less than these to keep the share.
    pub interval: (Span, Span),
    /// Records seen that fall in a window.
    pub seen: usize,
    /// Of those, how many are beyond what is needed: so many decide.
    pub deciding: usize,
    /// How many late records make one independent event.
    pub together: f64,
    /// The mean length of a block, in records.
    pub block: f64,
}

/// Chooses the span from needs in microseconds, in order of arrival. The same seed gives the same interval.
/// `None` when there are no needs.
pub fn fit(needs: &[i64], wish: Wish, seed: Seed) -> Option<Fit> {
    let seen = needs.len();
    let allowed = wish.allowed(seen);
    let ranks = ranks(seen, allowed)?;
    let thresholds = largest(needs, &ranks);
    let decisive = ranks.partition_point(|&beyond| beyond as u64 <= allowed).saturating_sub(1);
    let counts = Counts::of(needs, thresholds);
    let clustered = (decisive..ranks.len()).find(|&place| counts.beyond(place) >= MEASURED_FROM);
    let clustered = clustered.unwrap_or(ranks.len() - 1);
    let length = block_length(&counts, &[decisive, clustered]);
    let resampled = Resampled::of(&counts, wish, length, seed);
    let together = |place: usize| {
        let from = (place..ranks.len()).find(|&place| counts.beyond(place) >= MEASURED_FROM);
        let from = from.unwrap_or(ranks.len() - 1);
        let upto = (from..ranks.len()).find(|&place| counts.beyond(place) >= 4 * counts.beyond(from).max(1));
        let effects = &resampled.effects[from..=upto.unwrap_or(ranks.len() - 1)];
        effects.iter().copied().fold(1.0, f64::max)
    };
    let confidence = |place: usize| {
        let (seen, to_come) = (seen as f64, seen as f64);
        let beyond = counts.beyond(place) as f64;
        Exceedance { seen, beyond, to_come, allowed: allowed as f64, together: together(place) }.confidence()
    };
    let sure = (0..=decisive).rev().find(|&place| confidence(place) >= wish.confidence).unwrap_or(0);
    let place = sure.min(resampled.needed_at(wish.confidence));
    let span_beyond = |place: usize| Span::from_micros(counts.thresholds()[place].saturating_add(1).max(0));
    Some(Fit {
        needed: span_beyond(decisive),
        promised: span_beyond(place),
        confidence: confidence(place),
        interval: (span_beyond(resampled.needed_at(0.05)), span_beyond(resampled.needed_at(0.95))),
        seen,
        deciding: counts.beyond(decisive) as usize,
        together: together(place),
        block: length * seen as f64 / counts.bins() as f64,
    })
}

/// The needs with so many larger ones; `ranks` ascend. Only the largest are sorted.
fn largest(needs: &[i64], ranks: &[usize]) -> Vec<i64> {
    let most = ranks.last().map_or(0, |last| last + 1);
    let mut needs = needs.to_vec();
    let rest = needs.len() - most;
    if rest > 0 {
        let _ = needs.select_nth_unstable(rest - 1);
    }
    let tail = &mut needs[rest..];
    tail.sort_unstable();
    ranks.iter().map(|&beyond| tail[most - 1 - beyond]).collect()
}

/// How many records are beyond each threshold to look at, ascending: all small numbers, then in steps of 8 %,
/// with the one that decides among them, up to 20 times as many as may be missing. `None` of no records.
fn ranks(seen: usize, allowed: u64) -> Option<Vec<usize>> {
    let last = seen.checked_sub(1)?;
    let most = (allowed.saturating_mul(20).max(200) as usize).min(last);
    let mut ranks = vec![0];
    while let Some(&rank) = ranks.last()
        && rank < most
    {
        ranks.push((rank + 1).max(rank + rank * 8 / 100).min(most));
    }
    let allowed = (allowed as usize).min(last);
    if let Err(place) = ranks.binary_search(&allowed) {
        ranks.insert(place, allowed);
    }
    Some(ranks)
}

/// The longest of the mean block lengths that these thresholds ask for, in bins.
fn block_length(counts: &Counts, places: &[usize]) -> f64 {
    places.iter().map(|&place| mean_block_length(&counts.shares(place))).fold(1.0, f64::max)
}

/// What resampled streams say.
struct Resampled {
    /// For each resampled stream the place of the threshold that it needs, ascending by span.
    needed: Vec<usize>,
    /// For each threshold, how many times the variance of the share beyond it is that of independent records.
    effects: Vec<f64>,
}

impl Resampled {
    fn of(counts: &Counts, wish: Wish, length: f64, seed: Seed) -> Self {
        let width = counts.thresholds().len();
        let mut draws = seed.stream("resample");
        let (mut sums, mut squares) = (vec![0.0; width], vec![0.0; width]);
        let mut needed: Vec<usize> = Vec::with_capacity(RESAMPLED);
        for _ in 0..RESAMPLED {
            let drawn = counts.resample(length, &mut draws);
            for place in 0..width {
                let share = drawn.share(place);
                sums[place] += share;
                squares[place] += share * share;
            }
            let allowed = wish.allowed(drawn.values as usize);
            needed.push(drawn.beyond.partition_point(|&beyond| beyond <= allowed).saturating_sub(1));
        }
        // A lower place is a longer span.
        needed.sort_unstable_by_key(|&place| std::cmp::Reverse(place));
        let times = RESAMPLED as f64;
        let raised = 1.0 + RAISED_BY * length / counts.bins() as f64;
        let effect = |place: usize| {
            let variance = (squares[place] - sums[place] * sums[place] / times) / (times - 1.0);
            let share = counts.beyond(place) as f64 / counts.values() as f64;
            let independent = share * (1.0 - share) / counts.values() as f64;
            if independent > 0.0 { (variance.max(0.0) / independent * raised).max(1.0) } else { 1.0 }
        };
        Self { needed, effects: (0..width).map(effect).collect() }
    }

    /// The place of the threshold that this share of the resampled streams does not need to exceed.
    fn needed_at(&self, share: f64) -> usize {
        let rank = libm::ceil(share * self.needed.len() as f64) as usize;
        self.needed[rank.clamp(1, self.needed.len()) - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential(count: usize, seed: u64) -> Vec<i64> {
        let mut draws = Seed::new(seed).stream("needs");
        (0..count).map(|_| (-libm::log(draws.unit_above_zero()) * 1e6) as i64).collect()
    }

    fn of(needs: &[i64], complete: f64) -> Fit {
        fit(needs, Wish { complete, confidence: 0.9 }, Seed::new(1)).expect("there are needs")
    }

    #[test]
    fn what_is_needed_is_the_quantile_and_the_promise_is_above() {
        let needs = exponential(20_000, 1);
        let found = of(&needs, 0.99);
        let mut sorted = needs.clone();
        sorted.sort_unstable();
        // 200 of 20,000 may be missing: those beyond the 201st largest.
        assert_eq!(found.needed, Span::from_micros(sorted[19_799] + 1));
        assert_eq!(found.deciding, 200);
        assert!(found.promised > found.needed && found.confidence >= 0.9, "{found:?}");
        assert!(found.interval.0 < found.needed && found.needed < found.interval.1, "{found:?}");
        // Independent records: hardly any clustering, and a margin of some 0.1 s (ln 100 is 4.6 s).
        assert!(found.together < 2.0, "{found:?}");
        assert!(found.promised - found.needed < Span::from_millis(350), "{found:?}");
        assert_eq!(found, of(&needs, 0.99));
    }

    #[test]
    fn records_that_come_late_together_make_it_less_sure() {
        // The same values, ten times each in a row: a tenth of the information.
        let needs: Vec<i64> = exponential(2_000, 1).into_iter().flat_map(|need| [need; 10]).collect();
        let found = of(&needs, 0.95);
        assert!((5.0..25.0).contains(&found.together), "{found:?}");
        assert!(found.block >= 10.0, "{found:?}");
        let alone = of(&exponential(20_000, 1), 0.95);
        assert!(found.promised > alone.promised, "{found:?} {alone:?}");
    }

    #[test]
    fn too_few_records_promise_less_and_never_beyond_what_was_seen() {
        let needs = exponential(500, 3);
        let found = of(&needs, 0.999);
        let most = needs.iter().copied().max().expect("not empty");
        assert_eq!(found.promised, Span::from_micros(most + 1));
        // None of 500 may be missing: the next largest is larger in every second case.
        assert!(found.confidence <= 0.5 + 1e-9 && found.confidence > 0.4, "{found:?}");
        assert_eq!(found.deciding, 0);
    }

    #[test]
    fn calm_streams_and_tiny_ones_are_no_trouble() {
        let calm = of(&[-5_000_000; 1_000], 0.99);
        assert_eq!((calm.needed, calm.promised), (Span::ZERO, Span::ZERO));
        assert_eq!(fit(&[], Wish { complete: 0.99, confidence: 0.9 }, Seed::new(1)), None);
        assert_eq!(of(&[7], 0.5).needed, Span::from_micros(8));
        let all = Wish { complete: 1.0, confidence: 0.9 };
        assert_eq!((all.allowed(1_000), Wish { complete: 0.999, ..all }.allowed(1_000)), (0, 1));
        let none = fit(&[3, 9], Wish { complete: 0.0, confidence: 0.9 }, Seed::new(1)).expect("two needs");
        assert_eq!(none.needed, Span::from_micros(4), "no span is shorter than what was seen");
    }
}
