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

#[test]
fn a_replay_of_the_log_says_what_the_stream_said_and_the_batch_counts_what_was_dropped() {
    let (code, out, err) = run(&["trams-tunnel", "--parity", "--quiet", "--format", "json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let of = |field: &str| report["parity"][field].as_u64().expect("a count");
    assert_eq!(of("replay_equals_stream"), of("windows"));
    assert_eq!(of("stream_equals_batch"), of("replay_equals_batch"));
    assert!(of("stream_equals_batch") + of("stream_silent") < of("windows"), "dropped records leave a difference");
    assert_eq!(report["parity"]["replay_ledger"], report["ledger"]);
}

#[test]
fn engines_differ_in_when_they_say_the_same() {
    let report = |engine: &str| -> serde_json::Value {
        let (code, out, err) = run(&["disorder", "--engine", engine, "--quiet", "--format", "json"]);
        assert_eq!((code, err.as_str()), (0, ""), "{engine}");
        serde_json::from_str(&out).expect("JSON")
    };
    let [flink, spark, kafka] = ["flink", "spark", "kafka-streams"].map(report);
    assert_ne!(flink["trace_hash"], spark["trace_hash"]);
    assert_eq!(flink["records"], kafka["records"]);
    // Every update is a result in Kafka Streams.
    let panes = |report: &serde_json::Value| {
        let of = |timing: &str| report["panes"][timing].as_u64().expect("a count");
        of("early") + of("on_time") + of("late")
    };
    assert!(panes(&kafka) > 10 * panes(&flink), "{} and {}", panes(&kafka), panes(&flink));
    assert!(panes(&flink) > 0 && panes(&spark) > 0);
}
