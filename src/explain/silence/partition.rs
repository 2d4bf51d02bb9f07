//! What a partition is up to at an instant, and who has to wait for it.

use crate::explain::case::{Case, length};
use crate::explain::group::Group;
use crate::explain::silence::{clause, fault_step, faults_within, stops};
use crate::explain::story::{Explanation, Link, Mark, Prose, Step, Subject};
use crate::human::count;
use crate::metrics::tasks::phrase::capital;
use crate::metrics::tasks::silence::of_partition;
use crate::metrics::tasks::{Hunger, Silence};
use crate::record::{PartitionId, RecordId};
use crate::runtime::TaskId;
use crate::scenario::Fault;
use crate::time::{EventTime, ProcTime};

/// Explains a partition at an instant; `None` without metrics, and where there is no such partition.
pub fn explain(case: &Case<'_>, partition: PartitionId, at: ProcTime) -> Option<Explanation> {
    let metrics = case.metrics?;
    let flow = metrics.partitions().get(partition.index())?;
    let silence = of_partition(case.trace, metrics, partition, at);
    let name = format!("partition {}", partition.0);
    let last = flow.entered_by(at).checked_sub(1).map(|last| flow.entered()[last]);
    let next = flow.entered().get(flow.entered_by(at)).copied();
    let since = since(&silence).or(last).unwrap_or(at);
    let mut prose = Prose::default();
    prose.value(capital(&name)).say(" ").say(clause(case, &silence)).say(".");
    let lag = flow.level(at);
    if lag > 0 {
        prose.sentence().value(count(lag as u64)).say(if lag == 1 {
            " record waits in it."
        } else {
            " records wait in it."
        });
    }
    let faults = faults_within(case, since, at.max(since + crate::time::Span::from_micros(1)), |fault| {
        stops(fault) && concerns(case, fault, partition)
    });
    for (_, fault, _, until) in &faults {
        prose.sentence().say("The fault: ").value(fault.in_words()).say(", until ").value(case.at(*until)).say(".");
    }
    consequence(case, partition, at, &silence, &mut prose);
    let mut steps: Vec<Step> =
        faults.iter().map(|&(place, fault, from, until)| fault_step(place, fault, from, until)).collect();
    if let Some(last) = last {
        let step = Step::new(last, "last record arrives", Mark::OnTime, Link::Instant(last));
        steps.push(step.detail(format!("{} ago", length(at - last))));
    }
    let input = metrics.input_of(partition, at);
    if let Some((rose, own)) = metrics.inputs().last_rise(input, at) {
        let step = Step::new(rose, "raises its watermark last", Mark::Watermark, Link::Instant(rose));
        steps.push(step.detail(format!("W {}", case.happened(own))));
    }
    if !silence.is_active() && since.is_finite() {
        let link = link_of(&silence).unwrap_or(Link::Instant(since));
        steps.push(Step::new(since, silence.word(), mark(&silence), link));
    }
    if let Some(next) = next {
        let step = Step::new(next, "next record arrives", Mark::OnTime, Link::Instant(next));
        steps.push(step.detail(format!("{} later", length(next - at))));
    }
    steps.sort_by_key(|step| step.at.micros());
    let stream = &case.trace.stream;
    let own = (0..stream.len() as u32).map(RecordId).filter(|&id| stream.partition(id) == partition);
    Some(Explanation {
        subject: Subject::Partition { partition, at },
        title: if silence.is_active() {
            format!("{} is active", capital(&name))
        } else {
            format!("{} is {}", capital(&name), silence.word())
        },
        mark: mark(&silence),
        prose,
        steps,
        horizon: None,
        group: Some(Group::of(case.trace, format!("All of {name}"), "", own)),
        name,
    })
}

/// What its silence does to others.
fn consequence(case: &Case<'_>, partition: PartitionId, at: ProcTime, silence: &Silence, prose: &mut Prose) {
    let Some(metrics) = case.metrics else { return };
    let inputs = metrics.inputs();
    let input = metrics.input_of(partition, at);
    let (_, holders) = inputs.holders(at);
    let ahead = inputs.all().map(|other| inputs.watermark(other, at)).max().unwrap_or(EventTime::MIN);
    let own = inputs.watermark(input, at);
    if let Silence::Idle { .. } = silence {
        prose.sentence().say("The watermark goes on without it; what it still sends may come too late.");
    } else if holders.contains(&input) && inputs.all().count() > 1 {
        prose.sentence().say("Its watermark is the least, so everything waits for it");
        if own > EventTime::MIN && ahead > own {
            prose.say(": the others are ").value(length(ahead - own)).say(" further");
        }
        prose.say(".");
    }
}

/// Whether a fault can make this partition silent.
fn concerns(case: &Case<'_>, fault: &Fault, partition: PartitionId) -> bool {
    match fault {
        Fault::Silent { partition: Some(of), .. } | Fault::LeaderFails { partition: of, .. } => *of == partition.0,
        Fault::Poison { partition: Some(of), .. } => *of == partition.0,
        Fault::Offline { .. } | Fault::SlowSink { .. } | Fault::FailingSink { .. } => {
            case.trace.stream.partitions() < 2
        }
        _ => true,
    }
}

const fn since(silence: &Silence) -> Option<ProcTime> {
    match silence {
        Silence::Active | Silence::Starved(_) => match silence {
            Silence::Starved(Hunger::Since(at)) => Some(*at),
            _ => None,
        },
        Silence::Idle { since, .. }
        | Silence::Blocked { since, .. }
        | Silence::Poisoned { since, .. }
        | Silence::Paused { since, .. }
        | Silence::Rebalance { since, .. }
        | Silence::Limited { since }
        | Silence::Down { since }
        | Silence::Finished { since } => Some(*since),
        Silence::HeldBack { since, .. } => *since,
    }
}

fn link_of(silence: &Silence) -> Option<Link> {
    match silence {
        Silence::Poisoned { record, .. } => Some(Link::Record(*record)),
        Silence::Blocked { on: TaskId::Sink, since } => Some(Link::Instant(*since)),
        _ => None,
    }
}

const fn mark(silence: &Silence) -> Mark {
    match silence {
        Silence::Active | Silence::Finished { .. } => Mark::Good,
        Silence::Idle { .. } | Silence::Starved(_) => Mark::Waiting,
        Silence::HeldBack { .. } => Mark::Watermark,
        Silence::Blocked { .. } | Silence::Limited { .. } | Silence::Paused { .. } => Mark::Backpressure,
        Silence::Poisoned { .. } => Mark::Dropped,
        Silence::Rebalance { .. } | Silence::Down { .. } => Mark::Fault,
    }
}
