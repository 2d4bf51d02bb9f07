//! Why a recording cannot be read or written. The text names file, line, column and field, and
//! what would be right.

use std::io;

use super::bad_row::BadRow;
use super::time_format::TimeFormatError;
use super::unit_change::UnitChange;

/// Why a recording cannot be read. `file` is the name as it was given.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("{file}: there is no such file")]
    Missing {
        /// The file.
        file: String,
    },
    /// It is a directory.
    #[error("{file}: is a directory; expected a file of CSV, JSON lines or Parquet")]
    Directory {
        /// The file.
        file: String,
    },
    /// It cannot be opened.
    #[error("{file}: cannot be opened: {source}")]
    Open {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be read on.
    #[error("{file}: cannot be read after line {line}: {source}")]
    Io {
        /// The file.
        file: String,
        /// Whole lines read before.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
    /// Compressed data ends in the middle.
    #[error(
        "{file}: the {compression} data ends in the middle, after line {line}; expected the whole file \
         (was it cut while copied?)"
    )]
    CutShort {
        /// The file.
        file: String,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// Whole lines read before.
        line: u64,
    },
    /// There is nothing in it.
    #[error("{file}: is empty; expected rows of CSV or JSON lines")]
    Empty {
        /// The file.
        file: String,
    },
    /// There is a header and nothing else.
    #[error("{file}: has a header and no rows")]
    HeaderOnly {
        /// The file.
        file: String,
    },
    /// It is in a format that is recognised but not read.
    #[error("{file}: is {format}; expected Parquet, or CSV or JSON lines, plain or packed with gzip or zstd{hint}")]
    OtherFormat {
        /// The file.
        file: String,
        /// What it is, with its article.
        format: &'static str,
        /// What to do, after a semicolon; may be empty.
        hint: &'static str,
    },
    /// It is a table without rows.
    #[error("{file}: has columns and no rows")]
    NoRows {
        /// The file.
        file: String,
    },
    /// A Parquet file has no footer, or one that cannot be read.
    #[error(
        "{file}: the Parquet file does not end in a footer that can be read ({reason}); expected the whole file \
         (was it cut while copied?)"
    )]
    ParquetFooter {
        /// The file.
        file: String,
        /// What the decoder says.
        reason: String,
    },
    /// A Parquet file cannot be decoded.
    #[error("{file}: {place} cannot be decoded: {error}; expected the file as it was written (was it damaged?)")]
    ParquetDamaged {
        /// The file.
        file: String,
        /// Row group, rows and column.
        place: String,
        /// What the decoder says.
        error: parquet::errors::ParquetError,
    },
    /// A chosen column has no single value in every row.
    #[error("{file}: column {column:?} is {what}; expected a column with one number, text or time in every row")]
    UnusableColumn {
        /// The file.
        file: String,
        /// Its whole name.
        column: String,
        /// What it is.
        what: String,
    },
    /// Most of its first lines are not text.
    #[error("{file}: line {line} is not text; expected CSV or JSON lines in UTF-8")]
    NotText {
        /// The file.
        file: String,
        /// The first line that is not.
        line: u64,
    },
    /// A line (or a quoted field over several lines) is longer than rows can be.
    #[error("{file}: line {line} is longer than {limit_bytes} bytes; expected rows that end with a line break")]
    LineTooLong {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The limit.
        limit_bytes: usize,
    },
    /// A chosen column is not there.
    #[error(
        "{file}: there is no column {column:?}{}; the columns are {}{}",
        did_you_mean(.nearest),
        listed(.columns),
        no_header_hint(*.looks_headless)
    )]
    NoSuchColumn {
        /// The file.
        file: String,
        /// The name as it was given.
        column: String,
        /// The most similar name, if one is similar.
        nearest: Option<String>,
        /// All names in file order.
        columns: Vec<String>,
        /// Whether the first row looks like data.
        looks_headless: bool,
    },
    /// No event time was chosen and none can be guessed.
    #[error(
        "{file}: no column looks like a time; choose one with --event-time (and --time-format); the columns are {}",
        listed(.columns)
    )]
    NoTimeColumn {
        /// The file.
        file: String,
        /// All names in file order.
        columns: Vec<String>,
    },
    /// The time format cannot be used.
    #[error(transparent)]
    TimeFormat(#[from] TimeFormatError),
    /// A row is bad, and bad rows are refused.
    #[error("{file}: {row}")]
    BadRow {
        /// The file.
        file: String,
        /// The first bad row.
        row: Box<BadRow>,
    },
    /// A column of times changes its unit on the way.
    #[error("{file}: {change}")]
    UnitChange {
        /// The file.
        file: String,
        /// Where, from what, and to what.
        change: Box<UnitChange>,
    },
    /// The last row is not whole, and no line break follows it.
    #[error("{file}: the file ends in the middle of a row: {row}; expected the whole file (was it cut while copied?)")]
    CutRow {
        /// The file.
        file: String,
        /// The last row.
        row: Box<BadRow>,
    },
    /// Every row is bad.
    #[error("{file}: none of the {count} rows read can be used; the first: {first}")]
    AllRowsBad {
        /// The file.
        file: String,
        /// How many rows were tried.
        count: u64,
        /// The first of them.
        first: Box<BadRow>,
    },
    /// More rows than a stream holds.
    #[error("{file}: has more than {limit} rows; expected fewer (split the file)")]
    TooManyRows {
        /// The file.
        file: String,
        /// The most that a stream holds.
        limit: u32,
    },
    /// The partition column has too many different values.
    #[error("{file}: column {column:?} has more than {limit} different values; expected a partition number")]
    TooManyPartitions {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// The most that there may be.
        limit: u32,
    },
    /// The progress callback asked to stop.
    #[error("{file}: reading was cancelled")]
    Cancelled {
        /// The file.
        file: String,
    },
}

/// Why a recording cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name does not say in which format.
    #[error(
        "{file}: cannot tell the format by this name; expected .parquet, or .csv, .jsonl or .ndjson, with .gz or \
         .zst after it or not"
    )]
    UnknownFormat {
        /// The file.
        file: String,
    },
    /// The progress callback asked to stop.
    #[error("{file}: writing was cancelled; nothing is written")]
    Cancelled {
        /// The file.
        file: String,
    },
    /// The file cannot be made or filled.
    #[error("{file}: cannot be written: {source}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
}

/// At most this many names are listed; nobody reads more, and a row of data taken for a header
/// may have thousands.
const LISTED_MAX: usize = 40;

fn listed(columns: &[String]) -> String {
    let mut text = columns.iter().take(LISTED_MAX).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if columns.len() > LISTED_MAX {
        text.push_str(&format!(" and {} more", columns.len() - LISTED_MAX));
    }
    text
}

fn no_header_hint(looks_headless: bool) -> &'static str {
    if looks_headless { " (the first row looks like data: use --no-header and columns by number from 1)" } else { "" }
}
