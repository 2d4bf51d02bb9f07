//! The job's side of two-phase commit: which transaction is written in, and which wait for their
//! checkpoint. It is volatile; what a checkpoint keeps of it is a [`SinkSnapshot`].
//!
//! The life of a transaction, as in Flink's `KafkaSink`: it begins with the first row of an epoch; the
//! checkpoint's barrier ends the epoch (pre-commit: all rows are on the log, none is lost with the job);
//! the notification that the checkpoint is complete commits it, and everything that waited for an earlier
//! one. A checkpoint that fails aborts nothing: its transactions wait for the next one. After a restore,
//! what the checkpoint knows is committed (again, where it was before the crash), all else is aborted.
//! The one hole: the log aborts a transaction whose deadline passed first, and its rows are lost although
//! the checkpoint is complete (FLIP-319 says why). That is counted, never silent.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::checkpoint::CheckpointId;
use crate::sink::log::{Outcome, OutputLog, TransactionId};
use crate::sink::row::Row;
use crate::time::{ProcTime, Span};

/// A subtask that writes to a log (Kafka: what a `transactional.id` names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WriterId(pub u32);

/// A transaction that is written in full and waits for its checkpoint to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committable {
    /// Whose barrier ended it.
    pub checkpoint: CheckpointId,
    /// Which one.
    pub transaction: TransactionId,
}

/// What a checkpoint keeps of a writer: everything that is to be committed once it completes, oldest
/// first. Those of several writers put together are one, and one can be dealt out to several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkSnapshot {
    /// What waits.
    pub committables: Vec<Committable>,
}

/// What came of a commit. Counts of transactions and of their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitOutcome {
    /// Committed by this call.
    pub committed: u32,
    /// Their rows.
    pub committed_rows: u64,
    /// Committed before; once more did nothing.
    pub already: u32,
    /// The log had aborted them.
    pub lost: u32,
    /// Their rows: promised by a completed checkpoint, and gone.
    pub lost_rows: u64,
}

/// What came of a restore.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// What the snapshot asked for.
    pub commit: CommitOutcome,
    /// Transactions of no completed checkpoint that were aborted.
    pub fenced: u32,
    /// Their rows, which will be written again.
    pub fenced_rows: u64,
}

/// The state machine of one writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoPhaseWriter {
    id: WriterId,
    timeout: Span,
    current: Option<TransactionId>,
    waiting: VecDeque<Committable>,
}

impl TwoPhaseWriter {
    /// A writer whose transactions may be open for `timeout`.
    pub const fn new(id: WriterId, timeout: Span) -> Self {
        Self { id, timeout, current: None, waiting: VecDeque::new() }
    }

    /// The transaction that is written in, if a row has come since the last barrier.
    pub const fn current(&self) -> Option<TransactionId> {
        self.current
    }

    /// The transactions that wait for a checkpoint, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = Committable> + '_ {
        self.waiting.iter().copied()
    }

    /// Writes a row in the current transaction, which it begins if there is none.
    ///
    /// # Errors
    /// How the current transaction ended meanwhile (it expired): the row is not written, and the rows of
    /// that transaction are void. A task has to fail then and be restored, so that they come again.
    pub fn write(&mut self, row: Row, now: ProcTime, log: &mut OutputLog) -> Result<(), Outcome> {
        match self.current {
            Some(id) => log.write(id, row, now),
            None => {
                self.current = Some(log.begin(self.id, self.timeout, row, now));
                Ok(())
            }
        }
    }

    /// The barrier of a checkpoint: the current transaction is pre-committed, and the next row begins
    /// another. Returns what the checkpoint has to keep.
    pub fn pre_commit(&mut self, checkpoint: CheckpointId) -> SinkSnapshot {
        if let Some(transaction) = self.current.take() {
            self.waiting.push_back(Committable { checkpoint, transaction });
        }
        SinkSnapshot { committables: self.waiting.iter().copied().collect() }
    }

    /// A checkpoint is complete: everything that waited for it or an earlier one is committed. A
    /// notification that comes again, or late, does nothing.
    pub fn commit(&mut self, checkpoint: CheckpointId, now: ProcTime, log: &mut OutputLog) -> CommitOutcome {
        let mut outcome = CommitOutcome::default();
        while self.waiting.front().is_some_and(|waiting| waiting.checkpoint <= checkpoint) {
            if let Some(committable) = self.waiting.pop_front() {
                outcome.commit(committable.transaction, now, log);
            }
        }
        outcome
    }

    /// The task has crashed: it knows nothing any more. The log keeps its transactions open.
    pub fn crash(&mut self) {
        self.current = None;
        self.waiting.clear();
    }

    /// Starts over from a completed checkpoint, or without one from nothing: what it keeps is committed,
    /// then every other transaction that is still open, of whichever writer, is aborted.
    pub fn restore(&mut self, snapshot: &SinkSnapshot, now: ProcTime, log: &mut OutputLog) -> Restored {
        self.crash();
        let mut restored = Restored::default();
        for committable in &snapshot.committables {
            restored.commit.commit(committable.transaction, now, log);
        }
        let left: Vec<TransactionId> = log.open_at(now).collect();
        for id in left {
            if log.fence(id, now) {
                restored.fenced += 1;
                restored.fenced_rows += rows_of(id, log);
            }
        }
        restored
    }
}

impl CommitOutcome {
    fn commit(&mut self, id: TransactionId, now: ProcTime, log: &mut OutputLog) {
        match log.commit(id, now) {
            Ok(true) => {
                self.committed += 1;
                self.committed_rows += rows_of(id, log);
            }
            Ok(false) => self.already += 1,
            Err(_) => {
                self.lost += 1;
                self.lost_rows += rows_of(id, log);
            }
        }
    }

    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.committed += other.committed;
        self.committed_rows += other.committed_rows;
        self.already += other.already;
        self.lost += other.lost;
        self.lost_rows += other.lost_rows;
    }
}

fn rows_of(id: TransactionId, log: &OutputLog) -> u64 {
    log.transactions().get(id.index()).map_or(0, |transaction| u64::from(transaction.rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KeyId;
    use crate::sink::log::Isolation;
    use crate::sink::row::Change;
    use crate::time::EventTime;
    use crate::window::pane::Window;

    fn row(pane: u32) -> Row {
        let window = Window::new(EventTime::EPOCH, EventTime::from_millis(1));
        Row { pane, key: KeyId(0), window, change: Change::Put(Some(1.0)) }
    }

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_millis(secs * 1_000)
    }

    fn seen(log: &OutputLog, secs: i64) -> Vec<u32> {
        log.read(Isolation::ReadCommitted, at(secs)).map(|row| row.pane).collect()
    }

    fn start() -> (TwoPhaseWriter, OutputLog) {
        (TwoPhaseWriter::new(WriterId(0), Span::from_secs(60)), OutputLog::default())
    }

    const FIRST: CheckpointId = CheckpointId(1);
    const SECOND: CheckpointId = CheckpointId(2);

    #[test]
    fn a_completed_checkpoint_commits_what_came_before_its_barrier() {
        let (mut writer, mut log) = start();
        assert_eq!(writer.write(row(0), at(1), &mut log), Ok(()));
        let snapshot = writer.pre_commit(FIRST);
        assert_eq!(snapshot.committables, [Committable { checkpoint: FIRST, transaction: TransactionId(0) }]);
        assert_eq!(writer.write(row(1), at(2), &mut log), Ok(()));
        let outcome = writer.commit(FIRST, at(3), &mut log);
        assert_eq!(outcome, CommitOutcome { committed: 1, committed_rows: 1, ..CommitOutcome::default() });
        assert_eq!(writer.commit(FIRST, at(4), &mut log), CommitOutcome::default());
        assert_eq!(seen(&log, 3), [0]);
        assert_eq!(writer.current(), Some(TransactionId(1)));
    }

    #[test]
    fn an_epoch_without_rows_has_no_transaction() {
        let (mut writer, log) = start();
        assert_eq!(writer.pre_commit(FIRST), SinkSnapshot::default());
        assert_eq!(log.transactions().len(), 0);
    }

    #[test]
    fn what_a_failed_checkpoint_left_waits_for_the_next() {
        let (mut writer, mut log) = start();
        assert_eq!(writer.write(row(0), at(1), &mut log), Ok(()));
        writer.pre_commit(FIRST);
        assert_eq!(writer.write(row(1), at(2), &mut log), Ok(()));
        let snapshot = writer.pre_commit(SECOND);
        assert_eq!(snapshot.committables.len(), 2);
        let outcome = writer.commit(SECOND, at(5), &mut log);
        assert_eq!((outcome.committed, outcome.committed_rows), (2, 2));
        assert_eq!(seen(&log, 5), [0, 1]);
    }

    #[test]
    fn a_crash_between_pre_commit_and_commit_loses_nothing_and_a_second_restore_repeats_nothing() {
        let (mut writer, mut log) = start();
        assert_eq!(writer.write(row(0), at(1), &mut log), Ok(()));
        let snapshot = writer.pre_commit(FIRST);
        assert_eq!(writer.write(row(1), at(2), &mut log), Ok(()));
        writer.crash();
        assert_eq!(writer.commit(FIRST, at(3), &mut log), CommitOutcome::default());
        let restored = writer.restore(&snapshot, at(4), &mut log);
        assert_eq!((restored.commit.committed, restored.fenced, restored.fenced_rows), (1, 1, 1));
        assert_eq!(seen(&log, 4), [0]);
        writer.crash();
        let again = writer.restore(&snapshot, at(5), &mut log);
        assert_eq!((again.commit.committed, again.commit.already, again.fenced), (0, 1, 0));
        assert_eq!(seen(&log, 5), [0]);
    }

    #[test]
    fn what_expired_before_its_commit_is_lost_and_counted() {
        let (mut writer, mut log) = start();
        assert_eq!(writer.write(row(0), at(1), &mut log), Ok(()));
        assert_eq!(writer.write(row(1), at(1), &mut log), Ok(()));
        let snapshot = writer.pre_commit(FIRST);
        writer.crash();
        let restored = writer.restore(&snapshot, at(62), &mut log);
        assert_eq!(restored.commit, CommitOutcome { lost: 1, lost_rows: 2, ..CommitOutcome::default() });
        assert_eq!(restored.fenced, 0);
        assert!(seen(&log, 100).is_empty());
    }

    #[test]
    fn a_row_for_an_expired_transaction_is_refused() {
        let (mut writer, mut log) = start();
        assert_eq!(writer.write(row(0), at(1), &mut log), Ok(()));
        assert!(writer.write(row(1), at(62), &mut log).is_err());
        assert_eq!(log.rows().len(), 1);
    }
}
