//! What the lab looks like: the whole window and each of the four plots, on the trams in the tunnel, dark and
//! light.
//!
//! Drawn by the rasteriser, so the pictures in `tests/snapshots` need no graphics package. After a change that
//! is meant, `UPDATE_SNAPSHOTS=1 cargo test --test lab_snapshots` draws them anew; look at them before
//! committing.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use egui_kittest::{SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::files::{self, Opened, Source};
use highwater::app::run::Run;
use highwater::app::shell::Panel;
use highwater::app::theme::ThemeChoice;
use highwater::cli::picture_size::{PictureSize, Scale};
use highwater::cli::shot::{Look, draw};
use highwater::runtime::{self, RunConfig};
use highwater::source;
use highwater::time::Span;

/// When tram T3 has left the tunnel and its records are in: 12:08:10.
const AT: Span = Span::from_secs(490);

fn trams() -> Arc<Run> {
    static RUN: OnceLock<Arc<Run>> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let file = Source::File(PathBuf::from("scenarios/trams-tunnel.ron"));
        let opened = files::open(&file, &mut |_| true).expect("the scenario reads");
        let stream = Arc::new(source::generate(&opened.scenario).expect("the scenario is in its limits"));
        let trace = runtime::run(&stream, &RunConfig::of(&opened.scenario, &stream));
        Arc::new(Run::new(opened.scenario, Arc::new(trace), 1))
    });
    Arc::clone(run)
}

/// Compares a panel in both themes with the pictures on file, and reports all that differ.
fn check(name: &str, panel: Panel, size: &str) {
    let run = trams();
    let (start, _) = run.clock_range();
    let size: PictureSize = size.parse().expect("a size within the limits");
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let look = Look { panel, theme, size, scale: Scale::default() };
        let opened = Opened::scenario(run.scenario.clone());
        let picture = draw(opened, Arc::clone(&run), start + AT, look);
        results.add(try_image_snapshot_options(&picture, format!("{name}-{suffix}"), &SnapshotOptions::new()));
    }
    results.unwrap();
}

#[test]
fn the_whole_window() {
    check("lab", Panel::All, "1280x800");
}

#[test]
fn the_time_map() {
    check("time-map", Panel::TimeMap, "720x480");
}

#[test]
fn the_emissions() {
    check("emissions", Panel::Emissions, "540x264");
}

#[test]
fn the_late_and_dropped_records() {
    check("late", Panel::Late, "460x264");
}

#[test]
fn the_queue() {
    check("queues", Panel::Queues, "350x264");
}
