//! The wall clock of a run on threads, and the processing time that it drives.
//!
//! Processing time is a straight line over the wall clock, with another slope after every change of
//! speed; a pause is a slope of 0. It is the one thing of a run on threads that no replay can know,
//! which is why every task writes down what it was told.

#![expect(clippy::disallowed_methods, reason = "threads run in real time, and say how long they were busy")]

pub use std::time::Duration;
use std::time::Instant;

use crate::time::{ProcTime, Span};

/// Nanoseconds of the wall clock since the start of a run.
#[derive(Clone, Copy, Debug)]
pub struct WallClock(Instant);

impl WallClock {
    /// Starts now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since then; enough for 584 years.
    pub fn nanos(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Processing time as a function of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcClock {
    /// A point on the line: nanoseconds of the wall clock, and the instant that they are.
    anchor: (u64, ProcTime),
    /// Microseconds of processing time per microsecond of the wall clock; 0 while paused.
    speed: f64,
}

impl ProcClock {
    /// `origin` at the start of the wall clock, standing still.
    pub const fn paused_at(origin: ProcTime) -> Self {
        Self { anchor: (0, origin), speed: 0.0 }
    }

    /// The instant at these nanoseconds of the wall clock.
    pub fn at(&self, nanos: u64) -> ProcTime {
        let (from, instant) = self.anchor;
        // Exact for a hundred days of the wall clock.
        let micros = nanos.saturating_sub(from) as f64 * self.speed / 1_000.0;
        instant + Span::from_micros(micros as i64)
    }

    /// From these nanoseconds of the wall clock on, it goes at another speed.
    pub fn set_speed(&mut self, speed: f64, nanos: u64) {
        *self = Self { anchor: (nanos, self.at(nanos)), speed };
    }

    /// How long from these nanoseconds of the wall clock until `instant` has come; `None` while it
    /// stands still before that.
    pub fn until(&self, instant: ProcTime, nanos: u64) -> Option<Duration> {
        let left = (instant - self.at(nanos)).micros();
        if left <= 0 {
            return Some(Duration::ZERO);
        }
        // A microsecond more, so that it has come in whole microseconds too.
        let nanos = (left as f64 + 1.0) * 1_000.0 / self.speed;
        (self.speed > 0.0).then(|| Duration::from_nanos(nanos as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processing_time_follows_the_wall_clock_at_every_speed() {
        let mut clock = ProcClock::paused_at(ProcTime::from_millis(10));
        assert_eq!(clock.at(5_000_000), ProcTime::from_millis(10));
        assert_eq!(clock.until(ProcTime::from_millis(11), 5_000_000), None);
        clock.set_speed(2.0, 5_000_000);
        assert_eq!(clock.at(6_000_000), ProcTime::from_millis(12));
        clock.set_speed(0.5, 6_000_000);
        assert_eq!(clock.at(8_000_000), ProcTime::from_millis(13));
        assert_eq!(clock.at(5_000_000), ProcTime::from_millis(12), "it never goes back");
        assert_eq!(clock.until(ProcTime::from_millis(13), 8_000_000), Some(Duration::ZERO));
        assert_eq!(clock.until(ProcTime::from_millis(14), 8_000_000), Some(Duration::from_nanos(2_002_000)));
    }
}
