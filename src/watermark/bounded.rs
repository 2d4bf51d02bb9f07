//! Bounded out-of-orderness: W = (largest event time seen) - bound.
//!
//! The record that raises the watermark is handled before it. The same strategy as Apache Flink's
//! `BoundedOutOfOrdernessWatermarks`, whose value is one unit less because it claims `<= w`.

use crate::time::{EventTime, Span};

/// A watermark generator with a fixed bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundedWatermark {
    bound: Span,
    newest: EventTime,
    current: EventTime,
}

impl BoundedWatermark {
    /// A generator that has seen nothing; its watermark is [`EventTime::MIN`]. `bound` is not
    /// negative.
    pub const fn new(bound: Span) -> Self {
        Self { bound, newest: EventTime::MIN, current: EventTime::MIN }
    }

    /// The current watermark.
    pub const fn current(&self) -> EventTime {
        self.current
    }

    /// Takes note of a record that has been handled; the new watermark when it rose.
    #[inline]
    pub fn observe(&mut self, event_time: EventTime) -> Option<EventTime> {
        if event_time <= self.newest {
            return None;
        }
        self.newest = event_time;
        let claim = event_time - self.bound;
        (claim > self.current).then(|| {
            self.current = claim;
            claim
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_largest_event_time_and_never_goes_back() {
        let mut generator = BoundedWatermark::new(Span::from_micros(5));
        assert_eq!(generator.current(), EventTime::MIN);
        let rises: Vec<Option<i64>> = [10, 8, 12, 12, 11, -100, 13]
            .map(|t| generator.observe(EventTime::from_micros(t)).map(EventTime::micros))
            .to_vec();
        assert_eq!(rises, [Some(5), None, Some(7), None, None, None, Some(8)]);
        assert_eq!(generator.current(), EventTime::from_micros(8));
    }
}
