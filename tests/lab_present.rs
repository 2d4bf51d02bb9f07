//! Breaking a run in the lab: records put in by hand, fault buttons, and what each guarantee makes of them.
//! By the names that a screen reader would say; the worker has no thread here.

use egui::vec2;
use egui_kittest::Harness;
use highwater::app::files::Opened;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::Command;
use highwater::record::RecordId;
use highwater::scenario::{Scenario, library, set};
use highwater::time::{ProcTime, Span};

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
