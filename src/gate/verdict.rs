//! Whether one record passes the gate: a pure function of its facts and the schema.
//!
//! Rules in order: its version is known, that version can be read as the one that the pipeline was built
//! for, nothing that is needed is missing, everything has its type, the value is in range. The first one
//! that is broken is the verdict.

use std::fmt;

use crate::gate::compatibility::{Unreadable, can_read};
use crate::gate::defect::Defect;
use crate::gate::spec::{ENVELOPE, FieldType, Gate, VALUE};
use crate::record::{RecordId, Stream};

/// What the gate sees of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Facts<'a> {
    /// Its value, as written; finite. Of no meaning when the defect is that there is none.
    pub value: f64,
    /// What is wrong with it.
    pub defect: Option<&'a Defect>,
}

/// The rule that a record breaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Nobody registered the version that it was written under.
    UnknownVersion {
        /// Which.
        version: u32,
        /// The last one that there is.
        last: u32,
    },
    /// The version that it was written under cannot be read as the one that the pipeline was built for.
    Unreadable {
        /// The version that it was written under.
        version: u32,
        /// The version that the pipeline was built for.
        reads: u32,
        /// Why not.
        why: Unreadable,
    },
    /// It lacks something that it needs.
    Missing {
        /// Which field.
        field: String,
    },
    /// Something is of another type.
    WrongType {
        /// Which field.
        field: String,
        /// What it should hold; `None` for the event time, which should be an instant.
        expected: Option<FieldType>,
    },
    /// The value is too small or too large.
    OutOfRange {
        /// The value.
        value: f64,
        /// The least legal one.
        min: Option<f64>,
        /// The greatest legal one.
        max: Option<f64>,
    },
}

/// A sentence without its end: `the field "value" is missing`.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion { version, last } => {
                write!(f, "schema version {version} is not registered; the last one is {last}")
            }
            Self::Unreadable { version, reads, why } => {
                write!(f, "schema version {version} cannot be read as version {reads}, because {why}")
            }
            Self::Missing { field } => write!(f, "the field {field:?} is missing"),
            Self::WrongType { field, expected: Some(expected) } => write!(f, "the field {field:?} is not {expected}"),
            Self::WrongType { field, expected: None } => write!(f, "the field {field:?} is not an instant"),
            Self::OutOfRange { value, min: Some(min), max: Some(max) } => {
                write!(f, "the value {value} is out of range: must be {min} to {max}")
            }
            Self::OutOfRange { value, min: Some(min), max: None } => {
                write!(f, "the value {value} is out of range: must be at least {min}")
            }
            Self::OutOfRange { value, max, .. } => {
                write!(f, "the value {value} is out of range: must be at most {}", max.unwrap_or(f64::INFINITY))
            }
        }
    }
}

/// Whether a record passes.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(gate: &Gate, facts: Facts<'_>) -> Result<(), Refusal> {
    match facts.defect {
        Some(Defect::Version(version)) => check_version(gate, *version)?,
        Some(Defect::MissingField(field)) if is_needed(gate, field) => {
            return Err(Refusal::Missing { field: field.clone() });
        }
        Some(Defect::WrongType(field)) => check_type(gate, field)?,
        Some(Defect::MissingField(_) | Defect::OutOfRange(_)) | None => {}
    }
    check_value(gate, facts.value)
}

/// The records of a stream that do not pass, ascending. O(bad records), O(n) where the schema says
/// anything of values.
pub fn refused(gate: &Gate, stream: &Stream) -> Vec<RecordId> {
    let poison = &stream.production().poison;
    let fails =
        |&id: &RecordId| check(gate, Facts { value: stream.values()[id.index()], defect: poison.of(id) }).is_err();
    if looks_at_values(gate) {
        // A stream holds fewer than 2^32 records.
        (0..stream.len()).map(|place| RecordId(place as u32)).filter(fails).collect()
    } else {
        poison.iter().map(|(id, _)| id).filter(fails).collect()
    }
}

/// Whether any record could fail to pass for its value alone.
pub fn looks_at_values(gate: &Gate) -> bool {
    let value = gate.version(gate.reads()).and_then(|version| version.field(VALUE));
    value.is_some_and(|field| field.min.is_some() || field.max.is_some() || field.holds == FieldType::Integer)
}

fn check_version(gate: &Gate, version: u32) -> Result<(), Refusal> {
    let reads = gate.reads();
    let Some(reader) = gate.version(reads) else { return Ok(()) };
    // There are at most 100 versions.
    let last = gate.versions.len() as u32;
    let writer = gate.version(version).ok_or(Refusal::UnknownVersion { version, last })?;
    can_read(reader, writer).map_err(|why| Refusal::Unreadable { version, reads, why })
}

fn is_needed(gate: &Gate, field: &str) -> bool {
    match gate.version(gate.reads()) {
        Some(version) if !ENVELOPE.contains(&field) => version.field(field).is_some_and(|field| field.required),
        _ => field == VALUE || ENVELOPE.contains(&field),
    }
}

fn check_type(gate: &Gate, name: &str) -> Result<(), Refusal> {
    let expected = match gate.version(gate.reads()) {
        _ if name == "key" => Some(FieldType::Text),
        _ if name == "event_time" => None,
        None if name == VALUE => Some(FieldType::Number),
        Some(version) if version.field(name).is_some() => version.field(name).map(|field| field.holds),
        // What nobody reads may hold anything.
        _ => return Ok(()),
    };
    Err(Refusal::WrongType { field: name.to_owned(), expected })
}

fn check_value(gate: &Gate, value: f64) -> Result<(), Refusal> {
    let Some(field) = gate.version(gate.reads()).and_then(|version| version.field(VALUE)) else { return Ok(()) };
    if field.holds == FieldType::Integer && value.fract() != 0.0 {
        return Err(Refusal::WrongType { field: VALUE.to_owned(), expected: Some(FieldType::Integer) });
    }
    let (min, max) = (field.min, field.max);
    let is_outside = min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max);
    if is_outside { Err(Refusal::OutOfRange { value, min, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::compatibility::Compatibility;
    use crate::gate::spec::FieldType::{Integer, Number, Text};
    use crate::gate::spec::tests::version;

    /// The verdict in words, `passes` for none.
    fn words(gate: &Gate, value: f64, defect: Option<Defect>) -> String {
        let verdict = check(gate, Facts { value, defect: defect.as_ref() });
        verdict.map_or_else(|refusal| refusal.to_string(), |()| "passes".to_owned())
    }

    fn missing(field: &str) -> Option<Defect> {
        Some(Defect::MissingField(field.to_owned()))
    }

    fn wrong(field: &str) -> Option<Defect> {
        Some(Defect::WrongType(field.to_owned()))
    }

    #[test]
    fn without_a_schema_only_what_cannot_be_read_at_all_is_refused() {
        let gate = Gate::default();
        assert_eq!(words(&gate, 1.0, None), "passes");
        assert_eq!(words(&gate, 1e300, Some(Defect::OutOfRange(1e300))), "passes");
        assert_eq!(words(&gate, 1.0, Some(Defect::Version(9))), "passes");
        assert_eq!(words(&gate, 1.0, missing("unit")), "passes");
        assert_eq!(words(&gate, 1.0, missing("value")), "the field \"value\" is missing");
        assert_eq!(words(&gate, 1.0, missing("event_time")), "the field \"event_time\" is missing");
        assert_eq!(words(&gate, 1.0, wrong("value")), "the field \"value\" is not a number");
        assert_eq!(words(&gate, 1.0, wrong("key")), "the field \"key\" is not a text");
        assert_eq!(words(&gate, 1.0, wrong("event_time")), "the field \"event_time\" is not an instant");
        assert!(!looks_at_values(&gate));
    }

    #[test]
    fn required_fields_are_needed_and_others_have_a_default() {
        let fields = version(&[("value", Number), ("unit", Text), ("note?", Text)]);
        let gate = Gate { versions: vec![fields], ..Gate::default() };
        assert_eq!(words(&gate, 1.0, missing("unit")), "the field \"unit\" is missing");
        assert_eq!(words(&gate, 1.0, missing("note")), "passes");
        assert_eq!(words(&gate, 1.0, missing("value")), "the field \"value\" is missing");
        assert_eq!(words(&gate, 1.0, missing("key")), "the field \"key\" is missing");
        assert_eq!(words(&gate, 1.0, wrong("note")), "the field \"note\" is not a text");
        assert_eq!(words(&gate, 1.0, wrong("colour")), "passes");
    }

    #[test]
    fn a_value_is_in_range_up_to_both_ends() {
        let mut fields = version(&[("value", Number)]);
        fields.fields[0].min = Some(0.0);
        fields.fields[0].max = Some(100.0);
        let gate = Gate { versions: vec![fields.clone()], ..Gate::default() };
        assert!(looks_at_values(&gate));
        assert_eq!(words(&gate, 0.0, None), "passes");
        assert_eq!(words(&gate, 100.0, None), "passes");
        assert_eq!(words(&gate, 100.5, None), "the value 100.5 is out of range: must be 0 to 100");
        assert_eq!(words(&gate, -1.0, None), "the value -1 is out of range: must be 0 to 100");
        fields.fields[0].max = None;
        let gate = Gate { versions: vec![fields.clone()], ..Gate::default() };
        assert_eq!(words(&gate, -1.0, None), "the value -1 is out of range: must be at least 0");
        (fields.fields[0].min, fields.fields[0].max) = (None, Some(5.0));
        let gate = Gate { versions: vec![fields], ..Gate::default() };
        assert_eq!(words(&gate, 6.0, None), "the value 6 is out of range: must be at most 5");
        let whole = Gate { versions: vec![version(&[("value", Integer)])], ..Gate::default() };
        assert_eq!(words(&whole, 2.0, None), "passes");
        assert_eq!(words(&whole, 2.5, None), "the field \"value\" is not a whole number");
    }

    #[test]
    fn who_is_upgraded_first_matters() {
        // Version 2 renames the value and version 3 adds a field that has a default.
        let versions = vec![
            version(&[("value", Number)]),
            version(&[("amount", Number)]),
            version(&[("value", Number), ("unit?", Text)]),
        ];
        let at = |reads| Gate {
            versions: versions.clone(),
            reads: Some(reads),
            compatibility: Compatibility::None,
            ..Gate::default()
        };
        let written = |version| Some(Defect::Version(version));
        assert_eq!(words(&at(1), 1.0, written(3)), "passes");
        assert_eq!(words(&at(3), 1.0, written(1)), "passes");
        assert_eq!(
            words(&at(1), 1.0, written(2)),
            "schema version 2 cannot be read as version 1, because \"value\" is required and not written"
        );
        assert_eq!(words(&at(1), 1.0, written(4)), "schema version 4 is not registered; the last one is 3");
        assert_eq!(words(&at(1), 1.0, written(0)), "schema version 0 is not registered; the last one is 3");
    }
}
