//! A run on threads as a trace: its panes, every record with its fate, and what it can say of the clock.
//! Nothing here depends on how fast the machine is.

use std::sync::Arc;

use highwater::metrics::tasks::TaskMetrics;
use highwater::record::{RecordId, Stream};
use highwater::runtime::threads::{ByTask, Finished, ListedPane, Pace, ThreadsConfig, Work, retrace, run};
use highwater::runtime::{Fate, RunConfig, TaskId, Trace};
use highwater::scenario::{Scenario, parse, set};
use highwater::source::generate;
use highwater::time::{EventTime, ProcTime};
use highwater::window::aggregate::Summary;
use highwater::window::pane::Pane;

const SCENARIO: &str = r#"(
    title: "x",
    duration: "2min",
    seed: 5,
    source: Synthetic(rate: 40, keys: Uniform(count: 30), delay: Uniform(min: "0s", max: "12s"), partitions: 3),
    pipeline: (
        gate: (policy: DeadLetter),
        watermark: Bounded(bound: "3s"),
        window: Tumbling(size: "10s"),
        allowed_lateness: "2s",
        aggregate: Sum,
        tasks: (sources: 2, windows: 3),
    ),
    faults: [Poison(from: "30s", until: "50s", share: 0.3, defect: WrongType("value"))],
)"#;

fn scenario(settings: &[&str]) -> (Scenario, Arc<Stream>) {
    let mut scenario = parse(SCENARIO, "test").unwrap_or_else(|error| panic!("{error}"));
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let stream = Arc::new(generate(&scenario).unwrap_or_else(|error| panic!("{error}")));
    (scenario, stream)
}

fn on_threads(stream: &Arc<Stream>, config: &ThreadsConfig) -> Finished<ByTask<ListedPane>> {
    run::<Summary, ListedPane, _>(stream, config, ByTask(Vec::new())).unwrap_or_else(|error| panic!("{error}"))
}

/// A pane without what a trace numbers anew: its window's identity, and the places of records.
fn told(pane: &Pane) -> String {
    let Pane { key, window, timing, index, summary, emitted_at, watermark, is_retraction, .. } = pane;
    format!("{emitted_at} {key:?} {window:?} {timing:?} {index} {summary:?} {watermark:?} {is_retraction}")
}

fn sorted(mut panes: Vec<String>) -> Vec<String> {
    panes.sort_unstable();
    panes
}

/// What holds for every trace.
fn check(trace: &Trace, finished: &Finished<ByTask<ListedPane>>, stream: &Stream) {
    let records = stream.len();
    let live: Vec<String> = finished.sink.0.iter().flatten().map(|listed| told(&listed.pane)).collect();
    let again: Vec<String> = trace.panes.iter().map(told).collect();
    assert_eq!(again.len(), live.len());
    assert_eq!(sorted(again), sorted(live));
    assert!(trace.panes.is_sorted_by_key(|pane| pane.emitted_at));
    for column in [&trace.enqueued, &trace.started, &trace.handled] {
        assert_eq!(column.len(), records);
    }
    assert_eq!(
        (trace.fates.len(), trace.watermark_before.len(), trace.kept_windows.len()),
        (records, records, records)
    );
    assert!(trace.handled.is_sorted());
    for place in 0..records {
        let [read, started, handled] = [trace.enqueued[place], trace.started[place], trace.handled[place]];
        assert!(read <= started && started <= handled, "{place}");
        let is_handled = trace.fates[place].is_handled();
        assert_eq!(trace.tasks[place] == TaskId::NO_TASK, !is_handled, "{place}: {:?}", trace.fates[place]);
    }
    assert!(trace.watermarks.is_sorted_by_key(|step| (step.at, step.watermark)));
    let whole = trace.ledger.with_production(stream.production().lost.len() as u64, 0);
    assert_eq!(whole, finished.ledger(stream));
    assert!(whole.balances());
    for life in &trace.windows {
        assert!(life.opened_by.index() < records && life.opened_at < ProcTime::MAX);
    }
    let fired: u32 = trace.windows.iter().map(|life| life.panes).sum();
    // A session that was merged into another counts its panes too.
    assert!(fired as usize >= trace.panes.iter().filter(|pane| !pane.is_retraction).count());
    assert_eq!((0..records).filter(|&place| trace.is_behind(RecordId(place as u32))).count() as u64, {
        finished.windows.iter().map(|window| window.tally.behind).sum::<u64>()
    });
}

#[test]
fn every_pane_and_every_record_of_a_run_on_threads_is_in_its_trace() {
    for settings in
        [&[][..], &["pipeline.at_end=Flush", "pipeline.window=Session(gap: \"2s\")"], &["pipeline.aggregate=TopK(2)"]]
    {
        let (scenario, stream) = scenario(settings);
        for pace in [Pace::Free, Pace::TimesReal(5_000.0)] {
            let config = ThreadsConfig { pace, ..ThreadsConfig::new(scenario.pipeline.clone()) };
            let finished = on_threads(&stream, &config);
            let trace = retrace(&finished.recorded, &stream).expect("it is the order of this stream");
            check(&trace, &finished, &stream);
            assert!(trace.fates.contains(&Fate::DeadLettered) && trace.fates.contains(&Fate::Counted));
            assert!(trace.panes.len() > 100 && trace.watermark_at(ProcTime::MAX) > EventTime::MIN);
        }
    }
}

#[test]
fn a_run_to_look_at_takes_the_service_times_of_its_pipeline() {
    // 40 records a second and 20 ms for each: 0.8 of the time of one task, three of them.
    let (scenario, stream) = scenario(&["duration=20s", "pipeline.service_time=20ms", "pipeline.queue_capacity=7"]);
    let run_config = RunConfig::of(&scenario, &stream);
    let config = ThreadsConfig::live(&run_config, 100.0);
    assert_eq!((config.batch_records, config.channel_batches), (1, 7));
    assert_eq!(config.work, Some(Work::of(&run_config)));
    let finished = on_threads(&stream, &config);
    let trace = retrace(&finished.recorded, &stream).expect("it is the order of this stream");
    check(&trace, &finished, &stream);
    // Nobody is faster than that.
    for task in 0..3 {
        let done: Vec<ProcTime> =
            (0..stream.len()).filter(|&place| trace.tasks[place] == task).map(|place| trace.handled[place]).collect();
        assert!(done.len() > 100);
        let length = (*done.last().expect("some") - done[0]).as_secs_f64();
        assert!(length >= 0.019 * (done.len() - 1) as f64, "{} in {length} s", done.len());
    }
    assert!(finished.progress.windows.iter().all(|window| window.busy_ns > 0));
    assert!(finished.progress.channels.iter().all(|channel| channel.peak <= channel.capacity));
}

#[test]
fn a_full_channel_holds_what_it_may_and_its_source_waits() {
    // One task takes 50 ms for a record and gets 40 a second: twice as many as it can.
    let settings =
        ["duration=20s", "pipeline.service_time=50ms", "pipeline.queue_capacity=7", "pipeline.tasks.windows=1"];
    let (scenario, stream) = scenario(&[&settings[..], &["pipeline.tasks.sources=1"]].concat());
    let run_config = RunConfig::of(&scenario, &stream);
    let finished = on_threads(&stream, &ThreadsConfig::live(&run_config, 50.0));
    let trace = retrace(&finished.recorded, &stream).expect("it is the order of this stream");
    assert!(trace.handled.is_sorted());
    let depths: Vec<usize> = trace.enqueued.iter().map(|&at| trace.at(at).depth()).collect();
    let most = *depths.iter().max().expect("some");
    assert!((6..=8).contains(&most), "{most}");
    assert!(trace.waits.is_sorted_by_key(|wait| wait.until));
    let on_window = |wait: &&highwater::runtime::Wait| (wait.task, wait.on) == (TaskId::Source(0), TaskId::Window(0));
    let waited: f64 = trace.waits.iter().filter(on_window).map(|wait| (wait.until - wait.from).as_secs_f64()).sum();
    // The records of 20 s take 40 s.
    assert!(waited > 15.0, "{waited} s");
    let metrics = TaskMetrics::of(&trace);
    let causes = highwater::metrics::tasks::causes(&trace, &metrics, metrics.span());
    let slow: Vec<&[TaskId]> = causes.iter().map(|cause| cause.tasks.as_slice()).collect();
    assert_eq!(slow, [[TaskId::Window(0)]], "{causes:?}");
    assert!(trace.is_live);
}

#[test]
fn a_run_that_was_stopped_has_records_that_were_not_read() {
    let (scenario, stream) = scenario(&["pipeline.gate.policy=Reject"]);
    let config = ThreadsConfig { pace: Pace::TimesReal(100.0), ..ThreadsConfig::new(scenario.pipeline.clone()) };
    let handle = highwater::runtime::threads::start::<Summary, ListedPane, _>(&stream, &config, ByTask(Vec::new()));
    let handle = handle.unwrap_or_else(|error| panic!("{error}"));
    while handle.progress().handled() < 100 {
        std::thread::yield_now();
    }
    handle.stop();
    let finished = handle.join().unwrap_or_else(|error| panic!("{error}"));
    let trace = retrace(&finished.recorded, &stream).expect("it is the order of this stream");
    assert!(trace.ledger.balances() && trace.ledger.in_flight > 0, "{:?}", trace.ledger);
    assert_eq!(trace.ledger.counted, finished.ledger(&stream).counted);
    assert!(trace.handled.is_sorted());
}
