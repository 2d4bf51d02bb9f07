//! The watermark of one source that reads several splits (partitions): their minimum.
//!
//! The rules are those of Apache Flink's `WatermarkOutputMultiplexer` (observed, version 2.3). They
//! are simpler than those between tasks ([`crate::watermark::merge`]):
//! - the output is the minimum over the splits that are not idle, and it never goes back;
//! - a watermark on an idle split wakes it; being behind, it holds the output until it has passed
//!   it (there is no catch-up rule);
//! - when every split is idle, the largest watermark of all is flushed and the source is idle;
//!   that it is active again is not said, its next watermark is enough;
//! - removing a split says nothing by itself: the next update does.

use serde::{Deserialize, Serialize};

use crate::time::EventTime;
use crate::watermark::merge::{Emitted, InputStatus};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Split {
    watermark: EventTime,
    is_idle: bool,
    is_registered: bool,
}

/// Merges the watermarks of the splits of one source. It is its own snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitMerge {
    splits: Vec<Split>,
    output: EventTime,
    status: InputStatus,
}

impl SplitMerge {
    /// A merger over so many splits, all active and without a watermark.
    pub fn new(splits: usize) -> Self {
        let fresh = Split { watermark: EventTime::MIN, is_idle: false, is_registered: true };
        Self { splits: vec![fresh; splits], output: EventTime::MIN, status: InputStatus::Active }
    }

    /// How many splits there are, removed ones included.
    pub fn splits(&self) -> usize {
        self.splits.len()
    }

    /// The last watermark that came out; [`EventTime::MIN`] before the first.
    pub const fn output(&self) -> EventTime {
        self.output
    }

    /// [`InputStatus::Idle`] from the update that found every split idle until one of them wakes.
    pub const fn status(&self) -> InputStatus {
        self.status
    }

    /// The watermark of a split, whether it counts or not.
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    #[inline]
    pub fn watermark(&self, split: usize) -> EventTime {
        self.splits[split].watermark
    }

    /// Whether a split is left out.
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn is_idle(&self, split: usize) -> bool {
        self.splits[split].is_idle
    }

    /// A split has a watermark, and is active: [`SplitMerge::note_watermark`] and
    /// [`SplitMerge::update`] in one. O(splits).
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn on_watermark(&mut self, split: usize, watermark: EventTime) -> Emitted {
        if self.note_watermark(split, watermark) { self.update() } else { Emitted::default() }
    }

    /// A split goes idle: [`SplitMerge::note_idle`] and [`SplitMerge::update`] in one. O(splits).
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn on_idle(&mut self, split: usize) -> Emitted {
        self.note_idle(split);
        self.update()
    }

    /// Takes note of a watermark, which makes the split active, and says nothing yet. Whether the
    /// split's own watermark rose.
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn note_watermark(&mut self, split: usize, watermark: EventTime) -> bool {
        self.note_active(split);
        let split = &mut self.splits[split];
        let rises = watermark > split.watermark;
        split.watermark = split.watermark.max(watermark);
        rises
    }

    /// Takes note that a split is idle, and says nothing yet.
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn note_idle(&mut self, split: usize) {
        self.splits[split].is_idle = true;
    }

    /// A split is active again, and counts from the next update on.
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn note_active(&mut self, split: usize) {
        self.splits[split].is_idle = false;
        self.status = InputStatus::Active;
    }

    /// A split is read no more. Its watermark counts for nothing from the next update on.
    ///
    /// # Panics
    /// When `split` is not below [`SplitMerge::splits`].
    pub fn remove(&mut self, split: usize) {
        self.splits[split].is_registered = false;
    }

    /// Works out the output, for a periodic check or after a row of notes. O(splits).
    pub fn update(&mut self) -> Emitted {
        let registered = || self.splits.iter().filter(|split| split.is_registered);
        let least = registered().filter(|split| !split.is_idle).map(|split| split.watermark).min();
        let claim = least.or_else(|| registered().map(|split| split.watermark).max());
        let watermark = claim.filter(|&claim| claim > self.output);
        self.output = watermark.unwrap_or(self.output);
        let turns_idle = least.is_none() && claim.is_some() && self.status == InputStatus::Active;
        if turns_idle {
            self.status = InputStatus::Idle;
        }
        Emitted { watermark, status: turns_idle.then_some(InputStatus::Idle) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    fn rises(merge: &mut SplitMerge, split: usize, micros: i64) -> Option<i64> {
        merge.on_watermark(split, at(micros)).watermark.map(EventTime::micros)
    }

    #[test]
    fn a_watermark_wakes_an_idle_split_which_holds_the_output_until_it_has_passed_it() {
        let mut merge = SplitMerge::new(2);
        rises(&mut merge, 0, 2);
        assert_eq!(rises(&mut merge, 1, 5), Some(2));
        assert_eq!(merge.on_idle(0).watermark, Some(at(5)));
        assert_eq!(rises(&mut merge, 0, 3), None);
        assert_eq!(rises(&mut merge, 1, 9), None, "held by split 0, which is behind");
        assert_eq!(rises(&mut merge, 0, 7), Some(7));
    }

    #[test]
    fn when_all_are_idle_the_largest_is_flushed() {
        let mut merge = SplitMerge::new(2);
        rises(&mut merge, 0, 5);
        rises(&mut merge, 1, 2);
        assert_eq!(merge.on_idle(0), Emitted::default());
        assert_eq!(merge.on_idle(1), Emitted { watermark: Some(at(5)), status: Some(InputStatus::Idle) });
        assert_eq!(merge.status(), InputStatus::Idle);
    }

    #[test]
    fn removing_the_slowest_split_is_seen_at_the_next_update() {
        let mut merge = SplitMerge::new(2);
        rises(&mut merge, 0, 2);
        rises(&mut merge, 1, 9);
        merge.remove(0);
        assert_eq!(merge.output(), at(2));
        assert_eq!(merge.update().watermark, Some(at(9)));
    }
}
