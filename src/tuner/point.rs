//! What one setting gives: the numbers of `run`, without the run.
//!
//! Names and units in JSON are those of `tune --format json` and do not change. Spans are seconds.

use serde::{Serialize, Serializer};

use crate::metrics::report::{Latency, WINDOW_OVERHEAD_BYTES};
use crate::pipeline::WindowSpec;
use crate::time::Span;
use crate::tuner::setting::{Setting, window_text};
use crate::window::aggregate::Summary;
use crate::window::pane::Window;

/// Where the numbers of a point come from. Both are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Read off a scan of the stream.
    ClosedForm,
    /// A run of the engine.
    Engine,
}

impl Source {
    /// For people.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::ClosedForm => "closed form",
            Self::Engine => "engine run",
        }
    }
}

/// Records and panes at one setting: what costs a few binary searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records with no window left, dropped or sent to the side output.
    pub dropped: u64,
    /// Records behind the watermark when they were handled, dropped or not.
    pub behind: u64,
    /// Panes fired by a late record; those that are not the first of their window are revisions.
    pub late_panes: u64,
    /// Late panes that are the first of their key and window: results that nobody had seen before.
    pub late_first: u64,
    /// Panes fired by the watermark reaching the end of a window.
    pub on_time_panes: u64,
    /// Panes fired by the final watermark.
    pub at_end_panes: u64,
    /// Windows that never fired by the end.
    pub open_at_end: u64,
}

impl Counts {
    /// Late panes that change a result that was out already.
    pub const fn revisions(self) -> u64 {
        self.late_panes - self.late_first
    }

    /// Panes of every timing: what goes to the sink.
    pub const fn emissions(self) -> u64 {
        self.on_time_panes + self.late_panes + self.at_end_panes
    }
}

/// The window, over all keys, of which the smallest share of records was counted; the earliest of
/// several. A session belongs to its key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstWindow {
    /// Its extent, with all records counted.
    pub window: Window,
    /// Records that were counted in it.
    pub counted: u64,
    /// Records that fall in it.
    pub records: u64,
}

impl WorstWindow {
    /// Counted records as a share of all.
    pub fn completeness(&self) -> f64 {
        share(self.counted, self.records)
    }
}

/// What one setting gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The setting.
    pub setting: Setting,
    /// Where the numbers come from.
    pub source: Source,
    /// Records that are to be counted: all but the unassigned ones. With those that never reached the
    /// log, whose windows nobody knows.
    pub assigned: u64,
    /// Records and panes.
    pub counts: Counts,
    /// Counted records as a share of `assigned`; 1 when there is none.
    pub completeness: f64,
    /// The worst window; `None` when no record falls in any.
    pub worst_window: Option<WorstWindow>,
    /// Processing time of on-time panes minus the end of their windows.
    pub result_latency_s: Latency,
    /// Most windows of all keys kept at once.
    pub max_open_windows: u64,
    /// Bytes of the state of that many windows; `None` for an aggregate whose state has no fixed size,
    /// where nothing was run.
    pub max_state_bytes: Option<u64>,
}

impl Point {
    /// Completeness of the worst window; 1 when there is none.
    pub fn worst_window_completeness(&self) -> f64 {
        self.worst_window.map_or(1.0, |worst| worst.completeness())
    }
}

/// Bytes of the state of so many windows of an aggregate of fixed size.
pub(crate) const fn state_bytes(windows: u64) -> u64 {
    windows * (Summary::BYTES + WINDOW_OVERHEAD_BYTES) as u64
}

/// `part` of `whole`; 1 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[derive(Serialize)]
struct Row<'a> {
    window: String,
    bound_s: f64,
    lateness_s: f64,
    source: Source,
    #[serde(flatten)]
    counts: Counts,
    revisions: u64,
    emissions: u64,
    completeness: f64,
    worst_window_completeness: f64,
    worst_window_start: Option<String>,
    result_latency_s: &'a Latency,
    max_open_windows: u64,
    max_state_bytes: Option<u64>,
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Setting { window, bound, lateness } = self.setting;
        let row = Row {
            window: window_text(window),
            bound_s: bound.as_secs_f64(),
            lateness_s: lateness.as_secs_f64(),
            source: self.source,
            counts: self.counts,
            revisions: self.counts.revisions(),
            emissions: self.counts.emissions(),
            completeness: self.completeness,
            worst_window_completeness: self.worst_window_completeness(),
            worst_window_start: self.worst_window.map(|it| crate::human::instant_rfc3339(it.window.start.micros())),
            result_latency_s: &self.result_latency_s,
            max_open_windows: self.max_open_windows,
            max_state_bytes: self.max_state_bytes,
        };
        row.serialize(serializer)
    }
}

/// How long a window is, where all of one kind are the same: the size, the gap, the longest.
pub const fn window_length(window: WindowSpec) -> Option<Span> {
    match window {
        WindowSpec::Tumbling { size, .. } | WindowSpec::Sliding { size, .. } => Some(size),
        WindowSpec::Session { gap } => Some(gap),
        WindowSpec::Cumulative { max, .. } => Some(max),
        WindowSpec::Global => None,
    }
}

/// A point as the columns of a row: the names of the JSON fields, and what they are.
pub fn columns(point: &Point) -> Vec<(&'static str, String)> {
    let Point { setting: Setting { window, bound, lateness }, counts, .. } = point;
    let latency = &point.result_latency_s;
    let of = |seconds: Option<f64>| seconds.map_or_else(String::new, |it| it.to_string());
    let source = match point.source {
        Source::ClosedForm => "closed_form",
        Source::Engine => "engine",
    };
    vec![
        ("window", window_text(*window)),
        ("bound_s", bound.as_secs_f64().to_string()),
        ("lateness_s", lateness.as_secs_f64().to_string()),
        ("source", source.to_owned()),
        ("dropped", counts.dropped.to_string()),
        ("behind", counts.behind.to_string()),
        ("late_panes", counts.late_panes.to_string()),
        ("late_first", counts.late_first.to_string()),
        ("on_time_panes", counts.on_time_panes.to_string()),
        ("at_end_panes", counts.at_end_panes.to_string()),
        ("open_at_end", counts.open_at_end.to_string()),
        ("revisions", counts.revisions().to_string()),
        ("emissions", counts.emissions().to_string()),
        ("completeness", point.completeness.to_string()),
        ("worst_window_completeness", point.worst_window_completeness().to_string()),
        ("result_latency_p50_s", of(latency.p50)),
        ("result_latency_p95_s", of(latency.p95)),
        ("result_latency_p99_s", of(latency.p99)),
        ("result_latency_max_s", of(latency.max)),
        ("max_open_windows", point.max_open_windows.to_string()),
        ("max_state_bytes", point.max_state_bytes.map_or_else(String::new, |it| it.to_string())),
    ]
}
