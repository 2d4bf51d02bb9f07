//! What the windows of a lesson have said by an instant, beside what is true: of the earliest windows, the
//! truth and the panes of each, found once for a run; an instant then costs a search.

use std::collections::BTreeMap;

use crate::app::run::Run;
use crate::record::KeyId;
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::Summary;

/// Rows of the table at most.
pub const ROWS: usize = 12;

/// A window of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where it starts.
    pub start: EventTime,
    /// What it would say if nothing were ever late, over the keys that are shown.
    pub truth: Summary,
    /// Its panes that withdraw nothing, by their places in the trace, ascending.
    panes: Vec<u32>,
}

/// The earliest [`ROWS`] windows of a run, by start.
#[derive(Clone, Debug, PartialEq)]
pub struct SoFar {
    generation: u64,
    key: Option<KeyId>,
    /// Ascending.
    pub rows: Vec<Row>,
}

impl SoFar {
    /// Of one key, or of all. O(n) in windows and panes.
    pub fn of(run: &Run, key: Option<KeyId>) -> Self {
        let mut truth: BTreeMap<EventTime, Summary> = BTreeMap::new();
        for (&(of, window), summary) in run.truth.windows() {
            if key.is_none_or(|key| key == of) {
                truth.entry(window.start).or_default().merge(summary);
            }
        }
        let first = truth.into_iter().take(ROWS);
        let mut rows: Vec<Row> = first.map(|(start, truth)| Row { start, truth, panes: Vec::new() }).collect();
        for (place, pane) in run.trace.panes.iter().enumerate().filter(|(_, pane)| !pane.is_retraction) {
            if let Ok(row) = rows.binary_search_by_key(&pane.window.start, |row| row.start) {
                // A trace has fewer than 2^32 panes.
                rows[row].panes.push(place as u32);
            }
        }
        Self { generation: run.generation, key, rows }
    }

    /// Whether it is of this run and key.
    pub fn is_of(&self, run: &Run, key: Option<KeyId>) -> bool {
        self.generation == run.generation && self.key == key
    }
}

impl Row {
    /// The place in the trace of the last pane that the window has fired by `now`. O(log n).
    pub fn said(&self, run: &Run, now: ProcTime) -> Option<usize> {
        let fired = self.panes.partition_point(|&place| run.trace.panes[place as usize].emitted_at <= now);
        fired.checked_sub(1).map(|last| self.panes[last] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture::{self, span};
    use crate::window::pane::Window;

    #[test]
    fn rows_are_the_earliest_windows_with_the_last_pane_by_any_instant() {
        let run = fixture::run_for_drawing(fixture::trace(400, 3, fixture::tumbling(), 4));
        let trace = &run.trace;
        for key in [None, Some(KeyId(1))] {
            let so_far = SoFar::of(&run, key);
            assert!(so_far.is_of(&run, key) && !so_far.is_of(&run, Some(KeyId(2))));
            let windows = run.truth.windows().keys().filter(|(of, _)| key.is_none_or(|key| key == *of));
            let mut starts: Vec<EventTime> = windows.map(|(_, window)| window.start).collect();
            starts.sort_unstable();
            starts.dedup();
            starts.truncate(12);
            assert_eq!(so_far.rows.iter().map(|row| row.start).collect::<Vec<_>>(), starts);
            for row in &so_far.rows {
                let is_in = |at: EventTime| Window::new(row.start, row.start + span(10)).contains(at);
                let times = trace.stream.event_times().iter().zip(trace.stream.keys());
                let count = times.filter(|&(&at, &of)| is_in(at) && key.is_none_or(|key| key == of)).count();
                assert_eq!(row.truth.count, count as u64);
                for now in fixture::instants(trace, 40) {
                    let is_last = |place: &usize| {
                        let pane = &trace.panes[*place];
                        pane.window.start == row.start && pane.emitted_at <= now && !pane.is_retraction
                    };
                    assert_eq!(row.said(&run, now), (0..trace.panes.len()).rev().find(is_last));
                }
            }
        }
    }
}
