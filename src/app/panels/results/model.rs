//! The table that readers of the sink see, at any instant: its rows, and every change of them.
//!
//! A row is a window as readers know it: its key and its start, as in [`crate::runtime::outcome`]. A change is
//! a pane at the instant at which readers see it (with transactions: when they are committed). Built once per
//! run in O(n log n) of panes; a question of one row costs the panes of that row.

use std::ops::Range;

use crate::oracle::{Truth, special_truth};
use crate::pipeline::Aggregate;
use crate::record::KeyId;
use crate::runtime::Trace;
use crate::runtime::outcome::{View, seen_at};
use crate::sink::SinkSpec;
use crate::time::{EventTime, ProcTime};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::Summary;
use crate::window::pane::{Pane, Timing, Window};

/// The batch answer of a special aggregate is worked out for so many records at most.
const MOST_SPECIAL: usize = 200_000;

/// What happens to the table with a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A row more.
    Insert,
    /// The old value of a row that is about to be another one.
    UpdateBefore,
    /// The new value of a row.
    UpdateAfter,
    /// A row less.
    Delete,
}

impl Op {
    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::UpdateBefore => "update before",
            Self::UpdateAfter => "update after",
            Self::Delete => "delete",
        }
    }

    /// As a changelog stream of Flink marks it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Insert => "+I",
            Self::UpdateBefore => "\u{2212}U",
            Self::UpdateAfter => "+U",
            Self::Delete => "\u{2212}D",
        }
    }
}

/// A row, whatever it says at an instant.
#[derive(Clone, Debug)]
struct RowInfo {
    key: KeyId,
    /// Its changes, as a range of [`TableModel::of_rows`].
    changes: Range<usize>,
    /// The batch answer of its last extent.
    truth: Option<f64>,
}

/// What a row says at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowNow {
    /// The key.
    pub key: KeyId,
    /// The extent as it was said last.
    pub window: Window,
    /// The value; `None` where nothing has none.
    pub value: Option<f64>,
    /// The batch answer.
    pub truth: Option<f64>,
    /// Value minus truth; `None` while the watermark has not reached the window's end.
    pub error: Option<f64>,
    /// When it was fired last, seen from its window.
    pub timing: Timing,
    /// How often it was changed after it was there.
    pub updates: u32,
    /// How many rows of an appending sink stand for it; 1 unless a restart has doubled it.
    pub rows: u32,
    /// Since when readers see it.
    pub since: ProcTime,
}

/// One change of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What happens.
    pub op: Op,
    /// The key.
    pub key: KeyId,
    /// The extent.
    pub window: Window,
    /// The value that is said, or withdrawn.
    pub value: Option<f64>,
    /// The value that was there before, where this takes its place without withdrawing it.
    pub instead_of: Option<f64>,
    /// Seen from its window.
    pub timing: Timing,
    /// When readers see it.
    pub at: ProcTime,
}

/// The table of a run, at any instant.
#[derive(Debug)]
pub struct TableModel {
    /// When readers see each change, ascending.
    seen: Vec<ProcTime>,
    /// The pane of each change.
    panes: Vec<u32>,
    /// The row of each change.
    row_of: Vec<u32>,
    /// Changes by row, ascending.
    of_rows: Vec<u32>,
    /// By start, then by key.
    rows: Vec<RowInfo>,
}

impl TableModel {
    /// Of a finished run and the batch answer beside it.
    pub fn of(trace: &Trace, truth: &Truth) -> Self {
        let mut order: Vec<(ProcTime, u32)> = Vec::with_capacity(trace.panes.len());
        for place in 0..trace.panes.len() {
            // A trace has fewer than 2^32 panes.
            order.extend(seen_at(trace, place, View::Committed).map(|at| (at, place as u32)));
        }
        order.sort_unstable();
        let row = |pane: u32| (trace.panes[pane as usize].window.start, trace.panes[pane as usize].key);
        let mut by_row: Vec<u32> = (0..order.len() as u32).collect();
        by_row.sort_by_key(|&change| (row(order[change as usize].1), change));
        let truths = Truths::of(trace, truth);
        let (mut rows, mut row_of): (Vec<RowInfo>, Vec<u32>) = (Vec::new(), vec![0; order.len()]);
        let mut last: Option<(EventTime, KeyId)> = None;
        for (place, &change) in by_row.iter().enumerate() {
            let pane = &trace.panes[order[change as usize].1 as usize];
            if last != Some((pane.window.start, pane.key)) {
                last = Some((pane.window.start, pane.key));
                rows.push(RowInfo { key: pane.key, changes: place..place, truth: None });
            }
            let number = rows.len() - 1;
            rows[number].changes.end = place + 1;
            row_of[change as usize] = number as u32;
        }
        for row in &mut rows {
            let last = row.changes.clone().next_back().map(|place| by_row[place] as usize);
            row.truth = last.and_then(|last| truths.of_pane(&trace.panes[order[last].1 as usize]));
        }
        let (seen, panes) = order.into_iter().unzip();
        Self { seen, panes, row_of, of_rows: by_row, rows }
    }

    /// How many changes readers have seen at `now`.
    pub fn changes_at(&self, now: ProcTime) -> usize {
        self.seen.partition_point(|&at| at <= now)
    }

    /// Rows that are ever there.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The key of a row.
    pub fn key(&self, row: usize) -> KeyId {
        self.rows[row].key
    }

    /// What a row says after the first `changes` of all changes, where the watermark is at `watermark`; `None`
    /// where it is not there.
    pub fn row(&self, trace: &Trace, row: usize, changes: usize, watermark: EventTime) -> Option<RowNow> {
        let info = &self.rows[row];
        let all = &self.of_rows[info.changes.clone()];
        let seen = &all[..all.partition_point(|&change| (change as usize) < changes)];
        let last = *seen.last()? as usize;
        let pane = self.pane(trace, last);
        if pane.is_retraction {
            return None;
        }
        let (value, rows) = self.standing(trace, seen);
        let results = seen.iter().filter(|&&change| !self.pane(trace, change as usize).is_retraction).count();
        let is_open = pane.window.end > watermark;
        Some(RowNow {
            key: info.key,
            window: pane.window,
            value,
            truth: info.truth,
            error: if is_open { None } else { value.zip(info.truth).map(|(value, truth)| value - truth) },
            timing: pane.timing,
            // A row has fewer than 2^32 changes.
            updates: results as u32 - 1,
            rows,
            since: self.seen[last],
        })
    }

    /// The value of a row after these changes of it, and how many rows of the sink stand for it.
    fn standing(&self, trace: &Trace, seen: &[u32]) -> (Option<f64>, u32) {
        let aggregate = trace.pipeline.aggregate;
        let last = seen.last().map(|&change| self.pane(trace, change as usize));
        let value = last.and_then(|pane| pane.value(aggregate));
        if trace.pipeline.sink == SinkSpec::Upsert || aggregate.is_special() {
            return (value, 1);
        }
        let discards = trace.pipeline.accumulation == Accumulation::Discarding;
        let log = trace.recovery.as_deref();
        if !discards && log.is_none() {
            return (value, 1);
        }
        // What a restart has undone is in nobody's state any more, and stands beside what is said again.
        let life = |change: u32| log.map_or(0, |log| log.panes[self.panes[change as usize] as usize].life);
        let undone =
            |change: u32| log.map_or(u32::MAX, |log| log.panes[self.panes[change as usize] as usize].undone_in);
        let (mut sum, mut rows) = (Summary::default(), 0);
        for (place, &change) in seen.iter().enumerate() {
            let pane = self.pane(trace, change as usize);
            let is_replaced = !discards && seen[place + 1..].iter().any(|&later| undone(change) > life(later));
            if !pane.is_retraction && !is_replaced {
                sum.merge(&pane.summary);
                rows += 1;
            }
        }
        (sum.value(aggregate), rows)
    }

    fn pane<'a>(&self, trace: &'a Trace, change: usize) -> &'a Pane {
        &trace.panes[self.panes[change] as usize]
    }

    /// The row of a change.
    pub fn row_of(&self, change: usize) -> usize {
        self.row_of[change] as usize
    }

    /// A change, by its place.
    pub fn change(&self, trace: &Trace, change: usize) -> Change {
        let pane = self.pane(trace, change);
        let of_row = &self.of_rows[self.rows[self.row_of(change)].changes.clone()];
        let place = of_row.partition_point(|&other| (other as usize) < change);
        let before = place.checked_sub(1).map(|before| self.pane(trace, of_row[before] as usize));
        let after = of_row.get(place + 1).map(|&after| (self.pane(trace, after as usize), self.seen[after as usize]));
        let is_there = before.is_some_and(|before| !before.is_retraction);
        let follows_a_withdrawal = before
            .is_some_and(|before| before.is_retraction && self.seen[of_row[place - 1] as usize] == self.seen[change]);
        let retracts = trace.pipeline.accumulation == Accumulation::AccumulatingAndRetracting;
        let upserts = trace.pipeline.sink == SinkSpec::Upsert;
        let op = if pane.is_retraction {
            let is_update = after.is_some_and(|(after, at)| !after.is_retraction && at == self.seen[change]);
            if is_update { Op::UpdateBefore } else { Op::Delete }
        } else if follows_a_withdrawal || (is_there && (upserts || retracts)) {
            Op::UpdateAfter
        } else {
            Op::Insert
        };
        let aggregate = trace.pipeline.aggregate;
        let takes_its_place = op == Op::UpdateAfter && is_there;
        Change {
            op,
            key: pane.key,
            window: pane.window,
            value: pane.value(aggregate),
            instead_of: before.filter(|_| takes_its_place).and_then(|before| before.value(aggregate)),
            timing: pane.timing,
            at: self.seen[change],
        }
    }
}

/// The batch answers, whatever the aggregate.
struct Truths<'a> {
    aggregate: Aggregate,
    truth: &'a Truth,
    special: Option<Truth<f64>>,
}

impl<'a> Truths<'a> {
    fn of(trace: &Trace, truth: &'a Truth) -> Self {
        let aggregate = trace.pipeline.aggregate;
        let asks = aggregate.is_special() && trace.stream.len() <= MOST_SPECIAL;
        let special = asks.then(|| special_truth(&trace.stream, trace.pipeline.window, aggregate));
        Self { aggregate, truth, special }
    }

    fn of_pane(&self, pane: &Pane) -> Option<f64> {
        match &self.special {
            Some(special) => special.of_window(pane.key, pane.window).copied(),
            None if self.aggregate.is_special() => None,
            None => self.truth.of_window(pane.key, pane.window)?.value(self.aggregate),
        }
    }
}

/// Rows of the table that are off, by how much, at an instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Rows that are there.
    pub rows: usize,
    /// Of those, rows whose window is complete.
    pub complete: usize,
    /// Of those, rows that are off.
    pub wrong: usize,
    /// By how much in all, without signs.
    pub total: f64,
    /// Those that are most off, the worst first, at most three.
    pub worst: Vec<(usize, f64)>,
}

impl Errors {
    /// Takes in a row.
    pub fn add(&mut self, number: usize, row: &RowNow) {
        self.rows += 1;
        let Some(error) = row.error else { return };
        self.complete += 1;
        if error != 0.0 {
            self.wrong += 1;
            self.total += error.abs();
            let place = self.worst.partition_point(|(_, other)| other.abs() >= error.abs());
            self.worst.insert(place, (number, error));
            self.worst.truncate(3);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::app::panels::time_map::fixture;
    use crate::pipeline::{Pipeline, WindowSpec};
    use crate::runtime::outcome::standing;

    fn trace(change: impl Fn(Pipeline) -> Pipeline) -> Trace {
        let plain = fixture::trace(400, 3, fixture::tumbling(), 4);
        fixture::run_pipeline(&plain.stream, change(plain.pipeline.clone()))
    }

    fn model(trace: &Trace) -> TableModel {
        TableModel::of(trace, &Truth::of(&trace.stream, trace.pipeline.window))
    }

    #[test]
    fn at_any_instant_the_table_is_what_was_said_last_of_every_window() {
        for accumulation in [Accumulation::Accumulating, Accumulation::AccumulatingAndRetracting] {
            let trace = trace(|pipeline| Pipeline { accumulation, ..pipeline });
            let model = model(&trace);
            for now in fixture::instants(&trace, 40) {
                let mut expected: BTreeMap<(EventTime, KeyId), f64> = BTreeMap::new();
                for pane in trace.panes.iter().filter(|pane| pane.emitted_at <= now && !pane.is_retraction) {
                    expected.insert((pane.window.start, pane.key), pane.summary.sum);
                }
                let changes = model.changes_at(now);
                let rows: Vec<RowNow> = (0..model.rows())
                    .filter_map(|row| model.row(&trace, row, changes, trace.watermark_at(now)))
                    .collect();
                let found: Vec<_> = rows.iter().map(|row| ((row.window.start, row.key), row.value)).collect();
                let expected: Vec<_> = expected.into_iter().map(|(at, value)| (at, Some(value))).collect();
                assert_eq!(found, expected, "at {now}");
            }
        }
    }

    #[test]
    fn discarded_parts_are_added_up_where_they_are_appended() {
        let trace = trace(|pipeline| Pipeline { accumulation: Accumulation::Discarding, ..pipeline });
        let model = model(&trace);
        let rows = standing(&trace, View::Committed);
        let several = rows.values().filter(|panes| panes.len() > 1).count();
        assert!(several > 0, "some window has parts");
        let found: Vec<Option<f64>> = (0..model.rows())
            .filter_map(|row| model.row(&trace, row, usize::MAX, EventTime::MAX))
            .map(|row| row.value)
            .collect();
        let mut expected: Vec<_> = rows.into_iter().collect();
        expected.sort_by_key(|((key, start), _)| (*start, *key));
        let sum = |panes: &Vec<usize>| Some(panes.iter().map(|&pane| trace.panes[pane].summary.sum).sum::<f64>());
        assert_eq!(found, expected.iter().map(|(_, panes)| sum(panes)).collect::<Vec<_>>());
    }

    #[test]
    fn changes_say_what_happens_to_the_table() {
        let signs = |trace: &Trace| -> Vec<&'static str> {
            let model = model(trace);
            let of_row = |change: &usize| model.row_of(*change) == 0;
            (0..model.changes_at(ProcTime::MAX))
                .filter(of_row)
                .map(|change| model.change(trace, change).op.sign())
                .collect()
        };
        let rows = [(1, 1, "a"), (11, 11, "a"), (5, 12, "a")];
        let plain = fixture::trace_of(&rows, fixture::tumbling(), fixture::span(0), fixture::span(5));
        let with = |change: &dyn Fn(Pipeline) -> Pipeline| {
            signs(&fixture::run_pipeline(&plain.stream, change(plain.pipeline.clone())))
        };
        assert_eq!(with(&|pipeline| pipeline), ["+I", "+I"], "an appending sink has one row more");
        assert_eq!(with(&|pipeline| Pipeline { sink: SinkSpec::Upsert, ..pipeline }), ["+I", "+U"]);
        let retracting = |pipeline| Pipeline { accumulation: Accumulation::AccumulatingAndRetracting, ..pipeline };
        assert_eq!(with(&retracting), ["+I", "\u{2212}U", "+U"]);
    }

    #[test]
    fn a_session_that_becomes_part_of_another_is_deleted() {
        // Sessions of a at 0 and at 10 (gap 6) fire at 21, and the record of 5 bridges them.
        let rows = [(0, 1, "a"), (10, 10, "a"), (21, 21, "a"), (5, 22, "a")];
        let session = WindowSpec::Session { gap: fixture::span(6) };
        let plain = fixture::trace_of(&rows, session, fixture::span(0), fixture::span(30));
        let retracting = Pipeline { accumulation: Accumulation::AccumulatingAndRetracting, ..plain.pipeline.clone() };
        let trace = fixture::run_pipeline(&plain.stream, retracting);
        let model = model(&trace);
        let all = model.changes_at(ProcTime::MAX);
        let ops: Vec<Op> = (0..all).map(|change| model.change(&trace, change).op).collect();
        assert!(ops.contains(&Op::Delete), "{ops:?}");
        let rows: Vec<RowNow> =
            (0..model.rows()).filter_map(|row| model.row(&trace, row, all, EventTime::MAX)).collect();
        assert_eq!(
            rows.iter().map(|row| (row.window.start, row.value)).collect::<Vec<_>>(),
            [(fixture::event(0), Some(3.0))]
        );
    }
}
