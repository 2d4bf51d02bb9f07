//! The lab as people use it: by the names that a screen reader would say. Drawn without a display;
//! the worker has no thread here, so every frame is the same on every machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, PointerButton, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::pipeline::{LatePolicy, WindowSpec};
use highwater::scenario::{library, set};
use highwater::time::{ProcTime, Span};

type Window = Harness<'static, Lab>;

/// A window of 1600 by 1000 on the first built-in scenario, four frames of a tenth of a second in.
fn window() -> Window {
    window_of(1600.0, 1000.0, 0.1)
}

fn window_of(width: f32, height: f32, seconds_per_frame: f32) -> Window {
    let lab = Lab::headless(Opened::first().expect("the first built-in scenario reads"), Saved::default());
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(width, height)).with_step_dt(seconds_per_frame);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

fn now(window: &Window) -> ProcTime {
    window.state().state().playback.now()
}

fn is_playing(window: &Window) -> bool {
    window.state().state().playback.playing
}

fn dropped(window: &Window) -> u64 {
    window.state().state().run.as_ref().expect("a run is on screen").trace.ledger.dropped_late
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}

fn set(window: &mut Window, label: &str, value: f64) {
    window.get_by_role_and_label(Role::Slider, label).set_value_accesskit(value);
    window.run_steps(3);
}

#[test]
fn the_window_opens_playing() {
    let mut window = window();
    assert!(is_playing(&window));
    let before = now(&window);
    window.run_steps(10);
    let passed = now(&window) - before;
    // Ten frames of a tenth of a second at ten times the speed.
    assert_eq!(passed, Span::from_secs(10));
    window.get_by_label("Scenario: Trams and a tunnel");
    window.get_by_label_contains("balances");
}

#[test]
fn time_can_be_held_stepped_and_run_to_both_ends() {
    let mut window = window();
    click(&mut window, "Pause");
    let held = now(&window);
    window.run_steps(5);
    assert_eq!(now(&window), held);

    let handled = |window: &Window| {
        let run = window.state().state().run.clone().expect("a run is on screen");
        run.trace.at(now(window)).handled
    };
    let before = handled(&window);
    click(&mut window, "Step");
    assert_eq!(handled(&window), before + 1);
    press(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(handled(&window), before);

    press(&mut window, Modifiers::NONE, Key::End);
    let end = window.state().state().playback.end;
    assert_eq!(now(&window), end);
    press(&mut window, Modifiers::NONE, Key::Space);
    assert!(is_playing(&window) && now(&window) < end, "playing from the end starts again");
    click(&mut window, "To the start");
    assert!(now(&window) < end);
}

#[test]
fn shift_and_an_arrow_go_from_pane_to_pane() {
    let mut window = window();
    click(&mut window, "Pause");
    press(&mut window, Modifiers::NONE, Key::Home);
    let panes: Vec<ProcTime> = {
        let run = window.state().state().run.clone().expect("a run is on screen");
        let mut instants: Vec<ProcTime> = run.trace.panes.iter().map(|pane| pane.emitted_at).collect();
        instants.dedup();
        instants
    };
    for expected in &panes[..3] {
        press(&mut window, Modifiers::SHIFT, Key::ArrowRight);
        assert_eq!(now(&window), *expected);
    }
    press(&mut window, Modifiers::SHIFT, Key::ArrowLeft);
    assert_eq!(now(&window), panes[1]);
}

#[test]
fn turning_the_bound_runs_everything_again() {
    let mut window = window();
    assert!(dropped(&window) > 0);
    set(&mut window, "Bound", 180e6);
    assert_eq!(dropped(&window), 0, "three minutes cover the tunnel");
    window.get_by_label("1 changed");
    set(&mut window, "Bound", 0.0);
    let without_waiting = dropped(&window);
    click(&mut window, "Undo");
    assert_eq!(dropped(&window), 0);
    click(&mut window, "1 changed");
    let opened = dropped(&window);
    assert!(0 < opened && opened < without_waiting, "{opened} {without_waiting}");
    assert!(window.query_by_label("1 changed").is_none());
}

#[test]
fn a_knob_turns_while_it_is_dragged() {
    let mut window = window();
    click(&mut window, "Pause");
    let generation = |window: &Window| window.state().state().run.as_ref().map(|run| run.generation);
    let track = window.get_by_role_and_label(Role::Slider, "Bound").rect();
    window.drag_at(track.center());
    window.run_steps(2);
    let mut seen = vec![generation(&window)];
    for share in [0.6, 0.7, 0.8] {
        window.hover_at(track.lerp_inside(vec2(share, 0.5)));
        window.run_steps(2);
        seen.push(generation(&window));
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "a run for every place: {seen:?}");
    assert!(window.state().state().ghost.is_some(), "the run before the change is still shown");
    window.drop_at(track.lerp_inside(vec2(0.8, 0.5)));
    window.run_steps(12);
    assert!(window.state().state().ghost.is_none(), "and gone a second after the knob is let go");
    assert_eq!(window.state().state().undo.len(), 1, "one movement is one change");
}

#[test]
fn a_value_can_be_typed_with_its_unit() {
    let mut window = window();
    click(&mut window, "Bound, type a value");
    window.get_by_label("Bound, value").type_text("1min 5s");
    window.run_steps(1);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().scenario.pipeline.watermark.bound(), Span::from_secs(65));

    click(&mut window, "Bound, type a value");
    window.get_by_label("Bound, value").type_text("soon");
    window.run_steps(1);
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("Bound, value");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Bound, value").is_none());
    assert_eq!(window.state().state().scenario.pipeline.watermark.bound(), Span::from_secs(65));
}

#[test]
fn a_double_click_on_a_track_goes_back_to_what_was_opened() {
    let mut window = window_of(1600.0, 1000.0, 0.02);
    set(&mut window, "Bound", 120e6);
    let at = window.get_by_role_and_label(Role::Slider, "Bound").rect().center();
    for _ in 0..2 {
        for pressed in [true, false] {
            window.event(Event::PointerMoved(at));
            let (button, modifiers) = (PointerButton::Primary, Modifiers::NONE);
            window.event(Event::PointerButton { pos: at, button, pressed, modifiers });
        }
        window.step();
    }
    window.run_steps(2);
    assert_eq!(window.state().state().scenario.pipeline.watermark.bound(), Span::from_secs(30));
}

#[test]
fn segments_switch_the_kind_of_windows_and_what_becomes_of_late_records() {
    let mut window = window();
    let pipeline = |window: &Window| window.state().state().scenario.pipeline.clone();
    click(&mut window, "Sliding");
    let slide = Span::from_secs(30);
    assert_eq!(pipeline(&window).window, WindowSpec::Sliding { size: Span::from_secs(60), slide, offset: Span::ZERO });
    window.get_by_role_and_label(Role::Slider, "Slide");
    click(&mut window, "Session");
    assert!(matches!(pipeline(&window).window, WindowSpec::Session { .. }));
    window.get_by_role_and_label(Role::Slider, "Gap");
    click(&mut window, "Tumbling");
    assert_eq!(pipeline(&window).window, WindowSpec::Tumbling { size: Span::from_secs(60), offset: Span::ZERO });

    click(&mut window, "Side output");
    assert_eq!(pipeline(&window).late, LatePolicy::SideOutput);
    let ledger = window.state().state().run.as_ref().expect("a run is on screen").trace.ledger;
    assert!(ledger.side_output > 0 && ledger.dropped_late == 0);
}

#[test]
fn the_theme_switches_and_is_kept() {
    let mut window = window();
    click(&mut window, "Light theme");
    assert_eq!(window.state().state().saved.theme, ThemeChoice::Light);
    click(&mut window, "Dark theme");
    assert_eq!(window.state().state().saved.theme, ThemeChoice::Dark);
}

#[test]
fn another_scenario_is_opened_from_the_menu() {
    let mut window = window();
    click(&mut window, "Scenario: Trams and a tunnel");
    let title = highwater::app::files::built_in()[4].title.clone();
    click(&mut window, &title);
    window.run_steps(3);
    window.get_by_label(&format!("Scenario: {title}"));
    assert!(is_playing(&window));
    assert!(window.state().state().undo.is_empty());
}

#[test]
fn a_bad_file_leaves_the_run_and_shows_a_notice_until_it_is_closed() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("broken.ron");
    std::fs::write(&path, "(title: \"x\", source: Synthetic(rat: 2))").expect("the folder is writable");
    let mut window = window();
    window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    window.run_steps(3);
    window.get_by_label("Path of a file").type_text(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Open this file");
    window.run_steps(3);
    window.get_by_label("Cannot open broken.ron");
    window.get_by_label_contains("rate");
    window.get_by_label("Scenario: Trams and a tunnel");
    window.run_steps(100);
    click(&mut window, "Close: Cannot open broken.ron");
    assert!(window.query_by_label("Cannot open broken.ron").is_none());
}

#[test]
fn a_dropped_recording_is_opened_and_says_what_was_guessed() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("rides.csv");
    let rows: String = (0..200).map(|i| format!("{},{},z{}\n", i * 60, i * 60 + 30 + i % 7, i % 3)).collect();
    std::fs::write(&path, format!("pickup_s,dropoff_s,zone\n{rows}")).expect("the folder is writable");
    let mut window = window();
    window.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    window.run_steps(4);
    window.get_by_label("Scenario: rides.csv");
    assert_eq!(window.state().state().run.as_ref().map(|run| run.trace.stream.len()), Some(200));
    window.get_by_label("Opened rides.csv");
    window.get_by_label_contains("event time pickup_s, arrival time dropoff_s");
}

/// A file that was dropped on the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn arrows_turn_the_knob_that_has_the_focus_and_the_space_bar_still_plays() {
    let mut window = window();
    click(&mut window, "Pause");
    let held = now(&window);
    window.get_by_role_and_label(Role::Slider, "Bound").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert_eq!(window.state().state().scenario.pipeline.watermark.bound(), Span::from_secs(32));
    press(&mut window, Modifiers::SHIFT, Key::ArrowLeft);
    assert_eq!(window.state().state().scenario.pipeline.watermark.bound(), Span::from_secs(22));
    assert_eq!(now(&window), held, "the arrows belong to the knob");
    press(&mut window, Modifiers::NONE, Key::Space);
    assert!(is_playing(&window));
}

#[test]
fn the_timeline_scrubs_both_ways() {
    let mut window = window();
    click(&mut window, "Pause");
    let strip = window.get_by_role_and_label(Role::Slider, "Timeline").rect();
    let mut last = now(&window);
    for (share, forward) in [(0.9, true), (0.3, false), (0.5, true)] {
        window.drag_at(strip.lerp_inside(vec2(share, 0.5)));
        window.run_steps(2);
        assert_eq!(now(&window) > last, forward, "to {share}");
        last = now(&window);
        window.drop_at(strip.lerp_inside(vec2(share, 0.5)));
        window.run_steps(1);
    }
}

#[test]
fn every_size_of_window_draws_and_names_everything() {
    for (width, height) in [(960.0, 640.0), (1280.0, 800.0), (2048.0, 1152.0)] {
        let mut window = window_of(width, height, 0.1);
        for name in ["Bound", "Allowed lateness", "Service time", "Queue", "Speed", "Timeline"] {
            window.get_by_role_and_label(Role::Slider, name);
        }
        window.run_steps(2);
        let unnamed = window.root().children_recursive().filter(|node| {
            let node = node.accesskit_node();
            matches!(node.role(), Role::Button | Role::Slider | Role::RadioButton | Role::CheckBox)
                && node.label().is_none_or(|label| label.is_empty())
        });
        assert_eq!(unnamed.count(), 0);
    }
}

/// A window on a built-in scenario with settings.
fn window_on(slug: &str, settings: &[&str]) -> Window {
    let mut scenario = library::find(slug).expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).expect("these are settings");
    let lab = Lab::headless(Opened::scenario(scenario), Saved::default());
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(1280.0, 800.0)).with_step_dt(0.1);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

#[test]
fn recovery_shows_the_failures_and_what_each_guarantee_makes_of_them() {
    let mut window = window_on("exactly-once", &[]);
    click(&mut window, "Pause");
    press(&mut window, Modifiers::NONE, Key::Num4);
    let crashes = window.query_all_by_label_contains("window 1 crashed: noticed after").count();
    assert_eq!(crashes, 6);
    window.get_by_label_contains("At most once: 18,000 expected");
    window.get_by_label(
        "At least once: 18,000 expected, 24,000 seen, 0 lost, 6,000 repeated; the ledger has 0 lost, 6,000 duplicated",
    );
    window.get_by_label(
        "Exactly once: 18,000 expected, 18,000 seen, 0 lost, 0 repeated; the ledger has 0 lost, 0 duplicated",
    );
}

#[test]
fn recovery_says_what_to_do_where_nothing_fails() {
    let mut window = window_on("exactly-once", &["faults=[]"]);
    press(&mut window, Modifiers::NONE, Key::Num4);
    window.get_by_label_contains("No task failed, so every guarantee gives the same results.");
    let mut window = window_on("four-tasks", &[]);
    press(&mut window, Modifiers::NONE, Key::Num4);
    window.get_by_label_contains("Nothing fails here, and no checkpoints are taken.");
}

#[test]
fn the_large_tile_shows_the_time_map_the_topology_or_the_partitions() {
    let mut window = window_on("hot-key-salted", &["pipeline.tasks.salts=1"]);
    click(&mut window, "Pause");
    press(&mut window, Modifiers::NONE, Key::Num2);
    press(&mut window, Modifiers::NONE, Key::End);
    let cause = window.get_by_label_contains("window 4: ");
    let words = cause.accesskit_node().value().expect("it says what it is");
    assert!(words.contains("% busy") && words.contains("in front of it"), "{words}");
    window.get_by_label_contains("From the log to the sources: ");
    window.get_by_label_contains("Alert, warning: ");
    press(&mut window, Modifiers::NONE, Key::Num3);
    window.get_by_label_contains("Partition 0, read by source 1: position 1");
    assert!(window.query_by_label_contains("From the log to the sources: ").is_none());
    press(&mut window, Modifiers::NONE, Key::Num1);
    window.get_by_label("Follow now");
    press(&mut window, Modifiers::NONE, Key::Num2);
    window.get_by_label_contains("From the log to the sources: ");
    let saved = &window.state().state().saved;
    assert!(saved.arrangement.is_visible(Panel::Topology) && !saved.arrangement.is_visible(Panel::TimeMap));
}
