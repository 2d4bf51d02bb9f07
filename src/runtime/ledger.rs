//! The ledger: every record has exactly one fate at every instant.
//!
//! `produced = in flight + counted + dropped late + side output + unassigned + dead lettered + shed +
//! lost`. Counted apart are duplicates and, of the lost, those that the schema gate rejected. A record is
//! produced when it reaches the log. What is lost before the log is in [`crate::production::Production`];
//! a whole run's account counts it as produced and lost ([`Ledger::with_production`]).

use serde::{Deserialize, Serialize};

use crate::runtime::trace::Fate;

/// How many records are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Records that have reached the log.
    pub produced: u64,
    /// In the log, in the queue, or being worked on.
    pub in_flight: u64,
    /// Counted in at least one window.
    pub counted: u64,
    /// Dropped: every window was gone.
    pub dropped_late: u64,
    /// Sent to the side output: every window was gone.
    pub side_output: u64,
    /// In no window (slide > size).
    pub unassigned: u64,
    /// Refused by the schema gate, and written to the dead letters.
    pub dead_lettered: u64,
    /// Given up because a queue was full.
    pub shed: u64,
    /// Lost by a failure, by retention, or because the schema gate refused it and nobody kept it.
    pub lost: u64,
    /// Of those lost: refused by the schema gate. Not part of the sum.
    pub rejected: u64,
    /// Counted more than once; not part of the sum.
    pub duplicated: u64,
}

impl Ledger {
    /// A record has met this fate. What is produced and in flight is the caller's to know.
    pub const fn note(&mut self, fate: Fate) {
        match fate {
            Fate::Counted => self.counted += 1,
            Fate::DroppedLate => self.dropped_late += 1,
            Fate::SideOutput => self.side_output += 1,
            Fate::Unassigned => self.unassigned += 1,
            Fate::Shed => self.shed += 1,
            Fate::Lost => self.lost += 1,
            Fate::Rejected => {
                self.lost += 1;
                self.rejected += 1;
            }
            Fate::DeadLettered => self.dead_lettered += 1,
            Fate::InFlight => {}
        }
    }

    /// A record has lost this fate, and meets another.
    pub(in crate::runtime) const fn forget(&mut self, fate: Fate) {
        match fate {
            Fate::Counted => self.counted -= 1,
            Fate::DroppedLate => self.dropped_late -= 1,
            Fate::SideOutput => self.side_output -= 1,
            Fate::Unassigned => self.unassigned -= 1,
            Fate::Shed => self.shed -= 1,
            Fate::Lost => self.lost -= 1,
            Fate::Rejected => {
                self.lost -= 1;
                self.rejected -= 1;
            }
            Fate::DeadLettered => self.dead_lettered -= 1,
            Fate::InFlight => {}
        }
    }

    /// The same account with what happened before the log: records that were lost there are produced and
    /// lost, and copies that were counted are duplicated. It balances when it did before.
    #[must_use]
    pub const fn with_production(self, lost: u64, copies_counted: u64) -> Self {
        Self {
            produced: self.produced + lost,
            lost: self.lost + lost,
            duplicated: self.duplicated + copies_counted,
            ..self
        }
    }

    /// Produced minus the sum of all fates; 0 when the books are right.
    pub const fn difference(&self) -> i64 {
        let fates = self.in_flight
            + self.counted
            + self.dropped_late
            + self.side_output
            + self.unassigned
            + self.dead_lettered
            + self.shed
            + self.lost;
        self.produced.wrapping_sub(fates) as i64
    }

    /// Whether every record has exactly one fate.
    pub const fn balances(&self) -> bool {
        self.difference() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_through_every_fate_and_notices_a_missing_record() {
        let mut ledger = Ledger::default();
        let fates = [
            Fate::Counted,
            Fate::DroppedLate,
            Fate::SideOutput,
            Fate::Unassigned,
            Fate::Shed,
            Fate::Lost,
            Fate::Rejected,
            Fate::DeadLettered,
        ];
        for fate in fates {
            ledger.produced += 1;
            ledger.in_flight += 1;
            assert!(ledger.balances());
            ledger.in_flight -= 1;
            assert_eq!(ledger.difference(), 1);
            ledger.note(fate);
            assert!(ledger.balances());
            let after = ledger;
            ledger.forget(fate);
            ledger.note(fate);
            assert_eq!(ledger, after);
        }
        assert_eq!((ledger.produced, ledger.in_flight, ledger.lost, ledger.rejected), (8, 0, 2, 1));
        let whole = ledger.with_production(3, 1);
        assert_eq!((whole.produced, whole.lost, whole.duplicated), (11, 5, 1));
        assert!(whole.balances());
        ledger.counted -= 1;
        assert_eq!(ledger.difference(), 1);
    }
}
