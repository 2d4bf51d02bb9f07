//! Records and panes of a run that may fail: the first handling of a record settles its fate, and every
//! later one may change it.

use crate::record::RecordId;
use crate::runtime::recovery_log::{Handling, NEVER, PaneRow, Refated};
use crate::runtime::trace::{Fate, Repeat, TaskId};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::inbox::Sent;
use crate::time::ProcTime;
use crate::window::pane::Pane;

/// In [`Simulation::places`]: the record has met no fate.
pub const UNSETTLED: u32 = u32::MAX;

impl Simulation {
    /// A window task has handled a record. Whether that was not the first time, so that there is nothing to
    /// settle.
    pub(super) fn is_handled_again(&mut self, task: usize, sent: &Sent, started: ProcTime, fate: Fate) -> bool {
        let at = self.state.now;
        let (control, _, log) = self.recovery();
        let (life, after) = (control.life, control.stations[task].after);
        let number = task as u16;
        log.handlings.push(Handling { record: sent.id, task: number, at, fate, life, after, undone_in: NEVER });
        let is_again = self.is_settled_again(sent, started, Some(task), fate);
        self.look_whether_caught_up(u64::from(!is_again));
        is_again
    }

    /// A record has met a fate. Whether it had met one before, which is then changed.
    pub(super) fn is_settled_again(&mut self, sent: &Sent, started: ProcTime, task: Option<usize>, fate: Fate) -> bool {
        if self.places[sent.id.index()] == UNSETTLED {
            return false;
        }
        let handled_at = self.state.now;
        let (control, ..) = self.recovery();
        control.repeats_due = control.repeats_due.saturating_sub(1);
        self.trace.repeats.push(Repeat {
            record: sent.id,
            source: sent.source,
            task: task.map_or(TaskId::NO_TASK, |task| task as u16),
            enqueued_at: sent.enqueued,
            started_at: started,
            handled_at,
            fate,
        });
        self.refate(sent.id, fate);
        true
    }

    /// Changes the fate of a record.
    pub(super) fn refate(&mut self, id: RecordId, after: Fate) {
        let place = self.places[id.index()] as usize;
        let before = std::mem::replace(&mut self.trace.fates[place], after);
        if before != after {
            self.state.settled.forget(before);
            self.state.settled.note(after);
            let at = self.state.now;
            self.recovery().2.refated.push(Refated { record: id, at, before, after });
        }
    }

    /// Records that have arrived and whose last handling is to come.
    pub(super) fn backlog(&self) -> u64 {
        let repeats = self.state.control.as_ref().map_or(0, |control| control.repeats_due);
        (self.arrived() as u64).saturating_sub(self.settled()) + repeats
    }

    /// Ends the catching up when no more records are in flight than at the failure; `less` of those that are
    /// counted as such are not any more.
    pub(super) fn look_whether_caught_up(&mut self, less: u64) {
        let Some((row, most)) = self.state.control.as_ref().and_then(|control| control.catching_up) else { return };
        if self.backlog().saturating_sub(less) <= most {
            let now = self.state.now;
            let (control, _, log) = self.recovery();
            control.catching_up = None;
            log.recoveries[row].caught_up_at = Some(now);
        }
    }

    /// A task has emitted the panes of the trace that have no row yet.
    pub(super) fn note_panes(&mut self, emitter: usize) {
        let before = self.trace.recovery.as_ref().map_or(0, |log| log.panes.len());
        let panes = self.trace.panes.len();
        if before == panes {
            return;
        }
        let station = if self.plan.mergers > 0 { self.plan.tasks + emitter } else { emitter };
        let is_instant = self.state.sink.is_instant();
        let (control, _, log) = self.recovery();
        let row = PaneRow {
            emitter: emitter as u16,
            life: control.life,
            after: control.stations[station].after,
            handlings: log.handlings.len() as u32,
            undone_in: NEVER,
            committed: ProcTime::MAX,
        };
        log.panes.resize(panes, row);
        if is_instant {
            (before..panes).for_each(|pane| self.pane_delivered(pane as u32));
        }
    }

    /// The panes that a task has emitted and nobody has delivered; they belong to the checkpoint after `id`
    /// from now on, because its barrier overtakes them.
    pub(super) fn panes_in_flight(&mut self, emitter: usize, id: u32) -> Vec<(Pane, Box<[f64]>)> {
        let mut panes: Vec<u32> = self.panes_on_the_way().collect();
        panes.sort_unstable();
        let mut in_flight = Vec::new();
        for pane in panes {
            let row = &mut self.recovery().2.panes[pane as usize];
            if usize::from(row.emitter) != emitter {
                continue;
            }
            row.after = id;
            in_flight.push((self.trace.panes[pane as usize], self.trace.list_of(pane as usize).into()));
        }
        in_flight
    }
}
