//! Tasks, causes, partitions and alerts of a run as `run` prints them. Field names are those of
//! `run --format json` and do not change. Shares are 0 to 1, spans seconds, instants RFC 3339.

use serde::Serialize;

use crate::human::instant_rfc3339;
use crate::metrics::alerts::Alert;
use crate::metrics::tasks::phrase::Clock;
use crate::metrics::tasks::silence::of_partition;
use crate::metrics::tasks::{Cause, Clearing, Flow, Shares, Silence, Stretch, TaskMetrics};
use crate::record::PartitionId;
use crate::runtime::{TaskId, Trace};
use crate::time::{ProcTime, Span};

/// How often a partition is asked what it is up to.
const LOOKS: i64 = 200;

/// So few unread records are cleared before anybody could ask when.
const LEAST_LAG: usize = 5;

/// A task over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskRow {
    /// `source 1`, `window 1`, `sink`.
    pub task: String,
    /// What it did with its time.
    #[serde(flatten)]
    pub shares: Shares,
    /// Records it finished; panes, for the sink.
    pub finished: usize,
    /// The most that waited in front of it at once: in its channels; 0 for a source.
    pub max_depth: usize,
}

/// Why records waited.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CauseRow {
    /// `slow_task`, `slowed`, `skew`, `burst`, `slow_sink`, ...
    pub kind: &'static str,
    /// Who is slow.
    pub tasks: Vec<String>,
    /// By which rule that holds others up: `credits`, `sink_capacity`, `shed_newest`, ...
    pub rule: &'static str,
    /// Share of the run in which somebody was held up.
    pub share: f64,
    /// Whether that is at least half of the run.
    pub chronic: bool,
    /// Since when (last).
    pub since: String,
    /// Until when; empty while it lasts.
    pub until: String,
    /// How long a record (or pane) takes.
    pub service_s: Option<f64>,
    /// The most records in the log meanwhile.
    pub max_lag: usize,
    /// Records that the log no longer held when it was their turn.
    pub forgotten: usize,
    /// Of the sink: panes made of one record, where that is more than one.
    pub amplification: Option<f64>,
    /// The key that makes it hot, and its share of all records.
    pub hot_key: Option<(String, f64)>,
    /// In words.
    pub words: String,
}

/// One spell of a partition in one state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SilenceRow {
    /// `idle`, `starved`, `held back`, `blocked`, `paused`, `limited`, `finished`.
    pub state: &'static str,
    /// Share of the run.
    pub share: f64,
    /// When its longest spell was first seen.
    pub since: String,
    /// Why, as first seen in that spell.
    pub reason: String,
}

/// A partition over the whole run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartitionRow {
    /// Number, from 0.
    pub partition: u32,
    /// Records that reached it.
    pub records: usize,
    /// The most that were unread at once.
    pub max_lag: usize,
    /// Every state it was in but active, in the order of their first times.
    pub silences: Vec<SilenceRow>,
    /// When half of its largest backlog was cleared: how long until all of it, predicted and actual.
    pub time_to_clear: Option<ClearRow>,
}

/// How long until a backlog is cleared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClearRow {
    /// Asked when.
    pub at: String,
    /// Unread records then.
    pub lag: usize,
    /// By the rates known then; `null` where it was not to be cleared at that pace, or unknown.
    pub predicted_s: Option<f64>,
    /// As it turned out; `null` when it was not by the end of the run.
    pub actual_s: Option<f64>,
}

/// One time that an alert rule fired.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// `lag`, `freshness`, `drop_rate`, `stalled_watermark`, `retention`.
    pub rule: &'static str,
    /// `warning` or `critical`.
    pub severity: &'static str,
    /// Since when its condition held.
    pub since: String,
    /// When it fired.
    pub raised_at: String,
    /// When it was over; empty while it lasts.
    pub cleared_at: String,
    /// The worst value, in the unit of its rule.
    pub peak: f64,
    /// The limit then.
    pub limit: f64,
    /// In words.
    pub words: String,
}

fn told(at: Option<ProcTime>) -> String {
    at.map_or(String::new(), |at| instant_rfc3339(at.micros()))
}

/// Every task, from the sources down.
pub fn task_rows(metrics: &TaskMetrics) -> Vec<TaskRow> {
    let run = metrics.span();
    // The first instant belongs to the run.
    let whole = Stretch::new(run.from - Span::from_micros(1), run.until);
    let depth = |task: TaskId| match task {
        TaskId::Source(_) | TaskId::DeadLetters => 0,
        TaskId::Window(window) => {
            let channels = (0..metrics.sources()).map(|source| metrics.channel(source, usize::from(window)).peak().0);
            channels.max().unwrap_or(0)
        }
        TaskId::Merge(merge) => metrics.parts().get(usize::from(merge)).map_or(0, |parts| parts.peak().0),
        TaskId::Sink => metrics.panes().peak().0,
    };
    let row = |task: TaskId| TaskRow {
        task: task.to_string(),
        shares: metrics.shares(task, run),
        finished: metrics.finished(task, whole),
        max_depth: depth(task),
    };
    metrics.tasks().map(row).collect()
}

impl CauseRow {
    /// A cause as a row.
    pub fn of(cause: &Cause) -> Self {
        let key = cause.skew.as_ref().and_then(|skew| skew.key.as_ref());
        Self {
            kind: cause.kind.word(),
            tasks: cause.tasks.iter().map(ToString::to_string).collect(),
            rule: cause.rule.word(),
            share: cause.share,
            chronic: cause.lasting.is_chronic,
            since: told(Some(cause.lasting.since)),
            until: told(cause.lasting.until),
            service_s: cause.service.map(Span::as_secs_f64),
            max_lag: cause.reach.peak_lag,
            forgotten: cause.reach.forgotten,
            amplification: cause.amplification,
            hot_key: key.map(|key| (key.name.clone(), key.of_all)),
            words: cause.words(),
        }
    }
}

impl ClearRow {
    /// Of a place where something waited; `None` where half of its largest backlog was never cleared, or
    /// was no more than [`LEAST_LAG`].
    pub fn of(flow: &Flow) -> Option<Self> {
        let at = flow.half_cleared().filter(|&at| flow.level(at) > LEAST_LAG)?;
        let predicted = match flow.predicted_clearing(at) {
            Clearing::In(span) => Some(span.as_secs_f64()),
            Clearing::Empty | Clearing::Never { .. } | Clearing::Unknown => None,
        };
        Some(Self {
            at: told(Some(at)),
            lag: flow.level(at),
            predicted_s: predicted,
            actual_s: flow.actual_clearing(at).map(Span::as_secs_f64),
        })
    }
}

/// Every partition, by number.
pub fn partition_rows(trace: &Trace, metrics: &TaskMetrics) -> Vec<PartitionRow> {
    let row = |(place, flow): (usize, &Flow)| PartitionRow {
        partition: place as u32,
        records: flow.entered().len(),
        max_lag: flow.peak().0,
        silences: silences(trace, metrics, PartitionId(place as u32)),
        time_to_clear: ClearRow::of(flow),
    };
    metrics.partitions().iter().enumerate().map(row).collect()
}

/// Looks in a row that found the same state.
struct Spell {
    state: &'static str,
    since: ProcTime,
    reason: String,
    looks: usize,
}

fn silences(trace: &Trace, metrics: &TaskMetrics, partition: PartitionId) -> Vec<SilenceRow> {
    let run = metrics.span();
    let clock = Clock::of(run);
    let mut spells: Vec<Spell> = Vec::new();
    for look in 0..LOOKS {
        let micros = i128::from(run.length().micros()) * i128::from(look) / i128::from(LOOKS);
        let now = run.from + Span::from_micros(i64::try_from(micros).unwrap_or(0));
        let state = of_partition(trace, metrics, partition, now);
        match spells.last_mut().filter(|spell| spell.state == state.word()) {
            Some(spell) => spell.looks += 1,
            None => spells.push(Spell { state: state.word(), since: now, reason: state.reason(clock), looks: 1 }),
        }
    }
    let mut found: Vec<&'static str> = spells.iter().map(|spell| spell.state).collect();
    let mut seen = Vec::new();
    found.retain(|&state| {
        let is_new = state != Silence::Active.word() && !seen.contains(&state);
        seen.push(state);
        is_new
    });
    let row = |state: &'static str| {
        let own = || spells.iter().filter(move |spell| spell.state == state);
        let looks: usize = own().map(|spell| spell.looks).sum();
        // Of equally long ones the first.
        let longest = own().rev().max_by_key(|spell| spell.looks)?;
        let (since, reason) = (told(Some(longest.since)), longest.reason.clone());
        Some(SilenceRow { state, share: looks as f64 / LOOKS as f64, since, reason })
    };
    found.into_iter().filter_map(row).collect()
}

impl AlertRow {
    /// An alert as a row.
    pub fn of(alert: &Alert) -> Self {
        Self {
            rule: alert.rule.word(),
            severity: alert.severity().word(),
            since: told(Some(alert.firing.since)),
            raised_at: told(Some(alert.firing.raised_at)),
            cleared_at: told(alert.firing.cleared_at),
            peak: alert.firing.peak.value,
            limit: alert.firing.peak.limit,
            words: alert.words.clone(),
        }
    }
}
