//! Real streams, from and to files.

pub mod delays;
