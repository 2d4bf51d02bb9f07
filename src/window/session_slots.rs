//! Sessions by key: the newest of every key in an array, older ones apart.
//!
//! Nearly every record extends its key's newest session, so that one is where the key is. A key has
//! an older session only until the watermark gets to its end, so those lie in a shared pool of lists.
//! Sessions of a key are apart, and a key that has one has a newest one.

use crate::record::KeyId;
use crate::time::{EventTime, Span};
use crate::window::lateness;
use crate::window::pane::{Window, WindowId};
use crate::window::timer_wheel::Timer;

/// A session that is kept.
#[derive(Clone, Debug)]
pub struct Session<A> {
    /// Its extent by now.
    pub window: Window,
    /// What was counted in it.
    pub total: A,
    /// Its identity.
    pub id: WindowId,
    /// How many panes it has fired.
    pub panes: u32,
}

/// The window of no session: no instant touches it, and it ends before all others.
const NOWHERE: Window = Window::new(EventTime::MAX, EventTime::MIN);

impl<A: Default> Session<A> {
    fn none() -> Self {
        Self { window: NOWHERE, total: A::default(), id: WindowId::NONE, panes: 0 }
    }
}

impl<A> Session<A> {
    fn is_some(&self) -> bool {
        self.window != NOWHERE
    }

    /// When it is next due, if everything before `t` has been done: at its end, or at the end of its state.
    #[inline]
    pub fn due_from(&self, t: EventTime, allowed_lateness: Span) -> EventTime {
        if self.window.end >= t { self.window.end } else { lateness::closes_at(self.window, allowed_lateness) }
    }

    /// When it is next due, if everything up to `t` has been done.
    #[inline]
    pub fn due_after(&self, t: EventTime, allowed_lateness: Span) -> EventTime {
        if self.window.end > t { self.window.end } else { lateness::closes_at(self.window, allowed_lateness) }
    }
}

/// What a key has.
#[derive(Clone, Debug)]
pub struct Slot<A> {
    /// The newest session, or none.
    pub newest: Session<A>,
    /// The earliest instant for which a timer is set.
    pub timer: EventTime,
    /// The newest of the older sessions.
    older: u32,
}

impl<A> Slot<A> {
    /// Whether the key has no session.
    #[inline]
    pub fn is_empty(&self) -> bool {
        !self.newest.is_some()
    }

    /// Whether the key has more than one session.
    #[inline]
    pub const fn has_older(&self) -> bool {
        self.older != NO_PLACE
    }
}

const NO_PLACE: u32 = u32::MAX;

#[derive(Clone, Debug)]
struct Older<A> {
    session: Session<A>,
    /// The one before it, or the next free place.
    before: u32,
}

/// The sessions of all keys.
#[derive(Clone, Debug)]
pub struct SessionSlots<A> {
    slots: Vec<Slot<A>>,
    older: Vec<Older<A>>,
    free: u32,
    kept: usize,
}

impl<A> Default for SessionSlots<A> {
    /// No sessions.
    fn default() -> Self {
        Self { slots: Vec::new(), older: Vec::new(), free: NO_PLACE, kept: 0 }
    }
}

impl<A: Clone + Default> SessionSlots<A> {
    /// How many sessions there are.
    pub const fn kept(&self) -> usize {
        self.kept
    }

    /// What a key has, if room was made for it.
    #[inline]
    pub fn get_mut(&mut self, key: KeyId) -> Option<&mut Slot<A>> {
        self.slots.get_mut(key.index())
    }

    /// What a key has.
    pub fn get_or_make(&mut self, key: KeyId) -> &mut Slot<A> {
        if self.slots.len() <= key.index() {
            let none = Slot { newest: Session::none(), timer: EventTime::MAX, older: NO_PLACE };
            self.slots.resize(key.index() + 1, none);
        }
        &mut self.slots[key.index()]
    }

    /// A session later than all others of the key, for which room was made.
    #[inline]
    pub fn push(&mut self, key: KeyId, session: Session<A>) {
        self.kept += 1;
        let slot = &mut self.slots[key.index()];
        let before = std::mem::replace(&mut slot.newest, session);
        if before.window != NOWHERE {
            let entry = Older { session: before, before: slot.older };
            if let Some(place) = self.older.get_mut(self.free as usize) {
                slot.older = std::mem::replace(&mut self.free, place.before);
                *place = entry;
            } else {
                // Tens of bytes each, so there are fewer than 2^32 of them.
                slot.older = self.older.len() as u32;
                self.older.push(entry);
            }
        }
    }

    /// Whether the session before the key's newest one ends at `t` or later.
    pub fn has_older_at(&self, key: KeyId, t: EventTime) -> bool {
        let slot = self.slots.get(key.index());
        let older = slot.and_then(|slot| self.older.get(slot.older as usize));
        older.is_some_and(|older| older.session.window.end >= t)
    }

    /// The end of the key's oldest session.
    #[inline]
    pub fn oldest_end(&self, key: KeyId) -> Option<EventTime> {
        let slot = self.slots.get(key.index()).filter(|slot| !slot.is_empty())?;
        Some(self.older.get(self.oldest_place(slot)).map_or(&slot.newest, |older| &older.session).window.end)
    }

    /// Takes out the key's oldest session.
    pub fn take_oldest(&mut self, key: KeyId) -> Option<Session<A>> {
        let place = self.oldest_place(self.slots.get(key.index())?);
        let slot = &mut self.slots[key.index()];
        self.kept -= usize::from(!slot.is_empty());
        let Some(older) = self.older.get_mut(place) else {
            return Some(std::mem::replace(&mut slot.newest, Session::none())).filter(Session::is_some);
        };
        older.before = std::mem::replace(&mut self.free, place as u32);
        let session = older.session.clone();
        if slot.older as usize == place {
            slot.older = NO_PLACE;
            return Some(session);
        }
        let mut after = slot.older as usize;
        while self.older[after].before as usize != place {
            after = self.older[after].before as usize;
        }
        self.older[after].before = NO_PLACE;
        Some(session)
    }

    /// The place of the oldest of the older sessions; no place when there is none.
    #[inline]
    fn oldest_place(&self, slot: &Slot<A>) -> usize {
        let mut place = slot.older as usize;
        while let Some(older) = self.older.get(place).filter(|older| older.before != NO_PLACE) {
            place = older.before as usize;
        }
        place
    }

    /// When the sessions of a timer's key are next due; `None` when the timer is stale.
    pub fn next_due(&self, timer: Timer, allowed_lateness: Span) -> Option<EventTime> {
        let slot = self.slots.get(timer.key.index()).filter(|slot| slot.timer == timer.due && !slot.is_empty())?;
        if !slot.has_older() {
            return Some(slot.newest.due_from(timer.due, allowed_lateness));
        }
        let mut first = EventTime::MAX;
        self.for_each_newest_first(timer.key, |session| {
            first = first.min(session.due_from(timer.due, allowed_lateness));
        });
        Some(first)
    }

    /// The same, and this is when the timer is set for from now on.
    #[inline]
    pub fn rearm(&mut self, timer: Timer, allowed_lateness: Span) -> Option<EventTime> {
        let due = self.next_due(timer, allowed_lateness)?;
        self.slots[timer.key.index()].timer = due;
        Some(due)
    }

    /// The timer has come up; whether it was not stale.
    #[inline]
    pub fn disarm(&mut self, timer: Timer) -> bool {
        match self.slots.get_mut(timer.key.index()) {
            Some(slot) if slot.timer == timer.due => {
                slot.timer = EventTime::MAX;
                true
            }
            _ => false,
        }
    }

    /// Takes out all sessions of a key, ascending.
    pub fn take(&mut self, key: KeyId, into: &mut Vec<Session<A>>) {
        into.clear();
        let Some(slot) = self.slots.get_mut(key.index()) else { return };
        let newest = std::mem::replace(&mut slot.newest, Session::none());
        if newest.window == NOWHERE {
            return;
        }
        into.push(newest);
        while let Some(older) = self.older.get_mut(slot.older as usize) {
            into.push(older.session.clone());
            let place = std::mem::replace(&mut slot.older, older.before);
            older.before = std::mem::replace(&mut self.free, place);
        }
        into.reverse();
        self.kept -= into.len();
    }

    /// Visits all sessions, by key, those of a key ascending.
    pub fn for_each(&self, mut visit: impl FnMut(KeyId, &Session<A>)) {
        let mut ascending = Vec::new();
        for place in 0..self.slots.len() {
            // Keys are 32-bit ids, and so are the places in this list.
            let key = KeyId(place as u32);
            self.for_each_newest_first(key, |session| ascending.push(session));
            ascending.drain(..).rev().for_each(|session| visit(key, session));
        }
    }

    fn for_each_newest_first<'a>(&'a self, key: KeyId, mut visit: impl FnMut(&'a Session<A>)) {
        let Some(slot) = self.slots.get(key.index()).filter(|slot| !slot.is_empty()) else { return };
        visit(&slot.newest);
        let mut place = slot.older;
        while let Some(older) = self.older.get(place as usize) {
            visit(&older.session);
            place = older.before;
        }
    }

    /// Bytes of memory that this holds, used or not.
    pub const fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<A>>() + self.older.capacity() * size_of::<Older<A>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(start: i64) -> Session<u32> {
        let window = Window::new(EventTime::from_micros(start), EventTime::from_micros(start + 5));
        Session { window, total: 0, id: WindowId(start as u32), panes: 0 }
    }

    fn starts(sessions: &SessionSlots<u32>) -> Vec<(u32, i64)> {
        let mut starts = Vec::new();
        sessions.for_each(|key, session| starts.push((key.0, session.window.start.micros())));
        starts
    }

    #[test]
    fn sessions_are_visited_by_key_ascending_and_taken_from_the_oldest() {
        let mut sessions = SessionSlots::default();
        let (a, b) = (KeyId(3), KeyId(1));
        for key in [a, b] {
            assert!(sessions.get_or_make(key).is_empty() && sessions.take_oldest(key).is_none());
        }
        [10, 20, 30].into_iter().for_each(|start| sessions.push(a, session(start)));
        sessions.push(b, session(40));
        assert_eq!(starts(&sessions), [(1, 40), (3, 10), (3, 20), (3, 30)]);
        assert_eq!((sessions.kept(), sessions.oldest_end(a)), (4, Some(EventTime::from_micros(15))));
        for end in [15, 25, 35] {
            let oldest = sessions.take_oldest(a).expect("there are three");
            assert_eq!(oldest.window.end.micros(), end);
        }
        assert!(sessions.take_oldest(a).is_none() && sessions.oldest_end(a).is_none());
        assert_eq!((starts(&sessions), sessions.kept()), (vec![(1, 40)], 1));
    }

    #[test]
    fn all_of_a_key_are_taken_ascending_and_their_places_used_again() {
        let mut sessions = SessionSlots::default();
        let mut taken = Vec::new();
        for _ in 0..100 {
            for key in [KeyId(0), KeyId(1)] {
                sessions.get_or_make(key);
                [10, 20, 30, 40].into_iter().for_each(|start| sessions.push(key, session(start)));
            }
            assert!(sessions.has_older_at(KeyId(0), EventTime::from_micros(35)));
            assert!(!sessions.has_older_at(KeyId(0), EventTime::from_micros(36)));
            assert_eq!(sessions.take_oldest(KeyId(0)).map(|session| session.id), Some(WindowId(10)));
            for (key, count) in [(KeyId(0), 3), (KeyId(1), 4), (KeyId(2), 0)] {
                sessions.take(key, &mut taken);
                assert!(taken.is_sorted_by_key(|session| session.window.start));
                assert_eq!(taken.len(), count);
            }
            assert_eq!((sessions.kept(), starts(&sessions)), (0, vec![]));
        }
        assert_eq!(sessions.older.len(), 6);
    }

    #[test]
    fn a_timer_of_a_key_follows_its_sessions_and_one_that_was_replaced_is_stale() {
        let mut sessions = SessionSlots::default();
        let timer = |due| Timer { due: EventTime::from_micros(due), key: KeyId(0) };
        sessions.get_or_make(KeyId(0)).timer = EventTime::from_micros(12);
        sessions.push(KeyId(0), session(10));
        sessions.push(KeyId(0), session(20));
        assert_eq!(sessions.next_due(timer(11), Span::ZERO), None);
        assert_eq!(sessions.next_due(timer(12), Span::ZERO), Some(EventTime::from_micros(15)));
        assert_eq!(sessions.rearm(timer(12), Span::ZERO), Some(EventTime::from_micros(15)));
        assert!(!sessions.disarm(timer(12)) && sessions.disarm(timer(15)) && !sessions.disarm(timer(15)));
        // A session that has fired is next due when its state ends, here after the end of the next one.
        sessions.get_or_make(KeyId(0)).timer = EventTime::from_micros(16);
        assert_eq!(sessions.next_due(timer(16), Span::from_micros(100)), Some(EventTime::from_micros(25)));
        sessions.get_or_make(KeyId(0)).timer = EventTime::from_micros(26);
        assert_eq!(sessions.next_due(timer(26), Span::from_micros(100)), Some(EventTime::from_micros(115)));
    }
}
