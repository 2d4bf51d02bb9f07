//! The rules of a source: dates, rates, keys, values and delays.

use std::collections::BTreeSet;

use super::{Check, Least};
use crate::human::{count, span_exact};
use crate::scenario::{
    DelayQuantile, DelaySpec, Fault, KeySpec, RateShape, RecordingSpec, Spacing, Synthetic, ValueSpec,
};
use crate::source::MAX_RECORDS;
use crate::time::Span;

/// The most keys of a synthetic source; each takes a name and a row in several tables.
pub const MAX_KEYS: u32 = 1_000_000;
/// How deep mixtures of delays may be nested; two already need an explanation.
pub const MAX_MIXTURE_DEPTH: usize = 4;
/// The most parts of one mixture of delays.
pub const MAX_MIXTURE_PARTS: usize = 100;
/// The most points of measured delays: every percentile ten times over.
pub const MAX_QUANTILES: usize = 1_000;
/// Values of records are at most this large, so that the sum of the longest stream is finite and
/// whole numbers are exact.
pub const MAX_VALUE: f64 = 9_007_199_254_740_992.0;

impl Check {
    pub(super) fn synthetic(&mut self, source: &Synthetic, duration: Span, faults: &[Fault]) {
        if source.start_time().is_none() {
            let message = format!(
                "{:?} is not a date; write it like \"2026-03-02 12:00:00\" (UTC) or \"2026-03-02T13:00:00+01:00\"",
                source.start
            );
            self.add("source.start", message);
        }
        self.number("source.rate", source.rate, source.rate > 0.0, "a number above 0, in records per second");
        if self.rate_shape(&source.rate_shape, duration) {
            self.amount(source, duration, faults);
        }
        self.arrivals(source, duration);
        self.keys(&source.keys);
        self.values(&source.values);
        self.delay("source.delay", &source.delay, 0);
        self.partitions(source);
        self.producers(&source.producers);
    }

    fn amount(&mut self, source: &Synthetic, duration: Span, faults: &[Fault]) {
        let records = source.expected_records(duration, faults);
        if records.is_finite() && records > MAX_RECORDS as f64 {
            let is_constant = source.rate_shape == RateShape::Constant;
            let shape = if is_constant { "" } else { " and its shape" };
            let bursts =
                if faults.iter().any(|fault| matches!(fault, Fault::Burst { .. })) { ", with bursts," } else { "" };
            let message = format!(
                "{} per second{shape}{bursts} over {} would make about {} records; the limit is {}; lower the rate or the duration",
                source.rate,
                span_exact(duration),
                count(records as u64),
                count(MAX_RECORDS)
            );
            self.add("source.rate", message);
        }
    }

    fn arrivals(&mut self, source: &Synthetic, duration: Span) {
        let Spacing::Bursts { active, silent } = source.arrivals else {
            return;
        };
        self.span("source.arrivals.active", active, Least::AboveZero);
        self.span("source.arrivals.silent", silent, Least::Zero);
        let cycle = active + silent;
        if active > Span::ZERO && silent >= Span::ZERO {
            let per_key = duration.as_secs_f64() / cycle.as_secs_f64();
            let spells = per_key * f64::from(source.keys.count());
            if spells > MAX_RECORDS as f64 {
                let message = format!(
                    "spells of {} and silences of {} make about {} bursts over {}; the limit is {}; make them longer",
                    span_exact(active),
                    span_exact(silent),
                    count(spells as u64),
                    span_exact(duration),
                    count(MAX_RECORDS)
                );
                self.add("source.arrivals", message);
            }
        }
    }

    fn keys(&mut self, keys: &KeySpec) {
        let key_count = keys.count();
        if !(1..=MAX_KEYS).contains(&key_count) {
            let limit = count(u64::from(MAX_KEYS));
            self.add("source.keys.count", format!("{key_count} is out of range: must be 1 to {limit}"));
        }
        match *keys {
            KeySpec::Uniform { .. } => {}
            KeySpec::Zipf { exponent, .. } => {
                self.number("source.keys.exponent", exponent, (0.0..=10.0).contains(&exponent), "0 to 10");
            }
            KeySpec::Hot { share, .. } => {
                self.number("source.keys.share", share, (0.0..=1.0).contains(&share), "0 to 1");
            }
        }
        let names = keys.given_names();
        if names.len() > key_count as usize {
            let message = format!(
                "{} names for {key_count} {}; set the count to {} or leave names out",
                names.len(),
                if key_count == 1 { "key" } else { "keys" },
                names.len()
            );
            self.add("source.keys.names", message);
            return;
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            self.add("source.keys.names", format!("{twice:?} is there twice; every key needs a name of its own"));
        }
        let numbered = |name: &&String| {
            let rank = name.strip_prefix('k').and_then(|digits| digits.parse::<u32>().ok()).unwrap_or(0);
            rank as usize > names.len() && rank <= key_count && keys.name(rank - 1) == name.as_str()
        };
        if let Some(taken) = names.iter().find(numbered) {
            self.add("source.keys.names", format!("{taken:?} is also the name of a key without one; name all keys"));
        }
    }

    pub(super) fn values(&mut self, values: &ValueSpec) {
        let in_range = |value: f64| value.abs() <= MAX_VALUE;
        let range = "a number of at most 2^53 in magnitude";
        match *values {
            ValueSpec::Constant(value) => self.number("source.values", value, in_range(value), range),
            ValueSpec::Integers { min, max } => {
                self.number("source.values.min", min as f64, in_range(min as f64), range);
                self.number("source.values.max", max as f64, in_range(max as f64), range);
                if min > max {
                    self.add("source.values.min", format!("{min} is out of range: must be at most the max, {max}"));
                }
            }
            ValueSpec::Uniform { min, max } => {
                self.number("source.values.min", min, in_range(min), range);
                self.number("source.values.max", max, in_range(max), range);
                if min > max {
                    self.add("source.values.min", format!("{min} is out of range: must be at most the max, {max}"));
                }
            }
        }
    }

    pub(super) fn delay(&mut self, path: &str, delay: &DelaySpec, depth: usize) {
        let at = |field: &str| format!("{path}.{field}");
        match delay {
            DelaySpec::Constant { delay } => self.span(&at("delay"), *delay, Least::Zero),
            DelaySpec::Uniform { min, max } => {
                self.span(&at("min"), *min, Least::Zero);
                self.span(&at("max"), *max, Least::Zero);
                if min > max {
                    let (min, max) = (span_exact(*min), span_exact(*max));
                    self.add(&at("min"), format!("{min} is out of range: must be at most the max, {max}"));
                }
            }
            DelaySpec::Exponential { mean, max } => {
                self.span(&at("mean"), *mean, Least::Zero);
                self.span(&at("max"), *max, Least::Zero);
            }
            DelaySpec::LogNormal { median, sigma, max } => {
                self.span(&at("median"), *median, Least::Zero);
                self.number(&at("sigma"), *sigma, (0.0..=10.0).contains(sigma), "0 to 10");
                self.span(&at("max"), *max, Least::Zero);
            }
            DelaySpec::Pareto { scale, shape, max } => {
                self.span(&at("scale"), *scale, Least::Zero);
                self.number(&at("shape"), *shape, *shape > 0.0 && *shape <= 1_000.0, "above 0, at most 1000");
                self.span(&at("max"), *max, Least::Zero);
            }
            DelaySpec::Quantiles(points) => self.quantiles(path, points),
            DelaySpec::Mixture(parts) => {
                if depth >= MAX_MIXTURE_DEPTH {
                    self.add(
                        path,
                        format!("mixtures are nested more than {MAX_MIXTURE_DEPTH} deep; that is the limit"),
                    );
                    return;
                }
                if !(1..=MAX_MIXTURE_PARTS).contains(&parts.len()) {
                    let message = format!("a mixture of {} parts: must have 1 to {MAX_MIXTURE_PARTS}", parts.len());
                    self.add(path, message);
                    return;
                }
                for (i, part) in parts.iter().enumerate() {
                    let legal = part.weight > 0.0 && part.weight <= 1e9;
                    self.number(&at(&format!("{i}.weight")), part.weight, legal, "above 0, at most 1000000000");
                    self.delay(&at(&format!("{i}.delay")), &part.delay, depth + 1);
                }
            }
        }
    }

    fn quantiles(&mut self, path: &str, points: &[DelayQuantile]) {
        if !(1..=MAX_QUANTILES).contains(&points.len()) {
            self.add(path, format!("{} quantiles: must have 1 to {MAX_QUANTILES}", points.len()));
            return;
        }
        for (i, point) in points.iter().enumerate() {
            self.number(&format!("{path}.{i}.p"), point.p, (0.0..=1.0).contains(&point.p), "0 to 1");
            self.span(&format!("{path}.{i}.delay"), point.delay, Least::Zero);
        }
        for (i, pair) in points.windows(2).enumerate() {
            let (before, point) = (pair[0], pair[1]);
            if point.p <= before.p {
                let message = format!("{} is out of range: must be more than the one before, {}", point.p, before.p);
                self.add(&format!("{path}.{}.p", i + 1), message);
            }
            if point.delay < before.delay {
                let (delay, before) = (span_exact(point.delay), span_exact(before.delay));
                let message = format!("{delay} is out of range: must be at least the one before, {before}");
                self.add(&format!("{path}.{}.delay", i + 1), message);
            }
        }
    }

    pub(super) fn recording(&mut self, source: &RecordingSpec) {
        if source.path.trim().is_empty() {
            self.add("source.path", "is missing: name a .csv, .jsonl or .parquet file, relative to the scenario file");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::check::tests::{check, with};

    #[test]
    fn the_source_is_checked() {
        check(
            &["source.start=noon"],
            &["source.start: \"noon\" is not a date; write it like \"2026-03-02 12:00:00\" (UTC) or \
               \"2026-03-02T13:00:00+01:00\""],
        );
        for rate in ["0", "-1", "inf", "NaN"] {
            let shown = format!("source.rate: {rate} is out of range: must be a number above 0, in records per second");
            check(&[&format!("source.rate={rate}")], &[&shown]);
        }
        check(
            &["source.rate=20000001", "duration=1s"],
            &["source.rate: 20000001 per second over 1s would make about 20,000,001 records; the limit is \
               20,000,000; lower the rate or the duration"],
        );
        check(&["duration=-1s"], &["duration: -1s is out of range: must be more than 0, at most 115740d"]);
        check(
            &["arrivals=bursts(active: 0s, silent: -1s)"],
            &[
                "source.arrivals.active: 0s is out of range: must be more than 0, at most 115740d",
                "source.arrivals.silent: -1s is out of range: must be 0 or more, at most 115740d",
            ],
        );
        check(
            &["arrivals=bursts(active: 1us, silent: 1us)"],
            &["source.arrivals: spells of 1us and silences of 1us make about 300,000,000 bursts over 10min; \
               the limit is 20,000,000; make them longer"],
        );
    }

    #[test]
    fn keys_and_values_are_checked() {
        check(&["keys.count=0"], &["source.keys.count: 0 is out of range: must be 1 to 1,000,000"]);
        check(
            &["keys=zipf(count: 1000001, exponent: 10.5)"],
            &[
                "source.keys.count: 1000001 is out of range: must be 1 to 1,000,000",
                "source.keys.exponent: 10.5 is out of range: must be 0 to 10",
            ],
        );
        check(
            &["keys=uniform(count: 1, names: [\"a\", \"b\"])"],
            &["source.keys.names: 2 names for 1 key; set the count to 2 or leave names out"],
        );
        check(
            &["keys=uniform(count: 2, names: [\"a\", \"a\"])"],
            &["source.keys.names: \"a\" is there twice; every key needs a name of its own"],
        );
        check(
            &["keys=uniform(count: 3, names: [\"k3\"])"],
            &["source.keys.names: \"k3\" is also the name of a key without one; name all keys"],
        );
        check(&["keys=uniform(count: 3, names: [\"k1\", \"k0\", \"k03\"])"], &[]);
        check(
            &["keys=hot(count: 0, share: 1.5)"],
            &[
                "source.keys.count: 0 is out of range: must be 1 to 1,000,000",
                "source.keys.share: 1.5 is out of range: must be 0 to 1",
            ],
        );
        check(
            &["values=integers(min: 2, max: 1)"],
            &["source.values.min: 2 is out of range: must be at most the max, 1"],
        );
        check(
            &["values=uniform(min: 0, max: 1e16)"],
            &["source.values.max: 10000000000000000 is out of range: must be a number of at most 2^53 in magnitude"],
        );
    }

    #[test]
    fn delays_are_checked_in_every_part() {
        check(
            &["delay=Uniform(min: 2s, max: 1s)"],
            &["source.delay.min: 2s is out of range: must be at most the max, 1s"],
        );
        check(
            &["delay=Exponential(mean: -1s)"],
            &["source.delay.mean: -1s is out of range: must be 0 or more, at most 115740d"],
        );
        check(
            &["delay=LogNormal(median: 1s, sigma: 10.1)"],
            &["source.delay.sigma: 10.1 is out of range: must be 0 to 10"],
        );
        check(
            &["delay=Pareto(scale: 1s, shape: 0)"],
            &["source.delay.shape: 0 is out of range: must be above 0, at most 1000"],
        );
        check(
            &["delay=Mixture([(weight: 0, delay: Constant(delay: 1s)), (weight: 1, delay: Constant(delay: -1s))])"],
            &[
                "source.delay.0.weight: 0 is out of range: must be above 0, at most 1000000000",
                "source.delay.1.delay.delay: -1s is out of range: must be 0 or more, at most 115740d",
            ],
        );
        check(
            &["delay=quantiles([(p: 0.5, delay: 2s), (p: 0.5, delay: 1s), (p: 1.5, delay: 3s)])"],
            &[
                "source.delay.2.p: 1.5 is out of range: must be 0 to 1",
                "source.delay.1.p: 0.5 is out of range: must be more than the one before, 0.5",
                "source.delay.1.delay: 1s is out of range: must be at least the one before, 2s",
            ],
        );
        check(&["delay=quantiles([])"], &["source.delay: 0 quantiles: must have 1 to 1000"]);
        check(&["delay=Mixture([])"], &["source.delay: a mixture of 0 parts: must have 1 to 100"]);
        let nested = |depth: usize| {
            let (open, close) = ("Mixture([(weight: 1, delay: ".repeat(depth), ")])".repeat(depth));
            with(&[&format!("delay={open}Constant(delay: 1s){close}")]).problems()
        };
        assert_eq!(nested(MAX_MIXTURE_DEPTH), []);
        assert_eq!(nested(MAX_MIXTURE_DEPTH + 1)[0].message, "mixtures are nested more than 4 deep; that is the limit");
    }
}
