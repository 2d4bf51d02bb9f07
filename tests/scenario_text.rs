//! Scenario files as text: whatever is written reads back equal, and whatever is read, however
//! broken, ends in a scenario or in an error with words.

use highwater::group::{Assignor, GroupSpec};
use highwater::join::{JoinKind, JoinedValue};
use highwater::log::{LogPreset, LogSpec, Ordering};
use highwater::pipeline::{Aggregate, AtEnd, LatePolicy, Pipeline, WatermarkSpec, WindowSpec};
use highwater::scenario::alerts::{AlertRule, default_alerts};
use highwater::scenario::library::BUILT_IN;
use highwater::scenario::set::{apply, set};
use highwater::scenario::{
    Acks, ClockSpec, ColumnChoice, Deal, DelayQuantile, DelaySpec, Fault, Following, HandRecord, JoinSpec, JoinWith,
    KeySpec, OtherKeys, Partitioner, ProducersSpec, RateShape, RateStep, RecordingSpec, RecordsSpec, Scenario,
    ScenarioError, SourceSpec, Spacing, Synthetic, ValueSpec, WeightedDelay, WrittenRecord, WrittenWatermark, parse,
    parse_bytes,
};
use highwater::state::StateTtl;
use highwater::time::Span;
use proptest::prelude::*;

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        (0..100_000_i64).prop_map(Span::from_millis),
        (1..10_000_000_000_i64).prop_map(Span::from_micros),
        Just(Span::ZERO),
    ]
}

fn positive_span() -> impl Strategy<Value = Span> {
    (1..10_000_000_000_i64).prop_map(Span::from_micros)
}

/// Two spans, the smaller one first and apart.
fn two_spans() -> impl Strategy<Value = (Span, Span)> {
    (span(), positive_span()).prop_map(|(from, more)| (from, from + more))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(|text| text.replace(|c: char| c.is_control() && !c.is_whitespace(), "")),
        "[a-z\"\\\\,(){}: \n/*]{0,20}"
    ]
}

fn delay() -> impl Strategy<Value = DelaySpec> {
    let simple = prop_oneof![
        span().prop_map(|delay| DelaySpec::Constant { delay }),
        two_spans().prop_map(|(min, max)| DelaySpec::Uniform { min, max }),
        (span(), span()).prop_map(|(mean, max)| DelaySpec::Exponential { mean, max }),
        (span(), 0.0..10.0, span()).prop_map(|(median, sigma, max)| DelaySpec::LogNormal { median, sigma, max }),
        (span(), 0.001..10.0, span()).prop_map(|(scale, shape, max)| DelaySpec::Pareto { scale, shape, max }),
        (two_spans(), 0.0..0.9).prop_map(|((shorter, longer), p)| DelaySpec::Quantiles(vec![
            DelayQuantile { p, delay: shorter },
            DelayQuantile { p: 1.0, delay: longer }
        ])),
    ];
    simple.prop_recursive(3, 8, 3, |inner| {
        let part = (0.001..100.0, inner).prop_map(|(weight, delay)| WeightedDelay { weight, delay });
        prop::collection::vec(part, 1..4).prop_map(DelaySpec::Mixture)
    })
}

fn names() -> impl Strategy<Value = Vec<String>> {
    let numbered = |names: std::collections::BTreeSet<String>| {
        names.into_iter().enumerate().map(|(i, name)| format!("{i} {name}")).collect()
    };
    prop::collection::btree_set("\\PC{0,6}", 0..4).prop_map(numbered)
}

fn synthetic() -> impl Strategy<Value = Synthetic> {
    let arrivals = prop_oneof![
        Just(Spacing::Regular),
        Just(Spacing::Poisson),
        (positive_span(), span())
            .prop_map(|(active, silent)| Spacing::Bursts { active: active + Span::from_secs(1), silent }),
    ];
    let keys = prop_oneof![
        (4..1_000_u32, names()).prop_map(|(count, names)| KeySpec::Uniform { count, names }),
        (4..1_000_u32, 0.0..1.0, names()).prop_map(|(count, share, names)| KeySpec::Hot { count, share, names }),
        (4..1_000_u32, 0.0..10.0, names()).prop_map(|(count, exponent, names)| KeySpec::Zipf {
            count,
            exponent,
            names
        }),
    ];
    let values = prop_oneof![
        (-1e12..1e12).prop_map(ValueSpec::Constant),
        (-1_000_000..0_i64, 0..1_000_000_i64).prop_map(|(min, max)| ValueSpec::Integers { min, max }),
        (-1e9..0.0, 0.0..1e9).prop_map(|(min, max)| ValueSpec::Uniform { min, max }),
    ];
    let log = (1..1_025_u32, partitioner(), producers());
    ((0.001..100.0, rate_shape()), arrivals, keys, values, delay(), log).prop_map(
        |((rate, rate_shape), arrivals, keys, values, delay, (partitions, partitioner, producers))| Synthetic {
            rate,
            rate_shape,
            arrivals,
            keys,
            values,
            delay,
            partitions,
            partitioner,
            producers,
            ..Synthetic::default()
        },
    )
}

fn producers() -> impl Strategy<Value = ProducersSpec> {
    let share = || 0.0..1.0;
    let acks = prop::sample::select(vec![Acks::Zero, Acks::One, Acks::All]);
    (1..1_000_u32, share(), share(), acks, any::<bool>(), span()).prop_map(
        |(count, loss, ack_loss, acks, idempotent, clock_offset)| ProducersSpec {
            count,
            deal: if idempotent { Deal::ByChance } else { Deal::InTurn },
            loss,
            ack_loss,
            acks,
            idempotent,
            clock_offset,
            clocks: vec![ClockSpec { producer: count - 1, offset: -clock_offset, drift_ppm: 100.0 * loss }],
            ..ProducersSpec::default()
        },
    )
}

fn rate_shape() -> impl Strategy<Value = RateShape> {
    let rate = || 0.0..100.0;
    prop_oneof![
        Just(RateShape::Constant),
        (positive_span(), rate()).prop_map(|(at, rate)| RateShape::Steps(vec![RateStep { at, rate }])),
        (two_spans(), rate()).prop_map(|((from, until), to)| RateShape::Ramp { from, until, to }),
        (0.0..1.0, positive_span(), span()).prop_map(|(amplitude, period, offset)| RateShape::Diurnal {
            amplitude,
            period,
            offset
        }),
        (span(), positive_span(), rate(), any::<bool>()).prop_map(|(from, length, rate, again)| RateShape::Burst {
            from,
            length,
            rate,
            every: again.then_some(length + Span::from_secs(1_000)),
        }),
    ]
}

fn partitioner() -> impl Strategy<Value = Partitioner> {
    prop_oneof![
        Just(Partitioner::KeyHash),
        Just(Partitioner::RoundRobin),
        (1..1_000_u32).prop_map(|records| Partitioner::Sticky { records }),
        any::<bool>().prop_map(|hashed| Partitioner::Explicit {
            keys: Vec::new(),
            others: if hashed { OtherKeys::KeyHash } else { OtherKeys::To(0) }
        }),
    ]
}

fn recording() -> impl Strategy<Value = RecordingSpec> {
    let column = || prop::option::of(text());
    let columns = (column(), column(), column(), column(), any::<bool>()).prop_map(
        |(event_time, key, value, time_format, no_header)| ColumnChoice {
            event_time,
            key,
            value,
            time_format,
            no_header,
            ..ColumnChoice::default()
        },
    );
    (text(), columns).prop_map(|(path, columns)| RecordingSpec { path: format!("a{path}.csv"), columns })
}

/// Records written out, with instants in every form that people type.
fn records() -> impl Strategy<Value = RecordsSpec> {
    let instant = || {
        prop_oneof![
            (0..24, 0..60, 0..60).prop_map(|(h, m, s)| format!("{h:02}:{m:02}:{s:02}")),
            (1..28, 0..24).prop_map(|(day, h)| format!("2026-02-{day:02} {h:02}:00:00")),
            (-9_999..9_999_i64).prop_map(|ms| format!("{ms}ms")),
        ]
    };
    let record = (instant(), prop::option::of(instant()), text(), -1e9..1e9, 0..1_000_u32).prop_map(
        |(event_time, arrival_time, key, value, partition)| WrittenRecord {
            event_time,
            arrival_time,
            key,
            value,
            partition,
        },
    );
    let said = (instant(), prop_oneof![instant(), Just("end".to_owned())])
        .prop_map(|(at, watermark)| WrittenWatermark { at, watermark });
    (prop::collection::vec(record, 1..5), prop::collection::vec(said, 0..3))
        .prop_map(|(records, watermarks)| RecordsSpec { start: "2026-02-03 04:05:06".to_owned(), records, watermarks })
}

fn pipeline() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![
        positive_span().prop_map(|size| WindowSpec::Tumbling { size, offset: Span::ZERO }),
        (1..1_000_i64, positive_span()).prop_map(|(times, slide)| WindowSpec::Sliding {
            size: slide.times(times),
            slide,
            offset: Span::from_micros(slide.micros() / -2)
        }),
        positive_span().prop_map(|gap| WindowSpec::Session { gap }),
    ];
    let aggregate = prop_oneof![Just(Aggregate::Count), Just(Aggregate::Sum), Just(Aggregate::Max)];
    let rest = (1..10_000_000_u32, span(), prop::option::of(group()));
    (span(), window, span(), any::<bool>(), aggregate, any::<bool>(), rest).prop_map(
        |(bound, window, allowed_lateness, drops, aggregate, holds, (queue_capacity, service_time, group))| Pipeline {
            watermark: WatermarkSpec::Bounded { bound },
            window,
            allowed_lateness,
            late: if drops { LatePolicy::Drop } else { LatePolicy::SideOutput },
            aggregate,
            at_end: if holds { AtEnd::Hold } else { AtEnd::Flush },
            queue_capacity,
            service_time,
            group,
            ..Pipeline::default()
        },
    )
}

fn group() -> impl Strategy<Value = GroupSpec> {
    let assignors = vec![Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];
    (prop::sample::select(assignors), 1..3_000_i64, span(), span(), positive_span()).prop_map(
        |(assignor, beat, initial_delay, sync_time, commit_interval)| GroupSpec {
            assignor,
            heartbeat_interval: Span::from_millis(beat),
            initial_delay,
            sync_time,
            commit_interval,
            ..GroupSpec::default()
        },
    )
}

fn log() -> impl Strategy<Value = LogSpec> {
    let preset = prop::sample::select(LogPreset::ALL.to_vec());
    let limit = || prop::option::of(1..1_000_000_u64);
    let ordering = prop::option::of(prop::sample::select(vec![Ordering::PerKey, Ordering::Unordered]));
    let spans = (prop::option::of(positive_span()), prop::option::of(span()));
    (preset, limit(), limit(), ordering, spans).prop_map(
        |(preset, records_in_per_s, retention_records, ordering, (retention_age, delivery_jitter))| LogSpec {
            preset,
            records_in_per_s,
            retention_records,
            ordering,
            retention_age,
            delivery_jitter,
            ..LogSpec::default()
        },
    )
}

fn alerts() -> impl Strategy<Value = Vec<AlertRule>> {
    let lag = (positive_span(), span(), 1..1_000_000_u64);
    let rule = prop_oneof![
        lag.prop_map(|(baseline, lasting, at_least)| AlertRule::Lag { times: 2.5, baseline, at_least, lasting }),
        (positive_span(), positive_span(), span()).prop_map(|(sla, over, lasting)| AlertRule::Freshness {
            sla,
            quantile: 0.99,
            over,
            lasting
        }),
        (0.0..1.0, positive_span(), span()).prop_map(|(share, over, lasting)| AlertRule::DropRate {
            share,
            over,
            lasting
        }),
        positive_span().prop_map(|lasting| AlertRule::StalledWatermark { lasting }),
        (0.01..1.0).prop_map(|share| AlertRule::Retention { share }),
    ];
    prop_oneof![1 => Just(default_alerts()), 2 => prop::collection::vec(rule, 0..4)]
}

/// A join with a second stream of every kind.
fn join() -> impl Strategy<Value = JoinSpec> {
    let with = prop_oneof![
        synthetic().prop_map(|source| JoinWith::Synthetic(Box::new(source))),
        recording().prop_map(JoinWith::Recording),
        records().prop_map(JoinWith::Records),
        (0.0..1.0, 0.0..1.0)
            .prop_map(|(share, repeats)| { JoinWith::Following(Following { share, repeats, ..Following::default() }) }),
    ];
    let kind = prop_oneof![
        two_spans().prop_map(|(lower, upper)| JoinKind::Interval { lower, upper }),
        positive_span().prop_map(|size| JoinKind::Window(WindowSpec::Tumbling { size, offset: Span::ZERO })),
        prop::option::of(positive_span().prop_map(StateTtl::after_write)).prop_map(|ttl| JoinKind::AsOf { ttl }),
    ];
    let value = prop_oneof![Just(JoinedValue::Right), Just(JoinedValue::Difference)];
    (kind, with, span(), value, any::<bool>()).prop_map(|(kind, with, bound, value, keyed)| JoinSpec {
        kind,
        with,
        left_watermark: WatermarkSpec::Bounded { bound },
        right_watermark: WatermarkSpec::Monotonous,
        value,
        keyed,
    })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let source = prop_oneof![
        3 => synthetic().prop_map(SourceSpec::Synthetic),
        1 => recording().prop_map(SourceSpec::Recording),
        1 => records().prop_map(SourceSpec::Records),
    ];
    let fault = (two_spans(), 1.0..100.0).prop_map(|((from, until), factor)| Fault::SlowOperator {
        task: None,
        from,
        until,
        factor,
    });
    let by_hand = (two_spans(), text(), -1e6..1e6).prop_map(|((at, event_time), key, value)| HandRecord {
        at,
        event_time: -event_time,
        key,
        value,
    });
    let faults = (prop::collection::vec(fault, 0..3), prop::collection::vec(by_hand, 0..3), alerts());
    let streams = (source, prop::option::of(join()), log());
    (text(), text(), any::<u64>(), 1..100_000_i64, streams, prop::option::of(pipeline()), faults).prop_map(
        |(title, about, seed, seconds, (source, join, log), pipeline, (faults, by_hand, alerts))| Scenario {
            version: 1,
            title,
            about,
            seed,
            duration: Span::from_secs(seconds),
            source,
            join: join.map(Box::new),
            log,
            pipeline: pipeline.unwrap_or_default(),
            faults,
            by_hand,
            alerts,
            lesson: None,
            goals: Vec::new(),
        },
    )
}

/// Every error has a message, and a place inside the text.
fn check_error(text: &str, error: &ScenarioError) {
    assert!(!error.problems.is_empty());
    for problem in &error.problems {
        assert!(!problem.message.is_empty());
        if let Some((line, column)) = problem.place {
            let length = text.split('\n').nth(line - 1).expect("the line exists").chars().count();
            assert!((1..=length + 1).contains(&column), "{error}: line {line} has {length} characters");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_written_reads_back_equal(scenario in scenario()) {
        let written = scenario.to_ron();
        prop_assert_eq!(scenario.problems(), []);
        let read = parse(&written, "written").unwrap_or_else(|error| panic!("{error}\n{written}"));
        prop_assert_eq!(&read, &scenario);
        prop_assert_eq!(read.to_ron(), written);
    }

    #[test]
    fn broken_files_end_in_words(
        which in 0..BUILT_IN.len(),
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        inserted in "[(){}\\[\\]:,\"/*a-z0-9. -]{0,6}",
    ) {
        let whole = BUILT_IN[which].text;
        let at = at.index(whole.len() + 1);
        let text = format!("{}{inserted}{}", &whole[..at], &whole[(at + length).min(whole.len())..]);
        if let Err(error) = parse(&text, "broken") {
            check_error(&text, &error);
        }
    }

    #[test]
    fn junk_ends_in_words(bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        prop_assert!(parse_bytes(&bytes, "junk").is_err());
        let error = parse(&text, "junk").expect_err("no scenario is made of random characters");
        check_error(&text, &error);
        let inside = format!("(title: {text})");
        let error = parse(&inside, "junk").expect_err("there is no source");
        check_error(&inside, &error);
    }

    #[test]
    fn settings_are_applied_or_refused_in_words(
        path in "[a-z_.0-9]{0,20}",
        value in any::<String>(),
        known in 0..7_usize,
    ) {
        let mut scenario = BUILT_IN[0].scenario().expect("a built-in scenario");
        let before = scenario.clone();
        let paths = [&*path, "title", "seed", "source", "pipeline.window", "faults.0", "source.keys.names"];
        if let Err(error) = set(&mut scenario, paths[known], &value) {
            prop_assert!(!error.message.is_empty());
            prop_assert_eq!(&scenario, &before);
        }
        if let Err(errors) = apply(&mut scenario, &[format!("{}={value}", paths[known])]) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn any_text_can_be_a_title(title in text()) {
        let mut scenario = BUILT_IN[0].scenario().expect("a built-in scenario");
        // Blanks around a value are not part of it, and quotes of its own are those of the file.
        let expected = title.trim();
        if !expected.starts_with('"') {
            prop_assert_eq!(set(&mut scenario, "title", &title), Ok(()));
            prop_assert_eq!(scenario.title, expected);
        }
    }
}
