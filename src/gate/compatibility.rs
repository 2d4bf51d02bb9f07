//! Which version of a schema can read what another one wrote, and which lists of versions a registry
//! takes.
//!
//! Reading follows Avro's schema resolution (Apache Avro specification, Schema Resolution): fields go by
//! name; what only the writer has is left out; what only the reader has needs a default; a whole number
//! can be read as a real one. The modes are those of Confluent Schema Registry (documentation, Schema
//! Evolution and Compatibility): which of two neighbours, or of all versions, must be able to read the
//! other, and so who may be upgraded first.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::gate::spec::{FieldType, Gate, SchemaVersion};
use crate::pipeline::Problem;

/// Which changes of a schema are allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Compatibility {
    /// A version can read what the one before wrote: fields may go, and come with a default. Consumers are
    /// upgraded first. Confluent's default.
    #[default]
    Backward,
    /// A version can read what any before it wrote.
    BackwardTransitive,
    /// A version can be read by the one before: fields may come, and go where they have a default.
    /// Producers are upgraded first.
    Forward,
    /// A version can be read by any before it.
    ForwardTransitive,
    /// Both ways: fields come and go with a default only. Anybody may be upgraded first.
    Full,
    /// Both ways, with any version before.
    FullTransitive,
    /// Anything goes.
    None,
}

impl Compatibility {
    /// Whether the new version must read the old one, whether the old one must read the new one, and
    /// whether this holds for all versions before.
    const fn demands(self) -> (bool, bool, bool) {
        match self {
            Self::Backward => (true, false, false),
            Self::BackwardTransitive => (true, false, true),
            Self::Forward => (false, true, false),
            Self::ForwardTransitive => (false, true, true),
            Self::Full => (true, true, false),
            Self::FullTransitive => (true, true, true),
            Self::None => (false, false, false),
        }
    }
}

/// Why one version cannot read what another one wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The reader needs a field that the writer does not have.
    NotWritten {
        /// Which.
        field: String,
    },
    /// Both have the field, as different types.
    OtherType {
        /// Which.
        field: String,
        /// What the reader expects.
        reader: FieldType,
        /// What the writer wrote.
        writer: FieldType,
    },
}

/// As the end of a sentence: `... because`.
impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWritten { field } => write!(f, "{field:?} is required and not written"),
            Self::OtherType { field, reader, writer } => {
                write!(f, "{field:?} is written as {writer} and read as {reader}")
            }
        }
    }
}

/// Whether a pipeline that was built for `reader` can read what was written under `writer`.
///
/// # Errors
/// The first field, in the order of the reader's fields, that stands against it.
pub fn can_read(reader: &SchemaVersion, writer: &SchemaVersion) -> Result<(), Unreadable> {
    for expected in &reader.fields {
        let field = || expected.name.clone();
        match writer.field(&expected.name) {
            None if expected.required => return Err(Unreadable::NotWritten { field: field() }),
            None => {}
            Some(written) if is_readable_as(written.holds, expected.holds) => {}
            Some(written) => {
                return Err(Unreadable::OtherType { field: field(), reader: expected.holds, writer: written.holds });
            }
        }
    }
    Ok(())
}

fn is_readable_as(written: FieldType, read: FieldType) -> bool {
    written == read || (written, read) == (FieldType::Integer, FieldType::Number)
}

/// Every version that a registry would refuse, with paths from the pipeline.
pub(super) fn problems(gate: &Gate) -> Vec<Problem> {
    let (reads_old, is_read_by_old, is_transitive) = gate.compatibility.demands();
    let mut found = Vec::new();
    for (place, new) in gate.versions.iter().enumerate() {
        let first = if is_transitive { 0 } else { place.saturating_sub(1) };
        for (old_place, old) in gate.versions[..place].iter().enumerate().skip(first) {
            let (new_number, old_number) = (place + 1, old_place + 1);
            let mut refuse = |reader, writer, why: &Unreadable| {
                let message = format!(
                    "version {reader} cannot read what version {writer} wrote, because {why}; give a new field a \
                     default (required: false), or allow it with compatibility: None"
                );
                found.push(Problem::new(format!("gate.versions.{place}"), message));
            };
            if let (true, Err(why)) = (reads_old, can_read(new, old)) {
                refuse(new_number, old_number, &why);
            }
            if let (true, Err(why)) = (is_read_by_old, can_read(old, new)) {
                refuse(old_number, new_number, &why);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::spec::FieldType::{Integer, Number, Text};
    use crate::gate::spec::tests::version;

    const VALUE: (&str, FieldType) = ("value", Number);

    /// Which modes allow a list of versions.
    fn allowing(versions: &[SchemaVersion]) -> Vec<Compatibility> {
        use Compatibility::{Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive, None};
        let all = [Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive, None];
        let gate = |compatibility| Gate { versions: versions.to_vec(), compatibility, ..Gate::default() };
        all.into_iter().filter(|&mode| problems(&gate(mode)).is_empty()).collect()
    }

    #[test]
    fn changes_are_allowed_as_in_the_table_of_the_registry() {
        use Compatibility::{Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive, None};
        let base = version(&[VALUE]);
        let with = |name: &str| version(&[VALUE, (name, Text)]);
        // The table of Confluent's documentation: BACKWARD allows to delete fields and to add optional ones,
        // FORWARD to add fields and to delete optional ones, FULL to add and delete optional ones.
        let all = [Backward, BackwardTransitive, Forward, ForwardTransitive, Full, FullTransitive, None];
        assert_eq!(allowing(&[base.clone(), with("unit?")]), all);
        assert_eq!(allowing(&[with("unit?"), base.clone()]), all);
        assert_eq!(allowing(&[base.clone(), with("unit")]), [Forward, ForwardTransitive, None]);
        assert_eq!(allowing(&[with("unit"), base]), [Backward, BackwardTransitive, None]);
    }

    #[test]
    fn transitive_modes_look_at_all_versions_before() {
        use Compatibility::{Backward, Forward, ForwardTransitive, Full, None};
        // A required field becomes optional and then goes: every neighbour can read its neighbour.
        let one = version(&[VALUE, ("unit", Text)]);
        let (two, three) = (version(&[VALUE, ("unit?", Text)]), version(&[VALUE]));
        let steps = allowing(&[one, two.clone(), three.clone()]);
        assert!(steps.contains(&Full) && steps.contains(&Backward) && steps.contains(&Forward));
        assert!(!steps.contains(&ForwardTransitive) && !steps.contains(&Compatibility::FullTransitive));
        assert!(steps.contains(&Compatibility::BackwardTransitive));
        // And the other way round: nothing, then optional, then required.
        let four = version(&[VALUE, ("unit", Text)]);
        let steps = allowing(&[three, two, four]);
        assert_eq!(steps, [Backward, Forward, ForwardTransitive, Full, None]);
    }

    #[test]
    fn types_must_agree_but_for_whole_numbers_read_as_real_ones() {
        let (real, whole) = (version(&[VALUE]), version(&[("value", Integer)]));
        assert_eq!(can_read(&real, &whole), Ok(()));
        let why = can_read(&whole, &real).unwrap_err();
        assert_eq!(why.to_string(), "\"value\" is written as a number and read as a whole number");
        let why = can_read(&real, &version(&[("amount", Number)])).unwrap_err();
        assert_eq!(why.to_string(), "\"value\" is required and not written");
        assert_eq!(can_read(&version(&[VALUE, ("unit?", Text)]), &real), Ok(()));
        assert!(can_read(&version(&[("unit?", Number)]), &version(&[("unit", Text)])).is_err());
    }

    #[test]
    fn a_refused_version_is_named_with_both_sides_and_a_way_out() {
        let versions = vec![version(&[VALUE]), version(&[VALUE, ("unit", Text)])];
        let gate = Gate { versions, ..Gate::default() };
        let found: Vec<String> = gate.problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(
            found,
            ["gate.versions.1: version 2 cannot read what version 1 wrote, because \"unit\" is required and not \
              written; give a new field a default (required: false), or allow it with compatibility: None"]
        );
    }
}
