//! Windows: where in event time results are computed, and when in processing time they appear.
//!
//! - [`pane`]: windows, panes, timing: the vocabulary
//! - [`assign`], [`assigner`]: which windows a record falls in
//! - [`aggregate`]: what is computed
//! - [`trigger`]: when a window fires; [`accumulation`]: what a firing says of those before it
//! - [`dialect`]: whose rules apply where engines differ
//! - [`lateness`]: the boundary rules, one named function each
//! - [`cells`]: the state of all keys in one window; [`columns`]: the windows that have state;
//!   [`key_index`]: where keys are sparse
//! - [`slices`]: windows that overlap cut up; [`running`]: totals over a moving range of slices
//! - [`session_slots`]: the sessions of all keys; [`timer_wheel`]: what they wait for, [`bit_ring`] in it
//! - [`aligned`], [`sliced`], [`session`]: the fast operators; [`general`]: the one that does everything
//! - [`merge`]: the second stage, where keys are split over tasks
//! - [`beam`]: the operator of the Beam dialect
//! - [`kafka`]: the operator of the Kafka Streams dialect; [`azure`]: of Azure Stream Analytics
//! - [`store`]: the state of the general one, wherever it lives
//! - [`timers`]: what a window waits for
//! - [`operator`]: wires them; [`sink`]: what it tells the outside; [`snapshot`]: all that it keeps, as bytes

pub mod accumulation;
pub mod aggregate;
pub mod aligned;
pub mod assign;
pub mod assigner;
pub mod azure;
pub mod batch;
pub mod beam;
pub mod bit_ring;
pub mod cells;
pub mod columns;
pub mod dialect;
pub mod front_slice;
pub mod general;
pub mod kafka;
pub mod key_index;
pub mod lateness;
pub mod merge;
pub mod operator;
pub mod pane;
pub mod running;
pub mod session;
pub mod session_slots;
pub mod sink;
pub mod sliced;
pub mod slices;
pub mod snapshot;
pub mod store;
pub mod timer_wheel;
pub mod timers;
pub mod trigger;
