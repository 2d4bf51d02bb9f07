//! A watermark whose distance from the newest arrival is learned: the delays' running mean plus a
//! few times their running mean deviation.
//!
//! The estimator is the one with which TCP sets its retransmission timer, with a record's delay in
//! the place of a round trip: Jacobson, Congestion Avoidance and Control (SIGCOMM 1988, appendix
//! A), and RFC 6298, sections 2.2 and 2.3, with the same gains (an eighth for the mean, a quarter
//! for the deviation) in the same integer arithmetic: the mean is kept eight times as large, the
//! deviation four times. Two numbers of state, and it forgets: half of a change is learned in
//! about five records. Unlike there, the smallest and the largest distance are settings.

use serde::{Deserialize, Serialize};

use crate::time::{EventTime, ProcTime, Span};

/// The rule of [`crate::watermark::WatermarkSpec::Adaptive`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adaptive {
    deviations: i64,
    min: Span,
    max: Span,

    newest_arrival: ProcTime,
    learned: Option<Estimate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Estimate {
    /// Eight times the mean delay, in microseconds.
    mean_by_8: i64,
    /// Four times the mean deviation from it, in microseconds.
    deviation_by_4: i64,
}

impl Adaptive {
    /// A rule that has learned nothing. `min` is at most `max`.
    pub fn new(deviations: u32, min: Span, max: Span) -> Self {
        let deviations = i64::from(deviations);
        Self { deviations, min, max: max.max(min), newest_arrival: ProcTime::MIN, learned: None }
    }

    /// Takes note of a record; what the watermark may be by now, which can be less than before.
    pub fn claim(&mut self, event_time: EventTime, arrival: ProcTime) -> EventTime {
        let delay = arrival.since_event(event_time).micros();
        let estimate = self.learned.map_or_else(|| Estimate::first(delay), |before| before.next(delay));
        self.learned = Some(estimate);
        self.newest_arrival = self.newest_arrival.max(arrival);
        let distance = estimate.distance(self.deviations).clamp(self.min, self.max);
        (self.newest_arrival - distance).on_event_clock()
    }
}

impl Estimate {
    const fn first(delay: i64) -> Self {
        Self { mean_by_8: delay.saturating_mul(8), deviation_by_4: delay.saturating_abs().saturating_mul(2) }
    }

    const fn next(self, delay: i64) -> Self {
        let error = delay.saturating_sub(self.mean_by_8 / 8);
        let deviation_error = error.saturating_abs().saturating_sub(self.deviation_by_4 / 4);
        Self {
            mean_by_8: self.mean_by_8.saturating_add(error),
            deviation_by_4: self.deviation_by_4.saturating_add(deviation_error),
        }
    }

    const fn distance(self, deviations: i64) -> Span {
        let above = (self.deviation_by_4 / 4).saturating_mul(deviations);
        Span::from_micros((self.mean_by_8 / 8).saturating_add(above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(mut rule: Adaptive, delays: &[i64]) -> Vec<i64> {
        let claim = |(i, &delay): (usize, &i64)| {
            let arrival = 1_000 * (i as i64 + 1);
            rule.claim(EventTime::from_micros(arrival - delay), ProcTime::from_micros(arrival)).micros()
        };
        delays.iter().enumerate().map(claim).collect()
    }

    #[test]
    fn the_distance_is_the_mean_and_four_deviations() {
        let unlimited = Adaptive::new(4, Span::ZERO, Span::from_secs(1));
        // By hand: mean 80, deviation 40; then error 80: mean 90, deviation 50; then error -90: mean 78.75, 60.
        assert_eq!(claims(unlimited, &[80, 160, 0]), [1_000 - 240, 2_000 - 290, 3_000 - 318]);
    }

    #[test]
    fn it_forgets_an_outlier_and_keeps_within_its_limits() {
        let mut delays = vec![10_000];
        delays.extend([100; 200]);
        let found = claims(Adaptive::new(4, Span::from_micros(50), Span::from_micros(2_000)), &delays);
        assert_eq!(found[0], 1_000 - 2_000, "cut to the max");
        assert!((201_000 - 110..=201_000 - 100).contains(&found[200]), "{}", found[200]);
        let found = claims(Adaptive::new(4, Span::from_micros(500), Span::from_micros(2_000)), &delays);
        assert_eq!(found[200], 201_000 - 500, "no nearer than the min");
    }

    #[test]
    fn absurd_delays_do_not_overflow() {
        let mut rule = Adaptive::new(1_000, Span::ZERO, Span::MAX);
        for (event_time, arrival) in [(i64::MAX - 1, i64::MIN + 1), (i64::MIN + 1, i64::MAX - 1)] {
            rule.claim(EventTime::from_micros(event_time), ProcTime::from_micros(arrival));
        }
    }
}
