//! Depth and lag over a run as lines of a fixed number of points: the highest value of each of
//! [`STRETCHES`] equal stretches of time.

use crate::metrics::tasks::Flow;
use crate::runtime::Trace;
use crate::time::{ProcTime, Span};

/// Stretches of a run; more than a panel has pixels.
const STRETCHES: usize = 800;

/// What waits over a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Microseconds that seconds count from: the start of the run.
    pub origin: i64,
    /// Length of a stretch in seconds.
    stretch_s: f64,
    /// Per stretch: the most records in the queue.
    depth: Vec<u32>,
    /// Per stretch: the most records in queue and log together.
    waiting: Vec<u32>,
    /// The most records in the queue.
    pub most_depth: usize,
    /// The most records in queue and log together.
    pub most_waiting: usize,
    /// Whether any record ever waited.
    pub anything_waited: bool,
    /// Queue and log as one place in which records wait.
    pub waiting_now: Flow,
}

impl Series {
    /// The series of a finished run. O(n).
    pub fn of(trace: &Trace) -> Self {
        let (start, end) = trace.span().unwrap_or((ProcTime::EPOCH, ProcTime::EPOCH));
        let length = (end - start).micros().max(1);
        let mut series = Self {
            origin: start.micros(),
            stretch_s: length as f64 / 1e6 / STRETCHES as f64,
            depth: vec![0; STRETCHES],
            waiting: vec![0; STRETCHES],
            most_depth: 0,
            most_waiting: 0,
            anything_waited: false,
            waiting_now: Flow::new(trace.stream.arrivals_ascending().to_vec(), trace.started_ascending().to_vec()),
        };
        // The last instant of the stretch before: dividing for each record would take longer than all the rest.
        let mut known = (0, i64::MIN);
        let bin = |at: ProcTime| {
            let passed = (at - start).micros();
            if passed > known.1 {
                let place = (i128::from(passed.max(0)) * STRETCHES as i128 / i128::from(length)) as usize;
                let next = (place as i128 + 1) * i128::from(length);
                let stretches = STRETCHES as i128;
                // The quotient is at most the length of the run.
                known = (place.min(STRETCHES - 1), ((next + stretches - 1) / stretches - 1) as i64);
            }
            known.0
        };
        series.fill(trace, bin);
        series.most_depth = series.depth.iter().copied().max().unwrap_or(0) as usize;
        series.most_waiting = series.waiting.iter().copied().max().unwrap_or(0) as usize;
        series.anything_waited = series.most_waiting > 0;
        series
    }

    /// Walks over every instant at which something arrives, is read, or is started.
    fn fill(&mut self, trace: &Trace, mut bin: impl FnMut(ProcTime) -> usize) {
        let columns = [trace.stream.arrivals_ascending(), trace.enqueued_ascending(), trace.started_ascending()];
        let mut passed = [0_usize; 3];
        let mut filled = 0;
        loop {
            let next = |i: usize| columns[i].get(passed[i]).copied().unwrap_or(ProcTime::MAX);
            let now = next(0).min(next(1)).min(next(2));
            if now == ProcTime::MAX {
                return;
            }
            // What held since the last instant held in every stretch up to just before this one.
            let held = (passed[1] - passed[2], passed[0] - passed[2]);
            let last = bin(now - Span::from_micros(1));
            for stretch in filled..=last {
                self.raise(stretch, held);
            }
            for (column, passed) in columns.iter().zip(&mut passed) {
                *passed += column[*passed..].iter().take_while(|&&at| at == now).count();
            }
            filled = bin(now);
            self.raise(filled, (passed[1] - passed[2], passed[0] - passed[2]));
        }
    }

    fn raise(&mut self, stretch: usize, (depth, waiting): (usize, usize)) {
        // Streams hold fewer than 2^32 records.
        self.depth[stretch] = self.depth[stretch].max(depth as u32);
        self.waiting[stretch] = self.waiting[stretch].max(waiting as u32);
    }

    /// Seconds from the start of the run.
    pub fn seconds(&self, at: ProcTime) -> f64 {
        (at.micros() - self.origin) as f64 / 1e6
    }

    /// The start of the run in seconds.
    pub fn start_s(&self) -> f64 {
        0.0
    }

    /// The end of the run in seconds.
    pub fn end_s(&self) -> f64 {
        self.stretch_s * STRETCHES as f64
    }

    /// Records in the queue, as points of a line.
    pub fn depth(&self) -> Vec<[f64; 2]> {
        self.line(&self.depth)
    }

    /// Records in queue and log together, as points of a line.
    pub fn waiting(&self) -> Vec<[f64; 2]> {
        self.line(&self.waiting)
    }

    fn line(&self, counts: &[u32]) -> Vec<[f64; 2]> {
        let at = |(i, &count): (usize, &u32)| [(i as f64 + 0.5) * self.stretch_s, f64::from(count)];
        counts.iter().enumerate().map(at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;

    #[test]
    fn no_peak_is_lost_and_every_stretch_is_at_least_what_an_instant_in_it_says() {
        let trace = fixture::trace(400, 2, fixture::tumbling(), 4);
        let series = Series::of(&trace);
        let at_events = trace.stream.arrivals().iter().chain(&trace.enqueued).map(|&at| trace.at(at));
        let (depth, waiting) =
            at_events.fold((0, 0), |(depth, waiting), at| (depth.max(at.depth()), waiting.max(at.depth() + at.lag())));
        assert_eq!((series.most_depth, series.most_waiting), (depth, waiting));
        assert_eq!(series.anything_waited, waiting > 0);
        for now in fixture::instants(&trace, 50) {
            let at = trace.at(now);
            let stretch = ((series.seconds(now) / series.stretch_s) as usize).min(STRETCHES - 1);
            assert!(series.depth[stretch] as usize >= at.depth(), "{now}");
            assert!(series.waiting[stretch] as usize >= at.depth() + at.lag(), "{now}");
        }
    }
}
