//! Tumbling and sliding windows: all keys share the same window boundaries.
//!
//! State is one column per window, and inside it one cell per key (`Cells`). Because every key's
//! window ends at the same instant, there is one timer per column, not per key: a column fires when
//! the watermark reaches its end and goes when it reaches end + allowed lateness.

use crate::record::Record;
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aggregate::{Accumulator, Summary};
use crate::window::assign::AlignedAssigner;
use crate::window::cells::Cell;
use crate::window::columns::Columns;
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

/// Keyed tumbling or sliding windows with allowed lateness.
#[derive(Clone, Debug)]
pub struct AlignedWindows<A = Summary> {
    pub(super) assigner: AlignedAssigner,
    pub(super) allowed_lateness: Span,

    /// By the window's number. Ready are those that are not complete.
    pub(super) columns: Columns<A>,
    pub(super) watermark: EventTime,
    /// No column fires or goes before the watermark reaches this.
    pub(super) next_due: EventTime,
    /// How many (key, window) states were opened, and how many of them are gone.
    pub(super) opened: u64,
    pub(super) gone: u64,
    /// Whether there may be states without an identity, for a sink that does not follow windows.
    pub(super) is_anonymous: bool,
}

impl<A: Accumulator> AlignedWindows<A> {
    /// An operator without state.
    pub const fn new(assigner: AlignedAssigner, allowed_lateness: Span) -> Self {
        Self {
            assigner,
            allowed_lateness,
            columns: Columns::new(),
            watermark: EventTime::MIN,
            next_due: EventTime::MAX,
            opened: 0,
            gone: 0,
            is_anonymous: false,
        }
    }

    /// How many (key, window) states are kept. O(keys) for a sink that does not follow windows.
    #[inline]
    pub fn kept(&self) -> usize {
        if self.is_anonymous { self.count_kept() } else { (self.opened - self.gone) as usize }
    }

    #[cold]
    fn count_kept(&self) -> usize {
        self.columns.iter().map(|(_, cells)| cells.len()).sum()
    }

    /// No window fires or goes before the watermark reaches this; it may be past.
    #[inline]
    pub const fn next_due(&self) -> EventTime {
        self.next_due
    }

    /// Bytes of memory for state, used or not.
    pub fn state_bytes(&self) -> usize {
        self.columns.bytes()
    }

    /// Counts the record in each of its windows that is still kept; a window that is already
    /// complete fires again at once.
    #[inline]
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        if self.count_plainly(record, now, sink) {
            return Outcome { assigned: 1, counted: 1 };
        }
        self.on_record_of_any(self.assigner.last_number(record.event_time), record, now, sink)
    }

    /// Counts a record that falls in one window, has company there, and fires nothing; false when it
    /// is another record.
    #[inline]
    pub fn count_plainly<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> bool {
        if !self.assigner.is_gapless_tumbling() {
            return false;
        }
        let number = self.assigner.last_number(record.event_time);
        if !self.is_plain::<S>() {
            return self.count_in_ready(number, record, now, sink);
        }
        let Some(total) = self.columns.ready(number).and_then(|cells| cells.plain(record.key)) else { return false };
        total.add(record.value);
        true
    }

    #[inline(never)]
    fn on_record_of_any<S: WindowSink>(&mut self, last: i64, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let count = self.assigner.count(record.event_time, last);
        let mut outcome = Outcome { assigned: count as u32, counted: 0 };
        for number in (0..count).map(|before| last - before) {
            let is_counted =
                self.count_in_ready(number, record, now, sink) || self.count_in_unready(number, record, now, sink);
            outcome.counted += u32::from(is_counted);
        }
        outcome
    }

    /// Whether nobody needs to know more of a window than what its one pane says.
    #[inline]
    fn is_plain<S: WindowSink>(&self) -> bool {
        !S::FOLLOWS_WINDOWS && self.allowed_lateness == Span::ZERO
    }

    /// Counts the record in a window that has state and is not complete; false when it is another.
    #[inline]
    fn count_in_ready<S: WindowSink>(&mut self, number: i64, record: &Record, now: ProcTime, sink: &mut S) -> bool {
        let is_plain = self.is_plain::<S>();
        let Some(cells) = self.columns.ready(number) else { return false };
        if is_plain {
            self.is_anonymous = true;
            cells.get_or_add(record.key).add(record.value);
            return true;
        }
        let id = WindowId(self.opened as u32);
        let (total, is_new) = cells.get_or_open(record.key, id);
        total.add(record.value);
        self.opened += u64::from(is_new);
        if S::FOLLOWS_WINDOWS && is_new {
            sink.opened(id, record.key, self.assigner.numbered(number), now, record.id);
        }
        true
    }

    /// Counts the record in a window that is new, complete or gone; false when it is gone.
    fn count_in_unready<S: WindowSink>(&mut self, number: i64, record: &Record, now: ProcTime, sink: &mut S) -> bool {
        let window = self.assigner.numbered(number);
        if lateness::is_gone(window, self.allowed_lateness, self.watermark) {
            return false;
        }
        let is_complete = lateness::is_complete(window, self.watermark);
        let due = if is_complete { lateness::closes_at(window, self.allowed_lateness) } else { window.end };
        self.next_due = self.next_due.min(due);
        let cells = self.columns.get_or_open(number, !is_complete);
        if !is_complete {
            return self.count_in_ready(number, record, now, sink);
        }
        let id = WindowId(self.opened as u32);
        let (cell, is_new) = cells.add_and_fire(record.key, id, record.value);
        if is_new {
            self.opened += 1;
            sink.opened(id, record.key, window, now, record.id);
        }
        let advance = Advance { watermark: self.watermark, now, cause: Some(record.id) };
        sink.fired(pane(&cell, window, Timing::Late, &advance));
        true
    }

    /// Fires and drops windows, in order of the instants at which they are due.
    #[inline]
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        let before = std::mem::replace(&mut self.watermark, advance.watermark);
        if advance.watermark >= self.next_due {
            self.fire_due(before, advance, sink);
        }
    }

    #[inline(never)]
    fn fire_due<S: WindowSink>(&mut self, before: EventTime, advance: &Advance, sink: &mut S) {
        // A window with end <= the old watermark has fired; later ones have not.
        let mut fired_to = self.assigner.last_number(before - self.assigner.size());
        loop {
            let fires = self.columns.first_after(fired_to).map(|number| (number, self.assigner.numbered(number)));
            let goes = self.columns.first().map(|number| (number, self.assigner.numbered(number)));
            let fires_at = fires.map_or(EventTime::MAX, |(_, window)| window.end);
            let goes_at = goes.map_or(EventTime::MAX, |(_, window)| lateness::closes_at(window, self.allowed_lateness));
            match (fires, goes) {
                (Some((number, window)), _) if fires_at <= goes_at && fires_at <= advance.watermark => {
                    self.fire_column(number, window, advance, sink);
                    fired_to = number;
                }
                (_, Some((number, window))) if goes_at <= advance.watermark => {
                    self.close_column(number, window, advance.now, sink);
                }
                _ => {
                    self.next_due = fires_at.min(goes_at);
                    return;
                }
            }
        }
    }

    fn fire_column<S: WindowSink>(&mut self, number: i64, window: Window, advance: &Advance, sink: &mut S) {
        let timing = advance.timing_of_completion();
        let is_plain = self.is_plain::<S>();
        self.columns.unready(number);
        let Some(cells) = self.columns.get_mut(number) else { return };
        if is_plain {
            // It goes as soon as it has fired, so one walk over the cells does both.
            self.is_anonymous = true;
            cells.drain(|cell| sink.fired(pane(&cell, window, timing, advance)));
            return;
        }
        cells.iter().for_each(|cell| sink.fired(pane(&cell, window, timing, advance)));
        if S::FOLLOWS_WINDOWS || self.allowed_lateness > Span::ZERO {
            cells.count_pane_of_all();
        }
    }

    fn close_column<S: WindowSink>(&mut self, number: i64, window: Window, now: ProcTime, sink: &mut S) {
        if let Some(cells) = self.columns.get_mut(number) {
            if S::FOLLOWS_WINDOWS || self.allowed_lateness > Span::ZERO {
                self.gone += cells.len() as u64;
            }
            if S::FOLLOWS_WINDOWS {
                cells.iter().for_each(|cell| sink.closed(kept(&cell, window), now));
            }
        }
        self.columns.remove(number);
    }

    /// Everything that is kept, by window start, then in order of opening.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        for (number, cells) in self.columns.iter() {
            cells.iter().for_each(|cell| visit(kept(&cell, self.assigner.numbered(number))));
        }
    }
}

fn pane<A: Accumulator>(cell: &Cell<'_, A>, window: Window, timing: Timing, advance: &Advance) -> Pane {
    Pane {
        window_id: cell.id,
        key: cell.key,
        window,
        timing,
        index: cell.panes,
        summary: cell.total.summary(),
        special: None,
        emitted_at: advance.now,
        watermark: advance.watermark,
        cause: advance.cause,
        is_retraction: false,
        is_last: false,
        nonspeculative_index: Some(cell.panes),
        event_time: window.last_instant(),
    }
}

fn kept<A: Accumulator>(cell: &Cell<'_, A>, window: Window) -> Kept {
    Kept { id: cell.id, key: cell.key, window, summary: cell.total.summary(), special: None, panes: cell.panes }
}
