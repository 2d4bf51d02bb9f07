//! Cases of silent inputs. Two kinds: `idleness` is a periodic bounded generator with an idle
//! timeout on a manual clock (its raw output, repeats included), `splits` is several splits inside
//! one source.

use serde::Deserialize;
use serde_json::Value;

use crate::cases::emission::{self, Emission, Status};
use crate::time::{EventTime, ProcTime, Span};
use crate::watermark::{BoundedWatermark, Emitted, IdleCheck, IdleTimer, SplitMerge};

/// A case may have at most this many splits; more is a mistake in the file, not a source.
const MAX_SPLITS: usize = 100_000;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Case {
    Idleness { bound_ms: i64, timeout_ms: i64, steps: Vec<ClockStep> },
    Splits { splits: usize, steps: Vec<SplitStep> },
}

#[derive(Deserialize)]
struct ClockStep {
    op: ClockOp,
    at_ms: i64,
    ts: Option<i64>,
    emits: Vec<Emission>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ClockOp {
    Event,
    Periodic,
}

#[derive(Deserialize)]
struct SplitStep {
    op: SplitOp,
    split: Option<usize>,
    ts: Option<i64>,
    emits: Vec<Emission>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SplitOp {
    Watermark,
    Idle,
    Active,
    Unregister,
    Periodic,
}

/// Runs one case through an [`IdleTimer`] around a [`BoundedWatermark`], or a [`SplitMerge`].
///
/// # Errors
/// The first difference in words, or what is wrong with the case itself.
pub fn run_case(case: &Value) -> Result<(), String> {
    match Case::deserialize(case).map_err(|error| format!("not an idleness case: {error}"))? {
        Case::Idleness { bound_ms, timeout_ms, steps } => run_clock(bound_ms, timeout_ms, &steps),
        Case::Splits { splits, .. } if splits > MAX_SPLITS => {
            Err(format!("{splits} splits are out of range: must be at most {MAX_SPLITS}"))
        }
        Case::Splits { splits, steps } => run_splits(splits, &steps),
    }
}

fn run_clock(bound_ms: i64, timeout_ms: i64, steps: &[ClockStep]) -> Result<(), String> {
    let mut generator = BoundedWatermark::new(Span::from_micros(bound_ms));
    let mut timer = IdleTimer::new(Span::from_micros(timeout_ms));
    for (place, step) in steps.iter().enumerate() {
        let (found, what) = match (step.op, step.ts) {
            (ClockOp::Event, Some(ts)) => {
                generator.observe(emission::watermark(ts));
                timer.on_activity();
                (None, format!("event {ts} at {} ms", step.at_ms))
            }
            (ClockOp::Event, None) => return Err(format!("step {}: an event without ts", place + 1)),
            (ClockOp::Periodic, _) => {
                let found = match timer.check(ProcTime::from_micros(step.at_ms)) {
                    IdleCheck::Active => Some(Emission::Watermark(in_flinks_terms(generator.current()))),
                    IdleCheck::TurnsIdle => Some(Emission::Status(Status::Idle)),
                    IdleCheck::StaysIdle => None,
                };
                (found, format!("check at {} ms", step.at_ms))
            }
        };
        let found: Vec<Emission> = found.into_iter().collect();
        emission::compare(place, &what, &step.emits, &found)?;
    }
    Ok(())
}

/// Flink claims "no more records with time <= w", one unit less than ours; before the first record
/// both are the smallest number.
fn in_flinks_terms(watermark: EventTime) -> i64 {
    if watermark.is_finite() { watermark.micros() - 1 } else { watermark.micros() }
}

fn run_splits(splits: usize, steps: &[SplitStep]) -> Result<(), String> {
    let mut merge = SplitMerge::new(splits);
    for (place, step) in steps.iter().enumerate() {
        let split = match (step.op, step.split) {
            (SplitOp::Periodic, _) => 0,
            (_, Some(split)) if split < splits => split,
            (_, Some(split)) => return Err(format!("step {}: there is no split {split}", place + 1)),
            (_, None) => return Err(format!("step {}: no split is named", place + 1)),
        };
        let (emitted, what) = match (step.op, step.ts) {
            (SplitOp::Watermark, Some(ts)) => {
                let emitted = merge.on_watermark(split, emission::watermark(ts));
                (emitted, format!("watermark {ts} of split {split}"))
            }
            (SplitOp::Watermark, None) => return Err(format!("step {}: a watermark without ts", place + 1)),
            (SplitOp::Idle, _) => (merge.on_idle(split), format!("split {split} goes idle")),
            (SplitOp::Active, _) => {
                merge.note_active(split);
                (Emitted::default(), format!("split {split} is active"))
            }
            (SplitOp::Unregister, _) => {
                merge.remove(split);
                (Emitted::default(), format!("split {split} is removed"))
            }
            (SplitOp::Periodic, _) => (merge.update(), "periodic check".to_owned()),
        };
        emission::compare(place, &what, &step.emits, &emission::of_merger(emitted))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<(), String> {
        run_case(&serde_json::from_str(text).expect("JSON"))
    }

    #[test]
    fn a_wrong_expectation_fails_in_words() {
        let case = r#"{"kind":"idleness","bound_ms":3,"timeout_ms":10,"steps":[
            {"op":"event","at_ms":0,"ts":9,"emits":[]},
            {"op":"periodic","at_ms":1,"emits":[{"watermark":6}]}]}"#;
        let told = "step 2 (check at 1 ms): expected watermark 6, found watermark 5";
        assert_eq!(run(case), Err(told.to_owned()));
        let case = r#"{"kind":"splits","splits":1,"steps":[{"op":"idle","split":0,"emits":[]}]}"#;
        assert_eq!(run(case), Err("step 1 (split 0 goes idle): expected nothing, found idle".to_owned()));
    }

    #[test]
    fn a_broken_case_is_told_apart() {
        let told = run(r#"{"kind":"splits","splits":1,"steps":[{"op":"idle","split":3,"emits":[]}]}"#);
        assert_eq!(told, Err("step 1: there is no split 3".to_owned()));
        assert!(run(r#"{"kind":"other"}"#).is_err_and(|told| told.starts_with("not an idleness case: ")));
    }
}
