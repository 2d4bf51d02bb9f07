//! One window on the map: its area, its firing lines, the hatch of what came late, and what is
//! still kept for late records. The lower edge of every area is the ideal diagonal: no record can
//! be handled before it happened.

use egui::epaint::PathStroke;
use egui::{Color32, Pos2, Rangef, Rect, Shape, Stroke, pos2};

use crate::app::panels::time_map::geometry;
use crate::app::panels::time_map::model::{Column, ColumnEnd, Firing};
use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::{alpha, stroke};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::time::ProcTime;
use crate::window::accumulation::Accumulation;
use crate::window::pane::Timing;

/// Firing lines closer to the last drawn one than this are left out (the last one never is).
const LEAST_BETWEEN_LINES: f32 = 3.0;

/// Fills the part above the ideal diagonal of the stretch from `left` to `right` between two heights.
pub fn area(scene: &Scene<'_>, x: Rangef, top: f32, bottom: f32, fill: Color32) {
    let reach = scene.plot.expand(4.0);
    let rect = Rect::from_min_max(pos2(x.min, top), pos2(x.max, bottom)).intersect(reach);
    let shape = geometry::above_ideal(rect, &scene.axes);
    if !shape.is_empty() {
        scene.painter.add(Shape::convex_polygon(shape, fill, PathStroke::NONE));
    }
}

/// The line of a firing, by its timing.
pub fn firing_line(scene: &Scene<'_>, x: Rangef, y: f32, timing: Timing, colour: Color32) {
    let reach = scene.plot.x_range().expand(4.0);
    let (left, right) = (x.min.max(reach.min), x.max.min(reach.max));
    if left >= right || !scene.plot.y_range().expand(2.0).contains(y) {
        return;
    }
    let (from, to) = (pos2(left, y), pos2(right, y));
    match timing {
        Timing::Early => {
            let y = scene.painter.round_to_pixel_center(y);
            let line = Stroke::new(stroke::HAIR, colour);
            scene.painter.add(marks::dashed(pos2(left, y), pos2(right, y), line, 4.0, 3.0));
        }
        Timing::OnTime | Timing::AtEnd => {
            scene.painter.line_segment([from, to], Stroke::new(stroke::FIRING, colour));
        }
        Timing::Late => {
            scene.painter.line_segment([from, to], Stroke::new(stroke::SELECTION, colour));
        }
    }
}

/// How long a firing flashes, in seconds of real time.
const FLASH: f64 = 0.25;
/// Speeds beyond which nothing flashes: it would be a flicker.
const FLASH_UP_TO: f64 = 10.0;

/// The colour of the line of a firing at an instant: for a moment after it, while time advances by itself,
/// between the colour of now and that of windows. In a still, and where the style allows no animation, it is
/// always that of windows.
pub fn line_colour(scene: &Scene<'_>, at: ProcTime) -> Color32 {
    let view = scene.view;
    let age = (view.now - at).as_secs_f64() / view.speed;
    let flashes = view.playing && view.speed <= FLASH_UP_TO && (0.0..FLASH).contains(&age);
    let moves = || scene.painter.ctx().global_style().animation_time > 0.0;
    if flashes && moves() {
        view.theme.now.lerp_to_gamma(view.theme.window, (age / FLASH) as f32)
    } else {
        view.theme.window
    }
}

/// Where a column is across when it fires: a session may have grown since.
pub type Stretch<'a> = dyn Fn(&Firing) -> Rangef + 'a;

/// All firing lines of a column, the area below its answer (or the last early pane) with `fill`, and the
/// hatch between the answer and its corrections.
pub fn fired(scene: &Scene<'_>, x: &Stretch<'_>, firings: &[Firing], fill: Color32) {
    let Some(last) = firings.last() else { return };
    let y_of = |firing: &Firing| scene.axes.proc.px_of(firing.at.micros());
    let colour = scene.theme().window;
    let answered = last_answer(firings).unwrap_or(last);
    let answer = y_of(answered);
    if scene.is_figure() {
        claims(scene, x, firings, fill);
    } else {
        area(scene, x(answered), answer, scene.plot.bottom() + 4.0, fill);
    }
    if y_of(last) < answer - 1.0 {
        let corrected = Rect::from_x_y_ranges(x(last), Rangef::new(y_of(last), answer)).intersect(scene.plot);
        area(scene, x(last), y_of(last), answer, alpha(fill, 0.35));
        // A session that grew has other sessions under it, which a hatch would hide in a figure.
        if !(scene.is_figure() && last.window != answered.window) {
            let line = Stroke::new(1.0, alpha(colour, 0.42));
            scene.painter.add(marks::hatch_where(corrected, 6.0, line, |at| scene.axes.ideal_y(at.x) - at.y));
        }
    }
    firing_lines(scene, x, firings);
}

/// The firing lines of a column and one area below the last of them, without a word on corrections.
pub fn plain(scene: &Scene<'_>, x: &Stretch<'_>, firings: &[Firing], fill: Color32) {
    let Some(last) = firings.last() else { return };
    area(scene, x(last), scene.axes.proc.px_of(last.at.micros()), scene.plot.bottom() + 4.0, fill);
    firing_lines(scene, x, firings);
}

/// An area for every firing: this much event time and this much processing time is in its value. What
/// accumulates covers what was said before, so that older parts are darker; what is discarded is a
/// band of its own (Akidau et al., 2015, figures 7 and 8).
fn claims(scene: &Scene<'_>, x: &Stretch<'_>, firings: &[Firing], fill: Color32) {
    let y_of = |firing: &Firing| scene.axes.proc.px_of(firing.at.micros());
    let discards = scene.trace().pipeline.accumulation == Accumulation::Discarding;
    let strength = if discards || firings.len() == 1 { 1.0 } else { 0.6 };
    let mut bottom = scene.plot.bottom() + 4.0;
    for firing in firings {
        area(scene, x(firing), y_of(firing), bottom, alpha(fill, strength));
        if discards {
            bottom = y_of(firing) - 2.5;
        }
    }
}

/// The lines of firings that are far enough apart; always that of the last one.
pub fn firing_lines(scene: &Scene<'_>, x: &Stretch<'_>, firings: &[Firing]) {
    let mut drawn = f32::INFINITY;
    for (i, firing) in firings.iter().enumerate() {
        let y = scene.axes.proc.px_of(firing.at.micros());
        if drawn - y >= LEAST_BETWEEN_LINES || i + 1 == firings.len() || firing.timing == Timing::OnTime {
            firing_line(scene, x(firing), y, firing.timing, line_colour(scene, firing.at));
            drawn = y;
        }
    }
}

/// The first firing that was not early.
pub fn answer(firings: &[Firing]) -> Option<&Firing> {
    firings.iter().find(|firing| firing.timing != Timing::Early)
}

/// The last firing that was neither early nor a correction: of the last key to answer, or of the life of
/// the job that stands.
fn last_answer(firings: &[Firing]) -> Option<&Firing> {
    let is_answer = |firing: &&Firing| matches!(firing.timing, Timing::OnTime | Timing::AtEnd);
    firings.iter().rfind(is_answer).or(answer(firings))
}

/// The dotted outline of a window that has fired and is kept for late records, up to now or to
/// where it was closed.
pub fn kept(scene: &Scene<'_>, x: Rangef, column: &Column, last: &Firing) {
    if scene.trace().pipeline.allowed_lateness.micros() == 0 {
        return;
    }
    let until = column.end.at().map_or(scene.view.now, |at| at.min(scene.view.now));
    let (top, bottom) = (scene.axes.proc.px_of(until.micros()), scene.axes.proc.px_of(last.at.micros()));
    if bottom - top < 2.0 || top > scene.plot.bottom() || bottom < scene.plot.top() {
        return;
    }
    area(scene, x, top, bottom, alpha(scene.theme().window, 0.05));
    let colour = scene.theme().window;
    let clamp = |y: f32| y.within(scene.plot.top() - 4.0, scene.plot.bottom() + 4.0);
    let dotted = |from: Pos2, to: Pos2| scene.painter.add(marks::dotted(&scene.painter, from, to, colour));
    // From the top down: the dots stay in place while the top stands still.
    dotted(pos2(x.min, clamp(top)), pos2(x.min, clamp(bottom)));
    dotted(pos2(x.max, clamp(top)), pos2(x.max, clamp(bottom)));
    if matches!(column.end, ColumnEnd::Closed(at) if at <= scene.view.now) {
        dotted(pos2(x.min, top), pos2(x.max, top));
    }
}
