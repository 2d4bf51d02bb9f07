//! `--watermark`: the rule of a watermark in one word, with its most important number.
//!
//! What has more settings than that is set by its field, `--set watermark=...`.

use std::str::FromStr;

use crate::human::parse_span;
use crate::pipeline::{Marker, WatermarkSpec};
use crate::time::Span;

/// A rule of a watermark on the command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatermarkArg(pub WatermarkSpec);

const FORMS: &str =
    "bounded:30s, monotonous, lag:30s, percentile:0.99, adaptive, adaptive:4, punctuated:10, perfect or from-source";

impl FromStr for WatermarkArg {
    type Err = String;

    /// # Errors
    /// In words, with every form that there is.
    fn from_str(text: &str) -> Result<Self, String> {
        let (word, number) = match text.split_once(':') {
            Some((word, number)) => (word.trim(), Some(number.trim())),
            None => (text.trim(), None),
        };
        let unknown = || format!("{text:?} is not a watermark; write {FORMS}");
        let span = |number: &str| parse_span(number).map_err(|error| error.to_string());
        let spec = match (word, number) {
            ("bounded", Some(number)) => WatermarkSpec::Bounded { bound: span(number)? },
            ("lag", Some(number)) => WatermarkSpec::FixedLag { lag: span(number)? },
            ("percentile", Some(number)) => {
                let quantile = number.parse().map_err(|_| format!("{number:?} is not a number, as 0.99 is"))?;
                WatermarkSpec::Percentile { quantile, sample: WatermarkSpec::DEFAULT_SAMPLE }
            }
            ("adaptive", number) => {
                let deviations = match number {
                    Some(number) => number.parse().map_err(|_| format!("{number:?} is not a whole number"))?,
                    None => WatermarkSpec::DEFAULT_DEVIATIONS,
                };
                WatermarkSpec::Adaptive { deviations, min: Span::ZERO, max: WatermarkSpec::DEFAULT_MAX }
            }
            ("punctuated", Some(number)) => {
                let every = number.parse().map_err(|_| format!("{number:?} is not a whole number"))?;
                WatermarkSpec::Punctuated { marker: Marker::EveryNth(every), bound: Span::ZERO }
            }
            ("monotonous", None) => WatermarkSpec::Monotonous,
            ("perfect", None) => WatermarkSpec::Perfect,
            ("from-source", None) => WatermarkSpec::FromSource,
            _ => return Err(unknown()),
        };
        Ok(Self(spec))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<WatermarkSpec, String> {
        text.parse::<WatermarkArg>().map(|watermark| watermark.0)
    }

    #[test]
    fn watermarks_are_read_in_every_form() {
        let seconds = Span::from_secs;
        assert_eq!(read("bounded:30s"), Ok(WatermarkSpec::Bounded { bound: seconds(30) }));
        assert_eq!(read("monotonous"), Ok(WatermarkSpec::Monotonous));
        assert_eq!(read("lag: 1min 30s"), Ok(WatermarkSpec::FixedLag { lag: seconds(90) }));
        assert_eq!(read("percentile:0.99"), Ok(WatermarkSpec::Percentile { quantile: 0.99, sample: 1_000 }));
        let adaptive = |deviations| WatermarkSpec::Adaptive { deviations, min: Span::ZERO, max: seconds(86_400) };
        assert_eq!((read("adaptive"), read("adaptive:7")), (Ok(adaptive(4)), Ok(adaptive(7))));
        let every_tenth = WatermarkSpec::Punctuated { marker: Marker::EveryNth(10), bound: Span::ZERO };
        assert_eq!(read("punctuated:10"), Ok(every_tenth));
        assert_eq!((read("perfect"), read("from-source")), (Ok(WatermarkSpec::Perfect), Ok(WatermarkSpec::FromSource)));
    }

    #[test]
    fn wrong_watermarks_say_what_would_be_right() {
        for (text, part) in [
            ("bound:30s", "bounded:30s, monotonous"),
            ("bounded", "bounded:30s"),
            ("bounded:30", "30s"),
            ("percentile:most", "0.99"),
            ("adaptive:x", "whole number"),
            ("perfect:1", "perfect or from-source"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
