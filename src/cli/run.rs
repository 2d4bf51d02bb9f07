//! `highwater run`: a scenario or recording without a window, as fast as it can.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::{CommonArgs, Format};
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::input;
use crate::cli::output;
use crate::cli::pipeline_args::PipelineArgs;
use crate::cli::text;
use crate::metrics::report::Report;
use crate::metrics::rows;
use crate::open::Opened;
use crate::oracle::Truth;
use crate::runtime::{RunConfig, Simulation, Trace};

/// Arguments of `highwater run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// A scenario (.ron), a recording (.csv, .jsonl, also .gz and .zst), or - for a recording on
    /// standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Results as text, one JSON object, or the panes as rows
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Which columns of a recording mean what.
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Overrides.
    #[command(flatten)]
    pub pipeline: PipelineArgs,
}

/// Runs the file and prints the result to standard output.
///
/// # Errors
/// Bad input or settings, before anything runs; output that cannot be written.
pub fn run(args: &RunArgs, common: &CommonArgs) -> Result<(), CliError> {
    let input = input::load(&args.file, &args.columns, &|scenario| args.pipeline.apply(scenario), common.quiet)?;
    let (trace, took) = run_with_progress(&input, common.quiet);
    let records_per_s = if took.is_zero() { 0.0 } else { input.stream.len() as f64 / took.as_secs_f64() };
    let report = Report::of(&input.scenario, &trace, records_per_s);
    if let Some(folder) = &common.out {
        write_folder(folder, &report, &trace)?;
    }
    match args.format {
        Format::Text => output::print(text::report(&report, &trace).as_bytes()),
        Format::Json => output::print(&json(&report)?),
        Format::Csv => output::print(&panes(&trace)?),
    }
}

fn json(report: &Report) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(report).map_err(CliError::bad_input)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn panes(trace: &Trace) -> Result<Vec<u8>, CliError> {
    let truth = Truth::of(&trace.stream, trace.pipeline.window);
    rows::panes_csv(trace, &truth).map_err(CliError::bad_input)
}

fn write_folder(folder: &std::path::Path, report: &Report, trace: &Trace) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
    output::write_file(&folder.join("run.json"), &json(report)?)?;
    output::write_file(&folder.join("panes.csv"), &panes(trace)?)
}

/// Steps between two looks at the clock: rare enough to cost nothing.
const STEPS_PER_TICK: u32 = 1 << 16;

fn run_with_progress(input: &Opened, is_quiet: bool) -> (Trace, Duration) {
    let records = input.stream.len() as u64;
    let shows_progress = !is_quiet && std::io::stderr().is_terminal();
    let bar = if shows_progress { indicatif::ProgressBar::new(records) } else { indicatif::ProgressBar::hidden() };
    let config = RunConfig::of(&input.scenario, &input.stream);
    let clock = crate::cli::stopwatch::Stopwatch::start();
    let mut simulation = Simulation::new(input.stream.clone(), &config);
    let mut steps = 0_u32;
    while simulation.step() {
        steps = steps.wrapping_add(1);
        if steps.is_multiple_of(STEPS_PER_TICK) {
            let ledger = simulation.ledger();
            bar.set_position(ledger.produced - ledger.in_flight);
        }
    }
    let trace = simulation.into_trace();
    let took = clock.elapsed();
    bar.finish_and_clear();
    (trace, took)
}
