//! Which pixels a triangle covers, and how a value runs over it.
//!
//! Corners snap to 1/256 of a pixel; from there on everything is exact integer arithmetic. A pixel is covered
//! when its centre is inside; a centre exactly on an edge belongs to the triangle that has the edge at its top
//! or left. So two triangles that share an edge cover every pixel along it once, whatever their order or
//! orientation. This is the rule of graphics cards (J. Pineda, A parallel algorithm for polygon rasterization,
//! SIGGRAPH 1988, with the top-left rule of Direct3D); instead of testing every pixel, the covered stretch of
//! each row is computed.

use std::ops::Range;

use egui::Pos2;

/// Bits below the pixel.
const SUBPIXEL_BITS: u32 = 8;
/// One pixel.
const PIXEL: i64 = 1 << SUBPIXEL_BITS;

/// A rectangle of whole pixels, ends excluded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PixelRect {
    pub x: Range<i64>,
    pub y: Range<i64>,
}

/// One side of a triangle as a function of the pixel: not negative inside.
#[derive(Clone, Copy)]
struct Edge {
    /// The value at the first pixel of the bounds, less one when the side is not top or left.
    value: i64,
    step_x: i64,
    step_y: i64,
}

/// A triangle that may cover pixels.
pub(super) struct Triangle {
    edges: [Edge; 3],
    bounds: PixelRect,
    /// The first corner and the ways to the second and third, in pixels.
    origin: [f64; 2],
    ways: [[f64; 2]; 2],
}

/// A value that changes at a constant rate: `start` at the centre of pixel (0, 0), plus `dx` per column and
/// `dy` per row.
#[derive(Clone, Copy)]
pub(super) struct Plane {
    pub start: f64,
    pub dx: f64,
    pub dy: f64,
}

impl Plane {
    /// The value at the centre of a pixel.
    #[inline]
    pub(super) fn at(&self, x: i64, y: i64) -> f64 {
        self.start + self.dx * x as f64 + self.dy * y as f64
    }
}

impl Triangle {
    /// The triangle with these corners in pixels, each within the guard band; `None` when it covers nothing of `clip`.
    #[inline]
    pub(super) fn new(corners: [Pos2; 3], clip: &PixelRect) -> Option<Self> {
        let [a, mut b, mut c] = corners.map(snap);
        let (min_x, max_x) = (a[0].min(b[0]).min(c[0]), a[0].max(b[0]).max(c[0]));
        let (min_y, max_y) = (a[1].min(b[1]).min(c[1]), a[1].max(b[1]).max(c[1]));
        let bounds = PixelRect {
            x: first_centre(min_x).max(clip.x.start)..(first_centre(max_x + 1)).min(clip.x.end),
            y: first_centre(min_y).max(clip.y.start)..(first_centre(max_y + 1)).min(clip.y.end),
        };
        if bounds.x.is_empty() || bounds.y.is_empty() {
            return None;
        }
        let doubled_area = cross(a, b, c);
        if doubled_area == 0 {
            return None;
        }
        let origin = in_pixels(a);
        let ways = [way(a, b), way(a, c)];
        if doubled_area < 0 {
            std::mem::swap(&mut b, &mut c);
        }
        let first = [bounds.x.start * PIXEL + PIXEL / 2, bounds.y.start * PIXEL + PIXEL / 2];
        let edges = [Edge::new(a, b, first), Edge::new(b, c, first), Edge::new(c, a, first)];
        Some(Self { edges, bounds, origin, ways })
    }

    /// Calls `paint` with each row that has covered pixels and their columns, top to bottom.
    #[inline]
    pub(super) fn rows(&self, mut paint: impl FnMut(i64, Range<i64>)) {
        let mut edges = self.edges;
        let width = self.bounds.x.end - self.bounds.x.start;
        for y in self.bounds.y.clone() {
            let (mut from, mut to) = (0, width);
            for edge in &mut edges {
                edge.narrow(&mut from, &mut to);
                edge.value += edge.step_y;
            }
            if from < to {
                paint(y, self.bounds.x.start + from..self.bounds.x.start + to);
            }
        }
    }

    /// The plane through a value at each corner, in the order given to [`Self::new`].
    #[inline]
    pub(super) fn plane(&self, values: [f64; 3]) -> Plane {
        let [[bx, by], [cx, cy]] = self.ways;
        let area = bx * cy - by * cx;
        let (to_b, to_c) = (values[1] - values[0], values[2] - values[0]);
        let dx = (to_b * cy - to_c * by) / area;
        let dy = (to_c * bx - to_b * cx) / area;
        let start = values[0] + dx * (0.5 - self.origin[0]) + dy * (0.5 - self.origin[1]);
        Plane { start, dx, dy }
    }
}

impl Edge {
    /// The side from `a` to `b` of a triangle that lies to its right on the screen; `first` is the centre of
    /// the first pixel.
    #[inline]
    fn new(a: [i64; 2], b: [i64; 2], first: [i64; 2]) -> Self {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let is_top_or_left = dy < 0 || (dy == 0 && dx > 0);
        let value = dx * (first[1] - a[1]) - dy * (first[0] - a[0]);
        Self { value: value - i64::from(!is_top_or_left), step_x: -dy * PIXEL, step_y: dx * PIXEL }
    }

    /// Cuts the columns `from..to`, counted from the first pixel, to those inside this side.
    #[inline]
    fn narrow(&self, from: &mut i64, to: &mut i64) {
        if self.step_x > 0 {
            if self.value < 0 {
                // The smallest n with value + n * step >= 0.
                *from = (*from).max((self.step_x - 1 - self.value) / self.step_x);
            }
        } else if self.value < 0 {
            *to = 0;
        } else if self.step_x < 0 && self.value + self.step_x * (*to - 1) < 0 {
            *to = (*to).min(self.value / -self.step_x + 1);
        }
    }
}

/// The nearest point on the grid below the pixel.
#[inline]
fn snap(p: Pos2) -> [i64; 2] {
    // Adding a half and cutting off below is the same for every platform and quicker than rounding ties.
    let whole = |v: f32| (f64::from(v) * PIXEL as f64 + 0.5).floor() as i64;
    [whole(p.x), whole(p.y)]
}

/// The first pixel whose centre is at or after this coordinate.
#[inline]
fn first_centre(coordinate: i64) -> i64 {
    (coordinate + PIXEL / 2 - 1) >> SUBPIXEL_BITS
}

/// Twice the area, positive when the corners run clockwise on the screen.
#[inline]
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

#[inline]
fn in_pixels(p: [i64; 2]) -> [f64; 2] {
    p.map(|coordinate| coordinate as f64 / PIXEL as f64)
}

#[inline]
fn way(from: [i64; 2], to: [i64; 2]) -> [f64; 2] {
    in_pixels([to[0] - from[0], to[1] - from[1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;
    use proptest::prelude::*;

    const CLIP: PixelRect = PixelRect { x: 0..12, y: 0..12 };

    /// How often each pixel of a 12 by 12 picture is covered.
    fn coverage(triangles: &[[(f32, f32); 3]]) -> Vec<Vec<u32>> {
        let mut counts = vec![vec![0; 12]; 12];
        for corners in triangles {
            if let Some(triangle) = Triangle::new(corners.map(|(x, y)| pos2(x, y)), &CLIP) {
                triangle.rows(|y, columns| columns.for_each(|x| counts[y as usize][x as usize] += 1));
            }
        }
        counts
    }

    /// The rule spelled out for one pixel, in exact arithmetic on the snapped corners.
    fn covers(corners: [(f32, f32); 3], x: i64, y: i64) -> bool {
        let mut points = corners.map(|(x, y)| [(x * 256.0).round() as i64, (y * 256.0).round() as i64]);
        if cross(points[0], points[1], points[2]) < 0 {
            points.swap(1, 2);
        }
        let centre = [x * 256 + 128, y * 256 + 128];
        cross(points[0], points[1], points[2]) != 0
            && (0..3).all(|i| {
                let (a, b) = (points[i], points[(i + 1) % 3]);
                match cross(a, b, centre) {
                    0 => b[1] < a[1] || (b[1] == a[1] && b[0] > a[0]),
                    side => side > 0,
                }
            })
    }

    #[test]
    fn a_rectangle_covers_exactly_its_pixels() {
        let counts = coverage(&[[(2.0, 3.0), (5.0, 3.0), (5.0, 7.0)], [(2.0, 3.0), (5.0, 7.0), (2.0, 7.0)]]);
        for (y, row) in counts.iter().enumerate() {
            for (x, count) in row.iter().enumerate() {
                assert_eq!(*count, u32::from((2..5).contains(&x) && (3..7).contains(&y)), "column {x}, row {y}");
            }
        }
    }

    #[test]
    fn centres_on_the_top_and_left_are_covered_and_on_the_bottom_and_right_not() {
        // From centre to centre: 2.5..4.5 holds the centres 2.5 and 3.5, not 4.5.
        let counts = coverage(&[[(2.5, 2.5), (4.5, 2.5), (4.5, 4.5)], [(2.5, 2.5), (4.5, 4.5), (2.5, 4.5)]]);
        let covered: Vec<(usize, usize)> =
            (0..12).flat_map(|y| (0..12).map(move |x| (x, y))).filter(|(x, y)| counts[*y][*x] > 0).collect();
        assert_eq!(covered, [(2, 2), (3, 2), (2, 3), (3, 3)]);
    }

    #[test]
    fn a_row_is_cut_at_the_clip() {
        let triangle = Triangle::new(
            [pos2(-50.0, -50.0), pos2(200.0, -50.0), pos2(-50.0, 200.0)],
            &PixelRect { x: 3..5, y: 6..8 },
        )
        .expect("it covers the clip");
        let mut rows = Vec::new();
        triangle.rows(|y, columns| rows.push((y, columns)));
        assert_eq!(rows, [(6, 3..5), (7, 3..5)]);
    }

    #[test]
    fn nothing_is_covered_without_an_area_or_outside() {
        let none = |corners: [(f32, f32); 3]| Triangle::new(corners.map(|(x, y)| pos2(x, y)), &CLIP).is_none();
        assert!(none([(1.0, 1.0), (5.0, 5.0), (9.0, 9.0)]));
        assert!(none([(1.0, 1.0), (1.0, 1.0), (9.0, 9.0)]));
        assert!(none([(20.0, 1.0), (25.0, 1.0), (20.0, 9.0)]));
        assert!(none([(1.6, 1.0), (2.4, 1.0), (2.0, 9.0)]), "between two columns of centres");
    }

    #[test]
    fn a_plane_passes_through_its_corners() {
        let triangle = Triangle::new([pos2(1.0, 1.0), pos2(9.0, 1.0), pos2(1.0, 5.0)], &CLIP).expect("it has an area");
        let plane = triangle.plane([10.0, 90.0, 50.0]);
        assert_eq!((plane.dx, plane.dy), (10.0, 10.0));
        assert_eq!(plane.at(0, 0), 0.0);
        assert_eq!(plane.at(3, 2), 50.0);
    }

    fn corner() -> impl Strategy<Value = (f32, f32)> {
        // Multiples of a quarter meet centres and edges often.
        let side = || prop_oneof![(-16_i32..64).prop_map(|q| q as f32 / 4.0), -4.0_f32..16.0];
        (side(), side())
    }

    proptest! {
        #[test]
        fn rows_hold_exactly_the_pixels_of_the_rule(corners in [corner(), corner(), corner()]) {
            let expected: Vec<Vec<u32>> =
                (0..12).map(|y| (0..12).map(|x| u32::from(covers(corners, x, y))).collect()).collect();
            prop_assert_eq!(coverage(&[corners]), expected);
        }

        #[test]
        fn a_fan_covers_each_pixel_once(x in 1.0_f32..11.0, y in 1.0_f32..11.0, flip in any::<bool>()) {
            let square = [(0.0, 0.0), (12.0, 0.0), (12.0, 12.0), (0.0, 12.0)];
            let sides = (0..4).map(|i| (square[i], square[(i + 1) % 4]));
            let fan: Vec<_> = sides.map(|(a, b)| if flip { [b, a, (x, y)] } else { [(x, y), a, b] }).collect();
            prop_assert_eq!(coverage(&fan), vec![vec![1; 12]; 12]);
        }
    }
}
