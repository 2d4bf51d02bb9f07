//! What the tasks of a run know of the stream before it starts: which records each source reads, and
//! which window task owns each key.

use std::sync::Arc;

use crate::gate::verdict;
use crate::pipeline::WatermarkSpec;
use crate::record::{RecordId, Stream};
use crate::runtime::event_clock::EventClock;
use crate::runtime::threads::config::ThreadsConfig;
use crate::runtime::threads::exchange::{Exchange, Routes};
use crate::runtime::threads::window_task::WindowTask;
use crate::time::EventTime;
use crate::watermark::perfect;
use crate::window::aggregate::Accumulator;

/// The records of one source task, in order of arrival.
#[derive(Clone, Debug)]
pub enum Own {
    /// The whole stream.
    All,
    /// These.
    Some(Arc<[RecordId]>),
}

impl Own {
    /// How many there are.
    pub fn len(&self, stream: &Stream) -> usize {
        match self {
            Self::All => stream.len(),
            Self::Some(ids) => ids.len(),
        }
    }

    /// The record at this place.
    ///
    /// # Panics
    /// When `place` is not below their number.
    #[inline]
    pub fn get(&self, place: usize) -> RecordId {
        match self {
            // A stream holds fewer than 2^32 records.
            Self::All => RecordId(place as u32),
            Self::Some(ids) => ids[place],
        }
    }
}

/// What the tasks of a run know of the stream.
#[derive(Clone, Debug)]
pub struct Layout {
    stream: Arc<Stream>,
    /// By source task.
    own: Vec<Own>,
    routes: Routes,
    /// What a perfect watermark knows of the future; empty for others.
    to_come: Arc<[EventTime]>,
    /// Records that are copies of others, ascending.
    copies: Arc<[RecordId]>,
    /// Records that do not pass the schema gate, ascending.
    refused: Arc<[RecordId]>,
}

impl Layout {
    /// The layout of a run. O(n).
    pub fn new(config: &ThreadsConfig, stream: &Arc<Stream>) -> Self {
        let sources = config.sources();
        let source_of = |place: usize| stream.partition(RecordId(place as u32)).index() % sources;
        let to_come: Arc<[EventTime]> = if config.pipeline.watermark == WatermarkSpec::Perfect {
            perfect::to_come(stream.event_times(), sources, source_of).into()
        } else {
            Arc::new([])
        };
        let own = if sources == 1 {
            vec![Own::All]
        } else {
            let mut own = vec![Vec::new(); sources];
            (0..stream.len()).for_each(|place| own[source_of(place)].push(RecordId(place as u32)));
            own.into_iter().map(|ids| Own::Some(ids.into())).collect()
        };
        let routes = Routes::new(stream.key_table(), config.key_groups(), config.pipeline.tasks.windows);
        let copies = stream.production().duplicates.as_slice().into();
        let refused = verdict::refused(&config.pipeline.gate, stream).into();
        Self { stream: Arc::clone(stream), own, routes, to_come, copies, refused }
    }

    /// The stream.
    pub const fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// The records that do not pass the schema gate, ascending.
    pub const fn refused(&self) -> &Arc<[RecordId]> {
        &self.refused
    }

    /// The records of a source task.
    ///
    /// # Panics
    /// When there is no such task.
    pub fn own(&self, source: usize) -> &Own {
        &self.own[source]
    }

    /// The watermark of a source task, before its first record.
    pub fn clock(&self, config: &ThreadsConfig, source: usize) -> EventClock {
        let partitions: Vec<usize> = (source..self.stream.partitions()).step_by(config.sources()).collect();
        EventClock::new(&config.pipeline, &self.stream, &partitions, &self.to_come)
    }

    /// A window task, before its first batch.
    pub fn window<A: Accumulator>(&self, config: &ThreadsConfig) -> WindowTask<A> {
        WindowTask::new(&config.pipeline, config.sources()).knowing_copies(&self.copies)
    }

    /// A source task's end of the exchange.
    pub fn exchange(&self, config: &ThreadsConfig) -> Exchange {
        Exchange::new(self.routes.clone(), config.batch_records)
    }
}
