//! The schema gate in a run: what every policy does with bad records, to the record and to the instant.

use std::sync::Arc;

use highwater::explain::{Case, Subject, explain};
use highwater::gate::{DeadLetterFailure, Defect, GatePolicy, Poison};
use highwater::metrics::tasks::{TaskMetrics, crash_loops, silence};
use highwater::pipeline::{Gate, Pipeline, RestartStrategy, Tasks, WatermarkSpec, WindowSpec};
use highwater::production::Production;
use highwater::record::{KeyId, KeyTable, PartitionId, RecordId, Row, Stream};
use highwater::runtime::{Fate, Ledger, RunConfig, Simulation, TaskId, Trace, Wait, run, run_with_keyframes};
use highwater::scenario::set::apply;
use highwater::scenario::{Fault, Scenario, parse};
use highwater::source::generate;
use highwater::time::{EventTime, ProcTime, Span};
use proptest::prelude::*;

/// Ten records a second for a minute; those that happen from 10 s to 20 s hold a text for a value.
const BAD_SPELL: &str = r#"(
    title: "x",
    duration: "1min",
    source: Synthetic(start: "1970-01-01", rate: 10, arrivals: Regular),
    pipeline: (
        window: Tumbling(size: "10s"),
        at_end: Flush,
    ),
    faults: [Poison(from: "10s", until: "20s", defect: WrongType("value"))],
)"#;

fn scenario(settings: &[&str]) -> Scenario {
    let mut scenario = parse(BAD_SPELL, "test").unwrap_or_else(|error| panic!("{error}"));
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

/// Runs to the end; the ledger balances at every step.
fn run_checked(stream: &Arc<Stream>, config: &RunConfig) -> Trace {
    let mut simulation = Simulation::new(Arc::clone(stream), config);
    while simulation.step() {
        assert!(simulation.ledger().balances(), "{:?}", simulation.ledger());
    }
    simulation.into_trace()
}

fn run_with(settings: &[&str]) -> Trace {
    let scenario = scenario(settings);
    let stream = Arc::new(generate(&scenario).unwrap_or_else(|error| panic!("{error}")));
    run_checked(&stream, &RunConfig::of(&scenario, &stream))
}

fn at(millis: i64) -> ProcTime {
    ProcTime::from_millis(millis)
}

fn ledger(produced: u64, counted: u64) -> Ledger {
    Ledger { produced, counted, ..Ledger::default() }
}

#[test]
fn rejected_records_are_lost_and_counted_as_rejected() {
    let trace = run_with(&["gate.policy=reject"]);
    assert_eq!(trace.ledger, Ledger { lost: 100, rejected: 100, ..ledger(600, 500) });
    assert!(trace.restarts.is_empty() && trace.waits.is_empty());
    // The window from 10 s to 20 s is empty, and so never opens: five windows of 100 records.
    let counts: Vec<(i64, u64)> =
        trace.panes.iter().map(|pane| (pane.window.start.micros() / 1_000_000, pane.summary.count)).collect();
    assert_eq!(counts, [(0, 100), (20, 100), (30, 100), (40, 100), (50, 100)]);
    // It is the record at 20.0 s that says that the first window is over: bad ones say nothing.
    assert_eq!(trace.panes[0].emitted_at, at(20_000));
}

#[test]
fn dead_letters_are_kept_apart() {
    let trace = run_with(&["gate.policy=dead-letter"]);
    assert_eq!(trace.ledger, Ledger { dead_lettered: 100, ..ledger(600, 500) });
    for place in 0..600 {
        let expected = if (100..200).contains(&place) { Fate::DeadLettered } else { Fate::Counted };
        assert_eq!(trace.fates[place], expected, "{place}");
    }
    let half = run_with(&["gate.policy=dead-letter", "faults.0.share=0.5"]);
    let bad = half.stream.production().poison.len() as u64;
    assert!((30..70).contains(&bad), "{bad}");
    assert_eq!(half.ledger, Ledger { dead_lettered: bad, ..ledger(600, 600 - bad) });
}

#[test]
fn a_crash_loop_never_gets_past_the_record_and_ends_with_the_input() {
    for source_time in ["0s", "1ms"] {
        let work = format!("tasks.source_time={source_time}");
        let trace = run_with(&["pipeline.restart.delay=5s", &work]);
        let takes = if source_time == "0s" { 0 } else { 1 };
        // It crashes at 10 s, and 5 s after the end of the work before; the crash after the last record,
        // which reaches the log at 59.9 s, is its last.
        let crashes: Vec<ProcTime> = trace.restarts.iter().map(|restart| restart.at).collect();
        let expected: Vec<ProcTime> = (0..11).map(|i| at(10_000 + takes + i * (5_000 + takes))).collect();
        assert_eq!(crashes, expected, "{source_time}");
        for (place, restart) in trace.restarts.iter().enumerate() {
            let back_at = (place < 10).then(|| restart.at + Span::from_secs(5));
            assert_eq!((restart.task, restart.back_at), (TaskId::Source(0), back_at));
            assert_eq!(restart.reason.record(), RecordId(100));
        }
        assert_eq!(trace.ledger, Ledger { in_flight: 500, ..ledger(600, 100) });
        // What a failed task has not read is not over: nothing is flushed.
        assert!(trace.panes.is_empty());
        let loops = crash_loops(&trace);
        assert_eq!(loops.len(), 1);
        assert_eq!(
            (loops[0].record, loops[0].crashes, loops[0].until, loops[0].is_down),
            (RecordId(100), 11, None, true)
        );
        // The lag grows by ten records a second.
        assert_eq!(trace.at(at(30_050)).lag(), 201);
    }
}

#[test]
fn attempts_run_out() {
    let trace = run_with(&["pipeline.restart.attempts=3"]);
    let crashes: Vec<(ProcTime, Option<ProcTime>)> = trace.restarts.iter().map(|it| (it.at, it.back_at)).collect();
    let back = |millis| Some(at(millis));
    assert_eq!(
        crashes,
        [(at(10_000), back(11_000)), (at(11_000), back(12_000)), (at(12_000), back(13_000)), (at(13_000), None)]
    );
    let never = run_with(&["pipeline.restart=None"]);
    assert_eq!((never.restarts.len(), never.restarts[0].back_at), (1, None));
    assert_eq!(never.ledger, trace.ledger);
}

#[test]
fn retention_ends_a_crash_loop_and_takes_good_records_with_it() {
    let trace = run_with(&["pipeline.restart.delay=5s", "log.retention_age=8s"]);
    // Crashes at 10 s and 15 s on the record of 10.0 s. At 20 s, 21 records are 8 s old (10.0 to 12.0 s) and
    // gone, and the next one is bad; at 25 s another 50 (12.1 to 17.0 s) are, and the next is bad; at 30 s
    // another 50 (17.1 to 22.0 s), and the next is good. Of the 121, 100 were bad.
    let crashes: Vec<(ProcTime, u32)> = trace.restarts.iter().map(|it| (it.at, it.reason.record().0)).collect();
    assert_eq!(crashes, [(at(10_000), 100), (at(15_000), 100), (at(20_000), 121), (at(25_000), 171)]);
    assert_eq!(trace.ledger, Ledger { lost: 121, ..ledger(600, 479) });
    let loops: Vec<(usize, Option<ProcTime>)> = crash_loops(&trace).iter().map(|it| (it.crashes, it.until)).collect();
    assert_eq!(loops, [(2, Some(at(20_000))), (1, Some(at(25_000))), (1, Some(at(30_000)))]);
}

#[test]
fn dead_letters_that_cannot_be_written_block_the_source_or_are_dropped() {
    let fails = "faults=[Poison(from: 10s, until: 20s, defect: WrongType(\"value\")), \
                 DeadLetterSink(from: 12s, until: 15s)]";
    for source_time in ["0s", "1ms"] {
        let work = format!("tasks.source_time={source_time}");
        let takes = if source_time == "0s" { 0 } else { 1 };
        let trace = run_with(&["gate.policy=dead-letter", fails, &work]);
        assert_eq!(trace.ledger, Ledger { dead_lettered: 100, ..ledger(600, 500) });
        // The first dead letter that cannot be written is that of 12.0 s.
        let wait =
            Wait { task: TaskId::Source(0), on: TaskId::DeadLetters, from: at(12_000 + takes), until: at(15_000) };
        assert_eq!(trace.waits, [wait], "{source_time}");
        assert_eq!(trace.handled[120], at(15_000));
        // At 14.95 s, the records from 12.0 s to 14.9 s wait.
        assert_eq!(trace.at(at(14_950)).lag(), 30);
    }
    let trace = run_with(&["gate.policy=dead-letter", fails, "gate.when_dead_letters_fail=drop"]);
    // Of 12.0 s to 14.9 s.
    assert_eq!(trace.ledger, Ledger { dead_lettered: 70, lost: 30, rejected: 30, ..ledger(600, 500) });
    assert!(trace.waits.is_empty());
}

#[test]
fn the_gate_checks_values_and_versions_and_not_marks() {
    let versions = "gate.versions=[(fields: [(name: \"value\", holds: Integer, min: 0, max: 3)]), \
                    (fields: [(name: \"value\", holds: Integer), (name: \"unit\", holds: Text, required: false)])]";
    let settings = ["gate.policy=dead-letter", versions, "values=integers(min: 1, max: 4)", "gate.reads=1"];
    let with = |faults: &str| {
        let faults = format!("faults={faults}");
        run_with(&[settings[0], settings[1], settings[2], settings[3], &faults])
    };
    // Good records of the right version, too, are refused when their value is out of range.
    let trace = with("[]");
    let fours = trace.stream.values().iter().filter(|&&value| value == 4.0).count() as u64;
    assert!((100..200).contains(&fours), "{fours}");
    assert_eq!(trace.ledger, Ledger { dead_lettered: fours, ..ledger(600, 600 - fours) });
    // A bad value that is in range passes, and so does a missing field that nobody needs.
    assert_eq!(with("[Poison(from: 0s, until: 1min, defect: OutOfRange(2))]").ledger, ledger(600, 600));
    let unit = with("[Poison(from: 0s, until: 1min, defect: MissingField(\"unit\"))]");
    assert_eq!(unit.ledger, trace.ledger);
    // The second version can be read as the first; the third is not there.
    assert_eq!(with("[Poison(from: 0s, until: 1min, defect: Version(2))]").ledger, trace.ledger);
    let third = with("[Poison(from: 0s, until: 1min, defect: Version(3))]");
    assert_eq!(third.ledger, Ledger { dead_lettered: 600, ..ledger(600, 0) });
}

#[test]
fn copies_of_a_bad_record_are_bad() {
    let producers = ["producers.ack_loss=0.3", "producers.idempotent=false", "gate.policy=dead-letter"];
    let trace = run_with(&producers);
    let (from, until) = (EventTime::from_millis(10_000), EventTime::from_millis(20_000));
    let is_bad = |time: &EventTime| (from..until).contains(time);
    let bad = trace.stream.event_times().iter().filter(|time| is_bad(time)).count();
    assert!(bad > 120 && trace.stream.len() > 700, "{bad} of {}", trace.stream.len());
    assert_eq!(trace.ledger.dead_lettered, bad as u64);
    for (place, time) in trace.stream.event_times().iter().enumerate() {
        let id = RecordId(place as u32);
        assert_eq!(trace.stream.production().poison.of(id).is_some(), is_bad(time), "{id:?}");
        assert_eq!(trace.fates[place] == Fate::DeadLettered, is_bad(time), "{id:?}");
    }
}

#[test]
fn one_poisoned_partition_holds_back_the_watermark_of_all() {
    let settings = [
        "source.partitions=2",
        "source.partitioner=round-robin",
        "tasks.sources=2",
        "bound=0s",
        "faults=[Poison(partition: 1, from: 10s, until: 11s, defect: MissingField(\"event_time\"))]",
    ];
    let trace = run_with(&settings);
    // Partition 0 is read to the end: 300 records. Of partition 1, the 50 before 10.1 s are.
    assert_eq!(trace.ledger, Ledger { in_flight: 250, ..ledger(600, 350) });
    assert_eq!(trace.watermark_at(ProcTime::MAX), EventTime::from_millis(9_900));
    let metrics = TaskMetrics::of(&trace);
    let poisoned = silence::of_task(&trace, &metrics, TaskId::Source(1), at(30_000));
    assert_eq!(poisoned.word(), "poisoned");
    let partition = silence::of_partition(&trace, &metrics, PartitionId(1), at(30_000));
    assert_eq!(partition, poisoned);
    assert_eq!(silence::of_partition(&trace, &metrics, PartitionId(0), at(30_000)).word(), "held back");
    assert_eq!(silence::of_task(&trace, &metrics, TaskId::Source(1), at(9_000)).word(), "active");
}

#[test]
fn what_happened_to_a_bad_record_is_told() {
    let told = |settings: &[&str], id| {
        let (scenario, trace) = (scenario(settings), run_with(settings));
        let case = Case::new(&scenario, &trace);
        let explanation = explain(&case, Subject::Record(RecordId(id))).expect("a record");
        let steps = explanation.steps.into_iter();
        let steps: Vec<String> =
            steps.map(|step| format!("{} {}, {}", step.at.micros() / 1_000_000, step.title, step.detail)).collect();
        (explanation.title, explanation.prose.to_string(), steps)
    };
    let spell = "10 records with a value of another type, for 10 s".to_owned();
    let happened = ["10 happened, ".to_owned(), "10 reached the log, +0 s".to_owned()];
    let (title, prose, steps) = told(&["gate.policy=dead-letter"], 100);
    assert_eq!(title, "Refused, and a dead letter");
    assert!(prose.contains("the field \"value\" is not a number"), "{prose}");
    let written = "10 to the dead letters, the field \"value\" is not a number".to_owned();
    assert_eq!(steps.iter().filter(|step| !step.starts_with("10 records")).count(), 3, "{steps:?}");
    assert!(steps.contains(&happened[0]) && steps.contains(&happened[1]) && steps.contains(&written), "{steps:?}");
    let (title, prose, steps) = told(&["pipeline.restart.attempts=2"], 100);
    assert_eq!(title, "Poison: its source never gets past it");
    assert!(prose.contains("It crashed on it 3 times"), "{prose}");
    let crashes = [
        "10 source 1 crashed on it, the field \"value\" is not a number".to_owned(),
        "12 source 1 crashed on it, for the 3rd time".to_owned(),
        "12 source 1 was not started again, ".to_owned(),
    ];
    assert!(steps.ends_with(&crashes), "{steps:?}");
    let (title, _, steps) = told(&[], 101);
    assert_eq!(title, "Not handled when the run ended");
    assert_eq!(steps.iter().filter(|step| **step != spell).count(), 2, "{steps:?}");
}

/// (event time, key, microseconds since the arrival before, partition, whether it is bad).
type Input = Vec<(i64, u32, i64, u32, bool)>;

fn stream(input: &Input) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    for key in 0..4 {
        keys.intern(&format!("key {key}"));
    }
    let mut arrival = 0;
    let rows = input.iter().map(|&(t, key, after, partition, _)| {
        arrival += after;
        Row {
            event_time: EventTime::from_micros(t),
            arrival: ProcTime::from_micros(arrival),
            key: KeyId(key),
            value: 1.0,
            partition: PartitionId(partition),
        }
    });
    let bad = (0_u32..).zip(input).filter(|(_, row)| row.4).map(|(place, _)| (RecordId(place), 0));
    let poison = Poison::new(vec![Defect::MissingField("value".to_owned())], bad.collect());
    let production = Production { poison, ..Production::default() };
    Arc::new(Stream::from_rows(rows.collect(), keys).with_production(production))
}

fn restart(strategy: u8, attempts: Option<u32>, delay: Span) -> RestartStrategy {
    match strategy {
        0 => RestartStrategy::FixedDelay { attempts, delay },
        1 => RestartStrategy::ExponentialDelay {
            initial: delay,
            max: delay.times(20),
            multiplier: 2.0,
            jitter: 0.5,
            reset_threshold: delay.times(3),
            attempts,
        },
        _ => RestartStrategy::FailureRate { max_failures: attempts.unwrap_or(1), interval: delay.times(3), delay },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_record_is_accounted_for_and_any_instant_can_be_restored(
        input in prop::collection::vec((-60_i64..60, 0_u32..4, 0_i64..900, 0_u32..4, prop::bool::weighted(0.2)), 1..60),
        (sources, windows, source_time, service) in (1_u32..4, 1_u32..4, 0_i64..300, 0_i64..300),
        (policy, drops, batch) in (0..3_u8, any::<bool>(), prop::option::weighted(0.3, 500_i64..3_000)),
        (from, length, delay) in (0_i64..20_000, 1_i64..20_000, 1_i64..5),
        (strategy, attempts) in (0..3_u8, prop::option::of(0_u32..5)),
        (retention, instant) in (prop::option::of(1_000_i64..9_000), 0_i64..60_000),
    ) {
        let stream = stream(&input);
        let policy = [GatePolicy::Reject, GatePolicy::DeadLetter, GatePolicy::Crash][usize::from(policy)];
        let when_dead_letters_fail = if drops { DeadLetterFailure::Drop } else { DeadLetterFailure::Wait };
        let pipeline = Pipeline {
            gate: Gate { policy, when_dead_letters_fail, ..Gate::default() },
            restart: restart(strategy, attempts, Span::from_millis(delay)),
            watermark: WatermarkSpec::Bounded { bound: Span::from_micros(20) },
            window: WindowSpec::Tumbling { size: Span::from_micros(16), offset: Span::ZERO },
            queue_capacity: 2,
            service_time: Span::from_micros(service),
            tasks: Tasks {
                sources,
                windows,
                source_time: Span::from_micros(source_time),
                micro_batch: batch.map(Span::from_micros),
                ..Tasks::default()
            },
            ..Pipeline::default()
        };
        let (from, until) = (Span::from_micros(from), Span::from_micros(from + length));
        let mut config = RunConfig::plain(pipeline);
        config.faults = vec![Fault::DeadLetterSink { from, until }];
        config.log.retention_age = retention.map(Span::from_micros);
        let trace = run_checked(&stream, &config);
        let bad = input.iter().filter(|row| row.4).count() as u64;
        let Ledger { dead_lettered, rejected, lost, in_flight, .. } = trace.ledger;
        let gone = lost - rejected;
        match policy {
            GatePolicy::Crash => prop_assert_eq!((dead_lettered, rejected), (0, 0)),
            GatePolicy::Reject => prop_assert_eq!(dead_lettered, 0),
            GatePolicy::DeadLetter => prop_assert!(drops || rejected == 0),
        }
        prop_assert!(retention.is_some() || gone == 0);
        prop_assert!(dead_lettered + rejected <= bad && bad <= dead_lettered + rejected + gone + in_flight);
        // Nothing bad is ever counted, and only a crash leaves anything unread.
        for (place, &fate) in trace.fates.iter().enumerate() {
            let is_bad = trace.stream.production().poison.of(RecordId(place as u32)).is_some();
            prop_assert!(!is_bad || !matches!(fate, Fate::Counted | Fate::DroppedLate | Fate::Unassigned));
            prop_assert!(is_bad || !matches!(fate, Fate::Rejected | Fate::DeadLettered));
        }
        prop_assert!(in_flight == 0 || trace.restarts.iter().any(|restart| restart.back_at.is_none()));
        let (kept, keyframes) = run_with_keyframes(&stream, &config);
        prop_assert_eq!(kept.hash_hex(), trace.hash_hex());
        let mut restored = keyframes.restore(&kept, ProcTime::from_micros(instant));
        while restored.step() {}
        let restored = restored.into_trace();
        prop_assert_eq!(&restored.restarts, &trace.restarts);
        prop_assert_eq!(restored.hash_hex(), run(&stream, &config).hash_hex());
    }
}
