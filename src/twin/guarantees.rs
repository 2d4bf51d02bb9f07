//! One stream, one seed, the same failures, three guarantees: at most once, at least once, exactly once.
//!
//! Each guarantee is run with the sink that goes with it, and once more without crashes, which says what its
//! windows should hold. Everything else is as the scenario says; where that does not go together with a
//! guarantee, its place says why.

use std::sync::Arc;

use crate::metrics::delivery::{WindowDelivery, by_window};
use crate::pipeline::{Barriers, Delivery};
use crate::record::Stream;
use crate::runtime::outcome::View;
use crate::runtime::{Ledger, RunConfig, run};
use crate::scenario::{Fault, Scenario, check};
use crate::sink::SinkSpec;
use crate::sink::spec::DEFAULT_TRANSACTION_TIMEOUT;
use crate::time::EventTime;

/// The guarantees in the order in which they are shown: from the weakest to the strongest.
pub const ORDER: [Delivery; 3] = [Delivery::AtMostOnce, Delivery::AtLeastOnce, Delivery::ExactlyOnce];

/// What readers of committed results have seen under one guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Every window, by key and start.
    pub windows: Vec<WindowDelivery>,
    /// Where the records of the run were in the end.
    pub ledger: Ledger,
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
    let scenario = under(scenario, delivery);
    let problems = scenario.problems();
    if !problems.is_empty() {
        return Err(check::in_words(&problems));
    }
    let config = RunConfig::of(&scenario, stream);
    let mut faultless = config.clone();
    faultless.faults.retain(|fault| !matches!(fault, Fault::Crash { .. }));
    let trace = run(stream, &config);
    let windows = by_window(&trace, &run(stream, &faultless), View::Committed);
    Ok(Outcome { windows, ledger: trace.ledger })
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
