//! The record of a whole run, in columns: what every screen, command and test reads.
//!
//! Per-record columns are of equal length and in the order in which records met their fate, which is
//! that of arrival where one task handles them first in, first out. So `handled` ascends, and where
//! records are at any instant is a difference of binary searches ([`Trace::at`]).

use std::sync::{Arc, OnceLock};

use crate::pipeline::{LatePolicy, Pipeline};
use crate::record::{KeyId, PartitionId, RecordId, Stream};
use crate::runtime::ledger::Ledger;
use crate::runtime::rebalance::{OwnerStep, Pause, Rebalance};
use crate::runtime::recovery_log::RecoveryLog;
use crate::time::{EventTime, ProcTime};
use crate::watermark::InputStatus;
use crate::window::aggregate::{Aggregate, Summary};
use crate::window::pane::{Pane, Window, WindowId};

/// Where a record ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fate {
    /// In at least one window.
    Counted,
    /// Every window of it was gone, or took no more records because its trigger had finished.
    DroppedLate,
    /// As dropped, but it went to the side output.
    SideOutput,
    /// It falls in no window (slide > size).
    Unassigned,
    /// Given up because a channel was full.
    Shed,
    /// Lost by a failure, or because the log no longer held it.
    Lost,
    /// Refused by the schema gate, and given up.
    Rejected,
    /// Refused by the schema gate, and written to the dead letters.
    DeadLettered,
    /// Not handled by the end of the run.
    InFlight,
}

impl Fate {
    /// That of a record whose windows are all gone.
    pub const fn of_late(policy: LatePolicy) -> Self {
        match policy {
            LatePolicy::Drop => Self::DroppedLate,
            LatePolicy::SideOutput => Self::SideOutput,
        }
    }

    /// Whether a window task has handled the record.
    pub const fn is_handled(self) -> bool {
        matches!(self, Self::Counted | Self::DroppedLate | Self::SideOutput | Self::Unassigned)
    }
}

/// A task of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskId {
    /// A source task, from 0.
    Source(u16),
    /// A window task, from 0.
    Window(u16),
    /// A merge task, from 0: the second stage of salted windows.
    Merge(u16),
    /// The sink.
    Sink,
    /// The sink of the dead letters.
    DeadLetters,
}

impl TaskId {
    /// In [`Trace::tasks`]: no window task has handled the record.
    pub const NO_TASK: u16 = u16::MAX;

    /// A source task; there are at most [`crate::pipeline::tasks::MAX_TASKS`].
    pub const fn source(number: usize) -> Self {
        Self::Source(number as u16)
    }

    /// A window task; there are at most [`crate::pipeline::tasks::MAX_TASKS`].
    pub const fn window(number: usize) -> Self {
        Self::Window(number as u16)
    }

    /// A merge task; there are as many as window tasks, or none.
    pub const fn merge(number: usize) -> Self {
        Self::Merge(number as u16)
    }
}

/// As on screen: `source 1`, `window 1`, `merge 1`, `sink`, `dead letters`, counted from 1.
impl std::fmt::Display for TaskId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Source(number) => write!(f, "source {}", number + 1),
            Self::Window(number) => write!(f, "window {}", number + 1),
            Self::Merge(number) => write!(f, "merge {}", number + 1),
            Self::Sink => f.write_str("sink"),
            Self::DeadLetters => f.write_str("dead letters"),
        }
    }
}

/// A stretch of time in which a task could not hand on what it had: it was backpressured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who waited.
    pub task: TaskId,
    /// For a place in the channel to whom.
    pub on: TaskId,
    /// Since when.
    pub from: ProcTime,
    /// Until when; later than `from`.
    pub until: ProcTime,
}

/// A task crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// Which.
    pub task: TaskId,
    /// When it crashed.
    pub at: ProcTime,
    /// When it was running again; `None` when it was not started again.
    pub back_at: Option<ProcTime>,
    /// Why it crashed.
    pub reason: CrashReason,
}

/// Why a task crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashReason {
    /// It could not read this record, and will not be able to the next time either.
    Poison(RecordId),
}

impl CrashReason {
    /// The record that it is about.
    pub const fn record(self) -> RecordId {
        match self {
            Self::Poison(id) => id,
        }
    }

    pub(in crate::runtime) const fn record_mut(&mut self) -> &mut RecordId {
        match self {
            Self::Poison(id) => id,
        }
    }
}

/// A record that had met its fate met one again, because it was read again: after a rebalance or a
/// recovery the reader goes back to the last committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Which record.
    pub record: RecordId,
    /// The source task that read it this time, or [`TaskId::NO_TASK`] where it was given up in the log.
    pub source: u16,
    /// The window task that handled it this time, or [`TaskId::NO_TASK`].
    pub task: u16,
    /// When it was put into the channel.
    pub enqueued_at: ProcTime,
    /// When the window task took it out.
    pub started_at: ProcTime,
    /// When it was done.
    pub handled_at: ProcTime,
    /// What became of it this time; [`Fate::Counted`] is a duplicate.
    pub fate: Fate,
}

/// The sink wrote a pane and it was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedWrite {
    /// When.
    pub at: ProcTime,
    /// Which pane, by its place in the trace.
    pub pane: u32,
}

/// The watermark of one of several window tasks, or of a merge task, rose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskWatermark {
    /// Processing time of the step.
    pub at: ProcTime,
    /// Which task of its kind.
    pub task: u16,
    /// The new watermark.
    pub watermark: EventTime,
}

/// One firing of the first stage of salted windows: a part of a window on its way to a merge task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialPane {
    /// The window task that fired.
    pub from: u16,
    /// The merge task that owns the key.
    pub to: u16,
    /// The window of the whole key.
    pub window_id: WindowId,
    /// How many records are in it.
    pub records: u64,
    /// When it was fired.
    pub emitted_at: ProcTime,
    /// When the merge task took it out of the channel; [`ProcTime::MAX`] where it had not by the end.
    pub started_at: ProcTime,
    /// When the merge task had finished it; [`ProcTime::MAX`] where it had not by the end.
    pub merged_at: ProcTime,
}

/// The watermark rose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatermarkStep {
    /// Processing time of the step.
    pub at: ProcTime,
    /// The new watermark.
    pub watermark: EventTime,
    /// The record that it goes back to; `None` when the clock raised it, or the end of the input.
    pub raised_by: Option<RecordId>,
}

/// A partition went idle or woke up: from here on it is left out of the watermark, or counts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputStep {
    /// Processing time of the step.
    pub at: ProcTime,
    /// Which partition; 0 when all share one watermark.
    pub partition: PartitionId,
    /// What it is from now on; every partition starts active.
    pub status: InputStatus,
}

/// How a window's state ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowEnd {
    /// The run ended first.
    StillKept,
    /// The watermark passed its end plus the allowed lateness.
    Closed {
        /// Processing time at which the state was dropped.
        at: ProcTime,
    },
    /// A record bridged it and another session; its state went there.
    Merged {
        /// Processing time of the merge.
        at: ProcTime,
        /// Where the state went.
        into: WindowId,
    },
    /// The job failed, and the state that it was restored from did not have it.
    Undone {
        /// Processing time of the restart's decision.
        at: ProcTime,
    },
}

/// The life of one window of one key, from its first record on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowLife {
    /// The key.
    pub key: KeyId,
    /// The extent; for a session, the last one.
    pub window: Window,
    /// Processing time of the first record.
    pub opened_at: ProcTime,
    /// The first record.
    pub opened_by: RecordId,
    /// How it ended.
    pub end: WindowEnd,
    /// How many panes it fired.
    pub panes: u32,
    /// Everything counted in it by the end of the run.
    pub summary: Summary,
    /// The result of a special aggregate over all of it; `None` for others, and when a purge has
    /// thrown some of it away.
    pub special: Option<f64>,
}

impl WindowLife {
    /// The value of everything counted in it, where `aggregate` is that of its pipeline; `None` where
    /// nothing has none, or it is not known any more.
    pub fn value(&self, aggregate: Aggregate) -> Option<f64> {
        if aggregate.is_special() { self.special } else { self.summary.value(aggregate) }
    }
}

/// Where records are at one instant, as counts. Everything that arrived is somewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instant {
    /// Records that have reached the log: the prefix of the stream that exists by now.
    pub arrived: usize,
    /// Of those, the prefix that the source has put into the queue.
    pub enqueued: usize,
    /// Of those, the prefix that the operator has taken out.
    pub started: usize,
    /// Of those, the prefix that the operator has finished.
    pub handled: usize,
}

impl Instant {
    /// Records in the log that the source has not read yet.
    pub const fn lag(self) -> usize {
        self.arrived - self.enqueued
    }

    /// Records in the queue.
    pub const fn depth(self) -> usize {
        self.enqueued - self.started
    }

    /// Records in the log, in the queue, or being worked on.
    pub const fn in_flight(self) -> usize {
        self.arrived - self.handled
    }
}

/// Room is made for one window of one key, and its pane, for every so many records: windows that hold
/// less are worth nobody's while.
const RECORDS_PER_WINDOW: usize = 4;

/// The record of a whole run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The input, in the order in which its records met their fate: that of arrival, unless partitions
    /// were paused, tasks ran side by side, or records were given up.
    pub stream: Arc<Stream>,
    /// What was run.
    pub pipeline: Pipeline,
    /// Whether it ran on threads, by the wall clock: what takes no time in virtual time then takes a moment.
    pub is_live: bool,
    /// Per record: when the source put it into the channel. Equal to `handled` where it never did.
    pub enqueued: Vec<ProcTime>,
    /// Per record: when the window task took it out of the channel. Equal to `handled` where none did.
    pub started: Vec<ProcTime>,
    /// Per record: when it met its fate: the window task had finished it and its effects appeared, or
    /// it was given up; ascending. [`ProcTime::MAX`] for those that had not by the end of the run.
    pub handled: Vec<ProcTime>,
    /// Per record: the window task that handled it, or [`TaskId::NO_TASK`]; empty when there is one.
    pub tasks: Vec<u16>,
    /// Per record: the source task that read it, or [`TaskId::NO_TASK`] where it was given up in the log;
    /// empty where source tasks keep their partitions.
    pub readers: Vec<u16>,
    /// Per record: where it ended up.
    pub fates: Vec<Fate>,
    /// Per record: the watermark that met it. It is behind when its event time is less.
    pub watermark_before: Vec<EventTime>,
    /// Per record: how many windows were kept after it (and the watermark it raised) was handled.
    pub kept_windows: Vec<u32>,
    /// Every rise of the watermark, ascending in both clocks. Of several window tasks, the least; where
    /// keys are salted, of the merge tasks.
    pub watermarks: Vec<WatermarkStep>,
    /// Every rise of the watermark of each window task, in order of time; empty when there is one and
    /// keys are not salted.
    pub task_watermarks: Vec<TaskWatermark>,
    /// Every rise of the watermark of each merge task, in order of time.
    pub merge_watermarks: Vec<TaskWatermark>,
    /// Every firing of the first stage where keys are salted, in order of emission; `panes` are those
    /// of the second.
    pub partials: Vec<PartialPane>,
    /// Every time that a task could not hand on what it had, in order of their ends. Waits of one
    /// task on another that touch are one.
    pub waits: Vec<Wait>,
    /// When each micro-batch began, ascending.
    pub batches: Vec<ProcTime>,
    /// Every crash of a task, in order of time.
    pub restarts: Vec<Restart>,
    /// Every fate of a record beyond its first, in order of time. The columns by record know of the first
    /// alone; windows and panes count all of them.
    pub repeats: Vec<Repeat>,
    /// Every rebalance of the consumer group, in order of their starts.
    pub rebalances: Vec<Rebalance>,
    /// Every time that nobody read a partition because of the group, in order of their starts.
    pub pauses: Vec<Pause>,
    /// Who has which partition of the group: first as it is when the run begins, then every change, in
    /// order of time.
    pub owners: Vec<OwnerStep>,
    /// Every write of the sink that was not taken, in order of time.
    pub failed_writes: Vec<FailedWrite>,
    /// Every partition that went idle or woke up, in ascending order of time.
    pub inputs: Vec<InputStep>,
    /// How many records did not raise the watermark, because their event time was too far ahead.
    pub skewed: u64,
    /// Every firing, in order of emission.
    pub panes: Vec<Pane>,
    /// Per pane: when the sink had delivered it, [`ProcTime::MAX`] where it had not by the end; empty
    /// when panes are delivered as they are emitted.
    pub delivered: Vec<ProcTime>,
    /// The values of panes whose aggregate is a list, descending: the place of the pane, and its list.
    /// In order of emission.
    pub lists: Vec<(u32, Box<[f64]>)>,
    /// The most bytes that a special aggregate kept beside the summaries.
    pub max_special_bytes: usize,
    /// Every window that was ever kept, in order of opening.
    pub windows: Vec<WindowLife>,
    /// Of a run that may fail or takes checkpoints: what it notes of that. `None` for others.
    pub recovery: Option<Box<RecoveryLog>>,
    /// Where every record is at the end.
    pub ledger: Ledger,
    /// `enqueued` and `started`, ascending, once somebody has asked; empty where they are that already.
    ascending: [OnceLock<Vec<ProcTime>>; 2],
}

impl Trace {
    /// A trace in which nothing has happened, with room for every record.
    pub fn empty(stream: Arc<Stream>, pipeline: Pipeline) -> Self {
        let records = stream.len();
        Self {
            stream,
            pipeline,
            is_live: false,
            enqueued: Vec::with_capacity(records),
            started: Vec::with_capacity(records),
            handled: Vec::with_capacity(records),
            tasks: Vec::new(),
            readers: Vec::new(),
            fates: Vec::with_capacity(records),
            watermark_before: Vec::with_capacity(records),
            kept_windows: Vec::with_capacity(records),
            watermarks: Vec::new(),
            task_watermarks: Vec::new(),
            merge_watermarks: Vec::new(),
            partials: Vec::new(),
            waits: Vec::new(),
            batches: Vec::new(),
            restarts: Vec::new(),
            repeats: Vec::new(),
            rebalances: Vec::new(),
            pauses: Vec::new(),
            owners: Vec::new(),
            failed_writes: Vec::new(),
            inputs: Vec::new(),
            skewed: 0,
            panes: Vec::new(),
            delivered: Vec::new(),
            lists: Vec::new(),
            max_special_bytes: 0,
            windows: Vec::new(),
            recovery: None,
            ledger: Ledger::default(),
            ascending: [OnceLock::new(), OnceLock::new()],
        }
    }

    /// The same with room for as many windows and panes as a common run has: what grows by doubling is
    /// copied again and again, and what is never written to takes no memory.
    pub(in crate::runtime) fn with_room(stream: Arc<Stream>, pipeline: Pipeline) -> Self {
        let records = stream.len();
        let mut trace = Self::empty(stream, pipeline);
        if trace.pipeline.tasks.windows > 1 {
            trace.tasks.reserve_exact(records);
        }
        trace.windows.reserve_exact(records / RECORDS_PER_WINDOW);
        trace.panes.reserve_exact(records / RECORDS_PER_WINDOW);
        trace
    }

    /// Takes over the memory of a trace that nobody needs any more, before anything has happened: memory
    /// that is new to the program has to be cleared by the system, page by page.
    pub(in crate::runtime) fn take_memory(&mut self, old: &mut Self) {
        fn take<T>(own: &mut Vec<T>, old: &mut Vec<T>) {
            // A short run does not hold on to what a long one needed.
            if (own.capacity()..=own.capacity().saturating_mul(4)).contains(&old.capacity()) {
                old.clear();
                std::mem::swap(own, old);
            }
        }
        take(&mut self.enqueued, &mut old.enqueued);
        take(&mut self.started, &mut old.started);
        take(&mut self.handled, &mut old.handled);
        take(&mut self.tasks, &mut old.tasks);
        take(&mut self.fates, &mut old.fates);
        take(&mut self.watermark_before, &mut old.watermark_before);
        take(&mut self.kept_windows, &mut old.kept_windows);
        take(&mut self.panes, &mut old.panes);
        take(&mut self.windows, &mut old.windows);
    }

    /// A task has waited. `last` is the entry of its wait before, which is longer now where they touch.
    pub(in crate::runtime) fn note_wait(
        &mut self,
        last: &mut Option<usize>,
        task: TaskId,
        on: TaskId,
        from: ProcTime,
        until: ProcTime,
    ) {
        if from >= until {
            return;
        }
        match last.and_then(|last| self.waits.get_mut(last)) {
            Some(wait) if wait.until == from && wait.on == on => wait.until = until,
            _ => {
                *last = Some(self.waits.len());
                self.waits.push(Wait { task, on, from, until });
            }
        }
    }

    /// When records were put into a channel, ascending.
    pub fn enqueued_ascending(&self) -> &[ProcTime] {
        ascending(&self.enqueued, &self.ascending[0])
    }

    /// When records were taken out of a channel, ascending.
    pub fn started_ascending(&self) -> &[ProcTime] {
        ascending(&self.started, &self.ascending[1])
    }

    /// The values of a pane whose aggregate is a list, descending; empty for others. O(log n).
    pub fn list_of(&self, pane: usize) -> &[f64] {
        let place = self.lists.binary_search_by_key(&pane, |(pane, _)| *pane as usize);
        place.map_or(&[], |place| &self.lists[place].1)
    }

    /// Whether a record was behind the watermark when it was handled (dropped or not).
    ///
    /// # Panics
    /// When `id` is not a record of the stream.
    pub fn is_behind(&self, id: RecordId) -> bool {
        self.stream.event_times()[id.index()] < self.watermark_before[id.index()]
    }

    /// Where records are at `now`; everything that happens at `now` has happened. O(log n).
    pub fn at(&self, now: ProcTime) -> Instant {
        let before = |column: &[ProcTime]| column.partition_point(|&t| t <= now);
        Instant {
            arrived: before(self.stream.arrivals_ascending()),
            enqueued: before(self.enqueued_ascending()),
            started: before(self.started_ascending()),
            handled: before(&self.handled),
        }
    }

    /// The watermark at `now`; [`EventTime::MIN`] before the first record. O(log n).
    pub fn watermark_at(&self, now: ProcTime) -> EventTime {
        let steps = self.watermarks.partition_point(|step| step.at <= now);
        steps.checked_sub(1).map_or(EventTime::MIN, |last| self.watermarks[last].watermark)
    }

    /// How many panes had been emitted at `now`; they are the first ones. O(log n).
    pub fn panes_at(&self, now: ProcTime) -> usize {
        self.panes.partition_point(|pane| pane.emitted_at <= now)
    }

    /// The first arrival and the last thing that happened; `None` for an empty stream. Where a task has
    /// failed for good, the last thing is the last record that nobody reads.
    pub fn span(&self) -> Option<(ProcTime, ProcTime)> {
        let first = *self.stream.arrivals_ascending().first()?;
        let handled = self.handled.partition_point(|&at| at < ProcTime::MAX);
        let last = handled.checked_sub(1).map(|last| self.handled[last]);
        let last = last.max(self.repeats.last().map(|repeat| repeat.handled_at));
        let failed = self.restarts.iter().rev().find(|restart| restart.back_at.is_none());
        // Nor does anybody read what a group has no member for.
        let unread = failed
            .map(|failed| failed.at)
            .or((!self.owners.is_empty() && handled < self.handled.len()).then_some(first));
        let unread = unread.and_then(|failed| self.stream.arrivals_ascending().last().map(|&at| at.max(failed)));
        Some((first, last.max(unread).unwrap_or(first)))
    }
}

fn ascending<'a>(column: &'a [ProcTime], sorted: &'a OnceLock<Vec<ProcTime>>) -> &'a [ProcTime] {
    let sorted = sorted.get_or_init(|| {
        let mut sorted = Vec::new();
        if !column.is_sorted() {
            sorted.extend_from_slice(column);
            sorted.sort_unstable();
        }
        sorted
    });
    if sorted.is_empty() { column } else { sorted }
}
