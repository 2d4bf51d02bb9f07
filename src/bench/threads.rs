//! The job `threads`: the records and windows of w1 through the threads runtime, a source, the exchange,
//! two window tasks and a sink, four threads in all.
//!
//! Its yardstick is the window operator alone on one thread, over the same records.

use std::sync::Arc;

use crate::bench::{Answer, Job, SmallRecord, engine};
use crate::pipeline::{Pipeline, Tasks};
use crate::record::{Columns, KeyId, KeyTable, Record, RecordId, Stream};
use crate::runtime::threads::{Emission, Failure, Finished, PaneSink, SinkClosed, ThreadsConfig, run};
use crate::state::TaskIndex;
use crate::time::{EventTime, MICROS_PER_MILLI, ProcTime};
use crate::window::aggregate::CountSum;
use crate::window::pane::Pane;

/// Window tasks.
pub const WINDOWS: u32 = 2;
/// Records that the source reads in one step. From 256 on it makes little difference.
const BATCH_RECORDS: u32 = 1_024;
/// Batches in a channel.
const CHANNEL_BATCHES: u32 = 16;
/// Keys of every job.
const KEYS: u32 = 1_000;

/// A pane of the job in as few bytes as it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallPane {
    start_ms: i64,
    sum: u64,
    key: u32,
    count: u32,
}

impl Emission for SmallPane {
    const FOLLOWS_WINDOWS: bool = false;

    #[inline]
    fn of(pane: Pane) -> Self {
        Self {
            start_ms: pane.window.start.micros() / MICROS_PER_MILLI,
            sum: (pane.summary.sum as i64).cast_unsigned(),
            key: pane.key.0,
            // The job has fewer than 2^32 records.
            count: pane.summary.count as u32,
        }
    }
}

impl PaneSink<SmallPane> for Answer {
    fn take(&mut self, _: TaskIndex, panes: Vec<SmallPane>) -> Result<(), SinkClosed> {
        for pane in panes {
            self.add(pane.start_ms, u64::from(pane.key), u64::from(pane.count), pane.sum);
        }
        Ok(())
    }
}

/// The job, ready to run.
#[derive(Clone, Debug)]
pub struct Threads {
    stream: Arc<Stream>,
    config: ThreadsConfig,
    records: Vec<Record>,
}

impl Threads {
    /// The first `records` records of w1, in order of arrival: record i arrives at millisecond i.
    pub fn new(records: u32) -> Self {
        let mut keys = KeyTable::default();
        let ids: Vec<KeyId> = (0..KEYS).map(|key| keys.intern(&key.to_string())).collect();
        let mut columns = Columns::default();
        for (i, SmallRecord { event_time_ms, key, value }) in (0..).zip(Job::generate(records)) {
            columns.event_times.push(EventTime::from_millis(i64::from(event_time_ms)));
            columns.arrivals.push(ProcTime::from_millis(i));
            columns.keys.push(ids[usize::from(key)]);
            columns.values.push(f64::from(value));
        }
        let stream = Arc::new(Stream::from_columns(columns, keys));
        let tasks = Tasks { windows: WINDOWS, ..Tasks::default() };
        let pipeline = Pipeline { tasks, ..Job::W1.pipeline() };
        let config = ThreadsConfig {
            batch_records: BATCH_RECORDS,
            channel_batches: CHANNEL_BATCHES,
            ..ThreadsConfig::new(pipeline)
        };
        let records = (0..records).map(|place| stream.record(RecordId(place))).collect();
        Self { stream, config, records }
    }

    /// How many threads work on it.
    pub const fn threads() -> u32 {
        1 + WINDOWS + 1
    }

    /// One run, from the stream to the checksum over its panes.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn run(&self) -> Result<Finished<Answer>, Failure> {
        run::<CountSum, SmallPane, _>(&self.stream, &self.config, Answer::default())
    }

    /// The window operator alone.
    pub fn yardstick(&self) -> Answer {
        engine::run(&self.config.pipeline, &self.records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_threads_give_the_answer_of_one() {
        let job = Threads::new(30_000);
        let finished = job.run().expect("nothing fails");
        assert_eq!(finished.sink, job.yardstick());
        assert!(finished.sink.panes > 10_000);
        assert!(finished.windows.iter().all(|window| window.tally.counted > 10_000));
        assert_eq!(finished.progress.sink.panes, finished.sink.panes);
    }
}
