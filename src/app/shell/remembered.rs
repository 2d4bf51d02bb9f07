//! What is remembered of files and runs from one session to the next: which files were opened last, and where
//! the reader was. Plain data; dates come from a clock outside.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::app::state::State;
use crate::app::time_ticks;
use crate::app::view::Selection;
use crate::scenario::{Scenario, SourceSpec};
use crate::time::ProcTime;

/// So many files are remembered.
pub const RECENT: usize = 10;

/// Where a scenario came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// It comes with the program; its name on the command line.
    BuiltIn(String),
    /// A file of either kind.
    File(PathBuf),
    /// A text that was pasted.
    Text(String),
}

/// A file that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    /// Where it lies.
    pub path: PathBuf,
    /// How many records it has, when it is a recording; `None` for a scenario.
    pub records: Option<u64>,
    /// When it was opened, in seconds since 1970 UTC; 0 when no clock said.
    pub opened_at: i64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { path: PathBuf::new(), records: None, opened_at: 0 }
    }
}

/// Where the reader was when the last session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// The title of the scenario.
    pub title: String,
    /// Where it came from.
    pub origin: Origin,
    /// The scenario as it was left, as text, when it was changed.
    pub changed_to: Option<String>,
    /// The names of the settings that were changed.
    pub changed: Vec<String>,
    /// The cursor, in microseconds of processing time.
    pub at: i64,
    /// The end of the run.
    pub end: i64,
    /// The scenario as it was opened, as text, where it came from a file that is no recording.
    #[serde(default)]
    pub opened: Option<String>,
    /// What the reader was asking about, as a sentence.
    #[serde(default)]
    pub asked: Option<String>,
}

/// Notes that `path` was opened: it stands first, once, and the oldest are forgotten.
pub fn note(recent: &mut Vec<Recent>, opened: Recent) {
    recent.retain(|other| other.path != opened.path);
    recent.insert(0, opened);
    recent.truncate(RECENT);
}

/// Where the reader is now; `None` before the first run, and for what cannot be opened again.
pub fn was(state: &State) -> Option<Was> {
    let run = state.run.as_ref()?;
    let origin = state.shell.origin.clone()?;
    let is_changed = state.scenario != state.opened;
    let is_file = matches!(origin, Origin::File(_));
    let is_written = !matches!(state.opened.source, SourceSpec::Recording(_)) && state.opened.join.is_none();
    Some(Was {
        title: state.scenario.title.clone(),
        origin,
        changed_to: is_changed.then(|| state.scenario.to_ron()),
        changed: changed(&state.opened, &state.scenario),
        at: state.playback.now().micros(),
        end: run.clock_range().1.micros(),
        opened: (is_file && is_written).then(|| state.opened.to_ron()),
        asked: asked(state),
    })
}

/// `You were asking about record 398.`; `None` where nothing is selected.
fn asked(state: &State) -> Option<String> {
    match state.selection {
        Selection::None => None,
        Selection::Record(id) => Some(format!("You were asking about record {}.", id.index())),
        Selection::Window { window, .. } => {
            let name = time_ticks::window_name(window.start.micros(), window.size().micros());
            Some(format!("You were asking about the window of {name}."))
        }
    }
}

/// Notes how many steps of the lesson on screen were seen; a step that asks something counts once it is decided.
pub fn note_lesson(state: &mut State) {
    let (Some(lesson), Some(Origin::BuiltIn(slug))) = (&state.scenario.lesson, &state.shell.origin) else { return };
    let is_open = state.lesson.shown(lesson).is_some_and(|step| state.lesson.is_open(step));
    let is_begun = state.lesson.step > 0 || state.lesson.chosen.is_some();
    let seen = state.lesson.step + usize::from(is_begun && !is_open);
    if is_begun {
        let most = state.saved.course.entry(slug.clone()).or_insert(0);
        *most = (*most).max(seen.min(lesson.steps.len()));
    }
}

/// The names of the settings in which two scenarios differ.
fn changed(opened: &Scenario, now: &Scenario) -> Vec<String> {
    let (before, after) = (&opened.pipeline, &now.pipeline);
    let settings = [
        ("source", opened.source != now.source || opened.seed != now.seed),
        ("bound", before.watermark != after.watermark || before.watermark_options != after.watermark_options),
        ("windows", before.window != after.window),
        ("trigger", before.trigger != after.trigger || before.accumulation != after.accumulation),
        ("allowed lateness", before.allowed_lateness != after.allowed_lateness),
        ("late records", before.late != after.late),
        ("aggregate", before.aggregate != after.aggregate),
        ("operator", before.service_time != after.service_time || before.queue_capacity != after.queue_capacity),
        ("faults", opened.faults != now.faults),
    ];
    let mut names: Vec<String> =
        settings.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect();
    if names.is_empty() && opened != now {
        names.push("settings".to_owned());
    }
    names
}

/// What is to happen once the scenario that is being opened is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Next {
    /// The scenario to change to, as text.
    pub changed_to: Option<String>,
    /// Where the cursor is to stand.
    pub at: Option<Place>,
    /// The panel to show.
    pub panel: Option<crate::app::panel::Panel>,
    /// Whether the first record that was dropped is to be selected.
    pub selects_dropped: bool,
}

/// A place of the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This instant.
    At(ProcTime),
    /// The end of the run.
    End,
}

/// When a file was opened, as people say it on a day; all in seconds since 1970 UTC. Empty when unknown.
pub fn when(opened_at: i64, now: i64) -> String {
    let date = |seconds: i64| {
        let timestamp = jiff::Timestamp::from_second(seconds).ok()?;
        Some(timestamp.to_zoned(jiff::tz::TimeZone::UTC).date())
    };
    let (Some(opened), Some(today)) = (date(opened_at), date(now)) else { return String::new() };
    if opened_at <= 0 || now <= 0 {
        return String::new();
    }
    match (today - opened).get_days() {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        2..=6 => opened.strftime("%A").to_string(),
        _ if opened.year() == today.year() => opened.strftime("%-d %b").to_string(),
        _ => opened.strftime("%-d %b %Y").to_string(),
    }
}

/// The files that are not where they were any more.
pub fn missing(recent: &[Recent]) -> Vec<PathBuf> {
    recent.iter().map(|recent| recent.path.clone()).filter(|path| !path.exists()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::files::built_in;
    use crate::time::Span;

    fn recent(name: &str) -> Recent {
        Recent { path: PathBuf::from(name), ..Recent::default() }
    }

    #[test]
    fn the_last_file_stands_first_and_once() {
        let mut list = Vec::new();
        for i in 0..14 {
            note(&mut list, recent(&format!("{i}.csv")));
        }
        note(&mut list, recent("9.csv"));
        let names: Vec<String> = list.iter().map(|recent| recent.path.display().to_string()).collect();
        let expected = [9, 13, 12, 11, 10, 8, 7, 6, 5, 4].map(|i| format!("{i}.csv"));
        assert_eq!(names, expected);
    }

    #[test]
    fn days_are_said_as_people_do() {
        // Saturday, 21 November 2026, 11:00 UTC.
        let now = 1_795_258_800;
        let day = 86_400;
        let said = [0, 1, 2, 6, 9, 400].map(|days| when(now - days * day, now));
        assert_eq!(said, ["today", "yesterday", "Thursday", "Sunday", "12 Nov", "17 Oct 2025"]);
        assert_eq!((when(0, now), when(now, 0)), (String::new(), String::new()));
    }

    #[test]
    fn what_was_changed_is_named() {
        let opened = built_in()[0].clone();
        let mut now = opened.clone();
        assert!(changed(&opened, &now).is_empty());
        now.pipeline.allowed_lateness = now.pipeline.allowed_lateness + Span::from_secs(5);
        now.pipeline.queue_capacity += 1;
        assert_eq!(changed(&opened, &now), ["allowed lateness", "operator"]);
    }
}
