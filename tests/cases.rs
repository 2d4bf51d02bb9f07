//! The window operators against cases recorded from Apache Flink and Apache Beam: every case passes, none is
//! skipped.

use std::fs;
use std::path::Path;

use highwater::cases::{beam, flink_windows};
use highwater::window::operator::WindowOperator;
use serde_json::Value;

/// Every case of these files, as (file and id, case).
fn cases(folder: &str, names: &[&str]) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut all = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).expect("the file is part of the repository");
        let cases: Vec<Value> = serde_json::from_str(&text).expect("a list of cases");
        let id = |case: &Value| case["id"].as_str().or(case["name"].as_str()).expect("a case has a name").to_owned();
        all.extend(cases.into_iter().map(|case| (format!("{name}: {}", id(&case)), case)));
    }
    all
}

fn check(cases: &[(String, Value)], count: usize, run_case: impl Fn(&Value) -> Result<(), String>) {
    assert_eq!(cases.len(), count);
    let failed: Vec<String> =
        cases.iter().filter_map(|(id, case)| Some(format!("{id}: {}", run_case(case).err()?))).collect();
    assert!(failed.is_empty(), "{} of {count} failed:\n  {}", failed.len(), failed.join("\n  "));
}

const FLINK_WINDOWS: [&str; 14] = [
    "continuous",
    "continuous_session",
    "count",
    "edge",
    "global",
    "large",
    "purging",
    "session",
    "session_lateness",
    "sliding",
    "sliding_lateness",
    "tiny",
    "tumbling",
    "tumbling_lateness",
];

#[test]
fn flink_windows() {
    check(&cases("flink", &FLINK_WINDOWS), 411, flink_windows::run_case);
}

#[test]
fn flink_windows_by_the_general_operator() {
    check(&cases("flink", &FLINK_WINDOWS), 411, |case| flink_windows::run_case_with(case, WindowOperator::general));
}

#[test]
fn beam_windows() {
    check(&cases("beam", &["fixed", "global", "sessions", "sliding"]), 336, beam::run_case);
}
