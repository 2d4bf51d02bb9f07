//! A slice of the front of running totals: what the totals of its keys become when it leaves.
//!
//! Up to a limit that is an array by key, in which keys that are not in the slice stay what they are;
//! beyond, a list of the keys in the slice.

use crate::record::KeyId;
use crate::window::aggregate::Accumulator;
use crate::window::cells::Cells;
use crate::window::key_index::KeyIndex;

/// What totals become when a slice leaves.
#[derive(Clone, Debug)]
pub struct FrontSlice<A> {
    number: i64,
    /// How many keys are in the slice.
    keys: usize,
    by_key: Vec<A>,
    /// Of keys beyond the array.
    listed: Vec<(KeyId, A)>,
    /// Built when first a record comes for this slice or an older one.
    index: KeyIndex,
}

impl<A: Accumulator> FrontSlice<A> {
    /// A slice without a key.
    pub const fn new(number: i64) -> Self {
        Self { number, keys: 0, by_key: Vec::new(), listed: Vec::new(), index: KeyIndex::new() }
    }

    /// Takes all cells out of a slice that is older than all that `front` is the total of by now, and
    /// adds them there. Every key has its place in `front`.
    pub fn turned(number: i64, cells: &mut Cells<A>, front: &mut [A]) -> Self {
        let mut slice = Self::new(number);
        if let Some(mut by_key) = cells.take_by_key() {
            for (own, total) in by_key.iter_mut().zip(front) {
                slice.keys += usize::from(own.count() > 0);
                own.merge(total);
                std::mem::swap(own, total);
            }
            slice.by_key = by_key;
        } else {
            slice.keys = cells.len();
            slice.listed.reserve_exact(slice.keys);
            cells.drain(|cell| {
                let total = &mut front[cell.key.index()];
                let mut grown = cell.total.clone();
                grown.merge(total);
                slice.listed.push((cell.key, std::mem::replace(total, grown)));
            });
        }
        slice
    }

    /// Its number.
    pub const fn number(&self) -> i64 {
        self.number
    }

    /// How many keys are in it.
    pub const fn keys(&self) -> usize {
        self.keys
    }

    /// Above the keys of its array.
    pub const fn limit(&self) -> usize {
        self.by_key.len()
    }

    /// Its keys that are not in the array.
    pub fn listed_keys(&self) -> impl Iterator<Item = KeyId> {
        self.listed.iter().map(|&(key, _)| key)
    }

    /// What the total of a key becomes, if this slice says.
    pub fn find(&mut self, key: KeyId) -> Option<&mut A> {
        if key.index() < self.by_key.len() {
            return self.by_key.get_mut(key.index());
        }
        let listed = &self.listed;
        if self.index.is_unbuilt() && !listed.is_empty() {
            self.index.rebuild(listed.len(), |place| listed[place].0);
        }
        let place = self.index.find(key, |place| listed[place].0)?;
        Some(&mut self.listed[place].1)
    }

    /// The key is in the slice. `before` is its total before the slice leaves, without what is being
    /// added to it. Whether it is new.
    pub fn note(&mut self, key: KeyId, before: A) -> bool {
        let is_new = self.find(key).is_none_or(|after| after.count() == before.count());
        self.keys += usize::from(is_new);
        if is_new && key.index() >= self.by_key.len() {
            self.listed.push((key, before));
            self.index.push(self.listed.len(), |place| self.listed[place].0);
        }
        is_new
    }

    /// Makes the totals what they become, and gives its array back, of no use any more.
    pub fn leave(self, front: &mut [A]) -> Vec<A> {
        for (total, after) in front.iter_mut().zip(&self.by_key) {
            total.clone_from(after);
        }
        self.listed.into_iter().for_each(|(key, after)| front[key.index()] = after);
        self.by_key
    }

    /// Makes the totals what they become; those that are not what they were.
    pub fn leave_noting(&self, front: &mut [A]) -> Vec<(KeyId, A)> {
        let mut noted = Vec::with_capacity(self.keys);
        for (key, (total, after)) in front.iter_mut().zip(&self.by_key).enumerate() {
            if total.count() != after.count() {
                total.clone_from(after);
                noted.push((KeyId(key as u32), after.clone()));
            }
        }
        self.listed.iter().for_each(|(key, after)| front[key.index()].clone_from(after));
        noted.extend_from_slice(&self.listed);
        noted
    }

    /// Bytes of memory that this holds, used or not.
    pub const fn bytes(&self) -> usize {
        self.by_key.capacity() * size_of::<A>() + self.listed.capacity() * size_of::<(KeyId, A)>() + self.index.bytes()
    }
}
