//! The columns that a stream is made of, before they are in order.
//!
//! Every column has a place for every record, or none at all where that is allowed. Sorting is by
//! arrival time, ties as they lie, and moves one column at a time, so that even the largest
//! recording needs little more than its own size.

use super::{KeyId, PartitionId};
use crate::time::{EventTime, ProcTime};

/// Columns of equal length for [`Stream::from_columns`], in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// When each record happened.
    pub event_times: Vec<EventTime>,
    /// When each record reached the log.
    pub arrivals: Vec<ProcTime>,
    /// Interned keys.
    pub keys: Vec<KeyId>,
    /// Values; finite.
    pub values: Vec<f64>,
    /// Partitions of the log; empty when every record is in partition 0.
    pub partitions: Vec<PartitionId>,
    /// How many partitions the log has, when that is more than the records name.
    pub partition_count: u32,
}

impl Columns {
    pub(super) fn assert_equal_lengths(&self) {
        let length = self.event_times.len();
        assert!(u32::try_from(length).is_ok(), "a stream holds fewer than 2^32 records");
        let others = [self.arrivals.len(), self.keys.len(), self.values.len()];
        assert!(others == [length; 3], "the columns of a stream have equal lengths");
        assert!(
            self.partitions.is_empty() || self.partitions.len() == length,
            "partitions are given for all records or for none"
        );
    }

    /// The places of the records by arrival time; ties keep their order. `None` when they have it.
    /// Takes four to six bytes a record.
    pub fn arrival_order(&self) -> Option<Vec<u32>> {
        if self.arrivals.is_sorted() {
            return None;
        }
        let length =
            u32::try_from(self.arrivals.len()).expect("columns are shorter than 2^32, as their builders see to");
        let mut order: Vec<u32> = (0..length).collect();
        // Stable, which also reads the arrivals nearly in the order in which they lie.
        order.sort_by_key(|&place| self.arrivals[place as usize]);
        Some(order)
    }

    /// Puts the records at these places, in this order; every place is named once. In place: a bit a
    /// record beside the columns.
    ///
    /// # Panics
    /// When there is no such place.
    pub(super) fn permute(&mut self, places: &[u32]) {
        permute(&mut self.event_times, places);
        permute(&mut self.arrivals, places);
        permute(&mut self.keys, places);
        permute(&mut self.values, places);
        permute(&mut self.partitions, places);
    }

    /// Only the records at these places, in this order; one may be named more than once. Columns that are
    /// empty stay so.
    ///
    /// # Panics
    /// When there is no such place.
    pub fn select(&mut self, places: &[u32]) {
        self.event_times = at_places(&self.event_times, places);
        self.arrivals = at_places(&self.arrivals, places);
        self.keys = at_places(&self.keys, places);
        self.values = at_places(&self.values, places);
        self.partitions = at_places(&self.partitions, places);
    }
}

fn at_places<T: Copy>(column: &[T], places: &[u32]) -> Vec<T> {
    if column.is_empty() {
        return Vec::new();
    }
    places.iter().map(|&place| column[place as usize]).collect()
}

/// Moves what is at `places[i]` to `i`, cycle by cycle. A column that is empty stays so.
fn permute<T: Copy>(column: &mut [T], places: &[u32]) {
    let mut is_done = vec![0_u64; column.len().div_ceil(64)];
    for start in 0..column.len() {
        if is_done[start / 64] >> (start % 64) & 1 == 1 {
            continue;
        }
        let (held, mut to) = (column[start], start);
        loop {
            is_done[to / 64] |= 1 << (to % 64);
            let from = places[to] as usize;
            if from == start {
                column[to] = held;
                break;
            }
            column[to] = column[from];
            to = from;
        }
    }
}
