//! What can be wrong with a record, and which records of a stream are bad.
//!
//! Nearly all records are good, so marks lie beside the stream: a sorted list of the bad ones, and not a
//! column for all. Copies of a bad record are bad themselves.

use serde::{Deserialize, Serialize};

use crate::record::RecordId;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Defect {
    /// It lacks this field.
    MissingField(String),
    /// This field holds something of another type.
    WrongType(String),
    /// This is its value, whatever it should have been.
    OutOfRange(f64),
    /// It was written under this version of the schema, which the gate may not know, or may not be able
    /// to read.
    Version(u32),
}

impl Defect {
    /// As the end of a sentence: `records ...`.
    pub fn in_words(&self) -> String {
        match self {
            Self::MissingField(field) => format!("without {field}"),
            Self::WrongType(field) => format!("with a {field} of another type"),
            Self::OutOfRange(value) => format!("with the value {value}"),
            Self::Version(version) => format!("of schema version {version}"),
        }
    }
}

/// The bad records of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Poison {
    /// What is wrong, by number.
    defects: Vec<Defect>,
    /// Which records are bad, ascending, and the number of their defect.
    marks: Vec<(RecordId, u16)>,
}

impl Poison {
    /// Marks by record, ascending, each with the place of its defect in the list.
    pub const fn new(defects: Vec<Defect>, marks: Vec<(RecordId, u16)>) -> Self {
        Self { defects, marks }
    }

    /// What is wrong with a record; `None` for a good one. O(log bad records).
    pub fn of(&self, id: RecordId) -> Option<&Defect> {
        let place = self.marks.binary_search_by_key(&id, |&(marked, _)| marked).ok()?;
        self.defects.get(usize::from(self.marks[place].1))
    }

    /// The bad records, ascending, and what is wrong with them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (RecordId, &Defect)> {
        self.marks.iter().map(|&(id, defect)| (id, &self.defects[usize::from(defect)]))
    }

    /// How many records are bad.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether all are good.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// The same marks when the stream is in another order, which names every record by its place here.
    #[must_use]
    pub fn in_order(&self, order: &[RecordId]) -> Self {
        if self.is_empty() {
            return Self::default();
        }
        let mark = |(place, id): (usize, &RecordId)| {
            let found = self.marks.binary_search_by_key(id, |&(marked, _)| marked).ok()?;
            // A stream holds fewer than 2^32 records.
            Some((RecordId(place as u32), self.marks[found].1))
        };
        Self { defects: self.defects.clone(), marks: order.iter().enumerate().filter_map(mark).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_and_follow_records_into_another_order() {
        let missing = Defect::MissingField("value".to_owned());
        let defects = vec![Defect::Version(9), missing.clone()];
        let poison = Poison::new(defects, vec![(RecordId(1), 1), (RecordId(3), 0)]);
        assert_eq!(poison.of(RecordId(0)), None);
        assert_eq!(poison.of(RecordId(1)), Some(&missing));
        assert_eq!(poison.of(RecordId(3)), Some(&Defect::Version(9)));
        let moved = poison.in_order(&[3, 0, 1, 2].map(RecordId));
        let all: Vec<(u32, &Defect)> = moved.iter().map(|(id, defect)| (id.0, defect)).collect();
        assert_eq!(all, [(0, &Defect::Version(9)), (2, &missing)]);
        assert_eq!((moved.len(), Poison::default().in_order(&[RecordId(0)]).is_empty()), (2, true));
    }
}
