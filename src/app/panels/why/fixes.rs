//! The smallest changes and their prices: a card for each, and the buttons that try one.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::app::panels::why::section;
use crate::app::panels::why::state::{Pricing, Shown};
use crate::app::theme::{Theme, alpha, font, radius, space, stroke};
use crate::app::view::{Command, View};
use crate::app::widgets::controls::{Loudness, button, wide_button};
use crate::explain::price::{Fix, NoFix, Prices};

/// Air inside a card.
const AIR: f32 = 11.0;
/// Height of a line of a card.
const LINE: f32 = 19.0;
/// So many changes are listed before the reader asks for more.
const BEST: usize = 3;

/// Draws the section; nothing where there is nothing to flip.
pub(super) fn fixes_ui(ui: &mut Ui, view: &View<'_>, shown: &mut Shown, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let (title, desk) = match &shown.pricing {
        Pricing::Nothing => return,
        Pricing::Unasked(title) => (*title, None),
        Pricing::Running(title, desk) => (*title, Some(std::sync::Arc::clone(desk))),
    };
    section(ui, theme, title, "and its price");
    let Some(prices) = desk.as_ref().and_then(|desk| desk.prices()) else {
        running_ui(ui, theme, desk.map_or(0.0, |desk| desk.share()));
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
        return;
    };
    cards_ui(ui, theme, prices, &mut shown.chosen, shown.lists_all);
    if prices.stopped && button(ui, theme, "Search again", Loudness::Plain).clicked() {
        shown.pricing = Pricing::Unasked(title);
    }
    if let Some(fix) = prices.fixes.get(shown.chosen) {
        buttons_ui(ui, view, fix, commands);
    }
    more_ui(ui, theme, prices, shown);
}

/// How many changes of `prices` are listed, and how many that do not help.
fn listed(prices: &Prices, all: bool) -> (usize, usize) {
    let fixes = prices.fixes.len();
    // What does not help is worth its room only where little does.
    if all {
        (fixes, prices.impossible.len())
    } else {
        (fixes.min(BEST), prices.impossible.len().min(BEST - fixes.min(BEST)))
    }
}

/// The way to the rest of the changes, and back.
fn more_ui(ui: &mut Ui, theme: &Theme, prices: &Prices, shown: &mut Shown) {
    let (fixes, impossible) = listed(prices, false);
    let (more, useless) = (prices.fixes.len() - fixes, prices.impossible.len() - impossible);
    if more + useless == 0 {
        return;
    }
    let words = match (shown.lists_all, more, useless) {
        (true, ..) => "Only the best".to_owned(),
        (_, 0, useless) => format!("{useless} that do not help"),
        (_, more, 0) => format!("{more} more"),
        (_, more, useless) => format!("{more} more, {useless} that do not help"),
    };
    ui.add_space(4.0);
    if button(ui, theme, &words, Loudness::Quiet).clicked() {
        shown.lists_all = !shown.lists_all;
        shown.chosen = if shown.lists_all { shown.chosen } else { shown.chosen.min(fixes.saturating_sub(1)) };
    }
}

fn cards_ui(ui: &mut Ui, theme: &Theme, prices: &Prices, chosen: &mut usize, all: bool) {
    let (fixes, impossible) = listed(prices, all);
    for (place, fix) in prices.fixes.iter().take(fixes).enumerate() {
        if card_ui(ui, theme, fix, place == *chosen) {
            *chosen = place;
        }
        ui.add_space(space::S);
    }
    for it in prices.impossible.iter().take(impossible) {
        impossible_ui(ui, theme, it);
        ui.add_space(space::S);
    }
    if prices.fixes.is_empty() && prices.impossible.is_empty() {
        let words = if prices.stopped { "The search was stopped." } else { "No single setting does." };
        ui.label(egui::RichText::new(words).font(font::legend()).color(theme.t2));
        ui.add_space(space::S);
    }
}

/// One change; whether it was pressed.
fn card_ui(ui: &mut Ui, theme: &Theme, fix: &Fix, is_chosen: bool) -> bool {
    let width = ui.available_width();
    let inner = width - 2.0 * AIR;
    let price = ui.painter().layout(fix.price.clone(), font::legend(), theme.t2, inner);
    let to = ui.painter().layout_no_wrap(fix.to.clone(), font::semibold(12.0), theme.you);
    let from = ui.painter().layout_no_wrap(format!("{} \u{2192} ", fix.from), font::body(), theme.t3);
    let knob = ui.painter().layout_no_wrap(fix.knob.to_owned(), font::value(), theme.t1);
    // Where knob and values have no room in one line, the values get their own.
    let is_tight = knob.size().x + space::M + from.size().x + to.size().x > inner;
    let lines = if is_tight { 2.0 } else { 1.0 };
    let height = 2.0 * AIR - 2.0 + lines * LINE + price.size().y;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let name = format!("{}: {} to {}; {}", fix.knob, fix.from, fix.to, fix.price);
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, &name));
    ground(ui, theme, rect, &response, is_chosen);
    let y = rect.top() + AIR + LINE / 2.0 - 2.0;
    let left = rect.left() + AIR;
    ui.painter().galley(pos2(left, y - knob.size().y / 2.0), knob, theme.t1);
    let y_values = if is_tight { y + LINE } else { y };
    let fits = from.size().x + to.size().x <= inner;
    let values = if fits { from.size().x } else { 0.0 } + to.size().x;
    let start = if is_tight { left } else { rect.right() - AIR - values };
    let mut x = start;
    if fits {
        let (size, at) = (from.size(), pos2(x, y_values - from.size().y / 2.0));
        ui.painter().galley(at, from, theme.t3);
        x += size.x;
    }
    ui.painter().galley(pos2(x, y_values - to.size().y / 2.0), to, theme.you);
    ui.painter().galley(pos2(left, rect.bottom() - AIR - price.size().y + 1.0), price, theme.t2);
    response.clicked()
}

fn ground(ui: &Ui, theme: &Theme, rect: Rect, response: &egui::Response, is_chosen: bool) {
    let rim = if is_chosen { Stroke::new(stroke::SELECTION, theme.you) } else { Stroke::new(1.0, theme.hair) };
    let fill = if is_chosen { theme.raised.lerp_to_gamma(theme.you, 0.07) } else { theme.raised };
    let fill = if response.hovered() && !is_chosen { theme.field } else { fill };
    ui.painter().rect(rect, radius::CARD, fill, rim, StrokeKind::Inside);
    if response.has_focus() {
        ui.painter().rect_stroke(rect.expand(2.0), radius::CARD + 2.0, (1.5, theme.you), StrokeKind::Inside);
    }
}

/// A setting that does not help, and why.
fn impossible_ui(ui: &mut Ui, theme: &Theme, it: &NoFix) {
    let width = ui.available_width();
    let why = ui.painter().layout(it.why.clone(), font::legend(), theme.t2, width - 2.0 * AIR);
    let height = 2.0 * AIR - 2.0 + LINE + why.size().y;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let name = format!("{} does not help: {}", it.knob, it.why);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    ui.painter().rect_stroke(rect, radius::CARD, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    let y = rect.top() + AIR + LINE / 2.0 - 2.0;
    ui.painter().text(pos2(rect.left() + AIR, y), Align2::LEFT_CENTER, it.knob, font::value(), theme.t2);
    ui.painter().text(pos2(rect.right() - AIR, y), Align2::RIGHT_CENTER, "does not help", font::tick(), theme.t3);
    ui.painter().galley(pos2(rect.left() + AIR, rect.bottom() - AIR - why.size().y + 1.0), why, theme.t2);
}

/// The search is under way.
fn running_ui(ui: &mut Ui, theme: &Theme, share: f32) {
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, 2.0 * AIR + LINE + 8.0), Sense::hover());
    let name = format!("Trying changes: {:.0}% done", share * 100.0);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &name));
    ui.painter().rect(rect, radius::CARD, theme.raised, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    let y = rect.top() + AIR + LINE / 2.0 - 2.0;
    let painter = ui.painter();
    painter.text(pos2(rect.left() + AIR, y), Align2::LEFT_CENTER, "Trying changes", font::value(), theme.t1);
    painter.text(pos2(rect.right() - AIR, y), Align2::RIGHT_CENTER, "running", font::tick(), theme.t3);
    let rail = Rect::from_min_size(pos2(rect.left() + AIR, rect.bottom() - AIR - 3.0), vec2(width - 2.0 * AIR, 3.0));
    painter.rect_filled(rail, 1.5, theme.rail());
    let done = rail.with_max_x(rail.left() + rail.width() * share.clamp(0.0, 1.0));
    painter.rect_filled(done, 1.5, alpha(theme.you, 0.9));
}

fn buttons_ui(ui: &mut Ui, view: &View<'_>, fix: &Fix, commands: &mut Vec<Command>) {
    let half = (ui.available_width() - space::S) / 2.0;
    ui.horizontal_wrapped(|ui| {
        let tried = wide_button(ui, view.theme, "Try it", Loudness::Main, half);
        if tried.on_hover_text(format!("Runs it with {}", fix.settings.join(", "))).clicked() {
            commands.push(Command::Change(fix.scenario.clone()));
        }
        let is_pinned = view.pinned.is_some_and(|pinned| pinned.generation == view.run.generation);
        ui.add_enabled_ui(!is_pinned, |ui| {
            let pin = wide_button(ui, view.theme, "Pin this run", Loudness::Plain, half);
            let help = "Keeps this run beside the next one, so that you see what the change does to every window";
            if pin.on_hover_text(help).clicked() {
                commands.push(Command::Pin);
            }
        });
    });
}
