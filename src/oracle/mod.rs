//! Independent judges of the engine.
//!
//! - [`reference`]: the batch answer over the complete input, computed naively

pub mod reference;

pub use reference::Truth;
