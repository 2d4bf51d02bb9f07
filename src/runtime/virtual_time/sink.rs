//! The sink: takes panes one after the other. What it has no room for stays with the window task,
//! which then takes nothing from its channels.

use std::collections::VecDeque;

use crate::runtime::trace::TaskId;
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::plan::Plan;
use crate::time::ProcTime;

/// The sink.
#[derive(Clone, Debug)]
pub struct Sink {
    is_instant: bool,
    waiting: VecDeque<u32>,
    working: Option<u32>,
    /// The window task that is asked first for its panes when there is room.
    turn: usize,
}

impl Sink {
    pub fn new(plan: &Plan) -> Self {
        Self { is_instant: plan.sink_time.is_zero(), waiting: VecDeque::new(), working: None, turn: 0 }
    }

    /// The panes that it has and has not delivered, by their places in the trace.
    pub fn panes(&self) -> impl Iterator<Item = u32> {
        self.waiting.iter().copied().chain(self.working)
    }

    /// Whether nothing is on its way to it.
    pub fn is_idle(&self) -> bool {
        self.working.is_none() && self.waiting.is_empty()
    }
}

impl Simulation {
    /// A task has emitted the panes of the trace from place `before` on.
    #[inline]
    pub(super) fn emitted(&mut self, task: usize, before: usize) {
        if self.state.sink.is_instant || self.trace.panes.len() == before {
            return;
        }
        let panes = before as u32..self.trace.panes.len() as u32;
        self.trace.delivered.resize(self.trace.panes.len(), ProcTime::MAX);
        self.state.tasks[task].outbox.extend(panes);
        self.fill_sink(task);
        self.sink_starts();
    }

    /// Moves panes of a task to the sink while it has room.
    fn fill_sink(&mut self, task: usize) {
        let now = self.state.now;
        let (sink, worker) = (&mut self.state.sink, &mut self.state.tasks[task]);
        while sink.waiting.len() < self.plan.sink_capacity {
            let Some(pane) = worker.outbox.pop_front() else { break };
            sink.waiting.push_back(pane);
        }
        match (worker.outbox.is_empty(), worker.waits_since) {
            (false, None) => worker.waits_since = Some(now),
            (true, Some(since)) => {
                worker.waits_since = None;
                self.trace.note_wait(&mut worker.last_wait, TaskId::window(task), TaskId::Sink, since, now);
            }
            _ => {}
        }
    }

    fn sink_starts(&mut self) {
        let (sink, now) = (&mut self.state.sink, self.state.now);
        if sink.working.is_none()
            && let Some(pane) = sink.waiting.pop_front()
        {
            sink.working = Some(pane);
            self.state.times[self.plan.sink_slot()] = now + self.plan.sink_time.of(pane, now);
        }
    }

    /// The pane in hand is delivered: its result is visible from now on.
    pub(super) fn sink_finishes(&mut self) {
        self.state.times[self.plan.sink_slot()] = ProcTime::MAX;
        if let Some(pane) = self.state.sink.working.take() {
            self.trace.delivered[pane as usize] = self.state.now;
        }
        self.sink_starts();
        let tasks = self.state.tasks.len();
        for place in 0..tasks {
            let task = (self.state.sink.turn + place) % tasks;
            if self.state.tasks[task].waits_since.is_none() {
                continue;
            }
            self.fill_sink(task);
            self.sink_starts();
            self.state.sink.turn = (task + 1) % tasks;
            if self.state.tasks[task].waits_since.is_none() {
                self.take_waiting(task);
            }
            return;
        }
    }
}
