//! Whether the closed form holds for a pipeline, and if not, why.
//!
//! It holds where the watermark is the largest event time minus the bound after every record, records
//! are handled as they arrive, and windows do nothing but fire at their end and for every late record.

use crate::log::LogRules;
use crate::pipeline::tasks::Tasks;
use crate::pipeline::{Gate, Pipeline, WatermarkOptions, WatermarkSpec, WindowSpec};
use crate::production::Production;
use crate::record::Stream;
use crate::runtime::RunConfig;
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;
use crate::window::trigger::TriggerSpec;

/// How the points of a pipeline are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All at once, from one pass over the stream.
    Closed,
    /// One run of the engine for each.
    Engine {
        /// The first thing that stands against the closed form, for people.
        because: &'static str,
    },
}

/// How the points of windows of this kind are found, with the pipeline set to any bound and lateness.
pub fn form(stream: &Stream, config: &RunConfig, window: WindowSpec) -> Form {
    let because = of_window(window)
        .or_else(|| of_watermark(stream, &config.pipeline))
        .or_else(|| of_results(&config.pipeline))
        .or_else(|| of_surroundings(stream, config));
    because.map_or(Form::Closed, |because| Form::Engine { because })
}

const fn of_window(window: WindowSpec) -> Option<&'static str> {
    match window {
        WindowSpec::Session { .. } => Some("sessions grow and merge with the records that are not dropped"),
        WindowSpec::Global => Some("the global window never ends"),
        WindowSpec::Tumbling { .. } | WindowSpec::Sliding { .. } | WindowSpec::Cumulative { .. } => None,
    }
}

fn of_watermark(stream: &Stream, pipeline: &Pipeline) -> Option<&'static str> {
    let options = &pipeline.watermark_options;
    let of_one = WatermarkOptions { per_partition: false, ..WatermarkOptions::default() };
    if !matches!(pipeline.watermark, WatermarkSpec::Bounded { .. } | WatermarkSpec::Monotonous) {
        Some("the watermark is not the newest event minus a bound")
    } else if options.per_partition && stream.partitions() > 1 {
        Some("every partition has a watermark of its own")
    } else if (WatermarkOptions { per_partition: false, ..*options }) != of_one {
        Some("the watermark depends on the clock")
    } else {
        None
    }
}

fn of_results(pipeline: &Pipeline) -> Option<&'static str> {
    if pipeline.dialect != Dialect::Flink {
        Some("the dialect is not that of Apache Flink")
    } else if !matches!(pipeline.trigger, TriggerSpec::Default | TriggerSpec::EventTime) {
        Some("windows fire by another trigger")
    } else if pipeline.accumulation != Accumulation::Accumulating {
        Some("panes do not accumulate")
    } else if !pipeline.state.is_unlimited() {
        Some("state is kept on disk, or limited")
    } else {
        None
    }
}

fn of_surroundings(stream: &Stream, config: &RunConfig) -> Option<&'static str> {
    let pipeline = &config.pipeline;
    // What a record waits for, beside its arrival.
    let tasks = Tasks { key_groups: Tasks::default().key_groups, ..pipeline.tasks };
    let log = LogRules { record_bytes: LogRules::default().record_bytes, ..config.log };
    if pipeline.service_time != Span::ZERO || tasks != Tasks::default() {
        Some("records wait for tasks")
    } else if log != LogRules::default() || pipeline.group.is_some() {
        Some("the log or the consumer group delays records")
    } else if pipeline.gate != Gate::default() {
        Some("the schema gate takes records out")
    } else if pipeline.checkpoints.is_some() || !config.faults.is_empty() || config.sabotage.is_some() {
        Some("the run may fail or pauses for checkpoints")
    } else if *stream.production() != Production::default() {
        Some("records were lost or doubled before the log")
    } else if !stream.is_in_arrival_order() || !stream.watermarks_said().is_empty() {
        Some("the source says when records are read")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Emit;

    #[test]
    fn the_default_pipeline_has_a_closed_form_and_others_say_why_not() {
        let because = |change: &dyn Fn(&mut Pipeline)| {
            let mut config = RunConfig::plain(Pipeline::default());
            change(&mut config.pipeline);
            match form(&Stream::default(), &config, config.pipeline.window) {
                Form::Closed => "",
                Form::Engine { because } => because,
            }
        };
        assert_eq!(because(&|_| ()), "");
        assert_eq!(because(&|it| it.watermark = WatermarkSpec::Monotonous), "");
        assert_eq!(because(&|it| it.watermark_options.per_partition = true), "");
        let second = Span::from_secs(1);
        assert!(because(&|it| it.window = WindowSpec::Session { gap: second }).starts_with("sessions"));
        assert!(because(&|it| it.watermark = WatermarkSpec::Perfect).contains("newest event"));
        assert!(because(&|it| it.watermark_options.emit = Emit::Periodic { interval: second }).contains("clock"));
        assert!(because(&|it| it.dialect = Dialect::KafkaStreams).contains("dialect"));
        assert!(because(&|it| it.trigger = TriggerSpec::Count(2)).contains("trigger"));
        assert!(because(&|it| it.accumulation = Accumulation::Discarding).contains("accumulate"));
        assert!(because(&|it| it.service_time = second).contains("wait for tasks"));
        assert!(because(&|it| it.tasks.windows = 2).contains("wait for tasks"));
    }
}
