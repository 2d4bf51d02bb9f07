//! The numbers of a whole run, as `highwater run` prints them.
//!
//! Field names are those of `run --format json` and do not change; scripts read them. Spans are
//! seconds. Quantiles are by nearest rank ([`crate::metrics::quantile`]); `null` where there is
//! nothing to take a quantile of.

use serde::{Deserialize, Serialize};

use crate::metrics::alerts::alerts;
use crate::metrics::delivery::DeliveryReport;
use crate::metrics::freshness::freshness;
use crate::metrics::goals::{GoalRow, goals};
use crate::metrics::join::JoinReport;
use crate::metrics::quantile::{P50, P90, P95, P99, P999, Quantile};
use crate::metrics::rebalance_rows::RebalancesRow;
use crate::metrics::recovery::{Checkpoints, Recovery, checkpoints, recoveries};
use crate::metrics::task_rows::{AlertRow, CauseRow, ClearRow, PartitionRow, TaskRow, partition_rows, task_rows};
use crate::metrics::tasks::{TaskMetrics, causes};
use crate::record::RecordId;
use crate::runtime::{Fate, Ledger, Trace, WindowEnd};
use crate::scenario::Scenario;
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aggregate::Summary;
use crate::window::pane::{Pane, Timing};

/// Bytes kept for one window of one key beside its accumulator: the key, the identity, the count
/// of panes, and the window's two ends.
pub const WINDOW_OVERHEAD_BYTES: usize = 4 + 4 + 4 + 16;

/// The numbers of a whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Version of this structure.
    pub schema: u32,
    /// `virtual`; a run on threads has another report.
    pub runtime: &'static str,
    /// Title of the scenario, or name of the recording.
    pub scenario: String,
    /// Where every random draw came from.
    pub seed: u64,
    /// Records in the stream.
    pub records: usize,
    /// How many of them someone put into the log by hand.
    pub by_hand: usize,
    /// Where every record is at the end; what was lost before the log is produced and lost.
    pub ledger: Ledger,
    /// Records behind the watermark when they were handled, dropped or not.
    pub behind: usize,
    /// Counted records as a share of those that fall in a window; 1 when there is none.
    pub completeness: f64,
    /// Panes by timing.
    pub panes: PaneCounts,
    /// Windows that were never fired by the end.
    pub open_at_end: usize,
    /// Processing time of a window's on-time pane minus the window's end.
    pub result_latency_s: Latency,
    /// Processing time of the first pane that holds a record, minus its event time.
    pub freshness_s: Latency,
    /// Processing time minus watermark, after every record from the first watermark on.
    pub watermark_lag_s: Latency,
    /// Arrival time minus event time.
    pub delay_s: Delay,
    /// Most windows (of all keys) kept at once, counted after every record and its watermark.
    pub max_open_windows: u32,
    /// Bytes of the state of that many windows.
    pub max_state_bytes: u64,
    /// Most records in the queue at once.
    pub max_queue_depth: usize,
    /// Most bytes in the queue at once.
    pub max_queue_bytes: u64,
    /// Most records in the log that the source had not read.
    pub max_lag: usize,
    /// The numbers of the join that made the records, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinReport>,
    /// What every task did with its time.
    pub tasks: Vec<TaskRow>,
    /// Why records waited, the worst cause first.
    pub causes: Vec<CauseRow>,
    /// Every partition of the log.
    pub partitions: Vec<PartitionRow>,
    /// When half of the largest backlog of the log was cleared: how long until all of it.
    pub time_to_clear: Option<ClearRow>,
    /// Rebalances of the consumer group, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebalances: Option<RebalancesRow>,
    /// Every alert, in the order in which they fired.
    pub alerts: Vec<AlertRow>,
    /// Checkpoints taken; empty for a pipeline that takes none.
    pub checkpoints: Checkpoints,
    /// Failures of the job and what followed, in order.
    pub recovery: Vec<Recovery>,
    /// What failures did to results, where there were any and the run without them is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryReport>,
    /// Goals of the scenario, graded.
    pub goals: Vec<GoalRow>,
    /// Equal runs have equal hashes.
    pub trace_hash: String,
    /// Records per second of wall-clock time, generating and reading excluded.
    pub records_per_s: f64,
}

/// An object without fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Empty {}

/// Panes by timing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PaneCounts {
    /// Fired before the watermark reached the window's end.
    pub early: usize,
    /// Fired by the watermark reaching it.
    pub on_time: usize,
    /// Fired by a record after that.
    pub late: usize,
    /// Of the late ones, those that are the first pane of their window.
    pub late_first: usize,
    /// Fired by the final watermark.
    pub at_end: usize,
    /// Withdrawals of an earlier value.
    pub retractions: usize,
    /// Firings of the first stage where keys are salted: parts of the others, not panes themselves.
    pub partial: usize,
}

/// Quantiles in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half take at most this long.
    pub p50: Option<f64>,
    /// 95 % take at most this long.
    pub p95: Option<f64>,
    /// 99 % take at most this long.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

impl Latency {
    /// The quantiles of spans in any order.
    pub fn of(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let at = |q: Quantile| q.of_sorted(&spans).map(Span::as_secs_f64);
        Self { p50: at(P50), p95: at(P95), p99: at(P99), max: spans.last().map(|span| span.as_secs_f64()) }
    }
}

/// Quantiles of delays in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Delay {
    /// Half take at most this long.
    pub p50: Option<f64>,
    /// 90 % take at most this long.
    pub p90: Option<f64>,
    /// 95 % take at most this long.
    pub p95: Option<f64>,
    /// 99 % take at most this long.
    pub p99: Option<f64>,
    /// 99.9 % take at most this long.
    pub p999: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

impl Delay {
    /// The quantiles of spans in any order.
    pub fn of(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let at = |q: Quantile| q.of_sorted(&spans).map(Span::as_secs_f64);
        Self {
            p50: at(P50),
            p90: at(P90),
            p95: at(P95),
            p99: at(P99),
            p999: at(P999),
            max: spans.last().map(|span| span.as_secs_f64()),
        }
    }
}

impl Report {
    /// Everything about a finished run. `records_per_s` is measured by the caller.
    pub fn of(scenario: &Scenario, trace: &Trace, records_per_s: f64) -> Self {
        let ids = || (0..trace.stream.len()).map(|i| RecordId(i as u32));
        let ledger = whole_account(trace);
        let assigned = ledger.produced - ledger.unassigned;
        let max_open_windows = trace.kept_windows.iter().copied().max().unwrap_or(0);
        let queue = QueueMaxima::of(trace);
        let metrics = TaskMetrics::of(trace);
        Self {
            schema: 1,
            runtime: "virtual",
            scenario: scenario.title.clone(),
            seed: scenario.seed,
            records: trace.stream.len(),
            by_hand: trace.stream.production().by_hand.len(),
            ledger,
            behind: ids().filter(|&id| trace.is_behind(id)).count(),
            completeness: if assigned == 0 { 1.0 } else { ledger.counted as f64 / assigned as f64 },
            panes: PaneCounts::of(trace),
            open_at_end: trace.windows.iter().filter(|w| w.end == WindowEnd::StillKept && w.panes == 0).count(),
            result_latency_s: Latency::of(result_latencies(trace)),
            freshness_s: Latency::of(freshness(trace)),
            watermark_lag_s: Latency::of(watermark_lags(trace)),
            delay_s: Delay::of(ids().map(|id| trace.stream.delay(id)).collect()),
            max_open_windows,
            max_state_bytes: u64::from(max_open_windows) * (Summary::BYTES + WINDOW_OVERHEAD_BYTES) as u64
                + trace.max_special_bytes as u64,
            max_queue_depth: queue.depth,
            max_queue_bytes: queue.depth as u64 * u64::from(scenario.log.rules().record_bytes),
            max_lag: queue.lag,
            join: trace.stream.joined().map(JoinReport::of),
            tasks: task_rows(&metrics),
            causes: causes(trace, &metrics, metrics.span()).iter().map(CauseRow::of).collect(),
            partitions: partition_rows(trace, &metrics),
            time_to_clear: ClearRow::of(metrics.log()),
            rebalances: RebalancesRow::of(trace),
            alerts: alerts(scenario, trace).iter().map(AlertRow::of).collect(),
            checkpoints: checkpoints(trace),
            recovery: recoveries(trace),
            delivery: None,
            goals: goals(scenario, trace),
            trace_hash: trace.hash_hex(),
            records_per_s,
        }
    }
}

/// The account of the run with what its producers know.
fn whole_account(trace: &Trace) -> Ledger {
    let production = trace.stream.production();
    let is_counted = |id: &&RecordId| trace.fates.get(id.index()) == Some(&Fate::Counted);
    let copies_counted = production.duplicates.iter().filter(is_counted).count();
    trace.ledger.with_production(production.lost.len() as u64, copies_counted as u64)
}

impl PaneCounts {
    /// Counts the panes of a trace.
    pub fn of(trace: &Trace) -> Self {
        Self { partial: trace.partials.len(), ..Self::count(&trace.panes) }
    }

    /// Counts panes; parts of them are not among panes.
    pub fn count<'a>(panes: impl IntoIterator<Item = &'a Pane>) -> Self {
        let mut counts = Self::default();
        for pane in panes {
            if pane.is_retraction {
                counts.retractions += 1;
                continue;
            }
            match pane.timing {
                Timing::Early => counts.early += 1,
                Timing::OnTime => counts.on_time += 1,
                Timing::Late => counts.late += 1,
                Timing::AtEnd => counts.at_end += 1,
            }
            counts.late_first += usize::from(pane.timing == Timing::Late && pane.index == 0);
        }
        counts
    }
}

fn result_latencies(trace: &Trace) -> Vec<Span> {
    latencies(&trace.panes)
}

/// Of every on-time pane, its emission minus the end of its window.
pub(super) fn latencies<'a>(panes: impl IntoIterator<Item = &'a Pane>) -> Vec<Span> {
    let on_time = panes.into_iter().filter(|pane| pane.timing == Timing::OnTime && !pane.is_retraction);
    on_time.map(|pane| pane.emitted_at.since_event(pane.window.end)).collect()
}

fn watermark_lags(trace: &Trace) -> Vec<Span> {
    // The watermark after a record is the one that meets the next.
    let last_step = trace.watermarks.iter().rev().find(|step| step.watermark < EventTime::MAX);
    let last = last_step.map_or(EventTime::MIN, |step| step.watermark);
    let after = trace.watermark_before.iter().skip(1).copied().chain([last]);
    // What was not handled by the end met no watermark.
    let met = |(at, watermark): &(&ProcTime, EventTime)| **at < ProcTime::MAX && *watermark > EventTime::MIN;
    let lags = trace.handled.iter().zip(after).filter(met);
    lags.map(|(at, watermark)| at.since_event(watermark)).collect()
}

struct QueueMaxima {
    depth: usize,
    lag: usize,
}

impl QueueMaxima {
    /// Depth can only be largest when something has just been put in, lag when something arrived.
    fn of(trace: &Trace) -> Self {
        let (mut started, mut enqueued, mut maxima) = (0, 0, Self { depth: 0, lag: 0 });
        for (i, at) in trace.enqueued_ascending().iter().take_while(|&&at| at < ProcTime::MAX).enumerate() {
            while trace.started_ascending().get(started).is_some_and(|start| start <= at) {
                started += 1;
            }
            maxima.depth = maxima.depth.max((i + 1).saturating_sub(started));
        }
        for (i, at) in trace.stream.arrivals_ascending().iter().enumerate() {
            while trace.enqueued_ascending().get(enqueued).is_some_and(|read| read <= at) {
                enqueued += 1;
            }
            maxima.lag = maxima.lag.max((i + 1).saturating_sub(enqueued));
        }
        maxima
    }
}
