//! Who reads which partition, and when nobody does: fixed by the number of the partition, or as a
//! consumer group had it at every instant.

use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::record::PartitionId;
use crate::runtime::{OwnerStep, Pause, TaskId, Trace};
use crate::time::ProcTime;
use crate::watermark::InputStatus;

/// Who reads which partition over a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners {
    sources: usize,
    /// By partition: who has it from when on, ascending; empty where that never changes.
    tenures: Vec<Vec<(ProcTime, usize)>>,
    /// By partition: when nobody read it because of the group, ascending.
    pauses: Vec<Vec<Pause>>,
    /// By source task: when it was told idle, or awake.
    statuses: Vec<Vec<(ProcTime, InputStatus)>>,
    /// By source task: whether it has nothing to read when the run begins.
    starts_idle: Vec<bool>,
}

impl Owners {
    /// Of a finished run. O(changes of owners and pauses, partitions).
    pub fn of(trace: &Trace) -> Self {
        let sources = trace.pipeline.tasks.sources as usize;
        if trace.pipeline.group.is_none() {
            return Self { sources, ..Self::default() };
        }
        let partitions = trace.stream.partitions().max(1);
        let mut tenures = vec![Vec::new(); partitions];
        let mut pauses = vec![Vec::new(); partitions];
        for step in &trace.owners {
            if let (Some(of), Some(owner)) = (tenures.get_mut(step.partition.index()), step.owner) {
                of.push((step.at, usize::from(owner)));
            }
        }
        for pause in &trace.pauses {
            if let Some(of) = pauses.get_mut(pause.partition.index()) {
                of.push(*pause);
            }
        }
        let (starts_idle, statuses) = statuses(trace, sources);
        Self { sources, tenures, pauses, statuses, starts_idle }
    }

    /// Whether partitions may change their reader.
    pub const fn is_group(&self) -> bool {
        !self.tenures.is_empty()
    }

    /// The source task that reads a partition at an instant, or has read it last; the first one where
    /// nobody has yet. O(log n).
    pub fn reader_at(&self, partition: PartitionId, now: ProcTime) -> usize {
        match self.tenures.get(partition.index()) {
            None => partition.index() % self.sources.max(1),
            Some(tenures) => {
                let begun = tenures.partition_point(|&(at, _)| at <= now);
                begun.checked_sub(1).map_or(0, |last| tenures[last].1)
            }
        }
    }

    /// Why nobody reads a partition at an instant, where that is the group's doing. O(log n).
    pub fn pause_at(&self, partition: PartitionId, now: ProcTime) -> Option<&Pause> {
        let pauses = self.pauses.get(partition.index())?;
        let last = pauses.partition_point(|pause| pause.from <= now).checked_sub(1)?;
        Some(&pauses[last]).filter(|pause| now < pause.until)
    }

    /// When nobody read a partition because of the group.
    pub fn paused(&self, partition: PartitionId) -> Intervals {
        let pauses = self.pauses.get(partition.index()).map_or(&[][..], Vec::as_slice);
        Intervals::of_unsorted(pauses.iter().map(|pause| Stretch::new(pause.from, pause.until)).collect())
    }

    /// When a source task of a group was told idle, or awake, ascending.
    pub fn statuses(&self, source: usize) -> &[(ProcTime, InputStatus)] {
        self.statuses.get(source).map_or(&[], Vec::as_slice)
    }

    /// Whether a source task of a group has nothing to read when the run begins.
    pub fn starts_idle(&self, source: usize) -> bool {
        self.starts_idle.get(source).copied().unwrap_or(false)
    }

    /// The source task that sent the copy of a record that settled it; `None` where none did. `place`
    /// is that of the record in the trace.
    pub fn reader_of_record(&self, trace: &Trace, place: usize) -> Option<usize> {
        if self.is_group() {
            trace.readers.get(place).filter(|&&reader| reader != TaskId::NO_TASK).map(|&reader| usize::from(reader))
        } else {
            let partition = trace.stream.partition(crate::record::RecordId(place as u32));
            Some(partition.index() % self.sources.max(1))
        }
    }
}

/// Who has nothing to read is told idle when no rebalance is under way.
fn statuses(trace: &Trace, sources: usize) -> (Vec<bool>, Vec<Vec<(ProcTime, InputStatus)>>) {
    let mut owned = vec![0_usize; sources];
    let mut owner: Vec<Option<u16>> = vec![None; trace.stream.partitions()];
    let mut apply = |step: &OwnerStep, owned: &mut Vec<usize>| {
        if let Some(before) = owner.get_mut(step.partition.index()) {
            before.iter().for_each(|&task| owned[usize::from(task)] -= 1);
            step.owner.iter().for_each(|&task| owned[usize::from(task)] += 1);
            *before = step.owner;
        }
    };
    let mut steps = trace.owners.iter().peekable();
    while let Some(step) = steps.next_if(|step| step.at == ProcTime::MIN) {
        apply(step, &mut owned);
    }
    let starts_idle: Vec<bool> = owned.iter().map(|&owned| owned == 0).collect();
    let mut is_idle = starts_idle.clone();
    let mut statuses = vec![Vec::new(); sources];
    for (place, rebalance) in trace.rebalances.iter().enumerate() {
        let at = rebalance.finished_at;
        let goes_on = trace.rebalances.get(place + 1).is_some_and(|next| next.started_at == at);
        if at == ProcTime::MAX || goes_on {
            continue;
        }
        while let Some(step) = steps.next_if(|step| step.at <= at) {
            apply(step, &mut owned);
        }
        for source in 0..sources {
            let idle = owned[source] == 0;
            if std::mem::replace(&mut is_idle[source], idle) != idle {
                statuses[source].push((at, if idle { InputStatus::Idle } else { InputStatus::Active }));
            }
        }
    }
    (starts_idle, statuses)
}
