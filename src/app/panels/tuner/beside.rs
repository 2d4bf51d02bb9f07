//! The same settings on another stream: its lines in the frontier, what the advice would do there, and what
//! the wish would take.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use egui::{Align2, Painter, Pos2, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::choice::{Place, Rated, Wish, latency};
use super::plot::stroke_of;
use super::surface::Surface;
use super::{Shown, words};
use crate::app::beside::Beside;
use crate::app::shell::command::ShellCommand;
use crate::app::tasks::Task;
use crate::app::theme::{font, space};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::runtime::RunConfig;
use crate::tuner::{Point, Tuner};

/// Width of the lines, in points.
const LINE: f32 = 1.1;
/// Height of a row of the table.
const ROW: f32 = 24.0;

/// The points of another stream, found beside the window.
pub struct Work {
    of: Arc<Beside>,
    points: Arc<OnceLock<Vec<Point>>>,
}

/// Another stream and its points, with the window of the pipeline on screen.
#[derive(Clone, Copy)]
pub struct Other<'a> {
    /// The stream.
    pub of: &'a Beside,
    points: &'a [Point],
    bounds: usize,
}

impl Other<'_> {
    /// The point at a place of the grid.
    pub fn at(&self, place: Place) -> &Point {
        &self.points[place.lateness * self.bounds + place.bound]
    }

    /// The point that keeps a wish soonest, the smaller lateness first; `None` where none does.
    fn best(&self, wish: &Wish) -> Option<&Point> {
        let late = |point: &&Point| latency(point, wish.quantile).unwrap_or(f64::INFINITY);
        let keeps = |point: &&Point| point.completeness >= wish.complete && late(point) <= wish.within.as_secs_f64();
        let order = |a: &&Point, b: &&Point| match late(a).total_cmp(&late(b)) {
            Ordering::Equal => a.setting.lateness.cmp(&b.setting.lateness),
            other => other,
        };
        self.points.iter().filter(keeps).min_by(order)
    }
}

/// Asks for the points of the stream that lies beside, where they are not known yet, and lets go of those of
/// one that is gone.
pub fn follow(work: &mut Option<Work>, view: &View<'_>, surface: &Surface, commands: &mut Vec<Command>) {
    let Some(beside) = view.beside else {
        *work = None;
        return;
    };
    if work.as_ref().is_some_and(|work| Arc::ptr_eq(&work.of, beside)) {
        return;
    }
    let points = Arc::new(OnceLock::new());
    *work = Some(Work { of: Arc::clone(beside), points: Arc::clone(&points) });
    let scenario = beside.with(&view.run.trace.pipeline);
    let stream = Arc::clone(&beside.stream);
    let settings = surface.grid.settings(&[view.run.trace.pipeline.window]);
    let title = format!("Trying settings on {}", beside.name);
    commands.push(Command::StartTask(Task::new("tune beside", title, move |go_on| {
        if go_on(0.0) {
            let tuner = Tuner::new(Arc::clone(&stream), RunConfig::of(&scenario, &stream));
            if let Ok(found) = tuner.points(&settings, &|_| ControlFlow::Continue(())) {
                // Nobody else fills it.
                let _ = points.set(found);
            }
        }
        Box::new(|_| {})
    })));
}

impl Work {
    /// What was found, once it is.
    pub fn other(&self, surface: &Surface) -> Option<Other<'_>> {
        let points = self.points.get()?;
        Some(Other { of: &self.of, points, bounds: surface.grid.bounds.len() })
    }
}

/// The latencies and completenesses of a stream that lies beside, for the ends of the axes.
pub fn reach<'a>(shown: &'a Shown<'_>) -> impl Iterator<Item = (Option<f64>, f64)> + 'a {
    let points = shown.other.iter().flat_map(|other| other.points);
    points.map(|point| (latency(point, shown.wish.quantile), point.completeness))
}

/// The lines of the other stream: thin and grey, a small square for each bound.
pub fn lines(painter: &Painter, shown: &Shown<'_>, at: &dyn Fn(f64, f64) -> Pos2) {
    let Some(other) = &shown.other else { return };
    let theme = shown.view.theme;
    for lateness in 0..shown.surface.grid.latenesses.len() {
        let bounds = 0..shown.surface.grid.bounds.len();
        let point = |bound| {
            let point = other.at(Place { lateness, bound });
            latency(point, shown.wish.quantile).map(|seconds| at(seconds, point.completeness))
        };
        let points: Vec<Pos2> = bounds.filter_map(point).collect();
        stroke_of(painter, Stroke::new(LINE, theme.t3), lateness, &points);
        for at in points {
            let square = egui::Rect::from_center_size(at, vec2(5.0, 5.0));
            painter.rect(square, 0.0, theme.plot, Stroke::new(1.2, theme.t3), egui::StrokeKind::Inside);
        }
    }
}

/// The other stream's sample in the legend.
pub fn legend_ui(ui: &mut Ui, shown: &Shown<'_>) {
    let (Some(other), theme) = (&shown.other, shown.view.theme) else { return };
    let (sample, _) = ui.allocate_exact_size(vec2(22.0, 12.0), Sense::hover());
    stroke_of(ui.painter(), Stroke::new(LINE, theme.t3), 0, &[sample.left_center(), sample.right_center()]);
    let square = egui::Rect::from_center_size(sample.center(), vec2(5.0, 5.0));
    ui.painter().rect(square, 0.0, theme.panel, Stroke::new(1.2, theme.t3), egui::StrokeKind::Inside);
    ui.label(RichText::new(&other.of.name).font(font::legend()).color(theme.t2));
}

/// What is advised here and what it does there, with the button that lays a stream beside or lets it go.
pub fn section_ui(ui: &mut Ui, shown: &Shown<'_>, best: &Rated, commands: &mut Vec<Command>) {
    let theme = shown.view.theme;
    ui.add_space(space::PANEL);
    ui.label(RichText::new("Another stream").font(font::title()).color(theme.t1));
    ui.add_space(4.0);
    match &shown.other {
        None if shown.view.beside.is_some() => {
            ui.label(RichText::new("Trying the same settings on it.").font(font::prose()).color(theme.t2));
        }
        None => {
            let words = "Lay another recording beside this one, of another day or another place, and see what the \
                         same setting would do there.";
            ui.label(RichText::new(words).font(font::prose()).color(theme.t2));
        }
        Some(other) => table(ui, shown, other, best),
    }
    ui.add_space(space::S);
    if let Some(beside) = shown.view.beside {
        if button(ui, theme, &format!("Let {} go", beside.name), Loudness::Quiet).clicked() {
            commands.push(Command::Shell(ShellCommand::LetBesideGo));
        }
    } else if button(ui, theme, "Compare with\u{2026}", Loudness::Plain).clicked() {
        commands.push(Command::Shell(ShellCommand::AskForBeside));
    }
}

fn table(ui: &mut Ui, shown: &Shown<'_>, other: &Other<'_>, best: &Rated) {
    let theme = shown.view.theme;
    let here = shown.surface.at(shown.surface.window, best.place.lateness, best.place.bound);
    let there = other.at(best.place);
    let wait = |point: &Point| latency(point, shown.wish.quantile).map_or("\u{2013}".to_owned(), words::seconds);
    let complete = |point: &Point| words::percent_beside(point.completeness, shown.wish.complete);
    let records = |count: usize| human::count(count as u64);
    let rows = [
        ("", "here".to_owned(), "there".to_owned()),
        ("records", records(shown.surface.records), records(other.of.stream.len())),
        ("counted, as advised", complete(here), complete(there)),
        ("wait", wait(here), wait(there)),
        ("dropped", human::count(here.counts.dropped), human::count(there.counts.dropped)),
    ];
    let dropped = human::count(there.counts.dropped);
    let said = format!("there: {} records, {dropped} dropped", records(other.of.stream.len()));
    for (name, here, there) in rows {
        let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        if name.is_empty() {
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
        }
        let (painter, middle) = (ui.painter(), row.center().y);
        marks::hline(painter, row.x_range(), row.bottom(), theme.hair);
        painter.text(pos2(row.left(), middle), Align2::LEFT_CENTER, name, font::body(), theme.t2);
        let is_head = name.is_empty();
        let (font, colour) = if is_head { (font::tick(), theme.t3) } else { (font::value(), theme.t1) };
        painter.text(pos2(row.right() - 84.0, middle), Align2::RIGHT_CENTER, here, font.clone(), colour);
        painter.text(pos2(row.right(), middle), Align2::RIGHT_CENTER, there, font, colour);
    }
    ui.add_space(6.0);
    let there = match other.best(&shown.wish) {
        Some(point) if point.setting == shown.setting(best.place) => "What you want takes the same there.".to_owned(),
        Some(point) => format!(
            "What you want takes {} there: {} counted, {}.",
            words::setting(point.setting),
            complete(point),
            wait(point)
        ),
        None => format!("Nothing tried keeps what you want on {}.", other.of.name),
    };
    ui.label(RichText::new(there).font(font::prose()).color(theme.t2));
    frame::caption(ui, theme, "exact points of both streams; no doubt is told here");
}
