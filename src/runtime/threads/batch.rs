//! What travels from a source to a window task: a batch of records with the watermarks between them.
//!
//! A batch stands for a sequence of elements, and is handled as if they came one by one. The
//! watermarks of a source go to every window task, so all batches of one step share a list of them;
//! each batch only says where its own records cut that list.

use std::sync::Arc;

use crate::record::{Record, RecordId};
use crate::time::EventTime;
use crate::watermark::InputStatus;

/// An element that is not a record; it goes to every window task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The watermark of the source rose.
    Rise {
        /// The new watermark; [`EventTime::MAX`] is the final one.
        watermark: EventTime,
        /// The record that it came right after; `None` when a timer raised it, and for the final one.
        cause: Option<RecordId>,
    },
    /// The source went idle or woke up.
    Status(InputStatus),
}

impl Mark {
    /// The watermark, if it is one.
    pub const fn watermark(self) -> Option<EventTime> {
        match self {
            Self::Rise { watermark, .. } => Some(watermark),
            Self::Status(_) => None,
        }
    }
}

/// Where the records of a batch cut the list of marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Before the record of this number in the batch ...
    pub records: u32,
    /// ... come the marks below this number, those that have not come before.
    pub marks: u32,
}

/// Records for one window task, and marks for all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// In the order in which the source read them.
    pub records: Vec<Record>,
    /// Ascending in both numbers. Marks after the last cut come after the last record.
    pub cuts: Vec<Cut>,
    /// Shared by the batches of one step.
    pub marks: Arc<[Mark]>,
}

/// A part of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'a> {
    /// Records without a mark between them; not empty.
    Records(&'a [Record]),
    /// Marks without a record between them; not empty.
    Marks(&'a [Mark]),
}

impl Batch {
    /// The elements in order, as stretches of records and of marks in turn.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let last = Cut { records: self.records.len() as u32, marks: self.marks.len() as u32 };
        let mut from = Cut { records: 0, marks: 0 };
        self.cuts.iter().copied().chain([last]).flat_map(move |to| {
            let records = &self.records[from.records as usize..to.records as usize];
            let marks = &self.marks[from.marks as usize..to.marks as usize];
            from = to;
            let records = (!records.is_empty()).then_some(Piece::Records(records));
            records.into_iter().chain((!marks.is_empty()).then_some(Piece::Marks(marks)))
        })
    }
}

/// What a channel between a source and a window task carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Message<T> {
    /// What it is there for.
    Data(T),
    /// The sender has come to its end; nothing follows.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::KeyId;

    fn record(id: u32) -> Record {
        Record { id: RecordId(id), event_time: EventTime::EPOCH, key: KeyId(0), value: 0.0 }
    }

    fn rise(micros: i64) -> Mark {
        Mark::Rise { watermark: EventTime::from_micros(micros), cause: None }
    }

    #[test]
    fn pieces_are_the_elements_in_order() {
        let batch = Batch {
            records: (0..4).map(record).collect(),
            cuts: vec![Cut { records: 0, marks: 1 }, Cut { records: 3, marks: 3 }],
            marks: vec![rise(1), rise(2), rise(3), rise(4)].into(),
        };
        let expected = [
            Piece::Marks(&batch.marks[..1]),
            Piece::Records(&batch.records[..3]),
            Piece::Marks(&batch.marks[1..3]),
            Piece::Records(&batch.records[3..]),
            Piece::Marks(&batch.marks[3..]),
        ];
        assert_eq!(batch.pieces().collect::<Vec<_>>(), expected);
        assert_eq!(Batch::default().pieces().count(), 0);
    }
}
