//! What a window says and why, in one to four sentences.

use crate::explain::case::{length, number};
use crate::explain::story::Prose;
use crate::explain::window::{Facts, missing_by_cause};
use crate::human::count;
use crate::runtime::WindowEnd;
use crate::window::pane::{Pane, Timing, Window};

pub(super) fn prose(facts: &Facts<'_>) -> Prose {
    let mut prose = Prose::default();
    firing(facts, &mut prose);
    corrections(facts, &mut prose);
    missing(facts, &mut prose);
    truth(facts, &mut prose);
    prose
}

fn firing(facts: &Facts<'_>, prose: &mut Prose) {
    let case = &facts.case;
    if facts.lives.is_empty() {
        prose.say("No state was ever kept for it: every record of it came after the watermark had passed it.");
        return;
    }
    let first = facts.panes.iter().find(|(_, pane)| !pane.is_retraction && pane.timing != Timing::Early);
    let Some((_, first)) = first else {
        unfired(facts, prose);
        return;
    };
    prose.say("It fired ").say(match first.timing {
        Timing::OnTime => "on time",
        Timing::Late => "late, for records that came after its end,",
        Timing::AtEnd => "at the end of the stream",
        Timing::Early => "early",
    });
    prose.say(" at ").value(case.at(first.emitted_at));
    if let Some(value) = said_at(facts, first) {
        prose.say(" with ").value(value);
    }
    if first.timing == Timing::OnTime && facts.window != Window::ALL {
        match case.reached(facts.window.end) {
            Some(step) if step.at <= first.emitted_at => {
                prose.say(", when ").value(case.raiser(step)).say(" raised the watermark to ");
                prose.value(case.happened(step.watermark));
            }
            _ => {
                prose.say(", when the watermark reached its end");
            }
        }
    }
    prose.say(".");
    let after = first.emitted_at.since_event(facts.window.end);
    if facts.window != Window::ALL && first.timing == Timing::OnTime && !after.is_negative() {
        prose.sentence().say("That is ").value(length(after)).say(" after it ended.");
    }
}

/// Why it has not fired: what the watermark still has to reach.
fn unfired(facts: &Facts<'_>, prose: &mut Prose) {
    let case = &facts.case;
    let last = case.trace.watermarks.last();
    if facts.window == Window::ALL {
        prose.say("It never ends, so the watermark never fires it; its trigger has not either.");
        return;
    }
    match last {
        Some(step) if step.watermark < facts.window.end => {
            prose.say("It fires when the watermark reaches ").value(case.happened(facts.window.end));
            prose.say("; it stands at ").value(case.happened(step.watermark));
            prose.say(", because nothing newer has come. A stream has no end.");
        }
        Some(_) => {
            prose.say("The watermark has passed its end, but its trigger has not fired it.");
        }
        None => {
            prose.say("There is no watermark yet, so nothing is complete.");
        }
    }
}

/// What the keys said at the instant of a firing, together.
fn said_at(facts: &Facts<'_>, first: &Pane) -> Option<String> {
    let aggregate = facts.case.aggregate();
    let mut same = facts
        .panes
        .iter()
        .map(|(_, pane)| *pane)
        .filter(|pane| !pane.is_retraction && pane.emitted_at == first.emitted_at && pane.timing == first.timing);
    if aggregate.is_special() {
        return if same.clone().count() == 1 { same.next()?.value(aggregate).map(number) } else { None };
    }
    let mut all = crate::window::aggregate::Summary::default();
    same.for_each(|pane| all.merge(&pane.summary));
    all.value(aggregate).map(number)
}

fn corrections(facts: &Facts<'_>, prose: &mut Prose) {
    let mut late = facts.panes.iter().filter(|(_, pane)| pane.timing == Timing::Late && !pane.is_retraction);
    let (amount, last) = (late.clone().count(), late.next_back());
    let Some((_, last)) = last else { return };
    let is_first = facts.panes.iter().all(|(_, pane)| pane.timing == Timing::Late);
    if is_first && amount == 1 {
        return;
    }
    let withdrawn = facts.panes.iter().filter(|(_, pane)| pane.is_retraction).count();
    let times = if amount == 1 { "once".to_owned() } else { format!("{} times", count(amount as u64)) };
    prose.sentence().say("It was corrected ").value(times);
    prose.say(" by late records, the last time at ").value(facts.case.at(last.emitted_at));
    if withdrawn > 0 {
        prose.say(", and ").value(count(withdrawn as u64)).say(" values were withdrawn");
    }
    prose.say(".");
}

fn missing(facts: &Facts<'_>, prose: &mut Prose) {
    let case = &facts.case;
    let parts = missing_by_cause(case, &facts.missing);
    let closed = facts.lives.iter().filter_map(|(_, life)| match life.end {
        WindowEnd::Closed { at } => Some(at),
        _ => None,
    });
    let closed = closed.max();
    for part in parts.iter().take(3) {
        let amount = part.records.len();
        prose.sentence().value(count(amount as u64)).say(if amount == 1 { " record was " } else { " records were " });
        prose.say(part.words());
        let is_late = part.words() == "dropped" || part.words() == "sent to the side output";
        if let (true, Some(at)) = (is_late, closed) {
            prose.say(": the state had gone at ").value(case.at(at));
        }
        if let Some(fault) = part.fault.and_then(|place| case.scenario.faults.get(place as usize)) {
            prose.say(" (").say(fault.in_words()).say(")");
        }
        prose.say(".");
    }
}

fn truth(facts: &Facts<'_>, prose: &mut Prose) {
    let Some(truth) = facts.truth else { return };
    match facts.said {
        Some(_) if facts.is_right() => {
            prose.sentence().say("That is the complete answer");
            if !facts.missing.is_empty() {
                prose.say(", although not every record is in it");
            }
            prose.say(".");
        }
        Some(said) if facts.panes.iter().any(|(_, pane)| pane.timing != Timing::Early) => {
            prose.sentence().say("It says ").value(number(said)).say("; the complete answer is ");
            prose.value(number(truth)).say(".");
            if said > truth && facts.missing.is_empty() && !facts.case.trace.repeats.is_empty() {
                prose.sentence().say("Records that were read again after a restart are in it twice.");
            }
        }
        _ => {
            prose.sentence().say("The complete answer is ").value(number(truth)).say(".");
        }
    }
}
