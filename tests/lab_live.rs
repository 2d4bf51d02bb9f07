//! A live run in the lab: real threads, looked at as they run, steered, and replayed at their end. These
//! tests wait for a state and never for a time.

use crossbeam_channel::unbounded;
use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use highwater::app::files::Opened;
use highwater::app::link::Link;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::Command;
use highwater::app::worker::Job;
use highwater::scenario::{Scenario, parse};

type Window = Harness<'static, Lab>;

/// About 600 records in a minute; the task has time for all of them.
const SCENARIO: &str = r#"(
    title: "Live",
    duration: "1min",
    source: Synthetic(rate: 10, keys: Uniform(count: 8), delay: Uniform(min: "0s", max: "5s")),
    pipeline: (
        watermark: Bounded(bound: "2s"),
        window: Tumbling(size: "10s"),
        service_time: "20ms",
        tasks: (windows: 2),
    ),
)"#;

fn scenario() -> Scenario {
    parse(SCENARIO, "test").unwrap_or_else(|error| panic!("{error}"))
}

fn window_on(scenario: Scenario) -> Window {
    let lab = Lab::headless(Opened::scenario(scenario), Saved::default());
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(1280.0, 800.0)).with_step_dt(0.01);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

fn click(window: &mut Window, label: &str) {
    if label == "Run live" {
        // In the window it stands in the palette.
        window.state_mut().command(Command::GoLive);
    } else {
        window.get_by_label(label).click();
    }
    window.run_steps(2);
}

fn run_until(window: &mut Window, is_there: impl Fn(&Lab) -> bool) {
    while !is_there(window.state()) {
        window.run_steps(1);
        std::thread::yield_now();
    }
    window.run_steps(2);
}

fn has_frame(lab: &Lab) -> bool {
    lab.state().live.as_ref().is_some_and(|live| live.frame.as_ref().is_some_and(|frame| frame.progress.handled() > 0))
}

#[test]
fn a_live_run_is_watched_and_its_replay_equals_it() {
    let mut window = window_on(scenario());
    let virtual_panes = window.state().state().run.as_ref().expect("a run is on screen").trace.panes.len();
    window.state_mut().command(Command::SetSpeed(100.0));
    click(&mut window, "Run live");
    run_until(&mut window, has_frame);
    // Half a second of real time is left at least: it is still running, or has just ended.
    if window.state().state().live.is_some() {
        window.get_by_label_contains("window 1, live: ");
        window.get_by_label_contains("Live, from the log to the sources: ");
    }
    run_until(&mut window, |lab| lab.state().live.is_none());
    let state = window.state().state();
    let run = state.run.as_ref().expect("the replay is on screen");
    assert_eq!(run.trace.panes.len(), virtual_panes, "the same windows fire");
    let title = format!("Replay equals live: {virtual_panes} panes");
    assert_eq!(state.notices.last().map(|notice| (notice.title.as_str(), notice.is_problem)), Some((&*title, false)));
    assert_eq!(run.trace.ledger.counted + run.trace.ledger.dropped_late, run.trace.stream.len() as u64);
    assert_eq!((state.playback.now(), run.generation), (state.playback.end, state.generation));
    window.get_by_label(&title);
    window.get_by_label("Follow now");
    // And back to virtual time.
    press(&mut window, Key::Num2);
    window.get_by_label_contains("window 2: ");
}

fn press(window: &mut Window, key: Key) {
    window.key_press_modifiers(Modifiers::NONE, key);
    window.run_steps(2);
}

#[test]
fn a_live_run_can_be_held_and_stopped() {
    let mut window = window_on(scenario());
    window.state_mut().command(Command::SetSpeed(5.0));
    click(&mut window, "Run live");
    run_until(&mut window, has_frame);
    click(&mut window, "Hold live run");
    assert!(window.state().state().live.as_ref().is_some_and(|live| live.is_paused));
    click(&mut window, "Go on");
    click(&mut window, "Stop live run");
    run_until(&mut window, |lab| lab.state().live.is_none());
    let ledger = window.state().state().run.as_ref().expect("the replay is on screen").trace.ledger;
    assert!(ledger.balances() && ledger.in_flight > 0 && ledger.counted > 0, "{ledger:?}");
}

#[test]
fn what_threads_do_not_keep_is_refused_in_words() {
    let mut scenario = scenario();
    scenario.pipeline.tasks.salts = 4;
    let mut window = window_on(scenario);
    click(&mut window, "Run live");
    run_until(&mut window, |lab| lab.state().live.is_none());
    window.get_by_label("This cannot run live");
    window.get_by_label_contains("threads have one stage of window tasks");
}

#[test]
fn a_changed_setting_ends_the_live_run() {
    let mut window = window_on(scenario());
    window.state_mut().command(Command::SetSpeed(0.1));
    click(&mut window, "Run live");
    run_until(&mut window, has_frame);
    let mut changed = scenario();
    changed.seed = 99;
    window.state_mut().command(Command::Change(Box::new(changed)));
    window.run_steps(3);
    assert!(window.state().state().live.is_none());
    assert_eq!(window.state().state().run.as_ref().map(|run| run.scenario.seed), Some(99));
}

#[test]
fn all_threads_end_with_the_window() {
    let (woken, wakes) = unbounded();
    let mut link = Link::threaded(move || {
        let _ = woken.send(());
    });
    let job = Job { generation: 1, scenario: scenario(), recording: None };
    // An hour of real time, if nobody ended it.
    let (_, commands) = link.go_live(job, 1.0 / 60.0);
    wakes.recv().expect("it has something to show");
    drop(commands);
    drop(link);
    // Every thread holds a part of what wakes the window; when the last one has ended, nothing can.
    while wakes.recv().is_ok() {}
}
