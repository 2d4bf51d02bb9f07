//! Deterministic simulation tests: a pipeline, a stream and a disaster drawn from a seed, run, and
//! held against what must be true of every run.
//!
//! The way of FoundationDB's simulation and of Jepsen's checkers: everything random comes from the
//! seed, so a failure is a number that anybody can run again; what is checked is a property, computed
//! apart from the engine, and never a recorded answer.
//!
//! - [`draw`]: a scenario from a seed, small enough for hundreds of runs a second
//! - [`mod@examine`]: runs it and applies every invariant
//! - [`books`], [`order`], [`windows`], [`promise`], [`again`]: the invariants
//! - [`naive`]: the content of every window by the plainest rules that there are
//! - [`mod@shrink`]: the smallest scenario that still fails

pub mod again;
pub mod books;
pub mod draw;
mod draw_faults;
mod draw_pipeline;
mod draw_recovery;
pub mod examine;
pub mod naive;
pub mod order;
pub mod promise;
pub mod shrink;
pub mod windows;

pub use draw::scenario;
pub use examine::{Examined, examine};
pub use shrink::shrink;

use std::fmt;

/// What must be true of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// The engine does not panic, and none of its own assertions fails.
    NoPanic,
    /// At every step every record has exactly one fate, and the books say so.
    LedgerBalances,
    /// What was counted, dropped and so on is what the records say.
    FatesAreTheLedger,
    /// Virtual time never goes back.
    TimeAscends,
    /// No channel holds more than its capacity, unless it has none.
    ChannelsHoldTheirCapacity,
    /// Watermarks never go back: that of the pipeline and that of every task.
    WatermarksAscend,
    /// A record is handled after it was taken, taken after it was sent, and sent after it arrived.
    RecordsMoveForward,
    /// What one task reads of a partition comes in the order of the log.
    OrderOfAPartition,
    /// All records of a key are handled by one task.
    OneTaskPerKey,
    /// A partition is idle only after a silence.
    IdleAfterSilence,
    /// A record is counted exactly where the plainest rules say.
    FatesAreThoseOfTheRules,
    /// A window holds exactly the records that the plainest rules put there: the batch answer over
    /// those that were not dropped.
    WindowsAreThoseOfTheRules,
    /// No pane is fired after the state of its window is gone.
    NoPaneAfterItsState,
    /// The panes of a window are numbered 0, 1, 2, ...
    PanesAreNumbered,
    /// The last word on a closed window is all that it holds.
    LastPaneIsComplete,
    /// A pane is delivered after it was emitted, once.
    PanesAreDelivered,
    /// Exactly once: what readers are left with is the batch answer, nothing missing and nothing twice.
    ExactlyOnce,
    /// At least once: nothing of the batch answer is missing.
    AtLeastOnce,
    /// At most once: nothing is there twice, and what is missing is what the ledger calls lost.
    AtMostOnce,
    /// Once the faults are over, the job runs again.
    JobRunsAgain,
    /// The same scenario and seed give the same run, bit for bit.
    SameSeedSameRun,
    /// A run that is restored at an instant goes on as the run itself.
    RestoredRunGoesOn,
    /// What real threads do, done again in virtual time in the order that they recorded, is the same.
    ThreadsReplay,
    /// Once the faults are over, every record meets its fate.
    EverythingIsHandled,
}

impl Invariant {
    /// Its name on the command line and in files: `watermarks-ascend`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPanic => "no-panic",
            Self::LedgerBalances => "ledger-balances",
            Self::FatesAreTheLedger => "fates-are-the-ledger",
            Self::TimeAscends => "time-ascends",
            Self::ChannelsHoldTheirCapacity => "channels-hold-their-capacity",
            Self::WatermarksAscend => "watermarks-ascend",
            Self::RecordsMoveForward => "records-move-forward",
            Self::OrderOfAPartition => "order-of-a-partition",
            Self::OneTaskPerKey => "one-task-per-key",
            Self::IdleAfterSilence => "idle-after-silence",
            Self::FatesAreThoseOfTheRules => "fates-are-those-of-the-rules",
            Self::WindowsAreThoseOfTheRules => "windows-are-those-of-the-rules",
            Self::NoPaneAfterItsState => "no-pane-after-its-state",
            Self::PanesAreNumbered => "panes-are-numbered",
            Self::LastPaneIsComplete => "last-pane-is-complete",
            Self::PanesAreDelivered => "panes-are-delivered",
            Self::ExactlyOnce => "exactly-once",
            Self::AtLeastOnce => "at-least-once",
            Self::AtMostOnce => "at-most-once",
            Self::JobRunsAgain => "job-runs-again",
            Self::SameSeedSameRun => "same-seed-same-run",
            Self::RestoredRunGoesOn => "restored-run-goes-on",
            Self::ThreadsReplay => "threads-replay",
            Self::EverythingIsHandled => "everything-is-handled",
        }
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// What was seen, in words.
    pub told: String,
}

impl Violation {
    /// A broken promise, told in words.
    pub fn new(invariant: Invariant, told: impl Into<String>) -> Self {
        Self { invariant, told: told.into() }
    }
}

/// `watermarks-ascend: ...`.
impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant.name(), self.told)
    }
}

/// Fails with the first thing that is wrong.
pub(crate) type Checked = Result<(), Violation>;

/// Fails with this invariant and words when a condition does not hold.
fn must(holds: bool, invariant: Invariant, told: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Violation::new(invariant, told())) }
}
