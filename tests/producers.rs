//! What stands before the log, all together: every record that happened is in the log, is lost, and
//! nothing else is there but copies that are marked; and no knob deals anything anew but its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use highwater::metrics::report::Report;
use highwater::production::LossCause;
use highwater::record::{PartitionId, RecordId, Stream};
use highwater::runtime::{RunConfig, run};
use highwater::scenario::parse;
use highwater::scenario::set::apply;
use highwater::source::generate;
use highwater::time::{ProcTime, Span};

const BASE: &str = r#"(
    title: "x",
    duration: "5min",
    source: Synthetic(
        rate: 40,
        keys: Zipf(count: 20, exponent: 1),
        values: Uniform(min: 0, max: 1),
        delay: Exponential(mean: "2s"),
    ),
)"#;

fn stream(settings: &[&str]) -> Stream {
    let mut scenario = parse(BASE, "base").unwrap_or_else(|error| panic!("{error}"));
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    generate(&scenario).unwrap_or_else(|error| panic!("{error}"))
}

/// What a record is, whenever it arrives: values are drawn from so many that they tell records apart.
type Identity = (i64, String, u64);

fn identity(stream: &Stream, id: RecordId) -> Identity {
    let record = stream.record(id);
    (record.event_time.micros(), stream.key_table().name(record.key).to_owned(), record.value.to_bits())
}

fn ids(stream: &Stream) -> impl Iterator<Item = RecordId> {
    (0..u32::try_from(stream.len()).unwrap()).map(RecordId)
}

/// How often each record is in the log, and when it arrives first.
fn in_log(stream: &Stream) -> BTreeMap<Identity, (usize, ProcTime)> {
    let mut found = BTreeMap::new();
    for id in ids(stream) {
        let first = found.entry(identity(stream, id)).or_insert((0, stream.arrivals()[id.index()]));
        first.0 += 1;
    }
    found
}

/// Every record of `plain` is in `stream`, once and as many times again as copies are marked, or is lost.
fn check_account(plain: &Stream, stream: &Stream) {
    let production = stream.production();
    assert_eq!(stream.happened(), plain.len());
    assert_eq!(stream.len(), plain.len() - production.lost.len() + production.duplicates.len());
    assert!(production.duplicates.is_sorted() && stream.arrivals().is_sorted());
    let happened = in_log(plain);
    let written = in_log(stream);
    let mut copies: BTreeMap<Identity, usize> = BTreeMap::new();
    for &id in &production.duplicates {
        *copies.entry(identity(stream, id)).or_default() += 1;
    }
    for (identity, &(times, _)) in &written {
        assert!(happened.contains_key(identity), "{identity:?} was made up");
        assert_eq!(times, 1 + copies.get(identity).copied().unwrap_or_default(), "{identity:?}");
    }
    for lost in &production.lost {
        let key = stream.key_table().name(lost.key).to_owned();
        let identity = (lost.event_time.micros(), key, lost.value.to_bits());
        assert!(happened.contains_key(&identity) && !written.contains_key(&identity), "{identity:?}");
    }
    // The copy that came first is not marked.
    for &id in &production.duplicates {
        assert!(written[&identity(stream, id)].1 <= stream.arrivals()[id.index()]);
    }
}

#[test]
fn every_record_is_in_the_log_or_lost_and_copies_are_marked() {
    let plain = stream(&[]);
    assert_eq!((plain.happened(), plain.production().lost.len()), (plain.len(), 0));
    let lossy = ["producers.loss=0.1", "producers.ack_loss=0.2"];
    let variants: [&[&str]; 9] = [
        &["producers.idempotent=false", "log.records_in_per_s=30"],
        &["producers.idempotent=false", "log.records_in_per_s=30", "log.preset=pub-sub", "log.delivery_jitter=50s"],
        &["producers.acks=zero"],
        &["producers.acks=one"],
        &["producers.idempotent=false"],
        &["producers.idempotent=false", "producers.delivery_timeout=0s"],
        &["producers.count=5", "partitions=4", "partitioner=round-robin", "log.records_in_per_s=11"],
        &["partitions=2", "faults=[LeaderFails(partition: 1, at: 1min, replication_lag: 30s)]", "producers.acks=one"],
        &["log.preset=pub-sub", "log.delivery_jitter=20s", "producers.idempotent=false"],
    ];
    for variant in variants {
        let stream = stream(&[&lossy, variant].concat());
        check_account(&plain, &stream);
        let production = stream.production();
        assert!(production.lost.len() + production.duplicates.len() + production.deduplicated as usize > 0);
    }
}

#[test]
fn losses_and_copies_have_their_frequencies() {
    let zero = stream(&["source.rate=400", "producers.acks=zero", "producers.loss=0.03"]);
    let share = zero.production().lost_for(LossCause::Network) as f64 / zero.happened() as f64;
    // About 120,000 records; five standard deviations of a share of 0.03 are 0.0025.
    assert!((share - 0.03).abs() < 0.002_5, "{share}");
    let settings = ["source.rate=400", "producers.ack_loss=0.03", "producers.idempotent=false"];
    let copied = stream(&settings);
    // Copies come in rows: 0.03 + 0.03^2 + 0.03^3 with the three tries that the time allows.
    let share = copied.production().duplicates.len() as f64 / copied.happened() as f64;
    assert!((share - 0.030_927).abs() < 0.002_6, "{share}");
    let known = stream(&settings[..2]);
    assert_eq!(known.production().deduplicated as usize, copied.production().duplicates.len());
    assert_eq!(known.len(), known.happened());
}

#[test]
fn knobs_of_the_way_do_not_deal_records_anew() {
    let plain = stream(&[]);
    let same: [&[&str]; 5] = [
        &["producers.count=7"],
        &["producers.count=7", "producers.deal=by-key"],
        &["partitions=16"],
        &["log.preset=kafka"],
        &["producers.request_timeout=5s"],
    ];
    for settings in same {
        let stream = stream(settings);
        assert_eq!(stream.arrivals(), plain.arrivals(), "{settings:?}");
        assert_eq!(in_log(&stream), in_log(&plain), "{settings:?}");
    }
    // A record that is not lost arrives when it would have arrived, or a whole number of tries later.
    let arrivals = in_log(&plain);
    let lossy = stream(&["producers.loss=0.2", "producers.ack_loss=0.1", "producers.count=3"]);
    let mut later = 0;
    for (identity, (_, arrival)) in in_log(&lossy) {
        let waited = (arrival - arrivals[&identity].1).micros();
        assert_eq!(waited % 30_100_000, 0);
        later += usize::from(waited > 0);
    }
    assert!(later > 1_000, "{later}");
}

#[test]
fn wrong_clocks_change_what_is_written_and_not_when_it_arrives() {
    let plain = stream(&[]);
    let clocks = "producers.clocks=[(producer: 1, offset: 1h), (producer: 2, offset: -10s, drift_ppm: 10000)]";
    let wrong = stream(&["producers.count=3", clocks]);
    assert_eq!((wrong.arrivals(), wrong.values()), (plain.arrivals(), plain.values()));
    let mut seen = [0; 3];
    let start = plain.event_times().iter().min().unwrap().micros() / 1_000_000 * 1_000_000;
    for id in ids(&plain) {
        let off = wrong.event_times()[id.index()] - plain.event_times()[id.index()];
        let passed = plain.event_times()[id.index()].micros() - start;
        let producer = wrong.production().producer(id).index();
        seen[producer] += 1;
        let expected = [0.0, 3.6e9, -1e7 + 0.01 * passed as f64][producer];
        assert!((off.micros() as f64 - expected).abs() < 1.0, "{producer}: {off:?}");
    }
    assert!(seen.iter().all(|&count| count > 3_500), "{seen:?}");
    assert_eq!(wrong.production().clocks.len(), 3);
    // A clock that is an hour ahead writes records that arrive before they happen.
    assert!(ids(&wrong).any(|id| wrong.delay(id) < Span::ZERO));
}

#[test]
fn a_partition_takes_in_what_its_limit_allows_and_the_rest_waits_or_is_lost() {
    let settings = ["partitions=2", "partitioner=round-robin", "log.records_in_per_s=15", "duration=2min"];
    // 40 a second on two partitions are 20 each: after two minutes 600 of each wait, for 40 s at most.
    let slow = stream(&settings);
    let production = slow.production();
    assert!(production.lost.is_empty() && production.throttled > 4_000, "{}", production.throttled);
    let longest = production.longest_throttle.as_secs_f64();
    assert!((30.0..50.0).contains(&longest), "{longest}");
    for partition in [PartitionId(0), PartitionId(1)] {
        let of_partition: Vec<i64> = ids(&slow)
            .filter(|&id| slow.partition(id) == partition)
            .map(|id| slow.arrivals()[id.index()].micros())
            .collect();
        // One second saved up and one that refills: never more than 30 in a second, and 15 in the long run.
        assert!(of_partition.windows(31).all(|some| some[30] - some[0] >= 1_000_000));
        let middle = of_partition.iter().filter(|&&at| (60..90).contains(&((at - of_partition[0]) / 1_000_000)));
        assert!(middle.count().abs_diff(450) <= 1);
    }
    let impatient = stream(&[&settings[..], &["producers.delivery_timeout=10s"]].concat());
    assert!(impatient.production().lost_for(LossCause::Throttled) > 500);
    assert_eq!(impatient.production().longest_throttle.micros() / 1_000_000, 9);
    check_account(&stream(&["duration=2min"]), &impatient);
}

#[test]
fn a_log_without_order_delivers_records_past_each_other() {
    let inversions = |stream: &Stream| {
        let in_order = in_log(stream);
        let published = in_log(&self::stream(&[]));
        let mut by_delivery: Vec<_> = in_order.iter().map(|(identity, &(_, at))| (at, published[identity].1)).collect();
        by_delivery.sort();
        by_delivery.windows(2).filter(|pair| pair[1].1 < pair[0].1).count()
    };
    let kafka = stream(&["log.preset=kafka"]);
    let pub_sub = stream(&["log.preset=pub-sub"]);
    let by_key = stream(&["log.preset=pub-sub", "log.ordering=per-key"]);
    assert_eq!(inversions(&kafka), 0);
    // 40 a second and a mean jitter of 100 ms: some four records are under way at once.
    assert!(inversions(&pub_sub) > 3_000 && inversions(&by_key) > 1_000);
    let published = in_log(&kafka);
    let mut last: BTreeMap<String, ProcTime> = BTreeMap::new();
    for id in ids(&by_key) {
        let (_, published) = published[&identity(&by_key, id)];
        let before = last.insert(identity(&by_key, id).1, published).unwrap_or(ProcTime::MIN);
        assert!(before <= published, "records of one key keep their order");
    }
}

#[test]
fn producers_keep_to_their_own_batches() {
    let sticky =
        stream(&["producers.count=3", "partitions=4", "partitioner=sticky(records: 10)", "delay=constant(delay: 0s)"]);
    for producer in 0..3 {
        let of_producer = ids(&sticky).filter(|&id| sticky.production().producer(id).0 == producer);
        let places: Vec<u32> = of_producer.map(|id| sticky.partition(id).0).collect();
        assert!(places.len() > 3_500);
        assert!(places.chunks(10).all(|batch| batch.iter().all(|place| *place == batch[0])));
    }
}

#[test]
fn the_whole_way_is_the_same_again() {
    let settings = [
        "producers.count=5",
        "producers.loss=0.1",
        "producers.ack_loss=0.1",
        "producers.idempotent=false",
        "producers.clock_offset=3s",
        "partitions=4",
        "partitioner=sticky()",
        "log.preset=pub-sub",
        "log.records_in_per_s=20",
        "rate_shape=diurnal(amplitude: 0.5, period: 1min)",
    ];
    let (first, again) = (stream(&settings), stream(&settings));
    assert!(!first.production().duplicates.is_empty());
    assert_eq!(first, again);
}

#[test]
fn a_run_accounts_for_what_was_lost_and_copied_before_the_log() {
    let mut scenario = parse(BASE, "base").unwrap_or_else(|error| panic!("{error}"));
    let settings = ["producers.loss=0.3", "producers.ack_loss=0.2", "producers.idempotent=false", "bound=5min"];
    apply(&mut scenario, &settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    let stream = Arc::new(generate(&scenario).unwrap_or_else(|error| panic!("{error}")));
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    let ledger = Report::of(&scenario, &trace, 0.0).ledger;
    let production = stream.production();
    assert!(ledger.balances());
    assert_eq!(ledger.lost as usize, production.lost.len());
    assert_eq!(ledger.produced as usize, stream.len() + production.lost.len());
    // Nothing is late, so every record that is there is counted, and every copy counted twice.
    assert_eq!((ledger.counted as usize, ledger.duplicated as usize), (stream.len(), production.duplicates.len()));
    assert!(ledger.lost > 50 && ledger.duplicated > 1_000, "{ledger:?}");
}
