//! What is inside windows that are still open, at one instant: the same rules as the window
//! operator, applied to the records that had been handled by then. With discarding panes, only what
//! came since the last one.
//!
//! One pass over the records since the oldest open window was opened; nothing is kept between
//! frames, so scrubbing backwards costs the same as forwards.

use std::collections::BTreeMap;

use crate::app::panels::time_map::model::MapModel;
use crate::app::panels::window_value::{KeyValue, WindowValue};
use crate::pipeline::{Aggregate, WindowSpec};
use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::{ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::Summary;
use crate::window::aggregate::collected::Collected;
use crate::window::lateness;
use crate::window::pane::{Pane, Window};

/// A window that is open at an instant, with what it holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenWindow {
    /// Its column in the model; `None` for a session, which may change columns when it merges.
    pub column: Option<usize>,
    /// Whose session it is.
    pub session_of: Option<KeyId>,
    /// Its extent so far.
    pub window: Window,
    /// Everything counted in it so far.
    pub so_far: Summary,
    /// What that comes to.
    pub value: WindowValue,
    /// How many of these records no pane has said yet.
    pub fresh: u64,
}

impl OpenWindow {
    fn new(column: Option<usize>, session_of: Option<KeyId>, window: Window, so_far: Summary) -> Self {
        Self { column, session_of, window, so_far, value: WindowValue::Unknown, fresh: 0 }
    }
}

/// The windows that hold records at `now` and have not fired, by start.
///
/// All open sessions of `key` (or of every key) for sessions; those of `candidates` (indices of
/// columns) for other windows.
pub fn open_windows(
    trace: &Trace,
    model: &MapModel,
    candidates: std::ops::Range<usize>,
    key: Option<KeyId>,
    now: ProcTime,
) -> Vec<OpenWindow> {
    match trace.pipeline.window {
        WindowSpec::Session { gap } => open_sessions(trace, model, gap, key, now),
        _ => open_aligned(trace, model, candidates, key, now),
    }
}

/// A window is open while its state is there and the watermark has not reached its end, or
/// nothing has fired it.
fn is_open(trace: &Trace, model: &MapModel, column: usize, now: ProcTime) -> bool {
    let column = &model.columns[column];
    column.opened_at <= now
        && column.end.at().is_none_or(|at| at > now)
        && (column.window.end > trace.watermark_at(now) || model.panes_at(trace, column, now).is_empty())
}

/// By place in `open` and key: the first record after the last pane.
type Since = BTreeMap<(usize, KeyId), usize>;

fn since_last_pane(trace: &Trace, model: &MapModel, open: &[OpenWindow], now: ProcTime) -> Since {
    let mut since = Since::new();
    for (place, column) in open.iter().enumerate().filter_map(|(place, w)| Some((place, w.column?))) {
        for &id in model.panes_at(trace, &model.columns[column], now) {
            let pane = &trace.panes[id as usize];
            let by_clock = || trace.handled.partition_point(|&at| at <= pane.emitted_at);
            since.insert((place, pane.key), pane.cause.map_or_else(by_clock, |record| record.index() + 1));
        }
    }
    since
}

fn open_aligned(
    trace: &Trace,
    model: &MapModel,
    candidates: std::ops::Range<usize>,
    key: Option<KeyId>,
    now: ProcTime,
) -> Vec<OpenWindow> {
    let mut open: Vec<OpenWindow> = candidates
        .filter(|&i| is_open(trace, model, i, now))
        .map(|i| OpenWindow::new(Some(i), None, model.columns[i].window, Summary::default()))
        .collect();
    let Some(first) = open.iter().filter_map(|w| Some(model.columns[w.column?].first_record.index())).min() else {
        return open;
    };
    let allowed = trace.pipeline.allowed_lateness;
    let size = open.iter().map(|w| w.window.size()).max().unwrap_or(Span::ZERO);
    let (times, keys, values) = (trace.stream.event_times(), trace.stream.keys(), trace.stream.values());
    let since = since_last_pane(trace, model, &open, now);
    let discards = trace.pipeline.accumulation == Accumulation::Discarding;
    let mut specials = Specials::new(trace.pipeline.aggregate);
    for i in first..trace.at(now).handled {
        if trace.fates[i] != Fate::Counted || key.is_some_and(|key| key != keys[i]) {
            continue;
        }
        // The distance saturates, so the window of all time is never too far away.
        let from = open.partition_point(|w| w.window.start < times[i] && times[i] - w.window.start > size);
        let reached = open[from..].iter_mut().enumerate().take_while(|(_, w)| w.window.start <= times[i]);
        for (n, w) in reached {
            let gone = lateness::is_gone(w.window, allowed, trace.watermark_before[i]);
            if !w.window.contains(times[i]) || gone {
                continue;
            }
            let is_said = since.get(&(from + n, keys[i])).is_some_and(|&first| i < first);
            w.fresh += u64::from(!is_said);
            if !(discards && is_said) {
                w.so_far.add(values[i]);
                specials.add((from + n, keys[i]), trace, i);
            }
        }
    }
    for (place, w) in open.iter_mut().enumerate() {
        w.value = specials.value(place, &w.so_far);
    }
    open
}

/// What special aggregates keep of open windows, by place and key; empty for the others.
struct Specials {
    aggregate: Aggregate,
    states: BTreeMap<(usize, KeyId), Collected>,
}

impl Specials {
    const fn new(aggregate: Aggregate) -> Self {
        Self { aggregate, states: BTreeMap::new() }
    }

    fn add(&mut self, place: (usize, KeyId), trace: &Trace, record: usize) {
        if self.aggregate.is_special() {
            let state = self.states.entry(place).or_insert_with(|| Collected::new(self.aggregate));
            // A stream holds fewer than 2^32 records.
            state.add(&trace.stream.record(RecordId(record as u32)));
        }
    }

    fn value(&self, place: usize, so_far: &Summary) -> WindowValue {
        if !self.aggregate.is_special() {
            return WindowValue::of_summary(self.aggregate, so_far);
        }
        let of_place = self.states.range((place, KeyId(0))..=(place, KeyId(u32::MAX)));
        let said = of_place.map(|(_, state)| KeyValue {
            summary: &state.summary,
            special: state.special(),
            list: state.list(),
        });
        WindowValue::of(self.aggregate, said)
    }
}

fn open_sessions(trace: &Trace, model: &MapModel, gap: Span, key: Option<KeyId>, now: ProcTime) -> Vec<OpenWindow> {
    let alive = |i: &usize| {
        let column = &model.columns[*i];
        column.opened_at <= now && column.end.at().is_none_or(|at| at > now)
    };
    let first = (0..model.columns.len()).filter(alive).map(|i| model.columns[i].first_record.index()).min();
    let Some(first) = first else { return Vec::new() };
    let allowed = trace.pipeline.allowed_lateness;
    let mut sessions: Vec<Vec<OpenWindow>> = vec![Vec::new(); trace.stream.key_table().len()];
    let (times, keys, values) = (trace.stream.event_times(), trace.stream.keys(), trace.stream.values());
    for i in first..trace.at(now).handled {
        if trace.fates[i] != Fate::Counted || key.is_some_and(|key| key != keys[i]) {
            continue;
        }
        let Some(of_key) = sessions.get_mut(keys[i].index()) else { continue };
        of_key.retain(|s| !lateness::is_gone(s.window, allowed, trace.watermark_before[i]));
        let own = Window::new(times[i], times[i] + gap);
        let mut grown = OpenWindow::new(None, Some(keys[i]), own, Summary::of(values[i]));
        of_key.retain(|s| {
            let touches = s.window.start <= grown.window.end && grown.window.start <= s.window.end;
            if touches {
                grown.window.start = grown.window.start.min(s.window.start);
                grown.window.end = grown.window.end.max(s.window.end);
                grown.so_far.merge(&s.so_far);
            }
            !touches
        });
        of_key.push(grown);
    }
    let watermark = trace.watermark_at(now);
    let mut open: Vec<OpenWindow> = sessions.into_iter().flatten().filter(|s| s.window.end > watermark).collect();
    open.sort_by_key(|s| (s.window, s.session_of));
    for session in &mut open {
        session.fresh = session.so_far.count - said_of(trace, session, now);
        session.value = value_of_session(trace, session, first, now);
    }
    open
}

/// Panes before now among which the last one of an open session is looked for: it fires early, and
/// often, or not at all.
const RECENT_PANES: usize = 256;

/// How many records of a session its last pane has said, if that is of this very extent.
fn said_of(trace: &Trace, session: &OpenWindow, now: ProcTime) -> u64 {
    let is_of =
        |pane: &&Pane| Some(pane.key) == session.session_of && pane.window == session.window && !pane.is_retraction;
    let recent = trace.panes[..trace.panes_at(now)].iter().rev().take(RECENT_PANES);
    let last = recent.into_iter().find(is_of);
    last.map_or(0, |pane| pane.summary.count.min(session.so_far.count))
}

/// What an open session comes to: for a special aggregate, from its records again.
fn value_of_session(trace: &Trace, session: &OpenWindow, first: usize, now: ProcTime) -> WindowValue {
    let mut specials = Specials::new(trace.pipeline.aggregate);
    let (times, keys) = (trace.stream.event_times(), trace.stream.keys());
    if trace.pipeline.aggregate.is_special() {
        for i in first..trace.at(now).handled {
            let is_in = Some(keys[i]) == session.session_of && session.window.contains(times[i]);
            if is_in && trace.fates[i] == Fate::Counted {
                specials.add((0, keys[i]), trace, i);
            }
        }
    }
    specials.value(0, &session.so_far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;
    use crate::runtime::{RunConfig, run};

    /// What the operator itself holds: a run over the records handled by `now` and no more, whose
    /// windows that never fired are the open ones.
    fn by_running_again(trace: &Trace, key: Option<KeyId>, now: ProcTime) -> Vec<(Option<KeyId>, Window, Summary)> {
        let config = RunConfig::plain(trace.pipeline.clone());
        let prefix = fixture::prefix(&trace.stream, trace.at(now).handled);
        let prefix = run(&prefix, &config);
        let watermark = trace.watermark_at(now);
        let session = matches!(trace.pipeline.window, WindowSpec::Session { .. });
        let mut open: Vec<(Option<KeyId>, Window, Summary)> = Vec::new();
        for life in &prefix.windows {
            let gone = life.end != crate::runtime::WindowEnd::StillKept || life.window.end <= watermark;
            if gone || key.is_some_and(|key| key != life.key) {
                continue;
            }
            let of = session.then_some(life.key);
            match open.iter_mut().find(|(k, w, _)| *k == of && *w == life.window) {
                Some((_, _, all)) => all.merge(&life.summary),
                None => open.push((of, life.window, life.summary)),
            }
        }
        open.sort_by_key(|&(key, window, _)| (window, key));
        open
    }

    #[test]
    fn running_values_are_what_the_operator_holds() {
        let mut compared = 0;
        for spec in fixture::window_kinds() {
            for (service, key) in [(0, None), (0, Some(KeyId(1))), (3, None)] {
                let trace = fixture::trace(300, 3, spec, service);
                let model = MapModel::new(&trace, key);
                for now in fixture::instants(&trace, 40) {
                    let all = 0..model.columns.len();
                    let found: Vec<_> = open_windows(&trace, &model, all, key, now)
                        .into_iter()
                        .map(|open| (open.session_of, open.window, open.so_far))
                        .collect();
                    let expected = by_running_again(&trace, key, now);
                    assert_eq!(found, expected, "{spec:?} {key:?} at {now}");
                    compared += found.len();
                }
            }
        }
        assert!(compared > 500, "{compared} open windows compared");
    }
}
