//! What the reader chooses for a button: who, how long, how much. Pure data with defaults that fit the run.

use crate::app::panels::faults::kinds::Kind;
use crate::human;
use crate::scenario::{KeySpec, Scenario, Silence, SourceSpec, Victim};
use crate::time::Span;

/// More victims than this are not offered; they would not fit on a card.
const MOST_VICTIMS: usize = 12;

/// Spans that people say, in milliseconds.
const SPANS_MS: [i64; 16] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000,
    3_600_000, 7_200_000, 21_600_000,
];

/// A fault lasts so much of a run when nobody says otherwise: long enough to see it, and what comes after it.
const SHARE: i64 = 12;

/// What the reader has chosen for a button.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Choice {
    /// Which of the victims.
    pub victim: usize,
    /// How long; about a twelfth of the run when it is not said.
    pub lasts: Option<Span>,
    /// How much, among [`amounts`].
    pub amount: Option<usize>,
    /// What becomes of the records of what is silent.
    pub records: Silence,
}

impl Choice {
    /// How long, in a run of this length.
    pub fn lasts(&self, length: Span) -> Span {
        self.lasts.unwrap_or_else(|| usual(length))
    }

    /// How much: a factor, a number of records, per cent.
    pub fn amount(&self, kind: Kind) -> f64 {
        let amounts = amounts(kind);
        amounts.get(self.amount.unwrap_or(usual_amount(kind))).or(amounts.last()).map_or(1.0, |it| it.0)
    }
}

/// How long a fault lasts in a run of this length.
pub fn usual(length: Span) -> Span {
    let share = length.micros() / 1_000 / SHARE;
    let place = SPANS_MS.partition_point(|&ms| ms <= share);
    Span::from_millis(SPANS_MS[place.saturating_sub(1)])
}

/// Spans to choose from in a run of this length; the second is the usual one where there is a shorter one.
pub fn spans(length: Span) -> &'static [i64] {
    let usual = usual(length).micros() / 1_000;
    let place = SPANS_MS.iter().position(|&ms| ms == usual).unwrap_or(0).saturating_sub(1);
    &SPANS_MS[place..(place + 4).min(SPANS_MS.len())]
}

/// Which of [`amounts`] is the usual one.
pub const fn usual_amount(kind: Kind) -> usize {
    if matches!(kind, Kind::Poison) { 0 } else { 1 }
}

/// Amounts to choose from, with their names. Empty where there is nothing to
/// choose.
pub const fn amounts(kind: Kind) -> &'static [(f64, &'static str)] {
    match kind {
        Kind::Slow => &[(2.0, "2×"), (7.0, "7×"), (30.0, "30×")],
        Kind::Burst => &[(2.0, "2×"), (5.0, "5×"), (20.0, "20×")],
        Kind::HotKey => &[(50.0, "50%"), (80.0, "80%"), (95.0, "95%")],
        Kind::Poison => &[(1.0, "one record"), (10.0, "10 records"), (100.0, "100 records")],
        Kind::Crash | Kind::FailSink | Kind::CutNetwork | Kind::Silence | Kind::Rebalance => &[],
    }
}

/// Whether a button's fault lasts.
pub const fn lasts(kind: Kind) -> bool {
    !matches!(kind, Kind::Crash | Kind::Poison)
}

/// Who can be hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hit {
    /// For the reader: `window 2`, `partition 0`.
    pub name: String,
    /// What crashes.
    pub task: Option<Victim>,
    /// The number of a task among its siblings, from 0; all of them without it.
    pub number: Option<u32>,
    /// A source task and a window task.
    pub pair: Option<(u32, u32)>,
    /// A key.
    pub key: Option<String>,
    /// A partition of the log.
    pub partition: Option<u32>,
    /// A producer.
    pub producer: Option<u32>,
}

/// Everyone that a button can hit, the usual one first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Victims(pub Vec<Hit>);

impl Victims {
    /// Whom a button can hit in this scenario.
    pub fn of(kind: Kind, scenario: &Scenario) -> Self {
        let tasks = &scenario.pipeline.tasks;
        let hits: Vec<Hit> = match kind {
            Kind::Crash => crashes(scenario),
            Kind::Slow => {
                let all = Hit { name: "all windows".to_owned(), ..Hit::default() };
                let one = |task: u32| named_task("window", task, |number| Hit { number, ..Hit::default() });
                let several = if tasks.windows > 1 { tasks.windows } else { 0 };
                std::iter::once(all).chain((0..several).map(one)).take(MOST_VICTIMS).collect()
            }
            Kind::CutNetwork => {
                let pairs =
                    (0..tasks.sources).flat_map(|source| (0..tasks.windows).map(move |window| (source, window)));
                let one = |(source, window): (u32, u32)| Hit {
                    name: format!("source {} to window {}", source + 1, window + 1),
                    pair: Some((source, window)),
                    ..Hit::default()
                };
                pairs.take(MOST_VICTIMS).map(one).collect()
            }
            Kind::Silence => silent(scenario),
            Kind::HotKey => synthetic_keys(scenario).map(of_keys).unwrap_or_default(),
            Kind::Rebalance => {
                let one = |task: u32| named_task("source", task, |number| Hit { number, ..Hit::default() });
                (0..tasks.sources).rev().take(MOST_VICTIMS).map(one).collect()
            }
            Kind::FailSink | Kind::Poison | Kind::Burst => Vec::new(),
        };
        Self(hits)
    }

    /// The one that was chosen; nobody in particular where there is no choice.
    pub fn chosen(&self, choice: &Choice) -> Hit {
        self.0.get(choice.victim).or(self.0.first()).cloned().unwrap_or_default()
    }
}

fn named_task(what: &str, task: u32, hit: impl Fn(Option<u32>) -> Hit) -> Hit {
    Hit { name: format!("{what} {}", u64::from(task) + 1), ..hit(Some(task)) }
}

fn crashes(scenario: &Scenario) -> Vec<Hit> {
    let tasks = &scenario.pipeline.tasks;
    let one = |what: &str, task: u32, victim: Victim| Hit {
        name: format!("{what} {}", u64::from(task) + 1),
        task: Some(victim),
        ..Hit::default()
    };
    let few = MOST_VICTIMS as u32 / 3;
    let mergers = if tasks.salts > 1 { tasks.windows } else { 0 };
    let mut hits: Vec<Hit> =
        (0..tasks.windows.min(few)).map(|task| one("window", task, Victim::Window(task))).collect();
    hits.extend((0..tasks.sources.min(few)).map(|task| one("source", task, Victim::Source(task))));
    hits.extend((0..mergers.min(few)).map(|task| one("merge", task, Victim::Merge(task))));
    for (name, victim) in [("sink", Victim::Sink), ("coordinator", Victim::Coordinator), ("everything", Victim::All)] {
        hits.push(Hit { name: name.to_owned(), task: Some(victim), ..Hit::default() });
    }
    hits
}

/// Keys that have names are what a reader knows; else producers, partitions and keys in this order.
fn silent(scenario: &Scenario) -> Vec<Hit> {
    let SourceSpec::Synthetic(source) = &scenario.source else { return Vec::new() };
    let several = |count: u32| if count > 1 { count.min(MOST_VICTIMS as u32 / 3) } else { 0 };
    let keys = if source.keys.count() > 1 { of_keys(&source.keys) } else { Vec::new() };
    let producers = (0..several(source.producers.count)).map(|producer| Hit {
        name: format!("producer {producer}"),
        producer: Some(producer),
        ..Hit::default()
    });
    let partitions = (0..several(source.partitions)).map(|partition| Hit {
        name: format!("partition {partition}"),
        partition: Some(partition),
        ..Hit::default()
    });
    let everything = Hit { name: "everything".to_owned(), ..Hit::default() };
    let others: Vec<Hit> = producers.chain(partitions).collect();
    let mut hits = if source.keys.given_names().is_empty() { others } else { [keys.clone(), others].concat() };
    if source.keys.given_names().is_empty() {
        hits.extend(keys);
    }
    hits.truncate(MOST_VICTIMS - 1);
    hits.push(everything);
    hits
}

fn synthetic_keys(scenario: &Scenario) -> Option<&KeySpec> {
    match &scenario.source {
        SourceSpec::Synthetic(source) => Some(&source.keys),
        SourceSpec::Recording(_) | SourceSpec::Records(_) => None,
    }
}

fn of_keys(keys: &KeySpec) -> Vec<Hit> {
    let one = |rank: u32| {
        let key = keys.name(rank).into_owned();
        Hit { name: key.clone(), key: Some(key), ..Hit::default() }
    };
    (0..keys.count().min(MOST_VICTIMS as u32)).map(one).collect()
}

/// What a press would do, in a few words: `window 1`, `T1, for 1 min`, `7×, for 1 min`.
pub fn in_words(kind: Kind, choice: &Choice, victims: &Victims, length: Span) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !victims.0.is_empty() {
        parts.push(victims.chosen(choice).name);
    }
    let amounts = amounts(kind);
    if let Some((_, name)) = amounts.get(choice.amount.unwrap_or(usual_amount(kind))) {
        parts.push((*name).to_owned());
    }
    if lasts(kind) {
        parts.push(format!("for {}", human::span(choice.lasts(length))));
    }
    parts.join(", ")
}
