//! What happens after a failure: whether it is started again, how often, and how soon.
//!
//! The strategies, their names and their defaults are those of Apache Flink (documentation, Task Failure
//! Recovery; FLIP-364 for the exponential delay). This is the description; [`Restarts`] carries it out.

mod restarts;

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
pub use crate::pipeline::restart::restarts::{Restarts, Verdict};
use crate::time::{SPAN_LIMIT, Span};

/// The shortest delay before a restart; a task that crashes on its first record would otherwise fill a
/// run with restarts.
pub const MIN_RESTART_DELAY: Span = Span::from_millis(1);
/// The most attempts.
pub const MAX_RESTARTS: u32 = 1_000_000;
/// The largest multiplier of an exponential delay.
pub const MAX_MULTIPLIER: f64 = 1_000.0;

/// Whether and when what has failed is started again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RestartStrategy {
    /// Never: it stays down.
    None,
    /// Always after the same time.
    FixedDelay {
        /// How often in its life; up to [`MAX_RESTARTS`]. Without it, that often, but only as long as
        /// records come: a crash after the last record of the run has reached the log is its last, so
        /// that every run ends soon. (Flink's default is 1.)
        #[serde(default)]
        attempts: Option<u32>,
        /// How long after the crash; at least 1 ms.
        #[serde(default = "second")]
        delay: Span,
    },
    /// After a time that grows with every attempt, until it has run long enough. Flink's choice when
    /// checkpoints are on.
    ExponentialDelay {
        /// The first delay; at least 1 ms.
        #[serde(default = "second")]
        initial: Span,
        /// The longest delay; at least `initial`.
        #[serde(default = "minute")]
        max: Span,
        /// By how much every delay is longer than the one before; 1 to [`MAX_MULTIPLIER`].
        #[serde(default = "default_multiplier")]
        multiplier: f64,
        /// By which share of itself a delay varies, either way; 0 to 1.
        #[serde(default = "default_jitter")]
        jitter: f64,
        /// How long it has to run after a restart for the delay to start over; positive.
        #[serde(default = "hour")]
        reset_threshold: Span,
        /// How many attempts there are until it starts over; up to [`MAX_RESTARTS`]. Without it, as for
        /// a fixed delay.
        #[serde(default)]
        attempts: Option<u32>,
    },
    /// Always after the same time, unless there were too many failures lately.
    FailureRate {
        /// How many failures within `interval` are borne; up to [`MAX_RESTARTS`].
        #[serde(default = "one")]
        max_failures: u32,
        /// What lately is; positive. A failure exactly so long ago still counts.
        #[serde(default = "minute")]
        interval: Span,
        /// How long after the crash; at least 1 ms.
        #[serde(default = "second")]
        delay: Span,
    },
}

const fn second() -> Span {
    Span::from_secs(1)
}

const fn minute() -> Span {
    Span::from_secs(60)
}

const fn hour() -> Span {
    Span::from_secs(3_600)
}

const fn one() -> u32 {
    1
}

const fn default_multiplier() -> f64 {
    1.5
}

const fn default_jitter() -> f64 {
    0.1
}

/// A second, as in Flink (`restart-strategy.fixed-delay.delay`).
impl Default for RestartStrategy {
    fn default() -> Self {
        Self::FixedDelay { attempts: None, delay: second() }
    }
}

impl RestartStrategy {
    /// What Flink does when checkpoints are on and nothing is said (`restart-strategy.type`).
    pub const EXPONENTIAL: Self = Self::ExponentialDelay {
        initial: second(),
        max: minute(),
        multiplier: default_multiplier(),
        jitter: default_jitter(),
        reset_threshold: hour(),
        attempts: None,
    };

    /// Whether it never gives up by itself, so that a failure that comes back forever needs another end.
    pub const fn is_endless(self) -> bool {
        match self {
            Self::None => false,
            Self::FixedDelay { attempts, .. } | Self::ExponentialDelay { attempts, .. } => attempts.is_none(),
            Self::FailureRate { .. } => true,
        }
    }

    /// Everything that is out of range, with paths from the pipeline.
    pub fn problems(self) -> Vec<Problem> {
        match self {
            Self::None => Vec::new(),
            Self::FixedDelay { attempts, delay } => {
                [count("attempts", attempts.unwrap_or(0)), span("delay", delay, MIN_RESTART_DELAY)]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            Self::ExponentialDelay { initial, max, multiplier, jitter, reset_threshold, attempts } => [
                span("initial", initial, MIN_RESTART_DELAY),
                span("max", max, initial.max(MIN_RESTART_DELAY)),
                share("multiplier", multiplier, 1.0, MAX_MULTIPLIER),
                share("jitter", jitter, 0.0, 1.0),
                span("reset_threshold", reset_threshold, MIN_RESTART_DELAY),
                count("attempts", attempts.unwrap_or(0)),
            ]
            .into_iter()
            .flatten()
            .collect(),
            Self::FailureRate { max_failures, interval, delay } => [
                count("max_failures", max_failures),
                span("interval", interval, MIN_RESTART_DELAY),
                span("delay", delay, MIN_RESTART_DELAY),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

fn count(field: &str, count: u32) -> Option<Problem> {
    let message = format!("{count} is out of range: must be 0 to 1,000,000");
    (count > MAX_RESTARTS).then(|| Problem::new(format!("restart.{field}"), message))
}

fn span(field: &str, span: Span, least: Span) -> Option<Problem> {
    let (shown, least_shown) = (crate::human::span_exact(span), crate::human::span_exact(least));
    let message = format!("{shown} is out of range: must be at least {least_shown}, at most 115740d");
    (span < least || span > SPAN_LIMIT).then(|| Problem::new(format!("restart.{field}"), message))
}

fn share(field: &str, share: f64, least: f64, most: f64) -> Option<Problem> {
    let message = format!("{share} is out of range: must be {least} to {most}");
    // Not a number is in no range.
    (!(least..=most).contains(&share)).then(|| Problem::new(format!("restart.{field}"), message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(strategy: RestartStrategy, expected: &[&str]) {
        let found: Vec<String> = strategy.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_out_of_range_is_refused_with_its_limits() {
        check(RestartStrategy::default(), &[]);
        check(RestartStrategy::EXPONENTIAL, &[]);
        check(
            RestartStrategy::FixedDelay { attempts: Some(1_000_001), delay: Span::ZERO },
            &[
                "restart.attempts: 1000001 is out of range: must be 0 to 1,000,000",
                "restart.delay: 0s is out of range: must be at least 1ms, at most 115740d",
            ],
        );
        let exponential = RestartStrategy::ExponentialDelay {
            initial: second(),
            max: Span::from_millis(999),
            multiplier: 0.5,
            jitter: f64::NAN,
            reset_threshold: Span::ZERO,
            attempts: None,
        };
        check(
            exponential,
            &[
                "restart.max: 999ms is out of range: must be at least 1s, at most 115740d",
                "restart.multiplier: 0.5 is out of range: must be 1 to 1000",
                "restart.jitter: NaN is out of range: must be 0 to 1",
                "restart.reset_threshold: 0s is out of range: must be at least 1ms, at most 115740d",
            ],
        );
        let rate = RestartStrategy::FailureRate { max_failures: 2_000_000, interval: Span::MAX, delay: second() };
        assert_eq!(rate.problems().len(), 2);
    }

    #[test]
    fn what_a_scenario_leaves_out_is_as_in_flink() {
        let read = |text: &str| ron::from_str::<RestartStrategy>(text);
        assert_eq!(read("ExponentialDelay()"), Ok(RestartStrategy::EXPONENTIAL));
        let rate = RestartStrategy::FailureRate { max_failures: 1, interval: minute(), delay: second() };
        assert_eq!(read("FailureRate()"), Ok(rate));
        assert_eq!(read("FixedDelay()"), Ok(RestartStrategy::default()));
        let five = RestartStrategy::FixedDelay { attempts: None, delay: Span::from_secs(5) };
        assert_eq!(read("FixedDelay(delay: \"5s\")"), Ok(five));
        assert!(read("FailureRate(attempts: 3)").is_err());
    }
}
