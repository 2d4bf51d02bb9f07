//! What everything waits for: why the watermark stands where it does at an instant.

use crate::explain::case::{Case, length};
use crate::explain::group::Group;
use crate::explain::silence::{clause, fault_step, faults_within, stops};
use crate::explain::story::{Explanation, Link, Mark, Prose, Step, Subject};
use crate::human::count;
use crate::metrics::tasks::silence::of_partition;
use crate::metrics::tasks::{Input, TaskMetrics, phrase};
use crate::record::{PartitionId, RecordId};
use crate::runtime::{Trace, WatermarkStep};
use crate::time::{EventTime, ProcTime};
use crate::window::pane::Window;

/// A stretch of time in which the watermark stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// Where it stood; [`EventTime::MIN`] before the first.
    pub watermark: EventTime,
    /// Since when.
    pub from: ProcTime,
    /// When it rose again; `None` where it did not by the end of the run.
    pub until: Option<ProcTime>,
}

/// Between which two rises an instant lies. `None` for an empty run.
pub fn stand(trace: &Trace, at: ProcTime) -> Option<Stand> {
    let (first, _) = trace.span()?;
    let risen = trace.watermarks.partition_point(|step| step.at <= at);
    let last = risen.checked_sub(1).map(|last| trace.watermarks[last]);
    Some(Stand {
        watermark: last.map_or(EventTime::MIN, |step| step.watermark),
        from: last.map_or(first, |step| step.at),
        until: trace.watermarks.get(risen).map(|step| step.at),
    })
}

/// Explains the watermark at an instant; `None` without metrics, and for an empty run.
pub fn explain(case: &Case<'_>, at: ProcTime) -> Option<Explanation> {
    let metrics = case.metrics?;
    let stand = stand(case.trace, at)?;
    let end = stand.until.or(case.trace.span().map(|(_, last)| last)).unwrap_or(at).max(at);
    let stood = end - stand.from;
    let (_, holders) = metrics.inputs().holders(at);
    let faults = faults_within(case, stand.from, end, stops);
    let waiting = waiting_windows(case, metrics, &stand, at);
    let title = match stand.until {
        Some(_) => format!("The watermark stood for {}", length(stood)),
        None => "The watermark does not rise any more".to_owned(),
    };
    let mut prose = Prose::default();
    place(case, &stand, &mut prose);
    blame(case, metrics, &holders, at, &mut prose);
    named(&faults, &mut prose);
    moral(case, &holders, &waiting, &mut prose);
    Some(Explanation {
        subject: Subject::Watermark { at },
        name: format!("the watermark at {}", case.at(at)),
        title,
        mark: Mark::Watermark,
        prose,
        steps: steps(case, &stand, &holders, &faults, &waiting, at),
        horizon: None,
        group: group(case, &stand, end),
    })
}

fn place(case: &Case<'_>, stand: &Stand, prose: &mut Prose) {
    if stand.watermark == EventTime::MIN {
        prose.say("There was no watermark yet: nobody had promised anything.");
        return;
    }
    prose.say("At ").value(case.at(stand.from)).say(" it rose to ").value(case.happened(stand.watermark));
    match stand.until {
        Some(until) => prose.say(", and not again before ").value(case.at(until)).say("."),
        None => prose.say(", and not again."),
    };
}

/// The inputs that held it, and what they were up to.
fn blame(case: &Case<'_>, metrics: &TaskMetrics, holders: &[Input], at: ProcTime, prose: &mut Prose) {
    if let Some(since) = case.trace.recovery.as_ref().and_then(|log| log.down_since(at)) {
        prose.sentence().say("The job had failed and was down since ").value(case.at(since)).say(".");
        return;
    }
    let inputs = metrics.inputs();
    if inputs.all().count() < 2 {
        let silence = of_partition(case.trace, metrics, PartitionId(0), at);
        if !silence.is_active() {
            prose.sentence().say("Its only input ").say(clause(case, &silence)).say(".");
        } else {
            prose.sentence().say("Only a record that happened later than all others raises it, and none came.");
        }
        return;
    }
    let Some(&holder) = holders.first() else {
        if inputs.all().all(|input| inputs.idle_since(input, at).is_some()) {
            prose.sentence().say("Every input is idle, so nobody raises it.");
        }
        return;
    };
    let of_holder = (0..metrics.partitions().len()).map(|place| PartitionId(place as u32));
    let partitions: Vec<PartitionId> = of_holder.filter(|&p| metrics.input_of(p, at) == holder).collect();
    let silences = partitions.iter().map(|&partition| of_partition(case.trace, metrics, partition, at));
    let silence = silences.into_iter().find(|silence| !silence.is_active());
    prose.sentence().say("It is the least of its inputs: ").value(holder.to_string());
    if holders.len() > 1 {
        prose.say(format!(" and {} more", count(holders.len() as u64 - 1)));
    }
    prose.say(" ").say(silence.map_or("is the furthest behind".to_owned(), |silence| clause(case, &silence)));
    let ahead = inputs.all().map(|input| inputs.watermark(input, at)).max().unwrap_or(EventTime::MIN);
    let own = inputs.watermark(holder, at);
    if own > EventTime::MIN && ahead > own {
        prose.say("; others are ").value(length(ahead - own)).say(" further");
    }
    prose.say(".");
}

fn named(faults: &[(u32, &crate::scenario::Fault, ProcTime, ProcTime)], prose: &mut Prose) {
    let names: Vec<String> = faults.iter().map(|(_, fault, ..)| fault.in_words()).collect();
    if !names.is_empty() {
        prose.sentence().say("Meanwhile: ").value(phrase::list(&names)).say(".");
    }
}

fn moral(case: &Case<'_>, holders: &[Input], waiting: &[Window], prose: &mut Prose) {
    let has_timeout = case.trace.pipeline.watermark_options.idle_after.is_some();
    if !holders.is_empty() && !has_timeout && case.metrics.is_some_and(|m| m.inputs().all().count() > 1) {
        prose.sentence().say("Silence is not idleness: without a timeout a silent input counts as slow.");
    }
    if !waiting.is_empty() {
        let plural = if waiting.len() == 1 { "window waits" } else { "windows wait" };
        prose.sentence().value(count(waiting.len() as u64)).say(format!(" {plural} for it."));
    }
}

/// Windows that would be complete if everybody were as far as the one that is furthest.
fn waiting_windows(case: &Case<'_>, metrics: &TaskMetrics, stand: &Stand, at: ProcTime) -> Vec<Window> {
    let inputs = metrics.inputs();
    let ahead = inputs.all().map(|input| inputs.watermark(input, at)).max().unwrap_or(EventTime::MIN);
    let lives = case.trace.windows.iter().filter(|life| life.opened_at <= at);
    let open = lives.filter(|life| stand.watermark < life.window.end && life.window.end <= ahead);
    let mut windows: Vec<Window> = open.map(|life| life.window).collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}

fn steps(
    case: &Case<'_>,
    stand: &Stand,
    holders: &[Input],
    faults: &[(u32, &crate::scenario::Fault, ProcTime, ProcTime)],
    waiting: &[Window],
    at: ProcTime,
) -> Vec<Step> {
    let mut steps: Vec<Step> =
        faults.iter().map(|&(place, fault, from, until)| fault_step(place, fault, from, until)).collect();
    let step_at = |at: ProcTime| case.trace.watermarks.iter().find(|step| step.at == at);
    let link = |step: &WatermarkStep| step.raised_by.map_or(Link::Instant(step.at), Link::Record);
    if let Some(step) = step_at(stand.from) {
        let rise = Step::new(step.at, "rose the last time", Mark::Watermark, link(step));
        steps.push(rise.detail(format!("W {}", case.happened(step.watermark))));
    }
    if let (Some(metrics), Some(&holder)) = (case.metrics, holders.first())
        && metrics.inputs().all().count() > 1
    {
        let rose = metrics.inputs().last_rise(holder, at);
        let when = rose.map_or(stand.from, |(at, _)| at);
        let target = match holder {
            Input::Partition(partition) => Link::Partition { partition, at },
            Input::Source(_) => Link::Instant(when),
        };
        let claim = rose.map_or("no watermark yet".to_owned(), |(_, own)| format!("W {}", case.happened(own)));
        steps.push(Step::new(when, format!("{holder} speaks last"), Mark::Waiting, target).detail(claim));
    }
    if let Some(step) = stand.until.and_then(step_at) {
        let rise = Step::new(step.at, "rose again", Mark::Watermark, link(step));
        steps.push(rise.detail(case.raiser(step)));
        let fired = case
            .trace
            .panes
            .iter()
            .enumerate()
            .find(|(_, pane)| pane.emitted_at >= step.at && waiting.contains(&pane.window) && !pane.is_retraction);
        if let Some((place, pane)) = fired {
            let amount = count(waiting.len() as u64);
            let what = if waiting.len() == 1 { "window fires" } else { "windows fire" };
            let step = Step::new(pane.emitted_at, format!("{amount} {what}"), Mark::Fired, Link::Pane(place as u32));
            steps.push(step.detail(format!("from {}", case.window_start(waiting[0]))));
        }
    }
    steps.sort_by_key(|step| step.at.micros());
    steps
}

/// What arrived while it stood.
fn group(case: &Case<'_>, stand: &Stand, end: ProcTime) -> Option<Group> {
    let arrivals = case.trace.stream.arrivals();
    let inside = arrivals.iter().enumerate().filter(|&(_, &at)| stand.from < at && at <= end);
    let group = Group::of(case.trace, "Came while it stood", "", inside.map(|(place, _)| RecordId(place as u32)));
    (!group.is_empty()).then_some(group)
}
