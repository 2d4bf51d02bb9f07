//! Runs a scenario and holds it against every invariant.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::chaos::{Checked, Invariant, Violation, again, books, must, order, promise, windows};
use crate::record::Stream;
use crate::runtime::{RunConfig, Sabotage, Simulation, Trace};
use crate::scenario::Scenario;
use crate::source;

/// What came of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// How many records it had.
    pub records: u64,
    /// How many faults.
    pub faults: u64,
    /// How many panes it fired.
    pub panes: u64,
    /// The first broken promise.
    pub violation: Option<Violation>,
}

/// One run and all that it was made of.
pub(super) struct Case<'a> {
    pub scenario: &'a Scenario,
    pub stream: &'a Arc<Stream>,
    pub config: &'a RunConfig,
    pub trace: &'a Trace,
}

impl Case<'_> {
    /// Whether the job failed at least once: what it did may have been undone and done again.
    pub fn has_failed(&self) -> bool {
        self.trace.recovery.as_ref().is_some_and(|log| !log.recoveries.is_empty())
    }
}

/// Runs a scenario and applies every invariant, until one does not hold; with a bug planted, where asked.
pub fn examine(scenario: &Scenario, sabotage: Option<Sabotage>) -> Examined {
    let mut examined = Examined { faults: scenario.faults.len() as u64, ..Examined::default() };
    let outcome = catch_unwind(AssertUnwindSafe(|| examine_run(scenario, sabotage, &mut examined)));
    examined.violation = match outcome {
        Ok(checked) => checked.err(),
        Err(panic) => Some(Violation::new(Invariant::NoPanic, words_of(panic.as_ref()))),
    };
    examined
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

fn examine_run(scenario: &Scenario, sabotage: Option<Sabotage>, examined: &mut Examined) -> Checked {
    let made = source::generate(scenario);
    let stream = Arc::new(made.map_err(|error| Violation::new(Invariant::NoPanic, error.to_string()))?);
    examined.records = stream.len() as u64;
    let config = RunConfig { sabotage, ..RunConfig::of(scenario, &stream) };
    let trace = step_by_step(&stream, &config)?;
    examined.panes = trace.panes.len() as u64;
    let case = Case { scenario, stream: &stream, config: &config, trace: &trace };
    books::check(&case)?;
    order::check(&case)?;
    windows::check(&case)?;
    promise::check(&case)?;
    again::check(&case)
}

/// The run, and what must hold after each of its steps.
fn step_by_step(stream: &Arc<Stream>, config: &RunConfig) -> Result<Trace, Violation> {
    let capacity = books::most_in_channels(&config.pipeline);
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    let mut before = simulation.now();
    while simulation.step() {
        let now = simulation.now();
        must(now >= before, Invariant::TimeAscends, || format!("{now} comes after {before}"))?;
        let depth = simulation.queue_depth();
        let holds = capacity.is_none_or(|capacity| depth <= capacity);
        must(holds, Invariant::ChannelsHoldTheirCapacity, || {
            format!("{depth} records wait at {now}, in channels for {}", capacity.unwrap_or_default())
        })?;
        let ledger = simulation.ledger();
        must(ledger.balances(), Invariant::LedgerBalances, || format!("at {now}: {ledger:?}"))?;
        before = now;
    }
    Ok(simulation.into_trace())
}
