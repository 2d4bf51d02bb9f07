//! The watermark of every input of a run: of each partition, or of each source task where its
//! partitions share one. Their least is what the pipeline can claim, so the input that has it holds
//! all others back.
//!
//! The trace keeps what was claimed, not by whom; each input's own claim is told by its generator from
//! the records in the order in which they were read. What is made of something else than records (a
//! clock, what the source says, the future) is no partition's to hold back.

use std::fmt;

use crate::metrics::tasks::owners::Owners;
use crate::pipeline::{Pipeline, WatermarkSpec};
use crate::record::{PartitionId, RecordId};
use crate::runtime::{Fate, Trace};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{Generator, InputStatus, Seen};
use crate::window::dialect::Dialect;

/// What has a watermark of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// A partition of the log.
    Partition(PartitionId),
    /// A source task, from 0, whose partitions share one.
    Source(u16),
}

/// As on screen: `partition 0`, numbered as in the log, and `source 1`, counted from 1.
impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partition(partition) => write!(f, "partition {}", partition.0),
            Self::Source(number) => write!(f, "source {}", number + 1),
        }
    }
}

/// One input over a run.
#[derive(Clone, Debug, Default, PartialEq)]
struct Course {
    /// Every rise of its watermark, ascending in both clocks.
    rises: Vec<(ProcTime, EventTime)>,
    /// Every change of its status, ascending.
    statuses: Vec<(ProcTime, InputStatus)>,
    /// Its first record: when it was read, and when it happened.
    first: Option<(ProcTime, EventTime)>,
    /// A source task without any partition is idle from the start.
    starts_idle: bool,
}

/// The watermarks of all inputs of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    courses: Vec<Course>,
    is_per_partition: bool,
    sources: usize,
    /// The watermark is this far behind the clock, whoever reads what.
    behind_clock: Option<Span>,
    /// Whether it is made from the records of each input alone.
    is_of_records: bool,
}

impl Inputs {
    /// The watermarks of all inputs of a finished run. O(n log n), and what the generator takes.
    pub fn of(trace: &Trace, owners: &Owners) -> Self {
        let pipeline = &trace.pipeline;
        let (spec, options) = (pipeline.watermark, &pipeline.watermark_options);
        let sources = pipeline.tasks.sources as usize;
        let partitions = trace.stream.partitions().max(1);
        let is_per_partition = options.per_partition && spec != WatermarkSpec::Perfect;
        let mut inputs = Self {
            courses: vec![Course::default(); if is_per_partition { partitions } else { sources }],
            is_per_partition,
            sources,
            behind_clock: match spec {
                WatermarkSpec::FixedLag { lag } => Some(lag),
                _ => None,
            },
            is_of_records: is_of_records(pipeline),
        };
        for (place, course) in inputs.courses.iter_mut().enumerate() {
            course.starts_idle = !is_per_partition && place >= partitions;
            if owners.is_group() {
                course.starts_idle = owners.starts_idle(place);
                course.statuses = owners.statuses(place).to_vec();
            }
        }
        for step in &trace.inputs {
            let place = inputs.place_of(step.partition);
            if let Some(course) = inputs.courses.get_mut(place) {
                course.statuses.push((step.at, step.status));
            }
        }
        if inputs.is_of_records {
            inputs.replay(trace, owners);
        }
        inputs
    }

    /// Lets a generator of every input see its records in the order in which they were read.
    fn replay(&mut self, trace: &Trace, owners: &Owners) {
        let mut read: Vec<(ProcTime, u32)> = Vec::with_capacity(trace.stream.len());
        for (place, &at) in trace.enqueued.iter().enumerate() {
            // What was given up at the source was seen by nobody.
            let is_unseen =
                trace.fates[place] == Fate::Lost || (trace.fates[place] == Fate::Shed && at == trace.handled[place]);
            if at < ProcTime::MAX && !is_unseen {
                read.push((at, place as u32));
            }
        }
        if !read.is_sorted() {
            read.sort_unstable();
        }
        let mut generators = vec![Generator::new(trace.pipeline.watermark); self.courses.len()];
        let max_future = trace.pipeline.watermark_options.max_future;
        for (now, place) in read {
            let id = RecordId(place);
            let own = owners.reader_of_record(trace, id.index()).filter(|_| owners.is_group());
            let input = own.unwrap_or_else(|| self.place_of(trace.stream.partition(id)));
            let (event_time, arrival) = (trace.stream.event_times()[id.index()], trace.stream.arrivals()[id.index()]);
            let value = trace.stream.values()[id.index()];
            let seen = Seen { id, event_time, arrival, value, now, to_come: EventTime::MAX };
            let is_skewed = max_future.is_some_and(|max| arrival.since_event(event_time) < -max);
            self.courses[input].first.get_or_insert((now, event_time));
            if let Some(watermark) = generators[input].on_record(&seen, is_skewed) {
                self.courses[input].rises.push((now, watermark));
            }
        }
    }

    /// The place of the input that a partition belongs to.
    const fn place_of(&self, partition: PartitionId) -> usize {
        if self.is_per_partition { partition.index() } else { partition.index() % self.sources }
    }

    /// All inputs, in order.
    pub fn all(&self) -> impl Iterator<Item = Input> + use<> {
        let is_per_partition = self.is_per_partition;
        (0..self.courses.len()).map(move |place| {
            if is_per_partition { Input::Partition(PartitionId(place as u32)) } else { Input::Source(place as u16) }
        })
    }

    /// The input that a partition belongs to.
    pub fn of_partition(&self, partition: PartitionId) -> Input {
        let place = self.place_of(partition);
        if self.is_per_partition { Input::Partition(partition) } else { Input::Source(place as u16) }
    }

    fn course(&self, input: Input) -> Option<&Course> {
        self.courses.get(match input {
            Input::Partition(partition) => partition.index(),
            Input::Source(number) => usize::from(number),
        })
    }

    /// The watermark of an input; [`EventTime::MIN`] before its first. O(log n).
    pub fn watermark(&self, input: Input, now: ProcTime) -> EventTime {
        if let Some(lag) = self.behind_clock {
            return (now - lag).on_event_clock();
        }
        self.last_rise(input, now).map_or(EventTime::MIN, |(_, watermark)| watermark)
    }

    /// When the watermark of an input rose last, and to what. O(log n).
    pub fn last_rise(&self, input: Input, now: ProcTime) -> Option<(ProcTime, EventTime)> {
        let rises = &self.course(input)?.rises;
        rises.partition_point(|&(at, _)| at <= now).checked_sub(1).map(|last| rises[last])
    }

    /// When the first record of an input was read, and when it happened.
    pub fn first(&self, input: Input) -> Option<(ProcTime, EventTime)> {
        self.course(input)?.first
    }

    /// Every rise of the watermark of an input, ascending.
    pub fn rises(&self, input: Input) -> &[(ProcTime, EventTime)] {
        self.course(input).map_or(&[], |course| &course.rises)
    }

    /// Since when an input is idle; `None` while it is active. The first instant of all for a source
    /// task without any partition. O(log n).
    pub fn idle_since(&self, input: Input, now: ProcTime) -> Option<ProcTime> {
        let course = self.course(input)?;
        match course.statuses.partition_point(|&(at, _)| at <= now).checked_sub(1) {
            None => course.starts_idle.then_some(ProcTime::MIN),
            Some(last) => Some(course.statuses[last].0).filter(|_| course.statuses[last].1 == InputStatus::Idle),
        }
    }

    /// The active inputs that have the least watermark, and that watermark; none where all are idle,
    /// or where the watermark is not made from their records. O(inputs log n).
    pub fn holders(&self, now: ProcTime) -> (EventTime, Vec<Input>) {
        if !self.is_of_records {
            return (EventTime::MIN, Vec::new());
        }
        let mut least = (EventTime::MAX, Vec::new());
        for input in self.all().filter(|&input| self.idle_since(input, now).is_none()) {
            let watermark = self.watermark(input, now);
            match watermark.cmp(&least.0) {
                std::cmp::Ordering::Less => least = (watermark, vec![input]),
                std::cmp::Ordering::Equal => least.1.push(input),
                std::cmp::Ordering::Greater => {}
            }
        }
        least
    }
}

/// Whether the watermark of an input follows from its own records.
fn is_of_records(pipeline: &Pipeline) -> bool {
    let is_made_elsewhere = matches!(
        pipeline.watermark,
        WatermarkSpec::Perfect | WatermarkSpec::FromSource | WatermarkSpec::FixedLag { .. }
    );
    !is_made_elsewhere && pipeline.dialect != Dialect::AzureStreamAnalytics
}
