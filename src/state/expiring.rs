//! A map by key whose entries expire: what nobody has touched for the time to live is gone.
//!
//! Every call says what time it is; instants ascend. An expired entry is never seen, whether it has
//! been swept out or not. [`ExpiringMap::sweep`] frees the memory, in order of expiry, so the owner
//! decides when that work is done and nothing depends on it but the memory.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::state::ttl::{StateTtl, TtlUpdate};
use crate::time::ProcTime;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry<V> {
    value: V,
    touched: ProcTime,
}

/// Entries by key, each kept until it expires. Without a [`StateTtl`] none does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored<K, V>", into = "Stored<K, V>")]
#[serde(bound(serialize = "K: Clone + Ord + Serialize, V: Clone + Serialize"))]
#[serde(bound(deserialize = "K: Clone + Ord + Deserialize<'de>, V: Deserialize<'de>"))]
pub struct ExpiringMap<K, V> {
    ttl: Option<StateTtl>,
    entries: BTreeMap<K, Entry<V>>,
    /// Every entry by when it expires; empty where none does.
    queue: BTreeSet<(ProcTime, K)>,
}

/// What is written of a map: the queue follows from the rest.
#[derive(Serialize, Deserialize)]
#[serde(rename = "ExpiringMap")]
#[serde(bound(deserialize = "K: Ord + Deserialize<'de>, V: Deserialize<'de>"))]
struct Stored<K, V> {
    ttl: Option<StateTtl>,
    entries: BTreeMap<K, Entry<V>>,
}

impl<K, V> From<ExpiringMap<K, V>> for Stored<K, V> {
    fn from(map: ExpiringMap<K, V>) -> Self {
        Self { ttl: map.ttl, entries: map.entries }
    }
}

impl<K: Clone + Ord, V> From<Stored<K, V>> for ExpiringMap<K, V> {
    fn from(Stored { ttl, entries }: Stored<K, V>) -> Self {
        let queued = |ttl: StateTtl| {
            let expiry = move |(key, entry): (&K, &Entry<V>)| (ttl.expires_at(entry.touched), key.clone());
            entries.iter().map(expiry).collect()
        };
        Self { queue: ttl.map(queued).unwrap_or_default(), ttl, entries }
    }
}

impl<K, V> Default for ExpiringMap<K, V> {
    fn default() -> Self {
        Self::new(None)
    }
}

impl<K, V> ExpiringMap<K, V> {
    /// No entries. With `None`, none ever expires.
    pub const fn new(ttl: Option<StateTtl>) -> Self {
        Self { ttl, entries: BTreeMap::new(), queue: BTreeSet::new() }
    }

    /// How many entries take memory, expired ones that have not been swept out included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no entry takes memory.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that take memory, by key, without touching them.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }
}

impl<K: Clone + Ord, V> ExpiringMap<K, V> {
    /// The entry of a key, read: that touches it where reading does.
    pub fn read(&mut self, key: &K, now: ProcTime) -> Option<&V> {
        if !self.is_live(key, now) {
            return None;
        }
        if self.ttl.is_some_and(|ttl| ttl.update == TtlUpdate::OnReadAndWrite) {
            self.touch(key, now);
        }
        self.entries.get(key).map(|entry| &entry.value)
    }

    /// The entry of a key, to write to: that touches it. One that has expired is made anew.
    pub fn write(&mut self, key: &K, now: ProcTime) -> &mut V
    where
        V: Default,
    {
        if !self.is_live(key, now) {
            self.remove(key);
        }
        self.touch(key, now);
        let fresh = || Entry { value: V::default(), touched: now };
        &mut self.entries.entry(key.clone()).or_insert_with(fresh).value
    }

    /// Forgets the entry of a key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let entry = self.entries.remove(key)?;
        if let Some(ttl) = self.ttl {
            self.queue.remove(&(ttl.expires_at(entry.touched), key.clone()));
        }
        Some(entry.value)
    }

    /// Frees the memory of what has expired. How many entries that was. O(log n) for each.
    pub fn sweep(&mut self, now: ProcTime) -> usize {
        let before = self.entries.len();
        while let Some((at, _)) = self.queue.first()
            && *at <= now
            && let Some((_, key)) = self.queue.pop_first()
        {
            self.entries.remove(&key);
        }
        before - self.entries.len()
    }

    /// When the next entry expires, if nothing touches it before.
    pub fn next_expiry(&self) -> Option<ProcTime> {
        self.queue.first().map(|&(at, _)| at)
    }

    /// Shows every entry to `keep`, which may shorten it, and forgets those for which it is false. That is
    /// housekeeping, neither a read nor a write: nothing is touched.
    pub fn tidy(&mut self, mut keep: impl FnMut(&mut V) -> bool) {
        let (ttl, queue) = (self.ttl, &mut self.queue);
        self.entries.retain(|key, entry| {
            let is_kept = keep(&mut entry.value);
            if let Some(ttl) = ttl.filter(|_| !is_kept) {
                queue.remove(&(ttl.expires_at(entry.touched), key.clone()));
            }
            is_kept
        });
    }

    fn is_live(&self, key: &K, now: ProcTime) -> bool {
        let is_expired = |entry: &Entry<V>| self.ttl.is_some_and(|ttl| ttl.is_expired(entry.touched, now));
        self.entries.get(key).is_some_and(|entry| !is_expired(entry))
    }

    fn touch(&mut self, key: &K, now: ProcTime) {
        let Some(ttl) = self.ttl else { return };
        if let Some(entry) = self.entries.get_mut(key) {
            self.queue.remove(&(ttl.expires_at(entry.touched), key.clone()));
            entry.touched = now;
        }
        self.queue.insert((ttl.expires_at(now), key.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn at(micros: i64) -> ProcTime {
        ProcTime::from_micros(micros)
    }

    fn map(update: TtlUpdate) -> ExpiringMap<u32, i64> {
        ExpiringMap::new(Some(StateTtl { time_to_live: Span::from_micros(10), update }))
    }

    #[test]
    fn reading_keeps_an_entry_alive_only_where_asked() {
        for (update, expected) in [(TtlUpdate::OnCreateAndWrite, None), (TtlUpdate::OnReadAndWrite, Some(&7))] {
            let mut map = map(update);
            *map.write(&1, at(0)) = 7;
            assert_eq!(map.read(&1, at(9)), Some(&7));
            assert_eq!(map.read(&1, at(10)), expected, "{update:?}");
            assert_eq!(map.read(&1, at(20)), None);
        }
    }

    #[test]
    fn what_has_expired_is_never_seen_and_starts_anew() {
        let mut map = map(TtlUpdate::OnCreateAndWrite);
        *map.write(&1, at(0)) += 7;
        *map.write(&1, at(9)) += 1;
        assert_eq!(map.read(&1, at(18)), Some(&8));
        assert_eq!(map.read(&1, at(19)), None);
        assert_eq!(map.len(), 1, "it still takes memory");
        *map.write(&1, at(20)) += 1;
        assert_eq!(map.read(&1, at(20)), Some(&1));
        assert_eq!(map.next_expiry(), Some(at(30)));
    }

    #[test]
    fn sweeping_frees_what_has_expired() {
        let mut map = map(TtlUpdate::OnCreateAndWrite);
        (0..5).for_each(|key| *map.write(&key, at(i64::from(key))) = 1);
        map.write(&0, at(8));
        assert_eq!((map.sweep(at(10)), map.len()), (0, 5));
        assert_eq!((map.sweep(at(13)), map.len()), (3, 2));
        assert_eq!(map.remove(&4), Some(1));
        assert_eq!(map.next_expiry(), Some(at(18)));
        map.tidy(|_| false);
        assert!(map.is_empty() && map.next_expiry().is_none());
    }

    #[test]
    fn without_a_time_to_live_nothing_expires() {
        let mut map: ExpiringMap<u32, i64> = ExpiringMap::default();
        *map.write(&1, at(0)) = 7;
        assert_eq!(map.read(&1, ProcTime::MAX), Some(&7));
        assert_eq!((map.sweep(ProcTime::MAX), map.next_expiry()), (0, None));
    }
}
