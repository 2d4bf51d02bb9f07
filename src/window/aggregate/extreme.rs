//! The k largest values.

use serde::{Deserialize, Serialize};

/// At most k values, descending; equal ones each count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopK {
    k: usize,
    largest: Vec<f64>,
}

impl TopK {
    /// No values yet; `k` is at least 1.
    pub const fn new(k: usize) -> Self {
        Self { k, largest: Vec::new() }
    }

    /// Whether both keep the same number of values.
    pub const fn keeps_as_many_as(&self, other: &Self) -> bool {
        self.k == other.k
    }

    /// Adds one finite value. O(k).
    pub fn add(&mut self, value: f64) {
        let place = self.largest.partition_point(|&larger| larger >= value);
        if place < self.k {
            self.largest.truncate(self.k - 1);
            self.largest.insert(place, value);
        }
    }

    /// Adds everything that `other` has seen: its k largest are enough.
    pub fn merge(&mut self, other: &Self) {
        other.largest.iter().for_each(|&value| self.add(value));
    }

    /// The values, descending.
    pub fn list(&self) -> &[f64] {
        &self.largest
    }

    /// Bytes of the values.
    pub const fn bytes(&self) -> usize {
        self.largest.len() * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_largest_in_order_with_repeats() {
        let mut top = TopK::new(3);
        [4.0, 9.0, 1.0, 9.0, -2.0, 5.0].into_iter().for_each(|value| top.add(value));
        assert_eq!(top.list(), [9.0, 9.0, 5.0]);
        let mut other = TopK::new(3);
        [7.0, 0.0].into_iter().for_each(|value| other.add(value));
        assert_eq!(other.list(), [7.0, 0.0]);
        other.merge(&top);
        assert_eq!(other.list(), [9.0, 9.0, 7.0]);
        assert_eq!(other.bytes(), 24);
    }
}
