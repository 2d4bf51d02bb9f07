//! Advice: which bound and lateness keep a promise, at what price, and how sure that is.

pub mod advise;
pub mod blocks;
pub mod choose;
pub mod drift;
pub mod exceedance;
pub mod fit;
pub mod needs;
pub mod price;
pub mod silence;
pub mod streams;
pub mod study;
pub mod tail;
pub mod wanted;
pub mod warning;
pub(crate) mod words;

pub use advise::{Advice, HeldOut, Idle, Question, advise};
pub use wanted::{Wanted, percent};
pub use words::in_words;
