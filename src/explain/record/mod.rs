//! Why a record was counted, dropped, refused or lost: where it was when, which watermark met it, and
//! what kept it.

mod outcome;
mod steps;

use crate::explain::case::{Case, length};
use crate::explain::group::{Group, Outcome};
use crate::explain::missed::{was_gone, windows_of};
use crate::explain::story::{Explanation, Horizon, Mark, Prose, Subject};
use crate::explain::touched::{How, Touch, touched};
use crate::record::{Record, RecordId};
use crate::runtime::{Fate, WindowEnd, WindowLife};
use crate::scenario::Fault;
use crate::time::{EventTime, ProcTime, Span};
use crate::window::pane::{Window, WindowId};

/// A delay or a wait below this is everyday life, and not worth a sentence.
const NOTABLE: Span = Span::from_millis(100);

/// One window of a record.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    window: Window,
    /// Its state as the record found it, or would have; `None` where it was never opened.
    life: Option<(WindowId, &'a WindowLife)>,
    /// Whether the state was gone, by the watermark that met the record.
    gone: bool,
    /// When the state went, or when the watermark passed what would have been kept.
    closed_at: Option<ProcTime>,
}

/// Everything that is told of a record.
struct Facts<'a> {
    case: Case<'a>,
    id: RecordId,
    record: Record,
    fate: Fate,
    /// The watermark that met it.
    met: EventTime,
    arrival: ProcTime,
    enqueued: ProcTime,
    started: ProcTime,
    handled: ProcTime,
    places: Vec<Place<'a>>,
    touches: Vec<Touch<'a>>,
}

/// Explains one record; `None` when the stream has no such record.
pub(super) fn explain(case: &Case<'_>, id: RecordId) -> Option<Explanation> {
    let facts = Facts::of(case, id)?;
    let (title, mark) = outcome::title(&facts);
    Some(Explanation {
        subject: Subject::Record(id),
        name: format!("record {}", id.0),
        title,
        mark,
        prose: prose(&facts),
        steps: steps::steps(&facts),
        horizon: horizon(&facts),
        group: group(&facts),
    })
}

impl<'a> Facts<'a> {
    fn of(case: &Case<'a>, id: RecordId) -> Option<Self> {
        let trace = case.trace;
        let (i, fate) = (id.index(), *trace.fates.get(id.index())?);
        let record = trace.stream.record(id);
        let handled = trace.handled[i];
        let places = if fate.is_handled() {
            windows_of(trace, id).into_iter().map(|window| place(case, id, &record, window)).collect()
        } else {
            Vec::new()
        };
        Some(Self {
            case: *case,
            id,
            record,
            fate,
            met: trace.watermark_before[i],
            arrival: trace.stream.arrivals()[i],
            enqueued: trace.enqueued[i],
            started: trace.started[i],
            handled,
            places,
            touches: touched(case, id),
        })
    }

    fn delay(&self) -> Span {
        self.arrival.since_event(self.record.event_time)
    }

    /// How long it waited between log and handling; zero where it never was handled.
    fn waited(&self) -> Span {
        if self.handled == ProcTime::MAX { Span::ZERO } else { self.started - self.arrival }
    }

    fn is_behind(&self) -> bool {
        self.record.event_time < self.met
    }

    fn touch(&self, how: How) -> Option<&Touch<'a>> {
        self.touches.iter().find(|touch| touch.how == how)
    }

    /// The window that was kept longest.
    fn last_place(&self) -> Option<&Place<'a>> {
        self.places.iter().max_by_key(|place| place.window.end)
    }

    /// Whether every window of it was over, by the watermark that met it.
    fn all_gone(&self) -> bool {
        !self.places.is_empty() && self.places.iter().all(|place| place.gone)
    }
}

fn place<'a>(case: &Case<'a>, id: RecordId, record: &Record, window: Window) -> Place<'a> {
    let trace = case.trace;
    let handled = trace.handled[id.index()];
    let lives = trace.windows.iter().enumerate().filter(|(_, life)| {
        life.key == record.key && life.opened_at <= handled && {
            let is_session = matches!(trace.pipeline.window, crate::pipeline::WindowSpec::Session { .. });
            life.window == window || (is_session && life.window.contains(record.event_time))
        }
    });
    let life = lives.last().map(|(number, life)| (WindowId(number as u32), life));
    let gone = was_gone(trace, window, id);
    let by_watermark =
        case.reached(window.end + trace.pipeline.allowed_lateness).map(|step| step.at).filter(|&at| at <= handled);
    let closed_at = match life.map(|(_, life)| life.end) {
        Some(WindowEnd::Closed { at }) if gone => Some(at),
        _ if gone => by_watermark,
        _ => None,
    };
    Place { window, life, gone, closed_at }
}

/// What happened and why, in one to three sentences.
fn prose(facts: &Facts<'_>) -> Prose {
    let mut prose = Prose::default();
    let case = &facts.case;
    let name = case.trace.stream.key_table().name(facts.record.key);
    if name.is_empty() {
        prose.say("It says ");
    } else {
        prose.value(name).say(" sent ");
    }
    prose.value(super::case::number(facts.record.value)).say(" at ");
    prose.value(case.happened(facts.record.event_time)).say(".");
    if case.trace.stream.production().is_by_hand(facts.id) {
        prose.sentence().say("It was put in by hand.");
    }
    arrival(facts, &mut prose);
    outcome::tell(facts, &mut prose);
    prose
}

/// How and when it reached the log.
fn arrival(facts: &Facts<'_>, prose: &mut Prose) {
    if let Some(touch) = facts.touch(How::Misread)
        && let Fault::ClockJump { by, .. } = touch.fault
    {
        let side = if by.is_negative() { "behind" } else { "ahead" };
        prose
            .sentence()
            .say("The clock of its producer was ")
            .value(length(*by))
            .say(format!(" {side}, so that is not"));
        prose.say(" when it happened.");
    }
    let delay = facts.delay();
    if delay.is_negative() {
        prose.sentence().say("It reached the log ").value(length(delay)).say(" before that: its clock runs ahead.");
        return;
    }
    if delay < NOTABLE {
        return;
    }
    prose.sentence();
    match facts.touch(How::Delayed).map(|touch| touch.fault) {
        Some(Fault::Offline { .. }) => prose.say("It was offline, so the record reached the log "),
        Some(Fault::LeaderFails { .. }) => prose.say("Its partition had no leader, so it reached the log "),
        Some(_) => prose.say("It was held back on the way, so it reached the log "),
        None => prose.say("The record reached the log "),
    };
    prose.value(length(delay)).say(" later.");
}

/// How late is too late, of what came after the end of its window.
fn horizon(facts: &Facts<'_>) -> Option<Horizon> {
    let place = facts.last_place()?;
    if place.window == Window::ALL || !facts.met.is_finite() || facts.met < place.window.end {
        return None;
    }
    let lateness = facts.case.trace.pipeline.allowed_lateness;
    Some(Horizon { window: place.window, lateness, past_end: facts.met - place.window.end })
}

/// Those that shared the cause, or else the window.
fn group(facts: &Facts<'_>) -> Option<Group> {
    let (case, trace) = (&facts.case, facts.case.trace);
    let stream = &trace.stream;
    let all = || (0..stream.len() as u32).map(RecordId);
    let name = stream.key_table().name(facts.record.key);
    let of_key = if name.is_empty() { String::new() } else { format!("of {name}") };
    if let Some(touch) = facts.touches.iter().find(|touch| touch.how == How::Delayed) {
        let shares = |id: &RecordId| {
            let at = stream.event_times()[id.index()].on_proc_clock();
            at < touch.until && stream.arrivals()[id.index()] >= touch.until
        };
        let (title, what, same_key) = match touch.fault {
            Fault::Offline { .. } => ("Offline with it", of_key.as_str(), true),
            _ => ("Held back with it", "", false),
        };
        let mine = |id: &RecordId| !same_key || stream.keys()[id.index()] == facts.record.key;
        return Some(Group::of(trace, title, what, all().filter(mine).filter(shares)));
    }
    if let Some(touch) = facts.touches.iter().find(|touch| matches!(touch.how, How::HeldUp | How::Undone)) {
        let title = if touch.how == How::Undone { "Done again with it" } else { "Held up with it" };
        let until = if touch.how == How::Undone { touch.from } else { touch.until };
        let during = |id: &RecordId| {
            let (arrival, handled) = (stream.arrivals()[id.index()], trace.handled[id.index()]);
            arrival < until && touch.from < handled && touched(case, *id).iter().any(|it| it.place == touch.place)
        };
        return Some(Group::of(trace, title, "", all().filter(during)));
    }
    if facts.touch(How::Poisoned).is_some() {
        let bad = |id: &RecordId| stream.production().poison.of(*id).is_some();
        return Some(Group::of(trace, "Bad with it", "", all().filter(bad)));
    }
    let window = facts.last_place().map(|place| place.window).filter(|window| *window != Window::ALL)?;
    let inside = |id: &RecordId| {
        stream.keys()[id.index()] == facts.record.key && window.contains(stream.event_times()[id.index()])
    };
    let title = format!("With it in {}", case.window(window));
    Some(Group::of(trace, title, &of_key, all().filter(inside)))
}

/// The mark of a record by what became of it.
pub(super) const fn mark_of(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Dropped | Outcome::GivenUp => Mark::Dropped,
        Outcome::SideOutput => Mark::SideOutput,
        Outcome::Behind => Mark::Behind,
        Outcome::OnTime => Mark::OnTime,
        Outcome::InFlight | Outcome::Unassigned => Mark::Waiting,
    }
}
