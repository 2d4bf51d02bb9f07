//! A column of times that changes its unit on the way: seconds up to some row, milliseconds after.
//!
//! One row in another unit is a bad row. Several in a row are no accident, and reading half a file
//! would be wrong in a way that looks right, so the change is an error that names where it is.

use std::fmt;

use super::bad_row::{BadRow, RowProblem, shown};
use super::time_format::EpochUnit;

/// So many rows in another unit, one after another, are a change of unit.
const CHANGED_ROWS: u64 = 3;

/// Where the unit of a column changes. Its text names row, column, field and units.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitChange {
    /// The first row in the other unit.
    pub at: BadRow,
    /// The unit up to there.
    pub before: EpochUnit,
    /// The unit from there on.
    pub after: EpochUnit,
}

impl fmt::Display for UnitChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.at.counted.word();
        write!(
            f,
            "{row} {}, column {:?}: {:?} is in {} where the {row}s before are in {}; expected one unit throughout \
             (convert one part, or import the two parts one by one)",
            self.at.line,
            self.at.column.as_deref().unwrap_or_default(),
            self.at.field,
            self.after.words(),
            self.before.words(),
        )
    }
}

/// Rows in another unit, one after another.
pub(super) struct Run {
    first: BadRow,
    looks_like: EpochUnit,
    column_unit: EpochUnit,
    rows: u64,
    /// Whether no good row came before: then it is the good ones that change the unit.
    is_at_start: bool,
}

/// Watches rows go by for a change of unit.
#[derive(Default)]
pub(super) struct UnitWatch {
    // Asked for with every good row, nearly always in vain: a pointer is soon looked at.
    run: Option<Box<Run>>,
}

impl UnitWatch {
    /// Sees a bad row; `is_first` if no good row was before.
    pub(super) fn bad(&mut self, bad: &BadRow, is_first: bool) -> Option<UnitChange> {
        let RowProblem::OtherUnit { looks_like, column_unit } = bad.problem else {
            self.run = None;
            return None;
        };
        match &mut self.run {
            Some(run) if run.looks_like == looks_like && run.first.column == bad.column => run.rows += 1,
            run => {
                let first = bad.clone();
                *run = Some(Box::new(Run { first, looks_like, column_unit, rows: 1, is_at_start: is_first }));
            }
        }
        let run = self.run.as_ref().filter(|run| run.rows >= CHANGED_ROWS && !run.is_at_start)?;
        Some(UnitChange { at: run.first.clone(), before: run.column_unit, after: run.looks_like })
    }

    /// The run that a good row ends.
    #[inline]
    pub(super) fn take_run(&mut self) -> Option<Run> {
        self.run.take().map(|run| *run)
    }
}

impl Run {
    /// Whether it is in the column of this name.
    pub(super) fn is_in(&self, column: &str) -> bool {
        self.first.column.as_deref() == Some(column)
    }

    /// The change that a good row with this field makes, if the file began with the run.
    pub(super) fn ended_by(self, line: u64, field: &[u8]) -> Option<UnitChange> {
        if !self.is_at_start || self.rows < CHANGED_ROWS {
            return None;
        }
        let field = shown(field);
        let at = BadRow { line, field, ..self.first };
        Some(UnitChange { at, before: self.looks_like, after: self.column_unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::bad_row::Counted;

    fn bad(line: u64, looks_like: EpochUnit, column_unit: EpochUnit) -> BadRow {
        BadRow::in_column(Counted::Lines, line, &"t".into(), b"17", RowProblem::OtherUnit { looks_like, column_unit })
    }

    #[test]
    fn three_rows_in_another_unit_are_a_change() {
        let mut watch = UnitWatch::default();
        let (seconds, millis) = (EpochUnit::Seconds, EpochUnit::Millis);
        assert_eq!(watch.bad(&bad(7, millis, seconds), false), None);
        assert!(watch.take_run().and_then(|run| run.ended_by(8, b"1")).is_none());
        assert_eq!(watch.bad(&bad(9, millis, seconds), false), None);
        assert_eq!(watch.bad(&bad(10, millis, seconds), false), None);
        let change = watch.bad(&bad(11, millis, seconds), false).expect("a change");
        assert_eq!(
            change.to_string(),
            "line 9, column \"t\": \"17\" is in milliseconds where the lines before are in seconds; expected one unit \
             throughout (convert one part, or import the two parts one by one)"
        );
    }

    #[test]
    fn the_unit_of_the_first_rows_is_that_from_which_it_changes() {
        let mut watch = UnitWatch::default();
        for line in 2..7 {
            assert_eq!(watch.bad(&bad(line, EpochUnit::Seconds, EpochUnit::Millis), true), None);
        }
        let run = watch.take_run().expect("a run");
        assert!(run.is_in("t") && !run.is_in("u"));
        let change = run.ended_by(7, b"17000").expect("a change");
        assert_eq!((change.at.line, change.before, change.after), (7, EpochUnit::Seconds, EpochUnit::Millis));
    }
}
