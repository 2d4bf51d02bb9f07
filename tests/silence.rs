//! Why a partition or a task is silent, over small runs in which that is known.

use std::sync::Arc;

use highwater::log::LogRules;
use highwater::metrics::tasks::phrase::Clock;
use highwater::metrics::tasks::silence::{of_partition, of_task};
use highwater::metrics::tasks::{Hunger, Input, Silence, TaskMetrics};
use highwater::pipeline::{AtEnd, Pipeline, Tasks, WatermarkOptions, WatermarkSpec, WindowSpec};
use highwater::record::{Columns, KeyId, KeyTable, PartitionId, Stream};
use highwater::runtime::{RunConfig, TaskId, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};

fn secs(at: i64) -> ProcTime {
    ProcTime::from_millis(at * 1_000)
}

/// Records by arrival in milliseconds, event time in milliseconds, key and partition, of so many partitions.
fn stream(partitions: u32, rows: impl Iterator<Item = (i64, i64, u32, u32)>) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    (0..16).for_each(|key| {
        keys.intern(&format!("key {key}"));
    });
    let rows: Vec<(i64, i64, u32, u32)> = rows.collect();
    let columns = Columns {
        event_times: rows.iter().map(|row| EventTime::from_millis(row.1)).collect(),
        arrivals: rows.iter().map(|row| ProcTime::from_millis(row.0)).collect(),
        keys: rows.iter().map(|row| KeyId(row.2)).collect(),
        values: vec![1.0; rows.len()],
        partitions: rows.iter().map(|row| PartitionId(row.3)).collect(),
        partition_count: partitions,
    };
    Arc::new(Stream::from_columns(columns, keys))
}

/// Ten records a second for a minute in each of these partitions, as long as `sends` says so.
fn sending(partitions: u32, sends: impl Fn(u32, i64) -> bool) -> Arc<Stream> {
    let rows =
        (0..600).flat_map(|i| (0..partitions).map(move |partition| (i * 100, i * 100, (i % 16) as u32, partition)));
    stream(partitions, rows.filter(|row| sends(row.3, row.0 / 1_000)))
}

fn pipeline(options: WatermarkOptions) -> Pipeline {
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound: Span::from_secs(1) },
        watermark_options: WatermarkOptions { per_partition: true, ..options },
        window: WindowSpec::Tumbling { size: Span::from_secs(5), offset: Span::ZERO },
        ..Pipeline::default()
    }
}

struct Run {
    trace: Trace,
    metrics: TaskMetrics,
}

impl Run {
    fn of(stream: &Arc<Stream>, pipeline: Pipeline) -> Self {
        Self::with(stream, &RunConfig::plain(pipeline))
    }

    fn with(stream: &Arc<Stream>, config: &RunConfig) -> Self {
        let trace = run(stream, config);
        let metrics = TaskMetrics::of(&trace);
        Self { trace, metrics }
    }

    fn partition(&self, number: u32, at: i64) -> Silence {
        of_partition(&self.trace, &self.metrics, PartitionId(number), secs(at))
    }

    fn task(&self, task: TaskId, at: i64) -> Silence {
        of_task(&self.trace, &self.metrics, task, secs(at))
    }

    fn says(&self, silence: &Silence) -> String {
        format!("{}: {}", silence.word(), silence.reason(Clock::of(self.metrics.span())))
    }
}

const WINDOW: TaskId = TaskId::Window(0);
const SOURCE: TaskId = TaskId::Source(0);

#[test]
fn one_of_three_partitions_has_data_and_the_others_hold_it_back() {
    let stream = sending(3, |partition, _| partition == 0);
    let run = Run::of(&stream, pipeline(WatermarkOptions::default()));
    assert!(run.trace.panes.is_empty());
    let silent = vec![Input::Partition(PartitionId(1)), Input::Partition(PartitionId(2))];
    let held = Silence::HeldBack { by: silent, since: None, ahead: None };
    assert_eq!(run.partition(0, 30), held);
    assert_eq!(run.says(&held), "held back: by partition 1 and partition 2, which has no watermark yet");
    assert_eq!(run.partition(1, 30), Silence::Starved(Hunger::Never));
    assert_eq!((run.task(WINDOW, 30), run.task(TaskId::Sink, 30)), (held.clone(), held));
    assert_eq!(run.task(SOURCE, 30), Silence::Active);
    // Until the first window is over, nobody misses anything.
    assert_eq!(run.partition(0, 3), Silence::Active);

    let idle = WatermarkOptions { idle_after: Some(Span::from_secs(10)), ..WatermarkOptions::default() };
    let run = Run::of(&stream, pipeline(idle));
    assert_eq!(run.partition(1, 5), Silence::Starved(Hunger::Never));
    let Silence::Idle { since, after } = run.partition(1, 30) else { panic!("{:?}", run.partition(1, 30)) };
    assert!((since.as_secs_f64() - 10.0).abs() < 0.1 && after == Span::from_secs(10), "{since:?}");
    assert!(run.says(&run.partition(1, 30)).starts_with("idle: declared idle at 00:00:1"));
    assert_eq!((run.partition(0, 30), run.task(WINDOW, 30)), (Silence::Active, Silence::Active));
}

#[test]
fn a_partition_that_stops_is_starved_and_then_the_others_are_held_back() {
    let run = Run::of(&sending(2, |partition, at| partition == 0 || at < 20), pipeline(WatermarkOptions::default()));
    assert_eq!((run.partition(0, 15), run.partition(1, 15)), (Silence::Active, Silence::Active));
    // Its records are 100 ms apart, so one second without any is overdue.
    let last = ProcTime::from_millis(19_900);
    assert_eq!(run.partition(1, 20), Silence::Active);
    assert_eq!(run.partition(1, 21), Silence::Starved(Hunger::Since(last)));
    // Its watermark stands at 18.9 s; that of partition 0 passes the end at 20 s when it reads 21 s.
    assert_eq!(run.partition(0, 20), Silence::Active);
    let by = vec![Input::Partition(PartitionId(1))];
    let held = Silence::HeldBack { by, since: Some(last), ahead: Some(Span::from_millis(11_100)) };
    assert_eq!(run.partition(0, 31), held);
    assert_eq!(run.task(WINDOW, 31), held);
    assert_eq!(run.says(&held), "held back: by partition 1, which stands since 00:00:19, 11.1 s behind");
}

#[test]
fn partitions_that_replay_at_different_speeds_hold_each_other_back_without_being_silent() {
    // Partition 1 tells of a fifth of the time that partition 0 tells of.
    let rows = (0..600).flat_map(|i| [(i * 100, i * 500, 0, 0), (i * 100, i * 100, 1, 1)]);
    let run = Run::of(&stream(2, rows), pipeline(WatermarkOptions::default()));
    assert_eq!(run.partition(1, 30), Silence::Active);
    let Silence::HeldBack { by, ahead, .. } = run.partition(0, 30) else { panic!("it is far ahead") };
    assert_eq!((by, ahead), (vec![Input::Partition(PartitionId(1))], Some(Span::from_secs(120))));
    // Alignment holds partition 0 itself back instead.
    let aligned = WatermarkOptions { max_drift: Some(Span::from_secs(2)), ..WatermarkOptions::default() };
    let run = Run::of(
        &stream(2, (0..600).flat_map(|i| [(i * 100, i * 500, 0, 0), (i * 100, i * 100, 1, 1)])),
        pipeline(aligned),
    );
    let Silence::Paused { max_drift, .. } = run.partition(0, 30) else { panic!("{:?}", run.partition(0, 30)) };
    assert_eq!(max_drift, Span::from_secs(2));
    assert!(run.says(&run.partition(0, 30)).starts_with("paused: more than 2 s ahead of the slowest since 00:00:"));
}

#[test]
fn a_blocked_partition_waits_for_a_task_and_a_starved_task_for_a_blocked_source() {
    let slow =
        Pipeline { service_time: Span::from_millis(100), queue_capacity: 10, ..pipeline(WatermarkOptions::default()) };
    let run = Run::of(&sending(2, |_, _| true), slow.clone());
    for blocked in [run.partition(0, 30), run.partition(1, 30), run.task(SOURCE, 30)] {
        let Silence::Blocked { on, since } = blocked else { panic!("{blocked:?}") };
        assert!(on == WINDOW && since < secs(3), "{since:?}");
    }
    assert_eq!(run.task(WINDOW, 30), Silence::Active);
    assert!(run.says(&run.task(SOURCE, 30)).starts_with("blocked: waits for window 1 since 00:00:0"));
    // One key alone: whoever does not own it has nothing to do.
    let one_key = stream(1, (0..600).map(|i| (i * 100, i * 100, 5, 0)));
    let run = Run::of(&one_key, Pipeline { tasks: Tasks { windows: 2, ..Tasks::default() }, ..slow.clone() });
    let states = [run.task(TaskId::Window(0), 30), run.task(TaskId::Window(1), 30)];
    assert!(states.contains(&Silence::Active) && states.contains(&Silence::Starved(Hunger::NoKey)), "{states:?}");
    // A second key comes now and then, behind the records of the first.
    let two_keys = stream(1, (0..1_200).map(|i| (i * 50, i * 50, if i % 50 == 0 { 0 } else { 5 }, 0)));
    let slower = Pipeline { service_time: Span::from_millis(400), queue_capacity: 2, ..slow };
    let run = Run::of(&two_keys, Pipeline { tasks: Tasks { windows: 16, ..Tasks::default() }, ..slower });
    let starved = (0..16).map(|task| run.task(TaskId::window(task), 40));
    let behind = starved.filter(|state| matches!(state, Silence::Starved(Hunger::Behind { source: SOURCE, .. })));
    assert_eq!(behind.count(), 1);
}

#[test]
fn the_sink_and_who_waits_for_it() {
    let tasks = Tasks { sink_time: Span::from_millis(800), sink_capacity: 1, ..Tasks::default() };
    let run = Run::of(&sending(1, |_, _| true), Pipeline { tasks, ..pipeline(WatermarkOptions::default()) });
    let Silence::Blocked { on, .. } = run.task(WINDOW, 30) else { panic!("{:?}", run.task(WINDOW, 30)) };
    assert_eq!((on, run.task(TaskId::Sink, 30)), (TaskId::Sink, Silence::Active));
    assert_eq!(run.task(TaskId::Sink, 3), Silence::Starved(Hunger::Never));
}

#[test]
fn only_what_is_flushed_is_finished() {
    let stream = sending(2, |partition, at| partition == 0 || at < 20);
    let held = Run::of(&stream, pipeline(WatermarkOptions::default()));
    assert!(!matches!(held.task(SOURCE, 60), Silence::Finished { .. }));
    let flushed = Run::of(&stream, Pipeline { at_end: AtEnd::Flush, ..pipeline(WatermarkOptions::default()) });
    let last = ProcTime::from_millis(19_900);
    assert_eq!(flushed.partition(1, 21), Silence::Finished { since: last });
    assert_eq!(flushed.says(&flushed.partition(1, 21)), "finished: read to the end at 00:00:19");
    assert!(matches!(flushed.partition(0, 31), Silence::HeldBack { .. }), "its watermark stands, and counts");
    assert!(matches!(flushed.task(SOURCE, 60), Silence::Finished { .. }));
    assert!(matches!(flushed.task(TaskId::Sink, 60), Silence::Finished { .. }));
}

#[test]
fn a_source_without_a_partition_and_a_log_that_hands_out_no_more() {
    let tasks = Tasks { sources: 3, ..Tasks::default() };
    let shared =
        Pipeline { watermark_options: WatermarkOptions::default(), tasks, ..pipeline(WatermarkOptions::default()) };
    let run = Run::of(&sending(2, |_, _| true), shared);
    assert_eq!(run.task(TaskId::Source(2), 30), Silence::Starved(Hunger::NoPartition));
    assert_eq!((run.task(SOURCE, 30), run.task(WINDOW, 30)), (Silence::Active, Silence::Active));
    // Three reads of two records a second, for ten records a second.
    let log = LogRules { reads_per_s: Some(3), records_per_read: Some(2), ..LogRules::default() };
    let config = RunConfig { log, ..RunConfig::plain(pipeline(WatermarkOptions::default())) };
    let run = Run::with(&sending(1, |_, _| true), &config);
    let limited = (20..30).map(|at| run.partition(0, at)).filter(|state| matches!(state, Silence::Limited { .. }));
    assert!(limited.count() >= 9, "{:?}", run.partition(0, 25));
}

#[test]
fn every_partition_and_task_has_a_name_at_every_instant() {
    for partitions in [1, 3] {
        let run = Run::of(
            &sending(partitions, |partition, at| (at / 10) % 3 != i64::from(partition)),
            pipeline(WatermarkOptions::default()),
        );
        for at in -1..70 {
            (0..partitions).for_each(|partition| assert!(!run.partition(partition, at).word().is_empty()));
            run.metrics.tasks().for_each(|task| assert!(!run.task(task, at).word().is_empty()));
        }
    }
    let empty = Run::of(&stream(1, std::iter::empty()), pipeline(WatermarkOptions::default()));
    assert_eq!(empty.partition(0, 0), Silence::Starved(Hunger::Never));
}
