//! One source task as a pure machine: it reads its partitions of the stream, follows them with a
//! watermark, and hands both to the exchange.
//!
//! A step is a function of what came before and of its instant: the machine knows no clock. Records
//! that are there at that instant are read in order of arrival, a batch at most; the timers of the
//! watermark that are past come first, in turn with the arrivals. So a run is repeated by taking its
//! steps at the same instants.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::gate::GatePolicy;
use crate::pipeline::{AtEnd, LatePolicy};
use crate::record::{PartitionId, Record, RecordId, Stream};
use crate::runtime::event_clock::EventClock;
use crate::runtime::threads::batch::Mark;
use crate::runtime::threads::config::{Pace, ThreadsConfig};
use crate::runtime::threads::exchange::Exchange;
use crate::runtime::threads::layout::{Layout, Own};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{InputStatus, Rise};

/// What has been read and what has not.
#[derive(Clone, Debug)]
enum Reads {
    /// The place of the next record among the task's own.
    InOrder(usize),
    /// By partition: arrived and not read. Only where partitions may be paused.
    Aligned(Vec<VecDeque<RecordId>>),
}

/// What a source task gives up by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceTally {
    /// Records read.
    pub read: u64,
    /// Of those, dropped at the door because their time was not to be believed.
    pub dropped_late: u64,
    /// As dropped, but sent to the side output.
    pub side_output: u64,
    /// Refused by the schema gate, and given up.
    pub rejected: u64,
    /// Refused by the schema gate, and written to the dead letters.
    pub dead_lettered: u64,
}

/// The resolution of both clocks.
const UNIT: Span = Span::from_micros(1);

/// One source task.
#[derive(Debug)]
pub struct SourceTask {
    stream: Arc<Stream>,
    pace: Pace,
    batch_records: usize,
    late: LatePolicy,
    at_end: AtEnd,
    own: Own,
    records: usize,
    /// Records that do not pass the schema gate, ascending.
    refused: Arc<[RecordId]>,
    policy: GatePolicy,

    clock: EventClock,
    /// How many of its records have reached the log, as far as the watermark has heard.
    arrived: usize,
    reads: Reads,
    tally: SourceTally,
    is_idle: bool,
    has_begun: bool,
    /// Instants of processing time ascend.
    now: ProcTime,
}

impl SourceTask {
    /// Task `index` of a run, before its first step.
    ///
    /// # Panics
    /// When the configuration has [`ThreadsConfig::problems`], or not so many sources.
    pub fn new(config: &ThreadsConfig, layout: &Layout, index: usize) -> Self {
        let (stream, own) = (layout.stream(), layout.own(index));
        let clock = layout.clock(config, index);
        let partitions = stream.partitions();
        let reads = if clock.aligns() { Reads::Aligned(vec![VecDeque::new(); partitions]) } else { Reads::InOrder(0) };
        Self {
            pace: config.pace,
            batch_records: config.batch_records as usize,
            late: config.pipeline.late,
            at_end: config.pipeline.at_end,
            records: own.len(stream),
            refused: Arc::clone(layout.refused()),
            policy: config.pipeline.gate.policy,
            own: own.clone(),
            clock,
            arrived: 0,
            reads,
            tally: SourceTally::default(),
            is_idle: false,
            // A task without partitions says so before anything else.
            has_begun: index < partitions,
            now: ProcTime::MIN,
            stream: Arc::clone(stream),
        }
    }

    /// What has been read so far, and what became of it here.
    pub const fn tally(&self) -> SourceTally {
        self.tally
    }

    /// How many records said nothing about event time, because theirs was in the future.
    pub const fn skewed(&self) -> u64 {
        self.clock.skewed()
    }

    /// Whether every record of the task has been read, and everything said that its source says.
    pub fn has_ended(&self) -> bool {
        self.tally.read == self.records as u64 && self.next_said() == ProcTime::MAX
    }

    /// Lets time pass to `now` and reads what is there, a batch at most. How many records that was.
    /// Instants ascend.
    pub fn step(&mut self, now: ProcTime, exchange: &mut Exchange) -> usize {
        if !self.has_begun {
            self.has_begun = true;
            self.is_idle = true;
            exchange.mark(Mark::Status(InputStatus::Idle));
        }
        let before = self.now;
        self.now = self.now.max(now);
        if self.follows_log() {
            self.pass_time(before, exchange);
        }
        let mut read = 0;
        while read < self.batch_records
            && let Some(id) = self.next_read()
        {
            self.read(id, exchange);
            read += 1;
        }
        self.tally.read += read as u64;
        if self.next_read().is_none() {
            self.say_before(self.silence_until(), exchange);
        }
        read
    }

    /// When a step will find something to do that has not been done at the step before: the next
    /// arrival or timer, the past when records wait to be read, [`ProcTime::MAX`] for never.
    pub fn wakes_at(&self) -> ProcTime {
        if self.next_read().is_some() {
            return self.now;
        }
        let heard = self.heard();
        let arrival = if heard < self.records { self.available_at(heard) } else { ProcTime::MAX };
        let timer = match &self.clock {
            EventClock::Bounded(_) => ProcTime::MAX,
            EventClock::Said(_) => self.next_said() + UNIT,
            EventClock::Azure(time) => time.next_timer(time.current() + UNIT),
            EventClock::Tracked(_) => self.clock.next_timer(ProcTime::MAX, EventTime::MIN),
        };
        arrival.min(timer)
    }

    /// Whether the end of the input is the end of time, said by a final watermark.
    pub fn sends_final_watermark(&self) -> bool {
        self.at_end == AtEnd::Flush
    }

    /// Nothing more will be read: sends the final watermark where the pipeline asks for one.
    pub fn finish(&mut self, exchange: &mut Exchange) {
        if self.sends_final_watermark() {
            if self.is_idle {
                exchange.mark(Mark::Status(InputStatus::Active));
            }
            exchange.mark(Mark::Rise { watermark: EventTime::MAX, cause: None });
        }
    }

    fn available_at(&self, place: usize) -> ProcTime {
        self.pace.available_at(&self.stream, self.own.get(place).index())
    }

    /// How many of its records it has heard of.
    fn heard(&self) -> usize {
        match self.reads {
            Reads::InOrder(next) => self.arrived.max(next),
            Reads::Aligned(_) => self.arrived,
        }
    }

    #[inline]
    fn next_read(&self) -> Option<RecordId> {
        match &self.reads {
            Reads::InOrder(next) => {
                let is_there =
                    *next < self.records && (self.pace == Pace::Free || self.available_at(*next) <= self.now);
                is_there.then(|| self.own.get(*next))
            }
            Reads::Aligned(unread) => {
                let fronts = unread.iter().enumerate().filter_map(|(partition, ids)| Some((*ids.front()?, partition)));
                let is_read = |partition: usize| !self.clock.is_paused(PartitionId(partition as u32));
                fronts.filter(|&(_, partition)| is_read(partition)).min().map(|(id, _)| id)
            }
        }
    }

    #[inline]
    fn read(&mut self, id: RecordId, exchange: &mut Exchange) {
        match &mut self.reads {
            Reads::InOrder(next) => *next += 1,
            Reads::Aligned(unread) => {
                unread[self.stream.partition(id).index()].pop_front();
            }
        }
        self.say_before(self.stream.arrivals()[id.index()], exchange);
        if !self.refused.is_empty() && self.refused.binary_search(&id).is_ok() {
            self.refuse(id, exchange);
            return;
        }
        let record = self.stream.record(id);
        let Some(event_time) = self.clock.admit(record.event_time, self.stream.arrivals()[id.index()]) else {
            match self.late {
                LatePolicy::Drop => self.tally.dropped_late += 1,
                LatePolicy::SideOutput => self.tally.side_output += 1,
            }
            return;
        };
        exchange.send(Record { event_time, ..record });
        let rise = self.clock.on_record(id, event_time, &self.stream, self.now);
        self.hand_on(rise, Some(id), exchange);
    }

    /// A record has not passed the gate: it says nothing about event time.
    fn refuse(&mut self, id: RecordId, exchange: &mut Exchange) {
        match self.policy {
            GatePolicy::DeadLetter => self.tally.dead_lettered += 1,
            // Nothing that crashes is started: see `ThreadsConfig::problems_with`.
            GatePolicy::Reject | GatePolicy::Crash => self.tally.rejected += 1,
        }
        self.clock.on_lost(self.stream.partition(id));
        self.hand_on(None, None, exchange);
    }

    /// Arrivals up to now and timers before it, in order; what waits for an instant hears of it when
    /// everything else of that instant is done.
    fn pass_time(&mut self, mut passed: ProcTime, exchange: &mut Exchange) {
        loop {
            let arrives = if self.arrived < self.records { self.available_at(self.arrived) } else { ProcTime::MAX };
            let limit = arrives.min(self.now);
            let timer = self.timer_before(limit).max(passed);
            if timer < limit {
                passed = timer;
                let rise = self.clock.on_timer(passed);
                self.hand_on(rise, None, exchange);
            } else if arrives <= self.now {
                passed = passed.max(arrives);
                self.arrive(arrives);
            } else {
                return;
            }
        }
    }

    /// Whether the watermark has to hear of arrivals, and of time beside them.
    const fn follows_log(&self) -> bool {
        matches!(self.clock, EventClock::Azure(_) | EventClock::Tracked(_))
    }

    /// When the watermark wants to hear that time has passed; not before `limit` if never. Ticks that
    /// could show nothing before then are left out.
    fn timer_before(&self, limit: ProcTime) -> ProcTime {
        match &self.clock {
            // It follows the clock for as long as nothing is on the way; the last instant says it all.
            EventClock::Azure(time) if time.next_timer(time.current() + UNIT) < limit => limit - UNIT,
            EventClock::Tracked(_) => self.clock.next_timer(limit, EventTime::MAX),
            EventClock::Azure(_) | EventClock::Bounded(_) | EventClock::Said(_) => ProcTime::MAX,
        }
    }

    /// The next instant of which the source says a watermark; [`ProcTime::MAX`] for none.
    fn next_said(&self) -> ProcTime {
        match &self.clock {
            EventClock::Said(said) => said.next_timer(),
            EventClock::Azure(_) | EventClock::Bounded(_) | EventClock::Tracked(_) => ProcTime::MAX,
        }
    }

    /// What the source says stands in the log between the records, in order of arrival, and is read as
    /// they are. When there is nothing to read, it has come as far as the log has.
    fn silence_until(&self) -> ProcTime {
        match self.pace {
            Pace::TimesReal(_) => self.now,
            _ if self.tally.read == self.records as u64 => ProcTime::MAX,
            Pace::Free | Pace::PerSecond(_) => ProcTime::MIN,
        }
    }

    #[inline]
    fn say_before(&mut self, limit: ProcTime, exchange: &mut Exchange) {
        while self.next_said() < limit {
            let rise = self.clock.on_timer(self.next_said());
            self.hand_on(rise, None, exchange);
        }
    }

    fn arrive(&mut self, at: ProcTime) {
        let id = self.own.get(self.arrived);
        let partition = self.stream.partition(id);
        self.clock.on_arrival(partition, at);
        self.arrived += 1;
        if let Reads::Aligned(unread) = &mut self.reads {
            unread[partition.index()].push_back(id);
        }
    }

    /// A source that wakes up says so before its watermark, which would be thrown away otherwise; one
    /// that falls idle says so after it.
    #[inline]
    fn hand_on(&mut self, rise: Option<Rise>, cause: Option<RecordId>, exchange: &mut Exchange) {
        self.clock.take_changes().for_each(drop);
        let is_idle = self.clock.is_idle();
        if self.is_idle && !is_idle {
            exchange.mark(Mark::Status(InputStatus::Active));
        }
        if let Some(Rise { watermark, .. }) = rise {
            exchange.mark(Mark::Rise { watermark, cause });
        }
        if !self.is_idle && is_idle {
            exchange.mark(Mark::Status(InputStatus::Idle));
        }
        self.is_idle = is_idle;
    }
}
