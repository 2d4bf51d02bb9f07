//! What is read from a finished run beyond its records: what its tasks did, and its alerts.
//!
//! Some ten times as dear as a run itself, so it is worked out once, behind the run, and panels that
//! need it wait for it. Questions of an instant are then cheap.

use crate::metrics::alerts::{Alert, alerts};
use crate::metrics::tasks::{Flow, Stretch, TaskMetrics};
use crate::runtime::trace::TaskWatermark;
use crate::runtime::{TaskId, Trace};
use crate::scenario::Scenario;
use crate::time::{EventTime, ProcTime, Span};

/// Rates and shares of an instant are those of the time before it: the shortest of these spans, in
/// milliseconds, that is at least [`RECENT_SHARE`] of the run.
const RECENT_MS: [i64; 16] = [
    10, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
    21_600_000, 86_400_000,
];
/// Long enough for a share to be steady, short enough to follow what is going on.
const RECENT_SHARE: f64 = 1.0 / 40.0;

/// Parts of a run in which a queue is told by its highest level: more than a panel has pixels.
pub const QUEUE_PARTS: usize = 800;

/// What the tasks of a run did, and its alerts.
#[derive(Debug)]
pub struct Insight {
    /// What every task did with its time, and what waited where.
    pub metrics: TaskMetrics,
    /// Every alert, in the order in which they fired.
    pub alerts: Vec<Alert>,
    /// By window task: the rises of its watermark; empty where there is one.
    window_rises: Vec<Vec<TaskWatermark>>,
    /// By window task: in each of [`QUEUE_PARTS`] parts of the run, the most records in its channels; empty
    /// where there is one.
    pub queues: Vec<Vec<u32>>,
    /// By merge task.
    merge_rises: Vec<Vec<TaskWatermark>>,
    recent: Span,
}

impl Insight {
    /// Everything about a finished run. O(n log n).
    pub fn of(scenario: &Scenario, trace: &Trace) -> Self {
        let metrics = TaskMetrics::of(trace);
        let by_task = |rises: &[TaskWatermark]| {
            let mut by_task: Vec<Vec<TaskWatermark>> = Vec::new();
            for rise in rises {
                let task = usize::from(rise.task);
                if by_task.len() <= task {
                    by_task.resize(task + 1, Vec::new());
                }
                by_task[task].push(*rise);
            }
            by_task
        };
        let queues = queues(&metrics);
        let least = metrics.span().length().as_secs_f64() * 1_000.0 * RECENT_SHARE;
        let recent = RECENT_MS.iter().find(|&&ms| ms as f64 >= least).or(RECENT_MS.last());
        Self {
            queues,
            alerts: alerts(scenario, trace),
            window_rises: by_task(&trace.task_watermarks),
            merge_rises: by_task(&trace.merge_watermarks),
            recent: Span::from_millis(recent.copied().unwrap_or(1_000)),
            metrics,
        }
    }

    /// The stretch of time that rates and shares at `now` are those of. It begins with the run at the
    /// earliest.
    pub fn recent(&self, now: ProcTime) -> Stretch {
        let from = (now - self.recent).max(self.metrics.span().from);
        Stretch::new(from.min(now), now)
    }

    /// How long that is, away from the start of the run.
    pub const fn recent_length(&self) -> Span {
        self.recent
    }

    /// The watermark of a window or merge task; for others, that of the whole pipeline.
    /// [`EventTime::MIN`] before the first. O(log n).
    pub fn watermark(&self, trace: &Trace, task: TaskId, now: ProcTime) -> EventTime {
        let rises = match task {
            TaskId::Window(number) => self.window_rises.get(usize::from(number)),
            TaskId::Merge(number) => self.merge_rises.get(usize::from(number)),
            TaskId::Source(_) | TaskId::Sink | TaskId::DeadLetters => None,
        };
        let has_own = !self.window_rises.is_empty();
        match (rises, task) {
            (Some(rises), _) => {
                let before = rises.partition_point(|rise| rise.at <= now);
                before.checked_sub(1).map_or(EventTime::MIN, |last| rises[last].watermark)
            }
            // Of several tasks one whose watermark never rose.
            (None, TaskId::Window(_) | TaskId::Merge(_)) if has_own => EventTime::MIN,
            _ => trace.watermark_at(now),
        }
    }

    /// The alerts that last at an instant, the worst first.
    pub fn alerts_at(&self, now: ProcTime) -> Vec<&Alert> {
        let mut lasting: Vec<&Alert> = self.alerts.iter().filter(|alert| alert.lasts_at(now)).collect();
        lasting.sort_by_key(|alert| std::cmp::Reverse(alert.severity()));
        lasting
    }
}

fn queues(metrics: &TaskMetrics) -> Vec<Vec<u32>> {
    if metrics.windows() < 2 {
        return Vec::new();
    }
    let queue = |task: usize| {
        let channels = (0..metrics.sources()).map(|source| metrics.channel(source, task));
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        for channel in channels {
            entered.extend_from_slice(channel.entered());
            left.extend_from_slice(channel.left());
        }
        Flow::new(entered, left).peaks(metrics.span(), QUEUE_PARTS)
    };
    (0..metrics.windows()).map(queue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;
    use crate::runtime::{RunConfig, run};
    use crate::source::generate;
    use std::sync::Arc;

    #[test]
    fn every_task_has_the_watermark_of_its_last_rise() {
        let scenario =
            crate::scenario::library::find("four-tasks").expect("it is built in").scenario().expect("it reads");
        let scenario = Scenario { duration: Span::from_secs(3), ..scenario };
        let stream = Arc::new(generate(&scenario).expect("it is in its limits"));
        let trace = run(&stream, &RunConfig::of(&scenario, &stream));
        let insight = Insight::of(&scenario, &trace);
        assert_eq!(insight.recent_length(), Span::from_millis(100));
        for now in fixture::instants(&trace, 20) {
            let mut least = EventTime::MAX;
            for task in 0..4 {
                let mut rises = trace.task_watermarks.iter().filter(|rise| rise.task == task && rise.at <= now);
                let expected = rises.next_back().map_or(EventTime::MIN, |rise| rise.watermark);
                assert_eq!(insight.watermark(&trace, TaskId::Window(task), now), expected);
                least = least.min(expected);
            }
            assert_eq!(least, trace.watermark_at(now));
            assert_eq!(insight.watermark(&trace, TaskId::Sink, now), least);
        }
    }

    #[test]
    fn the_recent_past_begins_with_the_run() {
        let trace = fixture::trace(400, 2, fixture::tumbling(), 4);
        let insight = Insight::of(&crate::app::files::built_in()[0], &trace);
        let run = insight.metrics.span();
        assert_eq!(insight.recent(run.from), Stretch::new(run.from, run.from));
        assert_eq!(insight.recent(run.until), Stretch::new(run.until - insight.recent_length(), run.until));
    }
}
