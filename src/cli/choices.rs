//! One of a few words on the command line, and what each stands for in a pipeline.

use clap::ValueEnum;

use crate::pipeline::{AtEnd, LatePolicy};
use crate::window::accumulation::Accumulation;
use crate::window::dialect::Dialect;

/// `--late`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LateArg {
    /// Dropped and counted
    Drop,
    /// To the side output
    SideOutput,
}

impl From<LateArg> for LatePolicy {
    fn from(choice: LateArg) -> Self {
        match choice {
            LateArg::Drop => Self::Drop,
            LateArg::SideOutput => Self::SideOutput,
        }
    }
}

/// `--dialect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DialectArg {
    /// Apache Flink
    Flink,
    /// Apache Beam
    Beam,
    /// Kafka Streams
    KafkaStreams,
    /// Azure Stream Analytics
    Azure,
}

impl From<DialectArg> for Dialect {
    fn from(choice: DialectArg) -> Self {
        match choice {
            DialectArg::Flink => Self::Flink,
            DialectArg::Beam => Self::Beam,
            DialectArg::KafkaStreams => Self::KafkaStreams,
            DialectArg::Azure => Self::AzureStreamAnalytics,
        }
    }
}

/// `--accumulation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AccumulationArg {
    /// Nothing: it holds what came since the last one
    Discarding,
    /// Everything so far, in place of the last one
    Accumulating,
    /// Everything so far, after the last one was withdrawn
    #[value(alias = "accumulating-and-retracting")]
    Retracting,
}

impl From<AccumulationArg> for Accumulation {
    fn from(choice: AccumulationArg) -> Self {
        match choice {
            AccumulationArg::Discarding => Self::Discarding,
            AccumulationArg::Accumulating => Self::Accumulating,
            AccumulationArg::Retracting => Self::AccumulatingAndRetracting,
        }
    }
}

/// `--at-end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AtEndArg {
    /// A stream has no end: open windows stay open
    Hold,
    /// The final watermark is sent and every window fires
    Flush,
}

impl From<AtEndArg> for AtEnd {
    fn from(choice: AtEndArg) -> Self {
        match choice {
            AtEndArg::Hold => Self::Hold,
            AtEndArg::Flush => Self::Flush,
        }
    }
}
