//! Tumbling and sliding windows: all keys share the same window boundaries.
//!
//! State is one column per window start, and inside it one cell per key ([`Cells`]). Because every
//! key's window ends at the same instant, there is one timer per column, not per key: a column
//! fires when the watermark reaches its end and goes when it reaches end + allowed lateness.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::record::Record;
use crate::time::{EventTime, ProcTime, Span};
use crate::window::assign::AlignedAssigner;
use crate::window::cells::{Cell, Cells};
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

/// Keyed tumbling or sliding windows with allowed lateness.
#[derive(Clone, Debug)]
pub struct AlignedWindows {
    assigner: AlignedAssigner,
    allowed_lateness: Span,

    columns: BTreeMap<EventTime, Cells>,
    watermark: EventTime,
    /// No column fires or goes before the watermark reaches this.
    next_due: EventTime,
    kept: usize,
    opened: u32,
}

impl AlignedWindows {
    /// An operator without state.
    pub const fn new(assigner: AlignedAssigner, allowed_lateness: Span) -> Self {
        Self {
            assigner,
            allowed_lateness,
            columns: BTreeMap::new(),
            watermark: EventTime::MIN,
            next_due: EventTime::MAX,
            kept: 0,
            opened: 0,
        }
    }

    /// How many (key, window) states are kept.
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// No column fires or goes before the watermark reaches this.
    pub const fn next_due(&self) -> EventTime {
        self.next_due
    }

    /// Counts the record in each of its windows that is still kept; a window that is already
    /// complete fires again at once.
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let mut outcome = Outcome::default();
        for window in self.assigner.windows(record.event_time) {
            outcome.assigned += 1;
            if lateness::is_gone(window, self.allowed_lateness, self.watermark) {
                continue;
            }
            outcome.counted += 1;
            let complete = lateness::is_complete(window, self.watermark);
            let due = if complete { lateness::closes_at(window, self.allowed_lateness) } else { window.end };
            self.next_due = self.next_due.min(due);
            let cell = self.columns.entry(window.start).or_default().get_or_open(record.key, || {
                let id = WindowId(self.opened);
                self.opened += 1;
                self.kept += 1;
                sink.opened(id, record.key, window, now, record.id);
                id
            });
            cell.summary.add(record.value);
            if complete {
                let advance = Advance { watermark: self.watermark, now, cause: Some(record.id) };
                sink.fired(fire(cell, window, Timing::Late, &advance));
            }
        }
        outcome
    }

    /// Fires and drops windows, in order of the instants at which they are due.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        let before = std::mem::replace(&mut self.watermark, advance.watermark);
        if advance.watermark < self.next_due {
            return;
        }
        // A column with end <= the old watermark has fired; later ones have not.
        let mut fired_to = before - self.assigner.size();
        loop {
            let range = (Bound::Excluded(fired_to), Bound::Unbounded);
            let fires = self.columns.range(range).next().map(|(&start, _)| self.assigner.window(start));
            let goes = self.columns.first_key_value().map(|(&start, _)| self.assigner.window(start));
            let fires_at = fires.map_or(EventTime::MAX, |window| window.end);
            let goes_at = goes.map_or(EventTime::MAX, |window| lateness::closes_at(window, self.allowed_lateness));
            match (fires, goes) {
                (Some(window), _) if fires_at <= goes_at && lateness::is_complete(window, advance.watermark) => {
                    self.fire_column(window, advance, sink);
                    fired_to = window.start;
                }
                (_, Some(window)) if goes_at <= advance.watermark => self.close_column(window, advance.now, sink),
                _ => {
                    self.next_due = fires_at.min(goes_at);
                    return;
                }
            }
        }
    }

    fn fire_column<S: WindowSink>(&mut self, window: Window, advance: &Advance, sink: &mut S) {
        let timing = advance.timing_of_completion();
        for cell in self.columns.get_mut(&window.start).into_iter().flat_map(Cells::iter_mut) {
            sink.fired(fire(cell, window, timing, advance));
        }
    }

    fn close_column<S: WindowSink>(&mut self, window: Window, now: ProcTime, sink: &mut S) {
        for cell in self.columns.remove(&window.start).iter().flat_map(Cells::iter) {
            self.kept -= 1;
            sink.closed(kept(cell, window), now);
        }
    }

    /// Everything that is kept, by window start, then in order of opening.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        for (&start, cells) in &self.columns {
            cells.iter().for_each(|cell| visit(kept(cell, self.assigner.window(start))));
        }
    }
}

fn fire(cell: &mut Cell, window: Window, timing: Timing, advance: &Advance) -> Pane {
    let index = cell.panes;
    cell.panes += 1;
    Pane {
        window_id: cell.id,
        key: cell.key,
        window,
        timing,
        index,
        summary: cell.summary,
        emitted_at: advance.now,
        watermark: advance.watermark,
        cause: advance.cause,
        is_retraction: false,
        is_last: false,
        nonspeculative_index: Some(index),
        event_time: window.last_instant(),
    }
}

fn kept(cell: &Cell, window: Window) -> Kept {
    Kept { id: cell.id, key: cell.key, window, summary: cell.summary, panes: cell.panes }
}
