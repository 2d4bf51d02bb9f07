//! A report to attach to a change request: what was asked, what the recording is, what is advised, at what
//! price, how sure, beside the usual rules, and how to get the same again.
//!
//! [`story`] says it once as a [`Document`]; [`markdown()`] and [`html()`] write it down. Both are complete in
//! themselves: no picture, font or script is fetched from anywhere.

mod document;
mod html;
mod markdown;
mod plot;
mod story;

pub use document::{Block, Document};
pub use html::html;
pub use markdown::markdown;
pub use plot::{Mark, Plot};
pub use story::{Story, story};
