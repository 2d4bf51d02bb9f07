//! Settings of failure and recovery: checkpoints, delivery, how a failure is noticed.
//!
//! Names and defaults are those of Apache Flink (`execution.checkpointing.*`, `heartbeat.*`), read from
//! its option objects. What Flink does not set, because the machine decides it there, is set here: how
//! fast state is written and read ([`CheckpointSpec::bandwidth`], [`CheckpointSpec::latency`]).

use serde::{Deserialize, Serialize};

use crate::pipeline::{Pipeline, Problem};
use crate::sink::SinkSpec;
use crate::time::{SPAN_LIMIT, Span};

/// The shortest interval between checkpoints; each is a handful of events of the run.
pub const MIN_INTERVAL: Span = Span::from_millis(1);
/// The most checkpoints that may be under way at once.
pub const MAX_CONCURRENT: u32 = 100;
/// The most consecutive failures that may be tolerated.
pub const MAX_TOLERABLE: u32 = 1_000_000;
/// The slowest and the fastest storage, in bytes a second.
pub const BANDWIDTHS: std::ops::RangeInclusive<u64> = 1..=1_000_000_000_000;

/// How the state of all tasks is kept for the case of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointSpec {
    /// From one checkpoint to the next; it may be longer because of the two settings below. At least 1 ms.
    pub interval: Span,
    /// One that takes longer is given up.
    pub timeout: Span,
    /// The least time between the end of one and the begin of the next; more than 0 implies one at a time.
    pub min_pause: Span,
    /// How many may be under way at once; 1 to [`MAX_CONCURRENT`].
    pub max_concurrent: u32,
    /// How many may fail one after the other before the job fails; up to [`MAX_TOLERABLE`].
    pub tolerable_failures: u32,
    /// What barriers do in front of a task with several inputs.
    pub barriers: Barriers,
    /// Only what has changed since the last completed one is written.
    pub incremental: bool,
    /// Bytes that each task writes or reads in a second; in [`BANDWIDTHS`].
    pub bandwidth: u64,
    /// How long the smallest write or read takes.
    pub latency: Span,
    /// How long after a checkpoint is complete its tasks hear of it; transactions are committed then.
    pub notify_time: Span,
    /// The watermarks of sources and channels are part of the checkpoint. Flink does not keep them: after
    /// a restore they start anew, and a record that was late before the failure may be in time after it.
    pub store_watermarks: bool,
}

impl Default for CheckpointSpec {
    fn default() -> Self {
        Self {
            interval: Span::from_secs(60),
            timeout: Span::from_secs(600),
            min_pause: Span::ZERO,
            max_concurrent: 1,
            tolerable_failures: 0,
            barriers: Barriers::Aligned,
            incremental: false,
            bandwidth: 100_000_000,
            latency: Span::from_millis(10),
            notify_time: Span::ZERO,
            store_watermarks: false,
        }
    }
}

/// What barriers do in front of a task with several inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Barriers {
    /// They stay in their channels, and a channel waits that has brought its barrier.
    #[default]
    Aligned,
    /// They overtake what waits, which becomes part of the checkpoint.
    Unaligned,
    /// Aligned; those that have not arrived after this time overtake.
    AlignedFor(Span),
}

/// What a failure does to results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// Nothing is read a second time: what was in flight, and what was counted and not yet given out, is
    /// lost. No checkpoint is read.
    AtMostOnce,
    /// Everything since the last checkpoint is read again. Barriers do not hold channels back, so some
    /// records may be in the state already that is restored.
    AtLeastOnce,
    /// Everything since the last checkpoint is read again, on top of exactly the state that it belongs
    /// to. Results too are so with a sink that takes them back or knows them again.
    #[default]
    ExactlyOnce,
}

/// How long a failure goes unnoticed where no process says that it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heartbeats {
    /// From one to the next (Flink: `heartbeat.interval`).
    pub interval: Span,
    /// Without any for so long, a task counts as failed (`heartbeat.timeout`); not less than the interval.
    pub timeout: Span,
}

impl Default for Heartbeats {
    fn default() -> Self {
        Self { interval: Span::from_secs(10), timeout: Span::from_secs(50) }
    }
}

fn span(found: &mut Vec<Problem>, path: &str, value: Span, least: Span) {
    if value < least || value > SPAN_LIMIT {
        let least = if least == Span::ZERO { "0".to_owned() } else { crate::human::span_exact(least) };
        let shown = crate::human::span_exact(value);
        let message = format!("{shown} is out of range: must be at least {least}, at most 115740d");
        found.push(Problem::new(path, message));
    }
}

fn number(found: &mut Vec<Problem>, path: &str, value: u64, range: std::ops::RangeInclusive<u64>) {
    if !range.contains(&value) {
        let range = format!("{} to {}", crate::human::count(*range.start()), crate::human::count(*range.end()));
        found.push(Problem::new(path, format!("{value} is out of range: must be {range}")));
    }
}

/// Everything that is out of range or does not go together, with paths from the pipeline.
pub fn problems(pipeline: &Pipeline) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(spec) = &pipeline.checkpoints {
        ranges(spec, &mut found);
        together(pipeline, spec, &mut found);
    }
    let (beats, tick) = (pipeline.heartbeats, MIN_INTERVAL);
    span(&mut found, "heartbeats.interval", beats.interval, tick);
    span(&mut found, "heartbeats.timeout", beats.timeout, beats.interval.max(tick));
    found.extend(pipeline.sink.problem("sink"));
    if let SinkSpec::TwoPhaseCommit { .. } = pipeline.sink {
        if pipeline.checkpoints.is_none() {
            let message = "transactions are committed by checkpoints, and there are none: set checkpoints";
            found.push(Problem::new("sink", message));
        }
        if pipeline.delivery == Delivery::AtMostOnce {
            let message = "transactions take results back that are made again, and at most once makes none again";
            found.push(Problem::new("sink", message));
        }
    }
    found
}

fn ranges(spec: &CheckpointSpec, found: &mut Vec<Problem>) {
    span(found, "checkpoints.interval", spec.interval, MIN_INTERVAL);
    span(found, "checkpoints.timeout", spec.timeout, MIN_INTERVAL);
    span(found, "checkpoints.min_pause", spec.min_pause, Span::ZERO);
    span(found, "checkpoints.latency", spec.latency, Span::ZERO);
    span(found, "checkpoints.notify_time", spec.notify_time, Span::ZERO);
    if let Barriers::AlignedFor(longest) = spec.barriers {
        span(found, "checkpoints.barriers", longest, MIN_INTERVAL);
    }
    number(found, "checkpoints.max_concurrent", u64::from(spec.max_concurrent), 1..=u64::from(MAX_CONCURRENT));
    number(found, "checkpoints.tolerable_failures", u64::from(spec.tolerable_failures), 0..=u64::from(MAX_TOLERABLE));
    number(found, "checkpoints.bandwidth", spec.bandwidth, BANDWIDTHS);
}

/// What Flink refuses too, and what is not simulated together.
fn together(pipeline: &Pipeline, spec: &CheckpointSpec, found: &mut Vec<Problem>) {
    if spec.barriers != Barriers::Aligned {
        if pipeline.delivery != Delivery::ExactlyOnce {
            let message = "barriers overtake only where delivery is exactly once";
            found.push(Problem::new("checkpoints.barriers", message));
        }
        if spec.max_concurrent > 1 {
            let message = "barriers overtake only where one checkpoint is under way at a time: max_concurrent 1";
            found.push(Problem::new("checkpoints.barriers", message));
        }
        if pipeline.tasks.salts > 1 {
            let message = "barriers do not overtake where keys are salted: choose Aligned";
            found.push(Problem::new("checkpoints.barriers", message));
        }
    }
    if spec.min_pause > Span::ZERO && spec.max_concurrent > 1 {
        let message = "a pause between checkpoints implies one at a time: max_concurrent 1";
        found.push(Problem::new("checkpoints.min_pause", message));
    }
    if pipeline.tasks.micro_batch.is_some() {
        let message = "micro-batches take no barriers: leave out tasks.micro_batch or checkpoints";
        found.push(Problem::new("checkpoints", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pipeline: &Pipeline, expected: &[&str]) {
        let found: Vec<String> = pipeline.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(found, expected);
    }

    fn with(spec: CheckpointSpec) -> Pipeline {
        Pipeline { checkpoints: Some(spec), ..Pipeline::default() }
    }

    #[test]
    fn the_defaults_are_legal() {
        check(&with(CheckpointSpec::default()), &[]);
        let sink = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_secs(900) };
        check(&Pipeline { sink, ..with(CheckpointSpec::default()) }, &[]);
    }

    #[test]
    fn ranges_are_named() {
        let spec = CheckpointSpec { interval: Span::ZERO, max_concurrent: 0, bandwidth: 0, ..Default::default() };
        check(
            &with(spec),
            &[
                "checkpoints.interval: 0s is out of range: must be at least 1ms, at most 115740d",
                "checkpoints.max_concurrent: 0 is out of range: must be 1 to 100",
                "checkpoints.bandwidth: 0 is out of range: must be 1 to 1,000,000,000,000",
            ],
        );
        let heartbeats = Heartbeats { interval: Span::from_secs(10), timeout: Span::from_secs(9) };
        let message = "heartbeats.timeout: 9s is out of range: must be at least 10s, at most 115740d";
        check(&Pipeline { heartbeats, ..Pipeline::default() }, &[message]);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let unaligned = CheckpointSpec { barriers: Barriers::Unaligned, max_concurrent: 2, ..Default::default() };
        check(
            &Pipeline { delivery: Delivery::AtLeastOnce, ..with(unaligned) },
            &[
                "checkpoints.barriers: barriers overtake only where delivery is exactly once",
                "checkpoints.barriers: barriers overtake only where one checkpoint is under way at a time: \
                 max_concurrent 1",
            ],
        );
        let pause = CheckpointSpec { min_pause: Span::from_secs(1), max_concurrent: 2, ..Default::default() };
        let message = "checkpoints.min_pause: a pause between checkpoints implies one at a time: max_concurrent 1";
        check(&with(pause), &[message]);
        let sink = SinkSpec::TwoPhaseCommit { transaction_timeout: Span::from_secs(900) };
        let message = "sink: transactions are committed by checkpoints, and there are none: set checkpoints";
        check(&Pipeline { sink, ..Pipeline::default() }, &[message]);
    }
}
