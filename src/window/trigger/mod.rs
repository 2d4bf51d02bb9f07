//! When a window fires.
//!
//! - [`spec`]: triggers as plain data, as scenario files say them

pub mod spec;

pub use spec::TriggerSpec;
