//! Work to do on threads: how long a task is busy with each thing that it gets, beside what it really
//! takes. So a run to look at is as slow as the pipeline says, and its queues fill.
//!
//! What a task gives does not depend on it; when it does, the order of its input says.

use serde::{Deserialize, Serialize};

use crate::runtime::RunConfig;
use crate::runtime::service::ServiceTime;
use crate::runtime::threads::channel::Left;
use crate::runtime::threads::clock::Duration;
use crate::runtime::threads::control::{Control, Phase};
use crate::runtime::virtual_time::plan::{sink_time, window_time};
use crate::time::ProcTime;

/// How long tasks work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// By window task: on a record.
    pub windows: Vec<ServiceTime>,
    /// The sink, on a pane.
    pub sink: ServiceTime,
}

impl Work {
    /// The service times of a run in virtual time.
    pub fn of(run: &RunConfig) -> Self {
        let windows = (0..run.pipeline.tasks.windows as usize).map(|task| window_time(run, task)).collect();
        Self { windows, sink: sink_time(run) }
    }
}

/// One task at work.
#[derive(Clone, Debug)]
pub struct Worker {
    service: Option<ServiceTime>,
    /// When it is done with what it has.
    done_at: ProcTime,
}

impl Worker {
    /// A task that takes so long for each thing.
    pub fn new(service: Option<ServiceTime>) -> Self {
        Self { service: service.filter(|service| !service.is_zero()), done_at: ProcTime::MIN }
    }

    /// Works on the thing of this number, which was there at `since`: returns when it is done. A run that
    /// is told to stop does not wait for it.
    ///
    /// # Errors
    /// When the run is cancelled meanwhile.
    pub fn work(&mut self, number: u32, since: ProcTime, control: &Control) -> Result<(), Left> {
        let Some(service) = &self.service else { return Ok(()) };
        let start = since.max(self.done_at);
        self.done_at = start + service.of(number, start);
        loop {
            let (phase, version) = control.phase();
            match phase {
                Phase::Cancelled => return Err(Left::Cancelled),
                Phase::Stopping => return Ok(()),
                Phase::Running | Phase::Paused => {}
            }
            if control.until(self.done_at) == Some(Duration::ZERO) {
                return Ok(());
            }
            control.wait(Some(self.done_at), version);
        }
    }
}
