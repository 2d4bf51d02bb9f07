//! Faults of a synthetic source: what changes records between happening and being sent.
//!
//! Each is applied to the records in the order in which they happen, with draws of its own, so that a
//! fault leaves everything alone that it does not name.

pub mod clock;
pub mod hot_key;
pub mod poison;
pub mod silence;

use crate::production::ProducerId;
use crate::record::{Columns, PartitionId};
use crate::scenario::KeySpec;
use crate::time::{EventTime, Span};

/// Records in the order in which they happen, before their keys have names.
#[derive(Clone, Debug, Default)]
pub struct Happened {
    /// Their columns but for the keys.
    pub columns: Columns,
    /// The ranks of their keys.
    pub ranks: Vec<u32>,
    /// Who sends them; empty for one producer.
    pub producers: Vec<ProducerId>,
}

impl Happened {
    /// How many there are.
    pub const fn len(&self) -> usize {
        self.ranks.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.ranks.is_empty()
    }

    /// Only the records at these places, in this order.
    pub fn select(&mut self, places: &[u32]) {
        self.columns.select(places);
        self.ranks = places.iter().map(|&place| self.ranks[place as usize]).collect();
        if !self.producers.is_empty() {
            self.producers = places.iter().map(|&place| self.producers[place as usize]).collect();
        }
    }
}

/// Whose records are meant: those for which all that is said holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    rank: Option<u32>,
    partition: Option<PartitionId>,
    producer: Option<ProducerId>,
    /// Of a key that there is not: of nobody.
    is_nobody: bool,
}

impl Whose {
    /// Records of this key, this partition and this producer, as far as they are said.
    pub fn new(key: Option<&str>, partition: Option<u32>, producer: Option<u32>, keys: &KeySpec) -> Self {
        let rank = key.and_then(|key| keys.rank(key));
        Self {
            rank,
            partition: partition.map(PartitionId),
            // A checked scenario has at most 1,000 producers.
            producer: producer.map(|producer| ProducerId(producer as u16)),
            is_nobody: key.is_some() && rank.is_none(),
        }
    }

    /// Whether the record at this place is meant.
    pub fn includes(&self, happened: &Happened, place: usize) -> bool {
        let partition = || happened.columns.partitions.get(place).copied().unwrap_or_default();
        let producer = || happened.producers.get(place).copied().unwrap_or_default();
        !self.is_nobody
            && self.rank.is_none_or(|rank| rank == happened.ranks[place])
            && self.partition.is_none_or(|wanted| wanted == partition())
            && self.producer.is_none_or(|wanted| wanted == producer())
    }
}

/// The places of the records that happen from `from` to just before `until`, where both count from
/// `start`. `event_times` ascend.
pub fn happening_within(
    event_times: &[EventTime],
    start: EventTime,
    (from, until): (Span, Span),
) -> std::ops::Range<usize> {
    let first = event_times.partition_point(|&at| at < start + from);
    let end = event_times.partition_point(|&at| at < start + until);
    first..end.max(first)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rng::Seed;

    pub const START: EventTime = EventTime::from_millis(1_000_000);
    pub const SEED: Seed = Seed::new(7);

    pub fn keys() -> KeySpec {
        KeySpec::Uniform { count: 4, names: Vec::new() }
    }

    /// One record a second, each with a delay of 1.5 s; record `i` has the rank `i mod 4`, is in partition
    /// `i mod 2` and from producer `i mod 3`.
    pub fn steady(records: u32) -> Happened {
        let event_time = |i: u32| START + Span::from_secs(i64::from(i));
        let all = || 0..records;
        let columns = Columns {
            event_times: all().map(event_time).collect(),
            arrivals: all().map(|i| (event_time(i) + Span::from_millis(1_500)).on_proc_clock()).collect(),
            values: all().map(f64::from).collect(),
            partitions: all().map(|i| PartitionId(i % 2)).collect(),
            ..Columns::default()
        };
        let producers = all().map(|i| ProducerId((i % 3) as u16)).collect();
        Happened { columns, ranks: all().map(|i| i % 4).collect(), producers }
    }

    #[test]
    fn whose_records_are_meant_is_all_that_is_said() {
        let happened = steady(12);
        let meant = |key, partition, producer| -> Vec<usize> {
            let whose = Whose::new(key, partition, producer, &keys());
            (0..12).filter(|&place| whose.includes(&happened, place)).collect()
        };
        assert_eq!(meant(None, None, None).len(), 12);
        assert_eq!(meant(Some("k2"), None, None), [1, 5, 9]);
        assert_eq!(meant(None, Some(1), Some(2)), [5, 11]);
        assert_eq!(meant(Some("k2"), Some(1), Some(0)), [9]);
        assert_eq!(meant(Some("k9"), None, None), [0_usize; 0]);
    }

    #[test]
    fn a_stretch_holds_its_first_instant_and_not_its_last() {
        let happened = steady(12);
        let within = |from, until| {
            happening_within(&happened.columns.event_times, START, (Span::from_secs(from), Span::from_secs(until)))
        };
        assert_eq!(within(2, 5), 2..5);
        assert_eq!(within(20, 25), 12..12);
        assert_eq!(within(5, 2), 5..5);
    }

    #[test]
    fn records_are_left_out_of_all_columns() {
        let mut happened = steady(6);
        happened.select(&[1, 4]);
        assert_eq!((happened.len(), happened.columns.values.clone()), (2, vec![1.0, 4.0]));
        assert_eq!((happened.ranks, happened.producers), (vec![1, 0], vec![ProducerId(1), ProducerId(1)]));
        assert!(happened.columns.keys.is_empty());
    }
}
