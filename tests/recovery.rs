//! Failures at every step of small runs: each guarantee keeps what it promises, window by window, and the
//! ledger says what was lost and what was repeated.

use std::sync::Arc;

use highwater::metrics::delivery::{WindowDelivery, by_window};
use highwater::pipeline::{CheckpointSpec, Delivery, Pipeline, Tasks, WatermarkSpec, WindowSpec};
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
    let stream = stream(500);
    let faultless = run(&stream, &RunConfig::plain(pipeline.clone()));
    assert_eq!(faultless.ledger.counted, 500, "{:?}", faultless.ledger);
    let mut steps = 0;
    while let Some(trace) = crashed_after(&stream, pipeline, steps, Victim::Window(0)) {
        assert!(trace.ledger.balances());
        assert_eq!(trace.ledger.in_flight, 0, "step {steps}: {:?}", trace.ledger);
        check(steps, &trace, totals(&by_window(&trace, &faultless, View::Committed)));
        steps += 1;
    }
    assert!(steps > 1_000, "{steps}");
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
