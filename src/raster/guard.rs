//! Cutting triangles that reach far outside the picture, as a graphics card does with its guard band.
//!
//! Plots zoomed in a million times have corners a billion pixels away. Inside [`GUARD`] the integer arithmetic
//! of triangles is exact; what reaches beyond is cut there, far enough from any picture not to be seen.
//! Corners that are not numbers remove their triangle.

use egui::epaint::Vertex;
use egui::{Color32, Pos2, pos2};

/// Coordinates, in pixels, up to which triangles need no cutting: a hundred times the largest picture, and small enough
/// that products of two distances with eight bits below the pixel fit 64 bits.
pub(super) const GUARD: f32 = 1_048_576.0;

/// Three corners cut by four sides have at most seven.
const MOST_CORNERS: usize = 7;

/// Whether a triangle can be drawn as it is.
#[inline]
pub(super) fn is_inside(corners: &[Vertex; 3]) -> bool {
    // A comparison with NaN is false.
    corners.iter().all(|corner| corner.pos.x.abs() <= GUARD && corner.pos.y.abs() <= GUARD)
}

/// The part of a triangle inside the guard band as triangles; none for corners that are not finite.
pub(super) fn cut(corners: &[Vertex; 3]) -> Vec<[Vertex; 3]> {
    if corners.iter().any(|corner| !corner.pos.x.is_finite() || !corner.pos.y.is_finite()) {
        return Vec::new();
    }
    let mut polygon = Vec::with_capacity(MOST_CORNERS);
    polygon.extend_from_slice(corners);
    polygon = keep(&polygon, |p| f64::from(GUARD) - f64::from(p.x));
    polygon = keep(&polygon, |p| f64::from(GUARD) + f64::from(p.x));
    polygon = keep(&polygon, |p| f64::from(GUARD) - f64::from(p.y));
    polygon = keep(&polygon, |p| f64::from(GUARD) + f64::from(p.y));
    let Some((first, rest)) = polygon.split_first() else { return Vec::new() };
    rest.windows(2).map(|pair| [*first, pair[0], pair[1]]).collect()
}

/// Sutherland and Hodgman's step: the part of a convex polygon where `inside` is not negative.
fn keep(polygon: &[Vertex], inside: impl Fn(Pos2) -> f64) -> Vec<Vertex> {
    let mut kept = Vec::with_capacity(MOST_CORNERS);
    for (i, corner) in polygon.iter().enumerate() {
        let next = &polygon[(i + 1) % polygon.len()];
        let (here, there) = (inside(corner.pos), inside(next.pos));
        if here >= 0.0 {
            kept.push(*corner);
        }
        // From the inner corner to the outer one, so that two triangles cut a shared edge in the same point.
        if here >= 0.0 && there < 0.0 {
            kept.push(between(corner, next, here / (here - there)));
        } else if here < 0.0 && there >= 0.0 {
            kept.push(between(next, corner, there / (there - here)));
        }
    }
    kept
}

/// The point a fraction `t` of the way from `a` to `b`.
fn between(a: &Vertex, b: &Vertex, t: f64) -> Vertex {
    let blend = |a: f32, b: f32| (f64::from(a) + (f64::from(b) - f64::from(a)) * t) as f32;
    let (from, to) = (a.color.to_array(), b.color.to_array());
    let [red, green, blue, alpha] =
        [0, 1, 2, 3].map(|i: usize| blend(f32::from(from[i]), f32::from(to[i])).round() as u8);
    Vertex {
        pos: pos2(blend(a.pos.x, b.pos.x), blend(a.pos.y, b.pos.y)),
        uv: pos2(blend(a.uv.x, b.uv.x), blend(a.uv.y, b.uv.y)),
        color: Color32::from_rgba_premultiplied(red, green, blue, alpha),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangle(points: [(f32, f32); 3]) -> [Vertex; 3] {
        points.map(|(x, y)| Vertex::untextured(pos2(x, y), Color32::WHITE))
    }

    /// Twice the area.
    fn area(corners: &[Vertex; 3]) -> f64 {
        let [a, b, c] = corners.map(|corner| (f64::from(corner.pos.x), f64::from(corner.pos.y)));
        ((b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0)).abs()
    }

    #[test]
    fn near_triangles_need_no_cutting() {
        assert!(is_inside(&triangle([(0.0, 0.0), (GUARD, 5.0), (-9.0, -GUARD)])));
        assert!(!is_inside(&triangle([(0.0, 0.0), (GUARD * 1.01, 5.0), (0.0, 9.0)])));
        assert!(!is_inside(&triangle([(0.0, f32::NAN), (1.0, 5.0), (0.0, 9.0)])));
    }

    #[test]
    fn a_corner_outside_is_cut_off() {
        // Half of a square of side 2 GUARD; the band's upper left quarter of it remains, a square of side GUARD.
        let parts = cut(&triangle([(0.0, 0.0), (2.0 * GUARD, 0.0), (0.0, 2.0 * GUARD)]));
        let covered: f64 = parts.iter().map(area).sum();
        assert_eq!(covered, 2.0 * f64::from(GUARD) * f64::from(GUARD));
        assert!(parts.iter().all(is_inside));
    }

    #[test]
    fn a_triangle_around_the_band_becomes_the_band() {
        let far = 8.0 * GUARD;
        let parts = cut(&triangle([(-far, -far), (far, -far), (0.0, 2.0 * far)]));
        let covered: f64 = parts.iter().map(area).sum();
        assert_eq!(covered, 8.0 * f64::from(GUARD) * f64::from(GUARD));
    }

    #[test]
    fn a_triangle_outside_or_without_a_place_vanishes() {
        assert!(cut(&triangle([(2e9, 0.0), (3e9, 0.0), (2e9, 7.0)])).is_empty());
        assert!(cut(&triangle([(0.0, 0.0), (f32::INFINITY, 0.0), (0.0, 7.0)])).is_empty());
        assert!(cut(&triangle([(0.0, 0.0), (f32::NAN, 0.0), (0.0, 7.0)])).is_empty());
    }

    #[test]
    fn colour_and_texture_follow_the_cut() {
        let mut corners = triangle([(0.0, 0.0), (2.0 * GUARD, 0.0), (0.0, 8.0)]);
        corners[1].color = Color32::BLACK;
        corners[1].uv = pos2(1.0, 0.5);
        let parts = cut(&corners);
        let at_edge: Vec<&Vertex> = parts.iter().flatten().filter(|v| v.pos == pos2(GUARD, 0.0)).collect();
        assert!(!at_edge.is_empty());
        for vertex in at_edge {
            assert_eq!(vertex.uv, pos2(0.5, 0.25));
            assert_eq!(vertex.color, Color32::from_rgba_premultiplied(128, 128, 128, 255));
        }
    }
}
