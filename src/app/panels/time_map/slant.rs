//! What lasted, where delays run up: a stretch of processing time falls from left to right there, like
//! now and every firing. What was silent before the log is a bar on the floor, where the clock reads the
//! same as event time.

use egui::epaint::PathStroke;
use egui::{Align2, Pos2, Rect, Shape, Stroke, pos2};

use crate::app::panels::time_map::bands::{self, Kind, Spell};
use crate::app::panels::time_map::geometry;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::{MapLabel, Piece, rank, shrinking};
use crate::app::theme::{alpha, font, stroke};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::time::{EventTime, ProcTime};

/// Height of a bar on the floor and its distance from it, in points.
const BAR: f32 = 2.0;
/// How far right of a band its name stands, in points.
const BESIDE: f32 = 5.0;

/// Tints what lasted, and says which names it wants.
pub fn paint(scene: &Scene<'_>) -> Vec<MapLabel> {
    let floor = scene.axes.proc.px(0.0).min(scene.plot.bottom());
    let possible = scene.plot.with_max_y(floor);
    let mut labels = Vec::new();
    for spell in bands::spells(scene) {
        if spell.kind == Kind::Outside {
            labels.extend(bar(scene, possible, &spell));
            continue;
        }
        let shape = geometry::between(possible, &scene.axes, spell.from, spell.until);
        let height = scene.axes.proc.px_len((spell.until - spell.from).micros() as f64);
        if shape.is_empty() || height <= bands::LEAST {
            continue;
        }
        band(scene, possible, &spell, shape);
        labels.push(name(scene, possible, &spell));
    }
    labels
}

fn band(scene: &Scene<'_>, possible: Rect, spell: &Spell, shape: Vec<Pos2>) {
    let theme = scene.theme();
    let painter = scene.painter.with_clip_rect(possible.intersect(scene.painter.clip_rect()));
    let fill = |colour| painter.add(Shape::convex_polygon(shape, colour, PathStroke::NONE));
    let edge = |at: ProcTime| [fallen(scene, at, possible.left()), fallen(scene, at, possible.right())];
    let dashed = |at: ProcTime, line: Stroke, on: f32, off: f32| {
        let [from, to] = edge(at);
        painter.add(marks::dashed(from, to, line, on, off))
    };
    match spell.kind {
        Kind::Slow => {
            fill(alpha(theme.backpressure, 0.07));
            let line = Stroke::new(stroke::HAIR, alpha(theme.backpressure, 0.6));
            [spell.from, spell.until].into_iter().for_each(|at| _ = dashed(at, line, 1.5, 3.0));
        }
        Kind::Down => {
            fill(alpha(theme.t3, 0.10));
            painter.extend(hatch(scene, possible, spell, Stroke::new(1.0, alpha(theme.t3, 0.30))));
            painter.line_segment(edge(spell.from), Stroke::new(stroke::SELECTION, alpha(theme.t2, 0.7)));
        }
        Kind::CatchingUp => {
            fill(alpha(theme.t3, 0.07));
            dashed(spell.until, Stroke::new(stroke::HAIR, alpha(theme.t3, 0.6)), 4.0, 3.0);
        }
        Kind::Outside => {}
    }
}

/// Where an instant of processing time is over a horizontal pixel.
fn fallen(scene: &Scene<'_>, at: ProcTime, x: f32) -> Pos2 {
    pos2(x, scene.axes.pos(EventTime::from_micros(scene.axes.event.micros_at(x)), at).y)
}

/// Up-right lines between two falling ones, locked to the screen as all hatches are.
fn hatch(scene: &Scene<'_>, area: Rect, spell: &Spell, line: Stroke) -> Vec<Shape> {
    const STEP: f32 = 5.0;
    let slope = scene.axes.event.us_per_px() as f32 / scene.axes.proc.us_per_px() as f32;
    // Where an up-right line, along which x + y is constant, meets the line of an instant.
    let meets = |sum: f32, at: ProcTime| {
        let known = fallen(scene, at, area.center().x);
        (sum - known.y + slope * known.x) / (1.0 + slope)
    };
    let first = ((area.left() + area.top()) / STEP).ceil() as i64;
    let last = ((area.right() + area.bottom()) / STEP).floor() as i64;
    let lines = (first..=last).filter_map(|k| {
        let sum = k as f32 * STEP;
        let left = area.left().max(sum - area.bottom()).max(meets(sum, spell.from));
        let right = area.right().min(sum - area.top()).min(meets(sum, spell.until));
        (right > left).then(|| Shape::line_segment([pos2(left, sum - left), pos2(right, sum - right)], line))
    });
    lines.collect()
}

/// The name of a band, right of it at one of several heights, from the top down: above are few records.
fn name(scene: &Scene<'_>, possible: Rect, spell: &Spell) -> MapLabel {
    let slope = scene.axes.event.us_per_px() as f32 / scene.axes.proc.us_per_px() as f32;
    let known = fallen(scene, spell.until, possible.center().x);
    let places = (1..9).flat_map(|tenth| {
        let y = possible.top() + 18.0 + (possible.height() - 18.0) * tenth as f32 / 10.0;
        let x = known.x + (y - known.y) / slope;
        let width = scene.axes.event.px_len((spell.until - spell.from).micros() as f64);
        [(pos2(x + BESIDE, y), Align2::LEFT_CENTER), (pos2(x - width - BESIDE, y), Align2::RIGHT_CENTER)]
    });
    let word = Piece::new(spell.name.clone(), font::tick(), scene.theme().t2);
    shrinking(scene, rank::HORIZON, &[word], places.collect())
}

/// A bar on the floor for what was silent, or too loud, before the log; its name stands over it.
fn bar(scene: &Scene<'_>, possible: Rect, spell: &Spell) -> Option<MapLabel> {
    let x = |at: ProcTime| scene.axes.event.px_of(at.micros()).within(possible.left(), possible.right());
    let (left, right) = (x(spell.from), x(spell.until));
    if right - left < 1.0 {
        return None;
    }
    let bottom = possible.bottom() - BAR;
    let rect = Rect::from_min_max(pos2(left, bottom - BAR), pos2(right, bottom));
    scene.painter.rect_filled(rect, 1.0, scene.theme().t3);
    let word = Piece::new(spell.name.clone(), font::tick(), scene.theme().t2);
    let middle = pos2(rect.center().x, rect.top() - 3.0);
    let places = vec![
        (middle, Align2::CENTER_BOTTOM),
        (pos2(left, middle.y), Align2::LEFT_BOTTOM),
        (pos2(right, middle.y), Align2::RIGHT_BOTTOM),
        (pos2(right, middle.y), Align2::LEFT_BOTTOM),
        (pos2(left, middle.y), Align2::RIGHT_BOTTOM),
    ];
    Some(shrinking(scene, rank::HORIZON, &[word], places))
}
