//! A ring of bits in which the next one that is set is found in a few steps, however far it is.
//!
//! Words of 64 bits, and one word that says which of them have any.

/// One bit per place, 64 times `WORDS` of them, and one bit per word.
#[derive(Clone, Debug)]
pub struct BitRing<const WORDS: usize> {
    words: [u64; WORDS],
    any: u64,
}

impl<const WORDS: usize> Default for BitRing<WORDS> {
    fn default() -> Self {
        const { assert!(WORDS <= 64, "one word has a bit for each of them") };
        Self { words: [0; WORDS], any: 0 }
    }
}

impl<const WORDS: usize> BitRing<WORDS> {
    const PLACES: usize = WORDS * 64;

    /// Sets the bit of a place.
    #[inline]
    pub const fn set(&mut self, place: usize) {
        self.words[place / 64] |= 1 << (place % 64);
        self.any |= 1 << (place / 64);
    }

    /// Clears the bit of a place.
    pub const fn clear(&mut self, place: usize) {
        let word = &mut self.words[place / 64];
        *word &= !(1 << (place % 64));
        if *word == 0 {
            self.any &= !(1 << (place / 64));
        }
    }

    /// How many steps it is from a place to the first one whose bit is set, around the ring.
    pub const fn next_from(&self, place: usize) -> Option<usize> {
        let (word, bit) = (place / 64, place % 64);
        let rest = self.words[word] >> bit;
        if rest != 0 {
            return Some(rest.trailing_zeros() as usize);
        }
        let later = self.any & (!1 << word);
        let any = if later != 0 { later } else { self.any };
        if any == 0 {
            return None;
        }
        let found = any.trailing_zeros() as usize;
        let found = found * 64 + self.words[found].trailing_zeros() as usize;
        Some((found + Self::PLACES - place) % Self::PLACES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_found_around_the_ring() {
        for slots in [vec![], vec![0], vec![1_023], vec![63, 64], vec![5, 70, 700], vec![62, 63, 64, 65]] {
            let mut ring = BitRing::<16>::default();
            slots.iter().for_each(|&slot| ring.set(slot));
            for from in 0..1_024 {
                let steps = |&slot: &usize| (slot + 1_024 - from) % 1_024;
                assert_eq!(ring.next_from(from), slots.iter().map(steps).min(), "{slots:?} from {from}");
            }
            slots.iter().for_each(|&slot| ring.clear(slot));
            assert_eq!(ring.next_from(0), None);
        }
    }
}
