//! The outcome that a change is to bring about, and whether a run has it.

use crate::explain::case::Case;
use crate::explain::price::same::same_record;
use crate::explain::story::Subject;
use crate::explain::window;
use crate::record::{KeyId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::{EventTime, ProcTime};
use crate::window::pane::Window;

/// The outcome that a change is to bring about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A record that is in no result is counted.
    Count(RecordId),
    /// A record that was counted behind the watermark comes on time.
    OnTime(RecordId),
    /// A record that its source crashes on does not stop the stream.
    GoOn(RecordId),
    /// A window says the complete answer.
    Complete {
        /// The key; all of them when `None`.
        key: Option<KeyId>,
        /// The window.
        window: Window,
    },
    /// A window that never fired does.
    Fire {
        /// The key; all of them when `None`.
        key: Option<KeyId>,
        /// The window.
        window: Window,
    },
    /// The watermark is further at an instant than it was.
    Rise {
        /// The instant.
        at: ProcTime,
        /// Where it was.
        above: EventTime,
    },
}

impl Goal {
    /// What to wish for; `None` where the outcome is good.
    pub(super) fn of(case: &Case<'_>, subject: Subject) -> Option<Self> {
        let trace = case.trace;
        match subject {
            Subject::Record(id) => match *trace.fates.get(id.index())? {
                Fate::Counted if trace.is_behind(id) => Some(Self::OnTime(id)),
                Fate::Counted => None,
                Fate::InFlight if crate::explain::crashes(trace, id).next().is_some() => Some(Self::GoOn(id)),
                Fate::InFlight => None,
                _ => Some(Self::Count(id)),
            },
            Subject::Window { key, window } => Self::of_window(case, key, window),
            Subject::Pane(place) => {
                let pane = trace.panes.get(place as usize)?;
                Self::of_window(case, Some(pane.key), pane.window)
            }
            Subject::Partition { at, .. } | Subject::Watermark { at } => {
                Some(Self::Rise { at, above: trace.watermark_at(at) })
            }
            Subject::Key { .. } => None,
        }
    }

    fn of_window(case: &Case<'_>, key: Option<KeyId>, window: Window) -> Option<Self> {
        let standing = window::standing(case, key, window);
        if !standing.has_fired {
            return Some(Self::Fire { key, window });
        }
        (!standing.is_right).then_some(Self::Complete { key, window })
    }

    /// What the change is to do, as a heading.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Count(_) => "Smallest change that counts it",
            Self::OnTime(_) => "Smallest change that has it on time",
            Self::GoOn(_) => "Smallest change that gets past it",
            Self::Complete { .. } => "Smallest change that makes it right",
            Self::Fire { .. } => "Smallest change that fires it",
            Self::Rise { .. } => "Smallest change that lets it rise",
        }
    }

    /// Whether a run of this case's input, with a changed scenario, has the outcome.
    pub(super) fn is_met(&self, base: &Trace, trial: &Case<'_>) -> bool {
        let trace = trial.trace;
        let same = |id: RecordId| same_record(&base.stream, id, &trace.stream);
        match *self {
            Self::Count(id) => same(id).is_some_and(|own| {
                let was_refused = matches!(base.fates[id.index()], Fate::Rejected);
                match trace.fates[own.index()] {
                    Fate::Counted => true,
                    // Where no setting can count it, being kept for somebody is what is left.
                    Fate::SideOutput => base.fates[id.index()] == Fate::DroppedLate,
                    Fate::DeadLettered => was_refused,
                    _ => false,
                }
            }),
            Self::OnTime(id) => {
                same(id).is_some_and(|own| trace.fates[own.index()] == Fate::Counted && !trace.is_behind(own))
            }
            Self::GoOn(id) => same(id).is_some_and(|own| trace.fates[own.index()] != Fate::InFlight),
            Self::Complete { key, window } => {
                let standing = window::standing(trial, key, window);
                standing.is_right || (standing.missing == 0 && standing.has_fired && standing.said.is_none())
            }
            Self::Fire { key, window } => window::standing(trial, key, window).has_fired,
            Self::Rise { at, above } => trace.watermark_at(at) > above,
        }
    }
}
