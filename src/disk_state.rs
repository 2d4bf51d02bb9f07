//! Keyed state on disk: [`StateBackend`] over `fjall`, an embedded log-structured merge tree.
//!
//! It lives at the edge of the program: the engine knows the trait alone. Its folder is its own and goes
//! with it; nothing is brought to the disk for good, because what outlives a run is a checkpoint.

use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use crate::state::backend::{BackendError, MemoryBackend, StateBackend, Visit};

/// Bytes of blocks that are kept in memory for reading, and of writes that are gathered. Small: the
/// operator has its own memory, and this is for state that is larger than that.
const CACHE_BYTES: u64 = 4_000_000;

/// State in a folder.
pub struct DiskBackend {
    states: Keyspace,
    /// Closed after the states.
    _database: Database,
}

impl std::fmt::Debug for DiskBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DiskBackend").field("folder", &self.states.path()).finish_non_exhaustive()
    }
}

impl DiskBackend {
    /// An empty one in a folder that is made for it, must not have another in it, and is deleted with it.
    ///
    /// # Errors
    /// When the folder cannot be made or written.
    pub fn open(folder: &Path) -> Result<Self, BackendError> {
        let builder = Database::builder(folder).temporary(true).cache_size(CACHE_BYTES).worker_threads(1);
        let database = builder.open().map_err(failed)?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(CACHE_BYTES);
        let states = database.keyspace("states", options).map_err(failed)?;
        Ok(Self { states, _database: database })
    }
}

fn failed(error: fjall::Error) -> BackendError {
    BackendError::Disk(error.to_string())
}

impl StateBackend for DiskBackend {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        Ok(self.states.get(key).map_err(failed)?.map(|value| value.to_vec()))
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackendError> {
        self.states.insert(key, value).map_err(failed)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), BackendError> {
        self.states.remove(key).map_err(failed)
    }

    fn descend(&self, first: &[u8], last: &[u8], visit: &mut Visit<'_>) -> Result<(), BackendError> {
        if first > last {
            return Ok(());
        }
        for entry in self.states.range(first..=last).rev() {
            let (key, value) = entry.into_inner().map_err(failed)?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn copy(&self) -> Result<MemoryBackend, BackendError> {
        let mut copy = MemoryBackend::default();
        for entry in self.states.iter() {
            let (key, value) = entry.into_inner().map_err(failed)?;
            copy.put(&key, &value)?;
        }
        Ok(copy)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::*;

    /// Every key between two, descending.
    fn between(backend: &dyn StateBackend, first: u8, last: u8) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut seen = Vec::new();
        let mut visit = |key: &[u8], value: &[u8]| {
            seen.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        };
        backend.descend(&[first], &[last], &mut visit).expect("it can be read");
        seen
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn the_disk_keeps_what_memory_keeps(
            steps in prop::collection::vec((any::<u8>(), prop::option::of(any::<Vec<u8>>())), 0..120),
            (first, last) in (any::<u8>(), any::<u8>()),
        ) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let place = folder.path().join("state");
            let mut disk = DiskBackend::open(&place).expect("it can be made");
            let mut memory = MemoryBackend::default();
            for (key, value) in steps {
                match value {
                    Some(value) => {
                        disk.put(&[key], &value).expect("it is written");
                        memory.put(&[key], &value).expect("memory takes it");
                    }
                    None => {
                        disk.remove(&[key]).expect("it is written");
                        memory.remove(&[key]).expect("memory lets go");
                    }
                }
                prop_assert_eq!(disk.get(&[key]), memory.get(&[key]));
            }
            prop_assert_eq!(between(&disk, first, last), between(&memory, first, last));
            prop_assert_eq!(disk.copy(), Ok(memory));
            drop(disk);
            prop_assert!(!place.exists());
        }
    }
}
