//! Running totals over a moving range of slices: what each key has in all of them together.
//!
//! Slices join at the new end and leave at the old end. Nothing is ever subtracted, which would lose
//! digits of a sum and is impossible for a minimum; instead each key has two totals (the two stacks
//! of Tangwongsan, Hirzel, Schneider: In-order sliding-window aggregation in worst-case constant
//! time, 2021, kept by slice instead of by key): `back` over the slices that joined since the last
//! turn, and `front` over those before. A front slice holds, for each of its keys, what `front`
//! becomes when the slice leaves. When the front is used up, the back is turned into a new one.
//! That is three merges per key and slice, however many slices there are.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::cells::Cells;
use crate::window::key_index::KeyIndex;

/// Totals by key over a range of slices.
#[derive(Clone, Debug, Default)]
pub struct RunningTotals<A> {
    totals: Vec<Total<A>>,
    /// Keys that have a total, or had one when the range was last walked.
    listed: Vec<KeyId>,
    /// In order of their number.
    front: VecDeque<FrontSlice<A>>,
    spare: Vec<FrontSlice<A>>,
}

#[derive(Clone, Debug, Default)]
struct Total<A> {
    front: A,
    back: A,
    is_listed: bool,
}

/// The two totals of one key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyTotals<A> {
    /// Over the slices of the front.
    pub front: A,
    /// Over those that joined since the last turn.
    pub back: A,
}

/// A slice that the back was turned with.
#[derive(Clone, Debug)]
struct FrontSlice<A> {
    number: i64,
    /// By key: the front's total once this slice has left.
    after: Vec<(KeyId, A)>,
    /// Built when a record comes for a slice of the front.
    index: KeyIndex,
}

impl<A> Default for FrontSlice<A> {
    fn default() -> Self {
        Self { number: 0, after: Vec::new(), index: KeyIndex::new() }
    }
}

impl<A: Accumulator> RunningTotals<A> {
    /// The oldest slice of the front.
    pub fn front_number(&self) -> Option<i64> {
        self.front.front().map(|slice| slice.number)
    }

    /// The newest slice of the front.
    pub fn front_end(&self) -> Option<i64> {
        self.front.back().map(|slice| slice.number)
    }

    /// A slice joins at the new end.
    pub fn join(&mut self, cells: &Cells<A>) {
        cells.for_each(|key, total| self.list(key).back.merge(total));
    }

    /// A value is added to a slice that has joined and is not in the front.
    pub fn add_to_back(&mut self, key: KeyId, value: f64) {
        self.list(key).back.add(value);
    }

    /// A value is added to a slice of the front, or to one between two of them. Whether the key is
    /// new in that slice.
    pub fn add_to_front(&mut self, number: i64, key: KeyId, value: f64) -> bool {
        let mut place = self.front.partition_point(|slice| slice.number < number);
        if self.front.get(place).is_none_or(|slice| slice.number != number) {
            let fresh = self.spare.pop().unwrap_or_default();
            self.front.insert(place, FrontSlice { number, ..fresh });
        }
        // What the front becomes when this slice has left: what it became when the last older one
        // with this key had.
        let total = &mut self.list(key).front;
        let mut after = total.clone();
        total.add(value);
        for older in self.front.range_mut(..place) {
            if let Some(held) = older.find(key) {
                after.clone_from(held);
                held.add(value);
            }
        }
        place = place.min(self.front.len() - 1);
        let slice = &mut self.front[place];
        let is_new = slice.find(key).is_none();
        if is_new {
            slice.after.push((key, after));
            slice.index.push(slice.after.len(), |place| slice.after[place].0);
        }
        is_new
    }

    /// The oldest slice of the front leaves; how many keys it had.
    pub fn leave(&mut self) -> usize {
        let Some(mut slice) = self.front.pop_front() else { return 0 };
        let keys = slice.after.len();
        for (key, after) in slice.after.drain(..) {
            self.totals[key.index()].front = after;
        }
        slice.index = KeyIndex::new();
        self.spare.push(slice);
        keys
    }

    /// Part of the back becoming the front: to be called for every slice that joined since the last
    /// turn, from the newest to the oldest, then [`RunningTotals::end_turn`]. Empties the slice.
    pub fn turn(&mut self, number: i64, cells: &mut Cells<A>) {
        let mut slice = FrontSlice { number, ..self.spare.pop().unwrap_or_default() };
        let totals = &mut self.totals;
        cells.drain(|cell| {
            let front = &mut totals[cell.key.index()].front;
            let mut grown = cell.total.clone();
            grown.merge(front);
            slice.after.push((cell.key, std::mem::replace(front, grown)));
        });
        self.front.push_front(slice);
    }

    /// Every slice of the back is in the front now.
    pub fn end_turn(&mut self) {
        for key in &self.listed {
            self.totals[key.index()].back = A::default();
        }
    }

    /// All slices leave at once.
    pub fn leave_all(&mut self) {
        for key in self.listed.drain(..) {
            self.totals[key.index()] = Total::default();
        }
        self.spare.extend(self.front.drain(..).map(|slice| FrontSlice { after: slice.after, ..FrontSlice::default() }));
        self.spare.iter_mut().for_each(|slice| slice.after.clear());
    }

    /// The total of a key.
    pub fn get(&self, key: KeyId) -> A {
        self.totals.get(key.index()).map_or_else(A::default, Total::together)
    }

    /// Every key with its total, in an order that depends on the input alone.
    #[inline]
    pub fn for_each(&mut self, mut visit: impl FnMut(KeyId, &A)) {
        let totals = &mut self.totals;
        self.listed.retain(|&key| {
            let total = &mut totals[key.index()];
            let together = total.together();
            total.is_listed = together.count() > 0;
            if total.is_listed {
                visit(key, &together);
            }
            total.is_listed
        });
    }

    /// Bytes of memory that this holds, used or not.
    pub fn bytes(&self) -> usize {
        let slices = self.front.iter().chain(&self.spare);
        let entries: usize = slices.map(|slice| slice.after.capacity()).sum();
        entries * size_of::<(KeyId, A)>()
            + self.totals.capacity() * size_of::<Total<A>>()
            + self.listed.capacity() * size_of::<KeyId>()
    }

    #[inline]
    fn list(&mut self, key: KeyId) -> &mut Total<A> {
        if self.totals.len() <= key.index() {
            self.totals.resize((key.index() + 1).next_power_of_two(), Total::default());
        }
        let total = &mut self.totals[key.index()];
        if !total.is_listed {
            total.is_listed = true;
            self.listed.push(key);
        }
        total
    }
}

/// What snapshots are made of.
impl<A: Accumulator> RunningTotals<A> {
    /// Every key that has a total, in an order that depends on the input alone.
    pub fn each_key(&self, mut visit: impl FnMut(KeyId, KeyTotals<A>)) {
        for &key in &self.listed {
            let Total { front, back, .. } = self.totals[key.index()].clone();
            if front.count() + back.count() > 0 {
                visit(key, KeyTotals { front, back });
            }
        }
    }

    /// The slices of the front in order of their number, each with what the front's totals become when
    /// it leaves.
    pub fn front_slices(&self) -> impl Iterator<Item = (i64, &[(KeyId, A)])> {
        self.front.iter().map(|slice| (slice.number, &slice.after[..]))
    }

    /// Puts a slice of the front back, newest last.
    pub fn put_back_slice(&mut self, number: i64) {
        self.front.push_back(FrontSlice { number, ..FrontSlice::default() });
    }

    /// Puts the totals of a key back.
    pub fn put_back(&mut self, key: KeyId, KeyTotals { front, back }: KeyTotals<A>) {
        let total = self.list(key);
        total.front = front;
        total.back = back;
    }

    /// Puts back what the front's total of a key becomes when a slice leaves. Totals of the key and the
    /// slice are back already; nothing happens where there is no such slice.
    pub fn put_back_after(&mut self, number: i64, key: KeyId, after: A) {
        let place = self.front.partition_point(|slice| slice.number < number);
        if let Some(slice) = self.front.get_mut(place).filter(|slice| slice.number == number) {
            slice.after.push((key, after));
        }
    }
}

impl<A: Accumulator> Total<A> {
    #[inline]
    fn together(&self) -> A {
        let mut together = self.front.clone();
        together.merge(&self.back);
        together
    }
}

impl<A> FrontSlice<A> {
    fn find(&mut self, key: KeyId) -> Option<&mut A> {
        let after = &self.after;
        if self.index.is_unbuilt() {
            self.index.rebuild(after.len(), |place| after[place].0);
        }
        let place = self.index.find(key, |place| after[place].0)?;
        Some(&mut self.after[place].1)
    }
}
