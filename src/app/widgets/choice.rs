//! One of many in a menu, on and off, and a group that is folded away: rows of the settings that are
//! quieter than segments.

use egui::{
    Align2, Color32, Painter, Popup, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::app::theme::{Theme, font, radius, space};
use crate::app::widgets::focus;

/// Height of a row.
const ROW: f32 = 26.0;

/// One of several named things, chosen from a menu.
pub struct Choice<'a> {
    /// Its name, at the left and for screen readers.
    pub label: &'a str,
    /// A line on what it does, shown on hover.
    pub help: &'a str,
    /// What there is: a name and a line on what it does.
    pub choices: &'a [(&'a str, &'a str)],
    /// What is chosen; past the end for none of them.
    pub chosen: usize,
    /// Whether the reader has changed it.
    pub changed: bool,
}

impl Choice<'_> {
    /// Draws the row across the available width; the new choice, when another one was picked.
    pub fn ui(&self, ui: &mut Ui, theme: &Theme) -> Option<usize> {
        let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        let label = ui.painter().layout_no_wrap(self.label.to_owned(), font::body(), theme.t2);
        let left = row.left() + label.size().x;
        ui.painter().galley(row.left_center() - vec2(0.0, label.size().y / 2.0), label, theme.t2);
        let name = self.choices.get(self.chosen).map_or("other", |(name, _)| *name);
        let ink = if self.changed { theme.you } else { theme.t1 };
        let value = ui.painter().layout_no_wrap(name.to_owned(), font::value(), ink);
        let width = (value.size().x + 30.0).min(row.right() + 8.0 - left - 6.0);
        let field = Rect::from_min_max(
            pos2(row.right() + 8.0 - width, row.center().y - space::HIT / 2.0),
            pos2(row.right() + 8.0, row.center().y + space::HIT / 2.0),
        );
        let response = ui.interact(field, ui.scope_id().with(("choice", self.label)), Sense::click());
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), self.label);
            info.current_text_value = Some(name.to_owned());
            info
        });
        if response.hovered() || Popup::is_id_open(ui.ctx(), Popup::default_response_id(&response)) {
            ui.painter().rect_filled(field, radius::SEGMENT, theme.field);
        }
        focus::ring(ui, theme, field, &response);
        let painter = ui.painter().with_clip_rect(field.intersect(ui.clip_rect()));
        painter.galley(field.left_center() + vec2(8.0, -value.size().y / 2.0), value, ink);
        paint_arrow(ui.painter(), pos2(field.right() - 12.0, field.center().y + 0.5), theme.t3, true);
        self.menu(&response)
    }

    fn menu(&self, response: &Response) -> Option<usize> {
        let help = self.choices.get(self.chosen).map_or(self.help, |(_, help)| *help);
        let response = response.clone().on_hover_text(format!("{}\n{help}", self.help));
        let mut picked = None;
        Popup::menu(&response).show(|ui| {
            ui.set_min_width(150.0);
            for (i, (name, help)) in self.choices.iter().enumerate() {
                let item = ui.selectable_label(i == self.chosen, *name).on_hover_text(*help);
                if item.clicked() {
                    picked = Some(i);
                    ui.close();
                }
            }
        });
        picked.filter(|&picked| picked != self.chosen)
    }
}

/// A switch with its name at the left; the new state, when it was flipped.
pub fn switch(ui: &mut Ui, theme: &Theme, label: &str, help: &str, on: bool) -> Option<bool> {
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), on, label));
    let ink = if response.hovered() { theme.t1 } else { theme.t2 };
    ui.painter().text(row.left_center(), Align2::LEFT_CENTER, label, font::body(), ink);
    let track = Rect::from_center_size(pos2(row.right() - 13.0, row.center().y), vec2(26.0, 14.0));
    let fill = if on { theme.rail_filled() } else { theme.rail() };
    ui.painter().rect_filled(track, 7.0, fill);
    let x = if on { track.right() - 7.0 } else { track.left() + 7.0 };
    ui.painter().circle_filled(pos2(x, track.center().y), 5.0, if on { theme.strong() } else { theme.t3 });
    if response.has_focus() {
        ui.painter().rect_stroke(track.expand(3.0), 9.0, (1.5, theme.you), egui::StrokeKind::Inside);
    }
    response.on_hover_text(help).clicked().then_some(!on)
}

/// The head of a group that is folded away; what is remembered is in the memory of the window.
/// Whether the group is shown: when it was opened, or `forced` because something in it matters.
pub fn fold(ui: &mut Ui, theme: &Theme, label: &str, forced: bool) -> bool {
    let id = ui.scope_id().with(("fold", label));
    let mut open = ui.data(|data| data.get_temp::<bool>(id)).unwrap_or(forced);
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), space::HIT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, ui.is_enabled(), open, label));
    if response.clicked() {
        open = !open;
        ui.data_mut(|data| data.insert_temp(id, open));
    }
    let ink = if response.hovered() { theme.t1 } else { theme.t3 };
    paint_arrow(ui.painter(), pos2(row.left() + 4.0, row.center().y), ink, open);
    ui.painter().text(row.left_center() + vec2(14.0, 0.0), Align2::LEFT_CENTER, label, font::legend(), ink);
    focus::ring(ui, theme, row.expand2(vec2(4.0, -2.0)), &response);
    open
}

/// A small triangle that points down, or to the right.
fn paint_arrow(painter: &Painter, at: Pos2, colour: Color32, down: bool) {
    let corners = if down {
        vec![at + vec2(-3.5, -2.0), at + vec2(3.5, -2.0), at + vec2(0.0, 2.5)]
    } else {
        vec![at + vec2(-2.0, -3.5), at + vec2(2.5, 0.0), at + vec2(-2.0, 3.5)]
    };
    painter.add(Shape::convex_polygon(corners, colour, Stroke::NONE));
}
