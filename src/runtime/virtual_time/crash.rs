//! A source task that crashes and is started again. It has lost what it had in hand, which is still in
//! the log, and reads it again; what it has sent stays sent, and all other tasks go on.

use crate::record::RecordId;
use crate::runtime::Sabotage;
use crate::runtime::recovery_log::Cause;
use crate::runtime::trace::{CrashReason, Restart, TaskId};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::source::Doing;
use crate::time::ProcTime;

impl Simulation {
    /// A source task crashes on a record; `is_in_hand` says that it has been taken out of the log.
    pub(super) fn crash_source(&mut self, source: usize, id: RecordId, is_in_hand: bool) {
        if self.state.control.is_some() {
            self.fail(Cause::Poison(TaskId::source(source), id));
            return self.schedule_control();
        }
        if is_in_hand && !self.plan.has(Sabotage::LoseInHand) {
            let list = self.plan.list_of(id);
            self.state.log.step_back(list);
        }
        self.forget_reads(source);
        let now = self.state.now;
        let task = &mut self.state.sources[source];
        // A strategy that never gives up goes on as long as records come, so that every run ends.
        let gives_up = self.plan.restart.is_endless() && now >= self.plan.last_arrival;
        let back_at = if gives_up { None } else { task.restarts.crash(now) };
        let input_ends = Some(self.plan.last_arrival).filter(|&at| at > now);
        let (doing, next) = back_at.map_or((Doing::Failed, input_ends), |at| (Doing::Down, Some(at)));
        task.doing = doing;
        self.state.times[self.plan.first_source_slot() + source] = next.unwrap_or(ProcTime::MAX);
        self.clock_changed(source);
        let reason = CrashReason::Poison(id);
        self.trace.restarts.push(Restart { task: TaskId::source(source), at: now, back_at, reason });
    }

    /// A source task is running again.
    pub(super) fn source_is_back(&mut self, source: usize) {
        self.resume(source);
        self.clock_changed(source);
    }
}
