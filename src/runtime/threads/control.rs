//! What a run on threads is told from outside, and what its threads have to know of each other: whether
//! to go on, what time it is, and how many sources still have something to read.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};

use crate::runtime::threads::clock::{Duration, ProcClock, WallClock};
use crate::time::ProcTime;

/// Whether a run goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Sources read.
    Running,
    /// Sources wait, and processing time stands still. What is under way is handled.
    Paused,
    /// Sources come to their end where they are. What is under way is handled.
    Stopping,
    /// Every thread leaves as soon as it can.
    Cancelled,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    clock: ProcClock,
    /// The speed of the clock while it runs.
    speed: f64,
    /// Dropped to wake every thread that waits at a channel.
    cancel: Option<Sender<Infallible>>,
    /// Goes up with every change that may concern a waiting thread.
    version: u64,
}

/// The shared state of a run.
#[derive(Debug)]
pub struct Control {
    wall: WallClock,
    state: Mutex<State>,
    changed: Condvar,
    cancelled: Receiver<Infallible>,
    sources_reading: AtomicU32,
}

impl Control {
    /// A run of so many sources whose processing time starts at `origin` and goes at `speed`.
    pub fn new(origin: ProcTime, speed: f64, sources: u32, starts_paused: bool) -> Self {
        let wall = WallClock::start();
        let mut clock = ProcClock::paused_at(origin);
        if !starts_paused {
            clock.set_speed(speed, 0);
        }
        let (cancel, cancelled) = crossbeam_channel::bounded(0);
        let phase = if starts_paused { Phase::Paused } else { Phase::Running };
        Self {
            wall,
            state: Mutex::new(State { phase, clock, speed, cancel: Some(cancel), version: 0 }),
            changed: Condvar::new(),
            cancelled,
            sources_reading: AtomicU32::new(sources),
        }
    }

    /// The clock that busy and idle times are taken with.
    pub const fn wall(&self) -> WallClock {
        self.wall
    }

    /// Processing time now.
    pub fn now(&self) -> ProcTime {
        let state = self.lock();
        // Read with the lock held, so that a change of speed is either before or after.
        state.clock.at(self.wall.nanos())
    }

    /// How long until this instant; `None` while processing time stands still.
    pub fn until(&self, instant: ProcTime) -> Option<Duration> {
        let state = self.lock();
        state.clock.until(instant, self.wall.nanos())
    }

    /// Whether the run goes on, and the version of that answer for [`Control::wait`].
    pub fn phase(&self) -> (Phase, u64) {
        let state = self.lock();
        (state.phase, state.version)
    }

    /// A channel that becomes ready when the run is cancelled.
    pub fn cancelled(&self) -> Receiver<Infallible> {
        self.cancelled.clone()
    }

    /// Waits until `instant`, or until something has changed since `version` was read. `None` waits
    /// for a change alone.
    pub fn wait(&self, instant: Option<ProcTime>, version: u64) {
        let mut state = self.lock();
        while state.version == version {
            let left = instant.and_then(|instant| state.clock.until(instant, self.wall.nanos()));
            state = match left {
                Some(Duration::ZERO) => return,
                Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// A source has nothing left to read. Whether it was the last one.
    pub fn source_has_read_all(&self) -> bool {
        let is_last = self.sources_reading.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last {
            self.change(|_, _| {});
        }
        is_last
    }

    /// Whether any source has something left to read.
    pub fn is_any_source_reading(&self) -> bool {
        self.sources_reading.load(Ordering::Acquire) > 0
    }

    /// Sources wait and time stands still, until [`Control::resume`].
    pub fn pause(&self) {
        self.change(|state, nanos| {
            if state.phase == Phase::Running {
                state.phase = Phase::Paused;
                state.clock.set_speed(0.0, nanos);
            }
        });
    }

    /// After a pause, everything goes on.
    pub fn resume(&self) {
        self.change(|state, nanos| {
            if state.phase == Phase::Paused {
                state.phase = Phase::Running;
                state.clock.set_speed(state.speed, nanos);
            }
        });
    }

    /// Processing time goes at another speed, now or after the pause.
    pub fn set_speed(&self, speed: f64) {
        self.change(|state, nanos| {
            state.speed = speed;
            if state.phase != Phase::Paused {
                state.clock.set_speed(speed, nanos);
            }
        });
    }

    /// Sources read no more; what is under way is handled.
    pub fn stop(&self) {
        self.change(|state, nanos| {
            if matches!(state.phase, Phase::Running | Phase::Paused) {
                state.phase = Phase::Stopping;
                state.clock.set_speed(state.speed, nanos);
            }
        });
    }

    /// Every thread leaves as soon as it can.
    pub fn cancel(&self) {
        self.change(|state, _| {
            state.phase = Phase::Cancelled;
            state.cancel = None;
        });
    }

    fn change(&self, change: impl FnOnce(&mut State, u64)) {
        let mut state = self.lock();
        let nanos = self.wall.nanos();
        change(&mut state, nanos);
        state.version += 1;
        self.changed.notify_all();
    }

    /// A thread that panics while it holds the lock leaves a state that is whole: every change is a
    /// few assignments.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn time_stands_still_in_a_pause_and_a_cancelled_run_stays_so() {
        let control = Control::new(ProcTime::EPOCH, 1e6, 1, true);
        assert_eq!((control.now(), control.phase().0), (ProcTime::EPOCH, Phase::Paused));
        assert_eq!(control.until(ProcTime::from_millis(1)), None);
        control.resume();
        let second = ProcTime::EPOCH + Span::from_secs(1);
        control.wait(Some(second), control.phase().1);
        assert!(control.now() >= second);
        control.pause();
        let paused = control.now();
        assert_eq!(control.now(), paused);
        control.stop();
        control.cancel();
        control.resume();
        assert_eq!(control.phase().0, Phase::Cancelled);
        assert!(control.cancelled().recv().is_err());
    }

    #[test]
    fn the_last_source_that_has_read_all_wakes_the_others() {
        let control = Control::new(ProcTime::EPOCH, 1.0, 2, false);
        let (_, version) = control.phase();
        assert!(!control.source_has_read_all());
        assert!(control.is_any_source_reading());
        assert!(control.source_has_read_all());
        control.wait(None, version);
        assert!(!control.is_any_source_reading());
    }
}
