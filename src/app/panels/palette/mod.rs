//! The command palette: one field for going somewhere, doing something and asking why. Letters narrow the
//! list, arrows choose, Enter does it, Escape leaves.
//!
//! - [`entries`]: what it offers
//! - [`asked`]: instants, records and windows that a query names
//! - [`score`]: how well letters fit a title

pub mod asked;
pub mod entries;
pub mod score;

use egui::text::{LayoutJob, TextFormat};
use egui::{
    Align2, Area, Context, Id, Key, Modifiers, Order, Painter, Pos2, Rect, Role, ScrollArea, Sense, Stroke, TextEdit,
    Ui, WidgetInfo, pos2, vec2,
};

use crate::app::panels::palette::entries::{Found, Kind, found};
use crate::app::shell::command::ShellCommand;
use crate::app::state::State;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::Command;
use crate::app::widgets::overlay;
use crate::app::widgets::within::Within as _;

/// What is typed and chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaletteState {
    /// What is typed.
    pub query: String,
    /// The place of the entry that Enter takes.
    pub chosen: usize,
}

/// Width of the palette.
const WIDTH: f32 = 640.0;
/// Height of an entry.
const ROW: f32 = 32.0;
/// So many entries are seen at once.
const ROWS: f32 = 11.0;
/// Height of the field.
const FIELD: f32 = 48.0;
/// Height of the line of keys below the list.
const FOOT: f32 = 30.0;

/// Draws the palette over the window that fills `area`.
pub fn palette_ui(ctx: &Context, area: Rect, state: &mut State, theme: &Theme, commands: &mut Vec<Command>) {
    let Some(mut palette) = state.shell.palette.take() else { return };
    let mut list = found(state, &palette.query);
    palette.chosen = moved(ctx, palette.chosen, list.len());
    let listed = palette.query.clone();
    if overlay::shade(ctx, area, theme, Id::unique("behind the palette")) {
        commands.push(Command::Shell(ShellCommand::ShowPalette(false)));
    }
    let width = WIDTH.min(area.width() - 2.0 * space::PANEL);
    let rows = ROWS.min(((area.height() - 160.0) / ROW).floor()).within(2.0, list.len().max(2) as f32);
    let top = (area.height() * 0.12).min(area.height() - FIELD - FOOT - rows * ROW - space::L).max(space::S);
    let at = pos2(area.center().x - width / 2.0, area.top() + top);
    let mut taken = None;
    Area::new(Id::unique("palette")).order(Order::Foreground).fixed_pos(at).show(ctx, |ui| {
        overlay::card(theme).inner_margin(0).show(ui, |ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 0.0;
            field_ui(ui, theme, &mut palette);
            taken = list_ui(ui, theme, &list, &palette, rows * ROW);
            foot_ui(ui, theme);
        });
    });
    if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        commands.push(Command::Shell(ShellCommand::ShowPalette(false)));
    }
    let entered = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    if entered && palette.query != listed {
        // Letters and Enter came in one frame: what is meant is the first entry for what stands there now.
        list = found(state, &palette.query);
    }
    let taken = taken.or(entered.then_some(palette.chosen)).filter(|&place| place < list.len());
    state.shell.palette = Some(palette);
    if let Some(place) = taken {
        commands.push(Command::Shell(ShellCommand::ShowPalette(false)));
        commands.extend(list.swap_remove(place).entry.commands);
    }
}

/// The choice after the arrows that were pressed; around the ends.
fn moved(ctx: &Context, chosen: usize, count: usize) -> usize {
    let count = count.max(1) as i64;
    let steps = ctx.input_mut(|input| {
        let mut presses = |key: Key| input.count_and_consume_key(Modifiers::NONE, key) as i64;
        presses(Key::ArrowDown) - presses(Key::ArrowUp) + 8 * (presses(Key::PageDown) - presses(Key::PageUp))
    });
    (chosen as i64 + steps).rem_euclid(count) as usize
}

fn field_ui(ui: &mut Ui, theme: &Theme, palette: &mut PaletteState) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), FIELD), Sense::hover());
    paint_glass(ui.painter(), rect.left_center() + vec2(22.0, 0.0), theme);
    let inner = Rect::from_min_max(rect.min + vec2(42.0, 12.0), rect.max - vec2(16.0, 12.0));
    let edit = TextEdit::singleline(&mut palette.query)
        .hint_text("Go somewhere, do something, ask why")
        .font(font::regular(15.0))
        .frame(egui::Frame::NONE)
        .id(Id::unique("palette field"));
    let before = ui.available_width();
    let response = ui.put(inner, edit.desired_width(before.min(inner.width())));
    response.widget_info(|| {
        let mut info = WidgetInfo::text_edit(true, "", palette.query.as_str(), "Search, ask, do");
        info.label = Some("Search, ask, do".to_owned());
        info
    });
    if response.changed() {
        palette.chosen = 0;
    }
    response.request_focus();
    let line = rect.bottom() - 0.5;
    ui.painter().hline(rect.x_range(), line, Stroke::new(1.0, theme.hair));
}

/// A looking glass.
pub fn paint_glass(painter: &Painter, at: Pos2, theme: &Theme) {
    let stroke = Stroke::new(1.4, theme.t3);
    painter.circle_stroke(at - vec2(1.5, 1.5), 4.2, stroke);
    painter.line_segment([at + vec2(1.6, 1.6), at + vec2(5.2, 5.2)], stroke);
}

/// The entries. The place of one that was pressed.
fn list_ui(ui: &mut Ui, theme: &Theme, list: &[Found], palette: &PaletteState, height: f32) -> Option<usize> {
    let mut taken = None;
    let follows = ui.ctx().data(|data| data.get_temp::<usize>(Id::unique("palette shows"))) != Some(palette.chosen);
    // While the size of the list is not known yet, every row would seem to be out of sight.
    if !ui.is_sizing_pass() {
        ui.ctx().data_mut(|data| data.insert_temp(Id::unique("palette shows"), palette.chosen));
    }
    ScrollArea::vertical().id_salt("palette list").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut kind = None;
        for (place, found) in list.iter().enumerate() {
            let is_first = kind != Some(found.entry.kind);
            kind = Some(found.entry.kind);
            let response = row_ui(ui, theme, found, place == palette.chosen, is_first);
            if place == palette.chosen && follows && !ui.clip_rect().contains_rect(response.rect) {
                response.scroll_to_me(None);
            }
            if response.clicked() {
                taken = Some(place);
            }
        }
    });
    taken
}

fn row_ui(ui: &mut Ui, theme: &Theme, found: &Found, chosen: bool, names_kind: bool) -> egui::Response {
    let entry = &found.entry;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let said = if entry.detail.is_empty() { entry.title.clone() } else { format!("{}: {}", entry.title, entry.detail) };
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, &said));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let ground = rect.shrink2(vec2(6.0, 1.0));
    if chosen {
        painter.rect_filled(ground, radius::FIELD, alpha(theme.you, 0.16));
        let edge = Rect::from_min_size(ground.min + vec2(0.0, 6.0), vec2(2.0, ground.height() - 12.0));
        painter.rect_filled(edge, 1.0, theme.you);
    } else if response.hovered() {
        painter.rect_filled(ground, radius::FIELD, theme.field);
    }
    let y = rect.center().y;
    if names_kind {
        painter.text(pos2(rect.left() + 16.0, y), Align2::LEFT_CENTER, entry.kind.word(), font::tick(), theme.t3);
    }
    let keys_left = keys_ui(&painter, theme, pos2(rect.right() - 16.0, y), &entry.keys);
    let title = painter.layout_job(title_job(found, theme));
    let left = rect.left() + 52.0;
    let width = title.size().x;
    painter.galley(pos2(left, y - title.size().y / 2.0), title, theme.t1);
    let room = keys_left - 12.0 - (left + width + 12.0);
    if room > 40.0 && !entry.detail.is_empty() {
        let mut job = LayoutJob::simple_singleline(entry.detail.clone(), font::legend(), theme.t3);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room);
        let detail = painter.layout_job(job);
        painter.galley(pos2(left + width + 12.0, y - detail.size().y / 2.0), detail, theme.t3);
    }
    response
}

/// The title with the letters that were meant in bold.
fn title_job(found: &Found, theme: &Theme) -> LayoutJob {
    let mut job = LayoutJob::default();
    let kind = found.entry.kind;
    let plain = if kind == Kind::Ask { theme.t1 } else { theme.t1.lerp_to_gamma(theme.t2, 0.35) };
    for (place, letter) in found.entry.title.chars().enumerate() {
        let is_meant = found.fit.places.binary_search(&place).is_ok();
        let (font, colour) = if is_meant { (font::semibold(12.5), theme.you) } else { (font::prose(), plain) };
        let mut bytes = [0; 4];
        job.append(letter.encode_utf8(&mut bytes), 0.0, TextFormat::simple(font, colour));
    }
    job
}

/// Keys in a cap, right-aligned at `at`. Where they begin.
pub fn keys_ui(painter: &Painter, theme: &Theme, at: Pos2, keys: &str) -> f32 {
    if keys.is_empty() {
        return at.x;
    }
    let galley = painter.layout_no_wrap(keys.to_owned(), font::medium(10.5), theme.t2);
    let width = keys_width(&galley);
    let cap = Rect::from_min_max(pos2(at.x - width, at.y - 9.0), pos2(at.x, at.y + 9.0));
    painter.rect(cap, radius::SEGMENT, theme.field, Stroke::new(1.0, theme.hair), egui::StrokeKind::Inside);
    painter.galley(cap.center() - galley.size() / 2.0, galley, theme.t2);
    at.x - width - 4.0
}

/// Width of a cap around these letters.
pub fn keys_width(galley: &egui::Galley) -> f32 {
    (galley.size().x + 12.0).max(20.0)
}

fn foot_ui(ui: &mut Ui, theme: &Theme) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), FOOT), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, theme.hair));
    let words = "Up and Down to choose   \u{b7}   Enter to do it   \u{b7}   Esc to leave";
    ui.painter().text(rect.left_center() + vec2(16.0, 0.0), Align2::LEFT_CENTER, words, font::tick(), theme.t3);
}
