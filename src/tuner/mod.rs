//! The tuner: which bound, which window, at what price, how sure.
//!
//! Where a pipeline's watermark is the largest event time minus a bound, one pass over the stream
//! ([`Scan`]) answers every bound and lateness exactly, without running anything; everywhere else the
//! engine itself is run, point by point. Both give a [`Point`], which says which of the two it is.
//!
//! - [`Setting`]: what can be turned: window, bound, lateness
//! - [`Tuner`]: a stream and a pipeline to be tuned; decides between closed form and engine
//! - [`Profile`]: how far event time has come by every record, whatever the window
//! - [`Scan`]: a window over a profile, ready to answer
//! - [`Point`], [`Detail`]: what a setting gives
//! - [`frontier()`], [`Slope`]: the settings worth having, and what the next second buys
//! - [`Target`]: what somebody wants of a setting
//! - [`bounds`]: windows, bounds and latenesses to look at when nobody has said which
//! - [`verify()`]: closed form against engine at random settings
//! - [`advice`]: which of them keeps a promise on records that are still to come, and how sure that is
//! - [`baseline`]: what the usual rules give instead
//! - [`capacity`]: how many tasks a load needs
//! - [`report`]: all of it on a page to attach to a change request
//!
//! Everything here is plain data, `Send` and `Sync`; only [`parallel`] knows of threads.

pub mod advice;
pub mod baseline;
pub mod bounds;
pub mod by_engine;
pub mod capacity;
pub mod column;
pub mod detail;
pub mod form;
pub mod frontier;
pub mod grid;
pub mod parallel;
pub mod point;
pub mod profile;
pub mod query;
pub mod report;
pub mod scan;
pub mod search;
pub mod setting;
pub mod target;
pub mod tuning;
pub mod verify;

mod open_windows;
mod seen;

pub use detail::{AggregateError, Detail, WorstKey};
pub use form::{Form, form};
pub use frontier::{Quantile, Slope, frontier};
pub use parallel::{Cancelled, Progress, Watch};
pub use point::{Counts, Point, Source, WorstWindow};
pub use profile::Profile;
pub use scan::Scan;
pub use setting::Setting;
pub use target::{LatencyTarget, Target};
pub use tuning::Tuner;
pub use verify::{Difference, Verified, verify};
