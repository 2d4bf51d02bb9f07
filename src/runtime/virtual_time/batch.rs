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
}

impl Batch {
    /// Before the first trigger.
    pub const fn new(interval: Span) -> Self {
        Self { interval, limit: 0, is_open: false }
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
}

impl Simulation {
    /// Sets when the next batch begins, if none is under way.
    pub(super) fn schedule_trigger(&mut self) {
        let Some(batch) = &self.state.batch else { return };
        let next = self.plan.stream.arrivals().get(batch.limit);
        let trigger =
            next.map(|&arrival| if arrival <= self.state.now { self.state.now } else { batch.trigger_from(arrival) });
        self.state.times[self.plan.trigger_slot()] = trigger.unwrap_or(ProcTime::MAX);
    }

    /// A batch begins with everything that has arrived.
    pub(super) fn trigger_batch(&mut self) {
        let limit = self.arrived();
        if let Some(batch) = &mut self.state.batch {
            batch.limit = limit;
            batch.is_open = true;
        }
        self.state.times[self.plan.trigger_slot()] = ProcTime::MAX;
        self.trace.batches.push(self.state.now);
        (0..self.state.sources.len()).for_each(|source| self.schedule(source));
    }

    /// Ends the batch when all of its records and their results are done: watermarks move.
    pub(super) fn close_batch(&mut self) {
        let settled = self.settled();
        let is_done = self.state.batch.as_ref().is_some_and(|batch| batch.is_open && settled == batch.limit as u64);
        if !is_done || !self.state.sink.is_idle() {
            return;
        }
        if let Some(batch) = &mut self.state.batch {
            batch.is_open = false;
        }
        (0..self.state.sources.len()).for_each(|source| self.release_watermark(source));
        self.schedule_trigger();
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
}
