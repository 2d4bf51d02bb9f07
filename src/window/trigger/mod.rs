//! When a window fires.
//!
//! - [`spec`]: triggers as plain data, as scenario files say them
//! - [`beam`]: Beam's, a tree that is asked once per step
//! - [`flink`]: Flink's, asked for every record and every timer

pub mod beam;
pub mod flink;
pub mod spec;

pub use flink::FlinkTrigger;
pub use spec::TriggerSpec;
