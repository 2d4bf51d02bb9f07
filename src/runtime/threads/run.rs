//! A run on threads from outside: starting it, looking at it, steering it, and what is left at its end.

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::record::Stream;
use crate::runtime::Ledger;
use crate::runtime::threads::channel::Left;
use crate::runtime::threads::config::{MAX_SPEED, ThreadsConfig};
use crate::runtime::threads::control::Control;
use crate::runtime::threads::emission::Emission;
use crate::runtime::threads::error::{Failure, RunError, StartError, Trouble};
use crate::runtime::threads::order::{Recorded, Runs};
use crate::runtime::threads::progress::{Meters, Progress};
use crate::runtime::threads::sink::PaneSink;
use crate::runtime::threads::source_task::SourceTally;
use crate::runtime::threads::source_thread::SourceEnd;
use crate::runtime::threads::window_thread::WindowEnd;
use crate::runtime::threads::wiring;
use crate::window::aggregate::Accumulator;

/// All threads of a run.
#[derive(Debug)]
pub(super) struct Threads<S> {
    pub sources: Vec<JoinHandle<Result<SourceEnd, Left>>>,
    pub windows: Vec<JoinHandle<Result<WindowEnd, Left>>>,
    pub sink: JoinHandle<Result<(S, Runs), Left>>,
}

/// A run on threads. Dropping it cancels the run and waits for its threads.
#[derive(Debug)]
pub struct Handle<S> {
    pub(super) config: ThreadsConfig,
    pub(super) control: Arc<Control>,
    pub(super) meters: Meters,
    /// `None` once it has been joined.
    pub(super) threads: Option<Threads<S>>,
}

/// What is left of a run that came to its end.
#[derive(Debug)]
pub struct Finished<S> {
    /// The sink, with what it has taken.
    pub sink: S,
    /// What the run decided by chance: see [`mod@crate::runtime::threads::replay`].
    pub recorded: Recorded,
    /// What became of the records at the sources, by task.
    pub sources: Vec<SourceEnd>,
    /// What became of them in the windows, by task.
    pub windows: Vec<WindowEnd>,
    /// The counters at the end.
    pub progress: Progress,
}

/// Starts a run: a thread per source, per window task, and one for the sink. The accumulator `A` is
/// what fast window operators keep per key and window; [`crate::window::aggregate::Summary`] knows all
/// plain aggregates.
///
/// # Errors
/// When the configuration is out of its limits or does not go with this stream, or the system gives no
/// thread.
pub fn start<A, E, S>(stream: &Arc<Stream>, config: &ThreadsConfig, sink: S) -> Result<Handle<S>, StartError>
where
    A: Accumulator + Send + 'static,
    E: Emission,
    S: PaneSink<E>,
{
    let problems = config.problems_with(stream);
    if !problems.is_empty() {
        return Err(StartError::Problems(problems));
    }
    wiring::start::<A, E, S>(stream, config, sink)
}

/// Starts a run and waits for its end.
///
/// # Errors
/// When it cannot start or does not come to its end.
pub fn run<A, E, S>(stream: &Arc<Stream>, config: &ThreadsConfig, sink: S) -> Result<Finished<S>, Failure>
where
    A: Accumulator + Send + 'static,
    E: Emission,
    S: PaneSink<E>,
{
    Ok(start::<A, E, S>(stream, config, sink)?.join()?)
}

impl<S> Finished<S> {
    /// Where every record of the stream is at the end, what was lost before the log included. Records
    /// that were not read, after a stop, are in flight.
    pub fn ledger(&self, stream: &Stream) -> Ledger {
        let records = stream.len() as u64;
        let mut ledger = Ledger { produced: records, in_flight: records, ..Ledger::default() };
        let mut copies = 0;
        for tally in self.sources.iter().map(|source| source.tally) {
            let SourceTally { dropped_late, side_output, rejected, dead_lettered, read: _ } = tally;
            ledger.dropped_late += dropped_late;
            ledger.side_output += side_output;
            ledger.dead_lettered += dead_lettered;
            ledger.rejected += rejected;
            ledger.lost += rejected;
            ledger.in_flight -= dropped_late + side_output + rejected + dead_lettered;
        }
        for tally in self.windows.iter().map(|window| window.tally) {
            ledger.counted += tally.counted;
            ledger.dropped_late += tally.dropped_late;
            ledger.side_output += tally.side_output;
            ledger.unassigned += tally.unassigned;
            ledger.in_flight -= tally.handled();
            copies += tally.copies_counted;
        }
        ledger.with_production(stream.production().lost.len() as u64, copies)
    }
}

impl<S> Handle<S> {
    /// Sources wait and processing time stands still. What is under way is handled.
    pub fn pause(&self) {
        self.control.pause();
    }

    /// After a pause, or after a start that was one, the run goes on.
    pub fn resume(&self) {
        self.control.resume();
    }

    /// Processing time goes so many times as fast as the wall clock from now on, or after the pause;
    /// taken as the nearest value from 1/[`MAX_SPEED`] to [`MAX_SPEED`]. Records come as much faster,
    /// unless they are all there already ([`crate::runtime::threads::Pace::Free`]).
    pub fn set_speed(&self, speed: f64) {
        let speed = if speed.is_nan() { 1.0 } else { speed };
        self.control.set_speed(speed.clamp(1.0 / MAX_SPEED, MAX_SPEED));
    }

    /// Sources read no more. What is under way is handled; then the run ends. A source that had not
    /// read everything sends no final watermark.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Every thread leaves as soon as it can; what is under way is lost.
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// Whether every thread has left, so that [`Handle::join`] does not wait.
    pub fn is_finished(&self) -> bool {
        self.threads.as_ref().is_none_or(|threads| {
            threads.sources.iter().all(JoinHandle::is_finished)
                && threads.windows.iter().all(JoinHandle::is_finished)
                && threads.sink.is_finished()
        })
    }

    /// What the run has done up to now.
    pub fn progress(&self) -> Progress {
        self.meters.progress(self.control.now())
    }

    /// Waits for the end of the run.
    ///
    /// # Errors
    /// When a thread panicked, what takes the panes wanted no more, or the run was cancelled.
    pub fn join(mut self) -> Result<Finished<S>, RunError> {
        let (sources, windows, sink) = self.join_threads()?;
        let (sink, sink_order) = sink;
        let recorded = Recorded {
            config: self.config.clone(),
            sources: sources.iter().map(|source| source.order.clone()).collect(),
            windows: windows.iter().map(|window| window.order.clone()).collect(),
            sink: sink_order,
        };
        Ok(Finished { sink, recorded, sources, windows, progress: self.progress() })
    }

    #[expect(clippy::type_complexity, reason = "the ends of the three kinds of threads, taken apart at once")]
    fn join_threads(&mut self) -> Result<(Vec<SourceEnd>, Vec<WindowEnd>, (S, Runs)), RunError> {
        let Some(threads) = self.threads.take() else { return Err(RunError::Cancelled) };
        let mut trouble = Trouble::default();
        let sources = self.meters.sources.iter().zip(threads.sources);
        let sources: Vec<_> = sources.filter_map(|(meter, thread)| trouble.join(&meter.name, thread)).collect();
        let windows = self.meters.windows.iter().zip(threads.windows);
        let windows: Vec<_> = windows.filter_map(|(meter, thread)| trouble.join(&meter.name, thread)).collect();
        let sink = trouble.join(&self.meters.sink.name, threads.sink);
        match (trouble.into_error(), sink) {
            (None, Some(sink)) => Ok((sources, windows, sink)),
            (error, _) => Err(error.unwrap_or(RunError::Cancelled)),
        }
    }
}

impl<S> Drop for Handle<S> {
    fn drop(&mut self) {
        if self.threads.is_some() {
            self.control.cancel();
            // What went wrong before is nobody's concern any more.
            let _ = self.join_threads();
        }
    }
}
