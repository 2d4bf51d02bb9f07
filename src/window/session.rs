//! Session windows: per key, records at most `gap` apart share a window.
//!
//! A record is a window of its own, `[t, t + gap)`, which merges with every session that it
//! touches; only then lateness is judged, on the merged window (Apache Flink's order). The session
//! that opened first keeps its identity. A late record that makes a fired session reach beyond
//! the watermark does not fire it at once: it fires again at its new end.
//!
//! Each key has at most one live timer, re-armed lazily: growing only moves the due instant later,
//! so the timer stays where it is and is looked at when it comes up.

use crate::record::{KeyId, Record};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::aggregate::{Accumulator, Summary};
use crate::window::lateness;
use crate::window::operator::{Advance, Outcome};
use crate::window::pane::{Pane, Timing, Window, WindowId};
use crate::window::session_slots::{Session, SessionSlots};
use crate::window::sink::{Kept, WindowSink};
use crate::window::snapshot::session::KeptSession;
use crate::window::timer_wheel::{Timer, TimerWheel};

/// Keyed session windows with allowed lateness.
#[derive(Clone, Debug)]
pub struct SessionWindows<A = Summary> {
    pub(super) gap: Span,
    pub(super) allowed_lateness: Span,

    sessions: SessionSlots<A>,
    /// One per key that has a session, due no later than the first of its sessions; others are stale.
    timers: TimerWheel,
    pub(super) watermark: EventTime,
    pub(super) opened: u32,
    /// The sessions of one key, while they are looked at together.
    of_key: Vec<Session<A>>,
}

impl<A: Accumulator> SessionWindows<A> {
    /// An operator without state. `gap` is positive.
    pub fn new(gap: Span, allowed_lateness: Span) -> Self {
        Self {
            gap,
            allowed_lateness,
            sessions: SessionSlots::default(),
            timers: TimerWheel::new(gap),
            watermark: EventTime::MIN,
            opened: 0,
            of_key: Vec::new(),
        }
    }

    /// How many sessions are kept.
    pub const fn kept(&self) -> usize {
        self.sessions.kept()
    }

    /// No session fires or goes before the watermark reaches this, and one does then.
    pub fn next_due(&self) -> EventTime {
        self.timers.first_due(|timer| self.sessions.next_due(timer, self.allowed_lateness))
    }

    /// Bytes of memory for state, used or not.
    pub fn state_bytes(&self) -> usize {
        self.sessions.bytes() + self.timers.bytes()
    }

    /// Counts a record that extends its key's newest session and fires nothing; false when it is another record.
    #[inline]
    pub fn count_plainly<S: WindowSink>(&mut self, record: &Record, _now: ProcTime, _sink: &mut S) -> bool {
        let Some(slot) = self.sessions.get_mut(record.key) else { return false };
        let window = &mut slot.newest.window;
        // One that starts no later than the record cannot bridge to a session before.
        if window.start <= record.event_time && record.event_time <= window.end && window.end > self.watermark {
            window.end = window.end.max(record.event_time + self.gap);
            slot.newest.total.add(record.value);
            return true;
        }
        false
    }

    /// Counts the record in the session that it opens, extends or bridges, unless that is gone.
    #[inline]
    pub fn on_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        if self.count_plainly(record, now, sink) {
            return Outcome { assigned: 1, counted: 1 };
        }
        self.on_other_record(record, now, sink)
    }

    #[inline(never)]
    fn on_other_record<S: WindowSink>(&mut self, record: &Record, now: ProcTime, sink: &mut S) -> Outcome {
        let own = Window::new(record.event_time, record.event_time + self.gap);
        let newest = self.sessions.get_or_make(record.key).newest.window;
        if newest.end < own.start && own.end > self.watermark {
            let session = self.open(record, own, now, sink);
            self.sessions.push(record.key, session);
            self.arm(record.key, own.end);
            return Outcome { assigned: 1, counted: 1 };
        }
        let is_before_newest = own.start < newest.start && newest.start <= own.end;
        if is_before_newest && newest.end > self.watermark && !self.sessions.has_older_at(record.key, own.start) {
            let session = &mut self.sessions.get_or_make(record.key).newest;
            session.window.start = own.start;
            session.total.add(record.value);
            return Outcome { assigned: 1, counted: 1 };
        }
        self.on_record_of_any(record, own, now, sink)
    }

    /// A session of the record alone.
    fn open<S: WindowSink>(&mut self, record: &Record, own: Window, now: ProcTime, sink: &mut S) -> Session<A> {
        let id = WindowId(self.opened);
        self.opened += 1;
        sink.opened(id, record.key, own, now, record.id);
        let mut total = A::default();
        total.add(record.value);
        Session { window: own, total, id, panes: 0 }
    }

    /// Counts a record that may touch any of its key's sessions, which may be complete.
    fn on_record_of_any<S: WindowSink>(
        &mut self,
        record: &Record,
        own: Window,
        now: ProcTime,
        sink: &mut S,
    ) -> Outcome {
        let mut sessions = std::mem::take(&mut self.of_key);
        self.sessions.take(record.key, &mut sessions);
        let first = sessions.partition_point(|session| session.window.end < own.start);
        let touched = sessions[first..].iter().take_while(|session| session.window.start <= own.end).count();
        let is_counted = touched > 0 || !lateness::is_gone(own, self.allowed_lateness, self.watermark);
        if touched > 0 {
            merge(&mut sessions, first, touched, own, record.key, now, sink);
            sessions[first].total.add(record.value);
        } else if is_counted {
            sessions.insert(first, self.open(record, own, now, sink));
        }
        if is_counted {
            let session = &mut sessions[first];
            if lateness::is_complete(session.window, self.watermark) {
                let advance = Advance { watermark: self.watermark, now, cause: Some(record.id) };
                sink.fired(fire(session, record.key, Timing::Late, &advance));
            }
        }
        // What the watermark has reached has fired.
        let due = sessions.iter().map(|session| session.due_after(self.watermark, self.allowed_lateness)).min();
        self.put_back(record.key, sessions);
        self.arm(record.key, due.unwrap_or(EventTime::MAX));
        Outcome { assigned: 1, counted: u32::from(is_counted) }
    }

    fn put_back(&mut self, key: KeyId, mut sessions: Vec<Session<A>>) {
        sessions.drain(..).for_each(|session| self.sessions.push(key, session));
        self.of_key = sessions;
    }

    /// Makes sure that a timer of the key comes up no later than `due`.
    fn arm(&mut self, key: KeyId, due: EventTime) {
        let slot = self.sessions.get_or_make(key);
        if due < slot.timer {
            slot.timer = due;
            self.timers.set(Timer { due, key });
        }
    }

    /// Fires and drops sessions, in order of the instants at which they are due, then of keys and identities.
    #[inline]
    pub fn on_watermark<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        self.watermark = advance.watermark;
        if advance.watermark >= self.timers.next_due() {
            self.fire_due(advance, sink);
        }
    }

    #[inline(never)]
    fn fire_due<S: WindowSink>(&mut self, advance: &Advance, sink: &mut S) {
        let allowed_lateness = self.allowed_lateness;
        loop {
            let sessions = &mut self.sessions;
            let look = |timer| sessions.rearm(timer, allowed_lateness);
            let Some(timer) = self.timers.pop(advance.watermark, look) else { return };
            if !self.sessions.disarm(timer) {
                continue;
            }
            if allowed_lateness == Span::ZERO {
                self.fire_oldest(timer, advance, sink);
            } else {
                self.fire_any(timer, advance, sink);
            }
        }
    }

    /// Without allowed lateness a session goes as soon as it has fired, so the oldest is due first.
    fn fire_oldest<S: WindowSink>(&mut self, Timer { due, key }: Timer, advance: &Advance, sink: &mut S) {
        if self.sessions.oldest_end(key) == Some(due)
            && let Some(mut session) = self.sessions.take_oldest(key)
        {
            sink.fired(fire(&mut session, key, advance.timing_of_completion(), advance));
            sink.closed(kept(&session, key), advance.now);
        }
        if let Some(end) = self.sessions.oldest_end(key) {
            self.arm(key, end);
        }
    }

    fn fire_any<S: WindowSink>(&mut self, Timer { due, key }: Timer, advance: &Advance, sink: &mut S) {
        let mut sessions = std::mem::take(&mut self.of_key);
        self.sessions.take(key, &mut sessions);
        let mut ids: Vec<WindowId> = sessions.iter().map(|session| session.id).collect();
        ids.sort_unstable();
        for id in ids {
            let Some(place) = sessions.iter().position(|session| session.id == id) else { continue };
            let session = &mut sessions[place];
            if session.window.end == due {
                sink.fired(fire(session, key, advance.timing_of_completion(), advance));
            }
            if lateness::is_gone(session.window, self.allowed_lateness, due) {
                sink.closed(kept(session, key), advance.now);
                sessions.remove(place);
            }
        }
        let next = sessions.iter().map(|session| session.due_after(due, self.allowed_lateness)).min();
        self.put_back(key, sessions);
        self.arm(key, next.unwrap_or(EventTime::MAX));
    }

    /// Everything that is kept, by key, then by window.
    pub fn visit_kept(&self, mut visit: impl FnMut(Kept)) {
        self.sessions.for_each(|key, session| visit(kept(session, key)));
    }
}

/// What snapshots are made of.
impl SessionWindows {
    /// Every session, by key, ascending.
    pub(super) fn each_session(&self, mut visit: impl FnMut(KeyId, KeptSession)) {
        self.sessions.for_each(|key, &Session { window, total, id, panes }| {
            visit(key, KeptSession { id, window, panes, total });
        });
    }

    /// The sessions of a key that has none, ascending; the watermark is that with which they were kept.
    pub(super) fn restore_key(&mut self, key: KeyId, kept: impl Iterator<Item = KeptSession>) {
        self.sessions.get_or_make(key);
        for KeptSession { id, window, panes, total } in kept {
            let session = Session { window, total, id, panes };
            let due = session.due_after(self.watermark, self.allowed_lateness);
            self.sessions.push(key, session);
            self.arm(key, due);
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
