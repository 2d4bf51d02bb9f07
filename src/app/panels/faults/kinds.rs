//! What can be broken in the middle of a run: for each button the fault that it puts into the scenario at
//! an instant, or why there is none. Pure data.
//!
//! A fault begins at the first whole millisecond that is not before the cursor, so everything before the
//! cursor stays as it was.

use crate::app::panels::faults::choice::{Choice, Victims};
use crate::gate::{Defect, GatePolicy};
use crate::record::{RecordId, Stream};
use crate::scenario::check::MAX_FAULTS;
use crate::scenario::{Fault, Scenario, SourceSpec, Synthetic, Victim};
use crate::time::{ProcTime, Span};

/// A button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A task ends, and is started again.
    Crash,
    /// A task takes longer for every record.
    Slow,
    /// The sink refuses what is written.
    FailSink,
    /// Nothing gets from a source to a window.
    CutNetwork,
    /// Nothing comes from somewhere.
    Silence,
    /// One key comes far more often.
    HotKey,
    /// The next record cannot be read.
    Poison,
    /// A member of the group is not heard of.
    Rebalance,
    /// Everything comes more often.
    Burst,
}

impl Kind {
    /// All of them, in the order of the row.
    pub const ALL: [Self; 9] = [
        Self::Crash,
        Self::Slow,
        Self::FailSink,
        Self::CutNetwork,
        Self::Silence,
        Self::HotKey,
        Self::Poison,
        Self::Rebalance,
        Self::Burst,
    ];

    /// The text on the button.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Crash => "Crash a task",
            Self::Slow => "Slow a task",
            Self::FailSink => "Fail the sink",
            Self::CutNetwork => "Cut the network",
            Self::Silence => "Silence a producer",
            Self::HotKey => "Hot key",
            Self::Poison => "Poison record",
            Self::Rebalance => "Rebalance",
            Self::Burst => "Burst",
        }
    }

    /// What happens then, in a sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Crash => "A task ends at the cursor; the job is restarted from its last checkpoint",
            Self::Slow => "Window tasks take longer for every record, for a while",
            Self::FailSink => "The sink refuses every result for a while, and tries again each second",
            Self::CutNetwork => "Nothing gets from a source task to a window task for a while, barriers neither",
            Self::Silence => "Nothing comes from a key, a partition or a producer for a while",
            Self::HotKey => "One key gets most of the records for a while",
            Self::Poison => "The next records to happen hold something that cannot be read",
            Self::Rebalance => "A member of the group falls silent, and others get its partitions",
            Self::Burst => "Everything happens more often for a while",
        }
    }

    /// The button that makes such a fault; `None` where there is none.
    pub const fn of(fault: &Fault) -> Option<Self> {
        match fault {
            Fault::Crash { .. } => Some(Self::Crash),
            Fault::SlowOperator { .. } => Some(Self::Slow),
            Fault::FailingSink { .. } | Fault::SlowSink { .. } => Some(Self::FailSink),
            Fault::NetworkPartition { .. } => Some(Self::CutNetwork),
            Fault::Silent { .. } | Fault::Offline { .. } => Some(Self::Silence),
            Fault::HotKey { .. } => Some(Self::HotKey),
            Fault::Poison { .. } => Some(Self::Poison),
            Fault::MemberSilent { .. }
            | Fault::MemberStalls { .. }
            | Fault::MemberLeaves { .. }
            | Fault::MemberJoins { .. } => Some(Self::Rebalance),
            Fault::Burst { .. } => Some(Self::Burst),
            Fault::ClockJump { .. }
            | Fault::LeaderFails { .. }
            | Fault::CheckpointStorage { .. }
            | Fault::DeadLetterSink { .. } => None,
        }
    }

    /// Whether it is about records that have not happened yet, and so needs a source that makes them.
    const fn is_before_the_log(self) -> bool {
        matches!(self, Self::Silence | Self::HotKey | Self::Poison | Self::Burst)
    }
}

/// A run that is to be broken, and where.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// What is asked for.
    pub scenario: &'a Scenario,
    /// The records of the run on screen.
    pub stream: &'a Stream,
    /// Where distances count from.
    pub origin: ProcTime,
    /// The last instant of the run on screen.
    pub end: ProcTime,
    /// The cursor.
    pub now: ProcTime,
}

impl<'a> Scene<'a> {
    /// How far the fault begins from the start of the run.
    fn at(&self) -> Span {
        let micros = (self.now - self.origin).micros().max(0);
        Span::from_millis(micros.div_euclid(1_000) + i64::from(micros.rem_euclid(1_000) > 0))
    }

    /// How long the run is.
    pub fn length(&self) -> Span {
        (self.end - self.origin).max(Span::from_millis(1))
    }

    fn synthetic(&self) -> Option<&'a Synthetic> {
        match &self.scenario.source {
            SourceSpec::Synthetic(source) => Some(source),
            SourceSpec::Recording(_) | SourceSpec::Records(_) => None,
        }
    }

    /// The fault of a button as it was chosen.
    ///
    /// # Errors
    /// Why there is none here, in a sentence.
    pub fn fault(&self, kind: Kind, choice: &Choice) -> Result<Fault, String> {
        self.applies(kind)?;
        let from = self.at();
        let until = from + choice.lasts(self.length());
        let victims = Victims::of(kind, self.scenario);
        let victim = victims.chosen(choice);
        Ok(match kind {
            Kind::Crash => Fault::Crash {
                victim: victim.task.unwrap_or(Victim::Window(0)),
                at: from,
                every: None,
                is_silent: false,
            },
            Kind::Slow => Fault::SlowOperator { task: victim.number, from, until, factor: choice.amount(kind) },
            Kind::FailSink => Fault::FailingSink { from, until, retry_after: Span::from_secs(1) },
            Kind::CutNetwork => {
                let (source, window) = victim.pair.unwrap_or((0, 0));
                Fault::NetworkPartition { source, window, from, until }
            }
            Kind::Silence => Fault::Silent {
                key: victim.key.clone(),
                partition: victim.partition,
                producer: victim.producer,
                from,
                until,
                records: choice.records,
            },
            Kind::HotKey => {
                let key = victim.key.clone().unwrap_or_default();
                Fault::HotKey { key, share: choice.amount(kind) / 100.0, from, until }
            }
            Kind::Poison => {
                let (from, until) = self.next_records(from, choice.amount(kind) as usize)?;
                let defect = Defect::WrongType("value".to_owned());
                Fault::Poison { key: None, partition: None, producer: None, share: 1.0, from, until, defect }
            }
            Kind::Rebalance => Fault::MemberSilent { task: victim.number.unwrap_or(0), from, until },
            Kind::Burst => Fault::Burst { times: choice.amount(kind), from, until },
        })
    }

    /// Whether a button can do anything here.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn applies(&self, kind: Kind) -> Result<(), String> {
        let pipeline = &self.scenario.pipeline;
        let refuse = |why: &str| Err(why.to_owned());
        if self.scenario.faults.len() >= MAX_FAULTS {
            return refuse("There are as many faults as there may be; remove one first.");
        }
        if self.now >= self.end {
            return refuse("The run is over here. Go back to an instant at which something still happens.");
        }
        if kind.is_before_the_log() {
            let Some(source) = self.synthetic() else {
                return refuse("These records were written down before. Only a synthetic source can be changed.");
            };
            if self.at() >= self.scenario.duration {
                return refuse("The source has ended here. Go back to an instant at which it still makes records.");
            }
            if kind == Kind::HotKey && source.keys.count() < 2 {
                return refuse("There is one key, and every record has it already.");
            }
        }
        match kind {
            Kind::Crash if pipeline.group.is_some() => {
                refuse("Members of a consumer group do not crash here. Use Rebalance.")
            }
            Kind::Slow if pipeline.service_time == Span::ZERO => {
                refuse("A record takes no time here, so nothing can be slower. Set the service time first.")
            }
            Kind::Poison if pipeline.group.is_some() && pipeline.gate.policy == GatePolicy::Crash => {
                refuse("A bad record would crash its reader, and members of a group do not crash. Let the gate reject.")
            }
            Kind::Rebalance if pipeline.group.is_none() => {
                refuse("The source tasks are no consumer group, so no partition ever moves.")
            }
            Kind::Rebalance if pipeline.tasks.sources < 2 => {
                refuse("The group has one member, so there is nobody to take its partitions.")
            }
            _ => Ok(()),
        }
    }

    /// The stretch in which the next so many records happen.
    fn next_records(&self, from: Span, count: usize) -> Result<(Span, Span), String> {
        let start = self.origin.on_event_clock();
        let made = |place: &usize| !self.stream.production().is_by_hand(RecordId(*place as u32));
        let after = (0..self.stream.len()).filter(made).map(|place| self.stream.event_times()[place] - start);
        let mut after: Vec<Span> = after.filter(|&at| at >= from).collect();
        after.sort_unstable();
        let (Some(&first), Some(&last)) = (after.first(), after.get(count.max(1) - 1).or(after.last())) else {
            return Err("No record happens after this instant.".to_owned());
        };
        // A clock that is wrong shows another instant than that at which a record happened.
        let slack = self.synthetic().filter(|_| !self.stream.production().clocks.is_empty());
        let slack = slack.map_or(Span::ZERO, |source| Span::from_secs_f64(1.0 / source.rate));
        Ok(((first - slack).max(from), last + slack + Span::from_micros(1)))
    }
}

/// How much longer a button's faults go on at `now`: the longest of them.
pub fn time_left(kind: Kind, faults: &[Fault], rules: &crate::log::LogRules, passed: Span) -> Option<Span> {
    let of_kind = faults.iter().filter(|fault| Kind::of(fault) == Some(kind) && kind != Kind::Crash);
    let running = of_kind.map(|fault| fault.stretch(rules)).filter(|&(from, until)| from <= passed && passed < until);
    running.map(|(_, until)| until - passed).max()
}
