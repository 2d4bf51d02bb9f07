//! When everything that acts does something next: one instant for every event source, and one for
//! every watermark that waits for time to pass.
//!
//! The next event is the least of a short list, found without a heap. Of equals the first in the list
//! comes first, and who waits for time comes behind all events.

use std::ops::{Index, IndexMut};

use crate::time::ProcTime;

/// Slots that are compared at once.
const GROUP: usize = 4;

/// The next instants, by slot ([`super::plan::Plan::slots`]); [`ProcTime::MAX`] for never.
#[derive(Clone, Debug)]
pub struct Agenda {
    /// Of the event sources, and `MAX` up to a whole number of groups.
    times: Vec<ProcTime>,
    timers: Vec<ProcTime>,
    /// The least of the timers.
    next_timer: ProcTime,
}

impl Agenda {
    /// Nothing is to be done.
    pub fn new(events: usize, timers: usize) -> Self {
        Self {
            times: vec![ProcTime::MAX; events.next_multiple_of(GROUP)],
            timers: vec![ProcTime::MAX; timers],
            next_timer: ProcTime::MAX,
        }
    }

    /// The earliest instant of an event source and its slot, the first one of equals; slot 0 when none has
    /// anything to do.
    #[inline]
    pub fn first(&self) -> (ProcTime, usize) {
        let mut first = (ProcTime::MAX, 0);
        let (groups, _) = self.times.as_chunks::<GROUP>();
        for (group, &[a, b, c, d]) in groups.iter().enumerate() {
            let (left, at_left) = earlier((a, 0), (b, 1));
            let (right, at_right) = earlier((c, 2), (d, 3));
            let (least, place) = earlier((left, at_left), (right, at_right));
            first = earlier(first, (least, group * GROUP + place));
        }
        first
    }

    /// The earliest instant at which a watermark wants to hear that time has passed.
    #[inline]
    pub const fn next_timer(&self) -> ProcTime {
        self.next_timer
    }

    /// When each of the watermarks wants to hear that time has passed.
    pub fn timers(&self) -> impl Iterator<Item = ProcTime> {
        self.timers.iter().copied()
    }

    /// When the watermark of a source task wants to hear that time has passed.
    #[inline]
    pub fn timer(&self, source: usize) -> ProcTime {
        self.timers[source]
    }

    /// Sets when the watermark of a source task wants to hear that time has passed.
    #[inline]
    pub fn set_timer(&mut self, source: usize, at: ProcTime) {
        if self.timers[source] != at {
            self.timers[source] = at;
            self.next_timer = self.timers.iter().copied().min().unwrap_or(ProcTime::MAX);
        }
    }
}

impl Index<usize> for Agenda {
    type Output = ProcTime;

    #[inline]
    fn index(&self, slot: usize) -> &ProcTime {
        &self.times[slot]
    }
}

impl IndexMut<usize> for Agenda {
    #[inline]
    fn index_mut(&mut self, slot: usize) -> &mut ProcTime {
        &mut self.times[slot]
    }
}

/// The earlier of two instants with their places, the first one of equals. Which it is cannot be
/// guessed, so this is written to be done without a branch.
#[inline]
fn earlier(first: (ProcTime, usize), second: (ProcTime, usize)) -> (ProcTime, usize) {
    let is_second = second.0 < first.0;
    (if is_second { second.0 } else { first.0 }, if is_second { second.1 } else { first.1 })
}

/// The least of some instants and its place, the first one of equals; [`ProcTime::MAX`] for none.
#[inline]
pub fn first_of(instants: impl Iterator<Item = ProcTime>) -> (ProcTime, usize) {
    let mut first = (ProcTime::MAX, 0);
    for (place, at) in instants.enumerate() {
        if at < first.0 {
            first = (at, place);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_comes_first() {
        let mut random: u32 = 7;
        for events in 1..12 {
            let mut agenda = Agenda::new(events, 0);
            assert_eq!(agenda.first(), (ProcTime::MAX, 0));
            for _ in 0..50 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                agenda[(random >> 8) as usize % events] = ProcTime::from_micros(i64::from(random >> 29));
                let expected = first_of((0..events).map(|slot| agenda[slot]));
                assert_eq!(agenda.first(), expected);
                assert_eq!((agenda[expected.1], agenda.next_timer()), (expected.0, ProcTime::MAX));
            }
        }
    }

    #[test]
    fn the_next_timer_is_the_least_of_all() {
        let mut agenda = Agenda::new(1, 3);
        let at = ProcTime::from_micros;
        let mut set = |source, at| {
            agenda.set_timer(source, at);
            agenda.next_timer()
        };
        assert_eq!([set(2, at(9)), set(0, at(5)), set(1, at(7))], [at(9), at(5), at(5)]);
        assert_eq!([set(0, ProcTime::MAX), set(1, at(11)), set(2, ProcTime::MAX)], [at(7), at(9), at(11)]);
    }
}
