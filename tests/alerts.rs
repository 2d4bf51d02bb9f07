//! Alert rules over small runs: when each fires, when it is over, and that it stays quiet otherwise.

use std::sync::Arc;

use highwater::metrics::alerts::{Alert, Severity, alerts};
use highwater::record::PartitionId;
use highwater::runtime::{RunConfig, run};
use highwater::scenario::parse;
use highwater::scenario::set::apply;
use highwater::source::generate;

/// The alerts of a run of two regular records a second for ten minutes, with these settings.
fn fired(settings: &[&str]) -> Vec<Alert> {
    let text = "(title: \"x\", source: Synthetic(rate: 2, arrivals: Regular), \
                pipeline: (window: Tumbling(size: \"10s\")))";
    let mut scenario = parse(text, "test").expect("it reads");
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let stream = Arc::new(generate(&scenario).expect("it is in its limits"));
    alerts(&scenario, &run(&stream, &RunConfig::of(&scenario, &stream)))
}

/// Seconds after 12:00.
fn secs(at: highwater::time::ProcTime) -> f64 {
    at.as_secs_f64() - 1_772_452_800.0
}

fn near(found: f64, expected: f64, within: f64) {
    assert!((found - expected).abs() <= within, "{found} is not {expected}");
}

/// A spell of ten minutes is read every 300 ms.
const READING: f64 = 0.31;

#[test]
fn a_run_without_trouble_has_no_alert() {
    assert_eq!(fired(&[]), []);
    assert_eq!(fired(&["service_time=400ms"]), []);
    assert_eq!(fired(&["alerts=[freshness(sla: 15s)]"]), [], "a record waits for its window of 10 s");
    assert_eq!(fired(&["source.rate=0.01", "duration=1s"]), [], "an empty stream");
}

#[test]
fn lag_fires_after_it_has_lasted_and_is_over_when_it_is_clearly_gone() {
    // From 120 s to 240 s one record takes 5 s: 1.8 records a second wait, behind a queue of 10.
    let slow = "faults=[SlowOperator(from: 2min, until: 4min, factor: 50)]";
    let settings = ["service_time=100ms", "queue_capacity=10", slow];
    let found = fired(&settings);
    assert_eq!(found.len(), 1, "{found:?}");
    let alert = &found[0];
    assert_eq!((alert.rule.word(), alert.severity(), alert.partition), ("lag", Severity::Warning, None));
    // 100 wait above the queue after 111 records at 1.8 a second; then it has to last 30 s.
    near(secs(alert.firing.since), 120.0 + 111.0 / 1.8, 2.0);
    near(secs(alert.firing.raised_at) - secs(alert.firing.since), 30.0, READING);
    // After 240 s it takes 10 a second: 8 fewer a second, of about 206; over below 80, for 30 s.
    let cleared = secs(alert.firing.cleared_at.expect("it is over"));
    near(cleared, 240.0 + (206.0 - 80.0) / 8.0 + 30.0, 3.0);
    near(alert.firing.peak.value, 206.0, 4.0);
    assert_eq!(alert.firing.peak.limit, 100.0);
    assert!(alert.words.contains("unread, above 100") && alert.words.contains("12:0"), "{}", alert.words);
    // With more patience, or a higher limit, it does not fire.
    assert_eq!(fired(&[&settings[..], &["alerts.0.for=2min"]].concat()), []);
    assert_eq!(fired(&[&settings[..], &["alerts.0.at_least=300"]].concat()), []);
}

#[test]
fn the_baseline_of_lag_is_what_is_usual_and_not_the_trouble_itself() {
    // A pipeline that is a little too slow: its lag grows by 0.05 a second for ten minutes and doubles all the time,
    // but never against the last minute.
    let slow = ["service_time=1s", "queue_capacity=1", "duration=40min", "alerts.0.at_least=1"];
    let found = fired(&[&slow[..], &["alerts.0.baseline=1min", "alerts.0.for=1min"]].concat());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].firing.cleared_at, None, "its baseline is from before it");
    assert!(secs(found[0].firing.since) < 10.0);
}

#[test]
fn dropped_records_fire_while_they_are_a_share_of_the_last_minute() {
    // One producer of four is offline for two minutes; its records come back at once, and most are dropped.
    let source = ["source.keys=uniform(count: 4)", "faults=[Offline(key: \"k1\", from: 2min, until: 4min)]"];
    let found = fired(&source);
    let drops: Vec<&Alert> = found.iter().filter(|alert| alert.rule.word() == "drop_rate").collect();
    assert_eq!(drops.len(), 1, "{found:?}");
    near(secs(drops[0].firing.raised_at), 240.0, READING);
    near(secs(drops[0].firing.cleared_at.expect("it is over")), 300.0, 2.0);
    assert!(drops[0].label.ends_with("% dropped"), "{}", drops[0].label);
    assert_eq!(fired(&[&source[..], &["alerts.1.share=0.5"]].concat()).len(), found.len() - 1);
}

#[test]
fn a_watermark_that_stands_fires_while_records_come_and_not_when_they_end() {
    // Of two partitions one falls silent after two minutes, in the tunnel.
    let settings = [
        "source.keys=uniform(count: 2)",
        "source.partitions=2",
        "source.partitioner=explicit(keys: [(key: \"k1\", partition: 0), (key: \"k2\", partition: 1)])",
        "watermark_options.per_partition=true",
        "faults=[Offline(key: \"k2\", from: 2min, until: 5min)]",
    ];
    let found = fired(&settings);
    let stalls: Vec<&Alert> = found.iter().filter(|alert| alert.rule.word() == "stalled_watermark").collect();
    assert_eq!(stalls.len(), 1, "{found:?}");
    let stall = stalls[0];
    assert_eq!(stall.severity(), Severity::Critical);
    near(secs(stall.firing.raised_at), 180.0, 2.0);
    near(secs(stall.firing.cleared_at.expect("it is over")), 300.0, 2.0);
    near(stall.firing.peak.value, 179.0, 2.0);
    assert!(stall.lasts_at(stall.firing.raised_at) && !stall.lasts_at(stall.firing.since));
    let cured = fired(&[&settings[..], &["watermark_options.idle_after=10s"]].concat());
    assert!(cured.iter().all(|alert| alert.rule.word() != "stalled_watermark"), "{cured:?}");
}

#[test]
fn records_that_are_seen_too_late_or_not_yet_break_the_promise_of_freshness() {
    // A sink that needs 12 s for the one pane of every 10 s: each is 2 s later than the one before.
    let settings = ["tasks.sink_time=12s", "alerts=[freshness(sla: 60s)]"];
    let found = fired(&settings);
    assert_eq!(found.len(), 1, "{found:?}");
    // Pane n (from 0) is seen at 22 + 12n s and begins at 10n s, so its first record is 22 + 2n s old then: 4 of
    // pane 20 are above 60 s, and from 270 s on records of pane 21 are overdue. 5 % of a minute's are 5 or 6.
    near(secs(found[0].firing.raised_at), 271.0, 1.0);
    assert_eq!(found[0].firing.cleared_at, None);
    assert!(found[0].words.contains("take longer than 1 min to be seen, instead of 5%"), "{}", found[0].words);
}

#[test]
fn retention_fires_before_records_are_lost_and_names_the_partition() {
    // It takes 1 record a second of 2, so lag grows by 1 a second; the log keeps 50.
    let settings = ["service_time=1s", "queue_capacity=1", "log.retention_records=50", "alerts=[retention()]"];
    let found = fired(&settings);
    assert_eq!(found.len(), 1, "{found:?}");
    near(secs(found[0].firing.raised_at), 43.0, 2.0);
    assert_eq!((found[0].partition, found[0].severity()), (Some(PartitionId(0)), Severity::Critical));
    assert_eq!(fired(&["service_time=1s", "queue_capacity=1", "alerts=[retention()]"]), [], "a log that keeps all");
    // By age: the oldest unread record is half as old as the run is long.
    let by_age = ["service_time=1s", "queue_capacity=1", "log.retention_age=100s", "alerts=[retention(share: 0.5)]"];
    near(secs(fired(&by_age)[0].firing.raised_at), 100.0, 4.0);
}
