//! The keys of one window, each with a lane of its own, when the reader unfolds it.
//!
//! Gathered once per window and run, in O(windows of the trace); values at an instant are then those of the
//! key's last pane.

use crate::app::panels::emissions::lanes::{Lane, LaneEnd};
use crate::app::panels::window_value::{KeyValue, WindowValue};
use crate::app::run::Run;
use crate::oracle::special::answer;
use crate::record::KeyId;
use crate::runtime::WindowEnd;
use crate::time::ProcTime;
use crate::window::accumulation::Accumulation;
use crate::window::pane::Window;

/// Keys that have a lane, at most; the others are counted.
pub const MOST_KEYS: usize = 24;

/// A window of one key.
struct KeyWindow {
    key: KeyId,
    opened_at: ProcTime,
    end: Option<ProcTime>,
    is_merged: bool,
    /// Places of its panes in the trace, retractions left out.
    panes: Vec<u32>,
    truth: WindowValue,
}

/// The keys of one unfolded window.
pub struct Keys {
    generation: u64,
    /// Which window it is.
    pub window: Window,
    /// By how much is in them, the most first.
    keys: Vec<KeyWindow>,
}

impl Keys {
    /// The keys that have anything in `window`.
    pub fn of(run: &Run, window: Window) -> Self {
        let trace = &run.trace;
        let mut of_window: Vec<(u64, u32)> = Vec::new();
        for (id, life) in trace.windows.iter().enumerate().filter(|(_, life)| life.window == window) {
            // A trace keeps fewer than 2^32 windows.
            of_window.push((life.summary.count, id as u32));
        }
        of_window.sort_by_key(|&(count, id)| (std::cmp::Reverse(count), id));
        let mut keys: Vec<KeyWindow> = of_window
            .iter()
            .map(|&(_, id)| {
                let life = &trace.windows[id as usize];
                let (end, is_merged) = match life.end {
                    WindowEnd::StillKept => (None, false),
                    WindowEnd::Closed { at } | WindowEnd::Undone { at } => (Some(at), false),
                    WindowEnd::Merged { at, .. } => (Some(at), true),
                };
                let truth = truth(run, life.key, window);
                KeyWindow { key: life.key, opened_at: life.opened_at, end, is_merged, panes: Vec::new(), truth }
            })
            .collect();
        for (place, pane) in trace.panes.iter().enumerate().filter(|(_, pane)| !pane.is_retraction) {
            let found = keys.iter_mut().take(MOST_KEYS).find(|of| of.key == pane.key && window == pane.window);
            found.into_iter().for_each(|of| of.panes.push(place as u32));
        }
        Self { generation: run.generation, window, keys }
    }

    /// Whether these are the keys of this window of this run.
    pub fn is_of(&self, run: &Run, window: Window) -> bool {
        self.generation == run.generation && self.window == window
    }

    /// How many keys there are at `now`, and how many of them have a lane.
    pub fn count_at(&self, now: ProcTime) -> (usize, usize) {
        let count = self.keys.iter().filter(|of| of.opened_at <= now).count();
        (count, count.min(MOST_KEYS))
    }

    /// The lane of a key, the one with the most records first; `None` past the last one.
    pub fn lane(&self, run: &Run, now: ProcTime, place: usize) -> Option<Lane> {
        let trace = &run.trace;
        let of = self.keys.iter().filter(|of| of.opened_at <= now).nth(place)?;
        let by_now = of.panes.partition_point(|&pane| trace.panes[pane as usize].emitted_at <= now);
        let panes = &of.panes[..by_now];
        let value = value(run, panes);
        let ended = of.end.filter(|&at| at <= now);
        let is_open = ended.is_none() && self.window.end > trace.watermark_at(now);
        let said = !panes.is_empty() && !is_open;
        Some(Lane {
            column: usize::MAX,
            name: trace.stream.key_table().name(of.key).to_owned(),
            key: Some(of.key),
            window: self.window,
            opened_at: of.opened_at,
            until: ended.unwrap_or(now),
            end: match ended {
                Some(at) if of.is_merged => LaneEnd::Merged(at),
                Some(at) => LaneEnd::Closed(at),
                None => LaneEnd::Kept,
            },
            firings: panes.iter().map(|&pane| &trace.panes[pane as usize]).map(|p| (p.timing, p.emitted_at)).collect(),
            is_fired: !panes.is_empty(),
            is_open,
            value,
            truth: of.truth,
            off_by: said.then(|| Some(value.number()? - of.truth.number()?)).flatten(),
        })
    }
}

/// What these panes of one key say in all.
fn value(run: &Run, panes: &[u32]) -> WindowValue {
    let trace = &run.trace;
    let discards = trace.pipeline.accumulation == Accumulation::Discarding;
    let counting = if discards { panes } else { &panes[panes.len().saturating_sub(1)..] };
    let said = counting.iter().map(|&id| {
        let pane = &trace.panes[id as usize];
        KeyValue { summary: &pane.summary, special: pane.special, list: trace.list_of(id as usize) }
    });
    match WindowValue::of(trace.pipeline.aggregate, said) {
        WindowValue::ByKey { .. } => WindowValue::Unknown,
        value => value,
    }
}

fn truth(run: &Run, key: KeyId, window: Window) -> WindowValue {
    let aggregate = run.trace.pipeline.aggregate;
    if !aggregate.is_special() {
        let held = run.truth.of_window(key, window);
        return held.map_or(WindowValue::Unknown, |held| WindowValue::of_summary(aggregate, held));
    }
    let is_in = |record: &crate::record::Record| record.key == key && window.contains(record.event_time);
    let records: Vec<_> = run.trace.stream.records().filter(is_in).collect();
    answer(&records, aggregate).map_or(WindowValue::Unknown, WindowValue::One)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::emissions::lanes::Lanes;
    use crate::app::panels::time_map::fixture;

    #[test]
    fn the_keys_of_a_window_add_up_to_its_lane() {
        let run = fixture::run_for_drawing(fixture::trace(400, 3, fixture::tumbling(), 4));
        let mut lanes = Lanes::of(&run, None, None);
        let (_, end) = run.clock_range();
        let opened = lanes.opened(end);
        let mut compared = 0;
        for column in (0..opened.len()).filter_map(|place| opened.get(place)) {
            let lane = lanes.lane(&run, end, column);
            if lane.is_open || !lane.is_fired {
                continue;
            }
            let keys = Keys::of(&run, lane.window);
            let (count, _) = keys.count_at(end);
            let of_keys: Vec<Lane> = (0..count).filter_map(|place| keys.lane(&run, end, place)).collect();
            let sum = |pick: fn(&Lane) -> Option<f64>| of_keys.iter().filter_map(pick).sum::<f64>();
            assert_eq!(Some(sum(|lane| lane.value.number())), lane.value.number(), "{}", lane.name);
            assert_eq!(Some(sum(|lane| lane.truth.number())), lane.truth.number(), "{}", lane.name);
            compared += 1;
        }
        assert!(compared > 10, "{compared}");
    }
}
