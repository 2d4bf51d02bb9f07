//! The user's choice of columns, found in the sample.

use super::error::ReadError;
use super::guess::Given;
use super::report::Role;
use super::sample::Sample;
use crate::scenario::ColumnChoice;

/// Names less similar than this (1 is equal) are not suggested.
const SIMILARITY_MIN: f64 = 0.4;

/// For every role the column that was chosen. An empty name chooses none.
///
/// # Errors
/// When there is no column of that name.
pub(super) fn resolve(sample: &Sample, choice: &ColumnChoice, file: &str) -> Result<[Given; 5], ReadError> {
    let mut given = [Given::Open; 5];
    for role in Role::ALL {
        given[role.index()] = match name_of(choice, role) {
            None => Given::Open,
            Some("") if role != Role::EventTime => Given::None,
            Some(name) => Given::Column(find(sample, name).ok_or_else(|| no_such_column(sample, name, file))?),
        };
    }
    Ok(given)
}

/// Whether the choice leaves open that there is no header: it has no names, or only numbers.
pub(super) fn may_be_headless(choice: &ColumnChoice) -> bool {
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    Role::ALL.into_iter().filter_map(|role| name_of(choice, role)).all(is_number)
}

fn name_of(choice: &ColumnChoice, role: Role) -> Option<&str> {
    let name = match role {
        Role::EventTime => &choice.event_time,
        Role::ArrivalTime => &choice.arrival_time,
        Role::Key => &choice.key,
        Role::Value => &choice.value,
        Role::Partition => &choice.partition,
    };
    name.as_deref()
}

/// The first column of this name; if there is none, the only one that differs in case alone.
fn find(sample: &Sample, name: &str) -> Option<usize> {
    let exact = sample.columns.iter().position(|column| column.name == name.trim());
    exact.or_else(|| {
        let alike = |column: &super::sample::SampleColumn| column.name.eq_ignore_ascii_case(name.trim());
        let first = sample.columns.iter().position(alike)?;
        (sample.columns.iter().rposition(alike) == Some(first)).then_some(first)
    })
}

fn no_such_column(sample: &Sample, name: &str, file: &str) -> ReadError {
    let columns = sample.names();
    let similarity =
        |column: &str| strsim::normalized_damerau_levenshtein(&column.to_lowercase(), &name.to_lowercase());
    let nearest = columns
        .iter()
        .map(|column| (similarity(column), column))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, column)| column.clone());
    ReadError::NoSuchColumn {
        file: file.to_owned(),
        column: name.to_owned(),
        nearest,
        columns,
        looks_headless: sample.header_looks_like_data,
    }
}
