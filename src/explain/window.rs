//! When a window opened, why it fired, what it missed.

use super::{Explanation, Step, name, raised_by};
use crate::oracle::{Truth, special_truth};
use crate::pipeline::WindowSpec;
use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace, WindowEnd, WindowLife};
use crate::time::EventTime;
use crate::window::lateness;
use crate::window::pane::{Pane, Timing, Window, WindowId};

/// Explains the window of a key that starts at `start`; for a session, the one that `start` falls
/// in. `None` when no record of the key falls in such a window.
pub fn explain_window(trace: &Trace, key: KeyId, start: EventTime) -> Option<Explanation> {
    let truth = Truth::of(&trace.stream, trace.pipeline.window);
    let (&(_, window), complete) =
        truth
            .windows()
            .iter()
            .find(|((k, window), _)| *k == key && window.start == start)
            .or_else(|| truth.windows().iter().find(|((k, window), _)| *k == key && window.contains(start)))?;
    let aggregate = trace.pipeline.aggregate;
    let is_session = matches!(trace.pipeline.window, WindowSpec::Session { .. });
    let overlap = |a: Window, b: Window| a.start < b.end && b.start < a.end;
    let lives: Vec<(WindowId, &WindowLife)> = trace
        .windows
        .iter()
        .enumerate()
        .filter(|(_, life)| life.key == key)
        .filter(|(_, life)| life.window == window || (is_session && overlap(life.window, window)))
        .map(|(i, life)| (WindowId(i as u32), life))
        .collect();
    let mut steps = Vec::new();
    for &(id, life) in &lives {
        steps.push(Step::new(life.opened_at, format!("opened by {}", name(life.opened_by))));
        steps.extend(trace.panes.iter().filter(|pane| pane.window_id == id).map(|pane| pane_step(trace, pane)));
        steps.extend(end_step(trace, life));
    }
    steps.sort_by(|a, b| a.at.cmp(&b.at));
    let missed: Vec<RecordId> = missed(trace, key, window.start, window.end);
    steps.extend(missed.iter().map(|&id| {
        let delay = trace.stream.delay(id);
        Step::new(trace.handled[id.index()], format!("missed {}, which came {delay} after it happened", name(id)))
    }));
    let in_words = |value: Option<f64>| value.map_or("nothing".to_owned(), |value| value.to_string());
    let complete_value = if aggregate.is_special() {
        special_truth(&trace.stream, trace.pipeline.window, aggregate).of_window(key, window).copied()
    } else {
        complete.value(aggregate)
    };
    let last = lives.iter().rfind(|(_, life)| !matches!(life.end, WindowEnd::Merged { .. }));
    let name = trace.stream.key_table().name(key);
    let headline = match last {
        None => format!("The window [{}, {}) of {name:?} never opened.", window.start, window.end),
        Some((_, life)) => format!(
            "The window [{}, {}) of {name:?} holds {} of {} records: {} is {}, the complete answer {}.",
            life.window.start,
            life.window.end,
            life.summary.count,
            complete.count,
            aggregate,
            in_words(life.value(aggregate)),
            in_words(complete_value)
        ),
    };
    Some(Explanation { headline, steps, changes: Vec::new() })
}

fn pane_step(trace: &Trace, pane: &Pane) -> Step {
    let value = pane.value(trace.pipeline.aggregate).map_or("nothing".to_owned(), |value| value.to_string());
    let what = match (pane.is_retraction, pane.timing, pane.cause) {
        (true, _, _) => format!("{value} was withdrawn"),
        (false, Timing::OnTime, _) => {
            format!("fired on time with {value}: the watermark reached its end, {}", raised_by(trace, pane.watermark))
        }
        (false, Timing::Late, Some(cause)) => format!("fired late with {value}, because of {}", name(cause)),
        (false, Timing::AtEnd, _) => format!("fired at the end of the stream with {value}"),
        (false, timing, _) => format!("fired ({}) with {value}", timing.word().replace('_', " ")),
    };
    Step::new(pane.emitted_at, what)
}

fn end_step(trace: &Trace, life: &WindowLife) -> Option<Step> {
    match life.end {
        WindowEnd::StillKept => None,
        WindowEnd::Undone { at } => Some(Step::new(at, "undone by a restart of the job")),
        WindowEnd::Closed { at } => {
            let closes_at = lateness::closes_at(life.window, trace.pipeline.allowed_lateness);
            Some(Step::new(at, format!("state dropped: the watermark had passed {closes_at}")))
        }
        WindowEnd::Merged { at, .. } => Some(Step::new(at, "merged with a session that opened earlier")),
    }
}

/// Records of the key in this stretch of event time that no window counted.
fn missed(trace: &Trace, key: KeyId, start: EventTime, end: EventTime) -> Vec<RecordId> {
    let records = trace.stream.records().filter(|record| {
        record.key == key
            && start <= record.event_time
            && record.event_time < end
            && matches!(trace.fates[record.id.index()], Fate::DroppedLate | Fate::SideOutput)
    });
    records.map(|record| record.id).collect()
}
