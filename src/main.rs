//! Arguments to a command or the window, and exit codes; no logic.

use std::process::ExitCode;

use clap::Parser;
use highwater::cli::args::{Cli, dispatch};

fn main() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            highwater::cli::report_error(&error);
            error.exit_code()
        }
    }
}
