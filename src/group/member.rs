//! One member of a group as the coordinator sees it: whether it is heard of, whether it asks for
//! records, and how far it has come in a rebalance.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::group::event::Removal;
use crate::group::spec::GroupSpec;
use crate::record::PartitionId;
use crate::time::{ProcTime, Span};

/// One member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// An instant at which it sent a heartbeat; the others are whole intervals away.
    beat: ProcTime,
    /// Of its last heartbeat, when it has fallen silent.
    silent_since: Option<ProcTime>,
    /// Of its last poll, when it has stopped polling.
    stalled_since: Option<ProcTime>,
    /// How far it has come in the rebalance that is under way.
    pub rejoin: Rejoin,
    /// What it reads.
    pub owned: BTreeSet<PartitionId>,
    /// What it was assigned in the last round.
    pub before: BTreeSet<PartitionId>,
}

/// How far a member has come in a rebalance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rejoin {
    /// It does not react.
    Unaware,
    /// It hears of the rebalance then.
    Hears(ProcTime),
    /// It has heard, and its request arrives then.
    Joins(ProcTime),
    /// It waits for its partitions.
    Joined,
}

impl Member {
    /// A member that joins now.
    pub const fn new(now: ProcTime) -> Self {
        Self {
            beat: now,
            silent_since: None,
            stalled_since: None,
            rejoin: Rejoin::Unaware,
            owned: BTreeSet::new(),
            before: BTreeSet::new(),
        }
    }

    /// Whether it sends heartbeats and asks for records.
    pub const fn is_responsive(&self) -> bool {
        self.silent_since.is_none() && self.stalled_since.is_none()
    }

    /// Nothing is heard of it from now on.
    pub fn fall_silent(&mut self, now: ProcTime, spec: &GroupSpec) {
        if self.silent_since.is_none() {
            let interval = spec.heartbeat_interval.micros().max(1);
            let beats = (now - self.beat).micros().div_euclid(interval);
            self.silent_since = Some(self.beat + Span::from_micros(beats * interval));
            self.lose_track();
        }
    }

    /// It is heard of.
    pub const fn is_heard(&mut self, now: ProcTime) {
        self.beat = now;
        self.silent_since = None;
    }

    /// It asks for no more records.
    pub fn stall(&mut self, now: ProcTime) {
        if self.stalled_since.is_none() {
            self.stalled_since = Some(now);
            self.lose_track();
        }
    }

    /// It asks for records again.
    pub const fn poll(&mut self) {
        self.stalled_since = None;
    }

    /// A rebalance that it has not joined goes on without it.
    fn lose_track(&mut self) {
        if self.rejoin != Rejoin::Joined {
            self.rejoin = Rejoin::Unaware;
        }
    }

    /// The first heartbeat after `now`, or at it.
    pub fn next_beat(&self, now: ProcTime, spec: &GroupSpec) -> ProcTime {
        let interval = spec.heartbeat_interval.micros().max(1);
        let since = (now - self.beat).micros();
        now + Span::from_micros((-since).rem_euclid(interval))
    }

    /// When and why it is removed, if nothing changes.
    pub fn removal(&self, spec: &GroupSpec) -> Option<(ProcTime, Removal)> {
        let session = self.silent_since.map(|since| (since + spec.session_timeout, Removal::SessionTimeout));
        // A member leaves by itself when it is too slow, unless it is cut off.
        let stalled = if self.silent_since.is_some() { None } else { self.stalled_since };
        let poll = stalled.map(|since| (since + spec.max_poll_interval, Removal::MaxPollInterval));
        session.into_iter().chain(poll).min_by_key(|&(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_millis(secs * 1_000)
    }

    #[test]
    fn heartbeats_come_at_whole_intervals_from_joining() {
        let spec = GroupSpec::default();
        let member = Member::new(at(10));
        assert_eq!(member.next_beat(at(10), &spec), at(10));
        assert_eq!(member.next_beat(at(11), &spec), at(13));
        assert_eq!(member.next_beat(at(13), &spec), at(13));
    }

    #[test]
    fn the_session_counts_from_the_last_heartbeat_and_polls_from_the_last_poll() {
        let spec = GroupSpec::default();
        let mut silent = Member::new(at(10));
        silent.fall_silent(at(20), &spec);
        silent.fall_silent(at(30), &spec);
        assert_eq!(silent.removal(&spec), Some((at(19 + 45), Removal::SessionTimeout)));
        silent.is_heard(at(40));
        assert_eq!((silent.removal(&spec), silent.next_beat(at(41), &spec)), (None, at(43)));
        let mut stalled = Member::new(at(10));
        stalled.stall(at(20));
        stalled.stall(at(30));
        assert_eq!(stalled.removal(&spec), Some((at(20 + 300), Removal::MaxPollInterval)));
        assert!(!stalled.is_responsive());
        stalled.fall_silent(at(200), &spec);
        assert_eq!(stalled.removal(&spec), Some((at(199 + 45), Removal::SessionTimeout)));
        stalled.poll();
        assert!(!stalled.is_responsive());
    }
}
