//! A file of cases: a JSON list of objects, or one object per line.

use std::fmt;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::cases::shape::{SHAPES, Shape};

/// A case in a file.
#[derive(Clone, Debug)]
pub struct FileCase {
    /// Where it starts, from 1.
    pub line: usize,
    /// Its `id` or `name`, or its place in the file.
    pub name: String,
    /// What it is about.
    pub shape: &'static Shape,
    /// The case.
    pub value: Value,
}

/// Why a file of cases cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFileError {
    /// Where, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for CaseFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for CaseFileError {}

/// Reads every case of a file.
///
/// # Errors
/// When it is not JSON, or a case is of no known shape.
pub fn read_cases(text: &str) -> Result<Vec<FileCase>, CaseFileError> {
    let line_of = |part: &RawValue| line_at(text, part.get().as_ptr() as usize - text.as_ptr() as usize);
    let is_list = text.trim_start().starts_with('[');
    let raw: Vec<&RawValue> = if is_list {
        serde_json::from_str(text).map_err(|error| not_json(&error))?
    } else {
        let values = serde_json::Deserializer::from_str(text).into_iter();
        values.collect::<Result<_, _>>().map_err(|error| not_json(&error))?
    };
    if raw.is_empty() {
        return Err(CaseFileError { line: 1, message: "holds no case".to_owned() });
    }
    let cases = raw.iter().enumerate().map(|(place, raw)| {
        let line = line_of(raw);
        let value: Value = serde_json::from_str(raw.get()).map_err(|error| not_json(&error))?;
        let name = ["id", "name"].iter().find_map(|field| value.get(field)?.as_str());
        let name = name.map_or_else(|| format!("case {}", place + 1), str::to_owned);
        match Shape::of(&value) {
            None => Err(CaseFileError { line, message: format!("{name} is of no known shape: {}", known_shapes()) }),
            Some(shape) => Ok(FileCase { line, name, shape, value }),
        }
    });
    cases.collect()
}

fn not_json(error: &serde_json::Error) -> CaseFileError {
    let message = format!("not JSON: {error}");
    CaseFileError { line: error.line().max(1), message }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn known_shapes() -> String {
    let known: Vec<String> =
        SHAPES.iter().map(|shape| format!("{} ({})", shape.name, shape.marks.fields.join(", "))).collect();
    known.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALVE: &str = r#"{"id":"v","channels":1,"steps":[]}"#;

    #[test]
    fn cases_are_found_in_lists_and_lines_with_their_lines() {
        let check = |text: &str| {
            let cases = read_cases(text).expect("cases");
            cases.iter().map(|case| (case.line, case.name.clone())).collect::<Vec<_>>()
        };
        let unnamed = r#"{"channels":1,"steps":[]}"#;
        let expected = [(2, "v".to_owned()), (4, "case 2".to_owned())];
        assert_eq!(check(&format!("[\n{VALVE},\n\n{unnamed}\n]\n")), expected);
        assert_eq!(check(&format!("\n{VALVE}\n\n  {unnamed}")), expected);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_line() {
        let check = |text: &str, expected: &str| {
            let error = read_cases(text).expect_err("an error").to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("", "line 1: holds no case");
        check("[]", "line 1: holds no case");
        check(&format!("[\n{VALVE},\n{{]"), "line 3: not JSON: ");
        check("time,key,value\n", "line 1: not JSON: ");
        check(&format!("[{VALVE},\n{{\"id\":\"x\"}}]"), "line 2: x is of no known shape: Flink windows (pipeline, ");
        check("[[1]]", "line 1: case 1 is of no known shape");
    }
}
