//! What the lab looks like: the whole window and each of its panels, dark and light.
//!
//! Drawn by the rasteriser, so the pictures in `tests/snapshots` need no graphics package. After a change that
//! is meant, `UPDATE_SNAPSHOTS=1 cargo test --test lab_snapshots` draws them anew; look at them before
//! committing.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use egui_kittest::{SnapshotOptions, SnapshotResults, try_image_snapshot_options};
use highwater::app::arrangement::Preset;
use highwater::app::files::{self, Opened, Source};
use highwater::app::panel::Panel;
use highwater::app::run::Run;
use highwater::app::theme::ThemeChoice;
use highwater::cli::picture_size::{PictureSize, Scale};
use highwater::cli::shot::{Look, draw};
use highwater::runtime::{self, RunConfig};
use highwater::scenario::{Scenario, library, parse, set};
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

fn computed(scenario: Scenario) -> Arc<Run> {
    let stream = Arc::new(source::generate(&scenario).expect("the scenario is in its limits"));
    let trace = runtime::run(&stream, &RunConfig::of(&scenario, &stream));
    Arc::new(Run::new(scenario, Arc::new(trace), 1).over(stream))
}

/// Four of five records have one key, and the task that owns it cannot keep up.
fn hot_key() -> Arc<Run> {
    static RUN: OnceLock<Arc<Run>> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let mut scenario = library::find("hot-key-salted").expect("it is built in").scenario().expect("it reads");
        let changes = ["pipeline.tasks.salts=1", "source.partitions=3"];
        set::apply(&mut scenario, &changes).expect("these are settings");
        computed(scenario)
    });
    Arc::clone(run)
}

/// Four partitions, of which one falls silent; a log that forgets; records that go to the dead letters.
const UNEVEN: &str = r#"(
    title: "Uneven partitions",
    duration: "4min",
    seed: 3,
    source: Synthetic(rate: 12, keys: Uniform(count: 40), delay: Uniform(min: "0s", max: "3s"), partitions: 4),
    log: (retention_age: "90s"),
    pipeline: (
        gate: (policy: DeadLetter),
        watermark: Bounded(bound: "5s"),
        watermark_options: (per_partition: true),
        window: Tumbling(size: "20s"),
        queue_capacity: 20,
        service_time: "105ms",
        tasks: (sources: 2),
    ),
    faults: [
        Silent(partition: Some(2), from: "1min", until: "2min 30s"),
        Poison(from: "30s", until: "50s", share: 0.5, defect: WrongType("value")),
    ],
)"#;

fn uneven() -> Arc<Run> {
    static RUN: OnceLock<Arc<Run>> = OnceLock::new();
    Arc::clone(RUN.get_or_init(|| computed(parse(UNEVEN, "test").expect("it reads"))))
}

/// Compares a panel in both themes with the pictures on file, and reports all that differ.
fn check(name: &str, panel: Option<Panel>, size: &str) {
    check_run(name, &trams(), AT, panel, size);
}

fn check_run(name: &str, run: &Arc<Run>, at: Span, panel: Option<Panel>, size: &str) {
    check_layout(name, run, at, (panel, Preset::Tune), size);
}

fn check_layout(name: &str, run: &Arc<Run>, at: Span, (panel, preset): (Option<Panel>, Preset), size: &str) {
    let (start, _) = run.clock_range();
    let size: PictureSize = size.parse().expect("a size within the limits");
    let mut results = SnapshotResults::new();
    for (theme, suffix) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let look = Look { panel, about: None, preset, theme, size, scale: Scale::default() };
        let opened = Opened::scenario(run.scenario.clone());
        let picture = draw(opened, Arc::clone(run), start + at, look);
        results.add(try_image_snapshot_options(&picture, format!("{name}-{suffix}"), &SnapshotOptions::new()));
    }
    results.unwrap();
}

#[test]
fn the_whole_window() {
    check("lab", None, "1280x800");
}

#[test]
fn the_time_map() {
    check("time-map", Some(Panel::TimeMap), "720x480");
}

#[test]
fn the_emissions() {
    check("emissions", Some(Panel::Emissions), "540x264");
}

#[test]
fn the_late_and_dropped_records() {
    check("late", Some(Panel::Late), "460x264");
}

#[test]
fn the_queue() {
    check("queues", Some(Panel::Queues), "350x264");
}

#[test]
fn the_queues_of_several_tasks() {
    check_run("queues-of-tasks", &hot_key(), Span::from_secs(100), Some(Panel::Queues), "420x264");
}

#[test]
fn the_topology_with_a_cause() {
    check_run("topology", &hot_key(), Span::from_secs(100), Some(Panel::Topology), "1048x420");
}

#[test]
fn the_topology_with_dead_letters() {
    check_run("topology-dead-letters", &uneven(), Span::from_secs(100), Some(Panel::Topology), "1048x420");
}

#[test]
fn the_partitions() {
    check_run("partitions", &uneven(), Span::from_secs(140), Some(Panel::Partitions), "1048x420");
}

#[test]
fn alerts_on_the_timeline() {
    check_run("transport-alerts", &hot_key(), Span::from_secs(100), Some(Panel::Transport), "1280x150");
}

#[test]
fn the_three_guarantees_side_by_side() {
    let run = computed(library::find("exactly-once").expect("it is built in").scenario().expect("it reads"));
    check_run("recovery", &run, Span::from_secs(120), Some(Panel::Recovery), "1048x560");
}

#[test]
fn the_ledger() {
    check("ledger", Some(Panel::Ledger), "1280x150");
}

#[test]
fn the_tuner_with_its_advice() {
    check_run("tuner", &trams(), AT, Some(Panel::Tuner), "960x640");
}

fn built_in(slug: &str) -> Arc<Run> {
    computed(library::find(slug).expect("it is built in").scenario().expect("it reads"))
}

#[test]
fn the_settings() {
    check("settings", Some(Panel::Settings), "252x836");
}

/// The nine has not been decided on: the run is held, and three outcomes can be foreseen.
const UNDECIDED: Span = Span::from_secs(230);

#[test]
fn the_lesson() {
    check_run("lesson", &built_in("late-nine"), UNDECIDED, Some(Panel::Lesson), "412x720");
}

#[test]
fn the_layout_for_learning() {
    check_layout("learn", &built_in("late-nine"), UNDECIDED, (None, Preset::Learn), "1280x800");
}
