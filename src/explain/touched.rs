//! Which faults touched a record, and how: read from where and when it was, never guessed.
//!
//! A fault that merely lasted at the same time is not named: it touched the record when it kept it from
//! the log, when it held it up on the way, when it undid it, or when it changed what the record says.

use crate::explain::case::Case;
use crate::record::RecordId;
use crate::runtime::recovery_log::{NEVER, RecoveryRow};
use crate::runtime::{PauseReason, RecoveryLog, TaskId};
use crate::scenario::{Fault, Silence};
use crate::time::{ProcTime, Span};

/// So many waits after the arrival of a record are asked whether they held it up.
const WAITS_ASKED: usize = 200;

/// How a fault touched a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It reached the log later.
    Delayed,
    /// It waited in the log or in a queue.
    HeldUp,
    /// Its event time is wrong.
    Misread,
    /// It is not as the schema says.
    Poisoned,
    /// What had been done with it was undone.
    Undone,
}

/// A fault that touched a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch<'a> {
    /// Its place in the scenario.
    pub place: u32,
    /// The fault.
    pub fault: &'a Fault,
    /// Its first instant.
    pub from: ProcTime,
    /// The first instant after it.
    pub until: ProcTime,
    /// How.
    pub how: How,
}

/// The faults that touched a record, in the order of the scenario. A crash that comes again and again is there
/// for each time that it did.
pub fn touched<'a>(case: &Case<'a>, id: RecordId) -> Vec<Touch<'a>> {
    let mut touches = Vec::new();
    for (place, fault, from, until) in case.faults() {
        if let Fault::Crash { every, .. } = fault {
            crashes(case, id, (place, fault, from), *every, &mut touches);
        } else if let Some(how) = how(case, id, fault, from, until) {
            touches.push(Touch { place, fault, from, until, how });
        }
    }
    touches
}

/// The failures of a crash that touched a record, each until the job had caught up.
fn crashes<'a>(
    case: &Case<'a>,
    id: RecordId,
    (place, fault, first): (u32, &'a Fault, ProcTime),
    every: Option<Span>,
    touches: &mut Vec<Touch<'a>>,
) {
    let Some(log) = case.trace.recovery.as_ref() else { return };
    for row in &log.recoveries {
        let after = (row.failed_at - first).micros();
        let is_its = after == 0 || every.is_some_and(|every| after > 0 && after % every.micros().max(1) == 0);
        if let (true, Some(how)) = (is_its, crashed(case, id, row)) {
            let until = row.caught_up_at.or(row.restored_at).unwrap_or(ProcTime::MAX);
            touches.push(Touch { place, fault, from: row.failed_at, until, how });
        }
    }
}

/// Whether what a fault names is what a record has.
fn concerns(case: &Case<'_>, id: RecordId, key: Option<&str>, partition: Option<u32>, producer: Option<u32>) -> bool {
    let stream = &case.trace.stream;
    key.is_none_or(|key| stream.key_table().name(stream.keys()[id.index()]) == key)
        && partition.is_none_or(|partition| stream.partition(id).0 == partition)
        && producer.is_none_or(|producer| u32::from(stream.production().producer(id).0) == producer)
}

fn how(case: &Case<'_>, id: RecordId, fault: &Fault, from: ProcTime, until: ProcTime) -> Option<How> {
    let (trace, i) = (case.trace, id.index());
    let happened = trace.stream.event_times()[i].on_proc_clock();
    let arrival = trace.stream.arrivals()[i];
    let (enqueued, started, handled) = (trace.enqueued[i], trace.started[i], trace.handled[i]);
    let lasts = |a: ProcTime, b: ProcTime| a < b && from < b && a < until;
    let given = |is: bool, how: How| is.then_some(how);
    match fault {
        Fault::Offline { key, .. } => {
            let is = concerns(case, id, Some(key), None, None) && is_held(happened, arrival, until);
            given(is, How::Delayed)
        }
        Fault::Silent { key, partition, producer, records: Silence::Hold, .. } => {
            let is = concerns(case, id, key.as_deref(), *partition, *producer);
            given(is && is_held(happened, arrival, until), How::Delayed)
        }
        Fault::ClockJump { producer, by, .. } => {
            let really = happened - *by;
            given(concerns(case, id, None, None, Some(*producer)) && from <= really && really < until, How::Misread)
        }
        Fault::Poison { key, partition, producer, .. } => {
            let is = trace.stream.production().poison.of(id).is_some();
            let is = is && concerns(case, id, key.as_deref(), *partition, *producer);
            given(is && from <= happened && happened < until, How::Poisoned)
        }
        Fault::LeaderFails { partition, .. } => {
            given(trace.stream.partition(id).0 == *partition && lasts(happened, arrival), How::Delayed)
        }
        Fault::SlowOperator { task, .. } => {
            let own = trace.tasks.get(i).map_or(0, |&task| u32::from(task));
            let waited = arrival < started || enqueued < started;
            given(task.is_none_or(|task| task == own) && waited && lasts(arrival, handled), How::HeldUp)
        }
        Fault::SlowSink { .. } | Fault::FailingSink { .. } => {
            // Waits are in the order of their ends.
            let since = trace.waits.partition_point(|wait| wait.until <= arrival);
            let near = trace.waits[since..].iter().take(WAITS_ASKED);
            let held = near.into_iter().any(|wait| wait.on == TaskId::Sink && wait.from < handled);
            given(held && arrival < started && lasts(arrival, handled), How::HeldUp)
        }
        Fault::MemberSilent { task, .. } | Fault::MemberStalls { task, .. } => {
            given(paused(case, id, Some(*task)) && lasts(arrival, enqueued), How::HeldUp)
        }
        Fault::MemberLeaves { .. } | Fault::MemberJoins { .. } => {
            given(paused(case, id, None) && arrival <= from && from <= enqueued, How::HeldUp)
        }
        Fault::NetworkPartition { source, window, .. } => {
            let is_there = trace.tasks.get(i).map_or(0, |&task| u32::from(task)) == *window
                && trace.readers.get(i).is_none_or(|&reader| u32::from(reader) == *source);
            given(is_there && lasts(enqueued, started), How::HeldUp)
        }
        Fault::DeadLetterSink { .. } => {
            let is_bad = super::refusal(trace, id).is_some();
            given(is_bad && lasts(arrival, handled), How::HeldUp)
        }
        Fault::Silent { .. }
        | Fault::HotKey { .. }
        | Fault::Burst { .. }
        | Fault::Crash { .. }
        | Fault::CheckpointStorage { .. } => None,
    }
}

/// Whether a record that would have been sent before an end came only then. One that happened before the
/// outage may have been on its way when it began; without it its delay would have to be longer than all of it.
fn is_held(happened: ProcTime, arrival: ProcTime, until: ProcTime) -> bool {
    happened < until && until <= arrival
}

/// Whether nobody read the partition of a record while it lay there, because of this source task.
fn paused(case: &Case<'_>, id: RecordId, task: Option<u32>) -> bool {
    let (trace, partition) = (case.trace, case.trace.stream.partition(id));
    let (arrival, enqueued) = (trace.stream.arrivals()[id.index()], trace.enqueued[id.index()]);
    trace.pauses.iter().any(|pause| {
        let is_of = match (task, pause.reason) {
            (None, _) | (Some(_), PauseReason::Rebalance) => true,
            (Some(task), PauseReason::Silent(of) | PauseReason::Stalled(of)) => u32::from(of) == task,
        };
        is_of && pause.partition == partition && pause.from < enqueued && arrival < pause.until
    })
}

/// Whether a failure undid what had been done with a record, or held it up until the job had caught up.
fn crashed(case: &Case<'_>, id: RecordId, row: &RecoveryRow) -> Option<How> {
    let log = case.trace.recovery.as_ref()?;
    let at = row.failed_at;
    let (arrival, handled) = (case.trace.stream.arrivals()[id.index()], case.trace.handled[id.index()]);
    // What a failure undoes was done since the one before it.
    let since =
        log.recoveries.iter().rfind(|other| other.failed_at < at).map_or(ProcTime::MIN, |other| other.failed_at);
    let within = |t: ProcTime| since < t && t <= at;
    let repeats = &case.trace.repeats;
    let again = repeats[repeats.partition_point(|it| it.handled_at <= since)..].iter();
    let again = again.take_while(|it| it.handled_at <= at).filter(|it| it.record == id).map(|it| it.handled_at);
    let undone = again.chain([handled]).any(|t| within(t) && is_undone(log, id, t));
    let noticed = row.detected_at.unwrap_or(ProcTime::MAX);
    let refated = log.refated[log.refated.partition_point(|it| it.at < at)..].iter();
    let lost = refated.take_while(|it| it.at <= noticed).any(|it| it.record == id);
    if undone || lost {
        return Some(How::Undone);
    }
    let over = row.caught_up_at.or(row.restored_at).unwrap_or(ProcTime::MAX);
    let waited = arrival < case.trace.started[id.index()];
    (waited && arrival < over && at < handled).then_some(How::HeldUp)
}

/// Whether what was done with a record at an instant was undone later. O(log n).
fn is_undone(log: &RecoveryLog, id: RecordId, at: ProcTime) -> bool {
    let handlings = &log.handlings[log.handlings.partition_point(|it| it.at < at)..];
    let mut same = handlings.iter().take_while(|it| it.at == at);
    same.any(|it| it.record == id && it.undone_in != NEVER)
}
