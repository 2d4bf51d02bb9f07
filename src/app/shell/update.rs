//! Applies what is asked of the window itself. Called by [`crate::app::update`] alone.

use std::path::PathBuf;

use crate::app::beside;
use crate::app::export;
use crate::app::files::{Opened, short_name};
use crate::app::link::{Link, Message};
use crate::app::panel::Panel;
use crate::app::panels::palette::PaletteState;
use crate::app::panels::start::questions::QUESTIONS;
use crate::app::shell::command::ShellCommand;
use crate::app::shell::remembered::{self, Next, Origin, Place, Recent};
use crate::app::state::State;
use crate::app::update;
use crate::app::view::{Command, Selection};
use crate::scenario;
use crate::time::ProcTime;

/// Applies a command.
pub fn apply(state: &mut State, link: &mut Link, command: ShellCommand) {
    match command {
        ShellCommand::ShowPalette(shown) => show_palette(state, shown),
        ShellCommand::ShowSheet(shown) => {
            let is_again = shown && state.shell.is_sheet_shown;
            state.shell.palette = None;
            state.shell.is_sheet_shown = shown && !is_again;
        }
        ShellCommand::ShowStart(shown) => show_start(state, link, shown),
        ShellCommand::Escape => escape(state, link),
        ShellCommand::CopyScenario => {
            let text = state.scenario.to_ron();
            let lines = text.lines().count();
            state.shell.outgoing = Some(text);
            state.notify(
                false,
                "Copied the scenario",
                format!("{lines} lines of text. Ctrl+V opens them again, here or elsewhere."),
            );
        }
        ShellCommand::OpenDropped(paths) => open_dropped(state, link, paths),
        ShellCommand::PasteScenario(text) => paste(state, link, &text, Next::default()),
        ShellCommand::Zoom(step) => {
            state.saved.zoom = Some(step.from(state.shell.zoom, state.shell.opening_zoom));
        }
        ShellCommand::SwitchTheme => state.saved.theme = state.saved.theme.other(),
        ShellCommand::AskExport(what) => export::ask(state, what),
        ShellCommand::ChooseExportPath => {
            if let Some(card) = &state.shell.export {
                link.ask_where_to_save(card.path.clone().into());
            }
        }
        ShellCommand::Export => {
            if let Some(task) = export::task(state) {
                update::apply(state, link, Command::StartTask(task));
            }
        }
        ShellCommand::AskForBeside => link.ask_for_file(Message::ChosenBeside),
        ShellCommand::LayBeside(path) => update::apply(state, link, Command::StartTask(beside::task(path))),
        ShellCommand::LetBesideGo => state.beside = None,
        ShellCommand::CloseExport => state.shell.export = None,
        ShellCommand::GoOn(continues) => go_on(state, link, continues),
        ShellCommand::Ask(place) => answer(state, link, place),
        ShellCommand::Forget(path) => state.saved.recent.retain(|recent| recent.path != path),
        ShellCommand::CloseNotices => state.notices.clear(),
        ShellCommand::Quit => state.shell.quits = true,
    }
}

fn show_palette(state: &mut State, shown: bool) {
    let is_again = shown && state.shell.palette.is_some();
    state.shell.is_sheet_shown = false;
    state.shell.palette = (shown && !is_again).then(PaletteState::default);
}

/// Shows the start page, where the reader was noted; or the run, which is computed when there is none yet.
fn show_start(state: &mut State, link: &mut Link, shown: bool) {
    if shown {
        remembered::note_lesson(state);
        state.saved.was = remembered::was(state).or(state.saved.was.take());
        state.playback.playing = false;
        state.shell.missing = remembered::missing(&state.saved.recent);
    }
    state.shell.is_starting = shown;
    if !shown && state.run.is_none() && !state.is_computing() {
        update::compute(state, link);
        state.opened_at = state.generation;
    }
}

/// Leaves what is on top: a card, long work, a selection, a panel that has the body for itself.
fn escape(state: &mut State, link: &mut Link) {
    let shell = &mut state.shell;
    if shell.palette.take().is_some() || std::mem::take(&mut shell.is_sheet_shown) || shell.export.take().is_some() {
        return;
    }
    let newest = state.tasks.iter().rev().find(|task| !task.title.is_empty()).map(|task| task.id);
    if state.open_card.take().is_some() {
        return;
    }
    if state.reading.is_some() {
        update::apply(state, link, Command::CancelLoading);
    } else if let Some(id) = newest {
        update::apply(state, link, Command::CancelTask(id));
    } else if state.shell.is_starting {
        show_start(state, link, false);
    } else if state.selection != Selection::None || state.injecting {
        update::apply(state, link, Command::Select(Selection::None));
    } else {
        state.saved.arrangement.maximised = None;
    }
}

/// One stream is shown at a time, so of several files the first is opened.
fn open_dropped(state: &mut State, link: &mut Link, paths: Vec<PathBuf>) {
    let mut paths = paths.into_iter();
    let Some(first) = paths.next() else { return };
    let others: Vec<String> = paths.map(|path| short_name(&path)).collect();
    if !others.is_empty() {
        let text = format!("One stream is shown at a time. Drop the others one by one: {}.", others.join(", "));
        state.notify(false, format!("Opening {} alone", short_name(&first)), text);
    }
    update::apply(state, link, Command::OpenFile(first));
}

/// Opens a text as a scenario, or says where it is none.
fn paste(state: &mut State, link: &mut Link, text: &str, next: Next) {
    match scenario::parse(text, "the pasted text") {
        Ok(read) => {
            state.shell.next = next;
            let origin = Some(Origin::Text(text.to_owned()));
            update::install(state, link, Opened { origin, ..Opened::scenario(read) });
        }
        Err(error) => state.notify(true, "This text is no scenario", error.to_string()),
    }
}

/// Opens what the last session showed, and goes on there.
fn go_on(state: &mut State, link: &mut Link, continues: bool) {
    if state.run.is_some() {
        // The run is still here: the page was opened over it.
        show_start(state, link, false);
        if !continues {
            state.playback.seek(state.playback.start);
            state.playback.playing = true;
        }
        return;
    }
    let Some(was) = state.saved.was.clone() else { return };
    let at = continues.then(|| Place::At(ProcTime::from_micros(was.at)));
    let next = Next { changed_to: was.changed_to, at, ..Next::default() };
    match was.origin {
        Origin::Text(text) => return paste(state, link, &text, next),
        Origin::BuiltIn(slug) => {
            let place = scenario::library::BUILT_IN.iter().position(|built_in| built_in.slug == slug);
            update::apply(state, link, Command::OpenBuiltIn(place.unwrap_or(0)));
        }
        Origin::File(path) => update::apply(state, link, Command::OpenFile(path)),
    }
    state.shell.next = next;
}

/// Opens the scenario of a question at its end, with the panel that answers it.
fn answer(state: &mut State, link: &mut Link, place: usize) {
    let Some(question) = QUESTIONS.get(place) else { return };
    update::apply(state, link, Command::OpenBuiltIn(question.scenario()));
    state.shell.next = Next {
        at: Some(Place::End),
        panel: Some(question.panel),
        selects_dropped: question.panel == Panel::Why,
        ..Next::default()
    };
}

/// A scenario was opened: where it came from is noted, and what was changed in it is changed again.
pub fn opened(state: &mut State) {
    state.shell.is_starting = false;
    if let Some(Origin::File(path)) = &state.shell.origin {
        let records = state.recording.as_ref().map(|stream| stream.len() as u64);
        let recent = Recent { path: path.clone(), records, opened_at: state.shell.today };
        remembered::note(&mut state.saved.recent, recent);
    }
    let changed = state.shell.next.changed_to.take().and_then(|text| scenario::parse(&text, "what was left").ok());
    if let Some(changed) = changed {
        state.undo.push(std::mem::replace(&mut state.scenario, changed));
    }
}

/// The first run of what was opened is on screen: does what was to be done then.
pub fn arrived(state: &mut State) {
    let next = std::mem::take(&mut state.shell.next);
    if let Some(place) = next.at {
        state.playback.playing = false;
        state.playback.seek(match place {
            Place::At(at) => at,
            Place::End => state.playback.end,
        });
    }
    if let Some(panel) = next.panel {
        state.saved.arrangement.show(panel);
    }
    let dropped = state.run.as_ref().and_then(|run| run.marks.dropped.first().copied());
    if let Some(id) = dropped.filter(|_| next.selects_dropped) {
        state.selection = Selection::Record(id);
    }
}
