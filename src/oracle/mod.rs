//! Independent judges of the engine.
//!
//! - [`mod@reference`]: the batch answer over the complete input, computed naively
//! - [`special`]: the same of aggregates that need every value

pub mod reference;
pub mod special;

pub use reference::Truth;
pub use special::special_truth;
