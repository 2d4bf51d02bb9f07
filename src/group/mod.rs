//! A consumer group: who reads which partition, and what it costs to change that.
//!
//! A pure state machine of the group coordinator and its members as they look from outside (Apache Kafka
//! documentation, Consumer Configs; KIP-62 for polling and heartbeats, KIP-429 for the incremental
//! protocol). No clock inside: instants come in with every call and never go back. Committed offsets
//! are the caller's, and so is what a member does that was removed and does not know it.
//!
//! - [`spec`]: the settings
//! - [`assign`]: partitions to members
//! - [`event`]: what comes in and what comes out
//! - [`member`]: one member as the coordinator sees it
//! - [`coordinator`]: the machine

pub mod assign;
pub mod coordinator;
pub mod event;
pub mod member;
pub mod spec;

pub use coordinator::Group;
pub use event::{Cause, Event, MemberId, Output, Removal};
pub use spec::{Assignor, GroupSpec, Protocol};
