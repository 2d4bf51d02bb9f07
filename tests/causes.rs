//! Why records wait, over small runs whose cause is known.

use std::sync::Arc;

use highwater::metrics::tasks::cause::{BlockRule, Cause, CauseKind, causes};
use highwater::metrics::tasks::{Stretch, TaskMetrics};
use highwater::pipeline::{Overflow, Pipeline, Tasks, WatermarkOptions, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{RunConfig, TaskId, Trace, run};
use highwater::scenario::Fault;
use highwater::scenario::library::find;
use highwater::source::generate;
use highwater::time::{EventTime, ProcTime, Span};

/// Records by arrival in milliseconds, key and partition; they happened when they arrived.
fn stream(rows: impl Iterator<Item = (i64, u32, u32)>) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    (0..16).for_each(|key| {
        keys.intern(&format!("key {key}"));
    });
    let row = |(at, key, partition): (i64, u32, u32)| Row {
        event_time: EventTime::from_millis(at),
        arrival: ProcTime::from_millis(at),
        key: KeyId(key),
        value: 1.0,
        partition: PartitionId(partition),
    };
    Arc::new(Stream::from_rows(rows.map(row).collect(), keys))
}

/// A record of one of 16 keys every `every` milliseconds, for a minute.
fn steady(every: i64) -> Arc<Stream> {
    stream((0..60_000 / every).map(|i| (i * every, (i % 16) as u32, 0)))
}

fn pipeline(service_ms: i64, tasks: Tasks) -> Pipeline {
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        window: WindowSpec::Tumbling { size: Span::from_secs(5), offset: Span::ZERO },
        queue_capacity: 20,
        service_time: Span::from_millis(service_ms),
        tasks,
        ..Pipeline::default()
    }
}

fn whole(trace: &Trace) -> Vec<Cause> {
    let metrics = TaskMetrics::of(trace);
    let found = causes(trace, &metrics, metrics.span());
    for cause in &found {
        assert!((0.0..=1.0).contains(&cause.share) && (0.0..=1.0).contains(&cause.busy), "{cause:?}");
    }
    found
}

fn of_run(stream: &Arc<Stream>, pipeline: Pipeline) -> Vec<Cause> {
    whole(&run(stream, &RunConfig::plain(pipeline)))
}

fn kinds(causes: &[Cause]) -> Vec<CauseKind> {
    causes.iter().map(|cause| cause.kind).collect()
}

/// Every part is in the words of the cause.
fn says(cause: &Cause, parts: &[&str]) {
    let words = cause.words();
    for part in parts {
        assert!(words.contains(part), "{part:?} is not in {words:?}");
    }
}

#[test]
fn where_nothing_is_wrong_nobody_is_named() {
    assert_eq!(of_run(&steady(20), pipeline(19, Tasks::default())), []);
    assert_eq!(of_run(&steady(20), pipeline(0, Tasks::default())), []);
    let parallel = Tasks { sources: 2, windows: 4, source_time: Span::from_millis(2), ..Tasks::default() };
    assert_eq!(of_run(&steady(20), pipeline(15, parallel)), []);
    assert_eq!(of_run(&stream(std::iter::empty()), pipeline(15, parallel)), []);
}

#[test]
fn a_slow_operator_is_the_cause_and_the_source_that_waits_is_not() {
    // 50 come a second and 25 go, so 1,500 are left after a minute, 20 of them in the channel.
    let found = of_run(&steady(20), pipeline(40, Tasks::default()));
    assert_eq!(kinds(&found), [CauseKind::SlowTask]);
    let cause = &found[0];
    assert_eq!((&*cause.tasks, cause.rule), (&[TaskId::Window(0)][..], BlockRule::Credits { capacity: 20 }));
    assert!(cause.share > 0.97 && cause.busy > 0.99 && cause.lasting.is_chronic, "{cause:?}");
    assert_eq!((cause.service, cause.lasting.spells), (Some(Span::from_millis(40)), 1));
    assert_eq!(cause.capacity_per_s, Some(25.0));
    assert_eq!(cause.reach.waiters.len(), 1);
    assert_eq!(cause.reach.waiters[0].task, TaskId::Source(0));
    assert!((cause.reach.peak_lag as i64 - 1_480).abs() < 5, "{}", cause.reach.peak_lag);
    assert_eq!(cause.reach.peak_depth, 20);
    says(
        cause,
        &[
            "The window task is the slow node.",
            "40 ms a record",
            "25/s",
            "20 of 20",
            "Source 1 waits",
            "1,4",
            "Chronic",
        ],
    );
}

#[test]
fn while_it_grows_the_words_say_what_comes_and_what_goes() {
    let trace = run(&steady(20), &RunConfig::plain(pipeline(40, Tasks::default())));
    let metrics = TaskMetrics::of(&trace);
    let stretch = Stretch::new(ProcTime::from_millis(20_000), ProcTime::from_millis(30_000));
    let found = causes(&trace, &metrics, stretch);
    assert_eq!(kinds(&found), [CauseKind::SlowTask]);
    assert_eq!(found[0].share, 1.0);
    assert!((found[0].demand_per_s - 50.0).abs() < 0.2, "{}", found[0].demand_per_s);
    says(&found[0], &["It takes 40 ms a record, 25/s, and 50/s come."]);
    // Before the channel is full, nobody is held up.
    assert_eq!(causes(&trace, &metrics, Stretch::new(ProcTime::EPOCH, ProcTime::from_millis(500))), []);
}

#[test]
fn a_slow_sink_is_the_cause_and_neither_task_above_it_is() {
    // A window of 5 s of each of 16 keys gives 16 panes; the sink needs 400 ms for each.
    let slow = Tasks { sink_time: Span::from_millis(400), sink_capacity: 4, ..Tasks::default() };
    let found = of_run(&steady(20), pipeline(5, slow));
    assert_eq!(kinds(&found), [CauseKind::SlowSink]);
    let cause = &found[0];
    assert_eq!((&*cause.tasks, cause.rule), (&[TaskId::Sink][..], BlockRule::SinkCapacity { capacity: 4 }));
    let waiters: Vec<TaskId> = cause.reach.waiters.iter().map(|waiter| waiter.task).collect();
    assert_eq!(waiters, [TaskId::Source(0), TaskId::Window(0)]);
    assert!(cause.busy > 0.9 && cause.reach.peak_lag > 100, "{cause:?}");
    says(
        cause,
        &["The sink is the slow node.", "400 ms a pane, 2.5/s", "room for 4 panes", "Window 1 waits", "source 1 waits"],
    );
}

#[test]
fn one_hot_key_is_skew_and_is_named() {
    // Key 3 has 8 records of 10; the task that owns it can take 50 a second and gets more than 80.
    let hot = stream((0..6_000).map(|i| (i * 10, if i % 10 < 8 { 3 } else { (i % 16) as u32 }, 0)));
    let found = of_run(&hot, pipeline(20, Tasks { windows: 4, ..Tasks::default() }));
    assert_eq!(found[0].kind, CauseKind::Skew);
    let skew = found[0].skew.as_ref().expect("numbers of the skew");
    let key = skew.key.as_ref().expect("a hot key");
    assert_eq!(key.name, "key 3");
    // 4,800 records, and one of every 16 of the other 1,200, of which every fifth multiple falls in.
    assert!((key.of_all - 0.8).abs() < 0.02 && key.of_task > 0.8, "{key:?}");
    assert!(skew.siblings_idle > 0.8 && found[0].busy > 0.99, "{skew:?}");
    says(&found[0], &["hot: key key 3 is 8", "its siblings are idle", "Source 1 waits"]);
    assert!(found[1..].iter().all(|other| other.share < found[0].share / 10.0), "{found:?}");
}

#[test]
fn siblings_that_are_slow_alike_are_one_cause() {
    // Every key as often as the others: 200 a second against 4 times 25.
    let even = stream((0..12_000).map(|i| (i * 5, (i % 16) as u32, (i % 2) as u32)));
    let found = of_run(&even, pipeline(40, Tasks { sources: 2, windows: 2, ..Tasks::default() }));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind, found[0].tasks.len()), (CauseKind::SlowTask, 2));
    assert!((found[0].capacity_per_s.expect("it worked") - 50.0).abs() < 0.01);
    says(
        &found[0],
        &[
            "All 2 window tasks are the slow nodes.",
            "Each takes 40 ms a record, together 50/s",
            "Source 1 and source 2 wait up to",
        ],
    );
}

#[test]
fn a_burst_that_passes_is_told_from_slowness() {
    // 10 a second, and 200 a second from 20 s to 24 s: 800 records against 50 a second.
    let quiet = (0..600).map(|i| (i * 100, (i % 16) as u32, 0));
    let burst = (0..800).map(|i| (20_000 + i * 5, (i % 16) as u32, 0));
    let found = of_run(&stream(quiet.chain(burst)), pipeline(20, Tasks::default()));
    assert_eq!(kinds(&found), [CauseKind::Burst]);
    let lasting = &found[0].lasting;
    assert!(!lasting.is_chronic && lasting.spells == 1);
    let (since, until) = (lasting.since.as_secs_f64(), lasting.until.expect("it passed").as_secs_f64());
    // Full after 20 records at (210 - 50) a second; 16 s for 820 records, less what goes meanwhile.
    assert!((20.0..20.3).contains(&since) && (37.0..42.0).contains(&until), "{since} {until}");
    says(&found[0], &["flooded for a while", "keeps up", "Passing: 00:00:20 to 00:00:"]);
}

#[test]
fn what_is_slower_than_it_is_set_is_told_from_what_is_slow() {
    let fault = Fault::SlowOperator { task: None, from: Span::from_secs(20), until: Span::from_secs(30), factor: 6.0 };
    let config = RunConfig { faults: vec![fault], ..RunConfig::plain(pipeline(10, Tasks::default())) };
    let trace = run(&steady(20), &config);
    let metrics = TaskMetrics::of(&trace);
    let during = Stretch::new(ProcTime::from_millis(22_000), ProcTime::from_millis(29_000));
    let found = causes(&trace, &metrics, during);
    assert_eq!(kinds(&found), [CauseKind::Slowed]);
    says(&found[0], &["slower than usual", " ms a record instead of 10 ms", "50/s come", "Passing: since 00:00:20"]);
    assert_eq!(causes(&trace, &metrics, Stretch::new(ProcTime::EPOCH, ProcTime::from_millis(19_000))), []);
}

#[test]
fn a_source_that_is_itself_too_slow_is_the_cause() {
    let slow = Tasks { source_time: Span::from_millis(25), ..Tasks::default() };
    let found = of_run(&steady(20), pipeline(5, slow));
    assert_eq!(kinds(&found), [CauseKind::SlowSource]);
    assert_eq!((&*found[0].tasks, found[0].rule), (&[TaskId::Source(0)][..], BlockRule::OneByOne));
    assert!(found[0].reach.waiters.is_empty() && found[0].reach.peak_lag > 500);
    says(&found[0], &["The source is the slow node.", "25 ms a record, 40/s", "nobody else holds it up"]);
}

#[test]
fn where_nobody_may_wait_the_rule_that_gives_up_is_named() {
    for (overflow, rule, word) in [
        (Overflow::ShedNewest, BlockRule::ShedNewest, "gives up the newest"),
        (Overflow::ShedOldest, BlockRule::ShedOldest, "gives up the oldest"),
        (Overflow::Unbounded, BlockRule::Unbounded, "its channel has no bound"),
    ] {
        let trace = run(&steady(20), &RunConfig::plain(pipeline(40, Tasks { overflow, ..Tasks::default() })));
        let found = whole(&trace);
        assert_eq!(kinds(&found), [CauseKind::SlowTask], "{overflow:?}");
        assert_eq!(found[0].rule, rule);
        assert_eq!(found[0].reach.given_up as u64, trace.ledger.shed);
        assert!(found[0].reach.waiters.is_empty() && found[0].reach.peak_lag == 0);
        says(&found[0], &["The window task is the slow node.", "Nobody waits", word]);
    }
}

#[test]
fn a_partition_that_is_paused_for_running_ahead_is_named() {
    // Partition 1 is ten times as far in event time as partition 0, and may be ahead by 5 s.
    let mut keys = KeyTable::default();
    let key = keys.intern("k");
    let row = |i: i64| Row {
        event_time: EventTime::from_millis(if i % 2 == 0 { i * 10 } else { i * 100 }),
        arrival: ProcTime::from_millis(i * 10),
        key,
        value: 1.0,
        partition: PartitionId((i % 2) as u32),
    };
    let stream = Arc::new(Stream::from_rows((0..4_000).map(row).collect(), keys));
    let options =
        WatermarkOptions { per_partition: true, max_drift: Some(Span::from_secs(5)), ..WatermarkOptions::default() };
    let found = of_run(&stream, Pipeline { watermark_options: options, ..pipeline(0, Tasks::default()) });
    assert_eq!(kinds(&found), [CauseKind::Alignment]);
    assert_eq!(found[0].reach.partitions, [PartitionId(1)]);
    says(&found[0], &["Partition 1 is paused for running ahead.", "more than 5 s ahead"]);
}

#[test]
fn batches_that_take_longer_than_their_interval_are_named() {
    let batched = Tasks { micro_batch: Some(Span::from_secs(2)), ..Tasks::default() };
    let slow = Pipeline { queue_capacity: 10_000, ..pipeline(30, batched) };
    let found = of_run(&steady(20), slow.clone());
    assert_eq!(kinds(&found), [CauseKind::LongBatches], "{found:?}");
    says(&found[0], &["longer than their interval of 2 s", "window 1"]);
    assert_eq!(of_run(&steady(20), Pipeline { service_time: Span::from_millis(15), ..slow }), []);
}

#[test]
fn a_slowdown_and_a_flood_are_two_causes() {
    // 20 a second; the task takes 10 ms, but 100 ms from 10 s to 20 s; and 400 come at once at 40 s.
    let steady = (0..1_200).map(|i| (i * 50, (i % 16) as u32, 0));
    let flood = (0..400).map(|i| (40_000, (i % 16) as u32, 0));
    let fault = Fault::SlowOperator { task: None, from: Span::from_secs(10), until: Span::from_secs(20), factor: 10.0 };
    let config = RunConfig { faults: vec![fault], ..RunConfig::plain(pipeline(10, Tasks::default())) };
    let found = whole(&run(&stream(steady.chain(flood)), &config));
    let mut kinds = kinds(&found);
    kinds.sort_unstable();
    assert_eq!(kinds, [CauseKind::Slowed, CauseKind::Burst]);
    for cause in &found {
        match cause.kind {
            CauseKind::Slowed => says(cause, &["100 ms a record instead of 10 ms, and 20/s came until 00:00:19."]),
            _ => says(cause, &["is flooded for a while", "10 ms a record, 100/s", "Passing: 00:00:40 to 00:00:4"]),
        }
    }
}

#[test]
fn a_flood_that_is_over_says_how_much_came_until_when() {
    // 100 a second for 20 s against 50 a second, then 10 a second.
    let rows = (0..2_000).map(|i| (i * 10, (i % 16) as u32, 0));
    let rest = (0..400).map(|i| (20_000 + i * 100, (i % 16) as u32, 0));
    let trace = run(&stream(rows.chain(rest)), &RunConfig::plain(pipeline(20, Tasks::default())));
    let found = whole(&trace);
    assert_eq!(kinds(&found), [CauseKind::Burst], "{found:?}");
    // 1,000 wait at 20 s, 40 fewer every second, and it is over at 45 s.
    says(&found[0], &["20 ms a record, 50/s, and 100/s came until 00:00:", "Passing: 00:00:00 to 00:00:4"]);
    let relief = found[0].relief.expect("it is over");
    assert!((19.9..20.1).contains(&relief.since.as_secs_f64()), "{relief:?}");
    let metrics = TaskMetrics::of(&trace);
    let meanwhile = Stretch::new(ProcTime::EPOCH, ProcTime::from_millis(40_000));
    says(&causes(&trace, &metrics, meanwhile)[0], &["100/s came until 00:00:", "Now 10/s come."]);
}

#[test]
fn more_panes_than_records_are_amplified() {
    // Windows of 10 s every second: each of the 50 records a second is in ten, and 16 keys fire every second.
    let sliding = WindowSpec::Sliding { size: Span::from_secs(10), slide: Span::from_millis(100), offset: Span::ZERO };
    let slow = Tasks { sink_time: Span::from_millis(10), sink_capacity: 16, ..Tasks::default() };
    let found = of_run(&steady(20), Pipeline { window: sliding, ..pipeline(1, slow) });
    assert_eq!(kinds(&found), [CauseKind::SlowSink]);
    // Ten ends of windows a second, each with up to 16 keys: 160 panes of 50 records; the sink takes 100.
    let times = found[0].amplification.expect("more panes than records");
    assert!((2.0..4.0).contains(&times), "{times}");
    says(&found[0], &["The sink is the slow node.", "It is amplified upstream: ", "/s panes."]);
}

#[test]
fn a_sink_that_fails_is_named_with_what_was_refused() {
    let fault =
        Fault::FailingSink { from: Span::from_secs(20), until: Span::from_secs(30), retry_after: Span::from_secs(1) };
    let tasks = Tasks { sink_time: Span::from_millis(5), sink_capacity: 4, ..Tasks::default() };
    let config = RunConfig { faults: vec![fault], ..RunConfig::plain(pipeline(5, tasks)) };
    let trace = run(&steady(20), &config);
    let found = whole(&trace);
    assert_eq!((found[0].kind, found[0].rule), (CauseKind::FailingSink, BlockRule::Retries), "{found:?}");
    let refused = format!("{} writes were refused.", trace.failed_writes.len());
    says(&found[0], &["The sink fails.", &refused, "Passing: 00:00:2"]);
    assert!(found[1..].iter().all(|other| other.kind != CauseKind::SlowSink || other.share < 0.1), "{found:?}");
}

#[test]
fn every_built_in_fault_is_named() {
    let of = |slug: &str| {
        let scenario = find(slug).expect("built in").scenario().expect("it reads");
        let stream = Arc::new(generate(&scenario).expect("a stream"));
        whole(&run(&stream, &RunConfig::of(&scenario, &stream)))
    };
    for (slug, kind, words) in [
        ("hot-key", CauseKind::Skew, "is hot: key north is 79% of all records. With 90% of the records it is busy"),
        ("poison-crash-loop", CauseKind::Poisoned, "it crashes on record 300 again and again. 37 crashes"),
        ("dead-letter-sink-fails", CauseKind::DeadLettersFail, "Dead letters cannot be written."),
        ("lag-spiral", CauseKind::Burst, "600/s, and 1,000/s came until 12:01:00."),
        ("lag-spiral-lost", CauseKind::SlowTask, "20,917 records are lost: the log no longer had them"),
        ("slow-operator", CauseKind::SlowTask, "The window task is the slow node."),
    ] {
        let found = of(slug);
        assert_eq!(kinds(&found), [kind], "{slug}");
        says(&found[0], &[words]);
    }
    let trams: Vec<Cause> = of("trams-tunnel");
    let slowed = trams.iter().find(|cause| cause.kind == CauseKind::Slowed).expect("the slow minute");
    says(slowed, &["2.38 s a record instead of 340 ms"]);
    for slug in ["poison-reject", "poison-dead-letter", "idle-partition", "idle-partition-loses", "hot-key-salted"] {
        assert_eq!(of(slug), [], "{slug}: nothing waits there");
    }
}
