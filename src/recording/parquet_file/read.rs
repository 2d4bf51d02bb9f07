//! Parquet, row group by row group, into a recording.

use std::fs::File;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;

use super::columns::{LeafColumn, UnusableColumn, columns};
use super::decode::Decoder;
use super::sample;
use crate::recording::bad_row::Counted;
use crate::recording::buffer::Progress;
use crate::recording::builder::{Builder, Stop};
use crate::recording::cells::RoleCells;
use crate::recording::error::ReadError;
use crate::recording::read::{Plan, finish};
use crate::recording::report::Role;
use crate::recording::{ReadOptions, Recording};

/// Rows that are decoded at once: enough that the calls do not count, few enough to stay in the
/// processor's cache.
const BATCH_ROWS: usize = 4_096;

/// A Parquet file, which must be a file because its end is read first.
pub(in crate::recording) struct ParquetInput {
    /// The file.
    pub(in crate::recording) file: File,
    /// Its name in messages.
    pub(in crate::recording) name: String,
}

/// Reads a file. `progress` hears the share of rows that are done as bytes of the file.
///
/// # Errors
/// As any other reading; damage is told with row group and column.
pub(in crate::recording) fn read_parquet(
    input: ParquetInput,
    options: &ReadOptions,
    progress: &mut Progress<'_>,
) -> Result<Recording, ReadError> {
    let ParquetInput { file, name } = input;
    let bytes = file.metadata().map_or(0, |metadata| metadata.len());
    let reader = sound(|| SerializedFileReader::new(file)).map_err(|error| footer_error(&name, error.to_string()))?;
    check(reader.metadata(), bytes).map_err(|reason| footer_error(&name, reason.to_owned()))?;
    let (usable, unusable) = columns(reader.metadata().file_metadata().schema_descr());
    let damaged = |error| ReadError::ParquetDamaged { file: name.clone(), place: "its first rows".to_owned(), error };
    let sample = sound(|| sample::take(&reader, &usable)).map_err(damaged)?;
    if sample.row_count == 0 {
        return Err(ReadError::NoRows { file: name });
    }
    refuse_unusable(&unusable, &sample.names(), options, &name)?;
    let plan = Plan::new(sample, &options.columns, &name)?;
    let wanted = plan.chosen.columns.map(|column| column.map(|place| usable[place].clone()));
    let mut builder = Builder::new(&plan.chosen.reports, options.bad_rows, Counted::Rows);
    let rows = RowGroups { reader, wanted, bytes, name: &name };
    let flow = rows.read(&mut builder, progress)?;
    finish(name, plan, builder, flow)
}

/// The row groups of one file, and the columns of the five roles.
struct RowGroups<'n> {
    reader: SerializedFileReader<File>,
    wanted: [Option<LeafColumn>; 5],
    bytes: u64,
    name: &'n str,
}

impl RowGroups<'_> {
    fn read(&self, builder: &mut Builder, progress: &mut Progress<'_>) -> Result<ControlFlow<Stop>, ReadError> {
        let groups = self.reader.metadata().row_groups();
        let all: u64 = groups.iter().map(|group| group.num_rows().max(0).cast_unsigned()).sum();
        let mut done = 0;
        for (place, group) in groups.iter().enumerate() {
            let mut left = usize::try_from(group.num_rows()).unwrap_or(0);
            let mut decoders = self.decoders(place)?;
            while left > 0 {
                let rows = left.min(BATCH_ROWS);
                for decoder in decoders.iter_mut().flatten() {
                    sound(|| decoder.read(rows)).map_err(|error| self.damaged(place, decoder.name(), error))?;
                }
                for _ in 0..rows {
                    done += 1;
                    let cells: RoleCells<'_> = decoders.each_mut().map(|decoder| Some(decoder.as_mut()?.next()));
                    let flow = builder.add(done, &cells);
                    if flow.is_break() {
                        return Ok(flow);
                    }
                }
                left -= rows;
                let share = u128::from(self.bytes) * u128::from(done) / u128::from(all.max(1));
                // At most the bytes of the file, so it fits.
                if progress(share as u64).is_break() {
                    return Err(ReadError::Cancelled { file: self.name.to_owned() });
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn decoders(&self, place: usize) -> Result<[Option<Decoder>; 5], ReadError> {
        let group = sound(|| self.reader.get_row_group(place)).map_err(|error| self.damaged(place, "", error))?;
        let mut decoders = [const { None }; 5];
        for role in Role::ALL {
            if let Some(column) = &self.wanted[role.index()] {
                let reader = sound(|| group.get_column_reader(column.leaf));
                let reader = reader.map_err(|error| self.damaged(place, &column.name, error))?;
                decoders[role.index()] = Some(Decoder::new(reader, column.clone()));
            }
        }
        Ok(decoders)
    }

    fn damaged(&self, place: usize, column: &str, error: ParquetError) -> ReadError {
        let groups = self.reader.metadata().row_groups();
        let before: i64 = groups[..place].iter().map(|group| group.num_rows()).sum();
        let last = before + groups[place].num_rows();
        let column = if column.is_empty() { String::new() } else { format!(", column {column:?}") };
        let place = format!("row group {} (rows {} to {last}){column}", place + 1, before + 1);
        ReadError::ParquetDamaged { file: self.name.to_owned(), place, error }
    }
}

/// A file whose end is not a footer was most likely cut.
fn footer_error(name: &str, reason: String) -> ReadError {
    ReadError::ParquetFooter { file: name.to_owned(), reason }
}

/// What the footer says of the file may be nonsense, which the decoder would trust.
fn check(metadata: &ParquetMetaData, bytes: u64) -> Result<(), &'static str> {
    let leaves = metadata.file_metadata().schema_descr().num_columns();
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        rows = match rows.checked_add(group.num_rows()) {
            Some(sum) if group.num_rows() >= 0 => sum,
            _ => return Err("its numbers of rows cannot be"),
        };
        if group.num_columns() != leaves {
            return Err("a row group has other columns than the file");
        }
        for column in group.columns() {
            let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            let is_inside = end.is_some_and(|end| u64::try_from(end).is_ok_and(|end| end <= bytes));
            if start < 0 || column.compressed_size() < 0 || !is_inside {
                return Err("a column lies outside the file");
            }
        }
    }
    Ok(())
}

/// The decoder answers most damage with an error and some with a panic, which is an error too.
fn sound<T>(decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let given_up = || ParquetError::General("the decoder met what cannot be".to_owned());
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(given_up()))
}

/// A column that was chosen by name but can be no column of rows.
fn refuse_unusable(
    unusable: &[UnusableColumn],
    usable: &[String],
    options: &ReadOptions,
    name: &str,
) -> Result<(), ReadError> {
    let choice = &options.columns;
    let given = [&choice.event_time, &choice.arrival_time, &choice.key, &choice.value, &choice.partition];
    for chosen in given.into_iter().flatten() {
        let inside = |column: &&UnusableColumn| {
            column.name == *chosen
                || column.name.strip_prefix(chosen.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        if let Some(column) = unusable.iter().find(inside).filter(|_| !usable.contains(chosen)) {
            return Err(ReadError::UnusableColumn {
                file: name.to_owned(),
                column: column.name.clone(),
                what: column.what.clone(),
            });
        }
    }
    Ok(())
}
