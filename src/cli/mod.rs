//! The commands.

pub mod moment;
pub mod picture_size;
