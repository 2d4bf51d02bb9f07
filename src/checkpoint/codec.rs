//! The bytes of a checkpoint file: a header that never changes its layout, the content, a checksum.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `HWcheck` and a line end |
//! | 4 | version of the content |
//! | 8 | length of the content |
//! | 8 | XXH3 of the 20 bytes before |
//! | length | the content, in the postcard format |
//! | 8 | XXH3 of everything before |
//!
//! Numbers are little endian. The header has a checksum of its own, so that a file of a newer version, one
//! that was cut off and one that was damaged can be told apart without reading the content.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// What a file begins with: whose it is.
pub type Letters = [u8; 8];

/// Of a checkpoint or savepoint.
pub const OF_A_CHECKPOINT: Letters = *b"HWcheck\n";
/// Of the list of completed checkpoints.
pub const OF_AN_INDEX: Letters = *b"HWindex\n";

/// The version of the content. It goes up with every change of what a checkpoint holds.
pub const VERSION: u32 = 1;

const CHECKSUM_BYTES: usize = size_of::<u64>();
const NUMBERS_BYTES: usize = size_of::<Letters>() + size_of::<u32>() + size_of::<u64>();
const HEADER_BYTES: usize = NUMBERS_BYTES + CHECKSUM_BYTES;

/// What is wrong with the bytes of a checkpoint file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// It does not begin as one does.
    #[error("is not a checkpoint: it does not begin with \"HWcheck\"")]
    NotACheckpoint,
    /// The end is missing.
    #[error("is torn: it ends after {found} of {expected} bytes")]
    Torn {
        /// Bytes that it should have; at least.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// It goes on after its end.
    #[error("is damaged: it goes on for {0} bytes after its end")]
    TooLong(u64),
    /// It was written by a newer program.
    #[error("has format version {found}; this program reads version {known} and older")]
    Newer {
        /// The version that wrote it.
        found: u32,
        /// The newest that can be read.
        known: u32,
    },
    /// Some bytes have changed.
    #[error("is damaged: its checksum is {found:016x}, its bytes give {computed:016x}")]
    Damaged {
        /// The checksum in it.
        found: u64,
        /// The checksum of what it covers.
        computed: u64,
    },
    /// The checksums hold, but the content is not that of a checkpoint.
    #[error("cannot be read: {0}")]
    Malformed(String),
}

/// The bytes of a value. Equal values have equal bytes on every machine.
pub fn encode<T: Serialize>(letters: Letters, value: &T) -> Vec<u8> {
    let mut bytes = letters.to_vec();
    bytes.resize(HEADER_BYTES, 0);
    let mut bytes = postcard::to_extend(value, bytes)
        .expect("numbers, lists and texts in memory have an encoding, and a vector takes every byte");
    let length = (bytes.len() - HEADER_BYTES) as u64;
    let numbers = [&VERSION.to_le_bytes()[..], &length.to_le_bytes()].concat();
    bytes[size_of::<Letters>()..NUMBERS_BYTES].copy_from_slice(&numbers);
    let of_header = xxh3_64(&bytes[..NUMBERS_BYTES]);
    bytes[NUMBERS_BYTES..HEADER_BYTES].copy_from_slice(&of_header.to_le_bytes());
    let of_all = xxh3_64(&bytes);
    bytes.extend_from_slice(&of_all.to_le_bytes());
    bytes
}

/// Reads what [`encode`] has written.
///
/// # Errors
/// What is wrong with the bytes; no bytes make it panic.
pub fn decode<T: DeserializeOwned>(letters: Letters, bytes: &[u8]) -> Result<T, CodecError> {
    let found = bytes.len() as u64;
    let begins_alike = bytes.iter().zip(letters).all(|(byte, letter)| *byte == letter);
    if !begins_alike {
        return Err(CodecError::NotACheckpoint);
    }
    let least = (HEADER_BYTES + CHECKSUM_BYTES) as u64;
    let torn = |expected| CodecError::Torn { expected, found };
    let (header, after_header) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(torn(least))?;
    let (numbers, checksum) = header.split_at(NUMBERS_BYTES);
    check(numbers, checksum)?;
    let version = u32::from_le_bytes(at(numbers, size_of::<Letters>()));
    let length = u64::from_le_bytes(at(numbers, size_of::<Letters>() + size_of::<u32>()));
    if version > VERSION {
        return Err(CodecError::Newer { found: version, known: VERSION });
    }
    let expected = least.saturating_add(length);
    if found < expected {
        return Err(torn(expected));
    }
    if found > expected {
        return Err(CodecError::TooLong(found - expected));
    }
    let (all, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
    check(all, checksum)?;
    let content = &after_header[..after_header.len() - CHECKSUM_BYTES];
    let malformed = |error: postcard::Error| CodecError::Malformed(error.to_string());
    let (value, rest) = postcard::take_from_bytes(content).map_err(malformed)?;
    if rest.is_empty() { Ok(value) } else { Err(CodecError::Malformed(format!("{} bytes are left over", rest.len()))) }
}

fn check(covered: &[u8], checksum: &[u8]) -> Result<(), CodecError> {
    let (found, computed) = (u64::from_le_bytes(at(checksum, 0)), xxh3_64(covered));
    if found == computed { Ok(()) } else { Err(CodecError::Damaged { found, computed }) }
}

/// The bytes of a number; zeros where there are none.
fn at<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    bytes.get(start..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Vec<(u32, String)>, Vec<u8>) {
        let value = vec![(7, "seven".to_owned()), (70_000, "a".repeat(300))];
        let bytes = encode(OF_A_CHECKPOINT, &value);
        (value, bytes)
    }

    fn read(bytes: &[u8]) -> Result<Vec<(u32, String)>, CodecError> {
        decode(OF_A_CHECKPOINT, bytes)
    }

    #[test]
    fn what_is_written_reads_equal() {
        let (value, bytes) = sample();
        assert_eq!(read(&bytes), Ok(value));
    }

    #[test]
    fn every_bit_that_flips_is_found() {
        let (_, mut bytes) = sample();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                bytes[place] ^= 1 << bit;
                assert!(read(&bytes).is_err(), "byte {place}, bit {bit}");
                bytes[place] ^= 1 << bit;
            }
        }
        assert!(read(&bytes).is_ok());
    }

    #[test]
    fn every_cut_is_found_and_said() {
        let (_, bytes) = sample();
        let whole = bytes.len() as u64;
        for length in 0..bytes.len() {
            let Err(CodecError::Torn { expected, found }) = read(&bytes[..length]) else {
                panic!("cut after {length} bytes it is not told as torn: {:?}", read(&bytes[..length]));
            };
            assert_eq!(found, length as u64);
            assert!(expected > found && expected <= whole);
        }
        let longer = [&bytes[..], b"xyz"].concat();
        assert_eq!(read(&longer), Err(CodecError::TooLong(3)));
    }

    #[test]
    fn a_newer_version_is_named() {
        let (_, mut bytes) = sample();
        bytes[8..12].copy_from_slice(&9_u32.to_le_bytes());
        let checksum = xxh3_64(&bytes[..NUMBERS_BYTES]);
        bytes[NUMBERS_BYTES..HEADER_BYTES].copy_from_slice(&checksum.to_le_bytes());
        let error = read(&bytes).expect_err("it is newer");
        assert_eq!(error, CodecError::Newer { found: 9, known: 1 });
        assert_eq!(error.to_string(), "has format version 9; this program reads version 1 and older");
    }

    #[test]
    fn other_files_and_other_contents_are_told_apart() {
        assert_eq!(read(b"time,key,value\n"), Err(CodecError::NotACheckpoint));
        assert_eq!(read(&encode(OF_AN_INDEX, &vec![(7_u32, "seven".to_owned())])), Err(CodecError::NotACheckpoint));
        let other = encode(OF_A_CHECKPOINT, &"only a text, and quite long");
        assert!(matches!(read(&other), Err(CodecError::Malformed(_))));
        // A list of more elements than there are bytes does not take their room first.
        let huge = encode(OF_A_CHECKPOINT, &u64::MAX);
        assert!(matches!(decode::<Vec<u64>>(OF_A_CHECKPOINT, &huge), Err(CodecError::Malformed(_))));
    }
}
