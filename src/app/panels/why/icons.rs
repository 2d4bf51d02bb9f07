//! The marks of steps and findings: every kind has a shape of its own.

use egui::{Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use crate::app::theme::{Theme, alpha, stroke};
use crate::app::widgets::marks;
use crate::explain::{Mark, Outcome};

/// Half the side of a window's mark.
const HALF: f32 = 4.0;

/// Draws a mark around `at`; `size` is 1 in a chain, more in a heading.
pub(super) fn mark(painter: &Painter, theme: &Theme, at: Pos2, mark: Mark, size: f32) {
    let square = Rect::from_center_size(at, vec2(2.0 * HALF, 2.0 * HALF) * size);
    let line = |colour| Stroke::new(stroke::SELECTION, colour);
    match mark {
        Mark::OnTime => drop(painter.add(marks::dot(at, marks::DOT_RADIUS * size, theme.on_time))),
        Mark::Behind => drop(painter.add(marks::diamond(at, marks::DIAMOND_HALF * size, theme.behind))),
        Mark::Dropped => drop(painter.add(marks::cross(at, marks::CROSS_HALF * size, theme.dropped))),
        Mark::SideOutput => drop(painter.add(marks::square(at, marks::SQUARE_HALF * size, theme.side))),
        Mark::Waiting => drop(painter.add(marks::hollow(at, marks::DOT_RADIUS * size, theme.t2))),
        Mark::Opened => outline(painter, square, line(theme.window)),
        Mark::Early => {
            painter.rect_filled(square, 0.0, alpha(theme.window, 0.3));
            let (a, b) = (square.left_top(), square.right_top());
            painter.add(marks::dashed(a, b, line(theme.window), 2.0, 2.0));
        }
        Mark::Fired => drop(painter.rect_filled(square, 1.0, theme.window)),
        Mark::Late => drop(painter.add(marks::triangle_hollow(at, HALF * 1.1 * size, theme.window))),
        Mark::Withdrawn => {
            painter.rect_filled(square, 1.0, alpha(theme.window, 0.35));
            painter.line_segment(
                [square.left_center() - vec2(2.0, 0.0), square.right_center() + vec2(2.0, 0.0)],
                line(theme.retract),
            );
        }
        Mark::Closed => {
            let corners = [square.left_top(), square.right_top(), square.right_bottom(), square.left_bottom()];
            for side in 0..4 {
                let (a, b) = (corners[side], corners[(side + 1) % 4]);
                painter.add(marks::dashed(a, b, Stroke::new(1.2, theme.window), 2.4, 1.8));
            }
        }
        Mark::Watermark => {
            let (low, high) = (at.y + 3.0 * size, at.y - 3.0 * size);
            let points =
                [pos2(at.x - 5.0 * size, low), pos2(at.x, low), pos2(at.x, high), pos2(at.x + 5.0 * size, high)];
            painter.add(Shape::line(points.to_vec(), Stroke::new(2.0, theme.watermark)));
        }
        Mark::Backpressure => {
            painter.rect_filled(square, 1.0, alpha(theme.backpressure, 0.35));
            painter.add(marks::hatch(square, 3.0, Stroke::new(1.2, theme.backpressure)));
        }
        Mark::Fault => drop(painter.add(marks::bolt(at, 5.5 * size, theme.fault))),
        Mark::Warning => drop(painter.add(marks::triangle(at, 5.0 * size, theme.warn))),
        Mark::Good => drop(painter.add(marks::check(at, 5.0 * size, theme.watermark))),
    }
}

fn outline(painter: &Painter, rect: Rect, stroke: Stroke) {
    painter.rect_stroke(rect, 1.0, stroke, egui::StrokeKind::Inside);
}

/// The mark of what became of a record.
pub(super) const fn of_outcome(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Dropped | Outcome::GivenUp => Mark::Dropped,
        Outcome::SideOutput => Mark::SideOutput,
        Outcome::Behind => Mark::Behind,
        Outcome::OnTime => Mark::OnTime,
        Outcome::InFlight | Outcome::Unassigned => Mark::Waiting,
    }
}

/// In words, for a screen reader.
pub(super) const fn words(mark: Mark) -> &'static str {
    match mark {
        Mark::OnTime => "on time",
        Mark::Behind => "behind",
        Mark::Dropped => "gone",
        Mark::SideOutput => "side output",
        Mark::Waiting => "waiting",
        Mark::Opened => "window opens",
        Mark::Early => "early",
        Mark::Fired => "fires",
        Mark::Late => "late",
        Mark::Withdrawn => "withdrawn",
        Mark::Closed => "window closes",
        Mark::Watermark => "watermark",
        Mark::Backpressure => "backpressure",
        Mark::Fault => "fault",
        Mark::Warning => "warning",
        Mark::Good => "good",
    }
}
