//! Cases recorded from other engines, run against this one.
//!
//! A case is an input and what the other engine gave; running it says in words where the answers
//! part. The expected results are facts, never edited.
//!
//! - [`valve`]: the watermark over several inputs
//! - [`idleness`]: silent inputs, and the splits inside one source
//! - [`alignment`]: inputs that run ahead are paused

pub mod alignment;
pub mod beam;
pub mod emission;
pub mod flink_windows;
pub mod idleness;
pub mod valve;
