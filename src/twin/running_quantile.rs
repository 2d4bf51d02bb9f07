//! A quantile of a growing set of spans at every instant: what a comparison of runs says at the cursor.
//!
//! Two heaps hold what is at most the quantile and what is more, so a history of n spans costs O(n log n)
//! once, and the quantile at an instant is a binary search. Quantiles are by nearest rank, as everywhere
//! ([`crate::metrics::quantile`]).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::metrics::quantile::Quantile;
use crate::time::{ProcTime, Span};

/// A quantile of all spans up to an instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningQuantile {
    /// When each span became known, ascending.
    known_at: Vec<ProcTime>,
    /// The quantile of that span and all before it.
    quantiles: Vec<Span>,
}

impl RunningQuantile {
    /// Of spans, each with the instant from which on it is known; in any order.
    pub fn of(mut spans: Vec<(ProcTime, Span)>, quantile: Quantile) -> Self {
        spans.sort_unstable();
        let (mut lower, mut upper) = (BinaryHeap::new(), BinaryHeap::new());
        let mut quantiles = Vec::with_capacity(spans.len());
        for (place, &(_, span)) in spans.iter().enumerate() {
            if lower.peek().is_none_or(|&most| span <= most) {
                lower.push(span);
            } else {
                upper.push(Reverse(span));
            }
            // With one span more the rank is the same or one more.
            let rank = quantile.rank(place + 1).unwrap_or(1);
            if lower.len() > rank {
                upper.extend(lower.pop().map(Reverse));
            } else if lower.len() < rank {
                lower.extend(upper.pop().map(|Reverse(span)| span));
            }
            quantiles.extend(lower.peek());
        }
        Self { known_at: spans.into_iter().map(|(at, _)| at).collect(), quantiles }
    }

    /// How many spans are known at `now`.
    pub fn count_at(&self, now: ProcTime) -> usize {
        self.known_at.partition_point(|&at| at <= now)
    }

    /// The quantile of what is known at `now`; `None` before the first.
    pub fn at(&self, now: ProcTime) -> Option<Span> {
        Some(self.quantiles[self.count_at(now).checked_sub(1)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::quantile::{P50, P95, P99};

    #[test]
    fn the_quantile_at_any_instant_is_that_of_sorting_what_is_known() {
        let mut state = 77_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let spans: Vec<(ProcTime, Span)> =
            (0..300).map(|_| (ProcTime::from_micros(draw(100) as i64), Span::from_micros(draw(40) as i64))).collect();
        for quantile in [P50, P95, P99] {
            let running = RunningQuantile::of(spans.clone(), quantile);
            for now in (-1..101).map(ProcTime::from_micros) {
                let mut known: Vec<Span> = spans.iter().filter(|(at, _)| *at <= now).map(|(_, span)| *span).collect();
                known.sort_unstable();
                assert_eq!(running.at(now), quantile.of_sorted(&known), "{now}");
                assert_eq!(running.count_at(now), known.len());
            }
        }
        assert_eq!(RunningQuantile::default().at(ProcTime::MAX), None);
    }
}
