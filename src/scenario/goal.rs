//! Goals: what a run is to reach, graded by [`crate::metrics::goals`] from what the engine did. The same
//! words serve a scenario's `goals` and the choices of a lesson.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::human::{count, span};
use crate::pipeline::Problem;
use crate::scenario::records::instant;
use crate::time::{SPAN_LIMIT, Span};

/// The most goals of a scenario.
pub const MAX_GOALS: usize = 20;

/// Something that holds for a run, or does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Goal {
    /// The last that is said of a window, over all keys or of one.
    Says {
        /// The window's start: a time of day, a date, or a distance from the start.
        window: String,
        /// The key; all keys together when it is not said.
        #[serde(default)]
        key: Option<String>,
        /// What is said, to a millionth part.
        value: f64,
    },
    /// What becomes of the record that happened at an instant.
    Becomes {
        /// When it happened: a time of day, a date, or a distance from the start.
        record: String,
        /// What becomes of it.
        fate: FateGoal,
    },
    /// At least this share of the records that fall in a window is counted; 0 to 1.
    Complete(f64),
    /// At most so many records are dropped late.
    DroppedAtMost(u64),
    /// Results come at most so long after their window's end.
    Within {
        /// How long; not negative.
        latency: Span,
        /// For this share of the results, by nearest rank; above 0, at most 1, which is all of them.
        #[serde(default = "all")]
        quantile: f64,
    },
}

/// What may become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FateGoal {
    /// It is in a result.
    Counted,
    /// It is dropped, as its window is gone.
    Dropped,
    /// It goes to the side output.
    SideOutput,
}

const fn all() -> f64 {
    1.0
}

impl FateGoal {
    const fn words(self) -> &'static str {
        match self {
            Self::Counted => "is counted",
            Self::Dropped => "is dropped",
            Self::SideOutput => "goes to the side output",
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says { window, key: None, value } => write!(f, "Window {window} ends at {value}"),
            Self::Says { window, key: Some(key), value } => write!(f, "Window {window} of {key} ends at {value}"),
            Self::Becomes { record, fate } => write!(f, "The record of {record} {}", fate.words()),
            Self::Complete(share) => write!(f, "At least {}% of the records are counted", share * 100.0),
            Self::DroppedAtMost(0) => write!(f, "No record is dropped"),
            Self::DroppedAtMost(most) => write!(f, "At most {} records are dropped", count(*most)),
            Self::Within { latency, quantile } if *quantile >= 1.0 => {
                write!(f, "No result waits longer than {}", span(*latency))
            }
            Self::Within { latency, quantile } => {
                write!(f, "{}% of the results wait at most {}", quantile * 100.0, span(*latency))
            }
        }
    }
}

impl Goal {
    /// Everything that is out of range, with paths below `path`.
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let share = |value: f64, least: bool| (if least { value >= 0.0 } else { value > 0.0 }) && value <= 1.0;
        let time = |name: &str, text: &str| {
            let message = format!("{text:?} is not a time; write \"12:00\", \"2026-03-02 12:00:00\" or \"1min\"");
            instant(0, text).is_none().then(|| Problem::new(format!("{path}.{name}"), message))
        };
        let found = match self {
            Self::Says { window, value, .. } => time("window", window).or_else(|| {
                (!value.is_finite())
                    .then(|| Problem::new(format!("{path}.value"), "must be a finite number".to_owned()))
            }),
            Self::Becomes { record, .. } => time("record", record),
            Self::Complete(value) => {
                (!share(*value, true)).then(|| Problem::new(path, format!("{value} is out of range: must be 0 to 1")))
            }
            Self::DroppedAtMost(_) => None,
            Self::Within { latency, .. } if *latency < Span::ZERO || *latency > SPAN_LIMIT => {
                Some(Problem::new(format!("{path}.latency"), "must be 0 or more, at most 115740d".to_owned()))
            }
            Self::Within { quantile, .. } => (!share(*quantile, false)).then(|| {
                let message = format!("{quantile} is out of range: must be above 0, at most 1");
                Problem::new(format!("{path}.quantile"), message)
            }),
        };
        found.into_iter().collect()
    }
}

/// Everything that is out of range in a list of goals.
pub fn problems(goals: &[Goal]) -> Vec<Problem> {
    let mut found: Vec<Problem> =
        goals.iter().enumerate().flat_map(|(i, goal)| goal.problems(&format!("goals.{i}"))).collect();
    if goals.len() > MAX_GOALS {
        found.push(Problem::new("goals", format!("{} goals: at most {MAX_GOALS}", goals.len())));
    }
    found
}
