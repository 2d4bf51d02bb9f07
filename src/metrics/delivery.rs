//! What a failure did to results, window by window: what each should hold, and what readers have seen.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::human::instant_rfc3339;
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

/// What a failure did to results, as `highwater run --format json` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeliveryReport {
    /// Records that readers of committed results miss, over all windows.
    pub lost: u64,
    /// Records that they see too often.
    pub repeated: u64,
    /// The same for readers who do not wait for the commit.
    pub lost_uncommitted: u64,
    /// The same for readers who do not wait for the commit.
    pub repeated_uncommitted: u64,
    /// Windows, each as readers of committed results see it, by key and start.
    pub windows: Vec<WindowRow>,
}

/// One window of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowRow {
    /// The key.
    pub key: String,
    /// The start of the window, RFC 3339.
    pub window_start: String,
    /// Records that it holds where nothing fails.
    pub expected: u64,
    /// Records that readers have seen.
    pub seen: u64,
    /// Records too few.
    pub lost: u64,
    /// Records too many.
    pub repeated: u64,
}

impl DeliveryReport {
    /// Of a run and the one of the same seed in which nothing fails.
    pub fn of(trace: &Trace, faultless: &Trace) -> Self {
        let committed = by_window(trace, faultless, View::Committed);
        let uncommitted = by_window(trace, faultless, View::Uncommitted);
        let lost = |windows: &[WindowDelivery]| windows.iter().map(WindowDelivery::lost).sum();
        let repeated = |windows: &[WindowDelivery]| windows.iter().map(WindowDelivery::repeated).sum();
        let row = |window: &WindowDelivery| WindowRow {
            key: trace.stream.key_table().name(window.key).to_owned(),
            window_start: instant_rfc3339(window.start.micros()),
            expected: window.expected,
            seen: window.seen,
            lost: window.lost(),
            repeated: window.repeated(),
        };
        Self {
            lost: lost(&committed),
            repeated: repeated(&committed),
            lost_uncommitted: lost(&uncommitted),
            repeated_uncommitted: repeated(&uncommitted),
            windows: committed.iter().map(row).collect(),
        }
    }
}
