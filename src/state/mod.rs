//! Keyed state: which task keeps what.
//!
//! - [`key_group`]: keys are dealt into a fixed number of groups, and tasks own ranges of groups

pub mod key_group;

pub use key_group::{KeyGroup, KeyGroupRange, KeyGroups, TaskIndex};
