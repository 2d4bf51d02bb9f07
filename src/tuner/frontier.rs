//! The settings worth having, and what the next second buys.
//!
//! A setting is on the Pareto frontier when no other counts as many records sooner, or more records
//! as soon.

use crate::metrics::report::Latency;
use crate::time::Span;
use crate::tuner::point::Point;
use crate::tuner::scan::Scan;

/// Which latency of results is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quantile {
    /// The median.
    P50,
    /// 95 % take at most this long.
    P95,
    /// 99 % take at most this long.
    #[default]
    P99,
    /// The longest.
    Max,
}

impl Quantile {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::P50, Self::P95, Self::P99, Self::Max];

    /// `p50`, `p95`, `p99`, `max`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Max => "max",
        }
    }

    /// Of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// In seconds; `None` when no window fired on time.
    pub const fn of(self, latency: &Latency) -> Option<f64> {
        match self {
            Self::P50 => latency.p50,
            Self::P95 => latency.p95,
            Self::P99 => latency.p99,
            Self::Max => latency.max,
        }
    }
}

/// The points that no other one beats: places in `points`, by ascending latency and so by ascending
/// completeness. Of equal points the first; points without a result on time are left out.
pub fn frontier(points: &[Point], quantile: Quantile) -> Vec<usize> {
    let latency = |place: usize| quantile.of(&points[place].result_latency_s);
    let mut places: Vec<(f64, usize)> = (0..points.len()).filter_map(|place| Some((latency(place)?, place))).collect();
    places.sort_by(|a, b| {
        let complete = |place: usize| points[place].completeness;
        a.0.total_cmp(&b.0).then(complete(b.1).total_cmp(&complete(a.1))).then(a.1.cmp(&b.1))
    });
    let mut best = f64::NEG_INFINITY;
    let is_better = |&(_, place): &(f64, usize)| {
        let is_better = points[place].completeness > best;
        best = best.max(points[place].completeness);
        is_better
    };
    places.into_iter().filter(is_better).map(|(_, place)| place).collect()
}

/// What it changes to raise the bound a little.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// By how much the bound is raised.
    pub step: Span,
    /// Records that are counted then and are not now.
    pub records_saved: u64,
    /// By how much results come later, at each quantile, in seconds.
    pub later_s: Latency,
}

impl Scan {
    /// What it changes to raise the bound by `step` at this bound and lateness. O(windows).
    pub fn slope(&self, bound: Span, lateness: Span, step: Span) -> Slope {
        let (now, then) = (self.counts(bound, lateness), self.counts(bound + step, lateness));
        let (before, after) = (self.result_latency(bound), self.result_latency(bound + step));
        let later = |a: Option<f64>, b: Option<f64>| Some(b? - a?);
        Slope {
            step,
            records_saved: now.dropped - then.dropped,
            later_s: Latency {
                p50: later(before.p50, after.p50),
                p95: later(before.p95, after.p95),
                p99: later(before.p99, after.p99),
                max: later(before.max, after.max),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::WindowSpec;
    use crate::tuner::point::{Counts, Source};
    use crate::tuner::setting::Setting;

    fn point(p99: Option<f64>, completeness: f64) -> Point {
        Point {
            setting: Setting { window: WindowSpec::Global, bound: Span::ZERO, lateness: Span::ZERO },
            source: Source::ClosedForm,
            assigned: 1,
            counts: Counts::default(),
            completeness,
            worst_window: None,
            result_latency_s: Latency { p99, ..Latency::default() },
            max_open_windows: 0,
            max_state_bytes: None,
        }
    }

    #[test]
    fn beaten_points_are_left_out() {
        let points = [
            point(Some(3.0), 0.9),
            point(Some(1.0), 0.5),
            point(Some(1.0), 0.6),
            point(Some(2.0), 0.6),
            point(None, 1.0),
            point(Some(9.0), 0.9),
            point(Some(3.0), 0.9),
        ];
        assert_eq!(frontier(&points, Quantile::P99), [2, 0]);
        assert_eq!(frontier(&points, Quantile::P50), [] as [usize; 0]);
    }
}
