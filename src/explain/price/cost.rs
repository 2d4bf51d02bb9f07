//! What a change costs: what differs between the run as it is and the run with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::explain::case::{Case, number, seconds};
use crate::explain::missed::windows_of;
use crate::explain::price::Goal;
use crate::explain::price::same::same_record;
use crate::explain::window;
use crate::human::count;
use crate::record::KeyId;
use crate::runtime::{Fate, Trace, WindowEnd};
use crate::time::ProcTime;
use crate::window::pane::{Timing, Window};

/// A shift of less than this many seconds is not told.
const NOTABLE_S: f64 = 0.05;

/// By how much the on-time results of some windows come later.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatencyShift {
    /// The median over keys and windows, in seconds; negative for sooner.
    pub median_s: f64,
    /// How many windows, keys taken together.
    pub windows: usize,
}

/// What differs between a run and the run with a change: the latter minus the former.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Records counted.
    pub counted: i64,
    /// Records dropped late.
    pub dropped_late: i64,
    /// Records in the side output.
    pub side_output: i64,
    /// Records lost, shed or refused.
    pub given_up: i64,
    /// Records not handled by the end.
    pub in_flight: i64,
    /// Duplicates.
    pub duplicated: i64,
    /// Panes that correct an earlier one.
    pub corrections: i64,
    /// How much later results come; `None` where none that both runs have does.
    pub latency: Option<LatencyShift>,
    /// How many seconds longer the state of a window is kept in the median, of those that closed in both.
    pub state_kept_s: Option<f64>,
}

impl Cost {
    /// Compares two finished runs over the same input.
    pub fn between(base: &Trace, trial: &Trace) -> Self {
        let (a, b) = (&base.ledger, &trial.ledger);
        let more = |a: u64, b: u64| b.cast_signed() - a.cast_signed();
        let given_up = |ledger: &crate::runtime::Ledger| ledger.lost + ledger.shed + ledger.dead_lettered;
        let late = |trace: &Trace| {
            let late = trace.panes.iter().filter(|pane| pane.timing == Timing::Late && !pane.is_retraction);
            late.count() as u64
        };
        Self {
            counted: more(a.counted, b.counted),
            dropped_late: more(a.dropped_late, b.dropped_late),
            side_output: more(a.side_output, b.side_output),
            given_up: more(given_up(a), given_up(b)),
            in_flight: more(a.in_flight, b.in_flight),
            duplicated: more(a.duplicated, b.duplicated),
            corrections: more(late(base), late(trial)),
            latency: latency(base, trial),
            state_kept_s: state_kept(base, trial),
        }
    }

    /// In words, the cost before the gain: `state kept 34 s longer; 10 more counted`.
    pub(super) fn words(&self, case: &Case<'_>, trial: &Case<'_>, goal: &Goal) -> String {
        let mut parts = Vec::new();
        if let Some(shift) = self.latency {
            let way = if shift.median_s < 0.0 { "sooner" } else { "later" };
            let plural = if shift.windows == 1 { "window" } else { "windows" };
            let windows = count(shift.windows as u64);
            parts.push(format!("results {} {way} on {windows} {plural}", seconds(shift.median_s.abs())));
        } else if let Some(kept) = self.state_kept_s.filter(|kept| kept.abs() >= NOTABLE_S) {
            let way = if kept < 0.0 { "shorter" } else { "longer" };
            parts.push(format!("state kept {} {way}", seconds(kept.abs())));
        }
        if trial.trace.pipeline.window != case.trace.pipeline.window {
            parts.push("answers for longer windows".to_owned());
        }
        let is_free = parts.is_empty();
        let amounts =
            [(self.counted, "counted"), (self.side_output, "to the side output"), (-self.in_flight, "handled")];
        let told = amounts.iter().find(|(amount, _)| *amount != 0);
        if let Some((amount, what)) = told {
            parts.push(more(*amount, what));
        }
        if self.duplicated != 0 {
            parts.push(more(self.duplicated, if self.duplicated.abs() == 1 { "duplicate" } else { "duplicates" }));
        }
        let words = parts.join("; ");
        match (still_short(case, trial, goal), is_free) {
            (Some(short), true) => format!("free, but {short}"),
            (Some(short), false) => format!("{words}; {short}"),
            (None, true) if words.is_empty() => "free".to_owned(),
            (None, true) => format!("free; {words}"),
            (None, false) => words,
        }
    }
}

fn more(amount: i64, what: &str) -> String {
    let way = if amount < 0 { "fewer" } else { "more" };
    format!("{} {way} {what}", count(amount.unsigned_abs()))
}

/// What stays wrong where the record is kept elsewhere, and not counted.
fn still_short(case: &Case<'_>, trial: &Case<'_>, goal: &Goal) -> Option<String> {
    let Goal::Count(id) = *goal else { return None };
    let own = same_record(&case.trace.stream, id, &trial.trace.stream)?;
    if !matches!(trial.trace.fates[own.index()], Fate::SideOutput | Fate::DeadLettered) {
        return None;
    }
    let window = windows_of(case.trace, id).into_iter().max_by_key(|window| window.end)?;
    let off = window::standing(trial, None, window).off_by?;
    if off == 0.0 {
        return None;
    }
    let way = if off < 0.0 { "short" } else { "too high" };
    Some(format!("{} stays {way} by {}", case.window_start(window), number(off.abs())))
}

/// When every window of every key said its on-time result first.
fn on_time(trace: &Trace) -> BTreeMap<(Window, KeyId), ProcTime> {
    let mut first = BTreeMap::new();
    for (place, pane) in trace.panes.iter().enumerate() {
        if pane.timing == Timing::OnTime && !pane.is_retraction {
            let visible = trace.delivered.get(place).copied().unwrap_or(pane.emitted_at);
            first.entry((pane.window, pane.key)).or_insert(visible);
        }
    }
    first
}

fn latency(base: &Trace, trial: &Trace) -> Option<LatencyShift> {
    let (before, after) = (on_time(base), on_time(trial));
    let mut shifts: Vec<f64> = Vec::new();
    let mut windows: Vec<Window> = Vec::new();
    for (at, &was) in &before {
        let Some(&is) = after.get(at) else { continue };
        let shift = if is.is_finite() && was.is_finite() { (is - was).as_secs_f64() } else { 0.0 };
        if shift.abs() >= NOTABLE_S {
            shifts.push(shift);
            windows.push(at.0);
        }
    }
    windows.dedup();
    Some(LatencyShift { median_s: median(&mut shifts)?, windows: windows.len() })
}

fn state_kept(base: &Trace, trial: &Trace) -> Option<f64> {
    let closed = |trace: &Trace| {
        let mut closed: BTreeMap<(Window, KeyId), ProcTime> = BTreeMap::new();
        for life in &trace.windows {
            if let WindowEnd::Closed { at } = life.end {
                closed.entry((life.window, life.key)).or_insert(at);
            }
        }
        closed
    };
    let (before, after) = (closed(base), closed(trial));
    let both = before.iter().filter_map(|(at, &was)| after.get(at).map(|&is| (is - was).as_secs_f64()));
    median(&mut both.collect::<Vec<f64>>())
}

/// The lower of the two in the middle of an even number.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.len().checked_sub(1).map(|last| values[last / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_value_that_occurs() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0]), Some(1.0));
        assert_eq!(median(&mut [5.0, 1.0, 3.0]), Some(3.0));
    }

    #[test]
    fn amounts_say_which_way_they_go() {
        assert_eq!(more(10, "counted"), "10 more counted");
        assert_eq!(more(-1_200, "counted"), "1,200 fewer counted");
    }
}
