//! Why nothing comes from a key at an instant. Keys have no watermark of their own: others carry it on.

use crate::explain::case::{Case, length};
use crate::explain::group::Group;
use crate::explain::silence::{fault_step, faults_within};
use crate::explain::story::{Explanation, Link, Mark, Prose, Step, Subject};
use crate::record::{KeyId, RecordId};
use crate::scenario::Fault;
use crate::time::{ProcTime, Span};

/// Explains the silence of a key; `None` where no record has it.
pub fn explain(case: &Case<'_>, key: KeyId, at: ProcTime) -> Option<Explanation> {
    let stream = &case.trace.stream;
    let own: Vec<RecordId> = stream.records().filter(|record| record.key == key).map(|record| record.id).collect();
    let arrival = |id: &RecordId| stream.arrivals()[id.index()];
    let last = own.iter().copied().filter(|id| arrival(id) <= at).max_by_key(arrival);
    let next = own.iter().copied().filter(|id| arrival(id) > at).min_by_key(arrival);
    if own.is_empty() {
        return None;
    }
    let name = case.key(key).to_owned();
    let from = last.map_or(case.origin, |id| arrival(&id));
    let until = next.map_or(at, |id| arrival(&id)).max(from + Span::from_micros(1));
    let faults = faults_within(case, from, until, |fault| concerns(fault, &name));
    let mut prose = Prose::default();
    match (last, next) {
        (Some(last), Some(next)) => {
            prose.value(&name).say(" said nothing from ").value(case.at(arrival(&last)));
            prose.say(" to ").value(case.at(arrival(&next))).say(".");
        }
        (Some(last), None) => {
            prose.value(&name).say(" has said nothing since ").value(case.at(arrival(&last))).say(".");
        }
        (None, _) => {
            prose.value(&name).say(" had not said anything yet.");
        }
    }
    for (_, fault, _, until) in &faults {
        prose.sentence().say("The fault: ").value(fault.in_words()).say(", until ").value(case.at(*until)).say(".");
    }
    if stream.key_table().len() > 1 {
        prose.sentence().say("A key has no watermark of its own: records of others raise it meanwhile.");
    }
    let mut steps: Vec<Step> = faults.iter().map(|&(place, fault, a, b)| fault_step(place, fault, a, b)).collect();
    if let Some(id) = last {
        steps.push(Step::new(arrival(&id), "last record arrives", Mark::OnTime, Link::Record(id)));
    }
    let rises = case.trace.watermarks.iter().filter(|step| from < step.at && step.at < until);
    if let Some(step) = rises.clone().next_back() {
        let link = step.raised_by.map_or(Link::Instant(step.at), Link::Record);
        let raised = Step::new(step.at, "others raise the watermark", Mark::Watermark, link);
        steps.push(raised.detail(format!("to {}", case.happened(step.watermark))));
    }
    if let Some(id) = next {
        let step = Step::new(arrival(&id), "next record arrives", Mark::OnTime, Link::Record(id));
        steps.push(step.detail(format!("after {}", length(arrival(&id) - from))));
    }
    steps.sort_by_key(|step| step.at.micros());
    Some(Explanation {
        subject: Subject::Key { key, at },
        title: format!("{name} is silent"),
        mark: Mark::Waiting,
        prose,
        steps,
        horizon: None,
        group: Some(Group::of(case.trace, format!("All of {name}"), "", own.into_iter())),
        name,
    })
}

/// Whether a fault keeps the records of a key away.
fn concerns(fault: &Fault, name: &str) -> bool {
    match fault {
        Fault::Offline { key, .. } => key == name,
        Fault::Silent { key, .. } => key.as_deref().is_none_or(|key| key == name),
        Fault::LeaderFails { .. } => true,
        _ => false,
    }
}
