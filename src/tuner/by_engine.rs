//! A point from a run of the engine: where the closed form does not hold, and to prove it where it does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::metrics::report::{Latency, PaneCounts};
use crate::oracle::Truth;
use crate::pipeline::WindowSpec;
use crate::record::{KeyId, RecordId, Stream};
use crate::runtime::{RunConfig, Trace, WindowEnd, WindowLife, run};
use crate::time::EventTime;
use crate::tuner::point::{Counts, Point, Source, WorstWindow, share, state_bytes};
use crate::tuner::setting::Setting;
use crate::window::pane::{Timing, Window};

/// Which records fall in which windows when nothing is late: made once for all settings of one window.
#[derive(Clone, Debug)]
pub struct Census {
    /// Of sessions: every session of every key. Empty for windows that all keys share.
    sessions: BTreeMap<(KeyId, Window), u64>,
    /// Records by window, in order of ends.
    records: BTreeMap<Place, u64>,
}

/// End, start, and of sessions the key: what windows are ordered by.
type Place = (EventTime, EventTime, KeyId);

const ALL_KEYS: KeyId = KeyId(0);

impl Census {
    /// Counts the batch answer. O(n log n) for each window of a record.
    pub fn of(stream: &Stream, window: WindowSpec) -> Self {
        let truth = Truth::of(stream, window);
        let mut census = Self { sessions: BTreeMap::new(), records: BTreeMap::new() };
        let is_session = matches!(window, WindowSpec::Session { .. });
        for (&(key, window), held) in truth.windows() {
            if is_session {
                census.sessions.insert((key, window), held.count);
            }
            let key = if is_session { key } else { ALL_KEYS };
            *census.records.entry((window.end, window.start, key)).or_default() += held.count;
        }
        census
    }

    /// Where the records of a kept window belong.
    fn place_of(&self, life: &WindowLife) -> Place {
        let WindowLife { key, window, .. } = *life;
        let up_to = (key, Window::new(window.start, EventTime::MAX));
        match self.sessions.range(..=up_to).next_back() {
            Some((&(found, session), _)) if found == key => (session.end, session.start, key),
            _ => (window.end, window.start, ALL_KEYS),
        }
    }

    /// The window of which the smallest share of records was counted, the earliest of several.
    pub fn worst(&self, trace: &Trace) -> Option<WorstWindow> {
        let mut counted: BTreeMap<Place, u64> = BTreeMap::new();
        let is_whole = |life: &&WindowLife| matches!(life.end, WindowEnd::StillKept | WindowEnd::Closed { .. });
        for life in trace.windows.iter().filter(is_whole) {
            *counted.entry(self.place_of(life)).or_default() += life.summary.count;
        }
        let mut worst: Option<WorstWindow> = None;
        for (place, &records) in &self.records {
            let counted = counted.get(place).copied().unwrap_or(0).min(records);
            let missing = |it: &WorstWindow| u128::from(it.records - it.counted);
            let candidate = WorstWindow { window: Window::new(place.1, place.0), counted, records };
            let is_worse = |worst: WorstWindow| {
                missing(&candidate) * u128::from(worst.records) > missing(&worst) * u128::from(records)
            };
            if worst.is_none_or(is_worse) {
                worst = Some(candidate);
            }
        }
        worst
    }
}

/// Runs the engine at a setting.
///
/// # Panics
/// When the pipeline, set so, has [`crate::pipeline::Pipeline::problems`].
pub fn point(stream: &Arc<Stream>, config: &RunConfig, setting: Setting, census: &Census) -> Point {
    let config = RunConfig { pipeline: setting.apply(&config.pipeline), ..config.clone() };
    of_trace(&run(stream, &config), setting, census)
}

/// What a run says of its setting.
pub fn of_trace(trace: &Trace, setting: Setting, census: &Census) -> Point {
    let panes = PaneCounts::of(trace);
    let ledger = trace.ledger.with_production(trace.stream.production().lost.len() as u64, 0);
    let assigned = ledger.produced - ledger.unassigned;
    let ids = (0..trace.stream.len()).map(|i| RecordId(i as u32));
    let is_open = |life: &&WindowLife| life.end == WindowEnd::StillKept && life.panes == 0;
    let counts = Counts {
        dropped: ledger.dropped_late + ledger.side_output,
        behind: ids.filter(|&id| trace.is_behind(id)).count() as u64,
        late_panes: panes.late as u64,
        late_first: panes.late_first as u64,
        on_time_panes: panes.on_time as u64,
        at_end_panes: panes.at_end as u64,
        open_at_end: trace.windows.iter().filter(is_open).count() as u64,
    };
    let on_time = trace.panes.iter().filter(|pane| pane.timing == Timing::OnTime && !pane.is_retraction);
    let max_open_windows = u64::from(trace.kept_windows.iter().copied().max().unwrap_or(0));
    Point {
        setting,
        source: Source::Engine,
        assigned,
        counts,
        completeness: share(ledger.counted, assigned),
        worst_window: census.worst(trace),
        result_latency_s: Latency::of(on_time.map(|pane| pane.emitted_at.since_event(pane.window.end)).collect()),
        max_open_windows,
        max_state_bytes: Some(state_bytes(max_open_windows) + trace.max_special_bytes as u64),
    }
}
