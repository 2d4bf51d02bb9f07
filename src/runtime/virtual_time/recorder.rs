//! Writes what a window operator does into the trace.

use crate::record::{KeyId, RecordId};
use crate::runtime::trace::{Trace, WindowEnd, WindowLife};
use crate::time::ProcTime;
use crate::window::aggregate::Summary;
use crate::window::pane::{Pane, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

/// Writes into the trace under identities that are unique among all tasks.
pub struct Recorder<'a> {
    panes: &'a mut Vec<Pane>,
    lists: &'a mut Vec<(u32, Box<[f64]>)>,
    windows: &'a mut Vec<WindowLife>,
    ids: &'a mut Vec<WindowId>,
    is_alone: bool,
}

impl<'a> Recorder<'a> {
    /// `ids` are the identities that the windows of this task have got so far; with one task alone
    /// they are its own.
    #[inline]
    pub const fn new(trace: &'a mut Trace, ids: &'a mut Vec<WindowId>, is_alone: bool) -> Self {
        Self { panes: &mut trace.panes, lists: &mut trace.lists, windows: &mut trace.windows, ids, is_alone }
    }

    fn id(&self, own: WindowId) -> WindowId {
        if self.is_alone { own } else { self.ids.get(own.index()).copied().unwrap_or(WindowId::NONE) }
    }
}

impl WindowSink for Recorder<'_> {
    fn opened(&mut self, id: WindowId, key: KeyId, window: Window, now: ProcTime, by: RecordId) {
        if self.is_alone {
            debug_assert_eq!(id.index(), self.windows.len());
        } else {
            debug_assert_eq!(id.index(), self.ids.len());
            // As many windows as there are 32-bit numbers do not fit into memory.
            self.ids.push(WindowId(self.windows.len() as u32));
        }
        self.windows.push(WindowLife {
            key,
            window,
            opened_at: now,
            opened_by: by,
            end: WindowEnd::StillKept,
            panes: 0,
            summary: Summary::default(),
            special: None,
        });
    }

    fn fired(&mut self, pane: Pane) {
        let window_id = self.id(pane.window_id);
        self.panes.push(Pane { window_id, ..pane });
    }

    fn listed(&mut self, values: &[f64]) {
        // A run of fewer than 2^32 records that overflows this would need terabytes for its panes.
        if let Some(pane) = self.panes.len().checked_sub(1).and_then(|last| u32::try_from(last).ok()) {
            self.lists.push((pane, values.into()));
        }
    }

    fn merged(&mut self, from: Kept, into: WindowId, now: ProcTime) {
        let (id, into) = (self.id(from.id), self.id(into));
        settle_life(self.windows, id, from, WindowEnd::Merged { at: now, into });
    }

    fn closed(&mut self, kept: Kept, now: ProcTime) {
        let id = self.id(kept.id);
        settle_life(self.windows, id, kept, WindowEnd::Closed { at: now });
    }
}

/// Writes down how a window's state ended, or how it is at the end of the run.
pub fn settle_life(windows: &mut [WindowLife], id: WindowId, kept: Kept, end: WindowEnd) {
    let Some(life) = windows.get_mut(id.index()) else { return };
    life.window = kept.window;
    life.summary = kept.summary;
    life.special = kept.special;
    life.panes = kept.panes;
    life.end = end;
}
