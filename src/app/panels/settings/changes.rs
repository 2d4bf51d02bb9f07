//! Which settings differ from the scenario as it was opened.

use crate::join::JoinKind;
use crate::pipeline::{WatermarkOptions, WatermarkSpec, WindowSpec};
use crate::scenario::{JoinSpec, Scenario, SourceSpec};

/// How many knobs the reader has moved.
pub fn count(opened: &Scenario, now: &Scenario) -> usize {
    let (before, after) = (&opened.pipeline, &now.pipeline);
    let simple = [
        opened.seed != now.seed,
        before.allowed_lateness != after.allowed_lateness,
        before.late != after.late,
        before.aggregate != after.aggregate,
        before.service_time != after.service_time,
        before.queue_capacity != after.queue_capacity,
        before.dialect != after.dialect,
        before.trigger != after.trigger,
        before.accumulation != after.accumulation,
        before.at_end != after.at_end,
        before.azure.late_arrival != after.azure.late_arrival,
        before.azure.action != after.azure.action,
        before.beam.on_time != after.beam.on_time,
        before.beam.closing != after.beam.closing,
        before.beam.timestamp_combiner != after.beam.timestamp_combiner,
    ];
    let faults = opened.faults.iter().zip(&now.faults).filter(|(a, b)| a != b).count();
    simple.into_iter().filter(|differs| *differs).count()
        + window(before.window, after.window)
        + watermark(before.watermark, after.watermark)
        + watermark_options(&before.watermark_options, &after.watermark_options)
        + source(&opened.source, &now.source)
        + faults
        + join(opened.join.as_deref(), now.join.as_deref())
}

fn window(before: WindowSpec, after: WindowSpec) -> usize {
    match (before, after) {
        (WindowSpec::Sliding { size: a, slide: b, .. }, WindowSpec::Sliding { size: c, slide: d, .. }) => {
            usize::from(a != c) + usize::from(b != d)
        }
        (a, b) => usize::from(a != b),
    }
}

/// Both ends of an interval are knobs.
fn join(before: Option<&JoinSpec>, after: Option<&JoinSpec>) -> usize {
    let ends = |join: Option<&JoinSpec>| match join.map(|join| join.kind) {
        Some(JoinKind::Interval { lower, upper }) => Some((lower, upper)),
        _ => None,
    };
    match (ends(before), ends(after)) {
        (Some((a, b)), Some((c, d))) => usize::from(a != c) + usize::from(b != d),
        _ => 0,
    }
}

/// Another rule is one change, and so is each of the numbers of the same rule.
fn watermark(before: WatermarkSpec, after: WatermarkSpec) -> usize {
    use WatermarkSpec::{Adaptive, Percentile, Punctuated};
    let all = |differs: &[bool]| differs.iter().filter(|differs| **differs).count();
    match (before, after) {
        (Punctuated { marker: a, bound: b }, Punctuated { marker: c, bound: d }) => all(&[a != c, b != d]),
        (Percentile { quantile: a, sample: b }, Percentile { quantile: c, sample: d }) => {
            all(&[a.total_cmp(&c).is_ne(), b != d])
        }
        (Adaptive { deviations: a, min: b, max: c }, Adaptive { deviations: d, min: e, max: f }) => {
            all(&[a != d, b != e, c != f])
        }
        (a, b) => usize::from(a != b),
    }
}

/// How many settings around the watermark differ.
pub fn watermark_options(before: &WatermarkOptions, after: &WatermarkOptions) -> usize {
    let differs = [
        before.emit != after.emit,
        before.idle_after != after.idle_after,
        before.max_future != after.max_future,
        before.per_partition != after.per_partition,
        before.max_drift != after.max_drift,
    ];
    differs.into_iter().filter(|differs| *differs).count()
}

fn source(before: &SourceSpec, after: &SourceSpec) -> usize {
    match (before, after) {
        (SourceSpec::Synthetic(a), SourceSpec::Synthetic(b)) => {
            usize::from(a.rate.total_cmp(&b.rate).is_ne()) + usize::from(a.delay != b.delay)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::built_in;
    use crate::pipeline::LatePolicy;
    use crate::time::Span;

    #[test]
    fn every_knob_counts_once_and_turning_back_counts_no_more() {
        let opened = built_in()[0].clone();
        let mut now = opened.clone();
        assert_eq!(count(&opened, &now), 0);
        now.seed += 1;
        now.pipeline.allowed_lateness = Span::from_secs(5);
        now.pipeline.late = LatePolicy::SideOutput;
        assert_eq!(count(&opened, &now), 3);
        now.pipeline.window =
            WindowSpec::Sliding { size: Span::from_secs(60), slide: Span::from_secs(30), offset: Span::ZERO };
        assert_eq!(count(&opened, &now), 4, "another kind of window is one change");
        if let SourceSpec::Synthetic(source) = &mut now.source {
            source.rate *= 2.0;
        }
        assert_eq!(count(&opened, &now), 5);
        now.seed -= 1;
        assert_eq!(count(&opened, &now), 4);
    }

    #[test]
    fn size_and_slide_are_two_knobs() {
        let sliding = |size, slide| WindowSpec::Sliding {
            size: Span::from_secs(size),
            slide: Span::from_secs(slide),
            offset: Span::ZERO,
        };
        assert_eq!(window(sliding(60, 15), sliding(60, 30)), 1);
        assert_eq!(window(sliding(60, 15), sliding(30, 30)), 2);
    }
}
