//! Random pipelines of every dialect over random streams, and a plain loop that drives an operator
//! through them call by call, noting everything that it says.

use highwater::pipeline::{Aggregate, Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, Record, RecordId};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::dialect::{BeamRules, Dialect, EmptyPane, OnTimePane, TimestampCombiner};
use highwater::window::operator::{Advance, Outcome, WindowOperator};
use highwater::window::pane::{Pane, Window, WindowId};
use highwater::window::sink::{Kept, WindowSink};
use highwater::window::trigger::TriggerSpec;
use proptest::prelude::*;

/// (event time, key, value, time since the arrival before, in microseconds).
pub type Input = Vec<(i64, u32, i32, i64)>;

/// How many keys there are.
pub const KEYS: u32 = 5;

pub fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

pub fn inputs() -> impl Strategy<Value = Input> {
    prop::collection::vec((-60_i64..60, 0..KEYS, -5_i32..6, 0_i64..9), 0..50)
}

fn aligned() -> impl Strategy<Value = WindowSpec> {
    (1_i64..30, 1_i64..30, any::<bool>()).prop_flat_map(|(size, slide, is_tumbling)| {
        let slide = if is_tumbling { size } else { slide };
        ((-slide + 1)..slide).prop_map(move |offset| {
            if is_tumbling {
                WindowSpec::Tumbling { size: span(size), offset: span(offset) }
            } else {
                WindowSpec::Sliding { size: span(size), slide: span(slide), offset: span(offset) }
            }
        })
    })
}

fn cumulative() -> impl Strategy<Value = WindowSpec> {
    (1_i64..6, 1_i64..9, -3_i64..4).prop_map(|(steps, step, offset)| WindowSpec::Cumulative {
        max: span(steps * step),
        step: span(step),
        offset: span(offset % (steps * step)),
    })
}

fn sessions() -> impl Strategy<Value = WindowSpec> {
    (1_i64..20).prop_map(|gap| WindowSpec::Session { gap: span(gap) })
}

/// Half of the time one that a summary answers.
fn aggregates() -> impl Strategy<Value = Aggregate> {
    prop_oneof![
        6 => Just(Aggregate::Sum),
        1 => Just(Aggregate::Distinct),
        1 => Just(Aggregate::DistinctApprox),
        1 => prop_oneof![Just(0.5), Just(0.9)].prop_map(Aggregate::Quantile),
        1 => (1_u32..4).prop_map(Aggregate::TopK),
        1 => Just(Aggregate::First),
        1 => Just(Aggregate::Last),
    ]
}

fn accumulations() -> impl Strategy<Value = Accumulation> {
    prop_oneof![
        Just(Accumulation::Accumulating),
        Just(Accumulation::Discarding),
        Just(Accumulation::AccumulatingAndRetracting),
    ]
}

fn flink_triggers() -> impl Strategy<Value = TriggerSpec> {
    let plain = prop_oneof![
        Just(TriggerSpec::Default),
        Just(TriggerSpec::Never),
        Just(TriggerSpec::EventTime),
        Just(TriggerSpec::ProcessingTime),
        (1_u64..5).prop_map(TriggerSpec::Count),
        (1_i64..12).prop_map(|interval| TriggerSpec::ContinuousEventTime(span(interval))),
        (1_i64..40).prop_map(|interval| TriggerSpec::ContinuousProcessingTime(span(interval))),
        (0_i32..6).prop_map(|threshold| TriggerSpec::Delta(f64::from(threshold))),
    ];
    (plain, any::<bool>()).prop_map(
        |(inner, purges)| {
            if purges { TriggerSpec::Purging(Box::new(inner)) } else { inner }
        },
    )
}

fn beam_triggers() -> impl Strategy<Value = TriggerSpec> {
    let leaf = prop_oneof![
        Just(TriggerSpec::Default),
        Just(TriggerSpec::Never),
        Just(TriggerSpec::AfterWatermark { early: None, late: None }),
        (1_u64..4).prop_map(TriggerSpec::AfterCount),
        (0_i64..30, 0_i64..20).prop_map(|(delay, align)| TriggerSpec::AfterProcessingTime {
            delay: span(delay),
            align: (align > 0).then(|| span(align)),
        }),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..3);
        let perhaps = || prop::option::of(inner.clone().prop_map(Box::new));
        prop_oneof![
            (perhaps(), perhaps()).prop_map(|(early, late)| TriggerSpec::AfterWatermark { early, late }),
            several().prop_map(TriggerSpec::AfterAny),
            several().prop_map(TriggerSpec::AfterAll),
            several().prop_map(TriggerSpec::AfterEach),
            inner.clone().prop_map(|inner| TriggerSpec::Repeatedly(Box::new(inner))),
            (inner.clone(), inner.clone()).prop_map(|(main, finally)| TriggerSpec::OrFinally {
                main: Box::new(main),
                finally: Box::new(finally),
            }),
        ]
    })
}

fn beam_rules() -> impl Strategy<Value = BeamRules> {
    let combiner = prop_oneof![
        Just(TimestampCombiner::EndOfWindow),
        Just(TimestampCombiner::Earliest),
        Just(TimestampCombiner::Latest)
    ];
    (combiner, any::<bool>(), any::<bool>()).prop_map(|(timestamp_combiner, closing, on_time)| BeamRules {
        timestamp_combiner,
        closing: if closing { EmptyPane::FireAlways } else { EmptyPane::FireIfNonEmpty },
        on_time: if on_time { OnTimePane::FireAlways } else { OnTimePane::FireIfNonEmpty },
    })
}

fn bounded(bound: i64) -> WatermarkSpec {
    WatermarkSpec::Bounded { bound: span(bound) }
}

/// Pipelines that the fast operators run.
pub fn fast_pipelines() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![2 => aligned(), 1 => cumulative(), 1 => sessions()];
    (window, 0_i64..40, prop_oneof![Just(0_i64), 0_i64..30]).prop_map(|(window, bound, lateness)| Pipeline {
        watermark: bounded(bound),
        window,
        allowed_lateness: span(lateness),
        ..Pipeline::default()
    })
}

/// Pipelines of the Flink dialect with any trigger.
pub fn flink_pipelines() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![2 => aligned(), 1 => cumulative(), 2 => sessions(), 1 => Just(WindowSpec::Global)];
    let rest = (flink_triggers(), accumulations(), aggregates());
    (window, 0_i64..40, 0_i64..30, rest)
        .prop_map(|(window, bound, lateness, (trigger, accumulation, aggregate))| Pipeline {
            watermark: bounded(bound),
            window,
            allowed_lateness: span(lateness),
            trigger,
            accumulation,
            aggregate,
            ..Pipeline::default()
        })
        .prop_filter("settings fit together", |pipeline| pipeline.problems().is_empty())
}

/// Pipelines of the Beam dialect with trees of triggers.
pub fn beam_pipelines() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![2 => aligned(), 3 => sessions(), 1 => Just(WindowSpec::Global)];
    let rest = (beam_triggers(), accumulations(), aggregates(), beam_rules());
    (window, 0_i64..40, 0_i64..30, rest)
        .prop_map(|(window, bound, lateness, (trigger, accumulation, aggregate, beam))| Pipeline {
            watermark: bounded(bound),
            window,
            allowed_lateness: span(lateness),
            dialect: Dialect::Beam,
            trigger,
            accumulation,
            aggregate,
            beam,
            ..Pipeline::default()
        })
        .prop_filter("settings fit together", |pipeline| pipeline.problems().is_empty())
}

/// Pipelines of the dialects of Kafka Streams and Azure Stream Analytics.
pub fn service_pipelines() -> impl Strategy<Value = Pipeline> {
    let window = prop_oneof![
        2 => sessions(),
        1 => (1_i64..30).prop_map(|size| WindowSpec::Tumbling { size: span(size), offset: span(0) }),
        1 => (1_i64..30, 1_i64..30).prop_map(|(a, b)| WindowSpec::Sliding {
            size: span(a.max(b)),
            slide: span(a.min(b)),
            offset: span(0),
        }),
    ];
    (window, 0_i64..40, 0_i64..30, aggregates(), any::<[bool; 3]>())
        .prop_map(|(window, bound, lateness, aggregate, [is_kafka, once, retracts])| {
            let pipeline = Pipeline { window, aggregate, ..Pipeline::default() };
            if !is_kafka {
                return Pipeline { dialect: Dialect::AzureStreamAnalytics, watermark: bounded(bound), ..pipeline };
            }
            Pipeline {
                dialect: Dialect::KafkaStreams,
                watermark: bounded(0),
                allowed_lateness: span(lateness),
                trigger: if once { TriggerSpec::OnWindowClose } else { TriggerSpec::Default },
                accumulation: if retracts {
                    Accumulation::AccumulatingAndRetracting
                } else {
                    Accumulation::Accumulating
                },
                ..pipeline
            }
        })
        .prop_filter("settings fit together", |pipeline| pipeline.problems().is_empty())
}

/// Pipelines of every dialect.
pub fn pipelines() -> impl Strategy<Value = Pipeline> {
    prop_oneof![fast_pipelines(), flink_pipelines(), beam_pipelines(), service_pipelines()]
}

/// What an operator says, in the order in which it says it.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Opened(WindowId, KeyId, Window, ProcTime, RecordId),
    Fired(Pane),
    Listed(Vec<f64>),
    Merged(Kept, WindowId, ProcTime),
    Closed(Kept, ProcTime),
    Outcome(Outcome),
    /// After every call: the next timer, how much is kept.
    State(Option<ProcTime>, usize, usize),
}

#[derive(Debug, Default)]
pub struct Notes(pub Vec<Said>);

impl WindowSink for Notes {
    fn opened(&mut self, id: WindowId, key: KeyId, window: Window, now: ProcTime, by: RecordId) {
        self.0.push(Said::Opened(id, key, window, now, by));
    }

    fn fired(&mut self, pane: Pane) {
        self.0.push(Said::Fired(pane));
    }

    fn listed(&mut self, values: &[f64]) {
        self.0.push(Said::Listed(values.to_vec()));
    }

    fn merged(&mut self, from: Kept, into: WindowId, now: ProcTime) {
        self.0.push(Said::Merged(from, into, now));
    }

    fn closed(&mut self, kept: Kept, now: ProcTime) {
        self.0.push(Said::Closed(kept, now));
    }
}

impl Notes {
    pub fn panes(&self) -> Vec<Pane> {
        let panes = self.0.iter().filter_map(|said| if let Said::Fired(pane) = said { Some(*pane) } else { None });
        panes.collect()
    }
}

/// One call of an operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Call {
    Record(Record, ProcTime),
    Watermark(Advance),
    /// Everything at this instant has been handled; timers up to it may come up, one call each.
    Passed(ProcTime),
}

/// The calls that a run makes: after every record the watermark that it raises, before the next
/// record the time that passes, and at the end the final watermark.
pub fn calls(input: &Input, pipeline: &Pipeline) -> Vec<Call> {
    let (mut calls, mut watermark, mut now) = (Vec::new(), EventTime::MIN, ProcTime::EPOCH);
    for (i, &(t, key, value, since)) in input.iter().enumerate() {
        if since > 0 {
            now = now + span(since);
            calls.push(Call::Passed(now - span(1)));
        }
        let mut event_time = EventTime::from_micros(t);
        if pipeline.dialect == Dialect::AzureStreamAnalytics {
            // Times are repaired at the door: no record is behind the watermark.
            event_time = event_time.max(watermark);
        }
        // Tenths have no exact binary form, so the order of additions shows in the sum.
        let record = Record { id: RecordId(i as u32), event_time, key: KeyId(key), value: f64::from(value) / 10.0 };
        calls.push(Call::Record(record, now));
        if event_time - pipeline.watermark.bound() > watermark {
            watermark = event_time - pipeline.watermark.bound();
            calls.push(Call::Watermark(Advance { watermark, now, cause: Some(record.id) }));
        }
    }
    if pipeline.dialect != Dialect::KafkaStreams {
        calls.push(Call::Passed(now + span(100)));
        calls.push(Call::Watermark(Advance { watermark: EventTime::MAX, now: now + span(101), cause: None }));
    }
    calls
}

/// Makes one call, and notes what the operator says and what state it is in.
pub fn make(operator: &mut WindowOperator, call: &Call, notes: &mut Notes) {
    match call {
        Call::Record(record, now) => {
            let outcome = operator.on_record(record, *now, notes);
            notes.0.push(Said::Outcome(outcome));
        }
        Call::Watermark(advance) => operator.on_watermark(advance, notes),
        Call::Passed(now) => {
            while let Some(at) = operator.next_timer().filter(|at| at <= now) {
                operator.on_processing_time(at, notes);
            }
        }
    }
    notes.0.push(Said::State(operator.next_timer(), operator.kept(), operator.special_bytes()));
}

pub fn kept(operator: &WindowOperator) -> Vec<Kept> {
    let mut all = Vec::new();
    operator.visit_kept(|kept| all.push(kept));
    all
}
