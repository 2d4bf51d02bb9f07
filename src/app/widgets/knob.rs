//! A knob: a label, a number with its unit, and a slim track.
//!
//! Drag the track, press the arrows, or click the number and type a value with a unit; a double
//! click goes back to the value that the scenario was opened with. What differs from that value
//! is sky blue, with a tick where it was.

use std::ops::RangeInclusive;

use egui::{
    Align2, Color32, EventFilter, Id, Key, Modifiers, Pos2, Rect, Response, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use crate::app::shortcuts::slider_focus_id;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::widgets::quantity::Quantity;
use crate::app::widgets::scale::Scale;
use crate::app::widgets::within::Within as _;

/// Radius of the thumb; a ring of one point in panel colour lies around it.
const THUMB: f32 = 4.5;
/// Thickness of the track.
const TRACK: f32 = 3.0;
/// Where the track runs in a row.
const TRACK_Y: f32 = 29.5;
/// What a row is longer by when its track has ticks with names.
const TICKS: f32 = 11.0;

/// Two clicks on the number within this many seconds go back to the value that it was opened with.
const DOUBLE_CLICK: f64 = 0.5;

/// One knob.
#[derive(Clone, Debug)]
pub struct Knob<'a> {
    /// Its name, also for screen readers.
    pub label: &'a str,
    /// A line on what it does, shown on hover.
    pub help: &'a str,
    /// What it holds.
    pub quantity: Quantity,
    /// How it is turned.
    pub scale: Scale,
    /// What may be typed, which may be more than what can be turned to.
    pub limits: RangeInclusive<f64>,
    /// The value that counts as not changed.
    pub default: f64,
    /// Places on the track with a name.
    pub ticks: &'a [(f64, &'a str)],
}

/// A number that is being typed.
#[derive(Clone, Default)]
struct Typing {
    text: String,
    error: Option<String>,
    /// The field takes the focus in its first frame.
    fresh: bool,
    /// When it was opened, on the frames' clock: a second click right after it is a double click.
    since: f64,
}

impl Knob<'_> {
    /// Draws the knob across the available width; the new value, when it was turned.
    pub fn ui(&self, ui: &mut Ui, theme: &Theme, value: f64) -> Option<f64> {
        let height = space::KNOB + if self.ticks.is_empty() { 0.0 } else { TICKS };
        let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let id = ui.scope_id().with(("knob", self.label));
        let changed_by_user = (value - self.default).abs() > 1e-9 * self.default.abs().max(1.0);
        let accent = if changed_by_user { theme.you } else { theme.t1 };

        let track = Rect::from_min_max(pos2(row.left(), row.top() + 17.0), pos2(row.right(), row.top() + 41.0));
        let response = ui.interact(track.expand2(vec2(THUMB, 0.0)), id, Sense::click_and_drag());
        let label_rect = Rect::from_min_max(row.min, pos2(row.center().x, row.top() + 17.0));
        ui.interact(label_rect, id.with("label"), Sense::hover()).on_hover_text(self.help);
        let middle = row.top() + 12.0;
        ui.painter().text(pos2(row.left(), middle), Align2::LEFT_CENTER, self.label, font::body(), theme.t2);

        let turned = self.turned(ui, &response, track, value);
        let shown = turned.unwrap_or(value);
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), shown, self.label));
        self.describe(ui, response.id, shown);
        self.paint_track(ui, theme, row, &response, shown, changed_by_user);
        response.on_hover_text(self.help);
        let typed = self.number_ui(ui, theme, row, shown, accent);
        typed.or(turned).filter(|new| *new != value)
    }

    fn turned(&self, ui: &Ui, response: &Response, track: Rect, value: f64) -> Option<f64> {
        let mut new = None;
        if response.double_clicked() {
            return Some(self.default);
        }
        if let Some(pointer) = response.interact_pointer_pos()
            && (response.dragged() || response.clicked())
        {
            response.request_focus();
            let place = f64::from((pointer.x - track.left()) / track.width());
            new = Some(self.scale.value(place, self.quantity));
        }
        if response.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            ui.data_mut(|data| data.insert_temp(slider_focus_id(), response.id));
            let steps = pressed_steps(ui);
            if steps != 0 {
                new = Some(self.scale.stepped(value, steps, self.quantity));
            }
        }
        let asked = ui.input(|input| {
            use egui::accesskit::{Action, ActionData};
            let up = input.num_accesskit_action_requests(response.id, Action::Increment) as i32;
            let down = input.num_accesskit_action_requests(response.id, Action::Decrement) as i32;
            let set =
                input.accesskit_action_requests(response.id, Action::SetValue).find_map(|request| match request.data {
                    Some(ActionData::NumericValue(value)) => Some(value),
                    _ => None,
                });
            set.or((up != down).then(|| self.scale.stepped(value, up - down, self.quantity)))
        });
        asked.or(new).map(|new| new.clamp(*self.limits.start(), *self.limits.end()))
    }

    fn describe(&self, ui: &Ui, id: Id, value: f64) {
        let (number, unit) = self.quantity.show(value);
        ui.ctx().accesskit_node_builder(id, |node| {
            use egui::accesskit::Action;
            node.set_value(format!("{number} {unit}"));
            node.set_min_numeric_value(*self.limits.start());
            node.set_max_numeric_value(*self.limits.end());
            node.add_action(Action::SetValue);
            node.add_action(Action::Increment);
            node.add_action(Action::Decrement);
        });
    }

    fn paint_track(&self, ui: &Ui, theme: &Theme, row: Rect, response: &Response, value: f64, changed: bool) {
        if !ui.is_rect_visible(row) {
            return;
        }
        let painter = ui.painter();
        let y = row.top() + TRACK_Y;
        let x_of = |value: f64| row.left() + self.scale.place(value) as f32 * row.width();
        let rail = Rect::from_min_max(pos2(row.left(), y - TRACK / 2.0), pos2(row.right(), y + TRACK / 2.0));
        painter.rect_filled(rail, TRACK / 2.0, theme.rail());
        let x = x_of(value);
        let filled = if changed { theme.you } else { theme.rail_filled() };
        painter.rect_filled(rail.with_max_x(x), TRACK / 2.0, filled);
        for &(at, name) in self.ticks {
            paint_tick(ui, theme, pos2(x_of(at), y), name, row);
        }
        if changed {
            let at = x_of(self.default);
            painter.vline(painter.round_to_pixel_center(at), y - 4.0..=y + 4.0, (1.0, theme.t3));
        }
        let alive = response.hovered() || response.dragged();
        let grown = ui.ctx().animate_bool(response.id.with("grown"), alive);
        let thumb = pos2(x, y);
        painter.circle_filled(thumb, THUMB + 1.0 + grown, theme.panel);
        painter.circle_filled(thumb, THUMB + grown, if changed { theme.you } else { theme.strong() });
        if response.has_focus() {
            painter.circle_stroke(thumb, THUMB + 3.5, (1.5, alpha(theme.you, 0.8)));
        }
    }

    /// The number at the right; a field while it is being typed. The value that was typed.
    fn number_ui(&self, ui: &mut Ui, theme: &Theme, row: Rect, value: f64, accent: Color32) -> Option<f64> {
        let id = ui.scope_id().with(("number", self.label));
        if let Some(typing) = ui.data(|data| data.get_temp::<Typing>(id)) {
            return self.typing_ui(ui, theme, row, id, typing);
        }
        let (number, unit) = self.quantity.show(value);
        let unit = ui.painter().layout_no_wrap(unit, font::body(), theme.t3);
        let number_colour = if value == 0.0 && accent == theme.t1 { theme.t3 } else { accent };
        let number = ui.painter().layout_no_wrap(number, font::value(), number_colour);
        let width = number.size().x + 3.0 + unit.size().x;
        let right = pos2(row.right(), row.top() + 12.0);
        let rect =
            Rect::from_min_max(pos2(right.x - width - 5.0, row.top() + 1.0), pos2(right.x + 4.0, row.top() + 19.0));
        let response = ui.interact(rect, id, Sense::click());
        let name = format!("{}, type a value", self.label);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), &name));
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, radius::PLATE, theme.field);
        }
        let at = |x: f32, height: f32| pos2(x, right.y - height / 2.0);
        ui.painter().galley(at(right.x - unit.size().x, unit.size().y), unit.clone(), theme.t3);
        ui.painter().galley(at(right.x - width, number.size().y), number, accent);
        if response.on_hover_text("Click to type a value, twice to go back to the one it was opened with").clicked() {
            let since = ui.input(|input| input.time);
            keep(ui, id, Typing { text: self.quantity.edit_text(value), error: None, fresh: true, since });
        }
        None
    }

    fn typing_ui(&self, ui: &mut Ui, theme: &Theme, row: Rect, id: Id, mut typing: Typing) -> Option<f64> {
        let rect = Rect::from_min_max(pos2(row.right() - 92.0, row.top()), pos2(row.right() + 4.0, row.top() + 21.0));
        let text_colour = if typing.error.is_some() { theme.dropped } else { theme.you };
        let edit = TextEdit::singleline(&mut typing.text)
            .id(id.with("field"))
            .font(font::value())
            .text_color(text_colour)
            .align(Align2::RIGHT_CENTER)
            .margin(vec2(5.0, 2.0));
        let response = ui.put(rect, edit);
        response.widget_info(|| {
            let mut info = WidgetInfo::text_edit(ui.is_enabled(), "", &typing.text, "");
            info.label = Some(format!("{}, value", self.label));
            info
        });
        if typing.fresh {
            response.request_focus();
            select_all(ui, response.id, typing.text.chars().count());
            typing.fresh = false;
        }
        if response.double_clicked() && ui.input(|input| input.time) - typing.since < DOUBLE_CLICK {
            ui.data_mut(|data| data.remove::<Typing>(id));
            return Some(self.default);
        }
        if response.changed() {
            typing.error = None;
        }
        let cancelled = ui.input(|input| input.key_pressed(Key::Escape));
        let confirmed = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let left = response.lost_focus() && !confirmed;
        let result = self.quantity.parse(&typing.text).and_then(|value| self.inside(value));
        if let Some(error) = &typing.error {
            response.show_tooltip_text(error.as_str());
        }
        match (&result, confirmed) {
            (Ok(_), true) => ui.data_mut(|data| data.remove::<Typing>(id)),
            (Err(error), true) => {
                typing.error = Some(error.clone());
                response.request_focus();
                keep(ui, id, typing);
            }
            _ if cancelled || left => ui.data_mut(|data| data.remove::<Typing>(id)),
            _ => keep(ui, id, typing),
        }
        result.ok().filter(|_| confirmed || (left && !cancelled))
    }

    fn inside(&self, value: f64) -> Result<f64, String> {
        if self.limits.contains(&value) {
            return Ok(value);
        }
        let show = |value: f64| {
            let (number, unit) = self.quantity.show(value);
            format!("{number} {unit}")
        };
        Err(format!("{} must be {} to {}", self.label, show(*self.limits.start()), show(*self.limits.end())))
    }
}

fn keep(ui: &Ui, id: Id, typing: Typing) {
    ui.data_mut(|data| {
        data.insert_temp(id, typing);
    });
}

fn paint_tick(ui: &Ui, theme: &Theme, at: Pos2, name: &str, row: Rect) {
    let painter = ui.painter();
    painter.vline(painter.round_to_pixel_center(at.x), at.y - 5.0..=at.y + 5.0, (1.0, theme.t3));
    let galley = painter.layout_no_wrap(name.to_owned(), font::tick_inside(), theme.t3);
    let half = galley.size().x / 2.0;
    let x = at.x.within(row.left() + half, row.right() - half) - half;
    painter.galley(pos2(x, at.y + 6.0), galley, theme.t3);
}

fn select_all(ui: &Ui, id: Id, length: usize) {
    use egui::text::{CCursor, CCursorRange};
    let mut state = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0_usize), CCursor::new(length))));
    state.store(ui.ctx(), id);
}

/// Arrow keys as steps: right and up are one more, with shift ten.
fn pressed_steps(ui: &Ui) -> i32 {
    ui.input_mut(|input| {
        let mut steps = 0;
        for (key, sign) in [(Key::ArrowRight, 1), (Key::ArrowUp, 1), (Key::ArrowLeft, -1), (Key::ArrowDown, -1)] {
            steps += 10 * sign * input.count_and_consume_key(Modifiers::SHIFT, key) as i32;
            steps += sign * input.count_and_consume_key(Modifiers::NONE, key) as i32;
        }
        steps
    })
}
