//! The numbers behind a cause: how fast the slow one is, what comes for it, how far it is felt, and
//! which key makes it hot.

use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::cause::pace::{SLOWED, Work, set_time};
use crate::metrics::tasks::cause::suspects::{Suspect, spells};
use crate::metrics::tasks::cause::{BlockRule, Cause, CauseKind, HotKey, Lasting, Reach, Relief, Skew, Waiter, words};
use crate::metrics::tasks::flow::Flow;
use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::record::{KeyId, PartitionId, RecordId};
use crate::runtime::{Fate, TaskId, Trace};
use crate::time::Span;

/// Everything about a suspect in a stretch of a run.
pub fn cause(trace: &Trace, metrics: &TaskMetrics, stretch: Stretch, suspect: Suspect) -> Cause {
    let lasting = lasting(&suspect.held, metrics.span(), stretch);
    // How fast it is shows while it holds somebody up, not while it has nothing to do.
    let until = lasting.until.filter(|_| !lasting.is_chronic).unwrap_or(stretch.until);
    let spell = Stretch::new(lasting.since, until);
    let spell = if spell.is_empty() { stretch } else { spell };
    let work = Work::of(trace, metrics, &suspect.tasks);
    let service = work.pace(trace, metrics, &suspect.tasks, spell).map(|(service, _)| service);
    let rush = work.rush(spell);
    let relieved = (rush.until < spell.until).then_some(rush.until);
    let demand = |stretch| suspect.tasks.iter().map(|&task| metrics.demand_per_s(task, stretch)).sum::<f64>();
    let busy = suspect.tasks.iter().map(|&task| metrics.shares(task, stretch).busy).fold(0.0, f64::max);
    let skew = suspect.is_skewed.then(|| skew(trace, metrics, &suspect, stretch));
    let mut cause = Cause {
        kind: kind(trace, metrics, &suspect, service, &lasting),
        rule: suspect.rule,
        share: share(&suspect.held, stretch),
        lasting,
        busy,
        service,
        capacity_per_s: service.map(|service| suspect.tasks.len() as f64 / service.as_secs_f64()),
        demand_per_s: demand(rush),
        relief: relieved.map(|since| Relief { since, demand_per_s: demand(Stretch::new(since, spell.until)) }),
        amplification: amplification(metrics, &suspect.tasks, rush),
        reach: reach(trace, metrics, &suspect, stretch),
        skew,
        tasks: suspect.tasks,
        headline: String::new(),
        detail: String::new(),
    };
    cause.headline = words::headline(trace, metrics, &cause);
    cause.detail = words::detail(trace, metrics, &cause);
    cause
}

fn share(held: &Intervals, stretch: Stretch) -> f64 {
    if stretch.is_empty() { 0.0 } else { held.covered(stretch).as_secs_f64() / stretch.length().as_secs_f64() }
}

fn lasting(held: &Intervals, run: Stretch, stretch: Stretch) -> Lasting {
    let spells = spells(held, run, stretch.until);
    let last = spells.last().copied().unwrap_or(stretch);
    let share_of_run = share(held, run);
    let over = held.stretches().last().map_or(Span::ZERO, |last| run.until - last.until.min(run.until));
    let is_chronic = share_of_run >= 0.5 && over.micros() < run.length().micros() / 10;
    Lasting {
        is_chronic,
        since: if is_chronic { spells.first().map_or(last.from, |first| first.from) } else { last.from },
        until: (last.until < stretch.until).then_some(last.until),
        spells: spells.len(),
        share_of_run,
    }
}

fn kind(
    trace: &Trace,
    metrics: &TaskMetrics,
    suspect: &Suspect,
    service: Option<Span>,
    lasting: &Lasting,
) -> CauseKind {
    match suspect.rule {
        BlockRule::Alignment { .. } => return CauseKind::Alignment,
        BlockRule::ReadLimit => return CauseKind::ReadLimit,
        BlockRule::Batches { .. } => return CauseKind::LongBatches,
        BlockRule::Retries => return CauseKind::FailingSink,
        BlockRule::DeadLetters => return CauseKind::DeadLettersFail,
        BlockRule::Restarts => return CauseKind::Poisoned,
        BlockRule::Recovery => return CauseKind::JobDown,
        BlockRule::Membership => return CauseKind::Rebalance,
        _ => {}
    }
    let task = suspect.tasks.first().copied().unwrap_or(TaskId::Sink);
    let set = set_time(trace, task);
    let is_slowed = service.is_some_and(|service| service.as_secs_f64() >= SLOWED * set.as_secs_f64());
    let keeps_up = !lasting.is_chronic && suspect.tasks.iter().all(|&task| metrics.keeps_up(task, set));
    match task {
        _ if is_slowed => CauseKind::Slowed,
        _ if suspect.is_skewed => CauseKind::Skew,
        TaskId::Source(_) if !keeps_up => CauseKind::SlowSource,
        TaskId::Sink if !keeps_up => CauseKind::SlowSink,
        _ if keeps_up => CauseKind::Burst,
        _ => CauseKind::SlowTask,
    }
}

/// How many panes come for one record, where more come than records.
fn amplification(metrics: &TaskMetrics, tasks: &[TaskId], stretch: Stretch) -> Option<f64> {
    if tasks != [TaskId::Sink] {
        return None;
    }
    let records = metrics.log().rate_out(stretch);
    let panes = metrics.demand_per_s(TaskId::Sink, stretch);
    (records > 0.0 && panes > records).then(|| panes / records)
}

fn reach(trace: &Trace, metrics: &TaskMetrics, suspect: &Suspect, stretch: Stretch) -> Reach {
    let mut waiters: Vec<Waiter> = Vec::new();
    for block in metrics.blocks().iter().filter(|block| suspect.roots.contains(&block.root)) {
        let waited = share(&block.times.intersect(&suspect.held), stretch);
        match waiters.iter_mut().find(|waiter| waiter.task == block.waiter) {
            Some(waiter) => waiter.share += waited,
            None if waited > 0.0 => waiters.push(Waiter { task: block.waiter, share: waited }),
            None => {}
        }
    }
    waiters.sort_by_key(|waiter| waiter.task);
    let is_held = |partition: PartitionId| {
        let reader = TaskId::source(metrics.reader_of(partition));
        suspect.partitions.contains(&partition)
            || waiters.iter().any(|waiter| waiter.task == reader)
            || suspect.tasks.contains(&reader)
    };
    let flows = metrics.partitions().iter().enumerate();
    let held = flows.filter(|(place, flow)| is_held(PartitionId(*place as u32)) && flow.peak_within(stretch) > 0);
    let partitions: Vec<PartitionId> = held.map(|(place, _)| PartitionId(place as u32)).collect();
    let meanwhile: Vec<Stretch> =
        spells(&suspect.held, metrics.span(), stretch.until).into_iter().map(|spell| spell.within(stretch)).collect();
    let most = |flow: &Flow| meanwhile.iter().map(|&spell| flow.peak_within(spell)).max().unwrap_or(0);
    let peak_lag = if partitions.is_empty() { 0 } else { most(metrics.log()) };
    Reach {
        peak_depth: peak_depth(metrics, suspect, most),
        given_up: given_up(trace, suspect, stretch),
        forgotten: forgotten(trace, &partitions, stretch),
        waiters,
        partitions,
        peak_lag,
    }
}

fn peak_depth(metrics: &TaskMetrics, suspect: &Suspect, most: impl Fn(&Flow) -> usize) -> usize {
    let of_task = |task: &TaskId| match *task {
        TaskId::Source(_) | TaskId::DeadLetters => 0,
        TaskId::Window(number) => {
            let of_channel = |source| most(metrics.channel(source, usize::from(number)));
            (0..metrics.sources()).map(of_channel).max().unwrap_or(0)
        }
        TaskId::Merge(number) => metrics.parts().get(usize::from(number)).map_or(0, &most),
        TaskId::Sink => most(metrics.panes()),
    };
    suspect.tasks.iter().map(of_task).max().unwrap_or(0)
}

/// Records given up in the stretch because a channel was full.
fn given_up(trace: &Trace, suspect: &Suspect, stretch: Stretch) -> usize {
    if !matches!(suspect.rule, BlockRule::ShedNewest | BlockRule::ShedOldest) {
        return 0;
    }
    records_in(trace, stretch).filter(|&place| trace.fates[place] == Fate::Shed).count()
}

/// Records of these partitions that the log gave up in the stretch, before they were read.
fn forgotten(trace: &Trace, partitions: &[PartitionId], stretch: Stretch) -> usize {
    let is_forgotten = |place: usize| {
        trace.fates[place] == Fate::Lost && partitions.contains(&trace.stream.partition(RecordId(place as u32)))
    };
    records_in(trace, stretch).filter(|&place| is_forgotten(place)).count()
}

/// Records that met their fate in a stretch, by their place in the trace.
pub(super) fn records_in(trace: &Trace, stretch: Stretch) -> std::ops::Range<usize> {
    let first = trace.handled.partition_point(|&at| at < stretch.from);
    first..trace.handled.partition_point(|&at| at <= stretch.until).max(first)
}

fn skew(trace: &Trace, metrics: &TaskMetrics, suspect: &Suspect, stretch: Stretch) -> Skew {
    let hot = match suspect.tasks.first() {
        Some(&TaskId::Window(number)) => usize::from(number),
        _ => 0,
    };
    let siblings = (0..metrics.windows()).filter(|&task| task != hot);
    let idle: f64 = siblings.map(|task| metrics.shares(TaskId::window(task), stretch).idle).sum();
    let mut by_key = vec![0_u32; trace.stream.key_table().len()];
    let (mut all, mut own) = (0_u32, 0_u32);
    for place in records_in(trace, stretch) {
        all += 1;
        if trace.tasks.get(place).is_some_and(|&task| usize::from(task) == hot) {
            own += 1;
            by_key[trace.stream.keys()[place].index()] += 1;
        }
    }
    let part = |records: u32, of: u32| if of == 0 { 0.0 } else { f64::from(records) / f64::from(of) };
    let most = by_key.iter().copied().enumerate().max_by_key(|&(key, records)| (records, std::cmp::Reverse(key)));
    let key = most.filter(|&(_, records)| records > 0 && part(records, own) >= 0.5).map(|(key, records)| HotKey {
        name: trace.stream.key_table().name(KeyId(key as u32)).to_owned(),
        of_all: part(records, all),
        of_task: part(records, own),
    });
    Skew { of_records: part(own, all), siblings_idle: idle / (metrics.windows() - 1).max(1) as f64, key }
}
