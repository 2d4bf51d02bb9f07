//! All windows of the time map, by kind.
//!
//! Tumbling windows stand side by side as columns. Sliding windows overlap, so their areas would
//! cover each other: each is a shelf between the firing line of the window before it and its own,
//! and the whole column is drawn for the one under the pointer and for the selection. Sessions are
//! columns of their own, per key, as wide as they grew.

use egui::{Rangef, Rect, Shape, Stroke, StrokeKind, pos2};

use crate::app::panels::time_map::delay;
use crate::app::panels::time_map::detail::{WindowDetail, draw_every};
use crate::app::panels::time_map::model::{Column, ColumnEnd, Firing};
use crate::app::panels::time_map::panes;
use crate::app::panels::time_map::running::{OpenWindow, open_windows};
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::MapLabel;
use crate::app::panels::time_map::values::{self, Fired};
use crate::app::panels::time_map::withdrawn;
use crate::app::theme::{alpha, stroke};
use crate::app::widgets::marks;
use crate::pipeline::WindowSpec;
use crate::window::pane::Window;

/// Sessions in view above which only their lines are drawn.
const MANY_SESSIONS: usize = 60;

/// Shelves lower than this leave their values to the lanes, in points.
const LEAST_SHELF: f32 = 26.0;

/// What the windows leave for later painters.
#[derive(Default)]
pub struct Painted {
    /// Labels that look for a place.
    pub labels: Vec<MapLabel>,
    /// Windows that are open now.
    pub open: Vec<OpenWindow>,
    /// Firing lines that labels must not cover, where windows overlap.
    pub lines: Vec<Rect>,
}

/// Draws every window in view and says which labels it wants.
pub fn paint(scene: &Scene<'_>) -> Painted {
    let candidates = scene.columns_in_view();
    let key = scene.view.key;
    let mut painted = Painted {
        open: open_windows(scene.trace(), scene.model, candidates, key, scene.view.now),
        ..Painted::default()
    };
    let selected = scene.selected_columns();
    match scene.trace().pipeline.window {
        WindowSpec::Session { .. } => sessions(scene, &selected, &mut painted),
        _ if scene.overlapping() => sliding(scene, &selected, &mut painted),
        _ => side_by_side(scene, &selected, &mut painted),
    }
    painted
}

fn is_special(scene: &Scene<'_>, selected: &[usize], column: usize) -> bool {
    selected.contains(&column) || scene.hovered_column == Some(column)
}

/// A column's stretch across, with a sliver of air so that neighbours stay apart.
fn stretch(scene: &Scene<'_>, left: f32, right: f32) -> Rangef {
    let _ = scene;
    let air = if right - left >= 12.0 { 0.75 } else { 0.0 };
    Rangef::new(left + air, (right - air).max(left + air + 0.5))
}

fn side_by_side(scene: &Scene<'_>, selected: &[usize], painted: &mut Painted) {
    let fill = scene.theme().window_fill();
    let mut last_line = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    // From the latest on: its labels are placed first.
    for i in scene.columns_in_view().rev() {
        let column = &scene.model.columns[i];
        let (left, right) = scene.sides(column);
        if column.opened_at > scene.view.now || right < scene.plot.left() || left > scene.plot.right() {
            continue;
        }
        let x = stretch(scene, left, right);
        let firings = scene.model.firings_at(scene.trace(), column, scene.view.now);
        let special = is_special(scene, selected, i);
        match WindowDetail::of(right - left) {
            WindowDetail::HeightLine if !special => height_line(scene, x, firings, &mut last_line),
            detail => {
                if let Some(last) = firings.last().filter(|_| panes::answer(firings).is_some()) {
                    panes::kept(scene, x, column, last);
                }
                panes::fired(scene, &|_| x, firings, fill);
                if detail == WindowDetail::Full || special {
                    let selected = selected.contains(&i);
                    let fired = Fired { column, firings, x: &|_| x, tail: None, selected };
                    painted.labels.extend(values::value_labels(scene, &fired));
                    if special || column.window == Window::ALL {
                        painted.labels.extend(values::early_labels(scene, &fired));
                    }
                }
            }
        }
    }
    for open in &painted.open {
        let (left, right) = ends(scene, open);
        let x = stretch(scene, left, right);
        panes::area(scene, x, scene.now_y(), scene.plot.bottom() + 4.0, alpha(fill, 0.42));
        let chosen = open.column.is_some_and(|i| is_special(scene, selected, i));
        if right - left >= 48.0 || chosen {
            painted.labels.extend(so_far_label(scene, open, x, "so far", chosen));
        }
    }
}

/// What an open window holds so far, unless its last pane has said all of it.
fn so_far_label(scene: &Scene<'_>, open: &OpenWindow, x: Rangef, tail: &str, chosen: bool) -> Option<MapLabel> {
    (open.fresh > 0).then(|| values::running_label(scene, x, open.value, tail, chosen))?
}

fn ends(scene: &Scene<'_>, open: &OpenWindow) -> (f32, f32) {
    (scene.axes.event.px_of(open.window.start.micros()), scene.axes.event.px_of(open.window.end.micros()))
}

/// A line at the height of the first firing; lines that would lie on the last one are left out.
fn height_line(scene: &Scene<'_>, x: Rangef, firings: &[Firing], last: &mut (f32, f32)) {
    let Some(first) = firings.first() else { return };
    let y = scene.axes.proc.px_of(first.at.micros());
    if (x.min - last.0).abs() < 0.75 && (y - last.1).abs() < 0.75 {
        return;
    }
    *last = (x.min, y);
    let line = Stroke::new(stroke::SELECTION, scene.theme().window);
    scene.painter.line_segment([pos2(x.min, y), pos2(x.max.max(x.min + 1.0), y)], line);
}

fn sliding(scene: &Scene<'_>, selected: &[usize], painted: &mut Painted) {
    let range = scene.columns_in_view();
    let every = draw_every(scene.step_px(), 14.0);
    let (step, offset) = match scene.trace().pipeline.window {
        WindowSpec::Sliding { slide, offset, .. } => (slide.micros(), offset.micros()),
        _ => (1, 0),
    };
    let number = |column: &Column| (column.window.start.micros() - offset).div_euclid(step.max(1));
    let drawn = |column: &Column| number(column).rem_euclid(every as i64) == 0;
    let mut previous: Option<(f32, f32)> = None;
    let mut labels = Vec::new();
    for i in range {
        let column = &scene.model.columns[i];
        if column.opened_at > scene.view.now || !(drawn(column) || is_special(scene, selected, i)) {
            continue;
        }
        let firings = scene.model.firings_at(scene.trace(), column, scene.view.now);
        let (left, right) = scene.sides(column);
        let Some(first) = panes::answer(firings).or(firings.last()) else { continue };
        let y = scene.axes.proc.px_of(first.at.micros());
        let strength = if number(column).div_euclid(every as i64).rem_euclid(2) == 0 { 1.0 } else { 0.55 };
        shelf(scene, left, right, y, previous, strength);
        previous = Some((right, y));
        let x = Rangef::new(left, right);
        panes::firing_lines(scene, &|_| x, firings);
        serifs(scene, x, y);
        painted.lines.push(line_rect(x, y));
        let chosen = selected.contains(&i);
        if scene.has_lanes && scene.step_px() < LEAST_SHELF && !is_special(scene, selected, i) {
            // Some would find a place and some would not; all of them are in the lanes.
            continue;
        }
        let name = if is_special(scene, selected, i) { values::window_span(column) } else { String::new() };
        let fired = Fired { column, firings, x: &|_| x, tail: Some(&name), selected: chosen };
        labels.extend(values::value_labels(scene, &fired).into_iter().rev());
    }
    labels.reverse();
    painted.labels.extend(labels);
    open_shelves(scene, selected, painted, previous);
    let special = selected.iter().copied().chain(scene.hovered_column);
    special.for_each(|i| whole_column(scene, i));
}

/// The area between the line of the window before (its right end and height) and this one's line:
/// what this window adds to what had been said before.
fn shelf(scene: &Scene<'_>, left: f32, right: f32, y: f32, previous: Option<(f32, f32)>, strength: f32) {
    let fill = alpha(scene.theme().window_fill(), strength);
    let bottom = scene.plot.bottom() + 4.0;
    match previous {
        Some((previous_right, previous_y)) if previous_right > left => {
            panes::area(scene, Rangef::new(left, previous_right), y, previous_y, fill);
            panes::area(scene, Rangef::new(previous_right, right), y, bottom, fill);
        }
        _ => panes::area(scene, Rangef::new(left, right), y, bottom, fill),
    }
}

/// What a label must keep clear of a firing line.
fn line_rect(x: Rangef, y: f32) -> Rect {
    Rect::from_x_y_ranges(x, Rangef::new(y - 0.9, y + 0.9))
}

/// Small ends that say how far a line reaches.
fn serifs(scene: &Scene<'_>, x: Rangef, y: f32) {
    let line = Stroke::new(stroke::SELECTION, scene.theme().window);
    for at in [x.min, x.max] {
        scene.painter.line_segment([pos2(at, y - 1.0), pos2(at, y + 5.0)], line);
    }
}

/// Open sliding windows: the one that fires next as an area up to now, the others as dotted starts.
fn open_shelves(scene: &Scene<'_>, selected: &[usize], painted: &mut Painted, previous: Option<(f32, f32)>) {
    let colour = alpha(scene.theme().window, 0.7);
    for (n, open) in painted.open.iter().enumerate() {
        let (left, right) = ends(scene, open);
        if n == 0 {
            shelf(scene, left, right, scene.now_y(), previous, 0.35);
        }
        if scene.plot.x_range().contains(left) {
            let bottom = previous.map_or(f32::INFINITY, |(_, y)| y).min(scene.axes.ideal_y(left));
            let (from, to) = (pos2(left, scene.now_y()), pos2(left, bottom));
            scene.painter.add(marks::dotted(&scene.painter, from, to, colour));
        }
        let chosen = open.column.is_some_and(|i| is_special(scene, selected, i));
        // The others would crowd the now line; the card at the pointer tells them.
        if (n == 0 && !scene.has_lanes) || chosen {
            let x = Rangef::new(left, right);
            painted.labels.extend(so_far_label(scene, open, x, "so far", chosen));
        }
    }
}

/// The whole column of a sliding window, from the ideal to its last firing or to now.
fn whole_column(scene: &Scene<'_>, i: usize) {
    let column = &scene.model.columns[i];
    let (left, right) = scene.sides(column);
    let top = scene.axes.proc.px_of(top_of(scene, column).micros());
    panes::area(scene, Rangef::new(left, right), top, scene.plot.bottom() + 4.0, scene.theme().window_fill());
}

/// Up to when a column is drawn: its last firing, or now while it is open.
pub fn top_of(scene: &Scene<'_>, column: &Column) -> crate::time::ProcTime {
    let now = scene.view.now;
    let fired = scene.model.panes_at(scene.trace(), column, now).last();
    let last = fired.map(|&id| scene.trace().panes[id as usize].emitted_at);
    let ended = column.end.at().filter(|&at| at <= now);
    match (last, scene.trace().pipeline.allowed_lateness.micros() > 0 && fired.is_some()) {
        (_, true) => ended.unwrap_or(now),
        (Some(last), false) => last,
        (None, _) => ended.unwrap_or(now),
    }
}

fn sessions(scene: &Scene<'_>, selected: &[usize], painted: &mut Painted) {
    let (bottom, _) = scene.proc_in_view();
    let in_view = |i: &usize| {
        let column = &scene.model.columns[*i];
        let (left, right) = scene.sides(column);
        column.opened_at <= scene.view.now
            && column.end.at().is_none_or(|at| at >= bottom)
            && right >= scene.plot.left()
            && left <= scene.plot.right()
    };
    let shown: Vec<usize> = scene.columns_in_view().filter(in_view).collect();
    let strength = (3.0 / (2.0 + shown.len() as f32)).clamp(0.0, 1.0);
    let fill = alpha(scene.theme().window_fill(), strength.max(0.12));
    let several_keys = scene.view.key.is_none() && scene.trace().stream.key_table().len() > 1;
    let many = shown.len() > MANY_SESSIONS;
    for &i in shown.iter().rev() {
        let column = &scene.model.columns[i];
        let firings = scene.model.firings_at(scene.trace(), column, scene.view.now);
        let (left, right) = scene.sides(column);
        if let Some(last) = firings.last() {
            let across = |firing: &Firing| {
                let (left, right) = extent_of(scene, firing);
                stretch(scene, left, right)
            };
            let x = across(last);
            let special = is_special(scene, selected, i);
            if !many || special {
                side_lines(scene, x, last);
            }
            // Where sessions of several keys lie on one another, lanes say what was corrected and what is kept.
            if scene.has_lanes && !special {
                panes::plain(scene, &across, firings, fill);
            } else {
                panes::kept(scene, x, column, last);
                panes::fired(scene, &across, firings, fill);
            }
            let height = |firing: &Firing| scene.axes.proc.px_of(firing.at.micros());
            painted.lines.extend(firings.iter().map(|firing| line_rect(across(firing), height(firing))));
            let tail = column.session_of.filter(|_| several_keys).map(|key| scene.trace().stream.key_table().name(key));
            let selected = selected.contains(&i);
            if scene.is_figure() || selected {
                withdrawn::paint(scene, column, firings);
            }
            if x.span() >= 36.0 || selected {
                let fired = Fired { column, firings, x: &across, tail, selected };
                painted.labels.extend(values::value_labels(scene, &fired));
            }
        }
        if matches!(column.end, ColumnEnd::Merged(at) if at <= scene.view.now) && !many {
            merged(scene, stretch(scene, left, right), column);
        }
    }
    for open in &painted.open {
        let (left, right) = ends(scene, open);
        let x = stretch(scene, left, right);
        panes::area(scene, x, scene.now_y(), scene.plot.bottom() + 4.0, alpha(fill, 0.5));
        let name = open.session_of.filter(|_| several_keys).map(|key| scene.trace().stream.key_table().name(key));
        let tail = name.map_or_else(|| "so far".to_owned(), |name| format!("so far, {name}"));
        if right - left >= 36.0 && !scene.has_lanes {
            painted.labels.extend(so_far_label(scene, open, x, &tail, false));
        }
    }
}

/// The extent of a session when it fired, in pixels.
fn extent_of(scene: &Scene<'_>, firing: &Firing) -> (f32, f32) {
    (scene.axes.event.px_of(firing.window.start.micros()), scene.axes.event.px_of(firing.window.end.micros()))
}

/// Thin sides of a session, from the ideal up to its firing: sessions have no grid to stand on.
fn side_lines(scene: &Scene<'_>, x: Rangef, last: &Firing) {
    let y = scene.axes.proc.px_of(last.at.micros());
    let line = Stroke::new(stroke::HAIR, alpha(scene.theme().window, 0.28));
    for at in [x.min, x.max] {
        let bottom = scene.axes.ideal_y(at).min(scene.plot.bottom());
        if bottom > y {
            scene.painter.vline(at, Rangef::new(y, bottom), line);
        }
    }
}

/// A session that was merged away: dotted up to the instant of the merge.
fn merged(scene: &Scene<'_>, x: Rangef, column: &Column) {
    let Some(at) = column.end.at() else { return };
    let y = scene.axes.proc.px_of(at.micros());
    let colour = alpha(scene.theme().window, 0.7);
    let bottom = |x: f32| scene.axes.ideal_y(x).min(scene.plot.bottom() + 4.0);
    for (from, to) in [
        (pos2(x.min, y), pos2(x.min, bottom(x.min))),
        (pos2(x.max, y), pos2(x.max, bottom(x.max))),
        (pos2(x.min, y), pos2(x.max, y)),
    ] {
        if to.y >= from.y {
            scene.painter.add(marks::dotted(&scene.painter, from, to, colour));
        }
    }
}

/// The outline of a selected (or hovered) column.
pub fn outline(scene: &Scene<'_>, i: usize, line: Stroke) {
    let column = &scene.model.columns[i];
    if scene.axes.delays {
        return delay::outline(scene, column, top_of(scene, column), line);
    }
    let (left, right) = scene.sides(column);
    let top = scene.axes.proc.px_of(top_of(scene, column).micros());
    let lowest = scene.axes.ideal_y(left).min(scene.plot.bottom() - 1.0);
    let shape = crate::app::panels::time_map::geometry::above_ideal(
        Rect::from_min_max(pos2(left, top), pos2(right, lowest.max(top + 1.0))),
        &scene.axes,
    );
    if shape.len() >= 3 {
        scene.painter.add(Shape::closed_line(shape, line));
    } else {
        let flat = Rect::from_min_max(pos2(left, top - 1.0), pos2(right, top + 1.0));
        scene.painter.rect_stroke(flat, 0.0, line, StrokeKind::Outside);
    }
}
