//! Cases of the watermark over several inputs: `{"channels", "steps": [{"op", "channel", "ts"?, "emits"}]}`.

use serde::Deserialize;
use serde_json::Value;

use crate::cases::emission::{self, Emission};
use crate::watermark::{InputStatus, Valve};

/// A case may have at most this many channels; more is a mistake in the file, not a valve.
const MAX_CHANNELS: usize = 100_000;

#[derive(Deserialize)]
struct Case {
    channels: usize,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    op: Op,
    channel: usize,
    ts: Option<i64>,
    emits: Vec<Emission>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Watermark,
    Idle,
    Active,
}

/// Runs one case through a [`Valve`].
///
/// # Errors
/// The first difference in words, or what is wrong with the case itself.
pub fn run_case(case: &Value) -> Result<(), String> {
    let case = Case::deserialize(case).map_err(|error| format!("not a valve case: {error}"))?;
    if case.channels > MAX_CHANNELS {
        return Err(format!("{} channels are out of range: must be at most {MAX_CHANNELS}", case.channels));
    }
    let mut valve = Valve::new(case.channels);
    for (place, step) in case.steps.iter().enumerate() {
        if step.channel >= case.channels {
            return Err(format!("step {}: there is no channel {}", place + 1, step.channel));
        }
        let (emitted, what) = match (step.op, step.ts) {
            (Op::Watermark, Some(ts)) => {
                let emitted = valve.on_watermark(step.channel, emission::watermark(ts));
                (emitted, format!("watermark {ts} on channel {}", step.channel))
            }
            (Op::Watermark, None) => return Err(format!("step {}: a watermark without ts", place + 1)),
            (Op::Idle, _) => {
                (valve.on_status(step.channel, InputStatus::Idle), format!("channel {} goes idle", step.channel))
            }
            (Op::Active, _) => {
                (valve.on_status(step.channel, InputStatus::Active), format!("channel {} wakes up", step.channel))
            }
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
        let case = r#"{"channels":1,"steps":[{"op":"watermark","channel":0,"ts":5,"emits":[]}]}"#;
        let told = "step 1 (watermark 5 on channel 0): expected nothing, found watermark 5";
        assert_eq!(run(case), Err(told.to_owned()));
    }

    #[test]
    fn a_broken_case_is_told_apart() {
        let told = run(r#"{"channels":1,"steps":[{"op":"idle","channel":1,"emits":[]}]}"#);
        assert_eq!(told, Err("step 1: there is no channel 1".to_owned()));
        let told = run(r#"{"channels":1,"steps":[{"op":"watermark","channel":0,"emits":[]}]}"#);
        assert_eq!(told, Err("step 1: a watermark without ts".to_owned()));
        assert!(run(r#"{"steps":[]}"#).is_err_and(|told| told.starts_with("not a valve case: ")));
        assert!(run(r#"{"channels":9000000000,"steps":[]}"#).is_err());
    }
}
