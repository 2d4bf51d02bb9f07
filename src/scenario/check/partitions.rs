//! The rules of the partitions of a synthetic source: how many, and which key goes where.

use std::collections::BTreeSet;

use super::Check;
use crate::human::count;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::{KeyPlace, KeySpec, OtherKeys, Partitioner, Synthetic};
use crate::source::MAX_RECORDS;

/// The most partitions of a log. A thousand lines are more than any screen shows, and each is asked
/// about in every step of a run that aligns them.
pub const MAX_PARTITIONS: u32 = 1_024;

impl Check {
    pub(super) fn partitions(&mut self, source: &Synthetic) {
        let partitions = source.partitions;
        if !(1..=MAX_PARTITIONS).contains(&partitions) {
            let limit = count(u64::from(MAX_PARTITIONS));
            self.add("source.partitions", format!("{partitions} is out of range: must be 1 to {limit}"));
            return;
        }
        match &source.partitioner {
            Partitioner::KeyHash | Partitioner::RoundRobin => {}
            Partitioner::Sticky { records } => {
                if !(1..=MAX_RECORDS).contains(&u64::from(*records)) {
                    let limit = count(MAX_RECORDS);
                    let message = format!("{records} is out of range: must be 1 to {limit}");
                    self.add("source.partitioner.records", message);
                }
            }
            Partitioner::Explicit { keys, others } => {
                self.places(keys, &source.keys, partitions);
                if let OtherKeys::To(partition) = *others {
                    self.partition("source.partitioner.others", partition, partitions);
                }
            }
        }
    }

    fn places(&mut self, places: &[KeyPlace], keys: &KeySpec, partitions: u32) {
        let mut seen = BTreeSet::new();
        for (i, KeyPlace { key, partition }) in places.iter().enumerate() {
            let path = format!("source.partitioner.keys.{i}.key");
            if keys.rank(key).is_none() {
                self.unknown_key(&path, key, keys);
            } else if !seen.insert(key) {
                self.add(&path, format!("{key:?} is there twice; a key has one place"));
            }
            self.partition(&format!("source.partitioner.keys.{i}.partition"), *partition, partitions);
        }
    }

    /// `partition` must be one of so many.
    pub(super) fn partition(&mut self, path: &str, partition: u32, partitions: u32) {
        if partition >= partitions {
            let last = partitions - 1;
            self.add(path, format!("{partition} is out of range: must be 0 to {last}, the last partition"));
        }
    }

    /// Says which keys there are.
    pub(super) fn unknown_key(&mut self, path: &str, key: &str, keys: &KeySpec) {
        let shown = keys.count().min(5);
        let names: Vec<_> = (0..shown).map(|rank| keys.name(rank)).collect();
        let list = names.join(", ") + if keys.count() > shown { ", ..." } else { "" };
        let guess = did_you_mean(key, names.iter().map(|name| &**name));
        self.add(path, format!("{key:?} is not a key of the source ({list}){guess}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::check::tests::check;

    #[test]
    fn partitions_are_checked() {
        check(&["source.partitions=1024", "partitioner=sticky()"], &[]);
        for wrong in ["0", "1025"] {
            let message = format!("source.partitions: {wrong} is out of range: must be 1 to 1,024");
            check(&[&format!("source.partitions={wrong}")], &[&message]);
        }
        check(
            &["partitioner=sticky(records: 0)"],
            &["source.partitioner.records: 0 is out of range: must be 1 to 20,000,000"],
        );
    }

    #[test]
    fn explicit_places_name_keys_and_partitions_that_exist() {
        let places = "[(key: \"k1\", partition: 3), (key: \"k3\", partition: 4), (key: \"k1\", partition: 0)]";
        check(
            &["keys.count=2", "partitions=4", &format!("partitioner=explicit(keys: {places}, others: to(4))")],
            &[
                "source.partitioner.keys.1.key: \"k3\" is not a key of the source (k1, k2)",
                "source.partitioner.keys.1.partition: 4 is out of range: must be 0 to 3, the last partition",
                "source.partitioner.keys.2.key: \"k1\" is there twice; a key has one place",
                "source.partitioner.others: 4 is out of range: must be 0 to 3, the last partition",
            ],
        );
    }
}
