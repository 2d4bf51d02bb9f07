//! How long a task works on one thing: its service time, varied evenly by a share of itself, and
//! longer while a fault slows the task.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::time::{ProcTime, Span};

/// A time in which a task is slower.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slow {
    /// First slow instant.
    pub from: ProcTime,
    /// First normal instant.
    pub until: ProcTime,
    /// How many times the service time.
    pub factor: f64,
}

/// Service times of one task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceTime {
    normal: Span,
    jitter: f64,
    seed: u64,
    slow: Vec<Slow>,
}

impl ServiceTime {
    /// `normal`, multiplied by the factor of everything in `slow` that is under way.
    pub const fn new(normal: Span, slow: Vec<Slow>) -> Self {
        Self { normal, jitter: 0.0, seed: 0, slow }
    }

    /// Varied evenly by up to the share `jitter` of itself, 0 to 1, drawn from `seed` and the number
    /// of what is worked on: the order in which things are worked on changes no draw.
    #[must_use]
    pub fn with_jitter(self, jitter: f64, seed: u64) -> Self {
        Self { jitter, seed, ..self }
    }

    /// The time without faults, on average.
    pub const fn usual(&self) -> Span {
        self.normal
    }

    /// Whether nothing ever takes time.
    pub fn is_zero(&self) -> bool {
        self.normal == Span::ZERO
    }

    /// Whether the times differ, and not by when things are started: they can be drawn ahead.
    pub fn is_drawn(&self) -> bool {
        self.jitter > 0.0 && self.slow.is_empty()
    }

    /// No time is longer while nothing is slow.
    pub fn longest_drawn(&self) -> Span {
        self.normal.times(2)
    }

    /// The time spent on the thing of this number that is started at `now`, rounded to a microsecond.
    #[inline]
    pub fn of(&self, number: u32, now: ProcTime) -> Span {
        if self.slow.is_empty() && self.jitter == 0.0 {
            return self.normal;
        }
        let mut factor = 1.0;
        for slow in &self.slow {
            if slow.from <= now && now < slow.until {
                factor *= slow.factor;
            }
        }
        if self.jitter > 0.0 {
            let bits = xxh3_64_with_seed(&number.to_le_bytes(), self.seed);
            // 53 bits fill a double of [0, 1) evenly.
            let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
            factor *= 1.0 + self.jitter * (2.0 * unit - 1.0);
        }
        // Neither is negative, so cutting off rounds to the nearest.
        Span::from_micros((self.normal.micros() as f64 * factor + 0.5) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_multiplies_from_its_first_instant_to_just_before_its_last() {
        let slow = Slow { from: ProcTime::from_millis(11_000), until: ProcTime::from_millis(21_000), factor: 7.0 };
        let service = ServiceTime::new(Span::from_millis(340), vec![slow]);
        let at = |ms| service.of(0, ProcTime::from_millis(ms));
        assert_eq!(at(10_999), Span::from_millis(340));
        assert_eq!(at(11_000), Span::from_millis(2_380));
        assert_eq!(at(20_999), Span::from_millis(2_380));
        assert_eq!(at(21_000), Span::from_millis(340));
    }

    #[test]
    fn jitter_is_even_about_the_service_time_and_a_function_of_the_number() {
        let service = ServiceTime::new(Span::from_millis(100), Vec::new()).with_jitter(0.5, 7);
        let times: Vec<i64> = (0..10_000).map(|number| service.of(number, ProcTime::EPOCH).micros()).collect();
        assert!(times.iter().all(|time| (50_000..=150_000).contains(time)));
        let mean = times.iter().sum::<i64>() as f64 / times.len() as f64;
        // The deviation of an even spread of 100 ms is 28.9 ms; of the mean of 10,000, 0.289 ms.
        assert!((mean - 100_000.0).abs() < 5.0 * 288.7, "{mean}");
        assert!(times.iter().any(|&time| time < 51_000) && times.iter().any(|&time| time > 149_000));
        assert_eq!(service.of(3, ProcTime::EPOCH).micros(), times[3]);
        assert!(service.is_drawn() && service.longest_drawn() == Span::from_millis(200));
        assert!(!ServiceTime::new(Span::from_millis(100), Vec::new()).is_drawn());
    }
}
