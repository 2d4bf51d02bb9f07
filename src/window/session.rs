//! Session windows: per key, records at most `gap` apart share a window.
//!
//! A record is a window of its own, `[t, t + gap)`, which merges with every session that it
//! touches; only then lateness is judged, on the merged window (Apache Flink's order). The session
//! that opened first keeps its identity. A late record that makes a fired session reach beyond
//! the watermark does not fire it at once: it fires again at its new end.
//!
//! Each session has at most one live timer, re-armed lazily: growing only moves the due instant
//! later, so the old timer stays in the heap and is looked at when it comes up.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::record::{KeyId, Record};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aggregate::{Accumulator, Summary};
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::sink::{Kept, WindowSink};

#[derive(Clone, Debug)]
struct Session<A> {
    id: WindowId,
    window: Window,
    total: A,
    panes: u32,
    /// The instant of its live timer, or [`EventTime::MAX`]; others of it in the heap are stale.
    timer: EventTime,
}

/// Ordered by instant, then key, then session, so that ties have one answer.
type Timer = Reverse<(EventTime, KeyId, WindowId)>;

/// Keyed session windows with allowed lateness.
#[derive(Clone, Debug)]
pub struct SessionWindows<A = Summary> {
    gap: Span,
    allowed_lateness: Span,

    /// By key: its sessions, ascending and apart.
    sessions: Vec<Vec<Session<A>>>,
    timers: BinaryHeap<Timer>,
    watermark: EventTime,
    kept: usize,
    opened: u32,
}

impl<A: Accumulator> SessionWindows<A> {
    /// An operator without state. `gap` is positive.
    pub const fn new(gap: Span, allowed_lateness: Span) -> Self {
        Self {
            gap,
            allowed_lateness,
            sessions: Vec::new(),
            timers: BinaryHeap::new(),
            watermark: EventTime::MIN,
            kept: 0,
            opened: 0,
        }
    }

    /// How many sessions are kept.
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// No session fires or goes before the watermark reaches this.
    pub fn next_due(&self) -> EventTime {
        self.timers.peek().map_or(EventTime::MAX, |&Reverse((due, ..))| due)
    }

    /// Counts a record and fires nothing; false when it is another record.
    #[inline]
    pub fn count_plainly<S: WindowSink>(&mut self, _record: &Record, _now: ProcTime, _sink: &mut S) -> bool {
        false
    }

    /// Counts the record in the session that it opens, extends or bridges, unless that is gone.
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let own = Window::new(record.event_time, record.event_time + self.gap);
        if self.sessions.len() <= record.key.index() {
            self.sessions.resize_with(record.key.index() + 1, Vec::new);
        }
        let sessions = &mut self.sessions[record.key.index()];
        let first = sessions.partition_point(|session| session.window.end < own.start);
        let touched = sessions[first..].iter().take_while(|session| session.window.start <= own.end).count();
        if touched == 0 {
            if lateness::is_gone(own, self.allowed_lateness, self.watermark) {
                return Outcome { assigned: 1, counted: 0 };
            }
            let id = WindowId(self.opened);
            self.opened += 1;
            self.kept += 1;
            sink.opened(id, record.key, own, now, record.id);
            let fresh = Session { id, window: own, total: A::default(), panes: 0, timer: EventTime::MAX };
            sessions.insert(first, fresh);
        } else {
            self.kept -= touched - 1;
            merge(sessions, first, touched, own, record.key, now, sink);
        }
        let session = &mut sessions[first];
        session.total.add(record.value);
        let complete = lateness::is_complete(session.window, self.watermark);
        if complete {
            let advance = Advance { watermark: self.watermark, now, cause: Some(record.id) };
            sink.fired(fire(session, record.key, Timing::Late, &advance));
        }
        arm(session, record.key, complete, self.allowed_lateness, &mut self.timers);
        Outcome { assigned: 1, counted: 1 }
    }

    /// Fires and drops sessions, in order of the instants at which they are due.
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        self.watermark = advance.watermark;
        while let Some(&Reverse((due, key, id))) = self.timers.peek() {
            if due > advance.watermark {
                return;
            }
            self.timers.pop();
            let sessions = &mut self.sessions[key.index()];
            let Some(place) = sessions.iter().position(|session| session.id == id && session.timer == due) else {
                continue;
            };
            let session = &mut sessions[place];
            session.timer = EventTime::MAX;
            if due == session.window.end {
                sink.fired(fire(session, key, advance.timing_of_completion(), advance));
            }
            // Otherwise it grew since the timer was set.
            let complete = due >= session.window.end;
            let closes_at = lateness::closes_at(session.window, self.allowed_lateness);
            if complete && due >= closes_at {
                let session = sessions.remove(place);
                self.kept -= 1;
                sink.closed(kept(&session, key), advance.now);
            } else {
                arm(session, key, complete, self.allowed_lateness, &mut self.timers);
            }
        }
    }

    /// Everything that is kept, by key, then by window.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        for (key, sessions) in self.sessions.iter().enumerate() {
            // Keys are 32-bit ids, and so are the places in this list.
            sessions.iter().for_each(|session| visit(kept(session, KeyId(key as u32))));
        }
    }
}

/// Replaces the `touched` sessions from `first` on by one that also covers `own`; the one that
/// opened first lives on.
fn merge<A: Accumulator, S: WindowSink>(
    sessions: &mut Vec<Session<A>>,
    first: usize,
    touched: usize,
    own: Window,
    key: KeyId,
    now: ProcTime,
    sink: &mut S,
) {
    let range = first..first + touched;
    let oldest = range.clone().min_by_key(|&place| sessions[place].id).unwrap_or(first);
    let mut merged = sessions[oldest].clone();
    // Sums are added in order of event time, whichever session lives on.
    merged.total = A::default();
    for session in &sessions[range.clone()] {
        merged.total.merge(&session.total);
        merged.panes = merged.panes.max(session.panes);
        merged.window.start = merged.window.start.min(session.window.start);
        merged.window.end = merged.window.end.max(session.window.end);
        if session.id != merged.id {
            sink.merged(kept(session, key), merged.id, now);
        }
    }
    merged.window.start = merged.window.start.min(own.start);
    merged.window.end = merged.window.end.max(own.end);
    sessions[first] = merged;
    sessions.drain(first + 1..range.end);
}

/// Makes sure that a timer comes up no later than the session is next due: at its end, or (when it
/// is complete) at the end of its state.
fn arm<A>(
    session: &mut Session<A>,
    key: KeyId,
    complete: bool,
    allowed_lateness: Span,
    timers: &mut BinaryHeap<Timer>,
) {
    let due = if complete { lateness::closes_at(session.window, allowed_lateness) } else { session.window.end };
    if due < session.timer {
        session.timer = due;
        timers.push(Reverse((due, key, session.id)));
    }
}

fn fire<A: Accumulator>(session: &mut Session<A>, key: KeyId, timing: Timing, advance: &Advance) -> Pane {
    let index = session.panes;
    session.panes += 1;
    Pane {
        window_id: session.id,
        key,
        window: session.window,
        timing,
        index,
        summary: session.total.summary(),
        special: None,
        emitted_at: advance.now,
        watermark: advance.watermark,
        cause: advance.cause,
        is_retraction: false,
        is_last: false,
        nonspeculative_index: Some(index),
        event_time: session.window.last_instant(),
    }
}

fn kept<A: Accumulator>(session: &Session<A>, key: KeyId) -> Kept {
    Kept {
        id: session.id,
        key,
        window: session.window,
        summary: session.total.summary(),
        special: None,
        panes: session.panes,
    }
}
