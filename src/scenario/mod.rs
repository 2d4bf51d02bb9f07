//! A run described as data: where the records come from, what the pipeline does with them, and
//! what goes wrong on the way.
//!
//! Files are RON (`scenarios/*.ron`). Every field but `title` and `source` has a default; unknown
//! fields are errors that name the nearest known one.

pub mod check;
pub mod error;
mod explain;
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

pub use error::{FileProblem, ScenarioError};
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
    /// The log between source and pipeline: what it takes in, hands out and keeps.
    #[serde(default)]
    pub log: LogSpec,
    /// What is done with them.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<Fault>,
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
            log: LogSpec::default(),
            pipeline: Pipeline::default(),
            faults: Vec::new(),
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

const fn default_replication_lag() -> Span {
    Span::from_millis(20)
}

/// What goes wrong, and when. Instants are distances from the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Fault {
    /// A producer loses its network and sends everything at once when it is back (a phone, or a
    /// tram, in a tunnel).
    Offline {
        /// Records of this key.
        key: String,
        /// First moment without network.
        from: Span,
        /// The network is back.
        until: Span,
    },
    /// The leader of a partition fails. Until there is another one ([`LogSpec::failover`]) the
    /// partition takes nothing in; what only the leader had is gone, which [`ProducersSpec::acks`] may
    /// prevent.
    LeaderFails {
        /// Which partition, from 0.
        partition: u32,
        /// When.
        at: Span,
        /// How far the other machines are behind the leader. Kafka publishes no figure; in one data
        /// centre it is some milliseconds.
        #[serde(default = "default_replication_lag")]
        replication_lag: Span,
    },
    /// The operator is slower for a while.
    SlowOperator {
        /// First slow moment.
        from: Span,
        /// Normal again.
        until: Span,
        /// How many times its service time; at least 1.
        factor: f64,
    },
}

impl Fault {
    /// Whether it happens before the log, and so changes the stream.
    pub const fn is_before_the_log(&self) -> bool {
        matches!(self, Self::Offline { .. } | Self::LeaderFails { .. })
    }
}
