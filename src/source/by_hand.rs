//! Records that are put into the log by hand, merged into the stream of any source.
//!
//! Merging is deterministic and may be repeated: what was put in before is taken out first, so that a
//! stream holds the records of the list and no others. Records that reach the log earlier keep their ids
//! and everything else; later ones move up.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::production::{ProducerId, Production};
use crate::record::{Columns, KeyTable, PartitionId, RecordId, Row, Stream};
use crate::scenario::HandRecord;
use crate::source::murmur::partition_of;
use crate::time::{EventTime, ProcTime, Span};

/// The records of `stream` that its source made, and these. Their instants count from `origin` on both
/// clocks. O(n) where there are any, else nothing is copied.
pub fn merge(stream: Stream, records: &[HandRecord], origin: ProcTime) -> Stream {
    let made = without(stream);
    if records.is_empty() {
        return made;
    }
    let mut sorted: Vec<&HandRecord> = records.iter().collect();
    sorted.sort_by_key(|record| record.at);
    let places: BTreeMap<&str, PartitionId> =
        sorted.iter().map(|record| (&*record.key, partition_for(&made, &record.key))).collect();
    let mut keys = made.key_table().clone();
    let row = |record: &&HandRecord| Row {
        event_time: origin.on_event_clock() + record.event_time,
        arrival: origin + record.at,
        key: keys.intern(&record.key),
        value: record.value,
        partition: places.get(&*record.key).copied().unwrap_or_default(),
    };
    let rows: Vec<Row> = sorted.iter().map(row).collect();
    put_in(&made, &rows, keys)
}

/// The stream with these rows, each after the records that arrive at its instant.
fn put_in(made: &Stream, rows: &[Row], keys: KeyTable) -> Stream {
    // A stream holds fewer than 2^32 records.
    let ids = |range: Range<usize>| range.map(|place| RecordId(place as u32));
    let is_partitioned = made.is_partitioned() || rows.iter().any(|row| row.partition != PartitionId::default());
    let mut columns = Columns {
        event_times: made.event_times().to_vec(),
        arrivals: made.arrivals().to_vec(),
        keys: made.keys().to_vec(),
        values: made.values().to_vec(),
        partitions: Vec::new(),
        partition_count: made.partitions() as u32,
    };
    if is_partitioned {
        columns.partitions = ids(0..made.len()).map(|id| made.partition(id)).collect();
        columns.partitions.extend(rows.iter().map(|row| row.partition));
    }
    columns.event_times.extend(rows.iter().map(|row| row.event_time));
    columns.arrivals.extend(rows.iter().map(|row| row.arrival));
    columns.keys.extend(rows.iter().map(|row| row.key));
    columns.values.extend(rows.iter().map(|row| row.value));
    let length = made.len() + rows.len();
    let mut production = Production { by_hand: ids(made.len()..length).collect(), ..made.production().clone() };
    if !production.producers.is_empty() {
        production.producers.resize(length, ProducerId::default());
    }
    if let Some(places) = columns.arrival_order() {
        let order: Vec<RecordId> = places.into_iter().map(RecordId).collect();
        production = production.in_order(&order);
    }
    let said = made.watermarks_said().to_vec();
    Stream::from_columns(columns, keys).with_production(production).saying(said)
}

/// Where the distances of records that are put into this stream by hand count from, for a source that does
/// not say when it starts: its first arrival.
pub fn origin_of(stream: &Stream) -> ProcTime {
    let made = |id: &RecordId| !stream.production().is_by_hand(*id);
    let first = (0..stream.len() as u32).map(RecordId).find(made);
    first.map_or(ProcTime::EPOCH, |id| stream.arrivals()[id.index()])
}

/// The stream without what was put in by hand.
fn without(stream: Stream) -> Stream {
    if stream.production().by_hand.is_empty() {
        return stream;
    }
    let made: Vec<RecordId> =
        (0..stream.len() as u32).map(RecordId).filter(|&id| !stream.production().is_by_hand(id)).collect();
    stream.read_in_order(&made)
}

/// Where the first record of a key is, or where Kafka's hash puts a key that there is not.
fn partition_for(stream: &Stream, key: &str) -> PartitionId {
    let known = stream.key_table().find(key).and_then(|id| stream.keys().iter().position(|&of| of == id));
    match known {
        // A stream holds fewer than 2^32 records, and at most 1,024 partitions.
        Some(place) => stream.partition(RecordId(place as u32)),
        None => PartitionId(partition_of(key, stream.partitions() as u32)),
    }
}

/// The record that someone puts in who points at an instant of both clocks, in the middle of a run that
/// started at `origin`. What lies before the start is put in at the start.
pub fn record_at(origin: ProcTime, at: ProcTime, event_time: EventTime, key: &str, value: f64) -> HandRecord {
    let at = (at - origin).max(Span::ZERO);
    HandRecord { at, event_time: event_time - origin.on_event_clock(), key: key.to_owned(), value }
}
