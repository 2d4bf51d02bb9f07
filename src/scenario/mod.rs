//! A run described as data: where the records come from, what the pipeline does with them, and
//! what goes wrong on the way.
//!
//! Files are RON (`scenarios/*.ron`). Every field but `title` and `source` has a default; unknown
//! fields are errors that name the nearest known one.

pub mod alerts;
pub mod by_hand;
pub mod check;
pub mod error;
mod explain;
pub mod fault;
pub mod goal;
pub mod join;
pub mod lesson;
pub mod library;
mod locate;
pub mod parse;
pub mod partitioner;
pub mod producers;
pub mod rate;
pub mod records;
pub mod set;
pub mod spec;
pub mod suggest;
mod write;

pub use alerts::AlertRule;
pub use by_hand::HandRecord;
pub use error::{FileProblem, ScenarioError};
pub use fault::{Fault, Silence, Victim};
pub use goal::{FateGoal, Goal};
pub use join::{Following, JoinSpec, JoinWith};
pub use lesson::{LessonChoice, LessonKnob, LessonSpec, LessonStep, Question};
pub use parse::{parse, parse_bytes};
pub use partitioner::{KeyPlace, OtherKeys, Partitioner};
pub use producers::{Acks, ClockSpec, Deal, ProducersSpec};
pub use rate::{RateShape, RateStep};
pub use records::{RecordsSpec, WrittenRecord, WrittenWatermark};
pub use spec::{
    ColumnChoice, DelayQuantile, DelaySpec, KeySpec, RecordingSpec, SourceSpec, Spacing, Synthetic, ValueSpec,
    WeightedDelay,
};

use serde::{Deserialize, Serialize};

use crate::log::LogSpec;
use crate::pipeline::Pipeline;
use crate::time::Span;

/// The version of the scenario format that this program writes and reads.
pub const SCENARIO_VERSION: u32 = 1;

/// A run described as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of the format; 1.
    #[serde(default = "default_version")]
    pub version: u32,
    /// A short name, shown in the title bar.
    pub title: String,
    /// What to watch for, in a sentence or three.
    #[serde(default)]
    pub about: String,
    /// Where every random draw comes from.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// How much event time a synthetic source covers; a recording has its own length.
    #[serde(default = "default_duration")]
    pub duration: Span,
    /// Where the records come from.
    pub source: SourceSpec,
    /// A second stream that the source is joined with; the pairs are what the pipeline sees.
    #[serde(default)]
    pub join: Option<Box<JoinSpec>>,
    /// The log between source and pipeline: what it takes in, hands out and keeps.
    #[serde(default)]
    pub log: LogSpec,
    /// What is done with them.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// Records that someone puts into the log beside those of the source, in any order.
    #[serde(default)]
    pub by_hand: Vec<HandRecord>,
    /// What it is watched for.
    #[serde(default = "alerts::default_alerts")]
    pub alerts: Vec<AlertRule>,
    /// A text beside the run, with questions.
    #[serde(default)]
    pub lesson: Option<Box<LessonSpec>>,
    /// What the run is to reach.
    #[serde(default)]
    pub goals: Vec<Goal>,
}

impl Scenario {
    /// A scenario that runs the rows of a file through the default pipeline; titled like the file.
    pub fn of_recording(path: &std::path::Path, columns: ColumnChoice) -> Self {
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Self {
            version: SCENARIO_VERSION,
            title: if name == "-" { "standard input".to_owned() } else { name },
            about: String::new(),
            seed: default_seed(),
            duration: default_duration(),
            source: SourceSpec::Recording(RecordingSpec { path: path.display().to_string(), columns }),
            join: None,
            log: LogSpec::default(),
            pipeline: Pipeline::default(),
            faults: Vec::new(),
            by_hand: Vec::new(),
            alerts: alerts::default_alerts(),
            lesson: None,
            goals: Vec::new(),
        }
    }
}

fn default_version() -> u32 {
    SCENARIO_VERSION
}

fn default_seed() -> u64 {
    7
}

fn default_duration() -> Span {
    Span::from_secs(600)
}
