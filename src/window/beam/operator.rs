//! The steps of the Beam dialect: a bundle, a rise of the watermark, the passing of processing time.

use std::collections::{BTreeMap, BTreeSet};

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{KeyId, Record};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::Aggregate;
use crate::window::assigner::Assigner;
use crate::window::beam::merge;
use crate::window::beam::state::{Contents, Firing, PaneSink, State};
use crate::window::dialect::{BeamRules, TimestampCombiner};
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Window, WindowId};
use crate::window::sink::Kept;
use crate::window::timers::Timers;
use crate::window::trigger::beam::{Moment, Trigger};

/// What became of the elements of a bundle, counted by (element, window).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// In windows that they fall in.
    pub assigned: u64,
    /// Counted.
    pub counted: u64,
    /// Dropped: the state of the window was gone.
    pub dropped_late: u64,
    /// Dropped: the trigger of the window had finished.
    pub dropped_closed: u64,
}

/// Keyed windows of the Beam dialect; `C` is what panes hold beside their summary.
#[derive(Clone, Debug)]
pub struct BeamWindows<C = ()> {
    pub(in crate::window) assigner: Option<Assigner>,
    /// Of sessions.
    pub(in crate::window) gap: Span,
    pub(in crate::window) allowed_lateness: Span,
    pub(in crate::window) trigger: Trigger,
    pub(in crate::window) accumulation: Accumulation,
    pub(in crate::window) aggregate: Aggregate,
    pub(in crate::window) rules: BeamRules,

    pub(in crate::window) states: BTreeMap<(KeyId, Window), State<C>>,
    pub(in crate::window) event_timers: Timers<EventTime>,
    pub(in crate::window) proc_timers: Timers<ProcTime>,
    /// Where windows hold the output watermark.
    pub(in crate::window) holds: Timers<EventTime>,
    /// The input watermark and the output watermark.
    pub(in crate::window) watermark: EventTime,
    pub(in crate::window) output: EventTime,
    pub(in crate::window) kept: usize,
    pub(in crate::window) opened: u32,
    pub(in crate::window) special_bytes: usize,
}

impl<C: Contents> BeamWindows<C> {
    /// An operator without state.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`] or another dialect.
    pub fn new(pipeline: &Pipeline) -> Self {
        let gap = if let WindowSpec::Session { gap } = pipeline.window { gap } else { Span::ZERO };
        let trigger = Trigger::new(&pipeline.trigger);
        Self {
            assigner: Assigner::new(pipeline.window),
            gap,
            allowed_lateness: pipeline.allowed_lateness,
            trigger: trigger.expect("a checked pipeline of the Beam dialect has a Beam trigger"),
            accumulation: pipeline.accumulation,
            aggregate: pipeline.aggregate,
            rules: pipeline.beam,
            states: BTreeMap::new(),
            event_timers: Timers::new(),
            proc_timers: Timers::new(),
            holds: Timers::new(),
            watermark: EventTime::MIN,
            output: EventTime::MIN,
            kept: 0,
            opened: 0,
            special_bytes: 0,
        }
    }

    /// How many windows hold elements.
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// Bytes that a special aggregate keeps beside the summaries; 0 for others.
    pub const fn special_bytes(&self) -> usize {
        self.special_bytes
    }

    /// The output watermark: what comes out next is not before this. It follows the input watermark,
    /// held back by elements whose pane has not been fired, and moves in watermark steps only.
    pub const fn output_watermark(&self) -> EventTime {
        self.output
    }

    /// No window has anything to do before the watermark reaches this; it may be past.
    pub fn next_due(&self) -> EventTime {
        self.event_timers.next().unwrap_or(EventTime::MAX)
    }

    /// The next instant of processing time that a window waits for; it may be past.
    pub fn next_timer(&self) -> Option<ProcTime> {
        self.proc_timers.next()
    }

    /// Everything that is kept, by key, then by window.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        let merges = self.assigner.is_none();
        for (&(key, window), state) in self.states.iter().filter(|(_, state)| state.is_kept(merges)) {
            if let Some(id) = state.id {
                visit(state.kept(id, key, window));
            }
        }
    }

    /// A bundle of one record.
    pub fn on_record<S: PaneSink<C>>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let bundle = self.on_bundle(std::slice::from_ref(record), now, sink);
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Outcome { assigned: small(bundle.assigned), counted: small(bundle.counted) }
    }

    /// Drops what is late, merges sessions, adds the rest, and asks each window once.
    pub fn on_bundle<S: PaneSink<C>>(&mut self, records: &[Record], now: ProcTime, sink: &mut S) -> Bundle {
        let mut bundle = Bundle::default();
        let mut elements: BTreeMap<KeyId, Vec<(&Record, Window)>> = BTreeMap::new();
        let mut windows = Vec::new();
        for record in records {
            match self.assigner {
                Some(assigner) => assigner.windows(record.event_time, &mut windows),
                None => windows.push(Window::new(record.event_time, record.event_time + self.gap)),
            }
            for window in windows.drain(..) {
                bundle.assigned += 1;
                if lateness::is_gone(window, self.allowed_lateness, self.watermark) {
                    bundle.dropped_late += 1;
                } else {
                    elements.entry(record.key).or_default().push((record, window));
                }
            }
        }
        for (key, mut elements) in elements {
            let advance =
                Advance { watermark: self.watermark, now, cause: elements.last().map(|(record, _)| record.id) };
            let firing = self.firing(advance);
            if self.assigner.is_none() {
                self.merge_sessions(key, &mut elements, &firing, sink);
            }
            let dropped = self.add(key, &elements, &firing, sink);
            bundle.dropped_closed += dropped;
            bundle.counted += elements.len() as u64 - dropped;
        }
        bundle
    }

    /// Adds elements to their windows and fires those that are ready. The number of elements whose
    /// window was closed.
    fn add<S: PaneSink<C>>(
        &mut self,
        key: KeyId,
        elements: &[(&Record, Window)],
        firing: &Firing,
        sink: &mut S,
    ) -> u64 {
        let mut dropped = 0;
        let mut touched = BTreeSet::new();
        for &(record, window) in elements {
            let state =
                self.states.entry((key, window)).or_insert_with(|| State::new(self.trigger.initial(), self.aggregate));
            if state.trigger.is_finished() {
                dropped += 1;
                continue;
            }
            touched.insert(window);
            if state.id.is_none() {
                let id = WindowId(self.opened);
                self.opened += 1;
                self.kept += 1;
                state.id = Some(id);
                sink.opened(id, key, window, firing.advance.now, record.id);
            }
            let bytes_before = state.collected.special_bytes();
            state.add(record);
            self.special_bytes = self.special_bytes + state.collected.special_bytes() - bytes_before;
            let is_complete = lateness::is_complete(window, self.watermark);
            let due = if is_complete { lateness::closes_at(window, self.allowed_lateness) } else { window.end };
            self.event_timers.set(due, key, window);
            let hold = match self.rules.timestamp_combiner {
                TimestampCombiner::EndOfWindow => window.last_instant(),
                TimestampCombiner::Earliest | TimestampCombiner::Latest => record.event_time,
            };
            let held = state.hold;
            state.hold(hold, window, self.watermark, firing);
            let holds = state.hold;
            self.move_hold((key, window), held, holds);
            self.ask(key, window, firing.advance.now, |trigger, state, moment| {
                trigger.on_element(&mut state.trigger, moment);
            });
        }
        for window in touched {
            self.fire_if_ready(key, window, firing.advance.now, firing, sink);
        }
        dropped
    }

    /// Merges the windows of new elements with each other and with active sessions, and moves the
    /// elements to where their window went.
    fn merge_sessions<S: PaneSink<C>>(
        &mut self,
        key: KeyId,
        elements: &mut [(&Record, Window)],
        firing: &Firing,
        sink: &mut S,
    ) {
        let mut windows: BTreeSet<Window> = elements.iter().map(|&(_, window)| window).collect();
        let from = windows.first().map_or(EventTime::MAX, |window| window.start);
        let to = windows.iter().map(|window| window.end).max().unwrap_or(EventTime::MIN);
        windows.extend(merge::active(&self.states, key, from, to));
        for group in merge::groups(windows.into_iter().collect()) {
            self.merge_group(key, &group, firing, sink);
            for (_, window) in elements.iter_mut().filter(|(_, window)| group.windows.contains(window)) {
                *window = group.result;
            }
        }
    }

    fn merge_group<S: PaneSink<C>>(&mut self, key: KeyId, group: &merge::Group, firing: &Firing, sink: &mut S) {
        let result = group.result;
        let mut parts: Vec<(Window, State<C>)> = Vec::new();
        for &window in &group.windows {
            if self.states.get(&(key, window)).is_some_and(|state| state.is_active)
                && let Some(state) = self.states.remove(&(key, window))
            {
                self.move_hold((key, window), state.hold, None);
                if window != result {
                    self.event_timers.delete(window.end, key, window);
                    self.event_timers.delete(lateness::closes_at(window, self.allowed_lateness), key, window);
                }
                parts.push((window, state));
            }
        }
        // The trigger may remember an earlier, finished session of the same extent.
        let before = parts.iter().find(|(window, _)| *window == result).map(|(_, state)| state.trigger.clone());
        let before = before.or_else(|| self.states.remove(&(key, result)).map(|state| state.trigger));
        let fresh = State::new(before.unwrap_or_else(|| self.trigger.initial()), self.aggregate);
        let bytes_before: usize = parts.iter().map(|(_, state)| state.collected.special_bytes()).sum();
        let mut merged = merge::combine(fresh, &parts, result, self.rules.timestamp_combiner);
        self.special_bytes = self.special_bytes + merged.collected.special_bytes() - bytes_before;
        if self.rules.timestamp_combiner == TimestampCombiner::EndOfWindow && !parts.is_empty() {
            merged.hold = None;
            merged.hold(result.last_instant(), result, self.watermark, firing);
        }
        for (window, state) in &parts {
            if let (Some(from), Some(into)) = (state.id, merged.id)
                && from != into
            {
                self.kept -= 1;
                sink.merged(state.kept(from, key, *window), into, firing.advance.now);
            }
        }
        self.move_hold((key, result), None, merged.hold);
        self.event_timers.set(lateness::closes_at(result, self.allowed_lateness), key, result);
        self.states.insert((key, result), merged);
        let nodes: Vec<_> = parts.iter().map(|(_, state)| &state.trigger).collect();
        self.ask(key, result, firing.advance.now, |trigger, state, moment| {
            trigger.on_merge(&mut state.trigger, &nodes, moment);
        });
    }

    /// Fires and drops windows that the watermark has reached, and moves the output watermark.
    pub fn on_watermark<S: PaneSink<C>>(&mut self, advance: &Advance, sink: &mut S) {
        self.watermark = advance.watermark;
        let firing = self.firing(*advance);
        // What happens to a window depends on where the watermark is, not on which timer came up:
        // a leap over its end and the end of its state is one step, and makes one pane.
        let mut due = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some((_, key, window)) = self.event_timers.pop_due(advance.watermark) {
            if seen.insert((key, window)) {
                due.push((key, window));
            }
        }
        for (key, window) in due {
            if lateness::is_gone(window, self.allowed_lateness, self.watermark) {
                self.close(key, window, &firing, sink);
                continue;
            }
            self.fire_if_ready(key, window, advance.now, &firing, sink);
            self.event_timers.set(lateness::closes_at(window, self.allowed_lateness), key, window);
        }
        let hold = self.holds.next().unwrap_or(EventTime::MAX);
        self.output = self.output.max(hold.min(self.watermark));
    }

    /// Processing time has passed `now`: everything that happens at `now` has been handled.
    pub fn on_processing_time<S: PaneSink<C>>(&mut self, now: ProcTime, sink: &mut S) {
        let firing = self.firing(Advance { watermark: self.watermark, now, cause: None });
        let mut due = BTreeSet::new();
        while let Some((_, key, window)) = self.proc_timers.pop_due(now) {
            due.insert((key, window));
        }
        for (key, window) in due {
            let past = now + Span::from_micros(1);
            self.fire_if_ready(key, window, past, &firing, sink);
        }
    }

    fn firing(&self, advance: Advance) -> Firing {
        Firing {
            accumulation: self.accumulation,
            aggregate: self.aggregate,
            rules: self.rules,
            output: self.output,
            advance,
        }
    }

    fn move_hold(&mut self, (key, window): (KeyId, Window), from: Option<EventTime>, to: Option<EventTime>) {
        if from != to {
            from.into_iter().for_each(|at| self.holds.delete(at, key, window));
            to.into_iter().for_each(|at| self.holds.set(at, key, window));
        }
    }

    /// Lets the trigger of a window look at the present moment, and notes when it wants to be woken.
    fn ask<T>(
        &mut self,
        key: KeyId,
        window: Window,
        clock: ProcTime,
        ask: impl FnOnce(&Trigger, &mut State<C>, &mut Moment<'_>) -> T,
    ) -> Option<T> {
        let state = self.states.get_mut(&(key, window))?;
        let mut wakes = Vec::new();
        let merges = self.assigner.is_none();
        let mut moment = Moment { window, watermark: self.watermark, clock, merges, wakes: &mut wakes };
        let answer = ask(&self.trigger, state, &mut moment);
        for at in wakes {
            self.proc_timers.set(at, key, window);
        }
        Some(answer)
    }

    fn fire_if_ready<S: PaneSink<C>>(
        &mut self,
        key: KeyId,
        window: Window,
        clock: ProcTime,
        firing: &Firing,
        sink: &mut S,
    ) {
        let fired = self.ask(key, window, clock, |trigger, state, moment| {
            let fires = state.is_open() && trigger.is_ready(&state.trigger, moment);
            if fires {
                trigger.on_fire(&mut state.trigger, moment);
            }
            fires
        });
        if fired != Some(true) {
            return;
        }
        let merges = self.assigner.is_none();
        let Some(state) = self.states.get_mut(&(key, window)) else { return };
        let is_finished = state.trigger.is_finished();
        let held = state.hold;
        let bytes_before = state.collected.special_bytes();
        state.fire((key, window), is_finished, firing, sink);
        self.special_bytes = self.special_bytes + state.collected.special_bytes() - bytes_before;
        if is_finished {
            // What is left is the memory that it has finished, until the watermark lets it go.
            self.trigger.clear(&mut state.trigger);
            state.is_active = !merges;
            state.said = Vec::new();
            if let Some(id) = state.id {
                self.kept -= 1;
                sink.closed(state.kept(id, key, window), firing.advance.now);
            }
        }
        self.move_hold((key, window), held, None);
    }

    /// The state of a window goes, with a last pane if there is something to say.
    fn close<S: PaneSink<C>>(&mut self, key: KeyId, window: Window, firing: &Firing, sink: &mut S) {
        let Some(mut state) = self.states.remove(&(key, window)) else { return };
        self.move_hold((key, window), state.hold, None);
        self.special_bytes -= state.collected.special_bytes();
        let is_kept = state.is_kept(self.assigner.is_none());
        if state.is_open() {
            state.fire((key, window), true, firing, sink);
        }
        if let Some(id) = state.id.filter(|_| is_kept) {
            self.kept -= 1;
            sink.closed(state.kept(id, key, window), firing.advance.now);
        }
    }
}
