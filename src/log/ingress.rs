//! What a partition takes in: a limit on records and on bytes a second.
//!
//! A record beyond the limit is throttled: its producer tries again until it is taken, and what it
//! sends to the same partition afterwards waits behind it, so a partition keeps its order. Only when a
//! record would wait for longer than its producer has patience, it is given up and uses nothing.

use serde::{Deserialize, Serialize};

use crate::log::bucket::Bucket;
use crate::log::preset::LogRules;
use crate::record::PartitionId;
use crate::time::{ProcTime, Span};

/// How much of the allowance an idle partition saves up: limits are stated by the second.
const SAVED_UP: Span = Span::from_secs(1);

/// The limits of all partitions on what they take in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ingress {
    record_bytes: u64,
    lanes: Vec<Lane>,
}

/// One partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Lane {
    records: Option<Bucket>,
    bytes: Option<Bucket>,
    /// When the last record was taken.
    last: ProcTime,
}

impl Ingress {
    /// The limits before the first record; `None` when there are none.
    pub fn new(rules: &LogRules, partitions: usize) -> Option<Self> {
        let bucket = |per_s: Option<u64>| per_s.map(|per_s| Bucket::new(per_s, SAVED_UP));
        let (records, bytes) = (bucket(rules.records_in_per_s), bucket(rules.bytes_in_per_s));
        if records.is_none() && bytes.is_none() {
            return None;
        }
        let lane = Lane { records, bytes, last: ProcTime::MIN };
        Some(Self { record_bytes: u64::from(rules.record_bytes), lanes: vec![lane; partitions] })
    }

    /// When a record is taken that reaches this partition at `at`; `None` when that is later than
    /// `patience` after it. Records are offered in order of `at`.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn admit(&mut self, partition: PartitionId, at: ProcTime, patience: Span) -> Option<ProcTime> {
        let bytes = self.record_bytes;
        let lane = &mut self.lanes[partition.index()];
        let in_order = at.max(lane.last);
        let by_records = lane.records.map_or(in_order, |bucket| bucket.earliest(in_order, 1));
        let by_bytes = lane.bytes.map_or(in_order, |bucket| bucket.earliest(in_order, bytes));
        let taken = by_records.max(by_bytes);
        if taken > at + patience {
            return None;
        }
        if let Some(bucket) = &mut lane.records {
            bucket.take(taken, 1);
        }
        if let Some(bucket) = &mut lane.bytes {
            bucket.take(taken, bytes);
        }
        lane.last = taken;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LogPreset;

    fn rules(records: Option<u64>, bytes: Option<u64>, record_bytes: u32) -> LogRules {
        LogRules { records_in_per_s: records, bytes_in_per_s: bytes, record_bytes, ..LogPreset::Plain.rules() }
    }

    /// When records offered to (partition) at (millisecond) are taken, in milliseconds; -1 is given up.
    fn check(rules: &LogRules, patience_ms: i64, offered: &[(u32, i64)], expected: &[i64]) {
        let mut ingress = Ingress::new(rules, 2).unwrap();
        let mut admit = |&(partition, at): &(u32, i64)| {
            let at = ProcTime::from_millis(at);
            let taken = ingress.admit(PartitionId(partition), at, Span::from_millis(patience_ms));
            taken.map_or(-1, |taken| taken.micros() / 1_000)
        };
        assert_eq!(offered.iter().map(&mut admit).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_log_without_limits_takes_everything() {
        assert_eq!(Ingress::new(&rules(None, None, 1), 2), None);
    }

    #[test]
    fn records_beyond_the_limit_wait_and_other_partitions_do_not() {
        let offered = [(0, 0), (0, 0), (0, 0), (1, 0), (0, 0), (0, 1_900)];
        check(&rules(Some(2), None, 1), 60_000, &offered, &[0, 0, 500, 0, 1_000, 1_900]);
    }

    #[test]
    fn the_tighter_limit_holds() {
        // 10 records of 100 bytes a second are 1,000 bytes; 250 bytes a second hold first.
        let offered = [(0, 0); 5];
        check(&rules(Some(10), Some(250), 100), 60_000, &offered, &[0, 0, 200, 600, 1_000]);
    }

    #[test]
    fn who_has_no_patience_gives_up_and_uses_nothing() {
        let offered = [(0, 0), (0, 0), (0, 0), (0, 300), (0, 300), (0, 2_000)];
        check(&rules(Some(2), None, 1), 400, &offered, &[0, 0, -1, 500, -1, 2_000]);
    }

    #[test]
    fn a_kinesis_shard_takes_a_thousand_records_a_second() {
        let mut ingress = Ingress::new(&LogRules { record_bytes: 100, ..LogPreset::Kinesis.rules() }, 1).unwrap();
        let mut taken = Vec::new();
        for i in 0..3_000 {
            let at = ProcTime::from_micros(i * 500);
            taken.extend(ingress.admit(PartitionId(0), at, Span::MAX));
        }
        assert_eq!(taken.len(), 3_000);
        // 2,000 a second are offered. The first second's allowance is spent after 1 s, when twice as many
        // as it refills have come; then one goes in every millisecond: the last after 2 s, not 1.5.
        assert_eq!(taken[1_998].micros(), 999_000);
        assert_eq!(taken[2_999].micros(), 2_000_000);
    }
}
