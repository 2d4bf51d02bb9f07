//! What readers have seen of every window, one row of bars for each guarantee, all on one scale.
//!
//! A bar stands for the windows of one start, over all keys; where there are more than fit, for several
//! neighbours. What is missing is hatched, what is there too often stands on top.

use egui::{Align2, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::recovery::strip::NAMES;
use crate::app::theme::{Theme, alpha, font};
use crate::app::time_ticks;
use crate::app::widgets::marks;
use crate::human;
use crate::pipeline::Delivery;
use crate::time::EventTime;
use crate::twin::guarantees::{Guarantees, ORDER, Outcome, Totals};

/// Room for sums right of the bars, for the legend above them, and for their times below.
const SUMS: f32 = 210.0;
const LEGEND: f32 = 22.0;
const TIMES: f32 = 20.0;
/// No bar is narrower, its gap included; none is wider.
const LEAST: f32 = 5.0;
const WIDEST: f32 = 140.0;

/// A bar: the start of its first window, and its records.
type Bar = (EventTime, Totals);

/// Draws the three rows into `area`.
pub fn bars_ui(ui: &mut Ui, theme: &Theme, guarantees: &Guarantees, area: Rect) {
    let left = area.left() + NAMES;
    let right = (area.right() - SUMS).max(left + 40.0);
    let most = ((right - left) / LEAST).max(1.0) as usize;
    let rows: Vec<Vec<Bar>> =
        guarantees.outcomes.iter().map(|it| it.as_ref().map_or_else(|_| Vec::new(), Outcome::by_start)).collect();
    let several = rows.iter().map(Vec::len).max().unwrap_or(0).div_ceil(most).max(1);
    let rows: Vec<Vec<Bar>> = rows.iter().map(|row| row.chunks(several).map(sum).collect()).collect();
    let top = rows.iter().flatten().map(|(_, it)| it.expected.max(it.expected - it.lost + it.repeated)).max();
    let scale =
        Scale { most: top.unwrap_or(0).max(1) as f32 * 1.12, bars: rows.iter().map(Vec::len).max().unwrap_or(0) };
    let painter = ui.painter().with_clip_rect(area);
    // Of several notes the longest says most.
    let notes = guarantees.outcomes.iter().flatten().map(|it| it.note.as_str());
    let note = notes.filter(|note| !note.is_empty()).max_by_key(|note| note.len());
    let has_stuck = guarantees.outcomes.iter().flatten().any(Outcome::is_stuck);
    self::legend(&painter, theme, area, several, (note.is_some(), has_stuck));
    let legend = if let Some(note) = note {
        let at = pos2(left, area.top() + LEGEND);
        let galley = painter.layout(note.to_owned(), font::tick(), theme.t2, area.right() - left);
        let high = galley.size().y;
        painter.galley(at, galley, theme.t2);
        LEGEND + high + 6.0
    } else {
        LEGEND
    };
    let height = (area.height() - legend - TIMES) / 3.0;
    for (place, (outcome, bars)) in guarantees.outcomes.iter().zip(&rows).enumerate() {
        let top = area.top() + legend + height * place as f32;
        let row = Rect::from_x_y_ranges(area.x_range(), top..=top + height);
        let plot = Rect::from_x_y_ranges(left..=right, top + 4.0..=top + height - 6.0);
        let (name, sink) = name(ORDER[place]);
        let middle = plot.center().y;
        painter.text(pos2(area.left(), middle - 8.0), Align2::LEFT_CENTER, name, font::value(), theme.t1);
        painter.text(pos2(area.left(), middle + 8.0), Align2::LEFT_CENTER, sink, font::tick(), theme.t3);
        if let Ok(outcome) = outcome {
            painter.text(pos2(area.left(), middle + 22.0), Align2::LEFT_CENTER, every(outcome), font::tick(), theme.t3);
        }
        painter.rect_filled(plot, 0.0, theme.plot);
        let words = match outcome {
            Ok(outcome) => {
                scale.draw(&painter, theme, plot, bars, outcome.is_stuck());
                sums(&painter, theme, plot, outcome);
                told(name, outcome)
            }
            Err(why) => {
                let words = format!("Cannot be run: {why}");
                let galley = painter.layout(words.clone(), font::body(), theme.t3, plot.width() - 24.0);
                painter.galley(plot.left_center() + vec2(12.0, -galley.size().y / 2.0), galley, theme.t3);
                format!("{name}: {words}")
            }
        };
        let response = ui.interact(row, ui.scope_id().with(("guarantee", place)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        response.on_hover_text(words);
    }
    if let Some(longest) = rows.iter().max_by_key(|row| row.len()) {
        scale.times(&painter, theme, Rect::from_x_y_ranges(left..=right, area.top()..=area.bottom() - TIMES), longest);
    }
}

/// A guarantee and the sink that goes with it.
fn name(delivery: Delivery) -> (&'static str, &'static str) {
    match delivery {
        Delivery::AtMostOnce => ("At most once", "rows appended"),
        Delivery::AtLeastOnce => ("At least once", "rows appended"),
        Delivery::ExactlyOnce => ("Exactly once", "rows in transactions"),
    }
}

/// From one checkpoint to the next, and whether anybody has said so.
fn every(outcome: &Outcome) -> String {
    match outcome.interval {
        None => "no checkpoints".to_owned(),
        Some(interval) if outcome.is_default_interval => format!("{} by default", human::span(interval)),
        Some(interval) => format!("checkpoint each {}", human::span(interval)),
    }
}

fn sum(bars: &[Bar]) -> Bar {
    let mut all = Totals::default();
    for (_, it) in bars {
        all.expected += it.expected;
        all.seen += it.seen;
        all.lost += it.lost;
        all.repeated += it.repeated;
    }
    (bars.first().map_or(EventTime::MIN, |(start, _)| *start), all)
}

/// Where a row agrees with its ledger, and where not, in words.
fn told(name: &str, outcome: &Outcome) -> String {
    let (totals, ledger) = (outcome.totals(), outcome.ledger);
    format!(
        "{name}: {} expected, {} seen, {} {}, {} repeated; the ledger has {} lost, {} duplicated",
        human::count(totals.expected),
        human::count(totals.seen),
        human::count(totals.lost),
        if outcome.is_stuck() { "not out" } else { "lost" },
        human::count(totals.repeated),
        human::count(ledger.lost),
        human::count(ledger.duplicated),
    )
}

/// The sums of a row, right of it.
fn sums(painter: &Painter, theme: &Theme, plot: Rect, outcome: &Outcome) {
    let (totals, ledger) = (outcome.totals(), outcome.ledger);
    let number = plot.right() + 84.0;
    let lines = [
        (totals.expected, "expected", theme.t2),
        (totals.seen, "seen by readers", theme.t1),
        (totals.lost, if outcome.is_stuck() { "not out by the end" } else { "lost" }, theme.t1),
        (totals.repeated, "repeated", theme.t1),
    ];
    let step = 17.0_f32.min(plot.height() / 5.2);
    let mut y = plot.center().y - 2.0 * step;
    for (count, what, colour) in lines {
        let colour = if count == 0 { theme.t3 } else { colour };
        painter.text(pos2(number, y), Align2::RIGHT_CENTER, human::count(count), font::value(), colour);
        painter.text(pos2(number + 7.0, y), Align2::LEFT_CENTER, what, font::body(), colour);
        y += step;
    }
    let words = format!("ledger: {} lost, {} duplicated", human::count(ledger.lost), human::count(ledger.duplicated));
    painter.text(pos2(plot.right() + 14.0, y), Align2::LEFT_CENTER, words, font::tick(), theme.t3);
}

/// What the parts of a bar mean.
fn legend(painter: &Painter, theme: &Theme, area: Rect, several: usize, (has_note, has_stuck): (bool, bool)) {
    let y = area.top() + LEGEND / 2.0 - 2.0;
    let unit = match several {
        1 => "records by window".to_owned(),
        several => format!("records by {several} windows"),
    };
    painter.text(pos2(area.left(), y), Align2::LEFT_CENTER, unit, font::tick(), theme.t3);
    let mut x = area.left() + NAMES;
    let parts =
        [(Part::Seen, "seen"), (Part::Lost, "lost"), (Part::Stuck, "not out by the end"), (Part::Repeated, "repeated")];
    for (part, name) in parts.into_iter().filter(|(part, _)| has_stuck || *part != Part::Stuck) {
        let swatch = Rect::from_min_size(pos2(x, y - 6.0), vec2(14.0, 12.0));
        part.draw(painter, theme, swatch);
        let at = pos2(swatch.right() + 5.0, y);
        x = painter.text(at, Align2::LEFT_CENTER, name, font::tick(), theme.t2).right() + 16.0;
    }
    painter.add(marks::dashed(pos2(x, y), pos2(x + 18.0, y), Stroke::new(1.5, theme.t1), 4.0, 3.0));
    let words = if has_note { "expected" } else { "expected, from the run without failures" };
    painter.text(pos2(x + 23.0, y), Align2::LEFT_CENTER, words, font::tick(), theme.t2);
}

/// A part of a bar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Seen,
    Lost,
    Stuck,
    Repeated,
}

impl Part {
    fn draw(self, painter: &Painter, theme: &Theme, rect: Rect) {
        if rect.height() < 0.5 {
            return;
        }
        match self {
            Self::Seen => {
                painter.rect_filled(rect, 0.0, theme.on_time);
            }
            Self::Lost => {
                painter.rect_filled(rect, 0.0, alpha(theme.dropped, 0.14));
                painter.add(marks::hatch(rect, 6.0, Stroke::new(1.4, theme.dropped)));
                painter.rect_stroke(rect, 0.0, Stroke::new(1.0, theme.dropped), StrokeKind::Inside);
            }
            Self::Stuck => {
                painter.rect_filled(rect, 0.0, alpha(theme.t3, 0.10));
                painter.add(marks::hatch(rect, 6.0, Stroke::new(1.0, alpha(theme.t3, 0.5))));
                painter.rect_stroke(rect, 0.0, Stroke::new(1.0, theme.t3), StrokeKind::Inside);
            }
            Self::Repeated => {
                painter.rect_filled(rect, 0.0, theme.warn);
            }
        }
    }
}

/// One scale for all rows.
struct Scale {
    /// Records at the upper edge.
    most: f32,
    /// Bars side by side.
    bars: usize,
}

impl Scale {
    fn width(&self, plot: Rect) -> f32 {
        (plot.width() / self.bars.max(1) as f32).min(WIDEST)
    }

    fn draw(&self, painter: &Painter, theme: &Theme, plot: Rect, bars: &[Bar], is_stuck: bool) {
        let y = |count: u64| plot.bottom() - plot.height() * count as f32 / self.most;
        let width = self.width(plot);
        let gap = (width * 0.12).clamp(0.5, 4.0);
        for (place, (_, it)) in bars.iter().enumerate() {
            let left = plot.left() + width * place as f32;
            let part = |from: u64, to: u64| Rect::from_x_y_ranges(left + gap..=left + width - gap, y(to)..=y(from));
            let kept = it.expected - it.lost;
            Part::Seen.draw(painter, theme, part(0, kept));
            let missing = if is_stuck { Part::Stuck } else { Part::Lost };
            missing.draw(painter, theme, part(kept, it.expected));
            Part::Repeated.draw(painter, theme, part(it.expected, it.expected + it.repeated));
            let line = Stroke::new(1.5, theme.t1);
            let at = painter.round_to_pixel_center(y(it.expected));
            painter.add(marks::dashed(pos2(left, at), pos2(left + width, at), line, 4.0, 3.0));
            self.difference(painter, theme, pos2(left + width / 2.0, y(it.expected + it.repeated)), width, it);
        }
    }

    /// What a window has too few or too many, above its bar.
    fn difference(&self, painter: &Painter, theme: &Theme, at: egui::Pos2, width: f32, it: &Totals) {
        let mut parts = Vec::new();
        if it.lost > 0 {
            parts.push(format!("\u{2212}{}", human::count(it.lost)));
        }
        if it.repeated > 0 {
            parts.push(format!("+{}", human::count(it.repeated)));
        }
        let words = painter.layout_no_wrap(parts.join(" "), font::tick(), theme.t1);
        if !parts.is_empty() && words.size().x <= width - 2.0 {
            let size = words.size();
            painter.galley(pos2(at.x - size.x / 2.0, at.y - size.y - 2.0), words, theme.t1);
        }
    }

    /// The starts of windows below the last row, as many as fit.
    fn times(&self, painter: &Painter, theme: &Theme, plot: Rect, bars: &[Bar]) {
        let width = self.width(plot);
        let steps = bars.windows(2).map(|pair| (pair[1].0 - pair[0].0).micros()).min().unwrap_or(0);
        let mut written = f32::NEG_INFINITY;
        for (place, (start, _)) in bars.iter().enumerate() {
            let name = time_ticks::window_name(start.micros(), steps);
            let words = painter.layout_no_wrap(name, font::tick(), theme.t3);
            let left = plot.left() + width * (place as f32 + 0.5) - words.size().x / 2.0;
            if left >= written + 10.0 && left + words.size().x <= plot.right() + 30.0 {
                written = left + words.size().x;
                painter.galley(pos2(left, plot.bottom() + 2.0), words, theme.t3);
            }
        }
    }
}
