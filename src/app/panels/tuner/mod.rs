//! Tuner: completeness against latency for every bound, lateness and window size; what to set for a wish, and
//! how sure that is. A point applies itself, and the lab follows.
//!
//! - [`surface`]: the points, found beside the window
//! - [`choice`]: the wish, and the setting that keeps it
//! - [`plot`], [`heat`], [`buys`]: the pictures
//! - [`left`], [`advice`]: what is wanted, and what to set
//! - [`beside`]: the same on another stream
//! - [`scale`], [`words`]: axes and numbers

mod advice;
mod beside;
mod buys;
pub mod choice;
mod heat;
mod left;
mod plot;
pub mod scale;
pub mod surface;
pub mod words;

use std::sync::{Arc, OnceLock};

use egui::{Rect, Ui, pos2};

use crate::app::panels::topology::empty;
use crate::app::panels::tuner::choice::{Place, Rated, Wish, ranked};
use crate::app::panels::tuner::surface::{Grid, Surface, find, without_knobs};
use crate::app::tasks::Task;
use crate::app::theme::space;
use crate::app::view::{Command, View};
use crate::app::widgets::{frame, marks};
use crate::pipeline::Pipeline;
use crate::record::Stream;
use crate::time::Span;
use crate::tuner::{Quantile, Setting};

/// Widths of the columns beside the plot.
const LEFT: f32 = 264.0;
const RIGHT: f32 = 340.0;
/// Below this width the left column goes; below the other, the right one too.
const THREE_COLUMNS: f32 = 1_100.0;
const TWO_COLUMNS: f32 = 700.0;
/// The part of the height that the frontier has.
const ABOVE: f32 = 0.54;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct TunerState {
    work: Option<Work>,
    /// What the reader wants; a guess from the run until it is changed.
    wish: Option<Wish>,
    /// Which lateness the heat map shows; that of the pipeline until it is chosen.
    lateness: Option<usize>,
    /// The ranking of the surface by the wish.
    ranked: Option<(Wish, Vec<Rated>)>,
}

/// A surface that is computed, or being so.
struct Work {
    stream: Arc<Stream>,
    pipeline: Pipeline,
    setting: Setting,
    grid: Grid,
    surface: Arc<OnceLock<Surface>>,
    /// The same settings on another stream.
    beside: Option<beside::Work>,
}

impl Work {
    /// Whether the run on screen has its place on this surface.
    fn is_of(&self, stream: &Arc<Stream>, pipeline: &Pipeline) -> bool {
        let now = Setting::of(pipeline);
        self.is_like(stream, pipeline) && self.setting.window == now.window && self.grid.holds(&now)
    }

    /// Whether only the three knobs have been turned since.
    fn is_like(&self, stream: &Arc<Stream>, pipeline: &Pipeline) -> bool {
        Arc::ptr_eq(&self.stream, stream) && without_knobs(pipeline) == self.pipeline
    }
}

/// What the parts of the panel are drawn from.
struct Shown<'a> {
    view: &'a View<'a>,
    surface: &'a Surface,
    wish: Wish,
    ranked: &'a [Rated],
    /// What the pipeline is set to, rated; `None` while that is not on the grid.
    now: Option<&'a Rated>,
    /// Which lateness the heat map shows.
    lateness: usize,
    /// Another stream, once the same settings are tried on it.
    other: Option<beside::Other<'a>>,
}

impl Shown<'_> {
    fn advice(&self) -> Option<&Rated> {
        self.ranked.first()
    }

    /// How well a place of the grid keeps the wish.
    fn rated(&self, place: Place) -> Option<&Rated> {
        self.ranked.iter().find(|rated| rated.place == place)
    }

    fn setting(&self, place: Place) -> Setting {
        self.surface.at(self.surface.window, place.lateness, place.bound).setting
    }
}

/// Runs the scenario with this setting.
fn apply(view: &View<'_>, setting: Setting) -> Command {
    let mut scenario = view.scenario.clone();
    scenario.pipeline = setting.apply(&scenario.pipeline);
    Command::Change(Box::new(scenario))
}

/// Draws the panel into all of `ui`.
pub fn tuner_ui(ui: &mut Ui, view: &View<'_>, state: &mut TunerState, commands: &mut Vec<Command>) {
    let rect = ui.max_rect();
    let theme = view.theme;
    ui.painter().rect_filled(rect, 0.0, theme.panel);
    let stream = view.run.input().unwrap_or(&view.run.trace.stream);
    if !state.work.as_ref().is_some_and(|work| work.is_of(stream, &view.run.trace.pipeline)) {
        // A grid that has a place for the new setting stays, so that pictures do not jump.
        let now = Setting::of(&view.run.trace.pipeline);
        let before = state.work.take().filter(|work| work.is_like(stream, &view.run.trace.pipeline));
        let grid = before.map(|work| work.grid).filter(|grid| grid.holds(&now));
        *state = TunerState { wish: state.wish, ..TunerState::default() };
        state.work = Some(begin(view, stream, grid, commands));
    }
    let wish = *state.wish.get_or_insert_with(|| first_wish(view));
    if let Some(work) = &mut state.work
        && let Some(surface) = work.surface.get()
    {
        beside::follow(&mut work.beside, view, surface, commands);
    }
    let Some(surface) = state.work.as_ref().and_then(|work| work.surface.get()) else {
        frame::panel(ui, theme, rect, "Tuner", |_| {}, |_| {});
        let words = "Trying every bound, lateness and window size on this stream";
        empty(ui, theme, rect.with_min_y(rect.top() + space::HEADER), words);
        return;
    };
    if state.ranked.as_ref().is_none_or(|(of, _)| *of != wish) {
        state.ranked = Some((wish, ranked(surface, &wish)));
    }
    let ranked = state.ranked.as_ref().map_or(&[][..], |(_, ranked)| ranked);
    let place = place_of(surface, &Setting::of(&view.run.trace.pipeline));
    let shown = Shown {
        view,
        surface,
        wish,
        ranked,
        now: place.and_then(|place| ranked.iter().find(|rated| rated.place == place)),
        lateness: state.lateness.or(place.map(|place| place.lateness)).unwrap_or(0),
        other: state.work.as_ref().and_then(|work| work.beside.as_ref()?.other(surface)),
    };
    let mut next = (wish, state.lateness);
    draw(ui, &shown, rect, &mut next, commands);
    (state.wish, state.lateness) = (Some(next.0), next.1);
}

fn draw(ui: &mut Ui, shown: &Shown<'_>, rect: Rect, next: &mut (Wish, Option<usize>), commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    let left = if rect.width() >= THREE_COLUMNS { LEFT } else { 0.0 };
    let right = if rect.width() >= TWO_COLUMNS { RIGHT.min(rect.width() * 0.36) } else { 0.0 };
    let middle = Rect::from_min_max(pos2(rect.left() + left, rect.top()), pos2(rect.right() - right, rect.bottom()));
    if left > 0.0 {
        left::left_ui(ui, shown, rect.with_max_x(middle.left()), &mut next.0);
        marks::vline(ui.painter(), middle.left(), rect.y_range(), theme.hair);
    }
    if right > 0.0 {
        advice::advice_ui(ui, shown, rect.with_min_x(middle.right()), commands);
        marks::vline(ui.painter(), middle.right(), rect.y_range(), theme.hair);
    }
    let split = (middle.top() + middle.height() * ABOVE).round();
    plot::plot_ui(ui, shown, middle.with_max_y(split), &mut next.0, left == 0.0, commands);
    marks::hline(ui.painter(), middle.x_range(), split, theme.hair);
    let below = middle.with_min_y(split);
    let across = (below.left() + below.width() * 0.62).round();
    if below.width() >= 640.0 {
        heat::heat_ui(ui, shown, below.with_max_x(across), &mut next.1, commands);
        marks::vline(ui.painter(), across, below.y_range(), theme.hair);
        buys::buys_ui(ui, shown, below.with_min_x(across));
    } else {
        heat::heat_ui(ui, shown, below, &mut next.1, commands);
    }
}

/// Where a setting is on the surface.
fn place_of(surface: &Surface, setting: &Setting) -> Option<Place> {
    if surface.grid.windows[surface.window] != setting.window {
        return None;
    }
    let lateness = surface.grid.latenesses.iter().position(|lateness| *lateness == setting.lateness)?;
    let bound = surface.grid.bounds.iter().position(|bound| *bound == setting.bound)?;
    Some(Place { lateness, bound })
}

/// What a reader may want of this run: 99 % of the records, and results no later than half as long again as now.
fn first_wish(view: &View<'_>) -> Wish {
    let pipeline = &view.run.trace.pipeline;
    let within = (pipeline.watermark.bound().micros() * 3 / 2).max(1_000_000);
    Wish { complete: 0.99, within: scale::rounded(within as f64 / 1e6), quantile: Quantile::P50 }
}

/// Asks for the surface around the present setting.
fn begin(view: &View<'_>, stream: &Arc<Stream>, grid: Option<Grid>, commands: &mut Vec<Command>) -> Work {
    let surface = Arc::new(OnceLock::new());
    let scenario = view.run.scenario.clone();
    let longest = view.run.delays.last().copied().unwrap_or(Span::ZERO);
    let grid = grid.unwrap_or_else(|| Grid::around(&scenario.pipeline, longest));
    let work = Work {
        stream: Arc::clone(stream),
        pipeline: without_knobs(&view.run.trace.pipeline),
        setting: Setting::of(&view.run.trace.pipeline),
        grid: grid.clone(),
        surface: Arc::clone(&surface),
        beside: None,
    };
    let stream = Arc::clone(stream);
    commands.push(Command::StartTask(Task::new("tune", "Trying settings", move |go_on| {
        if let Some(found) = find(&scenario, &stream, grid, go_on) {
            // Nobody else fills it.
            let _ = surface.set(found);
        }
        Box::new(|_| {})
    })));
    work
}
