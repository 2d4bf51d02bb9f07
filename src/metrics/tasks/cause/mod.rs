//! Why records wait: the slow node, and not the one that is held up because of it.
//!
//! A task that waits is not slow itself; the task at the end of the chain of those that wait is. So
//! every wait is put down to that one, and the suspects are ranked by the share of the time in which
//! somebody was held up by them. Where the overflow rule lets nobody wait, the time in which a channel
//! was full counts instead; where a source itself is too slow, the time in which records waited for it.
//! A pure function of the trace.
//!
//! - [`suspects`]: who held somebody up, and when
//! - [`pace`]: how long a thing took, and which spells go back to a slower pace
//! - [`measure`]: the numbers behind each
//! - [`words`]: a sentence each

mod measure;
mod pace;
mod suspects;
mod words;

use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::intervals::Stretch;
use crate::record::PartitionId;
use crate::runtime::{TaskId, Trace};
use crate::time::{ProcTime, Span};

/// Who held anybody up for less than this share of the time is not worth a sentence.
pub const LEAST_SHARE: f64 = 0.01;

/// Why somebody is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseKind {
    /// A task takes longer for a record than the records are apart, over the whole run.
    SlowTask,
    /// A task takes longer for a record than it is set to.
    Slowed,
    /// One window task has far more to do than its siblings.
    Skew,
    /// A task is fast enough on average, but more came for a while.
    Burst,
    /// The sink takes longer for a pane than the panes are apart.
    SlowSink,
    /// A source task takes longer for a record than the records are apart.
    SlowSource,
    /// A partition runs ahead of the others and is not read until they are near.
    Alignment,
    /// The log hands out no more.
    ReadLimit,
    /// Micro-batches take longer than their interval.
    LongBatches,
    /// What the sink writes is refused.
    FailingSink,
    /// Dead letters cannot be written, and may not be dropped.
    DeadLettersFail,
    /// A source task crashes on a record again and again.
    Poisoned,
    /// The job has failed, and nothing works until it is back.
    JobDown,
    /// Partitions have no reader until the consumer group has divided them anew.
    Rebalance,
}

impl CauseKind {
    /// As it stands in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::SlowTask => "slow_task",
            Self::Slowed => "slowed",
            Self::Skew => "skew",
            Self::Burst => "burst",
            Self::SlowSink => "slow_sink",
            Self::SlowSource => "slow_source",
            Self::Alignment => "alignment",
            Self::ReadLimit => "read_limit",
            Self::LongBatches => "long_batches",
            Self::FailingSink => "failing_sink",
            Self::DeadLettersFail => "dead_letters_fail",
            Self::Poisoned => "poisoned",
            Self::JobDown => "job_down",
            Self::Rebalance => "rebalance",
        }
    }
}

/// The rule by which slowness in one place held something up in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockRule {
    /// A channel had no credit left.
    Credits {
        /// Records that may wait in it.
        capacity: u32,
    },
    /// The sink had no room for another pane.
    SinkCapacity {
        /// Panes that may wait for it.
        capacity: u32,
    },
    /// A full channel gives up the record at hand.
    ShedNewest,
    /// A full channel gives up the record that has waited longest.
    ShedOldest,
    /// Nobody is held up; the channel grows.
    Unbounded,
    /// A source task reads one record after the other.
    OneByOne,
    /// Partitions that run ahead are paused.
    Alignment {
        /// By how much they may be ahead.
        max_drift: Span,
    },
    /// The log hands out so much a second and no more.
    ReadLimit,
    /// A batch begins when the one before is done.
    Batches {
        /// How often one is meant to begin.
        interval: Span,
    },
    /// The sink writes the same pane again until it is taken, and the others wait behind it.
    Retries,
    /// A source task keeps a bad record in hand until it can be written to the dead letters.
    DeadLetters,
    /// A task that is started again begins with the record on which it crashed.
    Restarts,
    /// All tasks are cancelled when one fails, and read their state before they go on.
    Recovery,
    /// A partition is read by its member of the group alone, and by nobody while it has none.
    Membership,
}

impl BlockRule {
    /// As it stands in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Credits { .. } => "credits",
            Self::SinkCapacity { .. } => "sink_capacity",
            Self::ShedNewest => "shed_newest",
            Self::ShedOldest => "shed_oldest",
            Self::Unbounded => "unbounded",
            Self::OneByOne => "one_by_one",
            Self::Alignment { .. } => "alignment",
            Self::ReadLimit => "read_limit",
            Self::Batches { .. } => "batches",
            Self::Retries => "retries",
            Self::DeadLetters => "dead_letters",
            Self::Restarts => "restarts",
            Self::Recovery => "recovery",
            Self::Membership => "membership",
        }
    }
}

/// Whether it is always so, or was for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lasting {
    /// It holds for at least half of the run, and is not over for good a tenth of the run before its end.
    pub is_chronic: bool,
    /// Since when; of several passing spells, since when last.
    pub since: ProcTime,
    /// Until when; `None` while it lasts.
    pub until: Option<ProcTime>,
    /// How many times it has begun.
    pub spells: usize,
    /// Share of the whole run.
    pub share_of_run: f64,
}

/// A task that is held up, and for which share of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiter {
    /// Who.
    pub task: TaskId,
    /// Share of the stretch.
    pub share: f64,
}

/// How far slowness in one place travels up the pipeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Tasks held up by it, from the sources down.
    pub waiters: Vec<Waiter>,
    /// Partitions of the log in which records waited meanwhile.
    pub partitions: Vec<PartitionId>,
    /// The most records that waited in the log meanwhile.
    pub peak_lag: usize,
    /// The most things that waited in front of the slow one: records, or panes for the sink.
    pub peak_depth: usize,
    /// Records given up because of it.
    pub given_up: usize,
    /// Records that the log no longer held when it was their turn.
    pub forgotten: usize,
}

/// The key that makes a task hot.
#[derive(Clone, Debug, PartialEq)]
pub struct HotKey {
    /// Its name.
    pub name: String,
    /// Its share of all records.
    pub of_all: f64,
    /// Its share of the records of the hot task.
    pub of_task: f64,
}

/// One window task far busier than its siblings.
#[derive(Clone, Debug, PartialEq)]
pub struct Skew {
    /// The hot task's share of all records.
    pub of_records: f64,
    /// The share of the time in which its siblings were idle, on average.
    pub siblings_idle: f64,
    /// The key that has most of its records; `None` when no key has half of them.
    pub key: Option<HotKey>,
}

/// From when on what waited became less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relief {
    /// Since when.
    pub since: ProcTime,
    /// Records (or panes) a second that came from then on.
    pub demand_per_s: f64,
}

/// Why records waited, with the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// Why.
    pub kind: CauseKind,
    /// Who is the slow one; several where siblings are slow alike.
    pub tasks: Vec<TaskId>,
    /// The rule by which that held something up.
    pub rule: BlockRule,
    /// Share of the stretch in which somebody was held up by it, 0 to 1.
    pub share: f64,
    /// Chronic or passing.
    pub lasting: Lasting,
    /// Share of the stretch in which it was busy, the busiest of several.
    pub busy: f64,
    /// How long it took for a record, or a pane, on average; `None` when it did nothing.
    pub service: Option<Span>,
    /// Records (or panes) a second that it can take; all of them together.
    pub capacity_per_s: Option<f64>,
    /// Records (or panes) a second that came for it while more and more waited.
    pub demand_per_s: f64,
    /// When that was over, and how many a second came from then on; `None` where it is not.
    pub relief: Option<Relief>,
    /// Of the sink: panes that are made of one record, where that is more than one.
    pub amplification: Option<f64>,
    /// How far it travels.
    pub reach: Reach,
    /// Where one task is far busier than its siblings.
    pub skew: Option<Skew>,
    /// In a few words: who it is.
    pub headline: String,
    /// Why, by which rule, how far, how long.
    pub detail: String,
}

impl Cause {
    /// Both sentences.
    pub fn words(&self) -> String {
        format!("{} {}", self.headline, self.detail)
    }
}

/// Why records waited in a stretch of a run: the worst cause first, none when nothing was wrong.
/// O(records in the stretch) where there is a cause.
pub fn causes(trace: &Trace, metrics: &TaskMetrics, stretch: Stretch) -> Vec<Cause> {
    let found = suspects::suspects(trace, metrics, stretch);
    let mut causes: Vec<Cause> =
        found.into_iter().map(|suspect| measure::cause(trace, metrics, stretch, suspect)).collect();
    causes.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.kind.cmp(&b.kind)).then_with(|| a.tasks.cmp(&b.tasks)));
    causes
}
