//! Snapshots of [`AlignedWindows`]: by key, its windows by their number. When a column is due follows
//! from its number and the watermark; the order of its cells, from their identities.

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::window::aggregate::Summary;
use crate::window::aligned::AlignedWindows;
use crate::window::cells::Cell;
use crate::window::lateness;
use crate::window::pane::WindowId;
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, ascends, raised};
use crate::window::snapshot::setting::Setting;

/// The windows of one key, by ascending number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::window) struct AlignedKey {
    windows: Vec<AlignedWindow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct AlignedWindow {
    number: i64,
    id: WindowId,
    panes: u32,
    total: Summary,
}

impl OfKey for AlignedKey {
    fn raise_ids(&mut self, by: u32) {
        self.windows.iter_mut().for_each(|window| window.id = raised(window.id, by));
    }
}

impl AlignedWindows {
    /// What it was built with.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::operator("aligned windows"),
            Setting::windows(self.assigner.spec()),
            Setting::lateness(self.allowed_lateness),
        ]
    }

    /// What it keeps.
    pub(in crate::window) fn snapshot(&self) -> (Wide, Keyed<AlignedKey>) {
        let mut keys: Keyed<AlignedKey> = Keyed::new();
        for (number, cells) in self.columns.iter() {
            for cell in cells.iter() {
                let window = AlignedWindow { number, id: cell.id, panes: cell.panes, total: *cell.total };
                keys.entry(cell.key).or_default().windows.push(window);
            }
        }
        (Wide { watermark: self.watermark, opened: self.opened }, keys)
    }

    /// Goes on from a snapshot; the operator has no state.
    ///
    /// # Errors
    /// [`RestoreError::Impossible`].
    pub(in crate::window) fn restore(&mut self, wide: Wide, keys: &Keyed<AlignedKey>) -> Result<(), RestoreError> {
        let mut windows: Vec<(AlignedWindow, KeyId)> = Vec::new();
        for (&key, state) in keys {
            if !ascends(state.windows.iter().map(|window| window.number)) {
                return Err(RestoreError::Impossible("a key has a window twice"));
            }
            windows.extend(state.windows.iter().map(|&window| (window, key)));
        }
        windows.sort_unstable_by_key(|(window, key)| (window.number, window.id, *key));
        for (AlignedWindow { number, id, panes, total }, key) in windows {
            let window = self.assigner.numbered(number);
            if self.assigner.last_number(window.start) != number {
                return Err(RestoreError::Impossible("a window is beyond the ends of time"));
            }
            if total.count == 0 {
                return Err(RestoreError::Impossible("a window without a record"));
            }
            let is_complete = lateness::is_complete(window, wide.watermark);
            let due = if is_complete { lateness::closes_at(window, self.allowed_lateness) } else { window.end };
            self.next_due = self.next_due.min(due);
            self.is_anonymous |= id == WindowId::NONE;
            self.columns.get_or_open(number, !is_complete).put_back(&Cell { key, id, total: &total, panes });
            // As many as are not gone have been opened.
            self.gone = self.gone.wrapping_sub(1);
        }
        self.watermark = wide.watermark;
        self.opened = wide.opened;
        self.gone = self.gone.wrapping_add(wide.opened);
        Ok(())
    }
}
