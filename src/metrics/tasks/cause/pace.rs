//! How long a task took for a thing, against how long it is set to: a task that was slower for a while and
//! flooded for another is two causes, and each has its own spells.

use crate::metrics::tasks::activity::TaskMetrics;
use crate::metrics::tasks::cause::measure::records_in;
use crate::metrics::tasks::cause::suspects::{Suspect, spells};
use crate::metrics::tasks::intervals::{Intervals, Stretch};
use crate::runtime::{TaskId, Trace};
use crate::time::Span;

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

/// How long a thing took in a stretch, on average over these tasks, and how many things that were; `None`
/// where they did nothing, or took no time.
pub fn service(trace: &Trace, metrics: &TaskMetrics, tasks: &[TaskId], stretch: Stretch) -> Option<(Span, usize)> {
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
    let is_slowed = |spell: &Stretch| {
        let pace = service(trace, metrics, &suspect.tasks, *spell);
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
