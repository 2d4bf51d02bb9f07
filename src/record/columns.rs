//! The columns that a stream is made of, before they are in order.
//!
//! Every column has a place for every record, or none at all where that is allowed. Sorting is by
//! arrival time, ties as they lie, and moves one column at a time, so that even the largest
//! recording needs little more than its own size.

use super::{KeyId, PartitionId};
use crate::time::{EventTime, ProcTime};

/// Columns of equal length for [`super::Stream::from_columns`], in any order.
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
    /// Takes twelve bytes a record.
    pub fn arrival_order(&self) -> Option<Vec<u32>> {
        if self.arrivals.is_sorted() {
            return None;
        }
        let packing = Packing::of(&self.arrivals);
        let mut keys: Vec<u64> = self.arrivals.iter().enumerate().map(|(i, &at)| packing.pack(i, at)).collect();
        keys.sort_unstable();
        if packing.lost_bits > 0 {
            let exact = |&key: &u64| (self.arrivals[packing.place(key)], packing.place(key));
            let runs = keys.chunk_by_mut(|&a, &b| packing.coarse(a) == packing.coarse(b));
            runs.for_each(|run| run.sort_unstable_by_key(exact));
        }
        // A place is below the number of records, which fits.
        Some(keys.into_iter().map(|key| packing.place(key) as u32).collect())
    }

    /// Puts the records in the order of their arrival; ties keep their order. Takes eight bytes a
    /// record beside the columns, twelve in recordings of many weeks.
    pub(super) fn sort_by_arrival(&mut self) {
        if self.arrivals.is_sorted() {
            return;
        }
        let packing = Packing::of(&self.arrivals);
        if packing.lost_bits > 0 {
            if let Some(places) = self.arrival_order() {
                self.permute(&places);
            }
            return;
        }
        // The keys take the place of the arrivals, which they can give back.
        let arrivals = std::mem::take(&mut self.arrivals).into_iter().enumerate();
        let mut keys: Vec<u64> = arrivals.map(|(i, at)| packing.pack(i, at)).collect();
        keys.sort_unstable();
        self.event_times = gather(&self.event_times, &keys, packing);
        self.keys = gather(&self.keys, &keys, packing);
        self.values = gather(&self.values, &keys, packing);
        self.partitions = gather(&self.partitions, &keys, packing);
        self.arrivals = keys.into_iter().map(|key| packing.arrival(key)).collect();
    }

    /// Puts the records at these places, in this order; every place is named once. In place: a bit a
    /// record beside the columns.
    ///
    /// # Panics
    /// When there is no such place.
    fn permute(&mut self, places: &[u32]) {
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

/// An arrival and a place in one number, whose order is that of both. Sorting such numbers is several
/// times as fast as sorting places by what lies there.
#[derive(Clone, Copy)]
struct Packing {
    first: i64,
    /// Low bits of the number, for the place.
    place_bits: u32,
    /// Low bits of the arrival that find no room: the range of arrivals is long and the records are many.
    lost_bits: u32,
}

impl Packing {
    fn of(arrivals: &[ProcTime]) -> Self {
        let micros = || arrivals.iter().map(|at| at.micros());
        let (first, last) = (micros().min().unwrap_or(0), micros().max().unwrap_or(0));
        let place_bits = usize::BITS - arrivals.len().leading_zeros();
        let range_bits = u64::BITS - last.abs_diff(first).leading_zeros();
        Self { first, place_bits, lost_bits: (range_bits + place_bits).saturating_sub(u64::BITS) }
    }

    fn pack(self, place: usize, arrival: ProcTime) -> u64 {
        (arrival.micros().abs_diff(self.first) >> self.lost_bits) << self.place_bits | place as u64
    }

    fn coarse(self, key: u64) -> u64 {
        key >> self.place_bits
    }

    fn place(self, key: u64) -> usize {
        (key & ((1 << self.place_bits) - 1)) as usize
    }

    /// The arrival, when no bits of it are lost.
    fn arrival(self, key: u64) -> ProcTime {
        ProcTime::from_micros(self.first.wrapping_add_unsigned(self.coarse(key)))
    }
}

fn gather<T: Copy>(column: &[T], keys: &[u64], packing: Packing) -> Vec<T> {
    if column.is_empty() {
        return Vec::new();
    }
    keys.iter().map(|&key| column[packing.place(key)]).collect()
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
