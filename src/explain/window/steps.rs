//! The life of a window as a chain of steps. Firings of several keys at one instant are one step.

use crate::explain::case::number;
use crate::explain::story::{Link, Mark, Step};
use crate::explain::window::{Facts, missing_by_cause};
use crate::human::count;
use crate::runtime::WindowEnd;
use crate::time::ProcTime;
use crate::window::aggregate::Summary;
use crate::window::pane::{Pane, Timing};

/// So many corrections are told one by one; of more, the first and the last ones.
const CORRECTIONS: usize = 4;

pub(super) fn steps(facts: &Facts<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some((_, life)) = facts.lives.iter().min_by_key(|(_, life)| life.opened_at) {
        let by = facts.case.record(life.opened_by);
        let step = Step::new(life.opened_at, "opened", Mark::Opened, Link::Record(life.opened_by));
        steps.push(step.detail(by));
    }
    firings(facts, &mut steps);
    ends(facts, &mut steps);
    for part in missing_by_cause(&facts.case, &facts.missing).iter().take(4) {
        let amount = count(part.records.len() as u64);
        let fault = part.fault.and_then(|place| facts.case.scenario.faults.get(place as usize));
        let first = part.records[0];
        let at = facts.case.trace.handled[first.index()];
        let step = Step::new(at, format!("{amount} {}", part.words()), Mark::Dropped, Link::Record(first));
        steps.push(step.detail(fault.map_or(String::new(), crate::scenario::Fault::in_words)));
    }
    steps.sort_by_key(|step| step.at.micros());
    steps
}

/// Panes of one kind at one instant.
struct Firing<'a> {
    place: u32,
    first: &'a Pane,
    summary: Summary,
    panes: usize,
}

fn firings(facts: &Facts<'_>, steps: &mut Vec<Step>) {
    let mut all: Vec<Firing<'_>> = Vec::new();
    for &(place, pane) in &facts.panes {
        let same = |it: &&mut Firing<'_>| {
            it.first.emitted_at == pane.emitted_at
                && it.first.timing == pane.timing
                && it.first.is_retraction == pane.is_retraction
        };
        match all.iter_mut().rev().take(4).find(same) {
            Some(it) => {
                it.summary.merge(&pane.summary);
                it.panes += 1;
            }
            None => all.push(Firing { place, first: pane, summary: pane.summary, panes: 1 }),
        }
    }
    let is_early = |it: &&Firing<'_>| it.first.timing == Timing::Early && !it.first.is_retraction;
    let early: Vec<&Firing<'_>> = all.iter().filter(is_early).collect();
    if let Some(last) = early.last() {
        let detail = value(facts, last);
        let title =
            if early.len() == 1 { "fired early".to_owned() } else { format!("fired early {} times", early.len()) };
        let step = Step::new(last.first.emitted_at, title, Mark::Early, Link::Pane(last.place));
        steps.push(step.detail(detail));
    }
    let rest: Vec<&Firing<'_>> = all.iter().filter(|it| !is_early(it)).collect();
    let many = rest.len() > CORRECTIONS + 2;
    for (number, firing) in rest.iter().enumerate() {
        if many && number >= CORRECTIONS && number + 1 < rest.len() {
            continue;
        }
        let (title, mark) = match (firing.first.is_retraction, firing.first.timing) {
            (true, _) => ("withdrawn", Mark::Withdrawn),
            (false, Timing::OnTime) => ("fired on time", Mark::Fired),
            (false, Timing::Late) => ("corrected", Mark::Late),
            (false, Timing::AtEnd) => ("fired at the end", Mark::Fired),
            (false, Timing::Early) => ("fired early", Mark::Early),
        };
        let step = Step::new(firing.first.emitted_at, title, mark, Link::Pane(firing.place));
        steps.push(step.detail(value(facts, firing)));
    }
    if many {
        let left_out = rest.len() - CORRECTIONS - 1;
        if let Some(firing) = rest.get(CORRECTIONS) {
            let title = format!("{} more firings", count(left_out as u64));
            steps.push(Step::new(firing.first.emitted_at, title, Mark::Late, Link::Pane(firing.place)));
        }
    }
}

/// `sum 290`.
fn value(facts: &Facts<'_>, firing: &Firing<'_>) -> String {
    let aggregate = facts.case.aggregate();
    let value = match (aggregate.is_special(), firing.panes) {
        (true, 1) => firing.first.value(aggregate),
        (true, _) => None,
        (false, _) => firing.summary.value(aggregate),
    };
    value.map_or(String::new(), |value| format!("{aggregate} {}", number(value)))
}

fn ends(facts: &Facts<'_>, steps: &mut Vec<Step>) {
    let case = &facts.case;
    let mut closed: Option<ProcTime> = None;
    for &(_, life) in &facts.lives {
        match life.end {
            WindowEnd::StillKept => {}
            WindowEnd::Closed { at } => closed = closed.max(Some(at)),
            WindowEnd::Merged { at, .. } => {
                steps.push(Step::new(at, "merged with another session", Mark::Opened, Link::Instant(at)));
            }
            WindowEnd::Undone { at } => {
                steps.push(Step::new(at, "undone by a restart", Mark::Fault, Link::Instant(at)));
            }
        }
    }
    if let Some(at) = closed {
        let closes_at = facts.window.end + case.trace.pipeline.allowed_lateness;
        let raiser = case.reached(closes_at).and_then(|step| step.raised_by);
        let step = Step::new(at, "window closed", Mark::Closed, raiser.map_or(Link::Instant(at), Link::Record));
        steps.push(step.detail(format!("W past {}", case.happened(closes_at))));
    } else if facts.is_open()
        && let Some(last) = case.trace.watermarks.last()
    {
        let step = Step::new(last.at, "still open", Mark::Watermark, Link::Instant(last.at));
        steps.push(step.detail(format!("W at {}", case.happened(last.watermark))));
    }
    steps.dedup_by(|a, b| a.at == b.at && a.title == b.title);
}
