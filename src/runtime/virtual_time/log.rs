//! The log as source tasks read it: what is in which partition, and how far each has been read.
//!
//! Records of one partition are read in the order in which they arrived. A source task takes the
//! record that arrived first among its partitions, so one task without paused partitions reads in
//! order of arrival whatever the partitions are; the log then keeps no lists.

use std::sync::Arc;

use crate::record::{PartitionId, RecordId, Stream};

/// What is in which list; a list is a partition, or the whole log.
#[derive(Clone, Debug)]
pub enum Lists {
    /// So many records, all in one list.
    Whole(u32),
    /// By partition, ascending.
    ByPartition(Arc<[Vec<RecordId>]>),
}

impl Lists {
    /// A list for every partition.
    pub fn by_partition(stream: &Stream, partitions: usize) -> Self {
        let mut lists = vec![Vec::new(); partitions];
        for place in 0..stream.len() {
            let id = RecordId(place as u32);
            lists[stream.partition(id).index()].push(id);
        }
        Self::ByPartition(lists.into())
    }

    /// How many lists there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(_) => 1,
            Self::ByPartition(lists) => lists.len(),
        }
    }

    /// The record at this place of a list.
    #[inline]
    pub fn get(&self, list: usize, offset: u32) -> Option<RecordId> {
        match self {
            Self::Whole(records) => (offset < *records).then_some(RecordId(offset)),
            Self::ByPartition(lists) => lists[list].get(offset as usize).copied(),
        }
    }

    /// How many records of a list have a place below `arrived` in order of arrival.
    pub fn arrived(&self, list: usize, arrived: usize) -> u32 {
        match self {
            Self::Whole(records) => (*records as usize).min(arrived) as u32,
            Self::ByPartition(lists) => lists[list].partition_point(|id| id.index() < arrived) as u32,
        }
    }
}

/// How far the lists have been read.
#[derive(Clone, Debug)]
pub struct Log {
    lists: Lists,
    /// By list: the place of the record that is read next.
    positions: Vec<u32>,
}

impl Log {
    /// A log of which nothing has been read.
    pub fn new(lists: Lists) -> Self {
        let positions = vec![0; lists.len()];
        Self { lists, positions }
    }

    /// The record of a list that is read next, whether it has arrived or not.
    #[inline]
    pub fn front(&self, list: usize) -> Option<RecordId> {
        self.lists.get(list, self.positions[list])
    }

    /// Of these lists, the one whose front arrived first, and that record. O(lists).
    #[inline(always)]
    pub fn first(&self, lists: &[usize], is_paused: impl Fn(PartitionId) -> bool) -> Option<(usize, RecordId)> {
        if let &[list] = lists {
            let front = self.front(list).filter(|_| !is_paused(PartitionId(list as u32)))?;
            return Some((list, front));
        }
        let mut first: Option<(usize, RecordId)> = None;
        for &list in lists {
            if let Some(id) = self.front(list)
                && first.is_none_or(|(_, best)| id < best)
                && !is_paused(PartitionId(list as u32))
            {
                first = Some((list, id));
            }
        }
        first
    }

    /// The front of a list has been read.
    #[inline]
    pub fn advance(&mut self, list: usize) {
        self.positions[list] += 1;
    }

    /// The last record that was read of a list is read again.
    pub fn step_back(&mut self, list: usize) {
        self.positions[list] = self.positions[list].saturating_sub(1);
    }

    /// The record of this place of a list is read next.
    pub fn set_position(&mut self, list: usize, position: u32) {
        self.positions[list] = position;
    }

    /// So many records that were read last of a list are read again.
    pub fn go_back(&mut self, list: usize, records: u32) {
        self.positions[list] = self.positions[list].saturating_sub(records);
    }

    /// Whether every record has been read, those that are to come included. O(lists).
    pub fn is_read(&self) -> bool {
        (0..self.positions.len()).all(|list| self.front(list).is_none())
    }

    /// The place of the record of a list that is read next: its offset in the partition.
    pub fn position(&self, list: usize) -> u32 {
        self.positions[list]
    }

    /// How many records of a list have arrived, when `arrived` have in all.
    pub fn arrived(&self, list: usize, arrived: usize) -> u32 {
        self.lists.arrived(list, arrived)
    }

    /// How many records have arrived and are not read, when `arrived` have arrived in all.
    pub fn unread(&self, arrived: usize) -> u64 {
        let of =
            |(list, &position): (usize, &u32)| u64::from(self.lists.arrived(list, arrived).saturating_sub(position));
        self.positions.iter().enumerate().map(of).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyTable, Row};
    use crate::time::{EventTime, ProcTime};

    fn stream(partitions: &[u32]) -> Stream {
        let mut keys = KeyTable::default();
        let key = keys.intern("a");
        let row = |(i, &partition): (usize, &u32)| Row {
            event_time: EventTime::EPOCH,
            arrival: ProcTime::from_micros(i as i64),
            key,
            value: 0.0,
            partition: PartitionId(partition),
        };
        Stream::from_rows(partitions.iter().enumerate().map(row).collect(), keys)
    }

    #[test]
    fn what_arrived_first_is_read_first_unless_its_partition_is_paused() {
        let stream = stream(&[0, 0, 1, 0]);
        let mut log = Log::new(Lists::by_partition(&stream, 2));
        let mut read = |paused: Option<u32>| {
            let (list, id) = log.first(&[0, 1], |partition| Some(partition.0) == paused)?;
            log.advance(list);
            Some((list, id.0))
        };
        assert_eq!(read(None), Some((0, 0)));
        assert_eq!(read(Some(0)), Some((1, 2)));
        assert_eq!(read(Some(0)), None);
        assert_eq!(read(None), Some((0, 1)));
        assert_eq!(log.front(0), Some(RecordId(3)));
        assert_eq!(log.front(1), None);
    }

    #[test]
    fn unread_is_what_has_arrived_and_is_not_read() {
        let stream = stream(&[0, 1, 1, 0]);
        let mut log = Log::new(Lists::by_partition(&stream, 2));
        assert_eq!((log.unread(0), log.unread(3), log.unread(4)), (0, 3, 4));
        log.advance(1);
        assert_eq!((log.unread(2), log.unread(3), log.unread(4)), (1, 2, 3));
        let whole = Log::new(Lists::Whole(4));
        assert_eq!((whole.unread(3), whole.front(0)), (3, Some(RecordId(0))));
    }
}
