//! Flags that describe or change a pipeline, shared by the commands that run one.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::cli::choices::{AccumulationArg, AtEndArg, DialectArg, LateArg};
use crate::cli::watermark_arg::WatermarkArg;
use crate::human::parse_span;
use crate::pipeline::engine::EnginePreset;
use crate::pipeline::{Aggregate, WatermarkSpec, WindowSpec};
use crate::scenario::Scenario;
use crate::time::Span;

/// Flags that override what a scenario says.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Pipeline")]
pub struct PipelineArgs {
    /// Windows: tumbling:15min[+OFFSET], sliding:60min/15min[+OFFSET], session:60min, global,
    /// cumulative:1h/5min[+OFFSET]
    #[arg(long, value_name = "WINDOW")]
    pub window: Option<WindowArg>,
    /// All others.
    #[command(flatten)]
    pub settings: SettingArgs,
}

/// Flags that override what a scenario says, but for the window.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Pipeline")]
pub struct SettingArgs {
    /// The pipeline as this engine runs it out of the box; other flags come on top
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub engine: Option<EngineArg>,
    /// How far a record may be behind the newest one and still be on time
    #[arg(long, value_name = "SPAN", value_parser = span_arg, allow_hyphen_values = true)]
    pub bound: Option<Span>,
    /// How long a window's state is kept after its end
    #[arg(long, value_name = "SPAN", value_parser = span_arg, allow_hyphen_values = true)]
    pub lateness: Option<Span>,
    /// What happens to a record whose windows are all gone
    #[arg(long, value_enum, value_name = "POLICY")]
    pub late: Option<LateArg>,
    /// What is computed per key and window: count, sum, mean, min, max, distinct, distinct-approx,
    /// quantile:0.99, top-k:3, first, last
    #[arg(long, value_name = "AGGREGATE")]
    pub aggregate: Option<Aggregate>,
    /// How the watermark follows the records: bounded:30s, monotonous, lag:30s, percentile:0.99,
    /// adaptive, punctuated:10, perfect, from-source
    #[arg(long, value_name = "WATERMARK", conflicts_with = "bound", allow_hyphen_values = true)]
    pub watermark: Option<WatermarkArg>,
    /// When a window fires, in the words of scenario files: count(2), continuous-event-time(10s),
    /// "repeatedly(after-processing-time(align: 1min))", "after-watermark(late: after-count(1))"
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
    /// Any field of the scenario: --set pipeline.queue_capacity=32
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

/// An engine on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// [`EnginePreset::Flink`].
    Flink,
    /// [`EnginePreset::SparkStructuredStreaming`].
    Spark,
    /// [`EnginePreset::KafkaStreams`].
    KafkaStreams,
}

impl EngineArg {
    const fn preset(self) -> EnginePreset {
        match self {
            Self::Flink => EnginePreset::Flink,
            Self::Spark => EnginePreset::SparkStructuredStreaming,
            Self::KafkaStreams => EnginePreset::KafkaStreams,
        }
    }
}

/// A window on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowArg(pub WindowSpec);

fn span_arg(text: &str) -> Result<Span, String> {
    parse_span(text).map_err(|error| error.to_string())
}

impl FromStr for WindowArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let forms =
            "tumbling:15min, sliding:60min/15min, cumulative:1h/5min (each with +OFFSET), session:60min or global";
        if text == "global" {
            return Ok(Self(WindowSpec::Global));
        }
        let (kind, rest) = text.split_once(':').ok_or_else(|| format!("{text:?} is not a window; write {forms}"))?;
        let (spans, offset) = match rest.split_once('+') {
            Some((spans, offset)) => (spans, span_arg(offset)?),
            None => (rest, Span::ZERO),
        };
        match (kind.trim(), spans.split_once('/')) {
            ("tumbling", None) => Ok(Self(WindowSpec::Tumbling { size: span_arg(spans)?, offset })),
            ("sliding", Some((size, slide))) => {
                Ok(Self(WindowSpec::Sliding { size: span_arg(size)?, slide: span_arg(slide)?, offset }))
            }
            ("cumulative", Some((max, step))) => {
                Ok(Self(WindowSpec::Cumulative { max: span_arg(max)?, step: span_arg(step)?, offset }))
            }
            ("cumulative", None) => Err(format!("{text:?} has no step; write cumulative:1h/5min")),
            ("sliding", None) => Err(format!("{text:?} has no slide; write sliding:60min/15min")),
            ("session", None) if !rest.contains('+') => Ok(Self(WindowSpec::Session { gap: span_arg(spans)? })),
            _ => Err(format!("{text:?} is not a window; write {forms}")),
        }
    }
}

impl PipelineArgs {
    /// Writes the flags over the scenario: first `--set`, in order, then the flags by name.
    ///
    /// # Errors
    /// As [`SettingArgs::apply`].
    pub fn apply(&self, scenario: &mut Scenario) -> Result<(), String> {
        self.settings.apply(scenario)?;
        if let Some(WindowArg(window)) = self.window {
            scenario.pipeline.window = window;
        }
        Ok(())
    }
}

impl SettingArgs {
    /// Writes the flags over the scenario: first `--set`, in order, then the flags by name.
    ///
    /// # Errors
    /// A `--set` that names no field or has a wrong value, or a trigger that is none. Limits are
    /// checked later, all at once.
    pub fn apply(&self, scenario: &mut Scenario) -> Result<(), String> {
        for assignment in &self.set {
            let Some((path, value)) = assignment.split_once('=') else {
                return Err(format!("--set {assignment}: write PATH=VALUE, as in --set pipeline.queue_capacity=32"));
            };
            crate::scenario::set::set(scenario, path, value).map_err(|error| format!("--set {assignment}: {error}"))?;
        }
        if let Some(trigger) = &self.trigger {
            crate::scenario::set::set(scenario, "pipeline.trigger", trigger)
                .map_err(|error| format!("--trigger {trigger}: {error}"))?;
        }
        let pipeline = &mut scenario.pipeline;
        if let Some(engine) = self.engine {
            engine.preset().apply(pipeline);
        }
        if let Some(bound) = self.bound {
            pipeline.watermark = WatermarkSpec::Bounded { bound };
        }
        if let Some(WatermarkArg(watermark)) = self.watermark {
            pipeline.watermark = watermark;
        }
        if let Some(lateness) = self.lateness {
            pipeline.allowed_lateness = lateness;
        }
        if let Some(late) = self.late {
            pipeline.late = late.into();
        }
        if let Some(aggregate) = self.aggregate {
            pipeline.aggregate = aggregate;
        }
        if let Some(dialect) = self.dialect {
            pipeline.dialect = dialect.into();
        }
        if let Some(accumulation) = self.accumulation {
            pipeline.accumulation = accumulation.into();
        }
        if let Some(at_end) = self.at_end {
            pipeline.at_end = at_end.into();
        }
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<WindowSpec, String> {
        text.parse::<WindowArg>().map(|window| window.0)
    }

    #[test]
    fn windows_are_read_in_every_form() {
        let min = |minutes: i64| Span::from_secs(minutes * 60);
        assert_eq!(read("tumbling:15min"), Ok(WindowSpec::Tumbling { size: min(15), offset: Span::ZERO }));
        assert_eq!(read("tumbling:1h+15min"), Ok(WindowSpec::Tumbling { size: min(60), offset: min(15) }));
        assert_eq!(read("tumbling:1h+-15min"), Ok(WindowSpec::Tumbling { size: min(60), offset: min(-15) }));
        let sliding = WindowSpec::Sliding { size: min(60), slide: min(15), offset: min(5) };
        assert_eq!(read("sliding:60min/15min+5min"), Ok(sliding));
        assert_eq!(read("session:60min"), Ok(WindowSpec::Session { gap: min(60) }));
        let cumulative = WindowSpec::Cumulative { max: min(60), step: min(5), offset: Span::ZERO };
        assert_eq!(read("cumulative:1h/5min"), Ok(cumulative));
        assert_eq!(read("global"), Ok(WindowSpec::Global));
    }

    #[test]
    fn wrong_windows_say_what_would_be_right() {
        for (text, part) in [
            ("hopping:1min", "tumbling:15min"),
            ("tumbling", "tumbling:15min"),
            ("sliding:60min", "no slide"),
            ("session:60min+5min", "session:60min"),
            ("tumbling:60", "60min"),
            ("tumbling:1h/5min", "sliding:60min/15min"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
