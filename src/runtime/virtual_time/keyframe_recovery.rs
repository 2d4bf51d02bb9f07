//! What a keyframe of a run that may fail needs beside its state, to say what the run had noted by then.

use crate::record::RecordId;
use crate::runtime::recovery_log::{CheckpointRow, NEVER, RecoveryLog, RecoveryRow};
use crate::runtime::trace::{Trace, WindowLife};
use crate::runtime::virtual_time::Simulation;
use crate::time::ProcTime;
use crate::window::pane::WindowId;

/// How much had been noted, and what has been written over since.
#[derive(Clone, Debug)]
pub struct RecoveryMarks {
    handlings: usize,
    refated: usize,
    rewritten: usize,
    life: u32,
    checkpoints: Vec<CheckpointRow>,
    recoveries: Vec<RecoveryRow>,
    /// Panes that nobody had seen, and the checkpoints that they came after.
    unseen: Vec<(u32, u32)>,
}

impl RecoveryMarks {
    /// `None` for a run that cannot fail.
    pub fn of(simulation: &Simulation) -> Option<Self> {
        let (control, log) = (simulation.state.control.as_ref()?, simulation.trace.recovery.as_ref()?);
        let unseen = simulation.panes_on_the_way().chain(control.uncommitted.iter().copied());
        Some(Self {
            handlings: log.handlings.len(),
            refated: log.refated.len(),
            rewritten: simulation.rewritten.len(),
            life: control.life,
            checkpoints: log.checkpoints.clone(),
            recoveries: log.recoveries.clone(),
            unseen: unseen.map(|pane| (pane, log.panes[pane as usize].after)).collect(),
        })
    }

    /// Lives of windows that had been written over by then.
    pub fn rewritten(&self) -> usize {
        self.rewritten
    }

    /// Takes the fates back that changed later. `fates` are those of the whole trace, `trace` names
    /// records by their places in it.
    pub fn undo_fates(&self, trace: &Trace, cut: &mut Trace) {
        let Some(log) = &trace.recovery else { return };
        for it in log.refated[self.refated..].iter().rev() {
            if let Some(fate) = cut.fates.get_mut(it.record.index()) {
                *fate = it.before;
            }
        }
    }

    /// Takes the lives of windows back that were written over later.
    pub fn undo_lives(&self, rewritten: &[(WindowId, WindowLife)], cut: &mut Trace) {
        for (id, before) in rewritten[self.rewritten..].iter().rev() {
            if let Some(life) = cut.windows.get_mut(id.index()) {
                // Records are named otherwise here.
                *life = WindowLife { opened_by: life.opened_by, ..*before };
            }
        }
    }

    /// What had been noted, with records known by their places in order of arrival.
    pub fn cut(&self, log: &RecoveryLog, panes: usize, order: &[u32]) -> RecoveryLog {
        let mut cut = RecoveryLog {
            handlings: log.handlings[..self.handlings].to_vec(),
            panes: log.panes[..panes].to_vec(),
            refated: log.refated[..self.refated].to_vec(),
            checkpoints: self.checkpoints.clone(),
            recoveries: Vec::new(),
        };
        cut.records_mut().for_each(|id| *id = RecordId(order[id.index()]));
        cut.recoveries.clone_from(&self.recoveries);
        let undone = cut.handlings.iter_mut().map(|it| &mut it.undone_in);
        undone.chain(cut.panes.iter_mut().map(|it| &mut it.undone_in)).filter(|life| **life > self.life).for_each(
            |life| {
                *life = NEVER;
            },
        );
        for &(pane, after) in &self.unseen {
            let row = &mut cut.panes[pane as usize];
            row.after = after;
            row.committed = ProcTime::MAX;
        }
        cut
    }
}
