//! One window on the map: its area, its firing lines, the hatch of what came late, and what is
//! still kept for late records. The lower edge of every area is the ideal diagonal: no record can
//! be handled before it happened.

use egui::epaint::PathStroke;
use egui::{Align2, Color32, Pos2, Rangef, Rect, Shape, Stroke, pos2};

use crate::app::panels::number;
use crate::app::panels::time_map::geometry;
use crate::app::panels::time_map::labels::{close_places, firing_places, shelf_places};
use crate::app::panels::time_map::model::{Column, ColumnEnd, Firing, is_session};
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::{MapLabel, Piece, rank, shrinking};
use crate::app::theme::{alpha, font, stroke};
use crate::app::widgets::marks;
use crate::window::aggregate::Summary;
use crate::window::pane::Timing;

/// Firing lines closer to the last drawn one than this are left out (the last one never is).
const LEAST_BETWEEN_LINES: f32 = 3.0;

/// Height of a line of pane values, for the places of labels.
const LINE: f32 = 20.0;

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

/// All firing lines of a column, the area below the first answer (or the last early pane) with
/// `fill`, and the hatch between the first answer and its corrections.
pub fn fired(scene: &Scene<'_>, x: Rangef, firings: &[Firing], fill: Color32) {
    let Some(last) = firings.last() else { return };
    let y_of = |firing: &Firing| scene.axes.proc.px_of(firing.at.micros());
    let colour = scene.theme().window;
    let answer = y_of(answer(firings).unwrap_or(last));
    area(scene, x, answer, scene.plot.bottom() + 4.0, fill);
    if y_of(last) < answer - 1.0 {
        let corrected = Rect::from_min_max(pos2(x.min, y_of(last)), pos2(x.max, answer)).intersect(scene.plot);
        scene.painter.rect_filled(corrected, 0.0, alpha(fill, 0.35));
        scene.painter.add(marks::hatch(corrected, 6.0, Stroke::new(1.0, alpha(colour, 0.42))));
    }
    firing_lines(scene, x, firings);
}

/// The lines of firings that are far enough apart; always that of the last one.
pub fn firing_lines(scene: &Scene<'_>, x: Rangef, firings: &[Firing]) {
    let mut drawn = f32::INFINITY;
    for (i, firing) in firings.iter().enumerate() {
        let y = scene.axes.proc.px_of(firing.at.micros());
        if drawn - y >= LEAST_BETWEEN_LINES || i + 1 == firings.len() || firing.timing == Timing::OnTime {
            firing_line(scene, x, y, firing.timing, scene.theme().window);
            drawn = y;
        }
    }
}

/// The first firing that was not early.
pub fn answer(firings: &[Firing]) -> Option<&Firing> {
    firings.iter().find(|firing| firing.timing != Timing::Early)
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
    let clamp = |y: f32| y.clamp(scene.plot.top() - 4.0, scene.plot.bottom() + 4.0);
    let dotted = |from: Pos2, to: Pos2| scene.painter.add(marks::dotted(&scene.painter, from, to, colour));
    // From the top down: the dots stay in place while the top stands still.
    dotted(pos2(x.min, clamp(top)), pos2(x.min, clamp(bottom)));
    dotted(pos2(x.max, clamp(top)), pos2(x.max, clamp(bottom)));
    if matches!(column.end, ColumnEnd::Closed(at) if at <= scene.view.now) {
        dotted(pos2(x.min, top), pos2(x.max, top));
    }
}

/// What a summary says in a pane.
pub fn value_text(scene: &Scene<'_>, summary: &Summary) -> String {
    summary.value(scene.trace().pipeline.aggregate).map_or_else(|| "\u{2013}".to_owned(), number::value)
}

/// The part of a column that is inside the plot; labels stand in it.
fn visible(scene: &Scene<'_>, x: Rangef) -> Rangef {
    Rangef::new(x.min.max(scene.plot.left()), x.max.min(scene.plot.right()))
}

/// Labels of a column that has fired: the first answer, and the last correction with the first
/// answer struck through. `tail` comes after the first answer when nothing replaced it.
pub fn value_labels(
    scene: &Scene<'_>,
    x: Rangef,
    column: &Column,
    firings: &[Firing],
    tail: Option<&str>,
    selected: bool,
) -> Vec<MapLabel> {
    let theme = scene.theme();
    let x = visible(scene, x);
    let rank = if selected { rank::SELECTED } else { rank::VALUE };
    let Some(answer) = firings.iter().position(|firing| firing.timing != Timing::Early) else { return Vec::new() };
    let text = |firing: &Firing| {
        let summary = scene.model.value_after(scene.trace(), column, firing.panes_by_then);
        value_text(scene, &summary)
    };
    let first = text(&firings[answer]);
    let corrections = firings.len() - 1 - answer;
    let word = tail.map_or_else(|| word(firings[answer].timing).to_owned(), str::to_owned);
    let y = scene.axes.proc.px_of(firings[answer].at.micros());
    let mut labels = Vec::new();
    let in_view = |y: f32| scene.plot.y_range().contains(y);
    if corrections == 0 && in_view(y) {
        let mut pieces = vec![value_piece(scene, first, theme.t1)];
        if !word.is_empty() {
            pieces.push(Piece::word(word, theme.t3));
        }
        labels.push(shrinking(scene, rank, &pieces, places(scene, x, y, false)));
        return labels;
    }
    if corrections > 0 {
        let last = &firings[firings.len() - 1];
        let last_y = scene.axes.proc.px_of(last.at.micros());
        let latest = text(last);
        let late = if corrections > 1 { format!("late \u{d7}{corrections}") } else { "late".to_owned() };
        let mut pieces = vec![value_piece(scene, latest.clone(), theme.t1)];
        if latest != first {
            pieces.push(Piece::withdrawn(first.clone(), theme.t3, theme.retract));
        }
        pieces.push(Piece::word(late, theme.t3));
        if in_view(last_y) {
            labels.push(shrinking(scene, rank, &pieces, places(scene, x, last_y, true)));
        }
        if in_view(y) && y - last_y > LINE {
            let pieces = [value_piece(scene, first, theme.t2)];
            let near: Vec<_> = places(scene, x, y, false).into_iter().take(2).collect();
            labels.push(shrinking(scene, rank::RUNNING, &pieces, near));
        }
    }
    labels
}

/// A pane value; all small where shelves are flat, so that none looks weightier than its neighbour.
fn value_piece(scene: &Scene<'_>, text: String, colour: Color32) -> Piece {
    if scene.overlapping() && scene.step_px() < 30.0 {
        Piece::new(text, font::semibold(12.0), colour)
    } else {
        Piece::value(text, colour)
    }
}

/// Places for a firing at `y`: of a correction first above its line, where late marks are not;
/// of overlapping windows and sessions only right at the line. Never above now, which is the future.
fn places(scene: &Scene<'_>, x: Rangef, y: f32, is_correction: bool) -> Vec<(Pos2, Align2)> {
    let mut places = if scene.overlapping() {
        shelf_places(x.min, y)
    } else if is_session(scene.trace().pipeline.window) {
        close_places(x.min, x.max, y)
    } else {
        firing_places(x.min, x.max, y, LINE)
    };
    if is_correction {
        places.sort_by_key(|(_, anchor)| anchor.y() != egui::Align::Max);
    }
    let now = scene.now_y();
    places.retain(|(at, anchor)| anchor.y() != egui::Align::Max || at.y - LINE >= now);
    places
}

/// The word for a timing.
pub fn word(timing: Timing) -> &'static str {
    match timing {
        Timing::Early => "early",
        Timing::OnTime => "on time",
        Timing::Late => "late",
        Timing::AtEnd => "at the end",
    }
}

/// The value of an open window so far, at the now line.
pub fn running_label(scene: &Scene<'_>, x: Rangef, so_far: &Summary, tail: &str, selected: bool) -> Option<MapLabel> {
    let y = scene.now_y();
    let x = visible(scene, x);
    if !scene.plot.y_range().contains(y) || x.span() <= 0.0 {
        return None;
    }
    let theme = scene.theme();
    let number = Piece::new(value_text(scene, so_far), font::pane_running(), theme.t2);
    let pieces = [number, Piece::word(tail, theme.t3)];
    let rank = if selected { rank::SELECTED } else { rank::RUNNING };
    Some(shrinking(scene, rank, &pieces, places(scene, x, y, false)))
}

/// Values of early panes, small and at the right of their lines.
pub fn early_labels(scene: &Scene<'_>, x: Rangef, column: &Column, firings: &[Firing]) -> Vec<MapLabel> {
    let x = visible(scene, x);
    let early = firings.iter().filter(|firing| firing.timing == Timing::Early);
    early
        .map(|firing| {
            let y = scene.axes.proc.px_of(firing.at.micros());
            let summary = scene.model.value_after(scene.trace(), column, firing.panes_by_then);
            let piece = Piece::word(value_text(scene, &summary), scene.theme().t2);
            let places = vec![(pos2(x.max - 3.0, y - 1.0), Align2::RIGHT_BOTTOM)];
            shrinking(scene, rank::EARLY, &[piece], places)
        })
        .collect()
}
