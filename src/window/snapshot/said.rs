//! Panes that may have to be withdrawn: of those only what a retraction repeats.

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::Summary;
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::snapshot::keyed::raised;

/// A pane that was fired. When, at which watermark and by which record is not kept: a retraction has
/// its own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::window) struct Said {
    id: WindowId,
    window: Window,
    timing: Timing,
    index: u32,
    summary: Summary,
    special: Option<f64>,
    is_last: bool,
    nonspeculative_index: Option<u32>,
    event_time: EventTime,
}

impl Said {
    pub const fn of(pane: &Pane) -> Self {
        Self {
            id: pane.window_id,
            window: pane.window,
            timing: pane.timing,
            index: pane.index,
            summary: pane.summary,
            special: pane.special,
            is_last: pane.is_last,
            nonspeculative_index: pane.nonspeculative_index,
            event_time: pane.event_time,
        }
    }

    /// The pane again, for the retraction to be made from.
    pub const fn pane(&self, key: KeyId) -> Pane {
        Pane {
            window_id: self.id,
            key,
            window: self.window,
            timing: self.timing,
            index: self.index,
            summary: self.summary,
            special: self.special,
            emitted_at: ProcTime::MIN,
            watermark: EventTime::MIN,
            cause: None,
            is_retraction: false,
            is_last: self.is_last,
            nonspeculative_index: self.nonspeculative_index,
            event_time: self.event_time,
        }
    }

    pub const fn raise_id(&mut self, by: u32) {
        self.id = raised(self.id, by);
    }
}
