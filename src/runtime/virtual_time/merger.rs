//! Merge tasks: each puts together the parts of the keys that it owns, which window tasks send when
//! they fire, and emits the panes of the pipeline.
//!
//! Between every window task and every merge task runs a channel with as many credits as those of
//! the window tasks, one for each part. A window task without credit takes nothing in until it has
//! handed on what it fired; parts are never shed. Watermarks travel behind the parts that they
//! fired and are merged here, by the least.

use crate::pipeline::Pipeline;
use crate::runtime::trace::{TaskId, TaskWatermark, WatermarkStep};
use crate::runtime::virtual_time::inbox::{Credited as _, Inbox, Mark};
use crate::runtime::virtual_time::outbox::Outbox;
use crate::runtime::virtual_time::plan::Plan;
use crate::runtime::virtual_time::salt::{Feed, MergeRecorder};
use crate::runtime::virtual_time::snapshot::KeptMerger;
use crate::runtime::virtual_time::{Simulation, State};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::Valve;
use crate::window::aggregate::Summary;
use crate::window::merge::{MergeWindows, Part};
use crate::window::operator::Advance;

/// Bytes of one window beside what it counted: its key and its two ends.
const WINDOW_BYTES: usize = 4 + 16;

/// One merge task.
#[derive(Clone, Debug)]
pub struct Merger {
    inbox: Inbox<Feed>,
    valve: Valve,
    operator: MergeWindows,
    working: Option<(u32, Part, ProcTime)>,
    /// It has crashed, or was cancelled.
    pub(super) is_down: bool,
    watermark: EventTime,
    /// Panes that the sink has not taken, by their place in the trace.
    pub outbox: Outbox<u32>,
}

/// The merge tasks before their first part; none where keys are not split.
pub fn mergers(plan: &Plan, pipeline: &Pipeline) -> Vec<Merger> {
    let merger = |_| Merger {
        inbox: Inbox::new(plan.tasks),
        valve: Valve::new(plan.tasks),
        operator: MergeWindows::new(pipeline),
        working: None,
        is_down: false,
        watermark: EventTime::MIN,
        outbox: Outbox::new(),
    };
    (0..plan.mergers).map(merger).collect()
}

impl Merger {
    /// Whether it has nothing in hand, nothing to hand on, and nothing waits for it.
    pub fn is_free(&self) -> bool {
        !self.is_occupied() && self.inbox.is_empty() && !self.inbox.holds()
    }

    /// What was held back waits again. Whether there was something.
    pub fn release(&mut self) -> bool {
        self.inbox.release()
    }

    /// What a checkpoint keeps of it, and how many bytes that is.
    pub fn keep(&self) -> (KeptMerger, u64) {
        let bytes = self.operator.kept() * (Summary::BYTES + WINDOW_BYTES) + self.operator.special_bytes();
        let (operator, valve) = (self.operator.clone(), self.valve.clone());
        (KeptMerger { operator, valve, watermark: self.watermark }, bytes as u64)
    }

    /// Throws away what it has in hand and in front of it.
    pub fn cancel(&mut self) {
        self.inbox.clear();
        self.working = None;
    }

    /// Goes on with what was kept, or from nothing.
    pub fn replace(&mut self, pipeline: &Pipeline, kept: Option<KeptMerger>, has_watermarks: bool, channels: usize) {
        let fresh = || Valve::new(channels);
        self.watermark = kept.as_ref().map_or(EventTime::MIN, |it| it.watermark);
        self.valve = kept.as_ref().filter(|_| has_watermarks).map_or_else(fresh, |it| it.valve.clone());
        self.operator = kept.map_or_else(|| MergeWindows::new(pipeline), |it| it.operator);
    }

    /// No window of it fires or goes before the watermark reaches this.
    pub fn next_due(&self) -> EventTime {
        self.operator.next_due()
    }

    pub const fn operator(&self) -> &MergeWindows {
        &self.operator
    }

    /// Parts that it has not put together with the others, by their places in the trace; the one that
    /// it works on is one of them.
    pub fn unmerged(&self) -> impl Iterator<Item = (u32, &Part)> {
        let waiting = self.inbox.iter().filter_map(Feed::part);
        self.working.iter().map(|(place, part, _)| (*place, part)).chain(waiting)
    }

    /// The part that it works on, by its place in the trace, and since when.
    pub fn in_hand(&self) -> Option<(u32, ProcTime)> {
        self.working.as_ref().map(|&(place, _, since)| (place, since))
    }

    fn is_occupied(&self) -> bool {
        self.working.is_some() || self.is_down || self.outbox.waits_for().is_some()
    }
}

impl State {
    /// Parts that have left their operator and are not put together, by their places in the trace.
    pub(super) fn unmerged(&self) -> impl Iterator<Item = (u32, &Part)> {
        let queued = self.tasks.iter().flat_map(|task| task.parts.queue.iter()).filter_map(Feed::part);
        queued.chain(self.mergers.iter().flat_map(Merger::unmerged))
    }
}

impl Simulation {
    /// Hands on what a window task has fired, as far as there is credit.
    pub(super) fn forward(&mut self, task: usize) {
        while let Some(feed) = self.state.tasks[task].parts.queue.pop_front() {
            match feed {
                Feed::Part(place, part) => {
                    let to = usize::from(self.trace.partials[place as usize].to);
                    if self.state.mergers[to].inbox.credited_in(task) >= self.plan.capacity {
                        let parts = &mut self.state.tasks[task].parts;
                        parts.queue.push_front(Feed::Part(place, part));
                        let on = Some(TaskId::merge(to));
                        return parts.set_waiting(TaskId::window(task), on, self.state.now, &mut self.trace);
                    }
                    self.deliver_feed(task, to, Feed::Part(place, part));
                }
                Feed::Watermark(_) | Feed::Barrier(_) => {
                    (0..self.plan.mergers).for_each(|to| self.deliver_feed(task, to, feed.clone()));
                }
            }
        }
        let parts = &mut self.state.tasks[task].parts;
        parts.set_waiting(TaskId::window(task), None, self.state.now, &mut self.trace);
    }

    fn deliver_feed(&mut self, from: usize, to: usize, feed: Feed) {
        let is_held_back = self.state.control.is_some() && self.is_feed_held_back(from, to);
        let merger = &mut self.state.mergers[to];
        if merger.is_occupied() || !merger.inbox.is_empty() {
            merger.inbox.push(from, feed);
        } else if is_held_back {
            merger.inbox.hold(from, feed);
        } else {
            self.take_feed(from, to, feed);
        }
    }

    /// A merge task takes a part, which may take time, or a watermark.
    fn take_feed(&mut self, from: usize, merger: usize, feed: Feed) {
        let now = self.state.now;
        match feed {
            Feed::Part(place, part) => {
                self.trace.partials[place as usize].started_at = now;
                let service = self.plan.merge_time.of(place, now);
                if service == Span::ZERO {
                    self.merge(merger, place, part);
                } else {
                    self.state.mergers[merger].working = Some((place, part, now));
                    self.state.times[self.plan.merger_slot(merger)] = now + service;
                }
            }
            Feed::Watermark(mark) => {
                let valve = &mut self.state.mergers[merger].valve;
                let risen = valve.on_watermark(from, mark.watermark).watermark;
                let seen = self.state.mergers[merger].watermark;
                if let Some(watermark) = risen.filter(|&it| it > seen || self.state.control.is_none()) {
                    self.merged_watermark(merger, Mark { watermark, ..mark });
                }
            }
            Feed::Barrier(id) => self.take_feed_barrier(from, merger, id),
        }
    }

    /// The part in hand is done.
    pub(super) fn merger_finishes(&mut self, merger: usize) {
        self.state.times[self.plan.merger_slot(merger)] = ProcTime::MAX;
        if let Some((place, part, _)) = self.state.mergers[merger].working.take() {
            self.merge(merger, place, part);
        }
        self.take_waiting_feeds(merger);
    }

    /// Takes what waits until a part takes time, the sink has no room, or nothing is left.
    pub(super) fn take_waiting_feeds(&mut self, merger: usize) {
        while !self.state.mergers[merger].is_occupied() {
            let Some((from, feed)) = self.state.mergers[merger].inbox.pop() else { return };
            if self.state.control.is_some() && self.is_feed_held_back(from, merger) {
                self.state.mergers[merger].inbox.hold(from, feed);
                continue;
            }
            let frees_credit = feed.takes_credit();
            self.take_feed(from, merger, feed);
            if frees_credit && self.state.tasks[from].parts.waits_for() == Some(TaskId::merge(merger)) {
                self.forward(from);
                self.take_waiting(from);
            }
        }
    }

    fn merge(&mut self, merger: usize, place: u32, part: Part) {
        let now = self.state.now;
        self.trace.partials[place as usize].merged_at = now;
        let before = self.trace.panes.len();
        let is_special = part.contents.state().is_some();
        let operator = &mut self.state.mergers[merger].operator;
        let kept = operator.kept();
        operator.on_part(part, now, &mut MergeRecorder::new(&mut self.trace, &mut self.state.lives));
        self.state.kept = self.state.kept + operator.kept() - kept;
        if is_special {
            self.trace.max_special_bytes = self.trace.max_special_bytes.max(operator.special_bytes());
        }
        self.emitted(merger, before);
    }

    /// The watermark of a merge task rises, and with the slowest that of the pipeline.
    fn merged_watermark(&mut self, merger: usize, mark: Mark) {
        let at = self.state.now;
        let before = self.trace.panes.len();
        let Mark { watermark, raised_by, cause } = mark;
        let worker = &mut self.state.mergers[merger];
        worker.watermark = watermark;
        let kept = worker.operator.kept();
        let mut sink = MergeRecorder::new(&mut self.trace, &mut self.state.lives);
        worker.operator.on_watermark(&Advance { watermark, now: at, cause }, &mut sink);
        self.state.kept = self.state.kept + worker.operator.kept() - kept;
        self.trace.merge_watermarks.push(TaskWatermark { at, task: merger as u16, watermark });
        let least = self.state.mergers.iter().map(|merger| merger.watermark).min().unwrap_or(EventTime::MIN);
        if least > self.state.watermark {
            self.state.watermark = least;
            self.trace.watermarks.push(WatermarkStep { at, watermark: least, raised_by });
        }
        self.emitted(merger, before);
    }
}
