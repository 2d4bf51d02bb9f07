//! Running totals over a moving range of slices: what each key has in all of them together.
//!
//! Slices join at the new end and leave at the old end. Nothing is ever subtracted, which would lose
//! digits of a sum and is impossible for a minimum; instead each key has two totals (the two stacks
//! of Tangwongsan, Hirzel, Schneider: In-order sliding-window aggregation in worst-case constant
//! time, 2021, kept by slice instead of by key): `back` over the slices that joined since the last
//! turn, and `front` over those before. A front slice holds, for each of its keys, what `front`
//! becomes when the slice leaves. When the front is used up, the back is turned into a new one.
//! That is three merges per key and slice, however many slices there are. Where keys are dense in a
//! slice, all of this is walking over arrays.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::cells::{Cells, suits_dense};
use crate::window::front_slice::FrontSlice;

/// Totals by key over a range of slices.
#[derive(Clone, Debug)]
pub struct RunningTotals<A> {
    /// By key, of equal length.
    front: Vec<A>,
    back: Vec<A>,
    /// In order of their number.
    slices: VecDeque<FrontSlice<A>>,
    /// Above the keys that are in an array of a slice of the back, and of the front.
    back_limit: usize,
    front_limit: usize,
    /// Keys that came another way and have a total, or had one when the range was last walked.
    listed: Vec<KeyId>,
    is_listed: Vec<bool>,
    /// No slice after this one has such a key.
    listed_to: i64,
    /// Arrays of slices that have left, for slices to come.
    spare: Vec<Vec<A>>,
}

/// The two totals of one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyTotals<A> {
    /// Over the slices of the front.
    pub front: A,
    /// Over those that joined since the last turn.
    pub back: A,
}

impl<A> Default for RunningTotals<A> {
    fn default() -> Self {
        Self {
            front: Vec::new(),
            back: Vec::new(),
            slices: VecDeque::new(),
            back_limit: 0,
            front_limit: 0,
            listed: Vec::new(),
            is_listed: Vec::new(),
            listed_to: i64::MIN,
            spare: Vec::new(),
        }
    }
}

impl<A: Accumulator> RunningTotals<A> {
    /// The oldest slice of the front.
    pub fn front_number(&self) -> Option<i64> {
        self.slices.front().map(FrontSlice::number)
    }

    /// The newest slice of the front.
    pub fn front_end(&self) -> Option<i64> {
        self.slices.back().map(FrontSlice::number)
    }

    /// How many (key, slice) states there are in the front.
    pub fn in_front(&self) -> usize {
        self.slices.iter().map(FrontSlice::keys).sum()
    }

    /// A slice joins at the new end.
    pub fn join(&mut self, number: i64, cells: &Cells<A>) {
        if let Some(by_key) = cells.by_key() {
            self.make_room(by_key.len());
            self.back_limit = self.back_limit.max(by_key.len());
            self.back.iter_mut().zip(by_key).for_each(|(total, added)| total.merge(added));
        } else {
            cells.iter().for_each(|cell| self.list(number, cell.key).back.merge(cell.total));
        }
    }

    /// A value is added to a slice that has joined and is not in the front.
    pub fn add_to_back(&mut self, number: i64, key: KeyId, value: f64) {
        self.list(number, key).back.add(value);
    }

    /// A value is added to a slice of the front, or to one between two of them. Whether the key is
    /// new in that slice.
    pub fn add_to_front(&mut self, number: i64, key: KeyId, value: f64) -> bool {
        // What the front becomes when the slices before this one have left: what it becomes when the
        // last of them with this key has.
        let total = self.list(number, key).front;
        let mut before = total.clone();
        total.add(value);
        let place = self.slices.partition_point(|slice| slice.number() < number);
        for older in self.slices.range_mut(..place) {
            if let Some(held) = older.find(key) {
                before.clone_from(held);
                held.add(value);
            }
        }
        if self.slices.get(place).is_none_or(|slice| slice.number() != number) {
            self.slices.insert(place, FrontSlice::new(number));
        }
        self.slices[place].note(key, before)
    }

    /// The oldest slice of the front leaves.
    pub fn leave(&mut self) {
        let Some(slice) = self.slices.pop_front() else { return };
        let (number, keys) = (slice.number(), slice.keys());
        let array = slice.leave(&mut self.front);
        if self.slices.is_empty() {
            self.front_limit = 0;
        }
        if number >= self.listed_to {
            self.listed.drain(..).for_each(|key| self.is_listed[key.index()] = false);
        }
        // A slice that was not worth its array is no reason to begin the next one with an array.
        if suits_dense(array.len(), keys) {
            self.keep(array);
        }
    }

    /// Part of the back becoming the front: to be called for every slice that joined since the last
    /// turn, from the newest to the oldest, then [`RunningTotals::end_turn`]. Empties the slice.
    pub fn turn(&mut self, number: i64, cells: &mut Cells<A>) {
        let slice = FrontSlice::turned(number, cells, &mut self.front);
        self.make_room(slice.limit());
        self.front_limit = self.front_limit.max(slice.limit());
        // Some may have been in an array of the back.
        for key in slice.listed_keys() {
            self.list(number, key);
        }
        self.slices.push_front(slice);
    }

    /// Every slice of the back is in the front now.
    pub fn end_turn(&mut self) {
        self.back[..self.back_limit].fill(A::default());
        self.back_limit = 0;
        self.listed.iter().for_each(|key| self.back[key.index()] = A::default());
    }

    /// All slices leave at once.
    pub fn leave_all(&mut self) {
        self.end_turn();
        self.front[..self.front_limit].fill(A::default());
        self.front_limit = 0;
        self.slices.clear();
        for key in self.listed.drain(..) {
            self.front[key.index()] = A::default();
            self.is_listed[key.index()] = false;
        }
    }

    /// The total of a key.
    pub fn get(&self, key: KeyId) -> A {
        match (self.front.get(key.index()), self.back.get(key.index())) {
            (Some(front), Some(back)) => together(front, back),
            _ => A::default(),
        }
    }

    /// Every key with its total, in an order that depends on the input alone.
    #[inline]
    pub fn for_each(&mut self, mut visit: impl FnMut(KeyId, &A)) {
        let limit = self.back_limit.max(self.front_limit);
        for (key, (front, back)) in self.front.iter().zip(&self.back).enumerate().take(limit) {
            let total = together(front, back);
            if total.count() > 0 {
                visit(KeyId(key as u32), &total);
            }
        }
        let Self { front, back, is_listed, .. } = self;
        self.listed.retain(|&key| {
            let total = together(&front[key.index()], &back[key.index()]);
            is_listed[key.index()] = total.count() > 0;
            if total.count() > 0 && key.index() >= limit {
                visit(key, &total);
            }
            total.count() > 0
        });
    }

    /// Room for the keys of a new slice: empty totals.
    pub fn take_spare(&mut self) -> Option<Vec<A>> {
        let mut array = self.spare.pop()?;
        array.fill(A::default());
        Some(array)
    }

    /// Bytes of memory that this holds, used or not.
    pub fn bytes(&self) -> usize {
        let totals: usize = [&self.front, &self.back].into_iter().chain(&self.spare).map(Vec::capacity).sum();
        totals * size_of::<A>()
            + self.slices.iter().map(FrontSlice::bytes).sum::<usize>()
            + self.listed.capacity() * size_of::<KeyId>()
            + self.is_listed.capacity()
    }

    /// Keeps an array for later, unless as many lie there as are in use, as after a burst.
    fn keep(&mut self, array: Vec<A>) {
        if !array.is_empty() && self.spare.len() <= self.slices.len() {
            self.spare.push(array);
        }
    }

    /// The totals of a key that has something in a slice, and will be walked.
    #[inline]
    fn list(&mut self, number: i64, key: KeyId) -> KeyTotals<&mut A> {
        self.listed_to = self.listed_to.max(number);
        self.make_room(key.index() + 1);
        if !self.is_listed[key.index()] {
            self.is_listed[key.index()] = true;
            self.listed.push(key);
        }
        KeyTotals { front: &mut self.front[key.index()], back: &mut self.back[key.index()] }
    }

    fn make_room(&mut self, keys: usize) {
        if keys > self.back.len() {
            let room = keys.next_multiple_of(64).max(self.back.len() * 5 / 4);
            self.front.resize(room, A::default());
            self.back.resize(room, A::default());
            self.is_listed.resize(room, false);
        }
    }
}

#[inline]
fn together<A: Accumulator>(front: &A, back: &A) -> A {
    let mut together = front.clone();
    together.merge(back);
    together
}

/// What snapshots are made of.
impl<A: Accumulator> RunningTotals<A> {
    /// Every key that has a total, in order.
    pub fn each_key(&self, mut visit: impl FnMut(KeyId, KeyTotals<A>)) {
        for (key, (front, back)) in self.front.iter().zip(&self.back).enumerate() {
            if front.count() + back.count() > 0 {
                visit(KeyId(key as u32), KeyTotals { front: front.clone(), back: back.clone() });
            }
        }
    }

    /// The slices of the front in order of their number, each with what the totals of its keys become
    /// when it leaves.
    pub fn front_slices(&self) -> Vec<(i64, Vec<(KeyId, A)>)> {
        let mut front = self.front.clone();
        self.slices.iter().map(|slice| (slice.number(), slice.leave_noting(&mut front))).collect()
    }

    /// Puts a slice of the front back, newest last.
    pub fn put_back_slice(&mut self, number: i64) {
        self.slices.push_back(FrontSlice::new(number));
    }

    /// Puts the totals of a key back, which are over slices up to `joined_to`.
    pub fn put_back(&mut self, joined_to: i64, key: KeyId, KeyTotals { front, back }: KeyTotals<A>) {
        let totals = self.list(joined_to, key);
        *totals.front = front;
        *totals.back = back;
    }

    /// Puts back what the front's total of a key becomes when a slice leaves. Totals of the key and the
    /// slice are back already; nothing happens where there is no such slice.
    pub fn put_back_after(&mut self, number: i64, key: KeyId, after: A) {
        let place = self.slices.partition_point(|slice| slice.number() < number);
        if let Some(slice) = self.slices.get_mut(place).filter(|slice| slice.number() == number) {
            slice.note(key, after);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::window::aggregate::CountSum;

    /// The same range as plain maps: by slice, by key, count and sum.
    type Naive = BTreeMap<i64, BTreeMap<u32, (u64, f64)>>;

    /// A range of slices, worked as the operator of windows does it.
    struct Range {
        running: RunningTotals<CountSum>,
        /// Those of the back.
        slices: BTreeMap<i64, Cells<CountSum>>,
        naive: Naive,
        random: u64,
    }

    impl Range {
        fn below(&mut self, limit: u64) -> u64 {
            // Knuth's MMIX generator.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.random >> 33) % limit
        }

        fn note(&mut self, number: i64, key: u32, value: f64) {
            let entry = self.naive.entry(number).or_default().entry(key).or_default();
            *entry = (entry.0 + 1, entry.1 + value);
        }

        fn add_late(&mut self, number: i64, key: u32, value: f64) {
            let is_new = !self.naive.get(&number).is_some_and(|slice| slice.contains_key(&key));
            self.note(number, key, value);
            if self.running.front_end().is_some_and(|end| number <= end) {
                assert_eq!(self.running.add_to_front(number, KeyId(key), value), is_new);
            } else {
                self.running.add_to_back(number, KeyId(key), value);
                self.slices.entry(number).or_default().get_or_add(KeyId(key)).add(value);
            }
        }

        fn join(&mut self, number: i64, keys: &[u32]) {
            let mut cells = Cells::default();
            if let Some(room) = self.running.take_spare() {
                cells.make_room(room);
            }
            for &key in keys {
                cells.get_or_add(KeyId(key)).add(f64::from(key));
                self.note(number, key, f64::from(key));
            }
            self.running.join(number, &cells);
            self.slices.insert(number, cells);
        }

        fn leave_before(&mut self, bound: i64) {
            self.naive.retain(|&number, _| number >= bound);
            loop {
                while self.running.front_number().is_some_and(|number| number < bound) {
                    self.running.leave();
                }
                if self.slices.keys().next().is_none_or(|&number| number >= bound) {
                    return;
                }
                while let Some((number, mut cells)) = self.slices.pop_last() {
                    self.running.turn(number, &mut cells);
                }
                self.running.end_turn();
            }
        }

        fn check(&mut self) {
            let mut expected: BTreeMap<u32, (u64, f64)> = BTreeMap::new();
            for (key, (count, sum)) in self.naive.values().flatten() {
                let total = expected.entry(*key).or_default();
                *total = (total.0 + count, total.1 + sum);
            }
            let mut found = BTreeMap::new();
            self.running.for_each(|key, total| {
                assert!(found.insert(key.0, (total.count, total.sum)).is_none(), "{key:?} twice");
            });
            assert_eq!(found, expected);
            for (&key, &(count, sum)) in &expected {
                assert_eq!(self.running.get(KeyId(key)), CountSum { count, sum });
            }
            let mut in_front = 0;
            for (number, totals) in self.running.front_slices() {
                let keys: Vec<u32> = self.naive.get(&number).into_iter().flatten().map(|(key, _)| *key).collect();
                let mut found: Vec<u32> = totals.iter().map(|(key, _)| key.0).collect();
                found.sort_unstable();
                assert_eq!(found, keys);
                in_front += keys.len();
            }
            assert_eq!(self.running.in_front(), in_front);
        }
    }

    /// `far` of 1,000 keys are far off; a window is `size` slices long, and some slices have nothing.
    fn check(size: i64, most_keys: u64, far: u64, late: u64) {
        let mut range =
            Range { running: RunningTotals::default(), slices: BTreeMap::new(), naive: Naive::new(), random: 5 };
        for number in 0..200 {
            let key = |range: &mut Range| {
                let key = range.below(most_keys) as u32;
                if range.below(1_000) < far { 10_000 + key * 50 } else { key }
            };
            let keys: Vec<u32> = (0..range.below(3 * most_keys)).map(|_| key(&mut range)).collect();
            if range.below(8) > 0 {
                range.join(number, &keys);
            }
            for _ in 0..range.below(late + 1) {
                let (number, key) = ((number - range.below(size as u64) as i64).max(0), key(&mut range));
                range.add_late(number, key, 7.0);
            }
            range.check();
            if range.below(50) == 0 {
                range.running.leave_all();
                range.slices.clear();
                range.naive.clear();
                range.check();
                continue;
            }
            range.leave_before(number + 2 - size);
            range.check();
        }
    }

    #[test]
    fn totals_are_those_of_the_slices_in_the_range_where_keys_are_dense() {
        check(10, 300, 0, 0);
        check(3, 90, 0, 5);
        check(1, 90, 0, 1);
    }

    #[test]
    fn totals_are_those_of_the_slices_in_the_range_where_keys_are_sparse() {
        check(10, 300, 1_000, 0);
        check(7, 20, 1_000, 5);
    }

    #[test]
    fn some_slices_may_be_dense_and_others_sparse_and_late_records_change_that() {
        check(10, 100, 5, 3);
        check(10, 300, 2, 30);
        check(4, 30, 40, 10);
    }
}
