//! Window join: every left record with every right record of the same key and window, when the
//! watermark reaches the window's end.
//!
//! Tumbling, sliding and cumulative windows. A record whose windows have all ended takes no part.
//! The semantics of Apache Flink's `JoinedStreams` (an inner join) with its default trigger. The
//! watermark bounds the state, so there is no time to live ([`crate::state::ttl`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::join::{Admission, Pair, Side};
use crate::pipeline::WindowSpec;
use crate::record::{KeyId, Record};
use crate::time::{EventTime, Span};
use crate::window::assigner::Assigner;
use crate::window::lateness;
use crate::window::pane::Window;

/// Both sides of one window of one key, each in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sides {
    left: Vec<Record>,
    right: Vec<Record>,
}

/// A window join of two keyed streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowJoin {
    window: WindowSpec,

    /// By end, so that what is due comes first; then start and key.
    open: BTreeMap<(EventTime, EventTime, KeyId), Sides>,
    watermark: EventTime,
}

impl WindowJoin {
    /// A join without state; `None` for windows that never end (global) or depend on the records
    /// (sessions).
    ///
    /// # Panics
    /// When a size, slide or step is not positive; [`crate::pipeline::Pipeline::problems`] refuses
    /// those.
    pub fn new(window: WindowSpec) -> Option<Self> {
        match (Assigner::new(window), window) {
            (None, _) | (_, WindowSpec::Global) => None,
            _ => Some(Self { window, open: BTreeMap::new(), watermark: EventTime::MIN }),
        }
    }

    /// Puts a record into its windows that have not ended.
    pub fn on_record(&mut self, side: Side, record: Record) -> Admission {
        let mut windows = Vec::new();
        if let Some(assigner) = Assigner::new(self.window) {
            assigner.windows(record.event_time, &mut windows);
        }
        let mut admission = Admission::Late;
        for window in windows.into_iter().filter(|&w| !lateness::is_gone(w, Span::ZERO, self.watermark)) {
            admission = Admission::Kept;
            let sides = self.open.entry((window.end, window.start, record.key)).or_default();
            match side {
                Side::Left => sides.left.push(record),
                Side::Right => sides.right.push(record),
            }
        }
        admission
    }

    /// Joins and drops every window that the watermark has reached the end of, by end, start and key;
    /// inside a window by arrival of the left record, then of the right one. Watermarks ascend.
    pub fn on_watermark(&mut self, watermark: EventTime, pairs: &mut Vec<Pair>) {
        self.watermark = watermark;
        while let Some(entry) = self.open.first_entry() {
            let &(end, start, key) = entry.key();
            if !lateness::is_complete(Window::new(start, end), watermark) {
                return;
            }
            let sides = entry.remove();
            // The last instant of the window, so that a later window of the same size takes it up again.
            let event_time = end - Span::from_micros(1);
            for &left in &sides.left {
                pairs.extend(sides.right.iter().map(|&right| Pair { key, left, right, event_time }));
            }
        }
    }

    /// How many windows of keys are kept.
    pub fn kept(&self) -> usize {
        self.open.len()
    }
}
