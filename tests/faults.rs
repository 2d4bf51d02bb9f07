//! Every fault does what it says and nothing else, to the record and to the instant.

use std::sync::Arc;

use highwater::record::{RecordId, Stream};
use highwater::runtime::{RunConfig, TaskId, Trace, run};
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
