//! Advice: which bound and lateness keep a promise, at what price, and how sure that is.

pub mod blocks;
pub mod drift;
pub mod exceedance;
pub mod fit;
pub mod needs;
pub mod streams;
pub mod study;
pub mod tail;
