//! Baselines: what the usual rules for a watermark give on the same recording, beside the tuner's own setting
//! that counts as many records soonest.
//!
//! Every rule is run by the engine, with its own [`crate::watermark::WatermarkSpec`]: the comparison is between
//! settings, not between implementations. All rules have the lateness of the pipeline, so that what is
//! compared is how long results wait and not how often they are corrected.

mod compare;
mod rules;
mod table;

pub use compare::{Baseline, Baselines, baselines};
pub use rules::{Rule, rules};
pub use table::in_words;
pub(crate) use table::{HEADS, cells, heading, sentences};
