//! Logs that people run, each with the source of its numbers. Defaults as documented in 2025; what is
//! not simulated is not here.

use serde::{Deserialize, Serialize};

use crate::log::spec::Ordering;
use crate::time::Span;

/// A log that people run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LogPreset {
    /// No limits, and everything is kept.
    #[default]
    Plain,
    /// A Kafka topic: order per partition, seven days (`log.retention.hours` 168), no quotas unless set.
    /// A broker that dies is noticed after `broker.session.timeout.ms`, 9 s.
    /// Source: Apache Kafka documentation, Broker Configs.
    Kafka,
    /// A stream of Kinesis, one shard a partition: 1 MB and 1,000 records a second in, 2 MB and five
    /// reads a second out, at most 10,000 records a read, 24 hours. Written to three zones before it is
    /// acknowledged. Source: Amazon Kinesis Data Streams Developer Guide, Quotas and limits.
    Kinesis,
    /// A topic of Pub/Sub with one subscription: no order without an ordering key (set `ordering` to
    /// [`Ordering::PerKey`] for one), redelivery after an acknowledgement deadline of 10 s, seven days.
    /// Its deliveries overtake each other by an exponential time whose mean is ours, 100 ms: no figure is
    /// published. Source: Google Cloud Pub/Sub documentation, Subscription properties, and Message ordering.
    PubSub,
    /// A topic of Redpanda: as Kafka, but every partition is a Raft group of its own, which elects
    /// a leader after `raft_election_timeout_ms`, 1.5 s, without waiting for a controller.
    /// Source: Redpanda documentation, Cluster configuration properties.
    Redpanda,
    /// A topic of Pulsar with one subscription: order per partition, and what is not acknowledged is kept
    /// for ever (retention is about what is acknowledged; no time to live by default), so nothing unread
    /// expires. Written to several bookies before it is acknowledged; a broker that dies is replaced after
    /// `metadataStoreSessionTimeoutMillis`, 30 s.
    /// Source: Apache Pulsar documentation, Message retention and expiry, and `broker.conf`.
    Pulsar,
}

/// What holds of a log. `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRules {
    /// The size of a record, key and all, in bytes; at least 1.
    pub record_bytes: u32,
    /// Records a second that a partition takes in.
    pub records_in_per_s: Option<u64>,
    /// Bytes a second that a partition takes in.
    pub bytes_in_per_s: Option<u64>,
    /// Bytes a second that are read from a partition.
    pub bytes_out_per_s: Option<u64>,
    /// Reads a second from a partition.
    pub reads_per_s: Option<u64>,
    /// Records that one read returns, at most.
    pub records_per_read: Option<u32>,
    /// How long a record is kept.
    pub retention_age: Option<Span>,
    /// How many records of a partition are kept.
    pub retention_records: Option<u64>,
    /// The order in which records are handed out.
    pub ordering: Ordering,
    /// By how much deliveries overtake each other, where there is no order of partitions: the mean of
    /// an exponential time.
    pub delivery_jitter: Span,
    /// How long a reader may take to acknowledge a record before it is delivered again.
    pub ack_deadline: Option<Span>,
    /// How long a partition takes nothing in when its leader fails.
    pub failover: Span,
    /// Whether records are acknowledged only when other machines have them, whatever the producer asks
    /// for: then nothing acknowledged is lost with a leader.
    pub always_replicates: bool,
}

const DAY: Span = Span::from_secs(86_400);

/// A log without limits, the base of all others. A record of 1,000 bytes is a round number.
const PLAIN: LogRules = LogRules {
    record_bytes: 1_000,
    records_in_per_s: None,
    bytes_in_per_s: None,
    bytes_out_per_s: None,
    reads_per_s: None,
    records_per_read: None,
    retention_age: None,
    retention_records: None,
    ordering: Ordering::PerPartition,
    delivery_jitter: Span::ZERO,
    ack_deadline: None,
    failover: Span::from_secs(9),
    always_replicates: false,
};

impl Default for LogRules {
    /// Those of [`LogPreset::Plain`]: no limits.
    fn default() -> Self {
        PLAIN
    }
}

impl LogPreset {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] = [Self::Plain, Self::Kafka, Self::Kinesis, Self::PubSub, Self::Redpanda, Self::Pulsar];

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "Plain log",
            Self::Kafka => "Kafka topic",
            Self::Kinesis => "Kinesis stream",
            Self::PubSub => "Pub/Sub topic",
            Self::Redpanda => "Redpanda topic",
            Self::Pulsar => "Pulsar topic",
        }
    }

    /// What holds of it.
    pub const fn rules(self) -> LogRules {
        match self {
            Self::Plain => PLAIN,
            Self::Kafka => LogRules { retention_age: Some(days(7)), ..PLAIN },
            Self::Kinesis => LogRules {
                records_in_per_s: Some(1_000),
                bytes_in_per_s: Some(1_000_000),
                bytes_out_per_s: Some(2_000_000),
                reads_per_s: Some(5),
                records_per_read: Some(10_000),
                retention_age: Some(DAY),
                failover: Span::ZERO,
                always_replicates: true,
                ..PLAIN
            },
            Self::PubSub => LogRules {
                retention_age: Some(days(7)),
                ordering: Ordering::Unordered,
                delivery_jitter: Span::from_millis(100),
                ack_deadline: Some(Span::from_secs(10)),
                failover: Span::ZERO,
                always_replicates: true,
                ..PLAIN
            },
            Self::Redpanda => LogRules { retention_age: Some(days(7)), failover: Span::from_millis(1_500), ..PLAIN },
            Self::Pulsar => LogRules { failover: Span::from_secs(30), always_replicates: true, ..PLAIN },
        }
    }
}

const fn days(days: i64) -> Span {
    Span::from_micros(DAY.micros() * days)
}
