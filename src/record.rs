//! What flows: records, their keys, and a whole stream of them in columns.
//!
//! A [`Stream`] is kept in arrival order; records that arrive at the same instant keep the order
//! in which they were given (file order). A [`RecordId`] is the place in that order. Keys are
//! interned: a record carries a [`KeyId`], and [`KeyTable`] knows the names.

mod columns;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::join::Joined;
use crate::production::Production;
use crate::time::{EventTime, ProcTime, Span};

pub use columns::Columns;

/// The place of a record in arrival order, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub u32);

impl RecordId {
    /// As an index into the columns of a [`Stream`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An interned key: its place in the [`KeyTable`], in order of first appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId(pub u32);

impl KeyId {
    /// As an index into per-key tables.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A partition of the log, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct PartitionId(pub u32);

impl PartitionId {
    /// As an index into per-partition tables.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One record as the window operator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in arrival order.
    pub id: RecordId,
    /// When it happened.
    pub event_time: EventTime,
    /// What it is grouped by.
    pub key: KeyId,
    /// What is aggregated; finite.
    pub value: f64,
}

/// The names of interned keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyTable {
    names: Vec<Arc<str>>,
    ids: BTreeMap<Arc<str>, KeyId>,
}

impl KeyTable {
    /// The id of `name`, given out on first sight.
    ///
    /// # Panics
    /// After 2^32 - 1 different keys, which [`Stream`] cannot hold.
    pub fn intern(&mut self, name: &str) -> KeyId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = KeyId(u32::try_from(self.names.len()).expect("a stream holds fewer than 2^32 records, so fewer keys"));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.ids.insert(name, id);
        id
    }

    /// The name of a key; empty for an id that this table did not give out.
    pub fn name(&self, id: KeyId) -> &str {
        self.names.get(id.index()).map_or("", |name| name)
    }

    /// The id of a name that was interned before.
    pub fn find(&self, name: &str) -> Option<KeyId> {
        self.ids.get(name).copied()
    }

    /// Names in order of their ids.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// One row for [`Stream::from_rows`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// When it happened.
    pub event_time: EventTime,
    /// When it reached the log.
    pub arrival: ProcTime,
    /// Interned key.
    pub key: KeyId,
    /// Value; finite.
    pub value: f64,
    /// Partition of the log.
    pub partition: PartitionId,
}

/// A whole stream in columns of equal length, in arrival order (or, where said, in the order in
/// which a run read it).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    event_times: Vec<EventTime>,
    arrivals: Vec<ProcTime>,
    keys: Vec<KeyId>,
    values: Vec<f64>,
    partitions: Vec<PartitionId>,
    /// More than any partition of a record; 0 when there is one.
    partition_count: u32,
    key_table: KeyTable,
    /// Ascending; empty while `arrivals` is.
    arrivals_ascending: Vec<ProcTime>,
    watermarks_said: Vec<(ProcTime, EventTime)>,
    joined: Option<Arc<Joined>>,
    production: Production,
}

impl Stream {
    /// Sorts rows by arrival time; ties keep their order.
    ///
    /// # Panics
    /// With 2^32 rows or more. Readers and generators refuse such input before it gets here.
    pub fn from_rows(rows: Vec<Row>, key_table: KeyTable) -> Self {
        let partitioned = rows.iter().any(|row| row.partition != PartitionId::default());
        let columns = Columns {
            event_times: rows.iter().map(|row| row.event_time).collect(),
            arrivals: rows.iter().map(|row| row.arrival).collect(),
            keys: rows.iter().map(|row| row.key).collect(),
            values: rows.iter().map(|row| row.value).collect(),
            partitions: if partitioned { rows.iter().map(|row| row.partition).collect() } else { Vec::new() },
            partition_count: 0,
        };
        Self::from_columns(columns, key_table)
    }

    /// Sorts records by arrival time; ties keep their order.
    ///
    /// # Panics
    /// When the columns differ in length, or with 2^32 records or more. Readers and generators
    /// refuse such input before it gets here.
    pub fn from_columns(mut columns: Columns, key_table: KeyTable) -> Self {
        columns.assert_equal_lengths();
        columns.sort_by_arrival();
        if columns.partitions.iter().all(|&partition| partition == PartitionId::default()) {
            columns.partitions = Vec::new();
        }
        let named = columns.partitions.iter().max().map_or(1, |last| last.0.saturating_add(1));
        let partition_count = named.max(columns.partition_count);
        Self {
            event_times: columns.event_times,
            arrivals: columns.arrivals,
            keys: columns.keys,
            values: columns.values,
            partitions: columns.partitions,
            partition_count: if partition_count > 1 { partition_count } else { 0 },
            key_table,
            arrivals_ascending: Vec::new(),
            watermarks_said: Vec::new(),
            production: Production::default(),
            joined: None,
        }
    }

    /// The same stream from a source that also says, at some instants of processing time, how far
    /// event time has come. What is not a rise is left out.
    #[must_use]
    pub fn saying(mut self, mut watermarks: Vec<(ProcTime, EventTime)>) -> Self {
        watermarks.sort_by_key(|&(at, _)| at);
        let mut reached = EventTime::MIN;
        watermarks.retain(|&(_, watermark)| {
            let rises = watermark > reached;
            reached = reached.max(watermark);
            rises
        });
        self.watermarks_said = watermarks;
        self
    }

    /// The same stream with what became of records before they reached the log. Its ids are those of
    /// the records here.
    #[must_use]
    pub fn with_production(mut self, production: Production) -> Self {
        self.production = production;
        self
    }

    /// The same stream, whose records are the pairs of a join.
    #[must_use]
    pub fn made_by_join(mut self, joined: Arc<Joined>) -> Self {
        self.joined = Some(joined);
        self
    }

    /// The same stream with the keys of `keys`, which takes up those that it does not have.
    #[must_use]
    pub fn with_keys_of(mut self, keys: &mut KeyTable) -> Self {
        let ids: Vec<KeyId> = self.key_table.names().map(|name| keys.intern(name)).collect();
        for key in &mut self.keys {
            *key = ids.get(key.index()).copied().unwrap_or(*key);
        }
        self.key_table = keys.clone();
        self
    }

    /// The same records in another order: that in which they were read, when that was not the order
    /// of arrival. `order` names every record once, by its place here.
    ///
    /// # Panics
    /// When `order` names a record that there is not.
    pub fn read_in_order(&self, order: &[RecordId]) -> Self {
        self.read_in_order_into(order, Self::default())
    }

    /// The same as [`Stream::read_in_order`], in the memory of a stream that nobody needs any more.
    ///
    /// # Panics
    /// When `order` names a record that there is not.
    pub(crate) fn read_in_order_into(&self, order: &[RecordId], spare: Self) -> Self {
        fn pick<T: Copy>(column: &[T], order: &[RecordId], mut into: Vec<T>) -> Vec<T> {
            into.clear();
            if !column.is_empty() {
                into.extend(order.iter().map(|id| column[id.index()]));
            }
            into
        }
        let arrivals = pick(&self.arrivals, order, spare.arrivals);
        let ascending = if arrivals.is_sorted() { Vec::new() } else { self.arrivals_ascending().to_vec() };
        Self {
            event_times: pick(&self.event_times, order, spare.event_times),
            arrivals,
            keys: pick(&self.keys, order, spare.keys),
            values: pick(&self.values, order, spare.values),
            partitions: pick(&self.partitions, order, spare.partitions),
            partition_count: self.partition_count,
            key_table: self.key_table.clone(),
            arrivals_ascending: ascending,
            watermarks_said: self.watermarks_said.clone(),
            production: self.production.in_order(order),
            joined: self.joined.clone(),
        }
    }

    /// The same records in the same order, all in the log at `at`: what a job finds that reads the log
    /// from the start.
    #[must_use]
    pub fn in_log_at(&self, at: ProcTime) -> Self {
        Self { arrivals: vec![at; self.len()], arrivals_ascending: Vec::new(), ..self.clone() }
    }

    /// Gives keys new ids in the order in which they arrive, and forgets keys without a record:
    /// streams of equal records then have equal ids, in whatever order their keys were interned.
    ///
    /// # Panics
    /// When a key is not from the key table, which no stream from this crate has.
    pub fn number_keys_by_arrival(&mut self) {
        let mut numbered = KeyTable::default();
        let mut new_ids: Vec<Option<KeyId>> = vec![None; self.key_table.len()];
        for key in &mut self.keys {
            let new_id = &mut new_ids[key.index()];
            *key = *new_id.get_or_insert_with(|| numbered.intern(self.key_table.name(*key)));
        }
        for lost in &mut self.production.lost {
            let new_id = &mut new_ids[lost.key.index()];
            lost.key = *new_id.get_or_insert_with(|| numbered.intern(self.key_table.name(lost.key)));
        }
        self.key_table = numbered;
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.event_times.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.event_times.is_empty()
    }

    /// The record at this place in arrival order.
    ///
    /// # Panics
    /// When `id` is not below [`Stream::len`].
    pub fn record(&self, id: RecordId) -> Record {
        let i = id.index();
        Record { id, event_time: self.event_times[i], key: self.keys[i], value: self.values[i] }
    }

    /// All records in arrival order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record> {
        (0..self.len()).map(|i| self.record(RecordId(i as u32)))
    }

    /// Event times in arrival order, so unsorted.
    pub fn event_times(&self) -> &[EventTime] {
        &self.event_times
    }

    /// Arrival times in the order of the records: ascending, unless that is another one
    /// ([`Stream::read_in_order`]).
    pub fn arrivals(&self) -> &[ProcTime] {
        &self.arrivals
    }

    /// Arrival times, ascending.
    pub fn arrivals_ascending(&self) -> &[ProcTime] {
        if self.arrivals_ascending.is_empty() { &self.arrivals } else { &self.arrivals_ascending }
    }

    /// Whether records are in arrival order.
    pub fn is_in_arrival_order(&self) -> bool {
        self.arrivals_ascending.is_empty()
    }

    /// Keys in arrival order.
    pub fn keys(&self) -> &[KeyId] {
        &self.keys
    }

    /// Values in arrival order; all finite.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The partition of a record; 0 when the stream has one partition.
    pub fn partition(&self, id: RecordId) -> PartitionId {
        self.partitions.get(id.index()).copied().unwrap_or_default()
    }

    /// How many partitions there are, silent ones included; at least 1.
    pub const fn partitions(&self) -> usize {
        if self.partition_count > 1 { self.partition_count as usize } else { 1 }
    }

    /// Whether any record is outside partition 0.
    pub fn is_partitioned(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// What became of records before they reached the log.
    pub const fn production(&self) -> &Production {
        &self.production
    }

    /// How many records happened: those in the log without copies, and those that never reached it.
    pub const fn happened(&self) -> usize {
        self.event_times.len() - self.production.duplicates.len() + self.production.lost.len()
    }

    /// What the source says of the watermark, and when; ascending in both clocks. Most sources say
    /// nothing.
    pub fn watermarks_said(&self) -> &[(ProcTime, EventTime)] {
        &self.watermarks_said
    }

    /// How the stream came about, when its records are the pairs of a join.
    pub fn joined(&self) -> Option<&Joined> {
        self.joined.as_deref()
    }

    /// The names of the keys.
    pub fn key_table(&self) -> &KeyTable {
        &self.key_table
    }

    /// Delay (arrival minus event time) of a record; negative when its clock ran ahead.
    pub fn delay(&self, id: RecordId) -> Span {
        self.arrivals[id.index()].since_event(self.event_times[id.index()])
    }

    /// The earliest and latest event time; `None` when empty.
    pub fn event_time_range(&self) -> Option<(EventTime, EventTime)> {
        Some((*self.event_times.iter().min()?, *self.event_times.iter().max()?))
    }

    /// The first and last arrival; `None` when empty.
    pub fn arrival_range(&self) -> Option<(ProcTime, ProcTime)> {
        let arrivals = self.arrivals_ascending();
        Some((*arrivals.first()?, *arrivals.last()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(event_ms: i64, arrival_ms: i64, value: f64) -> Row {
        Row {
            event_time: EventTime::from_millis(event_ms),
            arrival: ProcTime::from_millis(arrival_ms),
            key: KeyId(0),
            value,
            partition: PartitionId(0),
        }
    }

    #[test]
    fn rows_are_taken_in_arrival_order_and_ties_keep_file_order() {
        let rows = vec![row(1, 30, 1.0), row(2, 10, 2.0), row(3, 30, 3.0), row(4, 10, 4.0)];
        let stream = Stream::from_rows(rows, KeyTable::default());
        assert_eq!(stream.values(), [2.0, 4.0, 1.0, 3.0]);
        assert_eq!(stream.delay(RecordId(2)), Span::from_millis(29));
    }

    #[test]
    fn sorting_in_place_equals_sorting_rows() {
        let mut rng = crate::rng::Seed::new(5).stream("rows");
        let mut below = |n: i64| rng.integer(0, n - 1);
        for length in [0, 1, 2, 63, 64, 65, 1_000, 5_001] {
            // Few arrivals, and arrivals so far apart that a place beside them does not fit in 64 bits.
            let spread = if length % 2 == 0 { 1 } else { 1 << 47 };
            let row = |i| Row {
                arrival: ProcTime::from_micros(below(50) * spread + below(2)),
                ..row(below(100), 0, f64::from(i))
            };
            let rows: Vec<Row> = (0..length).map(row).collect();
            let stream = Stream::from_rows(rows.clone(), KeyTable::default());
            let mut expected = rows;
            expected.sort_by_key(|row| row.arrival);
            assert_eq!(stream.len(), expected.len());
            assert!(stream.values().iter().eq(expected.iter().map(|row| &row.value)));
            assert!(stream.event_times().iter().eq(expected.iter().map(|row| &row.event_time)));
            assert!(stream.arrivals().iter().eq(expected.iter().map(|row| &row.arrival)));
        }
    }

    #[test]
    fn keys_can_be_numbered_by_arrival() {
        let mut table = KeyTable::default();
        let (unused, a, b) = (table.intern("unused"), table.intern("a"), table.intern("b"));
        assert_eq!(unused, KeyId(0));
        let rows = vec![Row { key: a, ..row(1, 30, 1.0) }, Row { key: b, ..row(2, 10, 2.0) }];
        let mut stream = Stream::from_rows(rows, table);
        stream.number_keys_by_arrival();
        assert_eq!(stream.keys(), [KeyId(0), KeyId(1)]);
        assert_eq!(stream.key_table().names().collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn keys_are_interned_in_order_of_appearance() {
        let mut table = KeyTable::default();
        assert_eq!(table.intern("b"), KeyId(0));
        assert_eq!(table.intern("a"), KeyId(1));
        assert_eq!(table.intern("b"), KeyId(0));
        assert_eq!(table.names().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(table.find("a"), Some(KeyId(1)));
        assert_eq!(table.find("c"), None);
        assert_eq!(table.name(KeyId(9)), "");
    }
}
