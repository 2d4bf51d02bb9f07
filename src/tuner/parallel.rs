//! Progress, cancelling, and work side by side: the one place of the tuner that knows of threads.
//!
//! Results come back in the order of the questions and do not depend on how many threads there are.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records gone through so far, once for every scan and run.
    pub done: u64,
    /// How many it will be.
    pub total: u64,
}

impl Progress {
    /// From 0 to 1.
    pub fn share(self) -> f64 {
        if self.total == 0 { 1.0 } else { self.done as f64 / self.total as f64 }
    }
}

/// Called every some thousand records, from any thread; breaking off cancels the work. After that it
/// may still be called a few times.
pub type Watch<'a> = dyn Fn(Progress) -> ControlFlow<()> + Sync + 'a;

/// The work was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// Counts what several pieces of work have done, and passes on that they are to stop.
pub(super) struct Ticker<'a> {
    watch: &'a Watch<'a>,
    done: AtomicU64,
    total: u64,
    is_stopped: AtomicBool,
}

impl<'a> Ticker<'a> {
    /// Records between two looks: rare enough to cost nothing, often enough to stop within a
    /// millisecond.
    pub(super) const CHUNK: usize = 1 << 16;

    pub(super) const fn new(watch: &'a Watch<'a>, total: u64) -> Self {
        Self { watch, done: AtomicU64::new(0), total, is_stopped: AtomicBool::new(false) }
    }

    /// Nobody looks.
    #[cfg(test)]
    pub(super) fn silent() -> Ticker<'static> {
        Ticker::new(&|_| ControlFlow::Continue(()), 0)
    }

    /// So many more are done; `None` when the work is to stop.
    pub(super) fn tick(&self, records: usize) -> Option<()> {
        let done = self.done.fetch_add(records as u64, Ordering::Relaxed) + records as u64;
        if self.is_stopped.load(Ordering::Relaxed) {
            return None;
        }
        if (self.watch)(Progress { done: done.min(self.total), total: self.total }).is_break() {
            self.is_stopped.store(true, Ordering::Relaxed);
            return None;
        }
        Some(())
    }
}

/// How many threads work side by side: as many as there are cores, but no more than questions.
pub fn threads(questions: usize) -> usize {
    thread::available_parallelism().map_or(1, NonZero::get).min(questions).max(1)
}

/// Answers every question, on several threads; the first questions are taken first. In the order of
/// the questions; `None` as soon as one of them has no answer.
pub fn map<Q: Sync, A: Send>(questions: &[Q], answer: impl Fn(&Q) -> Option<A> + Sync) -> Option<Vec<A>> {
    let workers = threads(questions.len());
    if workers == 1 {
        return questions.iter().map(answer).collect();
    }
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, Option<A>)>> = Mutex::new(Vec::with_capacity(questions.len()));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(question) = questions.get(place) else { return };
                    let found = answer(question);
                    let is_missing = found.is_none();
                    answers.lock().unwrap_or_else(PoisonError::into_inner).push((place, found));
                    if is_missing {
                        next.store(questions.len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_unstable_by_key(|&(place, _)| place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_questions() {
        let questions: Vec<u64> = (0..1_000).collect();
        let squares = map(&questions, |&x| Some(x * x)).expect("all have answers");
        assert_eq!(squares, questions.iter().map(|x| x * x).collect::<Vec<_>>());
        assert_eq!(map(&questions, |&x| (x != 500).then_some(x)), None);
        assert_eq!(map::<u64, u64>(&[], |_| None), Some(Vec::new()));
    }

    #[test]
    fn a_ticker_that_was_stopped_stays_stopped() {
        let stop_at_half = |progress: Progress| {
            if progress.done >= 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let ticker = Ticker::new(&stop_at_half, 10);
        assert_eq!([1, 3, 2, 0].map(|records| ticker.tick(records)), [Some(()), Some(()), None, None]);
        assert_eq!(Progress { done: 5, total: 10 }.share(), 0.5);
        assert_eq!(Progress { done: 0, total: 0 }.share(), 1.0);
    }
}
