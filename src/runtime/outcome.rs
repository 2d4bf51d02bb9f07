//! What readers of the sink have seen by the end of a run, and how often they have seen each record.
//!
//! A pane says everything that its window has counted since it was opened (or, where panes discard, since
//! the pane before), so a later pane of the same window takes the place of an earlier one whose state it
//! was made from. One that a restart has undone is in nobody's state any more: what it said stands beside
//! what is said again.

use std::collections::BTreeMap;

use crate::record::{KeyId, RecordId};
use crate::runtime::recovery_log::NEVER;
use crate::runtime::trace::{Fate, Trace};
use crate::sink::SinkSpec;
use crate::time::{EventTime, ProcTime};
use crate::window::accumulation::Accumulation;

/// Which readers are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Readers who see what is written, in transactions that may never be committed.
    Uncommitted,
    /// Readers who see what is committed; without transactions, the same.
    Committed,
}

/// When readers of this kind saw a pane; `None` where they did not by the end.
pub fn seen_at(trace: &Trace, pane: usize, view: View) -> Option<ProcTime> {
    let written = trace.delivered.get(pane).copied().unwrap_or_else(|| trace.panes[pane].emitted_at);
    let committed = trace.recovery.as_ref().map_or(written, |log| log.panes[pane].committed);
    let at = match view {
        View::Uncommitted => written,
        View::Committed => committed,
    };
    (at < ProcTime::MAX).then_some(at)
}

/// A window as readers know it: its key and its start.
pub type Row = (KeyId, EventTime);

/// The panes that readers have seen by the end, by window, in order of emission. Retractions are left out.
fn written(trace: &Trace, view: View) -> BTreeMap<Row, Vec<usize>> {
    let mut rows: BTreeMap<Row, Vec<usize>> = BTreeMap::new();
    for (place, pane) in trace.panes.iter().enumerate() {
        if !pane.is_retraction && seen_at(trace, place, view).is_some() {
            rows.entry((pane.key, pane.window.start)).or_default().push(place);
        }
    }
    rows
}

/// The panes that stand in the end, by window: those that readers have seen and no other has taken the place
/// of, in order of emission. Retractions are left out.
pub fn standing(trace: &Trace, view: View) -> BTreeMap<Row, Vec<usize>> {
    let mut rows = written(trace, view);
    for panes in rows.values_mut() {
        if trace.pipeline.sink == SinkSpec::Upsert {
            panes.drain(..panes.len() - 1);
        } else if trace.pipeline.accumulation != Accumulation::Discarding {
            let all = panes.clone();
            panes.retain(|&pane| !all.iter().any(|&later| later > pane && replaces(trace, later, pane)));
        }
    }
    rows
}

/// How many records readers see in the windows of each start, over all keys, at every instant at which that
/// changes: ascending, the last as [`standing`] says it.
pub fn seen_over_time(trace: &Trace, view: View) -> BTreeMap<EventTime, Vec<(ProcTime, u64)>> {
    let mut seen: BTreeMap<Row, Vec<(ProcTime, usize)>> = BTreeMap::new();
    for (place, pane) in trace.panes.iter().enumerate().filter(|(_, pane)| !pane.is_retraction) {
        if let Some(at) = seen_at(trace, place, view) {
            seen.entry((pane.key, pane.window.start)).or_default().push((at, place));
        }
    }
    let discards = trace.pipeline.accumulation == Accumulation::Discarding;
    let mut changes: BTreeMap<EventTime, Vec<(ProcTime, i64)>> = BTreeMap::new();
    for ((_, start), mut panes) in seen {
        panes.sort_unstable();
        let mut stands: Vec<usize> = Vec::new();
        let mut sum = 0_i64;
        for (at, place) in panes {
            if trace.pipeline.sink == SinkSpec::Upsert {
                stands.clear();
            } else if !discards {
                stands.retain(|&earlier| !replaces(trace, place, earlier));
            }
            stands.push(place);
            // Counts are of records, of which there are fewer than 2^32.
            let now: i64 = stands.iter().map(|&pane| trace.panes[pane].summary.count as i64).sum();
            changes.entry(start).or_default().push((at, now - sum));
            sum = now;
        }
    }
    changes.into_iter().map(|(start, changes)| (start, added_up(changes))).collect()
}

/// Changes as what they come to, one for each instant.
fn added_up(mut changes: Vec<(ProcTime, i64)>) -> Vec<(ProcTime, u64)> {
    changes.sort_unstable();
    let mut sums: Vec<(ProcTime, u64)> = Vec::new();
    let mut sum = 0_i64;
    for (at, change) in changes {
        sum += change;
        let now = u64::try_from(sum).unwrap_or(0);
        match sums.last_mut() {
            Some(last) if last.0 == at => last.1 = now,
            _ => sums.push((at, now)),
        }
    }
    sums
}

/// Whether a later pane was made from the state that an earlier one of its window was.
fn replaces(trace: &Trace, later: usize, earlier: usize) -> bool {
    let Some(log) = &trace.recovery else { return true };
    log.panes[earlier].undone_in > log.panes[later].life
}

/// How often readers have seen a record beyond the first time, in the window in which that was most often;
/// the sum over all records.
pub fn duplicated(trace: &Trace, view: View) -> u64 {
    repeated(trace, view).len() as u64
}

/// The handlings by which readers have seen a record again, in the window in which that was most often: the
/// place of each in the log of the recovery, and when it was counted again. That is when it was handled
/// again, or, where one handling is in two panes that both stand, when readers first saw the second or one that it
/// has taken the place of. Ascending.
pub fn repeated(trace: &Trace, view: View) -> Vec<(usize, ProcTime)> {
    let Some(log) = trace.recovery.as_ref().filter(|log| log.panes.iter().any(|pane| pane.undone_in < NEVER)) else {
        return Vec::new();
    };
    let mut by_key: BTreeMap<KeyId, Vec<(EventTime, usize)>> = BTreeMap::new();
    for (place, it) in log.handlings.iter().enumerate().filter(|(_, it)| it.fate == Fate::Counted) {
        let (at, key) = (trace.stream.event_times()[it.record.index()], trace.stream.keys()[it.record.index()]);
        by_key.entry(key).or_default().push((at, place));
    }
    by_key.values_mut().for_each(|handlings| handlings.sort_unstable());
    let mut most: BTreeMap<RecordId, Vec<(ProcTime, usize)>> = BTreeMap::new();
    let written = written(trace, view);
    for (row, panes) in standing(trace, view) {
        let mut times: BTreeMap<RecordId, Vec<(ProcTime, usize)>> = BTreeMap::new();
        let handlings = by_key.get(&row.0).map_or(&[][..], Vec::as_slice);
        for (standing, &pane) in panes.iter().enumerate() {
            let window = trace.panes[pane].window;
            let first = handlings.partition_point(|&(at, _)| at < window.start);
            let inside = handlings[first..].iter().take_while(|&&(at, _)| at < window.end);
            for &(_, place) in inside.filter(|&&(_, place)| log.is_behind(place, pane)) {
                let before = panes[..standing].iter().rev().find(|&&earlier| log.is_behind(place, earlier));
                let at = before.map_or(log.handlings[place].at, |&before| {
                    // The first of those that this pane has taken the place of says it already.
                    let all = &written[&row];
                    let since = &all[all.partition_point(|&other| other <= before)..];
                    let says = |other: &&usize| {
                        log.is_behind(place, **other) && (**other == pane || replaces(trace, pane, **other))
                    };
                    since.iter().find(says).and_then(|&other| seen_at(trace, other, view)).unwrap_or(ProcTime::MAX)
                });
                times.entry(log.handlings[place].record).or_default().push((at, place));
            }
        }
        for (record, mut again) in times.into_iter().filter(|(_, places)| places.len() > 1) {
            again.sort_unstable();
            again.remove(0);
            let most = most.entry(record).or_default();
            if again.len() > most.len() {
                *most = again;
            }
        }
    }
    let mut all: Vec<(usize, ProcTime)> = most.into_values().flatten().map(|(at, place)| (place, at)).collect();
    all.sort_unstable();
    all
}
