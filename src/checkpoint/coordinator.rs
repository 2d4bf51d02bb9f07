//! The coordinator of checkpoints: triggers, acknowledgements, expiry, and how many failures are too many.
//!
//! The rules are those of Apache Flink's `CheckpointCoordinator`, `CheckpointRequestDecider` and
//! `CheckpointFailureManager`: a periodic trigger that falls into the pause is put off to its end; one that
//! finds too many under way waits until there is room; a completed checkpoint ends the older ones that are
//! under way; failures are counted one after the other, a success sets the count back, and the job fails
//! when the count exceeds the tolerable number. The caller owns the clock and says who took part.

use crate::pipeline::CheckpointSpec;
use crate::time::{ProcTime, Span};

/// What the instant of a trigger brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// A checkpoint of this number begins.
    Begins(u32),
    /// None does: it is not time yet, or another one has to end first.
    NotNow,
}

/// What an acknowledgement brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The checkpoint is not under way: what was acknowledged is of no use.
    Late,
    /// Others are still missing.
    Waiting,
    /// That was the last one. These, begun before and under way, are of no use any more.
    Complete {
        /// Ascending.
        subsumed: Vec<u32>,
    },
}

/// Why a checkpoint has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It took longer than allowed.
    Expired,
    /// A task could not write its state.
    NotStored,
    /// A later one was complete before.
    Subsumed,
    /// The job was restarted.
    Restarted,
}

impl Failure {
    /// Whether it counts against the tolerable number.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Expired | Self::NotStored)
    }
}

/// One that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pending {
    id: u32,
    began: ProcTime,
    /// By participant: it has not acknowledged.
    missing: Vec<bool>,
}

/// Decides when checkpoints begin and how they end.
#[derive(Clone, Debug)]
pub struct Coordinator {
    spec: CheckpointSpec,
    participants: usize,
    next_id: u32,
    pending: Vec<Pending>,
    /// When the timer wants to begin the next one.
    due: ProcTime,
    /// The timer has come and there was no room.
    is_queued: bool,
    last_end: Option<ProcTime>,
    failures: u32,
}

impl Coordinator {
    /// Before the first trigger, which is an interval after `start`. So many tasks take part.
    pub fn new(spec: CheckpointSpec, participants: usize, start: ProcTime) -> Self {
        Self {
            spec,
            participants,
            next_id: 1,
            pending: Vec::new(),
            due: start + spec.interval,
            is_queued: false,
            last_end: None,
            failures: 0,
        }
    }

    /// When [`Coordinator::on_due`] wants to be called; [`ProcTime::MAX`] while one has to end first.
    pub const fn due(&self) -> ProcTime {
        if self.is_queued { ProcTime::MAX } else { self.due }
    }

    /// When the oldest one that is under way expires.
    pub fn expires(&self) -> Option<(u32, ProcTime)> {
        self.pending.iter().map(|it| (it.id, it.began + self.spec.timeout)).min_by_key(|&(id, at)| (at, id))
    }

    /// The numbers of those that are under way, ascending.
    pub fn under_way(&self) -> impl Iterator<Item = u32> {
        self.pending.iter().map(|it| it.id)
    }

    /// Whether this one is under way.
    pub fn is_under_way(&self, id: u32) -> bool {
        self.pending.iter().any(|it| it.id == id)
    }

    /// Consecutive failures by now.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The timer has come.
    pub fn on_due(&mut self, now: ProcTime) -> Due {
        if self.due <= now {
            // The timer runs at a fixed rate, whatever becomes of this trigger.
            let behind = (now - self.due).micros() / self.spec.interval.micros();
            self.due = self.due + Span::from_micros(self.spec.interval.micros() * (behind + 1));
        } else if !self.is_queued {
            return Due::NotNow;
        }
        if self.pending.len() >= self.spec.max_concurrent as usize {
            self.is_queued = true;
            return Due::NotNow;
        }
        self.is_queued = false;
        if let Some(end) = self.last_end
            && end + self.spec.min_pause > now
        {
            self.due = end + self.spec.min_pause;
            return Due::NotNow;
        }
        let id = self.next_id;
        self.next_id += 1;
        self.pending.push(Pending { id, began: now, missing: vec![true; self.participants] });
        Due::Begins(id)
    }

    /// One has ended: whether the timer, which found no room, is to be asked again at once.
    pub const fn has_waited(&self) -> bool {
        self.is_queued && self.pending.len() < self.spec.max_concurrent as usize
    }

    /// A participant has stored its state.
    pub fn on_ack(&mut self, id: u32, participant: usize, now: ProcTime) -> Answer {
        let Some(place) = self.pending.iter().position(|it| it.id == id) else { return Answer::Late };
        if let Some(missing) = self.pending[place].missing.get_mut(participant) {
            *missing = false;
        }
        if self.pending[place].missing.contains(&true) {
            return Answer::Waiting;
        }
        self.pending.remove(place);
        let subsumed: Vec<u32> = self.under_way().filter(|&other| other < id).collect();
        self.pending.retain(|it| it.id > id);
        self.last_end = Some(now);
        self.failures = 0;
        Answer::Complete { subsumed }
    }

    /// One that is under way has failed. Whether the job fails with it.
    pub fn on_failure(&mut self, id: u32, failure: Failure, now: ProcTime) -> bool {
        let before = self.pending.len();
        self.pending.retain(|it| it.id != id);
        if self.pending.len() == before {
            return false;
        }
        self.last_end = Some(now);
        if !failure.counts() {
            return false;
        }
        self.failures += 1;
        let is_too_many = self.failures > self.spec.tolerable_failures;
        if is_too_many {
            self.failures = 0;
        }
        is_too_many
    }

    /// The job goes on after a restart: what was under way is of no use, and the timer starts anew.
    pub fn on_restart(&mut self, now: ProcTime) {
        self.pending.clear();
        self.is_queued = false;
        self.due = now + self.spec.interval;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_millis(secs * 1_000)
    }

    fn coordinator(spec: CheckpointSpec) -> Coordinator {
        Coordinator::new(CheckpointSpec { interval: Span::from_secs(10), ..spec }, 2, at(0))
    }

    fn begins(it: &mut Coordinator, secs: i64) -> Option<u32> {
        match it.on_due(at(secs)) {
            Due::Begins(id) => Some(id),
            Due::NotNow => None,
        }
    }

    fn completes(it: &mut Coordinator, id: u32, secs: i64) {
        assert_eq!(it.on_ack(id, 0, at(secs)), Answer::Waiting);
        assert_eq!(it.on_ack(id, 1, at(secs)), Answer::Complete { subsumed: Vec::new() });
    }

    #[test]
    fn it_begins_at_a_fixed_rate_and_is_complete_with_the_last_acknowledgement() {
        let mut it = coordinator(CheckpointSpec::default());
        assert_eq!(it.due(), at(10));
        assert_eq!(begins(&mut it, 9), None);
        assert_eq!(begins(&mut it, 10), Some(1));
        completes(&mut it, 1, 13);
        assert_eq!(it.due(), at(20), "from trigger to trigger");
        assert_eq!(it.on_ack(1, 0, at(14)), Answer::Late);
    }

    #[test]
    fn a_trigger_without_room_waits_for_an_end() {
        let mut it = coordinator(CheckpointSpec::default());
        assert_eq!(begins(&mut it, 10), Some(1));
        assert_eq!(begins(&mut it, 20), None);
        assert_eq!(it.due(), ProcTime::MAX);
        assert!(!it.has_waited());
        completes(&mut it, 1, 24);
        assert!(it.has_waited());
        assert_eq!(begins(&mut it, 24), Some(2));
        assert_eq!(it.due(), at(30), "the timer goes on at its rate");
    }

    #[test]
    fn a_trigger_within_the_pause_is_put_off_to_its_end() {
        let mut it = coordinator(CheckpointSpec { min_pause: Span::from_secs(8), ..Default::default() });
        assert_eq!(begins(&mut it, 10), Some(1));
        completes(&mut it, 1, 15);
        assert_eq!(begins(&mut it, 20), None);
        assert_eq!(it.due(), at(23));
        assert_eq!(begins(&mut it, 23), Some(2));
        assert_eq!(it.due(), at(33));
    }

    #[test]
    fn a_later_one_that_is_complete_subsumes_the_earlier() {
        let mut it = coordinator(CheckpointSpec { max_concurrent: 2, ..Default::default() });
        assert_eq!((begins(&mut it, 10), begins(&mut it, 20)), (Some(1), Some(2)));
        assert_eq!(it.on_ack(2, 1, at(21)), Answer::Waiting);
        assert_eq!(it.on_ack(2, 0, at(21)), Answer::Complete { subsumed: vec![1] });
        assert_eq!(it.under_way().count(), 0);
    }

    #[test]
    fn the_job_fails_when_consecutive_failures_exceed_the_tolerable_number() {
        let mut it = coordinator(CheckpointSpec { tolerable_failures: 1, ..Default::default() });
        assert_eq!(begins(&mut it, 10), Some(1));
        assert_eq!(it.expires(), Some((1, at(610))));
        assert!(!it.on_failure(1, Failure::Expired, at(11)));
        assert!(!it.on_failure(1, Failure::Expired, at(11)), "one counts once");
        assert_eq!(begins(&mut it, 20), Some(2));
        completes(&mut it, 2, 21);
        assert_eq!(it.failures(), 0, "a success sets the count back");
        assert_eq!(begins(&mut it, 30), Some(3));
        assert!(!it.on_failure(3, Failure::NotStored, at(31)));
        assert_eq!(begins(&mut it, 40), Some(4));
        assert!(!it.on_failure(4, Failure::Subsumed, at(41)), "does not count");
        assert_eq!(begins(&mut it, 50), Some(5));
        assert!(it.on_failure(5, Failure::Expired, at(51)));
        assert_eq!(it.failures(), 0, "the count begins anew with the job");
    }

    #[test]
    fn after_a_restart_the_timer_starts_anew_and_numbers_go_on() {
        let mut it = coordinator(CheckpointSpec::default());
        assert_eq!(begins(&mut it, 10), Some(1));
        it.on_restart(at(17));
        assert_eq!((it.due(), it.under_way().count()), (at(27), 0));
        assert_eq!(begins(&mut it, 27), Some(2));
    }
}
