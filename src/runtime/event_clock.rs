//! The watermark of one source task: the machine that a pipeline describes, fed from the columns of a
//! stream.
//!
//! The most common one, bounded after every record, is kept apart: it needs one comparison per
//! record and no timers. Everything else goes through a [`Tracker`]. A source task knows only the
//! partitions that it reads; their places among all partitions are translated here.

use std::sync::Arc;

use crate::pipeline::{Pipeline, WatermarkOptions, WatermarkSpec};
use crate::record::{PartitionId, RecordId, Stream};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{AzureTime, BoundedWatermark, Rise, SaidWatermark, Seen, StatusChange, Surroundings, Tracker};
use crate::window::dialect::Dialect;

/// The watermark of one source task.
#[derive(Clone, Debug)]
pub enum EventClock {
    /// Bounded (or monotonous) with no options.
    Bounded(BoundedWatermark),
    /// That of the dialect Azure Stream Analytics, which also repairs the times of records.
    Azure(AzureTime),
    /// What the source says.
    Said(SaidWatermark),
    /// Any other.
    Tracked(Box<Tracked>),
}

/// A [`Tracker`] and what it needs to know of the stream.
#[derive(Clone, Debug)]
pub struct Tracked {
    tracker: Tracker,
    /// Per record, the smallest event time of those after it that the same source task reads; empty
    /// unless the watermark is perfect.
    to_come: Arc<[EventTime]>,
    /// By partition of the stream, how many records are not read; empty unless partitions are aligned.
    remaining: Vec<u32>,
    /// The partitions that this source task reads, ascending.
    partitions: Arc<[usize]>,
    /// Nothing but the event time of a record says anything, and it is said at the next tick.
    is_plain: bool,
}

impl EventClock {
    /// The watermark that a checked pipeline describes, before the first record, for a source task
    /// that reads these partitions of `stream`. `to_come` is what [`crate::watermark::perfect::to_come`]
    /// found, where the watermark is perfect, and empty otherwise.
    pub fn new(pipeline: &Pipeline, stream: &Stream, partitions: &[usize], to_come: &Arc<[EventTime]>) -> Self {
        let (spec, options) = (pipeline.watermark, &pipeline.watermark_options);
        if pipeline.dialect == Dialect::AzureStreamAnalytics {
            return Self::Azure(AzureTime::new(pipeline.azure, spec.bound()));
        }
        if spec == WatermarkSpec::FromSource {
            return Self::Said(SaidWatermark::new(stream.watermarks_said().to_vec()));
        }
        if *options == WatermarkOptions::default() {
            match spec {
                WatermarkSpec::Bounded { bound } => return Self::Bounded(BoundedWatermark::new(bound)),
                WatermarkSpec::Monotonous => return Self::Bounded(BoundedWatermark::new(Span::ZERO)),
                _ => {}
            }
        }
        let arrivals_span = stream.arrival_range().map_or(Span::ZERO, |(first, last)| last - first);
        let inputs = if options.per_partition { partitions.len().max(1) } else { 1 };
        let tracker = Tracker::new(spec, options, Surroundings { partitions: inputs, arrivals_span });
        let mut remaining = Vec::new();
        if tracker.aligns() {
            remaining = vec![0; stream.partitions()];
            (0..stream.len()).for_each(|i| remaining[stream.partition(RecordId(i as u32)).index()] += 1);
        }
        let to_come = Arc::clone(to_come);
        let is_plain = tracker.is_plain();
        Self::Tracked(Box::new(Tracked { tracker, to_come, remaining, partitions: partitions.into(), is_plain }))
    }

    /// The current watermark; [`EventTime::MIN`] before the first.
    pub fn current(&self) -> EventTime {
        match self {
            Self::Said(watermark) => watermark.current(),
            Self::Bounded(watermark) => watermark.current(),
            Self::Azure(time) => time.current(),
            Self::Tracked(tracked) => tracked.tracker.current(),
        }
    }

    /// Whether it has to hear of arrivals and of time, and not only of what is read.
    pub const fn follows_time(&self) -> bool {
        !matches!(self, Self::Bounded(_))
    }

    /// Whether every partition of the source task is idle.
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Tracked(tracked) if tracked.tracker.is_idle())
    }

    /// A record has reached the log, in a partition of this source task.
    pub fn on_arrival(&mut self, partition: PartitionId, now: ProcTime) {
        match self {
            Self::Bounded(_) | Self::Said(_) => {}
            Self::Azure(time) => time.on_arrival(),
            Self::Tracked(tracked) => {
                let place = tracked.place_of(partition);
                tracked.tracker.on_arrival(place, now);
            }
        }
    }

    /// A record is read: under which event time, if it is not dropped.
    #[inline]
    pub fn admit(&mut self, event_time: EventTime, arrival: ProcTime) -> Option<EventTime> {
        match self {
            Self::Bounded(_) | Self::Said(_) | Self::Tracked(_) => Some(event_time),
            Self::Azure(time) => time.admit(event_time, arrival),
        }
    }

    /// Whether the source leaves a partition alone, because it is too far ahead of the others.
    pub fn is_paused(&self, partition: PartitionId) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => false,
            Self::Tracked(tracked) => tracked.tracker.is_paused(tracked.place_of(partition)),
        }
    }

    /// Whether partitions are paused at all.
    #[inline]
    pub const fn aligns(&self) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => false,
            Self::Tracked(tracked) => tracked.tracker.aligns(),
        }
    }

    /// A record has been read and handed on, under `event_time`; the rise that it caused.
    #[inline]
    pub fn on_record(&mut self, id: RecordId, event_time: EventTime, stream: &Stream, now: ProcTime) -> Option<Rise> {
        match self {
            Self::Bounded(watermark) => {
                let watermark = watermark.observe(event_time)?;
                Some(Rise { watermark, raised_by: Some(id) })
            }
            Self::Azure(time) => {
                let watermark = time.observe(event_time)?;
                Some(Rise { watermark, raised_by: Some(id) })
            }
            Self::Said(_) => None,
            Self::Tracked(tracked) if tracked.is_plain => {
                tracked.tracker.on_plain_record(id, event_time, now);
                None
            }
            Self::Tracked(tracked) => tracked.on_record(id, event_time, stream, now),
        }
    }

    /// So many records of a partition will not be read: they were, by someone before.
    pub fn skip(&mut self, partition: PartitionId, records: u32) {
        if let Self::Tracked(tracked) = self
            && let Some(left) = tracked.remaining.get_mut(partition.index()).filter(|_| records > 0)
        {
            *left = left.saturating_sub(records);
            if *left == 0 {
                let place = tracked.place_of(partition);
                tracked.tracker.on_end_of(place);
            }
        }
    }

    /// A record has left the log without being read.
    pub fn on_lost(&mut self, partition: PartitionId) {
        if let Self::Tracked(tracked) = self {
            let place = tracked.place_of(partition);
            tracked.tracker.on_lost(place);
            tracked.has_passed(partition, place);
        }
    }

    /// Whether the next instant that it waits for stays as it is until it has come, once there is one.
    #[inline]
    pub const fn keeps_timer(&self) -> bool {
        matches!(self, Self::Tracked(tracked) if tracked.is_plain)
    }

    /// When the watermark wants to hear that time has passed: see [`Tracker::next_timer`].
    #[inline]
    pub fn next_timer(&self, horizon: ProcTime, due: EventTime) -> ProcTime {
        match self {
            Self::Bounded(_) => ProcTime::MAX,
            Self::Said(watermark) => watermark.next_timer(),
            Self::Azure(time) => time.next_timer(due),
            Self::Tracked(tracked) => tracked.tracker.next_timer(horizon, due),
        }
    }

    /// Until when time goes on without records, because something is said then.
    pub fn goes_on_until(&self) -> ProcTime {
        match self {
            Self::Said(watermark) => watermark.last(),
            Self::Bounded(_) | Self::Azure(_) | Self::Tracked(_) => ProcTime::MIN,
        }
    }

    /// That instant has come, and everything else of it has been handled; the rise that it caused.
    pub fn on_timer(&mut self, now: ProcTime) -> Option<Rise> {
        match self {
            Self::Bounded(_) => None,
            Self::Said(watermark) => watermark.on_timer(now).map(|watermark| Rise { watermark, raised_by: None }),
            Self::Azure(time) => time.on_timer(now).map(|watermark| Rise { watermark, raised_by: None }),
            Self::Tracked(tracked) => tracked.tracker.on_timer(now),
        }
    }

    /// Whether partitions went idle or woke up since [`EventClock::take_changes`] was asked last.
    #[inline]
    pub const fn has_changes(&self) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => false,
            Self::Tracked(tracked) => tracked.tracker.has_changes(),
        }
    }

    /// The partitions that went idle or woke up since this was asked last; partition 0 speaks for all
    /// of them where they share one watermark.
    pub fn take_changes(&mut self) -> impl Iterator<Item = (PartitionId, StatusChange)> {
        let tracked = match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => None,
            Self::Tracked(tracked) => Some(&mut **tracked),
        };
        tracked.into_iter().flat_map(|Tracked { tracker, partitions, .. }| {
            tracker.take_changes().map(|change| {
                // A partition is a 32-bit number.
                (PartitionId(partitions.get(change.input).copied().unwrap_or(change.input) as u32), change)
            })
        })
    }

    /// How many records said nothing about event time, because theirs was in the future.
    pub const fn skewed(&self) -> u64 {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => 0,
            Self::Tracked(tracked) => tracked.tracker.skewed(),
        }
    }
}

impl Tracked {
    /// The place of a partition among those of this source task; of any where they share one watermark.
    #[inline]
    fn place_of(&self, partition: PartitionId) -> usize {
        if self.tracker.is_split() { self.partitions.binary_search(&partition.index()).unwrap_or(0) } else { 0 }
    }

    #[inline(never)]
    fn on_record(&mut self, id: RecordId, event_time: EventTime, stream: &Stream, now: ProcTime) -> Option<Rise> {
        let partition = stream.partition(id);
        let seen = Seen {
            id,
            event_time,
            arrival: stream.arrivals()[id.index()],
            value: stream.values()[id.index()],
            now,
            to_come: self.to_come.get(id.index()).copied().unwrap_or(EventTime::MAX),
        };
        let place = self.place_of(partition);
        let rise = self.tracker.on_record(place, &seen);
        self.has_passed(partition, place);
        rise
    }

    /// One record less to come in a partition.
    fn has_passed(&mut self, partition: PartitionId, place: usize) {
        if let Some(left) = self.remaining.get_mut(partition.index()) {
            *left -= 1;
            if *left == 0 {
                self.tracker.on_end_of(place);
            }
        }
    }
}
