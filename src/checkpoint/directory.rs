//! Checkpoints in a folder: each a file of its own that appears whole or not at all, the newest few kept.
//!
//! A file is written under a temporary name, brought to the disk, renamed, and the folder brought to the
//! disk; only then is it added to the list of completed ones (the index), which is written the same way,
//! and only then are older files deleted. So there is no instant at which a crash leaves less than what
//! was complete before. The index makes a file that has gone missing noticed; a complete file that it does
//! not name yet is used all the same.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::checkpoint::codec::{self, CodecError};
use crate::checkpoint::{CheckpointId, StoredCheckpoint};
use crate::recording::write_whole;

/// How many completed checkpoints are kept where nobody says: one more than Flink keeps
/// (`execution.checkpointing.num-retained`), so that there is one before a damaged one.
pub const DEFAULT_RETAINED: usize = 2;

/// The list of completed checkpoints.
const INDEX: &str = "completed.index";
const PREFIX: &str = "checkpoint-";
const ENDING: &str = ".hwc";

/// Why a checkpoint file cannot be used or written.
#[derive(Debug, Error)]
#[error("{}: {what}", path.display())]
pub struct StorageError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: Defect,
}

/// What is wrong with a file or folder.
#[derive(Debug, Error)]
pub enum Defect {
    /// It is not there.
    #[error("is missing")]
    Missing,
    /// It is a whole file of another checkpoint.
    #[error("holds {found}, which is not what its name says")]
    OtherCheckpoint {
        /// Which one it holds.
        found: CheckpointId,
    },
    /// Its bytes are not those of a checkpoint that can be read.
    #[error(transparent)]
    Bytes(#[from] CodecError),
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Read(io::Error),
    /// It cannot be written.
    #[error("cannot be written: {0}")]
    Write(io::Error),
}

impl StorageError {
    fn new(path: &Path, what: Defect) -> Self {
        Self { path: path.to_owned(), what }
    }
}

/// What is in a folder after a crash.
#[derive(Debug)]
pub struct Recovered {
    /// The newest checkpoint that can be used, and its file; `None` when there is none.
    pub newest: Option<(PathBuf, StoredCheckpoint)>,
    /// Newer ones, newest first, and the index, with what is wrong with each.
    pub passed_over: Vec<StorageError>,
}

/// A folder of checkpoints of one job.
#[derive(Clone, Debug)]
pub struct CheckpointDirectory {
    folder: PathBuf,
    retained: usize,
}

impl CheckpointDirectory {
    /// The checkpoints in a folder, which is made if it is not there. The newest `retained` of them are
    /// kept, at least one.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(folder: &Path, retained: usize) -> Result<Self, StorageError> {
        fs::create_dir_all(folder).map_err(|error| StorageError::new(folder, Defect::Write(error)))?;
        Ok(Self { folder: folder.to_owned(), retained: retained.max(1) })
    }

    /// The file of a checkpoint, whether there is one or not.
    pub fn path_of(&self, id: CheckpointId) -> PathBuf {
        self.folder.join(format!("{PREFIX}{:010}{ENDING}", id.0))
    }

    /// Stores a completed checkpoint and deletes those that are not to be kept any more. Its size in bytes.
    ///
    /// # Errors
    /// When it cannot be written; everything that was there before still is.
    pub fn save(&self, checkpoint: &StoredCheckpoint) -> Result<u64, StorageError> {
        let bytes = save(&self.path_of(checkpoint.id), checkpoint)?;
        let mut ids = self.ids()?;
        ids.retain(|id| *id <= checkpoint.id);
        let kept = ids.split_off(ids.len().saturating_sub(self.retained));
        write(&self.folder.join(INDEX), &codec::encode(codec::OF_AN_INDEX, &kept))?;
        for id in ids {
            // One that stays by mistake takes room and does no harm.
            let _ = fs::remove_file(self.path_of(id));
        }
        Ok(bytes)
    }

    /// The newest checkpoint that can be used. Those that are torn, damaged, missing or of a newer
    /// program are passed over, and said.
    ///
    /// # Errors
    /// When the folder cannot be read at all.
    pub fn recover(&self) -> Result<Recovered, StorageError> {
        let mut passed_over = Vec::new();
        let mut ids = self.ids()?;
        match self.index() {
            Ok(listed) => ids.extend(listed),
            Err(error) => passed_over.push(error),
        }
        ids.sort_unstable();
        ids.dedup();
        for id in ids.into_iter().rev() {
            let path = self.path_of(id);
            match load(&path) {
                Ok(checkpoint) if checkpoint.id == id => {
                    return Ok(Recovered { newest: Some((path, checkpoint)), passed_over });
                }
                Ok(checkpoint) => {
                    let what = Defect::OtherCheckpoint { found: checkpoint.id };
                    passed_over.push(StorageError::new(&path, what));
                }
                Err(error) => passed_over.push(error),
            }
        }
        Ok(Recovered { newest: None, passed_over })
    }

    /// The largest number that was used; 0 in an empty folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn largest(&self) -> Result<CheckpointId, StorageError> {
        Ok(self.ids()?.last().copied().unwrap_or_default())
    }

    /// The checkpoints that there are files of, ascending.
    fn ids(&self) -> Result<Vec<CheckpointId>, StorageError> {
        let unreadable = |error| StorageError::new(&self.folder, Defect::Read(error));
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(ENDING)?.parse().ok());
            ids.extend(number.map(CheckpointId));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// The checkpoints that were complete; none before the first.
    fn index(&self) -> Result<Vec<CheckpointId>, StorageError> {
        let path = self.folder.join(INDEX);
        match fs::read(&path) {
            Ok(bytes) => {
                codec::decode(codec::OF_AN_INDEX, &bytes).map_err(|error| StorageError::new(&path, error.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(StorageError::new(&path, Defect::Read(error))),
        }
    }
}

/// Writes a checkpoint or savepoint to a file of its own: whole or not at all, and on the disk when this
/// returns. Its size in bytes.
///
/// # Errors
/// When it cannot be written; a file that was there before is unchanged.
pub fn save(path: &Path, checkpoint: &StoredCheckpoint) -> Result<u64, StorageError> {
    let bytes = codec::encode(codec::OF_A_CHECKPOINT, checkpoint);
    write(path, &bytes)?;
    Ok(bytes.len() as u64)
}

/// Reads a checkpoint or savepoint.
///
/// # Errors
/// When it is missing, torn, damaged, of a newer program, or no checkpoint at all.
pub fn load(path: &Path) -> Result<StoredCheckpoint, StorageError> {
    let bytes = fs::read(path).map_err(|error| {
        let what = if error.kind() == io::ErrorKind::NotFound { Defect::Missing } else { Defect::Read(error) };
        StorageError::new(path, what)
    })?;
    codec::decode(codec::OF_A_CHECKPOINT, &bytes).map_err(|error| StorageError::new(path, error.into()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = write_whole(path, |file| file.write_all(bytes)).and_then(|()| {
        // The name is on the disk when its folder is. Only Unix lets one open a folder.
        if cfg!(unix) { fs::File::open(folder).and_then(|folder| folder.sync_all()) } else { Ok(()) }
    });
    written.map_err(|error: io::Error| StorageError::new(path, Defect::Write(error)))
}
