//! Which key a record has: the inverse of the cumulative shares.
//!
//! Inversion keeps neighbours: with a slightly larger exponent nearly every record keeps its key.
//! The lookup starts from a guide table (Chen and Asau, On generating random variates from an
//! empirical distribution, 1974), so it takes a step or two whatever the number of keys.

use crate::scenario::KeySpec;

/// The shares of all keys, ready to draw from.
#[derive(Clone, Debug)]
pub struct Shares {
    /// Of this rank and all before it; ascending, the last is 1.
    cumulative: Vec<f64>,
    /// The first rank whose cumulative share is above i / length.
    guide: Vec<u32>,
}

impl Shares {
    /// The shares that `spec` describes; a count of 0 is taken as 1.
    pub fn new(spec: &KeySpec) -> Self {
        let count = spec.count().max(1);
        let weight = |rank: u32| match spec {
            KeySpec::Uniform { .. } => 1.0,
            // A single key is hot whatever its share.
            KeySpec::Hot { share, .. } if count > 1 => {
                if rank == 0 {
                    *share
                } else {
                    (1.0 - share) / f64::from(count - 1)
                }
            }
            KeySpec::Hot { .. } => 1.0,
            KeySpec::Zipf { exponent, .. } => libm::pow(f64::from(rank) + 1.0, -exponent),
        };
        let mut total = 0.0;
        let mut cumulative: Vec<f64> = Vec::with_capacity(count as usize);
        for rank in 0..count {
            total += weight(rank);
            cumulative.push(total);
        }
        for share in &mut cumulative {
            *share /= total;
        }
        let mut guide = Vec::with_capacity(count as usize);
        let mut rank = 0;
        for i in 0..count {
            while cumulative[rank as usize] <= f64::from(i) / f64::from(count) {
                rank += 1;
            }
            guide.push(rank);
        }
        Self { cumulative, guide }
    }

    /// The rank whose part of [0, 1) contains `unit`.
    pub fn rank(&self, unit: f64) -> u32 {
        let cell = (unit * self.guide.len() as f64) as usize;
        let mut rank = self.guide[cell.min(self.guide.len() - 1)];
        // The division above may round up past a boundary that `unit` is just below.
        while rank > 0 && self.cumulative[rank as usize - 1] > unit {
            rank -= 1;
        }
        while self.cumulative[rank as usize] <= unit && (rank as usize) < self.cumulative.len() - 1 {
            rank += 1;
        }
        rank
    }

    /// The share of one key; 0 for a rank that does not exist.
    pub fn share(&self, rank: u32) -> f64 {
        let rank = rank as usize;
        let before = rank.checked_sub(1).map_or(Some(&0.0), |before| self.cumulative.get(before));
        match (before, self.cumulative.get(rank)) {
            (Some(before), Some(with)) => with - before,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zipf(count: u32, exponent: f64) -> Shares {
        Shares::new(&KeySpec::Zipf { count, exponent, names: Vec::new() })
    }

    #[test]
    fn shares_fall_as_one_over_rank_to_the_exponent() {
        let shares = zipf(4, 1.0);
        // 1 + 1/2 + 1/3 + 1/4 = 25/12.
        for (rank, expected) in [12.0, 6.0, 4.0, 3.0].into_iter().enumerate() {
            assert!((shares.share(rank as u32) - expected / 25.0).abs() < 1e-15);
        }
        assert_eq!(shares.share(4), 0.0);
        assert!((zipf(5, 0.0).share(3) - 0.2).abs() < 1e-15);
    }

    fn hot(count: u32, share: f64) -> Shares {
        Shares::new(&KeySpec::Hot { count, share, names: Vec::new() })
    }

    #[test]
    fn one_hot_key_has_its_share_and_the_others_the_rest() {
        let shares = hot(5, 0.8);
        for (rank, expected) in [0.8, 0.05, 0.05, 0.05, 0.05].into_iter().enumerate() {
            assert!((shares.share(rank as u32) - expected).abs() < 1e-15);
        }
        assert_eq!((hot(1, 0.3).share(0), hot(3, 1.0).share(0), hot(3, 0.0).share(0)), (1.0, 1.0, 0.0));
        assert_eq!((hot(3, 1.0).rank(0.999_999), hot(3, 0.0).rank(0.0)), (0, 1));
    }

    #[test]
    fn the_guided_lookup_equals_a_search_from_the_front() {
        for shares in [zipf(1, 1.0), zipf(7, 0.5), zipf(1_000, 1.2), zipf(300, 10.0), hot(1_000, 0.8), hot(9, 0.0)] {
            for i in 0..20_000 {
                let unit = f64::from(i) / 20_000.0;
                let naive = shares.cumulative.iter().position(|&share| unit < share);
                assert_eq!(Some(shares.rank(unit) as usize), naive, "{unit}");
            }
            let last = shares.rank(1.0 - 1.0 / 9_007_199_254_740_992.0) as usize;
            assert!(last < shares.cumulative.len());
        }
    }

    #[test]
    fn boundaries_belong_to_the_next_key() {
        let shares = zipf(4, 0.0);
        let ranks: Vec<u32> = [0.0, 0.2499, 0.25, 0.5, 0.75, 0.9999].map(|unit| shares.rank(unit)).to_vec();
        assert_eq!(ranks, [0, 0, 1, 2, 3, 3]);
    }
}
