//! Checkpoint files that are torn, damaged, missing, of a newer program or not checkpoints at all: each is
//! refused or passed over with a clear word, and nothing that was complete is lost.

use std::fs;
use std::path::Path;

use highwater::checkpoint::directory::{load, save};
use highwater::checkpoint::{
    CheckpointDirectory, CheckpointId, Defect, Ownership, PartitionPart, Recovered, StoredCheckpoint, TaskPart,
};
use highwater::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyId, Record, RecordId};
use highwater::sink::{Committable, SinkSnapshot, TransactionId};
use highwater::state::{KeyGroup, KeyGroups};
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::operator::WindowOperator;
use highwater::window::pane::Pane;
use highwater::window::snapshot::OperatorSnapshot;
use proptest::prelude::*;

fn pipeline() -> Pipeline {
    Pipeline {
        window: WindowSpec::Tumbling { size: Span::from_micros(10), offset: Span::ZERO },
        watermark: WatermarkSpec::Bounded { bound: Span::ZERO },
        ..Pipeline::default()
    }
}

/// An operator after so many records of ten keys, none of whose windows has fired.
fn operator(records: u32) -> WindowOperator {
    let mut operator = WindowOperator::new(&pipeline());
    let mut panes: Vec<Pane> = Vec::new();
    for number in 0..records {
        let time = i64::from(number);
        let record = Record {
            id: RecordId(number),
            event_time: EventTime::from_micros(time),
            key: KeyId(number % 10),
            value: f64::from(number),
        };
        operator.on_record(&record, ProcTime::from_micros(time), &mut panes);
    }
    operator
}

fn checkpoint(id: u64, records: u32) -> StoredCheckpoint {
    StoredCheckpoint {
        id: CheckpointId(id),
        ownership: Ownership::Checkpoint,
        taken_at: ProcTime::from_millis(id as i64 * 1_000),
        input: 0x0123_4567_89ab_cdef,
        partitions: vec![PartitionPart { partition: 0, position: u64::from(records) }],
        tasks: vec![TaskPart {
            operator: operator(records).snapshot().to_bytes(),
            watermark: Some(EventTime::from_micros(5)),
        }],
        sink: SinkSnapshot {
            committables: vec![Committable { checkpoint: CheckpointId(id), transaction: TransactionId(3) }],
        },
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn opened(folder: &Path, retained: usize) -> CheckpointDirectory {
    CheckpointDirectory::open(folder, retained).expect("the folder is there")
}

/// The number of the checkpoint that is used, and what is said of those that are not, without their folder.
fn recovered(directory: &CheckpointDirectory, folder: &Path) -> (Option<u64>, Vec<String>) {
    let Recovered { newest, passed_over } = directory.recover().expect("the folder can be read");
    let prefix = format!("{}/", folder.display());
    let said = passed_over.iter().map(|error| error.to_string().replace(&prefix, "")).collect();
    (newest.map(|(_, checkpoint)| checkpoint.id.0), said)
}

/// A folder with the checkpoints 3, 4 and 7, all complete.
fn three(folder: &Path) -> CheckpointDirectory {
    let directory = opened(folder, 3);
    for id in [3, 4, 7] {
        directory.save(&checkpoint(id, 40)).expect("it is written");
    }
    directory
}

#[test]
fn what_is_stored_reads_equal_and_an_operator_goes_on_from_it() {
    let folder = folder();
    let directory = opened(folder.path(), 1);
    let stored = checkpoint(1, 55);
    let bytes = directory.save(&stored).expect("it is written");
    let path = directory.path_of(CheckpointId(1));
    assert_eq!(fs::metadata(&path).expect("it is there").len(), bytes);
    let read = load(&path).expect("it can be read");
    assert_eq!(read, stored);
    let snapshot = OperatorSnapshot::from_bytes(&read.tasks[0].operator).expect("a snapshot");
    let restored = WindowOperator::restore(&pipeline(), snapshot).expect("it fits");
    assert_eq!(restored.snapshot(), operator(55).snapshot());
    assert_eq!(read.records_read(), 55);
}

#[test]
fn the_newest_few_are_kept() {
    let folder = folder();
    let directory = opened(folder.path(), 2);
    for id in 1..=5 {
        directory.save(&checkpoint(id, 5)).expect("it is written");
    }
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a plain name"))
        .collect();
    names.sort();
    assert_eq!(names, ["checkpoint-0000000004.hwc", "checkpoint-0000000005.hwc", "completed.index"]);
    assert_eq!(recovered(&directory, folder.path()), (Some(5), Vec::new()));
}

#[test]
fn an_empty_folder_has_none() {
    let folder = folder();
    let directory = opened(&folder.path().join("new"), 2);
    assert_eq!(recovered(&directory, folder.path()), (None, Vec::new()));
}

#[test]
fn a_torn_file_is_passed_over_for_the_one_before() {
    let folder = folder();
    let directory = three(folder.path());
    let path = directory.path_of(CheckpointId(7));
    let bytes = fs::read(&path).expect("it is there");
    fs::write(&path, &bytes[..100]).expect("it is cut");
    let said = format!("checkpoint-0000000007.hwc: is torn: it ends after 100 of {} bytes", bytes.len());
    assert_eq!(recovered(&directory, folder.path()), (Some(4), vec![said]));
    fs::write(&path, b"").expect("it is emptied");
    let said = "checkpoint-0000000007.hwc: is torn: it ends after 0 of 36 bytes".to_owned();
    assert_eq!(recovered(&directory, folder.path()), (Some(4), vec![said]));
}

#[test]
fn a_damaged_file_is_passed_over_and_two_as_well() {
    let folder = folder();
    let directory = three(folder.path());
    for id in [7, 4] {
        let path = directory.path_of(CheckpointId(id));
        let mut bytes = fs::read(&path).expect("it is there");
        bytes[60] ^= 0x10;
        fs::write(&path, &bytes).expect("it is changed");
    }
    let (used, said) = recovered(&directory, folder.path());
    assert_eq!((used, said.len()), (Some(3), 2));
    assert!(said[0].starts_with("checkpoint-0000000007.hwc: is damaged: its checksum is "), "{said:?}");
    assert!(said[1].starts_with("checkpoint-0000000004.hwc: is damaged: its checksum is "), "{said:?}");
}

#[test]
fn a_missing_file_is_noticed() {
    let folder = folder();
    let directory = three(folder.path());
    fs::remove_file(directory.path_of(CheckpointId(7))).expect("it was there");
    let said = "checkpoint-0000000007.hwc: is missing".to_owned();
    assert_eq!(recovered(&directory, folder.path()), (Some(4), vec![said]));
    let error = load(&folder.path().join("none.hwc")).expect_err("there is no such file");
    assert!(matches!(error.what, Defect::Missing));
}

#[test]
fn a_file_of_a_newer_program_is_passed_over_with_its_version() {
    let folder = folder();
    let directory = three(folder.path());
    let path = directory.path_of(CheckpointId(7));
    let mut bytes = fs::read(&path).expect("it is there");
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[..20]);
    bytes[20..28].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&path, &bytes).expect("it is changed");
    let said = "checkpoint-0000000007.hwc: has format version 2; this program reads version 1 and older".to_owned();
    assert_eq!(recovered(&directory, folder.path()), (Some(4), vec![said]));
}

#[test]
fn a_file_under_another_name_is_not_taken_for_what_the_name_says() {
    let folder = folder();
    let directory = three(folder.path());
    fs::copy(directory.path_of(CheckpointId(3)), directory.path_of(CheckpointId(7))).expect("it is copied");
    let said = "checkpoint-0000000007.hwc: holds checkpoint 3, which is not what its name says".to_owned();
    assert_eq!(recovered(&directory, folder.path()), (Some(4), vec![said]));
}

#[test]
fn a_damaged_index_costs_nothing_but_a_word() {
    let folder = folder();
    let directory = three(folder.path());
    fs::write(folder.path().join("completed.index"), b"HWindex").expect("it is changed");
    let said = "completed.index: is torn: it ends after 7 of 36 bytes".to_owned();
    assert_eq!(recovered(&directory, folder.path()), (Some(7), vec![said]));
    fs::remove_file(folder.path().join("completed.index")).expect("it was there");
    assert_eq!(recovered(&directory, folder.path()), (Some(7), Vec::new()));
}

#[test]
fn what_a_crash_left_half_done_does_no_harm() {
    let folder = folder();
    let directory = three(folder.path());
    // Killed while writing under the temporary name, and another time before the index was written.
    fs::write(folder.path().join(".highwater-abc.tmp"), b"half").expect("it is written");
    save(&directory.path_of(CheckpointId(8)), &checkpoint(8, 50)).expect("it is written");
    assert_eq!(recovered(&directory, folder.path()), (Some(8), Vec::new()));
    directory.save(&checkpoint(9, 60)).expect("it is written");
    assert!(!directory.path_of(CheckpointId(4)).exists());
    assert_eq!(recovered(&directory, folder.path()), (Some(9), Vec::new()));
}

#[test]
fn all_damaged_is_none_and_all_are_said() {
    let folder = folder();
    let directory = three(folder.path());
    for id in [3, 4, 7] {
        fs::write(directory.path_of(CheckpointId(id)), b"event_time,key\n").expect("it is changed");
    }
    let (used, said) = recovered(&directory, folder.path());
    assert_eq!((used, said.len()), (None, 3));
    assert_eq!(said[2], "checkpoint-0000000003.hwc: is not a checkpoint: it does not begin with \"HWcheck\"");
}

#[test]
fn a_savepoint_goes_on_with_another_number_of_tasks() {
    let folder = folder();
    let groups = KeyGroups::new(128).expect("a legal number");
    let group_of = |key: KeyId| KeyGroup(key.0 as u16 * 12);
    let whole = operator(60).snapshot();
    let parts = whole.clone().split(groups, 2, group_of);
    let tasks = parts.iter().map(|part| TaskPart { operator: part.to_bytes(), watermark: None }).collect();
    let savepoint = StoredCheckpoint { ownership: Ownership::Savepoint, tasks, ..checkpoint(2, 60) };
    let path = folder.path().join("before-upgrade.hwc");
    save(&path, &savepoint).expect("it is written");
    let read = load(&path).expect("it can be read");
    let parts: Vec<OperatorSnapshot> =
        read.tasks.iter().map(|task| OperatorSnapshot::from_bytes(&task.operator).expect("a snapshot")).collect();
    assert_eq!(parts.len(), 2);
    let four = OperatorSnapshot::merge(&pipeline(), parts).expect("they are of one job").split(groups, 4, group_of);
    let keys: Vec<Vec<u32>> = four.iter().map(|part| part.keys().iter().map(|key| key.0).collect()).collect();
    assert_eq!(keys, [vec![0, 1, 2], vec![3, 4, 5], vec![6, 7], vec![8, 9]]);
    assert_eq!(OperatorSnapshot::merge(&pipeline(), four).expect("they are of one job"), whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_damage_gets_through_and_none_panics(
        records in 0_u32..60,
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        tail in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let folder = folder();
        let path = folder.path().join("x.hwc");
        let stored = checkpoint(1, records);
        save(&path, &stored).expect("it is written");
        let whole = fs::read(&path).expect("it is there");
        let mut bytes = whole.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if !tail.is_empty() {
            bytes.truncate(cut.index(bytes.len() + 1));
            bytes.extend(tail);
        }
        fs::write(&path, &bytes).expect("it is changed");
        match load(&path) {
            Ok(read) => prop_assert_eq!((&bytes, &read), (&whole, &stored)),
            Err(error) => prop_assert!(error.to_string().starts_with(&path.display().to_string())),
        }
    }
}
