//! Ground truth: the batch answer over the complete input, as a batch layer would compute it.
//!
//! Nothing here is shared with the engine but the vocabulary: windows are found by trying every
//! start near a record, sessions by sorting. Arrival order, watermarks and lateness play no part.

use std::collections::BTreeMap;

use crate::pipeline::WindowSpec;
use crate::record::{KeyId, Record, Stream};
use crate::time::EventTime;
use crate::window::aggregate::Summary;
use crate::window::pane::Window;

/// What every window of every key holds when nothing is ever late: a summary, or something else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth<T = Summary> {
    windows: BTreeMap<(KeyId, Window), T>,
}

/// What is made of the records of a window.
pub trait Gather: Default {
    /// A record of the window; in stream order, in sessions by event time.
    fn gather(&mut self, record: &Record);
}

impl Gather for Summary {
    fn gather(&mut self, record: &Record) {
        self.add(record.value);
    }
}

impl Gather for Vec<Record> {
    fn gather(&mut self, record: &Record) {
        self.push(*record);
    }
}

impl Truth {
    /// The batch answer for these windows over the whole stream. O(n log n) per window of a record.
    pub fn of(stream: &Stream, spec: WindowSpec) -> Self {
        Self::gathered(stream, spec)
    }
}

impl<T: Gather> Truth<T> {
    /// What these windows hold of the whole stream. O(n log n) per window of a record.
    pub fn gathered(stream: &Stream, spec: WindowSpec) -> Self {
        let windows = match spec {
            WindowSpec::Tumbling { size, offset } => aligned(stream, size.micros(), size.micros(), offset.micros()),
            WindowSpec::Sliding { size, slide, offset } => {
                aligned(stream, size.micros(), slide.micros(), offset.micros())
            }
            WindowSpec::Session { gap } => sessions(stream, gap.micros()),
            WindowSpec::Cumulative { max, step, offset } => {
                // One kind of tumbling window for each length; only the part up to that length counts.
                let lengths = (1..=max.micros() / step.micros()).map(|steps| steps * step.micros());
                lengths.flat_map(|length| aligned(stream, length, max.micros(), offset.micros())).collect()
            }
            WindowSpec::Global => global(stream),
        };
        Self { windows }
    }
}

impl<T> Truth<T> {
    /// The same windows with something made of what they hold, and without those of which nothing is.
    pub fn filter_map<U>(&self, make: impl Fn(&T) -> Option<U>) -> Truth<U> {
        Truth { windows: self.windows.iter().filter_map(|(&at, held)| Some((at, make(held)?))).collect() }
    }

    /// The complete content of a window of a key. For a session that is not (or not yet) complete,
    /// the one that its start falls in.
    pub fn of_window(&self, key: KeyId, window: Window) -> Option<&T> {
        if let Some(held) = self.windows.get(&(key, window)) {
            return Some(held);
        }
        let up_to = (key, Window::new(window.start, EventTime::MAX));
        let (&(found_key, found), held) = self.windows.range(..=up_to).next_back()?;
        (found_key == key && found.contains(window.start)).then_some(held)
    }

    /// Every window of every key, by key, then by window.
    pub fn windows(&self) -> &BTreeMap<(KeyId, Window), T> {
        &self.windows
    }
}

fn aligned<T: Gather>(stream: &Stream, size: i64, slide: i64, offset: i64) -> BTreeMap<(KeyId, Window), T> {
    let mut windows: BTreeMap<(KeyId, Window), T> = BTreeMap::new();
    for record in stream.records() {
        let t = record.event_time.micros();
        let mut number = (t - size - offset).div_euclid(slide);
        while number * slide + offset <= t {
            let start = EventTime::from_micros(number * slide + offset);
            let window = Window::new(start, EventTime::from_micros(start.micros() + size));
            if window.contains(record.event_time) {
                windows.entry((record.key, window)).or_default().gather(&record);
            }
            number += 1;
        }
    }
    windows
}

fn global<T: Gather>(stream: &Stream) -> BTreeMap<(KeyId, Window), T> {
    let mut windows: BTreeMap<(KeyId, Window), T> = BTreeMap::new();
    for record in stream.records() {
        windows.entry((record.key, Window::ALL)).or_default().gather(&record);
    }
    windows
}

fn sessions<T: Gather>(stream: &Stream, gap: i64) -> BTreeMap<(KeyId, Window), T> {
    let mut sorted: Vec<Record> = stream.records().collect();
    sorted.sort_by_key(|record| (record.key, record.event_time, record.id));
    let mut windows = BTreeMap::new();
    let mut rest = &sorted[..];
    while let Some(first) = rest.first() {
        let mut length = 1;
        while length < rest.len()
            && rest[length].key == first.key
            && rest[length].event_time.micros() - rest[length - 1].event_time.micros() <= gap
        {
            length += 1;
        }
        let (session, others) = rest.split_at(length);
        let end = EventTime::from_micros(session[length - 1].event_time.micros() + gap);
        let mut held = T::default();
        session.iter().for_each(|record| held.gather(record));
        windows.insert((first.key, Window::new(first.event_time, end)), held);
        rest = others;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::{ProcTime, Span};

    fn stream(times: &[i64]) -> Stream {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        let row = |&t: &i64| Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(t),
            key,
            value: 1.0,
            partition: PartitionId(0),
        };
        Stream::from_rows(times.iter().map(row).collect(), keys)
    }

    fn check(times: &[i64], spec: WindowSpec, expected: &[(i64, i64, u64)]) {
        let truth = Truth::of(&stream(times), spec);
        let found: Vec<(i64, i64, u64)> =
            truth.windows().iter().map(|((_, w), s)| (w.start.micros(), w.end.micros(), s.count)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_batch_answer_of_each_kind_of_window() {
        let span = Span::from_micros;
        check(
            &[-1, 0, 9, 10],
            WindowSpec::Tumbling { size: span(10), offset: span(0) },
            &[(-10, 0, 1), (0, 10, 2), (10, 20, 1)],
        );
        check(
            &[10],
            WindowSpec::Sliding { size: span(10), slide: span(4), offset: span(0) },
            &[(4, 14, 1), (8, 18, 1)],
        );
        check(&[11], WindowSpec::Sliding { size: span(10), slide: span(15), offset: span(0) }, &[]);
        check(&[0, 30, 5, 41], WindowSpec::Session { gap: span(10) }, &[(0, 15, 2), (30, 40, 1), (41, 51, 1)]);
        check(&[0, 10, 20], WindowSpec::Session { gap: span(10) }, &[(0, 30, 3)]);
        let cumulative = WindowSpec::Cumulative { max: span(9), step: span(3), offset: span(0) };
        check(&[2, 5, 9], cumulative, &[(0, 3, 1), (0, 6, 2), (0, 9, 2), (9, 12, 1), (9, 15, 1), (9, 18, 1)]);
        check(&[7, -7, 0], WindowSpec::Global, &[(i64::MIN, i64::MAX, 3)]);
    }

    #[test]
    fn an_unfinished_session_is_judged_by_the_complete_one() {
        let truth = Truth::of(&stream(&[0, 10, 20]), WindowSpec::Session { gap: Span::from_micros(10) });
        let partial = Window::new(EventTime::from_micros(10), EventTime::from_micros(20));
        assert_eq!(truth.of_window(KeyId(0), partial).map(|summary| summary.count), Some(3));
        assert_eq!(truth.of_window(KeyId(1), partial), None);
    }
}
