//! Special aggregates (distinct, quantile, top k, first, last): in a run against a naive answer, and
//! alone: merging, taking back, snapshots.

use std::sync::Arc;

use highwater::oracle::special::answer;
use highwater::oracle::special_truth;
use highwater::pipeline::{Aggregate, AtEnd, Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Record, RecordId, Row, Stream};
use highwater::runtime::{Fate, RunConfig, Trace, WindowEnd, run};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::aggregate::Special;
use highwater::window::dialect::Dialect;
use highwater::window::operator::{Advance, WindowOperator};
use highwater::window::pane::Pane;
use highwater::window::trigger::TriggerSpec;
use proptest::prelude::*;

/// (event time, key, value), one per microsecond of arrival.
type Input = Vec<(i64, u32, i32)>;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for name in ["a", "b", "c"] {
        keys.intern(name);
    }
    let row = |(i, &(t, key, value)): (usize, &(i64, u32, i32))| Row {
        event_time: EventTime::from_micros(t),
        arrival: ProcTime::from_micros(i as i64),
        key: KeyId(key),
        value: f64::from(value),
        partition: PartitionId(0),
    };
    Arc::new(Stream::from_rows(input.iter().enumerate().map(row).collect(), keys))
}

fn run_pipeline(input: &Input, pipeline: &Pipeline) -> Trace {
    assert_eq!(pipeline.problems(), []);
    run(&stream(input), &RunConfig::plain(pipeline.clone()))
}

fn inputs() -> impl Strategy<Value = Input> {
    prop::collection::vec((-60_i64..60, 0_u32..3, -4_i32..5), 0..60)
}

fn aggregates() -> impl Strategy<Value = Aggregate> {
    let quantile = prop_oneof![Just(0.01), Just(0.5), Just(0.9), Just(1.0)];
    prop_oneof![
        Just(Aggregate::Distinct),
        Just(Aggregate::DistinctApprox),
        quantile.prop_map(Aggregate::Quantile),
        (1_u32..5).prop_map(Aggregate::TopK),
        Just(Aggregate::First),
        Just(Aggregate::Last),
    ]
}

fn windows() -> impl Strategy<Value = WindowSpec> {
    let sliding = (1_i64..30, 1_i64..30).prop_map(|(size, slide)| WindowSpec::Sliding {
        size: span(size),
        slide: span(slide),
        offset: Span::ZERO,
    });
    let session = (1_i64..20).prop_map(|gap| WindowSpec::Session { gap: span(gap) });
    let tumbling = (1_i64..30).prop_map(|size| WindowSpec::Tumbling { size: span(size), offset: Span::ZERO });
    prop_oneof![sliding, session, tumbling]
}

/// The records that a pane says, found one by one: those of its key and extent that had been handled
/// when it was fired and whose window was not gone when they came.
fn records_of(trace: &Trace, pane: &Pane, from: u32) -> Vec<Record> {
    let lateness = trace.pipeline.allowed_lateness;
    let up_to = pane.cause.map_or(u32::MAX, |cause| cause.0);
    let is_session = matches!(trace.pipeline.window, WindowSpec::Session { .. });
    let is_in = |record: &Record| {
        let met = trace.watermark_before[record.id.index()];
        let kept =
            if is_session { trace.fates[record.id.index()] == Fate::Counted } else { pane.window.end + lateness > met };
        record.key == pane.key
            && pane.window.contains(record.event_time)
            && (from..=up_to).contains(&record.id.0)
            && kept
    };
    trace.stream.records().filter(is_in).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_pane_says_what_its_records_say(
        input in inputs(),
        aggregate in aggregates(),
        window in windows(),
        bound in 0_i64..40,
        lateness in 0_i64..30,
        flush in any::<bool>(),
    ) {
        let pipeline = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: span(bound) },
            window,
            // A session that is gone leaves no trace in the extent of the next: none goes here.
            allowed_lateness: span(if matches!(window, WindowSpec::Session { .. }) { 1_000 } else { lateness }),
            aggregate,
            at_end: if flush { AtEnd::Flush } else { AtEnd::Hold },
            ..Pipeline::default()
        };
        let trace = run_pipeline(&input, &pipeline);
        let plain = run_pipeline(&input, &Pipeline { aggregate: Aggregate::Count, ..pipeline });
        // A special aggregate changes what panes say, and nothing else.
        let bare = |trace: &Trace| -> Vec<Pane> { trace.panes.iter().map(|p| Pane { special: None, ..*p }).collect() };
        let by_time = |mut panes: Vec<Pane>| {
            panes.sort_by_key(|p| (p.emitted_at, p.cause, p.window, p.key, p.index));
            panes
        };
        let (found, expected) = (by_time(bare(&trace)), by_time(bare(&plain)));
        prop_assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            let seen = |pane: &Pane| (pane.window, pane.key, pane.timing, pane.index, pane.summary);
            prop_assert_eq!(seen(found), seen(expected));
        }
        prop_assert_eq!(&trace.fates, &plain.fates);
        for (i, pane) in trace.panes.iter().enumerate() {
            let records = records_of(&trace, pane, 0);
            prop_assert_eq!(records.len() as u64, pane.summary.count);
            prop_assert_eq!(pane.value(aggregate), answer(&records, aggregate));
            prop_assert_eq!(plain.panes[i].special, None);
            if let Aggregate::TopK(k) = aggregate {
                let mut values: Vec<f64> = records.iter().map(|record| record.value).collect();
                values.sort_unstable_by(|a, b| b.total_cmp(a));
                values.truncate(k as usize);
                prop_assert_eq!(trace.list_of(i), &values[..]);
            } else {
                prop_assert!(trace.lists.is_empty());
            }
        }
    }

    #[test]
    fn with_enough_lateness_the_last_panes_are_the_batch_answer(
        input in inputs(),
        aggregate in aggregates(),
        window in windows(),
        is_beam in any::<bool>(),
    ) {
        let dialect = if is_beam { Dialect::Beam } else { Dialect::Flink };
        let (allowed_lateness, at_end) = (span(1_000), AtEnd::Flush);
        let pipeline = Pipeline { window, aggregate, dialect, allowed_lateness, at_end, ..Pipeline::default() };
        let trace = run_pipeline(&input, &pipeline);
        let truth = special_truth(&trace.stream, window, aggregate);
        for life in trace.windows.iter().filter(|life| !matches!(life.end, WindowEnd::Merged { .. })) {
            // Touching sessions stay apart in Beam, and the truth is Flink's.
            let is_apart = is_beam && matches!(window, WindowSpec::Session { .. });
            if !is_apart {
                prop_assert_eq!(life.value(aggregate), truth.of_window(life.key, life.window).copied());
            }
        }
    }

    #[test]
    fn a_purge_starts_anew(input in inputs(), aggregate in aggregates(), every in 1_u32..4) {
        let size = span(1_000);
        let pipeline = Pipeline {
            window: WindowSpec::Tumbling { size, offset: span(-500) },
            aggregate,
            allowed_lateness: span(10_000),
            trigger: TriggerSpec::Count(u64::from(every)),
            accumulation: Accumulation::Discarding,
            ..Pipeline::default()
        };
        let trace = run_pipeline(&input, &pipeline);
        let mut from = [0_u32; 3];
        for pane in &trace.panes {
            let key = pane.key.index();
            let records = records_of(&trace, pane, from[key]);
            prop_assert_eq!(records.len(), every as usize);
            prop_assert_eq!(pane.value(aggregate), answer(&records, aggregate));
            from[key] = pane.cause.map_or(0, |cause| cause.0 + 1);
        }
        let bytes_of_one = 4 * 1024;
        prop_assert!(trace.max_special_bytes < 3 * bytes_of_one);
    }

    #[test]
    fn the_bytes_of_windows_that_are_gone_are_gone(
        input in inputs(),
        aggregate in aggregates(),
        window in windows(),
        lateness in 0_i64..30,
        bound in 0_i64..40,
        is_beam in any::<bool>(),
        discards in any::<bool>(),
    ) {
        let pipeline = Pipeline {
            window,
            aggregate,
            allowed_lateness: span(lateness),
            dialect: if is_beam { Dialect::Beam } else { Dialect::Flink },
            accumulation: if discards { Accumulation::Discarding } else { Accumulation::Accumulating },
            ..Pipeline::default()
        };
        prop_assert_eq!(pipeline.problems(), []);
        let mut operator = WindowOperator::new(&pipeline);
        let mut panes: Vec<Pane> = Vec::new();
        let (now, mut newest) = (ProcTime::EPOCH, i64::MIN);
        for record in stream(&input).records() {
            operator.on_record(&record, now, &mut panes);
            if record.event_time.micros() > newest {
                newest = record.event_time.micros();
                let watermark = EventTime::from_micros(newest - bound);
                operator.on_watermark(&Advance { watermark, now, cause: Some(record.id) }, &mut panes);
            }
            prop_assert!(operator.special_bytes() == 0 || operator.kept() > 0);
        }
        operator.on_watermark(&Advance { watermark: EventTime::MAX, now, cause: None }, &mut panes);
        prop_assert_eq!((operator.kept(), operator.special_bytes()), (0, 0));
    }

    #[test]
    fn in_every_dialect_both_are_of_the_same_records(
        input in inputs(),
        window in windows(),
        lateness in 0_i64..30,
        bound in 0_i64..40,
        dialect in prop_oneof![
            Just(Dialect::Flink), Just(Dialect::Beam), Just(Dialect::KafkaStreams), Just(Dialect::AzureStreamAnalytics)
        ],
        accumulation in prop_oneof![
            Just(Accumulation::Accumulating), Just(Accumulation::Discarding),
            Just(Accumulation::AccumulatingAndRetracting)
        ],
        as_quantile in any::<bool>(),
    ) {
        let aggregate = if as_quantile { Aggregate::Quantile(1.0) } else { Aggregate::TopK(1) };
        let is_azure = dialect == Dialect::AzureStreamAnalytics;
        let pipeline = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: span(if dialect == Dialect::KafkaStreams { 0 } else { bound }) },
            window,
            aggregate,
            dialect,
            allowed_lateness: span(if is_azure { 0 } else { lateness }),
            accumulation: if is_azure { Accumulation::Accumulating } else { accumulation },
            at_end: AtEnd::Flush,
            ..Pipeline::default()
        };
        prop_assume!(pipeline.problems().is_empty());
        let trace = run_pipeline(&input, &pipeline);
        let plain = run_pipeline(&input, &Pipeline { aggregate: Aggregate::Max, ..pipeline });
        prop_assert_eq!(trace.panes.len(), plain.panes.len());
        for pane in &trace.panes {
            prop_assert_eq!(pane.value(aggregate), pane.summary.value(Aggregate::Max));
        }
        let largest = |panes: &[Pane]| panes.iter().map(|pane| pane.summary.max).fold(f64::MIN, f64::max);
        prop_assert_eq!(largest(&trace.panes), largest(&plain.panes));
        prop_assert_eq!(trace.ledger, plain.ledger);
        prop_assert_eq!(trace.watermarks, plain.watermarks);
    }

    #[test]
    fn merging_parts_is_adding_everything(
        values in prop::collection::vec((-50_i64..50, -9_i32..10), 0..80),
        cut in 0_usize..80,
        aggregate in aggregates(),
    ) {
        let records = records(&values);
        let (left, right) = records.split_at(cut.min(records.len()));
        let mut merged = filled(aggregate, left);
        merged.merge(&filled(aggregate, right));
        prop_assert_eq!(merged.value(), answer(&records, aggregate).or(merged.value().filter(|count| *count == 0.0)));
        let all = filled(aggregate, &records);
        prop_assert_eq!(merged.list(), all.list());
    }

    #[test]
    fn what_is_taken_back_was_never_there(
        values in prop::collection::vec((-50_i64..50, -9_i32..10), 1..60),
        place in 0_usize..60,
        aggregate in aggregates(),
    ) {
        let records = records(&values);
        let place = place % records.len();
        let mut state = filled(aggregate, &records);
        let before = state.clone();
        let mut rest = records.clone();
        let taken = rest.remove(place);
        if state.retract(taken.value) {
            prop_assert_eq!(state.value(), filled(aggregate, &rest).value());
        } else {
            prop_assert_eq!(state, before);
            let is_forgetful = !matches!(aggregate, Aggregate::Distinct | Aggregate::Quantile(_));
            prop_assert!(is_forgetful, "these remember every value");
        }
    }

    #[test]
    fn a_snapshot_at_any_step_is_no_interruption(
        values in prop::collection::vec((-50_i64..50, any::<i32>()), 1..900),
        cut in 0_usize..900,
        aggregate in aggregates(),
    ) {
        let records = records(&values);
        let cut = cut.min(records.len());
        let uninterrupted = filled(aggregate, &records);
        let text = serde_json::to_string(&filled(aggregate, &records[..cut])).expect("a snapshot can be written");
        let mut restored: Special = serde_json::from_str(&text).expect("a snapshot can be read");
        records[cut..].iter().for_each(|record| restored.add(record));
        prop_assert_eq!(restored.value(), uninterrupted.value());
        prop_assert_eq!(restored.list(), uninterrupted.list());
        prop_assert_eq!(restored, uninterrupted);
    }
}

fn records(values: &[(i64, i32)]) -> Vec<Record> {
    let record = |(i, &(t, value)): (usize, &(i64, i32))| Record {
        id: RecordId(i as u32),
        event_time: EventTime::from_micros(t),
        key: KeyId(0),
        value: f64::from(value),
    };
    values.iter().enumerate().map(record).collect()
}

fn filled(aggregate: Aggregate, records: &[Record]) -> Special {
    let mut state = Special::new(aggregate).expect("a special aggregate");
    records.iter().for_each(|record| state.add(record));
    state
}

#[test]
fn a_list_is_written_whole_and_the_state_is_counted() {
    let input: Input = (0..20).map(|i| (i, 0, (i * 7 % 20) as i32)).collect();
    let pipeline = Pipeline {
        window: WindowSpec::Tumbling { size: span(10), offset: Span::ZERO },
        aggregate: Aggregate::TopK(3),
        at_end: AtEnd::Flush,
        ..Pipeline::default()
    };
    let trace = run_pipeline(&input, &pipeline);
    let truth = highwater::oracle::Truth::of(&trace.stream, pipeline.window);
    let csv = highwater::metrics::rows::panes_csv(&trace, &truth).expect("memory can be written to");
    let text = String::from_utf8(csv).expect("text");
    // The values of the first window are 0 7 14 1 8 15 2 9 16 3, of the second 10 17 4 11 18 5 12 19 6 13.
    let values: Vec<(&str, &str)> =
        text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>()).map(|row| (row[5], row[8])).collect();
    assert_eq!(values, [("16 15 14", "14"), ("19 18 17", "17")]);
    assert!(trace.max_special_bytes > 3 * size_of::<f64>());
}
