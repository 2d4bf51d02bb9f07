//! Whether promises are kept: over random streams the first half says what to set, and the second half shows
//! whether the promised share of its records is kept.
//!
//! A promise counts as kept when the second half, as it is, keeps the share; with a stated confidence of 90 %
//! that is to be so for nine streams in ten or more. Streams that drift break it rightly: they are to be
//! warned of instead.

use serde::Serialize;

use crate::pipeline::WindowSpec;
use crate::record::RecordId;
use crate::rng::Seed;
use crate::time::Span;
use crate::tuner::advice::drift::drift;
use crate::tuner::advice::fit::{Wish, fit};
use crate::tuner::advice::needs::{Needs, Newest};
use crate::tuner::advice::streams::{Kind, sample};

/// Streams of the whole study.
pub const STREAMS: usize = 200;

/// The row of all streams that do not drift.
pub const ALL_THAT_STAY: &str = "all that stay";

/// The shares that are wished, in turn.
const COMPLETE: [f64; 4] = [0.95, 0.99, 0.995, 0.999];

/// What became of the promises about streams of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindResult {
    /// Which kind.
    pub kind: &'static str,
    /// Whether it drifts.
    pub drifts: bool,
    /// How many streams.
    pub streams: usize,
    /// The mean of the stated confidence.
    pub stated: f64,
    /// The share of the streams whose second half kept the promise.
    pub kept: f64,
    /// The same, had the needed span been set without a margin.
    pub kept_without_margin: f64,
    /// The median of the promised span over the one that the second half needed in truth.
    pub cost: f64,
    /// The share of the streams that were said to drift.
    pub warned: f64,
}

/// The outcome of one stream.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Outcome {
    kind: Kind,
    stated: f64,
    kept: bool,
    kept_without_margin: bool,
    cost: f64,
    warned: bool,
}

/// Studies so many streams of all kinds in turn, drawn from `seed`, with this confidence wished; one row for
/// each kind, and one for all that do not drift and all that do.
pub fn study(streams: usize, confidence: f64, seed: u64) -> Vec<KindResult> {
    let outcome = |i: usize| {
        let kind = Kind::ALL[i % Kind::ALL.len()];
        // Kinds and shares go through all combinations.
        let complete = COMPLETE[(i + i / Kind::ALL.len()) % COMPLETE.len()];
        outcome(kind, Wish { complete, confidence }, Seed::new(seed.wrapping_add(i as u64)))
    };
    let outcomes: Vec<Outcome> = (0..streams).filter_map(outcome).collect();
    let of = |kind: &'static str, drifts: bool, chosen: &dyn Fn(Kind) -> bool| {
        let outcomes: Vec<Outcome> = outcomes.iter().copied().filter(|it| chosen(it.kind)).collect();
        KindResult::of(kind, drifts, &outcomes)
    };
    let mut rows: Vec<KindResult> =
        Kind::ALL.iter().map(|&kind| of(kind.name(), kind.is_drifting(), &|it| it == kind)).collect();
    rows.push(of(ALL_THAT_STAY, false, &|kind| !kind.is_drifting()));
    rows.push(of("all that drift", true, &Kind::is_drifting));
    rows
}

impl KindResult {
    fn of(kind: &'static str, drifts: bool, outcomes: &[Outcome]) -> Self {
        let count = outcomes.len().max(1) as f64;
        let share = |is: &dyn Fn(&Outcome) -> bool| outcomes.iter().filter(|it| is(it)).count() as f64 / count;
        let mut costs: Vec<f64> = outcomes.iter().map(|it| it.cost).collect();
        costs.sort_by(f64::total_cmp);
        Self {
            kind,
            drifts,
            streams: outcomes.len(),
            stated: outcomes.iter().map(|it| it.stated).sum::<f64>() / count,
            kept: share(&|it| it.kept),
            kept_without_margin: share(&|it| it.kept_without_margin),
            cost: costs.get(costs.len() / 2).copied().unwrap_or(0.0),
            warned: share(&|it| it.warned),
        }
    }
}

fn outcome(kind: Kind, wish: Wish, seed: Seed) -> Option<Outcome> {
    let made = sample(kind, seed);
    let stream = &made.stream;
    let window = WindowSpec::Tumbling { size: made.window, offset: Span::ZERO };
    let needs = Needs::of(stream, window, Newest::OfAll);
    let half = stream.len() / 2;
    let fitted = fit(&needs.assigned(0..half), wish, seed)?;
    let held_out = needs.assigned(half..stream.len());
    let missing = |span: Span| held_out.iter().filter(|&&need| need >= span.micros()).count() as u64;
    let allowed = wish.allowed(held_out.len());
    let mut sorted = held_out.clone();
    sorted.sort_unstable();
    let in_truth = sorted[sorted.len() - 1 - allowed as usize].saturating_add(1).max(1);
    let delays: Vec<i64> = (0..stream.len()).map(|i| stream.delay(RecordId(i as u32)).micros()).collect();
    let drifting = drift(&delays, &needs.assigned(0..stream.len()), fitted.needed.micros() - 1, seed)?;
    Some(Outcome {
        kind,
        stated: fitted.confidence,
        kept: missing(fitted.promised) <= allowed,
        kept_without_margin: missing(fitted.needed) <= allowed,
        cost: fitted.promised.micros() as f64 / in_truth as f64,
        warned: drifting.is_drifting(),
    })
}

/// The table in Markdown.
pub fn table(rows: &[KindResult]) -> String {
    let mut text = String::from(
        "| stream | streams | stated | kept | kept without margin | span / truth | said to drift |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    for row in rows {
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {:.2} | {} |\n",
            row.kind,
            row.streams,
            percent(row.stated),
            percent(row.kept),
            percent(row.kept_without_margin),
            row.cost,
            percent(row.warned),
        ));
    }
    text
}
