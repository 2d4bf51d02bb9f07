//! Another stream that is laid beside the one on screen: the tuner tries the same settings on it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::files::{self, Source, short_name};
use crate::app::tasks::{GoOn, Task};
use crate::app::worker::Refusal;
use crate::pipeline::Pipeline;
use crate::record::Stream;
use crate::scenario::Scenario;
use crate::source;

/// Another stream, and what it came with.
#[derive(Debug)]
pub struct Beside {
    /// What it is called on screen: the name of its file.
    pub name: String,
    /// Its own scenario; the pipeline in it is not what it is tried with.
    scenario: Scenario,
    /// Its records.
    pub stream: Arc<Stream>,
}

impl Beside {
    /// Its scenario with another pipeline.
    pub fn with(&self, pipeline: &Pipeline) -> Scenario {
        Scenario { pipeline: pipeline.clone(), ..self.scenario.clone() }
    }
}

/// Reads a recording, or makes the stream of a scenario, and lays it beside; or says why that cannot be.
pub fn task(path: PathBuf) -> Task {
    let name = short_name(&path);
    Task::new("beside", format!("Reading {name}"), move |go_on| {
        let read = read(path, name.clone(), go_on);
        Box::new(move |state| match read {
            Ok(beside) => state.beside = Some(Arc::new(beside)),
            Err(why) => state.notify(true, format!("Cannot compare with {name}"), why),
        })
    })
}

fn read(path: PathBuf, name: String, go_on: GoOn<'_>) -> Result<Beside, Refusal> {
    let opened = files::open(&Source::File(path), go_on)?;
    let stream = match opened.recording {
        Some(stream) => stream,
        None => Arc::new(source::generate(&opened.scenario).map_err(|error| error.to_string())?),
    };
    Ok(Beside { name, scenario: opened.scenario, stream })
}
