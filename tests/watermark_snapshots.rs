//! A watermark machine that is written out and read back at a random step goes on as if nothing had
//! happened: every later answer is the same.

use highwater::pipeline::{Emit, Marker, WatermarkOptions, WatermarkSpec};
use highwater::record::RecordId;
use highwater::time::{EventTime, ProcTime, Span};
use highwater::watermark::{
    AlignmentGroup, IdleTimer, InputStatus, Rise, Seen, SplitMerge, StatusChange, Surroundings, Tracker, Valve,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Through text and back.
fn restored<T: Serialize + DeserializeOwned>(machine: &T) -> T {
    let text = serde_json::to_string(machine).expect("a snapshot can be written");
    serde_json::from_str(&text).expect("a snapshot can be read")
}

/// Runs `steps` twice from `fresh`, once with a snapshot before the step `cut`; the answers.
fn twice<M, S, A>(fresh: &M, steps: &[S], cut: usize, mut step: impl FnMut(&mut M, &S) -> A) -> (Vec<A>, Vec<A>)
where
    M: Clone + Serialize + DeserializeOwned,
{
    let mut machine = fresh.clone();
    let uninterrupted = steps.iter().map(|it| step(&mut machine, it)).collect();
    machine = fresh.clone();
    let mut interrupted = Vec::new();
    for (i, it) in steps.iter().enumerate() {
        if i == cut {
            machine = restored(&machine);
        }
        interrupted.push(step(&mut machine, it));
    }
    (uninterrupted, interrupted)
}

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

fn instant() -> impl Strategy<Value = EventTime> {
    let edge = prop_oneof![Just(i64::MIN), Just(i64::MAX)];
    prop_oneof![15 => -50_i64..200, 1 => edge].prop_map(EventTime::from_micros)
}

/// Something that happens to one of three inputs.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Watermark(EventTime),
    Idle,
    Active,
    Remove,
    Check,
}

fn happenings() -> impl Strategy<Value = Vec<(usize, Happening)>> {
    let happening = prop_oneof![
        6 => instant().prop_map(Happening::Watermark),
        2 => Just(Happening::Idle),
        2 => Just(Happening::Active),
        1 => Just(Happening::Check),
        1 => Just(Happening::Remove),
    ];
    prop::collection::vec((0_usize..3, happening), 1..60)
}

fn specs() -> impl Strategy<Value = WatermarkSpec> {
    let marker = prop_oneof![(1_u32..5).prop_map(Marker::EveryNth), Just(Marker::ValueEquals(0.5))];
    prop_oneof![
        (0_i64..50).prop_map(|bound| WatermarkSpec::Bounded { bound: span(bound) }),
        marker.prop_map(|marker| WatermarkSpec::Punctuated { marker, bound: span(3) }),
        (0_i64..50).prop_map(|lag| WatermarkSpec::FixedLag { lag: span(lag) }),
        (1_u32..9).prop_map(|sample| WatermarkSpec::Percentile { quantile: 0.75, sample }),
        Just(WatermarkSpec::Adaptive { deviations: 4, min: span(2), max: span(90) }),
        Just(WatermarkSpec::Perfect),
    ]
}

fn options() -> impl Strategy<Value = WatermarkOptions> {
    let emit =
        prop_oneof![Just(Emit::PerRecord), (1_i64..9).prop_map(|every| Emit::Periodic { interval: span(every) })];
    let optional = |range| prop::option::of(Strategy::prop_map(range, span));
    (emit, optional(1_i64..30), optional(0_i64..90), any::<bool>(), optional(0_i64..40)).prop_map(
        |(emit, idle_after, max_future, per_partition, drift)| WatermarkOptions {
            emit,
            idle_after,
            max_future,
            per_partition,
            max_drift: drift.filter(|_| per_partition),
        },
    )
}

/// What a tracker is asked: a record comes and is handled, or comes, or a timer comes up.
type Asked = (u8, usize, i64, i64, i64);

/// Everything that can be seen of a tracker after a step.
type Answer = (Option<Rise>, EventTime, ProcTime, Vec<StatusChange>, [bool; 3], u64);

fn ask(tracker: &mut Tracker, clock: &mut i64, &(kind, partition, after, event_time, value): &Asked) -> Answer {
    *clock += after;
    let now = ProcTime::from_micros(*clock);
    let horizon = now + span(20);
    if kind < 3 {
        tracker.on_arrival(partition, now);
    }
    let mut rise = None;
    if kind != 1 {
        let seen = Seen {
            id: RecordId(*clock as u32),
            event_time: EventTime::from_micros(event_time),
            arrival: now,
            value: value as f64 / 2.0,
            now,
            to_come: EventTime::from_micros(event_time),
        };
        rise = tracker.on_record(partition, &seen);
    }
    let timer = tracker.next_timer(horizon, EventTime::from_micros(event_time + 9));
    if kind == 4 && timer < horizon {
        *clock = timer.micros().max(*clock);
        rise = tracker.on_timer(ProcTime::from_micros(*clock)).or(rise);
    }
    let changes = tracker.take_changes().collect();
    let paused = [0, 1, 2].map(|partition| tracker.is_paused(partition));
    (rise, tracker.current(), timer, changes, paused, tracker.skewed())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn valve(steps in happenings(), cut in 0_usize..60) {
        let (uninterrupted, interrupted) = twice(&Valve::new(3), &steps, cut, |valve, &(channel, happening)| {
            let emitted = match happening {
                Happening::Watermark(watermark) => valve.on_watermark(channel, watermark),
                Happening::Idle => valve.on_status(channel, InputStatus::Idle),
                _ => valve.on_status(channel, InputStatus::Active),
            };
            (emitted, valve.output(), valve.status())
        });
        prop_assert_eq!(uninterrupted, interrupted);
    }

    #[test]
    fn splits(steps in happenings(), cut in 0_usize..60) {
        let (uninterrupted, interrupted) = twice(&SplitMerge::new(3), &steps, cut, |merge, &(split, happening)| {
            let emitted = match happening {
                Happening::Watermark(watermark) => Some(merge.on_watermark(split, watermark)),
                Happening::Idle => Some(merge.on_idle(split)),
                Happening::Check => Some(merge.update()),
                Happening::Active => {
                    merge.note_active(split);
                    None
                }
                Happening::Remove => {
                    merge.remove(split);
                    None
                }
            };
            (emitted, merge.output(), merge.status())
        });
        prop_assert_eq!(uninterrupted, interrupted);
    }

    #[test]
    fn alignment(steps in happenings(), cut in 0_usize..60, drift in 0_i64..60) {
        let fresh = AlignmentGroup::new(3, span(drift));
        let (uninterrupted, interrupted) = twice(&fresh, &steps, cut, |group, &(input, happening)| {
            match happening {
                Happening::Watermark(watermark) => group.report(input, watermark),
                _ => group.report(input, EventTime::MAX),
            }
            (group.combined(), group.max_allowed(), group.paused().collect::<Vec<_>>())
        });
        prop_assert_eq!(uninterrupted, interrupted);
    }

    #[test]
    fn idleness(
        steps in prop::collection::vec((0_i64..40, any::<bool>()), 1..60),
        cut in 0_usize..60,
        timeout in 1_i64..60,
    ) {
        let mut now = 0;
        let fresh = IdleTimer::new(span(timeout));
        let (uninterrupted, interrupted) = twice(&fresh, &steps, cut, |timer, &(after, is_record)| {
            now += after;
            if is_record {
                timer.on_activity();
                return None;
            }
            let check = timer.check(ProcTime::from_micros(now));
            // Both runs use one clock, so instants are compared from now.
            Some((check, timer.next_change() == ProcTime::MAX))
        });
        prop_assert_eq!(uninterrupted, interrupted);
    }

    #[test]
    fn a_tracker_of_any_kind(
        spec in specs(),
        options in options(),
        steps in prop::collection::vec((0_u8..5, 0_usize..3, 0_i64..15, -60_i64..150, 0_i64..4), 1..60),
        cut in 0_usize..60,
    ) {
        let surroundings = Surroundings { partitions: 3, arrivals_span: span(1_000) };
        let fresh = Tracker::new(spec, &options, surroundings);
        let run = |cut: Option<usize>| {
            let (mut tracker, mut clock) = (fresh.clone(), 0);
            let mut answers = Vec::new();
            for (i, asked) in steps.iter().enumerate() {
                if cut == Some(i) {
                    tracker = restored(&tracker);
                }
                answers.push(ask(&mut tracker, &mut clock, asked));
            }
            answers
        };
        prop_assert_eq!(run(None), run(Some(cut)));
    }
}
