//! Opening files for the lab: built-in scenarios, scenario files and recordings.
//!
//! Reading is [`crate::open`]'s, the same as for the commands; here are only progress, cancelling
//! and the words that the window shows about a file.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::app::shell::remembered::Origin;
use crate::app::worker::Refusal;
use crate::human;
use crate::open;
use crate::record::Stream;
use crate::recording::ColumnReport;
use crate::recording::{Choice, ReadOptions};
use crate::scenario::{JoinWith, Scenario, SourceSpec, library};

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A scenario that comes with the program, by its place in the menu.
    BuiltIn(usize),
    /// A file of either kind.
    File(PathBuf),
}

/// What was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What to run.
    pub scenario: Scenario,
    /// The rows, when the source is a recording.
    pub recording: Option<Arc<Stream>>,
    /// Which columns of a recording mean what, and why.
    pub columns: Vec<ColumnReport>,
    /// What to try with a scenario, a sentence or two each.
    pub tries: Vec<String>,
    /// Where it came from, so that it can be opened again; `None` where it cannot.
    pub origin: Option<Origin>,
    /// What the reader should know: which columns were guessed, which rows were kept aside.
    pub remarks: Vec<String>,
}

impl Opened {
    /// A scenario whose records are made, not read.
    pub fn scenario(scenario: Scenario) -> Self {
        Self { scenario, recording: None, columns: Vec::new(), tries: Vec::new(), origin: None, remarks: Vec::new() }
    }

    /// The scenario that the lab opens with when nothing is named: the first built-in one.
    ///
    /// # Errors
    /// Never for the scenarios that the program is tested with.
    pub fn first() -> Result<Self, Refusal> {
        open(&Source::BuiltIn(0), &mut |_| true)
    }
}

impl Opened {
    /// What was read from `path`, which may also be the name of a built-in scenario.
    pub fn of(opened: open::Opened, path: &Path) -> Self {
        let remarks = remarks(&opened);
        let is_read = matches!(opened.scenario.source, SourceSpec::Recording(_))
            || opened.scenario.join.as_ref().is_some_and(|join| matches!(join.with, JoinWith::Recording(_)));
        let recording = is_read.then_some(opened.stream);
        let columns = opened.read.map(|read| read.columns).unwrap_or_default();
        let built_in = path.to_str().filter(|_| !path.exists()).and_then(library::find);
        let origin =
            built_in.map_or_else(|| Origin::File(path.to_owned()), |found| Origin::BuiltIn(found.slug.to_owned()));
        Self { scenario: opened.scenario, recording, columns, tries: tries_of(path), origin: Some(origin), remarks }
    }
}

/// What the comment at the top of a scenario says to try; nothing for a recording.
fn tries_of(path: &Path) -> Vec<String> {
    let is_scenario = path.extension().is_some_and(|ending| ending == "ron");
    match path.to_str().filter(|_| !path.exists()).and_then(library::find) {
        Some(built_in) => tries(built_in.text),
        None if is_scenario => std::fs::read_to_string(path).map(|text| tries(&text)).unwrap_or_default(),
        None => Vec::new(),
    }
}

/// What a reader should know about a recording, a line each: what is where in it, what was left
/// out, and what was chosen for it.
fn remarks(opened: &open::Opened) -> Vec<String> {
    let Some(read) = &opened.read else { return Vec::new() };
    let named = |column: &ColumnReport| column.column.as_ref().map(|name| format!("{} {name}", column.role.words()));
    let columns: Vec<String> = read.columns.iter().filter_map(named).collect();
    let guessed = read.columns.iter().any(|column| matches!(column.choice, Choice::Guessed(_)));
    let mut remarks = vec![format!(
        "{} records. Columns{}: {}.",
        human::count(read.record_count),
        if guessed { ", guessed" } else { "" },
        columns.join(", ")
    )];
    if let Some(first) = read.bad_rows.first() {
        let count = human::count(read.bad_row_count);
        remarks.push(format!("{count} bad rows are left out. The first: {first}."));
    }
    remarks.extend(read.notes.iter().map(|note| format!("{}.", capitalised(note))));
    let pipeline = &opened.scenario.pipeline;
    let window = opened.guessed.window.then(|| pipeline.window.to_string());
    let bound = opened.guessed.bound.then(|| format!("a bound of {}", pipeline.watermark.bound()));
    // A number and its unit stay on one line.
    let unbroken = |words: String| match words.rsplit_once(' ') {
        Some((number, unit)) => format!("{number}\u{a0}{unit}"),
        None => words,
    };
    let chosen: Vec<String> = window.into_iter().chain(bound).map(unbroken).collect();
    if !chosen.is_empty() {
        remarks.push(format!("To begin with: {}. Turn the knobs to change them.", chosen.join(" and ")));
    }
    remarks
}

/// What the comment at the top of a scenario file says to try.
fn tries(text: &str) -> Vec<String> {
    let comment = text.lines().map_while(|line| line.strip_prefix("//"));
    let tried = comment.filter_map(|line| line.trim().strip_prefix("Try:"));
    tried.map(|words| words.trim().to_owned()).collect()
}

/// The text with its first letter as a capital.
pub fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Opens a scenario or a recording. `go_on` hears how much is done, from 0 to 1, and says whether
/// to go on.
///
/// # Errors
/// In words for the reader: which file, where in it, what would be right.
pub fn open(source: &Source, go_on: &mut dyn FnMut(f32) -> bool) -> Result<Opened, Refusal> {
    match source {
        Source::BuiltIn(place) => {
            let scenario = built_in().get(*place).cloned();
            let scenario = scenario.ok_or_else(|| format!("there is no built-in scenario {place}"))?;
            let text = library::BUILT_IN.get(*place).map_or("", |built_in| built_in.text);
            let origin = library::BUILT_IN.get(*place).map(|built_in| Origin::BuiltIn(built_in.slug.to_owned()));
            Ok(Opened { tries: tries(text), origin, ..Opened::scenario(scenario) })
        }
        Source::File(path) => {
            let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len()).max(1);
            let mut progress = |read: u64| {
                let share = (read as f64 / bytes as f64).min(1.0) as f32;
                if go_on(share) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let opened = open::open(path, &ReadOptions::default(), &|_| Ok(()), &mut progress);
            opened.map(|opened| Opened::of(opened, path)).map_err(|error| error.to_string())
        }
    }
}

/// The endings of recordings.
const RECORDINGS: [&str; 8] = ["csv", "tsv", "jsonl", "ndjson", "json", "parquet", "gz", "zst"];

/// The system's dialog for choosing a file; blocks until it is closed. `None` also when the system
/// has no dialog.
pub fn ask() -> Option<PathBuf> {
    rfd::FileDialog::new()
        .set_title("Open a stream")
        .add_filter(
            "Scenarios and recordings (.ron, .csv, .jsonl, .parquet, .gz, .zst)",
            &["ron", "csv", "tsv", "jsonl", "ndjson", "json", "parquet", "gz", "zst"],
        )
        .add_filter("Scenarios (.ron)", &["ron"])
        .add_filter("Recordings (.csv, .jsonl, .parquet, also .gz and .zst)", &RECORDINGS)
        .add_filter("All files", &["*"])
        .pick_file()
}

/// The system's dialog for choosing where to write; blocks until it is closed. `None` also when the system
/// has no dialog.
pub fn ask_where_to_save(suggested: &Path) -> Option<PathBuf> {
    let mut dialog = rfd::FileDialog::new().set_title("Write a file").set_file_name(short_name(suggested));
    if let Some(folder) = suggested.parent().filter(|folder| folder.is_dir()) {
        dialog = dialog.set_directory(folder);
    }
    dialog.save_file()
}

/// The first sentence of what a scenario says about itself, on one line.
pub fn first_sentence(about: &str) -> String {
    let one_line: String = about.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => one_line,
    }
}

/// The last part of a path, for a title.
pub fn short_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What the scenarios that come with the program are about, in the order of the menu.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Windows", &["tumbling", "sliding", "sessions", "dataflow", "dataflow-batch"]),
    (
        "Disorder and watermarks",
        &[
            "trams-tunnel",
            "trams-crash",
            "late-nine",
            "disorder",
            "watermark",
            "labels",
            "wrong-clock",
            "idle-partition",
            "idle-partition-loses",
        ],
    ),
    (
        "Load",
        &[
            "slow-operator",
            "lag-spiral",
            "lag-spiral-lost",
            "hot-key",
            "hot-key-salted",
            "shard",
            "micro-batch",
            "four-tasks",
        ],
    ),
    (
        "Guarantees and recovery",
        &[
            "exactly-once",
            "at-least-once",
            "at-most-once",
            "upsert-is-enough",
            "upsert-not-enough",
            "max-needs-less",
            "checkpoint-cascade",
            "checkpoint-cascade-cured",
            "retries",
            "rebalance-eager",
            "rebalance-cooperative",
        ],
    ),
    ("Bad records", &["poison-reject", "poison-dead-letter", "poison-crash-loop", "dead-letter-sink-fails"]),
    ("Large", &["twenty-thousand", "million"]),
];

/// The scenarios that come with the program by what they are about, as places in [`built_in`]. Every one is
/// there once; those of no group stand last.
pub fn groups() -> Vec<(&'static str, Vec<usize>)> {
    let place = |slug: &&str| library::BUILT_IN.iter().position(|built_in| built_in.slug == *slug);
    let mut groups: Vec<(&str, Vec<usize>)> =
        GROUPS.iter().map(|(name, slugs)| (*name, slugs.iter().filter_map(place).collect())).collect();
    let grouped: Vec<usize> = groups.iter().flat_map(|(_, places)| places.iter().copied()).collect();
    let others: Vec<usize> = (0..built_in().len()).filter(|place| !grouped.contains(place)).collect();
    if !others.is_empty() {
        groups.push(("More", others));
    }
    groups
}

/// The scenarios that come with the program, in the order of the menu.
pub fn built_in() -> &'static [Scenario] {
    static READ: OnceLock<Vec<Scenario>> = OnceLock::new();
    READ.get_or_init(|| library::BUILT_IN.iter().filter_map(|built_in| built_in.scenario().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_is_in_the_menu() {
        assert_eq!(built_in().len(), library::BUILT_IN.len());
        assert!(open(&Source::BuiltIn(library::BUILT_IN.len()), &mut |_| true).is_err());
    }

    #[test]
    fn every_scenario_is_in_one_group() {
        let mut places: Vec<usize> = groups().into_iter().flat_map(|(_, places)| places).collect();
        places.sort_unstable();
        assert_eq!(places, (0..library::BUILT_IN.len()).collect::<Vec<_>>());
        for (_, slugs) in GROUPS {
            assert!(slugs.iter().all(|slug| library::find(slug).is_some()), "{slugs:?}");
        }
    }

    #[test]
    fn the_comment_at_the_top_says_what_to_try() {
        let text = "// Watch this.\n// Try: the bound at 5 s. More.\n(title: \"x\")\n// Try: not this.";
        assert_eq!(tries(text), ["the bound at 5 s. More."]);
        let first = Opened::first().expect("the first built-in scenario reads");
        assert!(!first.tries.is_empty());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = open(&Source::File("nowhere/at-all.csv".into()), &mut |_| true).unwrap_err();
        assert!(error.contains("nowhere/at-all.csv"), "{error}");
    }

    #[test]
    fn reading_can_be_cancelled() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("rows.csv");
        let rows: String = (0..200_000).map(|i| format!("{i},{i},k,1\n")).collect();
        std::fs::write(&path, format!("event_time,arrival_time,key,value\n{rows}")).expect("the folder is writable");
        let mut heard = Vec::new();
        let result = open(&Source::File(path), &mut |share| {
            heard.push(share);
            heard.len() < 2
        });
        assert!(result.is_err());
        assert_eq!(heard.len(), 2, "nothing is read after the refusal");
        assert!(heard.iter().all(|share| (0.0..=1.0).contains(share)));
    }
}
