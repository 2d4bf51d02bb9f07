//! What every task of a run did with its time, and what waited where: read from the trace alone.
//!
//! - [`intervals`], [`flow`]: stretches of time, and places where records wait
//! - [`activity`]: when every task was busy or held up, and what was in every channel and partition
//! - [`pace`]: how fast records come or go lately
//! - [`lag`]: how long until what waits is cleared, predicted and actual
//! - [`owners`]: who reads which partition
//! - [`cause`]: why records wait: the slow node, ranked
//! - [`inputs`]: the watermark of every partition, and who holds the others back
//! - [`silence`]: why a partition or a task is silent, by name
//! - [`poison`]: tasks that crash on a record again and again
//! - [`phrase`]: numbers and instants as sentences have them

pub mod activity;
pub mod cause;
pub mod flow;
pub mod inputs;
pub mod intervals;
pub mod lag;
pub mod owners;
pub mod pace;
pub mod phrase;
pub mod poison;
pub mod silence;
mod targets;

pub use activity::{Block, Shares, TaskMetrics};
pub use cause::{Cause, CauseKind, causes};
pub use flow::Flow;
pub use inputs::{Input, Inputs};
pub use intervals::{Intervals, Stretch};
pub use lag::{Clearing, Rates};
pub use owners::Owners;
pub use poison::{CrashLoop, crash_loops};
pub use silence::{Hunger, Silence};
