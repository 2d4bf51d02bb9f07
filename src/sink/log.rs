//! The log that a sink writes to: rows in order, some of them in transactions. It outlives every crash of
//! the job, and aborts by itself a transaction that has been open longer than its timeout.
//!
//! A transaction begins with its first row. A row written outside of one is decided at once. What a reader
//! sees depends on its [`Isolation`]; a reader of committed rows never gets past the first row of a
//! transaction that is still open (Kafka's last stable offset), so that it reads rows in their order.

use serde::{Deserialize, Serialize};

use crate::sink::row::Row;
use crate::sink::writer::WriterId;
use crate::time::{ProcTime, Span};

/// A transaction: an index into [`OutputLog::transactions`], in order of their first rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionId(pub u32);

impl TransactionId {
    /// Of a row outside of all transactions.
    pub const NONE: Self = Self(u32::MAX);

    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a reader waits for (Kafka's `isolation.level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Isolation {
    /// Every row as soon as it is written, also of transactions that are aborted later.
    ReadUncommitted,
    /// Only rows that are decided: of committed transactions, and of none.
    ReadCommitted,
}

/// Why a transaction was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AbortReason {
    /// A writer that was started again found it open and of no checkpoint (Kafka fences it).
    Fenced,
    /// It was open longer than its timeout.
    Expired,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Not yet.
    Open,
    /// Its rows are results, since then.
    Committed(ProcTime),
    /// Its rows are void, since then.
    Aborted(ProcTime, AbortReason),
}

/// A transaction of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Who writes in it.
    pub writer: WriterId,
    /// When its first row was written.
    pub began_at: ProcTime,
    /// The last instant at which it can be committed.
    pub deadline: ProcTime,
    /// The place of its first row.
    pub first_row: u32,
    /// How many rows it has.
    pub rows: u32,
    /// How it ended, as far as anyone has asked; see [`Transaction::outcome_at`].
    outcome: Outcome,
}

impl Transaction {
    /// How it has ended by `now`.
    pub fn outcome_at(&self, now: ProcTime) -> Outcome {
        match self.outcome {
            Outcome::Open if now > self.deadline => Outcome::Aborted(self.expires_at(), AbortReason::Expired),
            Outcome::Committed(at) | Outcome::Aborted(at, _) if at > now => Outcome::Open,
            outcome => outcome,
        }
    }

    /// When it ends if nobody ends it.
    fn expires_at(&self) -> ProcTime {
        self.deadline + Span::from_micros(1)
    }

    /// When readers need not wait for it any more, and whether they get its rows.
    fn end(&self) -> (ProcTime, bool) {
        match self.outcome {
            Outcome::Open => (self.expires_at(), false),
            Outcome::Committed(at) => (at, true),
            Outcome::Aborted(at, _) => (at, false),
        }
    }
}

/// The log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutputLog {
    rows: Vec<Row>,
    written_at: Vec<ProcTime>,
    owners: Vec<TransactionId>,
    transactions: Vec<Transaction>,
}

impl OutputLog {
    /// Every row that was ever written, in order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// For every row, when it was written; never descending.
    pub fn written_at(&self) -> &[ProcTime] {
        &self.written_at
    }

    /// For every row, in which transaction; [`TransactionId::NONE`] outside of all.
    pub fn owners(&self) -> &[TransactionId] {
        &self.owners
    }

    /// Every transaction that ever began, in order of their first rows.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Writes a row outside of all transactions.
    pub fn append(&mut self, row: Row, now: ProcTime) {
        self.push(row, now, TransactionId::NONE);
    }

    /// Begins a transaction with its first row. It can be committed until `timeout` from now, inclusive.
    pub fn begin(&mut self, writer: WriterId, timeout: Span, row: Row, now: ProcTime) -> TransactionId {
        let id = TransactionId(self.transactions.len() as u32);
        let (first_row, deadline) = (self.rows.len() as u32, now + timeout);
        let outcome = Outcome::Open;
        self.transactions.push(Transaction { writer, began_at: now, deadline, first_row, rows: 1, outcome });
        self.push(row, now, id);
        id
    }

    /// Writes a row in an open transaction.
    ///
    /// # Errors
    /// The outcome, when it is not open any more or there is none of that name; the row is not written.
    pub fn write(&mut self, id: TransactionId, row: Row, now: ProcTime) -> Result<(), Outcome> {
        let transaction = self.open(id, now)?;
        transaction.rows += 1;
        self.push(row, now, id);
        Ok(())
    }

    /// Commits a transaction; one that is committed already stays so. Whether this call did it.
    ///
    /// # Errors
    /// The outcome, when it was aborted: its rows are void for good.
    pub fn commit(&mut self, id: TransactionId, now: ProcTime) -> Result<bool, Outcome> {
        match self.open(id, now) {
            Ok(transaction) => {
                transaction.outcome = Outcome::Committed(now);
                Ok(true)
            }
            Err(Outcome::Committed(_)) => Ok(false),
            Err(outcome) => Err(outcome),
        }
    }

    /// Aborts a transaction as one that its writer has left behind, unless it has ended. Whether this
    /// call did it.
    pub fn fence(&mut self, id: TransactionId, now: ProcTime) -> bool {
        let Ok(transaction) = self.open(id, now) else { return false };
        transaction.outcome = Outcome::Aborted(now, AbortReason::Fenced);
        true
    }

    /// The transactions that are open at `now`, in order of their first rows. It looks at all.
    pub fn open_at(&self, now: ProcTime) -> impl Iterator<Item = TransactionId> + '_ {
        let is_open = move |transaction: &Transaction| transaction.outcome_at(now) == Outcome::Open;
        let ids = (0..self.transactions.len() as u32).map(TransactionId);
        ids.filter(move |id| is_open(&self.transactions[id.index()]))
    }

    /// For every row, from when on a reader sees it; [`ProcTime::MAX`] for one that it never sees. A
    /// transaction that is open counts as one that will expire.
    pub fn visible_from(&self, isolation: Isolation) -> Vec<ProcTime> {
        if isolation == Isolation::ReadUncommitted {
            return self.written_at.clone();
        }
        let mut stable_from = ProcTime::MIN;
        let owners_and_writes = self.owners.iter().zip(&self.written_at);
        let seen = owners_and_writes.map(|(owner, &written_at)| match self.transactions.get(owner.index()) {
            None => written_at.max(stable_from),
            Some(transaction) => {
                let (ended_at, is_committed) = transaction.end();
                stable_from = stable_from.max(ended_at);
                if is_committed { stable_from } else { ProcTime::MAX }
            }
        });
        seen.collect()
    }

    /// What a reader has seen by `at`, in order. Linear in all rows; for many instants take
    /// [`OutputLog::visible_from`] once.
    pub fn read(&self, isolation: Isolation, at: ProcTime) -> impl Iterator<Item = &Row> {
        let seen = self.visible_from(isolation);
        self.rows.iter().zip(seen).filter(move |(_, from)| *from <= at && *from != ProcTime::MAX).map(|(row, _)| row)
    }

    fn push(&mut self, row: Row, now: ProcTime, owner: TransactionId) {
        self.rows.push(row);
        self.written_at.push(now);
        self.owners.push(owner);
    }

    /// An open transaction; one that has expired is aborted here.
    fn open(&mut self, id: TransactionId, now: ProcTime) -> Result<&mut Transaction, Outcome> {
        let unknown = Outcome::Aborted(now, AbortReason::Fenced);
        let transaction = self.transactions.get_mut(id.index()).ok_or(unknown)?;
        if transaction.outcome == Outcome::Open {
            transaction.outcome = transaction.outcome_at(now);
        }
        match transaction.outcome {
            Outcome::Open => Ok(transaction),
            outcome => Err(outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KeyId;
    use crate::sink::row::Change;
    use crate::time::EventTime;
    use crate::window::pane::Window;

    const MINUTE: Span = Span::from_secs(60);
    const WRITER: WriterId = WriterId(0);

    fn row(pane: u32) -> Row {
        let window = Window::new(EventTime::EPOCH, EventTime::from_millis(1));
        Row { pane, key: KeyId(0), window, change: Change::Put(Some(1.0)) }
    }

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_millis(secs * 1_000)
    }

    /// The panes that a reader has seen by an instant.
    fn seen(log: &OutputLog, isolation: Isolation, secs: i64) -> Vec<u32> {
        log.read(isolation, at(secs)).map(|row| row.pane).collect()
    }

    #[test]
    fn a_row_outside_of_transactions_is_seen_at_once_by_all() {
        let mut log = OutputLog::default();
        log.append(row(0), at(1));
        log.append(row(1), at(2));
        for isolation in [Isolation::ReadUncommitted, Isolation::ReadCommitted] {
            let counts = [0, 1, 2].map(|secs| seen(&log, isolation, secs).len());
            assert_eq!(counts, [0, 1, 2]);
        }
    }

    #[test]
    fn committed_rows_appear_together_and_aborted_ones_only_to_the_impatient() {
        let mut log = OutputLog::default();
        let first = log.begin(WRITER, MINUTE, row(0), at(1));
        assert_eq!(log.write(first, row(1), at(2)), Ok(()));
        let second = log.begin(WRITER, MINUTE, row(2), at(3));
        assert_eq!(log.commit(first, at(4)), Ok(true));
        assert!(log.fence(second, at(5)));
        assert!(!log.fence(second, at(6)));
        assert_eq!(seen(&log, Isolation::ReadUncommitted, 3), [0, 1, 2]);
        assert_eq!(seen(&log, Isolation::ReadUncommitted, 9), [0, 1, 2]);
        assert!(seen(&log, Isolation::ReadCommitted, 3).is_empty());
        assert_eq!(seen(&log, Isolation::ReadCommitted, 4), [0, 1]);
        assert_eq!(seen(&log, Isolation::ReadCommitted, 9), [0, 1]);
        let outcomes = [3, 4, 5].map(|secs| log.transactions()[1].outcome_at(at(secs)));
        let aborted = Outcome::Aborted(at(5), AbortReason::Fenced);
        assert_eq!(outcomes, [Outcome::Open, Outcome::Open, aborted]);
    }

    #[test]
    fn an_open_transaction_holds_back_all_that_comes_after_its_first_row() {
        let mut log = OutputLog::default();
        let slow = log.begin(WRITER, MINUTE, row(0), at(1));
        let fast = log.begin(WriterId(1), MINUTE, row(1), at(2));
        log.append(row(2), at(3));
        assert_eq!(log.commit(fast, at(4)), Ok(true));
        assert!(seen(&log, Isolation::ReadCommitted, 30).is_empty());
        assert_eq!(log.commit(slow, at(40)), Ok(true));
        assert!(seen(&log, Isolation::ReadCommitted, 39).is_empty());
        assert_eq!(seen(&log, Isolation::ReadCommitted, 40), [0, 1, 2]);
    }

    #[test]
    fn a_transaction_expires_right_after_its_deadline() {
        let begun = || {
            let mut log = OutputLog::default();
            let id = log.begin(WRITER, MINUTE, row(0), at(10));
            log.append(row(1), at(11));
            (log, id)
        };
        let (mut log, id) = begun();
        assert_eq!(log.commit(id, at(70)), Ok(true));
        assert_eq!(log.commit(id, at(700)), Ok(false));
        let (mut log, id) = begun();
        let late = at(70) + Span::from_micros(1);
        let expired = Outcome::Aborted(late, AbortReason::Expired);
        assert_eq!(log.open_at(at(70)).count(), 1);
        assert_eq!(log.open_at(late).count(), 0);
        assert_eq!(log.write(id, row(2), at(80)), Err(expired));
        assert_eq!(log.commit(id, at(90)), Err(expired));
        assert!(!log.fence(id, at(90)));
        assert_eq!(log.visible_from(Isolation::ReadCommitted), [ProcTime::MAX, late]);
        assert_eq!(log.rows().len(), 2);
    }

    #[test]
    fn an_unknown_transaction_cannot_be_written_or_committed() {
        let mut log = OutputLog::default();
        let unknown = Err(Outcome::Aborted(at(1), AbortReason::Fenced));
        assert_eq!(log.write(TransactionId(3), row(0), at(1)), unknown);
        assert_eq!(log.commit(TransactionId(3), at(1)).map(|_| ()), unknown);
        assert!(!log.fence(TransactionId::NONE, at(1)));
        assert_eq!(log.rows().len(), 0);
    }
}
