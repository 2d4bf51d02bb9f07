//! What tasks do with their time, and what waits where: against totals that follow from service times and
//! counts alone, for pipelines of every division.

use std::collections::VecDeque;
use std::sync::Arc;

use highwater::metrics::tasks::{Clearing, Flow, Intervals, Stretch, TaskMetrics};
use highwater::pipeline::{Overflow, Pipeline, Tasks, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, RecordId, Row, Stream};
use highwater::runtime::{RunConfig, TaskId, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};
use proptest::prelude::*;

fn stream(rows: &[(i64, u32, u32)]) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    (0..8).for_each(|key| {
        keys.intern(&format!("key {key}"));
    });
    let mut arrival = 0;
    let row = |&(after, key, partition): &(i64, u32, u32)| {
        arrival += after;
        Row {
            event_time: EventTime::from_micros(arrival),
            arrival: ProcTime::from_micros(arrival),
            key: KeyId(key),
            value: 1.0,
            partition: PartitionId(partition),
        }
    };
    Arc::new(Stream::from_rows(rows.iter().map(row).collect(), keys))
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    let overflow = prop_oneof![
        4 => Just(Overflow::Block),
        1 => Just(Overflow::ShedNewest),
        1 => Just(Overflow::ShedOldest),
        1 => Just(Overflow::Unbounded)
    ];
    let times = (0_i64..6, 0_i64..4, 0_i64..5, 1_u32..3);
    (1_u32..4, 1_u32..5, 1_u32..4, times, overflow, 0_u8..2).prop_map(
        |(sources, windows, queue_capacity, (service, source, sink, sink_capacity), overflow, jitter)| Pipeline {
            watermark: WatermarkSpec::Bounded { bound: Span::from_micros(5) },
            window: WindowSpec::Tumbling { size: Span::from_micros(10), offset: Span::ZERO },
            queue_capacity,
            service_time: Span::from_micros(service * 2),
            tasks: Tasks {
                sources,
                windows,
                source_time: Span::from_micros(source * 2),
                sink_time: Span::from_micros(sink * 2),
                sink_capacity,
                jitter: f64::from(jitter) / 2.0,
                overflow,
                ..Tasks::default()
            },
            ..Pipeline::default()
        },
    )
}

fn micros(at: ProcTime) -> i64 {
    at.micros()
}

/// How long a task works in all, by hand; `None` where jitter makes that a sum of draws.
fn worked(trace: &Trace, task: TaskId) -> Option<i64> {
    let tasks = &trace.pipeline.tasks;
    let places = 0..trace.stream.len();
    let partition = |place: usize| trace.stream.partition(RecordId(place as u32)).0;
    match task {
        TaskId::Window(number) => {
            let own = places.filter(|&place| trace.fates[place].is_handled());
            let own = own.filter(|&place| trace.tasks.get(place).is_none_or(|&task| task == number));
            Some(own.map(|place| micros(trace.handled[place]) - micros(trace.started[place])).sum())
        }
        TaskId::Source(number) => {
            let own = places.filter(|&place| partition(place) % tasks.sources == u32::from(number));
            (tasks.jitter == 0.0).then(|| own.count() as i64 * tasks.source_time.micros())
        }
        TaskId::Merge(number) => {
            let own = trace.partials.iter().filter(|part| part.to == number);
            Some(own.map(|part| micros(part.merged_at) - micros(part.started_at)).sum())
        }
        TaskId::Sink => (tasks.jitter == 0.0).then(|| trace.delivered.len() as i64 * tasks.sink_time.micros()),
        TaskId::DeadLetters => Some(0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn time_is_accounted_for_and_levels_are_those_of_the_trace(
        rows in prop::collection::vec((0_i64..8, 0_u32..8, 0_u32..5), 1..60),
        pipeline in pipelines(),
    ) {
        let trace = run(&stream(&rows), &RunConfig::plain(pipeline));
        let metrics = TaskMetrics::of(&trace);
        let span = metrics.span();
        let tasks = trace.pipeline.tasks.sources + trace.pipeline.tasks.windows + 1;
        prop_assert_eq!(metrics.tasks().count() as u32, tasks);
        for task in metrics.tasks() {
            let (busy, waiting) = (metrics.busy(task), metrics.waiting(task));
            prop_assert!(busy.intersect(waiting).is_empty(), "{task} is busy and waits");
            if let Some(worked) = worked(&trace, task) {
                prop_assert_eq!(busy.total().micros(), worked, "{}", task);
            }
            let waits = trace.waits.iter().filter(|wait| wait.task == task);
            let waited = waits.map(|wait| (wait.until - wait.from).micros());
            prop_assert_eq!(waiting.total().micros(), waited.sum::<i64>());
            let half = Stretch::new(span.from, span.from + Span::from_micros(span.length().micros() / 2));
            for stretch in [span, half, Stretch::new(half.until, span.until)] {
                let shares = metrics.shares(task, stretch);
                prop_assert!((shares.busy + shares.idle + shares.backpressured - 1.0).abs() < 1e-9, "{shares:?}");
                let each = [shares.busy, shares.idle, shares.backpressured];
                prop_assert!(each.iter().all(|share| (0.0..=1.0).contains(share)));
            }
        }
        for now in (micros(span.from) - 1..=micros(span.until) + 1).map(ProcTime::from_micros) {
            let at = trace.at(now);
            prop_assert_eq!(metrics.lag(now), at.lag());
            let depth: usize = (0..metrics.windows()).map(|window| metrics.depth_of(window, now)).sum();
            prop_assert_eq!(depth, at.depth());
            if trace.pipeline.tasks.overflow != Overflow::Unbounded {
                for channel in 0..metrics.sources() * metrics.windows() {
                    let (source, window) = (channel / metrics.windows(), channel % metrics.windows());
                    prop_assert!(metrics.channel(source, window).level(now) <= trace.pipeline.queue_capacity as usize);
                }
            }
        }
    }

    #[test]
    fn every_wait_goes_back_to_somebody_who_is_busy_all_the_while(
        rows in prop::collection::vec((0_i64..8, 0_u32..8, 0_u32..5), 1..60),
        pipeline in pipelines(),
    ) {
        let trace = run(&stream(&rows), &RunConfig::plain(pipeline));
        let metrics = TaskMetrics::of(&trace);
        for task in metrics.tasks() {
            let own = metrics.blocks().iter().filter(|block| block.waiter == task);
            let of_task: i64 = own.map(|block| block.times.total().micros()).sum();
            prop_assert_eq!(of_task, metrics.waiting(task).total().micros(), "each wait has one cause");
        }
        for block in metrics.blocks() {
            prop_assert!(block.times.without(metrics.busy(block.root)).is_empty(), "{} is not busy", block.root);
        }
    }
}

#[test]
fn two_window_tasks_in_front_of_a_slow_sink() {
    // 100 records, 10 us apart, keys in turn; a window holds one record of a key, and the sink takes 50 us.
    let rows: Vec<(i64, u32, u32)> = (0..100).map(|i| (10, i % 8, 0)).collect();
    let pipeline = Pipeline {
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        window: WindowSpec::Tumbling { size: Span::from_micros(10), offset: Span::ZERO },
        queue_capacity: 4,
        tasks: Tasks { windows: 2, sink_time: Span::from_micros(50), sink_capacity: 1, ..Tasks::default() },
        ..Pipeline::default()
    };
    let trace = run(&stream(&rows), &RunConfig::plain(pipeline));
    let metrics = TaskMetrics::of(&trace);
    let sink = metrics.shares(TaskId::Sink, metrics.span());
    assert!(sink.busy > 0.95 && sink.backpressured == 0.0, "{sink:?}");
    assert!(metrics.blocks().iter().all(|block| block.root == TaskId::Sink));
    let waiters: Vec<TaskId> = metrics.blocks().iter().map(|block| block.waiter).collect();
    assert_eq!(waiters, [TaskId::Source(0), TaskId::Window(0), TaskId::Window(1)]);
    let held_up = Intervals::union([metrics.waiting(TaskId::Window(0)), metrics.waiting(TaskId::Window(1))]);
    assert!(held_up.total().as_secs_f64() > 0.9 * metrics.span().length().as_secs_f64(), "{held_up:?}");
    assert!(metrics.busy(TaskId::Window(0)).is_empty(), "without service time it never works");
}

/// Records of eight keys in turn at these rates a second, each for so many seconds.
fn phases(phases: &[(i64, f64)]) -> Vec<(i64, u32, u32)> {
    let gaps = phases.iter().flat_map(|&(per_s, secs)| {
        let records = (secs * per_s as f64) as usize;
        std::iter::repeat_n(1_000_000 / per_s, records)
    });
    gaps.enumerate().map(|(i, gap)| (gap, (i % 8) as u32, 0)).collect()
}

/// One window task that takes so many microseconds for a record.
fn one_task(service: i64, queue_capacity: u32, overflow: Overflow) -> Pipeline {
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound: Span::from_secs(1) },
        window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
        queue_capacity,
        service_time: Span::from_micros(service),
        tasks: Tasks { overflow, ..Tasks::default() },
        ..Pipeline::default()
    }
}

fn at(secs: f64) -> ProcTime {
    ProcTime::from_micros((secs * 1e6) as i64)
}

/// By which share the prediction is off at an instant; it has to be one.
fn off(flow: &Flow, now: ProcTime) -> f64 {
    let actual = flow.actual_clearing(now).expect("it is cleared").as_secs_f64();
    let Clearing::In(predicted) = flow.predicted_clearing(now) else {
        panic!("{:?} at {now}, and {actual} s left", flow.predicted_clearing(now))
    };
    (predicted.as_secs_f64() / actual - 1.0).abs()
}

#[test]
fn a_hundred_a_second_against_sixty_grow_by_forty_and_are_cleared_as_predicted() {
    let rows = phases(&[(100, 60.0), (20, 90.0)]);
    let trace = run(&stream(&rows), &RunConfig::plain(one_task(16_667, 20, Overflow::Block)));
    let metrics = TaskMetrics::of(&trace);
    let log = metrics.log();
    let grown = |from: f64, until: f64| (metrics.lag(at(until)) - metrics.lag(at(from))) as f64 / (until - from);
    for (from, until) in [(1.0, 59.0), (5.0, 15.0), (50.0, 60.0)] {
        assert!((grown(from, until) / 40.0 - 1.0).abs() < 0.01, "{from} {until}: {}", grown(from, until));
    }
    assert_eq!(metrics.channel(0, 0).peak().0, 20, "the channel was full, and no more");
    for now in [2.0, 10.0, 59.9] {
        let Clearing::Never { growth } = log.predicted_clearing(at(now)) else { panic!("it grows at {now}") };
        assert!((growth / 40.0 - 1.0).abs() < 0.02, "{now}: {growth}");
    }
    // 2,380 records, 40 fewer every second.
    assert!((log.actual_clearing(at(60.0)).expect("it is cleared").as_secs_f64() - 59.5).abs() < 0.5);
    for now in [60.2, 61.0, 65.0, 80.0, 100.0, 115.0] {
        assert!(off(log, at(now)) < 0.05, "{now}: {}", off(log, at(now)));
    }
}

#[test]
fn a_lag_spiral_is_cleared_as_predicted() {
    let rows = phases(&[(1_000, 60.0), (200, 80.0)]);
    let trace = run(&stream(&rows), &RunConfig::plain(one_task(1_667, 100, Overflow::Block)));
    let log = TaskMetrics::of(&trace).log().clone();
    assert!(matches!(log.predicted_clearing(at(59.0)), Clearing::Never { .. }));
    for now in [60.1, 61.0, 70.0, 90.0, 110.0, 118.0] {
        assert!(off(&log, at(now)) < 0.05, "{now}: {}", off(&log, at(now)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn short_backlogs_are_cleared_as_predicted(
        before in 5_i64..40,
        burst in 200_i64..1_000,
        length in 0.4_f64..3.0,
        after in 5_i64..40,
        capacity_per_s in 60_i64..150,
        queue_capacity in 1_u32..40,
    ) {
        let rows = phases(&[(before, 10.0), (burst, length), (after, 200.0)]);
        let service = 1_000_000 / capacity_per_s;
        let trace = run(&stream(&rows), &RunConfig::plain(one_task(service, queue_capacity, Overflow::Block)));
        let log = TaskMetrics::of(&trace).log().clone();
        // Three records of the pace after the burst are enough to know it.
        let known = at(10.0 + length + 3.0 / after as f64);
        let left = log.actual_clearing(known).expect("it is cleared").as_secs_f64();
        for part in [0.0, 0.25, 0.5, 0.75] {
            let now = known + Span::from_secs_f64(left * part);
            // One record more or less is within the promise only where there are many.
            if log.level(now) >= 50 {
                prop_assert!(off(&log, now) < 0.05, "{} of {}: {}", log.level(now), log.peak().0, off(&log, now));
            }
        }
    }
}

/// How many records a channel gives up that holds so many and gives up the newest: by hand.
fn shed_by_hand(rows: &[(i64, u32, u32)], service: i64, capacity: usize) -> u64 {
    let (mut now, mut free_at, mut shed) = (0, 0, 0);
    let mut waiting: VecDeque<i64> = VecDeque::new();
    for &(after, ..) in rows {
        now += after;
        while let Some(&arrived) = waiting.front().filter(|_| free_at <= now) {
            free_at = free_at.max(arrived) + service;
            waiting.pop_front();
        }
        if free_at <= now {
            free_at = now + service;
        } else if waiting.len() < capacity {
            waiting.push_back(now);
        } else {
            shed += 1;
        }
    }
    shed
}

#[test]
fn what_is_shed_is_what_is_too_much() {
    let rows = phases(&[(100, 60.0)]);
    for (capacity, overflow) in [(20, Overflow::ShedNewest), (1, Overflow::ShedNewest), (20, Overflow::ShedOldest)] {
        let trace = run(&stream(&rows), &RunConfig::plain(one_task(16_667, capacity, overflow)));
        let shed = shed_by_hand(&rows, 16_667, capacity as usize);
        assert_eq!((trace.ledger.shed, trace.ledger.counted), (shed, 6_000 - shed), "{overflow:?}");
        // 40 a second for a minute, but for what is in the channel at the end and its first filling.
        assert!(shed.abs_diff(2_400 - u64::from(capacity)) <= 2, "{shed}");
        let metrics = TaskMetrics::of(&trace);
        assert_eq!((metrics.channel(0, 0).peak().0 as u32, metrics.log().peak().0), (capacity, 0));
    }
}

#[test]
fn memory_without_a_bound_grows_in_a_straight_line() {
    let rows = phases(&[(100, 60.0)]);
    let trace = run(&stream(&rows), &RunConfig::plain(one_task(16_667, 20, Overflow::Unbounded)));
    let metrics = TaskMetrics::of(&trace);
    // 40 records a second of 250 bytes are 10 kB a second.
    for secs in 1..60 {
        let (now, line) = (at(f64::from(secs)), 10_000.0 * f64::from(secs));
        let bytes = metrics.queue_bytes(250, now);
        assert!((bytes as f64 - line).abs() <= 2.0 * 250.0, "{secs}: {bytes}");
        assert_eq!(metrics.lag(now), 0);
    }
    assert_eq!((trace.ledger.shed, trace.ledger.counted), (0, 6_000));
}
