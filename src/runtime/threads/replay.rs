//! Replay: the recorded order of a run on threads, taken again in virtual time, gives the same panes.
//!
//! One thread, no clock, no channel: the same machines are called in the recorded order at the recorded
//! instants. Sources take a step whenever a window task wants something that has not been sent yet, so
//! no more is kept than the tasks of the run were apart, give or take a few batches.

use std::collections::VecDeque;
use std::sync::Arc;

use thiserror::Error;

use crate::record::Stream;
use crate::runtime::threads::batch::{Batch, Message};
use crate::runtime::threads::emission::{Emission, Kept};
use crate::runtime::threads::exchange::Exchange;
use crate::runtime::threads::layout::Layout;
use crate::runtime::threads::order::{Recorded, SourceOrder};
use crate::runtime::threads::source_task::SourceTask;
use crate::runtime::threads::window_task::{WindowTally, WindowTask};
use crate::time::ProcTime;
use crate::window::aggregate::Accumulator;

/// Why an order could not be replayed: it is not one of this stream, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// The configuration is out of its limits, or does not go with this stream.
    #[error("replay a configuration with settings out of range")]
    Configuration,
    /// There is not one order per task.
    #[error("replay an order that is not one per task")]
    Tasks,
    /// A window task took more from a source than that sent.
    #[error("replay window task {window}: it took more from source {source_task} than that sent")]
    Exhausted {
        /// The window task.
        window: usize,
        /// The source task.
        source_task: usize,
    },
}

/// What one window task gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed<E> {
    /// Its panes, in order.
    pub panes: Vec<E>,
    /// What became of its records.
    pub tally: WindowTally,
}

/// Takes the recorded order of a run over `stream` again: what every window task gave.
///
/// # Errors
/// When the order is not one of this stream and configuration.
pub fn replay<A, E>(recorded: &Recorded, stream: &Arc<Stream>) -> Result<Vec<Replayed<E>>, ReplayError>
where
    A: Accumulator,
    E: Emission,
{
    let config = &recorded.config;
    if !config.problems_with(stream).is_empty() {
        return Err(ReplayError::Configuration);
    }
    let counts = [recorded.sources.len(), recorded.windows.len()];
    if counts != [config.sources(), config.windows()] {
        return Err(ReplayError::Tasks);
    }
    let layout = Layout::new(config, stream);
    let mut sources = Sources::new(recorded, &layout);
    let mut windows: Vec<_> = recorded
        .windows
        .iter()
        .map(|order| {
            let task: WindowTask<A> = layout.window(config);
            (task, Kept::<E>(Vec::new()), order.messages())
        })
        .collect();
    // In turn, so that what has been sent to one of them does not wait long.
    let mut is_done = false;
    while !is_done {
        is_done = true;
        for (window, (task, kept, messages)) in windows.iter_mut().enumerate() {
            let Some((source, now)) = messages.next() else { continue };
            is_done = false;
            match sources.next(source, window)?.1 {
                Message::Data(batch) => task.on_batch(source, &batch, now, kept),
                Message::End => task.pass_time(now, kept),
            }
        }
    }
    let ends = windows.into_iter().map(|(task, kept, _)| Replayed { panes: kept.0, tally: *task.tally() });
    Ok(ends.collect())
}

/// A source, the instants of the steps that it has not taken, and what it has sent that nobody took.
struct Source<I> {
    task: SourceTask,
    exchange: Exchange,
    steps: I,
    was_stopped: bool,
    has_ended: bool,
    /// The instant of the last step.
    now: ProcTime,
    /// By window task.
    sent: Vec<VecDeque<(ProcTime, Message<Batch>)>>,
}

pub(super) struct Sources<I>(Vec<Source<I>>);

impl<'a> Sources<Box<dyn Iterator<Item = ProcTime> + 'a>> {
    /// The sources of a run, before their first step.
    pub(super) fn new(recorded: &'a Recorded, layout: &Layout) -> Self {
        let config = &recorded.config;
        let source = |(index, order): (usize, &'a SourceOrder)| {
            let SourceOrder { steps, was_stopped } = order;
            Source {
                task: SourceTask::new(config, layout, index),
                exchange: layout.exchange(config),
                steps: Box::new(steps.iter()) as Box<dyn Iterator<Item = ProcTime> + 'a>,
                was_stopped: *was_stopped,
                has_ended: false,
                now: ProcTime::MIN,
                sent: (0..config.windows()).map(|_| VecDeque::new()).collect(),
            }
        };
        Self((0..).zip(&recorded.sources).map(source).collect())
    }
}

impl<I: Iterator<Item = ProcTime>> Sources<I> {
    /// What `source` sent to `window` next, and at which of its steps.
    pub(super) fn next(&mut self, source: usize, window: usize) -> Result<(ProcTime, Message<Batch>), ReplayError> {
        let exhausted = ReplayError::Exhausted { window, source_task: source };
        let from = self.0.get_mut(source).ok_or(exhausted)?;
        loop {
            if let Some(message) = from.sent[window].pop_front() {
                return Ok(message);
            }
            if !from.step() {
                return Err(exhausted);
            }
        }
    }
}

impl<I: Iterator<Item = ProcTime>> Source<I> {
    /// Takes the next step, or comes to its end. False when it has come to it before.
    fn step(&mut self) -> bool {
        if self.has_ended {
            return false;
        }
        if let Some(now) = self.steps.next() {
            self.now = now;
            self.task.step(now, &mut self.exchange);
        } else {
            self.has_ended = true;
            if !self.was_stopped {
                self.task.finish(&mut self.exchange);
            }
        }
        let now = self.now;
        for (sent, batch) in self.sent.iter_mut().zip(self.exchange.take()) {
            sent.extend(batch.map(|batch| (now, Message::Data(batch))));
            if self.has_ended {
                sent.push_back((now, Message::End));
            }
        }
        true
    }
}
