//! The engine against naive answers: random pipelines over random streams, every record and pane
//! judged by brute force that shares nothing with the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater::oracle::Truth;
use highwater::pipeline::{AtEnd, LatePolicy, Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{Fate, RunConfig, Simulation, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::pane::Timing;
use proptest::prelude::*;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// (event time, key, value), one per microsecond of arrival.
type Input = Vec<(i64, u32, i32)>;

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for key in 0..4 {
        keys.intern(&key.to_string());
    }
    let rows = input.iter().enumerate().map(|(i, &(t, key, value))| Row {
        event_time: EventTime::from_micros(t),
        arrival: ProcTime::from_micros(i as i64),
        key: highwater::record::KeyId(key),
        value: f64::from(value),
        partition: PartitionId(0),
    });
    Arc::new(Stream::from_rows(rows.collect(), keys))
}

fn run_pipeline(input: &Input, pipeline: &Pipeline) -> Trace {
    assert_eq!(pipeline.problems(), []);
    let config = RunConfig::plain(pipeline.clone());
    run(&stream(input), &config)
}

fn inputs() -> impl Strategy<Value = Input> {
    prop::collection::vec((-60_i64..60, 0_u32..3, -5_i32..6), 0..60)
}

fn windows() -> impl Strategy<Value = WindowSpec> {
    let aligned = (1_i64..30, 1_i64..30).prop_flat_map(|(size, slide)| {
        ((-slide + 1)..slide).prop_map(move |offset| WindowSpec::Sliding {
            size: span(size),
            slide: span(slide),
            offset: span(offset),
        })
    });
    let tumbling = (1_i64..30).prop_flat_map(|size| {
        ((-size + 1)..size).prop_map(move |offset| WindowSpec::Tumbling { size: span(size), offset: span(offset) })
    });
    prop_oneof![aligned, tumbling, (1_i64..20).prop_map(|gap| WindowSpec::Session { gap: span(gap) })]
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    (windows(), 0_i64..40, 0_i64..30, any::<bool>(), any::<bool>()).prop_map(
        |(window, bound, lateness, side, flush)| Pipeline {
            watermark: WatermarkSpec::Bounded { bound: span(bound) },
            window,
            allowed_lateness: span(lateness),
            late: if side { LatePolicy::SideOutput } else { LatePolicy::Drop },
            at_end: if flush { AtEnd::Flush } else { AtEnd::Hold },
            ..Pipeline::default()
        },
    )
}

/// A pane as (key, start, end, timing, count, sum, cause).
type NaivePane = (u32, i64, i64, Timing, u64, i64, Option<u32>);

/// What a window operator must do, written as one loop over plain lists: every live window is
/// looked at after every record.
#[derive(Default)]
struct Naive {
    live: Vec<NaiveWindow>,
    panes: Vec<NaivePane>,
    fates: Vec<Fate>,
}

#[derive(Clone, Debug)]
struct NaiveWindow {
    key: u32,
    start: i64,
    end: i64,
    values: Vec<i64>,
    has_fired_at: Option<i64>,
}

impl Naive {
    fn pane(&mut self, window: &NaiveWindow, timing: Timing, cause: Option<u32>) {
        let sum = window.values.iter().sum();
        self.panes.push((window.key, window.start, window.end, timing, window.values.len() as u64, sum, cause));
    }

    fn run(input: &Input, pipeline: &Pipeline) -> Self {
        let mut naive = Self::default();
        let lateness = pipeline.allowed_lateness.micros();
        let mut watermark = i64::MIN;
        for (i, &(t, key, value)) in input.iter().enumerate() {
            let cause = Some(i as u32);
            let counted = match pipeline.window {
                WindowSpec::Tumbling { size, offset } => {
                    naive.add_aligned((t, key, value), [size, size, offset], watermark, lateness, cause)
                }
                WindowSpec::Sliding { size, slide, offset } => {
                    naive.add_aligned((t, key, value), [size, slide, offset], watermark, lateness, cause)
                }
                WindowSpec::Session { gap } => {
                    Some(naive.add_session((t, key, value), gap.micros(), watermark, lateness, cause))
                }
                WindowSpec::Cumulative { .. } | WindowSpec::Global => unreachable!("not drawn here"),
            };
            let is_late = watermark != i64::MIN && t + lateness < watermark;
            naive.fates.push(match (counted, pipeline.late) {
                (Some(true), _) => Fate::Counted,
                (None, _) if !is_late => Fate::Unassigned,
                (_, LatePolicy::Drop) => Fate::DroppedLate,
                (_, LatePolicy::SideOutput) => Fate::SideOutput,
            });
            let claim = t - pipeline.watermark.bound().micros();
            if claim > watermark {
                watermark = claim;
                naive.advance(watermark, lateness, Timing::OnTime, cause);
            }
        }
        if pipeline.at_end == AtEnd::Flush && !input.is_empty() {
            naive.advance(i64::MAX, lateness, Timing::AtEnd, None);
        }
        naive
    }

    /// Whether the record was counted; `None` when it falls in no window.
    fn add_aligned(
        &mut self,
        (t, key, value): (i64, u32, i32),
        [size, slide, offset]: [Span; 3],
        watermark: i64,
        lateness: i64,
        cause: Option<u32>,
    ) -> Option<bool> {
        let mut counted = None;
        for number in (-200..200).rev() {
            let start = number * slide.micros() + offset.micros();
            let end = start + size.micros();
            if !(start <= t && t < end) {
                continue;
            }
            let is_kept = end + lateness > watermark;
            counted = Some(counted.unwrap_or(false) || is_kept);
            if !is_kept {
                continue;
            }
            let found = self.live.iter().position(|w| (w.key, w.start) == (key, start));
            let place = found.unwrap_or_else(|| {
                self.live.push(NaiveWindow { key, start, end, values: Vec::new(), has_fired_at: None });
                self.live.len() - 1
            });
            self.live[place].values.push(i64::from(value));
            if end <= watermark {
                self.live[place].has_fired_at = Some(end);
                self.pane(&self.live[place].clone(), Timing::Late, cause);
            }
        }
        counted
    }

    fn add_session(
        &mut self,
        (t, key, value): (i64, u32, i32),
        gap: i64,
        watermark: i64,
        lateness: i64,
        cause: Option<u32>,
    ) -> bool {
        let mut session = NaiveWindow { key, start: t, end: t + gap, values: Vec::new(), has_fired_at: None };
        let (touching, others): (Vec<_>, Vec<_>) =
            self.live.drain(..).partition(|w| w.key == key && w.start <= session.end && session.start <= w.end);
        self.live = others;
        for other in touching {
            session.start = session.start.min(other.start);
            session.end = session.end.max(other.end);
            session.values.extend(other.values);
        }
        session.values.push(i64::from(value));
        if session.end + lateness <= watermark {
            return false;
        }
        if session.end <= watermark {
            session.has_fired_at = Some(session.end);
            self.pane(&session, Timing::Late, cause);
        }
        self.live.push(session);
        true
    }

    fn advance(&mut self, watermark: i64, lateness: i64, timing: Timing, cause: Option<u32>) {
        let mut due: Vec<usize> = (0..self.live.len())
            .filter(|&i| self.live[i].end <= watermark && self.live[i].has_fired_at != Some(self.live[i].end))
            .collect();
        due.sort_by_key(|&i| self.live[i].end);
        for i in due {
            self.live[i].has_fired_at = Some(self.live[i].end);
            self.pane(&self.live[i].clone(), timing, cause);
        }
        self.live.retain(|w| w.end.saturating_add(lateness) > watermark);
    }
}

/// Panes with one cause come in order of window end; between keys there is no order to compare.
fn sorted(mut panes: Vec<NaivePane>) -> Vec<NaivePane> {
    panes.sort_by_key(|p| (p.6.unwrap_or(u32::MAX), p.3 != Timing::Late, p.2, p.1, p.0));
    panes
}

fn panes_of(trace: &Trace) -> Vec<NaivePane> {
    let plain = trace.panes.iter().map(|pane| {
        (
            pane.key.0,
            pane.window.start.micros(),
            pane.window.end.micros(),
            pane.timing,
            pane.summary.count,
            pane.summary.sum as i64,
            pane.cause.map(|id| id.0),
        )
    });
    plain.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn panes_and_fates_equal_the_naive_ones(input in inputs(), pipeline in pipelines()) {
        let naive = Naive::run(&input, &pipeline);
        let trace = run_pipeline(&input, &pipeline);
        prop_assert_eq!(&trace.fates, &naive.fates);
        let found = panes_of(&trace);
        prop_assert_eq!(found.len(), naive.panes.len());
        prop_assert_eq!(sorted(found), sorted(naive.panes));
        let kept = trace.windows.iter().filter(|w| w.end == highwater::runtime::WindowEnd::StillKept).count();
        prop_assert_eq!(kept, naive.live.len());
        prop_assert_eq!(trace.kept_windows.len(), input.len());
    }

    #[test]
    fn with_enough_lateness_the_last_panes_are_the_batch_answer(input in inputs(), window in windows()) {
        let pipeline = Pipeline { window, allowed_lateness: span(1_000), at_end: AtEnd::Flush, ..Pipeline::default() };
        let trace = run_pipeline(&input, &pipeline);
        let mut last = BTreeMap::new();
        for pane in &trace.panes {
            last.insert(pane.window_id, pane);
        }
        // A session that was merged into another is not part of the answer.
        last.retain(|id, _| !matches!(trace.windows[id.index()].end, highwater::runtime::WindowEnd::Merged { .. }));
        let found: BTreeMap<_, _> = last.values().map(|pane| ((pane.key, pane.window), pane.summary)).collect();
        let truth = Truth::of(&trace.stream, window);
        prop_assert_eq!(&found, truth.windows());
    }

    #[test]
    fn the_ledger_balances_after_every_step_and_waiting_changes_no_answer(
        input in inputs(),
        pipeline in pipelines(),
        service in 0_i64..5,
        capacity in 1_u32..4,
    ) {
        let slow = Pipeline { service_time: span(service), queue_capacity: capacity, ..pipeline.clone() };
        let config = RunConfig::plain(slow);
        let mut simulation = Simulation::new(stream(&input), &config);
        let mut now = ProcTime::MIN;
        while simulation.step() {
            prop_assert!(simulation.ledger().balances());
            prop_assert!(simulation.now() >= now);
            prop_assert!(simulation.queue_depth() <= capacity as usize);
            now = simulation.now();
        }
        let trace = simulation.into_trace();
        prop_assert_eq!(trace.ledger.in_flight, 0);
        prop_assert_eq!(trace.ledger.produced, input.len() as u64);
        prop_assert_eq!(panes_of(&trace), panes_of(&run_pipeline(&input, &pipeline)));
        check_waiting(&trace, service, capacity as usize);
    }
}

/// The times of a single server with a bounded queue, by the recursion from queueing theory.
fn check_waiting(trace: &Trace, service: i64, capacity: usize) {
    let mut enqueued: Vec<i64> = Vec::new();
    let mut started: Vec<i64> = Vec::new();
    for (i, arrival) in trace.stream.arrivals().iter().enumerate() {
        let mut at = arrival.micros();
        if let Some(&before) = enqueued.last() {
            at = at.max(before);
        }
        if i >= capacity {
            at = at.max(started[i - capacity]);
        }
        enqueued.push(at);
        started.push(started.last().map_or(at, |&before| at.max(before + service)));
    }
    let micros = |column: &[ProcTime]| column.iter().map(|t| t.micros()).collect::<Vec<_>>();
    assert_eq!(micros(&trace.enqueued), enqueued);
    assert_eq!(micros(&trace.started), started);
    assert_eq!(micros(&trace.handled), started.iter().map(|t| t + service).collect::<Vec<_>>());
}

#[test]
fn the_same_run_has_the_same_hash_and_any_change_another() {
    let input: Input = (0..50).map(|i| (i * 7 % 31, (i % 3) as u32, 1)).collect();
    let hash = |pipeline: &Pipeline| run_pipeline(&input, pipeline).hash_hex();
    let pipeline = Pipeline { watermark: WatermarkSpec::Bounded { bound: span(3) }, ..Pipeline::default() };
    assert_eq!(hash(&pipeline), hash(&pipeline));
    let other = Pipeline { watermark: WatermarkSpec::Bounded { bound: span(4) }, ..Pipeline::default() };
    assert_ne!(hash(&pipeline), hash(&other));
}
