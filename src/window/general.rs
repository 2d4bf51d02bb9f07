//! The general operator of the Flink dialect: any window kind, any trigger, any accumulation.
//!
//! State is one [`State`] per key and window, in one ordered store; timers are in two queues, one per
//! clock. Nothing is shared between windows or keys, so this is the operator that the faster ones
//! ([`crate::window::aligned`], [`crate::window::session`]) must equal wherever they apply.
//! The order of events is Apache Flink's (`WindowOperator`, release 1.20): merge, judge lateness,
//! add, ask the trigger, emit, purge, set the cleanup timer.

use crate::pipeline::{Pipeline, WindowSpec};
use crate::record::{KeyId, Record};
use crate::state::backend::{BackendError, MemoryBackend, StateBackend, StateFigures};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::aggregate::{Aggregate, Collected, Summary};
use crate::window::assigner::Assigner;
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};
use crate::window::store::StateStore;
use crate::window::timers::Timers;
use crate::window::trigger::FlinkTrigger;
use crate::window::trigger::flink::{Scope, TriggerState, Verdict};

/// The state of one window of one key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub id: WindowId,
    /// Everything that was counted.
    pub total: Summary,
    /// What the next pane says; `None` after a purge.
    pub contents: Option<Collected>,
    pub panes: u32,
    pub nonspeculative: u32,
    pub trigger: TriggerState,
    /// Panes that the next firing withdraws: the last one, or those of all merged sessions.
    pub said: Vec<Pane>,
}

/// Keyed windows of any kind.
#[derive(Clone, Debug)]
pub struct GeneralWindows {
    pub(super) assigner: Option<Assigner>,
    /// Of sessions.
    pub(super) gap: Span,
    pub(super) allowed_lateness: Span,
    pub(super) trigger: FlinkTrigger,
    pub(super) retracts: bool,
    pub(super) aggregate: Aggregate,

    pub(super) states: StateStore,
    pub(super) event_timers: Timers<EventTime>,
    pub(super) proc_timers: Timers<ProcTime>,
    pub(super) watermark: EventTime,
    pub(super) opened: u32,
    pub(super) special_bytes: usize,
    /// Kept to save allocations; empty between calls.
    windows: Vec<Window>,
}

impl GeneralWindows {
    /// An operator without state.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`] or another dialect.
    pub fn new(pipeline: &Pipeline) -> Self {
        Self::over(pipeline, Box::new(MemoryBackend::default()))
    }

    /// The same, with a backend for what the pipeline does not want in memory.
    ///
    /// # Panics
    /// When the pipeline has [`Pipeline::problems`] or another dialect.
    pub fn over(pipeline: &Pipeline, backend: Box<dyn StateBackend>) -> Self {
        let is_global = pipeline.window == WindowSpec::Global;
        let trigger = FlinkTrigger::new(&pipeline.trigger, pipeline.accumulation, is_global);
        let trigger = trigger.expect("a checked pipeline of the Flink dialect has a Flink trigger");
        let gap = if let WindowSpec::Session { gap } = pipeline.window { gap } else { Span::ZERO };
        Self {
            assigner: Assigner::new(pipeline.window),
            gap,
            allowed_lateness: pipeline.allowed_lateness,
            trigger,
            retracts: pipeline.accumulation == Accumulation::AccumulatingAndRetracting,
            aggregate: pipeline.aggregate,
            states: StateStore::new(pipeline.state, backend, (trigger.initial(), pipeline.aggregate)),
            event_timers: Timers::new(),
            proc_timers: Timers::new(),
            watermark: EventTime::MIN,
            opened: 0,
            special_bytes: 0,
            windows: Vec::new(),
        }
    }

    /// How many (key, window) states are kept.
    pub fn kept(&self) -> usize {
        self.states.len()
    }

    /// What keeping state has come to; `None` where the pipeline sets no limit on memory.
    pub fn state_figures(&self) -> Option<StateFigures> {
        self.states.figures()
    }

    /// What went wrong first with keeping state: what is kept is not to be trusted from then on.
    pub fn state_error(&self) -> Option<&BackendError> {
        self.states.error()
    }

    /// Bytes that a special aggregate keeps beside the summaries; 0 for others.
    pub const fn special_bytes(&self) -> usize {
        self.special_bytes
    }

    /// No window has anything to do before the watermark reaches this; it may be past.
    pub fn next_due(&self) -> EventTime {
        self.event_timers.next().unwrap_or(EventTime::MAX)
    }

    /// The next instant of processing time at which a window wants to be asked; it may be past.
    pub fn next_timer(&self) -> Option<ProcTime> {
        self.proc_timers.next()
    }

    /// Counts the record in each of its windows that is still kept, and asks their triggers.
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let mut windows = std::mem::take(&mut self.windows);
        match self.assigner {
            Some(assigner) => assigner.windows(record.event_time, &mut windows),
            None => windows.push(self.merge_session(record, now, sink)),
        }
        let mut outcome = Outcome { assigned: u32::try_from(windows.len()).unwrap_or(u32::MAX), ..Outcome::default() };
        for window in windows.drain(..) {
            if !lateness::is_gone(window, self.allowed_lateness, self.watermark) {
                outcome.counted += 1;
                self.add(record, window, now, sink);
            }
        }
        self.windows = windows;
        self.states.settle();
        outcome
    }

    fn add<S: WindowSink>(&mut self, record: &Record, window: Window, now: ProcTime, sink: &mut S) {
        let mut scope = Scope {
            key: record.key,
            window,
            watermark: self.watermark,
            now,
            event_timers: &mut self.event_timers,
            proc_timers: &mut self.proc_timers,
        };
        let state = self.states.get_or_make((record.key, window), || {
            let id = WindowId(self.opened);
            self.opened += 1;
            sink.opened(id, record.key, window, now, record.id);
            State::new(id, self.trigger.initial())
        });
        state.total.add(record.value);
        let bytes_before = state.special_bytes();
        state.contents.get_or_insert_with(|| Collected::new(self.aggregate)).add(record);
        let verdict = self.trigger.on_record(&mut state.trigger, record, &mut scope);
        let timing = if lateness::is_complete(window, self.watermark) { Timing::Late } else { Timing::Early };
        let advance = Advance { watermark: self.watermark, now, cause: Some(record.id) };
        state.obey(verdict, (record.key, window), timing, &advance, self.retracts, sink);
        self.special_bytes = self.special_bytes + state.special_bytes() - bytes_before;
        if window.end < EventTime::MAX {
            self.event_timers.set(lateness::closes_at(window, self.allowed_lateness), record.key, window);
        }
    }

    /// Merges every session that the record touches. The window that it is to be counted in.
    fn merge_session<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Window {
        let own = Window::new(record.event_time, record.event_time + self.gap);
        let key = record.key;
        let touched = self.states.sessions(key, own);
        let grown = touched
            .iter()
            .fold(own, |grown, window| Window::new(grown.start.min(window.start), grown.end.max(window.end)));
        if touched.is_empty() || touched == [grown] {
            return grown;
        }
        let parts: Vec<(Window, State)> =
            touched.iter().filter_map(|&window| Some((window, self.states.remove((key, window))?))).collect();
        let mut scope = Scope {
            key,
            window: grown,
            watermark: self.watermark,
            now,
            event_timers: &mut self.event_timers,
            proc_timers: &mut self.proc_timers,
        };
        let trigger = self.trigger.on_merge(parts.iter().map(|(_, state)| state.trigger), &mut scope);
        for &window in &touched {
            self.event_timers.delete(lateness::closes_at(window, self.allowed_lateness), key, window);
        }
        let bytes_before: usize = parts.iter().map(|(_, state)| state.special_bytes()).sum();
        let merged = merge_states(parts, trigger, key, now, sink);
        self.special_bytes = self.special_bytes + merged.special_bytes() - bytes_before;
        self.states.insert((key, grown), merged);
        grown
    }

    /// Fires and drops windows, in order of the instants at which they are due.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        self.watermark = advance.watermark;
        while let Some((at, key, window)) = self.event_timers.pop_due(advance.watermark) {
            // The timers of a session that was merged away may still come up.
            let Some(state) = self.states.get_mut((key, window)) else { continue };
            let mut scope = Scope {
                key,
                window,
                watermark: advance.watermark,
                now: advance.now,
                event_timers: &mut self.event_timers,
                proc_timers: &mut self.proc_timers,
            };
            let verdict = self.trigger.on_event_timer(&mut state.trigger, at, &mut scope);
            let timing = match advance.timing_of_completion() {
                Timing::OnTime if at < window.end => Timing::Early,
                timing => timing,
            };
            let bytes_before = state.special_bytes();
            state.obey(verdict, (key, window), timing, advance, self.retracts, sink);
            self.special_bytes = self.special_bytes + state.special_bytes() - bytes_before;
            if at >= lateness::closes_at(window, self.allowed_lateness)
                && let Some(state) = self.states.remove((key, window))
            {
                self.special_bytes -= state.special_bytes();
                sink.closed(state.kept(key, window), advance.now);
            }
            self.states.settle();
        }
    }

    /// Processing time has passed `now`: everything that happens at `now` has been handled.
    pub fn on_processing_time<S: WindowSink>(&mut self, now: ProcTime, sink: &mut S) {
        self.fire_timers(now, now, sink);
    }

    /// The same for the timers of the earliest instant alone; later ones, if due, stay due.
    pub fn on_next_timers<S: WindowSink>(&mut self, now: ProcTime, sink: &mut S) {
        let first = self.proc_timers.next().map_or(now, |at| at.min(now));
        self.fire_timers(first, now, sink);
    }

    /// It is `now`, and timers up to `until` fire.
    fn fire_timers<S: WindowSink>(&mut self, until: ProcTime, now: ProcTime, sink: &mut S) {
        while let Some((at, key, window)) = self.proc_timers.pop_due(until) {
            let Some(state) = self.states.get_mut((key, window)) else { continue };
            let mut scope = Scope {
                key,
                window,
                watermark: self.watermark,
                now,
                event_timers: &mut self.event_timers,
                proc_timers: &mut self.proc_timers,
            };
            let verdict = self.trigger.on_proc_timer(&mut state.trigger, at, &mut scope);
            let timing = if lateness::is_complete(window, self.watermark) { Timing::Late } else { Timing::Early };
            let advance = Advance { watermark: self.watermark, now, cause: None };
            let bytes_before = state.special_bytes();
            state.obey(verdict, (key, window), timing, &advance, self.retracts, sink);
            self.special_bytes = self.special_bytes + state.special_bytes() - bytes_before;
            self.states.settle();
        }
    }

    /// Everything that is kept, by key, then by window.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        self.states.for_each(|(key, window), state| visit(state.kept(key, window)));
    }
}

/// One state out of several, given by ascending window; the one that opened first keeps its identity.
fn merge_states<S: WindowSink>(
    parts: Vec<(Window, State)>,
    trigger: TriggerState,
    key: KeyId,
    now: ProcTime,
    sink: &mut S,
) -> State {
    let oldest = parts.iter().map(|(_, state)| state.id).min().unwrap_or(WindowId(0));
    let mut merged = State::new(oldest, trigger);
    for (window, state) in parts {
        if state.id != oldest {
            sink.merged(state.kept(key, window), oldest, now);
        }
        // Sums are added in order of event time, whichever session lives on.
        merged.total.merge(&state.total);
        if let Some(contents) = state.contents {
            merged.contents.get_or_insert_default().merge(&contents);
        }
        merged.panes = merged.panes.max(state.panes);
        merged.nonspeculative = merged.nonspeculative.max(state.nonspeculative);
        merged.said.extend(state.said);
    }
    merged
}

impl State {
    fn new(id: WindowId, trigger: TriggerState) -> Self {
        Self { id, total: Summary::default(), contents: None, panes: 0, nonspeculative: 0, trigger, said: Vec::new() }
    }

    fn kept(&self, key: KeyId, window: Window) -> Kept {
        let all = self.contents.as_ref().filter(|contents| contents.summary.count == self.total.count);
        let special = all.and_then(Collected::special);
        Kept { id: self.id, key, window, summary: self.total, special, panes: self.panes }
    }

    pub fn special_bytes(&self) -> usize {
        self.contents.as_ref().map_or(0, Collected::special_bytes)
    }

    /// Does what the trigger says: emits, then forgets.
    fn obey<S: WindowSink>(
        &mut self,
        verdict: Verdict,
        (key, window): (KeyId, Window),
        timing: Timing,
        advance: &Advance,
        retracts: bool,
        sink: &mut S,
    ) {
        if let (true, Some(contents)) = (verdict.fires, &self.contents) {
            for said in self.said.drain(..) {
                sink.fired(Pane {
                    timing,
                    emitted_at: advance.now,
                    watermark: advance.watermark,
                    cause: advance.cause,
                    is_retraction: true,
                    ..said
                });
            }
            let is_early = timing == Timing::Early;
            let pane = Pane {
                window_id: self.id,
                key,
                window,
                timing,
                index: self.panes,
                summary: contents.summary,
                special: contents.special(),
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
            if retracts {
                self.said.push(pane);
            }
            sink.fired(pane);
            if !contents.list().is_empty() {
                sink.listed(contents.list());
            }
            if let Some(state) = contents.state() {
                sink.stated(state);
            }
        }
        if verdict.purges {
            self.contents = None;
        }
    }
}
