//! Marks, dashes and hatches. Every meaning has its own shape or line style, so the screen still
//! reads in one hue. Nothing here chooses a colour.

use egui::epaint::{Mesh, PathStroke};
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// Radius of an ordinary record.
pub const DOT_RADIUS: f32 = 3.0;
/// Half-diagonal of a record behind the watermark.
pub const DIAMOND_HALF: f32 = 4.3;
/// Half the side of a dropped record's cross.
pub const CROSS_HALF: f32 = 3.6;
/// Half the side of a side-output square.
pub const SQUARE_HALF: f32 = 3.4;

/// A record on time: a filled circle.
pub fn dot(centre: Pos2, radius: f32, colour: Color32) -> Shape {
    Shape::circle_filled(centre, radius, colour)
}

/// A record still waiting or still to come: a hollow circle.
pub fn hollow(centre: Pos2, radius: f32, colour: Color32) -> Shape {
    Shape::circle_stroke(centre, radius, Stroke::new(1.2, colour))
}

/// A record behind the watermark that is counted: a filled diamond.
pub fn diamond(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let points =
        vec![centre + vec2(0.0, -half), centre + vec2(half, 0.0), centre + vec2(0.0, half), centre + vec2(-half, 0.0)];
    Shape::convex_polygon(points, colour, PathStroke::NONE)
}

/// A dropped record: a cross with round caps.
pub fn cross(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let stroke = Stroke::new(2.0, colour);
    let corner = |dx: f32, dy: f32| centre + vec2(dx * half, dy * half);
    let cap = |at: Pos2| Shape::circle_filled(at, stroke.width / 2.0, colour);
    let (a, b, c, d) = (corner(-1.0, -1.0), corner(1.0, 1.0), corner(1.0, -1.0), corner(-1.0, 1.0));
    Shape::Vec(vec![
        Shape::line_segment([a, b], stroke),
        Shape::line_segment([c, d], stroke),
        cap(a),
        cap(b),
        cap(c),
        cap(d),
    ])
}

/// A record in the side output: a hollow square.
pub fn square(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let rect = Rect::from_center_size(centre, vec2(2.0 * half, 2.0 * half));
    Shape::rect_stroke(rect, 0.5, Stroke::new(1.6, colour), egui::StrokeKind::Middle)
}

/// Something of the reader's: a ring around a dot.
pub fn ringed(centre: Pos2, radius: f32, colour: Color32) -> Shape {
    Shape::Vec(vec![
        Shape::circle_stroke(centre, radius, Stroke::new(1.5, colour)),
        Shape::circle_filled(centre, radius * 0.42, colour),
    ])
}

/// A warning: a filled triangle, point up.
pub fn triangle(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let points = vec![
        centre + vec2(0.0, -half),
        centre + vec2(half * 1.08, half * 0.8),
        centre + vec2(-half * 1.08, half * 0.8),
    ];
    Shape::convex_polygon(points, colour, PathStroke::NONE)
}

/// Something critical: a filled octagon.
pub fn octagon(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let corner = |i: u8| {
        let angle = (f32::from(i) + 0.5) * std::f32::consts::FRAC_PI_4;
        centre + half * egui::Vec2::angled(angle)
    };
    Shape::convex_polygon((0..8).map(corner).collect(), colour, PathStroke::NONE)
}

/// A late firing: a hollow triangle, point up.
pub fn triangle_hollow(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let points =
        vec![centre + vec2(0.0, -half), centre + vec2(half * 1.0, half * 0.8), centre + vec2(-half * 1.0, half * 0.8)];
    Shape::closed_line(points, Stroke::new(1.5, colour))
}

/// A fault: a bolt.
pub fn bolt(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let at = |x: f32, y: f32| centre + vec2(x, y) * half;
    Shape::Vec(vec![
        Shape::convex_polygon(vec![at(0.25, -1.0), at(0.05, 0.2), at(-0.7, 0.2)], colour, PathStroke::NONE),
        Shape::convex_polygon(vec![at(-0.25, 1.0), at(-0.05, -0.2), at(0.7, -0.2)], colour, PathStroke::NONE),
    ])
}

/// A check mark.
pub fn check(centre: Pos2, half: f32, colour: Color32) -> Shape {
    let points = vec![
        centre + vec2(-half, 0.05 * half),
        centre + vec2(-0.25 * half, 0.75 * half),
        centre + vec2(half, -0.75 * half),
    ];
    Shape::line(points, Stroke::new(1.8, colour))
}

/// A straight dashed line, dashes `on` long and `off` apart, beginning with a dash at `from`.
pub fn dashed(from: Pos2, to: Pos2, stroke: Stroke, on: f32, off: f32) -> Shape {
    Shape::Vec(Shape::dashed_line(&[from, to], stroke, on, off))
}

/// A dotted line, horizontal or vertical: dots of one point, four points apart, beginning at
/// `from`. They are squares on the pixel grid; dashes this short would vanish where egui rounds both
/// of their ends to one pixel.
pub fn dotted(painter: &Painter, from: Pos2, to: Pos2, colour: Color32) -> Shape {
    let along = to - from;
    let count = (along.length() / 4.0).floor().clamp(0.0, 4_096.0) as usize;
    let per_point = painter.pixels_per_point();
    let snap = |at: f32| (at * per_point).round() / per_point;
    let side = snap(1.0).max(1.0 / per_point);
    let mut mesh = Mesh::default();
    for i in 0..=count {
        let at = from + along.normalized() * (4.0 * i as f32);
        let corner = pos2(snap(at.x - side / 2.0), snap(at.y - side / 2.0));
        mesh.add_colored_rect(Rect::from_min_size(corner, vec2(side, side)), colour);
    }
    Shape::mesh(mesh)
}

/// A hatch of up-right lines, `step` apart along the horizontal, cut to `rect`. It is locked to
/// the screen, so neighbours line up and it does not shimmer when things move.
pub fn hatch(rect: Rect, step: f32, stroke: Stroke) -> Shape {
    hatch_where(rect, step, stroke, |_| 1.0)
}

/// As [`hatch`], but only where `inside` (linear in the position) is not negative.
pub fn hatch_where(rect: Rect, step: f32, stroke: Stroke, inside: impl Fn(Pos2) -> f32) -> Shape {
    if !rect.is_positive() || step < 1.0 {
        return Shape::Noop;
    }
    // Along an up-right line, x + y is constant.
    let first = ((rect.left() + rect.top()) / step).ceil() as i64;
    let last = ((rect.right() + rect.bottom()) / step).floor() as i64;
    let lines = (first..=last).filter_map(|k| {
        let sum = k as f32 * step;
        let left = rect.left().max(sum - rect.bottom());
        let right = rect.right().min(sum - rect.top());
        let ends = [pos2(left, sum - left), pos2(right, sum - right)];
        let [a, b] = ends.map(&inside);
        let crossing = ends[0] + (ends[1] - ends[0]) * (a / (a - b)).clamp(0.0, 1.0);
        let ends = match (a >= 0.0, b >= 0.0) {
            (true, true) => ends,
            (true, false) => [ends[0], crossing],
            (false, true) => [crossing, ends[1]],
            (false, false) => return None,
        };
        (ends[1].x > ends[0].x).then(|| Shape::line_segment(ends, stroke))
    });
    Shape::Vec(lines.collect())
}

/// A vertical hairline, one device pixel wide and on the pixel grid.
pub fn vline(painter: &Painter, x: f32, y: egui::Rangef, colour: Color32) {
    painter.vline(painter.round_to_pixel_center(x), y, Stroke::new(1.0, colour));
}

/// A horizontal hairline, one device pixel wide and on the pixel grid.
pub fn hline(painter: &Painter, x: egui::Rangef, y: f32, colour: Color32) {
    painter.hline(x, painter.round_to_pixel_center(y), Stroke::new(1.0, colour));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(shape: Shape) -> Vec<[Pos2; 2]> {
        let Shape::Vec(shapes) = shape else { return Vec::new() };
        shapes
            .into_iter()
            .map(|shape| match shape {
                Shape::LineSegment { points, .. } => points,
                other => panic!("not a line: {other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_hatch_stays_inside_and_neighbours_line_up() {
        let left = Rect::from_min_max(pos2(3.0, 10.0), pos2(20.0, 40.0));
        let right = Rect::from_min_max(pos2(20.0, 10.0), pos2(33.0, 40.0));
        let stroke = Stroke::new(1.0, Color32::WHITE);
        for rect in [left, right] {
            let lines = segments(hatch(rect, 6.0, stroke));
            assert!(lines.len() >= 6, "{}", lines.len());
            for [a, b] in lines {
                assert!(rect.expand(0.01).contains(a) && rect.expand(0.01).contains(b), "{a:?} {b:?}");
                assert!(((a.x + a.y) / 6.0).fract().abs() < 1e-4, "on the common grid");
            }
        }
    }

    #[test]
    fn an_empty_hatch_is_nothing() {
        let stroke = Stroke::new(1.0, Color32::WHITE);
        assert_eq!(hatch(Rect::NOTHING, 6.0, stroke), Shape::Noop);
        let flat = Rect::from_min_max(pos2(0.0, 0.0), pos2(10.0, 0.0));
        assert_eq!(hatch(flat, 6.0, stroke), Shape::Noop);
    }
}
