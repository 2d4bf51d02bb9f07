//! The building blocks of every panel, drawn in one style and named for screen readers.
//!
//! - [`marks`]: records, lines and hatches; shape carries what colour says
//! - [`frame`]: the header of a panel, hairlines, plates behind labels
//! - [`legend`]: entries that count and filter
//! - [`quantity`], [`scale`], [`knob`]: numbers with units, and how they are turned
//! - [`controls`], [`choice`]: buttons and segments, one of many, on and off, and what is folded away
//! - [`focus`]: the ring around what has the focus, and bringing it into sight
//!
//! Widgets return what happened and change nothing but the value that they are given.

pub mod choice;
pub mod controls;
pub mod focus;
pub mod frame;
pub mod knob;
pub mod legend;
pub mod marks;
pub mod overlay;
pub mod quantity;
pub mod scale;
pub mod within;
