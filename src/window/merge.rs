//! The second stage of salted windows: puts the parts of a key's window together.
//!
//! A [`Part`] is one pane of the first stage, where every pane says only what came since the one
//! before. Its parts of a window that have come by the time the watermark of all first-stage tasks
//! reaches the window's end make the on-time pane; each later part makes a late one. A first-stage
//! task may be ahead of the others: a late part of it waits until the merged watermark is where the
//! part was made, so that it is late here too, and the panes are those of one stage.
//!
//! Windows are opened by whoever counts the records, so this operator tells its sink of firings and
//! of state that goes, without identities ([`WindowId::NONE`]).

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};

use crate::pipeline::Pipeline;
use crate::record::{KeyId, RecordId};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::{Collected, Summary};
use crate::window::lateness;
use crate::window::operator::Advance;
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

/// What one sub-key has counted in one window since it spoke last.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The whole key.
    pub key: KeyId,
    /// The window; not a session.
    pub window: Window,
    /// What was counted.
    pub contents: Collected,
    /// The watermark of the first-stage task when it said so.
    pub watermark: EventTime,
    /// The record that made it say so; `None` for a timer, and at the end of the input.
    pub cause: Option<RecordId>,
    /// A record came to a window that was complete.
    pub is_late: bool,
}

/// By end, so that windows come up in the order in which they are due.
type Place = (EventTime, EventTime, KeyId);

/// The state of one window of one key.
#[derive(Clone, Debug, Default)]
struct State {
    /// Everything that was counted.
    total: Summary,
    /// What the next pane says.
    contents: Option<Collected>,
    panes: u32,
    /// The pane that the next firing withdraws.
    said: Option<Pane>,
}

/// Windows of whole keys, out of parts.
#[derive(Clone, Debug)]
pub struct MergeWindows {
    allowed_lateness: Span,
    accumulation: Accumulation,

    states: BTreeMap<Place, State>,
    /// Late parts by the watermark that they wait for, then in order of arrival.
    waiting: BTreeMap<(EventTime, u64), Part>,
    watermark: EventTime,
    taken: u64,
}

impl MergeWindows {
    /// An operator without state, for a checked pipeline with salts.
    pub const fn new(pipeline: &Pipeline) -> Self {
        Self {
            allowed_lateness: pipeline.allowed_lateness,
            accumulation: pipeline.accumulation,
            states: BTreeMap::new(),
            waiting: BTreeMap::new(),
            watermark: EventTime::MIN,
            taken: 0,
        }
    }

    /// How many (key, window) states are kept, and late parts that wait.
    pub fn kept(&self) -> usize {
        self.states.len() + self.waiting.len()
    }

    /// No window fires or goes before the watermark reaches this; it may be past.
    pub fn next_due(&self) -> EventTime {
        let goes = self.states.first_key_value().map(|(&place, _)| self.goes_at(place));
        let fires = self.states.range((self.after_complete(), Unbounded)).next().map(|(&(end, ..), _)| end);
        let waits = self.waiting.first_key_value().map(|(&(at, _), _)| at);
        goes.into_iter().chain(fires).chain(waits).min().unwrap_or(EventTime::MAX)
    }

    /// Bytes that a special aggregate keeps beside the summaries; 0 for others. O(states).
    pub fn special_bytes(&self) -> usize {
        let kept = self.states.values().filter_map(|state| state.contents.as_ref());
        let waiting = self.waiting.values().map(|part| &part.contents);
        kept.chain(waiting).map(Collected::special_bytes).sum()
    }

    /// Takes a part; one that came after its window was complete makes a pane.
    pub fn on_part<S: WindowSink>(&mut self, part: Part, now: ProcTime, sink: &mut S) {
        if part.is_late && part.watermark > self.watermark {
            self.waiting.insert((part.watermark, self.taken), part);
            self.taken += 1;
            return;
        }
        let (key, window) = (part.key, part.window);
        let advance = Advance { watermark: self.watermark, now, cause: part.cause };
        let state = self.states.entry((window.end, window.start, key)).or_default();
        state.add(part.contents);
        if lateness::is_complete(window, self.watermark) {
            state.fire(key, window, Timing::Late, &advance, self.accumulation, sink);
        }
    }

    /// Fires and drops windows, in order of their ends. Watermarks ascend.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        while let Some((&(at, _), _)) = self.waiting.first_key_value().filter(|((at, _), _)| *at <= advance.watermark) {
            self.advance(&Advance { watermark: at, ..*advance }, sink);
            if let Some((_, part)) = self.waiting.pop_first() {
                self.on_part(part, advance.now, sink);
            }
        }
        self.advance(advance, sink);
    }

    fn advance<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        if advance.watermark <= self.watermark {
            return;
        }
        let complete = Included((advance.watermark, EventTime::MAX, KeyId(u32::MAX)));
        let timing = advance.timing_of_completion();
        for (&(end, start, key), state) in self.states.range_mut((self.after_complete(), complete)) {
            state.fire(key, Window::new(start, end), timing, advance, self.accumulation, sink);
        }
        self.watermark = advance.watermark;
        while let Some(entry) = self.states.first_entry() {
            let (end, start, key) = *entry.key();
            let window = Window::new(start, end);
            if !lateness::is_gone(window, self.allowed_lateness, advance.watermark) {
                return;
            }
            sink.closed(entry.remove().kept(key, window), advance.now);
        }
    }

    /// Places of windows that are not complete come after this.
    const fn after_complete(&self) -> std::ops::Bound<Place> {
        Excluded((self.watermark, EventTime::MAX, KeyId(u32::MAX)))
    }

    fn goes_at(&self, (end, start, _): Place) -> EventTime {
        lateness::closes_at(Window::new(start, end), self.allowed_lateness)
    }

    /// Everything that is kept, in order of ends.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        for (&(end, start, key), state) in &self.states {
            visit(state.kept(key, Window::new(start, end)));
        }
    }

    /// Late parts that wait for the watermark, in the order in which they will be taken.
    pub fn waiting(&self) -> impl Iterator<Item = &Part> {
        self.waiting.values()
    }
}

impl State {
    fn add(&mut self, part: Collected) {
        self.total.merge(&part.summary);
        match &mut self.contents {
            Some(contents) => contents.merge(&part),
            None => self.contents = Some(part),
        }
    }

    fn kept(&self, key: KeyId, window: Window) -> Kept {
        let all = self.contents.as_ref().filter(|contents| contents.summary.count == self.total.count);
        let special = all.and_then(Collected::special);
        Kept { id: WindowId::NONE, key, window, summary: self.total, special, panes: self.panes }
    }

    fn fire<S: WindowSink>(
        &mut self,
        key: KeyId,
        window: Window,
        timing: Timing,
        advance: &Advance,
        accumulation: Accumulation,
        sink: &mut S,
    ) {
        let Some(contents) = &self.contents else { return };
        let Advance { watermark, now, cause } = *advance;
        if let Some(said) = self.said.take() {
            sink.fired(Pane { timing, emitted_at: now, watermark, cause, is_retraction: true, ..said });
        }
        let pane = Pane {
            window_id: WindowId::NONE,
            key,
            window,
            timing,
            index: self.panes,
            summary: contents.summary,
            special: contents.special(),
            emitted_at: now,
            watermark,
            cause,
            is_retraction: false,
            is_last: false,
            nonspeculative_index: Some(self.panes),
            event_time: window.last_instant(),
        };
        self.panes += 1;
        sink.fired(pane);
        if !contents.list().is_empty() {
            sink.listed(contents.list());
        }
        match accumulation {
            Accumulation::Accumulating => {}
            Accumulation::AccumulatingAndRetracting => self.said = Some(pane),
            Accumulation::Discarding => self.contents = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    fn operator(accumulation: Accumulation) -> MergeWindows {
        let allowed_lateness = Span::from_micros(5);
        MergeWindows::new(&Pipeline { allowed_lateness, accumulation, ..Pipeline::default() })
    }

    /// A part of the window [0, 10) with one value.
    fn part(value: f64, watermark: i64) -> Part {
        Part {
            key: KeyId(0),
            window: Window::new(at(0), at(10)),
            contents: Collected::from_parts(Summary::of(value), None),
            watermark: at(watermark),
            cause: None,
            is_late: watermark > 10,
        }
    }

    /// What the panes say: (timing, index, sum, watermark, whether it withdraws).
    type Said = (Timing, u32, f64, i64, bool);

    fn said(panes: &[Pane]) -> Vec<Said> {
        let of = |pane: &Pane| (pane.timing, pane.index, pane.summary.sum, pane.watermark.micros(), pane.is_retraction);
        panes.iter().map(of).collect()
    }

    fn advance(watermark: i64) -> Advance {
        Advance { watermark: at(watermark), now: ProcTime::EPOCH, cause: None }
    }

    #[test]
    fn parts_before_the_end_are_one_pane_and_a_late_part_waits_for_its_watermark() {
        let expected: [(Accumulation, Vec<Said>); 3] = [
            (Accumulation::Accumulating, vec![(Timing::OnTime, 0, 5.0, 10, false), (Timing::Late, 1, 12.0, 12, false)]),
            (Accumulation::Discarding, vec![(Timing::OnTime, 0, 5.0, 10, false), (Timing::Late, 1, 7.0, 12, false)]),
            (
                Accumulation::AccumulatingAndRetracting,
                vec![
                    (Timing::OnTime, 0, 5.0, 10, false),
                    (Timing::Late, 0, 5.0, 12, true),
                    (Timing::Late, 1, 12.0, 12, false),
                ],
            ),
        ];
        for (accumulation, expected) in expected {
            let mut windows = operator(accumulation);
            let mut panes = Vec::new();
            windows.on_part(part(2.0, 10), ProcTime::EPOCH, &mut panes);
            // Made at 12 by a task that is ahead: not part of the pane of 10.
            windows.on_part(part(7.0, 12), ProcTime::EPOCH, &mut panes);
            windows.on_part(part(3.0, 10), ProcTime::EPOCH, &mut panes);
            assert_eq!((panes.len(), windows.kept(), windows.next_due()), (0, 2, at(10)));
            windows.on_watermark(&advance(10), &mut panes);
            assert_eq!((windows.kept(), windows.next_due()), (2, at(12)));
            // All at once: what waited comes before the state goes at 15.
            windows.on_watermark(&advance(15), &mut panes);
            assert_eq!(said(&panes), expected, "{accumulation:?}");
            assert_eq!((windows.kept(), windows.next_due()), (0, EventTime::MAX));
        }
    }

    #[test]
    fn a_late_part_can_be_the_first_of_its_window() {
        let mut windows = operator(Accumulation::Accumulating);
        let mut panes = Vec::new();
        windows.on_watermark(&advance(14), &mut panes);
        windows.on_part(part(4.0, 14), ProcTime::EPOCH, &mut panes);
        assert_eq!(said(&panes), [(Timing::Late, 0, 4.0, 14, false)]);
        windows.on_watermark(&advance(15), &mut panes);
        assert_eq!((panes.len(), windows.kept()), (1, 0));
    }

    #[test]
    fn the_final_watermark_fires_what_is_left() {
        let mut windows = operator(Accumulation::Accumulating);
        let mut panes = Vec::new();
        windows.on_part(part(4.0, 3), ProcTime::EPOCH, &mut panes);
        let last = Advance { watermark: EventTime::MAX, ..advance(0) };
        windows.on_watermark(&last, &mut panes);
        assert_eq!(said(&panes), [(Timing::AtEnd, 0, 4.0, i64::MAX, false)]);
        assert_eq!(windows.kept(), 0);
    }
}
