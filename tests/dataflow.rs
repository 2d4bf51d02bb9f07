//! The ten points of the Dataflow Model (Akidau et al., PVLDB 8(12), 2015) through the window
//! operator, and through the scenarios that are drawn in `docs/dataflow`: the panes of its figures 6
//! to 14.
//!
//! Firings by count, by the clock and by a late record are drawn at instants that follow from the
//! points, so they must be exact; firings by the watermark are compared within [`DRAWN`]. Where the
//! on-time pane would repeat the pane before it, the figures draw one rectangle, so on-time panes
//! fire only when they hold something new.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use highwater::pipeline::{Pipeline, WindowSpec};
use highwater::record::{KeyId, Record, RecordId};
use highwater::recording::ReadOptions;
use highwater::runtime::RunConfig;
use highwater::time::{EventTime, ProcTime, Span};
use highwater::window::accumulation::Accumulation;
use highwater::window::beam::BeamWindows;
use highwater::window::dialect::{BeamRules, Dialect, OnTimePane};
use highwater::window::operator::{Advance, WindowOperator};
use highwater::window::pane::{Pane, Timing, Window};
use highwater::window::trigger::TriggerSpec;
use serde::Deserialize;
use serde_json::Value;

/// Drawn times are within a second of the true ones, and the drawn watermark is known every two seconds or so.
const DRAWN: Span = Span::from_secs(2);

#[derive(Deserialize)]
struct Facts {
    points: Vec<Point>,
    watermark_s: Vec<(f64, f64)>,
    figures: Vec<Figure>,
    accumulation_table: BTreeMap<String, Value>,
}

#[derive(Clone, Deserialize)]
struct Point {
    value: f64,
    event_time: String,
    processing_time: String,
}

#[derive(Deserialize)]
struct Figure {
    figure: String,
    panes: Vec<Drawn>,
}

#[derive(Clone, Deserialize)]
struct Drawn {
    window: Value,
    value: i64,
    processing_time: String,
    kind: String,
}

fn facts() -> Facts {
    serde_json::from_str(include_str!("cases/dataflow.json")).expect("the facts of the paper")
}

/// Seconds after 12:00 of a time of day.
fn seconds(text: &str) -> i64 {
    let parts: Vec<i64> = text.split(':').map(|part| part.parse().expect("a number")).collect();
    (parts[0] - 12) * 3_600 + parts[1] * 60 + parts[2]
}

fn window(drawn: &Value) -> Window {
    let edge =
        |place: usize| EventTime::from_micros(seconds(drawn[place].as_str().expect("a time of day")) * 1_000_000);
    if drawn == "global" { Window::ALL } else { Window::new(edge(0), edge(1)) }
}

/// What happens, in order of processing time; at one instant records come first.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Record { event_time: EventTime, value: f64 },
    Watermark(EventTime),
}

/// The points as they arrive. `nudge` is how much earlier one of these events happened.
fn records(nudge: impl Fn(f64) -> Span) -> Vec<(ProcTime, Step)> {
    let step = |point: &Point| {
        let event_time = EventTime::from_millis(seconds(&point.event_time) * 1_000) - nudge(point.value);
        (
            ProcTime::from_millis(seconds(&point.processing_time) * 1_000),
            Step::Record { event_time, value: point.value },
        )
    };
    facts().points.iter().map(step).collect()
}

/// The actual watermark, as it is drawn.
fn drawn_watermark() -> Vec<(ProcTime, Step)> {
    let micros = |seconds: f64| (seconds * 1e6).round() as i64;
    let step = |&(at, reached): &(f64, f64)| {
        (ProcTime::from_micros(micros(at)), Step::Watermark(EventTime::from_micros(micros(reached))))
    };
    facts().watermark_s.iter().map(step).collect()
}

fn run(pipeline: &Pipeline, mut steps: Vec<(ProcTime, Step)>, until: ProcTime) -> Vec<Pane> {
    assert_eq!(pipeline.problems(), []);
    steps.sort_by_key(|&(at, step)| (at, matches!(step, Step::Watermark(_))));
    let mut operator = WindowOperator::new(pipeline);
    let mut panes: Vec<Pane> = Vec::new();
    let mut watermark = EventTime::MIN;
    let mut ids = 0..;
    let ends = std::iter::once((until, None));
    for (at, step) in steps.into_iter().map(|(at, step)| (at, Some(step))).chain(ends) {
        while let Some(timer) = operator.next_timer().filter(|timer| *timer < at || step.is_none() && *timer <= at) {
            operator.on_processing_time(timer, &mut panes);
        }
        match step {
            Some(Step::Record { event_time, value }) => {
                let id = RecordId(ids.next().expect("ten points"));
                operator.on_record(&Record { id, event_time, key: KeyId(0), value }, at, &mut panes);
            }
            Some(Step::Watermark(reached)) if reached > watermark => {
                watermark = reached;
                operator.on_watermark(&Advance { watermark, now: at, cause: None }, &mut panes);
            }
            _ => {}
        }
    }
    panes
}

fn minutes(minutes: i64) -> Span {
    Span::from_secs(60 * minutes)
}

/// Half past twelve: after everything that is drawn.
const END: ProcTime = ProcTime::from_millis(1_800_000);
/// The last arrival: where the figures that run on the clock end.
const LAST: ProcTime = ProcTime::from_millis(540_000);

fn pipeline(window: WindowSpec, trigger: TriggerSpec, accumulation: Accumulation) -> Pipeline {
    let beam = BeamRules { on_time: OnTimePane::FireIfNonEmpty, ..BeamRules::default() };
    let allowed_lateness = minutes(60);
    Pipeline { dialect: Dialect::Beam, window, trigger, accumulation, allowed_lateness, beam, ..Pipeline::default() }
}

fn two_minutes() -> WindowSpec {
    WindowSpec::Tumbling { size: minutes(2), offset: Span::ZERO }
}

fn at_period() -> TriggerSpec {
    TriggerSpec::AfterProcessingTime { delay: Span::ZERO, align: Some(minutes(1)) }
}

fn at_watermark() -> TriggerSpec {
    TriggerSpec::AfterWatermark { early: None, late: None }
}

fn repeat(trigger: TriggerSpec) -> TriggerSpec {
    TriggerSpec::Repeatedly(Box::new(trigger))
}

/// `SequenceOf(RepeatUntil(AtPeriod(1 minute), AtWatermark()), Repeat(AtWatermark()))`, and the way
/// in which Beam says it.
fn early_and_late() -> [TriggerSpec; 2] {
    let until = TriggerSpec::OrFinally { main: Box::new(repeat(at_period())), finally: Box::new(at_watermark()) };
    let late = Some(Box::new(TriggerSpec::AfterCount(1)));
    [
        TriggerSpec::AfterEach(vec![until, repeat(at_watermark())]),
        TriggerSpec::AfterWatermark { early: Some(Box::new(at_period())), late },
    ]
}

/// Compares with what a figure shows, window by window in order of time; panes of one instant have no order.
fn check(figure: &str, mut found: Vec<Pane>, tolerance: impl Fn(&Drawn) -> Span) {
    let facts = facts();
    let drawn = &facts.figures.iter().find(|known| known.figure == figure).expect("a figure of the paper").panes;
    let mut drawn = drawn.clone();
    drawn.sort_by_key(|pane| (seconds(&pane.processing_time), window(&pane.window), pane.kind != "retraction"));
    found.sort_by_key(|pane| (to_ten_seconds(pane.emitted_at), shown(pane.window), !pane.is_retraction));
    let words: Vec<_> =
        found.iter().map(|p| (p.emitted_at, p.window, p.summary.sum, p.timing, p.is_retraction)).collect();
    assert_eq!(found.len(), drawn.len(), "figure {figure}: {words:#?}");
    for (drawn, pane) in drawn.iter().zip(&found) {
        let at = ProcTime::from_millis(seconds(&drawn.processing_time) * 1_000);
        let sign = if pane.is_retraction { -1.0 } else { 1.0 };
        assert_eq!((sign * pane.summary.sum) as i64, drawn.value, "figure {figure}: {words:#?}");
        assert_eq!(shown(pane.window), window(&drawn.window), "figure {figure}");
        let apart = Span::from_micros((pane.emitted_at - at).micros().abs());
        let value = drawn.value;
        assert!(apart <= tolerance(drawn), "figure {figure}: {value} at {} is {apart} from {at}", pane.emitted_at);
        match drawn.kind.as_str() {
            "retraction" => assert!(pane.is_retraction),
            "on_time" => assert_eq!(pane.timing, Timing::OnTime),
            "late" => assert_eq!(pane.timing, Timing::Late),
            "early" | "periodic" | "count" if figure != "14" => assert_eq!(pane.timing, Timing::Early),
            _ => {}
        }
    }
}

/// Rounded to the nearest ten seconds: close enough to sort what is drawn a second or two apart.
fn to_ten_seconds(at: ProcTime) -> i64 {
    (at.micros() + 5_000_000).div_euclid(10_000_000)
}

/// With edges in whole seconds, as they are drawn.
fn shown(window: Window) -> Window {
    let up = |t: EventTime| EventTime::from_micros((t.micros() + 500_000).div_euclid(1_000_000) * 1_000_000);
    if window == Window::ALL { window } else { Window::new(up(window.start), up(window.end)) }
}

fn exact(_: &Drawn) -> Span {
    Span::ZERO
}

fn by_watermark_within_two_seconds(drawn: &Drawn) -> Span {
    if ["on_time", "early_or_on_time", "retraction"].contains(&drawn.kind.as_str()) { DRAWN } else { Span::ZERO }
}

#[test]
fn figure_6_batch_of_everything() {
    let at_end = ProcTime::from_millis(seconds("12:09:23") * 1_000);
    let mut steps = records(|_| Span::ZERO);
    steps.push((at_end, Step::Watermark(EventTime::MAX)));
    let pipeline = pipeline(WindowSpec::Global, TriggerSpec::Default, Accumulation::Accumulating);
    check("6", run(&pipeline, steps, END), exact);
}

#[test]
fn figures_7_and_8_global_window_every_minute() {
    for (figure, accumulation) in [("7", Accumulation::Accumulating), ("8", Accumulation::Discarding)] {
        let pipeline = pipeline(WindowSpec::Global, repeat(at_period()), accumulation);
        check(figure, run(&pipeline, records(|_| Span::ZERO), LAST), exact);
        // Flink says the same in its own words.
        let trigger = TriggerSpec::ContinuousProcessingTime(minutes(1));
        let flink = Pipeline { dialect: Dialect::Flink, trigger, ..pipeline };
        check(figure, run(&flink, records(|_| Span::ZERO), LAST), exact);
    }
}

#[test]
fn figure_9_global_window_every_two_records() {
    let pipeline = pipeline(WindowSpec::Global, repeat(TriggerSpec::AfterCount(2)), Accumulation::Discarding);
    check("9", run(&pipeline, records(|_| Span::ZERO), LAST), exact);
    let flink = Pipeline { dialect: Dialect::Flink, trigger: TriggerSpec::Count(2), ..pipeline };
    check("9", run(&flink, records(|_| Span::ZERO), LAST), exact);
}

#[test]
fn figure_10_batch_over_fixed_windows() {
    let mut steps = records(|_| Span::ZERO);
    for (at, reached) in [("12:09:17", 120), ("12:09:19", 240), ("12:09:21", 360), ("12:09:23", 480)] {
        let at = ProcTime::from_millis(seconds(at) * 1_000);
        steps.push((at, Step::Watermark(EventTime::from_millis(reached * 1_000))));
    }
    let pipeline = pipeline(two_minutes(), TriggerSpec::Default, Accumulation::Accumulating);
    check("10", run(&pipeline, steps.clone(), END), exact);
    check("10", run(&Pipeline { dialect: Dialect::Flink, ..pipeline }, steps, END), exact);
}

#[test]
fn figure_11_micro_batches_over_fixed_windows() {
    let pipeline = pipeline(two_minutes(), repeat(TriggerSpec::AfterCount(1)), Accumulation::Accumulating);
    let mut windows: BeamWindows = BeamWindows::new(&pipeline);
    let mut panes: Vec<Pane> = Vec::new();
    let mut batches: BTreeMap<ProcTime, Vec<Record>> = BTreeMap::new();
    for (i, (at, step)) in records(|_| Span::ZERO).into_iter().enumerate() {
        let Step::Record { event_time, value } = step else { continue };
        let minute = ProcTime::from_millis(((at.micros() - 1).div_euclid(60_000_000) + 1) * 60_000);
        let record = Record { id: RecordId(i as u32), event_time, key: KeyId(0), value };
        batches.entry(minute).or_default().push(record);
    }
    for (minute, batch) in batches {
        windows.on_bundle(&batch, minute, &mut panes);
    }
    // The sweep over event time is drawn with a slope, 2 to 8 seconds high.
    check("11", panes, |_| Span::from_secs(8));
}

#[test]
fn figure_12_fixed_windows_by_the_watermark() {
    let steps: Vec<_> = records(|_| Span::ZERO).into_iter().chain(drawn_watermark()).collect();
    for trigger in [TriggerSpec::Default, repeat(at_watermark())] {
        let pipeline = pipeline(two_minutes(), trigger, Accumulation::Accumulating);
        check("12", run(&pipeline, steps.clone(), END), by_watermark_within_two_seconds);
    }
    let pipeline = pipeline(two_minutes(), TriggerSpec::Default, Accumulation::Accumulating);
    let flink = Pipeline { dialect: Dialect::Flink, ..pipeline };
    check("12", run(&flink, steps, END), by_watermark_within_two_seconds);
}

#[test]
fn figure_13_fixed_windows_early_and_late() {
    let steps: Vec<_> = records(|_| Span::ZERO).into_iter().chain(drawn_watermark()).collect();
    for trigger in early_and_late() {
        let pipeline = pipeline(two_minutes(), trigger, Accumulation::Accumulating);
        check("13", run(&pipeline, steps.clone(), END), |drawn| match drawn.kind.as_str() {
            // The on-time pane of the first window comes just before the early one that is drawn.
            "early_or_on_time" => Span::from_secs(3),
            _ => by_watermark_within_two_seconds(drawn),
        });
    }
}

#[test]
fn figure_14_sessions_with_retractions() {
    // The 5, the 9 and the 7 are a gap apart, and sessions that only touch stay apart in Beam: the events of the 9 and
    // the 7 are taken to be 0.1 s and 0.2 s earlier.
    let nudge = |value: f64| match value {
        9.0 => Span::from_millis(100),
        7.0 => Span::from_millis(200),
        _ => Span::ZERO,
    };
    let steps: Vec<_> = records(nudge).into_iter().chain(drawn_watermark()).collect();
    for trigger in early_and_late() {
        let window = WindowSpec::Session { gap: minutes(1) };
        let pipeline = pipeline(window, trigger, Accumulation::AccumulatingAndRetracting);
        check("14", run(&pipeline, steps.clone(), END), |drawn| match drawn.value {
            // Its on-time pane, by the drawn watermark a few seconds before the early one that is drawn.
            5 => Span::from_secs(8),
            _ => by_watermark_within_two_seconds(drawn),
        });
    }
}

#[test]
fn the_three_accumulations_of_one_window() {
    let modes = [
        ("discarding", Accumulation::Discarding),
        ("accumulating", Accumulation::Accumulating),
        ("accumulating_and_retracting", Accumulation::AccumulatingAndRetracting),
    ];
    let last_window = Window::new(EventTime::from_millis(360_000), EventTime::from_millis(480_000));
    for (name, accumulation) in modes {
        let pipeline = pipeline(two_minutes(), repeat(at_period()), accumulation);
        let panes = run(&pipeline, records(|_| Span::ZERO), LAST);
        let signed = |pane: &Pane| if pane.is_retraction { -pane.summary.sum } else { pane.summary.sum };
        let found: Vec<f64> = panes.iter().filter(|pane| pane.window == last_window).map(signed).collect();
        let expected: Vec<f64> =
            serde_json::from_value(facts().accumulation_table[name].clone()).expect("a row of the table");
        assert_eq!(found, expected, "{name}");
    }
}

/// The settings of `docs/dataflow/draw`: the number of a figure, its scenario, and the flags that change it.
fn drawn_settings() -> Vec<(String, String, Vec<String>)> {
    let words = |line: &str| -> Vec<String> {
        // What stands between single quotes is one word.
        let parts = line.split('\'').enumerate();
        let words = parts.flat_map(|(i, part)| match i % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        });
        words.collect()
    };
    let lines = include_str!("../docs/dataflow/draw").lines().filter_map(|line| line.strip_prefix("figure "));
    let setting = |line: &str| {
        let mut words = words(line).into_iter();
        let mut next = || words.next().expect("a figure and a scenario");
        (next(), next(), words.collect())
    };
    lines.map(setting).collect()
}

/// The panes of a scenario with flags as on the command line, with times counted from 12:00.
fn panes_of(scenario: &str, flags: &[String]) -> Vec<Pane> {
    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        pipeline: highwater::cli::pipeline_args::PipelineArgs,
    }
    let words = std::iter::once("draw").chain(flags.iter().map(String::as_str));
    let flags: Flags = clap::Parser::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{scenario}.ron"));
    let apply = |scenario: &mut highwater::scenario::Scenario| flags.pipeline.apply(scenario);
    let opened = highwater::open::open(&path, &ReadOptions::default(), &apply, &mut |_| ControlFlow::Continue(()));
    let opened = opened.unwrap_or_else(|error| panic!("{error}"));
    let config = RunConfig::of(&opened.scenario, &opened.stream);
    let noon = highwater::human::parse_instant("2015-08-31 12:00:00").expect("a date");
    let since_noon = |pane: Pane| {
        let edge = |t: EventTime| EventTime::from_micros(t.micros() - noon);
        let window = pane.window;
        Pane {
            window: if window == Window::ALL { window } else { Window::new(edge(window.start), edge(window.end)) },
            emitted_at: ProcTime::from_micros(pane.emitted_at.micros() - noon),
            ..pane
        }
    };
    highwater::runtime::run(&opened.stream, &config).panes.into_iter().map(since_noon).collect()
}

#[test]
fn the_scenarios_draw_the_figures_of_the_paper() {
    let settings = drawn_settings();
    let numbers: Vec<&str> = settings.iter().map(|(number, ..)| number.as_str()).collect();
    assert_eq!(numbers, ["06", "07", "08", "09", "10", "11", "12", "13", "14"]);
    for (number, scenario, flags) in &settings {
        let panes = panes_of(scenario, flags);
        let figure = number.trim_start_matches('0');
        check(figure, panes, |drawn| match (figure, drawn.kind.as_str()) {
            ("11", _) => Span::from_secs(8),
            // By the watermark, a few seconds before the early pane that is drawn.
            ("14", _) if drawn.value == 5 => Span::from_secs(8),
            ("13", "early_or_on_time") => Span::from_secs(3),
            _ => by_watermark_within_two_seconds(drawn),
        });
    }
}

#[test]
fn the_page_shows_every_figure_with_the_command_that_draws_it() {
    let page = include_str!("../docs/dataflow.md");
    let script = include_str!("../docs/dataflow/draw");
    let lines: Vec<&str> = script.lines().filter_map(|line| line.strip_prefix("figure ")).collect();
    assert_eq!(lines.len(), 9);
    for line in lines {
        let (number, rest) = line.split_once(' ').expect("a scenario");
        let (scenario, flags) = rest.split_once(' ').unwrap_or((rest, ""));
        let flags = if flags.is_empty() { String::new() } else { format!("{flags} ") };
        let command = format!("    highwater shot scenarios/{scenario}.ron {flags}-o figure-{number}.png\n");
        assert!(page.contains(&command), "{command}");
        assert!(page.contains(&format!("](dataflow/figure-{number}.png)")), "{number}");
    }
}
