//! The window operator of the Kafka Streams dialect: stream time, grace, and nothing without input.
//!
//! Stream time is the largest event time seen, the record's own included; there is no watermark
//! beside it and no timer, so a silent input never closes anything. A window takes records until
//! stream time passes its end by the grace period (the allowed lateness). Every record forwards the
//! updated window at once; with [`crate::window::trigger::TriggerSpec::OnWindowClose`] each window
//! is forwarded once, when it closes. A window of a table is replaced by the next update of it; a
//! session whose extent changes is another window, so the old one is withdrawn (a tombstone). With
//! [`Accumulation::AccumulatingAndRetracting`] old values of unchanged windows are withdrawn too
//! (`Change(new, old)`).
//!
//! Source: `KStreamWindowAggregate`, `KStreamSessionWindowAggregate` and `KTableSuppressProcessor` of
//! Kafka Streams 3.0 and later (sessions close a gap later than before: KAFKA-12718). Session
//! extents are shown as everywhere here, `[first, last + gap)`, where Kafka says `[first, last]`.
//! What a state store keeps beyond the closing of a window cannot be seen in results, and is not kept.

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{KeyId, Record};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::{Aggregate, Collected};
use crate::window::assigner::Assigner;
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};
use crate::window::trigger::TriggerSpec;

/// A window of a key in the table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub id: WindowId,
    pub collected: Collected,
    pub panes: u32,
    pub nonspeculative: u32,
    /// What was forwarded last.
    pub said: Option<Pane>,
    /// Whether it changed since it was forwarded.
    pub is_changed: bool,
}

/// Keyed windows of the Kafka Streams dialect.
#[derive(Clone, Debug)]
pub struct KafkaWindows {
    pub(super) assigner: Option<Assigner>,
    /// Of sessions.
    pub(super) gap: Span,
    pub(super) grace: Span,
    pub(super) withdraws_values: bool,
    pub(super) on_close: bool,
    pub(super) aggregate: Aggregate,

    pub(super) rows: BTreeMap<(KeyId, Window), Row>,
    /// Windows by the stream time at which they close.
    pub(super) closing: BTreeSet<(EventTime, KeyId, Window)>,
    pub(super) stream_time: EventTime,
    pub(super) opened: u32,
    pub(super) special_bytes: usize,
    /// Kept to save allocations; empty between calls.
    windows: Vec<Window>,
}

impl KafkaWindows {
    /// An operator without state for a checked pipeline.
    pub fn new(pipeline: &Pipeline) -> Self {
        let gap = if let WindowSpec::Session { gap } = pipeline.window { gap } else { Span::ZERO };
        Self {
            assigner: Assigner::new(pipeline.window),
            gap,
            grace: pipeline.allowed_lateness,
            withdraws_values: pipeline.accumulation == Accumulation::AccumulatingAndRetracting,
            on_close: pipeline.trigger == TriggerSpec::OnWindowClose,
            aggregate: pipeline.aggregate,
            rows: BTreeMap::new(),
            closing: BTreeSet::new(),
            stream_time: EventTime::MIN,
            opened: 0,
            special_bytes: 0,
            windows: Vec::new(),
        }
    }

    /// How many (key, window) rows are kept.
    pub fn kept(&self) -> usize {
        self.rows.len()
    }

    /// Bytes that a special aggregate keeps beside the summaries; 0 for others.
    pub const fn special_bytes(&self) -> usize {
        self.special_bytes
    }

    /// No window closes before stream time reaches this.
    pub fn next_due(&self) -> EventTime {
        self.closing.first().map_or(EventTime::MAX, |&(at, _, _)| at)
    }

    /// Everything that is kept, by key, then by window.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        for (&(key, window), row) in &self.rows {
            visit(row.kept(key, window));
        }
    }

    /// Moves stream time, and updates every window of the record that is not closed.
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        self.stream_time = self.stream_time.max(record.event_time);
        let advance = Advance { watermark: self.stream_time, now, cause: Some(record.id) };
        let mut windows = std::mem::take(&mut self.windows);
        match self.assigner {
            Some(assigner) => {
                assigner.windows(record.event_time, &mut windows);
                // The earliest window first.
                windows.reverse();
            }
            None => windows.extend(self.merge_session(record, &advance, sink)),
        }
        let assigned = if self.assigner.is_none() { 1 } else { windows.len() };
        let mut outcome = Outcome { assigned: u32::try_from(assigned).unwrap_or(u32::MAX), ..Outcome::default() };
        for window in windows.drain(..) {
            if self.assigner.is_none() || !lateness::is_gone(window, self.grace, self.stream_time) {
                outcome.counted += 1;
                self.update(record, window, &advance, sink);
            }
        }
        self.windows = windows;
        outcome
    }

    fn update<S: WindowSink>(&mut self, record: &Record, window: Window, advance: &Advance, sink: &mut S) {
        let key = record.key;
        self.closing.insert((lateness::closes_at(window, self.grace), key, window));
        let row = self.rows.entry((key, window)).or_insert_with(|| {
            let id = WindowId(self.opened);
            self.opened += 1;
            sink.opened(id, key, window, advance.now, record.id);
            Row::new(id, Collected::new(self.aggregate))
        });
        let bytes_before = row.collected.special_bytes();
        row.collected.add(record);
        self.special_bytes = self.special_bytes + row.collected.special_bytes() - bytes_before;
        row.is_changed = true;
        if !self.on_close {
            if self.withdraws_values {
                row.withdraw(advance, sink);
            }
            let is_complete = lateness::is_complete(window, self.stream_time);
            let timing = if is_complete { Timing::Late } else { Timing::Early };
            row.forward(key, window, timing, advance, sink);
        }
    }

    /// Takes out every session that the record touches and puts in what they become. The session
    /// that the record is to be counted in; `None` when that has closed.
    fn merge_session<S: WindowSink>(&mut self, record: &Record, advance: &Advance, sink: &mut S) -> Option<Window> {
        let key = record.key;
        let own = Window::new(record.event_time, record.event_time + self.gap);
        let range = (key, Window::new(EventTime::MIN, EventTime::MIN))..=(key, Window::new(own.end, EventTime::MAX));
        let before = self.rows.range(range).rev().map(|(&(_, window), _)| window);
        let mut touched: Vec<Window> = before.take_while(|window| window.end >= own.start).collect();
        touched.reverse();
        let grown = touched
            .iter()
            .fold(own, |grown, window| Window::new(grown.start.min(window.start), grown.end.max(window.end)));
        // Unlike an aligned window, a session is still open when stream time is just at its closing.
        if lateness::closes_at(grown, self.grace) < self.stream_time {
            return None;
        }
        if grown == own {
            return Some(grown);
        }
        let mut parts = Vec::new();
        for window in touched {
            self.closing.remove(&(lateness::closes_at(window, self.grace), key, window));
            let Some(mut row) = self.rows.remove(&(key, window)) else { continue };
            if self.on_close {
                // A suppressed table holds back tombstones for ever.
                row.said = None;
            }
            row.withdraw(advance, sink);
            parts.push((window, row));
        }
        let bytes_before: usize = parts.iter().map(|(_, row)| row.collected.special_bytes()).sum();
        let merged = merge_rows(parts, key, advance.now, sink);
        self.special_bytes = self.special_bytes + merged.collected.special_bytes() - bytes_before;
        self.rows.insert((key, grown), merged);
        Some(grown)
    }

    /// Closes windows that stream time has passed. The caller's watermark is stream time, handed on
    /// after every record.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        let merges = self.assigner.is_none();
        let due: Vec<_> = self.closing.iter().take_while(|(at, _, _)| *at <= self.stream_time).copied().collect();
        for (at, key, window) in due {
            if let Some(row) = self.rows.get_mut(&(key, window))
                && self.on_close
                && row.is_changed
            {
                row.forward(key, window, advance.timing_of_completion(), advance, sink);
            }
            if !merges || at < self.stream_time {
                self.closing.remove(&(at, key, window));
                if let Some(row) = self.rows.remove(&(key, window)) {
                    self.special_bytes -= row.collected.special_bytes();
                    sink.closed(row.kept(key, window), advance.now);
                }
            }
        }
    }
}

/// One row out of several, given by ascending window; the one that opened first keeps its identity.
fn merge_rows<S: WindowSink>(parts: Vec<(Window, Row)>, key: KeyId, now: ProcTime, sink: &mut S) -> Row {
    let oldest = parts.iter().map(|(_, row)| row.id).min().unwrap_or(WindowId(0));
    let mut merged = Row::new(oldest, Collected::default());
    for (window, row) in parts {
        if row.id != oldest {
            sink.merged(row.kept(key, window), oldest, now);
        }
        // Sums are added in order of event time, whichever session lives on.
        merged.collected.merge(&row.collected);
        merged.panes = merged.panes.max(row.panes);
        merged.nonspeculative = merged.nonspeculative.max(row.nonspeculative);
    }
    merged
}

impl Row {
    fn new(id: WindowId, collected: Collected) -> Self {
        Self { id, collected, panes: 0, nonspeculative: 0, said: None, is_changed: false }
    }

    fn kept(&self, key: KeyId, window: Window) -> Kept {
        let (summary, special) = (self.collected.summary, self.collected.special());
        Kept { id: self.id, key, window, summary, special, panes: self.panes }
    }

    /// Takes back what was said of this window.
    fn withdraw<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        if let Some(said) = self.said.take() {
            sink.fired(Pane {
                emitted_at: advance.now,
                watermark: advance.watermark,
                cause: advance.cause,
                is_retraction: true,
                ..said
            });
        }
    }

    fn forward<S: WindowSink>(&mut self, key: KeyId, window: Window, timing: Timing, advance: &Advance, sink: &mut S) {
        let is_early = timing == Timing::Early;
        let pane = Pane {
            window_id: self.id,
            key,
            window,
            timing,
            index: self.panes,
            summary: self.collected.summary,
            special: self.collected.special(),
            emitted_at: advance.now,
            watermark: advance.watermark,
            cause: advance.cause,
            is_retraction: false,
            is_last: false,
            nonspeculative_index: (!is_early).then_some(self.nonspeculative),
            event_time: window.last_instant(),
        };
        self.panes += 1;
        self.nonspeculative += u32::from(!is_early);
        self.said = Some(pane);
        self.is_changed = false;
        sink.fired(pane);
        if !self.collected.list().is_empty() {
            sink.listed(self.collected.list());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;
    use crate::window::dialect::Dialect;

    const LATENESS: Span = Span::from_micros(5);

    fn pipeline(window: WindowSpec) -> Pipeline {
        Pipeline { dialect: Dialect::KafkaStreams, window, allowed_lateness: LATENESS, ..Pipeline::default() }
    }

    fn tumbling() -> WindowSpec {
        WindowSpec::Tumbling { size: Span::from_micros(10), offset: Span::ZERO }
    }

    fn session() -> WindowSpec {
        WindowSpec::Session { gap: Span::from_micros(10) }
    }

    /// Records of value 1 at these times; per record whether it was counted, and the panes as
    /// `record: +count [start, end)`, with `-` for what is withdrawn.
    fn check(pipeline: &Pipeline, times: &[i64], counted: &str, expected: &[&str]) {
        assert_eq!(pipeline.problems(), []);
        let mut windows = KafkaWindows::new(pipeline);
        let mut panes: Vec<Pane> = Vec::new();
        let mut fates = String::new();
        let mut watermark = EventTime::MIN;
        for (i, &t) in times.iter().enumerate() {
            let event_time = EventTime::from_micros(t);
            let record = Record { id: RecordId(i as u32), event_time, key: KeyId(0), value: 1.0 };
            let now = ProcTime::from_micros(i as i64);
            let outcome = windows.on_record(&record, now, &mut panes);
            fates.push(if outcome.counted > 0 { '+' } else { '-' });
            if event_time > watermark {
                watermark = event_time;
                windows.on_watermark(&Advance { watermark, now, cause: Some(record.id) }, &mut panes);
            }
        }
        assert_eq!(fates, counted);
        let told = panes.iter().map(|p| {
            let (cause, sign) = (p.cause.map_or(0, |id| id.0), if p.is_retraction { '-' } else { '+' });
            format!("{cause}: {sign}{} [{}, {})", p.summary.count, p.window.start.micros(), p.window.end.micros())
        });
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_update_is_forwarded_until_the_grace_is_over() {
        // Stream time 14 leaves [0, 10) open (10 + 5 > 14), 15 closes it.
        let expected = ["0: +1 [0, 10)", "1: +1 [10, 20)", "2: +2 [0, 10)", "3: +2 [10, 20)"];
        check(&pipeline(tumbling()), &[1, 14, 2, 15, 3], "++++-", &expected);
    }

    #[test]
    fn old_values_are_withdrawn_where_asked() {
        let retracting = Pipeline { accumulation: Accumulation::AccumulatingAndRetracting, ..pipeline(tumbling()) };
        check(&retracting, &[1, 2], "++", &["0: +1 [0, 10)", "1: -1 [0, 10)", "1: +2 [0, 10)"]);
    }

    #[test]
    fn hopping_windows_are_updated_from_the_earliest_on() {
        let window =
            WindowSpec::Sliding { size: Span::from_micros(10), slide: Span::from_micros(5), offset: Span::ZERO };
        check(&pipeline(window), &[7], "+", &["0: +1 [0, 10)", "0: +1 [5, 15)"]);
    }

    #[test]
    fn a_session_that_grows_is_another_window() {
        // 0 and 10 are exactly a gap apart: one session. 25 is another one, 20 bridges them.
        let expected = [
            "0: +1 [0, 10)",
            "1: -1 [0, 10)",
            "1: +2 [0, 20)",
            "2: +1 [25, 35)",
            "3: -2 [0, 20)",
            "3: -1 [25, 35)",
            "3: +4 [0, 35)",
        ];
        check(&pipeline(session()), &[0, 10, 25, 20], "++++", &expected);
        // Inside the same extent the old row goes too, but a second record at one instant only updates.
        let expected =
            ["0: +1 [0, 10)", "1: +2 [0, 10)", "2: -2 [0, 10)", "2: +3 [0, 12)", "3: -3 [0, 12)", "3: +4 [0, 12)"];
        check(&pipeline(session()), &[0, 0, 2, 1], "++++", &expected);
    }

    #[test]
    fn a_session_is_open_until_stream_time_is_beyond_its_closing() {
        // Last record 0, gap 10, grace 5: still open at stream time 15, closed at 16.
        let expected = ["0: +1 [0, 10)", "1: +1 [15, 25)", "2: -1 [0, 10)", "2: +2 [0, 11)"];
        check(&pipeline(session()), &[0, 15, 1], "+++", &expected);
        check(&pipeline(session()), &[0, 16, 0], "++-", &["0: +1 [0, 10)", "1: +1 [16, 26)"]);
    }

    #[test]
    fn suppressed_windows_are_forwarded_once_and_only_by_input() {
        let on_close = |window| Pipeline { trigger: TriggerSpec::OnWindowClose, ..pipeline(window) };
        // Nothing closes the last windows: there are no timers without input.
        check(&on_close(tumbling()), &[1, 2, 14, 15, 24, 25], "++++++", &["3: +2 [0, 10)", "5: +2 [10, 20)"]);
        let expected = ["3: +3 [0, 14)", "4: +1 [30, 40)"];
        check(&on_close(session()), &[0, 3, 4, 30, 46], "+++++", &expected);
    }
}
