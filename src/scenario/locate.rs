//! Where the fields of a scenario file are: their paths, and their places in the text.
//!
//! A light scan that never fails, so that it also works on the files that do not parse. Enum
//! variants are transparent (`window: Tumbling(size: "1min")` has the path `window.size`), and
//! elements of lists are numbered from 0 (`faults.0.key`).

use std::ops::Range;

/// Deeper nesting than this is not looked at; the parser refuses it anyway.
const MAX_DEPTH: usize = 64;

/// One field, or one element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Names and numbers from the root, joined by dots.
    pub path: String,
    /// The first byte of the name (of the value, in a list).
    pub start: usize,
    /// The bytes of the value; up to the end of the text where the value is not closed.
    pub value: Range<usize>,
}

/// All fields of `text`, in order of their starts; parents come before their children.
pub fn fields(text: &str) -> Vec<Field> {
    let mut scan = Scan::whole(text);
    while !scan.frames.is_empty() {
        scan.last_end = text.len();
        scan.close();
    }
    scan.fields
}

/// Whether a bracket is open at the end of `text`.
pub fn is_unclosed(text: &str) -> bool {
    !Scan::whole(text).frames.is_empty()
}

/// Whether there is nothing but blanks and comments.
pub fn is_blank(text: &str) -> bool {
    skip_blank(text, 0) == text.len()
}

/// The length of the token that `rest` begins with.
pub fn token_length(rest: &str) -> usize {
    string_length(rest).unwrap_or_else(|| word_length(rest).max(rest.chars().next().map_or(0, char::len_utf8)))
}

/// The field of this path.
pub fn find<'a>(fields: &'a [Field], path: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.path == path)
}

/// The field of this path, or else the nearest one around it.
pub fn find_around<'a>(fields: &'a [Field], path: &str) -> Option<&'a Field> {
    let mut path = path;
    loop {
        if let Some(field) = find(fields, path) {
            return Some(field);
        }
        path = path.rsplit_once('.')?.0;
    }
}

/// The innermost field that the byte at `offset` belongs to; the end of a value still does.
pub fn innermost(fields: &[Field], offset: usize) -> Option<&Field> {
    fields.iter().rev().find(|field| field.start <= offset && offset <= field.value.end)
}

/// Line and column, from 1, of the byte at `offset`; columns count characters.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The byte at this line and column, from 1; the end of the text when there is none.
pub fn offset(text: &str, line: usize, column: usize) -> usize {
    let line_start = match line.checked_sub(2) {
        None => 0,
        Some(nth) => text.match_indices('\n').nth(nth).map_or(text.len(), |(at, _)| at + 1),
    };
    let rest = &text[line_start..];
    rest.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| line_start + at)
}

/// What a bracket opened.
struct Frame {
    /// Elements of lists are numbered; this many have begun.
    elements: Option<usize>,
    /// Length of the path around the bracket.
    path_length: usize,
    /// The field that is being read.
    open: Option<usize>,
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Where the last token ended.
    last_end: usize,
    path: String,
    frames: Vec<Frame>,
    fields: Vec<Field>,
}

impl<'a> Scan<'a> {
    /// The state at the end of `text`.
    fn whole(text: &'a str) -> Self {
        let mut scan = Self { text, at: 0, last_end: 0, path: String::new(), frames: Vec::new(), fields: Vec::new() };
        while scan.frames.len() <= MAX_DEPTH && scan.step() {}
        scan
    }

    /// Reads one token; false at the end.
    fn step(&mut self) -> bool {
        self.at = skip_blank(self.text, self.at);
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else {
            return false;
        };
        match first {
            ',' => {
                self.close_field();
                self.at += 1;
            }
            ')' | ']' | '}' => {
                self.close();
                self.at += 1;
                self.last_end = self.at;
            }
            '(' | '[' | '{' => {
                self.begin_element();
                self.at += 1;
                let elements = (first == '[').then_some(0);
                self.frames.push(Frame { elements, path_length: self.path.len(), open: None });
                self.last_end = self.at;
            }
            _ => self.token(rest),
        }
        true
    }

    /// A name, a string, a number, or a stray character.
    fn token(&mut self, rest: &str) {
        let start = self.at;
        let end = start + token_length(rest);
        let after = skip_blank(self.text, end);
        let names_field = self.frames.last().is_some_and(|frame| frame.elements.is_none() && frame.open.is_none())
            && word_length(rest) > 0
            && self.text[after..].starts_with(':');
        if names_field {
            let value_start = skip_blank(self.text, after + 1);
            self.begin_field(&rest[..end - start], start, value_start);
            self.at = value_start;
            self.last_end = after + 1;
        } else {
            self.begin_element();
            self.at = end;
            self.last_end = end;
        }
    }

    fn begin_element(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && frame.open.is_none()
            && let Some(elements) = frame.elements
        {
            frame.elements = Some(elements + 1);
            self.begin_field(&elements.to_string(), self.at, self.at);
        }
    }

    fn begin_field(&mut self, name: &str, start: usize, value_start: usize) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(name);
        let number = self.fields.len();
        self.fields.push(Field { path: self.path.clone(), start, value: value_start..self.text.len() });
        if let Some(frame) = self.frames.last_mut() {
            frame.open = Some(number);
        }
    }

    fn close_field(&mut self) {
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if let Some(number) = frame.open.take() {
            self.path.truncate(frame.path_length);
            let value = &mut self.fields[number].value;
            value.end = self.last_end.max(value.start);
        }
    }

    fn close(&mut self) {
        self.close_field();
        self.frames.pop();
    }
}

/// The next byte from `at` on that is neither blank nor in a comment.
pub fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("//") {
            at += trimmed.find('\n').unwrap_or(trimmed.len());
        } else if trimmed.starts_with("/*") {
            at += block_comment_length(trimmed);
        } else {
            return at;
        }
    }
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut level, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (level, at) = (level + 1, at + 2),
            Some(b"*/") => {
                (level, at) = (level - 1, at + 2);
                if level == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of the string that `rest` begins with, plain or raw; `None` when it does not.
fn string_length(rest: &str) -> Option<usize> {
    if let Some(inside) = rest.strip_prefix('"') {
        let mut escaped = false;
        for (at, c) in inside.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => return Some(at + 2),
                _ => {}
            }
        }
        return Some(rest.len());
    }
    let raw = rest.strip_prefix('r')?;
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    let inside = raw[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let before = 1 + hashes + 1;
    Some(inside.find(&end).map_or(rest.len(), |at| before + at + end.len()))
}

/// The length of the name or number that `rest` begins with.
fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '+' | '-'))).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = fields(text);
        let shown: Vec<_> = found.iter().map(|field| (field.path.as_str(), &text[field.value.clone()])).collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn fields_have_paths_through_variants_and_lists() {
        check(
            r#"(title: "a, b: (c)", source: Synthetic(rate: 2.0, values: Constant(1.5)), seed : -7,)"#,
            &[
                ("title", r#""a, b: (c)""#),
                ("source", "Synthetic(rate: 2.0, values: Constant(1.5))"),
                ("source.rate", "2.0"),
                ("source.values", "Constant(1.5)"),
                ("seed", "-7"),
            ],
        );
        check(
            r#"(faults: [Slow(factor: 2), Offline(key: "T3")], names: ["x", "y"], none: [], unit: Drop)"#,
            &[
                ("faults", r#"[Slow(factor: 2), Offline(key: "T3")]"#),
                ("faults.0", "Slow(factor: 2)"),
                ("faults.0.factor", "2"),
                ("faults.1", r#"Offline(key: "T3")"#),
                ("faults.1.key", r#""T3""#),
                ("names", r#"["x", "y"]"#),
                ("names.0", r#""x""#),
                ("names.1", r#""y""#),
                ("none", "[]"),
                ("unit", "Drop"),
            ],
        );
        check(
            "(d: Mixture([(weight: 1)]))",
            &[("d", "Mixture([(weight: 1)])"), ("d.0", "(weight: 1)"), ("d.0.weight", "1")],
        );
    }

    #[test]
    fn comments_and_strings_hide_what_is_in_them() {
        check(
            "// x: 1\n( /* y: /* 2 */ , */ a /**/ : /* b */ 3 // c: 4\n , b: \"\\\"c: 1\")",
            &[("a", "3"), ("b", "\"\\\"c: 1\"")],
        );
        check("(a: r#\"b: \" 1\"#, c: r\"\\\", r: 2)", &[("a", "r#\"b: \" 1\"#"), ("c", "r\"\\\""), ("r", "2")]);
    }

    #[test]
    fn broken_text_is_read_as_far_as_it_goes() {
        check("(a: 1, b: (c: 2", &[("a", "1"), ("b", "(c: 2"), ("b.c", "2")]);
        check("(a: \"open", &[("a", "\"open")]);
        check("(a: /* open", &[("a", "")]);
        check(")]} , a: 1", &[]);
        check("(a:)", &[("a", "")]);
        check("(a: 1 b: 2)", &[("a", "1 b: 2")]);
        check("", &[]);
        fields(&"(".repeat(100_000));
        fields(&"(a: [".repeat(100_000));
    }

    #[test]
    fn places_and_offsets_agree() {
        let text = "ab\nµs x\n\nend";
        for (at, _) in text.char_indices() {
            let (line, column) = line_and_column(text, at);
            assert_eq!(offset(text, line, column), at);
        }
        assert_eq!(line_and_column(text, 6), (2, 3));
        assert_eq!(offset(text, 9, 1), text.len());
        let found = fields("(a: (b: 1), c: 2)");
        assert_eq!(innermost(&found, 8).map(|field| field.path.as_str()), Some("a.b"));
        assert_eq!(innermost(&found, 15).map(|field| field.path.as_str()), Some("c"));
        assert_eq!(find_around(&found, "a.b.c.d").map(|field| field.path.as_str()), Some("a.b"));
    }
}
