//! Records that belong together, by what became of them: those that shared a cause, or a window.

use serde::Serialize;

use crate::human::count;
use crate::record::RecordId;
use crate::runtime::{Fate, Trace};

/// So many are named one by one; of more, only the counts are kept.
pub const NAMED: usize = 120;

/// What became of a record, as a mark tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Dropped late.
    Dropped,
    /// Shed, lost, or refused.
    GivenUp,
    /// To the side output.
    SideOutput,
    /// Behind the watermark, and counted.
    Behind,
    /// On time.
    OnTime,
    /// Not handled by the end of the run.
    InFlight,
    /// In no window.
    Unassigned,
}

impl Outcome {
    /// Every outcome, in the order in which they are shown.
    pub const ALL: [Self; 7] =
        [Self::Dropped, Self::GivenUp, Self::SideOutput, Self::Behind, Self::OnTime, Self::InFlight, Self::Unassigned];

    /// That of a record.
    pub fn of(trace: &Trace, id: RecordId) -> Self {
        match trace.fates[id.index()] {
            Fate::Counted if trace.is_behind(id) => Self::Behind,
            Fate::Counted => Self::OnTime,
            Fate::DroppedLate => Self::Dropped,
            Fate::SideOutput => Self::SideOutput,
            Fate::Unassigned => Self::Unassigned,
            Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered => Self::GivenUp,
            Fate::InFlight => Self::InFlight,
        }
    }

    /// In words, behind a number: `14 dropped`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::GivenUp => "given up",
            Self::SideOutput => "to the side output",
            Self::Behind => "behind but counted",
            Self::OnTime => "on time",
            Self::InFlight => "not handled yet",
            Self::Unassigned => "in no window",
        }
    }
}

/// Records that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they share: `Offline with it`.
    pub title: String,
    /// How many of what: `46 records of T3`.
    pub caption: String,
    /// How many of each of [`Outcome::ALL`].
    pub counts: [u64; 7],
    /// Each of them, by outcome and then in order; empty where there are more than [`NAMED`].
    pub members: Vec<(Outcome, RecordId)>,
}

impl Group {
    /// Sorts records by what became of them; the caption says how many there are of `what`.
    pub fn of(trace: &Trace, title: impl Into<String>, what: &str, records: impl Iterator<Item = RecordId>) -> Self {
        let mut counts = [0; 7];
        let mut members = Vec::new();
        let mut all: u64 = 0;
        for id in records {
            let outcome = Outcome::of(trace, id);
            counts[outcome as usize] += 1;
            all += 1;
            if members.len() <= NAMED {
                members.push((outcome, id));
            }
        }
        if members.len() > NAMED {
            members = Vec::new();
        }
        members.sort_unstable();
        let plural = if all == 1 { "record" } else { "records" };
        let of = if what.is_empty() { String::new() } else { format!(" {what}") };
        Self { title: title.into(), caption: format!("{} {plural}{of}", count(all)), counts, members }
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `14 dropped, 26 behind but counted, 7 on time`.
    pub fn words(&self) -> String {
        let parts = Outcome::ALL.iter().zip(self.counts).filter(|(_, amount)| *amount > 0);
        let parts: Vec<String> =
            parts.map(|(outcome, amount)| format!("{} {}", count(amount), outcome.words())).collect();
        parts.join(", ")
    }
}
