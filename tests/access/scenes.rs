//! Windows to look at: several scenarios and a recording, every panel, every arrangement, everything that opens over
//! them.

use std::path::Path;

use egui::vec2;
use egui_kittest::Harness;
use highwater::app::files::{self, Opened, Source};
use highwater::app::panel::Panel;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::app::view::Command;
use highwater::scenario::library;
use highwater::time::Span;

use crate::controls::Window;

/// The scenarios: a failure, a lesson of nine records, a hot key and several tasks, three guarantees.
pub const SCENARIOS: [&str; 4] = ["trams-crash", "late-nine", "hot-key", "exactly-once"];

pub fn scenario(slug: &str) -> Opened {
    Opened::scenario(library::find(slug).expect("it is built in").scenario().expect("it reads"))
}

/// A recording of 300 rides, read from `folder`.
pub fn recording(folder: &Path) -> Opened {
    let rows: String = (0..300).map(|i| format!("{},{},z{}\n", i * 60, i * 60 + 30 + i % 7 * 40, i % 3)).collect();
    let path = folder.join("rides.csv");
    std::fs::write(&path, format!("pickup_s,dropoff_s,zone\n{rows}")).expect("the folder is writable");
    files::open(&Source::File(path), &mut |_| true).expect("it reads")
}

/// Every scenario and the recording, each with its name.
pub fn all(folder: &Path) -> Vec<(String, Opened)> {
    let built_in = SCENARIOS.map(|slug| (slug.to_owned(), scenario(slug)));
    built_in.into_iter().chain([("a recording".to_owned(), recording(folder))]).collect()
}

/// A window of 1600 by 1000 that stands at two thirds of the run. `panel` alone, or the whole window.
pub fn window(opened: Opened, panel: Option<Panel>) -> Window {
    let mut lab = Lab::headless(opened, Saved::default());
    lab.logic();
    lab.command(Command::Pause);
    let (start, end) = (lab.state().playback.start, lab.state().playback.end);
    lab.command(Command::Seek(start + Span::from_micros((end - start).micros() / 3 * 2)));
    held(lab, panel)
}

/// A window on a lab as it is.
pub fn held(lab: Lab, panel: Option<Panel>) -> Window {
    let frame = move |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, panel);
    };
    let size = if panel.is_some() { vec2(900.0, 700.0) } else { vec2(1600.0, 1000.0) };
    let mut window = Harness::builder().with_size(size).with_step_dt(0.1).build_ui_state(frame, lab);
    window.run_steps(5);
    window
}
