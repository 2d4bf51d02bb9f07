//! The value of the record that happened first, or last.
//!
//! By event time, not by arrival: the answer does not depend on the disorder, so it can be merged
//! and compared with the batch answer. Records of one instant are ordered by their place in the
//! stream.

use serde::{Deserialize, Serialize};

use crate::record::{Record, RecordId};
use crate::time::EventTime;

/// Which end of event time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The record that happened first.
    First,
    /// The record that happened last.
    Last,
}

/// The record at one end, if there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    side: Side,
    found: Option<Found>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Found {
    event_time: EventTime,
    id: RecordId,
    value: f64,
}

impl Edge {
    /// No record yet.
    pub const fn new(side: Side) -> Self {
        Self { side, found: None }
    }

    /// Whether both look for the same end.
    pub fn is_of_the_side_of(&self, other: &Self) -> bool {
        self.side == other.side
    }

    /// Adds a record.
    pub fn add(&mut self, record: &Record) {
        self.take(Found { event_time: record.event_time, id: record.id, value: record.value });
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        if let Some(found) = other.found {
            self.take(found);
        }
    }

    /// The value of the record.
    pub fn value(&self) -> Option<f64> {
        self.found.map(|found| found.value)
    }

    fn take(&mut self, candidate: Found) {
        let is_farther = |found: Found| {
            let (candidate, found) = ((candidate.event_time, candidate.id), (found.event_time, found.id));
            match self.side {
                Side::First => candidate < found,
                Side::Last => candidate > found,
            }
        };
        if self.found.is_none_or(is_farther) {
            self.found = Some(candidate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KeyId;

    fn edge(side: Side, records: &[(u32, i64, f64)]) -> Edge {
        let mut edge = Edge::new(side);
        for &(id, event_time, value) in records {
            let event_time = EventTime::from_micros(event_time);
            edge.add(&Record { id: RecordId(id), event_time, key: KeyId(0), value });
        }
        edge
    }

    #[test]
    fn event_time_decides_then_the_place_in_the_stream() {
        let records = [(0, 5, 50.0), (1, 3, 30.0), (2, 9, 90.0), (3, 3, 31.0), (4, 9, 91.0)];
        assert_eq!(edge(Side::First, &records).value(), Some(30.0));
        assert_eq!(edge(Side::Last, &records).value(), Some(91.0));
        let mut last = edge(Side::Last, &records[4..]);
        last.merge(&edge(Side::Last, &records[..3]));
        assert_eq!(last.value(), Some(91.0));
        last.merge(&edge(Side::Last, &[]));
        assert_eq!(last.value(), Some(91.0));
        assert_eq!(edge(Side::First, &[]).value(), None);
    }
}
