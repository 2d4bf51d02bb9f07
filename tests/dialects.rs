//! Whole runs in the dialects of Kafka Streams and Azure Stream Analytics, by hand.

use std::sync::Arc;

use highwater::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyTable, PartitionId, Row, Stream};
use highwater::runtime::{Fate, RunConfig, Trace, run};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::dialect::{AzureAction, AzurePolicy, Dialect};
use highwater::window::pane::Timing;
use highwater::window::trigger::TriggerSpec;

/// Runs records given as (event time, arrival) in seconds.
fn run_seconds(pipeline: &Pipeline, records: &[(i64, i64)]) -> Trace {
    assert_eq!(pipeline.problems(), []);
    let mut keys = KeyTable::default();
    let key = keys.intern("a");
    let rows = records.iter().map(|&(event, arrival)| Row {
        event_time: EventTime::from_millis(event * 1_000),
        arrival: ProcTime::from_millis(arrival * 1_000),
        key,
        value: 1.0,
        partition: PartitionId(0),
    });
    let stream = Arc::new(Stream::from_rows(rows.collect(), keys));
    run(&stream, &RunConfig::plain(pipeline.clone()))
}

/// Panes as (emitted at, start, end, count), in whole seconds.
fn panes(trace: &Trace) -> Vec<(i64, i64, i64, u64)> {
    let seconds = |micros: i64| micros.div_euclid(1_000_000);
    let told = trace.panes.iter().map(|p| {
        let (start, end) = (seconds(p.window.start.micros()), seconds(p.window.end.micros()));
        (seconds(p.emitted_at.micros()), start, end, p.summary.count)
    });
    told.collect()
}

fn ten_seconds() -> WindowSpec {
    WindowSpec::Tumbling { size: Span::from_secs(10), offset: Span::ZERO }
}

fn azure(late_arrival: i64, out_of_order: i64, action: AzureAction) -> Pipeline {
    Pipeline {
        dialect: Dialect::AzureStreamAnalytics,
        window: ten_seconds(),
        watermark: WatermarkSpec::Bounded { bound: Span::from_secs(out_of_order) },
        azure: AzurePolicy { late_arrival: Span::from_secs(late_arrival), action },
        ..Pipeline::default()
    }
}

#[test]
fn azure_counts_an_adjusted_record_where_it_was_put() {
    // The third record happened at 1 but arrived at 22, 21 seconds late: it becomes 17.
    let records = [(2, 2), (12, 12), (1, 22), (31, 31), (45, 45)];
    let trace = run_seconds(&azure(5, 0, AzureAction::Adjust), &records);
    assert_eq!(trace.fates, [Fate::Counted; 5]);
    // (0, 10] fires when 12 comes, (10, 20] in the silence after 22, just after 20 + 5.
    assert_eq!(panes(&trace)[..2], [(12, 0, 10, 1), (25, 10, 20, 2)]);
    let trace = run_seconds(&azure(5, 0, AzureAction::Drop), &records);
    assert_eq!(trace.fates[2], Fate::DroppedLate);
    assert!(trace.ledger.balances());
}

#[test]
fn azure_fires_in_silence_by_the_clock() {
    // One record at 3, the next at 60: a record of 10 could come until 15, and just then (0, 10] fires.
    let trace = run_seconds(&azure(5, 0, AzureAction::Adjust), &[(3, 3), (60, 60)]);
    assert_eq!(panes(&trace), [(15, 0, 10, 1)]);
    assert_eq!(trace.panes[0].emitted_at, ProcTime::from_micros(15_000_001));
    assert_eq!(trace.panes[0].timing, Timing::OnTime);
    assert_eq!(trace.panes[0].cause, None);
    assert_eq!(trace.panes[0].event_time, EventTime::from_millis(10_000));
}

#[test]
fn azure_drops_what_is_too_early() {
    let trace = run_seconds(&azure(5, 0, AzureAction::Adjust), &[(3, 3), (400, 20), (21, 21)]);
    assert_eq!(trace.fates, [Fate::Counted, Fate::DroppedLate, Fate::Counted]);
}

#[test]
fn kafka_emits_nothing_without_input() {
    let pipeline = Pipeline {
        dialect: Dialect::KafkaStreams,
        window: ten_seconds(),
        trigger: TriggerSpec::OnWindowClose,
        allowed_lateness: Span::from_secs(5),
        ..Pipeline::default()
    };
    // [0, 10) closes with stream time 15, however long that takes to come.
    let trace = run_seconds(&pipeline, &[(1, 1), (2, 2), (14, 14), (9, 15), (15, 500)]);
    assert_eq!(trace.fates, [Fate::Counted; 5]);
    assert_eq!(panes(&trace), [(500, 0, 10, 3)]);
    assert_eq!(trace.panes[0].timing, Timing::OnTime);
}

#[test]
fn every_dialect_runs_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trips = folder.path().join("trips.csv");
    let text = "event,arrival,key,value\n0,1,a,1\n4,5,a,2\n12,13,a,3\n30,31,a,4\n";
    std::fs::write(&trips, text).expect("a temporary file");
    let rows = |flags: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("highwater").expect("the binary is built with the tests");
        let columns = ["--event-time", "event", "--arrival-time", "arrival", "--key", "key", "--value", "value"];
        command.arg("run").arg(&trips).args(columns).args(["--time-format", "s", "--format", "csv"]);
        command.args(["--window", "session:5s", "--bound", "0s", "--aggregate", "sum"]).args(flags);
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let rows = String::from_utf8(output.stdout).expect("text");
        let value = |row: &str| {
            let cells: Vec<&str> = row.split(',').collect();
            format!("{}{} {}", if cells[9] == "true" { "-" } else { "" }, cells[5], cells[3])
        };
        rows.lines().skip(1).map(value).collect::<Vec<_>>()
    };
    assert_eq!(rows(&["--dialect", "flink"]), ["3 on_time", "3 on_time"]);
    let early = "pipeline.trigger=AfterWatermark(early: Some(AfterCount(1)))";
    let beam = ["--dialect", "beam", "--set", early, "--set", "pipeline.accumulation=AccumulatingAndRetracting"];
    // A record comes before the watermark that it raises.
    let grows = ["1 early", "-1 early", "3 early"];
    let ends = ["3 early", "-3 on_time", "3 on_time", "4 early", "-3 on_time", "3 on_time"];
    assert_eq!(rows(&beam), [&grows[..], &ends[..]].concat());
    let expected = ["1 early", "-1 early", "3 early", "3 early", "4 early"];
    assert_eq!(rows(&["--dialect", "kafka-streams"]), expected);
    assert_eq!(rows(&["--dialect", "azure"]), ["3 on_time", "3 on_time"]);
}
