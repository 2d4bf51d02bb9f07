//! Exact quantiles by nearest rank.
//!
//! The q-quantile of n values is the ceil(q * n)-th smallest, always one of the values and never
//! an interpolation between two. The rank is computed in integers, because 0.999 * 1000 in
//! floating point is more than 999 and its ceiling is 1000.

/// A quantile as an exact fraction, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quantile {
    numerator: u64,
    denominator: u64,
}

/// The median.
pub const P50: Quantile = Quantile::per_mille(500);
/// 90 % are at most this.
pub const P90: Quantile = Quantile::per_mille(900);
/// 95 % are at most this.
pub const P95: Quantile = Quantile::per_mille(950);
/// 99 % are at most this.
pub const P99: Quantile = Quantile::per_mille(990);
/// 99.9 % are at most this.
pub const P999: Quantile = Quantile::per_mille(999);

impl Quantile {
    /// `numerator / denominator`; `None` unless it is above 0 and at most 1.
    pub const fn new(numerator: u64, denominator: u64) -> Option<Self> {
        if numerator == 0 || numerator > denominator { None } else { Some(Self { numerator, denominator }) }
    }

    /// So many thousandths, cut to 1 to 1000.
    pub const fn per_mille(thousandths: u64) -> Self {
        let numerator = if thousandths == 0 {
            1
        } else if thousandths > 1000 {
            1000
        } else {
            thousandths
        };
        Self { numerator, denominator: 1000 }
    }

    /// The rank among `count` values, from 1 to `count`; `None` when there is no value.
    pub fn rank(self, count: usize) -> Option<usize> {
        if count == 0 {
            return None;
        }
        let product = self.numerator as u128 * count as u128;
        // At most `count`, because the fraction is at most 1, so it fits again.
        Some(product.div_ceil(u128::from(self.denominator)) as usize)
    }

    /// The quantile of values in ascending order; `None` when there is no value.
    pub fn of_sorted<T: Copy>(self, sorted: &[T]) -> Option<T> {
        sorted.get(self.rank(sorted.len())? - 1).copied()
    }

    /// The quantile of values in any order, which are rearranged; `None` when there is no value.
    /// Linear in their number, where sorting them would not be.
    pub fn of_unsorted<T: Copy + Ord>(self, unsorted: &mut [T]) -> Option<T> {
        let rank = self.rank(unsorted.len())?;
        Some(*unsorted.select_nth_unstable(rank - 1).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_the_ceiling_without_floating_error() {
        assert_eq!(P999.rank(1000), Some(999));
        assert_eq!(P999.rank(1001), Some(1000));
        assert_eq!(P999.rank(999), Some(999));
        assert_eq!(P999.rank(10), Some(10));
        assert_eq!(P50.rank(1), Some(1));
        assert_eq!(P50.rank(2), Some(1));
        assert_eq!(P50.rank(3), Some(2));
        assert_eq!(P90.rank(10), Some(9));
        assert_eq!(P90.rank(11), Some(10));
        assert_eq!(P99.rank(0), None);
        assert_eq!(P99.rank(4_294_967_295), Some(4_252_017_623));
    }

    #[test]
    fn fractions_outside_zero_to_one_do_not_exist() {
        assert_eq!(Quantile::new(0, 10), None);
        assert_eq!(Quantile::new(11, 10), None);
        assert_eq!(Quantile::new(0, 0), None);
        assert_eq!(Quantile::new(10, 10).and_then(|q| q.of_sorted(&[1, 2, 3])), Some(3));
    }

    #[test]
    fn the_quantile_is_one_of_the_values() {
        let sorted: Vec<i64> = (1..=1000).collect();
        assert_eq!(P50.of_sorted(&sorted), Some(500));
        assert_eq!(P95.of_sorted(&sorted), Some(950));
        assert_eq!(P999.of_sorted(&sorted), Some(999));
        let mut reversed: Vec<i64> = (1..=1000).rev().collect();
        assert_eq!(P99.of_unsorted(&mut reversed), Some(990));
        assert_eq!(P50.of_unsorted::<i64>(&mut []), None);
        assert_eq!(P999.of_sorted(&[7]), Some(7));
    }
}
