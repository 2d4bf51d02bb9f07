//! Snapshots of window operators: all that one keeps, exactly, as bytes, by key.
//!
//! An operator that is restored from a snapshot goes on as if nothing had happened: the same panes
//! with the same identities and the same bits, the same outcomes, the same timers. What belongs to
//! no key stands apart from what belongs to each, so a snapshot can be split by key group and merged
//! again, and a job can go on with another number of tasks.
//!
//! - [`operator`]: the snapshot of any operator: taking, splitting, merging, restoring
//! - [`changes`]: what has changed since an earlier one; [`bytes`]: the bytes of both, with version and
//!   checksum
//! - [`keyed`]: what all operators have in common: state by key
//! - [`setting`]: what an operator was built with, which a snapshot must fit
//! - [`aligned`], [`sliced`], [`session`], [`general`], [`beam`], [`kafka`]: what each keeps of a key
//! - [`widen`]: state of a fast operator as state of the general one
//! - [`said`]: panes that may have to be withdrawn
//! - [`error`]: what can be wrong

pub mod aligned;
pub mod beam;
pub mod bytes;
pub mod changes;
pub mod error;
pub mod general;
pub mod kafka;
pub mod keyed;
pub mod operator;
pub mod said;
pub mod session;
pub mod setting;
pub mod sliced;
pub mod widen;

pub use changes::SnapshotChanges;
pub use error::{DecodeError, RestoreError};
pub use operator::OperatorSnapshot;
