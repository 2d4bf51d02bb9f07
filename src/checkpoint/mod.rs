//! Checkpoints: consistent snapshots of a whole pipeline, and what is done with them.
//!
//! - [`id`]: which checkpoint
//! - [`stored`]: what one holds for another process; [`mod@fingerprint`]: of which input
//! - [`codec`]: its bytes, with version and checksums; [`directory`]: its files, where a damaged one is noticed
//! - [`coordinator`]: decides when one begins, when it is complete, and when it has failed

pub mod codec;
pub mod coordinator;
pub mod directory;
pub mod fingerprint;
pub mod id;
pub mod stored;

pub use coordinator::{Answer, Coordinator, Due, Failure};
pub use directory::{CheckpointDirectory, Defect, Recovered, StorageError};
pub use fingerprint::fingerprint;
pub use id::CheckpointId;
pub use stored::{Ownership, PartitionPart, StoredCheckpoint, TaskPart};
