//! What lasted: bands across the map and its strips, from the faults of the scenario. A band says
//! what was wrong, in the impossible half, where nothing else can be.

use egui::{Align2, Painter, Rangef, Rect, pos2};

use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::{alpha, font};
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::scenario::Fault;
use crate::time::Span;

/// A slow operator, in pixels: its stretch up and what is said of it.
struct Band {
    y: Rangef,
    name: String,
}

/// The bands in view, up to now.
fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let start = scene.view.run.overview.start;
    let y = |distance: Span| scene.axes.proc.px_of((start + distance).micros());
    let lowest = scene.plot.y_range();
    let slow = scene.view.run.scenario.faults.iter().filter_map(|fault| match fault {
        Fault::SlowOperator { from, until, factor, .. } => {
            let times = crate::app::panels::number::value(*factor);
            let name = format!("operator {times}\u{d7} slower for {}", human::span(*until - *from));
            Some(Band { y: Rangef::new(y(*until), y(*from)), name })
        }
        _ => None,
    });
    let up_to_now = slow.map(|band| {
        let top = band.y.min.max(scene.now_y()).max(lowest.min);
        Band { y: Rangef::new(top, band.y.max.min(lowest.max)), ..band }
    });
    up_to_now.filter(|band| band.y.span() > 0.5).collect()
}

/// Tints the bands over an area that shares the map's vertical clock.
pub fn tint(scene: &Scene<'_>, painter: &Painter, area: Rect) {
    let theme = scene.theme();
    for Band { y, .. } in bands(scene) {
        painter.rect_filled(Rect::from_x_y_ranges(area.x_range(), y), 0.0, alpha(theme.backpressure, 0.07));
        let colour = alpha(theme.backpressure, 0.6);
        for edge in [y.min, y.max] {
            let edge = painter.round_to_pixel_center(edge);
            painter.add(marks::dotted(painter, pos2(area.left(), edge), pos2(area.right(), edge), colour));
        }
    }
}

/// Says what the bands are, at the right of the plot. Returns where the words stand.
pub fn names(scene: &Scene<'_>) -> Vec<Rect> {
    let theme = scene.theme();
    let mut taken: Vec<Rect> = Vec::new();
    for Band { y, name } in bands(scene) {
        let at = pos2(scene.plot.right() - 6.0, y.center().clamp(scene.plot.top() + 12.0, scene.plot.bottom() - 12.0));
        let galley = scene.painter.layout_no_wrap(name.clone(), font::tick(), theme.t2);
        let rect = frame::plate_rect(&galley, at, Align2::RIGHT_CENTER);
        let left = rect.left() - 12.0;
        // In the possible half the words would cover records.
        if at.y < scene.axes.ideal_y(left) || taken.iter().any(|other| other.intersects(rect)) {
            continue;
        }
        frame::plate(&scene.painter, theme, at, Align2::RIGHT_CENTER, &name, font::tick(), theme.t2);
        scene.painter.add(marks::triangle(pos2(left + 4.0, at.y), 4.6, theme.backpressure));
        taken.push(rect.with_min_x(left));
    }
    taken
}
