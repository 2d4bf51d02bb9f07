//! Bugs that are planted on purpose, to see that [`crate::chaos`] finds them: a check that cannot fail is
//! not a check. No scenario and no command but `highwater chaos --sabotage` can ask for one.

use std::sync::atomic::{AtomicU64, Ordering};

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sabotage {
    /// Senders do not wait for credits.
    IgnoreCredits,
    /// Window operators know of no allowed lateness.
    ForgetLateness,
    /// A silent partition is taken for idle after a quarter of the time.
    IdleTooEagerly,
    /// Where the clock raises a watermark, it is sent a second too low.
    WatermarkGoesBack,
    /// Late records are dropped where they should go to the side output, and the other way round.
    MislabelLate,
    /// The final watermark does not reach the first window task.
    ForgetFlush,
    /// A source task that crashes forgets the record in its hand.
    LoseInHand,
    /// Tasks do not hold channels back while barriers align.
    SkipAlignment,
    /// A transaction is committed with what was written after its checkpoint.
    CommitEarly,
    /// A restart does not abort the open transactions.
    NeverAbort,
    /// What barriers have overtaken is not put back.
    LoseInFlight,
    /// The log is read again from one record too early.
    RewindTooFar,
    /// The log is read again from one record too late.
    RewindTooLittle,
    /// The log is not read again at all.
    NoRewind,
    /// Window tasks are restarted without their state.
    ForgetState,
    /// Window tasks are restarted with the state that they had when they crashed.
    KeepState,
    /// The job is not started again.
    NeverRestart,
    /// Keyframes do not hold how far the watermark was.
    KeyframeForgets,
    /// Some draws do not come from the seed.
    Unseeded,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::IgnoreCredits,
        Self::ForgetLateness,
        Self::IdleTooEagerly,
        Self::WatermarkGoesBack,
        Self::MislabelLate,
        Self::ForgetFlush,
        Self::LoseInHand,
        Self::SkipAlignment,
        Self::CommitEarly,
        Self::NeverAbort,
        Self::LoseInFlight,
        Self::RewindTooFar,
        Self::RewindTooLittle,
        Self::NoRewind,
        Self::ForgetState,
        Self::KeepState,
        Self::NeverRestart,
        Self::KeyframeForgets,
        Self::Unseeded,
    ];

    /// Its name on the command line: `skip-alignment`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IgnoreCredits => "ignore-credits",
            Self::ForgetLateness => "forget-lateness",
            Self::IdleTooEagerly => "idle-too-eagerly",
            Self::WatermarkGoesBack => "watermark-goes-back",
            Self::MislabelLate => "mislabel-late",
            Self::ForgetFlush => "forget-flush",
            Self::LoseInHand => "lose-in-hand",
            Self::SkipAlignment => "skip-alignment",
            Self::CommitEarly => "commit-early",
            Self::NeverAbort => "never-abort",
            Self::LoseInFlight => "lose-in-flight",
            Self::RewindTooFar => "rewind-too-far",
            Self::RewindTooLittle => "rewind-too-little",
            Self::NoRewind => "no-rewind",
            Self::ForgetState => "forget-state",
            Self::KeepState => "keep-state",
            Self::NeverRestart => "never-restart",
            Self::KeyframeForgets => "keyframe-forgets",
            Self::Unseeded => "unseeded",
        }
    }

    /// A number that is another one every time, for [`Sabotage::Unseeded`].
    pub(in crate::runtime) fn draw() -> u64 {
        static DRAWN: AtomicU64 = AtomicU64::new(0);
        DRAWN.fetch_add(1, Ordering::Relaxed)
    }

    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}
