//! Cards of the start page: a picture of a run, a title, a line on it. The whole card is one button.

use egui::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind,
    TextureHandle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use crate::app::arrangement::Preset;
use crate::app::files;
use crate::app::panels::start::thumbnails::Wanted;
use crate::app::panels::start::{Page, StartState, figures, in_few_words, progress};
use crate::app::shell::command::ShellCommand;
use crate::app::shell::remembered::{Origin, Was};
use crate::app::theme::{Theme, font, radius, space};
use crate::app::time_ticks;
use crate::app::view::Command;
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::marks;
use crate::scenario::{self, Scenario, library};
use crate::time::ProcTime;

/// Corner of a card.
const CORNER: f32 = 9.0;
/// Height of a card with its picture beside the words.
pub const WIDE: f32 = 106.0;
/// Height of the card that tells where the reader was.
const WAS: f32 = 188.0;

/// A card of a built-in scenario, in `rect`.
pub fn card_ui(
    ui: &mut Ui,
    page: Page<'_>,
    start: &mut StartState,
    rect: Rect,
    place: usize,
    number: Option<usize>,
    commands: &mut Vec<Command>,
) {
    let Some(scenario) = files::built_in().get(place) else { return };
    let theme = page.theme;
    let response = ui.interact(rect, ui.scope_id().with(("card", place)), Sense::click());
    let about = files::first_sentence(&scenario.about);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{}: {about}", scenario.title)));
    if response.has_focus() {
        response.scroll_to_me(None);
    }
    ground(ui.painter(), theme, rect, &response);
    let is_wide = rect.height() == WIDE;
    let (picture, left) = if is_wide {
        let picture = Rect::from_min_size(rect.min + vec2(8.0, 8.0), vec2((WIDE - 16.0) * 1.6, WIDE - 16.0));
        (picture, picture.right() + 16.0)
    } else {
        let corner = pos2(rect.right() - 8.0, rect.bottom() - 58.0);
        (Rect::from_min_max(rect.min + vec2(8.0, 8.0), corner), rect.left() + 12.0)
    };
    let texture = start.of_built_in(ui, page, place, picture.size());
    paint_picture(ui.painter(), theme, picture, texture.as_ref());
    let painter = ui.painter().with_clip_rect(rect.shrink(2.0).intersect(ui.clip_rect()));
    let mut at = pos2(left, if is_wide { rect.top() + 26.0 } else { rect.bottom() - 38.0 });
    let right = rect.right() - 10.0;
    if let Some(number) = number {
        at.x = painter.text(at, Align2::LEFT_CENTER, number.to_string(), font::prose(), theme.t3).right() + 8.0;
    }
    let title = title_of(&painter, theme, &scenario.title, right - at.x, !is_wide);
    let is_long = title.rows.len() > 1;
    if is_long {
        at.y += 2.0;
    }
    painter.galley(pos2(at.x, at.y - title.rows[0].height() / 2.0), std::sync::Arc::clone(&title), theme.t1);
    if is_wide {
        line(&painter, pos2(left, rect.top() + 48.0), &about, font::legend(), theme.t2, right - left);
    }
    let at = pos2(left, rect.bottom() - 18.0);
    let is_large = rect.width() > 190.0 && !is_wide;
    match progress(page, place) {
        Some(1.0) => {
            painter.add(marks::check(at + vec2(4.0, 0.0), 4.5, theme.watermark));
            line(&painter, at + vec2(16.0, 0.0), "done", font::legend(), theme.t2, right - at.x);
        }
        Some(share) => {
            let rail = Rect::from_min_size(at - vec2(0.0, 2.0), vec2((right - at.x).min(240.0), 4.0));
            painter.rect_filled(rail, radius::BAR, theme.rail());
            painter.rect_filled(rail.with_max_x(rail.left() + rail.width() * share.max(0.04)), radius::BAR, theme.you);
        }
        // The second line of a long title stands where its figures would.
        None if is_long => {}
        None => {
            let words = match in_few_words(place).filter(|_| is_large) {
                Some(words) => words.to_owned(),
                None => figures(page, place),
            };
            line(&painter, at, &words, font::legend(), theme.t3, right - at.x);
        }
    }
    if response.on_hover_text(about).clicked() {
        commands.extend(number.map(|_| Command::SetPreset(Preset::Learn)));
        commands.push(Command::OpenBuiltIn(place));
    }
}

/// The title of a card, in two lines where it may be long.
fn title_of(painter: &Painter, theme: &Theme, title: &str, room: f32, may_be_long: bool) -> std::sync::Arc<Galley> {
    let mut job = LayoutJob::simple(title.to_owned(), font::medium(12.5), theme.t1, room.max(0.0));
    job.wrap.max_rows = if may_be_long { 2 } else { 1 };
    painter.layout_job(job)
}

/// A line of text that ends in dots where there is no more room.
pub fn line(painter: &Painter, at: Pos2, text: &str, font: FontId, colour: Color32, room: f32) -> f32 {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, colour);
    job.wrap = TextWrapping::truncate_at_width(room.max(0.0));
    let galley = painter.layout_job(job);
    let width = galley.size().x;
    painter.galley(pos2(at.x, at.y - galley.size().y / 2.0), galley, colour);
    width
}

fn ground(painter: &Painter, theme: &Theme, rect: Rect, response: &Response) {
    let fill = if response.is_pointer_button_down_on() {
        theme.field
    } else if response.hovered() {
        theme.raised
    } else {
        theme.panel
    };
    let rim = if response.hovered() { theme.idle } else { theme.hair };
    painter.rect(rect, CORNER, fill, Stroke::new(1.0, rim), StrokeKind::Inside);
    if response.has_focus() {
        painter.rect_stroke(rect, CORNER, Stroke::new(2.0, theme.you), StrokeKind::Inside);
    }
}

/// The picture, or an empty plot until it is there.
fn paint_picture(painter: &Painter, theme: &Theme, rect: Rect, texture: Option<&TextureHandle>) {
    painter.rect_filled(rect, 4.0, theme.plot);
    if let Some(texture) = texture {
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        painter.image(texture.id(), rect, uv, Color32::WHITE);
    }
}

/// Where the reader was, and the way back there.
pub fn was_ui(ui: &mut Ui, page: Page<'_>, start: &mut StartState, commands: &mut Vec<Command>) {
    let theme = page.theme;
    let width = ui.available_width();
    let Some(was) = &page.state.saved.was else {
        let (rect, _) = ui.allocate_exact_size(vec2(width, 72.0), Sense::hover());
        ui.painter().rect(rect, CORNER, theme.panel, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
        let words = "Nothing yet. Take a demo below, or open a stream of your own; the next start goes on there.";
        let response = ui.interact(rect, ui.scope_id().with("nothing yet"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
        let mut job = LayoutJob::simple(words.to_owned(), font::prose(), theme.t2, width - 40.0);
        job.wrap.max_rows = 3;
        let galley = ui.painter().layout_job(job);
        ui.painter().galley(pos2(rect.left() + 20.0, rect.center().y - galley.size().y / 2.0), galley, theme.t2);
        return;
    };
    let (rect, _) = ui.allocate_exact_size(vec2(width, WAS), Sense::hover());
    ui.painter().rect(rect, CORNER, theme.panel, Stroke::new(1.0, theme.hair), StrokeKind::Inside);
    let scenario = start_of(was);
    // A recording is not read for this: without a picture the words have the card for themselves.
    let wide = if scenario.is_some() { width * 0.54 } else { 0.0 };
    let picture = Rect::from_min_size(rect.min + vec2(14.0, 14.0), vec2(wide, WAS - 28.0));
    let texture = scenario.and_then(|scenario| {
        let name = format!("where you were: {} {} {:?}", was.title, was.at, was.changed_to);
        let at = Some(ProcTime::from_micros(was.at));
        let wanted = || Wanted { name: name.clone(), scenario, at, size: picture.size() };
        start.texture(ui, page, wanted, &name)
    });
    if wide > 0.0 {
        paint_picture(ui.painter(), theme, picture, texture.as_ref());
    }
    let words = Rect::from_min_max(pos2(picture.right() + space::L, rect.top() + 20.0), rect.max - vec2(16.0, 16.0));
    let mut ui = ui.new_child(UiBuilder::new().id_salt("where you were").max_rect(words));
    ui.spacing_mut().item_spacing.y = 0.0;
    was_words(&mut ui, theme, was, commands);
}

fn was_words(ui: &mut Ui, theme: &Theme, was: &Was, commands: &mut Vec<Command>) {
    ui.add(egui::Label::new(RichText::new(&was.title).font(font::semibold(19.0)).color(theme.t1)).truncate());
    if let Some(asked) = &was.asked {
        ui.add_space(6.0);
        ui.add(egui::Label::new(RichText::new(asked).font(font::prose()).color(theme.t2)).truncate());
    }
    ui.add_space(10.0);
    let clock = |micros: i64| time_ticks::clock(micros, 1e6);
    let changed = if was.changed.is_empty() { "nothing".to_owned() } else { was.changed.join(", ") };
    let stopped = format!("{} of {}", clock(was.at), clock(was.end));
    for (name, value) in [("stopped at", stopped), ("changed", changed)] {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 21.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {value}")));
        ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, name, font::body(), theme.t3);
        let at = rect.left_center() + vec2(90.0, 0.0);
        line(ui.painter(), at, &value, font::medium(12.0), theme.t1, rect.width() - 90.0);
    }
    ui.add_space(14.0);
    ui.horizontal(|ui| {
        if button(ui, theme, "Go on", Loudness::Main).clicked() {
            commands.push(Command::Shell(ShellCommand::GoOn(true)));
        }
        if button(ui, theme, "or from the beginning", Loudness::Quiet).clicked() {
            commands.push(Command::Shell(ShellCommand::GoOn(false)));
        }
    });
}

/// The scenario that the reader left, where it can be made without reading a file.
fn start_of(was: &Was) -> Option<Scenario> {
    let read = |text: &str| scenario::parse(text, "where you were").ok();
    if let Some(text) = &was.changed_to {
        return read(text);
    }
    match &was.origin {
        Origin::BuiltIn(slug) => library::find(slug)?.scenario().ok(),
        Origin::Text(text) => read(text),
        Origin::File(_) => read(was.opened.as_deref()?),
    }
}
