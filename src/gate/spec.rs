//! The gate as data: versions of the schema, which changes between them are allowed, and what becomes
//! of a record that does not pass. The default has no schema and lets everything pass that can be read
//! at all.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::gate::compatibility::{self, Compatibility};
use crate::human::count;
use crate::pipeline::Problem;

/// The field that the pipeline aggregates.
pub const VALUE: &str = "value";
/// What every record has beside the fields of its schema, as in Kafka's records.
pub const ENVELOPE: [&str; 2] = ["key", "event_time"];
/// The most versions; each is checked against all before it.
pub const MAX_VERSIONS: usize = 100;
/// The most fields of one version.
pub const MAX_FIELDS: usize = 100;

/// What is checked between the log and the pipeline, and what happens to what does not pass.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gate {
    /// The versions of the schema, numbered from 1; up to [`MAX_VERSIONS`]. Without any, a record needs
    /// a key, an event time and a value that is a number, and nobody looks at its version.
    pub versions: Vec<SchemaVersion>,
    /// Which changes from version to version are allowed; a list that breaks this is refused, as a
    /// schema registry refuses to register such a version.
    pub compatibility: Compatibility,
    /// The version that the pipeline was built for and reads all records as; the last one without it.
    /// Records are written under it unless a fault says otherwise.
    pub reads: Option<u32>,
    /// What happens to a record that does not pass.
    pub policy: GatePolicy,
    /// What happens to it when it cannot be written to the dead letters either.
    pub when_dead_letters_fail: DeadLetterFailure,
}

/// One version of the schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchemaVersion {
    /// Its fields; key and event time are not among them. Up to [`MAX_FIELDS`].
    pub fields: Vec<FieldSpec>,
}

/// One field of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// What it is called.
    pub name: String,
    /// What it holds.
    pub holds: FieldType,
    /// Whether a record must have it. One that is not required has a default, which stands for it where
    /// it is missing.
    #[serde(default = "yes")]
    pub required: bool,
    /// The least legal value; only of the field `value`, which is the only one with content here.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest legal value.
    #[serde(default)]
    pub max: Option<f64>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum FieldType {
    /// A real number.
    Number,
    /// A whole number; it can be read as a [`FieldType::Number`].
    Integer,
    /// A text.
    Text,
    /// True or false.
    Boolean,
}

/// What happens to a record that does not pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum GatePolicy {
    /// It is counted and given up.
    Reject,
    /// It goes to the dead letters, where somebody may look at it.
    DeadLetter,
    /// The source task crashes, is started again, and reads it again. This is what happens to a pipeline
    /// whose author has not thought of it: Kafka Streams' `LogAndFailExceptionHandler`, an exception in
    /// Flink's `DeserializationSchema`.
    #[default]
    Crash,
}

/// What a source task does with a dead letter that cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DeadLetterFailure {
    /// It waits until it can be, and reads nothing meanwhile.
    #[default]
    Wait,
    /// It counts the record and gives it up.
    Drop,
}

const fn yes() -> bool {
    true
}

/// As in a sentence: `a number`.
impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Integer => "a whole number",
            Self::Text => "a text",
            Self::Boolean => "true or false",
        })
    }
}

impl SchemaVersion {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Gate {
    /// The version that records are read as; 1 where there is none.
    pub fn reads(&self) -> u32 {
        // There are at most 100.
        self.reads.unwrap_or(self.versions.len().max(1) as u32)
    }

    /// The version of this number.
    pub fn version(&self, number: u32) -> Option<&SchemaVersion> {
        self.versions.get((number as usize).checked_sub(1)?)
    }

    /// Whether any record may have a field of this name.
    pub fn knows_field(&self, name: &str) -> bool {
        let in_schema = self.versions.iter().any(|version| version.field(name).is_some());
        name == VALUE || ENVELOPE.contains(&name) || in_schema
    }

    /// Everything that is out of range, with paths from the pipeline.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        if self.versions.len() > MAX_VERSIONS {
            let message = format!("{} versions: the limit is {}", self.versions.len(), count(MAX_VERSIONS as u64));
            return vec![Problem::new("gate.versions", message)];
        }
        for (place, version) in self.versions.iter().enumerate() {
            version.problems(&format!("gate.versions.{place}"), &mut found);
        }
        let last = self.versions.len().max(1);
        if !(1..=last).contains(&(self.reads() as usize)) {
            let message = format!("{} is out of range: must be 1 to {last}, the last version", self.reads());
            found.push(Problem::new("gate.reads", message));
        }
        found.extend(self.read_version_problem());
        found.extend(compatibility::problems(self));
        found
    }

    /// The version that is read must have what the pipeline needs.
    fn read_version_problem(&self) -> Option<Problem> {
        let version = self.version(self.reads())?;
        let value = version.field(VALUE);
        let has_number = value.is_some_and(|field| matches!(field.holds, FieldType::Number | FieldType::Integer));
        if has_number && value.is_some_and(|field| field.required) {
            return None;
        }
        let path = format!("gate.versions.{}", self.reads() - 1);
        let message = "the version that is read needs the field value, required and a number: \
                       (name: \"value\", holds: Number)";
        Some(Problem::new(path, message))
    }
}

impl SchemaVersion {
    fn problems(&self, path: &str, found: &mut Vec<Problem>) {
        if self.fields.len() > MAX_FIELDS {
            let message = format!("{} fields: the limit is {}", self.fields.len(), count(MAX_FIELDS as u64));
            found.push(Problem::new(format!("{path}.fields"), message));
            return;
        }
        for (place, field) in self.fields.iter().enumerate() {
            let mut add = |part: &str, message: String| {
                found.push(Problem::new(format!("{path}.fields.{place}.{part}"), message));
            };
            let name = &field.name;
            if name.is_empty() {
                add("name", "is empty; every field needs a name".to_owned());
            } else if ENVELOPE.contains(&name.as_str()) {
                add("name", format!("every record has {name:?}; it is not part of the schema"));
            } else if self.fields[..place].iter().any(|before| before.name == *name) {
                add("name", format!("{name:?} is there twice; every field needs a name of its own"));
            }
            let is_value = name == VALUE && matches!(field.holds, FieldType::Number | FieldType::Integer);
            for (part, limit) in [("min", field.min), ("max", field.max)] {
                match limit {
                    Some(_) if !is_value => add(part, "only value has a range, and only as a number".to_owned()),
                    Some(limit) if !limit.is_finite() => add(part, format!("{limit} is out of range: must be finite")),
                    _ => {}
                }
            }
            if let (Some(min), Some(max)) = (field.min, field.max)
                && min > max
            {
                add("min", format!("{min} is out of range: must be at most the max, {max}"));
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A version from `name: type`, `?` behind the name for one that is not required.
    pub fn version(fields: &[(&str, FieldType)]) -> SchemaVersion {
        let field = |&(name, holds): &(&str, FieldType)| FieldSpec {
            name: name.trim_end_matches('?').to_owned(),
            holds,
            required: !name.ends_with('?'),
            min: None,
            max: None,
        };
        SchemaVersion { fields: fields.iter().map(field).collect() }
    }

    fn check(gate: &Gate, expected: &[&str]) {
        let found: Vec<String> = gate.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_default_is_no_gate_and_legal() {
        let gate = Gate::default();
        check(&gate, &[]);
        assert_eq!((gate.reads(), gate.version(1), gate.version(0)), (1, None, None));
        assert!(gate.knows_field("value") && gate.knows_field("key") && !gate.knows_field("unit"));
    }

    #[test]
    fn what_is_out_of_range_is_refused_with_its_limits() {
        let value = ("value", FieldType::Number);
        let two = vec![version(&[value]), version(&[value, ("unit?", FieldType::Text)])];
        check(&Gate { versions: two.clone(), ..Gate::default() }, &[]);
        assert!(Gate { versions: two.clone(), ..Gate::default() }.knows_field("unit"));
        check(
            &Gate { versions: two.clone(), reads: Some(3), ..Gate::default() },
            &["gate.reads: 3 is out of range: must be 1 to 2, the last version"],
        );
        check(
            &Gate { reads: Some(0), ..Gate::default() },
            &["gate.reads: 0 is out of range: must be 1 to 1, the last version"],
        );
        check(
            &Gate { versions: vec![version(&[("value?", FieldType::Number)])], ..Gate::default() },
            &["gate.versions.0: the version that is read needs the field value, required and a number: \
               (name: \"value\", holds: Number)"],
        );
        let many = vec![version(&[value]); MAX_VERSIONS + 1];
        check(&Gate { versions: many, ..Gate::default() }, &["gate.versions: 101 versions: the limit is 100"]);
    }

    #[test]
    fn fields_are_checked_one_by_one() {
        let mut bad = version(&[
            ("value", FieldType::Number),
            ("key", FieldType::Text),
            ("", FieldType::Text),
            ("unit", FieldType::Text),
            ("unit", FieldType::Text),
        ]);
        bad.fields[0].min = Some(2.0);
        bad.fields[0].max = Some(1.0);
        bad.fields[3].max = Some(1.0);
        check(
            &Gate { versions: vec![bad], ..Gate::default() },
            &[
                "gate.versions.0.fields.0.min: 2 is out of range: must be at most the max, 1",
                "gate.versions.0.fields.1.name: every record has \"key\"; it is not part of the schema",
                "gate.versions.0.fields.2.name: is empty; every field needs a name",
                "gate.versions.0.fields.3.max: only value has a range, and only as a number",
                "gate.versions.0.fields.4.name: \"unit\" is there twice; every field needs a name of its own",
            ],
        );
    }
}
