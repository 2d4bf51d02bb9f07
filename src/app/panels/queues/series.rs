//! Depth and lag over a run as lines of a fixed number of points: the highest value of each of
//! [`STRETCHES`] equal stretches of time. And how long until all that waits is cleared, as it turned out and
//! as it was predicted at the time.

use crate::metrics::tasks::{Clearing, Flow};
use crate::runtime::Trace;
use crate::time::{ProcTime, Span};

/// Stretches of a run; more than a panel has pixels.
const STRETCHES: usize = 800;
/// Instants at which the time to clear is asked for.
const LOOKS: usize = 300;

/// What waits over a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Microseconds that seconds count from: the start of the run.
    pub origin: i64,
    /// Length of a stretch in seconds.
    stretch_s: f64,
    /// Per stretch: the most records in the queue.
    depth: Vec<u32>,
    /// Per stretch: the most records in the log that are not read yet.
    lag: Vec<u32>,
    /// The most records in the queue.
    pub most_depth: usize,
    /// The most unread records in the log.
    pub most_lag: usize,
    /// Seconds until nothing waited any more, by second of the run; nothing where that never came.
    pub cleared: Vec<[f64; 2]>,
    /// The same as it was predicted; nothing where the pace was too slow, or unknown.
    pub predicted: Vec<[f64; 2]>,
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
            lag: vec![0; STRETCHES],
            most_depth: 0,
            most_lag: 0,
            cleared: Vec::new(),
            predicted: Vec::new(),
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
        series.most_lag = series.lag.iter().copied().max().unwrap_or(0) as usize;
        series.anything_waited = series.most_depth + series.most_lag > 0;
        series.look_ahead();
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
            let held = (passed[1] - passed[2], passed[0] - passed[1]);
            let last = bin(now - Span::from_micros(1));
            for stretch in filled..=last {
                self.raise(stretch, held);
            }
            for (column, passed) in columns.iter().zip(&mut passed) {
                *passed += column[*passed..].iter().take_while(|&&at| at == now).count();
            }
            filled = bin(now);
            self.raise(filled, (passed[1] - passed[2], passed[0] - passed[1]));
        }
    }

    fn raise(&mut self, stretch: usize, (depth, lag): (usize, usize)) {
        // Streams hold fewer than 2^32 records.
        self.depth[stretch] = self.depth[stretch].max(depth as u32);
        self.lag[stretch] = self.lag[stretch].max(lag as u32);
    }

    /// The time to clear at [`LOOKS`] instants. O(log n) each.
    fn look_ahead(&mut self) {
        for look in 0..=LOOKS {
            let second = self.end_s() * look as f64 / LOOKS as f64;
            let at = ProcTime::from_micros(self.origin + (second * 1e6) as i64);
            if let Some(cleared) = self.waiting_now.actual_clearing(at) {
                self.cleared.push([second, cleared.as_secs_f64()]);
            }
            match self.waiting_now.predicted_clearing(at) {
                Clearing::Empty => self.predicted.push([second, 0.0]),
                Clearing::In(span) => self.predicted.push([second, span.as_secs_f64()]),
                Clearing::Never { .. } | Clearing::Unknown => {}
            }
        }
    }

    /// How far apart two instants are at which the time to clear is known; further apart there is a gap.
    pub fn look_s(&self) -> f64 {
        self.end_s() / LOOKS as f64
    }

    /// The longest time to clear that came, in seconds.
    pub fn longest_s(&self) -> f64 {
        self.cleared.iter().map(|&[_, seconds]| seconds).fold(0.0, f64::max)
    }

    /// Seconds from the start of the run.
    pub fn seconds(&self, at: ProcTime) -> f64 {
        (at.micros() - self.origin) as f64 / 1e6
    }

    /// The end of the run in seconds.
    pub fn end_s(&self) -> f64 {
        self.stretch_s * STRETCHES as f64
    }

    /// Records in the queue, as points of a line.
    pub fn depth(&self) -> Vec<[f64; 2]> {
        self.line(&self.depth)
    }

    /// Unread records in the log, as points of a line.
    pub fn lag(&self) -> Vec<[f64; 2]> {
        self.line(&self.lag)
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
        let (depth, lag) = at_events.fold((0, 0), |(depth, lag), at| (depth.max(at.depth()), lag.max(at.lag())));
        assert_eq!((series.most_depth, series.most_lag), (depth, lag));
        assert_eq!(series.anything_waited, depth + lag > 0);
        for now in fixture::instants(&trace, 50) {
            let at = trace.at(now);
            let stretch = ((series.seconds(now) / series.stretch_s) as usize).min(STRETCHES - 1);
            assert!(series.depth[stretch] as usize >= at.depth(), "{now}");
            assert!(series.lag[stretch] as usize >= at.lag(), "{now}");
        }
        // What is cleared after so long is empty then, and not just before.
        assert_eq!(series.cleared.len(), LOOKS + 1);
        for &[second, after] in &series.cleared {
            let at = |seconds: f64| trace.at(ProcTime::from_micros(series.origin + (seconds * 1e6) as i64));
            let (then, before) = (at(second + after + 2e-6), at(second + after * 0.999));
            assert_eq!(then.depth() + then.lag(), 0, "{second} and {after}");
            assert!(after < 1e-3 || before.depth() + before.lag() > 0, "{second} and {after}");
        }
    }
}
