//! Breaking a run in the lab: records put in by hand, fault buttons, and what each guarantee makes of them.
//! By the names that a screen reader would say; the worker has no thread here.

use std::sync::Arc;

use egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::arrangement::Preset;
use highwater::app::files::Opened;
use highwater::app::run::Run;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::app::view::Command;
use highwater::cli::picture_size::{PictureSize, Scale};
use highwater::cli::shot::{Look, draw};
use highwater::record::RecordId;
use highwater::runtime::{RunConfig, run};
use highwater::scenario::{Fault, Scenario, Victim, library, set};
use highwater::source::generate;
use highwater::time::{ProcTime, Span};
use highwater::twin::guarantees::{ORDER, under};

type Window = Harness<'static, Lab>;

fn scenario(name: &str, settings: &[&str]) -> Scenario {
    let mut scenario = library::find(name).expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

/// A window on a scenario, paused so long after its start.
fn window(scenario: Scenario, at: Span) -> Window {
    let mut lab = Lab::headless(Opened::scenario(scenario), Saved::default());
    lab.logic();
    let start = lab.state().playback.start;
    lab.command(Command::Pause);
    lab.command(Command::Seek(start + at));
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(1600.0, 1000.0)).with_step_dt(0.1);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

fn now(window: &Window) -> ProcTime {
    window.state().state().playback.now()
}

#[test]
fn a_record_is_put_in_at_the_cursor_and_taken_back() {
    let mut window = window(scenario("trams-tunnel", &[]), Span::from_secs(300));
    let at = now(&window);
    let run = window.state().state().run.clone().expect("it is computed");
    let records = run.trace.stream.len();
    window.state_mut().command(Command::ToggleInjecting);
    let event_time = at.on_event_clock() - Span::from_secs(20);
    window.state_mut().command(Command::Inject { event_time, key: "T1".to_owned(), value: 4.0 });
    window.run_steps(3);
    let state = window.state().state();
    let run = state.run.clone().expect("it is computed");
    assert_eq!((run.trace.stream.len(), now(&window), state.injecting), (records + 1, at, false));
    let put_in: Vec<RecordId> = run.trace.stream.production().by_hand.clone();
    assert_eq!(put_in.len(), 1);
    let record = run.trace.stream.record(put_in[0]);
    assert_eq!((record.event_time, record.value), (event_time, 4.0));
    assert!(run.is_by_hand(put_in[0]) && !run.is_by_hand(RecordId(0)));
    window.state_mut().command(Command::Undo);
    window.run_steps(3);
    let run = window.state().state().run.clone().expect("it is computed");
    assert_eq!(run.trace.stream.len(), records);
}

/// A window in front of people, on a run in which nothing fails.
fn calm(at: Span) -> Window {
    let mut window = window(scenario("exactly-once", &["faults=[]"]), at);
    window.state_mut().command(Command::SetPreset(Preset::Present));
    window.run_steps(3);
    window
}

fn seek(window: &mut Window, at: Span) {
    let start = window.state().state().playback.start;
    window.state_mut().command(Command::Seek(start + at));
    window.run_steps(3);
}

/// What a column says at the cursor: the text of the label that begins with its name and a colon.
fn says(window: &Window, name: &str) -> String {
    let begins = format!("{name}: ");
    let node = window.get_by(|node| node.value().is_some_and(|text| text.starts_with(&begins)));
    node.accesskit_node().value().expect("it has a text")
}

#[test]
fn a_crash_is_pressed_and_each_column_says_what_its_guarantee_makes_of_it() {
    let mut window = calm(Span::from_secs(43));
    window.get_by_label_contains("Nothing has failed. Crash a task");
    let at = now(&window);
    window.get_by_label("Crash a task").click();
    window.run_steps(4);
    let state = window.state().state();
    assert_eq!(now(&window), at);
    let expected = Fault::Crash { victim: Victim::Window(0), at: Span::from_secs(43), every: None, is_silent: false };
    assert_eq!(state.scenario.faults, [expected]);
    seek(&mut window, Span::from_secs(100));
    // The same crash under each guarantee, run by itself.
    let broken = window.state().state().scenario.clone();
    let stream = Arc::new(generate(&broken).expect("it is in its limits"));
    let ledgers = ORDER.map(|delivery| {
        let scenario = under(&broken, delivery);
        run(&stream, &RunConfig::of(&scenario, &stream)).ledger
    });
    let [lost, twice] = [ledgers[0].lost, ledgers[1].duplicated];
    assert!(lost > 100 && twice > 100 && ledgers[2].lost + ledgers[2].duplicated == 0, "{ledgers:?}");
    let grouped = |number: u64| highwater::human::count(number);
    assert_eq!(says(&window, "At most once"), format!("At most once: {} lost", grouped(lost)));
    assert_eq!(says(&window, "At least once"), format!("At least once: {} counted twice", grouped(twice)));
    assert_eq!(says(&window, "Exactly once"), "Exactly once: 0 lost or repeated");
    // Before the crash nobody has lost anything, and the way to it is offered.
    seek(&mut window, Span::from_secs(20));
    assert!(window.query_by_label_contains("counted twice").is_none());
    window.get_by_label("Go to it").click();
    window.run_steps(3);
    assert_eq!(now(&window), at);
    window.state_mut().command(Command::Undo);
    window.run_steps(3);
    assert_eq!(window.state().state().scenario.faults, []);
    window.get_by_label_contains("Nothing has failed. Crash a task");
}

#[test]
fn a_victim_is_chosen_on_the_card_and_the_fault_is_taken_out_by_the_list() {
    let mut window = calm(Span::from_secs(43));
    window.get_by_label("Crash a task: choose").click();
    window.run_steps(3);
    window.get_by_label("everything").click();
    window.run_steps(2);
    window.get_by_label("Crash a task now").click();
    window.run_steps(4);
    let faults = &window.state().state().scenario.faults;
    assert!(matches!(faults[..], [Fault::Crash { victim: Victim::All, .. }]), "{faults:?}");
    window.get_by_label_contains("Faults 1").click();
    window.run_steps(3);
    window.get_by_label("Remove").click();
    window.run_steps(4);
    assert_eq!(window.state().state().scenario.faults, []);
}

#[test]
fn a_button_that_does_not_apply_says_why_and_one_that_is_active_how_long() {
    let mut window = calm(Span::from_secs(43));
    window.get_by_label_contains("Rebalance, not here: The source tasks are no consumer group");
    window.get_by_label_contains("Hot key, not here: There is one key");
    window.get_by_label("Burst").click();
    window.run_steps(4);
    seek(&mut window, Span::from_secs(45));
    window.get_by_label("Burst, active, 8 s left");
    seek(&mut window, Span::from_secs(53));
    window.get_by_label("Burst");
}

#[test]
fn the_screen_for_people() {
    let broken = scenario("exactly-once", &["faults=[Crash(victim: Window(0), at: 43s)]"]);
    let stream = Arc::new(generate(&broken).expect("it is in its limits"));
    let trace = run(&stream, &RunConfig::of(&broken, &stream));
    let run = Arc::new(Run::new(broken.clone(), Arc::new(trace), 1).over(stream));
    let at = run.clock_range().0 + Span::from_millis(46_500);
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let size: PictureSize = "1600x1000".parse().expect("a size within the limits");
        let look = Look { panel: None, about: None, preset: Preset::Present, theme, size, scale: Scale::default() };
        let picture = draw(Opened::scenario(broken.clone()), Arc::clone(&run), at, look);
        results.add(try_image_snapshot_options(&picture, format!("present-{suffix}"), &SnapshotOptions::new()));
    }
    results.unwrap();
}

#[test]
fn the_chip_counts_the_alerts_of_the_cursor_and_leads_to_their_beginning() {
    let mut window = window(scenario("hot-key", &[]), Span::from_secs(90));
    window.run_steps(4);
    let alerts = {
        let state = window.state().state();
        let run = state.run.as_ref().expect("it is computed");
        let insight = run.insight().expect("it is worked out");
        insight.alerts_at(state.playback.now()).iter().map(|alert| alert.firing.raised_at).collect::<Vec<_>>()
    };
    assert_eq!(alerts.len(), 1);
    window.get_by_label("1 alert").click();
    window.run_steps(4);
    let clock = highwater::app::time_ticks::clock(alerts[0].micros(), 1e6);
    window.get_by_label(&format!("Go to {clock}, when it began")).click();
    window.run_steps(4);
    assert_eq!(now(&window), alerts[0]);
    let start = window.state().state().playback.start;
    window.state_mut().command(Command::Seek(start));
    window.run_steps(4);
    assert!(window.query_by_label("1 alert").is_none(), "there is none at the start");
}

#[test]
fn the_palette_breaks_what_the_buttons_break() {
    use highwater::app::panels::palette::entries::found;
    let window = window(scenario("exactly-once", &["faults=[]"]), Span::from_secs(60));
    let state = window.state().state();
    let titles: Vec<String> = found(state, "break something").into_iter().map(|found| found.entry.title).collect();
    let offered: Vec<&str> = titles.iter().filter_map(|title| title.strip_prefix("Break something: ")).collect();
    assert!(offered.contains(&"Crash a task") && offered.contains(&"Burst"), "{titles:?}");
    assert!(!offered.contains(&"Rebalance"), "there is no consumer group: {titles:?}");
    let crash = found(state, "Break something: Crash a task").remove(0).entry;
    assert!(
        crash
            .commands
            .iter()
            .any(|command| matches!(command, Command::Break(fault) if matches!(**fault, Fault::Crash { .. })))
    );
}
