//! `highwater run --runtime threads`: the tasks of the pipeline on real threads, and then its recorded
//! order once more on one thread, which must give the same panes.

use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::args::{CommonArgs, Format};
use crate::cli::error::CliError;
use crate::cli::output;
use crate::cli::stopwatch::Stopwatch;
use crate::cli::text;
use crate::human::count;
use crate::metrics::rows;
use crate::metrics::threads::ThreadsReport;
use crate::open::Opened;
use crate::oracle::Truth;
use crate::pipeline::{Pipeline, Problem, Tasks};
use crate::record::Stream;
use crate::runtime::RunConfig;
use crate::runtime::threads::{
    ByTask, Failure, Finished, ListedPane, Pace, Replayed, StartError, ThreadsConfig, refusals, replay,
    run as run_on_threads,
};
use crate::window::aggregate::Summary;

/// Which runtime, and what only one of them has.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Runtime")]
pub struct RuntimeArgs {
    /// virtual: one thread, on a clock that jumps. threads: a thread for every task, on the wall clock.
    /// Processing time is then real, and another one in every run: tasks take as long as they take, whatever
    /// service times the pipeline says; faults after the log are refused; nothing is written down per record (what
    /// needs that is null), and the order in which tasks got their input is recorded and replayed. How
    /// many threads: --set pipeline.tasks.windows=4, --set pipeline.tasks.sources=2
    #[arg(long, value_enum, default_value_t, value_name = "RUNTIME")]
    pub runtime: RuntimeArg,
    /// With --runtime threads: records come as they arrived, so many times as fast; without it, all of
    /// them are there at the start
    #[arg(long, value_name = "TIMES")]
    pub speed: Option<f64>,
}

/// A runtime on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RuntimeArg {
    /// One thread, on a clock that jumps
    #[default]
    Virtual,
    /// A thread for every task, on the wall clock
    Threads,
}

impl RuntimeArgs {
    /// Refuses what does not go together.
    ///
    /// # Errors
    /// In words, with what to leave out.
    pub fn check(&self, has_twin: bool, has_parity: bool) -> Result<(), CliError> {
        let of_virtual_time = [(has_twin, "--twin"), (has_parity, "--parity")];
        match self.runtime {
            RuntimeArg::Virtual if self.speed.is_some() => {
                Err(CliError::bad_input("--speed is for --runtime threads; virtual time is as fast as it can be"))
            }
            RuntimeArg::Threads if has_twin || has_parity => {
                let (_, flag) = if has_twin { of_virtual_time[0] } else { of_virtual_time[1] };
                Err(CliError::bad_input(format!("{flag} compares runs in virtual time; leave out --runtime threads")))
            }
            RuntimeArg::Virtual | RuntimeArg::Threads => Ok(()),
        }
    }

    const fn pace(&self) -> Pace {
        match self.speed {
            Some(times) => Pace::TimesReal(times),
            None => Pace::Free,
        }
    }
}

/// Runs what was opened and prints the result to standard output.
///
/// # Errors
/// Settings that threads do not keep, a thread that failed, output that cannot be written;
/// [`CliError::Failed`] when the replay gave other panes.
pub fn run(input: &Opened, args: &RuntimeArgs, format: Format, common: &CommonArgs) -> Result<(), CliError> {
    let config = ThreadsConfig { pace: args.pace(), ..ThreadsConfig::new(input.scenario.pipeline.clone()) };
    let refused = refusals(&RunConfig::of(&input.scenario, &input.stream), &input.stream, false);
    if !refused.is_empty() {
        return Err(cannot_run(&refused));
    }
    let shows_progress = !common.quiet && std::io::stderr().is_terminal();
    let bar = if shows_progress { indicatif::ProgressBar::new_spinner() } else { indicatif::ProgressBar::hidden() };
    bar.set_message(format!("{} threads", config.sources() + config.windows() + 1));
    bar.enable_steady_tick(Duration::from_millis(100));
    let clock = Stopwatch::start();
    let sink: ByTask<ListedPane> = ByTask(Vec::new());
    let finished = run_on_threads::<Summary, ListedPane, _>(&input.stream, &config, sink).map_err(in_words)?;
    let took = clock.elapsed();
    let replay_is_identical = is_replayed(&finished, input)?;
    bar.finish_and_clear();
    let report = ThreadsReport::of(&input.scenario, &input.stream, &finished, took, replay_is_identical);
    if let Some(folder) = &common.out {
        write_folder(folder, &report, &finished, input)?;
    }
    match format {
        Format::Text => output::print(words(&report, input).as_bytes())?,
        Format::Json => output::print(&json(&report)?)?,
        Format::Csv => output::print(&panes(&finished, input)?)?,
    }
    if replay_is_identical { Ok(()) } else { Err(CliError::Failed) }
}

fn in_words(failure: Failure) -> CliError {
    match failure {
        Failure::Start(StartError::Problems(problems)) => cannot_run(&problems),
        other => CliError::bad_input(format!("failed to {other}")),
    }
}

fn cannot_run(problems: &[Problem]) -> CliError {
    let of_scenario = ["faults", "log"];
    let line = |Problem { path, message }: &Problem| match path.as_str() {
        "pace" => format!("--speed: {message}"),
        path if of_scenario.contains(&path.split('.').next().unwrap_or(path)) => format!("{path}: {message}"),
        path => format!("pipeline.{path}: {message}"),
    };
    let lines: Vec<String> = problems.iter().map(line).collect();
    CliError::bad_input(format!("--runtime threads cannot run this:\n{}", lines.join("\n")))
}

/// Whether the recorded order, taken again on one thread, gives the same panes, task by task.
fn is_replayed(finished: &Finished<ByTask<ListedPane>>, input: &Opened) -> Result<bool, CliError> {
    let replayed: Vec<Replayed<ListedPane>> = replay::<Summary, _>(&finished.recorded, &input.stream)
        .map_err(|error| CliError::bad_input(format!("failed to {error}")))?;
    let by_task = finished.sink.0.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
    Ok(replayed.iter().zip(by_task).all(|(replayed, panes)| replayed.panes == panes))
}

fn json(report: &ThreadsReport) -> Result<Vec<u8>, CliError> {
    let mut bytes = serde_json::to_vec_pretty(report).map_err(CliError::bad_input)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The panes as rows, in the order in which the sink took them.
fn panes(finished: &Finished<ByTask<ListedPane>>, input: &Opened) -> Result<Vec<u8>, CliError> {
    let pipeline = &input.scenario.pipeline;
    let truth = Truth::of(&input.stream, pipeline.window);
    let mut by_task: Vec<_> = finished.sink.0.iter().map(|panes| panes.iter()).collect();
    let taken = finished.recorded.sink.channels().filter_map(|task| by_task.get_mut(task as usize)?.next());
    let rows = taken.map(|listed| (&listed.pane, &*listed.list));
    rows::rows_csv(&input.stream, pipeline, rows, &truth).map_err(CliError::bad_input)
}

fn write_folder(
    folder: &Path,
    report: &ThreadsReport,
    finished: &Finished<ByTask<ListedPane>>,
    input: &Opened,
) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::bad_input(format!("{}: cannot be made: {error}", folder.display())))?;
    output::write_file(&folder.join("run.json"), &json(report)?)?;
    output::write_file(&folder.join("panes.csv"), &panes(finished, input)?)
}

fn words(report: &ThreadsReport, input: &Opened) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_words(&mut out, report, &input.stream, &input.scenario.pipeline);
    out
}

fn write_words(out: &mut String, report: &ThreadsReport, stream: &Stream, pipeline: &Pipeline) -> std::fmt::Result {
    let Tasks { sources, windows, .. } = pipeline.tasks;
    writeln!(out, "{}: {} records, seed {}", report.scenario, text::number(stream.len()), report.seed)?;
    writeln!(out, "  {}, {}, lateness {}", pipeline.window, pipeline.watermark, pipeline.allowed_lateness)?;
    writeln!(out, "  on threads: source tasks {sources}, window tasks {windows}, and a sink")?;
    writeln!(out)?;
    if let Some(join) = &report.join {
        text::write_join(out, join)?;
    }
    text::write_ledger(out, &report.ledger)?;
    writeln!(out, "Behind       {:>12} records behind the watermark, dropped or not", count(report.behind))?;
    writeln!(out, "Complete     {:>12}", text::percent(report.completeness))?;
    writeln!(out)?;
    text::write_panes(out, &report.panes, usize::try_from(report.open_at_end).unwrap_or(usize::MAX))?;
    writeln!(out)?;
    writeln!(out, "                      P50          P95          P99      longest")?;
    let delay = &report.delay_s;
    text::latency(out, "Delay", [delay.p50, delay.p95, delay.p99, delay.max])?;
    text::latency(out, "Results", text::quantiles(&report.result_latency_s))?;
    writeln!(out)?;
    writeln!(out, "Thread                     records        panes     busy     idle  blocked")?;
    for thread in &report.threads {
        let shares = [thread.busy, thread.idle, thread.blocked].map(|share| format!("{:>8.1}%", share * 100.0));
        let (records, panes) = (count(thread.records), count(thread.panes));
        writeln!(out, "{:<20}{records:>14}{panes:>13}{}", thread.name, shares.join(""))?;
    }
    writeln!(out)?;
    for channel in report.channels.iter().filter(|channel| channel.peak_batches == channel.capacity_batches) {
        writeln!(out, "Full at least once: the channel from {} to {}", channel.from, channel.to)?;
    }
    let replay = if report.replay_is_identical { "gives the same panes" } else { "GIVES OTHER PANES" };
    writeln!(out, "Replay of the recorded order ({} bytes) {replay}", text::number(report.recorded_bytes))?;
    writeln!(out, "{} records/s", count(report.records_per_s as u64))
}
