//! Numbers about a run or a stream, computed from plain data.

pub mod alerts;
pub mod delivery;
pub mod freshness;
pub mod goals;
pub mod join;
pub mod quantile;
pub mod rebalance_rows;
pub mod recovery;
pub mod report;
pub mod rows;
pub mod task_rows;
pub mod tasks;
pub mod threads;
