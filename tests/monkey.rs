//! A monkey at the controls: every control that there is gets pressed, dragged and typed at, in an order drawn from
//! a seed, while an hour of virtual time plays at 1,000 times real time. Nothing may panic, the ledger balances all
//! the time, and memory does not grow.
//!
//! `HIGHWATER_MONKEY=SEEDS` runs so many seeds instead of one, as `.ci/run` does.

use std::collections::BTreeSet;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable, by};
use highwater::app::files::{self, Source};
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::Command;
use highwater::time::Span;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Actions of one seed.
const ACTIONS: usize = 260;
/// A control whose name has one of these words leaves the lab: it asks the system for a file, writes one, or starts
/// threads that run in real time.
const OUTSIDE: [&str; 8] = ["Choose", "Export", "Save", "Run live", "CSV", "PNG", "GIF", "Quit"];

/// A window on an hour of trams.
fn window() -> Harness<'static, Lab> {
    let mut opened = files::open(&Source::File("scenarios/trams-tunnel.ron".into()), &mut |_| true).expect("it reads");
    opened.scenario.duration = Span::from_secs(3_600);
    let mut window = Harness::builder().with_size(vec2(1600.0, 1000.0)).build_ui_state(
        |ui, lab: &mut Lab| {
            lab.logic();
            lab.ui(ui, None);
        },
        Lab::headless(opened, Saved::default()),
    );
    window.run_steps(4);
    window
}

/// Where the controls are that can be pressed: those on screen, by their accessible nodes.
fn controls(window: &Harness<'_, Lab>) -> Vec<(String, Rect)> {
    let screen = Rect::from_min_size(Pos2::ZERO, vec2(1600.0, 1000.0));
    let is_control = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        node.data().supports_action(egui::accesskit::Action::Click) && !node.is_disabled()
    };
    window
        .root()
        .query_all(by().predicate(is_control))
        .map(|node| (node.accesskit_node().label().unwrap_or_default(), node.rect()))
        .filter(|(name, rect)| screen.contains(rect.center()) && !OUTSIDE.iter().any(|word| name.contains(word)))
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

const KEYS: [Key; 22] = [
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
    Key::Plus,
    Key::Minus,
];

/// One thing that a person might do, or nobody would.
fn act(window: &mut Harness<'_, Lab>, rng: &mut Pcg64Mcg, pressed: &mut BTreeSet<String>) {
    let anywhere = pos2(rng.random_range(0.0..1600.0), rng.random_range(0.0..1000.0));
    match rng.random_range(0..12) {
        0..=5 => {
            let controls = controls(window);
            if controls.is_empty() {
                return;
            }
            let (name, rect) = &controls[rng.random_range(0..controls.len())];
            pressed.insert(name.clone());
            let button = if rng.random_range(0..12) == 0 { PointerButton::Secondary } else { PointerButton::Primary };
            click(window, rect.center(), button);
        }
        6 => click(window, anywhere, PointerButton::Primary),
        7 => drag(window, anywhere, pos2(rng.random_range(0.0..1600.0), rng.random_range(0.0..1000.0))),
        8 => {
            let modifiers = [Modifiers::NONE, Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND];
            let key = KEYS[rng.random_range(0..KEYS.len())];
            window.key_press_modifiers(modifiers[rng.random_range(0..modifiers.len())], key);
            window.step();
        }
        9 => {
            window.event(Event::Text(["12", "bound", "-", "9e99", "\u{202e}x", "1min"][rng.random_range(0..6)].into()));
            window.step();
        }
        10 => {
            let way = vec2(rng.random_range(-60.0..60.0), rng.random_range(-240.0..240.0));
            window.event(Event::PointerMoved(anywhere));
            window.event(Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                delta: way,
                phase: egui::TouchPhase::Move,
                source: egui::MouseWheelSource::Wheel,
                modifiers: if rng.random_range(0..2) == 0 { Modifiers::NONE } else { Modifiers::COMMAND },
            });
            window.step();
        }
        _ => {
            window.state_mut().command(Command::Play);
            window.state_mut().command(Command::SetSpeed(1_000.0));
            window.run_steps(10);
        }
    }
}

/// Resident memory of this process in megabytes, where the system says it.
fn resident_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb / 1_024)
}

fn play_with(seed: u64) {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut window = window();
    let mut in_the_middle = None;
    let mut pressed = BTreeSet::new();
    for action in 0..ACTIONS {
        act(&mut window, &mut rng, &mut pressed);
        let state = window.state().state();
        if let Some(run) = &state.run {
            assert!(run.trace.ledger.balances(), "seed {seed}, action {action}: {:?}", run.trace.ledger);
            let (start, end) = run.clock_range();
            let now = state.playback.now();
            assert!(now >= start.min(state.playback.start) && now <= end.max(state.playback.end));
        }
        if action == ACTIONS / 2 {
            in_the_middle = resident_mb();
        }
    }
    assert!(pressed.len() >= 25, "seed {seed}: only {} controls were pressed: {pressed:?}", pressed.len());
    if let (Some(before), Some(after)) = (in_the_middle, resident_mb()) {
        // A run of an hour of trams takes some 5 MB; what is kept are a few of them, and what can be taken back.
        assert!(after < before + 300, "seed {seed}: {before} MB in the middle, {after} MB at the end");
    }
}

#[test]
fn nothing_that_is_pressed_breaks_the_lab() {
    let seeds: u64 = std::env::var("HIGHWATER_MONKEY").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1);
    for seed in 0..seeds {
        play_with(seed);
    }
}
