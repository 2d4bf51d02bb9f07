//! Checkpoints: consistent snapshots of a whole pipeline, and what is done with them.
//!
//! - [`id`]: which checkpoint

pub mod id;

pub use id::CheckpointId;
