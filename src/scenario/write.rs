//! [`Scenario`] to RON text that reads back equal.

use ron::ser::PrettyConfig;

use crate::scenario::{Scenario, SourceSpec, locate, parse};

/// Fields that are written even where they have their default: what a reader looks for first.
const ALWAYS_WRITTEN: [&str; 5] = ["version", "title", "seed", "duration", "source"];

/// After this many fields that could not be left out, the rest is written as it is; each one is
/// tried by reading the whole text.
const MAX_KEPT: usize = 400;
/// After this many that were left out, too.
const MAX_LEFT_OUT: usize = 2_000;
/// Lists whose elements have fields with defaults.
const LISTS: [&str; 5] = ["faults.", "by_hand.", "pipeline.gate.versions.", "lesson.steps.", "goals."];

impl Scenario {
    /// The text of a scenario file. Fields that have their default are left out, except for a few
    /// that every file should show.
    pub fn to_ron(&self) -> String {
        let mut text = full_text(self);
        let (mut kept, mut left_out) = (0, 0);
        while kept < MAX_KEPT && left_out < MAX_LEFT_OUT {
            let fields = locate::fields(&text);
            let candidate = fields.iter().filter(|field| is_optional(&field.path)).nth(kept);
            let Some(field) = candidate else {
                break;
            };
            let without = without(&text, field);
            if parse::read(&without).is_ok_and(|scenario| scenario == *self) {
                text = without;
                left_out += 1;
            } else {
                kept += 1;
            }
        }
        text
    }
}

/// The text with every field.
pub(super) fn full_text(scenario: &Scenario) -> String {
    // Records that are written out get a line each.
    let depth = if matches!(scenario.source, SourceSpec::Records(_)) { 3 } else { 2 };
    let config = PrettyConfig::new().depth_limit(depth).new_line("\n");
    // The depth of a scenario that was read is limited by the reader.
    let written = parse::options().without_recursion_limit().to_string_pretty(scenario, config);
    written.expect("a scenario is made of structs, enums, lists, texts and numbers, which RON can all write") + "\n"
}

/// Whether a field may have a default: it has a name, and no number is in front of it but in some lists.
fn is_optional(path: &str) -> bool {
    let is_name = |name: &str| name.starts_with(|c: char| c.is_alphabetic());
    let is_listed = LISTS.iter().any(|list| path.starts_with(list));
    let mut names = path.split('.');
    names.next_back().is_some_and(is_name) && (is_listed || names.all(is_name)) && !ALWAYS_WRITTEN.contains(&path)
}

/// The text without this field, its comma and the blanks in front of it.
fn without(text: &str, field: &locate::Field) -> String {
    let before = &text[..field.start];
    let after = &text[field.value.end..];
    let (opening, closing) = (before.trim_end(), after.trim_start_matches(',').trim_start());
    if opening.ends_with('(') && closing.starts_with(')') {
        return format!("{opening}{closing}");
    }
    match after.strip_prefix(',') {
        // In a line of its own, the line break in front goes; otherwise, the blank behind.
        Some(after) if after.starts_with('\n') => format!("{}{after}", before.trim_end()),
        Some(after) => format!("{before}{}", after.trim_start_matches(' ')),
        None => format!("{}{after}", before.trim_end().trim_end_matches(',')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let scenario = parse::parse(text, "test").unwrap();
        let written = scenario.to_ron();
        assert_eq!(written, expected);
        assert_eq!(parse::parse(&written, "test").unwrap(), scenario);
    }

    #[test]
    fn defaults_are_left_out() {
        let least = r#"(
    version: 1,
    title: "x",
    seed: 7,
    duration: "10min",
    source: Synthetic(),
)
"#;
        check(r#"(title: "x", source: Synthetic())"#, least);
        check(
            r#"(title: "x", source: Synthetic(delay: Constant(delay: "0s")), about: "", pipeline: (late: Drop))"#,
            least,
        );
    }

    #[test]
    fn what_differs_is_written_in_lines_that_fit() {
        let text = r#"(
    version: 1,
    title: "Trams \"T\"",
    about: "a\nb",
    seed: 9,
    duration: "10min",
    source: Synthetic(
        rate: 1.5,
        arrivals: Bursts(active: "1min", silent: "2min"),
        keys: Zipf(count: 3, exponent: 1.0, names: ["a"]),
        values: Integers(min: 0, max: 4),
        delay: Mixture([(weight: 1.0, delay: Pareto(scale: "1s", shape: 1.5, max: "1h"))]),
    ),
    pipeline: (
        watermark: Bounded(bound: "30s"),
        window: Sliding(size: "1min", slide: "15s"),
        late: SideOutput,
    ),
    faults: [
        Offline(key: "a", from: "1min", until: "2min"),
        SlowOperator(from: "0s", until: "10s", factor: 7.0),
    ],
)
"#;
        check(text, text);
    }

    #[test]
    fn gates_and_faults_are_written_without_their_defaults() {
        let text = r#"(
    version: 1,
    title: "x",
    seed: 7,
    duration: "10min",
    source: Synthetic(),
    pipeline: (
        gate: (versions: [(fields: [(name: "value", holds: Number, max: 10.0), (name: "unit", holds: Text)])]),
        restart: FixedDelay(attempts: 3, delay: "5s"),
    ),
    faults: [
        Silent(partition: 0, from: "1s", until: "2s"),
        Silent(key: "k1", producer: 0, from: "1s", until: "2s", records: Hold),
        HotKey(key: "k1", share: 0.8, from: "1s", until: "2s"),
        Burst(times: 3.0, from: "1s", until: "2s"),
        ClockJump(by: "-1h", from: "1s", until: "2s"),
        Poison(share: 0.1, from: "1s", until: "2s", defect: MissingField("unit")),
        Poison(from: "1s", until: "2s", defect: OutOfRange(1000.0)),
        Poison(from: "1s", until: "2s", defect: Version(2)),
        LeaderFails(partition: 0, at: "1s"),
        SlowOperator(task: 0, from: "1s", until: "2s", factor: 7.0),
        SlowSink(from: "1s", until: "2s", factor: 7.0),
        FailingSink(from: "1s", until: "2s", retry_after: "5s"),
        DeadLetterSink(from: "1s", until: "2s"),
    ],
)
"#;
        check(text, text);
    }

    #[test]
    fn groups_and_what_happens_to_their_members_are_written_without_their_defaults() {
        let text = r#"(
    version: 1,
    title: "x",
    seed: 7,
    duration: "10min",
    source: Synthetic(),
    pipeline: (
        group: (assignor: CooperativeSticky, commit_interval: "1s"),
    ),
    faults: [
        MemberSilent(task: 0, from: "1s", until: "2s"),
        MemberStalls(task: 0, from: "1s", until: "2s"),
        MemberLeaves(task: 0, at: "1s"),
        MemberJoins(task: 0, at: "2s"),
    ],
)
"#;
        check(text, text);
    }

    #[test]
    fn recordings_keep_their_columns() {
        let text = r#"(
    version: 1,
    title: "x",
    seed: 7,
    duration: "10min",
    source: Recording(
        path: "taxis.csv",
        columns: (event_time: "pickup", no_header: true),
    ),
)
"#;
        check(text, text);
    }

    #[test]
    fn written_records_keep_a_line_each() {
        let text = r#"(
    version: 1,
    title: "x",
    seed: 7,
    duration: "10min",
    source: Records(
        records: [
            (event_time: "12:00:27", arrival_time: "12:05:20", key: "", value: 5.0, partition: 0),
            (event_time: "12:02:27", arrival_time: None, key: "a", value: 1.0, partition: 2),
        ],
        watermarks: [
            (at: "12:05:59", watermark: "12:02:00"),
        ],
    ),
)
"#;
        check(text, text);
    }
}
