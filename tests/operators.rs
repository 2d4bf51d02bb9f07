//! The operators against each other, against the batch answer and against plain loops: random
//! pipelines over random streams, for triggers, accumulation and dialects.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater::oracle::Truth;
use highwater::pipeline::{AtEnd, LatePolicy, Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{Fate, RunConfig, Simulation, Trace, WindowEnd};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::dialect::Dialect;
use highwater::window::operator::WindowOperator;
use highwater::window::pane::{Pane, Timing, Window};
use highwater::window::trigger::TriggerSpec;
use proptest::prelude::*;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// (event time, key, value, time since the arrival before).
type Input = Vec<(i64, u32, i32, i64)>;

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for key in 0..4 {
        keys.intern(&key.to_string());
    }
    let mut arrival = 0;
    let rows = input.iter().map(|&(t, key, value, since)| {
        arrival += since;
        Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(arrival),
            key: KeyId(key),
            value: f64::from(value),
            partition: PartitionId(0),
        }
    });
    Arc::new(Stream::from_rows(rows.collect(), keys))
}

fn run_with(input: &Input, pipeline: &Pipeline, operator: impl Fn(&Pipeline) -> WindowOperator) -> Trace {
    assert_eq!(pipeline.problems(), []);
    let config = RunConfig::plain(pipeline.clone());
    let mut simulation = Simulation::with_operators(stream(input), &config, operator);
    while simulation.step() {
        assert!(simulation.ledger().balances());
    }
    simulation.into_trace()
}

fn run(input: &Input, pipeline: &Pipeline) -> Trace {
    run_with(input, pipeline, WindowOperator::new)
}

fn inputs() -> impl Strategy<Value = Input> {
    prop::collection::vec((-60_i64..60, 0_u32..3, -5_i32..6, 0_i64..9), 0..50)
}

fn sessions() -> impl Strategy<Value = WindowSpec> {
    (1_i64..20).prop_map(|gap| WindowSpec::Session { gap: span(gap) })
}

fn aligned() -> impl Strategy<Value = WindowSpec> {
    let sliding = (1_i64..30, 1_i64..30).prop_flat_map(|(size, slide)| {
        ((-slide + 1)..slide).prop_map(move |offset| WindowSpec::Sliding {
            size: span(size),
            slide: span(slide),
            offset: span(offset),
        })
    });
    let tumbling = (1_i64..30).prop_flat_map(|size| {
        ((-size + 1)..size).prop_map(move |offset| WindowSpec::Tumbling { size: span(size), offset: span(offset) })
    });
    prop_oneof![sliding, tumbling]
}

fn cumulative() -> impl Strategy<Value = WindowSpec> {
    (1_i64..6, 1_i64..9, -3_i64..4).prop_map(|(steps, step, offset)| WindowSpec::Cumulative {
        max: span(steps * step),
        step: span(step),
        offset: span(offset % (steps * step)),
    })
}

fn plain_tumbling() -> impl Strategy<Value = WindowSpec> {
    (1_i64..30).prop_map(|size| WindowSpec::Tumbling { size: span(size), offset: span(0) })
}

fn known_windows() -> impl Strategy<Value = WindowSpec> {
    prop_oneof![4 => aligned(), 2 => cumulative(), 1 => Just(WindowSpec::Global)]
}

fn settings() -> impl Strategy<Value = Pipeline> {
    (0_i64..40, 0_i64..30, any::<bool>(), any::<bool>()).prop_map(|(bound, lateness, side, flush)| Pipeline {
        watermark: WatermarkSpec::Bounded { bound: span(bound) },
        allowed_lateness: span(lateness),
        late: if side { LatePolicy::SideOutput } else { LatePolicy::Drop },
        at_end: if flush { AtEnd::Flush } else { AtEnd::Hold },
        ..Pipeline::default()
    })
}

/// Panes with one cause come in order of their instants; between keys there is no order to compare.
fn sorted(panes: &[Pane]) -> Vec<String> {
    let mut panes = panes.to_vec();
    panes.sort_by_key(|p| {
        let cause = p.cause.map_or(u32::MAX, |id| id.0);
        (p.emitted_at, cause, p.timing != Timing::Late, p.window.end, p.window.start, p.key, p.index)
    });
    panes.iter().map(|pane| format!("{pane:?}")).collect()
}

fn assert_equal_traces(found: &Trace, expected: &Trace) {
    assert_eq!(found.fates, expected.fates);
    assert_eq!(found.kept_windows, expected.kept_windows);
    assert_eq!(found.windows, expected.windows);
    assert_eq!(sorted(&found.panes), sorted(&expected.panes));
    assert_eq!(found.ledger, expected.ledger);
}

/// What a reader believes who adds every result and takes back every retraction.
fn believed(panes: &[Pane]) -> BTreeMap<(KeyId, Window), Vec<(u64, i64)>> {
    let mut believed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for pane in panes {
        let values = believed.entry((pane.key, pane.window)).or_default();
        let value = (pane.summary.count, pane.summary.sum as i64);
        if pane.is_retraction {
            let place = values.iter().position(|said| *said == value).expect("what is withdrawn was said before");
            values.remove(place);
        } else {
            values.push(value);
        }
    }
    believed.retain(|_, values| !values.is_empty());
    believed
}

fn truth(trace: &Trace, window: WindowSpec) -> BTreeMap<(KeyId, Window), Vec<(u64, i64)>> {
    let truth = Truth::of(&trace.stream, window);
    truth.windows().iter().map(|(key, summary)| (*key, vec![(summary.count, summary.sum as i64)])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_operators_equal_the_general_one(
        input in inputs(),
        window in prop_oneof![aligned(), sessions()],
        settings in settings(),
    ) {
        let pipeline = Pipeline { window, ..settings };
        let fast = run(&input, &pipeline);
        assert_equal_traces(&fast, &run_with(&input, &pipeline, WindowOperator::general));
    }

    #[test]
    fn believing_results_and_retractions_gives_the_batch_answer(
        input in inputs(),
        window in prop_oneof![3 => sessions(), 1 => aligned(), 1 => cumulative()],
        trigger in prop_oneof![
            Just(TriggerSpec::EventTime),
            (1_i64..12).prop_map(|interval| TriggerSpec::ContinuousEventTime(span(interval))),
        ],
        bound in 0_i64..20,
    ) {
        let pipeline = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: span(bound) },
            window,
            trigger,
            allowed_lateness: span(1_000),
            accumulation: Accumulation::AccumulatingAndRetracting,
            at_end: AtEnd::Flush,
            ..Pipeline::default()
        };
        let trace = run(&input, &pipeline);
        prop_assert_eq!(believed(&trace.panes), truth(&trace, window));
        let accumulating = Pipeline { accumulation: Accumulation::Accumulating, ..pipeline };
        let results: Vec<Pane> = trace.panes.iter().filter(|pane| !pane.is_retraction).copied().collect();
        prop_assert_eq!(results, run_with(&input, &accumulating, WindowOperator::general).panes);
    }

    #[test]
    fn discarded_panes_add_up_to_accumulated_ones(
        input in inputs(),
        window in known_windows(),
        count in 1_u64..5,
        settings in settings(),
    ) {
        let trigger = TriggerSpec::Count(count);
        let pipeline = Pipeline { window, trigger: trigger.clone(), ..settings };
        let accumulating = run(&input, &pipeline);
        let discarding = run(&input, &Pipeline { accumulation: Accumulation::Discarding, ..pipeline.clone() });
        let purging = run(&input, &Pipeline { trigger: TriggerSpec::Purging(Box::new(trigger)), ..pipeline });
        prop_assert_eq!(&discarding.panes, &purging.panes);
        prop_assert_eq!(discarding.panes.len(), accumulating.panes.len());
        let mut so_far: BTreeMap<_, (u64, f64)> = BTreeMap::new();
        for (part, all) in discarding.panes.iter().zip(&accumulating.panes) {
            prop_assert_eq!(part.summary.count, count);
            let sum = so_far.entry(part.window_id).or_default();
            sum.0 += part.summary.count;
            sum.1 += part.summary.sum;
            prop_assert_eq!((all.window_id, all.summary.count, all.summary.sum), (part.window_id, sum.0, sum.1));
        }
    }

    #[test]
    fn count_and_delta_triggers_fire_where_a_plain_loop_says(
        input in inputs(),
        window in prop_oneof![4 => plain_tumbling(), 1 => Just(WindowSpec::Global)],
        count in 1_u64..5,
        threshold in 0_i32..6,
        by_count in any::<bool>(),
        settings in settings(),
    ) {
        let trigger = if by_count { TriggerSpec::Count(count) } else { TriggerSpec::Delta(f64::from(threshold)) };
        let pipeline = Pipeline { window, trigger, ..settings };
        let trace = run(&input, &pipeline);
        let mut values: BTreeMap<(u32, i64), Vec<i32>> = BTreeMap::new();
        let mut marks = BTreeMap::new();
        let mut expected = Vec::new();
        for (i, &(t, key, value, _)) in input.iter().enumerate() {
            if trace.fates[i] != Fate::Counted {
                continue;
            }
            let start = match window {
                WindowSpec::Tumbling { size, .. } => t.div_euclid(size.micros()),
                _ => 0,
            };
            let values = values.entry((key, start)).or_default();
            values.push(value);
            let mark = marks.entry((key, start)).or_insert(value);
            let fires =
                if by_count { (values.len() as u64).is_multiple_of(count) } else { (value - *mark).abs() > threshold };
            if fires {
                *mark = value;
                expected.push((i as u32, key, values.len() as u64, values.iter().sum::<i32>()));
            }
        }
        let found: Vec<_> = trace
            .panes
            .iter()
            .map(|p| (p.cause.map_or(u32::MAX, |id| id.0), p.key.0, p.summary.count, p.summary.sum as i32))
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn cumulative_and_global_windows_hold_the_batch_answer(
        input in inputs(),
        window in prop_oneof![3 => cumulative(), 1 => Just(WindowSpec::Global)],
    ) {
        let trigger = if window == WindowSpec::Global { TriggerSpec::Count(1) } else { TriggerSpec::Default };
        let pipeline = Pipeline {
            window,
            trigger,
            allowed_lateness: span(1_000),
            at_end: AtEnd::Flush,
            ..Pipeline::default()
        };
        let trace = run(&input, &pipeline);
        let mut last = BTreeMap::new();
        for pane in &trace.panes {
            last.insert((pane.key, pane.window), vec![(pane.summary.count, pane.summary.sum as i64)]);
        }
        prop_assert_eq!(last, truth(&trace, window));
        let lives = trace.windows.iter().filter(|life| life.end == WindowEnd::StillKept).count();
        prop_assert_eq!(lives, if window == WindowSpec::Global { trace.windows.len() } else { 0 });
    }

    #[test]
    fn clocked_firings_come_at_their_instants(input in inputs(), interval in 1_i64..40) {
        let pipeline = Pipeline {
            window: WindowSpec::Global,
            trigger: TriggerSpec::ContinuousProcessingTime(span(interval)),
            accumulation: Accumulation::Discarding,
            ..Pipeline::default()
        };
        let trace = run(&input, &pipeline);
        let mut arrival = 0;
        let mut started: BTreeMap<u32, i64> = BTreeMap::new();
        let mut expected: BTreeMap<(i64, u32), (u64, i64)> = BTreeMap::new();
        for &(_, key, value, since) in &input {
            arrival += since;
            // A record at a boundary belongs to it, unless the clock of its key was started there.
            let is_waited_for = *started.entry(key).or_insert(arrival) < arrival;
            let up_to = if is_waited_for { arrival - 1 } else { arrival };
            let entry = expected.entry(((up_to.div_euclid(interval) + 1) * interval, key)).or_default();
            *entry = (entry.0 + 1, entry.1 + i64::from(value));
        }
        expected.retain(|(at, _), _| *at <= arrival);
        let found: Vec<_> = trace
            .panes
            .iter()
            .map(|p| ((p.emitted_at.micros(), p.key.0), (p.summary.count, p.summary.sum as i64)))
            .collect();
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn delayed_firings_wait_for_the_first_element(input in inputs(), delay in 0_i64..40, align in 0_i64..30) {
        let delayed = TriggerSpec::AfterProcessingTime {
            delay: span(delay),
            align: (align > 0).then(|| span(align)),
        };
        let pipeline = Pipeline {
            dialect: Dialect::Beam,
            window: WindowSpec::Global,
            trigger: TriggerSpec::Repeatedly(Box::new(delayed)),
            accumulation: Accumulation::Discarding,
            ..Pipeline::default()
        };
        let trace = run(&input, &pipeline);
        let mut open: BTreeMap<u32, (i64, u64, i64)> = BTreeMap::new();
        let mut expected = Vec::new();
        let mut arrival = 0;
        for &(_, key, value, since) in &input {
            arrival += since;
            let due: Vec<u32> = open.iter().filter(|(_, pane)| pane.0 < arrival).map(|(key, _)| *key).collect();
            expected.extend(due.iter().filter_map(|key| open.remove(key).map(|pane| (pane.0, *key, pane.1, pane.2))));
            let until = arrival + delay;
            let until = if align > 0 { (until + align - 1).div_euclid(align) * align } else { until };
            let pane = open.entry(key).or_insert((until, 0, 0));
            *pane = (pane.0, pane.1 + 1, pane.2 + i64::from(value));
        }
        let due = open.into_iter().filter(|(_, pane)| pane.0 <= arrival);
        expected.extend(due.map(|(key, pane)| (pane.0, key, pane.1, pane.2)));
        expected.sort_unstable();
        let mut found: Vec<_> = trace
            .panes
            .iter()
            .map(|p| (p.emitted_at.micros(), p.key.0, p.summary.count, p.summary.sum as i64))
            .collect();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn beams_default_equals_flinks_where_nothing_merges(
        input in inputs(),
        window in prop_oneof![aligned(), cumulative()],
        settings in settings(),
    ) {
        let flink = Pipeline { window, late: LatePolicy::Drop, ..settings };
        let beam = run(&input, &Pipeline { dialect: Dialect::Beam, ..flink.clone() });
        let flink = run(&input, &flink);
        prop_assert_eq!(&beam.fates, &flink.fates);
        let plain = |panes: &[Pane]| {
            let mut plain: Vec<_> = panes
                .iter()
                .map(|p| (p.cause, p.window, p.key, p.summary.count, p.summary.sum as i64, p.index))
                .collect();
            plain.sort_unstable();
            plain
        };
        prop_assert_eq!(plain(&beam.panes), plain(&flink.panes));
        prop_assert_eq!(&beam.kept_windows, &flink.kept_windows);
    }

    #[test]
    fn beams_sessions_believed_with_retractions_give_the_batch_answer(
        input in inputs(),
        gap in 1_i64..20,
        early in 1_u64..4,
        late in 1_u64..4,
        bound in 0_i64..20,
    ) {
        let after = |count| Some(Box::new(TriggerSpec::AfterCount(count)));
        let pipeline = Pipeline {
            dialect: Dialect::Beam,
            watermark: WatermarkSpec::Bounded { bound: span(bound) },
            window: WindowSpec::Session { gap: span(gap + 1) },
            trigger: TriggerSpec::AfterWatermark { early: after(early), late: after(late) },
            allowed_lateness: span(1_000),
            accumulation: Accumulation::AccumulatingAndRetracting,
            at_end: AtEnd::Flush,
            ..Pipeline::default()
        };
        let trace = run(&input, &pipeline);
        // Sessions that only touch stay apart, so a gap that is one unit longer merges the same records.
        let longer = |window: Window| Window::new(window.start, window.end + span(1));
        let truth = truth(&trace, WindowSpec::Session { gap: span(gap) });
        let truth: BTreeMap<_, _> =
            truth.into_iter().map(|((key, window), values)| ((key, longer(window)), values)).collect();
        prop_assert_eq!(believed(&trace.panes), truth);
    }

    #[test]
    fn kafkas_tables_hold_the_batch_answer(
        input in inputs(),
        window in prop_oneof![
            2 => sessions(),
            1 => plain_tumbling(),
            1 => (1_i64..30, 1_i64..30).prop_map(|(a, b)| WindowSpec::Sliding {
                size: span(a.max(b)),
                slide: span(a.min(b)),
                offset: span(0),
            }),
        ],
    ) {
        let pipeline = Pipeline {
            dialect: Dialect::KafkaStreams,
            window,
            allowed_lateness: span(1_000),
            accumulation: Accumulation::AccumulatingAndRetracting,
            ..Pipeline::default()
        };
        let trace = run(&input, &pipeline);
        prop_assert_eq!(believed(&trace.panes), truth(&trace, window));
        // Without grace, a window that is forwarded once says at most what the batch says.
        let once = Pipeline { trigger: TriggerSpec::OnWindowClose, allowed_lateness: span(0), ..pipeline };
        let trace = run(&input, &once);
        let kept = trace.windows.iter().filter(|life| life.end == WindowEnd::StillKept).count();
        let merged =
            trace.windows.iter().filter(|life| matches!(life.end, WindowEnd::Merged { .. })).count();
        prop_assert!(trace.panes.len() >= trace.windows.len() - kept - merged);
        prop_assert!(trace.panes.iter().all(|pane| !pane.is_retraction && pane.timing == Timing::OnTime));
    }
}
