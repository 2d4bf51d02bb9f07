//! What the tuner knows: a point for every window, lateness and bound of a grid, over the stream on screen
//! and, where it is made from a seed, over other seeds as well.
//!
//! Every point is [`crate::tuner`]'s: exact where a closed form holds, else a run of the engine. Nothing is
//! computed here but which questions to ask.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::pipeline::{Pipeline, WatermarkSpec, WindowSpec};
use crate::record::Stream;
use crate::runtime::RunConfig;
use crate::scenario::{Scenario, SourceSpec};
use crate::source;
use crate::time::Span;
use crate::tuner::advice::needs::{Needs, Newest};
use crate::tuner::bounds::rounded_up;
use crate::tuner::{Form, Point, Setting, Tuner};

/// Other seeds that are tried beside the one on screen.
const OTHER_SEEDS: u64 = 15;
/// Records that may go through the engine for all seeds together.
const ENGINE_BUDGET: usize = 60_000_000;
/// Stretches of a recording, one for each bar of doubt.
const STRETCHES: usize = 16;
/// Parts of the largest bound.
const PARTS: [f64; 12] = [0.0, 0.03, 0.06, 0.085, 0.11, 0.17, 0.25, 0.34, 0.5, 0.67, 0.84, 1.0];

/// The settings that are looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Window sizes, ascending.
    pub windows: Vec<WindowSpec>,
    /// Bounds, ascending.
    pub bounds: Vec<Span>,
    /// Allowed latenesses, ascending.
    pub latenesses: Vec<Span>,
}

impl Grid {
    /// The grid around what the pipeline is set to, for a stream whose longest delay is `longest`.
    pub fn around(pipeline: &Pipeline, longest: Span) -> Self {
        let now = Setting::of(pipeline);
        let unit = match now.window {
            WindowSpec::Tumbling { size, .. } | WindowSpec::Sliding { size, .. } => size,
            WindowSpec::Session { gap } => gap,
            _ => Span::from_secs(60),
        };
        let step = if now.lateness > Span::ZERO { now.lateness } else { unit };
        let latenesses = vec![Span::ZERO, step, step + step];
        let most = rounded_up(longest.max(now.bound).max(Span::from_millis(1)));
        let part = |share: &f64| rounded_up(Span::from_micros((most.micros() as f64 * share) as i64));
        let mut bounds: Vec<Span> = PARTS.iter().map(part).collect();
        bounds[0] = Span::ZERO;
        bounds.dedup();
        if !bounds.contains(&now.bound) {
            let distance = |bound: &Span| (bound.micros() - now.bound.micros()).abs();
            // The ends stay: no waiting at all, and waiting for everything.
            let inner = 1..bounds.len().saturating_sub(1).max(1);
            if let Some(place) = inner.min_by_key(|&place| bounds.get(place).map_or(i64::MAX, distance)) {
                if place < bounds.len() { bounds[place] = now.bound } else { bounds.push(now.bound) }
            }
            bounds.sort_unstable();
            bounds.dedup();
        }
        Self { windows: windows_around(now.window), bounds, latenesses }
    }

    /// Whether a setting has a place here.
    pub fn holds(&self, setting: &Setting) -> bool {
        self.windows.contains(&setting.window)
            && self.bounds.contains(&setting.bound)
            && self.latenesses.contains(&setting.lateness)
    }

    /// How many settings there are.
    pub fn len(&self) -> usize {
        self.windows.len() * self.bounds.len() * self.latenesses.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every setting with one of these windows: by window, then lateness, then bound.
    pub fn settings(&self, windows: &[WindowSpec]) -> Vec<Setting> {
        let mut settings = Vec::with_capacity(windows.len() * self.latenesses.len() * self.bounds.len());
        for &window in windows {
            for &lateness in &self.latenesses {
                settings.extend(self.bounds.iter().map(|&bound| Setting { window, bound, lateness }));
            }
        }
        settings
    }
}

fn windows_around(window: WindowSpec) -> Vec<WindowSpec> {
    let times = |span: Span, (n, d): (i64, i64)| Span::from_micros((span.micros() * n / d).max(1));
    let factors = [(1, 4), (1, 2), (1, 1), (2, 1), (3, 1), (5, 1)];
    let scaled = factors.iter().map(|&by| match window {
        WindowSpec::Tumbling { size, offset } => WindowSpec::Tumbling { size: times(size, by), offset },
        WindowSpec::Sliding { size, slide, offset } => {
            WindowSpec::Sliding { size: times(size, by), slide: times(slide, by), offset }
        }
        WindowSpec::Session { gap } => WindowSpec::Session { gap: times(gap, by) },
        other => other,
    });
    let mut windows: Vec<WindowSpec> = scaled.collect();
    windows.dedup();
    windows
}

/// Everything that the tuner knows.
#[derive(Clone, Debug)]
pub struct Surface {
    /// The settings.
    pub grid: Grid,
    /// Which of the windows the pipeline had.
    pub window: usize,
    /// By window, then lateness, then bound.
    points: Vec<Point>,
    /// The same of the pipeline's window alone, for every other seed.
    seeds: Vec<Vec<Point>>,
    /// By stretch of a recording, ascending: what its records need of bound and lateness together; empty where
    /// seeds say how sure it is.
    stretches: Vec<Vec<i64>>,
    /// Whether points are closed forms; else each is a run.
    pub is_closed: bool,
    /// Records of the stream.
    pub records: usize,
}

impl Surface {
    /// A point for the stream on screen.
    pub fn at(&self, window: usize, lateness: usize, bound: usize) -> &Point {
        &self.points[(window * self.grid.latenesses.len() + lateness) * self.grid.bounds.len() + bound]
    }

    /// The same point, with the pipeline's window, for every seed; the one on screen first.
    pub fn of_seeds(&self, lateness: usize, bound: usize) -> impl Iterator<Item = &Point> {
        let place = lateness * self.grid.bounds.len() + bound;
        std::iter::once(self.at(self.window, lateness, bound)).chain(self.seeds.iter().map(move |seed| &seed[place]))
    }

    /// How many seeds were tried; 1 for a recording.
    pub fn seeds(&self) -> usize {
        self.seeds.len() + 1
    }

    /// How many points were found.
    pub fn found(&self) -> usize {
        self.points.len() + self.seeds.iter().map(Vec::len).sum::<usize>()
    }

    /// The share that is counted by seed, or by stretch of a recording; with bound and lateness from the grid.
    pub fn shares(&self, lateness: usize, bound: usize) -> Vec<f64> {
        if self.stretches.is_empty() {
            return self.of_seeds(lateness, bound).map(|point| point.completeness).collect();
        }
        let horizon = (self.grid.latenesses[lateness] + self.grid.bounds[bound]).micros();
        let share = |needs: &Vec<i64>| match needs.len() {
            0 => 1.0,
            records => needs.partition_point(|&need| need < horizon) as f64 / records as f64,
        };
        self.stretches.iter().map(share).collect()
    }
}

/// A pipeline with the three knobs at rest: equal for all settings of one surface.
pub fn without_knobs(pipeline: &Pipeline) -> Pipeline {
    let watermark = match pipeline.watermark {
        WatermarkSpec::Bounded { .. } | WatermarkSpec::Monotonous => WatermarkSpec::Bounded { bound: Span::ZERO },
        other => other,
    };
    let window = WindowSpec::Global;
    Pipeline { window, watermark, allowed_lateness: Span::ZERO, ..pipeline.clone() }
}

/// Finds every point. `None` when `go_on` says to stop.
pub fn find(
    scenario: &Scenario,
    stream: &Arc<Stream>,
    grid: Grid,
    go_on: &mut dyn FnMut(f32) -> bool,
) -> Option<Surface> {
    let now = scenario.pipeline.window;
    let window = grid.windows.iter().position(|it| *it == now).unwrap_or(0);
    let tuner = Tuner::new(Arc::clone(stream), RunConfig::of(scenario, stream));
    let is_closed = tuner.form(now) == Form::Closed;
    let other_seeds = other_seeds(scenario, stream.len(), grid.bounds.len() * grid.latenesses.len(), is_closed);
    let steps = (other_seeds + 2) as f32;
    if !go_on(0.0) {
        return None;
    }
    let points = tuner.points(&grid.settings(&grid.windows), &|_| ControlFlow::Continue(())).ok()?;
    let mut seeds = Vec::new();
    let settings = grid.settings(&[now]);
    for place in 1..=other_seeds {
        if !go_on((place as f32 + 1.0) / steps) {
            return None;
        }
        let other = Scenario { seed: scenario.seed.wrapping_add(place), ..scenario.clone() };
        let Ok(stream) = source::generate(&other) else { continue };
        let stream = Arc::new(stream);
        let config = RunConfig::of(&other, &stream);
        seeds.push(Tuner::new(stream, config).points(&settings, &|_| ControlFlow::Continue(())).ok()?);
    }
    let stretches = if seeds.is_empty() { stretches(stream, now) } else { Vec::new() };
    Some(Surface { grid, window, points, seeds, stretches, is_closed, records: stream.len() })
}

/// What the records of equal stretches of a stream need, ascending in each.
fn stretches(stream: &Stream, window: WindowSpec) -> Vec<Vec<i64>> {
    let needs = Needs::of(stream, window, Newest::OfAll);
    let count = STRETCHES.min(needs.len().max(1));
    let stretch = |place: usize| {
        let mut of = needs.assigned(needs.len() * place / count..needs.len() * (place + 1) / count);
        of.sort_unstable();
        of
    };
    (0..count).map(stretch).collect()
}

/// Other seeds make other streams only where records are drawn, and cost a run for every setting.
fn other_seeds(scenario: &Scenario, records: usize, settings: usize, is_closed: bool) -> u64 {
    if !matches!(scenario.source, SourceSpec::Synthetic(_)) || scenario.join.is_some() {
        return 0;
    }
    let runs = if is_closed { 4 } else { settings };
    OTHER_SEEDS.min((ENGINE_BUDGET / (records.max(1) * runs).max(1)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library;

    fn trams() -> (Scenario, Arc<Stream>) {
        let scenario = library::find("trams-tunnel").expect("it is built in").scenario().expect("it reads");
        let stream = Arc::new(source::generate(&scenario).expect("it is in its limits"));
        (scenario, stream)
    }

    #[test]
    fn the_grid_holds_what_the_pipeline_is_set_to() {
        let (scenario, _) = trams();
        let grid = Grid::around(&scenario.pipeline, Span::from_secs(165));
        let now = Setting::of(&scenario.pipeline);
        assert!(grid.bounds.contains(&now.bound) && grid.bounds.is_sorted() && grid.bounds[0] == Span::ZERO);
        assert!(grid.latenesses.contains(&now.lateness) && grid.windows.contains(&now.window));
        assert_eq!(grid.len(), grid.windows.len() * 3 * grid.bounds.len());
    }

    #[test]
    fn every_point_is_the_run_with_that_setting() {
        let (scenario, stream) = trams();
        let grid = Grid::around(&scenario.pipeline, Span::from_secs(165));
        let surface = find(&scenario, &stream, grid, &mut |_| true).expect("nobody stops it");
        assert_eq!((surface.seeds(), surface.records), (16, stream.len()));
        let (lateness, bound) = (1, 4);
        let point = surface.at(surface.window, lateness, bound);
        let mut again = scenario.clone();
        again.pipeline = point.setting.apply(&scenario.pipeline);
        let trace = crate::runtime::run(&stream, &RunConfig::of(&again, &stream));
        assert_eq!(point.counts.dropped, trace.ledger.dropped_late);
        assert_eq!(point.setting.bound, surface.grid.bounds[bound]);
        assert_eq!(point.setting.lateness, surface.grid.latenesses[lateness]);
        assert!(find(&scenario, &stream, surface.grid, &mut |_| false).is_none());
    }
}
