//! What `explain` claims is what happens: settings that a record just misses are tried out, proposals flip
//! the outcome and nothing smaller does, and the sentences name what the trace holds.

use std::sync::Arc;

use highwater::explain::price::{Prices, price};
use highwater::explain::{
    Case, Explanation, Link, Mark, Outcome, Subject, Suggestions, explain, just_missed, missing, window_at,
};
use highwater::metrics::tasks::TaskMetrics;
use highwater::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use highwater::record::{PartitionId, RecordId, Stream};
use highwater::runtime::{Fate, RunConfig, Trace, run};
use highwater::scenario::{Scenario, library, set};
use highwater::source::generate;
use highwater::time::{EventTime, Span};
use highwater::window::pane::Window;

struct Ran {
    scenario: Scenario,
    stream: Arc<Stream>,
    trace: Trace,
    metrics: TaskMetrics,
}

impl Ran {
    fn new(scenario: Scenario) -> Self {
        let stream = Arc::new(generate(&scenario).expect("it generates"));
        let trace = run(&stream, &RunConfig::of(&scenario, &stream));
        let metrics = TaskMetrics::of(&trace);
        Self { scenario, stream, trace, metrics }
    }

    fn of(name: &str, settings: &[&str]) -> Self {
        let mut scenario = library::find(name).expect("built in").scenario().expect("it reads");
        set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
        Self::new(scenario)
    }

    fn case(&self) -> Case<'_> {
        Case::new(&self.scenario, &self.trace).with_metrics(&self.metrics)
    }

    fn explain(&self, subject: Subject) -> Explanation {
        explain(&self.case(), subject).unwrap_or_else(|| panic!("{subject:?}"))
    }

    fn prices(&self, subject: Subject) -> Prices {
        price(&self.case(), &self.stream, subject, &mut |_| true).unwrap_or_else(|| panic!("{subject:?}"))
    }

    fn with_fate(&self, fate: Fate) -> Vec<RecordId> {
        (0..self.stream.len() as u32).map(RecordId).filter(|id| self.trace.fates[id.index()] == fate).collect()
    }
}

fn trams() -> Ran {
    Ran::of("trams-tunnel", &[])
}

fn run_with(scenario: &Scenario, stream: &Arc<Stream>, pipeline: Pipeline) -> Trace {
    let config = RunConfig { pipeline, ..RunConfig::of(scenario, stream) };
    run(stream, &config)
}

fn check_just_missed(change: impl Fn(&mut Pipeline)) {
    let Ran { mut scenario, stream, .. } = trams();
    change(&mut scenario.pipeline);
    let pipeline = scenario.pipeline.clone();
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
    let ran = trams();
    assert_eq!(ran.trace.fates[0], Fate::Counted);
    assert_eq!(just_missed(&ran.trace, RecordId(0)), None);
    let explanation = ran.explain(Subject::Record(RecordId(0)));
    assert!(explanation.title.starts_with("Counted on time in 12:0"), "{}", explanation.title);
    assert_eq!((explanation.mark, explanation.horizon), (Mark::OnTime, None));
    assert_eq!(price(&ran.case(), &ran.stream, Subject::Record(RecordId(0)), &mut |_| true), None);
    let unknown = Subject::Record(RecordId(ran.stream.len() as u32));
    assert_eq!(explain(&ran.case(), unknown), None);
}

#[test]
fn the_chain_of_a_dropped_record_names_the_tunnel_and_ends_in_a_cross() {
    let ran = trams();
    for id in ran.with_fate(Fate::DroppedLate) {
        let told = ran.explain(Subject::Record(id));
        assert!(told.title.starts_with("Dropped from 12:0"), "{}", told.title);
        let prose = told.prose.to_string();
        assert!(prose.starts_with("T3 sent ") && prose.contains("It was offline"), "{prose}");
        let titles: Vec<&str> = told.steps.iter().map(|step| step.title.as_str()).collect();
        for expected in ["happened", "T3 offline", "reached the log", "window closed", "handled, no window"] {
            assert!(titles.contains(&expected), "{expected}: {titles:?}");
        }
        assert!(told.steps.is_sorted_by_key(|step| step.at.micros()));
        let last = told.steps.last().expect("steps");
        assert_eq!((last.title.as_str(), last.mark), ("handled, no window", Mark::Dropped));
        // The record that closed the window raised the watermark to its end plus the lateness, and not before.
        let horizon = told.horizon.expect("it is late");
        let closes_at = horizon.window.end + Span::from_secs(60);
        let closed = told.steps.iter().find(|step| step.title == "window closed").expect("there is one");
        let Link::Record(raiser) = closed.link else { panic!("{:?}", closed.link) };
        let claimed = ran.trace.stream.event_times()[raiser.index()] - Span::from_secs(30);
        assert!(claimed >= closes_at && horizon.is_past());
        let before = (0..raiser.index()).map(|other| ran.trace.stream.event_times()[other] - Span::from_secs(30)).max();
        assert!(before.is_none_or(|before| before < closes_at));
        assert_eq!(horizon.past_end, ran.trace.watermark_before[id.index()] - horizon.window.end);
    }
}

#[test]
fn those_in_the_tunnel_are_told_one_by_one() {
    let ran = trams();
    let id = ran.with_fate(Fate::DroppedLate)[0];
    let group = ran.explain(Subject::Record(id)).group.expect("a group");
    let start = ran.scenario.source.start_time().expect("it says when it starts");
    // It is offline from 4 min 28 s to 7 min 5 s, and what it kept comes from then on.
    let back = (start + Span::from_secs(425)).on_proc_clock();
    let expected: Vec<RecordId> = ran
        .stream
        .records()
        .filter(|record| ran.stream.key_table().name(record.key) == "T3")
        .filter(|record| record.event_time.on_proc_clock() < back && ran.stream.arrivals()[record.id.index()] >= back)
        .map(|record| record.id)
        .collect();
    assert!(expected.len() > 20);
    assert_eq!(group.len(), expected.len() as u64);
    let mut members: Vec<RecordId> = group.members.iter().map(|(_, id)| *id).collect();
    members.sort_unstable();
    assert_eq!(members, expected);
    let dropped = group.counts[Outcome::Dropped as usize];
    assert_eq!(dropped, ran.with_fate(Fate::DroppedLate).len() as u64);
    assert!(group.words().starts_with(&format!("{dropped} dropped, ")), "{}", group.words());
}

/// Runs a proposal again, by its settings alone, and gives back the fate of a record.
fn fate_with(ran: &Ran, settings: &[String], id: RecordId) -> Fate {
    let mut scenario = ran.scenario.clone();
    set::apply(&mut scenario, settings).unwrap_or_else(|errors| panic!("{errors:?}"));
    run(&ran.stream, &RunConfig::of(&scenario, &ran.stream)).fates[id.index()]
}

#[test]
fn proposals_flip_the_outcome_and_nothing_smaller_does() {
    let ran = trams();
    let dropped = ran.with_fate(Fate::DroppedLate);
    for &id in [dropped.first(), dropped.last()].into_iter().flatten() {
        let prices = ran.prices(Subject::Record(id));
        assert_eq!(prices.title, "Smallest change that counts it");
        let knobs: Vec<&str> = prices.fixes.iter().map(|fix| fix.knob).collect();
        assert_eq!(knobs, ["Allowed lateness", "Bound", "After that", "Window size"]);
        for fix in &prices.fixes {
            let mut scenario = ran.scenario.clone();
            set::apply(&mut scenario, &fix.settings).expect("they are settings");
            assert_eq!(scenario, *fix.scenario, "{:?}", fix.settings);
            let changed = run(&ran.stream, &RunConfig::of(&scenario, &ran.stream));
            let expected = if fix.knob == "After that" { Fate::SideOutput } else { Fate::Counted };
            assert_eq!(changed.fates[id.index()], expected, "{}", fix.knob);
            let more = changed.ledger.counted as i64 - ran.trace.ledger.counted as i64;
            assert_eq!(fix.cost.counted, more, "{}", fix.knob);
            assert!(fix.price.contains(&format!("{more} more counted")) || more == 0, "{}", fix.price);
        }
        let missed = just_missed(&ran.trace, id).expect("dropped");
        for (fix, missed) in prices.fixes.iter().zip([missed.allowed_lateness, missed.bound]) {
            // The next whole second above what it just misses, and a second less is not enough.
            let secs = missed.micros().div_euclid(1_000_000) + 1;
            let (path, _) = fix.settings[0].split_once('=').expect("a setting");
            assert_eq!(fate_with(&ran, &[format!("{path}={secs}s")], id), Fate::Counted);
            assert_eq!(fate_with(&ran, &[format!("{path}={}s", secs - 1)], id), Fate::DroppedLate);
            let mut by_hand = ran.scenario.clone();
            set::apply(&mut by_hand, &[format!("{path}={secs}s")]).expect("a setting");
            assert_eq!(by_hand, *fix.scenario);
        }
        assert!(prices.fixes[0].price.starts_with("state kept "), "{}", prices.fixes[0].price);
        assert!(prices.fixes[1].price.starts_with("results "), "{}", prices.fixes[1].price);
        assert!(prices.fixes[2].price.starts_with("free, but 12:0"), "{}", prices.fixes[2].price);
    }
}

#[test]
fn without_a_closed_form_the_smallest_value_is_found_by_trying() {
    // The watermark is handed on every second, so nothing is known in advance.
    let ran = Ran::of("trams-tunnel", &["pipeline.watermark_options.emit=Periodic(interval: \"1s\")"]);
    let id = ran.with_fate(Fate::DroppedLate)[0];
    assert_eq!(just_missed(&ran.trace, id), None);
    let prices = ran.prices(Subject::Record(id));
    let fix = prices.fixes.iter().find(|fix| fix.knob == "Allowed lateness").expect("it helps");
    let needed = fix.scenario.pipeline.allowed_lateness;
    assert_eq!(fate_with(&ran, &fix.settings, id), Fate::Counted);
    let less = format!("pipeline.allowed_lateness={}s", needed.micros() / 1_000_000 - 1);
    assert_eq!(fate_with(&ran, &[less], id), Fate::DroppedLate);
    assert!(fix.runs < 20, "{} runs", fix.runs);
}

#[test]
fn a_search_that_is_stopped_ends_with_what_it_has() {
    let ran = trams();
    let id = ran.with_fate(Fate::DroppedLate)[0];
    let mut runs = 0;
    let prices = price(&ran.case(), &ran.stream, Subject::Record(id), &mut |progress| {
        runs = progress.runs;
        progress.done < 1
    });
    let prices = prices.expect("there is something to flip");
    assert!(prices.stopped);
    assert_eq!((prices.fixes.len(), prices.fixes[0].knob), (1, "Allowed lateness"));
    assert_eq!(prices.runs, runs);
}

#[test]
fn a_window_tells_what_it_missed_and_what_makes_it_right() {
    let ran = trams();
    let key = ran.stream.key_table().find("T3").expect("the tram");
    let start = ran.scenario.source.start_time().expect("a start") + Span::from_secs(240);
    let window = window_at(&ran.trace, Some(key), start).expect("the window");
    assert_eq!(window, Window::new(start, start + Span::from_secs(60)));
    let subject = Subject::Window { key: Some(key), window };
    let told = ran.explain(subject);
    let expected: Vec<RecordId> = ran
        .trace
        .stream
        .records()
        .filter(|r| r.key == key && window.contains(r.event_time))
        .filter(|r| ran.trace.fates[r.id.index()] == Fate::DroppedLate)
        .map(|r| r.id)
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(missing(&ran.case(), Some(key), window), expected);
    let short: f64 = expected.iter().map(|id| ran.trace.stream.values()[id.index()]).sum();
    assert_eq!(told.title, format!("12:04 \u{2013} 12:05 is short by {short}"));
    let dropped = told.steps.iter().find(|step| step.mark == Mark::Dropped).expect("a step");
    assert_eq!(dropped.title, format!("{} dropped", expected.len()));
    assert_eq!((dropped.link, dropped.detail.as_str()), (Link::Record(expected[0]), "T3 offline"));
    let prices = ran.prices(subject);
    assert_eq!(prices.title, "Smallest change that makes it right");
    let worst = expected.iter().filter_map(|&id| just_missed(&ran.trace, id)).map(|it| it.allowed_lateness).max();
    let secs = worst.expect("dropped").micros() / 1_000_000 + 1;
    assert_eq!(prices.fixes[0].scenario.pipeline.allowed_lateness, Span::from_secs(secs));
    // All keys together miss the same, because no other tram was late.
    let all = ran.explain(Subject::Window { key: None, window });
    assert_eq!(all.title, told.title);
    assert_eq!(window_at(&ran.trace, Some(key), EventTime::EPOCH), None);
}

#[test]
fn a_watermark_that_stands_names_who_holds_it_and_what_lets_it_rise() {
    let ran = Ran::of("idle-partition", &["pipeline.watermark_options.idle_after=None"]);
    let at = Suggestions::of(&ran.trace).silence.expect("it stands somewhere");
    let told = ran.explain(Subject::Watermark { at });
    let prose = told.prose.to_string();
    assert_eq!(told.mark, Mark::Watermark);
    assert!(prose.contains("partition 2 has been silent"), "{prose}");
    assert!(prose.contains("Silence is not idleness"), "{prose}");
    let link = told.steps.iter().find_map(|step| match step.link {
        Link::Partition { partition, .. } => Some(partition),
        _ => None,
    });
    let partition = link.expect("the partition is a link");
    let of_it = ran.explain(Subject::Partition { partition, at });
    assert!(of_it.title.ends_with("is starved"), "{}", of_it.title);
    assert!(of_it.prose.to_string().contains("everything waits for it"), "{}", of_it.prose);
    let prices = ran.prices(Subject::Watermark { at });
    let idle = prices.fixes.iter().find(|fix| fix.knob == "Idle after").expect("idleness helps");
    let changed = run(&ran.stream, &RunConfig::of(&idle.scenario, &ran.stream));
    assert!(changed.watermark_at(at) > ran.trace.watermark_at(at));
}

#[test]
fn silence_of_one_input_is_not_cured_by_idleness() {
    let ran = trams();
    let at = Suggestions::of(&ran.trace).silence.expect("it stands somewhere");
    let prices = ran.prices(Subject::Watermark { at });
    assert_eq!(prices.impossible[0].knob, "Idle after");
    assert!(ran.explain(Subject::Partition { partition: PartitionId(0), at }).title.starts_with("Partition 0 is "));
    assert_eq!(explain(&ran.case(), Subject::Partition { partition: PartitionId(1), at }), None);
    assert_eq!(explain(&Case::new(&ran.scenario, &ran.trace), Subject::Watermark { at }), None);
}

#[test]
fn a_silent_key_is_explained_by_its_fault() {
    let ran = trams();
    let key = ran.stream.key_table().find("T3").expect("the tram");
    let at = ran.scenario.source.start_time().expect("a start").on_proc_clock() + Span::from_secs(360);
    let told = ran.explain(Subject::Key { key, at });
    assert_eq!(told.title, "T3 is silent");
    let prose = told.prose.to_string();
    assert!(prose.contains("T3 offline, until 12:07:05") && prose.contains("no watermark of its own"), "{prose}");
}

#[test]
fn crashes_that_held_a_record_up_or_undid_it_are_named() {
    let ran = Ran::of("exactly-once", &[]);
    let waited = |id: &RecordId| ran.trace.started[id.index()] - ran.trace.stream.arrivals()[id.index()];
    let all = || (0..ran.trace.fates.len() as u32).map(RecordId);
    let id = all().find(|id| waited(id) > Span::from_secs(1)).expect("the job was down");
    let prose = ran.explain(Subject::Record(id)).prose.to_string();
    assert!(prose.contains("to be handled: window 1 crashes at 12:00:23"), "{prose}");
    let log = ran.trace.recovery.as_ref().expect("it failed");
    assert!(log.handlings.is_sorted_by_key(|it| it.at) && log.refated.is_sorted_by_key(|it| it.at));
    let repeat = ran.trace.repeats.first().expect("some are read again");
    let told = ran.explain(Subject::Record(repeat.record));
    assert!(told.prose.to_string().contains("so it counts once"), "{}", told.prose);
    let again = told.steps.iter().find(|step| step.title == "handled again, after the restart");
    assert_eq!(again.map(|step| step.at.micros()), Some(repeat.handled_at.micros()));
}

#[test]
fn records_behind_poison_name_it() {
    let ran = Ran::of("poison-crash-loop", &[]);
    let loops = ran.trace.restarts.first().expect("it crashes").reason.record();
    let told = ran.explain(Subject::Record(loops));
    assert_eq!(told.title, "Poison: its source never gets past it");
    let prices = ran.prices(Subject::Record(loops));
    assert_eq!((prices.title.as_str(), prices.fixes[0].knob), ("Smallest change that gets past it", "Bad records"));
    let partition = ran.trace.stream.partition(loops);
    let stuck = ran
        .with_fate(Fate::InFlight)
        .into_iter()
        .find(|&id| id != loops && ran.trace.stream.partition(id) == partition);
    let prose = ran.explain(Subject::Record(stuck.expect("others wait"))).prose.to_string();
    assert!(prose.contains(&format!("Its source never gets past record {}", loops.0)), "{prose}");
}

/// Everything of a run can be asked about: no subject is without words, and every link leads somewhere.
#[test]
fn everything_of_every_kind_of_run_has_an_explanation() {
    let scenarios = [
        "trams-tunnel",
        "sessions",
        "sliding",
        "exactly-once",
        "at-most-once",
        "at-least-once",
        "poison-crash-loop",
        "poison-reject",
        "poison-dead-letter",
        "rebalance-eager",
        "lag-spiral-lost",
        "wrong-clock",
        "retries",
        "dataflow",
        "idle-partition-loses",
    ];
    for name in scenarios {
        let ran = Ran::of(name, &[]);
        let records = ran.trace.fates.len();
        let mut subjects: Vec<Subject> =
            (0..records as u32).step_by((records / 150).max(1)).map(|id| Subject::Record(RecordId(id))).collect();
        // Each fate at least once.
        for fate in [Fate::DroppedLate, Fate::SideOutput, Fate::Shed, Fate::Lost, Fate::Rejected, Fate::DeadLettered] {
            subjects.extend(ran.with_fate(fate).first().map(|&id| Subject::Record(id)));
        }
        subjects.extend(ran.trace.repeats.iter().take(5).map(|repeat| Subject::Record(repeat.record)));
        let lives = ran.trace.windows.iter().step_by((ran.trace.windows.len() / 20).max(1));
        for life in lives {
            subjects.push(Subject::Window { key: Some(life.key), window: life.window });
            subjects.push(Subject::Window { key: None, window: life.window });
        }
        subjects.extend((0..ran.trace.panes.len() as u32).step_by(97).map(Subject::Pane));
        let (first, last) = ran.trace.span().expect("it is not empty");
        for part in 0..8 {
            let at = first + Span::from_micros((last - first).micros() / 7 * part);
            subjects.push(Subject::Watermark { at });
            subjects.push(Subject::Partition { partition: PartitionId(0), at });
            subjects.push(Subject::Key { key: ran.stream.keys()[0], at });
        }
        for subject in subjects {
            check_words(&ran, name, subject);
        }
    }
}

fn check_words(ran: &Ran, name: &str, subject: Subject) {
    let told = explain(&ran.case(), subject).unwrap_or_else(|| panic!("{name}: {subject:?}"));
    let prose = told.prose.to_string();
    let here = format!("{name}: {subject:?}: {prose}");
    assert!(!told.title.is_empty() && !told.name.is_empty(), "{here}");
    assert!(prose.ends_with('.') && !prose.contains("  ") && !prose.contains(" ."), "{here}");
    assert!(!prose.contains("..") && prose.len() < 900, "{here}");
    assert!(told.steps.len() < 40, "{here}: {} steps", told.steps.len());
    assert!(told.steps.is_sorted_by_key(|step| step.at.micros()), "{here}");
    for step in &told.steps {
        assert!(!step.title.is_empty(), "{here}");
        let is_known = match step.link {
            Link::Record(id) => id.index() < ran.trace.fates.len(),
            Link::Pane(place) => (place as usize) < ran.trace.panes.len(),
            Link::Fault { place, .. } => (place as usize) < ran.scenario.faults.len(),
            Link::Window { .. } | Link::Instant(_) | Link::Partition { .. } => true,
        };
        assert!(is_known, "{here}: {step:?}");
    }
}
