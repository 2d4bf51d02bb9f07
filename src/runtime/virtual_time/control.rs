//! The state of a run that may fail: the agenda of what is to happen beside the records, and what the
//! coordinator of the checkpoints knows.
//!
//! It has one place among the events of the run, the last of an instant. A run that takes no checkpoints
//! and has no crash has none of this, and pays one comparison where it would be asked.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::checkpoint::{Coordinator, Due, Failure};
use crate::pipeline::restart::Restarts;
use crate::pipeline::{CheckpointSpec, Delivery};
use crate::runtime::RunConfig;
use crate::runtime::recovery_log::{Cause, RecoveryLog};
use crate::runtime::trace::TaskId;
use crate::runtime::virtual_time::barrier::Station;
use crate::runtime::virtual_time::plan::Plan;
use crate::runtime::virtual_time::snapshot::{Operators, Snapshot};
use crate::runtime::virtual_time::{Simulation, State};
use crate::scenario::{Fault, Victim};
use crate::sink::SinkSpec;
use crate::time::{ProcTime, Span};

/// What is to happen beside the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A fault crashes something.
    Crash { victim: Victim, is_silent: bool },
    /// The failure of this row is noticed.
    Detected { row: usize },
    /// Tasks are started again and read their state.
    Restarted,
    /// Tasks have read their state and go on.
    Restored,
    /// A participant has stored its state.
    Acked { id: u32, participant: usize },
    /// Barriers have had the time to align.
    Overtake { id: u32 },
    /// The transactions of a checkpoint are committed.
    Commit { id: u32 },
    /// The network to a window task works again.
    Heals { task: usize },
    /// The last record reaches the log, and nobody reads it.
    InputEnds,
}

impl Event {
    /// Whether it is the world's, and not the job's: a restart does not call it off.
    const fn outlives_the_job(self) -> bool {
        matches!(self, Self::Crash { .. } | Self::Heals { .. } | Self::InputEnds)
    }
}

/// What does not change about failure and recovery during a run.
#[derive(Debug)]
pub struct Rules {
    pub checkpoints: Option<CheckpointSpec>,
    pub delivery: Delivery,
    pub sink: SinkSpec,
    /// First heartbeat, and the time between two; without one for so long, a task counts as failed.
    pub heartbeats: (ProcTime, Span, Span),
    /// What happens to the world.
    events: Vec<(ProcTime, Event)>,
    storage: Vec<StorageFault>,
    cuts: Vec<Cut>,
}

/// A time in which checkpoints are stored more slowly, or not at all.
#[derive(Clone, Copy, Debug)]
struct StorageFault {
    from: ProcTime,
    until: ProcTime,
    factor: f64,
    fails: bool,
}

/// A time in which nothing gets from a source task to a window task.
#[derive(Clone, Copy, Debug)]
struct Cut {
    source: usize,
    task: usize,
    from: ProcTime,
    until: ProcTime,
}

impl Rules {
    /// `None` for a run in which nothing can fail and no checkpoint is taken.
    pub fn new(config: &RunConfig, last_arrival: ProcTime) -> Option<Self> {
        let pipeline = &config.pipeline;
        let (mut events, mut storage, mut cuts) = (Vec::new(), Vec::new(), Vec::new());
        let origin = config.origin;
        for fault in &config.faults {
            if let Fault::CheckpointStorage { from, until, factor, fails } = *fault {
                storage.push(StorageFault { from: origin + from, until: origin + until, factor, fails });
            }
            if let Fault::NetworkPartition { source, window, from, until } = *fault {
                let (source, task) = (source as usize, window as usize);
                cuts.push(Cut { source, task, from: origin + from, until: origin + until });
                events.push((origin + until, Event::Heals { task }));
            }
            let Fault::Crash { victim, at, every, is_silent } = *fault else { continue };
            let event = Event::Crash { victim, is_silent };
            let mut at = config.origin + at;
            events.push((at, event));
            while let Some(every) = every.filter(|every| *every > Span::ZERO && at + *every < last_arrival) {
                at = at + every;
                events.push((at, event));
            }
        }
        let is_plain = pipeline.checkpoints.is_none() && events.is_empty();
        (!is_plain).then_some(Self {
            checkpoints: pipeline.checkpoints,
            delivery: pipeline.delivery,
            sink: pipeline.sink,
            heartbeats: (config.origin, pipeline.heartbeats.interval, pipeline.heartbeats.timeout),
            events,
            storage,
            cuts,
        })
    }

    /// Whether nothing gets from a source task to a window task at `now`.
    pub fn is_cut(&self, source: usize, task: usize, now: ProcTime) -> bool {
        let holds = |cut: &Cut| cut.source == source && cut.task == task && cut.from <= now && now < cut.until;
        self.cuts.iter().any(holds)
    }

    /// Whether nothing can be stored at `now`.
    pub fn storage_fails(&self, now: ProcTime) -> bool {
        self.storage.iter().any(|it| it.fails && it.from <= now && now < it.until)
    }

    /// How long it takes to write or read so many bytes, begun at `now`.
    pub fn transfer(&self, bytes: u64, now: ProcTime) -> Span {
        let Some(spec) = &self.checkpoints else { return Span::ZERO };
        let micros = u128::from(bytes) * 1_000_000 / u128::from(spec.bandwidth.max(1));
        let usual = spec.latency + Span::from_micros(i64::try_from(micros).unwrap_or(i64::MAX / 4));
        let slow = self.storage.iter().filter(|it| it.from <= now && now < it.until);
        let factor: f64 = slow.map(|it| it.factor).product();
        if factor == 1.0 { usual } else { Span::from_micros((usual.micros() as f64 * factor) as i64) }
    }
}

/// The state of a run that may fail.
#[derive(Clone, Debug)]
pub struct Control {
    /// In order of time; of equals, in order of being set.
    agenda: VecDeque<(ProcTime, Event)>,
    pub coordinator: Option<Coordinator>,
    /// Under way, by number.
    pub pending: Vec<Snapshot>,
    pub completed: Option<Arc<Snapshot>>,
    /// The operators of the last completed one, which an incremental one is measured by.
    pub base: Operators,
    /// Of the window tasks and the merge tasks behind them.
    pub stations: Vec<Station>,
    /// By source task: checkpoints whose barriers wait for the record in hand to be sent.
    pub waiting_barriers: Vec<Vec<u32>>,
    /// Which life of the job this is.
    pub life: u32,
    pub is_down: bool,
    pub restarts: Restarts,
    /// Records on their way that have met their fate before.
    pub repeats_due: u64,
    /// The recovery that is under way, and how many records may be in flight when it is over.
    pub catching_up: Option<(usize, u64)>,
    /// While the job recovers: how many records may be in flight when it has caught up.
    pub allowed: Option<u64>,
    /// Panes in transactions that are not committed.
    pub uncommitted: Vec<u32>,
    /// Handlings and panes when the last checkpoint began.
    seen: (usize, usize),
    /// The timer of the coordinator waits for something to happen.
    pub is_parked: bool,
}

impl Control {
    pub fn new(rules: &Rules, plan: &Plan, start: ProcTime) -> Self {
        let participants = plan.reads.len() + plan.tasks + plan.mergers + 1;
        let mut events = rules.events.clone();
        events.sort_by_key(|&(at, _)| at);
        Self {
            agenda: events.into(),
            coordinator: rules.checkpoints.map(|spec| Coordinator::new(spec, participants, start)),
            pending: Vec::new(),
            completed: None,
            base: Operators::default(),
            stations: vec![Station::default(); plan.tasks + plan.mergers],
            waiting_barriers: vec![Vec::new(); plan.reads.len()],
            life: 0,
            is_down: false,
            // No source task has this number.
            restarts: plan.restarts(usize::from(u16::MAX)),
            repeats_due: 0,
            catching_up: None,
            allowed: None,
            uncommitted: Vec::new(),
            seen: (0, 0),
            is_parked: false,
        }
    }

    /// Sets an event.
    pub fn set(&mut self, at: ProcTime, event: Event) {
        let place = self.agenda.partition_point(|&(other, _)| other <= at);
        self.agenda.insert(place, (at, event));
    }

    /// Calls off everything that the job was about to do.
    pub fn call_off(&mut self) {
        self.agenda.retain(|(_, event)| event.outlives_the_job());
    }

    /// When it has something to do next.
    fn next(&self) -> ProcTime {
        let first = self.agenda.front().map_or(ProcTime::MAX, |&(at, _)| at);
        let Some(coordinator) = self.coordinator.as_ref().filter(|_| !self.is_down) else { return first };
        let due = if self.is_parked { ProcTime::MAX } else { coordinator.due() };
        let expires = coordinator.expires().map_or(ProcTime::MAX, |(_, at)| at);
        first.min(due).min(expires)
    }

    /// Whether a checkpoint is under way.
    pub fn is_under_way(&self, id: u32) -> bool {
        self.coordinator.as_ref().is_some_and(|it| it.is_under_way(id))
    }
}

impl Simulation {
    /// The state of a run that may fail, its rules, and what it notes.
    ///
    /// # Panics
    /// For a run that cannot fail.
    pub(super) fn recovery(&mut self) -> (&mut Control, &Rules, &mut RecoveryLog) {
        const WHY: &str = "asked only where the run has rules of recovery";
        let control = self.state.control.as_mut().expect(WHY);
        (control, self.plan.rules.as_ref().expect(WHY), self.trace.recovery.as_mut().expect(WHY))
    }

    /// Sets when the agenda is looked at next.
    pub(super) fn schedule_control(&mut self) {
        if let Some(control) = &self.state.control {
            self.state.times[self.plan.control_slot()] = control.next();
        }
    }

    /// The instant of the agenda has come, after everything else of it.
    pub(super) fn control_acts(&mut self) {
        let now = self.state.now;
        let (control, ..) = self.recovery();
        let event = control.agenda.front().filter(|&&(at, _)| at <= now).copied();
        if let Some((_, event)) = event {
            control.agenda.pop_front();
            self.handle_event(event);
        } else if let Some((id, _)) =
            control.coordinator.as_ref().and_then(Coordinator::expires).filter(|it| it.1 <= now)
        {
            self.checkpoint_fails(id, Failure::Expired);
        } else {
            self.trigger_checkpoint();
        }
        self.schedule_control();
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Crash { victim, is_silent } => {
                let cause = cause_of(victim);
                if is_silent { self.crash_silently(victim, cause) } else { self.fail(cause) }
            }
            Event::Detected { row } => self.fail_over(row),
            Event::Restarted => self.restart(),
            Event::Restored => self.restored(),
            Event::Acked { id, participant } => self.acked(id, participant),
            Event::Overtake { id } => self.overtake(id),
            Event::Commit { id } => self.commit(id),
            Event::Heals { task } => self.heal(task),
            Event::InputEnds => {}
        }
    }

    /// The timer of the coordinator has come, or a place is free that it waited for.
    pub(super) fn trigger_checkpoint(&mut self) {
        let now = self.state.now;
        let marks = self.marks();
        let others = self.plan.control_slot();
        let goes_on = (0..others).any(|slot| self.state.times[slot] < ProcTime::MAX);
        let (control, ..) = self.recovery();
        if !goes_on && marks == control.seen {
            control.is_parked = true;
            return;
        }
        let due = control.coordinator.as_mut().map(|it| it.on_due(now));
        if let Some(Due::Begins(id)) = due {
            control.seen = marks;
            self.begin_checkpoint(id);
        }
    }

    /// All else has ended: whether there is something that a last checkpoint is taken for.
    pub(super) fn wakes_for_a_checkpoint(&mut self) -> bool {
        let marks = self.marks();
        let now = self.state.now;
        let Some(control) = self.state.control.as_mut().filter(|it| it.is_parked && it.seen != marks) else {
            return false;
        };
        control.is_parked = false;
        let at = control.next().max(now);
        self.state.times[self.plan.control_slot()] = at;
        at < ProcTime::MAX
    }

    fn marks(&self) -> (usize, usize) {
        let handled = self.trace.recovery.as_ref().map_or(0, |log| log.handlings.len());
        (handled, self.trace.panes.len())
    }
}

impl State {
    /// A run that may fail, before its first event.
    pub(super) fn control_of(plan: &Plan) -> Option<Box<Control>> {
        let start = plan.stream.arrivals_ascending().first().copied().unwrap_or(ProcTime::EPOCH);
        plan.rules.as_ref().map(|rules| Box::new(Control::new(rules, plan, start.min(rules.heartbeats.0))))
    }
}

pub const fn cause_of(victim: Victim) -> Cause {
    match victim {
        Victim::Source(task) => Cause::Crash(TaskId::Source(task as u16)),
        Victim::Window(task) => Cause::Crash(TaskId::Window(task as u16)),
        Victim::Merge(task) => Cause::Crash(TaskId::Merge(task as u16)),
        Victim::Sink => Cause::Crash(TaskId::Sink),
        Victim::Coordinator => Cause::Coordinator,
        Victim::All => Cause::All,
    }
}
