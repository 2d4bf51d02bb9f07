//! Random checkpoints, guarantees, sinks and crashes.

use crate::chaos::draw::Drawer;
use crate::pipeline::{
    AtEnd, Barriers, CheckpointSpec, Delivery, Gate, Heartbeats, Overflow, Pipeline, RestartStrategy, WatermarkOptions,
    WatermarkSpec,
};
use crate::scenario::{Fault, Victim};
use crate::sink::SinkSpec;
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;
use crate::window::trigger::TriggerSpec;

/// Gives a pipeline checkpoints, a guarantee and a sink, and up to four crashes.
pub(super) fn add_failures(drawer: &mut Drawer, duration: Span, pipeline: &mut Pipeline, faults: &mut Vec<Fault>) {
    pipeline.delivery = drawer.pick(&[Delivery::AtMostOnce, Delivery::AtLeastOnce, Delivery::ExactlyOnce]);
    let transaction_timeout =
        if drawer.one_in(6) { drawer.millis(500, 5_000) } else { crate::sink::spec::DEFAULT_TRANSACTION_TIMEOUT };
    let two_phase = SinkSpec::TwoPhaseCommit { transaction_timeout };
    pipeline.sink = drawer.pick(&[SinkSpec::Append, SinkSpec::Upsert, two_phase]);
    if !drawer.one_in(8) {
        pipeline.checkpoints = Some(checkpoints(drawer));
    }
    let interval = drawer.millis(100, 1_000);
    pipeline.heartbeats = Heartbeats { interval, timeout: interval + drawer.millis(0, 2_000) };
    pipeline.restart = match drawer.number(0, 3) {
        0 => RestartStrategy::ExponentialDelay {
            initial: drawer.millis(10, 500),
            max: Span::from_secs(2),
            multiplier: 1.5,
            jitter: 0.0,
            reset_threshold: Span::from_secs(10),
            attempts: None,
        },
        _ => RestartStrategy::FixedDelay { attempts: None, delay: drawer.millis(1, 1_000) },
    };
    let tasks = pipeline.tasks;
    for _ in 0..drawer.number(0, 4) {
        let victim = match drawer.number(0, 6) {
            0 => Victim::Source(drawer.number(0, tasks.sources - 1)),
            1..=3 => Victim::Window(drawer.number(0, tasks.windows - 1)),
            4 => Victim::Sink,
            5 => Victim::Coordinator,
            _ => Victim::All,
        };
        let at = drawer.millis(0, duration.micros() / 1_000);
        let every = drawer.one_in(6).then(|| drawer.millis(1_500, 8_000));
        faults.push(Fault::Crash { victim, at, every, is_silent: drawer.one_in(4) });
    }
}

fn checkpoints(drawer: &mut Drawer) -> CheckpointSpec {
    let longest = drawer.millis(1, 500);
    let max_concurrent = if drawer.one_in(4) { drawer.number(2, 3) } else { 1 };
    CheckpointSpec {
        interval: drawer.millis(200, 4_000),
        timeout: if drawer.one_in(6) { drawer.millis(100, 2_000) } else { Span::from_secs(600) },
        min_pause: if drawer.one_in(4) { drawer.millis(0, 1_000) } else { Span::ZERO },
        max_concurrent,
        tolerable_failures: drawer.number(0, 4),
        barriers: drawer.pick(&[
            Barriers::Aligned,
            Barriers::Aligned,
            Barriers::Unaligned,
            Barriers::AlignedFor(longest),
        ]),
        incremental: drawer.one_in(3),
        bandwidth: u64::from(drawer.number(1, 200)) * 1_000,
        latency: drawer.millis(0, 100),
        notify_time: drawer.millis(0, 300),
        store_watermarks: drawer.one_in(2),
    }
}

/// No record is late, shed or refused, and every window fires in the end.
pub(super) fn keep_everything(pipeline: &mut Pipeline) {
    pipeline.watermark = WatermarkSpec::Bounded { bound: Span::from_secs(120) };
    pipeline.watermark_options = WatermarkOptions::default();
    pipeline.dialect = Dialect::Flink;
    pipeline.trigger = TriggerSpec::Default;
    pipeline.accumulation = Accumulation::Accumulating;
    pipeline.at_end = AtEnd::Flush;
    pipeline.gate = Gate::default();
    if pipeline.tasks.overflow != Overflow::Unbounded {
        pipeline.tasks.overflow = Overflow::Block;
    }
}
