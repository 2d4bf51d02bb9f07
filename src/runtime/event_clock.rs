//! The watermark of a run: the machine that a pipeline describes, fed from the columns of a stream.
//!
//! The most common one, bounded after every record, is kept apart: it needs one comparison per
//! record and no timers. Everything else goes through a [`Tracker`].

use crate::pipeline::{Pipeline, WatermarkOptions, WatermarkSpec};
use crate::record::{Record, RecordId, Stream};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::perfect;
use crate::watermark::{AzureTime, BoundedWatermark, Rise, SaidWatermark, Seen, StatusChange, Surroundings, Tracker};
use crate::window::dialect::Dialect;

/// The watermark of a run.
#[derive(Debug)]
pub enum EventClock {
    /// Bounded (or monotonous) with no options.
    Bounded(BoundedWatermark),
    /// That of the dialect Azure Stream Analytics, which also repairs the times of records.
    Azure(AzureTime),
    /// What the source says.
    Said(SaidWatermark),
    /// Any other.
    Tracked {
        /// The machine.
        tracker: Box<Tracker>,
        /// Per record, the smallest event time still to come; empty unless the watermark is perfect.
        to_come: Vec<EventTime>,
        /// By partition, how many records are not handled; empty unless partitions are aligned.
        remaining: Vec<u32>,
    },
}

impl EventClock {
    /// The watermark that a checked pipeline describes, before the first record of `stream`.
    pub fn new(pipeline: &Pipeline, stream: &Stream) -> Self {
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
        let partitions = if options.per_partition { stream.partitions() } else { 1 };
        let tracker = Box::new(Tracker::new(spec, options, Surroundings { partitions, arrivals_span }));
        let is_perfect = spec == WatermarkSpec::Perfect;
        let to_come = if is_perfect { perfect::suffix_minima(stream.event_times()) } else { Vec::new() };
        let mut remaining = Vec::new();
        if tracker.aligns() {
            remaining = vec![0; partitions];
            (0..stream.len()).for_each(|i| remaining[stream.partition(RecordId(i as u32)).index()] += 1);
        }
        Self::Tracked { tracker, to_come, remaining }
    }

    /// The current watermark; [`EventTime::MIN`] before the first.
    pub fn current(&self) -> EventTime {
        match self {
            Self::Bounded(watermark) => watermark.current(),
            Self::Said(watermark) => watermark.current(),
            Self::Azure(time) => time.current(),
            Self::Tracked { tracker, .. } => tracker.current(),
        }
    }

    /// A record has reached the log.
    pub fn on_arrival(&mut self, id: RecordId, stream: &Stream, now: ProcTime) {
        match self {
            Self::Bounded(_) | Self::Said(_) => {}
            Self::Azure(time) => time.on_arrival(),
            Self::Tracked { tracker, .. } => tracker.on_arrival(stream.partition(id).index(), now),
        }
    }

    /// A record that `arrived_as` this one of `stream` is to be handled: under which event time, if
    /// it is not dropped.
    pub fn admit(&mut self, record: &Record, arrived_as: RecordId, stream: &Stream) -> Option<EventTime> {
        match self {
            Self::Bounded(_) | Self::Said(_) | Self::Tracked { .. } => Some(record.event_time),
            Self::Azure(time) => time.admit(record.event_time, stream.arrivals()[arrived_as.index()]),
        }
    }

    /// Whether the source leaves a partition alone, because it is too far ahead of the others.
    pub fn is_paused(&self, partition: usize) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => false,
            Self::Tracked { tracker, .. } => tracker.is_paused(partition),
        }
    }

    /// Whether partitions are paused at all.
    pub const fn aligns(&self) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => false,
            Self::Tracked { tracker, .. } => tracker.aligns(),
        }
    }

    /// A record has been handled that `arrived_as` this one of `stream`; the rise that it caused.
    pub fn on_record(&mut self, record: &Record, arrived_as: RecordId, stream: &Stream, now: ProcTime) -> Option<Rise> {
        match self {
            Self::Bounded(watermark) => {
                let watermark = watermark.observe(record.event_time)?;
                Some(Rise { watermark, raised_by: Some(record.id) })
            }
            Self::Azure(time) => {
                let watermark = time.observe(record.event_time)?;
                Some(Rise { watermark, raised_by: Some(record.id) })
            }
            Self::Said(_) => None,
            Self::Tracked { tracker, to_come, remaining } => {
                let (place, partition) = (arrived_as.index(), stream.partition(arrived_as).index());
                let seen = Seen {
                    id: record.id,
                    event_time: record.event_time,
                    arrival: stream.arrivals()[place],
                    value: record.value,
                    now,
                    to_come: to_come.get(place).copied().unwrap_or(EventTime::MAX),
                };
                let rise = tracker.on_record(partition, &seen);
                if let Some(left) = remaining.get_mut(partition) {
                    *left -= 1;
                    if *left == 0 {
                        tracker.on_end_of(partition);
                    }
                }
                rise
            }
        }
    }

    /// When the watermark wants to hear that time has passed: see [`Tracker::next_timer`].
    pub fn next_timer(&self, horizon: ProcTime, due: EventTime) -> ProcTime {
        match self {
            Self::Bounded(_) => ProcTime::MAX,
            Self::Said(watermark) => watermark.next_timer(),
            Self::Azure(time) => time.next_timer(due),
            Self::Tracked { tracker, .. } => tracker.next_timer(horizon, due),
        }
    }

    /// Until when time goes on without records, because something is said then.
    pub fn goes_on_until(&self) -> ProcTime {
        match self {
            Self::Said(watermark) => watermark.last(),
            Self::Bounded(_) | Self::Azure(_) | Self::Tracked { .. } => ProcTime::MIN,
        }
    }

    /// That instant has come, and everything else of it has been handled; the rise that it caused.
    pub fn on_timer(&mut self, now: ProcTime) -> Option<Rise> {
        match self {
            Self::Bounded(_) => None,
            Self::Azure(time) => time.on_timer(now).map(|watermark| Rise { watermark, raised_by: None }),
            Self::Said(watermark) => watermark.on_timer(now).map(|watermark| Rise { watermark, raised_by: None }),
            Self::Tracked { tracker, .. } => tracker.on_timer(now),
        }
    }

    /// The partitions that went idle or woke up since this was asked last.
    pub fn take_changes(&mut self) -> impl Iterator<Item = StatusChange> {
        let changes = match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => None,
            Self::Tracked { tracker, .. } => Some(tracker.take_changes()),
        };
        changes.into_iter().flatten()
    }

    /// How many records said nothing about event time, because theirs was in the future.
    pub const fn skewed(&self) -> u64 {
        match self {
            Self::Bounded(_) | Self::Azure(_) | Self::Said(_) => 0,
            Self::Tracked { tracker, .. } => tracker.skewed(),
        }
    }
}
