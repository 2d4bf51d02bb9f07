//! Windows that overlap and whose state goes as soon as they have fired: sliding and cumulative ones
//! without allowed lateness.
//!
//! A record is counted once, in its slice. When the watermark reaches the end of a window, its new
//! slices join the running totals, and these are its panes. Records behind the watermark are added
//! to the totals they are already part of. A floating-point sum is added up slice by slice, so it
//! can differ in its last digits from one that is added up record by record; it is the same in every
//! run.

use crate::record::{KeyId, Record, RecordId};
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::{Accumulator, Summary};
use crate::window::cells::Cells;
use crate::window::columns::Columns;
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Window, WindowId};
use crate::window::running::RunningTotals;
use crate::window::sink::{Kept, WindowSink};
use crate::window::slices::SliceGrid;

/// Keyed sliding or cumulative windows without allowed lateness.
#[derive(Clone, Debug)]
pub struct SlicedWindows<A = Summary> {
    pub(super) grid: SliceGrid,

    /// Slices that have not turned. Ready are those that have not joined the running totals and are in
    /// no window that is complete.
    pub(super) slices: Columns<A>,
    pub(super) running: RunningTotals<A>,
    /// Every slice up to this one that has state has joined.
    pub(super) joined_to: i64,
    /// Every window before this one is complete.
    pub(super) next: i64,
    pub(super) watermark: EventTime,
    /// No window fires before the watermark reaches this.
    pub(super) next_due: EventTime,
    /// Who has which window: only for a sink that follows windows.
    pub(super) lives: Columns<Seen>,
    pub(super) opened: u64,
    pub(super) gone: u64,
}

/// That a key has a window.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(pub(super) bool);

impl Accumulator for Seen {
    fn add(&mut self, _: f64) {
        self.0 = true;
    }

    fn merge(&mut self, other: &Self) {
        self.0 |= other.0;
    }

    fn count(&self) -> u64 {
        u64::from(self.0)
    }

    fn summary(&self) -> Summary {
        Summary::default()
    }
}

impl<A: Accumulator> SlicedWindows<A> {
    /// An operator without state.
    pub fn new(grid: SliceGrid) -> Self {
        Self {
            grid,
            slices: Columns::new(),
            running: RunningTotals::default(),
            joined_to: i64::MIN,
            next: i64::MIN,
            watermark: EventTime::MIN,
            next_due: EventTime::MAX,
            lives: Columns::new(),
            opened: 0,
            gone: 0,
        }
    }

    /// How many (key, window) states are kept; (key, slice) states when nobody follows windows.
    pub fn kept(&self) -> usize {
        if self.opened > 0 {
            return (self.opened - self.gone) as usize;
        }
        self.running.in_front() + self.slices.iter().map(|(_, cells)| cells.len()).sum::<usize>()
    }

    /// No window fires or goes before the watermark reaches this; it may be past.
    #[inline]
    pub const fn next_due(&self) -> EventTime {
        self.next_due
    }

    /// Bytes of memory for state, used or not.
    pub fn state_bytes(&self) -> usize {
        self.slices.bytes() + self.running.bytes() + self.lives.bytes()
    }

    /// Counts the record, unless all its windows are gone.
    #[inline]
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let slice = self.grid.slice_of(record.event_time);
        let windows = self.grid.windows_with(slice);
        let assigned = (windows.end() - windows.start() + 1) as u32;
        if self.count_in_ready(slice, record, now, sink) {
            // A ready slice is in no window that is complete.
            return Outcome { assigned, counted: assigned };
        }
        let first = self.grid.first_incomplete(self.watermark).max(*windows.start());
        if first > *windows.end() {
            return Outcome { assigned, counted: 0 };
        }
        self.next = self.next.max(self.grid.first_incomplete(self.watermark));
        self.next_due = self.next_due.min(self.grid.window(first).end);
        if slice > self.joined_to {
            // Windows with it may be complete that had nothing to fire.
            self.slices.get_or_open(slice, first == *windows.start());
        }
        self.count_in_unready(slice, record, now, sink);
        Outcome { assigned, counted: (windows.end() - first + 1) as u32 }
    }

    /// Counts a record that nothing is to be done about but to add it; false when it is another.
    #[inline]
    pub fn count_plainly<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> bool {
        self.count_in_ready(self.grid.slice_of(record.event_time), record, now, sink)
    }

    #[inline]
    fn count_in_ready<S: WindowSink>(&mut self, slice: i64, record: &Record, now: ProcTime, sink: &mut S) -> bool {
        let Some(cells) = self.slices.ready(slice) else { return false };
        let is_new = S::FOLLOWS_WINDOWS & add(cells, record);
        if is_new {
            self.open_windows(slice, record.key, record.id, now, sink);
        }
        true
    }

    /// Counts a record in a slice that is open, or part of the running totals.
    #[inline(never)]
    fn count_in_unready<S: WindowSink>(&mut self, slice: i64, record: &Record, now: ProcTime, sink: &mut S) {
        let is_new = if self.running.front_end().is_some_and(|end| slice <= end) {
            self.running.add_to_front(slice, record.key, record.value)
        } else {
            if slice <= self.joined_to {
                self.running.add_to_back(slice, record.key, record.value);
            }
            let cells = self.slices.get_or_open(slice, false);
            if cells.is_empty()
                && let Some(room) = self.running.take_spare()
            {
                cells.make_room(room);
            }
            add(cells, record)
        };
        if S::FOLLOWS_WINDOWS && is_new {
            self.open_windows(slice, record.key, record.id, now, sink);
        }
    }

    /// Opens the windows with `slice` that the key does not have yet.
    fn open_windows<S: WindowSink>(&mut self, slice: i64, key: KeyId, by: RecordId, now: ProcTime, sink: &mut S) {
        let windows = self.grid.windows_with(slice);
        let first = self.grid.first_incomplete(self.watermark).max(*windows.start());
        let last = *windows.end();
        for step in 0..=last - first {
            let number = if self.grid.opens_last_first() { last - step } else { first + step };
            let id = WindowId(self.opened as u32);
            let (seen, is_new) = self.lives.get_or_open(number, true).get_or_open(key, id);
            seen.add(0.0);
            if is_new {
                self.opened += 1;
                sink.opened(id, key, self.grid.window(number), now, by);
            }
        }
    }

    /// Fires windows, in order of their ends, and drops their state.
    #[inline]
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        self.watermark = advance.watermark;
        if advance.watermark >= self.next_due {
            self.fire_due(advance, sink);
        }
    }

    #[inline(never)]
    fn fire_due<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        self.next_due = EventTime::MAX;
        while let Some(number) = self.next_with_state() {
            let window = self.grid.window(number);
            if !lateness::is_complete(window, advance.watermark) {
                self.next_due = window.end;
                return;
            }
            self.join_slices_of(number);
            self.fire(number, window, advance, sink);
            self.next = number + 1;
            self.drop_slices_before(*self.grid.slices_in(self.next).start());
        }
    }

    /// The first window that is not complete and has state.
    pub(super) fn next_with_state(&self) -> Option<i64> {
        let oldest = match (self.running.front_number(), self.slices.first()) {
            (Some(front), Some(slice)) => front.min(slice),
            (front, slice) => front.or(slice)?,
        };
        Some(self.next.max(*self.grid.windows_with(oldest).start()))
    }

    fn join_slices_of(&mut self, number: i64) {
        let last = *self.grid.slices_in(number).end();
        while let Some(slice) = self.slices.first_after(self.joined_to).filter(|&slice| slice <= last) {
            self.slices.unready(slice);
            if let Some(cells) = self.slices.get_mut(slice) {
                self.running.join(slice, cells);
            }
            self.joined_to = slice;
        }
        self.joined_to = self.joined_to.max(last);
    }

    /// Slices that no window needs any more leave the running totals.
    fn drop_slices_before(&mut self, bound: i64) {
        if bound > self.joined_to {
            self.running.leave_all();
            while let Some(slice) = self.slices.last_up_to(self.joined_to) {
                self.slices.remove(slice);
            }
            return;
        }
        loop {
            while self.running.front_number().is_some_and(|slice| slice < bound) {
                self.running.leave();
            }
            // The front is used up when the oldest slice is one that joined since.
            if self.slices.first().is_none_or(|slice| slice >= bound) {
                return;
            }
            while let Some(slice) = self.slices.last_up_to(self.joined_to) {
                if let Some(cells) = self.slices.get_mut(slice) {
                    self.running.turn(slice, cells);
                }
                self.slices.remove(slice);
            }
            self.running.end_turn();
        }
    }

    fn fire<S: WindowSink>(&mut self, number: i64, window: Window, advance: &Advance, sink: &mut S) {
        if !S::FOLLOWS_WINDOWS {
            self.running.for_each(|key, total| sink.fired(pane(key, WindowId::NONE, total, window, advance)));
            return;
        }
        let Some(lives) = self.lives.get_mut(number) else { return };
        for life in lives.iter() {
            sink.fired(pane(life.key, life.id, &self.running.get(life.key), window, advance));
        }
        for life in lives.iter() {
            let summary = self.running.get(life.key).summary();
            sink.closed(Kept { id: life.id, key: life.key, window, summary, special: None, panes: 1 }, advance.now);
        }
        self.gone += lives.len() as u64;
        self.lives.remove(number);
    }

    /// Everything that is kept, by window end, then in order of opening; nothing when nobody follows
    /// windows.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        let mut ahead = self.clone();
        for (number, lives) in self.lives.iter() {
            ahead.drop_slices_before(*self.grid.slices_in(number).start());
            ahead.join_slices_of(number);
            let window = self.grid.window(number);
            for life in lives.iter() {
                let summary = ahead.running.get(life.key).summary();
                visit(Kept { id: life.id, key: life.key, window, summary, special: None, panes: 0 });
            }
        }
    }
}

/// Adds a value to a slice. Whether the key is new there.
#[inline]
fn add<A: Accumulator>(cells: &mut Cells<A>, record: &Record) -> bool {
    let total = match cells.plain(record.key) {
        Some(total) => total,
        None => cells.get_or_add(record.key),
    };
    let is_new = total.count() == 0;
    total.add(record.value);
    is_new
}

fn pane<A: Accumulator>(key: KeyId, id: WindowId, total: &A, window: Window, advance: &Advance) -> Pane {
    Pane {
        window_id: id,
        key,
        window,
        timing: advance.timing_of_completion(),
        index: 0,
        summary: total.summary(),
        special: None,
        emitted_at: advance.now,
        watermark: advance.watermark,
        cause: advance.cause,
        is_retraction: false,
        is_last: false,
        nonspeculative_index: Some(0),
        event_time: window.last_instant(),
    }
}
