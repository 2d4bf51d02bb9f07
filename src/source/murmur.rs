//! MurmurHash2, 32 bits, by Austin Appleby (public domain), with the seed of Kafka's producer.
//!
//! Integers only, little-endian words whatever the machine: a key has the same partition everywhere,
//! and the same one as in a Kafka topic with as many partitions.

/// The seed in Kafka's `Utils.murmur2`.
const KAFKA_SEED: u32 = 0x9747_b28c;
/// The multiplier of the algorithm; its author found it by trial.
const MULTIPLIER: u32 = 0x5bd1_e995;

/// The hash of `bytes`. The length counts modulo 2^32, as in the algorithm.
pub fn murmur2(bytes: &[u8]) -> u32 {
    let mut hash = KAFKA_SEED ^ (bytes.len() as u32);
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        let word = (word ^ (word >> 24)).wrapping_mul(MULTIPLIER);
        hash = hash.wrapping_mul(MULTIPLIER) ^ word;
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte));
        hash = (hash ^ word).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 15)
}

/// The partition of a key among `partitions`, from 0: the hash without its sign, modulo their number.
///
/// # Panics
/// Without partitions.
pub fn partition_of(key: &str, partitions: u32) -> u32 {
    (murmur2(key.as_bytes()) & 0x7fff_ffff) % partitions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_kafka_client() {
        let known = [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ];
        for (text, hash) in known {
            assert_eq!(murmur2(text.as_bytes()).cast_signed(), hash, "{text}");
        }
    }

    #[test]
    fn the_sign_is_dropped_before_the_remainder() {
        // -973,932,308 without its sign bit is 1,173,551,340.
        assert_eq!(partition_of("21", 1_000), 340);
        assert_eq!(partition_of("21", 1), 0);
    }
}
