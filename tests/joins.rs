//! Joins against every pair looked at by hand: random streams, brute force over all records that were
//! not late; and a copy restored at a random step goes on as if nothing had happened.

use highwater::join::table::Enriched;
use highwater::join::{Admission, IntervalJoin, Pair, Side, TableJoin, WindowJoin};
use highwater::pipeline::WindowSpec;
use highwater::record::{KeyId, Record, RecordId};
use highwater::state::{ExpiringMap, StateTtl, TtlUpdate};
use highwater::time::{EventTime, ProcTime, Span};
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
        let mut join = TableJoin::new(None);
        let now = ProcTime::EPOCH;
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
                join.on_change(KeyId(key), EventTime::from_micros(t), row(i), now)
            };
            prop_assert_eq!(admission == Admission::Late, t < met[i]);
            join.on_watermark(EventTime::from_micros(met[i + 1]), now, &mut joined);
        }
        join.on_watermark(EventTime::MAX, now, &mut joined);
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

    #[test]
    fn rows_expire_when_nobody_has_touched_them(
        input in inputs(),
        waits in prop::collection::vec(0_i64..4, 60),
        time_to_live in 1_i64..30,
        on_read in any::<bool>(),
        cut in 0_usize..60,
    ) {
        let ttl = ttl(time_to_live, on_read);
        let mut join = TableJoin::new(Some(ttl));
        let (met, mut found) = (watermarks(&input), Vec::new());
        // All that ever happened: changes that were not late, and per key when its row was touched last.
        let mut changes: Vec<(u32, i64, f64, usize)> = Vec::new();
        let mut touched: Vec<Option<i64>> = vec![None; 3];
        let mut waiting: Vec<(i64, usize, u32)> = Vec::new();
        let mut expected: Vec<(u32, Option<f64>)> = Vec::new();
        let mut now = 0;
        for (i, &(is_record, t, key)) in input.iter().enumerate() {
            now += waits[i];
            let at = ProcTime::from_micros(now);
            if i == cut {
                join = through_text(&join);
            }
            // A row that has expired is gone with all its changes.
            let is_expired = |touched: &[Option<i64>], key: u32| {
                touched[key as usize].is_none_or(|touched| touched + time_to_live <= now)
            };
            if is_record {
                join.on_record(record(i, t, key));
                waiting.extend((t >= met[i]).then_some((t, i, key)));
            } else {
                join.on_change(KeyId(key), EventTime::from_micros(t), Some(i as f64), at);
                if t >= met[i] {
                    if is_expired(&touched, key) {
                        changes.retain(|change| change.0 != key);
                    }
                    changes.push((key, t, i as f64, i));
                    touched[key as usize] = Some(now);
                }
            }
            let mut joined = Vec::new();
            join.on_watermark(EventTime::from_micros(met[i + 1]), at, &mut joined);
            found.extend(joined.iter().map(|e| (e.record.id.0, e.row)));
            waiting.sort_unstable();
            let due = waiting.partition_point(|&(t, ..)| t < met[i + 1]);
            for (t, i, key) in waiting.drain(..due) {
                let is_gone = is_expired(&touched, key);
                if on_read && !is_gone {
                    touched[key as usize] = Some(now);
                }
                let valid = changes.iter().filter(|change| change.0 == key && change.1 <= t && !is_gone);
                let row = valid.max_by_key(|change| (change.1, change.3)).map(|change| change.2);
                expected.push((i as u32, row));
            }
            // Whether memory is freed now or later shows in no answer.
            if i.is_multiple_of(7) {
                join.sweep(at);
            }
            prop_assert!(join.next_expiry().is_none_or(|next| next > at || !i.is_multiple_of(7)));
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn an_expiring_map_is_a_map_of_what_was_touched_of_late(
        steps in prop::collection::vec((0_u8..5, 0_u32..4, 0_i64..5), 0..80),
        time_to_live in 1_i64..20,
        on_read in any::<bool>(),
        cut in 0_usize..80,
    ) {
        let mut map: ExpiringMap<u32, i64> = ExpiringMap::new(Some(ttl(time_to_live, on_read)));
        let mut naive: Vec<(u32, i64, i64)> = Vec::new();
        let mut now = 0;
        for (i, &(kind, key, wait)) in steps.iter().enumerate() {
            now += wait;
            if i == cut {
                map = through_text(&map);
            }
            naive.retain(|&(_, _, touched)| touched + time_to_live > now);
            let at = ProcTime::from_micros(now);
            let found = naive.iter_mut().find(|(naive_key, ..)| *naive_key == key);
            match kind {
                0 | 1 => {
                    let read = map.read(&key, at).copied();
                    prop_assert_eq!(read, found.as_ref().map(|(_, value, _)| *value));
                    if let Some(entry) = found.filter(|_| on_read) {
                        entry.2 = now;
                    }
                }
                2 => {
                    *map.write(&key, at) += 1;
                    match found {
                        Some(entry) => *entry = (key, entry.1 + 1, now),
                        None => naive.push((key, 1, now)),
                    }
                }
                3 => {
                    map.sweep(at);
                    prop_assert_eq!(map.len(), naive.len());
                    let next = naive.iter().map(|(_, _, touched)| touched + time_to_live).min();
                    prop_assert_eq!(map.next_expiry(), next.map(ProcTime::from_micros));
                }
                _ => {
                    map.remove(&key);
                    naive.retain(|&(naive_key, ..)| naive_key != key);
                }
            }
        }
    }
}

fn ttl(time_to_live: i64, on_read: bool) -> StateTtl {
    let update = if on_read { TtlUpdate::OnReadAndWrite } else { TtlUpdate::OnCreateAndWrite };
    StateTtl { time_to_live: Span::from_micros(time_to_live), update }
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

    let mut table = TableJoin::new(None);
    let now = ProcTime::EPOCH;
    for t in 0..100 {
        table.on_change(KeyId(0), at(t), Some(t as f64), now);
        table.on_watermark(at(t), now, &mut Vec::new());
        assert!(table.kept() <= 2, "{} versions", table.kept());
    }
    assert_eq!(table.final_up_to(), at(98));
}
