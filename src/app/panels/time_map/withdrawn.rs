//! Which windows a firing takes back: brackets under its line, one over each of the old extents.
//! The values stand struck through in the label of the firing.

use egui::{Shape, Stroke, pos2};

use crate::app::panels::time_map::model::{Column, Firing};
use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::stroke;

/// How far under the firing line a bracket lies.
const BELOW: f32 = 4.0;
/// Length of its ends.
const END: f32 = 4.0;

/// Draws the brackets of firings whose window is another one than what they take back: sessions
/// that grew or merged.
pub fn paint(scene: &Scene<'_>, column: &Column, firings: &[Firing]) {
    let line = Stroke::new(stroke::SELECTION, scene.theme().retract);
    for firing in firings {
        let y = scene.axes.proc.px_of(firing.at.micros()) + BELOW;
        let withdrawn = scene.model.withdrawn(scene.trace(), column, firing);
        for pane in withdrawn.into_iter().filter(|pane| pane.window != firing.window) {
            let left = scene.axes.event.px_of(pane.window.start.micros()) + 2.0;
            let right = (scene.axes.event.px_of(pane.window.end.micros()) - 2.0).max(left + 1.0);
            let corners = vec![pos2(left, y + END), pos2(left, y), pos2(right, y), pos2(right, y + END)];
            scene.painter.add(Shape::line(corners, line));
        }
    }
}
