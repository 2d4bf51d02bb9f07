//! `highwater import` as a process: what it writes and says, and how it refuses bad input.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};

const TRIPS: &str = "\
pickup,dropoff,passengers,fare,total,pickup_zone
2024-05-01 10:02:00,2024-05-01 10:58:00,1,28,30,north
2024-05-01 10:00:00,2024-05-01 10:05:00,1,9,10.5,north
2024-05-01 10:01:00,2024-05-01 10:21:00,2,6,7,
";

/// The trips as a recording: in arrival order, times with zone.
const RECORDING: &str = "\
event_time,arrival_time,key,value
2024-05-01T10:00:00Z,2024-05-01T10:05:00Z,north,10.5
2024-05-01T10:01:00Z,2024-05-01T10:21:00Z,,7
2024-05-01T10:02:00Z,2024-05-01T10:58:00Z,north,30
";

fn import() -> Command {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    command.arg("import");
    command
}

/// What a finished process said.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command) -> Said {
    let output = command.output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let said = Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    said
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.path(name), content).expect("a temporary file");
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file of text")
}

/// Exit code 2, nothing on standard output, every part in the message, and no file but the input.
fn refused(input: &[u8], flags: &[&str], parts: &[&str]) {
    let folder = Folder::new();
    let path = folder.file("in.csv", input);
    let said = run(import().arg(path).arg("-o").arg(folder.path("out.csv")).args(flags));
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    for part in parts {
        assert!(said.stderr.contains(part), "{part:?} is not in: {}", said.stderr);
    }
    assert!(said.stderr.len() < 2_000, "the message has {} bytes", said.stderr.len());
    assert_eq!(folder.names(), ["in.csv"]);
}

#[test]
fn a_recording_is_made_and_what_was_guessed_is_said() {
    let folder = Folder::new();
    let input = folder.file("trips.csv", TRIPS);
    let output = folder.path("rec.csv");
    let said = run(import().arg(&input).arg("-o").arg(&output));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(said.stdout, "");
    assert_eq!(read(&output), RECORDING);
    assert_eq!(folder.names(), ["rec.csv", "trips.csv"]);
    let lines: Vec<&str> = said.stderr.lines().collect();
    assert!(lines[0].ends_with("trips.csv: 3 rows (fields between commas, with a header)"), "{}", lines[0]);
    assert_eq!(lines[1], "  event time   pickup (guessed by its name; dates from year to second)");
    assert_eq!(lines[3], "  key          pickup_zone (guessed by its name)");
    assert_eq!(lines[4], "  value        total (guessed by its name)");
    assert_eq!(lines[6], "delay           P50           P90           P99         P99.9       longest");
    assert_eq!(lines[7], "             20 min        56 min        56 min        56 min        56 min");
    assert_eq!(lines[8], "suggested bound: 1 h 24 min to 1 h 52 min (1.5 to 2 x P99)");
    assert!(lines[9].ends_with("rec.csv: 3 records"), "{}", lines[9]);
    assert_eq!(lines.len(), 10);
}

#[test]
fn a_recording_imports_as_itself() {
    let folder = Folder::new();
    let input = folder.file("rec.csv", RECORDING);
    for name in ["b.jsonl", "c.csv.gz", "d.ndjson.zst"] {
        let middle = folder.path(name);
        assert_eq!(run(import().arg(&input).arg("-o").arg(&middle)).code, Some(0));
        let said = run(import().arg(&middle).args(["-o", "-", "--quiet"]));
        assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (Some(0), RECORDING, ""), "{name}");
    }
}

#[test]
fn without_an_output_it_only_looks() {
    let folder = Folder::new();
    let input = folder.file("trips.csv", TRIPS);
    let said = run(import().arg(&input));
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""));
    assert!(said.stderr.contains("suggested bound"), "{}", said.stderr);
    assert_eq!(folder.names(), ["trips.csv"]);
}

#[test]
fn the_log_of_a_repository_comes_through_a_pipe() {
    let log = "\
1700000300,1700000300,Ann Lee
1700000200,1700000310,Doe, John
1700000100,1700000320,\"Bob
1700000150,1700000330,Eve \"the\" Cat
";
    let folder = Folder::new();
    let output = folder.path("commits.csv");
    let said = run(import()
        .args([
            "-",
            "--no-header",
            "--event-time",
            "1",
            "--arrival-time",
            "2",
            "--key",
            "3",
            "--time-format",
            "s",
            "-o",
        ])
        .arg(&output)
        .write_stdin(log));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let expected = "\
event_time,arrival_time,key,value
2023-11-14T22:18:20Z,2023-11-14T22:18:20Z,Ann Lee,1
2023-11-14T22:15:50Z,2023-11-14T22:18:50Z,\"Eve \"\"the\"\" Cat\",1
";
    assert_eq!(read(&output), expected);
    assert!(said.stderr.contains("2 of 4 rows are bad and kept aside"), "{}", said.stderr);
    assert!(said.stderr.contains("  line 2: 4 fields where 3 were expected\n"), "{}", said.stderr);
    assert!(said.stderr.contains("  line 3: a quote at the start of a field is not closed"), "{}", said.stderr);
    let bad = read(&folder.path("commits.csv.bad.csv"));
    assert!(bad.starts_with("line,column,field,reason\n2,,\"1700000200,1700000310,Doe, John\",4 fields"), "{bad}");
    assert_eq!(bad.lines().count(), 3);
}

#[test]
fn a_list_of_bad_rows_does_not_outlive_its_import() {
    let folder = Folder::new();
    let output = folder.path("rec.csv");
    let bad = folder.file("bad.csv", format!("{TRIPS}yesterday,2024-05-01 10:58:00,1,1,1,north\n"));
    let good = folder.file("good.csv", TRIPS);
    let said = run(import().arg(&bad).arg("-o").arg(&output).arg("--quiet"));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), "1 of 4 rows is bad and kept aside\n"));
    assert_eq!(folder.names(), ["bad.csv", "good.csv", "rec.csv", "rec.csv.bad.csv"]);
    assert_eq!(read(&output), RECORDING);
    assert_eq!(run(import().arg(&good).arg("-o").arg(&output)).code, Some(0));
    assert_eq!(folder.names(), ["bad.csv", "good.csv", "rec.csv"]);
}

#[test]
fn the_report_as_json_is_alone_on_standard_output() {
    let folder = Folder::new();
    let input = folder.file("trips.csv", format!("{TRIPS}yesterday,2024-05-01 10:58:00,1,1,1,north\n"));
    let said = run(import().arg(&input).args(["--format", "json", "--value", "fare", "--key", ""]));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let report: Value = serde_json::from_str(&said.stdout).expect("one JSON object");
    assert_eq!((&report["schema"], &report["rows"], &report["records"]), (&json!(1), &json!(4), &json!(3)));
    let bad = json!([{
        "line": 5, "column": "pickup", "field": "yesterday",
        "reason": "is not a time; expected a date like 2019-03-23 20:21:09"
    }]);
    assert_eq!(report["bad_rows"], bad);
    let event_time = json!({"column": "pickup", "guessed": true, "reason": "by its name", "time_format": "rfc3339"});
    assert_eq!(report["columns"]["event_time"], event_time);
    assert_eq!(report["columns"]["value"]["column"], "fare");
    assert_eq!(report["columns"]["value"]["guessed"], false);
    assert_eq!(report["columns"]["key"]["column"], Value::Null);
    let delays = json!({"p50": 1200.0, "p90": 3360.0, "p99": 3360.0, "p999": 3360.0, "max": 3360.0});
    assert_eq!(report["delay_s"], delays);
    assert_eq!(report["suggested_bound_s"], json!([5040.0, 6720.0]));
    assert_eq!(report["negative_delays"], 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::{Command, Stdio};
    let folder = Folder::new();
    let row = "2024-05-01T10:00:00Z,2024-05-01T10:05:00Z,north,10.5\n";
    // More than any pipe holds.
    let input = folder.file("rec.csv", format!("event_time,arrival_time,key,value\n{}", row.repeat(20_000)));
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("highwater"))
        .arg("import")
        .arg(input)
        .args(["-o", "-", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn standard_output_is_not_shared() {
    let said = run(import().args(["-", "-o", "-", "--format", "json"]).write_stdin(TRIPS));
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert!(said.stderr.contains("both write to standard output"), "{}", said.stderr);
}

#[test]
fn a_missing_file_is_named() {
    let said = run(import().args(["missing/trips.csv", "-o", "missing/rec.csv"]));
    assert_eq!(said.code, Some(2));
    assert_eq!(said.stderr, "error: missing/trips.csv: there is no such file\n");
}

#[test]
fn an_output_that_cannot_be_is_named() {
    let folder = Folder::new();
    let input = folder.file("trips.csv", TRIPS);
    let said = run(import().arg(&input).arg("-o").arg(folder.path("missing/rec.csv")));
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("rec.csv: cannot be written"), "{}", said.stderr);
    let said = run(import().arg(&input).arg("-o").arg(folder.path("rec.xlsx")));
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("expected .parquet, or .csv, .jsonl or .ndjson"), "{}", said.stderr);
    assert_eq!(folder.names(), ["trips.csv"]);
}

#[test]
fn empty_files_and_headers_alone_are_refused() {
    refused(b"", &[], &["in.csv: is empty"]);
    refused(b"event_time,key\n", &[], &["in.csv: has a header and no rows"]);
}

#[test]
fn a_wrong_column_is_refused_with_the_nearest() {
    refused(TRIPS.as_bytes(), &["--event-time", "pikcup"], &["\"pikcup\"", "did you mean \"pickup\"?", "\"dropoff\""]);
}

#[test]
fn the_first_bad_row_is_refused_if_asked_for() {
    let text = TRIPS.replace("2024-05-01 10:00:00", "yesterday");
    let message =
        "in.csv: line 3, column \"pickup\": \"yesterday\" is not a time; expected a date like 2019-03-23 20:21:09";
    refused(text.as_bytes(), &["--strict"], &[message]);
    let text = TRIPS.replace("10.5", "NaN");
    let message = "in.csv: line 3, column \"total\": \"NaN\" is not a finite number";
    refused(text.as_bytes(), &["--strict"], &[message]);
}

#[test]
fn a_wrong_time_format_is_refused() {
    refused(TRIPS.as_bytes(), &["--time-format", "minutes"], &["\"minutes\" is not a time format", "use s, ms, us"]);
    refused(TRIPS.as_bytes(), &["--time-format", "%H:%M"], &["does not give a whole date"]);
    let parts = ["none of the 3 rows", "line 2, column \"pickup\"", "expected milliseconds since 1970"];
    refused(TRIPS.as_bytes(), &["--time-format", "ms", "--event-time", "pickup"], &parts);
}

#[test]
fn binary_junk_and_other_formats_are_refused() {
    let junk: Vec<u8> = (0..50_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused(&junk, &[], &["in.csv: line 1 is not text"]);
    refused(b"PAR1\x00\x01", &[], &["in.csv: the Parquet file does not end in a footer"]);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packer, TRIPS.repeat(500).as_bytes()).expect("memory");
    let packed = packer.finish().expect("memory");
    refused(&packed[..packed.len() / 2], &[], &["in.csv: the gzip data ends in the middle, after line "]);
}

#[test]
fn a_line_of_200_megabytes_is_refused() {
    let folder = Folder::new();
    let input = folder.file("long.csv", "event_time,key\n2019-01-01,");
    // A hole in the file: 200 MB to whoever reads it, and nothing on the disk.
    fs::File::options().write(true).open(&input).and_then(|file| file.set_len(200_000_000)).expect("a sparse file");
    let said = run(import().arg(&input));
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("long.csv: line 2 is longer than 1048576 bytes"), "{}", said.stderr);
}
