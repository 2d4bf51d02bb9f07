//! Why nothing happens: of the watermark (what everything waits for), of a partition, of a key.
//!
//! Silence is not idleness: an input that says nothing is taken for slow until it is declared idle, and
//! its last claim holds the watermark down for all.

mod key;
mod partition;
mod watermark;

pub(super) use key::explain as explain_key;
pub(super) use partition::explain as explain_partition;
pub(super) use watermark::{explain as explain_watermark, stand};

use crate::explain::case::{Case, length};
use crate::explain::story::{Link, Mark, Step};
use crate::metrics::tasks::{Hunger, Silence};
use crate::runtime::PauseReason;
use crate::scenario::Fault;
use crate::time::ProcTime;

/// Faults that last at some instant of a stretch and that can make something silent.
fn faults_within<'a>(
    case: &Case<'a>,
    from: ProcTime,
    until: ProcTime,
    concerns: impl Fn(&Fault) -> bool,
) -> Vec<(u32, &'a Fault, ProcTime, ProcTime)> {
    let all = case.faults();
    all.filter(|&(_, fault, begins, ends)| {
        let is_moment = begins == ends || matches!(fault, Fault::Crash { .. });
        let overlaps = begins < until && (from < ends || (is_moment && from <= begins));
        overlaps && concerns(fault)
    })
    .collect()
}

/// Whether a fault stops records, or those who handle them.
const fn stops(fault: &Fault) -> bool {
    !matches!(
        fault,
        Fault::HotKey { .. } | Fault::Burst { .. } | Fault::ClockJump { .. } | Fault::CheckpointStorage { .. }
    )
}

fn fault_step(place: u32, fault: &Fault, from: ProcTime, until: ProcTime) -> Step {
    let link = Link::Fault { place, at: from };
    let lasts = if matches!(fault, Fault::Crash { .. }) || until <= from {
        String::new()
    } else {
        format!("for {}", length(until - from))
    };
    Step::new(from, fault.in_words(), Mark::Fault, link).detail(lasts)
}

/// What a silence means, as the clause of a sentence: `nothing has come since 12:04:00`.
fn clause(case: &Case<'_>, silence: &Silence) -> String {
    match silence {
        Silence::Active => "is not silent".to_owned(),
        Silence::Starved(Hunger::Since(at)) => format!("has been silent since {}", case.at(*at)),
        Silence::Starved(Hunger::Never) => "has never said anything".to_owned(),
        Silence::Blocked { on, since } => format!("waits for a place in front of {on} since {}", case.at(*since)),
        Silence::Rebalance { why: PauseReason::Rebalance, since } => {
            format!("is read by nobody since {}: the consumer group is dividing it anew", case.at(*since))
        }
        Silence::Poisoned { record, since } => {
            format!("stands in front of record {}, on which its source crashes since {}", record.0, case.at(*since))
        }
        other => format!("is {}: {}", other.word(), other.reason(case.clock())),
    }
}
