//! The schema gate at the end of every source task: a record that does not pass is given up, goes to the
//! dead letters, or crashes the task.
//!
//! Which records do not pass is known before the run, because the verdict is a function of the record
//! alone. A refused record raises no watermark. Dead letters take no time to write while their sink
//! works.

use crate::gate::{DeadLetterFailure, GatePolicy, verdict};
use crate::record::{RecordId, Stream};
use crate::runtime::RunConfig;
use crate::runtime::trace::Fate;
use crate::runtime::virtual_time::Simulation;
use crate::scenario::Fault;
use crate::time::{EventTime, ProcTime};

/// What does not change about the gate during a run.
#[derive(Debug)]
pub struct GatePlan {
    /// The records that do not pass, ascending.
    refused: Vec<RecordId>,
    policy: GatePolicy,
    when_dead_letters_fail: DeadLetterFailure,
    /// When nothing can be written to the dead letters.
    failures: Vec<(ProcTime, ProcTime)>,
}

/// What the gate does with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It passes.
    Open,
    /// It is refused, and this becomes of it.
    Refused(Fate),
    /// It is refused and cannot be written to the dead letters before this.
    Waits(ProcTime),
    /// The task crashes on it.
    Crashes,
}

impl GatePlan {
    pub fn new(stream: &Stream, config: &RunConfig) -> Self {
        let gate = &config.pipeline.gate;
        let failure = |fault: &Fault| match *fault {
            Fault::DeadLetterSink { from, until } => Some((config.origin + from, config.origin + until)),
            _ => None,
        };
        Self {
            refused: verdict::refused(gate, stream),
            policy: gate.policy,
            when_dead_letters_fail: gate.when_dead_letters_fail,
            failures: config.faults.iter().filter_map(failure).collect(),
        }
    }

    /// Whether every record passes.
    pub const fn is_open(&self) -> bool {
        self.refused.is_empty()
    }

    /// What becomes of a record that is at the gate at `now`.
    #[inline]
    pub fn passage(&self, id: RecordId, now: ProcTime) -> Passage {
        if self.refused.is_empty() || self.refused.binary_search(&id).is_err() {
            return Passage::Open;
        }
        match self.policy {
            GatePolicy::Crash => Passage::Crashes,
            GatePolicy::Reject => Passage::Refused(Fate::Rejected),
            GatePolicy::DeadLetter => match (self.dead_letters_back_at(now), self.when_dead_letters_fail) {
                (None, _) => Passage::Refused(Fate::DeadLettered),
                (Some(_), DeadLetterFailure::Drop) => Passage::Refused(Fate::Rejected),
                (Some(until), DeadLetterFailure::Wait) => Passage::Waits(until),
            },
        }
    }

    /// When dead letters can be written again; `None` when they can be now.
    fn dead_letters_back_at(&self, now: ProcTime) -> Option<ProcTime> {
        let under_way = self.failures.iter().filter(|&&(from, until)| from <= now && now < until);
        under_way.map(|&(_, until)| until).max()
    }
}

impl Simulation {
    /// A record has not passed the gate, and is out of the log.
    pub(super) fn refuse(&mut self, source: usize, id: RecordId, fate: Fate) {
        let partition = self.plan.stream.partition(id);
        self.state.sources[source].clock.on_lost(partition);
        self.clock_changed(source);
        self.settle_unseen(id, fate, EventTime::MIN);
    }
}
