//! A run described as data: where the records come from, what the pipeline does with them, and
//! what goes wrong on the way.
//!
//! Files are RON (`scenarios/*.ron`). Every field but `title` and `source` has a default; unknown
//! fields are errors that name the nearest known one.

use serde::{Deserialize, Serialize};

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
    /// What is done with them.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<Fault>,
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

/// Where the records come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum SourceSpec {
    /// Records made from the seed.
    Synthetic(Synthetic),
    /// Rows of a file, in order of arrival.
    Recording(RecordingSpec),
}

/// A seeded stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Synthetic {
    /// Event time of the first instant, as a date in UTC: `"2026-03-02 12:00:00"`.
    pub start: String,
    /// Records per second of event time, over all keys.
    pub rate: f64,
    /// How event times are spread.
    pub arrivals: Spacing,
    /// Which keys, and how often each.
    pub keys: KeySpec,
    /// Which values.
    pub values: ValueSpec,
    /// How long a record takes from happening to reaching the log.
    pub delay: DelaySpec,
}

impl Default for Synthetic {
    fn default() -> Self {
        Self {
            start: "2026-03-02 12:00:00".to_owned(),
            rate: 2.0,
            arrivals: Spacing::Poisson,
            keys: KeySpec::Uniform { count: 1, names: Vec::new() },
            values: ValueSpec::Constant(1.0),
            delay: DelaySpec::Constant { delay: Span::ZERO },
        }
    }
}

/// How event times are spread over the duration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spacing {
    /// The same distance between neighbours.
    Regular,
    /// Independent of each other (a Poisson process).
    #[default]
    Poisson,
}

/// Which keys, and how often each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum KeySpec {
    /// Every key equally often.
    Uniform {
        /// How many keys; at least 1.
        #[serde(default = "one_key")]
        count: u32,
        /// Their names; `k1`, `k2`, ... where the list is shorter than the count.
        #[serde(default)]
        names: Vec<String>,
    },
    /// The key of rank r comes with a weight of 1 / r^exponent (Zipf's law).
    Zipf {
        /// How many keys; at least 1.
        count: u32,
        /// 0 is uniform; about 1 is common in real streams.
        exponent: f64,
        /// Their names; `k1`, `k2`, ... where the list is shorter than the count.
        #[serde(default)]
        names: Vec<String>,
    },
}

fn one_key() -> u32 {
    1
}

/// Which values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum ValueSpec {
    /// Always the same.
    Constant(f64),
    /// Whole numbers from `min` to `max`, both included, equally often.
    Integers {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// Real numbers in `[min, max)`, equally often.
    Uniform {
        /// Smallest.
        min: f64,
        /// Bound above.
        max: f64,
    },
}

/// How long a record takes from happening to reaching the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DelaySpec {
    /// Always the same.
    Constant {
        /// The delay.
        delay: Span,
    },
    /// Anything between `min` and `max`, equally often.
    Uniform {
        /// Shortest.
        min: Span,
        /// Longest.
        max: Span,
    },
    /// Memoryless, with this mean.
    Exponential {
        /// Mean delay.
        mean: Span,
        /// Longer delays are cut to this.
        #[serde(default = "no_cap")]
        max: Span,
    },
    /// The logarithm is normal: most are near the median, a few take very long.
    LogNormal {
        /// Half of the delays are shorter.
        median: Span,
        /// Standard deviation of the natural logarithm; 0 to 10.
        sigma: f64,
        /// Longer delays are cut to this.
        #[serde(default = "no_cap")]
        max: Span,
    },
    /// Power-law tail: P(delay > x) = (scale / x)^shape for x >= scale.
    Pareto {
        /// Shortest delay.
        scale: Span,
        /// Smaller is heavier; the mean is infinite at 1 and below.
        shape: f64,
        /// Longer delays are cut to this.
        #[serde(default = "no_cap")]
        max: Span,
    },
    /// One of several, by weight.
    Mixture(Vec<WeightedDelay>),
}

fn no_cap() -> Span {
    Span::from_secs(7 * 86_400)
}

/// One part of a [`DelaySpec::Mixture`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedDelay {
    /// Its share, relative to the other weights; positive.
    pub weight: f64,
    /// The delays of this part.
    pub delay: DelaySpec,
}

/// Rows of a file.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingSpec {
    /// The file, relative to the scenario file.
    pub path: String,
    /// Which columns mean what; guessed where empty.
    pub columns: ColumnChoice,
}

/// Which columns of a recording mean what. Names (or numbers from 1 without a header); `None`
/// is guessed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnChoice {
    /// When it happened.
    pub event_time: Option<String>,
    /// When it reached the log. Without one, file order is arrival order.
    pub arrival_time: Option<String>,
    /// What to group by. Without one the key is empty.
    pub key: Option<String>,
    /// What to aggregate. Without one the value is 1.
    pub value: Option<String>,
    /// Partition of the log.
    pub partition: Option<String>,
    /// How times are written: `s`, `ms`, `us`, `rfc3339`, `auto` or a format such as
    /// `%Y-%m-%d %H:%M:%S`.
    pub time_format: Option<String>,
    /// Whether the first row is already data.
    pub no_header: bool,
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
