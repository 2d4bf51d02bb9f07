//! What the panes of a column say: the value after so many of them, and what a firing takes back.

use std::collections::BTreeMap;

use crate::app::panels::time_map::model::{Column, Firing, MapModel};
use crate::app::panels::window_value::{KeyValue, WindowValue};
use crate::record::KeyId;
use crate::runtime::Trace;
use crate::window::accumulation::Accumulation;
use crate::window::pane::Pane;

impl MapModel {
    /// What the first `count` panes of a column say together, in order of keys: the latest pane of
    /// every key, or (discarding) what the last firing brought.
    pub fn value_after(&self, trace: &Trace, column: &Column, count: usize) -> WindowValue {
        let ids = self.pane_ids(column);
        let ids = &ids[..count.min(ids.len())];
        let discarding = trace.pipeline.accumulation == Accumulation::Discarding;
        let last = ids.last().map(|&id| &trace.panes[id as usize]);
        let mut latest: BTreeMap<KeyId, u32> = BTreeMap::new();
        for &id in ids {
            let pane = &trace.panes[id as usize];
            let of_last = last.is_some_and(|last| (last.emitted_at, last.timing) == (pane.emitted_at, pane.timing));
            if !pane.is_retraction && (of_last || !discarding) {
                latest.insert(pane.key, id);
            }
        }
        let said = latest.values().map(|&id| {
            let pane = &trace.panes[id as usize];
            KeyValue { summary: &pane.summary, special: pane.special, list: trace.list_of(id as usize) }
        });
        WindowValue::of(trace.pipeline.aggregate, said)
    }

    /// What the first `count` panes of a column say in all: as [`MapModel::value_after`], but discarded
    /// parts are added up. Unknown where parts of special aggregates do not add up.
    pub fn value_in_all(&self, trace: &Trace, column: &Column, count: usize) -> WindowValue {
        if trace.pipeline.accumulation != Accumulation::Discarding {
            return self.value_after(trace, column, count);
        }
        let ids = self.pane_ids(column);
        let said = ids[..count.min(ids.len())].iter().map(|&id| {
            let pane = &trace.panes[id as usize];
            KeyValue { summary: &pane.summary, special: pane.special, list: trace.list_of(id as usize) }
        });
        match WindowValue::of(trace.pipeline.aggregate, said) {
            WindowValue::ByKey { .. } => WindowValue::Unknown,
            value => value,
        }
    }

    /// The panes that a firing of a column takes back, in order of emission; empty unless panes are
    /// retracted.
    pub fn withdrawn<'a>(&self, trace: &'a Trace, column: &Column, firing: &Firing) -> Vec<&'a Pane> {
        let ids = self.pane_ids(column);
        let by_then = &ids[..firing.panes_by_then.min(ids.len())];
        let of_firing = |id: &&u32| {
            let pane = &trace.panes[**id as usize];
            pane.emitted_at == firing.at && (pane.is_retraction || pane.timing == firing.timing)
        };
        let mut withdrawn = Vec::new();
        for &id in by_then.iter().rev().take_while(of_firing) {
            let pane = &trace.panes[id as usize];
            if pane.is_retraction {
                continue;
            }
            // What a pane takes back comes right before it; the panes of merged sessions are of other columns.
            let before = trace.panes[..id as usize].iter().rev();
            withdrawn.extend(before.take_while(|other| other.is_retraction && other.key == pane.key));
        }
        withdrawn.reverse();
        withdrawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture::{self, at, event, span};
    use crate::pipeline::{Aggregate, Pipeline};
    use crate::window::pane::Window;

    /// Two keys in [0, 10), a late record of the first, under this pipeline.
    fn trace(change: impl Fn(Pipeline) -> Pipeline) -> Trace {
        let rows = [(1, 1, "a"), (2, 2, "b"), (3, 3, "b"), (11, 11, "a"), (5, 12, "a")];
        let plain = fixture::trace_of(&rows, fixture::tumbling(), span(0), span(5));
        fixture::run_pipeline(&plain.stream, change(plain.pipeline.clone()))
    }

    fn value(trace: &Trace, key: Option<KeyId>, count: usize) -> WindowValue {
        let model = MapModel::new(trace, key);
        let column = &model.columns[model.find(Window::new(event(0), event(10)), None).expect("a window")];
        model.value_after(trace, column, count)
    }

    #[test]
    fn the_latest_pane_of_every_key_counts() {
        let plain = trace(|pipeline| pipeline);
        assert_eq!([2, 3].map(|count| value(&plain, None, count)), [3.0, 4.0].map(WindowValue::One));
        assert_eq!(value(&plain, plain.stream.key_table().find("a"), 2), WindowValue::One(2.0));
        let parts = trace(|pipeline| Pipeline { accumulation: Accumulation::Discarding, ..pipeline });
        assert_eq!(value(&parts, None, 3), WindowValue::One(1.0));
        let model = MapModel::new(&parts, None);
        let column = &model.columns[model.find(Window::new(event(0), event(10)), None).expect("a window")];
        assert_eq!(model.value_in_all(&parts, column, 3), WindowValue::One(4.0));
    }

    #[test]
    fn special_aggregates_of_one_key_are_shown_and_of_several_as_a_span() {
        let first = trace(|pipeline| Pipeline { aggregate: Aggregate::TopK(2), ..pipeline });
        // Every value is 1: the second largest of all keys together.
        assert_eq!(value(&first, None, 2), WindowValue::One(1.0));
        let distinct = trace(|pipeline| Pipeline { aggregate: Aggregate::Distinct, ..pipeline });
        assert_eq!(value(&distinct, None, 2), WindowValue::ByKey { least: 1.0, most: 1.0, keys: 2 });
        assert_eq!(value(&distinct, distinct.stream.key_table().find("b"), 1), WindowValue::One(1.0));
    }

    #[test]
    fn a_firing_names_what_it_takes_back() {
        let trace = trace(|pipeline| Pipeline { accumulation: Accumulation::AccumulatingAndRetracting, ..pipeline });
        let model = MapModel::new(&trace, None);
        let column = &model.columns[model.find(Window::new(event(0), event(10)), None).expect("a window")];
        let firings = model.firings_at(&trace, column, at(100));
        let taken: Vec<Vec<f64>> = firings
            .iter()
            .map(|firing| model.withdrawn(&trace, column, firing).iter().map(|pane| pane.summary.sum).collect())
            .collect();
        assert_eq!(taken, [vec![], vec![1.0]]);
    }
}
