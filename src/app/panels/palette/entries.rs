//! What the palette offers: places to go to, things to do, questions to ask. Made anew while it is open;
//! no entry knows how it is drawn.

use crate::app::arrangement::Preset;
use crate::app::export::What;
use crate::app::files;
use crate::app::panel::Panel;
use crate::app::panels::faults::choice::{Choice, Victims, in_words};
use crate::app::panels::faults::kinds::{Kind as FaultKind, Scene};
use crate::app::panels::palette::asked;
use crate::app::panels::palette::score::{Fit, fit};
use crate::app::panels::start::questions::QUESTIONS;
use crate::app::shell::command::ShellCommand;
use crate::app::shortcuts::{self, Group};
use crate::app::state::State;
use crate::app::view::Command;

/// What kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A place.
    Go,
    /// A command.
    Do,
    /// A question.
    Ask,
}

impl Kind {
    /// Its word before an entry.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Do => "Do",
            Self::Ask => "Ask",
        }
    }
}

/// One line of the palette.
#[derive(Debug)]
pub struct Entry {
    /// What kind.
    pub kind: Kind,
    /// What is found and shown.
    pub title: String,
    /// Said beside the title, in pale letters; not searched.
    pub detail: String,
    /// The keys that do the same.
    pub keys: String,
    /// What choosing it asks for.
    pub commands: Vec<Command>,
}

impl Entry {
    /// An entry without keys.
    pub fn new(kind: Kind, title: impl Into<String>, detail: impl Into<String>, commands: Vec<Command>) -> Self {
        Self { kind, title: title.into(), detail: detail.into(), keys: String::new(), commands }
    }

    fn with_keys(self, keys: String) -> Self {
        Self { keys, ..self }
    }
}

/// An entry that fits the query.
#[derive(Debug)]
pub struct Found {
    /// The entry.
    pub entry: Entry,
    /// Which letters of its title were meant.
    pub fit: Fit,
}

/// So many entries are offered at most; nobody reads further.
const MOST: usize = 60;

/// The entries that fit `query`, the best first. Never empty: what fits nothing can still be asked.
pub fn found(state: &State, query: &str) -> Vec<Found> {
    let query = query.trim();
    let mut found: Vec<Found> =
        all(state).into_iter().filter_map(|entry| fit(query, &entry.title).map(|fit| Found { entry, fit })).collect();
    if !query.is_empty() {
        // A stable sort: of entries that fit alike, the order of the list stays.
        found.sort_by_key(|found| std::cmp::Reverse(found.fit.score));
    }
    let direct = asked::direct(state, query);
    let mut all: Vec<Found> = direct.into_iter().map(|entry| Found { entry, fit: Fit::default() }).collect();
    all.extend(found);
    if all.is_empty() {
        let near = nearest(state, query);
        all.extend(near.into_iter().map(|entry| Found { entry, fit: Fit::default() }));
        all.push(Found { entry: asked::look_under_why(query), fit: Fit::default() });
    }
    all.truncate(MOST);
    all
}

/// What was probably meant by a misspelt word: entries with a word like it.
fn nearest(state: &State, query: &str) -> Vec<Entry> {
    let query = query.to_lowercase();
    let alike = |entry: &Entry| {
        let words = entry.title.split_whitespace().map(|word| strsim::jaro_winkler(&word.to_lowercase(), &query));
        words.fold(0.0, f64::max)
    };
    let mut entries: Vec<(f64, Entry)> =
        all(state).into_iter().map(|entry| (alike(&entry), entry)).filter(|(alike, _)| *alike > 0.84).collect();
    entries.sort_by(|a, b| b.0.total_cmp(&a.0));
    entries.into_iter().take(5).map(|(_, entry)| entry).collect()
}

fn all(state: &State) -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(panels(state));
    entries.extend(commands(state));
    entries.extend(faults(state));
    entries.extend(layouts());
    entries.extend(exports());
    entries.extend(speeds());
    entries.extend(QUESTIONS.iter().enumerate().map(|(place, question)| {
        Entry::new(Kind::Ask, question.words, question.answered_by(), vec![Command::Shell(ShellCommand::Ask(place))])
    }));
    entries.extend(files::built_in().iter().enumerate().map(|(place, scenario)| {
        let about = files::first_sentence(&scenario.about);
        Entry::new(Kind::Go, scenario.title.as_str(), about, vec![Command::OpenBuiltIn(place)])
    }));
    entries.extend(state.saved.recent.iter().map(|recent| {
        let name = files::short_name(&recent.path);
        Entry::new(Kind::Go, name, recent.path.display().to_string(), vec![Command::OpenFile(recent.path.clone())])
    }));
    entries
}

fn panels(state: &State) -> impl Iterator<Item = Entry> {
    let maximised = state.saved.arrangement.maximised;
    let tiles = Panel::ALL.into_iter().filter(|panel| panel.is_tile());
    let keys = |panel: Panel| shortcuts::of_words(panel.title()).map(|shortcut| shortcut.keys()).unwrap_or_default();
    tiles
        .map(move |panel| {
            Entry::new(Kind::Go, panel.title(), panel.help(), vec![Command::ShowPanel(panel)]).with_keys(keys(panel))
        })
        .chain(maximised.map(|panel| {
            let title = format!("Put {} back", panel.title());
            Entry::new(Kind::Do, title, "Among the other panels", vec![Command::ToggleMaximised(panel)])
        }))
}

/// Every way in which the run can be broken here, at the cursor, as the buttons below the topology begin with.
fn faults(state: &State) -> Vec<Entry> {
    let Some(run) = state.run.as_ref().filter(|_| state.live.is_none()) else { return Vec::new() };
    let scene = Scene {
        scenario: &state.scenario,
        stream: &run.trace.stream,
        origin: run.origin(),
        end: run.clock_range().1,
        now: state.playback.now(),
    };
    let entry = |kind: FaultKind| {
        scene.applies(kind).ok()?;
        let choice = Choice::default();
        let fault = scene.fault(kind, &choice).ok()?;
        let victims = Victims::of(kind, scene.scenario);
        let words = in_words(kind, &choice, &victims, scene.length());
        let detail = if words.is_empty() { kind.help().to_owned() } else { format!("{}: {words}", kind.help()) };
        let commands = vec![Command::ShowPanel(Panel::Topology), Command::Break(Box::new(fault))];
        Some(Entry::new(Kind::Do, format!("Break something: {}", kind.title()), detail, commands))
    };
    FaultKind::ALL.into_iter().filter_map(entry).collect()
}

fn layouts() -> impl Iterator<Item = Entry> {
    Preset::ALL.into_iter().map(|(preset, name, help)| {
        let commands = vec![Command::Shell(ShellCommand::ShowStart(false)), Command::SetPreset(preset)];
        Entry::new(Kind::Go, format!("{name} layout"), help, commands)
    })
}

fn exports() -> impl Iterator<Item = Entry> {
    let ask = |what: What| vec![Command::Shell(ShellCommand::AskExport(what))];
    let panels =
        Panel::ALL.into_iter().map(|panel| (format!("Export {} as PNG\u{2026}", panel.title()), What::Panel(panel)));
    let whole = [
        ("Export the window as PNG\u{2026}".to_owned(), What::Window),
        ("Export the run as GIF\u{2026}".to_owned(), What::Film),
        ("Export the results as CSV\u{2026}".to_owned(), What::Results),
    ];
    whole.into_iter().chain(panels).map(move |(title, what)| Entry::new(Kind::Do, title, "", ask(what)))
}

/// Speeds that are offered by name, in processing time per real time.
const SPEEDS: [f64; 5] = [0.1, 1.0, 10.0, 100.0, 1_000.0];

fn speeds() -> impl Iterator<Item = Entry> {
    SPEEDS.into_iter().map(|speed| {
        let title = format!("Speed {speed}\u{d7}");
        Entry::new(Kind::Do, title, "Processing time per real time", vec![Command::SetSpeed(speed)])
    })
}

/// What has a key, and what has none.
fn commands(state: &State) -> Vec<Entry> {
    let shortcuts = shortcuts::table().iter().filter(|shortcut| shortcut.group != Group::Panels);
    let with_keys = shortcuts.filter(|shortcut| !is_for_keys_alone(shortcut.words)).filter_map(|shortcut| {
        let command = shortcut.command()?;
        Some(Entry::new(Kind::Do, shortcut.words, "", vec![command]).with_keys(shortcut.keys()))
    });
    let mut entries: Vec<Entry> = with_keys.collect();
    let mut add = |title: &str, detail: &str, command: Command| {
        entries.push(Entry::new(Kind::Do, title, detail, vec![command]));
    };
    if state.pinned.is_some() {
        add("Let the pinned run go", "", Command::Unpin);
        add("Back to the pinned run", "Run its scenario again", Command::BackToPinned);
    }
    if state.scenario != state.opened {
        add("Take back every change", "The scenario as it was opened", Command::ResetAll);
    }
    match (&state.live, &state.run) {
        (Some(_), _) => add("Stop the live run", "", Command::StopLive),
        (None, Some(_)) => {
            add("Run live", "On real threads, in real time at the speed of the playback", Command::GoLive)
        }
        (None, None) => {}
    }
    match &state.beside {
        None => add(
            "Compare with another stream",
            "The tuner tries the same settings on it",
            Command::Shell(ShellCommand::AskForBeside),
        ),
        Some(beside) => add(
            &format!("Let {} go", beside.name),
            "The tuner compares with it",
            Command::Shell(ShellCommand::LetBesideGo),
        ),
    }
    add("Reset the layout", "Every panel back to where it comes", Command::ResetLayout);
    for panel in Panel::ALL.into_iter().filter(|panel| state.saved.arrangement.is_open(*panel) && panel.is_tile()) {
        add(&format!("Close {}", panel.title()), "", Command::ClosePanel(panel));
    }
    if !state.notices.is_empty() {
        add("Close every notice", "", Command::Shell(ShellCommand::CloseNotices));
    }
    entries
}

/// What makes no sense in a list: the list itself, and leaving it.
fn is_for_keys_alone(words: &str) -> bool {
    matches!(words, "Search, ask, do" | "Leave what is on top")
}
