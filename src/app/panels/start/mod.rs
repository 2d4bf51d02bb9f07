//! The start page: where you were, scenarios to take apart, a stream of your own, questions, files opened last.
//!
//! - [`thumbnails`]: small time maps of real runs
//! - [`questions`]: what people ask, and what answers it

pub mod questions;
pub mod thumbnails;
