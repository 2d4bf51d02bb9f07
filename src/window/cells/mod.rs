//! The state of all keys in one window or slice: cells in order of opening, found by key.
//!
//! Where keys are dense (a good part of all keys up to the largest one has a cell) the totals lie in
//! an array indexed by the key itself; where they are sparse they lie packed, and an open-addressing
//! table finds them. So memory is proportional to the cells in either case, and as cells are walked in
//! order of opening, the layout cannot show in a result. Where nobody asks for that order, nothing is
//! listed while keys are dense, and cells are walked in order of their keys.

mod layout;
mod plain;

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::key_index::KeyIndex;
use crate::window::pane::WindowId;

pub use layout::suits_dense;

/// The state of one key in one window or slice, to look at.
#[derive(Debug, PartialEq)]
pub struct Cell<'a, A> {
    /// The key.
    pub key: KeyId,
    /// The identity of this (key, window).
    pub id: WindowId,
    /// What was counted.
    pub total: &'a A,
    /// How many panes it has fired.
    pub panes: u32,
}

/// Who a cell belongs to.
#[derive(Clone, Copy, Debug)]
struct Owner {
    key: KeyId,
    id: WindowId,
}

const NOBODY: Owner = Owner { key: KeyId(0), id: WindowId(0) };

/// What is known of cells besides their totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listing {
    /// Nothing: totals lie by key.
    None,
    /// Their keys, in some order.
    Keys,
    /// Their identities, in order of opening.
    Identities,
}

/// Cells in order of opening, found by key.
#[derive(Clone, Debug)]
pub struct Cells<A> {
    listing: Listing,
    /// In order of opening; the first `len` are in use. A new owner can be written behind them
    /// without asking whether there is one.
    owners: Vec<Owner>,
    len: usize,
    /// How many panes each has fired, in order of opening; where it ends, none.
    panes: Vec<u32>,

    /// Totals by key, empty without a cell; no entry at all while keys are sparse.
    dense: Vec<A>,
    /// While keys are sparse: totals in order of opening, and where to find them.
    packed: Vec<A>,
    index: KeyIndex,
    /// While keys are sparse: larger than every key here.
    key_limit: usize,
}

impl<A> Default for Cells<A> {
    fn default() -> Self {
        Self {
            listing: Listing::None,
            owners: Vec::new(),
            len: 0,
            panes: Vec::new(),
            dense: Vec::new(),
            packed: Vec::new(),
            index: KeyIndex::new(),
            key_limit: 0,
        }
    }
}

/// Cells whose order of opening somebody needs.
impl<A: Accumulator> Cells<A> {
    /// The total of `key`, and whether it is new. If it is, the cell gets `next_id`, and the caller
    /// adds a value at once: a cell is never empty.
    #[inline]
    pub fn get_or_open(&mut self, key: KeyId, next_id: WindowId) -> (&mut A, bool) {
        let is_listed = self.listing == Listing::Identities;
        if is_listed && key.index() < self.dense.len() && self.len < self.owners.len() {
            // Whether a key is new is a coin toss in a young window, so nothing here branches on it.
            self.owners[self.len] = Owner { key, id: next_id };
            let total = &mut self.dense[key.index()];
            let is_new = total.count() == 0;
            self.len += usize::from(is_new);
            return (total, is_new);
        }
        self.get_or_open_slowly(key, next_id)
    }

    #[inline(never)]
    fn get_or_open_slowly(&mut self, key: KeyId, next_id: WindowId) -> (&mut A, bool) {
        if self.listing == Listing::Identities
            && self.dense.is_empty()
            && let Some(place) = self.index.find(key, |place| self.owners[place].key)
        {
            return (&mut self.packed[place], false);
        }
        self.list();
        self.listing = Listing::Identities;
        self.get_or_list(key, next_id)
    }

    fn get_or_list(&mut self, key: KeyId, next_id: WindowId) -> (&mut A, bool) {
        self.choose_layout(key);
        if self.dense.is_empty() {
            let (place, is_new) = self.find_or_pack(key, next_id);
            return (&mut self.packed[place], is_new);
        }
        self.owners.resize(self.dense.len() + 1, NOBODY);
        let total = &mut self.dense[key.index()];
        let is_new = total.count() == 0;
        if is_new {
            self.owners[self.len] = Owner { key, id: next_id };
            self.len += 1;
        }
        (total, is_new)
    }

    /// Puts a cell back that was taken elsewhere and is not here; it has a value.
    pub fn put_back(&mut self, cell: &Cell<'_, A>) {
        if cell.id == WindowId::NONE {
            self.get_or_add(cell.key).clone_from(cell.total);
            return;
        }
        self.get_or_open(cell.key, cell.id).0.clone_from(cell.total);
        if cell.panes > 0 {
            self.panes.resize(self.len, 0);
            self.panes[self.len - 1] = cell.panes;
        }
    }

    /// Every cell has fired one more pane.
    pub fn count_pane_of_all(&mut self) {
        self.list();
        self.panes.resize(self.len, 0);
        self.panes.iter_mut().for_each(|panes| *panes += 1);
    }

    /// Adds a value to the cell of `key`, and counts a pane that this fires. For a window that is
    /// complete: what was dense is packed first, where an identity can be found by key.
    pub fn add_and_fire(&mut self, key: KeyId, next_id: WindowId, value: f64) -> (Cell<'_, A>, bool) {
        self.list();
        if !self.dense.is_empty() {
            self.pack();
        }
        let (place, is_new) = self.find_or_pack(key, next_id);
        self.panes.resize(self.len, 0);
        let panes = self.panes[place];
        self.panes[place] += 1;
        self.packed[place].add(value);
        (Cell { key, id: self.owners[place].id, total: &self.packed[place], panes }, is_new)
    }

    /// Bytes of memory that this holds, used or not.
    pub const fn bytes(&self) -> usize {
        self.owners.capacity() * size_of::<Owner>()
            + (self.dense.capacity() + self.packed.capacity()) * size_of::<A>()
            + self.panes.capacity() * size_of::<u32>()
            + self.index.bytes()
    }
}

/// Walking over all cells: in order of opening where they are listed, otherwise of keys.
impl<A: Accumulator> Cells<A> {
    /// How many cells there are. O(keys) where they are not listed.
    pub fn len(&self) -> usize {
        match self.listing {
            Listing::None => self.dense.iter().filter(|total| total.count() > 0).count(),
            Listing::Keys | Listing::Identities => self.len,
        }
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.len == 0 && (self.listing != Listing::None || self.dense.iter().all(|total| total.count() == 0))
    }

    /// Every cell.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Cell<'_, A>> {
        let plain: &[A] = if self.listing == Listing::None { &self.dense } else { &[] };
        let plain = plain.iter().enumerate().filter(|(_, total)| total.count() > 0).map(|(key, total)| Cell {
            key: KeyId(key as u32),
            id: WindowId::NONE,
            total,
            panes: 0,
        });
        let listed = self.owners[..self.len].iter().enumerate().map(|(place, owner)| Cell {
            key: owner.key,
            id: owner.id,
            total: if self.dense.is_empty() { &self.packed[place] } else { &self.dense[owner.key.index()] },
            panes: self.panes.get(place).copied().unwrap_or(0),
        });
        plain.chain(listed)
    }

    /// Takes every cell out and keeps the room for others.
    #[inline]
    pub fn drain(&mut self, mut take: impl FnMut(Cell<'_, A>)) {
        self.list();
        let owners = self.owners[..self.len].iter();
        if self.dense.is_empty() {
            for (place, (owner, total)) in owners.zip(self.packed.drain(..)).enumerate() {
                let panes = self.panes.get(place).copied().unwrap_or(0);
                take(Cell { key: owner.key, id: owner.id, total: &total, panes });
            }
            self.index.clear();
        } else {
            for (place, owner) in owners.enumerate() {
                let total = std::mem::take(&mut self.dense[owner.key.index()]);
                let panes = self.panes.get(place).copied().unwrap_or(0);
                take(Cell { key: owner.key, id: owner.id, total: &total, panes });
            }
            if !suits_dense(self.dense.len(), self.len) {
                // Next time the keys may be sparse.
                self.dense = Vec::new();
            }
        }
        self.unlist();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::window::aggregate::Summary;

    /// Fills cells from random keys several times over, and compares with a map.
    fn check(rounds: &[usize], spread_key: impl Fn(u32) -> u32) {
        let mut cells: Cells<Summary> = Cells::default();
        let mut random: u32 = 1;
        for &steps in rounds {
            let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
            let mut order = Vec::new();
            for step in 0..steps {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let key = spread_key(random >> 20);
                let (total, is_new) = cells.get_or_open(KeyId(key), WindowId(step as u32));
                total.add(1.0);
                assert_eq!(is_new, !expected.contains_key(&key));
                if is_new {
                    order.push((key, step as u32));
                }
                *expected.entry(key).or_default() += 1;
            }
            assert_eq!(cells.len(), expected.len());
            assert_eq!(cells.iter().map(|cell| (cell.key.0, cell.id.0)).collect::<Vec<_>>(), order);
            cells.count_pane_of_all();
            let (key, id) = order[order.len() / 2];
            let (cell, is_new) = cells.add_and_fire(KeyId(key), WindowId(9), 1.0);
            assert_eq!((cell.id, cell.panes, is_new), (WindowId(id), 1, false));
            let (cell, is_new) = cells.add_and_fire(KeyId(4_000_000_000), WindowId(9), 1.0);
            assert_eq!((cell.id, cell.panes, is_new), (WindowId(9), 0, true));
            *expected.entry(key).or_default() += 1;
            expected.insert(4_000_000_000, 1);
            assert!(cells.iter().all(|cell| cell.panes == if cell.key.0 == key { 2 } else { 1 }));
            let found: BTreeMap<u32, u64> = cells.iter().map(|cell| (cell.key.0, cell.total.count)).collect();
            assert_eq!(found, expected);
            let mut drained = BTreeMap::new();
            cells.drain(|cell| {
                drained.insert(cell.key.0, cell.total.count);
            });
            assert_eq!(drained, expected);
            assert!(cells.is_empty());
        }
    }

    #[test]
    fn dense_keys_are_found_and_keep_the_order_of_opening() {
        check(&[10_000, 3, 5_000, 1, 10_000], |random| random);
        check(&[100, 200, 50], |random| random % 60);
    }

    #[test]
    fn sparse_keys_are_found_and_keep_the_order_of_opening() {
        // Strides of 4,096 would all meet in one slot of a table addressed by the low bits.
        check(&[10_000, 3, 5_000, 1, 10_000], |random| random * 4_096);
    }

    #[test]
    fn the_layout_changes_and_back() {
        // Dense at first, then a far key now and then, then dense again.
        check(&[500, 500, 500], |random| if random % 50 == 7 { random * 1_000 } else { random % 100 });
        check(&[2_000, 2_000], |random| if random % 1_000 == 7 { u32::MAX - random } else { random });
    }

    #[test]
    fn memory_follows_the_cells_not_the_largest_key() {
        let mut cells: Cells<Summary> = Cells::default();
        for i in 0..1_000_u32 {
            cells.get_or_open(KeyId(i * 4_000_000), WindowId(i)).0.add(1.0);
        }
        assert!(cells.bytes() < 1_000 * 2 * (size_of::<Summary>() + 24), "{} bytes", cells.bytes());
    }
}
