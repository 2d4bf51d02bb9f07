//! The time map: event time across, processing time up.

pub mod camera;
#[cfg(test)]
pub(in crate::app) mod fixture;
pub mod labels;
pub mod model;
pub mod running;
