//! The watermark: the claim "no more records with event time < W". It never goes back.
//!
//! - [`bounded`]: generated from the records, by a bound on how far they may be out of order
//! - [`merge`], [`split`]: the minimum over several inputs, between tasks and inside one source
//! - [`idle`]: when a silent input stops holding the others back
//! - [`align`]: when an input that runs ahead has to wait

pub mod align;
pub mod bounded;
pub mod idle;
pub mod merge;
pub mod split;

pub use align::AlignmentGroup;
pub use bounded::BoundedWatermark;
pub use idle::{IdleCheck, IdleTimer};
pub use merge::{Emitted, InputStatus, Valve};
pub use split::SplitMerge;
