//! The median of a growing set of spans at every instant: what a comparison of runs says at the cursor.
//!
//! Two heaps hold the lower and the upper half, so a history of n spans costs O(n log n) once, and the
//! median at an instant is a binary search. The median is by nearest rank, as everywhere
//! ([`crate::metrics::quantile`]): of an even number the lower of the two in the middle.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::{ProcTime, Span};

/// Medians of all spans up to an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningMedian {
    /// When each span became known, ascending.
    known_at: Vec<ProcTime>,
    /// The median of that span and all before it.
    medians: Vec<Span>,
}

impl RunningMedian {
    /// Of spans, each with the instant from which on it is known; in any order.
    pub fn of(mut spans: Vec<(ProcTime, Span)>) -> Self {
        spans.sort_unstable();
        let (mut lower, mut upper) = (BinaryHeap::new(), BinaryHeap::new());
        let mut medians = Vec::with_capacity(spans.len());
        for &(_, span) in &spans {
            if lower.peek().is_none_or(|&most| span <= most) {
                lower.push(span);
            } else {
                upper.push(Reverse(span));
            }
            // The lower half has as many as the upper one, or one more.
            if lower.len() > upper.len() + 1 {
                upper.extend(lower.pop().map(Reverse));
            } else if upper.len() > lower.len() {
                lower.extend(upper.pop().map(|Reverse(span)| span));
            }
            medians.extend(lower.peek());
        }
        Self { known_at: spans.into_iter().map(|(at, _)| at).collect(), medians }
    }

    /// How many spans are known at `now`.
    pub fn count_at(&self, now: ProcTime) -> usize {
        self.known_at.partition_point(|&at| at <= now)
    }

    /// The median of what is known at `now`; `None` before the first.
    pub fn at(&self, now: ProcTime) -> Option<Span> {
        Some(self.medians[self.count_at(now).checked_sub(1)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::quantile::P50;

    #[test]
    fn the_median_at_any_instant_is_that_of_sorting_what_is_known() {
        let mut state = 77_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let spans: Vec<(ProcTime, Span)> =
            (0..300).map(|_| (ProcTime::from_micros(draw(100) as i64), Span::from_micros(draw(40) as i64))).collect();
        let medians = RunningMedian::of(spans.clone());
        for now in (-1..101).map(ProcTime::from_micros) {
            let mut known: Vec<Span> = spans.iter().filter(|(at, _)| *at <= now).map(|(_, span)| *span).collect();
            known.sort_unstable();
            assert_eq!(medians.at(now), P50.of_sorted(&known), "{now}");
            assert_eq!(medians.count_at(now), known.len());
        }
        assert_eq!(RunningMedian::default().at(ProcTime::MAX), None);
    }
}
