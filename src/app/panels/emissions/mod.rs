//! Emissions: one lane per window, from its first record to the end of its state, with every firing
//! on the way and the value beside the truth.
//!
//! - [`lanes`]: which windows are shown, and what is known of each

mod lanes;
mod truth;

use egui::{Align2, Color32, FontId, Painter, Pos2, Rangef, Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::app::panels::number;
use crate::app::panels::time_map::spans_days;
use crate::app::theme::{Theme, alpha, font, radius, space, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::{frame, marks};
use crate::window::pane::Timing;

use lanes::{Lane, Lanes};

/// Height of a lane.
const LANE: f32 = 22.0;
/// Height of the time axis.
const AXIS: f32 = 22.0;
/// Widths of the columns of numbers.
const NUMBER: f32 = 54.0;
/// Room that the name of the first column of numbers takes left of its right end.
const HEAD_REACH: f32 = 40.0;
/// Least width of the lanes' names.
const NAME_LEAST: f32 = 44.0;

/// What the panel keeps between frames.
#[derive(Default)]
pub struct EmissionsState {
    lanes: Option<Lanes>,
    /// How many lanes the reader has scrolled back from the newest.
    back: f32,
}

/// Draws the panel into all of `ui`.
pub fn emissions_ui(ui: &mut Ui, view: &View<'_>, state: &mut EmissionsState, commands: &mut Vec<Command>) {
    if !state.lanes.as_ref().is_some_and(|lanes| lanes.is_of(view)) {
        state.lanes = Some(Lanes::of(view, state.lanes.as_ref()));
    }
    let rect = ui.max_rect();
    let has_early = state.lanes.as_ref().is_some_and(|lanes| lanes.has_early);
    frame::panel(ui, view.theme, rect, "Emissions", |ui| legend_ui(ui, view.theme, has_early), |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    frame::scope(ui, "emissions body", body, egui::Layout::top_down(egui::Align::Min), |ui| {
        body_ui(ui, view, state, body, commands);
    });
}

fn legend_ui(ui: &mut Ui, theme: &Theme, has_early: bool) {
    ui.spacing_mut().item_spacing.x = 5.0;
    let columns = ui.max_rect().right() - 2.0 * NUMBER - HEAD_REACH;
    for (place, name) in ["early", "on time", "late", "kept for late ones"].into_iter().enumerate() {
        if place == 0 && !has_early {
            continue;
        }
        let width = ui.painter().layout_no_wrap(name.to_owned(), font::legend(), theme.t2).size().x;
        if ui.cursor().left() + 14.0 + 5.0 + width > columns {
            break;
        }
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, space::HIT), Sense::hover());
        let at = rect.center();
        match place {
            0 => early_mark(ui.painter(), theme, at),
            1 => on_time_mark(ui.painter(), theme, at),
            2 => late_mark(ui.painter(), theme, at),
            _ => kept_mark(ui.painter(), theme, rect.x_range(), at.y),
        }
        ui.label(egui::RichText::new(name).font(font::legend()).color(theme.t2));
        ui.add_space(3.0);
    }
    let y = ui.max_rect().center().y;
    for (place, name) in ["value", "truth", "off by"].into_iter().enumerate() {
        let at = pos2(ui.max_rect().right() - NUMBER * (2 - place) as f32, y);
        ui.painter().text(at, Align2::RIGHT_CENTER, name, font::legend(), theme.t3);
    }
}

fn early_mark(painter: &Painter, theme: &Theme, at: Pos2) {
    marks::vline(painter, at.x, Rangef::new(at.y - 5.0, at.y + 5.0), alpha(theme.window, 0.9));
}

fn on_time_mark(painter: &Painter, theme: &Theme, at: Pos2) {
    let rect = Rect::from_center_size(at, vec2(3.0, 13.0));
    painter.rect_filled(rect, 1.0, theme.window);
}

fn late_mark(painter: &Painter, theme: &Theme, at: Pos2) {
    painter.add(marks::triangle_hollow(at, 4.0, theme.window));
}

/// A late firing at a place, or several with their number.
fn late_cluster(painter: &Painter, theme: &Theme, y: f32, cluster: Option<(f32, usize)>) {
    let Some((x, count)) = cluster else { return };
    late_mark(painter, theme, pos2(x, y));
    if count > 1 {
        let at = pos2(x + 7.0, y);
        let text = format!("\u{d7}{count}");
        let galley = painter.layout_no_wrap(text, font::tick_inside(), theme.t2);
        let words = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        painter.rect_filled(words.expand2(vec2(2.0, 0.0)), radius::PLATE, theme.panel);
        painter.galley(words.min, galley, theme.t2);
    }
}

fn kept_mark(painter: &Painter, theme: &Theme, x: Rangef, y: f32) {
    painter.add(marks::dotted(painter, pos2(x.min, y), pos2(x.max, y), alpha(theme.window, 0.9)));
}

fn body_ui(ui: &mut Ui, view: &View<'_>, state: &mut EmissionsState, body: Rect, commands: &mut Vec<Command>) {
    let EmissionsState { lanes: Some(lanes), back } = state else { return };
    let opened = lanes.opened(view);
    let rows = (((body.height() - AXIS) / LANE).floor().max(1.0) as usize).min(200);
    if opened.is_empty() {
        let text = "No window has a record yet";
        ui.painter().text(body.center(), Align2::CENTER_CENTER, text, font::body(), view.theme.t3);
        return;
    }
    let first = scrolled(ui, view, lanes, &opened, rows, back, body);
    let shown: Vec<Lane> =
        opened[first..(first + rows).min(opened.len())].iter().map(|&column| lanes.lane(view, column)).collect();
    let table = Table::new(ui.painter(), view, &shown, body);
    table.paint_ground(ui.painter(), view.theme);
    for (row, lane) in shown.iter().enumerate() {
        let rect = table.row(row);
        let response = ui.interact(rect, ui.scope_id().with(lane.column), Sense::click());
        response.widget_info(|| {
            let label = format!("Window {}, value {}", lane.name, lane.value);
            egui::WidgetInfo::selected(egui::Role::Row, true, lane.is_selected, label)
        });
        if response.clicked() {
            let selection = Selection::Window { key: lane.key, window: lane.window };
            commands.push(Command::Select(if lane.is_selected { Selection::None } else { selection }));
        }
        table.paint_lane(ui.painter(), view, lane, rect, response.hovered());
    }
    table.paint_now(ui.painter(), view);
}

/// The first lane to show: the newest ones, or as far back as the reader has scrolled, or around
/// the selection where that would be out of sight.
fn scrolled(
    ui: &Ui,
    view: &View<'_>,
    lanes: &Lanes,
    opened: &[usize],
    rows: usize,
    back: &mut f32,
    body: Rect,
) -> usize {
    let most = opened.len().saturating_sub(rows);
    let is_inside = ui.rect_contains_pointer(body);
    let scroll = if is_inside { ui.input(|input| input.smooth_scroll_delta().y) } else { 0.0 };
    *back = (*back + scroll / LANE).clamp(0.0, most as f32);
    let first = most - (*back as usize).min(most);
    let selected = lanes.selected(view).and_then(|column| opened.iter().position(|&other| other == column));
    match selected {
        Some(place) if *back < 1.0 && place < first => place.saturating_sub(rows / 2).min(most),
        _ => first,
    }
}

/// Where the columns of the panel stand.
struct Table {
    body: Rect,
    axis: TimeAxis,
    names: f32,
    bars: Rect,
    /// The day of the last lane, where the run is longer than one.
    day: String,
}

impl Table {
    fn new(painter: &Painter, view: &View<'_>, lanes: &[Lane], body: Rect) -> Self {
        let width =
            |lane: &Lane| painter.layout_no_wrap(lane.name.clone(), font::value(), Color32::PLACEHOLDER).size().x;
        let names = lanes.iter().map(width).fold(NAME_LEAST, f32::max).min(body.width() * 0.34);
        let left = body.left() + names + 14.0;
        let right = (body.right() - 3.0 * NUMBER).max(left + 20.0);
        let bars = Rect::from_min_max(pos2(left, body.top()), pos2(right, body.bottom() - AXIS));
        let first = lanes.iter().map(|lane| lane.opened_at.micros()).min().unwrap_or(0) as f64;
        let now = view.now.micros() as f64;
        let range = TimeRange::new(first, now.max(first + 1.0));
        let ahead = 0.12 * range.length();
        let axis = TimeAxis::new(TimeRange::new(range.start, range.end + ahead), bars.left(), bars.right());
        let last = lanes.last().map_or(0, |lane| lane.window.start.micros()) as f64;
        let day = time_ticks::day_caption(TimeRange::new(last, last));
        let day = day.rsplit_once(' ').map_or(String::new(), |(day, _year)| day.to_owned());
        let day = if spans_days(&view.run.trace) { day } else { String::new() };
        Self { body, axis, names, bars, day }
    }

    fn row(&self, row: usize) -> Rect {
        let top = self.body.top() + row as f32 * LANE;
        Rect::from_min_max(pos2(self.body.left() - 6.0, top), pos2(self.body.right() + 6.0, top + LANE))
    }

    fn paint_ground(&self, painter: &Painter, theme: &Theme) {
        for tick in time_ticks::ticks(self.axis, 44.0) {
            marks::vline(painter, tick.px, self.bars.y_range(), theme.grid);
            let galley = painter.layout_no_wrap(tick.label, font::tick(), theme.t3);
            let left = tick.px - galley.size().x / 2.0;
            if left >= self.bars.left() - 12.0 && left + galley.size().x <= self.bars.right() + 12.0 {
                painter.galley(pos2(left, self.bars.bottom() + 4.0), galley, theme.t3);
            }
        }
        if !self.day.is_empty() {
            let at = pos2(self.body.left(), self.bars.bottom() + 4.0);
            painter.text(at, Align2::LEFT_TOP, &self.day, font::tick(), theme.t3);
        }
    }

    fn number_right(&self, place: usize) -> f32 {
        self.body.right() - NUMBER * (2 - place) as f32
    }

    fn paint_lane(&self, painter: &Painter, view: &View<'_>, lane: &Lane, row: Rect, is_hovered: bool) {
        let theme = view.theme;
        if lane.is_selected {
            painter.rect_filled(row, radius::SEGMENT, alpha(theme.you, 0.12));
            let edge = Rect::from_min_size(row.left_top(), vec2(2.0, row.height()));
            painter.rect_filled(edge, 0.0, theme.you);
        } else if is_hovered {
            painter.rect_filled(row, radius::SEGMENT, theme.field);
        }
        let y = row.center().y;
        let name = painter.with_clip_rect(Rect::from_x_y_ranges(
            self.body.left()..=self.body.left() + self.names + 8.0,
            row.y_range(),
        ));
        let font = if lane.is_selected { font::semibold(12.0) } else { font::value() };
        name.text(pos2(self.body.left(), y), Align2::LEFT_CENTER, &lane.name, font, theme.t1);
        let clip = Rect::from_x_y_ranges(self.bars.left() - 4.0..=self.bars.right() + 4.0, row.y_range());
        self.paint_bar(&painter.with_clip_rect(clip.intersect(painter.clip_rect())), theme, lane, y);
        self.paint_numbers(painter, theme, lane, y);
    }

    fn paint_bar(&self, painter: &Painter, theme: &Theme, lane: &Lane, y: f32) {
        let x = |at: crate::time::ProcTime| self.axis.px_of(at.micros());
        let answered = lane.firings.iter().find(|(timing, _)| *timing != Timing::Early).map(|&(_, at)| at);
        let opened = x(lane.opened_at);
        let until = x(answered.unwrap_or(lane.until));
        let bar = Rect::from_min_max(pos2(opened, y - 4.0), pos2(until.max(opened + 2.0), y + 4.0));
        painter.rect_filled(bar, radius::BAR, alpha(theme.window, if answered.is_some() { 0.38 } else { 0.24 }));
        if answered.is_some() && x(lane.until) - until > 3.0 {
            kept_mark(painter, theme, Rangef::new(until + 3.0, x(lane.until)), y);
            marks::vline(painter, x(lane.until), Rangef::new(y - 3.0, y + 3.0), alpha(theme.window, 0.6));
        }
        // A flush fires a dozen corrections within a few pixels: one mark with their number.
        let mut late: Option<(f32, usize)> = None;
        for &(timing, at) in &lane.firings {
            let at = pos2(x(at), y);
            match (timing, &mut late) {
                (Timing::Early, _) => early_mark(painter, theme, at),
                (Timing::OnTime | Timing::AtEnd, _) => on_time_mark(painter, theme, at),
                (Timing::Late, Some((first, count))) if at.x - *first < 7.0 => *count += 1,
                (Timing::Late, late) => {
                    late_cluster(painter, theme, y, *late);
                    *late = Some((at.x, 1));
                }
            }
        }
        late_cluster(painter, theme, y, late);
    }

    fn paint_numbers(&self, painter: &Painter, theme: &Theme, lane: &Lane, y: f32) {
        let text = |place: usize, text: &str, font: FontId, colour: Color32| {
            painter.text(pos2(self.number_right(place), y), Align2::RIGHT_CENTER, text, font, colour);
        };
        let value_colour = if lane.is_fired { theme.t1 } else { theme.t3 };
        text(0, &lane.value, font::value(), value_colour);
        text(1, &lane.truth, font::body(), theme.t3);
        match lane.off_by {
            // Nothing to compare yet, or nothing that is one number.
            None => text(2, if lane.is_fired { "\u{2013}" } else { "\u{2026}" }, font::body(), theme.t3),
            Some(off_by) => {
                let shown = number::difference(off_by);
                let (font, colour) =
                    if shown == "0" { (font::body(), theme.t3) } else { (font::semibold(12.0), theme.dropped) };
                text(2, &shown, font, colour);
            }
        }
    }

    fn paint_now(&self, painter: &Painter, view: &View<'_>) {
        let x = self.axis.px_of(view.now.micros());
        if self.bars.x_range().expand(1.0).contains(x) {
            let x = painter.round_to_pixel_center(x);
            painter.vline(x, self.bars.y_range(), Stroke::new(stroke::SELECTION, view.theme.now));
        }
    }
}
