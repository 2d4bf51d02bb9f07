//! Apache Flink's triggers as state machines: asked for every record and every timer of a window,
//! they say whether it fires and whether it forgets.
//!
//! Source: `org.apache.flink.streaming.api.windowing.triggers`, release 1.20. A watermark there is
//! one unit below ours (`<= w` against `< w`), so a timer that they set for `t` is due here when the
//! watermark reaches `t + 1`; the end of a window, their `end - 1`, is `end`. A clock-driven
//! firing for an instant comes after everything that happens at that instant. One thing is ours:
//! the continuous processing-time trigger does not fire twice for the end of the window.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::{KeyId, Record};
use crate::time::{EventTime, ProcTime, Span};
use crate::window::accumulation::Accumulation;
use crate::window::lateness;
use crate::window::pane::Window;
use crate::window::timers::Timers;
use crate::window::trigger::spec::TriggerSpec;

/// What a trigger says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The window fires.
    pub fires: bool,
    /// Then it forgets what it holds.
    pub purges: bool,
}

/// Where a trigger is asked: one window of one key, at one instant of both clocks.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The key.
    pub key: KeyId,
    /// The window; of merged sessions, the merged one.
    pub window: Window,
    /// The watermark before the record's own.
    pub watermark: EventTime,
    /// Processing time.
    pub now: ProcTime,
    /// Due when the watermark reaches them.
    pub event_timers: &'a mut Timers<EventTime>,
    /// Due when processing time has passed them.
    pub proc_timers: &'a mut Timers<ProcTime>,
}

impl Scope<'_> {
    fn set_event(&mut self, at: EventTime) {
        self.event_timers.set(at, self.key, self.window);
    }

    fn set_proc(&mut self, at: ProcTime) {
        self.proc_timers.set(at, self.key, self.window);
    }

    /// The reading of the processing clock at which the window ends.
    fn end_on_clock(&self) -> ProcTime {
        self.window.end.on_proc_clock()
    }
}

/// What a trigger remembers of one window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum TriggerState {
    /// Nothing.
    Stateless,
    /// Records since the last firing.
    Count(u64),
    /// The instant at which it fires next, as the watermark that must be reached.
    NextEvent(Option<EventTime>),
    /// The instant of processing time at which it fires next.
    NextProc(Option<ProcTime>),
    /// The value that fired last.
    Mark(Option<f64>),
}

impl TriggerState {
    /// Takes over what the trigger remembers of a window that was merged into this one.
    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count += more,
            (Self::NextEvent(next), Self::NextEvent(other)) => *next = earliest(*next, other),
            (Self::NextProc(next), Self::NextProc(other)) => *next = earliest(*next, other),
            _ => {}
        }
    }
}

fn earliest<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    [a, b].into_iter().flatten().min()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Never,
    EventTime,
    ProcessingTime,
    Count(u64),
    ContinuousEventTime(Span),
    ContinuousProcessingTime(Span),
    Delta(f64),
}

/// A trigger of the Flink dialect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlinkTrigger {
    kind: Kind,
    purges: bool,
}

impl FlinkTrigger {
    /// The trigger of a checked description. Discarding is purging by another name. `None` for a
    /// trigger of another dialect.
    pub fn new(spec: &TriggerSpec, accumulation: Accumulation, is_global: bool) -> Option<Self> {
        let purges = accumulation == Accumulation::Discarding;
        let kind = match spec {
            TriggerSpec::Purging(inner) => {
                return Self::new(inner, accumulation, is_global).map(|inner| Self { purges: true, ..inner });
            }
            TriggerSpec::Default if is_global => Kind::Never,
            TriggerSpec::Never => Kind::Never,
            TriggerSpec::Default | TriggerSpec::EventTime => Kind::EventTime,
            TriggerSpec::ProcessingTime => Kind::ProcessingTime,
            TriggerSpec::Count(n) => Kind::Count(*n),
            TriggerSpec::ContinuousEventTime(interval) => Kind::ContinuousEventTime(*interval),
            TriggerSpec::ContinuousProcessingTime(interval) => Kind::ContinuousProcessingTime(*interval),
            TriggerSpec::Delta(threshold) => Kind::Delta(*threshold),
            _ => return None,
        };
        Some(Self { kind, purges })
    }

    /// What it remembers of a window without records.
    pub const fn initial(&self) -> TriggerState {
        match self.kind {
            Kind::Never | Kind::EventTime | Kind::ProcessingTime => TriggerState::Stateless,
            Kind::Count(_) => TriggerState::Count(0),
            Kind::ContinuousEventTime(_) => TriggerState::NextEvent(None),
            Kind::ContinuousProcessingTime(_) => TriggerState::NextProc(None),
            Kind::Delta(_) => TriggerState::Mark(None),
        }
    }

    const fn verdict(&self, fires: bool) -> Verdict {
        Verdict { fires, purges: fires && self.purges }
    }

    /// A record was put into the window.
    pub fn on_record(&self, state: &mut TriggerState, record: &Record, scope: &mut Scope<'_>) -> Verdict {
        let is_complete = lateness::is_complete(scope.window, scope.watermark);
        let fires = match (self.kind, state) {
            (Kind::EventTime, _) => {
                if !is_complete {
                    scope.set_event(scope.window.end);
                }
                is_complete
            }
            (Kind::ProcessingTime, _) => {
                scope.set_proc(scope.end_on_clock());
                false
            }
            (Kind::Count(n), TriggerState::Count(count)) => {
                *count += 1;
                let fires = *count >= n;
                if fires {
                    *count = 0;
                }
                fires
            }
            (Kind::ContinuousEventTime(interval), TriggerState::NextEvent(next)) => {
                if !is_complete {
                    scope.set_event(scope.window.end);
                    if next.is_none() {
                        let boundary = last_multiple(record.event_time.micros(), interval);
                        *next = Some(next_event(EventTime::from_micros(boundary + 1), interval, scope));
                    }
                }
                is_complete
            }
            (Kind::ContinuousProcessingTime(interval), TriggerState::NextProc(next)) => {
                if next.is_none() {
                    let boundary = last_multiple(scope.now.micros(), interval);
                    *next = Some(next_proc(ProcTime::from_micros(boundary), interval, scope));
                }
                false
            }
            (Kind::Delta(threshold), TriggerState::Mark(mark)) => {
                let fires = mark.is_some_and(|mark| (record.value - mark).abs() > threshold);
                if fires || mark.is_none() {
                    *mark = Some(record.value);
                }
                fires
            }
            _ => false,
        };
        self.verdict(fires)
    }

    /// The watermark has reached the timer at `at`; timers come in ascending order.
    pub fn on_event_timer(&self, state: &mut TriggerState, at: EventTime, scope: &mut Scope<'_>) -> Verdict {
        let fires = match (self.kind, state) {
            (Kind::EventTime, _) => at == scope.window.end,
            (Kind::ContinuousEventTime(interval), TriggerState::NextEvent(next)) => {
                if at == scope.window.end {
                    true
                } else if *next == Some(at) {
                    *next = Some(next_event(at, interval, scope));
                    true
                } else {
                    false
                }
            }
            _ => false,
        };
        self.verdict(fires)
    }

    /// Processing time has passed the timer at `at`; timers come in ascending order.
    pub fn on_proc_timer(&self, state: &mut TriggerState, at: ProcTime, scope: &mut Scope<'_>) -> Verdict {
        let fires = match (self.kind, state) {
            (Kind::ProcessingTime, _) => at == scope.end_on_clock(),
            (Kind::ContinuousProcessingTime(interval), TriggerState::NextProc(next)) if *next == Some(at) => {
                *next = (at < scope.end_on_clock()).then(|| next_proc(at, interval, scope));
                true
            }
            _ => false,
        };
        self.verdict(fires)
    }

    /// Sessions were merged into `scope.window`; `merged` is what was remembered of each of them.
    pub fn on_merge(&self, merged: impl Iterator<Item = TriggerState>, scope: &mut Scope<'_>) -> TriggerState {
        let mut state = self.initial();
        merged.for_each(|other| state.merge(other));
        match (self.kind, state) {
            (Kind::EventTime, _) if !lateness::is_complete(scope.window, scope.watermark) => {
                scope.set_event(scope.window.end);
            }
            (Kind::ProcessingTime, _) if scope.now < scope.end_on_clock() => scope.set_proc(scope.end_on_clock()),
            (Kind::ContinuousEventTime(_), TriggerState::NextEvent(Some(next))) => scope.set_event(next),
            (Kind::ContinuousProcessingTime(_), TriggerState::NextProc(Some(next))) => scope.set_proc(next),
            _ => {}
        }
        state
    }
}

/// As `Count(2), purging`.
impl fmt::Display for FlinkTrigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.kind, if self.purges { ", purging" } else { "" })
    }
}

/// The multiple of `interval` that truncation gives: below positive instants, above negative ones.
/// (A negative instant therefore waits longer for its first firing. Flink's rule.)
fn last_multiple(instant: i64, interval: Span) -> i64 {
    instant - instant % interval.micros()
}

/// Sets the timer one interval after `at`, at the latest at the end of the window.
fn next_event(at: EventTime, interval: Span, scope: &mut Scope<'_>) -> EventTime {
    let next = (at + interval).min(scope.window.end);
    scope.set_event(next);
    next
}

fn next_proc(at: ProcTime, interval: Span, scope: &mut Scope<'_>) -> ProcTime {
    let next = (at + interval).min(scope.end_on_clock());
    scope.set_proc(next);
    next
}
