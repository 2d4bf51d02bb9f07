//! A cause in words: who it is, why, by which rule it holds others up, how far and how long.

use crate::human;
use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::cause::pace::set_time;
use crate::metrics::tasks::cause::{BlockRule, Cause, CauseKind};
use crate::metrics::tasks::phrase::{Clock, capital, list, many, percent, rate};
use crate::metrics::tasks::poison::CrashLoop;
use crate::runtime::{TaskId, Trace};
use crate::time::ProcTime;

/// Who it is.
pub fn headline(trace: &Trace, metrics: &TaskMetrics, cause: &Cause) -> String {
    let who = capital(&who(metrics, cause));
    let (is, node, it) = if cause.tasks.len() > 1 { ("are", "nodes", "they keep") } else { ("is", "node", "it keeps") };
    match cause.kind {
        CauseKind::SlowTask | CauseKind::SlowSink | CauseKind::SlowSource => format!("{who} {is} the slow {node}."),
        CauseKind::Slowed => format!("{who} {is} slower than usual."),
        CauseKind::Skew => match cause.skew.as_ref().and_then(|skew| skew.key.as_ref()) {
            Some(key) => format!("{who} is hot: key {} is {} of all records.", quoted(&key.name), percent(key.of_all)),
            None => format!("{who} is hot: it owns more than its share of the keys."),
        },
        CauseKind::Burst => format!("{who} {is} flooded for a while; on average {it} up."),
        CauseKind::Alignment => {
            let ahead: Vec<String> = cause.reach.partitions.iter().map(|partition| partition.0.to_string()).collect();
            format!("Partition{} {} paused for running ahead.", plural(&ahead, " ", "s "), verb(&ahead))
        }
        CauseKind::ReadLimit => "The log hands out no more.".to_owned(),
        CauseKind::LongBatches => {
            let interval = trace.pipeline.tasks.micro_batch.map_or(String::new(), human::span);
            format!("Batches take longer than their interval of {interval}.")
        }
        CauseKind::FailingSink => "The sink fails.".to_owned(),
        CauseKind::JobDown => "The job was down.".to_owned(),
        CauseKind::DeadLettersFail => "Dead letters cannot be written.".to_owned(),
        CauseKind::Poisoned => match cause.tasks.first().and_then(|&task| poison(metrics, task, cause)) {
            Some(it) => format!("{who} is poisoned: it crashes on record {} again and again.", it.record.0),
            None => format!("{who} is poisoned."),
        },
        CauseKind::Rebalance => {
            format!("The group divides its partitions anew, because of {}.", self::who(metrics, cause))
        }
    }
}

/// Why, by which rule, how far, how long.
pub fn detail(trace: &Trace, metrics: &TaskMetrics, cause: &Cause) -> String {
    let clock = Clock::of(metrics.span());
    let parts =
        [pace(trace, clock, cause), amplified(cause), rule(trace, metrics, cause), far(cause), long(clock, cause)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The crash loop that it is about: the last one that had begun.
fn poison<'a>(metrics: &'a TaskMetrics, task: TaskId, cause: &Cause) -> Option<&'a CrashLoop> {
    let until = cause.lasting.until.unwrap_or(ProcTime::MAX);
    metrics.crash_loops().iter().rfind(|it| it.task == task && it.since <= until)
}

fn who(metrics: &TaskMetrics, cause: &Cause) -> String {
    match cause.tasks.as_slice() {
        [TaskId::Sink] => "the sink".to_owned(),
        [TaskId::Window(_)] if metrics.windows() == 1 => "the window task".to_owned(),
        [TaskId::Merge(_)] if metrics.windows() == 1 => "the merge task".to_owned(),
        [TaskId::Source(_)] if metrics.sources() == 1 => "the source".to_owned(),
        [task] => task.to_string(),
        tasks if tasks.len() == metrics.windows() && matches!(tasks[0], TaskId::Window(_)) => {
            format!("all {} window tasks", tasks.len())
        }
        tasks => list(&tasks.iter().map(ToString::to_string).collect::<Vec<_>>()),
    }
}

fn plural(names: &[String], one: &str, several: &str) -> String {
    format!("{}{}", if names.len() == 1 { one } else { several }, list(names))
}

const fn verb(names: &[String]) -> &'static str {
    if names.len() == 1 { "is" } else { "are" }
}

fn quoted(name: &str) -> String {
    if name.is_empty() { "(empty)".to_owned() } else { name.to_owned() }
}

/// What it works on.
fn thing(cause: &Cause) -> &'static str {
    match cause.tasks.first() {
        Some(TaskId::Sink) => "pane",
        Some(TaskId::Merge(_)) => "part",
        _ => "record",
    }
}

/// How fast it is, and what comes for it.
fn pace(trace: &Trace, clock: Clock, cause: &Cause) -> String {
    let Some((service, capacity)) = cause.service.zip(cause.capacity_per_s) else { return String::new() };
    let thing = thing(cause);
    let is_one = cause.tasks.len() == 1;
    let (it, together, they) =
        if is_one { ("It takes", "", "it catches") } else { ("Each takes", "together ", "they catch") };
    let takes = format!("{} a {thing}, {together}{}", human::span(service), rate(capacity));
    let come = match cause.relief {
        None => format!("{} come", rate(cause.demand_per_s)),
        Some(relief) => format!("{} came until {}", rate(cause.demand_per_s), clock.tell(relief.since)),
    };
    let is_more = cause.demand_per_s > capacity;
    match cause.kind {
        CauseKind::Slowed => {
            let set = cause.tasks.first().map_or(service, |&task| set_time(trace, task));
            format!("It takes {} a {thing} instead of {}, and {come}.", human::span(service), human::span(set))
        }
        CauseKind::Skew => {
            let busy = percent(cause.busy);
            let siblings = cause.skew.as_ref().map_or(0.0, |skew| skew.siblings_idle);
            let share = cause.skew.as_ref().map_or(0.0, |skew| skew.of_records);
            format!(
                "With {} of the records it is busy {busy} of the time, while its siblings are idle {}.",
                percent(share),
                percent(siblings)
            )
        }
        CauseKind::Alignment
        | CauseKind::ReadLimit
        | CauseKind::FailingSink
        | CauseKind::DeadLettersFail
        | CauseKind::Rebalance
        | CauseKind::Poisoned
        | CauseKind::JobDown => String::new(),
        CauseKind::LongBatches => format!("The busiest is {}: {takes}.", list_of(cause)),
        _ if is_more => {
            let now = cause.relief.filter(|_| cause.lasting.until.is_none());
            let now = now.map_or(String::new(), |relief| format!(" Now {} come.", rate(relief.demand_per_s)));
            format!("{it} {takes}, and {come}.{now}")
        }
        _ => format!("{it} {takes}; {they} up with what came before."),
    }
}

fn list_of(cause: &Cause) -> String {
    list(&cause.tasks.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Where more panes come than records do.
fn amplified(cause: &Cause) -> String {
    let Some(amplification) = cause.amplification else { return String::new() };
    let panes = cause.demand_per_s;
    format!("It is amplified upstream: {} records become {} panes.", rate(panes / amplification), rate(panes))
}

/// The rule by which that is felt elsewhere.
fn rule(trace: &Trace, metrics: &TaskMetrics, cause: &Cause) -> String {
    let depth = human::count(cause.reach.peak_depth as u64);
    let its = if cause.tasks.len() == 1 { "Its channel has" } else { "Their channels have" };
    match cause.rule {
        BlockRule::Credits { capacity } => {
            let of = human::count(u64::from(capacity));
            // Parts also wait with those who send them.
            let wait = match thing(cause) {
                "part" => format!("{depth} parts wait, up to {of} of one sender"),
                _ => format!("{depth} of {of} records wait"),
            };
            format!("{its} no credit left ({wait}), and who sends to it must wait.")
        }
        BlockRule::SinkCapacity { capacity } => {
            format!("It has room for {}, and who has more must wait.", many(capacity as usize, "pane"))
        }
        BlockRule::ShedNewest | BlockRule::ShedOldest => {
            let which = if cause.rule == BlockRule::ShedNewest { "newest" } else { "oldest" };
            let capacity = many(trace.pipeline.queue_capacity as usize, "record");
            let given_up = many(cause.reach.given_up, "record");
            format!("Nobody waits: a channel that holds {capacity} gives up the {which}: {given_up}.")
        }
        BlockRule::Unbounded => format!("Nobody waits: its channel has no bound, and grew to {depth} records."),
        BlockRule::OneByOne => "It reads one record after the other, and nobody else holds it up.".to_owned(),
        BlockRule::Alignment { max_drift } => {
            format!("No partition may be more than {} ahead of the slowest.", human::span(max_drift))
        }
        BlockRule::ReadLimit => {
            "Records are there, the reader is free, and the limits of a read hold it up.".to_owned()
        }
        BlockRule::Batches { .. } => "A batch begins when the one before is done.".to_owned(),
        BlockRule::Retries => {
            let refused = many(trace.failed_writes.len(), "write");
            let were = if trace.failed_writes.len() == 1 { "was" } else { "were" };
            format!("{refused} {were} refused. It tries the same pane again, and the others wait behind it.")
        }
        BlockRule::Recovery => {
            let failures = trace.recovery.as_ref().map_or(0, |log| log.recoveries.len());
            let failures = many(failures, "failure");
            format!("{failures}: all tasks are cancelled, and read their state before they go on.")
        }
        BlockRule::DeadLetters => {
            "The source has a bad record in hand that it may not drop, and reads nothing more.".to_owned()
        }
        BlockRule::Membership => {
            let rebalances = many(trace.rebalances.len(), "rebalance");
            format!("{rebalances}: a partition whose member is gone is read by nobody until another has it.")
        }
        BlockRule::Restarts => match cause.tasks.first().and_then(|&task| poison(metrics, task, cause)) {
            Some(it) => format!(
                "{}: it is started again, reads the same record, and never gets past it.",
                capital(&many(it.crashes, "crash").replace("crashs", "crashes"))
            ),
            None => String::new(),
        },
    }
}

/// How far it is felt: up the pipeline, and in the log.
fn far(cause: &Cause) -> String {
    let mut said: Vec<String> = Vec::new();
    let of_kind = |is_source: bool| {
        let waiters = cause.reach.waiters.iter();
        waiters.filter(move |waiter| matches!(waiter.task, TaskId::Source(_)) == is_source)
    };
    for is_source in [false, true] {
        let names: Vec<String> = of_kind(is_source).map(|waiter| waiter.task.to_string()).collect();
        if !names.is_empty() {
            let most = of_kind(is_source).map(|waiter| waiter.share).fold(0.0, f64::max);
            let up_to = if names.len() > 1 { "up to " } else { "" };
            let waits = if names.len() > 1 { "wait" } else { "waits" };
            said.push(format!("{} {waits} {up_to}{} of the time", list(&names), percent(most)));
        }
    }
    if cause.reach.peak_lag > 0 {
        said.push(format!("up to {} wait in the log", many(cause.reach.peak_lag, "record")));
    }
    let mut all = if said.is_empty() { String::new() } else { capital(&format!("{}.", list(&said))) };
    if cause.reach.forgotten > 0 {
        let are = if cause.reach.forgotten == 1 { "is" } else { "are" };
        let gone = many(cause.reach.forgotten, "record");
        all.push_str(&format!(" {gone} {are} lost: the log no longer had them when it was their turn."));
    }
    all
}

/// Chronic or passing.
fn long(clock: Clock, cause: &Cause) -> String {
    let lasting = &cause.lasting;
    let since = clock.tell(lasting.since);
    let of_run = percent(lasting.share_of_run);
    let times = if lasting.spells > 1 { format!("{} times, last ", lasting.spells) } else { String::new() };
    match (lasting.is_chronic, lasting.until) {
        (true, _) => format!("Chronic: since {since}, {of_run} of the run."),
        (false, None) => format!("Passing: {times}since {since}, {of_run} of the run."),
        (false, Some(until)) => {
            format!("Passing: {times}{since} to {}, {of_run} of the run.", clock.tell(until))
        }
    }
}
