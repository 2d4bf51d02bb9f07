//! Which aggregate: plain data with ranges, in files (`TopK(3)`) and on the command line (`top-k:3`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;

/// An [`Aggregate::TopK`] keeps at most so many values per key and window.
pub const MAX_TOP_K: u32 = 1_000;

/// What is computed per key and window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Aggregate {
    /// How many records.
    #[default]
    Count,
    /// The sum of their values.
    Sum,
    /// The arithmetic mean of their values.
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// How many different values.
    Distinct,
    /// How many different values, estimated by a HyperLogLog sketch in at most 4 KiB.
    DistinctApprox,
    /// The value that this part of the values does not exceed (nearest rank), above 0 and at most 1.
    /// Exact for a few hundred values, estimated by a t-digest beyond.
    Quantile(f64),
    /// The so many largest values, 1 to [`MAX_TOP_K`]. As one number: the smallest of them.
    TopK(u32),
    /// The value of the record that happened first; the earlier record where two did.
    First,
    /// The value of the record that happened last; the later record where two did.
    Last,
}

impl Aggregate {
    /// Whether a [`crate::window::aggregate::Summary`] cannot answer it.
    pub const fn is_special(self) -> bool {
        !matches!(self, Self::Count | Self::Sum | Self::Mean | Self::Min | Self::Max)
    }

    /// What is out of range.
    pub fn problem(self) -> Option<Problem> {
        let (shown, range) = match self {
            Self::Quantile(q) if !(q > 0.0 && q <= 1.0) => (q.to_string(), "above 0, at most 1".to_owned()),
            Self::TopK(k) if !(1..=MAX_TOP_K).contains(&k) => (k.to_string(), format!("1 to {MAX_TOP_K}")),
            _ => return None,
        };
        Some(Problem::new("aggregate", format!("{shown} is out of range: must be {range}")))
    }
}

const WORDS: [(&str, Aggregate); 9] = [
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("mean", Aggregate::Mean),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("distinct", Aggregate::Distinct),
    ("distinct-approx", Aggregate::DistinctApprox),
    ("first", Aggregate::First),
    ("last", Aggregate::Last),
];

/// As on the command line: `count`, `quantile:0.99`, `top-k:3`.
impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantile(q) => write!(f, "quantile:{q}"),
            Self::TopK(k) => write!(f, "top-k:{k}"),
            plain => f.write_str(WORDS.iter().find(|(_, known)| known == plain).map_or("", |(word, _)| word)),
        }
    }
}

impl FromStr for Aggregate {
    type Err = String;

    /// # Errors
    /// In words, with every form that there is.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = WORDS.iter().find(|(word, _)| *word == text).map(|(_, aggregate)| *aggregate);
        let with_number = text.split_once(':').and_then(|(word, number)| match word {
            "quantile" => number.parse().ok().map(Self::Quantile),
            "top-k" => number.parse().ok().map(Self::TopK),
            _ => None,
        });
        let aggregate = plain.or(with_number).ok_or_else(|| {
            let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            format!("{text:?} is not an aggregate; write {}, quantile:0.99 or top-k:3", words.join(", "))
        })?;
        aggregate.problem().map_or(Ok(aggregate), |problem| Err(problem.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        let more = [Aggregate::Quantile(0.99), Aggregate::TopK(3)];
        for aggregate in WORDS.iter().map(|(_, aggregate)| *aggregate).chain(more) {
            assert_eq!(aggregate.to_string().parse(), Ok(aggregate));
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_words() {
        let told = |text: &str| text.parse::<Aggregate>().expect_err(text);
        assert!(told("median").starts_with("\"median\" is not an aggregate; write count, sum, "));
        assert_eq!(told("quantile:1.5"), "1.5 is out of range: must be above 0, at most 1");
        assert_eq!(told("top-k:0"), "0 is out of range: must be 1 to 1000");
        assert!(told("quantile:x").ends_with("quantile:0.99 or top-k:3"));
    }
}
