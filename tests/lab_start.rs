//! The start page, what is remembered from session to session, and what lies over the window, as pictures.

#[path = "common/lab_window.rs"]
mod lab_window;

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::shell::command::ShellCommand;
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::app::view::Command;
use highwater::time::Span;

use lab_window::{SIZE, Window, click, playing, press, window_of};

/// A lab on the start page, with what an earlier session has left.
fn start_page(saved: Saved) -> Window {
    window_of(Lab::starting_headless(saved), SIZE)
}

#[test]
fn the_start_page_opens_demos_questions_and_the_run_behind_it() {
    let mut window = start_page(Saved::default());
    assert!(window.state().state().run.is_none(), "nothing is computed before it is asked for");
    window.get_by_label_contains("Nothing yet. Take a demo below");
    window.get_by_label("Files that you open are listed here.");
    window.get_by_label_contains("A lag spiral, and back: ").click();
    window.run_steps(4);
    let state = window.state().state();
    assert!(!state.shell.is_starting && state.run.is_some());
    assert_eq!(state.scenario.title, "A lag spiral, and back");

    click(&mut window, "Highwater, start page");
    assert!(window.state().state().shell.is_starting);
    click(&mut window, "Why has the watermark stopped?");
    window.run_steps(4);
    let state = window.state().state();
    assert_eq!(state.scenario.title, "An idle partition");
    assert!(state.saved.arrangement.is_visible(Panel::Partitions));

    let mut window = start_page(Saved::default());
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.run_steps(3);
    window.get_by_label("Scenario: Trams and a tunnel");
    assert!(window.state().state().run.is_some());
}

#[test]
fn thumbnails_are_real_runs_and_come_one_after_the_other() {
    let mut window = start_page(Saved::default());
    let done = |window: &Window| window.state().state().shell.thumbnails.done.len();
    let before = done(&window);
    window.run_steps(3);
    assert!(before < done(&window), "they come while the page is shown");
    window.run_steps(60);
    let thumbnails = &window.state().state().shell.thumbnails;
    assert!(thumbnails.wanted.is_empty() && thumbnails.done.len() >= 16, "{}", thumbnails.done.len());
    assert_eq!(thumbnails.done["trams-tunnel"].images.len(), 2);
}

#[test]
fn the_next_session_goes_on_where_the_last_one_stopped() {
    let mut window = playing();
    window.state_mut().command(Command::SetBound(Span::from_secs(64)));
    window.run_steps(3);
    window.state_mut().command(Command::Pause);
    let at = window.state().state().playback.start + Span::from_secs(300);
    window.state_mut().command(Command::Seek(at));
    window.state_mut().command(Command::Shell(ShellCommand::ShowStart(true)));
    window.run_steps(2);
    window.get_by_label("stopped at 12:05:00 of 12:10:10");
    window.get_by_label("changed bound");
    let saved = window.state().state().saved.clone();
    let text = ron::to_string(&saved).expect("it can be written");
    let read: Saved = ron::from_str(&text).expect("it can be read");
    assert_eq!((&read.was, &read.recent, read.zoom), (&saved.was, &saved.recent, saved.zoom));

    let mut next = start_page(read);
    click(&mut next, "Go on");
    next.run_steps(4);
    let state = next.state().state();
    assert_eq!(state.scenario.pipeline.watermark.bound(), Span::from_secs(64));
    assert_eq!(state.playback.now(), at);
    assert!(!state.playback.playing);
    press(&mut next, Modifiers::COMMAND, Key::Z);
    next.run_steps(2);
    assert_eq!(next.state().state().scenario.pipeline.watermark.bound(), Span::from_secs(30));
}

#[test]
fn files_that_were_opened_are_listed_and_missing_ones_are_shown_as_such() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("mine.ron");
    let text = Opened::first().expect("it reads").scenario.to_ron();
    std::fs::write(&path, text).expect("the folder is writable");
    let mut window = playing();
    window.state_mut().set_today(1_795_258_800);
    for name in ["mine.ron", "gone.ron"] {
        window.state_mut().command(Command::OpenFile(folder.path().join(name)));
        window.run_steps(3);
    }
    window.state_mut().choose(|state| {
        let gone = folder.path().join("gone.csv");
        state.saved.recent.push(highwater::app::shell::remembered::Recent {
            path: gone,
            records: Some(84_310),
            opened_at: 1_795_258_800 - 86_400,
        });
    });
    window.state_mut().command(Command::Shell(ShellCommand::ShowStart(true)));
    window.run_steps(3);
    window.get_by_label("mine.ron, scenario today");
    assert!(window.query_by_label_contains("gone.ron, ").is_none(), "what could not be opened is not listed");
    click(&mut window, "gone.csv, not there any more yesterday");
    assert_eq!(window.state().state().saved.recent.len(), 1);
    click(&mut window, "mine.ron, scenario today");
    window.run_steps(3);
    assert!(!window.state().state().shell.is_starting);
}

#[test]
fn what_was_saved_and_makes_no_sense_is_no_trouble() {
    for text in ["", "garbage", "(theme: Blue)", "(zoom: Some(\"x\"))", "(arrangement: (preset: Tune, changed: 3))"] {
        assert!(ron::from_str::<Saved>(text).is_err() || text.is_empty(), "{text}");
    }
    let partly: Saved = ron::from_str("(theme: Light, gone: 3, last_file: \"a.csv\")").unwrap_or_default();
    assert!(partly == Saved::default() || partly.theme == ThemeChoice::Light);
    // A zoom far out, and a scenario that no longer reads.
    let was = highwater::app::shell::remembered::Was {
        title: "Gone".to_owned(),
        origin: highwater::app::shell::remembered::Origin::BuiltIn("no-such".to_owned()),
        changed_to: Some("not a scenario".to_owned()),
        changed: vec!["bound".to_owned()],
        at: i64::MAX,
        end: i64::MIN,
        opened: None,
        asked: None,
    };
    let saved = Saved { zoom: Some(f32::NAN), was: Some(was), ..Saved::default() };
    let mut window = start_page(saved);
    click(&mut window, "Go on");
    window.run_steps(4);
    assert!(window.state().state().run.is_some());
}

/// Compares the window with a picture on file, in both themes. `prepare` opens what is to be seen.
fn pictured(name: &str, prepare: impl Fn(&mut Lab)) {
    let opened = Opened::first().expect("it reads");
    let stream = std::sync::Arc::new(highwater::source::generate(&opened.scenario).expect("it is in its limits"));
    let config = highwater::runtime::RunConfig::of(&opened.scenario, &stream);
    let trace = std::sync::Arc::new(highwater::runtime::run(&stream, &config));
    let run = std::sync::Arc::new(highwater::app::run::Run::new(opened.scenario.clone(), trace, 1));
    let (start, _) = run.clock_range();
    let mut results = egui_kittest::SnapshotResults::new();
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut lab = Lab::still(opened.clone(), std::sync::Arc::clone(&run), start + Span::from_secs(490), theme);
        prepare(&mut lab);
        let look =
            highwater::app::export::picture::Look { panel: None, theme, points: vec2(1280.0, 800.0), scale: 1.0 };
        let picture = highwater::app::export::picture::draw(&mut lab, &look);
        let options = egui_kittest::SnapshotOptions::new();
        results.add(egui_kittest::try_image_snapshot_options(&picture, format!("{name}-{suffix}"), &options));
    }
    results.unwrap();
}

#[test]
fn the_palette_looks_as_on_file() {
    pictured("palette", |lab| {
        lab.command(Command::Shell(ShellCommand::ShowStart(true)));
        lab.choose(|state| {
            let palette = highwater::app::panels::palette::PaletteState { query: "la".to_owned(), chosen: 1 };
            state.shell.palette = Some(palette);
        });
    });
}

#[test]
fn the_sheet_of_keys_looks_as_on_file() {
    pictured("keys", |lab| {
        lab.command(Command::Shell(ShellCommand::ShowStart(true)));
        lab.command(Command::Shell(ShellCommand::ShowSheet(true)));
    });
}

#[test]
fn the_start_page_looks_as_on_file() {
    pictured("start", |lab| lab.command(Command::Shell(ShellCommand::ShowStart(true))));
}
