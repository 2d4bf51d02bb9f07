//! Count, sum, minimum and maximum: cheap enough to be kept together.
//!
//! [`Summary`] holds all four, and a pipeline's [`Aggregate`] picks which one is the value of a
//! pane. That lets a screen show any of them, and combine the panes of several keys exactly.

use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use crate::window::aggregate::spec::Aggregate;

/// What an operator keeps per key and window: values go in one by one, or all of another state at
/// once.
pub trait Accumulator: Clone + Default + Debug {
    /// Adds one finite value.
    fn add(&mut self, value: f64);

    /// Adds everything that `other` has seen.
    fn merge(&mut self, other: &Self);

    /// How many values it has seen.
    fn count(&self) -> u64;

    /// What a pane says.
    fn summary(&self) -> Summary;
}

/// Count, sum, minimum and maximum of values, in the order in which they were added.
///
/// Adding is in record order, so the sum is the same floating-point number in every run. Merging
/// adds the other sum as one number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// Their sum; 0 when there is none.
    pub sum: f64,
    /// The smallest; positive infinity when there is none.
    pub min: f64,
    /// The largest; negative infinity when there is none.
    pub max: f64,
}

impl Default for Summary {
    fn default() -> Self {
        Self { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Summary {
    /// Bytes of one accumulator.
    pub const BYTES: usize = size_of::<Self>();

    /// The summary of one value.
    pub fn of(value: f64) -> Self {
        Self { count: 1, sum: value, min: value, max: value }
    }

    /// Adds one finite value.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
    }

    /// Adds everything that `other` has seen.
    #[inline]
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = if other.min < self.min { other.min } else { self.min };
        self.max = if other.max > self.max { other.max } else { self.max };
    }

    /// The value that `aggregate` asks for; `None` where an empty summary has none, and for the
    /// special ones.
    pub fn value(&self, aggregate: Aggregate) -> Option<f64> {
        match aggregate {
            Aggregate::Count => Some(self.count as f64),
            Aggregate::Sum => Some(self.sum),
            _ if self.count == 0 => None,
            Aggregate::Mean => Some(self.sum / self.count as f64),
            Aggregate::Min => Some(self.min),
            Aggregate::Max => Some(self.max),
            _ => None,
        }
    }
}

impl Accumulator for Summary {
    #[inline]
    fn add(&mut self, value: f64) {
        Self::add(self, value);
    }

    #[inline]
    fn merge(&mut self, other: &Self) {
        Self::merge(self, other);
    }

    #[inline]
    fn count(&self) -> u64 {
        self.count
    }

    #[inline]
    fn summary(&self) -> Summary {
        *self
    }
}

/// Count and sum alone, for those who ask for no more: half the size of a [`Summary`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CountSum {
    /// How many values.
    pub count: u64,
    /// Their sum; 0 when there is none.
    pub sum: f64,
}

impl Accumulator for CountSum {
    #[inline]
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.sum += value;
    }

    #[inline]
    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
    }

    #[inline]
    fn count(&self) -> u64 {
        self.count
    }

    /// With the minimum and maximum of no values.
    #[inline]
    fn summary(&self) -> Summary {
        Summary { count: self.count, sum: self.sum, ..Summary::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_aggregates_of_three_values() {
        let mut summary = Summary::default();
        for value in [4.0, -1.0, 6.0] {
            summary.add(value);
        }
        let value = |aggregate| summary.value(aggregate);
        assert_eq!(value(Aggregate::Count), Some(3.0));
        assert_eq!(value(Aggregate::Sum), Some(9.0));
        assert_eq!(value(Aggregate::Mean), Some(3.0));
        assert_eq!(value(Aggregate::Min), Some(-1.0));
        assert_eq!(value(Aggregate::Max), Some(6.0));
    }

    #[test]
    fn merging_equals_adding_one_by_one() {
        let mut left = Summary::of(2.0);
        left.add(5.0);
        let mut right = Summary::of(-3.0);
        right.merge(&left);
        let mut all = Summary::of(-3.0);
        all.add(2.0);
        all.add(5.0);
        assert_eq!(right, all);
        right.merge(&Summary::default());
        assert_eq!(right, all);
    }

    #[test]
    fn nothing_has_no_mean_minimum_or_maximum() {
        let nothing = Summary::default();
        assert_eq!(nothing.value(Aggregate::Count), Some(0.0));
        assert_eq!(nothing.value(Aggregate::Sum), Some(0.0));
        assert_eq!(nothing.value(Aggregate::Mean), None);
        assert_eq!(nothing.value(Aggregate::Min), None);
        assert_eq!(nothing.value(Aggregate::Max), None);
    }
}
