//! Every fault button at an instant of a run: what came before that instant stays as it was, what comes
//! after it differs, and a button that can do nothing says why.

use std::collections::BTreeSet;
use std::sync::Arc;

use highwater::app::panels::faults::choice::{Choice, Victims};
use highwater::app::panels::faults::kinds::{Kind, Scene};
use highwater::record::{RecordId, Stream};
use highwater::runtime::{Fate, RunConfig, Trace, run};
use highwater::scenario::{Scenario, library, set};
use highwater::source::generate;
use highwater::time::{ProcTime, Span};

fn built_in(name: &str, settings: &[&str]) -> Scenario {
    let mut scenario = library::find(name).expect("it is built in").scenario().expect("it reads");
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    scenario
}

fn run_of(scenario: &Scenario) -> Trace {
    let stream = Arc::new(generate(scenario).unwrap_or_else(|error| panic!("{error}")));
    run(&stream, &RunConfig::of(scenario, &stream))
}

/// `event arrival key value` of a record; its id depends on the order in which the whole run read the log.
fn line(stream: &Stream, id: RecordId) -> (i64, i64, String, u64) {
    let record = stream.record(id);
    let arrival = stream.arrivals()[id.index()].micros();
    (record.event_time.micros(), arrival, stream.key_table().name(record.key).to_owned(), record.value.to_bits())
}

/// Whatever happened before `at`, as text: arrivals, first and further handlings by window tasks, panes,
/// watermarks, deliveries.
fn before(trace: &Trace, at: ProcTime) -> [Vec<String>; 5] {
    let ids = || (0..trace.stream.len() as u32).map(RecordId);
    let arrived = ids().filter(|id| trace.stream.arrivals()[id.index()] < at).map(|id| line(&trace.stream, id));
    let handlings = trace.recovery.as_ref().map_or(&[][..], |log| &log.handlings);
    let first: Vec<(ProcTime, RecordId)> = if handlings.is_empty() {
        let passes = |id: &RecordId| !matches!(trace.fates[id.index()], Fate::Rejected | Fate::DeadLettered);
        ids().filter(passes).map(|id| (trace.handled[id.index()], id)).collect()
    } else {
        handlings.iter().map(|it| (it.at, it.record)).collect()
    };
    let handled = first.into_iter().filter(|(handled, _)| *handled < at);
    let panes = trace.panes.iter().filter(|pane| pane.emitted_at < at);
    let key = |pane: &highwater::window::pane::Pane| trace.stream.key_table().name(pane.key).to_owned();
    let delivered: Vec<ProcTime> = if trace.delivered.is_empty() {
        trace.panes.iter().map(|pane| pane.emitted_at).collect()
    } else {
        trace.delivered.clone()
    };
    let delivered = delivered.into_iter().filter(|written| *written < at);
    let rises = trace.watermarks.iter().filter(|rise| rise.at < at);
    let mut all = [
        arrived.map(|line| format!("{line:?}")).collect::<Vec<_>>(),
        handled.map(|(at, id)| format!("{at:?} {:?}", line(&trace.stream, id))).collect(),
        panes.map(|pane| format!("{:?} {} {:?} {:?}", pane.emitted_at, key(pane), pane.window, pane.summary)).collect(),
        rises.map(|rise| format!("{rise:?}")).collect(),
        delivered.map(|at| format!("{at:?}")).collect(),
    ];
    all.iter_mut().for_each(|list| list.sort());
    all
}

const NAMES: [&str; 5] = ["arrivals", "handlings", "panes", "watermarks", "deliveries"];

/// Presses every button with every victim at `at`; how many could be pressed.
fn check(name: &str, settings: &[&str], at: Span) -> usize {
    let scenario = built_in(name, settings);
    let trace = run_of(&scenario);
    let origin = RunConfig::of(&scenario, &trace.stream).origin;
    let (now, end) = (origin + at, trace.span().expect("it has records").1);
    let expected = before(&trace, now);
    let scene = Scene { scenario: &scenario, stream: &trace.stream, origin, end, now };
    let mut pressed = 0;
    for kind in Kind::ALL {
        let victims = Victims::of(kind, &scenario).0.len();
        // The usual one, another one, and the last: all keys, or everything at once.
        let some: BTreeSet<usize> = [0, 1, victims.saturating_sub(1)].map(|it| it.min(victims.max(1) - 1)).into();
        for victim in some {
            let told = format!("{name}, {kind:?} of victim {victim}");
            let fault = match scene.fault(kind, &Choice { victim, ..Choice::default() }) {
                Ok(fault) => fault,
                Err(why) => {
                    assert!(why.ends_with('.') && why.len() > 20, "{told}: {why:?}");
                    continue;
                }
            };
            let (from, until) = fault.stretch(&scenario.log.rules());
            let stretch = origin + from..origin + until;
            let mut broken = scenario.clone();
            broken.faults.push(fault);
            assert_eq!(broken.problems(), [], "{told}");
            let after = run_of(&broken);
            let found = before(&after, now);
            for (what, (found, expected)) in NAMES.iter().zip(found.iter().zip(&expected)) {
                assert_eq!(found.len(), expected.len(), "{told}: {what}");
                assert!(found == expected, "{told}: {what} differ before the fault");
            }
            assert_eq!(after.ledger.difference(), 0, "{told}");
            // A sink to which nothing is written cannot refuse anything.
            let is_felt = kind != Kind::FailSink || trace.delivered.iter().any(|at| stretch.contains(at));
            let differs = before(&after, ProcTime::MAX) != before(&trace, ProcTime::MAX);
            assert!(differs || !is_felt, "{told}: nothing differs after it");
            pressed += 1;
        }
    }
    pressed
}

#[test]
fn nothing_before_a_fault_differs_and_something_after_it_does() {
    // Tasks and everything; a slow task; the sink; the network; two keys or all; three hot keys; poison; a
    // burst.
    assert_eq!(check("trams-tunnel", &[], Span::from_secs(200)), 3 + 1 + 1 + 1 + 3 + 3 + 1 + 1);
    assert!(check("exactly-once", &[], Span::from_secs(40)) > 7);
    assert!(check("rebalance-cooperative", &[], Span::from_secs(22)) > 7);
    assert!(check("retries", &[], Span::from_secs(30)) > 3);
    assert!(check("poison-dead-letter", &[], Span::from_secs(70)) > 5);
    assert!(check("four-tasks", &[], Span::from_secs(20)) > 7);
}

#[test]
fn a_fault_begins_at_the_first_millisecond_that_is_not_before_the_cursor() {
    let scenario = built_in("exactly-once", &[]);
    let trace = run_of(&scenario);
    let origin = RunConfig::of(&scenario, &trace.stream).origin;
    let end = trace.span().expect("it has records").1;
    let from = |micros: i64| {
        let now = origin + Span::from_micros(micros);
        let scene = Scene { scenario: &scenario, stream: &trace.stream, origin, end, now };
        let fault = scene.fault(Kind::Crash, &Choice::default()).expect("it can be pressed");
        fault.stretch(&scenario.log.rules()).0
    };
    assert_eq!(from(1_000), Span::from_millis(1));
    assert_eq!(from(1_001), Span::from_millis(2));
    assert_eq!(from(0), Span::ZERO);
}

#[test]
fn a_button_that_can_do_nothing_says_why() {
    let reason = |name: &str, settings: &[&str], kind: Kind, at: Span| {
        let scenario = built_in(name, settings);
        let trace = run_of(&scenario);
        let origin = RunConfig::of(&scenario, &trace.stream).origin;
        let end = trace.span().expect("it has records").1;
        let scene = Scene { scenario: &scenario, stream: &trace.stream, origin, end, now: (origin + at).min(end) };
        scene.applies(kind).expect_err("it can do nothing here")
    };
    let early = Span::from_secs(10);
    assert!(reason("exactly-once", &[], Kind::Rebalance, early).contains("no consumer group"));
    assert!(reason("exactly-once", &[], Kind::HotKey, early).contains("one key"));
    assert!(reason("rebalance-eager", &[], Kind::Crash, early).contains("Use Rebalance"));
    assert!(reason("exactly-once", &["service_time=0s"], Kind::Slow, early).contains("service time"));
    assert!(reason("dataflow", &[], Kind::Burst, early).contains("written down"));
    assert!(reason("exactly-once", &[], Kind::Crash, Span::from_secs(100_000)).contains("run is over"));
    assert!(reason("trams-tunnel", &[], Kind::Burst, Span::from_secs(601)).contains("source has ended"));
}
