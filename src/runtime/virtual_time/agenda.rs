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
    /// Of the event sources, of the timers, and `MAX` up to a whole number of groups.
    times: Vec<ProcTime>,
    events: usize,
}

impl Agenda {
    /// Nothing is to be done.
    pub fn new(events: usize, timers: usize) -> Self {
        Self { times: vec![ProcTime::MAX; (events + timers).next_multiple_of(GROUP)], events }
    }

    /// The earliest instant of all and its slot, the first one of equals.
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

    /// The earliest instant of an event source and its slot, the first one of equals.
    pub fn first_event(&self) -> (ProcTime, usize) {
        first_of(self.times[..self.events].iter().copied())
    }

    /// Whether this is the slot of a timer.
    #[inline]
    pub const fn is_timer(&self, slot: usize) -> bool {
        slot >= self.events
    }

    /// When each of the watermarks wants to hear that time has passed.
    pub fn timers(&self) -> impl Iterator<Item = ProcTime> {
        self.times[self.events..].iter().copied()
    }

    /// When the watermark of a source task wants to hear that time has passed.
    #[inline]
    pub fn timer(&self, source: usize) -> ProcTime {
        self.times[self.events + source]
    }

    /// Sets when the watermark of a source task wants to hear that time has passed.
    #[inline]
    pub fn set_timer(&mut self, source: usize, at: ProcTime) {
        self.times[self.events + source] = at;
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
    fn the_first_of_equals_comes_first_and_timers_come_last() {
        let mut random: u32 = 7;
        for events in 1..12 {
            for timers in 0..5 {
                let mut agenda = Agenda::new(events, timers);
                assert_eq!(agenda.first(), (ProcTime::MAX, 0));
                for _ in 0..50 {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let at = ProcTime::from_micros(i64::from(random >> 29));
                    let slot = (random >> 8) as usize % (events + timers);
                    if slot < events {
                        agenda[slot] = at
                    } else {
                        agenda.set_timer(slot - events, at)
                    }
                    let all: Vec<ProcTime> = (0..events + timers).map(|slot| agenda[slot]).collect();
                    let least = *all.iter().min().expect("there is an event source");
                    let place = all.iter().position(|&at| at == least).expect("it is in the list");
                    let expected = if least == ProcTime::MAX { (least, 0) } else { (least, place) };
                    assert_eq!(agenda.first(), expected);
                    assert_eq!(agenda.first_event(), first_of(all[..events].iter().copied()));
                    assert_eq!(agenda.is_timer(place), place >= events);
                }
            }
        }
    }
}
