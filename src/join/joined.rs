//! How a stream of pairs came about: the pairs, the streams that they are of, and what became of every
//! record. A stream that a join made carries this beside it.

use crate::join::Pair;
use crate::join::spec::JoinKind;
use crate::record::Stream;
use crate::time::{ProcTime, Span};

/// What became of a record of either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JoinFate {
    /// In at least one pair.
    Matched,
    /// In none, and the watermark says that nothing will come for it any more.
    Unmatched,
    /// In none when the input ended, and something may still come. A change of a table that nothing
    /// has asked for is one of these.
    Waiting,
    /// Behind the watermark when it came, so it took no part.
    Late,
}

impl JoinFate {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Unmatched => "unmatched",
            Self::Waiting => "waiting",
            Self::Late => "late",
        }
    }
}

/// A join of two streams that has been run.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// Which records went together.
    pub kind: JoinKind,
    /// The pairs, with the instant at which each came out; in that order.
    pub pairs: Vec<(ProcTime, Pair)>,
    /// The first stream.
    pub left: Stream,
    /// The second stream, with keys numbered as in the first.
    pub right: Stream,
    /// What became of the first stream's records, in their order.
    pub left_fates: Vec<JoinFate>,
    /// What became of the second stream's records, in their order.
    pub right_fates: Vec<JoinFate>,
    /// How long the record of each pair waited that came first: from its arrival to the pair. Ascending.
    pub waits: Vec<Span>,
    /// The most records (windows, or rows and records that wait) that were kept at once.
    pub max_kept: usize,
}
