//! A sorted column of spans: how many are at least so long, and how long the n-th is.
//!
//! Sorted by radix (least significant digit first, 11 bits at a time; Knuth, The Art of Computer
//! Programming 3, 5.2.5): the values are non-negative and short, so three or four passes without a
//! comparison do.

use crate::time::Span;

/// Bits of one digit: 2,048 counters fit the first-level cache.
const DIGIT_BITS: u32 = 11;
const BUCKETS: usize = 1 << DIGIT_BITS;
/// Below so many values comparing is faster than counting buckets.
const SMALL: usize = 4 * BUCKETS;

/// Non-negative microseconds in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    ascending: Vec<i64>,
}

impl Column {
    /// Sorts non-negative microseconds.
    pub fn of(mut unsorted: Vec<i64>) -> Self {
        debug_assert!(unsorted.iter().all(|&value| value >= 0), "spans of a column are not negative");
        if unsorted.len() <= SMALL {
            unsorted.sort_unstable();
        } else {
            unsorted = radix_sorted(unsorted);
        }
        unsorted.shrink_to_fit();
        Self { ascending: unsorted }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.ascending.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.ascending.is_empty()
    }

    /// How many are at least `least`. O(log n).
    pub fn at_least(&self, least: Span) -> u64 {
        (self.len() - self.ascending.partition_point(|&value| value < least.micros())) as u64
    }

    /// How many are more than `limit`. O(log n).
    pub fn above(&self, limit: Span) -> u64 {
        (self.len() - self.ascending.partition_point(|&value| value <= limit.micros())) as u64
    }

    /// The n-th largest, from 0; `None` when there are not so many.
    pub fn nth_largest(&self, n: u64) -> Option<Span> {
        let place = self.len().checked_sub(1)?.checked_sub(usize::try_from(n).ok()?)?;
        Some(Span::from_micros(self.ascending[place]))
    }

    /// The smallest span such that at most `allowed` of the column are at least that long: zero when
    /// all of them may be, else a microsecond more than the next largest.
    pub fn least_excluding(&self, allowed: u64) -> Span {
        self.nth_largest(allowed).map_or(Span::ZERO, |largest| largest + Span::from_micros(1))
    }

    /// Microseconds, ascending.
    pub fn micros(&self) -> &[i64] {
        &self.ascending
    }
}

fn radix_sorted(mut values: Vec<i64>) -> Vec<i64> {
    let all = values.iter().fold(0, |bits, value| bits | value);
    let mut spare = vec![0; values.len()];
    let mut shift = 0;
    while shift < i64::BITS && all >> shift != 0 {
        let digit = |value: i64| (value >> shift) as usize & (BUCKETS - 1);
        let mut next = [0_usize; BUCKETS];
        for &value in &values {
            next[digit(value)] += 1;
        }
        let mut before = 0;
        for place in &mut next {
            before += std::mem::replace(place, before);
        }
        for &value in &values {
            let place = &mut next[digit(value)];
            spare[*place] = value;
            *place += 1;
        }
        std::mem::swap(&mut values, &mut spare);
        shift += DIGIT_BITS;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(span: i64) -> Span {
        Span::from_micros(span)
    }

    #[test]
    fn counts_on_both_sides_of_a_tie() {
        let column = Column::of(vec![5, 0, 7, 5]);
        assert_eq!(column.micros(), [0, 5, 5, 7]);
        let counts = [0, 4, 5, 6, 7, 8].map(|at| (column.at_least(micros(at)), column.above(micros(at))));
        assert_eq!(counts, [(4, 3), (3, 3), (3, 1), (1, 1), (1, 0), (0, 0)]);
        assert_eq!([0, 1, 3].map(|n| column.nth_largest(n)), [Some(micros(7)), Some(micros(5)), Some(micros(0))]);
        assert_eq!(column.nth_largest(4), None);
        assert_eq!([0, 1, 2, 3, 4].map(|n| column.least_excluding(n).micros()), [8, 6, 6, 1, 0]);
        assert!(Column::default().is_empty());
    }

    #[test]
    fn radix_sorting_is_sorting() {
        let mut x = 1_u64;
        let mut draw = |bits: u32| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> (64 - bits)) as i64
        };
        for bits in [1, 11, 12, 30, 63] {
            let values: Vec<i64> = (0..3 * SMALL).map(|_| draw(bits)).collect();
            let mut expected = values.clone();
            expected.sort_unstable();
            assert_eq!(Column::of(values).micros(), expected);
        }
    }
}
