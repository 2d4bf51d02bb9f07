//! Cells become event times, arrivals, keys and values, or say why they cannot.
//!
//! Text comes from CSV and JSON lines; columns of Parquet have types and need no parsing. What a
//! cell means is decided once, by the column's report.

use std::borrow::Cow;
use std::sync::Arc;

use super::bad_row::{BadRow, Counted, RowProblem};
use super::report::{ColumnReport, Role};
use super::time_format::{TimeFormat, TimeProblem};
use crate::human;
use crate::time::INPUT_LIMIT_MICROS;

/// One field of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    /// Bytes that should be UTF-8 text.
    Text(&'a [u8]),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// An instant in microseconds since the epoch, from a column that says so itself.
    Instant(i64),
    /// Nothing, in a column that knows nothing from empty.
    Null,
}

/// The cells of one row by [`Role::index`]; `None` where the file has no such column.
pub(super) type RoleCells<'a> = [Option<Cell<'a>>; 5];

impl<'a> Cell<'a> {
    /// As a person would write it.
    pub(super) fn text(&self) -> Cow<'a, [u8]> {
        match *self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
            Self::Number(number) => Cow::Owned(number.to_string().into_bytes()),
            Self::Instant(micros) => Cow::Owned(human::instant_rfc3339(micros).into_bytes()),
            Self::Null => Cow::Borrowed(b""),
        }
    }
}

/// What the columns of the roles mean.
pub(super) struct CellReader {
    names: [Option<Arc<str>>; 5],
    formats: [TimeFormat; 2],
    expected: [Arc<str>; 2],
    counted: Counted,
}

impl CellReader {
    pub(super) fn new(columns: &[ColumnReport], counted: Counted) -> Self {
        let report = |role: Role| columns.iter().find(|column| column.role == role);
        let format = |role| report(role).and_then(|column| column.time_format.clone()).unwrap_or(TimeFormat::Rfc3339);
        let formats = [format(Role::EventTime), format(Role::ArrivalTime)];
        Self {
            names: Role::ALL.map(|role| report(role).and_then(|column| column.column.clone())),
            expected: [formats[0].expected().into(), formats[1].expected().into()],
            formats,
            counted,
        }
    }

    /// Whether a column has this role.
    pub(super) fn has(&self, role: Role) -> bool {
        self.names[role.index()].is_some()
    }

    /// The name of the column of this role; empty without one.
    pub(super) fn name(&self, role: Role) -> &str {
        self.names[role.index()].as_deref().unwrap_or_default()
    }

    /// A row whose cell in the column of `role` is at fault.
    pub(super) fn bad(&self, row: u64, role: Role, cell: &[u8], problem: RowProblem) -> BadRow {
        match &self.names[role.index()] {
            Some(name) => BadRow::in_column(self.counted, row, name, cell, problem),
            None => self.whole(row, cell, problem),
        }
    }

    /// A row that is at fault as a whole.
    pub(super) fn whole(&self, row: u64, text: &[u8], problem: RowProblem) -> BadRow {
        BadRow::whole(self.counted, row, text, problem)
    }

    /// Microseconds since the epoch.
    pub(super) fn time(&self, row: u64, role: Role, cell: Cell<'_>) -> Result<i64, BadRow> {
        let format = &self.formats[role.index()];
        let micros = match cell {
            Cell::Text(text) => format.micros(text),
            Cell::Integer(number) => format.micros_of_integer(number),
            Cell::Instant(micros) if micros.unsigned_abs() <= INPUT_LIMIT_MICROS.unsigned_abs() => Ok(micros),
            Cell::Instant(_) => Err(TimeProblem::OutOfRange(None)),
            Cell::Number(_) => format.micros(&cell.text()),
            Cell::Null => return Err(self.bad(row, role, b"", RowProblem::Null { expected: "a time" })),
        };
        micros.map_err(|problem| {
            let problem = match (problem, format) {
                (TimeProblem::OutOfRange(looks_like), _) => RowProblem::TimeOutOfRange { looks_like },
                (TimeProblem::OtherUnit(looks_like), TimeFormat::Epoch(epoch)) => {
                    RowProblem::OtherUnit { looks_like, column_unit: epoch.unit }
                }
                _ => RowProblem::NotATime { expected: Arc::clone(&self.expected[role.index()]) },
            };
            self.bad(row, role, &cell.text(), problem)
        })
    }

    /// A finite number.
    pub(super) fn value(&self, row: u64, cell: Cell<'_>) -> Result<f64, BadRow> {
        let number = match cell {
            Cell::Text(text) => std::str::from_utf8(text.trim_ascii()).ok().and_then(|text| text.parse::<f64>().ok()),
            Cell::Integer(number) => Some(number as f64),
            Cell::Number(number) => Some(number),
            Cell::Instant(_) => None,
            Cell::Null => return Err(self.bad(row, Role::Value, b"", RowProblem::Null { expected: "a number" })),
        };
        match number {
            Some(number) if number.is_finite() => Ok(number),
            Some(_) => Err(self.bad(row, Role::Value, &cell.text(), RowProblem::NotFinite)),
            None => Err(self.bad(row, Role::Value, &cell.text(), RowProblem::NotANumber)),
        }
    }

    /// Text of a key or a partition; nothing is the empty text.
    pub(super) fn text<'c>(&self, row: u64, role: Role, cell: Cell<'c>) -> Result<Cow<'c, str>, BadRow> {
        let text = match cell.text() {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        match text {
            Some(text) if !text.contains('\0') => Ok(text),
            _ => Err(self.bad(row, role, &cell.text(), RowProblem::NotText)),
        }
    }
}
