//! The built-in scenarios: each reads, checks clean, begins with what to watch for, and does what its comment promises.
//!
//! Their figures are kept in `tests/data/scenario-figures.json`; after a change that is meant to
//! change them, `HIGHWATER_BLESS=1 cargo test --test scenarios` writes them again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use highwater::metrics::join::JoinReport;
use highwater::metrics::report::Report;
use highwater::metrics::tasks::{Stretch, TaskMetrics};
use highwater::runtime::{RunConfig, TaskId, Trace, WindowEnd, run};
use highwater::scenario::library::{BUILT_IN, BuiltIn, find};
use highwater::scenario::set::apply;
use highwater::scenario::{Scenario, parse};
use highwater::source::generate;
use serde::{Deserialize, Serialize};

fn scenario(built_in: &BuiltIn) -> Scenario {
    built_in.scenario().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_file_is_built_in_and_every_one_is_a_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of scenarios")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut built_in: Vec<String> = BUILT_IN.iter().map(|it| format!("{}.ron", it.slug)).collect();
    built_in.sort();
    assert_eq!(files, built_in);
}

#[test]
fn every_scenario_says_what_to_watch_for_and_to_try() {
    for built_in in BUILT_IN {
        let lines = built_in.watch_for();
        assert!((3..=6).contains(&lines.len()), "{}: {} lines", built_in.slug, lines.len());
        assert!(lines.iter().any(|line| line.starts_with("Try: ")), "{}: nothing to try", built_in.slug);
        let scenario = scenario(built_in);
        assert!(!scenario.about.is_empty(), "{}: about is empty", built_in.slug);
    }
}

#[test]
fn every_scenario_generates_a_stream_of_the_size_it_is_made_for() {
    for built_in in BUILT_IN {
        let stream = generate(&scenario(built_in)).unwrap_or_else(|error| panic!("{}: {error}", built_in.slug));
        let records = match built_in.slug {
            "million" => 1_000_000..=1_000_000,
            "twenty-thousand" => 20_000..=20_000,
            "four-tasks" => 100_000..=100_000,
            "rebalance-eager" | "rebalance-cooperative" => 7_200..=7_200,
            "dataflow" | "dataflow-batch" => 10..=10,
            "late-nine" => 14..=14,
            "exactly-once" | "at-least-once" | "at-most-once" => 18_000..=18_000,
            "upsert-is-enough" | "upsert-not-enough" | "max-needs-less" => 12_000..=12_000,
            "checkpoint-cascade" | "checkpoint-cascade-cured" => 95_000..=97_000,
            "lag-spiral" => 78_000..=78_000,
            "lag-spiral-lost" => 102_000..=102_000,
            _ => 500..=2_000,
        };
        assert!(records.contains(&stream.len()), "{}: {} records", built_in.slug, stream.len());
    }
}

#[test]
fn every_scenario_reads_back_what_it_writes() {
    for built_in in BUILT_IN {
        let scenario = scenario(built_in);
        let written = scenario.to_ron();
        assert_eq!(parse(&written, built_in.slug), Ok(scenario), "{written}");
    }
}

/// Runs a built-in scenario with some fields set.
fn run_with(slug: &str, settings: &[&str]) -> (Report, Trace) {
    let mut scenario = scenario(find(slug).expect("a built-in scenario"));
    apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{slug}: {errors:?}"));
    let stream = Arc::new(generate(&scenario).unwrap_or_else(|error| panic!("{slug}: {error}")));
    let trace = run(&stream, &RunConfig::of(&scenario, &stream));
    (Report::of(&scenario, &trace, 0.0), trace)
}

fn report(slug: &str, settings: &[&str]) -> Report {
    run_with(slug, settings).0
}

/// How much later the median result is, in seconds.
fn later(than: &Report, report: &Report) -> f64 {
    report.result_latency_s.p50.expect("results") - than.result_latency_s.p50.expect("results")
}

#[test]
fn trams_in_the_tunnel_lose_records_unless_bound_or_lateness_wait() {
    let (plain, trace) = run_with("trams-tunnel", &[]);
    assert!((10..40).contains(&plain.ledger.dropped_late), "{}", plain.ledger.dropped_late);
    assert_eq!((plain.max_queue_depth, plain.max_lag > 0), (32, true), "the slow spell fills the queue");
    let mut sums = BTreeMap::new();
    for window in &trace.windows {
        *sums.entry(window.window.start).or_insert(0.0) += window.summary.sum;
    }
    assert_eq!(sums.len(), 10);
    assert!(sums.values().all(|sum| (180.0..400.0).contains(sum)), "{sums:?}");
    let wide = report("trams-tunnel", &["bound=65s"]);
    assert_eq!(wide.ledger.dropped_late, 0);
    assert!((25.0..40.0).contains(&later(&plain, &wide)));
    let patient = report("trams-tunnel", &["lateness=2min"]);
    assert_eq!((patient.ledger.dropped_late, patient.behind), (0, plain.behind));
    assert!(patient.panes.late > plain.panes.late && later(&plain, &patient) == 0.0);
}

#[test]
fn disorder_falls_in_three_clouds() {
    let dropped = |settings: &[&str]| report("disorder", settings).ledger.dropped_late;
    let plain = dropped(&[]);
    assert!(plain > 40, "{plain}");
    assert!((1..plain).contains(&dropped(&["bound=30s"])));
    assert_eq!(dropped(&["bound=2min"]), 0);
    let corrected = report("disorder", &["lateness=2min"]);
    assert_eq!(corrected.ledger.dropped_late, 0);
    assert!(corrected.panes.late > 0);
}

#[test]
fn the_watermark_is_right_when_its_bound_is_the_longest_delay() {
    let plain = report("watermark", &[]);
    assert!(plain.behind > plain.records / 3 && plain.ledger.dropped_late > 50, "{} {}", plain.behind, plain.records);
    let right = report("watermark", &["bound=20s"]);
    assert_eq!((right.behind, right.ledger.dropped_late), (0, 0));
    assert!((later(&plain, &right) - 15.0).abs() < 1.0);
    let wide = report("watermark", &["bound=40s"]);
    assert!((later(&right, &wide) - 20.0).abs() < 1.0);
}

#[test]
fn windows_cut_the_stream_as_their_comments_say() {
    let on_time = |slug: &str, settings: &[&str]| report(slug, settings).panes.on_time;
    assert_eq!(report("tumbling", &[]).completeness, 1.0);
    assert_eq!((on_time("tumbling", &[]), on_time("tumbling", &["window.size=2min"])), (9, 4));
    let (sliding, trace) = run_with("sliding", &[]);
    let counted: u64 = trace.windows.iter().map(|window| window.summary.count).sum();
    assert_eq!((sliding.completeness, counted), (1.0, 4 * sliding.records as u64));
    assert!(report("sliding", &["window.slide=2min"]).ledger.unassigned > 0);
}

#[test]
fn sessions_merge_and_close_too_early_below_the_right_bound() {
    let run = |settings: &[&str]| {
        let (report, trace) = run_with("sessions", settings);
        let is_merged = |end: &WindowEnd| matches!(end, WindowEnd::Merged { .. });
        let merged = trace.windows.iter().filter(|window| is_merged(&window.end)).count();
        (trace.windows.len() - merged, merged, report)
    };
    let (plain, merged, report) = run(&[]);
    assert!(merged >= 10 && report.completeness == 1.0, "{merged} merged");
    let (early, ..) = run(&["bound=5s"]);
    assert!(early > plain, "{early} sessions against {plain}");
    let (repaired, ..) = run(&["bound=5s", "lateness=1min"]);
    assert_eq!(repaired, plain);
    assert!(run(&["window.gap=2min"]).0 * 2 < plain);
}

#[test]
fn the_slow_operator_fills_the_queue_and_then_the_log() {
    let plain = report("slow-operator", &[]);
    assert_eq!((plain.max_queue_depth, plain.ledger.dropped_late), (60, 0));
    assert!(plain.max_lag > 60, "{}", plain.max_lag);
    let larger = report("slow-operator", &["queue_capacity=600"]);
    assert_eq!((larger.max_lag, larger.result_latency_s), (0, plain.result_latency_s));
    let faster = report("slow-operator", &["service_time=300ms"]);
    assert!(faster.max_lag == 0 && faster.max_queue_depth < 60, "{}", faster.max_queue_depth);
}

#[test]
fn a_clock_that_is_ahead_makes_the_others_late() {
    let plain = report("wrong-clock", &[]);
    // Two producers of three, but for what came before the first record of the second.
    assert!(plain.ledger.dropped_late > 780 && plain.records < 1_250, "{:?}", plain.ledger);
    let guarded = report("wrong-clock", &["pipeline.watermark_options.max_future=30s"]);
    assert_eq!(guarded.ledger.dropped_late, 0);
    let behind = report("wrong-clock", &["source.producers.clocks.0.offset=-10min"]);
    assert!((300..450).contains(&behind.ledger.dropped_late), "{:?}", behind.ledger);
}

#[test]
fn retries_count_records_twice_unless_the_broker_knows_them() {
    let plain = report("retries", &[]);
    let happened = plain.ledger.produced - plain.ledger.duplicated;
    assert!((80..150).contains(&plain.ledger.duplicated), "{:?}", plain.ledger);
    let known = report("retries", &["producers.idempotent=true"]);
    assert_eq!((known.ledger.counted, known.ledger.duplicated), (happened, 0));
    let unnoticed = report("retries", &["producers.acks=zero", "producers.loss=0.1"]);
    assert_eq!((unnoticed.ledger.produced, unnoticed.ledger.duplicated), (happened, 0));
    assert!((60..130).contains(&unnoticed.ledger.lost), "{:?}", unnoticed.ledger);
}

#[test]
fn a_full_shard_holds_back_in_line_and_more_of_them_do_not() {
    let longest = |report: &Report| report.delay_s.max.expect("records");
    let plain = report("shard", &[]);
    assert!((60.0..90.0).contains(&longest(&plain)), "{}", longest(&plain));
    assert_eq!((plain.ledger.dropped_late, plain.ledger.lost), (0, 0));
    let two = report("shard", &["source.partitions=2", "source.partitioner=round-robin"]);
    assert!(longest(&two) < 10.0 && two.ledger.dropped_late == 0, "{}", longest(&two));
    let impatient = report("shard", &["producers.delivery_timeout=30s"]);
    assert!((0.08..0.12).contains(&(impatient.ledger.lost as f64 / impatient.ledger.produced as f64)));
    assert!(longest(&impatient) <= 30.5);
}

#[test]
fn micro_batches_say_the_same_in_steps_of_their_trigger() {
    let batched = report("micro-batch", &[]);
    let streaming = report("micro-batch", &["tasks.micro_batch=None"]);
    assert_eq!(batched.ledger, streaming.ledger);
    assert_eq!(batched.panes, streaming.panes);
    let seconds = |report: &Report| report.result_latency_s.p50.expect("results");
    // Streaming: 3 s of bound and the wait for the next record. A window is over 3 to 4 s after its end, at
    // multiples of 15 s; the trigger after that is 5 s or 10 s after the end.
    assert!((3.0..4.0).contains(&seconds(&streaming)), "{}", seconds(&streaming));
    let latency = batched.result_latency_s;
    assert!(latency.max <= Some(10.0), "{latency:?}");
    assert!(latency.p50 == Some(5.0) || latency.p50 == Some(10.0), "{latency:?}");
}

#[test]
fn salted_the_hot_key_is_cured_with_equal_results() {
    let run = |salts: &str| {
        let (report, trace) = run_with("hot-key-salted", &[&format!("pipeline.tasks.salts={salts}")]);
        let metrics = TaskMetrics::of(&trace);
        let minutes = Stretch::new(trace.span().expect("records").0, trace.stream.arrivals_ascending()[1_439]);
        let busy: Vec<f64> = (0..4).map(|task| metrics.shares(TaskId::window(task), minutes).busy).collect();
        let mut results: Vec<_> =
            trace.panes.iter().map(|pane| (pane.key, pane.window, pane.timing, pane.summary.count)).collect();
        results.sort_unstable();
        let sum: f64 = trace.panes.iter().map(|pane| pane.summary.sum).sum();
        (report, busy, results, sum)
    };
    let (cured, busy, results, sum) = run("16");
    // A window of a key has a part of every sub-key, as far as its records go.
    let parts: u64 = results.iter().map(|(.., records)| records.min(&16)).sum();
    assert_eq!((cured.max_lag, cured.panes.on_time, cured.panes.partial), (0, 25, parts as usize));
    assert!(busy.iter().all(|busy| (0.35..0.75).contains(busy)), "{busy:?}");
    let (hot, busy, plain_results, plain_sum) = run("1");
    assert_eq!((&plain_results, plain_sum), (&results, sum));
    assert_eq!(hot.panes.partial, 0);
    // 8 a second come, 6.4 of them hot; one task does 4, so 5 are read.
    assert!((500..650).contains(&hot.max_lag), "{}", hot.max_lag);
    assert!(busy.iter().filter(|&&busy| busy > 0.99).count() == 1, "{busy:?}");
    assert!(busy.iter().filter(|&&busy| busy < 0.25).count() == 3, "{busy:?}");
    let (halves, busy, ..) = run("2");
    assert_eq!(halves.max_lag, 0);
    assert!(busy.iter().filter(|&&busy| busy > 0.75).count() == 2, "{busy:?}");
}

#[test]
fn completeness_of_twenty_thousand_climbs_ever_more_slowly_with_the_bound() {
    let at = |bound: &str| report("twenty-thousand", &[bound]).completeness;
    let all = [at("bound=0s"), at("bound=15s"), at("bound=30s"), at("bound=45s")];
    assert!(all[1] - all[0] > all[2] - all[1] && all[2] - all[1] > all[3] - all[2] && all[3] < 1.0, "{all:?}");
}

/// What a run of a scenario comes to.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Figures {
    records: usize,
    counted: u64,
    dropped_late: u64,
    behind: usize,
    on_time_panes: usize,
    late_panes: usize,
    open_at_end: usize,
    max_queue_depth: usize,
    max_lag: usize,
    trace_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    join: Option<JoinReport>,
}

#[test]
fn runs_have_the_figures_on_file() {
    let figures = |built_in: &BuiltIn| {
        let report = report(built_in.slug, &[]);
        let figures = Figures {
            records: report.records,
            counted: report.ledger.counted,
            dropped_late: report.ledger.dropped_late,
            behind: report.behind,
            on_time_panes: report.panes.on_time,
            late_panes: report.panes.late,
            open_at_end: report.open_at_end,
            max_queue_depth: report.max_queue_depth,
            max_lag: report.max_lag,
            trace_hash: report.trace_hash,
            join: report.join,
        };
        (built_in.slug.to_owned(), figures)
    };
    let found: BTreeMap<String, Figures> = BUILT_IN.iter().map(figures).collect();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenario-figures.json");
    if std::env::var_os("HIGHWATER_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&found).expect("figures are plain data");
        std::fs::write(&file, text + "\n").expect("the figures can be written");
        return;
    }
    let text = std::fs::read_to_string(&file).expect("the file of figures");
    let expected: BTreeMap<String, Figures> = serde_json::from_str(&text).expect("the file of figures is JSON");
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (slug, figures) in &found {
        assert_eq!(figures, &expected[slug], "{slug}");
    }
}
