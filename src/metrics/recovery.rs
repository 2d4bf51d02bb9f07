//! Checkpoints and recoveries of a run, as `highwater run --format json` prints them: field names do not
//! change, spans are seconds, instants RFC 3339, `null` where something did not happen.

use serde::Serialize;

use crate::checkpoint::Failure;
use crate::human::instant_rfc3339;
use crate::metrics::report::Latency;
use crate::runtime::Trace;
use crate::runtime::recovery_log::{Cause, CheckpointRow, RecoveryRow};
use crate::time::{ProcTime, Span};

/// The checkpoints of a run; an object without fields for one that takes none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Checkpoints {
    /// The figures, where there are any.
    #[serde(flatten)]
    pub figures: Option<CheckpointFigures>,
}

/// The figures of the checkpoints of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckpointFigures {
    /// Begun.
    pub begun: usize,
    /// Complete.
    pub completed: usize,
    /// Failed by themselves: expired, or not stored.
    pub failed: usize,
    /// Given up because the job was restarted, or because a later one was complete.
    pub aborted: usize,
    /// From beginning to completion.
    pub duration_s: Latency,
    /// The longest time from the first barrier to the last in front of one task, by completed checkpoint.
    pub alignment_s: Latency,
    /// Bytes of the state of the largest.
    pub max_bytes: u64,
    /// Bytes written by all.
    pub written_bytes: u64,
    /// The most records and panes in flight that one holds.
    pub max_in_flight: u64,
    /// How many began aligned and were overtaken by their barriers.
    pub switched: usize,
}

/// One failure of the job and what followed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recovery {
    /// Why, in a few words.
    pub cause: String,
    /// When it happened.
    pub failed_at: String,
    /// When it was noticed.
    pub detected_at: Option<String>,
    /// When tasks were started again.
    pub restarted_at: Option<String>,
    /// When they had their state.
    pub restored_at: Option<String>,
    /// When no more records were in flight than at the failure.
    pub caught_up_at: Option<String>,
    /// That instant as predicted when tasks went on.
    pub predicted_caught_up_at: Option<String>,
    /// The checkpoint that was restored; 0 for a start from nothing.
    pub checkpoint: u32,
    /// Bytes of state that the slowest task read.
    pub bytes: u64,
    /// Records read from the log again.
    pub records_replayed: u64,
    /// Records whose fate became lost.
    pub records_lost: u64,
}

/// The checkpoints of a run.
pub fn checkpoints(trace: &Trace) -> Checkpoints {
    let rows = trace.recovery.as_ref().map_or(&[][..], |log| &log.checkpoints);
    if trace.pipeline.checkpoints.is_none() {
        return Checkpoints::default();
    }
    let completed = || rows.iter().filter(|row| row.completed.is_some());
    let failed =
        |counts: bool| rows.iter().filter(|row| row.failed.is_some_and(|(_, why)| why.counts() == counts)).count();
    let figures = CheckpointFigures {
        begun: rows.len(),
        completed: completed().count(),
        failed: failed(true),
        aborted: failed(false),
        duration_s: Latency::of(completed().filter_map(CheckpointRow::duration).collect()),
        alignment_s: Latency::of(completed().map(|row| row.alignment).collect::<Vec<Span>>()),
        max_bytes: rows.iter().map(|row| row.bytes).max().unwrap_or(0),
        written_bytes: rows.iter().map(|row| row.written).sum(),
        max_in_flight: rows.iter().map(|row| row.in_flight).max().unwrap_or(0),
        switched: rows.iter().filter(|row| row.switched).count(),
    };
    Checkpoints { figures: Some(figures) }
}

/// The recoveries of a run, in order.
pub fn recoveries(trace: &Trace) -> Vec<Recovery> {
    trace.recovery.as_ref().map_or_else(Vec::new, |log| log.recoveries.iter().map(Recovery::of).collect())
}

impl Recovery {
    fn of(row: &RecoveryRow) -> Self {
        let told = |at: Option<ProcTime>| at.map(|at| instant_rfc3339(at.micros()));
        Self {
            cause: cause_in_words(row.cause),
            failed_at: instant_rfc3339(row.failed_at.micros()),
            detected_at: told(row.detected_at),
            restarted_at: told(row.restarted_at),
            restored_at: told(row.restored_at),
            caught_up_at: told(row.caught_up_at),
            predicted_caught_up_at: told(row.predicted_caught_up_at),
            checkpoint: row.checkpoint,
            bytes: row.bytes,
            records_replayed: row.records_replayed,
            records_lost: row.records_lost,
        }
    }
}

/// Why the job failed, in a few words: `window 1 crashed`.
pub fn cause_in_words(cause: Cause) -> String {
    match cause {
        Cause::Crash(task) => format!("{task} crashed"),
        Cause::Coordinator => "the coordinator crashed".to_owned(),
        Cause::All => "everything crashed".to_owned(),
        Cause::Poison(task, _) => format!("{task} crashed on a record that it could not read"),
        Cause::Checkpoint(id) => format!("checkpoint {id} failed, one too many"),
    }
}

/// Why a checkpoint failed, in a few words: `expired`.
pub const fn failure_in_words(failure: Failure) -> &'static str {
    match failure {
        Failure::Expired => "expired",
        Failure::NotStored => "could not be stored",
        Failure::Subsumed => "a later one was complete",
        Failure::Restarted => "the job was restarted",
    }
}
