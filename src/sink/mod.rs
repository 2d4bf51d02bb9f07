//! Sinks: what becomes of results once they leave the pipeline, and what a reader sees of them.
//!
//! The outside world is durable and does not crash with the job: [`log`] is an append-only log of rows
//! with transactions, as Apache Kafka has them (Kafka documentation, Message Delivery Semantics; KIP-98);
//! [`table`] is what an upsert store makes of the same rows. The job's side is volatile: [`writer`] is the
//! two-phase commit of Apache Flink's `TwoPhaseCommittingSink` (FLIP-143, FLIP-191).
//!
//! - [`row`]: one row; [`spec`]: which sink a pipeline has
//! - [`output`]: all of it behind one type, for a runtime
//! - [`mod@tally`]: what a reader saw of every window

pub mod log;
pub mod output;
pub mod row;
pub mod spec;
pub mod table;
pub mod tally;
pub mod writer;

pub use log::{AbortReason, Isolation, Outcome, OutputLog, Transaction, TransactionId};
pub use output::{Output, OutputCounts};
pub use row::{Change, Row};
pub use spec::SinkSpec;
pub use table::Table;
pub use tally::{WindowTally, tally};
pub use writer::{CommitOutcome, Committable, Restored, SinkSnapshot, TwoPhaseWriter, WriterId};
