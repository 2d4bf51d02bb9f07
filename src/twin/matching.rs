//! Which record of one run is which record of another.
//!
//! Two runs over the same input have the same records, but perhaps in another order (that in which they
//! were handled). A record is the same when its event time, arrival, key name and value are; of equal ones
//! the first is the first. What has no partner was put in by hand, or belongs to another input.

use crate::record::{KeyTable, RecordId, Stream};

/// Of every record of the pinned run, its partner in the other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Both have the same records in the same order.
    Identical,
    /// By record of the pinned run; [`Matching::NONE`] for those without a partner.
    Mapped(Vec<u32>),
}

impl Matching {
    /// In [`Matching::Mapped`]: there is no partner.
    pub const NONE: u32 = u32::MAX;

    /// Finds the partners. O(n) for the same order, O(n log n) else.
    pub fn of(pinned: &Stream, now: &Stream) -> Self {
        if is_same(pinned, now) {
            return Self::Identical;
        }
        let numbers = key_numbers(pinned.key_table(), now.key_table());
        let identity: Vec<u32> = (0..now.key_table().len() as u32).collect();
        let (before, after) = (sorted(pinned, &numbers), sorted(now, &identity));
        let mut partners = vec![Self::NONE; pinned.len()];
        let (mut left, mut right) = (before.iter().peekable(), after.iter().peekable());
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            match a.0.cmp(&b.0) {
                std::cmp::Ordering::Less => drop(left.next()),
                std::cmp::Ordering::Greater => drop(right.next()),
                std::cmp::Ordering::Equal => {
                    partners[a.1 as usize] = b.1;
                    left.next();
                    right.next();
                }
            }
        }
        Self::Mapped(partners)
    }

    /// The partner of a record of the pinned run.
    pub fn partner(&self, pinned: RecordId) -> Option<RecordId> {
        match self {
            Self::Identical => Some(pinned),
            Self::Mapped(partners) => {
                partners.get(pinned.index()).copied().filter(|&id| id != Self::NONE).map(RecordId)
            }
        }
    }

    /// How many of `pinned` records have a partner.
    pub fn matched(&self, pinned: usize) -> usize {
        match self {
            Self::Identical => pinned,
            Self::Mapped(partners) => partners.iter().filter(|&&id| id != Self::NONE).count(),
        }
    }
}

fn is_same(a: &Stream, b: &Stream) -> bool {
    std::ptr::eq(a, b)
        || (a.len() == b.len()
            && a.event_times() == b.event_times()
            && a.arrivals() == b.arrivals()
            && a.keys() == b.keys()
            && a.values().iter().map(|v| v.to_bits()).eq(b.values().iter().map(|v| v.to_bits()))
            && a.key_table().names().eq(b.key_table().names()))
}

/// The number in `now` of every key of `pinned`; numbers of their own for keys that it does not have.
fn key_numbers(pinned: &KeyTable, now: &KeyTable) -> Vec<u32> {
    let own = |i: usize| (now.len() + i) as u32;
    pinned.names().enumerate().map(|(i, name)| now.find(name).map_or(own(i), |key| key.0)).collect()
}

/// What a record is known by: arrival, event time, key, value.
type Mark = (i64, i64, u32, u64);

fn sorted(stream: &Stream, key_numbers: &[u32]) -> Vec<(Mark, u32)> {
    let mark = |id: u32| {
        let record = stream.record(RecordId(id));
        let key = key_numbers.get(record.key.index()).copied().unwrap_or(Matching::NONE);
        let arrival = stream.arrivals()[id as usize].micros();
        ((arrival, record.event_time.micros(), key, record.value.to_bits()), id)
    };
    // Streams hold fewer than 2^32 records.
    let mut sorted: Vec<(Mark, u32)> = (0..stream.len() as u32).map(mark).collect();
    sorted.sort_unstable();
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{PartitionId, Row};
    use crate::time::{EventTime, ProcTime};

    fn stream(rows: &[(i64, i64, &str)]) -> Stream {
        let mut keys = KeyTable::default();
        let row = |&(happened, arrived, key): &(i64, i64, &str)| Row {
            event_time: EventTime::from_micros(happened),
            arrival: ProcTime::from_micros(arrived),
            key: keys.intern(key),
            value: 1.0,
            partition: PartitionId(0),
        };
        let rows = rows.iter().map(row).collect();
        Stream::from_rows(rows, keys)
    }

    fn partners(matching: &Matching, count: u32) -> Vec<Option<u32>> {
        (0..count).map(|id| matching.partner(RecordId(id)).map(|id| id.0)).collect()
    }

    #[test]
    fn the_same_records_match_whatever_their_keys_are_numbered() {
        let rows = [(1, 1, "a"), (2, 2, "b"), (2, 2, "b"), (3, 4, "a")];
        let plain = stream(&rows);
        assert_eq!(Matching::of(&plain, &stream(&rows)), Matching::Identical);
        let reordered = plain.read_in_order(&[RecordId(2), RecordId(0), RecordId(3), RecordId(1)]);
        let found = Matching::of(&plain, &reordered);
        // Of the two equal ones the first is the first: places 0 and 3.
        assert_eq!(partners(&found, 4), [Some(1), Some(0), Some(3), Some(2)]);
    }

    #[test]
    fn a_record_put_in_by_hand_has_no_partner_and_others_keep_theirs() {
        let plain = stream(&[(1, 1, "a"), (2, 2, "b"), (3, 4, "a")]);
        let with = stream(&[(9, 1, "c"), (1, 1, "a"), (2, 2, "b"), (3, 4, "a")]);
        let found = Matching::of(&plain, &with);
        assert_eq!(found.matched(plain.len()), 3);
        let back = Matching::of(&with, &plain);
        assert_eq!(back.matched(with.len()), 3);
        let alone: Vec<usize> =
            (0..4).filter(|&id| back.partner(RecordId(id)).is_none()).map(|id| id as usize).collect();
        assert_eq!(alone.len(), 1);
        assert_eq!(with.key_table().name(with.keys()[alone[0]]), "c");
    }
}
