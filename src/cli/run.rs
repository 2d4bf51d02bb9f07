//! `highwater run`: a scenario or recording without a window, as fast as it can.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::args::{CommonArgs, Format};
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::input;
use crate::cli::output;
use crate::cli::pipeline_args::PipelineArgs;
use crate::cli::recovery_text;
use crate::cli::run_state;
use crate::cli::run_threads::{self, RuntimeArg, RuntimeArgs};
use crate::cli::savepoint::SavepointArgs;
use crate::cli::text;
use crate::metrics::delivery::DeliveryReport;
use crate::metrics::report::Report;
use crate::metrics::rows;
use crate::open::Opened;
use crate::oracle::Truth;
use crate::record::Stream;
use crate::runtime::{RunConfig, Trace};
use crate::scenario::{Fault, Scenario, set};
use crate::state::StateFigures;
use crate::twin::{self, Comparison, Parity};

/// Arguments of `highwater run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// A scenario (.ron), a recording (.csv or .jsonl, also .gz and .zst; .parquet), or - for a recording on
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
    /// Run it a second time with this field of the scenario changed, and list the windows that then
    /// differ; may be given several times, for one twin with several changes
    #[arg(long, value_name = "PATH=VALUE")]
    pub twin: Vec<String>,
    /// Read the log again from the start with the same pipeline, and as one batch, and say how far the
    /// answers are the same
    #[arg(long)]
    pub parity: bool,
    /// Stopping with a savepoint, and going on from one.
    #[command(flatten)]
    pub savepoint: SavepointArgs,
    /// Which of the two runtimes.
    #[command(flatten)]
    pub runtime: RuntimeArgs,
}

/// Runs the file and prints the result to standard output.
///
/// # Errors
/// Bad input or settings, before anything runs; output that cannot be written.
pub fn run(args: &RunArgs, common: &CommonArgs) -> Result<(), CliError> {
    args.runtime.check(!args.twin.is_empty(), args.parity)?;
    let input = input::load(&args.file, &args.columns, &|scenario| args.pipeline.apply(scenario), common.quiet)?;
    if args.runtime.runtime == RuntimeArg::Threads {
        run_state::check_threads(&input.scenario.pipeline)?;
        if !args.savepoint.is_empty() {
            return Err(CliError::bad_input("--runtime threads takes no savepoints and goes on from none"));
        }
        return run_threads::run(&input, &args.runtime, args.format, common);
    }
    let Done { trace, took, state } = run_with_progress(&input, &args.savepoint, common.quiet)?;
    let records_per_s = if took.is_zero() { 0.0 } else { input.stream.len() as f64 / took.as_secs_f64() };
    let mut report = Report::of(&input.scenario, &trace, records_per_s);
    report.delivery = delivery(&input, &trace);
    let twin = if args.twin.is_empty() { None } else { Some(twin_of(args, common, &trace)?) };
    let parity =
        args.parity.then(|| twin::parity(&trace, &input.stream, &RunConfig::of(&input.scenario, &input.stream)));
    // The answer over the complete input, also of a job that reads a part of it.
    let whole = if args.savepoint.is_empty() { &trace.stream } else { &input.stream };
    let numbers = WithTwin { report: &report, state, twin: twin.as_ref(), parity: parity.as_ref() };
    if let Some(folder) = &common.out {
        write_folder(folder, &numbers, &trace, whole)?;
    }
    match args.format {
        Format::Text => {
            let mut text = text::report(&report, &trace);
            let figures = report.checkpoints.figures.as_ref();
            text.push_str(&recovery_text::in_words(&trace, figures, report.delivery.as_ref()));
            text.push_str(&state.map_or_else(String::new, run_state::in_words));
            if let Some(comparison) = &twin {
                text.push('\n');
                text.push_str(&twin::in_words(comparison, &trace.ledger));
            }
            if let Some(parity) = &parity {
                text.push('\n');
                text.push_str(&parity.in_words());
            }
            output::print(text.as_bytes())?;
        }
        Format::Json => output::print(&json(&numbers)?)?,
        Format::Csv => output::print(&panes(&trace, whole)?)?,
    }
    // A lesson's goals are for its reader to reach; they say nothing against the scenario as it comes.
    let is_graded = input.scenario.lesson.is_none();
    if is_graded && report.goals.iter().any(|goal| !goal.met) { Err(CliError::Failed) } else { Ok(()) }
}

/// What failures did to results, found by running once more without crashes.
fn delivery(input: &Opened, trace: &Trace) -> Option<DeliveryReport> {
    trace.recovery.as_ref().filter(|log| !log.recoveries.is_empty())?;
    let mut config = RunConfig::of(&input.scenario, &input.stream);
    config.faults.retain(|fault| !matches!(fault, Fault::Crash { .. }));
    Some(DeliveryReport::of(trace, &crate::runtime::run(&input.stream, &config)))
}

/// The numbers of a run, and how its twin differs.
#[derive(Serialize)]
struct WithTwin<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<StateFigures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<&'a Comparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parity: Option<&'a Parity>,
}

/// Opens the file once more, with the changes of the twin, and runs it.
fn twin_of(args: &RunArgs, common: &CommonArgs, trace: &Trace) -> Result<Comparison, CliError> {
    if args.file.as_os_str() == "-" {
        return Err(CliError::bad_input("--twin reads its input twice; give it a file instead of standard input"));
    }
    let settings = |scenario: &mut Scenario| {
        args.pipeline.apply(scenario)?;
        let in_words = |errors: Vec<set::SetError>| {
            let lines: Vec<String> = errors.iter().map(|error| format!("--twin {error}")).collect();
            lines.join("\n")
        };
        set::apply(scenario, &args.twin).map_err(in_words)
    };
    let input = input::load(&args.file, &args.columns, &settings, true)?;
    let none = SavepointArgs { savepoint_at: None, output: None, checkpoint_dir: None, from: None };
    let changed = run_with_progress(&input, &none, common.quiet)?;
    Ok(twin::compare(trace, &changed.trace, &args.twin))
}

fn json(report: &WithTwin<'_>) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(report).map_err(CliError::bad_input)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn panes(trace: &Trace, whole: &Stream) -> Result<Vec<u8>, CliError> {
    let truth = Truth::of(whole, trace.pipeline.window);
    let panes = trace.panes.iter().enumerate().map(|(place, pane)| (pane, trace.list_of(place)));
    rows::rows_csv(whole, &trace.pipeline, panes, &truth).map_err(CliError::bad_input)
}

fn write_folder(
    folder: &std::path::Path,
    report: &WithTwin<'_>,
    trace: &Trace,
    whole: &Stream,
) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
    output::write_file(&folder.join("run.json"), &json(report)?)?;
    if let Some(joined) = trace.stream.joined() {
        let rows = crate::metrics::join::joined_csv(joined).map_err(CliError::bad_input)?;
        output::write_file(&folder.join("joined.csv"), &rows)?;
    }
    output::write_file(&folder.join("panes.csv"), &panes(trace, whole)?)
}

/// Steps between two looks at the clock: rare enough to cost nothing.
const STEPS_PER_TICK: u32 = 1 << 16;

/// A run that came to its end.
struct Done {
    trace: Trace,
    took: Duration,
    /// What keeping state came to; `None` where nobody counts.
    state: Option<StateFigures>,
}

fn run_with_progress(input: &Opened, savepoint: &SavepointArgs, is_quiet: bool) -> Result<Done, CliError> {
    let job = savepoint.job(&input.stream, RunConfig::of(&input.scenario, &input.stream))?;
    let records = job.stream.len() as u64;
    let shows_progress = !is_quiet && std::io::stderr().is_terminal();
    let bar = if shows_progress { indicatif::ProgressBar::new(records) } else { indicatif::ProgressBar::hidden() };
    let clock = crate::cli::stopwatch::Stopwatch::start();
    let folder = run_state::folder(&job.config.pipeline)?;
    let mut simulation = job.simulation(|| run_state::simulation(&job.stream, &job.config, folder.as_ref()))?;
    let mut steps = 0_u32;
    let mut written = simulation.newest_checkpoint();
    while simulation.step() {
        job.store(&simulation, &mut written)?;
        steps = steps.wrapping_add(1);
        if steps.is_multiple_of(STEPS_PER_TICK) {
            let ledger = simulation.ledger();
            bar.set_position(ledger.produced - ledger.in_flight);
            run_state::check(&simulation)?;
        }
    }
    bar.finish_and_clear();
    run_state::check(&simulation)?;
    if let Some(told) = job.finish(&mut simulation)?.filter(|_| !is_quiet) {
        eprintln!("{told}");
    }
    let state = run_state::figures(&simulation);
    let trace = simulation.into_trace();
    Ok(Done { trace, took: clock.elapsed(), state })
}
