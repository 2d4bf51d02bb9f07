//! A sink and the outside world that it writes to, behind one type: what a runtime calls.
//!
//! The order of calls is the runtime's: rows as they are delivered, barriers as they arrive, notifications
//! as they come, a crash and then a restore. What was written stays, whatever happens to the job.

use serde::Serialize;

use crate::checkpoint::CheckpointId;
use crate::sink::log::{Isolation, Outcome, OutputLog};
use crate::sink::row::Row;
use crate::sink::spec::SinkSpec;
use crate::sink::table::Table;
use crate::sink::writer::{CommitOutcome, Restored, SinkSnapshot, TwoPhaseWriter, WriterId};
use crate::time::{ProcTime, Span};

/// How many rows there are of which kind at one instant; the first is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OutputCounts {
    /// Ever written.
    pub written: u64,
    /// Decided: of committed transactions, and of none.
    pub committed: u64,
    /// Of transactions that are open.
    pub open: u64,
    /// Of aborted transactions.
    pub aborted: u64,
}

/// A sink and its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    log: OutputLog,
    writer: Option<TwoPhaseWriter>,
    commits: CommitOutcome,
}

impl Output {
    /// Nothing written yet.
    pub fn new(spec: SinkSpec) -> Self {
        let writer = match spec {
            SinkSpec::Append | SinkSpec::Upsert => None,
            SinkSpec::TwoPhaseCommit { transaction_timeout } => Some(writer(transaction_timeout)),
        };
        Self { log: OutputLog::default(), writer, commits: CommitOutcome::default() }
    }

    /// All that was written. For an upsert sink, the changelog of its table.
    pub const fn log(&self) -> &OutputLog {
        &self.log
    }

    /// All commits so far, added up; the lost ones are rows that a completed checkpoint had promised.
    pub const fn commits(&self) -> CommitOutcome {
        self.commits
    }

    /// Delivers a row.
    ///
    /// # Errors
    /// How the current transaction ended meanwhile: the row is not written, and the task has to fail. See
    /// [`TwoPhaseWriter::write`].
    pub fn write(&mut self, row: Row, now: ProcTime) -> Result<(), Outcome> {
        match &mut self.writer {
            Some(writer) => writer.write(row, now, &mut self.log),
            None => {
                self.log.append(row, now);
                Ok(())
            }
        }
    }

    /// The barrier of a checkpoint has arrived, with every row before it written. Returns what the
    /// checkpoint has to keep.
    pub fn pre_commit(&mut self, checkpoint: CheckpointId) -> SinkSnapshot {
        self.writer.as_mut().map_or_else(SinkSnapshot::default, |writer| writer.pre_commit(checkpoint))
    }

    /// The sink hears that a checkpoint is complete.
    pub fn commit(&mut self, checkpoint: CheckpointId, now: ProcTime) -> CommitOutcome {
        let Some(writer) = &mut self.writer else { return CommitOutcome::default() };
        let outcome = writer.commit(checkpoint, now, &mut self.log);
        self.commits.add(outcome);
        outcome
    }

    /// The sink's task has crashed.
    pub fn crash(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.crash();
        }
    }

    /// The sink's task starts over from a completed checkpoint, or without one from nothing
    /// ([`SinkSnapshot::default`]).
    pub fn restore(&mut self, snapshot: &SinkSnapshot, now: ProcTime) -> Restored {
        let Some(writer) = &mut self.writer else { return Restored::default() };
        let restored = writer.restore(snapshot, now, &mut self.log);
        self.commits.add(restored.commit);
        restored
    }

    /// The table that an upsert store holds at `at`, as a reader sees it.
    pub fn table(&self, isolation: Isolation, at: ProcTime) -> Table {
        Table::of(self.log.read(isolation, at))
    }

    /// How many rows there are of which kind at `at`.
    pub fn counts(&self, at: ProcTime) -> OutputCounts {
        let written = self.log.written_at().partition_point(|&written| written <= at) as u64;
        let mut counts = OutputCounts { written, ..OutputCounts::default() };
        for (owner, _) in self.log.owners().iter().zip(0..written) {
            let outcome = self.log.transactions().get(owner.index()).map(|transaction| transaction.outcome_at(at));
            match outcome {
                None | Some(Outcome::Committed(_)) => counts.committed += 1,
                Some(Outcome::Open) => counts.open += 1,
                Some(Outcome::Aborted(..)) => counts.aborted += 1,
            }
        }
        counts
    }
}

const fn writer(timeout: Span) -> TwoPhaseWriter {
    TwoPhaseWriter::new(WriterId(0), timeout)
}
