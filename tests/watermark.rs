//! Every watermark, through a whole run, against a naive one that looks at every microsecond.
//!
//! The naive one knows no timers, leaves out no tick and keeps no running state: after every
//! instant it works out each partition's watermark anew from the list of records handled so far.

use std::sync::Arc;

use highwater::pipeline::{Emit, Marker, Pipeline, WatermarkOptions, WatermarkSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{RunConfig, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::watermark::InputStatus;
use proptest::prelude::*;

/// One record: microseconds since the record before, event time, partition, value.
type Input = Vec<(i64, i64, u32, i32)>;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    keys.intern("a");
    let mut arrival = 0;
    let row = |&(after, event_time, partition, value): &(i64, i64, u32, i32)| {
        arrival += after;
        Row {
            event_time: EventTime::from_micros(event_time),
            arrival: ProcTime::from_micros(arrival),
            key: KeyId(0),
            value: f64::from(value),
            partition: PartitionId(partition),
        }
    };
    Arc::new(Stream::from_rows(input.iter().map(row).collect(), keys))
}

fn run_pipeline(input: &Input, pipeline: &Pipeline) -> Trace {
    assert_eq!(pipeline.problems(), []);
    run(&stream(input), &RunConfig::plain(pipeline.clone()))
}

fn inputs() -> impl Strategy<Value = Input> {
    let record = (prop_oneof![3 => 0_i64..8, 1 => 0_i64..90], -60_i64..200, 0_u32..3, 0_i32..4);
    prop::collection::vec(record, 0..50)
}

fn specs() -> impl Strategy<Value = WatermarkSpec> {
    let marker = prop_oneof![(1_u32..4).prop_map(Marker::EveryNth), Just(Marker::ValueEquals(0.0))];
    let quantile = prop_oneof![Just(0.1), Just(0.5), Just(0.9), Just(1.0)];
    prop_oneof![
        (0_i64..50).prop_map(|bound| WatermarkSpec::Bounded { bound: span(bound) }),
        Just(WatermarkSpec::Monotonous),
        (marker, 0_i64..9).prop_map(|(marker, bound)| WatermarkSpec::Punctuated { marker, bound: span(bound) }),
        (0_i64..50).prop_map(|lag| WatermarkSpec::FixedLag { lag: span(lag) }),
        (quantile, 1_u32..12).prop_map(|(quantile, sample)| WatermarkSpec::Percentile { quantile, sample }),
        (0_u32..6, 0_i64..20, 0_i64..300).prop_map(|(deviations, min, more)| WatermarkSpec::Adaptive {
            deviations,
            min: span(min),
            max: span(min + more),
        }),
        Just(WatermarkSpec::Perfect),
    ]
}

fn options() -> impl Strategy<Value = WatermarkOptions> {
    let emit = prop_oneof![
        Just(Emit::PerRecord),
        (1_i64..25).prop_map(|interval| Emit::Periodic { interval: span(interval) })
    ];
    let spans = |range| prop::option::of(Strategy::prop_map(range, span));
    (emit, spans(1_i64..40), spans(0_i64..60), any::<bool>()).prop_map(
        |(emit, idle_after, max_future, per_partition)| WatermarkOptions {
            emit,
            idle_after,
            max_future,
            per_partition,
            max_drift: None,
        },
    )
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    (specs(), options(), 0_i64..6).prop_map(|(watermark, watermark_options, service)| Pipeline {
        watermark,
        watermark_options,
        service_time: span(service),
        ..Pipeline::default()
    })
}

/// A record as the naive watermark sees it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    index: usize,
    event_time: i64,
    partition: usize,
    value: f64,
    arrival: i64,
    handled: i64,
}

fn seen(input: &Input, service: i64) -> Vec<Seen> {
    let (mut arrival, mut free_at) = (0, i64::MIN);
    let see = |(index, &(after, event_time, partition, value)): (usize, &(i64, i64, u32, i32))| {
        arrival += after;
        free_at = free_at.max(arrival) + service;
        let (partition, value, handled) = (partition as usize, f64::from(value), free_at);
        Seen { index, event_time, partition, value, arrival, handled }
    };
    input.iter().enumerate().map(see).collect()
}

/// The watermark of one input at `now`, from the records that it has handled by then.
fn claim(spec: WatermarkSpec, max_future: Option<Span>, all: &[Seen], handled: &[Seen], now: i64) -> i64 {
    if let WatermarkSpec::FixedLag { lag } = spec {
        return now - lag.micros();
    }
    let is_sane = |seen: &&Seen| max_future.is_none_or(|most| seen.event_time - seen.arrival <= most.micros());
    let sane: Vec<Seen> = handled.iter().filter(is_sane).copied().collect();
    let newest = |known: &[Seen]| known.iter().map(|seen| seen.arrival).max().unwrap_or_default();
    let delays = |known: &[Seen]| known.iter().map(|seen| seen.arrival - seen.event_time).collect::<Vec<_>>();
    let mut watermark = i64::MIN;
    for known in (1..=sane.len()).map(|count| &sane[..count]) {
        let last = known[known.len() - 1];
        let claimed = match spec {
            WatermarkSpec::FixedLag { .. } | WatermarkSpec::FromSource => None,
            WatermarkSpec::Bounded { bound } => Some(last.event_time - bound.micros()),
            WatermarkSpec::Monotonous => Some(last.event_time),
            WatermarkSpec::Punctuated { marker, bound } => {
                let is_marker = match marker {
                    Marker::EveryNth(n) => known.len().is_multiple_of(n as usize),
                    Marker::ValueEquals(value) => last.value == value,
                };
                is_marker.then(|| last.event_time - bound.micros())
            }
            WatermarkSpec::Percentile { quantile, sample } => {
                let mut recent = delays(&known[known.len().saturating_sub(sample as usize)..]);
                recent.sort_unstable();
                let enough = [(0.1, 1), (0.5, 2), (0.9, 10), (1.0, usize::MAX)];
                let enough = enough.iter().find(|(q, _)| *q == quantile).map_or(0, |(_, enough)| *enough);
                let tenths = (quantile * 10.0).round() as usize;
                let rank = (tenths * recent.len()).div_ceil(10);
                (recent.len() >= enough.min(sample as usize)).then(|| newest(known) - recent[rank - 1])
            }
            WatermarkSpec::Adaptive { deviations, min, max } => {
                let learned = delays(known).into_iter().fold(None, |before: Option<(i64, i64)>, delay: i64| {
                    Some(before.map_or((8 * delay, 2 * delay.abs()), |(mean, deviation)| {
                        let error = delay - mean / 8;
                        (mean + error, deviation + error.abs() - deviation / 4)
                    }))
                });
                let (mean, deviation) = learned.expect("there is a last record");
                let distance = mean / 8 + i64::from(deviations) * (deviation / 4);
                Some(newest(known) - distance.max(min.micros()).min(max.micros()))
            }
            WatermarkSpec::Perfect => all[last.index + 1..].iter().map(|seen| seen.event_time).min(),
        };
        watermark = watermark.max(claimed.unwrap_or(i64::MIN));
    }
    watermark
}

/// What silence a check has found so far, as Flink counts it.
#[derive(Clone, Copy, Default)]
struct Silence {
    since: Option<i64>,
    is_idle: bool,
    seen: usize,
}

/// (processing time, watermark) of every rise, the watermark that met every record, and every
/// change of a partition as (processing time, partition, is idle).
///
/// The source makes the watermark when it reads, which here is when a record arrives; a rise then
/// waits behind the records that were read before it.
type Found = (Vec<(i64, i64)>, Vec<i64>, Vec<(i64, usize, bool)>);

struct Naive<'a> {
    pipeline: &'a Pipeline,
    all: Vec<Seen>,
    inputs: usize,
    silences: Vec<Silence>,
    /// What every input has handed on.
    said: Vec<i64>,
    /// By input: the last claim, and from how many records.
    claims: Vec<(usize, i64)>,
    output: i64,
    found: Found,
    /// Per rise: how many records had been read.
    read_before: Vec<usize>,
}

impl Naive<'_> {
    fn run(input: &Input, pipeline: &Pipeline) -> Found {
        // At the source, where nothing takes time; and in the operator.
        let (all, done) = (seen(input, 0), seen(input, pipeline.service_time.micros()));
        let options = pipeline.watermark_options;
        let is_split = options.per_partition && pipeline.watermark != WatermarkSpec::Perfect;
        let inputs = if is_split { all.iter().map(|seen| seen.partition + 1).max().unwrap_or(1) } else { 1 };
        let silences = vec![Silence::default(); inputs];
        let found = (Vec::new(), Vec::new(), Vec::new());
        let mut naive = Naive {
            pipeline,
            all,
            inputs,
            silences,
            said: vec![i64::MIN; inputs],
            claims: vec![(0, i64::MIN); inputs],
            output: i64::MIN,
            found,
            read_before: Vec::new(),
        };
        let (Some(first), Some(last)) = (naive.all.first().copied(), done.last()) else {
            return naive.found;
        };
        for silence in &mut naive.silences {
            silence.since = (options.emit == Emit::PerRecord).then_some(first.arrival);
        }
        for now in first.arrival..=last.handled {
            for record in naive.all.clone().into_iter().filter(|record| record.handled == now) {
                naive.found.1.push(naive.output);
                if options.emit == Emit::PerRecord {
                    naive.after_record(record);
                }
            }
            naive.after_instant(first.arrival, now);
        }
        for (read, (at, _)) in naive.read_before.iter().zip(&mut naive.found.0) {
            let waits_for = read.checked_sub(1).map_or(i64::MIN, |last: usize| done[last].handled);
            *at = waits_for.max(*at);
        }
        naive.found
    }

    fn of(&self, input: usize) -> impl Iterator<Item = &Seen> {
        self.all.iter().filter(move |seen| self.inputs == 1 || seen.partition == input)
    }

    fn claim(&mut self, input: usize, up_to: usize, now: i64) -> i64 {
        let known = self.claims[input];
        if known.0 == up_to && !matches!(self.pipeline.watermark, WatermarkSpec::FixedLag { .. }) {
            return known.1;
        }
        self.claims[input] = (up_to, self.claim_anew(input, up_to, now));
        self.claims[input].1
    }

    fn claim_anew(&self, input: usize, up_to: usize, now: i64) -> i64 {
        let handled: Vec<Seen> = self.of(input).filter(|seen| seen.index < up_to).copied().collect();
        claim(self.pipeline.watermark, self.pipeline.watermark_options.max_future, &self.all, &handled, now)
    }

    fn set_idle(&mut self, input: usize, is_idle: bool, now: i64) {
        if self.silences[input].is_idle != is_idle {
            self.silences[input].is_idle = is_idle;
            self.found.2.push((now, input, is_idle));
        }
    }

    fn after_record(&mut self, record: Seen) {
        let input = if self.inputs == 1 { 0 } else { record.partition };
        self.silences[input].since = Some(record.handled);
        self.set_idle(input, false, record.handled);
        self.said[input] = self.said[input].max(self.claim(input, record.index + 1, record.handled));
        self.update(record.handled);
    }

    fn after_instant(&mut self, origin: i64, now: i64) {
        let idle_after = self.pipeline.watermark_options.idle_after.map(Span::micros);
        let interval = match self.pipeline.watermark_options.emit {
            Emit::PerRecord => None,
            Emit::Periodic { interval } => Some(interval.micros()),
        };
        if interval.is_some_and(|interval| now == origin || (now - origin) % interval != 0) {
            return;
        }
        for input in 0..self.inputs {
            let on_the_way = self.of(input).filter(|seen| seen.arrival <= now && now < seen.handled).count();
            let handled = self.of(input).filter(|seen| seen.handled <= now).count();
            let mut silence = self.silences[input];
            let is_new = silence.seen != handled || (on_the_way > 0 && !silence.is_idle);
            let too_long = |since| idle_after.is_some_and(|idle_after| now - since > idle_after);
            let turns_idle = match (interval, silence.since) {
                (None, since) => on_the_way == 0 && since.is_some_and(too_long),
                (Some(_), _) if is_new => {
                    silence.since = None;
                    false
                }
                (Some(_), Some(since)) => too_long(since),
                (Some(_), None) => {
                    silence.since = Some(now);
                    false
                }
            };
            silence.seen = handled;
            self.silences[input] = silence;
            if turns_idle || interval.is_some() {
                self.set_idle(input, turns_idle, now);
            }
            if interval.is_some() && !turns_idle {
                let up_to = self.all.iter().filter(|seen| seen.handled <= now).count();
                self.said[input] = self.said[input].max(self.claim(input, up_to, now));
            }
        }
        self.update(now);
    }

    fn update(&mut self, now: i64) {
        let active = (0..self.inputs).filter(|&input| !self.silences[input].is_idle);
        let least = active.map(|input| self.said[input]).min();
        let claim = least.or_else(|| self.said.iter().copied().max()).unwrap_or(i64::MIN);
        if claim > self.output {
            self.output = claim;
            self.found.0.push((now, claim));
            self.read_before.push(self.found.1.len());
        }
    }
}

fn found(trace: &Trace) -> Found {
    let rises = trace.watermarks.iter().map(|step| (step.at.micros(), step.watermark.micros()));
    let met = trace.watermark_before.iter().map(|watermark| watermark.micros());
    let changes =
        trace.inputs.iter().map(|step| (step.at.micros(), step.partition.index(), step.status == InputStatus::Idle));
    (rises.collect(), met.collect(), changes.collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn every_watermark_equals_the_naive_one(input in inputs(), pipeline in pipelines()) {
        let trace = run_pipeline(&input, &pipeline);
        let (rises, met, changes) = found(&trace);
        let (naive_rises, naive_met, naive_changes) = Naive::run(&input, &pipeline);
        prop_assert_eq!(rises, naive_rises);
        prop_assert_eq!(met, naive_met);
        prop_assert_eq!(changes, naive_changes);
        let skewed = |&&seen: &&Seen| {
            pipeline.watermark_options.max_future.is_some_and(|most| seen.event_time - seen.arrival > most.micros())
        };
        let all = seen(&input, pipeline.service_time.micros());
        prop_assert_eq!(trace.skewed, all.iter().filter(skewed).count() as u64);
    }

    #[test]
    fn no_watermark_goes_back(input in inputs(), pipeline in pipelines()) {
        let trace = run_pipeline(&input, &pipeline);
        prop_assert!(trace.watermarks.is_sorted_by(|a, b| a.at <= b.at && a.watermark < b.watermark));
        prop_assert!(trace.watermark_before.is_sorted());
        for step in &trace.watermarks {
            let is_clocks = matches!(pipeline.watermark, WatermarkSpec::FixedLag { .. });
            prop_assert_eq!(step.raised_by.is_none(), is_clocks);
            if let Some(id) = step.raised_by {
                prop_assert!(trace.handled[id.index()] <= step.at);
            }
        }
    }

    #[test]
    fn monotonous_is_bounded_with_nothing(input in inputs(), options in options(), service in 0_i64..4) {
        let run_with = |watermark| {
            let (watermark_options, service_time) = (options, span(service));
            run_pipeline(&input, &Pipeline { watermark, watermark_options, service_time, ..Pipeline::default() })
        };
        let monotonous = run_with(WatermarkSpec::Monotonous);
        let bounded = run_with(WatermarkSpec::Bounded { bound: Span::ZERO });
        prop_assert_eq!(found(&monotonous), found(&bounded));
        prop_assert_eq!(&monotonous.panes, &bounded.panes);
    }

    #[test]
    fn the_tracker_does_what_the_fast_path_does(input in inputs(), bound in 0_i64..50, service in 0_i64..4) {
        // No record is ever this far ahead, so the option changes nothing but the path.
        let guarded = WatermarkOptions { max_future: Some(span(1_000_000)), ..WatermarkOptions::default() };
        let run_with = |watermark_options| {
            let watermark = WatermarkSpec::Bounded { bound: span(bound) };
            let service_time = span(service);
            run_pipeline(&input, &Pipeline { watermark, watermark_options, service_time, ..Pipeline::default() })
        };
        let (fast, tracked) = (run_with(WatermarkOptions::default()), run_with(guarded));
        prop_assert_eq!(&fast.watermarks, &tracked.watermarks);
        prop_assert_eq!(&fast.panes, &tracked.panes);
        prop_assert_eq!(&fast.fates, &tracked.fates);
    }

    #[test]
    fn with_the_perfect_watermark_nothing_is_behind_and_none_is_larger(input in inputs()) {
        let perfect = Pipeline { watermark: WatermarkSpec::Perfect, ..Pipeline::default() };
        let trace = run_pipeline(&input, &perfect);
        let times: Vec<i64> = input.iter().map(|&(_, event_time, ..)| event_time).collect();
        for (i, met) in trace.watermark_before.iter().enumerate().skip(1) {
            prop_assert!(times[i..].iter().all(|&t| t >= met.micros()), "nothing to come is behind");
            prop_assert!(times[i..].contains(&met.micros()), "a larger one would make it behind");
        }
    }

    #[test]
    fn a_percentile_of_one_over_everything_is_the_largest_delay(input in inputs()) {
        let sample = input.len().clamp(1, 10_000) as u32;
        let watermark = WatermarkSpec::Percentile { quantile: 1.0, sample };
        let trace = run_pipeline(&input, &Pipeline { watermark, ..Pipeline::default() });
        let all = seen(&input, 0);
        let largest = all.iter().map(|seen| seen.arrival - seen.event_time).max();
        let expected = largest.map(|delay| all[all.len() - 1].arrival - delay);
        let last = trace.watermarks.last().map(|step| step.watermark.micros());
        prop_assert_eq!(last, expected);
        prop_assert!(trace.watermarks.len() <= 1, "it says nothing before the sample is full");
    }
}

/// Records of aligned partitions, by a loop that asks after every event what may be read.
struct Aligned<'a> {
    pipeline: &'a Pipeline,
    all: Vec<Seen>,
    unread: Vec<usize>,
    queue: Vec<usize>,
    working: Option<(usize, i64)>,
    read: Vec<Seen>,
    finished: usize,
    silent_since: Vec<i64>,
    idle: Vec<bool>,
    output: i64,
    /// Places in order of reading, when they were handled, and the watermark that met them.
    found: Vec<(usize, i64, i64)>,
}

impl Aligned<'_> {
    fn run(input: &Input, pipeline: &Pipeline) -> Vec<(usize, i64, i64)> {
        let all = seen(input, 0);
        let Some(first) = all.first().map(|seen| seen.arrival) else { return Vec::new() };
        let partitions = all.iter().map(|seen| seen.partition + 1).max().unwrap_or(1);
        let mut naive = Aligned {
            pipeline,
            all,
            unread: Vec::new(),
            queue: Vec::new(),
            working: None,
            read: Vec::new(),
            finished: 0,
            silent_since: vec![first; partitions],
            idle: vec![false; partitions],
            output: i64::MIN,
            found: Vec::new(),
        };
        let mut arrived = 0;
        let mut now = first;
        while naive.finished < naive.all.len() {
            loop {
                if naive.working.is_some_and(|(_, until)| until == now) {
                    naive.finish(now);
                } else if naive.all.get(arrived).is_some_and(|seen| seen.arrival == now) {
                    naive.unread.push(arrived);
                    arrived += 1;
                } else if let Some(place) = naive.readable() {
                    naive.take(place, now);
                    naive.start(now);
                } else {
                    // Silence can end a pause, and then there is something to read at this instant.
                    naive.note_silence(arrived, now);
                    if naive.readable().is_none() {
                        break;
                    }
                }
            }
            now += 1;
        }
        naive.found
    }

    fn watermark(&self, partition: usize) -> i64 {
        let of: Vec<Seen> = self.read.iter().filter(|seen| seen.partition == partition).copied().collect();
        claim(self.pipeline.watermark, None, &self.all, &of, 0)
    }

    fn readable(&self) -> Option<usize> {
        if self.queue.len() >= self.pipeline.queue_capacity as usize {
            return None;
        }
        let left = |partition: usize| {
            self.all.iter().filter(|seen| seen.partition == partition).count()
                - self.read.iter().filter(|seen| seen.partition == partition).count()
        };
        let partitions = 0..self.idle.len();
        let counts = |&partition: &usize| !self.idle[partition] && left(partition) > 0;
        let watermarks = partitions.filter(counts).map(|partition| self.watermark(partition));
        let least = watermarks.filter(|&watermark| watermark > i64::MIN).min();
        let drift = self.pipeline.watermark_options.max_drift.map_or(0, Span::micros);
        let is_paused = |place: usize| {
            let own = self.watermark(self.all[place].partition);
            own > i64::MIN && least.is_some_and(|least| own > least + drift)
        };
        self.unread.iter().position(|&place| !is_paused(place))
    }

    fn start(&mut self, now: i64) {
        if self.working.is_none() && !self.queue.is_empty() {
            self.working = Some((self.queue.remove(0), now + self.pipeline.service_time.micros()));
        }
    }

    /// The source reads a record, and makes the watermark that waits behind it.
    fn take(&mut self, place: usize, now: i64) {
        let place = self.unread.remove(place);
        let record = self.all[place];
        self.found.push((place, i64::MAX, self.output));
        self.queue.push(place);
        self.read.push(record);
        self.silent_since[record.partition] = now;
        self.idle[record.partition] = false;
        self.update();
    }

    fn finish(&mut self, now: i64) {
        if self.working.take().is_some() {
            self.found[self.finished].1 = now;
            self.finished += 1;
        }
        self.start(now);
    }

    fn note_silence(&mut self, arrived: usize, now: i64) {
        let Some(idle_after) = self.pipeline.watermark_options.idle_after.map(Span::micros) else { return };
        for partition in 0..self.idle.len() {
            let came = self.all[..arrived].iter().filter(|seen| seen.partition == partition).count();
            let done = self.read.iter().filter(|seen| seen.partition == partition).count();
            self.idle[partition] |= came == done && now - self.silent_since[partition] > idle_after;
        }
        self.update();
    }

    fn update(&mut self) {
        let all = || (0..self.idle.len()).map(|partition| (self.idle[partition], self.watermark(partition)));
        let active = all().filter(|(is_idle, _)| !is_idle).map(|(_, watermark)| watermark).min();
        let claim = active.or_else(|| all().map(|(_, watermark)| watermark).max());
        self.output = self.output.max(claim.unwrap_or(i64::MIN));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn partitions_that_run_ahead_wait_as_the_naive_ones_do(
        input in inputs(),
        drift in 0_i64..120,
        idle_after in prop::option::of(1_i64..60),
        service in 0_i64..5,
        queue_capacity in 1_u32..5,
    ) {
        let watermark_options = WatermarkOptions {
            per_partition: true,
            max_drift: Some(span(drift)),
            idle_after: idle_after.map(span),
            ..WatermarkOptions::default()
        };
        let watermark = WatermarkSpec::Bounded { bound: span(7) };
        let service_time = span(service);
        let pipeline =
            Pipeline { watermark, watermark_options, service_time, queue_capacity, ..Pipeline::default() };
        let trace = run_pipeline(&input, &pipeline);
        let naive = Aligned::run(&input, &pipeline);
        let met = trace.watermark_before.iter().map(|watermark| watermark.micros());
        let handled = trace.handled.iter().map(|at| at.micros());
        let found: Vec<(i64, i64, i64)> = trace.stream.event_times().iter().map(|t| t.micros())
            .zip(handled).zip(met).map(|((t, at), met)| (t, at, met)).collect();
        prop_assert_eq!(found.len(), naive.len());
        let expected: Vec<(i64, i64, i64)> = naive.iter().map(|&(place, at, met)| (input[place].1, at, met)).collect();
        prop_assert_eq!(found, expected);
        // In the order of reading every column ascends, and every record is there once.
        prop_assert!(trace.enqueued.is_sorted() && trace.started.is_sorted() && trace.handled.is_sorted());
        let mut arrivals = trace.stream.arrivals().to_vec();
        arrivals.sort_unstable();
        let before = stream(&input);
        prop_assert_eq!(&arrivals, before.arrivals());
        prop_assert_eq!(trace.stream.arrivals_ascending(), &arrivals[..]);
        prop_assert_eq!(trace.ledger.in_flight, 0);
        prop_assert!(trace.ledger.balances());
    }
}

#[test]
fn a_partition_that_runs_ahead_waits_for_the_slow_one() {
    // Partition 0 reads a backlog of a minute; partition 1 comes a second at a time.
    let input: Input = vec![(0, 0, 1, 1), (0, 5, 0, 1), (0, 20, 0, 1), (0, 40, 0, 1), (10, 15, 1, 1), (10, 30, 1, 1)];
    let watermark_options =
        WatermarkOptions { per_partition: true, max_drift: Some(span(10)), ..WatermarkOptions::default() };
    let watermark = WatermarkSpec::Monotonous;
    let trace = run_pipeline(&input, &Pipeline { watermark, watermark_options, ..Pipeline::default() });
    let handled: Vec<(i64, i64)> =
        trace.stream.event_times().iter().zip(&trace.handled).map(|(t, at)| (t.micros(), at.micros())).collect();
    // 20 is still read at 0, when its partition was at 5; 40 waits until the slow partition is at 15.
    assert_eq!(handled, [(0, 0), (5, 0), (20, 0), (15, 10), (40, 10), (30, 20)]);
}

#[test]
fn a_silent_partition_holds_the_watermark_until_it_is_idle() {
    // Partition 1 speaks once, then the others go on alone.
    let input: Input =
        vec![(0, 10, 0, 1), (0, 12, 1, 1), (10, 20, 0, 1), (10, 30, 0, 1), (10, 40, 0, 1), (5, 13, 1, 1)];
    let options = |idle_after| WatermarkOptions { per_partition: true, idle_after, ..WatermarkOptions::default() };
    let watermark = WatermarkSpec::Monotonous;
    let rises = |idle_after| {
        let watermark_options = options(idle_after);
        found(&run_pipeline(&input, &Pipeline { watermark, watermark_options, ..Pipeline::default() })).0
    };
    assert_eq!(rises(None), [(0, 10), (10, 12), (35, 13)]);
    assert_eq!(rises(Some(span(12))), [(0, 10), (10, 12), (13, 20), (20, 30), (30, 40)]);
}

#[test]
fn one_record_from_the_future_does_not_drag_the_watermark() {
    let input: Input = vec![(10, 9, 0, 1), (10, 1_000_000, 0, 1), (10, 25, 0, 1)];
    let watermark = WatermarkSpec::Monotonous;
    let watermark_options = WatermarkOptions { max_future: Some(span(5)), ..WatermarkOptions::default() };
    let trace = run_pipeline(&input, &Pipeline { watermark, watermark_options, ..Pipeline::default() });
    assert_eq!(found(&trace).0, [(10, 9), (30, 25)]);
    assert_eq!((trace.skewed, trace.ledger.counted), (1, 3));
}

#[test]
fn a_clock_runs_through_years_of_silence_without_taking_every_tick() {
    let year = 365 * 86_400 * 1_000_000_i64;
    let input: Input = vec![(0, 0, 0, 1), (10 * year, 10 * year, 0, 1), (0, 1, 0, 1)];
    let watermark = WatermarkSpec::FixedLag { lag: Span::from_secs(60) };
    let interval = Span::from_millis(200);
    let watermark_options = WatermarkOptions { emit: Emit::Periodic { interval }, ..WatermarkOptions::default() };
    let pipeline = Pipeline { watermark, watermark_options, ..Pipeline::default() };
    let trace = run_pipeline(&input, &pipeline);
    assert!(trace.watermarks.len() < 300_000, "{}", trace.watermarks.len());
    let first = &trace.panes[0];
    // The window [0, 1 min) is complete when the clock shows two minutes, at a tick.
    assert_eq!(first.emitted_at, ProcTime::EPOCH + Span::from_secs(120));
    // The last tick before the next record has been taken.
    let met = trace.watermark_before[1];
    assert_eq!(met, EventTime::from_micros(10 * year) - Span::from_secs(60) - interval);
}
