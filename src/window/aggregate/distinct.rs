//! How many different values there are, exactly or by a HyperLogLog sketch.
//!
//! Values are told apart by their bits, with one zero. The sketch hashes them with MurmurHash3 under
//! the fixed seed of Apache DataSketches, so the same values give the same estimate in every run.

use std::collections::BTreeMap;

use datasketches::hash::value::canonical_float;
use datasketches::hll::{HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};

use crate::window::aggregate::bytes;

/// Every value with how often it came, so that values can be taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distinct {
    times: BTreeMap<u64, u64>,
}

/// Bytes of an entry in the map: a key and a number.
const ENTRY_BYTES: usize = 2 * size_of::<u64>();

fn bits(value: f64) -> u64 {
    // Adding 0 turns -0 into 0.
    (value + 0.0).to_bits()
}

impl Distinct {
    /// Adds one finite value. O(log n).
    pub fn add(&mut self, value: f64) {
        *self.times.entry(bits(value)).or_default() += 1;
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        for (&value, &times) in &other.times {
            *self.times.entry(value).or_default() += times;
        }
    }

    /// Takes one value back. False when it was not there.
    pub fn retract(&mut self, value: f64) -> bool {
        let Some(times) = self.times.get_mut(&bits(value)) else { return false };
        *times -= 1;
        if *times == 0 {
            self.times.remove(&bits(value));
        }
        true
    }

    /// How many different values there are.
    pub fn count(&self) -> usize {
        self.times.len()
    }

    /// Bytes of the entries.
    pub fn bytes(&self) -> usize {
        self.times.len() * ENTRY_BYTES
    }
}

/// The logarithm of how many registers a sketch has: 4,096 of one byte, for a standard error of
/// 1.04 / sqrt(4096) = 1.6 % (Flajolet, Fusy, Gandouet and Meunier, HyperLogLog, 2007).
const LG_REGISTERS: u8 = 12;

/// A HyperLogLog sketch (Apache DataSketches): exact for a few values, within about 2 % for many.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DistinctApprox {
    #[serde(with = "bytes::hll")]
    sketch: HllSketch,
}

impl Default for DistinctApprox {
    fn default() -> Self {
        let sketch = HllSketch::new(LG_REGISTERS, HllType::Hll8).expect("2^12 registers are a legal size");
        Self { sketch }
    }
}

impl std::fmt::Debug for DistinctApprox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DistinctApprox").field("estimate", &self.count()).finish_non_exhaustive()
    }
}

impl DistinctApprox {
    /// Adds one finite value.
    pub fn add(&mut self, value: f64) {
        self.sketch.update(canonical_float::from_f64(value));
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        if other.sketch.is_empty() {
            return;
        }
        let mut union = HllUnion::new(LG_REGISTERS).expect("2^12 registers are a legal size");
        union.update(&self.sketch);
        union.update(&other.sketch);
        self.sketch = union.to_sketch(HllType::Hll8);
    }

    /// About how many different values there are, as a whole number.
    pub fn count(&self) -> f64 {
        libm::round(self.sketch.estimate())
    }

    /// Bytes of the registers, or of the values while they are few.
    pub fn bytes(&self) -> usize {
        self.sketch.estimated_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_counts_take_values_back() {
        let mut distinct = Distinct::default();
        [1.0, 2.0, 1.0, 0.0, -0.0].into_iter().for_each(|value| distinct.add(value));
        assert_eq!(distinct.count(), 3);
        assert!(distinct.retract(1.0));
        assert_eq!(distinct.count(), 3, "it came twice");
        assert!(distinct.retract(1.0));
        assert!(!distinct.retract(1.0));
        assert_eq!((distinct.count(), distinct.bytes()), (2, 32));
        let mut other = Distinct::default();
        [2.0, 3.0].into_iter().for_each(|value| other.add(value));
        distinct.merge(&other);
        assert_eq!(distinct.count(), 3);
    }

    #[test]
    fn a_sketch_is_exact_for_few_and_near_for_many_in_bounded_space() {
        let mut sketch = DistinctApprox::default();
        for i in 0..20 {
            sketch.add(f64::from(i % 10));
            sketch.add(-0.0);
        }
        assert_eq!(sketch.count(), 10.0);
        for i in 0..100_000 {
            sketch.add(f64::from(i) / 7.0);
        }
        assert!((sketch.count() - 100_000.0).abs() < 4_000.0, "{}", sketch.count());
        assert!(sketch.bytes() < 5_000, "{}", sketch.bytes());
    }

    #[test]
    fn merging_counts_what_both_have_once() {
        let (mut left, mut right) = (DistinctApprox::default(), DistinctApprox::default());
        (0..30_000).for_each(|i| left.add(f64::from(i)));
        (20_000..50_000).for_each(|i| right.add(f64::from(i)));
        left.merge(&right);
        assert!((left.count() - 50_000.0).abs() < 2_500.0, "{}", left.count());
        let before = left.clone();
        left.merge(&DistinctApprox::default());
        assert_eq!(left, before);
    }
}
