//! The record of a whole run, in columns: what every screen, command and test reads.
//!
//! Per-record columns are in arrival order and of equal length. One operator handles records
//! first in, first out, so `arrivals`, `enqueued`, `started` and `handled` each ascend, and the
//! state of the queue at any instant is a difference of two binary searches ([`Trace::at`]).

use std::sync::Arc;

use crate::pipeline::Pipeline;
use crate::record::{KeyId, PartitionId, RecordId, Stream};
use crate::runtime::ledger::Ledger;
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

/// The record of a whole run.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The input, in the order in which it was read: that of arrival, unless partitions were paused.
    pub stream: Arc<Stream>,
    /// What was run.
    pub pipeline: Pipeline,
    /// Per record: when the source put it into the queue; ascending.
    pub enqueued: Vec<ProcTime>,
    /// Per record: when the operator took it out of the queue; ascending.
    pub started: Vec<ProcTime>,
    /// Per record: when the operator had finished it and its effects appeared; ascending.
    pub handled: Vec<ProcTime>,
    /// Per record: where it ended up.
    pub fates: Vec<Fate>,
    /// Per record: the watermark that met it. It is behind when its event time is less.
    pub watermark_before: Vec<EventTime>,
    /// Per record: how many windows were kept after it (and the watermark it raised) was handled.
    pub kept_windows: Vec<u32>,
    /// Every rise of the watermark, ascending in both clocks.
    pub watermarks: Vec<WatermarkStep>,
    /// Every partition that went idle or woke up, in ascending order of time.
    pub inputs: Vec<InputStep>,
    /// How many records did not raise the watermark, because their event time was too far ahead.
    pub skewed: u64,
    /// Every firing, in order of emission.
    pub panes: Vec<Pane>,
    /// The values of panes whose aggregate is a list, descending: the place of the pane, and its list.
    /// In order of emission.
    pub lists: Vec<(u32, Box<[f64]>)>,
    /// The most bytes that a special aggregate kept beside the summaries.
    pub max_special_bytes: usize,
    /// Every window that was ever kept, in order of opening.
    pub windows: Vec<WindowLife>,
    /// Where every record is at the end.
    pub ledger: Ledger,
}

impl Trace {
    /// A trace in which nothing has happened, with room for every record.
    pub fn empty(stream: Arc<Stream>, pipeline: Pipeline) -> Self {
        let records = stream.len();
        Self {
            stream,
            pipeline,
            enqueued: Vec::with_capacity(records),
            started: Vec::with_capacity(records),
            handled: Vec::with_capacity(records),
            fates: Vec::with_capacity(records),
            watermark_before: Vec::with_capacity(records),
            kept_windows: Vec::with_capacity(records),
            watermarks: Vec::new(),
            inputs: Vec::new(),
            skewed: 0,
            panes: Vec::new(),
            lists: Vec::new(),
            max_special_bytes: 0,
            windows: Vec::new(),
            ledger: Ledger::default(),
        }
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
            enqueued: before(&self.enqueued),
            started: before(&self.started),
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

    /// The first arrival and the last thing that happened; `None` for an empty stream.
    pub fn span(&self) -> Option<(ProcTime, ProcTime)> {
        let first = *self.stream.arrivals_ascending().first()?;
        let last = *self.handled.last()?;
        Some((first, last))
    }
}
