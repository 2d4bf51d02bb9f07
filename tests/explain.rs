//! What `explain` claims is what happens: settings that a record just misses are tried out, and the
//! sentences name what the trace holds.

use std::sync::Arc;

use highwater::explain::{explain_record, explain_window, just_missed};
use highwater::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{RecordId, Stream};
use highwater::runtime::{Fate, RunConfig, Trace, run};
use highwater::scenario::{Scenario, library};
use highwater::source::generate;
use highwater::time::{EventTime, Span};

fn trams() -> (Scenario, Arc<Stream>) {
    let scenario = library::find("trams-tunnel").expect("built in").scenario().expect("it reads");
    let stream = Arc::new(generate(&scenario).expect("it generates"));
    (scenario, stream)
}

fn run_with(scenario: &Scenario, stream: &Arc<Stream>, pipeline: Pipeline) -> Trace {
    let config = RunConfig { pipeline, ..RunConfig::of(scenario, stream) };
    run(stream, &config)
}

fn check_just_missed(change: impl Fn(&mut Pipeline)) {
    let (scenario, stream) = trams();
    let mut pipeline = scenario.pipeline.clone();
    change(&mut pipeline);
    let trace = run_with(&scenario, &stream, pipeline.clone());
    let dropped: Vec<RecordId> =
        (0..stream.len() as u32).map(RecordId).filter(|id| trace.fates[id.index()] == Fate::DroppedLate).collect();
    assert!(dropped.len() > 3, "{} dropped", dropped.len());
    let step = Span::from_micros(1);
    for id in dropped {
        let missed = just_missed(&trace, id).expect("dropped");
        let fate = |pipeline: Pipeline| run_with(&scenario, &stream, pipeline).fates[id.index()];
        let lateness = |allowed_lateness| Pipeline { allowed_lateness, ..pipeline.clone() };
        assert_eq!(fate(lateness(missed.allowed_lateness)), Fate::DroppedLate, "{id:?}");
        assert_eq!(fate(lateness(missed.allowed_lateness + step)), Fate::Counted, "{id:?}");
        let bounded = |bound| Pipeline { watermark: WatermarkSpec::Bounded { bound }, ..pipeline.clone() };
        assert_eq!(fate(bounded(missed.bound)), Fate::DroppedLate, "{id:?}");
        assert_eq!(fate(bounded(missed.bound + step)), Fate::Counted, "{id:?}");
    }
}

#[test]
fn a_dropped_record_just_misses_what_it_says() {
    check_just_missed(|_| {});
    let (size, slide, offset) = (Span::from_secs(60), Span::from_secs(20), Span::ZERO);
    check_just_missed(|pipeline| pipeline.window = WindowSpec::Sliding { size, slide, offset });
}

#[test]
fn counted_records_miss_nothing_and_unknown_ones_are_unknown() {
    let (scenario, stream) = trams();
    let trace = run_with(&scenario, &stream, scenario.pipeline.clone());
    assert_eq!(trace.fates[0], Fate::Counted);
    assert_eq!(just_missed(&trace, RecordId(0)), None);
    let explanation = explain_record(&trace, RecordId(0)).expect("the first record");
    assert_eq!(explanation.headline, "Record 0 was on time, and counted.");
    assert_eq!(explanation.changes.len(), 0);
    assert_eq!(explain_record(&trace, RecordId(stream.len() as u32)), None);
}

#[test]
fn a_window_lists_what_it_missed() {
    let (scenario, stream) = trams();
    let trace = run_with(&scenario, &stream, scenario.pipeline.clone());
    let key = stream.key_table().find("T3").expect("the tram");
    let start = EventTime::from_micros(stream.event_times()[0].micros().div_euclid(60_000_000) * 60_000_000)
        + Span::from_secs(4 * 60);
    let explanation = explain_window(&trace, key, start).expect("the window");
    let missed = explanation.steps.iter().filter(|step| step.what.starts_with("missed")).count();
    let expected = stream
        .records()
        .filter(|r| r.key == key && start <= r.event_time && r.event_time < start + Span::from_secs(60))
        .filter(|r| trace.fates[r.id.index()] == Fate::DroppedLate)
        .count();
    assert!(expected > 0);
    assert_eq!(missed, expected);
    assert_eq!(explain_window(&trace, key, EventTime::EPOCH), None);
}
