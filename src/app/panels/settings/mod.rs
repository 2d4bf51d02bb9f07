//! The settings: every knob of the source and the pipeline. Turning one runs everything again
//! over the same input, while it is turned.
//!
//! - `ranges`: how far knobs turn, by the stream at hand
//! - `source`, `join`, `watermark`, `windows`, `firing` (with `flink_trigger` and `beam_trigger`), `value`,
//!   `operator`: the groups
//! - `scent`: what bound, lateness and idleness are enough for, as hills under their knobs
//! - `mend`: what one choice asks of the others
//! - `changes`: what differs from the scenario as it was opened

mod beam_trigger;
mod changes;
mod firing;
mod flink_trigger;
mod join;
mod mend;
mod operator;
mod ranges;
mod scent;
mod source;
mod value;
mod watermark;
mod windows;

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align, Color32, Layout, Painter, Rect, RichText, ScrollArea, Sense, Shape, Stroke, Ui, UiBuilder, pos2, vec2,
};

use crate::app::state::State;
use crate::app::theme::{Theme, font, space};
use crate::app::view::{Command, View};
use crate::app::widgets::choice::fold;
use crate::app::widgets::controls::{Loudness, button, icon_button};
use crate::app::widgets::frame;
use crate::app::widgets::knob::Knob;
use crate::app::widgets::marks;
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::pipeline::{WatermarkSpec, WindowSpec};
use crate::scenario::Scenario;
use crate::time::Span;
use ranges::{Ranges, span_limits};
use scent::Scent;

/// What the settings remember between frames.
#[derive(Default)]
pub struct SettingsState {
    /// Ranges stand still while a knob is turned: they belong to the scenario as it was opened.
    ranges: Option<(u64, Ranges)>,
    /// The last window of every kind, so that going back finds it.
    windows: Vec<WindowSpec>,
    /// The last watermark by every rule.
    watermarks: Vec<WatermarkSpec>,
    /// The hill under the bound, as long as the stream stays.
    scent: Option<Scent>,
}

/// What the groups of settings read, and the scenario that they change.
struct Sheet<'a> {
    theme: &'a Theme,
    opened: &'a Scenario,
    ranges: &'a Ranges,
    scent: Option<&'a Scent>,
    next: Scenario,
}

impl Sheet<'_> {
    /// A knob of this sheet; the new value, when it was turned.
    fn knob(&self, ui: &mut Ui, label: &str, help: &str, dial: Dial<'_>, value: f64) -> Option<f64> {
        let said = |value: f64| {
            let (number, unit) = dial.quantity.show(value);
            format!("{number} {unit}")
        };
        let range = format!("{} to {}", said(*dial.limits.start()), said(*dial.limits.end()));
        let help = format!("{help}\nFrom {range}; opened with {}.", said(dial.default));
        let row = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), space::KNOB));
        let place = dial.scale.clone();
        let knob = Knob {
            label,
            help: &help,
            quantity: dial.quantity,
            scale: dial.scale,
            limits: dial.limits,
            default: dial.default,
            ticks: dial.ticks,
        };
        let turned = knob.ui(ui, self.theme, value);
        scent::before_ui(ui, self.theme, label, row, &place, value, turned.is_some());
        turned
    }

    /// A knob for a span: at least `least` microseconds.
    #[expect(clippy::too_many_arguments, reason = "a knob is named, explained and limited by all of them")]
    fn span(&self, ui: &mut Ui, label: &str, help: &str, scale: Scale, least: i64, default: Span, span: &mut Span) {
        let default = default.micros() as f64;
        let dial = Dial { quantity: Quantity::Span, scale, limits: span_limits(least), default, ticks: &[] };
        if let Some(micros) = self.knob(ui, label, help, dial, span.micros() as f64) {
            *span = Span::from_micros(micros as i64);
        }
    }

    /// A knob for a number of records; at least 1.
    fn records(&self, ui: &mut Ui, label: &str, help: &str, default: u64, count: &mut u64) {
        let dial = Dial {
            quantity: Quantity::Records,
            scale: Scale::Log { min: 1.0, max: 1_000.0, zero: false },
            limits: 1.0..=1e9,
            default: default as f64,
            ticks: &[],
        };
        if let Some(new) = self.knob(ui, label, help, dial, *count as f64) {
            *count = new as u64;
        }
    }

    /// A sentence in place of something that cannot be turned.
    fn note(&self, ui: &mut Ui, words: &str) {
        let format = TextFormat { line_height: Some(17.0), ..TextFormat::simple(font::body(), self.theme.t2) };
        let mut job = LayoutJob::default();
        job.append(words, 0.0, format);
        ui.label(job);
    }
}

/// How a knob of the sheet is turned.
struct Dial<'a> {
    quantity: Quantity,
    scale: Scale,
    limits: std::ops::RangeInclusive<f64>,
    default: f64,
    ticks: &'a [(f64, &'a str)],
}

/// Draws the settings into all of `ui`.
pub fn settings_ui(ui: &mut Ui, view: &View<'_>, lab: &State, state: &mut SettingsState, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let (opened, opened_at, can_undo) = (&lab.opened, lab.opened_at, !lab.undo.is_empty());
    if state.ranges.as_ref().is_none_or(|(of, _)| *of != opened_at) {
        state.ranges = Some((opened_at, Ranges::of(view.run, opened)));
        state.windows.clear();
        state.watermarks.clear();
    }
    let Some((_, ranges)) = &state.ranges else { return };
    let scent = &mut state.scent;
    if !scent.as_ref().is_some_and(|scent| scent.is_of(view.run, ranges)) {
        *scent = Some(Scent::of(view.run, ranges));
    }
    let area = ui.max_rect();
    let changed = changes::count(opened, view.scenario);
    // Under a bar of tabs, which says the title, a header with nothing in it would only be a gap.
    let has_header = frame::is_titled(ui) || changed > 0 || can_undo;
    let header_height = if has_header { space::HEADER } else { 0.0 };
    let (header, body) = area.split_top_bottom_at_y(area.top() + header_height);
    if has_header {
        header_ui(ui, theme, header.shrink2(vec2(space::PANEL, 0.0)), changed, can_undo, commands);
        marks::hline(ui.painter(), area.x_range(), header.bottom(), theme.hair);
    }

    if let Some(scent) = scent {
        scent.follow(view.run, ranges);
    }

    let mut sheet = Sheet { theme, opened, ranges, scent: scent.as_ref(), next: view.scenario.clone() };
    let mut inner = ui.new_child(UiBuilder::new().id_salt("settings").max_rect(body));
    inner.shrink_clip_rect(body);
    ScrollArea::vertical().id_salt("settings scroll").auto_shrink(false).show(&mut inner, |ui| {
        let width = area.width();
        ui.spacing_mut().item_spacing.y = 0.0;
        group(ui, theme, width, "Source", |ui| source::source_ui(ui, view.run, &lab.columns, &mut sheet));
        if sheet.next.join.is_some() {
            group(ui, theme, width, "Join", |ui| join::join_ui(ui, view.run, &mut sheet));
        }
        group(ui, theme, width, "Watermark", |ui| watermark::watermark_ui(ui, &mut sheet, &mut state.watermarks));
        group(ui, theme, width, "Windows", |ui| windows::windows_ui(ui, &mut sheet, &mut state.windows));
        group(ui, theme, width, "Firing", |ui| firing::firing_ui(ui, &mut sheet));
        group(ui, theme, width, "Value", |ui| value::value_ui(ui, &mut sheet));
        group(ui, theme, width, "Operator", |ui| operator::operator_ui(ui, &mut sheet));
        if !opened.about.is_empty() || !lab.tries.is_empty() {
            group(ui, theme, width, "What to watch for", |ui| about_ui(ui, theme, &opened.about, &lab.tries));
        }
    });
    if sheet.next != *view.scenario {
        mend::mend(&mut sheet.next.pipeline);
        commands.push(Command::Change(Box::new(sheet.next)));
    }
}

fn header_ui(ui: &mut Ui, theme: &Theme, area: Rect, changed: usize, can_undo: bool, commands: &mut Vec<Command>) {
    let mut left = ui.new_child(UiBuilder::new().max_rect(area).layout(Layout::left_to_right(Align::Center)));
    if frame::is_titled(&left) {
        frame::title(&mut left, theme, "Settings");
    }
    let layout = Layout::right_to_left(Align::Center);
    let mut right = ui.new_child(UiBuilder::new().max_rect(area.expand2(vec2(6.0, 0.0))).layout(layout));
    right.spacing_mut().item_spacing.x = 0.0;
    if can_undo {
        let size = vec2(space::HIT, space::HIT);
        let help = "Take back the last change (Ctrl+Z)";
        if icon_button(&mut right, theme, size, "Undo", help, paint_undo).clicked() {
            commands.push(Command::Undo);
        }
    }
    if changed > 0 {
        let response = button(&mut right, theme, &format!("{changed} changed"), Loudness::Yours);
        if response.on_hover_text("Take back every change").clicked() {
            commands.push(Command::ResetAll);
        }
    }
}

fn paint_undo(painter: &Painter, rect: Rect, colour: Color32) {
    let at = |x: f32, y: f32| rect.center() + vec2(x, y);
    let stroke = Stroke::new(1.5, colour);
    let mut bow = vec![at(-4.0, -2.0), at(2.0, -2.0)];
    bow.extend((0..=8_u8).map(|i| {
        let angle = -std::f32::consts::FRAC_PI_2 + std::f32::consts::PI * f32::from(i) / 8.0;
        at(2.0 + 3.2 * angle.cos(), 1.2 + 3.2 * angle.sin())
    }));
    bow.push(at(-0.5, 4.4));
    painter.add(Shape::line(bow, stroke));
    painter.add(Shape::line(vec![at(-1.8, -5.0), at(-4.8, -2.0), at(-1.8, 1.0)], stroke));
}

/// A caption, what belongs to it, and a hairline below.
fn group(ui: &mut Ui, theme: &Theme, width: f32, name: &str, contents: impl FnOnce(&mut Ui)) {
    let top = ui.cursor().top();
    ui.add_space(9.0);
    let margin = egui::Margin { left: space::PANEL as i8, right: space::PANEL as i8, top: 0, bottom: 0 };
    egui::Frame::NONE.inner_margin(margin).show(ui, |ui| {
        ui.set_width(width - 2.0 * space::PANEL);
        let (caption, _) = ui.allocate_exact_size(vec2(ui.available_width(), 15.0), Sense::hover());
        ui.put(caption, |ui: &mut Ui| {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new(name).font(font::tick()).color(theme.t3))
            })
            .inner
        });
        ui.add_space(1.0);
        contents(ui);
    });
    ui.add_space(8.0);
    let bottom = ui.cursor().top();
    if bottom > top {
        let left = ui.max_rect().left();
        marks::hline(ui.painter(), (left..=left + width).into(), bottom, theme.hair);
    }
}

/// What a scenario is about, and what to try with it.
fn about_ui(ui: &mut Ui, theme: &Theme, about: &str, tries: &[String]) {
    let one_line = about.split_whitespace().collect::<Vec<_>>().join(" ");
    let format = |font, color| TextFormat { line_height: Some(17.0), ..TextFormat::simple(font, color) };
    ui.spacing_mut().item_spacing.y = 5.0;
    ui.add_space(2.0);
    if !one_line.is_empty() {
        let mut job = LayoutJob::default();
        job.append(&one_line, 0.0, format(font::body(), theme.t2));
        ui.label(job);
    }
    for words in tries {
        let mut job = LayoutJob::default();
        job.append("Try: ", 0.0, format(font::value(), theme.t1));
        job.append(words, 0.0, format(font::body(), theme.t2));
        ui.label(job);
    }
}

/// A group that is folded away, with how many of its settings are changed. Whether it is shown.
fn fold_counted(ui: &mut Ui, theme: &Theme, label: &str, forced: bool, changed: usize) -> bool {
    let row = Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), space::HIT));
    let is_open = fold(ui, theme, label, forced);
    if changed > 0 {
        let words = format!("{changed} changed");
        let at = pos2(row.right(), row.center().y);
        ui.painter().text(at, egui::Align2::RIGHT_CENTER, words, font::legend(), theme.you);
    }
    is_open
}

/// A row with a name at the left and something as wide as it wants at the right.
fn named_row(ui: &mut Ui, theme: &Theme, name: &str, contents: impl FnOnce(&mut Ui)) {
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::hover());
    let (label, rest) = row.split_left_right_at_x(row.left() + 46.0);
    ui.painter().text(label.left_center(), egui::Align2::LEFT_CENTER, name, font::body(), theme.t2);
    let field = Rect::from_min_max(pos2(rest.left(), rest.top() + 3.0), pos2(rest.right(), rest.bottom() - 3.0));
    let mut inner = ui.new_child(UiBuilder::new().id_salt(name).max_rect(field));
    contents(&mut inner);
}
