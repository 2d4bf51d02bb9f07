//! Keys, as commands, in one table: the window dispatches from it, and the sheet of keys and the palette
//! read it.
//!
//! A key belongs to the widget that has the focus first: a knob takes the arrows, a field for typing takes
//! everything but what works [`Scope::Anywhere`], a focused button takes the space bar.

use std::sync::LazyLock;

use egui::{Context, Event, Id, Key, Modifiers};

use crate::app::export::What;
use crate::app::panel::Panel;
use crate::app::shell::command::{ShellCommand, Zoom};
use crate::app::view::Command;

/// Where a slider notes that it has the focus; it wants arrows, but not the space bar.
pub fn slider_focus_id() -> Id {
    Id::unique("slider with the focus")
}

/// What a shortcut is about; the sheet has a list for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The cursor over the run.
    Time,
    /// Settings and runs.
    Change,
    /// Opening, copying, writing.
    Files,
    /// The window.
    Window,
    /// Opening a panel.
    Panels,
}

impl Group {
    /// All of them, in the order of the sheet.
    pub const ALL: [Self; 5] = [Self::Time, Self::Change, Self::Files, Self::Window, Self::Panels];

    /// Its title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Time => "Time",
            Self::Change => "Settings and runs",
            Self::Files => "Files",
            Self::Window => "Window",
            Self::Panels => "Panels",
        }
    }
}

/// Where a key works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Also while typing, and while something lies on top.
    Anywhere,
    /// Not while typing or under a card.
    Window,
    /// As [`Scope::Window`], and no other widget than a slider may have the focus.
    Unfocused,
}

/// What is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// A key with others held down.
    Key(Modifiers, Key),
    /// What the system has for copying.
    Copy,
    /// What the system has for pasting; the text comes with it.
    Paste,
}

impl Press {
    /// As the sheet writes it: `Ctrl Shift Z`.
    pub fn in_words(self) -> String {
        let (modifiers, key) = match self {
            Self::Copy => (Modifiers::COMMAND, "C"),
            Self::Paste => (Modifiers::COMMAND, "V"),
            Self::Key(modifiers, key) => (modifiers, name(key)),
        };
        let mut words = Vec::new();
        if modifiers.command {
            words.push(if cfg!(target_os = "macos") { "Cmd" } else { "Ctrl" });
        }
        if modifiers.shift {
            words.push("Shift");
        }
        words.push(key);
        words.join(" ")
    }
}

fn name(key: Key) -> &'static str {
    match key {
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::Escape => "Esc",
        Key::Plus => "+",
        Key::Equals => "=",
        Key::Minus => "\u{2212}",
        other => other.name(),
    }
}

/// A key and what it does.
pub struct Shortcut {
    /// The list that it stands in.
    pub group: Group,
    /// Where it works.
    pub scope: Scope,
    /// Any of these; the first one is shown in menus.
    pub presses: Vec<Press>,
    /// What it does, as the palette says it.
    pub words: &'static str,
    /// The command; of a paste it gets the text.
    command: Box<dyn Fn(&str) -> Command + Send + Sync>,
}

impl Shortcut {
    fn new(
        group: Group,
        scope: Scope,
        presses: &[Press],
        words: &'static str,
        command: impl Fn(&str) -> Command + Send + Sync + 'static,
    ) -> Self {
        Self { group, scope, presses: presses.to_vec(), words, command: Box::new(command) }
    }

    /// What it asks for. `None` for what needs more than a press.
    pub fn command(&self) -> Option<Command> {
        (!self.presses.contains(&Press::Paste)).then(|| (self.command)(""))
    }

    /// Its first press in words.
    pub fn keys(&self) -> String {
        self.presses.first().map(|press| press.in_words()).unwrap_or_default()
    }
}

/// The keys that open the first nine panels.
const NUMBERS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// Every key of the window, in the order in which they are tried: with more keys held down first.
pub fn table() -> &'static [Shortcut] {
    static TABLE: LazyLock<Vec<Shortcut>> = LazyLock::new(|| {
        let mut table = time();
        table.extend(changes());
        table.extend(files());
        table.extend(window());
        table.extend(NUMBERS.into_iter().zip(Panel::ALL).map(|(key, panel)| {
            let press = [Press::Key(Modifiers::NONE, key)];
            Shortcut::new(Group::Panels, Scope::Unfocused, &press, panel.title(), move |_| Command::ShowPanel(panel))
        }));
        table
    });
    &TABLE
}

/// The shortcut that says these words.
pub fn of_words(words: &str) -> Option<&'static Shortcut> {
    table().iter().find(|shortcut| shortcut.words == words)
}

fn time() -> Vec<Shortcut> {
    let plain = |key: Key| [Press::Key(Modifiers::NONE, key)];
    let shift = |key: Key| [Press::Key(Modifiers::SHIFT, key)];
    let time = |presses: [Press; 1], words: &'static str, command: fn(&str) -> Command| {
        Shortcut::new(Group::Time, Scope::Unfocused, &presses, words, command)
    };
    vec![
        time(plain(Key::Space), "Play or pause", |_| Command::TogglePlay),
        time(shift(Key::ArrowLeft), "One pane back", |_| Command::StepPane(-1)),
        time(shift(Key::ArrowRight), "One pane on", |_| Command::StepPane(1)),
        time(plain(Key::ArrowLeft), "One record back", |_| Command::StepRecord(-1)),
        time(plain(Key::ArrowRight), "One record on", |_| Command::StepRecord(1)),
        time(plain(Key::Home), "To the start", |_| Command::ToStart),
        time(plain(Key::End), "To the end", |_| Command::ToEnd),
    ]
}

fn changes() -> Vec<Shortcut> {
    let ctrl = |key: Key| Press::Key(Modifiers::COMMAND, key);
    let redo = [Press::Key(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z), ctrl(Key::Y)];
    let change = |presses: &[Press], words: &'static str, command: fn(&str) -> Command| {
        Shortcut::new(Group::Change, Scope::Window, presses, words, command)
    };
    vec![
        change(&redo, "Redo", |_| Command::Redo),
        change(&[ctrl(Key::Z)], "Undo", |_| Command::Undo),
        change(&[ctrl(Key::P)], "Pin this run", |_| Command::Pin),
        Shortcut::new(
            Group::Change,
            Scope::Unfocused,
            &[Press::Key(Modifiers::NONE, Key::I)],
            "Put a record in",
            |_| Command::ToggleInjecting,
        ),
    ]
}

fn files() -> Vec<Shortcut> {
    let ctrl = |key: Key| [Press::Key(Modifiers::COMMAND, key)];
    let shell = Command::Shell;
    vec![
        Shortcut::new(Group::Files, Scope::Anywhere, &ctrl(Key::O), "Open a file", |_| Command::ShowOpenCard(true)),
        Shortcut::new(Group::Files, Scope::Window, &ctrl(Key::S), "Save the scenario", move |_| {
            shell(ShellCommand::AskExport(What::Scenario))
        }),
        Shortcut::new(Group::Files, Scope::Window, &[Press::Copy], "Copy the scenario as text", move |_| {
            shell(ShellCommand::CopyScenario)
        }),
        Shortcut::new(Group::Files, Scope::Window, &[Press::Paste], "Paste a scenario", move |text| {
            shell(ShellCommand::PasteScenario(text.to_owned()))
        }),
    ]
}

fn window() -> Vec<Shortcut> {
    let ctrl = |key: Key| Press::Key(Modifiers::COMMAND, key);
    let shell = |scope, presses: &[Press], words, command: ShellCommand| {
        Shortcut::new(Group::Window, scope, presses, words, move |_| Command::Shell(command.clone()))
    };
    let (palette, sheet) = (ShellCommand::ShowPalette(true), ShellCommand::ShowSheet(true));
    let larger = [ctrl(Key::Plus), ctrl(Key::Equals)];
    let themes = Press::Key(Modifiers::COMMAND | Modifiers::SHIFT, Key::L);
    vec![
        shell(Scope::Anywhere, &[ctrl(Key::K)], "Search, ask, do", palette),
        shell(Scope::Anywhere, &[Press::Key(Modifiers::NONE, Key::F1)], "Keys", sheet),
        shell(Scope::Window, &[Press::Key(Modifiers::NONE, Key::Escape)], "Leave what is on top", ShellCommand::Escape),
        shell(Scope::Window, &[ctrl(Key::Home)], "Start page", ShellCommand::ShowStart(true)),
        shell(Scope::Anywhere, &larger, "Zoom in", ShellCommand::Zoom(Zoom::In)),
        shell(Scope::Anywhere, &[ctrl(Key::Minus)], "Zoom out", ShellCommand::Zoom(Zoom::Out)),
        shell(Scope::Anywhere, &[ctrl(Key::Num0)], "Zoom as it opened", ShellCommand::Zoom(Zoom::Reset)),
        shell(Scope::Anywhere, &[ctrl(Key::Q)], "Quit", ShellCommand::Quit),
        shell(Scope::Window, &[themes], "Switch the theme", ShellCommand::SwitchTheme),
    ]
}

/// What lies on top of the window, for the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTop {
    /// Nothing.
    Nothing,
    /// The start page: there is no run below it to play.
    Start,
    /// A card, the palette or the sheet.
    Card,
}

/// The commands of the keys that were pressed in this frame and that no widget wants. To be asked after the
/// widgets were drawn.
pub fn commands(ctx: &Context, on_top: OnTop) -> Vec<Command> {
    let is_typing = ctx.text_edit_focused();
    let focused = ctx.memory(|memory| memory.focused());
    let slider = ctx.data(|data| data.get_temp::<Id>(slider_focus_id()));
    let is_free = focused.is_none() || focused == slider;
    let works = |shortcut: &Shortcut| {
        let leaves = shortcut.presses.contains(&Press::Key(Modifiers::NONE, Key::Escape));
        match (shortcut.scope, on_top) {
            (Scope::Anywhere, _) => true,
            (_, OnTop::Card) => leaves && !is_typing,
            (Scope::Window, _) => !is_typing,
            (Scope::Unfocused, OnTop::Start) => false,
            (Scope::Unfocused, OnTop::Nothing) => !is_typing && is_free,
        }
    };
    let mut pressed = Vec::new();
    for shortcut in table().iter().filter(|shortcut| works(shortcut)) {
        for &press in &shortcut.presses {
            pressed.extend(text_of(ctx, press).map(|text| (shortcut.command)(&text)));
        }
    }
    pressed
}

/// Whether this was pressed; with the text of a paste.
fn text_of(ctx: &Context, press: Press) -> Option<String> {
    ctx.input_mut(|input| match press {
        Press::Key(modifiers, key) => input.consume_key(modifiers, key).then(String::new),
        Press::Copy => input.events.iter().any(|event| matches!(event, Event::Copy)).then(String::new),
        Press::Paste => input.events.iter().find_map(|event| match event {
            Event::Paste(text) => Some(text.clone()),
            _ => None,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_shortcuts_have_the_same_keys_or_words() {
        let mut presses: Vec<String> =
            table().iter().flat_map(|shortcut| shortcut.presses.iter().map(|press| press.in_words())).collect();
        let count = presses.len();
        presses.sort();
        presses.dedup();
        assert_eq!(presses.len(), count);
        let mut words: Vec<&str> = table().iter().map(|shortcut| shortcut.words).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), table().len());
    }

    #[test]
    fn keys_with_more_held_down_are_tried_first() {
        // A press with fewer keys held down also hears the one with more, so it has to come later.
        let all: Vec<(Modifiers, Key)> = table()
            .iter()
            .flat_map(|shortcut| &shortcut.presses)
            .filter_map(|press| match press {
                Press::Key(modifiers, key) => Some((*modifiers, *key)),
                _ => None,
            })
            .collect();
        for (place, (modifiers, key)) in all.iter().enumerate() {
            let hidden = all[..place].iter().any(|(other, same)| same == key && modifiers.matches_logically(*other));
            assert!(!hidden, "{key:?} with {modifiers:?} is never reached");
        }
    }

    #[test]
    fn keys_are_written_as_people_say_them() {
        let press = |modifiers, key| Press::Key(modifiers, key).in_words();
        assert_eq!(press(Modifiers::SHIFT, Key::ArrowLeft), "Shift Left");
        assert_eq!(of_words("Zoom out").map(Shortcut::keys).as_deref(), Some("Ctrl \u{2212}"));
        assert_eq!(of_words("Time map").map(Shortcut::keys).as_deref(), Some("1"));
    }
}
