//! The commands. Results go to standard output, everything else to standard error; exit code 0 is
//! done, 1 a failed check, 2 bad input or usage.

pub mod args;
pub mod bench;
mod bench_frame;
mod bench_import;
mod bench_tuner;
pub mod chaos;
pub mod check;
pub mod choices;
pub mod columns;
pub mod error;
pub mod explain;
mod explain_report;
pub mod film;
pub mod import;
mod import_report;
pub mod input;
pub mod lab;
pub mod output;
pub mod picture_size;
pub mod pipeline_args;
mod recovery_text;
pub mod run;
mod run_state;
pub mod run_threads;
pub mod savepoint;
pub mod shot;
pub mod stopwatch;
pub mod subject;
mod text;
pub mod tune;
pub mod tune_advice;
pub mod tune_args;
mod tune_picture;
mod tune_text;
pub mod watermark_arg;

pub use crate::moment;

/// Says on standard error why a command stopped.
pub fn report_error(error: &error::CliError) {
    if let error::CliError::BadInput(message) = error {
        eprintln!("error: {message}");
    }
}
