//! The results as people use them: the table sorts and filters, the changelog says what happened, and the age
//! of the table is held against what was agreed.

#[path = "common/raster_renderer.rs"]
mod raster_renderer;

use egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::app::view::{Command, Selection};
use highwater::scenario::library::find;
use highwater::scenario::set;
use highwater::time::Span;
use raster_renderer::RasterRenderer;

type Window = Harness<'static, Lab>;

/// The trams with some settings changed, at `at` from the start: the results alone.
fn window(settings: &[&str], size: egui::Vec2, theme: ThemeChoice, at: i64) -> Window {
    let mut scenario = find("trams-tunnel").expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).expect("these are settings");
    let lab = Lab::headless(Opened::scenario(scenario), Saved { theme, ..Saved::default() });
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, Some(Panel::Results));
    };
    let builder = Harness::builder().with_size(size).with_step_dt(0.1).renderer(RasterRenderer::default());
    let mut window = builder.build_ui_state(frame, lab);
    window.run_steps(4);
    let start = window.state().state().playback.start;
    window.state_mut().command(Command::Pause);
    window.state_mut().command(Command::Seek(start + Span::from_secs(at)));
    window.run_steps(2);
    window
}

fn wide(settings: &[&str]) -> Window {
    window(settings, vec2(760.0, 520.0), ThemeChoice::Dark, 577)
}

/// The rows from the top: what a screen reader says of each.
fn rows(window: &Window) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = window
        .query_all_by_role(egui::accesskit::Role::Row)
        .map(|node| (node.rect().top(), node.accesskit_node().label().unwrap_or_default()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, label)| label).collect()
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// The words of a label.
fn said(node: &egui_kittest::Node<'_>) -> String {
    let node = node.accesskit_node();
    node.label().or_else(|| node.value()).expect("words")
}

fn values(rows: &[String]) -> Vec<f64> {
    rows.iter().map(|row| row.rsplit(' ').next().expect("a value").parse().expect("a number")).collect()
}

#[test]
fn the_table_sorts_by_what_is_pressed_and_the_other_way_when_pressed_again() {
    let mut window = wide(&[]);
    let by_window = rows(&window);
    assert!(by_window.len() >= 12, "{by_window:?}");
    assert!(by_window[0].starts_with("12:07 T"), "{by_window:?}");
    click(&mut window, "Sort by value");
    let largest = values(&rows(&window));
    assert!(largest.is_sorted_by(|a, b| a >= b), "{largest:?}");
    click(&mut window, "Sort by value");
    let smallest = values(&rows(&window));
    assert!(smallest.is_sorted() && smallest[0] < largest[0], "{smallest:?}");
    click(&mut window, "Sort by off by");
    let worst = rows(&window);
    let state = window.state().state();
    let run = state.run.as_ref().expect("a run");
    let keys = run.trace.stream.key_table();
    let t3 = keys.find("T3").expect("a tram");
    // T3 was in the tunnel: what is missing of 12:04 is its.
    assert!(worst[0].starts_with("12:04 T3"), "{worst:?}");
    click(&mut window, &worst[0].clone());
    let Selection::Window { key, window: selected } = window.state().state().selection else { panic!("a window") };
    assert_eq!((key, selected.size()), (Some(t3), Span::from_secs(60)));
}

#[test]
fn a_filter_leaves_the_keys_that_have_it() {
    let mut window = wide(&[]);
    window.get_by_label("Filter keys").focus();
    window.run_steps(1);
    window.get_by_label("Filter keys").type_text("t2");
    window.run_steps(3);
    let rows = rows(&window);
    assert!(rows.len() >= 5 && rows.iter().all(|row| row.contains(" T2, ")), "{rows:?}");
}

#[test]
fn the_changelog_goes_back_and_tells_updates_from_inserts() {
    let settings = ["pipeline.sink=Upsert", "pipeline.accumulation=AccumulatingAndRetracting"];
    let mut window = wide(&settings);
    click(&mut window, "Changelog");
    let changes = rows(&window);
    assert!(changes.len() >= 10, "{changes:?}");
    for op in ["insert ", "update after ", "update before "] {
        let all = window.query_all_by_label_contains(op).count();
        assert!(all > 0 || op == "insert ", "{op}: {changes:?}");
    }
    let last = changes[0].clone();
    let before = window.state().state().playback.now();
    click(&mut window, &last);
    let state = window.state().state();
    assert!(state.playback.now() <= before);
    assert!(matches!(state.selection, Selection::Window { key: Some(_), .. }));
}

#[test]
fn serving_holds_the_age_against_what_was_agreed_and_compares_with_a_replay() {
    let mut window = wide(&[]);
    click(&mut window, "Serving");
    let share = |window: &Window| -> f64 {
        let node = window.query_all_by_label_contains("of the time within").next().expect("the share");
        let label = said(&node);
        let text = label.rsplit(' ').next().expect("a share").trim_end_matches('%').to_owned();
        text.parse().expect("a number")
    };
    window.get_by_label("Agreed age").set_value_accesskit(60e6);
    window.run_steps(3);
    let strict = share(&window);
    window.get_by_label("Agreed age").set_value_accesskit(120e6);
    window.run_steps(3);
    let lax = share(&window);
    assert!(strict < lax && strict > 0.0 && lax <= 100.0, "{strict} and {lax}");
    click(&mut window, "Compare");
    window.run_steps(3);
    let found = window.query_all_by_label_contains("replay says what the stream said").next().expect("parity");
    let label = said(&found);
    let numbers: Vec<&str> = label.rsplit(": ").next().expect("a value").split(" of ").collect();
    assert_eq!(numbers[0], numbers[1], "{label}");
}

#[test]
fn the_results_look_as_they_did() {
    let mut results = SnapshotResults::new();
    let retracting = ["pipeline.accumulation=AccumulatingAndRetracting"];
    for (face, name, settings) in [
        ("Table", "results-table", &[][..]),
        ("Changelog", "results-changelog", &retracting[..]),
        ("Serving", "results-serving", &[][..]),
    ] {
        for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
            for (width, size) in [(360.0, "narrow"), (640.0, "wide")] {
                let mut window = window(settings, vec2(width, 420.0), theme, 577);
                click(&mut window, face);
                let picture = window.render().expect("a picture");
                let name = format!("{name}-{size}-{suffix}");
                results.add(try_image_snapshot_options(&picture, name, &SnapshotOptions::new()));
            }
        }
    }
    results.unwrap();
}
