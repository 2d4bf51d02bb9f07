//! What a consumer group did during a run: its rebalances, who read which partition, and when nobody
//! did. Plain data in the order of time; empty where partitions are divided once and for all.

use std::fmt;

use crate::record::PartitionId;
use crate::runtime::TaskId;
use crate::time::ProcTime;

/// One rebalance of a group. A cooperative one whose second round hands out what the first has revoked
/// counts as two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebalance {
    /// When it began.
    pub started_at: ProcTime,
    /// When every member knew its partitions; [`ProcTime::MAX`] where they did not by the end.
    pub finished_at: ProcTime,
    /// Why it began.
    pub cause: RebalanceCause,
    /// How many rebalances of the group had finished with it, the one before the run included; 0 while
    /// it is under way.
    pub generation: u32,
    /// How many members the group had when it finished; 0 while it is under way.
    pub members: u32,
}

/// Why a rebalance began. Tasks are source tasks, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RebalanceCause {
    /// A member joined.
    Joined(u16),
    /// A member left and said so.
    Left(u16),
    /// Nothing was heard of a member for the session timeout.
    SessionTimeout(u16),
    /// A member did not ask for records for the longest time between polls.
    MaxPollInterval(u16),
    /// A member did not come to the rebalance before in that time.
    RebalanceTimeout(u16),
    /// What was revoked in the round before is given to others.
    SecondRound,
}

impl RebalanceCause {
    /// The member that it is about; `None` for a second round.
    pub const fn task(self) -> Option<u16> {
        match self {
            Self::Joined(task)
            | Self::Left(task)
            | Self::SessionTimeout(task)
            | Self::MaxPollInterval(task)
            | Self::RebalanceTimeout(task) => Some(task),
            Self::SecondRound => None,
        }
    }
}

/// As on screen: `source 2 timed out`.
impl fmt::Display for RebalanceCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (task, what) = match *self {
            Self::Joined(task) => (task, "joined"),
            Self::Left(task) => (task, "left"),
            Self::SessionTimeout(task) => (task, "timed out"),
            Self::MaxPollInterval(task) => (task, "did not poll"),
            Self::RebalanceTimeout(task) => (task, "missed the rebalance"),
            Self::SecondRound => return f.write_str("second round"),
        };
        write!(f, "{} {what}", TaskId::Source(task))
    }
}

/// A stretch of time in which nobody read a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Which.
    pub partition: PartitionId,
    /// Since when.
    pub from: ProcTime,
    /// Until when; [`ProcTime::MAX`] where nobody did to the end.
    pub until: ProcTime,
    /// Why.
    pub reason: PauseReason,
}

/// Why nobody reads a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseReason {
    /// It belongs to nobody: its member gave it up or was removed, and no other has it yet.
    Rebalance,
    /// It belongs to this source task, of which nothing is heard.
    Silent(u16),
    /// It belongs to this source task, which does not ask for records.
    Stalled(u16),
}

/// From here on, this source task reads a partition, or nobody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerStep {
    /// When; [`ProcTime::MIN`] for how it was when the run began.
    pub at: ProcTime,
    /// Which partition.
    pub partition: PartitionId,
    /// The source task that has it, from 0.
    pub owner: Option<u16>,
}
