//! The rules of the producers: how many, their clocks, and their patience.

use std::collections::BTreeSet;

use super::{Check, Least};
use crate::human::{count, span_exact};
use crate::scenario::{ClockSpec, ProducersSpec};
use crate::time::{SPAN_LIMIT, Span};

/// The most producers; each has a clock and, with some partitioners, a batch of its own.
pub const MAX_PRODUCERS: u32 = 1_000;
/// A clock that gains a tenth is broken; more would turn a slip of a unit into a run of years.
pub const MAX_DRIFT_PPM: f64 = 100_000.0;
/// How often a record may be sent in vain before its producer gives up; each try is a draw.
pub const MAX_TRIES: i64 = 100;

impl Check {
    pub(super) fn producers(&mut self, producers: &ProducersSpec) {
        if !(1..=MAX_PRODUCERS).contains(&producers.count) {
            let limit = count(u64::from(MAX_PRODUCERS));
            self.add("source.producers.count", format!("{} is out of range: must be 1 to {limit}", producers.count));
        }
        self.span("source.producers.clock_offset", producers.clock_offset, Least::Zero);
        self.drift("source.producers.clock_drift_ppm", producers.clock_drift_ppm, 0.0);
        self.clocks(&producers.clocks, producers.count);
        for (path, p) in [("source.producers.loss", producers.loss), ("source.producers.ack_loss", producers.ack_loss)]
        {
            self.number(path, p, (0.0..=1.0).contains(&p), "0 to 1");
        }
        self.span("source.producers.request_timeout", producers.request_timeout, Least::AboveZero);
        self.span("source.producers.retry_backoff", producers.retry_backoff, Least::AboveZero);
        self.span("source.producers.delivery_timeout", producers.delivery_timeout, Least::Zero);
        self.tries(producers);
    }

    fn drift(&mut self, path: &str, ppm: f64, least: f64) {
        let range = format!("{least} to {MAX_DRIFT_PPM}");
        self.number(path, ppm, (least..=MAX_DRIFT_PPM).contains(&ppm), &range);
    }

    fn clocks(&mut self, clocks: &[ClockSpec], producers: u32) {
        let mut seen = BTreeSet::new();
        for (i, clock) in clocks.iter().enumerate() {
            let at = |field: &str| format!("source.producers.clocks.{i}.{field}");
            if clock.producer >= producers {
                let last = producers.saturating_sub(1);
                let message = format!("{} is out of range: must be 0 to {last}, the last producer", clock.producer);
                self.add(&at("producer"), message);
            } else if !seen.insert(clock.producer) {
                self.add(&at("producer"), format!("{} is there twice; a producer has one clock", clock.producer));
            }
            if clock.offset > SPAN_LIMIT || clock.offset < Span::ZERO - SPAN_LIMIT {
                let shown = span_exact(clock.offset);
                self.add(&at("offset"), format!("{shown} is out of range: must be -115740d to 115740d"));
            }
            self.drift(&at("drift_ppm"), clock.drift_ppm, -MAX_DRIFT_PPM);
        }
    }

    fn tries(&mut self, producers: &ProducersSpec) {
        let cycle = (producers.request_timeout + producers.retry_backoff).micros().max(1);
        let tries = producers.delivery_timeout.micros() / cycle;
        if tries > MAX_TRIES {
            let message = format!(
                "{} is time for {} tries, one every {}; the limit is {MAX_TRIES}; shorten it or lengthen request_timeout",
                span_exact(producers.delivery_timeout),
                count(tries.unsigned_abs()),
                span_exact(Span::from_micros(cycle))
            );
            self.add("source.producers.delivery_timeout", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::check::tests::check;

    #[test]
    fn producers_in_their_limits_are_legal() {
        check(&["producers.count=1000", "producers.loss=1", "producers.ack_loss=1", "producers.acks=zero"], &[]);
        check(&["producers.delivery_timeout=0s", "producers.request_timeout=1us"], &[]);
        check(&["producers.count=2", "producers.clocks=[(producer: 1, offset: -2min, drift_ppm: -100000)]"], &[]);
    }

    #[test]
    fn producers_out_of_range_are_refused_with_their_limits() {
        check(
            &["producers.count=0", "producers.loss=1.5", "producers.ack_loss=-0.1", "producers.retry_backoff=0s"],
            &[
                "source.producers.count: 0 is out of range: must be 1 to 1,000",
                "source.producers.loss: 1.5 is out of range: must be 0 to 1",
                "source.producers.ack_loss: -0.1 is out of range: must be 0 to 1",
                "source.producers.retry_backoff: 0s is out of range: must be more than 0, at most 115740d",
            ],
        );
        check(
            &["producers.clock_drift_ppm=-1", "producers.request_timeout=900ms"],
            &[
                "source.producers.clock_drift_ppm: -1 is out of range: must be 0 to 100000",
                "source.producers.delivery_timeout: 2min is time for 120 tries, one every 1s; the limit is 100; \
                 shorten it or lengthen request_timeout",
            ],
        );
        check(
            &["producers.clocks=[(producer: 0), (producer: 1), (producer: 0, drift_ppm: 100001)]"],
            &[
                "source.producers.clocks.1.producer: 1 is out of range: must be 0 to 0, the last producer",
                "source.producers.clocks.2.producer: 0 is there twice; a producer has one clock",
                "source.producers.clocks.2.drift_ppm: 100001 is out of range: must be -100000 to 100000",
            ],
        );
    }
}
