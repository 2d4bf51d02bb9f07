//! The line between the screen and the worker: jobs and files out, runs and notices in.
//!
//! In the window the worker has a thread of its own and takes only the newest job, so that turning
//! a knob never queues up work; files are read on another thread and can be cancelled. Without a
//! window (pictures, tests) both happen inside [`Link::poll`], so that every frame is the same on
//! every machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::app::files::{self, Opened, Source};
use crate::app::live::{self, LiveCommand, LiveNews};
use crate::app::run::Run;
use crate::app::tasks::{News, Task};
use crate::app::worker::{Job, Refusal, Worker};

/// What comes back.
pub enum Message {
    /// A run is computed.
    Done(Arc<Run>),
    /// A job was refused, in words for the reader.
    Refused(Refusal),
    /// How much of the file that is being read is done, from 0 to 1.
    Progress(f32),
    /// A file is read.
    Opened(Box<Opened>),
    /// A file cannot be opened, in words for the reader.
    CannotOpen(Refusal),
    /// The reader chose a file in a dialog.
    Chosen(PathBuf),
    /// The reader chose a stream to compare with in a dialog.
    ChosenBeside(PathBuf),
    /// The reader chose where to write in a dialog.
    SaveTo(PathBuf),
    /// What there is to hear of the live run of this number.
    Live(u64, LiveNews),
    /// What there is to hear of the task of this number.
    Task(u64, News),
    /// A thread ended by a bug; whatever it was asked for will not come.
    Broken,
}

/// A message and the reading that it belongs to; 0 for those of no reading.
type Letter = (u64, Message);

/// The line to the worker.
pub struct Link {
    inner: Inner,
    letters: Receiver<Letter>,
    outbox: Outbox,
    readings: u64,
    lives: u64,
    /// Tasks so far, and those under way with their flags.
    tasks: u64,
    running: Vec<(u64, Arc<AtomicBool>)>,
    reading: Option<(u64, Arc<AtomicBool>)>,
}

enum Inner {
    Thread { jobs: Sender<Job> },
    Here(Box<Here>),
}

/// A worker without a thread, and what it is to do at the next poll.
#[derive(Default)]
struct Here {
    worker: Worker,
    job: Option<Job>,
    file: Option<Source>,
    tasks: Vec<(u64, Task)>,
    /// Whether what the tasks of a run did is left to be worked out by whoever wants to know.
    is_brief: bool,
}

/// Where a thread leaves its messages.
#[derive(Clone)]
struct Outbox {
    letters: Sender<Letter>,
    wake: Arc<dyn Fn() + Send + Sync>,
    reading: u64,
}

impl Outbox {
    fn send(&self, message: Message) {
        // Nobody listens only when the window is closing.
        let _ = self.letters.send((self.reading, message));
        (self.wake)();
    }
}

/// Speaks up when its thread panics, so that the window does not wait for ever.
struct LastWord(Outbox);

impl Drop for LastWord {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.send(Message::Broken);
        }
    }
}

impl Link {
    /// A worker on a thread of its own; `wake` is called after every message.
    pub fn threaded(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (letters, received) = unbounded();
        let outbox = Outbox { letters, wake: Arc::new(wake), reading: 0 };
        let (jobs, inbox) = unbounded();
        let to_window = outbox.clone();
        spawn("worker", &outbox, move || work(&inbox, &to_window));
        Self::with(Inner::Thread { jobs }, received, outbox)
    }

    /// No thread: jobs are done when [`Link::poll`] is called.
    pub fn here() -> Self {
        let (letters, received) = unbounded();
        let outbox = Outbox { letters, wake: Arc::new(|| {}), reading: 0 };
        Self::with(Inner::Here(Box::default()), received, outbox)
    }

    fn with(inner: Inner, letters: Receiver<Letter>, outbox: Outbox) -> Self {
        Self { inner, letters, outbox, readings: 0, lives: 0, tasks: 0, running: Vec::new(), reading: None }
    }

    /// As [`Link::here`], but a run is handed over before [`Run::work_out`], as by a thread.
    pub fn without_insight() -> Self {
        let mut link = Self::here();
        if let Inner::Here(here) = &mut link.inner {
            here.is_brief = true;
        }
        link
    }

    /// Asks for a run. A job that has not begun yet is forgotten.
    pub fn compute(&mut self, next: Job) {
        match &mut self.inner {
            // A send fails only when the worker is gone, and then it has said so.
            Inner::Thread { jobs } => drop(jobs.send(next)),
            Inner::Here(here) => here.job = Some(next),
        }
    }

    /// Reads a file; one that is being read is cancelled.
    pub fn open(&mut self, source: Source) {
        self.cancel_reading();
        match &mut self.inner {
            Inner::Here(here) => here.file = Some(source),
            Inner::Thread { .. } => {
                self.readings += 1;
                let cancelled = Arc::new(AtomicBool::new(false));
                self.reading = Some((self.readings, Arc::clone(&cancelled)));
                let outbox = Outbox { reading: self.readings, ..self.outbox.clone() };
                let to_window = outbox.clone();
                spawn("reader", &outbox, move || {
                    let mut go_on = |share: f32| {
                        to_window.send(Message::Progress(share));
                        !cancelled.load(Ordering::Relaxed)
                    };
                    let message = opened(&source, &mut go_on);
                    to_window.send(message);
                });
            }
        }
    }

    /// Runs a job on real threads at so many times real time; a thread of its own looks at it, with or
    /// without a window. The number of the live run, and where to send it commands: once nobody can, it is
    /// cancelled, and all its threads end.
    pub fn go_live(&mut self, job: Job, speed: f64) -> (u64, Sender<LiveCommand>) {
        self.lives += 1;
        let (commands, received) = unbounded();
        let (number, outbox) = (self.lives, self.outbox.clone());
        spawn("live run", &self.outbox, move || {
            live::run(job, speed, &received, &mut |news| outbox.send(Message::Live(number, news)));
        });
        (number, commands)
    }

    /// Begins long work. Its number.
    pub fn start(&mut self, task: Task) -> u64 {
        self.tasks += 1;
        let id = self.tasks;
        let cancelled = Arc::new(AtomicBool::new(false));
        self.running.push((id, Arc::clone(&cancelled)));
        match &mut self.inner {
            Inner::Here(here) => here.tasks.push((id, task)),
            Inner::Thread { .. } => {
                let outbox = self.outbox.clone();
                let to_window = outbox.clone();
                spawn("task", &outbox, move || {
                    let mut go_on = |share: f32| {
                        to_window.send(Message::Task(id, News::Progress(share)));
                        !cancelled.load(Ordering::Relaxed)
                    };
                    let finish = (task.work)(&mut go_on);
                    to_window.send(Message::Task(id, News::Done(finish)));
                });
            }
        }
        id
    }

    /// Ends a task; nothing more is heard of it.
    pub fn cancel_task(&mut self, id: u64) {
        for (_, cancelled) in self.running.extract_if(.., |(running, _)| *running == id) {
            cancelled.store(true, Ordering::Relaxed);
        }
        if let Inner::Here(here) = &mut self.inner {
            here.tasks.retain(|(waiting, _)| *waiting != id);
        }
    }

    /// Whether a file is being read.
    pub fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// Stops reading a file; nothing more is heard of it.
    pub fn cancel_reading(&mut self) {
        if let Some((_, cancelled)) = self.reading.take() {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Shows the system's dialog for choosing a file, on a thread of its own; `chosen` says what it is for.
    /// Nothing comes back when the reader closes it or the system has none.
    pub fn ask_for_file(&self, chosen: fn(PathBuf) -> Message) {
        if matches!(self.inner, Inner::Thread { .. }) {
            let to_window = self.outbox.clone();
            spawn("file dialog", &self.outbox, move || {
                if let Some(path) = files::ask() {
                    to_window.send(chosen(path));
                }
            });
        }
    }

    /// Shows the system's dialog for choosing where to write, as [`Link::ask_for_file`] does for reading.
    pub fn ask_where_to_save(&self, suggested: PathBuf) {
        if matches!(self.inner, Inner::Thread { .. }) {
            let to_window = self.outbox.clone();
            spawn("save dialog", &self.outbox, move || {
                if let Some(path) = files::ask_where_to_save(&suggested) {
                    to_window.send(Message::SaveTo(path));
                }
            });
        }
    }

    /// What has come back since the last call, oldest first.
    pub fn poll(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        for (reading, message) in self.letters.try_iter() {
            if let Message::Task(id, news) = &message {
                let is_known = self.running.iter().any(|(running, _)| running == id);
                if matches!(news, News::Done(_)) {
                    self.running.retain(|(running, _)| running != id);
                }
                messages.extend(is_known.then_some(message));
            } else if reading == 0 {
                messages.push(message);
            } else if self.reading.as_ref().is_some_and(|(current, _)| *current == reading) {
                if !matches!(message, Message::Progress(_)) {
                    self.reading = None;
                }
                messages.push(message);
            }
        }
        if let Inner::Here(here) = &mut self.inner {
            messages.extend(here.file.take().map(|source| opened(&source, &mut |_| true)));
            let message = here.job.take().map(|job| done(&mut here.worker, job));
            if let Some(Message::Done(run)) = &message
                && !here.is_brief
            {
                run.work_out();
            }
            messages.extend(message);
            for (id, task) in here.tasks.drain(..) {
                messages.push(Message::Task(id, News::Done((task.work)(&mut |_| true))));
                self.running.retain(|(running, _)| *running != id);
            }
        }
        messages
    }
}

fn opened(source: &Source, go_on: &mut dyn FnMut(f32) -> bool) -> Message {
    match files::open(source, go_on) {
        Ok(opened) => Message::Opened(Box::new(opened)),
        Err(why) => Message::CannotOpen(why),
    }
}

fn done(worker: &mut Worker, job: Job) -> Message {
    match worker.run(job) {
        Ok(run) => Message::Done(Arc::new(run)),
        Err(why) => Message::Refused(why),
    }
}

/// The worker's thread: waits for a job, takes the newest, until the window is gone.
fn work(inbox: &Receiver<Job>, outbox: &Outbox) {
    let mut worker = Worker::default();
    let (runs, finished) = unbounded();
    let to_window = outbox.clone();
    spawn("insight", outbox, move || work_out(&finished, &to_window));
    while let Ok(first) = inbox.recv() {
        let newest = inbox.try_iter().last().unwrap_or(first);
        let message = done(&mut worker, newest);
        if let Message::Done(run) = &message {
            // A send fails only when that thread is gone, and then it has said so.
            drop(runs.send(Arc::clone(run)));
        }
        outbox.send(message);
    }
}

/// How long no other run comes before one is worth working out: a knob that is dragged gives one for every
/// frame.
const SETTLED: Duration = Duration::from_millis(120);

/// The thread that works out what the tasks of a run did, which takes longer than the run; the run itself
/// is on screen already, and the next one does not wait.
fn work_out(inbox: &Receiver<Arc<Run>>, outbox: &Outbox) {
    while let Ok(mut run) = inbox.recv() {
        while let Ok(newer) = inbox.recv_timeout(SETTLED) {
            run = newer;
        }
        run.work_out();
        (outbox.wake)();
    }
}

fn spawn(name: &str, outbox: &Outbox, body: impl FnOnce() + Send + 'static) {
    let last_word = LastWord(outbox.clone());
    let thread = thread::Builder::new().name(format!("highwater {name}"));
    let started = thread.spawn(move || {
        let _last_word = last_word;
        body();
    });
    if started.is_err() {
        outbox.send(Message::Broken);
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::app::files::built_in;
    use crate::time::Span;

    /// A threaded link, and a way to wait until it has something.
    fn threaded() -> (Link, Receiver<()>) {
        let (woken, wakes) = unbounded();
        // The receiver may be gone when the last message comes.
        let wake = move || {
            let _ = woken.send(());
        };
        (Link::threaded(wake), wakes)
    }

    /// Messages until one is the `last`; far longer than any of these jobs takes, but not for ever.
    fn until(link: &mut Link, wakes: &Receiver<()>, last: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut messages = Vec::new();
        while !messages.iter().any(&last) {
            wakes.recv_timeout(Duration::from_secs(120)).expect("the worker answers");
            messages.extend(link.poll());
        }
        messages
    }

    fn job(generation: u64) -> Job {
        let mut scenario = built_in()[0].clone();
        scenario.pipeline.allowed_lateness = Span::from_secs(generation as i64);
        Job { generation, scenario, recording: None }
    }

    fn is_run(message: &Message, generation: u64) -> bool {
        matches!(message, Message::Done(run) if run.generation == generation)
    }

    #[test]
    fn the_worker_answers_the_newest_job_and_skips_stale_ones() {
        let (mut link, wakes) = threaded();
        for generation in 1..=300 {
            link.compute(job(generation));
        }
        let messages = until(&mut link, &wakes, |message| is_run(message, 300));
        assert!(messages.len() < 300, "{} runs for 300 jobs", messages.len());
        assert!(messages.iter().all(|message| matches!(message, Message::Done(_))));
    }

    #[test]
    fn a_thread_and_no_thread_compute_the_same_run() {
        let (mut link, wakes) = threaded();
        let mut here = Link::here();
        link.compute(job(30));
        here.compute(job(30));
        let hash = |messages: Vec<Message>| match messages.into_iter().next() {
            Some(Message::Done(run)) => run.trace.hash_hex(),
            _ => "no run".to_owned(),
        };
        let from_thread = hash(until(&mut link, &wakes, |message| is_run(message, 30)));
        assert_eq!(hash(here.poll()), from_thread);
        assert_ne!(from_thread, "no run");
    }

    #[test]
    fn a_refused_job_says_why_and_the_worker_goes_on() {
        let (mut link, wakes) = threaded();
        let mut bad = job(1);
        bad.scenario.pipeline.queue_capacity = 0;
        link.compute(bad);
        let messages = until(&mut link, &wakes, |message| matches!(message, Message::Refused(_)));
        assert!(matches!(messages.last(), Some(Message::Refused(why)) if why.contains("queue_capacity")));
        link.compute(job(2));
        until(&mut link, &wakes, |message| is_run(message, 2));
    }

    #[test]
    fn files_are_read_beside_the_worker_and_errors_come_back() {
        let (mut link, wakes) = threaded();
        link.open(Source::File("nowhere/at-all.csv".into()));
        assert!(link.is_reading());
        until(&mut link, &wakes, |message| matches!(message, Message::CannotOpen(why) if why.contains("at-all")));
        assert!(!link.is_reading());
        link.open(Source::BuiltIn(1));
        until(&mut link, &wakes, |message| matches!(message, Message::Opened(_)));
    }

    #[test]
    fn nothing_is_heard_of_a_cancelled_reading() {
        let (mut link, wakes) = threaded();
        link.open(Source::BuiltIn(1));
        link.cancel_reading();
        assert!(!link.is_reading());
        link.compute(job(1));
        let messages = until(&mut link, &wakes, |message| is_run(message, 1));
        assert!(messages.iter().all(|message| matches!(message, Message::Done(_))));
    }
}
