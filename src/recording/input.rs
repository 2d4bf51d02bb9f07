//! Opening an input: a file or standard input, of text plain or packed, or of Parquet.
//!
//! What a file is packed with, and that it is no text at all, is decided by its first bytes and
//! not by its name, so that it works for standard input too.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;
use std::rc::Rc;

use super::error::ReadError;
use super::parquet_file::ParquetInput;

/// The path that stands for standard input and standard output.
pub const STANDARD_STREAM: &str = "-";

/// An opened input that gives plain bytes.
pub(super) struct Input<'a> {
    /// Plain bytes.
    pub(super) reader: Box<dyn Read + 'a>,
    /// The name for messages.
    pub(super) file: String,
    /// What it is packed with, for messages.
    pub(super) compression: Option<&'static str>,
    /// Bytes taken from the file so far, packed ones if it is packed.
    pub(super) bytes_read: Rc<Cell<u64>>,
}

/// An opened input of either kind.
pub(super) enum Opened<'a> {
    /// Rows of text.
    Text(Input<'a>),
    /// A table with types.
    Parquet(ParquetInput),
}

/// Formats that are recognised by their first bytes and not read, with what to do.
const OTHER_FORMATS: [(&[u8], &str, &str); 8] = [
    (b"PARE", "an encrypted Parquet file", ""),
    (b"PK\x03\x04", "a zip archive", "; unpack it first"),
    (b"BZh", "packed with bzip2", "; unpack it first (bzip2 -dc FILE | highwater import - ...)"),
    (b"\xfd7zXZ\x00", "packed with xz", "; unpack it first (xz -dc FILE | highwater import - ...)"),
    (b"SQLite format 3\x00", "an SQLite database", "; export a table first"),
    (b"\xff\xfe", "UTF-16 text", " in UTF-8; convert it first (iconv -f utf-16 -t utf-8)"),
    (b"\xfe\xff", "UTF-16 text", " in UTF-8; convert it first (iconv -f utf-16 -t utf-8)"),
    (b"\x89PNG", "a picture", ""),
];

/// How a Parquet file begins (and ends).
const PARQUET_MARK: &[u8] = b"PAR1";

/// The longest of the marks above and of the packers.
const MARK_BYTES_MAX: usize = 16;

/// Opens a file, or standard input for `-`.
///
/// # Errors
/// When it is missing, a directory, cannot be opened, or in a format that is not read.
pub(super) fn open_path(path: &Path) -> Result<Opened<'static>, ReadError> {
    if path.as_os_str() == STANDARD_STREAM {
        return open(io::stdin().lock(), "standard input");
    }
    let file = path.display().to_string();
    let io_error = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ReadError::Missing { file: file.clone() },
        _ => ReadError::Open { file: file.clone(), source },
    };
    let mut opened = File::open(path).map_err(io_error)?;
    let metadata = opened.metadata().map_err(io_error)?;
    if metadata.is_dir() {
        return Err(ReadError::Directory { file });
    }
    // Only what can be read twice is looked at here.
    if metadata.is_file() {
        let mut mark = Vec::new();
        opened.by_ref().take(PARQUET_MARK.len() as u64).read_to_end(&mut mark).map_err(io_error)?;
        opened.rewind().map_err(io_error)?;
        if mark == PARQUET_MARK {
            return Ok(Opened::Parquet(ParquetInput { file: opened, name: file }));
        }
    }
    open(opened, &file)
}

/// Looks at the first bytes of any reader and unpacks what is packed.
///
/// # Errors
/// When the first bytes cannot be read, or belong to a format that is not read.
pub(super) fn open<'a>(reader: impl Read + 'a, file: &str) -> Result<Opened<'a>, ReadError> {
    let bytes_read = Rc::new(Cell::new(0));
    let mut counted = Counted { reader, count: Rc::clone(&bytes_read) };
    let io_error = |source| ReadError::Open { file: file.to_owned(), source };
    let mut mark = Vec::with_capacity(MARK_BYTES_MAX);
    counted.by_ref().take(MARK_BYTES_MAX as u64).read_to_end(&mut mark).map_err(io_error)?;
    if let Some((_, format, hint)) = OTHER_FORMATS.into_iter().find(|(magic, _, _)| mark.starts_with(magic)) {
        return Err(ReadError::OtherFormat { file: file.to_owned(), format, hint });
    }
    if mark.starts_with(PARQUET_MARK) {
        let mut whole = tempfile::tempfile().map_err(io_error)?;
        io::copy(&mut Cursor::new(mark).chain(counted), &mut whole).map_err(io_error)?;
        return Ok(Opened::Parquet(ParquetInput { file: whole, name: file.to_owned() }));
    }
    let is_gzip = mark.starts_with(b"\x1f\x8b");
    // A zstd file may start with a skippable frame, whose mark has 16 values.
    let is_zstd = mark.starts_with(b"\x28\xb5\x2f\xfd")
        || (mark.len() >= 4 && mark[0] & 0xf0 == 0x50 && mark[1..4] == *b"\x2a\x4d\x18");
    let raw = Cursor::new(mark).chain(counted);
    let (reader, compression): (Box<dyn Read + 'a>, _) = if is_gzip {
        (Box::new(flate2::read::MultiGzDecoder::new(raw)), Some("gzip"))
    } else if is_zstd {
        (Box::new(zstd::stream::read::Decoder::new(raw).map_err(io_error)?), Some("zstd"))
    } else {
        (Box::new(raw), None)
    };
    Ok(Opened::Text(Input { reader, file: file.to_owned(), compression, bytes_read }))
}

/// Counts what is read through it.
struct Counted<R> {
    reader: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

#[cfg(test)]
impl<'a> Opened<'a> {
    /// The text, in tests that have nothing else.
    pub(super) fn text(self) -> Input<'a> {
        match self {
            Self::Text(input) => input,
            Self::Parquet(_) => panic!("text was expected"),
        }
    }
}
