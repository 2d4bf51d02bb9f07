//! Invariants of doing it again: the same seed, a restored instant, and real threads.

use crate::chaos::examine::Case;
use crate::chaos::{Checked, Invariant, Violation, must};
use crate::pipeline::WatermarkSpec;
use crate::rng::Seed;
use crate::runtime::run_with_keyframes;
use crate::runtime::threads::{ByTask, ListedPane, ThreadsConfig, replay, run as run_on_threads};
use crate::time::ProcTime;
use crate::window::aggregate::Summary;

/// One seed in so many runs on real threads as well: starting them costs as much as several runs.
const THREADS_EVERY: u64 = 8;

pub(super) fn check(case: &Case<'_>) -> Checked {
    let hash = case.trace.hash_hex();
    let (again, keyframes) = run_with_keyframes(case.stream, case.config);
    must(again.hash_hex() == hash, Invariant::SameSeedSameRun, || {
        format!("the run has the hash {hash}, and {} the second time", again.hash_hex())
    })?;
    if let Some((first, last)) = case.trace.span() {
        let mut draws = Seed::new(case.scenario.seed).stream("instant");
        let at = ProcTime::from_micros(draws.integer(first.micros(), last.micros()));
        let mut restored = keyframes.restore(&again, at);
        while restored.step() {}
        let restored = restored.into_trace().hash_hex();
        must(restored == hash, Invariant::RestoredRunGoesOn, || {
            format!("restored at {at}, the run has the hash {restored}, not {hash}")
        })?;
    }
    if case.scenario.seed.is_multiple_of(THREADS_EVERY) { on_threads(case) } else { Ok(()) }
}

/// The pipeline on real threads, where they can run it.
fn on_threads(case: &Case<'_>) -> Checked {
    let config = ThreadsConfig { batch_records: 7, ..ThreadsConfig::new(case.config.pipeline.clone()) };
    let is_timed = config.pipeline.watermark_options.max_drift.is_some()
        || matches!(config.pipeline.watermark, WatermarkSpec::FixedLag { .. });
    if !config.problems().is_empty() || is_timed || !case.stream.production().poison.is_empty() {
        return Ok(());
    }
    let failed = |told: String| Violation::new(Invariant::ThreadsReplay, told);
    let finished = run_on_threads::<Summary, ListedPane, _>(case.stream, &config, ByTask(Vec::new()))
        .map_err(|error| failed(error.to_string()))?;
    let replayed = replay::<Summary, ListedPane>(&finished.recorded, case.stream);
    let replayed = replayed.map_err(|error| failed(error.to_string()))?;
    for (task, replayed) in replayed.iter().enumerate() {
        let panes = finished.sink.0.get(task).map_or(&[][..], Vec::as_slice);
        let is_same = replayed.panes == panes && replayed.tally == finished.windows[task].tally;
        must(is_same, Invariant::ThreadsReplay, || {
            format!("task {task} fired {} panes on a thread and {} again", panes.len(), replayed.panes.len())
        })?;
    }
    Ok(())
}
