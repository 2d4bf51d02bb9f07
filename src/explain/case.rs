//! What an explanation is read from: a finished run, the scenario it was run for, and how its times,
//! windows and values are told.

use crate::human;
use crate::metrics::tasks::phrase::Clock;
use crate::metrics::tasks::{Stretch, TaskMetrics};
use crate::pipeline::Aggregate;
use crate::record::{KeyId, RecordId};
use crate::runtime::{RunConfig, Trace, WatermarkStep};
use crate::scenario::{Fault, Scenario};
use crate::time::{EventTime, MICROS_PER_SECOND, ProcTime, Span};
use crate::window::pane::Window;

const MINUTE: i64 = 60 * MICROS_PER_SECOND;
const DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A finished run and how to speak of it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What happened.
    pub trace: &'a Trace,
    /// What was asked for.
    pub scenario: &'a Scenario,
    /// What its tasks did; silence is not told without it.
    pub metrics: Option<&'a TaskMetrics>,
    /// Where the faults of the scenario count from.
    pub origin: ProcTime,
    clock: Clock,
    has_days: bool,
}

impl<'a> Case<'a> {
    /// A run of a scenario.
    pub fn new(scenario: &'a Scenario, trace: &'a Trace) -> Self {
        let (first, last) = trace.span().unwrap_or((ProcTime::EPOCH, ProcTime::EPOCH));
        let origin = RunConfig::of(scenario, &trace.stream).origin;
        let first = first.min(origin);
        let has_days = first.micros().div_euclid(DAY) != last.micros().div_euclid(DAY);
        Self { trace, scenario, metrics: None, origin, clock: Clock::of(Stretch::new(first, last)), has_days }
    }

    /// With what its tasks did.
    #[must_use]
    pub fn with_metrics(self, metrics: &'a TaskMetrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    /// How instants of processing time are told.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// An instant of processing time.
    pub fn at(&self, at: ProcTime) -> String {
        if at.is_finite() { self.clock.tell(at) } else { human::instant(at.micros()) }
    }

    /// An instant of event time.
    pub fn happened(&self, at: EventTime) -> String {
        self.at(at.on_proc_clock())
    }

    /// A window as a title says it: `12:04 – 12:05`; with days where the run has several.
    pub fn window(&self, window: Window) -> String {
        if window == Window::ALL {
            return "all time".to_owned();
        }
        let (start, end) = (window.start.micros(), window.end.micros());
        let format = match (self.has_days, start % MINUTE == 0 && end % MINUTE == 0) {
            (true, true) => "%b %-d %H:%M",
            (true, false) => "%b %-d %T%.f",
            (false, true) => "%H:%M",
            (false, false) => "%T%.f",
        };
        let tell = |micros: i64| match jiff::Timestamp::from_microsecond(micros) {
            Ok(at) => at.strftime(format).to_string(),
            Err(_) => human::instant(micros),
        };
        format!("{} \u{2013} {}", tell(start), tell(end))
    }

    /// Where a window starts, as short as it can be told: `12:04`.
    pub fn window_start(&self, window: Window) -> String {
        let whole = self.window(window);
        whole.split(" \u{2013} ").next().unwrap_or(&whole).to_owned()
    }

    /// The name of a key; `the stream` where it has no name.
    pub fn key(&self, key: KeyId) -> &str {
        match self.trace.stream.key_table().name(key) {
            "" => "the stream",
            name => name,
        }
    }

    /// The word of what is computed: `sum`.
    pub fn aggregate(&self) -> Aggregate {
        self.trace.pipeline.aggregate
    }

    /// The faults of the scenario: their places, the first instant and the first one after it.
    pub fn faults(&self) -> impl Iterator<Item = (u32, &'a Fault, ProcTime, ProcTime)> {
        let rules = self.scenario.log.rules();
        let origin = self.origin;
        self.scenario.faults.iter().enumerate().map(move |(place, fault)| {
            let (from, until) = fault.stretch(&rules);
            (place as u32, fault, origin + from, origin + until)
        })
    }

    /// The rise by which the watermark reached an instant of event time; `None` where it never did.
    pub fn reached(&self, at: EventTime) -> Option<&'a WatermarkStep> {
        let steps = &self.trace.watermarks;
        steps.get(steps.partition_point(|step| step.watermark < at))
    }

    /// What raised the watermark in a step: `record 371 of T1`, or the clock.
    pub fn raiser(&self, step: &WatermarkStep) -> String {
        match step.raised_by {
            Some(id) => self.record(id),
            None => "the clock".to_owned(),
        }
    }

    /// `record 371 of T1`.
    pub fn record(&self, id: RecordId) -> String {
        let key = self.trace.stream.keys().get(id.index()).map_or("", |&key| self.trace.stream.key_table().name(key));
        let of = if key.is_empty() { String::new() } else { format!(" of {key}") };
        format!("record {}{of}", id.0)
    }
}

/// A number as people write it: no decimals where it has none, else four figures that count.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let sign = if value < 0.0 { "\u{2212}" } else { "" };
    let size = value.abs();
    if size == libm::trunc(size) && size < 1e15 {
        return format!("{sign}{}", human::count(size as u64));
    }
    if !(1e-4..1e15).contains(&size) {
        return format!("{sign}{size:e}");
    }
    let digits = (3 - libm::floor(libm::log10(size)) as i32).clamp(0, 7) as usize;
    let text = format!("{size:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{sign}{text}")
}

/// A span as a screen shows it, without a sign; from a second on with one decimal at most.
pub fn length(span: Span) -> String {
    let micros = if span.is_negative() { (-span).micros() } else { span.micros() };
    let tenth = MICROS_PER_SECOND / 10;
    let is_short = micros < MICROS_PER_SECOND;
    human::span(Span::from_micros(if is_short { micros } else { micros.saturating_add(tenth / 2) / tenth * tenth }))
}

/// As [`length`], of seconds that were worked out.
pub fn seconds(seconds: f64) -> String {
    length(Span::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn numbers_are_written_as_people_do() {
        let told: Vec<String> =
            [290.0, -47.0, 12_345.0, 0.5, 2.345_67, 1_234.56, 0.012_345, 0.0].into_iter().map(number).collect();
        assert_eq!(told, ["290", "\u{2212}47", "12,345", "0.5", "2.346", "1235", "0.01235", "0"]);
    }

    #[test]
    fn spans_have_one_decimal_from_a_second_on() {
        let told: Vec<String> =
            [3_862_000, -999_500, 140_000_000, 31_749_000].map(Span::from_micros).map(length).to_vec();
        assert_eq!(told, ["3.9 s", "999.5 ms", "2 min 20 s", "31.7 s"]);
    }

    #[test]
    fn windows_have_the_figures_that_they_need() {
        let scenario = crate::scenario::library::find("trams-tunnel").expect("built in").scenario().expect("it reads");
        let stream = Arc::new(crate::source::generate(&scenario).expect("it generates"));
        let trace = crate::runtime::run(&stream, &RunConfig::of(&scenario, &stream));
        let case = Case::new(&scenario, &trace);
        // 2026-03-02 12:00:00 UTC.
        let noon = EventTime::from_millis(1_772_452_800_000);
        let window = |from, until| Window::new(noon + Span::from_millis(from), noon + Span::from_millis(until));
        assert_eq!(case.window(window(240_000, 300_000)), "12:04 \u{2013} 12:05");
        assert_eq!(case.window(window(0, 90_000)), "12:00:00 \u{2013} 12:01:30");
        assert_eq!(case.window(window(0, 1_500)), "12:00:00 \u{2013} 12:00:01.5");
        assert_eq!(case.window_start(window(240_000, 300_000)), "12:04");
        assert_eq!(case.window(Window::ALL), "all time");
        assert_eq!(case.happened(noon + Span::from_secs(288)), "12:04:48");
    }
}
