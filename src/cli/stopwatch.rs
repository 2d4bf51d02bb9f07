//! The one place of the commands that reads a wall clock: to say how fast a run was, and on which day a file
//! was opened. No result depends on it.

#![expect(clippy::disallowed_methods, reason = "the speed of a run is a wall-clock figure")]

use std::time::{Duration, Instant, SystemTime};

/// Seconds since 1970 UTC; 0 where the clock stands before that.
pub fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

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
