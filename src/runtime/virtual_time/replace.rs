//! What a failed job goes on from: channels are emptied, operators made anew or from their bytes, the log
//! is wound back, and watermarks start anew unless they were kept.
//!
//! An operator keeps the watermark that it had seen, so a window that it has closed stays closed. (In
//! Apache Flink it forgets that too.) Identities of windows stay those of the state that is restored;
//! what is opened from then on gets new ones.

use std::sync::Arc;

use crate::pipeline::Pipeline;
use crate::pipeline::salting::first_stage;
use crate::record::{PartitionId, RecordId};
use crate::runtime::Sabotage;
use crate::runtime::trace::{Fate, TaskId, WindowEnd, WindowLife};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::inbox::{Element, Sent};
use crate::runtime::virtual_time::plan::Announced;
use crate::runtime::virtual_time::salt::Lives;
use crate::runtime::virtual_time::snapshot::{KeptTask, Snapshot};
use crate::time::EventTime;
use crate::window::aggregate::Summary;
use crate::window::operator::WindowOperator;
use crate::window::pane::WindowId;
use crate::window::snapshot::OperatorSnapshot;

impl Simulation {
    /// Throws everything away that tasks have in hand and in front of them. Unless the log is read again,
    /// the records among it are lost.
    pub(super) fn cancel(&mut self, is_rewound: bool, lost: u64, row: usize) {
        let records = if is_rewound { Vec::new() } else { self.records_on_the_way() };
        let now = self.state.now;
        for source in 0..self.state.sources.len() {
            self.state.sources[source].cancel();
            self.state.times[self.plan.first_source_slot() + source] = crate::time::ProcTime::MAX;
        }
        for (number, task) in self.state.tasks.iter_mut().enumerate() {
            let of = TaskId::window(number);
            task.cancel();
            task.outbox.cancel(of, now, &mut self.trace);
            task.parts.cancel(of, now, &mut self.trace);
        }
        for (number, merger) in self.state.mergers.iter_mut().enumerate() {
            merger.cancel();
            merger.outbox.cancel(TaskId::merge(number), now, &mut self.trace);
        }
        self.state.sink.cancel();
        for sent in &records {
            self.settle_unhandled(sent, Fate::Lost, EventTime::MIN);
        }
        self.recovery().2.recoveries[row].records_lost = lost + records.len() as u64;
    }

    /// Records between the log and their fate.
    fn records_on_the_way(&self) -> Vec<Sent> {
        let in_channels = self.state.tasks.iter().flat_map(|task| {
            let waiting = task.inbox.iter().filter_map(|element| match element {
                Element::Record(sent) => Some(*sent),
                _ => None,
            });
            task.record_in_hand().into_iter().chain(waiting)
        });
        let now = self.state.now;
        let times = self.plan.stream.event_times();
        let in_hands = self.state.sources.iter().enumerate().filter_map(|(number, source)| {
            let id = source.in_hand()?;
            Some(Sent { id, event_time: times[id.index()], enqueued: now, source: number as u16 })
        });
        in_channels.chain(in_hands).collect()
    }

    /// Puts the state in place that the job goes on from.
    pub(super) fn put_in_place(&mut self, kept: Option<&Snapshot>, is_rewound: bool, row: usize) {
        let pipeline = self.trace.pipeline.clone();
        let stage = if self.plan.salting.is_some() { first_stage(&pipeline) } else { pipeline.clone() };
        let has_watermarks =
            self.plan.rules.as_ref().and_then(|it| it.checkpoints).is_some_and(|it| it.store_watermarks);
        let kept = kept.filter(|_| is_rewound);
        if is_rewound {
            self.wind_back(kept, row);
        }
        self.replace_sources(&pipeline, kept.filter(|_| has_watermarks));
        let valve = super::task::fresh_valve(&self.state.sources);
        for task in 0..self.plan.tasks {
            let of_task = kept.and_then(|kept| kept.tasks[task].as_ref());
            let of_task = of_task.filter(|_| !self.plan.has(Sabotage::ForgetState));
            let operator = of_task.and_then(|it| restored(&stage, it));
            let watermark = of_task.map_or(EventTime::MIN, |it| it.watermark);
            let windows = of_task.map_or(0, |it| it.windows);
            let worker = &mut self.state.tasks[task];
            let operator = operator.unwrap_or_else(|| WindowOperator::new(&stage));
            let keeps = self.plan.has(Sabotage::KeepState);
            worker.replace(if keeps { worker.operator().clone() } else { operator }, watermark, windows);
            worker.valve = of_task.filter(|_| has_watermarks).map_or_else(|| valve.clone(), |it| it.valve.clone());
            let of_task = of_task.filter(|_| !self.plan.has(Sabotage::LoseInFlight));
            let in_flight = of_task.map_or(&[][..], |it| &it.in_flight);
            in_flight.iter().for_each(|&(channel, element)| worker.inbox.push(channel as usize, element));
        }
        for merger in 0..self.plan.mergers {
            let of_merger = kept.and_then(|kept| kept.mergers[merger].clone());
            let channels = self.plan.tasks;
            self.state.mergers[merger].replace(&pipeline, of_merger, has_watermarks, channels);
        }
        self.state.lives = kept.map_or_else(Lives::new, |kept| kept.lives.clone());
        self.state.kept = self.state.tasks.iter().map(|task| task.operator().kept()).sum::<usize>()
            + self.state.mergers.iter().map(|merger| merger.operator().kept()).sum::<usize>();
        let id = kept.map_or(0, |kept| kept.id);
        for id in self.kept_windows() {
            self.rewrite_life(id, |life| {
                life.end = WindowEnd::StillKept;
                life.panes = 0;
                life.summary = Summary::default();
                life.special = None;
            });
        }
        let (control, ..) = self.recovery();
        control.stations.iter_mut().for_each(|station| station.reset(id));
        self.count_repeats();
    }

    /// The log is read again from where the checkpoint was taken, or from the beginning.
    fn wind_back(&mut self, kept: Option<&Snapshot>, row: usize) {
        let mut replayed = 0;
        for list in 0..self.plan.lists.len() {
            let to = kept.map_or(0, |kept| kept.positions[list]);
            let to = self.sabotaged_position(list, to);
            replayed += u64::from(self.state.log.position(list).saturating_sub(to));
            self.state.log.set_position(list, to);
        }
        (0..self.plan.reads.len()).for_each(|source| self.forget_reads(source));
        self.recovery().2.recoveries[row].records_replayed = replayed;
    }

    /// Where to read from again, unless a bug is planted.
    fn sabotaged_position(&self, list: usize, to: u32) -> u32 {
        let position = self.state.log.position(list);
        if self.plan.has(Sabotage::RewindTooFar) {
            to.saturating_sub(1)
        } else if self.plan.has(Sabotage::RewindTooLittle) {
            position.min(to + 1)
        } else if self.plan.has(Sabotage::NoRewind) {
            position
        } else {
            to
        }
    }

    /// Of what is to be read or is in channels: how much has met its fate before.
    fn count_repeats(&mut self) {
        let waiting: usize = self.state.tasks.iter().map(|task| task.waiting()).sum();
        let on_the_way = self.state.log.unread(self.arrived()) + waiting as u64;
        let unsettled = (self.arrived() as u64).saturating_sub(self.settled());
        self.recovery().0.repeats_due = on_the_way.saturating_sub(unsettled);
    }

    fn replace_sources(&mut self, pipeline: &Pipeline, kept: Option<&Snapshot>) {
        let plan = Arc::clone(&self.plan);
        for (source, mut fresh) in plan.sources(pipeline, None).into_iter().enumerate() {
            let of_source = kept.and_then(|kept| kept.sources[source].as_ref());
            let from = of_source.map_or(0, |kept| kept.announced);
            match of_source {
                Some(kept) => fresh.go_on(kept.clock.clone(), kept.is_idle),
                None => plan.reads[source].iter().for_each(|&list| {
                    // A partition is a 32-bit number.
                    fresh.clock.skip(PartitionId(list as u32), self.state.log.position(list));
                }),
            }
            fresh.cancel();
            fresh.last_wait = self.state.sources[source].last_wait;
            self.state.sources[source] = fresh;
            self.announce_again(source, from);
            self.clock_changed(source);
        }
    }

    /// Tells the watermark of a source task of what has arrived, from this arrival on, and is to be read.
    fn announce_again(&mut self, source: usize, from: usize) {
        let (plan, now) = (Arc::clone(&self.plan), self.state.now);
        for place in from..self.state.announced {
            let Some(id) = plan.announced.get(&plan.stream, place) else { return };
            let list = plan.list_of(id);
            let is_unread = || self.state.log.front(list).is_some_and(|front| id >= front);
            if usize::from(plan.reader[list]) == source && (matches!(plan.announced, Announced::Only(_)) || is_unread())
            {
                self.state.sources[source].clock.on_arrival(plan.stream.partition(id), now);
            }
        }
    }

    /// The windows that are kept by any task, by their identities among all.
    pub(super) fn kept_windows(&self) -> Vec<WindowId> {
        let mut ids: Vec<WindowId> = self.state.lives.values().copied().collect();
        if self.plan.salting.is_none() {
            for task in &self.state.tasks {
                task.operator().visit_kept(|kept| ids.push(task.window_id(kept.id)));
            }
        }
        ids
    }

    /// Writes over the life of a window; what it was before can be had again.
    pub(super) fn rewrite_life(&mut self, id: WindowId, change: impl FnOnce(&mut WindowLife)) {
        if let Some(life) = self.trace.windows.get_mut(id.index()) {
            self.rewritten.push((id, *life));
            change(life);
        }
    }

    /// All tasks go on.
    pub(super) fn set_going(&mut self) {
        self.state.sink.go_on();
        for task in &mut self.state.tasks {
            task.is_down = false;
        }
        for merger in &mut self.state.mergers {
            merger.is_down = false;
        }
        self.emit_again();
        for source in 0..self.state.sources.len() {
            self.source_is_back(source);
        }
        (0..self.plan.tasks).for_each(|task| self.take_waiting(task));
    }

    /// Panes that barriers had overtaken are on their way again.
    fn emit_again(&mut self) {
        let kept = self.recovery().0.completed.clone();
        let is_rewound =
            self.plan.rules.as_ref().is_some_and(|it| it.delivery != crate::pipeline::Delivery::AtMostOnce);
        let Some(kept) = kept.filter(|_| is_rewound) else { return };
        for (task, of_task) in kept.tasks.iter().enumerate() {
            let before = self.trace.panes.len();
            for (pane, values) in of_task.iter().flat_map(|it| &it.panes) {
                let emitted_at = self.state.now;
                if !values.is_empty() {
                    self.trace.lists.push((self.trace.panes.len() as u32, values.clone()));
                }
                self.trace.panes.push(crate::window::pane::Pane { emitted_at, ..*pane });
            }
            self.emitted(task, before);
        }
    }

    /// Results were written and will never be seen: their records are lost, unless they are in others.
    pub(super) fn results_are_gone(&mut self, panes: &[u32]) {
        let Some(log) = &self.trace.recovery else { return };
        let mut lost: Vec<RecordId> = Vec::new();
        for &pane in panes {
            let (row, fired) = (&log.panes[pane as usize], &self.trace.panes[pane as usize]);
            for (place, it) in log.handlings.iter().enumerate().take(row.handlings as usize) {
                let (key, at) =
                    (self.plan.stream.keys()[it.record.index()], self.plan.stream.event_times()[it.record.index()]);
                let is_in_window = key == fired.key && fired.window.start <= at && at < fired.window.end;
                if is_in_window && it.fate == Fate::Counted && log.is_behind(place, pane as usize) {
                    lost.push(it.record);
                }
            }
        }
        lost.sort_unstable();
        lost.dedup();
        let still_counted = |id: &RecordId| self.trace.fates[self.places[id.index()] as usize] == Fate::Counted;
        lost.retain(still_counted);
        lost.into_iter().for_each(|id| self.refate(id, Fate::Lost));
    }
}

/// The operator of a task from its bytes.
fn restored(pipeline: &Pipeline, kept: &KeptTask) -> Option<WindowOperator> {
    let snapshot = OperatorSnapshot::from_bytes(&kept.operator);
    let operator = snapshot.ok().and_then(|snapshot| WindowOperator::restore(pipeline, snapshot).ok());
    debug_assert!(operator.is_some(), "an operator of this run has written these bytes");
    operator
}
