//! The closed form of the tuner against runs of the engine: small random streams with ties, negative
//! times and far stragglers, under every kind of window, bound and lateness.

use std::ops::ControlFlow;
use std::sync::Arc;

use highwater::metrics::report::Report;
use highwater::oracle::Truth;
use highwater::pipeline::{AtEnd, LatePolicy, Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{KeyTable, PartitionId, Row, Stream};
use highwater::rng::{Draws, Seed};
use highwater::runtime::{RunConfig, run};
use highwater::scenario::Scenario;
use highwater::time::{EventTime, ProcTime, Span};
use highwater::tuner::verify::difference;
use highwater::tuner::{Detail, Form, Setting, Source, Tuner, bounds, frontier, verify};

fn watch(_: highwater::tuner::Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn micros(span: i64) -> Span {
    Span::from_micros(span)
}

/// Times on a coarse grid, so that many records share an instant, a window end, or both.
fn random_stream(draws: &mut Draws, records: i64) -> Arc<Stream> {
    let mut keys = KeyTable::default();
    let names: Vec<_> = (0..draws.integer(1, 4)).map(|key| keys.intern(&format!("key {key}"))).collect();
    let start = draws.integer(-60, 60);
    let spread = draws.integer(0, 40);
    let row = |i: i64| {
        let straggles = draws.integer(0, 9) == 0;
        let late = draws.integer(0, if straggles { 80 } else { spread });
        let event_time = EventTime::from_micros(start + i - late);
        Row {
            event_time,
            arrival: ProcTime::from_micros(1_000 + i / draws.integer(1, 3) * 3),
            key: names[draws.integer(0, names.len() as i64 - 1) as usize],
            value: draws.integer(-3, 9) as f64,
            partition: PartitionId(0),
        }
    };
    Arc::new(Stream::from_rows((0..records).map(row).collect(), keys))
}

fn random_window(draws: &mut Draws) -> WindowSpec {
    let slide = draws.integer(1, 20);
    match draws.integer(0, 4) {
        0 | 1 => WindowSpec::Tumbling { size: micros(slide), offset: micros(draws.integer(1 - slide, slide - 1)) },
        2 => {
            // Also a slide beyond the size: some records are in no window.
            let size = draws.integer(1, 40);
            let offset = micros(draws.integer(1 - slide, slide - 1));
            WindowSpec::Sliding { size: micros(size), slide: micros(slide), offset }
        }
        3 => WindowSpec::Sliding { size: micros(slide * draws.integer(1, 4)), slide: micros(slide), offset: micros(0) },
        _ => {
            let max = slide * draws.integer(1, 4);
            let offset = draws.integer(1 - max, max - 1);
            WindowSpec::Cumulative { max: micros(max), step: micros(slide), offset: micros(offset) }
        }
    }
}

fn random_setting(draws: &mut Draws) -> Setting {
    let mut span = |most| micros(if draws.integer(0, 2) == 0 { 0 } else { draws.integer(0, most) });
    let (bound, lateness) = (span(60), span(40));
    Setting { window: random_window(draws), bound, lateness }
}

fn random_config(draws: &mut Draws) -> RunConfig {
    let mut pick = |share| draws.integer(0, 9) < share;
    RunConfig::plain(Pipeline {
        at_end: if pick(5) { AtEnd::Hold } else { AtEnd::Flush },
        late: if pick(7) { LatePolicy::Drop } else { LatePolicy::SideOutput },
        watermark: if pick(8) { WatermarkSpec::default() } else { WatermarkSpec::Monotonous },
        ..Pipeline::default()
    })
}

#[test]
fn every_number_of_the_closed_form_is_that_of_the_engine() {
    let mut dropped = 0;
    for seed in 0..1_500 {
        let mut draws = Seed::new(seed).stream("tuner");
        let records = if seed % 50 == 0 { seed as i64 / 50 % 3 } else { draws.integer(3, 120) };
        let stream = random_stream(&mut draws, records);
        let tuner = Tuner::new(Arc::clone(&stream), random_config(&mut draws));
        for _ in 0..4 {
            let setting = random_setting(&mut draws);
            assert_eq!(tuner.form(setting.window), Form::Closed);
            let scan = tuner.scan(setting.window, &watch).expect("nobody cancels").expect("a closed form");
            let found = scan.point(setting.bound, setting.lateness);
            let by_engine = tuner.run(&[setting], &watch).expect("nobody cancels").remove(0);
            assert_eq!((found.source, by_engine.source), (Source::ClosedForm, Source::Engine));
            assert_eq!(difference(&found, &by_engine), None, "seed {seed}, {setting}");
            assert_eq!(found, highwater::tuner::Point { source: Source::ClosedForm, ..by_engine }, "seed {seed}");
            assert_eq!(scan.counts(setting.bound, setting.lateness), found.counts);
            assert_eq!(scan.completeness(setting.horizon()), found.completeness);
            dropped += found.counts.dropped;
        }
    }
    assert!(dropped > 10_000, "{dropped} records were dropped: the streams are too tame");
}

#[test]
fn a_point_says_what_the_report_of_a_run_says() {
    for seed in 0..300 {
        let mut draws = Seed::new(seed).stream("report");
        let stream = random_stream(&mut draws, 80);
        let tuner = Tuner::new(Arc::clone(&stream), random_config(&mut draws));
        let setting = random_setting(&mut draws);
        let point = tuner.points(&[setting], &watch).expect("nobody cancels").remove(0);
        let pipeline = setting.apply(&tuner.config().pipeline);
        let scenario =
            Scenario { pipeline: pipeline.clone(), ..Scenario::of_recording("x.csv".as_ref(), Default::default()) };
        let report = Report::of(&scenario, &run(&stream, &RunConfig::plain(pipeline)), 0.0);
        let counts = point.counts;
        assert_eq!(counts.dropped, report.ledger.dropped_late + report.ledger.side_output, "seed {seed}");
        assert_eq!(point.assigned, report.ledger.produced - report.ledger.unassigned);
        assert_eq!(counts.behind, report.behind as u64);
        assert_eq!(counts.on_time_panes, report.panes.on_time as u64);
        assert_eq!((counts.late_panes, counts.late_first), (report.panes.late as u64, report.panes.late_first as u64));
        assert_eq!((counts.at_end_panes, counts.open_at_end), (report.panes.at_end as u64, report.open_at_end as u64));
        assert_eq!(point.completeness, report.completeness);
        assert_eq!(point.result_latency_s, report.result_latency_s);
        assert_eq!(point.max_open_windows, u64::from(report.max_open_windows));
        assert_eq!(point.max_state_bytes, Some(report.max_state_bytes));
        let panes = report.panes;
        assert_eq!(counts.emissions(), (panes.on_time + panes.late + panes.at_end) as u64);
    }
}

#[test]
fn details_are_those_of_a_run() {
    let mut with_errors = 0;
    for seed in 0..600 {
        let mut draws = Seed::new(seed).stream("details");
        let records = draws.integer(0, 90);
        let stream = random_stream(&mut draws, records);
        let tuner = Tuner::new(Arc::clone(&stream), random_config(&mut draws));
        let setting = random_setting(&mut draws);
        let scan = tuner.scan(setting.window, &watch).expect("nobody cancels").expect("a closed form");
        let config = RunConfig::plain(setting.apply(&tuner.config().pipeline));
        let expected = Detail::of_trace(&run(&stream, &config), setting, &Truth::of(&stream, setting.window));
        let found = scan.detail(setting.bound, setting.lateness);
        assert_eq!(found, expected, "seed {seed}, {setting}");
        with_errors += usize::from(found.errors[1].worst > 0.0);
    }
    assert!(with_errors > 200, "{with_errors} settings gave a wrong sum");
}

#[test]
fn verifying_finds_all_equal_and_names_what_is_not() {
    let mut draws = Seed::new(7).stream("verify");
    let tuner = Tuner::new(random_stream(&mut draws, 500), RunConfig::plain(Pipeline::default()));
    let windows = [WindowSpec::Tumbling { size: micros(10), offset: micros(0) }, random_window(&mut draws)];
    let settings = verify::settings(&tuner, &windows, 40, 3);
    assert_eq!(settings.len(), 40);
    let verified = verify(&tuner, &settings, &watch).expect("nobody cancels");
    assert_eq!((verified.settings, verified.equal, verified.first), (40, 40, None));
    let point = &tuner.points(&settings[..1], &watch).expect("nobody cancels")[0];
    let mut wrong = point.clone();
    wrong.counts.dropped += 1;
    let told = difference(&wrong, point).expect("they differ");
    assert!(told.starts_with(&format!("dropped: {} in closed form", wrong.counts.dropped)), "{told}");
}

#[test]
fn the_least_horizon_is_the_least_one() {
    for seed in 0..200 {
        let mut draws = Seed::new(seed).stream("horizon");
        let records = draws.integer(1, 100);
        let tuner = Tuner::new(random_stream(&mut draws, records), RunConfig::plain(Pipeline::default()));
        let scan = tuner.scan(random_window(&mut draws), &watch).expect("nobody cancels").expect("a closed form");
        for share in [0.0, 0.5, 0.9, 0.95, 0.99, 1.0] {
            let least = scan.least_horizon(share);
            assert!(scan.completeness(least) >= share, "seed {seed}, {share}");
            assert!(least == Span::ZERO || scan.completeness(least - micros(1)) < share, "seed {seed}, {share}");
        }
        let curve = bounds::curve(&scan, 50);
        assert!(curve.is_sorted() && curve.len() <= 53 && curve[0] == Span::ZERO);
        assert_eq!(scan.completeness(curve[curve.len() - 1]), 1.0);
    }
}

#[test]
fn sessions_are_run_and_judged_by_the_complete_ones() {
    // Gap 10: the session of key 0 is 0, 5, 12 and the straggler 3; then 100 closes it under bound 0.
    let mut keys = KeyTable::default();
    let key = keys.intern("a");
    let row = |(i, &t): (usize, &i64)| Row {
        event_time: EventTime::from_micros(t),
        arrival: ProcTime::from_micros(i as i64),
        key,
        value: 1.0,
        partition: PartitionId(0),
    };
    let times = [0, 5, 12, 100, 3];
    let stream = Arc::new(Stream::from_rows(times.iter().enumerate().map(row).collect(), keys));
    let tuner = Tuner::new(stream, RunConfig::plain(Pipeline::default()));
    let window = WindowSpec::Session { gap: micros(10) };
    let settings = [0, 90].map(|bound| Setting { window, bound: micros(bound), lateness: micros(0) });
    let points = tuner.points(&settings, &watch).expect("nobody cancels");
    assert_eq!(
        points.iter().map(|it| (it.source, it.counts.dropped)).collect::<Vec<_>>(),
        [(Source::Engine, 1), (Source::Engine, 0)]
    );
    let worst = points[0].worst_window.expect("there are sessions");
    assert_eq!((worst.window.start.micros(), worst.window.end.micros()), (0, 22));
    assert_eq!((worst.counted, worst.records, worst.completeness()), (3, 4, 0.75));
    assert_eq!(points[1].worst_window_completeness(), 1.0);
}

#[test]
fn cancelling_stops_and_progress_ends_at_the_total() {
    let mut draws = Seed::new(1).stream("cancel");
    let tuner = Tuner::new(random_stream(&mut draws, 200), RunConfig::plain(Pipeline::default()));
    let window = WindowSpec::Tumbling { size: micros(10), offset: micros(0) };
    let cancelled = tuner.scan(window, &|_| ControlFlow::Break(()));
    assert!(cancelled.is_err());
    let last = std::sync::Mutex::new(None);
    let watch = |progress| {
        *last.lock().expect("no thread panics") = Some(progress);
        ControlFlow::Continue(())
    };
    tuner.scan(window, &watch).expect("nobody cancels");
    let last = last.into_inner().expect("no thread panics").expect("it was called");
    assert_eq!((last.done, last.total), (400, 400));
}

#[test]
fn the_next_second_saves_what_the_counts_say() {
    let mut draws = Seed::new(5).stream("slope");
    let tuner = Tuner::new(random_stream(&mut draws, 300), RunConfig::plain(Pipeline::default()));
    let window = WindowSpec::Tumbling { size: micros(10), offset: micros(0) };
    let scan = tuner.scan(window, &watch).expect("nobody cancels").expect("a closed form");
    let slope = scan.slope(micros(5), micros(2), micros(7));
    let dropped = |bound| scan.counts(micros(bound), micros(2)).dropped;
    assert_eq!(slope.records_saved, dropped(5) - dropped(12));
    assert!(slope.records_saved > 0 && slope.later_s.max.is_some_and(|later| later >= 0.0));
    let points: Vec<_> = bounds::curve(&scan, 40).iter().map(|&bound| scan.point(bound, Span::ZERO)).collect();
    let front = frontier(&points, highwater::tuner::Quantile::Max);
    assert!(front.len() > 3);
    assert!(front.windows(2).all(|pair| points[pair[0]].completeness < points[pair[1]].completeness));
}
