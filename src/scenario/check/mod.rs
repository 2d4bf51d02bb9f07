//! The rules that a scenario must keep before it can run.
//!
//! Every problem is reported in one go, in the order of the fields, with the path of its field
//! from the root of the scenario. A scenario without problems can be generated and run.

mod faults;
mod join;
mod partitions;
mod producers;
mod rate;
mod source;

pub use faults::{MAX_BURST, MAX_FACTOR, MAX_FAULTS};
pub use partitions::MAX_PARTITIONS;
pub use producers::{MAX_DRIFT_PPM, MAX_PRODUCERS, MAX_TRIES};
pub use rate::{MAX_BURSTS, MAX_RATE_STEPS};
pub use source::{MAX_KEYS, MAX_MIXTURE_DEPTH, MAX_MIXTURE_PARTS, MAX_QUANTILES, MAX_VALUE};

use crate::human::span_exact;
use crate::pipeline::{Problem, WatermarkSpec};
use crate::scenario::{SCENARIO_VERSION, Scenario, SourceSpec};
use crate::time::{SPAN_LIMIT, Span};

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
            SourceSpec::Synthetic(source) => check.synthetic(source, self.duration, &self.faults),
            SourceSpec::Recording(source) => check.recording(source),
            SourceSpec::Records(source) => check.found.extend(source.problems()),
        }
        check.join(self);
        let says_watermarks = matches!(self.source, SourceSpec::Records(_)) && self.join.is_none();
        if self.pipeline.watermark == WatermarkSpec::FromSource && !says_watermarks {
            let message = "FromSource is what the source says of the watermark, and only Records says anything; write \
                           Bounded(bound: \"30s\")";
            check.add("pipeline.watermark", message);
        }
        let log = self.log.problems().into_iter();
        check.found.extend(log.map(|it| Problem::new(format!("log.{}", it.path), it.message)));
        let pipeline = self.pipeline.problems().into_iter();
        check.found.extend(pipeline.map(|it| Problem::new(format!("pipeline.{}", it.path), it.message)));
        check.faults(self);
        check.found.extend(crate::scenario::by_hand::problems(&self.by_hand));
        check.found.extend(crate::scenario::alerts::problems(&self.alerts));
        check.found.extend(self.lesson.iter().flat_map(|lesson| lesson.problems()));
        check.found.extend(crate::scenario::goal::problems(&self.goals));
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
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::scenario::set::set;

    pub fn with(settings: &[&str]) -> Scenario {
        let mut scenario = crate::scenario::parse("(title: \"x\", source: Synthetic())", "test").unwrap();
        for setting in settings {
            let (path, value) = setting.split_once('=').unwrap();
            set(&mut scenario, path, value).unwrap_or_else(|error| panic!("{error}"));
        }
        scenario
    }

    /// The settings give exactly these problems, `path: message` each.
    pub fn check(settings: &[&str], expected: &[&str]) {
        let found: Vec<String> =
            with(settings).problems().iter().map(|it| in_words(std::slice::from_ref(it))).collect();
        assert_eq!(found, expected, "{settings:?}");
    }

    #[test]
    fn limits_themselves_are_legal() {
        check(&[], &[]);
        check(&["keys=zipf(count: 1000000, exponent: 10)", "values=uniform(min: 3, max: 3)"], &[]);
        check(&["delay=log-normal(median: 0s, sigma: 0)"], &[]);
        check(&["source.rate=20000000", "duration=1s"], &[]);
        check(&["faults=[SlowOperator(from: 0s, until: 1us, factor: 1)]"], &[]);
        check(&["arrivals=bursts(active: 1us, silent: 0s)", "duration=20s"], &[]);
    }

    #[test]
    fn the_log_is_checked_and_set_field_by_field() {
        check(&["log.preset=kinesis", "log.retention_age=1h", "log.ordering=per-key", "log.reads_per_s=7"], &[]);
        let log = with(&["log.preset=kinesis", "log.retention_age=1h", "log.reads_per_s=7"]).log.rules();
        assert_eq!((log.records_in_per_s, log.reads_per_s), (Some(1_000), Some(7)));
        assert_eq!(log.retention_age, Some(Span::from_secs(3_600)));
        check(&["log.failover=-1s"], &["log.failover: -1s is out of range: must be 0 or more, at most 115740d"]);
    }

    #[test]
    fn the_pipeline_is_checked_with_the_rest() {
        check(
            &["window=sliding(size: 1000s, slide: 1us)", "seed=1", "duration=0s"],
            &[
                "duration: 0s is out of range: must be more than 0, at most 115740d",
                "pipeline.window.slide: every record would fall in 1,000,000,000 windows (size / slide); the limit is \
                 10,000; raise the slide or lower the size",
            ],
        );
    }
}
