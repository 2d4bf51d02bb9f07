//! Painting one partition: its lag over the run with the silences below it, and its log as a bar from
//! the first offset to the last: gone, read, unread.

use egui::{Align2, Color32, Mesh, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use crate::app::panels::partitions::model::{Course, PARTS, Standing};
use crate::app::theme::{Theme, alpha, font, radius};
use crate::app::time_axis::TimeAxis;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;

/// Opacity of what is still to come.
const FUTURE: f32 = 0.35;

/// The lag over the run in `rect`, up to `most`; pale after `now`.
pub fn lag(painter: &Painter, theme: &Theme, rect: Rect, axis: TimeAxis, course: &Course, most: u32, now: f32) {
    painter.rect_filled(rect, 0.0, theme.plot);
    let chart = rect.with_max_y(rect.bottom() - 4.0);
    let height = |lag: u32| chart.bottom() - (chart.height() - 2.0) * lag as f32 / most.max(1) as f32;
    let x = |part: usize| chart.left() + chart.width() * (part as f32 + 0.5) / PARTS as f32;
    let points: Vec<Pos2> = course.lag.iter().enumerate().map(|(part, &lag)| pos2(x(part), height(lag))).collect();
    let now = now.within(chart.left(), chart.right());
    for (part, strength) in [(rect.with_max_x(now), 1.0), (rect.with_min_x(now), FUTURE)] {
        if part.width() <= 0.0 {
            continue;
        }
        let painter = painter.with_clip_rect(part.intersect(painter.clip_rect()));
        painter.add(area(&points, chart.bottom(), alpha(theme.backpressure, 0.30 * strength)));
        // A line along the bottom would look like something that waits.
        for stretch in points.chunk_by(|a, b| a.y < chart.bottom() || b.y < chart.bottom()).filter(|it| it.len() > 1) {
            painter.add(Shape::line(stretch.to_vec(), Stroke::new(1.2, alpha(theme.backpressure, strength))));
        }
        for &(from, until, name) in &course.silences {
            let span = axis.px_of(from.micros())..=axis.px_of(until.micros());
            let band = Rect::from_x_y_ranges(span, rect.bottom() - 3.0..=rect.bottom());
            silence(&painter, theme, band, name, strength);
        }
    }
}

fn area(points: &[Pos2], bottom: f32, colour: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for point in points {
        mesh.colored_vertex(*point, colour);
        mesh.colored_vertex(pos2(point.x, bottom), colour);
    }
    for i in 1..points.len() as u32 {
        mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
        mesh.add_triangle(2 * i, 2 * i - 1, 2 * i + 1);
    }
    mesh
}

/// A silence in its own pattern: what waits is hatched orange, what is poisoned red, what has nothing to
/// do a quiet line.
pub fn silence(painter: &Painter, theme: &Theme, rect: Rect, name: &str, strength: f32) {
    let colour = match name {
        "poisoned" => theme.critical,
        "blocked" | "paused" | "limited" => theme.backpressure,
        "held back" => theme.watermark,
        "finished" => theme.idle,
        _ => theme.t3,
    };
    painter.rect_filled(rect, 0.0, alpha(colour, strength));
    if matches!(name, "blocked" | "paused" | "limited" | "held back") {
        painter.add(marks::hatch(rect, 4.0, Stroke::new(1.4, alpha(theme.panel, 0.6))));
    }
}

/// The log of a partition, from offset 0 to the last that it ever gets.
pub fn log(painter: &Painter, theme: &Theme, rect: Rect, standing: &Standing) {
    let total = standing.total.max(1) as f32;
    let x = |offset: usize| rect.left() + rect.width() * (offset as f32 / total).min(1.0);
    painter.rect_filled(rect, radius::BAR, alpha(theme.idle, 0.25));
    let part = |from: usize, until: usize| Rect::from_x_y_ranges(x(from)..=x(until.max(from)), rect.y_range());
    let read = part(standing.kept_from.min(standing.position), standing.position);
    painter.rect_filled(read, radius::BAR, theme.idle);
    let gone = part(0, standing.kept_from);
    painter.rect_filled(gone, radius::BAR, theme.plot);
    painter.add(marks::hatch(gone, 4.0, Stroke::new(1.0, theme.t3)));
    let unread = part(standing.position.max(standing.kept_from), standing.end);
    if unread.width() >= 0.5 {
        painter.rect_filled(unread, radius::BAR, theme.backpressure);
        painter.add(marks::hatch(unread, 5.0, Stroke::new(1.4, alpha(theme.panel, 0.55))));
    }
    let line = |at: f32, colour: Color32, more: f32| {
        let at = painter.round_to_pixel_center(at);
        painter.vline(at, rect.expand2(vec2(0.0, more)).y_range(), Stroke::new(1.5, colour));
    };
    line(x(standing.end), theme.t3, 1.0);
    line(x(standing.position), theme.t1, 3.0);
    if standing.kept_from > 0 {
        line(x(standing.kept_from), theme.critical, 3.0);
    }
}

/// A number, or nothing worth a look in a paler colour.
pub fn number(painter: &Painter, theme: &Theme, at: Pos2, value: usize) {
    let colour = if value == 0 { theme.t3 } else { theme.t1 };
    painter.text(at, Align2::RIGHT_CENTER, human::count(value as u64), font::value(), colour);
}

/// Words in the colour and font of `style`, cut to so many lines in the room that they have, with an ellipsis.
/// `at` is the left end of the middle of the first line.
pub fn words(painter: &Painter, at: Pos2, width: f32, lines: usize, text: &str, style: (egui::FontId, Color32)) {
    let (font, colour) = style;
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), font, colour, width.max(8.0));
    job.wrap.max_rows = lines;
    let galley = painter.layout_job(job);
    let first = galley.rows.first().map_or(0.0, |row| row.height());
    painter.galley(at - vec2(0.0, first / 2.0), galley, colour);
}
