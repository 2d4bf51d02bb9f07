//! What lies over the run and around it, as people use it: palette, keys, exports, clipboard, start page. By
//! the names that a screen reader would say; the worker has no thread here.

use egui::{Event, Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use highwater::app::arrangement::Preset;
use highwater::app::files::Opened;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::shell::command::ShellCommand;
use highwater::app::shortcuts::{Press, Scope, table};
use highwater::app::state::Saved;
use highwater::app::theme::ThemeChoice;
use highwater::app::view::{Command, Selection};
use highwater::record::RecordId;
use highwater::time::Span;

type Window = Harness<'static, Lab>;

fn window() -> Window {
    window_of(Lab::headless(Opened::first().expect("the first built-in scenario reads"), Saved::default()))
}

fn window_of(lab: Lab) -> Window {
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(1600.0, 1000.0)).with_step_dt(0.1);
    let mut harness = builder.build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// Opens the palette and types into it.
fn ask(window: &mut Window, query: &str) {
    press(window, Modifiers::COMMAND, Key::K);
    window.event(Event::Text(query.to_owned()));
    window.run_steps(2);
}

fn is_palette_shown(window: &Window) -> bool {
    window.state().state().shell.palette.is_some()
}

#[test]
fn the_palette_goes_does_and_asks() {
    let mut window = window();
    ask(&mut window, "topo");
    window.get_by_label_contains("Topology: Tasks and channels");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(!is_palette_shown(&window));
    assert!(window.state().state().saved.arrangement.is_visible(Panel::Topology));

    ask(&mut window, "speed 100");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().playback.speed, 100.0);

    ask(&mut window, "pause");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(!window.state().state().playback.playing);

    ask(&mut window, "why was record 398 dropped");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().selection, Selection::Record(RecordId(398)));

    ask(&mut window, "why 12:04");
    press(&mut window, Modifiers::NONE, Key::Enter);
    let start = match window.state().state().selection {
        Selection::Window { window, .. } => window.start,
        other => panic!("a window is selected, not {other:?}"),
    };
    assert_eq!(highwater::human::instant(start.micros()), "2026-03-02 12:04:00");

    ask(&mut window, "12:05");
    press(&mut window, Modifiers::NONE, Key::Enter);
    let now = window.state().state().playback.now();
    assert_eq!(highwater::human::instant(now.micros()), "2026-03-02 12:05:00");
}

#[test]
fn arrows_choose_and_escape_leaves_the_palette() {
    let mut window = window();
    ask(&mut window, "layout");
    let title = |window: &Window| {
        let palette = window.state().state().shell.palette.clone().expect("the palette is shown");
        let found = highwater::app::panels::palette::entries::found(window.state().state(), &palette.query);
        found[palette.chosen].entry.title.clone()
    };
    let first = title(&window);
    press(&mut window, Modifiers::NONE, Key::ArrowDown);
    let second = title(&window);
    assert_ne!(first, second);
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    assert_ne!(title(&window), first, "the first is followed by the last");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!is_palette_shown(&window));

    ask(&mut window, "learn layout");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().state().saved.arrangement.preset, Preset::Learn);
}

#[test]
fn what_nothing_fits_can_be_asked_and_typing_mistakes_are_forgiven() {
    let mut window = window();
    ask(&mut window, "qqqzzz");
    window.get_by_label_contains("Look under Why for \u{201c}qqqzzz\u{201d}");
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(window.state().state().saved.arrangement.is_visible(Panel::Why));

    ask(&mut window, "emisions");
    press(&mut window, Modifiers::NONE, Key::Escape);
    ask(&mut window, "topolgoy");
    window.get_by_label_contains("Topology: Tasks and channels");
}

#[test]
fn a_question_opens_its_scenario_and_the_panel_that_answers() {
    let mut window = window();
    ask(&mut window, "what does exactly once cost");
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.run_steps(4);
    let state = window.state().state();
    assert_eq!(state.scenario.title, "Exactly once");
    assert!(state.saved.arrangement.is_visible(Panel::Recovery));
    assert!(state.playback.at_end() && !state.playback.playing);
}

#[test]
fn a_press_beside_the_palette_closes_it() {
    let mut window = window();
    click(&mut window, "Search, ask, do");
    assert!(is_palette_shown(&window));
    window.get_by_label("Behind the card");
    window.drag_at(egui::pos2(20.0, 900.0));
    window.run_steps(1);
    window.drop_at(egui::pos2(20.0, 900.0));
    window.run_steps(2);
    assert!(!is_palette_shown(&window));
}

#[test]
fn the_sheet_lists_every_key_of_the_table() {
    let mut window = window();
    press(&mut window, Modifiers::NONE, Key::F1);
    for shortcut in table() {
        let keys: Vec<String> = shortcut.presses.iter().map(|press| press.in_words()).collect();
        window.get_by_label(&format!("{}: {}", shortcut.words, keys.join(" or ")));
    }
    press(&mut window, Modifiers::NONE, Key::Space);
    assert!(window.state().state().playback.playing, "the sheet keeps keys from the window");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(!window.state().state().shell.is_sheet_shown);
    press(&mut window, Modifiers::NONE, Key::F1);
    click(&mut window, "Close the sheet of keys");
    assert!(!window.state().state().shell.is_sheet_shown);
}

/// What a key may change, as far as it can be told from outside.
fn seen(window: &Window) -> String {
    let state = window.state().state();
    format!(
        "{} {} {:?} {} {:?} {} {} {:?} {:?} {} {:?} {} {} {}",
        state.playback.now().micros(),
        state.playback.playing,
        state.selection,
        state.generation,
        state.saved.theme,
        state.shell.is_starting,
        state.shell.is_sheet_shown,
        state.shell.palette,
        state.shell.export,
        state.open_card.is_some(),
        state.saved.zoom,
        state.pinned.is_some(),
        state.injecting,
        state.notices.len(),
    ) + &Panel::ALL.map(|panel| state.saved.arrangement.is_visible(panel).to_string()).concat()
}

#[test]
fn every_key_of_the_table_does_something() {
    for (place, shortcut) in table().iter().enumerate() {
        for press in &shortcut.presses {
            // Something to undo, redo, leave and step through, and no panel where its key would bring it.
            let mut window = window();
            let lab = window.state_mut();
            lab.command(Command::Pause);
            lab.command(Command::SetBound(Span::from_secs(90)));
            window.run_steps(3);
            let lab = window.state_mut();
            lab.command(Command::SetBound(Span::from_secs(95)));
            window.run_steps(3);
            let lab = window.state_mut();
            lab.command(Command::Undo);
            lab.command(Command::ToEnd);
            lab.command(Command::StepRecord(-400));
            lab.command(Command::Select(Selection::Record(RecordId(3))));
            window.run_steps(3);
            let is_shown = |window: &Window| {
                let panel = Panel::ALL.into_iter().find(|panel| panel.title() == shortcut.words);
                panel.is_some_and(|panel| window.state().state().saved.arrangement.is_visible(panel))
            };
            let was_shown = is_shown(&window);
            let before = seen(&window);
            match *press {
                Press::Key(modifiers, key) => window.key_press_modifiers(modifiers, key),
                Press::Copy => window.event(Event::Copy),
                Press::Paste => window.event(Event::Paste("not a scenario".to_owned())),
            }
            window.run_steps(3);
            let quits = window.state().state().shell.quits;
            assert_eq!(quits, shortcut.words == "Quit", "{}", shortcut.words);
            let is_changed = quits || seen(&window) != before || was_shown && is_shown(&window);
            assert!(is_changed, "{place}: {} by {}", shortcut.words, press.in_words());
        }
    }
    assert!(table().iter().any(|shortcut| shortcut.scope == Scope::Anywhere));
}

#[test]
fn the_scenario_is_copied_as_text_and_pasted_again() {
    let mut window = window();
    window.state_mut().command(Command::SetBound(Span::from_secs(77)));
    window.run_steps(3);
    window.event(Event::Copy);
    window.run_steps(1);
    let text = window.state().state().scenario.to_ron();
    window.run_steps(3);
    window.get_by_label("Copied the scenario");

    let mut other = self::window();
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
    let mut window = window();
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
    let mut window = window();
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
fn the_theme_switches_by_a_key() {
    let mut window = window();
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::L);
    assert_eq!(window.state().state().saved.theme, ThemeChoice::Light);
}

/// A lab on the start page, with what an earlier session has left.
fn start_page(saved: Saved) -> Window {
    window_of(Lab::starting_headless(saved))
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
    let mut window = window();
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
    let mut window = window();
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
    };
    let saved = Saved { zoom: Some(f32::NAN), was: Some(was), ..Saved::default() };
    let mut window = start_page(saved);
    click(&mut window, "Go on");
    window.run_steps(4);
    assert!(window.state().state().run.is_some());
}

#[test]
fn zoom_goes_by_keys_and_every_zoom_draws() {
    let mut window = window();
    press(&mut window, Modifiers::COMMAND, Key::Plus);
    assert_eq!(window.state().state().saved.zoom, Some(1.1));
    press(&mut window, Modifiers::COMMAND, Key::Num0);
    assert_eq!(window.state().state().saved.zoom, Some(1.0));
    for _ in 0..30 {
        press(&mut window, Modifiers::COMMAND, Key::Plus);
    }
    assert_eq!(window.ctx.zoom_factor(), 3.0);
    for _ in 0..30 {
        press(&mut window, Modifiers::COMMAND, Key::Minus);
    }
    assert_eq!(window.ctx.zoom_factor(), 0.5);
}

#[test]
fn the_scenario_menu_is_searched_and_scrolls() {
    let mut window = window();
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
    let mut window = window();
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
    let mut window = window();
    let dropped = paths.map(|path| std::sync::Arc::new(Dropped(path)) as _);
    window.input_mut().dropped_files.extend(dropped);
    window.run_steps(4);
    window.get_by_label("Opening one.ron alone");
    window.get_by_label_contains("two.ron, three.csv");
    assert!(matches!(&window.state().state().saved.recent[..], [only] if only.path.ends_with("one.ron")));
}

#[test]
fn long_work_is_told_and_can_be_cancelled() {
    let mut window = window();
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

#[test]
fn everything_that_can_be_pressed_has_a_name() {
    use egui_kittest::kittest::NodeT as _;
    let mut windows = vec![start_page(Saved::default()), window(), window()];
    windows[1].state_mut().command(Command::Shell(ShellCommand::ShowPalette(true)));
    windows[2].state_mut().command(Command::Shell(ShellCommand::AskExport(highwater::app::export::What::Film)));
    for mut window in windows {
        window.run_steps(3);
        use egui::accesskit::Role;
        let unnamed = window.root().children_recursive().filter(|node| {
            let node = node.accesskit_node();
            let roles =
                [Role::Button, Role::Slider, Role::RadioButton, Role::CheckBox, Role::MenuItem, Role::TextInput];
            roles.contains(&node.role()) && node.label().is_none_or(|label| label.is_empty())
        });
        assert_eq!(unnamed.count(), 0);
    }
}
