//! When the next read may happen: limits on reads and on bytes a second, by partition.
//!
//! A read is paid for afterwards, as Kinesis does it and as Kafka's quotas do: whoever took much waits
//! long before the next read. The runtime asks [`Egress::next_read`], reads, and says so.

use serde::{Deserialize, Serialize};

use crate::log::bucket::Bucket;
use crate::log::preset::LogRules;
use crate::record::PartitionId;
use crate::time::{ProcTime, Span};

/// The limits of all partitions on what is read from them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Egress {
    record_bytes: u64,
    records_per_read: u32,
    lanes: Vec<Lane>,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Lane {
    reads: Option<Bucket>,
    bytes: Option<Bucket>,
}

impl Egress {
    /// The limits before the first read.
    pub fn new(rules: &LogRules, partitions: usize) -> Self {
        let bucket = |per_s: Option<u64>| per_s.map(|per_s| Bucket::new(per_s, Span::ZERO));
        let lane = Lane { reads: bucket(rules.reads_per_s), bytes: bucket(rules.bytes_out_per_s) };
        Self {
            record_bytes: u64::from(rules.record_bytes),
            records_per_read: rules.records_per_read.unwrap_or(u32::MAX),
            lanes: vec![lane; partitions],
        }
    }

    /// Whether there is any limit at all; without one, reads may be of one record each.
    pub fn limits(&self) -> bool {
        let is_limited = |lane: &Lane| lane.reads.is_some() || lane.bytes.is_some();
        self.records_per_read < u32::MAX || self.lanes.iter().any(is_limited)
    }

    /// The most records that one read returns.
    pub const fn records_per_read(&self) -> u32 {
        self.records_per_read
    }

    /// When the next read from this partition may happen: `now`, or later.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn next_read(&self, partition: PartitionId, now: ProcTime) -> ProcTime {
        let lane = &self.lanes[partition.index()];
        let by_reads = lane.reads.map_or(now, |bucket| bucket.earliest(now, 1));
        // What was read is paid for before the next read, however little that is.
        by_reads.max(lane.bytes.map_or(now, |bucket| bucket.earliest(now, 1)))
    }

    /// So many records were read from this partition, in one read.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn read(&mut self, partition: PartitionId, now: ProcTime, records: u32) {
        let bytes = u64::from(records) * self.record_bytes;
        let lane = &mut self.lanes[partition.index()];
        if let Some(bucket) = &mut lane.reads {
            bucket.take(now, 1);
        }
        if let Some(bucket) = &mut lane.bytes {
            bucket.take(now, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogPreset;

    const FIRST: PartitionId = PartitionId(0);

    /// When reads of so many records, as soon as they may, happen; in milliseconds.
    fn reads(rules: &LogRules, records: &[u32]) -> Vec<i64> {
        let mut egress = Egress::new(rules, 2);
        let mut now = ProcTime::EPOCH;
        let mut read = |&records: &u32| {
            now = egress.next_read(FIRST, now);
            egress.read(FIRST, now, records);
            now.micros() / 1_000
        };
        records.iter().map(&mut read).collect()
    }

    #[test]
    fn a_kinesis_shard_is_read_five_times_a_second_and_two_megabytes() {
        let rules = LogRules { record_bytes: 1_000, ..LogPreset::Kinesis.rules() };
        assert_eq!(reads(&rules, &[10, 10, 0, 10]), [0, 200, 400, 600]);
        // 10 MB are paid for in 5 s.
        assert_eq!(reads(&rules, &[10_000, 1, 1]), [0, 5_000, 5_200]);
        let egress = Egress::new(&rules, 1);
        assert_eq!((egress.limits(), egress.records_per_read()), (true, 10_000));
    }

    #[test]
    fn partitions_have_limits_of_their_own() {
        let mut egress = Egress::new(&LogPreset::Kinesis.rules(), 2);
        egress.read(FIRST, ProcTime::EPOCH, 1);
        assert_eq!(egress.next_read(FIRST, ProcTime::EPOCH), ProcTime::from_millis(200));
        assert_eq!(egress.next_read(PartitionId(1), ProcTime::EPOCH), ProcTime::EPOCH);
    }

    #[test]
    fn without_limits_a_read_may_happen_at_once() {
        let rules = LogPreset::Plain.rules();
        assert!(!Egress::new(&rules, 2).limits());
        assert_eq!(reads(&rules, &[1_000_000, 1]), [0, 0]);
    }
}
