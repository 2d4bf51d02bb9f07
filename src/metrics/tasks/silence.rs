//! Why a partition or a task is silent, by name: the same silence may be idle, starved, held back,
//! blocked, poisoned or paused, and each is cured in another way.
//!
//! A partition is starved when nothing waits in it and its next record is overdue: [`OVERDUE`] times
//! as long as its records are apart on average, as far as that is known. It is held back when an end of
//! a window lies between its own watermark and that of an input that is itself silent (or at least
//! [`FAR_BEHIND`] windows behind): what it says is complete waits for the other. The last thing that was
//! done is not the end: only an input that is flushed at the end is finished.

use crate::human;
use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::flow::Flow;
use crate::metrics::tasks::inputs::Input;
use crate::metrics::tasks::phrase::{Clock, list};
use crate::pipeline::{AtEnd, WindowSpec};
use crate::record::{PartitionId, RecordId};
use crate::runtime::{PauseReason, TaskId, Trace};
use crate::time::{EventTime, ProcTime, Span};

/// A record is overdue after so many mean distances: by chance alone, 1 in 22,000 of a Poisson stream.
pub const OVERDUE: i64 = 10;

/// An input that is not silent holds others back from so many windows on; less is everyday disorder.
pub const FAR_BEHIND: i64 = 2;

/// Firings come more regularly than records: the sink (or a merge task) is starved after so many mean distances.
const LATE_FIRING: i64 = 3;

/// What a partition or a task is up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It is not silent.
    Active,
    /// It was declared idle, and is left out of the watermark.
    Idle {
        /// Since when.
        since: ProcTime,
        /// After so long a silence.
        after: Span,
    },
    /// Nothing comes.
    Starved(Hunger),
    /// What it says is complete waits for others.
    HeldBack {
        /// Who has the least watermark.
        by: Vec<Input>,
        /// Since when that has not risen; `None` when it never has.
        since: Option<ProcTime>,
        /// How far ahead of it the watermark of this one is; `None` before there is any.
        ahead: Option<Span>,
    },
    /// It cannot hand on what it has.
    Blocked {
        /// For a place in front of whom it waits.
        on: TaskId,
        /// Since when.
        since: ProcTime,
    },
    /// Its task crashes on a record again and again and never gets past it.
    Poisoned {
        /// The record.
        record: RecordId,
        /// Since when.
        since: ProcTime,
    },
    /// It runs ahead of the others, and is not read until they are near.
    Paused {
        /// Since when.
        since: ProcTime,
        /// By how much it may be ahead.
        max_drift: Span,
    },
    /// Nobody reads it: the consumer group is at it, or has not noticed yet that its reader is gone.
    Rebalance {
        /// Why.
        why: PauseReason,
        /// Since when.
        since: ProcTime,
    },
    /// Its records are there, and the log hands out no more.
    Limited {
        /// Since when.
        since: ProcTime,
    },
    /// The job has failed and is not back.
    Down {
        /// Since when that is known.
        since: ProcTime,
    },
    /// Its last record has been read, and no more will come.
    Finished {
        /// Since when.
        since: ProcTime,
    },
}

/// Why nothing comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hunger {
    /// Nothing ever has.
    Never,
    /// Nothing has since then.
    Since(ProcTime),
    /// A source task reads no partition.
    NoPartition,
    /// No key of the stream belongs to a window task.
    NoKey,
    /// The source that could send something waits for another task.
    Behind {
        /// The source.
        source: TaskId,
        /// For whom it waits.
        on: TaskId,
    },
}

impl Silence {
    /// Its name.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle { .. } => "idle",
            Self::Starved(_) => "starved",
            Self::HeldBack { .. } => "held back",
            Self::Blocked { .. } => "blocked",
            Self::Poisoned { .. } => "poisoned",
            Self::Paused { .. } => "paused",
            Self::Rebalance { .. } => "held back by rebalance",
            Self::Limited { .. } => "limited",
            Self::Down { .. } => "down",
            Self::Finished { .. } => "finished",
        }
    }

    /// Whether it is not silent.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Active)
    }

    /// Why, in a few words; empty for what is active.
    pub fn reason(&self, clock: Clock) -> String {
        match self {
            Self::Active => String::new(),
            Self::Idle { since, after } => {
                format!("declared idle at {} after {} without a record", clock.tell(*since), human::span(*after))
            }
            Self::Starved(hunger) => hunger.reason(clock),
            Self::HeldBack { by, since, ahead } => {
                let names = list(&by.iter().map(ToString::to_string).collect::<Vec<_>>());
                let stands =
                    since.map_or("has no watermark yet".to_owned(), |at| format!("stands since {}", clock.tell(at)));
                let behind = ahead.map_or(String::new(), |ahead| format!(", {} behind", human::span(ahead)));
                format!("by {names}, which {stands}{behind}")
            }
            Self::Blocked { on, since } => format!("waits for {on} since {}", clock.tell(*since)),
            Self::Poisoned { record, since } => {
                format!("crashes on record {} since {}, and never gets past it", record.0, clock.tell(*since))
            }
            Self::Paused { since, max_drift } => {
                format!("more than {} ahead of the slowest since {}", human::span(*max_drift), clock.tell(*since))
            }
            Self::Rebalance { why, since } => {
                let why = match why {
                    PauseReason::Rebalance => "nobody has it".to_owned(),
                    PauseReason::Silent(task) => format!("it belongs to {}, which is silent,", TaskId::Source(*task)),
                    PauseReason::Stalled(task) => {
                        format!("it belongs to {}, which does not poll,", TaskId::Source(*task))
                    }
                };
                format!("{why} since {}", clock.tell(*since))
            }
            Self::Limited { since } => format!("the log hands out no more since {}", clock.tell(*since)),
            Self::Down { since } => format!("the job has failed and is not back since {}", clock.tell(*since)),
            Self::Finished { since } => format!("read to the end at {}", clock.tell(*since)),
        }
    }
}

impl Hunger {
    fn reason(self, clock: Clock) -> String {
        match self {
            Self::Never => "nothing has come yet".to_owned(),
            Self::Since(at) => format!("nothing has come since {}", clock.tell(at)),
            Self::NoPartition => "there is no partition for it to read".to_owned(),
            Self::NoKey => "no key of the stream belongs to it".to_owned(),
            Self::Behind { source, on } => format!("{source} waits for {on}"),
        }
    }
}

/// What a partition is up to at an instant. O((partitions + sources) log n).
pub fn of_partition(trace: &Trace, metrics: &TaskMetrics, partition: PartitionId, now: ProcTime) -> Silence {
    match of_partition_alone(trace, metrics, partition, now) {
        Silence::Active => {
            let own = metrics.input_of(partition, now);
            held_back(trace, metrics, Some(own), now).unwrap_or(Silence::Active)
        }
        silent => silent,
    }
}

/// What a task is up to at an instant. O((partitions + sources) log n).
pub fn of_task(trace: &Trace, metrics: &TaskMetrics, task: TaskId, now: ProcTime) -> Silence {
    if let Some(since) = finished(trace, metrics, now) {
        return Silence::Finished { since };
    }
    if let Some(since) = down(trace, now) {
        return Silence::Down { since };
    }
    if let Some(wait) = metrics.wait_at(task, now) {
        return Silence::Blocked { on: wait.on, since: wait.from };
    }
    if let Some(poisoned) = poisoned(metrics, task, now) {
        return poisoned;
    }
    match task {
        TaskId::Source(number) => of_source(trace, metrics, usize::from(number), now),
        TaskId::Window(number) => of_window(trace, metrics, usize::from(number), now),
        TaskId::Merge(number) => of_merge(trace, metrics, usize::from(number), now),
        TaskId::Sink => of_firings(trace, metrics, task, metrics.firings(), now),
        // They are written when there are any.
        TaskId::DeadLetters => Silence::Active,
    }
}

/// What a partition is up to, whatever others do to its results.
fn of_partition_alone(trace: &Trace, metrics: &TaskMetrics, partition: PartitionId, now: ProcTime) -> Silence {
    let Some(flow) = metrics.partitions().get(partition.index()) else { return Silence::Starved(Hunger::Never) };
    let all_read = flow.left().len() == flow.entered().len() && flow.left().last().is_none_or(|&last| last <= now);
    if trace.pipeline.at_end == AtEnd::Flush && all_read && now >= metrics.span().from {
        return Silence::Finished { since: flow.left().last().copied().unwrap_or(metrics.span().from) };
    }
    if let Some(since) = down(trace, now) {
        return Silence::Down { since };
    }
    let options = &trace.pipeline.watermark_options;
    if let Some((after, since)) =
        options.idle_after.zip(metrics.inputs().idle_since(metrics.input_of(partition, now), now))
    {
        return Silence::Idle { since, after };
    }
    if let Some(pause) = metrics.owners().pause_at(partition, now) {
        return Silence::Rebalance { why: pause.reason, since: pause.from };
    }
    if flow.level(now) > 0 {
        return of_backlog(trace, metrics, partition, flow, now);
    }
    hunger(metrics, flow, now).map_or(Silence::Active, Silence::Starved)
}

/// Since when the job has failed and is not back.
fn down(trace: &Trace, now: ProcTime) -> Option<ProcTime> {
    trace.recovery.as_ref().and_then(|log| log.down_since(now))
}

/// Whether a task never gets past a record.
fn poisoned(metrics: &TaskMetrics, task: TaskId, now: ProcTime) -> Option<Silence> {
    let it = metrics.crash_loop_at(task, now)?;
    Some(Silence::Poisoned { record: it.record, since: it.since })
}

/// Records wait in it: the source is blocked, or could read them and may not.
fn of_backlog(trace: &Trace, metrics: &TaskMetrics, partition: PartitionId, flow: &Flow, now: ProcTime) -> Silence {
    let source = TaskId::source(metrics.owners().reader_at(partition, now));
    if let Some(poisoned) = poisoned(metrics, source, now) {
        return poisoned;
    }
    if let Some(wait) = metrics.wait_at(source, now) {
        return Silence::Blocked { on: wait.on, since: wait.from };
    }
    if metrics.busy(source).at(now).is_some() || trace.pipeline.tasks.micro_batch.is_some() {
        return Silence::Active;
    }
    let since = flow.left_by(now).checked_sub(1).map_or(metrics.span().from, |last| flow.left()[last]);
    let since = since.max(flow.occupied().at(now).map_or(since, |backlog| backlog.from));
    let options = &trace.pipeline.watermark_options;
    match options.max_drift.filter(|_| options.per_partition) {
        Some(max_drift) => Silence::Paused { since, max_drift },
        // A thread is on its way to the next record.
        None if trace.is_live => Silence::Active,
        None => Silence::Limited { since },
    }
}

/// Whether the next record of a place is overdue.
fn hunger(metrics: &TaskMetrics, flow: &Flow, now: ProcTime) -> Option<Hunger> {
    let came = flow.entered_by(now);
    let last = came.checked_sub(1).map(|last| flow.entered()[last]);
    let from = metrics.span().from;
    if last.is_none() && (now < from || metrics.log().entered().len() < 2) {
        return (now >= from).then_some(Hunger::Never);
    }
    // A single record says nothing about distances; then the whole log says how far records are apart.
    let (of, count, share) = match came {
        0 | 1 => (metrics.log(), metrics.log().entered_by(now), metrics.partitions().len() as i64),
        _ => (flow, came, 1),
    };
    let (first, newest) = (of.entered().first().copied()?, count.checked_sub(1).map(|last| of.entered()[last])?);
    let gaps = i64::try_from(count).unwrap_or(i64::MAX) - 1;
    let mean = (newest - first).micros().checked_div(gaps)?.saturating_mul(share);
    let overdue = Span::from_micros(mean.saturating_mul(OVERDUE));
    (now - last.unwrap_or(from) > overdue).then_some(last.map_or(Hunger::Never, Hunger::Since))
}

/// Whether everything is over, and since when.
fn finished(trace: &Trace, metrics: &TaskMetrics, now: ProcTime) -> Option<ProcTime> {
    let end = metrics.span().until;
    (trace.pipeline.at_end == AtEnd::Flush && now >= end && !trace.stream.is_empty()).then_some(end)
}

/// How far apart ends of windows are; `None` where the watermark ends no window.
fn between_ends(window: WindowSpec) -> Option<Span> {
    match window {
        WindowSpec::Tumbling { size, .. } => Some(size),
        WindowSpec::Sliding { slide, .. } => Some(slide),
        WindowSpec::Cumulative { step, .. } => Some(step),
        WindowSpec::Session { gap } => Some(gap),
        WindowSpec::Global => None,
    }
}

/// How many ends of windows lie above one watermark, up to another.
fn ends_between(window: WindowSpec, low: EventTime, high: EventTime) -> i64 {
    let (Some(step), offset) = (
        between_ends(window),
        match window {
            WindowSpec::Tumbling { offset, .. }
            | WindowSpec::Sliding { offset, .. }
            | WindowSpec::Cumulative { offset, .. } => offset,
            WindowSpec::Session { .. } | WindowSpec::Global => Span::ZERO,
        },
    ) else {
        return 0;
    };
    let step = step.micros().max(1);
    let ends_to = |at: EventTime| at.micros().saturating_sub(offset.micros()).div_euclid(step);
    (ends_to(high) - ends_to(low)).max(0)
}

/// Whether others hold back what an input (or, where `None`, any input) says is complete.
fn held_back(trace: &Trace, metrics: &TaskMetrics, own: Option<Input>, now: ProcTime) -> Option<Silence> {
    let inputs = metrics.inputs();
    let (least, by) = inputs.holders(now);
    let of = |input: Input| inputs.watermark(input, now);
    let ahead_of_all = inputs.all().filter(|&input| inputs.idle_since(input, now).is_none()).map(of).max();
    let ahead = own.map_or(ahead_of_all, |own| Some(of(own)))?;
    if by.is_empty() || own.is_some_and(|own| by.contains(&own)) || ahead == EventTime::MIN {
        return None;
    }
    // Before any watermark, the first window is that of the first record.
    let first = match own {
        Some(own) => inputs.first(own),
        None => inputs.all().filter_map(|input| inputs.first(input)).min(),
    };
    let from = if least == EventTime::MIN { first.map(|(_, event_time)| event_time)? } else { least };
    let ends = ends_between(trace.pipeline.window, from, ahead);
    let is_silent = by.iter().all(|&input| is_silent(trace, metrics, input, now));
    (ends >= FAR_BEHIND || (ends >= 1 && is_silent)).then(|| Silence::HeldBack {
        since: by.iter().filter_map(|&input| inputs.last_rise(input, now)).map(|(at, _)| at).max(),
        ahead: (least > EventTime::MIN).then(|| ahead - least),
        by,
    })
}

/// Whether an input is silent: all of its partitions are.
fn is_silent(trace: &Trace, metrics: &TaskMetrics, input: Input, now: ProcTime) -> bool {
    let partitions = (0..metrics.partitions().len()).map(|place| PartitionId(place as u32));
    let mut own = partitions.filter(|&partition| metrics.input_of(partition, now) == input);
    own.all(|partition| !of_partition_alone(trace, metrics, partition, now).is_active())
}

fn of_source(trace: &Trace, metrics: &TaskMetrics, source: usize, now: ProcTime) -> Silence {
    if metrics.busy(TaskId::source(source)).at(now).is_some() {
        return Silence::Active;
    }
    let own = (0..metrics.partitions().len()).map(|place| PartitionId(place as u32));
    let own = own.filter(|&partition| metrics.owners().reader_at(partition, now) == source);
    let mut all: Vec<Silence> = own.map(|partition| of_partition_alone(trace, metrics, partition, now)).collect();
    if all.iter().any(Silence::is_active) {
        return Silence::Active;
    }
    // What some of its partitions wait for says more than that others are starved.
    let rank = |silence: &Silence| match silence {
        Silence::Poisoned { .. }
        | Silence::Rebalance { .. }
        | Silence::Paused { .. }
        | Silence::Limited { .. }
        | Silence::Blocked { .. } => 0,
        Silence::Starved(Hunger::Since(_)) => 1,
        Silence::Starved(_) => 2,
        _ => 3,
    };
    all.sort_by_key(rank);
    all.into_iter().next().unwrap_or(Silence::Starved(Hunger::NoPartition))
}

fn of_window(trace: &Trace, metrics: &TaskMetrics, window: usize, now: ProcTime) -> Silence {
    if metrics.demand(window).is_empty() && !trace.stream.is_empty() {
        return Silence::Starved(Hunger::NoKey);
    }
    if let Some(held) = held_back(trace, metrics, None, now) {
        return held;
    }
    if metrics.busy(TaskId::window(window)).at(now).is_some() || metrics.depth_of(window, now) > 0 {
        return Silence::Active;
    }
    let came = (0..metrics.sources()).map(|source| metrics.channel(source, window));
    let reached: usize = came.clone().map(|flow| flow.entered_by(now)).sum();
    let arrivals = metrics.demand(window);
    let wanted = arrivals.partition_point(|&at| at <= now);
    let waiting = (0..metrics.sources()).find_map(|source| metrics.wait_at(TaskId::source(source), now));
    if let Some(wait) = waiting.filter(|_| wanted > reached) {
        return Silence::Starved(Hunger::Behind { source: wait.task, on: wait.on });
    }
    let newest = came.filter_map(|flow| flow.entered_by(now).checked_sub(1).map(|last| flow.entered()[last])).max();
    let Some(last) = newest else {
        return if now < metrics.span().from { Silence::Active } else { Silence::Starved(Hunger::Never) };
    };
    let mean = wanted.checked_sub(1).and_then(|gaps| (arrivals[gaps] - arrivals[0]).micros().checked_div(gaps as i64));
    let is_overdue = mean.is_some_and(|mean| now - last > Span::from_micros(mean.saturating_mul(OVERDUE)));
    if is_overdue { Silence::Starved(Hunger::Since(last)) } else { Silence::Active }
}

fn of_merge(trace: &Trace, metrics: &TaskMetrics, merge: usize, now: ProcTime) -> Silence {
    let Some(parts) = metrics.parts().get(merge) else { return Silence::Active };
    if parts.entered().is_empty() && !trace.partials.is_empty() {
        return Silence::Starved(Hunger::NoKey);
    }
    if parts.level(now) > 0 {
        return Silence::Active;
    }
    let mut firings = parts.entered().to_vec();
    firings.dedup();
    of_firings(trace, metrics, TaskId::merge(merge), &firings, now)
}

/// What a task is up to that works when windows fire: the instants of that come ascending.
fn of_firings(trace: &Trace, metrics: &TaskMetrics, task: TaskId, firings: &[ProcTime], now: ProcTime) -> Silence {
    if metrics.busy(task).at(now).is_some() {
        return Silence::Active;
    }
    let fired = firings.partition_point(|&at| at <= now);
    let Some(last) = fired.checked_sub(1).map(|last| firings[last]) else {
        let starved = (now >= metrics.span().from).then_some(Silence::Starved(Hunger::Never));
        return held_back(trace, metrics, None, now).or(starved).unwrap_or(Silence::Active);
    };
    let mean = (last - firings[0]).micros().checked_div(fired as i64 - 1);
    if mean.is_none_or(|mean| now - last <= Span::from_micros(mean.saturating_mul(LATE_FIRING))) {
        return Silence::Active;
    }
    held_back(trace, metrics, None, now).unwrap_or(Silence::Starved(Hunger::Since(last)))
}
