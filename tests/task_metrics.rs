//! What tasks do with their time, and what waits where: against totals that follow from service times and
//! counts alone, for pipelines of every division.

use std::sync::Arc;

use highwater::metrics::tasks::{Intervals, Stretch, TaskMetrics};
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
