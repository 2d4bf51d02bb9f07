//! Window tasks: each takes what waits in its channels, merges the watermarks of the sources, and
//! runs its window operator.

use std::sync::Arc;

use crate::pipeline::LatePolicy;
use crate::record::{Record, RecordId};
use crate::runtime::trace::{Fate, TaskId, TaskWatermark, WatermarkStep};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::inbox::{Element, Inbox, Mark, Sent};
use crate::runtime::virtual_time::outbox::Outbox;
use crate::runtime::virtual_time::plan::Plan;
use crate::runtime::virtual_time::recorder::Recorder;
use crate::runtime::virtual_time::salt::{Feed, PartRecorder};
use crate::runtime::virtual_time::snapshot::KeptTask;
use crate::runtime::virtual_time::source::Source;
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{InputStatus, Valve};
use crate::window::operator::{Advance, Outcome, WindowOperator};
use crate::window::pane::{Pane, WindowId};
use crate::window::sink::WindowSink;

/// One window task.
#[derive(Clone, Debug)]
pub struct Task {
    pub inbox: Inbox,
    /// Of the watermarks of several sources; `None` when there is one.
    pub(super) valve: Option<Valve>,
    operator: WindowOperator,
    /// The identities of its windows among those of all tasks; empty when there is one task.
    window_ids: Vec<WindowId>,
    working: Option<(Sent, ProcTime)>,
    /// It has crashed, or was cancelled.
    pub(super) is_down: bool,
    watermark: EventTime,
    /// The last record that it settled, and its place among the settled ones.
    last: Option<(RecordId, usize)>,
    /// Panes that the sink has not taken, by their place in the trace.
    pub(super) outbox: Outbox<u32>,
    /// Where keys are split: what the merge tasks have no room for.
    pub(super) parts: Outbox<Feed>,
}

/// The window tasks before their first record, with these operators.
pub fn tasks(plan: &Plan, operators: Vec<WindowOperator>, sources: &[Source]) -> Vec<Task> {
    let valve = fresh_valve(sources);
    let task = |operator| Task {
        inbox: Inbox::new(sources.len()),
        valve: valve.clone(),
        operator,
        window_ids: Vec::new(),
        working: None,
        is_down: false,
        watermark: EventTime::MIN,
        last: None,
        outbox: Outbox::new(),
        parts: Outbox::new(),
    };
    debug_assert_eq!(operators.len(), plan.tasks);
    operators.into_iter().map(task).collect()
}

/// The valve of a window task over these sources; `None` when there is one.
pub fn fresh_valve(sources: &[Source]) -> Option<Valve> {
    (sources.len() > 1).then(|| {
        let mut valve = Valve::new(sources.len());
        for (channel, _) in sources.iter().enumerate().filter(|(_, source)| source.is_idle()) {
            valve.on_status(channel, InputStatus::Idle);
        }
        valve
    })
}

impl Task {
    /// Records that wait in its channels.
    pub fn waiting(&self) -> usize {
        self.inbox.credited()
    }

    /// Whether it has a record in hand.
    pub const fn is_working(&self) -> bool {
        self.working.is_some()
    }

    /// Whether it has nothing in hand and nothing waits for it.
    pub fn is_free(&self) -> bool {
        !self.is_occupied() && self.inbox.is_empty() && !self.inbox.holds()
    }

    /// The next instant that its operator waits for. While it cannot hand on what it has, it hears of
    /// none: as in Flink, one thread does both.
    pub fn next_timer(&self) -> ProcTime {
        let is_blocked = self.outbox.waits_for().is_some() || self.parts.waits_for().is_some();
        if self.is_down || is_blocked { ProcTime::MAX } else { self.operator.next_timer().unwrap_or(ProcTime::MAX) }
    }

    /// No window of it fires or goes before the watermark reaches this.
    pub fn next_due(&self) -> EventTime {
        self.operator.next_due()
    }

    /// Among the settled records: the place of the last one that it settled.
    pub fn last_place(&self) -> Option<usize> {
        self.last.map(|(_, place)| place)
    }

    pub const fn operator(&self) -> &WindowOperator {
        &self.operator
    }

    /// The identity among the windows of all tasks.
    pub fn window_id(&self, own: WindowId) -> WindowId {
        self.window_ids.get(own.index()).copied().unwrap_or(own)
    }

    /// The record that it works on.
    pub(super) fn record_in_hand(&self) -> Option<Sent> {
        self.working.map(|(sent, _)| sent)
    }

    /// What a checkpoint keeps of it.
    pub(super) fn keep(
        &self,
        operator: Arc<[u8]>,
        in_flight: Vec<(u32, Element)>,
        panes: Vec<(Pane, Box<[f64]>)>,
    ) -> KeptTask {
        let (windows, watermark, valve) = (self.window_ids.len(), self.watermark, self.valve.clone());
        KeptTask { operator, windows, watermark, valve, in_flight, panes }
    }

    /// Throws away what it has in hand and in front of it.
    pub(super) fn cancel(&mut self) {
        self.inbox.clear();
        self.working = None;
    }

    /// Goes on with this operator, whose first windows have the identities that they had.
    pub(super) fn replace(&mut self, operator: WindowOperator, watermark: EventTime, windows: usize) {
        self.operator = operator;
        self.watermark = watermark;
        self.window_ids.truncate(windows);
        self.last = None;
    }

    /// Starts with an operator that has state; its windows have these identities.
    pub(super) fn resume(&mut self, operator: WindowOperator, watermark: EventTime, window_ids: Vec<WindowId>) {
        self.operator = operator;
        self.watermark = watermark;
        self.window_ids = window_ids;
    }

    /// It takes nothing from its channels at the moment.
    #[inline]
    fn is_occupied(&self) -> bool {
        self.working.is_some() || self.is_down || self.outbox.waits_for().is_some() || self.parts.waits_for().is_some()
    }
}

impl Simulation {
    /// Puts an element into a channel; a task that was waiting for one takes it at once.
    pub(super) fn deliver(&mut self, source: usize, task: usize, element: Element) {
        let is_held_back = self.state.control.is_some() && self.is_held_back(source, task);
        let receiver = &mut self.state.tasks[task];
        if receiver.is_occupied() || !receiver.inbox.is_empty() {
            receiver.inbox.push(source, element);
        } else if is_held_back {
            receiver.inbox.hold(source, element);
        } else {
            self.take(source, task, element);
        }
    }

    /// The same for a record.
    #[inline(always)]
    pub(super) fn deliver_record(&mut self, source: usize, task: usize, sent: Sent) {
        if self.state.control.is_some() {
            return self.deliver(source, task, Element::Record(sent));
        }
        let receiver = &mut self.state.tasks[task];
        if receiver.is_occupied() || !receiver.inbox.is_empty() {
            receiver.inbox.push(source, Element::Record(sent));
        } else {
            self.work_on(task, sent);
        }
    }

    /// A task takes an element.
    fn take(&mut self, source: usize, task: usize, element: Element) {
        match element {
            Element::Record(sent) => self.work_on(task, sent),
            _ => self.hear(source, task, element),
        }
    }

    /// A task takes a record. If it takes time, it is in its hands from now on.
    #[inline(always)]
    fn work_on(&mut self, task: usize, sent: Sent) {
        let now = self.state.now;
        let service = self.plan.window_time(task, sent.id, now);
        if service == Span::ZERO {
            let Sent { id, source, event_time, enqueued } = sent;
            self.handle_at_once(task, id, source, event_time, enqueued);
        } else {
            self.state.tasks[task].working = Some((sent, now));
            self.state.times[self.plan.task_slot(task)] = now + service;
        }
    }

    /// A task takes what is no record.
    #[inline(never)]
    fn hear(&mut self, source: usize, task: usize, element: Element) {
        let is_in_step = self.state.control.is_none() && !self.plan.is_resumed;
        match element {
            Element::Record(_) => {}
            Element::Watermark(mark) => {
                let receiver = &mut self.state.tasks[task];
                let risen = match &mut receiver.valve {
                    None => Some(mark.watermark),
                    Some(valve) => valve.on_watermark(source, mark.watermark).watermark,
                };
                // After a restore the watermark starts anew, behind what the operator has seen.
                if let Some(watermark) = risen.filter(|&it| it > receiver.watermark || is_in_step) {
                    self.advance(task, Mark { watermark, ..mark });
                }
            }
            Element::Status(status) => {
                let valve = self.state.tasks[task].valve.as_mut();
                let risen = valve.and_then(|valve| valve.on_status(source, status).watermark);
                let seen = self.state.tasks[task].watermark;
                if let Some(watermark) = risen.filter(|&it| it > seen || is_in_step) {
                    self.advance(task, Mark { watermark, raised_by: None, cause: None });
                }
            }
            Element::Barrier(id) => self.take_barrier(source, task, id),
        }
    }

    /// The record in hand is done.
    #[inline]
    pub(super) fn task_finishes(&mut self, task: usize) {
        self.state.times[self.plan.task_slot(task)] = ProcTime::MAX;
        if let Some((sent, started)) = self.state.tasks[task].working.take() {
            self.handle(task, &sent, started);
        }
        self.take_waiting(task);
    }

    /// Takes what waits until a record takes time, the sink has no room, or nothing is left.
    #[inline]
    pub(super) fn take_waiting(&mut self, task: usize) {
        while !self.state.tasks[task].is_occupied() {
            if self.state.control.is_none()
                && let Some((source, sent)) = self.state.tasks[task].inbox.pop_record()
            {
                self.work_on(task, sent);
                self.credit_returned(source, task);
            } else if !self.take_next(task) {
                return;
            }
        }
    }

    /// Takes whatever was sent first. Whether there was something.
    #[inline(never)]
    fn take_next(&mut self, task: usize) -> bool {
        let Some((source, element)) = self.state.tasks[task].inbox.pop() else { return false };
        if self.state.control.is_some() && self.is_held_back(source, task) {
            self.state.tasks[task].inbox.hold(source, element);
            return true;
        }
        let frees_credit = matches!(element, Element::Record(_));
        self.take(source, task, element);
        if frees_credit {
            self.credit_returned(source, task);
        }
        true
    }

    /// Handles a record that takes no time. Apart, and of numbers alone, so that where records take time
    /// they need no place in memory but that in a channel.
    #[inline(never)]
    fn handle_at_once(&mut self, task: usize, id: RecordId, source: u16, event_time: EventTime, enqueued: ProcTime) {
        self.handle(task, &Sent { id, event_time, enqueued, source }, self.state.now);
    }

    #[inline(never)]
    fn handle(&mut self, task: usize, sent: &Sent, started: ProcTime) {
        let stream = &self.plan.stream;
        let key = self.plan.key_of_record(sent.id);
        let record = Record { id: sent.id, event_time: sent.event_time, key, value: stream.values()[sent.id.index()] };
        let original = stream.event_times()[sent.id.index()];
        let before = self.trace.panes.len();
        let outcome = self.operate(task, &record);
        let worker = &mut self.state.tasks[task];
        let met = worker.watermark;
        let is_late = crate::window::lateness::is_late(original, self.plan.allowed_lateness, met);
        let fate = fate_of(outcome, is_late, self.plan.late);
        let special_bytes = worker.operator.special_bytes();
        self.trace.max_special_bytes = self.trace.max_special_bytes.max(special_bytes);
        if self.is_repeat(sent) {
            self.state.tasks[task].last = None;
            self.note_repeat(sent, started, Some(task), fate);
            return self.fired(task, before);
        }
        if self.state.control.is_some() && self.is_handled_again(task, sent, started, fate) {
            self.state.tasks[task].last = None;
            return self.fired(task, before);
        }
        self.state.tasks[task].last = Some((sent.id, self.order.len()));
        self.settle(sent, started, fate, met);
        if self.plan.tasks > 1 {
            self.trace.tasks.push(task as u16);
        }
        self.fired(task, before);
    }

    /// The watermark of a task rises.
    fn advance(&mut self, task: usize, mark: Mark) {
        let now = self.state.now;
        let before = self.trace.panes.len();
        let is_alone = self.plan.has_one_task();
        self.state.tasks[task].watermark = mark.watermark;
        // After a loss of all state the watermark is behind what it was, which the trace does not say again.
        if is_alone && self.trace.watermarks.last().is_none_or(|last| last.watermark < mark.watermark) {
            let step = WatermarkStep { at: now, watermark: mark.watermark, raised_by: mark.raised_by };
            self.trace.watermarks.push(step);
        }
        self.operate(task, &Advance { watermark: mark.watermark, now, cause: mark.cause });
        if !is_alone {
            self.note_rise(task, mark);
        }
        if self.plan.salting.is_some() {
            self.state.tasks[task].parts.queue.push_back(Feed::Watermark(mark));
        }
        self.fired(task, before);
        if let Some((last, place)) = self.state.tasks[task].last
            && mark.cause == Some(last)
        {
            self.trace.kept_windows[place] = u32::try_from(self.state.kept).unwrap_or(u32::MAX);
        }
    }

    /// Runs the operator of a task and writes down what it does: in the trace, or as parts for the
    /// merge tasks.
    #[inline]
    fn operate(&mut self, task: usize, input: &impl Input) -> Outcome {
        let now = self.state.now;
        let worker = &mut self.state.tasks[task];
        let kept = worker.operator.kept();
        let outcome = match &self.plan.salting {
            None => {
                let is_alone = self.plan.has_one_task() && self.state.control.is_none() && !self.plan.is_resumed;
                let mut sink = Recorder::new(&mut self.trace, &mut worker.window_ids, is_alone);
                input.apply(&mut worker.operator, now, &mut sink)
            }
            Some(salting) => {
                let mut sink = PartRecorder {
                    salting,
                    lives: &mut self.state.lives,
                    windows: &mut self.trace.windows,
                    partials: &mut self.trace.partials,
                    queue: &mut worker.parts.queue,
                    task: task as u16,
                    merger_of: &|key| self.plan.task_of(key) as u16,
                };
                input.apply(&mut worker.operator, now, &mut sink)
            }
        };
        self.state.kept = self.state.kept + worker.operator.kept() - kept;
        outcome
    }

    /// A task has fired: its panes, from place `before` of the trace on, go to the sink, or its parts
    /// to the merge tasks.
    #[inline]
    fn fired(&mut self, task: usize, before: usize) {
        if self.plan.salting.is_some() {
            self.forward(task);
        } else {
            self.emitted(task, before);
        }
    }

    /// Of several tasks: the watermark of this one, and that of the pipeline where it rises with it.
    fn note_rise(&mut self, task: usize, mark: Mark) {
        let at = self.state.now;
        self.trace.task_watermarks.push(TaskWatermark { at, task: task as u16, watermark: mark.watermark });
        if self.plan.mergers > 0 {
            return;
        }
        let least = self.state.tasks.iter().map(|task| task.watermark).min().unwrap_or(EventTime::MIN);
        if least > self.state.watermark {
            self.state.watermark = least;
            self.trace.watermarks.push(WatermarkStep { at, watermark: least, raised_by: mark.raised_by });
        }
    }

    /// Processing time has passed that the operator of a task waited for.
    pub(super) fn task_timer(&mut self, task: usize) {
        let before = self.trace.panes.len();
        self.operate(task, &TimePassed);
        self.fired(task, before);
    }

    pub(super) fn final_watermark(&mut self, task: usize) {
        self.advance(task, Mark { watermark: EventTime::MAX, raised_by: None, cause: None });
    }

    /// A record has met its fate in a task.
    #[inline(always)]
    fn settle(&mut self, sent: &Sent, started: ProcTime, fate: Fate, met: EventTime) {
        let trace = &mut self.trace;
        trace.enqueued.push(sent.enqueued);
        trace.started.push(started);
        trace.handled.push(self.state.now);
        trace.fates.push(fate);
        trace.watermark_before.push(met);
        trace.kept_windows.push(u32::try_from(self.state.kept).unwrap_or(u32::MAX));
        if let Some(place) = self.places.get_mut(sent.id.index()) {
            // A stream holds fewer than 2^32 records.
            *place = self.order.len() as u32;
        }
        self.order.push(sent.id.0);
        self.state.settled.note(fate);
    }

    /// A record has met its fate before it was put into a channel.
    pub(super) fn settle_unseen(&mut self, id: RecordId, fate: Fate, met: EventTime) {
        let event_time = self.plan.stream.event_times()[id.index()];
        let sent = Sent { id, event_time, enqueued: self.state.now, source: TaskId::NO_TASK };
        self.settle_unhandled(&sent, fate, met);
    }

    /// A record has met its fate before any task handled it, in a channel or in front of it.
    pub(super) fn settle_unhandled(&mut self, sent: &Sent, fate: Fate, met: EventTime) {
        if self.is_repeat(sent) {
            return self.note_repeat(sent, self.state.now, None, fate);
        }
        if self.state.control.is_some() && self.is_settled_again(sent, self.state.now, None, fate) {
            return;
        }
        self.settle(sent, self.state.now, fate, met);
        if self.plan.tasks > 1 {
            self.trace.tasks.push(TaskId::NO_TASK);
        }
    }
}

/// What the operator of a task is told.
trait Input {
    /// Tells it.
    fn apply<S: WindowSink>(&self, operator: &mut WindowOperator, now: ProcTime, sink: &mut S) -> Outcome;
}

impl Input for Record {
    #[inline]
    fn apply<S: WindowSink>(&self, operator: &mut WindowOperator, now: ProcTime, sink: &mut S) -> Outcome {
        operator.on_record(self, now, sink)
    }
}

impl Input for Advance {
    fn apply<S: WindowSink>(&self, operator: &mut WindowOperator, _: ProcTime, sink: &mut S) -> Outcome {
        operator.on_watermark(self, sink);
        Outcome::default()
    }
}

/// Processing time has passed.
struct TimePassed;

impl Input for TimePassed {
    fn apply<S: WindowSink>(&self, operator: &mut WindowOperator, now: ProcTime, sink: &mut S) -> Outcome {
        operator.on_next_timers(now, sink);
        Outcome::default()
    }
}

#[inline]
fn fate_of(outcome: Outcome, is_late: bool, late: LatePolicy) -> Fate {
    match (outcome.counted, outcome.assigned) {
        (1.., _) => Fate::Counted,
        (0, 0) if !is_late => Fate::Unassigned,
        _ => Fate::of_late(late),
    }
}
