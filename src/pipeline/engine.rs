//! Pipelines as an engine would run them out of the box: what differs between engines in what is
//! simulated, as settings that can then be changed one by one.

use serde::{Deserialize, Serialize};

use crate::pipeline::{Emit, Pipeline, WatermarkSpec};
use crate::time::Span;
use crate::window::dialect::Dialect;

/// An engine that people run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnginePreset {
    /// Record by record; watermarks every 200 ms (`pipeline.auto-watermark-interval`); bounded channels with
    /// credits: 2 exclusive buffers a channel and 8 floating ones a gate
    /// (`taskmanager.network.memory.buffers-per-channel`, `floating-buffers-per-gate`) of 32 KiB each
    /// (`taskmanager.memory.segment-size`). Of records of 1,000 bytes, two buffers hold 65.
    /// Source: Apache Flink documentation, Configuration and Network Buffer Tuning.
    Flink,
    /// Micro-batches: a batch begins when the one before is done; watermarks move between batches; results
    /// are those of windows that the watermark has passed (append mode). With no trigger interval Spark
    /// begins the next batch at once; 100 ms stands for what planning and committing one takes at least.
    /// Source: Apache Spark documentation, Structured Streaming Programming Guide, Triggers and Handling
    /// Late Data and Watermarking.
    SparkStructuredStreaming,
    /// Record by record; windows follow stream time, with a grace period and no timers without input; every
    /// update is a result. There is no bound: what it waits for becomes part of the grace period, the
    /// allowed lateness. `buffered.records.per.partition` is 1,000.
    /// Source: Kafka Streams documentation, Configuration, and Windowing.
    KafkaStreams,
}

impl EnginePreset {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Flink, Self::SparkStructuredStreaming, Self::KafkaStreams];

    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flink => "Apache Flink",
            Self::SparkStructuredStreaming => "Spark Structured Streaming",
            Self::KafkaStreams => "Kafka Streams",
        }
    }

    /// Sets what this engine does differently. Windows and aggregate stay as they are, and so do bound
    /// and lateness where the engine has both.
    pub fn apply(self, pipeline: &mut Pipeline) {
        pipeline.tasks.micro_batch = None;
        pipeline.watermark_options.emit = Emit::PerRecord;
        pipeline.dialect = Dialect::Flink;
        match self {
            Self::Flink => {
                pipeline.watermark_options.emit = Emit::Periodic { interval: Span::from_millis(200) };
                pipeline.queue_capacity = 65;
            }
            Self::SparkStructuredStreaming => {
                pipeline.tasks.micro_batch = Some(Span::from_millis(100));
            }
            Self::KafkaStreams => {
                pipeline.dialect = Dialect::KafkaStreams;
                pipeline.allowed_lateness = pipeline.allowed_lateness + pipeline.watermark.bound();
                pipeline.watermark = WatermarkSpec::Bounded { bound: Span::ZERO };
                pipeline.queue_capacity = 1_000;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_pipeline_that_can_run_whatever_it_was_before() {
        for before in EnginePreset::ALL {
            for preset in EnginePreset::ALL {
                let bound = Span::from_secs(5);
                let mut pipeline = Pipeline { watermark: WatermarkSpec::Bounded { bound }, ..Pipeline::default() };
                before.apply(&mut pipeline);
                preset.apply(&mut pipeline);
                assert_eq!(pipeline.problems(), [], "{} after {}", preset.name(), before.name());
                assert_eq!(pipeline.tasks.micro_batch.is_some(), preset == EnginePreset::SparkStructuredStreaming);
                assert_eq!(pipeline.watermark.bound() + pipeline.allowed_lateness, bound);
            }
        }
    }
}
