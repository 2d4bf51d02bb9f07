//! Groups whose members fall silent, stall, leave and join at random, judged by rules of their own: every
//! record has a fate and is counted at least once, windows count every copy, nobody reads what is not
//! theirs, watermarks never go back, and a run that is restored goes on as it did.

use std::sync::Arc;

use highwater::group::{Assignor, GroupSpec};
use highwater::log::{LogRules, LogSpec};
use highwater::pipeline::{AtEnd, Emit, Overflow, Pipeline, Tasks, WatermarkOptions, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, KeyTable, PartitionId, RecordId, Row, Stream};
use highwater::runtime::{Fate, PauseReason, RunConfig, Simulation, TaskId, Trace, run_with_keyframes};
use highwater::scenario::Fault;
use highwater::time::{EventTime, ProcTime, Span};
use proptest::prelude::*;

const TASKS: u32 = 4;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

/// (event time, key, microseconds since the arrival before, partition).
type Input = Vec<(i64, u32, i64, u32)>;

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for key in 0..8 {
        keys.intern(&format!("key {key}"));
    }
    let mut arrival = 0;
    let rows = input.iter().map(|&(t, key, after, partition)| {
        arrival += after;
        Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(arrival),
            key: KeyId(key),
            value: 1.0,
            partition: PartitionId(partition),
        }
    });
    Arc::new(Stream::from_rows(rows.collect(), keys))
}

fn groups() -> impl Strategy<Value = GroupSpec> {
    let assignors = vec![Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];
    let times = (1_i64..15, 1_i64..30, 0_i64..20, 0_i64..5, 0_i64..5, 1_i64..40, 1_i64..30);
    (prop::sample::select(assignors), times).prop_map(
        |(assignor, (beat, session, initial, join, sync, poll, commit))| GroupSpec {
            assignor,
            heartbeat_interval: span(beat),
            session_timeout: span(beat + session),
            max_poll_interval: span(beat + join + poll),
            initial_delay: span(initial),
            join_time: span(join),
            sync_time: span(sync),
            commit_interval: span(commit),
        },
    )
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let stretch = (0..TASKS, 0_i64..250, 1_i64..80);
    let fault = prop_oneof![
        3 => stretch.clone().prop_map(|(task, from, lasts)| Fault::MemberSilent {
            task,
            from: span(from),
            until: span(from + lasts)
        }),
        2 => stretch.prop_map(|(task, from, lasts)| Fault::MemberStalls {
            task,
            from: span(from),
            until: span(from + lasts)
        }),
        1 => (0..TASKS, 0_i64..250).prop_map(|(task, at)| Fault::MemberLeaves { task, at: span(at) }),
        1 => (0..TASKS, 0_i64..250).prop_map(|(task, at)| Fault::MemberJoins { task, at: span(at) }),
    ];
    prop::collection::vec(fault, 0..8)
}

fn pipelines() -> impl Strategy<Value = Pipeline> {
    let times = (0_i64..3, 0_i64..4, 0_i64..3, 1_u32..3, 1_u32..4);
    let emit = prop_oneof![Just(Emit::PerRecord), (1_i64..20).prop_map(|it| Emit::Periodic { interval: span(it) })];
    (groups(), times, 1_u32..4, 1_u32..3, any::<bool>(), (1_i64..30, 0_i64..500, emit)).prop_map(
        |(group, (source, service, sink, sink_capacity, capacity), windows, salts, is_unbounded, rest)| {
            let (size, bound, emit) = rest;
            let overflow = if is_unbounded { Overflow::Unbounded } else { Overflow::Block };
            Pipeline {
                watermark: WatermarkSpec::Bounded { bound: span(bound) },
                watermark_options: WatermarkOptions { emit, ..WatermarkOptions::default() },
                window: WindowSpec::Tumbling { size: span(size), offset: span(0) },
                at_end: AtEnd::Flush,
                service_time: span(service),
                queue_capacity: capacity,
                tasks: Tasks {
                    sources: TASKS,
                    windows,
                    salts,
                    source_time: span(source),
                    sink_time: span(sink),
                    sink_capacity,
                    overflow,
                    ..Tasks::default()
                },
                group: Some(group),
                ..Pipeline::default()
            }
        },
    )
}

/// Every copy of a record that a window task handled or was to handle: the record, its reader, when it was
/// sent, and what became of it.
fn copies(trace: &Trace) -> Vec<(RecordId, u16, ProcTime, Fate)> {
    assert_eq!(trace.readers.len(), trace.stream.len());
    let first = (0..trace.stream.len())
        .map(|place| (RecordId(place as u32), trace.readers[place], trace.enqueued[place], trace.fates[place]));
    let again = trace.repeats.iter().map(|repeat| (repeat.record, repeat.source, repeat.enqueued_at, repeat.fate));
    first.chain(again).filter(|copy| copy.1 != TaskId::NO_TASK).collect()
}

/// Between two instants, who had a partition.
fn tenures(trace: &Trace) -> Vec<(PartitionId, u16, ProcTime, ProcTime)> {
    let mut found = Vec::new();
    for partition in (0..trace.stream.partitions() as u32).map(PartitionId) {
        let mut owner: Option<(u16, ProcTime)> = None;
        for step in trace.owners.iter().filter(|step| step.partition == partition) {
            match (owner, step.owner) {
                (Some((task, from)), None) => {
                    found.push((partition, task, from, step.at));
                    owner = None;
                }
                (None, Some(task)) => owner = Some((task, step.at)),
                (None, None) if step.at == ProcTime::MIN => {}
                same => panic!("{partition:?} at {}: {same:?}", step.at),
            }
        }
        found.extend(owner.map(|(task, from)| (partition, task, from, ProcTime::MAX)));
    }
    found
}

fn check_owners(trace: &Trace) {
    let tenures = tenures(trace);
    // With work to do on a record, a member sends it on after it has lost the partition.
    if trace.pipeline.tasks.source_time > Span::ZERO {
        return;
    }
    for (record, reader, at, _) in copies(trace) {
        let partition = trace.stream.partition(record);
        let is_own = |&(of, task, from, until): &(PartitionId, u16, ProcTime, ProcTime)| {
            of == partition && task == reader && from <= at && at <= until
        };
        assert!(tenures.iter().any(is_own), "{record:?} of {partition:?} by {reader} at {at}");
        let in_pause = trace.pauses.iter().find(|it| it.partition == partition && it.from < at && at < it.until);
        assert_eq!(in_pause, None, "{record:?} at {at}");
    }
}

fn check_counts(trace: &Trace) {
    let duplicates = trace.repeats.iter().filter(|repeat| repeat.fate == Fate::Counted).count() as u64;
    let ledger = trace.ledger;
    assert_eq!(ledger.duplicated, duplicates);
    assert!(ledger.balances());
    assert_eq!(ledger.produced, ledger.counted + ledger.dropped_late + ledger.lost + ledger.in_flight);
    // Tumbling windows: every copy that counts is in one window.
    let in_windows: u64 = trace.windows.iter().map(|window| window.summary.count).sum();
    assert_eq!(in_windows, ledger.counted + duplicates);
    for pair in trace.watermarks.windows(2) {
        assert!(pair[0].at <= pair[1].at && pair[0].watermark < pair[1].watermark);
    }
    for task in 0..trace.pipeline.tasks.windows as u16 {
        let steps: Vec<EventTime> =
            trace.task_watermarks.iter().filter(|step| step.task == task).map(|step| step.watermark).collect();
        assert!(steps.is_sorted(), "{steps:?}");
    }
}

/// Whether anybody loses partitions without having committed.
fn is_orderly(faults: &[Fault]) -> bool {
    !faults.iter().any(|fault| matches!(fault, Fault::MemberSilent { .. } | Fault::MemberStalls { .. }))
}

/// Logs that keep records for a while only, or hand out so much.
fn logs() -> impl Strategy<Value = LogRules> {
    let some = |limit| prop::option::of(limit);
    (some(5_i64..100), some(1_i64..20), some(1_i64..20)).prop_map(|(age, records, reads)| {
        let spec = LogSpec {
            retention_age: age.map(span),
            retention_records: records.map(|records| records as u64),
            reads_per_s: reads.map(|reads| 1_000_000 / reads as u64),
            ..LogSpec::default()
        };
        spec.rules()
    })
}

/// Restores the run at this share of it, runs it to the end, and compares.
fn check_restore(stream: &Arc<Stream>, config: &RunConfig, trace: &Trace, share: f64) {
    let (again, keyframes) = run_with_keyframes(stream, config);
    assert_eq!(again.hash_hex(), trace.hash_hex());
    let (first, last) = trace.span().expect("records");
    let at = first + span(((last - first).micros() as f64 * share) as i64);
    let mut restored = keyframes.restore(trace, at);
    assert!(restored.now() <= at);
    while restored.step() {}
    assert_eq!(restored.into_trace().hash_hex(), trace.hash_hex());
}

/// Nobody is missing at the end: what is out is back, and nobody has left.
fn all_come_back(faults: &[Fault]) -> bool {
    !faults.iter().any(|fault| matches!(fault, Fault::MemberLeaves { .. } | Fault::MemberJoins { .. }))
}

fn run(stream: &Arc<Stream>, config: &RunConfig) -> Trace {
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    let mut steps = 0;
    while simulation.step() {
        assert!(simulation.ledger().balances());
        steps += 1;
        assert!(steps < 100_000, "it comes to no end");
    }
    simulation.into_trace()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn groups_keep_their_rules_whatever_happens_to_their_members(
        input in prop::collection::vec((-60_i64..300, 0_u32..8, 0_i64..9, 0..7_u32), 1..60),
        pipeline in pipelines(),
        faults in faults(),
        share in 0.0_f64..1.0,
    ) {
        prop_assert_eq!(pipeline.problems(), []);
        let stream = stream(&input);
        let config = RunConfig { faults: faults.clone(), ..RunConfig::plain(pipeline) };
        let trace = run(&stream, &config);
        check_counts(&trace);
        check_owners(&trace);
        if all_come_back(&faults) {
            prop_assert_eq!(trace.ledger.in_flight, 0, "somebody reads everything");
        }
        if config.pipeline.watermark.bound() >= span(400) {
            prop_assert_eq!(trace.ledger.dropped_late, 0);
        }
        if faults.is_empty() {
            prop_assert_eq!(trace.repeats.len() + trace.rebalances.len() + trace.pauses.len(), 0);
        }
        let is_open = |pause: &&highwater::runtime::Pause| pause.reason == PauseReason::Rebalance;
        prop_assert!(trace.pauses.iter().filter(is_open).all(|pause| pause.from <= pause.until));
        if is_orderly(&faults) {
            prop_assert_eq!(trace.repeats.len(), 0, "who gives up commits");
        }
        check_restore(&stream, &config, &trace, share);
    }

    #[test]
    fn copies_are_not_lost_records_where_the_log_forgets_or_hands_out_little(
        input in prop::collection::vec((-60_i64..300, 0_u32..8, 0_i64..9, 0..7_u32), 1..60),
        pipeline in pipelines(),
        faults in faults(),
        log in logs(),
        share in 0.0_f64..1.0,
    ) {
        let stream = stream(&input);
        let config = RunConfig { faults, log, ..RunConfig::plain(pipeline) };
        let trace = run(&stream, &config);
        check_counts(&trace);
        prop_assert!(trace.repeats.iter().all(|repeat| repeat.fate != Fate::Lost));
        check_restore(&stream, &config, &trace, share);
    }
}

#[test]
fn storms_of_the_kind_drawn_here_do_repeat_and_do_move() {
    let input: Input = (0..200).map(|i| (i64::from(i), i % 8, 1, i % 7)).collect();
    let stream = stream(&input);
    let group = GroupSpec {
        assignor: Assignor::CooperativeSticky,
        heartbeat_interval: span(5),
        session_timeout: span(20),
        max_poll_interval: span(30),
        initial_delay: span(0),
        join_time: span(1),
        sync_time: span(1),
        commit_interval: span(10),
    };
    let pipeline = Pipeline {
        tasks: Tasks { sources: TASKS, ..Tasks::default() },
        group: Some(group),
        watermark: WatermarkSpec::Bounded { bound: span(500) },
        at_end: AtEnd::Flush,
        ..Pipeline::default()
    };
    let faults = vec![Fault::MemberSilent { task: 0, from: span(55), until: span(120) }];
    let trace = run(&stream, &RunConfig { faults, ..RunConfig::plain(pipeline) });
    check_counts(&trace);
    check_owners(&trace);
    // From the commit at 50 µs to just before 55 µs: of the five records then, those of its two partitions.
    let own = tenures(&trace).into_iter().filter(|&(_, task, from, _)| task == 0 && from == ProcTime::MIN);
    let own: Vec<PartitionId> = own.map(|(partition, ..)| partition).collect();
    assert_eq!(own.len(), 2);
    let mut again: Vec<i64> =
        trace.repeats.iter().map(|it| trace.stream.arrivals()[it.record.index()].micros()).collect();
    again.sort_unstable();
    let expected = (50_i64..55).filter(|arrival| own.contains(&PartitionId(((arrival - 1) % 7) as u32)));
    assert_eq!(again, expected.collect::<Vec<i64>>());
    assert!(trace.rebalances.len() >= 2);
}
