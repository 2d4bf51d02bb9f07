//! What the general operators keep of the records of one window: always a summary, and beside it
//! what a special aggregate needs.

use serde::{Deserialize, Serialize};

use crate::record::Record;
use crate::window::aggregate::spec::Aggregate;
use crate::window::aggregate::special::Special;
use crate::window::aggregate::summary::Summary;

/// A summary and the state of a special aggregate, over the same records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Collected {
    /// Count, sum, minimum and maximum.
    pub summary: Summary,
    special: Option<Box<Special>>,
}

impl Collected {
    /// Nothing yet, ready for what `aggregate` asks for.
    pub fn new(aggregate: Aggregate) -> Self {
        Self { summary: Summary::default(), special: Special::new(aggregate).map(Box::new) }
    }

    /// What a plain aggregate has collected.
    pub const fn of(summary: Summary) -> Self {
        Self { summary, special: None }
    }

    /// Whether this is the state of that aggregate.
    pub fn suits(&self, aggregate: Aggregate) -> bool {
        match &self.special {
            Some(special) => special.suits(aggregate),
            None => !aggregate.is_special(),
        }
    }

    /// A summary and, where the aggregate is special, its state over the same records.
    pub const fn from_parts(summary: Summary, special: Option<Box<Special>>) -> Self {
        Self { summary, special }
    }

    /// The state of the special aggregate, if there is one.
    pub fn state(&self) -> Option<&Special> {
        self.special.as_deref()
    }

    /// Adds a record.
    pub fn add(&mut self, record: &Record) {
        self.summary.add(record.value);
        if let Some(special) = &mut self.special {
            special.add(record);
        }
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.summary.merge(&other.summary);
        match (&mut self.special, &other.special) {
            (Some(special), Some(other)) => special.merge(other),
            (special, other) => *special = special.take().or_else(|| other.clone()),
        }
    }

    /// The result of the special aggregate, if there is one.
    pub fn special(&self) -> Option<f64> {
        self.special.as_ref()?.value()
    }

    /// The result of the special aggregate where it is a list; else empty.
    pub fn list(&self) -> &[f64] {
        self.special.as_ref().map_or(&[], |special| special.list())
    }

    /// Bytes of the special aggregate's state; 0 while there is nothing in it.
    pub fn special_bytes(&self) -> usize {
        match &self.special {
            Some(special) if self.summary.count > 0 => size_of::<Special>() + special.bytes(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, RecordId};
    use crate::time::EventTime;

    fn collected(aggregate: Aggregate, values: &[f64]) -> Collected {
        let mut collected = Collected::new(aggregate);
        for &value in values {
            collected.add(&Record { id: RecordId(0), event_time: EventTime::EPOCH, key: KeyId(0), value });
        }
        collected
    }

    #[test]
    fn a_plain_aggregate_keeps_a_summary_alone() {
        let sum = collected(Aggregate::Sum, &[1.0, 2.0]);
        assert_eq!((sum.summary.sum, sum.special(), sum.special_bytes()), (3.0, None, 0));
    }

    #[test]
    fn a_special_one_is_merged_with_the_summary() {
        let mut all = Collected::default();
        all.merge(&collected(Aggregate::TopK(2), &[1.0, 5.0]));
        all.merge(&collected(Aggregate::TopK(2), &[4.0]));
        all.merge(&Collected::default());
        assert_eq!((all.summary.count, all.special(), all.list()), (3, Some(4.0), &[5.0, 4.0][..]));
    }
}
