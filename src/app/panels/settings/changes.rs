//! Which settings differ from the scenario as it was opened.

use crate::pipeline::WindowSpec;
use crate::scenario::{Scenario, SourceSpec};

/// How many knobs the reader has moved.
pub fn count(opened: &Scenario, now: &Scenario) -> usize {
    let (before, after) = (&opened.pipeline, &now.pipeline);
    let simple = [
        opened.seed != now.seed,
        before.watermark != after.watermark,
        before.allowed_lateness != after.allowed_lateness,
        before.late != after.late,
        before.aggregate != after.aggregate,
        before.service_time != after.service_time,
        before.queue_capacity != after.queue_capacity,
    ];
    let faults = opened.faults.iter().zip(&now.faults).filter(|(a, b)| a != b).count();
    simple.into_iter().filter(|differs| *differs).count()
        + window(before.window, after.window)
        + source(&opened.source, &now.source)
        + faults
}

fn window(before: WindowSpec, after: WindowSpec) -> usize {
    match (before, after) {
        (WindowSpec::Sliding { size: a, slide: b, .. }, WindowSpec::Sliding { size: c, slide: d, .. }) => {
            usize::from(a != c) + usize::from(b != d)
        }
        (a, b) => usize::from(a != b),
    }
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
