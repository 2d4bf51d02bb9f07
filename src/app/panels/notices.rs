//! What floats over the panels: notices that stay until closed, the card for opening a file, and
//! the overlay while a file is dragged over the window.

use egui::accesskit::Live;
use egui::{
    Align, Area, Color32, Context, Id, Key, Layout, Margin, Modifiers, Order, Painter, Pos2, Rect, RichText, Stroke,
    TextEdit, Ui, vec2,
};

use crate::app::panels::export_card::export_card_ui;
use crate::app::panels::palette::palette_ui;
use crate::app::panels::shortcuts_sheet::sheet_ui;
use crate::app::state::{Notice, State};
use crate::app::theme::{Theme, alpha, font, space};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button, icon_button};
use crate::app::widgets::marks;
use crate::app::widgets::overlay::{card, shade};

/// Width of a notice.
const NOTICE_WIDTH: f32 = 380.0;
/// From the corner of the time map: clear of its axis.
const NOTICE_CORNER: egui::Vec2 = vec2(16.0, 60.0);
/// So many notices are shown at once, the newest lowest.
const NOTICES_SHOWN: usize = 3;
/// Width of the card for opening a file.
const CARD_WIDTH: f32 = 480.0;

/// Draws whatever floats over the window that fills `area`. Notices lie at the lower right of the
/// time map, below its diagonal, where nothing can have happened.
pub fn overlays_ui(
    ctx: &Context,
    area: Rect,
    time_map: Rect,
    state: &mut State,
    theme: &Theme,
    commands: &mut Vec<Command>,
) {
    let mut corner = time_map.right_bottom() - NOTICE_CORNER;
    for notice in state.notices.iter().rev().take(NOTICES_SHOWN) {
        let height = notice_ui(ctx, corner, notice, theme, commands);
        corner.y -= height + 8.0;
    }
    if let Some(path) = &mut state.open_card {
        open_card_ui(ctx, area, path, theme, commands);
    }
    if let Some(card) = &mut state.shell.export {
        export_card_ui(ctx, area, card, theme, commands);
    }
    if state.shell.is_sheet_shown {
        sheet_ui(ctx, area, theme, commands);
    }
    palette_ui(ctx, area, state, theme, commands);
    if ctx.input(|input| !input.raw.hovered_files.is_empty()) {
        drop_overlay(ctx, area, theme);
    }
}

fn notice_ui(ctx: &Context, corner: Pos2, notice: &Notice, theme: &Theme, commands: &mut Vec<Command>) -> f32 {
    let shown = Area::new(Id::unique(("notice", notice.id)))
        .order(Order::Foreground)
        .pivot(egui::Align2::RIGHT_BOTTOM)
        .fixed_pos(corner)
        .show(ctx, |ui| {
            card(theme).show(ui, |ui| {
                ui.set_width(NOTICE_WIDTH - 28.0);
                ui.horizontal(|ui| {
                    let (mark, _) = ui.allocate_exact_size(vec2(14.0, 18.0), egui::Sense::hover());
                    let shape = if notice.is_problem {
                        marks::triangle(mark.center(), 5.0, theme.warn)
                    } else {
                        marks::hollow(mark.center(), 4.0, theme.note)
                    };
                    ui.painter().add(shape);
                    let title = ui.label(RichText::new(&notice.title).font(font::title()).color(theme.t1));
                    let live = if notice.is_problem { Live::Assertive } else { Live::Polite };
                    ctx.accesskit_node_builder(title.id, |node| node.set_live(live));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let name = format!("Close: {}", notice.title);
                        let size = vec2(space::HIT, space::HIT);
                        if icon_button(ui, theme, size, &name, "Close", paint_close).clicked() {
                            commands.push(Command::CloseNotice(notice.id));
                        }
                    });
                });
                ui.add_space(2.0);
                for line in notice.text.lines() {
                    ui.label(RichText::new(line).font(font::prose()).color(theme.t2));
                }
            });
        });
    shown.response.rect.height()
}

/// A cross for closing.
pub fn paint_close(painter: &Painter, rect: Rect, colour: Color32) {
    let half = vec2(3.6, 3.6);
    let at = rect.center();
    let stroke = Stroke::new(1.4, colour);
    painter.line_segment([at - half, at + half], stroke);
    painter.line_segment([at + vec2(-half.x, half.y), at + vec2(half.x, -half.y)], stroke);
}

fn open_card_ui(ctx: &Context, area: Rect, path: &mut String, theme: &Theme, commands: &mut Vec<Command>) {
    if shade(ctx, area, theme, Id::unique("behind the open card")) {
        commands.push(Command::ShowOpenCard(false));
    }
    Area::new(Id::unique("open card"))
        .order(Order::Foreground)
        .anchor(egui::Align2::CENTER_CENTER, vec2(0.0, -60.0))
        .show(ctx, |ui| {
            card(theme).inner_margin(Margin::same(20)).show(ui, |ui| {
                ui.set_width(CARD_WIDTH - 40.0);
                open_card_contents(ui, path, theme, commands);
            });
        });
}

fn open_card_contents(ui: &mut Ui, path: &mut String, theme: &Theme, commands: &mut Vec<Command>) {
    ui.label(RichText::new("Open your own stream").font(font::finding()).color(theme.t1));
    ui.add_space(2.0);
    let what = "A recording (.csv, .jsonl or .parquet, also .gz and .zst) or a scenario (.ron). Columns are guessed, and the guess is shown.";
    ui.label(RichText::new(what).font(font::prose()).color(theme.t2));
    ui.add_space(10.0);
    let edit = TextEdit::singleline(path)
        .hint_text("Path of a file")
        .font(font::mono())
        .desired_width(f32::INFINITY)
        .margin(vec2(8.0, 7.0));
    let response = ui.add(edit);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::text_edit(true, "", path.as_str(), "Path of a file");
        info.label = Some("Path of a file".to_owned());
        info
    });
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if !entered && ui.memory(|memory| memory.focused().is_none()) {
        response.request_focus();
    }
    ui.add_space(12.0);
    ui.horizontal(|ui| {
        let can_open = !path.trim().is_empty();
        let opens =
            ui.add_enabled_ui(can_open, |ui| button(ui, theme, "Open this file", Loudness::Main).clicked()).inner;
        if can_open && (opens || entered) {
            commands.push(Command::OpenFile(path.trim().into()));
        }
        if button(ui, theme, "Choose a file…", Loudness::Plain).clicked() {
            commands.push(Command::AskForFile);
        }
        if button(ui, theme, "Not now", Loudness::Plain).clicked() {
            commands.push(Command::ShowOpenCard(false));
        }
    });
    ui.add_space(6.0);
    ui.label(RichText::new("Files can also be dropped anywhere on the window.").font(font::tick()).color(theme.t3));
    if ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        commands.push(Command::ShowOpenCard(false));
    }
}

fn drop_overlay(ctx: &Context, area: Rect, theme: &Theme) {
    let painter = ctx.layer_painter(egui::LayerId::new(Order::Tooltip, Id::unique("drop overlay")));
    painter.rect_filled(area, 0.0, alpha(theme.bg, 0.82));
    let zone = area.shrink(40.0);
    let corners = [zone.left_top(), zone.right_top(), zone.right_bottom(), zone.left_bottom(), zone.left_top()];
    painter.extend(egui::Shape::dashed_line(&corners, Stroke::new(1.5, theme.you), 8.0, 6.0));
    let centre = zone.center();
    painter.text(centre - vec2(0.0, 12.0), egui::Align2::CENTER_CENTER, "Drop it here", font::semibold(19.0), theme.t1);
    let what = "A scenario (.ron) or a recording (.csv, .jsonl, .parquet, also .gz and .zst)";
    painter.text(centre + vec2(0.0, 16.0), egui::Align2::CENTER_CENTER, what, font::prose(), theme.t2);
}
