//! `highwater check` as a process: what it counts, what it tells, and its exit codes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn check(files: &[&Path], more: &[&str]) -> Output {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    command.arg("check").args(files).args(more).output().expect("it runs")
}

fn outcome(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The cases of `edge.json` with every count of 2 made a 3.
fn spoiled(folder: &Path) -> PathBuf {
    let text = fs::read_to_string(recorded("flink/edge.json")).expect("the file is part of the repository");
    let path = folder.join("spoiled.json");
    fs::write(&path, text.replace("\"count\":2,", "\"count\":3,")).expect("a temporary file");
    path
}

#[test]
fn files_of_every_shape_pass_together() {
    let files =
        ["flink/edge.json", "flink/valve_cases.json", "flink/alignment_cases.json", "beam/global.json"].map(recorded);
    let output = check(&files.each_ref().map(PathBuf::as_path), &[]);
    assert_eq!(outcome(&output), (Some(0), "151 passed, 0 failed\n".to_owned(), String::new()));
}

#[test]
fn the_first_difference_is_told_and_the_exit_code_is_1() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = spoiled(folder.path());
    let (code, told, errors) = outcome(&check(&[&path], &[]));
    assert_eq!((code, errors.as_str()), (Some(1), ""));
    let window = "[0, 1000) of a after record 2 with count";
    let expected = format!(
        "{}:2: edge-boundary-1ms: expected {window} 3, sum 3, min 1, max 2, found {window} 2, sum 3, min 1, max 2\n\
         11 passed, 15 failed\n",
        path.display()
    );
    assert_eq!(told, expected);
    let output = check(&[&path, &recorded("beam/global.json")], &["--format", "json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("standard output is one JSON object");
    assert_eq!((&json["schema"], &json["passed"], &json["failed"]), (&1.into(), &35.into(), &15.into()));
    assert_eq!(json["files"][1]["shapes"], serde_json::json!(["Beam windows"]));
    assert_eq!(json["failures"][14]["case"], "edge-duplicates");
    assert_eq!(json["failures"].as_array().map(Vec::len), Some(15));
}

#[test]
fn packed_files_are_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = fs::read(recorded("flink/edge.json")).expect("the file is part of the repository");
    let path = folder.path().join("edge.json.zst");
    fs::write(&path, zstd::encode_all(&text[..], 3).expect("it packs")).expect("a temporary file");
    let (code, told, _) = outcome(&check(&[&path], &[]));
    assert_eq!((code, told.as_str()), (Some(0), "26 passed, 0 failed\n"));
}

#[test]
fn every_unusable_file_is_named_with_its_line_and_the_exit_code_is_2() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = folder.path().join("other.json");
    fs::write(&other, "[\n{\"id\":\"r\",\"strategies\":{},\"steps\":[]}\n]").expect("a temporary file");
    let missing = folder.path().join("missing.json");
    let table = folder.path().join("table.csv");
    fs::write(&table, "time,key\n").expect("a temporary file");
    let (code, told, errors) = outcome(&check(&[&other, &missing, &table, &recorded("flink/edge.json")], &[]));
    assert_eq!((code, told.as_str()), (Some(2), ""));
    for part in ["other.json:2: r is of no known shape", "missing.json: cannot be read", "table.csv:1: not JSON"] {
        assert!(errors.contains(part), "{errors}");
    }
    assert_eq!(check(&[], &[]).status.code(), Some(2));
    assert_eq!(check(&[&table], &["--format", "csv"]).status.code(), Some(2));
}

#[test]
fn scenarios_are_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("small.ron");
    fs::write(&path, "(title: \"Small\", duration: \"1min\", source: Synthetic())").expect("a temporary file");
    let (code, told, errors) = outcome(&check(&[&path], &[]));
    assert_eq!((code, told.as_str()), (Some(0), "1 passed, 0 failed\n"), "{errors}");
    fs::write(&path, "(title: \"Small\", sauce: Synthetic())").expect("a temporary file");
    assert_eq!(check(&[&path], &[]).status.code(), Some(2));
}
