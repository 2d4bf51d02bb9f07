//! Finds the place of a key in a list of keys that the caller keeps: an open-addressing table whose
//! size follows the list, not the largest key.

use crate::record::KeyId;

const EMPTY: u32 = u32::MAX;

/// 2^32 divided by the golden ratio: spreads neighbouring keys over the table (Knuth, The Art of
/// Computer Programming, volume 3, section 6.4).
const SPREAD: u32 = 0x9E37_79B9;

/// Places by key. The list itself comes in as a function from place to key.
#[derive(Clone, Debug, Default)]
pub struct KeyIndex {
    /// A place, or `EMPTY`; the length is a power of two or 0, at most half is in use.
    slots: Vec<u32>,
}

impl KeyIndex {
    /// An index of nothing.
    pub const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// The place of `key`.
    #[inline]
    pub fn find(&self, key: KeyId, key_at: impl Fn(usize) -> KeyId) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let place = self.slots[self.slot_of(key, key_at)];
        (place != EMPTY).then_some(place as usize)
    }

    /// Takes note of the last of `len` keys, which was not in the list before.
    pub fn push(&mut self, len: usize, key_at: impl Fn(usize) -> KeyId) {
        if len * 2 > self.slots.len() {
            self.rebuild(len, key_at);
        } else {
            let slot = self.slot_of(key_at(len - 1), &key_at);
            // Keys are 32-bit numbers, and each is in the list once, so places fit.
            self.slots[slot] = (len - 1) as u32;
        }
    }

    /// Forgets what was known and takes note of all of `len` keys, each different.
    pub fn rebuild(&mut self, len: usize, key_at: impl Fn(usize) -> KeyId) {
        self.slots.clear();
        self.slots.resize((len * 4).next_power_of_two().max(8), EMPTY);
        for place in 0..len {
            let slot = self.slot_of(key_at(place), &key_at);
            self.slots[slot] = place as u32;
        }
    }

    /// Forgets all keys and keeps the room for others.
    pub fn clear(&mut self) {
        self.slots.fill(EMPTY);
    }

    /// Whether it knows of no key because it was never built.
    pub const fn is_unbuilt(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes of memory that this holds.
    pub const fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
    }

    /// The slot that holds `key`, or the free one where it belongs.
    #[inline]
    fn slot_of(&self, key: KeyId, key_at: impl Fn(usize) -> KeyId) -> usize {
        let bits = self.slots.len().trailing_zeros();
        let mut slot = (key.0.wrapping_mul(SPREAD) >> (32 - bits)) as usize;
        while self.slots[slot] != EMPTY && key_at(self.slots[slot] as usize) != key {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }
}
