//! Source tasks as members of a consumer group: partitions move between them while records flow.
//!
//! [`crate::group::Group`] decides who has what; here it is done. A member that gives a partition up
//! commits how far it has read; one that is removed has not, so the next reader goes back to the last
//! commit and reads again. What a member has in hand it sends on, whatever becomes of it. A member that
//! does not answer keeps its partitions and reads nothing; when it is back and has been removed, it
//! joins at once. A source task is told idle, or awake, when no rebalance is under way.
//!
//! The group has formed when the run begins, with heartbeats evenly apart from each other. It acts
//! while anything in the log is unread, and no longer.

mod pauses;
pub mod schedule;

use std::collections::VecDeque;

use crate::group::{Cause, Event, Group, MemberId, Output, Removal};
use crate::record::PartitionId;
use crate::runtime::rebalance::{OwnerStep, Rebalance, RebalanceCause};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::source::Doing;
use crate::time::{ProcTime, Span};
use crate::watermark::InputStatus;
use schedule::{Action, Schedule};

/// The group of a run.
#[derive(Clone, Debug)]
pub struct Members {
    group: Group,
    /// By source task: what it reads, ascending; nothing while it does not answer.
    reads: Vec<Vec<usize>>,
    /// By partition: who has it.
    owner: Vec<Option<usize>>,
    /// By partition: the offset that is read next after an unclean loss.
    committed: Vec<u32>,
    /// By partition: the offset up to which somebody has read.
    read_to: Vec<u32>,
    condition: Vec<Condition>,
    /// Of the schedule: how many actions are done.
    done: usize,
    /// By partition: where its pause that has not ended is in the trace.
    open_pauses: Vec<Option<usize>>,
    /// Where the rebalance that is under way is in the trace.
    open_rebalance: Option<usize>,
}

/// How a source task is, as a member.
#[derive(Clone, Copy, Debug, Default)]
struct Condition {
    /// It is meant to be in the group.
    is_in: bool,
    /// How many silences it is in.
    silences: u32,
    /// How many stalls it is in.
    stalls: u32,
}

impl Condition {
    const fn answers(self) -> bool {
        self.is_in && self.silences == 0 && self.stalls == 0
    }
}

/// A source task as a member; there are at most `MAX_TASKS`.
const fn member(source: usize) -> MemberId {
    MemberId(source as u32)
}

const fn source_of(member: MemberId) -> usize {
    member.0 as usize
}

impl Members {
    /// The group when the run begins, and what everybody then reads.
    pub fn new(schedule: &Schedule, partitions: usize) -> Self {
        let Schedule { spec, origin, is_there, .. } = schedule;
        let beat = spec.heartbeat_interval.micros().max(1);
        let takes = spec.initial_delay + spec.heartbeat_interval + spec.join_time + spec.sync_time;
        // Heartbeats come at whole intervals from joining.
        let first = *origin - Span::from_micros((takes.micros() / beat + 1) * beat);
        let present: Vec<usize> = (0..is_there.len()).filter(|&source| is_there[source]).collect();
        let mut group = Group::new(*spec, u32::try_from(partitions).unwrap_or(u32::MAX));
        let mut said = Vec::new();
        for (place, &source) in present.iter().enumerate() {
            let after = Span::from_micros(beat / present.len() as i64 * place as i64);
            said.extend(group.handle(Event::Join(member(source)), first + after));
        }
        said.extend(group.on_timer(*origin));
        let mut owner = vec![None; partitions];
        for output in &said {
            if let Output::Assigned { member, partitions, .. } = output {
                partitions.iter().for_each(|partition| owner[partition.index()] = Some(source_of(*member)));
            }
        }
        let condition = is_there.iter().map(|&is_in| Condition { is_in, ..Condition::default() }).collect();
        let mut members = Self {
            group,
            reads: vec![Vec::new(); is_there.len()],
            owner,
            committed: vec![0; partitions],
            read_to: vec![0; partitions],
            condition,
            done: 0,
            open_pauses: vec![None; partitions],
            open_rebalance: None,
        };
        members.note_reads();
        members
    }

    /// What a source task reads, ascending; nothing while it does not answer.
    #[inline]
    pub fn reads(&self, source: usize) -> &[usize] {
        &self.reads[source]
    }

    /// Whether a source task has any partition, whether it reads or not.
    pub fn has_any(&self, source: usize) -> bool {
        self.owner.contains(&Some(source))
    }

    /// Whether the next record of a partition has been read before.
    pub fn reads_again(&self, partition: usize, position: u32) -> bool {
        self.read_to.get(partition).is_some_and(|&read_to| position < read_to)
    }

    /// Who has which partition.
    pub fn owners(&self, at: ProcTime) -> impl Iterator<Item = OwnerStep> {
        self.owner.iter().enumerate().map(move |(partition, owner)| OwnerStep {
            at,
            partition: PartitionId(partition as u32),
            owner: owner.map(|source| source as u16),
        })
    }

    /// Brings what is read up to what is owned.
    fn note_reads(&mut self) {
        self.reads.iter_mut().for_each(Vec::clear);
        for (partition, owner) in self.owner.iter().enumerate() {
            if let Some(source) = owner.filter(|&source| self.condition[source].answers()) {
                self.reads[source].push(partition);
            }
        }
    }

    fn set_owner(&mut self, partition: PartitionId, owner: Option<usize>) {
        self.owner[partition.index()] = owner;
    }
}

impl Simulation {
    /// Sets when the group acts next: not once everything has been read.
    pub(super) fn schedule_members(&mut self) {
        let (Some(members), Some(schedule)) = (&self.state.members, &self.plan.schedule) else { return };
        let action = schedule.get(members.done).map(|(at, _)| at);
        let next = [action, members.group.next_timer()].into_iter().flatten().min();
        let next = next.filter(|_| !self.state.log.is_read()).unwrap_or(ProcTime::MAX);
        self.state.times[self.plan.members_slot()] = next;
    }

    /// The instant of the group has come.
    pub(super) fn members_act(&mut self) {
        let Some(mut members) = self.state.members.take() else { return };
        let before = members.reads.clone();
        let plan = std::sync::Arc::clone(&self.plan);
        let schedule = plan.schedule.as_ref();
        while let Some((at, action)) = schedule.and_then(|schedule| schedule.get(members.done))
            && at <= self.state.now
        {
            members.done += 1;
            self.member_action(&mut members, action);
        }
        let said = members.group.on_timer(self.state.now);
        self.group_said(&mut members, said);
        members.note_reads();
        self.note_pauses(&mut members);
        let after = members.reads.clone();
        self.state.members = Some(members);
        for source in 0..after.len() {
            if after[source] != before[source] {
                self.reads_changed(source);
            }
        }
        self.tell_who_is_idle();
        self.schedule_members();
    }

    /// A source task reads other partitions from now on.
    fn reads_changed(&mut self, source: usize) {
        // What it waited to send may not be its own any more; it is still in the log.
        if let Doing::Waiting { hand: None, .. } = self.state.sources[source].doing {
            self.wait_ends(source);
        } else {
            self.schedule(source);
        }
    }

    /// Something happens to a member.
    fn member_action(&mut self, members: &mut Members, action: Action) {
        let now = self.state.now;
        let event = match action {
            Action::Commit(source) => {
                if members.condition[source].answers() {
                    self.commit_offsets(members, source);
                }
                return;
            }
            Action::FallsSilent(source) => {
                members.condition[source].silences += 1;
                Event::FallSilent(member(source))
            }
            Action::Stalls(source) => {
                members.condition[source].stalls += 1;
                Event::StopPolling(member(source))
            }
            Action::Heard(source) => {
                let condition = &mut members.condition[source];
                condition.silences = condition.silences.saturating_sub(1);
                if condition.silences > 0 || !condition.is_in {
                    return;
                }
                Event::Heartbeat(member(source))
            }
            Action::Polls(source) => {
                let condition = &mut members.condition[source];
                condition.stalls = condition.stalls.saturating_sub(1);
                if condition.stalls > 0 || !condition.is_in {
                    return;
                }
                Event::Poll(member(source))
            }
            Action::Leaves(source) => {
                let answered = members.condition[source].answers();
                members.condition[source].is_in = false;
                if answered {
                    self.commit_offsets(members, source);
                }
                if members.condition[source].silences > 0 {
                    return;
                }
                Event::Leave(member(source))
            }
            Action::Joins(source) => {
                members.condition[source].is_in = true;
                if !members.condition[source].answers() {
                    return;
                }
                Event::Join(member(source))
            }
        };
        let said = members.group.handle(event, now);
        self.group_said(members, said);
    }

    /// A member commits how far it has read its partitions.
    fn commit_offsets(&self, members: &mut Members, source: usize) {
        for (partition, owner) in members.owner.iter().enumerate() {
            if *owner == Some(source) {
                members.committed[partition] = self.state.log.position(partition);
            }
        }
    }

    /// Does what the group says, in order.
    fn group_said(&mut self, members: &mut Members, said: Vec<Output>) {
        let mut said = VecDeque::from(said);
        let mut removed = None;
        while let Some(output) = said.pop_front() {
            match output {
                Output::RebalanceStarted { at, cause } => self.rebalance_starts(members, at, cause, removed),
                Output::RebalanceFinished { at, generation } => {
                    if let Some(place) = members.open_rebalance.take() {
                        let rebalance = &mut self.trace.rebalances[place];
                        rebalance.finished_at = at;
                        rebalance.generation = generation;
                        rebalance.members = members.group.members().count() as u32;
                    }
                }
                Output::Removed { member, why, partitions, .. } => {
                    removed = Some(why);
                    self.give_up(members, source_of(member), &partitions, why == Removal::Left);
                    if why != Removal::Left {
                        self.joins_again(members, member, &mut said);
                    }
                }
                Output::Revoked { member, partitions, .. } => {
                    let source = source_of(member);
                    let commits = members.condition[source].answers();
                    self.give_up(members, source, &partitions, commits);
                }
                Output::Assigned { at, member, partitions } => {
                    let source = source_of(member);
                    for partition in partitions {
                        members.set_owner(partition, Some(source));
                        self.note_owner(at, partition, Some(source));
                        self.forget_reads_of(partition.index());
                    }
                }
                Output::Fenced { member, .. } => self.joins_again(members, member, &mut said),
            }
        }
    }

    /// A member that answers is told that it was removed, and joins anew.
    fn joins_again(&self, members: &mut Members, member: MemberId, said: &mut VecDeque<Output>) {
        if members.condition[source_of(member)].answers() {
            said.extend(members.group.handle(Event::Join(member), self.state.now));
        }
    }

    fn rebalance_starts(&mut self, members: &mut Members, at: ProcTime, cause: Cause, why: Option<Removal>) {
        // One that begins anew before it has finished is the same to those who wait for it.
        if members.open_rebalance.is_some() {
            return;
        }
        let task = |member: MemberId| source_of(member) as u16;
        let cause = match (cause, why) {
            (Cause::SecondRound, _) => RebalanceCause::SecondRound,
            (Cause::Joined(member), _) => RebalanceCause::Joined(task(member)),
            (Cause::Removed(member), Some(Removal::SessionTimeout)) => RebalanceCause::SessionTimeout(task(member)),
            (Cause::Removed(member), Some(Removal::MaxPollInterval)) => RebalanceCause::MaxPollInterval(task(member)),
            (Cause::Removed(member), Some(Removal::RebalanceTimeout)) => RebalanceCause::RebalanceTimeout(task(member)),
            (Cause::Removed(member), Some(Removal::Left) | None) => RebalanceCause::Left(task(member)),
        };
        members.open_rebalance = Some(self.trace.rebalances.len());
        let (finished_at, generation) = (ProcTime::MAX, 0);
        self.trace.rebalances.push(Rebalance { started_at: at, finished_at, cause, generation, members: 0 });
    }

    /// A source task does not have these partitions any more. Without a commit the next reader goes back
    /// to the last one.
    fn give_up(&mut self, members: &mut Members, source: usize, partitions: &[PartitionId], commits: bool) {
        for &partition in partitions {
            let list = partition.index();
            if members.owner[list] != Some(source) {
                continue;
            }
            members.set_owner(partition, None);
            self.note_owner(self.state.now, partition, None);
            let position = self.state.log.position(list);
            members.read_to[list] = members.read_to[list].max(position);
            if commits {
                members.committed[list] = position;
            } else {
                let back = position.saturating_sub(members.committed[list]);
                self.state.log.go_back(list, back);
                if let Some(copies) = &mut self.state.copies {
                    copies.gone_back(u64::from(back));
                }
            }
        }
    }

    fn note_owner(&mut self, at: ProcTime, partition: PartitionId, owner: Option<usize>) {
        let owner = owner.map(|source| source as u16);
        self.trace.owners.push(OwnerStep { at, partition, owner });
    }

    /// Tells the window tasks which source tasks have nothing to read, when that is settled.
    fn tell_who_is_idle(&mut self) {
        let Some(members) = &self.state.members else { return };
        if members.group.is_rebalancing() {
            return;
        }
        let has_any: Vec<bool> = (0..self.state.sources.len()).map(|source| members.has_any(source)).collect();
        for (source, has_any) in has_any.into_iter().enumerate() {
            self.tell_status(source, if has_any { InputStatus::Active } else { InputStatus::Idle });
        }
    }
}
