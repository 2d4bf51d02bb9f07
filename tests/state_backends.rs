//! State in memory, with a limit, and on disk: the operator says the same wherever its state lives, and a
//! limit is kept with a clear word.

#[path = "common/random_pipelines.rs"]
#[expect(dead_code, reason = "pipelines of other dialects are for other tests")]
mod random_pipelines;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use highwater::disk_state::DiskBackend;
use highwater::pipeline::{Pipeline, StateSpec, WindowSpec};
use highwater::state::{BackendError, MemoryBackend, StateBackend};
use highwater::window::operator::WindowOperator;
use proptest::prelude::*;
use random_pipelines::*;
use serde_json::Value;

/// Runs the calls through the operator that keeps everything in memory and through `other`, which is copied
/// before the call `copied_at`. What the two say, call by call, must be equal.
fn assert_alike(input: &Input, pipeline: &Pipeline, mut other: WindowOperator, copied_at: usize) {
    let mut plain = WindowOperator::general(pipeline);
    let (mut expected, mut found) = (Notes::default(), Notes::default());
    let calls = calls(input, pipeline);
    for (i, call) in calls.iter().enumerate() {
        if i == copied_at % calls.len() {
            let copy = other.clone();
            assert_eq!(kept(&copy), kept(&other));
            other = copy;
        }
        make(&mut plain, call, &mut expected);
        make(&mut other, call, &mut found);
        assert_eq!(found.0, expected.0, "after call {i}: {call:?}");
        expected.0.clear();
        found.0.clear();
        if i % 7 == 0 {
            assert_eq!(kept(&other), kept(&plain));
            assert_eq!(other.snapshot(), plain.snapshot());
        }
    }
    assert_eq!(kept(&other), kept(&plain));
    assert_eq!(other.snapshot(), plain.snapshot());
    assert_eq!(other.state_error(), None);
}

fn over(pipeline: &Pipeline, state: StateSpec, backend: Box<dyn StateBackend>) -> WindowOperator {
    WindowOperator::over(&Pipeline { state, ..pipeline.clone() }, backend)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn state_that_is_moved_out_changes_nothing(
        input in inputs(),
        pipeline in flink_pipelines(),
        memory in 0_u64..600,
        copied_at in 0_usize..200,
    ) {
        let other = over(&pipeline, StateSpec::Disk { memory }, Box::new(MemoryBackend::default()));
        assert_alike(&input, &pipeline, other, copied_at);
    }

    #[test]
    fn counting_bytes_changes_nothing(input in inputs(), pipeline in flink_pipelines(), copied_at in 0_usize..200) {
        let state = StateSpec::Memory { limit: Some(1_000_000_000) };
        let other = over(&pipeline, state, Box::new(MemoryBackend::default()));
        assert_alike(&input, &pipeline, other, copied_at);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn state_on_disk_changes_nothing(
        input in inputs(),
        pipeline in flink_pipelines(),
        memory in 0_u64..600,
        copied_at in 0_usize..200,
    ) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk = DiskBackend::open(&folder.path().join("state")).expect("it can be made");
        let other = over(&pipeline, StateSpec::Disk { memory }, Box::new(disk));
        assert_alike(&input, &pipeline, other, copied_at);
    }
}

/// A backend that fails after so many writes.
#[derive(Debug)]
struct Failing {
    inner: MemoryBackend,
    writes_left: u32,
}

impl StateBackend for Failing {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, BackendError> {
        self.inner.get(key)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), BackendError> {
        let full = || BackendError::Disk("no space left".to_owned());
        self.writes_left = self.writes_left.checked_sub(1).ok_or_else(full)?;
        self.inner.put(key, value)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), BackendError> {
        self.inner.remove(key)
    }

    fn descend(
        &self,
        first: &[u8],
        last: &[u8],
        visit: &mut highwater::state::backend::Visit<'_>,
    ) -> Result<(), BackendError> {
        self.inner.descend(first, last, visit)
    }

    fn copy(&self) -> Result<MemoryBackend, BackendError> {
        self.inner.copy()
    }
}

/// Twenty records of five keys in windows that stay open, one for each.
fn twenty() -> (Input, Pipeline) {
    let input = (0..20).map(|i| (i, i as u32 % KEYS, 1, 1)).collect();
    let window = WindowSpec::Tumbling { size: span(4), offset: span(0) };
    let pipeline = Pipeline { window, allowed_lateness: span(1_000), ..Pipeline::default() };
    (input, pipeline)
}

fn after_all_records(operator: &mut WindowOperator, input: &Input, pipeline: &Pipeline) {
    let records = calls(input, pipeline).into_iter().filter(|call| matches!(call, Call::Record(..)));
    records.for_each(|call| make(operator, &call, &mut Notes::default()));
}

#[test]
fn a_limit_is_kept_to_the_byte_and_the_figures_are_the_same_on_disk() {
    let (input, pipeline) = twenty();
    let memory = Box::new(MemoryBackend::default());
    let mut free = over(&pipeline, StateSpec::Memory { limit: Some(1_000_000) }, memory.clone());
    after_all_records(&mut free, &input, &pipeline);
    let needed = free.state_figures().expect("bytes are counted").max_bytes;
    assert_eq!((free.kept(), free.state_error()), (20, None));
    let mut exact = over(&pipeline, StateSpec::Memory { limit: Some(needed) }, memory.clone());
    after_all_records(&mut exact, &input, &pipeline);
    assert_eq!(exact.state_error(), None);
    let mut short = over(&pipeline, StateSpec::Memory { limit: Some(needed - 1) }, memory.clone());
    after_all_records(&mut short, &input, &pipeline);
    assert_eq!(short.state_error(), Some(&BackendError::LimitExceeded { needed, limit: needed - 1 }));
    let mut disk = over(&pipeline, StateSpec::Disk { memory: 300 }, memory);
    after_all_records(&mut disk, &input, &pipeline);
    let figures = disk.state_figures().expect("bytes are counted");
    assert_eq!((figures.max_bytes, disk.state_error()), (needed, None));
    assert!(figures.max_memory_bytes < 450 && figures.max_disk_bytes > needed - 400, "{figures:?}");
    assert!(WindowOperator::new(&pipeline).state_figures().is_none());
}

#[test]
fn a_disk_that_is_full_is_told() {
    let (input, pipeline) = twenty();
    let failing = Box::new(Failing { inner: MemoryBackend::default(), writes_left: 3 });
    let mut operator = over(&pipeline, StateSpec::Disk { memory: 300 }, failing);
    after_all_records(&mut operator, &input, &pipeline);
    assert_eq!(operator.state_error(), Some(&BackendError::Disk("no space left".to_owned())));
}

const SCENARIO: &str = r#"(
    title: "Many keys",
    seed: 5,
    duration: "5min",
    source: Synthetic(rate: 100.0, keys: Uniform(count: 2000), delay: Exponential(mean: "5s")),
    pipeline: (
        watermark: Bounded(bound: "20s"),
        window: Sliding(size: "1min", slide: "20s"),
        allowed_lateness: "1min",
        tasks: (windows: 2),
    ),
)
"#;

/// Exit code, panes and what was written to standard error and output, of a run with this state.
fn run(folder: &Path, state: &str) -> (Option<i32>, String, String, Value) {
    let file = folder.join("many-keys.ron");
    fs::write(&file, SCENARIO).expect("a temporary file");
    let out = folder.join("out");
    let _ = fs::remove_dir_all(&out);
    let mut command = Command::cargo_bin("highwater").expect("the binary is built with the tests");
    command.arg("run").arg(&file).args(["--set", &format!("pipeline.state={state}"), "--format", "json", "--out"]);
    let output = command.arg(&out).env("TMPDIR", folder).output().expect("it runs");
    let panes = fs::read_to_string(out.join("panes.csv")).unwrap_or_default();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), panes, errors, serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn a_run_too_large_for_memory_gives_the_same_panes_on_disk() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (code, expected, errors, plain) = run(folder.path(), "Memory()");
    assert_eq!(code, Some(0), "{errors}");
    assert!(expected.lines().count() > 10_000 && plain.get("state").is_none());
    let (code, panes, errors, limited) = run(folder.path(), "Memory(limit: Some(50000))");
    assert_eq!((code, panes.as_str(), limited), (Some(2), "", Value::Null));
    assert!(errors.contains("bytes, and pipeline.state allows 50000 in memory; raise the limit"), "{errors}");
    let (code, panes, errors, on_disk) = run(folder.path(), "Disk(memory: 50000)");
    assert_eq!(code, Some(0), "{errors}");
    let (code, counted, errors, in_memory) = run(folder.path(), "Memory(limit: Some(10000000))");
    assert_eq!(code, Some(0), "{errors}");
    assert!(panes == counted, "the panes differ");
    // The faster operator fires the keys of a window in another order.
    let sorted = |panes: &str| {
        let mut lines: Vec<String> = panes.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert!(sorted(&panes) == sorted(&expected), "the panes differ");
    assert_eq!(in_memory["state"]["max_bytes"], on_disk["state"]["max_bytes"]);
    assert_eq!(in_memory["state"]["max_disk_bytes"], 0);
    let state = |field: &str| on_disk["state"][field].as_u64().expect("a number");
    assert!(state("max_bytes") > 4 * state("max_memory_bytes"), "{}", on_disk["state"]);
    assert!(state("max_memory_bytes") <= 102_000 && state("max_disk_bytes") > 0 && state("reads") > 0);
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("highwater-state-")), "{left:?}");
}
