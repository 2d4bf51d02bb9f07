//! `highwater explain`: why a record or a window went as it did, what everything waits for, and the
//! smallest change that would have made a difference, in words.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{CommonArgs, Format};
use crate::cli::columns::ColumnArgs;
use crate::cli::error::CliError;
use crate::cli::moment::Moment;
use crate::cli::pipeline_args::SettingArgs;
use crate::cli::subject::{Asked, KeyAndStart, Silent};
use crate::cli::{explain_report, input, output};
use crate::explain::price::price;
use crate::explain::{self, Case, Subject};
use crate::metrics::tasks::TaskMetrics;
use crate::runtime::{RunConfig, Trace, run};

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
    let (asked, option) = match (&args.record, &args.window, &args.silence) {
        (Some(id), _, _) => (Asked::Record(*id), "--record"),
        (None, Some(window), _) => (Asked::Window(window.clone()), "--window"),
        (None, None, Some(silent)) => (Asked::Silence(silent.clone()), "--silence"),
        (None, None, None) if args.at.is_some() => (Asked::Silence(Silent::Watermark), "--at"),
        (None, None, None) => {
            return Err(CliError::bad_input("say --record ID, --window KEY,START, --silence WHAT or --at TIME"));
        }
    };
    asked.within(trace, args.at.unwrap_or_default(), option)
}
