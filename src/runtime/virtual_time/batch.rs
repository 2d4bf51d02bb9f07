//! Micro-batches: the same pipeline, but sources read only what had arrived at a trigger, and
//! watermarks move when all of it is done.
//!
//! The rules are those of Spark Structured Streaming's processing-time trigger: triggers are whole
//! multiples of the interval; a batch that takes longer than the interval is followed at once by the
//! next; without new records there is no batch. So no result can be younger than the trigger.

use crate::record::RecordId;
use crate::runtime::virtual_time::Simulation;
use crate::time::{ProcTime, Span};

/// The batches of a run.
#[derive(Clone, Debug)]
pub struct Batch {
    interval: Span,
    /// Records below this place in order of arrival are in a batch.
    limit: usize,
    is_open: bool,
    /// When the last one began; [`ProcTime::MIN`] before the first.
    begun: ProcTime,
}

impl Batch {
    /// Before the first trigger.
    pub const fn new(interval: Span) -> Self {
        Self { interval, limit: 0, is_open: false, begun: ProcTime::MIN }
    }

    /// Whether a record is in a batch, of now or before.
    pub const fn holds(&self, id: RecordId) -> bool {
        id.index() < self.limit
    }

    /// The first trigger at or after an instant.
    fn trigger_from(&self, at: ProcTime) -> ProcTime {
        let interval = self.interval.micros();
        let past = at.micros().rem_euclid(interval);
        if past == 0 { at } else { at + Span::from_micros(interval - past) }
    }

    /// When the next batch begins, given when its first record arrives: at a trigger, or now where that
    /// has passed while the last batch was under way.
    fn next(&self, arrival: ProcTime, now: ProcTime) -> ProcTime {
        let after_last = self.trigger_from(self.begun + Span::from_micros(1));
        self.trigger_from(arrival).max(after_last).max(now)
    }
}

impl Simulation {
    /// Sets when the next batch begins, if none is under way.
    pub(super) fn schedule_trigger(&mut self) {
        let Some(batch) = &self.state.batch else { return };
        let next = self.plan.stream.arrivals().get(batch.limit);
        let trigger = next.map(|&arrival| batch.next(arrival, self.state.now));
        self.state.times[self.plan.trigger_slot()] = trigger.unwrap_or(ProcTime::MAX);
    }

    /// A batch begins with everything that has arrived.
    pub(super) fn trigger_batch(&mut self) {
        let limit = self.arrived();
        if let Some(batch) = &mut self.state.batch {
            batch.limit = limit;
            batch.is_open = true;
            batch.begun = self.state.now;
        }
        self.state.times[self.plan.trigger_slot()] = ProcTime::MAX;
        self.trace.batches.push(self.state.now);
        (0..self.state.sources.len()).for_each(|source| self.schedule(source));
    }

    /// Whether all records of the batch under way are done, but not yet their results. Until they are, no
    /// window fires because time has passed: the batch would never end.
    pub(super) fn is_batch_closing(&self) -> bool {
        let settled = self.settled();
        self.state.batch.as_ref().is_some_and(|batch| batch.is_open && settled == batch.limit as u64)
    }

    /// Ends the batch when all of its records and their results are done: watermarks move.
    pub(super) fn close_batch(&mut self) {
        if !self.is_batch_closing() || !self.state.sink.is_idle() || self.is_merging() {
            return;
        }
        if let Some(batch) = &mut self.state.batch {
            batch.is_open = false;
        }
        (0..self.state.sources.len()).for_each(|source| self.release_watermark(source));
        self.schedule_trigger();
    }

    /// Whether parts are on their way to merge tasks.
    fn is_merging(&self) -> bool {
        let state = &self.state;
        state.tasks.iter().any(|task| !task.parts.queue.is_empty()) || state.mergers.iter().any(|it| !it.is_free())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_whole_multiples_of_the_interval() {
        let batch = Batch::new(Span::from_secs(10));
        let at = |ms| batch.trigger_from(ProcTime::from_millis(ms)).micros() / 1_000;
        assert_eq!([at(0), at(1), at(9_999), at(10_000), at(-1), at(-10_001)], [0, 10_000, 10_000, 10_000, 0, -10_000]);
    }

    #[test]
    fn a_batch_waits_for_its_trigger_unless_the_one_before_took_too_long() {
        let batch = Batch { begun: ProcTime::from_millis(10_000), ..Batch::new(Span::from_secs(10)) };
        let next =
            |arrival, now| batch.next(ProcTime::from_millis(arrival), ProcTime::from_millis(now)).micros() / 1_000;
        assert_eq!(next(10_500, 11_000), 20_000, "done early, with a record that came meanwhile");
        assert_eq!(next(10_500, 20_000), 20_000);
        assert_eq!(next(10_500, 21_500), 21_500, "done late: at once");
        assert_eq!(next(30_001, 11_000), 40_000);
        let first = Batch::new(Span::from_secs(10));
        assert_eq!(first.next(ProcTime::from_millis(3), ProcTime::MIN).micros() / 1_000, 10_000);
    }
}
