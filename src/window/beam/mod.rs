//! The window operator of the Beam dialect.
//!
//! A step (a bundle of elements, a rise of the watermark, the passing of processing time) is atomic:
//! late elements are dropped one by one, sessions are merged, elements are added, and then each window
//! that was touched is asked once whether it fires. Source: Apache Beam's `ReduceFnRunner` (2.43),
//! and the Dataflow Model (Akidau et al., 2015) for retractions, which Beam does not have.
//!
//! - [`operator`]: the steps
//! - [`merge`]: sessions that overlap become one
//! - [`state`]: what is kept of one window, and the pane that it makes

pub mod merge;
pub mod operator;
pub mod state;

pub use operator::{BeamWindows, Bundle};
pub use state::{Contents, PaneSink};
