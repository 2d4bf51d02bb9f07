//! Running a pipeline over a stream.
//!
//! A run is recorded whole in a [`Trace`].

pub mod trace;

pub use trace::{Fate, Trace, WatermarkStep, WindowEnd, WindowLife};

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
