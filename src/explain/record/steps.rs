//! The life of a record as a chain of steps, in the order of the clocks' readings.

use crate::explain::case::{length, number};
use crate::explain::gate;
use crate::explain::group::Outcome;
use crate::explain::record::{Facts, NOTABLE, Place, mark_of};
use crate::explain::story::{Link, Mark, Step};
use crate::explain::touched::How;
use crate::human::count;
use crate::runtime::{Fate, TaskId};
use crate::time::ProcTime;
use crate::window::pane::{Pane, Timing};

/// A record in more windows than this has the steps of the first and the last of them only.
const WINDOWS_TOLD: usize = 4;

pub(super) fn steps(facts: &Facts<'_>) -> Vec<Step> {
    let own = Link::Record(facts.id);
    let mut steps = vec![Step::happened(facts.record.event_time, "happened", Mark::OnTime, own)];
    faults(facts, &mut steps);
    let delay = facts.delay();
    let sign = if delay.is_negative() { "\u{2212}" } else { "+" };
    steps.push(
        Step::new(facts.arrival, "reached the log", Mark::OnTime, Link::Instant(facts.arrival))
            .detail(format!("{sign}{}", length(delay))),
    );
    let refused = gate::steps(facts.case.trace, facts.id);
    if !refused.is_empty() || !facts.fate.is_handled() {
        steps.extend(refused);
        steps.extend(given_up(facts));
    } else {
        queue(facts, &mut steps);
        windows(facts, &mut steps);
        steps.push(handled(facts));
        again(facts, &mut steps);
    }
    steps.sort_by_key(|step| step.at.micros());
    steps
}

/// The faults that touched it.
fn faults(facts: &Facts<'_>, steps: &mut Vec<Step>) {
    for touch in &facts.touches {
        let link = Link::Fault { place: touch.place, at: touch.from };
        let is_crash = matches!(touch.fault, crate::scenario::Fault::Crash { .. });
        let detail = if touch.until - touch.from > NOTABLE && !is_crash {
            format!("for {}", length(touch.until - touch.from))
        } else {
            String::new()
        };
        steps.push(Step::new(touch.from, touch.fault.in_words(), Mark::Fault, link).detail(detail));
    }
    let log = facts.case.trace.recovery.as_ref();
    for row in log.iter().flat_map(|log| &log.recoveries) {
        let touches = facts.touches.iter().any(|touch| touch.from == row.failed_at);
        if let (true, Some(at)) = (touches, row.restored_at) {
            let back = format!("{} down", length(at - row.failed_at));
            steps.push(Step::new(at, "job restored", Mark::Fault, Link::Instant(at)).detail(back));
        }
    }
}

/// Log and queue on the way to the window task.
fn queue(facts: &Facts<'_>, steps: &mut Vec<Step>) {
    let trace = facts.case.trace;
    if facts.enqueued - facts.arrival > NOTABLE {
        let waits = trace.waits.iter();
        let wait = waits.into_iter().find(|wait| {
            matches!(wait.task, TaskId::Source(_)) && wait.from < facts.enqueued && facts.arrival < wait.until
        });
        let pause = trace.pauses.iter().find(|pause| {
            pause.partition == trace.stream.partition(facts.id)
                && pause.from < facts.enqueued
                && facts.arrival < pause.until
        });
        let (detail, mark) = match (pause, wait) {
            (Some(_), _) => ("nobody read its partition".to_owned(), Mark::Fault),
            (None, Some(wait)) => (format!("{} was full", wait.on), Mark::Backpressure),
            (None, None) => (format!("after {}", length(facts.enqueued - facts.arrival)), Mark::Waiting),
        };
        steps.push(Step::new(facts.enqueued, "left the log", mark, Link::Instant(facts.enqueued)).detail(detail));
    }
}

/// The firings and the ends of its windows up to when it was handled, and the first pane that shows it.
fn windows(facts: &Facts<'_>, steps: &mut Vec<Step>) {
    let many = facts.places.len() > WINDOWS_TOLD;
    for (number, place) in facts.places.iter().enumerate() {
        if many && number > 0 && number + 1 < facts.places.len() {
            continue;
        }
        let of =
            if facts.places.len() > 1 { format!(" {}", facts.case.window_start(place.window)) } else { String::new() };
        window(facts, place, &of, steps);
    }
}

fn window(facts: &Facts<'_>, place: &Place<'_>, of: &str, steps: &mut Vec<Step>) {
    let case = &facts.case;
    let panes = || {
        let panes = case.trace.panes.iter().enumerate();
        panes.filter(|(_, pane)| place.life.is_some_and(|(id, _)| pane.window_id == id) && !pane.is_retraction)
    };
    let fired = panes().find(|(_, pane)| pane.timing == Timing::OnTime && pane.emitted_at < facts.handled);
    if let Some((at, pane)) = fired {
        steps.push(
            Step::new(pane.emitted_at, format!("fired on time{of}"), Mark::Fired, Link::Pane(at as u32))
                .detail(value(facts, pane)),
        );
    }
    if let (Some(at), true) = (place.closed_at, place.gone) {
        let closes_at = place.window.end + case.trace.pipeline.allowed_lateness;
        let raiser = case.reached(closes_at).and_then(|step| step.raised_by);
        let link = raiser.map_or(Link::Instant(at), Link::Record);
        steps.push(
            Step::new(at, format!("window closed{of}"), Mark::Closed, link)
                .detail(format!("W past {}", case.happened(closes_at))),
        );
    }
    if facts.fate != Fate::Counted || place.gone {
        return;
    }
    // Of a session that grew together, the pane may be of the window that took this one in.
    let shown =
        case.trace.panes.iter().enumerate().skip(case.trace.panes.partition_point(|p| p.emitted_at < facts.handled));
    let shown = shown.into_iter().find(|(_, pane)| {
        pane.key == facts.record.key
            && pane.window.contains(facts.record.event_time)
            && (pane.window == place.window
                || matches!(case.trace.pipeline.window, crate::pipeline::WindowSpec::Session { .. }))
            && !pane.is_retraction
            && pane.cause.is_none_or(|cause| cause >= facts.id)
    });
    if let Some((at, pane)) = shown {
        let (word, mark) = match pane.timing {
            Timing::Early => ("shown early", Mark::Early),
            Timing::OnTime => ("shown on time", Mark::Fired),
            Timing::Late => ("shown in a correction", Mark::Late),
            Timing::AtEnd => ("shown at the end", Mark::Fired),
        };
        let step = Step::new(pane.emitted_at, format!("{word}{of}"), mark, Link::Pane(at as u32));
        steps.push(step.detail(value(facts, pane)));
    }
}

/// `sum 290`.
fn value(facts: &Facts<'_>, pane: &Pane) -> String {
    let aggregate = facts.case.aggregate();
    pane.value(aggregate).map_or(String::new(), |value| format!("{aggregate} {}", number(value)))
}

fn handled(facts: &Facts<'_>) -> Step {
    let mark = mark_of(Outcome::of(facts.case.trace, facts.id));
    let title = match facts.fate {
        Fate::DroppedLate if facts.all_gone() => "handled, no window",
        Fate::DroppedLate => "handled, window finished",
        Fate::SideOutput => "to the side output",
        Fate::Unassigned => "handled, in no window",
        _ if facts.is_behind() => "handled, behind",
        _ => "handled, on time",
    };
    let waited = facts.waited();
    let detail = if waited >= NOTABLE {
        format!("waited {}", length(waited))
    } else if facts.is_behind() && facts.fate == Fate::Counted {
        format!("by {}", length(facts.met - facts.record.event_time))
    } else {
        String::new()
    };
    Step::new(facts.handled, title, mark, Link::Record(facts.id)).detail(detail)
}

/// What became of it where no window task handled it.
fn given_up(facts: &Facts<'_>) -> Option<Step> {
    let at = facts.handled;
    let title = match facts.fate {
        Fate::Shed => "given up, queue full",
        Fate::Lost if super::outcome::is_undone(facts) => "lost with the state",
        Fate::Lost => "gone from the log",
        _ => return None,
    };
    // A record that was undone is lost when the failure is noticed.
    let log = facts.case.trace.recovery.as_ref();
    let refated = log.and_then(|log| log.refated.iter().find(|it| it.record == facts.id && it.after == Fate::Lost));
    let at = refated.map_or(at, |it| it.at);
    (at < ProcTime::MAX).then(|| Step::new(at, title, Mark::Dropped, Link::Instant(at)))
}

/// Times that it was handled again.
fn again(facts: &Facts<'_>, steps: &mut Vec<Step>) {
    let trace = facts.case.trace;
    let mut repeats = trace.repeats.iter().filter(|repeat| repeat.record == facts.id);
    let Some(first) = repeats.next() else { return };
    let more = repeats.count();
    let detail = if more > 0 { format!("and {} more", count(more as u64)) } else { String::new() };
    let is_undone = facts.touch(How::Undone).is_some();
    let title = if is_undone { "handled again, after the restart" } else { "handled again" };
    steps.push(Step::new(first.handled_at, title, Mark::Waiting, Link::Instant(first.handled_at)).detail(detail));
}
