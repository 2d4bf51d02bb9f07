//! The exchange: every record goes to the window task that owns its key's group, every watermark to
//! all of them.
//!
//! A source fills it in one step and then takes out a batch per window task. In what order a task
//! sees records and marks does not depend on how many tasks there are: that of the source.

use std::sync::Arc;

use crate::record::{KeyTable, Record};
use crate::runtime::threads::batch::{Batch, Cut, Mark};
use crate::state::KeyGroups;

/// The window task of every key, by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routes {
    /// There are at most 64 tasks.
    task_of_key: Arc<[u8]>,
    tasks: usize,
}

impl Routes {
    /// Deals the groups of all keys of a stream to so many window tasks.
    pub fn new(keys: &KeyTable, groups: KeyGroups, tasks: u32) -> Self {
        let task_of = |name: &str| groups.task_of(groups.group_of(name), tasks).0 as u8;
        Self { task_of_key: keys.names().map(task_of).collect(), tasks: tasks as usize }
    }
}

/// What one window task gets of the present step.
#[derive(Clone, Debug, Default)]
struct Lane {
    records: Vec<Record>,
    cuts: Vec<Cut>,
    /// How many marks there were at the last cut.
    marks: usize,
}

/// One source's end of the exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    routes: Routes,
    /// Room that a lane gets at once.
    room: usize,
    lanes: Vec<Lane>,
    marks: Vec<Mark>,
}

impl Exchange {
    /// An empty exchange for a source that sends up to `batch_records` records in a step.
    pub fn new(routes: Routes, batch_records: u32) -> Self {
        let batch = batch_records as usize;
        // An even share and half of it again; a lane that gets more grows.
        let room = (batch / routes.tasks + batch / routes.tasks / 2 + 8).min(batch);
        let lanes = vec![Lane::default(); routes.tasks];
        Self { routes, room, lanes, marks: Vec::new() }
    }

    /// Sends a record to the task of its key.
    ///
    /// # Panics
    /// When the key is not from the table that the routes were made for, which no stream from this
    /// crate has.
    #[inline]
    pub fn send(&mut self, record: Record) {
        let task = self.routes.task_of_key[record.key.index()];
        let lane = &mut self.lanes[usize::from(task)];
        if lane.marks != self.marks.len() {
            lane.marks = self.marks.len();
            // A step has far fewer than 2^32 elements.
            lane.cuts.push(Cut { records: lane.records.len() as u32, marks: self.marks.len() as u32 });
        }
        if lane.records.capacity() == 0 {
            lane.records.reserve_exact(self.room);
        }
        lane.records.push(record);
    }

    /// Sends a mark to every task.
    #[inline]
    pub fn mark(&mut self, mark: Mark) {
        self.marks.push(mark);
    }

    /// Takes out what the step has gathered: a batch by task, `None` for a task that gets nothing.
    pub fn take(&mut self) -> impl Iterator<Item = Option<Batch>> {
        let marks: Arc<[Mark]> = Arc::from(self.marks.as_slice());
        self.marks.clear();
        self.lanes.iter_mut().map(move |lane| {
            let Lane { records, cuts, .. } = std::mem::take(lane);
            let is_empty = records.is_empty() && marks.is_empty();
            (!is_empty).then(|| Batch { records, cuts, marks: Arc::clone(&marks) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KeyId, RecordId};
    use crate::runtime::threads::batch::Piece;
    use crate::time::EventTime;

    fn exchange(tasks: u32) -> Exchange {
        let mut keys = KeyTable::default();
        // Their groups out of 128 are 94, 31 and 37.
        ["device-2", "a", "device-1"].iter().for_each(|name| {
            keys.intern(name);
        });
        Exchange::new(Routes::new(&keys, KeyGroups::default(), tasks), 8)
    }

    fn record(id: u32, key: u32) -> Record {
        Record { id: RecordId(id), event_time: EventTime::EPOCH, key: KeyId(key), value: 0.0 }
    }

    fn rise(micros: i64) -> Mark {
        Mark::Rise { watermark: EventTime::from_micros(micros), cause: None }
    }

    /// Ids of records, and marks as negative numbers.
    fn told(batch: Option<Batch>) -> Option<Vec<i64>> {
        let batch = batch?;
        let numbers = batch.pieces().flat_map(|piece| match piece {
            Piece::Records(records) => records.iter().map(|record| i64::from(record.id.0)).collect::<Vec<_>>(),
            Piece::Marks(marks) => marks
                .iter()
                .map(|mark| match mark {
                    Mark::Rise { watermark, .. } => -watermark.micros(),
                    Mark::Status(_) => 0,
                })
                .collect(),
        });
        Some(numbers.collect())
    }

    #[test]
    fn each_task_sees_its_records_and_all_marks_in_the_order_of_the_source() {
        let mut exchange = exchange(2);
        exchange.send(record(0, 1));
        exchange.mark(rise(1));
        exchange.send(record(1, 0));
        exchange.mark(rise(2));
        exchange.mark(rise(3));
        exchange.send(record(2, 2));
        exchange.send(record(3, 0));
        exchange.send(record(4, 1));
        exchange.mark(rise(4));
        let found: Vec<_> = exchange.take().map(told).collect();
        assert_eq!(found, [Some(vec![0, -1, -2, -3, 2, 4, -4]), Some(vec![-1, 1, -2, -3, 3, -4])]);
    }

    #[test]
    fn who_gets_nothing_gets_no_batch_and_a_step_leaves_nothing_behind() {
        let mut exchange = exchange(2);
        exchange.send(record(0, 0));
        assert_eq!(exchange.take().map(told).collect::<Vec<_>>(), [None, Some(vec![0])]);
        exchange.mark(rise(7));
        assert_eq!(exchange.take().map(told).collect::<Vec<_>>(), [Some(vec![-7]), Some(vec![-7])]);
        assert_eq!(exchange.take().map(told).collect::<Vec<_>>(), [None, None]);
    }
}
