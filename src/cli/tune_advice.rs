//! What `highwater tune` says beside the points: advice, the usual rules, capacity, and a report of all of it.

use std::sync::Arc;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::tune::Tuned;
use crate::cli::tune_args::TuneArgs;
use crate::human::parse_span;
use crate::open::Opened;
use crate::recording::{Choice, Role};
use crate::runtime::{RunConfig, run};
use crate::time::Span;
use crate::tuner::advice::{self, Advice, Question, Wanted, advise};
use crate::tuner::baseline::{self, Baselines, baselines};
use crate::tuner::capacity::{self, Capacity, Demand, plan};
use crate::tuner::report::{Story, html, markdown, story};
use crate::tuner::setting::window_text;
use crate::tuner::target::parse_share;
use crate::tuner::{Cancelled, Tuner, Watch};

/// A report tells the hash of a run; of longer recordings none is made for it.
const MOST_RUN: usize = 2_000_000;

/// Flags of advice and capacity.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Advice")]
pub struct AdviceArgs {
    /// How sure the advice is to be: 90% without it
    #[arg(long, value_name = "SHARE", value_parser = confidence_arg)]
    pub confidence: Option<f64>,
    /// Compare with the usual rules, also where nothing is wanted
    #[arg(long)]
    pub baselines: bool,
    /// Plan for so many records per second: 5000/s
    #[arg(long, value_name = "RATE", value_parser = rate_arg)]
    pub load: Option<f64>,
    /// How long a task works on one record, as measured: 150us. That of the pipeline without it
    #[arg(long, value_name = "SPAN", value_parser = span_arg)]
    pub service: Option<Span>,
    /// Plan for nothing being done for so long
    #[arg(long, value_name = "SPAN", value_parser = span_arg)]
    pub outage: Option<Span>,
    /// How busy the busiest task may be: 70% without it
    #[arg(long, value_name = "SHARE", value_parser = confidence_arg)]
    pub utilisation: Option<f64>,
}

fn confidence_arg(text: &str) -> Result<f64, String> {
    let share = parse_share(text)?;
    if share < 1.0 { Ok(share) } else { Err(format!("{text:?}: it must be less than 100 %")) }
}

fn span_arg(text: &str) -> Result<Span, String> {
    let span = parse_span(text).map_err(|error| error.to_string())?;
    if span > Span::ZERO { Ok(span) } else { Err(format!("{text:?} is not more than no time")) }
}

/// Records per second: `5000/s`, `300/min`, `1e6/h`, or the bare number.
fn rate_arg(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is not a rate; write 5000/s, 300/min or 90000/h");
    let (number, seconds) = match text.split_once('/') {
        None => (text, 1.0),
        Some((number, unit)) => match unit.trim() {
            "s" => (number, 1.0),
            "min" => (number, 60.0),
            "h" => (number, 3_600.0),
            _ => return Err(wrong()),
        },
    };
    let rate = number.trim().parse::<f64>().map_err(|_| wrong())? / seconds;
    if rate > 0.0 && rate <= 1e12 { Ok(rate) } else { Err(wrong()) }
}

/// In which format a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportKind {
    /// Markdown.
    Markdown,
    /// One HTML file.
    Html,
}

/// What is found beside the points.
pub(super) struct Extras {
    /// Advice, unless only exact points were asked for.
    pub advice: Option<Advice>,
    /// The usual rules, where something is wanted or they are.
    pub baselines: Option<Baselines>,
    /// The capacity plan, where a load is given.
    pub capacity: Option<Capacity>,
}

impl Extras {
    /// Whether the flags fit each other.
    ///
    /// # Errors
    /// A load without a service time.
    pub fn check(args: &TuneArgs, opened: &Opened) -> Result<(), CliError> {
        if args.advice.load.is_some() && service(args, opened) == Span::ZERO {
            let message = "--load needs --service, the time that a task works on one record: --service 150us";
            return Err(CliError::bad_input(message));
        }
        Ok(())
    }

    /// Finds what the flags ask for.
    pub fn of(
        args: &TuneArgs,
        opened: &Opened,
        tuner: &Tuner,
        wants_report: bool,
        watch: &Watch<'_>,
    ) -> Result<Self, Cancelled> {
        let wants = !args.target().is_empty() || wants_report;
        let advice =
            if wants || args.bounds.is_empty() { advise(tuner, &question(args, opened), watch)? } else { None };
        let window = advice.as_ref().map_or(opened.scenario.pipeline.window, |it| it.point.setting.window);
        let lateness = args.lateness.first().copied().unwrap_or(Span::ZERO);
        let baselines = (wants || args.advice.baselines)
            .then(|| baselines(&opened.stream, tuner.config(), window, lateness, watch))
            .transpose()?;
        let demand = |load: f64| Demand {
            load,
            service: service(args, opened),
            jitter: opened.scenario.pipeline.tasks.jitter,
            outage: args.advice.outage,
            utilisation: args.advice.utilisation.unwrap_or(capacity::UTILISATION),
            key_groups: opened.scenario.pipeline.tasks.key_groups,
        };
        let capacity = args.advice.load.and_then(|load| plan(&opened.stream, demand(load)));
        Ok(Self { advice, baselines, capacity })
    }

    /// For people: a blank line before each part.
    pub fn in_words(&self) -> String {
        let parts = [
            self.advice.as_ref().map(advice::in_words),
            self.baselines.as_ref().map(baseline::in_words),
            self.capacity.as_ref().map(capacity::in_words),
        ];
        parts.into_iter().flatten().map(|part| format!("\n{part}")).collect()
    }
}

fn service(args: &TuneArgs, opened: &Opened) -> Span {
    args.advice.service.unwrap_or(opened.scenario.pipeline.service_time)
}

fn question(args: &TuneArgs, opened: &Opened) -> Question {
    let windows = args.windows();
    let mut latenesses = args.lateness.clone();
    latenesses.sort_unstable();
    let is_absent = |column: &crate::recording::ColumnReport| {
        column.role == Role::ArrivalTime && matches!(column.choice, Choice::Absent(_))
    };
    Question {
        wanted: Wanted::of(&args.target(), args.advice.confidence),
        windows: if windows.is_empty() { vec![opened.scenario.pipeline.window] } else { windows },
        latenesses,
        has_arrivals: !opened.read.as_ref().is_some_and(|read| read.columns.iter().any(is_absent)),
        seed: opened.scenario.seed,
    }
}

/// The report, ready to be written; what was typed is `arguments`, without the name of the program.
pub(super) fn report(
    tuned: &Tuned,
    opened: &Opened,
    tuner: &Tuner,
    arguments: &[String],
    kind: ReportKind,
) -> Result<Vec<u8>, CliError> {
    let Some(advice) = &tuned.extras.advice else {
        return Err(CliError::bad_input("a report needs a recording with a record in a window"));
    };
    let setting = advice.point.setting;
    let window = tuned.windows.iter().find(|it| it.window == setting.window);
    let trace_hash = (opened.stream.len() <= MOST_RUN).then(|| {
        let mut pipeline = setting.apply(&tuner.config().pipeline);
        pipeline.watermark_options.idle_after =
            advice.idle.map(|it| it.silences.idle_after).or(pipeline.watermark_options.idle_after);
        run(&Arc::clone(&opened.stream), &RunConfig { pipeline, ..tuner.config().clone() }).hash_hex()
    });
    let (tune, run) = commands(arguments, advice);
    let document = story(&Story {
        title: &tuned.title,
        stream: &opened.stream,
        remarks: opened
            .read
            .iter()
            .flat_map(|read| read.to_string().lines().map(str::to_owned).collect::<Vec<_>>())
            .collect(),
        advice,
        frontier: window.map_or(&[], |it| it.frontier.as_slice()),
        baselines: tuned.extras.baselines.as_ref(),
        capacity: tuned.extras.capacity.as_ref(),
        commands: vec![tune, run],
        version: env!("CARGO_PKG_VERSION"),
        trace_hash,
    });
    Ok(match kind {
        ReportKind::Markdown => markdown(&document).into_bytes(),
        ReportKind::Html => html(&document).into_bytes(),
    })
}

/// Flags of `tune` that `run` does not have, or that the advice replaces; all but the last two have a value.
const NOT_OF_RUN: [&str; 18] = [
    "--windows",
    "--window",
    "--bounds",
    "--bound",
    "--lateness",
    "--complete",
    "--latency",
    "--verify",
    "--format",
    "--output",
    "-o",
    "--confidence",
    "--load",
    "--service",
    "--outage",
    "--utilisation",
    "--baselines",
    "--quiet",
];

/// What was typed, and the run with the setting that is advised.
fn commands(arguments: &[String], advice: &Advice) -> (String, String) {
    let setting = advice.point.setting;
    let mut run = Vec::new();
    let mut skips_value = false;
    for argument in arguments {
        let name = argument.split_once('=').map_or(argument.as_str(), |(name, _)| name);
        if skips_value {
            skips_value = false;
        } else if let Some(place) = NOT_OF_RUN.iter().position(|flag| *flag == name) {
            skips_value = place + 2 < NOT_OF_RUN.len() && !argument.contains('=');
        } else {
            run.push(if argument == "tune" { "run".to_owned() } else { quoted(argument) });
        }
    }
    let exact = |span: Span| crate::human::span_exact(span).replace(' ', "");
    run.push(format!("--window {}", window_text(setting.window)));
    run.push(format!("--bound {} --lateness {}", exact(setting.bound), exact(setting.lateness)));
    if let Some(idle) = advice.idle {
        run.push(quoted(&format!("--set=pipeline.watermark_options.idle_after={}", exact(idle.silences.idle_after))));
    }
    let typed: Vec<String> = arguments.iter().map(|argument| quoted(argument)).collect();
    (format!("highwater {}", typed.join(" ")), format!("highwater {}", run.join(" ")))
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+%@".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_units() {
        let read = ["5000/s", "300/min", "7200 / h", "2.5"].map(rate_arg);
        assert_eq!(read, [Ok(5_000.0), Ok(5.0), Ok(2.0), Ok(2.5)]);
        for wrong in ["", "0/s", "-1/s", "5/day", "many/s", "NaN"] {
            assert!(rate_arg(wrong).is_err_and(|error| error.contains("5000/s")), "{wrong}");
        }
        assert!(confidence_arg("100%").is_err() && confidence_arg("90%") == Ok(0.9));
    }

    #[test]
    fn arguments_are_quoted_for_a_shell() {
        let shown = ["a.csv", "p99<=10s", "it's", ""].map(quoted);
        assert_eq!(shown, ["a.csv", "'p99<=10s'", "'it'\\''s'", "''"]);
    }
}
