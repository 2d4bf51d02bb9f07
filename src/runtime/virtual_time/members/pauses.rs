//! When nobody reads a partition, and why: written down as it begins and as it ends.

use crate::record::PartitionId;
use crate::runtime::rebalance::{Pause, PauseReason};
use crate::runtime::trace::Trace;
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::members::Members;
use crate::time::ProcTime;

impl Members {
    /// Why nobody reads a partition; `None` while somebody does.
    fn pause_of(&self, partition: usize) -> Option<PauseReason> {
        let Some(source) = self.owner[partition] else { return Some(PauseReason::Rebalance) };
        let condition = self.condition[source];
        // At most MAX_TASKS tasks.
        let task = source as u16;
        if condition.silences > 0 || !condition.is_in {
            Some(PauseReason::Silent(task))
        } else {
            (condition.stalls > 0).then_some(PauseReason::Stalled(task))
        }
    }

    /// In a trace that goes on: what has not ended by now has not ended.
    pub fn reopen(&self, trace: &mut Trace) {
        for place in self.open_pauses.iter().flatten() {
            if let Some(pause) = trace.pauses.get_mut(*place) {
                pause.until = ProcTime::MAX;
            }
        }
        if let Some(rebalance) = self.open_rebalance.and_then(|place| trace.rebalances.get_mut(place)) {
            (rebalance.finished_at, rebalance.generation, rebalance.members) = (ProcTime::MAX, 0, 0);
        }
    }
}

impl Simulation {
    /// Writes down which partitions are read no more, and which again.
    pub(super) fn note_pauses(&mut self, members: &mut Members) {
        let now = self.state.now;
        for partition in 0..members.owner.len() {
            let reason = members.pause_of(partition);
            let open = members.open_pauses[partition];
            if open.map(|place| self.trace.pauses[place].reason) == reason {
                continue;
            }
            if let Some(place) = open {
                self.trace.pauses[place].until = now;
            }
            members.open_pauses[partition] = reason.map(|reason| {
                let partition = PartitionId(partition as u32);
                self.trace.pauses.push(Pause { partition, from: now, until: ProcTime::MAX, reason });
                self.trace.pauses.len() - 1
            });
        }
    }
}
