//! The virtual-time runtime: source -> bounded queue -> window operator -> sink, on one clock that
//! jumps from event to event.
//!
//! Four things can be next: the operator finishes a record, a record reaches the log, the source
//! moves one from the log into the queue, or a window or the watermark has waited long enough. Ties
//! go in that order: a place is freed before it is asked for, and who waits for an instant hears of
//! it when all else of that instant is done, windows before the watermark. No heap is needed: each
//! of the four has at most one next instant. Time ends with the last record; what would be waited
//! for beyond that never comes.

use std::sync::Arc;

use crate::pipeline::{AtEnd, LatePolicy};
use crate::record::{KeyId, PartitionId, Record, RecordId, Stream};
use crate::runtime::event_clock::EventClock;
use crate::runtime::ledger::Ledger;
use crate::runtime::log::Log;
use crate::runtime::queue::BoundedQueue;
use crate::runtime::trace::{Fate, InputStep, Trace, WatermarkStep, WindowEnd, WindowLife};
use crate::runtime::{RunConfig, service::ServiceTime};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{Rise, StatusChange};
use crate::window::aggregate::Summary;
use crate::window::operator::{Advance, Outcome, WindowOperator};
use crate::window::pane::{Pane, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

/// Runs `stream` through a checked pipeline to the end and records everything.
///
/// # Panics
/// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
pub fn run(stream: &Arc<Stream>, config: &RunConfig) -> Trace {
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    while simulation.step() {}
    simulation.into_trace()
}

/// A run in progress.
#[derive(Debug)]
pub struct Simulation {
    late: LatePolicy,
    at_end: AtEnd,
    service: ServiceTime,

    log: Log,
    queue: BoundedQueue<Record>,
    /// What the operator works on, and when it will have finished.
    working: Option<(Record, ProcTime)>,
    watermark: EventClock,
    operator: WindowOperator,
    now: ProcTime,
    ended: bool,

    ledger: Ledger,
    trace: Trace,
}

impl Simulation {
    /// A run before its first event.
    ///
    /// # Panics
    /// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
    pub fn new(stream: Arc<Stream>, config: &RunConfig) -> Self {
        Self::with_operator(stream, config, WindowOperator::new(&config.pipeline))
    }

    /// A run before its first event, with an operator of the pipeline that was made elsewhere.
    ///
    /// # Panics
    /// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
    pub fn with_operator(stream: Arc<Stream>, config: &RunConfig, operator: WindowOperator) -> Self {
        let pipeline = &config.pipeline;
        let watermark = EventClock::new(pipeline, &stream);
        Self {
            late: pipeline.late,
            at_end: pipeline.at_end,
            service: ServiceTime::new(pipeline.service_time, &config.faults, config.origin),
            log: if watermark.aligns() { Log::aligned(stream.partitions()) } else { Log::in_order() },
            queue: BoundedQueue::new(pipeline.queue_capacity as usize),
            working: None,
            watermark,
            operator,
            now: ProcTime::MIN,
            ended: false,
            ledger: Ledger::default(),
            trace: Trace::empty(stream, pipeline.clone()),
        }
    }

    /// Handles the next event. False when there is none left.
    pub fn step(&mut self) -> bool {
        let finishes = self.working.map_or(ProcTime::MAX, |(_, at)| at);
        let arrives = self.trace.stream.arrivals().get(self.log.arrived()).copied().unwrap_or(ProcTime::MAX);
        let reads = self.source_reads_at();
        let next = finishes.min(arrives).min(reads);
        if self.on_timer_before(next) {
            // Time has passed.
        } else if finishes == next && finishes < ProcTime::MAX {
            self.finish();
        } else if arrives == next && arrives < ProcTime::MAX {
            self.arrive(arrives);
        } else if reads < ProcTime::MAX {
            self.read();
        } else {
            return self.end();
        }
        debug_assert!(self.ledger.balances(), "the ledger balances after every step: {:?}", self.ledger);
        true
    }

    /// Where every record is by now.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Virtual processing time; [`ProcTime::MIN`] before the first step.
    pub const fn now(&self) -> ProcTime {
        self.now
    }

    /// Records in the queue by now.
    pub fn queue_depth(&self) -> usize {
        self.queue.len()
    }

    /// When the source can move a record into the queue: now, unless it is blocked or there is
    /// nothing to read.
    fn source_reads_at(&self) -> ProcTime {
        if !self.queue.is_full() && self.next_read().is_some() { self.now } else { ProcTime::MAX }
    }

    fn next_read(&self) -> Option<RecordId> {
        self.log.next(|partition| self.watermark.is_paused(partition))
    }

    /// Lets the operator or the watermark hear of the next instant that it waits for, if that is
    /// before `next`, when something else happens. Whether there was one.
    fn on_timer_before(&mut self, next: ProcTime) -> bool {
        // When nothing else is to come, only what this very instant was waited for, or what is said later.
        let last = || self.now.max(self.watermark.goes_on_until()) + Span::from_micros(1);
        let limit = if next < ProcTime::MAX { next } else { last() };
        let operator = self.operator.next_timer().map_or(ProcTime::MAX, |timer| timer.max(self.now));
        let watermark = match &self.watermark {
            EventClock::Bounded(_) => ProcTime::MAX,
            tracked => tracked.next_timer(limit.min(operator), self.operator.next_due()).max(self.now),
        };
        let at = operator.min(watermark);
        if at >= limit {
            return false;
        }
        self.now = at;
        if operator == at {
            let mut sink = Recorder::of(&mut self.trace);
            self.operator.on_processing_time(at, &mut sink);
        } else {
            if let Some(rise) = self.watermark.on_timer(at) {
                self.advance(rise, None);
            }
            self.note_inputs();
        }
        true
    }

    fn arrive(&mut self, at: ProcTime) {
        self.now = at;
        let id = self.log.arrive(&self.trace.stream);
        self.watermark.on_arrival(id, &self.trace.stream, at);
        self.ledger.produce();
    }

    /// The watermark rises, right after the record `cause` or by a timer.
    fn advance(&mut self, rise: Rise, cause: Option<RecordId>) {
        let Rise { watermark, raised_by } = rise;
        self.trace.watermarks.push(WatermarkStep { at: self.now, watermark, raised_by });
        let mut sink = Recorder::of(&mut self.trace);
        self.operator.on_watermark(&Advance { watermark, now: self.now, cause }, &mut sink);
    }

    fn note_inputs(&mut self) {
        let at = self.now;
        let step = |change: StatusChange| InputStep {
            at,
            // A partition is a 32-bit number.
            partition: PartitionId(change.input as u32),
            status: change.status,
        };
        self.trace.inputs.extend(self.watermark.take_changes().map(step));
    }

    fn read(&mut self) {
        let Some(arrived_as) = self.next_read() else { return };
        let id = self.log.read(arrived_as, &self.trace.stream);
        let record = Record { id, ..self.trace.stream.record(arrived_as) };
        let is_accepted = self.queue.push(record).is_ok();
        assert!(is_accepted, "the source reads only when the queue has room");
        self.trace.enqueued.push(self.now);
        self.start_next();
    }

    fn start_next(&mut self) {
        if self.working.is_none()
            && let Some(record) = self.queue.pop()
        {
            self.trace.started.push(self.now);
            self.working = Some((record, self.now + self.service.of_record_started_at(self.now)));
        }
    }

    fn finish(&mut self) {
        let Some((record, at)) = self.working.take() else { return };
        self.now = at;
        let met = self.watermark.current();
        let arrived_as = self.log.arrived_as(record.id);
        let admitted = self.watermark.admit(&record, arrived_as, &self.trace.stream);
        let admitted = admitted.map(|event_time| Record { event_time, ..record });
        let mut sink = Recorder::of(&mut self.trace);
        let outcome = match &admitted {
            Some(record) => self.operator.on_record(record, at, &mut sink),
            None => Outcome { assigned: 1, counted: 0 },
        };
        let rise = admitted.and_then(|record| self.watermark.on_record(&record, arrived_as, &self.trace.stream, at));
        if let Some(rise) = rise {
            self.advance(rise, Some(record.id));
        }
        self.note_inputs();
        let fate = fate_of(&record, outcome, met, self.late, self.trace.pipeline.allowed_lateness);
        self.ledger.settle(fate);
        self.trace.fates.push(fate);
        self.trace.handled.push(at);
        self.trace.watermark_before.push(met);
        self.trace.max_special_bytes = self.trace.max_special_bytes.max(self.operator.special_bytes());
        self.trace.kept_windows.push(u32::try_from(self.operator.kept()).unwrap_or(u32::MAX));
        self.start_next();
    }

    /// The input is exhausted and everything is handled: sends the final watermark, once, where asked.
    fn end(&mut self) -> bool {
        if self.ended || self.at_end == AtEnd::Hold || self.trace.stream.is_empty() {
            return false;
        }
        self.ended = true;
        self.advance(Rise { watermark: EventTime::MAX, raised_by: None }, None);
        true
    }

    /// The record of the run so far.
    pub fn into_trace(self) -> Trace {
        let Self { operator, mut trace, ledger, watermark, log, .. } = self;
        trace.ledger = ledger;
        trace.skewed = watermark.skewed();
        if let Some(order) = log.order(&trace.stream) {
            // From here on a record is known by its place in the order of reading.
            trace.stream = Arc::new(trace.stream.read_in_order(&order));
        }
        operator.visit_kept(|kept| settle_life(&mut trace.windows, kept, WindowEnd::StillKept));
        trace
    }
}

fn fate_of(record: &Record, outcome: Outcome, watermark: EventTime, late: LatePolicy, allowed_lateness: Span) -> Fate {
    let is_late = crate::window::lateness::is_late(record.event_time, allowed_lateness, watermark);
    match (outcome.counted, outcome.assigned, late) {
        (1.., _, _) => Fate::Counted,
        (0, 0, _) if !is_late => Fate::Unassigned,
        (_, _, LatePolicy::Drop) => Fate::DroppedLate,
        (_, _, LatePolicy::SideOutput) => Fate::SideOutput,
    }
}

/// Writes what the operator does into the trace.
struct Recorder<'a> {
    panes: &'a mut Vec<Pane>,
    lists: &'a mut Vec<(u32, Box<[f64]>)>,
    windows: &'a mut Vec<WindowLife>,
}

impl<'a> Recorder<'a> {
    const fn of(trace: &'a mut Trace) -> Self {
        Self { panes: &mut trace.panes, lists: &mut trace.lists, windows: &mut trace.windows }
    }
}

impl WindowSink for Recorder<'_> {
    fn opened(&mut self, id: WindowId, key: KeyId, window: Window, now: ProcTime, by: RecordId) {
        debug_assert_eq!(id.index(), self.windows.len());
        self.windows.push(WindowLife {
            key,
            window,
            opened_at: now,
            opened_by: by,
            end: WindowEnd::StillKept,
            panes: 0,
            summary: Summary::default(),
            special: None,
        });
    }

    fn fired(&mut self, pane: Pane) {
        self.panes.push(pane);
    }

    fn listed(&mut self, values: &[f64]) {
        // A run of fewer than 2^32 records that overflows this would need terabytes for its panes.
        if let Some(pane) = self.panes.len().checked_sub(1).and_then(|last| u32::try_from(last).ok()) {
            self.lists.push((pane, values.into()));
        }
    }

    fn merged(&mut self, from: Kept, into: WindowId, now: ProcTime) {
        settle_life(self.windows, from, WindowEnd::Merged { at: now, into });
    }

    fn closed(&mut self, kept: Kept, now: ProcTime) {
        settle_life(self.windows, kept, WindowEnd::Closed { at: now });
    }
}

fn settle_life(windows: &mut [WindowLife], kept: Kept, end: WindowEnd) {
    let life = &mut windows[kept.id.index()];
    life.window = kept.window;
    life.summary = kept.summary;
    life.special = kept.special;
    life.panes = kept.panes;
    life.end = end;
}
