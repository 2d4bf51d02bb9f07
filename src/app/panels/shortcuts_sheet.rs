//! The sheet of keys: every key by what it is about, from the table that the window dispatches from.

use egui::{Area, Context, Id, Order, Rect, RichText, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::app::panels::notices::paint_close;
use crate::app::panels::palette::keys_ui;
use crate::app::shell::command::ShellCommand;
use crate::app::shortcuts::{Group, Shortcut, table};
use crate::app::theme::{Theme, font, space};
use crate::app::view::Command;
use crate::app::widgets::controls::icon_button;
use crate::app::widgets::overlay;

/// Width of the sheet where there is room.
const WIDTH: f32 = 760.0;
/// Air around what the sheet holds.
const MARGIN: f32 = 20.0;
/// Height of its title and of the line below the list, with the air around them.
const CHROME: f32 = 2.0 * MARGIN + 74.0;
/// Height of a line.
const ROW: f32 = 26.0;
/// A column is at least this wide.
const COLUMN: f32 = 300.0;

/// Draws the sheet over the window that fills `area`.
pub fn sheet_ui(ctx: &Context, area: Rect, theme: &Theme, commands: &mut Vec<Command>) {
    if overlay::shade(ctx, area, theme, Id::unique("behind the sheet")) {
        commands.push(Command::Shell(ShellCommand::ShowSheet(false)));
    }
    let width = WIDTH.min(area.width() - 2.0 * space::PANEL);
    let inner = width - 2.0 * MARGIN;
    let columns = Columns::of(inner);
    let height = columns.height.min(area.height() - CHROME - 2.0 * space::S).max(ROW);
    let at = area.center() - vec2(width, height + CHROME) / 2.0;
    let shown = Area::new(Id::unique("sheet of keys")).order(Order::Foreground).fixed_pos(at.max(area.min));
    shown.show(ctx, |ui| {
        overlay::card(theme).inner_margin(MARGIN).show(ui, |ui| {
            ui.set_width(inner);
            ui.horizontal(|ui| {
                ui.label(RichText::new("Keys").font(font::semibold(19.0)).color(theme.t1));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let size = vec2(space::HIT, space::HIT);
                    if icon_button(ui, theme, size, "Close the sheet of keys", "Close (Esc)", paint_close).clicked() {
                        commands.push(Command::Shell(ShellCommand::ShowSheet(false)));
                    }
                });
            });
            ui.add_space(space::S);
            let scroll = ScrollArea::vertical().min_scrolled_height(height).max_height(height);
            scroll.show(ui, |ui| columns.ui(ui, theme));
            ui.add_space(space::S);
            let words = "On a knob: Left and Right turn it, with Shift in larger steps; a press on the value types it.";
            ui.label(RichText::new(words).font(font::legend()).color(theme.t3));
        });
    });
}

/// Groups in as many columns as there is room for, each in the shortest one.
struct Columns {
    width: f32,
    /// Width of a column, and by group where it begins.
    column: f32,
    places: Vec<(Group, Vec2)>,
    height: f32,
}

impl Columns {
    fn of(width: f32) -> Self {
        let count = ((width / COLUMN).floor() as usize).clamp(1, 2);
        let column = (width - (count - 1) as f32 * space::PANEL * 2.0) / count as f32;
        let mut heights = vec![0.0_f32; count];
        let mut places = Vec::new();
        for group in Group::ALL {
            let place = (0..count).min_by(|a, b| heights[*a].total_cmp(&heights[*b])).unwrap_or(0);
            places.push((group, vec2(place as f32 * (column + space::PANEL * 2.0), heights[place])));
            heights[place] += 30.0 + ROW * of_group(group).count() as f32 + space::PANEL;
        }
        Self { width, column, places, height: heights.into_iter().fold(0.0, f32::max) }
    }

    fn ui(&self, ui: &mut Ui, theme: &Theme) {
        let (rect, _) = ui.allocate_exact_size(vec2(self.width, self.height), Sense::hover());
        for &(group, at) in &self.places {
            let shortcuts: Vec<&Shortcut> = of_group(group).collect();
            group_ui(ui, theme, Rect::from_min_size(rect.min + at, vec2(self.column, 0.0)), group, &shortcuts);
        }
    }
}

fn of_group(group: Group) -> impl Iterator<Item = &'static Shortcut> {
    table().iter().filter(move |shortcut| shortcut.group == group)
}

fn group_ui(ui: &Ui, theme: &Theme, rect: Rect, group: Group, shortcuts: &[&Shortcut]) {
    let painter = ui.painter();
    let title = painter.layout_no_wrap(group.title().to_owned(), font::legend(), theme.t3);
    painter.galley(rect.min + vec2(0.0, 6.0), title, theme.t3);
    for (place, shortcut) in shortcuts.iter().enumerate() {
        let row = Rect::from_min_size(rect.min + vec2(0.0, 28.0 + ROW * place as f32), vec2(rect.width(), ROW));
        let keys: Vec<String> = shortcut.presses.iter().map(|press| press.in_words()).collect();
        let said = format!("{}: {}", shortcut.words, keys.join(" or "));
        let response = ui.interact(row, ui.scope_id().with(("key", shortcut.words)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
        let words = painter.layout_no_wrap(shortcut.words.to_owned(), font::prose(), theme.t1);
        painter.galley(pos2(row.left(), row.center().y - words.size().y / 2.0), words, theme.t1);
        let mut right = row.right();
        for (nth, keys) in keys.iter().rev().enumerate() {
            if nth > 0 {
                let or = painter.layout_no_wrap("or".to_owned(), font::tick(), theme.t3);
                right -= or.size().x + 6.0;
                painter.galley(pos2(right, row.center().y - or.size().y / 2.0), or, theme.t3);
                right -= 6.0;
            }
            right = keys_ui(painter, theme, pos2(right, row.center().y), keys);
        }
        let line = row.bottom() - 0.5;
        painter.hline(row.x_range(), line, egui::Stroke::new(1.0, theme.hair));
    }
}
