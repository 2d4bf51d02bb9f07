//! Failures at every step of small runs: each guarantee keeps what it promises, window by window, and the
//! ledger says what was lost and what was repeated.

use std::sync::Arc;

use highwater::metrics::delivery::{WindowDelivery, by_window};
use highwater::pipeline::{Barriers, CheckpointSpec, Delivery, Pipeline, Tasks, WatermarkSpec, WindowSpec};
use highwater::record::{KeyTable, PartitionId, Row, Stream};
use highwater::runtime::outcome::View;
use highwater::runtime::{RunConfig, Simulation, Trace, run, run_with_keyframes};
use highwater::scenario::{Fault, Victim};
use highwater::sink::SinkSpec;
use highwater::time::{EventTime, ProcTime, Span};

/// So many records, one every millisecond, each up to 20 ms late, of three keys in two partitions.
fn stream(records: i64) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    let ids = ["a", "b", "c"].map(|name| keys.intern(name));
    let row = |i: i64| Row {
        event_time: EventTime::from_micros(i * 1_000 - (i * 7 % 21) * 1_000 + 30_000),
        arrival: ProcTime::from_micros(i * 1_000 + 50_000),
        key: ids[(i * 5 % 3) as usize],
        value: (i % 10) as f64,
        partition: PartitionId((i % 2) as u32),
    };
    Arc::new(Stream::from_rows((0..records).map(row).collect(), keys))
}

fn pipeline(delivery: Delivery, sink: SinkSpec) -> Pipeline {
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound: Span::from_millis(40) },
        window: WindowSpec::Tumbling { size: Span::from_millis(50), offset: Span::ZERO },
        service_time: Span::from_micros(700),
        tasks: Tasks {
            sources: 2,
            windows: 2,
            source_time: Span::from_micros(300),
            sink_time: Span::from_micros(200),
            ..Tasks::default()
        },
        queue_capacity: 8,
        at_end: highwater::pipeline::AtEnd::Flush,
        restart: highwater::pipeline::RestartStrategy::FixedDelay { attempts: Some(100), delay: Span::from_millis(5) },
        checkpoints: Some(CheckpointSpec {
            interval: Span::from_millis(40),
            latency: Span::from_millis(1),
            bandwidth: 1_000_000,
            notify_time: Span::from_millis(2),
            ..CheckpointSpec::default()
        }),
        delivery,
        sink,
        ..Pipeline::default()
    }
}

const TRANSACTIONS: SinkSpec = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_secs(900) };

fn crashed_after(stream: &Arc<Stream>, pipeline: &Pipeline, steps: usize, victim: Victim) -> Option<Trace> {
    let mut simulation = Simulation::new(Arc::clone(stream), &RunConfig::plain(pipeline.clone()));
    for _ in 0..steps {
        if !simulation.step() {
            return None;
        }
    }
    simulation.crash(victim);
    while simulation.step() {}
    Some(simulation.into_trace())
}

fn totals(windows: &[WindowDelivery]) -> (u64, u64) {
    (windows.iter().map(WindowDelivery::lost).sum(), windows.iter().map(WindowDelivery::repeated).sum())
}

/// Crashes after every step, and asks `check` what it thinks of the run, given the sums of what is missing
/// from windows and of what is too much.
fn at_every_step(pipeline: &Pipeline, check: impl Fn(usize, &Trace, (u64, u64))) {
    at_every_step_of(500, Victim::Window(0), pipeline, check);
}

fn at_every_step_of(records: i64, victim: Victim, pipeline: &Pipeline, check: impl Fn(usize, &Trace, (u64, u64))) {
    let stream = stream(records);
    let faultless = run(&stream, &RunConfig::plain(pipeline.clone()));
    assert_eq!(faultless.ledger.counted, records as u64, "{:?}", faultless.ledger);
    let mut steps = 0;
    while let Some(trace) = crashed_after(&stream, pipeline, steps, victim) {
        assert!(trace.ledger.balances());
        assert_eq!(trace.ledger.in_flight, 0, "step {steps}: {:?}", trace.ledger);
        check(steps, &trace, totals(&by_window(&trace, &faultless, View::Committed)));
        steps += 1;
    }
    assert!(steps as i64 > 2 * records, "{steps}");
}

#[test]
fn exactly_once_with_transactions_holds_after_a_crash_at_any_step() {
    at_every_step(&pipeline(Delivery::ExactlyOnce, TRANSACTIONS), |step, trace, difference| {
        assert_eq!(difference, (0, 0), "step {step}");
        assert_eq!((trace.ledger.lost, trace.ledger.duplicated), (0, 0), "step {step}");
    });
}

#[test]
fn exactly_once_with_an_upsert_sink_holds_after_a_crash_at_any_step() {
    at_every_step(&pipeline(Delivery::ExactlyOnce, SinkSpec::Upsert), |step, trace, difference| {
        assert_eq!(difference, (0, 0), "step {step}");
        assert_eq!((trace.ledger.lost, trace.ledger.duplicated), (0, 0), "step {step}");
    });
}

#[test]
fn at_least_once_loses_nothing_and_the_ledger_knows_every_duplicate() {
    at_every_step(&pipeline(Delivery::AtLeastOnce, SinkSpec::Append), |step, trace, (lost, repeated)| {
        assert_eq!((lost, trace.ledger.lost), (0, 0), "step {step}");
        assert_eq!(repeated, trace.ledger.duplicated, "step {step}");
    });
}

#[test]
fn at_most_once_repeats_nothing_and_the_ledger_knows_every_loss() {
    at_every_step(&pipeline(Delivery::AtMostOnce, SinkSpec::Append), |step, trace, (lost, repeated)| {
        assert_eq!((repeated, trace.ledger.duplicated), (0, 0), "step {step}");
        assert_eq!(lost, trace.ledger.lost, "step {step}");
    });
}

#[test]
fn a_checkpoint_alone_changes_no_pane() {
    let stream = stream(500);
    let with = pipeline(Delivery::ExactlyOnce, SinkSpec::Append);
    let without = Pipeline { checkpoints: None, ..with.clone() };
    let (with, without) = (run(&stream, &RunConfig::plain(with)), run(&stream, &RunConfig::plain(without)));
    let rows = with.recovery.as_ref().map(|log| log.checkpoints.clone()).unwrap_or_default();
    assert!(rows.len() > 10 && rows.iter().all(|row| row.completed.is_some()), "{rows:?}");
    let values = |trace: &Trace| {
        let mut panes: Vec<_> = trace.panes.iter().map(|it| (it.key, it.window.start, it.summary.count)).collect();
        panes.sort_unstable();
        panes
    };
    assert_eq!(values(&with), values(&without));
}

#[test]
fn keyframes_restore_a_run_with_crashes_at_any_instant() {
    let stream = stream(300);
    for (delivery, sink) in [
        (Delivery::ExactlyOnce, TRANSACTIONS),
        (Delivery::AtLeastOnce, SinkSpec::Append),
        (Delivery::AtMostOnce, SinkSpec::Append),
    ] {
        let crash = |victim, at, is_silent| Fault::Crash { victim, at: Span::from_millis(at), every: None, is_silent };
        let config = RunConfig {
            faults: vec![
                crash(Victim::Window(1), 120, false),
                crash(Victim::Source(0), 180, true),
                crash(Victim::All, 300, false),
            ],
            ..RunConfig::plain(Pipeline {
                heartbeats: highwater::pipeline::Heartbeats {
                    interval: Span::from_millis(5),
                    timeout: Span::from_millis(20),
                },
                ..pipeline(delivery, sink)
            })
        };
        let (trace, keyframes) = run_with_keyframes(&stream, &config);
        assert_eq!(run(&stream, &config).hash_hex(), trace.hash_hex());
        let log = trace.recovery.as_ref().expect("crashes");
        assert_eq!(log.recoveries.len(), 3, "{:?}", log.recoveries);
        let (first, last) = trace.span().expect("records");
        for at in (first.micros()..last.micros()).step_by(1_711) {
            let mut simulation = keyframes.restore(&trace, ProcTime::from_micros(at));
            assert!(simulation.ledger().balances());
            while simulation.step() {}
            assert_eq!(simulation.into_trace().hash_hex(), trace.hash_hex(), "{delivery:?} at {at}");
        }
    }
}

#[test]
fn whatever_crashes_exactly_once_holds() {
    let pipeline = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
    for victim in [Victim::Source(1), Victim::Window(1), Victim::Sink, Victim::Coordinator, Victim::All] {
        at_every_step_of(150, victim, &pipeline, |step, trace, difference| {
            assert_eq!(difference, (0, 0), "{victim:?}, step {step}");
            assert_eq!((trace.ledger.lost, trace.ledger.duplicated), (0, 0), "{victim:?}, step {step}");
        });
    }
}

fn with_barriers(barriers: Barriers) -> Pipeline {
    let pipeline = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
    let spec = pipeline.checkpoints.unwrap_or_default();
    // Slow enough for queues to build up: barriers then have something to overtake.
    let service_time = Span::from_micros(2_600);
    Pipeline { service_time, checkpoints: Some(CheckpointSpec { barriers, ..spec }), ..pipeline }
}

#[test]
fn barriers_that_overtake_take_what_is_in_flight_along() {
    for barriers in [Barriers::Unaligned, Barriers::AlignedFor(Span::from_millis(4))] {
        let pipeline = with_barriers(barriers);
        let trace = run(&stream(300), &RunConfig::plain(pipeline.clone()));
        let log = trace.recovery.expect("checkpoints");
        assert!(log.checkpoints.iter().any(|row| row.in_flight > 5), "{:?}", log.checkpoints);
        let switched = log.checkpoints.iter().filter(|row| row.switched).count();
        assert_eq!(switched > 0, barriers != Barriers::Unaligned, "{switched}");
        at_every_step_of(300, Victim::Window(0), &pipeline, |step, trace, difference| {
            assert_eq!(difference, (0, 0), "{barriers:?}, step {step}");
            assert_eq!((trace.ledger.lost, trace.ledger.duplicated), (0, 0), "{barriers:?}, step {step}");
        });
    }
}

#[test]
fn barriers_that_overtake_are_sooner_there_under_backpressure() {
    let longest = |barriers| {
        let trace = run(&stream(300), &RunConfig::plain(with_barriers(barriers)));
        let rows = trace.recovery.map(|log| log.checkpoints).unwrap_or_default();
        rows.iter().filter_map(|row| row.duration()).max().expect("a checkpoint")
    };
    let (aligned, unaligned) = (longest(Barriers::Aligned), longest(Barriers::Unaligned));
    assert!(aligned > Span::from_millis(20) && unaligned < Span::from_millis(5), "{aligned} {unaligned}");
}

#[test]
fn salted_keys_are_restored_in_both_stages() {
    let plain = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
    let salted = Pipeline { tasks: Tasks { salts: 3, ..plain.tasks }, ..plain };
    for victim in [Victim::Window(0), Victim::Merge(1)] {
        at_every_step_of(200, victim, &salted, |step, trace, difference| {
            assert_eq!(difference, (0, 0), "{victim:?}, step {step}");
            assert_eq!(trace.ledger.lost, 0, "{victim:?}, step {step}");
        });
    }
}

#[test]
fn concurrent_and_incremental_checkpoints_restore_the_same() {
    let plain = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
    let spec = plain.checkpoints.unwrap_or_default();
    let spec = CheckpointSpec {
        interval: Span::from_millis(6),
        latency: Span::from_millis(14),
        max_concurrent: 3,
        incremental: true,
        ..spec
    };
    let pipeline = Pipeline { checkpoints: Some(spec), ..plain };
    let log = run(&stream(200), &RunConfig::plain(pipeline.clone())).recovery.expect("checkpoints");
    let overlap = log.checkpoints.windows(2).filter(|pair| pair[0].completed > Some(pair[1].began)).count();
    assert!(overlap > 5, "{overlap}");
    assert!(log.checkpoints.iter().all(|row| row.written <= row.bytes), "{:?}", log.checkpoints);
    at_every_step_of(200, Victim::Window(1), &pipeline, |step, trace, difference| {
        assert_eq!(difference, (0, 0), "step {step}");
        assert_eq!((trace.ledger.lost, trace.ledger.duplicated), (0, 0), "step {step}");
    });
}

#[test]
fn a_silent_failure_is_noticed_by_its_heartbeat_and_one_during_the_recovery_starts_it_over() {
    let heartbeats =
        highwater::pipeline::Heartbeats { interval: Span::from_millis(10), timeout: Span::from_millis(30) };
    let pipeline = Pipeline { heartbeats, ..pipeline(Delivery::ExactlyOnce, TRANSACTIONS) };
    let at = |ms| Span::from_millis(ms);
    let crash = |victim, ms, is_silent| Fault::Crash { victim, at: at(ms), every: None, is_silent };
    let faults = vec![crash(Victim::Window(0), 127, true), crash(Victim::Sink, 153, false)];
    let config = RunConfig { faults, ..RunConfig::plain(pipeline) };
    let trace = run(&stream(300), &config);
    let log = trace.recovery.as_ref().expect("crashes");
    let rows = &log.recoveries;
    assert_eq!(rows.len(), 2);
    let ms = |at: Option<ProcTime>| at.map(|at| at.micros() / 1_000);
    // Last heartbeat at 120 ms, missed for 30 ms; then 5 ms until the restart.
    assert_eq!((rows[0].failed_at.micros(), ms(rows[0].detected_at)), (127_000, Some(150)));
    assert_eq!((ms(rows[0].restarted_at), ms(rows[0].restored_at)), (None, None), "the sink crashed before");
    assert_eq!((rows[1].failed_at.micros(), ms(rows[1].detected_at)), (153_000, Some(153)));
    assert_eq!(ms(rows[1].restarted_at), Some(158));
    assert!(rows[1].restored_at > rows[1].restarted_at && rows[1].caught_up_at > rows[1].restored_at);
    assert_eq!((trace.ledger.lost, trace.ledger.duplicated, trace.ledger.in_flight), (0, 0, 0));
}

#[test]
fn a_crash_between_the_checkpoint_and_its_commit_commits_when_the_job_is_back() {
    let plain = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
    let spec = plain.checkpoints.unwrap_or_default();
    let spec = CheckpointSpec { notify_time: Span::from_millis(10), ..spec };
    let pipeline = Pipeline { checkpoints: Some(spec), ..plain };
    let stream = stream(500);
    let faultless = run(&stream, &RunConfig::plain(pipeline.clone()));
    let rows = &faultless.recovery.as_ref().expect("checkpoints").checkpoints;
    let complete = rows[4].completed.expect("no failure");
    let at = complete + Span::from_millis(3) - ProcTime::EPOCH;
    let fault = Fault::Crash { victim: Victim::All, at, every: None, is_silent: false };
    let trace = run(&stream, &RunConfig { faults: vec![fault], ..RunConfig::plain(pipeline) });
    let log = trace.recovery.as_ref().expect("a crash");
    let restored = log.recoveries[0].restored_at.expect("it is back");
    assert_eq!(log.recoveries[0].checkpoint, 5);
    assert!(log.panes.iter().any(|row| row.after < 5 && row.committed == restored));
    assert_eq!(totals(&by_window(&trace, &faultless, View::Committed)), (0, 0));
}

#[test]
fn a_transaction_that_is_open_for_too_long_loses_its_results() {
    let sink = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_millis(60) };
    let plain = pipeline(Delivery::ExactlyOnce, sink);
    let spec = CheckpointSpec { notify_time: Span::from_millis(50), ..plain.checkpoints.unwrap_or_default() };
    let slow = Pipeline { checkpoints: Some(spec), ..plain };
    let stream = stream(500);
    let trace = run(&stream, &RunConfig::plain(slow.clone()));
    let patient = Pipeline { sink: TRANSACTIONS, ..slow };
    let (lost, repeated) = totals(&by_window(&trace, &run(&stream, &RunConfig::plain(patient)), View::Committed));
    assert!(lost > 100, "{lost}");
    assert_eq!((lost, repeated), (trace.ledger.lost, 0));
}

#[test]
fn a_network_that_is_down_holds_barriers_up_and_nothing_is_lost() {
    let at = Span::from_millis;
    let cut = Fault::NetworkPartition { source: 1, window: 0, from: at(110), until: at(260) };
    let stream = stream(300);
    for barriers in [Barriers::Aligned, Barriers::AlignedFor(at(4)), Barriers::Unaligned] {
        let plain = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
        let spec = plain.checkpoints.unwrap_or_default();
        let pipeline = Pipeline { checkpoints: Some(CheckpointSpec { barriers, ..spec }), ..plain };
        let crash = Fault::Crash { victim: Victim::Window(1), at: at(200), every: None, is_silent: false };
        let faultless = run(&stream, &RunConfig::plain(pipeline.clone()));
        for faults in [vec![cut.clone()], vec![cut.clone(), crash]] {
            let trace = run(&stream, &RunConfig { faults, ..RunConfig::plain(pipeline.clone()) });
            let log = trace.recovery.as_ref().expect("checkpoints");
            // No checkpoint that began behind the cut is complete before it heals.
            let held = log.checkpoints.iter().filter(|row| row.duration().is_some_and(|it| it > at(30)));
            assert!(held.count() <= 1, "{:?}", log.checkpoints);
            assert_eq!(totals(&by_window(&trace, &faultless, View::Committed)), (0, 0), "{barriers:?}");
            assert_eq!((trace.ledger.lost, trace.ledger.duplicated, trace.ledger.in_flight), (0, 0, 0));
        }
    }
}

#[test]
fn storage_that_fails_is_borne_as_often_as_is_tolerable_and_then_the_job_restarts() {
    let at = Span::from_millis;
    let fault = Fault::CheckpointStorage { from: at(70), until: at(170), factor: 1.0, fails: true };
    let stream = stream(500);
    let recoveries = |tolerable_failures| {
        let plain = pipeline(Delivery::ExactlyOnce, TRANSACTIONS);
        let spec = plain.checkpoints.unwrap_or_default();
        let pipeline = Pipeline { checkpoints: Some(CheckpointSpec { tolerable_failures, ..spec }), ..plain };
        let faultless = run(&stream, &RunConfig::plain(pipeline.clone()));
        let trace = run(&stream, &RunConfig { faults: vec![fault.clone()], ..RunConfig::plain(pipeline) });
        assert_eq!(totals(&by_window(&trace, &faultless, View::Committed)), (0, 0));
        trace.recovery.map_or(0, |log| log.recoveries.len())
    };
    // Those of 80, 120 and 160 ms fail.
    assert_eq!((recoveries(3), recoveries(2)), (0, 1));
    assert!(recoveries(0) >= 2);
}
