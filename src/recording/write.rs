//! Writing a recording: plain columns event_time, arrival_time, key, value (and partition), rows
//! in arrival order.
//!
//! Times are RFC 3339 with as many decimals as they need, values have the shortest digits that
//! give the same number: reading the file gives an equal stream.

use std::io::{self, Write};
use std::path::Path;

use super::error::WriteError;
use super::input::STANDARD_STREAM;
use super::report::Role;
use super::whole_file::write_whole;
use crate::human;
use crate::record::{RecordId, Stream};

/// The format of a recording's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// Comma separated, with a header.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

/// What a recording is packed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Nothing.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// How a file of this name is written: `.csv`, `.jsonl` or `.ndjson`, with `.gz` or `.zst` after
/// it or not. `-` is plain CSV.
///
/// # Errors
/// When the name has another extension.
pub fn format_of(path: &Path) -> Result<(RowFormat, Packing), WriteError> {
    if path.as_os_str() == STANDARD_STREAM {
        return Ok((RowFormat::Csv, Packing::Plain));
    }
    let extension = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (packing, inner) = match extension(path).as_str() {
        "gz" => (Packing::Gzip, path.with_extension("")),
        "zst" => (Packing::Zstd, path.with_extension("")),
        _ => (Packing::Plain, path.to_owned()),
    };
    match extension(&inner).as_str() {
        "csv" => Ok((RowFormat::Csv, packing)),
        "jsonl" | "ndjson" => Ok((RowFormat::JsonLines, packing)),
        _ => Err(WriteError::UnknownFormat { file: path.display().to_string() }),
    }
}

/// Writes a file, whole or not at all; standard output for `-`.
///
/// # Errors
/// When the name has no known extension, or the file cannot be written.
pub fn write_path(stream: &Stream, path: &Path) -> Result<(), WriteError> {
    let (format, packing) = format_of(path)?;
    let is_stdout = path.as_os_str() == STANDARD_STREAM;
    let file = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
    let io_error = |source| WriteError::Io { file, source };
    if is_stdout {
        let mut output = io::BufWriter::new(io::stdout().lock());
        return match write(stream, format, packing, &mut output).and_then(|()| output.flush()) {
            // A reader that has gone away (`| head`) has what it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result.map_err(io_error),
        };
    }
    write_whole(path, |file| write(stream, format, packing, file)).map_err(io_error)
}

/// Writes rows to anything.
///
/// # Errors
/// Those of the writer.
pub fn write(stream: &Stream, format: RowFormat, packing: Packing, mut writer: impl Write) -> io::Result<()> {
    match packing {
        Packing::Plain => write_rows(stream, format, &mut writer),
        Packing::Gzip => {
            let mut packer = flate2::write::GzEncoder::new(writer, flate2::Compression::default());
            write_rows(stream, format, &mut packer)?;
            packer.finish().map(|_| ())
        }
        Packing::Zstd => {
            let mut packer = zstd::stream::write::Encoder::new(writer, 0)?;
            write_rows(stream, format, &mut packer)?;
            packer.finish().map(|_| ())
        }
    }
}

fn write_rows(stream: &Stream, format: RowFormat, writer: &mut dyn Write) -> io::Result<()> {
    match format {
        RowFormat::Csv => write_csv(stream, writer),
        RowFormat::JsonLines => write_json_lines(stream, writer),
    }
}

fn write_csv(stream: &Stream, writer: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(writer);
    write_csv_rows(stream, &mut writer).map_err(|error| match error.into_kind() {
        // The kind of the error is kept, which the crate's own conversion loses.
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })?;
    writer.flush()
}

fn write_csv_rows(stream: &Stream, writer: &mut csv::Writer<&mut dyn Write>) -> csv::Result<()> {
    let columns = if stream.is_partitioned() { &Role::ALL[..] } else { &Role::ALL[..4] };
    writer.write_record(columns.iter().map(|role| role.name()))?;
    for (i, record) in stream.records().enumerate() {
        writer.write_field(human::instant_rfc3339(record.event_time.micros()))?;
        writer.write_field(human::instant_rfc3339(stream.arrivals()[i].micros()))?;
        writer.write_field(stream.key_table().name(record.key))?;
        writer.write_field(number(record.value))?;
        if stream.is_partitioned() {
            writer.write_field(stream.partition(RecordId(i as u32)).0.to_string())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

fn write_json_lines(stream: &Stream, writer: &mut dyn Write) -> io::Result<()> {
    for (i, record) in stream.records().enumerate() {
        let event_time = human::instant_rfc3339(record.event_time.micros());
        let arrival_time = human::instant_rfc3339(stream.arrivals()[i].micros());
        write!(writer, "{{\"event_time\":\"{event_time}\",\"arrival_time\":\"{arrival_time}\",\"key\":")?;
        serde_json::to_writer(&mut *writer, stream.key_table().name(record.key))?;
        write!(writer, ",\"value\":{}", number(record.value))?;
        if stream.is_partitioned() {
            write!(writer, ",\"partition\":{}", stream.partition(RecordId(i as u32)).0)?;
        }
        writer.write_all(b"}\n")?;
    }
    Ok(())
}

/// The shortest digits that give the same number: plain ones where they are readable.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) { value.to_string() } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::{EventTime, ProcTime};

    fn stream(partition: u32) -> Stream {
        let mut keys = KeyTable::default();
        let key = keys.intern("a \"b\", c");
        let row = Row {
            event_time: EventTime::from_micros(1_553_372_469_500_000),
            arrival: ProcTime::from_micros(1_553_372_470_000_001),
            key,
            value: 12.5,
            partition: PartitionId(partition),
        };
        Stream::from_rows(vec![row], keys)
    }

    fn text(stream: &Stream, format: RowFormat) -> String {
        let mut bytes = Vec::new();
        write(stream, format, Packing::Plain, &mut bytes).expect("memory");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn rows_are_plain_columns() {
        assert_eq!(
            text(&stream(0), RowFormat::Csv),
            "event_time,arrival_time,key,value\n\
             2019-03-23T20:21:09.5Z,2019-03-23T20:21:10.000001Z,\"a \"\"b\"\", c\",12.5\n"
        );
        assert_eq!(
            text(&stream(3), RowFormat::Csv),
            "event_time,arrival_time,key,value,partition\n\
             2019-03-23T20:21:09.5Z,2019-03-23T20:21:10.000001Z,\"a \"\"b\"\", c\",12.5,3\n"
        );
        assert_eq!(
            text(&stream(3), RowFormat::JsonLines),
            "{\"event_time\":\"2019-03-23T20:21:09.5Z\",\"arrival_time\":\"2019-03-23T20:21:10.000001Z\",\
             \"key\":\"a \\\"b\\\", c\",\"value\":12.5,\"partition\":3}\n"
        );
    }

    #[test]
    fn the_name_says_the_format() {
        let format = |name: &str| format_of(Path::new(name)).ok();
        assert_eq!(format("a.csv"), Some((RowFormat::Csv, Packing::Plain)));
        assert_eq!(format("dir.x/a.CSV.gz"), Some((RowFormat::Csv, Packing::Gzip)));
        assert_eq!(format("a.jsonl"), Some((RowFormat::JsonLines, Packing::Plain)));
        assert_eq!(format("a.b.ndjson.zst"), Some((RowFormat::JsonLines, Packing::Zstd)));
        assert_eq!(format("-"), Some((RowFormat::Csv, Packing::Plain)));
        assert_eq!(format("a.txt"), None);
        assert_eq!(format("a.gz"), None);
        assert_eq!(format("a"), None);
    }

    #[test]
    fn numbers_are_short_and_exact() {
        assert_eq!(number(1.0), "1");
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(-2.5e-300), "-2.5e-300");
        assert_eq!(number(f64::MAX), "1.7976931348623157e308");
        assert_eq!(number(123_456_789.0), "123456789");
    }
}
