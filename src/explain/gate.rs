//! What the schema gate did with a record, in words: the rule that it breaks, and the crashes that it
//! caused.

use crate::explain::story::{Link, Mark, Step};
use crate::gate::{Facts, Refusal, check};
use crate::record::RecordId;
use crate::runtime::{Fate, Restart, Trace};
use crate::time::ProcTime;

/// The rule that a record breaks; `None` for one that passes.
pub fn refusal(trace: &Trace, id: RecordId) -> Option<Refusal> {
    let stream = &trace.stream;
    let facts = Facts { value: *stream.values().get(id.index())?, defect: stream.production().poison.of(id) };
    check(&trace.pipeline.gate, facts).err()
}

/// The crashes that a record caused, in order.
pub fn crashes(trace: &Trace, id: RecordId) -> impl Iterator<Item = &Restart> {
    trace.restarts.iter().filter(move |restart| restart.reason.record() == id)
}

/// What the gate did with a record that does not pass, or that the source never got to because of one.
pub(super) fn steps(trace: &Trace, id: RecordId) -> Vec<Step> {
    let mut steps = Vec::new();
    let Some(refusal) = refusal(trace, id) else { return steps };
    if let (Some(first), times) = (crashes(trace, id).next(), crashes(trace, id).count()) {
        let last = crashes(trace, id).last().unwrap_or(first);
        let step = |at, title: String| Step::new(at, title, Mark::Fault, Link::Instant(at));
        steps.push(step(first.at, format!("{} crashed on it", first.task)).detail(refusal.to_string()));
        if times > 1 {
            steps.push(
                step(last.at, format!("{} crashed on it", last.task)).detail(format!("for the {}", nth_time(times))),
            );
        }
        if last.back_at.is_none() {
            steps.push(step(last.at, format!("{} was not started again", last.task)));
        }
    }
    let handled = trace.handled.get(id.index()).copied().unwrap_or(ProcTime::MAX);
    match trace.fates.get(id.index()) {
        Some(Fate::DeadLettered) => {
            let step = Step::new(handled, "to the dead letters", Mark::Dropped, Link::Instant(handled));
            steps.push(step.detail(refusal.to_string()));
        }
        Some(Fate::Rejected) => {
            let step = Step::new(handled, "given up", Mark::Dropped, Link::Instant(handled));
            steps.push(step.detail(refusal.to_string()));
        }
        _ => {}
    }
    steps
}

/// `2nd time`, `11th time`.
fn nth_time(times: usize) -> String {
    let ending = match (times % 100, times % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{}{ending} time", crate::human::count(times as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_as_people_do() {
        let all = [1, 2, 3, 4, 11, 12, 13, 21, 102, 1_111].map(nth_time);
        assert_eq!(
            all,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "1,111th"]
                .map(|n| format!("{n} time"))
        );
    }
}
