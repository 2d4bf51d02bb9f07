//! A run on real threads as the lab shows it: started, looked at thirty times a second, steered, and at
//! its end replayed in virtual time into a trace like any other.
//!
//! [`run`] is the body of a thread of its own: it sends what there is to see and takes commands. Once
//! nobody can send commands any more, it cancels the run and ends, and so do all threads of the run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::app::run::Run;
use crate::app::worker::{Job, Refusal};
use crate::human;
use crate::metrics::tasks::Shares;
use crate::pipeline::Problem;
use crate::record::{KeyTable, Stream};
use crate::runtime::RunConfig;
use crate::runtime::threads::clock::Duration;
use crate::runtime::threads::{
    ByTask, Emission, Finished, Handle, ListedPane, PaneSink, Progress, SinkClosed, ThreadProgress, ThreadsConfig,
    refusals, replay, retrace, start,
};
use crate::source;
use crate::state::TaskIndex;
use crate::time::{EventTime, ProcTime};
use crate::window::aggregate::{Aggregate, Summary};
use crate::window::pane::{Timing, Window};

/// Between two looks at a run: as often as a screen can show.
const BETWEEN_LOOKS: Duration = Duration::from_millis(33);
/// Shares and rates are those of so many looks: a second.
const RECENT_LOOKS: usize = 30;
/// So many of the latest panes are shown.
pub const LATEST: usize = 12;

/// What a live run is told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LiveCommand {
    /// Sources wait, and time stands still.
    Pause,
    /// Everything goes on.
    Resume,
    /// Sources read no more; what is under way is handled, and the run ends.
    Stop,
    /// Processing time per real time.
    SetSpeed(f64),
}

/// A pane that has just come to the sink.
#[derive(Clone, Debug, PartialEq)]
pub struct LatestPane {
    /// Whose.
    pub key: String,
    /// The window.
    pub window: Window,
    /// When it fired, seen from its window.
    pub timing: Timing,
    /// What it says; `None` for nothing, or a list.
    pub value: Option<f64>,
}

/// What there is to see at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFrame {
    /// The counters of all threads and channels.
    pub progress: Progress,
    /// By source, window task and the sink, in this order: what they did with the last second.
    pub shares: Vec<Shares>,
    /// Records read, records handled and panes taken, a second of processing time.
    pub per_s: [f64; 3],
    /// Records that have reached the log.
    pub arrived: u64,
    /// Records that there will be.
    pub records: u64,
    /// The least watermark of the window tasks.
    pub watermark: EventTime,
    /// The latest panes, the newest first.
    pub latest: Vec<LatestPane>,
}

impl LiveFrame {
    /// Records in the log that nobody has read.
    pub fn lag(&self) -> u64 {
        self.arrived.saturating_sub(self.progress.read())
    }

    /// Batches (of one record each) in front of a window task.
    pub fn depth_of(&self, window: usize) -> u64 {
        self.channels_of(window).map(|channel| channel.depth).sum()
    }

    /// What the channels of a window task may hold.
    pub fn capacity_of(&self, window: usize) -> u64 {
        self.channels_of(window).map(|channel| channel.capacity).sum()
    }

    fn channels_of(&self, window: usize) -> impl Iterator<Item = &crate::runtime::threads::ChannelProgress> {
        let name = self.progress.windows.get(window).map(|thread| thread.name.as_str());
        self.progress.channels.iter().filter(move |channel| Some(&*channel.to) == name)
    }
}

/// A run that has come to its end.
#[derive(Clone, Debug)]
pub struct LiveEnd {
    /// Its replay.
    pub run: Arc<Run>,
    /// Panes of the live run.
    pub panes: usize,
    /// Whether the replay gave the same panes, task by task.
    pub is_identical: bool,
}

/// What comes back from a live run.
#[derive(Clone, Debug)]
pub enum LiveNews {
    /// What there is to see now.
    Frame(Box<LiveFrame>),
    /// It has ended and is being replayed.
    Replaying,
    /// It is over.
    Done(LiveEnd),
    /// It cannot run, or has failed, in words for the reader.
    Refused(Refusal),
}

/// Runs a job on threads at so many times real time, to its end, until it is stopped, or until nobody can
/// send commands any more.
pub fn run(job: Job, speed: f64, commands: &Receiver<LiveCommand>, send: &mut dyn FnMut(LiveNews)) {
    match run_to_end(job, speed, commands, send) {
        Ok(Some(end)) => send(LiveNews::Done(end)),
        Ok(None) => {}
        Err(why) => send(LiveNews::Refused(why)),
    }
}

fn run_to_end(
    job: Job,
    speed: f64,
    commands: &Receiver<LiveCommand>,
    send: &mut dyn FnMut(LiveNews),
) -> Result<Option<LiveEnd>, Refusal> {
    let (stream, config) = prepare(&job, speed)?;
    let shown: Arc<Mutex<VecDeque<ListedPane>>> = Arc::default();
    let sink = Watched { kept: ByTask(Vec::new()), shown: Arc::clone(&shown) };
    let handle =
        start::<Summary, ListedPane, _>(&stream, &config, sink).map_err(|error| format!("Failed to {error}."))?;
    let mut viewer =
        Viewer { stream: Arc::clone(&stream), aggregate: config.pipeline.aggregate, shown, past: VecDeque::new() };
    while !handle.is_finished() {
        if !obey(&handle, commands) {
            return Ok(None);
        }
        send(LiveNews::Frame(Box::new(viewer.look(handle.progress()))));
    }
    send(LiveNews::Replaying);
    let finished = handle.join().map_err(|error| format!("Failed to {error}."))?;
    end(job, &finished, &stream).map(Some)
}

/// The stream, and how it is to run; refused in words where threads cannot.
fn prepare(job: &Job, speed: f64) -> Result<(Arc<Stream>, ThreadsConfig), Refusal> {
    let problems = job.scenario.problems();
    if !problems.is_empty() {
        return Err(crate::scenario::check::in_words(&problems));
    }
    let stream = match &job.recording {
        Some(stream) => crate::app::worker::with_by_hand(stream, &job.scenario),
        None => Arc::new(source::generate(&job.scenario).map_err(|error| error.to_string())?),
    };
    let run = RunConfig::of(&job.scenario, &stream);
    let config = ThreadsConfig::live(&run, speed);
    let problems: Vec<Problem> =
        refusals(&run, &stream, true).into_iter().chain(config.problems_with(&stream)).collect();
    if problems.is_empty() {
        return Ok((stream, config));
    }
    let lines: Vec<String> = problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
    Err(lines.join("\n"))
}

/// Does what has been asked for since the last look. Whether anybody can still ask.
fn obey(handle: &Handle<Watched>, commands: &Receiver<LiveCommand>) -> bool {
    match commands.recv_timeout(BETWEEN_LOOKS) {
        Ok(LiveCommand::Pause) => handle.pause(),
        Ok(LiveCommand::Resume) => handle.resume(),
        Ok(LiveCommand::Stop) => {
            // A paused run would never come to its end.
            handle.resume();
            handle.stop();
        }
        Ok(LiveCommand::SetSpeed(speed)) => handle.set_speed(speed),
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => return false,
    }
    true
}

fn end(job: Job, finished: &Finished<Watched>, stream: &Arc<Stream>) -> Result<LiveEnd, Refusal> {
    let in_words = |error: crate::runtime::threads::ReplayError| format!("Failed to {error}.");
    let replayed = replay::<Summary, ListedPane>(&finished.recorded, stream).map_err(in_words)?;
    let live = finished.sink.kept.0.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
    let is_identical = replayed.iter().zip(live).all(|(replayed, live)| replayed.panes == live);
    let trace = retrace(&finished.recorded, stream).map_err(in_words)?;
    let panes: usize = finished.sink.kept.0.iter().map(Vec::len).sum();
    let is_identical = is_identical && trace.panes.len() == panes;
    let run = Run::new(job.scenario, Arc::new(trace), job.generation);
    run.work_out();
    Ok(LiveEnd { run: Arc::new(run), panes, is_identical })
}

/// Keeps all panes for the replay, and the latest to look at.
struct Watched {
    kept: ByTask<ListedPane>,
    shown: Arc<Mutex<VecDeque<ListedPane>>>,
}

impl PaneSink<ListedPane> for Watched {
    fn take(&mut self, task: TaskIndex, panes: Vec<ListedPane>) -> Result<(), SinkClosed> {
        {
            let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
            for listed in panes.iter().rev().take(LATEST).rev() {
                shown.push_front(ListedPane::of(listed.pane));
            }
            shown.truncate(LATEST);
        }
        self.kept.take(task, panes)
    }
}

/// What makes a frame out of counters.
struct Viewer {
    stream: Arc<Stream>,
    aggregate: Aggregate,
    shown: Arc<Mutex<VecDeque<ListedPane>>>,
    /// The looks of the last second, the oldest first.
    past: VecDeque<Progress>,
}

impl Viewer {
    fn look(&mut self, progress: Progress) -> LiveFrame {
        let before = self.past.front().unwrap_or(&progress);
        let pairs = threads(&progress).zip(threads(before));
        let shares = pairs.map(|(now, before)| shares(now, before)).collect();
        let seconds = (progress.now - before.now).as_secs_f64();
        let per_s =
            |now: u64, before: u64| if seconds > 0.0 { now.saturating_sub(before) as f64 / seconds } else { 0.0 };
        let per_s = [
            per_s(progress.read(), before.read()),
            per_s(progress.handled(), before.handled()),
            per_s(progress.sink.panes, before.sink.panes),
        ];
        self.past.push_back(progress.clone());
        if self.past.len() > RECENT_LOOKS {
            self.past.pop_front();
        }
        let watermark = progress.windows.iter().map(|window| window.watermark).min().unwrap_or(EventTime::MIN);
        LiveFrame {
            shares,
            per_s,
            arrived: arrived(&self.stream, progress.now),
            records: self.stream.len() as u64,
            watermark,
            latest: self.latest(),
            progress,
        }
    }

    fn latest(&self) -> Vec<LatestPane> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = |listed: &ListedPane| LatestPane {
            key: key_name(self.stream.key_table(), &listed.pane),
            window: listed.pane.window,
            timing: listed.pane.timing,
            value: if self.aggregate.is_special() {
                listed.pane.special
            } else {
                listed.pane.summary.value(self.aggregate)
            },
        };
        shown.iter().map(latest).collect()
    }
}

fn key_name(keys: &KeyTable, pane: &crate::window::pane::Pane) -> String {
    match keys.name(pane.key) {
        "" => "(empty key)".to_owned(),
        name => name.to_owned(),
    }
}

fn arrived(stream: &Stream, now: ProcTime) -> u64 {
    stream.arrivals_ascending().partition_point(|&at| at <= now) as u64
}

fn threads(progress: &Progress) -> impl Iterator<Item = &ThreadProgress> {
    progress.sources.iter().chain(&progress.windows).chain([&progress.sink])
}

/// What a thread did between two looks.
fn shares(now: &ThreadProgress, before: &ThreadProgress) -> Shares {
    let [busy, idle, blocked] = [
        now.busy_ns.saturating_sub(before.busy_ns),
        now.idle_ns.saturating_sub(before.idle_ns),
        now.blocked_ns.saturating_sub(before.blocked_ns),
    ];
    let lived = busy + idle + blocked;
    if lived == 0 {
        return Shares { busy: 0.0, idle: 1.0, backpressured: 0.0 };
    }
    let share = |ns: u64| ns as f64 / lived as f64;
    Shares { busy: share(busy), idle: share(idle), backpressured: share(blocked) }
}

/// What a run says when it is over.
pub fn verdict(end: &LiveEnd) -> String {
    let panes = human::count(end.panes as u64);
    let plural = if end.panes == 1 { "" } else { "s" };
    if end.is_identical {
        format!("Replay equals live: {panes} pane{plural}")
    } else {
        format!("Replay differs from live, which had {panes} pane{plural}")
    }
}
