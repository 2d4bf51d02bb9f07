//! Redelivery after the acknowledgement deadline, as in Pub/Sub: a record that is handed out and not
//! acknowledged in time is handed out again, whether it was worked on or not.
//!
//! An acknowledgement after the deadline has no effect. With ordering keys, a record that is handed
//! out again takes with it the later ones of its key that had been handed out, also those that were
//! acknowledged meanwhile (Pub/Sub documentation, Message ordering). The caller hands out again what
//! [`Leases::expire`] returns, and counts it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::record::{KeyId, RecordId};
use crate::time::{ProcTime, Span};

/// The records that are handed out and not acknowledged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leases {
    deadline: Span,
    /// Until when each record must be acknowledged.
    until: BTreeMap<RecordId, (ProcTime, KeyId)>,
    by_deadline: BTreeSet<(ProcTime, RecordId)>,
    /// With ordering keys.
    keys: Option<BTreeMap<KeyId, OfKey>>,
}

/// The records of one ordering key, from the first that is not acknowledged on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct OfKey {
    outstanding: BTreeSet<RecordId>,
    acknowledged: BTreeSet<RecordId>,
}

/// What an acknowledgement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acked {
    /// The record is done with.
    InTime,
    /// The record was not handed out, or its deadline has passed: it is handed out again.
    NoEffect,
}

impl Leases {
    /// Nothing is handed out, and records have no ordering keys.
    pub const fn unordered(deadline: Span) -> Self {
        Self { deadline, until: BTreeMap::new(), by_deadline: BTreeSet::new(), keys: None }
    }

    /// Nothing is handed out, and records are ordered by key.
    pub fn ordered_by_key(deadline: Span) -> Self {
        Self { keys: Some(BTreeMap::new()), ..Self::unordered(deadline) }
    }

    /// A record of this key is handed out.
    pub fn hand_out(&mut self, id: RecordId, key: KeyId, now: ProcTime) {
        let until = now + self.deadline;
        if let Some((before, _)) = self.until.insert(id, (until, key)) {
            self.by_deadline.remove(&(before, id));
        }
        self.by_deadline.insert((until, id));
        if let Some(keys) = &mut self.keys {
            let of_key = keys.entry(key).or_default();
            of_key.outstanding.insert(id);
            of_key.acknowledged.remove(&id);
        }
    }

    /// A record is acknowledged.
    pub fn acknowledge(&mut self, id: RecordId, now: ProcTime) -> Acked {
        let Some(&(until, key)) = self.until.get(&id) else { return Acked::NoEffect };
        if until <= now {
            return Acked::NoEffect;
        }
        self.until.remove(&id);
        self.by_deadline.remove(&(until, id));
        if let Some(keys) = &mut self.keys {
            let of_key = keys.entry(key).or_default();
            of_key.outstanding.remove(&id);
            of_key.acknowledged.insert(id);
            match of_key.outstanding.first() {
                Some(oldest) => of_key.acknowledged = of_key.acknowledged.split_off(oldest),
                None => drop(keys.remove(&key)),
            }
        }
        Acked::InTime
    }

    /// When the next deadline passes; `None` when nothing is handed out.
    pub fn next_deadline(&self) -> Option<ProcTime> {
        self.by_deadline.first().map(|&(until, _)| until)
    }

    /// How many records are handed out and not acknowledged.
    pub fn outstanding(&self) -> usize {
        self.until.len()
    }

    /// Takes back every record whose deadline has passed, and with ordering keys the later ones of its
    /// key; ascending. All of them are to be handed out again.
    pub fn expire(&mut self, now: ProcTime) -> Vec<RecordId> {
        let mut again = BTreeSet::new();
        while let Some(&(until, id)) = self.by_deadline.first()
            && until <= now
        {
            self.by_deadline.pop_first();
            if let Some((_, key)) = self.until.remove(&id) {
                again.insert(id);
                self.take_back_later(id, key, &mut again);
            }
        }
        again.into_iter().collect()
    }

    fn take_back_later(&mut self, id: RecordId, key: KeyId, again: &mut BTreeSet<RecordId>) {
        let Some(of_key) = self.keys.as_mut().and_then(|keys| keys.get_mut(&key)) else { return };
        of_key.outstanding.remove(&id);
        let later = of_key.outstanding.split_off(&id);
        for other in &later {
            if let Some((until, _)) = self.until.remove(other) {
                self.by_deadline.remove(&(until, *other));
            }
        }
        again.extend(later);
        again.extend(of_key.acknowledged.split_off(&id));
        if of_key.outstanding.is_empty()
            && let Some(keys) = &mut self.keys
        {
            keys.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> ProcTime {
        ProcTime::from_millis(secs * 1_000)
    }

    /// Leases of 10 s with records of (id, key) handed out at these seconds.
    fn leases(is_ordered: bool, handed_out: &[(u32, u32, i64)]) -> Leases {
        let deadline = Span::from_secs(10);
        let mut leases = if is_ordered { Leases::ordered_by_key(deadline) } else { Leases::unordered(deadline) };
        for &(id, key, secs) in handed_out {
            leases.hand_out(RecordId(id), KeyId(key), at(secs));
        }
        leases
    }

    fn expired(leases: &mut Leases, secs: i64) -> Vec<u32> {
        leases.expire(at(secs)).into_iter().map(|id| id.0).collect()
    }

    #[test]
    fn what_is_not_acknowledged_in_time_is_handed_out_again() {
        let mut leases = leases(false, &[(0, 0, 0), (1, 0, 0), (2, 0, 5)]);
        assert_eq!(leases.acknowledge(RecordId(0), at(9)), Acked::InTime);
        assert_eq!((leases.next_deadline(), leases.outstanding()), (Some(at(10)), 2));
        assert_eq!(leases.acknowledge(RecordId(1), at(10)), Acked::NoEffect);
        assert_eq!(expired(&mut leases, 9), [0_u32; 0]);
        assert_eq!(expired(&mut leases, 10), [1]);
        assert_eq!(leases.acknowledge(RecordId(1), at(11)), Acked::NoEffect);
        leases.hand_out(RecordId(1), KeyId(0), at(12));
        assert_eq!(expired(&mut leases, 16), [2]);
        assert_eq!(expired(&mut leases, 22), [1]);
        assert_eq!((leases.next_deadline(), leases.outstanding()), (None, 0));
    }

    #[test]
    fn handing_out_again_begins_a_new_deadline() {
        let mut leases = leases(false, &[(0, 0, 0), (0, 0, 4)]);
        assert_eq!((leases.outstanding(), leases.next_deadline()), (1, Some(at(14))));
        assert_eq!(expired(&mut leases, 13), [0_u32; 0]);
    }

    #[test]
    fn with_ordering_keys_later_records_of_the_key_come_again() {
        let handed_out = [(0, 0, 0), (1, 0, 1), (2, 0, 2), (3, 1, 0), (4, 0, 2)];
        let mut ordered = leases(true, &handed_out);
        let mut unordered = leases(false, &handed_out);
        for leases in [&mut ordered, &mut unordered] {
            for id in [0, 2, 3] {
                assert_eq!(leases.acknowledge(RecordId(id), at(3)), Acked::InTime);
            }
        }
        // 1 is too late; 2 was acknowledged behind it and 4 was not; 0 is before it, 3 has another key.
        assert_eq!(expired(&mut ordered, 11), [1, 2, 4]);
        assert_eq!(expired(&mut unordered, 11), [1]);
        assert_eq!((ordered.outstanding(), ordered.next_deadline()), (0, None));
    }

    #[test]
    fn what_was_acknowledged_before_all_others_is_forgotten() {
        let mut leases = leases(true, &[(0, 0, 0), (1, 0, 0), (2, 0, 0)]);
        for id in [1, 0, 2] {
            leases.acknowledge(RecordId(id), at(1));
        }
        assert_eq!(leases, Leases::ordered_by_key(Span::from_secs(10)));
    }
}
