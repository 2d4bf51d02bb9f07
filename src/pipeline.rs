//! The description of a pipeline: which watermark, which windows, what to do with late records,
//! how fast the operator is and how much may wait for it.
//!
//! Plain data, read from scenario files and command lines; [`crate::runtime`] runs it. Ranges are
//! checked by [`Pipeline::problems`] before anything runs.

pub mod checkpoints;
pub mod engine;
pub mod grouping;
pub mod restart;
pub mod salting;
pub mod tasks;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::gate::Gate;
pub use crate::group::GroupSpec;
pub use crate::pipeline::checkpoints::{Barriers, CheckpointSpec, Delivery, Heartbeats};
pub use crate::pipeline::restart::RestartStrategy;
pub use crate::pipeline::tasks::{Overflow, Tasks};
use crate::sink::SinkSpec;
pub use crate::state::backend::StateSpec;
use crate::time::{SPAN_LIMIT, Span};
pub use crate::watermark::spec::{Emit, Marker, WatermarkOptions, WatermarkSpec};
use crate::window::accumulation::Accumulation;
pub use crate::window::aggregate::spec::Aggregate;
use crate::window::dialect::{AzurePolicy, BeamRules, Dialect};
use crate::window::trigger::TriggerSpec;

/// A record may fall in at most this many windows. 10,000 windows of one record already cost
/// more than anything that they could show; a slip of a unit (1 day sliding by 1 ms) asks for
/// 86 million.
pub const MAX_WINDOWS_PER_RECORD: i64 = 10_000;

/// The most records that the queue in front of the operator may hold.
pub const MAX_QUEUE_CAPACITY: u32 = 10_000_000;

/// The description of a pipeline: source, bounded queue, window operator, sink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pipeline {
    /// What records are checked against before anything else, and what happens to bad ones.
    pub gate: Gate,
    /// How the watermark follows the records.
    pub watermark: WatermarkSpec,
    /// What surrounds it: when it is handed on, silent inputs, partitions.
    pub watermark_options: WatermarkOptions,
    /// Where in event time results are computed.
    pub window: WindowSpec,
    /// How long a window's state is kept after its end, in event time.
    pub allowed_lateness: Span,
    /// What happens to a record whose windows are all gone.
    pub late: LatePolicy,
    /// What is computed per key and window.
    pub aggregate: Aggregate,
    /// Whose rules apply where engines differ.
    pub dialect: Dialect,
    /// When a window fires.
    pub trigger: TriggerSpec,
    /// What a firing says of the firings before it.
    pub accumulation: Accumulation,
    /// What only the dialect [`Dialect::Beam`] lets one choose.
    pub beam: BeamRules,
    /// What only the dialect [`Dialect::AzureStreamAnalytics`] lets one choose.
    pub azure: AzurePolicy,
    /// Whether the end of the input is the end of time.
    pub at_end: AtEnd,
    /// Credits of every channel between a source task and a window task: the records that may wait in
    /// it; at least 1.
    pub queue_capacity: u32,
    /// How long a window task works on one record. Zero means that nothing ever waits for it.
    pub service_time: Span,
    /// How the work is divided.
    pub tasks: Tasks,
    /// What happens after a task has crashed.
    pub restart: RestartStrategy,
    /// How the state of all tasks is kept for the case of a failure; `None`: it is not.
    pub checkpoints: Option<CheckpointSpec>,
    /// What a failure does to results.
    pub delivery: Delivery,
    /// What the sink does with results.
    pub sink: SinkSpec,
    /// How long a failure goes unnoticed.
    pub heartbeats: Heartbeats,
    /// Where the state of window tasks lives, and how much of it there may be.
    pub state: StateSpec,
    /// Whether the source tasks are members of a consumer group, among which partitions move; without
    /// one, source task `p mod sources` reads partition `p` for good.
    pub group: Option<GroupSpec>,
}

impl Default for Pipeline {
    fn default() -> Self {
        Self {
            gate: Gate::default(),
            watermark: WatermarkSpec::default(),
            watermark_options: WatermarkOptions::default(),
            window: WindowSpec::Tumbling { size: Span::from_secs(60), offset: Span::ZERO },
            allowed_lateness: Span::ZERO,
            late: LatePolicy::default(),
            aggregate: Aggregate::default(),
            dialect: Dialect::default(),
            trigger: TriggerSpec::default(),
            accumulation: Accumulation::default(),
            beam: BeamRules::default(),
            azure: AzurePolicy::default(),
            at_end: AtEnd::default(),
            queue_capacity: 1_000,
            service_time: Span::ZERO,
            tasks: Tasks::default(),
            restart: RestartStrategy::default(),
            checkpoints: None,
            delivery: Delivery::default(),
            sink: SinkSpec::default(),
            heartbeats: Heartbeats::default(),
            state: StateSpec::default(),
            group: None,
        }
    }
}

/// Where in event time results are computed. Windows are half open, `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum WindowSpec {
    /// Windows of one size, side by side.
    Tumbling {
        /// Length of a window; positive.
        size: Span,
        /// Distance of the window starts from the epoch; its magnitude is below `size`.
        #[serde(default)]
        offset: Span,
    },
    /// Windows of one size that start every `slide`; any ratio. With `slide > size` some records
    /// fall in no window.
    Sliding {
        /// Length of a window; positive.
        size: Span,
        /// Distance between window starts; positive.
        slide: Span,
        /// Distance of the window starts from the epoch; its magnitude is below `slide`.
        #[serde(default)]
        offset: Span,
    },
    /// Per key: records at most `gap` apart share a window.
    Session {
        /// The silence that ends a session; positive.
        gap: Span,
    },
    /// Windows that grow: from every start, one of each length `step`, 2 `step`, ... up to `max`,
    /// then anew. (Flink SQL's `CUMULATE`.)
    Cumulative {
        /// Length of the longest window; positive, a whole number of steps.
        max: Span,
        /// By how much each window is longer than the one before; positive.
        step: Span,
        /// Distance of the window starts from the epoch; its magnitude is below `max`.
        #[serde(default)]
        offset: Span,
    },
    /// One window for all time. It never ends, so a trigger has to fire it.
    Global,
}

/// In words: `tumbling windows of 15 min`.
impl fmt::Display for WindowSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = match *self {
            Self::Tumbling { size, offset } => {
                write!(f, "tumbling windows of {size}")?;
                offset
            }
            Self::Sliding { size, slide, offset } => {
                write!(f, "sliding windows of {size} every {slide}")?;
                offset
            }
            Self::Cumulative { max, step, offset } => {
                write!(f, "cumulative windows of up to {max} in steps of {step}")?;
                offset
            }
            Self::Session { gap } => return write!(f, "sessions with a gap of {gap}"),
            Self::Global => return f.write_str("one window for all time"),
        };
        if offset == Span::ZERO { Ok(()) } else { write!(f, ", offset {offset}") }
    }
}

impl WindowSpec {
    /// In how many windows one record may fall; 1 for sessions.
    pub fn windows_per_record(self) -> i64 {
        match self {
            Self::Tumbling { .. } | Self::Session { .. } | Self::Global => 1,
            Self::Cumulative { max, step, .. } => {
                if step.micros() <= 0 {
                    i64::MAX
                } else {
                    max.micros() / step.micros()
                }
            }
            Self::Sliding { size, slide, .. } => {
                if slide.micros() <= 0 {
                    i64::MAX
                } else {
                    (size.micros() - 1).div_euclid(slide.micros()) + 1
                }
            }
        }
    }
}

/// What happens to a record whose windows are all gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LatePolicy {
    /// It is dropped, and counted as dropped.
    #[default]
    Drop,
    /// It goes to the side output.
    SideOutput,
}

impl LatePolicy {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Drop => Self::SideOutput,
            Self::SideOutput => Self::Drop,
        }
    }
}

/// Whether the end of the input is the end of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AtEnd {
    /// A stream has no end: windows that are still open stay open.
    #[default]
    Hold,
    /// The final watermark is sent and every window fires.
    Flush,
}

/// A setting outside its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, as a path from the root of what was checked: `window.slide`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem of the field at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl Pipeline {
    /// Everything that is out of range, in the order of the fields; empty when the pipeline can run.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = self.gate.problems();
        found.extend(crate::watermark::spec::problems(self.watermark, &self.watermark_options));
        let mut span = |path: &str, span: Span, least: i64| {
            if span.micros() < least || span > SPAN_LIMIT {
                let range = if least > 0 { "more than 0" } else { "0 or more" };
                let shown = crate::human::span_exact(span);
                found.push(Problem::new(path, format!("{shown} is out of range: must be {range}, at most 115740d")));
            }
        };
        match self.window {
            WindowSpec::Tumbling { size, .. } => span("window.size", size, 1),
            WindowSpec::Sliding { size, slide, .. } => {
                span("window.size", size, 1);
                span("window.slide", slide, 1);
            }
            WindowSpec::Session { gap } => span("window.gap", gap, 1),
            WindowSpec::Cumulative { max, step, .. } => {
                span("window.max", max, 1);
                span("window.step", step, 1);
            }
            WindowSpec::Global => {}
        }
        span("allowed_lateness", self.allowed_lateness, 0);
        span("service_time", self.service_time, 0);
        found.extend(self.window_shape_problem());
        found.extend(self.aggregate.problem());
        found.extend(crate::window::dialect::problems(self));
        found.extend(self.tasks.problems());
        if self.tasks.micro_batch.is_some() && self.watermark_options.max_drift.is_some() {
            let message = "a batch cannot end while a partition of it is paused: micro-batches need no max_drift";
            found.push(Problem::new("tasks.micro_batch", message));
        }
        found.extend(self.restart.problems());
        found.extend(salting::problems(self));
        found.extend(checkpoints::problems(self));
        found.extend(self.state_problem());
        found.extend(grouping::problems(self));
        if !(1..=MAX_QUEUE_CAPACITY).contains(&self.queue_capacity) {
            let message = format!(
                "{} is out of range: must be 1 to {}",
                self.queue_capacity,
                crate::human::count(u64::from(MAX_QUEUE_CAPACITY))
            );
            found.push(Problem::new("queue_capacity", message));
        }
        found
    }

    fn state_problem(&self) -> Option<Problem> {
        if self.state.is_unlimited() {
            return None;
        }
        if self.dialect != Dialect::Flink {
            let message = "only the dialect Flink counts the bytes of state: choose Memory(limit: None)";
            return Some(Problem::new("state", message));
        }
        self.state.problem()
    }

    fn window_shape_problem(&self) -> Option<Problem> {
        let (offset, step, step_name) = match self.window {
            WindowSpec::Tumbling { size, offset } => (offset, size, "size"),
            WindowSpec::Sliding { slide, offset, .. } => (offset, slide, "slide"),
            WindowSpec::Cumulative { max, step, offset } => {
                if step.micros() <= 0 {
                    return None;
                }
                if max.micros() % step.micros() != 0 {
                    let message = format!(
                        "{} does not go into the longest window, {}: must be a whole part of it",
                        crate::human::span_exact(step),
                        crate::human::span_exact(max)
                    );
                    return Some(Problem::new("window.step", message));
                }
                (offset, max, "max")
            }
            WindowSpec::Session { .. } | WindowSpec::Global => return None,
        };
        if step.micros() <= 0 {
            return None;
        }
        if offset.micros().unsigned_abs() >= step.micros().unsigned_abs() {
            let message = format!(
                "{} is out of range: its magnitude must be below the window {step_name}, {}",
                crate::human::span_exact(offset),
                crate::human::span_exact(step)
            );
            return Some(Problem::new("window.offset", message));
        }
        let per_record = self.window.windows_per_record();
        (per_record > MAX_WINDOWS_PER_RECORD).then(|| {
            let (path, ratio, advice) = match self.window {
                WindowSpec::Cumulative { .. } => ("window.step", "max / step", "raise the step or lower the maximum"),
                _ => ("window.slide", "size / slide", "raise the slide or lower the size"),
            };
            let message = format!(
                "every record would fall in {} windows ({ratio}); the limit is {}; {advice}",
                crate::human::count(per_record.unsigned_abs()),
                crate::human::count(MAX_WINDOWS_PER_RECORD.unsigned_abs())
            );
            Problem::new(path, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sliding(size: &str, slide: &str) -> WindowSpec {
        let read = |text| crate::human::parse_span(text).expect("a span");
        WindowSpec::Sliding { size: read(size), slide: read(slide), offset: Span::ZERO }
    }

    fn check(window: WindowSpec, path: &str, part: &str) {
        let problems = Pipeline { window, ..Pipeline::default() }.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].path, path);
        assert!(problems[0].message.contains(part), "{}", problems[0].message);
    }

    #[test]
    fn legal_pipelines_have_no_problem() {
        assert_eq!(Pipeline::default().problems(), []);
        let window = sliding("60min", "15min");
        assert_eq!(Pipeline { window, ..Pipeline::default() }.problems(), []);
        let window = sliding("10s", "1min");
        assert_eq!(Pipeline { window, ..Pipeline::default() }.problems(), []);
    }

    #[test]
    fn out_of_range_settings_are_named() {
        check(WindowSpec::Tumbling { size: Span::ZERO, offset: Span::ZERO }, "window.size", "more than 0");
        check(sliding("10s", "0s"), "window.slide", "more than 0");
        check(WindowSpec::Session { gap: Span::from_secs(-1) }, "window.gap", "-1s");
        let size = Span::from_secs(10);
        check(WindowSpec::Tumbling { size, offset: -size }, "window.offset", "below the window size, 10s");
    }

    #[test]
    fn a_billion_windows_per_record_are_refused_with_that_number() {
        check(sliding("1000s", "1us"), "window.slide", "1,000,000,000 windows");
    }

    #[test]
    fn cumulative_windows_need_whole_steps() {
        let cumulative = |max, step, offset| WindowSpec::Cumulative {
            max: Span::from_secs(max),
            step: Span::from_secs(step),
            offset: Span::from_secs(offset),
        };
        check(cumulative(10, 3, 0), "window.step", "3s does not go into the longest window, 10s");
        check(cumulative(10, 0, 0), "window.step", "more than 0");
        check(cumulative(10, 5, 10), "window.offset", "below the window max, 10s");
        check(cumulative(100_000, 1, 0), "window.step", "100,000 windows (max / step)");
        assert_eq!(cumulative(10, 2, -9).windows_per_record(), 5);
    }

    #[test]
    fn windows_per_record_counts_the_partial_one() {
        assert_eq!(sliding("60min", "15min").windows_per_record(), 4);
        assert_eq!(sliding("10s", "3s").windows_per_record(), 4);
        assert_eq!(sliding("10s", "10s").windows_per_record(), 1);
        assert_eq!(sliding("10s", "15s").windows_per_record(), 1);
    }
}
