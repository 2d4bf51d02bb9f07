//! Real streams, from and to files.
//!
//! A recording is CSV or JSON lines, plain or packed with gzip or zstd, or Parquet, from a file,
//! standard input or any reader. Columns that the user does not choose are guessed, and the
//! [`ReadReport`] says which and why. Rows that cannot be records are never skipped silently: they
//! refuse the file or are kept aside with their line, column, field and what would be right.
//!
//! Rows are taken in arrival order, ties in file order. Without an arrival column, file order is
//! arrival order, and each record arrives when the newest event so far happened, which is the
//! earliest moment that true clocks allow: delays are then lower bounds.

pub mod delays;
pub mod time_format;

mod bad_row;
mod buffer;
mod builder;
mod cells;
mod columns;
mod delimited;
mod error;
mod guess;
mod input;
mod instant_text;
mod instants;
mod json_rows;
mod kcat;
mod names;
mod parquet_file;
mod read;
mod report;
mod sample;
mod time_guess;
mod unit_change;
mod whole_file;
mod write;

use crate::record::Stream;
use crate::scenario::ColumnChoice;

pub use bad_row::{BadRow, Counted, RowProblem};
pub use buffer::Progress;
pub use builder::BAD_ROWS_KEPT_MAX;
pub use error::{ReadError, WriteError};
pub use input::STANDARD_STREAM;
pub use kcat::OffsetReport;
pub use read::{read, read_path};
pub use report::{Choice, ColumnReport, Layout, ReadReport, Role};
pub use unit_change::UnitChange;
pub use whole_file::write_whole;
pub use write::{FileFormat, Packing, RowFormat, Written, format_of, write, write_path, write_path_with};

/// A stream and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The records; at least one.
    pub stream: Stream,
    /// What was read, and what was not.
    pub report: ReadReport,
}

/// How a recording is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Which columns mean what; the rest is guessed. An empty name means that no column has this
    /// role, and that none is to be guessed.
    pub columns: ColumnChoice,
    /// What happens to rows that cannot be records.
    pub bad_rows: BadRows,
}

/// What happens to rows that cannot be records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadRows {
    /// They are listed in the report, and the rest is read; unless every row is bad.
    #[default]
    KeepAside,
    /// The first one is an error.
    Refuse,
}
