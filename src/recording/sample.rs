//! The first rows of an input: what kind of file it is, and columns of cells to guess from.
//!
//! Looks ahead in the buffer without consuming anything but a byte order mark, so that reading
//! afterwards starts at the first row. Everything here may copy; it sees at most [`SAMPLE_ROWS`]
//! rows or [`SAMPLE_BYTES`] bytes.

use std::path::Path;

use super::buffer::LineBuffer;
use super::delimited::{RowKind, Splitter};
use super::error::ReadError;
use super::guess::looks_like_data;
use super::json_rows::flatten;
use super::kcat;
use super::report::{Layout, Role};
use super::time_format::TimeFormat;

/// Enough that rare values of a column are seen, and few enough to be read in a blink.
pub(super) const SAMPLE_ROWS: usize = 1_000;

/// A sample of rows as long as lines may be has this many bytes instead.
const SAMPLE_BYTES: usize = 1 << 20;

/// Columns of JSON beyond this many are not looked at when guessing.
const JSON_COLUMNS_MAX: usize = 1_000;

/// Rows of a delimited file are taken apart into at most this many fields when guessing.
const FIELDS_MAX: usize = 10_000;

/// Delimiters that are recognised, the likelier first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The first rows of an input.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// What kind of file it is.
    pub(super) layout: Layout,
    /// Columns in file order.
    pub(super) columns: Vec<SampleColumn>,
    /// How many rows there are in every column.
    pub(super) row_count: usize,
    /// Whether the first row of a delimited file looks like data, although it is taken for a
    /// header.
    pub(super) header_looks_like_data: bool,
    /// Whether nobody said that there is no header, and it was found out.
    pub(super) is_headless_guessed: bool,
    /// What the kind of file says of its columns; the second if the first leaves no event time.
    pub(super) hints: [Vec<Hint>; 2],
}

/// One column of the sample.
#[derive(Clone, Debug, Default)]
pub(super) struct SampleColumn {
    /// Its name, blanks around it cut; its number from 1 without a header.
    pub(super) name: String,
    /// Its cells; empty where the row has none.
    pub(super) cells: Vec<String>,
    /// How it writes its times, where the format of the file says so.
    pub(super) time_format: Option<TimeFormat>,
    /// Whether it is about the log and not the record: chosen by name or by a hint, never guessed.
    pub(super) is_aside: bool,
}

/// A role that the kind of file gives to a column, unless the user chose another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    /// The role.
    pub(super) role: Role,
    /// The column's place in the sample.
    pub(super) column: usize,
    /// Why, after "guessed".
    pub(super) reason: &'static str,
}

impl Sample {
    /// Looks ahead. `may_be_headless` says whether a first row of data is to be taken as such,
    /// `no_header` that it is.
    ///
    /// # Errors
    /// When there is nothing, no text, only a header, or a line too long.
    pub(super) fn take(buffer: &mut LineBuffer<'_>, no_header: bool, may_be_headless: bool) -> Result<Self, ReadError> {
        let lines = first_lines(buffer)?;
        let file = buffer.file().to_owned();
        let Some(first) = lines.iter().find(|line| !line.trim().is_empty()) else {
            return Err(ReadError::Empty { file });
        };
        let extension = plain_extension(&file);
        let is_json_name = matches!(extension.as_str(), "jsonl" | "ndjson" | "json");
        if first.trim_start().starts_with('[') && (is_json_name || first.trim() == "[" || first.starts_with("[{")) {
            let hint = "; JSON lines have one object per line (jq -c '.[]' FILE)";
            return Err(ReadError::OtherFormat { file, format: "a JSON list", hint });
        }
        if is_json_name || first.trim_start().starts_with('{') {
            return Ok(Self::of_json(&lines));
        }
        let delimiter = guess_delimiter(&lines, extension == "tsv");
        let rows = delimited_rows(buffer, delimiter)?;
        Self::of_delimited(delimiter, rows, no_header, may_be_headless).ok_or(ReadError::HeaderOnly { file })
    }

    fn of_json(lines: &[String]) -> Self {
        let mut columns: Vec<SampleColumn> = Vec::new();
        let mut row_count = 0;
        for pairs in lines.iter().filter_map(|line| flatten(line)) {
            for (name, text) in pairs {
                let place = match columns.iter().position(|column| column.name == name) {
                    Some(place) => place,
                    None if columns.len() >= JSON_COLUMNS_MAX => continue,
                    None => {
                        columns.push(SampleColumn { name, ..SampleColumn::default() });
                        columns.len() - 1
                    }
                };
                columns[place].cells.resize(row_count, String::new());
                columns[place].cells.push(text);
            }
            row_count += 1;
        }
        for column in &mut columns {
            column.cells.resize(row_count, String::new());
        }
        let is_dump = kcat::is_dump(&columns);
        if is_dump {
            kcat::mark(&mut columns);
        }
        Self {
            layout: if is_dump { Layout::Kcat } else { Layout::JsonLines },
            hints: if is_dump { kcat::hints(&columns) } else { Default::default() },
            columns,
            row_count,
            header_looks_like_data: false,
            is_headless_guessed: false,
        }
    }

    /// `None` when there is a header and nothing else.
    fn of_delimited(delimiter: u8, mut rows: Vec<Vec<String>>, no_header: bool, may_be_headless: bool) -> Option<Self> {
        let header_looks_like_data = rows.first().is_some_and(|first| looks_like_data(first));
        let is_headless_guessed = !no_header && may_be_headless && header_looks_like_data;
        let has_header = !no_header && !is_headless_guessed;
        let names: Vec<String> = if has_header {
            let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
            numbered_where_empty(header)
        } else {
            (1..=usual_length(&rows)).map(|number| number.to_string()).collect()
        };
        if rows.is_empty() {
            return None;
        }
        // Rows with more or fewer fields are bad rows and say nothing about the columns.
        rows.retain(|row| row.len() == names.len());
        let mut columns: Vec<_> =
            names.into_iter().map(|name| SampleColumn { name, ..SampleColumn::default() }).collect();
        let row_count = rows.len();
        for row in rows {
            for (column, cell) in columns.iter_mut().zip(row) {
                column.cells.push(cell);
            }
        }
        let layout = Layout::Delimited { delimiter, has_header };
        let hints = Default::default();
        Some(Self { layout, columns, row_count, header_looks_like_data, is_headless_guessed, hints })
    }

    /// Names of the columns in file order.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }
}

/// The first lines as text, bytes that are not text replaced.
fn first_lines(buffer: &mut LineBuffer<'_>) -> Result<Vec<String>, ReadError> {
    if let Some(first) = buffer.line_at(0)?
        && buffer.bytes(0, first.content).starts_with(b"\xef\xbb\xbf")
    {
        buffer.advance(3, 0);
    }
    let (mut lines, mut start) = (Vec::new(), 0);
    let mut first_binary_line = None;
    let mut binary_count = 0;
    while lines.len() <= SAMPLE_ROWS && start < SAMPLE_BYTES {
        let Some(line) = buffer.line_at(start)? else { break };
        let bytes = buffer.bytes(start, line.content);
        if bytes.iter().any(|byte| is_binary(*byte)) {
            binary_count += 1;
            first_binary_line.get_or_insert(lines.len() as u64 + 1);
        }
        lines.push(String::from_utf8_lossy(bytes).into_owned());
        start = line.next;
    }
    // A stray byte makes a bad row; a file that has them everywhere is no text.
    match first_binary_line {
        Some(line) if binary_count * 2 > lines.len() => {
            Err(ReadError::NotText { file: buffer.file().to_owned(), line })
        }
        _ => Ok(lines),
    }
}

/// Control characters that text does not have. Random bytes have one in nearly every ten.
fn is_binary(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | 0x1b)
}

/// The extension in lower case, that of a packer left out.
fn plain_extension(file: &str) -> String {
    let path = Path::new(file);
    let extension = |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match extension(path).as_str() {
        "gz" | "zst" => path.file_stem().map(Path::new).map(extension).unwrap_or_default(),
        other => other.to_owned(),
    }
}

/// The delimiter with which the most lines have as many fields as the first line.
fn guess_delimiter(lines: &[String], prefer_tab: bool) -> u8 {
    let lines: Vec<&String> = lines.iter().filter(|line| !line.is_empty()).collect();
    let agreement = |delimiter: u8| {
        let counts: Vec<usize> = lines.iter().map(|line| count_outside_quotes(line, delimiter)).collect();
        let usual = most_frequent(&counts);
        let agreeing = counts.iter().filter(|&&count| count == usual).count();
        let preferred = prefer_tab && delimiter == b'\t';
        // Without a delimiter on the usual line, agreement means nothing.
        if usual == 0 { (0, false, 0) } else { (agreeing, preferred, usual) }
    };
    // Of equals, `max_by_key` takes the last.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| agreement(*delimiter)).unwrap_or(b',')
}

fn count_outside_quotes(line: &str, delimiter: u8) -> usize {
    let (mut count, mut in_quotes) = (0, false);
    for byte in line.bytes() {
        if byte == b'"' {
            in_quotes = !in_quotes;
        } else if byte == delimiter && !in_quotes {
            count += 1;
        }
    }
    count
}

fn most_frequent(counts: &[usize]) -> usize {
    let mut tally = std::collections::BTreeMap::new();
    for &count in counts {
        *tally.entry(count).or_insert(0_usize) += 1;
    }
    tally.into_iter().max_by_key(|&(_, times)| times).map_or(0, |(count, _)| count)
}

fn usual_length(rows: &[Vec<String>]) -> usize {
    most_frequent(&rows.iter().map(Vec::len).collect::<Vec<_>>())
}

/// Rows of the sample and, before them, the header if there is one.
fn delimited_rows(buffer: &mut LineBuffer<'_>, delimiter: u8) -> Result<Vec<Vec<String>>, ReadError> {
    let mut splitter = Splitter::new(delimiter);
    let (mut rows, mut start) = (Vec::new(), 0);
    while rows.len() <= SAMPLE_ROWS && start < SAMPLE_BYTES {
        let Some(extent) = splitter.split_at(start, buffer)? else { break };
        if !matches!(extent.kind, RowKind::Blank | RowKind::OpenQuote) {
            let text = buffer.bytes(start, start + extent.content);
            let fields = splitter.field_count(extent.kind).min(FIELDS_MAX);
            let cells = (0..fields).filter_map(|i| splitter.field(i, extent.kind, text));
            let row: Vec<String> = cells.map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
            if rows.is_empty() {
                splitter.expect_fields(row.len());
            }
            rows.push(row);
        }
        start += extent.bytes;
    }
    Ok(rows)
}

fn numbered_where_empty(header: Vec<String>) -> Vec<String> {
    let name = |(i, name): (usize, String)| match name.trim() {
        "" => format!("column {}", i + 1),
        name => name.to_owned(),
    };
    header.into_iter().enumerate().map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::recording::input::open;

    fn sample_named(file: &str, text: &str) -> Result<Sample, ReadError> {
        let mut progress = |_| ControlFlow::Continue(());
        let mut buffer = LineBuffer::new(open(text.as_bytes(), file).expect("text").text(), &mut progress);
        Sample::take(&mut buffer, false, true)
    }

    fn check(text: &str, delimiter: u8, has_header: bool, names: &[&str]) {
        let sample = sample_named("t", text).expect("a sample");
        assert_eq!(sample.layout, Layout::Delimited { delimiter, has_header }, "{text}");
        assert_eq!(sample.names(), names, "{text}");
    }

    #[test]
    fn delimiters_and_headers_are_recognised() {
        check("a,b\n1,2\n", b',', true, &["a", "b"]);
        check("a;b\n1,5;2,5\n", b';', true, &["a", "b"]);
        check("a\tb\n1\t2\n", b'\t', true, &["a", "b"]);
        check("a | b\n1 | 2\n", b'|', true, &["a", "b"]);
        check("\u{feff}a,b\r\n1,2\r\n", b',', true, &["a", "b"]);
        check("t\n1\n", b',', true, &["t"]);
        check("\"a,b\",c;\n1,2\n", b',', true, &["a,b", "c;"]);
        check(",b\n1,2\n", b',', true, &["column 1", "b"]);
        check("1,2\n3,4\n", b',', false, &["1", "2"]);
        check("2019-03-23 20:21:09,x\n2019-03-23 20:21:09,y\n", b',', false, &["1", "2"]);
        check("1553372469,a,b\n1553372469,a\n1553372469,b\n", b',', false, &["1", "2"]);
    }

    #[test]
    fn a_tsv_prefers_tabs() {
        let text = "a,b\tc,d\n1,2\t3,4\n";
        assert!(matches!(
            sample_named("t.tsv.gz", text),
            Ok(Sample { layout: Layout::Delimited { delimiter: b'\t', .. }, .. })
        ));
        assert!(matches!(
            sample_named("t.csv", text),
            Ok(Sample { layout: Layout::Delimited { delimiter: b',', .. }, .. })
        ));
    }

    #[test]
    fn json_lines_are_recognised_and_flattened() {
        let sample = sample_named("t", "{\"a\":1}\nnonsense\n{\"b\":{\"c\":\"x\"}}\n").expect("a sample");
        assert_eq!(sample.layout, Layout::JsonLines);
        assert_eq!(sample.names(), ["a", "b.c"]);
        assert_eq!((sample.row_count, &sample.columns[0].cells[..]), (2, &["1".to_owned(), String::new()][..]));
        assert_eq!(sample.columns[1].cells, ["", "x"]);
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let message = |text: &str| sample_named("t", text).expect_err("no recording").to_string();
        assert_eq!(message(""), "t: is empty; expected rows of CSV or JSON lines");
        assert_eq!(message("\n  \n"), "t: is empty; expected rows of CSV or JSON lines");
        assert_eq!(message("a,b\n"), "t: has a header and no rows");
        assert_eq!(message("a,b"), "t: has a header and no rows");
        assert!(message("[\n{\"a\":1}\n]").contains("is a JSON list"));
        assert!(message("\x7fELF\x02\x01\0\0\n\0\0\n").contains("line 1 is not text"));
    }
}
