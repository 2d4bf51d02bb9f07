//! What a reader saw of every window: how many results, and which were said more than once.

use std::collections::BTreeMap;

use crate::record::KeyId;
use crate::sink::row::{Change, Row};
use crate::window::pane::Window;

/// What a reader saw of one window of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowTally {
    /// How many results.
    pub results: u64,
    /// How many of them say what the result before them said.
    pub repeated: u64,
    /// How often a result was withdrawn.
    pub withdrawn: u64,
    /// The sum of all results: what a reader has that adds up every row it sees.
    pub sum: f64,
    /// The last result; `None` when there is none, it has no value, or it was withdrawn.
    pub last: Option<f64>,
}

/// For every window of every key that a reader saw a row of, in order of key, then window.
pub fn tally<'a>(rows: impl IntoIterator<Item = &'a Row>) -> BTreeMap<(KeyId, Window), WindowTally> {
    let mut tallies: BTreeMap<(KeyId, Window), WindowTally> = BTreeMap::new();
    for row in rows {
        let tally = tallies.entry((row.key, row.window)).or_default();
        match row.change {
            Change::Withdraw => {
                tally.withdrawn += 1;
                tally.last = None;
            }
            Change::Put(value) => {
                tally.repeated += u64::from(tally.results > 0 && tally.last == value);
                tally.results += 1;
                tally.sum += value.unwrap_or(0.0);
                tally.last = value;
            }
        }
    }
    tallies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::EventTime;

    #[test]
    fn every_window_of_every_key_is_counted_apart() {
        let window = Window::new(EventTime::from_millis(0), EventTime::from_millis(10));
        let row = |key, change| Row { pane: 0, key: KeyId(key), window, change };
        let rows = [
            row(1, Change::Put(Some(2.0))),
            row(0, Change::Put(Some(5.0))),
            row(1, Change::Put(Some(2.0))),
            row(1, Change::Withdraw),
            row(1, Change::Put(Some(3.0))),
            row(0, Change::Withdraw),
        ];
        let found: Vec<_> = tally(&rows).into_iter().collect();
        let of_0 = WindowTally { results: 1, repeated: 0, withdrawn: 1, sum: 5.0, last: None };
        let of_1 = WindowTally { results: 3, repeated: 1, withdrawn: 1, sum: 7.0, last: Some(3.0) };
        assert_eq!(found, [((KeyId(0), window), of_0), ((KeyId(1), window), of_1)]);
    }
}
