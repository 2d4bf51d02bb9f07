//! How the totals of cells lie: by key or packed, and what is known of them besides.

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::cells::{Cells, Listing, NOBODY, Owner};
use crate::window::pane::WindowId;

/// Totals are indexed by key while there are at most so many keys per cell. At 4 that takes about
/// three times the memory of packed totals and their table; beyond, most of it would be holes.
const DENSE_KEYS_PER_CELL: usize = 4;

/// Up to this many keys an array indexed by key is cheap whatever it holds.
const ALWAYS_DENSE_KEYS: usize = 64;

/// Whether an array indexed by `keys` keys is worth its holes.
pub const fn suits_dense(keys: usize, cells: usize) -> bool {
    keys <= ALWAYS_DENSE_KEYS || keys <= cells * DENSE_KEYS_PER_CELL
}

/// The two layouts.
impl<A: Accumulator> Cells<A> {
    pub(super) fn list(&mut self) {
        if self.listing == Listing::None {
            self.listing = Listing::Keys;
            self.len = list_keys(&self.dense, &mut self.owners);
        }
    }

    /// What is not in the dense layout is gone.
    pub(super) fn unlist(&mut self) {
        self.listing = Listing::None;
        self.len = 0;
        self.panes.clear();
        self.key_limit = 0;
    }

    /// Makes room for a key that the dense array has no room for, or goes over to the packed layout.
    pub(super) fn choose_layout(&mut self, key: KeyId) {
        self.key_limit = self.key_limit.max(self.dense.len()).max(key.index() + 1);
        if suits_dense(self.key_limit, self.len()) {
            let was_packed = self.dense.is_empty();
            if self.key_limit > self.dense.len() {
                // Ahead of the keys, so that new ones that come one after the other do not each move it.
                let room = self.key_limit.next_multiple_of(64).max(self.dense.len() * 5 / 4);
                self.dense.resize(room, A::default());
            }
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

    pub(super) fn pack(&mut self) {
        let dense = &mut self.dense;
        let totals = self.owners[..self.len].iter().map(|owner| std::mem::take(&mut dense[owner.key.index()]));
        self.packed.extend(totals);
        self.key_limit = self.key_limit.max(self.dense.len());
        self.dense = Vec::new();
        self.index.rebuild(self.len, |place| self.owners[place].key);
    }

    /// The place of `key` in the packed layout, and whether it is new.
    pub(super) fn find_or_pack(&mut self, key: KeyId, next_id: WindowId) -> (usize, bool) {
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

/// Writes the keys that have a total; how many there are.
fn list_keys<A: Accumulator>(dense: &[A], owners: &mut Vec<Owner>) -> usize {
    owners.resize(dense.len() + 1, NOBODY);
    let mut len = 0;
    for (key, total) in dense.iter().enumerate() {
        // Which keys have one is hard to guess, so nothing here branches on it.
        owners[len] = Owner { key: KeyId(key as u32), id: WindowId::NONE };
        len += usize::from(total.count() > 0);
    }
    len
}
