//! The selection on the map: outlines of windows, and the life of a record as two distances.

use egui::{Align2, Pos2, Stroke, vec2};

use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::{self, MapLabel, Piece};
use crate::app::panels::time_map::windows;
use crate::app::theme::{font, stroke};
use crate::app::view::Selection;
use crate::human;

/// The outline of what is selected, and the two distances of a selected record: up from the ideal
/// (its delay and its wait) and across to the watermark that met it. The label of the first is
/// left to be placed, and so is how far behind or ahead it came.
pub fn paint(scene: &Scene<'_>) -> Vec<MapLabel> {
    let you = scene.theme().you;
    for column in scene.selected_columns() {
        windows::outline(scene, column, Stroke::new(stroke::SELECTION, you));
    }
    if let Some(column) = scene.hovered_column {
        windows::outline(scene, column, Stroke::new(stroke::HAIR, scene.theme().t3));
    }
    let Selection::Record(id) = scene.view.selection else { return Vec::new() };
    let trace = scene.trace();
    let columns = (trace.stream.event_times().get(id.index()), trace.handled.get(id.index()));
    let (Some(&happened), Some(&handled)) = columns else { return Vec::new() };
    let at = scene.axes.pos(happened, handled);
    let ideal = Pos2::new(at.x, scene.axes.ideal_y(at.x));
    let line = Stroke::new(stroke::SELECTION, you);
    scene.painter.extend(egui::Shape::dashed_line(&[at, ideal], line, 1.5, 3.0));
    let met = trace.watermark_before[id.index()];
    let claim = scene.axes.pos(met, handled);
    if met.is_finite() {
        scene.painter.line_segment([at, claim], line);
    }
    scene.painter.circle_stroke(at, scene.radius + 5.0, line);
    let span = handled.since_event(happened);
    let sign = if span.is_negative() { "" } else { "+" };
    let piece = Piece::new(format!("{sign}{}", human::span(span)), font::legend(), you);
    let half = Pos2::new(at.x, (at.y + ideal.y.min(scene.plot.bottom())) / 2.0);
    let reach = scene.radius + 8.0;
    let places = vec![
        (at - vec2(0.0, reach), Align2::CENTER_BOTTOM),
        (half + vec2(5.0, 0.0), Align2::LEFT_CENTER),
        (half - vec2(5.0, 0.0), Align2::RIGHT_CENTER),
        (at - vec2(reach, 0.0), Align2::RIGHT_CENTER),
        (at - vec2(reach, reach), Align2::RIGHT_BOTTOM),
    ];
    let mut labels = vec![text::shrinking(scene, text::rank::SELECTED, &[piece], places)];
    if met.is_finite() && (claim.x - at.x).abs() > 40.0 {
        let distance = met - happened;
        let words = match distance.is_negative() {
            true => format!("{} ahead", human::span(-distance)),
            false => format!("{} behind", human::span(distance)),
        };
        let piece = Piece::new(words, font::legend(), you);
        let middle = at + (claim - at) / 2.0;
        let places = vec![
            (middle + vec2(0.0, 3.0), Align2::CENTER_TOP),
            (middle - vec2(0.0, 3.0), Align2::CENTER_BOTTOM),
            (middle + vec2(0.0, 16.0), Align2::CENTER_TOP),
        ];
        labels.push(text::shrinking(scene, text::rank::SELECTED, &[piece], places));
    }
    labels
}
