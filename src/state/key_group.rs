//! Key groups: the unit in which keyed state is dealt out to parallel tasks and moved between them.
//!
//! A key belongs to one group for ever: `xxh3_64(name) mod max_parallelism`, over the UTF-8 bytes of
//! its name with seed 0. Every task owns a contiguous range of groups, so another parallelism moves
//! whole groups and never asks for a key's hash again. Both formulas are those of Apache Flink
//! (`KeyGroupRangeAssignment`); only the hash differs, because Flink's (murmur over Java's
//! `hashCode`) depends on how the Java class of the key hashes.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::record::KeyTable;

/// The group of a key: from 0, below the maximum parallelism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyGroup(pub u16);

/// One of the parallel tasks of an operator, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskIndex(pub u32);

impl TaskIndex {
    /// As an index into per-task tables.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Neighbouring groups, from `start` (included) to `end` (excluded); empty when they are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyGroupRange {
    /// The first group in it.
    pub start: u16,
    /// The first group after it; at least `start`.
    pub end: u16,
}

impl KeyGroupRange {
    /// Whether a group is in this range.
    pub const fn contains(self, group: KeyGroup) -> bool {
        self.start <= group.0 && group.0 < self.end
    }

    /// How many groups there are in it.
    pub const fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether no group is in it.
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Its groups, ascending.
    pub fn groups(self) -> impl Iterator<Item = KeyGroup> {
        (self.start..self.end).map(KeyGroup)
    }
}

/// How many key groups there are; the most tasks that an operator's state can ever be dealt out to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct KeyGroups {
    max_parallelism: u16,
}

impl Default for KeyGroups {
    /// [`KeyGroups::DEFAULT_MAX_PARALLELISM`] groups.
    fn default() -> Self {
        Self { max_parallelism: Self::DEFAULT_MAX_PARALLELISM }
    }
}

impl KeyGroups {
    /// What Flink takes for up to 85 tasks (`DEFAULT_LOWER_BOUND_MAX_PARALLELISM`). More groups spread
    /// keys more evenly over tasks; state has a header per group.
    pub const DEFAULT_MAX_PARALLELISM: u16 = 128;

    /// The largest maximum, 2^15 as in Flink (`UPPER_BOUND_MAX_PARALLELISM`).
    pub const LARGEST_MAX_PARALLELISM: u16 = 1 << 15;

    /// So many groups; `None` unless from 1 to [`KeyGroups::LARGEST_MAX_PARALLELISM`].
    pub fn new(max_parallelism: u32) -> Option<Self> {
        let max_parallelism = u16::try_from(max_parallelism).ok()?;
        (1..=Self::LARGEST_MAX_PARALLELISM).contains(&max_parallelism).then_some(Self { max_parallelism })
    }

    /// How many groups there are.
    pub const fn max_parallelism(self) -> u32 {
        self.max_parallelism as u32
    }

    /// Every group.
    pub const fn all(self) -> KeyGroupRange {
        KeyGroupRange { start: 0, end: self.max_parallelism }
    }

    /// Whether so many tasks can each own a group: from 1 to the maximum parallelism.
    pub const fn allows(self, parallelism: u32) -> bool {
        1 <= parallelism && parallelism <= self.max_parallelism()
    }

    /// The group of a key: `xxh3_64(name) mod max_parallelism`.
    pub fn group_of(self, name: &str) -> KeyGroup {
        KeyGroup((xxh3_64(name.as_bytes()) % u64::from(self.max_parallelism)) as u16)
    }

    /// The groups of all interned keys, by the index of their ids.
    pub fn groups_of(self, keys: &KeyTable) -> Vec<KeyGroup> {
        keys.names().map(|name| self.group_of(name)).collect()
    }

    /// The task that owns a group among `parallelism` tasks: `group * parallelism / max_parallelism`,
    /// rounded down. A parallelism of 0 counts as 1; one that is not [`KeyGroups::allows`]ed for being
    /// too large leaves tasks without groups.
    pub const fn task_of(self, group: KeyGroup, parallelism: u32) -> TaskIndex {
        let parallelism = if parallelism == 0 { 1 } else { parallelism as u64 };
        TaskIndex((group.0 as u64 * parallelism / self.max_parallelism as u64) as u32)
    }

    /// The groups that a task owns among `parallelism` tasks: those for which [`KeyGroups::task_of`] is
    /// that task. Empty for a task that there is not. A parallelism of 0 counts as 1.
    pub fn range_of(self, task: TaskIndex, parallelism: u32) -> KeyGroupRange {
        let parallelism = u64::from(parallelism.max(1));
        // The first group whose task is this one or a later one.
        let first_from = |task: u64| {
            let first = (task * u64::from(self.max_parallelism)).div_ceil(parallelism);
            // It is at most the maximum parallelism, which fits.
            first.min(u64::from(self.max_parallelism)) as u16
        };
        KeyGroupRange { start: first_from(u64::from(task.0)), end: first_from(u64::from(task.0) + 1) }
    }
}

impl<'de> Deserialize<'de> for KeyGroups {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let max_parallelism = u32::deserialize(deserializer)?;
        Self::new(max_parallelism).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "max parallelism {max_parallelism} is not from 1 to {}",
                Self::LARGEST_MAX_PARALLELISM
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(max_parallelism: u32) -> KeyGroups {
        KeyGroups::new(max_parallelism).expect("allowed")
    }

    fn ranges(max_parallelism: u32, parallelism: u32) -> Vec<(u16, u16)> {
        let range = |task| groups(max_parallelism).range_of(TaskIndex(task), parallelism);
        (0..parallelism).map(|task| (range(task).start, range(task).end)).collect()
    }

    /// The hashes come from the reference implementation of XXH3 in C, 0.8.3.
    #[test]
    fn the_group_of_a_key_is_the_same_everywhere() {
        let long = "a much longer key name that goes beyond the short path of the hash, to two hundred and forty bytes \
                    and more, because the long path is another algorithm, and a platform or version that gets it wrong \
                    would send the key to another task, which loses its state";
        let cases: [(&str, [u16; 3]); 6] = [
            ("", [66, 5314, 4]),
            ("a", [31, 19999, 1]),
            ("device-1", [37, 17573, 3]),
            ("device-2", [94, 14430, 4]),
            ("Zürich", [78, 10062, 2]),
            (long, [22, 18198, 5]),
        ];
        for (name, expected) in cases {
            let found = [128, 32_768, 7].map(|max| groups(max).group_of(name).0);
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(xxh3_64(b"Z\xc3\xbcrich"), 0x0ba4_4fcc_12cc_a74e);
    }

    #[test]
    fn groups_come_by_the_ids_of_their_keys() {
        let mut keys = KeyTable::default();
        keys.intern("device-2");
        keys.intern("a");
        assert_eq!(KeyGroups::default().groups_of(&keys), [KeyGroup(94), KeyGroup(31)]);
    }

    /// Worked out by hand from Flink's formulas: start = (task * max + p - 1) / p, last = ((task + 1) *
    /// max - 1) / p.
    #[test]
    fn tasks_own_neighbouring_groups() {
        assert_eq!(ranges(128, 1), [(0, 128)]);
        assert_eq!(ranges(128, 2), [(0, 64), (64, 128)]);
        assert_eq!(ranges(128, 3), [(0, 43), (43, 86), (86, 128)]);
        assert_eq!(ranges(128, 4), [(0, 32), (32, 64), (64, 96), (96, 128)]);
        assert_eq!(ranges(10, 4), [(0, 3), (3, 5), (5, 8), (8, 10)]);
        assert_eq!(ranges(1, 1), [(0, 1)]);
    }

    #[test]
    fn the_task_of_a_group_is_the_one_whose_range_holds_it() {
        assert_eq!([0, 42, 43, 85, 86, 127].map(|g| groups(128).task_of(KeyGroup(g), 3).0), [0, 0, 1, 1, 2, 2]);
        for max_parallelism in [1, 2, 3, 7, 10, 128, 1000, 32_768] {
            for parallelism in [1, 2, 3, 5, 7, 64, 127, 128, 32_768].into_iter().filter(|&p| p <= max_parallelism) {
                let key_groups = groups(max_parallelism);
                let mut next = 0;
                for task in (0..parallelism).map(TaskIndex) {
                    let range = key_groups.range_of(task, parallelism);
                    assert_eq!(range.start, next, "{max_parallelism} groups, {parallelism} tasks");
                    assert!(!range.is_empty() && key_groups.allows(parallelism));
                    assert!(range.groups().all(|group| key_groups.task_of(group, parallelism) == task));
                    next = range.end;
                }
                assert_eq!(u32::from(next), max_parallelism);
            }
        }
    }

    #[test]
    fn numbers_that_make_no_sense_do_no_harm() {
        assert_eq!(
            [0, 1, 32_768, 32_769, 65_537, u32::MAX].map(|n| KeyGroups::new(n).is_some()),
            [false, true, true, false, false, false]
        );
        let three = groups(3);
        assert_eq!([0, 1, 3, 4].map(|p| three.allows(p)), [false, true, true, false]);
        assert_eq!(three.range_of(TaskIndex(0), 0), three.all());
        assert_eq!(three.task_of(KeyGroup(2), 0), TaskIndex(0));
        // More tasks than groups: every group still has exactly one task.
        assert_eq!(ranges(3, 5), [(0, 1), (1, 2), (2, 2), (2, 3), (3, 3)]);
        assert!(three.range_of(TaskIndex(u32::MAX), 2).is_empty());
        assert!(!KeyGroupRange { start: 2, end: 5 }.contains(KeyGroup(5)));
    }

    #[test]
    fn a_maximum_parallelism_out_of_range_is_refused_from_files_too() {
        assert_eq!(ron::from_str::<KeyGroups>("128").ok(), Some(KeyGroups::default()));
        let error = ron::from_str::<KeyGroups>("0").expect_err("no groups").to_string();
        assert!(error.contains("max parallelism 0 is not from 1 to 32768"), "{error}");
    }
}
