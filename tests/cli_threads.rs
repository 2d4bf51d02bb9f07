//! `highwater run --runtime threads` as a process: the same figures as in virtual time where they mean
//! the same, and what does not go with it is refused.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use serde_json::Value;

const SCENARIO: &str = r#"(
    title: "Small",
    source: Synthetic(rate: 50.0, delay: Uniform(min: "0s", max: "10s")),
    duration: "2min",
    pipeline: (window: Tumbling(size: "10s"), watermark: Bounded(bound: "2s"), aggregate: TopK(2)),
)
"#;

fn small() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("small.ron");
    fs::write(&file, SCENARIO).expect("a temporary file");
    (folder, file)
}

fn output(file: &PathBuf, more: &[&str]) -> std::process::Output {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    command.arg("run").arg(file).args(more).output().expect("it runs")
}

fn text(file: &PathBuf, more: &[&str]) -> String {
    let output = output(file, more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn json(file: &PathBuf, more: &[&str]) -> Value {
    let text = text(file, &[more, &["--format", "json"]].concat());
    serde_json::from_str(&text).expect("one JSON object")
}

fn refused(file: &PathBuf, more: &[&str], part: &str) {
    let output = output(file, more);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{message}");
    assert!(message.contains(part) && !message.contains("panicked"), "{message}");
}

#[test]
fn what_does_not_follow_the_clock_is_as_in_virtual_time() {
    let (_folder, small) = small();
    let plain = json(&small, &[]);
    let threads = json(&small, &["--runtime", "threads", "--set", "pipeline.tasks.windows=3"]);
    for field in ["scenario", "seed", "records", "ledger", "behind", "completeness", "panes", "open_at_end", "delay_s"]
    {
        assert_eq!(threads[field], plain[field], "{field}");
    }
    assert!(plain["ledger"]["dropped_late"].as_u64() > Some(0));
    assert_eq!((&threads["runtime"], &threads["replay_is_identical"]), (&"threads".into(), &true.into()));
    // Every other field that there is says that it is not known.
    let fields = |of: &Value| of.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let missing: Vec<_> = fields(&plain).into_iter().filter(|field| threads.get(field).is_none()).collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!((&threads["trace_hash"], &threads["freshness_s"]["p50"]), (&Value::Null, &Value::Null));
    let names: Vec<&str> =
        threads["threads"].as_array().expect("a list").iter().filter_map(|thread| thread["name"].as_str()).collect();
    let windows = ["highwater-window-0", "highwater-window-1", "highwater-window-2"];
    assert_eq!(names, [&["highwater-source-0"], &windows[..], &["highwater-sink"]].concat());
    let shares = &threads["threads"][0];
    let sum: f64 = ["busy", "idle", "blocked"].iter().filter_map(|share| shares[share].as_f64()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{shares}");
}

#[test]
fn rows_are_those_of_virtual_time_but_for_the_clock_and_their_order() {
    let (_folder, small) = small();
    let rows = |more: &[&str]| {
        let text = text(&small, &[more, &["--format", "csv"]].concat());
        let timeless = |row: &str| {
            let mut cells: Vec<&str> = row.split(',').collect();
            assert!(!cells.remove(6).is_empty(), "{row}");
            cells.join(",")
        };
        let mut rows: Vec<String> = text.lines().map(timeless).collect();
        rows[1..].sort_unstable();
        rows
    };
    let plain = rows(&[]);
    assert!(plain.len() > 10 && plain[0].starts_with("key,window_start"));
    assert_eq!(rows(&["--runtime", "threads"]), plain);
    assert_eq!(rows(&["--runtime", "threads", "--set", "pipeline.tasks.windows=2"]), plain);
}

#[test]
fn words_and_files_tell_the_same() {
    let (folder, small) = small();
    let out = folder.path().join("results");
    // Two minutes at 20,000 times the speed are six milliseconds.
    let flags = ["--runtime", "threads", "--speed", "20000", "--quiet", "--out", out.to_str().expect("a plain path")];
    let words = text(&small, &flags);
    assert!(words.contains("on threads: source tasks 1, window tasks 1, and a sink"), "{words}");
    assert!(words.contains("highwater-window-0") && words.contains("gives the same panes"), "{words}");
    let kept: Value = serde_json::from_slice(&fs::read(out.join("run.json")).expect("run.json")).expect("JSON");
    assert!(kept["result_latency_s"]["p50"].as_f64() > Some(0.0), "it follows the arrivals: {kept}");
    assert!(fs::read_to_string(out.join("panes.csv")).expect("panes.csv").lines().count() > 10);
}

#[test]
fn what_threads_do_not_keep_is_refused_in_words() {
    let (_folder, small) = small();
    refused(&small, &["--speed", "2"], "--speed is for --runtime threads");
    refused(&small, &["--runtime", "threads", "--speed", "0"], "--speed: 0 is out of range: must be above 0");
    refused(&small, &["--runtime", "threads", "--parity"], "--parity compares runs in virtual time");
    refused(&small, &["--runtime", "threads", "--twin", "seed=2"], "--twin compares runs in virtual time");
    let shedding = ["--runtime", "threads", "--set", "pipeline.tasks.overflow=ShedNewest"];
    refused(&small, &shedding, "pipeline.tasks.overflow: a thread waits while a channel is full: must be Block");
    let salted = ["--runtime", "threads", "--set", "pipeline.tasks.salts=2"];
    refused(&small, &salted, "pipeline.tasks.salts: threads have one stage of window tasks: must be 1");
    let batched = ["--runtime", "threads", "--set", "pipeline.tasks.micro_batch=1s"];
    refused(&small, &batched, "pipeline.tasks.micro_batch: threads read a record as soon as they can: must be None");
    let checkpoints = ["--runtime", "threads", "--set", "pipeline.checkpoints=(interval: \"10s\")"];
    refused(&small, &checkpoints, "pipeline.checkpoints: threads take none: must be None");
    let limited = ["--runtime", "threads", "--set", "log.reads_per_s=5"];
    refused(&small, &limited, "log: threads read as much as there is");
    fs::write(&small, with_fault("SlowOperator(from: \"10s\", until: \"20s\", factor: 7)")).expect("a temporary file");
    refused(&small, &["--runtime", "threads"], "faults.0: operator 7× slower: nothing on threads is slowed down");
    let poison = "Poison(from: \"10s\", until: \"20s\", defect: WrongType(\"value\"))";
    fs::write(&small, with_fault(poison)).expect("a temporary file");
    let crashing = ["--runtime", "threads", "--set", "pipeline.gate.policy=Crash"];
    refused(&small, &crashing, "pipeline.gate.policy: threads are not started again, and some records do not pass");
}

fn with_fault(fault: &str) -> String {
    SCENARIO.replace("    duration", &format!("    faults: [{fault}],\n    duration"))
}

#[test]
fn the_schema_gate_stands_in_front_of_threads_too() {
    let (_folder, small) = small();
    let poison = "Poison(from: \"10s\", until: \"20s\", share: 0.3, defect: WrongType(\"value\"))";
    fs::write(&small, with_fault(poison)).expect("a temporary file");
    for (policy, field) in [("Reject", "rejected"), ("DeadLetter", "dead_lettered")] {
        let policy = format!("pipeline.gate.policy={policy}");
        let set = ["--set", &policy];
        let plain = json(&small, &set);
        let threads =
            json(&small, &[&["--runtime", "threads", "--set", "pipeline.tasks.windows=2"], &set[..]].concat());
        assert!(plain["ledger"][field].as_u64() > Some(50), "{plain}");
        for same in ["ledger", "behind", "panes", "completeness"] {
            assert_eq!(threads[same], plain[same], "{policy}: {same}");
        }
        assert_eq!(threads["replay_is_identical"], true);
    }
}
