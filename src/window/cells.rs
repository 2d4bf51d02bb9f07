//! The state of all keys in one window: dense cells in order of opening, found by key.
//!
//! An open-addressing table whose size follows the keys that the window really has, so that a
//! window of three keys is small and one of a million is still found in one or two probes. Cells
//! are only ever walked in order of opening, so the layout of the table cannot show in a result.

use crate::record::KeyId;
use crate::window::aggregate::Summary;
use crate::window::pane::WindowId;

/// The state of one key in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The key.
    pub key: KeyId,
    /// The identity of this (key, window).
    pub id: WindowId,
    /// What was counted.
    pub summary: Summary,
    /// How many panes it has fired.
    pub panes: u32,
}

const EMPTY: u32 = u32::MAX;

/// 2^32 divided by the golden ratio: spreads neighbouring keys over the table (Knuth, The Art of
/// Computer Programming, volume 3, section 6.4).
const SPREAD: u32 = 0x9E37_79B9;

/// Cells in order of opening, found by key.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    cells: Vec<Cell>,
    /// Index into `cells`, or `EMPTY`; the length is a power of two, at most half is in use.
    table: Vec<u32>,
}

impl Cells {
    /// The cell of `key`, made by `open` on first sight.
    pub fn get_or_open(&mut self, key: KeyId, open: impl FnOnce() -> WindowId) -> &mut Cell {
        if (self.cells.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut slot = self.home(key);
        loop {
            let index = self.table[slot];
            if index == EMPTY {
                // A window holds fewer cells than there are keys, so the index fits.
                self.table[slot] = self.cells.len() as u32;
                self.cells.push(Cell { key, id: open(), summary: Summary::default(), panes: 0 });
                return self.cells.last_mut().expect("a cell was just pushed");
            }
            if self.cells[index as usize].key == key {
                return &mut self.cells[index as usize];
            }
            slot = (slot + 1) & mask;
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Cells in order of opening.
    pub fn iter(&self) -> std::slice::Iter<'_, Cell> {
        self.cells.iter()
    }

    /// Cells in order of opening, to change.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Cell> {
        self.cells.iter_mut()
    }

    fn home(&self, key: KeyId) -> usize {
        let bits = self.table.len().trailing_zeros();
        (key.0.wrapping_mul(SPREAD) >> (32 - bits)) as usize
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(8);
        self.table.clear();
        self.table.resize(size, EMPTY);
        for index in 0..self.cells.len() {
            let mut slot = self.home(self.cells[index].key);
            while self.table[slot] != EMPTY {
                slot = (slot + 1) & (size - 1);
            }
            self.table[slot] = index as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn finds_what_a_map_finds_and_keeps_the_order_of_opening() {
        let mut cells = Cells::default();
        let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
        let mut order = Vec::new();
        let mut key: u32 = 1;
        for step in 0..10_000_u32 {
            key = key.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Strides of 4,096 would all meet in one slot of a table addressed by the low bits.
            let key = (key >> 20) * 4_096;
            let mut opened = false;
            cells
                .get_or_open(KeyId(key), || {
                    opened = true;
                    WindowId(step)
                })
                .summary
                .add(1.0);
            if opened {
                order.push(key);
            }
            *expected.entry(key).or_default() += 1;
        }
        assert_eq!(cells.len(), expected.len());
        let found: BTreeMap<u32, u64> = cells.iter().map(|cell| (cell.key.0, cell.summary.count)).collect();
        assert_eq!(found, expected);
        assert_eq!(cells.iter().map(|cell| cell.key.0).collect::<Vec<_>>(), order);
    }
}
