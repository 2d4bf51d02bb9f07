//! Timers of keyed windows, in one total order: instant, key, window.
//!
//! A timer is a set member: setting it twice is setting it once, and one that is no longer wanted
//! may be left to come up and be ignored by its owner.

use std::collections::BTreeSet;

use crate::record::KeyId;
use crate::window::pane::Window;

/// Timers on one clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Timers<T> {
    set: BTreeSet<(T, KeyId, Window)>,
}

impl<T: Copy + Ord> Timers<T> {
    /// No timers.
    pub const fn new() -> Self {
        Self { set: BTreeSet::new() }
    }

    /// Wants to be called at `at`.
    pub fn set(&mut self, at: T, key: KeyId, window: Window) {
        self.set.insert((at, key, window));
    }

    /// Does not want to be called any more.
    pub fn delete(&mut self, at: T, key: KeyId, window: Window) {
        self.set.remove(&(at, key, window));
    }

    /// The earliest instant that is wanted.
    pub fn next(&self) -> Option<T> {
        self.set.first().map(|&(at, _, _)| at)
    }

    /// Every timer, in order.
    pub fn iter(&self) -> impl Iterator<Item = (T, KeyId, Window)> {
        self.set.iter().copied()
    }

    /// Takes out the first timer at or before `now`.
    pub fn pop_due(&mut self, now: T) -> Option<(T, KeyId, Window)> {
        if self.next()? > now { None } else { self.set.pop_first() }
    }
}

impl<T: Copy + Ord> Default for Timers<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::EventTime;

    #[test]
    fn timers_come_up_in_order_of_instant_then_key_and_once() {
        let window = |start| Window::new(EventTime::from_micros(start), EventTime::from_micros(start + 10));
        let mut timers = Timers::new();
        timers.set(7, KeyId(1), window(0));
        timers.set(5, KeyId(2), window(10));
        timers.set(5, KeyId(2), window(0));
        timers.set(5, KeyId(1), window(90));
        timers.set(5, KeyId(1), window(90));
        timers.set(4, KeyId(9), window(0));
        timers.delete(4, KeyId(9), window(0));
        assert_eq!(timers.next(), Some(5));
        let due: Vec<_> = std::iter::from_fn(|| timers.pop_due(6)).collect();
        assert_eq!(due, [(5, KeyId(1), window(90)), (5, KeyId(2), window(0)), (5, KeyId(2), window(10))]);
        assert_eq!(timers.next(), Some(7));
    }
}
