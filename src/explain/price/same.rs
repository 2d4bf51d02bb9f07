//! The same record in another run over the same input: runs name records by the order in which they met
//! their fate, which other settings may change.

use crate::record::{RecordId, Stream};

/// The place in `other` of a record of `stream`, where both are the same input in different orders; of records
/// that are equal in every column, one of them. `None` where it is not there. O(1) where the orders are the same,
/// else O(n).
pub fn same_record(stream: &Stream, id: RecordId, other: &Stream) -> Option<RecordId> {
    let at = |stream: &Stream, place: usize| {
        Some((
            *stream.event_times().get(place)?,
            *stream.arrivals().get(place)?,
            *stream.keys().get(place)?,
            stream.values().get(place)?.to_bits(),
            stream.partition(RecordId(place as u32)),
        ))
    };
    let own = at(stream, id.index())?;
    if at(other, id.index()) == Some(own) {
        return Some(id);
    }
    let before = (0..id.index()).filter(|&place| at(stream, place) == Some(own)).count();
    let mut equal = (0..other.len()).filter(|&place| at(other, place) == Some(own));
    equal.nth(before).map(|place| RecordId(place as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::{EventTime, ProcTime};

    #[test]
    fn records_are_found_again_in_another_order() {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        let row = |t: i64, value: f64| Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(t),
            key,
            value,
            partition: PartitionId(0),
        };
        let stream = Stream::from_rows(vec![row(1, 1.0), row(2, 1.0), row(2, 1.0), row(3, 2.0)], keys);
        let other = stream.read_in_order(&[3, 2, 1, 0].map(RecordId));
        let found: Vec<_> = (0..5).map(|id| same_record(&stream, RecordId(id), &other).map(|id| id.0)).collect();
        assert_eq!(found, [Some(3), Some(1), Some(2), Some(0), None]);
    }
}
