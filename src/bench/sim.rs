//! The job `sim`: a whole simulated run, with four partitions, four source tasks, four window tasks,
//! channels with credits, and everything written down.
//!
//! Its yardstick is the window operator alone over the same records: what is left when nothing is
//! simulated and nothing is written down but a checksum.

use std::sync::Arc;

use crate::bench::{Answer, engine};
use crate::pipeline::{AtEnd, Pipeline};
use crate::record::{Record, Stream};
use crate::runtime::{RunConfig, Trace, run, run_in_place_of};
use crate::scenario::{ScenarioError, library};
use crate::source::generate;

/// The scenario that is run.
pub const SCENARIO: &str = "four-tasks";

/// The job, ready to run.
#[derive(Clone, Debug)]
pub struct Sim {
    stream: Arc<Stream>,
    config: RunConfig,
    records: Vec<Record>,
    alone: Pipeline,
}

impl Sim {
    /// Makes the records of the built-in scenario.
    ///
    /// # Errors
    /// Never for the scenario that the program is tested with.
    pub fn new() -> Result<Self, String> {
        let built_in = library::find(SCENARIO).ok_or_else(|| format!("there is no scenario {SCENARIO}"))?;
        let scenario = built_in.scenario().map_err(|error: ScenarioError| error.to_string())?;
        let stream = Arc::new(generate(&scenario).map_err(|error| error.to_string())?);
        let config = RunConfig::of(&scenario, &stream);
        let records = stream.records().collect();
        let alone = Pipeline { at_end: AtEnd::Flush, ..scenario.pipeline };
        Ok(Self { stream, config, records, alone })
    }

    /// How many records it has.
    pub fn records(&self) -> usize {
        self.stream.len()
    }

    /// One run, from the stream to its trace.
    pub fn run(&self) -> Trace {
        run(&self.stream, &self.config)
    }

    /// The same in the memory of a trace that nobody needs any more, as where a knob is dragged.
    pub fn run_in_place_of(&self, old: Trace) -> Trace {
        run_in_place_of(old, &self.stream, &self.config)
    }

    /// The window operator alone.
    pub fn yardstick(&self) -> Answer {
        engine::run(&self.alone, &self.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_records_go_through_four_tasks_that_wait_for_each_other() {
        let sim = Sim::new().expect("a built-in scenario");
        let trace = sim.run();
        assert_eq!(sim.records(), 100_000);
        assert_eq!(trace.ledger.counted + trace.ledger.dropped_late, 100_000);
        assert_eq!((trace.pipeline.tasks.sources, trace.pipeline.tasks.windows), (4, 4));
        assert!((0..4).all(|task| trace.tasks.contains(&task)) && !trace.waits.is_empty());
        assert!(sim.yardstick().panes > 1_000);
        let (hash, of_others) = (trace.hash_hex(), sim.run());
        assert_eq!((sim.run_in_place_of(trace).hash_hex(), of_others.hash_hex()), (hash.clone(), hash));
    }
}
