//! Which settings differ from the scenario as it was opened.

use crate::pipeline::WindowSpec;
use crate::scenario::{DelaySpec, Scenario, SourceSpec};

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
            usize::from(a.rate.total_cmp(&b.rate).is_ne()) + usize::from(delay_differs(&a.delay, &b.delay))
        }
        _ => 0,
    }
}

fn delay_differs(a: &DelaySpec, b: &DelaySpec) -> bool {
    a != b
}
