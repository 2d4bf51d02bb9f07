//! How the work is divided: parallel tasks, the channels between them, and what happens when one is
//! full.
//!
//! The words are those of Apache Flink: a source task reads partitions of the log, a window task owns
//! a range of key groups, and between every source task and every window task runs a channel with so
//! many credits, one for each record that may wait in it.

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// The most parallel tasks of one kind.
pub const MAX_TASKS: u32 = 64;
/// The most key groups, as in Apache Flink.
pub const MAX_KEY_GROUPS: u32 = 32_768;
/// The most sub-keys of one key: what Apache Flink's split of distinct aggregates takes by default.
pub const MAX_SALTS: u32 = 1_024;
/// The most panes that may wait for the sink.
pub const MAX_SINK_CAPACITY: u32 = 10_000_000;

/// How the work of a pipeline is divided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// Source tasks; partition `p` is read by task `p mod sources`. 1 to [`MAX_TASKS`].
    pub sources: u32,
    /// Window tasks; 1 to [`MAX_TASKS`].
    pub windows: u32,
    /// Key groups, which is also the largest parallelism there can ever be (Flink's maximum
    /// parallelism); at least `windows`, at most [`MAX_KEY_GROUPS`].
    pub key_groups: u32,
    /// Sub-keys of every key, 1 to [`MAX_SALTS`]. With more than one, window tasks aggregate by
    /// sub-key and as many merge tasks put the parts of a key together: see [`crate::pipeline::salting`].
    pub salts: u32,
    /// How long a merge task works on one part; `None`: as long as a window task on one record. A part
    /// is what one sub-key says of one window: one for its end, and one for each late record.
    pub merge_time: Option<Span>,
    /// How long a source task works on one record.
    pub source_time: Span,
    /// How long the sink works on one pane. With zero, results are visible when they are emitted.
    pub sink_time: Span,
    /// Panes that may wait for the sink; at least 1. A window task that has more must wait.
    pub sink_capacity: u32,
    /// Service times vary evenly by up to this share of themselves, up and down; 0 to 1.
    pub jitter: f64,
    /// What a source does when the channel that it needs has no credit left.
    pub overflow: Overflow,
    /// Micro-batches: the source reads what has arrived only this often, and watermarks move only
    /// between batches. `None`: every record is read as soon as it can be.
    pub micro_batch: Option<Span>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self {
            sources: 1,
            windows: 1,
            key_groups: 128,
            salts: 1,
            merge_time: None,
            source_time: Span::ZERO,
            sink_time: Span::ZERO,
            sink_capacity: 1_000,
            jitter: 0.0,
            overflow: Overflow::Block,
            micro_batch: None,
        }
    }
}

/// What a sender does when a channel is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overflow {
    /// It waits: backpressure.
    #[default]
    Block,
    /// It gives up the record at hand.
    ShedNewest,
    /// It gives up the record that has waited longest in the channel.
    ShedOldest,
    /// It sends all the same; the channel grows as long as memory lasts.
    Unbounded,
}

impl Tasks {
    /// Everything that is out of range, with paths from the pipeline.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut count = |path: &str, value: u32, least: u32, most: u32| {
            if !(least..=most).contains(&value) {
                let range =
                    format!("{} to {}", crate::human::count(u64::from(least)), crate::human::count(u64::from(most)));
                found.push(Problem::new(path, format!("{value} is out of range: must be {range}")));
            }
        };
        count("tasks.sources", self.sources, 1, MAX_TASKS);
        count("tasks.windows", self.windows, 1, MAX_TASKS);
        count("tasks.key_groups", self.key_groups, self.windows.clamp(1, MAX_TASKS), MAX_KEY_GROUPS);
        count("tasks.salts", self.salts, 1, MAX_SALTS);
        count("tasks.sink_capacity", self.sink_capacity, 1, MAX_SINK_CAPACITY);
        let mut span = |path: &str, span: Span, least: i64| {
            if span.micros() < least || span > SPAN_LIMIT {
                let range = if least > 0 { "more than 0" } else { "0 or more" };
                let shown = crate::human::span_exact(span);
                found.push(Problem::new(path, format!("{shown} is out of range: must be {range}, at most 115740d")));
            }
        };
        if let Some(merge_time) = self.merge_time {
            span("tasks.merge_time", merge_time, 0);
        }
        span("tasks.source_time", self.source_time, 0);
        span("tasks.sink_time", self.sink_time, 0);
        if let Some(interval) = self.micro_batch {
            span("tasks.micro_batch", interval, 1);
        }
        if !(0.0..=1.0).contains(&self.jitter) {
            found.push(Problem::new("tasks.jitter", format!("{} is out of range: must be 0 to 1", self.jitter)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_is_refused_with_its_limits() {
        assert_eq!(Tasks::default().problems(), []);
        let of = |tasks: Tasks| -> Vec<String> {
            tasks.problems().into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
        };
        assert_eq!(of(Tasks { sources: 0, ..Tasks::default() }), ["tasks.sources: 0 is out of range: must be 1 to 64"]);
        assert_eq!(
            of(Tasks { windows: 65, ..Tasks::default() }),
            ["tasks.windows: 65 is out of range: must be 1 to 64"]
        );
        assert_eq!(
            of(Tasks { windows: 8, key_groups: 7, ..Tasks::default() }),
            ["tasks.key_groups: 7 is out of range: must be 8 to 32,768"]
        );
        assert_eq!(
            of(Tasks { salts: 1_025, ..Tasks::default() }),
            ["tasks.salts: 1025 is out of range: must be 1 to 1,024"]
        );
        assert_eq!(
            of(Tasks { merge_time: Some(Span::from_secs(-1)), ..Tasks::default() }),
            ["tasks.merge_time: -1s is out of range: must be 0 or more, at most 115740d"]
        );
        assert_eq!(
            of(Tasks { sink_capacity: 0, ..Tasks::default() }),
            ["tasks.sink_capacity: 0 is out of range: must be 1 to 10,000,000"]
        );
        assert_eq!(
            of(Tasks { source_time: Span::from_secs(-1), ..Tasks::default() }),
            ["tasks.source_time: -1s is out of range: must be 0 or more, at most 115740d"]
        );
        assert_eq!(
            of(Tasks { micro_batch: Some(Span::ZERO), ..Tasks::default() }),
            ["tasks.micro_batch: 0s is out of range: must be more than 0, at most 115740d"]
        );
        assert_eq!(
            of(Tasks { jitter: 1.5, ..Tasks::default() }),
            ["tasks.jitter: 1.5 is out of range: must be 0 to 1"]
        );
        assert_eq!(of(Tasks { jitter: f64::NAN, ..Tasks::default() }).len(), 1);
    }
}
