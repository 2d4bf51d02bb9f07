//! Salted keys: the panes are those of the same pipeline without salts, and one hot key no longer
//! keeps one task busy alone.

use std::sync::Arc;

use highwater::metrics::tasks::{CauseKind, Stretch, TaskMetrics, causes};
use highwater::pipeline::{Aggregate, AtEnd, Pipeline, Tasks, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{RunConfig, Simulation, TaskId, Trace, WindowEnd, run_with_keyframes};
use highwater::state::KeyGroups;
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::pane::{Pane, Timing};
use proptest::prelude::*;

/// (event time, key, value, microseconds since the arrival before, partition).
type Input = Vec<(i64, u32, i32, i64, u32)>;

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for key in 0..4 {
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

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// Runs to the end; the ledger balances at every step.
fn run_checked(stream: &Arc<Stream>, pipeline: &Pipeline) -> Trace {
    assert_eq!(pipeline.problems(), []);
    let mut simulation = Simulation::new(Arc::clone(stream), &RunConfig::plain(pipeline.clone()));
    while simulation.step() {
        assert!(simulation.ledger().balances());
    }
    simulation.into_trace()
}

/// What a pane says, whoever says it when.
fn saying(pane: &Pane) -> String {
    let Pane { key, window, timing, index, summary, special, watermark, is_retraction, .. } = pane;
    format!("{key:?} {window:?} {timing:?} {index} {summary:?} {special:?} {watermark:?} {is_retraction}")
}

fn sayings<'a>(panes: impl IntoIterator<Item = &'a Pane>) -> Vec<String> {
    let mut sayings: Vec<String> = panes.into_iter().map(saying).collect();
    sayings.sort_unstable();
    sayings
}

/// What windows came to, in any order.
fn lives(trace: &Trace) -> Vec<String> {
    let of = |life: &highwater::runtime::WindowLife| {
        let is_kept = life.end == WindowEnd::StillKept;
        format!("{:?} {:?} {} {} {:?}", life.key, life.window, is_kept, life.panes, life.summary)
    };
    let mut lives: Vec<String> = trace.windows.iter().map(of).collect();
    lives.sort_unstable();
    lives
}

/// Lists of top k, with what they belong to.
fn lists(trace: &Trace) -> Vec<String> {
    let of = |(pane, list): &(u32, Box<[f64]>)| format!("{} {list:?}", saying(&trace.panes[*pane as usize]));
    let mut lists: Vec<String> = trace.lists.iter().map(of).collect();
    lists.sort_unstable();
    lists
}

fn inputs() -> impl Strategy<Value = Input> {
    // Half of all records have one key.
    let key = prop_oneof![Just(0_u32), 0_u32..4];
    prop::collection::vec((-60_i64..60, key, -5_i32..6, 0_i64..9, 0..3_u32), 0..60)
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![
        (1_i64..30).prop_map(|size| WindowSpec::Tumbling { size: span(size), offset: span(0) }),
        (1_i64..30, 1_i64..30).prop_map(|(size, slide)| WindowSpec::Sliding {
            size: span(size),
            slide: span(slide),
            offset: span(0)
        }),
        (1_i64..5, 1_i64..5).prop_map(|(step, steps)| WindowSpec::Cumulative {
            max: span(step * steps),
            step: span(step),
            offset: span(0)
        }),
    ];
    let accumulation = prop_oneof![
        Just(Accumulation::Accumulating),
        Just(Accumulation::Discarding),
        Just(Accumulation::AccumulatingAndRetracting)
    ];
    let aggregate = prop_oneof![
        Just(Aggregate::Sum),
        Just(Aggregate::Distinct),
        Just(Aggregate::DistinctApprox),
        Just(Aggregate::TopK(2)),
        Just(Aggregate::First),
        Just(Aggregate::Last)
    ];
    let lateness = prop_oneof![Just(0_i64), 0_i64..30];
    (window, 0_i64..40, lateness, any::<bool>(), accumulation, aggregate).prop_map(
        |(window, bound, lateness, flush, accumulation, aggregate)| Pipeline {
            watermark: WatermarkSpec::Bounded { bound: span(bound) },
            window,
            allowed_lateness: span(lateness),
            at_end: if flush { AtEnd::Flush } else { AtEnd::Hold },
            accumulation,
            aggregate,
            ..Pipeline::default()
        },
    )
}

/// How the work is divided, and how long it takes: tasks, capacity, service time.
fn divisions() -> impl Strategy<Value = (Tasks, u32, Span)> {
    let times = (0_i64..5, 0_i64..3, prop::option::of(0_i64..5), 0_i64..4);
    (2_u32..9, 1_u32..5, 1_u32..4, times, 1_u32..3, 0..3_u8).prop_map(
        |(salts, windows, capacity, (service, source, merge, sink), sink_capacity, jitter)| {
            let tasks = Tasks {
                salts,
                windows,
                merge_time: merge.map(span),
                source_time: span(source),
                sink_time: span(sink),
                sink_capacity,
                jitter: f64::from(jitter) / 2.0,
                ..Tasks::default()
            };
            (tasks, capacity, span(service))
        },
    )
}

/// Every part was fired, taken and finished in that order, and waits are within the run.
fn check_partials(trace: &Trace) {
    for part in &trace.partials {
        assert!(part.records > 0);
        assert!(part.emitted_at <= part.started_at && part.started_at <= part.merged_at);
        assert!(part.merged_at < ProcTime::MAX, "everything is handed on by the end");
        assert!((part.window_id.0 as usize) < trace.windows.len());
    }
    let metrics = TaskMetrics::of(trace);
    for task in metrics.tasks() {
        let shares = metrics.shares(task, metrics.span());
        assert!((shares.busy + shares.idle + shares.backpressured - 1.0).abs() < 1e-9, "{task}: {shares:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn where_nothing_takes_time_the_panes_are_those_without_salts(
        input in inputs(),
        pipeline in pipelines(),
        (tasks, ..) in divisions(),
        sources in 1_u32..4,
    ) {
        let stream = stream(&input);
        let tasks = Tasks { sources, windows: tasks.windows, salts: tasks.salts, ..Tasks::default() };
        let plain = Pipeline { tasks: Tasks { salts: 1, ..tasks }, ..pipeline.clone() };
        let (found, expected) = (run_checked(&stream, &Pipeline { tasks, ..pipeline }), run_checked(&stream, &plain));
        prop_assert_eq!(found.panes.len(), expected.panes.len());
        prop_assert_eq!(sayings(&found.panes), sayings(&expected.panes));
        prop_assert_eq!(lists(&found), lists(&expected));
        prop_assert_eq!(lives(&found), lives(&expected));
        prop_assert_eq!(found.ledger, expected.ledger);
        let rises = |trace: &Trace| -> Vec<_> { trace.watermarks.iter().map(|it| (it.at, it.watermark)).collect() };
        prop_assert_eq!(rises(&found), rises(&expected));
        check_partials(&found);
    }

    #[test]
    fn whatever_takes_time_the_panes_are_those_without_salts_but_for_the_order_of_late_records(
        input in inputs(),
        pipeline in pipelines(),
        (tasks, queue_capacity, service_time) in divisions(),
    ) {
        let stream = stream(&input);
        let salted = Pipeline { tasks, queue_capacity, service_time, ..pipeline.clone() };
        let (found, expected) = (run_checked(&stream, &salted), run_checked(&stream, &pipeline));
        prop_assert_eq!(found.panes.len(), expected.panes.len());
        prop_assert_eq!(lives(&found), lives(&expected));
        prop_assert_eq!(found.ledger, expected.ledger);
        // Results by the watermark are the same to the last bit.
        let on_time = |trace: &Trace| sayings(trace.panes.iter().filter(|pane| pane.timing != Timing::Late));
        prop_assert_eq!(on_time(&found), on_time(&expected));
        // Late records of one window may come to the merge task in another order, so what is said in
        // between may differ, but not how often anything is said and how, nor what is said last; and
        // where every pane says only what is new, nothing differs but its number.
        let forms = |trace: &Trace| -> Vec<_> {
            let of = |pane: &Pane| (pane.key, pane.window, pane.timing, pane.index, pane.is_retraction, pane.watermark);
            let mut forms: Vec<_> = trace.panes.iter().map(of).collect();
            forms.sort_unstable();
            forms
        };
        prop_assert_eq!(forms(&found), forms(&expected));
        if salted.accumulation == Accumulation::Discarding {
            let bare = |trace: &Trace| {
                let panes: Vec<Pane> = trace.panes.iter().map(|pane| Pane { index: 0, ..*pane }).collect();
                sayings(&panes)
            };
            prop_assert_eq!(bare(&found), bare(&expected));
        } else {
            let last = |trace: &Trace| {
                let latest = |pane: &Pane| {
                    let id = pane.window_id;
                    !pane.is_retraction && trace.windows[id.index()].panes == pane.index + 1
                };
                sayings(trace.panes.iter().filter(|pane| latest(pane)))
            };
            prop_assert_eq!(last(&found), last(&expected));
        }
        check_partials(&found);
        if salted.tasks.sink_time > Span::ZERO {
            prop_assert_eq!(found.delivered.len(), found.panes.len());
            let mut delivered = found.delivered.iter().zip(&found.panes);
            prop_assert!(delivered.all(|(&at, pane)| at >= pane.emitted_at && at < ProcTime::MAX));
        }
        prop_assert_eq!(run_checked(&stream, &salted).hash_hex(), found.hash_hex());
    }

    #[test]
    fn a_salted_run_can_be_restored_at_any_instant(
        input in inputs(),
        pipeline in pipelines(),
        (tasks, queue_capacity, service_time) in divisions(),
        share in 0.0_f64..1.0,
    ) {
        let stream = stream(&input);
        let config = RunConfig::plain(Pipeline { tasks, queue_capacity, service_time, ..pipeline });
        let (trace, keyframes) = run_with_keyframes(&stream, &config);
        if let Some((first, last)) = trace.span() {
            let at = first + Span::from_micros(((last - first).micros() as f64 * share) as i64);
            let mut again = keyframes.restore(&trace, at);
            let mut fresh = Simulation::new(Arc::clone(&stream), &config);
            fresh.run_until(at);
            while again.step() {}
            prop_assert_eq!(again.into_trace().hash_hex(), trace.hash_hex());
            let cut = keyframes.restore(&trace, at).into_trace();
            prop_assert_eq!(cut.hash_hex(), fresh.into_trace().hash_hex());
        }
    }
}

/// 400 records a second for 60 s: of every five, four have key 0 and one has another, in turn.
fn hot() -> Arc<Stream> {
    let row = |i: i64| {
        let key = if i % 5 < 4 { 0 } else { 1 + (i / 5 % 3) as u32 };
        (i * 2_500, key, 1, if i == 0 { 0 } else { 2_500 }, 0)
    };
    stream(&(0..24_000).map(row).collect())
}

/// A record takes 5 ms, so a task can do 200 a second.
fn hot_pipeline(salts: u32) -> Pipeline {
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
        queue_capacity: 50,
        service_time: span(5_000),
        tasks: Tasks { windows: 4, salts, ..Tasks::default() },
        ..Pipeline::default()
    }
}

fn at(secs: i64) -> ProcTime {
    ProcTime::from_micros(secs * 1_000_000)
}

/// The share of the minute that each window task should be busy: every sub-key has an even part of
/// its key's records, and each takes 5 ms.
fn busy_by_hand(salts: u32) -> [f64; 4] {
    let groups = KeyGroups::default();
    let mut busy = [0.0; 4];
    for (key, records_per_s) in [(0, 320.0), (1, 80.0 / 3.0), (2, 80.0 / 3.0), (3, 80.0 / 3.0)] {
        for salt in 0..salts {
            let task = groups.task_of(groups.group_of(&format!("key {key}#{salt}")), 4);
            busy[task.index()] += records_per_s * 0.005 / f64::from(salts);
        }
    }
    busy
}

#[test]
fn a_hot_key_keeps_one_task_busy_and_the_log_grows_by_what_that_task_cannot_do() {
    let trace = run_checked(&hot(), &hot_pipeline(1));
    let metrics = TaskMetrics::of(&trace);
    let minute = Stretch::new(at(0), at(60));
    // 320 of the 400 records a second have the hot key, and its task can do 200: 250 are read, of which
    // 50 are for the others. The lag grows by 150 a second, but for the 50 hot records that fit into
    // the channel and the 12 others that came with them.
    for secs in [10, 20, 30, 40, 50, 59] {
        let lag = metrics.lag(at(secs));
        assert!(lag.abs_diff(150 * secs as usize - 62) <= 1, "{secs} s: {lag}");
    }
    let busy: Vec<f64> = metrics.tasks().map(|task| metrics.shares(task, minute).busy).collect();
    // The source, four window tasks, the sink. One of the others has two of the cold keys, one has one:
    // 50 records a second, 5 ms each, in three parts.
    let expected = [0.0, 0.25 * 2.0 / 3.0, 1.0, 0.25 / 3.0, 0.0, 0.0];
    assert_eq!(busy.len(), expected.len());
    for (task, (found, expected)) in busy.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < 0.002, "{task}: {found} {expected}");
    }
    let causes = causes(&trace, &metrics, minute);
    let first = causes.first().expect("somebody is slow");
    assert_eq!((first.kind, first.tasks.as_slice()), (CauseKind::Skew, &[TaskId::window(1)][..]));
    assert_eq!(first.headline, "Window 2 is hot: key key 0 is 80% of all records.");
    // 19,200 hot records of 5 ms, one after the other.
    assert_eq!(trace.handled.last(), Some(&at(96)));
}

#[test]
fn salted_the_hot_key_is_shared_and_the_log_stays_empty() {
    let stream = hot();
    let plain = run_checked(&stream, &hot_pipeline(1));
    for salts in [8, 16, 32] {
        let trace = run_checked(&stream, &hot_pipeline(salts));
        let metrics = TaskMetrics::of(&trace);
        let minute = Stretch::new(at(0), at(60));
        for secs in [10, 20, 30, 40, 50, 59] {
            assert_eq!(metrics.lag(at(secs)), 0, "{salts} salts, {secs} s");
        }
        let expected = busy_by_hand(salts);
        assert!((expected.iter().sum::<f64>() - 2.0).abs() < 1e-9, "400 records a second of 5 ms are two tasks' work");
        for (task, expected) in expected.into_iter().enumerate() {
            let found = metrics.shares(TaskId::window(task), minute).busy;
            assert!((found - expected).abs() < 0.002, "{salts} salts, task {task}: {found} {expected}");
            assert!(found < 0.75);
        }
        // Four keys, five windows that end within the minute and hear of it: so many parts of each.
        let parts = 4 * 5 * salts as usize;
        assert_eq!((trace.partials.len(), trace.panes.len()), (parts, 4 * 5));
        assert_eq!(sayings(&trace.panes), sayings(&plain.panes));
        // A part takes as long as a record: 5 ms each, in one minute, for the merge tasks together.
        let merges = (0..4).map(|task| metrics.shares(TaskId::merge(task), minute).busy).sum::<f64>();
        assert!((merges - parts as f64 * 0.005 / 60.0).abs() < 1e-9, "{merges}");
        let last = trace.handled.last().expect("records");
        assert!(*last < at(60) + span(20_000), "{last:?}");
    }
}

#[test]
fn fewer_salts_than_it_takes_may_meet_in_one_task() {
    // Both halves of the hot key are hashed to the third task: nothing is gained.
    let busy = busy_by_hand(2);
    assert!(busy[2] > 1.6, "{busy:?}");
    let trace = run_checked(&hot(), &hot_pipeline(2));
    let metrics = TaskMetrics::of(&trace);
    assert!(metrics.lag(at(59)) > 8_788);
}

#[test]
fn a_slow_merge_task_holds_back_the_window_tasks_and_they_the_source() {
    // Windows of 40 ms hold 16 records: with 8 salts 3 or 4 keys of them make some 14 parts, 350 a
    // second; a merge task that takes 20 ms for each does 50.
    let stream = hot();
    let mut pipeline = hot_pipeline(8);
    pipeline.window = WindowSpec::Tumbling { size: span(40_000), offset: Span::ZERO };
    pipeline.service_time = span(1_000);
    pipeline.queue_capacity = 5;
    pipeline.tasks.merge_time = Some(span(20_000));
    let trace = run_checked(&stream, &pipeline);
    let expected = run_checked(&stream, &Pipeline { tasks: Tasks { salts: 1, ..pipeline.tasks }, ..pipeline });
    assert_eq!(sayings(&trace.panes), sayings(&expected.panes));
    let metrics = TaskMetrics::of(&trace);
    // The hot key's merge task is the slow one, and whoever waits waits for it, or for another.
    let hot_merge = (0..4).map(TaskId::merge).max_by(|&a, &b| {
        let busy = |task| metrics.shares(task, metrics.span()).busy;
        busy(a).total_cmp(&busy(b))
    });
    let hot_merge = hot_merge.expect("four tasks");
    assert!(metrics.shares(hot_merge, metrics.span()).busy > 0.99);
    assert!(metrics.blocks().iter().any(|block| (block.waiter, block.root) == (TaskId::source(0), hot_merge)));
    let waits = |on: fn(TaskId) -> bool| trace.waits.iter().filter(|wait| on(wait.on)).count();
    assert!(waits(|on| matches!(on, TaskId::Merge(_))) > 0 && waits(|on| matches!(on, TaskId::Window(_))) > 0);
    assert!(metrics.lag(at(59)) > 10_000, "{}", metrics.lag(at(59)));
    let causes = causes(&trace, &metrics, Stretch::new(at(0), at(60)));
    let first = causes.first().expect("somebody is slow");
    assert_eq!((first.kind, first.tasks.as_slice()), (CauseKind::SlowTask, &[hot_merge][..]));
    let has_no_credit = "Its channel has no credit left (20 parts wait, up to 5 of";
    assert!(first.detail.starts_with("It takes 20 ms a part, 50/s, and "), "{}", first.detail);
    assert!(first.detail.contains(has_no_credit), "{}", first.detail);
}
