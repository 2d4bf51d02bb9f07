//! What a window is missing, by what became of it and why.

use std::collections::BTreeMap;

use crate::explain::case::Case;
use crate::explain::touched::touched;
use crate::record::RecordId;
use crate::runtime::Fate;

/// Records that a window misses for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What became of them.
    pub fate: Fate,
    /// The fault that they share, by its place in the scenario.
    pub fault: Option<u32>,
    /// Which they are, in the order of the trace; at least one.
    pub records: Vec<RecordId>,
}

impl Missing {
    /// `dropped`, as after "12 were".
    pub const fn words(&self) -> &'static str {
        match self.fate {
            Fate::DroppedLate | Fate::Counted | Fate::Unassigned => "dropped",
            Fate::SideOutput => "sent to the side output",
            Fate::Shed => "shed",
            Fate::Lost => "lost",
            Fate::Rejected => "refused",
            Fate::DeadLettered => "sent to the dead letters",
            Fate::InFlight => "not handled",
        }
    }
}

/// Sorts what is missing by fate and fault; the largest part first.
pub fn missing_by_cause(case: &Case<'_>, missing: &[RecordId]) -> Vec<Missing> {
    let mut by_cause: BTreeMap<(Fate, Option<u32>), Vec<RecordId>> = BTreeMap::new();
    for &id in missing {
        let fault = touched(case, id).first().map(|touch| touch.place);
        by_cause.entry((case.trace.fates[id.index()], fault)).or_default().push(id);
    }
    let parts = by_cause.into_iter().map(|((fate, fault), records)| Missing { fate, fault, records });
    let mut parts: Vec<Missing> = parts.collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.records.len()));
    parts
}
