//! The group coordinator: from events and the passing of time to rebalances.
//!
//! A rebalance goes through two phases. **Joining**: every member hears of it with its next heartbeat
//! and joins; the coordinator waits for all, at most for the longest time between polls. Under the eager
//! protocol a member gives everything up before it joins. **Syncing**: the assignment is made and handed
//! out. A change of the members during the sync starts over. Under the cooperative protocol what has to
//! move is revoked at the end of a first round and handed out by a second one, which begins at once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::group::assign::{Assignment, assign};
use crate::group::event::{Cause, Event, MemberId, Output, Removal};
use crate::group::member::{Member, Rejoin};
use crate::group::spec::{GroupSpec, Protocol};
use crate::record::PartitionId;
use crate::time::ProcTime;

/// A consumer group that reads one topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    spec: GroupSpec,
    partitions: u32,
    members: BTreeMap<MemberId, Member>,
    phase: Phase,
    generation: u32,
    /// The last instant that was dealt with.
    clock: ProcTime,
}

/// What the coordinator waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    /// Nothing: everybody knows their partitions, or nobody is there.
    Stable,
    /// All members to join, but not before `opens` and not beyond `deadline`.
    Joining { opens: ProcTime, deadline: ProcTime },
    /// The assignment to reach everybody.
    Syncing { until: ProcTime },
}

impl Group {
    /// A group without members, for a topic with so many partitions.
    pub const fn new(spec: GroupSpec, partitions: u32) -> Self {
        let members = BTreeMap::new();
        Self { spec, partitions, members, phase: Phase::Stable, generation: 0, clock: ProcTime::MIN }
    }

    /// How many rebalances have finished.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether a rebalance is under way.
    pub fn is_rebalancing(&self) -> bool {
        self.phase != Phase::Stable
    }

    /// Its members, ascending.
    pub fn members(&self) -> impl Iterator<Item = MemberId> {
        self.members.keys().copied()
    }

    /// What a member reads, ascending; nothing when it is none. What it does meanwhile is the caller's to
    /// know: a silent or stalled member keeps its partitions.
    pub fn owned(&self, member: MemberId) -> impl Iterator<Item = PartitionId> {
        self.members.get(&member).into_iter().flat_map(|member| member.owned.iter().copied())
    }

    /// Who reads a partition. O(members).
    pub fn owner(&self, partition: PartitionId) -> Option<MemberId> {
        self.members.iter().find(|(_, member)| member.owned.contains(&partition)).map(|(&id, _)| id)
    }

    /// When time alone changes something next; `None` when it never does.
    pub fn next_timer(&self) -> Option<ProcTime> {
        let removals = self.members.values().filter_map(|member| member.removal(&self.spec)).map(|(at, _)| at);
        let of_phase = match self.phase {
            Phase::Stable => None,
            Phase::Syncing { until } => Some(until),
            Phase::Joining { opens, deadline } => {
                let steps = self.members.values().filter_map(|member| match member.rejoin {
                    Rejoin::Hears(at) | Rejoin::Joins(at) => Some(at),
                    Rejoin::Unaware | Rejoin::Joined => None,
                });
                // When all have joined, only the wait for others is left.
                let end = if self.all_joined() { opens } else { deadline };
                Some(steps.fold(end, ProcTime::min))
            }
        };
        removals.chain(of_phase).min().map(|at| at.max(self.clock))
    }

    /// Something happens to a member. Time first passes up to `now`.
    pub fn handle(&mut self, event: Event, now: ProcTime) -> Vec<Output> {
        let mut out = self.on_timer(now);
        match event {
            Event::Join(id) => self.join(id, now, &mut out),
            Event::Leave(id) => self.remove(id, Removal::Left, now, &mut out),
            Event::StopPolling(id) => {
                if let Some(member) = self.members.get_mut(&id) {
                    member.stall(now);
                }
            }
            Event::FallSilent(id) => {
                if let Some(member) = self.members.get_mut(&id) {
                    member.fall_silent(now, &self.spec);
                }
            }
            Event::Poll(id) => self.is_back(id, now, Member::poll, &mut out),
            Event::Heartbeat(id) => self.is_back(id, now, |member| member.is_heard(now), &mut out),
        }
        out.extend(self.on_timer(now));
        out
    }

    /// Time passes up to `now`.
    pub fn on_timer(&mut self, now: ProcTime) -> Vec<Output> {
        let mut out = Vec::new();
        while let Some(at) = self.next_timer().filter(|&at| at <= now) {
            self.clock = at;
            let due = |(&id, member): (&MemberId, &Member)| {
                member.removal(&self.spec).filter(|&(when, _)| when <= at).map(|(_, why)| (id, why))
            };
            if let Some((id, why)) = self.members.iter().find_map(due) {
                self.remove(id, why, at, &mut out);
                continue;
            }
            match self.phase {
                Phase::Stable => break,
                Phase::Syncing { .. } => self.finish(at, &mut out),
                Phase::Joining { opens, deadline } => {
                    if !self.step_members(at, &mut out) {
                        self.end_of_joining(at, (opens, deadline), &mut out);
                    }
                }
            }
        }
        self.clock = self.clock.max(now);
        out
    }

    fn all_joined(&self) -> bool {
        self.members.values().all(|member| member.rejoin == Rejoin::Joined)
    }

    fn join(&mut self, id: MemberId, now: ProcTime, out: &mut Vec<Output>) {
        if let Some(member) = self.members.get_mut(&id) {
            if !member.is_responsive() {
                member.is_heard(now);
                member.poll();
                self.hears(id, now);
            }
            return;
        }
        let was_empty = self.members.is_empty();
        let mut member = Member::new(now);
        member.rejoin = Rejoin::Joins(now + self.spec.join_time);
        self.members.insert(id, member);
        if let Phase::Joining { opens, deadline } = &mut self.phase {
            // Others who come while the first ones wait are waited for anew.
            if *opens > now {
                *opens = (now + self.spec.initial_delay).min(*deadline).max(*opens);
            }
            return;
        }
        self.start(Cause::Joined(id), now, out);
        if was_empty && let Phase::Joining { opens, .. } = &mut self.phase {
            *opens = now + self.spec.initial_delay;
        }
    }

    /// A member is heard of or polls again.
    fn is_back(&mut self, id: MemberId, now: ProcTime, how: impl Fn(&mut Member), out: &mut Vec<Output>) {
        match self.members.get_mut(&id) {
            Some(member) => {
                how(member);
                self.hears(id, now);
            }
            None => out.push(Output::Fenced { at: now, member: id }),
        }
    }

    /// A member that reacts again hears of the rebalance that it has missed.
    fn hears(&mut self, id: MemberId, now: ProcTime) {
        let is_joining = matches!(self.phase, Phase::Joining { .. });
        if let Some(member) = self.members.get_mut(&id)
            && is_joining
            && member.is_responsive()
            && member.rejoin == Rejoin::Unaware
        {
            member.rejoin = Rejoin::Hears(now);
        }
    }

    fn remove(&mut self, id: MemberId, why: Removal, now: ProcTime, out: &mut Vec<Output>) {
        let Some(member) = self.members.remove(&id) else { return };
        let partitions = member.owned.into_iter().collect();
        out.push(Output::Removed { at: now, member: id, why, partitions });
        match self.phase {
            Phase::Joining { .. } if !self.members.is_empty() => {}
            _ => self.start(Cause::Removed(id), now, out),
        }
    }

    /// A rebalance begins, or begins anew.
    fn start(&mut self, cause: Cause, now: ProcTime, out: &mut Vec<Output>) {
        out.push(Output::RebalanceStarted { at: now, cause });
        if self.members.is_empty() {
            self.phase = Phase::Stable;
            self.generation += 1;
            out.push(Output::RebalanceFinished { at: now, generation: self.generation });
            return;
        }
        // Who waits for its partitions is told at once, everybody else with the next heartbeat.
        let is_syncing = matches!(self.phase, Phase::Syncing { .. });
        for member in self.members.values_mut() {
            member.rejoin = match member.rejoin {
                Rejoin::Joins(at) => Rejoin::Joins(at),
                _ if !member.is_responsive() => Rejoin::Unaware,
                _ if is_syncing => Rejoin::Hears(now),
                _ => Rejoin::Hears(member.next_beat(now, &self.spec)),
            };
        }
        self.phase = Phase::Joining { opens: now, deadline: now + self.spec.max_poll_interval };
    }

    /// Lets every member take the step that is due. Whether any was.
    fn step_members(&mut self, at: ProcTime, out: &mut Vec<Output>) -> bool {
        let is_eager = self.spec.assignor.protocol() == Protocol::Eager;
        let mut any = false;
        for (&id, member) in &mut self.members {
            match member.rejoin {
                Rejoin::Hears(when) if when <= at => {
                    member.rejoin = Rejoin::Joins(at + self.spec.join_time);
                    if is_eager && !member.owned.is_empty() {
                        let partitions = std::mem::take(&mut member.owned).into_iter().collect();
                        out.push(Output::Revoked { at, member: id, partitions });
                    }
                }
                Rejoin::Joins(when) if when <= at => member.rejoin = Rejoin::Joined,
                _ => continue,
            }
            any = true;
        }
        any
    }

    fn end_of_joining(&mut self, at: ProcTime, (opens, deadline): (ProcTime, ProcTime), out: &mut Vec<Output>) {
        if self.all_joined() && at >= opens {
            self.phase = Phase::Syncing { until: at + self.spec.sync_time };
        } else if at >= deadline {
            let is_missing = |(&id, member): (&MemberId, &Member)| (member.rejoin != Rejoin::Joined).then_some(id);
            let missing: Vec<MemberId> = self.members.iter().filter_map(is_missing).collect();
            for id in missing {
                self.remove(id, Removal::RebalanceTimeout, at, out);
            }
        }
    }

    /// The assignment reaches everybody.
    fn finish(&mut self, at: ProcTime, out: &mut Vec<Output>) {
        let protocol = self.spec.assignor.protocol();
        let had = |member: &Member| match protocol {
            Protocol::Eager => member.before.clone(),
            Protocol::Cooperative => member.owned.clone(),
        };
        let had: Assignment = self.members.iter().map(|(&id, member)| (id, had(member))).collect();
        let target = assign(self.spec.assignor, self.partitions, &had);
        // What others still read is revoked in this round and handed out in the next.
        let taken: BTreeSet<PartitionId> = self.members.values().flat_map(|member| member.owned.clone()).collect();
        let (mut revoked, mut assigned) = (Vec::new(), Vec::new());
        for (&id, member) in &mut self.members {
            let wanted = &target[&id];
            let gives: Vec<PartitionId> = member.owned.difference(wanted).copied().collect();
            let gets: Vec<PartitionId> = wanted.difference(&taken).copied().collect();
            member.owned = wanted.iter().filter(|partition| member.owned.contains(partition)).copied().collect();
            member.owned.extend(gets.iter().copied());
            member.before.clone_from(&member.owned);
            member.rejoin = Rejoin::Unaware;
            if !gives.is_empty() {
                // Who gave something up joins again at once.
                member.rejoin = Rejoin::Joins(at + self.spec.join_time);
                revoked.push(Output::Revoked { at, member: id, partitions: gives });
            }
            if !gets.is_empty() {
                assigned.push(Output::Assigned { at, member: id, partitions: gets });
            }
        }
        let needs_second_round = !revoked.is_empty();
        out.extend(revoked);
        out.extend(assigned);
        self.generation += 1;
        out.push(Output::RebalanceFinished { at, generation: self.generation });
        self.phase = Phase::Stable;
        if needs_second_round {
            self.start(Cause::SecondRound, at, out);
        }
    }
}
