//! Where to look when every point costs a run of the engine: coarse first, then where it matters.
//!
//! The first bounds are none and those that the stream's own disorder suggests. Then, round by round,
//! the gaps between neighbours that differ most in completeness are halved.

use crate::metrics::quantile::Quantile;
use crate::pipeline::WindowSpec;
use crate::time::Span;
use crate::tuner::bounds::rounded_up;
use crate::tuner::parallel::{Cancelled, Watch};
use crate::tuner::point::Point;
use crate::tuner::setting::Setting;
use crate::tuner::tuning::Tuner;

/// Quantiles, in thousandths, of how far records are behind, for the first round.
const FIRST_ROUND: [u64; 4] = [500, 900, 990, 1_000];
/// Rounds after the first, and gaps halved in each.
const ROUNDS: usize = 2;
const GAPS: usize = 3;

impl Tuner {
    /// Runs the engine at bounds of its own choosing, some ten of them; by ascending bound.
    ///
    /// # Errors
    /// When `watch` breaks off.
    pub fn search(&self, window: WindowSpec, lateness: Span, watch: &Watch<'_>) -> Result<Vec<Point>, Cancelled> {
        let setting = |bound: Span| Setting { window, bound, lateness };
        let mut behind = self.behind();
        let mut bounds: Vec<Span> = vec![Span::ZERO];
        for share in FIRST_ROUND {
            bounds.extend(
                Quantile::per_mille(share).of_unsorted(&mut behind).map(|it| rounded_up(Span::from_micros(it))),
            );
        }
        bounds.sort_unstable();
        bounds.dedup();
        let settings: Vec<Setting> = bounds.into_iter().map(setting).collect();
        let mut points = self.run(&settings, watch)?;
        for _ in 0..ROUNDS {
            let settings: Vec<Setting> = widest_gaps(&points).into_iter().map(setting).collect();
            if settings.is_empty() {
                break;
            }
            points.extend(self.run(&settings, watch)?);
            points.sort_by_key(|point| point.setting.bound);
        }
        Ok(points)
    }

    /// Of the records that are behind the newest event before them, how far, in microseconds, unsorted.
    fn behind(&self) -> Vec<i64> {
        let mut newest = i64::MIN;
        let mut behind = Vec::new();
        for t in self.stream().event_times() {
            if t.micros() < newest {
                behind.push(newest.saturating_sub(t.micros()));
            }
            newest = newest.max(t.micros());
        }
        behind
    }
}

/// The middles of the gaps between neighbours that differ most in completeness.
fn widest_gaps(points: &[Point]) -> Vec<Span> {
    let mut gaps: Vec<(f64, Span)> = Vec::new();
    for pair in points.windows(2) {
        let [low, high] = [&pair[0], &pair[1]].map(|point| point.setting.bound);
        let middle = rounded_up(Span::from_micros(low.micros().midpoint(high.micros())));
        let differs = (pair[1].completeness - pair[0].completeness).abs();
        if differs > 0.0 && middle > low && middle < high {
            gaps.push((differs, middle));
        }
    }
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    gaps.into_iter().take(GAPS).map(|(_, middle)| middle).collect()
}
