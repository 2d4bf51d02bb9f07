//! Which settings are worth trying for an outcome, by what was the cause of it.

use crate::explain::case::Case;
use crate::explain::missed::{just_missed, was_gone, windows_of};
use crate::explain::price::knobs::{self, Candidate};
use crate::explain::price::{Goal, NoFix};
use crate::explain::window;
use crate::record::RecordId;
use crate::runtime::Fate;
use crate::time::{ProcTime, Span};
use crate::window::dialect::Dialect;

/// A record that waited longer than this may have been late because of it.
const LONG_WAIT: Span = Span::from_secs(1);

/// What to try, the most fitting first. What cannot help by its nature goes to `impossible`.
pub(super) fn of(case: &Case<'_>, goal: &Goal, impossible: &mut Vec<NoFix>) -> Vec<Candidate> {
    match *goal {
        Goal::Count(id) => uncounted(case, &[id], impossible, true),
        Goal::OnTime(id) => on_time(case, id, impossible),
        Goal::GoOn(_) => knobs::gate_policy(case.scenario).into_iter().collect(),
        Goal::Complete { key, window } => {
            let missing = window::missing(case, key, window);
            if missing.is_empty() {
                return knobs::delivery(case.scenario).into_iter().collect();
            }
            uncounted(case, &missing, impossible, false)
        }
        Goal::Fire { .. } => {
            let base = case.scenario;
            let last = case.trace.watermarks.last().map_or(case.origin, |step| step.at);
            let end = case.trace.span().map_or(last, |(_, last)| last);
            let idle = has_others(case).then(|| knobs::sooner_idle(base, end - last + LONG_WAIT)).flatten();
            [idle, knobs::shorter_bound(base), knobs::flush(base), knobs::default_trigger(base)]
                .into_iter()
                .flatten()
                .collect()
        }
        Goal::Rise { at, .. } => standing(case, at, impossible),
    }
}

/// For records that are in no result, by what became of most of them.
fn uncounted(case: &Case<'_>, ids: &[RecordId], impossible: &mut Vec<NoFix>, is_one: bool) -> Vec<Candidate> {
    let base = case.scenario;
    let fate = |id: &RecordId| case.trace.fates[id.index()];
    let is_late = |id: &&RecordId| matches!(fate(id), Fate::DroppedLate | Fate::SideOutput | Fate::Counted);
    let late: Vec<RecordId> = ids.iter().filter(is_late).copied().collect();
    let mut all = Vec::new();
    if !late.is_empty() {
        all.extend(late_records(case, &late, impossible, is_one));
    }
    if ids.iter().any(|id| fate(id) == Fate::Shed) {
        all.extend(knobs::block(base));
        all.extend(knobs::queue(base));
        all.extend(knobs::faster(base));
    }
    if ids.iter().any(|id| fate(id) == Fate::Lost) {
        all.extend(knobs::delivery(base));
        all.extend(knobs::retention(base));
        all.extend(knobs::faster(base));
    }
    if ids.iter().any(|id| fate(id) == Fate::Rejected) {
        all.extend(knobs::gate_policy(base));
    }
    if ids.iter().any(|id| matches!(fate(id), Fate::Rejected | Fate::DeadLettered)) {
        let why = "No setting makes it readable: what writes it has to be mended, or the schema widened.";
        impossible.push(NoFix { knob: "Schema", why: why.to_owned() });
    }
    if ids.iter().any(|id| fate(id) == Fate::Unassigned) {
        all.extend(knobs::slide(base));
    }
    all
}

fn late_records(case: &Case<'_>, ids: &[RecordId], impossible: &mut Vec<NoFix>, is_one: bool) -> Vec<Candidate> {
    let (trace, base) = (case.trace, case.scenario);
    let missed: Option<Vec<_>> = ids.iter().map(|&id| just_missed(trace, id)).collect();
    let most = |of: fn(&crate::explain::JustMissed) -> Span| missed.as_ref().and_then(|all| all.iter().map(of).max());
    let mut all = Vec::new();
    if trace.inputs.iter().any(|step| step.status == crate::watermark::InputStatus::Idle) {
        all.extend(knobs::later_idle(base));
    }
    if ids.iter().any(|&id| raised_from_the_future(case, id)) {
        all.extend(knobs::future_guard(base));
    }
    let is_finished = ids.iter().any(|&id| windows_of(trace, id).iter().all(|&window| !was_gone(trace, window, id)));
    if is_finished {
        all.extend(knobs::default_trigger(base));
    }
    match trace.pipeline.dialect {
        Dialect::AzureStreamAnalytics => {
            let why = "Azure Stream Analytics corrects nothing: what is too late at the door stays out.";
            impossible.push(NoFix { knob: "Allowed lateness", why: why.to_owned() });
        }
        _ => all.push(knobs::lateness(base, most(|it| it.allowed_lateness))),
    }
    all.extend(knobs::bound(base, most(|it| it.bound)));
    all.extend(knobs::quantile(base));
    if trace.stream.partitions() > 1 {
        all.extend(knobs::per_partition(base));
        all.extend(knobs::alignment(base));
    }
    let waited = |id: &RecordId| trace.started[id.index()] - trace.stream.arrivals()[id.index()] > LONG_WAIT;
    if ids.iter().any(|id| waited(id) && trace.handled[id.index()] < ProcTime::MAX) {
        all.extend(knobs::faster(base).into_iter().filter(|_| trace.pipeline.tasks.windows > 1));
    }
    if is_one {
        all.extend(knobs::side_output(base));
        all.extend(knobs::window_size(base));
    }
    all
}

/// Whether the watermark that passed the record's last window came from an event time ahead of its arrival.
fn raised_from_the_future(case: &Case<'_>, id: RecordId) -> bool {
    let trace = case.trace;
    let end = windows_of(trace, id).into_iter().map(|window| window.end).max();
    let step = end.and_then(|end| case.reached(end + trace.pipeline.allowed_lateness));
    step.and_then(|step| step.raised_by).is_some_and(|raiser| trace.stream.delay(raiser).is_negative())
}

fn on_time(case: &Case<'_>, id: RecordId, impossible: &mut Vec<NoFix>) -> Vec<Candidate> {
    let (trace, base) = (case.trace, case.scenario);
    let behind = trace.watermark_before[id.index()] - trace.stream.event_times()[id.index()];
    let is_exact = trace.pipeline.watermark_options == crate::pipeline::WatermarkOptions::default();
    let hint = match trace.pipeline.watermark {
        crate::pipeline::WatermarkSpec::Bounded { bound } if is_exact => Some(bound + behind - Span::from_micros(1)),
        _ => None,
    };
    let mut all: Vec<Candidate> = knobs::bound(base, hint).into_iter().chain(knobs::quantile(base)).collect();
    if trace.stream.partitions() > 1 {
        all.extend(knobs::per_partition(base));
    }
    let why = "It corrects a result that has been given; it makes none wait.";
    impossible.push(NoFix { knob: "Allowed lateness", why: why.to_owned() });
    all
}

/// Whether there is an input that could raise the watermark while another is silent.
fn has_others(case: &Case<'_>) -> bool {
    case.trace.stream.partitions() > 1
        && (case.trace.pipeline.watermark_options.per_partition || case.trace.pipeline.tasks.sources > 1)
}

fn standing(case: &Case<'_>, at: ProcTime, impossible: &mut Vec<NoFix>) -> Vec<Candidate> {
    let base = case.scenario;
    let since = crate::explain::silence::stand(case.trace, at).map_or(at, |stand| stand.from);
    let mut all = Vec::new();
    if has_others(case) {
        all.extend(knobs::sooner_idle(base, at - since));
    } else {
        let why = "It leaves silent inputs out, and there is only one: nobody else could raise the watermark.";
        impossible.push(NoFix { knob: "Idle after", why: why.to_owned() });
    }
    let arrivals = case.trace.stream.len();
    let mut delays: Vec<Span> = (0..arrivals as u32).map(|id| case.trace.stream.delay(RecordId(id))).collect();
    delays.sort_unstable();
    let most = delays.get(arrivals.saturating_sub(1) * 99 / 100).copied().unwrap_or_default();
    all.extend(knobs::clock_watermark(base, most.max(Span::from_secs(1))));
    if case.trace.waits.iter().any(|wait| wait.from <= at && at < wait.until) {
        all.extend(knobs::faster(base));
    }
    all
}
