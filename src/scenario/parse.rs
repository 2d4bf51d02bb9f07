//! RON text to [`Scenario`].
//!
//! The dialect is RON with implicit `Some` and unwrapped newtypes, so that a file reads
//! `source: Synthetic(rate: 2.0)`. The first error of the text is reported with its file, line,
//! column and field; once the text can be read, all problems of its values are.

use ron::error::SpannedError;
use ron::extensions::Extensions;

use crate::human::count;
use crate::scenario::error::{FileProblem, ScenarioError};
use crate::scenario::explain::explain;
use crate::scenario::{SCENARIO_VERSION, Scenario, locate};

/// A scenario is a page or two; a larger file is something else.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// Reads and checks a scenario; `file` is only named in errors.
///
/// # Errors
/// When the text is not a scenario of a version that this program knows, or a value is out of range.
pub fn parse(text: &str, file: &str) -> Result<Scenario, ScenarioError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    plausible(text).map_err(|message| ScenarioError::whole(file, message))?;
    let fields = locate::fields(text);
    let at = |offset, path: &str, message| {
        let problem =
            FileProblem { place: Some(locate::line_and_column(text, offset)), path: path.to_owned(), message };
        ScenarioError { file: file.to_owned(), problems: vec![problem] }
    };
    if let Some(version) = locate::find(&fields, "version")
        && let Ok(number) = text[version.value.clone()].parse::<u128>()
        && number > u128::from(SCENARIO_VERSION)
    {
        let message = format!(
            "version {number} of the format is newer than this program, which reads version {SCENARIO_VERSION}"
        );
        return Err(at(version.value.start, "version", message));
    }
    let scenario = read(text).map_err(|error| {
        let found = explain(&error, text, &fields);
        at(found.offset, &found.path, found.message)
    })?;
    let problems = scenario.problems().into_iter().map(|problem| {
        let place = locate::find_around(&fields, &problem.path).map(|field| field.value.start);
        let place = place.map(|offset| locate::line_and_column(text, offset));
        FileProblem { place, path: problem.path, message: problem.message }
    });
    let problems: Vec<_> = problems.collect();
    if problems.is_empty() { Ok(scenario) } else { Err(ScenarioError { file: file.to_owned(), problems }) }
}

/// [`parse`] for the content of a file, which may be anything.
///
/// # Errors
/// Also when the bytes are not text, or more than [`MAX_FILE_BYTES`].
pub fn parse_bytes(bytes: &[u8], file: &str) -> Result<Scenario, ScenarioError> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let limit = count(MAX_FILE_BYTES);
        return Err(ScenarioError::whole(file, format!("more than {limit} bytes; a scenario is a short text file")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let message = format!("not a text file: byte {} is 0x{:02x}, which is not UTF-8", at + 1, bytes[at]);
        ScenarioError::whole(file, message)
    })?;
    parse(text, file)
}

/// The bare syntax, without checks.
pub(super) fn read(text: &str) -> Result<Scenario, SpannedError> {
    options().from_str(text)
}

/// The dialect of scenario files.
pub(super) fn options() -> ron::Options {
    let extensions = Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    ron::Options::default().with_default_extension(extensions)
}

/// Refuses what is no scenario at all, in words of its own.
fn plausible(text: &str) -> Result<(), String> {
    let example = "(title: \"My stream\", source: Synthetic(rate: 2.0))";
    if let Some(at) = text.find(|c: char| c.is_control() && !c.is_whitespace()) {
        return Err(format!("not a text file: byte {} is a control character", at + 1));
    }
    if text.trim().is_empty() {
        return Err(format!("the file is empty; a scenario is at least {example}"));
    }
    if locate::is_blank(text) {
        return Err(format!("the file holds only comments; a scenario is at least {example}"));
    }
    Ok(())
}
