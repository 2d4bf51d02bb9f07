//! How long a task took for a thing, against how long it is set to: a task that was slower for a while and
//! flooded for another is two causes, and each has its own spells.

use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::cause::measure::records_in;
use crate::metrics::tasks::cause::suspects::{Suspect, spells};
use crate::metrics::tasks::flow::Flow;
use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::metrics::tasks::targets::Targets;
use crate::runtime::{Fate, TaskId, Trace};
use crate::time::{ProcTime, Span};

/// A service time of so many times what is set counts as slowed.
pub const SLOWED: f64 = 1.5;

/// Fewer things than this in a spell say nothing about its pace.
const LEAST_THINGS: usize = 10;

/// How long a task is set to take for a thing.
pub fn set_time(trace: &Trace, task: TaskId) -> Span {
    let pipeline = &trace.pipeline;
    match task {
        TaskId::Source(_) => pipeline.tasks.source_time,
        TaskId::Window(_) => pipeline.service_time,
        TaskId::Merge(_) => pipeline.tasks.merge_time.unwrap_or(pipeline.service_time),
        TaskId::Sink => pipeline.tasks.sink_time,
        TaskId::DeadLetters => Span::ZERO,
    }
}

/// What tasks have to do, from when each thing came until one of them began with it.
pub struct Work(Option<Flow>);

impl Work {
    /// Of these tasks, which are of one kind. What was given up on the way is never begun: it came, and
    /// was too much. O(n log n).
    pub fn of(trace: &Trace, metrics: &TaskMetrics, tasks: &[TaskId]) -> Self {
        Self(match tasks {
            [TaskId::Window(_), ..] => Some(records_for(trace, metrics, tasks)),
            [TaskId::Source(_), ..] => Some(metrics.log().clone()),
            [TaskId::Merge(number), ..] => metrics.parts().get(usize::from(*number)).cloned(),
            [TaskId::Sink, ..] => Some(metrics.panes().clone()),
            [TaskId::DeadLetters, ..] | [] => None,
        })
    }

    /// While more and more was waiting in a spell in which it held somebody up: from when the first of it
    /// began to wait, to when it was most. The end is that of the spell where that is near.
    pub fn rush(&self, spell: Stretch) -> Stretch {
        let Some(flow) = &self.0 else { return spell };
        let from = flow.occupied().at(spell.from).map_or(spell.from, |waiting| waiting.from.min(spell.from));
        let near = Span::from_micros(spell.length().micros() / 20);
        let most = flow.fullest_within(spell).filter(|&at| at > from && spell.until - at > near);
        Stretch::new(from, most.unwrap_or(spell.until))
    }

    /// How long a thing took around a spell, and how many things that were: as long as in the spell, or as
    /// in the rush to it where that is far longer. A slowdown may be over when what it left still waits.
    pub fn pace(
        &self,
        trace: &Trace,
        metrics: &TaskMetrics,
        tasks: &[TaskId],
        spell: Stretch,
    ) -> Option<(Span, usize)> {
        let of = |stretch| service(trace, metrics, tasks, stretch);
        let in_spell = of(spell)?;
        let in_rush = of(self.rush(spell)).filter(|&(_, things)| things >= LEAST_THINGS);
        let limit = SLOWED * in_spell.0.as_secs_f64();
        Some(in_rush.filter(|(pace, _)| pace.as_secs_f64() >= limit).unwrap_or(in_spell))
    }
}

/// The records for some window tasks.
fn records_for(trace: &Trace, metrics: &TaskMetrics, tasks: &[TaskId]) -> Flow {
    let targets = Targets::of(trace);
    let is_theirs = |place: usize| {
        metrics.windows() == tasks.len()
            || u16::try_from(targets.of_record(trace, place)).is_ok_and(|task| tasks.contains(&TaskId::Window(task)))
    };
    let (mut entered, mut left) = (Vec::new(), Vec::new());
    for place in (0..trace.stream.len()).filter(|&place| is_theirs(place)) {
        let fate = trace.fates[place];
        if !matches!(fate, Fate::Rejected | Fate::DeadLettered) {
            entered.push(trace.stream.arrivals()[place]);
            left.push(if fate.is_handled() { trace.started[place] } else { ProcTime::MAX });
        }
    }
    Flow::new(entered, left)
}

/// How long a thing took in a stretch, on average over these tasks, and how many things that were; `None`
/// where they did nothing, or took no time.
fn service(trace: &Trace, metrics: &TaskMetrics, tasks: &[TaskId], stretch: Stretch) -> Option<(Span, usize)> {
    let (mut busy, mut done) = (0_i64, 0_usize);
    for &task in tasks {
        let (time, things) = match task {
            TaskId::Window(number) => of_window(trace, number, stretch),
            TaskId::Source(_) | TaskId::Merge(_) | TaskId::Sink | TaskId::DeadLetters => {
                (metrics.busy(task).covered(stretch).micros(), metrics.finished(task, stretch))
            }
        };
        busy = busy.saturating_add(time);
        done += things;
    }
    let mean = i64::try_from(done).ok().and_then(|done| busy.checked_div(done))?;
    (mean > 0).then(|| (Span::from_micros(mean), done))
}

/// The time that a window task worked on the records that it finished in a stretch, and how many.
fn of_window(trace: &Trace, number: u16, stretch: Stretch) -> (i64, usize) {
    let own = records_in(trace, stretch)
        .filter(|&place| trace.fates[place].is_handled() && trace.tasks.get(place).is_none_or(|&task| task == number));
    own.fold((0, 0), |(time, records), place| {
        (time + (trace.handled[place] - trace.started[place]).micros(), records + 1)
    })
}

/// A suspect as it is, or one for the spells in which it was slower than it is set to and one for the
/// others.
pub fn by_pace(trace: &Trace, metrics: &TaskMetrics, stretch: Stretch, suspect: Suspect) -> Vec<Suspect> {
    let Some(&first) = suspect.tasks.first() else { return vec![suspect] };
    let limit = SLOWED * set_time(trace, first).as_secs_f64();
    let work = Work::of(trace, metrics, &suspect.tasks);
    let is_slowed = |spell: &Stretch| {
        let pace = work.pace(trace, metrics, &suspect.tasks, *spell);
        pace.is_some_and(|(pace, things)| things >= LEAST_THINGS && pace.as_secs_f64() >= limit)
    };
    let all = spells(&suspect.held, metrics.span(), stretch.until);
    let (slowed, usual): (Vec<Stretch>, Vec<Stretch>) =
        all.into_iter().map(|spell| spell.within(metrics.span())).partition(is_slowed);
    if slowed.is_empty() || usual.is_empty() {
        return vec![suspect];
    }
    let part = |spells: Vec<Stretch>| {
        let held = suspect.held.intersect(&Intervals::of_unsorted(spells));
        Suspect { held, ..suspect.clone() }
    };
    vec![part(slowed), part(usual)]
}
