//! A monkey at the controls: every control that there is gets pressed, dragged and typed at, the window is resized
//! and zoomed, files are dropped on it, in an order drawn from a seed, while an hour of virtual time plays at 1,000
//! times real time. Nothing may panic, the ledger balances all the time, memory does not grow, and the same seed does
//! the same again.
//!
//! `HIGHWATER_MONKEY=SEEDS` runs so many seeds instead of one, as `.ci/run` does; `HIGHWATER_MONKEY=A..B` those from A
//! to before B.

mod goods;
mod hand;
mod journal;

use std::ops::Range;
use std::path::{Path, PathBuf};

use egui::vec2;
use egui_kittest::Harness;
use highwater::app::files::{self, Source};
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::time::Span;

use hand::Hand;
use journal::{Entry, Journal};

/// Actions of one seed.
const ACTIONS: usize = 260;

/// A window on an hour of trams.
fn window() -> Harness<'static, Lab> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/trams-tunnel.ron");
    let mut opened = files::open(&Source::File(path), &mut |_| true).expect("it reads");
    opened.scenario.duration = Span::from_secs(3_600);
    let mut window = Harness::builder().with_size(vec2(1600.0, 1000.0)).build_ui_state(
        |ui, lab: &mut Lab| {
            lab.logic();
            lab.ui(ui, None);
        },
        Lab::headless(opened, Saved::default()),
    );
    window.run_steps(4);
    window
}

/// Resident memory of this process in megabytes, where the system says it.
fn resident_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb / 1_024)
}

/// Plays a seed to its end. What it did.
fn play_with(seed: u64, files: &[PathBuf]) -> Vec<Entry> {
    let mut journal = Journal::new(seed);
    let mut hand = Hand::new(seed, files.to_vec());
    let mut window = window();
    let mut in_the_middle = None;
    for action in 0..ACTIONS {
        hand.act(&mut window, &mut journal);
        journal.end(&window);
        let state = window.state().state();
        // A live run takes its order of events from real threads, and nothing after it would be the same again.
        assert!(state.live.is_none(), "{}: threads have been started", journal.place());
        if let Some(run) = &state.run {
            assert!(run.trace.ledger.balances(), "{}: {:?}", journal.place(), run.trace.ledger);
            let (start, end) = run.clock_range();
            let now = state.playback.now();
            assert!(
                now >= start.min(state.playback.start) && now <= end.max(state.playback.end),
                "{}",
                journal.place()
            );
        }
        if action == ACTIONS / 2 {
            in_the_middle = resident_mb();
        }
    }
    let pressed = &hand.pressed;
    assert!(pressed.len() >= 25, "seed {seed}: only {} controls were pressed: {pressed:?}", pressed.len());
    if let (Some(before), Some(after)) = (in_the_middle, resident_mb()) {
        // A run of an hour of trams takes some 5 MB; what is kept are a few of them, and what can be taken back.
        assert!(after < before + 300, "seed {seed}: {before} MB in the middle, {after} MB at the end");
    }
    journal.entries().to_vec()
}

/// The seeds that are asked for.
fn seeds() -> Range<u64> {
    let asked = std::env::var("HIGHWATER_MONKEY").unwrap_or_else(|_| "1".to_owned());
    let (from, to) = asked.split_once("..").unwrap_or(("0", &asked));
    let number = |text: &str| text.trim().parse().unwrap_or_else(|_| panic!("{asked:?} is no range of seeds"));
    number(from)..number(to)
}

#[test]
fn nothing_that_is_pressed_breaks_the_lab() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    // Whatever is written without a folder in its path lands here.
    std::env::set_current_dir(folder.path()).expect("the folder is there");
    let files = goods::files(folder.path());
    for (place, seed) in seeds().enumerate() {
        let done = play_with(seed, &files);
        if place == 0 {
            let again = play_with(seed, &files);
            let differs = done.iter().zip(&again).position(|(first, second)| first != second);
            if let Some(action) = differs {
                let story = |entries: &[Entry]| entries[action.saturating_sub(2)..=action].to_vec();
                panic!("seed {seed} differs at action {action}: {:#?} and {:#?}", story(&done), story(&again));
            }
            assert_eq!(done.len(), again.len());
        }
    }
}
