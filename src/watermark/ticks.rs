//! The instants of periodic emission: origin + k * interval, for k = 1, 2, ...
//!
//! Ticks at which nothing could happen need not be taken. That matters for a watermark that
//! follows the clock through a long silence: a year at 200 ms has 150 million ticks, and all but a
//! few show nothing but a longer line.

use serde::{Deserialize, Serialize};

use crate::time::{ProcTime, Span};

/// A clock-driven watermark is handed on at least so often over a whole run, evenly, beside the
/// ticks that matter. Each step takes memory, and no screen has so many pixels.
const MOST_SHOWN: i64 = 200_000;

/// Which ticks have been taken, and which comes next. It is its own snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticks {
    interval: Span,
    /// Every so many ticks one is taken for the look of it.
    stride: i64,

    origin: ProcTime,
    /// The first tick that can still be taken, and its instant: those before it are taken or past.
    next: i64,
    next_at: ProcTime,
}

impl Ticks {
    /// A grid that has not started. `interval` is positive; `shown_over` is how long the run is.
    pub fn new(interval: Span, shown_over: Span) -> Self {
        let interval = interval.max(Span::from_micros(1));
        let stride = (shown_over.micros() / interval.micros() / MOST_SHOWN).max(1);
        let mut ticks = Self { interval, stride, origin: ProcTime::EPOCH, next: 1, next_at: ProcTime::EPOCH };
        ticks.start(ProcTime::EPOCH);
        ticks
    }

    /// The grid starts: the first tick is one interval later.
    pub fn start(&mut self, origin: ProcTime) {
        self.origin = origin;
        self.next = 1;
        self.next_at = self.instant(1);
    }

    /// Something happened at `now`, so ticks before it are past.
    #[inline]
    pub fn move_clock(&mut self, now: ProcTime) {
        if now > self.next_at {
            self.pass_before(self.index_from(now));
        }
    }

    /// The next tick.
    #[inline]
    pub const fn next(&self) -> ProcTime {
        self.next_at
    }

    /// Ticks before this one are taken or past.
    fn pass_before(&mut self, index: i64) {
        self.next = self.next.max(index);
        self.next_at = self.instant(self.next);
    }

    /// The next tick that is not before `t`; [`ProcTime::MAX`] for that instant itself.
    pub fn at_or_after(&self, t: ProcTime) -> ProcTime {
        if t == ProcTime::MAX { t } else { self.instant(self.next.max(self.index_from(t))) }
    }

    /// The next tick that is worth taking for a watermark that follows the clock: the first from
    /// `due` on, the last before `horizon`, or one for the look of it.
    pub fn next_shown(&self, horizon: ProcTime, due: ProcTime) -> ProcTime {
        let next = self.next;
        let shown = next.div_euclid(self.stride).saturating_add(i64::from(next % self.stride != 0));
        let mut best = shown.saturating_mul(self.stride);
        if due != ProcTime::MAX {
            best = best.min(next.max(self.index_from(due)));
        }
        let last = (horizon - self.origin - Span::from_micros(1)).micros().div_euclid(self.interval.micros());
        if horizon != ProcTime::MAX && last >= next {
            best = best.min(last);
        }
        self.instant(best)
    }

    /// A tick is taken.
    pub fn take(&mut self, now: ProcTime) {
        let last = (now - self.origin).micros().div_euclid(self.interval.micros());
        self.pass_before(last.saturating_add(1));
    }

    /// The first tick that is not before `t`.
    fn index_from(&self, t: ProcTime) -> i64 {
        let (since, interval) = ((t - self.origin).micros(), self.interval.micros());
        since.div_euclid(interval).saturating_add(i64::from(since.rem_euclid(interval) != 0))
    }

    fn instant(&self, index: i64) -> ProcTime {
        self.origin + self.interval.times(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> ProcTime {
        ProcTime::from_micros(micros)
    }

    fn started(interval: i64, shown_over: i64) -> Ticks {
        let mut ticks = Ticks::new(Span::from_micros(interval), Span::from_micros(shown_over));
        ticks.start(at(5));
        ticks
    }

    #[test]
    fn ticks_are_counted_from_the_start_and_taken_once() {
        let mut ticks = started(10, 0);
        assert_eq!(ticks.next(), at(15));
        ticks.move_clock(at(15));
        assert_eq!(ticks.next(), at(15), "a tick sees what happens at its instant");
        ticks.take(at(15));
        assert_eq!(ticks.next(), at(25));
        ticks.move_clock(at(46));
        assert_eq!(ticks.next(), at(55), "those in between are past");
        assert_eq!(ticks.at_or_after(at(56)), at(65));
        assert_eq!(ticks.at_or_after(ProcTime::MIN), at(55));
        assert_eq!(ticks.at_or_after(ProcTime::MAX), ProcTime::MAX);
    }

    #[test]
    fn through_a_silence_only_ticks_that_matter_are_taken() {
        // A stride of 10: every tenth tick is shown.
        let ticks = started(1, 2_000_000);
        assert_eq!(ticks.next_shown(ProcTime::MAX, ProcTime::MAX), at(15));
        assert_eq!(ticks.next_shown(at(13), ProcTime::MAX), at(12), "the last before something happens");
        assert_eq!(ticks.next_shown(at(13), at(9)), at(9), "the operator has something to do");
        assert_eq!(ticks.next_shown(at(13), ProcTime::MIN), at(6), "it may have something to do at any");
        assert_eq!(ticks.next_shown(at(6), ProcTime::MAX), at(15), "the start itself is no tick");
    }
}
