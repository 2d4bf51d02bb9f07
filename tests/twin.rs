//! `highwater run --twin` from outside: the same run twice with one thing changed.

use assert_cmd::Command;

fn run(arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("highwater").expect("the program is built");
    let output = command.arg("run").args(arguments).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("a code"), text(output.stdout), text(output.stderr))
}

fn twin(arguments: &[&str]) -> serde_json::Value {
    let (code, out, err) = run(&[arguments, &["--quiet", "--format", "json"]].concat());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    serde_json::from_str::<serde_json::Value>(&out).expect("JSON")["twin"].clone()
}

#[test]
fn the_twin_is_the_run_that_the_changed_scenario_gives() {
    let found = twin(&["trams-tunnel", "--twin", "pipeline.watermark.bound=60s"]);
    let (_, alone, _) = run(&["trams-tunnel", "--bound", "60s", "--quiet", "--format", "json"]);
    let alone: serde_json::Value = serde_json::from_str(&alone).expect("JSON");
    assert_eq!(found["trace_hash"], alone["trace_hash"]);
    assert_eq!(found["ledger"], alone["ledger"]);
    assert_eq!(found["settings"], serde_json::json!(["pipeline.watermark.bound=60s"]));
    let (windows, same) = (found["windows"].as_u64().expect("a count"), found["same"].as_u64().expect("a count"));
    assert_eq!(found["differences"].as_array().map(Vec::len), Some((windows - same) as usize));
    assert!(same > 0 && same < windows, "{same} of {windows}");
}

#[test]
fn a_change_that_changes_nothing_leaves_every_window_as_it_is() {
    let found = twin(&["trams-tunnel", "--twin", "about=the same"]);
    assert_eq!(found["windows"], found["same"]);
    assert_eq!(found["differences"], serde_json::json!([]));
}

#[test]
fn a_bad_change_is_named_and_nothing_is_printed() {
    for (setting, part) in [
        ("pipeline.watermark.bond=60s", "did you mean `bound`"),
        ("pipeline.service_time=-1s", "must be 0 or more"),
        ("pipeline", "must be a field and a value"),
    ] {
        let (code, out, err) = run(&["trams-tunnel", "--twin", setting]);
        assert_eq!((code, out.as_str()), (2, ""), "{setting}");
        assert!(err.contains("--twin") && err.contains(part), "{err}");
    }
    let (code, _, err) = run(&["-", "--twin", "seed=8"]);
    assert!(code == 2 && err.contains("standard input"), "{err}");
}
