//! Snapshots of [`KafkaWindows`]: by key, the rows of the table. When a row closes follows from its
//! window.

use serde::{Deserialize, Serialize};

use crate::pipeline::WindowSpec;
use crate::window::aggregate::Collected;
use crate::window::kafka::{KafkaWindows, Row};
use crate::window::lateness;
use crate::window::pane::{Window, WindowId};
use crate::window::snapshot::error::RestoreError;
use crate::window::snapshot::keyed::{Keyed, OfKey, Wide, raised};
use crate::window::snapshot::said::Said;
use crate::window::snapshot::setting::Setting;

/// The rows of one key, ascending.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::window) struct KafkaKey {
    rows: Vec<KafkaRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct KafkaRow {
    window: Window,
    id: WindowId,
    collected: Collected,
    panes: u32,
    nonspeculative: u32,
    said: Option<Said>,
    is_changed: bool,
}

impl OfKey for KafkaKey {
    fn raise_ids(&mut self, by: u32) {
        for row in &mut self.rows {
            row.id = raised(row.id, by);
            row.said.iter_mut().for_each(|said| said.raise_id(by));
        }
    }
}

impl KafkaWindows {
    /// What it was built with.
    pub(in crate::window) fn settings(&self) -> Vec<Setting> {
        let windows = self.assigner.map_or(WindowSpec::Session { gap: self.gap }, |assigner| assigner.spec());
        vec![
            Setting::operator("Kafka Streams windows"),
            Setting::windows(windows),
            Setting::lateness(self.grace),
            Setting::new("forwarding", if self.on_close { "when a window closes" } else { "at every update" }),
            Setting::new("retractions", if self.withdraws_values { "on" } else { "off" }),
            Setting::aggregate(self.aggregate),
        ]
    }

    /// What it keeps.
    pub(in crate::window) fn snapshot(&self) -> (Wide, Keyed<KafkaKey>) {
        let mut keys: Keyed<KafkaKey> = Keyed::new();
        for (&(key, window), row) in &self.rows {
            keys.entry(key).or_default().rows.push(KafkaRow {
                window,
                id: row.id,
                collected: row.collected.clone(),
                panes: row.panes,
                nonspeculative: row.nonspeculative,
                said: row.said.as_ref().map(Said::of),
                is_changed: row.is_changed,
            });
        }
        (Wide { watermark: self.stream_time, opened: u64::from(self.opened) }, keys)
    }

    /// Goes on from a snapshot; the operator has no state.
    ///
    /// # Errors
    /// [`RestoreError::Impossible`] and [`RestoreError::TooManyWindows`].
    pub(in crate::window) fn restore(&mut self, wide: Wide, keys: Keyed<KafkaKey>) -> Result<(), RestoreError> {
        for (key, kept) in keys {
            for KafkaRow { window, id, collected, panes, nonspeculative, said, is_changed } in kept.rows {
                if !collected.suits(self.aggregate) {
                    return Err(RestoreError::Impossible("the state of another aggregate"));
                }
                self.special_bytes += collected.special_bytes();
                self.closing.insert((lateness::closes_at(window, self.grace), key, window));
                let said = said.map(|said| said.pane(key));
                let row = Row { id, collected, panes, nonspeculative, said, is_changed };
                if self.rows.insert((key, window), row).is_some() {
                    return Err(RestoreError::Impossible("a key has a window twice"));
                }
            }
        }
        self.stream_time = wide.watermark;
        self.opened = wide.opened()?;
        Ok(())
    }
}
