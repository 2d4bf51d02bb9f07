//! Every fault does what it says and nothing else, to the record and to the instant; and every built-in
//! scenario about faults and backpressure shows what its comment says.

use std::sync::Arc;

use highwater::metrics::tasks::{Stretch, TaskMetrics, crash_loops, silence};
use highwater::record::{RecordId, Stream};
use highwater::runtime::{Ledger, RunConfig, TaskId, Trace, run};
use highwater::scenario::library::find;
use highwater::scenario::set::apply;
use highwater::scenario::{Scenario, parse};
use highwater::source::generate;
use highwater::time::{ProcTime, Span};

/// Ten records a second for a minute, each of which arrives as it happens; four keys, two partitions in
/// turn. A window of a second is over with the first record of the next.
const STEADY: &str = r#"(
    title: "x",
    duration: "1min",
    source: Synthetic(
        start: "1970-01-01",
        rate: 10,
        arrivals: Regular,
        keys: Uniform(count: 4),
        partitions: 2,
        partitioner: RoundRobin,
    ),
    pipeline: (
        watermark: Bounded(bound: "0s"),
        window: Tumbling(size: "1s"),
    ),
)"#;

fn scenario(settings: &[&str]) -> Scenario {
    let mut scenario = parse(STEADY, "test").unwrap_or_else(|error| panic!("{error}"));
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

fn stream(settings: &[&str]) -> Arc<Stream> {
    Arc::new(generate(&scenario(settings)).unwrap_or_else(|error| panic!("{error}")))
}

fn run_with(settings: &[&str]) -> Trace {
    let scenario = scenario(settings);
    let stream = stream(settings);
    run(&stream, &RunConfig::of(&scenario, &stream))
}

fn at(millis: i64) -> ProcTime {
    ProcTime::from_millis(millis)
}

/// Milliseconds at which records happened, as they say, ascending.
fn happened(stream: &Stream) -> Vec<i64> {
    let mut all: Vec<i64> = stream.event_times().iter().map(|at| at.micros() / 1_000).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_burst_multiplies_the_rate_while_it_lasts() {
    let all = happened(&stream(&["faults=[Burst(times: 3, from: 10s, until: 20s)]"]));
    // 100 before, 300 within, 400 after.
    let within = all.iter().filter(|&&at| (10_000..20_000).contains(&at)).count();
    assert_eq!((all.len(), within), (800, 300));
    assert_eq!(all.iter().filter(|&&at| at < 10_000).count(), 100);
    // Half of it is half of it.
    assert_eq!(stream(&["faults=[Burst(times: 0.5, from: 10s, until: 20s)]"]).len(), 550);
}

#[test]
fn a_hot_key_takes_its_share_of_what_happens() {
    let plain = stream(&[]);
    let hot = stream(&["faults=[HotKey(key: \"k2\", share: 1, from: 10s, until: 20s)]"]);
    assert_eq!((hot.len(), hot.event_times()), (600, plain.event_times()));
    for place in 0..600 {
        let name = |stream: &Stream| stream.key_table().name(stream.keys()[place]).to_owned();
        let expected = if (100..200).contains(&place) { "k2".to_owned() } else { name(&plain) };
        assert_eq!(name(&hot), expected, "{place}");
    }
}

#[test]
fn a_silent_partition_stops_or_is_held() {
    let stopped = stream(&["faults=[Silent(partition: 1, from: 10s, until: 20s)]"]);
    assert_eq!(stopped.len(), 550);
    assert!(stopped.production().lost.is_empty(), "what never happened is not lost");
    let held = stream(&["faults=[Silent(partition: 1, from: 10s, until: 20s, records: Hold)]"]);
    assert_eq!(held.len(), 600);
    let late: Vec<usize> = (0..600).filter(|&place| held.delay(RecordId(place as u32)) > Span::ZERO).collect();
    assert_eq!(late.len(), 50);
    for place in late {
        assert_eq!(held.arrivals()[place], at(20_000));
        assert_eq!(held.partition(RecordId(place as u32)).0, 1);
    }
}

#[test]
fn a_clock_jumps_ahead_and_back() {
    let jumped = stream(&["faults=[ClockJump(by: 1h, from: 10s, until: 20s)]"]);
    for place in 0..600_usize {
        let arrived = place as i64 * 100;
        let says = if (100..200).contains(&place) { arrived + 3_600_000 } else { arrived };
        assert_eq!(jumped.arrivals()[place], at(arrived));
        assert_eq!(jumped.event_times()[place].micros() / 1_000, says);
    }
    // The watermark follows the clock, and everything after the jump is too late.
    let trace = run_with(&["faults=[ClockJump(by: 1h, from: 10s, until: 20s)]"]);
    assert_eq!((trace.ledger.counted, trace.ledger.dropped_late), (200, 400));
}

#[test]
fn one_window_task_is_slower_and_its_sibling_is_not() {
    let slow = "faults=[SlowOperator(task: 1, from: 10s, until: 20s, factor: 5)]";
    let trace = run_with(&["service_time=10ms", "tasks.windows=2", slow]);
    let mut of_task = [0, 0];
    for place in 0..600 {
        let task = usize::from(trace.tasks[place]);
        let is_slow = task == 1 && (at(10_000)..at(20_000)).contains(&trace.started[place]);
        let expected = Span::from_millis(if is_slow { 50 } else { 10 });
        assert_eq!(trace.handled[place] - trace.started[place], expected, "{place}");
        of_task[task] += usize::from(is_slow);
    }
    assert!(of_task[1] > 10 && of_task[0] == 0, "{of_task:?}");
}

#[test]
fn a_slow_sink_takes_longer_for_what_it_begins_meanwhile() {
    let slow = "faults=[SlowSink(from: 10s, until: 20s, factor: 5)]";
    let trace = run_with(&["keys.count=1", "tasks.sink_time=100ms", slow]);
    assert_eq!((trace.panes.len(), trace.delivered.len()), (59, 59));
    for (place, &delivered) in trace.delivered.iter().enumerate() {
        let emitted = (place as i64 + 1) * 1_000;
        let takes = if (10_000..20_000).contains(&emitted) { 500 } else { 100 };
        assert_eq!((trace.panes[place].emitted_at, delivered), (at(emitted), at(emitted + takes)));
    }
}

#[test]
fn a_failing_sink_tries_again_until_it_is_taken() {
    let fails = "faults=[FailingSink(from: 10050ms, until: 12s, retry_after: 500ms)]";
    let trace = run_with(&["keys.count=1", "tasks.sink_time=100ms", fails]);
    // The pane of 10.0 s is written at 10.1 s, 10.7 s, 11.3 s and 11.9 s in vain, and taken at 12.5 s.
    let tries: Vec<(ProcTime, u32)> = trace.failed_writes.iter().map(|write| (write.at, write.pane)).collect();
    assert_eq!(tries, [10_100, 10_700, 11_300, 11_900].map(|millis| (at(millis), 9)));
    // Those of 11.0 s and 12.0 s come right behind it, that of 13.0 s is in time again.
    assert_eq!(trace.delivered[8..13], [9_100, 12_500, 12_600, 12_700, 13_100].map(at));
    assert!(trace.delivered.iter().all(|&delivered| delivered < ProcTime::MAX));
    // A sink that takes no time fails as well, and holds back who has more than it has room for.
    let trace = run_with(&["keys.count=1", "tasks.sink_capacity=1", fails]);
    assert_eq!(trace.delivered[8], at(9_000));
    // It is in vain at 10.0 s only from 10.05 s on: that of 11.0 s is tried at 11.0 s and 11.5 s.
    assert_eq!(trace.delivered[9..13], [10_000, 12_000, 12_000, 13_000].map(at));
    let waits: Vec<TaskId> = trace.waits.iter().map(|wait| wait.on).collect();
    assert!(waits.is_empty(), "one pane waits in the sink and one is in its hands: {waits:?}");
}

#[test]
fn faults_of_tasks_are_set_like_any_field() {
    let mut changed = scenario(&["tasks.windows=2", "faults=[SlowOperator(from: 1s, until: 2s, factor: 2)]"]);
    apply(&mut changed, &["faults.0.task=1", "faults.0.factor=3"]).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert!(changed.to_ron().contains("SlowOperator(task: 1, from: \"1s\", until: \"2s\", factor: 3.0)"));
    let errors = apply(&mut changed, &["faults.0.task=2"]).expect_err("there are two");
    assert_eq!(errors[0].to_string(), "faults.0.task: 2 is out of range: must be 0 to 1, the last window task");
}

/// Runs a built-in scenario with some fields set.
fn built_in(slug: &str, settings: &[&str]) -> Trace {
    let scenario = find(slug).expect("a built-in scenario").scenario();
    let mut scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{slug}: {errors:?}"));
    let stream = Arc::new(generate(&scenario).unwrap_or_else(|error| panic!("{slug}: {error}")));
    run(&stream, &RunConfig::of(&scenario, &stream))
}

/// So many seconds after the start of a built-in scenario.
fn secs(secs: f64) -> ProcTime {
    // 2026-03-02 12:00:00 UTC.
    ProcTime::from_micros(1_772_452_800_000_000) + Span::from_secs_f64(secs)
}

fn ledger(produced: u64, counted: u64) -> Ledger {
    Ledger { produced, counted, ..Ledger::default() }
}

/// How many records each window of a run with one key has counted, in order of its end.
fn counts(trace: &Trace) -> Vec<u64> {
    trace.windows.iter().map(|window| window.summary.count).collect()
}

#[test]
fn rejected_readings_are_lost_and_kept_out_of_the_mean() {
    let trace = built_in("poison-reject", &[]);
    // 20 s of 5 records a second, of 4 min.
    assert_eq!(trace.ledger, Ledger { lost: 100, rejected: 100, ..ledger(1_200, 1_100) });
    // The window from 1:30 has its last 10 s only.
    assert_eq!(counts(&trace), [150, 150, 150, 50, 150, 150, 150, 150]);
    let in_range = |value: f64| (10.0..=30.0).contains(&value);
    assert!(trace.panes.iter().all(|pane| in_range(pane.summary.sum / pane.summary.count as f64)));
    // Without a schema, 100 of its 150 are -999.
    let open = built_in("poison-reject", &["gate.versions=[]"]);
    assert_eq!((open.ledger, counts(&open)), (ledger(1_200, 1_200), vec![150; 8]));
    let mean = open.panes[3].summary.sum / 150.0;
    assert!((mean - (-999.0 * 100.0 + 20.0 * 50.0) / 150.0).abs() < 5.0, "{mean}");
    let kept = built_in("poison-reject", &["gate.policy=DeadLetter"]);
    assert_eq!(kept.ledger, Ledger { dead_lettered: 100, ..ledger(1_200, 1_100) });
    assert_eq!(counts(&kept), counts(&trace));
}

#[test]
fn a_version_that_nobody_can_read_goes_to_the_dead_letters() {
    let trace = built_in("poison-dead-letter", &[]);
    // One of four, for 3 min of 4 records a second.
    assert_eq!(trace.ledger, Ledger { dead_lettered: 180, ..ledger(960, 780) });
    assert_eq!(counts(&trace), [120, 120, 90, 90, 90, 90, 90, 90]);
    assert!(trace.waits.is_empty() && trace.restarts.is_empty());
    let same_name = built_in("poison-dead-letter", &["gate.versions.1.fields.0.name=value"]);
    assert_eq!((same_name.ledger, counts(&same_name)), (ledger(960, 960), vec![120; 8]));
    let mut scenario = find("poison-dead-letter").expect("built in").scenario().expect("it reads");
    let errors = apply(&mut scenario, &["gate.compatibility=Backward"]).expect_err("a field is gone");
    assert!(errors[0].to_string().contains("\"amount\" is required and not written"), "{}", errors[0]);
}

#[test]
fn a_poison_pill_is_never_got_past() {
    let trace = built_in("poison-crash-loop", &[]);
    // One minute of 5 a second is counted; the other three wait.
    assert_eq!(trace.ledger, Ledger { in_flight: 900, ..ledger(1_200, 300) });
    // At 1:00 and every 5 s; the last record comes at 3:59.8, and after that it is not started again.
    let crashes: Vec<ProcTime> = trace.restarts.iter().map(|restart| restart.at).collect();
    assert_eq!(crashes, (0..37).map(|crash| secs(60.0 + 5.0 * f64::from(crash))).collect::<Vec<_>>());
    let loops = crash_loops(&trace);
    assert_eq!((loops.len(), loops[0].record, loops[0].crashes, loops[0].until), (1, RecordId(300), 37, None));
    let metrics = TaskMetrics::of(&trace);
    for at in [61.0, 120.0, 239.0] {
        assert_eq!(silence::of_task(&trace, &metrics, TaskId::Source(0), secs(at)).word(), "poisoned", "{at}");
        // Five more a second, the poison among them.
        assert_eq!(metrics.lag(secs(at)), ((at - 60.0) * 5.0) as usize + 1);
    }
    let kept = built_in("poison-crash-loop", &["gate.policy=DeadLetter"]);
    assert_eq!(kept.ledger, Ledger { dead_lettered: 1, ..ledger(1_200, 1_199) });
    // The record of 1:00 is gone when it is 30 s old, and by then those of 30 s wait behind it.
    let forgets = built_in("poison-crash-loop", &["log.retention_age=30s"]);
    let until = crash_loops(&forgets)[0].until.expect("the log forgets it");
    assert!(until >= secs(90.0) && until <= secs(95.0), "{until:?}");
    assert!(forgets.ledger.lost >= 1 && forgets.ledger.counted + forgets.ledger.lost == 1_200, "{:?}", forgets.ledger);
}

#[test]
fn dead_letters_that_cannot_be_written_stop_the_source() {
    let trace = built_in("dead-letter-sink-fails", &[]);
    // Every tenth of 5 a second for 2 min.
    assert_eq!(trace.ledger, Ledger { dead_lettered: 60, ..ledger(1_200, 1_140) });
    // The tenth instance writes at 1.8 s and every 2 s from there: first after 1:30 at 1:31.8.
    let waits: Vec<_> = trace.waits.iter().map(|wait| (wait.task, wait.on, wait.from, wait.until)).collect();
    assert_eq!(waits, [(TaskId::Source(0), TaskId::DeadLetters, secs(91.8), secs(120.0))]);
    let metrics = TaskMetrics::of(&trace);
    // Up to 1:59.8 there are 140 behind it.
    assert_eq!(metrics.log().peak(), (141, Some(secs(119.8))));
    let clock = highwater::metrics::tasks::phrase::Clock::of(metrics.span());
    let said = silence::of_partition(&trace, &metrics, highwater::record::PartitionId(0), secs(110.0));
    assert_eq!((said.word(), &*said.reason(clock)), ("blocked", "waits for dead letters since 12:01:31"));
    assert!(trace.panes.iter().all(|pane| pane.emitted_at < secs(91.8) || pane.emitted_at >= secs(120.0)));
    let drops = built_in("dead-letter-sink-fails", &["gate.when_dead_letters_fail=Drop"]);
    // 30 s of one bad record in 2 s.
    assert_eq!(drops.ledger, Ledger { dead_lettered: 45, lost: 15, rejected: 15, ..ledger(1_200, 1_140) });
    assert!(drops.waits.is_empty());
}

#[test]
fn a_hot_key_keeps_one_task_busy_and_salts_cure_it() {
    let busy = |trace: &Trace| {
        let metrics = TaskMetrics::of(trace);
        let while_they_come = Stretch::new(secs(10.0), secs(180.0));
        let share = |task| metrics.shares(TaskId::window(task), while_they_come).busy;
        (metrics.log().peak().0, (0..metrics.windows()).map(share).collect::<Vec<f64>>())
    };
    let results = |trace: &Trace| {
        let of_pane =
            |pane: &highwater::window::pane::Pane| (pane.key, pane.window, pane.summary.count, pane.summary.sum as i64);
        let mut results: Vec<_> = trace.panes.iter().map(of_pane).collect();
        results.sort_unstable();
        results
    };
    let (hot, salted) = (built_in("hot-key", &[]), built_in("hot-key-salted", &[]));
    assert_eq!(hot.ledger, ledger(1_440, 1_440));
    // 6.4 a second of the hot key against 4: 2.4 more every second for 3 min are 432, and for every one
    // of them a quarter of another behind it: 540. The draws have 79 % for 80 %, and a task more.
    let (lag, of_tasks) = busy(&hot);
    assert!((500..650).contains(&lag), "{lag}");
    assert_eq!(of_tasks.iter().filter(|&&busy| busy > 0.999).count(), 1, "{of_tasks:?}");
    assert_eq!(of_tasks.iter().filter(|&&busy| busy < 0.2).count(), 3, "{of_tasks:?}");
    let (lag, of_tasks) = busy(&salted);
    assert!(lag == 0 && of_tasks.iter().all(|&busy| busy < 0.8), "{lag} {of_tasks:?}");
    assert_eq!((results(&hot).len(), results(&hot)), (25, results(&salted)));
    let cured = built_in("hot-key", &["tasks.salts=16"]);
    assert_eq!(results(&cured), results(&salted));
}

#[test]
fn an_idle_partition_stalls_the_watermark_until_it_is_left_out() {
    let trace = built_in("idle-partition", &[]);
    assert_eq!(trace.ledger, ledger(600, 600));
    // Its last record is that of 59.667 s, and the bound is 5 s.
    let stands = trace.watermark_at(secs(61.0));
    assert_eq!(stands.on_proc_clock(), secs(54.666_666));
    assert_eq!(trace.watermark_at(secs(180.5)), stands);
    let between = |trace: &Trace| {
        trace.panes.iter().filter(|pane| pane.emitted_at > secs(60.0) && pane.emitted_at < secs(180.5)).count()
    };
    assert_eq!(between(&trace), 0);
    let metrics = TaskMetrics::of(&trace);
    let said = silence::of_partition(&trace, &metrics, highwater::record::PartitionId(0), secs(120.0));
    let clock = highwater::metrics::tasks::phrase::Clock::of(metrics.span());
    assert_eq!(said.word(), "held back");
    assert!(said.reason(clock).starts_with("by partition 2, which stands since 12:00:59"), "{}", said.reason(clock));
    let cured = built_in("idle-partition", &["watermark_options.idle_after=10s"]);
    // Windows end at 1:00, 1:30, 2:00 and 2:30; each fires some 5 s later.
    assert_eq!((between(&cured), cured.ledger), (4, ledger(600, 600)));
    // One watermark for all notices nothing.
    assert_eq!(between(&built_in("idle-partition", &["watermark_options.per_partition=false"])), 4);
}

#[test]
fn what_is_left_out_as_idle_is_lost_when_it_was_only_cut_off() {
    let trace = built_in("idle-partition-loses", &[]);
    // 120 s of one record a second come at 3:00, when all windows up to 2:30 are gone.
    assert_eq!(trace.ledger, Ledger { dropped_late: 90, ..ledger(720, 630) });
    let waits = built_in("idle-partition-loses", &["watermark_options.idle_after=None"]);
    assert_eq!(waits.ledger, ledger(720, 720));
    let patient = built_in("idle-partition-loses", &["lateness=2min"]);
    assert_eq!(patient.ledger, ledger(720, 720));
    assert!(patient.panes.len() > trace.panes.len());
}

#[test]
fn a_lag_spiral_grows_by_what_is_too_much_and_is_worked_off_at_the_rest() {
    let trace = built_in("lag-spiral", &[]);
    assert_eq!(trace.ledger, ledger(78_000, 78_000));
    let metrics = TaskMetrics::of(&trace);
    let waiting = |at: f64| metrics.lag(secs(at)) + metrics.depth_of(0, secs(at));
    // 1,000 a second against 600, and from 1:00 on 200 against 600.
    for at in [5.0, 10.0, 20.0, 30.0, 59.0] {
        assert!((waiting(at) as f64 / (400.0 * at) - 1.0).abs() < 0.01, "{at}: {}", waiting(at));
    }
    for at in [61.0, 75.0, 90.0, 110.0] {
        let left = 24_000.0 - 400.0 * (at - 60.0);
        assert!((waiting(at) as f64 / left - 1.0).abs() < 0.01, "{at}: {}", waiting(at));
    }
    assert!(waiting(119.0) > 0 && waiting(121.0) <= 1, "{} {}", waiting(119.0), waiting(121.0));
    // The last record of the minute has 24,000 before it, at 600 a second.
    let latest = trace.handled[59_999] - trace.stream.arrivals()[59_999];
    assert!((latest.as_secs_f64() - 40.0).abs() < 0.4, "{latest}");
    let even = built_in("lag-spiral", &["service_time=1ms"]);
    assert_eq!(TaskMetrics::of(&even).log().peak().0, 0);
}

#[test]
fn a_lag_spiral_beyond_retention_loses_what_it_cannot_read() {
    let trace = built_in("lag-spiral-lost", &[]);
    let Ledger { produced, counted, lost, .. } = trace.ledger;
    assert_eq!((produced, counted + lost), (102_000, 102_000));
    // It works without a break until the last records are 15 s old, at 2:15, and then has a full channel
    // left; everything else is lost: 102,000 - 600 * 135 - 100 = 20,900.
    let handled = 135_000_000 / 1_667 + 100;
    assert!(counted.abs_diff(handled) <= 3, "{counted} {handled}");
    let metrics = TaskMetrics::of(&trace);
    // 15 s of 1,000 a second, then of 700.
    assert!((14_950..15_050).contains(&metrics.lag(secs(50.0))), "{}", metrics.lag(secs(50.0)));
    assert!((10_450..10_550).contains(&metrics.lag(secs(110.0))), "{}", metrics.lag(secs(110.0)));
    let kept = built_in("lag-spiral-lost", &["log.retention_age=1h"]);
    assert_eq!(kept.ledger, ledger(102_000, 102_000));
}
