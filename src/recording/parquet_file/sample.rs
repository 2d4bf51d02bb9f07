//! The first rows of a Parquet file as text, to guess columns from as with any other file.

use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use super::columns::LeafColumn;
use super::decode::Decoder;
use crate::recording::report::Layout;
use crate::recording::sample::{SAMPLE_ROWS, Sample, SampleColumn};
use crate::recording::time_format::TimeFormat;

/// Further columns of a wide table can be chosen by name and are not guessed.
const COLUMNS_MAX: usize = 1_000;

/// Looks at the beginning of the first row group that has rows.
///
/// # Errors
/// When the rows cannot be decoded.
pub(super) fn take<R: ChunkReader + 'static>(
    reader: &SerializedFileReader<R>,
    columns: &[LeafColumn],
) -> Result<Sample> {
    let groups = reader.metadata().row_groups();
    let filled = groups.iter().position(|group| group.num_rows() > 0);
    let mut sampled = Vec::new();
    let mut row_count = 0;
    if let Some(place) = filled {
        row_count = usize::try_from(groups[place].num_rows()).unwrap_or(SAMPLE_ROWS).min(SAMPLE_ROWS);
        let group = reader.get_row_group(place)?;
        for (i, column) in columns.iter().enumerate() {
            let cells = if i < COLUMNS_MAX { cells(&*group, column, row_count)? } else { Vec::new() };
            let time_format = column.meaning.is_instant().then_some(TimeFormat::Typed);
            sampled.push(SampleColumn { name: column.name.clone(), cells, time_format, ..SampleColumn::default() });
        }
    }
    Ok(Sample {
        layout: Layout::Parquet,
        columns: sampled,
        row_count,
        header_looks_like_data: false,
        is_headless_guessed: false,
        hints: Default::default(),
    })
}

fn cells(group: &dyn RowGroupReader, column: &LeafColumn, rows: usize) -> Result<Vec<String>> {
    let mut decoder = Decoder::new(group.get_column_reader(column.leaf)?, column.clone());
    decoder.read(rows)?;
    Ok((0..rows).map(|_| String::from_utf8_lossy(&decoder.next().text()).into_owned()).collect())
}
