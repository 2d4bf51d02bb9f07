//! A join in a scenario: a second stream, and how it is brought together with the first. The pairs are
//! the stream that the pipeline then runs on.
//!
//! Plain data; [`crate::source::second`] makes the second stream, [`crate::join::run`] joins.

use serde::{Deserialize, Serialize};

use crate::join::spec::{JoinKind, JoinRules, JoinedValue};
use crate::pipeline::WatermarkSpec;
use crate::scenario::{DelaySpec, RecordingSpec, RecordsSpec, Synthetic, ValueSpec};
use crate::time::Span;

/// A join of the source (left) with a second stream (right), by key and event time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinSpec {
    /// Which records go together.
    pub kind: JoinKind,
    /// The second stream.
    pub with: JoinWith,
    /// How the watermark of the left stream follows its records; the smaller of both counts.
    #[serde(default)]
    pub left_watermark: WatermarkSpec,
    /// How that of the right stream does.
    #[serde(default)]
    pub right_watermark: WatermarkSpec,
    /// The value that a pair carries onward.
    #[serde(default)]
    pub value: JoinedValue,
    /// Whether a pair keeps the key of its records; else all pairs are of one empty key, so that a
    /// window holds all of them.
    #[serde(default = "keeps_key")]
    pub keyed: bool,
}

const fn keeps_key() -> bool {
    true
}

/// The second stream of a join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum JoinWith {
    /// Records made from the seed, with draws of their own.
    Synthetic(Box<Synthetic>),
    /// Rows of a file, in order of arrival.
    Recording(RecordingSpec),
    /// Records written out one by one.
    Records(RecordsSpec),
    /// What comes of the records of the first stream: clicks after views, outcomes after predictions.
    Following(Following),
}

/// A record of the second stream for (most) records of the first, with the same key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Following {
    /// For which part of the first stream's records one ever comes; 0 to 1.
    pub share: f64,
    /// How long after the first one it happens.
    pub after: DelaySpec,
    /// How long it then takes to reach the log.
    pub delay: DelaySpec,
    /// Which part of them repeats the value of the first record; 0 to 1.
    pub repeats: f64,
    /// The value of the others.
    pub values: ValueSpec,
}

impl Default for Following {
    fn default() -> Self {
        Self {
            share: 1.0,
            after: DelaySpec::Constant { delay: Span::ZERO },
            delay: DelaySpec::Constant { delay: Span::ZERO },
            repeats: 1.0,
            values: ValueSpec::Constant(1.0),
        }
    }
}

impl JoinSpec {
    /// The rules, without the second stream.
    pub const fn rules(&self) -> JoinRules {
        JoinRules {
            kind: self.kind,
            left_watermark: self.left_watermark,
            right_watermark: self.right_watermark,
            value: self.value,
            keyed: self.keyed,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::parse;

    fn problems(join: &str) -> Vec<String> {
        let text = format!("(title: \"x\", source: Synthetic(), join: ({join}))");
        match parse(&text, "f.ron") {
            Ok(_) => Vec::new(),
            Err(error) => error.problems.into_iter().map(|it| format!("{}: {}", it.path, it.message)).collect(),
        }
    }

    #[test]
    fn legal_joins_have_no_problem() {
        for join in [
            r#"kind: Interval(lower: "-1s", upper: "1s"), with: Following()"#,
            r#"kind: Window(Tumbling(size: "1min")), with: Synthetic(rate: 3)"#,
            r#"kind: AsOf(), with: Records(records: [(event_time: "12:00:00")])"#,
            r#"kind: AsOf(ttl: (time_to_live: "1h")), with: Recording(path: "prices.csv"), value: Difference"#,
        ] {
            assert_eq!(problems(join), [""; 0], "{join}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_where_it_is() {
        let check = |join: &str, expected: &[&str]| {
            let found = problems(join);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            found.iter().zip(expected).for_each(|(found, part)| assert!(found.starts_with(part), "{found}"));
        };
        check(
            r#"kind: Interval(lower: "2s", upper: "1s"), with: Following(share: 1.5)"#,
            &["join.kind.lower: 2s is out of range: must be at most the upper end, 1s", "join.with.share: 1.5"],
        );
        check(r#"kind: Window(Session(gap: "1s")), with: Following()"#, &["join.kind: records are joined in windows"]);
        check(r#"kind: Window(Tumbling(size: "0s")), with: Following()"#, &["join.kind.size: 0s is out of range"]);
        check(
            r#"kind: AsOf(), with: Synthetic(rate: -1), left_watermark: FromSource, right_watermark: FixedLag(lag: "-1s")"#,
            &["join.left_watermark: FromSource", "join.right_watermark.lag: -1s", "join.with.rate: -1 is out of range"],
        );
        check(
            r#"kind: AsOf(), with: Following(after: Exponential(mean: "-1s"), repeats: 2)"#,
            &["join.with.after.mean: -1s", "join.with.repeats: 2 is out of range"],
        );
    }
}
