//! `highwater explain`: why a record or a window went as it did, in words.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use crate::cli::args::{CommonArgs, Format};
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::moment::Moment;
use crate::cli::pipeline_args::SettingArgs;
use crate::cli::{input, output};
use crate::explain::{Explanation, explain_record, explain_window};
use crate::record::RecordId;
use crate::runtime::{RunConfig, Trace, run};
use crate::scenario::suggest::did_you_mean;

/// Arguments of `highwater explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// A scenario or a recording
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A record, by its number in arrival order from 0
    #[arg(long, value_name = "ID", required_unless_present = "window", conflicts_with = "window")]
    pub record: Option<u32>,
    /// A window, by its key and start: --window "T3,12:04"
    #[arg(long, value_name = "KEY,START")]
    pub window: Option<KeyAndStart>,
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

/// Runs the file and explains what was asked for on standard output.
///
/// # Errors
/// Bad input, and a record, key or window that does not exist.
pub fn explain(args: &ExplainArgs, common: &CommonArgs) -> Result<(), CliError> {
    let opened = input::load(&args.file, &args.columns, &|scenario| args.settings.apply(scenario), common.quiet)?;
    let config = RunConfig::of(&opened.scenario, &opened.stream);
    let trace = run(&opened.stream, &config);
    let explanation = match (&args.record, &args.window) {
        (Some(id), _) => explain_record(&trace, RecordId(*id)).ok_or_else(|| {
            CliError::bad_input(format!("--record {id}: the last record is {}", trace.stream.len().saturating_sub(1)))
        })?,
        (None, Some(asked)) => explain_asked(&trace, asked)?,
        (None, None) => return Err(CliError::bad_input("say --record ID or --window KEY,START")),
    };
    match args.format {
        Format::Json => {
            let mut bytes = serde_json::to_vec_pretty(&explanation).map_err(CliError::bad_input)?;
            bytes.push(b'\n');
            output::print(&bytes)
        }
        Format::Text | Format::Csv => output::print(explanation.to_string().as_bytes()),
    }
}

fn explain_asked(trace: &Trace, asked: &KeyAndStart) -> Result<Explanation, CliError> {
    let keys = trace.stream.key_table();
    let key = keys.find(&asked.key).ok_or_else(|| {
        let hint = did_you_mean(&asked.key, keys.names());
        CliError::bad_input(format!("--window: there is no key {:?}{hint}", asked.key))
    })?;
    let (first, last) = trace.stream.event_time_range().ok_or_else(|| CliError::bad_input("the stream is empty"))?;
    // Windows may start before the first record, by no more than the longest of them.
    let longest = trace.windows.iter().map(|life| life.window.size()).max().unwrap_or_default();
    let start = asked.start.within((first - longest).on_proc_clock(), last.on_proc_clock());
    let start = start.map_err(|error| CliError::bad_input(format!("--window: {error}")))?.on_event_clock();
    explain_window(trace, key, start).ok_or_else(|| {
        CliError::bad_input(format!("--window: no record of {:?} falls in a window that starts at {start}", asked.key))
    })
}
