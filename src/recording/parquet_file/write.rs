//! A recording as Parquet: instants in microseconds of UTC, keys from a dictionary.
//!
//! Row groups are of a million rows, so that a reader may take them one by one; values keep every
//! bit. Encodings: instants as packed differences, which sorted columns suit.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};

use crate::record::{RecordId, Stream};
use crate::recording::report::Role;
use crate::recording::write::{Fault, Written, tell};

/// Rows of a row group: what most tools write, and some ten megabytes while it is open.
const GROUP_ROWS: usize = 1 << 20;

/// Rows that are handed over at once.
const BATCH_ROWS: usize = 8_192;

/// Writes all records. `written` hears how many are.
///
/// # Errors
/// Those of the writer.
pub(in crate::recording) fn write_parquet(
    stream: &Stream,
    writer: impl Write + Send,
    written: &mut Written<'_>,
) -> std::result::Result<(), Fault> {
    let schema = Arc::new(schema(stream.is_partitioned())?);
    let mut file = SerializedFileWriter::new(writer, schema, Arc::new(properties()))?;
    // One of each, which the rows share.
    let keys: Vec<ByteArray> = stream.key_table().names().map(ByteArray::from).collect();
    let mut start = 0;
    while start < stream.len() {
        let end = stream.len().min(start + GROUP_ROWS);
        let group = file.next_row_group()?;
        write_group(stream, &keys, start..end, group)?;
        start = end;
        tell(written, start)?;
    }
    file.close()?;
    Ok(())
}

fn schema(is_partitioned: bool) -> Result<Type> {
    let column = |role: Role, physical, logical| {
        let column = Type::primitive_type_builder(role.name(), physical).with_repetition(Repetition::REQUIRED);
        column.with_logical_type(logical).build().map(Arc::new)
    };
    let instant = Some(LogicalType::timestamp(true, TimeUnit::MICROS));
    let mut columns = vec![
        column(Role::EventTime, Physical::INT64, instant.clone())?,
        column(Role::ArrivalTime, Physical::INT64, instant)?,
        column(Role::Key, Physical::BYTE_ARRAY, Some(LogicalType::String))?,
        column(Role::Value, Physical::DOUBLE, None)?,
    ];
    if is_partitioned {
        columns.push(column(Role::Partition, Physical::INT32, None)?);
    }
    Type::group_type_builder("recording").with_fields(columns).build()
}

fn properties() -> WriterProperties {
    let path = |role: Role| ColumnPath::from(role.name());
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("highwater version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()));
    for role in [Role::EventTime, Role::ArrivalTime] {
        properties = properties
            .set_column_dictionary_enabled(path(role), false)
            .set_column_encoding(path(role), Encoding::DELTA_BINARY_PACKED);
    }
    properties.build()
}

fn write_group<W: Write + Send>(
    stream: &Stream,
    keys: &[ByteArray],
    rows: std::ops::Range<usize>,
    mut group: SerializedRowGroupWriter<'_, W>,
) -> Result<()> {
    let (events, arrivals) = (stream.event_times(), stream.arrivals());
    write_column::<_, Int64Type>(&mut group, rows.clone(), |i| events[i].micros())?;
    write_column::<_, Int64Type>(&mut group, rows.clone(), |i| arrivals[i].micros())?;
    let key = |i: usize| keys.get(stream.keys()[i].index()).cloned().unwrap_or_default();
    write_column::<_, ByteArrayType>(&mut group, rows.clone(), key)?;
    write_column::<_, DoubleType>(&mut group, rows.clone(), |i| stream.values()[i])?;
    if stream.is_partitioned() {
        // There are at most 65,536 of them.
        let partition = |i: usize| stream.partition(RecordId(i as u32)).0 as i32;
        write_column::<_, Int32Type>(&mut group, rows, partition)?;
    }
    group.close()?;
    Ok(())
}

/// Writes the next column of a row group, a batch at a time.
fn write_column<W: Write + Send, D: DataType>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    rows: std::ops::Range<usize>,
    value: impl Fn(usize) -> D::T,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    let mut batch = Vec::with_capacity(BATCH_ROWS.min(rows.len()));
    let mut start = rows.start;
    while start < rows.end {
        let end = rows.end.min(start + BATCH_ROWS);
        batch.clear();
        batch.extend((start..end).map(&value));
        column.typed::<D>().write_batch(&batch, None, None)?;
        start = end;
    }
    column.close()
}
