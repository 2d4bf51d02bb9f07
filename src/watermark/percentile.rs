//! A watermark that follows a quantile of the recent delays: W = newest arrival - that quantile.
//!
//! The quantile is exact, by nearest rank (the ceil(q n)-th smallest), over the delays (arrival
//! minus event time) of the last `sample` records. Before 1 / (1 - q) records are known, or a full
//! sample if that is fewer, it claims nothing: fewer cannot tell the quantile from the maximum. A
//! constant offset between the two clocks cancels out.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::time::{EventTime, ProcTime, Span};

/// Parts of one in which a quantile is counted, so that ranks are exact integers.
const MILLION: u64 = 1_000_000;

/// The rule of [`crate::watermark::WatermarkSpec::Percentile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentile {
    millionths: u64,
    sample: usize,
    warm_up: usize,

    newest_arrival: ProcTime,
    /// In order of arrival; at most `sample`.
    recent: VecDeque<Span>,
    /// The same delays, ascending.
    sorted: Vec<Span>,
}

impl Percentile {
    /// A rule that has seen nothing. `quantile` is above 0 and at most 1 and is kept in millionths;
    /// `sample` is at least 1.
    pub fn new(quantile: f64, sample: u32) -> Self {
        let millionths = (libm::round(quantile * MILLION as f64) as u64).clamp(1, MILLION);
        let sample = sample.max(1) as usize;
        let known_at = MILLION.checked_div(MILLION - millionths).map_or(sample, |records| records as usize);
        Self {
            millionths,
            sample,
            warm_up: known_at.min(sample),
            newest_arrival: ProcTime::MIN,
            recent: VecDeque::new(),
            sorted: Vec::new(),
        }
    }

    /// Takes note of a record; what the watermark may be by now, which can be less than before.
    /// O(sample).
    pub fn claim(&mut self, event_time: EventTime, arrival: ProcTime) -> Option<EventTime> {
        if self.recent.len() == self.sample
            && let Some(oldest) = self.recent.pop_front()
        {
            let place = self.sorted.partition_point(|&delay| delay < oldest);
            self.sorted.remove(place);
        }
        let delay = arrival.since_event(event_time);
        self.recent.push_back(delay);
        self.sorted.insert(self.sorted.partition_point(|&other| other < delay), delay);
        self.newest_arrival = self.newest_arrival.max(arrival);
        Some((self.newest_arrival - self.quantile()?).on_event_clock())
    }

    fn quantile(&self) -> Option<Span> {
        let known = self.sorted.len();
        let rank = (self.millionths * known as u64).div_ceil(MILLION) as usize;
        (known >= self.warm_up).then(|| self.sorted[rank - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Claims after records (event time, arrival).
    fn claims(quantile: f64, sample: u32, records: &[(i64, i64)]) -> Vec<Option<i64>> {
        let mut rule = Percentile::new(quantile, sample);
        let claim = |&(event_time, arrival): &(i64, i64)| {
            rule.claim(EventTime::from_micros(event_time), ProcTime::from_micros(arrival)).map(EventTime::micros)
        };
        records.iter().map(claim).collect()
    }

    #[test]
    fn the_median_of_the_last_three_delays() {
        // Delays 10, 30, 20, 5, 7; medians from two known ones on: 10, 20, 20, 7.
        let records = [(0, 10), (-10, 20), (10, 30), (35, 40), (43, 50)];
        assert_eq!(claims(0.5, 3, &records), [None, Some(10), Some(10), Some(20), Some(43)]);
    }

    #[test]
    fn a_quantile_of_one_is_the_largest_delay_once_the_sample_is_full() {
        let records = [(0, 10), (15, 20), (28, 30), (37, 40)];
        assert_eq!(claims(1.0, 3, &records), [None, None, Some(20), Some(35)]);
    }

    #[test]
    fn equal_delays_leave_one_at_a_time() {
        let records = [(0, 5), (5, 10), (10, 15), (16, 20), (22, 25)];
        assert_eq!(claims(1.0, 2, &records), [None, Some(5), Some(10), Some(15), Some(21)]);
    }
}
