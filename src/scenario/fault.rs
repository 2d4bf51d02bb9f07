//! What goes wrong, and when: plain data. [`crate::source`] does what happens before the log,
//! [`crate::runtime`] what happens after it.
//!
//! Instants are distances from the start of the run. A fault lasts from its first instant to just
//! before its last. Where a fault may name a key, a partition and a producer, it concerns the records
//! for which all that it names holds, and every record when it names nothing.

use serde::{Deserialize, Serialize};

use crate::gate::Defect;
use crate::human;
use crate::log::LogRules;
use crate::time::Span;

/// What goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// A producer loses its network and sends everything at once when it is back (a phone, or a
    /// tram, in a tunnel).
    Offline {
        /// Records of this key.
        key: String,
        /// First moment without network.
        from: Span,
        /// The network is back.
        until: Span,
    },
    /// Nothing comes from somewhere for a while.
    Silent {
        /// Records of this key.
        #[serde(default)]
        key: Option<String>,
        /// Records of this partition, from 0.
        #[serde(default)]
        partition: Option<u32>,
        /// Records of this producer, from 0.
        #[serde(default)]
        producer: Option<u32>,
        /// First silent moment.
        from: Span,
        /// The silence is over.
        until: Span,
        /// What becomes of the records.
        #[serde(default)]
        records: Silence,
    },
    /// One key comes more often for a while: of the records that happen then, this share has that key
    /// instead of its own.
    HotKey {
        /// Which key.
        key: String,
        /// The share of all records; 0 to 1.
        share: f64,
        /// First hot moment.
        from: Span,
        /// Normal again.
        until: Span,
    },
    /// Everything comes more often for a while.
    Burst {
        /// How many times the rate that the source has then; above 0, at most 1,000.
        times: f64,
        /// First moment.
        from: Span,
        /// Normal again.
        until: Span,
    },
    /// The clock of a producer is set wrong, and set right again.
    ClockJump {
        /// Whose, from 0.
        #[serde(default)]
        producer: u32,
        /// By how much it is then ahead; negative when it is behind.
        by: Span,
        /// It jumps.
        from: Span,
        /// It jumps back.
        until: Span,
    },
    /// Records that are written are not as the schema says.
    Poison {
        /// Records of this key.
        #[serde(default)]
        key: Option<String>,
        /// Records of this partition, from 0.
        #[serde(default)]
        partition: Option<u32>,
        /// Records of this producer, from 0.
        #[serde(default)]
        producer: Option<u32>,
        /// The share of those records that is bad; 0 to 1.
        #[serde(default = "all_of_them")]
        share: f64,
        /// The first of them may happen here.
        from: Span,
        /// The last of them happens before.
        until: Span,
        /// What is wrong with them.
        defect: Defect,
    },
    /// The leader of a partition fails. Until there is another one ([`crate::log::LogSpec::failover`])
    /// the partition takes nothing in; what only the leader had is gone, which
    /// [`crate::scenario::ProducersSpec::acks`] may prevent.
    LeaderFails {
        /// Which partition, from 0.
        partition: u32,
        /// When.
        at: Span,
        /// How far the other machines are behind the leader. Kafka publishes no figure; in one data
        /// centre it is some milliseconds.
        #[serde(default = "default_replication_lag")]
        replication_lag: Span,
    },
    /// The window tasks, or one of them, are slower for a while.
    SlowOperator {
        /// Which window task, from 0; all without it.
        #[serde(default)]
        task: Option<u32>,
        /// First slow moment.
        from: Span,
        /// Normal again.
        until: Span,
        /// How many times its service time; at least 1.
        factor: f64,
    },
    /// The sink is slower for a while.
    SlowSink {
        /// First slow moment.
        from: Span,
        /// Normal again.
        until: Span,
        /// How many times its service time; at least 1.
        factor: f64,
    },
    /// What the sink writes is refused for a while. It tries again and again, with the same pane, until
    /// it is taken; all others wait.
    FailingSink {
        /// First moment of the failure.
        from: Span,
        /// What is written from here on is taken.
        until: Span,
        /// How long it waits after a failed try; at least 1 ms.
        #[serde(default = "one_second")]
        retry_after: Span,
    },
    /// A task, or something else of the job, crashes; [`crate::pipeline::Pipeline::restart`] and
    /// [`crate::pipeline::Pipeline::delivery`] say what then.
    Crash {
        /// What.
        victim: Victim,
        /// When.
        at: Span,
        /// Again and again after the same time, while records come.
        #[serde(default)]
        every: Option<Span>,
        /// No process says that it has ended: it is noticed by the heartbeats that are missed.
        #[serde(default)]
        is_silent: bool,
    },
    /// Nothing is heard of a source task for a while, and it reads nothing: it lost the network, or its
    /// process stands still. After the session timeout of [`crate::pipeline::Pipeline::group`] others get
    /// its partitions; when it is back it joins again.
    MemberSilent {
        /// Which source task, from 0.
        task: u32,
        /// The first silent moment.
        from: Span,
        /// It is heard again.
        until: Span,
    },
    /// A source task asks for no records for a while, because it is busy elsewhere; its heartbeats go on.
    /// After the longest time between polls others get its partitions.
    MemberStalls {
        /// Which source task, from 0.
        task: u32,
        /// Its last poll.
        from: Span,
        /// It polls again.
        until: Span,
    },
    /// A source task is stopped in order: it commits, and leaves the group.
    MemberLeaves {
        /// Which source task, from 0.
        task: u32,
        /// When.
        at: Span,
    },
    /// A source task joins the group. One that joins before it has ever left is not there at the start.
    MemberJoins {
        /// Which source task, from 0.
        task: u32,
        /// When.
        at: Span,
    },
    /// Where checkpoints are stored is slower for a while, or takes nothing.
    CheckpointStorage {
        /// First moment.
        from: Span,
        /// Normal again.
        until: Span,
        /// How many times the time of every write and read; at least 1.
        #[serde(default = "once")]
        factor: f64,
        /// What is written is not taken: the checkpoint fails.
        #[serde(default)]
        fails: bool,
    },
    /// Nothing gets from a source task to a window task for a while; what is sent waits on the way, and so do
    /// barriers.
    NetworkPartition {
        /// The source task, from 0.
        source: u32,
        /// The window task, from 0.
        window: u32,
        /// First moment.
        from: Span,
        /// It works again, and what has waited arrives at once.
        until: Span,
    },
    /// Nothing can be written to the dead letters for a while;
    /// [`crate::pipeline::Gate::when_dead_letters_fail`] says what then.
    DeadLetterSink {
        /// First moment of the failure.
        from: Span,
        /// It works again.
        until: Span,
    },
}

/// What crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Victim {
    /// A source task, from 0.
    Source(u32),
    /// A window task, from 0.
    Window(u32),
    /// A merge task, from 0.
    Merge(u32),
    /// The sink.
    Sink,
    /// The coordinator of the checkpoints, and with it the job.
    Coordinator,
    /// Everything at once.
    All,
}

impl Victim {
    /// As on screen, counted from 1: `window 1`.
    fn in_words(self) -> String {
        match self {
            Self::Source(task) => format!("source {}", u64::from(task) + 1),
            Self::Window(task) => format!("window {}", u64::from(task) + 1),
            Self::Merge(task) => format!("merge {}", u64::from(task) + 1),
            Self::Sink => "sink".to_owned(),
            Self::Coordinator => "coordinator".to_owned(),
            Self::All => "everything".to_owned(),
        }
    }
}

/// What becomes of the records of a silent producer or partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Silence {
    /// They never happen: there was nothing to send. They are not lost, because they never were.
    #[default]
    Stop,
    /// They wait on the way and all arrive at the end of the silence, in the order in which they would
    /// have arrived.
    Hold,
}

const fn all_of_them() -> f64 {
    1.0
}

const fn default_replication_lag() -> Span {
    Span::from_millis(20)
}

const fn once() -> f64 {
    1.0
}

const fn one_second() -> Span {
    Span::from_secs(1)
}

impl Fault {
    /// Whether it happens before the log, and so changes the stream.
    pub const fn is_before_the_log(&self) -> bool {
        match self {
            Self::Offline { .. }
            | Self::Silent { .. }
            | Self::HotKey { .. }
            | Self::Burst { .. }
            | Self::ClockJump { .. }
            | Self::Poison { .. }
            | Self::LeaderFails { .. } => true,
            Self::SlowOperator { .. }
            | Self::SlowSink { .. }
            | Self::FailingSink { .. }
            | Self::Crash { .. }
            | Self::CheckpointStorage { .. }
            | Self::NetworkPartition { .. }
            | Self::MemberSilent { .. }
            | Self::MemberStalls { .. }
            | Self::MemberLeaves { .. }
            | Self::MemberJoins { .. }
            | Self::DeadLetterSink { .. } => false,
        }
    }

    /// Its first instant, and the first one after it, in front of a log with these rules.
    pub fn stretch(&self, rules: &LogRules) -> (Span, Span) {
        match *self {
            Self::LeaderFails { at, .. } => (at, at + rules.failover),
            Self::Crash { at, .. } => (at, at + Span::from_micros(1)),
            Self::MemberLeaves { at, .. } | Self::MemberJoins { at, .. } => (at, at),
            Self::Offline { from, until, .. }
            | Self::Silent { from, until, .. }
            | Self::HotKey { from, until, .. }
            | Self::Burst { from, until, .. }
            | Self::ClockJump { from, until, .. }
            | Self::Poison { from, until, .. }
            | Self::SlowOperator { from, until, .. }
            | Self::SlowSink { from, until, .. }
            | Self::FailingSink { from, until, .. }
            | Self::MemberSilent { from, until, .. }
            | Self::MemberStalls { from, until, .. }
            | Self::CheckpointStorage { from, until, .. }
            | Self::NetworkPartition { from, until, .. }
            | Self::DeadLetterSink { from, until } => (from, until),
        }
    }

    /// In a few words, for a label: `tram 4 offline`, `window 2 7× slower`.
    pub fn in_words(&self) -> String {
        match self {
            Self::LeaderFails { partition, .. } => format!("leader of partition {partition} fails"),
            Self::CheckpointStorage { fails: true, .. } => "checkpoints cannot be stored".to_owned(),
            Self::CheckpointStorage { factor, .. } => format!("checkpoint storage {factor}× slower"),
            Self::NetworkPartition { source, window, .. } => {
                format!("no network from source {} to window {}", u64::from(*source) + 1, u64::from(*window) + 1)
            }
            Self::Crash { victim, .. } => format!("{} crashes", victim.in_words()),
            Self::Offline { key, .. } => format!("{key} offline"),
            Self::Silent { key, partition, producer, .. } => {
                format!("{} silent", whom(key.as_deref(), *partition, *producer).unwrap_or("everything".to_owned()))
            }
            Self::HotKey { key, share, .. } => format!("{key} hot, {}% of records", share * 100.0),
            Self::Burst { times, .. } => format!("{times}× the rate"),
            Self::ClockJump { producer, by, .. } => {
                let direction = if by.is_negative() { "behind" } else { "ahead" };
                let amount = if by.is_negative() { -*by } else { *by };
                format!("clock of producer {producer} {} {direction}", human::span(amount))
            }
            Self::Poison { key, partition, producer, defect, .. } => {
                let of = whom(key.as_deref(), *partition, *producer).map(|whom| format!(" of {whom}"));
                format!("records{} {}", of.unwrap_or_default(), defect.in_words())
            }
            Self::SlowOperator { task: None, factor, .. } => format!("operator {factor}× slower"),
            Self::SlowOperator { task: Some(task), factor, .. } => {
                format!("window {} {factor}× slower", task + 1)
            }
            Self::SlowSink { factor, .. } => format!("sink {factor}× slower"),
            Self::FailingSink { .. } => "sink fails".to_owned(),
            Self::MemberSilent { task, .. } => format!("source {} silent", task + 1),
            Self::MemberStalls { task, .. } => format!("source {} stalls", task + 1),
            Self::MemberLeaves { task, .. } => format!("source {} leaves", task + 1),
            Self::MemberJoins { task, .. } => format!("source {} joins", task + 1),
            Self::DeadLetterSink { .. } => "dead letters fail".to_owned(),
        }
    }
}

/// Whose records are meant; `None` for all.
fn whom(key: Option<&str>, partition: Option<u32>, producer: Option<u32>) -> Option<String> {
    let parts = [
        key.map(str::to_owned),
        partition.map(|partition| format!("partition {partition}")),
        producer.map(|producer| format!("producer {producer}")),
    ];
    let named: Vec<String> = parts.into_iter().flatten().collect();
    (!named.is_empty()).then(|| named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Span = Span::from_secs(1);
    const UNTIL: Span = Span::from_secs(2);

    #[test]
    fn every_fault_has_a_name_of_a_few_words() {
        let silent = |key: Option<&str>, partition| Fault::Silent {
            key: key.map(str::to_owned),
            partition,
            producer: None,
            from: FROM,
            until: UNTIL,
            records: Silence::Stop,
        };
        let check = |fault: Fault, name: &str| assert_eq!(fault.in_words(), name);
        check(silent(None, None), "everything silent");
        check(silent(Some("a"), Some(3)), "a, partition 3 silent");
        check(Fault::HotKey { key: "a".to_owned(), share: 0.8, from: FROM, until: UNTIL }, "a hot, 80% of records");
        check(Fault::Burst { times: 2.5, from: FROM, until: UNTIL }, "2.5× the rate");
        let jump = |by| Fault::ClockJump { producer: 1, by, from: FROM, until: UNTIL };
        check(jump(Span::from_secs(90)), "clock of producer 1 1 min 30 s ahead");
        check(jump(Span::from_secs(-90)), "clock of producer 1 1 min 30 s behind");
        let slow = |task| Fault::SlowOperator { task, from: FROM, until: UNTIL, factor: 7.0 };
        check(slow(None), "operator 7× slower");
        check(slow(Some(1)), "window 2 7× slower");
        let poison = |partition, defect| Fault::Poison {
            key: None,
            partition,
            producer: None,
            share: 1.0,
            from: FROM,
            until: UNTIL,
            defect,
        };
        check(poison(None, Defect::MissingField("unit".to_owned())), "records without unit");
        check(poison(Some(2), Defect::Version(3)), "records of partition 2 of schema version 3");
    }

    #[test]
    fn a_failing_leader_is_missed_as_long_as_the_log_takes_to_find_another() {
        let rules = crate::log::LogSpec { failover: Some(Span::from_secs(6)), ..Default::default() }.rules();
        let fault = Fault::LeaderFails { partition: 0, at: FROM, replication_lag: Span::ZERO };
        assert_eq!(fault.stretch(&rules), (FROM, Span::from_secs(7)));
        assert!(fault.is_before_the_log());
        let failing = Fault::DeadLetterSink { from: FROM, until: UNTIL };
        assert_eq!((failing.stretch(&rules), failing.is_before_the_log()), ((FROM, UNTIL), false));
    }
}
