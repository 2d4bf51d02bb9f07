//! A random pipeline: any window, watermark, trigger, dialect, division of work and channel.

use crate::chaos::draw::Drawer;
use crate::gate::spec::{DeadLetterFailure, Gate, GatePolicy};
use crate::pipeline::{
    Aggregate, AtEnd, Emit, LatePolicy, Marker, Overflow, Pipeline, RestartStrategy, Tasks, WatermarkOptions,
    WatermarkSpec, WindowSpec,
};
use crate::scenario::Synthetic;
use crate::time::Span;
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;
use crate::window::trigger::TriggerSpec;

/// A pipeline for this source; it may be illegal, for the caller to see.
pub(super) fn pipeline(drawer: &mut Drawer, source: &Synthetic) -> Pipeline {
    let dialect = drawer.pick(&[Dialect::Flink, Dialect::Flink, Dialect::Flink, Dialect::Flink, Dialect::Beam]);
    let trigger = match dialect {
        Dialect::Flink if drawer.one_in(3) => flink_trigger(drawer, 1),
        Dialect::Beam if drawer.one_in(2) => beam_trigger(drawer, 1),
        _ => TriggerSpec::Default,
    };
    let (watermark, watermark_options) = watermark(drawer, source.partitions);
    let modes = [Accumulation::Accumulating, Accumulation::Discarding, Accumulation::AccumulatingAndRetracting];
    let is_slow = drawer.one_in(2);
    Pipeline {
        gate: gate(drawer),
        watermark,
        watermark_options,
        window: window(drawer),
        allowed_lateness: if drawer.one_in(2) { drawer.millis(0, 4_000) } else { Span::ZERO },
        late: drawer.pick(&[LatePolicy::Drop, LatePolicy::SideOutput]),
        aggregate: drawer.pick(&[Aggregate::Count, Aggregate::Sum, Aggregate::Max, Aggregate::Min, Aggregate::Mean]),
        dialect,
        trigger,
        accumulation: if drawer.one_in(2) { drawer.pick(&modes) } else { Accumulation::Accumulating },
        at_end: drawer.pick(&[AtEnd::Hold, AtEnd::Flush]),
        queue_capacity: drawer.number(1, 6),
        service_time: if is_slow { drawer.millis(0, 400) } else { Span::ZERO },
        tasks: tasks(drawer, is_slow),
        restart: restart(drawer),
        ..Pipeline::default()
    }
}

fn window(drawer: &mut Drawer) -> WindowSpec {
    let (size, slide) = (drawer.millis(200, 6_000), drawer.millis(200, 6_000));
    let offset = drawer.millis(-100, 100);
    match drawer.number(0, 8) {
        0..=2 => WindowSpec::Tumbling { size, offset },
        3 => WindowSpec::Sliding { size, slide, offset },
        4 => WindowSpec::Sliding { size: size.max(slide), slide: size.min(slide), offset },
        5 => WindowSpec::Cumulative {
            max: Span::from_micros(slide.micros() * drawer.0.integer(1, 4)),
            step: slide,
            offset,
        },
        6 | 7 => WindowSpec::Session { gap: drawer.millis(100, 3_000) },
        _ => WindowSpec::Global,
    }
}

fn watermark(drawer: &mut Drawer, partitions: u32) -> (WatermarkSpec, WatermarkOptions) {
    let bound = drawer.millis(0, 4_000);
    let spec = match drawer.number(0, 10) {
        0..=4 => WatermarkSpec::Bounded { bound },
        5 => WatermarkSpec::Monotonous,
        6 => WatermarkSpec::Punctuated { marker: Marker::EveryNth(drawer.number(1, 5)), bound },
        7 => WatermarkSpec::FixedLag { lag: bound },
        8 => WatermarkSpec::Percentile { quantile: 0.9, sample: 20 },
        9 => WatermarkSpec::Adaptive { deviations: 2, min: Span::ZERO, max: Span::from_secs(10) },
        _ => WatermarkSpec::Perfect,
    };
    let mut options = WatermarkOptions { per_partition: drawer.one_in(2), ..WatermarkOptions::default() };
    if drawer.one_in(4) {
        options.emit = Emit::Periodic { interval: drawer.millis(1, 2_000) };
    }
    if drawer.one_in(3) {
        options.idle_after = Some(drawer.millis(200, 4_000));
    }
    if drawer.one_in(10) {
        options.max_future = Some(drawer.millis(0, 5_000));
    }
    if options.per_partition && partitions > 1 && drawer.one_in(6) {
        options.max_drift = Some(drawer.millis(0, 4_000));
    }
    (spec, options)
}

fn tasks(drawer: &mut Drawer, is_slow: bool) -> Tasks {
    let overflow = [Overflow::Block, Overflow::Block, Overflow::Block, Overflow::ShedNewest, Overflow::ShedOldest];
    let slow = |drawer: &mut Drawer, max| if is_slow { drawer.millis(0, max) } else { Span::ZERO };
    Tasks {
        sources: drawer.number(1, 3),
        windows: drawer.number(1, 4),
        salts: if drawer.one_in(10) { drawer.number(2, 3) } else { 1 },
        source_time: slow(drawer, 100),
        sink_time: slow(drawer, 300),
        sink_capacity: drawer.number(1, 4),
        jitter: f64::from(drawer.number(0, 2)) / 4.0,
        overflow: if drawer.one_in(12) { Overflow::Unbounded } else { drawer.pick(&overflow) },
        micro_batch: drawer.one_in(10).then(|| drawer.millis(100, 3_000)),
        ..Tasks::default()
    }
}

fn gate(drawer: &mut Drawer) -> Gate {
    Gate {
        policy: drawer.pick(&[GatePolicy::Reject, GatePolicy::DeadLetter, GatePolicy::Crash]),
        when_dead_letters_fail: drawer.pick(&[DeadLetterFailure::Wait, DeadLetterFailure::Drop]),
        ..Gate::default()
    }
}

fn restart(drawer: &mut Drawer) -> RestartStrategy {
    match drawer.number(0, 5) {
        0 => RestartStrategy::None,
        1 => RestartStrategy::FixedDelay { attempts: Some(drawer.number(0, 4)), delay: drawer.millis(1, 1_000) },
        _ => RestartStrategy::FixedDelay { attempts: None, delay: drawer.millis(100, 2_000) },
    }
}

fn flink_trigger(drawer: &mut Drawer, depth: u32) -> TriggerSpec {
    match drawer.number(0, 8) {
        0 => TriggerSpec::Never,
        1 => TriggerSpec::EventTime,
        2 => TriggerSpec::ProcessingTime,
        3 => TriggerSpec::Count(u64::from(drawer.number(1, 5))),
        4 => TriggerSpec::ContinuousEventTime(drawer.millis(100, 3_000)),
        5 => TriggerSpec::ContinuousProcessingTime(drawer.millis(100, 3_000)),
        6 => TriggerSpec::Delta(f64::from(drawer.number(1, 9))),
        7 if depth > 0 => TriggerSpec::Purging(Box::new(flink_trigger(drawer, 0))),
        _ => TriggerSpec::Default,
    }
}

fn beam_trigger(drawer: &mut Drawer, depth: u32) -> TriggerSpec {
    let leaf = |drawer: &mut Drawer| match drawer.number(0, 2) {
        0 => TriggerSpec::Default,
        1 => TriggerSpec::AfterCount(u64::from(drawer.number(1, 5))),
        _ => TriggerSpec::AfterProcessingTime { delay: drawer.millis(0, 2_000), align: None },
    };
    let inner = |drawer: &mut Drawer| {
        Box::new(if depth > 0 && drawer.one_in(3) { beam_trigger(drawer, depth - 1) } else { leaf(drawer) })
    };
    match drawer.number(0, 6) {
        0 => leaf(drawer),
        1 => TriggerSpec::AfterAny(vec![*inner(drawer), *inner(drawer)]),
        2 => TriggerSpec::AfterAll(vec![*inner(drawer), *inner(drawer)]),
        3 => TriggerSpec::AfterEach(vec![*inner(drawer), *inner(drawer)]),
        4 => TriggerSpec::Repeatedly(inner(drawer)),
        5 => TriggerSpec::OrFinally { main: inner(drawer), finally: inner(drawer) },
        _ => TriggerSpec::AfterWatermark {
            early: drawer.one_in(2).then(|| inner(drawer)),
            late: drawer.one_in(2).then(|| inner(drawer)),
        },
    }
}
