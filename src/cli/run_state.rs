//! State of a run on disk: where it goes, and what keeping it came to. The folder is a temporary one, gone
//! with the run.

use std::sync::Arc;

use tempfile::TempDir;

use crate::cli::error::CliError;
use crate::disk_state::DiskBackend;
use crate::human::count;
use crate::pipeline::{Pipeline, StateSpec};
use crate::record::Stream;
use crate::runtime::{RunConfig, Simulation};
use crate::state::StateFigures;
use crate::state::backend::BackendError;
use crate::window::operator::WindowOperator;

/// A folder for the state of a run; `None` where the pipeline keeps it in memory.
///
/// # Errors
/// When it cannot be made.
pub fn folder(pipeline: &Pipeline) -> Result<Option<TempDir>, CliError> {
    match pipeline.state {
        StateSpec::Memory { .. } => Ok(None),
        StateSpec::Disk { .. } => {
            let made = tempfile::Builder::new().prefix("highwater-state-").tempdir();
            made.map(Some).map_err(|error| CliError::bad_input(format!("a folder for state: {error}")))
        }
    }
}

/// A run before its first event, each window task with its state in a folder of its own below `folder`.
///
/// # Errors
/// When those cannot be made.
pub fn simulation(stream: &Arc<Stream>, config: &RunConfig, folder: Option<&TempDir>) -> Result<Simulation, CliError> {
    let Some(folder) = folder else { return Ok(Simulation::new(Arc::clone(stream), config)) };
    let open = |task: u32| DiskBackend::open(&folder.path().join(format!("task-{task}")));
    let backends: Result<Vec<DiskBackend>, BackendError> = (0..config.pipeline.tasks.windows).map(open).collect();
    let mut backends = backends.map_err(CliError::bad_input)?.into_iter();
    let operator = |pipeline: &Pipeline| match backends.next() {
        Some(backend) => WindowOperator::over(pipeline, Box::new(backend)),
        None => WindowOperator::new(pipeline),
    };
    Ok(Simulation::with_operators(Arc::clone(stream), config, operator))
}

/// Whether the state of every window task could be kept so far.
///
/// # Errors
/// What the first one says that could not.
pub fn check(simulation: &Simulation) -> Result<(), CliError> {
    simulation.operators().find_map(WindowOperator::state_error).map_or(Ok(()), |error| Err(CliError::bad_input(error)))
}

/// Whether the runtime with threads can keep the state of a pipeline: in memory, without a limit.
///
/// # Errors
/// When the pipeline wants anything else.
pub fn check_threads(pipeline: &Pipeline) -> Result<(), CliError> {
    let message = "--runtime threads keeps all state in memory; leave out pipeline.state or the option";
    if pipeline.state.is_unlimited() { Ok(()) } else { Err(CliError::bad_input(message)) }
}

/// What keeping state came to, of all window tasks; `None` where nobody counts.
pub fn figures(simulation: &Simulation) -> Option<StateFigures> {
    simulation.operators().filter_map(WindowOperator::state_figures).reduce(StateFigures::and)
}

/// The figures as lines of the report.
pub fn in_words(figures: StateFigures) -> String {
    let StateFigures { max_bytes, max_memory_bytes, max_disk_bytes, reads, writes } = figures;
    format!(
        "State        {:>12} bytes at most\n             {:>12} of them in memory at most\n             {:>12} on disk \
         at most; {} windows written out, {} read back\n",
        count(max_bytes),
        count(max_memory_bytes),
        count(max_disk_bytes),
        count(writes),
        count(reads)
    )
}
