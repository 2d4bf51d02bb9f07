//! The watermark: the claim "no more records with event time < W". It never goes back.
//!
//! - [`bounded`]: generated from the records, by a bound on how far they may be out of order

pub mod bounded;

pub use bounded::BoundedWatermark;
