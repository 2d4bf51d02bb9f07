//! The lab for those who do not see it or have no pointer: every control of every panel, menu, card and arrangement
//! has a name of its own, is reached by Tab, shows the focus, and is large enough to be hit.

mod controls;
mod expected;
mod scenes;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use highwater::app::arrangement::Preset;
use highwater::app::export::What;
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::shell::command::ShellCommand;
use highwater::app::state::Saved;
use highwater::app::view::Command;

use controls::{Control, Window, confusable, controls, tiny, unnamed, walk};

/// Everything that is wrong with the controls of a window, each line with where it was found.
fn faults(place: &str, window: &Window) -> Vec<String> {
    let all = controls(window);
    let found = [unnamed(&all), confusable(&all), tiny(&all)].concat();
    found.into_iter().map(|fault| format!("{place}: {fault}")).collect()
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn controls_of_every_panel_have_names_of_their_own_and_can_be_hit() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut found = Vec::new();
    for (name, opened) in scenes::all(folder.path()) {
        for panel in Panel::ALL {
            let window = scenes::window(opened.clone(), Some(panel));
            found.extend(faults(&format!("{name}, {}", panel.name()), &window));
        }
    }
    none(&found);
}

#[test]
fn controls_of_every_arrangement_have_names_of_their_own_and_can_be_hit() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut found = Vec::new();
    for (name, opened) in scenes::all(folder.path()) {
        let mut window = scenes::window(opened, None);
        for (preset, title, _) in Preset::ALL {
            window.state_mut().command(Command::SetPreset(preset));
            window.run_steps(3);
            found.extend(faults(&format!("{name}, {title}"), &window));
        }
    }
    none(&found);
}

#[test]
fn every_panel_has_the_controls_that_belong_to_it() {
    let mut missing = Vec::new();
    for (panel, slug, wanted) in expected::PANELS {
        let window = scenes::window(scenes::scenario(slug), Some(panel));
        missing.extend(expected::missing(panel.name(), &controls(&window), wanted));
    }
    for panel in Panel::ALL {
        assert!(expected::PANELS.iter().any(|(listed, ..)| *listed == panel), "{} has no list", panel.name());
    }
    none(&missing);
}

/// Opens one thing after the other over a window and says what is wrong with each.
fn overlays() -> Vec<(String, Window)> {
    let open = |name: &str, command: Command| {
        let mut window = scenes::window(scenes::scenario("trams-crash"), None);
        window.state_mut().command(command);
        window.run_steps(4);
        (name.to_owned(), window)
    };
    let shell = |command: ShellCommand| Command::Shell(command);
    let mut all = vec![
        open("palette", shell(ShellCommand::ShowPalette(true))),
        open("sheet of keys", shell(ShellCommand::ShowSheet(true))),
        open("card for opening", Command::ShowOpenCard(true)),
        open("card for a picture", shell(ShellCommand::AskExport(What::Window))),
        open("card for a film", shell(ShellCommand::AskExport(What::Film))),
        open("a notice", shell(ShellCommand::PasteScenario("nonsense".to_owned()))),
        open("start page over a run", shell(ShellCommand::ShowStart(true))),
        open("twin", Command::Pin),
        open("putting a record in", Command::ToggleInjecting),
    ];
    all.push(("start page".to_owned(), scenes::held(Lab::starting_headless(Saved::default()), None)));
    all
}

/// Every menu, opened: whatever is a combo box, ends in an arrow, or is known to open one.
fn menus() -> Vec<(String, Window)> {
    let mut all = Vec::new();
    for panel in [None].into_iter().chain(Panel::ALL.map(Some)) {
        let slug = if panel == Some(Panel::Topology) { "hot-key" } else { "trams-crash" };
        let fresh = || scenes::window(scenes::scenario(slug), panel);
        for control in controls(&fresh()).into_iter().filter(opens_a_menu) {
            let mut window = fresh();
            window.get_by_role_and_label(control.role, &control.name).click();
            window.run_steps(4);
            let place = panel.map_or("window", Panel::name);
            all.push((format!("{place}, menu of {}", control.said()), window));
        }
    }
    let mut window = scenes::window(scenes::scenario("trams-crash"), None);
    window.get_by_label("Time map panel").click_secondary();
    window.run_steps(4);
    all.push(("menu of a panel".to_owned(), window));
    all
}

fn opens_a_menu(control: &Control) -> bool {
    let known = ["Scenario: "];
    let is_known = control.name == "Export" || known.iter().any(|known| control.name.starts_with(known));
    let has_arrow =
        control.name.ends_with('\u{23f7}') || control.name.ends_with(": choose") || control.name.contains("options");
    control.is_enabled && (control.role == egui::accesskit::Role::ComboBox || is_known || has_arrow)
}

#[test]
fn what_opens_over_the_window_has_names_of_its_own_and_can_be_hit() {
    let windows = overlays().into_iter().chain(menus());
    none(&windows.flat_map(|(name, window)| faults(&name, &window)).collect::<Vec<_>>());
}

/// Everything that Tab does not reach, or that does not show the focus.
fn out_of_reach(place: &str, window: &mut Window) -> Vec<String> {
    let before = controls(window);
    let walked = walk(window);
    let lost = before
        .iter()
        .filter(|control| control.is_enabled && !control.has_another_way() && !walked.reached.contains(&control.id.0));
    let lost = lost.map(|control| format!("{place}: Tab does not reach {} at {:?}", control.said(), control.rect));
    lost.chain(walked.unseen.iter().map(|said| format!("{place}: shows no focus: {said}"))).collect()
}

#[test]
fn tab_reaches_every_control_of_every_panel_and_shows_where_it_is() {
    let mut found = Vec::new();
    for panel in Panel::ALL {
        for slug in ["trams-crash", "hot-key", "late-nine"] {
            let mut window = scenes::window(scenes::scenario(slug), Some(panel));
            found.extend(out_of_reach(&format!("{slug}, {}", panel.name()), &mut window));
        }
    }
    none(&found);
}

#[test]
fn tab_reaches_every_control_of_every_arrangement_and_of_what_opens_over_it() {
    let mut found = Vec::new();
    for (preset, title, _) in Preset::ALL {
        let mut window = scenes::window(scenes::scenario("trams-crash"), None);
        window.state_mut().command(Command::SetPreset(preset));
        window.run_steps(3);
        found.extend(out_of_reach(title, &mut window));
    }
    // In the palette the field keeps the focus, and arrows go through the entries.
    for (name, mut window) in overlays().into_iter().filter(|(name, _)| name != "palette") {
        found.extend(out_of_reach(&name, &mut window));
    }
    none(&found);
}

#[test]
fn arrows_reach_every_entry_of_the_palette() {
    let mut window = scenes::window(scenes::scenario("trams-crash"), None);
    window.state_mut().command(Command::Shell(ShellCommand::ShowPalette(true)));
    window.run_steps(4);
    let entries = |window: &Window| -> Vec<Control> {
        controls(window).into_iter().filter(|control| control.role == egui::accesskit::Role::MenuItem).collect()
    };
    let count = entries(&window).len();
    let mut chosen = std::collections::BTreeSet::new();
    for _ in 0..count {
        chosen.extend(entries(&window).into_iter().filter(|entry| entry.is_chosen).map(|entry| entry.name));
        window.key_press(egui::Key::ArrowDown);
        window.run_steps(2);
    }
    let all: std::collections::BTreeSet<String> = entries(&window).into_iter().map(|entry| entry.name).collect();
    assert!(count >= 50 && chosen == all, "{count} entries, chosen: {chosen:?}");
}

#[test]
fn edges_of_tiles_are_moved_by_arrows() {
    let mut window = scenes::window(scenes::scenario("trams-crash"), None);
    let width = |window: &Window| window.get_by_label("Time map panel").rect().left();
    let before = width(&window);
    window.get_by_label("Edge between Settings and Time map").focus();
    window.run_steps(2);
    for key in [egui::Key::ArrowRight, egui::Key::ArrowRight, egui::Key::ArrowLeft] {
        window.key_press(key);
        window.run_steps(2);
    }
    assert!((width(&window) - before - 16.0).abs() < 1.0, "{before} to {}", width(&window));
    assert!(window.get_by_label("Edge between Settings and Time map").is_focused());
}

/// The tests would not see a control that is drawn and has no node; this is what the lab had before they were there.
#[test]
fn the_window_names_what_it_shows() {
    let window = scenes::window(scenes::scenario("trams-crash"), None);
    let count = controls(&window).len();
    assert!(count >= 60, "{count} controls in the whole window");
    let roots = window.root().children_recursive().filter(|node| !node.accesskit_node().is_hidden()).count();
    assert!(roots > count);
}
