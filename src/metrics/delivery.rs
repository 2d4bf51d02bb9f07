//! What a failure did to results, window by window: what each should hold, and what readers have seen.

use std::collections::BTreeMap;

use crate::record::KeyId;
use crate::runtime::Trace;
use crate::runtime::outcome::{Row, View, standing};
use crate::time::EventTime;

/// One window of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowDelivery {
    /// The key.
    pub key: KeyId,
    /// The start of the window.
    pub start: EventTime,
    /// How many records it holds in the run without failures.
    pub expected: u64,
    /// How many records the panes hold that readers have seen in the end.
    pub seen: u64,
}

impl WindowDelivery {
    /// Records too few.
    pub const fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.seen)
    }

    /// Records too many.
    pub const fn repeated(&self) -> u64 {
        self.seen.saturating_sub(self.expected)
    }
}

/// Every window that either run has shown, by key and start. `faultless` is the run of the same seed in which
/// nothing fails; both number their keys alike.
pub fn by_window(trace: &Trace, faultless: &Trace, view: View) -> Vec<WindowDelivery> {
    let mut rows: BTreeMap<Row, (u64, u64)> = BTreeMap::new();
    for (row, records) in counts(faultless, view) {
        rows.entry(row).or_default().0 = records;
    }
    for (row, records) in counts(trace, view) {
        rows.entry(row).or_default().1 = records;
    }
    rows.into_iter().map(|((key, start), (expected, seen))| WindowDelivery { key, start, expected, seen }).collect()
}

fn counts(trace: &Trace, view: View) -> impl Iterator<Item = (Row, u64)> {
    let records = |pane: usize| trace.panes[pane].summary.count;
    standing(trace, view).into_iter().map(move |(row, panes)| (row, panes.into_iter().map(records).sum()))
}
