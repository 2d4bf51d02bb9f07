//! Whether a stream drifts: whether its thirds differ by more than its own unrest explains.
//!
//! The thirds are compared by the Kolmogorov-Smirnov distance of their delays and by their shares of records
//! beyond what is needed. How large these get without drift is found by shuffling: blocks of neighbouring
//! records are put in random order and the thirds compared anew (a block permutation test; whole blocks are
//! moved, so that what depends on each other stays together). Block lengths come from what is left when each
//! third's own line is taken away, else the drift itself would make them long.

use crate::rng::{Draws, Seed};
use crate::time::Span;
use crate::tuner::advice::blocks::mean_block_length;
use crate::tuner::advice::tail::{Counts, Drawn};

/// Shuffled streams.
const SHUFFLED: usize = 999;
/// A difference that fewer shuffled streams than this reach is not chance. Two are tested, so about one stream
/// in a hundred is accused without reason.
const RARE: f64 = 0.005;
/// A distance between distributions that matters: a recording of millions of records has many small ones that
/// are no chance, and nobody needs to hear of them.
const DISTANCE_THAT_MATTERS: f64 = 0.05;
/// So many times as many late records in one third as in another matter.
const RATIO_THAT_MATTERS: f64 = 1.5;
/// With fewer blocks there is too little to shuffle.
const LEAST_BLOCKS: usize = 9;

/// How the thirds of a stream differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// The largest Kolmogorov-Smirnov distance between the delays of two thirds, 0 to 1.
    pub distance: f64,
    /// The share of shuffled streams whose distance is as large.
    pub distance_by_chance: f64,
    /// 90 % of the delays of each third are at most this.
    pub p90: [Span; 3],
    /// The share of records beyond what is needed, in each third.
    pub beyond: [f64; 3],
    /// The share of shuffled streams in which that differs as much.
    pub beyond_by_chance: f64,
}

impl Drift {
    /// Whether the thirds differ, and by so much that it matters.
    pub fn is_drifting(&self) -> bool {
        let (least, most) = least_and_most(self.beyond);
        let moves = self.distance_by_chance < RARE && self.distance >= DISTANCE_THAT_MATTERS;
        moves || (self.beyond_by_chance < RARE && most > least * RATIO_THAT_MATTERS)
    }
}

/// Compares the thirds of a stream: its delays in microseconds, and its needs, both in order of arrival.
/// Needs beyond `threshold` are counted. `None` when there are fewer than three delays or needs.
pub fn drift(delays: &[i64], needs: &[i64], threshold: i64, seed: Seed) -> Option<Drift> {
    if delays.len() < 3 || needs.len() < 3 {
        return None;
    }
    let bulk = Counts::of(delays, percentiles(delays));
    let tail = Counts::of(needs, vec![threshold]);
    let distance =
        |thirds: &[Drawn; 3]| (0..bulk.thresholds().len()).map(|place| spread(thirds, place)).fold(0.0, f64::max);
    let middle = bulk.thresholds().len() / 2;
    let (observed, distance_by_chance) = permute(&bulk, middle, &distance, &mut seed.stream("drift of delays"));
    let (thirds, beyond_by_chance) = permute(&tail, 0, &|it| spread(it, 0), &mut seed.stream("drift of the tail"));
    let third = |part: usize| &delays[delays.len() * part / 3..delays.len() * (part + 1) / 3];
    Some(Drift {
        distance: distance(&observed),
        distance_by_chance,
        p90: [0, 1, 2].map(|part| p90(third(part))),
        beyond: [0, 1, 2].map(|part: usize| thirds[part].share(0)),
        beyond_by_chance,
    })
}

fn p90(values: &[i64]) -> Span {
    let mut values = values.to_vec();
    Span::from_micros(crate::metrics::quantile::P90.of_unsorted(&mut values).unwrap_or(0))
}

/// So many values are enough to cut a distribution into twentieths.
const SAMPLED: usize = 100_000;

/// Every twentieth part of the distribution, descending, without repetition.
fn percentiles(values: &[i64]) -> Vec<i64> {
    let mut sorted: Vec<i64> = values.iter().step_by(values.len() / SAMPLED + 1).copied().collect();
    sorted.sort_unstable();
    let mut found: Vec<i64> = (1..20).rev().map(|twentieth| sorted[sorted.len() * twentieth / 20]).collect();
    found.dedup();
    found
}

/// The largest difference between the thirds' shares beyond one threshold.
fn spread(thirds: &[Drawn; 3], place: usize) -> f64 {
    let (least, most) = least_and_most([0, 1, 2].map(|part: usize| thirds[part].share(place)));
    most - least
}

fn least_and_most(of: [f64; 3]) -> (f64, f64) {
    (of[0].min(of[1]).min(of[2]), of[0].max(of[1]).max(of[2]))
}

/// The thirds as they are, and the share of shuffled streams of which a statistic is as large.
fn permute(
    counts: &Counts,
    threshold: usize,
    statistic: &dyn Fn(&[Drawn; 3]) -> f64,
    draws: &mut Draws,
) -> ([Drawn; 3], f64) {
    let bins = counts.bins();
    let length = libm::ceil(mean_block_length(&without_lines(&counts.shares(threshold)))) as usize;
    let mut blocks: Vec<(usize, usize)> =
        (0..bins).step_by(length.max(1)).map(|first| (first, length.min(bins - first))).collect();
    let observed = thirds_of(counts, &blocks);
    if blocks.len() < LEAST_BLOCKS {
        return (observed, 1.0);
    }
    // Sums of floating-point shares: a shuffle that gives the same thirds must count as equal.
    let reached = statistic(&observed) - 1e-12;
    let mut as_large = 0;
    for _ in 0..SHUFFLED {
        for last in (1..blocks.len()).rev() {
            blocks.swap(last, draws.integer(0, last as i64) as usize);
        }
        as_large += usize::from(statistic(&thirds_of(counts, &blocks)) >= reached);
    }
    (observed, (as_large + 1) as f64 / (SHUFFLED + 1) as f64)
}

/// The thirds of a stream made of these blocks in this order; a block may be cut between two.
fn thirds_of(counts: &Counts, blocks: &[(usize, usize)]) -> [Drawn; 3] {
    let bins = counts.bins();
    let mut thirds = [(); 3].map(|()| counts.nothing());
    let (mut placed, mut part) = (0, 0);
    for &(mut first, mut length) in blocks {
        while length > 0 {
            let end = bins * (part + 1) / 3;
            if placed == end && part < 2 {
                part += 1;
                continue;
            }
            let fits = length.min(end.max(placed + usize::from(part == 2)) - placed);
            counts.add_block(first, fits, &mut thirds[part]);
            (first, length, placed) = (first + fits, length - fits, placed + fits);
        }
    }
    thirds
}

/// A series without the straight line through each of its thirds (least squares).
fn without_lines(series: &[f64]) -> Vec<f64> {
    let mut left = Vec::with_capacity(series.len());
    for part in 0..3 {
        let third = &series[series.len() * part / 3..series.len() * (part + 1) / 3];
        let count = third.len() as f64;
        let middle = (count - 1.0) / 2.0;
        let mean = third.iter().sum::<f64>() / count.max(1.0);
        let places = || third.iter().enumerate().map(|(place, value)| (place as f64 - middle, value - mean));
        let across: f64 = places().map(|(x, _)| x * x).sum();
        let slope = if across > 0.0 { places().map(|(x, y)| x * y).sum::<f64>() / across } else { 0.0 };
        left.extend(places().map(|(x, y)| y - slope * x));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exponential values with a mean that a function of the place (0 to 1) says.
    fn values(count: usize, seed: u64, mean: impl Fn(f64) -> f64) -> Vec<i64> {
        let mut draws = Seed::new(seed).stream("values");
        let value = |place: usize| {
            let scale = mean(place as f64 / count as f64);
            (-libm::log(draws.unit_above_zero()) * scale * 1e6) as i64
        };
        (0..count).map(value).collect()
    }

    fn of(values: &[i64]) -> Drift {
        drift(values, values, 4_000_000, Seed::new(1)).expect("there are values")
    }

    #[test]
    fn a_stream_that_stays_the_same_does_not_drift() {
        let accused = (0..40).filter(|&seed| of(&values(4_000, seed, |_| 1.0)).is_drifting()).count();
        assert!(accused <= 2, "{accused} of 40");
    }

    #[test]
    fn a_stream_that_slows_down_drifts() {
        let found = of(&values(4_000, 1, |place| 1.0 + place));
        assert!(found.is_drifting(), "{found:?}");
        assert!(found.p90[0] < found.p90[1] && found.p90[1] < found.p90[2], "{found:?}");
        assert!(found.beyond[0] < found.beyond[2], "{found:?}");
        let step = of(&values(4_000, 2, |place| if place < 0.5 { 1.0 } else { 1.5 }));
        assert!(step.is_drifting(), "{step:?}");
    }

    #[test]
    fn thirds_are_exact_and_blocks_are_cut_between_them() {
        let counts = Counts::of(&[1, 0, 0, 1, 1, 0, 0, 1], vec![0]);
        let thirds = thirds_of(&counts, &[(0, 3), (3, 3), (6, 2)]);
        // Bins 0 and 1; 2, 3 and 4; 5, 6 and 7.
        let shown = [0, 1, 2].map(|part: usize| (thirds[part].beyond[0], thirds[part].values));
        assert_eq!(shown, [(1, 2), (2, 3), (1, 3)]);
        let turned = thirds_of(&counts, &[(6, 2), (3, 3), (0, 3)]);
        let shown = [0, 1, 2].map(|part: usize| (turned[part].beyond[0], turned[part].values));
        assert_eq!(shown, [(1, 2), (2, 3), (1, 3)]);
    }

    #[test]
    fn lines_are_taken_away() {
        let line: Vec<f64> = (0..30).map(|place| f64::from(place) * 3.0 + 1.0).collect();
        assert!(without_lines(&line).iter().all(|left| left.abs() < 1e-9));
        assert_eq!(without_lines(&[]), Vec::<f64>::new());
        assert_eq!(drift(&[1, 2], &[1, 2], 0, Seed::new(1)), None);
    }
}
