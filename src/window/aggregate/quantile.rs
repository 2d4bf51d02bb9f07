//! A quantile of values: exact while they are few, a t-digest beyond.
//!
//! Up to [`EXACT`] values are kept as they are, and the quantile is one of them, by nearest rank
//! (the ceil(q n)-th smallest). When there are more, they go into a t-digest (Dunning and Ertl,
//! Computing Extremely Accurate Quantiles Using t-Digests, 2019; Apache DataSketches), whose answer
//! is near in rank and nearest at both ends. The digest is always left with an empty buffer, so
//! asking it or writing it out changes nothing that comes later.

use datasketches::tdigest::TDigestMut;
use serde::{Deserialize, Serialize};

use crate::window::aggregate::bytes;

/// So many values are kept as they are, 2 KiB of them.
pub const EXACT: usize = 256;

/// The compression of the digest: about so many centroids of 16 bytes.
const COMPRESSION: u16 = 200;

/// Parts of one in which a quantile is counted, so that ranks are exact integers.
const MILLION: u64 = 1_000_000;

/// A quantile of the values so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QuantileSketch {
    millionths: u64,
    /// Values that are not in the digest, in order of arrival; fewer than [`EXACT`] once there is one.
    pending: Vec<f64>,
    #[serde(with = "bytes::digest")]
    digest: Option<TDigestMut>,
}

/// Digests are equal when their bytes are.
impl PartialEq for QuantileSketch {
    fn eq(&self, other: &Self) -> bool {
        let bytes = |digest: &Option<TDigestMut>| digest.clone().map(|mut digest| digest.serialize());
        (self.millionths, &self.pending) == (other.millionths, &other.pending)
            && bytes(&self.digest) == bytes(&other.digest)
    }
}

impl QuantileSketch {
    /// No values yet. `quantile` is above 0 and at most 1 and is kept in millionths.
    pub fn new(quantile: f64) -> Self {
        let millionths = (libm::round(quantile * MILLION as f64) as u64).clamp(1, MILLION);
        Self { millionths, pending: Vec::new(), digest: None }
    }

    /// Whether both are of the same quantile.
    pub const fn asks_as(&self, other: &Self) -> bool {
        self.millionths == other.millionths
    }

    /// Adds one finite value.
    pub fn add(&mut self, value: f64) {
        self.pending.push(value);
        if self.pending.len() > EXACT {
            self.settle();
        }
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.digest {
            let mine = self.digest.get_or_insert_with(fresh);
            mine.merge(theirs);
            come_to_rest(mine);
        }
        other.pending.iter().for_each(|&value| self.add(value));
    }

    /// Takes one value back. False when it cannot be, because it is in the digest or was not there.
    pub fn retract(&mut self, value: f64) -> bool {
        let place = self.pending.iter().position(|&pending| pending == value);
        place.map(|place| self.pending.remove(place)).is_some()
    }

    /// The quantile; `None` without values. O(n log n) up to [`EXACT`] values, O(1) beyond.
    pub fn value(&self) -> Option<f64> {
        let Some(digest) = &self.digest else { return self.nearest_rank() };
        let mut all = digest.clone();
        self.pending.iter().for_each(|&value| all.update(value));
        all.quantile(self.millionths as f64 / MILLION as f64).ok().flatten()
    }

    /// Bytes of values and centroids.
    pub fn bytes(&self) -> usize {
        self.pending.len() * size_of::<f64>() + self.digest.as_ref().map_or(0, TDigestMut::estimated_size)
    }

    fn nearest_rank(&self) -> Option<f64> {
        let mut sorted = self.pending.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let rank = (self.millionths * sorted.len() as u64).div_ceil(MILLION) as usize;
        sorted.get(rank.checked_sub(1)?).copied()
    }

    /// Moves all values into the digest.
    fn settle(&mut self) {
        let digest = self.digest.get_or_insert_with(fresh);
        self.pending.drain(..).for_each(|value| digest.update(value));
        come_to_rest(digest);
    }
}

fn fresh() -> TDigestMut {
    TDigestMut::new(COMPRESSION).expect("200 is a legal compression")
}

/// Empties the buffer of the digest.
fn come_to_rest(digest: &mut TDigestMut) {
    digest.serialize();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(quantile: f64, values: impl IntoIterator<Item = f64>) -> QuantileSketch {
        let mut sketch = QuantileSketch::new(quantile);
        values.into_iter().for_each(|value| sketch.add(value));
        sketch
    }

    #[test]
    fn few_values_have_an_exact_quantile_by_nearest_rank() {
        assert_eq!(filled(0.5, []).value(), None);
        assert_eq!(filled(0.5, [7.0]).value(), Some(7.0));
        assert_eq!(filled(0.5, [3.0, 1.0, 2.0, 4.0]).value(), Some(2.0));
        assert_eq!(filled(0.51, [3.0, 1.0, 2.0, 4.0]).value(), Some(3.0));
        assert_eq!(filled(1.0, (0..256).map(f64::from)).value(), Some(255.0));
        assert_eq!(filled(0.25, (0..256).map(f64::from)).value(), Some(63.0));
    }

    #[test]
    fn many_values_have_a_near_one_in_bounded_space() {
        // A full period of a multiplicative generator: every value below 65,537 once, shuffled.
        let shuffled = std::iter::successors(Some(1_u64), |x| Some(x * 75 % 65_537)).take(65_536);
        let values: Vec<f64> = shuffled.map(|x| x as f64).collect();
        for q in [0.01, 0.5, 0.99] {
            let sketch = filled(q, values.iter().copied());
            let found = sketch.value().expect("there are values");
            assert!((found - q * 65_536.0).abs() < 0.005 * 65_536.0, "{q}: {found}");
            assert!(sketch.bytes() < 24_000, "{}", sketch.bytes());
        }
        assert_eq!(filled(1.0, values).value(), Some(65_536.0));
    }

    #[test]
    fn merging_and_taking_back() {
        let mut few = filled(0.5, [1.0, 2.0]);
        few.merge(&filled(0.5, [3.0, 4.0, 5.0]));
        assert_eq!(few.value(), Some(3.0));
        assert!(few.retract(1.0) && few.retract(2.0));
        assert!(!few.retract(2.0));
        assert_eq!(few, filled(0.5, [3.0, 4.0, 5.0]));
        let mut many = filled(0.5, (0..1_000).map(f64::from));
        many.merge(&filled(0.5, (1_000..2_000).map(f64::from)));
        let median = many.value().expect("there are values");
        assert!((median - 1_000.0).abs() < 20.0, "{median}");
        assert!(!many.retract(0.0), "it is in the digest");
    }

    #[test]
    fn asking_changes_nothing() {
        let values = (0..3_000).map(|i| f64::from(i * 7 % 1_000));
        let (mut asked, mut quiet) = (QuantileSketch::new(0.9), QuantileSketch::new(0.9));
        for value in values {
            asked.add(value);
            quiet.add(value);
            assert!(asked.value().is_some());
        }
        assert_eq!(asked, quiet);
    }
}
