//! Trying candidates: one run of the engine for every value, and as few values as it takes.

use std::sync::Arc;

use crate::explain::case::Case;
use crate::explain::price::cost::Cost;
use crate::explain::price::knobs::{Candidate, Grid, Rung, Steps};
use crate::explain::price::{Fix, Goal, Progress};
use crate::human;
use crate::record::Stream;
use crate::runtime::{RunConfig, Trace, run, run_in_place_of};
use crate::scenario::Scenario;
use crate::time::{SPAN_LIMIT, Span};

/// Somebody said stop.
#[derive(Debug)]
pub(super) struct Stopped;

/// Runs of the same input with other settings.
pub(super) struct Trials<'a, 'b> {
    case: &'a Case<'b>,
    input: &'a Arc<Stream>,
    goal: &'a Goal,
    progress: Progress,
    go_on: &'a mut dyn FnMut(&Progress) -> bool,
    /// Whose memory serves the next run.
    spare: Option<Trace>,
}

/// A run that has the outcome, the value in words, and the settings that make it.
type Value = (Found, String, Vec<String>);

/// A run that has the outcome.
struct Found {
    scenario: Scenario,
    trace: Trace,
}

impl<'a, 'b> Trials<'a, 'b> {
    pub(super) fn new(
        case: &'a Case<'b>,
        input: &'a Arc<Stream>,
        goal: &'a Goal,
        of: usize,
        go_on: &'a mut dyn FnMut(&Progress) -> bool,
    ) -> Self {
        let progress = Progress { done: 0, of, doing: String::new(), runs: 0 };
        Self { case, input, goal, progress, go_on, spare: None }
    }

    pub(super) const fn runs(&self) -> usize {
        self.progress.runs
    }

    pub(super) const fn next(&mut self) {
        self.progress.done += 1;
    }

    /// The smallest value of a candidate that flips the outcome, priced; `None` where none does.
    pub(super) fn search(&mut self, candidate: &Candidate) -> Result<Option<Fix>, Stopped> {
        let before = self.progress.runs;
        let found = match &candidate.steps {
            Steps::Ladder(rungs) => self.climb(candidate.knob, rungs)?,
            Steps::Grid(grid) => self.narrow(candidate.knob, grid)?,
        };
        let Some((Found { scenario, trace }, to, settings)) = found else { return Ok(None) };
        let cost = Cost::between(self.case.trace, &trace);
        let trial = Case::new(&scenario, &trace);
        let price = cost.words(self.case, &trial, self.goal);
        self.spare = Some(trace);
        let runs = self.progress.runs - before;
        let scenario = Box::new(scenario);
        Ok(Some(Fix { knob: candidate.knob, from: candidate.from.clone(), to, settings, scenario, cost, price, runs }))
    }

    /// The first of some values that flips the outcome.
    fn climb(&mut self, knob: &str, rungs: &[Rung]) -> Result<Option<Value>, Stopped> {
        for rung in rungs {
            if let Some(found) = self.attempt(knob, &rung.to, rung.scenario.clone())? {
                return Ok(Some((found, rung.to.clone(), vec![rung.setting.clone()])));
            }
        }
        Ok(None)
    }

    /// The smallest value above `from`, in people's units, that flips the outcome: by what is known in closed
    /// form, or by doubling and halving.
    fn narrow(&mut self, knob: &str, grid: &Grid) -> Result<Option<Value>, Stopped> {
        let base = self.case.scenario;
        let at = |trials: &mut Self, value: Span| {
            let mut scenario = base.clone();
            (grid.set)(&mut scenario, value);
            trials.attempt(knob, &human::span(value), scenario)
        };
        let value = |best: Found, at: Span| Ok(Some((best, human::span(at), vec![(grid.setting)(base, at)])));
        let mut low = grid.from;
        let mut high = above(grid.hint.map_or(low, |missed| missed.max(low)));
        let mut found = at(self, high)?;
        let mut step = unit_of(high);
        while found.is_none() {
            low = high;
            step = Span::from_micros(step.micros().saturating_mul(2));
            high = above(high + step - Span::from_micros(1));
            if high > self.farthest() {
                return Ok(None);
            }
            found = at(self, high)?;
        }
        let Some(mut best) = found else { return Ok(None) };
        // With a hint the value just below is tried first: mostly it fails, and that is the end.
        let mut is_first = grid.hint.is_some();
        loop {
            let grain = unit_of(high);
            let gap = (high - low).micros() / grain.micros();
            if gap <= 1 {
                return value(best, high);
            }
            let back = if is_first { 1 } else { gap / 2 };
            let middle = Span::from_micros((high.micros() - back * grain.micros()).max(low.micros() + 1));
            match at(self, middle)? {
                Some(found) => {
                    self.spare = Some(std::mem::replace(&mut best, found).trace);
                    high = middle;
                    is_first = false;
                }
                None if is_first => return value(best, high),
                None => low = middle,
            }
        }
    }

    /// No setting needs to be longer than the whole stream is, twice over.
    fn farthest(&self) -> Span {
        let stream = &self.case.trace.stream;
        let length = |range: Option<(i64, i64)>| range.map_or(0, |(first, last)| last.saturating_sub(first));
        let happened = length(stream.event_time_range().map(|(a, b)| (a.micros(), b.micros())));
        let arrived = length(stream.arrival_range().map(|(a, b)| (a.micros(), b.micros())));
        Span::from_micros(happened.max(arrived).saturating_mul(2)).min(SPAN_LIMIT)
    }

    /// One run. `None` where the scenario is out of its limits, or does not flip the outcome.
    fn attempt(&mut self, knob: &str, to: &str, scenario: Scenario) -> Result<Option<Found>, Stopped> {
        if !scenario.problems().is_empty() {
            return Ok(None);
        }
        self.progress.doing = format!("{} {to}", knob.to_lowercase());
        if !(self.go_on)(&self.progress) {
            return Err(Stopped);
        }
        self.progress.runs += 1;
        let config = RunConfig::of(&scenario, self.input);
        let trace = match self.spare.take() {
            Some(old) => run_in_place_of(old, self.input, &config),
            None => run(self.input, &config),
        };
        if self.goal.is_met(self.case.trace, &Case::new(&scenario, &trace)) {
            return Ok(Some(Found { scenario, trace }));
        }
        self.spare = Some(trace);
        Ok(None)
    }
}

/// The unit in which people would set a span of this size.
pub(super) const fn unit_of(value: Span) -> Span {
    match value.micros().unsigned_abs() {
        0..1_000_000 => Span::from_millis(10),
        1_000_000..10_000_000 => Span::from_millis(100),
        10_000_000..3_600_000_000 => Span::from_secs(1),
        3_600_000_000..86_400_000_000 => Span::from_secs(60),
        _ => Span::from_secs(3_600),
    }
}

/// The smallest value above `missed` that people would set.
fn above(missed: Span) -> Span {
    let unit = unit_of(missed + Span::from_micros(1)).micros();
    Span::from_micros((missed.micros().div_euclid(unit) + 1).saturating_mul(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_next_ones_that_people_would_set() {
        let check = |missed: i64, expected: i64| {
            assert_eq!(above(Span::from_micros(missed)), Span::from_micros(expected), "{missed}");
        };
        check(0, 10_000);
        check(9_999, 10_000);
        check(10_000, 20_000);
        check(999_999, 1_000_000);
        check(93_200_001, 94_000_000);
        check(94_000_000, 95_000_000);
        check(3_600_000_000, 3_660_000_000);
    }
}
