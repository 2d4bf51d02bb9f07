//! A number that tells one input from another, so that a checkpoint is not restored over records that it
//! does not belong to.

use xxhash_rust::xxh3::Xxh3;

use crate::record::{RecordId, Stream};

/// The fingerprint of an input: its records in order, with event time, arrival, key and value, and the
/// names of its keys. Linear in the records.
pub fn fingerprint(stream: &Stream) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&(stream.len() as u64).to_le_bytes());
    for time in stream.event_times() {
        hash.update(&time.micros().to_le_bytes());
    }
    for time in stream.arrivals() {
        hash.update(&time.micros().to_le_bytes());
    }
    for key in stream.keys() {
        hash.update(&key.0.to_le_bytes());
    }
    for value in stream.values() {
        hash.update(&value.to_le_bytes());
    }
    if stream.is_partitioned() {
        for place in 0..stream.len() as u32 {
            hash.update(&stream.partition(RecordId(place)).0.to_le_bytes());
        }
    }
    for name in stream.key_table().names() {
        hash.update(&(name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    hash.digest()
}
