//! Failure and recovery of the job: noticed, cancelled, restarted, restored, caught up.
//!
//! Every source task sends to every window task, so the whole job is one region, and all tasks are
//! cancelled when one fails. With delivery at most once nothing is read again: what was in flight is lost,
//! and so is what was counted and has not been given out. Otherwise operators are restored from the bytes
//! of the newest complete checkpoint, and the log is read again from where that was taken; without one,
//! from the beginning.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::checkpoint::Failure;
use crate::pipeline::Delivery;
use crate::record::{KeyId, RecordId};
use crate::runtime::Sabotage;
use crate::runtime::recovery_log::{Cause, NEVER, RecoveryRow};
use crate::runtime::trace::{CrashReason, Fate, Restart, WindowEnd};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::control::Event;
use crate::runtime::virtual_time::recorder::settle_life;
use crate::runtime::virtual_time::snapshot::Snapshot;
use crate::scenario::Victim;
use crate::sink::SinkSpec;
use crate::time::{ProcTime, Span};
use crate::window::pane::Window;

impl Simulation {
    /// Something crashes now, and it is noticed at once. A run that takes no checkpoints and has no crash
    /// among its faults takes no notice.
    pub fn crash(&mut self, victim: Victim) {
        if self.state.control.is_some() {
            // Before the first event there is no instant yet.
            let first = self.plan.stream.arrivals_ascending().first().copied();
            self.state.now = self.state.now.max(first.unwrap_or(ProcTime::EPOCH));
            self.fail(super::control::cause_of(victim));
            self.schedule_control();
        }
    }

    /// The job fails, and that is noticed at once.
    pub(super) fn fail(&mut self, cause: Cause) {
        let row = self.note_failure(cause);
        self.fail_over(row);
    }

    fn note_failure(&mut self, cause: Cause) -> usize {
        let failed_at = self.state.now;
        let (control, _, log) = self.recovery();
        control.catching_up = None;
        log.recoveries.push(RecoveryRow {
            cause,
            failed_at,
            detected_at: None,
            restarted_at: None,
            restored_at: None,
            caught_up_at: None,
            predicted_caught_up_at: None,
            checkpoint: 0,
            bytes: 0,
            records_replayed: 0,
            records_lost: 0,
        });
        log.recoveries.len() - 1
    }

    /// Something stops without a word: the others go on until its heartbeat is missed.
    pub(super) fn crash_silently(&mut self, victim: Victim, cause: Cause) {
        let now = self.state.now;
        if self.recovery().0.is_down {
            return self.fail(cause);
        }
        let row = self.note_failure(cause);
        let in_flight = self.backlog();
        let (control, rules, _) = self.recovery();
        let (first, interval, timeout) = rules.heartbeats;
        let since = (now - first).micros().max(0) % interval.micros().max(1);
        // The last heartbeat was before the failure.
        let noticed = now - Span::from_micros(since) + timeout;
        control.allowed = control.allowed.or(Some(in_flight));
        control.set(noticed.max(now), Event::Detected { row });
        self.stop(victim);
    }

    /// A task does nothing from now on; what it has in hand stays there.
    fn stop(&mut self, victim: Victim) {
        let (sources, tasks, mergers) = (self.plan.reads.len(), self.plan.tasks, self.plan.mergers);
        match victim {
            Victim::Source(task) if (task as usize) < sources => self.stop_source(task as usize),
            Victim::Window(task) if (task as usize) < tasks => self.stop_task(task as usize),
            Victim::Merge(task) if (task as usize) < mergers => self.stop_merger(task as usize),
            Victim::Sink => {
                self.state.sink.stop();
                self.state.times[self.plan.sink_slot()] = ProcTime::MAX;
            }
            Victim::All => self.stop_all(),
            Victim::Coordinator | Victim::Source(_) | Victim::Window(_) | Victim::Merge(_) => {
                // Nobody begins or completes a checkpoint without the coordinator.
                self.recovery().0.is_down = true;
            }
        }
    }

    fn stop_source(&mut self, source: usize) {
        let now = self.state.now;
        self.state.sources[source].stop(source, now, &mut self.trace);
        self.state.times[self.plan.first_source_slot() + source] = ProcTime::MAX;
        self.clock_changed(source);
    }

    fn stop_task(&mut self, task: usize) {
        self.state.tasks[task].is_down = true;
        self.state.times[self.plan.task_slot(task)] = ProcTime::MAX;
    }

    fn stop_merger(&mut self, merger: usize) {
        self.state.mergers[merger].is_down = true;
        self.state.times[self.plan.merger_slot(merger)] = ProcTime::MAX;
    }

    fn stop_all(&mut self) {
        (0..self.plan.reads.len()).for_each(|source| self.stop_source(source));
        (0..self.plan.tasks).for_each(|task| self.stop_task(task));
        (0..self.plan.mergers).for_each(|merger| self.stop_merger(merger));
        self.state.sink.stop();
        self.state.times[self.plan.sink_slot()] = ProcTime::MAX;
    }

    /// The failure is noticed: everything is cancelled, and what the job will go on from is put in place.
    pub(super) fn fail_over(&mut self, row: usize) {
        let now = self.state.now;
        let in_flight = self.backlog();
        let under_way: Vec<u32> = self.recovery().0.pending.iter().map(|it| it.id).collect();
        self.stop_all();
        // The final watermark, if it was sent, is sent again.
        self.state.ended = false;
        self.recovery().0.is_down = true;
        under_way.into_iter().for_each(|id| self.given_up(id, Failure::Restarted));
        let (control, rules, log) = self.recovery();
        control.call_off();
        control.life += 1;
        control.waiting_barriers.iter_mut().for_each(Vec::clear);
        let is_rewound = rules.delivery != Delivery::AtMostOnce;
        let kept = control.completed.clone().filter(|_| is_rewound);
        log.recoveries[row].detected_at = Some(now);
        log.recoveries[row].checkpoint = kept.as_ref().map_or(0, |kept| kept.id);
        // A failure during a recovery has caught up when the first would have.
        control.allowed = control.allowed.or(Some(in_flight));
        let lost = if is_rewound { 0 } else { self.give_up_results() };
        self.undo(kept.as_deref());
        self.cancel(is_rewound, lost, row);
        self.put_in_place(kept.as_deref(), is_rewound, row);
        self.set_restart(kept.as_deref(), row);
    }

    fn set_restart(&mut self, kept: Option<&Snapshot>, row: usize) {
        let is_sabotaged = self.plan.has(Sabotage::NeverRestart);
        let (now, last_arrival, is_endless) = (self.state.now, self.plan.last_arrival, self.plan.restart.is_endless());
        let (control, _, log) = self.recovery();
        log.recoveries[row].bytes = kept.map_or(0, |kept| kept.most_bytes);
        // What the job brings about itself, it brings about again and again: that ends with the records.
        let is_own_fault = matches!(log.recoveries[row].cause, Cause::Poison(..) | Cause::Checkpoint(_));
        let gives_up = is_endless && is_own_fault && now >= last_arrival;
        // A job that was running again fails anew, be it in the instant of its restart.
        let was_running = row.checked_sub(1).is_some_and(|before| log.recoveries[before].restored_at.is_some());
        let mut fail = || if was_running { control.restarts.crash(now) } else { control.restarts.failure(now).back_at };
        let back_at = if gives_up || is_sabotaged { None } else { fail() };
        match back_at {
            Some(at) => control.set(at, Event::Restarted),
            None if last_arrival > now => control.set(last_arrival, Event::InputEnds),
            None => {}
        }
        if let Cause::Poison(task, id) = log.recoveries[row].cause {
            let reason = CrashReason::Poison(id);
            self.trace.restarts.push(Restart { task, at: now, back_at, reason });
        }
    }

    /// What was counted and has not been given out is lost: the records of this life that are behind no
    /// pane that a reader has seen.
    fn give_up_results(&mut self) -> u64 {
        let stream = Arc::clone(&self.plan.stream);
        let (control, _, log) = self.recovery();
        let life = control.life - 1;
        let mut seen: BTreeMap<KeyId, Vec<(Window, u32)>> = BTreeMap::new();
        let shown = log.panes.iter().enumerate().filter(|(_, row)| row.life == life && row.committed < ProcTime::MAX);
        let shown: Vec<(usize, u32)> = shown.map(|(pane, row)| (pane, row.handlings)).collect();
        for (pane, handlings) in shown {
            let pane = &self.trace.panes[pane];
            seen.entry(pane.key).or_default().push((pane.window, handlings));
        }
        let (_, _, log) = self.recovery();
        let counted = log.handlings.iter().enumerate().filter(|(_, it)| it.life == life && it.fate == Fate::Counted);
        let is_seen = |place: usize, id: RecordId| {
            let at = stream.event_times()[id.index()];
            let of_key = seen.get(&stream.keys()[id.index()]).map_or(&[][..], Vec::as_slice);
            of_key
                .iter()
                .any(|&(window, handlings)| place < handlings as usize && window.start <= at && at < window.end)
        };
        let lost: Vec<RecordId> =
            counted.filter(|&(place, it)| !is_seen(place, it.record)).map(|(_, it)| it.record).collect();
        let still_counted = |id: &&RecordId| self.trace.fates[self.places[id.index()] as usize] == Fate::Counted;
        let lost: Vec<RecordId> = lost.iter().filter(still_counted).copied().collect();
        lost.iter().for_each(|&id| self.refate(id, Fate::Lost));
        lost.len() as u64
    }

    /// Notes which handlings and panes the restored state does not have, and which windows are gone with it.
    fn undo(&mut self, kept: Option<&Snapshot>) {
        let at = self.state.now;
        let id = kept.map_or(0, |kept| kept.id);
        let from_nothing = kept.is_none();
        let (control, _, log) = self.recovery();
        let life = control.life;
        let is_undone = |after: u32| from_nothing || after >= id;
        let handlings = log.handlings.iter_mut().filter(|it| it.undone_in == NEVER && is_undone(it.after));
        handlings.for_each(|it| it.undone_in = life);
        let panes = log.panes.iter_mut().filter(|it| it.undone_in == NEVER && is_undone(it.after));
        panes.for_each(|it| it.undone_in = life);
        let is_two_phase = matches!(self.plan.rules.as_ref().map(|it| it.sink), Some(SinkSpec::TwoPhaseCommit { .. }));
        if is_two_phase && !self.plan.has(Sabotage::NeverAbort) {
            let (control, _, log) = self.recovery();
            control.uncommitted.retain(|&pane| log.panes[pane as usize].undone_in == NEVER);
        }
        for id in self.kept_windows() {
            self.rewrite_life(id, |life| life.end = WindowEnd::Undone { at });
        }
        if self.plan.salting.is_none() {
            for task in &self.state.tasks {
                let windows = &mut self.trace.windows;
                task.operator()
                    .visit_kept(|kept| settle_life(windows, task.window_id(kept.id), kept, WindowEnd::Undone { at }));
            }
        }
    }

    /// Tasks read their state.
    pub(super) fn restart(&mut self) {
        let now = self.state.now;
        let (control, rules, log) = self.recovery();
        let Some(row) = log.recoveries.last_mut() else { return };
        row.restarted_at = Some(now);
        let took = if row.checkpoint == 0 { Span::ZERO } else { rules.transfer(row.bytes, now) };
        control.set(now + took, Event::Restored);
    }

    /// Tasks have their state and go on.
    pub(super) fn restored(&mut self) {
        let now = self.state.now;
        let predicted = self.predicted_catch_up();
        let (control, _, log) = self.recovery();
        control.is_down = false;
        control.is_parked = false;
        if let Some(coordinator) = &mut control.coordinator {
            coordinator.on_restart(now);
        }
        let row = log.recoveries.len().saturating_sub(1);
        control.catching_up = Some((row, control.allowed.take().unwrap_or(0)));
        let restored = log.recoveries.last_mut();
        if let Some(row) = restored {
            row.restored_at = Some(now);
            row.predicted_caught_up_at = predicted;
        }
        let checkpoint = control.completed.as_ref().map(|it| it.id);
        // What was written for it, and not committed when the job failed, is committed now.
        if let Some(id) = checkpoint {
            self.commit(id);
        }
        self.set_going();
        self.look_whether_caught_up(0);
    }

    /// When the backlog will be what it was at the failure, if records go on coming as they did on average
    /// and every task has its share; `None` where that is never.
    fn predicted_catch_up(&mut self) -> Option<ProcTime> {
        let now = self.state.now;
        let allowed = self.recovery().0.allowed.unwrap_or(0);
        let excess = self.backlog().saturating_sub(allowed) as f64;
        let (first, last) = self.plan.stream.arrival_range()?;
        let records = self.plan.stream.len() as f64;
        let arriving = if now < last { records / (last - first).as_secs_f64().max(1e-6) } else { 0.0 };
        let per_task = self.plan.window_time[0].usual().as_secs_f64();
        let per_source = self.plan.source_time.usual().as_secs_f64();
        let rate = |each: f64, tasks: usize| if each > 0.0 { tasks as f64 / each } else { f64::INFINITY };
        let handled = rate(per_task, self.plan.tasks).min(rate(per_source, self.plan.reads.len()));
        if handled.is_infinite() || excess == 0.0 {
            return Some(now);
        }
        let secs = excess / (handled - arriving);
        // A year is as good as never.
        (0.0..31_536_000.0).contains(&secs).then(|| now + Span::from_micros((secs * 1e6) as i64))
    }
}
