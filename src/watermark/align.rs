//! Watermark alignment: inputs that run ahead of the others by more than a drift are paused.
//!
//! The rules are those of Apache Flink's `SourceCoordinator` (observed, version 1.20): the group's
//! watermark is the minimum over what the inputs reported last; an input pauses while its own is
//! *more* than that plus the drift. An idle input reports [`EventTime::MAX`], which takes it out of
//! the minimum, and is still judged by the watermark it had before. So the group's watermark may go
//! down when an input comes back; it only decides who may read on, no window ever sees it.

use serde::{Deserialize, Serialize};

use crate::time::{EventTime, Span};

/// The state of one alignment group. It is its own snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlignmentGroup {
    max_drift: Span,
    inputs: Vec<Report>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Report {
    /// What it said last; `None` before its first report.
    last: Option<EventTime>,
    /// The last that was a watermark; `None` while it has only been idle.
    watermark: Option<EventTime>,
}

impl AlignmentGroup {
    /// A group of so many inputs that have reported nothing. `max_drift` is not negative.
    pub fn new(inputs: usize, max_drift: Span) -> Self {
        Self { max_drift, inputs: vec![Report::default(); inputs] }
    }

    /// How many inputs there are.
    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    /// An input says how far it is; [`EventTime::MAX`] when it is idle. It may go down.
    ///
    /// # Panics
    /// When `input` is not below [`AlignmentGroup::inputs`].
    pub fn report(&mut self, input: usize, watermark: EventTime) {
        let report = &mut self.inputs[input];
        report.last = Some(watermark);
        if watermark != EventTime::MAX {
            report.watermark = Some(watermark);
        }
    }

    /// The minimum over the inputs that have reported; [`EventTime::MAX`] when all of them are
    /// idle or none has reported. O(inputs).
    pub fn combined(&self) -> EventTime {
        self.inputs.iter().filter_map(|report| report.last).min().unwrap_or(EventTime::MAX)
    }

    /// How far an input may be without being paused. O(inputs).
    pub fn max_allowed(&self) -> EventTime {
        self.combined() + self.max_drift
    }

    /// Whether an input has to wait for the others. O(inputs).
    ///
    /// # Panics
    /// When `input` is not below [`AlignmentGroup::inputs`].
    pub fn is_paused(&self, input: usize) -> bool {
        self.inputs[input].exceeds(self.max_allowed())
    }

    /// The inputs that have to wait, ascending.
    pub fn paused(&self) -> impl Iterator<Item = usize> {
        let max_allowed = self.max_allowed();
        let indexed = self.inputs.iter().enumerate();
        indexed.filter(move |(_, report)| report.exceeds(max_allowed)).map(|(input, _)| input)
    }
}

impl Report {
    fn exceeds(self, max_allowed: EventTime) -> bool {
        self.watermark.is_some_and(|watermark| watermark > max_allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    #[test]
    fn only_beyond_the_drift_an_input_is_paused() {
        let mut group = AlignmentGroup::new(2, Span::from_micros(100));
        assert_eq!(group.combined(), EventTime::MAX);
        group.report(0, at(0));
        group.report(1, at(100));
        assert!(!group.is_paused(1));
        group.report(1, at(101));
        assert!(group.is_paused(1));
        assert_eq!(group.paused().collect::<Vec<_>>(), [1]);
        group.report(0, at(1));
        assert!(!group.is_paused(1));
    }

    #[test]
    fn an_idle_input_leaves_the_minimum_and_is_judged_by_the_watermark_it_had() {
        let mut group = AlignmentGroup::new(2, Span::ZERO);
        group.report(0, at(5));
        group.report(1, EventTime::MAX);
        assert_eq!((group.combined(), group.max_allowed()), (at(5), at(5)));
        assert_eq!(group.paused().count(), 0);
        group.report(0, EventTime::MAX);
        assert_eq!(group.max_allowed(), EventTime::MAX);
        group.report(1, at(2));
        assert_eq!(group.combined(), at(2), "the group's watermark may go down");
        assert_eq!(group.paused().collect::<Vec<_>>(), [0], "idle, but it was at 5");
    }
}
