//! Chance: one seed, and a child stream for every consumer, found by name.
//!
//! A stream depends on the seed and its own name only, so a new consumer never shifts the draws
//! of the others. The generator is PCG64 (XSL-RR 128/64, O'Neill 2014), named explicitly; numbers
//! are made from its bits by our own integer arithmetic, so the same seed gives the same bits on
//! every machine and with every version of the random-number crates.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// 2^-53: the distance between neighbouring results of [`unit`].
const UNIT_STEP: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Where every random draw of a run comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// The seed of a scenario.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The child stream of this name, from its beginning.
    pub fn stream(self, name: &str) -> Draws {
        // State and increment of the generator are hashed apart, so that two streams share neither.
        let state = xxh3_128_with_seed(name.as_bytes(), self.0);
        let increment = xxh3_128_with_seed(name.as_bytes(), !self.0);
        Draws(Pcg64::new(state, increment))
    }
}

/// One stream of draws.
#[derive(Clone, Debug)]
pub struct Draws(Pcg64);

impl Draws {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A real number in [0, 1). One draw.
    pub fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// A real number in (0, 1], safe for a logarithm or a division. One draw.
    pub fn unit_above_zero(&mut self) -> f64 {
        unit_above_zero(self.bits())
    }

    /// A real number in (0, 1), symmetric about 1/2. One draw.
    pub fn unit_inside(&mut self) -> f64 {
        unit_inside(self.bits())
    }

    /// A whole number from `min` to `max`, both included, each equally likely; `min` when
    /// `max < min`. One draw, rarely more.
    pub fn integer(&mut self, min: i64, max: i64) -> i64 {
        if max <= min {
            return min;
        }
        let choices = max.abs_diff(min).wrapping_add(1);
        // 0 stands for all 2^64 choices.
        let offset = if choices == 0 { self.bits() } else { self.below(choices) };
        min.wrapping_add_unsigned(offset)
    }

    /// A whole number in [0, choices): multiplication with rejection of the few low products that
    /// would make some results more likely (Lemire, Fast random integer generation in an
    /// interval, 2019).
    fn below(&mut self, choices: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(choices);
        if (product as u64) < choices {
            let biased = choices.wrapping_neg() % choices;
            while (product as u64) < biased {
                product = u128::from(self.bits()) * u128::from(choices);
            }
        }
        (product >> 64) as u64
    }
}

/// The top 53 bits as a multiple of 2^-53 in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * UNIT_STEP
}

/// The top 53 bits as a multiple of 2^-53 in (0, 1].
fn unit_above_zero(bits: u64) -> f64 {
    ((bits >> 11) + 1) as f64 * UNIT_STEP
}

/// The top 52 bits as an odd multiple of 2^-53 in (0, 1): exact, and never 0 or 1.
fn unit_inside(bits: u64) -> f64 {
    ((bits >> 12) * 2 + 1) as f64 * UNIT_STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_its_seed_and_its_name_only() {
        let first = |seed, name| Seed::new(seed).stream(name).bits();
        assert_eq!(first(7, "delay"), first(7, "delay"));
        assert_ne!(first(7, "delay"), first(8, "delay"));
        assert_ne!(first(7, "delay"), first(7, "key"));
        let mut other = Seed::new(7).stream("key");
        other.bits();
        assert_eq!(Seed::new(7).stream("delay").bits(), first(7, "delay"));
    }

    #[test]
    fn draws_are_the_same_bits_everywhere() {
        let mut draws = Seed::new(7).stream("delay");
        let bits: Vec<u64> = (0..4).map(|_| draws.bits()).collect();
        assert_eq!(
            bits,
            [
                12_784_930_453_422_891_549,
                5_228_374_609_121_135_069,
                11_568_306_655_574_892_258,
                7_226_671_973_008_881_142
            ]
        );
        assert_eq!(draws.integer(1, 6), 6);
        assert_eq!(draws.unit(), 0.072_605_904_649_485_58);
    }

    #[test]
    fn unit_intervals_are_open_and_closed_where_they_say() {
        assert_eq!(unit(0), 0.0);
        assert_eq!(unit(u64::MAX), 1.0 - UNIT_STEP);
        assert_eq!(unit(1 << 63), 0.5);
        assert_eq!(unit_above_zero(0), UNIT_STEP);
        assert_eq!(unit_above_zero(u64::MAX), 1.0);
        assert_eq!(unit_inside(0), UNIT_STEP);
        assert_eq!(unit_inside(u64::MAX), 1.0 - UNIT_STEP);
    }

    #[test]
    fn integers_cover_their_range_evenly() {
        let mut draws = Seed::new(1).stream("dice");
        let mut seen = [0_i32; 6];
        for _ in 0..60_000 {
            seen[usize::try_from(draws.integer(-2, 3) + 2).expect("in range")] += 1;
        }
        // 10,000 expected; five standard deviations are 456.
        assert!(seen.iter().all(|&count| (count - 10_000).abs() < 456), "{seen:?}");
    }

    #[test]
    fn extreme_ranges_do_not_overflow() {
        let mut draws = Seed::new(1).stream("wide");
        let wide: Vec<i64> = (0..64).map(|_| draws.integer(i64::MIN, i64::MAX)).collect();
        assert!(wide.iter().any(|&n| n < 0) && wide.iter().any(|&n| n > 0));
        assert_eq!(draws.integer(5, 5), 5);
        assert_eq!(draws.integer(5, 4), 5);
        assert!(draws.integer(i64::MAX - 1, i64::MAX) >= i64::MAX - 1);
    }
}
