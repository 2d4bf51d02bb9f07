//! Copies of records: a reader that goes back in the log reads records again that it, or another one,
//! has read before.
//!
//! The first copy that meets a fate settles the record; what becomes of every other one is a
//! [`Repeat`] and leaves the record where it is in the trace. So that no record gets out of sight, the
//! copies beyond the first one are counted: `in flight + extra = unread + in channels + in hands`.

use crate::record::RecordId;
use crate::runtime::trace::{Fate, Repeat, TaskId};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::inbox::Sent;
use crate::time::ProcTime;

/// Which records have met a fate, and how many copies of records there are beyond one each.
#[derive(Clone, Debug)]
pub struct Copies {
    /// One bit for every record, by its place in order of arrival.
    is_settled: Vec<u64>,
    /// Copies beyond the one that every unsettled record has.
    extra: u64,
}

impl Copies {
    /// Of so many records, none of which has met a fate.
    pub fn new(records: usize) -> Self {
        Self { is_settled: vec![0; records.div_ceil(64)], extra: 0 }
    }

    /// Copies of records that are in the log, in channels or in hands beyond those that the ledger
    /// has in flight.
    pub const fn extra(&self) -> u64 {
        self.extra
    }

    /// A reader has gone back by so many records: they can be read again.
    pub const fn gone_back(&mut self, records: u64) {
        self.extra += records;
    }

    /// A copy of a record of which there are more is gone, without a fate.
    pub const fn vanish(&mut self) {
        self.extra -= 1;
    }

    /// A copy has met a fate. Whether the record had met one before.
    pub fn settle(&mut self, id: RecordId) -> bool {
        let (word, bit) = (&mut self.is_settled[id.index() / 64], 1 << (id.index() % 64));
        let was_settled = *word & bit != 0;
        *word |= bit;
        self.extra -= u64::from(was_settled);
        was_settled
    }
}

impl Simulation {
    /// Whether a copy of a record that meets a fate now is one too many. The reader of the first one is
    /// written down.
    #[inline]
    pub(super) fn is_repeat(&mut self, sent: &Sent) -> bool {
        let Some(copies) = &mut self.state.copies else { return false };
        let was_settled = copies.settle(sent.id);
        if !was_settled {
            self.trace.readers.push(sent.source);
        }
        was_settled
    }

    /// Writes down what has become of a record that had met its fate before; `task` is the window task
    /// that handled it, if one did.
    pub(super) fn note_repeat(&mut self, sent: &Sent, started: ProcTime, task: Option<usize>, fate: Fate) {
        self.state.settled.duplicated += u64::from(fate == Fate::Counted);
        self.trace.repeats.push(Repeat {
            record: sent.id,
            source: sent.source,
            task: task.map_or(TaskId::NO_TASK, |task| task as u16),
            enqueued_at: sent.enqueued,
            started_at: started,
            handled_at: self.state.now,
            fate,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_copy_settles_a_record_and_every_other_one_is_extra() {
        let mut copies = Copies::new(65);
        assert!(!copies.settle(RecordId(64)));
        // Both are read again, one for the second time and one for the first.
        copies.gone_back(2);
        assert_eq!(copies.extra(), 2);
        assert!(!copies.settle(RecordId(0)));
        assert_eq!(copies.extra(), 2);
        assert!(copies.settle(RecordId(64)));
        assert!(copies.settle(RecordId(0)));
        assert_eq!(copies.extra(), 0);
    }
}
