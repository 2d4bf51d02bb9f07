//! The FILE of a command, with the flags that say how to take it.

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::Path;

use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::open::{Opened, Settings, open};
use crate::recording::{BadRows, ReadOptions};

/// Opens a FILE for a command. Rows of a recording that cannot be records are an error here;
/// `highwater import` keeps them aside. What was guessed is said on standard error unless
/// `is_quiet`.
///
/// # Errors
/// Bad input and settings out of range, with file, line, column and field.
pub fn load(file: &Path, columns: &ColumnArgs, settings: &Settings<'_>, is_quiet: bool) -> Result<Opened, CliError> {
    let options = ReadOptions { columns: columns.choice(), bad_rows: BadRows::Refuse };
    let shows_progress = !is_quiet && std::io::stderr().is_terminal();
    let bar = if shows_progress { indicatif::ProgressBar::new_spinner() } else { indicatif::ProgressBar::hidden() };
    let mut progress = |bytes: u64| {
        bar.set_message(format!("{} kB read", crate::human::count(bytes / 1000)));
        ControlFlow::Continue(())
    };
    let opened = open(file, &options, settings, &mut progress);
    bar.finish_and_clear();
    let opened = opened.map_err(CliError::bad_input)?;
    if !is_quiet {
        for remark in opened.remarks() {
            eprintln!("{remark}");
        }
    }
    Ok(opened)
}
