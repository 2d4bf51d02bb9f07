//! Which leaf columns of a Parquet file can be columns of rows, and how their values are meant.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

/// A leaf column with one value, or none, in every row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeafColumn {
    /// Names from the root to the leaf, with dots between.
    pub(super) name: String,
    /// The place among all leaves.
    pub(super) leaf: usize,
    /// The definition level of a value that is not null; 0 when there are no nulls.
    pub(super) level_of_value: i16,
    /// What its values mean.
    pub(super) meaning: Meaning,
}

/// What the values of a column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// True or false.
    Boolean,
    /// Whole numbers.
    Integer,
    /// Whole numbers of which the largest look negative.
    Unsigned,
    /// Numbers.
    Float,
    /// Instants in whole units since the epoch, so many microseconds each.
    InstantCoarse {
        /// Microseconds in a unit.
        micros: i64,
    },
    /// Instants in nanoseconds.
    InstantNanos,
    /// Whole numbers that are to be divided by a power of ten.
    Decimal {
        /// The power.
        scale: u32,
    },
    /// UTF-8 text.
    Text,
    /// 16 bytes.
    Uuid,
}

/// A leaf column that cannot be a column of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnusableColumn {
    /// As [`LeafColumn::name`].
    pub(super) name: String,
    /// What it is, after "is".
    pub(super) what: String,
}

/// The leaf columns of a schema in file order, and those that cannot be used.
pub(super) fn columns(schema: &SchemaDescriptor) -> (Vec<LeafColumn>, Vec<UnusableColumn>) {
    let (mut usable, mut unusable) = (Vec::new(), Vec::new());
    for (leaf, column) in schema.columns().iter().enumerate() {
        let name = column.path().parts().join(".");
        if column.max_rep_level() > 0 {
            unusable.push(UnusableColumn { name, what: "inside a list or a map".to_owned() });
            continue;
        }
        match meaning(column) {
            Ok(meaning) => {
                usable.push(LeafColumn { name, leaf, level_of_value: column.max_def_level(), meaning });
            }
            Err(what) => unusable.push(UnusableColumn { name, what }),
        }
    }
    (usable, unusable)
}

const MICROS_PER_DAY: i64 = 86_400_000_000;

fn meaning(column: &ColumnDescriptor) -> Result<Meaning, String> {
    let physical = column.physical_type();
    if let Some(logical) = column.logical_type_ref() {
        let meaning = match (logical, physical) {
            (LogicalType::Timestamp(timestamp), Type::INT64) => Some(match timestamp.unit {
                TimeUnit::MILLIS => Meaning::InstantCoarse { micros: 1_000 },
                TimeUnit::MICROS => Meaning::InstantCoarse { micros: 1 },
                TimeUnit::NANOS => Meaning::InstantNanos,
            }),
            (LogicalType::Date, Type::INT32) => Some(Meaning::InstantCoarse { micros: MICROS_PER_DAY }),
            (LogicalType::Integer(integer), Type::INT32 | Type::INT64) => {
                Some(if integer.is_signed { Meaning::Integer } else { Meaning::Unsigned })
            }
            (LogicalType::Decimal(decimal), _) => return decimal_of(decimal.scale, column),
            (LogicalType::Uuid, Type::FIXED_LEN_BYTE_ARRAY) if column.type_length() == 16 => Some(Meaning::Uuid),
            (LogicalType::String | LogicalType::Enum | LogicalType::Json, Type::BYTE_ARRAY) => Some(Meaning::Text),
            (LogicalType::Unknown, _) => None,
            (other, _) => return Err(format!("of type {}", words(&format!("{other:?}")))),
        };
        if let Some(meaning) = meaning {
            return Ok(meaning);
        }
    }
    match (column.converted_type(), physical) {
        (ConvertedType::TIMESTAMP_MILLIS, Type::INT64) => Ok(Meaning::InstantCoarse { micros: 1_000 }),
        (ConvertedType::TIMESTAMP_MICROS, Type::INT64) => Ok(Meaning::InstantCoarse { micros: 1 }),
        (ConvertedType::DATE, Type::INT32) => Ok(Meaning::InstantCoarse { micros: MICROS_PER_DAY }),
        (ConvertedType::DECIMAL, _) => decimal_of(column.type_scale(), column),
        (
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
            Type::INT32 | Type::INT64,
        ) => Ok(Meaning::Unsigned),
        (other @ (ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS | ConvertedType::INTERVAL), _) => {
            Err(format!("of type {}", words(&format!("{other:?}"))))
        }
        (_, Type::BOOLEAN) => Ok(Meaning::Boolean),
        (_, Type::INT32 | Type::INT64) => Ok(Meaning::Integer),
        (_, Type::INT96) => Ok(Meaning::InstantNanos),
        (_, Type::FLOAT | Type::DOUBLE) => Ok(Meaning::Float),
        (_, Type::BYTE_ARRAY) => Ok(Meaning::Text),
        (_, Type::FIXED_LEN_BYTE_ARRAY) => Err("of bytes of a fixed length".to_owned()),
    }
}

/// The most bytes of an unscaled decimal: what 128 bits hold.
const DECIMAL_BYTES_MAX: i32 = 16;

fn decimal_of(scale: i32, column: &ColumnDescriptor) -> Result<Meaning, String> {
    let is_too_wide = column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY && column.type_length() > DECIMAL_BYTES_MAX;
    match u32::try_from(scale) {
        Ok(scale) if !is_too_wide && scale <= 38 => Ok(Meaning::Decimal { scale }),
        _ => Err("a decimal of more than 38 digits".to_owned()),
    }
}

/// The first word of a type's name, in lower case.
fn words(name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_lowercase().replace('_', " ")
}

impl Meaning {
    /// Whether every value is an instant.
    pub(super) const fn is_instant(self) -> bool {
        matches!(self, Self::InstantCoarse { .. } | Self::InstantNanos)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn columns_of(message: &str) -> (Vec<LeafColumn>, Vec<UnusableColumn>) {
        let schema = parse_message_type(message).expect("a schema");
        columns(&SchemaDescriptor::new(Arc::new(schema)))
    }

    fn check(field: &str, expected: Result<Meaning, &str>) {
        let (usable, unusable) = columns_of(&format!("message m {{ REQUIRED {field}; }}"));
        match expected {
            Ok(meaning) => {
                assert_eq!(usable.len(), 1, "{field}: {unusable:?}");
                assert_eq!(usable[0].meaning, meaning, "{field}");
            }
            Err(what) => {
                assert_eq!(unusable.len(), 1, "{field}: {usable:?}");
                assert_eq!(unusable[0].what, what, "{field}");
            }
        }
    }

    #[test]
    fn types_have_meanings() {
        check("INT64 t (TIMESTAMP(MILLIS,true))", Ok(Meaning::InstantCoarse { micros: 1_000 }));
        check("INT64 t (TIMESTAMP(MICROS,false))", Ok(Meaning::InstantCoarse { micros: 1 }));
        check("INT64 t (TIMESTAMP(NANOS,true))", Ok(Meaning::InstantNanos));
        check("INT64 t (TIMESTAMP_MILLIS)", Ok(Meaning::InstantCoarse { micros: 1_000 }));
        check("INT32 t (DATE)", Ok(Meaning::InstantCoarse { micros: MICROS_PER_DAY }));
        check("INT96 t", Ok(Meaning::InstantNanos));
        check("INT32 t", Ok(Meaning::Integer));
        check("INT64 t (INTEGER(64,false))", Ok(Meaning::Unsigned));
        check("INT32 t (UINT_16)", Ok(Meaning::Unsigned));
        check("INT32 t (DECIMAL(9,2))", Ok(Meaning::Decimal { scale: 2 }));
        check("FIXED_LEN_BYTE_ARRAY(16) t (DECIMAL(38,4))", Ok(Meaning::Decimal { scale: 4 }));
        check("FIXED_LEN_BYTE_ARRAY(20) t (DECIMAL(40,4))", Err("a decimal of more than 38 digits"));
        check("FIXED_LEN_BYTE_ARRAY(16) t (UUID)", Ok(Meaning::Uuid));
        check("FIXED_LEN_BYTE_ARRAY(12) t (INTERVAL)", Err("of type interval"));
        check("INT64 t (TIME(MICROS,true))", Err("of type time"));
        check("FIXED_LEN_BYTE_ARRAY(5) t", Err("of bytes of a fixed length"));
        check("BYTE_ARRAY t (STRING)", Ok(Meaning::Text));
        check("BYTE_ARRAY t", Ok(Meaning::Text));
        check("BOOLEAN t", Ok(Meaning::Boolean));
        check("FLOAT t", Ok(Meaning::Float));
    }

    #[test]
    fn groups_are_paths_and_lists_are_not_used() {
        let (usable, unusable) = columns_of(
            "message m {
                REQUIRED INT64 id;
                OPTIONAL group payload { OPTIONAL group user { REQUIRED BYTE_ARRAY name (UTF8); } }
                REQUIRED group items (LIST) { REPEATED group list { OPTIONAL INT64 element; } }
            }",
        );
        let names: Vec<_> = usable.iter().map(|column| (column.name.as_str(), column.level_of_value)).collect();
        assert_eq!(names, [("id", 0), ("payload.user.name", 2)]);
        let item = UnusableColumn { name: "items.list.element".to_owned(), what: "inside a list or a map".to_owned() };
        assert_eq!(unusable, [item]);
    }
}
