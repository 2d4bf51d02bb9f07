//! Numbers about a run or a stream, computed from plain data.

pub mod quantile;
