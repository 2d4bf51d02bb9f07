//! What was read, in numbers and words: which columns, why those, and which rows were bad.

use std::fmt;
use std::sync::Arc;

use super::bad_row::BadRow;
use super::kcat::OffsetReport;
use super::time_format::TimeFormat;
use crate::human;
use crate::record::Stream;

/// What a column of a recording means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// When it happened.
    EventTime,
    /// When it reached the log.
    ArrivalTime,
    /// What to group by.
    Key,
    /// What to aggregate.
    Value,
    /// Partition of the log.
    Partition,
}

impl Role {
    /// All roles in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::EventTime, Self::ArrivalTime, Self::Key, Self::Value, Self::Partition];

    /// The place in [`Role::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name of the column in recordings that this program writes, and in JSON reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventTime => "event_time",
            Self::ArrivalTime => "arrival_time",
            Self::Key => "key",
            Self::Value => "value",
            Self::Partition => "partition",
        }
    }

    /// The name in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::EventTime => "event time",
            Self::ArrivalTime => "arrival time",
            Self::Key => "key",
            Self::Value => "value",
            Self::Partition => "partition",
        }
    }
}

/// How a column came to its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The user named it.
    Given,
    /// It was guessed; why, after "guessed".
    Guessed(String),
    /// No column has this role; what is taken instead.
    Absent(String),
}

/// The column of one role.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnReport {
    /// What the column means.
    pub role: Role,
    /// Its name; its number from 1 without a header; `None` when there is none.
    pub column: Option<Arc<str>>,
    /// Why this one.
    pub choice: Choice,
    /// How its times are written; `None` for other roles.
    pub time_format: Option<TimeFormat>,
}

/// `event time    pickup (guessed by its name; dates from year to second)`.
impl fmt::Display for ColumnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<13}", self.role.words())?;
        match (&self.column, &self.choice) {
            (Some(column), Choice::Guessed(reason)) => write!(f, "{column} (guessed {reason}")?,
            (Some(column), _) => write!(f, "{column} (as given")?,
            (None, Choice::Absent(instead)) => return write!(f, "none: {instead}"),
            (None, _) => return f.write_str("none"),
        }
        match &self.time_format {
            Some(format) => write!(f, "; {format})"),
            None => f.write_str(")"),
        }
    }
}

/// What kind of file it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Delimited text.
    Delimited {
        /// The byte between fields.
        delimiter: u8,
        /// Whether the first row has the names.
        has_header: bool,
    },
    /// One JSON object per line.
    JsonLines,
    /// JSON lines as `kcat -J` writes them.
    Kcat,
    /// Apache Parquet.
    Parquet,
    /// No file: the records of a scenario.
    Scenario,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JsonLines => f.write_str("JSON lines"),
            Self::Kcat => f.write_str("JSON lines of kcat -J"),
            Self::Parquet => f.write_str("Parquet"),
            Self::Scenario => f.write_str("made by a scenario"),
            Self::Delimited { delimiter, has_header } => {
                let delimiter = match delimiter {
                    b',' => "commas",
                    b';' => "semicolons",
                    b'\t' => "tabs",
                    _ => "bars",
                };
                write!(f, "fields between {delimiter}, {} header", if *has_header { "with a" } else { "no" })
            }
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadReport {
    /// The name of the input.
    pub file: String,
    /// What kind of file it was.
    pub layout: Layout,
    /// Rows tried: records and bad rows. Blank lines are no rows.
    pub row_count: u64,
    /// Rows that became records.
    pub record_count: u64,
    /// All rows that did not.
    pub bad_row_count: u64,
    /// The bad rows in file order; the first [`super::BAD_ROWS_KEPT_MAX`] of them.
    pub bad_rows: Vec<BadRow>,
    /// The five roles in order.
    pub columns: Vec<ColumnReport>,
    /// Whether there was no arrival time, so that file order was taken for arrival order.
    pub is_arrival_assumed: bool,
    /// Records whose arrival is before their event time, which only clocks that disagree can do.
    pub negative_delay_count: u64,
    /// What the offsets say, where rows have them.
    pub offsets: Option<OffsetReport>,
    /// What else a reader of the numbers should know, in sentences without a full stop.
    pub notes: Vec<String>,
}

impl ReadReport {
    /// The report of records that a scenario made.
    pub fn of_scenario(title: &str, stream: &Stream) -> Self {
        let records = stream.len() as u64;
        Self {
            file: title.to_owned(),
            layout: Layout::Scenario,
            row_count: records,
            record_count: records,
            bad_row_count: 0,
            bad_rows: Vec::new(),
            columns: Vec::new(),
            is_arrival_assumed: false,
            negative_delay_count: 0,
            offsets: None,
            notes: Vec::new(),
        }
    }

    /// The report of one role.
    pub fn column(&self, role: Role) -> Option<&ColumnReport> {
        self.columns.iter().find(|column| column.role == role)
    }
}

/// Several lines of text, the last one without a line break.
impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.row_count == 1 { "row" } else { "rows" };
        write!(f, "{}: {} {rows} ({})", self.file, human::count(self.row_count), self.layout)?;
        for column in &self.columns {
            write!(f, "\n  {column}")?;
        }
        for note in &self.notes {
            write!(f, "\n  note: {note}")?;
        }
        if self.negative_delay_count > 0 {
            let records = if self.negative_delay_count == 1 { "record has" } else { "records have" };
            write!(
                f,
                "\n  note: {} {records} a negative delay (arrived before it happened): the two clocks disagree",
                human::count(self.negative_delay_count)
            )?;
        }
        Ok(())
    }
}
