//! Opening a FILE: a scenario or a recording becomes a scenario and its stream.
//!
//! The commands and the lab open files in the same way; what they do with notes and progress is
//! theirs.

mod first_pipeline;

pub use first_pipeline::first_pipeline;
