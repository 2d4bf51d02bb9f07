//! Parallel tasks, channels and micro-batches: what waits, who waits for whom, and that dividing the
//! work changes no answer.

use std::sync::Arc;

use highwater::log::LogRules;
use highwater::pipeline::{AtEnd, Overflow, Pipeline, Tasks, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{Fate, RunConfig, Simulation, TaskId, Trace};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::pane::Pane;
use proptest::prelude::*;

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

/// One record every `every` microseconds from 0 on, key by key in turn.
fn steady(records: i64, every: i64, keys: u32) -> Arc<Stream> {
    let row = |i: i64| (i * every, (i % i64::from(keys)) as u32, 1, if i == 0 { 0 } else { every }, 0);
    stream(&(0..records).map(row).collect())
}

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// Runs to the end; the ledger balances and no channel is over its capacity at every step.
fn run_checked(stream: &Arc<Stream>, pipeline: &Pipeline) -> Trace {
    assert_eq!(pipeline.problems(), []);
    let mut simulation = Simulation::new(Arc::clone(stream), &RunConfig::plain(pipeline.clone()));
    let most = pipeline.queue_capacity as usize * (pipeline.tasks.sources * pipeline.tasks.windows) as usize;
    while simulation.step() {
        assert!(simulation.ledger().balances());
        assert!(pipeline.tasks.overflow == Overflow::Unbounded || simulation.queue_depth() <= most);
    }
    simulation.into_trace()
}

/// What panes say, whoever says it when.
fn sayings(panes: &[Pane]) -> Vec<String> {
    let of = |pane: &Pane| {
        let Pane { key, window, timing, index, summary, watermark, .. } = pane;
        format!("{key:?} {window:?} {timing:?} {index} {summary:?} {watermark:?}")
    };
    let mut sayings: Vec<String> = panes.iter().map(of).collect();
    sayings.sort_unstable();
    sayings
}

fn inputs(partitions: u32) -> impl Strategy<Value = Input> {
    prop::collection::vec((-60_i64..60, 0_u32..8, -5_i32..6, 0_i64..9, 0..partitions), 0..60)
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
    (window, 0_i64..40, 0_i64..30, any::<bool>()).prop_map(|(window, bound, lateness, flush)| Pipeline {
        watermark: WatermarkSpec::Bounded { bound: span(bound) },
        window,
        allowed_lateness: span(lateness),
        at_end: if flush { AtEnd::Flush } else { AtEnd::Hold },
        ..Pipeline::default()
    })
}

/// How the work is divided: sources, window tasks, capacity, service times.
fn divisions() -> impl Strategy<Value = (Tasks, u32, Span)> {
    (1_u32..4, 1_u32..5, 1_u32..4, 0_i64..5, 0_i64..3, (0_i64..4, 1_u32..3), 0..3_u8).prop_map(
        |(sources, windows, capacity, service, source, (sink, sink_capacity), jitter)| {
            let tasks = Tasks {
                sources,
                windows,
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn with_one_source_no_division_and_no_waiting_changes_what_the_panes_say(
        input in inputs(3),
        pipeline in pipelines(),
        (tasks, queue_capacity, service_time) in divisions(),
    ) {
        let stream = stream(&input);
        let divided = Pipeline {
            queue_capacity,
            service_time,
            tasks: Tasks { sources: 1, ..tasks },
            ..pipeline.clone()
        };
        let (found, expected) = (run_checked(&stream, &divided), run_checked(&stream, &pipeline));
        prop_assert_eq!(found.panes.len(), expected.panes.len());
        prop_assert_eq!(sayings(&found.panes), sayings(&expected.panes));
        prop_assert_eq!(found.ledger, expected.ledger);
        if divided.tasks.sink_time > Span::ZERO {
            prop_assert_eq!(found.delivered.len(), found.panes.len());
            let mut delivered = found.delivered.iter().zip(&found.panes);
            prop_assert!(delivered.all(|(&at, pane)| at >= pane.emitted_at && at < ProcTime::MAX));
        }
    }

    #[test]
    fn with_several_sources_every_record_is_handled_once_in_the_order_of_its_partition(
        input in inputs(5),
        pipeline in pipelines(),
        (tasks, queue_capacity, service_time) in divisions(),
    ) {
        let stream = stream(&input);
        let divided = Pipeline { queue_capacity, service_time, tasks, ..pipeline };
        let trace = run_checked(&stream, &divided);
        prop_assert_eq!(trace.ledger.in_flight, 0);
        prop_assert_eq!(trace.fates.len(), input.len());
        prop_assert!(trace.handled.is_sorted());
        prop_assert!(trace.watermarks.is_sorted_by_key(|step| step.watermark));
        for i in 0..input.len() {
            let arrived = trace.stream.arrivals()[i];
            prop_assert!(arrived <= trace.enqueued[i] && trace.enqueued[i] <= trace.started[i]);
            prop_assert!(trace.started[i] <= trace.handled[i]);
        }
        // Of one partition and one window task, what arrived first is handled first.
        for partition in 0..5 {
            let of = |i: &usize| trace.stream.partition(highwater::record::RecordId(*i as u32)).0 == partition;
            let handled: Vec<usize> = (0..input.len()).filter(of).collect();
            for task in 0..tasks.windows as u16 {
                let own = |i: &&usize| trace.tasks.get(**i).copied().unwrap_or(0) == task;
                let arrivals: Vec<ProcTime> = handled.iter().filter(own).map(|&i| trace.stream.arrivals()[i]).collect();
                prop_assert!(arrivals.is_sorted());
            }
        }
        check_waits(&trace);
        let again = run_checked(&stream, &divided);
        prop_assert_eq!(again.hash_hex(), trace.hash_hex());
    }

    #[test]
    fn a_watermark_of_several_sources_is_the_least_of_theirs(input in inputs(3), pipeline in pipelines()) {
        let stream = stream(&input);
        let bound = pipeline.watermark.bound();
        let divided = Pipeline { tasks: Tasks { sources: 3, windows: 2, ..Tasks::default() }, ..pipeline };
        let trace = run_checked(&stream, &divided);
        // By hand: the newest event time of every partition; none of them is left out, since none is idle,
        // but a partition above the last used one does not exist and its source says nothing.
        let partitions = stream.partitions() as u32;
        let mut newest = vec![i64::MIN; partitions as usize];
        for (i, met) in trace.watermark_before.iter().enumerate() {
            let least = newest.iter().copied().min().unwrap_or(i64::MIN);
            let expected = if least == i64::MIN { i64::MIN } else { least - bound.micros() };
            prop_assert_eq!(met.micros(), expected);
            let id = highwater::record::RecordId(i as u32);
            let of = &mut newest[trace.stream.partition(id).index()];
            *of = (*of).max(trace.stream.event_times()[i].micros());
        }
    }
}

/// Waits of one task do not overlap, and each is longer than nothing.
fn check_waits(trace: &Trace) {
    let mut last: std::collections::BTreeMap<TaskId, ProcTime> = std::collections::BTreeMap::new();
    for wait in &trace.waits {
        assert!(wait.from < wait.until);
        let before = last.insert(wait.task, wait.until);
        assert!(before.is_none_or(|before| before <= wait.from), "{wait:?}");
    }
}

#[test]
fn what_comes_too_fast_waits_in_the_log_at_the_difference_of_the_rates() {
    // 100 records a second against 60: every second 40 more wait, until the end after 60 s.
    let stream = steady(6_000, 10_000, 4);
    let pipeline = Pipeline {
        window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
        service_time: span(16_667),
        queue_capacity: 50,
        ..Pipeline::default()
    };
    let trace = run_checked(&stream, &pipeline);
    let waiting = |secs: i64| {
        let at = trace.at(ProcTime::from_micros(secs * 1_000_000));
        at.lag() as f64
    };
    for secs in [10, 20, 30, 40, 50, 59] {
        let expected = 40.0 * secs as f64 - 50.0;
        assert!((waiting(secs) - expected).abs() <= expected * 0.01 + 1.0, "{secs} s: {} {expected}", waiting(secs));
    }
    // 2,400 records wait at the end, at 60 a second: 40 s to clear.
    let (_, last) = trace.span().expect("records");
    assert!((last.as_secs_f64() - 100.0).abs() < 0.1, "{last:?}");
    let report_depth = (0..600).map(|i| trace.at(ProcTime::from_micros(i * 100_000)).depth()).max();
    assert_eq!(report_depth, Some(50));
    // The source waited from when the queue was full until all was read.
    let waited: f64 = trace.waits.iter().map(|wait| (wait.until - wait.from).as_secs_f64()).sum();
    assert!(trace.waits.iter().all(|wait| (wait.task, wait.on) == (TaskId::Source(0), TaskId::Window(0))));
    assert!((waited - 98.0).abs() < 2.0, "{waited}");
}

#[test]
fn what_is_shed_is_what_does_not_fit_and_nothing_else() {
    let stream = steady(6_000, 10_000, 4);
    for overflow in [Overflow::ShedNewest, Overflow::ShedOldest] {
        let pipeline = Pipeline {
            window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
            watermark: WatermarkSpec::Bounded { bound: Span::from_secs(60) },
            service_time: span(16_000),
            queue_capacity: 50,
            tasks: Tasks { overflow, ..Tasks::default() },
            ..Pipeline::default()
        };
        let trace = run_checked(&stream, &pipeline);
        // The task is never without work from 0 on; it finishes one record every 16 ms while records come
        // (the last at 59.99 s), and then what is in the queue.
        let while_they_come = 59_990_000 / 16_000;
        let handled = while_they_come + 1 + 50;
        assert_eq!(trace.ledger.counted, handled, "{overflow:?}");
        assert_eq!(trace.ledger.shed, 6_000 - handled);
        assert_eq!(trace.ledger.in_flight, 0);
        let last = (0..6_000).max_by_key(|&i| trace.stream.event_times()[i]).expect("records");
        assert!(overflow == Overflow::ShedNewest || trace.fates[last] == Fate::Counted);
    }
}

#[test]
fn without_a_bound_the_channel_grows_in_a_straight_line() {
    let stream = steady(6_000, 10_000, 4);
    let pipeline = Pipeline {
        service_time: span(20_000),
        queue_capacity: 1,
        tasks: Tasks { overflow: Overflow::Unbounded, ..Tasks::default() },
        ..Pipeline::default()
    };
    let trace = run_checked(&stream, &pipeline);
    for secs in 1..60_i64 {
        let at = trace.at(ProcTime::from_micros(secs * 1_000_000));
        // 100 in, 50 out, per second; nothing waits in the log.
        let expected = 50 * secs;
        assert!((at.depth() as i64 - expected).abs() <= 1, "{secs}: {}", at.depth());
        assert_eq!(at.lag(), 0);
    }
    assert!(trace.waits.is_empty());
}

#[test]
fn a_slow_sink_holds_back_the_window_task_and_that_holds_back_the_source() {
    // Windows of one record each: 1,000 panes a second for a sink that takes 100.
    let stream = steady(500, 1_000, 1);
    let pipeline = Pipeline {
        window: WindowSpec::Tumbling { size: span(1_000), offset: Span::ZERO },
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        queue_capacity: 10,
        tasks: Tasks { sink_time: span(10_000), sink_capacity: 5, ..Tasks::default() },
        ..Pipeline::default()
    };
    let trace = run_checked(&stream, &pipeline);
    assert_eq!(trace.panes.len(), 499);
    assert_eq!(trace.delivered.len(), 499);
    // The sink is busy from the first pane on: delivered at the pace of the sink, whoever emits when.
    let first = trace.panes[0].emitted_at;
    for (i, &at) in trace.delivered.iter().enumerate() {
        assert_eq!(at - first, span(10_000 * (i as i64 + 1)), "{i}");
    }
    let waits = |task, on| trace.waits.iter().filter(move |wait| (wait.task, wait.on) == (task, on)).count();
    assert!(waits(TaskId::Window(0), TaskId::Sink) > 0);
    assert!(waits(TaskId::Source(0), TaskId::Window(0)) > 0);
    // One in the sink's hands, five that wait for it, one in the task's, ten in its channel.
    let at = trace.at(ProcTime::from_micros(400_000));
    assert_eq!(at.depth(), 10);
    assert!(at.lag() > 300);
}

#[test]
fn micro_batches_show_nothing_before_their_trigger_is_over() {
    let stream = steady(1_000, 10_000, 4);
    let streaming = Pipeline {
        window: WindowSpec::Tumbling { size: Span::from_secs(1), offset: Span::ZERO },
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        ..Pipeline::default()
    };
    let batched =
        Pipeline { tasks: Tasks { micro_batch: Some(span(700_000)), ..Tasks::default() }, ..streaming.clone() };
    let (fast, slow) = (run_checked(&stream, &streaming), run_checked(&stream, &batched));
    assert_eq!(slow.panes.len(), fast.panes.len());
    assert_eq!(
        slow.batches,
        (0..=15).map(|i| ProcTime::from_micros(i * 700_000)).collect::<Vec<_>>()[..slow.batches.len()]
    );
    let strip = |trace: &Trace| -> Vec<(KeyId, i64, u64)> {
        let mut panes: Vec<_> = trace.panes.iter().map(|p| (p.key, p.window.start.micros(), p.summary.count)).collect();
        panes.sort_unstable();
        panes
    };
    assert_eq!(strip(&slow), strip(&fast));
    for pane in &slow.panes {
        // The window is over by the first record at or after its end; that one waits for a trigger.
        let seen = pane.window.end.micros();
        let trigger = (seen + 699_999) / 700_000 * 700_000;
        assert_eq!(pane.emitted_at.micros(), trigger);
    }
    assert!(fast.panes.iter().all(|pane| pane.emitted_at.micros() == pane.window.end.micros()));
}

#[test]
fn what_the_log_no_longer_holds_is_lost_and_counted() {
    // 100 records a second against 50, for 60 s; the log keeps a record for 10 s.
    let stream = steady(6_000, 10_000, 4);
    let pipeline = Pipeline {
        window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
        service_time: span(20_000),
        queue_capacity: 1,
        ..Pipeline::default()
    };
    let log = LogRules { retention_age: Some(Span::from_secs(10)), ..LogRules::default() };
    let mut simulation = Simulation::new(stream, &RunConfig { log, ..RunConfig::plain(pipeline) });
    while simulation.step() {
        assert!(simulation.ledger().balances());
    }
    let trace = simulation.into_trace();
    // The lag grows by half a second a second; from 20 s on what is read is 10 s old, and of two records one
    // is lost. The task works without a break until what came last, at 59.99 s, is gone, 10 s later.
    let handled = trace.ledger.counted;
    assert!((3_490..=3_503).contains(&handled), "{handled}");
    assert_eq!(trace.ledger.lost, 6_000 - handled);
    let first = trace.fates.iter().position(|&fate| fate == Fate::Lost).expect("some are lost");
    let at = trace.handled[first].as_secs_f64();
    assert!((at - 20.0).abs() < 0.1, "{at}");
    for (i, fate) in trace.fates.iter().enumerate() {
        let age = trace.enqueued[i] - trace.stream.arrivals()[i];
        assert_eq!(*fate == Fate::Lost, age >= Span::from_secs(10), "record {i}, {age}");
    }
}

#[test]
fn a_partition_is_read_only_so_often_and_so_much() {
    // 1,000 records at once; five reads a second of at most 20 records.
    let stream = stream(&(0..1_000).map(|i| (i, 0, 1, 0, 0)).collect());
    let log = LogRules { reads_per_s: Some(5), records_per_read: Some(20), ..LogRules::default() };
    let trace = highwater::runtime::run(&stream, &RunConfig { log, ..RunConfig::plain(Pipeline::default()) });
    for (i, at) in trace.enqueued.iter().enumerate() {
        // Read n (from 0) happens n fifths of a second after the first.
        assert_eq!(at.micros(), i as i64 / 20 * 200_000, "{i}");
    }
}
