//! The job `t1`: ten window sizes and every bound of ten million records, beside the engine on a grid
//! of ten by ten.
//!
//! One record happens every millisecond and arrives after a log-normal delay (median 200 ms, sigma
//! 1.5, at most 10 min), with a key out of 1,000. The tuner scans all sizes and reads drops and latency
//! off at every grid point. The engine does the same twice: as whole runs, which is how anybody else
//! gets these numbers, at every tenth point; and as the window operator alone, which counts what it
//! drops, notes the latency of its panes and nothing else, at every point. All must say the same.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::metrics::report::Latency;
use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{Columns, KeyId, KeyTable, Record, RecordId, Stream};
use crate::rng::Seed;
use crate::runtime::{RunConfig, Trace, run, run_in_place_of};
use crate::source::quantile::log_normal;
use crate::time::{EventTime, ProcTime, Span};
use crate::tuner::{Scan, Setting, Tuner, parallel};
use crate::watermark::BoundedWatermark;
use crate::window::aggregate::CountSum;
use crate::window::operator::WindowOperator;
use crate::window::pane::{Pane, Timing};
use crate::window::sink::WindowSink;

/// Records of the whole job.
pub const RECORDS: u32 = 10_000_000;
const KEYS: u32 = 1_000;
const MEDIAN_MS: f64 = 200.0;
const SIGMA: f64 = 1.5;
const MAX_DELAY: Span = Span::from_secs(600);
/// Sizes of windows, in seconds.
pub const SIZES_S: [i64; 10] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];
/// Bounds of the grid, in milliseconds: from none to the longest delay.
pub const BOUNDS_MS: [i64; 10] = [0, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 600_000];

/// The job, ready to run.
#[derive(Clone, Debug)]
pub struct TunerJob {
    stream: Arc<Stream>,
}

/// What drops and latency are at one point of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Records that are dropped.
    pub dropped: u64,
    /// Processing time of on-time panes minus the end of their windows.
    pub latency: Latency,
}

impl TunerJob {
    /// Makes the first `records` records.
    pub fn new(records: u32) -> Self {
        let mut draws = Seed::new(1).stream("t1");
        let n = records as usize;
        let mut columns = Columns {
            event_times: Vec::with_capacity(n),
            arrivals: Vec::with_capacity(n),
            keys: Vec::with_capacity(n),
            values: vec![1.0; n],
            ..Columns::default()
        };
        for i in 0..records {
            let event_time = EventTime::from_millis(i64::from(i));
            let delay_ms = log_normal(draws.unit_inside(), MEDIAN_MS, SIGMA);
            let delay = Span::from_secs_f64(delay_ms / 1e3).min(MAX_DELAY);
            columns.event_times.push(event_time);
            columns.arrivals.push(event_time.on_proc_clock() + delay);
            columns.keys.push(KeyId(draws.integer(0, i64::from(KEYS) - 1) as u32));
        }
        let mut keys = KeyTable::default();
        (0..KEYS).for_each(|key| {
            keys.intern(&format!("key {key}"));
        });
        Self { stream: Arc::new(Stream::from_columns(columns, keys)) }
    }

    /// How many records it has.
    pub fn records(&self) -> usize {
        self.stream.len()
    }

    /// The grid: every bound of the first size, then of the next.
    pub fn grid() -> Vec<Setting> {
        let sizes = SIZES_S.iter().map(|&size| window(size));
        let at = |window| {
            BOUNDS_MS.iter().map(move |&bound| Setting {
                window,
                bound: Span::from_millis(bound),
                lateness: Span::ZERO,
            })
        };
        sizes.flat_map(at).collect()
    }

    /// One scan for every size, from the records alone.
    pub fn scan(&self) -> Vec<Scan> {
        let tuner = Tuner::new(Arc::clone(&self.stream), RunConfig::plain(Pipeline::default()));
        let windows = SIZES_S.map(window);
        // Nobody cancels, and tumbling windows have a closed form.
        tuner
            .scans(&windows, &|_| ControlFlow::Continue(()))
            .map_or_else(|_| Vec::new(), |it| it.into_iter().flatten().collect())
    }

    /// Drops and latency at every point of the grid, on several threads.
    pub fn read_off(scans: &[Scan]) -> Vec<Answer> {
        let answer = |setting: &Setting| {
            let scan = scans.iter().find(|scan| scan.window() == setting.window)?;
            let dropped = scan.overdue_last().at_least(setting.bound);
            Some(Answer { dropped, latency: scan.result_latency(setting.bound) })
        };
        parallel::map(&Self::grid(), answer).unwrap_or_default()
    }

    /// The same by the window operator, on several threads; the records are made ready beforehand.
    pub fn operate_grid(&self, records: &[Record]) -> Vec<Answer> {
        parallel::map(&Self::grid(), |setting| Some(self.operate(records, *setting))).unwrap_or_default()
    }

    /// The same by whole runs, one after the other, at every bound with one size each: places in the
    /// grid, and what is there.
    pub fn run_sample(&self) -> Vec<(usize, Answer)> {
        let grid = Self::grid();
        let mut last: Option<Trace> = None;
        let mut run_at = |place: usize| {
            let config = RunConfig::plain(grid[place].apply(&Pipeline::default()));
            let trace = match last.take() {
                Some(old) => run_in_place_of(old, &self.stream, &config),
                None => run(&self.stream, &config),
            };
            let on_time = trace.panes.iter().filter(|pane| pane.timing == Timing::OnTime);
            let spans = on_time.map(|pane| pane.emitted_at.since_event(pane.window.end)).collect();
            let answer = Answer { dropped: trace.ledger.dropped_late, latency: Latency::of(spans) };
            last = Some(trace);
            (place, answer)
        };
        (0..SIZES_S.len()).map(|i| run_at(i * BOUNDS_MS.len() + i)).collect()
    }

    /// The records as the operator takes them.
    pub fn ready(&self) -> Vec<Record> {
        self.stream.records().collect()
    }

    fn operate(&self, records: &[Record], setting: Setting) -> Answer {
        let pipeline = setting.apply(&Pipeline::default());
        let mut operator: WindowOperator<CountSum> = WindowOperator::keeping(&pipeline);
        let mut watermark = BoundedWatermark::new(setting.bound);
        let mut latencies = Latencies { arrivals: self.stream.arrivals(), spans: Vec::new() };
        let observe = |record: &Record| watermark.observe(record.event_time);
        let tally = operator.on_batch(records, ProcTime::EPOCH, observe, &mut latencies);
        Answer { dropped: tally.gone, latency: Latency::of(latencies.spans) }
    }
}

const fn window(size_s: i64) -> WindowSpec {
    WindowSpec::Tumbling { size: Span::from_secs(size_s), offset: Span::ZERO }
}

/// Notes the latency of panes; the instant is that of the record that they come right after.
struct Latencies<'a> {
    arrivals: &'a [ProcTime],
    spans: Vec<Span>,
}

impl WindowSink for Latencies<'_> {
    const FOLLOWS_WINDOWS: bool = false;

    #[inline]
    fn fired(&mut self, pane: Pane) {
        if pane.timing == Timing::OnTime {
            let at = pane.cause.map_or(ProcTime::EPOCH, |RecordId(cause)| self.arrivals[cause as usize]);
            self.spans.push(at.since_event(pane.window.end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tuner_reads_off_what_the_operator_does() {
        let job = TunerJob::new(60_000);
        let scans = job.scan();
        assert_eq!(scans.len(), SIZES_S.len());
        let (found, expected) = (TunerJob::read_off(&scans), job.operate_grid(&job.ready()));
        assert_eq!(found.len(), 100);
        assert_eq!(found, expected);
        let runs = job.run_sample();
        assert_eq!(runs.len(), 10);
        assert!(runs.iter().all(|&(place, answer)| answer == found[place]));
        // Half of the delays are longer than 200 ms, so a window of a second loses many without a bound.
        assert!(found[0].dropped > 5_000 && found[9].dropped == 0, "{} and {}", found[0].dropped, found[9].dropped);
    }
}
