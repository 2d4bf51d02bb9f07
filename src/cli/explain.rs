//! `highwater explain`: why a record or a window went as it did, what everything waits for, and the
//! smallest change that would have made a difference, in words.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::cli::args::{CommonArgs, Format};
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::explain_report;
use crate::cli::moment::Moment;
use crate::cli::pipeline_args::SettingArgs;
use crate::cli::{input, output};
use crate::explain::price::price;
use crate::explain::{self, Case, Subject, window_at};
use crate::metrics::tasks::TaskMetrics;
use crate::record::{PartitionId, RecordId};
use crate::runtime::{RunConfig, Trace, run};
use crate::scenario::suggest::did_you_mean;
use crate::time::ProcTime;

/// Arguments of `highwater explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A scenario or a recording
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A record, by its number in the order in which records are handled, from 0
    #[arg(long, value_name = "ID", required_unless_present_any = ["window", "silence", "at"], conflicts_with = "window")]
    pub record: Option<u32>,
    /// A window, by its key and start: --window "T3,12:04"; without a key, of all keys: --window ",12:04"
    #[arg(long, value_name = "KEY,START")]
    pub window: Option<KeyAndStart>,
    /// Why nothing comes: of the watermark, of partition:N (from 0), or of key:NAME
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["record", "window"])]
    pub silence: Option<Silent>,
    /// The moment of the silence; alone, what everything waits for then. The end by default
    #[arg(long, value_name = "TIME", conflicts_with_all = ["record", "window"])]
    pub at: Option<Moment>,
    /// Do not search for the smallest change that makes a difference, which takes some runs
    #[arg(long)]
    pub no_price: bool,
    /// Results as text or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Which columns of a recording mean what.
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Overrides.
    #[command(flatten)]
    pub settings: SettingArgs,
}

/// A key and the start of one of its windows; the key may hold commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAndStart {
    key: String,
    start: Moment,
}

impl FromStr for KeyAndStart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, start) =
            text.rsplit_once(',').ok_or_else(|| format!("{text:?} is not KEY,START; write \"T3,12:04\""))?;
        Ok(Self { key: key.to_owned(), start: start.parse()? })
    }
}

/// What is silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silent {
    /// The watermark of the pipeline.
    Watermark,
    /// A partition of the log, from 0.
    Partition(u32),
    /// A key, by its name.
    Key(String),
}

impl FromStr for Silent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of = |what: &str| text.strip_prefix(what);
        match (of("partition:"), of("key:")) {
            _ if text == "watermark" => Ok(Self::Watermark),
            (Some(number), _) => number
                .parse()
                .map(Self::Partition)
                .map_err(|_| format!("{number:?} is no partition; they count from 0")),
            (None, Some(name)) => Ok(Self::Key(name.to_owned())),
            (None, None) => Err(format!("{text:?} is not watermark, partition:N or key:NAME")),
        }
    }
}

/// Runs the file and explains what was asked for on standard output.
///
/// # Errors
/// Bad input, and a record, window, partition or key that does not exist.
pub fn explain(args: &ExplainArgs, common: &CommonArgs) -> Result<(), CliError> {
    let opened = input::load(&args.file, &args.columns, &|scenario| args.settings.apply(scenario), common.quiet)?;
    let config = RunConfig::of(&opened.scenario, &opened.stream);
    let trace = run(&opened.stream, &config);
    let metrics = TaskMetrics::of(&trace);
    let case = Case::new(&opened.scenario, &trace).with_metrics(&metrics);
    let subject = subject(args, &trace)?;
    let explanation =
        explain::explain(&case, subject).ok_or_else(|| CliError::bad_input("there is nothing to explain"))?;
    let prices = if args.no_price { None } else { price(&case, &opened.stream, subject, &mut |_| true) };
    match args.format {
        Format::Json => {
            let report = explain_report::Report::new(&explanation, prices.as_ref());
            let mut bytes = serde_json::to_vec_pretty(&report).map_err(CliError::bad_input)?;
            bytes.push(b'\n');
            output::print(&bytes)
        }
        Format::Text | Format::Csv => output::print(explain_report::text(&explanation, prices.as_ref()).as_bytes()),
    }
}

fn subject(args: &ExplainArgs, trace: &Trace) -> Result<Subject, CliError> {
    if let Some(id) = args.record {
        let last = trace.stream.len().saturating_sub(1);
        return if (id as usize) < trace.stream.len() {
            Ok(Subject::Record(RecordId(id)))
        } else {
            Err(CliError::bad_input(format!("--record {id}: the last record is {last}")))
        };
    }
    if let Some(asked) = &args.window {
        return asked_window(trace, asked);
    }
    let (first, last) = trace.span().ok_or_else(|| CliError::bad_input("the stream is empty"))?;
    let at: ProcTime = match args.at {
        Some(moment) => moment.within(first, last).map_err(|error| CliError::bad_input(format!("--at: {error}")))?,
        None => last,
    };
    match &args.silence {
        None | Some(Silent::Watermark) => Ok(Subject::Watermark { at }),
        Some(Silent::Key(name)) => Ok(Subject::Key { key: key(trace, "--silence", name)?, at }),
        Some(Silent::Partition(number)) => {
            let partitions = trace.stream.partitions().max(1);
            if (*number as usize) < partitions {
                Ok(Subject::Partition { partition: PartitionId(*number), at })
            } else {
                Err(CliError::bad_input(format!(
                    "--silence partition:{number}: the last partition is {}",
                    partitions - 1
                )))
            }
        }
    }
}

fn key(trace: &Trace, option: &str, name: &str) -> Result<crate::record::KeyId, CliError> {
    let keys = trace.stream.key_table();
    keys.find(name).ok_or_else(|| {
        let hint = did_you_mean(name, keys.names());
        CliError::bad_input(format!("{option}: there is no key {name:?}{hint}"))
    })
}

fn asked_window(trace: &Trace, asked: &KeyAndStart) -> Result<Subject, CliError> {
    let is_of_all = asked.key.is_empty() && trace.stream.key_table().find("").is_none();
    let key = if is_of_all { None } else { Some(key(trace, "--window", &asked.key)?) };
    let (first, last) = trace.stream.event_time_range().ok_or_else(|| CliError::bad_input("the stream is empty"))?;
    // Windows may start before the first record, by no more than the longest of them.
    let longest = trace.windows.iter().map(|life| life.window.size()).max().unwrap_or_default();
    let start = asked.start.within((first - longest).on_proc_clock(), last.on_proc_clock());
    let start = start.map_err(|error| CliError::bad_input(format!("--window: {error}")))?.on_event_clock();
    window_at(trace, key, start).map(|window| Subject::Window { key, window }).ok_or_else(|| {
        CliError::bad_input(format!("--window: no record of {:?} falls in a window that starts at {start}", asked.key))
    })
}
