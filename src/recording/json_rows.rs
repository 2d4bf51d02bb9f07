//! Fields of JSON lines: one object per line, columns are paths like `payload.user.id`.
//!
//! Only the wanted paths are taken out, as text: numbers keep every digit that the file has, and
//! strings lose their quotes. A string that holds an object is looked into like an object, which
//! is how `kcat -J` wraps payloads. A field whose own name has dots is found by its whole name.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// How deep [`flatten`] looks for columns; deeper ones can still be chosen by name.
const FLATTEN_DEPTH_MAX: usize = 8;

/// Which paths go to which slots.
#[derive(Debug, Default)]
pub(super) struct PathTree {
    slots: Vec<usize>,
    children: Vec<(String, PathTree)>,
}

/// What was found for one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// The value as text; empty when there is none.
    pub(super) text: Vec<u8>,
    /// Whether it is a list or an object, with its JSON as text.
    pub(super) is_composite: bool,
}

impl PathTree {
    /// The value at `path` is to go to slot number `slot`.
    pub(super) fn insert(&mut self, path: &str, slot: usize) {
        let end = path.split('.').fold(&mut *self, |node, name| node.child(name));
        end.slots.push(slot);
        if path.contains('.') {
            self.child(path).slots.push(slot);
        }
    }

    fn child(&mut self, name: &str) -> &mut Self {
        let place = self.children.iter().position(|(child, _)| child == name).unwrap_or_else(|| {
            self.children.push((name.to_owned(), Self::default()));
            self.children.len() - 1
        });
        &mut self.children[place].1
    }

    /// Takes the wanted values out of one line; slots without a value (or with `null`) are
    /// emptied. Of equal names in one object the last counts.
    ///
    /// # Errors
    /// What is wrong, if the line is not one object.
    pub(super) fn extract(&self, line: &[u8], slots: &mut [Slot]) -> Result<(), String> {
        for slot in slots.iter_mut() {
            slot.text.clear();
            slot.is_composite = false;
        }
        let mut deserializer = serde_json::Deserializer::from_slice(line);
        Object { node: self, slots }
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end())
            .map_err(|error| reason(&error))
    }

    fn take(&self, raw: &str, slots: &mut [Slot]) -> Result<(), serde_json::Error> {
        let unescaped: Option<String> = if raw.starts_with('"') && (raw.contains('\\') || !self.children.is_empty()) {
            Some(serde_json::from_str(raw)?)
        } else {
            None
        };
        for &slot in &self.slots {
            let Some(slot) = slots.get_mut(slot) else { continue };
            slot.text.clear();
            slot.is_composite = raw.starts_with(['{', '[']);
            let text = match &unescaped {
                Some(text) => text,
                None if raw == "null" => "",
                None => raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw),
            };
            slot.text.extend_from_slice(text.as_bytes());
        }
        let inner = unescaped.as_deref().unwrap_or(raw);
        if !self.children.is_empty() && inner.trim_start().starts_with('{') {
            let mut deserializer = serde_json::Deserializer::from_str(inner);
            let found = Object { node: self, slots }.deserialize(&mut deserializer);
            // Text that only looks like an object is text.
            return if unescaped.is_some() { Ok(()) } else { found };
        }
        Ok(())
    }
}

/// The parser's message without its line, which is always 1.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(cut) => format!("{} at byte {}", &text[..cut], error.column()),
        None => text,
    }
}

/// Walks one object along a node.
struct Object<'n, 's> {
    node: &'n PathTree,
    slots: &'s mut [Slot],
}

impl<'de> DeserializeSeed<'de> for Object<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(child) = map.next_key_seed(Child(self.node))? {
            match child {
                Some(child) => {
                    let raw: &RawValue = map.next_value()?;
                    child.take(raw.get(), self.slots).map_err(serde::de::Error::custom)?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Finds the child of a name without copying the name.
struct Child<'n>(&'n PathTree);

impl<'de, 'n> DeserializeSeed<'de> for Child<'n> {
    type Value = Option<&'n PathTree>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'n> Visitor<'_> for Child<'n> {
    type Value = Option<&'n PathTree>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.children.iter().find(|(child, _)| child == name).map(|(_, node)| node))
    }
}

/// All single values of one line as pairs of path and text, in file order; `None` if the line is
/// not an object. For guessing columns, so it may copy.
pub(super) fn flatten(line: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    flatten_into(line, "", 0, &mut found).then_some(found)
}

fn flatten_into(object: &str, prefix: &str, depth: usize, found: &mut Vec<(String, String)>) -> bool {
    let Ok(Pairs(pairs)) = serde_json::from_str(object) else { return false };
    for (name, raw) in pairs {
        let path = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        let raw = raw.get();
        let text = if raw.starts_with('"') { serde_json::from_str(raw).unwrap_or_default() } else { raw.to_owned() };
        let is_object = text.trim_start().starts_with('{');
        if is_object && depth < FLATTEN_DEPTH_MAX && flatten_into(&text, &path, depth + 1, found) {
            continue;
        }
        if !raw.starts_with(['{', '[']) {
            found.push((path, if raw == "null" { String::new() } else { text }));
        }
    }
    true
}

/// The fields of an object in file order.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, path: &str, expected: &str) {
        let mut tree = PathTree::default();
        tree.insert(path, 0);
        let mut slots = [Slot { text: b"old".to_vec(), is_composite: true }];
        tree.extract(line.as_bytes(), &mut slots).expect("an object");
        assert_eq!(String::from_utf8_lossy(&slots[0].text), expected, "{line}");
    }

    #[test]
    fn values_are_found_by_path_and_kept_to_the_digit() {
        check(r#"{"a":1,"b":2}"#, "b", "2");
        check(r#"{"t":1517365101235123999}"#, "t", "1517365101235123999");
        check(r#"{"t":1517365101.235100000001}"#, "t", "1517365101.235100000001");
        check(r#"{"a":"x\"y\u00e9\n"}"#, "a", "x\"y\u{e9}\n");
        check(r#"{"payload":{"user":{"id":"u7","x":[1,{"id":2}]}}}"#, "payload.user.id", "u7");
        check(r#"{"payload.user":"flat"}"#, "payload.user", "flat");
        check(r#"{"payload":"{\"user\":{\"id\":7}}"}"#, "payload.user.id", "7");
        check(r#"{"payload":"{not json"}"#, "payload.user.id", "");
        check(r#"{"payload":"text"}"#, "payload", "text");
        check(r#"{"payload":3}"#, "payload.user", "");
        check(r#"{"a":null}"#, "a", "");
        check(r#"{"a":true}"#, "a", "true");
        check(r#"{}"#, "a", "");
        check(r#"{"a":1,"a":2}"#, "a", "2");
        check(r#"{"":5}"#, "", "5");
    }

    #[test]
    fn one_path_may_lead_through_another() {
        let mut tree = PathTree::default();
        tree.insert("a", 0);
        tree.insert("a.b", 1);
        let mut slots = [Slot::default(), Slot::default()];
        tree.extract(br#"{"a":{"b":5}}"#, &mut slots).expect("an object");
        assert_eq!((slots[0].is_composite, slots[0].text.as_slice()), (true, br#"{"b":5}"#.as_slice()));
        assert_eq!((slots[1].is_composite, slots[1].text.as_slice()), (false, b"5".as_slice()));
    }

    #[test]
    fn what_is_not_one_object_is_refused_with_its_place() {
        let check = |line: &str, expected: &str| {
            let error = PathTree::default().extract(line.as_bytes(), &mut []).expect_err("no object");
            assert_eq!(error, expected, "{line}");
        };
        check("", "EOF while parsing a value at byte 0");
        check("17", "invalid type: integer `17`, expected an object at byte 2");
        check("[1]", "invalid type: sequence, expected an object at byte 0");
        check("{\"a\":1", "EOF while parsing an object at byte 6");
        check("{} {}", "trailing characters at byte 4");
        check("{\"a\":nan}", "expected ident at byte 7");
    }

    #[test]
    fn flat_columns_are_listed_in_file_order() {
        let line = r#"{"z":1,"a":{"n":"x","l":[1],"e":{}},"payload":"{\"k\":null}","s":"{oops"}"#;
        let pairs = flatten(line).expect("an object");
        let pairs: Vec<_> = pairs.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert_eq!(pairs, [("z", "1"), ("a.n", "x"), ("payload.k", ""), ("s", "{oops")]);
        assert_eq!(flatten("[1]"), None);
    }
}
