//! The watermark machines and the restart strategies against cases recorded from Apache Flink: every
//! case passes, none is skipped.

use serde_json::Value;

fn check(text: &str, count: usize, run_case: fn(&Value) -> Result<(), String>) {
    let cases: Vec<Value> = serde_json::from_str(text).expect("a list of cases");
    assert_eq!(cases.len(), count);
    let failed = cases.iter().filter_map(|case| Some(format!("{}: {}", case["id"], run_case(case).err()?)));
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn valve_cases() {
    check(include_str!("cases/flink/valve_cases.json"), 82, highwater::cases::valve::run_case);
}

#[test]
fn idleness_and_split_cases() {
    check(include_str!("cases/flink/idleness_cases.json"), 48, highwater::cases::idleness::run_case);
}

#[test]
fn restart_cases() {
    check(include_str!("cases/flink/restart_cases.json"), 33, highwater::cases::restart::run_case);
}

#[test]
fn alignment_cases() {
    check(include_str!("cases/flink/alignment_cases.json"), 19, highwater::cases::alignment::run_case);
}
