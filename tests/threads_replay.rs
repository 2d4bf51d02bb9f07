//! Random pipelines over random streams on real threads: replay of the recorded order gives the same
//! panes, task by task; and where the order cannot matter, they are those of virtual time.
//!
//! Replay is asked of every pipeline, processing-time timers and clock-driven watermarks included,
//! because the clock is part of the record. Equality with virtual time is asked of
//! - one source and any number of window tasks, with one and with as many of them there, unless
//!   something follows the clock (a processing-time trigger, a fixed lag, idleness, periodic emission),
//!   which is real here and virtual there; and unless keys see each other through the task that they
//!   share: each task of Kafka Streams has a stream time of its own, each of Beam an output watermark.
//!   Beam is compared with as many tasks in virtual time, Kafka Streams with one task on both sides;
//! - several sources, where every window fires once, at its end, and nobody is late: then the order
//!   can be seen in the panes' circumstances alone, not in their values.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater::pipeline::{
    Aggregate, AtEnd, Emit, LatePolicy, Marker, Pipeline, Tasks, WatermarkOptions, WatermarkSpec, WindowSpec,
};
use highwater::record::{KeyId, KeyTable, PartitionId, Row, Stream};
use highwater::rng::{Draws, Seed};
use highwater::runtime::threads::{
    ByTask, Finished, ListedPane, Pace, Replayed, ThreadsConfig, replay, run as run_on_threads,
};
use highwater::runtime::{Ledger, RunConfig, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::aggregate::Summary;
use highwater::window::dialect::{
    AzureAction, AzurePolicy, BeamRules, Dialect, EmptyPane, OnTimePane, TimestampCombiner,
};
use highwater::window::pane::Pane;
use highwater::window::trigger::TriggerSpec;

const PIPELINES: u64 = 1_000;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// Random pipelines.
struct Maker(Draws);

impl Maker {
    fn one_in(&mut self, n: i64) -> bool {
        self.0.integer(1, n) == 1
    }

    fn span(&mut self, least: i64, most: i64) -> Span {
        span(self.0.integer(least, most))
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let last = i64::try_from(of.len()).expect("few") - 1;
        of[usize::try_from(self.0.integer(0, last)).expect("in range")].clone()
    }

    fn window(&mut self) -> WindowSpec {
        let (size, slide) = (self.0.integer(1, 60), self.0.integer(1, 60));
        match self.0.integer(0, 5) {
            0 => WindowSpec::Tumbling { size: span(size), offset: self.span(-size + 1, size - 1) },
            1 => WindowSpec::Sliding { size: span(size), slide: span(slide), offset: self.span(-slide + 1, slide - 1) },
            2 => WindowSpec::Sliding { size: span(size.max(slide)), slide: span(size.min(slide)), offset: Span::ZERO },
            3 => WindowSpec::Session { gap: span(size) },
            4 => {
                let max = slide * self.0.integer(1, 4);
                WindowSpec::Cumulative { max: span(max), step: span(slide), offset: self.span(-max + 1, max - 1) }
            }
            _ => WindowSpec::Global,
        }
    }

    fn watermark(&mut self) -> (WatermarkSpec, WatermarkOptions) {
        let bound = self.span(0, 60);
        let spec = match self.0.integer(0, 10) {
            0..=3 => WatermarkSpec::Bounded { bound },
            4 => WatermarkSpec::Monotonous,
            5 => {
                let n = u32::try_from(self.0.integer(1, 5)).expect("small");
                let marker = self.pick(&[Marker::EveryNth(n), Marker::ValueEquals(1.0)]);
                WatermarkSpec::Punctuated { marker, bound }
            }
            6 => WatermarkSpec::FixedLag { lag: bound },
            7 => WatermarkSpec::Percentile { quantile: self.0.unit_above_zero(), sample: 20 },
            8 => WatermarkSpec::Adaptive { deviations: 2, min: Span::ZERO, max: span(100) },
            9 => WatermarkSpec::FromSource,
            _ => WatermarkSpec::Perfect,
        };
        let per_partition = self.one_in(3);
        let mut options = WatermarkOptions { per_partition, ..WatermarkOptions::default() };
        if self.one_in(8) {
            options.emit = Emit::Periodic { interval: self.span(1, 500) };
        }
        if self.one_in(8) {
            options.idle_after = Some(self.span(1, 500));
        }
        if self.one_in(8) {
            options.max_future = Some(self.span(0, 50));
        }
        if per_partition && self.one_in(3) {
            options.max_drift = Some(self.span(0, 60));
        }
        (spec, options)
    }

    fn flink_trigger(&mut self, depth: u32) -> TriggerSpec {
        let n = self.0.integer(1, 6);
        match self.0.integer(0, 8) {
            0 => TriggerSpec::Never,
            1 => TriggerSpec::EventTime,
            2 => TriggerSpec::ProcessingTime,
            3 => TriggerSpec::Count(n.unsigned_abs()),
            4 => TriggerSpec::ContinuousEventTime(span(n * 5)),
            5 => TriggerSpec::ContinuousProcessingTime(span(n * 20)),
            6 => TriggerSpec::Delta(n as f64),
            7 if depth > 0 => TriggerSpec::Purging(Box::new(self.flink_trigger(0))),
            _ => TriggerSpec::Default,
        }
    }

    fn beam_trigger(&mut self, depth: u32) -> TriggerSpec {
        let n = self.0.integer(1, 5).unsigned_abs();
        let leaf = self.0.integer(0, 2);
        let inner = |maker: &mut Self| Box::new(maker.beam_trigger(depth.saturating_sub(1)));
        match if depth == 0 { leaf } else { self.0.integer(0, 9) } {
            0 => TriggerSpec::Default,
            1 => TriggerSpec::AfterCount(n),
            2 => {
                let align = self.one_in(2).then(|| span(40));
                TriggerSpec::AfterProcessingTime { delay: self.span(0, 100), align }
            }
            3 | 4 => {
                let early = self.one_in(2).then(|| inner(self));
                let late = self.one_in(2).then(|| inner(self));
                TriggerSpec::AfterWatermark { early, late }
            }
            5 => TriggerSpec::AfterAny(vec![*inner(self), *inner(self)]),
            6 => TriggerSpec::AfterAll(vec![*inner(self), *inner(self)]),
            7 => TriggerSpec::AfterEach(vec![*inner(self), *inner(self)]),
            8 => TriggerSpec::Repeatedly(inner(self)),
            _ => TriggerSpec::OrFinally { main: inner(self), finally: inner(self) },
        }
    }

    fn aggregate(&mut self) -> Aggregate {
        use Aggregate::{Count, Distinct, DistinctApprox, First, Last, Max, Mean, Min, Quantile, Sum, TopK};
        self.pick(&[
            Count,
            Sum,
            Mean,
            Min,
            Max,
            Sum,
            Count,
            Distinct,
            DistinctApprox,
            Quantile(0.5),
            TopK(3),
            First,
            Last,
        ])
    }

    fn pipeline(&mut self) -> Pipeline {
        loop {
            let dialect = self.pick(&[
                Dialect::Flink,
                Dialect::Flink,
                Dialect::Flink,
                Dialect::Beam,
                Dialect::Beam,
                Dialect::KafkaStreams,
                Dialect::AzureStreamAnalytics,
            ]);
            let is_plain = matches!(dialect, Dialect::KafkaStreams | Dialect::AzureStreamAnalytics);
            let (watermark, watermark_options) = if dialect == Dialect::KafkaStreams {
                (WatermarkSpec::default(), WatermarkOptions::default())
            } else {
                self.watermark()
            };
            let trigger = match dialect {
                Dialect::Flink if self.one_in(2) => self.flink_trigger(1),
                Dialect::Beam if self.one_in(2) => self.beam_trigger(2),
                Dialect::KafkaStreams if self.one_in(2) => TriggerSpec::OnWindowClose,
                _ => TriggerSpec::Default,
            };
            let accumulation = self.pick(&[
                Accumulation::Accumulating,
                Accumulation::Discarding,
                Accumulation::AccumulatingAndRetracting,
            ]);
            let is_accumulating = dialect == Dialect::AzureStreamAnalytics || self.one_in(2);
            let pipeline = Pipeline {
                watermark,
                watermark_options: if dialect == Dialect::AzureStreamAnalytics {
                    WatermarkOptions::default()
                } else {
                    watermark_options
                },
                window: self.window(),
                allowed_lateness: if dialect != Dialect::AzureStreamAnalytics && self.one_in(2) {
                    self.span(0, 40)
                } else {
                    Span::ZERO
                },
                late: self.pick(&[LatePolicy::Drop, LatePolicy::SideOutput]),
                aggregate: self.aggregate(),
                dialect,
                trigger,
                accumulation: if is_accumulating { Accumulation::Accumulating } else { accumulation },
                beam: BeamRules {
                    timestamp_combiner: self.pick(&[
                        TimestampCombiner::EndOfWindow,
                        TimestampCombiner::Earliest,
                        TimestampCombiner::Latest,
                    ]),
                    closing: self.pick(&[EmptyPane::FireIfNonEmpty, EmptyPane::FireAlways]),
                    on_time: self.pick(&[OnTimePane::FireAlways, OnTimePane::FireIfNonEmpty]),
                },
                azure: AzurePolicy {
                    late_arrival: self.span(0, 300),
                    action: self.pick(&[AzureAction::Adjust, AzureAction::Drop]),
                },
                at_end: if !is_plain && self.one_in(2) { AtEnd::Flush } else { AtEnd::Hold },
                ..Pipeline::default()
            };
            if pipeline.problems().is_empty() {
                return pipeline;
            }
        }
    }

    /// Records whose event times ascend roughly. Arrivals are one per microsecond, or all at once.
    fn stream(&mut self, arrives_at_once: bool) -> Arc<Stream> {
        let (records, partitions) = (self.0.integer(0, 300), self.0.integer(1, 6));
        let (keys, disorder) = (self.0.integer(1, 12), self.0.integer(0, 80));
        let mut table = KeyTable::default();
        let ids: Vec<KeyId> = (0..keys).map(|key| table.intern(&format!("key {key}"))).collect();
        let rows: Vec<Row> = (0..records)
            .map(|i| Row {
                event_time: EventTime::from_micros(i - self.0.integer(0, disorder)),
                arrival: ProcTime::from_micros(if arrives_at_once { 300 } else { i }),
                key: self.pick(&ids),
                value: self.0.integer(-5, 9) as f64,
                partition: PartitionId(u32::try_from(self.0.integer(1, partitions)).expect("small") - 1),
            })
            .collect();
        let said = (0..records / 20).map(|_| {
            let at = self.0.integer(0, records + 20);
            (ProcTime::from_micros(at), EventTime::from_micros(at - self.0.integer(0, disorder)))
        });
        let said = said.collect();
        Arc::new(Stream::from_rows(rows, table).saying(said))
    }

    fn config(&mut self, pipeline: Pipeline) -> ThreadsConfig {
        let mut number = |most| u32::try_from(self.0.integer(1, most)).expect("small");
        let (sources, windows, batch_records, channel_batches) = (number(4), number(4), number(40), number(3));
        let sources = if number(5) > 2 { 1 } else { sources };
        let pace = self.pick(&[Pace::Free, Pace::Free, Pace::PerSecond(2e6), Pace::TimesReal(1.0)]);
        let pipeline = Pipeline { tasks: Tasks { sources, windows, ..pipeline.tasks }, ..pipeline };
        ThreadsConfig { batch_records, channel_batches, pace, ..ThreadsConfig::new(pipeline) }
    }
}

/// Whether a pipeline says nothing of the clock of the machine that runs it.
fn is_timeless(pipeline: &Pipeline) -> bool {
    fn waits_for_the_clock(trigger: &TriggerSpec) -> bool {
        match trigger {
            TriggerSpec::ProcessingTime
            | TriggerSpec::ContinuousProcessingTime(_)
            | TriggerSpec::AfterProcessingTime { .. } => true,
            TriggerSpec::Purging(inner) | TriggerSpec::Repeatedly(inner) => waits_for_the_clock(inner),
            TriggerSpec::AfterAny(inner) | TriggerSpec::AfterAll(inner) | TriggerSpec::AfterEach(inner) => {
                inner.iter().any(waits_for_the_clock)
            }
            TriggerSpec::AfterWatermark { early, late } => {
                early.iter().chain(late).any(|inner| waits_for_the_clock(inner))
            }
            TriggerSpec::OrFinally { main, finally } => waits_for_the_clock(main) || waits_for_the_clock(finally),
            _ => false,
        }
    }
    let options = &pipeline.watermark_options;
    !waits_for_the_clock(&pipeline.trigger)
        && !matches!(pipeline.watermark, WatermarkSpec::FixedLag { .. })
        && options.emit == Emit::PerRecord
        && options.idle_after.is_none()
}

/// Whether no key's panes depend on which other keys are in the same window task.
fn is_key_by_key(pipeline: &Pipeline) -> bool {
    matches!(pipeline.dialect, Dialect::Flink | Dialect::AzureStreamAnalytics)
}

/// A pane without what has no meaning in another run: the clock and the number of its window. Where
/// partitions are aligned, virtual time numbers records by reading, so the cause goes too.
fn circumstances(pane: &Pane, list: &[f64], with_cause: bool) -> String {
    let timeless = Pane { emitted_at: ProcTime::EPOCH, window_id: highwater::window::pane::WindowId::NONE, ..*pane };
    let cause = pane.cause.filter(|_| with_cause);
    format!("{:?} {list:?}", Pane { cause, ..timeless })
}

fn sorted(mut panes: Vec<String>) -> Vec<String> {
    panes.sort_unstable();
    panes
}

fn ledger(finished: &Finished<ByTask<ListedPane>>, stream: &Stream) -> Ledger {
    let mut ledger = Ledger { produced: stream.len() as u64, in_flight: stream.len() as u64, ..Ledger::default() };
    for source in &finished.sources {
        ledger.dropped_late += source.tally.dropped_late;
        ledger.side_output += source.tally.side_output;
        ledger.in_flight -= source.tally.dropped_late + source.tally.side_output;
    }
    for window in &finished.windows {
        ledger.counted += window.tally.counted;
        ledger.dropped_late += window.tally.dropped_late;
        ledger.side_output += window.tally.side_output;
        ledger.unassigned += window.tally.unassigned;
        ledger.in_flight -= window.tally.handled();
    }
    ledger
}

fn threads(stream: &Arc<Stream>, config: &ThreadsConfig) -> Finished<ByTask<ListedPane>> {
    run_on_threads::<Summary, ListedPane, _>(stream, config, ByTask(Vec::new())).expect("nothing fails")
}

fn panes_of(finished: &Finished<ByTask<ListedPane>>, task: usize) -> &[ListedPane] {
    finished.sink.0.get(task).map_or(&[], Vec::as_slice)
}

/// Replay of the recorded order gives what the run gave, task by task.
fn check_replay(finished: &Finished<ByTask<ListedPane>>, stream: &Arc<Stream>, told: &str) {
    let replayed: Vec<Replayed<ListedPane>> = replay::<Summary, _>(&finished.recorded, stream).expect("its own order");
    assert_eq!(replayed.len(), finished.windows.len(), "{told}");
    for (task, replayed) in replayed.iter().enumerate() {
        let panes = panes_of(finished, task);
        assert_eq!(replayed.panes.len(), panes.len(), "task {task} of {told}");
        assert!(replayed.panes == panes, "task {task} of {told}");
        assert_eq!(replayed.tally, finished.windows[task].tally, "task {task} of {told}");
    }
}

fn in_virtual_time(stream: &Arc<Stream>, pipeline: &Pipeline, tasks: Tasks) -> Trace {
    run(stream, &RunConfig::plain(Pipeline { tasks, ..pipeline.clone() }))
}

fn check_virtual_time(
    finished: &Finished<ByTask<ListedPane>>,
    stream: &Arc<Stream>,
    config: &ThreadsConfig,
    tasks: Tasks,
    told: &str,
) {
    let pipeline = &config.pipeline;
    let trace = in_virtual_time(stream, pipeline, tasks);
    let with_cause = pipeline.watermark_options.max_drift.is_none();
    let expected = trace.panes.iter().enumerate();
    let expected = sorted(expected.map(|(i, pane)| circumstances(pane, trace.list_of(i), with_cause)).collect());
    let found = finished.sink.0.iter().flatten();
    let found = sorted(found.map(|listed| circumstances(&listed.pane, &listed.list, with_cause)).collect());
    assert_eq!(found.len(), expected.len(), "{told}");
    if let Some(place) = (0..found.len()).find(|&place| found[place] != expected[place]) {
        panic!("pane {place} is\n  {}\nand in virtual time\n  {}\n{told}", found[place], expected[place]);
    }
    let found = ledger(finished, stream);
    assert!(found.balances(), "{told}");
    assert_eq!(found, trace.ledger, "{told}");
}

#[test]
fn replay_equals_the_run_in_a_thousand_random_pipelines() {
    let (mut with_one_task, mut with_equal_tasks) = (0, 0);
    for seed in 0..PIPELINES {
        let mut maker = Maker(Seed::new(seed).stream("threads"));
        let pipeline = maker.pipeline();
        // What the door of Azure and a pause by alignment do depends on what has arrived.
        let asks_the_log =
            pipeline.dialect == Dialect::AzureStreamAnalytics || pipeline.watermark_options.max_drift.is_some();
        let stream = maker.stream(asks_the_log);
        let config = maker.config(pipeline);
        let told = format!("seed {seed}: {config:?}");
        let finished = threads(&stream, &config);
        check_replay(&finished, &stream, &told);
        let is_free = !asks_the_log || config.pace == Pace::Free;
        let tasks = config.pipeline.tasks;
        if tasks.sources > 1 || !is_timeless(&config.pipeline) || !is_free {
            continue;
        }
        if tasks.windows == 1 || is_key_by_key(&config.pipeline) {
            with_one_task += 1;
            check_virtual_time(&finished, &stream, &config, Tasks::default(), &told);
        }
        if config.pipeline.dialect != Dialect::KafkaStreams {
            with_equal_tasks += 1;
            check_virtual_time(&finished, &stream, &config, tasks, &told);
        }
    }
    assert!(with_one_task >= 250, "only {with_one_task} could be compared with one task in virtual time");
    assert!(with_equal_tasks >= 300, "only {with_equal_tasks} could be compared with equal tasks in virtual time");
}

/// By key and window: count, sum, least and largest value.
type Values = BTreeMap<(u32, i64, i64), (u64, u64, u64, u64)>;

fn values<'a>(panes: impl Iterator<Item = &'a Pane>) -> Values {
    let mut values = Values::new();
    for pane in panes {
        let place = (pane.key.0, pane.window.start.micros(), pane.window.end.micros());
        let Summary { count, sum, min, max } = pane.summary;
        let before = values.insert(place, (count, sum.to_bits(), min.to_bits(), max.to_bits()));
        assert_eq!(before, None, "every window fires once");
    }
    values
}

#[test]
fn values_are_those_of_virtual_time_however_the_sources_interleave() {
    for seed in 0..100 {
        let mut maker = Maker(Seed::new(seed).stream("sources"));
        let stream = maker.stream(false);
        let mut newest = EventTime::MIN;
        let disorder = stream.event_times().iter().map(|&event_time| {
            newest = newest.max(event_time);
            newest - event_time
        });
        let bound = disorder.max().unwrap_or(Span::ZERO);
        let window = loop {
            let window = maker.window();
            if window != WindowSpec::Global {
                break window;
            }
        };
        let per_partition = maker.one_in(2);
        let pipeline = Pipeline {
            window,
            watermark: WatermarkSpec::Bounded { bound },
            watermark_options: WatermarkOptions { per_partition, ..WatermarkOptions::default() },
            allowed_lateness: maker.span(0, 30),
            at_end: AtEnd::Flush,
            ..Pipeline::default()
        };
        let mut config = maker.config(pipeline);
        config.pipeline.tasks.sources = 2 + u32::from(maker.one_in(2));
        let told = format!("seed {seed}: {config:?}");
        let finished = threads(&stream, &config);
        check_replay(&finished, &stream, &told);
        let trace = in_virtual_time(&stream, &config.pipeline, Tasks::default());
        let found = values(finished.sink.0.iter().flatten().map(|listed| &listed.pane));
        assert_eq!(found, values(trace.panes.iter()), "{told}");
        assert_eq!(ledger(&finished, &stream), trace.ledger, "{told}");
    }
}
