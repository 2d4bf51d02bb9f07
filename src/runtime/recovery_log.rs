//! What a run that may fail notes beside its trace: checkpoints, recoveries, and every handling of every
//! record and every pane with the life of the job that it belongs to.
//!
//! A job has one life between two restarts, counted from 0. A restart undoes what a task did after the
//! state that it was restored from; what was undone names the life that did so. A handling belongs to the
//! state behind a pane when it came before it and was not undone by then.

use crate::checkpoint::Failure;
use crate::record::RecordId;
use crate::runtime::trace::{Fate, TaskId};
use crate::time::{ProcTime, Span};

/// In [`Handling::undone_in`] and [`PaneRow::undone_in`]: it was not undone.
pub const NEVER: u32 = u32::MAX;

/// A window task handled a record, for the first time or again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling {
    /// Which record.
    pub record: RecordId,
    /// Which window task.
    pub task: u16,
    /// When.
    pub at: ProcTime,
    /// What became of it.
    pub fate: Fate,
    /// In which life of the job.
    pub life: u32,
    /// The last checkpoint that the task had taken part in; 0 before the first.
    pub after: u32,
    /// The life that began by undoing this, or [`NEVER`].
    pub undone_in: u32,
}

/// What there is to know of a pane beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaneRow {
    /// The window task that emitted it, or the merge task.
    pub emitter: u16,
    /// In which life of the job.
    pub life: u32,
    /// The last checkpoint that the task had taken part in; 0 before the first.
    pub after: u32,
    /// How many handlings there had been, of all tasks.
    pub handlings: u32,
    /// The life that began by undoing this, or [`NEVER`]. What a reader has seen stays seen.
    pub undone_in: u32,
    /// When readers of committed results saw it; [`ProcTime::MAX`] where they never did. Without
    /// transactions, when it was delivered.
    pub committed: ProcTime,
}

/// The fate of a record changed after it had met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refated {
    /// Which record.
    pub record: RecordId,
    /// When.
    pub at: ProcTime,
    /// What it had been.
    pub before: Fate,
    /// What it is from now on.
    pub after: Fate,
}

/// One checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Its number, from 1.
    pub id: u32,
    /// When it began.
    pub began: ProcTime,
    /// When every task had stored its state; `None` for one that failed or was under way at the end.
    pub completed: Option<ProcTime>,
    /// When and why it failed.
    pub failed: Option<(ProcTime, Failure)>,
    /// Bytes that a restore reads.
    pub bytes: u64,
    /// Bytes that were written.
    pub written: u64,
    /// Of those, records in flight that barriers overtook.
    pub in_flight: u64,
    /// The longest time from the first barrier to the last in front of one task.
    pub alignment: Span,
    /// Whether it began aligned and barriers overtook later.
    pub switched: bool,
}

impl CheckpointRow {
    /// How long it took; `None` for one that is not complete.
    pub fn duration(&self) -> Option<Span> {
        self.completed.map(|at| at - self.began)
    }
}

/// Why the job failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A task crashed.
    Crash(TaskId),
    /// The coordinator of the checkpoints crashed.
    Coordinator,
    /// Everything crashed at once.
    All,
    /// A source could not read this record.
    Poison(TaskId, RecordId),
    /// Too many checkpoints failed one after the other; this was the last.
    Checkpoint(u32),
}

/// One failure of the job and what followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryRow {
    /// Why.
    pub cause: Cause,
    /// When it happened.
    pub failed_at: ProcTime,
    /// When it was noticed; all tasks are cancelled then. This and what follows is `None` where the run
    /// ended, or the next failure came, before.
    pub detected_at: Option<ProcTime>,
    /// When tasks were started again, and began to read their state.
    pub restarted_at: Option<ProcTime>,
    /// When they had it and went on.
    pub restored_at: Option<ProcTime>,
    /// When no more records were in flight than at the failure.
    pub caught_up_at: Option<ProcTime>,
    /// That instant as expected when tasks went on, from the backlog, the service time and the rate of
    /// arrivals; `None` where records come faster than they can be handled.
    pub predicted_caught_up_at: Option<ProcTime>,
    /// The checkpoint that was restored; 0 for a start from nothing.
    pub checkpoint: u32,
    /// Bytes of state that were read.
    pub bytes: u64,
    /// Records that are read from the log again.
    pub records_replayed: u64,
    /// Records whose fate became lost.
    pub records_lost: u64,
}

/// What a run that may fail notes beside its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryLog {
    /// Every handling of every record, in order.
    pub handlings: Vec<Handling>,
    /// One row for every pane of the trace.
    pub panes: Vec<PaneRow>,
    /// Every change of the fate of a record, in order.
    pub refated: Vec<Refated>,
    /// Every checkpoint, in order of beginning.
    pub checkpoints: Vec<CheckpointRow>,
    /// Every failure of the job, in order.
    pub recoveries: Vec<RecoveryRow>,
}

impl RecoveryLog {
    /// Whether a handling belongs to the state behind a pane.
    pub fn is_behind(&self, handling: usize, pane: usize) -> bool {
        let (Some(handled), Some(row)) = (self.handlings.get(handling), self.panes.get(pane)) else { return false };
        handling < row.handlings as usize && handled.life <= row.life && handled.undone_in > row.life
    }

    /// The times in which nothing worked, ascending: from when a failure was noticed until tasks had their
    /// state, or without end.
    pub fn downtimes(&self) -> impl Iterator<Item = (ProcTime, ProcTime)> {
        self.recoveries.iter().enumerate().filter_map(|(place, row)| {
            let next = self.recoveries.get(place + 1).and_then(|next| next.detected_at);
            Some((row.detected_at?, row.restored_at.or(next).unwrap_or(ProcTime::MAX)))
        })
    }

    /// Since when nothing works, if that is so at `now`.
    pub fn down_since(&self, now: ProcTime) -> Option<ProcTime> {
        self.downtimes().find(|&(from, until)| from <= now && now < until).map(|(from, _)| from)
    }

    /// Every name of a record.
    pub(in crate::runtime) fn records_mut(&mut self) -> impl Iterator<Item = &mut RecordId> {
        let causes = self.recoveries.iter_mut().filter_map(|row| match &mut row.cause {
            Cause::Poison(_, id) => Some(id),
            Cause::Crash(_) | Cause::Coordinator | Cause::All | Cause::Checkpoint(_) => None,
        });
        let handled = self.handlings.iter_mut().map(|it| &mut it.record);
        handled.chain(self.refated.iter_mut().map(|it| &mut it.record)).chain(causes)
    }
}
