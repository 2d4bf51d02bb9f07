//! The built-in scenarios of failure and recovery show what their words say.

use std::sync::Arc;

use highwater::metrics::delivery::{WindowDelivery, by_window};
use highwater::record::Stream;
use highwater::runtime::outcome::View;
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
