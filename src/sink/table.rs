//! What an upsert store holds: one row for every key and window start, the last write wins.
//!
//! Writing the same result again changes nothing, which is why at-least-once delivery into such a table
//! ends like exactly-once, as long as a result that is computed again is the same. Reads in between can
//! still see an older result come back.

use std::collections::BTreeMap;

use crate::record::KeyId;
use crate::sink::row::{Change, Row};
use crate::time::EventTime;

/// A table by key and window start, and how it came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    rows: BTreeMap<(KeyId, EventTime), Row>,
    /// Writes to a key and start that had no row.
    pub inserted: u64,
    /// Writes of another window end or value over a row.
    pub updated: u64,
    /// Writes of the same window and value over a row: without effect.
    pub repeated: u64,
    /// Rows that were taken away.
    pub deleted: u64,
}

impl Table {
    /// The table after these rows, in order.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut table = Self::default();
        rows.into_iter().for_each(|row| table.apply(row));
        table
    }

    /// One more row. A withdrawal of a row that is not there does nothing.
    pub fn apply(&mut self, row: &Row) {
        let place = (row.key, row.window.start);
        if row.change == Change::Withdraw {
            // Sessions that merged may have left one of another length at the same start.
            if self.rows.get(&place).is_some_and(|held| held.window == row.window) {
                self.rows.remove(&place);
                self.deleted += 1;
            }
            return;
        }
        match self.rows.insert(place, *row) {
            None => self.inserted += 1,
            Some(before) if before.window == row.window && before.change == row.change => self.repeated += 1,
            Some(_) => self.updated += 1,
        }
    }

    /// The row of a key and window start; [`Change::Put`] in every one.
    pub fn get(&self, key: KeyId, start: EventTime) -> Option<&Row> {
        self.rows.get(&(key, start))
    }

    /// All rows, by key, then window start.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.rows.values()
    }

    /// Whether both hold the same results, whichever panes said so.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let said = |row: &Row| (row.key, row.window, row.change);
        self.rows.len() == other.rows.len() && self.rows().map(said).eq(other.rows().map(said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::row::Change::{Put, Withdraw};
    use crate::window::pane::Window;

    fn row(pane: u32, key: u32, start: i64, end: i64, change: Change) -> Row {
        let window = Window::new(EventTime::from_millis(start), EventTime::from_millis(end));
        Row { pane, key: KeyId(key), window, change }
    }

    #[test]
    fn the_last_write_of_a_key_and_start_wins() {
        let rows = [
            row(0, 1, 0, 10, Put(Some(1.0))),
            row(1, 0, 0, 10, Put(Some(5.0))),
            row(2, 1, 0, 10, Put(Some(2.0))),
            row(3, 1, 0, 10, Put(Some(2.0))),
            row(4, 1, 10, 20, Put(None)),
        ];
        let table = Table::of(&rows);
        let panes: Vec<u32> = table.rows().map(|row| row.pane).collect();
        assert_eq!(panes, [1, 3, 4]);
        assert_eq!((table.inserted, table.updated, table.repeated, table.deleted), (3, 1, 1, 0));
        assert_eq!(table.get(KeyId(1), EventTime::EPOCH).map(|row| row.change), Some(Put(Some(2.0))));
    }

    #[test]
    fn a_withdrawal_takes_away_the_window_that_it_names() {
        // Two sessions merge: both are withdrawn, then the long one is written at the first start.
        let rows = [
            row(0, 0, 0, 10, Put(Some(1.0))),
            row(1, 0, 15, 20, Put(Some(1.0))),
            row(2, 0, 0, 20, Put(Some(3.0))),
            row(3, 0, 0, 10, Withdraw),
            row(4, 0, 15, 20, Withdraw),
            row(5, 0, 30, 40, Withdraw),
        ];
        let table = Table::of(&rows);
        let panes: Vec<u32> = table.rows().map(|row| row.pane).collect();
        assert_eq!(panes, [2]);
        assert_eq!((table.inserted, table.updated, table.repeated, table.deleted), (2, 1, 0, 1));
    }

    #[test]
    fn tables_are_compared_by_what_they_say() {
        let once = Table::of(&[row(0, 0, 0, 10, Put(Some(1.0)))]);
        let twice = Table::of(&[row(7, 0, 0, 10, Put(Some(1.0))), row(8, 0, 0, 10, Put(Some(1.0)))]);
        let other = Table::of(&[row(0, 0, 0, 10, Put(Some(2.0)))]);
        assert!(once.says_the_same(&twice));
        assert!(!once.says_the_same(&other));
        assert!(!once.says_the_same(&Table::default()));
    }
}
