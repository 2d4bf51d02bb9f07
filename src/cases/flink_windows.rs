//! Cases of keyed windows recorded from Apache Flink: `{"id", "pipeline": {"window", "bound_ms",
//! "allowed_lateness_ms", "trigger"}, "input": [[key, time, value]], "output", "late"}`.
//!
//! A millisecond of a case is taken for one microsecond of ours: both are the smallest unit of
//! their engine's clock, and the rules at the edges are about that unit.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::pipeline::{AtEnd, LatePolicy, Pipeline, WatermarkSpec, WindowSpec};
use crate::record::{KeyTable, PartitionId, Row, Stream};
use crate::runtime::{Fate, RunConfig, Simulation, Trace};
use crate::time::{EventTime, INPUT_LIMIT_MICROS, ProcTime, Span};
use crate::window::operator::WindowOperator;
use crate::window::pane::{Pane, Window};
use crate::window::trigger::TriggerSpec;

#[derive(Deserialize)]
struct Case {
    pipeline: PipelineCase,
    input: Vec<(String, i64, i64)>,
    output: Vec<Emission>,
    late: Vec<u32>,
}

#[derive(Deserialize)]
struct PipelineCase {
    window: WindowCase,
    bound_ms: i64,
    allowed_lateness_ms: i64,
    trigger: TriggerCase,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum WindowCase {
    Tumbling { size_ms: i64, offset_ms: i64 },
    Sliding { size_ms: i64, slide_ms: i64, offset_ms: i64 },
    Session { gap_ms: i64 },
    Global,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum TriggerCase {
    EventTime,
    Count { n: u64 },
    ContinuousEventTime { interval_ms: i64 },
    Purging { inner: Box<Self> },
}

/// One pane. The order of the fields is the order in which panes are compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Emission {
    after: u32,
    end: Option<i64>,
    start: Option<i64>,
    key: String,
    count: u64,
    sum: i64,
    min: i64,
    max: i64,
}

impl Emission {
    fn in_words(&self) -> String {
        let window = match (self.start, self.end) {
            (Some(start), Some(end)) => format!("[{start}, {end})"),
            _ => "global".to_owned(),
        };
        let Self { after, key, count, sum, min, max, .. } = self;
        format!("{window} of {key} after record {after} with count {count}, sum {sum}, min {min}, max {max}")
    }
}

/// Runs one case through the operator that its pipeline gets.
///
/// # Errors
/// The first difference in words, or what is wrong with the case itself.
pub fn run_case(case: &Value) -> Result<(), String> {
    run_case_with(case, WindowOperator::new)
}

/// Runs one case through the operator that `operator` makes for its pipeline.
///
/// # Errors
/// The first difference in words, or what is wrong with the case itself.
pub fn run_case_with(case: &Value, operator: impl Fn(&Pipeline) -> WindowOperator) -> Result<(), String> {
    let case = Case::deserialize(case).map_err(|error| format!("not a case of Flink windows: {error}"))?;
    let pipeline = pipeline(&case.pipeline);
    if let Some(problem) = pipeline.problems().first() {
        return Err(format!("{}: {}", problem.path, problem.message));
    }
    if let Some(place) = case.input.iter().position(|(_, t, _)| t.unsigned_abs() > INPUT_LIMIT_MICROS.unsigned_abs()) {
        return Err(format!("record {place}: the event time is out of range"));
    }
    let stream = Arc::new(stream(&case.input));
    let config = RunConfig::plain(pipeline);
    let mut simulation = Simulation::with_operators(stream, &config, operator);
    while simulation.step() {}
    compare(case, &simulation.into_trace())
}

fn pipeline(case: &PipelineCase) -> Pipeline {
    let span = Span::from_micros;
    let window = match case.window {
        WindowCase::Tumbling { size_ms, offset_ms } => {
            WindowSpec::Tumbling { size: span(size_ms), offset: span(offset_ms) }
        }
        WindowCase::Sliding { size_ms, slide_ms, offset_ms } => {
            WindowSpec::Sliding { size: span(size_ms), slide: span(slide_ms), offset: span(offset_ms) }
        }
        WindowCase::Session { gap_ms } => WindowSpec::Session { gap: span(gap_ms) },
        WindowCase::Global => WindowSpec::Global,
    };
    Pipeline {
        watermark: WatermarkSpec::Bounded { bound: span(case.bound_ms) },
        window,
        allowed_lateness: span(case.allowed_lateness_ms),
        trigger: trigger(&case.trigger),
        late: LatePolicy::SideOutput,
        at_end: AtEnd::Flush,
        ..Pipeline::default()
    }
}

fn trigger(case: &TriggerCase) -> TriggerSpec {
    match case {
        TriggerCase::EventTime => TriggerSpec::EventTime,
        TriggerCase::Count { n } => TriggerSpec::Count(*n),
        TriggerCase::ContinuousEventTime { interval_ms } => {
            TriggerSpec::ContinuousEventTime(Span::from_micros(*interval_ms))
        }
        TriggerCase::Purging { inner } => TriggerSpec::Purging(Box::new(trigger(inner))),
    }
}

fn stream(input: &[(String, i64, i64)]) -> Stream {
    let mut keys = KeyTable::default();
    let rows = input.iter().enumerate().map(|(place, (key, event_time, value))| Row {
        event_time: EventTime::from_micros(*event_time),
        arrival: ProcTime::from_micros(place as i64),
        key: keys.intern(key),
        value: *value as f64,
        partition: PartitionId(0),
    });
    let rows = rows.collect();
    Stream::from_rows(rows, keys)
}

fn compare(case: Case, trace: &Trace) -> Result<(), String> {
    let mut found: Vec<Emission> = trace.panes.iter().map(|pane| emission(pane, trace)).collect();
    if let Some(place) = (1..found.len()).find(|&place| found[place].after < found[place - 1].after) {
        return Err(format!("pane {place} comes too late: {}", found[place].in_words()));
    }
    let mut expected = case.output;
    found.sort_unstable();
    expected.sort_unstable();
    first_difference(&expected, &found)?;
    let sent = (0_u32..).zip(&trace.fates).filter(|(_, fate)| **fate == Fate::SideOutput).map(|(place, _)| place);
    let sent: Vec<u32> = sent.collect();
    match (0..).zip(case.late.iter().zip(&sent)).find(|(_, (expected, found))| expected != found) {
        Some((_, (expected, found))) if expected < found => Err(format!("record {expected}: expected late, found not")),
        Some((_, (_, found))) => Err(format!("record {found}: expected not late, found late")),
        None if case.late.len() > sent.len() => {
            Err(format!("record {}: expected late, found not", case.late[sent.len()]))
        }
        None if case.late.len() < sent.len() => {
            Err(format!("record {}: expected not late, found late", sent[case.late.len()]))
        }
        None => Ok(()),
    }
}

fn emission(pane: &Pane, trace: &Trace) -> Emission {
    let edge = |t: EventTime| (pane.window != Window::ALL).then(|| t.micros());
    Emission {
        after: pane.cause.map_or(trace.fates.len() as u32, |id| id.0),
        end: edge(pane.window.end),
        start: edge(pane.window.start),
        key: trace.stream.key_table().name(pane.key).to_owned(),
        count: pane.summary.count,
        sum: pane.summary.sum as i64,
        min: pane.summary.min as i64,
        max: pane.summary.max as i64,
    }
}

/// The first pane that only one of two sorted lists has.
fn first_difference(expected: &[Emission], found: &[Emission]) -> Result<(), String> {
    let same = expected.iter().zip(found).take_while(|(expected, found)| expected == found).count();
    match (expected.get(same), found.get(same)) {
        (None, None) => Ok(()),
        (Some(expected), None) => Err(format!("expected {}, found nothing", expected.in_words())),
        (None, Some(found)) => Err(format!("expected nothing, found {}", found.in_words())),
        (Some(expected), Some(found)) => {
            let is_same_window = (expected.after, expected.end, expected.start, &expected.key)
                == (found.after, found.end, found.start, &found.key);
            match (is_same_window, expected < found) {
                (true, _) => Err(format!("expected {}, found {}", expected.in_words(), found.in_words())),
                (false, true) => Err(format!("expected {}, found nothing like it", expected.in_words())),
                (false, false) => Err(format!("expected nothing like it, found {}", found.in_words())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = r#"{"id":"x","pipeline":{"window":{"kind":"tumbling","size_ms":10,"offset_ms":0},"bound_ms":0,
        "allowed_lateness_ms":0,"trigger":{"kind":"event_time"}},"input":[["a",0,1],["a",10,2],["b",3,5]],
        "output":[{"key":"a","start":0,"end":10,"count":1,"sum":1,"min":1,"max":1,"after":1},
        {"key":"a","start":10,"end":20,"count":1,"sum":2,"min":2,"max":2,"after":3}],"late":[2]}"#;

    fn check(from: &str, to: &str, expected: &str) {
        assert!(CASE.contains(from));
        let case = serde_json::from_str(&CASE.replace(from, to)).expect("JSON");
        let told = run_case(&case).err().unwrap_or_default();
        assert!(told.starts_with(expected), "{told}");
        let general = run_case_with(&case, WindowOperator::general).err().unwrap_or_default();
        assert_eq!(general, told);
    }

    #[test]
    fn a_wrong_expectation_fails_in_words() {
        check("\"late\":[2]", "\"late\":[2]", "");
        let pane = "[0, 10) of a after record 1 with";
        check(
            "\"sum\":1,",
            "\"sum\":7,",
            &format!("expected {pane} count 1, sum 7, min 1, max 1, found {pane} count 1, sum 1"),
        );
        check("\"after\":1", "\"after\":2", &format!("expected nothing like it, found {pane}"));
        check("\"late\":[2]", "\"late\":[]", "record 2: expected not late, found late");
        check("\"late\":[2]", "\"late\":[1,2]", "record 1: expected late, found not");
        check("\"late\":[2]", "\"late\":[2,3]", "record 3: expected late, found not");
    }

    #[test]
    fn a_broken_case_is_told_apart() {
        check("\"size_ms\":10", "\"size_ms\":0", "window.size: 0s is out of range");
        check("event_time", "some_time", "not a case of Flink windows: unknown variant `some_time`");
        check("[\"a\",0,1]", "[\"a\",9000000000000000000,1]", "record 0: the event time is out of range");
    }
}
