//! Running a pipeline over a stream.
//!
//! [`run`] is the virtual-time runtime: one thread, no clock; the run is recorded whole in a [`Trace`].

pub mod hash;
pub mod ledger;
pub mod queue;
pub mod service;
pub mod trace;
pub mod virtual_time;

pub use ledger::Ledger;
pub use trace::{Fate, Trace, WatermarkStep, WindowEnd, WindowLife};
pub use virtual_time::{Simulation, run};

use crate::pipeline::Pipeline;
use crate::scenario::Fault;
use crate::time::ProcTime;

/// What a run is made of, beside the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct RunConfig {
    /// What is done with the records.
    pub pipeline: Pipeline,
    /// What goes wrong while they are handled.
    pub faults: Vec<Fault>,
    /// Where the distances in `faults` count from.
    pub origin: ProcTime,
}
