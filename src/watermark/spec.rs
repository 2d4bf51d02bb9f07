//! The description of a watermark: which rule, and what surrounds it. Plain data with ranges.
//!
//! Scenario files written before an option existed stay valid: every option has a default, and the
//! defaults together are "after every record, no idleness, one input".

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// A [`WatermarkSpec::Percentile`] remembers at most so many delays; every record moves half of
/// them in memory, so ten times more would be felt.
pub const MAX_SAMPLE: u32 = 10_000;

/// Beyond so many mean deviations an [`WatermarkSpec::Adaptive`] watermark only grows its `max`.
pub const MAX_DEVIATIONS: u32 = 1_000;

/// How the watermark follows the records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum WatermarkSpec {
    /// Bounded out-of-orderness: the largest event time seen minus `bound`.
    Bounded {
        /// How far a record may be behind the newest one and still be on time; not negative.
        bound: Span,
    },
    /// The largest event time seen: bounded with 0, for a stream in order.
    Monotonous,
    /// Marker records carry it: the largest event time of a marker minus `bound`.
    Punctuated {
        /// Which records are markers.
        marker: Marker,
        /// How far the watermark stays behind a marker; not negative.
        #[serde(default)]
        bound: Span,
    },
    /// The processing clock minus `lag`, whatever the records say.
    FixedLag {
        /// How far it stays behind the clock; not negative.
        lag: Span,
    },
    /// The newest arrival minus a quantile of the delays of the last records.
    Percentile {
        /// Which part of the records is meant to be on time; above 0, at most 1.
        quantile: f64,
        /// How many delays are remembered; 1 to [`MAX_SAMPLE`].
        #[serde(default = "default_sample")]
        sample: u32,
    },
    /// The newest arrival minus the delays' running mean and `deviations` times their running mean
    /// deviation, as TCP sets its retransmission timer.
    Adaptive {
        /// How many mean deviations above the mean are still on time; 0 to [`MAX_DEVIATIONS`].
        #[serde(default = "default_deviations")]
        deviations: u32,
        /// It is never nearer to the newest arrival than this; not negative.
        #[serde(default)]
        min: Span,
        /// It is never farther from the newest arrival than this; at least `min`.
        #[serde(default = "default_max")]
        max: Span,
    },
    /// The smallest event time still to come: no record is ever behind, and no other watermark
    /// of which that is true is larger. It knows the future, which only a simulation can.
    Perfect,
    /// What the source itself says at certain instants of processing time, whatever its records are
    /// (as `TestStream` does in Apache Beam). Only records that are written out say anything.
    FromSource,
}

const fn default_sample() -> u32 {
    WatermarkSpec::DEFAULT_SAMPLE
}

const fn default_deviations() -> u32 {
    WatermarkSpec::DEFAULT_DEVIATIONS
}

const fn default_max() -> Span {
    WatermarkSpec::DEFAULT_MAX
}

/// Which records are markers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Marker {
    /// Every so many records: the n-th, the 2n-th, ...; at least 1.
    EveryNth(u32),
    /// Records with exactly this value, such as a heartbeat of 0.
    ValueEquals(f64),
}

impl Default for WatermarkSpec {
    fn default() -> Self {
        Self::Bounded { bound: Span::ZERO }
    }
}

impl WatermarkSpec {
    /// How many delays a percentile remembers when nothing is said: a thousand are enough to tell a
    /// 99.9 % quantile from the maximum.
    pub const DEFAULT_SAMPLE: u32 = 1_000;
    /// Mean deviations of an adaptive watermark when nothing is said, as in TCP (RFC 6298).
    pub const DEFAULT_DEVIATIONS: u32 = 4;
    /// The farthest that an adaptive watermark stays behind when nothing is said: a day. Later than
    /// that, a person looks.
    pub const DEFAULT_MAX: Span = Span::from_secs(86_400);

    /// How far the watermark is meant to stay behind, as far as that is a fixed number: the bound,
    /// the lag, or the least distance of an adaptive one; else 0.
    pub const fn bound(self) -> Span {
        match self {
            Self::Bounded { bound } | Self::Punctuated { bound, .. } => bound,
            Self::FixedLag { lag } => lag,
            Self::Adaptive { min, .. } => min,
            Self::Monotonous | Self::Percentile { .. } | Self::Perfect | Self::FromSource => Span::ZERO,
        }
    }
}

/// In a few words, as a report says it: `bound 30s`.
impl fmt::Display for WatermarkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounded { bound } => write!(f, "bound {bound}"),
            Self::Monotonous => f.write_str("monotonous"),
            Self::Punctuated { marker: Marker::EveryNth(n), bound } => write!(f, "marker every {n}, bound {bound}"),
            Self::Punctuated { marker: Marker::ValueEquals(value), bound } => {
                write!(f, "marker value {value}, bound {bound}")
            }
            Self::FixedLag { lag } => write!(f, "lag {lag} behind the clock"),
            Self::Percentile { quantile, sample } => write!(f, "quantile {quantile} of the last {sample} delays"),
            Self::Adaptive { deviations, .. } => write!(f, "mean delay and {deviations} deviations"),
            Self::Perfect => f.write_str("perfect watermark"),
            Self::FromSource => f.write_str("watermark of the source"),
        }
    }
}

/// What surrounds the rule of a watermark, whichever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatermarkOptions {
    /// When the watermark is handed on.
    pub emit: Emit,
    /// An input that is silent for longer is left out until it speaks again; positive.
    pub idle_after: Option<Span>,
    /// A record whose event time is more than this ahead of its arrival does not raise the
    /// watermark (it is counted in its windows all the same); not negative.
    pub max_future: Option<Span>,
    /// Whether every partition has a watermark of its own, of which the minimum counts.
    pub per_partition: bool,
    /// A partition whose watermark is more than this ahead of the slowest one's is not read for
    /// the time being; not negative. Needs `per_partition`.
    pub max_drift: Option<Span>,
}

/// When a watermark is handed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Emit {
    /// After every record that raises it.
    #[default]
    PerRecord,
    /// Every interval of processing time, counted from the first arrival.
    Periodic {
        /// Distance between two emissions; positive.
        interval: Span,
    },
}

/// Collects what is out of range.
struct Check(Vec<Problem>);

impl Check {
    fn span(&mut self, path: &str, span: Span, least: i64) {
        if span.micros() < least || span > SPAN_LIMIT {
            let range = if least > 0 { "more than 0" } else { "0 or more" };
            self.add(path, &crate::human::span_exact(span), &format!("{range}, at most 115740d"));
        }
    }

    fn add(&mut self, path: &str, shown: &str, range: &str) {
        self.0.push(Problem::new(path, format!("{shown} is out of range: must be {range}")));
    }
}

/// Everything of the watermark that is out of range, in the order of the fields.
pub fn problems(spec: WatermarkSpec, options: &WatermarkOptions) -> Vec<Problem> {
    let mut check = Check(Vec::new());
    match spec {
        WatermarkSpec::Bounded { bound } => check.span("watermark.bound", bound, 0),
        WatermarkSpec::Punctuated { marker, bound } => {
            match marker {
                Marker::EveryNth(0) => check.add("watermark.marker", "every 0th record", "1 or more"),
                Marker::ValueEquals(value) if !value.is_finite() => {
                    check.add("watermark.marker", &value.to_string(), "a number");
                }
                _ => {}
            }
            check.span("watermark.bound", bound, 0);
        }
        WatermarkSpec::FixedLag { lag } => check.span("watermark.lag", lag, 0),
        WatermarkSpec::Percentile { quantile, sample } => {
            if !(quantile > 0.0 && quantile <= 1.0) {
                check.add("watermark.quantile", &quantile.to_string(), "above 0, at most 1");
            }
            if !(1..=MAX_SAMPLE).contains(&sample) {
                check.add("watermark.sample", &sample.to_string(), &format!("1 to {MAX_SAMPLE}"));
            }
        }
        WatermarkSpec::Adaptive { deviations, min, max } => {
            if deviations > MAX_DEVIATIONS {
                check.add("watermark.deviations", &deviations.to_string(), &format!("0 to {MAX_DEVIATIONS}"));
            }
            check.span("watermark.min", min, 0);
            check.span("watermark.max", max, 0);
            if min > max {
                let least = crate::human::span_exact(min);
                check.add("watermark.max", &crate::human::span_exact(max), &format!("at least the min, {least}"));
            }
        }
        WatermarkSpec::FromSource if *options != WatermarkOptions::default() => {
            let message = "FromSource says itself when and how far the watermark rises; it has no options";
            check.0.push(Problem::new("watermark_options", message));
        }
        WatermarkSpec::Monotonous | WatermarkSpec::Perfect | WatermarkSpec::FromSource => {}
    }
    check.options(options);
    check.0
}

impl Check {
    fn options(&mut self, options: &WatermarkOptions) {
        if let Emit::Periodic { interval } = options.emit {
            self.span("watermark_options.emit.interval", interval, 1);
        }
        if let Some(idle_after) = options.idle_after {
            self.span("watermark_options.idle_after", idle_after, 1);
        }
        if let Some(max_future) = options.max_future {
            self.span("watermark_options.max_future", max_future, 0);
        }
        if let Some(max_drift) = options.max_drift {
            self.span("watermark_options.max_drift", max_drift, 0);
            if !options.per_partition {
                let message = "needs per_partition: true; without it there is nothing to align";
                self.0.push(Problem::new("watermark_options.max_drift", message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Pipeline;

    fn check(spec: WatermarkSpec, options: WatermarkOptions, expected: &[(&str, &str)]) {
        let pipeline = Pipeline { watermark: spec, watermark_options: options, ..Pipeline::default() };
        let found = pipeline.problems();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (problem, (path, part)) in found.iter().zip(expected) {
            assert_eq!(problem.path, *path);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
    }

    fn secs(seconds: i64) -> Span {
        Span::from_secs(seconds)
    }

    #[test]
    fn every_setting_out_of_range_is_named() {
        let options = WatermarkOptions::default();
        check(WatermarkSpec::Bounded { bound: secs(-1) }, options, &[("watermark.bound", "-1s is out of range")]);
        let nth = WatermarkSpec::Punctuated { marker: Marker::EveryNth(0), bound: Span::ZERO };
        check(nth, options, &[("watermark.marker", "every 0th record")]);
        let value = WatermarkSpec::Punctuated { marker: Marker::ValueEquals(f64::NAN), bound: secs(-1) };
        check(value, options, &[("watermark.marker", "NaN"), ("watermark.bound", "-1s")]);
        check(WatermarkSpec::FixedLag { lag: secs(-2) }, options, &[("watermark.lag", "-2s")]);
        let percentile = WatermarkSpec::Percentile { quantile: 1.5, sample: 0 };
        check(percentile, options, &[("watermark.quantile", "1.5"), ("watermark.sample", "1 to 10000")]);
        let percentile = WatermarkSpec::Percentile { quantile: f64::NAN, sample: 1 };
        check(percentile, options, &[("watermark.quantile", "above 0, at most 1")]);
        let adaptive = WatermarkSpec::Adaptive { deviations: 1_001, min: secs(2), max: secs(1) };
        check(adaptive, options, &[("watermark.deviations", "0 to 1000"), ("watermark.max", "at least the min, 2s")]);
    }

    #[test]
    fn every_option_out_of_range_is_named() {
        let options = WatermarkOptions {
            emit: Emit::Periodic { interval: Span::ZERO },
            idle_after: Some(Span::ZERO),
            max_future: Some(secs(-1)),
            per_partition: false,
            max_drift: Some(secs(-1)),
        };
        let expected = [
            ("watermark_options.emit.interval", "more than 0"),
            ("watermark_options.idle_after", "more than 0"),
            ("watermark_options.max_future", "0 or more"),
            ("watermark_options.max_drift", "0 or more"),
            ("watermark_options.max_drift", "needs per_partition"),
        ];
        check(WatermarkSpec::Perfect, options, &expected);
    }

    #[test]
    fn a_watermark_is_told_in_a_few_words() {
        let told = |spec: WatermarkSpec| spec.to_string();
        assert_eq!(told(WatermarkSpec::Bounded { bound: secs(90) }), "bound 1 min 30 s");
        let marker = Marker::ValueEquals(0.0);
        assert_eq!(told(WatermarkSpec::Punctuated { marker, bound: secs(1) }), "marker value 0, bound 1 s");
        let percentile = WatermarkSpec::Percentile { quantile: 0.99, sample: 500 };
        assert_eq!(told(percentile), "quantile 0.99 of the last 500 delays");
    }

    #[test]
    fn files_say_what_they_mean_and_old_ones_stay_valid() {
        let extensions = ron::extensions::Extensions::IMPLICIT_SOME;
        let ron = ron::Options::default().with_default_extension(extensions);
        let read = |text: &str| ron.from_str::<Pipeline>(text).expect(text);
        let old = read(r#"(watermark: Bounded(bound: "30s"))"#);
        assert_eq!(old.watermark, WatermarkSpec::Bounded { bound: secs(30) });
        assert_eq!(old.watermark_options, WatermarkOptions::default());
        assert_eq!(read("(watermark: Monotonous)").watermark, WatermarkSpec::Monotonous);
        let marker = Marker::ValueEquals(0.0);
        let punctuated = read("(watermark: Punctuated(marker: ValueEquals(0)))").watermark;
        assert_eq!(punctuated, WatermarkSpec::Punctuated { marker, bound: Span::ZERO });
        let percentile = read("(watermark: Percentile(quantile: 0.99))").watermark;
        assert_eq!(percentile, WatermarkSpec::Percentile { quantile: 0.99, sample: 1_000 });
        let adaptive = read("(watermark: Adaptive())").watermark;
        assert_eq!(adaptive, WatermarkSpec::Adaptive { deviations: 4, min: Span::ZERO, max: secs(86_400) });
        let options = read(
            r#"(watermark_options: (
                emit: Periodic(interval: "200ms"), idle_after: "30s", per_partition: true, max_drift: "1min",
            ))"#,
        );
        let expected = WatermarkOptions {
            emit: Emit::Periodic { interval: Span::from_millis(200) },
            idle_after: Some(secs(30)),
            max_future: None,
            per_partition: true,
            max_drift: Some(secs(60)),
        };
        assert_eq!(options.watermark_options, expected);
    }
}
