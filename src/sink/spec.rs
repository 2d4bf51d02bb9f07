//! Which sink a pipeline has: plain data of a scenario.

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// The transaction timeout where a scenario names none: 15 minutes, the most that a Kafka broker allows
/// unless told otherwise (`transaction.max.timeout.ms`).
pub const DEFAULT_TRANSACTION_TIMEOUT: Span = Span::from_secs(900);

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum SinkSpec {
    /// Every result is one more row, visible at once. What is emitted twice is there twice.
    #[default]
    Append,
    /// A table with one row for every key and window start; the last write wins, visible at once.
    Upsert,
    /// Rows are written in transactions that a completed checkpoint commits. Readers that wait for the
    /// commit see every result once, and later.
    TwoPhaseCommit {
        /// How long a transaction may be open before the log aborts it by itself; positive.
        #[serde(default = "default_timeout")]
        transaction_timeout: Span,
    },
}

const fn default_timeout() -> Span {
    DEFAULT_TRANSACTION_TIMEOUT
}

impl SinkSpec {
    /// What is out of range, as a path from the field that holds this.
    pub fn problem(self, path: &str) -> Option<Problem> {
        let Self::TwoPhaseCommit { transaction_timeout } = self else { return None };
        let is_legal = transaction_timeout > Span::ZERO && transaction_timeout <= SPAN_LIMIT;
        let shown = crate::human::span_exact(transaction_timeout);
        let message = format!("{shown} is out of range: must be more than 0, at most 115740d");
        (!is_legal).then(|| Problem::new(format!("{path}.transaction_timeout"), message))
    }

    /// The word for it on screens: `append`, `upsert`, `two-phase commit`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Upsert => "upsert",
            Self::TwoPhaseCommit { .. } => "two-phase commit",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_limits() {
        let problem = |transaction_timeout| SinkSpec::TwoPhaseCommit { transaction_timeout }.problem("sink");
        assert_eq!(problem(Span::from_micros(1)), None);
        let found = problem(Span::ZERO).expect("a problem");
        assert_eq!(found.path, "sink.transaction_timeout");
        assert_eq!(found.message, "0s is out of range: must be more than 0, at most 115740d");
        assert!(problem(Span::MAX).is_some());
        assert_eq!(SinkSpec::Append.problem("sink"), None);
    }

    #[test]
    fn it_is_written_in_words() {
        let read = |text: &str| ron::from_str::<SinkSpec>(text);
        let timeout = DEFAULT_TRANSACTION_TIMEOUT;
        assert_eq!(read("TwoPhaseCommit()"), Ok(SinkSpec::TwoPhaseCommit { transaction_timeout: timeout }));
        let minute = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_secs(60) };
        assert_eq!(read("TwoPhaseCommit(transaction_timeout: \"1min\")"), Ok(minute));
        assert_eq!(read("Upsert"), Ok(SinkSpec::Upsert));
        assert!(read("TwoPhaseCommit(timeout: \"1min\")").is_err());
    }
}
