//! The command palette, the sheet of keys and the keys themselves, as people use them: by the names that a screen
//! reader would say.

#[path = "common/lab_window.rs"]
mod lab_window;

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use highwater::app::arrangement::Preset;
use highwater::app::panel::Panel;
use highwater::app::shortcuts::{Press, Scope, table};
use highwater::app::theme::ThemeChoice;
use highwater::app::view::{Command, Selection};
use highwater::record::RecordId;
use highwater::time::Span;

use lab_window::{Window, click, playing, press};

/// Opens the palette and types into it.
fn ask(window: &mut Window, query: &str) {
    press(window, Modifiers::COMMAND, Key::K);
    window.event(Event::Text(query.to_owned()));
    window.run_steps(2);
}

fn is_palette_shown(window: &Window) -> bool {
    window.state().state().shell.palette.is_some()
}

#[test]
fn the_palette_goes_does_and_asks() {
    let mut window = playing();
    ask(&mut window, "topo");
    window.get_by_label_contains("Topology: Tasks and channels");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(!is_palette_shown(&window));
    assert!(window.state().state().saved.arrangement.is_visible(Panel::Topology));

    ask(&mut window, "speed 100");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().playback.speed, 100.0);

    ask(&mut window, "pause");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(!window.state().state().playback.playing);

    ask(&mut window, "why was record 398 dropped");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().selection, Selection::Record(RecordId(398)));

    ask(&mut window, "why 12:04");
    press(&mut window, Modifiers::NONE, Key::Enter);
    let start = match window.state().state().selection {
        Selection::Window { window, .. } => window.start,
        other => panic!("a window is selected, not {other:?}"),
    };
    assert_eq!(highwater::human::instant(start.micros()), "2026-03-02 12:04:00");

    ask(&mut window, "12:05");
    press(&mut window, Modifiers::NONE, Key::Enter);
    let now = window.state().state().playback.now();
    assert_eq!(highwater::human::instant(now.micros()), "2026-03-02 12:05:00");
}

#[test]
fn arrows_choose_and_escape_leaves_the_palette() {
    let mut window = playing();
    ask(&mut window, "layout");
    let title = |window: &Window| {
        let palette = window.state().state().shell.palette.clone().expect("the palette is shown");
        let found = highwater::app::panels::palette::entries::found(window.state().state(), &palette.query);
        found[palette.chosen].entry.title.clone()
    };
    let first = title(&window);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    let second = title(&window);
    assert_ne!(first, second);
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    assert_ne!(title(&window), first, "the first is followed by the last");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!is_palette_shown(&window));

    ask(&mut window, "learn layout");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().saved.arrangement.preset, Preset::Learn);
}

#[test]
fn what_nothing_fits_can_be_asked_and_typing_mistakes_are_forgiven() {
    let mut window = playing();
    ask(&mut window, "qqqzzz");
    window.get_by_label_contains("Look under Why for \u{201c}qqqzzz\u{201d}");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(window.state().state().saved.arrangement.is_visible(Panel::Why));

    ask(&mut window, "emisions");
    press(&mut window, Modifiers::NONE, Key::Escape);
    ask(&mut window, "topolgoy");
    window.get_by_label_contains("Topology: Tasks and channels");
}

#[test]
fn a_question_opens_its_scenario_and_the_panel_that_answers() {
    let mut window = playing();
    ask(&mut window, "what does exactly once cost");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.run_steps(4);
    let state = window.state().state();
    assert_eq!(state.scenario.title, "Exactly once");
    assert!(state.saved.arrangement.is_visible(Panel::Recovery));
    assert!(state.playback.at_end() && !state.playback.playing);
}

#[test]
fn a_press_beside_the_palette_closes_it() {
    let mut window = playing();
    click(&mut window, "Search, ask, do");
    assert!(is_palette_shown(&window));
    window.get_by_label("Behind the card");
    window.drag_at(egui::pos2(20.0, 900.0));
    window.run_steps(1);
    window.drop_at(egui::pos2(20.0, 900.0));
    window.run_steps(2);
    assert!(!is_palette_shown(&window));
}

#[test]
fn the_sheet_lists_every_key_of_the_table() {
    let mut window = playing();
    press(&mut window, Modifiers::NONE, Key::F1);
    for shortcut in table() {
        let keys: Vec<String> = shortcut.presses.iter().map(|press| press.in_words()).collect();
        window.get_by_label(&format!("{}: {}", shortcut.words, keys.join(" or ")));
    }
    press(&mut window, Modifiers::NONE, Key::Space);
    assert!(window.state().state().playback.playing, "the sheet keeps keys from the window");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!window.state().state().shell.is_sheet_shown);
    press(&mut window, Modifiers::NONE, Key::F1);
    click(&mut window, "Close the sheet of keys");
    assert!(!window.state().state().shell.is_sheet_shown);
}

/// What a key may change, as far as it can be told from outside.
fn seen(window: &Window) -> String {
    let state = window.state().state();
    format!(
        "{} {} {:?} {} {:?} {} {} {:?} {:?} {} {:?} {} {} {}",
        state.playback.now().micros(),
        state.playback.playing,
        state.selection,
        state.generation,
        state.saved.theme,
        state.shell.is_starting,
        state.shell.is_sheet_shown,
        state.shell.palette,
        state.shell.export,
        state.open_card.is_some(),
        state.saved.zoom,
        state.pinned.is_some(),
        state.injecting,
        state.notices.len(),
    ) + &Panel::ALL.map(|panel| state.saved.arrangement.is_visible(panel).to_string()).concat()
}

#[test]
fn every_key_of_the_table_does_something() {
    for (place, shortcut) in table().iter().enumerate() {
        for press in &shortcut.presses {
            // Something to undo, redo, leave and step through, and no panel where its key would bring it.
            let mut window = playing();
            let lab = window.state_mut();
            lab.command(Command::Pause);
            lab.command(Command::SetBound(Span::from_secs(90)));
            window.run_steps(3);
            let lab = window.state_mut();
            lab.command(Command::SetBound(Span::from_secs(95)));
            window.run_steps(3);
            let lab = window.state_mut();
            lab.command(Command::Undo);
            lab.command(Command::ToEnd);
            lab.command(Command::StepRecord(-400));
            lab.command(Command::Select(Selection::Record(RecordId(3))));
            window.run_steps(3);
            let is_shown = |window: &Window| {
                let panel = Panel::ALL.into_iter().find(|panel| panel.title() == shortcut.words);
                panel.is_some_and(|panel| window.state().state().saved.arrangement.is_visible(panel))
            };
            let was_shown = is_shown(&window);
            let before = seen(&window);
            match *press {
                Press::Key(modifiers, key) => window.key_press_modifiers(modifiers, key),
                Press::Copy => window.event(Event::Copy),
                Press::Paste => window.event(Event::Paste("not a scenario".to_owned())),
            }
            window.run_steps(3);
            let quits = window.state().state().shell.quits;
            assert_eq!(quits, shortcut.words == "Quit", "{}", shortcut.words);
            let is_changed = quits || seen(&window) != before || was_shown && is_shown(&window);
            assert!(is_changed, "{place}: {} by {}", shortcut.words, press.in_words());
        }
    }
    assert!(table().iter().any(|shortcut| shortcut.scope == Scope::Anywhere));
}

#[test]
fn the_theme_switches_by_a_key() {
    let mut window = playing();
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::L);
    assert_eq!(window.state().state().saved.theme, ThemeChoice::Light);
}

#[test]
fn zoom_goes_by_keys_and_every_zoom_draws() {
    let mut window = playing();
    press(&mut window, Modifiers::COMMAND, Key::Plus);
    assert_eq!(window.state().state().saved.zoom, Some(1.1));
    press(&mut window, Modifiers::COMMAND, Key::Num0);
    assert_eq!(window.state().state().saved.zoom, Some(1.0));
    for _ in 0..30 {
        press(&mut window, Modifiers::COMMAND, Key::Plus);
    }
    assert_eq!(window.ctx.zoom_factor(), 3.0);
    for _ in 0..30 {
        press(&mut window, Modifiers::COMMAND, Key::Minus);
    }
    assert_eq!(window.ctx.zoom_factor(), 0.5);
}
