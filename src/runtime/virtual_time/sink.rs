//! The sink: takes panes one after the other. What it has no room for stays with the task that
//! emitted it, a window task or a merge task, which then takes nothing from its channels. While writing
//! fails it tries again with the same pane.

use std::collections::VecDeque;

use crate::runtime::RunConfig;
use crate::runtime::trace::{FailedWrite, TaskId};
use crate::runtime::virtual_time::outbox::Outbox;
use crate::runtime::virtual_time::plan::Plan;
use crate::runtime::virtual_time::{Simulation, State};
use crate::scenario::Fault;
use crate::time::{ProcTime, Span};

/// A time in which nothing that the sink writes is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    from: ProcTime,
    until: ProcTime,
    retry_after: Span,
}

impl Failure {
    /// Those among the faults of a run.
    pub fn of(config: &RunConfig) -> Vec<Self> {
        let failure = |fault: &Fault| match *fault {
            Fault::FailingSink { from, until, retry_after } => {
                Some(Self { from: config.origin + from, until: config.origin + until, retry_after })
            }
            _ => None,
        };
        config.faults.iter().filter_map(failure).collect()
    }
}

/// The sink.
#[derive(Clone, Debug)]
pub struct Sink {
    is_instant: bool,
    waiting: VecDeque<u32>,
    working: Option<u32>,
    /// It has crashed, or was cancelled.
    is_down: bool,
    /// Checkpoints of which some barriers have arrived.
    barriers: Vec<Barrier>,
    /// The task that is asked first for its panes when there is room.
    turn: usize,
}

/// What the sink has got of a checkpoint.
#[derive(Clone, Debug)]
struct Barrier {
    id: u32,
    /// By task that hands it panes.
    arrived: Vec<bool>,
    /// Panes that were emitted before the barriers and are not delivered, once all have arrived.
    in_front: Option<usize>,
}

impl Sink {
    pub fn new(plan: &Plan) -> Self {
        let is_instant = plan.sink_time.is_zero() && plan.sink_failures.is_empty();
        Self { is_instant, waiting: VecDeque::new(), working: None, is_down: false, barriers: Vec::new(), turn: 0 }
    }

    /// The panes that it has and has not delivered, by their places in the trace.
    pub fn panes(&self) -> impl Iterator<Item = u32> {
        self.waiting.iter().copied().chain(self.working)
    }

    /// Whether panes are delivered as they are emitted.
    pub const fn is_instant(&self) -> bool {
        self.is_instant
    }

    /// Nothing is written from now on.
    pub const fn stop(&mut self) {
        self.is_down = true;
    }

    /// Writes again.
    pub const fn go_on(&mut self) {
        self.is_down = false;
    }

    /// Throws away what it has not delivered.
    pub fn cancel(&mut self) {
        self.waiting.clear();
        self.working = None;
        self.barriers.clear();
    }

    /// The barrier of one of so many tasks has arrived. Whether all have.
    pub fn take_barrier(&mut self, emitter: usize, id: u32, emitters: usize) -> bool {
        let place = self.barriers.iter().position(|it| it.id == id).unwrap_or_else(|| {
            self.barriers.push(Barrier { id, arrived: vec![false; emitters], in_front: None });
            self.barriers.len() - 1
        });
        self.barriers[place].arrived[emitter] = true;
        !self.barriers[place].arrived.contains(&false)
    }

    /// So many panes are to be delivered before it takes part in a checkpoint.
    pub fn wait_with_barrier(&mut self, id: u32, in_front: usize) {
        if let Some(barrier) = self.barriers.iter_mut().find(|it| it.id == id) {
            barrier.in_front = Some(in_front);
        }
    }

    /// A pane is delivered that was emitted after this checkpoint: those in which it takes part now.
    pub fn delivered(&mut self, after: u32) -> Vec<u32> {
        if self.barriers.is_empty() {
            return Vec::new();
        }
        let mut done = Vec::new();
        for barrier in self.barriers.iter_mut().filter(|it| after < it.id) {
            if let Some(in_front) = &mut barrier.in_front {
                *in_front -= 1;
                if *in_front == 0 {
                    done.push(barrier.id);
                }
            }
        }
        self.barriers.retain(|it| !done.contains(&it.id));
        done
    }

    /// A checkpoint has failed.
    pub fn forget_barrier(&mut self, id: u32) {
        self.barriers.retain(|it| it.id != id);
    }

    /// Whether nothing is on its way to it.
    pub fn is_idle(&self) -> bool {
        self.working.is_none() && self.waiting.is_empty()
    }
}

impl Simulation {
    /// A task has emitted the panes of the trace from place `before` on.
    #[inline]
    pub(super) fn emitted(&mut self, emitter: usize, before: usize) {
        if self.state.control.is_some() {
            self.note_panes(emitter);
        }
        if self.state.sink.is_instant || self.trace.panes.len() == before {
            return;
        }
        let panes = before as u32..self.trace.panes.len() as u32;
        self.trace.delivered.resize(self.trace.panes.len(), ProcTime::MAX);
        self.outbox(emitter).queue.extend(panes);
        self.fill_sink(emitter);
        self.sink_starts();
    }

    fn outbox(&mut self, emitter: usize) -> &mut Outbox<u32> {
        match self.state.mergers.get_mut(emitter) {
            Some(merger) => &mut merger.outbox,
            None => &mut self.state.tasks[emitter].outbox,
        }
    }

    /// Moves panes of a task to the sink while it has room.
    fn fill_sink(&mut self, emitter: usize) {
        let State { now, sink, mergers, tasks, .. } = &mut self.state;
        let outbox = match mergers.get_mut(emitter) {
            Some(merger) => &mut merger.outbox,
            None => &mut tasks[emitter].outbox,
        };
        while sink.waiting.len() < self.plan.sink_capacity {
            let Some(pane) = outbox.queue.pop_front() else { break };
            sink.waiting.push_back(pane);
        }
        let on = (!outbox.queue.is_empty()).then_some(TaskId::Sink);
        outbox.set_waiting(self.plan.emitter(emitter), on, *now, &mut self.trace);
    }

    fn sink_starts(&mut self) {
        let (sink, now) = (&mut self.state.sink, self.state.now);
        if sink.working.is_none()
            && !sink.is_down
            && let Some(pane) = sink.waiting.pop_front()
        {
            sink.working = Some(pane);
            self.state.times[self.plan.sink_slot()] = now + self.plan.sink_time.of(pane, now);
        }
    }

    /// Whether the pane in hand is not taken; it is tried again later.
    fn write_fails(&mut self) -> bool {
        let now = self.state.now;
        let failure = self.plan.sink_failures.iter().find(|failure| failure.from <= now && now < failure.until);
        let (Some(failure), Some(pane)) = (failure, self.state.sink.working) else { return false };
        let again = now + failure.retry_after;
        self.state.times[self.plan.sink_slot()] = again + self.plan.sink_time.of(pane, again);
        self.trace.failed_writes.push(FailedWrite { at: now, pane });
        true
    }

    /// The pane in hand is delivered: its result is visible from now on.
    pub(super) fn sink_finishes(&mut self) {
        if self.write_fails() {
            return;
        }
        self.state.times[self.plan.sink_slot()] = ProcTime::MAX;
        if let Some(pane) = self.state.sink.working.take() {
            self.trace.delivered[pane as usize] = self.state.now;
            if self.state.control.is_some() {
                self.pane_delivered(pane);
            }
        }
        self.sink_starts();
        // There are as many merge tasks as window tasks, or none.
        let emitters = self.state.tasks.len();
        for place in 0..emitters {
            let emitter = (self.state.sink.turn + place) % emitters;
            if self.outbox(emitter).waits_for().is_none() {
                continue;
            }
            self.fill_sink(emitter);
            self.sink_starts();
            self.state.sink.turn = (emitter + 1) % emitters;
            if self.outbox(emitter).waits_for().is_none() {
                if self.plan.mergers > 0 {
                    self.take_waiting_feeds(emitter);
                } else {
                    self.take_waiting(emitter);
                }
            }
            return;
        }
    }
}
