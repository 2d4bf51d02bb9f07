//! The schema gate: what a source task checks before it hands a record on, and what becomes of a record
//! that is not as the schema says.
//!
//! A record has a key and an event time, which are its envelope, and the fields of the schema version
//! under which it was written. The pipeline needs the field `value`. Everything here is a pure function
//! of a record's facts and the schema; [`crate::runtime`] asks and acts.
//!
//! - [`spec`]: the gate as data, with its limits
//! - [`compatibility`]: which version can read what another one wrote
//! - [`verdict`]: whether one record passes, and the rule that it breaks
//! - [`defect`]: what can be wrong with a record, and which records of a stream are bad

pub mod compatibility;
pub mod defect;
pub mod spec;
pub mod verdict;

pub use compatibility::{Compatibility, Unreadable, can_read};
pub use defect::{Defect, Poison};
pub use spec::{DeadLetterFailure, FieldSpec, FieldType, Gate, GatePolicy, SchemaVersion};
pub use verdict::{Facts, Refusal, check};
