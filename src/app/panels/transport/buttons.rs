//! Play, pause, step, start and end, speed, and the clock.

use egui::epaint::PathStroke;
use egui::{
    Align2, EventFilter, Key, Modifiers, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::app::panels::transport::clock;
use crate::app::playback::{Playback, SPEED_MIN, round_speed};
use crate::app::shortcuts::slider_focus_id;
use crate::app::theme::{Theme, alpha, font, radius, space};
use crate::app::view::{Command, View};

/// Radius of the play button.
const PLAY_RADIUS: f32 = 16.0;

/// Draws the left part of the transport into `area`.
pub fn buttons_ui(
    ui: &mut Ui,
    view: &View<'_>,
    playback: &Playback,
    area: Rect,
    compact: bool,
    commands: &mut Vec<Command>,
) {
    let theme = view.theme;
    let (row, speed_row) = if compact { (24.0, 53.0) } else { (33.0, 71.0) };
    let y = area.top() + row;
    let mut press = |ui: &mut Ui, x: f32, icon: Icon, name: &str, help: &str, command: Command| {
        if icon_at(ui, theme, pos2(area.left() + x, y), icon, name, help).clicked() {
            commands.push(command);
        }
    };
    press(ui, 28.0, Icon::ToStart, "To the start", "To the start (Home)", Command::ToStart);
    press(
        ui,
        57.0,
        Icon::StepBack,
        "Step back",
        "One record back (Left), one pane (Shift+Left)",
        Command::StepRecord(-1),
    );
    press(ui, 131.0, Icon::Step, "Step", "One record on (Right), one pane (Shift+Right)", Command::StepRecord(1));
    if play_button(ui, theme, pos2(area.left() + 94.0, y), PLAY_RADIUS, playback).clicked() {
        commands.push(Command::TogglePlay);
    }
    let reading = clock::reading(view.now, playback.start, playback.end);
    let x = area.left() + 156.0;
    let painter = ui.painter();
    painter.text(pos2(x, y - 7.0), Align2::LEFT_CENTER, &reading.main, font::medium(15.0), theme.t1);
    painter.text(pos2(x, y + 11.0), Align2::LEFT_CENTER, &reading.of, font::legend(), theme.t3);
    let clock_rect = Rect::from_min_max(pos2(x, y - 17.0), pos2(area.right(), y + 19.0));
    let response = ui.interact(clock_rect, ui.scope_id().with("clock"), Sense::hover());
    let said = format!("{} {}", reading.main, reading.of);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Clock {said}")));
    response.on_hover_text(format!("{} UTC, processing time", view.now));
    speed_ui(
        ui,
        theme,
        playback,
        Rect::from_min_max(
            pos2(area.left() + space::PANEL, area.top() + speed_row - 12.0),
            pos2(area.right() - space::PANEL, area.top() + speed_row + 12.0),
        ),
        commands,
    );
}

/// What a small button shows.
#[derive(Clone, Copy)]
pub enum Icon {
    /// To the start of the run.
    ToStart,
    /// Back by one.
    StepBack,
    /// On by one.
    Step,
}

/// A small button with an icon around `at`.
pub fn icon_at(ui: &mut Ui, theme: &Theme, at: Pos2, icon: Icon, name: &str, help: &str) -> Response {
    let rect = Rect::from_center_size(at, vec2(space::HIT + 2.0, space::HIT + 2.0));
    let response = ui.interact(rect, ui.scope_id().with(name), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    ring_and_ground(ui.painter(), theme, rect, &response);
    let colour = if response.hovered() { theme.t1 } else { theme.t2 };
    let triangle = |tip: f32, base: f32| {
        let points = vec![at + vec2(tip, 0.0), at + vec2(base, -4.5), at + vec2(base, 4.5)];
        Shape::convex_polygon(points, colour, PathStroke::NONE)
    };
    let bar = |x: f32| {
        let rect = Rect::from_center_size(at + vec2(x, 0.0), vec2(1.8, 9.0));
        Shape::rect_filled(rect, 0.5, colour)
    };
    let shapes = match icon {
        Icon::ToStart => vec![triangle(-5.5, 0.3), triangle(0.0, 5.8)],
        Icon::StepBack => vec![bar(-4.5), triangle(-3.0, 4.5)],
        Icon::Step => vec![triangle(3.0, -4.5), bar(4.5)],
    };
    ui.painter().extend(shapes);
    response.on_hover_text(help)
}

fn ring_and_ground(painter: &Painter, theme: &Theme, rect: Rect, response: &Response) {
    if response.hovered() {
        let fill = if response.is_pointer_button_down_on() { theme.hair } else { theme.field };
        painter.rect_filled(rect, radius::SEGMENT, fill);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, radius::SEGMENT, (2.0, theme.you), egui::StrokeKind::Inside);
    }
}

/// The round button that plays and holds.
pub fn play_button(ui: &mut Ui, theme: &Theme, at: Pos2, radius: f32, playback: &Playback) -> Response {
    let (name, help) = match (playback.playing, playback.at_end()) {
        (true, _) => ("Pause", "Hold time (Space)"),
        (false, true) => ("Play", "Play from the start (Space)"),
        (false, false) => ("Play", "Let time run (Space)"),
    };
    let rect = Rect::from_center_size(at, vec2(2.0 * radius, 2.0 * radius));
    let response = ui.interact(rect, ui.scope_id().with("play"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    let painter = ui.painter();
    let grown = ui.ctx().animate_bool(response.id, response.hovered());
    let fill = if response.is_pointer_button_down_on() { theme.t2 } else { theme.strong() };
    painter.circle_filled(at, radius + 0.8 * grown, fill);
    if response.has_focus() {
        painter.circle_stroke(at, radius + 3.0, Stroke::new(2.0, theme.you));
    }
    if playback.playing {
        for x in [-3.6, 3.6] {
            let bar = Rect::from_center_size(at + vec2(x, 0.0), vec2(3.4, 11.0));
            painter.rect_filled(bar, 1.0, theme.panel);
        }
    } else {
        let points = vec![at + vec2(6.5, 0.0), at + vec2(-4.0, -6.2), at + vec2(-4.0, 6.2)];
        painter.add(Shape::convex_polygon(points, theme.panel, PathStroke::NONE));
    }
    response.on_hover_text(help)
}

/// The speed: a track with a tick for every factor of ten.
fn speed_ui(ui: &mut Ui, theme: &Theme, playback: &Playback, area: Rect, commands: &mut Vec<Command>) {
    let y = area.center().y;
    ui.painter().text(pos2(area.left(), y), Align2::LEFT_CENTER, "Speed", font::body(), theme.t3);
    let said = clock::speed(playback.speed);
    let track = Rect::from_min_max(pos2(area.left() + 46.0, area.top()), pos2(area.right() - 56.0, area.bottom()));
    let response = ui.interact(track.expand2(vec2(6.0, 0.0)), ui.scope_id().with("speed"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), playback.speed, "Speed"));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(said.clone()));
    ui.painter().text(pos2(track.right() + 12.0, y), Align2::LEFT_CENTER, &said, font::value(), theme.t1);
    let decades = libm::log10(playback.fastest() / SPEED_MIN);
    let place = |speed: f64| (libm::log10(speed / SPEED_MIN) / decades) as f32;
    let x_of = |place: f32| track.left() + place * track.width();
    let mut new = None;
    if let Some(pointer) = response.interact_pointer_pos()
        && (response.dragged() || response.clicked())
    {
        response.request_focus();
        let share = f64::from(((pointer.x - track.left()) / track.width()).clamp(0.0, 1.0));
        new = Some(round_speed(SPEED_MIN * libm::pow(10.0, share * decades)));
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        ui.data_mut(|data| data.insert_temp(slider_focus_id(), response.id));
        let steps = ui.input_mut(|input| {
            input.count_and_consume_key(Modifiers::NONE, Key::ArrowRight) as i32
                - input.count_and_consume_key(Modifiers::NONE, Key::ArrowLeft) as i32
        });
        if steps != 0 {
            new = Some(round_speed(playback.speed * libm::pow(10.0, f64::from(steps) / 3.0)));
        }
    }
    commands.extend(new.map(Command::SetSpeed));
    paint_speed(ui.painter(), theme, track, y, decades, x_of(place(playback.speed)), &response);
    response.on_hover_text("Processing time per real time");
}

fn paint_speed(painter: &Painter, theme: &Theme, track: Rect, y: f32, decades: f64, thumb: f32, response: &Response) {
    let quiet = theme.rail_filled();
    let rail = Rect::from_min_max(pos2(track.left(), y - 1.0), pos2(track.right(), y + 1.0));
    painter.rect_filled(rail, 1.0, theme.rail());
    for decade in 0..=decades.round() as usize {
        let x = track.left() + track.width() * (decade as f64 / decades) as f32;
        painter.vline(painter.round_to_pixel_center(x), y - 4.0..=y + 4.0, (1.0, alpha(quiet, 0.7)));
    }
    let at = pos2(thumb, y);
    painter.circle_filled(at, 5.5, theme.panel);
    painter.circle_filled(at, 4.5, theme.strong());
    if response.has_focus() {
        painter.circle_stroke(at, 8.0, (1.5, theme.you));
    }
}
