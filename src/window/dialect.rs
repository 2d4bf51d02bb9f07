//! Whose rules apply where engines differ, and which settings fit together in each.
//!
//! The words of this program are Flink's. Where another engine answers differently to the same
//! records, its dialect does so too: Beam asks its trigger once per bundle and closes windows with
//! a last pane; Kafka Streams has no watermark and no timers without input; Azure Stream Analytics
//! repairs times at the door.

use serde::{Deserialize, Serialize};

use crate::pipeline::{AtEnd, Pipeline, Problem, WatermarkOptions, WatermarkSpec, WindowSpec};
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::trigger::TriggerSpec;

/// An engine whose rules the window operator follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// Apache Flink, DataStream windows.
    #[default]
    Flink,
    /// Apache Beam.
    Beam,
    /// Kafka Streams.
    KafkaStreams,
    /// Azure Stream Analytics.
    AzureStreamAnalytics,
}

impl Dialect {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flink => "Flink",
            Self::Beam => "Beam",
            Self::KafkaStreams => "Kafka Streams",
            Self::AzureStreamAnalytics => "Azure Stream Analytics",
        }
    }
}

/// What a Beam pipeline chooses beside window, trigger, lateness and accumulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BeamRules {
    /// Which event time a pane carries onward.
    pub timestamp_combiner: TimestampCombiner,
    /// Whether a window whose state goes says so with an empty pane.
    pub closing: EmptyPane,
    /// Whether the watermark's pane appears also when it is empty.
    pub on_time: OnTimePane,
}

/// Which event time a pane of the Beam dialect carries onward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampCombiner {
    /// The last instant of the window.
    #[default]
    EndOfWindow,
    /// The earliest of its elements that the output watermark has not passed.
    Earliest,
    /// The latest of its elements that the output watermark has not passed.
    Latest,
}

/// Whether the last pane of a window appears also when it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmptyPane {
    /// Only with elements that came since the pane before it.
    #[default]
    FireIfNonEmpty,
    /// Always.
    FireAlways,
}

/// Whether the on-time pane of a window appears also when it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnTimePane {
    /// Always.
    #[default]
    FireAlways,
    /// Only with elements that came since the pane before it.
    FireIfNonEmpty,
}

/// What Azure Stream Analytics does with a record whose time is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AzurePolicy {
    /// How long after it happened a record may arrive; 0 to 20 days.
    pub late_arrival: Span,
    /// What happens beyond that, and beyond the out-of-order tolerance, which is the bound of the
    /// watermark.
    pub action: AzureAction,
}

impl Default for AzurePolicy {
    /// The service's own defaults: 5 seconds late, adjusted.
    fn default() -> Self {
        Self { late_arrival: Span::from_secs(5), action: AzureAction::default() }
    }
}

/// What happens to a record beyond the tolerances of [`AzurePolicy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AzureAction {
    /// Its time is changed to the nearest one within the tolerance.
    #[default]
    Adjust,
    /// It is dropped.
    Drop,
}

/// Settings that do not fit together, in the order of the fields; each is in range by itself.
pub(crate) fn problems(pipeline: &Pipeline) -> Vec<Problem> {
    let mut found = pipeline.trigger.problems("trigger", pipeline.dialect);
    match pipeline.dialect {
        Dialect::Flink => flink_problems(pipeline, &mut found),
        Dialect::Beam => {}
        Dialect::KafkaStreams => kafka_problems(pipeline, &mut found),
        Dialect::AzureStreamAnalytics => azure_problems(pipeline, &mut found),
    }
    found
}

fn flink_problems(pipeline: &Pipeline, found: &mut Vec<Problem>) {
    let (trigger, is_purging) = match &pipeline.trigger {
        TriggerSpec::Purging(inner) => (&**inner, true),
        trigger => (trigger, false),
    };
    let waits_for_the_end =
        matches!(trigger, TriggerSpec::EventTime | TriggerSpec::ProcessingTime | TriggerSpec::ContinuousEventTime(_));
    if pipeline.window == WindowSpec::Global && waits_for_the_end {
        let message = format!(
            "{} waits for the end of a window, and the global window has none; write Count(n) or \
             ContinuousProcessingTime(interval)",
            trigger.word()
        );
        found.push(Problem::new("trigger", message));
    }
    if is_purging && pipeline.accumulation == Accumulation::AccumulatingAndRetracting {
        let message = "a purging trigger forgets what it said, so nothing can be withdrawn; write the inner trigger";
        found.push(Problem::new("accumulation", message));
    }
    if matches!(pipeline.window, WindowSpec::Session { .. }) && matches!(trigger, TriggerSpec::Delta(_)) {
        let message = "Delta cannot say which value fired last when sessions merge; write Count(n) or EventTime";
        found.push(Problem::new("trigger", message));
    }
}

fn kafka_problems(pipeline: &Pipeline, found: &mut Vec<Problem>) {
    if pipeline.watermark != (WatermarkSpec::Bounded { bound: Span::ZERO }) {
        let message = "Kafka Streams has no watermark but stream time, the largest event time seen: the bound must be \
                       0s; the grace period is allowed_lateness";
        found.push(Problem::new("watermark", message));
    }
    if pipeline.watermark_options != WatermarkOptions::default() {
        let message = "Kafka Streams has no watermark but stream time, which has no options";
        found.push(Problem::new("watermark_options", message));
    }
    if matches!(pipeline.window, WindowSpec::Cumulative { .. } | WindowSpec::Global) {
        let message = "Kafka Streams has tumbling, sliding (hopping) and session windows";
        found.push(Problem::new("window", message));
    }
    if let WindowSpec::Sliding { size, slide, .. } = pipeline.window
        && slide > size
    {
        let message = "Kafka Streams allows no gaps between windows: the slide must be at most the size";
        found.push(Problem::new("window.slide", message));
    }
    if let WindowSpec::Tumbling { offset, .. } | WindowSpec::Sliding { offset, .. } = pipeline.window
        && offset != Span::ZERO
    {
        found.push(Problem::new("window.offset", "Kafka Streams aligns windows to the epoch: must be 0s"));
    }
    if pipeline.accumulation == Accumulation::Discarding {
        let message = "Kafka Streams results are updates of a table: write Accumulating or AccumulatingAndRetracting";
        found.push(Problem::new("accumulation", message));
    }
    if pipeline.at_end == AtEnd::Flush {
        let message = "Kafka Streams has no final watermark: must be Hold";
        found.push(Problem::new("at_end", message));
    }
}

/// The longest late arrival tolerance that the service allows.
const AZURE_LATE_LIMIT: Span = Span::from_secs(20 * 24 * 60 * 60);

fn azure_problems(pipeline: &Pipeline, found: &mut Vec<Problem>) {
    let late_arrival = pipeline.azure.late_arrival;
    if late_arrival.is_negative() || late_arrival > AZURE_LATE_LIMIT {
        let message = format!("{} is out of range: must be 0 to 20d", crate::human::span_exact(late_arrival));
        found.push(Problem::new("azure.late_arrival", message));
    }
    let is_bounded = matches!(pipeline.watermark, WatermarkSpec::Bounded { .. });
    if !is_bounded || pipeline.watermark_options != WatermarkOptions::default() {
        let message = "Azure Stream Analytics has the largest event time minus the out-of-order tolerance: must be \
                       Bounded, without options";
        found.push(Problem::new("watermark", message));
    }
    if matches!(pipeline.window, WindowSpec::Cumulative { .. } | WindowSpec::Global) {
        let message = "Azure Stream Analytics has tumbling, sliding (hopping) and session windows";
        found.push(Problem::new("window", message));
    }
    if pipeline.allowed_lateness > Span::ZERO {
        let message = "Azure Stream Analytics fires every window once: must be 0s; lateness is azure.late_arrival";
        found.push(Problem::new("allowed_lateness", message));
    }
    if pipeline.accumulation != Accumulation::Accumulating {
        let message = "Azure Stream Analytics fires every window once: must be Accumulating";
        found.push(Problem::new("accumulation", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pipeline: &Pipeline, expected: &[(&str, &str)]) {
        let found = pipeline.problems();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (problem, (path, part)) in found.iter().zip(expected) {
            assert_eq!(problem.path, *path);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
    }

    #[test]
    fn a_global_window_has_no_end_to_wait_for() {
        let global = |trigger| Pipeline { window: WindowSpec::Global, trigger, ..Pipeline::default() };
        check(&global(TriggerSpec::Default), &[]);
        check(&global(TriggerSpec::Count(2)), &[]);
        check(&global(TriggerSpec::EventTime), &[("trigger", "EventTime waits for the end")]);
        let continuous = TriggerSpec::ContinuousEventTime(Span::from_secs(1));
        check(&global(TriggerSpec::Purging(Box::new(continuous))), &[("trigger", "ContinuousEventTime waits")]);
        check(&global(TriggerSpec::ContinuousProcessingTime(Span::from_secs(1))), &[]);
    }

    #[test]
    fn what_is_forgotten_cannot_be_withdrawn() {
        let pipeline = Pipeline {
            trigger: TriggerSpec::Purging(Box::new(TriggerSpec::EventTime)),
            accumulation: Accumulation::AccumulatingAndRetracting,
            ..Pipeline::default()
        };
        check(&pipeline, &[("accumulation", "write the inner trigger")]);
    }

    #[test]
    fn kafka_streams_refuses_what_it_does_not_have() {
        let pipeline = Pipeline { dialect: Dialect::KafkaStreams, ..Pipeline::default() };
        check(&pipeline, &[]);
        let wrong = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: Span::from_secs(1) },
            window: WindowSpec::Global,
            accumulation: Accumulation::Discarding,
            at_end: AtEnd::Flush,
            ..pipeline
        };
        check(
            &wrong,
            &[("watermark", "stream time"), ("window", "hopping"), ("accumulation", "table"), ("at_end", "Hold")],
        );
    }

    #[test]
    fn azure_limits_are_the_services_own() {
        let azure = AzurePolicy { late_arrival: Span::from_secs(2_000_000), ..AzurePolicy::default() };
        let pipeline = Pipeline {
            dialect: Dialect::AzureStreamAnalytics,
            azure,
            allowed_lateness: Span::from_secs(1),
            ..Pipeline::default()
        };
        check(&pipeline, &[("azure.late_arrival", "0 to 20d"), ("allowed_lateness", "azure.late_arrival")]);
    }
}
