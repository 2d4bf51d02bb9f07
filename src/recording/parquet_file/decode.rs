//! The values of one leaf column, a batch of rows at a time, as cells.

use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};
use parquet::errors::{ParquetError, Result};

use super::columns::{LeafColumn, Meaning};
use crate::recording::cells::Cell;

/// Reads one column of one row group.
pub(super) struct Decoder {
    reader: ColumnReader,
    column: LeafColumn,
    /// One for every row of the batch, or empty when there are no nulls.
    levels: Vec<i16>,
    values: Values,
    next_row: usize,
    next_value: usize,
    text: String,
}

/// Values of a batch that are not null.
enum Values {
    Boolean(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

impl Decoder {
    pub(super) fn new(reader: ColumnReader, column: LeafColumn) -> Self {
        let values = match &reader {
            ColumnReader::BoolColumnReader(_) => Values::Boolean(Vec::new()),
            ColumnReader::Int32ColumnReader(_) => Values::Int32(Vec::new()),
            ColumnReader::Int64ColumnReader(_) => Values::Int64(Vec::new()),
            ColumnReader::Int96ColumnReader(_) => Values::Int96(Vec::new()),
            ColumnReader::FloatColumnReader(_) => Values::Float(Vec::new()),
            ColumnReader::DoubleColumnReader(_) => Values::Double(Vec::new()),
            ColumnReader::ByteArrayColumnReader(_) => Values::Bytes(Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(_) => Values::Fixed(Vec::new()),
        };
        Self { reader, column, levels: Vec::new(), values, next_row: 0, next_value: 0, text: String::new() }
    }

    /// The column's name.
    pub(super) fn name(&self) -> &str {
        &self.column.name
    }

    /// Reads the next `rows` rows in place of those before.
    ///
    /// # Errors
    /// When they cannot be decoded, or there are fewer.
    pub(super) fn read(&mut self, rows: usize) -> Result<()> {
        self.levels.clear();
        (self.next_row, self.next_value) = (0, 0);
        let levels = &mut self.levels;
        macro_rules! fill {
            ($reader:expr, $values:expr) => {{
                $values.clear();
                let (read, found, _) = $reader.read_records(rows, Some(levels), None, $values)?;
                (read, found)
            }};
        }
        let (read, found) = match (&mut self.reader, &mut self.values) {
            (ColumnReader::BoolColumnReader(reader), Values::Boolean(values)) => fill!(reader, values),
            (ColumnReader::Int32ColumnReader(reader), Values::Int32(values)) => fill!(reader, values),
            (ColumnReader::Int64ColumnReader(reader), Values::Int64(values)) => fill!(reader, values),
            (ColumnReader::Int96ColumnReader(reader), Values::Int96(values)) => fill!(reader, values),
            (ColumnReader::FloatColumnReader(reader), Values::Float(values)) => fill!(reader, values),
            (ColumnReader::DoubleColumnReader(reader), Values::Double(values)) => fill!(reader, values),
            (ColumnReader::ByteArrayColumnReader(reader), Values::Bytes(values)) => fill!(reader, values),
            (ColumnReader::FixedLenByteArrayColumnReader(reader), Values::Fixed(values)) => fill!(reader, values),
            _ => (0, 0),
        };
        let present = match self.column.level_of_value {
            0 => read,
            level => self.levels.iter().filter(|&&own| own == level).count(),
        };
        if read != rows || present != found || (self.column.level_of_value > 0 && self.levels.len() != rows) {
            return Err(ParquetError::EOF(format!("{rows} rows were expected and {read} are there")));
        }
        Ok(())
    }

    /// The cell of the next row of the batch; null after its end.
    pub(super) fn next(&mut self) -> Cell<'_> {
        let row = self.next_row;
        self.next_row += 1;
        let level = self.column.level_of_value;
        if level > 0 && self.levels.get(row) != Some(&level) {
            return Cell::Null;
        }
        let place = self.next_value;
        self.next_value += 1;
        self.cell(place).unwrap_or(Cell::Null)
    }

    fn cell(&mut self, place: usize) -> Option<Cell<'_>> {
        let meaning = self.column.meaning;
        Some(match &self.values {
            Values::Boolean(values) => Cell::Text(if *values.get(place)? { b"true" } else { b"false" }),
            Values::Float(values) => Cell::Number(f64::from(*values.get(place)?)),
            Values::Double(values) => Cell::Number(*values.get(place)?),
            Values::Int96(values) => Cell::Instant(int96_micros(values.get(place)?)),
            Values::Int32(values) => {
                let number = *values.get(place)?;
                let unsigned = i64::from(number.cast_unsigned());
                let is_unsigned = meaning == Meaning::Unsigned;
                integer_cell(if is_unsigned { unsigned } else { number.into() }, meaning, &mut self.text)
            }
            Values::Int64(values) => integer_cell(*values.get(place)?, meaning, &mut self.text),
            Values::Bytes(values) => match meaning {
                Meaning::Decimal { scale } => big_decimal_cell(values.get(place)?.data(), scale, &mut self.text),
                _ => Cell::Text(values.get(place)?.data()),
            },
            Values::Fixed(values) => match meaning {
                Meaning::Decimal { scale } => big_decimal_cell(values.get(place)?.data(), scale, &mut self.text),
                _ => uuid_cell(values.get(place)?.data(), &mut self.text),
            },
        })
    }
}

fn integer_cell(number: i64, meaning: Meaning, text: &mut String) -> Cell<'_> {
    match meaning {
        Meaning::InstantCoarse { micros } => Cell::Instant(number.saturating_mul(micros)),
        Meaning::InstantNanos => Cell::Instant(number / 1_000),
        Meaning::Decimal { scale } => decimal_cell(number.into(), scale, text),
        Meaning::Unsigned if number < 0 => {
            *text = number.cast_unsigned().to_string();
            Cell::Text(text.as_bytes())
        }
        _ => Cell::Integer(number),
    }
}

/// Days of the Julian calendar and nanoseconds of the day, as Impala, Hive and Spark write them.
fn int96_micros(value: &Int96) -> i64 {
    const JULIAN_DAY_OF_EPOCH: i64 = 2_440_588;
    let [low, high, day] = [0, 1, 2].map(|i| value.data().get(i).copied().unwrap_or_default());
    let nanos = (u64::from(high) << 32 | u64::from(low)).cast_signed();
    let days = i64::from(day.cast_signed()) - JULIAN_DAY_OF_EPOCH;
    days.saturating_mul(86_400_000_000).saturating_add(nanos / 1_000)
}

/// A number as it is written: `-12.50` for -1250 of scale 2.
fn decimal_cell(unscaled: i128, scale: u32, text: &mut String) -> Cell<'_> {
    use std::fmt::Write;
    text.clear();
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = unscaled.unsigned_abs();
    let power = 10_u128.pow(scale);
    // Writing to a string cannot fail.
    let _ = match scale {
        0 => write!(text, "{sign}{digits}"),
        _ => write!(text, "{sign}{}.{:0width$}", digits / power, digits % power, width = scale as usize),
    };
    Cell::Text(text.as_bytes())
}

/// The unscaled number is in two's complement, the highest byte first.
fn big_decimal_cell<'t>(bytes: &[u8], scale: u32, text: &'t mut String) -> Cell<'t> {
    if bytes.is_empty() || bytes.len() > 16 {
        return Cell::Null;
    }
    let fill = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [fill; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    decimal_cell(i128::from_be_bytes(wide), scale, text)
}

/// As RFC 9562 writes it.
fn uuid_cell<'t>(bytes: &[u8], text: &'t mut String) -> Cell<'t> {
    use std::fmt::Write;
    text.clear();
    for (i, byte) in bytes.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Cell::Text(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cell: Cell<'_>) -> String {
        String::from_utf8(cell.text().into_owned()).expect("text")
    }

    #[test]
    fn decimals_are_written_with_their_digits() {
        let mut scratch = String::new();
        assert_eq!(text(decimal_cell(-1250, 2, &mut scratch)), "-12.50");
        assert_eq!(text(decimal_cell(5, 3, &mut scratch)), "0.005");
        assert_eq!(text(decimal_cell(7, 0, &mut scratch)), "7");
        assert_eq!(text(big_decimal_cell(&[0xfb, 0x1e], 2, &mut scratch)), "-12.50");
        assert_eq!(text(big_decimal_cell(&[0x04, 0xe2], 2, &mut scratch)), "12.50");
        assert!(matches!(big_decimal_cell(&[0; 17], 2, &mut scratch), Cell::Null));
    }

    #[test]
    fn old_timestamps_count_julian_days() {
        let mut value = Int96::new();
        // 1970-01-02 00:00:01.5.
        value.set_data(1_500_000_000, 0, 2_440_589);
        assert_eq!(int96_micros(&value), 86_401_500_000);
    }

    #[test]
    fn uuids_are_written_in_five_groups() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(text(uuid_cell(&bytes, &mut String::new())), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
