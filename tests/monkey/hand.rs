//! The monkey's hand: one action after the other, drawn from its seed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _, by};
use highwater::app::panels::palette::entries;
use highwater::app::shell::Lab;
use highwater::app::state::State;
use highwater::app::view::Command;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use crate::goods;
use crate::journal::Journal;

/// A control whose name has one of these words leaves the lab: it asks the system for a file, writes one, or starts
/// threads that run in real time.
const OUTSIDE: [&str; 6] = ["Choose", "Write the file", "CSV", "GIF", "Quit", "Run live"];
/// Sizes of the window, in pixels.
const SIZES: [Vec2; 7] = [
    vec2(480.0, 320.0),
    vec2(640.0, 900.0),
    vec2(1280.0, 800.0),
    vec2(1600.0, 1000.0),
    vec2(1920.0, 400.0),
    vec2(2000.0, 1100.0),
    vec2(2560.0, 1440.0),
];
const KEYS: [Key; 24] = [
    Key::Space,
    Key::Escape,
    Key::Enter,
    Key::Tab,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::ArrowUp,
    Key::ArrowDown,
    Key::Home,
    Key::End,
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::F1,
    Key::I,
    Key::K,
    Key::Plus,
    Key::Minus,
    Key::Backspace,
];

/// One thing that can be pressed, and where.
struct Control {
    name: String,
    rect: Rect,
}

/// A hand at a window.
pub struct Hand {
    rng: Pcg64Mcg,
    /// Names of the controls that were pressed so far.
    pub pressed: BTreeSet<String>,
    files: Vec<PathBuf>,
}

impl Hand {
    /// The hand of a seed, with files to drop.
    pub fn new(seed: u64, files: Vec<PathBuf>) -> Self {
        Self { rng: Pcg64Mcg::seed_from_u64(seed), pressed: BTreeSet::new(), files }
    }

    /// One thing that a person might do, or nobody would.
    pub fn act(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        match self.below(20) {
            0..=7 => self.press(window, journal),
            8 => {
                let at = self.anywhere(window);
                journal.begin(format!("clicks at {at:?}"));
                click(window, at, PointerButton::Primary);
            }
            9 => {
                let (from, to) = (self.anywhere(window), self.anywhere(window));
                journal.begin(format!("drags from {from:?} to {to:?}"));
                drag(window, from, to);
            }
            10 => self.move_tile(window, journal),
            11 | 12 => self.strike(window, journal),
            13 => {
                let text = self.one_of(&goods::TYPED);
                journal.begin(format!("types {text:?}"));
                window.event(Event::Text(text.into()));
                window.step();
            }
            14 | 15 => self.turn_wheel(window, journal),
            16 => self.resize_or_zoom(window, journal),
            17 => self.bring(window, journal),
            _ => {
                journal.begin("plays an hour in seconds".to_owned());
                window.state_mut().command(Command::Play);
                window.state_mut().command(Command::SetSpeed(1_000.0));
                window.run_steps(10);
            }
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn anywhere(&mut self, window: &Harness<'_, Lab>) -> Pos2 {
        let screen = window.ctx.content_rect();
        pos2(self.rng.random_range(0.0..=screen.width()), self.rng.random_range(0.0..=screen.height()))
    }

    fn press(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        let controls = controls(window);
        if controls.is_empty() {
            journal.begin("finds nothing to press".to_owned());
            return;
        }
        let Control { name, rect } = &controls[self.below(controls.len())];
        self.pressed.insert(name.clone());
        let button = if self.below(12) == 0 { PointerButton::Secondary } else { PointerButton::Primary };
        journal.begin(format!("presses {name:?} at {:?} ({button:?})", rect.center()));
        click(window, rect.center(), button);
    }

    /// Drags the edge of a tile, or a whole tile by its title.
    fn move_tile(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        let titles: Vec<Control> = controls(window).into_iter().filter(|is| is.name.ends_with(" panel")).collect();
        let to = self.anywhere(window);
        if titles.is_empty() {
            journal.begin("finds no tile".to_owned());
            return;
        }
        let Control { name, rect } = &titles[self.below(titles.len())];
        let (from, part) = match self.below(3) {
            0 => (pos2(rect.left(), rect.center().y), "the left edge"),
            1 => (pos2(rect.center().x, rect.top()), "the upper edge"),
            _ => (rect.center(), "the title"),
        };
        journal.begin(format!("drags {part} of {name:?} from {from:?} to {to:?}"));
        drag(window, from, to);
    }

    /// Presses a key.
    fn strike(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        let modifiers = self.one_of(&[Modifiers::NONE, Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND]);
        let key = self.one_of(&KEYS);
        if [Key::Enter, Key::Space].contains(&key) && leads_outside(window.state().state()) {
            journal.begin("leaves what leads outside".to_owned());
            window.key_press(Key::Escape);
        } else {
            journal.begin(format!("strikes {key:?} with {modifiers:?}"));
            window.key_press_modifiers(modifiers, key);
        }
        window.step();
    }

    fn turn_wheel(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        let at = self.anywhere(window);
        let way = vec2(self.rng.random_range(-60.0..60.0), self.rng.random_range(-240.0..240.0));
        let modifiers = self.one_of(&[Modifiers::NONE, Modifiers::COMMAND]);
        journal.begin(format!("turns the wheel by {way:?} at {at:?} with {modifiers:?}"));
        window.event(Event::PointerMoved(at));
        window.event(Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: way,
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers,
        });
        window.step();
    }

    fn resize_or_zoom(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        if self.below(2) == 0 {
            let zoom = self.one_of(&[0.5, 0.8, 1.0, 1.0, 1.25, 2.0, 3.0]);
            journal.begin(format!("zooms to {zoom}"));
            window.state_mut().choose(|state| state.saved.zoom = Some(zoom));
        } else {
            let pixels = self.one_of(&SIZES);
            let points = pixels / window.ctx.zoom_factor();
            journal.begin(format!("makes the window {pixels:?} pixels, {points:?} points"));
            window.set_size(points);
        }
        window.run_steps(2);
    }

    /// Drops a file or two, or pastes a text.
    fn bring(&mut self, window: &mut Harness<'_, Lab>, journal: &mut Journal) {
        if self.below(2) == 0 {
            let place = self.below(7);
            let text = goods::pasted().swap_remove(place);
            journal.begin(format!("pastes {} letters: {:.40?}", text.len(), text));
            window.event(Event::Paste(text));
        } else {
            let count = 1 + self.below(2);
            let places: Vec<usize> = (0..count).map(|_| self.below(self.files.len())).collect();
            let paths: Vec<PathBuf> = places.into_iter().map(|place| self.files[place].clone()).collect();
            journal.begin(format!("drops {paths:?}"));
            window.input_mut().dropped_files.extend(paths.iter().map(|path| goods::dropped(path)));
        }
        window.run_steps(3);
    }
}

/// Whether Enter would write a file, or start threads that run in real time.
fn leads_outside(state: &State) -> bool {
    let chosen = state.shell.palette.as_ref().and_then(|palette| {
        let mut found = entries::found(state, &palette.query);
        (palette.chosen < found.len()).then(|| found.swap_remove(palette.chosen).entry.commands)
    });
    state.shell.export.is_some()
        || chosen.is_some_and(|commands| commands.iter().any(|is| matches!(is, Command::GoLive)))
}

/// Where the controls are that can be pressed: those on screen, by their accessible nodes.
fn controls(window: &Harness<'_, Lab>) -> Vec<Control> {
    let screen = window.ctx.content_rect();
    let is_control = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        node.data().supports_action(egui::accesskit::Action::Click) && !node.is_disabled()
    };
    window
        .root()
        .query_all(by().predicate(is_control))
        .map(|node| Control { name: node.accesskit_node().label().unwrap_or_default(), rect: node.rect() })
        .filter(|is| screen.contains(is.rect.center()) && !OUTSIDE.iter().any(|word| is.name.contains(word)))
        .collect()
}

fn click(window: &mut Harness<'_, Lab>, at: Pos2, button: PointerButton) {
    window.event(Event::PointerMoved(at));
    for pressed in [true, false] {
        window.event(Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
    }
    window.step();
}

fn drag(window: &mut Harness<'_, Lab>, from: Pos2, to: Pos2) {
    let press = |pos: Pos2, pressed: bool| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.event(Event::PointerMoved(from));
    window.event(press(from, true));
    window.step();
    for part in 1..=4 {
        window.event(Event::PointerMoved(from.lerp(to, part as f32 / 4.0)));
        window.step();
    }
    window.event(press(to, false));
    window.step();
}
