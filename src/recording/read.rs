//! Reading a recording: sample, choose columns, then one pass over all rows.

use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use super::bad_row::{BadRow, Counted, RowProblem};
use super::buffer::{LineBuffer, Progress};
use super::builder::{Builder, PARTITIONS_MAX, ROWS_MAX, Stop};
use super::cells::{Cell, RoleCells};
use super::columns::{may_be_headless, resolve};
use super::delimited::{RowKind, Splitter};
use super::error::ReadError;
use super::guess::{Chosen, choose};
use super::input::{Input, Opened, open, open_path};
use super::json_rows::{PathTree, Slot};
use super::kcat::Audit;
use super::parquet_file::read_parquet;
use super::report::{Layout, ReadReport, Role};
use super::sample::Sample;
use super::time_format::TimeFormat;
use super::{ReadOptions, Recording};
use crate::record::RecordId;
use crate::scenario::ColumnChoice;

/// Reads a file, or standard input for `-`.
///
/// `progress` is called with the bytes read so far and may cancel. Memory: the columns of the
/// stream (28 bytes a row, 32 with partitions), eight more while they are put in order, and some
/// megabytes.
///
/// # Errors
/// [`ReadError`] names file, line, column and field.
pub fn read_path(path: &Path, options: &ReadOptions, progress: &mut Progress<'_>) -> Result<Recording, ReadError> {
    read_input(open_path(path)?, options, progress)
}

/// Reads from anything; `file` is its name in messages, and its extension a hint at its format.
/// Parquet, whose end must be read first, is kept in a temporary file on the way.
///
/// # Errors
/// As [`read_path`].
pub fn read(
    reader: impl Read,
    file: &str,
    options: &ReadOptions,
    progress: &mut Progress<'_>,
) -> Result<Recording, ReadError> {
    read_input(open(reader, file)?, options, progress)
}

fn read_input(input: Opened<'_>, options: &ReadOptions, progress: &mut Progress<'_>) -> Result<Recording, ReadError> {
    match input {
        Opened::Parquet(input) => read_parquet(input, options, progress),
        Opened::Text(input) => read_text(input, options, progress),
    }
}

/// What the columns of an input mean.
pub(super) struct Plan {
    /// Its first rows.
    pub(super) sample: Sample,
    /// Which column has which role.
    pub(super) chosen: Chosen,
}

impl Plan {
    /// Takes the columns that the user chose and guesses the rest.
    ///
    /// # Errors
    /// When a chosen column is not there, or there is no event time.
    pub(super) fn new(sample: Sample, choice: &ColumnChoice, file: &str) -> Result<Self, ReadError> {
        let format = match &choice.time_format {
            Some(name) => TimeFormat::from_name(name)?,
            None => None,
        };
        let given = resolve(&sample, choice, file)?;
        match choose(&sample, given, format.as_ref()) {
            Some(chosen) => Ok(Self { sample, chosen }),
            None => Err(ReadError::NoTimeColumn { file: file.to_owned(), columns: sample.names() }),
        }
    }

    /// Whether the column of this name has a role.
    fn is_used(&self, name: &str) -> bool {
        self.chosen.columns.iter().flatten().any(|&column| self.sample.columns[column].name == name)
    }
}

fn read_text(input: Input<'_>, options: &ReadOptions, progress: &mut Progress<'_>) -> Result<Recording, ReadError> {
    let file = input.file.clone();
    let choice = &options.columns;
    let mut forward = |bytes| progress(bytes);
    let mut buffer = LineBuffer::new(input, &mut forward);
    let sample = Sample::take(&mut buffer, choice.no_header, may_be_headless(choice))?;
    let plan = Plan::new(sample, choice, &file)?;
    let Plan { sample, chosen } = &plan;
    let mut builder = Builder::new(&chosen.reports, options.bad_rows, Counted::Lines);
    let mut audit = matches!(sample.layout, Layout::Kcat).then(Audit::new);
    let flow = match sample.layout {
        Layout::Delimited { delimiter, has_header } => {
            let rows = DelimitedRows { delimiter, has_header, field_count: sample.columns.len() };
            rows.read(&mut buffer, chosen, &mut builder)?
        }
        _ => read_json(&mut buffer, &plan, &mut builder, audit.as_mut())?,
    };
    let may_be_cut = matches!(sample.layout, Layout::Delimited { .. }) && !buffer.ends_with_line_break();
    drop(buffer);
    let is_ts_used = plan.is_used("ts");
    let mut recording = finish(file, plan, builder, flow)?;
    if may_be_cut {
        let note = "the last line has no line break; if the file was cut, the last field of its last row may be too";
        recording.report.notes.push(note.to_owned());
    }
    if let Some(audit) = audit {
        recording.report.notes.extend(audit.notes(is_ts_used));
        recording.report.offsets = Some(audit.report());
    }
    Ok(recording)
}

/// A delimited file whose columns are known.
struct DelimitedRows {
    delimiter: u8,
    has_header: bool,
    field_count: usize,
}

impl DelimitedRows {
    fn read(
        &self,
        buffer: &mut LineBuffer<'_>,
        chosen: &Chosen,
        builder: &mut Builder,
    ) -> Result<ControlFlow<Stop>, ReadError> {
        let mut splitter = Splitter::new(self.delimiter);
        splitter.expect_fields(self.field_count);
        let mut is_header = self.has_header;
        while let Some(extent) = splitter.split_at(0, buffer)? {
            let line = buffer.line();
            let text = buffer.bytes(0, extent.content);
            let found = splitter.field_count(extent.kind);
            let flow = match extent.kind {
                RowKind::Blank => ControlFlow::Continue(()),
                _ if std::mem::take(&mut is_header) => ControlFlow::Continue(()),
                RowKind::OpenQuote => {
                    let bad = builder.cells.whole(line, text, RowProblem::OpenQuote);
                    if extent.is_last_without_line_break() {
                        return Err(cut_row(buffer, bad));
                    }
                    builder.add_bad(bad)
                }
                _ if found != self.field_count => {
                    let problem = RowProblem::FieldCount { found, expected: self.field_count };
                    let bad = builder.cells.whole(line, text, problem);
                    if found < self.field_count && extent.is_last_without_line_break() {
                        return Err(cut_row(buffer, bad));
                    }
                    builder.add_bad(bad)
                }
                kind => {
                    let cells = chosen.columns.map(|column| splitter.field(column?, kind, text).map(Cell::Text));
                    builder.add(line, &cells)
                }
            };
            if flow.is_break() {
                return Ok(flow);
            }
            buffer.advance(extent.bytes, extent.lines);
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// A last row that is not whole: the file was most likely cut.
fn cut_row(buffer: &LineBuffer<'_>, row: BadRow) -> ReadError {
    ReadError::CutRow { file: buffer.file().to_owned(), row: Box::new(row) }
}

fn read_json(
    buffer: &mut LineBuffer<'_>,
    plan: &Plan,
    builder: &mut Builder,
    mut audit: Option<&mut Audit>,
) -> Result<ControlFlow<Stop>, ReadError> {
    let Plan { sample, chosen } = plan;
    let mut paths = PathTree::default();
    for role in Role::ALL {
        if let Some(column) = chosen.columns[role.index()] {
            paths.insert(&sample.columns[column].name, role.index());
        }
    }
    let first = Role::ALL.len();
    let slot_count = if audit.is_some() { Audit::insert_paths(&mut paths, first) } else { first };
    let mut slots = vec![Slot::default(); slot_count];
    while let Some(extent) = buffer.line_at(0)? {
        let line = buffer.line();
        let text = buffer.bytes(0, extent.content);
        let is_blank = text.trim_ascii().is_empty();
        let extracted = if is_blank { Ok(()) } else { paths.extract(text, &mut slots) };
        if let (Some(audit), false, true) = (audit.as_mut(), is_blank, extracted.is_ok()) {
            audit.see(&slots[first..]);
        }
        let flow = if is_blank {
            ControlFlow::Continue(())
        } else if let Err(reason) = extracted {
            let bad = builder.cells.whole(line, text, RowProblem::NotJson { reason });
            if extent.content == extent.next {
                return Err(cut_row(buffer, bad));
            }
            builder.add_bad(bad)
        } else if let Some(role) = Role::ALL.into_iter().find(|role| slots[role.index()].is_composite) {
            let cell = &slots[role.index()].text;
            builder.add_bad(builder.cells.bad(line, role, cell, RowProblem::NotASingleValue))
        } else {
            let mut cells: RoleCells<'_> = [None; 5];
            for role in Role::ALL {
                let has_column = chosen.columns[role.index()].is_some();
                cells[role.index()] = has_column.then_some(Cell::Text(&slots[role.index()].text));
            }
            builder.add(line, &cells)
        };
        if flow.is_break() {
            return Ok(flow);
        }
        buffer.advance(extent.next, 1);
    }
    Ok(ControlFlow::Continue(()))
}

/// A recording of what was built, or why there is none.
///
/// # Errors
/// What stopped the reading, and that there are no rows, or only bad ones.
pub(super) fn finish(
    file: String,
    plan: Plan,
    mut builder: Builder,
    flow: ControlFlow<Stop>,
) -> Result<Recording, ReadError> {
    let Plan { sample, chosen } = plan;
    let (row_count, bad_row_count) = (builder.row_count, builder.bad_row_count);
    match flow {
        ControlFlow::Continue(()) | ControlFlow::Break(Stop::Hopeless) => {}
        ControlFlow::Break(Stop::BadRow(row)) => return Err(ReadError::BadRow { file, row }),
        ControlFlow::Break(Stop::UnitChange(change)) => return Err(ReadError::UnitChange { file, change }),
        ControlFlow::Break(Stop::TooManyRows) => return Err(ReadError::TooManyRows { file, limit: ROWS_MAX }),
        ControlFlow::Break(Stop::TooManyPartitions) => {
            let column = chosen.reports[Role::Partition.index()].column.as_deref().unwrap_or_default().to_owned();
            return Err(ReadError::TooManyPartitions { file, column, limit: PARTITIONS_MAX });
        }
    }
    let mut bad_rows = std::mem::take(&mut builder.bad_rows);
    if row_count == 0 {
        return Err(ReadError::HeaderOnly { file });
    }
    if row_count == bad_row_count {
        let first = Box::new(bad_rows.swap_remove(0));
        return Err(ReadError::AllRowsBad { file, count: row_count, first });
    }
    let is_arrival_assumed = chosen.columns[Role::ArrivalTime.index()].is_none();
    let notes = notes(&sample, &chosen, is_arrival_assumed);
    let stream = builder.finish();
    let negative_delay_count =
        (0..stream.len()).filter(|&i| stream.delay(RecordId(i as u32)).is_negative()).count() as u64;
    let report = ReadReport {
        file,
        layout: sample.layout,
        row_count,
        record_count: stream.len() as u64,
        bad_row_count,
        bad_rows,
        columns: chosen.reports,
        is_arrival_assumed,
        negative_delay_count,
        offsets: None,
        notes,
    };
    Ok(Recording { stream, report })
}

fn notes(sample: &Sample, chosen: &Chosen, is_arrival_assumed: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if sample.is_headless_guessed {
        notes.push("the first row looks like data, so the columns have numbers and no names".to_owned());
    } else if sample.header_looks_like_data && matches!(sample.layout, Layout::Delimited { has_header: true, .. }) {
        notes.push("the first row is taken for the header but looks like data; if it is, give --no-header".to_owned());
    }
    for &column in chosen.columns.iter().flatten() {
        let name = &sample.columns[column].name;
        if sample.columns.iter().filter(|other| other.name == *name).count() > 1 {
            notes.push(format!("there are several columns {name:?}; the first is taken"));
        }
    }
    notes.extend(chosen.notes.iter().cloned());
    if is_arrival_assumed {
        notes.push(
            "without an arrival time, every record is taken to arrive when the newest event so far happened: \
             delays are at least what is shown, and may be longer"
                .to_owned(),
        );
    }
    notes
}
