//! What is computed per key and window: state machines that take values in, merge, take values back
//! where that is possible, and say their result and their size.
//!
//! - [`spec`]: which aggregate, as data
//! - [`summary`]: count, sum, minimum and maximum, cheap enough to be kept together always
//! - [`special`]: one of the others, kept beside the summary where a pipeline asks for it:
//!   [`distinct`], [`quantile`], [`extreme`] (top k), [`edge`] (first and last)
//! - [`collected`]: both together, in the general operators; [`bytes`]: sketches in snapshots

pub mod bytes;
pub mod collected;
pub mod distinct;
pub mod edge;
pub mod extreme;
pub mod quantile;
pub mod spec;
pub mod special;
pub mod summary;

pub use collected::Collected;
pub use spec::Aggregate;
pub use special::Special;
pub use summary::{Accumulator, CountSum, Summary};
