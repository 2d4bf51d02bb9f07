//! Exports, the clipboard, menus, dropped files and long work, as people use them: by the names that a screen reader
//! would say.

#[path = "common/lab_window.rs"]
mod lab_window;

use egui::{Event, Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use highwater::app::arrangement::Preset;
use highwater::app::files::Opened;
use highwater::app::shell::command::ShellCommand;
use highwater::app::view::Command;
use highwater::time::Span;

use lab_window::{Window, click, playing, press};

/// Opens the palette and types into it.
fn ask(window: &mut Window, query: &str) {
    press(window, Modifiers::COMMAND, Key::K);
    window.event(Event::Text(query.to_owned()));
    window.run_steps(2);
}

#[test]
fn the_scenario_is_copied_as_text_and_pasted_again() {
    let mut window = playing();
    window.state_mut().command(Command::SetBound(Span::from_secs(77)));
    window.run_steps(3);
    window.event(Event::Copy);
    window.run_steps(1);
    let text = window.state().state().scenario.to_ron();
    window.run_steps(3);
    window.get_by_label("Copied the scenario");

    let mut other = self::playing();
    other.event(Event::Paste(text));
    other.run_steps(4);
    let state = other.state().state();
    assert_eq!(state.opened.pipeline.watermark.bound(), Span::from_secs(77));
    assert!(state.undo.is_empty());

    other.event(Event::Paste("(\n  title: \"x\",\n  source: Synthetic(rat: 2))".to_owned()));
    other.run_steps(3);
    other.get_by_label("This text is no scenario");
    other.get_by_label_contains("3:");
    assert_eq!(other.state().state().opened.pipeline.watermark.bound(), Span::from_secs(77), "the run stays");
}

#[test]
fn exports_write_whole_files_and_say_where() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut window = playing();
    let mut export = |query: &str, name: &str| -> Vec<u8> {
        ask(&mut window, query);
        press(&mut window, Modifiers::NONE, Key::Enter);
        let path = folder.path().join(name);
        window.state_mut().choose(|state| {
            let card = state.shell.export.as_mut().expect("the card is shown");
            card.path = path.display().to_string();
        });
        window.run_steps(2);
        click(&mut window, "Write the file");
        window.run_steps(2);
        window.get_by_label("Written");
        let bytes = std::fs::read(&path).expect("it was written");
        click(&mut window, "Close: Written");
        bytes
    };
    let png = export("export late png", "late.png");
    let picture = image::load_from_memory(&png).expect("it is a picture");
    assert!(picture.width() > 600 && picture.height() > 400, "two pixels for each point of the tile");
    let csv = export("export results csv", "results.csv");
    assert!(csv.starts_with(b"key,window_start,window_end,timing,index,value,emitted_at,watermark,truth"));
    let ron = export("save the scenario", "saved.ron");
    let text = String::from_utf8(ron).expect("it is text");
    let read = highwater::scenario::parse(&text, "saved.ron").expect("it reads");
    assert_eq!(read, window.state().state().scenario);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 3, "no temporary file is left");
}

#[test]
fn an_export_that_cannot_be_written_says_why() {
    let mut window = playing();
    window.state_mut().command(Command::Shell(ShellCommand::AskExport(highwater::app::export::What::Results)));
    window.state_mut().choose(|state| {
        let card = state.shell.export.as_mut().expect("the card is shown");
        card.path = "nowhere/at/all.csv".to_owned();
    });
    window.run_steps(2);
    click(&mut window, "Write the file");
    window.run_steps(2);
    window.get_by_label("Nothing was written");
    window.get_by_label_contains("there is no folder nowhere/at");
}

#[test]
fn the_scenario_menu_is_searched_and_scrolls() {
    let mut window = playing();
    click(&mut window, "Scenario: Trams and a tunnel");
    window.get_by_label("Find a scenario").type_text("poison");
    window.run_steps(3);
    assert!(window.query_by_label("Sliding windows").is_none());
    click(&mut window, "A poison pill");
    window.run_steps(3);
    window.get_by_label("Scenario: A poison pill");
}

#[test]
fn learn_and_present_have_a_transport_of_one_line() {
    let mut window = playing();
    for preset in [Preset::Learn, Preset::Present] {
        window.state_mut().command(Command::SetPreset(preset));
        window.run_steps(3);
        let strip = window.get_by_role_and_label(egui::accesskit::Role::Slider, "Timeline").rect();
        window.drag_at(strip.lerp_inside(vec2(0.5, 0.5)));
        window.run_steps(2);
        window.drop_at(strip.lerp_inside(vec2(0.5, 0.5)));
        window.run_steps(1);
        let state = window.state().state();
        let (start, end) = (state.playback.start, state.playback.end);
        let share = (state.playback.now() - start).as_secs_f64() / (end - start).as_secs_f64();
        assert!((share - 0.5).abs() < 0.1, "{share}");
        window.get_by_label_contains("Clock 12:0");
    }
}

/// A file that was dropped on the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn of_several_dropped_files_the_first_is_opened_and_the_rest_are_named() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let text = Opened::first().expect("it reads").scenario.to_ron();
    let paths = ["one.ron", "two.ron", "three.csv"].map(|name| folder.path().join(name));
    std::fs::write(&paths[0], text).expect("the folder is writable");
    let mut window = playing();
    let dropped = paths.map(|path| std::sync::Arc::new(Dropped(path)) as _);
    window.input_mut().dropped_files.extend(dropped);
    window.run_steps(4);
    window.get_by_label("Opening one.ron alone");
    window.get_by_label_contains("two.ron, three.csv");
    assert!(matches!(&window.state().state().saved.recent[..], [only] if only.path.ends_with("one.ron")));
}

#[test]
fn long_work_is_told_and_can_be_cancelled() {
    let mut window = playing();
    let running = |title: &str, id: u64| highwater::app::tasks::Running {
        id,
        kind: "test",
        title: title.to_owned(),
        share: 0.4,
        since: 0.0,
    };
    window.state_mut().choose(|state| {
        state.tasks = vec![running("", 7), running("Pricing three changes", 8), running("Writing a.gif", 9)];
    });
    window.run_steps(4);
    window.get_by_label("Writing a.gif and 1 more");
    click(&mut window, "Cancel: Writing a.gif");
    window.get_by_label("Cancel: Pricing three changes");
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.run_steps(2);
    assert!(window.query_by_label("Cancel: Pricing three changes").is_none());
    let left: Vec<u64> = window.state().state().tasks.iter().map(|task| task.id).collect();
    assert_eq!(left, [7], "work behind the scenes is nobody's to cancel");
}
