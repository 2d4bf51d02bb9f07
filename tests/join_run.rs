//! Joins of whole streams, as scenarios and commands run them, against every pair looked at by hand:
//! which pairs, when each comes out, and what became of every record without a partner.

use std::sync::Arc;

use assert_cmd::Command;
use highwater::join::run::join;
use highwater::join::{JoinFate, JoinKind, JoinRules, Joined, JoinedValue};
use highwater::metrics::join::{JoinReport, joined_csv};
use highwater::pipeline::{AtEnd, WatermarkSpec, WindowSpec};
use highwater::record::{KeyTable, PartitionId, Row, Stream};
use highwater::scenario::library::find;
use highwater::scenario::set::apply;
use highwater::source::generate;
use highwater::time::{EventTime, ProcTime, Span};
use proptest::prelude::*;

/// (is left, event time, key) in order of arrival, one a microsecond; every value is its place.
type Input = Vec<(bool, i64, u8)>;

fn inputs() -> impl Strategy<Value = Input> {
    prop::collection::vec((any::<bool>(), -20_i64..40, 0_u8..3), 0..40)
}

/// One of the two streams; keys are interned in the order in which they come, so they differ between sides.
fn stream(input: &Input, is_left: bool) -> Stream {
    let mut keys = KeyTable::default();
    let rows = input.iter().enumerate().filter(|(_, (left, ..))| *left == is_left).map(|(i, &(_, t, key))| Row {
        event_time: EventTime::from_micros(t),
        arrival: ProcTime::from_micros(i as i64),
        key: keys.intern(&format!("key {key}")),
        value: i as f64,
        partition: PartitionId(0),
    });
    let rows = rows.collect();
    Stream::from_rows(rows, keys)
}

const BOUNDS: [i64; 2] = [4, 9];

/// The merged watermark that meets each record, and the one after the last: the smaller of both sides'
/// largest event time minus its bound.
fn watermarks(input: &Input) -> Vec<i64> {
    let mut reached = [i64::MIN; 2];
    let mut merged = i64::MIN;
    let mut met = vec![merged];
    for &(left, t, _) in input {
        let side = usize::from(!left);
        reached[side] = reached[side].max(t - BOUNDS[side]);
        merged = merged.max(reached[0].min(reached[1]));
        met.push(merged);
    }
    met
}

fn rules(kind: JoinKind) -> JoinRules {
    let bounded = |bound: i64| WatermarkSpec::Bounded { bound: Span::from_micros(bound) };
    JoinRules {
        kind,
        left_watermark: bounded(BOUNDS[0]),
        right_watermark: bounded(BOUNDS[1]),
        value: JoinedValue::Difference,
        keyed: true,
    }
}

fn run(input: &Input, kind: JoinKind) -> Stream {
    join(stream(input, true), stream(input, false), &rules(kind), AtEnd::Hold)
}

/// (left place, right place, when) of every pair, sorted.
fn found(joined: &Joined) -> Vec<(usize, usize, i64)> {
    let pair = |(at, pair): &(ProcTime, highwater::join::Pair)| {
        (pair.left.value as usize, pair.right.value as usize, at.micros())
    };
    let mut pairs: Vec<_> = joined.pairs.iter().map(pair).collect();
    pairs.sort_unstable();
    pairs
}

/// The fates of both sides by place in the input.
fn fates(input: &Input, joined: &Joined) -> Vec<JoinFate> {
    let (mut left, mut right) = (joined.left_fates.iter(), joined.right_fates.iter());
    let fate = |&(is_left, ..): &(bool, i64, u8)| *if is_left { left.next() } else { right.next() }.expect("a fate");
    let all = input.iter().map(fate).collect();
    assert_eq!((left.next(), right.next()), (None, None));
    all
}

/// Left and right records of one key that both took part, by place.
fn candidates(input: &Input, takes_part: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let places = |is_left: bool| (0..input.len()).filter(move |&i| input[i].0 == is_left);
    let all = places(true).flat_map(|i| places(false).map(move |j| (i, j)));
    all.filter(|&(i, j)| input[i].2 == input[j].2 && takes_part(i) && takes_part(j)).collect()
}

/// When the merged watermark reaches `needed`: the place of the record that raises it there.
fn raised_at(met: &[i64], needed: i64) -> Option<usize> {
    met.iter().position(|&w| w >= needed).map(|after| after.saturating_sub(1))
}

fn check(
    input: &Input,
    joined: &Joined,
    mut expected: Vec<(usize, usize, i64)>,
    late: impl Fn(usize) -> bool,
    over: impl Fn(usize) -> bool,
) {
    expected.sort_unstable();
    assert_eq!(found(joined), expected);
    for (i, fate) in fates(input, joined).into_iter().enumerate() {
        let is_matched = expected.iter().any(|&(left, right, _)| i == if input[i].0 { left } else { right });
        let expected = match (late(i), is_matched, over(i)) {
            (true, ..) => JoinFate::Late,
            (_, true, _) => JoinFate::Matched,
            (_, _, true) => JoinFate::Unmatched,
            _ => JoinFate::Waiting,
        };
        assert_eq!(fate, expected, "record {i} of {input:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn interval_joins_of_streams_are_those_of_every_pair(input in inputs(), lower in -9_i64..9, width in 0_i64..12) {
        let upper = lower + width;
        let span = Span::from_micros;
        let stream = run(&input, JoinKind::Interval { lower: span(lower), upper: span(upper) });
        let joined = stream.joined().expect("pairs");
        let met = watermarks(&input);
        let end = met[input.len()];
        let late = |i: usize| input[i].1 < met[i];
        let near = |&(i, j): &(usize, usize)| (input[i].1 + lower..=input[i].1 + upper).contains(&input[j].1);
        let pairs = candidates(&input, |i| !late(i)).into_iter().filter(near);
        let expected: Vec<_> = pairs.map(|(i, j)| (i, j, i.max(j) as i64)).collect();
        let over = |i: usize| if input[i].0 { input[i].1 + upper < end } else { input[i].1 - lower < end };
        check(&input, joined, expected, late, over);
        // The pairs are a stream: in order of time, with the value that was asked for.
        prop_assert_eq!(stream.len(), joined.pairs.len());
        prop_assert!(stream.arrivals().is_sorted());
        for (record, (_, pair)) in stream.records().zip(&joined.pairs) {
            prop_assert_eq!(record.value, pair.left.value - pair.right.value);
            let key = format!("key {}", input[pair.left.value as usize].2);
            prop_assert_eq!(stream.key_table().name(record.key), key.as_str());
        }
    }

    #[test]
    fn window_joins_of_streams_are_those_of_every_pair(input in inputs(), size in 1_i64..12) {
        let window = WindowSpec::Tumbling { size: Span::from_micros(size), offset: Span::ZERO };
        let stream = run(&input, JoinKind::Window(window));
        let joined = stream.joined().expect("pairs");
        let met = watermarks(&input);
        let end_of = |i: usize| (input[i].1.div_euclid(size) + 1) * size;
        let late = |i: usize| end_of(i) <= met[i];
        let pairs = candidates(&input, |i| !late(i)).into_iter().filter(|&(i, j)| end_of(i) == end_of(j));
        let expected = pairs.filter_map(|(i, j)| Some((i, j, raised_at(&met, end_of(i))? as i64)));
        check(&input, joined, expected.collect(), late, |i| end_of(i) <= met[input.len()]);
    }

    #[test]
    fn a_stream_joins_the_rows_that_were_valid(input in inputs()) {
        let stream = run(&input, JoinKind::AsOf { ttl: None });
        let joined = stream.joined().expect("pairs");
        let met = watermarks(&input);
        let late = |i: usize| input[i].1 < met[i];
        let all = candidates(&input, |i| !late(i));
        let valid = |&&(i, j): &&(usize, usize)| {
            // The last change of those that had happened; of two at one instant the one that came later.
            let before = all.iter().filter(|(of, change)| *of == i && input[*change].1 <= input[i].1);
            before.map(|&(_, change)| (input[change].1, change)).max() == Some((input[j].1, j))
        };
        let expected = all.iter().filter(valid);
        let expected = expected.filter_map(|&(i, j)| Some((i, j, raised_at(&met, input[i].1 + 1)? as i64)));
        check(&input, joined, expected.collect(), late, |i| input[i].0 && input[i].1 < met[input.len()]);
    }
}

#[test]
fn the_end_of_time_settles_what_waits() {
    let input: Input = vec![(true, 0, 0), (false, 1, 0), (true, 2, 1)];
    let window = JoinKind::Window(WindowSpec::Tumbling { size: Span::from_micros(10), offset: Span::ZERO });
    let held = run(&input, window);
    assert_eq!((held.len(), held.joined().map(|joined| joined.left_fates[0])), (0, Some(JoinFate::Waiting)));
    let flushed = join(stream(&input, true), stream(&input, false), &rules(window), AtEnd::Flush);
    let joined = flushed.joined().expect("pairs");
    assert_eq!(found(joined), [(0, 1, 2)]);
    assert_eq!(joined.left_fates, [JoinFate::Matched, JoinFate::Unmatched]);
    assert_eq!(joined.waits, [Span::from_micros(2)]);
}

#[test]
fn rows_have_every_pair_and_every_record_without_one() {
    let stream = run(
        &vec![(true, 0, 0), (false, 1, 0), (true, 5, 1)],
        JoinKind::Interval { lower: Span::ZERO, upper: Span::from_micros(3) },
    );
    let text = String::from_utf8(joined_csv(stream.joined().expect("pairs")).expect("rows")).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "fate,key,left_event_time,left_value,right_event_time,right_value,event_time,emitted_at",
            "matched,key 0,1970-01-01T00:00:00Z,0,1970-01-01T00:00:00.000001Z,1,1970-01-01T00:00:00.000001Z,\
         1970-01-01T00:00:00.000001Z",
            "waiting,key 1,1970-01-01T00:00:00.000005Z,2,,,,",
        ]
    );
}

fn labels(settings: &[&str]) -> (JoinReport, Arc<Stream>) {
    let mut scenario = find("labels").expect("a built-in scenario").scenario().expect("it reads");
    apply(&mut scenario, settings).expect("the settings are in their limits");
    let stream = Arc::new(generate(&scenario).expect("it can be made"));
    (JoinReport::of(stream.joined().expect("it is a join")), stream)
}

#[test]
fn labels_come_as_the_scenario_promises() {
    let (plain, stream) = labels(&[]);
    assert_eq!(plain.pairs, stream.len());
    assert_eq!(plain.left.records, 1_193);
    assert!(
        plain.left.unmatched * 10 > plain.left.records,
        "every tenth never gets a label, and some get one too late"
    );
    let (short, _) = labels(&["join.kind.upper=1min"]);
    assert!(short.pairs * 3 < plain.pairs * 2, "{} against {}", short.pairs, plain.pairs);
    let (long, _) = labels(&["join.kind.upper=10min"]);
    assert!(long.right.unmatched * 10 < plain.right.unmatched && long.max_kept > 2 * plain.max_kept);
    // Right with 0.7 + 0.3 / 2.
    let accuracy = stream.values().iter().sum::<f64>() / stream.len() as f64;
    assert!((accuracy - 0.85).abs() < 0.05, "{accuracy}");
    let (careless, _) = labels(&["join.right_watermark=bounded(bound: 0s)", "join.left_watermark=bounded(bound: 0s)"]);
    assert!(careless.right.late > 100, "{}", careless.right.late);
}

#[test]
fn the_command_runs_joins_of_two_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it can be written");
    write("orders.csv", "event_time,arrival_time,key,value\n10,10,a,5\n20,21,b,7\n40,40,a,1\n");
    write("rates.csv", "event_time,arrival_time,key,value\n5,5,a,2\n15,30,a,3\n18,19,b,4\n50,50,a,9\n");
    write(
        "rates.ron",
        r#"(
            title: "Orders at the rate of their time",
            source: Recording(path: "orders.csv", columns: (time_format: "s")),
            join: (kind: AsOf(), with: Recording(path: "rates.csv", columns: (time_format: "s"))),
            pipeline: (window: Tumbling(size: "1min"), aggregate: Sum, at_end: Flush),
        )"#,
    );
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("highwater").expect("the program");
    let file = folder.path().join("rates.ron");
    let output = command.args(["run", "--quiet", "--format", "json", "--out"]).arg(&out).arg(&file).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let join = &report["join"];
    // The change of 15 comes at 30, when nothing earlier is expected any more: it is late.
    assert_eq!((&join["pairs"], &join["right"]["late"]), (&3.into(), &1.into()));
    assert_eq!(join["left"]["matched"], 3);
    let rows = std::fs::read_to_string(out.join("joined.csv")).expect("the pairs");
    let pairs: Vec<&str> = rows.lines().filter(|line| line.starts_with("matched")).collect();
    assert_eq!(pairs.len(), 3);
    assert!(pairs[2].contains(",1,1970-01-01T00:00:05Z,2,"), "{}", pairs[2]);

    let mut text = Command::cargo_bin("highwater").expect("the program");
    let output = text.args(["run", "--quiet"]).arg(&file).output().expect("it runs");
    let words = String::from_utf8(output.stdout).expect("text");
    assert!(words.contains("3 pairs, with the row that was valid when left happened"), "{words}");
}
