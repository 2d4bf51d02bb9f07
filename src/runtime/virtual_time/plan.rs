//! What does not change during a run: who reads what, who owns which key, how long things take.

use std::sync::Arc;

use crate::pipeline::restart::Restarts;
use crate::pipeline::salting::first_stage;
use crate::pipeline::{AtEnd, LatePolicy, Overflow, Pipeline, RestartStrategy, WatermarkSpec};
use crate::record::{KeyId, RecordId, Stream};
use crate::rng::Seed;
use crate::runtime::RunConfig;
use crate::runtime::Sabotage;
use crate::runtime::event_clock::EventClock;
use crate::runtime::service::{ServiceTime, Slow};
use crate::runtime::trace::TaskId;
use crate::runtime::virtual_time::control::Rules;
use crate::runtime::virtual_time::gate::GatePlan;
use crate::runtime::virtual_time::limits::Limits;
use crate::runtime::virtual_time::log::Lists;
use crate::runtime::virtual_time::members::Members;
use crate::runtime::virtual_time::members::schedule::Schedule;
use crate::runtime::virtual_time::salt::Salting;
use crate::runtime::virtual_time::sink::Failure;
use crate::runtime::virtual_time::source::Source;
use crate::scenario::Fault;
use crate::state::KeyGroups;
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::perfect;
use crate::window::operator::WindowOperator;

/// Of which arrivals the watermarks have to hear.
#[derive(Debug)]
pub enum Announced {
    /// Of all: they look out for silence.
    All,
    /// Of these: the first of every source task starts its clock.
    Only(Vec<RecordId>),
}

impl Announced {
    fn new(pipeline: &Pipeline, stream: &Stream, follows_time: bool, sources: usize) -> Self {
        if !follows_time {
            return Self::Only(Vec::new());
        }
        if pipeline.watermark_options.idle_after.is_some() {
            return Self::All;
        }
        if pipeline.group.is_some() {
            // Whoever reads what, the first one starts the clock of all.
            return Self::Only((0..stream.len().min(1) as u32).map(RecordId).collect());
        }
        let mut has_started = vec![false; sources];
        let mut first = Vec::new();
        for id in (0..stream.len() as u32).map(RecordId) {
            let source = stream.partition(id).index() % sources;
            if !std::mem::replace(&mut has_started[source], true) {
                first.push(id);
                if first.len() == sources {
                    break;
                }
            }
        }
        Self::Only(first)
    }

    /// The record of which the watermarks hear after so many others.
    #[inline]
    pub fn get(&self, stream: &Stream, place: usize) -> Option<RecordId> {
        match self {
            Self::All => (place < stream.len()).then_some(RecordId(place as u32)),
            Self::Only(ids) => ids.get(place).copied(),
        }
    }
}

/// What does not change during a run.
#[derive(Debug)]
pub struct Plan {
    /// A bug that is planted on purpose.
    sabotage: Option<Sabotage>,
    pub stream: Arc<Stream>,
    pub late: LatePolicy,
    pub allowed_lateness: Span,
    pub at_end: AtEnd,
    pub overflow: Overflow,
    pub capacity: u32,
    pub sink_capacity: usize,
    /// Window tasks.
    pub tasks: usize,
    /// Merge tasks; 0 where keys are not split.
    pub mergers: usize,
    /// How keys are split over sub-keys, where they are.
    pub salting: Option<Salting>,
    pub lists: Lists,
    /// By source task: the lists that it reads, ascending.
    pub reads: Vec<Vec<usize>>,
    /// Whether what a source task reads next depends on nothing but how far it has read, and goes to
    /// the channels at once.
    pub reads_at_once: bool,
    /// By list: the source task that reads it.
    pub reader: Vec<u16>,
    /// By key: the window task that owns it, or the merge task; empty when there is one.
    task_of_key: Vec<u16>,
    pub window_time: Vec<ServiceTime>,
    /// By record: how many microseconds its window task works on it, where that is drawn and does not
    /// depend on when; else empty. Drawn for all at once, no draw has to be waited for.
    window_micros: Vec<u32>,
    pub source_time: ServiceTime,
    pub sink_time: ServiceTime,
    pub merge_time: ServiceTime,
    pub gate: GatePlan,
    pub restart: RestartStrategy,
    /// Of the jitter of delays before restarts.
    restart_seed: u64,
    /// Of a run that may fail.
    pub rules: Option<Rules>,
    /// What happens to the members of a group, where the source tasks are one.
    pub schedule: Option<Schedule>,
    pub last_arrival: ProcTime,
    /// Whether the run goes on from a savepoint: operators know more of the watermark than sources, and
    /// have windows that were not opened in it.
    pub is_resumed: bool,
    pub sink_failures: Vec<Failure>,
    /// Of which arrivals the watermarks have to hear.
    pub announced: Announced,
    /// Whether anything waits for instants beside records.
    pub has_timers: bool,
    /// Whether a window operator does.
    pub has_operator_timers: bool,
    /// Whether watermarks rise with the clock, and so have to look at what is due.
    pub is_clock_driven: bool,
    /// Whether something waits for instants that only asking can tell, in every step.
    pub asks_for_timers: bool,
}

impl Plan {
    pub fn new(stream: &Arc<Stream>, config: &RunConfig) -> Self {
        let pipeline = &config.pipeline;
        let (sources, tasks) = (pipeline.tasks.sources as usize, pipeline.tasks.windows as usize);
        let aligns = pipeline.watermark_options.max_drift.is_some() && pipeline.watermark_options.per_partition;
        let is_whole = sources == 1 && pipeline.group.is_none();
        let lists = if is_whole && !aligns && !Limits::are_set(&config.log) {
            Lists::Whole(stream.len() as u32)
        } else {
            Lists::by_partition(stream, stream.partitions().max(sources))
        };
        let mut reads = vec![Vec::new(); sources];
        (0..lists.len()).for_each(|list| reads[list % sources].push(list));
        let stands_between = aligns || Limits::are_set(&config.log) || pipeline.group.is_some();
        let reads_plainly = !stands_between && pipeline.tasks.micro_batch.is_none();
        let gate = GatePlan::new(stream, config);
        let source_time = jittered(config, pipeline.tasks.source_time, Vec::new(), "source time");
        let last_arrival = stream.arrival_range().map_or(ProcTime::MIN, |(_, last)| last);
        let nothing: Arc<[EventTime]> = Arc::new([]);
        let clock = EventClock::new(pipeline, stream, &[], &nothing);
        let is_clock_driven = !matches!(clock, EventClock::Bounded(_) | EventClock::Tracked(_))
            || matches!(pipeline.watermark, WatermarkSpec::FixedLag { .. });
        let has_operator_timers =
            matches!(WindowOperator::new(&first_stage(pipeline)), WindowOperator::General(_) | WindowOperator::Beam(_));
        let has = |sabotage| config.sabotage == Some(sabotage);
        let mut plan = Self {
            sabotage: config.sabotage,
            stream: Arc::clone(stream),
            late: if has(Sabotage::MislabelLate) { pipeline.late.other() } else { pipeline.late },
            allowed_lateness: pipeline.allowed_lateness,
            at_end: pipeline.at_end,
            overflow: pipeline.tasks.overflow,
            capacity: if has(Sabotage::IgnoreCredits) { u32::MAX } else { pipeline.queue_capacity },
            sink_capacity: pipeline.tasks.sink_capacity as usize,
            tasks,
            reads_at_once: reads_plainly && gate.is_open() && source_time.is_zero(),
            mergers: if pipeline.tasks.salts > 1 { tasks } else { 0 },
            salting: Salting::new(stream, pipeline),
            reader: (0..lists.len()).map(|list| (list % sources) as u16).collect(),
            lists,
            reads,
            task_of_key: tasks_of_keys(stream, pipeline),
            window_time: (0..tasks).map(|task| window_time(config, task)).collect(),
            window_micros: Vec::new(),
            source_time,
            sink_time: sink_time(config),
            merge_time: {
                let merge_time = pipeline.tasks.merge_time.unwrap_or(pipeline.service_time);
                jittered(config, merge_time, Vec::new(), "merge time")
            },
            gate,
            restart: pipeline.restart,
            restart_seed: Seed::new(config.seed).stream("restarts").bits(),
            rules: Rules::new(config, last_arrival),
            schedule: Schedule::new(config),
            last_arrival,
            is_resumed: false,
            sink_failures: Failure::of(config),
            announced: Announced::new(pipeline, stream, clock.follows_time(), sources),
            has_timers: clock.follows_time() || has_operator_timers,
            has_operator_timers,
            is_clock_driven,
            asks_for_timers: has_operator_timers || is_clock_driven,
        };
        plan.draw_window_times();
        plan
    }

    /// Whether this bug is planted.
    pub fn has(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    /// The source tasks before they have read anything, as these members where they are a group.
    pub fn sources(&self, pipeline: &Pipeline, members: Option<&Members>) -> Vec<Source> {
        let stream = &self.stream;
        let sources = self.reads.len();
        let to_come: Arc<[EventTime]> = if pipeline.watermark == WatermarkSpec::Perfect {
            let way = |place: usize| stream.partition(RecordId(place as u32)).index() % sources;
            perfect::to_come(stream.event_times(), sources, way).into()
        } else {
            Arc::new([])
        };
        let partitions = stream.partitions();
        let all: Vec<usize> = (0..partitions).collect();
        let source = |(task, lists): (usize, &Vec<usize>)| {
            let own: Vec<usize> = lists.iter().copied().filter(|&list| list < partitions).collect();
            let reads_all = matches!(self.lists, Lists::Whole(_));
            let clock = EventClock::new(pipeline, stream, if reads_all { &all } else { &own }, &to_come);
            let is_idle = members.map_or(own.is_empty(), |members| !members.has_any(task));
            Source::new(clock, is_idle, self.restarts(task))
        };
        self.reads.iter().enumerate().map(source).collect()
    }

    /// What a source task does after a crash, before its first.
    pub fn restarts(&self, task: usize) -> Restarts {
        Restarts::new(self.restart, self.restart_seed.wrapping_add(task as u64))
    }

    /// The list that a record is in.
    pub fn list_of(&self, id: RecordId) -> usize {
        if self.reader.len() == 1 { 0 } else { self.stream.partition(id).index() }
    }

    /// The window task that owns a key, or the merge task where keys are split.
    #[inline]
    pub fn task_of(&self, key: KeyId) -> usize {
        self.task_of_key.get(key.index()).map_or(0, |&task| usize::from(task))
    }

    /// The window task that handles a record.
    #[inline]
    pub fn task_of_record(&self, id: RecordId) -> usize {
        match &self.salting {
            None => self.task_of(self.stream.keys()[id.index()]),
            Some(salting) => salting.task_of(id),
        }
    }

    /// The key under which its window task handles a record.
    #[inline]
    pub fn key_of_record(&self, id: RecordId) -> KeyId {
        self.salting.as_ref().map_or_else(|| self.stream.keys()[id.index()], |salting| salting.sub_key(id))
    }

    /// How long a window task works on a record that it starts at `now`.
    #[inline]
    pub fn window_time(&self, task: usize, id: RecordId, now: ProcTime) -> Span {
        match self.window_micros.get(id.index()) {
            Some(&micros) => Span::from_micros(i64::from(micros)),
            None => self.window_time[task].of(id.0, now),
        }
    }

    /// Draws the times that window tasks work on records.
    fn draw_window_times(&mut self) {
        let fits = |time: &ServiceTime| time.is_drawn() && u32::try_from(time.longest_drawn().micros()).is_ok();
        if self.window_time.iter().all(fits) {
            let draw = |id: RecordId| self.window_time[self.task_of_record(id)].of(id.0, ProcTime::EPOCH).micros();
            self.window_micros = (0..self.stream.len() as u32).map(|id| draw(RecordId(id)) as u32).collect();
        }
    }

    /// Whether one window task alone does everything between the channels and the sink.
    #[inline]
    pub const fn has_one_task(&self) -> bool {
        self.tasks == 1 && self.mergers == 0
    }

    /// A task that hands panes to the sink.
    pub const fn emitter(&self, number: usize) -> TaskId {
        if self.mergers > 0 { TaskId::merge(number) } else { TaskId::window(number) }
    }

    /// Events come from these places, ties in this order: the sink, the merge tasks, the window tasks,
    /// the trigger of micro-batches, arrivals, the group, the source tasks, and where a run may fail, its
    /// control.
    pub fn slots(&self) -> usize {
        self.control_slot() + usize::from(self.rules.is_some())
    }

    pub const fn sink_slot(&self) -> usize {
        0
    }

    pub const fn merger_slot(&self, merger: usize) -> usize {
        1 + merger
    }

    pub fn merger_of_slot(&self, slot: usize) -> Option<usize> {
        (1..=self.mergers).contains(&slot).then(|| slot - 1)
    }

    pub const fn task_slot(&self, task: usize) -> usize {
        1 + self.mergers + task
    }

    pub fn task_of_slot(&self, slot: usize) -> Option<usize> {
        (1 + self.mergers..=self.mergers + self.tasks).contains(&slot).then(|| slot - 1 - self.mergers)
    }

    pub const fn trigger_slot(&self) -> usize {
        1 + self.mergers + self.tasks
    }

    pub const fn arrival_slot(&self) -> usize {
        2 + self.mergers + self.tasks
    }

    /// Where the source tasks are a group: its place. Else there is none.
    pub const fn members_slot(&self) -> usize {
        3 + self.mergers + self.tasks
    }

    pub fn control_slot(&self) -> usize {
        self.first_source_slot() + self.reads.len()
    }

    pub const fn first_source_slot(&self) -> usize {
        self.members_slot() + self.schedule.is_some() as usize
    }
}

fn tasks_of_keys(stream: &Stream, pipeline: &Pipeline) -> Vec<u16> {
    let tasks = pipeline.tasks.windows;
    match KeyGroups::new(pipeline.tasks.key_groups) {
        // At most MAX_TASKS tasks.
        Some(groups) if tasks > 1 => {
            stream.key_table().names().map(|name| groups.task_of(groups.group_of(name), tasks).0 as u16).collect()
        }
        _ => Vec::new(),
    }
}

/// How long a window task works on a record.
pub fn window_time(config: &RunConfig, task: usize) -> ServiceTime {
    let slow = config.faults.iter().filter_map(|fault| match *fault {
        Fault::SlowOperator { task: named, from, until, factor } if named.is_none_or(|it| it as usize == task) => {
            Some(Slow { from: config.origin + from, until: config.origin + until, factor })
        }
        _ => None,
    });
    jittered(config, config.pipeline.service_time, slow.collect(), &format!("window time {task}"))
}

/// How long the sink works on a pane.
pub fn sink_time(config: &RunConfig) -> ServiceTime {
    let slow = config.faults.iter().filter_map(|fault| match *fault {
        Fault::SlowSink { from, until, factor } => {
            Some(Slow { from: config.origin + from, until: config.origin + until, factor })
        }
        _ => None,
    });
    jittered(config, config.pipeline.tasks.sink_time, slow.collect(), "sink time")
}

fn jittered(config: &RunConfig, normal: Span, slow: Vec<Slow>, name: &str) -> ServiceTime {
    let jitter = config.pipeline.tasks.jitter;
    let seed = if config.sabotage == Some(Sabotage::Unseeded) { Sabotage::draw() } else { config.seed };
    let service = ServiceTime::new(normal, slow);
    if jitter == 0.0 { service } else { service.with_jitter(jitter, Seed::new(seed).stream(name).bits()) }
}

/// The instant at which a record reached the log.
pub fn arrival(stream: &Stream, id: RecordId) -> ProcTime {
    stream.arrivals()[id.index()]
}
