//! The watermark: the claim "no more records with event time < W". It never goes back.
//!
//! - [`spec`]: which rule, and what surrounds it, as data
//! - [`generator`]: one input's watermark by any rule; the rules that need more than a line are
//!   [`punctuated`], [`percentile`], [`adaptive`] and [`perfect`]
//! - [`bounded`]: the most common rule alone, for the fast path
//! - [`merge`], [`split`]: the minimum over several inputs, between tasks and inside one source
//! - [`idle`]: when a silent input stops holding the others back
//! - [`align`]: when an input that runs ahead has to wait
//! - [`said`]: what the source itself says
//! - [`ticks`]: the instants of periodic emission
//! - [`azure`]: the door and the watermark of Azure Stream Analytics
//! - [`tracker`]: wires them in front of one operator

pub mod adaptive;
pub mod align;
pub mod azure;
pub mod bounded;
pub mod generator;
pub mod idle;
pub mod merge;
pub mod percentile;
pub mod perfect;
pub mod punctuated;
pub mod said;
pub mod spec;
pub mod split;
pub mod ticks;
pub mod tracker;

pub use align::AlignmentGroup;
pub use azure::AzureTime;
pub use bounded::BoundedWatermark;
pub use generator::{Generator, Seen};
pub use idle::{IdleCheck, IdleTimer};
pub use merge::{Emitted, InputStatus, Valve};
pub use said::SaidWatermark;
pub use spec::{Emit, Marker, WatermarkOptions, WatermarkSpec};
pub use split::SplitMerge;
pub use tracker::{Rise, StatusChange, Surroundings, Tracker};
