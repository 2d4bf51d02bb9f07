//! Every watermark, through a whole run, against a naive one that looks at every microsecond.
//!
//! The naive one knows no timers, leaves out no tick and keeps no running state: after every
//! instant it works out each partition's watermark anew from the list of records handled so far.

mod aligned;
mod naive;

use std::sync::Arc;

use highwater::pipeline::{Emit, Marker, Pipeline, WatermarkOptions, WatermarkSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{RunConfig, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::watermark::InputStatus;
use proptest::prelude::*;

use aligned::Aligned;
use naive::{Found, Input, Naive, Seen, seen};

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
