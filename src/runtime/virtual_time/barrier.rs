//! Barriers on their way from the sources to the sink: who waits for which, and what they overtake.
//!
//! A task with several inputs that aligns holds a channel back that has brought its barrier until all have
//! (Chandy and Lamport's snapshot, as in Carbone et al., Lightweight Asynchronous Snapshots, 2015). With
//! delivery at least once it goes on, and takes its snapshot with the last barrier. Unaligned, barriers
//! overtake what waits in the channels, which becomes part of the snapshot.

use crate::pipeline::{Barriers, Delivery};
use crate::runtime::Sabotage;
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::inbox::Element;
use crate::runtime::virtual_time::salt::Feed;
use crate::time::ProcTime;

/// What a task behind channels knows of checkpoints.
#[derive(Clone, Debug, Default)]
pub struct Station {
    /// The last one that it took part in.
    pub after: u32,
    /// Those of which some barriers have arrived.
    aligning: Vec<Alignment>,
}

#[derive(Clone, Debug)]
struct Alignment {
    id: u32,
    since: ProcTime,
    /// By channel.
    arrived: Vec<bool>,
}

impl Station {
    /// The barrier of a channel has arrived. Since when the first one was there, if this was the last.
    fn arrive(&mut self, id: u32, channel: usize, channels: usize, now: ProcTime) -> Option<ProcTime> {
        let place = self.aligning.iter().position(|it| it.id == id).unwrap_or_else(|| {
            self.aligning.push(Alignment { id, since: now, arrived: vec![false; channels] });
            self.aligning.len() - 1
        });
        self.aligning[place].arrived[channel] = true;
        if self.aligning[place].arrived.contains(&false) {
            return None;
        }
        Some(self.aligning.remove(place).since)
    }

    /// Whether a channel has brought a barrier that others have not.
    pub fn has_brought(&self, channel: usize) -> bool {
        self.aligning.iter().any(|it| it.arrived[channel])
    }

    /// By channel, whether it has brought this barrier.
    fn brought(&self, id: u32, channels: usize) -> Vec<bool> {
        let known = self.aligning.iter().find(|it| it.id == id);
        known.map_or_else(|| vec![false; channels], |it| it.arrived.clone())
    }

    /// One has failed, or is behind it.
    pub fn forget(&mut self, id: u32) {
        self.aligning.retain(|it| it.id != id);
    }

    /// Nothing has arrived.
    pub fn reset(&mut self, after: u32) {
        *self = Self { after, aligning: Vec::new() };
    }
}

impl Simulation {
    /// Whether tasks hold channels back.
    fn aligns(&self) -> bool {
        let waits = self.plan.rules.as_ref().is_some_and(|rules| rules.delivery != Delivery::AtLeastOnce);
        waits && !self.plan.has(Sabotage::SkipAlignment)
    }

    /// Whether a window task takes nothing from this channel, because it waits for barriers of others.
    #[inline]
    pub(super) fn is_held_back(&self, source: usize, task: usize) -> bool {
        let has_brought = self.state.control.as_ref().is_some_and(|it| it.stations[task].has_brought(source));
        has_brought && self.aligns() || self.is_cut_off(source, task)
    }

    /// Whether a merge task takes nothing from this channel.
    #[inline]
    pub(super) fn is_feed_held_back(&self, from: usize, merger: usize) -> bool {
        let station = self.plan.tasks + merger;
        self.state.control.as_ref().is_some_and(|it| it.stations[station].has_brought(from)) && self.aligns()
    }

    fn is_cut_off(&self, source: usize, task: usize) -> bool {
        self.plan.rules.as_ref().is_some_and(|rules| rules.is_cut(source, task, self.state.now))
    }

    /// The network to a window task works again: what has waited arrives, and barriers overtake that could not.
    pub(super) fn heal(&mut self, task: usize) {
        if self.state.tasks[task].inbox.release() {
            self.take_waiting(task);
        }
        let under_way: Vec<u32> = self.recovery().0.pending.iter().map(|it| it.id).collect();
        for id in under_way {
            if self.is_unaligned(id) {
                self.overtake(id);
            }
        }
    }

    /// Barriers leave a source task behind everything that it has sent.
    pub(super) fn send_barriers(&mut self, source: usize, id: u32) {
        let spec = self.plan.rules.as_ref().and_then(|rules| rules.checkpoints);
        if spec.is_some_and(|spec| spec.barriers == Barriers::Unaligned) {
            return;
        }
        for task in 0..self.plan.tasks {
            self.deliver(source, task, Element::Barrier(id));
        }
    }

    /// A window task takes a barrier out of a channel.
    pub(super) fn take_barrier(&mut self, source: usize, task: usize, id: u32) {
        let (now, channels) = (self.state.now, self.plan.reads.len());
        let (control, ..) = self.recovery();
        if !control.is_under_way(id) || control.stations[task].after >= id {
            return;
        }
        if let Some(since) = control.stations[task].arrive(id, source, channels, now) {
            self.note_alignment(id, since);
            self.snapshot_task(task, id, Vec::new());
            self.pass_on(task, id);
            if self.state.tasks[task].inbox.release() {
                self.take_waiting(task);
            }
        }
    }

    /// A merge task takes a barrier out of a channel.
    pub(super) fn take_feed_barrier(&mut self, from: usize, merger: usize, id: u32) {
        let (now, channels) = (self.state.now, self.plan.tasks);
        let station = self.plan.tasks + merger;
        let (control, ..) = self.recovery();
        if !control.is_under_way(id) || control.stations[station].after >= id {
            return;
        }
        if let Some(since) = control.stations[station].arrive(id, from, channels, now) {
            self.note_alignment(id, since);
            self.snapshot_merger(merger, id);
            self.sink_barrier(merger, id);
            if self.state.mergers[merger].release() {
                self.take_waiting_feeds(merger);
            }
        }
    }

    /// A window task has taken its snapshot: the barrier goes on behind what it has emitted.
    fn pass_on(&mut self, task: usize, id: u32) {
        if self.plan.mergers > 0 {
            self.state.tasks[task].parts.queue.push_back(Feed::Barrier(id));
            self.forward(task);
        } else {
            self.sink_barrier(task, id);
        }
    }

    fn note_alignment(&mut self, id: u32, since: ProcTime) {
        let took = self.state.now - since;
        if let Some(row) = self.recovery().2.checkpoints.iter_mut().rev().find(|row| row.id == id) {
            row.alignment = row.alignment.max(took);
        }
    }

    /// Barriers overtake everything that waits in front of the window tasks.
    pub(super) fn overtake(&mut self, id: u32) {
        let channels = self.plan.reads.len();
        let now = self.state.now;
        let (control, _, log) = self.recovery();
        if !control.is_under_way(id) {
            return;
        }
        if let Some(row) = log.checkpoints.iter_mut().rev().find(|row| row.id == id) {
            row.switched = row.began < now;
        }
        let late: Vec<usize> = (0..channels).filter(|&it| control_waits(&self.state, it, id)).collect();
        for source in late {
            self.snapshot_source(source, id);
        }
        for task in 0..self.plan.tasks {
            let (control, ..) = self.recovery();
            let is_done = control.stations[task].after >= id;
            if is_done || (0..channels).any(|source| self.is_cut_off(source, task)) {
                continue;
            }
            let (control, ..) = self.recovery();
            let mut passed = control.stations[task].brought(id, channels);
            control.stations[task].forget(id);
            let in_flight = self.state.tasks[task].overtaken(id, &mut passed);
            self.snapshot_task(task, id, in_flight);
            self.pass_on(task, id);
            if self.state.tasks[task].inbox.release() {
                self.take_waiting(task);
            }
        }
    }

    /// A checkpoint has failed: nobody waits for its barriers any more.
    pub(super) fn release_barriers(&mut self, id: u32) {
        let (control, ..) = self.recovery();
        control.stations.iter_mut().for_each(|station| station.forget(id));
        control.waiting_barriers.iter_mut().for_each(|ids| ids.retain(|&other| other != id));
        self.state.sink.forget_barrier(id);
        for task in 0..self.plan.tasks {
            if self.state.tasks[task].inbox.release() {
                self.take_waiting(task);
            }
        }
        for merger in 0..self.plan.mergers {
            if self.state.mergers[merger].release() {
                self.take_waiting_feeds(merger);
            }
        }
    }
}

fn control_waits(state: &super::State, source: usize, id: u32) -> bool {
    state.control.as_ref().is_some_and(|control| control.waiting_barriers[source].contains(&id))
}
