//! The rules that a scenario must keep before it can run.
//!
//! Every problem is reported in one go, in the order of the fields, with the path of its field
//! from the root of the scenario. A scenario without problems can be generated and run.

use crate::human::{count, span_exact};
use crate::pipeline::Problem;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::{
    DelaySpec, Fault, KeySpec, RecordingSpec, SCENARIO_VERSION, Scenario, SourceSpec, Spacing, Synthetic, ValueSpec,
};
use crate::source::MAX_RECORDS;
use crate::time::{SPAN_LIMIT, Span};

/// The most keys of a synthetic source; each takes a name and a row in several tables.
pub const MAX_KEYS: u32 = 1_000_000;
/// The most faults; a screen cannot show more, and each is asked about in every step.
pub const MAX_FAULTS: usize = 1_000;
/// How deep mixtures of delays may be nested; two already need an explanation.
pub const MAX_MIXTURE_DEPTH: usize = 4;
/// The most parts of one mixture of delays.
pub const MAX_MIXTURE_PARTS: usize = 100;
/// Values of records are at most this large, so that the sum of the longest stream is finite and
/// whole numbers are exact.
pub const MAX_VALUE: f64 = 9_007_199_254_740_992.0;

impl Scenario {
    /// Everything that is out of range, in the order of the fields; empty when this can run.
    pub fn problems(&self) -> Vec<Problem> {
        let mut check = Check::default();
        if self.version == 0 || self.version > SCENARIO_VERSION {
            check.add(
                "version",
                format!("{} is not a version of this format: must be {SCENARIO_VERSION}", self.version),
            );
        }
        check.span("duration", self.duration, Least::AboveZero);
        match &self.source {
            SourceSpec::Synthetic(source) => check.synthetic(source, self.duration),
            SourceSpec::Recording(source) => check.recording(source),
        }
        let pipeline = self.pipeline.problems().into_iter();
        check.found.extend(pipeline.map(|it| Problem::new(format!("pipeline.{}", it.path), it.message)));
        check.faults(&self.faults, &self.source);
        check.found
    }
}

/// Problems as lines of text, `path: message`.
pub fn in_words(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
    lines.join("\n")
}

/// The smallest legal length of a span.
#[derive(Clone, Copy)]
enum Least {
    Zero,
    AboveZero,
}

#[derive(Default)]
struct Check {
    found: Vec<Problem>,
}

impl Check {
    fn add(&mut self, path: &str, message: impl Into<String>) {
        self.found.push(Problem::new(path, message));
    }

    fn span(&mut self, path: &str, span: Span, least: Least) {
        let (enough, range) = match least {
            Least::Zero => (span >= Span::ZERO, "0 or more"),
            Least::AboveZero => (span > Span::ZERO, "more than 0"),
        };
        if !enough || span > SPAN_LIMIT {
            self.add(path, format!("{} is out of range: must be {range}, at most 115740d", span_exact(span)));
        }
    }

    /// `value` must be a finite number for which `legal` holds; `range` says which those are.
    fn number(&mut self, path: &str, value: f64, legal: bool, range: &str) {
        if !(value.is_finite() && legal) {
            self.add(path, format!("{value} is out of range: must be {range}"));
        }
    }

    fn synthetic(&mut self, source: &Synthetic, duration: Span) {
        if source.start_time().is_none() {
            let message = format!(
                "{:?} is not a date; write it like \"2026-03-02 12:00:00\" (UTC) or \"2026-03-02T13:00:00+01:00\"",
                source.start
            );
            self.add("source.start", message);
        }
        self.number("source.rate", source.rate, source.rate > 0.0, "a number above 0, in records per second");
        let records = source.expected_records(duration);
        if records.is_finite() && records > MAX_RECORDS as f64 {
            let message = format!(
                "{} per second over {} would make about {} records; the limit is {}; lower the rate or the duration",
                source.rate,
                span_exact(duration),
                count(records as u64),
                count(MAX_RECORDS)
            );
            self.add("source.rate", message);
        }
        self.arrivals(source, duration);
        self.keys(&source.keys);
        self.values(&source.values);
        self.delay("source.delay", &source.delay, 0);
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
        if let KeySpec::Zipf { exponent, .. } = *keys {
            self.number("source.keys.exponent", exponent, (0.0..=10.0).contains(&exponent), "0 to 10");
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
        let mut seen = std::collections::BTreeSet::new();
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

    fn values(&mut self, values: &ValueSpec) {
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

    fn delay(&mut self, path: &str, delay: &DelaySpec, depth: usize) {
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

    fn recording(&mut self, source: &RecordingSpec) {
        if source.path.trim().is_empty() {
            self.add("source.path", "is missing: name a .csv or .jsonl file, relative to the scenario file");
        }
    }

    fn faults(&mut self, faults: &[Fault], source: &SourceSpec) {
        if faults.len() > MAX_FAULTS {
            self.add("faults", format!("{} faults: the limit is {}", faults.len(), count(MAX_FAULTS as u64)));
            return;
        }
        for (i, fault) in faults.iter().enumerate() {
            let at = |field: &str| format!("faults.{i}.{field}");
            let (from, until) = match fault {
                Fault::Offline { key, from, until } => {
                    self.offline_key(&format!("faults.{i}"), key, source);
                    (*from, *until)
                }
                Fault::SlowOperator { from, until, factor } => {
                    let legal = (1.0..=1e6).contains(factor);
                    self.number(&at("factor"), *factor, legal, "1 to 1000000");
                    (*from, *until)
                }
            };
            self.span(&at("from"), from, Least::Zero);
            self.span(&at("until"), until, Least::AboveZero);
            if from >= until {
                let (from, until) = (span_exact(from), span_exact(until));
                self.add(&at("from"), format!("{from} is out of range: must be before until, {until}"));
            }
        }
    }

    fn offline_key(&mut self, path: &str, key: &str, source: &SourceSpec) {
        match source {
            SourceSpec::Recording(_) => {
                self.add(path, "a recording has its arrivals; only producers of a synthetic source can be offline");
            }
            SourceSpec::Synthetic(source) if source.keys.rank(key).is_none() => {
                let shown = source.keys.count().min(5);
                let names: Vec<_> = (0..shown).map(|rank| source.keys.name(rank)).collect();
                let list = names.join(", ") + if source.keys.count() > shown { ", ..." } else { "" };
                let guess = did_you_mean(key, names.iter().map(|name| &**name));
                self.add(&format!("{path}.key"), format!("{key:?} is not a key of the source ({list}){guess}"));
            }
            SourceSpec::Synthetic(_) => {}
        }
    }
}
