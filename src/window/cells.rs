//! The state of all keys in one window or slice: cells in order of opening, found by key.
//!
//! Where keys are dense (a good part of all keys up to the largest one has a cell) the totals lie in
//! an array indexed by the key itself; where they are sparse they lie packed, and an open-addressing
//! table finds them. So memory is proportional to the cells in either case, and as cells are only
//! ever walked in order of opening, the layout cannot show in a result.

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::key_index::KeyIndex;
use crate::window::pane::WindowId;

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

/// Totals are indexed by key while there are at most so many keys per cell. At 4 that takes about
/// three times the memory of packed totals and their table; beyond, most of it would be holes.
const DENSE_KEYS_PER_CELL: usize = 4;

/// Up to this many keys an array indexed by key is cheap whatever it holds.
const ALWAYS_DENSE_KEYS: usize = 64;

/// Cells in order of opening, found by key.
#[derive(Clone, Debug)]
pub struct Cells<A> {
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

impl<A: Accumulator> Cells<A> {
    /// The total of `key`, and whether it is new. If it is, the cell gets `next_id`, and the caller
    /// adds a value at once: a cell is never empty.
    #[inline]
    pub fn get_or_open(&mut self, key: KeyId, next_id: WindowId) -> (&mut A, bool) {
        if key.index() < self.dense.len() && self.len < self.owners.len() {
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
        self.get_or_open(cell.key, cell.id).0.clone_from(cell.total);
        if cell.panes > 0 {
            self.panes.resize(self.len, 0);
            self.panes[self.len - 1] = cell.panes;
        }
    }

    /// How many cells there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no cell.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Cells in order of opening.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Cell<'_, A>> {
        self.owners[..self.len].iter().enumerate().map(|(place, owner)| Cell {
            key: owner.key,
            id: owner.id,
            total: if self.dense.is_empty() { &self.packed[place] } else { &self.dense[owner.key.index()] },
            panes: self.panes.get(place).copied().unwrap_or(0),
        })
    }

    /// Every key with its total, in order of opening.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(KeyId, &A)) {
        let owners = self.owners[..self.len].iter();
        if self.dense.is_empty() {
            owners.zip(&self.packed).for_each(|(owner, total)| visit(owner.key, total));
        } else {
            owners.for_each(|owner| visit(owner.key, &self.dense[owner.key.index()]));
        }
    }

    /// Takes every cell out, in order of opening, and keeps the room for others.
    #[inline]
    pub fn drain(&mut self, mut take: impl FnMut(Cell<'_, A>)) {
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
        self.panes.clear();
        self.key_limit = 0;
        self.len = 0;
    }

    /// Every cell has fired one more pane.
    pub fn count_pane_of_all(&mut self) {
        self.panes.resize(self.len, 0);
        self.panes.iter_mut().for_each(|panes| *panes += 1);
    }

    /// Adds a value to the cell of `key`, and counts a pane that this fires. For a window that is
    /// complete: what was dense is packed first, where an identity can be found by key.
    pub fn add_and_fire(&mut self, key: KeyId, next_id: WindowId, value: f64) -> (Cell<'_, A>, bool) {
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

/// Whether an array indexed by `keys` keys is worth its holes.
const fn suits_dense(keys: usize, cells: usize) -> bool {
    keys <= ALWAYS_DENSE_KEYS || keys <= cells * DENSE_KEYS_PER_CELL
}

/// The two layouts.
impl<A: Accumulator> Cells<A> {
    /// Makes room for a key that the dense array has no room for, or goes over to the packed layout.
    fn choose_layout(&mut self, key: KeyId) {
        self.key_limit = self.key_limit.max(self.dense.len()).max(key.index() + 1);
        if suits_dense(self.key_limit, self.len) {
            let was_packed = self.dense.is_empty();
            // Ahead of the keys, so that new ones that come one after the other do not each move it.
            self.dense.resize(self.key_limit.next_power_of_two(), A::default());
            if was_packed {
                for (owner, total) in self.owners.iter().zip(self.packed.drain(..)) {
                    self.dense[owner.key.index()] = total;
                }
                self.index.clear();
            }
        } else if !self.dense.is_empty() {
            self.pack();
        }
    }

    fn pack(&mut self) {
        let dense = &mut self.dense;
        let totals = self.owners[..self.len].iter().map(|owner| std::mem::take(&mut dense[owner.key.index()]));
        self.packed.extend(totals);
        self.key_limit = self.key_limit.max(self.dense.len());
        self.dense = Vec::new();
        self.index.rebuild(self.len, |place| self.owners[place].key);
    }

    /// The place of `key` in the packed layout, and whether it is new.
    fn find_or_pack(&mut self, key: KeyId, next_id: WindowId) -> (usize, bool) {
        if let Some(place) = self.index.find(key, |place| self.owners[place].key) {
            return (place, false);
        }
        self.owners.truncate(self.len);
        self.owners.push(Owner { key, id: next_id });
        self.packed.push(A::default());
        self.len += 1;
        self.index.push(self.len, |place| self.owners[place].key);
        (self.len - 1, true)
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
