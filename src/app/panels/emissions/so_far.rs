//! What an open window holds so far, kept between frames: while time advances only the records that are new
//! are looked at, and a look back starts again.
//!
//! For aligned windows whose panes accumulate sums and counts. Others (sessions that merge, panes that
//! discard, special aggregates) are worked out by [`open_windows`] anew when the cursor has moved.

use std::collections::BTreeMap;

use crate::app::panels::time_map::model::{Column, MapModel};
use crate::app::panels::time_map::running::open_windows;
use crate::app::panels::window_value::WindowValue;
use crate::pipeline::WindowSpec;
use crate::record::KeyId;
use crate::runtime::{Fate, Trace};
use crate::time::ProcTime;
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::Summary;
use crate::window::lateness;
use crate::window::pane::Window;

/// More windows than this are open at once in no view; older ones are forgotten.
const MOST_KEPT: usize = 256;

/// What open windows hold so far.
#[derive(Clone, Debug, Default)]
pub struct SoFar {
    sums: BTreeMap<usize, Sum>,
    /// Values that cannot be carried on, with how many records had been handled.
    values: BTreeMap<usize, (usize, WindowValue)>,
}

#[derive(Clone, Copy, Debug)]
struct Sum {
    /// Records before this one are in it.
    next: usize,
    summary: Summary,
}

impl SoFar {
    /// What column `i` holds at `now`; unknown where it is not open.
    pub fn value(
        &mut self,
        trace: &Trace,
        model: &MapModel,
        i: usize,
        key: Option<KeyId>,
        now: ProcTime,
    ) -> WindowValue {
        let column = &model.columns[i];
        if column.opened_at > now || column.end.at().is_some_and(|at| at <= now) {
            return WindowValue::Unknown;
        }
        let handled = trace.at(now).handled;
        let pipeline = &trace.pipeline;
        let carries_on = !matches!(pipeline.window, WindowSpec::Session { .. })
            && !pipeline.aggregate.is_special()
            && pipeline.accumulation != Accumulation::Discarding;
        if carries_on {
            return self.carried_on(trace, column, i, key, handled);
        }
        match self.values.get(&i) {
            Some(&(known, value)) if known == handled => value,
            _ => {
                let value = worked_out(trace, model, i, key, now);
                if self.values.len() >= MOST_KEPT {
                    self.values.clear();
                }
                self.values.insert(i, (handled, value));
                value
            }
        }
    }

    fn carried_on(
        &mut self,
        trace: &Trace,
        column: &Column,
        i: usize,
        key: Option<KeyId>,
        handled: usize,
    ) -> WindowValue {
        if self.sums.len() >= MOST_KEPT && !self.sums.contains_key(&i) {
            self.sums.pop_first();
        }
        let first = column.first_record.index();
        let sum = self.sums.entry(i).or_insert(Sum { next: first, summary: Summary::default() });
        if sum.next > handled {
            *sum = Sum { next: first, summary: Summary::default() };
        }
        let (times, keys, values) = (trace.stream.event_times(), trace.stream.keys(), trace.stream.values());
        let allowed = trace.pipeline.allowed_lateness;
        for record in sum.next..handled {
            let is_in = column.window.contains(times[record])
                && trace.fates[record] == Fate::Counted
                && key.is_none_or(|key| key == keys[record])
                && !lateness::is_gone(column.window, allowed, trace.watermark_before[record]);
            if is_in {
                sum.summary.add(values[record]);
            }
        }
        sum.next = sum.next.max(handled);
        WindowValue::of_summary(trace.pipeline.aggregate, &sum.summary)
    }
}

fn worked_out(trace: &Trace, model: &MapModel, i: usize, key: Option<KeyId>, now: ProcTime) -> WindowValue {
    let column = &model.columns[i];
    let windows = open_windows(trace, model, i..i + 1, key, now);
    let of_column = |key: Option<KeyId>, window: Window| match column.session_of {
        Some(_) => key == column.session_of && window.start <= column.window.start,
        None => window == column.window,
    };
    let found = windows.into_iter().rfind(|open| of_column(open.session_of, open.window));
    found.map_or(WindowValue::Unknown, |open| open.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;

    #[test]
    fn carried_on_or_started_again_it_is_what_a_look_at_all_records_finds() {
        for spec in fixture::window_kinds() {
            let trace = fixture::trace(300, 3, spec, 4);
            for key in [None, Some(KeyId(1))] {
                let model = MapModel::new(&trace, key);
                let mut so_far = SoFar::default();
                let forwards = fixture::instants(&trace, 40);
                let backwards = forwards.iter().rev().step_by(7);
                let mut compared = 0;
                for &now in forwards.iter().chain(backwards) {
                    for i in 0..model.columns.len() {
                        let fired = !model.panes_at(&trace, &model.columns[i], now).is_empty();
                        let found = so_far.value(&trace, &model, i, key, now);
                        if fired || found == WindowValue::Unknown {
                            continue;
                        }
                        assert_eq!(found, worked_out(&trace, &model, i, key, now), "column {i} at {now}");
                        compared += 1;
                    }
                }
                assert!(compared > 20, "{compared}");
            }
        }
    }
}
