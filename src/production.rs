//! What became of records before they reached the log: lost on the way, written twice, held back;
//! and which of them someone put in by hand.
//!
//! A [`crate::record::Stream`] holds what is in the log, and nothing else; the facts about its making
//! are beside it. Records that happened = records in the log - duplicates + lost.

use crate::gate::Poison;
use crate::record::{KeyId, RecordId};
use crate::time::{EventTime, ProcTime, Span};

/// What became of records before they reached the log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Production {
    /// Records that never reached the log, in the order in which they were lost.
    pub lost: Vec<LostRecord>,
    /// Records of the stream that are copies of others, written again because an acknowledgement was
    /// lost; ascending. The copy that came first is not among them.
    pub duplicates: Vec<RecordId>,
    /// Records of the stream that someone put into the log by hand; ascending.
    pub by_hand: Vec<RecordId>,
    /// Copies that the broker dropped because it had the record already.
    pub deduplicated: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Records that are in the log although their producer gave up on them.
    pub unacknowledged: u64,
    /// Records that waited because their partition took in too much.
    pub throttled: u64,
    /// The longest that any of them waited.
    pub longest_throttle: Span,
    /// By how much the clock of each producer is wrong; empty when all are right.
    pub clocks: Vec<ClockError>,
    /// Who sent each record of the stream; empty when there is one producer.
    pub producers: Vec<ProducerId>,
    /// Which records of the stream are not as the schema says, and what is wrong with them.
    pub poison: Poison,
}

/// A producer, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ProducerId(pub u16);

impl ProducerId {
    /// As an index into per-producer tables.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// By how much a producer's clock is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClockError {
    /// At the start of the run; positive when it is ahead.
    pub offset: Span,
    /// Microseconds that it gains in a second.
    pub drift_ppm: f64,
}

impl ClockError {
    /// What the clock shows when so much time has passed since `start`.
    pub fn reads(self, start: EventTime, passed: Span) -> EventTime {
        let gained = libm::round(passed.micros() as f64 * self.drift_ppm / 1e6) as i64;
        start + passed + self.offset + Span::from_micros(gained)
    }
}

/// A record that never reached the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LostRecord {
    /// When it was lost.
    pub at: ProcTime,
    /// When it happened, by its producer's clock.
    pub event_time: EventTime,
    /// What it would have been grouped by.
    pub key: KeyId,
    /// What would have been aggregated.
    pub value: f64,
    /// Why.
    pub cause: LossCause,
}

/// Why a record never reached the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LossCause {
    /// The network lost it, and its producer does not wait for acknowledgements.
    Network,
    /// Its partition's leader failed before any other machine had it.
    LeaderFailure,
    /// Its producer tried until it had no time left.
    GaveUp,
    /// Its partition took in too much for longer than its producer waits.
    Throttled,
}

impl LossCause {
    /// For people, as the end of a sentence: `lost ...`.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Network => "on the network, unnoticed",
            Self::LeaderFailure => "with the leader of its partition",
            Self::GaveUp => "when its producer gave up",
            Self::Throttled => "waiting for a partition that takes in too much",
        }
    }
}

impl Production {
    /// Whether a record is a copy of one that came before it. O(log duplicates).
    pub fn is_duplicate(&self, id: RecordId) -> bool {
        self.duplicates.binary_search(&id).is_ok()
    }

    /// Whether someone put a record into the log by hand. O(log n) in the number of those.
    pub fn is_by_hand(&self, id: RecordId) -> bool {
        self.by_hand.binary_search(&id).is_ok()
    }

    /// How many records were lost by `now`.
    pub fn lost_by(&self, now: ProcTime) -> usize {
        self.lost.partition_point(|lost| lost.at <= now)
    }

    /// How many were lost for this reason.
    pub fn lost_for(&self, cause: LossCause) -> usize {
        self.lost.iter().filter(|lost| lost.cause == cause).count()
    }

    /// Who sent a record.
    pub fn producer(&self, id: RecordId) -> ProducerId {
        self.producers.get(id.index()).copied().unwrap_or_default()
    }

    /// The same facts when the stream is in another order, which names every record by its place here.
    #[must_use]
    pub(crate) fn in_order(&self, order: &[RecordId]) -> Self {
        let moved = |of: &[RecordId]| -> Vec<RecordId> {
            if of.is_empty() {
                return Vec::new();
            }
            // A stream holds fewer than 2^32 records.
            let places = order.iter().enumerate().map(|(place, &id)| (RecordId(place as u32), id));
            places.filter(|(_, id)| of.binary_search(id).is_ok()).map(|(place, _)| place).collect()
        };
        let (duplicates, by_hand) = (moved(&self.duplicates), moved(&self.by_hand));
        let producers =
            if self.producers.is_empty() { Vec::new() } else { order.iter().map(|&id| self.producer(id)).collect() };
        Self { duplicates, by_hand, producers, poison: self.poison.in_order(order), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_by_its_offset_and_gains_over_time() {
        let start = EventTime::from_millis(1_000);
        let clock = ClockError { offset: Span::from_millis(-500), drift_ppm: 200.0 };
        assert_eq!(clock.reads(start, Span::ZERO), EventTime::from_millis(500));
        // 200 ppm of 10 s are 2 ms.
        assert_eq!(clock.reads(start, Span::from_secs(10)), EventTime::from_millis(10_502));
    }

    #[test]
    fn facts_follow_records_into_another_order() {
        let production = Production {
            duplicates: vec![RecordId(0), RecordId(2)],
            producers: [5, 6, 7].map(ProducerId).to_vec(),
            ..Production::default()
        };
        let moved = production.in_order(&[2, 0, 1].map(RecordId));
        assert_eq!(moved.duplicates, [RecordId(0), RecordId(1)]);
        assert_eq!(moved.producers, [7, 5, 6].map(ProducerId));
        assert!(moved.is_duplicate(RecordId(1)) && !moved.is_duplicate(RecordId(2)));
        assert_eq!((moved.producer(RecordId(2)), production.lost_by(ProcTime::MAX)), (ProducerId(6), 0));
    }
}
