//! Running a pipeline over a stream.
//!
//! [`run`] is the virtual-time runtime: one thread, no clock; the run is recorded whole in a [`Trace`].
//! [`threads`] is the other one: the same operators on real threads.

pub mod event_clock;
pub mod hash;
pub mod ledger;
pub mod outcome;
pub mod rebalance;
pub mod recovery_log;
pub mod sabotage;
pub mod service;
pub mod threads;
pub mod trace;
pub mod virtual_time;

pub use ledger::Ledger;
pub use rebalance::{OwnerStep, Pause, PauseReason, Rebalance, RebalanceCause};
pub use recovery_log::RecoveryLog;
pub use sabotage::Sabotage;
pub use trace::{
    CrashReason, FailedWrite, Fate, InputStep, PartialPane, Repeat, Restart, TaskId, TaskWatermark, Trace, Wait,
    WatermarkStep, WindowEnd, WindowLife,
};
pub use virtual_time::{Keyframes, Simulation, run, run_in_place_of, run_with_keyframes};

use crate::log::LogRules;
use crate::pipeline::Pipeline;
use crate::record::Stream;
use crate::scenario::{Fault, Scenario};
use crate::time::{EventTime, ProcTime};

/// What a run is made of, beside the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct RunConfig {
    /// What is done with the records.
    pub pipeline: Pipeline,
    /// What goes wrong while they are handled.
    pub faults: Vec<Fault>,
    /// Where the distances in `faults` count from.
    pub origin: ProcTime,
    /// Where every random draw of the run comes from.
    pub seed: u64,
    /// The log that the records are read from.
    pub log: LogRules,
    /// A bug that is planted on purpose.
    pub sabotage: Option<Sabotage>,
}

impl RunConfig {
    /// What a scenario says about running this stream. Faults count from the start of a source
    /// that says when it starts, and from the first arrival of a recording.
    pub fn of(scenario: &Scenario, stream: &Stream) -> Self {
        let first_arrival = stream.arrivals_ascending().first().copied().unwrap_or(ProcTime::EPOCH);
        let origin = scenario.source.start_time().map_or(first_arrival, EventTime::on_proc_clock);
        Self {
            pipeline: scenario.pipeline.clone(),
            faults: scenario.faults.clone(),
            origin,
            seed: scenario.seed,
            log: scenario.log.rules(),
            sabotage: None,
        }
    }

    /// A pipeline without faults, on a clock that counts from its epoch.
    pub fn plain(pipeline: Pipeline) -> Self {
        Self {
            pipeline,
            faults: Vec::new(),
            origin: ProcTime::EPOCH,
            seed: 0,
            log: LogRules::default(),
            sabotage: None,
        }
    }
}
