//! What can be wrong with a snapshot: with its bytes, or with what they say.

use thiserror::Error;

/// Why bytes are not a snapshot that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// They do not begin as a snapshot does.
    #[error("these bytes are not a snapshot of a window operator")]
    NotASnapshot,
    /// They were written by another version of the format.
    #[error("the snapshot has format version {found}; this program reads version {known}")]
    OtherVersion {
        /// The version that wrote them.
        found: u16,
        /// The one version that can be read.
        known: u16,
    },
    /// Some of them are missing or changed.
    #[error("the snapshot is damaged: its checksum is {found:016x}, its bytes give {computed:016x}")]
    Damaged {
        /// The checksum at their end.
        found: u64,
        /// The checksum of all that is before it.
        computed: u64,
    },
    /// The checksum holds, but they do not say what a snapshot says.
    #[error("the snapshot cannot be read: {0}")]
    Malformed(String),
}

/// Why an operator cannot go on from a snapshot, or snapshots cannot be merged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// The pipeline cannot run at all.
    #[error("the pipeline cannot run: {path}: {message}")]
    Pipeline {
        /// The field.
        path: String,
        /// What is wrong with it.
        message: String,
    },
    /// The state was kept by a pipeline with another setting.
    #[error("the state was kept with {name} {kept}; the pipeline has {asked}")]
    OtherSetting {
        /// Which setting.
        name: String,
        /// What it was when the snapshot was taken.
        kept: String,
        /// What it is in the pipeline.
        asked: String,
    },
    /// There is nothing to merge.
    #[error("there is no snapshot to merge")]
    NoParts,
    /// Two parts hold state of one key, so they are not parts of one operator.
    #[error("key {0} is in more than one of the snapshots")]
    KeyTwice(u32),
    /// The parts have opened more windows than there are identities.
    #[error("the snapshots have opened {0} windows together; identities end at 4,294,967,294")]
    TooManyWindows(u64),
    /// They were taken at different watermarks, and which windows there are was not followed.
    #[error("the snapshots were taken at different watermarks, of an operator whose windows nobody follows")]
    Unfollowed,
    /// No operator could have kept this.
    #[error("no operator can have kept this: {0}")]
    Impossible(&'static str),
}
