//! The building blocks of every panel, drawn in one style and named for screen readers.
//!
//! - [`marks`]: records, lines and hatches; shape carries what colour says
//! - [`frame`]: the header of a panel, hairlines, plates behind labels
//! - [`legend`]: entries that count and filter
//!
//! Widgets return what happened and change nothing but the value that they are given.

pub mod frame;
pub mod legend;
pub mod marks;
