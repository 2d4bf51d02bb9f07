//! What the log puts between a record and its reader: it may be gone (retention), and a partition
//! may be read only so often and so much (egress limits).
//!
//! A read returns what has arrived, up to a limit, and its records are then at hand. A record is
//! lost when its source gets to it and the log no longer holds it: the reader is put forward to the
//! first record that is there, as with Kafka's `auto.offset.reset=earliest`.

use crate::log::LogRules;
use crate::log::egress::Egress;
use crate::log::retention::Retention;
use crate::record::{PartitionId, RecordId};
use crate::runtime::trace::Fate;
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::copies::Copies;
use crate::runtime::virtual_time::plan::arrival;
use crate::time::{EventTime, ProcTime};

/// The limits of a log, by partition.
#[derive(Clone, Debug)]
pub struct Limits {
    retention: Vec<Retention>,
    egress: Option<Egress>,
    /// By partition: the offset up to which the last read went.
    fetched: Vec<u32>,
}

impl Limits {
    /// The limits of so many partitions before the first read; `None` when there are none.
    pub fn new(rules: &LogRules, partitions: usize) -> Option<Self> {
        let egress = Some(Egress::new(rules, partitions)).filter(Egress::limits);
        let is_limited = egress.is_some() || rules.retention_age.is_some() || rules.retention_records.is_some();
        is_limited.then(|| Self {
            retention: vec![Retention::new(rules); partitions],
            egress,
            fetched: vec![0; partitions],
        })
    }

    /// Whether a log of these rules has any.
    pub fn are_set(rules: &LogRules) -> bool {
        Self::new(rules, 1).is_some()
    }
}

impl Simulation {
    /// Of what is in the log and not read: when the record at this place of its partition can be read.
    #[inline]
    pub(super) fn readable_at(&self, list: usize, id: RecordId) -> ProcTime {
        let at = arrival(&self.plan.stream, id).max(self.state.now);
        let limits = self.state.limits.as_ref();
        let egress = limits.and_then(|limits| Some((limits.fetched[list], limits.egress.as_ref()?)));
        match egress {
            Some((fetched, egress)) if self.state.log.position(list) >= fetched => {
                egress.next_read(PartitionId(list as u32), at)
            }
            _ => at,
        }
    }

    /// Notes a read of a partition, unless its next record is at hand from the last one.
    pub(super) fn fetch(&mut self, list: usize) {
        let (now, arrived) = (self.state.now, self.arrived());
        let position = self.state.log.position(list);
        let there = self.state.log.arrived(list, arrived);
        let Some(limits) = &mut self.state.limits else { return };
        if let Some(egress) = &mut limits.egress
            && position >= limits.fetched[list]
        {
            let records = there.saturating_sub(position).min(egress.records_per_read());
            egress.read(PartitionId(list as u32), now, records);
            limits.fetched[list] = position + records;
        }
    }

    /// What a source task has read and not worked on has to be read again.
    pub(super) fn forget_reads(&mut self, source: usize) {
        if self.state.limits.is_some() {
            self.reads(source).to_vec().into_iter().for_each(|list| self.forget_reads_of(list));
        }
    }

    /// What has been read of a partition and not worked on has to be read again.
    pub(super) fn forget_reads_of(&mut self, list: usize) {
        let position = self.state.log.position(list);
        if let Some(limits) = &mut self.state.limits {
            limits.fetched[list] = limits.fetched[list].min(position);
        }
    }

    /// A copy of a record that has been read before is not lost with the log: the first one is elsewhere.
    fn loses_copy(&mut self, list: usize) -> bool {
        let position = self.state.log.position(list);
        let is_copy = self.state.members.as_ref().is_some_and(|members| members.reads_again(list, position));
        if is_copy {
            self.state.log.advance(list);
            self.state.copies.iter_mut().for_each(Copies::vanish);
        }
        is_copy
    }

    /// Gives up the records of a source task that the log no longer holds.
    pub(super) fn expire(&mut self, source: usize) {
        if self.state.limits.is_none() {
            return;
        }
        let (plan, now, arrived) = (std::sync::Arc::clone(&self.plan), self.state.now, self.arrived());
        for list in self.reads(source).to_vec() {
            let there = u64::from(self.state.log.arrived(list, arrived));
            let written = |offset: u64| {
                let id = plan.lists.get(list, u32::try_from(offset).unwrap_or(u32::MAX));
                id.map_or(ProcTime::MAX, |id| arrival(&plan.stream, id))
            };
            let Some(limits) = &mut self.state.limits else { return };
            let kept = limits.retention[list].first_kept(now, there, written);
            // What the last read returned is at hand and cannot be lost.
            let at_hand = limits.fetched[list];
            while u64::from(self.state.log.position(list)) < kept && self.state.log.position(list) >= at_hand {
                // Of what is in no batch yet, the next batch finds out.
                let is_due = |id: &RecordId| self.state.batch.as_ref().is_none_or(|batch| batch.holds(*id));
                let Some(id) = self.state.log.front(list).filter(is_due) else { break };
                if self.loses_copy(list) {
                    continue;
                }
                self.state.log.advance(list);
                self.state.sources[source].clock.on_lost(plan.stream.partition(id));
                self.clock_changed(source);
                self.settle_unseen(id, Fate::Lost, EventTime::MIN);
            }
        }
    }
}
