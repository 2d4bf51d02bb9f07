//! Opening files for the lab: built-in scenarios, scenario files and recordings.
//!
//! Reading is [`crate::open`]'s, the same as for the commands; here are only the words that the
//! window shows about it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::app::worker::Refusal;
use crate::record::Stream;
use crate::scenario::{Scenario, library};

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A scenario that comes with the program, by its place in the menu.
    BuiltIn(usize),
    /// A file of either kind.
    File(PathBuf),
}

/// What was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What to run.
    pub scenario: Scenario,
    /// The rows, when the source is a recording.
    pub recording: Option<Arc<Stream>>,
    /// What the reader should know: which columns were guessed, which rows were kept aside.
    pub remarks: Vec<String>,
}

/// Opens a scenario or a recording. `go_on` hears how much is done, from 0 to 1, and says whether
/// to go on.
///
/// # Errors
/// In words for the reader: which file, where in it, what would be right.
pub fn open(source: &Source, go_on: &mut dyn FnMut(f32) -> bool) -> Result<Opened, Refusal> {
    go_on(0.0);
    match source {
        Source::BuiltIn(place) => {
            let scenario = built_in().get(*place).cloned();
            let scenario = scenario.ok_or_else(|| "there is no such built-in scenario".to_owned())?;
            Ok(Opened { scenario, recording: None, remarks: Vec::new() })
        }
        Source::File(path) => {
            let scenario = library::load(path).map_err(|error| error.to_string())?;
            Ok(Opened { scenario, recording: None, remarks: Vec::new() })
        }
    }
}

/// The system's dialog for choosing a file; blocks until it is closed.
pub fn ask() -> Option<PathBuf> {
    rfd::FileDialog::new()
        .set_title("Open a stream")
        .add_filter("Scenarios and recordings", &["ron", "csv", "jsonl", "ndjson", "json", "gz", "zst"])
        .add_filter("All files", &["*"])
        .pick_file()
}

/// The last part of a path, for a title.
pub fn short_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The scenarios that come with the program, in the order of the menu.
pub fn built_in() -> &'static [Scenario] {
    static READ: OnceLock<Vec<Scenario>> = OnceLock::new();
    READ.get_or_init(|| library::BUILT_IN.iter().filter_map(|built_in| built_in.scenario().ok()).collect())
}
