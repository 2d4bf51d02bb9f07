//! Painting the topology: cards, bars and edges. Busy is solid blue, idle a quiet bar, backpressured
//! orange with a hatch; a full channel is orange with its count beside it.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use crate::app::panels::topology::ends::Ends;
use crate::app::panels::topology::layout::Card;
use crate::app::panels::topology::model::{Bar, Edge, Fill, Row, Stage};
use crate::app::theme::{Theme, alpha, font, radius, stroke};
use crate::app::widgets::marks;
use crate::metrics::tasks::Shares;
use crate::metrics::tasks::phrase::Clock;
use crate::time::EventTime;

/// What paints.
pub struct Brush<'a> {
    /// Where.
    pub painter: &'a Painter,
    /// In which colours.
    pub theme: &'a Theme,
    /// How instants are told.
    pub clock: Clock,
    /// How many times its size everything is.
    pub scale: f32,
}

/// Where the arrow of an edge is, from the top of the cards.
const ARROW: f32 = 58.0;
/// Squares that stand for the credits of a channel.
const SQUARES: usize = 8;

impl Brush<'_> {
    fn tick(&self) -> FontId {
        font::regular(11.0 * self.scale)
    }

    fn legend(&self) -> FontId {
        font::regular(11.5 * self.scale)
    }

    fn legend_value(&self) -> FontId {
        font::medium(11.5 * self.scale)
    }

    fn title(&self) -> FontId {
        font::semibold(12.5 * self.scale)
    }

    /// A card with its title. The slow one has a rim of its own, and says so.
    pub fn card(&self, card: &Card, stage: &Stage) {
        let theme = self.theme;
        let (rim, colour) = if stage.is_cause() { (1.8, theme.busy) } else { (1.0, theme.hair) };
        self.painter.rect_filled(card.rect, radius::CARD, theme.raised);
        self.painter.rect_stroke(card.rect, radius::CARD, Stroke::new(rim, colour), StrokeKind::Inside);
        let at = card.rect.min + vec2(12.0, 16.0 * self.scale);
        let name = self.painter.text(at, Align2::LEFT_CENTER, stage.name, self.title(), theme.t1);
        let below = card.rect.min + vec2(12.0, 33.0 * self.scale);
        if stage.is_cause() {
            let words = self.painter.layout_no_wrap("the cause".to_owned(), self.legend_value(), theme.t1);
            let size = words.size();
            let left = card.rect.right() - 12.0 - size.x;
            // In a narrow card it takes the place of the number of tasks.
            if left < name.right() + 6.0 {
                self.painter.galley(below - vec2(0.0, size.y / 2.0), words, theme.t1);
                return;
            }
            self.painter.galley(pos2(left, at.y - size.y / 2.0), words, theme.t1);
        }
        self.painter.text(below, Align2::LEFT_CENTER, &stage.about, self.tick(), theme.t3);
    }

    /// Who sends the records: a circle for each, as far as there is room.
    pub fn producers(&self, rect: Rect, ends: &Ends) {
        let (theme, k) = (self.theme, self.scale);
        self.ground(rect, ends.source, &ends.about);
        for place in 0..ends.marks {
            let at = pos2(rect.left() + (20.0 + 19.0 * place as f32) * k, rect.top() + 62.0 * k);
            self.painter.circle_stroke(at, 7.0 * k, Stroke::new(1.3, theme.on_time));
            self.painter.circle_filled(at, 2.4 * k, theme.on_time);
        }
    }

    /// What readers see: the latest windows.
    pub fn table(&self, rect: Rect, rows: &[(String, String)]) {
        let (theme, k) = (self.theme, self.scale);
        self.ground(rect, "Table", if rows.is_empty() { "empty so far" } else { "latest windows" });
        for (place, (window, value)) in rows.iter().enumerate() {
            let y = rect.top() + (62.0 + 20.0 * place as f32) * k;
            self.painter.text(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, window, self.tick(), theme.t3);
            let font = font::medium(12.0 * k);
            self.painter.text(pos2(rect.right() - 12.0, y), Align2::RIGHT_CENTER, value, font, theme.t1);
        }
    }

    fn ground(&self, rect: Rect, name: &str, about: &str) {
        let theme = self.theme;
        self.painter.rect_filled(rect, radius::CARD, theme.raised);
        self.painter.rect_stroke(rect, radius::CARD, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
        let at = rect.min + vec2(12.0, 16.0 * self.scale);
        self.painter.text(at, Align2::LEFT_CENTER, name, self.title(), theme.t1);
        let at = rect.min + vec2(12.0, 33.0 * self.scale);
        self.painter.text(at, Align2::LEFT_CENTER, about, self.tick(), theme.t3);
    }

    /// A task, or a partition.
    pub fn row(&self, rect: Rect, row: &Row, has_details: bool) {
        let theme = self.theme;
        let line = if has_details { rect.height() * 0.4 } else { rect.height() };
        let has_text = line >= 12.0;
        let y = rect.top() + line / 2.0;
        let (mut left, mut right) = (rect.left(), rect.right());
        if has_text {
            if !row.number.is_empty() {
                let name = if row.is_cause { self.legend_value() } else { self.tick() };
                let colour = if row.is_cause { theme.t1 } else { theme.t3 };
                self.painter.text(pos2(left, y), Align2::LEFT_CENTER, &row.number, name, colour);
                left += 18.0 * self.scale;
            }
            self.painter.text(pos2(right, y), Align2::RIGHT_CENTER, &row.value, self.tick(), theme.t2);
            right -= 44.0 * self.scale;
        }
        let thick = if has_details {
            line - 7.0
        } else if has_text {
            9.0 * self.scale
        } else {
            (line - 1.0).max(2.0)
        };
        let bar = Rect::from_min_max(pos2(left, y - thick / 2.0), pos2(right.max(left + 4.0), y + thick / 2.0));
        match row.bar {
            Bar::Task(shares) => self.shares(bar, shares),
            Bar::Lag(share) => {
                self.painter.rect_filled(bar, radius::BAR, alpha(theme.idle, 0.5));
                let full = bar.with_max_x(bar.left() + bar.width() * share as f32);
                self.backpressured(full);
            }
        }
        if has_details {
            self.details(rect.with_min_y(rect.top() + line), left, row);
        }
    }

    /// The second line: how full, the watermark, the silence by name.
    fn details(&self, rect: Rect, left: f32, row: &Row) {
        let theme = self.theme;
        let y = rect.top() + 7.0 * self.scale;
        let mut end = rect.right();
        if let Some(watermark) = row.watermark {
            end = self.watermark(pos2(end, y), Align2::RIGHT_CENTER, watermark).left() - 8.0;
        }
        let mut at = left;
        if let Some(fill) = row.fill {
            let meter = Rect::from_min_size(pos2(at, y - 3.0 * self.scale), vec2(20.0, 6.0) * self.scale);
            self.meter(meter, fill);
            at = meter.right() + 5.0;
        }
        let words = match (row.silence, row.fill) {
            (Some(silence), _) => silence.to_owned(),
            (None, Some(fill)) => fill.in_words(),
            (None, None) => return,
        };
        let galley = self.painter.layout_no_wrap(words, self.tick(), theme.t2);
        if at + galley.size().x <= end {
            self.painter.galley(pos2(at, y - galley.size().y / 2.0), galley, theme.t2);
        }
    }

    /// Busy from the left, backpressured after it, idle the rest.
    fn shares(&self, bar: Rect, shares: Shares) {
        let theme = self.theme;
        self.painter.rect_filled(bar, radius::BAR, theme.idle);
        let busy = bar.left() + bar.width() * shares.busy as f32;
        let held = busy + bar.width() * shares.backpressured as f32;
        if busy - bar.left() >= 0.5 {
            self.painter.rect_filled(bar.with_max_x(busy), radius::BAR, theme.busy);
        }
        self.backpressured(Rect::from_min_max(pos2(busy, bar.top()), pos2(held, bar.bottom())));
    }

    fn backpressured(&self, rect: Rect) {
        if rect.width() < 0.5 {
            return;
        }
        self.painter.rect_filled(rect, radius::BAR, self.theme.backpressure);
        self.painter.add(marks::hatch(rect, 5.0, Stroke::new(1.4, alpha(self.theme.panel, 0.55))));
    }

    fn meter(&self, rect: Rect, fill: Fill) {
        self.painter.rect_filled(rect, radius::BAR, alpha(self.theme.idle, 0.6));
        let part = rect.with_max_x(rect.left() + rect.width() * fill.share() as f32);
        if fill.is_full() {
            self.backpressured(part);
        } else if part.width() >= 0.5 {
            self.painter.rect_filled(part, radius::BAR, self.theme.busy);
        }
    }

    /// A watermark: a short green line and an instant. Where it came to lie.
    fn watermark(&self, at: Pos2, anchor: Align2, watermark: EventTime) -> Rect {
        let words = self.clock.tell(watermark.on_proc_clock());
        let galley = self.painter.layout_no_wrap(words, self.tick(), self.theme.t2);
        let rect = anchor.anchor_size(at, galley.size() + vec2(13.0, 0.0));
        let line = [pos2(rect.left(), rect.center().y), pos2(rect.left() + 9.0, rect.center().y)];
        self.painter.add(Shape::line_segment(line, Stroke::new(stroke::WATERMARK, self.theme.watermark)));
        self.painter.galley(rect.min + vec2(13.0, 0.0), galley, self.theme.t2);
        rect
    }

    /// What flows from a stage to the next: rate above the arrow; watermark and credits below it.
    pub fn edge(&self, rect: Rect, edge: &Edge) {
        let theme = self.theme;
        let y = rect.top() + ARROW * self.scale;
        let x = rect.center().x;
        self.painter.text(pos2(x, y - 13.0 * self.scale), Align2::CENTER_CENTER, &edge.rate, self.legend(), theme.t1);
        let is_full = edge.fill.is_some_and(Fill::is_full);
        let colour = if edge.is_blocked || is_full { theme.backpressure } else { theme.t3 };
        let (from, to) = (pos2(rect.left() + 6.0, y), pos2(rect.right() - 5.0, y));
        let width = if edge.is_blocked { 4.0 } else { 2.0 };
        self.painter.line_segment([from, to - vec2(7.0, 0.0)], Stroke::new(width, colour));
        self.head(to, colour);
        let mut below = y + 16.0 * self.scale;
        if let Some(watermark) = edge.watermark {
            self.watermark(pos2(x, below), Align2::CENTER_CENTER, watermark);
            below += 16.0 * self.scale;
        }
        if let Some(fill) = edge.fill {
            self.credits(pos2(x, below), fill, colour);
        }
    }

    fn head(&self, at: Pos2, colour: Color32) {
        let points = vec![at, at + vec2(-9.0, -5.5), at + vec2(-9.0, 5.5)];
        self.painter.add(Shape::convex_polygon(points, colour, egui::epaint::PathStroke::NONE));
    }

    /// Squares for the credits that are taken, and the count.
    fn credits(&self, at: Pos2, fill: Fill, colour: Color32) {
        let theme = self.theme;
        let mut at = at;
        if fill.capacity.is_some() {
            let taken = if fill.level == 0 { 0 } else { ((fill.share() * SQUARES as f64) as usize).max(1) };
            let left = at.x - (SQUARES as f32 * 7.0 - 2.0) / 2.0 * self.scale;
            for square in 0..SQUARES {
                let rect = Rect::from_min_size(
                    pos2(left + square as f32 * 7.0 * self.scale, at.y - 3.0),
                    vec2(5.0, 7.0) * self.scale,
                );
                let full = if fill.is_full() { colour } else { theme.busy };
                self.painter.rect_filled(rect, 1.0, if square < taken { full } else { alpha(theme.idle, 0.6) });
            }
            at.y += 15.0 * self.scale;
        }
        let words = if fill.is_full() { theme.t1 } else { theme.t3 };
        self.painter.text(at, Align2::CENTER_CENTER, fill.in_words(), self.tick(), words);
    }

    /// The dead letters, and the way that they take from the sources.
    pub fn dead_letters(&self, rect: Rect, sources: Rect, letters: usize) {
        let theme = self.theme;
        let y = rect.center().y;
        let way = Stroke::new(1.2, theme.t3);
        let corner = pos2(sources.center().x, y);
        self.painter.add(marks::dashed(pos2(corner.x, sources.bottom()), corner, way, 3.0, 3.0));
        self.painter.add(marks::dashed(corner, pos2(rect.left() - 12.0, y), way, 3.0, 3.0));
        self.head(pos2(rect.left() - 5.0, y), theme.t3);
        self.painter.rect_filled(rect, radius::CARD, theme.raised);
        self.painter.rect_stroke(rect, radius::CARD, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
        self.painter.text(pos2(rect.left() + 12.0, y), Align2::LEFT_CENTER, "Dead letters", self.title(), theme.t1);
        let count = crate::human::count(letters as u64);
        let colour = if letters > 0 { theme.t1 } else { theme.t3 };
        self.painter.text(
            pos2(rect.right() - 12.0, y),
            Align2::RIGHT_CENTER,
            count,
            font::medium(12.0 * self.scale),
            colour,
        );
    }
}
