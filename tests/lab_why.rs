//! The Why panel as people use it, by the names that a screen reader would say, and what it looks like.

use std::sync::OnceLock;

use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::theme::{Theme, ThemeChoice};
use highwater::app::view::{Command, Selection};
use highwater::explain::Subject;
use highwater::raster::{Headless, HeadlessOptions};
use highwater::record::RecordId;
use highwater::runtime::Fate;
use highwater::scenario::{Scenario, library, set};
use highwater::time::Span;
use highwater::window::pane::Window;
use image::RgbaImage;

fn scenario(name: &str, settings: &[&str]) -> Scenario {
    let mut scenario = library::find(name).expect("built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

fn lab(scenario: Scenario, theme: ThemeChoice) -> Lab {
    let mut lab = Lab::headless(Opened::scenario(scenario), Saved { theme, ..Saved::default() });
    lab.logic();
    lab.command(Command::Pause);
    lab.command(Command::ToEnd);
    lab
}

/// The panel alone, 312 points wide, paused at the end of the run.
fn panel(lab: Lab, width: f32, height: f32) -> Harness<'static, Lab> {
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, Some(Panel::Why));
    };
    let builder = Harness::builder().with_size(vec2(width, height)).with_step_dt(0.1);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

/// The whole window.
fn window(lab: Lab) -> Harness<'static, Lab> {
    window_of(lab, 1_600.0, 1_000.0)
}

fn window_of(lab: Lab, width: f32, height: f32) -> Harness<'static, Lab> {
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(width, height)).with_step_dt(0.1);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

fn trams() -> Harness<'static, Lab> {
    panel(lab(scenario("trams-tunnel", &[]), ThemeChoice::Dark), 312.0, 1_400.0)
}

fn dropped(lab: &Lab) -> Vec<RecordId> {
    let run = lab.state().run.as_ref().expect("a run is on screen");
    let all = (0..run.trace.fates.len() as u32).map(RecordId);
    all.filter(|id| run.trace.fates[id.index()] == Fate::DroppedLate).collect()
}

/// The one that the pictures are of: in the middle of those that were dropped.
fn one_dropped(lab: &Lab) -> RecordId {
    let dropped = dropped(lab);
    dropped[dropped.len() / 2]
}

fn click(window: &mut Harness<'static, Lab>, label: &str) {
    window.get_by_label_contains(label).click();
    window.run_steps(4);
}

#[test]
fn a_dropped_record_is_explained_and_its_first_fix_counts_it() {
    let mut window = trams();
    let id = one_dropped(window.state());
    let before = dropped(window.state()).len();
    window.state_mut().command(Command::Select(Selection::Record(id)));
    window.run_steps(4);
    window.get_by_label_contains("Dropped from 12:0");
    window.get_by_label_contains("It was offline, so the record reached the log");
    window.get_by_label_contains("The horizon is 1 min after the end of the window");
    window.get_by_label("Smallest change that counts it");
    let cards: Vec<String> = ["Allowed lateness: 1 min to", "Bound: 30 s to", "After that: drop to side output"]
        .map(|start| window.get_by_label_contains(start).accesskit_node().label().unwrap_or_default())
        .to_vec();
    assert!(cards[0].contains("state kept") && cards[0].contains("more counted"), "{}", cards[0]);
    assert!(cards[1].contains("later on"), "{}", cards[1]);
    assert!(cards[2].contains("free, but 12:0"), "{}", cards[2]);
    click(&mut window, "Try it");
    let run = window.state().state().run.clone().expect("a run");
    assert_eq!(run.trace.fates[id.index()], Fate::Counted);
    assert!(dropped(window.state()).len() < before);
    // The panel tells the new outcome of the same record.
    window.get_by_label_contains("Behind, but counted in 12:0");
    window.state_mut().command(Command::Undo);
    window.run_steps(4);
    window.get_by_label_contains("Dropped from 12:0");
}

#[test]
fn another_card_can_be_chosen_and_tried() {
    let mut window = trams();
    let id = one_dropped(window.state());
    window.state_mut().command(Command::Select(Selection::Record(id)));
    window.run_steps(4);
    click(&mut window, "After that: drop to side output");
    click(&mut window, "Try it");
    let run = window.state().state().run.clone().expect("a run");
    assert_eq!(run.trace.fates[id.index()], Fate::SideOutput);
    window.get_by_label_contains("To the side output, not in 12:0");
}

#[test]
fn pinning_keeps_the_run_beside_the_next_one() {
    let mut window = trams();
    let id = one_dropped(window.state());
    window.state_mut().command(Command::Select(Selection::Record(id)));
    window.run_steps(4);
    let before = window.state().state().run.as_ref().expect("a run").generation;
    click(&mut window, "Pin this run");
    click(&mut window, "Try it");
    let state = window.state().state();
    assert_eq!(state.pinned.as_ref().map(|run| run.generation), Some(before));
    assert_ne!(state.run.as_ref().map(|run| run.generation), Some(before));
}

#[test]
fn steps_lead_to_what_they_name() {
    let mut window = trams();
    let id = one_dropped(window.state());
    window.state_mut().command(Command::Select(Selection::Record(id)));
    window.run_steps(4);
    let now = |window: &Harness<'static, Lab>| window.state().state().playback.now();
    click(&mut window, "reached the log, +");
    let arrival = window.state().state().run.as_ref().expect("a run").trace.stream.arrivals()[id.index()];
    assert_eq!(now(&window), arrival);
    assert_eq!(window.state().state().selection, Selection::Record(id));
    // What closed the window is the record that raised the watermark.
    click(&mut window, "window closed, W past");
    let Selection::Record(raiser) = window.state().state().selection else { panic!("a record") };
    assert_ne!(raiser, id);
    window.get_by_label_contains("Counted on time in");
    // From there to the pane that shows it, and so to its window.
    click(&mut window, "shown on time, sum");
    assert!(matches!(window.state().state().selection, Selection::Window { key: Some(_), .. }));
}

#[test]
fn nothing_selected_offers_three_things_to_ask_about() {
    let mut window = trams();
    window.get_by_label("Nothing is selected");
    click(&mut window, "A record that is not counted");
    let state = window.state().state();
    let Selection::Record(id) = state.selection else { panic!("{:?}", state.selection) };
    assert_eq!(state.run.as_ref().expect("a run").trace.fates[id.index()], Fate::DroppedLate);
    window.state_mut().command(Command::Select(Selection::None));
    window.run_steps(2);
    click(&mut window, "The worst window");
    window.get_by_label_contains("is short by");
    window.get_by_label("Smallest change that makes it right");
    window.state_mut().command(Command::Select(Selection::None));
    window.run_steps(2);
    click(&mut window, "The longest silence");
    window.get_by_label_contains("The watermark stood for");
    if window.query_by_label_contains("Idle after does not help").is_none() {
        click(&mut window, "that do not help");
    }
    window.get_by_label_contains("Idle after does not help");
    click(&mut window, "Back");
    window.get_by_label("Nothing is selected");
}

#[test]
fn a_partition_is_asked_about_where_it_is_shown() {
    let mut window = window(lab(scenario("idle-partition", &[]), ThemeChoice::Dark));
    let at = window.state().state().run.as_ref().expect("a run").clock_range().0 + Span::from_secs(120);
    window.state_mut().command(Command::ShowPanel(Panel::Partitions));
    window.state_mut().command(Command::Seek(at));
    window.run_steps(4);
    click(&mut window, "Why partition 2 is as it is");
    window.get_by_label("Partition 2 is starved");
    window.get_by_label_contains("everything waits for it");
    click(&mut window, "Idle after: off to");
    click(&mut window, "Try it");
    let run = window.state().state().run.clone().expect("a run");
    assert!(run.scenario.pipeline.watermark_options.idle_after.is_some());
    window.get_by_label("Partition 2 is idle");
}

#[test]
fn in_a_small_window_why_comes_forward_while_something_is_selected() {
    let mut window = window_of(lab(scenario("trams-tunnel", &[]), ThemeChoice::Dark), 1_280.0, 800.0);
    let id = one_dropped(window.state());
    let is_told = |window: &Harness<'static, Lab>| window.query_by_label_contains("Dropped from 12:0").is_some();
    let has_knobs = |window: &Harness<'static, Lab>| window.query_by_label("Allowed lateness").is_some();
    assert!(has_knobs(&window) && !is_told(&window));
    window.state_mut().command(Command::Select(Selection::Record(id)));
    window.run_steps(4);
    assert!(is_told(&window) && !has_knobs(&window));
    window.key_press(egui::Key::Escape);
    window.run_steps(4);
    assert!(has_knobs(&window) && !is_told(&window));
}

#[test]
fn the_keyboard_reaches_every_step_and_card() {
    let mut window = trams();
    let id = one_dropped(window.state());
    window.state_mut().command(Command::Select(Selection::Record(id)));
    window.run_steps(4);
    let mut reached = Vec::new();
    for _ in 0..20 {
        window.key_press(egui::Key::Tab);
        window.run_steps(1);
        let focused = window.query_all_by(|node| node.is_focused()).next();
        reached.extend(focused.and_then(|node| node.accesskit_node().label()));
    }
    for part in ["happened", "window closed", "Allowed lateness", "Bound", "Try it", "Pin this run", "Offline with it"]
    {
        assert!(reached.iter().any(|name| name.contains(part)), "{part}: {reached:?}");
    }
    assert!(window.query_all_by_role(Role::Unknown).next().is_none());
}

/// The panel as a picture.
fn picture(lab: &mut Lab, width: f32, height: f32) -> RgbaImage {
    let options = HeadlessOptions { size: vec2(width, height), pixels_per_point: 1.0, seconds_per_frame: 0.5 };
    let ground = Theme::of(lab.state().saved.theme).panel;
    Headless::new(options).run(8, ground, |ui| {
        lab.logic();
        lab.ui(ui, Some(Panel::Why));
    })
}

/// Compares the panel in both themes with the pictures on file.
fn check(name: &str, scenario: &Scenario, selection: impl Fn(&Lab) -> Selection, width: f32, height: f32) {
    check_command(name, scenario, |lab| Command::Select(selection(lab)), width, height);
}

fn check_command(name: &str, scenario: &Scenario, command: impl Fn(&Lab) -> Command, width: f32, height: f32) {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut lab = lab(scenario.clone(), theme);
        let command = command(&lab);
        lab.command(command);
        let picture = picture(&mut lab, width, height);
        results.add(try_image_snapshot_options(&picture, format!("{name}-{suffix}"), &SnapshotOptions::new()));
    }
}

fn in_the_tunnel() -> &'static Scenario {
    static SCENARIO: OnceLock<Scenario> = OnceLock::new();
    SCENARIO.get_or_init(|| scenario("trams-tunnel", &[]))
}

#[test]
fn the_picture_of_a_dropped_record() {
    check("why-record", in_the_tunnel(), |lab| Selection::Record(one_dropped(lab)), 312.0, 1_010.0);
}

#[test]
fn the_picture_of_a_window() {
    let of_all = |lab: &Lab| {
        let start = lab.state().scenario.source.start_time().expect("a start") + Span::from_secs(240);
        Selection::Window { key: None, window: Window::new(start, start + Span::from_secs(60)) }
    };
    check("why-window", in_the_tunnel(), of_all, 312.0, 900.0);
}

#[test]
fn the_picture_of_a_narrow_panel() {
    check("why-narrow", in_the_tunnel(), |lab| Selection::Record(one_dropped(lab)), 232.0, 1_120.0);
}

#[test]
fn the_picture_of_nothing_selected() {
    check("why-nothing", in_the_tunnel(), |_| Selection::None, 312.0, 440.0);
}

#[test]
fn the_picture_of_a_silence() {
    let silence = |lab: &Lab| {
        let (start, _) = lab.state().run.as_ref().expect("a run").clock_range();
        Command::Ask(Subject::Watermark { at: start + Span::from_secs(120) })
    };
    check_command("why-silence", &scenario("idle-partition", &[]), silence, 312.0, 900.0);
}
