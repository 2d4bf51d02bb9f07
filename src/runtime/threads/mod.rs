//! The threads runtime: the same operators as in virtual time on real threads, over bounded channels
//! that carry batches. A full channel blocks its sender, so a slow sink holds the sources back.
//!
//! What a run decides by chance is the order in which its tasks get their input, and what their clocks
//! say. Both are recorded, and [`replay()`] of the record on one thread gives the same panes.
//!
//! - [`config`]: what a run is made of
//! - [`layout`]: who reads what; [`source_task`], [`window_task`]: the tasks as pure machines
//! - [`exchange`]: which record goes to which window task; [`batch`]: what travels there
//! - [`emission`]: what travels to the sink
//! - [`channel`]: bounded channels; [`control`], [`clock`]: steering and real time; [`meter`],
//!   [`progress`]: counters
//! - [`source_thread`], [`window_thread`], [`sink`]: the bodies of the threads
//! - [mod@run`]: a run from outside; [`wiring`]: how it is put together; [`error`]: why it fails
//! - [`refusal`]: what a scenario asks that threads do not keep
//! - [`work`]: how long tasks are to take
//! - [`order`]: the recorded order; [`mod@replay`]: taking it again; [`mod@retrace`]: into a trace

pub mod batch;
pub mod channel;
pub mod clock;
pub mod config;
pub mod control;
pub mod emission;
pub mod error;
pub mod exchange;
pub mod layout;
pub mod meter;
pub mod order;
pub mod progress;
pub mod refusal;
pub mod replay;
pub mod retrace;
pub mod run;
pub mod sink;
pub mod source_task;
pub mod source_thread;
pub mod window_task;
pub mod window_thread;
pub mod wiring;
pub mod work;

pub use config::{Pace, ThreadsConfig};
pub use emission::{Emission, ListedPane};
pub use error::{Failure, RunError, StartError};
pub use meter::{Activity, ThreadProgress};
pub use order::Recorded;
pub use progress::{ChannelProgress, Progress};
pub use refusal::refusals;
pub use replay::{ReplayError, Replayed, replay};
pub use retrace::retrace;
pub use run::{Finished, Handle, run, start};
pub use sink::{ByTask, PaneSink, SinkClosed};
pub use work::Work;
