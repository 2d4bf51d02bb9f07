//! What a run on threads is made of, beside the stream: the pipeline, how much may be under way
//! between its tasks, and how fast the records come.
//!
//! How many tasks there are is the pipeline's to say ([`crate::pipeline::Tasks`]). A task takes as long
//! as it takes, unless it is given work to do ([`Work`]).
//!
//! Plain data; ranges are checked by [`ThreadsConfig::problems`] before anything starts.

use serde::{Deserialize, Serialize};

use crate::gate::{GatePolicy, verdict};
use crate::pipeline::{Overflow, Pipeline, Problem};
use crate::record::Stream;
use crate::runtime::RunConfig;
use crate::runtime::threads::work::Work;
use crate::state::KeyGroups;
use crate::time::{MICROS_PER_SECOND, ProcTime, Span};

/// The most records in a batch. A batch of 100,000 no longer fits the caches on its way.
pub const MAX_BATCH_RECORDS: u32 = 65_536;

/// The most batches in a channel: with the largest batches, 6 GB.
pub const MAX_CHANNEL_BATCHES: u32 = 4_096;

/// How fast records come to the sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Pace {
    /// All of them are there when the run starts; the sources read as fast as they can. Processing
    /// time starts at the first arrival and goes at the speed of the wall clock.
    #[default]
    Free,
    /// So many per second of processing time, evenly, in order of arrival; above 0, at most 10^9.
    PerSecond(f64),
    /// As they arrived, so many times as fast: processing time starts at the first arrival and goes
    /// so many times the speed of the wall clock; above 0, at most 10^6.
    TimesReal(f64),
}

impl Pace {
    /// Microseconds of processing time per microsecond of the wall clock.
    pub const fn speed(self) -> f64 {
        match self {
            Self::Free | Self::PerSecond(_) => 1.0,
            Self::TimesReal(times) => times,
        }
    }

    /// When the record at this place in order of arrival is there to be read. Ascends with `place`.
    ///
    /// # Panics
    /// When `place` is not below the length of the stream.
    pub fn available_at(self, stream: &Stream, place: usize) -> ProcTime {
        match self {
            Self::Free => origin_of(stream),
            Self::PerSecond(rate) => {
                let micros = place as f64 / rate * MICROS_PER_SECOND as f64;
                origin_of(stream) + Span::from_micros(micros as i64)
            }
            Self::TimesReal(_) => stream.arrivals()[place],
        }
    }

    fn problem(self) -> Option<Problem> {
        let (value, most) = match self {
            Self::Free => return None,
            Self::PerSecond(rate) => (rate, 1e9),
            Self::TimesReal(times) => (times, MAX_SPEED),
        };
        let is_allowed = value > 0.0 && value <= most;
        (!is_allowed)
            .then(|| Problem::new("pace", format!("{value} is out of range: must be above 0, at most {most:e}")))
    }
}

/// Processing time goes at most so many times as fast as the wall clock.
pub const MAX_SPEED: f64 = 1e6;

/// The instant of processing time at which a run over this stream starts: the first arrival.
pub fn origin_of(stream: &Stream) -> ProcTime {
    stream.arrivals_ascending().first().copied().unwrap_or(ProcTime::EPOCH)
}

/// What a run on threads is made of, beside the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadsConfig {
    /// What is done with the records.
    pub pipeline: Pipeline,
    /// Records that a source reads before it sends them on, 1 to [`MAX_BATCH_RECORDS`]; also the panes
    /// in a batch to the sink. Every window task gets its share of them.
    pub batch_records: u32,
    /// Batches that a channel holds before its sender has to wait, 1 to [`MAX_CHANNEL_BATCHES`]. There
    /// is one from every source to every window task, and one from every window task to the sink.
    pub channel_batches: u32,
    /// How fast records come.
    pub pace: Pace,
    /// How long the tasks work on what they get; `None`: as long as they take.
    pub work: Option<Work>,
    /// Whether the run waits for [`crate::runtime::threads::Handle::resume`] before its first record.
    pub starts_paused: bool,
}

impl ThreadsConfig {
    /// As much under way as the pipeline's queue capacity says, in at least four batches of at most 512
    /// records, as fast as it goes. Smaller batches cost more switches between threads, larger ones
    /// more memory.
    pub fn new(pipeline: Pipeline) -> Self {
        let batch_records = (pipeline.queue_capacity / 4).clamp(1, 512);
        let channel_batches = (pipeline.queue_capacity / batch_records).clamp(1, MAX_CHANNEL_BATCHES);
        Self { pipeline, batch_records, channel_batches, pace: Pace::Free, work: None, starts_paused: false }
    }

    /// A run to look at: records come as they arrived, `times` as fast, one by one; channels hold as many
    /// as the queue capacity says, and tasks take the service times of the pipeline. What slows them down
    /// for a while is kept too.
    pub fn live(run: &RunConfig, times: f64) -> Self {
        let channel_batches = run.pipeline.queue_capacity.clamp(1, MAX_CHANNEL_BATCHES);
        Self {
            batch_records: 1,
            channel_batches,
            pace: Pace::TimesReal(times),
            work: Some(Work::of(run)),
            ..Self::new(run.pipeline.clone())
        }
    }

    /// Source tasks, as a number of threads.
    pub const fn sources(&self) -> usize {
        self.pipeline.tasks.sources as usize
    }

    /// Window tasks, as a number of threads.
    pub const fn windows(&self) -> usize {
        self.pipeline.tasks.windows as usize
    }

    /// Into how many groups keys are dealt. In a configuration without problems there are enough for
    /// every window task to own one.
    pub fn key_groups(&self) -> KeyGroups {
        KeyGroups::new(self.pipeline.tasks.key_groups).unwrap_or_default()
    }

    /// Everything that is out of range; empty when it can run.
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = self.pipeline.problems();
        let mut range = |path: &str, value: u32, most: u32| {
            if !(1..=most).contains(&value) {
                let most = crate::human::count(u64::from(most));
                found.push(Problem::new(path, format!("{value} is out of range: must be 1 to {most}")));
            }
        };
        range("batch_records", self.batch_records, MAX_BATCH_RECORDS);
        range("channel_batches", self.channel_batches, MAX_CHANNEL_BATCHES);
        found.extend(self.pace.problem());
        let tasks = &self.pipeline.tasks;
        if tasks.overflow != Overflow::Block {
            let message = "a thread waits while a channel is full: must be Block";
            found.push(Problem::new("tasks.overflow", message));
        }
        if tasks.micro_batch.is_some() {
            let message = "threads read a record as soon as they can: must be None";
            found.push(Problem::new("tasks.micro_batch", message));
        }
        if self.pipeline.checkpoints.is_some() {
            found.push(Problem::new("checkpoints", "threads take none: must be None"));
        }
        if tasks.salts > 1 {
            found.push(Problem::new("tasks.salts", "threads have one stage of window tasks: must be 1"));
        }
        if self.pipeline.group.is_some() {
            found.push(Problem::new("group", "every thread keeps the partitions that it reads: must be None"));
        }
        found
    }

    /// As [`ThreadsConfig::problems`], with what this stream holds that a run on threads cannot keep.
    /// O(n) where the gate crashes and its schema says anything of values.
    pub fn problems_with(&self, stream: &Stream) -> Vec<Problem> {
        let mut found = self.problems();
        let gate = &self.pipeline.gate;
        if gate.policy == GatePolicy::Crash && !verdict::refused(gate, stream).is_empty() {
            let message = "threads are not started again, and some records do not pass: must be Reject or DeadLetter";
            found.push(Problem::new("gate.policy", message));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Tasks;

    #[test]
    fn every_knob_out_of_range_is_refused_with_its_limits() {
        let plain = ThreadsConfig::new(Pipeline::default());
        assert_eq!(plain.problems(), []);
        let tasks = Tasks {
            overflow: Overflow::ShedNewest,
            micro_batch: Some(Span::from_secs(1)),
            salts: 2,
            ..Tasks::default()
        };
        let wrong = ThreadsConfig {
            pipeline: Pipeline { tasks, ..Pipeline::default() },
            batch_records: 0,
            channel_batches: 5_000,
            pace: Pace::TimesReal(f64::NAN),
            ..plain.clone()
        };
        let found: Vec<String> =
            wrong.problems().into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        assert_eq!(
            found,
            [
                "batch_records: 0 is out of range: must be 1 to 65,536",
                "channel_batches: 5000 is out of range: must be 1 to 4,096",
                "pace: NaN is out of range: must be above 0, at most 1e6",
                "tasks.overflow: a thread waits while a channel is full: must be Block",
                "tasks.micro_batch: threads read a record as soon as they can: must be None",
                "tasks.salts: threads have one stage of window tasks: must be 1",
            ]
        );
        let checkpoints = Some(crate::pipeline::CheckpointSpec::default());
        let with_checkpoints = ThreadsConfig { pipeline: Pipeline { checkpoints, ..Pipeline::default() }, ..plain };
        assert_eq!(with_checkpoints.problems(), [Problem::new("checkpoints", "threads take none: must be None")]);
    }

    #[test]
    fn as_much_is_under_way_as_the_queue_capacity_says() {
        let sizes = |queue_capacity| {
            let config = ThreadsConfig::new(Pipeline { queue_capacity, ..Pipeline::default() });
            assert_eq!(config.problems(), []);
            (config.batch_records, config.channel_batches)
        };
        assert_eq!([1, 7, 1_000, 10_000].map(sizes), [(1, 1), (1, 7), (250, 4), (512, 19)]);
        assert_eq!(sizes(10_000_000), (512, 4_096));
    }

    #[test]
    fn a_consumer_group_is_refused_in_words() {
        let pipeline = Pipeline { group: Some(crate::group::GroupSpec::default()), ..Pipeline::default() };
        let found: Vec<String> =
            ThreadsConfig::new(pipeline).problems().iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(found, ["group: every thread keeps the partitions that it reads: must be None"]);
    }
}
