//! How the keys of a stream fall on parallel tasks: a key is never in two, so the hottest one bounds the speed-up.
//!
//! Tasks own key groups exactly as in a run ([`crate::state::key_group`]), so that shares are those of the
//! engine.

use crate::record::{KeyId, Stream};
use crate::state::key_group::KeyGroups;

/// How many records every key has.
#[derive(Clone, Debug, PartialEq)]
pub struct Skew {
    /// Records by key group.
    by_group: Vec<u64>,
    groups: KeyGroups,
    records: u64,
    /// The key with the most records, and how many.
    hottest: Option<(KeyId, u64)>,
    keys: usize,
}

impl Skew {
    /// Counts the keys of a stream, in so many key groups ([`KeyGroups::default`] where there cannot be so many).
    pub fn of(stream: &Stream, key_groups: u32) -> Self {
        let groups = KeyGroups::new(key_groups).unwrap_or_default();
        let mut by_key = vec![0_u64; stream.key_table().len()];
        for key in stream.keys() {
            if let Some(count) = by_key.get_mut(key.index()) {
                *count += 1;
            }
        }
        let mut by_group = vec![0; groups.max_parallelism() as usize];
        for (group, count) in groups.groups_of(stream.key_table()).iter().zip(&by_key) {
            by_group[usize::from(group.0)] += count;
        }
        let hottest = by_key.iter().enumerate().max_by_key(|&(place, &count)| (count, std::cmp::Reverse(place)));
        Self {
            by_group,
            groups,
            records: stream.len() as u64,
            hottest: hottest.filter(|(_, count)| **count > 0).map(|(place, &count)| (KeyId(place as u32), count)),
            keys: by_key.iter().filter(|&&count| count > 0).count(),
        }
    }

    /// How many keys have a record.
    pub const fn keys(&self) -> usize {
        self.keys
    }

    /// The key with the most records, the first of several; `None` without records.
    pub fn hottest(&self) -> Option<KeyId> {
        self.hottest.map(|(key, _)| key)
    }

    /// The share of the records that have the hottest key; 0 without records.
    pub fn hottest_share(&self) -> f64 {
        self.share(self.hottest.map_or(0, |(_, count)| count))
    }

    /// The most tasks that can each own a key group.
    pub const fn most_tasks(&self) -> u32 {
        self.groups.max_parallelism()
    }

    /// With so many tasks, which of them gets the most records (the first of several), and their share.
    pub fn busiest(&self, tasks: u32) -> (u32, f64) {
        let mut by_task = vec![0_u64; tasks.max(1) as usize];
        for (group, count) in self.groups.all().groups().zip(&self.by_group) {
            by_task[self.groups.task_of(group, tasks).index()] += count;
        }
        let busiest = by_task.iter().enumerate().max_by_key(|&(task, &count)| (count, std::cmp::Reverse(task)));
        busiest.map_or((0, 0.0), |(task, &count)| (task as u32, self.share(count)))
    }

    /// For each key, the task that owns it among so many.
    pub fn tasks_of_keys(&self, stream: &Stream, tasks: u32) -> Vec<u32> {
        let groups = self.groups.groups_of(stream.key_table());
        groups.into_iter().map(|group| self.groups.task_of(group, tasks).0).collect()
    }

    fn share(&self, records: u64) -> f64 {
        if self.records == 0 { 0.0 } else { records as f64 / self.records as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyTable, PartitionId, Row};
    use crate::time::{EventTime, ProcTime};

    fn stream(counts: &[u64]) -> Stream {
        let mut keys = KeyTable::default();
        let mut rows = Vec::new();
        for (place, &count) in counts.iter().enumerate() {
            let key = keys.intern(&format!("key {place}"));
            let (event_time, arrival) = (EventTime::EPOCH, ProcTime::EPOCH);
            let row = Row { event_time, arrival, key, value: 1.0, partition: PartitionId(0) };
            rows.extend((0..count).map(|_| row));
        }
        Stream::from_rows(rows, keys)
    }

    #[test]
    fn one_task_has_everything_and_no_task_has_less_than_the_hottest_key() {
        let counts = [5, 60, 10, 0, 25];
        let stream = stream(&counts);
        let skew = Skew::of(&stream, 128);
        assert_eq!((skew.keys(), skew.hottest(), skew.most_tasks()), (4, Some(KeyId(1)), 128));
        assert!((skew.hottest_share() - 0.6).abs() < 1e-12);
        assert_eq!(skew.busiest(1), (0, 1.0));
        for tasks in 1..=64 {
            let owners = skew.tasks_of_keys(&stream, tasks);
            let mut naive = vec![0; tasks as usize];
            for (key, count) in counts.iter().enumerate() {
                naive[owners[key] as usize] += count;
            }
            let most = *naive.iter().max().expect("at least one task");
            let (task, share) = skew.busiest(tasks);
            assert_eq!(naive[task as usize], most);
            assert!((share - most as f64 / 100.0).abs() < 1e-12 && share >= 0.6);
        }
    }

    #[test]
    fn without_records_nobody_is_busy() {
        let skew = Skew::of(&Stream::default(), 0);
        assert_eq!((skew.hottest(), skew.busiest(3), skew.keys()), (None, (0, 0.0), 0));
    }
}
