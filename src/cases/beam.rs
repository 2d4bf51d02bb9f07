//! Cases of windows and triggers recorded from Apache Beam: `{"name", "window", "trigger", "mode", ...,
//! "steps": [{"input"} | {"watermark", "output_watermark"} | {"clock"} | {"expect"}]}`.
//!
//! A millisecond of a case is taken for one microsecond of ours: both are the smallest unit of
//! their engine's clock, and the rules at the edges are about that unit.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{KeyId, Record, RecordId};
use crate::time::{EventTime, INPUT_LIMIT_MICROS, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::beam::{BeamWindows, Bundle, PaneSink};
use crate::window::dialect::{BeamRules, Dialect, EmptyPane, OnTimePane, TimestampCombiner};
use crate::window::operator::Advance;
use crate::window::pane::{Pane, Timing, Window};
use crate::window::sink::WindowSink;
use crate::window::trigger::TriggerSpec;

#[derive(Deserialize)]
struct Case {
    window: WindowCase,
    trigger: TriggerCase,
    mode: Mode,
    timestamp_combiner: Combiner,
    allowed_lateness_ms: i64,
    closing_behavior: Behavior,
    on_time_behavior: Behavior,
    clock_start_ms: i64,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WindowCase {
    Fixed { size_ms: i64, offset_ms: i64 },
    Sliding { size_ms: i64, period_ms: i64, offset_ms: i64 },
    Sessions { gap_ms: i64 },
    Global,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum TriggerCase {
    Default,
    Never,
    AfterCount { count: u64 },
    AfterProcessingTime { delay_ms: i64 },
    AfterWatermark { early: Option<Box<Self>>, late: Option<Box<Self>> },
    Repeatedly { trigger: Box<Self> },
    AfterAny { triggers: Vec<Self> },
    AfterAll { triggers: Vec<Self> },
    AfterEach { triggers: Vec<Self> },
    OrFinally { main: Box<Self>, finally: Box<Self> },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Discarding,
    Accumulating,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Combiner {
    EndOfWindow,
    Earliest,
    Latest,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Behavior {
    FireAlways,
    FireIfNonEmpty,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Input {
        input: Vec<i64>,
        #[serde(default)]
        dropped_late: u64,
        #[serde(default)]
        dropped_closed: u64,
    },
    Watermark {
        watermark: i64,
        output_watermark: Option<i64>,
    },
    Clock {
        clock: i64,
    },
    Expect {
        expect: Vec<Expected>,
    },
}

/// A pane; what is absent is not compared.
#[derive(Deserialize)]
struct Expected {
    window: Extent,
    values: Vec<i64>,
    timestamp: Option<Timestamp>,
    timing: Option<TimingCase>,
    early: Option<bool>,
    late: Option<bool>,
    first: Option<bool>,
    #[serde(rename = "final")]
    last: Option<bool>,
    index: Option<u32>,
    nonspeculative_index: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Extent {
    Bounds(i64, i64),
    Named(GlobalName),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GlobalName {
    Global,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
enum Timestamp {
    At(i64),
    Named(MaxName),
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MaxName {
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum TimingCase {
    Early,
    OnTime,
    Late,
}

/// Runs one case through the operator of the Beam dialect.
///
/// # Errors
/// The first difference in words, or what is wrong with the case itself.
pub fn run_case(case: &Value) -> Result<(), String> {
    let case = Case::deserialize(case).map_err(|error| format!("not a case of Beam windows: {error}"))?;
    let pipeline = pipeline(&case);
    if let Some(problem) = pipeline.problems().first() {
        return Err(format!("{}: {}", problem.path, problem.message));
    }
    let mut run = Run {
        windows: BeamWindows::new(&pipeline),
        clock: ProcTime::from_micros(case.clock_start_ms),
        records: 0,
        panes: Panes::default(),
    };
    let mut steps = case.steps.iter().enumerate().peekable();
    while let Some((place, step)) = steps.next() {
        let what = run.step(step).map_err(|told| format!("step {place}: {told}"))?;
        let expected: &[Expected] = match steps.peek() {
            Some((_, Step::Expect { expect })) => expect,
            _ => &[],
        };
        if !matches!(step, Step::Expect { .. }) {
            let found = std::mem::take(&mut run.panes.0);
            compare(expected, found).map_err(|told| format!("step {place} ({what}): {told}"))?;
        }
    }
    Ok(())
}

fn pipeline(case: &Case) -> Pipeline {
    let span = Span::from_micros;
    let window = match case.window {
        WindowCase::Fixed { size_ms, offset_ms } => {
            WindowSpec::Tumbling { size: span(size_ms), offset: span(offset_ms) }
        }
        WindowCase::Sliding { size_ms, period_ms, offset_ms } => {
            WindowSpec::Sliding { size: span(size_ms), slide: span(period_ms), offset: span(offset_ms) }
        }
        WindowCase::Sessions { gap_ms } => WindowSpec::Session { gap: span(gap_ms) },
        WindowCase::Global => WindowSpec::Global,
    };
    let beam = BeamRules {
        timestamp_combiner: match case.timestamp_combiner {
            Combiner::EndOfWindow => TimestampCombiner::EndOfWindow,
            Combiner::Earliest => TimestampCombiner::Earliest,
            Combiner::Latest => TimestampCombiner::Latest,
        },
        closing: match case.closing_behavior {
            Behavior::FireAlways => EmptyPane::FireAlways,
            Behavior::FireIfNonEmpty => EmptyPane::FireIfNonEmpty,
        },
        on_time: match case.on_time_behavior {
            Behavior::FireAlways => OnTimePane::FireAlways,
            Behavior::FireIfNonEmpty => OnTimePane::FireIfNonEmpty,
        },
    };
    let accumulation = match case.mode {
        Mode::Discarding => Accumulation::Discarding,
        Mode::Accumulating => Accumulation::Accumulating,
    };
    Pipeline {
        window,
        allowed_lateness: span(case.allowed_lateness_ms),
        dialect: Dialect::Beam,
        trigger: trigger(&case.trigger),
        accumulation,
        beam,
        ..Pipeline::default()
    }
}

fn trigger(case: &TriggerCase) -> TriggerSpec {
    let inner = |case: &TriggerCase| Box::new(trigger(case));
    match case {
        TriggerCase::Default => TriggerSpec::Default,
        TriggerCase::Never => TriggerSpec::Never,
        TriggerCase::AfterCount { count } => TriggerSpec::AfterCount(*count),
        TriggerCase::AfterProcessingTime { delay_ms } => {
            TriggerSpec::AfterProcessingTime { delay: Span::from_micros(*delay_ms), align: None }
        }
        TriggerCase::AfterWatermark { early, late } => {
            TriggerSpec::AfterWatermark { early: early.as_deref().map(inner), late: late.as_deref().map(inner) }
        }
        TriggerCase::Repeatedly { trigger } => TriggerSpec::Repeatedly(inner(trigger)),
        TriggerCase::AfterAny { triggers } => TriggerSpec::AfterAny(triggers.iter().map(trigger).collect()),
        TriggerCase::AfterAll { triggers } => TriggerSpec::AfterAll(triggers.iter().map(trigger).collect()),
        TriggerCase::AfterEach { triggers } => TriggerSpec::AfterEach(triggers.iter().map(trigger).collect()),
        TriggerCase::OrFinally { main, finally } => {
            TriggerSpec::OrFinally { main: inner(main), finally: inner(finally) }
        }
    }
}

/// Panes of one step with their values.
#[derive(Default)]
struct Panes(Vec<(Pane, Vec<i64>)>);

impl WindowSink for Panes {
    fn fired(&mut self, pane: Pane) {
        self.0.push((pane, Vec::new()));
    }
}

impl PaneSink<Vec<f64>> for Panes {
    fn fired_with(&mut self, pane: Pane, contents: &Vec<f64>) {
        let mut values: Vec<i64> = contents.iter().map(|value| *value as i64).collect();
        values.sort_unstable();
        self.0.push((pane, values));
    }
}

struct Run {
    windows: BeamWindows<Vec<f64>>,
    clock: ProcTime,
    records: u32,
    panes: Panes,
}

impl Run {
    /// Makes a step, and says what it was.
    fn step(&mut self, step: &Step) -> Result<String, String> {
        match step {
            Step::Input { input, dropped_late, dropped_closed } => {
                self.input(input, *dropped_late, *dropped_closed)?;
                Ok(format!("input {input:?}"))
            }
            Step::Watermark { watermark, output_watermark } => {
                let reached = EventTime::from_micros(*watermark);
                let advance = Advance { watermark: reached, now: self.clock, cause: None };
                self.windows.on_watermark(&advance, &mut self.panes);
                let found = self.windows.output_watermark().micros();
                match output_watermark {
                    Some(expected) if *expected != found => Err(format!(
                        "watermark {watermark}: expected the output watermark at {expected}, found it at {found}"
                    )),
                    _ => Ok(format!("watermark {watermark}")),
                }
            }
            Step::Clock { clock } => {
                self.clock = ProcTime::from_micros(*clock);
                self.windows.on_processing_time(self.clock - Span::from_micros(1), &mut self.panes);
                Ok(format!("clock {clock}"))
            }
            Step::Expect { .. } => Ok(String::new()),
        }
    }

    fn input(&mut self, input: &[i64], dropped_late: u64, dropped_closed: u64) -> Result<(), String> {
        let mut records = Vec::with_capacity(input.len());
        for &t in input {
            if t.unsigned_abs() > INPUT_LIMIT_MICROS.unsigned_abs() {
                return Err(format!("the event time {t} is out of range"));
            }
            let id = RecordId(self.records);
            records.push(Record { id, event_time: EventTime::from_micros(t), key: KeyId(0), value: t as f64 });
            self.records = self.records.wrapping_add(1);
        }
        let bundle: Bundle = self.windows.on_bundle(&records, self.clock, &mut self.panes);
        for (word, expected, found) in
            [("late", dropped_late, bundle.dropped_late), ("closed", dropped_closed, bundle.dropped_closed)]
        {
            if expected != found {
                return Err(format!("input {input:?}: expected {expected} dropped as {word}, found {found}"));
            }
        }
        Ok(())
    }
}

/// Panes of one step: one per window, in any order.
fn compare(expected: &[Expected], mut found: Vec<(Pane, Vec<i64>)>) -> Result<(), String> {
    for pane in expected {
        let window = match pane.window {
            Extent::Bounds(start, end) => Window::new(EventTime::from_micros(start), EventTime::from_micros(end)),
            Extent::Named(GlobalName::Global) => Window::ALL,
        };
        let Some(place) = found.iter().position(|(pane, _)| pane.window == window) else {
            return Err(format!("expected a pane of {} with {:?}, found none", name(window), pane.values));
        };
        let (told, values) = found.remove(place);
        difference(pane, &told, &values).map_or(Ok(()), |told| Err(format!("pane of {}: {told}", name(window))))?;
    }
    match found.first() {
        Some((pane, values)) => Err(format!("expected no pane, found one of {} with {values:?}", name(pane.window))),
        None => Ok(()),
    }
}

fn name(window: Window) -> String {
    if window == Window::ALL {
        "the global window".to_owned()
    } else {
        format!("[{}, {})", window.start.micros(), window.end.micros())
    }
}

/// Every attribute that differs, in words.
fn difference(expected: &Expected, pane: &Pane, found_values: &[i64]) -> Option<String> {
    let mut told = String::new();
    let mut note = |word: &str, expected: String, found: String| {
        let and = if told.is_empty() { "" } else { "; " };
        // Writing to a string cannot fail.
        let _ = write!(told, "{and}expected {word} {expected}, found {found}");
    };
    let mut values = expected.values.clone();
    values.sort_unstable();
    if values != found_values {
        note("values", format!("{values:?}"), format!("{found_values:?}"));
    }
    let timestamp = match pane.event_time {
        EventTime::MAX => Timestamp::Named(MaxName::Max),
        at => Timestamp::At(at.micros()),
    };
    if let Some(expected) = expected.timestamp.filter(|expected| *expected != timestamp) {
        let word = |timestamp| match timestamp {
            Timestamp::At(at) => at.to_string(),
            Timestamp::Named(MaxName::Max) => "max".to_owned(),
        };
        note("timestamp", word(expected), word(timestamp));
    }
    let timing = match pane.timing {
        Timing::Early => TimingCase::Early,
        Timing::OnTime | Timing::AtEnd => TimingCase::OnTime,
        Timing::Late => TimingCase::Late,
    };
    if let Some(expected) = expected.timing.filter(|expected| *expected != timing) {
        note("timing", format!("{expected:?}"), format!("{timing:?}"));
    }
    let flags = [
        ("early", expected.early, timing == TimingCase::Early),
        ("late", expected.late, timing == TimingCase::Late),
        ("first", expected.first, pane.index == 0),
        ("last", expected.last, pane.is_last),
    ];
    for (word, expected, found) in flags {
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            note(word, expected.to_string(), found.to_string());
        }
    }
    if let Some(expected) = expected.index.filter(|expected| *expected != pane.index) {
        note("index", expected.to_string(), pane.index.to_string());
    }
    let nonspeculative = pane.nonspeculative_index.map_or(-1, i64::from);
    if let Some(expected) = expected.nonspeculative_index.filter(|expected| *expected != nonspeculative) {
        note("nonspeculative index", expected.to_string(), nonspeculative.to_string());
    }
    (!told.is_empty()).then_some(told)
}
