//! Opening a FILE: a scenario or a recording becomes a scenario and its stream.
//!
//! The commands and the lab open files in the same way; what they do with remarks and progress is
//! theirs. Settings are applied before records are made or read, so that they may change the
//! source as well as the pipeline.

mod first_pipeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use first_pipeline::first_pipeline;

use crate::join;
use crate::record::Stream;
use crate::recording::{self, Progress, ReadError, ReadOptions, ReadReport};
use crate::scenario::{JoinWith, RecordingSpec, Scenario, ScenarioError, SourceSpec, check, library};
use crate::source::by_hand;
use crate::source::second::generate_second;
use crate::source::{GenerateError, generate_first};

/// A scenario, ready to run.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What to run. For a recording that was opened by itself, its pipeline is a guess where
    /// nothing was set.
    pub scenario: Scenario,
    /// The records.
    pub stream: Arc<Stream>,
    /// What reading a recording found; `None` for a synthetic source.
    pub read: Option<ReadReport>,
    /// Whether window and bound were chosen from the recording; false where settings say them.
    pub guessed: Guessed,
}

/// Which parts of the pipeline were chosen from the recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guessed {
    /// The window.
    pub window: bool,
    /// The out-of-orderness bound.
    pub bound: bool,
}

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The scenario file.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The recording.
    #[error(transparent)]
    Recording(#[from] ReadError),
    /// The synthetic source.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// A setting of the caller.
    #[error("{0}")]
    Setting(String),
}

/// Changes a scenario by the caller's settings; an error is complete in itself.
pub type Settings<'a> = dyn Fn(&mut Scenario) -> Result<(), String> + 'a;

/// Opens a scenario file, a built-in scenario by its name, or a recording.
///
/// `options.columns` is for a recording that is opened by itself; a scenario names its own.
///
/// # Errors
/// Whatever keeps the file from being run, in words: which file, where in it, what would be right.
pub fn open(
    path: &Path,
    options: &ReadOptions,
    settings: &Settings<'_>,
    progress: &mut Progress<'_>,
) -> Result<Opened, OpenError> {
    let is_scenario = path.extension().is_some_and(|ending| ending == "ron");
    let built_in = path.to_str().filter(|_| !path.exists()).and_then(library::find);
    match built_in {
        Some(built_in) => open_scenario(built_in.scenario()?, Path::new(""), options, settings, progress),
        None if is_scenario => {
            let folder = path.parent().unwrap_or(Path::new(""));
            open_scenario(library::load(path)?, folder, options, settings, progress)
        }
        None => open_recording(path, options, settings, progress),
    }
}

/// Makes or reads the records of a scenario; the recording that it may name is relative to
/// `folder`.
///
/// # Errors
/// As [`open`].
pub fn open_scenario(
    mut scenario: Scenario,
    folder: &Path,
    options: &ReadOptions,
    settings: &Settings<'_>,
    progress: &mut Progress<'_>,
) -> Result<Opened, OpenError> {
    apply(settings, &mut scenario)?;
    let guessed = Guessed::default();
    let mut read = |source: &RecordingSpec| -> Result<(Stream, ReadReport), OpenError> {
        let options = ReadOptions { columns: source.columns.clone(), bad_rows: options.bad_rows };
        let path: PathBuf = folder.join(&source.path);
        let recording = recording::read_path(&path, &options, progress)?;
        Ok((recording.stream, recording.report))
    };
    let (first, report) = match &scenario.source {
        SourceSpec::Synthetic(_) | SourceSpec::Records(_) => (generate_first(&scenario)?, None),
        SourceSpec::Recording(source) => {
            let (stream, report) = read(source)?;
            let origin = by_hand::origin_of(&stream);
            let stream = by_hand::merge(stream, &scenario.by_hand, origin);
            (stream, Some(report))
        }
    };
    let stream = match &scenario.join {
        None => first,
        Some(spec) => {
            let second = match &spec.with {
                JoinWith::Recording(source) => read(source)?.0,
                _ => generate_second(&scenario, &first)?,
            };
            join::run::join(first, second, &spec.rules(), scenario.pipeline.at_end)
        }
    };
    Ok(Opened { scenario, stream: Arc::new(stream), read: report, guessed })
}

fn open_recording(
    path: &Path,
    options: &ReadOptions,
    settings: &Settings<'_>,
    progress: &mut Progress<'_>,
) -> Result<Opened, OpenError> {
    let mut scenario = Scenario::of_recording(path, options.columns.clone());
    apply(settings, &mut scenario)?;
    let columns = match &scenario.source {
        SourceSpec::Recording(source) => source.columns.clone(),
        SourceSpec::Synthetic(_) | SourceSpec::Records(_) => options.columns.clone(),
    };
    let options = ReadOptions { columns, bad_rows: options.bad_rows };
    let recording = recording::read_path(path, &options, progress)?;
    let stream = Arc::new(recording.stream);
    let first = first_pipeline(&stream);
    scenario.pipeline = first.clone();
    apply(settings, &mut scenario)?;
    let guessed = Guessed {
        window: scenario.pipeline.window == first.window,
        bound: scenario.pipeline.watermark == first.watermark,
    };
    // Settings can put records in by hand; the first pipeline fits those that were recorded.
    let stream = if scenario.by_hand.is_empty() {
        stream
    } else {
        let origin = by_hand::origin_of(&stream);
        Arc::new(by_hand::merge(Arc::unwrap_or_clone(stream), &scenario.by_hand, origin))
    };
    Ok(Opened { scenario, stream, read: Some(recording.report), guessed })
}

fn apply(settings: &Settings<'_>, scenario: &mut Scenario) -> Result<(), OpenError> {
    settings(scenario).map_err(OpenError::Setting)?;
    let problems = scenario.problems();
    if problems.is_empty() { Ok(()) } else { Err(OpenError::Setting(check::in_words(&problems))) }
}

impl Opened {
    /// What a reader should know about how the file was taken, a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> =
            self.read.iter().flat_map(|read| read.to_string().lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let window = self.guessed.window.then(|| self.scenario.pipeline.window.to_string());
        let bound = self.guessed.bound.then(|| format!("bound {}", self.scenario.pipeline.watermark.bound()));
        let chosen: Vec<String> = window.into_iter().chain(bound).collect();
        if !chosen.is_empty() {
            remarks.push(format!("chosen from the recording: {}", chosen.join(", ")));
        }
        remarks
    }
}
