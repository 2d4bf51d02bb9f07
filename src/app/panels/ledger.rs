//! The ledger: where every record is at the cursor, as a sentence that balances.

use egui::{Align, Color32, Layout, Painter, Pos2, Rect, RichText, Shape, Ui, UiBuilder, pos2, vec2};

use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::View;
use crate::app::widgets::marks;
use crate::human;
use crate::runtime::Ledger;

/// Width of the bar at the right end.
const BAR_WIDTH: f32 = 240.0;

/// One term of the sum.
struct Term {
    name: &'static str,
    records: u64,
    mark: Option<fn(Pos2, &Theme) -> Shape>,
    help: &'static str,
}

/// Draws the ledger into all of `ui`.
pub fn ledger_ui(ui: &mut Ui, view: &View<'_>, compact: bool) {
    let theme = view.theme;
    let ledger = view.run.ledger_at(view.now);
    let area = ui.max_rect().shrink2(vec2(space::PANEL, 0.0));
    let bar_width = if compact { 120.0 } else { BAR_WIDTH };
    let (words, bar) = area.split_left_right_at_x(area.right() - bar_width);
    let mut row = ui.new_child(UiBuilder::new().max_rect(words).layout(Layout::left_to_right(Align::Center)));
    row.shrink_clip_rect(words);
    sentence(&mut row, theme, &ledger, compact);
    paint_bar(ui.painter(), theme, Rect::from_center_size(bar.center(), vec2(bar_width, 8.0)), &ledger);
}

fn terms(ledger: &Ledger) -> Vec<Term> {
    let term = |name, records, mark, help| Term { name, records, mark, help };
    let mut terms = vec![
        term(
            "counted",
            ledger.counted,
            Some(|at, theme| marks::dot(at, 2.6, theme.on_time)),
            "In at least one window.",
        ),
        term(
            "dropped late",
            ledger.dropped_late,
            Some(|at, theme| marks::cross(at, 3.4, theme.dropped)),
            "Every window that it falls in was gone when it was handled.",
        ),
        term(
            "in flight",
            ledger.in_flight,
            Some(|at, theme| marks::hollow(at, 2.8, theme.on_time)),
            "In the log, in the queue, or being worked on.",
        ),
        term(
            "side output",
            ledger.side_output,
            Some(|at, theme| marks::square(at, 2.8, theme.side)),
            "Too late for every window, and kept apart.",
        ),
        term(
            "unassigned",
            ledger.unassigned,
            None,
            "Falls between two windows, because the slide is longer than the size.",
        ),
    ];
    // What most pipelines never do is named where it happens.
    let rare = [
        term("dead lettered", ledger.dead_lettered, None, "Refused by the schema gate, and kept as dead letters."),
        term("shed", ledger.shed, None, "Given up because a channel was full."),
        term(
            "lost",
            ledger.lost,
            None,
            "Gone from the log before it was read, or refused by the schema gate and given up.",
        ),
    ];
    terms.extend(rare.into_iter().filter(|term| term.records > 0));
    terms
}

fn sentence(ui: &mut Ui, theme: &Theme, ledger: &Ledger, compact: bool) {
    ui.spacing_mut().item_spacing.x = 5.0;
    ui.label(RichText::new("Ledger").font(font::semibold(12.0)).color(theme.t1));
    ui.add_space(10.0);
    let text =
        |ui: &mut Ui, text: &str, colour: Color32| ui.label(RichText::new(text).font(font::legend()).color(colour));
    text(ui, "produced", theme.t2).on_hover_text("Records that have reached the log so far.");
    ui.label(RichText::new(human::count(ledger.produced)).font(font::semibold(12.0)).color(theme.t1));
    let terms = terms(ledger);
    let folded = if compact { terms.iter().skip(3).filter(|term| term.records == 0).count() } else { 0 };
    let shown = terms.iter().enumerate().filter(|(i, term)| !compact || *i < 3 || term.records > 0);
    for (i, term) in shown {
        ui.add_space(3.0);
        text(ui, if i == 0 { "=" } else { "+" }, theme.t3);
        ui.add_space(3.0);
        term_ui(ui, theme, term);
    }
    if folded > 0 {
        ui.add_space(3.0);
        text(ui, &format!("+ {folded} others 0"), theme.t3).on_hover_text("Side output and unassigned.");
    }
    ui.add_space(12.0);
    verdict(ui, theme, ledger);
}

fn term_ui(ui: &mut Ui, theme: &Theme, term: &Term) {
    let pale = term.records == 0;
    if let (Some(mark), false) = (term.mark, pale) {
        let (rect, _) = ui.allocate_exact_size(vec2(9.0, 9.0), egui::Sense::hover());
        ui.painter().add(mark(rect.center(), theme));
    }
    let (number, colour) = if pale { (font::legend(), theme.t3) } else { (font::semibold(12.0), theme.t1) };
    ui.label(RichText::new(human::count(term.records)).font(number).color(colour));
    let name = if pale { theme.t3 } else { theme.t2 };
    ui.label(RichText::new(term.name).font(font::legend()).color(name)).on_hover_text(term.help);
}

fn verdict(ui: &mut Ui, theme: &Theme, ledger: &Ledger) {
    let difference = ledger.difference();
    let (colour, text) = if difference == 0 {
        (theme.watermark, "balances".to_owned())
    } else {
        (theme.dropped, format!("off by {difference}"))
    };
    let (rect, _) = ui.allocate_exact_size(vec2(11.0, 10.0), egui::Sense::hover());
    let mark = if difference == 0 {
        marks::check(rect.center(), 4.2, colour)
    } else {
        marks::cross(rect.center(), 3.6, colour)
    };
    ui.painter().add(mark);
    ui.label(RichText::new(text).font(font::legend_value()).color(colour))
        .on_hover_text("Every record has exactly one fate at every instant, so the terms add up to what was produced.");
}

/// The same sum as lengths; what is dropped is never thinner than a point.
fn paint_bar(painter: &Painter, theme: &Theme, rect: Rect, ledger: &Ledger) {
    painter.rect_filled(rect, radius::BAR, theme.field);
    if ledger.produced == 0 {
        return;
    }
    let per_record = rect.width() / ledger.produced as f32;
    let parts = [
        (ledger.counted, theme.on_time),
        (ledger.dropped_late, theme.dropped),
        (ledger.side_output, theme.side),
        (ledger.unassigned, theme.idle),
        (ledger.in_flight, theme.idle),
        (ledger.dead_lettered, theme.side),
        (ledger.shed + ledger.lost, theme.dropped),
    ];
    let mut left = rect.left();
    for (records, colour) in parts.into_iter().filter(|(records, _)| *records > 0) {
        let right = (left + (records as f32 * per_record).max(2.0)).min(rect.right());
        let part = Rect::from_min_max(pos2(left, rect.top()), pos2((right - 1.0).max(left + 1.0), rect.bottom()));
        painter.rect_filled(part, radius::BAR, colour);
        left = right;
    }
}
