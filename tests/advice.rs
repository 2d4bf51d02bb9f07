//! Whether advice keeps what it promises, on streams whose second half it has not seen.

use std::sync::Arc;

use highwater::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use highwater::rng::Seed;
use highwater::runtime::{RunConfig, run};
use highwater::time::Span;
use highwater::tuner::advice::fit::{Wish, fit};
use highwater::tuner::advice::needs::{Needs, Newest};
use highwater::tuner::advice::streams::{Kind, sample};
use highwater::tuner::advice::study::{STREAMS, study, table};

#[test]
fn promises_are_kept_as_often_as_stated_and_drift_is_told() {
    let rows = study(STREAMS, 0.9, 1);
    println!("{}", table(&rows));
    let row = |name: &str| rows.iter().find(|row| row.kind == name).expect("it is in the table");
    let (stay, drift) = (row("all that stay"), row("all that drift"));
    assert_eq!((rows.len(), stay.streams, drift.streams), (10, 125, 75));
    assert!(stay.stated >= 0.9, "{stay:?}");
    assert!(stay.kept >= stay.stated, "{stay:?}");
    assert!(stay.kept_without_margin < stay.stated, "the margin is needed: {stay:?}");
    assert!(stay.cost < 1.5, "the margin is not large: {stay:?}");
    assert!(drift.warned >= 0.95 && stay.warned <= 0.05, "{stay:?} {drift:?}");
    assert!(drift.kept < drift.stated, "drift breaks promises, or the warning would be idle: {drift:?}");
}

#[test]
fn a_need_is_exactly_what_keeps_a_record_from_being_dropped() {
    for (kind, seed) in [(Kind::Pareto, 1), (Kind::OfflineKeys, 2), (Kind::Mixture, 3)] {
        let made = sample(kind, Seed::new(seed));
        let (stream, size) = (Arc::new(made.stream), made.window);
        let windows = [
            WindowSpec::Tumbling { size, offset: Span::ZERO },
            WindowSpec::Sliding { size: size + size, slide: size, offset: Span::ZERO },
            WindowSpec::Sliding { size, slide: size + size, offset: Span::ZERO },
            WindowSpec::Cumulative { max: size.times(4), step: size, offset: Span::ZERO },
            WindowSpec::Tumbling { size: size.times(3), offset: size },
        ];
        for window in windows {
            let needs = Needs::of(&stream, window, Newest::OfAll);
            for (bound, lateness) in [(Span::ZERO, Span::ZERO), (size, Span::ZERO), (size, size.times(3))] {
                let watermark = WatermarkSpec::Bounded { bound };
                let pipeline = Pipeline { watermark, window, allowed_lateness: lateness, ..Pipeline::default() };
                let trace = run(&stream, &RunConfig::plain(pipeline));
                let kept = (bound + lateness).micros();
                let assigned = needs.assigned(0..stream.len());
                let counted = assigned.iter().filter(|&&need| need < kept).count() as u64;
                assert_eq!(trace.ledger.counted, counted);
            }
        }
    }
}

#[test]
fn of_sessions_a_need_is_never_too_small() {
    for seed in 0..4 {
        let made = sample(Kind::Mixture, Seed::new(seed));
        let stream = Arc::new(made.stream);
        let window = WindowSpec::Session { gap: Span::from_micros(made.window.micros() / 4) };
        let needs = Needs::of(&stream, window, Newest::OfAll).assigned(0..stream.len());
        let wish = Wish { complete: 0.99, confidence: 0.9 };
        let fitted = fit(&needs, wish, Seed::new(seed)).expect("there are records");
        let watermark = WatermarkSpec::Bounded { bound: fitted.needed };
        let trace = run(&stream, &RunConfig::plain(Pipeline { watermark, window, ..Pipeline::default() }));
        assert!(trace.ledger.dropped_late <= wish.allowed(stream.len()), "{:?}", trace.ledger);
    }
}
