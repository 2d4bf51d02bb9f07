//! Invariants of the books: every record has one fate, the ledger is their sum, channels hold what they
//! can, and in the end nothing is left lying about.

use crate::chaos::examine::Case;
use crate::chaos::{Checked, Invariant, must};
use crate::pipeline::{Barriers, Overflow, Pipeline};
use crate::runtime::{Fate, Ledger};
use crate::time::ProcTime;

/// The most records that may wait in all channels between sources and window tasks; `None` without a
/// limit, also where barriers overtake: what was in hands and channels is then put back into channels.
pub fn most_in_channels(pipeline: &Pipeline) -> Option<usize> {
    let tasks = &pipeline.tasks;
    let channels = tasks.sources as usize * tasks.windows as usize;
    let puts_back = pipeline.checkpoints.is_some_and(|spec| spec.barriers != Barriers::Aligned);
    (tasks.overflow != Overflow::Unbounded && !puts_back).then_some(channels * pipeline.queue_capacity as usize)
}

pub(super) fn check(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    let lengths = [trace.fates.len(), trace.handled.len(), trace.enqueued.len(), trace.started.len()];
    let records = case.stream.len();
    must(lengths == [records; 4], Invariant::FatesAreTheLedger, || {
        format!("{records} records have columns of lengths {lengths:?}")
    })?;
    let mut fates = Ledger { produced: records as u64, ..Ledger::default() };
    for &fate in &trace.fates {
        fates.note(fate);
        fates.in_flight += u64::from(fate == Fate::InFlight);
    }
    let ledger = Ledger { duplicated: 0, ..trace.ledger };
    must(ledger == fates, Invariant::FatesAreTheLedger, || format!("{ledger:?}, but the records say {fates:?}"))?;
    must(ledger.balances(), Invariant::LedgerBalances, || format!("at the end: {ledger:?}"))?;
    everything_is_handled(case)
}

/// What may stay in the log for ever: what a source for good out of order does not read, and what a
/// partition holds that is paused because others are silent.
fn everything_is_handled(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    let is_given_up = trace.restarts.iter().any(|restart| restart.back_at.is_none());
    let is_aligned = trace.pipeline.watermark_options.max_drift.is_some();
    let log = trace.recovery.as_ref();
    let is_down = log.and_then(|log| log.recoveries.last()).is_some_and(|row| row.restored_at.is_none());
    if is_given_up || is_aligned || is_down {
        return Ok(());
    }
    let left = trace.handled.iter().filter(|&&at| at == ProcTime::MAX).count();
    let in_flight = trace.ledger.in_flight;
    must(left == 0 && in_flight == 0, Invariant::EverythingIsHandled, || {
        format!("{in_flight} records are in flight at the end, {left} have no end")
    })
}
