//! The rack under the map: windows that overlap there lie in lanes here, each as a bar as long as
//! the window with what it says inside. The watermark stands in it as a line: what is left of it has
//! fired, what it crosses or has not reached is open.
//!
//! It shares the map's event time. Bars say less as they get narrower, and nothing below a few points.

use egui::{Align2, Painter, Pos2, Rangef, Rect, Stroke, StrokeKind, pos2};

use crate::app::panels::time_map::hover::{self, Hit};
use crate::app::panels::time_map::lanes::Lanes;
use crate::app::panels::time_map::model::{Column, ColumnEnd, Firing};
use crate::app::panels::time_map::panes;
use crate::app::panels::time_map::running::OpenWindow;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::text::{self, Piece};
use crate::app::panels::time_map::values;
use crate::app::panels::window_value::WindowValue;
use crate::app::theme::{alpha, font, radius, stroke};
use crate::app::time_ticks;
use crate::app::view::LegendItem;
use crate::app::widgets::marks;
use crate::time::EventTime;
use crate::window::accumulation::Accumulation;
use crate::window::pane::Timing;

/// Windows in view beyond which bars would be a smear: the rack says so instead.
const MOST_BARS: usize = 4_000;
/// Air above and below a bar in its lane, in points.
const AIR: f32 = 1.5;
/// Bars narrower than this say nothing, in points.
const LEAST_TEXT: f32 = 14.0;

/// What is drawn of a bar.
struct Bar<'a> {
    column: Option<usize>,
    rect: Rect,
    /// Its firings; empty while it is open and has said nothing.
    firings: &'a [Firing],
    open: Option<&'a OpenWindow>,
}

/// Draws the rack: ground, lanes with their names, bars, and the watermark through all of them.
pub fn paint(scene: &Scene<'_>, outside: &Painter, lanes: &Lanes, rack: Rect, open: &[OpenWindow]) {
    let inside = outside.with_clip_rect(rack.intersect(outside.clip_rect()));
    ground(scene, outside, lanes, rack);
    let candidates = scene.columns_in_view();
    if candidates.len() > MOST_BARS {
        let words = "Zoom in to see the windows in their lanes";
        inside.text(rack.center(), Align2::CENTER_CENTER, words, font::tick(), scene.theme().t3);
        return;
    }
    if let Some(words) = lanes.left_out() {
        let at = pos2(rack.center().x, rack.bottom() + 21.0);
        outside.text(at, Align2::CENTER_TOP, words, font::tick(), scene.theme().t3);
    }
    let selected = scene.selected_columns();
    let mut outlines = Vec::new();
    for i in candidates {
        let column = &scene.model.columns[i];
        let Some(lane) = lanes.lane_of(column).filter(|_| is_there(scene, column)) else { continue };
        let firings = scene.model.firings_at(scene.trace(), column, scene.view.now);
        let own = |other: &&OpenWindow| other.column == Some(i) || is_of(column, other);
        let open = open.iter().find(own);
        let window = match (open, firings.last()) {
            (Some(open), _) => open.window,
            (None, Some(last)) => last.window,
            (None, None) => column.window,
        };
        let x = |at: EventTime| scene.axes.event.px_of(at.micros());
        let across = Rangef::new(x(window.start), x(window.end));
        if across.max < rack.left() || across.min > rack.right() {
            continue;
        }
        let gap = if across.span() > 6.0 { 0.75 } else { 0.0 };
        let across = Rangef::new(across.min + gap, (across.max - gap).max(across.min + 1.0));
        let rect = Rect::from_x_y_ranges(across, lanes.row(rack, lane)).shrink2(egui::vec2(0.0, AIR));
        bar(scene, &inside, rack, &Bar { column: Some(i), rect, firings, open });
        if selected.contains(&i) {
            outlines.push((rect, Stroke::new(stroke::SELECTION, scene.theme().you)));
        } else if scene.hovered_column == Some(i) {
            outlines.push((rect, Stroke::new(stroke::HAIR, scene.theme().t2)));
        }
    }
    watermark(scene, &inside, rack);
    for (rect, line) in outlines {
        inside.rect_stroke(rect, radius::BAR, line, StrokeKind::Inside);
    }
}

/// Whether a column is in the rack now: opened, and not part of another session already.
fn is_there(scene: &Scene<'_>, column: &Column) -> bool {
    let merged = matches!(column.end, ColumnEnd::Merged(at) if at <= scene.view.now);
    column.opened_at <= scene.view.now && !merged
}

/// Whether an open session is the one that this column will be.
fn is_of(column: &Column, open: &OpenWindow) -> bool {
    let within = column.window.start <= open.window.start && open.window.end <= column.window.end;
    column.session_of.is_some() && open.session_of == column.session_of && within
}

fn ground(scene: &Scene<'_>, outside: &Painter, lanes: &Lanes, rack: Rect) {
    let theme = scene.theme();
    outside.rect_filled(rack, 0.0, theme.plot);
    for tick in time_ticks::ticks(scene.axes.event, 62.0) {
        if rack.x_range().contains(tick.px) {
            marks::vline(outside, tick.px, rack.y_range(), theme.grid);
        }
    }
    let room = (rack.left() - 9.0 - 4.0 - outside.clip_rect().left()).max(0.0);
    for lane in 0..lanes.rows() {
        let y = lanes.row(rack, lane);
        marks::hline(outside, rack.x_range(), y.min, alpha(theme.grid, 0.8));
        let name = lanes.name(lane, scene.trace().stream.key_table());
        let mut job = egui::text::LayoutJob::simple_singleline(name, font::tick(), theme.t3);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let galley = outside.layout_job(job);
        let at = pos2(rack.left() - 9.0 - galley.size().x, y.center() - galley.size().y / 2.0);
        outside.galley(at, galley, theme.t3);
    }
}

fn bar(scene: &Scene<'_>, painter: &Painter, rack: Rect, bar: &Bar<'_>) {
    let theme = scene.theme();
    let (rect, fill) = (bar.rect, theme.window_fill());
    let top = Rangef::new(rect.left(), rect.right());
    let answer = panes::answer(bar.firings);
    let shown = Rangef::new(rect.left().max(rack.left()), rect.right().min(rack.right()));
    match (answer, bar.firings.last()) {
        (Some(answer), Some(last)) => {
            painter.rect_filled(rect, 0.0, fill);
            if last.timing == Timing::Late && last.at > answer.at {
                let visible = Rect::from_x_y_ranges(shown, rect.y_range());
                painter.add(marks::hatch(visible, 6.0, Stroke::new(1.0, alpha(theme.window, 0.42))));
            }
            painter.hline(top, rect.top() + 1.0, Stroke::new(2.0, panes::line_colour(scene, last.at)));
        }
        _ => {
            painter.rect_filled(rect, 0.0, alpha(fill, 0.42));
            let colour = alpha(theme.window, 0.75);
            let line = Stroke::new(stroke::HAIR, colour);
            if bar.firings.is_empty() {
                let y = rect.top().round();
                painter.add(marks::dotted(painter, pos2(shown.min, y), pos2(shown.max, y), colour));
            } else {
                let y = painter.round_to_pixel_center(rect.top());
                painter.add(marks::dashed(pos2(shown.min, y), pos2(shown.max, y), line, 4.0, 3.0));
            }
        }
    }
    words(scene, painter, bar, shown);
}

/// What a bar says: its value, what that was before, and when it was said; as much as fits, and never
/// under the watermark.
fn words(scene: &Scene<'_>, painter: &Painter, bar: &Bar<'_>, shown: Rangef) {
    if shown.span() < LEAST_TEXT {
        return;
    }
    let theme = scene.theme();
    let pieces = pieces(scene, bar);
    let claim = scene.axes.event.px_of(scene.view.watermark().micros());
    let stretches = clear_of(shown, claim);
    let fits = |count: usize| {
        let galley = text::line(scene, &pieces[..count]);
        let width = galley.size().x;
        let at = stretches.iter().find(|stretch| width + 7.0 <= stretch.span())?;
        Some((at.min + 5.0, galley))
    };
    let Some((left, galley)) = (1..=pieces.len()).rev().find_map(fits) else { return };
    let at = pos2(left, bar.rect.center().y + 0.5 - galley.size().y / 2.0);
    let plate = Rect::from_min_size(at, galley.size()).expand2(egui::vec2(2.0, -1.0));
    if bar.firings.last().is_some_and(|last| last.timing == Timing::Late) {
        painter.rect_filled(plate, radius::PLATE, theme.plate());
    }
    painter.galley(at, galley, theme.t1);
}

/// The parts of a stretch that a line across it leaves free, the left one first.
fn clear_of(stretch: Rangef, line: f32) -> Vec<Rangef> {
    const AROUND: f32 = 3.0;
    if !stretch.contains(line) {
        return vec![stretch];
    }
    vec![Rangef::new(stretch.min, line - AROUND), Rangef::new(line + AROUND - 4.0, stretch.max)]
}

fn pieces(scene: &Scene<'_>, bar: &Bar<'_>) -> Vec<Piece> {
    let theme = scene.theme();
    let value = |text: String, ink| Piece::new(text, font::semibold(11.5), ink);
    let column = bar.column.map(|i| &scene.model.columns[i]);
    let said = |firing: &Firing| column.map_or(WindowValue::Unknown, |column| values::said(scene, column, firing));
    if let Some(open) = bar.open.filter(|open| open.fresh > 0) {
        return vec![value(open.value.text(), theme.t2), Piece::word("so far", theme.t3)];
    }
    let Some(last) = bar.firings.last() else { return Vec::new() };
    let mut pieces = vec![value(said(last).text(), theme.t1)];
    let first = panes::answer(bar.firings).filter(|answer| answer.at < last.at).map(said);
    let retracts = scene.trace().pipeline.accumulation == Accumulation::AccumulatingAndRetracting;
    if let Some(first) = first.filter(|first| retracts && *first != said(last)) {
        pieces.push(Piece::withdrawn(first.text(), theme.t3, theme.retract));
    }
    if last.timing != Timing::OnTime {
        pieces.push(Piece::word(values::word(last.timing), theme.t3));
    }
    pieces
}

fn watermark(scene: &Scene<'_>, painter: &Painter, rack: Rect) {
    let claim = scene.view.watermark();
    if !scene.view.legend.shows(LegendItem::Watermark) || !claim.is_finite() {
        return;
    }
    let x = scene.axes.event.px_of(claim.micros());
    let theme = scene.theme();
    painter.vline(x, rack.y_range(), Stroke::new(stroke::CASING, alpha(theme.plot, 0.85)));
    painter.vline(x, rack.y_range(), Stroke::new(stroke::WATERMARK, theme.watermark));
}

/// What is at a place of the rack.
pub fn hit(scene: &Scene<'_>, lanes: &Lanes, rack: Rect, at: Pos2) -> Hit {
    let candidates = scene.columns_in_view();
    if candidates.len() > MOST_BARS {
        return Hit::Nothing;
    }
    let Some(lane) = lanes.lane_at(rack, at.y) else { return Hit::Nothing };
    let place = (lane, scene.axes.event.micros_at(at.x));
    let found = lanes.find(&scene.model.columns, candidates, place, |column| is_there(scene, column));
    found.map_or(Hit::Nothing, hover::Hit::Column)
}
