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

    /// The quantile of values that can be gone through again and again, without a copy of them; `None`
    /// when there is no value. `scan` gives the same values every time.
    ///
    /// Two or three passes for values of some minutes in microseconds: each counts the values by 16
    /// bits of their distance from the least, and the next one looks only where the rank falls (a
    /// radix selection from the highest digit).
    pub fn of_scans<I: Iterator<Item = i64>>(self, scan: impl Fn() -> I) -> Option<i64> {
        let (mut low, mut high, mut count) = (i64::MAX, i64::MIN, 0_usize);
        for value in scan() {
            (low, high, count) = (low.min(value), high.max(value), count + 1);
        }
        let mut rank = self.rank(count)?;
        let mut bins = vec![0_usize; 1 << DIGIT_BITS];
        while low < high {
            let range_bits = u64::BITS - high.abs_diff(low).leading_zeros();
            let shift = range_bits.saturating_sub(DIGIT_BITS);
            bins.fill(0);
            for value in scan().filter(|value| (low..=high).contains(value)) {
                bins[(value.abs_diff(low) >> shift) as usize] += 1;
            }
            let mut bin = 0;
            while rank > bins[bin] && bin + 1 < bins.len() {
                rank -= bins[bin];
                bin += 1;
            }
            let start = low.wrapping_add_unsigned((bin as u64) << shift);
            high = high.min(start.saturating_add_unsigned((1_u64 << shift) - 1));
            low = start;
        }
        Some(low)
    }
}

/// Bits that one pass of [`Quantile::of_scans`] tells apart: its counts stay in the processor's cache.
const DIGIT_BITS: u32 = 16;

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
    fn scanning_finds_what_sorting_finds() {
        let mut draws = crate::rng::Seed::new(9).stream("values");
        let ends = [(0, 0), (-5, 5), (0, 100_000), (-3_000_000_000, 90_000_000_000), (i64::MIN, i64::MAX)];
        for (min, max) in ends {
            for count in [1, 2, 10, 999] {
                let values: Vec<i64> = (0..count).map(|_| draws.integer(min, max)).collect();
                let mut sorted = values.clone();
                sorted.sort_unstable();
                for share in [P50, P90, P99, P999, Quantile::per_mille(1), Quantile::per_mille(1000)] {
                    assert_eq!(share.of_scans(|| values.iter().copied()), share.of_sorted(&sorted), "{min}..{max}");
                }
            }
        }
        assert_eq!(P50.of_scans(std::iter::empty), None);
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
