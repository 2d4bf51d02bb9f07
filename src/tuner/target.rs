//! What somebody wants of a setting: so many records counted, results so soon.

use std::str::FromStr;

use crate::human::parse_span;
use crate::time::Span;
use crate::tuner::frontier::Quantile;
use crate::tuner::point::Point;

/// What somebody wants of a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Target {
    /// At least this share of the records counted; above 0, at most 1.
    pub completeness: Option<f64>,
    /// Results at most so late.
    pub latency: Option<LatencyTarget>,
}

impl Target {
    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a point is what is wanted. Without results on time no latency is short enough.
    pub fn is_met_by(&self, point: &Point) -> bool {
        let is_complete = self.completeness.is_none_or(|least| point.completeness >= least);
        let is_soon = |target: LatencyTarget| {
            let latency = target.quantile.of(&point.result_latency_s);
            latency.is_some_and(|seconds| seconds <= target.at_most.as_secs_f64())
        };
        is_complete && self.latency.is_none_or(is_soon)
    }
}

/// A quantile of the latency of results, and the longest that it may be: `p99<=10s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyTarget {
    /// Which quantile.
    pub quantile: Quantile,
    /// Not negative.
    pub at_most: Span,
}

impl FromStr for LatencyTarget {
    type Err = String;

    /// # Errors
    /// In words, with what would be right.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a limit on latency; write p99<=10s, with p50, p95, p99 or max");
        let (name, span) = text.split_once("<=").ok_or_else(wrong)?;
        let quantile = Quantile::of_name(name.trim()).ok_or_else(wrong)?;
        let at_most = parse_span(span).map_err(|error| format!("{text:?}: {error}"))?;
        if at_most.is_negative() {
            return Err(wrong());
        }
        Ok(Self { quantile, at_most })
    }
}

/// As it is written: `p99 within 10s`.
impl std::fmt::Display for LatencyTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} within {}", self.quantile.name(), self.at_most)
    }
}

/// A share as people write it: `99.9%` or `0.999`; above 0, at most 1.
///
/// # Errors
/// In words, with what would be right.
pub fn parse_share(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is not a share of the records; write 99.9% or 0.999");
    let (number, is_percent) = match text.trim().strip_suffix('%') {
        Some(number) => (number, true),
        None => (text, false),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    // 99.9 / 100 is a little more than 0.999; rounded to a part of 10^12 it is not.
    let share = if is_percent { libm::round(number * 1e10) / 1e12 } else { number };
    if share > 0.0 && share <= 1.0 { Ok(share) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_as_people_write_them() {
        assert_eq!([parse_share("99.9%"), parse_share("0.999"), parse_share("100 %")], [Ok(0.999), Ok(0.999), Ok(1.0)]);
        for wrong in ["", "%", "101%", "0", "1.5", "nan", "-1%"] {
            assert!(parse_share(wrong).is_err_and(|told| told.contains("99.9%")), "{wrong}");
        }
        let limit = LatencyTarget { quantile: Quantile::P99, at_most: Span::from_secs(10) };
        assert_eq!(("p99<=10s".parse(), " p99 <= 10s".parse()), (Ok(limit), Ok(limit)));
        assert_eq!(limit.to_string(), "p99 within 10 s");
        for wrong in ["p99", "p98<=10s", "p99<10s", "p99<=-1s", "p99<=soon"] {
            assert!(wrong.parse::<LatencyTarget>().is_err(), "{wrong}");
        }
    }
}
