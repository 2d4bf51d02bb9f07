//! The right column of the start page: a stream of one's own, questions, files opened last, keys.

use egui::{Align2, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use crate::app::files;
use crate::app::panels::palette::{keys_ui, keys_width};
use crate::app::panels::start::cards::line;
use crate::app::panels::start::questions::{ON_START, QUESTIONS};
use crate::app::panels::start::{Page, heading};
use crate::app::shell::command::ShellCommand;
use crate::app::shell::remembered::{Recent, when};
use crate::app::theme::{Theme, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::human;
use crate::scenario::library;

/// Corner of a card.
const CORNER: f32 = 9.0;
/// The stream that is made up for a reader without one.
const MADE_UP: &str = "twenty-thousand";

/// Draws the column into `ui`, downwards.
pub fn side_ui(ui: &mut Ui, page: Page<'_>, commands: &mut Vec<Command>) {
    let theme = page.theme;
    heading(ui, theme, "Open your own stream", "", |_| {});
    drop_ui(ui, theme, commands);
    ui.add_space(space::L);
    heading(ui, theme, "Questions", "", |_| {});
    questions_ui(ui, theme, commands);
    ui.add_space(space::L);
    heading(ui, theme, "Recent", "", |_| {});
    recent_ui(ui, page, commands);
    ui.add_space(space::M);
    hints_ui(ui, theme);
}

fn drop_ui(ui: &mut Ui, theme: &Theme, commands: &mut Vec<Command>) {
    let width = ui.available_width();
    let (rect, _) = ui.allocate_exact_size(vec2(width, 188.0), Sense::hover());
    let zone = rect.shrink(0.75);
    ui.painter().rect_filled(zone, CORNER, theme.panel);
    let corners = [zone.left_top(), zone.right_top(), zone.right_bottom(), zone.left_bottom(), zone.left_top()];
    ui.painter().extend(egui::Shape::dashed_line(&corners, Stroke::new(1.5, theme.idle), 6.0, 4.0));
    let centre = rect.center();
    let text = |y: f32, words: &str, font, colour| {
        ui.painter().text(pos2(centre.x, rect.top() + y), Align2::CENTER_CENTER, words, font, colour);
    };
    text(44.0, "Drop a file here", font::semibold(16.0), theme.t1);
    text(74.0, "CSV, JSON lines, Parquet, or a scenario", font::prose(), theme.t2);
    text(95.0, "Columns are guessed, and the guess is shown.", font::prose(), theme.t3);
    let row = Rect::from_center_size(pos2(centre.x, rect.top() + 140.0), vec2(width - 40.0, 32.0));
    let mut row = ui.new_child(UiBuilder::new().id_salt("drop zone").max_rect(row));
    row.horizontal(|ui| {
        let text = |words: &str| ui.painter().layout_no_wrap(words.to_owned(), font::value(), theme.t1).size().x;
        let both = text("Choose a file") + text("Make up a stream") + 4.0 * 14.0 + ui.spacing().item_spacing.x;
        let spare = ui.available_width() - both;
        ui.add_space((spare / 2.0).max(0.0));
        if button(ui, theme, "Choose a file", Loudness::Plain).clicked() {
            commands.push(Command::ShowOpenCard(true));
        }
        let help = "A stream of twenty thousand records to drag knobs on";
        if button(ui, theme, "Make up a stream", Loudness::Plain).on_hover_text(help).clicked() {
            let place = library::BUILT_IN.iter().position(|built_in| built_in.slug == MADE_UP);
            commands.push(Command::OpenBuiltIn(place.unwrap_or(0)));
        }
    });
}

fn questions_ui(ui: &mut Ui, theme: &Theme, commands: &mut Vec<Command>) {
    let row = 43.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), row * ON_START as f32), Sense::hover());
    ui.painter().rect(rect, CORNER, theme.panel, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    for (place, question) in QUESTIONS.iter().take(ON_START).enumerate() {
        let at = Rect::from_min_size(rect.min + vec2(0.0, row * place as f32), vec2(rect.width(), row));
        let response = ui.interact(at, ui.scope_id().with(("question", place)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, question.words));
        if response.hovered() {
            ui.painter().rect_filled(at.shrink(3.0), radius::FIELD, theme.raised);
        }
        if response.has_focus() {
            ui.painter().rect_stroke(at.shrink(3.0), radius::FIELD, (2.0, theme.you), StrokeKind::Inside);
            response.scroll_to_me(None);
        }
        if place > 0 {
            ui.painter().hline(at.left() + 16.0..=at.right() - 16.0, at.top().round() + 0.5, (1.0, theme.hair));
        }
        let left = at.left_center() + vec2(16.0, 0.0);
        line(ui.painter(), left, question.words, font::prose(), theme.t1, at.width() - 52.0);
        let right = at.right_center() - vec2(22.0, 0.0);
        ui.painter().text(right, Align2::CENTER_CENTER, "\u{2192}", font::prose(), theme.t3);
        if response.on_hover_text(question.answered_by()).clicked() {
            commands.push(Command::Shell(ShellCommand::Ask(place)));
        }
    }
}

fn recent_ui(ui: &mut Ui, page: Page<'_>, commands: &mut Vec<Command>) {
    let theme = page.theme;
    let recent = &page.state.saved.recent;
    if recent.is_empty() {
        ui.label(RichText::new("Files that you open are listed here.").font(font::prose()).color(theme.t3));
    }
    for file in recent {
        recent_row(ui, page, file, commands);
    }
}

/// A file: name, kind, when. One that is gone is pale, and a press takes it off the list.
fn recent_row(ui: &mut Ui, page: Page<'_>, file: &Recent, commands: &mut Vec<Command>) {
    let theme = page.theme;
    let is_missing = page.state.shell.missing.contains(&file.path);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
    let name = files::short_name(&file.path);
    let kind = match file.records {
        _ if is_missing => "not there any more".to_owned(),
        Some(records) => format!("{} records", human::count(records)),
        None => "scenario".to_owned(),
    };
    let day = when(file.opened_at, page.state.shell.today);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{name}, {kind} {day}")));
    let hit = rect.expand2(vec2(8.0, -2.0));
    if response.hovered() {
        ui.painter().rect_filled(hit, radius::FIELD, theme.panel);
    }
    if response.has_focus() {
        ui.painter().rect_stroke(hit, radius::FIELD, (2.0, theme.you), StrokeKind::Inside);
    }
    let right = rect.right_center();
    let day = ui.painter().text(right, Align2::RIGHT_CENTER, day, font::body(), theme.t3);
    let kind_right = right.x - day.width().max(70.0) - 12.0;
    let colour = if is_missing { theme.dropped } else { theme.t3 };
    let kind = ui.painter().text(pos2(kind_right, right.y), Align2::RIGHT_CENTER, kind, font::body(), colour);
    let colour = if is_missing { theme.t3 } else { theme.t1 };
    line(ui.painter(), rect.left_center(), &name, font::mono(), colour, kind.left() - rect.left() - 12.0);
    let path = file.path.display();
    let help = if is_missing { format!("{path}\nA press takes it off the list.") } else { path.to_string() };
    if response.on_hover_text(help).clicked() {
        let command = if is_missing {
            Command::Shell(ShellCommand::Forget(file.path.clone()))
        } else {
            Command::OpenFile(file.path.clone())
        };
        commands.push(command);
    }
}

fn hints_ui(ui: &mut Ui, theme: &Theme) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 36.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "Keys: Ctrl K anything, F1 keys, Ctrl O open"));
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, (1.0, theme.hair));
    let mut x = rect.left();
    for (keys, words) in [("Ctrl K", "anything"), ("F1", "keys"), ("Ctrl O", "open")] {
        let galley = ui.painter().layout_no_wrap(keys.to_owned(), font::medium(10.5), theme.t2);
        let width = keys_width(&galley) + 4.0;
        let y = rect.center().y + 4.0;
        keys_ui(ui.painter(), theme, pos2(x + width - 4.0, y), keys);
        let at = pos2(x + width + 4.0, y);
        let words = ui.painter().text(at, Align2::LEFT_CENTER, words, font::body(), theme.t3);
        x = words.right() + space::PANEL;
    }
}
