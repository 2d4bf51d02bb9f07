//! Where keyed state lives that does not stay in the operator's hands: bytes by key, in order of the keys.
//!
//! The engine knows this trait; what is behind it is given to it from outside. [`MemoryBackend`] is pure;
//! [`crate::disk_state`] keeps the same on disk. (Apache Flink: `HashMapStateBackend` and
//! `EmbeddedRocksDBStateBackend`.) A backend keeps nothing over the end of a run: what outlives a run is a
//! checkpoint.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::pipeline::Problem;

/// The least memory that state on disk may use; below that, every record costs reads and writes.
pub const MIN_MEMORY_BYTES: u64 = 1_000;

/// Where the state of window tasks lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum StateSpec {
    /// In memory.
    Memory {
        /// The most bytes that each window task may keep, written out; one that needs more fails. Without
        /// it there is no limit, and the fastest operators are used.
        #[serde(default)]
        limit: Option<u64>,
    },
    /// On disk, in an embedded log-structured merge tree, with the state that was used last in memory.
    /// Timers stay in memory, as with Flink's heap timers.
    Disk {
        /// The bytes of state, written out, that each window task keeps in memory; at least
        /// [`MIN_MEMORY_BYTES`].
        memory: u64,
    },
}

/// In memory, without a limit.
impl Default for StateSpec {
    fn default() -> Self {
        Self::Memory { limit: None }
    }
}

impl StateSpec {
    /// Whether the operator need not count bytes.
    pub const fn is_unlimited(self) -> bool {
        matches!(self, Self::Memory { limit: None })
    }

    /// What is out of range, as a path from the pipeline.
    pub fn problem(self) -> Option<Problem> {
        match self {
            Self::Disk { memory } if memory < MIN_MEMORY_BYTES => {
                let message = format!("{memory} is out of range: must be 1,000 bytes or more");
                Some(Problem::new("state.memory", message))
            }
            _ => None,
        }
    }
}

/// Why state could not be kept or found again.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BackendError {
    /// It is too large for memory.
    #[error(
        "the state of a window task takes {needed} bytes, and pipeline.state allows {limit} in memory; raise the limit, \
         or keep state on disk: --set 'pipeline.state=Disk(memory: {limit})'"
    )]
    LimitExceeded {
        /// Bytes that were asked for.
        needed: u64,
        /// Bytes that there may be.
        limit: u64,
    },
    /// The disk failed.
    #[error("state on disk: {0}")]
    Disk(String),
    /// What was read is not what was written.
    #[error("state on disk is damaged: {0}")]
    Damaged(String),
}

/// Bytes by key, in order of the keys.
pub trait StateBackend: Debug + Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// When it cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError>;

    /// Sets the value of a key.
    ///
    /// # Errors
    /// When it cannot be written.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackendError>;

    /// Forgets a key, whether it is there or not.
    ///
    /// # Errors
    /// When that cannot be written.
    fn remove(&mut self, key: &[u8]) -> Result<(), BackendError>;

    /// Keys from `first` to `last`, both included, with their values, descending, until `visit` breaks.
    ///
    /// # Errors
    /// When they cannot be read.
    fn descend(&self, first: &[u8], last: &[u8], visit: &mut Visit<'_>) -> Result<(), BackendError>;

    /// One of its own with the same content, in memory. It may cost as much as all that there is.
    ///
    /// # Errors
    /// When something cannot be read.
    fn copy(&self) -> Result<MemoryBackend, BackendError>;
}

/// Is shown a key and its value.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// State in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryBackend {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl StateBackend for MemoryBackend {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        Ok(self.entries.get(key).cloned())
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackendError> {
        self.entries.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), BackendError> {
        self.entries.remove(key);
        Ok(())
    }

    fn descend(&self, first: &[u8], last: &[u8], visit: &mut Visit<'_>) -> Result<(), BackendError> {
        if first > last {
            return Ok(());
        }
        for (key, value) in self.entries.range(first.to_vec()..=last.to_vec()).rev() {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn copy(&self) -> Result<MemoryBackend, BackendError> {
        Ok(self.clone())
    }
}

/// What keeping state has come to. Bytes are those of keys and values, written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StateFigures {
    /// The most that there was of it at once.
    pub max_bytes: u64,
    /// The most that was in memory at once.
    pub max_memory_bytes: u64,
    /// The most that was on disk at once.
    pub max_disk_bytes: u64,
    /// How many times a window was read back.
    pub reads: u64,
    /// How many times one was written out.
    pub writes: u64,
}

impl StateFigures {
    /// Of several tasks together: the sum of the most of each.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            max_bytes: self.max_bytes + other.max_bytes,
            max_memory_bytes: self.max_memory_bytes + other.max_memory_bytes,
            max_disk_bytes: self.max_disk_bytes + other.max_disk_bytes,
            reads: self.reads + other.reads,
            writes: self.writes + other.writes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_in_words_and_have_limits() {
        let read = |text: &str| ron::from_str::<StateSpec>(text);
        assert_eq!(read("Memory()"), Ok(StateSpec::default()));
        assert_eq!(read("Memory(limit: Some(5000))"), Ok(StateSpec::Memory { limit: Some(5_000) }));
        assert_eq!(read("Disk(memory: 5000)"), Ok(StateSpec::Disk { memory: 5_000 }));
        assert!(read("Disk(limit: 5000)").is_err());
        assert_eq!(StateSpec::Disk { memory: 1_000 }.problem(), None);
        let problem = StateSpec::Disk { memory: 999 }.problem().expect("a problem");
        assert_eq!(problem.message, "999 is out of range: must be 1,000 bytes or more");
    }

    #[test]
    fn keys_come_in_descending_order_between_two() {
        let mut backend = MemoryBackend::default();
        for key in [b"a", b"c", b"b", b"d"] {
            backend.put(key, b"1").expect("memory takes it");
        }
        backend.remove(b"b").expect("memory lets go");
        let between = |first: &[u8], last: &[u8], most: usize| {
            let mut seen = Vec::new();
            let mut visit = |key: &[u8], _: &[u8]| {
                seen.push(String::from_utf8_lossy(key).into_owned());
                if seen.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            backend.descend(first, last, &mut visit).expect("memory can be read");
            seen.concat()
        };
        assert_eq!(between(b"a", b"c", 9), "ca");
        assert_eq!(between(b"b", b"z", 9), "dc");
        assert_eq!(between(b"a", b"z", 2), "dc");
        assert_eq!(between(b"z", b"a", 9), "");
    }
}
