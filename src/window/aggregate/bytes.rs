//! Sketches of the `datasketches` library in snapshots: as the bytes that all Apache DataSketches
//! libraries read.

use datasketches::hll::HllSketch;
use datasketches::tdigest::TDigestMut;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A [`HllSketch`] as bytes.
pub mod hll {
    use super::{Deserialize, Deserializer, HllSketch, Serialize, Serializer};

    /// Writes the sketch.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(sketch: &HllSketch, serializer: S) -> Result<S::Ok, S::Error> {
        sketch.serialize().serialize(serializer)
    }

    /// Reads a sketch.
    ///
    /// # Errors
    /// When the bytes are not those of a sketch.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HllSketch, D::Error> {
        HllSketch::deserialize(&Vec::<u8>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A [`TDigestMut`] that is there or not, as bytes.
pub mod digest {
    use super::{Deserialize, Deserializer, Serialize, Serializer, TDigestMut};

    /// Writes the digest. It is at rest (nothing in its buffer), so that writing changes nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(digest: &Option<TDigestMut>, serializer: S) -> Result<S::Ok, S::Error> {
        digest.clone().map(|mut digest| digest.serialize()).serialize(serializer)
    }

    /// Reads a digest.
    ///
    /// # Errors
    /// When the bytes are not those of a digest.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TDigestMut>, D::Error> {
        let bytes = Option::<Vec<u8>>::deserialize(deserializer)?;
        bytes.map(|bytes| TDigestMut::deserialize(&bytes)).transpose().map_err(serde::de::Error::custom)
    }
}
