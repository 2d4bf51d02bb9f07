//! From a run in progress to its record: columns in the order in which records met their fate.

use std::sync::Arc;

use crate::record::{RecordId, Stream};
use crate::runtime::outcome::{View, duplicated};
use crate::runtime::trace::{Fate, Trace, WindowEnd, WindowLife};
use crate::runtime::virtual_time::recorder::settle_life;
use crate::runtime::virtual_time::salt::Salting;
use crate::runtime::virtual_time::{Simulation, State};
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::Summary;
use crate::window::pane::WindowId;
use crate::window::sink::Kept;

impl Simulation {
    /// The record of the run so far. Records that have met no fate come last, in order of arrival.
    pub fn into_trace(self) -> Trace {
        self.into_trace_and_order().0
    }

    /// The same, and by place in it the place of the record in order of arrival.
    pub(super) fn into_trace_and_order(self) -> (Trace, Vec<u32>) {
        let ledger = self.ledger();
        let Self { plan, state, mut trace, mut order, spare, .. } = self;
        trace.ledger = ledger;
        trace.skewed = state.sources.iter().map(|source| source.clock.skewed()).sum();
        match &plan.salting {
            None => settle_kept(&mut trace.windows, &state),
            Some(salting) => settle_split(&mut trace.windows, &state, salting),
        }
        if state.copies.is_some() {
            trace.readers.resize(trace.stream.len(), crate::runtime::trace::TaskId::NO_TASK);
        }
        complete(&mut trace, &mut order, plan.tasks, spare);
        if trace.recovery.is_some() {
            trace.ledger.duplicated = duplicated(&trace, View::Committed);
        }
        (trace, order)
    }
}

/// Adds the records that have met no fate, and puts all columns in the order in which they did. `order`
/// has the places, in order of arrival, of those that have; `spare` is a stream that nobody needs any more.
pub fn complete(trace: &mut Trace, order: &mut Vec<u32>, tasks: usize, spare: Stream) {
    add_unsettled(trace, order, tasks);
    if !order.iter().copied().eq(0..order.len() as u32) {
        reorder(trace, order, spare);
    }
}

/// Windows that are kept at the end.
fn settle_kept(windows: &mut [WindowLife], state: &State) {
    for task in &state.tasks {
        task.operator().visit_kept(|kept| settle_life(windows, task.window_id(kept.id), kept, WindowEnd::StillKept));
    }
}

/// Windows that are kept at the end in either stage, or on the way from one to the other. The result
/// of a special aggregate is known where the second stage has all of it.
fn settle_split(windows: &mut [WindowLife], state: &State, salting: &Salting) {
    let id_of = |key, window| state.lives.get(&(key, window)).copied().unwrap_or(WindowId::NONE);
    for merger in &state.mergers {
        let settle = |kept: Kept| {
            settle_life(windows, id_of(kept.key, kept.window), kept, WindowEnd::StillKept);
        };
        merger.operator().visit_kept(settle);
    }
    let mut add = |key, window, summary: &Summary| {
        if let Some(life) = windows.get_mut(id_of(key, window).index()) {
            life.summary.merge(summary);
            life.special = None;
        }
    };
    let waiting = state.mergers.iter().flat_map(|merger| merger.operator().waiting());
    for part in state.unmerged().map(|(_, part)| part).chain(waiting) {
        add(part.key, part.window, &part.contents.summary);
    }
    for task in &state.tasks {
        // What has fired in the first stage has been sent whole.
        task.operator().visit_kept(|kept| {
            if kept.panes == 0 {
                add(salting.key_of(kept.key), kept.window, &kept.summary);
            }
        });
    }
}

fn add_unsettled(trace: &mut Trace, order: &mut Vec<u32>, tasks: usize) {
    let records = trace.stream.len();
    if order.len() == records {
        return;
    }
    let mut is_settled = vec![false; records];
    order.iter().for_each(|&place| is_settled[place as usize] = true);
    let last_kept = trace.kept_windows.last().copied().unwrap_or(0);
    order.extend((0..records as u32).filter(|&place| !is_settled[place as usize]));
    for column in [&mut trace.enqueued, &mut trace.started, &mut trace.handled] {
        column.resize(records, ProcTime::MAX);
    }
    trace.fates.resize(records, Fate::InFlight);
    trace.watermark_before.resize(records, EventTime::MIN);
    trace.kept_windows.resize(records, last_kept);
    if tasks > 1 {
        trace.tasks.resize(records, crate::runtime::trace::TaskId::NO_TASK);
    }
}

/// From here on a record is known by its place among those that met their fate.
fn reorder(trace: &mut Trace, order: &[u32], spare: Stream) {
    let ids: Vec<RecordId> = order.iter().map(|&place| RecordId(place)).collect();
    trace.stream = Arc::new(trace.stream.read_in_order_into(&ids, spare));
    let mut place_of = vec![RecordId(0); order.len()];
    for (place, id) in ids.iter().enumerate() {
        place_of[id.index()] = RecordId(place as u32);
    }
    let renamed = |id: &mut RecordId| *id = place_of[id.index()];
    trace.watermarks.iter_mut().filter_map(|step| step.raised_by.as_mut()).for_each(renamed);
    trace.panes.iter_mut().filter_map(|pane| pane.cause.as_mut()).for_each(renamed);
    trace.windows.iter_mut().map(|life| &mut life.opened_by).for_each(renamed);
    trace.restarts.iter_mut().map(|restart| restart.reason.record_mut()).for_each(renamed);
    trace.repeats.iter_mut().map(|repeat| &mut repeat.record).for_each(renamed);
    trace.recovery.iter_mut().flat_map(|log| log.records_mut()).for_each(renamed);
}
