//! The lines of the time map: grid and axes, the impossible half, the ideal diagonal, the
//! watermark and the perfect one, and the line of the current instant with its pill.

use egui::epaint::PathStroke;
use egui::{Align2, Painter, Pos2, Rangef, Rect, Shape, Stroke, pos2, vec2};

use crate::app::arrangement::Preset;
use crate::app::panels::time_map::geometry;
use crate::app::panels::time_map::lives::Gap;
use crate::app::panels::time_map::scene::Scene;
use crate::app::theme::{Theme, alpha, font, radius, stroke};
use crate::app::time_ticks::{self, Tick};
use crate::app::view::LegendItem;
use crate::app::view::Run;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::runtime::Trace;
use crate::time::{EventTime, ProcTime};

/// Ticks of processing time this close to the now pill are left out.
const PILL_REACH: f32 = 16.0;

/// The ground: possible and impossible half, and the grid.
pub fn ground(scene: &Scene<'_>) {
    let theme = scene.theme();
    scene.painter.rect_filled(scene.plot, 0.0, theme.plot);
    let impossible = geometry::below_ideal(scene.plot, &scene.axes);
    if !impossible.is_empty() {
        scene.painter.add(Shape::convex_polygon(impossible, theme.bg, PathStroke::NONE));
    }
    for tick in event_ticks(scene) {
        marks::vline(&scene.painter, tick.px, scene.plot.y_range(), theme.grid);
    }
    for tick in proc_ticks(scene) {
        marks::hline(&scene.painter, scene.plot.x_range(), tick.px, theme.grid);
    }
}

fn event_ticks(scene: &Scene<'_>) -> Vec<Tick> {
    time_ticks::ticks(scene.axes.event, 62.0)
}

/// Ticks of processing time; with one scale on both axes the same step as across.
pub fn proc_ticks(scene: &Scene<'_>) -> Vec<Tick> {
    let equal = (scene.axes.event.us_per_px() / scene.axes.proc.us_per_px() - 1.0).abs() < 0.01;
    time_ticks::ticks(scene.axes.proc, if equal { 62.0 } else { 40.0 })
}

/// Labels and names of both axes, outside the plot. `outside` is cut to the panel's body.
pub fn axes(scene: &Scene<'_>, outside: &Painter, body: Rect) {
    let theme = scene.theme();
    let plot = scene.plot;
    let text = |at: Pos2, anchor: Align2, text: String, major: bool| {
        outside.text(at, anchor, text, font::tick(), if major { theme.t2 } else { theme.t3 })
    };
    let mut last_right = f32::NEG_INFINITY;
    for tick in event_ticks(scene) {
        let galley = outside.layout_no_wrap(tick.label.clone(), font::tick(), theme.t3);
        let half = galley.size().x / 2.0;
        let fits = tick.px - half > last_right + 8.0 && tick.px + half < plot.right() + 14.0;
        if fits && tick.px >= plot.left() - 0.5 {
            text(pos2(tick.px, scene.foot + 5.0), Align2::CENTER_TOP, tick.label, tick.major);
            last_right = tick.px + half;
        }
    }
    let now_y = scene.now_y();
    let pill_in_view = plot.y_range().expand(2.0).contains(now_y);
    for tick in proc_ticks(scene) {
        if !(pill_in_view && (tick.px - now_y).abs() < PILL_REACH) {
            outside.hline(plot.left() - 4.0..=plot.left(), outside.round_to_pixel_center(tick.px), (1.0, theme.grid));
            text(pos2(plot.left() - 9.0, tick.px), Align2::RIGHT_CENTER, tick.label, tick.major);
        }
    }
    axis_names(scene, outside, body);
}

/// What each axis shows, with the date where the run is longer than a day.
fn axis_names(scene: &Scene<'_>, outside: &Painter, body: Rect) {
    let (theme, plot) = (scene.theme(), scene.plot);
    let y = scene.foot + 21.0;
    let dated = |name: &str, range| match time_ticks::day_caption(range) {
        day if spans_days(scene.trace()) && !day.is_empty() => format!("{name}, {day}"),
        _ => name.to_owned(),
    };
    let up = format!("\u{2191} {}", dated("processing time, when it was handled", scene.axes.proc.range()));
    let across = format!("{} \u{2192}", dated("event time, when it happened", scene.axes.event.range()));
    let galley = |text: &str| outside.layout_no_wrap(text.to_owned(), font::tick(), theme.t3);
    let (mut up, mut across) = (galley(&up), galley(&across));
    let left = (body.left() + 28.0).min(plot.left());
    if up.size().x + across.size().x + 24.0 > plot.right() - left {
        (up, across) = (galley("\u{2191} processing time"), galley("event time \u{2192}"));
    }
    outside.galley(pos2(left, y), up, theme.t3);
    outside.galley(pos2(plot.right() - across.size().x, y), across, theme.t3);
}

/// Whether the run is so long that a time of day does not say which day.
pub fn spans_days(trace: &Trace) -> bool {
    trace.span().is_some_and(|(first, last)| (last - first).micros() > 20 * 3_600 * 1_000_000)
}

/// The ideal diagonal: what is handled the moment it happens.
pub fn ideal(scene: &Scene<'_>) {
    if !scene.view.legend.shows(LegendItem::Ideal) {
        return;
    }
    let plot = scene.plot.expand(8.0);
    let (left, right) = (scene.axes.ideal_x(plot.bottom()), scene.axes.ideal_x(plot.top()));
    let (left, right) = (left.max(plot.left()), right.min(plot.right()));
    if left >= right {
        return;
    }
    let (from, to) = (pos2(left, scene.axes.ideal_y(left)), pos2(right, scene.axes.ideal_y(right)));
    let steep = (to - from).length() / (right - left);
    let period = 5.5;
    let begun = scene.axes.event.phase(left, period / steep) * steep;
    let line = Stroke::new(stroke::IDEAL, scene.theme().ideal);
    scene.painter.extend(Shape::dashed_line_with_offset(&[from, to], line, &[1.5], &[4.0], -begun));
}

/// In a lesson, what the empty triangle below the diagonal means. Where it is said, if there is room.
pub fn impossible(scene: &Scene<'_>) -> Option<Rect> {
    if scene.view.preset != Preset::Learn || !scene.is_figure() {
        return None;
    }
    let (plot, colour) = (scene.plot, scene.theme().t3);
    let words = "Nothing can be handled before it has happened.".to_owned();
    let galley = scene.painter.layout(words, font::prose(), colour, 160.0);
    let at = pos2(plot.left() + plot.width() * 0.64, plot.top() + plot.height() * 0.74);
    let rect = Rect::from_min_size(at, galley.size());
    let is_free = plot.shrink(8.0).contains_rect(rect) && scene.axes.ideal_y(rect.left()) + 24.0 <= rect.top();
    is_free.then(|| {
        scene.painter.galley(at, galley, colour);
        rect
    })
}

/// The watermark's path in pixels up to now, a piece for each life of the job; empty before its first
/// claim.
pub fn watermark_path(scene: &Scene<'_>) -> Vec<Vec<Pos2>> {
    path_of(scene, scene.view.run, scene.view.now)
}

/// The path of another run's watermark on this scene's axes.
pub fn path_of(scene: &Scene<'_>, run: &Run, now: ProcTime) -> Vec<Vec<Pos2>> {
    let gaps = &run.windows().lives.gaps;
    let mut pieces = Vec::new();
    let mut begins = Some(None);
    for gap in gaps.iter().take_while(|gap| gap.from <= now) {
        if let Some(life) = begins {
            pieces.push(piece_of(scene, &run.trace, life, gap.from));
        }
        begins = gap.until.filter(|&until| until <= now).map(|_| Some(gap));
    }
    if let Some(life) = begins {
        pieces.push(piece_of(scene, &run.trace, life, now));
    }
    pieces.retain(|piece| piece.len() >= 2);
    pieces
}

/// The path of one life of the job up to `end`: the first one, or the one after a gap.
fn piece_of(scene: &Scene<'_>, trace: &Trace, after: Option<&Gap>, end: ProcTime) -> Vec<Pos2> {
    let (bottom, top) = scene.proc_in_view();
    let begins = after.and_then(|gap| gap.until).unwrap_or(ProcTime::MIN);
    let from = bottom.max(begins);
    let first = trace.watermarks.partition_point(|step| step.at < from);
    let last = trace.watermarks.partition_point(|step| step.at <= end.min(top)).max(first);
    let again: Vec<(ProcTime, EventTime)> = after.map_or(Vec::new(), |gap| gap.steps.clone());
    let skipped = again.partition_point(|&(at, _)| at < from);
    let shown = again.partition_point(|&(at, _)| at <= end.min(top)).max(skipped);
    let earlier = || first.checked_sub(1).map(|i| trace.watermarks[i].watermark);
    // Below what had been claimed before, the steps of this life are its own.
    let claim = match after {
        Some(gap) if first == trace.watermarks.partition_point(|step| step.at < begins) => {
            skipped.checked_sub(1).map(|i| again[i].1).or(gap.restored)
        }
        _ => earlier(),
    };
    let before = claim.map(|claim| scene.axes.pos(claim, from.max(begins)));
    let steps = again[skipped..shown].iter().map(|&(at, claim)| scene.axes.pos(claim, at));
    let ahead = trace.watermarks[first..last].iter().map(|step| scene.axes.pos(step.watermark, step.at));
    geometry::step_curve(scene.plot, before, steps.chain(ahead), scene.axes.proc.px_of(end.micros()))
}

/// The watermark: a step curve in a casing of plot colour. It ends where a failure was noticed, and begins
/// again with a ring where a checkpoint has put it.
pub fn watermark(scene: &Scene<'_>, path: &[Vec<Pos2>]) {
    if !scene.view.legend.shows(LegendItem::Watermark) {
        return;
    }
    let theme = scene.theme();
    // From afar, and where there is little else, it is broader.
    let width = if scene.view.preset == Preset::Tune { stroke::WATERMARK } else { stroke::WATERMARK + 1.0 };
    for piece in path {
        scene.painter.line(piece.clone(), Stroke::new(stroke::CASING, alpha(theme.plot, 0.85)));
        scene.painter.line(piece.clone(), Stroke::new(width, theme.watermark));
    }
    for gap in &scene.model.lives.gaps {
        if let (Some(until), Some(restored)) = (gap.until.filter(|&at| at <= scene.view.now), gap.restored) {
            let at = scene.axes.pos(restored, until);
            scene.painter.circle(at, 3.4, theme.plot, Stroke::new(1.8, theme.watermark));
        }
    }
}

/// The perfect watermark, which knows the future: thin and dashed.
pub fn perfect(scene: &Scene<'_>) {
    let steps = &scene.model.perfect;
    let (bottom, top) = scene.proc_in_view();
    let first = steps.partition_point(|step| step.at < bottom);
    let last = steps.partition_point(|step| step.at <= scene.view.now.min(top)).max(first);
    let before = first.checked_sub(1).map(|i| scene.axes.pos(steps[i].watermark, bottom));
    let shown = steps[first..last].iter().filter(|step| step.at.is_finite());
    let points = shown.map(|step| scene.axes.pos(step.watermark, step.at));
    let path = geometry::step_curve(scene.plot, before, points, scene.now_y());
    if path.len() >= 2 {
        scene.dashed_rise(&path, Stroke::new(1.4, alpha(scene.theme().watermark, 0.7)), 5.0, 4.0);
    }
}

/// The line of the current instant through plot and strips, and its pill on the left.
pub fn now(scene: &Scene<'_>, outside: &Painter, body: Rect, right: f32) {
    let y = scene.now_y();
    if !scene.plot.y_range().expand(0.5).contains(y) {
        now_out_of_view(scene, outside, body, y);
        return;
    }
    let theme = scene.theme();
    let line_y = outside.round_to_pixel_center(y);
    outside.hline(Rangef::new(scene.plot.left(), right), line_y, Stroke::new(1.5, theme.now));
    pill(scene, outside, body, y, "");
}

fn now_out_of_view(scene: &Scene<'_>, outside: &Painter, body: Rect, y: f32) {
    let above = y < scene.plot.top();
    let at = if above { scene.plot.top() + 11.0 } else { scene.plot.bottom() - 11.0 };
    pill(scene, outside, body, at, if above { "\u{2191} " } else { "\u{2193} " });
}

fn pill(scene: &Scene<'_>, outside: &Painter, body: Rect, y: f32, arrow: &str) {
    let theme: &Theme = scene.theme();
    let time = time_ticks::clock_or_day(scene.view.now.micros(), scene.axes.proc.us_per_px());
    let galley = outside.layout_no_wrap(format!("{arrow}{time}"), font::legend_value(), theme.plot);
    let size = galley.size() + vec2(14.0, 6.0);
    let right = scene.plot.left() - 4.0;
    let left = (right - size.x).max(body.left() + 1.0);
    let middle = y.within(scene.plot.top() + size.y / 2.0 - 2.0, scene.plot.bottom() - size.y / 2.0 + 2.0);
    let rect = Rect::from_min_size(pos2(left, middle - size.y / 2.0), size);
    outside.rect_filled(rect, radius::SEGMENT, theme.now);
    outside.galley(rect.center() - galley.size() / 2.0, galley, theme.plot);
}
