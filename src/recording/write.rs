//! Writing a recording: plain columns event_time, arrival_time, key, value (and partition), rows
//! in arrival order.
//!
//! Times are RFC 3339 with as many decimals as they need, values have the shortest digits that
//! give the same number: reading the file gives an equal stream. Rows of text are made in a buffer
//! of some kilobytes; nothing is held beside the stream but the keys as they are written.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;

use super::error::WriteError;
use super::input::STANDARD_STREAM;
use super::instant_text::InstantText;
use super::parquet_file::write_parquet;
use super::report::Role;
use super::whole_file::write_whole;
use crate::record::{RecordId, Stream};

/// The format of a recording's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// Comma separated, with a header.
    Csv,
    /// One JSON object per line.
    JsonLines,
}

/// The format of a recording's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Rows of text.
    Rows(RowFormat, Packing),
    /// Apache Parquet, packed by columns with Zstandard.
    Parquet,
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

/// Called with the rows written so far, now and then; breaking off cancels the writing, and nothing
/// is written.
pub type Written<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// Rows between two calls of [`Written`].
const HEARD_ROWS: usize = 1 << 16;

/// How a file of this name is written: `.parquet`, or `.csv`, `.jsonl` or `.ndjson`, with `.gz` or
/// `.zst` after it or not. `-` is plain CSV.
///
/// # Errors
/// When the name has another extension.
pub fn format_of(path: &Path) -> Result<FileFormat, WriteError> {
    if path.as_os_str() == STANDARD_STREAM {
        return Ok(FileFormat::Rows(RowFormat::Csv, Packing::Plain));
    }
    let extension = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (packing, inner) = match extension(path).as_str() {
        "parquet" => return Ok(FileFormat::Parquet),
        "gz" => (Packing::Gzip, path.with_extension("")),
        "zst" => (Packing::Zstd, path.with_extension("")),
        _ => (Packing::Plain, path.to_owned()),
    };
    match extension(&inner).as_str() {
        "csv" => Ok(FileFormat::Rows(RowFormat::Csv, packing)),
        "jsonl" | "ndjson" => Ok(FileFormat::Rows(RowFormat::JsonLines, packing)),
        _ => Err(WriteError::UnknownFormat { file: path.display().to_string() }),
    }
}

/// Writes a file, whole or not at all; standard output for `-`.
///
/// # Errors
/// When the name has no known extension, or the file cannot be written.
pub fn write_path(stream: &Stream, path: &Path) -> Result<(), WriteError> {
    write_path_with(stream, path, &mut |_| ControlFlow::Continue(()))
}

/// [`write_path`], telling how far it is.
///
/// # Errors
/// As [`write_path`]; and when `written` breaks off.
pub fn write_path_with(stream: &Stream, path: &Path, written: &mut Written<'_>) -> Result<(), WriteError> {
    let format = format_of(path)?;
    let is_stdout = path.as_os_str() == STANDARD_STREAM;
    let file = if is_stdout { "standard output".to_owned() } else { path.display().to_string() };
    let result = match format {
        FileFormat::Rows(format, packing) if is_stdout => {
            let mut output = io::BufWriter::new(io::stdout().lock());
            let result = write_packed(stream, format, packing, &mut output, written);
            match result.and_then(|()| Ok(output.flush()?)) {
                // A reader that has gone away (`| head`) has what it wanted.
                Err(Fault::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result,
            }
        }
        FileFormat::Rows(format, packing) => {
            write_whole(path, |file| write_packed(stream, format, packing, file, written))
        }
        FileFormat::Parquet => write_whole(path, |file| write_parquet(stream, file, written)),
    };
    result.map_err(|fault| match fault {
        Fault::Cancelled => WriteError::Cancelled { file },
        Fault::Io(source) => WriteError::Io { file, source },
    })
}

/// Writes rows of text to anything.
///
/// # Errors
/// Those of the writer.
pub fn write(stream: &Stream, format: RowFormat, packing: Packing, writer: impl Write) -> io::Result<()> {
    match write_packed(stream, format, packing, writer, &mut |_| ControlFlow::Continue(())) {
        Err(Fault::Io(error)) => Err(error),
        // Nobody cancels.
        Ok(()) | Err(Fault::Cancelled) => Ok(()),
    }
}

/// Why writing ended early.
#[derive(Debug)]
pub(super) enum Fault {
    /// The writer.
    Io(io::Error),
    /// Whoever hears of the rows written.
    Cancelled,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<parquet::errors::ParquetError> for Fault {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Io(io::Error::other(error))
    }
}

/// Tells how many rows are written.
pub(super) fn tell(written: &mut Written<'_>, rows: usize) -> Result<(), Fault> {
    if written(rows as u64).is_break() { Err(Fault::Cancelled) } else { Ok(()) }
}

fn write_packed(
    stream: &Stream,
    format: RowFormat,
    packing: Packing,
    mut writer: impl Write,
    written: &mut Written<'_>,
) -> Result<(), Fault> {
    match packing {
        Packing::Plain => write_rows(stream, format, &mut writer, written),
        Packing::Gzip => {
            let mut packer = flate2::write::GzEncoder::new(writer, flate2::Compression::default());
            write_rows(stream, format, &mut packer, written)?;
            packer.finish()?;
            Ok(())
        }
        Packing::Zstd => {
            let mut packer = zstd::stream::write::Encoder::new(writer, 0)?;
            write_rows(stream, format, &mut packer, written)?;
            packer.finish()?;
            Ok(())
        }
    }
}

/// What stands between the fields of a row, in the order of the roles, and at its end.
struct Marks {
    before: [&'static str; 5],
    end: &'static str,
}

const CSV_MARKS: Marks = Marks { before: ["", ",", ",", ",", ","], end: "\n" };

const JSON_MARKS: Marks = Marks {
    before: ["{\"event_time\":\"", "\",\"arrival_time\":\"", "\",\"key\":", ",\"value\":", ",\"partition\":"],
    end: "}\n",
};

fn write_rows(
    stream: &Stream,
    format: RowFormat,
    writer: &mut dyn Write,
    written: &mut Written<'_>,
) -> Result<(), Fault> {
    let mut out = Vec::with_capacity(1 << 16);
    let (marks, key_text): (_, fn(&str) -> String) = match format {
        RowFormat::Csv => (CSV_MARKS, csv_field),
        RowFormat::JsonLines => (JSON_MARKS, |name| serde_json::Value::from(name).to_string()),
    };
    if format == RowFormat::Csv {
        let columns = if stream.is_partitioned() { &Role::ALL[..] } else { &Role::ALL[..4] };
        out.extend_from_slice(columns.iter().map(|role| role.name()).collect::<Vec<_>>().join(",").as_bytes());
        out.push(b'\n');
    }
    let keys: Vec<String> = stream.key_table().names().map(key_text).collect();
    let (mut event_text, mut arrival_text) = (InstantText::default(), InstantText::default());
    for (i, record) in stream.records().enumerate() {
        out.extend_from_slice(marks.before[0].as_bytes());
        event_text.push(record.event_time.micros(), &mut out);
        out.extend_from_slice(marks.before[1].as_bytes());
        arrival_text.push(stream.arrivals()[i].micros(), &mut out);
        out.extend_from_slice(marks.before[2].as_bytes());
        out.extend_from_slice(keys.get(record.key.index()).map_or(b"", |key| key.as_bytes()));
        out.extend_from_slice(marks.before[3].as_bytes());
        push_number(record.value, &mut out)?;
        if stream.is_partitioned() {
            write!(out, "{}{}", marks.before[4], stream.partition(RecordId(i as u32)).0)?;
        }
        out.extend_from_slice(marks.end.as_bytes());
        if out.len() >= 1 << 15 {
            writer.write_all(&out)?;
            out.clear();
        }
        if (i + 1) % HEARD_ROWS == 0 {
            tell(written, i + 1)?;
        }
    }
    Ok(writer.write_all(&out)?)
}

/// A field of CSV, in quotes where it needs them (RFC 4180).
fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The shortest digits that give the same number: plain ones where they are readable.
fn push_number(value: f64, out: &mut Vec<u8>) -> io::Result<()> {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-5..1e16).contains(&magnitude) {
        write!(out, "{value}")
    } else {
        write!(out, "{value:e}")
    }
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
        assert_eq!(format("a.csv"), Some(FileFormat::Rows(RowFormat::Csv, Packing::Plain)));
        assert_eq!(format("dir.x/a.CSV.gz"), Some(FileFormat::Rows(RowFormat::Csv, Packing::Gzip)));
        assert_eq!(format("a.jsonl"), Some(FileFormat::Rows(RowFormat::JsonLines, Packing::Plain)));
        assert_eq!(format("a.b.ndjson.zst"), Some(FileFormat::Rows(RowFormat::JsonLines, Packing::Zstd)));
        assert_eq!(format("-"), Some(FileFormat::Rows(RowFormat::Csv, Packing::Plain)));
        assert_eq!(format("a.Parquet"), Some(FileFormat::Parquet));
        assert_eq!(format("a.parquet.gz"), None);
        assert_eq!(format("a.txt"), None);
        assert_eq!(format("a.gz"), None);
        assert_eq!(format("a"), None);
    }

    #[test]
    fn numbers_are_short_and_exact() {
        let number = |value| {
            let mut out = Vec::new();
            push_number(value, &mut out).expect("memory");
            String::from_utf8(out).expect("digits")
        };
        assert_eq!(number(1.0), "1");
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(-2.5e-300), "-2.5e-300");
        assert_eq!(number(f64::MAX), "1.7976931348623157e308");
        assert_eq!(number(123_456_789.0), "123456789");
    }
}
