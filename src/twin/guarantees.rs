//! One stream, one seed, the same failures, three guarantees: at most once, at least once, exactly once.
//!
//! Each guarantee is run with the sink that goes with it, and once more without crashes, which says what its
//! windows should hold. Everything else is as the scenario says; where that does not go together with a
//! guarantee, its place says why.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::gate::GatePolicy;
use crate::metrics::delivery::{WindowDelivery, by_window};
use crate::pipeline::{Barriers, Delivery};
use crate::record::Stream;
use crate::runtime::outcome::{View, seen_over_time};
use crate::runtime::recovery_log::Cause;
use crate::runtime::{Ledger, RunConfig, Trace, run};
use crate::scenario::{Fault, Scenario, check};
use crate::sink::SinkSpec;
use crate::sink::spec::DEFAULT_TRANSACTION_TIMEOUT;
use crate::time::{EventTime, ProcTime, Span};
use crate::twin::watch::Watch;

/// The guarantees in the order in which they are shown: from the weakest to the strongest.
pub const ORDER: [Delivery; 3] = [Delivery::AtMostOnce, Delivery::AtLeastOnce, Delivery::ExactlyOnce];

/// What readers of committed results have seen under one guarantee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Which guarantee.
    pub delivery: Delivery,
    /// Every window, by key and start.
    pub windows: Vec<WindowDelivery>,
    /// By start of the windows: how many records readers saw in them, at every instant at which that changed.
    pub seen: BTreeMap<EventTime, Vec<(ProcTime, u64)>>,
    /// Where the records of the run were in the end.
    pub ledger: Ledger,
    /// When records were handled, undone, lost, or counted once more.
    pub watch: Watch,
    /// From one checkpoint to the next; `None` where none are taken.
    pub interval: Option<Span>,
    /// Whether the scenario says nothing of checkpoints, so that these are the default ones.
    pub is_default_interval: bool,
    /// What to know of the numbers; empty where there is nothing.
    pub note: String,
}

/// Sums over windows, in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Held by windows where nothing fails.
    pub expected: u64,
    /// Seen by readers.
    pub seen: u64,
    /// Missing from windows.
    pub lost: u64,
    /// Too many in windows.
    pub repeated: u64,
}

impl Totals {
    fn add(&mut self, window: &WindowDelivery) {
        self.expected += window.expected;
        self.seen += window.seen;
        self.lost += window.lost();
        self.repeated += window.repeated();
    }
}

impl Outcome {
    /// The sums over all windows.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.windows.iter().for_each(|window| totals.add(window));
        totals
    }

    /// How many records readers see at `now` in the windows of a start, over all keys, and whether that is all
    /// that they ever see there.
    pub fn seen_by(&self, start: EventTime, now: ProcTime) -> (u64, bool) {
        let steps = self.seen.get(&start).map_or(&[][..], Vec::as_slice);
        let past = steps.partition_point(|(at, _)| *at <= now);
        (past.checked_sub(1).map_or(0, |last| steps[last].1), past == steps.len())
    }

    /// Whether records are missing from windows although none is lost: results do not come out by the end.
    pub fn is_stuck(&self) -> bool {
        self.ledger.lost == 0 && self.windows.iter().any(|window| window.lost() > 0)
    }

    /// The sums over the keys, by start of the window, ascending.
    pub fn by_start(&self) -> Vec<(EventTime, Totals)> {
        let mut starts: Vec<EventTime> = self.windows.iter().map(|window| window.start).collect();
        starts.sort_unstable();
        starts.dedup();
        let mut sums: Vec<(EventTime, Totals)> = starts.into_iter().map(|start| (start, Totals::default())).collect();
        for window in &self.windows {
            let place = sums.partition_point(|(start, _)| *start < window.start);
            sums[place].1.add(window);
        }
        sums
    }
}

/// The three side by side, in [`ORDER`]; for one that the scenario cannot be run with, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarantees {
    /// One for each of [`ORDER`].
    pub outcomes: [Result<Outcome, String>; 3],
}

impl Guarantees {
    /// Runs a scenario six times over this stream.
    pub fn of(scenario: &Scenario, stream: &Arc<Stream>) -> Self {
        Self { outcomes: ORDER.map(|delivery| outcome(scenario, stream, delivery)) }
    }
}

fn outcome(scenario: &Scenario, stream: &Arc<Stream>, delivery: Delivery) -> Result<Outcome, String> {
    let is_default_interval = scenario.pipeline.checkpoints.is_none();
    let scenario = under(scenario, delivery);
    let problems = scenario.problems();
    if !problems.is_empty() {
        return Err(check::in_words(&problems));
    }
    let config = RunConfig::of(&scenario, stream);
    let trace = run(stream, &config);
    let (windows, note) = against_faultless(&trace, stream, &config)?;
    let interval = config.pipeline.checkpoints.map(|checkpoints| checkpoints.interval);
    let watch = Watch::of(&trace);
    let seen = seen_over_time(&trace, View::Committed);
    let note = if note.is_empty() { note } else { with_where(note, &windows, &trace) };
    Ok(Outcome { delivery, windows, seen, ledger: trace.ledger, watch, interval, is_default_interval, note })
}

/// The note with what became of records that are missing although none is lost.
fn with_where(note: String, windows: &[WindowDelivery], trace: &Trace) -> String {
    let is_missing = windows.iter().any(|window| window.lost() > 0);
    if is_missing && trace.ledger.lost == 0 {
        format!("{note} Nothing is lost: it has not come out by the end.")
    } else {
        note
    }
}

/// What windows hold beside what they should hold, and how that is known where it is not the run without
/// crashes: where it fails too, by its own checkpoints or by records that it cannot read.
fn against_faultless(
    trace: &Trace,
    stream: &Arc<Stream>,
    config: &RunConfig,
) -> Result<(Vec<WindowDelivery>, String), String> {
    let mut faultless = config.clone();
    faultless.faults.retain(|fault| !matches!(fault, Fault::Crash { .. }));
    let without_crashes = run(stream, &faultless);
    let fails = |trace: &Trace| trace.recovery.as_ref().is_some_and(|log| !log.recoveries.is_empty());
    if !fails(&without_crashes) {
        return Ok((by_window(trace, &without_crashes, View::Committed), String::new()));
    }
    let rows = without_crashes.recovery.as_ref().map_or(&[][..], |log| &log.recoveries);
    let is_poisoned = rows.iter().any(|row| matches!(row.cause, Cause::Poison(..)));
    faultless.faults.retain(|fault| !matches!(fault, Fault::CheckpointStorage { .. }));
    faultless.pipeline.checkpoints = None;
    faultless.pipeline.sink = SinkSpec::Append;
    if is_poisoned {
        faultless.pipeline.gate.policy = GatePolicy::Reject;
    }
    let calm = run(stream, &faultless);
    if fails(&calm) {
        return Err("it fails without crashes too, so nobody knows what its windows should hold".to_owned());
    }
    let note = if is_poisoned {
        "Records that cannot be read crash this job without end. What is expected is what it counts without them."
    } else {
        "This job fails by its own checkpoints, crashes or not. What is expected is what it counts without any."
    };
    Ok((by_window(trace, &calm, View::Committed), note.to_owned()))
}

/// The scenario with this guarantee: at most once takes no checkpoints and at least once lets no barrier wait,
/// both with rows that stay; exactly once gives results out in transactions. Where checkpoints are needed and
/// there are none, they are those of Flink's defaults.
pub fn under(scenario: &Scenario, delivery: Delivery) -> Scenario {
    let mut scenario = scenario.clone();
    let pipeline = &mut scenario.pipeline;
    pipeline.delivery = delivery;
    match delivery {
        Delivery::AtMostOnce => {
            pipeline.checkpoints = None;
            pipeline.sink = SinkSpec::Append;
        }
        Delivery::AtLeastOnce => {
            pipeline.checkpoints.get_or_insert_default().barriers = Barriers::Aligned;
            pipeline.sink = SinkSpec::Append;
        }
        Delivery::ExactlyOnce => {
            pipeline.checkpoints.get_or_insert_default();
            if !matches!(pipeline.sink, SinkSpec::TwoPhaseCommit { .. }) {
                pipeline.sink = SinkSpec::TwoPhaseCommit { transaction_timeout: DEFAULT_TRANSACTION_TIMEOUT };
            }
        }
    }
    scenario
}
