//! Every way to run one pipeline against every other: slices, plain columns, sessions by key, and
//! the general operator; record by record and in batches; for a sink that follows windows and for
//! one that takes panes alone. Random pipelines over random streams, and the cases of each counted.

use std::cell::Cell;

use highwater::pipeline::{Pipeline, WindowSpec};
use highwater::record::{KeyId, Record, RecordId};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::watermark::BoundedWatermark;
use highwater::window::aligned::AlignedWindows;
use highwater::window::assign::AlignedAssigner;
use highwater::window::lateness;
use highwater::window::operator::{Advance, Outcome, WindowOperator};
use highwater::window::pane::{Pane, Timing, Window, WindowId};
use highwater::window::sink::{Kept, WindowSink};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// Cases of each test. A case runs its pipeline up to seven times.
const CASES: u32 = 4_000;

/// One thing that an operator told.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Opened(WindowId, KeyId, Window, RecordId),
    Fired(Pane),
    Merged(Kept, WindowId),
    Closed(Kept),
}

/// Everything that an operator told, call by call.
#[derive(Default)]
struct Follower(Vec<Told>);

impl WindowSink for Follower {
    fn opened(&mut self, id: WindowId, key: KeyId, window: Window, _now: ProcTime, by: RecordId) {
        self.0.push(Told::Opened(id, key, window, by));
    }

    fn fired(&mut self, pane: Pane) {
        self.0.push(Told::Fired(pane));
    }

    fn merged(&mut self, from: Kept, into: WindowId, _now: ProcTime) {
        self.0.push(Told::Merged(from, into));
    }

    fn closed(&mut self, kept: Kept, _now: ProcTime) {
        self.0.push(Told::Closed(kept));
    }
}

/// Panes alone.
#[derive(Default)]
struct PanesAlone(Vec<Pane>);

impl WindowSink for PanesAlone {
    const FOLLOWS_WINDOWS: bool = false;

    fn fired(&mut self, pane: Pane) {
        self.0.push(pane);
    }
}

/// What comes in: a record, or a watermark that a timer raised by so much.
#[derive(Clone, Copy, Debug)]
enum Input {
    Record { t: i64, key: u32, value: i32 },
    Jump(i64),
}

/// A pipeline, how far its watermark is behind, and what comes in.
#[derive(Clone, Debug)]
struct Case {
    pipeline: Pipeline,
    bound: Span,
    inputs: Vec<Input>,
    flush: bool,
}

/// One step: a record (or none), then the watermark that it raised (or none).
#[derive(Clone, Copy, Debug)]
struct Step {
    record: Option<Record>,
    advance: Option<Advance>,
}

impl Case {
    fn steps(&self) -> Vec<Step> {
        let mut generator = BoundedWatermark::new(self.bound);
        let mut watermark = EventTime::MIN;
        let mut steps: Vec<Step> = Vec::new();
        for (&input, id) in self.inputs.iter().zip(0..) {
            let now = ProcTime::from_micros(i64::from(id));
            let (record, claim) = match input {
                Input::Record { t, key, value } => {
                    let event_time = EventTime::from_micros(t);
                    let record = Record { id: RecordId(id), event_time, key: KeyId(key), value: f64::from(value) };
                    (Some(record), generator.observe(event_time))
                }
                Input::Jump(by) => (None, watermark.is_finite().then(|| watermark + Span::from_micros(by))),
            };
            let rise = claim.filter(|claim| *claim > watermark);
            watermark = rise.unwrap_or(watermark);
            let cause = record.map(|record| record.id);
            steps.push(Step { record, advance: rise.map(|watermark| Advance { watermark, now, cause }) });
        }
        if self.flush {
            let advance = Advance { watermark: EventTime::MAX, now: ProcTime::EPOCH, cause: None };
            steps.push(Step { record: None, advance: Some(advance) });
        }
        steps
    }
}

fn now_of(record: &Record) -> ProcTime {
    ProcTime::from_micros(i64::from(record.id.0))
}

/// What was told in each step, what became of each record, and what is kept in the end.
#[derive(Debug, PartialEq)]
struct Run {
    told: Vec<Vec<Told>>,
    outcomes: Vec<Outcome>,
    kept: Vec<Kept>,
}

fn follow(steps: &[Step], mut operator: WindowOperator) -> Run {
    let mut run = Run { told: Vec::new(), outcomes: Vec::new(), kept: Vec::new() };
    let mut sink = Follower::default();
    for step in steps {
        if let Some(record) = &step.record {
            run.outcomes.push(operator.on_record(record, now_of(record), &mut sink));
        }
        if let Some(advance) = &step.advance {
            operator.on_watermark(advance, &mut sink);
        }
        run.told.push(std::mem::take(&mut sink.0));
    }
    operator.visit_kept(|kept| run.kept.push(kept));
    assert_eq!(operator.kept(), run.kept.len());
    run
}

/// Within a step, windows may fire and go in another order, by key.
fn sorted(mut run: Run) -> Run {
    for told in &mut run.told {
        told.sort_by_key(|told| match told {
            Told::Opened(id, ..) => (0, EventTime::MIN, *id, 0),
            Told::Merged(kept, _) => (1, EventTime::MIN, kept.id, 0),
            Told::Fired(pane) => (2, pane.window.end, pane.window_id, pane.index),
            Told::Closed(kept) => (3, kept.window.end, kept.id, 0),
        });
    }
    run.kept.sort_by_key(|kept| (kept.window, kept.id));
    run
}

/// A pane without the identity of its window, which operators may leave out for a sink that does not follow windows.
fn plain(pane: &Pane) -> (KeyId, Window, Timing, u32, u64, i64, EventTime, Option<RecordId>) {
    let summary = pane.summary;
    (pane.key, pane.window, pane.timing, pane.index, summary.count, summary.sum as i64, pane.watermark, pane.cause)
}

fn plain_panes<'a>(panes: impl Iterator<Item = &'a Pane>) -> Vec<impl Ord + std::fmt::Debug> {
    let mut plain: Vec<_> = panes.map(plain).collect();
    plain.sort_by_key(|pane| (pane.7, pane.6, pane.1.end, pane.1.start, pane.0, pane.3));
    plain
}

/// Panes alone, with records in batches between the watermarks that no record raised.
fn panes_of_batches(steps: &[Step], mut operator: WindowOperator) -> (Vec<Pane>, u64) {
    let mut sink = PanesAlone::default();
    let mut counted = 0;
    for group in steps.chunk_by(|step, next| step.record.is_some() && next.record.is_some()) {
        let records: Vec<Record> = group.iter().filter_map(|step| step.record).collect();
        if records.is_empty() {
            group.iter().filter_map(|step| step.advance).for_each(|advance| operator.on_watermark(&advance, &mut sink));
            continue;
        }
        let mut rises = group.iter().map(|step| step.advance.map(|advance| advance.watermark));
        let tally =
            operator.on_batch(&records, now_of(&records[0]), |_| rises.next().expect("one per record"), &mut sink);
        assert_eq!(tally.counted + tally.gone + tally.unassigned, records.len() as u64);
        counted += tally.counted;
    }
    (sink.0, counted)
}

/// The panes are those of the general operator, one by one and in batches, followed or not.
fn assert_equal_to_general(case: &Case) -> Run {
    let steps = case.steps();
    let general = sorted(follow(&steps, WindowOperator::general(&case.pipeline)));
    let fast = follow(&steps, WindowOperator::new(&case.pipeline));
    assert_eq!(fast.outcomes, general.outcomes);
    let unsorted: Vec<Vec<Told>> = fast.told.clone();
    let fast = sorted(fast);
    assert_eq!(fast.told.len(), general.told.len());
    for (step, (found, expected)) in steps.iter().zip(fast.told.iter().zip(&general.told)) {
        assert_eq!(found, expected, "after {step:?}");
    }
    assert_eq!(fast.kept, general.kept);
    let followed = general.told.iter().flatten().filter_map(|told| match told {
        Told::Fired(pane) => Some(pane),
        _ => None,
    });
    let (panes, counted) = panes_of_batches(&steps, WindowOperator::new(&case.pipeline));
    assert_eq!(format!("{:?}", plain_panes(panes.iter())), format!("{:?}", plain_panes(followed)));
    assert_eq!(counted, general.outcomes.iter().filter(|outcome| outcome.counted > 0).count() as u64);
    Run { told: unsorted, ..fast }
}

/// Everything in units of `scale`, so that windows are from microseconds to hours long.
fn cases(
    windows: impl Strategy<Value = WindowSpec>,
    lateness: impl Strategy<Value = i64>,
) -> impl Strategy<Value = Case> {
    let input = prop_oneof![
        60 => (-60_i64..60, 0_u32..5, -5_i32..6).prop_map(|(t, key, value)| Input::Record { t, key, value }),
        1 => (1_i64..100).prop_map(Input::Jump),
        1 => (1_i64..100_000).prop_map(Input::Jump),
    ];
    // Keys that are dense, sparse, or dense with one far off.
    let keys = prop_oneof![Just([1_u32, 1]), Just([997, 997]), Just([1, 997])];
    let scales = (prop_oneof![Just(1_i64), Just(1_000), Just(7_777_777)], 0_i64..4, keys);
    // A stream that stands still, or one that goes on by so much per record.
    let inputs = (prop::collection::vec(input, 0..80), prop_oneof![Just(0_i64), 1_i64..30]);
    (windows, lateness, 0_i64..50, inputs, any::<bool>(), scales).prop_map(
        |(window, lateness, bound, (mut inputs, step), flush, (scale, jitter, key_steps))| {
            let mut since = 0;
            for input in &mut inputs {
                match input {
                    Input::Record { t, key, .. } => {
                        since += step;
                        *t = (*t + since) * scale + jitter;
                        *key *= key_steps[usize::from(*key == 4)];
                    }
                    Input::Jump(by) => *by *= scale,
                }
            }
            let pipeline = Pipeline {
                window: scaled(window, scale),
                allowed_lateness: Span::from_micros(lateness).times(scale),
                ..Pipeline::default()
            };
            Case { pipeline, bound: Span::from_micros(bound).times(scale), inputs, flush }
        },
    )
}

fn scaled(window: WindowSpec, scale: i64) -> WindowSpec {
    let span = |span: Span| span.times(scale);
    match window {
        WindowSpec::Tumbling { size, offset } => WindowSpec::Tumbling { size: span(size), offset: span(offset) },
        WindowSpec::Sliding { size, slide, offset } => {
            WindowSpec::Sliding { size: span(size), slide: span(slide), offset: span(offset) }
        }
        WindowSpec::Session { gap } => WindowSpec::Session { gap: span(gap) },
        WindowSpec::Cumulative { max, step, offset } => {
            WindowSpec::Cumulative { max: span(max), step: span(step), offset: span(offset) }
        }
        WindowSpec::Global => WindowSpec::Global,
    }
}

fn sliding() -> impl Strategy<Value = WindowSpec> {
    (1_i64..40, 1_i64..20, -9_i64..10).prop_map(|(size, slide, offset)| WindowSpec::Sliding {
        size: Span::from_micros(size),
        slide: Span::from_micros(slide),
        offset: Span::from_micros(offset % slide),
    })
}

fn cumulative() -> impl Strategy<Value = WindowSpec> {
    (1_i64..6, 1_i64..9, -3_i64..4).prop_map(|(steps, step, offset)| WindowSpec::Cumulative {
        max: Span::from_micros(steps * step),
        step: Span::from_micros(step),
        offset: Span::from_micros(offset % (steps * step)),
    })
}

fn tumbling() -> impl Strategy<Value = WindowSpec> {
    (1_i64..40, -9_i64..10).prop_map(|(size, offset)| WindowSpec::Tumbling {
        size: Span::from_micros(size),
        offset: Span::from_micros(offset % size),
    })
}

fn sessions() -> impl Strategy<Value = WindowSpec> {
    (1_i64..30).prop_map(|gap| WindowSpec::Session { gap: Span::from_micros(gap) })
}

/// Runs all cases of a test; how many of them `test` says were of the shape that it is about.
fn count_cases(cases: impl Strategy<Value = Case>, test: impl Fn(&Case) -> bool) -> u32 {
    let (all, of_shape) = (Cell::new(0), Cell::new(0));
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&cases, |case| {
        all.set(all.get() + 1);
        of_shape.set(of_shape.get() + u32::from(test(&case)));
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.err().map_or_else(String::new, |error| error.to_string()));
    assert_eq!(all.get(), CASES);
    of_shape.get()
}

#[test]
fn slices_equal_plain_columns_equal_the_general_operator() {
    let sliced = count_cases(cases(prop_oneof![3 => sliding(), 1 => cumulative()], Just(0)), |case| {
        let sliced = assert_equal_to_general(case);
        let is_sliced = matches!(WindowOperator::new(&case.pipeline), WindowOperator::Sliced(_));
        if let Some(assigner) = AlignedAssigner::new(case.pipeline.window) {
            let plain = WindowOperator::Aligned(Box::new(AlignedWindows::new(assigner, Span::ZERO)));
            let plain = follow(&case.steps(), plain);
            // Also in the order in which windows open, fire and go.
            assert_eq!(sliced.told, plain.told);
        }
        is_sliced
    });
    assert!(sliced > CASES / 2, "{sliced} cases with slices");
}

#[test]
fn plain_columns_equal_the_general_operator() {
    let late = count_cases(cases(prop_oneof![tumbling(), sliding()], prop_oneof![Just(0_i64), 1_i64..40]), |case| {
        assert_equal_to_general(case);
        case.pipeline.allowed_lateness > Span::ZERO
    });
    assert!(late > CASES / 3, "{late} cases with allowed lateness");
}

#[test]
fn sessions_equal_the_general_operator_and_fire_by_end_then_key() {
    let merging = count_cases(cases(sessions(), prop_oneof![Just(0_i64), 1_i64..60]), |case| {
        let run = assert_equal_to_general(case);
        for (told, step) in run.told.iter().zip(case.steps()) {
            let cause = step.record.map(|record| record.id);
            let due = |pane: &Pane| (pane.window.end, pane.key);
            let of_watermark = told.iter().filter_map(|told| match told {
                Told::Fired(pane) if pane.timing != Timing::Late && pane.cause == cause => Some(due(pane)),
                _ => None,
            });
            assert!(of_watermark.is_sorted());
        }
        run.told.iter().flatten().any(|told| matches!(told, Told::Merged(..)))
    });
    assert!(merging > CASES / 10, "{merging} cases in which sessions merge");
}

#[test]
fn the_next_due_of_sessions_is_when_the_first_of_them_fires_or_goes() {
    let busy = count_cases(cases(sessions(), prop_oneof![Just(0_i64), 1_i64..60]), |case| {
        let lateness = case.pipeline.allowed_lateness;
        let mut operator: WindowOperator = WindowOperator::new(&case.pipeline);
        let mut sink = PanesAlone::default();
        let mut watermark = EventTime::MIN;
        let mut most = 0;
        for step in case.steps() {
            if let Some(record) = &step.record {
                operator.on_record(record, now_of(record), &mut sink);
            }
            let mut expected = EventTime::MAX;
            operator.visit_kept(|kept| {
                let is_complete = lateness::is_complete(kept.window, watermark);
                let due = if is_complete { lateness::closes_at(kept.window, lateness) } else { kept.window.end };
                expected = expected.min(due);
            });
            assert_eq!(operator.next_due(), expected);
            most = most.max(operator.kept());
            if let Some(advance) = &step.advance {
                watermark = advance.watermark;
                operator.on_watermark(advance, &mut sink);
            }
        }
        most > 5
    });
    assert!(busy > CASES / 10, "{busy} cases with many sessions");
}
