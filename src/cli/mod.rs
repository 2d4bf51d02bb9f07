//! The commands.

pub mod moment;
