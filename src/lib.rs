//! Highwater: a lab for stream processing.
//!
//! Modules are declared in the order in which a record meets them.

// What flows, and on which clocks.
pub mod human;
pub mod moment;
pub mod production;
pub mod record;
pub mod rng;
pub mod time;

// A run described as data.
pub mod gate;
pub mod log;
pub mod pipeline;
pub mod scenario;
pub mod source;

// Real streams, from and to files, and opening them.
pub mod open;
pub mod recording;

// The engine: pure state machines without clock, thread or file.
pub mod group;
pub mod join;
pub mod state;
pub mod watermark;
pub mod window;

// Results on their way out, and what outlives a crash.
pub mod checkpoint;
pub mod disk_state;
pub mod sink;

// Running it, and judging the run.
pub mod cases;
pub mod oracle;
pub mod runtime;

// The desktop window.
pub mod app;

// Numbers about a run or a stream.
pub mod explain;
pub mod metrics;
pub mod twin;

// Settings, and what they cost.
pub mod tuner;

// Standard jobs and their speed.
pub mod bench;
pub mod chaos;

// The commands.
pub mod cli;

// Drawing without a display.
pub mod raster;
