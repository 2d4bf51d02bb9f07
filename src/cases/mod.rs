//! Cases recorded from other engines, run against this one.
//!
//! A case is an input and what the other engine gave; running it says in words where the answers
//! part. The expected results are facts, never edited.
//!
//! - [`flink_windows`]: windows, lateness and triggers of Apache Flink
//! - [`beam`]: windows, triggers and panes of Apache Beam
//! - [`valve`]: the watermark over several inputs
//! - [`idleness`]: silent inputs, and the splits inside one source
//! - [`alignment`]: inputs that run ahead are paused
//! - [`restart`]: whether and when a job that failed comes back
//! - [`shape`]: all of these, recognised by what a case holds; [`mod@file`]: files of them

pub mod alignment;
pub mod beam;
pub mod emission;
pub mod file;
pub mod flink_windows;
pub mod idleness;
pub mod restart;
pub mod shape;
pub mod valve;
