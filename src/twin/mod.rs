//! Twins: a run beside the same run with something changed, window by window.
//!
//! Both runs are whole runs of the engine; this only compares their traces. Windows are the same when
//! key name and extent are. A window's answer is the last thing that was said of it: its last pane
//! that is not a retraction.

pub mod guarantees;
mod matching;
pub mod pair;
mod parity;
mod running_quantile;
pub mod watch;
mod words;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::human::instant_rfc3339;
use crate::runtime::{Ledger, Trace};
use crate::time::ProcTime;
use crate::window::pane::{Pane, Timing, Window};

pub use matching::Matching;
pub use parity::{Parity, parity};
pub use running_quantile::RunningQuantile;
pub use words::in_words;

/// What one run says of a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Records in its last pane.
    pub count: u64,
    /// The value of its last pane; `None` where nothing has none.
    pub value: Option<f64>,
    /// How many panes it fired, retractions not counted.
    pub panes: u32,
    /// Seconds from the window's end to its first on-time pane; `None` without one.
    pub latency_s: Option<f64>,
}

/// A window of which the two runs do not say the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The key's name.
    pub key: String,
    /// The first instant of the window; empty for the window of all time.
    pub window_start: String,
    /// The first instant after it; empty for the window of all time.
    pub window_end: String,
    /// What the run says; `None` when it fired no pane of this window.
    pub run: Option<Answer>,
    /// What its twin says.
    pub twin: Option<Answer>,
}

/// A run beside its twin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What was changed in the twin: `path=value`.
    pub settings: Vec<String>,
    /// Where every record of the twin is at its end.
    pub ledger: Ledger,
    /// The hash of the twin's trace.
    pub trace_hash: String,
    /// Windows that fired in either run.
    pub windows: usize,
    /// Windows of which both say the same: records and value.
    pub same: usize,
    /// The others, by start, end and key.
    pub differences: Vec<Difference>,
    /// Mean seconds from a window's end to its first on-time pane: of the run, and of the twin.
    pub mean_latency_s: [Option<f64>; 2],
}

/// Start, end and key name: in the order in which windows are listed.
type Place<'a> = (Window, &'a str);

/// Compares two finished runs. `settings` is what was changed in the second.
pub fn compare(run: &Trace, twin: &Trace, settings: &[String]) -> Comparison {
    let answers = [answers(run), answers(twin)];
    let places: std::collections::BTreeSet<Place<'_>> = answers.iter().flat_map(|of| of.keys().copied()).collect();
    let mut differences = Vec::new();
    for &(window, key) in &places {
        let [of_run, of_twin] = [0, 1].map(|which: usize| answers[which].get(&(window, key)).copied());
        let said = |answer: Option<Answer>| answer.map(|answer| (answer.count, answer.value.map(f64::to_bits)));
        if said(of_run) != said(of_twin) {
            let (window_start, window_end) = extent(window);
            differences.push(Difference { key: key.to_owned(), window_start, window_end, run: of_run, twin: of_twin });
        }
    }
    Comparison {
        settings: settings.to_vec(),
        ledger: twin.ledger,
        trace_hash: twin.hash_hex(),
        windows: places.len(),
        same: places.len() - differences.len(),
        differences,
        mean_latency_s: answers.map(|of| mean(of.values().filter_map(|answer| answer.latency_s))),
    }
}

fn extent(window: Window) -> (String, String) {
    if window == Window::ALL {
        (String::new(), String::new())
    } else {
        (instant_rfc3339(window.start.micros()), instant_rfc3339(window.end.micros()))
    }
}

fn answers(trace: &Trace) -> BTreeMap<Place<'_>, Answer> {
    let mut answers: BTreeMap<Place<'_>, Answer> = BTreeMap::new();
    let keys = trace.stream.key_table();
    for (place, pane) in trace.panes.iter().enumerate().filter(|(_, pane)| !pane.is_retraction) {
        let latency_s = latency(trace, place, pane);
        let answer = answers.entry((pane.window, keys.name(pane.key))).or_insert(Answer {
            count: 0,
            value: None,
            panes: 0,
            latency_s: None,
        });
        answer.count = pane.summary.count;
        answer.value = pane.value(trace.pipeline.aggregate);
        answer.panes += 1;
        answer.latency_s = answer.latency_s.or(latency_s);
    }
    answers
}

/// From the window's end until the pane is visible, for an on-time pane.
fn latency(trace: &Trace, place: usize, pane: &Pane) -> Option<f64> {
    let visible = trace.delivered.get(place).copied().unwrap_or(pane.emitted_at);
    let is_on_time = pane.timing == Timing::OnTime && visible < ProcTime::MAX;
    is_on_time.then(|| visible.since_event(pane.window.end).as_secs_f64())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
    use crate::record::{KeyTable, PartitionId, Row, Stream};
    use crate::runtime::{RunConfig, run};
    use crate::time::{EventTime, Span};

    fn trace(bound_s: i64) -> Trace {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        // Seconds of event time, one record a second; 4 comes when 15 has been seen.
        let row = |(i, t): (usize, i64)| Row {
            event_time: EventTime::from_millis(t * 1_000),
            arrival: ProcTime::from_millis(20_000 + i as i64 * 1_000),
            key,
            value: 1.0,
            partition: PartitionId(0),
        };
        let rows = [1, 3, 12, 15, 4, 25, 38].into_iter().enumerate().map(row).collect();
        let pipeline = Pipeline {
            watermark: WatermarkSpec::Bounded { bound: Span::from_secs(bound_s) },
            window: WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO },
            ..Pipeline::default()
        };
        run(&Arc::new(Stream::from_rows(rows, keys)), &RunConfig::plain(pipeline))
    }

    #[test]
    fn the_window_that_a_longer_bound_keeps_whole_is_the_one_that_differs() {
        let settings = ["pipeline.watermark.bound=8s".to_owned()];
        let compared = compare(&trace(0), &trace(8), &settings);
        // [0, 10) holds 1 and 3, and with the longer bound 4 as well; [10, 20) is the same in both; the
        // watermarks end at 38 and 30, so [20, 30) fires in both.
        assert_eq!((compared.windows, compared.same, compared.differences.len()), (3, 2, 1));
        let difference = &compared.differences[0];
        assert_eq!((difference.key.as_str(), difference.window_start.as_str()), ("a", "1970-01-01T00:00:00Z"));
        let counts = [difference.run, difference.twin].map(|answer| answer.map(|answer| (answer.count, answer.panes)));
        assert_eq!(counts, [Some((2, 1)), Some((3, 1))]);
        // Fired at 22, 25, 26 s of the clock for ends at 10, 20, 30; with the bound at 25, 26, 26.
        assert_eq!(compared.mean_latency_s, [Some(13.0 / 3.0), Some((15.0 + 6.0 - 4.0) / 3.0)]);
        assert_eq!(compared.ledger.dropped_late, 0);
    }

    #[test]
    fn a_run_is_its_own_twin() {
        let compared = compare(&trace(0), &trace(0), &[]);
        assert_eq!((compared.same, compared.differences), (3, Vec::new()));
        assert_eq!(compared.trace_hash, trace(0).hash_hex());
    }
}
