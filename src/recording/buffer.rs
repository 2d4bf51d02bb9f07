//! Lines of a byte stream, with a limit on their length and a look ahead.
//!
//! Holds a window of the input that is as long as the longest peek and no longer: a line beyond
//! [`LINE_BYTES_MAX`] is refused as soon as that many bytes came without a line break, so a file
//! that is one endless line costs a megabyte and not the file. Knows nothing of quotes.

use std::cell::Cell;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::error::ReadError;
use super::input::Input;

/// The longest line, and the longest row over several lines. Rows of real recordings have some
/// hundred bytes; a nested JSON event may have 100 kB.
pub(super) const LINE_BYTES_MAX: usize = 1 << 20;

/// How much is asked of the input at once.
const CHUNK_BYTES: usize = 256 << 10;

/// Called with the bytes of the file read so far (packed ones, if it is packed) after every read;
/// breaking off cancels the reading.
pub type Progress<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// A line within the window, as distances from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineEnd {
    /// Where the line ends, its line break (LF or CR LF) excluded.
    pub(super) content: usize,
    /// Where the next line starts.
    pub(super) next: usize,
}

/// A window over the lines of an input.
pub(super) struct LineBuffer<'a> {
    reader: Box<dyn Read + 'a>,
    file: String,
    compression: Option<&'static str>,
    bytes_read: Rc<Cell<u64>>,
    progress: &'a mut Progress<'a>,
    window: Vec<u8>,
    start: usize,
    end: usize,
    is_at_end: bool,
    last_byte: Option<u8>,
    lines_before: u64,
}

impl<'a> LineBuffer<'a> {
    pub(super) fn new(input: Input<'a>, progress: &'a mut Progress<'a>) -> Self {
        Self {
            reader: input.reader,
            file: input.file,
            compression: input.compression,
            bytes_read: input.bytes_read,
            progress,
            window: vec![0; 2 * CHUNK_BYTES],
            start: 0,
            end: 0,
            is_at_end: false,
            last_byte: None,
            lines_before: 0,
        }
    }

    /// The name of the input for messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Whether what was read so far ends with a line break, as every whole file of rows should.
    pub(super) fn ends_with_line_break(&self) -> bool {
        self.last_byte == Some(b'\n')
    }

    /// The number of the line at the start of the window, from 1.
    pub(super) fn line(&self) -> u64 {
        self.lines_before + 1
    }

    /// The bytes between two distances from the start of the window.
    pub(super) fn bytes(&self, from: usize, to: usize) -> &[u8] {
        &self.window[self.start + from..self.start + to]
    }

    /// The line that starts `from` bytes after the start of the window, reading on as far as
    /// needed; `None` at the end of the input. The last line needs no line break.
    ///
    /// # Errors
    /// When reading fails or is cancelled, or the line is too long.
    pub(super) fn line_at(&mut self, from: usize) -> Result<Option<LineEnd>, ReadError> {
        let mut searched = from;
        loop {
            let unsearched = &self.window[self.start + searched..self.end];
            if let Some(found) = memchr::memchr(b'\n', unsearched) {
                let end = searched + found;
                return self.checked(from, LineEnd { content: self.without_cr(from, end), next: end + 1 });
            }
            searched = self.end - self.start;
            if self.is_at_end {
                let last = LineEnd { content: self.without_cr(from, searched), next: searched };
                return if searched == from { Ok(None) } else { self.checked(from, last) };
            }
            if searched - from > LINE_BYTES_MAX {
                return Err(self.too_long(from));
            }
            self.fill()?;
        }
    }

    /// Moves the start of the window forward over `bytes`, which hold `lines` line breaks.
    pub(super) fn advance(&mut self, bytes: usize, lines: u64) {
        self.start += bytes;
        self.lines_before += lines;
    }

    fn without_cr(&self, from: usize, end: usize) -> usize {
        if self.bytes(from, end).last() == Some(&b'\r') { end - 1 } else { end }
    }

    fn checked(&self, from: usize, line: LineEnd) -> Result<Option<LineEnd>, ReadError> {
        if line.content - from > LINE_BYTES_MAX { Err(self.too_long(from)) } else { Ok(Some(line)) }
    }

    fn too_long(&self, from: usize) -> ReadError {
        let lines_within = memchr::memchr_iter(b'\n', self.bytes(0, from)).count() as u64;
        ReadError::LineTooLong {
            file: self.file.clone(),
            line: self.line() + lines_within,
            limit_bytes: LINE_BYTES_MAX,
        }
    }

    /// Reads more behind the end of the window.
    fn fill(&mut self) -> Result<(), ReadError> {
        if self.start > 0 {
            self.window.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.window.len() - self.end < CHUNK_BYTES {
            self.window.resize(self.window.len() * 2, 0);
        }
        let read = loop {
            match self.reader.read(&mut self.window[self.end..self.end + CHUNK_BYTES]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let read = read.map_err(|source| self.read_error(source))?;
        self.end += read;
        self.is_at_end = read == 0;
        if read > 0 {
            self.last_byte = Some(self.window[self.end - 1]);
        }
        if (self.progress)(self.bytes_read.get()).is_break() {
            return Err(ReadError::Cancelled { file: self.file.clone() });
        }
        Ok(())
    }

    fn read_error(&self, source: io::Error) -> ReadError {
        let file = self.file.clone();
        let line = self.lines_before + memchr::memchr_iter(b'\n', &self.window[self.start..self.end]).count() as u64;
        match self.compression {
            Some(compression) if source.kind() == io::ErrorKind::UnexpectedEof => {
                ReadError::CutShort { file, compression, line }
            }
            _ => ReadError::Io { file, line, source },
        }
    }
}
