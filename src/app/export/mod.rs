//! What can be taken out of the lab: a panel or the window as PNG, the run as GIF, the results as CSV, the
//! scenario as text. Each is a task that can be cancelled; files appear whole or not at all.
//!
//! - [`picture`]: a picture of the lab at an instant, drawn without a window
//! - [`film`], [`gif`]: many of them, as an animation
//!
//! This is one of the few places of the lab that write files.

pub mod film;
pub mod gif;
pub mod picture;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::export::film::Film;
use crate::app::export::picture::{Look, Scene};
use crate::app::panel::Panel;
use crate::app::shell::remembered::Origin;
use crate::app::state::State;
use crate::app::tasks::{Finish, GoOn, Task};
use crate::app::view::Run;
use crate::metrics::rows;
use crate::moment::Moment;
use crate::oracle::reference::Truth;
use crate::raster::encode_png;
use crate::recording::write_whole;
use crate::time::ProcTime;

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A panel as PNG.
    Panel(Panel),
    /// The whole window as PNG.
    Window,
    /// The run as GIF.
    Film,
    /// The results as CSV, as `highwater run --format csv` prints them.
    Results,
    /// The scenario as it is now.
    Scenario,
}

impl What {
    /// What it is called in titles.
    pub fn title(self) -> String {
        match self {
            Self::Panel(panel) => format!("Export {} as PNG", panel.title()),
            Self::Window => "Export the window as PNG".to_owned(),
            Self::Film => "Export the run as GIF".to_owned(),
            Self::Results => "Export the results as CSV".to_owned(),
            Self::Scenario => "Save the scenario".to_owned(),
        }
    }

    /// The ending of its file.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Panel(_) | Self::Window => "png",
            Self::Film => "gif",
            Self::Results => "csv",
            Self::Scenario => "ron",
        }
    }
}

/// The card that asks where an export is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportCard {
    /// What is taken out.
    pub what: What,
    /// The field for a path.
    pub path: String,
    /// The field for where a film begins.
    pub from: String,
    /// The field for where it ends.
    pub to: String,
    /// What is wrong with the fields.
    pub problem: Option<String>,
}

/// Pixels for each point of an exported picture.
const SCALE: f32 = 2.0;
/// A film of the whole run lasts about so many seconds.
const FILM_SECONDS: f64 = 12.0;
/// Frames of a film in a second.
const FILM_FPS: u32 = 15;

/// Shows the card; nothing where there is no run to take anything of.
pub fn ask(state: &mut State, what: What) {
    state.shell.palette = None;
    let Some(run) = &state.run else {
        state.notify(true, "There is nothing to export yet", "Open a scenario or a recording first.");
        return;
    };
    let (start, end) = run.clock_range();
    let clock = |at: ProcTime| crate::human::instant(at.micros());
    let path = folder(state).join(file_name(&state.scenario.title, what));
    state.shell.export =
        Some(ExportCard { what, path: path.display().to_string(), from: clock(start), to: clock(end), problem: None });
}

/// The folder that is proposed: the one that was last written to, or that of the open file; without either,
/// the one that the program was started in.
fn folder(state: &State) -> PathBuf {
    match &state.shell.origin {
        _ if !state.saved.export_folder.is_empty() => PathBuf::from(&state.saved.export_folder),
        Some(Origin::File(file)) => file.parent().map(Path::to_path_buf).unwrap_or_default(),
        _ => PathBuf::new(),
    }
}

/// `trams-and-a-tunnel-time-map.png`.
fn file_name(title: &str, what: What) -> String {
    let words: Vec<String> = title
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let part = match what {
        What::Panel(panel) => format!("-{}", panel.name()),
        What::Results => "-results".to_owned(),
        What::Window | What::Film | What::Scenario => String::new(),
    };
    let name = if words.is_empty() { "run".to_owned() } else { words.join("-") };
    format!("{name}{part}.{}", what.ending())
}

/// The task of the card, which is closed; `None` when its fields make no sense, and then it says why.
pub fn task(state: &mut State) -> Option<Task> {
    let card = state.shell.export.clone()?;
    let run = state.run.clone()?;
    match work(state, &card, &run) {
        Ok(work) => {
            let path = path_of(&card);
            state.saved.export_folder = path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
            state.shell.export = None;
            let title = format!("Writing {}", crate::app::files::short_name(&path));
            Some(Task::new("export", title, move |go_on| written(&path, work, go_on)))
        }
        Err(problem) => {
            if let Some(card) = &mut state.shell.export {
                card.problem = Some(problem);
            }
            None
        }
    }
}

/// The path of the card, with the ending that belongs to what is written.
fn path_of(card: &ExportCard) -> PathBuf {
    let path = PathBuf::from(card.path.trim());
    let ending = card.what.ending();
    if path.extension().is_some_and(|has| has.eq_ignore_ascii_case(ending)) {
        path
    } else {
        path.with_added_extension(ending)
    }
}

/// Makes the bytes of a file; `None` when it was cancelled.
type Bytes = Box<dyn FnOnce(GoOn<'_>) -> Result<Option<Vec<u8>>, String> + Send>;

fn work(state: &State, card: &ExportCard, run: &Arc<Run>) -> Result<Bytes, String> {
    if card.path.trim().is_empty() {
        return Err("Say where the file is to go.".to_owned());
    }
    let scene = || Scene::of(state, run);
    Ok(match card.what {
        What::Scenario => {
            let text = state.scenario.to_ron();
            Box::new(move |_| Ok(Some(text.into_bytes())))
        }
        What::Results => {
            let run = Arc::clone(run);
            Box::new(move |_| results_csv(&run).map(Some))
        }
        What::Panel(panel) => png(scene(), look(state, Some(panel))),
        What::Window => png(scene(), look(state, None)),
        What::Film => {
            let film = film(state, card, run)?;
            let scene = scene();
            Box::new(move |go_on| film::bytes(scene.lab(), &film, go_on))
        }
    })
}

fn look(state: &State, panel: Option<Panel>) -> Look {
    let arrangement = &state.saved.arrangement;
    let points = panel.and_then(|panel| arrangement.size_of(panel)).unwrap_or_else(|| picture::usual_size(panel));
    Look { panel, theme: state.saved.theme, points: points.round(), scale: SCALE }
}

fn png(scene: Scene, look: Look) -> Bytes {
    Box::new(move |_| {
        let picture = picture::draw(&mut scene.lab(), &look);
        encode_png(&picture).map(Some).map_err(|error| error.to_string())
    })
}

/// The film that the card asks for, about [`FILM_SECONDS`] long.
fn film(state: &State, card: &ExportCard, run: &Run) -> Result<Film, String> {
    let (start, end) = run.clock_range();
    let moment = |text: &str| text.parse::<Moment>().and_then(|moment| moment.within(start, end));
    let from = moment(&card.from).map_err(|error| format!("From: {error}"))?;
    let to = moment(&card.to).map_err(|error| format!("To: {error}"))?;
    let speed = ((to - from).as_secs_f64() / FILM_SECONDS).max(0.1);
    let look = Look { panel: None, theme: state.saved.theme, points: picture::usual_size(None), scale: 1.0 };
    let film = Film { from, to, fps: FILM_FPS, speed, look };
    film.check()?;
    Ok(film)
}

/// The panes, as `highwater run --format csv` prints them.
///
/// # Errors
/// When the rows cannot be written.
fn results_csv(run: &Run) -> Result<Vec<u8>, String> {
    let trace = &run.trace;
    let truth = Truth::of(&trace.stream, trace.pipeline.window);
    let panes = trace.panes.iter().enumerate().map(|(place, pane)| (pane, trace.list_of(place)));
    rows::rows_csv(&trace.stream, &trace.pipeline, panes, &truth).map_err(|error| error.to_string())
}

/// Does the work, writes the file under a temporary name and renames it; says what came of it.
fn written(path: &Path, work: Bytes, go_on: GoOn<'_>) -> Finish {
    let done = match work(go_on) {
        Ok(Some(bytes)) => {
            let whole = write_whole(path, |file| file.write_all(&bytes));
            whole.map(|()| bytes.len()).map_err(|error: io::Error| error.to_string())
        }
        Ok(None) => return Box::new(|_| {}),
        Err(why) => Err(why),
    };
    let path = path.display().to_string();
    Box::new(move |state| match done {
        Ok(bytes) => state.notify(false, "Written", format!("{path}\n{}", in_bytes(bytes))),
        Err(why) => state.notify(true, "Nothing was written", format!("{path}\n{why}")),
    })
}

/// `1.2 MB`.
fn in_bytes(bytes: usize) -> String {
    let bytes = bytes as f64;
    match bytes {
        small if small < 1e3 => format!("{small} bytes"),
        middle if middle < 1e6 => format!("{:.0} kB", middle / 1e3),
        large => format!("{:.1} MB", large / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_the_scenario_and_the_panel() {
        let name = |title: &str, what| file_name(title, what);
        assert_eq!(name("Trams and a tunnel", What::Panel(Panel::TimeMap)), "trams-and-a-tunnel-time-map.png");
        assert_eq!(name("50 % / more", What::Results), "50-more-results.csv");
        assert_eq!(name("?", What::Film), "run.gif");
    }

    #[test]
    fn the_ending_is_added_when_it_is_missing() {
        let path = |path: &str| {
            let (from, to) = (String::new(), String::new());
            path_of(&ExportCard { what: What::Window, path: path.to_owned(), from, to, problem: None })
        };
        assert_eq!(path("a/b"), Path::new("a/b.png"));
        assert_eq!(path(" a/b.PNG "), Path::new("a/b.PNG"));
        assert_eq!(path("a/b.v2"), Path::new("a/b.v2.png"));
    }

    #[test]
    fn sizes_are_said_in_round_numbers() {
        assert_eq!([999, 1_234, 1_250_000].map(in_bytes), ["999 bytes", "1 kB", "1.2 MB"]);
    }
}
