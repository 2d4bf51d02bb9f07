//! The marks of a lane: a bar while a window is open, ticks for early panes, a stroke for the answer,
//! triangles for corrections, dots while it is kept, and its end. The same shapes in two colours: violet for
//! the run on screen, the ghost's for the pinned one.

use egui::{Align2, Color32, Painter, Pos2, Rangef, Rect, Stroke, pos2, vec2};

use crate::app::panels::emissions::lanes::{Lane, LaneEnd};
use crate::app::theme::{Theme, alpha, font, radius, stroke};
use crate::app::time_axis::TimeAxis;
use crate::app::widgets::marks;
use crate::window::pane::Timing;

/// Early panes closer than this to the last one drawn are left out.
const LEAST_BETWEEN: f32 = 2.0;

/// An early pane.
pub fn early(painter: &Painter, at: Pos2, half: f32, colour: Color32) {
    marks::vline(painter, at.x, Rangef::new(at.y - half, at.y + half), alpha(colour, 0.9));
}

/// The answer on time.
pub fn on_time(painter: &Painter, at: Pos2, half: f32, colour: Color32) {
    painter.rect_filled(Rect::from_center_size(at, vec2(3.0, 2.0 * half)), 1.0, colour);
}

/// A correction.
pub fn late(painter: &Painter, at: Pos2, colour: Color32) {
    painter.add(marks::triangle_hollow(at, 4.0, colour));
}

/// Kept for late ones.
pub fn kept(painter: &Painter, x: Rangef, y: f32, colour: Color32) {
    painter.add(marks::dotted(painter, pos2(x.min, y), pos2(x.max, y), alpha(colour, 0.9)));
}

/// The end of the state.
fn closed(painter: &Painter, at: Pos2, colour: Color32) {
    marks::vline(painter, at.x, Rangef::new(at.y - 3.0, at.y + 3.0), alpha(colour, 0.6));
}

/// It became part of another session.
fn merged(painter: &Painter, at: Pos2, colour: Color32) {
    let points = vec![at + vec2(-3.0, -3.0), at, at + vec2(-3.0, 3.0)];
    painter.add(egui::Shape::line(points, Stroke::new(stroke::SELECTION, alpha(colour, 0.8))));
}

/// Corrections at a place, or several with their number.
fn late_cluster(painter: &Painter, theme: &Theme, y: f32, cluster: Option<(f32, usize)>, colour: Color32) {
    let Some((x, count)) = cluster else { return };
    late(painter, pos2(x, y), colour);
    if count > 1 {
        let galley = painter.layout_no_wrap(format!("\u{d7}{count}"), font::tick_inside(), theme.t2);
        let words = Align2::LEFT_CENTER.anchor_size(pos2(x + 7.0, y), galley.size());
        painter.rect_filled(words.expand2(vec2(2.0, 0.0)), radius::PLATE, theme.panel);
        painter.galley(words.min, galley, theme.t2);
    }
}

/// How a lane is drawn.
#[derive(Clone, Copy)]
pub struct Style {
    /// Violet, or the ghost's colour.
    pub colour: Color32,
    /// Half the height of the bar.
    pub half: f32,
    /// Half the height of the marks.
    pub mark: f32,
}

/// The marks of a lane at a height.
pub fn paint(painter: &Painter, theme: &Theme, axis: TimeAxis, lane: &Lane, y: f32, style: Style) {
    let x = |at: crate::time::ProcTime| axis.px_of(at.micros());
    let Style { colour, half, mark } = style;
    let answered = lane.firings.iter().find(|(timing, _)| *timing != Timing::Early).map(|&(_, at)| at);
    let opened = x(lane.opened_at);
    let until = x(answered.unwrap_or(lane.until));
    let bar = Rect::from_min_max(pos2(opened, y - half), pos2(until.max(opened + 2.0), y + half));
    painter.rect_filled(bar, radius::BAR, alpha(colour, if answered.is_some() { 0.38 } else { 0.24 }));
    let ends_at = x(lane.until);
    if answered.is_some() && ends_at - until > 3.0 {
        kept(painter, Rangef::new(until + 3.0, ends_at), y, colour);
    }
    match lane.end {
        LaneEnd::Closed(_) if ends_at - until > 3.0 => closed(painter, pos2(ends_at, y), colour),
        LaneEnd::Merged(_) => merged(painter, pos2(ends_at, y), colour),
        _ => {}
    }
    // A flush fires a dozen corrections within a few pixels: one mark with their number.
    let mut cluster: Option<(f32, usize)> = None;
    let mut last_early = f32::NEG_INFINITY;
    for &(timing, at) in &lane.firings {
        let at = pos2(x(at), y);
        match (timing, &mut cluster) {
            (Timing::Early, _) if at.x - last_early < LEAST_BETWEEN => {}
            (Timing::Early, _) => {
                early(painter, at, half + 1.0, colour);
                last_early = at.x;
            }
            (Timing::OnTime | Timing::AtEnd, _) => on_time(painter, at, mark, colour),
            (Timing::Late, Some((first, count))) if at.x - *first < 7.0 => *count += 1,
            (Timing::Late, known) => {
                late_cluster(painter, theme, y, *known, colour);
                *known = Some((at.x, 1));
            }
        }
    }
    late_cluster(painter, theme, y, cluster, colour);
}
