//! Capacity plans against the engine: what the formulas say is what a simulated run shows.

use std::sync::Arc;

use highwater::metrics::task_rows::task_rows;
use highwater::metrics::tasks::TaskMetrics;
use highwater::pipeline::{CheckpointSpec, Delivery, Pipeline, RestartStrategy, Tasks};
use highwater::record::{Columns, KeyTable, Stream};
use highwater::rng::Seed;
use highwater::runtime::{RunConfig, Trace, run};
use highwater::scenario::{Fault, Victim};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::tuner::capacity::{Capacity, Demand, plan};

/// Chance arrivals at this rate; keys by weight.
fn stream(rate: f64, seconds: f64, weights: &[i64], seed: u64) -> Arc<Stream> {
    let (mut times, mut chosen) = (Seed::new(seed).stream("times"), Seed::new(seed).stream("keys"));
    let mut table = KeyTable::default();
    let keys: Vec<_> = (0..weights.len()).map(|key| table.intern(&format!("k{key}"))).collect();
    let mut columns = Columns::default();
    let mut at = 0.0;
    loop {
        at -= times.unit_above_zero().ln() / rate;
        if at >= seconds {
            return Arc::new(Stream::from_columns(columns, table));
        }
        let mut left = chosen.integer(1, weights.iter().sum());
        let key = weights.iter().position(|weight| {
            left -= weight;
            left <= 0
        });
        columns.event_times.push(EventTime::from_micros((at * 1e6) as i64));
        columns.arrivals.push(ProcTime::from_micros((at * 1e6) as i64));
        columns.keys.push(keys[key.expect("weights cover the draw")]);
        columns.values.push(1.0);
    }
}

fn pipeline(windows: u32, service: Span) -> Pipeline {
    let tasks = Tasks { windows, ..Tasks::default() };
    Pipeline { service_time: service, queue_capacity: 1_000_000, tasks, ..Pipeline::default() }
}

fn demand(load: f64, service: Span) -> Demand {
    Demand { load, service, jitter: 0.0, outage: None, utilisation: 0.7, key_groups: 128 }
}

/// The largest share of time in which a window task worked.
fn busiest(trace: &Trace) -> f64 {
    let rows = task_rows(&TaskMetrics::of(trace));
    let windows = rows.iter().filter(|row| row.task.starts_with("window"));
    windows.map(|row| row.shares.busy).fold(0.0, f64::max)
}

fn choice(capacity: &Capacity, tasks: u32) -> &highwater::tuner::capacity::Choice {
    capacity.choices.iter().find(|choice| choice.tasks == tasks).expect("it is in the table")
}

#[test]
fn utilisation_is_that_of_the_engine() {
    let mut weights = [1; 60];
    weights[0] = 10;
    let stream = stream(500.0, 100.0, &weights, 1);
    let service = Span::from_micros(4_000);
    let load = stream.len() as f64 / 100.0;
    let capacity = plan(&stream, demand(load, service)).expect("a plan");
    let mut compared = 0;
    for choice in capacity.choices.iter().filter(|choice| choice.utilisation < 0.95) {
        let trace = run(&stream, &RunConfig::plain(pipeline(choice.tasks, service)));
        let found = busiest(&trace);
        assert!((found / choice.utilisation - 1.0).abs() < 0.03, "{found} {choice:?}");
        compared += 1;
    }
    assert!(compared >= 2, "{capacity:?}");
    let recommended = choice(&capacity, capacity.tasks.expect("there is a number"));
    assert!(recommended.utilisation <= 0.7);
}

#[test]
fn waiting_is_that_of_the_engine() {
    let stream = stream(500.0, 200.0, &[1], 2);
    let service = Span::from_micros(1_400);
    let load = stream.len() as f64 / 200.0;
    let capacity = plan(&stream, demand(load, service)).expect("a plan");
    let one = choice(&capacity, 1);
    let trace = run(&stream, &RunConfig::plain(pipeline(1, service)));
    let waits: Vec<f64> = trace
        .handled
        .iter()
        .zip(trace.stream.arrivals())
        .map(|(handled, arrived)| (*handled - *arrived - service).as_secs_f64())
        .collect();
    let mean = waits.iter().sum::<f64>() / waits.len() as f64;
    let formula = one.wait_s.expect("there is a balance");
    // Chance arrivals and steady work, where the formula is exact in the long run.
    assert!((formula / mean - 1.0).abs() < 0.1, "{formula} {mean}");
    let mut sorted = waits;
    sorted.sort_by(f64::total_cmp);
    let p99 = sorted[(sorted.len() * 99).div_ceil(100) - 1];
    assert!((one.wait_replayed_p99_s / p99 - 1.0).abs() < 0.02, "{} {p99}", one.wait_replayed_p99_s);
    let formula = one.queue_p99.expect("there is a balance") / load;
    assert!((formula / p99 - 1.0).abs() < 0.25, "{formula} {p99}");
}

#[test]
fn catching_up_after_an_outage_takes_as_long_as_in_the_engine() {
    let weights = [4, 1, 1, 1, 1];
    let stream = stream(200.0, 600.0, &weights, 3);
    let load = stream.len() as f64 / 600.0;
    let (service, outage) = (Span::from_micros(5_000), Span::from_secs(60));
    let wished = Demand { outage: Some(outage), utilisation: 0.8, ..demand(load, service) };
    let capacity = plan(&stream, wished).expect("a plan");
    let tasks = capacity.tasks.expect("there is a number");
    let planned = choice(&capacity, tasks).catch_up_s.expect("it catches up");
    let built = Pipeline {
        restart: RestartStrategy::FixedDelay { attempts: None, delay: outage },
        checkpoints: Some(CheckpointSpec { interval: Span::from_millis(500), ..CheckpointSpec::default() }),
        delivery: Delivery::ExactlyOnce,
        ..pipeline(tasks, service)
    };
    let crash = Fault::Crash { victim: Victim::All, at: Span::from_secs(100), every: None, is_silent: false };
    let trace = run(&stream, &RunConfig { faults: vec![crash], ..RunConfig::plain(built) });
    let log = trace.recovery.as_ref().expect("it may fail");
    assert_eq!(log.recoveries.len(), 1);
    let recovery = &log.recoveries[0];
    let back = recovery.restored_at.expect("it went on");
    let caught_up = recovery.caught_up_at.expect("it caught up");
    let found = (caught_up - back).as_secs_f64();
    assert!((planned / found - 1.0).abs() < 0.05, "planned {planned}, found {found}, {tasks} tasks");
}

#[test]
fn a_key_that_is_too_hot_is_named_and_split() {
    let stream = stream(100.0, 20.0, &[80, 10, 10], 4);
    let capacity = plan(&stream, demand(1_000.0, Span::from_millis(2))).expect("a plan");
    assert_eq!((capacity.tasks, capacity.queue, capacity.hottest_key.as_str()), (None, None, "k0"));
    // 1,000/s x 2 ms x 80 % = 1.6 tasks' work on one key; 70 % of each: 3.
    assert_eq!(capacity.salts, Some(3));
    assert!((capacity.speed_up_limit - 1.25).abs() < 0.05, "{capacity:?}");
    assert!(capacity.choices.iter().all(|choice| choice.utilisation >= 1.5 && choice.wait_s.is_none()));
    let words = highwater::tuner::capacity::in_words(&capacity);
    assert!(words.contains("Split it into 3 sub-keys"), "{words}");
}

#[test]
fn demands_out_of_range_have_no_plan() {
    let stream = stream(100.0, 2.0, &[1], 5);
    let good = demand(10.0, Span::from_millis(1));
    assert!(plan(&stream, good).is_some());
    for bad in [
        Demand { load: 0.0, ..good },
        Demand { load: f64::NAN, ..good },
        Demand { service: Span::ZERO, ..good },
        Demand { utilisation: 1.0, ..good },
        Demand { jitter: 2.0, ..good },
    ] {
        assert_eq!(plan(&stream, bad), None);
    }
    assert_eq!(plan(&Stream::default(), good), None);
}
