//! The description of a log: a preset, and what differs from it. Plain data with ranges.
//!
//! A field that is not set is what the preset says, so changing the preset changes everything that was
//! not chosen by hand. A limit of a preset is lifted by a large number.

use serde::{Deserialize, Serialize};

use crate::human::{count, span_exact};
use crate::log::preset::{LogPreset, LogRules};
use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// The largest record: what Kinesis takes since 2025, ten times Kafka's default.
pub const MAX_RECORD_BYTES: u32 = 10 << 20;
/// The largest limit, of anything, a second: so much is no limit.
pub const MAX_PER_SECOND: u64 = 1_000_000_000_000;

/// The order in which a log hands its records out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Ordering {
    /// Records of one partition in the order in which they reached it (Kafka, Kinesis).
    #[default]
    PerPartition,
    /// Records of one key in the order in which they were published; keys overtake each other
    /// (Pub/Sub with ordering keys).
    PerKey,
    /// Any order (Pub/Sub without ordering keys).
    Unordered,
}

/// The description of a log. Limits are those of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSpec {
    /// Whose rules apply where nothing else is said.
    pub preset: LogPreset,
    /// The size of a record, key and all, in bytes; 1 to 10,485,760.
    pub record_bytes: Option<u32>,
    /// Records a second that a partition takes in; at least 1.
    pub records_in_per_s: Option<u64>,
    /// Bytes a second that a partition takes in; at least 1.
    pub bytes_in_per_s: Option<u64>,
    /// Bytes a second that are read from a partition; at least 1.
    pub bytes_out_per_s: Option<u64>,
    /// Reads a second from a partition; at least 1.
    pub reads_per_s: Option<u64>,
    /// Records that one read returns, at most; at least 1.
    pub records_per_read: Option<u32>,
    /// How long a record is kept; positive.
    pub retention_age: Option<Span>,
    /// How many records of a partition are kept; at least 1.
    pub retention_records: Option<u64>,
    /// The order in which records are handed out.
    pub ordering: Option<Ordering>,
    /// By how much deliveries overtake each other, where there is no order of partitions: the mean of
    /// an exponential time.
    pub delivery_jitter: Option<Span>,
    /// How long a reader may take to acknowledge a record before it is delivered again; positive.
    pub ack_deadline: Option<Span>,
    /// How long a partition takes nothing in when its leader fails.
    pub failover: Option<Span>,
}

impl LogSpec {
    /// What holds: the preset's rules, and what was set by hand.
    pub fn rules(&self) -> LogRules {
        let of_preset = self.preset.rules();
        LogRules {
            record_bytes: self.record_bytes.unwrap_or(of_preset.record_bytes),
            records_in_per_s: self.records_in_per_s.or(of_preset.records_in_per_s),
            bytes_in_per_s: self.bytes_in_per_s.or(of_preset.bytes_in_per_s),
            bytes_out_per_s: self.bytes_out_per_s.or(of_preset.bytes_out_per_s),
            reads_per_s: self.reads_per_s.or(of_preset.reads_per_s),
            records_per_read: self.records_per_read.or(of_preset.records_per_read),
            retention_age: self.retention_age.or(of_preset.retention_age),
            retention_records: self.retention_records.or(of_preset.retention_records),
            ordering: self.ordering.unwrap_or(of_preset.ordering),
            delivery_jitter: self.delivery_jitter.unwrap_or(of_preset.delivery_jitter),
            ack_deadline: self.ack_deadline.or(of_preset.ack_deadline),
            failover: self.failover.unwrap_or(of_preset.failover),
            always_replicates: of_preset.always_replicates,
        }
    }

    /// Everything that is out of range, in the order of the fields, with paths from the log.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut number = |path: &str, value: Option<u64>, most: u64| {
            if let Some(value) = value
                && !(1..=most).contains(&value)
            {
                let message = format!("{} is out of range: must be 1 to {}", count(value), count(most));
                found.push(Problem::new(path, message));
            }
        };
        number("record_bytes", self.record_bytes.map(u64::from), u64::from(MAX_RECORD_BYTES));
        number("records_in_per_s", self.records_in_per_s, MAX_PER_SECOND);
        number("bytes_in_per_s", self.bytes_in_per_s, MAX_PER_SECOND);
        number("bytes_out_per_s", self.bytes_out_per_s, MAX_PER_SECOND);
        number("reads_per_s", self.reads_per_s, MAX_PER_SECOND);
        number("records_per_read", self.records_per_read.map(u64::from), u64::from(u32::MAX));
        number("retention_records", self.retention_records, MAX_PER_SECOND);
        let mut span = |path: &str, span: Option<Span>, least: i64| {
            if let Some(span) = span
                && (span.micros() < least || span > SPAN_LIMIT)
            {
                let range = if least > 0 { "more than 0" } else { "0 or more" };
                let shown = span_exact(span);
                found.push(Problem::new(path, format!("{shown} is out of range: must be {range}, at most 115740d")));
            }
        };
        span("retention_age", self.retention_age, 1);
        span("delivery_jitter", self.delivery_jitter, 0);
        span("ack_deadline", self.ack_deadline, 1);
        span("failover", self.failover, 0);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_what_the_preset_says() {
        for preset in LogPreset::ALL {
            assert_eq!(LogSpec { preset, ..LogSpec::default() }.rules(), preset.rules(), "{}", preset.name());
        }
        let spec = LogSpec {
            preset: LogPreset::Kinesis,
            reads_per_s: Some(10),
            retention_age: Some(Span::from_secs(60)),
            ..LogSpec::default()
        };
        let expected =
            LogRules { reads_per_s: Some(10), retention_age: Some(Span::from_secs(60)), ..LogPreset::Kinesis.rules() };
        assert_eq!(spec.rules(), expected);
    }

    #[test]
    fn presets_have_the_published_numbers() {
        let kinesis = LogPreset::Kinesis.rules();
        assert_eq!((kinesis.records_in_per_s, kinesis.bytes_in_per_s), (Some(1_000), Some(1_000_000)));
        assert_eq!((kinesis.reads_per_s, kinesis.bytes_out_per_s), (Some(5), Some(2_000_000)));
        assert_eq!(kinesis.retention_age, Some(Span::from_secs(24 * 3_600)));
        let pub_sub = LogPreset::PubSub.rules();
        assert_eq!((pub_sub.ordering, pub_sub.ack_deadline), (Ordering::Unordered, Some(Span::from_secs(10))));
        assert_eq!(LogPreset::Kafka.rules().retention_age, Some(Span::from_secs(168 * 3_600)));
        assert_eq!(LogPreset::Pulsar.rules().retention_age, None);
    }

    #[test]
    fn everything_out_of_range_is_refused_with_its_limits() {
        let spec = LogSpec {
            record_bytes: Some(0),
            records_in_per_s: Some(0),
            bytes_in_per_s: Some(MAX_PER_SECOND + 1),
            retention_age: Some(Span::ZERO),
            retention_records: Some(0),
            delivery_jitter: Some(Span::from_secs(-1)),
            ..LogSpec::default()
        };
        let found: Vec<String> = spec.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(
            found,
            [
                "record_bytes: 0 is out of range: must be 1 to 10,485,760",
                "records_in_per_s: 0 is out of range: must be 1 to 1,000,000,000,000",
                "bytes_in_per_s: 1,000,000,000,001 is out of range: must be 1 to 1,000,000,000,000",
                "retention_records: 0 is out of range: must be 1 to 1,000,000,000,000",
                "retention_age: 0s is out of range: must be more than 0, at most 115740d",
                "delivery_jitter: -1s is out of range: must be 0 or more, at most 115740d",
            ]
        );
        assert_eq!(LogSpec::default().problems(), []);
    }
}
