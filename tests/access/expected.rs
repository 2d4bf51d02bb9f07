//! The controls that each panel must have, written out: taking one away has to be meant.

use highwater::app::panel::Panel;

use crate::controls::Control;

/// By panel: a scenario on which it shows all of them, and their names; a star stands for whatever is there.
pub const PANELS: [(Panel, &str, &[&str]); 15] = [
    (Panel::TimeMap, "trams-crash", &TIME_MAP),
    (Panel::Topology, "trams-crash", &TOPOLOGY),
    (
        Panel::Partitions,
        "trams-crash",
        &[
            "Lag of partition 0 over time",
            "Why partition 0 is as it is",
            "Lag of partition 3 over time",
            "Why partition 3 is as it is",
        ],
    ),
    (Panel::Recovery, "exactly-once", &["Failures and checkpoints over the run"]),
    (Panel::Results, "trams-crash", &RESULTS),
    (Panel::Queues, "exactly-once", &["Queues over time"]),
    (Panel::Tuner, "trams-crash", &TUNER),
    (
        Panel::Why,
        "trams-crash",
        &["A record that is not counted: *", "The worst window: *", "The longest silence: *", "This moment: *"],
    ),
    (Panel::Settings, "trams-crash", &SETTINGS),
    (
        Panel::Emissions,
        "trams-crash",
        &["Window 12:00, value *", "Keys of 12:00", "Window 12:07, value *", "Keys of 12:07"],
    ),
    (Panel::Late, "trams-crash", &["Log axis", "Out-of-orderness bound on the delay axis"]),
    (Panel::Twin, "trams-crash", &["Pin this run"]),
    (Panel::Lesson, "late-nine", &["It is dropped.", "It is added.", "It goes where it arrives.", "Let it arrive"]),
    (Panel::Ledger, "trams-crash", &["Ledger: * counted", "Ledger: * dropped late", "Ledger: * in flight"]),
    (Panel::Transport, "trams-crash", &["To the start", "Step back", "Step", "Play", "Speed", "Timeline"]),
];

const TIME_MAP: [&str; 12] = [
    "Follow now",
    "1 : 1",
    "Fit",
    "Delay",
    "All keys \u{23f7}",
    "on time *",
    "behind *",
    "dropped *",
    "watermark",
    "perfect",
    "ideal",
    "Time map: event time across, processing time up",
];

const TOPOLOGY: [&str; 17] = [
    "Crash a task",
    "Crash a task: choose",
    "Slow a task",
    "Slow a task: choose",
    "Fail the sink",
    "Fail the sink: choose",
    "Cut the network",
    "Cut the network: choose",
    "Silence a producer",
    "Silence a producer: choose",
    "Hot key",
    "Poison record",
    "Poison record: choose",
    "Rebalance, not here: *",
    "Burst",
    "Burst: choose",
    "Faults 3 *",
];

const RESULTS: [&str; 15] = [
    "Export CSV\u{2026}",
    "Table",
    "Changelog",
    "Serving",
    "Filter keys",
    "Worst: *",
    "Sort by window",
    "Sort by key",
    "Sort by value",
    "Sort by truth",
    "Sort by off by",
    "Sort by timing",
    "Sort by updates",
    "Sort by since",
    "12:05 T4, value *",
];

const TUNER: [&str; 8] = [
    "Use this",
    "Compare as twin",
    "Copy for Flink",
    "Use: Wait *",
    "Goal: 99% within *",
    "closed at once",
    "kept 1 min",
    "bound 0 s, closed at once: *",
];

const SETTINGS: [&str; 44] = [
    "Rate",
    "Rate, type a value",
    "Delay, median",
    "Delay, median, type a value",
    "T3 silent for",
    "T3 silent for, type a value",
    "Rule",
    "Bound",
    "Bound, type a value",
    "More about the watermark",
    "Tumbling",
    "Sliding",
    "Session",
    "Cumulative",
    "Global",
    "Size",
    "Size, type a value",
    "Allowed lateness",
    "Allowed lateness, type a value",
    "Drop",
    "Side output",
    "More about windows",
    "Dialect",
    "Trigger",
    "Add up",
    "Discard",
    "Retract",
    "Hold",
    "Flush",
    "Count",
    "Sum",
    "Mean",
    "Min",
    "Max",
    "First",
    "Last",
    "Distinct",
    "Distinct est.",
    "Quantile",
    "Top k",
    "Service time",
    "Service time, type a value",
    "Queue",
    "Queue, type a value",
];

/// The names of the list that no enabled or disabled control has.
pub fn missing(place: &str, controls: &[Control], wanted: &[&str]) -> Vec<String> {
    let fits = |name: &str, wanted: &str| match wanted.split_once('*') {
        Some((begin, end)) => name.starts_with(begin) && name.ends_with(end),
        None => name == wanted,
    };
    let has = |wanted: &str| controls.iter().any(|control| fits(&control.name, wanted));
    let there: Vec<String> = controls.iter().map(Control::said).collect();
    let missing = wanted.iter().filter(|name| !has(name));
    missing.map(|name| format!("{place}: {name} is not among {there:#?}")).collect()
}
