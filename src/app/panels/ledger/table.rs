//! The ledger as a table: a row for every fate, with its records, their share, a bar, and what it means.

use egui::text::LayoutJob;
use egui::{Align, Align2, Color32, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::ledger::{Term, in_words, is_solo, pressed, recovered, terms, verdict, verdict_words};
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::{Command, View};
use crate::app::widgets::{frame, marks};
use crate::human;
use crate::runtime::Ledger;

/// From this height on the ledger is a table.
pub const LEAST: f32 = 150.0;
/// A row is between these high.
const ROW: (f32, f32) = (24.0, 56.0);
/// Height of the heads of the columns.
const HEADS: f32 = 22.0;
/// Below the header and below the last row.
const FOOT: f32 = 28.0;
/// Lines are never wider: numbers and names would lose each other.
const WIDEST: f32 = 1_248.0;

/// Draws the table into all of `ui`.
pub fn table_ui(ui: &mut Ui, view: &View<'_>, ledger: &Ledger, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let rect = ui.max_rect();
    frame::panel(
        ui,
        theme,
        rect,
        "Ledger",
        |ui| {
            ui.label(RichText::new("where every record is").font(font::tick()).color(theme.t3));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| verdict_ui(ui, theme, ledger));
        },
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER).shrink2(vec2(space::PANEL, 0.0));
    let body = body.with_max_x(body.right().min(body.left() + WIDEST));
    let mut terms = terms(ledger);
    // What has no room goes: what is zero first.
    let most = (((body.height() - HEADS - FOOT) / ROW.0) as usize).max(2) - 1;
    if terms.len() > most {
        terms.sort_by_key(|term| term.records == 0);
        terms.truncate(most);
    }
    let height = ((body.height() - HEADS - FOOT) / (terms.len() + 1) as f32).clamp(ROW.0, ROW.1);
    let columns = Columns::of(body);
    heads(ui, theme, &columns, body.top() + HEADS / 2.0);
    let mut y = body.top() + HEADS;
    let mut before = 0;
    for term in &terms {
        let row = Rect::from_x_y_ranges(body.x_range(), y..=y + height);
        row_ui(ui, view, &columns, row, term, (before, ledger.produced), commands);
        before += term.records;
        y += height;
    }
    marks::hline(ui.painter(), body.x_range(), y, theme.t3);
    let row = Rect::from_x_y_ranges(body.x_range(), y..=y + height);
    sum_ui(ui, theme, &columns, row, ledger);
    if let Some(recovered) = recovered(view.run, view.now) {
        let at = pos2(body.left(), row.bottom() + FOOT / 2.0);
        ui.painter().text(at, Align2::LEFT_CENTER, in_words(recovered), font::tick(), theme.t3);
    }
}

fn verdict_ui(ui: &mut Ui, theme: &Theme, ledger: &Ledger) {
    let words = verdict_words(ledger);
    let wide = ui.painter().layout_no_wrap(words, font::legend_value(), Color32::WHITE).size().x + 17.0;
    let rect = ui.max_rect();
    // From left to right, and so that it ends where the panel does.
    let builder = egui::UiBuilder::new()
        .max_rect(rect.with_min_x((rect.right() - wide).max(rect.left())))
        .layout(Layout::left_to_right(Align::Center));
    let mut child = ui.new_child(builder);
    child.spacing_mut().item_spacing.x = 6.0;
    verdict(&mut child, theme, ledger);
}

/// Where the columns lie.
struct Columns {
    name: f32,
    /// Right edges.
    records: f32,
    share: f32,
    bar: (f32, f32),
    /// What it means; left out without room.
    help: Option<f32>,
}

impl Columns {
    fn of(body: Rect) -> Self {
        let has_help = body.width() >= 760.0;
        let (records, share) = (body.left() + 210.0, body.left() + 280.0);
        let bar_left = share + 20.0;
        let bar_right = if has_help { bar_left + (body.right() - bar_left) * 0.34 } else { body.right() };
        let bar = (bar_left, bar_right.max(bar_left + 10.0));
        Self { name: body.left(), records, share, bar, help: has_help.then_some(bar_right + 24.0) }
    }
}

fn heads(ui: &Ui, theme: &Theme, columns: &Columns, y: f32) {
    let head = |x: f32, anchor, text| _ = ui.painter().text(pos2(x, y), anchor, text, font::tick(), theme.t3);
    head(columns.name, Align2::LEFT_CENTER, "fate");
    head(columns.records, Align2::RIGHT_CENTER, "records");
    head(columns.share, Align2::RIGHT_CENTER, "share");
    if let Some(help) = columns.help {
        head(help, Align2::LEFT_CENTER, "what it means");
    }
}

/// A share in per cent; what is not nothing is never zero, what is not all is never a hundred.
fn share(records: u64, of: u64) -> String {
    if records == 0 || of == 0 {
        return "0%".to_owned();
    }
    let percent = records as f64 * 100.0 / of as f64;
    if percent < 0.1 {
        "< 0.1%".to_owned()
    } else if records < of && percent > 99.9 {
        "> 99.9%".to_owned()
    } else {
        format!("{percent:.1}%")
    }
}

fn row_ui(
    ui: &Ui,
    view: &View<'_>,
    columns: &Columns,
    row: Rect,
    term: &Term,
    (before, produced): (u64, u64),
    commands: &mut Vec<Command>,
) {
    let theme = view.theme;
    let response = ui.interact(row, ui.scope_id().with(("fate", term.name)), Sense::click());
    let is_solo = is_solo(view.legend, term.items);
    let label = format!("Ledger: {} {}", human::count(term.records), term.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_solo, &label));
    let painter = ui.painter();
    if is_solo || response.hovered() || response.has_focus() {
        painter.rect_filled(row.expand2(vec2(6.0, 0.0)), radius::SEGMENT, theme.field);
    }
    if is_solo || response.has_focus() {
        let ring = row.expand2(vec2(6.0, -1.0));
        painter.rect_stroke(ring, radius::SEGMENT, (1.0, theme.you), egui::StrokeKind::Inside);
    }
    let is_pale = term.records == 0;
    let (ink, number) = if is_pale { (theme.t3, font::body()) } else { (theme.t1, font::value()) };
    let y = row.center().y;
    if let Some(mark) = term.mark.filter(|_| !is_pale) {
        painter.add(mark(pos2(columns.name + 5.0, y), theme));
    }
    painter.text(pos2(columns.name + 16.0, y), Align2::LEFT_CENTER, term.name, font::body(), ink);
    painter.text(pos2(columns.records, y), Align2::RIGHT_CENTER, human::count(term.records), number, ink);
    let words = share(term.records, produced);
    painter.text(pos2(columns.share, y), Align2::RIGHT_CENTER, words, font::body(), theme.t3);
    let (left, right) = columns.bar;
    let rail = Rect::from_x_y_ranges(left..=right, y - 4.0..=y + 4.0);
    painter.rect_filled(rail, radius::BAR, alpha(theme.idle, 0.25));
    if term.records > 0 && produced > 0 {
        // Each goes on where the one above it ends, so that all of them fill the rail.
        let x = |records: u64| left + (right - left) * (records as f32 / produced as f32);
        let from = x(before).min(right - 2.0);
        let part = rail.with_min_x(from).with_max_x(x(before + term.records).max(from + 2.0));
        painter.rect_filled(part, radius::BAR, colour(theme, term.name));
    }
    if let Some(help) = columns.help {
        let mut job = LayoutJob::simple(term.help.to_owned(), font::body(), theme.t3, row.right() - help);
        job.wrap.max_rows = 1;
        let galley = painter.layout_job(job);
        painter.galley(pos2(help, y - galley.size().y / 2.0), galley, theme.t3);
    }
    marks::hline(painter, row.x_range(), row.bottom(), theme.hair);
    if response.on_hover_text(term.help).clicked() {
        commands.extend(pressed(view, term));
    }
}

/// The colour of a fate, as in the bar beside the sentence.
fn colour(theme: &Theme, name: &str) -> Color32 {
    match name {
        "counted" => theme.on_time,
        "dropped late" | "shed" | "lost" => theme.dropped,
        "side output" | "dead lettered" => theme.side,
        _ => theme.idle,
    }
}

fn sum_ui(ui: &Ui, theme: &Theme, columns: &Columns, row: Rect, ledger: &Ledger) {
    let y = row.center().y;
    let painter = ui.painter();
    painter.text(pos2(columns.name + 16.0, y), Align2::LEFT_CENTER, "produced", font::value(), theme.t1);
    let produced = human::count(ledger.produced);
    painter.text(pos2(columns.records, y), Align2::RIGHT_CENTER, produced, font::semibold(12.0), theme.t1);
    painter.text(pos2(columns.share, y), Align2::RIGHT_CENTER, "100%", font::body(), theme.t3);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_on_their_true_side() {
        let shares = [(0, 10), (1, 10_000), (1, 1_000), (9_999, 10_000), (10, 10), (1, 3), (0, 0)];
        let said = shares.map(|(records, of)| share(records, of));
        assert_eq!(said, ["0%", "< 0.1%", "0.1%", "> 99.9%", "100.0%", "33.3%", "0%"]);
    }
}
