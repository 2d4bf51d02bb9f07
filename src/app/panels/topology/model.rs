//! The topology at one instant, as plain data: stages of the pipeline, what their tasks do, the
//! channels between them, and why records wait. Read from the trace alone.

use crate::app::insight::Insight;
use crate::gate::GatePolicy;
use crate::human;
use crate::metrics::tasks::phrase::{Clock, many, percent, percent_short, rate};
use crate::metrics::tasks::silence::{of_partition, of_task};
use crate::metrics::tasks::{Cause, CauseKind, Clearing, Shares, Silence, causes};
use crate::pipeline::Overflow;
use crate::record::PartitionId;
use crate::runtime::{Fate, TaskId, Trace};
use crate::time::{EventTime, ProcTime};

/// The topology at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// From the log to the sink.
    pub stages: Vec<Stage>,
    /// Between each stage and the next.
    pub edges: Vec<Edge>,
    /// Records in the dead letters, where the pipeline has any.
    pub dead_letters: Option<usize>,
    /// Why records waited in the time before: the worst cause first.
    pub causes: Vec<Said>,
    /// What waits in the log, and when it is cleared; empty where nothing does.
    pub backlog: String,
    /// By whom the watermark is held back; empty where it is not.
    pub held_back: String,
}

/// A stage of the pipeline: siblings side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// `Log`, `Sources`, `Windows`, `Merge`, `Sink`.
    pub name: &'static str,
    /// `4 tasks`.
    pub about: String,
    /// One for every task, or partition.
    pub rows: Vec<Row>,
}

impl Stage {
    /// Whether one of its tasks is the slow one.
    pub fn is_cause(&self) -> bool {
        self.rows.iter().any(|row| row.is_cause)
    }
}

/// What fills the bar of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// What a task did with the time before.
    Task(Shares),
    /// Unread records of a partition, as a share of the most that any ever had.
    Lag(f64),
}

/// A task, or a partition of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number among its siblings, from 1; partitions count from 0. Empty for one alone.
    pub number: String,
    /// What fills its bar.
    pub bar: Bar,
    /// The number beside the bar: `91%`, or unread records.
    pub value: String,
    /// How full what it reads from is: its channels, or the room in front of the sink.
    pub fill: Option<Fill>,
    /// Its watermark, where it has one.
    pub watermark: Option<EventTime>,
    /// What it is up to, by name, where it is silent.
    pub silence: Option<&'static str>,
    /// Whether it is the slow one.
    pub is_cause: bool,
    /// Everything about it in words.
    pub words: String,
}

/// How full something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// What it holds.
    pub level: usize,
    /// What it may hold; `None` without a limit.
    pub capacity: Option<usize>,
}

impl Fill {
    /// Whether there is no room left.
    pub fn is_full(self) -> bool {
        self.capacity.is_some_and(|capacity| self.level >= capacity)
    }

    /// How full, from 0 to 1; 0 without a limit.
    pub fn share(self) -> f64 {
        self.capacity.map_or(0.0, |capacity| (self.level as f64 / capacity.max(1) as f64).min(1.0))
    }

    /// `18 of 32`, or `18 waiting` without a limit.
    pub fn in_words(self) -> String {
        let level = human::count(self.level as u64);
        self.capacity
            .map_or(format!("{level} waiting"), |capacity| format!("{level} of {}", human::count(capacity as u64)))
    }
}

/// What flows from one stage to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// So many things a second, as a phrase.
    pub rate: String,
    /// The fullest channel, where there are any.
    pub fill: Option<Fill>,
    /// The least watermark that goes along it, where one does.
    pub watermark: Option<EventTime>,
    /// Whether somebody waits to send.
    pub is_blocked: bool,
    /// All of it in words.
    pub words: String,
}

/// A cause in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who it is.
    pub headline: String,
    /// Why, and how far it is felt.
    pub detail: String,
}

impl Model {
    /// The topology of a run at `now`.
    pub fn of(trace: &Trace, insight: &Insight, now: ProcTime) -> Self {
        let look = Look::new(trace, insight, now);
        let mut stages = vec![look.log(), look.tasks("Sources", TaskKind::Sources)];
        let mut edges = vec![look.reads(), look.exchange()];
        stages.push(look.tasks("Windows", TaskKind::Windows));
        if !insight.metrics.parts().is_empty() {
            stages.push(look.tasks("Merge", TaskKind::Merges));
            edges.push(look.parts());
        }
        stages.push(look.tasks("Sink", TaskKind::Sink));
        edges.push(look.panes());
        let said = |cause: &Cause| Said { headline: cause.headline.clone(), detail: cause.detail.clone() };
        Self {
            stages,
            edges,
            dead_letters: look.dead_letters(),
            causes: look.causes.iter().take(3).map(said).collect(),
            backlog: look.backlog(),
            held_back: look.held_back(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TaskKind {
    Sources,
    Windows,
    Merges,
    Sink,
}

/// A run at an instant.
struct Look<'a> {
    trace: &'a Trace,
    insight: &'a Insight,
    now: ProcTime,
    clock: Clock,
    causes: Vec<Cause>,
}

impl<'a> Look<'a> {
    fn new(trace: &'a Trace, insight: &'a Insight, now: ProcTime) -> Self {
        let causes = causes(trace, &insight.metrics, insight.recent(now));
        Self { trace, insight, now, clock: Clock::of(insight.metrics.span()), causes }
    }

    fn log(&self) -> Stage {
        let partitions = self.insight.metrics.partitions();
        let most = partitions.iter().map(|flow| flow.peak().0).max().unwrap_or(0).max(1);
        let row = |(place, flow): (usize, &crate::metrics::tasks::Flow)| {
            let lag = flow.level(self.now);
            // There are at most a few thousand partitions.
            let partition = PartitionId(place as u32);
            let silence = of_partition(self.trace, &self.insight.metrics, partition, self.now);
            let input = self.insight.metrics.inputs().of_partition(partition);
            let watermark = self.insight.metrics.inputs().watermark(input, self.now);
            let words = format!("Partition {place}: {}{}", many(lag, "unread record"), self.up_to(&silence));
            Row {
                number: if partitions.len() > 1 { place.to_string() } else { String::new() },
                bar: Bar::Lag(lag as f64 / most as f64),
                value: human::count(lag as u64),
                fill: None,
                watermark: known(watermark),
                silence: named(&silence),
                is_cause: false,
                words,
            }
        };
        let rows: Vec<Row> = partitions.iter().enumerate().map(row).collect();
        Stage { name: "Log", about: many(rows.len(), "partition"), rows }
    }

    fn tasks(&self, name: &'static str, kind: TaskKind) -> Stage {
        let of_kind = |task: &TaskId| match kind {
            TaskKind::Sources => matches!(task, TaskId::Source(_)),
            TaskKind::Windows => matches!(task, TaskId::Window(_)),
            TaskKind::Merges => matches!(task, TaskId::Merge(_)),
            TaskKind::Sink => matches!(task, TaskId::Sink),
        };
        let tasks: Vec<TaskId> = self.insight.metrics.tasks().filter(of_kind).collect();
        let is_alone = tasks.len() == 1;
        let rows = tasks.iter().enumerate().map(|(place, &task)| self.row(task, place, is_alone)).collect();
        Stage {
            name,
            about: if kind == TaskKind::Sink { "writes panes".to_owned() } else { many(tasks.len(), "task") },
            rows,
        }
    }

    fn row(&self, task: TaskId, place: usize, is_alone: bool) -> Row {
        let metrics = &self.insight.metrics;
        let shares = metrics.shares(task, self.insight.recent(self.now));
        let silence = of_task(self.trace, metrics, task, self.now);
        let watermark = known(match task {
            TaskId::Source(_) => {
                let inputs = metrics.inputs();
                let own = inputs.all().filter(|input| match input {
                    crate::metrics::tasks::Input::Partition(partition) => metrics.reader_of(*partition) == place,
                    crate::metrics::tasks::Input::Source(source) => usize::from(*source) == place,
                });
                let active = own.filter(|&input| inputs.idle_since(input, self.now).is_none());
                active.map(|input| inputs.watermark(input, self.now)).min().unwrap_or(EventTime::MIN)
            }
            _ => self.insight.watermark(self.trace, task, self.now),
        });
        let fill = self.fill_of(task);
        let [busy, idle, held] = [shares.busy, shares.idle, shares.backpressured].map(percent);
        let mut words = format!("{task}: {busy} busy, {idle} idle, {held} backpressured");
        if let Some(fill) = fill {
            words.push_str(&format!("; in front of it {}", fill.in_words()));
        }
        if let Some(watermark) = watermark {
            words.push_str(&format!("; watermark {}", self.tell(watermark)));
        }
        words.push_str(&self.up_to(&silence));
        // When the job was down, nobody was slow.
        let slow = self.causes.first().filter(|cause| cause.kind != CauseKind::JobDown);
        let is_cause = slow.is_some_and(|cause| cause.tasks.contains(&task));
        if is_cause {
            words.push_str("; the cause of the wait");
        }
        Row {
            number: if is_alone { String::new() } else { (place + 1).to_string() },
            bar: Bar::Task(shares),
            value: percent_short(shares.busy.max(shares.backpressured)),
            fill,
            watermark,
            silence: named(&silence),
            is_cause,
            words,
        }
    }

    /// What waits for a task.
    fn fill_of(&self, task: TaskId) -> Option<Fill> {
        let metrics = &self.insight.metrics;
        match task {
            TaskId::Source(_) | TaskId::DeadLetters => None,
            TaskId::Window(number) => {
                let credits = self.credits().map(|credits| credits * metrics.sources());
                Some(Fill { level: metrics.depth_of(usize::from(number), self.now), capacity: credits })
            }
            TaskId::Merge(number) => {
                let level = metrics.parts().get(usize::from(number))?.level(self.now);
                Some(Fill { level, capacity: None })
            }
            TaskId::Sink => {
                let capacity = self.trace.pipeline.tasks.sink_capacity as usize;
                Some(Fill { level: metrics.panes().level(self.now), capacity: Some(capacity) })
            }
        }
    }

    /// Records that may wait in one channel.
    fn credits(&self) -> Option<usize> {
        let pipeline = &self.trace.pipeline;
        (pipeline.tasks.overflow != Overflow::Unbounded).then_some(pipeline.queue_capacity as usize)
    }

    fn reads(&self) -> Edge {
        let rate = rate(self.insight.metrics.log().rate_out(self.insight.recent(self.now)));
        Edge {
            words: format!("From the log to the sources: {rate}"),
            rate,
            fill: None,
            watermark: None,
            is_blocked: false,
        }
    }

    fn exchange(&self) -> Edge {
        let metrics = &self.insight.metrics;
        let recent = self.insight.recent(self.now);
        let pairs =
            (0..metrics.sources()).flat_map(|source| (0..metrics.windows()).map(move |window| (source, window)));
        let (mut per_s, mut fullest) = (0.0, 0);
        for (source, window) in pairs {
            let channel = metrics.channel(source, window);
            per_s += channel.rate_in(recent);
            fullest = fullest.max(channel.level(self.now));
        }
        let fill = Fill { level: fullest, capacity: self.credits() };
        let (watermark, _) = metrics.inputs().holders(self.now);
        let is_blocked = self.waits(|task| matches!(task, TaskId::Source(_)));
        self.edge("From the sources to the windows", rate(per_s), fill, known(watermark), is_blocked)
    }

    fn parts(&self) -> Edge {
        let metrics = &self.insight.metrics;
        let recent = self.insight.recent(self.now);
        let per_s = metrics.parts().iter().map(|parts| parts.rate_in(recent)).sum();
        let level = metrics.parts().iter().map(|parts| parts.level(self.now)).max().unwrap_or(0);
        let least =
            (0..metrics.windows()).map(|task| self.insight.watermark(self.trace, TaskId::window(task), self.now));
        let watermark = known(least.min().unwrap_or(EventTime::MIN));
        let is_blocked = self.waits(|task| matches!(task, TaskId::Window(_)));
        self.edge(
            "Parts from the windows to the merge",
            rate(per_s),
            Fill { level, capacity: None },
            watermark,
            is_blocked,
        )
    }

    fn panes(&self) -> Edge {
        let metrics = &self.insight.metrics;
        let per_s = metrics.panes().rate_in(self.insight.recent(self.now));
        let capacity = Some(self.trace.pipeline.tasks.sink_capacity as usize);
        let fill = Fill { level: metrics.panes().level(self.now), capacity };
        let has_merges = !metrics.parts().is_empty();
        let is_blocked =
            self.waits(|task| matches!((task, has_merges), (TaskId::Window(_), false) | (TaskId::Merge(_), true)));
        self.edge("Panes to the sink", rate(per_s), fill, known(self.trace.watermark_at(self.now)), is_blocked)
    }

    fn edge(&self, what: &str, rate: String, fill: Fill, watermark: Option<EventTime>, is_blocked: bool) -> Edge {
        let mut words = format!("{what}: {rate}; the fullest channel holds {}", fill.in_words());
        if let Some(watermark) = watermark {
            words.push_str(&format!("; watermark {}", self.tell(watermark)));
        }
        if is_blocked {
            words.push_str("; a sender waits");
        }
        Edge { rate, fill: Some(fill), watermark, is_blocked, words }
    }

    fn waits(&self, is_one: impl Fn(TaskId) -> bool) -> bool {
        let metrics = &self.insight.metrics;
        metrics.tasks().filter(|&task| is_one(task)).any(|task| metrics.wait_at(task, self.now).is_some())
    }

    fn dead_letters(&self) -> Option<usize> {
        let has_any =
            !self.trace.stream.production().poison.is_empty() || !self.trace.pipeline.gate.versions.is_empty();
        (has_any && self.trace.pipeline.gate.policy == GatePolicy::DeadLetter).then(|| {
            let handled = self.trace.at(self.now).handled;
            self.trace.fates[..handled].iter().filter(|fate| **fate == Fate::DeadLettered).count()
        })
    }

    /// `; starved: nothing has come since 12:06:02`, or nothing.
    fn up_to(&self, silence: &Silence) -> String {
        match named(silence) {
            None => String::new(),
            Some(word) => format!("; {word}: {}", silence.reason(self.clock)),
        }
    }

    fn backlog(&self) -> String {
        let log = self.insight.metrics.log();
        let lag = log.level(self.now);
        if lag == 0 {
            return String::new();
        }
        let when = match log.predicted_clearing(self.now) {
            Clearing::Empty | Clearing::Unknown => String::new(),
            Clearing::In(span) => format!(", clear in {} at this pace", human::span(span)),
            Clearing::Never { growth } => format!(", growing by {}", rate(growth)),
        };
        format!("{} unread in the log{when}", many(lag, "record"))
    }

    fn held_back(&self) -> String {
        let metrics = &self.insight.metrics;
        // There are at most a few thousand partitions.
        let partitions = (0..metrics.partitions().len()).map(|place| PartitionId(place as u32));
        let mut silences = partitions.map(|partition| of_partition(self.trace, metrics, partition, self.now));
        let held = silences.find(|silence| matches!(silence, Silence::HeldBack { .. }));
        held.map_or(String::new(), |silence| format!("The watermark is held back {}.", silence.reason(self.clock)))
    }

    fn tell(&self, watermark: EventTime) -> String {
        self.clock.tell(watermark.on_proc_clock())
    }
}

/// The name of a silence; `None` for what is active.
fn named(silence: &Silence) -> Option<&'static str> {
    (!silence.is_active()).then(|| silence.word())
}

/// A watermark that says something: neither none yet, nor the final one.
fn known(watermark: EventTime) -> Option<EventTime> {
    (watermark > EventTime::MIN && watermark < EventTime::MAX).then_some(watermark)
}
