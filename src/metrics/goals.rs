//! Grades goals: whether each holds for a run, and what the run has to show instead.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::human;
use crate::metrics::quantile::Quantile;
use crate::metrics::report::latencies;
use crate::record::KeyId;
use crate::runtime::{Fate, Trace};
use crate::scenario::Scenario;
use crate::scenario::goal::{FateGoal, Goal};
use crate::scenario::records::instant;
use crate::time::{EventTime, Span};
use crate::window::aggregate::Summary;

/// A goal and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GoalRow {
    /// The goal in words.
    pub goal: String,
    /// Whether the run reaches it.
    pub met: bool,
    /// What the run has to show.
    pub actual: String,
}

/// Every goal of the scenario, graded.
pub fn goals(scenario: &Scenario, trace: &Trace) -> Vec<GoalRow> {
    scenario.goals.iter().map(|goal| grade(goal, scenario, trace)).collect()
}

/// Grades one goal.
pub fn grade(goal: &Goal, scenario: &Scenario, trace: &Trace) -> GoalRow {
    let (met, actual) = match goal {
        Goal::Says { window, key, value } => says(scenario, trace, window, key.as_deref(), *value),
        Goal::Becomes { record, fate } => becomes(scenario, trace, record, *fate),
        Goal::Complete(least) => {
            let assigned = trace.ledger.produced - trace.ledger.unassigned;
            let share = if assigned == 0 { 1.0 } else { trace.ledger.counted as f64 / assigned as f64 };
            (share >= *least, format!("{:.2}%", share * 100.0))
        }
        Goal::DroppedAtMost(most) => (trace.ledger.dropped_late <= *most, human::count(trace.ledger.dropped_late)),
        Goal::Within { latency, quantile } => within(trace, *latency, *quantile),
    };
    GoalRow { goal: goal.to_string(), met, actual }
}

/// What distances and times of day count from.
fn start_of(scenario: &Scenario, trace: &Trace) -> i64 {
    let named = scenario.source.start_time().map(EventTime::micros);
    named.or_else(|| trace.stream.arrivals().first().map(|first| first.micros())).unwrap_or(0)
}

fn says(scenario: &Scenario, trace: &Trace, window: &str, key: Option<&str>, value: f64) -> (bool, String) {
    let start = instant(start_of(scenario, trace), window).map(EventTime::from_micros);
    let names = trace.stream.key_table();
    let panes = trace.panes.iter().filter(|pane| Some(pane.window.start) == start && !pane.is_retraction);
    let mut last: BTreeMap<KeyId, (Summary, Option<f64>)> = BTreeMap::new();
    for pane in panes.filter(|pane| key.is_none_or(|key| names.name(pane.key) == key)) {
        last.insert(pane.key, (pane.summary, pane.special));
    }
    let aggregate = trace.pipeline.aggregate;
    let said = match last.len() {
        0 => None,
        1 if aggregate.is_special() => last.values().next().and_then(|(_, special)| *special),
        _ if aggregate.is_special() => None,
        _ => {
            let mut all = Summary::default();
            last.values().for_each(|(summary, _)| all.merge(summary));
            all.value(aggregate)
        }
    };
    let met = said.is_some_and(|said| (said - value).abs() <= value.abs().max(1.0) * 1e-6);
    (met, said.map_or_else(|| "nothing".to_owned(), |said| said.to_string()))
}

fn becomes(scenario: &Scenario, trace: &Trace, record: &str, fate: FateGoal) -> (bool, String) {
    let at = instant(start_of(scenario, trace), record).map(EventTime::from_micros);
    let found = trace.stream.event_times().iter().position(|time| Some(*time) == at);
    let Some(actual) = found.map(|place| trace.fates[place]) else {
        return (false, "there is no such record".to_owned());
    };
    let met = match fate {
        FateGoal::Counted => actual == Fate::Counted,
        FateGoal::Dropped => actual == Fate::DroppedLate,
        FateGoal::SideOutput => actual == Fate::SideOutput,
    };
    let words = match actual {
        Fate::Counted => "counted",
        Fate::DroppedLate => "dropped late",
        Fate::SideOutput => "in the side output",
        Fate::InFlight => "not handled by the end",
        Fate::Unassigned => "in no window",
        Fate::Shed | Fate::Lost | Fate::DeadLettered | Fate::Rejected => "given up",
    };
    (met, words.to_owned())
}

fn within(trace: &Trace, latency: Span, quantile: f64) -> (bool, String) {
    let mut all = latencies(&trace.panes);
    all.sort_unstable();
    match Quantile::per_mille((quantile * 1000.0).round() as u64).of_sorted(&all) {
        Some(actual) => (actual <= latency, human::span(actual)),
        None => (false, "no result on time".to_owned()),
    }
}
