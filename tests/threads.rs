//! Runs on threads from outside: a slow sink holds the source back, a failure ends everything with its
//! cause, and a run can be paused, stopped and looked at. Nothing here depends on how fast the machine is:
//! tests wait for a state, never for a time.

use std::sync::Arc;
use std::thread::yield_now;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use highwater::pipeline::{AtEnd, Pipeline, Tasks, WatermarkOptions, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::runtime::threads::{
    Activity, ByTask, Emission, Handle, Pace, PaneSink, Progress, RunError, SinkClosed, StartError, ThreadsConfig,
    replay, start,
};
use highwater::state::TaskIndex;
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::aggregate::Summary;
use highwater::window::pane::Pane;
use highwater::window::trigger::TriggerSpec;

/// One record per millisecond, in order, over so many keys and partitions.
fn stream(records: i64, keys: u32, partitions: u32) -> Arc<Stream> {
    let mut table = KeyTable::default();
    let ids: Vec<KeyId> = (0..keys).map(|key| table.intern(&key.to_string())).collect();
    let row = |i: i64| Row {
        event_time: EventTime::from_millis(i),
        arrival: ProcTime::from_millis(i),
        key: ids[usize::try_from(i).expect("not negative") % ids.len()],
        value: 1.0,
        partition: PartitionId(u32::try_from(i).expect("small") % partitions),
    };
    Arc::new(Stream::from_rows((0..records).map(row).collect(), table))
}

/// Every record fires a pane.
fn every_record() -> Pipeline {
    Pipeline { trigger: TriggerSpec::Count(1), window: WindowSpec::Global, ..Pipeline::default() }
}

fn config(pipeline: Pipeline, sources: u32, windows: u32) -> ThreadsConfig {
    let tasks = Tasks { sources, windows, ..Tasks::default() };
    ThreadsConfig {
        batch_records: 10,
        channel_batches: 3,
        ..ThreadsConfig::new(Pipeline { tasks, at_end: AtEnd::Flush, ..pipeline })
    }
}

/// Takes nothing until it is told, then everything.
struct Gate {
    opens: Receiver<()>,
    taken: usize,
}

impl PaneSink<Pane> for Gate {
    fn take(&mut self, _: TaskIndex, panes: Vec<Pane>) -> Result<(), SinkClosed> {
        // Open for good once the sender is gone.
        let _ = self.opens.recv();
        self.taken += panes.len();
        Ok(())
    }
}

fn wait_until<S>(handle: &Handle<S>, is_there: impl Fn(&Progress) -> bool) -> Progress {
    loop {
        let progress = handle.progress();
        if is_there(&progress) {
            return progress;
        }
        yield_now();
    }
}

#[test]
fn a_slow_sink_holds_the_source_back() {
    let stream = stream(1_000, 1, 1);
    // Declared first and so dropped last: it waits for the sink, which waits at the gate.
    let handle;
    let (open, opens) = bounded(0);
    let gate = Gate { opens, taken: 0 };
    handle = start::<Summary, Pane, _>(&stream, &config(every_record(), 1, 1), gate).expect("it starts");
    let is_blocked = |progress: &Progress| {
        progress.sources[0].activity == Activity::Blocked && progress.windows[0].activity == Activity::Blocked
    };
    // Every batch of ten records makes one of ten panes. The sink has one in hand, three are in its
    // channel, the window task has one in hand, three are in its channel, and the source has one.
    let most = 10 * (1 + 3 + 1 + 3 + 1);
    wait_until(&handle, |progress| progress.read() >= most && is_blocked(progress));
    let at_rest = handle.progress();
    assert_eq!((at_rest.read(), at_rest.handled()), (most, 10 * (1 + 3 + 1)));
    assert_eq!(at_rest.channels.iter().map(|channel| channel.depth).collect::<Vec<_>>(), [3, 3]);
    for _ in 0..1_000 {
        yield_now();
        assert_eq!(handle.progress().read(), most, "nothing moves while the sink takes nothing");
    }
    // One place is free, and one batch more is read.
    open.send(()).expect("the sink waits");
    let progress = wait_until(&handle, |progress| progress.read() > most && is_blocked(progress));
    assert_eq!((progress.read(), progress.sink.panes), (most + 10, 10));
    drop(open);
    let finished = handle.join().expect("it comes to its end");
    assert_eq!((finished.sink.taken, finished.progress.read(), finished.progress.handled()), (1_000, 1_000, 1_000));
    assert!(finished.progress.sources[0].blocked_ns > 0 && finished.progress.windows[0].blocked_ns > 0);
}

#[test]
fn threads_have_names_and_channels_have_both_ends() {
    let (open, opens) = bounded(0);
    let gate = Gate { opens, taken: 0 };
    let handle = start::<Summary, Pane, _>(&stream(100, 9, 2), &config(every_record(), 2, 2), gate).expect("it starts");
    let progress = handle.progress();
    let names = |threads: &[highwater::runtime::threads::ThreadProgress]| -> Vec<String> {
        threads.iter().map(|thread| thread.name.clone()).collect()
    };
    assert_eq!(names(&progress.sources), ["highwater-source-0", "highwater-source-1"]);
    assert_eq!(names(&progress.windows), ["highwater-window-0", "highwater-window-1"]);
    assert_eq!(progress.sink.name, "highwater-sink");
    let ends: Vec<(&str, &str)> = progress.channels.iter().map(|channel| (&*channel.from, &*channel.to)).collect();
    assert_eq!(
        ends,
        [
            ("highwater-source-0", "highwater-window-0"),
            ("highwater-source-0", "highwater-window-1"),
            ("highwater-source-1", "highwater-window-0"),
            ("highwater-source-1", "highwater-window-1"),
            ("highwater-window-0", "highwater-sink"),
            ("highwater-window-1", "highwater-sink"),
        ]
    );
    drop(open);
    assert_eq!(handle.join().expect("it comes to its end").sink.taken, 100);
}

/// A pane that cannot be sent when it is that of one key.
#[derive(Debug)]
struct Fragile;

impl Emission for Fragile {
    fn of(pane: Pane) -> Self {
        assert!(pane.key != KeyId(3), "key 3 does not travel");
        Self
    }
}

/// Takes panes until it panics.
#[derive(Debug)]
struct Panics;

impl PaneSink<Pane> for Panics {
    fn take(&mut self, _: TaskIndex, panes: Vec<Pane>) -> Result<(), SinkClosed> {
        assert!(panes.iter().all(|pane| pane.cause.is_none_or(|cause| cause.0 < 50)), "record 50 is too much");
        Ok(())
    }
}

fn cause<S: std::fmt::Debug>(handle: Handle<S>) -> (String, String) {
    match handle.join() {
        Err(RunError::Panicked { thread, message }) => (thread, message),
        other => panic!("a thread panics: {other:?}"),
    }
}

#[test]
fn a_window_task_that_panics_ends_the_run() {
    let config = config(every_record(), 2, 3);
    // Nobody waits for the clock or a channel for ever, however long the other threads would.
    for pace in [Pace::Free, Pace::PerSecond(1e6)] {
        let config = ThreadsConfig { pace, ..config.clone() };
        let sink = ByTask::<Fragile>(Vec::new());
        let handle = start::<Summary, Fragile, _>(&stream(5_000, 8, 2), &config, sink).expect("it starts");
        let (thread, message) = cause(handle);
        assert!(thread.starts_with("highwater-window-"), "{thread}");
        assert_eq!(message, "key 3 does not travel");
    }
}

#[test]
fn a_sink_that_panics_ends_the_run() {
    let handle =
        start::<Summary, Pane, _>(&stream(5_000, 4, 4), &config(every_record(), 4, 4), Panics).expect("starts");
    assert_eq!(cause(handle), ("highwater-sink".to_owned(), "record 50 is too much".to_owned()));
}

#[test]
fn a_source_that_panics_ends_the_run_also_while_others_wait_for_the_clock() {
    // A key that the table does not know, in partition 0; partition 1 has a record in a year.
    let mut table = KeyTable::default();
    let key = table.intern("known");
    let row = |arrival: i64, key: KeyId, partition: u32| Row {
        event_time: EventTime::EPOCH,
        arrival: ProcTime::from_millis(arrival),
        key,
        value: 0.0,
        partition: PartitionId(partition),
    };
    let rows = vec![row(0, key, 0), row(0, KeyId(7), 0), row(0, key, 1), row(31_536_000_000, key, 1)];
    let stream = Arc::new(Stream::from_rows(rows, table));
    let config = ThreadsConfig { pace: Pace::TimesReal(1.0), ..config(every_record(), 2, 2) };
    let sink = ByTask::<Pane>(Vec::new());
    let handle = start::<Summary, Pane, _>(&stream, &config, sink).expect("it starts");
    let (thread, message) = cause(handle);
    assert_eq!(thread, "highwater-source-0");
    assert!(message.contains("index out of bounds"), "{message}");
}

#[test]
fn when_nobody_takes_the_panes_any_more_the_run_says_so() {
    let (sender, receiver): (Sender<(TaskIndex, Vec<Pane>)>, _) = unbounded();
    let handle =
        start::<Summary, Pane, _>(&stream(50_000, 4, 1), &config(every_record(), 1, 2), sender).expect("starts");
    let (_, panes) = receiver.recv().expect("panes come");
    assert!(!panes.is_empty());
    drop(receiver);
    let error = handle.join().expect_err("the sink is closed");
    assert_eq!(error, RunError::SinkClosed);
    assert_eq!(error.to_string(), "finish the run: nobody takes the panes of highwater-sink any more");
}

#[test]
fn a_handle_that_is_dropped_leaves_no_thread_behind() {
    let (open, opens) = bounded::<()>(0);
    let config = ThreadsConfig { starts_paused: true, ..config(every_record(), 2, 2) };
    let handle = start::<Summary, Pane, _>(&stream(1_000, 4, 2), &config, Gate { opens, taken: 0 }).expect("it starts");
    drop(handle);
    // The sink, which had the other end, is gone.
    assert!(open.send(()).is_err());
}

#[test]
fn what_starts_paused_reads_nothing_and_what_is_cancelled_says_so() {
    let config = ThreadsConfig { starts_paused: true, ..config(every_record(), 1, 1) };
    let handle = start::<Summary, Pane, _>(&stream(100, 1, 1), &config, ByTask(Vec::new())).expect("it starts");
    let progress = wait_until(&handle, |progress| progress.sources[0].activity == Activity::Idle);
    assert_eq!((progress.read(), progress.now), (0, ProcTime::EPOCH));
    assert!(!handle.is_finished());
    handle.cancel();
    assert_eq!(handle.join().map(|finished| finished.progress.read()), Err(RunError::Cancelled));
}

#[test]
fn a_pause_holds_everything_and_a_stopped_run_can_be_replayed() {
    // Ten years of records: without a stop it would take a while.
    let stream = stream(100_000, 5, 1);
    let pipeline = Pipeline {
        window: WindowSpec::Tumbling { size: Span::from_millis(4), offset: Span::ZERO },
        ..Pipeline::default()
    };
    let config = ThreadsConfig { pace: Pace::TimesReal(1.0), ..config(pipeline, 1, 2) };
    let handle = start::<Summary, Pane, _>(&stream, &config, ByTask(Vec::new())).expect("it starts");
    wait_until(&handle, |progress| progress.read() > 20);
    handle.pause();
    let is_still =
        |progress: &Progress| progress.sources[0].activity == Activity::Idle && progress.handled() == progress.read();
    let paused = wait_until(&handle, is_still);
    assert_eq!(handle.progress().now, paused.now, "time stands still");
    handle.set_speed(50.0);
    handle.resume();
    wait_until(&handle, |progress| progress.read() > paused.read() + 100);
    handle.stop();
    let finished = handle.join().expect("what is under way is handled");
    let read = finished.progress.read();
    assert!(read < 100_000 && finished.progress.handled() == read);
    let replayed = replay::<Summary, Pane>(&finished.recorded, &stream).expect("its own order");
    let panes: Vec<&[Pane]> = replayed.iter().map(|replayed| replayed.panes.as_slice()).collect();
    assert_eq!(panes, finished.sink.0.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let counted: u64 = panes.iter().flat_map(|panes| panes.iter()).map(|pane| pane.summary.count).sum();
    assert!(counted > 100 && counted < read, "no final watermark was sent: {counted} of {read}");
}

#[test]
fn a_silent_source_falls_idle_in_real_time_and_holds_nobody_back() {
    // Partition 1 has one record at the start; partition 0 goes on for a minute of processing time.
    let mut table = KeyTable::default();
    let key = table.intern("a");
    let row = |i: i64, partition: u32| Row {
        event_time: EventTime::from_millis(i),
        arrival: ProcTime::from_millis(i),
        key,
        value: 1.0,
        partition: PartitionId(partition),
    };
    let rows = std::iter::once(row(0, 1)).chain((0..60_000).map(|i| row(i, 0))).collect();
    let stream = Arc::new(Stream::from_rows(rows, table));
    let window = WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO };
    let options = WatermarkOptions { idle_after: Some(Span::from_secs(1)), ..WatermarkOptions::default() };
    let on_time_panes = |watermark_options| {
        let pipeline = Pipeline {
            window,
            watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
            watermark_options,
            tasks: Tasks { sources: 2, ..Tasks::default() },
            ..Pipeline::default()
        };
        let config = ThreadsConfig { pace: Pace::TimesReal(1_000.0), ..ThreadsConfig::new(pipeline) };
        let handle = start::<Summary, Pane, _>(&stream, &config, ByTask(Vec::new())).expect("it starts");
        handle.join().expect("it comes to its end").sink.0.concat().len()
    };
    assert_eq!(on_time_panes(WatermarkOptions::default()), 0, "the silent source holds event time back");
    assert_eq!(on_time_panes(options), 5);
}

#[test]
fn what_cannot_run_does_not_start() {
    let mut wrong = config(every_record(), 0, 2);
    wrong.batch_records = 0;
    let sink = ByTask::<Pane>(Vec::new());
    let Err(StartError::Problems(problems)) = start::<Summary, Pane, _>(&stream(1, 1, 1), &wrong, sink) else {
        panic!("two settings are out of range");
    };
    assert_eq!(problems.iter().map(|problem| &*problem.path).collect::<Vec<_>>(), ["tasks.sources", "batch_records"]);
    let told = StartError::Problems(problems).to_string();
    assert!(told.contains("tasks.sources: 0 is out of range: must be 1 to 64; batch_records: 0 is"), "{told}");
}
