//! The numbers of a run on threads, under the names that [`crate::metrics::report::Report`] has for
//! them, and what only threads have.
//!
//! Nothing is written down per record there, so what needs that is `null`: freshness, the lag of the
//! watermark, and the hash. So is the latency of results, unless processing time follows the arrivals:
//! how far a run that reads as fast as it can is from the records' own time says nothing.

use std::time::Duration;

use serde::Serialize;

use crate::metrics::join::JoinReport;
use crate::metrics::report::{Delay, Empty, Latency, PaneCounts, WINDOW_OVERHEAD_BYTES, latencies};
use crate::record::{RecordId, Stream};
use crate::runtime::Ledger;
use crate::runtime::threads::{ByTask, Finished, ListedPane, Pace, Progress, ThreadProgress};
use crate::scenario::Scenario;
use crate::window::aggregate::Summary;

/// The numbers of a run on threads. Fields that have the name of one in a report of virtual time mean
/// the same, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThreadsReport {
    /// Version of this structure.
    pub schema: u32,
    /// `threads`.
    pub runtime: &'static str,
    /// Title of the scenario, or name of the recording.
    pub scenario: String,
    /// Where every random draw came from.
    pub seed: u64,
    /// Records in the stream.
    pub records: usize,
    /// Where every record is at the end.
    pub ledger: Ledger,
    /// Records behind the watermark that they met in their task, dropped or not.
    pub behind: u64,
    /// Counted records as a share of those that fall in a window; 1 when there is none.
    pub completeness: f64,
    /// Panes by timing.
    pub panes: PaneCounts,
    /// Windows that were never fired by the end.
    pub open_at_end: u64,
    /// Processing time of a window's on-time pane minus the window's end.
    pub result_latency_s: Latency,
    /// Not known.
    pub freshness_s: Latency,
    /// Not known.
    pub watermark_lag_s: Latency,
    /// Arrival time minus event time.
    pub delay_s: Delay,
    /// The most windows that each task kept at once, summed over the tasks; looked at after every batch.
    pub max_open_windows: u64,
    /// Bytes of the state of that many windows.
    pub max_state_bytes: u64,
    /// Not known; channels are counted in batches, below.
    pub max_queue_depth: Option<u64>,
    /// Not known.
    pub max_queue_bytes: Option<u64>,
    /// Not known.
    pub max_lag: Option<u64>,
    /// The numbers of the join that made the records, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinReport>,
    /// Not known; what each thread did is below.
    pub tasks: [(); 0],
    /// Not known.
    pub causes: [(); 0],
    /// Not known.
    pub partitions: [(); 0],
    /// Not known.
    pub time_to_clear: Option<f64>,
    /// Not known.
    pub alerts: [(); 0],
    /// None are taken.
    pub checkpoints: Empty,
    /// None.
    pub recovery: [(); 0],
    /// None.
    pub goals: [(); 0],
    /// Records that someone put into the log by hand.
    pub by_hand: usize,
    /// Not known: processing time is another one in every run.
    pub trace_hash: Option<String>,
    /// Records per second of wall-clock time.
    pub records_per_s: f64,
    /// What each thread did with its time.
    pub threads: Vec<ThreadShares>,
    /// How full each channel was.
    pub channels: Vec<ChannelPeak>,
    /// Bytes of the recorded order: what the run decided by chance.
    pub recorded_bytes: usize,
    /// Whether replay of that order on one thread gave the same panes, task by task.
    pub replay_is_identical: bool,
}

/// What a thread did with its time, as shares that sum to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ThreadShares {
    /// Its name.
    pub name: String,
    /// Records that it read or handled.
    pub records: u64,
    /// Panes that it sent or took.
    pub panes: u64,
    /// It worked.
    pub busy: f64,
    /// It waited for something to come.
    pub idle: f64,
    /// It waited for room in a channel.
    pub blocked: f64,
}

/// How full a channel was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelPeak {
    /// The sending thread.
    pub from: String,
    /// The receiving thread.
    pub to: String,
    /// Most batches in it at once.
    pub peak_batches: u64,
    /// Batches that it holds at most.
    pub capacity_batches: u64,
}

impl ThreadShares {
    /// By thread: the sources, the window tasks, the sink.
    pub fn of(progress: &Progress) -> Vec<Self> {
        let threads = progress.sources.iter().chain(&progress.windows).chain([&progress.sink]);
        let shares = |thread: &ThreadProgress| {
            let lived = (thread.busy_ns + thread.idle_ns + thread.blocked_ns).max(1) as f64;
            Self {
                name: thread.name.clone(),
                records: thread.handled,
                panes: thread.panes,
                busy: thread.busy_ns as f64 / lived,
                idle: thread.idle_ns as f64 / lived,
                blocked: thread.blocked_ns as f64 / lived,
            }
        };
        threads.map(shares).collect()
    }
}

impl ThreadsReport {
    /// Everything about a finished run of `scenario` over `stream` that took so long.
    pub fn of(
        scenario: &Scenario,
        stream: &Stream,
        finished: &Finished<ByTask<ListedPane>>,
        took: Duration,
        replay_is_identical: bool,
    ) -> Self {
        let ledger = finished.ledger(stream);
        let assigned = ledger.produced - ledger.unassigned;
        let panes = || finished.sink.0.iter().flatten().map(|listed| &listed.pane);
        let sum = |of: fn(&crate::runtime::threads::window_task::WindowTally) -> u64| -> u64 {
            finished.windows.iter().map(|window| of(&window.tally)).sum()
        };
        let max_open_windows = sum(|tally| tally.max_kept);
        let special_bytes = sum(|tally| tally.max_special_bytes);
        let follows_arrivals = matches!(finished.recorded.config.pace, Pace::TimesReal(_));
        let delays = (0..stream.len()).map(|i| stream.delay(RecordId(i as u32)));
        Self {
            schema: 1,
            runtime: "threads",
            scenario: scenario.title.clone(),
            seed: scenario.seed,
            records: stream.len(),
            ledger,
            behind: sum(|tally| tally.behind),
            completeness: if assigned == 0 { 1.0 } else { ledger.counted as f64 / assigned as f64 },
            panes: PaneCounts::count(panes()),
            open_at_end: finished.windows.iter().map(|window| window.unfired).sum(),
            result_latency_s: if follows_arrivals { Latency::of(latencies(panes())) } else { Latency::default() },
            freshness_s: Latency::default(),
            watermark_lag_s: Latency::default(),
            delay_s: Delay::of(delays.collect()),
            max_open_windows,
            max_state_bytes: max_open_windows * (Summary::BYTES + WINDOW_OVERHEAD_BYTES) as u64 + special_bytes,
            max_queue_depth: None,
            max_queue_bytes: None,
            max_lag: None,
            join: stream.joined().map(JoinReport::of),
            tasks: [],
            causes: [],
            partitions: [],
            time_to_clear: None,
            alerts: [],
            checkpoints: Empty {},
            recovery: [],
            goals: [],
            by_hand: stream.production().by_hand.len(),
            trace_hash: None,
            records_per_s: if took.is_zero() { 0.0 } else { stream.len() as f64 / took.as_secs_f64() },
            threads: ThreadShares::of(&finished.progress),
            channels: (finished.progress.channels.iter())
                .map(|channel| ChannelPeak {
                    from: channel.from.to_string(),
                    to: channel.to.to_string(),
                    peak_batches: channel.peak,
                    capacity_batches: channel.capacity,
                })
                .collect(),
            recorded_bytes: finished.recorded.bytes(),
            replay_is_identical,
        }
    }
}
