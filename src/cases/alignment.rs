//! Cases of watermark alignment:
//! `{"sources", "max_drift_ms", "steps": [{"source", "reports", "combined", "max_allowed", "paused"}]}`.

use serde::Deserialize;
use serde_json::Value;

use crate::cases::emission;
use crate::time::Span;
use crate::watermark::AlignmentGroup;

/// A case may have at most this many sources; more is a mistake in the file, not a group.
const MAX_SOURCES: usize = 100_000;

#[derive(Deserialize)]
struct Case {
    sources: usize,
    max_drift_ms: i64,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    source: usize,
    reports: i64,
    combined: i64,
    max_allowed: i64,
    paused: Vec<usize>,
}

/// Runs one case through an [`AlignmentGroup`].
///
/// # Errors
/// The first difference in words, or what is wrong with the case itself.
pub fn run_case(case: &Value) -> Result<(), String> {
    let case = Case::deserialize(case).map_err(|error| format!("not an alignment case: {error}"))?;
    if case.sources > MAX_SOURCES {
        return Err(format!("{} sources are out of range: must be at most {MAX_SOURCES}", case.sources));
    }
    let mut group = AlignmentGroup::new(case.sources, Span::from_micros(case.max_drift_ms));
    for (place, step) in case.steps.iter().enumerate() {
        if step.source >= case.sources {
            return Err(format!("step {}: there is no source {}", place + 1, step.source));
        }
        group.report(step.source, emission::watermark(step.reports));
        let told = |what: &str, expected: String, found: String| {
            let (source, reports) = (step.source, step.reports);
            Err(format!(
                "step {} (source {source} reports {reports}): expected {what} {expected}, found {found}",
                place + 1
            ))
        };
        let (combined, max_allowed) = (group.combined().micros(), group.max_allowed().micros());
        let paused: Vec<usize> = group.paused().collect();
        if combined != step.combined {
            return told("combined watermark", step.combined.to_string(), combined.to_string());
        }
        if max_allowed != step.max_allowed {
            return told("limit", step.max_allowed.to_string(), max_allowed.to_string());
        }
        if paused != step.paused {
            return told("paused sources", format!("{:?}", step.paused), format!("{paused:?}"));
        }
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
        let case = r#"{"sources":2,"max_drift_ms":10,"steps":[
            {"source":0,"reports":1,"combined":1,"max_allowed":11,"paused":[]},
            {"source":1,"reports":12,"combined":1,"max_allowed":11,"paused":[]}]}"#;
        let told = "step 2 (source 1 reports 12): expected paused sources [], found [1]";
        assert_eq!(run(case), Err(told.to_owned()));
        let case = r#"{"sources":1,"max_drift_ms":10,"steps":[
            {"source":0,"reports":1,"combined":2,"max_allowed":11,"paused":[]}]}"#;
        let told = "step 1 (source 0 reports 1): expected combined watermark 2, found 1";
        assert_eq!(run(case), Err(told.to_owned()));
    }

    #[test]
    fn a_broken_case_is_told_apart() {
        let told = run(r#"{"sources":1,"max_drift_ms":1,
                "steps":[{"source":1,"reports":0,"combined":0,"max_allowed":1,"paused":[]}]}"#);
        assert_eq!(told, Err("step 1: there is no source 1".to_owned()));
        assert!(run("{}").is_err_and(|told| told.starts_with("not an alignment case: ")));
    }
}
