//! The course of a checkpoint: begun at the sources, acknowledged by every task, complete, committed by the
//! sink; or failed.

use std::sync::Arc;

use crate::checkpoint::{Answer, Coordinator, Failure};
use crate::pipeline::Barriers;
use crate::runtime::Sabotage;
use crate::runtime::recovery_log::{Cause, CheckpointRow, NEVER};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::control::Event;
use crate::sink::SinkSpec;
use crate::time::{ProcTime, Span};

impl Simulation {
    /// A checkpoint begins: every source task notes how far it is, between two records.
    pub(super) fn begin_checkpoint(&mut self, id: u32) {
        let now = self.state.now;
        let (control, rules, log) = self.recovery();
        log.checkpoints.push(CheckpointRow {
            id,
            began: now,
            completed: None,
            failed: None,
            bytes: 0,
            written: 0,
            in_flight: 0,
            alignment: Span::ZERO,
            switched: false,
        });
        let barriers = rules.checkpoints.map_or(Barriers::Aligned, |spec| spec.barriers);
        if let Barriers::AlignedFor(longest) = barriers {
            control.set(now + longest, Event::Overtake { id });
        }
        self.open_snapshot(id);
        for source in 0..self.plan.reads.len() {
            if self.state.sources[source].holds_record() && barriers != Barriers::Unaligned {
                self.recovery().0.waiting_barriers[source].push(id);
            } else {
                self.snapshot_source(source, id);
            }
        }
        if barriers == Barriers::Unaligned {
            self.overtake(id);
        }
    }

    /// A source task has sent what it had in hand: barriers that waited for that go out.
    pub(super) fn send_waiting_barriers(&mut self, source: usize) {
        let (control, ..) = self.recovery();
        for id in std::mem::take(&mut control.waiting_barriers[source]) {
            self.snapshot_source(source, id);
        }
    }

    /// Whether barriers of this checkpoint overtake.
    pub(super) fn is_unaligned(&mut self, id: u32) -> bool {
        let (_, rules, log) = self.recovery();
        let is_always = rules.checkpoints.is_some_and(|spec| spec.barriers == Barriers::Unaligned);
        is_always || log.checkpoints.iter().rev().any(|row| row.id == id && row.switched)
    }

    /// The sink has got the barrier of a task that hands it panes.
    pub(super) fn sink_barrier(&mut self, emitter: usize, id: u32) {
        let emitters = self.state.tasks.len();
        if !self.recovery().0.is_under_way(id) || !self.state.sink.take_barrier(emitter, id, emitters) {
            return;
        }
        let in_front = self.panes_on_the_way().filter(|&pane| self.pane_after(pane) < id).count();
        if in_front == 0 {
            self.state.sink.forget_barrier(id);
            self.sink_takes_part(id);
        } else {
            self.state.sink.wait_with_barrier(id, in_front);
        }
    }

    /// A pane is delivered: visible, or written in a transaction.
    pub(super) fn pane_delivered(&mut self, pane: u32) {
        let now = self.state.now;
        let (control, rules, log) = self.recovery();
        let row = &mut log.panes[pane as usize];
        let after = row.after;
        if matches!(rules.sink, SinkSpec::TwoPhaseCommit { .. }) {
            control.uncommitted.push(pane);
        } else {
            row.committed = now;
        }
        for id in self.state.sink.delivered(after) {
            self.sink_takes_part(id);
        }
    }

    /// The sink has everything in front of the barriers: the transaction is written, and only to be
    /// committed.
    fn sink_takes_part(&mut self, id: u32) {
        let participant = self.plan.reads.len() + self.plan.tasks + self.plan.mergers;
        self.store(id, participant, 0, 0, 0);
    }

    /// A participant has stored its state.
    pub(super) fn acked(&mut self, id: u32, participant: usize) {
        let now = self.state.now;
        let (control, rules, _) = self.recovery();
        if rules.storage_fails(now) {
            return self.checkpoint_fails(id, Failure::NotStored);
        }
        let answer = control.coordinator.as_mut().map_or(Answer::Late, |it| it.on_ack(id, participant, now));
        let Answer::Complete { subsumed } = answer else { return };
        subsumed.into_iter().for_each(|older| self.given_up(older, Failure::Subsumed));
        let (control, rules, log) = self.recovery();
        if let Some(row) = log.checkpoints.iter_mut().rev().find(|row| row.id == id) {
            row.completed = Some(now);
        }
        if let Some(place) = control.pending.iter().position(|it| it.id == id) {
            let mut snapshot = control.pending.remove(place);
            control.base = std::mem::take(&mut snapshot.operators);
            control.completed = Some(Arc::new(snapshot));
        }
        let notify_time = rules.checkpoints.map_or(Span::ZERO, |spec| spec.notify_time);
        if notify_time == Span::ZERO {
            self.commit(id)
        } else {
            control.set(now + notify_time, Event::Commit { id })
        }
        self.trigger_if_waiting();
    }

    /// Readers of committed results see everything in front of the barriers of a checkpoint. A transaction
    /// that has been open for too long is gone.
    pub(super) fn commit(&mut self, id: u32) {
        let now = self.state.now;
        let is_early = self.plan.has(Sabotage::CommitEarly);
        let (control, rules, log) = self.recovery();
        let SinkSpec::TwoPhaseCommit { transaction_timeout } = rules.sink else { return };
        let of_transaction = |pane: &u32| is_early || log.panes[*pane as usize].after < id;
        let (panes, others) = std::mem::take(&mut control.uncommitted).into_iter().partition(of_transaction);
        control.uncommitted = others;
        let panes: Vec<u32> = panes;
        let mut expired = Vec::new();
        for pane in panes {
            let begun = self.began_transaction(pane);
            if begun + transaction_timeout < now {
                expired.push(pane);
            } else {
                self.recovery().2.panes[pane as usize].committed = now;
            }
        }
        if !expired.is_empty() {
            self.results_are_gone(&expired);
        }
    }

    /// When the transaction began that a pane is in: when its checkpoint did, or the run.
    fn began_transaction(&mut self, pane: u32) -> ProcTime {
        let emitted = self.trace.panes[pane as usize].emitted_at;
        let (_, _, log) = self.recovery();
        let after = log.panes[pane as usize].after;
        let began = log.checkpoints.iter().rev().find(|row| row.id == after).map(|row| row.began);
        began.unwrap_or(emitted).min(emitted)
    }

    /// A checkpoint has failed; the job may fail with it.
    pub(super) fn checkpoint_fails(&mut self, id: u32, failure: Failure) {
        let now = self.state.now;
        let (control, ..) = self.recovery();
        let is_too_many = control.coordinator.as_mut().is_some_and(|it| it.on_failure(id, failure, now));
        self.given_up(id, failure);
        if is_too_many {
            return self.fail(Cause::Checkpoint(id));
        }
        self.trigger_if_waiting();
    }

    /// A checkpoint is no longer under way and is not complete.
    pub(super) fn given_up(&mut self, id: u32, failure: Failure) {
        let now = self.state.now;
        let (control, _, log) = self.recovery();
        control.pending.retain(|it| it.id != id);
        if let Some(row) = log.checkpoints.iter_mut().rev().find(|row| row.id == id) {
            row.failed = Some((now, failure));
        }
        self.release_barriers(id);
    }

    fn trigger_if_waiting(&mut self) {
        if self.recovery().0.coordinator.as_ref().is_some_and(Coordinator::has_waited) {
            self.trigger_checkpoint();
        }
    }

    /// Panes that are emitted and not delivered.
    pub(super) fn panes_on_the_way(&self) -> impl Iterator<Item = u32> {
        let state = &self.state;
        let outboxes = state.tasks.iter().map(|task| &task.outbox).chain(state.mergers.iter().map(|it| &it.outbox));
        outboxes.flat_map(|outbox| outbox.queue.iter().copied()).chain(state.sink.panes())
    }

    fn pane_after(&self, pane: u32) -> u32 {
        self.trace.recovery.as_ref().and_then(|log| log.panes.get(pane as usize)).map_or(NEVER, |row| row.after)
    }
}
