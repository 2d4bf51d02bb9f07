//! Snapshots of window operators: written to bytes and read back at any step, an operator of any kind
//! and dialect goes on as if nothing had happened; dealt out to other tasks, too.

#[path = "common/random_pipelines.rs"]
mod random_pipelines;

use std::collections::{BTreeMap, BTreeSet};

use highwater::pipeline::{Pipeline, WindowSpec};
use highwater::record::KeyId;
use highwater::state::{KeyGroup, KeyGroups};
use highwater::time::EventTime;
use highwater::window::dialect::{BeamRules, Dialect, OnTimePane};
use highwater::window::operator::WindowOperator;
use highwater::window::pane::{Pane, Timing, WindowId};
use highwater::window::snapshot::{OperatorSnapshot, SnapshotChanges};
use proptest::prelude::*;
use random_pipelines::*;

fn through_bytes(operator: &WindowOperator, pipeline: &Pipeline) -> WindowOperator {
    let snapshot = operator.snapshot();
    let bytes = snapshot.to_bytes();
    let read = OperatorSnapshot::from_bytes(&bytes).expect("it was just written");
    assert_eq!(read, snapshot);
    let restored = WindowOperator::restore(pipeline, read).expect("of the same pipeline");
    assert_eq!(restored.snapshot(), snapshot, "a restored operator keeps the same");
    assert_eq!(restored.snapshot().to_bytes(), bytes);
    assert_eq!(kept(&restored), kept(operator));
    restored
}

/// One run without interruption, and one that is written out and read back before the calls at `cuts`.
fn assert_no_interruption(input: &Input, pipeline: &Pipeline, fresh: WindowOperator, cuts: [usize; 2]) {
    let (mut whole, mut cut) = (fresh.clone(), fresh);
    let (mut expected, mut found) = (Notes::default(), Notes::default());
    let calls = calls(input, pipeline);
    for (i, call) in calls.iter().enumerate() {
        if cuts.iter().any(|cut| cut % calls.len() == i) {
            cut = through_bytes(&cut, pipeline);
        }
        make(&mut whole, call, &mut expected);
        make(&mut cut, call, &mut found);
        assert_eq!(found.0, expected.0, "after call {i}: {call:?}");
        expected.0.clear();
        found.0.clear();
    }
    assert_eq!(kept(&cut), kept(&whole));
    assert_eq!(cut.snapshot(), whole.snapshot());
    if pipeline.dialect != Dialect::KafkaStreams && pipeline.window != WindowSpec::Global {
        // The final watermark has let everything go.
        assert_eq!((whole.kept(), whole.special_bytes(), kept(&whole).len()), (0, 0, 0));
    }
}

fn cuts() -> impl Strategy<Value = [usize; 2]> {
    [0_usize..200, 0_usize..200]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn fast_operators_are_not_interrupted(input in inputs(), pipeline in fast_pipelines(), cuts in cuts()) {
        assert_no_interruption(&input, &pipeline, WindowOperator::new(&pipeline), cuts);
    }

    #[test]
    fn the_general_operator_is_not_interrupted(input in inputs(), pipeline in flink_pipelines(), cuts in cuts()) {
        assert_no_interruption(&input, &pipeline, WindowOperator::general(&pipeline), cuts);
    }

    #[test]
    fn the_beam_operator_is_not_interrupted(input in inputs(), pipeline in beam_pipelines(), cuts in cuts()) {
        assert_no_interruption(&input, &pipeline, WindowOperator::new(&pipeline), cuts);
    }

    #[test]
    fn the_operators_of_services_are_not_interrupted(
        input in inputs(),
        pipeline in service_pipelines(),
        cuts in cuts(),
    ) {
        assert_no_interruption(&input, &pipeline, WindowOperator::new(&pipeline), cuts);
    }
}

/// Every key in a group of its own, spread over all of them.
fn group_of(key: KeyId) -> KeyGroup {
    KeyGroups::default().group_of(&format!("key {}", key.0))
}

fn task_of(key: KeyId, parallelism: u32) -> usize {
    KeyGroups::default().task_of(group_of(key), parallelism).index()
}

/// One operator per task, each with the records of its keys; every call is made in every task.
struct Tasks {
    operators: Vec<WindowOperator>,
    notes: Vec<Notes>,
}

impl Tasks {
    fn new(fresh: &WindowOperator, parallelism: u32) -> Self {
        let notes = (0..parallelism).map(|_| Notes::default()).collect();
        Self { operators: vec![fresh.clone(); parallelism as usize], notes }
    }

    fn make(&mut self, call: &Call) {
        let parallelism = self.operators.len() as u32;
        for (task, (operator, notes)) in self.operators.iter_mut().zip(&mut self.notes).enumerate() {
            let is_elsewhere = matches!(call, Call::Record(record, _) if task_of(record.key, parallelism) != task);
            if !is_elsewhere {
                make(operator, call, notes);
            }
        }
    }

    /// The same state in other tasks, by way of bytes.
    fn rescaled(self, pipeline: &Pipeline, parallelism: u32) -> Self {
        let parts = self.operators.iter().map(|operator| operator.snapshot().to_bytes());
        let parts = parts.map(|bytes| OperatorSnapshot::from_bytes(&bytes).expect("just written")).collect();
        let whole = OperatorSnapshot::of_tasks(pipeline, parts).expect("tasks of one job");
        let parts = whole.split(KeyGroups::default(), parallelism, group_of);
        assert_eq!(parts.len(), parallelism as usize);
        let restore = |part| WindowOperator::restore(pipeline, part).expect("of the same pipeline");
        let operators: Vec<WindowOperator> = parts.into_iter().map(restore).collect();
        for (task, operator) in operators.iter().enumerate() {
            assert!(kept(operator).iter().all(|kept| task_of(kept.key, parallelism) == task));
            let ids: Vec<WindowId> = kept(operator).iter().map(|kept| kept.id).collect();
            let different: BTreeSet<_> = ids.iter().collect();
            assert_eq!(different.len(), ids.len(), "no identity twice");
        }
        let mut notes: Vec<Notes> = (1..parallelism).map(|_| Notes::default()).collect();
        notes.push(Notes(self.notes.into_iter().flat_map(|notes| notes.0).collect()));
        Self { operators, notes }
    }

    fn panes(&self, dialect: Dialect) -> BTreeMap<String, u32> {
        let panes = self.notes.iter().flat_map(Notes::panes);
        let mut counted = BTreeMap::new();
        panes.for_each(|pane| *counted.entry(of_its_key_alone(&pane, dialect)).or_default() += 1);
        counted
    }
}

/// What a reader sees of a pane that does not depend on other keys: not the identity of its window, which
/// its operator counts; in Beam not what follows from the output watermark, which the elements of all
/// keys of a task hold back together.
fn of_its_key_alone(pane: &Pane, dialect: Dialect) -> String {
    let pane = Pane { window_id: WindowId(0), ..*pane };
    let event_time = EventTime::EPOCH;
    let beam = Pane { timing: Timing::Early, nonspeculative_index: None, event_time, ..pane };
    format!("{:?}", if dialect == Dialect::Beam { beam } else { pane })
}

/// Whole values: their sums are exact in any order.
fn whole_values(calls: &mut [Call]) {
    for call in calls {
        if let Call::Record(record, _) = call {
            record.value *= 10.0;
            record.value = record.value.round();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn parts_merge_to_the_whole(
        input in inputs(),
        pipeline in pipelines(),
        cut in 0_usize..200,
        parallelism in 1_u32..6,
    ) {
        let mut operator = WindowOperator::new(&pipeline);
        let calls = calls(&input, &pipeline);
        calls[..cut % (calls.len() + 1)].iter().for_each(|call| make(&mut operator, call, &mut Notes::default()));
        let snapshot = operator.snapshot();
        let mut parts = snapshot.clone().split(KeyGroups::default(), parallelism, group_of);
        prop_assert_eq!(parts.len(), parallelism as usize);
        for (task, part) in parts.iter().enumerate() {
            prop_assert!(part.keys().iter().all(|key| task_of(*key, parallelism) == task));
            prop_assert_eq!((part.watermark(), part.opened()), (snapshot.watermark(), snapshot.opened()));
        }
        parts.rotate_left(1);
        let merged = OperatorSnapshot::merge(&pipeline, parts).expect("parts of one operator");
        prop_assert_eq!(merged.to_bytes(), snapshot.to_bytes());
        prop_assert_eq!(merged, snapshot);
    }

    #[test]
    fn changes_lead_from_one_snapshot_to_the_next(
        input in inputs(),
        pipeline in pipelines(),
        every in 1_usize..20,
    ) {
        let mut operator = WindowOperator::new(&pipeline);
        let mut base = operator.snapshot();
        for calls in calls(&input, &pipeline).chunks(every) {
            calls.iter().for_each(|call| make(&mut operator, call, &mut Notes::default()));
            let snapshot = operator.snapshot();
            let changes = snapshot.changes_since(&base).expect("of one operator");
            let bytes = changes.to_bytes();
            let read = SnapshotChanges::from_bytes(&bytes).expect("just written");
            prop_assert_eq!(&read, &changes);
            let gone = base.keys().iter().filter(|key| !snapshot.keys().contains(key)).count();
            prop_assert_eq!(changes.removed_keys(), gone);
            prop_assert!(changes.changed_keys() <= snapshot.keys().len());
            if calls.iter().all(|call| matches!(call, Call::Record(..))) {
                // Records change the state of their keys and of no other.
                let mut touched: BTreeSet<KeyId> = BTreeSet::new();
                calls.iter().for_each(|call| if let Call::Record(record, _) = call {
                    touched.insert(record.key);
                });
                prop_assert!(changes.changed_keys() <= touched.len());
            }
            let applied = base.with_changes(read).expect("of one operator");
            prop_assert_eq!(applied.to_bytes(), snapshot.to_bytes());
            base = applied;
        }
    }

    #[test]
    fn other_numbers_of_tasks_fire_the_same_panes(
        input in inputs(),
        pipeline in pipelines().prop_filter("stream time is a task's own", |p| p.dialect != Dialect::KafkaStreams),
        cuts in cuts(),
        parallelisms in [1_u32..5, 1_u32..5, 1_u32..5],
    ) {
        // Whether an empty pane is the on-time one follows from the output watermark.
        let beam = BeamRules { on_time: OnTimePane::FireIfNonEmpty, ..pipeline.beam };
        let pipeline = Pipeline { beam, ..pipeline };
        let mut calls = calls(&input, &pipeline);
        whole_values(&mut calls);
        let fresh = WindowOperator::new(&pipeline);
        let mut one = Tasks::new(&fresh, 1);
        let mut tasks = Tasks::new(&fresh, parallelisms[0]);
        for (i, call) in calls.iter().enumerate() {
            for (cut, parallelism) in cuts.iter().zip(&parallelisms[1..]) {
                if cut % calls.len() == i {
                    tasks = tasks.rescaled(&pipeline, *parallelism);
                }
            }
            one.make(call);
            tasks.make(call);
            let held = |tasks: &Tasks| tasks.operators.iter().map(WindowOperator::kept).sum::<usize>();
            prop_assert_eq!(held(&tasks), held(&one));
        }
        prop_assert_eq!(tasks.panes(pipeline.dialect), one.panes(pipeline.dialect));
    }

    #[test]
    fn tasks_that_had_run_apart_become_one_without_loss_or_repetition(
        input in inputs(),
        pipeline in pipelines().prop_filter("stream time is a task's own", |p| p.dialect != Dialect::KafkaStreams),
        cut in 0_usize..200,
        lag in 0_usize..30,
    ) {
        let beam = BeamRules { on_time: OnTimePane::FireIfNonEmpty, ..pipeline.beam };
        let pipeline = Pipeline { beam, ..pipeline };
        let mut calls = calls(&input, &pipeline);
        whole_values(&mut calls);
        let cut = cut % calls.len();
        let mut tasks = Tasks::new(&WindowOperator::new(&pipeline), 2);
        let mut pending = None;
        for (i, call) in calls[..cut].iter().enumerate() {
            let Call::Watermark(advance) = call else {
                tasks.make(call);
                continue;
            };
            make(&mut tasks.operators[0], call, &mut tasks.notes[0]);
            if i + lag < cut {
                make(&mut tasks.operators[1], call, &mut tasks.notes[1]);
            } else {
                pending = Some(*advance);
            }
        }
        let mut apart = Tasks { operators: tasks.operators.clone(), notes: vec![Notes::default(), Notes::default()] };
        let mut together = Tasks { notes: vec![Notes::default(), Notes::default()], ..tasks }.rescaled(&pipeline, 1);
        if let Some(advance) = pending {
            // The task that has seen it hears of it again, as it does in the one that they become.
            apart.make(&Call::Watermark(advance));
            together.make(&Call::Watermark(advance));
        }
        for call in &calls[cut..] {
            apart.make(call);
            together.make(call);
        }
        prop_assert_eq!(together.panes(pipeline.dialect), apart.panes(pipeline.dialect));
    }
}
