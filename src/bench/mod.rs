//! Standard jobs: the same records and pipelines everywhere, so that speeds can be compared.
//!
//! - [`job`]: what the jobs are: records, pipeline, expected answer
//! - [`checksum`]: one number for all panes of a job, whatever their order
//! - [`engine`]: a job through the window operator of its pipeline
//! - [`frame`]: what a frame of the lab costs
//! - [`import`]: a table of text into a recording
//! - [`sim`]: a whole simulated run
//! - [`threads`]: a job through the threads runtime
//! - [`tuner`]: every bound of a long stream at once, beside the engine at some of them
//! - [`yardstick`]: the same answer from a loop written by hand for that one job

pub mod checksum;
pub mod engine;
pub mod frame;
pub mod import;
pub mod job;
pub mod sim;
pub mod threads;
pub mod tuner;
pub mod yardstick;

pub use checksum::Answer;
pub use frame::FrameJob;
pub use import::Import;
pub use job::{Job, SmallRecord};
pub use sim::Sim;
pub use threads::Threads;
pub use tuner::TunerJob;
