//! Whole journeys through the lab, from the start page to what was wanted, by nothing but keys, a pointer and the
//! names that a screen reader would say.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use highwater::app::files::Opened;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use image::AnimationDecoder as _;

type Window = Harness<'static, Lab>;

fn held(lab: Lab) -> Window {
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let builder = Harness::builder().with_size(vec2(1600.0, 1000.0)).with_step_dt(0.1);
    let mut window = builder.build_ui_state(frame, lab);
    window.run_steps(4);
    window
}

/// The lab as it starts without a file.
fn start_page() -> Window {
    held(Lab::starting_headless(Saved::default()))
}

/// The trams, at the end of the run.
fn trams() -> Window {
    let mut window = held(Lab::headless(Opened::first().expect("it reads"), Saved::default()));
    press(&mut window, Modifiers::NONE, Key::End);
    window
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(4);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

/// Over the palette: the words, then Enter.
fn ask(window: &mut Window, words: &str) {
    press(window, Modifiers::COMMAND, Key::K);
    window.event(egui::Event::Text(words.to_owned()));
    window.run_steps(2);
    press(window, Modifiers::NONE, Key::Enter);
    window.run_steps(4);
}

/// What a field says from now on.
fn fill(window: &mut Window, label: &str, text: &str) {
    window.get_by_role_and_label(Role::TextInput, label).focus();
    window.run_steps(2);
    press(window, Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text(text.to_owned()));
    window.run_steps(2);
}

/// Every name or text that a screen reader finds with these words in it.
fn said(window: &Window, part: &str) -> Vec<String> {
    let texts = window.root().children_recursive().filter_map(|node| {
        let data = node.accesskit_node();
        data.label().or_else(|| data.value())
    });
    texts.filter(|text| text.contains(part)).collect()
}

fn says(window: &Window, part: &str) -> bool {
    !said(window, part).is_empty()
}

/// The number of a term of the ledger; 0 when it is folded away.
fn ledger(window: &Window, term: &str) -> u64 {
    let terms = said(window, "Ledger: ").into_iter().filter(|text| text.ends_with(term));
    let mut numbers = terms.filter_map(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    numbers.next().unwrap_or(0)
}

/// Drags the slider of this name from where its middle is to this share of its length, and what the ledger says at
/// every stop.
fn drag(window: &mut Window, slider: &str, shares: &[f32], term: &str) -> Vec<u64> {
    let track = window.get_by_role_and_label(Role::Slider, slider).rect();
    window.drag_at(track.center());
    window.run_steps(2);
    let mut seen = Vec::new();
    for share in shares {
        window.hover_at(track.lerp_inside(vec2(*share, 0.5)));
        window.run_steps(3);
        seen.push(ledger(window, term));
    }
    window.drop_at(track.lerp_inside(vec2(shares.last().copied().unwrap_or(0.5), 0.5)));
    window.run_steps(12);
    seen
}

#[test]
fn open_drag_the_bound_see_the_drops_fall_and_take_it_back() {
    let mut window = start_page();
    window.get_by_label_contains("Trams and a tunnel: ").click();
    window.run_steps(4);
    window.get_by_label("Scenario: Trams and a tunnel");
    press(&mut window, Modifiers::NONE, Key::End);
    let opened = ledger(&window, "dropped late");
    assert!(opened > 20, "{opened} records are dropped at first");

    let seen = drag(&mut window, "Bound", &[0.55, 0.7, 0.85, 0.95], "dropped late");
    assert!(seen.windows(2).all(|pair| pair[0] >= pair[1]), "fewer at every stop: {seen:?}");
    assert!(seen[3] < opened / 2, "{seen:?} of {opened}");
    assert_eq!(ledger(&window, "dropped late"), seen[3], "letting go changes nothing");
    assert!(says(&window, "1 changed"));

    click(&mut window, "Undo");
    assert_eq!(ledger(&window, "dropped late"), opened);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    window.run_steps(3);
    assert_eq!(ledger(&window, "dropped late"), seen[3], "and made again");
}

#[test]
fn crash_a_task_and_read_what_the_recovery_did() {
    let mut window = start_page();
    ask(&mut window, "exactly once");
    assert!(says(&window, "Scenario: Exactly once"));
    click(&mut window, "Present");
    click(&mut window, "Pause");
    let strip = window.get_by_role_and_label(Role::Slider, "Timeline").rect();
    // To an instant at which no crash is under way.
    for share in [0.3, 0.35, 0.4, 0.45] {
        window.drag_at(strip.lerp_inside(vec2(share, 0.5)));
        window.run_steps(2);
        window.drop_at(strip.lerp_inside(vec2(share, 0.5)));
        window.run_steps(3);
        if window.query_by_label("Crash a task").is_some() {
            break;
        }
    }
    let faults = said(&window, "Faults ");
    click(&mut window, "Crash a task");
    assert_ne!(said(&window, "Faults "), faults, "the list of faults has grown");
    press(&mut window, Modifiers::NONE, Key::End);

    // What each guarantee makes of it, in front of people and in full.
    assert!(says(&window, "At least once: ") && says(&window, "counted twice"));
    assert!(says(&window, "Exactly once: 0 lost or repeated"));
    click(&mut window, "Tune");
    press(&mut window, Modifiers::NONE, Key::Num4);
    let crashes = said(&window, "window 1 crashed: noticed after");
    assert_eq!(crashes.len(), 7, "six of the scenario and the one by hand: {crashes:?}");
    assert!(says(&window, "Exactly once: 18,000 expected, 18,000 seen, 0 lost, 0 repeated"));
}

#[test]
fn select_a_dropped_record_read_why_and_try_the_smallest_change() {
    let mut window = trams();
    let before = ledger(&window, "dropped late");
    press(&mut window, Modifiers::NONE, Key::Num8);
    window.get_by_label_contains("A record that is not counted").click();
    window.run_steps(4);
    assert!(says(&window, "Dropped from 12:0"), "{:?}", said(&window, "Dropped"));
    assert!(says(&window, "The horizon is 1 min after the end of the window"));
    assert!(says(&window, "Smallest change that counts it"));
    let fixes = said(&window, "Allowed lateness: 1 min to");
    assert!(fixes.iter().any(|fix| fix.contains("more counted")), "its price is said: {fixes:?}");
    click(&mut window, "Try it");
    assert!(says(&window, "Behind, but counted in 12:0"));
    assert!(ledger(&window, "dropped late") < before);
    press(&mut window, Modifiers::COMMAND, Key::Z);
    window.run_steps(3);
    assert!(says(&window, "Dropped from 12:0"));
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(says(&window, "Nothing is selected"));
}

#[test]
fn pin_a_run_change_one_thing_compare_and_go_back() {
    let mut window = trams();
    let before = ledger(&window, "counted");
    ask(&mut window, "pin this run");
    assert!(says(&window, "This run is pinned"));
    let seen = drag(&mut window, "Bound", &[0.8], "counted");
    let more = seen[0] - before;
    assert!(more > 0);
    assert!(says(&window, &format!("{more} records more are counted")), "{:?}", said(&window, "more are counted"));
    assert!(says(&window, &format!("counted, pinned {before}, now {}", seen[0])));
    click(&mut window, "Back to 30 s");
    assert_eq!(ledger(&window, "counted"), before);
    assert!(!says(&window, "This run is pinned"));
}

#[test]
fn the_palette_goes_does_and_asks() {
    let mut window = start_page();
    ask(&mut window, "hot key");
    assert!(says(&window, "Scenario: "));
    ask(&mut window, "learn layout");
    assert!(window.query_by_label("Lesson panel").is_some());
    ask(&mut window, "tune layout");
    ask(&mut window, "partitions");
    assert!(window.query_by_label("Partitions").is_some() || window.query_by_label("Partitions panel").is_some());
    ask(&mut window, "switch the theme");
    assert!(says(&window, "Dark theme"), "the button offers the way back");
    ask(&mut window, "why has the watermark stopped");
    assert!(says(&window, "Scenario: An idle partition"));
}

#[test]
fn letters_and_enter_in_one_frame_do_what_the_letters_say() {
    let mut window = start_page();
    press(&mut window, Modifiers::COMMAND, Key::K);
    let enter = egui::Event::Key {
        key: Key::Enter,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    // A slow machine hands over everything that was typed since the last frame.
    window.input_mut().events.extend([egui::Event::Text("exactly once".to_owned()), enter]);
    window.run_steps(5);
    assert!(says(&window, "Scenario: Exactly once"), "{:?}", said(&window, "Scenario: "));
}

/// Asks for an export, fills in the card and has it written.
fn export(window: &mut Window, words: &str, path: &Path, fields: &[(&str, &str)]) -> Vec<u8> {
    ask(window, words);
    fill(window, "Path of the new file", &path.display().to_string());
    for (label, text) in fields {
        fill(window, label, text);
    }
    click(window, "Write the file");
    assert!(says(window, "Written"), "{words}: {:?}", said(window, "Nothing was written"));
    click(window, "Close: Written");
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn export_pictures_an_animation_the_results_and_the_scenario_and_read_them_back() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut window = trams();
    let png = export(&mut window, "export the window as png", &folder.path().join("window.png"), &[]);
    let picture = image::load_from_memory(&png).expect("it is a picture").to_rgb8();
    assert_eq!(picture.dimensions(), (2_560, 1_600), "two pixels for each point of 1280 by 800");
    let colours: std::collections::BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 200, "{} colours", colours.len());

    let png = export(&mut window, "export emissions as png", &folder.path().join("emissions.png"), &[]);
    assert!(image::load_from_memory(&png).expect("it is a picture").width() > 600);

    let stretch = [("From", "12:05:00"), ("To", "12:05:00.04")];
    let gif = export(&mut window, "export the run as gif", &folder.path().join("run.gif"), &stretch);
    let decoder = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(&gif)).expect("it is a GIF");
    let frames = decoder.into_frames().collect_frames().expect("it has frames");
    assert_eq!(frames.len(), 7, "0.4 s at 15 pictures a second, and the last instant");
    assert_eq!(frames[0].buffer().dimensions(), (1_280, 800));

    let csv = export(&mut window, "export the results as csv", &folder.path().join("results.csv"), &[]);
    let mut reader = csv::Reader::from_reader(&csv[..]);
    let header: Vec<String> = reader.headers().expect("it has a header").iter().map(str::to_owned).collect();
    let columns = [
        "key",
        "window_start",
        "window_end",
        "timing",
        "index",
        "value",
        "emitted_at",
        "watermark",
        "truth",
        "retraction",
    ];
    assert_eq!(header, columns);
    let rows = reader.records().collect::<Result<Vec<_>, _>>().expect("every row has ten columns");
    let panes = window.state().state().run.as_ref().expect("a run is on screen").trace.panes.len();
    assert_eq!(rows.len(), panes);

    let ron = export(&mut window, "save the scenario", &folder.path().join("saved.ron"), &[]);
    let text = String::from_utf8(ron).expect("it is text");
    assert_eq!(highwater::scenario::parse(&text, "saved.ron").expect("it reads"), window.state().state().scenario);

    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["emissions.png", "results.csv", "run.gif", "saved.ron", "window.png"], "and nothing else");

    // What was saved opens again as it was.
    click(&mut window, "Open");
    fill(&mut window, "Path of a file", &folder.path().join("saved.ron").display().to_string());
    click(&mut window, "Open this file");
    assert!(says(&window, "Scenario: Trams and a tunnel"));
}

#[test]
fn the_script_for_the_real_window_points_at_the_slider_of_the_bound() {
    let script = include_str!("../.ci/journeys");
    let number = |name: &str| -> f32 {
        let line = script.lines().find_map(|line| line.strip_prefix(name)).expect("the script has it");
        line.parse().expect("a number")
    };
    let at = egui::pos2(number("bound_x="), number("bound_y="));
    let window = trams();
    let slider = window.get_by_role_and_label(Role::Slider, "Bound").rect();
    assert!(slider.contains(at) && slider.contains(at + vec2(43.0, 0.0)), "{at:?} is not in {slider:?}");
}
