//! The card that asks where an export is to go: a path, of a film also from when to when.

use egui::{Area, Context, Id, Key, Modifiers, Order, Rect, RichText, TextEdit, Ui, vec2};

use crate::app::export::{ExportCard, What};
use crate::app::shell::command::ShellCommand;
use crate::app::theme::{Theme, font};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::overlay;

/// Width of the card.
const WIDTH: f32 = 520.0;

/// Draws the card over the window that fills `area`.
pub fn export_card_ui(ctx: &Context, area: Rect, card: &mut ExportCard, theme: &Theme, commands: &mut Vec<Command>) {
    if overlay::shade(ctx, area, theme, Id::unique("behind the export card")) {
        commands.push(Command::Shell(ShellCommand::CloseExport));
    }
    let width = WIDTH.min(area.width() - 32.0);
    Area::new(Id::unique("export card"))
        .order(Order::Foreground)
        .anchor(egui::Align2::CENTER_CENTER, vec2(0.0, -60.0))
        .show(ctx, |ui| {
            overlay::card(theme).inner_margin(20).show(ui, |ui| {
                ui.set_width(width - 40.0);
                contents(ui, card, theme, commands);
            });
        });
}

fn contents(ui: &mut Ui, card: &mut ExportCard, theme: &Theme, commands: &mut Vec<Command>) {
    ui.label(RichText::new(card.what.title()).font(font::finding()).color(theme.t1));
    ui.add_space(2.0);
    ui.label(RichText::new(about(card.what)).font(font::prose()).color(theme.t2));
    ui.add_space(10.0);
    let mut entered = field(ui, &mut card.path, "Path of the new file", true);
    if card.what == What::Film {
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            for (text, name) in [(&mut card.from, "From"), (&mut card.to, "To")] {
                ui.label(RichText::new(name).font(font::body()).color(theme.t3));
                ui.scope(|ui| {
                    ui.set_width(170.0);
                    entered |= field(ui, text, name, false);
                });
            }
        });
    }
    if let Some(problem) = &card.problem {
        ui.add_space(6.0);
        ui.label(RichText::new(problem).font(font::prose()).color(theme.dropped));
    }
    ui.add_space(12.0);
    ui.horizontal(|ui| {
        if button(ui, theme, "Write the file", Loudness::Main).clicked() || entered {
            commands.push(Command::Shell(ShellCommand::Export));
        }
        if button(ui, theme, "Choose where\u{2026}", Loudness::Plain).clicked() {
            commands.push(Command::Shell(ShellCommand::ChooseExportPath));
        }
        if button(ui, theme, "Not now", Loudness::Plain).clicked() {
            commands.push(Command::Shell(ShellCommand::CloseExport));
        }
    });
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        commands.push(Command::Shell(ShellCommand::CloseExport));
    }
}

const fn about(what: What) -> &'static str {
    match what {
        What::Panel(_) | What::Window => "The picture at this instant, at two pixels for each point.",
        What::Film => "About twelve seconds, however long the stretch. Drawn in the background; it can be cancelled.",
        What::Results => "Every pane: key, window, timing, value, truth. The same as highwater run --format csv.",
        What::Scenario => "The scenario with every change, to be opened again or run with highwater run.",
    }
}

/// A field for a line of text. Whether Enter was pressed in it.
fn field(ui: &mut Ui, text: &mut String, name: &str, is_first: bool) -> bool {
    let edit = TextEdit::singleline(text).font(font::mono()).desired_width(f32::INFINITY).margin(vec2(8.0, 7.0));
    let response = ui.add(edit);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::text_edit(true, "", text.as_str(), name);
        info.label = Some(name.to_owned());
        info
    });
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if is_first && !entered && ui.memory(|memory| memory.focused().is_none()) {
        response.request_focus();
    }
    entered
}
