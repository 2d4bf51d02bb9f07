//! The smallest change of a setting that flips an outcome, and its price: found by running it.
//!
//! Every proposal is a run of the engine over the same input with the same seed. A value is the smallest
//! on a grid of people's units that flips the outcome: the run with it does, the run with one unit less
//! does not. The price is what differs between the two runs. What cannot help says why.

mod candidates;
mod cost;
mod goal;
mod knobs;
mod same;
mod search;

use std::sync::Arc;

use crate::explain::case::Case;
use crate::explain::story::Subject;
use crate::record::Stream;
use crate::scenario::Scenario;

pub use cost::{Cost, LatencyShift};
pub use goal::Goal;
pub use same::same_record;

/// How far the search is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Settings that have been tried to the end.
    pub done: usize,
    /// Settings to try.
    pub of: usize,
    /// What is being tried: `allowed lateness of 1 min 34 s`.
    pub doing: String,
    /// Runs so far.
    pub runs: usize,
}

/// A change of one setting, tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// The setting in words: `Allowed lateness`.
    pub knob: &'static str,
    /// Its value now.
    pub from: String,
    /// The smallest value that flips the outcome.
    pub to: String,
    /// The same for `--set`: path and value. Several where they only work together.
    pub settings: Vec<String>,
    /// The whole scenario with the change.
    pub scenario: Box<Scenario>,
    /// What differs between the two runs.
    pub cost: Cost,
    /// The cost in words: `state kept 34 s longer; 10 more counted`.
    pub price: String,
    /// How many runs it took to find.
    pub runs: usize,
}

/// A setting that does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFix {
    /// The setting in words.
    pub knob: &'static str,
    /// Why not.
    pub why: String,
}

/// What was found, the most fitting first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// What the change is to do: `Smallest change that counts it`.
    pub title: String,
    /// Changes that flip the outcome.
    pub fixes: Vec<Fix>,
    /// Settings that do not.
    pub impossible: Vec<NoFix>,
    /// Runs of the engine that it took.
    pub runs: usize,
    /// Whether it was stopped before the end.
    pub stopped: bool,
}

/// What a change is to do for a subject; `None` where its outcome is good, or nothing is to be flipped.
pub fn goal(case: &Case<'_>, subject: Subject) -> Option<Goal> {
    Goal::of(case, subject)
}

/// Searches for the smallest changes that flip the outcome of a subject, and prices them. `input` is the
/// stream that the run of `case` was made of. `go_on` is asked before every run; with `false` the search
/// ends with what it has. `None` where there is nothing to flip.
pub fn price(
    case: &Case<'_>,
    input: &Arc<Stream>,
    subject: Subject,
    go_on: &mut dyn FnMut(&Progress) -> bool,
) -> Option<Prices> {
    let goal = Goal::of(case, subject)?;
    let mut prices = Prices { title: goal.title().to_owned(), ..Prices::default() };
    let candidates = candidates::of(case, &goal, &mut prices.impossible);
    let mut trials = search::Trials::new(case, input, &goal, candidates.len(), go_on);
    for candidate in candidates {
        match trials.search(&candidate) {
            Ok(Some(fix)) => prices.fixes.push(fix),
            Ok(None) => prices.impossible.extend(candidate.unhelpful()),
            Err(search::Stopped) => {
                prices.stopped = true;
                break;
            }
        }
        trials.next();
    }
    prices.runs = trials.runs();
    Some(prices)
}
