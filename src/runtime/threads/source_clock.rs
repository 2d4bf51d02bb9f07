//! The watermark of one source task: the machine that a pipeline describes, over the partitions that
//! the task reads.
//!
//! The most common one, bounded after every record, is kept apart: it needs one comparison per
//! record and no timers. Everything else goes through a [`Tracker`].

use crate::pipeline::{Pipeline, WatermarkOptions, WatermarkSpec};
use crate::record::{PartitionId, RecordId, Stream};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{AzureTime, BoundedWatermark, Rise, Seen, Surroundings, Tracker};
use crate::window::dialect::Dialect;

/// The watermark of one source task.
#[derive(Debug)]
pub enum SourceClock {
    /// Bounded (or monotonous) with no options.
    Bounded(BoundedWatermark),
    /// That of the dialect Azure Stream Analytics, which also repairs the times of records.
    Azure(AzureTime),
    /// Any other.
    Tracked(Box<Tracked>),
}

/// A [`Tracker`] and what it needs to know of the stream.
#[derive(Debug)]
pub struct Tracked {
    tracker: Tracker,
    /// Per record of the stream, the smallest event time of those after it that this task reads; empty
    /// unless the watermark is perfect.
    to_come: Vec<EventTime>,
    /// By partition of the stream, how many records are not read; empty unless partitions are aligned.
    remaining: Vec<u32>,
    /// How many source tasks there are: partition p is the (p / sources)-th of its task.
    sources: usize,
}

impl SourceClock {
    /// The watermark of source task `index` out of `sources`, before its first record. `partitions` is
    /// how many the stream has.
    pub fn new(pipeline: &Pipeline, stream: &Stream, index: usize, sources: usize, partitions: usize) -> Self {
        let (spec, options) = (pipeline.watermark, &pipeline.watermark_options);
        if pipeline.dialect == Dialect::AzureStreamAnalytics {
            return Self::Azure(AzureTime::new(pipeline.azure, spec.bound()));
        }
        if *options == WatermarkOptions::default() {
            match spec {
                WatermarkSpec::Bounded { bound } => return Self::Bounded(BoundedWatermark::new(bound)),
                WatermarkSpec::Monotonous => return Self::Bounded(BoundedWatermark::new(Span::ZERO)),
                _ => {}
            }
        }
        let arrivals_span = stream.arrival_range().map_or(Span::ZERO, |(first, last)| last - first);
        let own = (index..partitions).step_by(sources).count();
        let inputs = if options.per_partition { own.max(1) } else { 1 };
        let tracker = Tracker::new(spec, options, Surroundings { partitions: inputs, arrivals_span });
        let is_own = |id: RecordId| stream.partition(id).index() % sources == index;
        let mut remaining = Vec::new();
        if tracker.aligns() {
            remaining = vec![0; partitions];
            (0..stream.len()).for_each(|i| remaining[stream.partition(RecordId(i as u32)).index()] += 1);
        }
        let is_perfect = spec == WatermarkSpec::Perfect;
        let to_come = if is_perfect { to_come(stream.event_times(), is_own) } else { Vec::new() };
        Self::Tracked(Box::new(Tracked { tracker, to_come, remaining, sources }))
    }

    /// Whether it has to hear of arrivals and of time, and not only of what is read.
    pub const fn follows_time(&self) -> bool {
        !matches!(self, Self::Bounded(_))
    }

    /// Whether every partition of the task is idle.
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Tracked(tracked) if tracked.tracker.is_idle())
    }

    /// A record has reached the log, in a partition of this task.
    pub fn on_arrival(&mut self, partition: PartitionId, now: ProcTime) {
        match self {
            Self::Bounded(_) => {}
            Self::Azure(time) => time.on_arrival(),
            Self::Tracked(tracked) => {
                let place = partition.index() / tracked.sources;
                tracked.tracker.on_arrival(place, now);
            }
        }
    }

    /// A record is read: under which event time, if it is not dropped.
    pub fn admit(&mut self, event_time: EventTime, arrival: ProcTime) -> Option<EventTime> {
        match self {
            Self::Bounded(_) | Self::Tracked(_) => Some(event_time),
            Self::Azure(time) => time.admit(event_time, arrival),
        }
    }

    /// Whether a partition is left alone, because it is too far ahead of the others of this task.
    pub fn is_paused(&self, partition: PartitionId) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) => false,
            Self::Tracked(tracked) => tracked.tracker.is_paused(partition.index() / tracked.sources),
        }
    }

    /// Whether partitions are paused at all.
    pub const fn aligns(&self) -> bool {
        match self {
            Self::Bounded(_) | Self::Azure(_) => false,
            Self::Tracked(tracked) => tracked.tracker.aligns(),
        }
    }

    /// A record has been read and sent on, under `event_time`; the rise that it caused.
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
            Self::Tracked(tracked) => tracked.on_record(id, event_time, stream, now),
        }
    }

    /// When the watermark wants to hear that time has passed, if that is before `limit`. Ticks that
    /// could show nothing before then are left out.
    pub fn next_timer_before(&self, limit: ProcTime) -> Option<ProcTime> {
        let at = match self {
            Self::Bounded(_) => ProcTime::MAX,
            // It follows the clock for as long as nothing is on the way; the last instant says it all.
            Self::Azure(time) if time.next_timer(time.current() + UNIT) < limit => limit - UNIT,
            Self::Azure(_) => ProcTime::MAX,
            Self::Tracked(tracked) => tracked.tracker.next_timer(limit, EventTime::MAX),
        };
        (at < limit).then_some(at)
    }

    /// The next instant at which time alone may raise the watermark or find an input idle;
    /// [`ProcTime::MAX`] for never.
    pub fn wakes_at(&self) -> ProcTime {
        match self {
            Self::Bounded(_) => ProcTime::MAX,
            Self::Azure(time) => time.next_timer(time.current() + UNIT),
            Self::Tracked(tracked) => tracked.tracker.next_timer(ProcTime::MAX, EventTime::MIN),
        }
    }

    /// That instant has come, and everything else of it has been handled; the rise that it caused.
    pub fn on_timer(&mut self, now: ProcTime) -> Option<Rise> {
        match self {
            Self::Bounded(_) => None,
            Self::Azure(time) => time.on_timer(now).map(|watermark| Rise { watermark, raised_by: None }),
            Self::Tracked(tracked) => {
                let rise = tracked.tracker.on_timer(now);
                tracked.tracker.take_changes().for_each(drop);
                rise
            }
        }
    }

    /// How many records said nothing about event time, because theirs was in the future.
    pub const fn skewed(&self) -> u64 {
        match self {
            Self::Bounded(_) | Self::Azure(_) => 0,
            Self::Tracked(tracked) => tracked.tracker.skewed(),
        }
    }
}

/// The resolution of both clocks.
const UNIT: Span = Span::from_micros(1);

impl Tracked {
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
        let place = partition.index() / self.sources;
        let rise = self.tracker.on_record(place, &seen);
        if let Some(left) = self.remaining.get_mut(partition.index()) {
            *left -= 1;
            if *left == 0 {
                self.tracker.on_end_of(place);
            }
        }
        self.tracker.take_changes().for_each(drop);
        rise
    }
}

/// Per record, the smallest event time of those after it that are the task's own.
fn to_come(event_times: &[EventTime], is_own: impl Fn(RecordId) -> bool) -> Vec<EventTime> {
    let mut least = EventTime::MAX;
    let mut minima = vec![EventTime::MAX; event_times.len()];
    for (place, &event_time) in event_times.iter().enumerate().rev() {
        minima[place] = least;
        if is_own(RecordId(place as u32)) {
            least = least.min(event_time);
        }
    }
    minima
}
