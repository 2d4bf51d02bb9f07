//! Input that `highwater` refuses, as a process: the place, what would be right, exit code 2, and
//! nothing written. And what it takes with a warning.

use std::fs;
use std::io::Write;
use std::path::Path;

use assert_cmd::Command;

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn highwater(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    let output = command.current_dir(folder).args(arguments).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let said = Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    said
}

/// Import to every kind of output and run both refuse the file with these words, and leave nothing.
fn refused(name: &str, content: &[u8], parts: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), content).expect("written");
    let commands: [&[&str]; 4] = [
        &["import", name, "-o", "out.csv"],
        &["import", name, "-o", "out.jsonl.zst"],
        &["import", name, "-o", "out.parquet"],
        &["run", name],
    ];
    for arguments in commands {
        let said = highwater(folder.path(), arguments);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", said.stderr);
        for part in parts {
            assert!(said.stderr.contains(part), "{arguments:?}: {part:?} is not in: {}", said.stderr);
        }
        let left: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry")).collect();
        assert_eq!(left.len(), 1, "{arguments:?} left {left:?}");
    }
}

const HEADER: &str = "event_time,arrival_time,key,value\n";

fn rows(count: i64) -> String {
    (0..count).map(|i| format!("{},{},k{},{}.5\n", 1_700_000_000 + i, 1_700_000_003 + i, i % 3, i)).collect()
}

#[test]
fn a_table_that_is_cut_is_refused_with_its_last_line() {
    let text = format!("{HEADER}{}", rows(100));
    let cut = text.rfind(",k").expect("a key");
    let parts =
        ["t.csv: the file ends in the middle of a row: line 101: 2 fields where 4 were expected; expected the \
                  whole file (was it cut while copied?)"];
    refused("t.csv", &text.as_bytes()[..cut], &parts);
    let lines: String = (0..50).map(|i| format!("{{\"time\":{},\"value\":{i}}}\n", 1_700_000_000 + i)).collect();
    let parts = ["t.jsonl: the file ends in the middle of a row: line 50: not a JSON object on one line: EOF while"];
    refused("t.jsonl", &lines.as_bytes()[..lines.len() - 3], &parts);
}

#[test]
fn a_cut_in_the_last_field_cannot_be_seen_and_is_noted() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{HEADER}{}", rows(100));
    fs::write(folder.path().join("t.csv"), &text.as_bytes()[..text.len() - 2]).expect("written");
    let said = highwater(folder.path(), &["import", "t.csv"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("note: the last line has no line break; if the file was cut"), "{}", said.stderr);
}

#[test]
fn packed_files_that_are_cut_are_refused_with_the_last_whole_line() {
    let text = format!("{HEADER}{}", rows(20_000));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).expect("memory");
    let packed = gzip.finish().expect("memory");
    let parts = ["t.csv.gz: the gzip data ends in the middle, after line ", "expected the whole file"];
    refused("t.csv.gz", &packed[..packed.len() / 2], &parts);
    let packed = zstd::encode_all(text.as_bytes(), 0).expect("memory");
    let parts = ["t.csv.zst: the zstd data ends in the middle, after line ", "expected the whole file"];
    refused("t.csv.zst", &packed[..packed.len() / 2], &parts);
}

#[test]
fn parquet_that_is_cut_or_damaged_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.csv"), format!("{HEADER}{}", rows(5_000))).expect("written");
    assert_eq!(highwater(folder.path(), &["import", "t.csv", "-o", "t.parquet"]).code, Some(0));
    let whole = fs::read(folder.path().join("t.parquet")).expect("a file");
    let parts = ["t.parquet: the Parquet file does not end in a footer that can be read", "was it cut while copied?"];
    refused("t.parquet", &whole[..whole.len() / 2], &parts);
    let mut damaged = whole;
    damaged[4..200].fill(0xff);
    refused("t.parquet", &damaged, &["t.parquet: ", " cannot be decoded: ", "(was it damaged?)"]);
}

#[test]
fn two_units_in_one_column_are_refused_with_the_line_where_it_changes() {
    let line = |i: i64, unit: i64| format!("{},{},k,1\n", (1_700_000_000 + i) * unit, (1_700_000_003 + i) * unit);
    let mixed = |first: i64, change: i64, then: i64| -> String {
        (0..3_000).map(|i| line(i, if i < change { first } else { then })).collect()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().join("t.csv");
    let check = |text: &str, parts: &[&str]| {
        fs::write(&name, format!("{HEADER}{text}")).expect("written");
        let said = highwater(folder.path(), &["import", "t.csv", "-o", "out.csv"]);
        assert_eq!(said.code, Some(2), "{}", said.stderr);
        for part in parts {
            assert!(said.stderr.contains(part), "{part:?} is not in: {}", said.stderr);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    };
    let seconds_first = "t.csv: line 2002, column \"event_time\": \"1700002000000\" is in milliseconds where the lines \
                         before are in seconds; expected one unit throughout";
    check(&mixed(1, 2_000, 1_000), &[seconds_first]);
    // Most of the first thousand rows are in the second unit.
    let change_early = "t.csv: line 102, column \"event_time\": \"1700000100000\" is in milliseconds where the lines \
                        before are in seconds";
    check(&mixed(1, 100, 1_000), &[change_early]);
    let millis_first = "line 2002, column \"event_time\": \"1700002000\" is in seconds where the lines before are in \
                        milliseconds";
    check(&mixed(1_000, 2_000, 1), &[millis_first]);
    // A run refuses the first row in another unit.
    fs::write(&name, format!("{HEADER}{}", mixed(1, 2_000, 1_000))).expect("written");
    let said = highwater(folder.path(), &["run", "t.csv"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("line 2002, column \"event_time\": \"1700002000000\" looks like milliseconds"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_bad_row_is_refused_by_a_run_and_by_a_strict_import() {
    let text = format!("{HEADER}{}1700000100,yesterday,k,1\n{}", rows(10), rows(3));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.csv"), text).expect("written");
    let message =
        "t.csv: line 12, column \"arrival_time\": \"yesterday\" is not a time; expected seconds since 1970 like";
    for arguments in [&["run", "t.csv"][..], &["import", "t.csv", "-o", "out.parquet", "--strict"]] {
        let said = highwater(folder.path(), arguments);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
        assert!(said.stderr.contains(message), "{}", said.stderr);
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn without_an_arrival_column_it_says_what_is_assumed() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.csv"), "time,value\n1700000000,1\n1700000005,2\n1700000001,3\n").expect("written");
    for command in ["import", "run"] {
        let said = highwater(folder.path(), &[command, "t.csv"]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stderr.contains("arrival time none: file order is taken for arrival order"), "{}", said.stderr);
        let meaning = "note: without an arrival time, every record is taken to arrive when the newest event so far \
                       happened: delays are at least what is shown, and may be longer";
        assert!(said.stderr.contains(meaning), "{}", said.stderr);
    }
}

#[test]
fn a_scenario_becomes_a_recording_that_runs_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["made.csv", "made.parquet", "made.jsonl.gz"] {
        let said = highwater(folder.path(), &["import", "tumbling", "-o", name]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stderr.contains("(made by a scenario)"), "{}", said.stderr);
    }
    let panes = |file: &str| {
        let window = ["--window", "tumbling:30s", "--bound", "2s", "--format", "csv", "--quiet"];
        let said = highwater(folder.path(), &[&["run", file][..], &window].concat());
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        said.stdout
    };
    let expected = panes("made.csv");
    assert!(expected.lines().count() > 2, "{expected}");
    assert_eq!(panes("made.parquet"), expected);
    assert_eq!(panes("made.jsonl.gz"), expected);
}
