//! The parser's errors in plain words: which field, what is there, what would be right.

use ron::error::{Error, SpannedError};

use crate::scenario::locate::{self, Field};
use crate::scenario::suggest::did_you_mean_stop;

/// An error of the text, in words.
#[derive(Debug)]
pub(super) struct Explained {
    /// The byte where it is.
    pub offset: usize,
    /// The field, as a path from the root.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Puts an error into words; `fields` are those of `text`.
pub(super) fn explain(error: &SpannedError, text: &str, fields: &[Field]) -> Explained {
    let reported = locate::offset(text, error.span.start.line, error.span.start.col);
    let offset = locate::skip_blank(text, reported);
    let inside = locate::innermost(fields, offset).or_else(|| locate::innermost(fields, reported));
    let value = inside.map_or("", |field| &text[field.value.clone()]);
    // The parser may have stopped inside a word or a text.
    let offset = match inside {
        Some(field) if (field.value.start..field.value.start + locate::token_length(value)).contains(&offset) => {
            field.value.start
        }
        _ => offset,
    };
    let path = inside.map(|field| field.path.clone()).unwrap_or_default();
    if error.code == Error::ExpectedStringEnd {
        let message = "a text in double quotes begins here and is not closed".to_owned();
        return Explained { offset, path, message };
    }
    if is_cut_off(text, offset) && !matches!(error.code, Error::TrailingCharacters | Error::Message(_)) {
        let message = "the file ends here, before its brackets are closed; the rest is missing".to_owned();
        return Explained { offset: text.trim_end().len(), path, message };
    }
    let of_value = || inside.map_or(offset, |field| field.value.start);
    let (offset, message) = match &error.code {
        Error::MissingStructField { field, .. } => {
            let around = fields.iter().rev().find(|field| field.start <= reported && reported < field.value.end);
            let path = around.map_or_else(|| (*field).to_owned(), |around| format!("{}.{field}", around.path));
            let message = match around {
                Some(around) => format!("is missing in {}", shorten(first_word(&text[around.value.clone()]))),
                None => "is missing".to_owned(),
            };
            return Explained { offset, path, message };
        }
        Error::NoSuchStructField { expected, found, outer } => {
            let owner = outer.as_deref().map(owner_in_words).unwrap_or_default();
            let guess = did_you_mean_stop(found, expected.iter().copied());
            (offset, format!("unknown field{owner}{guess} The fields are {}", expected.join(", ")))
        }
        Error::NoSuchEnumVariant { expected, found, .. } => {
            let guess = did_you_mean_stop(found, expected.iter().copied());
            (offset, format!("`{}` is not known here{guess} The choices are {}", shorten(found), expected.join(", ")))
        }
        Error::DuplicateStructField { .. } => (offset, "this field is there twice".to_owned()),
        Error::Message(message) => (of_value(), message.clone()),
        Error::InvalidValueForType { expected, found } => (of_value(), format!("must be {expected}, found {found}")),
        Error::ExpectedStructLike => {
            let name = shorten(first_word(value));
            (of_value(), format!("{name} needs its settings in round brackets: {name}(name: value, ...)"))
        }
        Error::ExpectedComma if text[reported..].starts_with('.') => {
            (of_value(), format!("must be a whole number, found `{}`", shorten(value)))
        }
        Error::ExpectedDifferentStructName { expected: "Scenario", .. }
        | Error::ExpectedNamedStructLike("Scenario") => {
            let message =
                "a scenario is written in round brackets, (title: \"My stream\", source: Synthetic(rate: 2.0))";
            return Explained { offset, path: String::new(), message: message.to_owned() };
        }
        Error::NoSuchExtension(name) => {
            let message = format!("`{}` is not an extension of RON", shorten(name));
            return Explained { offset, path: String::new(), message };
        }
        code => (offset, in_words(code, text, offset, inside.map(|_| value))),
    };
    Explained { offset, path, message }
}

/// Errors of the syntax at `offset`, inside a field with this value.
fn in_words(code: &Error, text: &str, offset: usize, value: Option<&str>) -> String {
    let found = match &text[offset..offset + locate::token_length(&text[offset..])] {
        "" => "the end of the file".to_owned(),
        token => format!("`{}`", shorten(token)),
    };
    match code {
        Error::ExpectedString | Error::ExpectedIdentifier if value == Some("") => {
            format!("a value is missing, found {found}")
        }
        Error::ExpectedString => format!("must be in double quotes: \"{}\"", shorten(value.unwrap_or(""))),
        Error::ExpectedFloat | Error::UnderscoreAtBeginning | Error::FloatUnderscore => {
            format!("must be a number, found {found}")
        }
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } => format!("must be a whole number, found {found}"),
        Error::IntegerOutOfBounds => format!("must be a whole number in the range of its field, found {found}"),
        Error::ExpectedBoolean => format!("must be true or false, found {found}"),
        Error::ExpectedArray => format!("must be a list in square brackets, [ ... ], found {found}"),
        Error::ExpectedIdentifier if text[offset..].starts_with('"') => {
            format!("must be a name without quotes, found {found}")
        }
        Error::ExpectedIdentifier => format!("expected a name, found {found}"),
        Error::ExpectedComma | Error::ExpectedStructLikeEnd | Error::ExpectedArrayEnd => {
            format!("expected a comma or a closing bracket, found {found}")
        }
        Error::ExpectedMapColon => format!("expected `:` after the name of a field, found {found}"),
        Error::ExpectedDifferentStructName { .. } | Error::ExpectedNamedStructLike(_) => {
            format!("expected settings in round brackets, (name: value, ...), found {found}")
        }
        Error::TrailingCharacters => format!("the scenario ends before {found}; nothing may follow its last bracket"),
        Error::ExceededRecursionLimit => "brackets are nested too deeply".to_owned(),
        Error::UnexpectedChar(c) => format!("unexpected character {c:?}"),
        Error::UnclosedBlockComment => "a comment that begins with `/*` is not closed by `*/`".to_owned(),
        Error::InvalidEscape(_) => "unknown escape in a text; a backslash is written `\\\\`".to_owned(),
        other => format!("{other}; found {found}"),
    }
}

/// Whether a bracket, string or comment is open at the end, and nothing but a token is left.
fn is_cut_off(text: &str, offset: usize) -> bool {
    let rest = &text[offset..];
    locate::is_unclosed(text) && locate::is_blank(&rest[locate::token_length(rest)..])
}

fn owner_in_words(owner: &str) -> String {
    if owner == "Scenario" { String::new() } else { format!(" in {owner}") }
}

fn first_word(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(value.len());
    if end == 0 { "this field" } else { &value[..end] }
}

/// At most 40 characters of one line.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    let cut: String = line.chars().take(40).collect();
    if cut.len() < text.len() { format!("{cut}...") } else { cut }
}
