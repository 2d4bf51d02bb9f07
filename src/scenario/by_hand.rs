//! Records that someone puts into the log by hand, beside those of the source.
//!
//! Plain data; [`crate::source::by_hand`] merges them into a stream. Instants are distances from the start
//! of the run, as those of faults are, so that the same record can be put into a synthetic stream and into
//! a recording.

use serde::{Deserialize, Serialize};

use super::check::MAX_VALUE;
use crate::human::{count, span_exact};
use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// The most records that are put in by hand; each is a mark of its own on every screen.
pub const MAX_BY_HAND: usize = 1_000;

/// The longest key of a record that is put in by hand, in bytes; it has to fit in a label.
pub const MAX_KEY_BYTES: usize = 100;

/// A record that is put into the log by hand.
///
/// It goes past producers and network, to the partition that its key has by then, or else to the one of its
/// hash, and comes after the records that reach the log at the same instant. From there on it is a record
/// like all others: counted as produced, read, counted or dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandRecord {
    /// When it reaches the log, from the start of the run; 0 to 115,740 days.
    pub at: Span,
    /// When it happened, from the start of the run on the clock of events; may be negative.
    pub event_time: Span,
    /// What it is grouped by; at most 100 bytes. It may be one that the source does not have.
    #[serde(default)]
    pub key: String,
    /// What is aggregated; finite, at most 2^53 in magnitude.
    #[serde(default = "one")]
    pub value: f64,
}

/// As without a value column in a recording.
const fn one() -> f64 {
    1.0
}

/// Everything that is out of range, in the order of the fields, with paths from the root of a scenario.
pub(crate) fn problems(records: &[HandRecord]) -> Vec<Problem> {
    if records.len() > MAX_BY_HAND {
        let message = format!("{} records: the limit is {}", records.len(), count(MAX_BY_HAND as u64));
        return vec![Problem::new("by_hand", message)];
    }
    let mut found = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let mut add = |field: &str, message| found.push(Problem::new(format!("by_hand.{i}.{field}"), message));
        if record.at < Span::ZERO || record.at > SPAN_LIMIT {
            add("at", format!("{} is out of range: must be 0 or more, at most 115740d", span_exact(record.at)));
        }
        if record.event_time < -SPAN_LIMIT || record.event_time > SPAN_LIMIT {
            let event_time = span_exact(record.event_time);
            add("event_time", format!("{event_time} is out of range: must be -115740d to 115740d"));
        }
        if record.key.len() > MAX_KEY_BYTES {
            add("key", format!("has {} bytes: the limit is {MAX_KEY_BYTES}", record.key.len()));
        }
        if !(record.value.is_finite() && record.value.abs() <= MAX_VALUE) {
            let message = format!("{} is out of range: must be a number of at most 2^53 in magnitude", record.value);
            add("value", message);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::scenario::check::tests::check;

    #[test]
    fn records_by_hand_are_checked() {
        check(&["by_hand=[(at: 3min, event_time: -2min, key: \"a\", value: 5), (at: 0s, event_time: 0s)]"], &[]);
        check(
            &[r#"by_hand=[(at: "-1s", event_time: "0s", value: 1e300)]"#],
            &[
                "by_hand.0.at: -1s is out of range: must be 0 or more, at most 115740d",
                &format!(
                    "by_hand.0.value: {} is out of range: must be a number of at most 2^53 in magnitude",
                    1e300_f64
                ),
            ],
        );
        let long = format!("by_hand=[(at: 0s, event_time: 0s, key: \"{}\")]", "k".repeat(101));
        check(&[&long], &["by_hand.0.key: has 101 bytes: the limit is 100"]);
        let many = format!("by_hand=[{}]", "(at: 0s, event_time: 0s),".repeat(1_001));
        check(&[&many], &["by_hand: 1001 records: the limit is 1,000"]);
    }
}
