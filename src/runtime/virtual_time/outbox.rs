//! What a task has emitted and not yet handed on, and since when it waits for room.

use std::collections::VecDeque;

use crate::runtime::trace::{TaskId, Trace};
use crate::time::ProcTime;

/// What a task has emitted and not yet handed on, oldest first.
#[derive(Clone, Debug)]
pub struct Outbox<T> {
    pub queue: VecDeque<T>,
    waits: Option<(TaskId, ProcTime)>,
    /// The last entry that the task has in the trace's list of waits.
    pub last_wait: Option<usize>,
}

impl<T> Outbox<T> {
    /// An empty one.
    pub const fn new() -> Self {
        Self { queue: VecDeque::new(), waits: None, last_wait: None }
    }

    /// For whom it waits; the task then takes nothing in.
    #[inline]
    pub fn waits_for(&self) -> Option<TaskId> {
        self.waits.map(|(on, _)| on)
    }

    /// Throws everything away; what the task waited for until now is noted.
    pub fn cancel(&mut self, of: TaskId, now: ProcTime, trace: &mut Trace) {
        self.queue.clear();
        self.set_waiting(of, None, now, trace);
    }

    /// The task `of` waits for `on`, or for nobody, from `now` on; what it waited for before is noted.
    pub fn set_waiting(&mut self, of: TaskId, on: Option<TaskId>, now: ProcTime, trace: &mut Trace) {
        if self.waits_for() == on {
            return;
        }
        if let Some((on, since)) = self.waits {
            trace.note_wait(&mut self.last_wait, of, on, since, now);
        }
        self.waits = on.map(|on| (on, now));
    }
}
