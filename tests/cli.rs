//! The commands as processes: what they print, where, and with which exit code. Bad input of every
//! kind ends with exit code 2 and a message that says where and what would be right.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn highwater() -> Command {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    command
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).expect("a temporary file");
        path
    }
}

/// Six trips that are known when they end; the third ends last.
const TRIPS: &str = "\
pickup,dropoff,zone,total
2024-05-01 10:00:00,2024-05-01 10:05:00,north,10.5
2024-05-01 10:01:00,2024-05-01 10:21:00,south,7
2024-05-01 10:02:00,2024-05-01 10:58:00,north,30
2024-05-01 10:16:00,2024-05-01 10:20:00,north,8
2024-05-01 10:31:00,2024-05-01 10:40:00,south,9
2024-05-01 10:46:00,2024-05-01 10:50:00,south,6
";

const COLUMNS: [&str; 8] = ["--event-time", "pickup", "--arrival-time", "dropoff", "--key", "zone", "--value", "total"];

fn run_json(file: &Path, more: &[&str]) -> Value {
    let output = highwater().arg("run").arg(file).args(more).args(["--format", "json"]).output().expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON object")
}

/// Exit code 2, nothing on standard output, and every part in one message.
fn refused(command: &mut Command, parts: &[&str]) {
    let output = command.output().expect("it runs");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert_eq!(output.stdout.len(), 0, "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
    assert!(message.len() < 4_000, "the message is {} bytes long", message.len());
}

fn refused_run(file: &Path, more: &[&str], parts: &[&str]) {
    refused(highwater().arg("run").arg(file).args(more), parts);
}

#[test]
fn a_recording_runs_and_its_figures_are_those_counted_by_hand() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS);
    let mut flags = COLUMNS.to_vec();
    flags.extend(["--window", "tumbling:15min", "--bound", "0"]);
    // Arrivals: 10:05 (W 10:00), 10:20 (W 10:16, fires [10:00, 10:15) of north), 10:21 (10:01 is
    // behind and gone), 10:40 (W 10:31, fires [10:15, 10:30) of north), 10:50 (W 10:46, fires
    // [10:30, 10:45) of south), 10:58 (10:02 is behind and gone). [10:45, 11:00) stays open.
    let report = run_json(&trips, &flags);
    assert_eq!(report["records"], 6);
    assert_eq!(report["behind"], 2);
    assert_eq!(report["ledger"]["counted"], 4);
    assert_eq!(report["ledger"]["dropped_late"], 2);
    assert_eq!(report["ledger"]["in_flight"], 0);
    assert_eq!(report["panes"]["on_time"], 3);
    assert_eq!(report["open_at_end"], 1);
    assert_eq!(report["delay_s"]["max"], 3360.0);
    // On-time panes come 5, 10 and 5 minutes after their windows end.
    assert_eq!(report["result_latency_s"]["p50"], 300.0);
    assert_eq!(report["result_latency_s"]["max"], 600.0);
    // 10:00 shows at 10:20, 10:16 at 10:40, 10:31 at 10:50.
    assert_eq!(report["freshness_s"]["p50"], 1200.0);
    assert_eq!(report["freshness_s"]["max"], 1440.0);
    let completeness = report["completeness"].as_f64().expect("a number");
    assert!((completeness - 4.0 / 6.0).abs() < 1e-12);

    flags.extend(["--late", "side-output"]);
    let report = run_json(&trips, &flags);
    assert_eq!((&report["ledger"]["dropped_late"], &report["ledger"]["side_output"]), (&0.into(), &2.into()));
}

#[test]
fn panes_as_rows_carry_the_truth_beside_the_value() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS);
    let output = highwater()
        .arg("run")
        .arg(&trips)
        .args(COLUMNS)
        .args(["--window", "tumbling:15min", "--bound", "0", "--aggregate", "sum", "--format", "csv"])
        .output()
        .expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!(lines[0], "key,window_start,window_end,timing,index,value,emitted_at,watermark,truth,retraction");
    assert_eq!(
        lines[1],
        "north,2024-05-01T10:00:00Z,2024-05-01T10:15:00Z,on_time,0,10.5,\
         2024-05-01T10:20:00Z,2024-05-01T10:16:00Z,40.5,false"
    );
}

#[test]
fn the_same_run_has_the_same_hash_and_results_in_a_folder_are_whole() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS);
    let out = folder.path().join("results");
    let mut flags = COLUMNS.to_vec();
    let first = run_json(&trips, &flags);
    flags.extend(["--out", out.to_str().expect("a plain path")]);
    let second = run_json(&trips, &flags);
    assert_eq!(first["trace_hash"], second["trace_hash"]);
    assert_eq!(first["trace_hash"].as_str().map(str::len), Some(32));
    let mut names: Vec<_> =
        fs::read_dir(&out).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["panes.csv", "run.json"]);
    let kept: Value = serde_json::from_slice(&fs::read(out.join("run.json")).expect("run.json")).expect("JSON");
    assert_eq!(kept["trace_hash"], first["trace_hash"]);
}

#[test]
fn standard_input_is_a_recording_too() {
    let output = highwater()
        .args(["run", "-", "--format", "json", "--window", "tumbling:15min", "--bound", "0"])
        .args(COLUMNS)
        .write_stdin(TRIPS)
        .output()
        .expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["ledger"]["dropped_late"], 2);
}

const SCENARIO: &str = r#"// Watch nothing in particular.
(
    title: "Small",
    source: Synthetic(rate: 5.0, delay: Uniform(min: "0s", max: "10s")),
    duration: "2min",
    pipeline: (window: Tumbling(size: "10s"), watermark: Bounded(bound: "2s")),
)
"#;

#[test]
fn a_scenario_runs_and_any_field_can_be_set() {
    let folder = Folder::new();
    let small = folder.file("small.ron", SCENARIO);
    let plain = run_json(&small, &[]);
    assert_eq!(plain["scenario"], "Small");
    assert!(plain["ledger"]["dropped_late"].as_u64() > Some(0));
    let patient = run_json(&small, &["--set", "pipeline.watermark.bound=10s"]);
    assert_eq!(patient["ledger"]["dropped_late"], 0);
    let by_flag = run_json(&small, &["--bound", "10s"]);
    assert_eq!(by_flag["trace_hash"], patient["trace_hash"]);
    let other_seed = run_json(&small, &["--seed", "8"]);
    assert_ne!(other_seed["trace_hash"], plain["trace_hash"]);
}

#[test]
fn a_record_and_a_window_are_explained() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS);
    let explain = |more: &[&str]| {
        let mut command = highwater();
        command.arg("explain").arg(&trips).args(COLUMNS).args(["--bound", "0", "--quiet"]);
        command.args(["--set", "window=Tumbling(size: 15min)"]).args(more);
        command
    };
    let text = |more: &[&str]| {
        let output = explain(more).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    // The trip from 10:01 ends third, when the watermark is at 10:16.
    let record = text(&["--record", "2"]);
    assert!(record.starts_with("Dropped from 10:00 \u{2013} 10:15 (record 2)"), "{record}");
    assert!(record.contains("1 min past the horizon, which is 0 s after the end"), "{record}");
    // The window ends 1 min before the watermark; a second more keeps it.
    assert!(record.contains("0 s \u{2192} 1 min 1 s"), "{record}");
    assert!(record.contains("--set 'pipeline.watermark.bound=1min1s'"), "{record}");
    assert!(!text(&["--record", "2", "--no-price"]).contains("--set"));
    assert!(text(&["--at", "end"]).contains("The watermark does not rise any more"));
    assert!(text(&["--silence", "key:south"]).contains("south is silent"));
    let window = text(&["--window", "south,2024-05-01 10:00"]);
    assert!(window.contains("never opened"), "{window}");
    refused(&mut explain(&["--record", "6"]), &["--record 6", "last record is 5"]);
    refused(&mut explain(&["--window", "west,10:00"]), &["west"]);
    refused(&mut explain(&["--window", "north"]), &["KEY,START"]);
    refused(&mut explain(&["--silence", "partition:7"]), &["the last partition is 0"]);
    refused(&mut explain(&["--silence", "door"]), &["watermark, partition:N or key:NAME"]);
    refused(&mut explain(&[]), &["--record"]);
}

#[test]
fn missing_file() {
    refused_run(Path::new("no-such-file.csv"), &[], &["no-such-file.csv"]);
    refused_run(Path::new("no-such-file.ron"), &[], &["no-such-file.ron"]);
}

#[test]
fn empty_file() {
    let folder = Folder::new();
    refused_run(&folder.file("empty.csv", ""), &[], &["empty.csv", "empty"]);
    refused_run(&folder.file("empty.ron", ""), &[], &["empty.ron", "empty"]);
}

#[test]
fn wrong_column() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS);
    refused_run(&trips, &["--event-time", "pikup"], &["trips.csv", "pikup", "pickup"]);
}

#[test]
fn unparsable_time_on_row_three() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS.replace("2024-05-01 10:01:00", "yesterday"));
    refused_run(&trips, &COLUMNS, &["trips.csv", "line 3", "pickup", "yesterday"]);
}

#[test]
fn not_a_number() {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS.replace(",7\n", ",NaN\n"));
    refused_run(&trips, &COLUMNS, &["trips.csv", "line 3", "total", "NaN"]);
}

fn refused_window(window: &str, parts: &[&str]) {
    let folder = Folder::new();
    let trips = folder.file("trips.csv", TRIPS);
    let mut flags = COLUMNS.to_vec();
    flags.extend(["--window", window]);
    refused_run(&trips, &flags, parts);
}

#[test]
fn window_size_zero() {
    refused_window("tumbling:0s", &["window.size", "0s", "more than 0"]);
}

#[test]
fn slide_zero() {
    refused_window("sliding:10s/0s", &["window.slide", "0s", "more than 0"]);
}

#[test]
fn negative_gap() {
    refused_window("session:-5s", &["window.gap", "-5s", "more than 0"]);
}

#[test]
fn a_billion_windows_per_record() {
    refused_window("sliding:1000s/1us", &["1,000,000,000 windows"]);
}

#[test]
fn unknown_field_in_a_scenario() {
    let folder = Folder::new();
    let wrong = folder.file("wrong.ron", SCENARIO.replace("duration", "durration"));
    refused_run(&wrong, &[], &["wrong.ron", "5", "durration", "duration"]);
    let nested = folder.file("nested.ron", SCENARIO.replace("bound:", "bond:"));
    refused_run(&nested, &[], &["nested.ron", "6", "bond", "bound"]);
}

#[test]
fn out_of_range_in_a_scenario() {
    let folder = Folder::new();
    let wrong = folder.file("wrong.ron", SCENARIO.replace("\"10s\"), watermark", "\"0s\"), watermark"));
    refused_run(&wrong, &[], &["wrong.ron", "pipeline.window.size", "more than 0"]);
}

#[test]
fn truncated_scenario() {
    let folder = Folder::new();
    for length in [20, 60, 120, SCENARIO.len() - 4] {
        let cut = folder.file("cut.ron", &SCENARIO[..length]);
        refused_run(&cut, &[], &["cut.ron"]);
    }
}

#[test]
fn a_line_of_two_hundred_megabytes() {
    let folder = Folder::new();
    let path = folder.path().join("long.csv");
    let mut file = fs::File::create(&path).expect("a temporary file");
    file.write_all(b"event_time,key\n1,a\n2,").expect("written");
    let block = vec![b'x'; 1 << 20];
    for _ in 0..200 {
        file.write_all(&block).expect("written");
    }
    drop(file);
    refused_run(&path, &[], &["long.csv", "line 3", "long"]);
}

#[test]
fn binary_junk() {
    let folder = Folder::new();
    let mut junk = Vec::new();
    let mut state: u32 = 1;
    for _ in 0..20_000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        junk.push((state >> 24) as u8);
    }
    for name in ["junk.csv", "junk.jsonl", "junk.ron", "junk.csv.gz", "junk.csv.zst"] {
        refused_run(&folder.file(name, &junk), &[], &[name]);
    }
}

#[test]
fn wrong_settings_name_what_would_be_right() {
    let folder = Folder::new();
    let small = folder.file("small.ron", SCENARIO);
    refused_run(&small, &["--set", "pipeline.watermark.bond=1s"], &["bond", "bound"]);
    refused_run(&small, &["--set", "pipeline.service_time=soon"], &["service_time", "soon"]);
    refused_run(&small, &["--set", "seed"], &["PATH=VALUE"]);
    refused_run(&small, &["--bound", "-3s"], &["watermark.bound", "-3s", "0 or more"]);
    refused_run(&small, &["--window", "hopping:3s"], &["hopping", "tumbling:15min"]);
    refused_run(&small, &["--set", "pipeline.queue_capacity=0"], &["queue_capacity", "1 to 10,000,000"]);
}
