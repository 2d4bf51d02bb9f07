//! The description of a join: which records go together, how far event time is on either side, and
//! what a pair carries onward. Plain data with ranges.

use serde::{Deserialize, Serialize};

use crate::pipeline::{Pipeline, Problem, WatermarkOptions, WatermarkSpec, WindowSpec};
use crate::state::StateTtl;
use crate::time::{SPAN_LIMIT, Span};

/// The rules of a join of two streams.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JoinRules {
    /// Which records go together.
    pub kind: JoinKind,
    /// How the watermark of the left stream follows its records; the smaller of both counts.
    pub left_watermark: WatermarkSpec,
    /// How that of the right stream does.
    pub right_watermark: WatermarkSpec,
    /// The value that a pair carries onward.
    pub value: JoinedValue,
    /// Whether a pair keeps the key of its records; else all pairs are of one empty key.
    pub keyed: bool,
}

/// Which records of one key go together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum JoinKind {
    /// Those of which the right one happened within `lower` to `upper` of the left one, both included
    /// ([`crate::join::IntervalJoin`]).
    Interval {
        /// The earliest, as a distance from the left record; may be negative.
        lower: Span,
        /// The latest; at least `lower`.
        upper: Span,
    },
    /// Those that share a window: tumbling, sliding or cumulative ([`crate::join::WindowJoin`]).
    Window(WindowSpec),
    /// A left record and the row that was valid for its key when it happened: right records are the
    /// changes of a table ([`crate::join::TableJoin`]).
    AsOf {
        /// How long a row is kept that nobody touches; for ever when it is not said.
        #[serde(default)]
        ttl: Option<StateTtl>,
    },
}

impl JoinKind {
    /// In a few words, as a report says it.
    pub fn in_words(self) -> String {
        match self {
            Self::Interval { lower, upper } => format!("right within {lower} to {upper} after left"),
            Self::Window(window) => format!("in the same of {window}"),
            Self::AsOf { .. } => "with the row that was valid when left happened".to_owned(),
        }
    }
}

/// The value that a pair carries onward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinedValue {
    /// That of the left record.
    Left,
    /// That of the right record.
    #[default]
    Right,
    /// Left minus right.
    Difference,
    /// 1 where both are the same, else 0: the mean of it is an accuracy.
    Same,
}

impl JoinedValue {
    /// The value of a pair.
    pub fn of(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Left => left,
            Self::Right => right,
            Self::Difference => left - right,
            Self::Same => f64::from(u8::from(left.total_cmp(&right).is_eq())),
        }
    }
}

impl JoinRules {
    /// What is out of range, with paths from the join.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        match self.kind {
            JoinKind::Interval { lower, upper } => {
                for (path, span) in [("kind.lower", lower), ("kind.upper", upper)] {
                    if span > SPAN_LIMIT || span < -SPAN_LIMIT {
                        let shown = crate::human::span_exact(span);
                        found.push(Problem::new(path, format!("{shown} is out of range: must be at most 115740d")));
                    }
                }
                if lower > upper {
                    let (lower, upper) = (crate::human::span_exact(lower), crate::human::span_exact(upper));
                    let message = format!("{lower} is out of range: must be at most the upper end, {upper}");
                    found.push(Problem::new("kind.lower", message));
                }
            }
            JoinKind::Window(window) => found.extend(window_problems(window)),
            JoinKind::AsOf { ttl } => {
                let problem = ttl.and_then(|ttl| ttl.problem());
                found.extend(problem.map(|it| Problem::new(format!("kind.ttl.{}", it.path), it.message)));
            }
        }
        for (path, spec) in [("left_watermark", self.left_watermark), ("right_watermark", self.right_watermark)] {
            if spec == WatermarkSpec::FromSource {
                let message = "FromSource is for a pipeline; an input of a join follows its records";
                found.push(Problem::new(path, message));
            }
            let of_rule = crate::watermark::spec::problems(spec, &WatermarkOptions::default());
            let renamed = |it: Problem| Problem::new(it.path.replacen("watermark", path, 1), it.message);
            found.extend(of_rule.into_iter().map(renamed));
        }
        found
    }
}

fn window_problems(window: WindowSpec) -> Vec<Problem> {
    if matches!(window, WindowSpec::Session { .. } | WindowSpec::Global) {
        let message = "records are joined in windows that are known before: Tumbling, Sliding or Cumulative";
        return vec![Problem::new("kind", message)];
    }
    let problems = Pipeline { window, ..Pipeline::default() }.problems().into_iter();
    problems.map(|it| Problem::new(it.path.replacen("window", "kind", 1), it.message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_carries_what_is_asked_for() {
        let of = |value: JoinedValue| value.of(3.0, 1.0);
        assert_eq!([JoinedValue::Left, JoinedValue::Right, JoinedValue::Difference].map(of), [3.0, 1.0, 2.0]);
        assert_eq!((JoinedValue::Same.of(2.0, 2.0), JoinedValue::Same.of(2.0, 3.0)), (1.0, 0.0));
    }
}
