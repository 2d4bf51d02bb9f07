//! One row of output: a pane on its way out of the pipeline. 40 bytes, copied freely.

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::window::aggregate::Aggregate;
use crate::window::pane::{Pane, Window};

/// What a row does to the result of its key and window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// This is the result now; `None` where the aggregate of nothing has no value.
    Put(Option<f64>),
    /// The result before is withdrawn (a retraction).
    Withdraw,
}

/// A row that a sink wrote.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The pane: an index into [`crate::runtime::Trace::panes`]. A pane that is emitted again after a
    /// restart is another one there.
    pub pane: u32,
    /// Of which key.
    pub key: KeyId,
    /// Of which window.
    pub window: Window,
    /// The result.
    pub change: Change,
}

impl Row {
    /// The row of a pane that is at place `place` of the trace, whose value is that of `aggregate`.
    pub fn of(place: u32, pane: &Pane, aggregate: Aggregate) -> Self {
        let change = if pane.is_retraction { Change::Withdraw } else { Change::Put(pane.value(aggregate)) };
        Self { pane: place, key: pane.key, window: pane.window, change }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stays_small() {
        assert_eq!(size_of::<Row>(), 40);
    }
}
