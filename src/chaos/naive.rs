//! The content of every window by the plainest rules that there are, as an independent judge of the
//! engine: one list of windows, one pass over the records in the order in which they were handled,
//! no timers and no panes.
//!
//! A window takes a record as long as the watermark that meets it is before the window's end plus the
//! allowed lateness (Apache Flink's `WindowOperator.isWindowLate`). Sessions that touch become one; a
//! record that opens a session joins the live ones before it is judged.

use std::collections::BTreeMap;

use crate::pipeline::WindowSpec;
use crate::record::KeyId;
use crate::runtime::Trace;
use crate::time::{EventTime, Span};
use crate::window::pane::Window;

/// Of one window of one key: how many records, and the sum of their values, which are whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Content {
    /// How many records.
    pub count: u64,
    /// The sum of their values.
    pub sum: i64,
}

/// What the rules say of a run.
#[derive(Clone, Debug, Default)]
pub struct Naive {
    /// Every window that ever held a record, in its last extent.
    pub windows: Vec<(KeyId, Window, Content)>,
    /// Per record in order of fate: whether any window took it. False where no task handled it.
    pub is_counted: Vec<bool>,
}

/// Applies the rules to the records that were handled, each with the watermark that met it.
pub fn apply(trace: &Trace) -> Naive {
    match trace.pipeline.window {
        WindowSpec::Session { gap } => sessions(trace, gap),
        window => aligned(trace, window),
    }
}

/// Record by record: key, event time, value, and the watermark that met it; `None` where no task
/// handled it.
fn handled(trace: &Trace) -> impl Iterator<Item = Option<(KeyId, EventTime, i64, EventTime)>> {
    let stream = &trace.stream;
    (0..stream.len()).map(move |place| {
        let (key, value) = (stream.keys()[place], stream.values()[place] as i64);
        let record = (key, stream.event_times()[place], value, trace.watermark_before[place]);
        trace.fates[place].is_handled().then_some(record)
    })
}

fn is_gone(window: Window, lateness: Span, watermark: EventTime) -> bool {
    window.end < EventTime::MAX && window.end + lateness <= watermark
}

fn aligned(trace: &Trace, spec: WindowSpec) -> Naive {
    let mut windows: BTreeMap<(KeyId, Window), Content> = BTreeMap::new();
    let lateness = trace.pipeline.allowed_lateness;
    let is_counted = handled(trace).map(|record| {
        let Some((key, time, value, met)) = record else { return false };
        let mut is_counted = false;
        for window in windows_of(spec, time).into_iter().filter(|&window| !is_gone(window, lateness, met)) {
            let content = windows.entry((key, window)).or_default();
            content.count += 1;
            content.sum += value;
            is_counted = true;
        }
        is_counted
    });
    let is_counted = is_counted.collect();
    Naive { windows: windows.into_iter().map(|((key, window), content)| (key, window, content)).collect(), is_counted }
}

/// Every window that an event time is in: all starts near it are tried.
fn windows_of(spec: WindowSpec, time: EventTime) -> Vec<Window> {
    // (lengths, distance between starts, where they start)
    let (lengths, slide, offset) = match spec {
        WindowSpec::Tumbling { size, offset } => (vec![size.micros()], size.micros(), offset.micros()),
        WindowSpec::Sliding { size, slide, offset } => (vec![size.micros()], slide.micros(), offset.micros()),
        WindowSpec::Cumulative { max, step, offset } => {
            let lengths = (1..).map(|steps| steps * step.micros()).take_while(|&length| length <= max.micros());
            (lengths.collect(), max.micros(), offset.micros())
        }
        WindowSpec::Session { .. } => return Vec::new(),
        WindowSpec::Global => return vec![Window::ALL],
    };
    let t = time.micros();
    let mut found = Vec::new();
    for length in lengths {
        let mut start = (t - length - offset).div_euclid(slide) * slide + offset;
        while start <= t {
            let window = Window::new(EventTime::from_micros(start), EventTime::from_micros(start + length));
            if window.contains(time) {
                found.push(window);
            }
            start += slide;
        }
    }
    found
}

fn sessions(trace: &Trace, gap: Span) -> Naive {
    let lateness = trace.pipeline.allowed_lateness;
    let mut live: BTreeMap<KeyId, Vec<(Window, Content)>> = BTreeMap::new();
    let mut closed = Vec::new();
    let mut is_counted = Vec::new();
    for record in handled(trace) {
        let Some((key, time, value, met)) = record else {
            is_counted.push(false);
            continue;
        };
        let of_key = live.entry(key).or_default();
        let mut merged = (Window::new(time, time + gap), Content { count: 1, sum: value });
        let mut others = Vec::new();
        for (window, content) in of_key.drain(..) {
            if is_gone(window, lateness, met) {
                closed.push((key, window, content));
            } else if window.start <= merged.0.end && merged.0.start <= window.end {
                let extent = Window::new(window.start.min(merged.0.start), window.end.max(merged.0.end));
                let content = Content { count: merged.1.count + content.count, sum: merged.1.sum + content.sum };
                merged = (extent, content);
            } else {
                others.push((window, content));
            }
        }
        *of_key = others;
        let takes = !is_gone(merged.0, lateness, met);
        if takes {
            of_key.push(merged);
        }
        is_counted.push(takes);
    }
    let open = live.into_iter().flat_map(|(key, all)| all.into_iter().map(move |(window, it)| (key, window, it)));
    closed.extend(open);
    closed.sort_unstable_by_key(|&(key, window, content)| (key, window, content));
    Naive { windows: closed, is_counted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn w(start: i64, end: i64) -> Window {
        Window::new(EventTime::from_micros(start), EventTime::from_micros(end))
    }

    #[test]
    fn every_start_near_an_event_time_is_tried() {
        let span = Span::from_micros;
        let at = EventTime::from_micros(7);
        let sliding = WindowSpec::Sliding { size: span(10), slide: span(4), offset: span(1) };
        assert_eq!(windows_of(sliding, at), [w(1, 11), w(5, 15)].to_vec());
        let gap = WindowSpec::Sliding { size: span(2), slide: span(4), offset: span(0) };
        assert_eq!(windows_of(gap, at), []);
        let grows = WindowSpec::Cumulative { max: span(9), step: span(3), offset: span(0) };
        assert_eq!(windows_of(grows, at), [w(0, 9)].to_vec());
        assert_eq!(windows_of(grows, EventTime::from_micros(2)), [w(0, 3), w(0, 6), w(0, 9)].to_vec());
        assert_eq!(windows_of(WindowSpec::Global, at), [Window::ALL].to_vec());
    }
}
