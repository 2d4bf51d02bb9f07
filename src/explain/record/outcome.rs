//! What became of a record, as a title, and why, as the last sentences.

use crate::explain::case::length;
use crate::explain::gate;
use crate::explain::group::Outcome;
use crate::explain::record::{Facts, NOTABLE, mark_of};
use crate::explain::story::{Mark, Prose};
use crate::explain::touched::{How, touched};
use crate::human::count;
use crate::pipeline::Delivery;
use crate::record::RecordId;
use crate::runtime::{Fate, TaskId};
use crate::scenario::Fault;
use crate::watermark::InputStatus;
use crate::window::pane::Window;

/// The outcome in a few words, and its mark.
pub(super) fn title(facts: &Facts<'_>) -> (String, Mark) {
    let mark = mark_of(Outcome::of(facts.case.trace, facts.id));
    let windows = windows(facts, |_| true);
    let title = match facts.fate {
        Fate::Counted => {
            let kept = self::windows(facts, |gone| !gone);
            let counted = if facts.is_behind() { "Behind, but counted in" } else { "Counted on time in" };
            format!("{counted} {kept}")
        }
        Fate::DroppedLate => format!("Dropped from {windows}"),
        Fate::SideOutput => format!("To the side output, not in {windows}"),
        Fate::Shed => "Shed: the queue was full".to_owned(),
        Fate::Lost if is_undone(facts) => "Lost in a crash".to_owned(),
        Fate::Lost => "Lost: the log had deleted it".to_owned(),
        Fate::DeadLettered => "Refused, and a dead letter".to_owned(),
        Fate::Rejected => "Refused, and given up".to_owned(),
        Fate::InFlight if gate::crashes(facts.case.trace, facts.id).next().is_some() => {
            "Poison: its source never gets past it".to_owned()
        }
        Fate::InFlight => "Not handled when the run ended".to_owned(),
        Fate::Unassigned => "In no window".to_owned(),
    };
    (title, mark)
}

/// The windows of a record in a title: the one there is, or how many.
fn windows(facts: &Facts<'_>, shown: impl Fn(bool) -> bool) -> String {
    let chosen: Vec<Window> = facts.places.iter().filter(|place| shown(place.gone)).map(|place| place.window).collect();
    let all = facts.places.len();
    match chosen.as_slice() {
        [] => "its window".to_owned(),
        [one] if all == 1 => facts.case.window(*one),
        some if some.len() == all => format!("all {} windows", count(all as u64)),
        some => format!("{} of {} windows", count(some.len() as u64), count(all as u64)),
    }
}

/// Why it became of it what did.
pub(super) fn tell(facts: &Facts<'_>, prose: &mut Prose) {
    prose.sentence();
    match facts.fate {
        Fate::Counted => counted(facts, prose),
        Fate::DroppedLate | Fate::SideOutput => late(facts, prose),
        Fate::Shed => {
            let whom = window_task(facts).map_or("its window task".to_owned(), |task| task.to_string());
            prose.say(format!("The channel to {whom} was full, and the rule for that is to give records up."));
        }
        Fate::Lost => lost(facts, prose),
        Fate::DeadLettered | Fate::Rejected => refused(facts, prose),
        Fate::InFlight => in_flight(facts, prose),
        Fate::Unassigned => {
            prose.say("It falls between two windows: they start further apart than they are long.");
        }
    }
}

fn window_task(facts: &Facts<'_>) -> Option<TaskId> {
    facts
        .case
        .trace
        .tasks
        .get(facts.id.index())
        .filter(|&&task| task != TaskId::NO_TASK)
        .map(|&task| TaskId::Window(task))
}

fn counted(facts: &Facts<'_>, prose: &mut Prose) {
    let case = &facts.case;
    waited(facts, prose);
    let gone = facts.places.iter().filter(|place| place.gone).count();
    if facts.is_behind() {
        prose.say("It was ").value(length(facts.met - facts.record.event_time)).say(" behind the watermark, but ");
        match facts.last_place() {
            Some(place) if place.window.end <= facts.met => {
                let lateness = case.trace.pipeline.allowed_lateness;
                prose.say("its window was kept for another ").value(length(place.window.end + lateness - facts.met));
                prose.say(" of event time, so it was counted, as a correction.");
            }
            _ => {
                prose.say("its window had not fired yet, so it was counted all the same.");
            }
        }
    } else {
        prose.say("The watermark had not reached it, so it was counted on time.");
    }
    if gone > 0 {
        let all = facts.places.len();
        prose.sentence().value(count(gone as u64)).say(format!(" of its {} windows had closed.", count(all as u64)));
    }
    repeated(facts, prose);
}

/// A wait, and what was the cause of it.
fn waited(facts: &Facts<'_>, prose: &mut Prose) {
    let waited = facts.waited();
    if waited < NOTABLE {
        return;
    }
    prose.say("It waited ").value(length(waited)).say(" to be handled");
    let touch = facts.touch(How::HeldUp);
    if let Some(touch) = touch {
        let words = touch.fault.in_words();
        prose.say(": ").say(match touch.fault {
            Fault::Crash { .. } => format!("{words} at {}", facts.case.at(touch.from)),
            _ => words,
        });
    }
    prose.say(".").sentence();
}

/// What was done twice, and whether it is counted twice.
fn repeated(facts: &Facts<'_>, prose: &mut Prose) {
    let trace = facts.case.trace;
    let again = trace.repeats.iter().filter(|repeat| repeat.record == facts.id).count();
    if again > 0 {
        prose.sentence().say("It was read again ");
        if again > 1 {
            prose.value(format!("{} times", count(again as u64))).say(", ");
        }
        prose.say(match trace.pipeline.delivery {
            Delivery::ExactlyOnce => "after a restart; the state of before was thrown away, so it counts once.",
            Delivery::AtLeastOnce => "after a restart, and may stand in results twice.",
            Delivery::AtMostOnce => "although nothing is to be read twice.",
        });
    }
    if trace.stream.production().is_duplicate(facts.id) {
        prose.sentence().say("It is a copy: its producer sent it again because an acknowledgement was lost.");
    }
}

/// Every window was over, or its trigger had finished.
fn late(facts: &Facts<'_>, prose: &mut Prose) {
    let all = facts.places.len();
    let its = if all == 1 { "the window".to_owned() } else { format!("all {} of its windows", count(all as u64)) };
    let closed_at = facts.last_place().and_then(|place| place.closed_at);
    let fired = facts.last_place().and_then(|place| place.life).is_some_and(|(_, life)| life.panes > 0);
    if !facts.all_gone() {
        prose.say("The trigger of its window had finished, and takes no more records.");
    } else if closed_at.is_some_and(|at| at > facts.arrival) && facts.waited() >= NOTABLE {
        prose.say("While it waited ").value(length(facts.waited())).say(format!(" to be handled, {its} closed"));
        if let Some(touch) = facts.touch(How::HeldUp) {
            prose.say(" (").say(touch.fault.in_words()).say(")");
        }
        prose.say(".");
    } else if fired && all == 1 {
        prose.say("By then the window had fired and closed, and its state was gone.");
    } else if facts.last_place().is_some_and(|place| place.life.is_none()) {
        let of = if all == 1 { "its window".to_owned() } else { its };
        prose.say(format!("By then the watermark had passed {of}, which had never been opened for it."));
    } else {
        prose.say(format!("By then {its} had closed, and the state was gone."));
    }
    idle_before(facts, prose);
    raised(facts, prose);
    if facts.fate == Fate::SideOutput {
        prose.sentence().say("It went to the side output instead.");
    }
}

/// Whether the watermark had gone on without the partition of the record.
fn idle_before(facts: &Facts<'_>, prose: &mut Prose) {
    let trace = facts.case.trace;
    let Some(closed_at) = facts.last_place().and_then(|place| place.closed_at) else { return };
    let partition = trace.stream.partition(facts.id);
    let options = &trace.pipeline.watermark_options;
    let place = if options.per_partition { partition.0 } else { partition.0 % trace.pipeline.tasks.sources };
    let before = trace.inputs.iter().rfind(|step| step.at <= closed_at && step.partition.0 == place);
    if let (Some(step), Some(after)) = (before.filter(|step| step.status == InputStatus::Idle), options.idle_after) {
        prose.sentence().say("Its input had been silent for ").value(length(after)).say(" and was declared idle at ");
        prose.value(facts.case.at(step.at)).say(", so the watermark went on without it.");
    }
}

/// Whether the watermark that passed its window came of a clock that runs ahead.
fn raised(facts: &Facts<'_>, prose: &mut Prose) {
    let case = &facts.case;
    let Some(place) = facts.last_place().filter(|place| place.gone) else { return };
    let closes_at = place.window.end + case.trace.pipeline.allowed_lateness;
    let Some(id) = case.reached(closes_at).and_then(|step| step.raised_by) else { return };
    let ahead = case.trace.stream.delay(id);
    let by_fault = touched(case, id).iter().any(|touch| touch.how == How::Misread);
    // A second ahead is the usual error of clocks that are set over a network.
    if by_fault || ahead < -crate::time::Span::from_secs(1) {
        prose.sentence().say("The watermark had been raised too far by ").value(case.record(id));
        prose.say(", whose clock ran ahead by ").value(length(ahead)).say(".");
    }
}

/// Whether a failure took it, and not the log.
pub(super) fn is_undone(facts: &Facts<'_>) -> bool {
    let log = facts.case.trace.recovery.as_ref();
    log.is_some_and(|log| log.refated.iter().any(|it| it.record == facts.id && it.after == Fate::Lost))
}

fn lost(facts: &Facts<'_>, prose: &mut Prose) {
    if is_undone(facts) {
        let crash = facts.touches.iter().find(|touch| touch.how == How::Undone);
        let what =
            crash.map_or("the job failed".to_owned(), |touch| format!("{} failed", victim(touch.fault.in_words())));
        prose.say(format!("It was in memory when {what}"));
        if let Some(touch) = crash {
            prose.say(" at ").value(facts.case.at(touch.from));
        }
        prose.say(", and at most once reads nothing again.");
        return;
    }
    let rules = facts.case.scenario.log.rules();
    prose.say("When its source got to it, the log had deleted it");
    match (rules.retention_age, rules.retention_records) {
        (Some(age), _) => prose.say(": it keeps records for ").value(length(age)).say("."),
        (None, Some(most)) => prose.say(": it keeps the last ").value(count(most)).say(" of a partition."),
        (None, None) => prose.say("."),
    };
}

/// `window 1 crashes` without its verb.
fn victim(words: String) -> String {
    words.strip_suffix(" crashes").map_or(words.clone(), str::to_owned)
}

fn refused(facts: &Facts<'_>, prose: &mut Prose) {
    let reason = gate::refusal(facts.case.trace, facts.id)
        .map_or("it is not as the schema says".to_owned(), |reason| reason.to_string());
    prose.say("The schema gate refused it: ").say(reason).say(".");
    prose.sentence().say(if facts.fate == Fate::DeadLettered {
        "It lies with the dead letters, where somebody can look at it."
    } else {
        "Bad records are counted and given up here."
    });
}

fn in_flight(facts: &Facts<'_>, prose: &mut Prose) {
    let trace = facts.case.trace;
    let crashes = gate::crashes(trace, facts.id).count();
    if crashes > 0 {
        let reason = gate::refusal(trace, facts.id).map_or(String::new(), |reason| format!(": {reason}"));
        prose.say(format!("Its source cannot read it{reason}. It crashed on it ")).value(times(crashes));
        prose.say(", and everything behind it in its partition waits.");
        return;
    }
    let partition = trace.stream.partition(facts.id);
    let ahead = |id: RecordId| trace.stream.partition(id) == partition && id != facts.id;
    let poison = trace.restarts.iter().map(|restart| restart.reason.record()).find(|&id| ahead(id));
    if let Some(poison) = poison.filter(|_| facts.enqueued == crate::time::ProcTime::MAX) {
        prose.say("Its source never gets past ").value(facts.case.record(poison));
        prose.say(", which it cannot read, and this one lies behind it.");
        return;
    }
    if facts.started < crate::time::ProcTime::MAX {
        prose.say("It was being worked on");
    } else if facts.enqueued < crate::time::ProcTime::MAX {
        prose.say("It was waiting in a queue");
    } else {
        prose.say("It was waiting in the log");
    }
    prose.say(" when the run ended.");
}

fn times(amount: usize) -> String {
    match amount {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", count(more as u64)),
    }
}
