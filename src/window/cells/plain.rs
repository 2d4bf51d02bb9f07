//! Cells whose order of opening nobody needs: while keys are dense there are totals by key, and no more.

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::cells::layout::suits_dense;
use crate::window::cells::{Cells, Listing};
use crate::window::pane::WindowId;

impl<A: Accumulator> Cells<A> {
    /// The total of `key`, perhaps empty, where no more is to be done than to add a value to it.
    #[inline]
    pub fn plain(&mut self, key: KeyId) -> Option<&mut A> {
        if self.listing == Listing::None { self.dense.get_mut(key.index()) } else { None }
    }

    /// The total of `key`, empty if it is new. The caller adds a value at once.
    #[inline(never)]
    pub fn get_or_add(&mut self, key: KeyId) -> &mut A {
        let keys = self.dense.len().max(self.key_limit).max(key.index() + 1);
        let has_room = self.listing == Listing::None && key.index() < self.dense.len();
        if has_room || self.listing != Listing::Identities && suits_dense(keys, self.len()) {
            if !has_room {
                self.choose_layout(key);
                self.unlist();
            }
            return &mut self.dense[key.index()];
        }
        self.list();
        self.get_or_list(key, WindowId::NONE).0
    }

    /// The totals by key, empty without a cell, where they lie like that.
    pub fn by_key(&self) -> Option<&[A]> {
        (!self.dense.is_empty()).then_some(&self.dense)
    }

    /// Takes the totals by key out, where they lie like that; no cell is left then.
    pub fn take_by_key(&mut self) -> Option<Vec<A>> {
        if self.dense.is_empty() {
            return None;
        }
        self.unlist();
        Some(std::mem::take(&mut self.dense))
    }

    /// Room for keys that will be dense, where there is none yet: empty totals.
    pub fn make_room(&mut self, room: Vec<A>) {
        if self.dense.is_empty() && self.len == 0 {
            self.unlist();
            self.dense = room;
        }
    }

    /// Drops every cell and keeps the room for others.
    pub fn clear(&mut self) {
        if self.listing == Listing::None {
            self.dense.fill(A::default());
        } else {
            self.drain(|_| {});
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::window::aggregate::Summary;

    /// Fills cells from random keys several times over, and compares with a map. From some cell on,
    /// somebody asks for the order.
    fn check_unlisted(rounds: &[usize], ask_at: usize, spread_key: impl Fn(u32) -> u32) {
        let mut cells: Cells<Summary> = Cells::default();
        let mut random: u32 = 1;
        for &steps in rounds {
            let mut expected: BTreeMap<u32, u64> = BTreeMap::new();
            for step in 0..steps {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let key = spread_key(random >> 20);
                if step >= ask_at {
                    let (total, is_new) = cells.get_or_open(KeyId(key), WindowId(7));
                    total.add(1.0);
                    assert_eq!(is_new, !expected.contains_key(&key));
                } else {
                    let total = if let Some(total) = cells.plain(KeyId(key)) {
                        total.add(1.0);
                        total.count
                    } else {
                        let total = cells.get_or_add(KeyId(key));
                        total.add(1.0);
                        total.count
                    };
                    assert_eq!(total, expected.get(&key).copied().unwrap_or(0) + 1);
                }
                *expected.entry(key).or_default() += 1;
            }
            let found: BTreeMap<u32, u64> = cells.iter().map(|cell| (cell.key.0, cell.total.count)).collect();
            assert_eq!((cells.len(), &found), (expected.len(), &expected));
            if let Some(by_key) = cells.by_key() {
                let present = by_key.iter().enumerate().filter(|(_, total)| total.count > 0);
                assert_eq!(present.map(|(key, total)| (key as u32, total.count)).collect::<BTreeMap<_, _>>(), expected);
            }
            let mut drained = BTreeMap::new();
            cells.drain(|cell| assert!(drained.insert(cell.key.0, cell.total.count).is_none()));
            assert_eq!(drained, expected);
            assert!(cells.is_empty() && cells.iter().next().is_none());
        }
    }

    #[test]
    fn cells_whose_order_nobody_asks_for_are_the_same() {
        for ask_at in [usize::MAX, 400] {
            check_unlisted(&[10_000, 3, 500, 1, 1_000], ask_at, |random| random);
            check_unlisted(&[10_000, 3, 500, 1, 1_000], ask_at, |random| random * 4_096);
            check_unlisted(&[500, 800], ask_at, |random| if random % 50 == 7 { random * 1_000 } else { random % 100 });
            check_unlisted(&[900, 900], ask_at, |random| if random % 100 == 7 { random * 9 } else { random % 700 });
        }
    }

    #[test]
    fn totals_by_key_can_be_taken_and_room_be_given() {
        let mut cells: Cells<Summary> = Cells::default();
        (0..100).for_each(|key| cells.get_or_add(KeyId(key)).add(f64::from(key)));
        let taken = cells.take_by_key().expect("keys are dense");
        assert_eq!(taken.iter().map(|total| total.sum).sum::<f64>(), 4_950.0);
        assert!(cells.is_empty() && cells.take_by_key().is_none());
        cells.make_room(vec![Summary::default(); 100]);
        assert!(cells.is_empty() && cells.plain(KeyId(99)).is_some() && cells.plain(KeyId(100)).is_none());
    }
}
