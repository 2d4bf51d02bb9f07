//! Dumps of a topic by `kcat -J`: what is guessed from them, and what their offsets say.

use std::ops::ControlFlow;

use assert_cmd::Command;
use highwater::recording::{Layout, OffsetReport, ReadError, ReadOptions, Recording, Role, read};
use highwater::scenario::ColumnChoice;
use serde_json::{Value, json};

/// 2024-05-01 10:00:00 UTC in milliseconds.
const T: i64 = 1_714_557_600_000;

/// A line as kcat writes it; the payload is text with JSON inside.
fn line(partition: u32, offset: i64, kind: &str, ts: i64, key: &str, payload: &Value) -> String {
    let text = payload.to_string();
    let line = json!({
        "topic": "orders", "partition": partition, "offset": offset, "tstype": kind, "ts": ts, "broker": 1,
        "headers": ["trace", "7"], "key": key, "payload": text,
    });
    format!("{line}\n")
}

fn order(seconds: i64, amount: f64) -> Value {
    let created_at = format!("2024-05-01T10:00:{seconds:02}Z");
    json!({"order": {"id": 17, "created_at": created_at}, "amount": amount})
}

fn dump(kind: &str) -> String {
    [
        line(0, 5, kind, T + 9_000, "ann", &order(3, 12.5)),
        line(1, 90, kind, T + 9_500, "bob", &order(2, 7.25)),
        line(0, 6, kind, T + 10_000, "ann", &order(9, 1.0)),
        line(0, 9, kind, T + 11_000, "eve", &order(1, 2.0)),
        line(0, 7, kind, T + 12_000, "ann", &order(11, 3.0)),
    ]
    .concat()
}

fn read_with(text: &str, columns: ColumnChoice) -> Result<Recording, ReadError> {
    let options = ReadOptions { columns, ..ReadOptions::default() };
    read(text.as_bytes(), "dump.jsonl", &options, &mut |_| ControlFlow::Continue(()))
}

fn guessed(text: &str) -> Recording {
    read_with(text, ColumnChoice::default()).expect("a recording")
}

fn column(recording: &Recording, role: Role) -> Option<String> {
    recording.report.column(role)?.column.as_ref().map(|name| name.to_string())
}

#[test]
fn a_dump_is_recognised_and_everything_is_guessed() {
    let recording = guessed(&dump("logappend"));
    assert_eq!(recording.report.layout, Layout::Kcat);
    let columns = Role::ALL.map(|role| column(&recording, role));
    let expected = ["payload.order.created_at", "ts", "key", "payload.amount", "partition"];
    assert_eq!(columns, expected.map(|name| Some(name.to_owned())));
    let stream = &recording.stream;
    let millis: Vec<i64> = stream.event_times().iter().map(|time| time.micros() / 1_000 - T).collect();
    assert_eq!(millis, [3_000, 2_000, 9_000, 1_000, 11_000]);
    let arrivals: Vec<i64> = stream.arrivals().iter().map(|time| time.micros() / 1_000 - T).collect();
    assert_eq!(arrivals, [9_000, 9_500, 10_000, 11_000, 12_000]);
    assert_eq!(stream.values(), [12.5, 7.25, 1.0, 2.0, 3.0]);
    assert_eq!(stream.key_table().names().collect::<Vec<_>>(), ["ann", "bob", "eve"]);
    assert_eq!(stream.partitions(), 2);
    let notes = recording.report.notes.join("\n");
    assert!(notes.contains("the broker's clock when it appended the record (tstype logappend)"), "{notes}");
}

#[test]
fn offsets_are_held_against_each_other() {
    let recording = guessed(&dump("create"));
    // Of partition 0 came 5, 6, 9, 7: 8 is missing, 7 is out of order.
    let expected = OffsetReport { topics: 1, partitions: 2, missing: 1, out_of_order: 1, repeated: 0, unnumbered: 0 };
    assert_eq!(recording.report.offsets, Some(expected));
    let notes = recording.report.notes.join("\n");
    assert!(notes.contains("offsets of 2 partitions in 1 topic: 1 is missing"), "{notes}");
    assert!(notes.contains("1 row is out of order; all of them are kept"), "{notes}");
    assert!(notes.contains("ts is the time that the producer gave the record (tstype create)"), "{notes}");
    assert_eq!(recording.stream.len(), 5);
}

#[test]
fn paths_choose_and_payloads_may_be_objects() {
    let text = dump("create").replace("\"{", "{").replace("}\"", "}").replace("\\\"", "\"");
    let name = |name: &str| Some(name.to_owned());
    let columns = ColumnChoice {
        event_time: name("payload.order.created_at"),
        value: name("payload.amount"),
        key: name("payload.order.id"),
        ..ColumnChoice::default()
    };
    let objects = read_with(&text, columns.clone()).expect("a recording");
    let strings = read_with(&dump("create"), columns).expect("a recording");
    assert_eq!(objects.stream, strings.stream);
    assert_eq!(objects.stream.key_table().names().collect::<Vec<_>>(), ["17"]);
    assert_eq!(column(&objects, Role::ArrivalTime).as_deref(), Some("ts"));
}

#[test]
fn a_time_format_is_for_the_payload_and_not_for_ts() {
    let rows: String = (0..5).map(|i| line(0, i, "create", T + i, "k", &json!({"t": T / 1_000 - 5}))).collect();
    let columns = ColumnChoice { time_format: Some("s".to_owned()), ..ColumnChoice::default() };
    let recording = read_with(&rows, columns).expect("a recording");
    assert_eq!(recording.stream.event_times()[0].micros(), (T / 1_000 - 5) * 1_000_000);
    assert_eq!(recording.stream.arrivals()[4].micros(), (T + 4) * 1_000);
}

#[test]
fn without_a_time_in_the_payload_the_producers_time_is_the_event_time() {
    let rows = |kind: &str| -> String {
        (0..5).map(|i| line(0, i, kind, T + i, "k", &json!({"amount": 0.5 + i as f64}))).collect()
    };
    let recording = guessed(&rows("create"));
    assert_eq!(column(&recording, Role::EventTime).as_deref(), Some("ts"));
    assert_eq!(column(&recording, Role::ArrivalTime), None);
    assert!(recording.report.is_arrival_assumed);
    // The broker's clock says nothing of when it happened.
    let error = read_with(&rows("logappend"), ColumnChoice::default()).expect_err("no event time").to_string();
    assert!(error.contains("no column looks like a time; choose one with --event-time"), "{error}");
}

#[test]
fn records_without_payload_or_offset_are_not_lost_silently() {
    let mut text = dump("create");
    text.push_str("{\"topic\":\"orders\",\"partition\":0,\"offset\":10,\"tstype\":\"create\",\"ts\":1714557613000,\"key\":\"ann\",\"payload\":null}\n");
    text.push_str("{\"topic\":\"orders\",\"partition\":0,\"tstype\":\"create\",\"ts\":1714557613000,\"key\":\"\",\"payload\":\"{}\"}\n");
    let recording = guessed(&text);
    let lines: Vec<u64> = recording.report.bad_rows.iter().map(|row| row.line).collect();
    assert_eq!(lines, [6, 7]);
    let offsets = recording.report.offsets.expect("a dump");
    assert_eq!((offsets.missing, offsets.unnumbered), (1, 1));
}

#[test]
fn the_command_says_what_it_guessed() {
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    let output =
        command.args(["import", "-", "--format", "json"]).write_stdin(dump("create")).output().expect("it runs");
    let stderr = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("5 rows (JSON lines of kcat -J)"), "{stderr}");
    assert!(stderr.contains("arrival time ts (guessed by the layout of kcat -J; milliseconds since 1970)"), "{stderr}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let expected =
        json!({"topics": 1, "partitions": 2, "missing": 1, "out_of_order": 1, "repeated": 0, "unnumbered": 0});
    assert_eq!(report["offsets"], expected);
}
