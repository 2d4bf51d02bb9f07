//! Where a record went, which watermark met it, and what would have counted it.

use super::{Explanation, Step, gate, name, raised_by};
use crate::pipeline::{LatePolicy, WatermarkOptions, WatermarkSpec};
use crate::record::RecordId;
use crate::runtime::{Fate, Trace};
use crate::time::{EventTime, Span};
use crate::window::assigner::Assigner;
use crate::window::dialect::Dialect;
use crate::window::lateness;
use crate::window::pane::{Pane, Window};

/// Explains one record; `None` when the stream has no such record.
pub fn explain_record(trace: &Trace, id: RecordId) -> Option<Explanation> {
    let i = id.index();
    let (&fate, &met) = (trace.fates.get(i)?, trace.watermark_before.get(i)?);
    let record = trace.stream.record(id);
    let arrival = trace.stream.arrivals()[i];
    let (enqueued, started, handled) = (trace.enqueued[i], trace.started[i], trace.handled[i]);
    let key = trace.stream.key_table().name(record.key);
    let mut steps = vec![
        Step::new(record.event_time, format!("happened, with key {key:?} and value {}", record.value)),
        Step::new(arrival, format!("reached the log, {} after it happened", trace.stream.delay(id))),
    ];
    if enqueued > arrival {
        steps.push(Step::new(enqueued, format!("left the log after {}: the queue had been full", enqueued - arrival)));
    }
    if started > enqueued {
        steps.push(Step::new(started, format!("left the queue after {}", started - enqueued)));
    }
    let refused = gate::steps(trace, id);
    if !refused.is_empty() || fate == Fate::InFlight {
        steps.truncate(2);
        steps.extend(refused);
        return Some(Explanation { headline: headline(trace, id, fate, &[]), steps, changes: Vec::new() });
    }
    let distance = record.event_time - met;
    let place = if met == EventTime::MIN {
        "it met no watermark".to_owned()
    } else if lateness::is_behind(record.event_time, met) {
        format!("it was {} behind the watermark {met}, {}", -distance, raised_by(trace, met))
    } else {
        format!("it was {distance} ahead of the watermark {met}, {}", raised_by(trace, met))
    };
    steps.push(Step::new(handled, format!("handled; {place}")));
    let windows = windows_of(trace, id);
    steps.extend(windows.iter().map(|&window| Step::new(handled, fate_in(trace, window, met))));
    steps.extend(first_pane(trace, id).map(|pane| {
        let text = format!("shown for the first time, by the {} pane of {}", words(pane), span_of(pane.window));
        Step::new(pane.emitted_at, text)
    }));
    let changes = changes(trace, id);
    Some(Explanation { headline: headline(trace, id, fate, &windows), steps, changes })
}

fn headline(trace: &Trace, id: RecordId, fate: Fate, windows: &[Window]) -> String {
    let subject = name(id).replacen('r', "R", 1);
    let behind = if trace.is_behind(id) { "behind the watermark, and counted" } else { "on time, and counted" };
    match (fate, windows.len()) {
        (Fate::Counted, _) => format!("{subject} was {behind}."),
        (Fate::DroppedLate, 0 | 1) => format!("{subject} was dropped: the state of its window was gone."),
        (Fate::DroppedLate, _) => format!("{subject} was dropped: the state of all its windows was gone."),
        (Fate::SideOutput, _) => format!("{subject} went to the side output: no window of it was kept any more."),
        (Fate::Shed, _) => format!("{subject} was shed: the channel to its window task was full."),
        (Fate::Lost, _) => format!("{subject} was lost: the log no longer held it when its source got to it."),
        (Fate::DeadLettered, _) => format!("{subject} was refused by the schema gate, and is a dead letter."),
        (Fate::Rejected, _) => format!("{subject} was refused by the schema gate, and given up."),
        (Fate::InFlight, _) if gate::crashes(trace, id).next().is_some() => {
            format!("{subject} is poison: its source crashes on it and never gets past it.")
        }
        (Fate::InFlight, _) => format!("{subject} had not been handled when the run ended."),
        (Fate::Unassigned, _) => format!("{subject} falls between two windows: the slide is longer than the size."),
    }
}

/// Windows that are known from the event time; for sessions, the record's own.
fn windows_of(trace: &Trace, id: RecordId) -> Vec<Window> {
    let event_time = trace.stream.event_times()[id.index()];
    let mut windows = Vec::new();
    match (Assigner::new(trace.pipeline.window), trace.pipeline.window) {
        (Some(assigner), _) => assigner.windows(event_time, &mut windows),
        (None, crate::pipeline::WindowSpec::Session { gap }) if trace.fates[id.index()] != Fate::Counted => {
            windows.push(Window::new(event_time, event_time + gap));
        }
        (None, _) => {
            let key = trace.stream.keys()[id.index()];
            let lives = trace.windows.iter().filter(|life| life.key == key && life.window.contains(event_time));
            windows.extend(lives.map(|life| life.window).max_by_key(|window| window.size()));
        }
    }
    windows
}

fn fate_in(trace: &Trace, window: Window, met: EventTime) -> String {
    let closes_at = lateness::closes_at(window, trace.pipeline.allowed_lateness);
    if lateness::is_gone(window, trace.pipeline.allowed_lateness, met) {
        let past = met - closes_at;
        format!("window {}: gone since the watermark passed {closes_at}, {past} ago in event time", span_of(window))
    } else if lateness::is_complete(window, met) {
        format!("window {}: complete, but kept for late records until the watermark {closes_at}", span_of(window))
    } else {
        format!("window {}: open until the watermark {}", span_of(window), window.end)
    }
}

/// The first pane that holds the record.
fn first_pane(trace: &Trace, id: RecordId) -> Option<&Pane> {
    if trace.fates[id.index()] != Fate::Counted {
        return None;
    }
    let record = trace.stream.record(id);
    let handled = trace.handled[id.index()];
    let from = trace.panes.partition_point(|pane| pane.emitted_at < handled);
    trace.panes[from..].iter().find(|pane| {
        pane.key == record.key
            && pane.window.contains(record.event_time)
            && !pane.is_retraction
            && pane.cause.is_none_or(|cause| cause >= id)
    })
}

/// Settings that an uncounted record just misses: with anything above one of them (the other as it
/// is) it would have been counted, with exactly that it would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JustMissed {
    /// The out-of-orderness bound.
    pub bound: Span,
    /// The allowed lateness.
    pub allowed_lateness: Span,
}

/// What an uncounted record misses. Exact where the watermark is bounded after every record, the rules are Flink's and
/// windows do not depend on the records; `None` elsewhere, and for counted records.
pub fn just_missed(trace: &Trace, id: RecordId) -> Option<JustMissed> {
    let pipeline = &trace.pipeline;
    let bound = match pipeline.watermark {
        WatermarkSpec::Bounded { bound } => bound,
        WatermarkSpec::Monotonous => Span::ZERO,
        _ => return None,
    };
    let is_exact = pipeline.watermark_options == WatermarkOptions::default()
        && pipeline.dialect == Dialect::Flink
        && Assigner::new(pipeline.window).is_some();
    if !is_exact || !matches!(trace.fates.get(id.index()), Some(Fate::DroppedLate | Fate::SideOutput)) {
        return None;
    }
    // State goes at end + lateness <= W, so the last of the windows needs the least.
    let end = windows_of(trace, id).iter().map(|window| window.end).max()?;
    let short_by = trace.watermark_before[id.index()] - end - pipeline.allowed_lateness;
    Some(JustMissed { bound: bound + short_by, allowed_lateness: pipeline.allowed_lateness + short_by })
}

fn changes(trace: &Trace, id: RecordId) -> Vec<String> {
    let Some(missed) = just_missed(trace, id) else { return Vec::new() };
    let mut changes = vec![
        format!("an allowed lateness of more than {} would have counted it", missed.allowed_lateness),
        format!("a bound of more than {} would have counted it", missed.bound),
    ];
    if trace.pipeline.late == LatePolicy::Drop {
        changes.push("with the late policy SideOutput it would have gone to the side output".to_owned());
    }
    changes
}

fn words(pane: &Pane) -> &'static str {
    match pane.timing.word() {
        "on_time" => "on-time",
        "at_end" => "final",
        word => word,
    }
}

fn span_of(window: Window) -> String {
    format!("[{}, {})", window.start, window.end)
}
