//! Who held somebody up, and when: from the waits of the trace, or from what stood in for waits where
//! the overflow rule lets nobody wait.

use std::collections::BTreeMap;

use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::cause::pace::by_pace;
use crate::metrics::tasks::cause::{BlockRule, LEAST_SHARE};
use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::pipeline::Overflow;
use crate::record::PartitionId;
use crate::runtime::{PauseReason, TaskId, Trace};
use crate::time::{ProcTime, Span};

/// A backlog in front of a source lasts longer than so many service times before the source is called
/// slow: at 70 % of its capacity, chance alone makes one of this length in a million records.
const LONG_BACKLOG: i64 = 100;

/// Who held somebody up.
#[derive(Clone, Debug)]
pub struct Suspect {
    /// One task, or siblings that are slow alike.
    pub tasks: Vec<TaskId>,
    /// By which rule.
    pub rule: BlockRule,
    /// Whose blocks count as theirs: their own, and those of tasks that only pass theirs on.
    pub roots: Vec<TaskId>,
    /// When, over the whole run.
    pub held: Intervals,
    /// Of window tasks: this one is far busier than its siblings.
    pub is_skewed: bool,
    /// Partitions that are held up where no task is.
    pub partitions: Vec<PartitionId>,
}

impl Suspect {
    fn new(tasks: Vec<TaskId>, rule: BlockRule, held: Intervals) -> Self {
        Self { roots: tasks.clone(), tasks, rule, held, is_skewed: false, partitions: Vec::new() }
    }
}

/// Everybody who held somebody up for at least [`LEAST_SHARE`] of a stretch.
pub fn suspects(trace: &Trace, metrics: &TaskMetrics, stretch: Stretch) -> Vec<Suspect> {
    let tasks = &trace.pipeline.tasks;
    let mut roots: BTreeMap<TaskId, Intervals> = BTreeMap::new();
    for block in metrics.blocks() {
        let held = roots.entry(block.root).or_default();
        *held = Intervals::union([&*held, &block.times]);
    }
    if tasks.overflow != Overflow::Block {
        for window in 0..metrics.windows() {
            let full = full_channels(trace, metrics, window);
            let held = roots.entry(TaskId::window(window)).or_default();
            *held = Intervals::union([&*held, &full]);
        }
    }
    let mut found = Vec::new();
    if let Some(held) = roots.remove(&TaskId::DeadLetters) {
        found.push(Suspect::new(vec![TaskId::DeadLetters], BlockRule::DeadLetters, held));
    }
    let (failing, held) = failing_sink(trace, metrics, roots.remove(&TaskId::Sink).unwrap_or_default());
    if !failing.is_empty() {
        found.push(Suspect::new(vec![TaskId::Sink], BlockRule::Retries, failing));
    }
    if !held.is_empty() {
        let rule = BlockRule::SinkCapacity { capacity: tasks.sink_capacity };
        let mut sink = Suspect::new(vec![TaskId::Sink], rule, held);
        for innocent in innocents(trace, metrics, stretch, &roots) {
            sink.held = Intervals::union([&sink.held, &roots.remove(&innocent).unwrap_or_default()]);
            sink.roots.push(innocent);
        }
        found.push(sink);
    }
    found.extend(merge_tasks(trace, &mut roots));
    found.extend(window_tasks(trace, metrics, stretch, roots));
    found.extend(slow_sources(trace, metrics));
    found.extend(held_in_the_log(trace, metrics));
    found.extend(without_reader(trace, metrics));
    found.extend(long_batches(trace, metrics));
    found.extend(poisoned(metrics));
    found.extend(job_down(trace, metrics));
    let mut found: Vec<Suspect> =
        found.into_iter().flat_map(|suspect| by_pace(trace, metrics, stretch, suspect)).collect();
    let least = LEAST_SHARE * stretch.length().as_secs_f64();
    found.retain(|suspect| {
        let covered = suspect.held.covered(stretch).as_secs_f64();
        covered > 0.0 && covered >= least
    });
    found
}

/// While what the sink wrote was refused or waited behind that, and what else it held up.
fn failing_sink(trace: &Trace, metrics: &TaskMetrics, held: Intervals) -> (Intervals, Intervals) {
    let delivered = |pane: u32| trace.delivered.get(pane as usize).copied().unwrap_or(ProcTime::MAX);
    let refused = trace.failed_writes.iter().map(|write| Stretch::new(write.at, delivered(write.pane)));
    let refused = Intervals::of_unsorted(refused.map(|it| it.within(metrics.span())).collect());
    // A spell that begins with a refused write lasts until nobody waits for it any more.
    let behind = held.stretches().iter().copied().filter(|spell| refused.covered(*spell) > Span::ZERO);
    let behind = Intervals::of_unsorted(behind.collect());
    let rest = held.without(&behind);
    (Intervals::union([&refused, &behind]), rest)
}

/// Source tasks that crash on a record again and again.
fn poisoned(metrics: &TaskMetrics) -> Vec<Suspect> {
    let suspect = |task: TaskId| {
        let own = metrics.partitions().iter().enumerate().map(|(place, _)| PartitionId(place as u32));
        let partitions = own.filter(|&partition| TaskId::source(metrics.reader_of(partition)) == task).collect();
        let held = poisoned_while(metrics, task);
        Suspect { partitions, ..Suspect::new(vec![task], BlockRule::Restarts, held) }
    };
    let mut tasks: Vec<TaskId> = metrics.crash_loops().iter().map(|it| it.task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    tasks.into_iter().map(suspect).collect()
}

/// While a task crashed on a record again and again.
fn poisoned_while(metrics: &TaskMetrics, task: TaskId) -> Intervals {
    let own = metrics.crash_loops().iter().filter(|it| it.task == task);
    let own = own.map(|it| Stretch::new(it.since, it.until.unwrap_or(ProcTime::MAX)).within(metrics.span()));
    Intervals::of_unsorted(own.collect())
}

/// While a task was down.
fn down(trace: &Trace, task: TaskId) -> Intervals {
    let own = trace.restarts.iter().filter(|restart| restart.task == task);
    Intervals::of_unsorted(own.map(|it| Stretch::new(it.at, it.back_at.unwrap_or(ProcTime::MAX))).collect())
}

/// Window tasks that would keep up if the sink let them, and are held up by it longer than they hold
/// up others: what waits for them then waits because of the sink.
fn innocents(
    trace: &Trace,
    metrics: &TaskMetrics,
    stretch: Stretch,
    roots: &BTreeMap<TaskId, Intervals>,
) -> Vec<TaskId> {
    let service = trace.pipeline.service_time;
    let is_innocent = |task: TaskId, held: &Intervals| {
        metrics.waiting(task).covered(stretch) > held.covered(stretch) && metrics.keeps_up(task, service)
    };
    roots.iter().filter(|(task, held)| is_innocent(**task, held)).map(|(&task, _)| task).collect()
}

/// While a channel of a window task held as many records as it may.
fn full_channels(trace: &Trace, metrics: &TaskMetrics, window: usize) -> Intervals {
    let capacity = trace.pipeline.queue_capacity as usize;
    let full: Vec<Intervals> =
        (0..metrics.sources()).map(|source| metrics.channel(source, window).at_least(capacity)).collect();
    Intervals::union(&full)
}

/// The rule by which a full channel of this pipeline holds something up.
fn channel_rule(trace: &Trace) -> BlockRule {
    match trace.pipeline.tasks.overflow {
        Overflow::Block => BlockRule::Credits { capacity: trace.pipeline.queue_capacity },
        Overflow::ShedNewest => BlockRule::ShedNewest,
        Overflow::ShedOldest => BlockRule::ShedOldest,
        Overflow::Unbounded => BlockRule::Unbounded,
    }
}

/// All merge tasks that hold somebody up; between them and the window tasks everybody waits.
fn merge_tasks(trace: &Trace, roots: &mut BTreeMap<TaskId, Intervals>) -> Option<Suspect> {
    let tasks: Vec<TaskId> = roots.keys().copied().filter(|task| matches!(task, TaskId::Merge(_))).collect();
    let held: Vec<Intervals> = tasks.iter().filter_map(|task| roots.remove(task)).collect();
    let rule = BlockRule::Credits { capacity: trace.pipeline.queue_capacity };
    (!tasks.is_empty()).then(|| Suspect::new(tasks, rule, Intervals::union(&held)))
}

/// One suspect for a task that is far busier than its siblings, and one for all others together.
fn window_tasks(
    trace: &Trace,
    metrics: &TaskMetrics,
    stretch: Stretch,
    roots: BTreeMap<TaskId, Intervals>,
) -> Vec<Suspect> {
    let mut windows: Vec<(TaskId, Intervals)> =
        roots.into_iter().filter(|(task, held)| matches!(task, TaskId::Window(_)) && !held.is_empty()).collect();
    let rule = channel_rule(trace);
    let mut found = Vec::new();
    if let Some(hot) = hottest(metrics, stretch)
        && let Some(place) = windows.iter().position(|(task, _)| *task == hot)
    {
        let (task, held) = windows.remove(place);
        found.push(Suspect { is_skewed: true, ..Suspect::new(vec![task], rule, held) });
    }
    if !windows.is_empty() {
        let held = Intervals::union(windows.iter().map(|(_, held)| held));
        found.push(Suspect::new(windows.into_iter().map(|(task, _)| task).collect(), rule, held));
    }
    found
}

/// The window task that was busy at least twice as long as its siblings on average, and has at least
/// half as many records again as its fair share.
fn hottest(metrics: &TaskMetrics, stretch: Stretch) -> Option<TaskId> {
    let windows = metrics.windows();
    if windows < 2 {
        return None;
    }
    let busy: Vec<f64> = (0..windows).map(|task| metrics.shares(TaskId::window(task), stretch).busy).collect();
    let demand: Vec<usize> = (0..windows).map(|task| metrics.demand(task).len()).collect();
    let hot = (0..windows).max_by(|&a, &b| busy[a].total_cmp(&busy[b]).then(b.cmp(&a)))?;
    let siblings = (busy.iter().sum::<f64>() - busy[hot]) / (windows - 1) as f64;
    let fair = demand.iter().sum::<usize>() as f64 / windows as f64;
    (busy[hot] >= 2.0 * siblings && demand[hot] as f64 >= 1.5 * fair).then(|| TaskId::window(hot))
}

/// Sources that worked all the while and were behind: records waited for the source itself.
fn slow_sources(trace: &Trace, metrics: &TaskMetrics) -> Vec<Suspect> {
    let service = trace.pipeline.tasks.source_time;
    if service == Span::ZERO {
        return Vec::new();
    }
    let long = service.times(LONG_BACKLOG);
    let slow = (0..metrics.sources()).map(|source| {
        let waiting = metrics.waiting(TaskId::source(source));
        let own = metrics.partitions().iter().enumerate();
        let own = own.filter(|(partition, _)| metrics.reader_of(PartitionId(*partition as u32)) == source);
        let backlog = Intervals::union(own.map(|(_, flow)| flow.occupied()));
        let mut held = Intervals::default();
        for &spell in backlog.stretches() {
            // A backlog that somebody else made is not of its making.
            let waited = waiting.covered(spell);
            if spell.length() - waited > long && waited.micros() < spell.length().micros() / 10 {
                held.push(spell.within(metrics.span()));
            }
        }
        Suspect::new(
            vec![TaskId::source(source)],
            BlockRule::OneByOne,
            held.intersect(metrics.busy(TaskId::source(source))),
        )
    });
    slow.collect()
}

/// Partitions with unread records that their source could take and does not: they are paused, or the
/// log hands out no more.
fn held_in_the_log(trace: &Trace, metrics: &TaskMetrics) -> Option<Suspect> {
    if trace.pipeline.tasks.micro_batch.is_some() {
        return None;
    }
    let options = &trace.pipeline.watermark_options;
    let rule = match options.max_drift.filter(|_| options.per_partition) {
        Some(max_drift) => BlockRule::Alignment { max_drift },
        // A thread is on its way to the next record.
        None if trace.is_live => return None,
        None => BlockRule::ReadLimit,
    };
    let mut partitions = Vec::new();
    let mut readers = Vec::new();
    let mut all = Vec::new();
    for (number, flow) in metrics.partitions().iter().enumerate() {
        let partition = PartitionId(number as u32);
        let reader = TaskId::source(metrics.reader_of(partition));
        let unheld = flow.occupied().without(metrics.waiting(reader)).without(metrics.busy(reader));
        let unheld = unheld.without(&metrics.owners().paused(partition)).without(&downtimes(trace));
        let unheld = unheld.without(&down(trace, reader)).without(&poisoned_while(metrics, reader));
        if !unheld.is_empty() {
            partitions.push(partition);
            readers.push(reader);
            all.push(unheld);
        }
    }
    readers.sort_unstable();
    readers.dedup();
    let held = Intervals::union(&all);
    let held = held.intersect(&Intervals::of_unsorted(vec![metrics.span()]));
    (!partitions.is_empty()).then(|| Suspect { partitions, ..Suspect::new(readers, rule, held) })
}

/// The times in which the job had failed and was not back.
fn job_down(trace: &Trace, metrics: &TaskMetrics) -> Option<Suspect> {
    let held = downtimes(trace).intersect(&Intervals::of_unsorted(vec![metrics.span()]));
    let sources = (0..metrics.sources()).map(TaskId::source).collect();
    (!held.is_empty()).then(|| Suspect::new(sources, BlockRule::Recovery, held))
}

fn downtimes(trace: &Trace) -> Intervals {
    let times = trace.recovery.iter().flat_map(|log| log.downtimes());
    Intervals::of_unsorted(times.map(|(from, until)| Stretch::new(from, until)).collect())
}

/// Partitions with unread records that belong to nobody, or to a member that does not answer, and the
/// members that have come or gone.
fn without_reader(trace: &Trace, metrics: &TaskMetrics) -> Option<Suspect> {
    if !metrics.owners().is_group() {
        return None;
    }
    let mut partitions = Vec::new();
    let mut all = Vec::new();
    for (number, flow) in metrics.partitions().iter().enumerate() {
        let partition = PartitionId(number as u32);
        let held = flow.occupied().intersect(&metrics.owners().paused(partition));
        if !held.is_empty() {
            partitions.push(partition);
            all.push(held);
        }
    }
    let of_pauses = trace.pauses.iter().filter_map(|pause| match pause.reason {
        PauseReason::Silent(task) | PauseReason::Stalled(task) => Some(TaskId::Source(task)),
        PauseReason::Rebalance => None,
    });
    let of_rebalances = trace.rebalances.iter().filter_map(|rebalance| rebalance.cause.task()).map(TaskId::Source);
    let mut members: Vec<TaskId> = of_pauses.chain(of_rebalances).collect();
    members.sort_unstable();
    members.dedup();
    let held = Intervals::union(&all).intersect(&Intervals::of_unsorted(vec![metrics.span()]));
    (!partitions.is_empty()).then(|| Suspect { partitions, ..Suspect::new(members, BlockRule::Membership, held) })
}

/// Batches that began late because the one before took longer than the interval.
fn long_batches(trace: &Trace, metrics: &TaskMetrics) -> Option<Suspect> {
    let interval = trace.pipeline.tasks.micro_batch?;
    let mut held = Intervals::default();
    for pair in trace.batches.windows(2) {
        let due = pair[0] + interval - Span::from_micros(pair[0].micros().rem_euclid(interval.micros()));
        if pair[1] > due && metrics.lag(due) > 0 {
            held.push(Stretch::new(due, pair[1]));
        }
    }
    let busiest = metrics.tasks().max_by(|&a, &b| {
        let busy = |task: TaskId| metrics.busy(task).total();
        busy(a).cmp(&busy(b)).then(b.cmp(&a))
    })?;
    Some(Suspect::new(vec![busiest], BlockRule::Batches { interval }, held))
}

/// While anybody was held up by a suspect up to an instant: its spells, with short gaps closed.
pub fn spells(held: &Intervals, run: Stretch, until: ProcTime) -> Vec<Stretch> {
    let gap = Span::from_micros(run.length().micros() / 50);
    let joined = held.joined(gap);
    joined.stretches().iter().copied().filter(|spell| spell.from <= until).collect()
}
