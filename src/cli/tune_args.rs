//! Flags of `highwater tune`: lists of windows, bounds and latenesses, what is wanted, and the settings
//! of the pipeline that stay as they are.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::Format;
use crate::cli::choices::{AccumulationArg, AtEndArg, DialectArg, LateArg};
use crate::cli::columns::ColumnArgs;
use crate::cli::pipeline_args::{EngineArg, SettingArgs, WindowArg};
use crate::cli::tune_advice::AdviceArgs;
use crate::cli::watermark_arg::WatermarkArg;
use crate::human::parse_span;
use crate::pipeline::{Aggregate, WindowSpec};
use crate::time::Span;
use crate::tuner::target::parse_share;
use crate::tuner::{LatencyTarget, Target};

/// Arguments of `highwater tune`.
#[derive(Clone, Debug, Args)]
pub struct TuneArgs {
    /// A scenario (.ron), a recording (.csv, .jsonl, .parquet, also .gz and .zst), or - for a recording on
    /// standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Windows to compare, separated by commas: tumbling:1min,sliding:60min/15min. Round lengths that
    /// suit the recording without it
    #[arg(long, alias = "window", value_name = "WINDOWS", value_delimiter = ',')]
    pub windows: Vec<WindowArg>,
    /// Bounds, separated by commas: 0s,30s,5min. Those that drop 10 %, 5 %, 1 %, ... without it
    #[arg(long, alias = "bound", value_name = "SPANS", value_delimiter = ',', value_parser = span_arg)]
    pub bounds: Vec<Span>,
    /// How long windows are kept after their end, separated by commas; 0s without it
    #[arg(long, value_name = "SPANS", value_delimiter = ',', value_parser = span_arg)]
    pub lateness: Vec<Span>,
    /// The share of records that has to be counted: 99.9%
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub complete: Option<f64>,
    /// How late results may be: p99<=10s; p50, p95, p99 or max
    #[arg(long, value_name = "LIMIT")]
    pub latency: Option<LatencyTarget>,
    /// Compare so many settings, drawn from --seed, with full runs of the engine; exit code 1 if any
    /// differs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub verify: Option<u32>,
    /// Results as text, one JSON object, or a row for every point
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub format: Format,
    /// Write a file, too: the points as OUT.csv, OUT.json or OUT.txt, the frontier as OUT.png, or a report
    /// on all of it as OUT.md or OUT.html
    #[arg(long, short, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// How sure, beside what, for which load.
    #[command(flatten)]
    pub advice: AdviceArgs,
    /// Which columns of a recording mean what.
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// What stays as it is.
    #[command(flatten)]
    pub fixed: FixedArgs,
}

/// Settings of the pipeline that are not tuned.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Pipeline")]
pub struct FixedArgs {
    /// The pipeline as this engine runs it out of the box; other flags come on top
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub engine: Option<EngineArg>,
    /// What happens to a record whose windows are all gone
    #[arg(long, value_enum, value_name = "POLICY")]
    pub late: Option<LateArg>,
    /// What is computed per key and window: count, sum, mean, min, max, distinct, ...
    #[arg(long, value_name = "AGGREGATE")]
    pub aggregate: Option<Aggregate>,
    /// How the watermark follows the records: bounded:0s, lag:0s, percentile:0.99, adaptive, perfect, ...;
    /// its bound is what is tuned
    #[arg(long, value_name = "WATERMARK", allow_hyphen_values = true)]
    pub watermark: Option<WatermarkArg>,
    /// When a window fires, in the words of scenario files
    #[arg(long, value_name = "TRIGGER")]
    pub trigger: Option<String>,
    /// What a firing says of the firings before it
    #[arg(long, value_enum, value_name = "MODE")]
    pub accumulation: Option<AccumulationArg>,
    /// Whose rules apply where engines differ
    #[arg(long, value_enum, value_name = "DIALECT")]
    pub dialect: Option<DialectArg>,
    /// Whether open windows stay open when the input ends, or all fire
    #[arg(long, value_enum, value_name = "END")]
    pub at_end: Option<AtEndArg>,
    /// Where every random draw comes from
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Any field of the scenario: --set pipeline.service_time=5ms
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

fn span_arg(text: &str) -> Result<Span, String> {
    let span = parse_span(text).map_err(|error| error.to_string())?;
    if span.is_negative() { Err(format!("{text:?} is less than no time")) } else { Ok(span) }
}

impl TuneArgs {
    /// What is wanted.
    pub const fn target(&self) -> Target {
        Target { completeness: self.complete, latency: self.latency }
    }

    /// The windows that were asked for, each once.
    pub fn windows(&self) -> Vec<WindowSpec> {
        let mut windows: Vec<WindowSpec> = Vec::new();
        for &WindowArg(window) in &self.windows {
            if !windows.contains(&window) {
                windows.push(window);
            }
        }
        windows
    }
}

impl FixedArgs {
    /// The same as flags of a run.
    pub fn settings(&self) -> SettingArgs {
        let Self { engine, late, aggregate, watermark, trigger, accumulation, dialect, at_end, seed, set } =
            self.clone();
        SettingArgs {
            engine,
            bound: None,
            lateness: None,
            late,
            aggregate,
            watermark,
            trigger,
            accumulation,
            dialect,
            at_end,
            seed,
            set,
        }
    }
}
