//! The log in front of the pipeline as data, and the pure machines of what it limits.
//!
//! [`LogSpec`] says which log, named after what people run, and what differs from it; [`LogRules`] is
//! what then holds. The machines know no clock: time comes in with every call, and never goes back.
//!
//! - [`preset`]: Kafka, Kinesis, Pub/Sub, Redpanda, Pulsar, each with the source of its numbers
//! - [`ingress`]: what a partition takes in, when the stream is made
//! - [`egress`]: when the next read may happen
//! - [`retention`]: what is not there any more
//! - [`lease`]: redelivery after the acknowledgement deadline
//! - [`bucket`]: the allowance behind the limits

pub mod bucket;
pub mod egress;
pub mod ingress;
pub mod lease;
pub mod preset;
pub mod retention;
pub mod spec;

pub use preset::{LogPreset, LogRules};
pub use spec::{LogSpec, Ordering};
