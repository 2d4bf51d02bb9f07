//! The built-in scenarios of failure and recovery show what their words say.

use std::sync::Arc;

use highwater::metrics::delivery::{WindowDelivery, by_window};
use highwater::record::Stream;
use highwater::runtime::outcome::{View, standing};
use highwater::runtime::{RunConfig, Trace, run};
use highwater::scenario::library::find;
use highwater::scenario::{Fault, Scenario, set};
use highwater::sink::SinkSpec;

fn scenario(slug: &str) -> (Scenario, Arc<Stream>) {
    let scenario = find(slug).expect("a built-in scenario").scenario().expect("it reads");
    let stream = highwater::source::generate(&scenario).expect("it can be made");
    (scenario, Arc::new(stream))
}

fn run_of(scenario: &Scenario, stream: &Arc<Stream>) -> (Trace, Trace) {
    let config = RunConfig::of(scenario, stream);
    let mut faultless = config.clone();
    faultless.faults.retain(|fault| !matches!(fault, Fault::Crash { .. }));
    (run(stream, &config), run(stream, &faultless))
}

/// The sums of what is missing from windows and of what is too much.
fn totals(windows: &[WindowDelivery]) -> (u64, u64) {
    (windows.iter().map(WindowDelivery::lost).sum(), windows.iter().map(WindowDelivery::repeated).sum())
}

#[test]
fn three_guarantees_of_one_seed_with_a_crash_every_half_minute() {
    let seen = |slug| {
        let (scenario, stream) = scenario(slug);
        let (trace, faultless) = run_of(&scenario, &stream);
        let log = trace.recovery.as_ref().expect("crashes");
        assert_eq!(log.recoveries.len(), 6, "{slug}");
        assert!(log.recoveries.iter().all(|row| row.caught_up_at.is_some()), "{slug}");
        let windows = by_window(&trace, &faultless, View::Committed);
        assert_eq!(windows.len(), 18, "{slug}");
        assert!(windows.iter().all(|window| window.expected == 1_000), "{slug}: {windows:?}");
        (trace.ledger, windows)
    };
    let (ledger, windows) = seen("exactly-once");
    assert!(windows.iter().all(|window| window.seen == 1_000), "{windows:?}");
    assert_eq!((ledger.lost, ledger.duplicated), (0, 0));

    let (ledger, windows) = seen("at-least-once");
    assert!(windows.iter().all(|window| window.seen >= 1_000), "{windows:?}");
    assert_eq!(totals(&windows), (0, ledger.duplicated));
    assert_eq!((ledger.lost, ledger.duplicated), (0, 6_000), "six windows fire again");

    let (ledger, windows) = seen("at-most-once");
    assert!(windows.iter().all(|window| window.seen <= 1_000), "{windows:?}");
    assert_eq!(totals(&windows), (ledger.lost, 0));
    assert!(ledger.lost > 1_000 && ledger.duplicated == 0, "{ledger:?}");
}

#[test]
fn at_least_once_with_an_upsert_sink_is_exactly_once_in_the_table() {
    let (mut scenario, stream) = scenario("at-least-once");
    scenario.pipeline.sink = SinkSpec::Upsert;
    let (trace, faultless) = run_of(&scenario, &stream);
    let windows = by_window(&trace, &faultless, View::Committed);
    assert_eq!(windows.len(), 18);
    assert!(windows.iter().all(|window| window.seen == 1_000), "{windows:?}");
}

/// Records of each window of ten seconds that `upsert-not-enough` counts twice, by hand. Source 1 reads one record
/// every 20 ms, at 0.00 s, 0.02 s and so on. Its barrier comes in front of what it reads later; the one of source 2
/// comes when the network is back, and until then (and at that instant) what source 1 sends is counted: it is in the
/// state, and behind the offset. Checkpoints begin at 10 s and 20 s; a crash at 27 s is over at 29.01 s, so the next
/// begin at 39.01 s and 49.01 s, and after the crash at 57 s at 69.01 s and 79.01 s.
fn counted_twice() -> [u64; 12] {
    let mut windows = [0; 12];
    for (barrier, network_is_back) in [(20_000, 21_000), (49_010, 52_000), (79_010, 84_000)] {
        (0..120_000).step_by(20).filter(|&at| at > barrier && at <= network_is_back).for_each(|at| {
            windows[at / 10_000] += 1;
        });
    }
    windows
}

#[test]
fn an_upsert_sink_is_enough_where_barriers_arrive_together_and_not_where_they_do_not() {
    let surplus = |slug: &str, setting: &str| -> (Vec<u64>, u64) {
        let (mut scenario, stream) = scenario(slug);
        set::apply(&mut scenario, &[setting.to_owned()]).expect("it is a field");
        let (trace, faultless) = run_of(&scenario, &stream);
        let failures = trace.recovery.as_ref().map_or(0, |log| log.recoveries.len());
        assert_eq!((failures, trace.ledger.lost), (4, 0), "{slug}");
        let windows = by_window(&trace, &faultless, View::Committed);
        assert_eq!(windows.len(), 12, "{slug}");
        assert!(windows.iter().all(|window| window.expected == 1_000 && window.lost() == 0), "{windows:?}");
        (windows.iter().map(WindowDelivery::repeated).collect(), trace.ledger.duplicated)
    };
    let twice = [0, 0, 50, 0, 49, 101, 0, 49, 201, 0, 0, 0];
    assert_eq!(counted_twice(), twice);
    assert_eq!(twice.iter().sum::<u64>(), 50 + 150 + 250);
    let nothing = (vec![0; 12], 0);
    assert_eq!(surplus("upsert-is-enough", "pipeline.sink=Upsert"), nothing);
    assert_eq!(surplus("upsert-not-enough", "pipeline.sink=Upsert"), (twice.to_vec(), 450));
    assert_eq!(surplus("upsert-not-enough", "pipeline.delivery=ExactlyOnce"), nothing);
    let (rows_twice, _) = surplus("upsert-is-enough", "pipeline.sink=Append");
    assert!(rows_twice.contains(&1_000), "windows fire again: {rows_twice:?}");
}

#[test]
fn max_and_min_are_right_in_the_run_whose_count_and_sum_are_not() {
    let (scenario, stream) = scenario("max-needs-less");
    let (trace, _) = run_of(&scenario, &stream);
    // What every window should say, and what it says where records are counted twice, from the records alone.
    let mut right = [(0_u64, 0.0, f64::INFINITY, f64::NEG_INFINITY); 12];
    let first = stream.event_times()[0].micros();
    for (at, &value) in stream.event_times().iter().zip(stream.values()) {
        let (count, sum, min, max) = &mut right[((at.micros() - first) / 10_000_000) as usize];
        (*count, *sum, *min, *max) = (*count + 1, *sum + value, min.min(value), max.max(value));
    }
    let rows = standing(&trace, View::Committed);
    assert_eq!(rows.len(), 12);
    for (panes, (twice, (count, sum, min, max))) in rows.values().zip(counted_twice().into_iter().zip(right)) {
        let [pane] = panes[..] else { panic!("one row for each window: {panes:?}") };
        let said = trace.panes[pane].summary;
        assert_eq!((said.min, said.max), (min, max));
        assert_eq!((count, said.count), (1_000, 1_000 + twice));
        // Every value is 1 or more, so every record too many shows in the sum.
        assert!(if twice == 0 { said.sum == sum } else { said.sum >= sum + twice as f64 }, "{} of {sum}", said.sum);
    }
}

/// How often the job failed because of a checkpoint, with so many bytes a second of storage.
fn failures(slug: &str, bandwidth: u32) -> usize {
    let (mut scenario, stream) = scenario(slug);
    set::apply(&mut scenario, &[format!("pipeline.checkpoints.bandwidth={bandwidth}")]).expect("it is a field");
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    trace.recovery.map_or(0, |log| log.recoveries.len())
}

#[test]
fn checkpoints_that_outgrow_their_timeout_restart_the_job_again_and_again_and_small_ones_do_not() {
    assert!(failures("checkpoint-cascade", 15_000) >= 5);
    assert_eq!(failures("checkpoint-cascade-cured", 15_000), 0);
}

#[test]
fn the_cascade_tips_over_where_the_largest_state_takes_as_long_as_the_timeout() {
    let (mut scenario, stream) = scenario("checkpoint-cascade");
    set::apply(&mut scenario, &["pipeline.checkpoints.bandwidth=1000000".to_owned()]).expect("it is a field");
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    let log = trace.recovery.expect("checkpoints");
    assert_eq!(log.recoveries.len(), 0);
    let largest = log.checkpoints.iter().map(|row| row.bytes).max().expect("checkpoints");
    // 10 ms of the 5 s are latency.
    let tips = (largest as f64 / 4.99) as u32;
    assert!(failures("checkpoint-cascade", tips + tips / 50) == 0, "{tips}");
    assert!(failures("checkpoint-cascade", tips - tips / 50) > 0, "{tips}");
}
