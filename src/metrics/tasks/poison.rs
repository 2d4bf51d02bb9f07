//! Crash loops: a task that crashes on a record, is started again, reads the same record, and crashes.
//! It is poisoned from the first crash until the record is gone, which it may never be.

use crate::record::RecordId;
use crate::runtime::{TaskId, Trace};
use crate::time::ProcTime;

/// A task that cannot get past a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrashLoop {
    /// Which task.
    pub task: TaskId,
    /// Which record.
    pub record: RecordId,
    /// The first crash.
    pub since: ProcTime,
    /// The last one.
    pub last: ProcTime,
    /// How often it crashed.
    pub crashes: usize,
    /// When the record was gone, and the task went on; `None` when that did not happen.
    pub until: Option<ProcTime>,
    /// Whether it was not started again after the last crash.
    pub is_down: bool,
}

impl CrashLoop {
    /// Whether the task is poisoned at `now`.
    pub fn holds_at(&self, now: ProcTime) -> bool {
        self.since <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Every crash loop of a run, in order of their first crashes.
pub fn crash_loops(trace: &Trace) -> Vec<CrashLoop> {
    let mut loops: Vec<CrashLoop> = Vec::new();
    for restart in &trace.restarts {
        let record = restart.reason.record();
        let of_same = |it: &&mut CrashLoop| it.task == restart.task && it.record == record;
        if let Some(known) = loops.iter_mut().rev().find(of_same) {
            known.last = restart.at;
            known.crashes += 1;
            known.is_down = restart.back_at.is_none();
            continue;
        }
        let until = trace.handled.get(record.index()).copied().filter(|&at| at < ProcTime::MAX);
        loops.push(CrashLoop {
            task: restart.task,
            record,
            since: restart.at,
            last: restart.at,
            crashes: 1,
            until,
            is_down: restart.back_at.is_none(),
        });
    }
    loops
}
