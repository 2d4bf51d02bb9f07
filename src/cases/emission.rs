//! What a watermark machine hands on after one step, as case files write it.
//!
//! Case files count in Flink's milliseconds. The machines only compare and subtract, so a
//! millisecond of a case is taken for one unit of ours, which leaves the ends of a 64-bit number
//! (before any watermark, end of input) where they are.

use serde::Deserialize;

use crate::time::EventTime;
use crate::watermark::{Emitted, InputStatus};

/// One thing that comes out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emission {
    /// `{"watermark": 25}`
    Watermark(i64),
    /// `{"status": "idle"}`
    Status(Status),
}

/// A status, as case files spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At least one input is active.
    Active,
    /// None is.
    Idle,
}

/// What came out of a merger, in order.
pub(super) fn of_merger(emitted: Emitted) -> Vec<Emission> {
    let status = |status| match status {
        InputStatus::Active => Status::Active,
        InputStatus::Idle => Status::Idle,
    };
    let watermark = emitted.watermark.map(|watermark| Emission::Watermark(watermark.micros()));
    watermark.into_iter().chain(emitted.status.map(|changed| Emission::Status(status(changed)))).collect()
}

/// A watermark of a case as one of ours.
pub(super) const fn watermark(case_ms: i64) -> EventTime {
    EventTime::from_micros(case_ms)
}

/// `nothing`, or `watermark 25, then idle`.
pub(super) fn in_words(emissions: &[Emission]) -> String {
    let words = emissions.iter().map(|emission| match emission {
        Emission::Watermark(watermark) => format!("watermark {watermark}"),
        Emission::Status(Status::Active) => "active".to_owned(),
        Emission::Status(Status::Idle) => "idle".to_owned(),
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", then ") }
}

/// Compares one step; the difference in words.
pub(super) fn compare(step: usize, what: &str, expected: &[Emission], found: &[Emission]) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (in_words(expected), in_words(found));
    Err(format!("step {} ({what}): expected {expected}, found {found}", step + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_told_in_words() {
        let expected = [Emission::Watermark(25), Emission::Status(Status::Idle)];
        assert_eq!(compare(0, "idle", &expected, &expected), Ok(()));
        let told = compare(3, "channel 1 goes idle", &expected, &[]);
        let words = "step 4 (channel 1 goes idle): expected watermark 25, then idle, found nothing";
        assert_eq!(told, Err(words.to_owned()));
    }
}
