//! A window is a half-open interval of event time; a pane is one firing of it.

use serde::{Deserialize, Serialize};

use crate::record::{KeyId, RecordId};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aggregate::{Aggregate, Summary};

/// A half-open interval of event time, `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First instant inside.
    pub start: EventTime,
    /// First instant outside.
    pub end: EventTime,
}

impl Window {
    /// All of event time.
    pub const ALL: Self = Self::new(EventTime::MIN, EventTime::MAX);

    /// The window from `start` (inside) to `end` (outside).
    pub const fn new(start: EventTime, end: EventTime) -> Self {
        Self { start, end }
    }

    /// Whether `t` is inside.
    pub fn contains(self, t: EventTime) -> bool {
        self.start <= t && t < self.end
    }

    /// The last instant inside: one microsecond before the end, or [`EventTime::MAX`] when there is no end.
    pub fn last_instant(self) -> EventTime {
        self.end - Span::from_micros(1)
    }

    /// Length in event time.
    pub fn size(self) -> Span {
        self.end - self.start
    }
}

/// A window that an operator kept state for: an index into [`crate::runtime::Trace::windows`],
/// in order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WindowId(pub u32);

impl WindowId {
    /// Of no window: its operator was not asked to tell windows apart.
    pub const NONE: Self = Self(u32::MAX);

    /// As an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// When a pane was fired, seen from its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timing {
    /// While the watermark was before the window's end.
    Early,
    /// By the watermark reaching the window's end.
    OnTime,
    /// By a record that came after that.
    Late,
    /// By the final watermark that [`crate::pipeline::AtEnd::Flush`] sends.
    AtEnd,
}

impl Timing {
    /// The word in files: `early`, `on_time`, `late`, `at_end`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::OnTime => "on_time",
            Self::Late => "late",
            Self::AtEnd => "at_end",
        }
    }
}

/// One firing of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pane {
    /// Whose state fired.
    pub window_id: WindowId,
    /// The key.
    pub key: KeyId,
    /// The extent at the time of firing (a session may have grown since it opened).
    pub window: Window,
    /// When it was fired, seen from its window.
    pub timing: Timing,
    /// 0 for the first pane of this window, then 1, 2, ...
    pub index: u32,
    /// What the pane says: everything counted in the window so far, or (discarding) since the pane
    /// before it. For a retraction, the value that is withdrawn.
    pub summary: Summary,
    /// The result of a special aggregate ([`Aggregate::is_special`]) over the same records; `None`
    /// for others.
    pub special: Option<f64>,
    /// Processing time of the emission.
    pub emitted_at: ProcTime,
    /// The watermark at that moment.
    pub watermark: EventTime,
    /// The record that fired it, itself or by the watermark that came right after it; `None` when a
    /// timer did, or the final watermark.
    pub cause: Option<RecordId>,
    /// Whether this withdraws an earlier pane, instead of being a result. It then has that pane's
    /// window, index and value; of a merged session, the old window's.
    pub is_retraction: bool,
    /// Whether no pane of this window can follow. Only the Beam dialect can promise that.
    pub is_last: bool,
    /// 0 for the first pane that was not early, then 1, 2, ...; `None` for an early one.
    pub nonspeculative_index: Option<u32>,
    /// The event time that the pane carries onward as a record: the last instant of the window,
    /// unless a timestamp combiner of the Beam dialect chose an earlier one.
    pub event_time: EventTime,
}

impl Pane {
    /// Its value, where `aggregate` is that of its pipeline; `None` where nothing has none.
    pub fn value(&self, aggregate: Aggregate) -> Option<f64> {
        if aggregate.is_special() { self.special } else { self.summary.value(aggregate) }
    }
}
