//! One computed run, prepared for drawing: the trace, the truth beside it, and indexes that make
//! every question of a frame cheap. Immutable and shared; built by the worker, not by the screen.

use std::sync::{Arc, OnceLock};

use crate::app::insight::Insight;
use crate::app::panels::time_map::model::MapModel;
use crate::metrics::quantile::Quantile;
use crate::oracle::reference::Truth;
use crate::record::{KeyId, RecordId, Stream};
use crate::runtime::{Fate, Ledger, RunConfig, Trace};
use crate::scenario::Scenario;
use crate::time::{EventTime, ProcTime, Span};
use crate::twin::guarantees::Guarantees;

/// How many stretches of time an [`Overview`] has: enough for one per point of a wide screen.
pub const OVERVIEW_BINS: usize = 1_024;

/// One computed run.
#[derive(Debug)]
pub struct Run {
    /// What was run.
    pub scenario: Scenario,
    /// Everything that happened.
    pub trace: Arc<Trace>,
    /// What every window would hold if nothing were ever late.
    pub truth: Arc<Truth>,
    /// Ascends with every run of this session, so that caches know when to start again.
    pub generation: u64,
    /// The records that are worth a mark of their own.
    pub marks: Marks,
    /// Delays (arrival minus event time) of all records, ascending.
    pub delays: Arc<[Span]>,
    /// The whole run at a glance.
    pub overview: Overview,
    /// What its tasks did, once that has been worked out.
    insight: OnceLock<Insight>,
    /// The rows as they were read; those of the trace are in the order in which they were handled.
    input: Option<Arc<Stream>>,
    guarantees: OnceLock<Option<Guarantees>>,
    windows: OnceLock<Arc<MapModel>>,
}

/// Records by what became of them, each list ascending. Ordinary records are in none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Behind the watermark, and counted.
    pub behind: Vec<RecordId>,
    /// Dropped late.
    pub dropped: Vec<RecordId>,
    /// Sent to the side output.
    pub side_output: Vec<RecordId>,
    /// In no window.
    pub unassigned: Vec<RecordId>,
    /// Shed, lost, or refused by the schema gate.
    pub given_up: Vec<RecordId>,
}

/// The whole run in [`OVERVIEW_BINS`] stretches of equal length, from [`Overview::start`] to
/// [`Overview::end`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// First instant.
    pub start: ProcTime,
    /// Last instant.
    pub end: ProcTime,
    /// Per stretch: the most records that were in flight at once.
    pub in_flight: Vec<u32>,
    /// Per stretch: records that reached the log.
    pub arrived: Vec<u32>,
    /// Per stretch: records behind the watermark that were counted.
    pub behind: Vec<u32>,
    /// Per stretch: records dropped late, or sent to the side output.
    pub dropped: Vec<u32>,
}

impl Run {
    /// Prepares a trace for drawing. O(n log n) in the number of records, the truth included.
    pub fn new(scenario: Scenario, trace: Arc<Trace>, generation: u64) -> Self {
        let truth = Arc::new(Truth::of(&trace.stream, trace.pipeline.window));
        let delays = sorted_delays(&trace.stream);
        Self::with_known(scenario, trace, generation, truth, delays)
    }

    /// As [`Run::new`], when the truth and the sorted delays are known from an earlier run over
    /// the same stream with the same windows. O(n).
    pub fn with_known(
        scenario: Scenario,
        trace: Arc<Trace>,
        generation: u64,
        truth: Arc<Truth>,
        delays: Arc<[Span]>,
    ) -> Self {
        let marks = Marks::of(&trace);
        let (start, end) = clock_range(&scenario, &trace);
        let overview = Overview::of(&trace, &marks, start, end);
        Self {
            scenario,
            trace,
            truth,
            generation,
            marks,
            delays,
            overview,
            insight: OnceLock::new(),
            input: None,
            guarantees: OnceLock::new(),
            windows: OnceLock::new(),
        }
    }

    /// Its windows as columns with their panes, of all keys together; every panel that shows windows shows
    /// these. Built when first asked for, in O(n log n); the worker asks before it hands over the run.
    pub fn windows(&self) -> &Arc<MapModel> {
        self.windows.get_or_init(|| Arc::new(MapModel::new(&self.trace, None)))
    }

    /// As [`Run::windows`], of one key where one is given; that is built anew with each call.
    pub fn windows_of(&self, key: Option<KeyId>) -> Arc<MapModel> {
        match key {
            None => Arc::clone(self.windows()),
            Some(key) => Arc::new(self.windows().for_key(&self.trace, key)),
        }
    }

    /// With the rows that it was run over, so that they can be run under other guarantees.
    pub fn over(self, input: Arc<Stream>) -> Self {
        Self { input: Some(input), ..self }
    }

    /// The rows as they were read, in the order of their arrival; `None` without [`Run::over`] where those of
    /// the trace are in another order.
    pub fn input(&self) -> Option<&Arc<Stream>> {
        self.input.as_ref().or_else(|| Some(&self.trace.stream).filter(|stream| stream.is_in_arrival_order()))
    }

    /// What the failures of this run do to results under each guarantee; `None` until [`Run::work_out`] is
    /// done, where the job did not fail, and without [`Run::over`].
    pub fn guarantees(&self) -> Option<&Guarantees> {
        self.guarantees.get()?.as_ref()
    }

    /// Where the distances of faults, and of records that are put in by hand, count from.
    pub fn origin(&self) -> ProcTime {
        RunConfig::of(&self.scenario, &self.trace.stream).origin
    }

    /// Whether someone put this record in by hand.
    pub fn is_by_hand(&self, id: RecordId) -> bool {
        self.trace.stream.production().is_by_hand(id)
    }

    /// What its tasks did, and its alerts; `None` until [`Run::work_out`] is done.
    pub fn insight(&self) -> Option<&Insight> {
        self.insight.get()
    }

    /// Works out what [`Run::insight`] tells, unless that is done. Some ten times as dear as the run,
    /// or twenty where it failed.
    pub fn work_out(&self) -> &Insight {
        self.guarantees.get_or_init(|| {
            self.trace.recovery.as_ref().filter(|log| !log.recoveries.is_empty())?;
            self.input.as_ref().map(|input| Guarantees::of(&self.scenario, input))
        });
        self.insight.get_or_init(|| Insight::of(&self.scenario, &self.trace))
    }

    /// Where the records are at `now`; everything that happens at `now` has happened. O(log n).
    pub fn ledger_at(&self, now: ProcTime) -> Ledger {
        let at = self.trace.at(now);
        let before = |list: &[RecordId]| list.partition_point(|id| id.index() < at.handled) as u64;
        let dropped_late = before(&self.marks.dropped);
        let side_output = before(&self.marks.side_output);
        let unassigned = before(&self.marks.unassigned);
        let given_up = before(&self.marks.given_up);
        let mut ledger = Ledger {
            produced: at.arrived as u64,
            in_flight: at.in_flight() as u64,
            counted: at.handled as u64 - dropped_late - side_output - unassigned - given_up,
            dropped_late,
            side_output,
            unassigned,
            ..Ledger::default()
        };
        for id in &self.marks.given_up[..given_up as usize] {
            ledger.note(self.trace.fates[id.index()]);
        }
        ledger
    }

    /// How many of the counted records were behind the watermark, at `now`. O(log n).
    pub fn behind_at(&self, now: ProcTime) -> u64 {
        let handled = self.trace.at(now).handled;
        self.marks.behind.partition_point(|id| id.index() < handled) as u64
    }

    /// First and last instant that the clock of the transport shows: from the start of a
    /// synthetic source, or the first arrival of a recording, to the last thing that happened. An
    /// empty stream has one instant.
    pub fn clock_range(&self) -> (ProcTime, ProcTime) {
        (self.overview.start, self.overview.end)
    }

    /// The delay that a share of the records does not exceed; zero when empty.
    pub fn delay_quantile(&self, quantile: Quantile) -> Span {
        quantile.of_sorted(&self.delays).unwrap_or(Span::ZERO)
    }
}

/// The delays of all records, ascending.
pub fn sorted_delays(stream: &Stream) -> Arc<[Span]> {
    let mut delays: Vec<Span> = (0..stream.len()).map(|i| stream.delay(RecordId(i as u32))).collect();
    delays.sort_unstable();
    delays.into()
}

fn clock_range(scenario: &Scenario, trace: &Trace) -> (ProcTime, ProcTime) {
    let begins = scenario.source.start_time().map(EventTime::on_proc_clock);
    // What is said of the watermark may come after the last record.
    let last_rise = trace.watermarks.last().map_or(ProcTime::MIN, |step| step.at);
    match trace.span() {
        Some((first, last)) => (begins.map_or(first, |begins| begins.min(first)), last.max(first).max(last_rise)),
        None => {
            let only = begins.unwrap_or(ProcTime::EPOCH);
            (only, only)
        }
    }
}

impl Marks {
    fn of(trace: &Trace) -> Self {
        let mut marks = Self::default();
        for (i, fate) in trace.fates.iter().enumerate() {
            let id = RecordId(i as u32);
            match fate {
                Fate::Counted if trace.is_behind(id) => marks.behind.push(id),
                Fate::Counted => {}
                Fate::DroppedLate => marks.dropped.push(id),
                Fate::SideOutput => marks.side_output.push(id),
                Fate::Unassigned => marks.unassigned.push(id),
                Fate::Shed | Fate::Lost | Fate::Rejected | Fate::DeadLettered => marks.given_up.push(id),
                Fate::InFlight => {}
            }
        }
        marks
    }
}

impl Overview {
    fn of(trace: &Trace, marks: &Marks, start: ProcTime, end: ProcTime) -> Self {
        let mut overview = Self {
            start,
            end,
            in_flight: vec![0; OVERVIEW_BINS],
            arrived: vec![0; OVERVIEW_BINS],
            behind: vec![0; OVERVIEW_BINS],
            dropped: vec![0; OVERVIEW_BINS],
        };
        overview.fill_in_flight(trace);
        overview.fill_arrived(trace.stream.arrivals_ascending());
        for &id in &marks.behind {
            let bin = overview.bin_of(trace.handled[id.index()]);
            overview.behind[bin] += 1;
        }
        for &id in marks.dropped.iter().chain(&marks.side_output) {
            let bin = overview.bin_of(trace.handled[id.index()]);
            overview.dropped[bin] += 1;
        }
        overview
    }

    /// Whether nothing ever waited: at no instant were two records in flight.
    pub fn nothing_waits(&self) -> bool {
        self.in_flight.iter().all(|&level| level <= 1)
    }

    /// The stretch that an instant falls in; the first or last one for instants outside.
    pub fn bin_of(&self, at: ProcTime) -> usize {
        let length = (self.end - self.start).micros().max(1) as f64;
        let share = (at - self.start).micros() as f64 / length;
        ((share * OVERVIEW_BINS as f64) as usize).min(OVERVIEW_BINS - 1)
    }

    /// The first instant after a stretch; later stretches begin there.
    fn end_of(&self, bin: usize) -> ProcTime {
        let length = (self.end - self.start).micros() as f64;
        let guess = (length * (bin as f64 + 1.0) / OVERVIEW_BINS as f64) as i64;
        let (mut at, step) = (self.start + Span::from_micros(guess), Span::from_micros(1));
        // The guess is off by a rounding at most.
        while at.is_finite() && self.bin_of(at) > bin {
            at = at - step;
        }
        while at.is_finite() && self.bin_of(at) <= bin {
            at = at + step;
        }
        at
    }

    /// Counts arrivals, which ascend.
    fn fill_arrived(&mut self, arrivals: &[ProcTime]) {
        let mut rest = arrivals;
        while let Some(&first) = rest.first() {
            let bin = self.bin_of(first);
            let is_last = bin + 1 == OVERVIEW_BINS;
            let count = if is_last { rest.len() } else { count_before(rest, self.end_of(bin)) };
            // A stream holds fewer than 2^32 records.
            self.arrived[bin] += count as u32;
            rest = &rest[count..];
        }
    }

    /// Walks from instant to instant at which something arrives or is done.
    fn fill_in_flight(&mut self, trace: &Trace) {
        let (arrivals, done) = (trace.stream.arrivals_ascending(), &trace.handled);
        let (mut arrived, mut handled, mut filled) = (0, 0, 0);
        let mut filled_until = ProcTime::MIN;
        while arrived < arrivals.len() || handled < done.len() {
            let at = |column: &[ProcTime], i: usize| column.get(i).copied().unwrap_or(ProcTime::MAX);
            let now = at(arrivals, arrived).min(at(done, handled));
            if now >= filled_until {
                // The level since the last instant holds in every stretch up to just before this one.
                let before = (arrived - handled) as u32;
                let last = self.bin_of(now - Span::from_micros(1));
                for bin in filled..=last {
                    self.in_flight[bin] = self.in_flight[bin].max(before);
                }
                filled = self.bin_of(now);
                let is_last = filled + 1 == OVERVIEW_BINS;
                filled_until = if is_last { ProcTime::MAX } else { self.end_of(filled) };
            }
            arrived += arrivals[arrived..].iter().take_while(|&&at| at == now).count();
            handled += done[handled..].iter().take_while(|&&at| at == now).count();
            self.in_flight[filled] = self.in_flight[filled].max((arrived - handled) as u32);
        }
    }
}

/// How many of these instants, which ascend, are before one; near the start they are found at once.
fn count_before(instants: &[ProcTime], until: ProcTime) -> usize {
    let mut reach = 1;
    while reach < instants.len() && instants[reach] < until {
        reach *= 2;
    }
    let reach = reach.min(instants.len());
    instants[..reach].partition_point(|&at| at < until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::scenario::{RecordingSpec, SourceSpec};

    /// Ten records a second apart; every fourth is 30 s late.
    fn run() -> Run {
        let mut keys = KeyTable::default();
        let key = keys.intern("k");
        let row = |i: i64| Row {
            event_time: EventTime::from_micros((i - if i % 4 == 3 { 30 } else { 0 }) * 1_000_000),
            arrival: ProcTime::from_micros(i * 1_000_000),
            key,
            value: 1.0,
            partition: PartitionId(0),
        };
        let stream = Arc::new(Stream::from_rows((0..40).map(row).collect(), keys));
        let pipeline = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: Span::from_secs(2) },
            window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
            allowed_lateness: Span::from_secs(20),
            service_time: Span::from_millis(1_500),
            ..Pipeline::default()
        };
        let config = RunConfig::plain(pipeline.clone());
        let trace = Arc::new(crate::runtime::run(&stream, &config));
        let scenario = Scenario {
            version: 1,
            title: "t".into(),
            about: String::new(),
            seed: 1,
            duration: Span::from_secs(40),
            source: SourceSpec::Recording(RecordingSpec::default()),
            join: None,
            log: crate::log::LogSpec::default(),
            pipeline,
            faults: Vec::new(),
            by_hand: Vec::new(),
            alerts: Vec::new(),
            lesson: None,
            goals: Vec::new(),
        };
        Run::new(scenario, trace, 1)
    }

    #[test]
    fn the_ledger_balances_at_every_instant_and_ends_as_the_trace_says() {
        let run = run();
        let (start, end) = run.clock_range();
        for step in 0..=200 {
            let now = start + Span::from_micros((end - start).micros() * step / 200);
            let ledger = run.ledger_at(now);
            assert_eq!(ledger.difference(), 0, "{ledger:?}");
            let handled = run.trace.handled.iter().filter(|&&at| at <= now).count() as u64;
            assert_eq!(ledger.counted + ledger.dropped_late, handled);
        }
        assert_eq!(run.ledger_at(end), run.trace.ledger);
        assert!(run.trace.ledger.dropped_late > 0 && !run.marks.behind.is_empty());
        assert_eq!(run.behind_at(end), run.marks.behind.len() as u64);
    }

    #[test]
    fn the_overview_has_the_peak_of_every_stretch() {
        let run = run();
        let (start, end) = run.clock_range();
        let length = (end - start).micros() as f64;
        // Sampled far finer than the stretches, and just before and at every event besides.
        let mut expected = vec![0_u32; OVERVIEW_BINS];
        let fine = (0..200_000).map(|i| start + Span::from_micros((length * f64::from(i) / 200_000.0) as i64));
        let events = run.trace.stream.arrivals().iter().chain(&run.trace.handled);
        for now in fine.chain(events.flat_map(|&at| [at - Span::from_micros(1), at])).filter(|&now| now >= start) {
            let bin = run.overview.bin_of(now);
            expected[bin] = expected[bin].max(run.trace.at(now).in_flight() as u32);
        }
        assert_eq!(run.overview.in_flight, expected);
        let mut arrived = vec![0_u32; OVERVIEW_BINS];
        for &at in run.trace.stream.arrivals() {
            arrived[run.overview.bin_of(at)] += 1;
        }
        assert_eq!(run.overview.arrived, arrived);
        assert_eq!(run.overview.dropped.iter().sum::<u32>() as usize, run.marks.dropped.len());
        assert_eq!(run.overview.behind.iter().sum::<u32>() as usize, run.marks.behind.len());
    }

    #[test]
    fn a_stretch_ends_where_the_next_begins() {
        for length in [0, 1, 7, 1_000, 1_023, 1_024, 1_025, 3_599_999_983, 86_400_000_000_001, 3_155_760_000_000_011] {
            let start = ProcTime::from_micros(1_700_000_000_123_457);
            let overview = Overview { start, end: start + Span::from_micros(length), ..Overview::default() };
            for bin in 0..OVERVIEW_BINS - 1 {
                let end = overview.end_of(bin);
                assert!(
                    overview.bin_of(end) > bin && overview.bin_of(end - Span::from_micros(1)) <= bin,
                    "{length} {bin}"
                );
            }
        }
        let instants: Vec<ProcTime> = [1, 1, 2, 3, 5, 5, 8, 9, 13].map(ProcTime::from_micros).to_vec();
        for until in 0..15 {
            let until = ProcTime::from_micros(until);
            assert_eq!(count_before(&instants, until), instants.iter().filter(|&&at| at < until).count());
        }
    }

    #[test]
    fn delays_are_sorted() {
        let run = run();
        assert_eq!(run.delays.len(), 40);
        assert!(run.delays.is_sorted());
        assert_eq!(run.delay_quantile(crate::metrics::quantile::P50), Span::ZERO);
        assert_eq!(run.delay_quantile(crate::metrics::quantile::P99), Span::from_secs(30));
    }
}
