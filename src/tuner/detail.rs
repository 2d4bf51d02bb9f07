//! What a setting does to single records, keys and values: a walk over all records, so for one point at
//! a time.
//!
//! The error of an aggregate is relative, per key and window: |value - truth| / |truth|, where the
//! value is over the records that were counted and the truth over all of them. It is 1 where nothing
//! was counted or where the truth is 0 and the value is not.

use std::collections::BTreeMap;

use crate::metrics::freshness;
use crate::metrics::report::Latency;
use crate::oracle::Truth;
use crate::pipeline::{Aggregate, AtEnd};
use crate::record::{KeyId, Record};
use crate::runtime::{Fate, Trace, WindowEnd, WindowLife};
use crate::time::{ProcTime, Span};
use crate::tuner::point::share;
use crate::tuner::scan::Scan;
use crate::tuner::setting::Setting;
use crate::window::aggregate::Summary;
use crate::window::pane::Window;

/// The aggregates whose error is told.
pub const AGGREGATES: [Aggregate; 5] =
    [Aggregate::Count, Aggregate::Sum, Aggregate::Mean, Aggregate::Min, Aggregate::Max];

/// What a setting does to single records, keys and values.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The setting.
    pub setting: Setting,
    /// Processing time of the first pane that holds a record, minus its event time.
    pub freshness_s: Latency,
    /// The key of which the smallest share of records was counted, the first of several; `None` when no
    /// record falls in a window.
    pub worst_key: Option<WorstKey>,
    /// One for each of [`AGGREGATES`], in that order.
    pub errors: [AggregateError; 5],
}

impl Detail {
    /// The error of an aggregate; `None` for the special ones.
    pub fn error(&self, aggregate: Aggregate) -> Option<&AggregateError> {
        self.errors.iter().find(|it| it.aggregate == aggregate)
    }
}

/// The key of which the smallest share of records was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorstKey {
    /// Which.
    pub key: KeyId,
    /// Records of it that were counted.
    pub counted: u64,
    /// Records of it that fall in a window.
    pub records: u64,
}

impl WorstKey {
    /// Counted records as a share of all.
    pub fn completeness(&self) -> f64 {
        share(self.counted, self.records)
    }

    /// Of the counts of keys, in their order: counted, and all.
    fn of(keys: &[(u64, u64)]) -> Option<Self> {
        let mut worst: Option<Self> = None;
        for (key, &(counted, records)) in keys.iter().enumerate().filter(|(_, (_, records))| *records > 0) {
            let is_worse = |it: &Self| {
                u128::from(records - counted) * u128::from(it.records)
                    > u128::from(it.records - it.counted) * u128::from(records)
            };
            if worst.as_ref().is_none_or(is_worse) {
                worst = Some(Self { key: KeyId(key as u32), counted, records });
            }
        }
        worst
    }
}

/// How far the values of an aggregate are from the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AggregateError {
    /// Which.
    pub aggregate: Aggregate,
    /// The mean over all keys and windows that hold a record.
    pub mean: f64,
    /// The largest.
    pub worst: f64,
    /// Where that is, the first of several by window end and key; `None` when every value is right.
    pub worst_at: Option<(KeyId, Window)>,
}

/// What was counted, and all there is, by window and key.
struct Cell {
    at: (KeyId, Window),
    counted: Summary,
    truth: Summary,
}

/// The errors over the cells that miss a record, in order, of so many.
fn errors(incomplete: &[Cell], cells: u64) -> [AggregateError; 5] {
    AGGREGATES.map(|aggregate| {
        let mut error = AggregateError { aggregate, mean: 0.0, worst: 0.0, worst_at: None };
        let mut sum = 0.0;
        for cell in incomplete {
            let off = relative(&cell.counted, &cell.truth, aggregate);
            sum += off;
            if off > error.worst {
                (error.worst, error.worst_at) = (off, Some(cell.at));
            }
        }
        error.mean = if cells == 0 { 0.0 } else { sum / cells as f64 };
        error
    })
}

fn relative(counted: &Summary, truth: &Summary, aggregate: Aggregate) -> f64 {
    let value = if counted.count == 0 { None } else { counted.value(aggregate) };
    match (value, truth.value(aggregate)) {
        (Some(value), Some(truth)) if value == truth => 0.0,
        (Some(value), Some(truth)) if truth != 0.0 => ((value - truth) / truth).abs(),
        _ => 1.0,
    }
}

/// What becomes of a window at one setting, in records that are handled before.
struct Fates {
    /// Before it fires.
    fires: u32,
    fires_at: ProcTime,
    /// Before it is gone.
    goes: u32,
}

impl Scan {
    /// What a setting does to single records, keys and values. O(records).
    pub fn detail(&self, bound: Span, lateness: Span) -> Detail {
        let setting = Setting { window: self.spec, bound, lateness };
        let fates = self.fates(setting);
        let stream = self.profile.stream();
        let mut keys = vec![(0, 0); stream.key_table().len().max(1)];
        let mut fresh = Vec::with_capacity(stream.len());
        for record in stream.records() {
            let (first, last) = self.grid.numbers(record.event_time);
            let mut windows = (first..=last).map(|number| &fates[self.place(number)]);
            let counts = windows.find(|fate| record.id.0 < fate.goes);
            let is_assigned = first <= last || self.is_late_stray(&record, setting.horizon());
            if let Some(key) = keys.get_mut(record.key.index()).filter(|_| is_assigned) {
                *key = (key.0 + u64::from(counts.is_some()), key.1 + 1);
            }
            // The windows after it fire later still.
            let shown_at =
                counts.map(
                    |fate| {
                        if record.id.0 < fate.fires { fate.fires_at } else { stream.arrivals()[record.id.index()] }
                    },
                );
            fresh.extend(shown_at.filter(|&at| at < ProcTime::MAX).map(|at| at.since_event(record.event_time)));
        }
        Detail {
            setting,
            freshness_s: Latency::of(fresh),
            worst_key: WorstKey::of(&keys),
            errors: errors(&self.incomplete(&fates), self.cells()),
        }
    }

    fn fates(&self, setting: Setting) -> Vec<Fates> {
        let last_arrival = self.profile.stream().arrival_range().map(|(_, last)| last);
        let never = match self.at_end {
            AtEnd::Hold => ProcTime::MAX,
            AtEnd::Flush => last_arrival.unwrap_or(ProcTime::MAX),
        };
        let (mut fires, mut goes) = (0, 0);
        let fate = |number: i64| {
            let end = self.grid.end(number);
            fires = self.profile.rise_to(end.saturating_add(setting.bound.micros()), fires);
            goes = self.profile.rise_to(end.saturating_add(setting.horizon().micros()), goes);
            Fates {
                fires: self.profile.met_by(fires),
                fires_at: self.profile.risen_at(fires).unwrap_or(never),
                goes: self.profile.met_by(goes),
            }
        };
        self.windows.iter().map(|held| held.number).map(fate).collect()
    }

    /// Whether a record in no window is late by itself.
    fn is_late_stray(&self, record: &Record, horizon: Span) -> bool {
        let met = record.event_time.micros().saturating_add(horizon.micros()).saturating_add(1);
        record.id.0 >= self.profile.met_by(self.profile.rise_to(met, 0))
    }

    /// The place of a window that holds a record.
    fn place(&self, number: i64) -> usize {
        self.windows.partition_point(|held| held.number < number)
    }

    /// The keys and windows that miss a record.
    fn incomplete(&self, fates: &[Fates]) -> Vec<Cell> {
        let stream = self.profile.stream();
        let mut cells: BTreeMap<(usize, KeyId), (Summary, Summary)> = BTreeMap::new();
        let mut is_incomplete = vec![false; self.windows.len()];
        for (place, fate) in fates.iter().enumerate() {
            let late = self.late.of_window(place);
            for &record in &late[late.partition_point(|&record| record < fate.goes)..] {
                is_incomplete[place] = true;
                cells.entry((place, stream.keys()[record as usize])).or_default();
            }
        }
        for record in stream.records() {
            let (first, last) = self.grid.numbers(record.event_time);
            for number in first..=last {
                let place = self.place(number);
                if !is_incomplete[place] {
                    continue;
                }
                if let Some((counted, truth)) = cells.get_mut(&(place, record.key)) {
                    truth.add(record.value);
                    if record.id.0 < fates[place].goes {
                        counted.add(record.value);
                    }
                }
            }
        }
        let cell = |((place, key), (counted, truth)): ((usize, KeyId), (Summary, Summary))| Cell {
            at: (key, self.grid.window(self.windows[place].number)),
            counted,
            truth,
        };
        cells.into_iter().map(cell).collect()
    }
}

impl Detail {
    /// The same of a run of the engine. `truth` is the batch answer for its windows.
    pub fn of_trace(trace: &Trace, setting: Setting, truth: &Truth) -> Self {
        let mut keys = vec![(0, 0); trace.stream.key_table().len().max(1)];
        for (key, fate) in trace.stream.keys().iter().zip(&trace.fates) {
            if let Some(key) = keys.get_mut(key.index()).filter(|_| *fate != Fate::Unassigned) {
                *key = (key.0 + u64::from(*fate == Fate::Counted), key.1 + 1);
            }
        }
        Self {
            setting,
            freshness_s: Latency::of(freshness::freshness(trace)),
            worst_key: WorstKey::of(&keys),
            errors: errors(&incomplete_of_trace(trace, truth), truth.windows().len() as u64),
        }
    }
}

fn incomplete_of_trace(trace: &Trace, truth: &Truth) -> Vec<Cell> {
    let mut counted: BTreeMap<(KeyId, Window), Summary> = BTreeMap::new();
    let is_whole = |life: &&WindowLife| matches!(life.end, WindowEnd::StillKept | WindowEnd::Closed { .. });
    for life in trace.windows.iter().filter(is_whole) {
        // An incomplete session is part of the complete one in which it starts.
        let up_to = (life.key, Window::new(life.window.start, crate::time::EventTime::MAX));
        let whole = truth.windows().get_key_value(&(life.key, life.window));
        let whole = whole.or_else(|| truth.windows().range(..=up_to).next_back());
        if let Some((&at, _)) = whole.filter(|(at, _)| at.0 == life.key) {
            counted.entry(at).or_default().merge(&life.summary);
        }
    }
    let cell = |(&at, &truth): (&(KeyId, Window), &Summary)| Cell {
        at,
        counted: counted.get(&at).copied().unwrap_or_default(),
        truth,
    };
    let mut cells: Vec<Cell> =
        truth.windows().iter().map(cell).filter(|cell| cell.counted.count < cell.truth.count).collect();
    cells.sort_by_key(|cell| (cell.at.1.end, cell.at.1.start, cell.at.0));
    cells
}
