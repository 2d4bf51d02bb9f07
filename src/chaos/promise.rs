//! The guarantees: exactly once, at least once, at most once. What readers are left with at the end is held
//! against the batch answer over the whole stream ([`crate::oracle`]).
//!
//! Asked of runs in which nothing is given up on purpose (late, shed, refused or expired records), every
//! window fires at the end, and the job is up again by then.

use std::collections::{BTreeMap, BTreeSet};

use crate::chaos::examine::Case;
use crate::chaos::{Checked, Invariant, must};
use crate::oracle::Truth;
use crate::pipeline::{AtEnd, Delivery, WatermarkSpec, WindowSpec};
use crate::record::KeyId;
use crate::runtime::Trace;
use crate::sink::SinkSpec;
use crate::time::{ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;
use crate::window::pane::{Pane, Window};
use crate::window::trigger::TriggerSpec;

pub(super) fn check(case: &Case<'_>) -> Checked {
    runs_again(case)?;
    if !is_held_to_the_answer(case) {
        return Ok(());
    }
    match case.trace.pipeline.delivery {
        Delivery::ExactlyOnce => exactly_once(case),
        Delivery::AtLeastOnce => at_least_once(case),
        Delivery::AtMostOnce => at_most_once(case),
    }
}

/// A job with endless attempts that fails through no fault of its own runs again.
fn runs_again(case: &Case<'_>) -> Checked {
    let Some(log) = &case.trace.recovery else { return Ok(()) };
    let Some(last) = log.recoveries.last() else { return Ok(()) };
    use crate::runtime::recovery_log::Cause;
    let is_own_fault = matches!(last.cause, Cause::Poison(..) | Cause::Checkpoint(_));
    let is_endless = case.trace.pipeline.restart.is_endless();
    must(!is_endless || is_own_fault || last.restored_at.is_some(), Invariant::JobRunsAgain, || {
        format!("the job that failed at {} is not running at the end", last.failed_at)
    })
}

fn is_held_to_the_answer(case: &Case<'_>) -> bool {
    let (trace, pipeline) = (case.trace, &case.trace.pipeline);
    let Some(log) = &trace.recovery else { return false };
    let is_up = log.recoveries.last().is_none_or(|row| row.restored_at.is_some());
    let ledger = &trace.ledger;
    let given_up = ledger.dropped_late
        + ledger.side_output
        + ledger.unassigned
        + ledger.dead_lettered
        + ledger.shed
        + ledger.rejected
        + ledger.in_flight;
    let is_plain = pipeline.dialect == Dialect::Flink
        && pipeline.trigger == TriggerSpec::Default
        && pipeline.accumulation == Accumulation::Accumulating
        && pipeline.window != WindowSpec::Global;
    let is_retained = case.config.log.retention_age.is_none() && case.config.log.retention_records.is_none();
    // A session that closed before a late record came is not the session of the batch answer, and of several
    // windows of a record some may be gone.
    let waits = matches!(pipeline.watermark, WatermarkSpec::Bounded { bound } if bound >= PATIENCE);
    let is_fixed = waits || matches!(pipeline.window, WindowSpec::Tumbling { .. });
    let is_kept = is_retained && !may_expire(trace);
    is_up && given_up == 0 && is_plain && is_fixed && is_kept && pipeline.at_end == AtEnd::Flush
}

/// No record of a drawn scenario is later than this.
const PATIENCE: Span = Span::from_secs(60);

/// Whether a transaction may be open longer than the log allows: what it held is then lost, whatever the
/// job promises.
pub(super) fn may_expire(trace: &Trace) -> bool {
    let SinkSpec::TwoPhaseCommit { transaction_timeout } = trace.pipeline.sink else { return false };
    let longest = trace.span().map_or(Span::ZERO, |(first, last)| last - first);
    transaction_timeout < longest + longest + PATIENCE
}

/// By key and window: the panes that readers of committed results have, in order of emission.
fn seen(trace: &Trace) -> BTreeMap<(KeyId, Window), Vec<(usize, &Pane)>> {
    let mut seen: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let log = trace.recovery.as_ref();
    for (place, pane) in trace.panes.iter().enumerate().filter(|(_, pane)| !pane.is_retraction) {
        let at = log.map_or(pane.emitted_at, |log| log.panes[place].committed);
        if at < ProcTime::MAX {
            seen.entry((pane.key, pane.window)).or_default().push((place, pane));
        }
    }
    seen
}

fn exactly_once(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    let seen = seen(trace);
    for (&(key, window), summary) in Truth::of(case.stream, trace.pipeline.window).windows() {
        let panes = seen.get(&(key, window)).map_or(&[][..], Vec::as_slice);
        let said = panes.last().map(|(_, pane)| (pane.summary.count, pane.summary.sum));
        must(said == Some((summary.count, summary.sum)), Invariant::ExactlyOnce, || {
            format!(
                "of key {} in {} the answer is {} records, sum {}; readers are left with {said:?}",
                key.0, window.start, summary.count, summary.sum
            )
        })?;
        let numbers: BTreeSet<u32> = panes.iter().map(|(_, pane)| pane.index).collect();
        let takes_back = matches!(trace.pipeline.sink, SinkSpec::TwoPhaseCommit { .. });
        must(!takes_back || numbers.len() == panes.len(), Invariant::ExactlyOnce, || {
            format!("of key {} in {} a pane was committed twice", key.0, window.start)
        })?;
    }
    Ok(())
}

fn at_least_once(case: &Case<'_>) -> Checked {
    let trace = case.trace;
    must(trace.ledger.lost == 0, Invariant::AtLeastOnce, || format!("{} records are lost", trace.ledger.lost))?;
    if trace.pipeline.sink != SinkSpec::Append || matches!(trace.pipeline.window, WindowSpec::Session { .. }) {
        return Ok(());
    }
    let seen = seen(trace);
    for (&(key, window), summary) in Truth::of(case.stream, trace.pipeline.window).windows() {
        let panes = seen.get(&(key, window)).map_or(&[][..], Vec::as_slice);
        let most = panes.iter().map(|(_, pane)| pane.summary.count).max().unwrap_or(0);
        must(most >= summary.count, Invariant::AtLeastOnce, || {
            format!("of key {} in {} the answer is {} records, readers saw {most}", key.0, window.start, summary.count)
        })?;
    }
    Ok(())
}

fn at_most_once(case: &Case<'_>) -> Checked {
    let (trace, ledger) = (case.trace, &case.trace.ledger);
    must(ledger.duplicated == 0 && trace.repeats.is_empty(), Invariant::AtMostOnce, || {
        format!("{} records are there twice, {} were handled again", ledger.duplicated, trace.repeats.len())
    })?;
    let (WindowSpec::Tumbling { .. }, Some(log)) = (trace.pipeline.window, &trace.recovery) else { return Ok(()) };
    if trace.pipeline.sink != SinkSpec::Append {
        return Ok(());
    }
    let mut short = 0_u64;
    let seen = seen(trace);
    for (&(key, window), summary) in Truth::of(case.stream, trace.pipeline.window).windows() {
        let panes = seen.get(&(key, window)).map_or(&[][..], Vec::as_slice);
        // Of one life of the job the last pane counts; lives add up.
        let by_life: BTreeMap<u32, u64> =
            panes.iter().map(|&(place, pane)| (log.panes[place].life, pane.summary.count)).collect();
        let count: u64 = by_life.values().sum();
        must(count <= summary.count, Invariant::AtMostOnce, || {
            format!("of key {} in {} the answer is {} records, readers saw {count}", key.0, window.start, summary.count)
        })?;
        short += summary.count - count;
    }
    must(short == ledger.lost, Invariant::AtMostOnce, || {
        format!("{short} records are missing from windows, the ledger says {}", ledger.lost)
    })
}
