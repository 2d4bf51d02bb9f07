//! Running the rules, and finding for each the setting of the tuner that is as complete, soonest.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use crate::record::{Columns, RecordId, Stream};
use crate::runtime::{RunConfig, Trace, run};
use crate::time::{EventTime, Span};
use crate::tuner::baseline::rules::{Rule, rules};
use crate::tuner::by_engine::{Census, of_trace};
use crate::tuner::parallel::{Cancelled, Progress, Watch};
use crate::tuner::point::Point;
use crate::tuner::scan::Scan;
use crate::tuner::setting::Setting;
use crate::tuner::tuning::Tuner;

/// Of longer recordings only so many records are run by every rule: a run writes some hundred bytes for each.
const MOST_RECORDS: usize = 1_000_000;

/// What a rule gives, and what the tuner finds instead.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// The rule.
    pub rule: Rule,
    /// The bound that it sets; of a rule that changes it, the median distance between the watermark and the
    /// newest event. `None` when it never sent a watermark.
    pub bound: Option<Span>,
    /// What it gives.
    pub point: Point,
    /// The setting with the same lateness that drops no more records, soonest; `None` without a closed form.
    pub tuned: Option<Point>,
}

/// All rules on one recording.
#[derive(Clone, Debug)]
pub struct Baselines {
    /// The window of all of them.
    pub window: WindowSpec,
    /// The lateness of all of them.
    pub lateness: Span,
    /// How many records they were run on, from the first on.
    pub records: usize,
    /// Of how many.
    pub of_records: usize,
    /// One row for each rule.
    pub rows: Vec<Baseline>,
}

/// Runs the rules with this window and lateness.
///
/// # Errors
/// When `watch` breaks off, which it can between runs.
pub fn baselines(
    stream: &Arc<Stream>,
    config: &RunConfig,
    window: WindowSpec,
    lateness: Span,
    watch: &Watch<'_>,
) -> Result<Baselines, Cancelled> {
    let of_records = stream.len();
    let stream =
        if of_records > MOST_RECORDS { Arc::new(first_records(stream, MOST_RECORDS)) } else { Arc::clone(stream) };
    let census = Census::of(&stream, window);
    let mut bounded = config.clone();
    bounded.pipeline.watermark = WatermarkSpec::default();
    let scan = Tuner::new(Arc::clone(&stream), bounded).scan(window, watch)?;
    let rules = rules(&stream, &config.pipeline);
    let total = rules.len() as u64;
    let mut rows = Vec::with_capacity(rules.len());
    for (done, rule) in rules.into_iter().enumerate() {
        if watch(Progress { done: done as u64, total }).is_break() {
            return Err(Cancelled);
        }
        let mut options = config.pipeline.watermark_options;
        options.per_partition |= rule.per_partition;
        let pipeline = Pipeline {
            watermark: rule.watermark,
            watermark_options: options,
            window,
            allowed_lateness: lateness,
            ..config.pipeline.clone()
        };
        let setting = Setting::of(&pipeline);
        let trace = run(&stream, &RunConfig { pipeline, ..config.clone() });
        let point = of_trace(&trace, setting, &census);
        let bound = match rule.watermark {
            WatermarkSpec::Bounded { bound } => Some(bound),
            _ => typical_distance(&trace),
        };
        let tuned = scan.as_ref().map(|scan| as_complete(scan, point.counts.dropped, lateness));
        rows.push(Baseline { rule, bound, point, tuned });
    }
    Ok(Baselines { window, lateness, records: stream.len(), of_records, rows })
}

/// The setting with this lateness that drops at most so many records, soonest: the one with the least bound.
fn as_complete(scan: &Scan, dropped: u64, lateness: Span) -> Point {
    let horizon = scan.overdue_last().least_excluding(dropped);
    scan.point((horizon - lateness).max(Span::ZERO), lateness)
}

/// Half of the records met a watermark that was at most so far behind the newest event.
fn typical_distance(trace: &Trace) -> Option<Span> {
    let mut newest = EventTime::MIN;
    let mut distances = Vec::new();
    for (&event_time, &watermark) in trace.stream.event_times().iter().zip(&trace.watermark_before) {
        if watermark.is_finite() && newest.is_finite() {
            distances.push(newest - watermark);
        }
        newest = newest.max(event_time);
    }
    crate::metrics::quantile::P50.of_unsorted(&mut distances)
}

/// A stream of the first records of another.
fn first_records(stream: &Stream, count: usize) -> Stream {
    let columns = Columns {
        event_times: stream.event_times()[..count].to_vec(),
        arrivals: stream.arrivals()[..count].to_vec(),
        keys: stream.keys()[..count].to_vec(),
        values: stream.values()[..count].to_vec(),
        partitions: (0..count).map(|place| stream.partition(RecordId(place as u32))).collect(),
        partition_count: stream.partitions() as u32,
    };
    Stream::from_columns(columns, stream.key_table().clone())
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'static str,
    about: &'a str,
    watermark: String,
    bound_s: Option<f64>,
    #[serde(flatten)]
    point: Rest<'a>,
    tuned: Option<&'a Point>,
}

/// What a point says beside its bound, which is that of the rule.
#[derive(Serialize)]
struct Rest<'a> {
    completeness: f64,
    worst_window_completeness: f64,
    dropped: u64,
    late_panes: u64,
    on_time_panes: u64,
    result_latency_s: &'a crate::metrics::report::Latency,
    max_open_windows: u64,
}

impl Serialize for Baseline {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rule, bound, point, tuned } = self;
        Row {
            name: rule.name,
            about: &rule.about,
            watermark: rule.watermark.to_string(),
            bound_s: bound.map(Span::as_secs_f64),
            point: Rest {
                completeness: point.completeness,
                worst_window_completeness: point.worst_window_completeness(),
                dropped: point.counts.dropped,
                late_panes: point.counts.late_panes,
                on_time_panes: point.counts.on_time_panes,
                result_latency_s: &point.result_latency_s,
                max_open_windows: point.max_open_windows,
            },
            tuned: tuned.as_ref(),
        }
        .serialize(serializer)
    }
}
