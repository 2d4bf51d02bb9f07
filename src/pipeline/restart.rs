//! What happens after a task has crashed: whether it is started again, how often, and how soon.
//!
//! The names are those of Apache Flink's restart strategies (documentation, Task Failure Recovery).

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
use crate::time::{ProcTime, SPAN_LIMIT, Span};

/// The shortest delay before a restart; a task that crashes on its first record would otherwise fill a
/// run with restarts.
pub const MIN_RESTART_DELAY: Span = Span::from_millis(1);
/// The most attempts.
pub const MAX_RESTARTS: u32 = 1_000_000;

/// Whether and when a task that has crashed is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RestartStrategy {
    /// Never: it stays down.
    None,
    /// Always after the same time.
    FixedDelay {
        /// How often in its life; up to [`MAX_RESTARTS`]. Without it, that often, but only as long as
        /// records come: a crash after the last record of the run has reached the log is its last, so
        /// that every run ends soon.
        #[serde(default)]
        attempts: Option<u32>,
        /// How long after the crash; at least 1 ms.
        delay: Span,
    },
}

/// A second, as in Flink (`restart-strategy.fixed-delay.delay`).
impl Default for RestartStrategy {
    fn default() -> Self {
        Self::FixedDelay { attempts: None, delay: Span::from_secs(1) }
    }
}

impl RestartStrategy {
    /// When a task is running again that crashes at `now`, after so many restarts; `None` when it stays
    /// down. `last_arrival` is when the last record of the run reaches the log.
    pub fn back_at(self, now: ProcTime, restarts: u32, last_arrival: ProcTime) -> Option<ProcTime> {
        match self {
            Self::None => None,
            Self::FixedDelay { attempts: Some(attempts), delay } => (restarts < attempts).then(|| now + delay),
            Self::FixedDelay { attempts: None, delay } => {
                (restarts < MAX_RESTARTS && now < last_arrival).then(|| now + delay)
            }
        }
    }

    /// Everything that is out of range, with paths from the pipeline.
    pub fn problems(self) -> Vec<Problem> {
        let mut found = Vec::new();
        if let Self::FixedDelay { attempts, delay } = self {
            if let Some(attempts) = attempts.filter(|&attempts| attempts > MAX_RESTARTS) {
                let message = format!("{attempts} is out of range: must be 0 to 1,000,000");
                found.push(Problem::new("restart.attempts", message));
            }
            if delay < MIN_RESTART_DELAY || delay > SPAN_LIMIT {
                let shown = crate::human::span_exact(delay);
                let message = format!("{shown} is out of range: must be at least 1ms, at most 115740d");
                found.push(Problem::new("restart.delay", message));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_run_out_and_without_a_number_the_records_do() {
        let at = |secs: i64| ProcTime::from_millis(secs * 1_000);
        let back = |strategy: RestartStrategy, now, restarts| strategy.back_at(at(now), restarts, at(60));
        let delay = Span::from_secs(5);
        assert_eq!(back(RestartStrategy::None, 10, 0), None);
        let twice = RestartStrategy::FixedDelay { attempts: Some(2), delay };
        assert_eq!([0, 1, 2].map(|restarts| back(twice, 10, restarts)), [Some(at(15)), Some(at(15)), None]);
        assert_eq!(back(twice, 90, 1), Some(at(95)));
        let endless = RestartStrategy::FixedDelay { attempts: None, delay };
        assert_eq!([10, 59, 60].map(|now| back(endless, now, 1_000)), [Some(at(15)), Some(at(64)), None]);
    }

    #[test]
    fn what_is_out_of_range_is_refused_with_its_limits() {
        assert_eq!(RestartStrategy::default().problems(), []);
        let strategy = RestartStrategy::FixedDelay { attempts: Some(1_000_001), delay: Span::ZERO };
        let found: Vec<String> = strategy.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(
            found,
            [
                "restart.attempts: 1000001 is out of range: must be 0 to 1,000,000",
                "restart.delay: 0s is out of range: must be at least 1ms, at most 115740d",
            ]
        );
    }
}
