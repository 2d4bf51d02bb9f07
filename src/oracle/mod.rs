//! Independent judges of the engine.
//!
//! - [`mod@reference`]: the batch answer over the complete input, computed naively

pub mod reference;

pub use reference::Truth;
