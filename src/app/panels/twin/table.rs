//! The numbers of both runs beside each other, and what every window is short of in each.

use egui::{Align2, Rect, Sense, Stroke, Ui, pos2, vec2};

use crate::app::panels::number;
use crate::app::panels::time_map::ghost::short;
use crate::app::panels::twin::story::Both;
use crate::app::run::Run;
use crate::app::theme::{Theme, font, radius};
use crate::app::widgets::marks;
use crate::human;
use crate::runtime::Ledger;
use crate::time::ProcTime;
use crate::twin::pair::Pair;

/// Height of a row of numbers.
const ROW: f32 = 30.0;
/// Height of a window's bars.
const BARS: f32 = 25.0;
/// From the right end to that of the column of the pinned run, where there is room, and where there is little.
const PINNED: [f32; 2] = [84.0, 46.0];
/// A narrower panel has little room, in points.
const NARROW: f32 = 250.0;

/// A row: its name, and what each run says, with whether that is zero.
struct Fact {
    name: &'static str,
    values: [(String, bool); 2],
}

fn count(name: &'static str, values: [u64; 2]) -> Fact {
    Fact { name, values: values.map(|value| (human::count(value), value == 0)) }
}

fn facts(pair: &Pair, pinned: &Run, run: &Run, now: ProcTime) -> Vec<Fact> {
    let ledgers = [pinned, run].map(|run| run.ledger_at(now));
    let of = |pick: fn(&Ledger) -> u64| ledgers.each_ref().map(pick);
    let mut facts = vec![count("counted", of(|ledger| ledger.counted))];
    let rare = [
        count("dropped late", of(|ledger| ledger.dropped_late)),
        count("side output", of(|ledger| ledger.side_output)),
        count("dead lettered", of(|ledger| ledger.dead_lettered)),
        count("shed", of(|ledger| ledger.shed)),
        count("lost", of(|ledger| ledger.lost)),
    ];
    let happens = |place: usize, fact: &Fact| place == 0 || fact.values.iter().any(|(_, is_zero)| !is_zero);
    facts.extend(rare.into_iter().enumerate().filter(|(place, fact)| happens(*place, fact)).map(|(_, fact)| fact));
    facts.push(count("behind the watermark", [pinned, run].map(|run| run.behind_at(now))));
    let waits = pair.sides.each_ref().map(|side| match side.waits.at(now) {
        Some(wait) => (short(wait), false),
        None => ("\u{2026}".to_owned(), true),
    });
    facts.push(Fact { name: "median wait", values: waits });
    facts.push(count("corrections", pair.sides.each_ref().map(|side| side.corrections_at(now))));
    facts.push(count("windows open, at most", pair.sides.each_ref().map(|side| u64::from(side.most_open_at(now)))));
    facts
}

/// What a row is called where its whole name has no room.
fn short_name(name: &'static str) -> &'static str {
    match name {
        "behind the watermark" => "behind",
        "windows open, at most" => "windows open",
        other => other,
    }
}

/// Draws the numbers of both runs.
pub fn table_ui(ui: &mut Ui, theme: &Theme, pair: &Pair, [pinned, run]: [&Run; 2], now: ProcTime) {
    let (head, _) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    let right = [head.right() - PINNED[usize::from(head.width() < NARROW)], head.right()];
    for ((name, x), colour) in ["pinned", "now"].into_iter().zip(right).zip([theme.ghost, theme.t2]) {
        ui.painter().text(pos2(x, head.center().y), Align2::RIGHT_CENTER, name, font::legend(), colour);
    }
    for fact in facts(pair, pinned, run, now) {
        let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let [(before, _), (after, _)] = &fact.values;
        let label = format!("{}, pinned {before}, now {after}", fact.name);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &label));
        marks::hline(ui.painter(), row.x_range(), row.top(), theme.hair);
        let y = row.center().y;
        let room = right[0] - 40.0 - row.left();
        let name = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font::body(), theme.t2);
        let (whole, short) = (name(fact.name), name(short_name(fact.name)));
        let galley = if whole.size().x <= room { whole } else { short };
        ui.painter().galley(pos2(row.left(), y - galley.size().y / 2.0), galley, theme.t2);
        for ((text, is_zero), place) in fact.values.iter().zip([0, 1]) {
            let (font, colour) = match (place, is_zero) {
                (_, true) => (font::body(), theme.t3),
                (0, _) => (font::body(), theme.ghost),
                _ => (font::semibold(12.0), theme.t1),
            };
            ui.painter().text(pos2(right[place], y), Align2::RIGHT_CENTER, text, font, colour);
        }
    }
}

/// The windows to show, at most `most`, by start: those that are off in one of the runs, the latest first,
/// and around them others.
fn worth_showing(windows: &[Both], most: usize) -> Vec<&Both> {
    let settled: Vec<&Both> =
        windows.iter().filter(|both| both.now.off_by.is_some() && both.pinned.off_by.is_some()).collect();
    let is_off = |both: &Both| both.now.off_by != Some(0.0) || both.pinned.off_by != Some(0.0);
    let mut places: Vec<usize> = (0..settled.len()).rev().filter(|&i| is_off(settled[i])).take(most).collect();
    let others: Vec<usize> = (0..settled.len()).rev().filter(|i| !places.contains(i)).collect();
    places.extend(others.into_iter().take(most.min(5).saturating_sub(places.len())));
    places.sort_unstable();
    places.into_iter().map(|i| settled[i]).collect()
}

/// Draws what every window is short of in both runs. The window that was pressed, by its place.
pub fn short_ui<'a>(ui: &mut Ui, theme: &Theme, windows: &'a [Both], most: usize) -> Option<&'a Both> {
    let shown = worth_showing(windows, most);
    let short = |off_by: Option<f64>| -off_by.unwrap_or(0.0);
    let longest = shown
        .iter()
        .flat_map(|both| [both.now.off_by, both.pinned.off_by])
        .map(|off| short(off).abs())
        .fold(0.0, f64::max);
    let mut pressed = None;
    for both in shown {
        let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), BARS), Sense::click());
        let values = [short(both.pinned.off_by), short(both.now.off_by)];
        let [before, after] = values.map(number::value);
        let name = &both.now.name;
        let label = format!("{name} short by {before} pinned, {after} now");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &label));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(row.expand2(vec2(6.0, 0.0)), radius::SEGMENT, theme.field);
        }
        let y = row.center().y;
        ui.painter().text(pos2(row.left(), y), Align2::LEFT_CENTER, name, font::value(), theme.t2);
        let bars = Rect::from_x_y_ranges(row.left() + 52.0..=row.right() - 84.0, row.y_range());
        paint_bars(ui, theme, bars, values, longest);
        for (place, (text, x)) in [before, after].into_iter().zip([row.right() - 40.0, row.right()]).enumerate() {
            let (font, colour) = match (place, text.as_str()) {
                (_, "0") => (font::body(), theme.t3),
                (0, _) => (font::body(), theme.ghost),
                _ => (font::semibold(12.0), theme.t1),
            };
            ui.painter().text(pos2(x, y), Align2::RIGHT_CENTER, text, font, colour);
        }
        if response.clicked() {
            pressed = Some(both);
        }
    }
    pressed
}

fn paint_bars(ui: &Ui, theme: &Theme, bars: Rect, [before, after]: [f64; 2], longest: f64) {
    let painter = ui.painter();
    let length = |value: f64| if longest > 0.0 { (value.abs() / longest) as f32 * bars.width() } else { 0.0 };
    let y = bars.center().y;
    if before == 0.0 && after == 0.0 {
        painter.hline(bars.left()..=bars.left() + 7.0, painter.round_to_pixel_center(y), (1.5, theme.t3));
        return;
    }
    let bar = |top: f32, value: f64| {
        let width = if value == 0.0 { 0.0 } else { length(value).max(2.0) };
        Rect::from_min_size(pos2(bars.left(), top), vec2(width, 5.0))
    };
    let now = bar(y - 6.5, after);
    painter.rect_filled(now, radius::BAR, theme.dropped);
    painter.add(marks::hatch(now, 4.0, Stroke::new(1.4, theme.panel.gamma_multiply(0.55))));
    painter.rect_filled(bar(y + 0.5, before), radius::BAR, theme.ghost);
}
