//! A row that cannot become a record, and why, in words that say what would be right.

use std::fmt;
use std::sync::Arc;

use super::time_format::EpochUnit;

/// How much of a field is kept for display. Longer ones are cut and end with `...`.
const FIELD_CHARS_MAX: usize = 60;

/// What the number of a row counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counted {
    /// Lines of a file of text.
    #[default]
    Lines,
    /// Rows of a table that has no lines.
    Rows,
}

impl Counted {
    /// `line` or `row`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lines => "line",
            Self::Rows => "row",
        }
    }
}

/// A row that cannot become a record.
#[derive(Clone, Debug, PartialEq)]
pub struct BadRow {
    /// The line of the file on which the row starts, from 1; the row where there are no lines.
    pub line: u64,
    /// Which of the two.
    pub counted: Counted,
    /// The column at fault; `None` when the whole row is.
    pub column: Option<Arc<str>>,
    /// The text of the field (of the row, when the whole row is at fault), cut for display;
    /// bytes that are not text are replaced.
    pub field: String,
    /// What is wrong.
    pub problem: RowProblem,
}

/// What is wrong with a row. Its text follows the field: `"x"` *is not a number*.
#[derive(Clone, Debug, PartialEq)]
pub enum RowProblem {
    /// The field is not a time in the format of its column.
    NotATime {
        /// What it should look like, after "expected".
        expected: Arc<str>,
    },
    /// The magnitude of the number says that its unit is not the column's.
    OtherUnit {
        /// The unit of this number.
        looks_like: EpochUnit,
        /// The unit of the column.
        column_unit: EpochUnit,
    },
    /// The time is too far from the epoch.
    TimeOutOfRange {
        /// The unit in which it would be in range.
        looks_like: Option<EpochUnit>,
    },
    /// There is nothing in a typed column.
    Null {
        /// What there should be, with its article.
        expected: &'static str,
    },
    /// The field is not a number.
    NotANumber,
    /// The field is NaN or infinite.
    NotFinite,
    /// The field has bytes that are not UTF-8 text.
    NotText,
    /// The field is a list or an object where one thing was expected.
    NotASingleValue,
    /// There are more or fewer fields than columns.
    FieldCount {
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A field starts with a quote that is never closed, or closed in the middle of another row.
    OpenQuote,
    /// The line is not one JSON object.
    NotJson {
        /// What the parser says.
        reason: String,
    },
}

impl BadRow {
    /// A row whose field in `column` is at fault.
    pub(super) fn in_column(counted: Counted, line: u64, column: &Arc<str>, field: &[u8], problem: RowProblem) -> Self {
        Self { line, counted, column: Some(Arc::clone(column)), field: shown(field), problem }
    }

    /// A row that is at fault as a whole.
    pub(super) fn whole(counted: Counted, line: u64, row: &[u8], problem: RowProblem) -> Self {
        Self { line, counted, column: None, field: shown(row), problem }
    }
}

/// The beginning of a field as text.
pub(super) fn shown(field: &[u8]) -> String {
    // A character has at most four bytes, so this many bytes are always enough.
    let beginning = &field[..field.len().min(4 * FIELD_CHARS_MAX + 4)];
    let text = String::from_utf8_lossy(beginning);
    match text.char_indices().nth(FIELD_CHARS_MAX) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.into_owned(),
    }
}

/// `line 3, column "pickup": "yesterday" is not a time; expected a date like ...`.
impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.counted.word(), self.line)?;
        match (&self.column, &self.problem) {
            (Some(column), problem @ RowProblem::Null { .. }) => write!(f, ", column {column:?} {problem}"),
            (Some(column), problem) => write!(f, ", column {column:?}: {:?} {problem}", self.field),
            (None, problem) => write!(f, ": {problem}"),
        }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATime { expected } => write!(f, "is not a time; expected {expected}"),
            Self::OtherUnit { looks_like, column_unit } => write!(
                f,
                "looks like {} where the column is in {}; if it is right, give --time-format {}",
                looks_like.words(),
                column_unit.words(),
                column_unit.name()
            ),
            Self::TimeOutOfRange { looks_like: None } => {
                f.write_str("is too far away; expected a time between the years -5952 and 9892")
            }
            Self::TimeOutOfRange { looks_like: Some(unit) } => write!(
                f,
                "is too far away; expected a time between the years -5952 and 9892, and it looks like {}",
                unit.words()
            ),
            Self::Null { expected } => write!(f, "is null; expected {expected}"),
            Self::NotANumber => f.write_str("is not a number; expected one like 12.5"),
            Self::NotFinite => f.write_str("is not a finite number; expected one like 12.5"),
            Self::NotText => f.write_str("is not UTF-8 text"),
            Self::NotASingleValue => f.write_str("is a list or an object; expected a single value"),
            Self::FieldCount { found, expected } => {
                let fields = if *found == 1 { "field" } else { "fields" };
                write!(f, "{found} {fields} where {expected} were expected")
            }
            Self::OpenQuote => f.write_str(
                "a quote at the start of a field is not closed before the next row; \
                 expected the whole field in quotes, and a quote inside it twice",
            ),
            Self::NotJson { reason } => write!(f, "not a JSON object on one line: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(problem: RowProblem, expected: &str) {
        let row = BadRow::in_column(Counted::Lines, 3, &"pickup".into(), b"yesterday", problem);
        assert_eq!(row.to_string(), format!("line 3, column \"pickup\": \"yesterday\" {expected}"));
    }

    #[test]
    fn a_bad_row_names_line_column_field_and_what_would_be_right() {
        let expected = "a date like 2019-03-23 20:21:09".into();
        check(RowProblem::NotATime { expected }, "is not a time; expected a date like 2019-03-23 20:21:09");
        check(
            RowProblem::OtherUnit { looks_like: EpochUnit::Millis, column_unit: EpochUnit::Seconds },
            "looks like milliseconds where the column is in seconds; if it is right, give --time-format s",
        );
        check(RowProblem::NotANumber, "is not a number; expected one like 12.5");
        let row = BadRow::whole(Counted::Lines, 7, b"1,2,a,b", RowProblem::FieldCount { found: 4, expected: 3 });
        assert_eq!(row.to_string(), "line 7: 4 fields where 3 were expected");
        assert_eq!(row.field, "1,2,a,b");
        let row = BadRow::in_column(Counted::Rows, 3, &"total".into(), b"", RowProblem::Null { expected: "a number" });
        assert_eq!(row.to_string(), "row 3, column \"total\" is null; expected a number");
    }

    #[test]
    fn long_fields_are_cut_between_characters() {
        let long = "\u{e9}".repeat(200);
        let row = BadRow::whole(Counted::Lines, 1, long.as_bytes(), RowProblem::OpenQuote);
        assert_eq!(row.field, format!("{}...", "\u{e9}".repeat(60)));
        let row = BadRow::whole(Counted::Lines, 1, &"a".repeat(60).into_bytes(), RowProblem::OpenQuote);
        assert_eq!(row.field, "a".repeat(60));
        let row = BadRow::whole(Counted::Lines, 1, b"\xffabc", RowProblem::NotText);
        assert_eq!(row.field, "\u{fffd}abc");
    }
}
