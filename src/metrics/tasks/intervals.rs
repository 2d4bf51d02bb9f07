//! Stretches of time that do not overlap, and how much of any other stretch they cover.
//!
//! Ascending and disjoint; stretches that touch are one. Totals are kept in front of every stretch, so
//! a question about any part of a run is two binary searches.

use crate::time::{ProcTime, Span};

/// A stretch of processing time, `from` included, `until` excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First instant.
    pub from: ProcTime,
    /// First instant after it; not before `from`.
    pub until: ProcTime,
}

impl Stretch {
    /// From one instant to another; empty when the second is not after the first.
    pub fn new(from: ProcTime, until: ProcTime) -> Self {
        Self { from, until: until.max(from) }
    }

    /// How long it is.
    pub fn length(self) -> Span {
        self.until - self.from
    }

    /// What it has in common with another one; empty when that is nothing.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self::new(self.from.max(other.from), self.until.min(other.until))
    }

    /// Whether there is no instant in it.
    pub fn is_empty(self) -> bool {
        self.from >= self.until
    }
}

/// Disjoint stretches, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals {
    stretches: Vec<Stretch>,
    /// By stretch: microseconds covered by all before it.
    before: Vec<i64>,
}

impl Intervals {
    /// Stretches in any order; where they overlap or touch they become one.
    pub fn of_unsorted(mut stretches: Vec<Stretch>) -> Self {
        stretches.sort_unstable_by_key(|stretch| (stretch.from, stretch.until));
        let mut all = Self::default();
        stretches.into_iter().for_each(|stretch| all.push(stretch));
        all
    }

    /// Adds a stretch that begins no earlier than all before it. What overlaps or touches the last
    /// one becomes part of it.
    pub fn push(&mut self, stretch: Stretch) {
        if stretch.is_empty() {
            return;
        }
        match self.stretches.last_mut() {
            Some(last) if stretch.from <= last.until => last.until = last.until.max(stretch.until),
            _ => {
                let covered = self.total().micros();
                self.before.push(covered);
                self.stretches.push(stretch);
            }
        }
    }

    /// The stretches, ascending.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Whether nothing is covered.
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// How much is covered in all.
    pub fn total(&self) -> Span {
        let of_last = self.stretches.last().map_or(0, |last| last.length().micros());
        Span::from_micros(self.before.last().copied().unwrap_or(0).saturating_add(of_last))
    }

    /// How much of a stretch is covered. O(log n).
    pub fn covered(&self, stretch: Stretch) -> Span {
        if stretch.is_empty() {
            Span::ZERO
        } else {
            self.covered_before(stretch.until) - self.covered_before(stretch.from)
        }
    }

    fn covered_before(&self, at: ProcTime) -> Span {
        let begun = self.stretches.partition_point(|stretch| stretch.from < at);
        let Some(last) = begun.checked_sub(1) else { return Span::ZERO };
        let part = self.stretches[last].until.min(at) - self.stretches[last].from;
        Span::from_micros(self.before[last]) + part
    }

    /// The stretch that an instant is in. O(log n).
    pub fn at(&self, now: ProcTime) -> Option<Stretch> {
        let begun = self.stretches.partition_point(|stretch| stretch.from <= now);
        let last = self.stretches[begun.checked_sub(1)?];
        (now < last.until).then_some(last)
    }

    /// The last stretch that has begun by an instant, over or not. O(log n).
    pub fn last_begun(&self, now: ProcTime) -> Option<Stretch> {
        let begun = self.stretches.partition_point(|stretch| stretch.from <= now);
        begun.checked_sub(1).map(|last| self.stretches[last])
    }

    /// What both cover. O(n + m).
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (0, 0);
        let mut common = Self::default();
        while let (Some(&a), Some(&b)) = (self.stretches.get(ours), other.stretches.get(theirs)) {
            common.push(a.within(b));
            if a.until <= b.until {
                ours += 1;
            } else {
                theirs += 1;
            }
        }
        common
    }

    /// What this one covers and the other one does not. O(n + m).
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut rest = Self::default();
        let mut passed = 0;
        for &stretch in &self.stretches {
            let mut from = stretch.from;
            while other.stretches.get(passed).is_some_and(|hole| hole.until <= from) {
                passed += 1;
            }
            let holes = other.stretches[passed..].iter().take_while(|hole| hole.from < stretch.until);
            for hole in holes {
                rest.push(Stretch::new(from, hole.from));
                from = from.max(hole.until);
            }
            rest.push(Stretch::new(from, stretch.until));
        }
        rest
    }

    /// What any of them covers.
    pub fn union<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        Self::of_unsorted(all.into_iter().flat_map(|one| one.stretches.iter().copied()).collect())
    }

    /// The same with every gap closed that is at most this long.
    #[must_use]
    pub fn joined(&self, gap: Span) -> Self {
        let mut joined = Self::default();
        for &stretch in &self.stretches {
            match joined.stretches.last_mut() {
                Some(last) if stretch.from - last.until <= gap => last.until = stretch.until,
                _ => joined.push(stretch),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stretch(from: i64, until: i64) -> Stretch {
        Stretch::new(ProcTime::from_micros(from), ProcTime::from_micros(until))
    }

    fn intervals(of: &[(i64, i64)]) -> Intervals {
        Intervals::of_unsorted(of.iter().map(|&(from, until)| stretch(from, until)).collect())
    }

    /// Every microsecond from 0 to 99 that is covered.
    fn instants(of: &Intervals) -> Vec<bool> {
        let all = of.stretches();
        let covered = |at: i64| all.iter().any(|s| s.from.micros() <= at && at < s.until.micros());
        (0..100).map(covered).collect()
    }

    #[test]
    fn what_touches_is_one_and_gaps_can_be_closed() {
        let of = intervals(&[(5, 7), (0, 2), (2, 3), (6, 9), (8, 8)]);
        assert_eq!(of.stretches(), [stretch(0, 3), stretch(5, 9)]);
        assert_eq!(of.total().micros(), 7);
        assert_eq!(of.joined(Span::from_micros(1)), of);
        assert_eq!(of.joined(Span::from_micros(2)).stretches(), [stretch(0, 9)]);
        assert_eq!((of.at(ProcTime::from_micros(3)), of.at(ProcTime::from_micros(5))), (None, Some(stretch(5, 9))));
        assert_eq!(of.last_begun(ProcTime::from_micros(4)), Some(stretch(0, 3)));
        assert_eq!(of.last_begun(ProcTime::from_micros(-1)), None);
    }

    proptest! {
        #[test]
        fn everything_is_as_counted_microsecond_by_microsecond(
            a in prop::collection::vec((0_i64..100, 0_i64..20), 0..12),
            b in prop::collection::vec((0_i64..100, 0_i64..20), 0..12),
            (from, length) in (0_i64..100, 0_i64..60),
        ) {
            let of = |pairs: &[(i64, i64)]| {
                let ends: Vec<(i64, i64)> = pairs.iter().map(|&(from, len)| (from, (from + len).min(100))).collect();
                intervals(&ends)
            };
            let (a, b) = (of(&a), of(&b));
            let (in_a, in_b) = (instants(&a), instants(&b));
            let each = |op: fn(bool, bool) -> bool| -> Vec<bool> { (0..100).map(|i| op(in_a[i], in_b[i])).collect() };
            prop_assert_eq!(instants(&a.intersect(&b)), each(|a, b| a && b));
            prop_assert_eq!(instants(&a.without(&b)), each(|a, b| a && !b));
            prop_assert_eq!(instants(&Intervals::union([&a, &b])), each(|a, b| a || b));
            let part = stretch(from, (from + length).min(100));
            let expected = (from..(from + length).min(100)).filter(|&at| in_a[at as usize]).count();
            prop_assert_eq!(a.covered(part).micros(), expected as i64);
            prop_assert_eq!(a.total().micros() as usize, in_a.iter().filter(|covered| **covered).count());
        }
    }
}
