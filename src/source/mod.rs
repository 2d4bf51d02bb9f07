//! Where records come from: a seeded stream, made whole before a run.
//!
//! Every record takes one draw from each of the named streams `gap`, `key`, `value` and `delay`,
//! in the order in which records happen. So a change of the delays leaves the events as they are,
//! and turning a knob moves records instead of dealing new ones. What happens between a producer and
//! the log (no network for a while, lost requests, failing leaders, limits of a partition) is applied
//! here, each with streams of its own; faults of the pipeline are not.
//!
//! - [`happenings`]: when, and of which key
//! - [`rate`]: the intensity behind a varying rate
//! - [`keys`]: uniform and Zipf shares, one hot key
//! - [`delays`]: from happening to arrival
//! - [`offline`]: producers without network
//! - [`faults`]: hot keys, silences, clocks that jump, records that are not as the schema says
//! - [`partition`]: which partition of the log, [`murmur`]: the hash behind it
//! - [`delivery`]: when a log without order hands a record out
//! - [`producers`]: who sends a record, and what the clock there shows
//! - [`network`]: lost requests and acknowledgements, failing leaders
//! - [`edge`]: what of it the log holds
//! - [`by_hand`]: records that someone puts into the log beside those of the source
//! - [`second`]: the other stream of a join
//! - [`quantile`]: the inverse distribution functions behind all of it

pub mod by_hand;
pub mod delays;
pub mod delivery;
pub mod edge;
pub mod faults;
pub mod happenings;
pub mod keys;
pub mod murmur;
pub mod network;
pub mod offline;
pub mod partition;
pub mod producers;
pub mod quantile;
pub mod rate;
pub mod second;

use crate::gate::Defect;
use crate::log::Ordering;
use crate::log::ingress::Ingress;
use crate::pipeline::Problem;
use crate::production::Production;
use crate::record::{Columns, KeyId, KeyTable, Stream};
use crate::rng::{Draws, Seed};
use crate::scenario::{KeySpec, Scenario, SourceSpec, Synthetic, ValueSpec};
use crate::source::edge::Rows;
use crate::source::faults::{Happened, clock, hot_key, poison, silence};
use crate::source::network::Network;
use crate::source::partition::Placer;
use crate::time::{EventTime, Span};

/// The most records that a synthetic source may be expected to make. A stream of this length
/// takes more than a gigabyte while it is made.
pub const MAX_RECORDS: u64 = 20_000_000;

/// Why a scenario gives no synthetic stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// The records are in a file.
    #[error("the source of this scenario is a recording; its records are read from the file")]
    Recording,
    /// Fields of the scenario are out of range.
    #[error("{}", crate::scenario::check::in_words(.0))]
    Problems(Vec<Problem>),
}

/// The stream that a pipeline runs on: of the source, or of the pairs where it is joined with another.
///
/// # Errors
/// When either is a recording, or [`Scenario::problems`] is not empty.
pub fn generate(scenario: &Scenario) -> Result<Stream, GenerateError> {
    let first = generate_first(scenario)?;
    let Some(spec) = &scenario.join else { return Ok(first) };
    let problems = scenario.problems();
    if !problems.is_empty() {
        return Err(GenerateError::Problems(problems));
    }
    let second = second::generate_second(scenario, &first)?;
    Ok(crate::join::run::join(first, second, &spec.rules(), scenario.pipeline.at_end))
}

/// The stream of a synthetic source, or of records that are written out, with what is put in by hand: the
/// same bits for the same scenario on every machine.
///
/// Synthetic keys are numbered by rank; those that never occur have no number.
///
/// # Errors
/// When the source is a recording, or [`Scenario::problems`] is not empty.
pub fn generate_first(scenario: &Scenario) -> Result<Stream, GenerateError> {
    let made = generate_made(scenario)?;
    let origin = scenario.source.start_time().map_or_else(|| by_hand::origin_of(&made), EventTime::on_proc_clock);
    Ok(by_hand::merge(made, &scenario.by_hand, origin))
}

/// What the source itself makes.
fn generate_made(scenario: &Scenario) -> Result<Stream, GenerateError> {
    let source = match &scenario.source {
        SourceSpec::Synthetic(source) => source,
        SourceSpec::Records(source) => {
            let stream = source.stream().map_err(GenerateError::Problems)?;
            let problems = crate::scenario::by_hand::problems(&scenario.by_hand);
            return if problems.is_empty() { Ok(stream) } else { Err(GenerateError::Problems(problems)) };
        }
        SourceSpec::Recording(_) => return Err(GenerateError::Recording),
    };
    let problems = scenario.problems();
    let start = match source.start_time() {
        Some(start) if problems.is_empty() => start,
        _ => return Err(GenerateError::Problems(problems)),
    };
    let seed = Seed::new(scenario.seed);
    let (columns, mut ranks) = columns(source, scenario, start, seed);
    hot_key::apply(&mut ranks, &columns.event_times, &scenario.faults, &source.keys, (start, seed));
    let producers = producers::deal(&source.producers, &ranks, seed);
    let mut happened = Happened { columns, ranks, producers };
    place(&mut happened, source, seed);
    let (marks, defects) = happen(&mut happened, scenario, &source.keys, (start, seed));
    let jumps = clock::jumps(&happened, &scenario.faults, &source.keys, start);
    let Happened { mut columns, ranks, producers } = happened;
    let key_table = intern(&ranks, &source.keys, &mut columns.keys);
    let clocks = producers::clocks(&source.producers, seed);
    producers::misread(&mut columns.event_times, &producers, &clocks, start);
    for (event_time, by) in columns.event_times.iter_mut().zip(jumps) {
        *event_time = *event_time + by;
    }
    let mut production = Production { clocks, ..Production::default() };
    let mut rows = Rows::new(columns, producers).with_poison(marks, defects);
    let rules = scenario.log.rules();
    let origin = start.on_proc_clock();
    if let Some(mut network) = Network::new(&source.producers, &rules, &scenario.faults, origin, seed) {
        edge::send(&mut rows, &mut network, &mut production);
    }
    if let Some(mut ingress) = Ingress::new(&rules, source.partitions as usize) {
        edge::throttle(&mut rows, &mut ingress, source.producers.delivery_timeout, &mut production);
    }
    if rules.ordering != Ordering::PerPartition {
        edge::deliver(&mut rows, &rules, seed);
    }
    let columns = rows.into_columns(&mut production);
    Ok(Stream::from_columns(columns, key_table).with_production(production))
}

/// All records in the order in which they happen, without keys, and the ranks of their keys.
fn columns(source: &Synthetic, scenario: &Scenario, start: EventTime, seed: Seed) -> (Columns, Vec<u32>) {
    let (offsets, ranks): (Vec<Span>, Vec<u32>) =
        happenings::draw(source, scenario.duration, &scenario.faults, seed).into_iter().unzip();
    let event_times: Vec<EventTime> = offsets.iter().map(|&offset| start + offset).collect();
    let mut delays = delays::Sampler::new(&source.delay, seed);
    let arrivals = event_times.iter().map(|&event_time| event_time.on_proc_clock() + delays.draw()).collect();
    let mut draws = seed.stream("value");
    let values = event_times.iter().map(|_| value(&source.values, &mut draws)).collect();
    (Columns { event_times, arrivals, values, ..Columns::default() }, ranks)
}

/// What goes wrong before records are sent. The defects of records, as [`poison::apply`] gives them.
fn happen(
    happened: &mut Happened,
    scenario: &Scenario,
    keys: &KeySpec,
    (start, seed): (EventTime, Seed),
) -> (Vec<u16>, Vec<Defect>) {
    let faults = &scenario.faults;
    offline::apply(&mut happened.columns, &happened.ranks, faults, keys, start, seed);
    silence::apply(happened, faults, keys, start);
    poison::apply(happened, faults, keys, (start, seed))
}

/// Fills the column of partitions, in the order in which records happen.
fn place(happened: &mut Happened, source: &Synthetic, seed: Seed) {
    let Happened { columns, ranks, producers } = happened;
    columns.partition_count = source.partitions;
    if source.partitions > 1 {
        let count = source.producers.count;
        let mut placer = Placer::new(&source.partitioner, source.partitions, &source.keys, count, seed);
        let sender = |place: usize| producers.get(place).copied().unwrap_or_default();
        let places = ranks.iter().enumerate();
        columns.partitions = places.map(|(i, &rank)| placer.place(rank, u32::from(sender(i).0))).collect();
    }
}

pub(super) fn value(spec: &ValueSpec, draws: &mut Draws) -> f64 {
    match *spec {
        ValueSpec::Constant(value) => value,
        ValueSpec::Integers { min, max } => draws.integer(min, max) as f64,
        ValueSpec::Uniform { min, max } => min + draws.unit() * (max - min),
    }
}

/// Fills the column of keys with the ids of a table that holds the keys that occur, in order of rank.
fn intern(ranks: &[u32], keys: &KeySpec, column: &mut Vec<KeyId>) -> KeyTable {
    let mut occurs = vec![false; keys.count() as usize];
    for &rank in ranks {
        occurs[rank as usize] = true;
    }
    let mut table = KeyTable::default();
    let mut id = |(rank, &occurs): (usize, &bool)| {
        // A key that does not occur has no id; this one is never looked up.
        if occurs { table.intern(&keys.name(rank as u32)) } else { KeyId(u32::MAX) }
    };
    let ids: Vec<KeyId> = occurs.iter().enumerate().map(&mut id).collect();
    column.extend(ranks.iter().map(|&rank| ids[rank as usize]));
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;
    use crate::scenario::parse;
    use crate::scenario::set::apply;

    const SMALL: &str = r#"(
        title: "x",
        duration: "10s",
        source: Synthetic(
            rate: 1,
            keys: Zipf(count: 3, exponent: 1, names: ["a", "b", "c"]),
            values: Integers(min: 1, max: 6),
            delay: Mixture([
                (weight: 3, delay: LogNormal(median: "1s", sigma: 0.5)),
                (weight: 1, delay: Pareto(scale: "500ms", shape: 1.5)),
            ]),
        ),
        faults: [Offline(key: "a", from: "2s", until: "4s")],
    )"#;

    fn stream(settings: &[&str]) -> Stream {
        let mut scenario = parse(SMALL, "small").unwrap();
        apply(&mut scenario, settings).unwrap();
        generate(&scenario).unwrap()
    }

    /// `event arrival key value` of every record in arrival order, times in microseconds from the start.
    fn lines(stream: &Stream) -> Vec<String> {
        let origin = 1_772_452_800_000_000;
        let line = |(i, record): (usize, crate::record::Record)| {
            let key = stream.key_table().name(record.key);
            let (event, arrival) = (record.event_time.micros() - origin, stream.arrivals()[i].micros() - origin);
            format!("{event} {arrival} {key} {}", record.value)
        };
        stream.records().enumerate().map(line).collect()
    }

    #[test]
    fn a_small_stream_is_the_same_in_every_version() {
        assert_eq!(
            lines(&stream(&[])),
            [
                "2172570 4042992 a 3",
                "3296544 4047551 b 2",
                "5117113 6293110 a 4",
                "6374888 7246536 a 1",
                "6840209 7398750 a 3",
                "7340688 7946607 a 5",
                "7553267 9396050 a 1",
                "7222178 10095088 a 1",
                "9406155 10132882 b 4",
                "8607128 10294020 a 6",
                "7288369 22766890 c 2"
            ]
        );
        assert_eq!(
            lines(&stream(&["arrivals=bursts(active: 2s, silent: 2s)"])),
            [
                "2983607 3734614 c 2",
                "1699146 4042992 a 3",
                "3564580 4084776 a 4",
                "3688205 4130679 a 1",
                "3894007 4176203 a 3",
                "4847105 5453024 a 5",
                "5208779 7051562 a 1",
                "6339278 7066005 b 4",
                "4227811 7100721 c 1",
                "5935222 7622114 a 6",
                "6679931 7978835 c 4",
                "7000300 8889895 c 5",
                "8588988 8992343 a 6",
                "7950575 9213895 b 1",
                "8657614 9292783 a 5",
                "4334867 19813388 a 2"
            ]
        );
    }

    #[test]
    fn delays_values_and_keys_do_not_shift_each_other() {
        let sorted = |settings: &[&str], part: std::ops::Range<usize>| {
            let stream = stream(settings);
            let mut all: Vec<Vec<String>> =
                lines(&stream).iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect();
            all.sort_by_key(|words| words[0].parse::<i64>().unwrap());
            all.iter().map(|words| words[part.clone()].join(" ")).collect::<Vec<_>>()
        };
        let plain = ["faults=[]"];
        let delayed = ["faults=[]", "delay=Uniform(min: 0s, max: 1min)"];
        let valued = ["faults=[]", "values=Uniform(min: 0, max: 1)"];
        let keyed = ["faults=[]", "keys.count=100"];
        let faster = ["faults=[]", "source.rate=2"];
        assert!(!sorted(&plain, 0..4).is_empty());
        assert_eq!(sorted(&plain, 2..4), sorted(&delayed, 2..4));
        assert_eq!(sorted(&plain, 0..1), sorted(&delayed, 0..1));
        assert_eq!(sorted(&plain, 0..3), sorted(&valued, 0..3));
        assert_eq!(sorted(&plain, 0..2), sorted(&keyed, 0..2));
        let values = sorted(&plain, 2..4);
        assert_eq!(values, sorted(&faster, 2..4)[..values.len()]);
    }

    #[test]
    fn partitions_are_given_without_dealing_anything_else_anew() {
        let places = |settings: &[&str]| {
            let stream = stream(settings);
            let places: Vec<u32> =
                (0..stream.len()).map(|i| stream.partition(RecordId(u32::try_from(i).unwrap())).0).collect();
            (lines(&stream), stream.partitions(), places)
        };
        let (plain, one, none) = places(&["faults=[]"]);
        assert_eq!((one, none), (1, vec![0; plain.len()]));
        // The hashes of "a", "b" and "c" modulo 4 are 0, 0 and 2.
        let (lines, count, hashed) = places(&["faults=[]", "partitions=4"]);
        assert_eq!((&lines, count), (&plain, 4));
        let expected: Vec<u32> = lines.iter().map(|line| if line.contains(" c ") { 2 } else { 0 }).collect();
        assert_eq!(hashed, expected);
        let silent = "partitioner=explicit(keys: [(key: \"a\", partition: 2)], others: to(0))";
        let (lines, count, explicit) = places(&["faults=[]", "partitions=4", silent]);
        let expected: Vec<u32> = lines.iter().map(|line| if line.contains(" a ") { 2 } else { 0 }).collect();
        assert_eq!((&lines, count, explicit), (&plain, 4, expected));
        let (lines, count, mut round) = places(&["faults=[]", "partitions=4", "partitioner=round-robin"]);
        round.sort_unstable();
        let dealt: Vec<u32> =
            (0..4).flat_map(|place| vec![place; (lines.len() - place as usize).div_ceil(4)]).collect();
        assert_eq!((&lines, count, round), (&plain, 4, dealt));
    }

    #[test]
    fn keys_have_the_frequencies_of_zipf() {
        let settings = ["source.rate=10000", "keys=zipf(count: 50, exponent: 1.2)", "faults=[]"];
        let stream = stream(&settings);
        let total = stream.len() as f64;
        // The generalised harmonic number, added from the small end by its definition.
        let harmonic: f64 = (1..=50).rev().map(|rank| f64::from(rank).powf(-1.2)).sum();
        for rank in 1..=50_u32 {
            let key = stream.key_table().find(&format!("k{rank}")).expect("every key occurs");
            let seen = stream.keys().iter().filter(|&&k| k == key).count() as f64;
            let share = f64::from(rank).powf(-1.2) / harmonic;
            let deviation = (total * share * (1.0 - share)).sqrt();
            assert!((seen - total * share).abs() < 5.0 * deviation, "{rank}: {seen} of {total}, not {share}");
        }
    }

    #[test]
    fn values_and_delays_have_the_moments_of_their_distribution() {
        let settings = ["source.rate=10000", "values=integers(min: -3, max: 8)", "faults=[]"];
        let stream = stream(&settings);
        let mean = stream.values().iter().sum::<f64>() / stream.len() as f64;
        // Variance of 12 equally likely neighbours: (12^2 - 1) / 12.
        let tolerance = 5.0 * (143.0_f64 / 12.0).sqrt() / (stream.len() as f64).sqrt();
        assert!((mean - 2.5).abs() < tolerance, "{mean}");
        assert!(stream.values().iter().all(|value| (-3.0..=8.0).contains(value) && value.fract() == 0.0));
        // P(delay <= 1 s): 3/4 of 1/2 (the median), and 1/4 of 1 - 0.5^1.5.
        let within = (0..stream.len())
            .filter(|&i| stream.delay(RecordId(u32::try_from(i).unwrap())) <= crate::time::Span::from_secs(1));
        let share = within.count() as f64 / stream.len() as f64;
        assert!((share - 0.536_612).abs() < 0.008, "{share}");
    }

    #[test]
    fn keys_are_numbered_by_rank_and_only_those_that_occur() {
        let stream = stream(&["keys=zipf(count: 1000, exponent: 0)", "faults=[]"]);
        let ranks: Vec<u32> = stream.key_table().names().map(|name| name[1..].parse().unwrap()).collect();
        assert!(ranks.is_sorted() && !ranks.is_empty() && ranks.len() <= stream.len(), "{ranks:?}");
    }

    #[test]
    fn what_cannot_be_generated_is_said_in_words() {
        let mut scenario = parse(SMALL, "small").unwrap();
        scenario.duration = crate::time::Span::from_secs(1 << 40);
        let message = generate(&scenario).unwrap_err().to_string();
        assert!(message.contains("source.rate: 1 per second over"), "{message}");
        assert!(message.contains("would make about 1,099,511,627,776 records; the limit is 20,000,000"), "{message}");
        scenario.source = SourceSpec::Recording(crate::scenario::RecordingSpec::default());
        assert_eq!(generate(&scenario), Err(GenerateError::Recording));
    }
}
