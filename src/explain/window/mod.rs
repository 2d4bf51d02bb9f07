//! Why a window says what it says: when it opened, why it fired when it did, what it is missing and for
//! what reason, and how far it is from the complete answer.

mod missing;
mod prose;
mod steps;

use crate::explain::case::{Case, number};
use crate::explain::group::Group;
use crate::explain::missed::was_gone;
use crate::explain::story::{Explanation, Mark, Subject};
use crate::oracle::special::answer;
use crate::pipeline::WindowSpec;
use crate::record::{KeyId, Record, RecordId};
use crate::runtime::{Fate, Trace, WindowEnd, WindowLife};
use crate::window::aggregate::Summary;
use crate::window::assigner::Assigner;
use crate::window::pane::{Pane, Timing, Window, WindowId};

pub use missing::{Missing, missing_by_cause};

/// Everything that is told of a window.
struct Facts<'a> {
    case: Case<'a>,
    /// For a session, the complete one.
    window: Window,
    lives: Vec<(WindowId, &'a WindowLife)>,
    /// Its panes, by their places in the trace.
    panes: Vec<(u32, &'a Pane)>,
    /// Every record that belongs to it, in the order of the trace.
    records: Vec<RecordId>,
    /// Of those, the ones that its state never took.
    missing: Vec<RecordId>,
    /// What was last said of it.
    said: Option<f64>,
    /// The complete answer.
    truth: Option<f64>,
}

/// The window of a key, or of any, that starts at `start`, or else the one that `start` falls in: of sessions, the
/// complete one. `None` when no such record falls in such a window.
pub fn window_at(trace: &Trace, key: Option<KeyId>, start: crate::time::EventTime) -> Option<Window> {
    let stream = &trace.stream;
    let of_key = || stream.records().filter(move |record| key.is_none_or(|key| record.key == key));
    if let WindowSpec::Session { gap } = trace.pipeline.window {
        return sessions(of_key(), gap).into_iter().find(|window| window.start == start || window.contains(start));
    }
    let assigner = Assigner::new(trace.pipeline.window)?;
    let (mut containing, mut of_record) = (Vec::new(), Vec::new());
    for record in of_key() {
        of_record.clear();
        assigner.windows(record.event_time, &mut of_record);
        if let Some(found) = of_record.iter().find(|window| window.start == start) {
            return Some(*found);
        }
        containing.extend(of_record.iter().find(|window| window.contains(start)));
        containing.truncate(1);
    }
    containing.pop()
}

/// The complete sessions of some records: at most `gap` apart, and ending so long after the last one.
fn sessions(records: impl Iterator<Item = Record>, gap: crate::time::Span) -> Vec<Window> {
    let mut times: Vec<_> = records.map(|record| record.event_time).collect();
    times.sort_unstable();
    let mut sessions: Vec<Window> = Vec::new();
    for at in times {
        match sessions.last_mut() {
            Some(last) if at <= last.end => last.end = at + gap,
            _ => sessions.push(Window::new(at, at + gap)),
        }
    }
    sessions
}

/// Explains a window of one key, or of all keys together; `None` when no record falls in it.
pub(super) fn explain(case: &Case<'_>, key: Option<KeyId>, window: Window) -> Option<Explanation> {
    let facts = Facts::of(case, key, window);
    if facts.records.is_empty() {
        return None;
    }
    let (title, mark) = facts.title();
    let whose = key.map_or(String::new(), |key| format!(" of {}", case.key(key)));
    let name = case.window(facts.window);
    Some(Explanation {
        subject: Subject::Window { key, window },
        name: format!("window {}{whose}", case.window_start(facts.window)),
        title,
        mark,
        prose: prose::prose(&facts),
        steps: steps::steps(&facts),
        horizon: None,
        group: Some(Group::of(case.trace, format!("All of {name}"), whose.trim(), facts.records.iter().copied())),
    })
}

/// The records of a window of one key, or of all keys, that its state never took.
pub fn missing(case: &Case<'_>, key: Option<KeyId>, window: Window) -> Vec<RecordId> {
    Facts::of(case, key, window).missing
}

/// How a window stands at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Standing {
    /// Whether it fired a pane that is not early.
    pub has_fired: bool,
    /// Whether what it said last is the complete answer.
    pub is_right: bool,
    /// What it said last, where that is one number.
    pub said: Option<f64>,
    /// What it said last minus the complete answer, where both are one number.
    pub off_by: Option<f64>,
    /// Records that its state never took.
    pub missing: usize,
}

/// How a window of one key, or of all keys together, stands at the end of a run.
pub(super) fn standing(case: &Case<'_>, key: Option<KeyId>, window: Window) -> Standing {
    let facts = Facts::of(case, key, window);
    let fired = |(_, pane): &(u32, &Pane)| !pane.is_retraction && pane.timing != Timing::Early;
    Standing {
        has_fired: facts.panes.iter().any(fired),
        is_right: facts.is_right(),
        said: facts.said,
        off_by: facts.off_by(),
        missing: facts.missing.len(),
    }
}

impl<'a> Facts<'a> {
    fn of(case: &Case<'a>, key: Option<KeyId>, window: Window) -> Self {
        let trace = case.trace;
        let is_session = matches!(trace.pipeline.window, WindowSpec::Session { .. });
        let window = match (key, trace.pipeline.window) {
            (Some(key), WindowSpec::Session { gap }) => {
                let of_key = trace.stream.records().filter(|record| record.key == key);
                sessions(of_key, gap).into_iter().find(|all| all.contains(window.start)).unwrap_or(window)
            }
            _ => window,
        };
        let is_it = |other: Window| {
            if is_session { other.start < window.end && window.start < other.end } else { other == window }
        };
        let is_key = |other: KeyId| key.is_none_or(|key| key == other);
        let lives = trace.windows.iter().enumerate();
        let lives = lives.filter(|(_, life)| is_key(life.key) && is_it(life.window));
        let panes = trace.panes.iter().enumerate().filter(|(_, pane)| is_key(pane.key) && is_it(pane.window));
        let inside = trace.stream.records().filter(|r| is_key(r.key) && window.contains(r.event_time));
        let records: Vec<RecordId> = inside.map(|record| record.id).collect();
        let is_aligned = Assigner::new(trace.pipeline.window).is_some();
        let is_missing = |id: &RecordId| match trace.fates[id.index()] {
            Fate::Counted => is_aligned && was_gone(trace, window, *id),
            Fate::Unassigned => false,
            _ => true,
        };
        let missing = records.iter().copied().filter(is_missing).collect();
        let mut facts = Self {
            case: *case,
            window,
            lives: lives.map(|(number, life)| (WindowId(number as u32), life)).collect(),
            panes: panes.map(|(place, pane)| (place as u32, pane)).collect(),
            missing,
            records,
            said: None,
            truth: None,
        };
        facts.said = facts.last_said();
        facts.truth = facts.complete();
        facts
    }

    /// What the last panes of its keys say together, where that is one number.
    fn last_said(&self) -> Option<f64> {
        let aggregate = self.case.aggregate();
        let is_session = matches!(self.case.trace.pipeline.window, WindowSpec::Session { .. });
        let is_discarding =
            self.case.trace.pipeline.accumulation == crate::window::accumulation::Accumulation::Discarding;
        let said = self.panes.iter().filter(|(_, pane)| !pane.is_retraction);
        // By key, and by the state that fired; of sessions a merged one says it all.
        let mut last: Vec<&Pane> = Vec::new();
        for (_, pane) in said {
            let same = |other: &&&mut &Pane| {
                other.key == pane.key && (other.window_id == pane.window_id || (is_session && !is_discarding))
            };
            match last.iter_mut().find(|other| same(&other)) {
                Some(other) if !is_discarding => *other = pane,
                _ => last.push(pane),
            }
        }
        match (aggregate.is_special(), last.as_slice()) {
            (_, []) => None,
            (true, [one]) => one.value(aggregate),
            (true, _) => None,
            (false, panes) => {
                let mut all = Summary::default();
                panes.iter().for_each(|pane| all.merge(&pane.summary));
                all.value(aggregate)
            }
        }
    }

    fn complete(&self) -> Option<f64> {
        let aggregate = self.case.aggregate();
        let stream = &self.case.trace.stream;
        if aggregate.is_special() {
            let keys = self.records.iter().map(|id| stream.keys()[id.index()]);
            let (mut all_one, first) = (true, keys.clone().next());
            keys.for_each(|key| all_one &= Some(key) == first);
            let records: Vec<Record> = self.records.iter().map(|&id| stream.record(id)).collect();
            return if all_one { answer(&records, aggregate) } else { None };
        }
        let mut all = Summary::default();
        self.records.iter().for_each(|id| all.add(stream.values()[id.index()]));
        all.value(aggregate)
    }

    /// Said minus complete; `None` where either is unknown.
    fn off_by(&self) -> Option<f64> {
        Some(self.said? - self.truth?)
    }

    /// Rounding of sums in another order is no error.
    fn is_right(&self) -> bool {
        let scale = self.truth.unwrap_or(0.0).abs().max(1.0);
        self.off_by().is_some_and(|off| off.abs() <= scale * 1e-9)
    }

    fn is_open(&self) -> bool {
        self.lives.iter().any(|(_, life)| life.end == WindowEnd::StillKept)
    }

    fn title(&self) -> (String, Mark) {
        let name = self.case.window(self.window);
        match self.off_by() {
            _ if self.lives.is_empty() => (format!("{name} never opened"), Mark::Dropped),
            None if self.said.is_none() && self.panes.is_empty() => (format!("{name} has not fired"), Mark::Waiting),
            None if self.missing.is_empty() => (format!("{name} has all of its records"), Mark::Good),
            None => (format!("{name} misses {} records", self.missing.len()), Mark::Dropped),
            Some(_) if self.is_right() => (format!("{name} is right"), Mark::Good),
            Some(off) if off < 0.0 => (format!("{name} is short by {}", number(-off)), Mark::Dropped),
            Some(off) => (format!("{name} is too high by {}", number(off)), Mark::Dropped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{EventTime, Span};

    #[test]
    fn sessions_are_as_long_as_their_gaps() {
        let at = |secs| EventTime::from_millis(secs * 1_000);
        let record = |(i, secs): (usize, i64)| Record {
            id: RecordId(i as u32),
            event_time: at(secs),
            key: KeyId(0),
            value: 1.0,
        };
        let records = [25, 0, 10, 36].into_iter().enumerate().map(record);
        let found = sessions(records, Span::from_secs(10));
        assert_eq!(found, [Window::new(at(0), at(20)), Window::new(at(25), at(35)), Window::new(at(36), at(46))]);
    }
}
