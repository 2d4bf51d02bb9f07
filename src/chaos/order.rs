//! Invariants of order: watermarks ascend, records move forward, a partition is read in its order, a key
//! belongs to one task, silence comes before idleness.

use std::collections::BTreeMap;

use crate::chaos::examine::Case;
use crate::chaos::{Checked, Invariant, must};
use crate::record::{PartitionId, RecordId};
use crate::runtime::{TaskId, TaskWatermark};
use crate::time::{EventTime, ProcTime};
use crate::watermark::InputStatus;

pub(super) fn check(case: &Case<'_>) -> Checked {
    one_task_per_key(case)?;
    records_move_forward(case)?;
    // A restart begins anew with watermarks, and reads again.
    if case.has_failed() {
        return Ok(());
    }
    watermarks_ascend(case)?;
    partitions_keep_their_order(case)?;
    idle_after_silence(case)
}

fn watermarks_ascend(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    for pair in trace.watermarks.windows(2) {
        let ascends = pair[0].at <= pair[1].at && pair[0].watermark < pair[1].watermark;
        must(ascends, Invariant::WatermarksAscend, || {
            format!("{} at {} comes after {} at {}", pair[1].watermark, pair[1].at, pair[0].watermark, pair[0].at)
        })?;
    }
    of_tasks_ascend(&trace.task_watermarks, "window")?;
    of_tasks_ascend(&trace.merge_watermarks, "merge")
}

fn of_tasks_ascend(steps: &[TaskWatermark], kind: &str) -> Checked {
    let mut last: BTreeMap<u16, (ProcTime, EventTime)> = BTreeMap::new();
    for step in steps {
        if let Some((at, watermark)) = last.insert(step.task, (step.at, step.watermark)) {
            must(at <= step.at && watermark < step.watermark, Invariant::WatermarksAscend, || {
                format!("{kind} task {}: {} at {} comes after {watermark} at {at}", step.task, step.watermark, step.at)
            })?;
        }
    }
    Ok(())
}

fn records_move_forward(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    let arrivals = trace.stream.arrivals();
    for (place, &arrival) in arrivals.iter().enumerate() {
        let at = [arrival, trace.enqueued[place], trace.started[place], trace.handled[place]];
        must(at.is_sorted(), Invariant::RecordsMoveForward, || {
            format!("record {place} arrives, is sent, taken and handled at {at:?}")
        })?;
    }
    must(trace.handled.is_sorted(), Invariant::RecordsMoveForward, || "fates do not ascend in time".to_owned())
}

/// The record at a place; a stream holds fewer than 2^32.
const fn id(place: usize) -> RecordId {
    RecordId(place as u32)
}

/// The task that handled a record; 0 where there is one.
fn task_of(case: &Case<'_>, place: usize) -> u16 {
    case.trace.tasks.get(place).copied().unwrap_or(0)
}

fn partitions_keep_their_order(case: &Case<'_>) -> Checked {
    let stream = &case.trace.stream;
    let mut last: BTreeMap<(PartitionId, u16), (usize, ProcTime)> = BTreeMap::new();
    for place in (0..stream.len()).filter(|&place| case.trace.fates[place].is_handled()) {
        let (task, arrival) = (task_of(case, place), stream.arrivals()[place]);
        if task == TaskId::NO_TASK {
            continue;
        }
        if let Some((before, at)) = last.insert((stream.partition(id(place)), task), (place, arrival)) {
            must(at <= arrival, Invariant::OrderOfAPartition, || {
                format!("record {place} was in the log before record {before}, which the same task handled first")
            })?;
        }
    }
    Ok(())
}

fn one_task_per_key(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    if trace.pipeline.tasks.salts > 1 {
        return Ok(());
    }
    let mut owners = BTreeMap::new();
    for place in (0..trace.tasks.len()).filter(|&place| trace.fates[place].is_handled()) {
        let (key, task) = (trace.stream.keys()[place], task_of(case, place));
        if task == TaskId::NO_TASK {
            continue;
        }
        let owner = *owners.entry(key).or_insert(task);
        must(owner == task, Invariant::OneTaskPerKey, || {
            format!("record {place} of key {} was handled by task {task}, others by task {owner}", key.0)
        })?;
    }
    Ok(())
}

/// Of a partition that has a watermark of its own: nothing of it was sent in the time before it went
/// idle. What the gate keeps out is not heard of by the watermark.
fn idle_after_silence(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    let options = &trace.pipeline.watermark_options;
    let Some(patience) = options.idle_after.filter(|_| options.per_partition) else { return Ok(()) };
    for step in trace.inputs.iter().filter(|step| step.status == InputStatus::Idle) {
        let since = step.at - patience;
        let spoke = (0..trace.stream.len()).find(|&place| {
            let at = trace.enqueued[place];
            let is_heard = trace.fates[place].is_handled() && trace.stream.partition(id(place)) == step.partition;
            is_heard && at > since && at < step.at
        });
        must(spoke.is_none(), Invariant::IdleAfterSilence, || {
            let spoke = spoke.unwrap_or_default();
            format!(
                "partition {} is idle at {} after {patience}, but record {spoke} of it was sent at {}",
                step.partition.0, step.at, trace.enqueued[spoke]
            )
        })?;
    }
    Ok(())
}
