//! Savepoints: a job that is stopped with one, and a job that goes on from it, also with another number of
//! window tasks.
//!
//! Complete checkpoints can be had in the same form, for another process to go on from.
//!
//! A job is stopped where its input is cut off: everything in front of the cut has flowed through, so the
//! channels are empty and the snapshots of all tasks are of one cut, as behind aligned barriers. The job
//! that goes on reads the rest of the input. Its operators know the watermark that they had seen; sources
//! make theirs anew, as in Apache Flink.

use std::sync::Arc;

use crate::checkpoint::{CheckpointId, Ownership, PartitionPart, StoredCheckpoint, TaskPart};
use crate::record::{RecordId, Stream};
use crate::runtime::RunConfig;
use crate::runtime::recovery_log::NEVER;
use crate::runtime::trace::{WindowEnd, WindowLife};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::snapshot::{KeptTask, Snapshot};
use crate::sink::SinkSnapshot;
use crate::time::ProcTime;
use crate::window::operator::WindowOperator;
use crate::window::pane::WindowId;
use crate::window::snapshot::{OperatorSnapshot, RestoreError};

impl Simulation {
    /// The state of every window task of a run that has come to its end, and has nothing in flight. Results
    /// in transactions are committed with it.
    ///
    /// # Errors
    /// How many records are still on their way, if any are: a task is down or waits for one that is.
    pub fn stop_with_savepoint(&mut self) -> Result<Vec<TaskPart>, u64> {
        let in_flight = self.ledger().in_flight;
        if in_flight > 0 {
            return Err(in_flight);
        }
        if self.state.control.is_some() {
            self.commit(NEVER);
        }
        let part = |operator: &WindowOperator| {
            let snapshot = operator.snapshot();
            TaskPart { operator: snapshot.to_bytes(), watermark: Some(snapshot.watermark()) }
        };
        Ok(self.operators().map(part).collect())
    }

    /// The number of the newest complete checkpoint; 0 without one.
    pub fn newest_checkpoint(&self) -> u32 {
        self.state.control.as_ref().and_then(|control| control.completed.as_ref()).map_or(0, |kept| kept.id)
    }

    /// The newest complete checkpoint for another process, under the number `id`; `input` is the
    /// fingerprint of the stream, and `read` how far every partition was read before the run. `None`
    /// without one, and for one with records or panes that barriers have overtaken.
    pub fn checkpoint_to_store(&self, id: CheckpointId, input: u64, read: &[u64]) -> Option<StoredCheckpoint> {
        let kept = self.state.control.as_ref()?.completed.as_ref()?;
        let log = self.trace.recovery.as_ref()?;
        let row = log.checkpoints.iter().rev().find(|row| row.id == kept.id)?;
        let tasks = kept.tasks.iter().map(|task| {
            let task = task.as_ref().filter(|task| task.in_flight.is_empty() && task.panes.is_empty())?;
            Some(TaskPart { operator: task.operator.to_vec(), watermark: Some(task.watermark) })
        });
        Some(StoredCheckpoint {
            id,
            ownership: Ownership::Checkpoint,
            taken_at: row.began,
            input,
            partitions: self.partitions_read(&kept.positions, read),
            tasks: tasks.collect::<Option<_>>()?,
            sink: SinkSnapshot::default(),
        })
    }

    /// How far every partition is read where the lists of the log are read so far.
    fn partitions_read(&self, positions: &[u32], read: &[u64]) -> Vec<PartitionPart> {
        let mut of_partition = read.to_vec();
        for (list, &position) in positions.iter().enumerate() {
            for place in 0..position {
                let partition = self.plan.lists.get(list, place).map(|id| self.plan.stream.partition(id).index());
                if let Some(position) = partition.and_then(|partition| of_partition.get_mut(partition)) {
                    *position += 1;
                }
            }
        }
        let part = |(partition, position)| PartitionPart { partition: partition as u32, position };
        of_partition.into_iter().enumerate().map(part).collect()
    }

    /// A run before its first event that goes on from a savepoint taken at `taken_at`: `rest` is what the
    /// job before has not read, and is not empty; `parts` is the state of every window task. Keys are not
    /// salted.
    ///
    /// # Errors
    /// When the state does not fit the pipeline.
    ///
    /// # Panics
    /// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
    pub fn resumed(
        rest: Arc<Stream>,
        config: &RunConfig,
        parts: Vec<OperatorSnapshot>,
        taken_at: ProcTime,
    ) -> Result<Self, RestoreError> {
        let mut operators = Vec::with_capacity(parts.len());
        for part in parts {
            let opened = part.opened();
            operators.push((WindowOperator::restore(&config.pipeline, part.clone())?, part, opened));
        }
        let mut simulation = Self::new(rest, config);
        if let Some(plan) = Arc::get_mut(&mut simulation.plan) {
            plan.is_resumed = true;
        }
        let mut kept_tasks = Vec::with_capacity(operators.len());
        for (task, (operator, part, opened)) in operators.into_iter().enumerate().take(simulation.plan.tasks) {
            // Identities of windows that are gone are of none.
            let mut ids = vec![WindowId::NONE; opened as usize];
            let windows = &mut simulation.trace.windows;
            operator.visit_kept(|kept| {
                if let Some(id) = ids.get_mut(kept.id.index()) {
                    *id = WindowId(windows.len() as u32);
                }
                windows.push(WindowLife {
                    key: kept.key,
                    window: kept.window,
                    opened_at: taken_at,
                    opened_by: RecordId(0),
                    end: WindowEnd::StillKept,
                    panes: kept.panes,
                    summary: kept.summary,
                    special: kept.special,
                });
            });
            simulation.state.kept += operator.kept();
            let watermark = part.watermark();
            kept_tasks.push(Some(KeptTask {
                operator: part.to_bytes().into(),
                windows: ids.len(),
                watermark,
                valve: None,
                in_flight: Vec::new(),
                panes: Vec::new(),
            }));
            simulation.state.tasks[task].resume(operator, watermark, ids);
        }
        // A failure before the first checkpoint goes back to the savepoint.
        let first = Snapshot { tasks: kept_tasks, ..Snapshot::new(0, &simulation) };
        if let Some(control) = &mut simulation.state.control {
            control.completed = Some(Arc::new(first));
        }
        Ok(simulation)
    }
}
