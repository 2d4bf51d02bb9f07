//! Joins: records of two streams, or of a stream and a table, brought together by key and event time.
//!
//! - [`interval`]: two records join when their event times are within an interval of each other
//! - [`window`]: two records join when they share a window
//! - [`table`]: a record joins the version of a table row that was valid when it happened
//! - [`spec`]: a join as data; [`run`]: over two whole streams; [`joined`]: what came of it
//!
//! Pure state machines like the window operator: the caller hands in records and the merged watermark
//! of both inputs, and gets pairs back. State is dropped as soon as the watermark says that nothing
//! can need it any more.

pub mod interval;
pub mod joined;
pub mod run;
pub mod spec;
pub mod table;
pub mod window;

pub use interval::IntervalJoin;
pub use joined::{JoinFate, Joined};
pub use spec::{JoinKind, JoinRules, JoinedValue};
pub use table::TableJoin;
pub use window::WindowJoin;

use serde::{Deserialize, Serialize};

use crate::record::{KeyId, Record};
use crate::time::EventTime;

/// Which input a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The first input.
    Left,
    /// The second input.
    Right,
}

/// A record of each side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Their key.
    pub key: KeyId,
    /// The left one.
    pub left: Record,
    /// The right one.
    pub right: Record,
    /// The event time that the pair carries onward.
    pub event_time: EventTime,
}

/// What became of a record that was handed to a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It takes part.
    Kept,
    /// It was behind the watermark and takes no part.
    Late,
}
