//! The settings as people use them: every choice and knob by the name that a screen reader would say,
//! what it does to the scenario, and that undo takes it back.

use egui::accesskit::Role;
use egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use highwater::app::files::Opened;
use highwater::app::shell::Lab;
use highwater::app::state::Saved;
use highwater::join::JoinKind;
use highwater::pipeline::{Aggregate, AtEnd, Emit, Marker, Pipeline, WatermarkSpec, WindowSpec};
use highwater::scenario::library::find;
use highwater::scenario::set::apply;
use highwater::time::Span;
use highwater::window::accumulation::Accumulation;
use highwater::window::dialect::{AzureAction, Dialect, OnTimePane, TimestampCombiner};
use highwater::window::trigger::TriggerSpec;

type Window = Harness<'static, Lab>;

/// A window so tall that all settings are in view, on a built-in scenario with some fields set.
fn window(slug: &str, settings: &[&str]) -> Window {
    let built_in = find(slug).expect("a built-in scenario");
    let mut scenario = built_in.scenario().expect("it reads");
    apply(&mut scenario, settings).expect("the settings are in their limits");
    let lab = Lab::headless(Opened::scenario(scenario), Saved::default());
    let frame = |ui: &mut egui::Ui, lab: &mut Lab| {
        lab.logic();
        lab.ui(ui, None);
    };
    let mut harness = Harness::builder().with_size(vec2(1600.0, 2400.0)).with_step_dt(0.1).build_ui_state(frame, lab);
    harness.run_steps(4);
    harness
}

fn trams() -> Window {
    window("trams-tunnel", &[])
}

fn pipeline(window: &Window) -> Pipeline {
    window.state().state().scenario.pipeline.clone()
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// Picks from a menu by the name of its row.
fn pick(window: &mut Window, row: &str, choice: &str) {
    window.get_by_role_and_label(Role::ComboBox, row).click();
    window.run_steps(3);
    click(window, choice);
}

fn flip(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::Switch, label).click();
    window.run_steps(3);
}

fn unfold(window: &mut Window, label: &str) {
    window.get_by_role_and_label(Role::DisclosureTriangle, label).click();
    window.run_steps(3);
}

fn set(window: &mut Window, label: &str, value: f64) {
    window.get_by_role_and_label(Role::Slider, label).set_value_accesskit(value);
    window.run_steps(3);
}

fn secs(seconds: i64) -> Span {
    Span::from_secs(seconds)
}

/// What is on screen was run with what is asked for, and nothing was refused.
fn assert_runs(window: &Window) {
    let state = window.state().state();
    assert_eq!(state.notices.len(), 0, "{:?}", state.notices.iter().map(|notice| &notice.text).collect::<Vec<_>>());
    let run = state.run.as_ref().expect("a run is on screen");
    assert_eq!(run.scenario.pipeline, state.scenario.pipeline);
}

#[test]
fn every_rule_of_the_watermark_has_its_knobs() {
    let mut window = trams();
    pick(&mut window, "Rule", "Percentile");
    set(&mut window, "Meant on time", 0.9);
    set(&mut window, "Sample", 200.0);
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::Percentile { quantile: 0.9, sample: 200 });
    assert_runs(&window);

    pick(&mut window, "Rule", "Adaptive");
    set(&mut window, "Deviations", 6.0);
    set(&mut window, "Least distance", 2e6);
    set(&mut window, "Most distance", 90e6);
    let adaptive = WatermarkSpec::Adaptive { deviations: 6, min: secs(2), max: secs(90) };
    assert_eq!(pipeline(&window).watermark, adaptive);

    pick(&mut window, "Rule", "Fixed lag");
    set(&mut window, "Lag", 45e6);
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::FixedLag { lag: secs(45) });

    pick(&mut window, "Rule", "Punctuated");
    set(&mut window, "Marker every", 5.0);
    let marker = Marker::EveryNth(5);
    assert!(matches!(pipeline(&window).watermark, WatermarkSpec::Punctuated { marker: found, .. } if found == marker));
    click(&mut window, "By value");
    set(&mut window, "Marker value", 3.0);
    let marker = Marker::ValueEquals(3.0);
    assert!(matches!(pipeline(&window).watermark, WatermarkSpec::Punctuated { marker: found, .. } if found == marker));

    pick(&mut window, "Rule", "Monotonous");
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::Monotonous);
    pick(&mut window, "Rule", "Perfect");
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::Perfect);
    assert!(window.query_by_role_and_label(Role::Slider, "Bound").is_none());
    assert_runs(&window);
    let dropped = window.state().state().run.as_ref().map(|run| run.trace.ledger.dropped_late);
    assert_eq!(dropped, Some(0), "a perfect watermark loses nothing");

    pick(&mut window, "Rule", "Adaptive");
    assert_eq!(pipeline(&window).watermark, adaptive, "a rule is found as it was left");
    pick(&mut window, "Rule", "Bounded");
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::Bounded { bound: secs(30) });
    assert!(window.query_by_label("From the source").is_none());
}

#[test]
fn what_surrounds_the_watermark_is_behind_a_fold() {
    let mut window = trams();
    assert!(window.query_by_role_and_label(Role::Slider, "Idle after").is_none());
    unfold(&mut window, "More about the watermark");
    set(&mut window, "Idle after", 20e6);
    flip(&mut window, "Periodic");
    set(&mut window, "Emitted every", 500e3);
    flip(&mut window, "Guard against the future");
    set(&mut window, "Most ahead", 10e6);
    flip(&mut window, "Per partition");
    flip(&mut window, "Aligned");
    set(&mut window, "Most drift", 15e6);
    let options = pipeline(&window).watermark_options;
    assert_eq!(options.emit, Emit::Periodic { interval: Span::from_millis(500) });
    assert_eq!((options.idle_after, options.max_future), (Some(secs(20)), Some(secs(10))));
    assert_eq!((options.per_partition, options.max_drift), (true, Some(secs(15))));
    assert_runs(&window);
    window.get_by_label("5 changed");
    flip(&mut window, "Per partition");
    assert_eq!(pipeline(&window).watermark_options.max_drift, None, "there is nothing to align any more");
    click(&mut window, "Undo");
    assert_eq!(pipeline(&window).watermark_options, options);
    set(&mut window, "Idle after", 0.0);
    assert_eq!(pipeline(&window).watermark_options.idle_after, None);
}

#[test]
fn cumulative_and_global_windows_are_kinds_like_the_others() {
    let mut window = trams();
    click(&mut window, "Cumulative");
    let cumulative = |max, step| WindowSpec::Cumulative { max: secs(max), step: secs(step), offset: Span::ZERO };
    assert_eq!(pipeline(&window).window, cumulative(60, 12));
    set(&mut window, "Longest", 300e6);
    assert_eq!(pipeline(&window).window, cumulative(300, 60), "the number of steps stays");
    set(&mut window, "Step", 30e6);
    assert_eq!(pipeline(&window).window, cumulative(300, 30));
    assert_runs(&window);
    click(&mut window, "Global");
    assert_eq!(pipeline(&window).window, WindowSpec::Global);
    pick(&mut window, "Trigger", "Every n records");
    set(&mut window, "Fires every", 50.0);
    assert_runs(&window);
    let panes = window.state().state().run.as_ref().map(|run| run.trace.panes.len());
    assert!(panes > Some(10), "{panes:?}");
    click(&mut window, "Tumbling");
    unfold(&mut window, "More about windows");
    set(&mut window, "Offset", 15e6);
    assert_eq!(pipeline(&window).window, WindowSpec::Tumbling { size: secs(60), offset: secs(15) });
    set(&mut window, "Size", 10e6);
    assert_eq!(pipeline(&window).window, WindowSpec::Tumbling { size: secs(10), offset: secs(5) });
    assert_runs(&window);
}

#[test]
fn triggers_of_flink_can_be_turned() {
    let mut window = trams();
    pick(&mut window, "Trigger", "Continuous event time");
    set(&mut window, "Interval", 15e6);
    flip(&mut window, "Purging");
    let continuous = TriggerSpec::ContinuousEventTime(secs(15));
    assert_eq!(pipeline(&window).trigger, TriggerSpec::Purging(Box::new(continuous)));
    assert_runs(&window);
    click(&mut window, "Retract");
    assert_eq!(pipeline(&window).accumulation, Accumulation::Accumulating, "what is purged cannot be taken back");
    flip(&mut window, "Purging");
    click(&mut window, "Retract");
    assert_eq!(pipeline(&window).accumulation, Accumulation::AccumulatingAndRetracting);
    pick(&mut window, "Trigger", "Continuous clock time");
    assert_eq!(pipeline(&window).trigger, TriggerSpec::ContinuousProcessingTime(secs(30)));
    pick(&mut window, "Trigger", "Delta");
    set(&mut window, "Threshold", 2.5);
    assert_eq!(pipeline(&window).trigger, TriggerSpec::Delta(2.5));
    pick(&mut window, "Trigger", "Processing time");
    assert_eq!(pipeline(&window).trigger, TriggerSpec::ProcessingTime);
    assert_runs(&window);
    click(&mut window, "Discard");
    click(&mut window, "Flush");
    let pipeline = pipeline(&window);
    assert_eq!((pipeline.accumulation, pipeline.at_end), (Accumulation::Discarding, AtEnd::Flush));
}

#[test]
fn triggers_of_beam_have_early_and_late_parts() {
    let mut window = trams();
    pick(&mut window, "Dialect", "Beam");
    assert_eq!((pipeline(&window).dialect, pipeline(&window).trigger), (Dialect::Beam, TriggerSpec::Default));
    pick(&mut window, "Trigger", "After watermark");
    pick(&mut window, "Early", "After a delay");
    set(&mut window, "Early after", 10e6);
    set(&mut window, "Late every", 4.0);
    let early = TriggerSpec::AfterProcessingTime { delay: secs(10), align: None };
    let expected =
        TriggerSpec::AfterWatermark { early: Some(Box::new(early)), late: Some(Box::new(TriggerSpec::AfterCount(4))) };
    assert_eq!(pipeline(&window).trigger, expected);
    assert_runs(&window);
    pick(&mut window, "Late", "None");
    assert!(matches!(pipeline(&window).trigger, TriggerSpec::AfterWatermark { late: None, .. }));
    pick(&mut window, "Trigger", "After processing time");
    set(&mut window, "Fires every", 20e6);
    let aligned = TriggerSpec::AfterProcessingTime { delay: Span::ZERO, align: Some(secs(20)) };
    assert_eq!(pipeline(&window).trigger, TriggerSpec::Repeatedly(Box::new(aligned)));
    unfold(&mut window, "More about panes");
    pick(&mut window, "On-time pane", "If not empty");
    pick(&mut window, "Time of a pane", "Earliest");
    let beam = pipeline(&window).beam;
    assert_eq!((beam.on_time, beam.timestamp_combiner), (OnTimePane::FireIfNonEmpty, TimestampCombiner::Earliest));
    assert_runs(&window);
    for _ in 0..12 {
        if window.query_by_label("Undo").is_some() {
            click(&mut window, "Undo");
        }
    }
    assert_eq!(pipeline(&window).trigger, TriggerSpec::Default);
    assert_eq!(pipeline(&window).dialect, Dialect::Flink);
}

#[test]
fn another_dialect_takes_what_goes_with_it_and_undo_gives_everything_back() {
    let mut window = window("trams-tunnel", &["window=global", "trigger=count(10)", "accumulation=discarding"]);
    let before = pipeline(&window);
    pick(&mut window, "Dialect", "Kafka Streams");
    let kafka = pipeline(&window);
    assert_eq!(kafka.watermark, WatermarkSpec::Bounded { bound: Span::ZERO });
    assert!(matches!(kafka.window, WindowSpec::Tumbling { .. }));
    assert!(window.query_by_label("Global").is_none() && window.query_by_label("Discard").is_none());
    pick(&mut window, "Trigger", "On window close");
    assert_eq!(pipeline(&window).trigger, TriggerSpec::OnWindowClose);
    assert_runs(&window);
    pick(&mut window, "Dialect", "Azure Stream Analytics");
    set(&mut window, "Late arrival", 20e6);
    click(&mut window, "Drop it");
    let azure = pipeline(&window).azure;
    assert_eq!((azure.late_arrival, azure.action), (secs(20), AzureAction::Drop));
    assert!(window.query_by_role_and_label(Role::Slider, "Allowed lateness").is_none());
    assert_runs(&window);
    while window.query_by_label("Undo").is_some() {
        click(&mut window, "Undo");
    }
    assert_eq!(pipeline(&window), before);
    assert_runs(&window);
}

#[test]
fn every_aggregate_can_be_asked_for() {
    let mut window = trams();
    let plain = [
        ("Count", Aggregate::Count),
        ("Mean", Aggregate::Mean),
        ("Min", Aggregate::Min),
        ("Max", Aggregate::Max),
        ("First", Aggregate::First),
        ("Last", Aggregate::Last),
        ("Distinct", Aggregate::Distinct),
        ("Distinct est.", Aggregate::DistinctApprox),
        ("Sum", Aggregate::Sum),
    ];
    for (name, aggregate) in plain {
        click(&mut window, name);
        assert_eq!(pipeline(&window).aggregate, aggregate);
        assert_runs(&window);
    }
    click(&mut window, "Quantile");
    set(&mut window, "Part", 0.5);
    assert_eq!(pipeline(&window).aggregate, Aggregate::Quantile(0.5));
    click(&mut window, "Top k");
    set(&mut window, "Largest", 7.0);
    assert_eq!(pipeline(&window).aggregate, Aggregate::TopK(7));
    assert_runs(&window);
}

#[test]
fn the_watermark_of_the_source_is_offered_where_it_says_one() {
    let mut window = window("dataflow", &[]);
    window.get_by_label("Watermarks said");
    pick(&mut window, "Rule", "Perfect");
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::Perfect);
    pick(&mut window, "Rule", "From the source");
    assert_eq!(pipeline(&window).watermark, WatermarkSpec::FromSource);
    assert_runs(&window);
}

#[test]
fn the_interval_of_a_join_is_turned_and_its_pairs_are_counted() {
    let mut window = window("labels", &[]);
    let pairs = |window: &Window| window.state().state().run.as_ref().map(|run| run.trace.stream.len());
    let before = pairs(&window);
    window.get_by_label("971");
    set(&mut window, "Joined until", 60e6);
    assert!(pairs(&window) < before);
    set(&mut window, "Joined from", 120e6);
    let point = JoinKind::Interval { lower: secs(60), upper: secs(60) };
    let kind = window.state().state().scenario.join.as_ref().map(|join| join.kind);
    assert_eq!(kind, Some(point), "an interval does not end before it begins");
    assert_runs(&window);
    window.get_by_label("2 changed");
    click(&mut window, "Undo");
    click(&mut window, "Undo");
    assert_eq!(pairs(&window), before);
}

#[test]
fn every_control_has_a_name() {
    for settings in [
        &[][..],
        &["dialect=beam", "trigger=after-watermark(early: after-count(3))", "watermark=adaptive()"],
        &[
            "window=cumulative(max: 5min, step: 1min)",
            "watermark=punctuated(marker: every-nth(3))",
            "aggregate=top-k(3)",
        ],
    ] {
        let mut window = window("trams-tunnel", settings);
        unfold(&mut window, "More about the watermark");
        let controls = [Role::Button, Role::Slider, Role::RadioButton, Role::ComboBox, Role::Switch];
        let nameless = window.root().children_recursive().filter(|node| {
            let node = node.accesskit_node();
            controls.contains(&node.role()) && node.label().is_none_or(|label| label.is_empty())
        });
        assert_eq!(nameless.count(), 0, "{settings:?}");
    }
}
