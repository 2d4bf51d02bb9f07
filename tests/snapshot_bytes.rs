//! The bytes of snapshots: whole, cut off, changed, of another version or another pipeline. Each is
//! taken or refused with a clear word, and none makes the reader panic.

use highwater::pipeline::{Aggregate, Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, Record, RecordId};
use highwater::state::{KeyGroup, KeyGroups};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::dialect::Dialect;
use highwater::window::operator::{Advance, WindowOperator};
use highwater::window::pane::Pane;
use highwater::window::snapshot::{DecodeError, OperatorSnapshot, RestoreError, SnapshotChanges};
use highwater::window::trigger::TriggerSpec;
use xxhash_rust::xxh3::xxh3_64;

fn span(micros: i64) -> Span {
    Span::from_micros(micros)
}

fn tumbling(size: i64) -> WindowSpec {
    WindowSpec::Tumbling { size: span(size), offset: Span::ZERO }
}

fn session() -> WindowSpec {
    WindowSpec::Session { gap: span(10) }
}

/// A pipeline for every kind of operator.
fn pipelines() -> Vec<Pipeline> {
    let plain = Pipeline {
        window: tumbling(20),
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        allowed_lateness: span(30),
        ..Pipeline::default()
    };
    let sliding = WindowSpec::Sliding { size: span(20), slide: span(6), offset: span(1) };
    let retracting = Accumulation::AccumulatingAndRetracting;
    let delayed = TriggerSpec::AfterProcessingTime { delay: span(4), align: None };
    let early = Some(Box::new(TriggerSpec::Repeatedly(Box::new(delayed))));
    let beam = TriggerSpec::AfterWatermark { early, late: Some(Box::new(TriggerSpec::AfterCount(2))) };
    let continuous = TriggerSpec::ContinuousProcessingTime(span(7));
    let special = |aggregate| Pipeline { aggregate, window: session(), ..plain.clone() };
    vec![
        plain.clone(),
        Pipeline { window: sliding, allowed_lateness: Span::ZERO, ..plain.clone() },
        Pipeline { window: session(), ..plain.clone() },
        Pipeline { trigger: continuous, ..plain.clone() },
        Pipeline { trigger: TriggerSpec::ContinuousEventTime(span(6)), accumulation: retracting, ..plain.clone() },
        special(Aggregate::Distinct),
        special(Aggregate::DistinctApprox),
        special(Aggregate::Quantile(0.5)),
        special(Aggregate::TopK(2)),
        special(Aggregate::Last),
        Pipeline { dialect: Dialect::Beam, trigger: beam, window: session(), ..plain.clone() },
        Pipeline { dialect: Dialect::KafkaStreams, accumulation: retracting, ..plain.clone() },
        Pipeline { dialect: Dialect::AzureStreamAnalytics, allowed_lateness: Span::ZERO, ..plain },
    ]
}

fn record(i: u32) -> Record {
    let event_time = EventTime::from_micros(i64::from(i) + 5 * i64::from(i % 3));
    Record { id: RecordId(i), event_time, key: KeyId(i % 4), value: f64::from(i) }
}

fn handle(operator: &mut WindowOperator, ids: std::ops::Range<u32>) -> Vec<Pane> {
    let mut panes: Vec<Pane> = Vec::new();
    for id in ids {
        let (record, now) = (record(id), ProcTime::from_micros(i64::from(id)));
        operator.on_record(&record, now, &mut panes);
        if id % 3 == 2 {
            let watermark = record.event_time - span(5);
            operator.on_watermark(&Advance { watermark, now, cause: Some(record.id) }, &mut panes);
        }
    }
    panes
}

/// The operator after 40 records.
fn filled(pipeline: &Pipeline) -> WindowOperator {
    assert_eq!(pipeline.problems(), []);
    let mut operator = WindowOperator::new(pipeline);
    handle(&mut operator, 0..40);
    assert!(operator.kept() > 0);
    operator
}

fn refusal(result: Result<WindowOperator, RestoreError>) -> String {
    result.map(|_| "nothing was refused").expect_err("it is refused").to_string()
}

#[test]
fn damage_of_any_byte_is_found() {
    for pipeline in pipelines() {
        let snapshot = filled(&pipeline).snapshot();
        let bytes = snapshot.to_bytes();
        assert_eq!(OperatorSnapshot::from_bytes(&bytes).as_ref(), Ok(&snapshot));
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1 << (place % 8);
            let error = OperatorSnapshot::from_bytes(&changed).expect_err("a changed byte");
            let is_told = match place {
                0..4 => error == DecodeError::NotASnapshot,
                4..6 => matches!(error, DecodeError::OtherVersion { known: 1, .. }),
                _ => matches!(error, DecodeError::Damaged { .. }),
            };
            assert!(is_told, "byte {place}: {error}");
            let error = OperatorSnapshot::from_bytes(&bytes[..place]).expect_err("a part");
            assert!(matches!(error, DecodeError::Damaged { .. } | DecodeError::NotASnapshot), "{place} bytes: {error}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(OperatorSnapshot::from_bytes(&longer), Err(DecodeError::Damaged { .. })));
    }
}

#[test]
fn words_say_what_is_wrong_with_bytes() {
    let bytes = filled(&pipelines()[0]).snapshot().to_bytes();
    let told = |bytes: &[u8]| OperatorSnapshot::from_bytes(bytes).expect_err("wrong").to_string();
    assert_eq!(told(b"a,b,c\n1,2,3\n"), "these bytes are not a snapshot of a window operator");
    assert_eq!(told(b""), "these bytes are not a snapshot of a window operator");
    let mut newer = bytes.clone();
    newer[4] = 7;
    assert_eq!(told(&newer), "the snapshot has format version 7; this program reads version 1");
    let cut = told(&bytes[..bytes.len() - 3]);
    assert!(cut.starts_with("the snapshot is damaged: its checksum is "), "{cut}");
    let malformed = told(&with_checksum(&bytes[..bytes.len() - 40]));
    assert!(malformed.starts_with("the snapshot cannot be read: "), "{malformed}");
    let mut longer = bytes[..bytes.len() - 8].to_vec();
    longer.push(0);
    assert_eq!(told(&with_checksum(&longer)), "the snapshot cannot be read: 1 bytes are left over");
}

/// These bytes with a checksum that holds.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    [bytes, &xxh3_64(bytes).to_le_bytes()].concat()
}

/// Bytes that only a forger could write: changed, with a checksum that holds. Nothing panics, and what
/// is taken can be written again.
#[test]
fn forged_bytes_are_refused_or_mean_something() {
    let mut random: u64 = 1;
    let mut draw = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let (mut refused, mut taken) = (0, 0);
    for pipeline in pipelines() {
        let bytes = filled(&pipeline).snapshot().to_bytes();
        let content = &bytes[..bytes.len() - 8];
        for _ in 0..400 {
            let mut forged = content.to_vec();
            for _ in 0..=draw(3) {
                let place = 6 + draw(forged.len() - 6);
                // Small changes keep the ids of keys small: memory follows the largest of them.
                forged[place] ^= 1 << draw(7);
            }
            let Ok(snapshot) = OperatorSnapshot::from_bytes(&with_checksum(&forged)) else {
                refused += 1;
                continue;
            };
            if snapshot.keys().iter().any(|key| key.0 > 1_000_000) {
                continue;
            }
            match WindowOperator::restore(&pipeline, snapshot) {
                Err(_) => refused += 1,
                Ok(operator) => {
                    taken += 1;
                    operator.visit_kept(|_| {});
                    OperatorSnapshot::from_bytes(&operator.snapshot().to_bytes()).expect("it was just written");
                }
            }
        }
    }
    assert!(refused > 1_000 && taken > 1_000, "{refused} refused, {taken} taken");
}

#[test]
fn another_pipeline_is_named_with_what_differs() {
    let pipelines = pipelines();
    let snapshot = filled(&pipelines[0]).snapshot();
    let told = |pipeline: &Pipeline| refusal(WindowOperator::restore(pipeline, snapshot.clone()));
    assert_eq!(
        told(&Pipeline { window: tumbling(10), ..pipelines[0].clone() }),
        "the state was kept with windows Tumbling(size:\"20us\",offset:\"0s\"); the pipeline has \
         Tumbling(size:\"10us\",offset:\"0s\")"
    );
    assert_eq!(
        told(&Pipeline { allowed_lateness: span(1), ..pipelines[0].clone() }),
        "the state was kept with allowed lateness 30us; the pipeline has 1us"
    );
    assert_eq!(
        told(&pipelines[2]),
        "the state was kept with operator aligned windows; the pipeline has session windows"
    );
    assert_eq!(
        told(&Pipeline { window: tumbling(0), ..pipelines[0].clone() }),
        "the pipeline cannot run: window.size: 0s is out of range: must be more than 0, at most 115740d"
    );
    let counted = Pipeline { trigger: TriggerSpec::Count(3), ..pipelines[0].clone() };
    let by_count = filled(&counted).snapshot();
    let other = Pipeline { trigger: TriggerSpec::Count(4), ..counted };
    assert_eq!(
        refusal(WindowOperator::restore(&other, by_count)),
        "the state was kept with trigger Count(3); the pipeline has Count(4)"
    );
    for (i, kept) in pipelines.iter().enumerate() {
        let snapshot = filled(kept).snapshot();
        for (j, asked) in pipelines.iter().enumerate() {
            let result = WindowOperator::restore(asked, snapshot.clone());
            assert_eq!(result.is_ok(), i == j, "state of {i} in {j}");
        }
    }
}

/// What a plain aggregate says is chosen from one summary, so it may be another after a restore.
#[test]
fn a_plain_aggregate_may_change() {
    let pipeline = &pipelines()[0];
    let other = Pipeline { aggregate: Aggregate::Max, ..pipeline.clone() };
    let mut restored = WindowOperator::restore(&other, filled(pipeline).snapshot()).expect("the same state");
    let mut uninterrupted = filled(pipeline);
    assert_eq!(handle(&mut restored, 40..60), handle(&mut uninterrupted, 40..60));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let pipelines = pipelines();
    let of = |pipeline: &Pipeline| filled(pipeline).snapshot();
    let told = |parts: Vec<OperatorSnapshot>| {
        OperatorSnapshot::merge(&pipelines[0], parts).expect_err("they do not belong together").to_string()
    };
    assert_eq!(told(Vec::new()), "there is no snapshot to merge");
    assert_eq!(told(vec![of(&pipelines[0]), of(&pipelines[0])]), "key 0 is in more than one of the snapshots");
    let other = Pipeline { window: tumbling(10), ..pipelines[0].clone() };
    assert!(told(vec![of(&pipelines[0]), of(&other)]).starts_with("the state was kept with windows"));
    assert!(told(vec![of(&other)]).starts_with("the state was kept with windows"));
    assert!(told(vec![of(&pipelines[10])]).starts_with("the state was kept with operator Beam windows"));
}

#[test]
fn changes_belong_to_their_operator_and_are_no_snapshot() {
    let pipelines = pipelines();
    let later = |pipeline: &Pipeline| {
        let mut operator = filled(pipeline);
        handle(&mut operator, 40..41);
        operator.snapshot()
    };
    let base = filled(&pipelines[0]).snapshot();
    let changes = later(&pipelines[0]).changes_since(&base).expect("of one operator");
    assert_eq!((changes.changed_keys(), changes.removed_keys()), (1, 0));
    assert!(changes.to_bytes().len() < base.to_bytes().len() * 2 / 3, "one key of four has changed");
    assert_eq!(OperatorSnapshot::from_bytes(&changes.to_bytes()), Err(DecodeError::NotASnapshot));
    assert_eq!(SnapshotChanges::from_bytes(&base.to_bytes()), Err(DecodeError::NotASnapshot));
    let mut damaged = changes.to_bytes();
    damaged[20] ^= 1;
    assert!(matches!(SnapshotChanges::from_bytes(&damaged), Err(DecodeError::Damaged { .. })));
    for other in &pipelines[1..] {
        let other = filled(other).snapshot();
        assert!(matches!(later(&pipelines[0]).changes_since(&other), Err(RestoreError::OtherSetting { .. })));
        assert!(matches!(other.with_changes(changes.clone()), Err(RestoreError::OtherSetting { .. })));
    }
}

#[test]
fn identities_of_tasks_are_numbered_one_after_the_other() {
    for pipeline in pipelines() {
        let groups = KeyGroups::new(4).expect("four groups");
        let group_of = |key: KeyId| KeyGroup(key.0 as u16);
        let mut tasks: Vec<WindowOperator> = vec![WindowOperator::new(&pipeline); 2];
        for id in 0..40 {
            let task = usize::from(groups.task_of(group_of(record(id).key), 2).0 == 1);
            handle(&mut tasks[task], id..id + 1);
        }
        let ids = |operator: &WindowOperator| {
            let mut ids = Vec::new();
            operator.visit_kept(|kept| ids.push((kept.key, kept.window, kept.id.0)));
            ids.sort_unstable();
            ids
        };
        let opened = tasks[0].snapshot().opened();
        let mut expected = ids(&tasks[0]);
        expected.extend(ids(&tasks[1]).into_iter().map(|(key, window, id)| (key, window, id + opened as u32)));
        expected.sort_unstable();
        let parts: Vec<OperatorSnapshot> = tasks.iter().map(WindowOperator::snapshot).collect();
        let total: u64 = parts.iter().map(OperatorSnapshot::opened).sum();
        let whole = OperatorSnapshot::of_tasks(&pipeline, parts).expect("tasks of one job");
        assert_eq!(whole.opened(), total);
        assert_eq!(whole.keys(), [0, 1, 2, 3].map(KeyId));
        let parts = whole.split(groups, 4, group_of);
        let restored = parts.into_iter().map(|part| WindowOperator::restore(&pipeline, part).expect("a part"));
        let mut found: Vec<_> = restored.flat_map(|operator| ids(&operator)).collect();
        found.sort_unstable();
        assert_eq!(found, expected);
    }
}

/// A checkpoint takes what its state takes: a window of a key in a few dozen bytes.
#[test]
fn sizes_are_those_of_the_state() {
    let pipeline = &pipelines()[0];
    let empty = WindowOperator::new(pipeline).snapshot().to_bytes().len();
    assert!(empty < 150, "{empty} bytes for nothing");
    let mut operator = WindowOperator::new(pipeline);
    let mut panes: Vec<Pane> = Vec::new();
    for id in 0..1_000 {
        let record = Record { id: RecordId(id), event_time: EventTime::EPOCH, key: KeyId(id), value: 1.5 };
        operator.on_record(&record, ProcTime::EPOCH, &mut panes);
    }
    let each = (operator.snapshot().to_bytes().len() - empty) / 1_000;
    // Key, window number, identity, panes, count: a byte or two each; three numbers of eight bytes.
    assert!((29..=33).contains(&each), "{each} bytes for one window of one key");
}
