//! Counts of values beyond thresholds, in bins of neighbouring values: all that resampling by blocks needs.
//!
//! A bin is a stretch of values in order of arrival; all bins hold equally many values, but for one. Columns
//! of counts are kept as running sums over bins, so that a block of any length is a difference.

use crate::rng::Draws;
use crate::tuner::advice::blocks::draw_blocks;

/// Bins of a long series. More would make blocks finer than the autocorrelation of any stream asks for, and
/// resampling slower; fewer than about a hundred make a bin longer than a burst of late records.
pub const BINS: usize = 256;

/// Values beyond thresholds, by bin.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    /// Thresholds, descending.
    thresholds: Vec<i64>,
    /// Running sums: for each bin and one more, for each threshold, the values beyond it in all bins before.
    sums: Vec<u64>,
    /// Running sums of the values themselves, for each bin and one more.
    sizes: Vec<u64>,
}

impl Counts {
    /// Counts the values that are larger than each of the thresholds, which are descending. There are
    /// [`BINS`] bins, or as many as there are values.
    pub fn of(values: &[i64], thresholds: Vec<i64>) -> Self {
        let bins = BINS.min(values.len()).max(1);
        let width = thresholds.len();
        let (mut sums, mut sizes) = (vec![0; width], vec![0]);
        let lowest = thresholds.last().copied().unwrap_or(i64::MAX);
        for bin in 0..bins {
            let (from, to) = (values.len() * bin / bins, values.len() * (bin + 1) / bins);
            let mut beyond = vec![0_u64; width];
            for &value in values[from..to].iter().filter(|&&value| value > lowest) {
                // It is beyond this threshold and all lower ones.
                beyond[thresholds.partition_point(|&threshold| threshold >= value)] += 1;
            }
            let mut running = 0;
            for (place, count) in beyond.iter().enumerate() {
                running += count;
                sums.push(sums[bin * width + place] + running);
            }
            sizes.push(to as u64);
        }
        Self { thresholds, sums, sizes }
    }

    /// The thresholds, descending.
    pub fn thresholds(&self) -> &[i64] {
        &self.thresholds
    }

    /// How many bins there are; at least 1.
    pub fn bins(&self) -> usize {
        self.sizes.len() - 1
    }

    /// How many values there are.
    pub fn values(&self) -> u64 {
        self.sizes[self.bins()]
    }

    /// How many values are beyond the threshold at this place.
    pub fn beyond(&self, threshold: usize) -> u64 {
        self.sums[self.bins() * self.thresholds.len() + threshold]
    }

    /// For each bin, the share of its values beyond the threshold at this place.
    pub fn shares(&self, threshold: usize) -> Vec<f64> {
        let share = |bin: usize| {
            let at = |bin: usize| self.sums[bin * self.thresholds.len() + threshold];
            (at(bin + 1) - at(bin)) as f64 / ((self.sizes[bin + 1] - self.sizes[bin]) as f64).max(1.0)
        };
        (0..self.bins()).map(share).collect()
    }

    /// Values, and values beyond each threshold, in the bins from `first` on; `length` of them, on a circle,
    /// at most once around. Added to `into`.
    pub fn add_block(&self, first: usize, length: usize, into: &mut Drawn) {
        let bins = self.bins();
        let end = first + length;
        self.add_run(first, end.min(bins), into);
        if end > bins {
            self.add_run(0, end - bins, into);
        }
    }

    fn add_run(&self, from: usize, to: usize, into: &mut Drawn) {
        let width = self.thresholds.len();
        into.values += self.sizes[to] - self.sizes[from];
        let (lower, upper) = (&self.sums[from * width..][..width], &self.sums[to * width..][..width]);
        for (sum, (lower, upper)) in into.beyond.iter_mut().zip(lower.iter().zip(upper)) {
            *sum += upper - lower;
        }
    }

    /// A series of the same length, drawn by blocks of this mean length (the stationary bootstrap).
    pub fn resample(&self, mean_length: f64, draws: &mut Draws) -> Drawn {
        let mut drawn = self.nothing();
        for (first, length) in draw_blocks(self.bins(), mean_length, draws) {
            self.add_block(first, length, &mut drawn);
        }
        drawn
    }

    /// A series without values, to add to.
    pub fn nothing(&self) -> Drawn {
        Drawn { values: 0, beyond: vec![0; self.thresholds.len()] }
    }
}

/// A series made of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// How many values it has.
    pub values: u64,
    /// How many of them are beyond each threshold, in the order of the thresholds.
    pub beyond: Vec<u64>,
}

impl Drawn {
    /// The share of values beyond a threshold; 0 of none.
    pub fn share(&self, threshold: usize) -> f64 {
        if self.values == 0 { 0.0 } else { self.beyond[threshold] as f64 / self.values as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;

    #[test]
    fn counts_are_those_of_counting_one_by_one() {
        let mut draws = Seed::new(3).stream("values");
        let values: Vec<i64> = (0..1_000).map(|_| draws.integer(-50, 50)).collect();
        let thresholds = vec![50, 49, 30, 0, -20];
        let counts = Counts::of(&values, thresholds.clone());
        assert_eq!((counts.bins(), counts.values()), (BINS, 1_000));
        let naive = |values: &[i64]| -> Vec<u64> {
            let beyond = |threshold: &i64| values.iter().filter(|value| *value > threshold).count() as u64;
            thresholds.iter().map(beyond).collect()
        };
        let all = naive(&values);
        assert_eq!((0..5).map(|place| counts.beyond(place)).collect::<Vec<_>>(), all);
        assert_eq!(all[0], 0);
        // Bins 250 to 255 and then 0 to 3: the values from 976 on, and the first 15.
        let mut drawn = counts.nothing();
        counts.add_block(250, 10, &mut drawn);
        let around: Vec<i64> = values[976..].iter().chain(&values[..15]).copied().collect();
        assert_eq!(drawn, Drawn { values: 39, beyond: naive(&around) });
        let shares = counts.shares(3);
        let first = values[..3].iter().filter(|&&value| value > 0).count();
        assert!((shares[0] - first as f64 / 3.0).abs() < 1e-12);
        assert_eq!(counts.resample(4.0, &mut draws).values / 10, 100);
    }

    #[test]
    fn few_values_and_none_are_no_trouble() {
        let counts = Counts::of(&[], vec![1]);
        assert_eq!((counts.bins(), counts.values(), counts.beyond(0)), (1, 0, 0));
        let counts = Counts::of(&[5, 7], vec![6]);
        assert_eq!((counts.bins(), counts.beyond(0)), (2, 1));
        let counts = Counts::of(&[5, 7], Vec::new());
        assert_eq!(counts.resample(1.0, &mut Seed::new(1).stream("x")).beyond, Vec::<u64>::new());
    }
}
