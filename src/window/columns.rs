//! The windows or slices that have state, in order of their number, each a column of cells.
//!
//! Nearly every record goes to a column that another has just gone to. A small direct-mapped table
//! finds those without a search. Only columns that take records without further ado are in it; the
//! operator says which, so that a hit there means: count it, nothing else is to be done.

use std::collections::{BTreeMap, VecDeque};

use crate::window::aggregate::Accumulator;
use crate::window::cells::Cells;

/// Entries of the table of ready columns: a power of two. Twice as many columns ready at once cost
/// a search in a small ordered map for half of the records, no more.
const READY: usize = 64;

/// Columns of cells by number.
#[derive(Clone, Debug)]
pub struct Columns<A> {
    /// Place in `columns` by number.
    open: BTreeMap<i64, u32>,
    columns: Vec<Cells<A>>,
    /// Places in `columns` that are empty; the last so many still have their memory.
    free: VecDeque<u32>,
    roomy: usize,
    /// Number and place, at the number modulo the length.
    ready: [(i64, u32); READY],
}

const NOT_READY: (i64, u32) = (i64::MIN, u32::MAX);

impl<A: Accumulator> Columns<A> {
    /// No column.
    pub const fn new() -> Self {
        Self { open: BTreeMap::new(), columns: Vec::new(), free: VecDeque::new(), roomy: 0, ready: [NOT_READY; READY] }
    }

    /// The column of this number, if it is ready.
    #[inline]
    pub fn ready(&mut self, number: i64) -> Option<&mut Cells<A>> {
        let (found, place) = self.ready[number as usize % READY];
        if found == number { self.columns.get_mut(place as usize) } else { None }
    }

    /// The column of this number, opened if need be. It becomes ready if `is_ready`, and stays so if it was.
    pub fn get_or_open(&mut self, number: i64, is_ready: bool) -> &mut Cells<A> {
        if self.ready[number as usize % READY].0 == number {
            return &mut self.columns[self.ready[number as usize % READY].1 as usize];
        }
        let place = *self.open.entry(number).or_insert_with(|| {
            self.roomy = self.roomy.saturating_sub(1);
            self.free.pop_back().unwrap_or_else(|| {
                self.columns.push(Cells::default());
                // One column is hundreds of bytes, so there are fewer than 2^32 of them.
                (self.columns.len() - 1) as u32
            })
        });
        if is_ready {
            self.ready[number as usize % READY] = (number, place);
        }
        &mut self.columns[place as usize]
    }

    /// The column of this number, to change.
    pub fn get_mut(&mut self, number: i64) -> Option<&mut Cells<A>> {
        self.open.get(&number).map(|&place| &mut self.columns[place as usize])
    }

    /// The column of this number is not ready any more.
    pub fn unready(&mut self, number: i64) {
        let entry = &mut self.ready[number as usize % READY];
        if entry.0 == number {
            *entry = NOT_READY;
        }
    }

    /// The smallest number of a column.
    pub fn first(&self) -> Option<i64> {
        self.open.first_key_value().map(|(&number, _)| number)
    }

    /// The smallest number of a column that is larger than `number`.
    pub fn first_after(&self, number: i64) -> Option<i64> {
        let after = (std::ops::Bound::Excluded(number), std::ops::Bound::Unbounded);
        self.open.range(after).next().map(|(&number, _)| number)
    }

    /// The largest number of a column that is at most `number`.
    pub fn last_up_to(&self, number: i64) -> Option<i64> {
        self.open.range(..=number).next_back().map(|(&number, _)| number)
    }

    /// Drops a column.
    pub fn remove(&mut self, number: i64) {
        self.unready(number);
        let Some(place) = self.open.remove(&number) else { return };
        let cells = &mut self.columns[place as usize];
        if self.roomy > self.open.len() {
            // As many empty ones as full ones are enough for any steady stream; more are left from a burst.
            *cells = Cells::default();
            self.free.push_front(place);
        } else {
            cells.clear();
            self.roomy += 1;
            self.free.push_back(place);
        }
    }

    /// Columns in order of their number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i64, &Cells<A>)> {
        self.open.iter().map(|(&number, &place)| (number, &self.columns[place as usize]))
    }

    /// Bytes of memory that this holds, used or not; the ordered map is not counted.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(Cells::bytes).sum()
    }
}

impl<A: Accumulator> Default for Columns<A> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KeyId;
    use crate::window::aggregate::Summary;
    use crate::window::pane::WindowId;

    #[test]
    fn only_ready_columns_are_found_without_a_search() {
        let mut columns: Columns<Summary> = Columns::new();
        columns.get_or_open(3, true).get_or_open(KeyId(1), WindowId(0));
        columns.get_or_open(4, false);
        assert_eq!(columns.ready(3).map(|cells| cells.len()), Some(1));
        assert!(columns.ready(4).is_none() && columns.ready(3 + READY as i64).is_none());
        columns.unready(3);
        assert!(columns.ready(3).is_none());
        assert_eq!(columns.get_mut(3).map(|cells| cells.len()), Some(1));
    }

    #[test]
    fn columns_are_in_order_and_their_memory_is_used_again() {
        let mut columns: Columns<Summary> = Columns::new();
        for number in [5, -7, 2] {
            columns.get_or_open(number, true);
        }
        assert_eq!(columns.iter().map(|(number, _)| number).collect::<Vec<_>>(), [-7, 2, 5]);
        assert_eq!((columns.first(), columns.first_after(-7), columns.first_after(5)), (Some(-7), Some(2), None));
        columns.remove(-7);
        assert_eq!(columns.first(), Some(2));
        for number in 10..1_000 {
            columns.get_or_open(number, true).get_or_open(KeyId(1), WindowId(0));
            columns.remove(number);
            assert!(columns.ready(number).is_none());
        }
        assert_eq!(columns.columns.len(), 3);
    }
}
