//! Which partition of the log every record is written to.
//!
//! Places are given in the order in which records happen. Only [`Partitioner::Sticky`] draws, from a
//! stream of its own by producer, so another partitioner leaves events, keys, values and delays alone.

use std::collections::BTreeMap;

use crate::record::PartitionId;
use crate::rng::{Draws, Seed};
use crate::scenario::{KeySpec, OtherKeys, Partitioner};
use crate::source::murmur::partition_of;

/// Gives records their places, one after the other.
#[derive(Clone, Debug)]
pub struct Placer {
    partitions: u32,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// By rank of the key.
    ByKey(Vec<PartitionId>),
    /// By producer: the partition of its next record.
    RoundRobin(Vec<u32>),
    Sticky {
        records: u32,
        /// By producer.
        batches: Vec<Batch>,
    },
}

/// What one producer writes in a row.
#[derive(Clone, Debug)]
struct Batch {
    partition: u32,
    left: u32,
    draws: Draws,
}

impl Placer {
    /// A placer before the first record; without partitions, one is taken.
    pub fn new(partitioner: &Partitioner, partitions: u32, keys: &KeySpec, producers: u32, seed: Seed) -> Self {
        let partitions = partitions.max(1);
        let by_key = |of: &dyn Fn(&str) -> u32| {
            let place = |rank| PartitionId(of(&keys.name(rank)).min(partitions - 1));
            Rule::ByKey((0..keys.count()).map(place).collect())
        };
        let hashed = |name: &str| partition_of(name, partitions);
        let rule = match partitioner {
            Partitioner::KeyHash => by_key(&hashed),
            // Producers begin at different partitions, as clients that start at different times do.
            Partitioner::RoundRobin => {
                Rule::RoundRobin((0..producers.max(1)).map(|producer| producer % partitions).collect())
            }
            Partitioner::Sticky { records } => {
                let batch = |producer| {
                    let mut draws = seed.stream(&format!("sticky {producer}"));
                    let partition = draws.integer(0, i64::from(partitions) - 1) as u32;
                    Batch { partition, left: *records, draws }
                };
                Rule::Sticky { records: *records, batches: (0..producers.max(1)).map(batch).collect() }
            }
            Partitioner::Explicit { keys: places, others } => {
                let places: BTreeMap<&str, u32> =
                    places.iter().map(|place| (place.key.as_str(), place.partition)).collect();
                by_key(&|name| {
                    places.get(name).copied().unwrap_or_else(|| match *others {
                        OtherKeys::KeyHash => hashed(name),
                        OtherKeys::To(partition) => partition,
                    })
                })
            }
        };
        Self { partitions, rule }
    }

    /// The place of the next record, which has a key of this rank and comes from this producer.
    ///
    /// # Panics
    /// When there is no such key or producer.
    pub fn place(&mut self, rank: u32, producer: u32) -> PartitionId {
        match &mut self.rule {
            Rule::ByKey(places) => places[rank as usize],
            Rule::RoundRobin(next) => {
                let next = &mut next[producer as usize];
                let partition = *next;
                *next = (partition + 1) % self.partitions;
                PartitionId(partition)
            }
            Rule::Sticky { records, batches } => {
                let batch = &mut batches[producer as usize];
                if batch.left == 0 {
                    batch.left = *records;
                    batch.partition = another(batch.partition, self.partitions, &mut batch.draws);
                }
                batch.left = batch.left.saturating_sub(1);
                PartitionId(batch.partition)
            }
        }
    }
}

/// Any partition but this one, each equally likely; the same when there is no other.
fn another(partition: u32, partitions: u32, draws: &mut Draws) -> u32 {
    if partitions == 1 {
        return partition;
    }
    let drawn = draws.integer(0, i64::from(partitions) - 2) as u32;
    if drawn < partition { drawn } else { drawn + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::KeyPlace;

    const SEED: Seed = Seed::new(7);

    fn keys(names: &[&str]) -> KeySpec {
        KeySpec::Uniform { count: names.len() as u32, names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    /// The places of records of (key rank, producer).
    fn places(partitioner: &Partitioner, partitions: u32, keys: &KeySpec, records: &[(u32, u32)]) -> Vec<u32> {
        let mut placer = Placer::new(partitioner, partitions, keys, 2, SEED);
        records.iter().map(|&(rank, producer)| placer.place(rank, producer).0).collect()
    }

    #[test]
    fn keys_go_where_kafka_puts_them() {
        // Hashes without sign: "21" 1,173,551,340; "foobar" 1,357,151,166; "abc" 479,470,107.
        let keys = keys(&["21", "foobar", "abc"]);
        assert_eq!(places(&Partitioner::KeyHash, 7, &keys, &[(0, 0), (1, 1), (2, 0), (0, 1)]), [3, 0, 4, 3]);
        assert_eq!(places(&Partitioner::KeyHash, 1, &keys, &[(0, 0), (1, 0), (2, 0)]), [0, 0, 0]);
    }

    #[test]
    fn every_producer_goes_round_by_itself() {
        let records = [(0, 0), (0, 0), (0, 1), (0, 0), (0, 0), (0, 1), (0, 1)];
        assert_eq!(places(&Partitioner::RoundRobin, 3, &keys(&["a"]), &records), [0, 1, 1, 2, 0, 2, 0]);
    }

    #[test]
    fn sticky_batches_are_of_one_length_and_followed_by_another_partition() {
        let all = places(&Partitioner::Sticky { records: 3 }, 4, &keys(&["a"]), &[(0, 0); 30_000]);
        assert_eq!(all.len(), 30_000);
        let batches: Vec<u32> = all.chunks(3).map(|batch| batch[0]).collect();
        assert!(all.chunks(3).all(|batch| batch.iter().all(|place| *place == batch[0])));
        assert!(batches.windows(2).all(|pair| pair[0] != pair[1]));
        for partition in 0..4 {
            // A quarter of 10,000 batches; a fair draw deviates by about 43, repulsion makes it less.
            let count = batches.iter().filter(|&&place| place == partition).count();
            assert!(count.abs_diff(2_500) < 217, "{partition}: {count}");
        }
        assert_eq!(places(&Partitioner::Sticky { records: 1 }, 1, &keys(&["a"]), &[(0, 0); 3]), [0, 0, 0]);
    }

    #[test]
    fn explicit_places_leave_a_partition_silent() {
        let place = |key: &str, partition| KeyPlace { key: key.to_owned(), partition };
        let keys = keys(&["a", "21", "foobar"]);
        let records = [(0, 0), (1, 0), (2, 0)];
        let explicit = |others| Partitioner::Explicit { keys: vec![place("a", 2), place("foobar", 0)], others };
        assert_eq!(places(&explicit(OtherKeys::KeyHash), 4, &keys, &records), [2, 0, 0]);
        assert_eq!(places(&explicit(OtherKeys::To(3)), 4, &keys, &records), [2, 3, 0]);
    }
}
