//! The three guarantees beside each other say what runs of their own say, window by window.

use std::sync::Arc;

use highwater::metrics::delivery::{WindowDelivery, by_window};
use highwater::record::Stream;
use highwater::runtime::outcome::View;
use highwater::runtime::{RunConfig, run};
use highwater::scenario::Scenario;
use highwater::scenario::library::find;
use highwater::time::{EventTime, ProcTime};
use highwater::twin::guarantees::{Guarantees, Outcome, Totals};

fn scenario(slug: &str) -> Scenario {
    find(slug).expect("it is built in").scenario().expect("it reads")
}

#[test]
fn the_three_are_those_of_the_three_built_in_scenarios_window_by_window() {
    let exactly = scenario("exactly-once");
    let stream = Arc::new(highwater::source::generate(&exactly).expect("it is in its limits"));
    let guarantees = Guarantees::of(&exactly, &stream);
    for (place, slug) in ["at-most-once", "at-least-once", "exactly-once"].into_iter().enumerate() {
        let config = RunConfig::of(&scenario(slug), &stream);
        let mut faultless = config.clone();
        faultless.faults.clear();
        let trace = run(&stream, &config);
        let windows = by_window(&trace, &run(&stream, &faultless), View::Committed);
        let outcome = guarantees.outcomes[place].as_ref().expect("it runs");
        assert_eq!(outcome.windows.len(), 18, "{slug}");
        assert_eq!(outcome.windows, windows, "{slug}");
        assert_eq!(outcome.ledger, trace.ledger, "{slug}");
        let totals = outcome.totals();
        assert_eq!(totals.expected, 18_000, "{slug}");
        assert_eq!(totals.seen, windows.iter().map(|window| window.seen).sum::<u64>(), "{slug}");
        assert_eq!((totals.lost, totals.repeated), (trace.ledger.lost, trace.ledger.duplicated), "{slug}");
        assert_eq!(totals.seen, 18_000 - totals.lost + totals.repeated, "{slug}");
    }
    let of = |place: usize| guarantees.outcomes[place].as_ref().expect("it runs").totals();
    assert!(of(0).lost > 1_000);
    assert_eq!((of(1).repeated, of(2).seen), (6_000, 18_000));
}

#[test]
fn keys_of_one_start_are_added_up() {
    let window = |key: u32, start: i64, expected: u64, seen: u64| WindowDelivery {
        key: highwater::record::KeyId(key),
        start: EventTime::from_micros(start),
        expected,
        seen,
    };
    let windows = vec![window(0, 0, 10, 7), window(0, 5, 4, 4), window(1, 0, 10, 12)];
    let outcome = Outcome { windows, ..Outcome::default() };
    let sums = outcome.by_start();
    assert_eq!(sums.len(), 2);
    // What one key lacks, another does not make up for.
    let first = Totals { expected: 20, seen: 19, lost: 3, repeated: 2 };
    assert_eq!(sums[0], (EventTime::from_micros(0), first));
    assert_eq!(sums[1].1, Totals { expected: 4, seen: 4, lost: 0, repeated: 0 });
    assert_eq!(outcome.totals(), Totals { expected: 24, seen: 23, lost: 3, repeated: 2 });
}

#[test]
fn what_does_not_go_together_says_why() {
    let mut scenario = scenario("exactly-once");
    scenario.pipeline.tasks.micro_batch = Some(highwater::time::Span::from_secs(1));
    let stream = Arc::new(Stream::default());
    let guarantees = Guarantees::of(&scenario, &stream);
    assert!(guarantees.outcomes[0].is_ok());
    let why = guarantees.outcomes[1].as_ref().expect_err("barriers and batches");
    assert!(why.contains("micro-batches take no barriers"), "{why}");
}

#[test]
fn what_readers_see_grows_to_what_they_see_in_the_end() {
    let exactly = scenario("exactly-once");
    let stream = Arc::new(highwater::source::generate(&exactly).expect("it is in its limits"));
    let guarantees = Guarantees::of(&exactly, &stream);
    for outcome in guarantees.outcomes.iter().map(|it| it.as_ref().expect("it runs")) {
        let sums = outcome.by_start();
        assert_eq!(sums.len(), 18);
        for (start, totals) in sums {
            let steps = &outcome.seen[&start];
            assert!(!steps.is_empty() && steps.is_sorted_by(|a, b| a.0 < b.0), "{start} {steps:?}");
            assert_eq!(steps[steps.len() - 1].1, totals.seen, "{:?} {start}", outcome.delivery);
            let before = highwater::time::ProcTime::from_micros(steps[0].0.micros() - 1);
            assert_eq!(outcome.seen_by(start, before), (0, false));
            assert_eq!(outcome.seen_by(start, steps[steps.len() - 1].0), (totals.seen, true));
        }
    }
    // A window is counted once more at least eight seconds after it was seen first: from a checkpoint on.
    let twice = guarantees.outcomes[1].as_ref().expect("it runs");
    let steps = twice.seen.values().find(|steps| steps.len() > 1).expect("six windows come again");
    assert_eq!((steps[0].1, steps[1].1, steps.len()), (1_000, 2_000, 2));
}

#[test]
fn what_does_not_come_out_is_not_lost() {
    let cascade = scenario("checkpoint-cascade");
    let stream = Arc::new(highwater::source::generate(&cascade).expect("it is in its limits"));
    let guarantees = Guarantees::of(&cascade, &stream);
    let stuck = guarantees.outcomes.each_ref().map(|it| it.as_ref().expect("it runs").is_stuck());
    assert_eq!(stuck, [false, true, true]);
    let last = guarantees.outcomes[2].as_ref().expect("it runs");
    assert_eq!((last.totals().seen, last.ledger.lost), (0, 0));
    assert!(last.note.ends_with("Nothing is lost: it has not come out by the end."), "{}", last.note);
}

#[test]
fn at_every_instant_what_readers_see_too_much_of_was_counted_twice() {
    let mut surpluses = 0;
    for slug in ["trams-crash", "at-least-once", "upsert-not-enough"] {
        let scenario = scenario(slug);
        let stream = Arc::new(highwater::source::generate(&scenario).expect("it is in its limits"));
        let guarantees = Guarantees::of(&scenario, &stream);
        let outcome = guarantees.outcomes[1].as_ref().expect("it runs");
        let instants: Vec<ProcTime> = outcome.seen.values().flatten().map(|&(at, _)| at).collect();
        assert!(instants.len() > 9, "{slug}");
        for now in instants {
            let too_many =
                |(start, totals): &(EventTime, Totals)| outcome.seen_by(*start, now).0.saturating_sub(totals.expected);
            let surplus: u64 = outcome.by_start().iter().map(too_many).sum();
            let counted_twice = outcome.watch.repeated_by(now);
            assert!(surplus <= counted_twice, "{slug} at {now}: {surplus} too many, {counted_twice} counted twice");
            surpluses += u64::from(surplus > 0);
        }
        let totals = outcome.totals();
        assert_eq!(totals.repeated, outcome.watch.repeated_by(ProcTime::MAX), "{slug}");
    }
    assert!(surpluses > 9, "{surpluses}");
}
