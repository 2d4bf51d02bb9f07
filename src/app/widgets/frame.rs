//! The frame of a panel: its header, the hairlines where panels meet, and the plates that keep
//! labels readable over data. Panels have no border of their own, no gap and no shadow.

use std::sync::Arc;

use egui::{Align, Align2, Color32, FontId, Galley, Id, Layout, Painter, Pos2, Rect, RichText, Ui, UiBuilder, vec2};

use crate::app::theme::{Theme, font, radius, space};
use crate::app::widgets::marks;

/// Draws a panel into `rect`: its ground, a header with `title` and whatever `header` adds after
/// it (left to right), then `body` in the rest, which has no padding.
pub fn panel(
    ui: &mut Ui,
    theme: &Theme,
    rect: Rect,
    title: &str,
    header: impl FnOnce(&mut Ui),
    body: impl FnOnce(&mut Ui),
) {
    panel_in(ui, theme, rect, (title, font::title()), header, body);
}

/// The same with a title in a font of its own.
pub fn panel_in(
    ui: &mut Ui,
    theme: &Theme,
    rect: Rect,
    (title, letters): (&str, FontId),
    header: impl FnOnce(&mut Ui),
    body: impl FnOnce(&mut Ui),
) {
    ui.painter().rect_filled(rect, 0.0, theme.panel);
    let (top, rest) = rect.split_top_bottom_at_y(rect.top() + space::HEADER);
    scope(ui, (title, "header"), top.shrink2(vec2(space::PANEL, 0.0)), Layout::left_to_right(Align::Center), |ui| {
        if is_titled(ui) {
            ui.label(RichText::new(title).font(letters).color(theme.t1));
            ui.add_space(space::M);
        }
        header(ui);
    });
    scope(ui, (title, "body"), rest, Layout::top_down(Align::Min), body);
}

/// As [`panel`] with a hairline below the header; without a header, where the bar of tabs above says it all, the body
/// begins at the top. Where the body lies.
pub fn headed(
    ui: &mut Ui,
    theme: &Theme,
    rect: Rect,
    title: &str,
    has_header: bool,
    header: impl FnOnce(&mut Ui),
) -> Rect {
    if !has_header {
        ui.painter().rect_filled(rect, 0.0, theme.panel);
        return rect;
    }
    panel(ui, theme, rect, title, header, |_| {});
    let body = rect.with_min_y(rect.top() + space::HEADER);
    marks::hline(ui.painter(), body.x_range(), body.top(), theme.hair);
    body
}

fn titled_id() -> Id {
    Id::unique("panels say their own title")
}

/// Whether panels say their own title from now on; under a bar of tabs they do not.
pub fn set_titled(ui: &Ui, titled: bool) {
    ui.data_mut(|data| data.insert_temp(titled_id(), titled));
}

/// Whether a panel says its own title.
pub fn is_titled(ui: &Ui) -> bool {
    ui.data(|data| data.get_temp(titled_id())).unwrap_or(true)
}

/// A child that has exactly `rect`, clipped to it; a rectangle turned inside out is taken as empty.
pub fn scope(ui: &mut Ui, salt: impl egui::AsIdSalt, rect: Rect, layout: Layout, contents: impl FnOnce(&mut Ui)) {
    let rect = Rect::from_min_max(rect.min, rect.max.max(rect.min));
    let builder = UiBuilder::new().id_salt(salt).max_rect(rect).layout(layout);
    let mut child = ui.new_child(builder);
    child.shrink_clip_rect(rect);
    contents(&mut child);
}

/// A panel's title.
pub fn title(ui: &mut Ui, theme: &Theme, text: &str) {
    ui.label(RichText::new(text).font(font::title()).color(theme.t1));
}

/// A caption of a group, or a unit: small and pale.
pub fn caption(ui: &mut Ui, theme: &Theme, text: impl Into<String>) -> egui::Response {
    ui.label(RichText::new(text.into()).font(font::tick()).color(theme.t3))
}

/// Text over data: a plate in plot colour, then the letters. Returns the plate's rectangle.
pub fn plate(
    painter: &Painter,
    theme: &Theme,
    at: Pos2,
    anchor: Align2,
    text: &str,
    font: FontId,
    colour: Color32,
) -> Rect {
    let galley = painter.layout_no_wrap(text.to_owned(), font, colour);
    let rect = plate_rect(&galley, at, anchor);
    painter.rect_filled(rect, radius::PLATE, theme.plate());
    painter.galley(rect.min + PLATE_AIR, galley, colour);
    rect
}

/// Air between the letters and the rim of a plate.
const PLATE_AIR: egui::Vec2 = vec2(4.0, 2.0);

/// Where a plate around `galley` comes to lie; for finding a free place before drawing it.
pub fn plate_rect(galley: &Arc<Galley>, at: Pos2, anchor: Align2) -> Rect {
    anchor.anchor_size(at, galley.size() + 2.0 * PLATE_AIR)
}
