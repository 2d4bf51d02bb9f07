//! The bytes of snapshots and of changes: four letters, the version, the content, a checksum.
//!
//! The content is in the postcard format (numbers of variable length, little endian; no names), so
//! the length is a fair size of a checkpoint. The checksum (XXH3, 64 bits, over all bytes before it)
//! is looked at before the content is, so damage is found as such. The same snapshot has the same
//! bytes on every machine.

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use crate::window::snapshot::changes::SnapshotChanges;
use crate::window::snapshot::error::DecodeError;
use crate::window::snapshot::operator::OperatorSnapshot;

/// What bytes begin with: whose they are.
type Letters = [u8; 4];

const OF_A_SNAPSHOT: Letters = *b"HWop";
const OF_CHANGES: Letters = *b"HWch";

/// The version of the format. It goes up with every change of what a snapshot holds.
const VERSION: u16 = 1;

const HEADER_BYTES: usize = size_of::<Letters>() + size_of::<u16>();
const CHECKSUM_BYTES: usize = size_of::<u64>();

impl OperatorSnapshot {
    /// Its bytes. Their number is what a checkpoint of this operator takes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(OF_A_SNAPSHOT, self)
    }

    /// Reads what [`OperatorSnapshot::to_bytes`] has written.
    ///
    /// # Errors
    /// When the bytes are something else, of another version, cut off, or changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(OF_A_SNAPSHOT, bytes)
    }
}

impl SnapshotChanges {
    /// Their bytes. Their number is what an incremental checkpoint of this operator takes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(OF_CHANGES, self)
    }

    /// Reads what [`SnapshotChanges::to_bytes`] has written.
    ///
    /// # Errors
    /// When the bytes are something else, of another version, cut off, or changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(OF_CHANGES, bytes)
    }
}

fn encode<T: Serialize>(letters: Letters, value: &T) -> Vec<u8> {
    let header = [&letters[..], &VERSION.to_le_bytes()].concat();
    let mut bytes = postcard::to_extend(value, header)
        .expect("numbers, lists and texts in memory have an encoding, and a vector takes every byte");
    bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
    bytes
}

fn decode<T: DeserializeOwned>(letters: Letters, bytes: &[u8]) -> Result<T, DecodeError> {
    let after_letters = bytes.strip_prefix(&letters).ok_or(DecodeError::NotASnapshot)?;
    let (version, _) = after_letters.split_first_chunk().ok_or(DecodeError::NotASnapshot)?;
    let found = u16::from_le_bytes(*version);
    if found != VERSION {
        return Err(DecodeError::OtherVersion { found, known: VERSION });
    }
    let (checked, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(DecodeError::NotASnapshot)?;
    let content = checked.get(HEADER_BYTES..).ok_or(DecodeError::NotASnapshot)?;
    let (found, computed) = (u64::from_le_bytes(*checksum), xxh3_64(checked));
    if found != computed {
        return Err(DecodeError::Damaged { found, computed });
    }
    let malformed = |error: postcard::Error| DecodeError::Malformed(error.to_string());
    let (value, rest) = postcard::take_from_bytes(content).map_err(malformed)?;
    if !rest.is_empty() {
        return Err(DecodeError::Malformed(format!("{} bytes are left over", rest.len())));
    }
    Ok(value)
}
