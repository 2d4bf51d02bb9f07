//! The rows of the table in the order that the reader asked for, kept between frames.
//!
//! Worked out anew when the cursor has passed a change; tables so big that this would be felt in a frame are
//! refreshed at times while time advances, and at once when it stands.

use crate::app::panels::results::model::{Errors, RowNow, TableModel};
use crate::record::KeyId;
use crate::runtime::Trace;
use crate::time::EventTime;

/// Bigger tables are not refreshed in every frame.
const AT_ONCE: usize = 20_000;
/// How long a big table stands still while time advances, in seconds of the frames' clock.
const STANDS: f64 = 0.5;

/// What rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// The key's name.
    Key,
    /// The window: its start, then the key.
    #[default]
    Window,
    /// The value.
    Value,
    /// The batch answer.
    Truth,
    /// How far off the value is, without its sign.
    Error,
    /// Early, on time, late.
    Timing,
    /// How often it was changed.
    Updates,
    /// Since when readers see it.
    Since,
}

/// What the reader asks of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// What it is sorted by.
    pub column: Column,
    /// The largest first.
    pub descending: bool,
    /// Only keys whose name has this in it.
    pub filter: String,
    /// Only this key.
    pub key: Option<KeyId>,
}

impl Default for Wish {
    /// The newest window first: it is the one at the cursor.
    fn default() -> Self {
        Self { column: Column::Window, descending: true, filter: String::new(), key: None }
    }
}

/// Where the run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// Changes that readers have seen.
    pub changes: usize,
    /// The watermark.
    pub watermark: EventTime,
    /// Whether time advances.
    pub playing: bool,
    /// The frames' clock in seconds.
    pub time: f64,
}

/// The rows in their order.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Of the model, in order.
    pub rows: Vec<u32>,
    /// How far they are off in all.
    pub errors: Errors,
    of: Option<(Wish, usize, EventTime)>,
    refreshed: f64,
}

impl Standing {
    /// Makes sure that the rows are those of the cursor.
    pub fn refresh(&mut self, model: &TableModel, trace: &Trace, wish: &Wish, cursor: Cursor) {
        if let Some((of, changes, watermark)) = &self.of
            && of == wish
        {
            let is_same = (*changes, *watermark) == (cursor.changes, cursor.watermark);
            let waits = model.rows() > AT_ONCE && cursor.playing && cursor.time - self.refreshed < STANDS;
            if is_same || waits {
                return;
            }
        }
        self.of = Some((wish.clone(), cursor.changes, cursor.watermark));
        self.refreshed = cursor.time;
        let names = trace.stream.key_table();
        let filter = wish.filter.to_lowercase();
        let is_shown: Vec<bool> = names
            .names()
            .enumerate()
            .map(|(number, name)| {
                wish.key.is_none_or(|key| key.index() == number)
                    && (filter.is_empty() || name.to_lowercase().contains(&filter))
            })
            .collect();
        self.errors = Errors::default();
        let mut found: Vec<(u32, RowNow)> = Vec::new();
        for number in 0..model.rows() {
            if !is_shown.get(model.key(number).index()).copied().unwrap_or(false) {
                continue;
            }
            if let Some(row) = model.row(trace, number, cursor.changes, cursor.watermark) {
                self.errors.add(number, &row);
                // There are no more rows than panes, of which there are fewer than 2^32.
                found.push((number as u32, row));
            }
        }
        sort(&mut found, wish, |key| names.name(key));
        self.rows = found.into_iter().map(|(number, _)| number).collect();
    }
}

/// Rows are sorted by start and key already; the sort keeps that among equals.
fn sort<'a>(rows: &mut [(u32, RowNow)], wish: &Wish, name: impl Fn(KeyId) -> &'a str) {
    // What is not known comes last, whichever way.
    let number = |value: Option<f64>| match (value, wish.descending) {
        (Some(value), false) => value,
        (Some(value), true) => -value,
        (None, _) => f64::INFINITY,
    };
    let by = |a: std::cmp::Ordering| if wish.descending { a.reverse() } else { a };
    match wish.column {
        Column::Window if wish.descending => rows.reverse(),
        Column::Window => {}
        Column::Key => rows.sort_by(|(_, a), (_, b)| by(name(a.key).cmp(name(b.key)))),
        Column::Value => rows.sort_by(|(_, a), (_, b)| number(a.value).total_cmp(&number(b.value))),
        Column::Truth => rows.sort_by(|(_, a), (_, b)| number(a.truth).total_cmp(&number(b.truth))),
        Column::Error => {
            let size = |row: &RowNow| number(row.error.map(f64::abs));
            rows.sort_by(|(_, a), (_, b)| size(a).total_cmp(&size(b)));
        }
        Column::Timing => rows.sort_by(|(_, a), (_, b)| by(a.timing.cmp(&b.timing))),
        Column::Updates => rows.sort_by(|(_, a), (_, b)| by(a.updates.cmp(&b.updates))),
        Column::Since => rows.sort_by(|(_, a), (_, b)| by(a.since.cmp(&b.since))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::panels::time_map::fixture;
    use crate::oracle::Truth;
    use crate::time::ProcTime;

    #[test]
    fn every_order_has_the_same_rows_and_what_is_unknown_last() {
        let trace = fixture::trace(400, 3, fixture::tumbling(), 4);
        let model = TableModel::of(&trace, &Truth::of(&trace.stream, trace.pipeline.window));
        let changes = model.changes_at(ProcTime::MAX);
        let watermark = trace.watermark_at(ProcTime::MAX);
        let cursor = Cursor { changes, watermark, playing: false, time: 0.0 };
        let rows = |column, descending| {
            let mut standing = Standing::default();
            let wish = Wish { column, descending, ..Wish::default() };
            standing.refresh(&model, &trace, &wish, cursor);
            standing
                .rows
                .iter()
                .filter_map(|&row| model.row(&trace, row as usize, changes, watermark))
                .collect::<Vec<_>>()
        };
        let all = rows(Column::Window, false).len();
        assert!(all > 20, "{all}");
        let errors: Vec<Option<f64>> = rows(Column::Error, true).iter().map(|row| row.error.map(f64::abs)).collect();
        let known: Vec<f64> = errors.iter().flatten().copied().collect();
        assert!(known.is_sorted_by(|a, b| a >= b) && known[0] > 0.0);
        assert!(errors[..known.len()].iter().all(Option::is_some));
        for column in [Column::Key, Column::Value, Column::Truth, Column::Timing, Column::Updates, Column::Since] {
            assert_eq!(rows(column, false).len(), all, "{column:?}");
        }
        let values: Vec<f64> = rows(Column::Value, false).iter().filter_map(|row| row.value).collect();
        assert!(values.is_sorted());
    }

    #[test]
    fn a_filter_keeps_the_keys_that_have_it_in_their_name() {
        let trace = fixture::trace(400, 3, fixture::tumbling(), 4);
        let model = TableModel::of(&trace, &Truth::of(&trace.stream, trace.pipeline.window));
        let cursor =
            Cursor { changes: model.changes_at(ProcTime::MAX), watermark: EventTime::MAX, playing: true, time: 0.0 };
        let mut standing = Standing::default();
        standing.refresh(&model, &trace, &Wish { filter: "K1".into(), ..Wish::default() }, cursor);
        let names: Vec<&str> =
            standing.rows.iter().map(|&row| trace.stream.key_table().name(model.key(row as usize))).collect();
        assert!(names.len() > 5 && names.iter().all(|name| *name == "k1"), "{names:?}");
        assert_eq!(standing.errors.rows, names.len());
    }
}
