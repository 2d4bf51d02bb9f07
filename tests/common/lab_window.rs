//! A window of the lab without a display: the worker has no thread, so every frame is the same on every machine.

#![allow(dead_code, reason = "every test uses a part of it")]

use egui::{Key, Modifiers, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use highwater::app::files::Opened;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::Command;
use highwater::scenario::{Scenario, library, set};
use highwater::time::Span;

pub type Window = Harness<'static, Lab>;

/// The size of a window that tests have no reason to change, in points.
pub const SIZE: Vec2 = vec2(1600.0, 1000.0);

/// A built-in scenario with `--set` settings.
pub fn scenario(name: &str, settings: &[&str]) -> Scenario {
    let mut scenario = library::find(name).expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

/// A window on `lab`, of `size` points, after its first frames.
pub fn window_of(lab: Lab, size: Vec2) -> Window {
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let mut window = Harness::builder().with_size(size).with_step_dt(0.1).build_ui_state(frame, lab);
    window.run_steps(4);
    window
}

/// A window on a scenario, paused so long after its start.
pub fn window(scenario: Scenario, at: Span) -> Window {
    let mut lab = Lab::headless(Opened::scenario(scenario), Saved::default());
    lab.logic();
    let start = lab.state().playback.start;
    lab.command(Command::Pause);
    lab.command(Command::Seek(start + at));
    window_of(lab, SIZE)
}

/// A window on the first built-in scenario, playing.
pub fn playing() -> Window {
    let opened = Opened::first().expect("the first built-in scenario reads");
    window_of(Lab::headless(opened, Saved::default()), SIZE)
}

pub fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

pub fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}
