//! The virtual-time runtime: log -> source tasks -> channels -> window tasks -> sink, on one clock
//! that jumps from event to event. Where keys are salted, merge tasks stand in front of the sink.
//!
//! Every task has at most one instant at which it does something next, so the next event is the
//! least of a short list and no heap of records is needed. Ties go in the order of the list: the sink
//! before the merge tasks and these before the window tasks (a place is freed before it is asked for),
//! then arrivals, then the consumer group, then the source tasks, each kind by number; who waits for
//! an instant hears of it when all else of that instant is done, windows before watermarks. Time ends
//! with the last record; what would be waited for beyond that never comes.
//!
//! Sources make the watermarks. They travel behind the records that raised them and are merged in
//! front of every window task. A sender without credit waits, and a waiting source reads no more: the
//! block has reached the log, and the lag grows.

mod agenda;
mod barrier;
mod batch;
mod checkpoint;
mod control;
mod copies;
mod crash;
mod failover;
pub(in crate::runtime) mod finish;
mod gate;
mod inbox;
mod keyframe;
mod keyframe_recovery;
mod limits;
mod log;
mod members;
mod merger;
mod outbox;
pub(in crate::runtime) mod plan;
pub(in crate::runtime) mod recorder;
mod repeats;
mod replace;
mod salt;
mod savepoint;
mod sink;
mod snapshot;
mod source;
mod task;

pub use keyframe::{Keyframes, MAX_KEYFRAMES, run_with_keyframes};

use std::borrow::Cow;
use std::sync::Arc;

use crate::pipeline::{AtEnd, Pipeline};
use crate::record::Stream;
use crate::runtime::ledger::Ledger;
use crate::runtime::recovery_log::RecoveryLog;
use crate::runtime::trace::{Trace, WindowLife};
use crate::runtime::{RunConfig, Sabotage};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::operator::WindowOperator;
use crate::window::pane::WindowId;
use agenda::first_of;
use plan::Plan;

/// Runs `stream` through a checked pipeline to the end and records everything.
///
/// # Panics
/// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
pub fn run(stream: &Arc<Stream>, config: &RunConfig) -> Trace {
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    while simulation.step() {}
    simulation.into_trace()
}

/// Runs as [`run`] does, in the memory of a trace that nobody needs any more.
///
/// # Panics
/// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
pub fn run_in_place_of(mut old: Trace, stream: &Arc<Stream>, config: &RunConfig) -> Trace {
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    simulation.trace.take_memory(&mut old);
    simulation.spare = Arc::into_inner(old.stream).unwrap_or_default();
    while simulation.step() {}
    simulation.into_trace()
}

/// A run in progress.
#[derive(Debug)]
pub struct Simulation {
    plan: Arc<Plan>,
    state: State,
    trace: Trace,
    /// By settled record: which one, by its place in order of arrival.
    order: Vec<u32>,
    /// Of a run that may fail, by record: its place among the settled, or [`repeats::UNSETTLED`]; else empty.
    places: Vec<u32>,
    /// Of a run that may fail: lives of windows that were written over, as they were before.
    rewritten: Vec<(WindowId, WindowLife)>,
    /// Memory for the records in the order in which they met their fate.
    spare: Stream,
}

/// Everything that decides how a run goes on.
#[derive(Clone, Debug)]
struct State {
    now: ProcTime,
    /// When each event source has something to do next, and when the watermark of each source task
    /// wants to hear that time has passed, as far as only what it hears of can change that.
    times: agenda::Agenda,
    log: log::Log,
    /// Of the arrivals that the watermarks are told of: how many they were.
    announced: usize,
    batch: Option<batch::Batch>,
    limits: Option<limits::Limits>,
    sources: Vec<source::Source>,
    tasks: Vec<task::Task>,
    /// The second stage, where keys are salted; else none.
    mergers: Vec<merger::Merger>,
    lives: salt::Lives,
    sink: sink::Sink,
    /// The watermark that every window task has reached, or every merge task.
    watermark: EventTime,
    /// Windows kept by all tasks.
    kept: usize,
    settled: Ledger,
    /// Where partitions move between the source tasks.
    members: Option<Box<members::Members>>,
    /// Where records may be read again.
    copies: Option<copies::Copies>,
    ended: bool,
    /// Of a run that may fail.
    control: Option<Box<control::Control>>,
}

/// The pipeline that is built: the one that was asked for, unless a bug is planted.
fn sabotaged(sabotage: Option<Sabotage>, pipeline: &Pipeline) -> Cow<'_, Pipeline> {
    let mut built = Cow::Borrowed(pipeline);
    match sabotage {
        Some(Sabotage::ForgetLateness) => built.to_mut().allowed_lateness = Span::ZERO,
        Some(Sabotage::IdleTooEagerly) => {
            let patience = pipeline.watermark_options.idle_after;
            built.to_mut().watermark_options.idle_after = patience.map(|it| Span::from_micros(it.micros() / 4));
        }
        _ => {}
    }
    built
}

/// What waits for an instant.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    /// The operator of a window task.
    Task(usize),
    /// The watermark of a source task.
    Watermark(usize),
}

impl Simulation {
    /// A run before its first event.
    ///
    /// # Panics
    /// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
    pub fn new(stream: Arc<Stream>, config: &RunConfig) -> Self {
        Self::with_operators(stream, config, WindowOperator::new)
    }

    /// A run before its first event, with operators of the pipeline that are made elsewhere, one for
    /// every window task.
    ///
    /// # Panics
    /// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
    pub fn with_operators(
        stream: Arc<Stream>,
        config: &RunConfig,
        mut operator: impl FnMut(&Pipeline) -> WindowOperator,
    ) -> Self {
        let pipeline = &config.pipeline;
        let plan = Plan::new(&stream, config);
        let built = sabotaged(config.sabotage, pipeline);
        let partitions = stream.partitions();
        let members = plan.schedule.as_ref().map(|schedule| Box::new(members::Members::new(schedule, partitions)));
        let sources = plan.sources(&built, members.as_deref());
        let first_stage = plan.salting.as_ref().map(|_| crate::pipeline::salting::first_stage(&built));
        let operators = (0..plan.tasks).map(|_| operator(first_stage.as_ref().unwrap_or(&built))).collect();
        let mut simulation = Self {
            state: State {
                now: ProcTime::MIN,
                times: agenda::Agenda::new(plan.slots(), sources.len()),
                log: log::Log::new(plan.lists.clone()),
                announced: 0,
                batch: pipeline.tasks.micro_batch.map(batch::Batch::new),
                limits: limits::Limits::new(&config.log, plan.lists.len()),
                tasks: task::tasks(&plan, operators, &sources),
                mergers: merger::mergers(&plan, pipeline),
                lives: salt::Lives::new(),
                sources,
                sink: sink::Sink::new(&plan),
                watermark: EventTime::MIN,
                kept: 0,
                settled: Ledger::default(),
                copies: members.is_some().then(|| copies::Copies::new(stream.len())),
                members,
                ended: false,
                control: State::control_of(&plan),
            },
            order: Vec::with_capacity(stream.len()),
            spare: Stream::default(),
            trace: Trace::with_room(stream, pipeline.clone()),
            places: Vec::new(),
            rewritten: Vec::new(),
            plan: Arc::new(plan),
        };
        if simulation.state.control.is_some() {
            simulation.trace.recovery = Some(Box::new(RecoveryLog::default()));
            simulation.places = vec![repeats::UNSETTLED; simulation.plan.stream.len()];
        }
        let owners = simulation.state.members.iter().flat_map(|members| members.owners(ProcTime::MIN));
        simulation.trace.owners.extend(owners);
        simulation.schedule_all();
        simulation.schedule_control();
        simulation
    }

    /// Handles the next event. False when there is none left.
    #[inline]
    pub fn step(&mut self) -> bool {
        let (next, slot) = self.state.times.first();
        if next == ProcTime::MAX || self.plan.asks_for_timers || self.state.times.next_timer() < next {
            if !self.step_by_time() {
                return false;
            }
        } else {
            self.state.now = next;
            self.dispatch(slot);
        }
        if self.state.batch.is_some() {
            self.close_batch();
        }
        debug_assert!(self.is_accounted_for(), "every record is somewhere: {:?}", self.ledger());
        true
    }

    /// The next step where time itself may be what is waited for, or the end.
    #[cold]
    fn step_by_time(&mut self) -> bool {
        let (next, slot) = self.state.times.first();
        if self.plan.has_timers && self.on_timer_before(next) {
            // Time has passed.
        } else if next == ProcTime::MAX {
            return self.end();
        } else {
            self.state.now = next;
            self.dispatch(slot);
        }
        true
    }

    /// The operators of the window tasks, in order.
    pub fn operators(&self) -> impl Iterator<Item = &WindowOperator> {
        self.state.tasks.iter().map(task::Task::operator)
    }

    /// Where every record is by now.
    pub fn ledger(&self) -> Ledger {
        let produced = self.arrived() as u64;
        let settled = self.settled();
        // Records of a restored or aligned log may be settled only after they have arrived.
        Ledger { produced, in_flight: produced.saturating_sub(settled), ..self.state.settled }
    }

    /// Virtual processing time; [`ProcTime::MIN`] before the first step.
    pub const fn now(&self) -> ProcTime {
        self.state.now
    }

    /// Records in all channels by now.
    pub fn queue_depth(&self) -> usize {
        self.state.tasks.iter().map(task::Task::waiting).sum()
    }

    /// How many records have reached the log by now. O(log n).
    fn arrived(&self) -> usize {
        self.trace.stream.arrivals().partition_point(|&at| at <= self.state.now)
    }

    /// How many records have met their fate.
    const fn settled(&self) -> u64 {
        self.order.len() as u64
    }

    /// Whether what is in the log, in the channels and in the tasks is what the ledger says is in
    /// flight.
    fn is_accounted_for(&self) -> bool {
        let state = &self.state;
        let held = state.sources.iter().filter(|source| source.holds_record()).count();
        let tasks: usize = state.tasks.iter().map(|task| task.waiting() + usize::from(task.is_working())).sum();
        let ledger = self.ledger();
        let unread = state.log.unread(self.arrived());
        let extra = state.copies.as_ref().map_or(0, copies::Copies::extra);
        let repeats = state.control.as_ref().map_or(0, |control| control.repeats_due);
        ledger.balances() && ledger.in_flight + extra + repeats == unread + (held + tasks) as u64
    }

    #[inline(always)]
    fn dispatch(&mut self, slot: usize) {
        let plan = &self.plan;
        if slot >= plan.first_source_slot() {
            let source = slot - plan.first_source_slot();
            if source < plan.reads.len() { self.source_acts(source) } else { self.control_acts() }
        } else if let Some(task) = plan.task_of_slot(slot) {
            self.task_finishes(task);
        } else if let Some(merger) = plan.merger_of_slot(slot) {
            self.merger_finishes(merger);
        } else if slot == plan.sink_slot() {
            self.sink_finishes();
        } else if slot == plan.trigger_slot() {
            self.trigger_batch();
        } else if slot == plan.arrival_slot() {
            self.announce_arrival();
        } else {
            self.members_act();
        }
    }

    /// Lets a window task or a watermark hear of the next instant that it waits for, if that is
    /// before `next`, when something else happens. Whether there was one.
    fn on_timer_before(&mut self, next: ProcTime) -> bool {
        let Some((at, waiting)) = self.next_timer(next) else { return false };
        self.state.now = at;
        match waiting {
            Waiting::Task(task) => self.task_timer(task),
            Waiting::Watermark(source) => self.watermark_timer(source),
        }
        true
    }

    /// The next instant before `next` that something waits for, and what.
    fn next_timer(&self, next: ProcTime) -> Option<(ProcTime, Waiting)> {
        let now = self.state.now;
        // When nothing else is to come, only what this very instant was waited for, or what is said later.
        let said = || self.state.sources.iter().map(|source| source.clock.goes_on_until()).max();
        let last = |at: ProcTime| at.max(said().unwrap_or(ProcTime::MIN)) + Span::from_micros(1);
        let limit = if let Some(done_at) = self.done_at() {
            // Time has ended with the last record, however long the sink is still busy.
            next.min(last(done_at))
        } else if next == ProcTime::MAX {
            last(now)
        } else {
            next
        };
        let (operator, task) = if self.plan.has_operator_timers && !self.is_batch_closing() {
            first_of(self.state.tasks.iter().map(|task| task.next_timer().max(now)))
        } else {
            (ProcTime::MAX, 0)
        };
        let (watermark, source) = if self.state.ended {
            // Nothing is later than the final watermark.
            (ProcTime::MAX, 0)
        } else if self.plan.is_clock_driven {
            self.next_clock_timer(limit.min(operator))
        } else {
            first_of(self.state.times.timers().map(|at| at.max(now)))
        };
        let at = operator.min(watermark);
        let waiting = if operator == at { Waiting::Task(task) } else { Waiting::Watermark(source) };
        (at < limit).then_some((at, waiting))
    }

    /// Whether a source task has crashed for good, and nothing that others have read is on its way.
    fn is_given_up(&self) -> bool {
        let State { now, sources, tasks, .. } = &self.state;
        *now >= self.plan.last_arrival
            && sources.iter().any(source::Source::has_failed)
            && !sources.iter().any(source::Source::holds_record)
            && tasks.iter().all(|task| task.waiting() == 0 && !task.is_working())
    }

    /// When the last record was handled for the last time; `None` while there is one to come.
    fn done_at(&self) -> Option<ProcTime> {
        let extra = self.state.copies.as_ref().map_or(0, copies::Copies::extra);
        let repeats = self.state.control.as_ref().map_or(0, |control| control.repeats_due);
        let is_done = self.order.len() == self.trace.stream.len() && extra == 0 && repeats == 0;
        let repeated = || self.trace.repeats.last().map(|repeat| repeat.handled_at);
        let is_done = is_done || self.is_given_up();
        is_done.then(|| self.trace.handled.last().copied().max(repeated()).unwrap_or(self.state.now))
    }

    /// When the first of the watermarks that follow the clock has something to say, if that is before
    /// `horizon`: where nothing is due they need not speak.
    fn next_clock_timer(&self, horizon: ProcTime) -> (ProcTime, usize) {
        // What waits may open a window that is due before all others.
        let due = |task: &task::Task| if task.is_free() { task.next_due() } else { EventTime::MIN };
        let merge_due = |it: &merger::Merger| if it.is_free() { it.next_due() } else { EventTime::MIN };
        let due = self.state.tasks.iter().map(due).chain(self.state.mergers.iter().map(merge_due)).min();
        let due = due.unwrap_or(EventTime::MAX);
        let now = self.state.now;
        let timer = |source: &source::Source| source.clock.next_timer(horizon, due).max(now);
        first_of(self.state.sources.iter().map(|source| if source.is_down() { ProcTime::MAX } else { timer(source) }))
    }

    /// Whether the watermark of a source task waits for an instant to come, whatever it reads until then.
    #[inline]
    fn keeps_timer(&self, source: usize) -> bool {
        let timer = self.state.times.timer(source);
        timer > self.state.now && timer < ProcTime::MAX && self.state.sources[source].clock.keeps_timer()
    }

    /// The clock of a source task has heard of something: notes when it wants to hear that time has
    /// passed.
    #[inline]
    fn clock_changed(&mut self, source: usize) {
        if self.plan.has_timers && !self.plan.is_clock_driven {
            let task = &self.state.sources[source];
            // A task that is down hears of nothing.
            let timer = || task.clock.next_timer(ProcTime::MAX, EventTime::MAX).max(self.state.now);
            let timer = if task.is_down() { ProcTime::MAX } else { timer() };
            self.state.times.set_timer(source, timer);
        }
    }

    /// The input is exhausted and everything is handled: sends the final watermark, once, where asked.
    fn end(&mut self) -> bool {
        if self.state.control.is_some() && self.wakes_for_a_checkpoint() {
            return true;
        }
        // Records that no member of a group is left to read are not the end of the stream either.
        let is_unread = self.state.members.is_some() && !self.state.log.is_read();
        let is_stuck = is_unread || self.state.sources.iter().any(source::Source::is_down);
        if !is_stuck {
            // What nobody reads, because its partition is paused for good, reaches the log all the same.
            self.state.now = self.state.now.max(self.plan.last_arrival);
        }
        if self.state.ended || self.plan.at_end == AtEnd::Hold || self.trace.stream.is_empty() || is_stuck {
            return false;
        }
        self.state.ended = true;
        let first = usize::from(self.plan.has(Sabotage::ForgetFlush));
        for task in first..self.state.tasks.len() {
            self.final_watermark(task);
        }
        true
    }
}
