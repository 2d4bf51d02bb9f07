//! Windows: where in event time results are computed, and when in processing time they appear.
//!
//! - [`pane`]: windows, panes, timing: the vocabulary
//! - [`aggregate`]: what is computed

pub mod aggregate;
pub mod pane;
