//! The shapes of the time map in pixels: the impossible half below the ideal diagonal, columns that
//! lean on it, and step curves. Pure.

use egui::{Pos2, Rect, pos2};

use crate::app::panels::time_map::camera::Axes;
use crate::app::widgets::within::Within as _;
use crate::time::{EventTime, ProcTime};

impl Axes {
    /// Where an instant of each clock is.
    pub fn pos(&self, event: EventTime, proc: ProcTime) -> Pos2 {
        let up = if self.delays { proc.since_event(event).micros() } else { proc.micros() };
        pos2(self.event.px_of(event.micros()), self.proc.px_of(up))
    }

    /// The height of the ideal diagonal over a horizontal pixel: where processing time reads the
    /// same as event time; the floor where delays run up.
    pub fn ideal_y(&self, x: f32) -> f32 {
        self.proc.px(if self.delays { 0.0 } else { self.event.at(x) })
    }

    /// The horizontal pixel of the ideal diagonal at a height.
    pub fn ideal_x(&self, y: f32) -> f32 {
        self.event.px(self.proc.at(y))
    }
}

/// The part of `rect` that lies on or above the ideal diagonal: where records can be. Empty when
/// nothing does, otherwise three to five corners.
pub fn above_ideal(rect: Rect, axes: &Axes) -> Vec<Pos2> {
    clip(&corners(rect), |at| axes.ideal_y(at.x) - at.y)
}

/// The part of `rect` below the ideal diagonal: nothing can be handled before it happened.
pub fn below_ideal(rect: Rect, axes: &Axes) -> Vec<Pos2> {
    clip(&corners(rect), |at| at.y - axes.ideal_y(at.x))
}

/// The part of `rect` between two instants of processing time, which fall from left to right where
/// delays run up. Empty when nothing is.
pub fn between(rect: Rect, axes: &Axes, from: ProcTime, until: ProcTime) -> Vec<Pos2> {
    let height = |at: Pos2, instant: ProcTime| axes.pos(EventTime::from_micros(axes.event.micros_at(at.x)), instant).y;
    let earlier = clip(&corners(rect), |at| at.y - height(at, until));
    clip(&earlier, |at| height(at, from) - at.y)
}

/// The corners of `rect` in order; none when it is empty.
fn corners(rect: Rect) -> Vec<Pos2> {
    let all = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    if rect.is_positive() { all.to_vec() } else { Vec::new() }
}

/// The corners of a convex shape where `inside` (linear in the position) is not negative, and the points
/// where it crosses the sides (Sutherland and Hodgman's algorithm for one edge).
fn clip(corners: &[Pos2], inside: impl Fn(Pos2) -> f32) -> Vec<Pos2> {
    let mut kept = Vec::with_capacity(corners.len() + 1);
    for (i, &from) in corners.iter().enumerate() {
        let to = corners[(i + 1) % corners.len()];
        let (a, b) = (inside(from), inside(to));
        if a >= 0.0 {
            kept.push(from);
        }
        if (a >= 0.0) != (b >= 0.0) {
            kept.push(from + (to - from) * (a / (a - b)).clamp(0.0, 1.0));
        }
    }
    if kept.len() < 3 { Vec::new() } else { kept }
}

/// The corners of a curve that rises in steps, cut to the view.
///
/// `before` is where it comes from, if it has a value when the view begins; `steps` are its rises inside
/// the view as pixels (x of the new value, y of the instant), ascending in time; `end_y` is where it stops. Steps
/// smaller than half a pixel are drawn together.
pub fn step_curve(view: Rect, before: Option<Pos2>, steps: impl Iterator<Item = Pos2>, end_y: f32) -> Vec<Pos2> {
    let reach = view.expand(24.0);
    let clamp_x = |x: f32| x.within(reach.left(), reach.right());
    let clamp_y = |y: f32| y.within(reach.top(), reach.bottom());
    let mut points: Vec<Pos2> = Vec::new();
    let mut x = clamp_x(before.map_or(reach.left(), |before| before.x));
    points.extend(before.map(|before| pos2(x, clamp_y(before.y))));
    let mut last = points.last().copied().unwrap_or(pos2(f32::NEG_INFINITY, f32::INFINITY));
    for step in steps {
        let to = pos2(clamp_x(step.x), clamp_y(step.y));
        if (to.x - last.x).abs() < 0.5 && (to.y - last.y).abs() < 0.5 {
            x = to.x;
            continue;
        }
        points.push(pos2(x, to.y));
        points.push(to);
        x = to.x;
        last = to;
    }
    if !points.is_empty() {
        points.push(pos2(x, clamp_y(end_y)));
    }
    points
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;
    use crate::app::panels::time_map::camera::Camera;
    use crate::app::time_axis::TimeRange;

    /// One microsecond a pixel; the ideal runs from the bottom left to the top right corner.
    fn axes() -> Axes {
        let range = TimeRange::new(0.0, 1000.0);
        Camera { event: range, proc: range }.axes(Rect::from_min_size(Pos2::ZERO, vec2(1000.0, 1000.0)))
    }

    fn rect(left: f32, top: f32, right: f32, bottom: f32) -> Rect {
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    #[test]
    fn a_column_leans_on_the_ideal() {
        // Event times 200 to 300, fired at processing time 400: lower corners are on the ideal.
        let shape = above_ideal(rect(200.0, 600.0, 300.0, 1000.0), &axes());
        let expected = [pos2(200.0, 600.0), pos2(300.0, 600.0), pos2(300.0, 700.0), pos2(200.0, 800.0)];
        assert_eq!(shape, expected);
    }

    #[test]
    fn a_column_fired_before_its_end_is_cut_by_the_ideal() {
        let shape = above_ideal(rect(200.0, 750.0, 300.0, 1000.0), &axes());
        assert_eq!(shape, [pos2(200.0, 750.0), pos2(250.0, 750.0), pos2(200.0, 800.0)]);
        assert!(above_ideal(rect(200.0, 850.0, 300.0, 1000.0), &axes()).is_empty());
    }

    #[test]
    fn a_stretch_of_time_falls_where_delays_run_up() {
        // From 300 to 400 on the clock: at event time 300 that is a delay of 0 to 100.
        let delays = Axes { delays: true, ..axes() };
        let (from, until) = (ProcTime::from_micros(300), ProcTime::from_micros(400));
        let shape = between(rect(0.0, 0.0, 1000.0, 1000.0), &delays, from, until);
        let expected = [pos2(400.0, 1000.0), pos2(300.0, 1000.0), pos2(0.0, 700.0), pos2(0.0, 600.0)];
        assert_eq!(shape.len(), 4);
        assert!(expected.iter().all(|corner| shape.contains(corner)), "{shape:?}");
        let later = between(rect(500.0, 0.0, 1000.0, 1000.0), &delays, from, until);
        assert!(later.is_empty(), "what happened at 500 was not there: {later:?}");
    }

    #[test]
    fn the_two_halves_fill_the_plot() {
        let plot = rect(0.0, 0.0, 1000.0, 1000.0);
        let area = |points: &[Pos2]| {
            let twice: f32 = (0..points.len())
                .map(|i| {
                    let (a, b) = (points[i], points[(i + 1) % points.len()]);
                    a.x * b.y - b.x * a.y
                })
                .sum();
            twice.abs() / 2.0
        };
        let (above, below) = (area(&above_ideal(plot, &axes())), area(&below_ideal(plot, &axes())));
        assert!((above + below - 1e6).abs() < 1.0 && (above - 5e5).abs() < 1.0, "{above} {below}");
    }

    #[test]
    fn a_step_curve_has_square_corners_and_stops_at_its_end() {
        let view = rect(0.0, 0.0, 100.0, 100.0);
        let steps = [pos2(20.0, 80.0), pos2(50.0, 60.0)];
        let found = step_curve(view, Some(pos2(10.0, 1e6)), steps.into_iter(), 30.0);
        let expected = [
            pos2(10.0, 124.0),
            pos2(10.0, 80.0),
            pos2(20.0, 80.0),
            pos2(20.0, 60.0),
            pos2(50.0, 60.0),
            pos2(50.0, 30.0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_curve_that_has_not_begun_comes_from_the_left_and_far_steps_are_cut() {
        let view = rect(0.0, 0.0, 100.0, 100.0);
        let found = step_curve(view, None, [pos2(1e6, 50.0)].into_iter(), 20.0);
        assert_eq!(found, [pos2(-24.0, 50.0), pos2(124.0, 50.0), pos2(124.0, 20.0)]);
        assert!(step_curve(view, None, [].into_iter(), 20.0).is_empty());
    }

    #[test]
    fn thousands_of_steps_in_a_pixel_are_drawn_together() {
        let view = rect(0.0, 0.0, 100.0, 100.0);
        let steps = (0..10_000).map(|i| pos2(i as f32 * 0.01, 100.0 - i as f32 * 0.01));
        let found = step_curve(view, Some(pos2(0.0, 1e6)), steps, 0.0);
        assert!(found.len() < 900, "{} corners", found.len());
        assert!(found.windows(2).all(|pair| pair[0].x <= pair[1].x && pair[0].y >= pair[1].y), "it never goes back");
    }
}
