//! The log in front of the source: what has arrived and is not read, and what is read next.
//!
//! Without alignment records are read in the order in which they arrived. With it, a partition that
//! runs ahead is left alone for a while, so every partition is a queue of its own and the record
//! that is read next is the one that arrived first among those of partitions that are not paused.
//! Either way records of one partition are read in order.

use std::collections::VecDeque;

use crate::record::{RecordId, Stream};

/// What has arrived and is not read.
#[derive(Clone, Debug)]
pub struct Log {
    /// The next record that arrives, by arrival order.
    arrived: usize,
    reads: Reads,
}

#[derive(Clone, Debug)]
enum Reads {
    /// How many have been read.
    InOrder(usize),
    Aligned {
        /// By partition: arrived and not read.
        unread: Vec<VecDeque<RecordId>>,
        /// What has been read, in order of reading.
        order: Vec<RecordId>,
    },
}

impl Log {
    /// A log of which records are read as they arrived.
    pub const fn in_order() -> Self {
        Self { arrived: 0, reads: Reads::InOrder(0) }
    }

    /// A log of which partitions may be paused.
    pub fn aligned(partitions: usize) -> Self {
        Self { arrived: 0, reads: Reads::Aligned { unread: vec![VecDeque::new(); partitions], order: Vec::new() } }
    }

    /// How many records have arrived; the next one is this one.
    pub const fn arrived(&self) -> usize {
        self.arrived
    }

    /// The next record arrives.
    ///
    /// # Panics
    /// When the stream has no more.
    pub fn arrive(&mut self, stream: &Stream) -> RecordId {
        // A stream holds fewer than 2^32 records.
        let id = RecordId(self.arrived as u32);
        assert!(self.arrived < stream.len(), "only records of the stream arrive");
        self.arrived += 1;
        if let Reads::Aligned { unread, .. } = &mut self.reads {
            unread[stream.partition(id).index()].push_back(id);
        }
        id
    }

    /// The record that is read next: its place in arrival order. O(partitions) with alignment.
    pub fn next(&self, is_paused: impl Fn(usize) -> bool) -> Option<RecordId> {
        match &self.reads {
            Reads::InOrder(read) => (*read < self.arrived).then_some(RecordId(*read as u32)),
            Reads::Aligned { unread, .. } => {
                let fronts = unread.iter().enumerate().filter_map(|(partition, ids)| Some((*ids.front()?, partition)));
                fronts.filter(|&(_, partition)| !is_paused(partition)).min().map(|(id, _)| id)
            }
        }
    }

    /// Reads the record that [`Log::next`] named; its place in the order of reading.
    pub fn read(&mut self, id: RecordId, stream: &Stream) -> RecordId {
        match &mut self.reads {
            Reads::InOrder(read) => *read += 1,
            Reads::Aligned { unread, order } => {
                let first = unread[stream.partition(id).index()].pop_front();
                debug_assert_eq!(first, Some(id), "a partition is read in order");
                order.push(id);
                return RecordId(order.len() as u32 - 1);
            }
        }
        id
    }

    /// The place in arrival order of a record that was read as this one.
    pub fn arrived_as(&self, read: RecordId) -> RecordId {
        match &self.reads {
            Reads::InOrder(_) => read,
            Reads::Aligned { order, .. } => order.get(read.index()).copied().unwrap_or(read),
        }
    }

    /// All records of the stream in order of reading, those that are not read yet at the end by
    /// arrival; `None` when that is the order of arrival by nature.
    pub fn order(self, stream: &Stream) -> Option<Vec<RecordId>> {
        let Reads::Aligned { unread, mut order } = self.reads else { return None };
        let mut rest: Vec<RecordId> = unread.into_iter().flatten().collect();
        rest.sort_unstable();
        order.extend(rest);
        order.extend((self.arrived..stream.len()).map(|place| RecordId(place as u32)));
        Some(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyTable, PartitionId, Row};
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

    fn read(log: &mut Log, stream: &Stream, paused: Option<usize>) -> Option<(u32, u32)> {
        let id = log.next(|partition| Some(partition) == paused)?;
        Some((id.0, log.read(id, stream).0))
    }

    #[test]
    fn without_alignment_records_are_read_as_they_arrived() {
        let stream = stream(&[1, 0]);
        let mut log = Log::in_order();
        assert_eq!(read(&mut log, &stream, None), None);
        log.arrive(&stream);
        log.arrive(&stream);
        assert_eq!(read(&mut log, &stream, Some(1)), Some((0, 0)));
        assert_eq!(read(&mut log, &stream, None), Some((1, 1)));
        assert_eq!(read(&mut log, &stream, None), None);
        assert_eq!(log.order(&stream), None);
    }

    #[test]
    fn a_paused_partition_is_passed_over_and_read_later() {
        let stream = stream(&[0, 0, 1, 0]);
        let mut log = Log::aligned(2);
        for _ in 0..4 {
            log.arrive(&stream);
        }
        assert_eq!(read(&mut log, &stream, None), Some((0, 0)));
        assert_eq!(read(&mut log, &stream, Some(0)), Some((2, 1)));
        assert_eq!(read(&mut log, &stream, Some(0)), None);
        assert_eq!(read(&mut log, &stream, None), Some((1, 2)));
        assert_eq!(log.arrived_as(RecordId(1)), RecordId(2));
        assert_eq!(log.order(&stream), Some([0, 2, 1, 3].map(RecordId).to_vec()));
    }
}
