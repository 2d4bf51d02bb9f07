//! The tuner as its reader uses it: it opens over the whole window, says what to set and how sure that is, and a
//! point applies itself.

#[path = "common/raster_renderer.rs"]
mod raster_renderer;

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::files::{self, Source};
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::shell::command::ShellCommand;
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::app::view::Command;
use highwater::human;
use highwater::runtime::{RunConfig, run};
use highwater::scenario::Scenario;
use highwater::source;
use highwater::time::Span;
use raster_renderer::RasterRenderer;

fn window() -> Harness<'static, Lab> {
    window_in(ThemeChoice::Dark)
}

fn window_in(theme: ThemeChoice) -> Harness<'static, Lab> {
    let opened = files::open(&Source::File("scenarios/trams-tunnel.ron".into()), &mut |_| true).expect("it reads");
    let builder = Harness::builder().with_size(egui::vec2(1600.0, 1000.0)).renderer(RasterRenderer::default());
    let mut window = builder.build_ui_state(
        |ui, lab: &mut Lab| {
            lab.logic();
            lab.ui(ui, None);
        },
        Lab::headless(opened, Saved { theme, ..Saved::default() }),
    );
    window.run_steps(4);
    window.key_press_modifiers(Modifiers::NONE, Key::Num7);
    window.run_steps(6);
    window
}

fn dropped(window: &Harness<'_, Lab>) -> u64 {
    window.state().state().run.as_ref().expect("there is a run").trace.ledger.dropped_late
}

#[test]
fn the_advice_applies_itself_and_keeps_what_it_said() {
    let mut window = window();
    assert!(window.state().state().saved.arrangement.is_visible(Panel::Tuner));
    // 23 of 824 records are dropped with a bound of 30 s and a lateness of 1 min; 97.2 % are counted.
    assert_eq!(dropped(&window), 23);
    window.get_by_label("Goal: 99% within 46 s");
    window.get_by_label("1 min, bound 30 s, kept 1 min: 97.2% counted");
    window.get_by_label("Use this").click();
    window.run_steps(6);
    assert_eq!(dropped(&window), 0);
    let pipeline = &window.state().state().scenario.pipeline;
    assert_eq!(pipeline.allowed_lateness, Span::from_secs(120));
    assert!(pipeline.watermark.bound() < Span::from_secs(30));
    window.get_by_label_contains("This is what is set now.");
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run_steps(6);
    assert_eq!(dropped(&window), 23);
}

#[test]
fn a_cell_of_the_heat_map_sets_window_and_bound() {
    let mut window = window();
    window.get_by_label("3 min, bound 30 s, kept 1 min: 100% counted").click();
    window.run_steps(6);
    let pipeline = &window.state().state().scenario.pipeline;
    assert_eq!(pipeline.window.to_string(), "tumbling windows of 3 min");
    assert_eq!(dropped(&window), 0);
}

#[test]
fn a_wish_that_nothing_keeps_says_what_is_nearest() {
    let mut window = window();
    window.get_by_label("Result within").focus();
    window.run_steps(2);
    for _ in 0..60 {
        window.key_press_modifiers(Modifiers::NONE, Key::ArrowLeft);
        window.run_steps(1);
    }
    window.run_steps(3);
    window.get_by_label("Use the nearest");
}

#[test]
fn another_stream_is_tried_with_the_same_settings() {
    let mut window = window();
    window.get_by_label("Compare with\u{2026}");
    let lay = |path: &str| Command::Shell(ShellCommand::LayBeside(path.into()));
    window.state_mut().command(lay("scenarios/nothing.ron"));
    window.run_steps(4);
    assert!(window.query_all_by_label_contains("Cannot compare with nothing.ron").next().is_some());
    assert!(window.state().state().beside.is_none());
    window.state_mut().command(lay("scenarios/disorder.ron"));
    window.run_steps(8);
    window.get_by_label("Let disorder.ron go");
    // What the engine itself drops of that stream with the pipeline of this one, at the advised setting.
    let advised = {
        window.get_by_label("Use this").click();
        window.run_steps(6);
        window.state().state().scenario.pipeline.clone()
    };
    let other = files::open(&Source::File("scenarios/disorder.ron".into()), &mut |_| true).expect("it reads");
    let scenario = Scenario { pipeline: advised, ..other.scenario };
    let stream = Arc::new(source::generate(&scenario).expect("it is in its limits"));
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    let said = format!(
        "there: {} records, {} dropped",
        human::count(stream.len() as u64),
        human::count(trace.ledger.dropped_late)
    );
    window.get_by_label(&said);
    window.get_by_label("Let disorder.ron go").scroll_to_me();
    window.run_steps(12);
    window.get_by_label("Let disorder.ron go").click();
    window.run_steps(4);
    assert!(window.state().state().beside.is_none());
    window.get_by_label("Compare with\u{2026}");
}

#[test]
fn the_tuner_beside_another_stream_looks_as_it_did() {
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut window = window_in(theme);
        window.state_mut().command(Command::Shell(ShellCommand::LayBeside("scenarios/disorder.ron".into())));
        window.run_steps(8);
        window.get_by_label("Let disorder.ron go").scroll_to_me();
        window.run_steps(30);
        let picture = window.render().expect("a picture");
        results.add(try_image_snapshot_options(&picture, format!("tuner-beside-{suffix}"), &SnapshotOptions::new()));
    }
    results.unwrap();
}
