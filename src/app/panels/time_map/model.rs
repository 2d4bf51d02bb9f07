//! What the time map knows about a run before it draws a frame: windows as columns, their panes
//! in order, and the watermark that a prophet would have had.
//!
//! Built once per run and key, in O(n log n) of windows and panes. For tumbling and sliding windows
//! a column is a window with the panes of all keys together; a session belongs to one key, so its
//! column is one session. Values of columns are never stored: they are combined from the panes
//! that had been fired by the instant in question ([`MapModel::value_after`]).

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::app::panels::time_map::lives::Lives;
use crate::pipeline::WindowSpec;
use crate::record::{KeyId, RecordId};
use crate::runtime::{Trace, WindowEnd, WindowLife};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::pane::{Pane, Timing, Window};

/// How the state of a column ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnEnd {
    /// Not before the run did.
    StillKept,
    /// The watermark passed its end plus the allowed lateness at this instant.
    Closed(ProcTime),
    /// It became part of another session at this instant.
    Merged(ProcTime),
}

impl ColumnEnd {
    /// The instant of the end, if there was one.
    pub fn at(self) -> Option<ProcTime> {
        match self {
            Self::StillKept => None,
            Self::Closed(at) | Self::Merged(at) => Some(at),
        }
    }
}

/// A window on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The extent; for a session, the last one.
    pub window: Window,
    /// Whose session this is; `None` for windows in which keys are taken together.
    pub session_of: Option<KeyId>,
    /// Processing time of the first record in it.
    pub opened_at: ProcTime,
    /// The first record in it. Of merged sessions the earliest lives on, so this holds for them too.
    pub first_record: RecordId,
    /// How its state ended.
    pub end: ColumnEnd,
    /// Its panes, as a range of [`MapModel::pane_ids`].
    panes: Range<usize>,
    /// All of its firings, once they were asked for.
    firings: OnceLock<Box<[Firing]>>,
}

/// Panes that were fired at one instant for one column: of every key, or of one session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Firing {
    /// Processing time of the emission.
    pub at: ProcTime,
    /// When it was fired, seen from its window.
    pub timing: Timing,
    /// The extent at that time (sessions grow).
    pub window: Window,
    /// How many panes of the column had been fired by then, these included.
    pub panes_by_then: usize,
}

/// A rise of the perfect watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerfectStep {
    /// Processing time of the rise.
    pub at: ProcTime,
    /// The earliest event time that is still to be handled after it.
    pub watermark: EventTime,
}

/// What the time map knows about a run.
#[derive(Clone, Debug, Default)]
pub struct MapModel {
    /// Windows by start, then by end, then by key.
    pub columns: Vec<Column>,
    /// Indices of panes, by column, each in order of emission.
    pane_ids: Vec<u32>,
    /// Rises of the perfect watermark, ascending in both clocks. The last one is after everything.
    pub perfect: Arc<[PerfectStep]>,
    /// What restarts did.
    pub lives: Arc<Lives>,
    /// The longest column, for finding the ones in view.
    pub longest: Span,
}

impl MapModel {
    /// Builds the model of a run for one key, or for all of them.
    pub fn new(trace: &Trace, key: Option<KeyId>) -> Self {
        Self::with_shared(trace, key, perfect_watermark(trace).into(), Arc::new(Lives::of(trace)))
    }

    /// The model of one key of the run of which this is the model.
    pub fn for_key(&self, trace: &Trace, key: KeyId) -> Self {
        Self::with_shared(trace, Some(key), Arc::clone(&self.perfect), Arc::clone(&self.lives))
    }

    fn with_shared(trace: &Trace, key: Option<KeyId>, perfect: Arc<[PerfectStep]>, lives: Arc<Lives>) -> Self {
        let (mut columns, column_of) = columns(trace, key);
        let pane_ids = assign_panes(trace, &column_of, &mut columns);
        let longest = columns.iter().map(|column| column.window.size()).max().unwrap_or(Span::ZERO);
        Self { columns, pane_ids, perfect, lives, longest }
    }

    /// Columns whose extents may touch event times from `from` to `to`, as a range of indices.
    pub fn columns_between(&self, from: EventTime, to: EventTime) -> Range<usize> {
        // The distance saturates, so the window of all time is never too far away.
        let too_early = |start: EventTime| start < from && from - start > self.longest;
        let first = self.columns.partition_point(|column| too_early(column.window.start));
        let last = self.columns.partition_point(|column| column.window.start <= to);
        first..last.max(first)
    }

    /// A number that no other column with panes has.
    pub fn first_pane(&self, column: &Column) -> usize {
        column.panes.start
    }

    /// Indices into [`Trace::panes`] of the panes of a column, in order of emission.
    pub fn pane_ids(&self, column: &Column) -> &[u32] {
        &self.pane_ids[column.panes.clone()]
    }

    /// The panes of a column that had been fired at `now`.
    pub fn panes_at<'a>(&'a self, trace: &'a Trace, column: &Column, now: ProcTime) -> &'a [u32] {
        let ids = self.pane_ids(column);
        &ids[..ids.partition_point(|&id| trace.panes[id as usize].emitted_at <= now)]
    }

    /// The firings of a column up to `now`, in order. Retractions are none: they are part of the
    /// firing that withdraws. Found once; an instant then costs a search.
    pub fn firings_at<'a>(&self, trace: &Trace, column: &'a Column, now: ProcTime) -> &'a [Firing] {
        let all = column.firings.get_or_init(|| self.firings_of(trace, column));
        &all[..all.partition_point(|firing| firing.at <= now)]
    }

    fn firings_of(&self, trace: &Trace, column: &Column) -> Box<[Firing]> {
        let mut firings: Vec<Firing> = Vec::new();
        for (i, &id) in self.pane_ids(column).iter().enumerate() {
            let Pane { emitted_at, timing, window, is_retraction, .. } = trace.panes[id as usize];
            if is_retraction {
                continue;
            }
            let firing = Firing { at: emitted_at, timing, window, panes_by_then: i + 1 };
            match firings.last_mut() {
                Some(last) if last.at == emitted_at && last.timing == timing => *last = firing,
                _ => firings.push(firing),
            }
        }
        firings.into()
    }

    /// The place of a window among the columns. For a session, `key` says whose.
    pub fn find(&self, window: Window, key: Option<KeyId>) -> Option<usize> {
        let first = self.columns.partition_point(|column| column.window < window);
        let same = self.columns[first..].iter().take_while(|column| column.window == window);
        let matches = |column: &Column| column.session_of.is_none() || key.is_none() || column.session_of == key;
        same.enumerate().find(|(_, column)| matches(column)).map(|(i, _)| first + i)
    }

    /// The perfect watermark at `now`: the earliest event time still to be handled.
    pub fn perfect_at(&self, now: ProcTime) -> EventTime {
        let steps = self.perfect.partition_point(|step| step.at <= now);
        steps.checked_sub(1).map_or(EventTime::MIN, |last| self.perfect[last].watermark)
    }
}

/// Whether windows of this kind belong to one key each.
pub fn is_session(spec: WindowSpec) -> bool {
    matches!(spec, WindowSpec::Session { .. })
}

/// The columns, sorted, and the column of every window of the trace (`u32::MAX` for other keys').
fn columns(trace: &Trace, key: Option<KeyId>) -> (Vec<Column>, Vec<u32>) {
    if is_session(trace.pipeline.window) { columns_of_sessions(trace, key) } else { columns_of_all_keys(trace, key) }
}

fn column_of(life: &WindowLife, session_of: Option<KeyId>) -> Column {
    let end = match life.end {
        WindowEnd::StillKept => ColumnEnd::StillKept,
        WindowEnd::Closed { at } | WindowEnd::Undone { at } => ColumnEnd::Closed(at),
        WindowEnd::Merged { at, .. } => ColumnEnd::Merged(at),
    };
    let (opened_at, first_record) = (life.opened_at, life.opened_by);
    Column { window: life.window, session_of, opened_at, first_record, end, panes: 0..0, firings: OnceLock::new() }
}

/// Every session is a column of its own.
fn columns_of_sessions(trace: &Trace, key: Option<KeyId>) -> (Vec<Column>, Vec<u32>) {
    let mut order: Vec<u32> = (0..trace.windows.len() as u32)
        .filter(|&i| key.is_none_or(|key| trace.windows[i as usize].key == key))
        .collect();
    order.sort_by_key(|&i| {
        let life = &trace.windows[i as usize];
        (life.window, life.key, i)
    });
    let mut column_of_life = vec![u32::MAX; trace.windows.len()];
    let mut columns = Vec::with_capacity(order.len());
    for i in order {
        let life = &trace.windows[i as usize];
        column_of_life[i as usize] = columns.len() as u32;
        columns.push(column_of(life, Some(life.key)));
    }
    (columns, column_of_life)
}

/// So many windows are looked at before the search among all: about as many as are open at once.
const RECENT_WINDOWS: usize = 6;

/// Windows of the same extent are one column.
fn columns_of_all_keys(trace: &Trace, key: Option<KeyId>) -> (Vec<Column>, Vec<u32>) {
    let mut columns: Vec<Column> = Vec::new();
    let mut column_of_life = vec![u32::MAX; trace.windows.len()];
    let mut known: BTreeMap<Window, u32> = BTreeMap::new();
    let mut recent: VecDeque<(Window, u32)> = VecDeque::with_capacity(RECENT_WINDOWS + 1);
    for (i, life) in trace.windows.iter().enumerate().filter(|(_, life)| key.is_none_or(|key| life.key == key)) {
        let place = match recent.iter().find(|(window, _)| *window == life.window) {
            Some(&(_, place)) => place,
            None => {
                // There are fewer than 2^32 windows.
                let new = columns.len() as u32;
                let place = *known.entry(life.window).or_insert(new);
                if place == new {
                    columns.push(column_of(life, None));
                }
                recent.push_front((life.window, place));
                recent.truncate(RECENT_WINDOWS);
                place
            }
        };
        let (column, life) = (&mut columns[place as usize], column_of(life, None));
        column.opened_at = column.opened_at.min(life.opened_at);
        column.first_record = column.first_record.min(life.first_record);
        column.end = later_end(column.end, life.end);
        column_of_life[i] = place;
    }
    let mut rank = vec![0; columns.len()];
    for (sorted, &place) in known.values().enumerate() {
        rank[place as usize] = sorted as u32;
    }
    columns.sort_unstable_by_key(|column| column.window);
    for place in column_of_life.iter_mut().filter(|place| **place != u32::MAX) {
        *place = rank[*place as usize];
    }
    (columns, column_of_life)
}

/// State is kept until the last key's is gone.
fn later_end(a: ColumnEnd, b: ColumnEnd) -> ColumnEnd {
    match (a, b) {
        (ColumnEnd::StillKept, _) | (_, ColumnEnd::StillKept) => ColumnEnd::StillKept,
        _ => std::cmp::max_by_key(a, b, |end| end.at()),
    }
}

/// Gives every column its range of pane ids, in order of emission.
fn assign_panes(trace: &Trace, column_of: &[u32], columns: &mut [Column]) -> Vec<u32> {
    let mut counts = vec![0_usize; columns.len()];
    let column_of_pane = |pane: &Pane| column_of[pane.window_id.index()] as usize;
    for pane in &trace.panes {
        if let Some(count) = counts.get_mut(column_of_pane(pane)) {
            *count += 1;
        }
    }
    let mut next = Vec::with_capacity(columns.len());
    let mut total = 0;
    for (column, count) in columns.iter_mut().zip(counts) {
        column.panes = total..total + count;
        next.push(total);
        total += count;
    }
    let mut ids = vec![0; total];
    for (id, pane) in trace.panes.iter().enumerate() {
        if let Some(place) = next.get_mut(column_of_pane(pane)) {
            ids[*place] = id as u32;
            *place += 1;
        }
    }
    ids
}

/// The minimum event time still to be handled, as it rises over processing time.
fn perfect_watermark(trace: &Trace) -> Vec<PerfectStep> {
    let times = trace.stream.event_times();
    let mut steps = Vec::new();
    let mut still_to_come = EventTime::MAX;
    for (i, (&event_time, &handled)) in times.iter().zip(&trace.handled).enumerate().rev() {
        let before = still_to_come.min(event_time);
        // It rises when a record is handled that was earlier than all that follow.
        if still_to_come > before {
            steps.push(PerfectStep { at: handled, watermark: still_to_come });
        }
        still_to_come = before;
        if i == 0 {
            steps.push(PerfectStep { at: ProcTime::MIN, watermark: before });
        }
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture::{self, at, event, span};
    use crate::app::panels::window_value::WindowValue;
    use crate::window::aggregate::Summary;

    #[test]
    fn the_perfect_watermark_is_the_earliest_event_still_to_come() {
        for spec in fixture::window_kinds() {
            let trace = fixture::trace(300, 3, spec, 4);
            let model = MapModel::new(&trace, None);
            for now in fixture::instants(&trace, 60) {
                let handled = trace.at(now).handled;
                let expected = trace.stream.event_times()[handled..].iter().min().copied().unwrap_or(EventTime::MAX);
                assert_eq!(model.perfect_at(now), expected, "at {now}");
            }
        }
    }

    #[test]
    fn a_column_opens_with_the_first_of_its_windows_and_ends_with_the_last() {
        for spec in fixture::window_kinds().into_iter().filter(|&spec| !is_session(spec)) {
            for key in [None, Some(KeyId(1))] {
                let trace = fixture::trace(400, 3, spec, 4);
                let lives = || trace.windows.iter().filter(|life| key.is_none_or(|key| key == life.key));
                let mut expected: Vec<Window> = lives().map(|life| life.window).collect();
                expected.sort_unstable();
                expected.dedup();
                let model = MapModel::new(&trace, key);
                assert_eq!(model.columns.iter().map(|column| column.window).collect::<Vec<_>>(), expected);
                for column in &model.columns {
                    let lives = || lives().filter(|life| life.window == column.window);
                    assert_eq!(Some(column.opened_at), lives().map(|life| life.opened_at).min());
                    assert_eq!(Some(column.first_record), lives().map(|life| life.opened_by).min());
                    let ends = lives().map(|life| match life.end {
                        WindowEnd::Closed { at } => Some(at),
                        _ => None,
                    });
                    let last = ends.collect::<Option<Vec<ProcTime>>>().and_then(|ends| ends.into_iter().max());
                    assert_eq!(column.end.at(), last);
                }
            }
        }
    }

    #[test]
    fn every_pane_is_in_the_column_of_its_window() {
        for spec in fixture::window_kinds() {
            for key in [None, Some(KeyId(1))] {
                let trace = fixture::trace(400, 3, spec, 0);
                let model = MapModel::new(&trace, key);
                assert!(model.columns.is_sorted_by_key(|column| column.window));
                let mut seen = 0;
                for column in &model.columns {
                    let ids = model.pane_ids(column);
                    assert!(ids.is_sorted());
                    seen += ids.len();
                    for &id in ids {
                        let pane = &trace.panes[id as usize];
                        assert!(key.is_none_or(|key| pane.key == key));
                        assert!(column.window.start <= pane.window.start && pane.window.end <= column.window.end);
                    }
                }
                let expected = trace.panes.iter().filter(|pane| key.is_none_or(|key| pane.key == key)).count();
                assert_eq!(seen, expected);
            }
        }
    }

    #[test]
    fn the_panes_of_all_keys_together_are_every_counted_record_of_the_window() {
        let trace = fixture::trace(500, 4, fixture::tumbling(), 2);
        let model = MapModel::new(&trace, None);
        let end = trace.handled[trace.handled.len() - 1];
        let mut compared = 0;
        for column in &model.columns {
            let fired = model.panes_at(&trace, column, end).len();
            if fired == 0 {
                continue;
            }
            let mut expected = Summary::default();
            for (i, record) in trace.stream.records().enumerate() {
                if column.window.contains(record.event_time) && trace.fates[i] == crate::runtime::Fate::Counted {
                    expected.add(record.value);
                }
            }
            assert_eq!(model.value_after(&trace, column, fired), WindowValue::One(expected.sum), "{:?}", column.window);
            compared += 1;
        }
        assert!(compared > 10, "{compared}");
    }

    #[test]
    fn firings_of_one_instant_are_one_and_late_ones_stand_alone() {
        // Two keys in [0, 10); the watermark (bound 0) passes 10, then a late record of the first key.
        let rows = [(1, 1, "a"), (2, 2, "b"), (11, 11, "a"), (5, 12, "a")];
        let trace = fixture::trace_of(&rows, fixture::tumbling(), span(0), span(5));
        let model = MapModel::new(&trace, None);
        let column = &model.columns[model.find(Window::new(event(0), event(10)), None).expect("a window")];
        let firings = model.firings_at(&trace, column, at(100));
        let brief: Vec<_> = firings.iter().map(|f| (f.at, f.timing, f.panes_by_then)).collect();
        assert_eq!(brief, [(at(11), Timing::OnTime, 2), (at(12), Timing::Late, 3)]);
        assert_eq!(model.value_after(&trace, column, 2), WindowValue::One(2.0));
        assert_eq!(model.value_after(&trace, column, 3), WindowValue::One(3.0));
        assert_eq!(model.firings_at(&trace, column, at(11)).len(), 1);
    }

    #[test]
    fn columns_between_finds_every_window_that_touches_the_stretch() {
        for spec in fixture::window_kinds() {
            let trace = fixture::trace(300, 2, spec, 0);
            let model = MapModel::new(&trace, None);
            let (from, to) = (event(40), event(75));
            let range = model.columns_between(from, to);
            for (i, column) in model.columns.iter().enumerate() {
                if column.window.start <= to && column.window.end >= from {
                    assert!(range.contains(&i), "{:?}", column.window);
                }
            }
        }
    }
}
