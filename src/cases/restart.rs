//! Cases of restart strategies: failures at instants, and whether and when the job comes back.

use serde::Deserialize;
use serde_json::Value;

use crate::pipeline::RestartStrategy;
use crate::pipeline::restart::{MAX_RESTARTS, Restarts};
use crate::time::{ProcTime, Span};

/// A case.
#[derive(Debug, Deserialize)]
struct Case {
    strategy: Strategy,
    steps: Vec<Step>,
}

/// The strategy, all spans in milliseconds.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Strategy {
    FixedDelay {
        attempts: u32,
        delay_ms: i64,
    },
    FailureRate {
        max_failures_per_interval: u32,
        interval_ms: i64,
        delay_ms: i64,
    },
    ExponentialDelay {
        initial_ms: i64,
        max_ms: i64,
        multiplier: f64,
        reset_threshold_ms: i64,
        jitter: f64,
        attempts_before_reset: u32,
    },
}

/// A failure, and what the strategy says to it.
#[derive(Debug, Deserialize)]
struct Step {
    failure_at_ms: i64,
    new_attempt: bool,
    restart: bool,
    backoff_ms: Option<i64>,
}

impl Strategy {
    fn ours(&self) -> RestartStrategy {
        // Flink says the largest integer where it means that there is no limit.
        let limited = |attempts: u32| Some(attempts).filter(|&attempts| attempts <= MAX_RESTARTS);
        match *self {
            Self::FixedDelay { attempts, delay_ms } => {
                RestartStrategy::FixedDelay { attempts: limited(attempts), delay: Span::from_millis(delay_ms) }
            }
            Self::FailureRate { max_failures_per_interval, interval_ms, delay_ms } => RestartStrategy::FailureRate {
                max_failures: max_failures_per_interval,
                interval: Span::from_millis(interval_ms),
                delay: Span::from_millis(delay_ms),
            },
            Self::ExponentialDelay {
                initial_ms,
                max_ms,
                multiplier,
                reset_threshold_ms,
                jitter,
                attempts_before_reset,
            } => RestartStrategy::ExponentialDelay {
                initial: Span::from_millis(initial_ms),
                max: Span::from_millis(max_ms),
                multiplier,
                jitter,
                reset_threshold: Span::from_millis(reset_threshold_ms),
                attempts: limited(attempts_before_reset),
            },
        }
    }
}

/// Runs a case: nothing when it passes, else the first difference in words.
///
/// # Errors
/// The difference, or why the case cannot be used.
pub fn run_case(case: &Value) -> Result<(), String> {
    let case = Case::deserialize(case).map_err(|error| format!("not a restart case: {error}"))?;
    let mut restarts = Restarts::new(case.strategy.ours(), 0);
    for (place, step) in case.steps.iter().enumerate() {
        let now = ProcTime::from_millis(step.failure_at_ms);
        let verdict = restarts.failure(now);
        let backoff_ms = verdict.back_at.map(|back_at| (back_at - now).micros() / 1_000);
        let told = |what: &str, expected: String, found: String| {
            let at = step.failure_at_ms;
            Err(format!("step {} (failure at {at} ms): expected {what} {expected}, found {found}", place + 1))
        };
        if verdict.is_new_attempt != step.new_attempt {
            return told("a new attempt:", step.new_attempt.to_string(), verdict.is_new_attempt.to_string());
        }
        if backoff_ms.is_some() != step.restart {
            return told("a restart:", step.restart.to_string(), backoff_ms.is_some().to_string());
        }
        if backoff_ms != step.backoff_ms {
            let shown = |ms: Option<i64>| ms.map_or_else(|| "none".to_owned(), |ms| format!("{ms} ms"));
            return told("a delay of", shown(step.backoff_ms), shown(backoff_ms));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &str) -> Result<(), String> {
        let text = format!(r#"{{"strategy":{{"kind":"fixed_delay","attempts":1,"delay_ms":5}},"steps":[{steps}]}}"#);
        run_case(&serde_json::from_str(&text).expect("JSON"))
    }

    #[test]
    fn a_wrong_expectation_fails_in_words() {
        let first = r#"{"failure_at_ms":1,"new_attempt":true,"restart":true,"backoff_ms":5}"#;
        assert_eq!(run(first), Ok(()));
        let told = run(r#"{"failure_at_ms":1,"new_attempt":true,"restart":true,"backoff_ms":6}"#);
        assert_eq!(told, Err("step 1 (failure at 1 ms): expected a delay of 6 ms, found 5 ms".to_owned()));
        let told = run(&format!(r#"{first},{{"failure_at_ms":2,"new_attempt":true,"restart":true,"backoff_ms":5}}"#));
        assert_eq!(told, Err("step 2 (failure at 2 ms): expected a restart: true, found false".to_owned()));
        let told = run(r#"{"failure_at_ms":1,"new_attempt":false,"restart":true,"backoff_ms":5}"#);
        assert_eq!(told, Err("step 1 (failure at 1 ms): expected a new attempt: false, found true".to_owned()));
    }

    #[test]
    fn a_broken_case_is_told_apart() {
        let told = run_case(&serde_json::json!({"strategy": {"kind": "other"}, "steps": []}));
        assert!(told.is_err_and(|told| told.starts_with("not a restart case: ")));
    }
}
