//! What happens to a consumer group, and what it does then.

use serde::{Deserialize, Serialize};

use crate::record::PartitionId;
use crate::time::ProcTime;

/// A member of the group, from 0. Assignors go by this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberId(pub u32);

/// What happens to a member. From joining on it sends heartbeats and asks for records by itself, until
/// an event says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It joins, for the first time or again. Who is a member and responsive already stays one.
    Join(MemberId),
    /// It closes and says so.
    Leave(MemberId),
    /// It asks for no more records, because it works too long on some; its heartbeats go on.
    StopPolling(MemberId),
    /// It asks for records again.
    Poll(MemberId),
    /// Nothing is heard of it any more: it crashed, or lost its network.
    FallSilent(MemberId),
    /// It is heard of again.
    Heartbeat(MemberId),
}

/// What the group does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// A rebalance begins.
    RebalanceStarted {
        /// When.
        at: ProcTime,
        /// Why.
        cause: Cause,
    },
    /// A member is not part of the group any more.
    Removed {
        /// When.
        at: ProcTime,
        /// Which.
        member: MemberId,
        /// Why.
        why: Removal,
        /// What it had, ascending. Who left has stopped reading; any other may not know it yet, and what
        /// it does from here on is done twice.
        partitions: Vec<PartitionId>,
    },
    /// A member stops reading these partitions; ascending, at least one.
    Revoked {
        /// When.
        at: ProcTime,
        /// Who.
        member: MemberId,
        /// Which.
        partitions: Vec<PartitionId>,
    },
    /// A member begins to read these partitions, from their committed offsets; ascending, at least one.
    Assigned {
        /// When.
        at: ProcTime,
        /// Who.
        member: MemberId,
        /// Which, beside those that it reads already.
        partitions: Vec<PartitionId>,
    },
    /// A rebalance is over. The next one may begin at the same instant: the second round of the
    /// cooperative protocol.
    RebalanceFinished {
        /// When.
        at: ProcTime,
        /// How many have finished, this one included.
        generation: u32,
    },
    /// A member that was removed is heard of again and told so. It has to join anew.
    Fenced {
        /// When.
        at: ProcTime,
        /// Which.
        member: MemberId,
    },
}

/// Why a rebalance begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A member joined.
    Joined(MemberId),
    /// A member was removed.
    Removed(MemberId),
    /// What was revoked in the round before is given to others.
    SecondRound,
}

/// Why a member was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    /// It said so.
    Left,
    /// No heartbeat for the session timeout.
    SessionTimeout,
    /// It did not ask for records for the longest time between polls.
    MaxPollInterval,
    /// It did not join a rebalance in that time.
    RebalanceTimeout,
}
