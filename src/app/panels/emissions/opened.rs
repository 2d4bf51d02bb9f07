//! Which columns have a record at an instant, without looking at all of them.
//!
//! Columns are sorted by start, and open in about that order. The first ones are all open, the last ones all
//! not; only those between are looked at one by one.

use crate::time::ProcTime;

/// When columns opened, ready to be asked.
#[derive(Clone, Debug, Default)]
pub struct Openings {
    opened_at: Vec<ProcTime>,
    /// The latest opening of this column and all before it.
    latest_before: Vec<ProcTime>,
    /// The earliest opening of this column and all after it.
    earliest_after: Vec<ProcTime>,
}

/// The columns that are open at an instant, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// So many columns from the first on.
    all_of: usize,
    /// And these, ascending.
    rest: Vec<usize>,
}

impl Openings {
    /// Of columns in their order.
    pub fn of(opened_at: Vec<ProcTime>) -> Self {
        let mut latest_before = opened_at.clone();
        for i in 1..opened_at.len() {
            latest_before[i] = latest_before[i].max(latest_before[i - 1]);
        }
        let mut earliest_after = opened_at.clone();
        for i in (1..opened_at.len()).rev() {
            earliest_after[i - 1] = earliest_after[i - 1].min(earliest_after[i]);
        }
        Self { opened_at, latest_before, earliest_after }
    }

    /// The columns that are open at `now`.
    pub fn at(&self, now: ProcTime) -> Opened {
        let all_of = self.latest_before.partition_point(|&at| at <= now);
        let until = self.earliest_after.partition_point(|&at| at <= now);
        Opened { all_of, rest: (all_of..until).filter(|&i| self.opened_at[i] <= now).collect() }
    }
}

impl Opened {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all_of + self.rest.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The column at a place, from 0.
    pub fn get(&self, place: usize) -> Option<usize> {
        if place < self.all_of { Some(place) } else { self.rest.get(place - self.all_of).copied() }
    }

    /// The place of a column.
    pub fn place_of(&self, column: usize) -> Option<usize> {
        if column < self.all_of {
            return Some(column);
        }
        self.rest.binary_search(&column).ok().map(|place| self.all_of + place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_what_a_look_at_every_column_finds() {
        let at = ProcTime::from_micros;
        let opened_at: Vec<ProcTime> = [3, 1, 2, 7, 5, 9, 8, 20, 11].map(at).to_vec();
        let openings = Openings::of(opened_at.clone());
        for now in -1..22 {
            let expected: Vec<usize> = (0..opened_at.len()).filter(|&i| opened_at[i] <= at(now)).collect();
            let opened = openings.at(at(now));
            let found: Vec<usize> = (0..opened.len()).filter_map(|place| opened.get(place)).collect();
            assert_eq!(found, expected, "at {now}");
            for column in 0..opened_at.len() {
                assert_eq!(opened.place_of(column), expected.iter().position(|&other| other == column));
            }
        }
        assert!(Openings::default().at(ProcTime::MAX).is_empty());
    }
}
