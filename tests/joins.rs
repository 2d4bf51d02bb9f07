//! Joins against every pair looked at by hand: random streams, brute force over all records that were
//! not late; and a copy restored at a random step goes on as if nothing had happened.

use highwater::join::table::Enriched;
use highwater::join::{Admission, IntervalJoin, Pair, Side, TableJoin, WindowJoin};
use highwater::pipeline::WindowSpec;
use highwater::record::{KeyId, Record, RecordId};
use highwater::time::{EventTime, Span};
use proptest::prelude::*;

/// (is left, event time, key); the watermark after each is the largest event time minus 10.
type Input = Vec<(bool, i64, u32)>;

const BOUND: i64 = 10;

fn inputs() -> impl Strategy<Value = Input> {
    prop::collection::vec((any::<bool>(), -40_i64..40, 0_u32..3), 0..60)
}

fn record(i: usize, t: i64, key: u32) -> Record {
    Record { id: RecordId(i as u32), event_time: EventTime::from_micros(t), key: KeyId(key), value: i as f64 }
}

fn side(is_left: bool) -> Side {
    if is_left { Side::Left } else { Side::Right }
}

/// The watermark that meets each record, and the one after the last.
fn watermarks(input: &Input) -> Vec<i64> {
    let mut met = vec![i64::MIN];
    for &(_, t, _) in input {
        met.push((*met.last().expect("never empty")).max(t - BOUND));
    }
    met
}

fn ids(pairs: &[Pair]) -> Vec<(u32, u32)> {
    let mut ids: Vec<(u32, u32)> = pairs.iter().map(|pair| (pair.left.id.0, pair.right.id.0)).collect();
    ids.sort_unstable();
    ids
}

fn brute_force(
    input: &Input,
    joins: impl Fn(i64, i64) -> usize,
    is_late: impl Fn(i64, i64) -> bool,
) -> Vec<(u32, u32)> {
    let met = watermarks(input);
    let mut pairs = Vec::new();
    for (i, &(left, lt, lkey)) in input.iter().enumerate() {
        for (j, &(right, rt, rkey)) in input.iter().enumerate() {
            if left && !right && lkey == rkey && !is_late(lt, met[i]) && !is_late(rt, met[j]) {
                pairs.extend(std::iter::repeat_n((i as u32, j as u32), joins(lt, rt)));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

fn through_text<T: serde::Serialize + serde::de::DeserializeOwned>(state: &T) -> T {
    ron::from_str(&ron::to_string(state).expect("it writes")).expect("it reads")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn interval_joins_equal_brute_force(input in inputs(), lower in -15_i64..15, width in 0_i64..20) {
        let upper = lower + width;
        let span = Span::from_micros;
        let mut join = IntervalJoin::new(span(lower), span(upper)).expect("an interval");
        let (met, mut pairs) = (watermarks(&input), Vec::new());
        for (i, &(left, t, key)) in input.iter().enumerate() {
            let admission = join.on_record(side(left), record(i, t, key), &mut pairs);
            prop_assert_eq!(admission == Admission::Late, t < met[i]);
            join.on_watermark(EventTime::from_micros(met[i + 1]));
        }
        let expected = brute_force(&input, |l, r| usize::from(l + lower <= r && r <= l + upper), |t, w| t < w);
        prop_assert_eq!(ids(&pairs), expected);
        prop_assert!(pairs.iter().all(|p| p.event_time == p.left.event_time.max(p.right.event_time)));
        join.on_watermark(EventTime::MAX - Span::ZERO);
        prop_assert_eq!(join.kept(), 0);
    }

    #[test]
    fn window_joins_equal_brute_force(input in inputs(), size in 1_i64..20, slide in 1_i64..20, cut in 0_usize..60) {
        let span = Span::from_micros;
        let spec = WindowSpec::Sliding { size: span(size), slide: span(slide), offset: Span::ZERO };
        let mut join = WindowJoin::new(spec).expect("windows that end");
        let (met, mut pairs) = (watermarks(&input), Vec::new());
        for (i, &(left, t, key)) in input.iter().enumerate() {
            if i == cut {
                join = through_text(&join);
            }
            join.on_record(side(left), record(i, t, key));
            join.on_watermark(EventTime::from_micros(met[i + 1]), &mut pairs);
        }
        join.on_watermark(EventTime::MAX, &mut pairs);
        prop_assert_eq!(join.kept(), 0);
        // A window holds both when it holds each and had not ended when either came.
        let mut expected = Vec::new();
        for (i, &(left, lt, lkey)) in input.iter().enumerate() {
            for (j, &(right, rt, rkey)) in input.iter().enumerate() {
                let shared = (-100_i64..100)
                    .map(|number| (number * slide, number * slide + size))
                    .filter(|&(start, end)| [lt, rt].iter().all(|&t| start <= t && t < end))
                    .filter(|&(_, end)| end > met[i] && end > met[j])
                    .count();
                if left && !right && lkey == rkey {
                    expected.extend(std::iter::repeat_n((i as u32, j as u32), shared));
                }
            }
        }
        expected.sort_unstable();
        prop_assert_eq!(ids(&pairs), expected);
    }

    #[test]
    fn a_record_joins_the_row_that_was_valid_when_it_happened(input in inputs(), cut in 0_usize..60) {
        let mut join = TableJoin::new();
        let (met, mut joined): (_, Vec<Enriched>) = (watermarks(&input), Vec::new());
        // Rows of every third change are deleted.
        let row = |i: usize| (!i.is_multiple_of(3)).then_some(i as f64);
        for (i, &(is_record, t, key)) in input.iter().enumerate() {
            if i == cut {
                join = through_text(&join);
            }
            let admission = if is_record {
                join.on_record(record(i, t, key))
            } else {
                join.on_change(KeyId(key), EventTime::from_micros(t), row(i))
            };
            prop_assert_eq!(admission == Admission::Late, t < met[i]);
            join.on_watermark(EventTime::from_micros(met[i + 1]), &mut joined);
        }
        join.on_watermark(EventTime::MAX, &mut joined);
        let expected: Vec<(u32, Option<f64>)> = {
            let mut records: Vec<(i64, usize, u32)> = input
                .iter()
                .enumerate()
                .filter(|(i, (is_record, t, _))| *is_record && *t >= met[*i])
                .map(|(i, &(_, t, key))| (t, i, key))
                .collect();
            records.sort_unstable();
            let changes = |key: u32, up_to: i64| {
                let of_key = input.iter().enumerate().filter(|(j, (is_record, t, k))| {
                    !is_record && *k == key && *t <= up_to && *t >= met[*j]
                });
                of_key.map(|(j, &(_, t, _))| (t, j)).max()
            };
            records.into_iter().map(|(t, i, key)| (i as u32, changes(key, t).and_then(|(_, j)| row(j)))).collect()
        };
        let found: Vec<(u32, Option<f64>)> = joined.iter().map(|e| (e.record.id.0, e.row)).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn joins_that_cannot_be_are_refused() {
    assert_eq!(IntervalJoin::new(Span::from_secs(1), Span::ZERO), None);
    assert_eq!(WindowJoin::new(WindowSpec::Session { gap: Span::from_secs(1) }), None);
    assert_eq!(WindowJoin::new(WindowSpec::Global), None);
}

#[test]
fn state_goes_when_nothing_can_need_it() {
    let span = Span::from_micros;
    let at = EventTime::from_micros;
    let mut join = IntervalJoin::new(span(-5), span(10)).expect("an interval");
    let mut pairs = Vec::new();
    join.on_record(Side::Left, record(0, 100, 1), &mut pairs);
    join.on_record(Side::Right, record(1, 100, 2), &mut pairs);
    // The left one can join up to 110, the right one a left record up to 105.
    join.on_watermark(at(105));
    assert_eq!(join.kept(), 2);
    join.on_watermark(at(106));
    assert_eq!(join.kept(), 1);
    join.on_watermark(at(110));
    assert_eq!(join.kept(), 1);
    join.on_watermark(at(111));
    assert_eq!(join.kept(), 0);
    assert_eq!(pairs.len(), 0);

    let mut table = TableJoin::new();
    for t in 0..100 {
        table.on_change(KeyId(0), at(t), Some(t as f64));
        table.on_watermark(at(t), &mut Vec::new());
        assert!(table.kept() <= 2, "{} versions", table.kept());
    }
    assert_eq!(table.final_up_to(), at(98));
}
