//! The usual rules.

use crate::pipeline::{Pipeline, WatermarkSpec};
use crate::record::Stream;
use crate::recording::delays::DelayQuantiles;
use crate::time::Span;

/// A rule by which people set a watermark.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: String,
    /// The watermark that it asks for.
    pub watermark: WatermarkSpec,
    /// Whether every partition has one of its own.
    pub per_partition: bool,
}

/// The rules that apply to a stream: fixed (what the pipeline has), 1.5 and 2 times the 99 % quantile of the
/// delay, that quantile as it runs, adaptive, K-slack, fixed with a watermark for each partition (where there
/// are several), and perfect.
///
/// K-slack (Mutschler and Philippsen, Distributed low-latency out-of-order event processing for high data rate
/// sensor streams, 2013) waits as long as the longest delay that it has seen; here the longest of the last
/// 1,000, which lets it recover.
pub fn rules(stream: &Stream, pipeline: &Pipeline) -> Vec<Rule> {
    let p99 = DelayQuantiles::of(stream).map_or(Span::ZERO, |delays| delays.p99.max(Span::ZERO));
    let bounded =
        |times_half: i64| WatermarkSpec::Bounded { bound: Span::from_micros(p99.micros() / 2).times(times_half) };
    let rule = |name, about: &str, watermark| Rule { name, about: about.to_owned(), watermark, per_partition: false };
    let fixed = WatermarkSpec::Bounded { bound: pipeline.watermark.bound() };
    let sample = WatermarkSpec::DEFAULT_SAMPLE;
    let adaptive = WatermarkSpec::Adaptive {
        deviations: WatermarkSpec::DEFAULT_DEVIATIONS,
        min: Span::ZERO,
        max: WatermarkSpec::DEFAULT_MAX.max(p99.times(2)),
    };
    let mut rules = vec![
        rule("fixed", "the bound that the pipeline has", fixed),
        rule("1.5 x p99", "one and a half times the 99 % quantile of the delay", bounded(3)),
        rule("2 x p99", "twice the 99 % quantile of the delay", bounded(4)),
        rule(
            "running p99",
            "the 99 % quantile of the last 1,000 delays",
            WatermarkSpec::Percentile { quantile: 0.99, sample },
        ),
        rule("adaptive", "mean delay and 4 mean deviations, as TCP sets its timer", adaptive),
        rule("k-slack", "the longest of the last 1,000 delays", WatermarkSpec::Percentile { quantile: 1.0, sample }),
    ];
    if stream.partitions() > 1 {
        let about = "the bound that the pipeline has, for each partition by itself".to_owned();
        rules.push(Rule { name: "per-partition", about, watermark: fixed, per_partition: true });
    }
    rules.push(rule("perfect", "knows the future", WatermarkSpec::Perfect));
    rules
}
