//! Source tasks: each reads its partitions of the log, makes the watermark, and sends records to the
//! window tasks that own their keys.
//!
//! A source without service time looks at the next record before it takes it: while the channel that
//! the record needs has no credit, the record stays in the log. One with service time has it in hand.

use crate::pipeline::Overflow;
use crate::pipeline::restart::Restarts;
use crate::record::{PartitionId, RecordId};
use crate::runtime::Sabotage;
use crate::runtime::event_clock::EventClock;
use crate::runtime::trace::{Fate, InputStep, TaskId, Trace};
use crate::runtime::virtual_time::Simulation;
use crate::runtime::virtual_time::gate::Passage;
use crate::runtime::virtual_time::inbox::{Element, Mark, Sent};
use crate::runtime::virtual_time::plan::arrival;
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{InputStatus, Rise};

/// One source task.
#[derive(Clone, Debug)]
pub struct Source {
    pub clock: EventClock,
    pub(super) doing: Doing,
    /// What it reads next, and from which list, as of when it was scheduled.
    next: Option<(usize, RecordId)>,
    /// It has told the window tasks that it is idle.
    is_idle: bool,
    /// A rise that waits for the end of a micro-batch, and the record that it came right after.
    held_back: Option<(Rise, Option<RecordId>)>,
    /// The last entry that it has in the trace's list of waits.
    pub(super) last_wait: Option<usize>,
    /// Whether and when it is started again after a crash.
    pub(super) restarts: Restarts,
}

/// What a source task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It reads as soon as there is something to read.
    Reading,
    /// It works on a record.
    Working(RecordId),
    /// The channel to this window task has no credit for the next record, which is in hand or in the
    /// log; or it is a dead letter that cannot be written.
    Waiting { on: TaskId, since: ProcTime, hand: Option<RecordId> },
    /// It has crashed, and will be started again.
    Down,
    /// It has stopped with this in its hands, and nobody has noticed or cleared up.
    Dead(Option<RecordId>),
    /// It has crashed for good; time goes on until the last record has reached the log.
    Failed,
}

impl Source {
    /// A source task before its first record. One without any partition is idle.
    pub const fn new(clock: EventClock, is_idle: bool, restarts: Restarts) -> Self {
        Self { clock, doing: Doing::Reading, next: None, is_idle, held_back: None, last_wait: None, restarts }
    }

    /// Whether the window tasks take it for idle.
    pub const fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Whether it has crashed and is not running again.
    pub const fn is_down(&self) -> bool {
        matches!(self.doing, Doing::Down | Doing::Dead(_) | Doing::Failed)
    }

    /// The record in its hands, read and not sent.
    pub const fn in_hand(&self) -> Option<RecordId> {
        match self.doing {
            Doing::Working(id) | Doing::Waiting { hand: Some(id), .. } | Doing::Dead(Some(id)) => Some(id),
            _ => None,
        }
    }

    /// It does nothing until it is told to go on; what it waited for until now is noted.
    pub fn stop(&mut self, number: usize, now: ProcTime, trace: &mut Trace) {
        if let Doing::Waiting { on, since, .. } = self.doing {
            trace.note_wait(&mut self.last_wait, TaskId::source(number), on, since, now);
        }
        self.doing = Doing::Dead(self.in_hand());
    }

    /// Throws away what it has in hand.
    pub const fn cancel(&mut self) {
        self.doing = Doing::Down;
    }

    /// Goes on with the watermark of another one.
    pub fn go_on(&mut self, clock: EventClock, is_idle: bool) {
        self.clock = clock;
        self.is_idle = is_idle;
    }

    /// Whether it has crashed for good.
    pub const fn has_failed(&self) -> bool {
        matches!(self.doing, Doing::Failed)
    }

    /// Whether a record is in its hands, read and not sent.
    pub const fn holds_record(&self) -> bool {
        self.in_hand().is_some()
    }
}

impl Simulation {
    /// Sets the clock of everything that depends on the log.
    pub(super) fn schedule_all(&mut self) {
        self.schedule_arrival();
        self.schedule_trigger();
        self.schedule_members();
        (0..self.state.sources.len()).for_each(|source| self.schedule(source));
    }

    /// Sets when a source task that is reading reads next.
    pub(super) fn schedule(&mut self, source: usize) {
        let slot = self.plan.first_source_slot() + source;
        if self.state.sources[source].doing == Doing::Reading {
            let front = self.front_of(source);
            self.state.sources[source].next = front;
            self.state.times[slot] = front.map_or(ProcTime::MAX, |(list, id)| self.readable_at(list, id));
            if front.is_none() && self.state.members.is_some() {
                self.schedule_members();
            }
        }
    }

    /// The lists that a source task reads at the moment.
    #[inline]
    pub(super) fn reads(&self, source: usize) -> &[usize] {
        match &self.state.members {
            None => &self.plan.reads[source],
            Some(members) => members.reads(source),
        }
    }

    /// The record that a source task reads next, and the list that it is in.
    fn front_of(&self, source: usize) -> Option<(usize, RecordId)> {
        let task = &self.state.sources[source];
        let lists = self.reads(source);
        let first = if self.state.limits.is_some() {
            let is_paused = |list: usize| task.clock.is_paused(PartitionId(list as u32));
            // Of a micro-batch, what is not in it may be readable first.
            let is_due = |id: RecordId| self.state.batch.as_ref().is_none_or(|batch| batch.holds(id));
            let fronts = lists.iter().filter(|&&list| !is_paused(list));
            let fronts = fronts.filter_map(|&list| Some((list, self.state.log.front(list)?)));
            let fronts = fronts.filter(|&(_, id)| is_due(id));
            fronts.min_by_key(|&(list, id)| (self.readable_at(list, id), id))
        } else if task.clock.aligns() {
            self.state.log.first(lists, |partition| task.clock.is_paused(partition))
        } else {
            self.state.log.first(lists, |_| false)
        };
        first.filter(|&(_, id)| self.state.batch.as_ref().is_none_or(|batch| batch.holds(id)))
    }

    pub(super) fn schedule_arrival(&mut self) {
        let stream = &self.plan.stream;
        let next = self.plan.announced.get(stream, self.state.announced);
        self.state.times[self.plan.arrival_slot()] = next.map_or(ProcTime::MAX, |id| arrival(stream, id));
    }

    /// A record reaches the log, and the watermark of its source task is told.
    pub(super) fn announce_arrival(&mut self) {
        let Some(id) = self.plan.announced.get(&self.plan.stream, self.state.announced) else { return };
        let partition = self.plan.stream.partition(id);
        if self.state.members.is_some() {
            let now = self.state.now;
            self.state.sources.iter_mut().for_each(|source| source.clock.on_arrival(partition, now));
            self.state.announced += 1;
            (0..self.state.sources.len()).for_each(|source| self.clock_changed(source));
            return self.schedule_arrival();
        }
        let list = if self.plan.reader.len() == 1 { 0 } else { partition.index() };
        let source = usize::from(self.plan.reader[list]);
        self.state.sources[source].clock.on_arrival(partition, self.state.now);
        self.state.announced += 1;
        self.clock_changed(source);
        self.schedule_arrival();
    }

    /// The instant of a source task has come: it reads, or it has finished a record.
    #[inline]
    pub(super) fn source_acts(&mut self, source: usize) {
        if self.plan.reads_at_once && self.state.sources[source].doing == Doing::Reading {
            self.read_at_once(source);
        } else {
            self.source_goes_on(source);
        }
    }

    /// Reads where nothing stands between the log and the channels.
    #[inline(always)]
    fn read_at_once(&mut self, source: usize) {
        let Some((list, id)) = self.front_at_once(source) else { return self.schedule_at_once(source) };
        let target = self.plan.task_of_record(id);
        if !self.has_room(source, target) {
            return self.wait(source, TaskId::window(target), None);
        }
        self.state.log.advance(list);
        self.send(source, target, id);
        self.schedule_at_once(source);
    }

    /// What a source task reads next where that depends on nothing but how far it has read.
    #[inline(always)]
    fn front_at_once(&self, source: usize) -> Option<(usize, RecordId)> {
        self.state.log.first(&self.plan.reads[source], |_| false)
    }

    #[inline(always)]
    fn schedule_at_once(&mut self, source: usize) {
        let slot = self.plan.first_source_slot() + source;
        let front = self.front_at_once(source);
        let at = front.map_or(ProcTime::MAX, |(_, id)| arrival(&self.plan.stream, id).max(self.state.now));
        self.state.times[slot] = at;
    }

    #[inline(never)]
    fn source_goes_on(&mut self, source: usize) {
        match self.state.sources[source].doing {
            Doing::Reading => self.read(source),
            Doing::Working(id) => self.hand_on(source, id, None),
            // The dead letters can be written again.
            Doing::Waiting { .. } => self.wait_ends(source),
            Doing::Down => self.source_is_back(source),
            Doing::Failed | Doing::Dead(_) => self.state.times[self.plan.first_source_slot() + source] = ProcTime::MAX,
        }
    }

    fn read(&mut self, source: usize) {
        if self.state.limits.is_some() {
            self.expire(source);
            self.state.sources[source].next = self.front_of(source);
        }
        let Some((list, id)) = self.state.sources[source].next else {
            return self.schedule(source);
        };
        if self.state.limits.is_some() {
            if self.readable_at(list, id) > self.state.now {
                return self.schedule(source);
            }
            self.fetch(list);
        }
        let slot = self.plan.first_source_slot() + source;
        if !self.plan.source_time.is_zero() {
            self.state.log.advance(list);
            self.state.sources[source].doing = Doing::Working(id);
            self.state.times[slot] = self.state.now + self.plan.source_time.of(id.0, self.state.now);
        } else {
            self.hand_on(source, id, Some(list));
        }
    }

    /// Does with a record what the gate and the channels say. It is in hand, or at the front of a list.
    fn hand_on(&mut self, source: usize, id: RecordId, list: Option<usize>) {
        let hand = if list.is_none() { Some(id) } else { None };
        let target = self.plan.task_of_record(id);
        let passage = self.plan.gate.passage(id, self.state.now);
        match passage {
            Passage::Open if !self.has_room(source, target) => {
                return self.wait(source, TaskId::window(target), hand);
            }
            Passage::Waits(until) => {
                self.wait(source, TaskId::DeadLetters, hand);
                self.state.times[self.plan.first_source_slot() + source] = until;
                return;
            }
            Passage::Crashes => return self.crash_source(source, id, hand.is_some()),
            Passage::Open | Passage::Refused(_) => {}
        }
        if let Some(list) = list {
            self.state.log.advance(list);
        }
        match passage {
            Passage::Refused(fate) => self.refuse(source, id, fate),
            _ => self.send(source, target, id),
        }
        self.resume(source);
    }

    /// Whether a record can be sent to this task, or given up, now.
    #[inline]
    fn has_room(&self, source: usize, task: usize) -> bool {
        self.plan.overflow != Overflow::Block || self.has_credit(source, task)
    }

    #[inline]
    fn has_credit(&self, source: usize, task: usize) -> bool {
        self.state.tasks[task].inbox.credited_in(source) < self.plan.capacity
    }

    fn wait(&mut self, source: usize, on: TaskId, hand: Option<RecordId>) {
        self.state.sources[source].doing = Doing::Waiting { on, since: self.state.now, hand };
        self.state.times[self.plan.first_source_slot() + source] = ProcTime::MAX;
    }

    /// A credit of the channel from `source` to `task` is free again.
    #[inline]
    pub(super) fn credit_returned(&mut self, source: usize, task: usize) {
        if let Doing::Waiting { on, .. } = self.state.sources[source].doing
            && on == TaskId::window(task)
        {
            self.wait_ends(source);
        }
    }

    /// What a source task waited for is there.
    pub(super) fn wait_ends(&mut self, source: usize) {
        let Doing::Waiting { on, since, hand } = self.state.sources[source].doing else { return };
        let (id, now) = (TaskId::source(source), self.state.now);
        let last = &mut self.state.sources[source].last_wait;
        self.trace.note_wait(last, id, on, since, now);
        if let Some(id) = hand {
            self.state.sources[source].doing = Doing::Working(id);
            self.state.times[self.plan.first_source_slot() + source] = now;
        } else {
            self.resume(source);
        }
    }

    pub(super) fn resume(&mut self, source: usize) {
        self.state.sources[source].doing = Doing::Reading;
        if self.state.control.is_some() {
            self.send_waiting_barriers(source);
        }
        self.schedule(source);
    }

    /// Hands a record to the window task that owns its key, and the watermark that it raised to all.
    #[inline(always)]
    fn send(&mut self, source: usize, task: usize, id: RecordId) {
        let stream = &self.plan.stream;
        let (now, event_time) = (self.state.now, stream.event_times()[id.index()]);
        let clock = &mut self.state.sources[source].clock;
        let Some(admitted) = clock.admit(event_time, arrival(stream, id)) else {
            let met = clock.current();
            return self.settle_unseen(id, Fate::of_late(self.plan.late), met);
        };
        let sent = Sent { id, event_time: admitted, enqueued: now, source: source as u16 };
        if self.plan.overflow != Overflow::Block && !self.has_credit(source, task) && !self.finds_room(source, task) {
            return self.settle_unseen(id, Fate::Shed, EventTime::MIN);
        }
        self.deliver_record(source, task, sent);
        let clock = &mut self.state.sources[source].clock;
        if let Some(rise) = clock.on_record(id, admitted, &self.plan.stream, now) {
            self.watermark_rises(source, rise, Some(id));
        }
        if self.plan.has_timers && !self.keeps_timer(source) {
            self.clock_changed(source);
            self.note_inputs(source);
        }
    }

    /// There is no credit for a record, and nobody waits: whether there is room for it all the same.
    #[cold]
    fn finds_room(&mut self, source: usize, task: usize) -> bool {
        if self.plan.overflow == Overflow::ShedOldest
            && let Some(oldest) = self.state.tasks[task].inbox.remove_oldest(source)
        {
            self.settle_unhandled(&oldest, Fate::Shed, EventTime::MIN);
        }
        self.plan.overflow != Overflow::ShedNewest
    }

    /// The watermark of a source task wants to hear that time has passed.
    pub(super) fn watermark_timer(&mut self, source: usize) {
        if let Some(mut rise) = self.state.sources[source].clock.on_timer(self.state.now) {
            if self.plan.has(Sabotage::WatermarkGoesBack) {
                rise.watermark = rise.watermark - Span::from_secs(1);
            }
            self.watermark_rises(source, rise, None);
        }
        self.clock_changed(source);
        self.note_inputs(source);
    }

    fn watermark_rises(&mut self, source: usize, rise: Rise, cause: Option<RecordId>) {
        // A member without partitions has nothing to say, and must not seem to have.
        if self.state.members.as_ref().is_some_and(|members| !members.has_any(source)) {
            return;
        }
        if self.state.batch.is_some() {
            self.state.sources[source].held_back = Some((rise, cause));
        } else {
            self.broadcast(source, rise, cause);
        }
    }

    /// At the end of a micro-batch: hands on the watermark that was held back.
    pub(super) fn release_watermark(&mut self, source: usize) {
        if let Some((rise, cause)) = self.state.sources[source].held_back.take() {
            self.broadcast(source, rise, cause);
        }
    }

    fn broadcast(&mut self, source: usize, rise: Rise, cause: Option<RecordId>) {
        self.tell_status(source, InputStatus::Active);
        let Rise { watermark, raised_by } = rise;
        for task in 0..self.plan.tasks {
            self.deliver(source, task, Element::Watermark(Mark { watermark, raised_by, cause }));
        }
    }

    pub(super) fn tell_status(&mut self, source: usize, status: InputStatus) {
        let is_idle = status == InputStatus::Idle;
        if std::mem::replace(&mut self.state.sources[source].is_idle, is_idle) != is_idle && self.plan.reads.len() > 1 {
            for task in 0..self.plan.tasks {
                self.deliver(source, task, Element::Status(status));
            }
        }
    }

    /// Writes down which partitions went idle or woke up, and tells the window tasks when all did.
    #[inline]
    fn note_inputs(&mut self, source: usize) {
        let clock = &self.state.sources[source].clock;
        if clock.has_changes() {
            self.write_changes(source);
        } else if clock.aligns() {
            self.schedule(source);
        }
    }

    #[cold]
    fn write_changes(&mut self, source: usize) {
        let at = self.state.now;
        let clock = &mut self.state.sources[source].clock;
        let step = |(partition, change): (_, crate::watermark::StatusChange)| InputStep {
            at,
            partition,
            status: change.status,
        };
        self.trace.inputs.extend(clock.take_changes().map(step));
        let (is_idle, aligns) = (clock.is_idle(), clock.aligns());
        self.tell_status(source, if is_idle { InputStatus::Idle } else { InputStatus::Active });
        if aligns {
            self.schedule(source);
        }
    }
}
