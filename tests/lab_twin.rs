//! The twin as people use it: pin a run, change one thing, read what that did, and go back.

#[path = "common/raster_renderer.rs"]
mod raster_renderer;

use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::app::view::{Command, Selection};
use highwater::pipeline::WatermarkSpec;
use highwater::runtime::Fate;
use highwater::scenario::library::find;
use highwater::time::Span;
use raster_renderer::RasterRenderer;

type Window = Harness<'static, Lab>;

fn lab(theme: ThemeChoice) -> Lab {
    let scenario = find("trams-tunnel").expect("it is built in").scenario().expect("it reads");
    Lab::headless(Opened::scenario(scenario), Saved { theme, ..Saved::default() })
}

/// The trams at `at` from the start, paused; the whole window, or one panel alone.
fn window(panel: Option<Panel>, size: egui::Vec2, theme: ThemeChoice, at: i64) -> Window {
    let frame = move |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, panel);
    };
    let builder = Harness::builder().with_size(size).with_step_dt(0.1).renderer(RasterRenderer::default());
    let mut window = builder.build_ui_state(frame, lab(theme));
    window.run_steps(4);
    let start = window.state().state().playback.start;
    window.state_mut().command(Command::Pause);
    window.state_mut().command(Command::Seek(start + Span::from_secs(at)));
    window.run_steps(2);
    window
}

/// Pins the run and sets the bound to 64 s; the ghost of the change is gone.
fn twin(panel: Option<Panel>, size: egui::Vec2, theme: ThemeChoice) -> Window {
    let mut window = window(panel, size, theme, 577);
    window.state_mut().command(Command::Pin);
    window.run_steps(2);
    window.state_mut().command(Command::SetBound(Span::from_secs(64)));
    window.run_steps(14);
    window
}

fn has_text(window: &Window, part: &str) -> bool {
    window.query_all_by_label_contains(part).next().is_some()
}

#[test]
fn pin_drag_and_read_how_many_more_are_counted_then_go_back() {
    let mut window = window(None, vec2(1600.0, 1000.0), ThemeChoice::Dark, 577);
    window.state_mut().command(Command::ShowPanel(Panel::Twin));
    window.run_steps(2);
    window.get_by_label("Pin this run").click();
    window.run_steps(3);
    assert!(has_text(&window, "This run is pinned"));
    window.get_by_role_and_label(Role::Slider, "Bound").set_value_accesskit(64e6);
    window.run_steps(3);
    let state = window.state().state();
    let (pinned, run) = (state.pinned.clone().expect("pinned"), state.run.clone().expect("a run"));
    assert_eq!(run.scenario.pipeline.watermark, WatermarkSpec::Bounded { bound: Span::from_secs(64) });
    let now = state.playback.now();
    let counted = |run: &highwater::app::run::Run| {
        let handled = run.trace.handled.iter().zip(&run.trace.fates);
        handled.filter(|(at, fate)| **at <= now && **fate == Fate::Counted).count()
    };
    let (before, after) = (counted(&pinned), counted(&run));
    assert!(after > before, "{before} and {after}");
    assert!(has_text(&window, "Bound 30 s, now 1 min 4 s"));
    let more = format!("{} records more are counted", after - before);
    assert!(has_text(&window, &more), "{more}");
    assert!(has_text(&window, &format!("counted, pinned {before}, now {after}")));

    // A change of fate picks one of its records; what it became is what the row says.
    let rows: Vec<String> =
        window.query_all_by_label_contains("dropped, now").filter_map(|node| node.accesskit_node().label()).collect();
    window.get_by_label(&rows[0]).click();
    window.run_steps(2);
    let Selection::Record(id) = window.state().state().selection else { panic!("a record is picked") };
    assert_eq!(run.trace.fates[id.index()], Fate::Counted);
    let happened = run.trace.stream.event_times()[id.index()];
    let same = pinned.trace.stream.event_times().iter().position(|&other| other == happened).expect("the same record");
    assert_eq!(pinned.trace.fates[same], Fate::DroppedLate);

    window.get_by_label("Back to 30 s").click();
    window.run_steps(3);
    let state = window.state().state();
    assert!(state.pinned.is_none());
    assert_eq!(state.scenario.pipeline.watermark, WatermarkSpec::Bounded { bound: Span::from_secs(30) });
    assert!(window.query_by_label("Back to 30 s").is_none());
}

#[test]
fn keeping_lets_the_pinned_run_go_and_nothing_else() {
    let mut window = twin(None, vec2(1600.0, 1000.0), ThemeChoice::Dark);
    window.get_by_label("Keep 1 min 4 s").click();
    window.run_steps(3);
    let state = window.state().state();
    assert!(state.pinned.is_none());
    assert_eq!(state.scenario.pipeline.watermark, WatermarkSpec::Bounded { bound: Span::from_secs(64) });
}

#[test]
fn another_seed_is_another_input_and_that_is_said() {
    let mut window = twin(None, vec2(1600.0, 1000.0), ThemeChoice::Dark);
    let mut scenario = window.state().state().scenario.clone();
    scenario.seed += 1;
    window.state_mut().command(Command::Change(Box::new(scenario)));
    window.run_steps(3);
    assert!(has_text(&window, "2 changes"));
    assert!(has_text(&window, "The runs read different records"));
    assert!(window.query_all_by_label_contains("dropped, now").next().is_none());
}

#[test]
fn a_term_of_the_ledger_shows_its_records_alone_and_again_all() {
    let mut window = window(None, vec2(1600.0, 1000.0), ThemeChoice::Dark, 577);
    let ledger = {
        let state = window.state().state();
        state.run.as_ref().expect("a run").ledger_at(state.playback.now())
    };
    let dropped = format!("Ledger: {} dropped late", ledger.dropped_late);
    window.get_by_label(&dropped).click();
    window.run_steps(2);
    let legend = window.state().state().legend;
    assert!(legend.dropped && legend.watermark);
    assert!(!legend.on_time && !legend.behind && !legend.side_output && !legend.given_up);
    window.get_by_label(&dropped).click();
    window.run_steps(2);
    assert_eq!(window.state().state().legend, highwater::app::view::LegendFilter::default());
    window.get_by_label(&format!("Ledger: {} in flight", ledger.in_flight)).click();
    window.run_steps(2);
    let state = window.state().state();
    let Selection::Record(id) = state.selection else { panic!("a record is picked") };
    let (trace, now) = (&state.run.as_ref().expect("a run").trace, state.playback.now());
    assert!(trace.stream.arrivals()[id.index()] <= now && trace.handled[id.index()] > now);
}

#[test]
fn delays_lie_on_either_axis_and_the_bound_takes_a_value() {
    let mut window = window(Some(Panel::Late), vec2(560.0, 300.0), ThemeChoice::Dark, 577);
    window.get_by_label("Log axis").click();
    window.run_steps(3);
    window.get_by_label("Linear axis");
    window.get_by_label("Out-of-orderness bound on the delay axis").set_value_accesskit(45.0);
    window.run_steps(3);
    let bound = window.state().state().scenario.pipeline.watermark;
    assert_eq!(bound, WatermarkSpec::Bounded { bound: Span::from_secs(45) });
}

#[test]
fn the_keys_of_a_window_unfold_into_lanes() {
    let mut window = window(Some(Panel::Emissions), vec2(560.0, 460.0), ThemeChoice::Dark, 577);
    assert_eq!(window.query_all_by_label_contains("Key T").count(), 0);
    window.get_by_label("Keys of 12:04").click();
    window.run_steps(3);
    let keys: Vec<String> =
        window.query_all_by_label_contains("Key T").filter_map(|node| node.accesskit_node().label()).collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    window.get_by_label(&keys[0]).click();
    window.run_steps(2);
    assert!(matches!(window.state().state().selection, Selection::Window { key: Some(_), .. }));
}

#[test]
fn the_twin_looks_as_it_did() {
    let mut results = SnapshotResults::new();
    let pictures = [
        ("twin", Some(Panel::Twin), vec2(312.0, 760.0)),
        ("twin-emissions", Some(Panel::Emissions), vec2(540.0, 264.0)),
        ("twin-time-map", Some(Panel::TimeMap), vec2(720.0, 480.0)),
        ("twin-late", Some(Panel::Late), vec2(560.0, 264.0)),
    ];
    for (name, panel, size) in pictures {
        for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
            let mut window = twin(panel, size, theme);
            let picture = window.render().expect("a picture");
            results.add(try_image_snapshot_options(&picture, format!("{name}-{suffix}"), &SnapshotOptions::new()));
        }
    }
    results.unwrap();
}

/// `HIGHWATER_PICTURES=DIR cargo test --test lab_twin pictures` draws the whole window to look at.
#[test]
fn pictures_of_the_whole_window() {
    let Some(folder) = std::env::var_os("HIGHWATER_PICTURES") else { return };
    let folder = std::path::PathBuf::from(folder);
    for (width, height) in [(1280.0, 800.0), (1600.0, 1000.0), (2560.0, 1440.0)] {
        for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
            let mut window = twin(None, vec2(width, height), theme);
            let picture = window.render().expect("a picture");
            picture.save(folder.join(format!("twin-{width}x{height}-{suffix}.png"))).expect("it can be written");
        }
    }
}
