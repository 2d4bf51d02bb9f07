//! Which window task a record is for: the one that handled it, or would have, had it come so far.

use crate::pipeline::Pipeline;
use crate::runtime::{TaskId, Trace};
use crate::state::KeyGroups;

/// Which window task a record is for.
pub(super) struct Targets {
    /// By key; empty when there is one task.
    by_key: Vec<u16>,
    /// Records of one key are for several tasks.
    is_salted: bool,
}

impl Targets {
    /// Of a finished run. O(keys).
    pub fn of(trace: &Trace) -> Self {
        let Pipeline { tasks, .. } = &trace.pipeline;
        let groups = KeyGroups::new(tasks.key_groups).filter(|_| tasks.windows > 1);
        let by_key = groups.map_or(Vec::new(), |groups| {
            let task_of = |name| groups.task_of(groups.group_of(name), tasks.windows).0 as u16;
            trace.stream.key_table().names().map(task_of).collect()
        });
        Self { by_key, is_salted: tasks.salts > 1 }
    }

    /// The task that handled it, or else the one that owns its key; no task where that has several
    /// owners.
    pub fn of_record(&self, trace: &Trace, place: usize) -> usize {
        match trace.tasks.get(place) {
            Some(&task) if task != TaskId::NO_TASK => usize::from(task),
            Some(_) if self.is_salted => usize::from(TaskId::NO_TASK),
            _ => {
                let key = trace.stream.keys()[place];
                self.by_key.get(key.index()).map_or(0, |&task| usize::from(task))
            }
        }
    }
}
