//! The description of a partitioner: which partition of the log a record is written to.
//!
//! Plain data; [`crate::source::partition`] does it. Ranges are checked with the rest of the source.

use serde::{Deserialize, Serialize};

/// Which partition of the log a record is written to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Partitioner {
    /// By the key: the hash that Kafka's producer takes for records with a key (32-bit MurmurHash2 of
    /// the UTF-8 bytes, without its sign, modulo the number of partitions). All records of a key are
    /// in one partition, so their order is kept.
    #[default]
    KeyHash,
    /// One partition after the other, by every producer for itself. Loads are equal; the records of a
    /// key are everywhere.
    RoundRobin,
    /// Every producer writes so many records to one partition, then goes on with another one drawn at
    /// random: the batches of Kafka's producer for records without a key (KIP-480).
    Sticky {
        /// Records that go to one partition in a row; at least 1.
        #[serde(default = "sticky_records")]
        records: u32,
    },
    /// Keys have places of their own. A partition that no key is sent to stays silent.
    Explicit {
        /// Which key goes where; a key is named once.
        keys: Vec<KeyPlace>,
        /// Where the keys go that are not named.
        #[serde(default)]
        others: OtherKeys,
    },
}

/// A hundred records of about 160 bytes fill the 16 KiB batch that Kafka's producer has by default.
const fn sticky_records() -> u32 {
    100
}

/// The place of one key in [`Partitioner::Explicit`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPlace {
    /// The name of the key.
    pub key: String,
    /// Its partition, from 0.
    pub partition: u32,
}

/// Where [`Partitioner::Explicit`] sends the keys that it does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum OtherKeys {
    /// To any partition, as [`Partitioner::KeyHash`] does.
    #[default]
    KeyHash,
    /// All to this partition, from 0.
    To(u32),
}
