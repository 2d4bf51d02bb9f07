//! The one place of the commands that reads a wall clock: to say how fast a run was. No result
//! depends on it.

#![expect(clippy::disallowed_methods, reason = "the speed of a run is a wall-clock figure")]

use std::time::{Duration, Instant};

/// Wall-clock time since its start.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
