//! What the reader wants, and which point of the surface gives it: the one that says its results soonest
//! among those that keep the wish for nearly every seed.

use crate::app::panels::tuner::surface::Surface;
use crate::time::Span;
use crate::tuner::{Point, Quantile};

/// Of so many seeds or stretches in a hundred the wish is to be kept.
const KEPT_IN_100: usize = 80;

/// What the reader wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    /// The share of records to be counted.
    pub complete: f64,
    /// How long a result may come after its window's end.
    pub within: Span,
    /// For this part of the results.
    pub quantile: Quantile,
}

/// A place on the surface, with the pipeline's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of the latenesses.
    pub lateness: usize,
    /// Of the bounds.
    pub bound: usize,
}

/// A setting, and how well it keeps a wish.
#[derive(Clone, Debug, PartialEq)]
pub struct Rated {
    /// Where it is.
    pub place: Place,
    /// The share that is counted, by the median seed.
    pub complete: f64,
    /// The latency in seconds, by the median seed; `None` without results.
    pub latency: Option<f64>,
    /// By seed, or stretch of the recording: the share that is counted.
    pub shares: Vec<f64>,
    /// How many of them reach the wish.
    pub reached: usize,
}

impl Rated {
    /// Whether it keeps the wish.
    pub fn keeps(&self, wish: &Wish) -> bool {
        self.reached * 100 >= self.shares.len() * KEPT_IN_100
            && self.complete >= wish.complete
            && self.latency.is_some_and(|latency| latency <= wish.within.as_secs_f64())
    }

    /// The share of the worst seed or stretch.
    pub fn worst(&self) -> f64 {
        self.shares.iter().copied().fold(1.0, f64::min)
    }
}

/// The latency of a point in seconds.
pub fn latency(point: &Point, quantile: Quantile) -> Option<f64> {
    quantile.of(&point.result_latency_s)
}

/// How well a place keeps the wish.
pub fn rate(surface: &Surface, place: Place, wish: &Wish) -> Rated {
    let points: Vec<&Point> = surface.of_seeds(place.lateness, place.bound).collect();
    let shares = surface.shares(place.lateness, place.bound);
    let latencies = points.iter().filter_map(|point| latency(point, wish.quantile)).collect();
    Rated {
        place,
        complete: median(points.iter().map(|point| point.completeness).collect()).unwrap_or(1.0),
        latency: median(latencies),
        reached: shares.iter().filter(|share| **share >= wish.complete).count(),
        shares,
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    // By nearest rank: the ceil(n / 2)-th smallest.
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// Every place, the best first: those that keep the wish by latency, then by lateness; then the others by how
/// near they come to it.
pub fn ranked(surface: &Surface, wish: &Wish) -> Vec<Rated> {
    let places = (0..surface.grid.latenesses.len())
        .flat_map(|lateness| (0..surface.grid.bounds.len()).map(move |bound| Place { lateness, bound }));
    let mut rated: Vec<Rated> = places.map(|place| rate(surface, place, wish)).collect();
    let late = |rated: &Rated| rated.latency.unwrap_or(f64::INFINITY);
    // Missing records weigh by how many times too many they are, seconds by how many times too long.
    let misses = |rated: &Rated| {
        let missing = (1.0 - rated.complete.min(rated.worst() + 0.0)) / (1.0 - wish.complete).max(1e-6);
        missing.max(1.0) * (late(rated) / wish.within.as_secs_f64().max(1e-6)).max(1.0)
    };
    rated.sort_by(|a, b| match (a.keeps(wish), b.keeps(wish)) {
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (true, true) => late(a).total_cmp(&late(b)).then(a.place.lateness.cmp(&b.place.lateness)),
        (false, false) => misses(a).total_cmp(&misses(b)).then(late(a).total_cmp(&late(b))),
    });
    rated
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::panels::tuner::surface::{Grid, find};
    use crate::scenario::library;
    use crate::source;

    fn surface() -> Surface {
        let scenario = library::find("trams-tunnel").expect("it is built in").scenario().expect("it reads");
        let stream = Arc::new(source::generate(&scenario).expect("it is in its limits"));
        let grid = Grid::around(&scenario.pipeline, Span::from_secs(165));
        find(&scenario, &stream, grid, &mut |_| true).expect("nobody stops it")
    }

    #[test]
    fn the_advice_is_the_soonest_that_keeps_the_wish() {
        let surface = surface();
        let wish = Wish { complete: 0.99, within: Span::from_secs(60), quantile: Quantile::P50 };
        let ranked = ranked(&surface, &wish);
        let best = &ranked[0];
        assert!(best.keeps(&wish), "{best:?}");
        for other in ranked.iter().filter(|other| other.keeps(&wish)) {
            assert!(other.latency >= best.latency);
        }
        let kept = ranked.iter().take_while(|rated| rated.keeps(&wish)).count();
        assert!(ranked[kept..].iter().all(|rated| !rated.keeps(&wish)));
        assert!(kept < ranked.len(), "some settings do not keep it");
    }

    #[test]
    fn a_wish_that_nothing_keeps_has_a_nearest() {
        let wish = Wish { complete: 1.0, within: Span::from_secs(1), quantile: Quantile::P99 };
        let ranked = ranked(&surface(), &wish);
        assert!(ranked.iter().all(|rated| !rated.keeps(&wish)) && !ranked.is_empty());
    }

    #[test]
    fn the_median_is_by_nearest_rank() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(Vec::new()), None);
    }
}
