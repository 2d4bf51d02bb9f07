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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reading `marked` fails at the place of its `§`, with this field and message.
    fn check(marked: &str, expected: &str) {
        let text = marked.replace('§', "");
        let before = &marked[..marked.find('§').expect("a mark at the place of the error")];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        match parse(&text, "f.ron") {
            Ok(_) => panic!("{text} was read, and should not: {expected}"),
            Err(error) => assert_eq!(error.to_string(), format!("f.ron:{line}:{column}: {expected}"), "{text}"),
        }
    }

    fn message(text: &str) -> String {
        parse(text, "f.ron").unwrap_err().to_string()
    }

    #[test]
    fn the_smallest_scenario_has_defaults() {
        let scenario = parse("(title: \"x\", source: Synthetic())", "f.ron").unwrap();
        assert_eq!((scenario.version, scenario.seed), (1, 7));
        assert_eq!(scenario.duration, crate::time::Span::from_secs(600));
        assert_eq!(scenario.pipeline, crate::pipeline::Pipeline::default());
        assert_eq!(parse("\u{feff}(title: \"x\", source: Synthetic())", "f.ron"), Ok(scenario));
    }

    #[test]
    fn unknown_names_come_with_the_nearest_one() {
        check(
            r#"(title: "x", source: Synthetic(§rat: 2))"#,
            "source.rat: unknown field in Synthetic; did you mean `rate`? \
             The fields are start, rate, rate_shape, arrivals, keys, values, delay, partitions, partitioner, producers",
        );
        check(
            "(\n  title: \"µ\",\n  source: §Synthetik(rate: 2))",
            "source: `Synthetik` is not known here; did you mean `Synthetic`? The choices are Synthetic, Recording, Records",
        );
        check(
            r#"(title: "x", source: Synthetic(), pipeline: (window: Tumbling(§sise: "1s")))"#,
            "pipeline.window.sise: unknown field in Tumbling; did you mean `size`? The fields are size, offset",
        );
        check(
            r#"(title: "x", source: Synthetic(), pipeline: (late: §drop))"#,
            "pipeline.late: `drop` is not known here; did you mean `Drop`? The choices are Drop, SideOutput",
        );
        check(
            r#"(title: "x", source: Synthetic(), §zzz: 1)"#,
            "zzz: unknown field. The fields are version, title, about, seed, duration, source, join, log, pipeline, \
             faults, by_hand, alerts, lesson, goals",
        );
    }

    #[test]
    fn wrong_values_say_what_would_be_right() {
        let top =
            |field: &str, expected: &str| check(&format!("(title: \"x\", source: Synthetic(), {field})"), expected);
        top("seed: §-1", "seed: must be a whole number in the range of its field, found `-1`");
        top("seed: §1.5", "seed: must be a whole number, found `1.5`");
        top("seed: §x", "seed: must be a whole number, found `x`");
        top("duration: §30s", "duration: must be in double quotes: \"30s\"");
        top("duration: §\"30\"", "duration: \"30\" has no unit; write 30us, 30ms, 30s, 30min, 30h or 30d");
        top("about: §,", "about: a value is missing, found `,`");
        top("faults: §Offline(key: \"a\")", "faults: must be a list in square brackets, [ ... ], found `Offline`");
        check("(title: §x, source: Synthetic())", "title: must be in double quotes: \"x\"");
        let source = |value: &str, expected: &str| check(&format!("(title: \"x\", source: {value})"), expected);
        source("Synthetic(rate: §\"2\")", "source.rate: must be a number, found `\"2\"`");
        source(
            "Synthetic(delay: §Constant)",
            "source.delay: Constant needs its settings in round brackets: Constant(name: value, ...)",
        );
        source("Recording(columns: (no_header: §1))", "source.columns.no_header: must be true or false, found `1`");
        source("§\"Synthetic\"", "source: must be a name without quotes, found `\"Synthetic\"`");
    }

    #[test]
    fn missing_and_repeated_fields_are_named() {
        check("(source: Synthetic()§)", "title: is missing");
        check("(title: \"x\"§)", "source: is missing");
        check("(title: \"x\", §title: \"y\", source: Synthetic())", "title: this field is there twice");
        check(
            "(title: \"x\", source: Synthetic(delay: LogNormal(median: \"1s\"§)))",
            "source.delay.sigma: is missing in LogNormal",
        );
    }

    #[test]
    fn broken_syntax_is_placed() {
        check("(title: \"x\" §source: Synthetic())", "title: expected a comma or a closing bracket, found `source`");
        check(
            "(title: \"x\", source: Synthetic()) §x",
            "the scenario ends before `x`; nothing may follow its last bracket",
        );
        check("(title: §\"x, source: Synthetic())", "title: a text in double quotes begins here and is not closed");
        let no_brackets =
            "a scenario is written in round brackets, (title: \"My stream\", source: Synthetic(rate: 2.0))";
        for text in ["§key,value\n1,2\n", "§{\"title\": 1}", "§title: \"x\""] {
            check(text, no_brackets);
        }
    }

    #[test]
    fn a_file_cut_off_anywhere_says_so_at_its_end() {
        let mixture = "Mixture([(weight: 1, delay: Constant(delay: \"1s\"))])";
        let text = &format!("(title: \"x\", source: Synthetic(rate: 2.0, delay: {mixture}), seed: 9)");
        assert!(parse(text, "f.ron").is_ok());
        for length in 1..text.len() {
            let cut = &text[..length];
            let message = parse(cut, "f.ron").unwrap_err().to_string();
            assert!(message.contains("the file ends here") || message.contains("is not closed"), "{cut}\n{message}");
        }
        check(
            "(title: \"x\",\n source: Synthetic(rate: 2§\n\n",
            "source.rate: the file ends here, before its brackets are closed; the rest is missing",
        );
    }

    #[test]
    fn files_that_are_no_text_are_refused_in_words() {
        let message = |bytes: &[u8]| parse_bytes(bytes, "f.ron").unwrap_err().to_string();
        let empty =
            "f.ron: the file is empty; a scenario is at least (title: \"My stream\", source: Synthetic(rate: 2.0))";
        assert_eq!(message(b""), empty);
        assert_eq!(message(b" \r\n\t"), empty);
        assert!(message(b"// only words\n").starts_with("f.ron: the file holds only comments;"));
        assert_eq!(message(b"(\xff"), "f.ron: not a text file: byte 2 is 0xff, which is not UTF-8");
        assert_eq!(message(b"PK\x03\x04\x00"), "f.ron: not a text file: byte 3 is a control character");
        let large = vec![b'('; MAX_FILE_BYTES as usize + 1];
        assert_eq!(message(&large), "f.ron: more than 4,194,304 bytes; a scenario is a short text file");
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        assert!(parse(&"(".repeat(1 << 20), "f.ron").is_err());
        assert!(parse(&"[".repeat(1 << 20), "f.ron").is_err());
        assert!(parse(&"/*".repeat(1 << 20), "f.ron").is_err());
        let mixtures = "Mixture([(weight: 1, delay: ".repeat(10_000);
        let message =
            parse(&format!("(title: \"x\", source: Synthetic(delay: {mixtures}"), "f.ron").unwrap_err().to_string();
        assert!(message.contains("brackets are nested too deeply"), "{message}");
    }

    #[test]
    fn a_newer_version_is_refused_before_its_fields_are_read() {
        check(
            "(\n  version: §2,\n  title: \"x\",\n  future: [1, 2],\n)",
            "version: version 2 of the format is newer than this program, which reads version 1",
        );
        check(
            "(version: §0, title: \"x\", source: Synthetic())",
            "version: 0 is not a version of this format: must be 1",
        );
    }

    #[test]
    fn all_values_out_of_range_are_reported_with_their_places() {
        let text = r#"(
  title: "x",
  duration: "0s",
  source: Synthetic(rate: 0),
  pipeline: (
    window: Tumbling(size: "0s"),
    queue_capacity: 0,
  ),
)"#;
        let expected = "f.ron:3:13: duration: 0s is out of range: must be more than 0, at most 115740d
f.ron:4:27: source.rate: 0 is out of range: must be a number above 0, in records per second
f.ron:6:28: pipeline.window.size: 0s is out of range: must be more than 0, at most 115740d
f.ron:7:21: pipeline.queue_capacity: 0 is out of range: must be 1 to 10,000,000";
        assert_eq!(message(text), expected);
    }

    #[test]
    fn a_problem_of_a_field_that_is_not_written_is_placed_at_its_parent() {
        check(
            "(title: \"x\", source: §Recording())",
            "source.path: is missing: name a .csv, .jsonl or .parquet file, relative to the scenario file",
        );
    }
}
