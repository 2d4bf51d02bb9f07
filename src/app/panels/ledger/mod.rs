//! The ledger: where every record is at the cursor, as a sentence that balances; where there is room, as a
//! table that does ([`table`]).

mod table;

use egui::{Align, Color32, Layout, Painter, Pos2, Rect, RichText, Role, Sense, Shape, Ui, UiBuilder, WidgetInfo};
use egui::{pos2, vec2};

use crate::app::run::Run;
use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::{Command, LegendFilter, LegendItem, Selection, View};
use crate::app::widgets::marks;
use crate::human;
use crate::record::RecordId;
use crate::runtime::{Fate, Ledger};
use crate::time::ProcTime;

/// Width of the bar at the right end.
const BAR_WIDTH: f32 = 240.0;
/// The bar takes no more than this share of the width.
const BAR_SHARE: f32 = 0.16;

/// One term of the sum.
struct Term {
    name: &'static str,
    records: u64,
    mark: Option<fn(Pos2, &Theme) -> Shape>,
    help: &'static str,
    /// What the map shows of it.
    items: &'static [LegendItem],
}

/// The entries of the legend that are records.
const RECORDS: [LegendItem; 5] =
    [LegendItem::OnTime, LegendItem::Behind, LegendItem::Dropped, LegendItem::SideOutput, LegendItem::GivenUp];

/// Draws the ledger into all of `ui`.
pub fn ledger_ui(ui: &mut Ui, view: &View<'_>, compact: bool, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let ledger = view.run.ledger_at(view.now);
    if ui.max_rect().height() >= table::LEAST {
        table::table_ui(ui, view, &ledger, commands);
        return;
    }
    let area = ui.max_rect().shrink2(vec2(space::PANEL, 0.0));
    let bar_width = if compact { 120.0 } else { BAR_WIDTH }.min(area.width() * BAR_SHARE);
    let (words, bar) = area.split_left_right_at_x(area.right() - bar_width);
    let mut row = ui.new_child(UiBuilder::new().max_rect(words).layout(Layout::left_to_right(Align::Center)));
    row.shrink_clip_rect(words);
    sentence(&mut row, view, &ledger, compact, commands);
    paint_bar(ui.painter(), theme, Rect::from_center_size(bar.center(), vec2(bar_width, 8.0)), &ledger);
}

fn terms(ledger: &Ledger) -> Vec<Term> {
    let term = |name, records, mark, help, items| Term { name, records, mark, help, items };
    let mut terms = vec![
        term(
            "counted",
            ledger.counted,
            Some(|at, theme| marks::dot(at, 2.6, theme.on_time)),
            "In at least one window.",
            &[LegendItem::OnTime, LegendItem::Behind][..],
        ),
        term(
            "dropped late",
            ledger.dropped_late,
            Some(|at, theme| marks::cross(at, 3.4, theme.dropped)),
            "Every window that it falls in was gone when it was handled.",
            &[LegendItem::Dropped],
        ),
        term(
            "in flight",
            ledger.in_flight,
            Some(|at, theme| marks::hollow(at, 2.8, theme.on_time)),
            "In the log, in the queue, or being worked on.",
            &[],
        ),
        term(
            "side output",
            ledger.side_output,
            Some(|at, theme| marks::square(at, 2.8, theme.side)),
            "Too late for every window, and kept apart.",
            &[LegendItem::SideOutput],
        ),
    ];
    // Only windows with gaps between them leave records out.
    let unassigned = term(
        "unassigned",
        ledger.unassigned,
        None,
        "Falls between two windows, because the slide is longer than the size.",
        &[],
    );
    terms.extend(Some(unassigned).filter(|term| term.records > 0));
    let given_up: Option<fn(Pos2, &Theme) -> Shape> = Some(|at, theme| marks::triangle_hollow(at, 3.4, theme.dropped));
    let items: &'static [LegendItem] = &[LegendItem::GivenUp];
    let refused = "Refused by the schema gate, and kept as dead letters.";
    terms.push(term("dead lettered", ledger.dead_lettered, given_up, refused, items));
    terms.push(term("shed", ledger.shed, given_up, "Given up because a channel was full.", items));
    let lost = "Gone from the log before it was read, or refused by the schema gate and given up.";
    terms.push(term("lost", ledger.lost, given_up, lost, items));
    terms
}

/// How much of the sentence is written, the whole of it first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folding {
    /// Every term, and what recoveries did.
    Nothing,
    /// Without the terms that are zero beyond the first three, which are counted.
    Zeros,
    /// And without what recoveries did.
    Recoveries,
}

fn sentence(ui: &mut Ui, view: &View<'_>, ledger: &Ledger, compact: bool, commands: &mut Vec<Command>) {
    let theme = view.theme;
    ui.spacing_mut().item_spacing.x = 5.0;
    let terms = terms(ledger);
    let recovered = recovered(view.run, view.now);
    let folding = if compact { Folding::Zeros } else { Folding::Nothing };
    let folding = [folding, Folding::Zeros, Folding::Recoveries]
        .into_iter()
        .find(|&folding| width(ui, theme, ledger, &terms, recovered, folding) <= ui.available_width())
        .unwrap_or(Folding::Recoveries);
    let text =
        |ui: &mut Ui, text: &str, colour: Color32| ui.label(RichText::new(text).font(font::legend()).color(colour));
    ui.label(RichText::new("Ledger").font(font::semibold(12.0)).color(theme.t1));
    ui.add_space(10.0);
    text(ui, "produced", theme.t2).on_hover_text("Records that have reached the log so far.");
    ui.label(RichText::new(human::count(ledger.produced)).font(font::semibold(12.0)).color(theme.t1));
    let is_shown = |i: usize, term: &Term| folding == Folding::Nothing || i < 3 || term.records > 0;
    for (i, term) in terms.iter().enumerate().filter(|(i, term)| is_shown(*i, term)) {
        ui.add_space(2.0);
        text(ui, if i == 0 { "=" } else { "+" }, theme.t3);
        ui.add_space(2.0);
        if term_ui(ui, theme, term, is_solo(view.legend, term.items)) {
            commands.extend(pressed(view, term));
        }
    }
    let folded: Vec<&str> =
        terms.iter().enumerate().filter(|(i, term)| !is_shown(*i, term)).map(|(_, term)| term.name).collect();
    if !folded.is_empty() {
        ui.add_space(2.0);
        text(ui, &others(folded.len()), theme.t3).on_hover_text(format!("None: {}.", folded.join(", ")));
    }
    ui.add_space(8.0);
    verdict(ui, theme, ledger);
    if let Some(words) = recovered.filter(|_| folding != Folding::Recoveries).map(in_words) {
        let (line, _) = ui.allocate_exact_size(vec2(9.0, 14.0), Sense::hover());
        marks::vline(ui.painter(), line.center().x, line.y_range(), theme.hair);
        let help = "Records that recoveries read again, and records that are counted more than once by now.";
        text(ui, &words, theme.t3).on_hover_text(help);
    }
}

fn others(count: usize) -> String {
    if count == 1 { "+ 1 other 0".to_owned() } else { format!("+ {count} others 0") }
}

/// How wide the sentence is, about.
fn width(
    ui: &Ui,
    theme: &Theme,
    ledger: &Ledger,
    terms: &[Term],
    recovered: Option<[u64; 2]>,
    folding: Folding,
) -> f32 {
    let wide = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), font::legend_value(), theme.t1).size().x;
    let mut total = wide("Ledger produced ") + wide(&human::count(ledger.produced)) + 30.0;
    let mut folded = 0;
    for (i, term) in terms.iter().enumerate() {
        if folding == Folding::Nothing || i < 3 || term.records > 0 {
            let mark = if term.mark.is_some() && term.records > 0 { 14.0 } else { 0.0 };
            total += wide(term.name) + wide(&human::count(term.records)) + mark + 33.0;
        } else {
            folded += 1;
        }
    }
    total += if folded > 0 { wide(&others(folded)) + 7.0 } else { 0.0 };
    total += wide("balances") + 38.0;
    total + recovered.filter(|_| folding != Folding::Recoveries).map_or(0.0, |it| wide(&in_words(it)) + 19.0)
}

/// What recoveries did by `now`: records read again, and records counted more than once. `None` where the job
/// has not failed.
fn recovered(run: &Run, now: ProcTime) -> Option<[u64; 2]> {
    let log = run.trace.recovery.as_ref()?;
    let back = log.recoveries.iter().filter(|row| row.restored_at.is_some_and(|at| at <= now));
    let (mut count, mut replayed) = (0, 0);
    for row in back {
        count += 1;
        replayed += row.records_replayed;
    }
    let again = run.trace.repeats.iter().take_while(|repeat| repeat.handled_at <= now);
    let again = again.filter(|repeat| repeat.fate == Fate::Counted).count() as u64;
    // Of what is counted again, only what readers have seen twice is a duplicate; the end knows how much.
    let duplicates = if now >= run.clock_range().1 { run.trace.ledger.duplicated } else { again };
    (count > 0).then_some([replayed, duplicates.min(run.trace.ledger.duplicated)])
}

fn in_words([replayed, duplicates]: [u64; 2]) -> String {
    format!("replayed {}, duplicates {}", human::count(replayed), human::count(duplicates))
}

/// Whether the map shows these records alone.
fn is_solo(legend: LegendFilter, items: &[LegendItem]) -> bool {
    !items.is_empty() && RECORDS.iter().all(|item| legend.shows(*item) == items.contains(item))
}

/// What a press on a term asks for: these records alone on the map, or all of them again; of those in flight,
/// the one that has waited longest.
fn pressed(view: &View<'_>, term: &Term) -> Vec<Command> {
    if term.items.is_empty() {
        let picked = if term.name == "in flight" { waiting_longest(view) } else { None };
        return picked.map(|id| Command::Select(Selection::Record(id))).into_iter().collect();
    }
    let all = is_solo(view.legend, term.items);
    let wanted = |item: &LegendItem| all || term.items.contains(item);
    let differs = RECORDS.iter().filter(|item| view.legend.shows(**item) != wanted(item));
    differs.map(|&item| Command::ToggleLegend(item)).collect()
}

/// Of the records in flight, the first that arrived.
fn waiting_longest(view: &View<'_>) -> Option<RecordId> {
    let trace = &view.run.trace;
    let handled = trace.at(view.now).handled;
    let waiting = (handled..trace.stream.len()).find(|&i| trace.stream.arrivals()[i] <= view.now)?;
    // Streams hold fewer than 2^32 records.
    Some(RecordId(waiting as u32))
}

/// A term, as a button. Whether it was pressed.
fn term_ui(ui: &mut Ui, theme: &Theme, term: &Term, is_solo: bool) -> bool {
    let pale = term.records == 0;
    let (number, ink) = if pale { (font::legend(), theme.t3) } else { (font::semibold(12.0), theme.t1) };
    let number = ui.painter().layout_no_wrap(human::count(term.records), number, ink);
    let name =
        ui.painter().layout_no_wrap(term.name.to_owned(), font::legend(), if pale { theme.t3 } else { theme.t2 });
    let mark = term.mark.filter(|_| !pale);
    let mark_width = if mark.is_some() { 14.0 } else { 0.0 };
    let size = vec2(mark_width + number.size().x + 5.0 + name.size().x, space::HIT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let label = format!("{} {}", human::count(term.records), term.name);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_solo, format!("Ledger: {label}")));
    if is_solo || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect.expand2(vec2(4.0, -2.0)), radius::SEGMENT, theme.field);
    }
    if is_solo || response.has_focus() {
        let ring = rect.expand2(vec2(4.0, -2.0));
        ui.painter().rect_stroke(ring, radius::SEGMENT, (1.0, theme.you), egui::StrokeKind::Inside);
    }
    if let Some(mark) = mark {
        ui.painter().add(mark(pos2(rect.left() + 4.5, rect.center().y), theme));
    }
    let at = |x: f32, height: f32| pos2(x, rect.center().y - height / 2.0);
    let (x, width) = (rect.left() + mark_width, number.size().x);
    ui.painter().galley(at(x, number.size().y), number, ink);
    ui.painter().galley(at(x + width + 5.0, name.size().y), name, theme.t2);
    let does = match (term.items.is_empty(), is_solo) {
        (false, false) => "\nPress to see these alone on the map.",
        (false, true) => "\nPress to see all records again.",
        (true, _) if term.name == "in flight" => "\nPress to pick the one that has waited longest.",
        (true, _) => "",
    };
    response.on_hover_text(format!("{}{does}", term.help)).clicked()
}

fn verdict_words(ledger: &Ledger) -> String {
    match ledger.difference() {
        0 => "balances".to_owned(),
        difference => format!("does not balance: off by {difference}"),
    }
}

fn verdict(ui: &mut Ui, theme: &Theme, ledger: &Ledger) {
    let difference = ledger.difference();
    let colour = if difference == 0 { theme.watermark } else { theme.dropped };
    let text = verdict_words(ledger);
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
