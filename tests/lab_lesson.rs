//! A lesson as its reader meets it: the run is held, a choice is made, the run shows what is right, and goals are
//! graded by the engine.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use highwater::app::arrangement::Preset;
use highwater::app::files::{self, Source};
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::Command;
use highwater::metrics::goals::{goals, grade};
use highwater::runtime::{RunConfig, run};
use highwater::scenario::{Scenario, set};
use highwater::source::generate;
use highwater::time::{ProcTime, Span};

fn late_nine() -> Scenario {
    highwater::scenario::library::find("late-nine").expect("it comes with the program").scenario().expect("it reads")
}

fn graded(settings: &[&str]) -> Vec<bool> {
    let mut scenario = late_nine();
    let settings: Vec<String> = settings.iter().map(|it| (*it).to_owned()).collect();
    set::apply(&mut scenario, &settings).expect("the settings are right");
    let stream = generate(&scenario).expect("it is in its limits").into();
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    goals(&scenario, &trace).iter().map(|row| row.met).collect()
}

fn window() -> Harness<'static, Lab> {
    let opened = files::open(&Source::File("scenarios/late-nine.ron".into()), &mut |_| true).expect("it reads");
    let lab = Lab::headless(opened, Saved::default()).arranged(Preset::Learn);
    let mut window = Harness::builder().with_size(egui::vec2(1600.0, 1000.0)).build_ui_state(
        |ui, lab: &mut Lab| {
            lab.logic();
            lab.ui(ui, None);
        },
        lab,
    );
    window.run_steps(4);
    window
}

fn now(window: &Harness<'_, Lab>) -> Span {
    let playback = &window.state().state().playback;
    playback.now() - playback.start
}

#[test]
fn exactly_one_choice_comes_true() {
    let scenario = late_nine();
    let stream = generate(&scenario).expect("it is in its limits").into();
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    let lesson = scenario.lesson.as_deref().expect("it has a lesson");
    let question = lesson.steps[0].question.as_ref().expect("it asks");
    let right: Vec<bool> = question.choices.iter().map(|choice| grade(&choice.holds, &scenario, &trace).met).collect();
    assert_eq!(right, [false, true, false]);
    // What the text says of the first window: 12 at 12:03:25, five and seven.
    let first = &trace.panes[0];
    assert_eq!((first.summary.sum, first.emitted_at), (12.0, ProcTime::from_micros(at("12:03:25"))));
}

/// An instant of the lesson's day.
fn at(time: &str) -> i64 {
    highwater::human::parse_instant(&format!("2026-03-02 {time}")).expect("it is a date")
}

#[test]
fn both_goals_need_a_smaller_bound_and_more_lateness() {
    // Bound 40 s: the first result comes at 12:03:25, 85 s late. Bound 0: at 12:02:45, 12:04:38 and 12:06:40, at most
    // 45 s late; but when the nine comes the watermark is at 12:04:25, 2 min 25 s past the end of its window.
    assert_eq!(graded(&[]), [true, false]);
    assert_eq!(graded(&["pipeline.watermark.bound=0s"]), [false, true]);
    assert_eq!(graded(&["pipeline.watermark.bound=0s", "pipeline.allowed_lateness=145s"]), [false, true]);
    assert_eq!(graded(&["pipeline.watermark.bound=0s", "pipeline.allowed_lateness=146s"]), [true, true]);
}

#[test]
fn the_run_is_held_until_the_reader_has_chosen() {
    let mut window = window();
    window.state_mut().command(Command::SetSpeed(1_000.0));
    window.state_mut().command(Command::Play);
    window.run_steps(120);
    assert_eq!(now(&window), Span::from_secs(283), "held at 4 min 43 s");
    assert!(!window.state().state().playback.playing);
    assert!(window.query_by_label("Next step").is_none());
    window.key_press_modifiers(Modifiers::NONE, Key::Num2);
    window.run_steps(2);
    window.get_by_label("Goal open: Window 12:00 ends at 21");
    window.get_by_label("Let it arrive").click();
    window.run_steps(60);
    assert!(now(&window) > Span::from_secs(283));
    window.get_by_label("Goal met: Window 12:00 ends at 21");
    window.get_by_label("Goal not met: No result waits longer than 45 s");
    window.get_by_label("Next step").click();
    window.run_steps(3);
    window.get_by_label("Step 2 of 2");
    window.get_by_label("Right, and soon");
}

#[test]
fn a_scenario_without_a_lesson_says_where_one_is() {
    let opened = files::open(&Source::File("scenarios/tumbling.ron".into()), &mut |_| true).expect("it reads");
    let mut window = window();
    *window.state_mut() = Lab::headless(opened, Saved::default()).arranged(Preset::Learn);
    window.run_steps(4);
    window.get_by_label_contains("This scenario has no lesson.");
}
