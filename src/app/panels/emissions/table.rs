//! Where the columns of the emissions stand, and how a row is painted.

use egui::{Align2, Color32, FontId, Painter, Rect, Stroke, pos2, vec2};

use crate::app::panels::emissions::lanes::Lane;
use crate::app::panels::emissions::marks_of_lanes::{self, Style};
use crate::app::panels::number;
use crate::app::panels::time_map::ghost::short;
use crate::app::panels::time_map::spans_days;
use crate::app::panels::window_value::WindowValue;
use crate::app::theme::{Theme, alpha, font, radius, stroke};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::View;
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;

/// Height of a lane, at least.
pub const LANE: f32 = 22.0;
/// Height of a lane with the pinned run below it, at least.
const TWIN_LANE: f32 = 25.0;
/// Height of a lane where there is room for all that the run will have.
const TALL_LANE: f32 = 34.0;
/// Height of the time axis.
pub const AXIS: f32 = 22.0;
/// Width of a column of numbers.
pub const NUMBER: f32 = 58.0;
/// Air between columns of numbers; what would not leave it is written smaller.
const NUMBER_AIR: f32 = 6.0;
/// Least width of the lanes' names.
const NAME_LEAST: f32 = 44.0;
/// Room for the triangle that unfolds a window, and what the names of keys are set in by.
pub const INDENT: f32 = 12.0;

/// One row: a window, or a key of the unfolded one.
pub struct Row {
    /// What is known of it.
    pub lane: Lane,
    /// What the pinned run has of the same window.
    pub pinned: Option<Lane>,
    /// Whether it is a key of the window above.
    pub is_key: bool,
    /// Whether the reader has picked it.
    pub is_selected: bool,
}

/// How much room a row takes, in points.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Its height.
    pub height: f32,
    /// What is left of names.
    pub indent: f32,
}

/// Where the columns of the panel stand.
pub struct Table {
    body: Rect,
    axis: TimeAxis,
    names: f32,
    bars: Rect,
    is_twin: bool,
    height: f32,
    indent: f32,
    /// The day of the last lane, where the run is longer than one.
    day: String,
}

/// The height of a lane in a body of this height for a run of so many windows: the same for all of the run, so
/// that nothing moves while windows come.
pub fn lane_height(body: f32, windows: usize, is_twin: bool) -> f32 {
    let least = if is_twin { TWIN_LANE } else { LANE };
    ((body - AXIS) / windows.max(1) as f32).floor().within(least, TALL_LANE)
}

impl Table {
    /// Lays out these rows, each so high, in `body`. `indent` is the room left of names.
    pub fn new(painter: &Painter, view: &View<'_>, rows: &[Row], body: Rect, Room { height, indent }: Room) -> Self {
        let width = |row: &Row| {
            let name = painter.layout_no_wrap(row.lane.name.clone(), font::value(), Color32::PLACEHOLDER);
            name.size().x + if row.is_key { INDENT } else { 0.0 }
        };
        let names = rows.iter().map(width).fold(NAME_LEAST, f32::max).min(body.width() * 0.34) + indent;
        let left = body.left() + names + 14.0;
        let right = (body.right() - 3.0 * NUMBER).max(left + 20.0);
        let bars = Rect::from_min_max(pos2(left, body.top()), pos2(right, body.bottom() - AXIS));
        let first = rows.iter().map(|row| row.lane.opened_at.micros()).min().unwrap_or(0) as f64;
        let now = view.now.micros() as f64;
        let range = TimeRange::new(first, now.max(first + 1.0));
        let ahead = 0.12 * range.length();
        let axis = TimeAxis::new(TimeRange::new(range.start, range.end + ahead), bars.left(), bars.right());
        let last = rows.last().map_or(0, |row| row.lane.window.start.micros()) as f64;
        let day = time_ticks::day_caption(TimeRange::new(last, last));
        let day = day.rsplit_once(' ').map_or(String::new(), |(day, _year)| day.to_owned());
        let day = if spans_days(&view.run.trace) { day } else { String::new() };
        Self { body, axis, names, bars, is_twin: view.pinned.is_some(), height, indent, day }
    }

    /// The rectangle of a row, by its place from the top.
    pub fn row(&self, row: usize) -> Rect {
        let top = self.body.top() + row as f32 * self.height;
        Rect::from_min_max(pos2(self.body.left() - 6.0, top), pos2(self.body.right() + 6.0, top + self.height))
    }

    /// The grid and the names of its lines.
    pub fn paint_ground(&self, painter: &Painter, theme: &Theme) {
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

    /// A row: its name, its marks, its numbers.
    pub fn paint_row(&self, painter: &Painter, view: &View<'_>, row: &Row, rect: Rect, is_hovered: bool) {
        let theme = view.theme;
        if row.is_selected {
            painter.rect_filled(rect, radius::SEGMENT, alpha(theme.you, 0.12));
            painter.rect_filled(Rect::from_min_size(rect.left_top(), vec2(2.0, rect.height())), 0.0, theme.you);
        } else if is_hovered {
            painter.rect_filled(rect, radius::SEGMENT, theme.field);
        }
        let y = rect.center().y;
        let left = self.body.left() + self.indent + if row.is_key { INDENT } else { 0.0 };
        let clip = Rect::from_x_y_ranges(left..=self.body.left() + self.names + 8.0, rect.y_range());
        let (font, ink) = match (row.is_selected, row.is_key) {
            (true, _) => (font::semibold(12.0), theme.t1),
            (false, true) => (font::body(), theme.t2),
            (false, false) => (font::value(), theme.t1),
        };
        let name = painter.with_clip_rect(clip.intersect(painter.clip_rect()));
        name.text(pos2(left, y), Align2::LEFT_CENTER, &row.lane.name, font, ink);
        let clip = Rect::from_x_y_ranges(self.bars.left() - 4.0..=self.bars.right() + 4.0, rect.y_range());
        let bars = painter.with_clip_rect(clip.intersect(painter.clip_rect()));
        if self.is_twin {
            let style = |colour| Style { colour, half: 2.5, mark: 5.0 };
            if let Some(pinned) = &row.pinned {
                marks_of_lanes::paint(&bars, theme, self.axis, pinned, y + 6.0, style(theme.ghost));
            }
            marks_of_lanes::paint(&bars, theme, self.axis, &row.lane, y - 4.5, style(theme.window));
            self.paint_twin_numbers(painter, theme, row, y);
        } else {
            let half = (self.height / LANE * 4.0).min(5.5);
            let style = Style { colour: theme.window, half: if row.is_key { 2.5 } else { half }, mark: half + 2.5 };
            marks_of_lanes::paint(&bars, theme, self.axis, &row.lane, y, style);
            self.paint_numbers(painter, theme, &row.lane, y);
        }
    }

    fn text(&self, painter: &Painter, y: f32, place: usize, text: &str, font: FontId, colour: Color32) {
        let galley = painter.layout_no_wrap(text.to_owned(), font.clone(), colour);
        let fits = galley.size().x <= NUMBER - NUMBER_AIR;
        let font = if fits { font } else { FontId::new(10.0, font.family) };
        painter.text(pos2(self.number_right(place), y), Align2::RIGHT_CENTER, text, font, colour);
    }

    fn paint_numbers(&self, painter: &Painter, theme: &Theme, lane: &Lane, y: f32) {
        let value_colour = if lane.is_fired { theme.t1 } else { theme.t3 };
        self.text(painter, y, 0, &lane.value.text(), font::value(), value_colour);
        let truth =
            if lane.is_open && lane.truth == WindowValue::Unknown { "\u{2026}".to_owned() } else { lane.truth.text() };
        self.text(painter, y, 1, &truth, font::body(), theme.t3);
        match lane.off_by {
            // Nothing to compare yet, or nothing that is one number.
            None => {
                // A number that is still growing is not off.
                let said = if lane.is_fired && !lane.is_open { "\u{2013}" } else { "so far" };
                self.text(painter, y, 2, said, font::body(), theme.t3);
            }
            Some(off_by) => {
                let shown = number::difference(off_by);
                let (font, colour) =
                    if shown == "0" { (font::body(), theme.t3) } else { (font::semibold(12.0), theme.dropped) };
                self.text(painter, y, 2, &shown, font, colour);
            }
        }
    }

    fn paint_twin_numbers(&self, painter: &Painter, theme: &Theme, row: &Row, y: f32) {
        let said = |lane: &Lane| if lane.is_fired { lane.value.text() } else { "open".to_owned() };
        let ink = |lane: &Lane, colour| if lane.is_fired { colour } else { theme.t3 };
        self.text(painter, y, 0, &said(&row.lane), font::value(), ink(&row.lane, theme.t1));
        let pinned = row.pinned.as_ref().map_or("\u{2013}".to_owned(), said);
        let colour = row.pinned.as_ref().map_or(theme.t3, |lane| ink(lane, theme.ghost));
        self.text(painter, y, 1, &pinned, font::body(), colour);
        let later = row.pinned.as_ref().and_then(|pinned| Some(row.lane.on_time_at()? - pinned.on_time_at()?));
        let (text, font, colour) = match later {
            None => ("\u{2026}".to_owned(), font::body(), theme.t3),
            Some(later) if later.micros() == 0 => ("0 s".to_owned(), font::body(), theme.t3),
            Some(later) => (short(later), font::semibold(12.0), theme.t1),
        };
        self.text(painter, y, 2, &text, font, colour);
    }

    /// The line of the current instant.
    pub fn paint_now(&self, painter: &Painter, view: &View<'_>) {
        let x = self.axis.px_of(view.now.micros());
        if self.bars.x_range().expand(1.0).contains(x) {
            let x = painter.round_to_pixel_center(x);
            painter.vline(x, self.bars.y_range(), Stroke::new(stroke::SELECTION, view.theme.now));
        }
    }
}
