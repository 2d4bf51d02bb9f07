//! `highwater import`: a recording from CSV, JSON lines or Parquet, with what was guessed, which rows were
//! bad, and how late the records are.
//!
//! Rows that cannot be records are listed by line and written beside the recording; they end the
//! command only with `--strict`, or when no row is left. What is written is written whole.

use std::fs;
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::args::CommonArgs;
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::import_report::{BAD_ROWS_HEADER, ImportReport, bad_rows_csv};
use crate::cli::output;
use crate::cli::stopwatch::Stopwatch;
use crate::human;
use crate::open;
use crate::record::Stream;
use crate::recording::{self, BadRows, ReadOptions, ReadReport, Recording, STANDARD_STREAM};
use crate::scenario::library;

/// Arguments of `highwater import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// CSV or JSON lines (also kcat -J), plain, .gz or .zst, or Parquet; a scenario, whose records are
    /// made; - is standard input
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// The recording to write: .parquet, or .csv, .jsonl or .ndjson, with .gz or .zst after it or not;
    /// - is standard output; without it, only look
    #[arg(long, short, value_name = "REC")]
    pub output: Option<PathBuf>,
    /// Refuse the input at its first bad row
    #[arg(long)]
    pub strict: bool,
    /// The report as text on standard error, or as one JSON object on standard output
    #[arg(long, value_enum, default_value_t = ImportFormat::Text, value_name = "FORMAT")]
    pub format: ImportFormat,
    /// Which columns mean what.
    #[command(flatten)]
    pub columns: ColumnArgs,
}

/// How the report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Reads the input, says what it found, and writes the recording if there is to be one.
///
/// # Errors
/// Input that cannot be read, an output name of no known format, files that cannot be written.
pub fn import(args: &ImportArgs, common: &CommonArgs) -> Result<(), CliError> {
    if let Some(output) = &args.output {
        check_output(output, args)?;
    }
    let stopwatch = Stopwatch::start();
    let recording = if is_scenario(&args.input) { make(&args.input)? } else { read(args, common.quiet)? };
    let seconds = stopwatch.elapsed().as_secs_f64();
    let report = ImportReport::of(&recording, args.output.as_deref());
    if let Some(output) = &args.output {
        write(&recording.stream, output, common.quiet)?;
        write_bad_rows(&recording, output)?;
    }
    if let Some(folder) = &common.out {
        write_folder(folder, &report)?;
    }
    if common.quiet {
        report.warn();
    } else {
        eprint!("{}{}", report.text(), rate(&args.input, recording.report.row_count, seconds));
    }
    match args.format {
        ImportFormat::Text => Ok(()),
        ImportFormat::Json => output::print(&report.json()?),
    }
}

/// Readings shorter than this have no rate worth a line.
const RATE_SECONDS_MIN: f64 = 0.5;

/// How fast the rows were read, as a line; nothing when it took no time.
fn rate(input: &Path, rows: u64, seconds: f64) -> String {
    if seconds < RATE_SECONDS_MIN {
        return String::new();
    }
    let rows_per_s = human::count((rows as f64 / seconds) as u64);
    let bytes = fs::metadata(input).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    match bytes {
        Some(bytes) if !is_scenario(input) => {
            let rate = bytes as f64 / seconds / 1e6;
            format!("read in {seconds:.1} s: {rate:.0} MB/s, {rows_per_s} rows a second\n")
        }
        _ => format!("read in {seconds:.1} s: {rows_per_s} rows a second\n"),
    }
}

/// Whether the input is a scenario: a file of one, or the name of a built-in one.
fn is_scenario(input: &Path) -> bool {
    let is_built_in = || !input.exists() && input.to_str().and_then(library::find).is_some();
    input.extension().is_some_and(|ending| ending == "ron") || is_built_in()
}

/// The records of a scenario as a recording: in arrival order, as the log got them.
fn make(input: &Path) -> Result<Recording, CliError> {
    let options = ReadOptions::default();
    let opened = open::open(input, &options, &|_| Ok(()), &mut |_| ControlFlow::Continue(()));
    let opened = opened.map_err(CliError::bad_input)?;
    let stream = Arc::unwrap_or_clone(opened.stream);
    let report = opened.read.unwrap_or_else(|| ReadReport::of_scenario(&opened.scenario.title, &stream));
    Ok(Recording { stream, report })
}

/// Writes the recording, with a bar on a terminal.
fn write(stream: &Stream, output: &Path, is_quiet: bool) -> Result<(), CliError> {
    let template = "{wide_bar} {human_pos} of {human_len} rows written, {eta} left";
    let bar = styled(ProgressBar::new(stream.len() as u64), template, is_quiet);
    let result = recording::write_path_with(stream, output, &mut |rows| {
        bar.set_position(rows);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    result.map_err(CliError::bad_input)
}

/// What can be wrong about the output is found out before anything is read.
fn check_output(output: &Path, args: &ImportArgs) -> Result<(), CliError> {
    recording::format_of(output).map_err(CliError::bad_input)?;
    if output.as_os_str() == STANDARD_STREAM && args.format == ImportFormat::Json {
        return Err(CliError::bad_input(
            "-o - and --format json both write to standard output; give -o a file, or leave out --format json",
        ));
    }
    Ok(())
}

fn read(args: &ImportArgs, is_quiet: bool) -> Result<Recording, CliError> {
    let bad_rows = if args.strict { BadRows::Refuse } else { BadRows::KeepAside };
    let options = ReadOptions { columns: args.columns.choice(), bad_rows };
    let bar = progress_bar(&args.input, is_quiet);
    let result = recording::read_path(&args.input, &options, &mut |bytes| {
        bar.set_position(bytes);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    result.map_err(CliError::bad_input)
}

/// A bar where the size is known, a counter where it is not, both with the rate.
fn progress_bar(input: &Path, is_quiet: bool) -> ProgressBar {
    let size = fs::metadata(input).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len());
    match size {
        Some(size) => {
            let template = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
            styled(ProgressBar::new(size), template, is_quiet)
        }
        None => styled(ProgressBar::new_spinner(), "{spinner} {bytes} read, {bytes_per_sec}", is_quiet),
    }
}

/// The bar in this form, and nothing but on a terminal.
fn styled(bar: ProgressBar, template: &str, is_quiet: bool) -> ProgressBar {
    if is_quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The file beside a recording that lists the rows which are not in it.
pub fn bad_rows_path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".bad.csv");
    PathBuf::from(name)
}

/// Lists the bad rows beside the recording. Without any, a list from an earlier import is removed,
/// because it would speak of another file.
fn write_bad_rows(recording: &Recording, output: &Path) -> Result<(), CliError> {
    if output.as_os_str() == STANDARD_STREAM {
        return Ok(());
    }
    let path = bad_rows_path(output);
    if !recording.report.bad_rows.is_empty() {
        return output::write_file(&path, &bad_rows_csv(&recording.report.bad_rows));
    }
    let is_ours = fs::read(&path).is_ok_and(|bytes| bytes.starts_with(BAD_ROWS_HEADER.as_bytes()));
    if is_ours {
        let failed = |error| CliError::bad_input(format!("{}: cannot be removed: {error}", path.display()));
        fs::remove_file(&path).map_err(failed)?;
    }
    Ok(())
}

fn write_folder(folder: &Path, report: &ImportReport<'_>) -> Result<(), CliError> {
    fs::create_dir_all(folder)
        .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
    output::write_file(&folder.join("import.json"), &report.json()?)
}

impl ImportReport<'_> {
    /// The one line that is said even when nothing else is: rows were left out.
    fn warn(&self) {
        if let Some(line) = self.bad_rows_line() {
            // Nobody can be told that standard error is gone.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }
}
