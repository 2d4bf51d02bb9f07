//! Which checkpoint: a number that goes up by one with every attempt of a job and is never used twice,
//! not even after a restart. Checkpoints that fail have one, too.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A checkpoint of a job. Flink counts from 1, and so does this project; 0 is of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckpointId(pub u64);

impl CheckpointId {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// As in `checkpoint 7`.
impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "checkpoint {}", self.0)
    }
}
