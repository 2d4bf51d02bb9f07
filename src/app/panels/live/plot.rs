//! The queues of a live run over its time so far: a line for each window task, what a queue may hold, and
//! what waits in the log.

use egui::{Align2, Rect, Shape, Stroke, Ui, pos2};

use crate::app::panels::late::round_count;
use crate::app::state::LiveRun;
use crate::app::theme::{Theme, alpha, font, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::human;

/// Draws the plot into `rect`.
pub fn plot(ui: &Ui, theme: &Theme, rect: Rect, live: &LiveRun) {
    let painter = ui.painter();
    let chart = Rect::from_min_max(rect.min + egui::vec2(36.0, 20.0), pos2(rect.right(), rect.bottom() - 20.0));
    if chart.width() < 40.0 || chart.height() < 30.0 {
        return;
    }
    painter.rect_filled(chart, 0.0, theme.plot);
    painter.text(
        rect.min + egui::vec2(0.0, 8.0),
        Align2::LEFT_CENTER,
        "queue of each window task",
        font::tick(),
        theme.t2,
    );
    let (Some(first), Some(last)) = (live.samples.first(), live.samples.last()) else { return };
    let most = live.samples.iter().flat_map(|sample| sample.depths.iter().copied()).max().unwrap_or(0);
    let capacity = live.frame.as_ref().map_or(0, |frame| frame.capacity_of(0));
    let top = (if most * 3 >= capacity { most.max(capacity) } else { most }).max(4) as f32 * 1.1;
    let y = |count: f32| chart.bottom() - chart.height() * count / top;
    let step = round_count(top / 4.0).max(1);
    for mark in (0..=6).map(|i| i * step).take_while(|&mark| mark as f32 <= top) {
        marks::hline(painter, chart.x_range(), y(mark as f32), theme.grid);
        let at = pos2(chart.left() - 7.0, y(mark as f32));
        painter.text(at, Align2::RIGHT_CENTER, human::count(u64::from(mark)), font::tick(), theme.t3);
    }
    let (from, until) = (first.now.micros(), last.now.micros().max(first.now.micros() + 1_000_000));
    let axis = TimeAxis::new(TimeRange::of_micros(from, until), chart.left(), chart.right());
    for tick in time_ticks::ticks(axis, 70.0) {
        marks::vline(painter, tick.px, chart.y_range(), theme.grid);
        let at = pos2(tick.px.within(chart.left() + 24.0, chart.right() - 24.0), chart.bottom() + 10.0);
        painter.text(at, Align2::CENTER_CENTER, tick.label, font::tick(), theme.t3);
    }
    let windows = last.depths.len();
    let fullest = (0..windows).max_by_key(|&window| last.depths[window]);
    for window in 0..windows {
        let at = |sample: &crate::app::state::LiveSample| {
            pos2(axis.px_of(sample.now.micros()), y(sample.depths.get(window).copied().unwrap_or(0) as f32))
        };
        let is_fullest = fullest == Some(window);
        let line =
            Stroke::new(if is_fullest { 1.8 } else { 1.0 }, alpha(theme.busy, if is_fullest { 1.0 } else { 0.5 }));
        painter.add(Shape::line(live.samples.iter().map(at).collect(), line));
    }
    if (most * 3).max(1) >= capacity && capacity > 0 {
        let line = Stroke::new(1.0, theme.t3);
        let at = painter.round_to_pixel_center(y(capacity as f32));
        painter.add(marks::dashed(pos2(chart.left(), at), pos2(chart.right(), at), line, 3.0, 3.0));
    }
    let now = painter.round_to_pixel_center(axis.px_of(last.now.micros()));
    painter.vline(now, chart.y_range(), Stroke::new(stroke::SELECTION, theme.now));
}
