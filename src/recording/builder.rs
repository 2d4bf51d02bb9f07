//! Rows become a stream, and bad rows are kept aside or refused.
//!
//! Nothing of a bad row is remembered but itself. Beside the columns of the stream there are the
//! bad rows and the keys, and while the stream is put in order eight bytes a row.

use std::ops::ControlFlow;

use xxhash_rust::xxh3::xxh3_64;

use super::BadRows;
use super::bad_row::{BadRow, Counted};
use super::cells::{Cell, CellReader, RoleCells};
use super::report::{ColumnReport, Role};
use super::unit_change::{UnitChange, UnitWatch};
use crate::record::{Columns, KeyId, KeyTable, PartitionId, Row, Stream};
use crate::time::{EventTime, ProcTime};

/// Details of at most this many bad rows are kept; more are counted. A million of them take some
/// 100 MB, and nobody reads further.
pub const BAD_ROWS_KEPT_MAX: usize = 1_000_000;

/// When this many rows have been tried and all were bad, the rest is not read.
const HOPELESS_ROWS: u64 = 100_000;

/// A stream has at most this many partitions. Real topics have some thousand at most; more means
/// that the column is something else.
pub(super) const PARTITIONS_MAX: u32 = 65_536;

/// The most rows that a [`Stream`] holds.
pub(super) const ROWS_MAX: u32 = u32::MAX - 1;

/// How many keys are found without a search; a power of two. With fewer, streams of some ten
/// thousand keys take twice as long to read; with more, the table falls out of the processor's
/// cache.
const RECENT_KEYS: usize = 1 << 15;

/// Why reading stops before the end.
#[derive(Debug)]
pub(super) enum Stop {
    /// A bad row, and bad rows are refused.
    BadRow(Box<BadRow>),
    /// The unit of a column of times changes.
    UnitChange(Box<UnitChange>),
    /// Nothing but bad rows so far, and enough of them.
    Hopeless,
    /// More rows than a stream holds.
    TooManyRows,
    /// Too many different partitions.
    TooManyPartitions,
}

/// Collects rows.
pub(super) struct Builder {
    /// What the cells mean.
    pub(super) cells: CellReader,
    units: UnitWatch,
    bad_rows_are: BadRows,
    rows_max: u32,
    columns: Columns,
    keys: KeyTable,
    partitions: KeyTable,
    newest_event: i64,
    recent_keys: Vec<Option<KeyId>>,
    recent_partition: Option<KeyId>,
    /// Rows tried.
    pub(super) row_count: u64,
    /// Rows that were bad.
    pub(super) bad_row_count: u64,
    /// The first of them.
    pub(super) bad_rows: Vec<BadRow>,
}

impl Builder {
    pub(super) fn new(columns: &[ColumnReport], bad_rows_are: BadRows, counted: Counted) -> Self {
        Self {
            cells: CellReader::new(columns, counted),
            units: UnitWatch::default(),
            bad_rows_are,
            rows_max: ROWS_MAX,
            columns: Columns::default(),
            keys: KeyTable::default(),
            partitions: KeyTable::default(),
            newest_event: i64::MIN,
            recent_keys: vec![None; RECENT_KEYS],
            recent_partition: None,
            row_count: 0,
            bad_row_count: 0,
            bad_rows: Vec::new(),
        }
    }

    /// Takes the cells of one row.
    pub(super) fn add(&mut self, line: u64, cells: &RoleCells<'_>) -> ControlFlow<Stop> {
        let row = match self.row(line, cells) {
            Ok(row) => row,
            Err(bad) => return self.add_bad(bad),
        };
        if let Some(change) = self.unit_changed_at(line, cells) {
            return ControlFlow::Break(Stop::UnitChange(Box::new(change)));
        }
        if self.columns.values.len() >= self.rows_max as usize {
            return ControlFlow::Break(Stop::TooManyRows);
        }
        if self.partitions.len() > PARTITIONS_MAX as usize {
            return ControlFlow::Break(Stop::TooManyPartitions);
        }
        self.push(row);
        self.row_count += 1;
        ControlFlow::Continue(())
    }

    /// Takes a row that has no usable cells.
    pub(super) fn add_bad(&mut self, bad: BadRow) -> ControlFlow<Stop> {
        self.row_count += 1;
        self.bad_row_count += 1;
        if self.bad_rows_are == BadRows::Refuse {
            return ControlFlow::Break(Stop::BadRow(Box::new(bad)));
        }
        if let Some(change) = self.units.bad(&bad, self.columns.values.is_empty()) {
            return ControlFlow::Break(Stop::UnitChange(Box::new(change)));
        }
        if self.bad_rows.len() < BAD_ROWS_KEPT_MAX {
            self.bad_rows.push(bad);
        }
        if self.columns.values.is_empty() && self.bad_row_count >= HOPELESS_ROWS {
            return ControlFlow::Break(Stop::Hopeless);
        }
        ControlFlow::Continue(())
    }

    /// Whether a good row is the first after rows in another unit with which the file began.
    fn unit_changed_at(&mut self, line: u64, cells: &RoleCells<'_>) -> Option<UnitChange> {
        let run = self.units.take_run()?;
        let is_column = |role: &Role| run.is_in(self.cells.name(*role));
        let role = [Role::EventTime, Role::ArrivalTime].into_iter().find(is_column)?;
        run.ended_by(line, &cells[role.index()]?.text())
    }

    fn row(&mut self, line: u64, cells: &RoleCells<'_>) -> Result<Row, BadRow> {
        let event_micros = self.cells.time(line, Role::EventTime, cells[0].unwrap_or(Cell::Null))?;
        let arrival_micros = match cells[1] {
            Some(cell) => self.cells.time(line, Role::ArrivalTime, cell)?,
            None => self.newest_event.max(event_micros),
        };
        let value = match cells[3] {
            Some(cell) => self.cells.value(line, cell)?,
            None => 1.0,
        };
        let key = self.cells.text(line, Role::Key, cells[2].unwrap_or(Cell::Null))?;
        let partition = match cells[4] {
            Some(cell) => {
                let name = self.cells.text(line, Role::Partition, cell)?;
                PartitionId(self.partition(name.trim()).0)
            }
            None => PartitionId::default(),
        };
        // Nothing of a bad row is remembered.
        self.newest_event = self.newest_event.max(event_micros);
        Ok(Row {
            event_time: EventTime::from_micros(event_micros),
            arrival: ProcTime::from_micros(arrival_micros),
            key: self.key(&key),
            value,
            partition,
        })
    }

    /// Interns the name of a partition, which is often that of the row before.
    fn partition(&mut self, name: &str) -> KeyId {
        match self.recent_partition {
            Some(recent) if self.partitions.name(recent) == name => recent,
            _ => *self.recent_partition.insert(self.partitions.intern(name)),
        }
    }

    /// Interns a key. Its hash says where it was put when it last came, which saves the search in
    /// the ordered table for all but new and rare keys.
    fn key(&mut self, name: &str) -> KeyId {
        let place = xxh3_64(name.as_bytes()) as usize % RECENT_KEYS;
        match self.recent_keys[place] {
            Some(key) if self.keys.name(key) == name => key,
            _ => {
                let key = self.keys.intern(name);
                self.recent_keys[place] = Some(key);
                key
            }
        }
    }

    fn push(&mut self, row: Row) {
        self.columns.event_times.push(row.event_time);
        self.columns.arrivals.push(row.arrival);
        self.columns.keys.push(row.key);
        self.columns.values.push(row.value);
        if self.cells.has(Role::Partition) {
            self.columns.partitions.push(row.partition);
        }
    }

    /// The stream of all rows so far.
    ///
    /// Keys are numbered in the order in which they arrive, whatever the order of the file, so
    /// that a recording and its copy in another order of rows give equal streams.
    pub(super) fn finish(mut self) -> Stream {
        self.number_partitions();
        let mut stream = Stream::from_columns(self.columns, self.keys);
        stream.number_keys_by_arrival();
        stream
    }

    /// Partitions that are all small whole numbers keep them; others are numbered in the order
    /// in which they appear in the file.
    fn number_partitions(&mut self) {
        let numbers: Option<Vec<u32>> = self.partitions.names().map(partition_number).collect();
        if let Some(numbers) = numbers {
            for partition in &mut self.columns.partitions {
                *partition = PartitionId(numbers.get(partition.0 as usize).copied().unwrap_or_default());
            }
        }
    }
}

/// A partition number as it would be written.
fn partition_number(name: &str) -> Option<u32> {
    let number: u32 = name.parse().ok()?;
    (number < PARTITIONS_MAX && number.to_string() == name).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::report::Choice;
    use crate::recording::time_format::{EpochUnit, TimeFormat};

    fn builder(bad_rows_are: BadRows) -> Builder {
        let columns: Vec<_> = Role::ALL
            .into_iter()
            .map(|role| ColumnReport {
                role,
                column: Some(role.name().into()),
                choice: Choice::Given,
                time_format: Some(TimeFormat::epoch_by_magnitude(EpochUnit::Seconds)),
            })
            .collect();
        Builder::new(&columns, bad_rows_are, Counted::Lines)
    }

    fn add(builder: &mut Builder, cells: [&str; 5]) -> ControlFlow<Stop> {
        builder.add(1, &cells.map(|cell| Some(Cell::Text(cell.as_bytes()))))
    }

    #[test]
    fn a_stream_holds_so_many_rows_and_no_more() {
        let mut builder = builder(BadRows::KeepAside);
        builder.rows_max = 2;
        for _ in 0..2 {
            assert!(add(&mut builder, ["1", "2", "k", "3", "0"]).is_continue());
        }
        assert!(matches!(add(&mut builder, ["1", "2", "k", "3", "0"]), ControlFlow::Break(Stop::TooManyRows)));
    }

    #[test]
    fn partitions_keep_their_numbers_or_get_them_in_order() {
        let partitions = |names: [&str; 3]| {
            let mut builder = builder(BadRows::KeepAside);
            for name in names {
                assert!(add(&mut builder, ["1", "2", "k", "3", name]).is_continue());
            }
            let stream = builder.finish();
            (0..3).map(|i| stream.partition(crate::record::RecordId(i)).0).collect::<Vec<_>>()
        };
        assert_eq!(partitions(["5", " 0", "3"]), [5, 0, 3]);
        assert_eq!(partitions(["eu", "us", "eu"]), [0, 1, 0]);
        assert_eq!(partitions(["7", "us", "7"]), [0, 1, 0]);
        assert_eq!(partitions(["07", "1", "07"]), [0, 1, 0]);
        assert_eq!(partitions(["65536", "1", "1"]), [0, 1, 1]);
    }

    #[test]
    fn too_many_partitions_are_refused() {
        let mut builder = builder(BadRows::KeepAside);
        let mut add = |i: u32| add(&mut builder, ["1", "2", "k", "3", &format!("p{i}")]);
        for i in 0..PARTITIONS_MAX {
            assert!(add(i).is_continue());
        }
        assert!(matches!(add(PARTITIONS_MAX), ControlFlow::Break(Stop::TooManyPartitions)));
    }

    #[test]
    fn hopeless_input_is_given_up() {
        let mut builder = builder(BadRows::KeepAside);
        for _ in 1..HOPELESS_ROWS {
            assert!(add(&mut builder, ["x", "2", "k", "3", "0"]).is_continue());
        }
        assert!(matches!(add(&mut builder, ["x", "2", "k", "3", "0"]), ControlFlow::Break(Stop::Hopeless)));
    }

    #[test]
    fn keys_are_numbered_by_arrival() {
        let mut builder = builder(BadRows::KeepAside);
        for cells in [["1", "9", "late", "1", "0"], ["1", "5", "", "1", "0"], ["x", "1", "bad", "1", "0"]] {
            let _ = add(&mut builder, cells);
        }
        let stream = builder.finish();
        assert_eq!(stream.key_table().names().collect::<Vec<_>>(), ["", "late"]);
        assert_eq!(stream.keys(), [KeyId(0), KeyId(1)]);
    }
}
