//! The second stream of a join: made from the seed with draws of its own, written out, or what comes of
//! the first stream's records.

use crate::record::{PartitionId, Record, Row, Stream};
use crate::rng::Seed;
use crate::scenario::join::{Following, JoinWith};
use crate::scenario::{Scenario, SourceSpec};
use crate::source::delays::Sampler;
use crate::source::{GenerateError, generate_first, value};

/// Keeps the draws of the second stream apart from those of the first: the same names under another
/// seed. (The fractional part of the golden ratio, as in other generators that split.)
const SECOND: u64 = 0x9E37_79B9_7F4A_7C15;

/// The second stream of a scenario with a join; empty without one.
///
/// # Errors
/// When it is a recording, which is read from a file, or [`Scenario::problems`] is not empty.
pub fn generate_second(scenario: &Scenario, first: &Stream) -> Result<Stream, GenerateError> {
    let Some(join) = &scenario.join else { return Ok(Stream::default()) };
    let seed = scenario.seed.wrapping_add(SECOND);
    match &join.with {
        JoinWith::Synthetic(source) => {
            let source = SourceSpec::Synthetic((**source).clone());
            let alone =
                Scenario { seed, source, join: None, faults: Vec::new(), by_hand: Vec::new(), ..scenario.clone() };
            generate_first(&alone)
        }
        JoinWith::Records(source) => source.stream().map_err(GenerateError::Problems),
        JoinWith::Following(following) => Ok(follow(following, first, Seed::new(seed))),
        JoinWith::Recording(_) => Err(GenerateError::Recording),
    }
}

/// What comes of the records of a stream. Draws are taken in the order in which these happened, so
/// that other delays of the first stream leave the second one as it is. Nothing comes of what was put in by
/// hand.
fn follow(following: &Following, first: &Stream, seed: Seed) -> Stream {
    let made = |record: &Record| !first.production().is_by_hand(record.id);
    let mut order: Vec<_> = first.records().filter(made).collect();
    order.sort_by_key(|record| (record.event_time, record.id));
    let (mut share, mut repeats, mut values) =
        (seed.stream("following share"), seed.stream("following repeats"), seed.stream("following value"));
    let mut after = Sampler::named(&following.after, seed, "following after");
    let mut delay = Sampler::named(&following.delay, seed, "following delay");
    let mut rows = Vec::new();
    for record in order {
        // Every record takes every draw, so that a change of one share moves no other.
        let comes = share.unit() < following.share;
        let same = repeats.unit() < following.repeats;
        let other = value(&following.values, &mut values);
        let event_time = record.event_time + after.draw();
        let arrival = event_time.on_proc_clock() + delay.draw();
        if comes {
            let value = if same { record.value } else { other };
            rows.push(Row { event_time, arrival, key: record.key, value, partition: PartitionId::default() });
        }
    }
    Stream::from_rows(rows, first.key_table().clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;
    use crate::scenario::set::apply;
    use crate::source::generate_first;
    use crate::time::Span;

    const SCENARIO: &str = r#"(
        title: "x",
        source: Synthetic(rate: 5, keys: Uniform(count: 50), values: Integers(min: 0, max: 1)),
        join: (
            kind: Interval(lower: "0s", upper: "1min"),
            with: Following(
                share: 0.5, after: Constant(delay: "10s"), delay: Constant(delay: "3s"), repeats: 0.75,
                values: Constant(9),
            ),
        ),
    )"#;

    fn both(settings: &[&str]) -> (Stream, Stream) {
        let mut scenario = parse(SCENARIO, "x").expect("it reads");
        apply(&mut scenario, settings).expect("the settings are in their limits");
        let first = generate_first(&scenario).expect("a synthetic source");
        let second = generate_second(&scenario, &first).expect("a second stream");
        (first, second)
    }

    #[test]
    fn what_follows_has_the_key_of_a_record_some_time_after_it() {
        let (first, second) = both(&[]);
        let half = first.len() as f64 / 2.0;
        assert!((second.len() as f64 - half).abs() < 5.0 * (half / 2.0).sqrt(), "{} of {}", second.len(), first.len());
        let mut repeated = 0;
        for (record, &arrival) in second.records().zip(second.arrivals()) {
            let happened = record.event_time - Span::from_secs(10);
            let of = first.records().find(|of| of.event_time == happened && of.key == record.key);
            let of = of.expect("the record that it comes of");
            assert_eq!(arrival, record.event_time.on_proc_clock() + Span::from_secs(3));
            assert!(record.value == of.value || record.value == 9.0);
            repeated += usize::from(record.value == of.value);
        }
        let share = repeated as f64 / second.len() as f64;
        assert!((share - 0.75).abs() < 0.05, "{share}");
    }

    #[test]
    fn more_of_them_leave_the_others_as_they_are() {
        let (_, some) = both(&["source.delay=constant(delay: 20s)"]);
        let (_, more) = both(&["join.with.share=0.9"]);
        let all: Vec<_> = more.records().map(|r| (r.event_time, more.key_table().name(r.key).to_owned())).collect();
        assert!(some.len() < more.len());
        for record in some.records() {
            assert!(all.contains(&(record.event_time, some.key_table().name(record.key).to_owned())));
        }
    }

    #[test]
    fn a_synthetic_second_stream_has_draws_of_its_own() {
        let (first, second) = both(&["join.with=synthetic(rate: 5, keys: uniform(count: 50))"]);
        assert!(second.len() > 100);
        assert_ne!(first.event_times()[..50], second.event_times()[..50]);
    }
}
