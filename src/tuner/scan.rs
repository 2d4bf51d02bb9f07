//! One pass over a stream for one kind of window: what is needed to answer every bound and lateness.
//!
//! Let r be how far event time has come beyond a window's end before a record of it is handled. A
//! record is too late for the window when r >= bound + lateness, and fires a late pane when r is
//! less than that but not less than the bound. Bounds are not negative, so only records with r >= 0
//! have to be remembered: in sorted columns for counting, and by window, in the order of records, for
//! everything that is asked of single windows.

use std::sync::Arc;

use crate::pipeline::{AtEnd, WindowSpec};
use crate::record::KeyId;
use crate::time::{EventTime, Span};
use crate::tuner::column::Column;
use crate::tuner::grid::WindowGrid;
use crate::tuner::parallel::Ticker;
use crate::tuner::profile::Profile;
use crate::tuner::seen::Seen;
use crate::window::pane::Window;

/// A window over a stream, ready to answer every bound and lateness.
#[derive(Clone, Debug)]
pub struct Scan {
    pub(super) profile: Arc<Profile>,
    pub(super) spec: WindowSpec,
    pub(super) grid: WindowGrid,
    pub(super) at_end: AtEnd,
    /// Records in no window.
    pub(super) strays: u64,
    /// How far event time has come beyond them, less a microsecond, where that is not negative: they are
    /// dropped like others when bound and lateness together are not more, and else unassigned.
    pub(super) overdue_stray: Column,
    /// Windows that hold a record, in order of their ends.
    pub(super) windows: Vec<Held>,
    /// By window: records with r >= 0, in order.
    pub(super) late: Rows,
    /// By window: those of them that are the first of their key.
    pub(super) late_first: Rows,
    /// r of every record in every window, where it is not negative.
    pub(super) overdue: Column,
    /// The same of the last window of every record, and of strays; `None` where each has one window.
    pub(super) overdue_last: Option<Column>,
    /// The same of the first record of every key and window.
    pub(super) overdue_first: Column,
    /// The records that open a window for their key, ascending.
    pub(super) openers: Vec<u32>,
    /// How many windows each and those before it opened; empty where each opened one.
    pub(super) opened: Vec<u64>,
    /// Keys in all windows before each window, and in all of them.
    pub(super) cells_before: Vec<u64>,
}

/// A window that holds a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Its number in the grid.
    pub number: i64,
    /// Records that fall in it.
    pub records: u32,
    /// Keys that they have.
    pub cells: u32,
}

/// Record numbers by window.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    starts: Vec<usize>,
    records: Vec<u32>,
}

impl Rows {
    /// Groups records by their windows, keeping their order (a counting sort).
    fn of(windows: usize, at: &[u32], records: &[u32]) -> Self {
        let mut starts = vec![0; windows + 1];
        for &window in at {
            starts[window as usize + 1] += 1;
        }
        for window in 0..windows {
            starts[window + 1] += starts[window];
        }
        let mut next = starts.clone();
        let mut grouped = vec![0; records.len()];
        for (&window, &record) in at.iter().zip(records) {
            let place = &mut next[window as usize];
            grouped[*place] = record;
            *place += 1;
        }
        Self { starts, records: grouped }
    }

    /// Those of one window, ascending.
    #[inline]
    pub(super) fn of_window(&self, window: usize) -> &[u32] {
        &self.records[self.starts[window]..self.starts[window + 1]]
    }

    /// How many records of a window come when `met_by` records are handled, or later.
    #[inline]
    pub(super) fn from(&self, window: usize, met_by: u32) -> u32 {
        let records = self.of_window(window);
        (records.len() - records.partition_point(|&record| record < met_by)) as u32
    }

    const fn bytes(&self) -> usize {
        self.starts.len() * size_of::<usize>() + self.records.len() * size_of::<u32>()
    }
}

/// How the numbers of a grid are made places in a list.
enum Places {
    /// Place 0 is this number, and there are so many.
    Dense { first: i64, count: usize },
    /// The numbers that occur, ascending.
    Sparse(Vec<i64>),
}

/// Empty windows for each record that a list may have before it is worth leaving them out.
const EMPTY_PER_RECORD: i64 = 2;
/// So many places are always worth having.
const PLACES_ALWAYS: i64 = 1 << 16;

impl Places {
    fn of(profile: &Profile, grid: &WindowGrid) -> Self {
        let times = profile.stream().event_times();
        let Some((oldest, newest)) = profile.range() else { return Self::Sparse(Vec::new()) };
        // Without a window at the very ends the neighbours do: the range is only an estimate.
        let first = grid.numbers(oldest).0;
        let last = grid.numbers(newest).1;
        let count = last.saturating_sub(first).saturating_add(1);
        if count <= PLACES_ALWAYS.max((times.len() as i64).saturating_mul(EMPTY_PER_RECORD)) {
            return Self::Dense { first, count: usize::try_from(count).unwrap_or(0) };
        }
        let mut ranges: Vec<(i64, i64)> = times.iter().map(|&t| grid.numbers(t)).collect();
        ranges.sort_unstable();
        ranges.dedup();
        let mut numbers: Vec<i64> = Vec::new();
        for (first, last) in ranges {
            let from = numbers.last().map_or(first, |&written| first.max(written + 1));
            numbers.extend(from..=last);
        }
        Self::Sparse(numbers)
    }

    const fn len(&self) -> usize {
        match self {
            Self::Dense { count, .. } => *count,
            Self::Sparse(numbers) => numbers.len(),
        }
    }

    /// The place of a number that a record has.
    #[inline]
    fn place(&self, number: i64) -> usize {
        match self {
            Self::Dense { first, .. } => (number - first) as usize,
            Self::Sparse(numbers) => numbers.partition_point(|&known| known < number),
        }
    }

    fn number(&self, place: usize) -> i64 {
        match self {
            Self::Dense { first, .. } => first + place as i64,
            Self::Sparse(numbers) => numbers[place],
        }
    }
}

/// What one pass gathers.
#[derive(Default)]
struct Pass {
    strays: u64,
    overdue_stray: Vec<i64>,
    records: Vec<u32>,
    cells: Vec<u32>,
    late_at: Vec<u32>,
    late: Vec<u32>,
    overdue: Vec<i64>,
    overdue_last: Vec<i64>,
    late_first_at: Vec<u32>,
    late_first: Vec<u32>,
    overdue_first: Vec<i64>,
    openers: Vec<u32>,
    opened: Vec<u64>,
}

impl Pass {
    fn over(profile: &Profile, grid: &WindowGrid, places: &Places, ticker: &Ticker<'_>) -> Option<Self> {
        let stream = profile.stream();
        let is_single = grid.is_gapless_tumbling();
        let windows = places.len();
        let mut seen = Seen::new(windows, stream.key_table().len(), stream.len() as u64);
        let mut pass = Self { records: vec![0; windows], cells: vec![0; windows], ..Self::default() };
        let mut newest = i64::MIN;
        let mut opened = 0_u64;
        let chunks = stream.event_times().chunks(Ticker::CHUNK).zip(stream.keys().chunks(Ticker::CHUNK));
        for (chunk, (times, keys)) in chunks.enumerate() {
            let before = chunk * Ticker::CHUNK;
            if let (true, Places::Dense { first, .. }) = (is_single, places) {
                pass.single(grid, *first, before, (times, keys), &mut newest, &mut seen);
                ticker.tick(times.len())?;
                continue;
            }
            for (i, (&t, key)) in times.iter().zip(keys).enumerate() {
                let record = (before + i) as u32;
                let (first, last) = grid.numbers(t);
                let opened_before = opened;
                for number in first..=last {
                    let place = places.place(number);
                    pass.records[place] += 1;
                    let is_new = seen.insert(place, key.0);
                    pass.cells[place] += u32::from(is_new);
                    opened += u64::from(is_new);
                    let overdue = newest.saturating_sub(grid.end(number));
                    if overdue >= 0 {
                        pass.note_late(place as u32, record, overdue, is_new);
                    }
                }
                if first > last {
                    pass.note_stray(newest.saturating_sub(t.micros()).saturating_sub(1));
                } else if !is_single {
                    pass.note_last(newest.saturating_sub(grid.end(last)));
                }
                if opened > opened_before {
                    pass.openers.push(record);
                    if !is_single {
                        pass.opened.push(opened);
                    }
                }
                newest = newest.max(t.micros());
            }
            ticker.tick(times.len())?;
        }
        Some(pass)
    }

    /// The same of windows of which every record has one, numbered from `first` on: most streams, and
    /// all long ones, are scanned here.
    fn single(
        &mut self,
        grid: &WindowGrid,
        first: i64,
        before: usize,
        (times, keys): (&[EventTime], &[KeyId]),
        newest: &mut i64,
        seen: &mut Seen,
    ) {
        for (i, (&t, key)) in times.iter().zip(keys).enumerate() {
            let record = (before + i) as u32;
            let number = grid.last_number(t);
            let place = (number - first) as usize;
            self.records[place] += 1;
            let is_new = seen.insert(place, key.0);
            if is_new {
                self.cells[place] += 1;
                self.openers.push(record);
            }
            let overdue = newest.saturating_sub(grid.end(number));
            if overdue >= 0 {
                self.note_late(place as u32, record, overdue, is_new);
            }
            *newest = (*newest).max(t.micros());
        }
    }

    #[inline]
    fn note_late(&mut self, place: u32, record: u32, overdue: i64, is_first: bool) {
        self.late_at.push(place);
        self.late.push(record);
        self.overdue.push(overdue);
        if is_first {
            self.late_first_at.push(place);
            self.late_first.push(record);
            self.overdue_first.push(overdue);
        }
    }

    fn note_last(&mut self, overdue: i64) {
        if overdue >= 0 {
            self.overdue_last.push(overdue);
        }
    }

    fn note_stray(&mut self, overdue: i64) {
        self.strays += 1;
        if overdue >= 0 {
            self.overdue_stray.push(overdue);
            self.overdue_last.push(overdue);
        }
    }
}

impl Scan {
    /// Scans the stream of a profile; `None` when `ticker` was told to stop, or for windows without a
    /// grid.
    pub(super) fn of(profile: &Arc<Profile>, spec: WindowSpec, at_end: AtEnd, ticker: &Ticker<'_>) -> Option<Self> {
        let grid = WindowGrid::new(spec)?;
        let places = Places::of(profile, &grid);
        let pass = Pass::over(profile, &grid, &places, ticker)?;
        let late = Rows::of(places.len(), &pass.late_at, &pass.late);
        let late_first = Rows::of(places.len(), &pass.late_first_at, &pass.late_first);
        let held = |place: usize| Held {
            number: places.number(place),
            records: pass.records[place],
            cells: pass.cells[place],
        };
        let windows: Vec<Held> = (0..places.len()).map(held).collect();
        let mut cells_before = Vec::with_capacity(windows.len() + 1);
        let mut cells = 0;
        for window in &windows {
            cells_before.push(cells);
            cells += u64::from(window.cells);
        }
        cells_before.push(cells);
        Some(Self {
            profile: Arc::clone(profile),
            spec,
            grid,
            at_end,
            strays: pass.strays,
            overdue_stray: Column::of(pass.overdue_stray),
            windows,
            late,
            late_first,
            overdue: Column::of(pass.overdue),
            overdue_last: (!grid.is_gapless_tumbling()).then(|| Column::of(pass.overdue_last)),
            overdue_first: Column::of(pass.overdue_first),
            openers: pass.openers,
            opened: pass.opened,
            cells_before,
        })
    }

    /// The windows.
    pub const fn window(&self) -> WindowSpec {
        self.spec
    }

    /// What the windows lie over.
    pub const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Records that fall in a window; where windows leave gaps also those in a gap that are late by
    /// themselves at this sum of bound and lateness, because they are dropped.
    pub fn assigned(&self, horizon: Span) -> u64 {
        self.profile.stream().len() as u64 - self.strays + self.overdue_stray.at_least(horizon)
    }

    /// Of every record that comes when event time has reached the end of its last window, how far it
    /// is beyond: the record is dropped when bound and lateness together are not more.
    pub fn overdue_last(&self) -> &Column {
        self.overdue_last.as_ref().unwrap_or(&self.overdue)
    }

    /// Windows that hold a record: extent and how many records fall in it, in order of their ends.
    pub fn windows(&self) -> impl Iterator<Item = (Window, u64)> + '_ {
        let held = self.windows.iter().filter(|held| held.records > 0);
        held.map(|held| (self.grid.window(held.number), u64::from(held.records)))
    }

    /// Bytes of memory, without the profile.
    pub fn bytes(&self) -> usize {
        let columns = self.overdue.len()
            + self.overdue_last.as_ref().map_or(0, Column::len)
            + self.overdue_first.len()
            + self.overdue_stray.len();
        self.windows.len() * size_of::<Held>()
            + self.late.bytes()
            + self.late_first.bytes()
            + columns * size_of::<i64>()
            + self.openers.len() * size_of::<u32>()
            + (self.opened.len() + self.cells_before.len()) * size_of::<u64>()
    }

    /// The smallest sum of bound and lateness with which at least this share of the assigned records is
    /// counted. Shares above 1 count as 1, those that are no number too. O(log^2 n).
    pub fn least_horizon(&self, completeness: f64) -> Span {
        let least = if completeness.is_nan() { 1.0 } else { completeness.clamp(0.0, 1.0) };
        let column = self.overdue_last();
        // Completeness only grows with the horizon, and only right after a value of the column.
        let after = |micros: i64| Span::from_micros(micros.saturating_add(1));
        if self.completeness(Span::ZERO) >= least {
            return Span::ZERO;
        }
        let place = column.micros().partition_point(|&micros| self.completeness(after(micros)) < least);
        column.micros().get(place).map_or(Span::ZERO, |&micros| after(micros))
    }
}
