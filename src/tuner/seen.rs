//! Which keys a window has had: a set of (window, key) that only grows.
//!
//! One bit each while windows times keys is small beside the stream, else an open-addressing table
//! with linear probing, kept at most half full. Nobody walks it, so no order can show.

/// Bits of the plain layout for every record: more would cost more memory than a table.
const BITS_PER_RECORD: u64 = 64;
/// So many bits (8 MiB) are always worth having.
const BITS_ALWAYS: u64 = 1 << 26;

/// Pairs of (window, key).
pub(super) struct Seen {
    keys: u64,
    layout: Layout,
}

enum Layout {
    Bits(Vec<u64>),
    Table {
        /// One more than each pair; 0 where there is none.
        slots: Vec<u64>,
        len: usize,
    },
}

impl Seen {
    /// An empty set for windows and keys below these numbers, which will be asked about so often.
    pub(super) fn new(windows: usize, keys: usize, asked: u64) -> Self {
        let keys = keys.max(1) as u64;
        let bits = keys.saturating_mul(windows as u64);
        let layout = if bits <= BITS_ALWAYS.max(asked.saturating_mul(BITS_PER_RECORD)) {
            Layout::Bits(vec![0; bits.div_ceil(64) as usize])
        } else {
            Layout::Table { slots: vec![0; 1 << 12], len: 0 }
        };
        Self { keys, layout }
    }

    /// Adds a pair; whether it is new.
    #[inline]
    pub(super) fn insert(&mut self, window: usize, key: u32) -> bool {
        // Fewer windows than 2^32 of fewer keys than 2^32.
        let pair = window as u64 * self.keys + u64::from(key);
        match &mut self.layout {
            Layout::Bits(words) => {
                let (word, bit) = (&mut words[(pair / 64) as usize], 1 << (pair % 64));
                let is_new = *word & bit == 0;
                *word |= bit;
                is_new
            }
            Layout::Table { slots, len } => {
                let is_new = insert(slots, pair + 1);
                *len += usize::from(is_new);
                if *len * 2 > slots.len() {
                    let mut larger = vec![0; slots.len() * 4];
                    for &pair in slots.iter().filter(|&&pair| pair != 0) {
                        insert(&mut larger, pair);
                    }
                    *slots = larger;
                }
                is_new
            }
        }
    }
}

/// Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4), then linear probing.
fn insert(slots: &mut [u64], pair: u64) -> bool {
    let bits = slots.len().trailing_zeros();
    let mut place = (pair.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize;
    loop {
        match slots[place] {
            0 => {
                slots[place] = pair;
                return true;
            }
            taken if taken == pair => return false,
            _ => place = (place + 1) & (slots.len() - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn both_layouts_are_sets() {
        let mut dense = Seen::new(1_000, 100, 0);
        let mut sparse = Seen::new(1 << 30, 100, 0);
        assert!(matches!(dense.layout, Layout::Bits(_)) && matches!(sparse.layout, Layout::Table { .. }));
        let mut expected = BTreeSet::new();
        let mut x = 7_u64;
        for _ in 0..20_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (window, key) = ((x >> 33) as usize % 300, (x >> 20) as u32 % 100);
            let is_new = expected.insert((window, key));
            assert_eq!((dense.insert(window, key), sparse.insert(window, key)), (is_new, is_new));
        }
    }
}
