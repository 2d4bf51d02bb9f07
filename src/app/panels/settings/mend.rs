//! What a change of one setting asks of the others: engines do not offer everything together, so a
//! choice takes the nearest settings that go with it. Pure; the reader sees every one of them, and
//! undo takes all back at once.

use crate::pipeline::{AtEnd, Pipeline, WatermarkOptions, WatermarkSpec, WindowSpec};
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;
use crate::window::trigger::TriggerSpec;

/// How often a global window fires that nothing else fires.
const GLOBAL_EVERY: Span = Span::from_secs(60);

/// Changes what does not go with the dialect, the window or the trigger of a pipeline of which every
/// setting is in range by itself.
pub fn mend(pipeline: &mut Pipeline) {
    if !pipeline.trigger.problems("trigger", pipeline.dialect).is_empty() {
        pipeline.trigger = TriggerSpec::Default;
    }
    mend_offset(&mut pipeline.window);
    match pipeline.dialect {
        Dialect::Flink => flink(pipeline),
        Dialect::Beam => {}
        Dialect::KafkaStreams => kafka(pipeline),
        Dialect::AzureStreamAnalytics => azure(pipeline),
    }
    let options = &mut pipeline.watermark_options;
    if !options.per_partition {
        options.max_drift = None;
    }
    if pipeline.watermark == WatermarkSpec::FromSource {
        *options = WatermarkOptions::default();
    }
}

/// An offset is below the distance between windows, and a step is a whole part of the longest one.
fn mend_offset(window: &mut WindowSpec) {
    let below = |offset: &mut Span, step: Span| *offset = Span::from_micros(offset.micros() % step.micros().max(1));
    match window {
        WindowSpec::Tumbling { size, offset } => below(offset, *size),
        WindowSpec::Sliding { slide, offset, .. } => below(offset, *slide),
        WindowSpec::Cumulative { max, step, offset } => {
            let steps = (max.micros() / step.micros().max(1)).max(1);
            *max = step.times(steps);
            below(offset, *max);
        }
        WindowSpec::Session { .. } | WindowSpec::Global => {}
    }
}

fn flink(pipeline: &mut Pipeline) {
    let (inner, is_purging) = match &pipeline.trigger {
        TriggerSpec::Purging(inner) => (&**inner, true),
        trigger => (trigger, false),
    };
    let waits_for_the_end =
        matches!(inner, TriggerSpec::EventTime | TriggerSpec::ProcessingTime | TriggerSpec::ContinuousEventTime(_));
    let is_session = matches!(pipeline.window, WindowSpec::Session { .. });
    if is_purging && pipeline.accumulation == Accumulation::AccumulatingAndRetracting {
        pipeline.accumulation = Accumulation::Accumulating;
    }
    if pipeline.window == WindowSpec::Global && waits_for_the_end {
        pipeline.trigger = TriggerSpec::ContinuousProcessingTime(GLOBAL_EVERY);
    } else if is_session && matches!(inner, TriggerSpec::Delta(_)) {
        pipeline.trigger = TriggerSpec::Default;
    }
}

/// Windows that Kafka Streams and Azure Stream Analytics have.
fn plain_windows(window: WindowSpec) -> WindowSpec {
    match window {
        WindowSpec::Cumulative { max, .. } => WindowSpec::Tumbling { size: max, offset: Span::ZERO },
        WindowSpec::Global => WindowSpec::Tumbling { size: GLOBAL_EVERY, offset: Span::ZERO },
        window => window,
    }
}

fn kafka(pipeline: &mut Pipeline) {
    pipeline.watermark = WatermarkSpec::Bounded { bound: Span::ZERO };
    pipeline.watermark_options = WatermarkOptions::default();
    pipeline.window = match plain_windows(pipeline.window) {
        WindowSpec::Tumbling { size, .. } => WindowSpec::Tumbling { size, offset: Span::ZERO },
        WindowSpec::Sliding { size, slide, .. } => {
            WindowSpec::Sliding { size, slide: slide.min(size), offset: Span::ZERO }
        }
        window => window,
    };
    if pipeline.accumulation == Accumulation::Discarding {
        pipeline.accumulation = Accumulation::Accumulating;
    }
    pipeline.at_end = AtEnd::Hold;
}

fn azure(pipeline: &mut Pipeline) {
    if !matches!(pipeline.watermark, WatermarkSpec::Bounded { .. }) {
        pipeline.watermark = WatermarkSpec::Bounded { bound: pipeline.watermark.bound() };
    }
    pipeline.watermark_options = WatermarkOptions::default();
    pipeline.window = plain_windows(pipeline.window);
    pipeline.allowed_lateness = Span::ZERO;
    pipeline.accumulation = Accumulation::Accumulating;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(seconds: i64) -> Span {
        Span::from_secs(seconds)
    }

    /// Every combination of the choices that can contradict each other.
    fn all() -> Vec<Pipeline> {
        let dialects = [Dialect::Flink, Dialect::Beam, Dialect::KafkaStreams, Dialect::AzureStreamAnalytics];
        let windows = [
            WindowSpec::Tumbling { size: secs(10), offset: secs(15) },
            WindowSpec::Sliding { size: secs(10), slide: secs(30), offset: secs(-40) },
            WindowSpec::Session { gap: secs(10) },
            WindowSpec::Cumulative { max: secs(100), step: secs(30), offset: secs(95) },
            WindowSpec::Global,
        ];
        let triggers = [
            TriggerSpec::Default,
            TriggerSpec::EventTime,
            TriggerSpec::Delta(1.0),
            TriggerSpec::Purging(Box::new(TriggerSpec::ContinuousEventTime(secs(1)))),
            TriggerSpec::AfterWatermark { early: None, late: None },
            TriggerSpec::OnWindowClose,
        ];
        let modes = [Accumulation::Discarding, Accumulation::Accumulating, Accumulation::AccumulatingAndRetracting];
        let watermarks = [WatermarkSpec::Bounded { bound: secs(5) }, WatermarkSpec::Perfect, WatermarkSpec::FromSource];
        let options = WatermarkOptions { max_drift: Some(secs(1)), idle_after: Some(secs(1)), ..Default::default() };
        let mut all = Vec::new();
        for dialect in dialects {
            for window in windows {
                for trigger in &triggers {
                    for accumulation in modes {
                        for watermark in watermarks {
                            all.push(Pipeline {
                                dialect,
                                window,
                                trigger: trigger.clone(),
                                accumulation,
                                watermark,
                                watermark_options: options,
                                allowed_lateness: secs(7),
                                at_end: AtEnd::Flush,
                                ..Pipeline::default()
                            });
                        }
                    }
                }
            }
        }
        all
    }

    #[test]
    fn every_choice_ends_in_a_pipeline_that_runs() {
        let all = all();
        assert_eq!(all.len(), 4 * 5 * 6 * 3 * 3);
        for before in all {
            let mut pipeline = before.clone();
            mend(&mut pipeline);
            assert_eq!(pipeline.problems(), [], "{before:?}");
            let mut again = pipeline.clone();
            mend(&mut again);
            assert_eq!(again, pipeline);
            assert_eq!(pipeline.dialect, before.dialect);
        }
    }

    #[test]
    fn what_runs_already_is_left_alone() {
        for before in all().into_iter().filter(|pipeline| pipeline.problems().is_empty()) {
            let mut pipeline = before.clone();
            mend(&mut pipeline);
            assert_eq!(pipeline, before);
        }
    }
}
