//! Keyframes: the whole state of a run at some of its steps, so that any instant of it can be had
//! again without running it from the start.
//!
//! A keyframe holds the state alone. What the trace said by then is cut out of the finished trace,
//! which has more: records that were settled later, waits and windows that ended later. A run that is
//! restored at an instant and goes on is the run itself, to the last bit of its trace.

use std::sync::Arc;

use crate::record::{RecordId, Stream};
use crate::runtime::trace::{Trace, Wait, WindowEnd, WindowLife};
use crate::runtime::virtual_time::keyframe_recovery::RecoveryMarks;
use crate::runtime::virtual_time::merger::Merger;
use crate::runtime::virtual_time::plan::Plan;
use crate::runtime::virtual_time::repeats::UNSETTLED;
use crate::runtime::virtual_time::task::Task;
use crate::runtime::virtual_time::{Simulation, State};
use crate::runtime::{RunConfig, Sabotage};
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::Summary;
use crate::window::pane::WindowId;

/// The most keyframes of one run; when there are more, every other one goes.
pub const MAX_KEYFRAMES: usize = 64;
/// Steps between the first keyframes.
const FIRST_INTERVAL: u64 = 16;

/// The state of a run after some step.
#[derive(Clone, Debug)]
struct Keyframe {
    state: State,
    marks: Marks,
    recovery: Option<RecoveryMarks>,
}

/// How much of each part of the trace there was, and what has been written over since.
#[derive(Clone, Debug)]
struct Marks {
    settled: usize,
    watermarks: usize,
    task_watermarks: usize,
    merge_watermarks: usize,
    partials: usize,
    inputs: usize,
    waits: usize,
    batches: usize,
    restarts: usize,
    repeats: usize,
    rebalances: usize,
    pauses: usize,
    owners: usize,
    failed_writes: usize,
    panes: usize,
    lists: usize,
    windows: usize,
    max_special_bytes: usize,
    /// Waits that may have become longer since.
    last_waits: Vec<(usize, Wait)>,
    /// Counts of kept windows that may have changed since, by place of the record.
    last_kept: Vec<(usize, u32)>,
}

/// The keyframes of a finished run.
#[derive(Clone, Debug)]
pub struct Keyframes {
    plan: Arc<Plan>,
    frames: Vec<Keyframe>,
    /// By place in the finished trace: the place of the record in order of arrival.
    order: Arc<[u32]>,
    /// Lives of windows that were written over, as they were before.
    rewritten: Vec<(WindowId, WindowLife)>,
}

/// Runs `stream` through a checked pipeline to the end, records everything, and keeps up to
/// [`MAX_KEYFRAMES`] keyframes, evenly spaced in steps.
///
/// # Panics
/// When the pipeline has problems ([`crate::pipeline::Pipeline::problems`]).
pub fn run_with_keyframes(stream: &Arc<Stream>, config: &RunConfig) -> (Trace, Keyframes) {
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    let mut frames = vec![Keyframe::of(&simulation)];
    let (mut step, mut interval) = (0_u64, FIRST_INTERVAL);
    while simulation.step() {
        step += 1;
        if step.is_multiple_of(interval) {
            frames.push(Keyframe::of(&simulation));
            if frames.len() > MAX_KEYFRAMES {
                let mut place = 0_usize;
                frames.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                interval *= 2;
            }
        }
    }
    let plan = Arc::clone(&simulation.plan);
    let rewritten = simulation.rewritten.clone();
    let (trace, order) = simulation.into_trace_and_order();
    (trace, Keyframes { plan, frames, order: order.into(), rewritten })
}

impl Keyframes {
    /// How many there are; at least 1, the state before the first step.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is none; never.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The run as it was at an instant: everything at `now` has happened, and it can go on from there.
    /// `trace` is that of the run which these keyframes are of.
    pub fn restore(&self, trace: &Trace, now: ProcTime) -> Simulation {
        // A frame within the instant is as good as one before it: what is left of it is run again.
        let after = self.frames.partition_point(|frame| frame.state.now <= now);
        let frame = &self.frames[after.saturating_sub(1)];
        let order = self.order[..frame.marks.settled].to_vec();
        let mut places = Vec::new();
        let mut rewritten = Vec::new();
        if let Some(marks) = &frame.recovery {
            places.resize(self.plan.stream.len(), UNSETTLED);
            order.iter().enumerate().for_each(|(place, &id)| places[id as usize] = place as u32);
            rewritten.extend_from_slice(&self.rewritten[..marks.rewritten()]);
        }
        let mut state = frame.state.clone();
        if self.plan.has(Sabotage::KeyframeForgets) {
            state.watermark = EventTime::MIN;
        }
        let mut simulation = Simulation {
            plan: Arc::clone(&self.plan),
            state,
            trace: frame.cut(trace, self),
            order,
            places,
            rewritten,
            spare: Stream::default(),
        };
        simulation.run_until(now);
        simulation
    }
}

impl Simulation {
    /// Handles everything that happens up to and at `now`.
    pub fn run_until(&mut self, now: ProcTime) {
        while self.next_instant() <= now && self.step() {}
    }

    /// When something happens next, if nothing waits for time alone; never before the instant that it
    /// is.
    fn next_instant(&self) -> ProcTime {
        let (next, _) = self.state.times.first();
        if self.plan.has_timers { self.next_timer(next).map_or(next, |(at, _)| at) } else { next }
    }
}

impl Keyframe {
    fn of(simulation: &Simulation) -> Self {
        let trace = &simulation.trace;
        let state = simulation.state.clone();
        let of_sources = state.sources.iter().map(|source| source.last_wait);
        let of_tasks = state.tasks.iter().flat_map(|task| [task.outbox.last_wait, task.parts.last_wait]);
        let of_mergers = state.mergers.iter().map(|merger| merger.outbox.last_wait);
        let last_waits =
            of_sources.chain(of_tasks).chain(of_mergers).flatten().map(|place| (place, trace.waits[place])).collect();
        let kept = state.tasks.iter().filter_map(|task| task.last_place());
        let last_kept = kept.map(|place| (place, trace.kept_windows[place])).collect();
        let marks = Marks {
            settled: simulation.order.len(),
            watermarks: trace.watermarks.len(),
            task_watermarks: trace.task_watermarks.len(),
            merge_watermarks: trace.merge_watermarks.len(),
            partials: trace.partials.len(),
            inputs: trace.inputs.len(),
            waits: trace.waits.len(),
            batches: trace.batches.len(),
            restarts: trace.restarts.len(),
            repeats: trace.repeats.len(),
            rebalances: trace.rebalances.len(),
            pauses: trace.pauses.len(),
            owners: trace.owners.len(),
            failed_writes: trace.failed_writes.len(),
            panes: trace.panes.len(),
            lists: trace.lists.len(),
            windows: trace.windows.len(),
            max_special_bytes: trace.max_special_bytes,
            last_waits,
            last_kept,
        };
        Self { state, marks, recovery: RecoveryMarks::of(simulation) }
    }

    /// What the trace said at this keyframe, with records known by their places in order of arrival.
    fn cut(&self, trace: &Trace, keyframes: &Keyframes) -> Trace {
        let (marks, plan, order) = (&self.marks, &keyframes.plan, &keyframes.order);
        let mut cut = Trace::empty(Arc::clone(&plan.stream), trace.pipeline.clone());
        cut.enqueued.extend_from_slice(&trace.enqueued[..marks.settled]);
        cut.started.extend_from_slice(&trace.started[..marks.settled]);
        cut.handled.extend_from_slice(&trace.handled[..marks.settled]);
        cut.fates.extend_from_slice(&trace.fates[..marks.settled]);
        cut.watermark_before.extend_from_slice(&trace.watermark_before[..marks.settled]);
        cut.kept_windows.extend_from_slice(&trace.kept_windows[..marks.settled]);
        cut.tasks.extend(trace.tasks.iter().take(marks.settled));
        cut.watermarks = trace.watermarks[..marks.watermarks].to_vec();
        cut.task_watermarks = trace.task_watermarks[..marks.task_watermarks].to_vec();
        cut.merge_watermarks = trace.merge_watermarks[..marks.merge_watermarks].to_vec();
        cut.partials = trace.partials[..marks.partials].to_vec();
        cut.inputs = trace.inputs[..marks.inputs].to_vec();
        cut.waits = trace.waits[..marks.waits].to_vec();
        cut.batches = trace.batches[..marks.batches].to_vec();
        cut.restarts = trace.restarts[..marks.restarts].to_vec();
        cut.repeats = trace.repeats[..marks.repeats].to_vec();
        cut.readers.extend(trace.readers.iter().take(marks.settled));
        cut.rebalances = trace.rebalances[..marks.rebalances].to_vec();
        cut.pauses = trace.pauses[..marks.pauses].to_vec();
        cut.owners = trace.owners[..marks.owners].to_vec();
        if let Some(members) = &self.state.members {
            members.reopen(&mut cut);
        }
        cut.failed_writes = trace.failed_writes[..marks.failed_writes].to_vec();
        cut.panes = trace.panes[..marks.panes].to_vec();
        cut.lists = trace.lists[..marks.lists].to_vec();
        cut.windows = trace.windows[..marks.windows].to_vec();
        cut.delivered.extend(trace.delivered.iter().take(marks.panes));
        cut.max_special_bytes = marks.max_special_bytes;
        for &(place, wait) in &marks.last_waits {
            cut.waits[place] = wait;
        }
        for &(place, kept) in &marks.last_kept {
            cut.kept_windows[place] = kept;
        }
        if let Some(recovery) = &self.recovery {
            recovery.undo_fates(trace, &mut cut);
            recovery.undo_lives(&keyframes.rewritten, &mut cut);
            cut.recovery = trace.recovery.as_ref().map(|log| Box::new(recovery.cut(log, marks.panes, order)));
        }
        self.undo_ends(&mut cut);
        let renamed = |id: &mut RecordId| *id = RecordId(order[id.index()]);
        cut.watermarks.iter_mut().filter_map(|step| step.raised_by.as_mut()).for_each(renamed);
        cut.panes.iter_mut().filter_map(|pane| pane.cause.as_mut()).for_each(renamed);
        cut.windows.iter_mut().map(|life| &mut life.opened_by).for_each(renamed);
        cut.restarts.iter_mut().map(|restart| restart.reason.record_mut()).for_each(renamed);
        cut.repeats.iter_mut().map(|repeat| &mut repeat.record).for_each(renamed);
        cut
    }

    /// What was open or on its way at the keyframe is so again.
    fn undo_ends(&self, cut: &mut Trace) {
        let state = &self.state;
        let mut reopen = |id: WindowId| {
            if let Some(life) = cut.windows.get_mut(id.index()) {
                life.end = WindowEnd::StillKept;
                life.panes = 0;
                life.summary = Summary::default();
                life.special = None;
            }
        };
        if state.mergers.is_empty() {
            let kept = |task: &Task| task.operator().visit_kept(|kept| reopen(task.window_id(kept.id)));
            state.tasks.iter().for_each(kept);
        }
        state.lives.values().copied().for_each(reopen);
        let outboxes = state.tasks.iter().map(|task| &task.outbox).chain(state.mergers.iter().map(|it| &it.outbox));
        let on_the_way = outboxes.flat_map(|outbox| outbox.queue.iter().copied()).chain(state.sink.panes());
        for pane in on_the_way {
            if let Some(at) = cut.delivered.get_mut(pane as usize) {
                *at = ProcTime::MAX;
            }
        }
        for (place, _) in state.unmerged() {
            cut.partials[place as usize].started_at = ProcTime::MAX;
            cut.partials[place as usize].merged_at = ProcTime::MAX;
        }
        for (place, started_at) in state.mergers.iter().filter_map(Merger::in_hand) {
            cut.partials[place as usize].started_at = started_at;
        }
    }
}
