//! Checkpoints, recoveries and what they did to results, for people.

use std::fmt::Write;

use crate::human::{count, span};
use crate::metrics::delivery::DeliveryReport;
use crate::metrics::recovery::{CheckpointFigures, cause_in_words};
use crate::runtime::Trace;
use crate::runtime::recovery_log::RecoveryRow;
use crate::time::{ProcTime, Span};

/// The most windows that are listed one by one.
const MOST_WINDOWS: usize = 40;

/// Everything there is to say; empty for a run that can neither fail nor be restored.
pub fn in_words(trace: &Trace, figures: Option<&CheckpointFigures>, delivery: Option<&DeliveryReport>) -> String {
    let mut out = String::new();
    if let Some(figures) = figures {
        // Writing to a string cannot fail.
        let _ = checkpoints(&mut out, figures);
    }
    let rows = trace.recovery.as_ref().map_or(&[][..], |log| &log.recoveries);
    for row in rows {
        let _ = recovery(&mut out, row, trace);
    }
    if let Some(delivery) = delivery {
        let _ = windows(&mut out, delivery);
    }
    out
}

fn checkpoints(out: &mut String, it: &CheckpointFigures) -> std::fmt::Result {
    let secs = |secs: Option<f64>| secs.map_or("none".to_owned(), |secs| span(Span::from_micros((secs * 1e6) as i64)));
    writeln!(
        out,
        "\nCheckpoints  {:>12} complete, {} failed, {} given up; {} half of the time, {} at most; largest {} bytes, \
         {} written",
        it.completed,
        it.failed,
        it.aborted,
        secs(it.duration_s.p50),
        secs(it.duration_s.max),
        count(it.max_bytes),
        count(it.written_bytes)
    )
}

fn recovery(out: &mut String, row: &RecoveryRow, trace: &Trace) -> std::fmt::Result {
    let first = trace.stream.arrivals_ascending().first().copied().unwrap_or(row.failed_at);
    let after = |at: Option<ProcTime>| at.map_or("never".to_owned(), |at| span(at - row.failed_at));
    write!(
        out,
        "Recovery     {:>12} {}: noticed after {}, restarted after {}, restored after {}, caught up after {}",
        span(row.failed_at - first),
        cause_in_words(row.cause),
        after(row.detected_at),
        after(row.restarted_at),
        after(row.restored_at),
        after(row.caught_up_at)
    )?;
    if row.caught_up_at.is_some() {
        write!(out, " (predicted {})", after(row.predicted_caught_up_at))?;
    }
    let from = if row.checkpoint == 0 { "nothing".to_owned() } else { format!("checkpoint {}", row.checkpoint) };
    writeln!(out, "; from {from}, {} records read again, {} lost", count(row.records_replayed), count(row.records_lost))
}

fn windows(out: &mut String, it: &DeliveryReport) -> std::fmt::Result {
    let number = |records: u64| count(records);
    writeln!(
        out,
        "\nResults      {:>12} records lost, {} repeated; before the commit {} lost, {} repeated",
        number(it.lost),
        number(it.repeated),
        number(it.lost_uncommitted),
        number(it.repeated_uncommitted)
    )?;
    let differ: Vec<_> = it.windows.iter().filter(|row| row.lost + row.repeated > 0).collect();
    for row in differ.iter().take(MOST_WINDOWS) {
        let (expected, seen) = (number(row.expected), number(row.seen));
        writeln!(out, "             {:>12} of {expected} in window {} of {}", seen, row.window_start, row.key)?;
    }
    if differ.len() > MOST_WINDOWS {
        writeln!(out, "             {:>12} more windows differ", differ.len() - MOST_WINDOWS)?;
    }
    Ok(())
}
