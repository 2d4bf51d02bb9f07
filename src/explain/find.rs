//! What is worth asking about in a run: a dropped record, the worst window, the longest silence.

use std::collections::BTreeMap;

use crate::explain::missed::{was_gone, windows_of};
use crate::record::RecordId;
use crate::runtime::{Fate, Trace};
use crate::time::ProcTime;
use crate::window::pane::Window;

/// Three things to ask about. O(n).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suggestions {
    /// Of the records that are in no result although they should be, the one in the middle.
    pub uncounted: Option<RecordId>,
    /// The window that misses the most records, of all keys together.
    pub worst: Option<Window>,
    /// An instant in the middle of the longest time that the watermark stood still.
    pub silence: Option<ProcTime>,
}

impl Suggestions {
    /// Looks through a run.
    pub fn of(trace: &Trace) -> Self {
        let late = |id: &RecordId| matches!(trace.fates[id.index()], Fate::DroppedLate | Fate::SideOutput);
        let gone =
            |id: &RecordId| !matches!(trace.fates[id.index()], Fate::Counted | Fate::InFlight | Fate::Unassigned);
        let all = || (0..trace.fates.len() as u32).map(RecordId);
        let amount = all().filter(late).count();
        let uncounted = all().filter(late).nth(amount / 2).or_else(|| all().find(gone));
        let mut missing: BTreeMap<Window, u64> = BTreeMap::new();
        for id in all().filter(gone) {
            for window in windows_of(trace, id) {
                *missing.entry(window).or_default() += 1;
            }
        }
        if missing.is_empty() {
            for id in all().filter(|&id| trace.fates[id.index()] == Fate::Counted && trace.is_behind(id)) {
                for window in windows_of(trace, id).into_iter().filter(|&window| !was_gone(trace, window, id)) {
                    *missing.entry(window).or_default() += 1;
                }
            }
        }
        // Of several the first.
        let worst = missing.iter().rev().max_by_key(|&(_, amount)| *amount).map(|(&window, _)| window);
        Self { uncounted, worst, silence: longest_stand(trace) }
    }
}

/// The middle of the longest time between two rises of the watermark.
fn longest_stand(trace: &Trace) -> Option<ProcTime> {
    let (first, last) = trace.span()?;
    let rises = trace.watermarks.iter().map(|step| step.at);
    let ends: Vec<ProcTime> = std::iter::once(first).chain(rises).chain(std::iter::once(last)).collect();
    let stretches = ends.windows(2).filter(|pair| pair[0] < pair[1]);
    let longest = stretches.rev().max_by_key(|pair| pair[1] - pair[0])?;
    Some(longest[0] + crate::time::Span::from_micros((longest[1] - longest[0]).micros() / 2))
}
