//! The command line: argument types and dispatch.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::cli::bench::BenchArgs;
use crate::cli::chaos::ChaosArgs;
use crate::cli::check::CheckArgs;
use crate::cli::error::CliError;
use crate::cli::explain::ExplainArgs;
use crate::cli::film::FilmArgs;
use crate::cli::import::ImportArgs;
use crate::cli::run::RunArgs;
use crate::cli::shot::ShotArgs;
use crate::cli::tune_args::TuneArgs;

/// A desktop lab for stream processing: real windows, watermarks and backpressure on out-of-order
/// streams.
#[derive(Debug, Parser)]
#[command(
    name = "highwater",
    version,
    after_help = "A FILE is a scenario (.ron) or a recording (.csv or .jsonl, also .gz and .zst; .parquet).\n\
                  Exit codes: 0 done, 1 a check or goal failed, 2 bad input or usage."
)]
pub struct Cli {
    /// What to do; the window without a command.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// A scenario or recording to open in the window
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Draw 60 frames of the window, say how fast it was, and leave
    #[arg(long)]
    pub smoke: bool,
    /// Flags of every command.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Flags of every command.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct CommonArgs {
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Colour in messages; NO_COLOR is kept
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Write results into this folder as files
    #[arg(long, global = true, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// When messages are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// Rows.
    Csv,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario or recording without a window, as fast as it can
    Run(Box<RunArgs>),
    /// Make a recording from CSV, JSON lines or Parquet
    Import(ImportArgs),
    /// Say in words why a record or a window went as it did
    Explain(ExplainArgs),
    /// Say which bound and lateness a stream needs, exactly, and at what price
    Tune(Box<TuneArgs>),
    /// Draw what the window would show, without display or GPU
    Shot(ShotArgs),
    /// Draw a stretch of a run as an animation, without display or GPU
    Film(Box<FilmArgs>),
    /// Run cases recorded from other engines, and say whether this one agrees
    Check(CheckArgs),
    /// Measure a standard job beside a loop written by hand for it alone
    Bench(BenchArgs),
    /// Run scenarios and faults drawn from seeds, and hold them against what must always be true
    Chaos(ChaosArgs),
}

/// Does what the command line asks.
///
/// # Errors
/// What the command could not do, with the exit code that says so.
pub fn dispatch(cli: Cli) -> Result<(), CliError> {
    if let (Some(_), Some(file)) = (&cli.command, &cli.file) {
        return Err(CliError::bad_input(format!("{} stands before the command; write it after", file.display())));
    }
    match cli.command {
        Some(Command::Explain(args)) => crate::cli::explain::explain(&args, &cli.common),
        Some(Command::Import(args)) => crate::cli::import::import(&args, &cli.common),
        Some(Command::Run(args)) => crate::cli::run::run(&args, &cli.common),
        Some(Command::Tune(args)) => crate::cli::tune::tune(&args, &cli.common),
        Some(Command::Shot(args)) => crate::cli::shot::shot(&args, &cli.common),
        Some(Command::Film(args)) => crate::cli::film::film(&args, &cli.common),
        Some(Command::Bench(args)) => crate::cli::bench::bench(&args, &cli.common),
        Some(Command::Chaos(args)) => crate::cli::chaos::chaos(&args, &cli.common),
        Some(Command::Check(args)) => crate::cli::check::check(&args, &cli.common),
        None => crate::cli::lab::lab(cli.file.as_deref(), cli.smoke),
    }
}
