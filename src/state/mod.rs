//! Keyed state: which task keeps what, and for how long.
//!
//! - [`key_group`]: keys are dealt into a fixed number of groups, and tasks own ranges of groups
//! - [`backend`]: where it lives, in memory or on disk, behind one trait
//! - [`ttl`]: how long state that no watermark lets go is kept; [`expiring`]: a map that keeps to it

pub mod backend;
pub mod expiring;
pub mod key_group;
pub mod ttl;

pub use backend::{BackendError, MemoryBackend, StateBackend, StateFigures, StateSpec};
pub use expiring::ExpiringMap;
pub use key_group::{KeyGroup, KeyGroupRange, KeyGroups, TaskIndex};
pub use ttl::{StateTtl, TtlUpdate};
