//! What a checkpoint is outside of the run that took it: everything that another process needs to go on.
//!
//! Keys, partitions and offsets mean something only beside the input that they were counted in, which is
//! why its fingerprint is part of it. Watermarks are kept where the pipeline asks for that; without them
//! they start anew and are made again from the sources, as in Apache Flink.

use serde::{Deserialize, Serialize};

use crate::checkpoint::CheckpointId;
use crate::sink::SinkSnapshot;
use crate::time::{EventTime, ProcTime};

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// The job's: deleted when enough newer ones are complete.
    Checkpoint,
    /// A user's, who asked for it: never deleted, always taken with aligned barriers.
    Savepoint,
}

/// A complete checkpoint or savepoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredCheckpoint {
    /// Which one of the job.
    pub id: CheckpointId,
    /// Whose it is.
    pub ownership: Ownership,
    /// When its barriers started.
    pub taken_at: ProcTime,
    /// The input that positions and keys belong to; see [`crate::checkpoint::fingerprint()`].
    pub input: u64,
    /// How far every partition is read, in order of partitions.
    pub partitions: Vec<PartitionPart>,
    /// Every window task, in order.
    pub tasks: Vec<TaskPart>,
    /// Transactions that wait for the commit.
    pub sink: SinkSnapshot,
}

/// How far a partition is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionPart {
    /// Its number, from 0.
    pub partition: u32,
    /// The place in it of the record that is read next.
    pub position: u64,
}

/// A window task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskPart {
    /// The bytes of its [`crate::window::snapshot::OperatorSnapshot`], which check themselves.
    pub operator: Vec<u8>,
    /// The watermark that it had, where it is kept.
    pub watermark: Option<EventTime>,
}

impl StoredCheckpoint {
    /// Bytes of the state of all tasks.
    pub fn state_bytes(&self) -> u64 {
        self.tasks.iter().map(|task| task.operator.len() as u64).sum()
    }

    /// Records that were read before it.
    pub fn records_read(&self) -> u64 {
        self.partitions.iter().map(|part| part.position).sum()
    }
}
