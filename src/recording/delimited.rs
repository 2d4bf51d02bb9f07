//! Rows of delimited text (CSV and its relatives, RFC 4180 read leniently), with line numbers.
//!
//! A line without a quote, which is nearly every line, is split where it lies, without copying.
//! A quote counts only at the start of a field; elsewhere it is a character like any other, and
//! text after a closing quote belongs to the field. A quoted field may go on over several lines,
//! but only if the row then is well formed: otherwise the first line alone is a row with an open
//! quote, and reading goes on with the next line. So one lost quote costs one row, where a reader
//! of plain RFC 4180 takes everything up to the next quote of the file for one field.

use std::ops::Range;

use super::buffer::{LINE_BYTES_MAX, LineBuffer};
use super::error::ReadError;

/// Splits rows into fields.
pub(super) struct Splitter {
    delimiter: u8,
    /// Fields that a row should have, once known: what decides whether a row over several lines
    /// is well formed.
    fields_expected: Option<usize>,
    ranges: Vec<Range<usize>>,
    quoted: Quoted,
}

/// Where a row lies in the window of the buffer, and whether it has fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowExtent {
    /// Bytes up to the next row.
    pub(super) bytes: usize,
    /// Line breaks among them.
    pub(super) lines: u64,
    /// Bytes of the row without its last line break.
    pub(super) content: usize,
    /// What kind of row it is.
    pub(super) kind: RowKind,
}

impl RowExtent {
    /// Whether the input ends in this row, without a line break.
    pub(super) fn is_last_without_line_break(self) -> bool {
        self.content == self.bytes
    }
}

/// What kind of row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    /// Nothing on the line: no row at all.
    Blank,
    /// Split in place.
    Plain,
    /// Fields are in the splitter's own memory, without their quotes.
    Unquoted,
    /// A quote that is not closed.
    OpenQuote,
}

impl Splitter {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, fields_expected: None, ranges: Vec::new(), quoted: Quoted::default() }
    }

    /// From here on, rows over several lines must have so many fields.
    pub(super) fn expect_fields(&mut self, count: usize) {
        self.fields_expected = Some(count);
    }

    /// Splits the row that starts `from` bytes after the start of the window; `None` at the end
    /// of the input. Its fields stay until the next call.
    ///
    /// # Errors
    /// When reading fails or a line is too long.
    pub(super) fn split_at(
        &mut self,
        from: usize,
        buffer: &mut LineBuffer<'_>,
    ) -> Result<Option<RowExtent>, ReadError> {
        let Some(line) = buffer.line_at(from)? else { return Ok(None) };
        let text = buffer.bytes(from, line.content);
        let mut extent =
            RowExtent { bytes: line.next - from, lines: 1, content: line.content - from, kind: RowKind::Plain };
        if text.is_empty() {
            extent.kind = RowKind::Blank;
        } else if memchr::memchr(b'"', text).is_none() {
            self.split_plain(text);
        } else {
            self.quoted.start();
            self.quoted.feed(text, self.delimiter);
            extent.kind = RowKind::Unquoted;
            if self.quoted.is_open() {
                extent = self.continue_over_lines(from, extent, buffer)?;
            }
        }
        Ok(Some(extent))
    }

    /// How many fields the row has that was split last.
    pub(super) fn field_count(&self, kind: RowKind) -> usize {
        match kind {
            RowKind::Blank | RowKind::OpenQuote => 0,
            RowKind::Plain => self.ranges.len(),
            RowKind::Unquoted => self.quoted.ends.len(),
        }
    }

    /// A field of the row that was split last. `row` is its text in the buffer.
    pub(super) fn field<'s>(&'s self, index: usize, kind: RowKind, row: &'s [u8]) -> Option<&'s [u8]> {
        match kind {
            RowKind::Blank | RowKind::OpenQuote => None,
            RowKind::Plain => row.get(self.ranges.get(index)?.clone()),
            RowKind::Unquoted => self.quoted.field(index),
        }
    }

    fn split_plain(&mut self, text: &[u8]) {
        self.ranges.clear();
        let mut start = 0;
        for end in memchr::memchr_iter(self.delimiter, text) {
            self.ranges.push(start..end);
            start = end + 1;
        }
        self.ranges.push(start..text.len());
    }

    /// Feeds further lines until the open quote is closed and the row ends well, or cannot.
    fn continue_over_lines(
        &mut self,
        from: usize,
        first_line: RowExtent,
        buffer: &mut LineBuffer<'_>,
    ) -> Result<RowExtent, ReadError> {
        let open = RowExtent { kind: RowKind::OpenQuote, ..first_line };
        let mut extent = RowExtent { kind: RowKind::Unquoted, ..first_line };
        while self.quoted.is_open() {
            let (fed, next) = (from + extent.content, from + extent.bytes);
            if extent.bytes > LINE_BYTES_MAX {
                return Ok(open);
            }
            let Some(line) = buffer.line_at(next)? else { return Ok(open) };
            // The line break is part of the field.
            self.quoted.feed(buffer.bytes(fed, next), self.delimiter);
            self.quoted.feed(buffer.bytes(next, line.content), self.delimiter);
            extent.bytes = line.next - from;
            extent.content = line.content - from;
            extent.lines += 1;
            let fields = self.quoted.ends.len();
            if self.quoted.has_text_after_quote || self.fields_expected.is_some_and(|expected| fields > expected) {
                return Ok(open);
            }
        }
        let fields = self.quoted.ends.len();
        let is_whole = self.fields_expected.is_none_or(|expected| fields == expected);
        Ok(if is_whole { extent } else { open })
    }
}

/// A row with quotes, taken apart byte by byte.
#[derive(Default)]
struct Quoted {
    text: Vec<u8>,
    /// Where each field ends in `text`; the last one is still growing.
    ends: Vec<usize>,
    state: State,
    has_text_after_quote: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    FieldStart,
    Bare,
    InQuotes,
    /// After a quote within quotes: either the end of the quotes or the first half of a quote.
    QuoteInQuotes,
}

impl Quoted {
    fn start(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.ends.push(0);
        self.state = State::FieldStart;
        self.has_text_after_quote = false;
    }

    fn is_open(&self) -> bool {
        self.state == State::InQuotes
    }

    fn feed(&mut self, bytes: &[u8], delimiter: u8) {
        for &byte in bytes {
            self.state = match (self.state, byte) {
                (State::FieldStart, b'"') => State::InQuotes,
                (State::InQuotes, b'"') => State::QuoteInQuotes,
                (State::InQuotes, _) => {
                    self.text.push(byte);
                    State::InQuotes
                }
                (State::QuoteInQuotes, b'"') => {
                    self.text.push(byte);
                    State::InQuotes
                }
                (_, byte) if byte == delimiter => {
                    self.close_field();
                    State::FieldStart
                }
                (state, _) => {
                    self.has_text_after_quote |= state == State::QuoteInQuotes;
                    self.text.push(byte);
                    State::Bare
                }
            };
        }
        if let Some(last) = self.ends.last_mut() {
            *last = self.text.len();
        }
    }

    fn close_field(&mut self) {
        if let Some(last) = self.ends.last_mut() {
            *last = self.text.len();
        }
        self.ends.push(self.text.len());
    }

    fn field(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::recording::input::open;

    /// Rows as `line: field|field`, open quotes as `line: !`.
    fn rows(text: &str, fields_expected: Option<usize>) -> Vec<String> {
        let mut progress = |_| ControlFlow::Continue(());
        let mut buffer = LineBuffer::new(open(text.as_bytes(), "t").expect("text").text(), &mut progress);
        let mut splitter = Splitter::new(b',');
        if let Some(count) = fields_expected {
            splitter.expect_fields(count);
        }
        let mut rows = Vec::new();
        while let Some(extent) = splitter.split_at(0, &mut buffer).expect("readable") {
            let row = buffer.bytes(0, extent.content);
            let fields: Vec<_> = (0..splitter.field_count(extent.kind))
                .map(|i| String::from_utf8_lossy(splitter.field(i, extent.kind, row).expect("a field")).into_owned())
                .collect();
            match extent.kind {
                RowKind::Blank => {}
                RowKind::OpenQuote => rows.push(format!("{}: !", buffer.line())),
                _ => rows.push(format!("{}: {}", buffer.line(), fields.join("|"))),
            }
            buffer.advance(extent.bytes, extent.lines);
        }
        rows
    }

    #[test]
    fn rows_know_their_lines() {
        assert_eq!(rows("a,b\r\nc,\n\n,d\n", None), ["1: a|b", "2: c|", "4: |d"]);
        assert_eq!(rows("a", None), ["1: a"]);
        assert_eq!(rows("", None), [""; 0]);
        assert_eq!(rows("a,\"b\nc\",d\ne,f,g", None), ["1: a|b\nc|d", "3: e|f|g"]);
        assert_eq!(rows("\"a\r\nb\"\r\nc\r\n", None), ["1: a\r\nb", "3: c"]);
    }

    #[test]
    fn quotes_count_only_around_whole_fields() {
        assert_eq!(rows("\"a,b\",c", None), ["1: a,b|c"]);
        assert_eq!(rows("\"say \"\"hi\"\"\",c", None), ["1: say \"hi\"|c"]);
        assert_eq!(rows("5' 2\",c\"d", None), ["1: 5' 2\"|c\"d"]);
        assert_eq!(rows("\"John\" Doe,c", None), ["1: John Doe|c"]);
        assert_eq!(rows("\"\",\"\"", None), ["1: |"]);
    }

    #[test]
    fn a_lost_quote_costs_one_row() {
        assert_eq!(rows("1,\"a\n2,b\n3,c\n", Some(2)), ["1: !", "2: 2|b", "3: 3|c"]);
        assert_eq!(rows("1,\"a\n2,b\n3,\"c\n4,d\n", Some(2)), ["1: !", "2: 2|b", "3: !", "4: 4|d"]);
        assert_eq!(rows("1,\"a\n2,b\"c\n3,d\n", Some(2)), ["1: !", "2: 2|b\"c", "3: 3|d"]);
        assert_eq!(rows("1,\"a\n2,\"b\",c\n", Some(2)), ["1: !", "2: 2|b|c"]);
        assert_eq!(rows("1,\"a", Some(2)), ["1: !"]);
    }

    #[test]
    fn an_open_quote_is_given_up_after_the_longest_row() {
        let text = format!("1,\"a\n{}", "2,b\n".repeat(LINE_BYTES_MAX / 2));
        let rows = rows(&text, Some(2));
        assert_eq!(rows.len(), 1 + LINE_BYTES_MAX / 2);
        assert_eq!(rows[..2], ["1: !", "2: 2|b"]);
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_is_held() {
        let mut progress_bytes = 0;
        let mut progress = |bytes| {
            progress_bytes = bytes;
            ControlFlow::Continue(())
        };
        let endless = std::io::Read::chain("a,b\n".as_bytes(), std::io::repeat(b'x'));
        let mut buffer = LineBuffer::new(open(endless, "t").expect("text").text(), &mut progress);
        let mut splitter = Splitter::new(b',');
        let first = splitter.split_at(0, &mut buffer).expect("a line").expect("not the end");
        let error = splitter.split_at(first.bytes, &mut buffer).expect_err("no end");
        assert_eq!(
            error.to_string(),
            "t: line 2 is longer than 1048576 bytes; expected rows that end with a line break"
        );
        drop(buffer);
        assert!(progress_bytes < 4 * LINE_BYTES_MAX as u64, "{progress_bytes}");
    }

    mod against_the_csv_crate {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #[test]
            fn well_formed_text_gives_the_same_fields(
                table in prop::collection::vec(prop::collection::vec("[a-c\",\n\r ]{0,6}", 3), 0..20),
                crlf in any::<bool>(),
            ) {
                let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
                let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(Vec::new());
                for row in &table {
                    writer.write_record(row).expect("memory");
                }
                let text = String::from_utf8(writer.into_inner().expect("memory")).expect("UTF-8");
                let rows = rows(&text, Some(3));
                prop_assert_eq!(rows.len(), table.len());
                for (row, expected) in rows.iter().zip(&table) {
                    let fields = row.split_once(": ").map(|(_, fields)| fields.to_owned());
                    prop_assert_eq!(fields, Some(expected.join("|")));
                }
            }
        }
    }
}
