//! A job that is stopped with a savepoint and another that goes on from it give the panes of one that was
//! never stopped, also with another number of window tasks; and what cannot be restored is refused.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// A scenario with these lines in its pipeline, and these faults.
fn scenario(folder: &Path, pipeline: &str, faults: &str) -> PathBuf {
    let text = format!(
        r#"(
    title: "Stopped",
    seed: 11,
    duration: "5min",
    source: Synthetic(rate: 40.0, keys: Zipf(count: 60, exponent: 1.0), delay: Exponential(mean: "6s"), partitions: 3),
    pipeline: (watermark: Bounded(bound: "15s"), at_end: Flush, tasks: (windows: 2), {pipeline}),
    faults: [{faults}],
)
"#
    );
    let path = folder.join("stopped.ron");
    fs::write(&path, text).expect("a temporary file");
    path
}

/// Exit code, panes in any order (sorted), and what was written to standard error.
fn run(file: &Path, arguments: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    let output = command.arg("run").arg(file).args(arguments).args(["--format", "csv"]).output().expect("it runs");
    let panes = String::from_utf8_lossy(&output.stdout);
    let mut lines: Vec<String> = panes.lines().skip(1).map(str::to_owned).collect();
    lines.sort_unstable();
    (output.status.code(), lines, String::from_utf8_lossy(&output.stderr).into_owned())
}

fn panes(file: &Path, arguments: &[&str]) -> Vec<String> {
    let (code, panes, errors) = run(file, arguments);
    assert_eq!(code, Some(0), "{errors}");
    panes
}

fn together(parts: &[Vec<String>]) -> Vec<String> {
    let mut all = parts.concat();
    all.sort_unstable();
    all
}

const PIPELINES: [&str; 6] = [
    r#"window: Tumbling(size: "20s")"#,
    r#"window: Sliding(size: "30s", slide: "10s"), allowed_lateness: "10s""#,
    r#"window: Session(gap: "4s"), allowed_lateness: "5s", accumulation: AccumulatingAndRetracting"#,
    r#"window: Tumbling(size: "30s"), aggregate: Quantile(0.9), allowed_lateness: "20s""#,
    r#"window: Tumbling(size: "30s"), trigger: ContinuousEventTime("7s"), accumulation: Discarding"#,
    r#"window: Cumulative(max: "40s", step: "10s"), state: Disk(memory: 2000)"#,
];

#[test]
fn a_job_goes_on_with_twice_the_tasks_and_the_panes_of_one_that_never_stopped() {
    for pipeline in PIPELINES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = scenario(folder.path(), pipeline, "");
        let savepoint = folder.path().join("before.hwc");
        let savepoint = savepoint.to_str().expect("a plain name");
        let expected = panes(&file, &[]);
        let before = panes(&file, &["--savepoint-at", "2min 33s", "-o", savepoint]);
        let after = panes(&file, &["--from", savepoint, "--set", "pipeline.tasks.windows=4"]);
        assert!(before.len() > 100 && after.len() > 100, "{pipeline}: {} and {}", before.len(), after.len());
        assert_eq!(before.len() + after.len(), expected.len(), "{pipeline}");
        assert!(together(&[before, after]) == expected, "{pipeline}: the panes differ");
    }
}

#[test]
fn a_job_is_stopped_twice_and_ends_with_one_task() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = scenario(folder.path(), PIPELINES[1], "");
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain name").to_owned();
    let (first, second) = (path("first.hwc"), path("second.hwc"));
    let expected = panes(&file, &[]);
    let parts = [
        panes(&file, &["--savepoint-at", "80s", "-o", &first]),
        panes(&file, &["--from", &first, "--savepoint-at", "200s", "-o", &second, "--set", "pipeline.tasks.windows=5"]),
        panes(&file, &["--from", &second, "--set", "pipeline.tasks.windows=1"]),
    ];
    assert!(parts.iter().all(|part| part.len() > 100));
    assert!(together(&parts) == expected, "the panes differ");
}

#[test]
fn a_crash_before_the_first_checkpoint_goes_back_to_the_savepoint() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let savepoint = folder.path().join("before.hwc");
    let savepoint = savepoint.to_str().expect("a plain name");
    // Without the instants: what is done again is done later.
    let said = |panes: Vec<String>| {
        let mut said: Vec<String> =
            panes.iter().map(|line| line.split(',').take(6).collect::<Vec<_>>().join(",")).collect();
        said.sort_unstable();
        said.dedup();
        said
    };
    let expected = said(panes(&scenario(folder.path(), r#"window: Tumbling(size: "20s")"#, ""), &[]));
    let file = scenario(
        folder.path(),
        r#"window: Tumbling(size: "20s"), checkpoints: (interval: "1h"), restart: FixedDelay(delay: "1s")"#,
        r#"Crash(victim: Window(0), at: "3min")"#,
    );
    let before = panes(&file, &["--savepoint-at", "2min", "-o", savepoint]);
    let after = panes(&file, &["--from", savepoint, "--set", "pipeline.tasks.windows=4"]);
    assert!(before.len() + after.len() > expected.len(), "panes between the savepoint and the crash appear twice");
    assert_eq!(said([before, after].concat()), expected);
}

#[test]
fn a_process_that_ends_goes_on_from_its_newest_checkpoint_that_can_be_used() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipeline = r#"window: Tumbling(size: "20s"), checkpoints: (interval: "25s")"#;
    let file = scenario(folder.path(), pipeline, "");
    let directory = folder.path().join("checkpoints");
    let directory = directory.to_str().expect("a plain name");
    // The first process ends with its 2 min 40 s. Its checkpoints are those of 25 s, 50 s, ... 2 min 30 s, and one
    // that was due when all was read.
    let ignored = folder.path().join("ignored.hwc");
    let stop = ["--savepoint-at", "2min 40s", "-o", ignored.to_str().expect("a plain name")];
    let first = panes(&file, &[&stop[..], &["--checkpoint-dir", directory]].concat());
    let on = ["--from", directory, "--set", "pipeline.tasks.windows=3"];
    let names = || {
        let entries = fs::read_dir(directory).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(), ["checkpoint-0000000006.hwc", "checkpoint-0000000007.hwc", "completed.index"]);
    let expected = panes(&file, &[]);
    let all_of = |later: Vec<String>| {
        let mut all = together(&[first.clone(), later]);
        all.dedup();
        all
    };
    assert!(all_of(panes(&file, &on)) == expected, "the panes differ");
    // A newer one that is torn costs the time since the one before, and no pane.
    let newest = Path::new(directory).join("checkpoint-0000000007.hwc");
    let bytes = fs::read(&newest).expect("it is there");
    fs::write(&newest, &bytes[..bytes.len() / 2]).expect("it is cut");
    let (code, later, errors) = run(&file, &on);
    assert_eq!(code, Some(0), "{errors}");
    assert!(errors.contains("passed over: ") && errors.contains("checkpoint-0000000007.hwc: is torn: "), "{errors}");
    assert!(errors.contains("checkpoint-0000000006.hwc"), "{errors}");
    assert!(all_of(later) == expected, "the panes differ");
    // The next process goes on counting its checkpoints.
    panes(&file, &[&on[..], &["--checkpoint-dir", directory]].concat());
    let found = names();
    assert_eq!(found.len(), 3);
    assert!(found[0].as_str() > "checkpoint-0000000007.hwc", "{found:?}");
    for name in &found[..2] {
        fs::remove_file(Path::new(directory).join(name)).expect("it was there");
    }
    let (code, _, errors) = run(&file, &on);
    assert_eq!(code, Some(2));
    assert!(errors.contains("is missing") && errors.contains("holds no checkpoint that can be used"), "{errors}");
}

#[test]
fn what_cannot_be_restored_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = scenario(folder.path(), PIPELINES[0], "");
    let path = folder.path().join("before.hwc");
    let savepoint = path.to_str().expect("a plain name");
    panes(&file, &["--savepoint-at", "1min", "-o", savepoint]);
    let refused = |arguments: &[&str], part: &str| {
        let (code, panes, errors) = run(&file, arguments);
        assert_eq!((code, panes.len()), (Some(2), 0), "{errors}");
        assert!(errors.contains(part), "{errors}");
    };
    refused(&["--from", savepoint, "--seed", "12"], "before.hwc: is a savepoint of other input: its fingerprint is ");
    refused(&["--from", savepoint, "--window", "tumbling:30s"], "the state was kept with");
    refused(&["--from", savepoint, "--runtime", "threads"], "--runtime threads takes no savepoints");
    refused(&["--checkpoint-dir", "none"], "--checkpoint-dir: the pipeline takes no checkpoints; --set ");
    refused(&["--from", "none.hwc"], "none.hwc: is missing");
    refused(&["--savepoint-at", "9h", "-o", savepoint], "--savepoint-at: ");
    refused(&["--savepoint-at", "1min"], "--output <FILE>");
    refused(&["--from", savepoint, "--dialect", "beam"], "savepoints are taken in the dialect Flink");
    let mut bytes = fs::read(&path).expect("it is there");
    bytes[50] ^= 1;
    fs::write(&path, &bytes).expect("it is changed");
    refused(&["--from", savepoint], "before.hwc: is damaged: its checksum is ");
    fs::write(&path, &bytes[..60]).expect("it is cut");
    refused(&["--from", savepoint], "before.hwc: is torn: it ends after 60 of ");
}
