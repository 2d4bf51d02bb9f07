//! Records put in by hand: they are in the log at their instant, they are counted, and nothing that came
//! before them is any different. Expected values are computed by hand or from the stream without them.

use std::ops::ControlFlow;
use std::sync::Arc;

use highwater::open::{open, open_scenario};
use highwater::record::{RecordId, Stream};
use highwater::recording::ReadOptions;
use highwater::runtime::{Fate, RunConfig, Trace, run};
use highwater::scenario::{HandRecord, Scenario, library, parse, set};
use highwater::source::{by_hand, generate};
use highwater::time::{EventTime, ProcTime, Span};

/// `event arrival key value partition`, instants in microseconds.
type Line = (i64, i64, String, f64, u32);

fn line(stream: &Stream, id: RecordId) -> Line {
    let record = stream.record(id);
    let key = stream.key_table().name(record.key).to_owned();
    let arrival = stream.arrivals()[id.index()].micros();
    (record.event_time.micros(), arrival, key, record.value, stream.partition(id).0)
}

fn lines(stream: &Stream) -> Vec<Line> {
    stream.records().map(|record| line(stream, record.id)).collect()
}

fn built_in(name: &str, settings: &[&str]) -> Scenario {
    let mut scenario = library::find(name).expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

fn run_of(scenario: &Scenario) -> (Arc<Stream>, Trace) {
    let stream = Arc::new(generate(scenario).expect("it is in its limits"));
    let trace = run(&stream, &RunConfig::of(scenario, &stream));
    (stream, trace)
}

/// One record two minutes in, a minute old, and what it changes.
fn check_one(name: &str, key: &str) {
    let plain = built_in(name, &[]);
    let (made, before) = run_of(&plain);
    let origin = RunConfig::of(&plain, &made).origin;
    let setting = format!("by_hand=[(at: 2min, event_time: 1min, key: \"{key}\", value: 3)]");
    let (stream, after) = run_of(&built_in(name, &[&setting]));
    let at = origin + Span::from_secs(120);
    let place = made.arrivals().iter().take_while(|&&arrival| arrival <= at).count();
    assert_eq!(stream.len(), made.len() + 1, "{name}");
    assert_eq!(stream.production().by_hand, [RecordId(place as u32)], "{name}");
    let mut left = lines(&stream);
    let put_in = left.remove(place);
    assert_eq!(left, lines(&made), "{name}");
    let (event_time, arrival, of, value, _) = put_in;
    assert_eq!((event_time, arrival), (origin.micros() + 60_000_000, origin.micros() + 120_000_000), "{name}");
    assert_eq!((of.as_str(), value), (key, 3.0), "{name}");
    check_prefix(name, &before, &after, at);
    assert_eq!(after.ledger.produced, before.ledger.produced + 1, "{name}");
    assert_eq!(after.ledger.difference(), 0, "{name}");
}

/// Everything before `at` is the same in both: what arrived, what was handled and how, every pane.
fn check_prefix(name: &str, a: &Trace, b: &Trace, at: ProcTime) {
    let handled = |trace: &Trace| -> Vec<(ProcTime, Line, Fate)> {
        let before = trace.handled.iter().take_while(|&&handled| handled < at).count();
        let one = |i: usize| (trace.handled[i], line(&trace.stream, RecordId(i as u32)), trace.fates[i]);
        (0..before).map(one).collect()
    };
    let (of_a, of_b) = (handled(a), handled(b));
    assert_eq!(of_a.len(), of_b.len(), "{name}");
    assert!(of_a == of_b, "{name}: what was handled before differs");
    let panes = |trace: &Trace| -> Vec<(String, String)> {
        let before = trace.panes.iter().filter(|pane| pane.emitted_at < at);
        before.map(|pane| (trace.stream.key_table().name(pane.key).to_owned(), format!("{pane:?}"))).collect()
    };
    assert_eq!(panes(a), panes(b), "{name}");
}

#[test]
fn one_record_is_in_the_log_at_its_instant_and_nothing_before_it_differs() {
    check_one("trams-tunnel", "T2");
    check_one("exactly-once", "new");
    check_one("four-tasks", "k1");
}

#[test]
fn a_record_of_the_same_instant_comes_after_those_of_the_source_and_ties_keep_their_order() {
    let text = r#"(
        title: "x",
        source: Records(records: [(event_time: "1s", key: "a", value: 1), (event_time: "2s", key: "b", value: 2)]),
        by_hand: [(at: "2s", event_time: "0s", key: "c", value: 5), (at: "1s", event_time: "9s", value: 4),
                  (at: "2s", event_time: "-1s", key: "a", value: 6)],
    )"#;
    let stream = generate(&parse(text, "f").expect("it reads")).expect("it runs");
    let noon = 1_772_452_800_000_000;
    let found: Vec<(i64, i64, String, f64)> = lines(&stream)
        .into_iter()
        .map(|(event, arrival, key, value, _)| ((event - noon) / 1_000_000, (arrival - noon) / 1_000_000, key, value))
        .collect();
    let expected = [(1, 1, "a", 1.0), (9, 1, "", 4.0), (2, 2, "b", 2.0), (0, 2, "c", 5.0), (-1, 2, "a", 6.0)];
    assert_eq!(found, expected.map(|(event, arrival, key, value)| (event, arrival, key.to_owned(), value)));
    assert_eq!(stream.production().by_hand, [1, 3, 4].map(RecordId));
}

#[test]
fn a_key_goes_to_its_own_partition_and_an_unknown_one_where_its_hash_says() {
    let settings = ["source.partitions=4", "partitioner=explicit(keys: [(key: \"k1\", partition: 3)], others: to(0))"];
    let mut scenario = parse("(title: \"x\", source: Synthetic(keys: Uniform(count: 2)))", "f").expect("it reads");
    set::apply(&mut scenario, &settings).expect("they can be set");
    let put_in = |key: &str| HandRecord {
        at: Span::from_secs(60),
        event_time: Span::from_secs(60),
        key: key.to_owned(),
        value: 1.0,
    };
    scenario.by_hand = vec![put_in("k1"), put_in("k2"), put_in("21")];
    let stream = generate(&scenario).expect("it runs");
    let places: Vec<u32> = stream.production().by_hand.iter().map(|&id| stream.partition(id).0).collect();
    // Kafka's murmur2 of "21" is -973932308; without its sign, modulo 4, that is 0.
    assert_eq!(places, [3, 0, (-973_932_308_i32 & 0x7fff_ffff) as u32 % 4]);
}

#[test]
fn putting_in_again_replaces_what_was_put_in_before() {
    let made = generate(&built_in("retries", &[])).expect("it runs");
    let origin = ProcTime::from_micros(1_772_452_800_000_000);
    let record = |at: i64| by_hand::record_at(origin, origin + Span::from_secs(at), EventTime::EPOCH, "x", 2.0);
    let once = by_hand::merge(made.clone(), &[record(30), record(90)], origin);
    let again = by_hand::merge(once.clone(), &[record(90)], origin);
    assert_eq!(lines(&again), lines(&by_hand::merge(made.clone(), &[record(90)], origin)));
    assert_eq!(again.production().duplicates.len(), made.production().duplicates.len());
    let none = by_hand::merge(again, &[], origin);
    assert_eq!((lines(&none), none.production()), (lines(&made), made.production()));
    // Copies are still copies: the records that they name have the same contents.
    assert!(!made.production().duplicates.is_empty());
    let copies =
        |stream: &Stream| -> Vec<Line> { stream.production().duplicates.iter().map(|&id| line(stream, id)).collect() };
    assert_eq!(copies(&once), copies(&made));
}

#[test]
fn a_recording_takes_them_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.csv");
    let rows = "event_time,arrival_time,key,value\n10,12,a,1\n11,13,b,2\n20,22,a,3\n";
    std::fs::write(&path, rows).expect("it can be written");
    let put_in = |scenario: &mut Scenario| {
        let setting = "by_hand=[(at: 1s, event_time: -5s, key: \"b\", value: 9)]";
        set::apply(scenario, &[setting]).map_err(|errors| format!("{errors:?}"))
    };
    let opened = open(&path, &ReadOptions::default(), &put_in, &mut |_| ControlFlow::Continue(())).expect("it opens");
    let found: Vec<(i64, i64, String, f64)> = lines(&opened.stream)
        .into_iter()
        .map(|(event, arrival, key, value, _)| (event / 1_000_000, arrival / 1_000_000, key, value))
        .collect();
    // Distances count from the first arrival, second 12.
    let expected = [(10, 12, "a", 1.0), (11, 13, "b", 2.0), (7, 13, "b", 9.0), (20, 22, "a", 3.0)];
    assert_eq!(found, expected.map(|(event, arrival, key, value)| (event, arrival, key.to_owned(), value)));
    assert_eq!(opened.stream.production().by_hand, [RecordId(2)]);
    let again =
        open_scenario(opened.scenario.clone(), folder.path(), &ReadOptions::default(), &|_| Ok(()), &mut |_| {
            ControlFlow::Continue(())
        });
    assert_eq!(lines(&again.expect("it opens").stream), lines(&opened.stream));
}

#[test]
fn pairs_of_a_record_that_was_put_in_are_by_hand_and_nothing_else_follows_it() {
    let plain = built_in("labels", &[]);
    let made = generate(&plain).expect("it runs");
    let origin = RunConfig::of(&plain, &made).origin;
    let joined = made.joined().expect("it is a join");
    let (first, second) = (joined.left.len(), joined.right.len());
    let mut with = plain.clone();
    let key = made.key_table().name(joined.right.record(RecordId(5)).key).to_owned();
    let at = joined.right.arrivals()[5] - Span::from_millis(1);
    let event_time = joined.right.record(RecordId(5)).event_time - Span::from_secs(1);
    with.by_hand = vec![by_hand::record_at(origin, at, event_time, &key, 1.0)];
    let stream = generate(&with).expect("it runs");
    let joined = stream.joined().expect("it is a join");
    assert_eq!((joined.left.len(), joined.right.len()), (first + 1, second));
    let id = joined.left.production().by_hand[0];
    let expected: Vec<RecordId> =
        (0..).zip(&joined.pairs).filter(|(_, (_, pair))| pair.left.id == id).map(|(i, _)| RecordId(i)).collect();
    assert_eq!(stream.production().by_hand, expected);
}

#[test]
fn the_report_counts_them_and_the_file_keeps_them() {
    let scenario = built_in("tumbling", &["by_hand=[(at: 5s, event_time: 1s), (at: 6s, event_time: 2s, value: -1.5)]"]);
    let written = scenario.to_ron();
    assert!(written.contains("(at: \"5s\", event_time: \"1s\"),"), "{written}");
    assert_eq!(parse(&written, "f").expect("it reads"), scenario);
    let (_, trace) = run_of(&scenario);
    assert_eq!(highwater::metrics::report::Report::of(&scenario, &trace, 0.0).by_hand, 2);
}
