//! A run that is restored at any instant and goes on is the run itself.

use std::sync::Arc;

use highwater::pipeline::{AtEnd, Overflow, Pipeline, Tasks, WatermarkOptions, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{Keyframes, RunConfig, Simulation, Trace, run, run_with_keyframes};
use highwater::scenario::{Scenario, SourceSpec, library};
use highwater::time::{EventTime, ProcTime, Span};
use proptest::prelude::*;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// Restores at this instant and runs to the end.
fn finish(keyframes: &Keyframes, trace: &Trace, at: ProcTime) -> Trace {
    let mut simulation = keyframes.restore(trace, at);
    assert!(simulation.now() <= at);
    while simulation.step() {}
    simulation.into_trace()
}

/// At this instant: as much has happened as the trace says.
fn check_restored(simulation: &Simulation, trace: &Trace, at: ProcTime) {
    let ledger = simulation.ledger();
    assert!(ledger.balances());
    let handled = trace.handled.partition_point(|&handled| handled <= at) as u64;
    assert_eq!(ledger.produced - ledger.in_flight, handled, "{at}");
    // The columns by record know of the first time that each was handled; channels may hold it again.
    if trace.recovery.is_none() {
        assert_eq!(simulation.queue_depth(), trace.at(at).depth(), "{at}");
    }
}

#[test]
fn every_scenario_goes_on_from_a_hundred_instants_as_if_nothing_had_happened() {
    for built_in in library::BUILT_IN {
        let name = built_in.slug;
        let scenario: Scenario = built_in.scenario().expect("a scenario of the library");
        if matches!(scenario.source, SourceSpec::Recording(_)) || scenario.title == "A million records" {
            continue;
        }
        let stream = Arc::new(highwater::source::generate(&scenario).expect("it can be made"));
        let config = RunConfig::of(&scenario, &stream);
        let (trace, keyframes) = run_with_keyframes(&stream, &config);
        let expected = trace.hash_hex();
        assert_eq!(run(&stream, &config).hash_hex(), expected, "{name}");
        let (first, last) = trace.span().expect("records");
        let times = if stream.len() > 10_000 { 4 } else { 100 };
        let mut draws = highwater::rng::Seed::new(7).stream("instants");
        for _ in 0..times {
            let at = ProcTime::from_micros(draws.integer(first.micros() - 1_000, last.micros() + 1_000));
            check_restored(&keyframes.restore(&trace, at), &trace, at);
            assert_eq!(finish(&keyframes, &trace, at).hash_hex(), expected, "{name} at {at}");
        }
    }
}

/// (event time, key, value, microseconds since the arrival before, partition).
type Input = Vec<(i64, u32, i32, i64, u32)>;

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for key in 0..8 {
        keys.intern(&format!("key {key}"));
    }
    let mut arrival = 0;
    let rows = input.iter().map(|&(t, key, value, after, partition)| {
        arrival += after;
        Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(arrival),
            key: KeyId(key),
            value: f64::from(value),
            partition: PartitionId(partition),
        }
    });
    Arc::new(Stream::from_rows(rows.collect(), keys))
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![
        (1_i64..30).prop_map(|size| WindowSpec::Tumbling { size: span(size), offset: span(0) }),
        (1_i64..30, 1_i64..30).prop_map(|(size, slide)| WindowSpec::Sliding {
            size: span(size),
            slide: span(slide),
            offset: span(0)
        }),
        (1_i64..20).prop_map(|gap| WindowSpec::Session { gap: span(gap) }),
    ];
    let overflow = prop_oneof![Just(Overflow::Block), Just(Overflow::ShedNewest), Just(Overflow::ShedOldest)];
    let tasks = (1_u32..4, 1_u32..5, 0_i64..3, 0_i64..4, 1_u32..3, overflow, prop::option::of(1_i64..20)).prop_map(
        |(sources, windows, source, sink, sink_capacity, overflow, batch)| Tasks {
            sources,
            windows,
            source_time: span(source),
            sink_time: span(sink),
            sink_capacity,
            overflow,
            micro_batch: batch.map(span),
            ..Tasks::default()
        },
    );
    let rest = (0_i64..40, 0_i64..30, any::<bool>(), prop::option::of(1_i64..40), 0_i64..5, 1_u32..4);
    (window, tasks, rest).prop_map(|(window, tasks, (bound, lateness, flush, idle, service, capacity))| Pipeline {
        watermark: WatermarkSpec::Bounded { bound: span(bound) },
        watermark_options: WatermarkOptions { idle_after: idle.map(span), ..WatermarkOptions::default() },
        window,
        allowed_lateness: span(lateness),
        at_end: if flush { AtEnd::Flush } else { AtEnd::Hold },
        service_time: span(service),
        queue_capacity: capacity,
        tasks,
        ..Pipeline::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_run_goes_on_from_any_instant(
        input in prop::collection::vec((-60_i64..60, 0_u32..8, -5_i32..6, 0_i64..9, 0..4_u32), 1..60),
        pipeline in pipelines(),
        share in 0.0_f64..1.0,
    ) {
        prop_assert_eq!(pipeline.problems(), []);
        let stream = stream(&input);
        let (trace, keyframes) = run_with_keyframes(&stream, &RunConfig::plain(pipeline));
        let (first, last) = trace.span().expect("records");
        let at = first + span(((last - first).micros() as f64 * share) as i64);
        check_restored(&keyframes.restore(&trace, at), &trace, at);
        prop_assert_eq!(finish(&keyframes, &trace, at).hash_hex(), trace.hash_hex());
    }
}
