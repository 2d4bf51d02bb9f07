//! The rules of a rate that changes over time.

use super::{Check, Least};
use crate::human::{count, span_exact};
use crate::scenario::{RateShape, RateStep};
use crate::time::Span;

/// The most steps of a rate; a recorded day by the minute has more and is a recording.
pub const MAX_RATE_STEPS: usize = 1_000;
/// The most bursts of a rate over the duration; each takes two lines of memory.
pub const MAX_BURSTS: i64 = 100_000;

const RANGE: &str = "0 or more, in records per second";

impl Check {
    /// Whether the shape is in its limits.
    pub(super) fn rate_shape(&mut self, shape: &RateShape, duration: Span) -> bool {
        let found_before = self.found.len();
        match shape {
            RateShape::Constant => {}
            RateShape::Steps(steps) => self.steps(steps),
            RateShape::Ramp { from, until, to } => {
                self.span("source.rate_shape.from", *from, Least::Zero);
                self.span("source.rate_shape.until", *until, Least::AboveZero);
                self.number("source.rate_shape.to", *to, *to >= 0.0, RANGE);
                if from >= until {
                    let (from, until) = (span_exact(*from), span_exact(*until));
                    let message = format!("{from} is out of range: must be before until, {until}");
                    self.add("source.rate_shape.from", message);
                }
            }
            RateShape::Diurnal { amplitude, period, offset } => {
                let is_share = (0.0..=1.0).contains(amplitude);
                self.number("source.rate_shape.amplitude", *amplitude, is_share, "0 to 1");
                self.span("source.rate_shape.period", *period, Least::AboveZero);
                self.span("source.rate_shape.offset", *offset, Least::Zero);
            }
            RateShape::Burst { from, length, rate, every } => {
                self.span("source.rate_shape.from", *from, Least::Zero);
                self.span("source.rate_shape.length", *length, Least::AboveZero);
                self.number("source.rate_shape.rate", *rate, *rate >= 0.0, RANGE);
                if let Some(every) = *every {
                    self.every(every, *length, duration);
                }
            }
        }
        self.found.len() == found_before
    }

    fn steps(&mut self, steps: &[RateStep]) {
        if steps.len() > MAX_RATE_STEPS {
            let limit = count(MAX_RATE_STEPS as u64);
            self.add("source.rate_shape", format!("{} steps: the limit is {limit}", count(steps.len() as u64)));
            return;
        }
        let mut before = Span::ZERO;
        for (i, step) in steps.iter().enumerate() {
            let at = format!("source.rate_shape.{i}.at");
            self.span(&at, step.at, Least::AboveZero);
            if i > 0 && step.at <= before {
                let (shown, before) = (span_exact(step.at), span_exact(before));
                self.add(&at, format!("{shown} is out of range: must be after the step before, {before}"));
            }
            self.number(&format!("source.rate_shape.{i}.rate"), step.rate, step.rate >= 0.0, RANGE);
            before = step.at;
        }
    }

    fn every(&mut self, every: Span, length: Span, duration: Span) {
        let path = "source.rate_shape.every";
        self.span(path, every, Least::AboveZero);
        if every < length {
            let (every, length) = (span_exact(every), span_exact(length));
            self.add(path, format!("{every} is out of range: must be at least the length, {length}"));
        } else if every > Span::ZERO && duration.micros() / every.micros() > MAX_BURSTS {
            let message = format!(
                "a burst every {} makes about {} over {}; the limit is {}; make it longer",
                span_exact(every),
                count((duration.micros() / every.micros()).unsigned_abs()),
                span_exact(duration),
                count(MAX_BURSTS.unsigned_abs())
            );
            self.add(path, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::check::tests::check;

    #[test]
    fn shapes_in_their_limits_are_legal() {
        check(&["rate_shape=steps([(at: 1us, rate: 0), (at: 2us, rate: 20)])"], &[]);
        check(&["rate_shape=ramp(until: 1min, to: 0)"], &[]);
        check(&["rate_shape=diurnal(amplitude: 1)", "source.rate_shape.period=1h"], &[]);
        check(&["rate_shape=burst(from: 0s, length: 1s, rate: 0, every: 1s)"], &[]);
    }

    #[test]
    fn shapes_out_of_range_are_refused_with_their_limits() {
        check(
            &["rate_shape=steps([(at: 0s, rate: 1), (at: 5s, rate: -1), (at: 5s, rate: 1)])"],
            &[
                "source.rate_shape.0.at: 0s is out of range: must be more than 0, at most 115740d",
                "source.rate_shape.1.rate: -1 is out of range: must be 0 or more, in records per second",
                "source.rate_shape.2.at: 5s is out of range: must be after the step before, 5s",
            ],
        );
        check(
            &["rate_shape=ramp(from: 2s, until: 1s, to: -3)"],
            &[
                "source.rate_shape.to: -3 is out of range: must be 0 or more, in records per second",
                "source.rate_shape.from: 2s is out of range: must be before until, 1s",
            ],
        );
        check(
            &["rate_shape=diurnal(amplitude: 1.1, period: 0s)"],
            &[
                "source.rate_shape.amplitude: 1.1 is out of range: must be 0 to 1",
                "source.rate_shape.period: 0s is out of range: must be more than 0, at most 115740d",
            ],
        );
        check(
            &["rate_shape=burst(from: 0s, length: 2s, rate: 1, every: 1s)"],
            &["source.rate_shape.every: 1s is out of range: must be at least the length, 2s"],
        );
        check(
            &["rate_shape=burst(from: 0s, length: 1us, rate: 1, every: 1us)"],
            &["source.rate_shape.every: a burst every 1us makes about 600,000,000 over 10min; the limit is \
               100,000; make it longer"],
        );
    }

    #[test]
    fn the_number_of_records_counts_the_shape() {
        check(
            &["source.rate=1", "rate_shape=steps([(at: 1s, rate: 1000000)])"],
            &["source.rate: 1 per second and its shape over 10min would make about 599,000,001 records; the limit is \
               20,000,000; lower the rate or the duration"],
        );
    }
}
