//! `highwater tune` as a user sees it: exact points, frontier, targets, files, verification, errors.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn tune(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("highwater").expect("the program is built");
    command.arg("tune").args(args);
    command
}

fn json(args: &[&str]) -> Value {
    let output = tune(args).args(["--format", "json", "--quiet"]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON object")
}

/// Delays 0, 1, ... 9 s in turn, a record every second, two keys.
fn recording(folder: &Path) -> String {
    let mut text = String::from("event_time,arrival_time,key,value\n");
    for i in 0..600_i64 {
        text += &format!("{},{},{},{}\n", 1_000 + i, 1_000 + i + i * 7 % 10, ["a", "b"][i as usize % 2], i % 5);
    }
    let path = folder.join("delays.csv");
    std::fs::write(&path, text).expect("it is written");
    path.to_str().expect("a plain path").to_owned()
}

#[test]
fn points_are_those_of_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let found =
        json(&[&file, "--windows", "tumbling:10s,sliding:20s/5s", "--bounds", "0s,3s,8s", "--lateness", "0s,2s"]);
    assert_eq!((&found["schema"], &found["records"]), (&1.into(), &600.into()));
    let points = found["points"].as_array().expect("a list");
    assert_eq!(points.len(), 12);
    for point in points {
        let seconds = |field: &str| format!("{}s", point[field]);
        let (bound, lateness) = (seconds("bound_s"), seconds("lateness_s"));
        let window = point["window"].as_str().expect("a text").to_owned();
        let mut run = Command::cargo_bin("highwater").expect("the program is built");
        let flags = ["--window", &window, "--bound", &bound, "--lateness", &lateness, "--format", "json", "--quiet"];
        let output = run.arg("run").arg(&file).args(flags).output().expect("it runs");
        let run: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(point["dropped"], run["ledger"]["dropped_late"], "{window} {bound} {lateness}");
        assert_eq!(point["late_panes"], run["panes"]["late"]);
        assert_eq!(point["on_time_panes"], run["panes"]["on_time"]);
        for field in
            ["behind", "completeness", "open_at_end", "result_latency_s", "max_open_windows", "max_state_bytes"]
        {
            assert_eq!(point[field], run[field], "{field} of {window} {bound} {lateness}");
        }
        assert_eq!(point["source"], "closed_form");
    }
    let latency = |point: &Value| point["result_latency_s"]["p99"].as_f64().expect("a number");
    let frontier = found["frontier"].as_array().expect("a list");
    assert!(frontier.len() > 2 && latency(&frontier[0]) >= 0.0);
}

#[test]
fn what_is_wanted_is_found_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let found = json(&[&file, "--windows", "tumbling:10s", "--complete", "99.9%", "--latency", "p99<=30s"]);
    let cheapest = &found["cheapest"][0];
    assert!(cheapest["completeness"].as_f64().expect("a number") >= 0.999, "{cheapest}");
    let bound = cheapest["bound_s"].as_f64().expect("a number");
    let less = format!("{}us", (bound * 1e6) as i64 - 1);
    let with_less = json(&[&file, "--windows", "tumbling:10s", "--bounds", &less]);
    assert!(with_less["points"][0]["completeness"].as_f64().expect("a number") < 0.999);
    let mut impossible =
        tune(&[&file, "--windows", "tumbling:10s", "--complete", "100%", "--latency", "max<=1ms", "--quiet"]);
    let told = String::from_utf8(impossible.unwrap().stdout).expect("text");
    assert!(told.contains("tumbling:10s: no bound does that on this recording"), "{told}");
}

#[test]
fn without_flags_the_recording_says_what_to_look_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let text = String::from_utf8(tune(&[&file, "--quiet"]).unwrap().stdout).expect("text");
    assert!(text.starts_with("delays.csv: 600 records\n"), "{text}");
    assert!(text.contains("exact, from one pass") && text.contains("100%") && text.contains("saves"), "{text}");
    assert_eq!(text.matches(": exact, from one pass").count(), 3, "{text}");
}

#[test]
fn sessions_are_run_and_say_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let text = String::from_utf8(tune(&[&file, "--windows", "session:3s", "--quiet"]).unwrap().stdout).expect("text");
    assert!(text.contains("session:3s: by runs of the engine: sessions grow and merge"), "{text}");
    let found = json(&[&file, "--windows", "session:3s", "--bounds", "0s,5s"]);
    assert_eq!(found["points"].as_array().map(Vec::len), Some(2));
    assert_eq!(found["points"][1]["source"], "engine");
}

#[test]
fn verifying_compares_with_the_engine() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let verified = tune(&[&file, "--windows", "tumbling:10s,sliding:20s/5s", "--verify", "20", "--quiet"]).unwrap();
    let told = String::from_utf8(verified.stdout).expect("text");
    assert_eq!(told, "20 of 20 settings equal full runs of the engine in every number (seed 0)\n");
    tune(&[&file, "--windows", "session:10s", "--verify", "5", "--quiet"]).assert().code(2);
}

#[test]
fn points_go_to_files_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let out = folder.path().join("points.csv");
    let path = out.to_str().expect("a plain path");
    tune(&[&file, "--windows", "tumbling:10s", "--bounds", "0s,2s", "-o", path, "--quiet"]).assert().success();
    let rows = std::fs::read_to_string(&out).expect("it is there");
    let lines: Vec<&str> = rows.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("window,bound_s,lateness_s,source,dropped,behind"), "{}", lines[0]);
    assert!(lines[2].starts_with("tumbling:10s,2,0,closed_form,"), "{}", lines[2]);
    tune(&[&file, "-o", "points.xyz", "--quiet"]).assert().code(2);
    let draw = |name: &str| {
        let out = folder.path().join(name);
        tune(&[&file, "-o", out.to_str().expect("a plain path"), "--quiet"]).assert().success();
        std::fs::read(&out).expect("it is there")
    };
    let picture = draw("frontier.png");
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(picture, draw("again.png"));
}

#[test]
fn a_load_is_answered_by_arithmetic() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let load = ["--windows", "tumbling:10s", "--load", "4/s", "--service", "100ms", "--outage", "2min"];
    let told = String::from_utf8(tune(&[&file]).args(load).arg("--quiet").unwrap().stdout).expect("text");
    // 4 records/s of 100 ms each keep a task busy for 40 %. In 2 min 480 records pile up; a task does 10/s, 4 of
    // them new, so that 480 / 6 s go by until they are done.
    assert!(told.contains("Capacity for 4 records/s, 100 ms of work on each:"), "{told}");
    let one = told.lines().find(|line| line.starts_with("*      1 ")).expect("one task is enough");
    assert!(one.contains(" 40.0 %") && one.ends_with("1 min 20 s"), "{one}");
    let found = json(&[&[file.as_str()], &load[..]].concat());
    let choice = &found["capacity"]["choices"][0];
    assert_eq!((&choice["utilisation"], &choice["catch_up_s"]), (&0.4.into(), &80.0.into()), "{choice}");
    tune(&[&file, "--load", "4/s", "--quiet"]).assert().code(2);
}

#[test]
fn reports_stand_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    let report = |name: &str| {
        let out = folder.path().join(name);
        let path = out.to_str().expect("a plain path");
        let flags = ["--windows", "tumbling:10s", "--complete", "99%", "--latency", "p99<=30s", "--baselines"];
        tune(&[&file]).args(flags).args(["-o", path, "--quiet"]).assert().success();
        std::fs::read_to_string(&out).expect("it is there")
    };
    let markdown = report("report.md");
    assert!(markdown.starts_with("# Bound and lateness for delays.csv\n"), "{markdown}");
    for part in ["Asked for: 99 % complete, p99 within 30 s", "| records | 600 |", "\n| perfect |", "## The frontier"] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let page = report("report.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("<svg") && page.contains("delays.csv"));
    for outside in ["src=", "href=", "@import", "url(", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn what_is_wrong_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = recording(folder.path());
    for (args, part) in [
        (["--windows", "hopping:1min"], "tumbling:15min"),
        (["--bounds", "soon"], "soon"),
        (["--bounds=-1s", "--quiet"], "less than no time"),
        (["--complete", "110%"], "99.9%"),
        (["--latency", "p99"], "p99<=10s"),
        (["--windows", "sliding:1d/1us"], "windows"),
    ] {
        let output = tune(&[&file]).args(args).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(part), "{args:?}: {told}");
    }
    tune(&["missing.csv"]).assert().code(2);
}
