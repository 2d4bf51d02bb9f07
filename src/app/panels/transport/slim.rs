//! The transport where people look at something else: a large button, the clock, and the run as one line. In
//! Learn with a dot for every record, where they are few; in Present with what goes wrong named above it.

use egui::{Align2, Painter, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use crate::app::arrangement::Preset;
use crate::app::panels::guarantees::air;
use crate::app::panels::transport::buttons::{Icon, icon_at, play_button};
use crate::app::panels::transport::{clock, recovery, timeline};
use crate::app::playback::Playback;
use crate::app::theme::{alpha, font, space};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::marks;
use crate::app::widgets::within::Within as _;
use crate::time::ProcTime;

/// Up to so many records there is a dot for each.
const DOTS: usize = 120;

/// Draws the transport of Learn or Present into all of `ui`.
pub fn slim_ui(ui: &mut Ui, view: &View<'_>, playback: &Playback, commands: &mut Vec<Command>) {
    let area = ui.max_rect();
    let is_present = view.preset == Preset::Present;
    let margin = match (is_present, area.width() < 1_100.0) {
        (true, _) => air(area.width()),
        (false, true) => space::PANEL,
        (false, false) => 32.0,
    };
    let y = area.center().y;
    let left = area.left() + margin;
    let press =
        if is_present { (Icon::ToStart, "To the start", "To the start (Home)", Command::ToStart) } else { step() };
    let (icon, name, help, command) = press;
    if play_button(ui, view.theme, pos2(left + 20.0, y), 18.0, playback).clicked() {
        commands.push(Command::TogglePlay);
    }
    if icon_at(ui, view.theme, pos2(left + 62.0, y), icon, name, help).clicked() {
        commands.push(command);
    }
    let words = clock_ui(ui, view, playback, pos2(left + 92.0, y), is_present);
    let line_left =
        (words + space::L).max(area.left() + if is_present { 250.0 } else { 380.0_f32.min(area.width() * 0.34) });
    let rail = Rect::from_x_y_ranges(line_left..=area.right() - margin, y - 3.0..=y + 3.0);
    if rail.width() > 60.0 {
        rail_ui(ui, view, rail, area, commands);
    }
}

fn step() -> (Icon, &'static str, &'static str, Command) {
    (Icon::Step, "Step", "One record on (Right), one pane (Shift Right)", Command::StepRecord(1))
}

/// The clock and what it stands at. Where it ends.
fn clock_ui(ui: &Ui, view: &View<'_>, playback: &Playback, at: Pos2, is_present: bool) -> f32 {
    let reading = clock::reading(view.now, playback.start, playback.end);
    // Tenths are noise in front of people.
    let main = reading.main.split('.').next().unwrap_or_default().to_owned();
    let size = if is_present { 18.0 } else { 16.0 };
    let theme = view.theme;
    let shown = ui.painter().text(at, Align2::LEFT_CENTER, &main, font::medium(size), theme.t1);
    let is_held = !playback.playing && view.scenario.lesson.is_some() && !playback.at_end();
    let beside = if is_present {
        clock::speed(playback.speed)
    } else if is_held {
        "paused by the lesson".to_owned()
    } else {
        reading.of.clone()
    };
    let beside_at = pos2(shown.right() + 12.0, at.y);
    let beside = ui.painter().text(beside_at, Align2::LEFT_CENTER, beside, font::regular(13.0), theme.t3);
    let said = format!("Clock {main} {}", reading.of);
    let response = ui.interact(shown.union(beside), ui.scope_id().with("clock"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &said));
    beside.right()
}

fn rail_ui(ui: &mut Ui, view: &View<'_>, rail: Rect, area: Rect, commands: &mut Vec<Command>) {
    let theme = view.theme;
    let overview = &view.run.overview;
    let axis =
        TimeAxis::new(TimeRange::of_micros(overview.start.micros(), overview.end.micros()), rail.left(), rail.right());
    let hit = Rect::from_x_y_ranges(rail.x_range(), area.top() + 4.0..=area.bottom() - 4.0);
    let response = timeline::seek_ui(ui, view, hit, axis, commands);
    let painter = ui.painter();
    let now = axis.px_of(view.now.micros()).within(rail.left(), rail.right());
    painter.rect_filled(rail, 3.0, theme.rail());
    painter.rect_filled(rail.with_max_x(now), 3.0, theme.rail_filled());
    if view.preset == Preset::Present {
        troubles(painter, view, rail, axis);
        recovery::paint(painter, view, rail, axis);
        ticks(painter, view, rail, axis);
    } else {
        dots(painter, view, rail, axis);
    }
    painter.circle_filled(pos2(now, rail.center().y), 8.0, theme.panel);
    painter.circle_filled(pos2(now, rail.center().y), 6.5, theme.strong());
    if response.has_focus() {
        painter.circle_stroke(pos2(now, rail.center().y), 10.0, Stroke::new(2.0, theme.you));
    }
}

/// A dot where each record arrives, when there are few.
fn dots(painter: &Painter, view: &View<'_>, rail: Rect, axis: TimeAxis) {
    let arrivals = view.run.trace.stream.arrivals_ascending();
    if arrivals.len() > DOTS {
        return;
    }
    for &at in arrivals {
        let x = axis.px_of(at.micros()).within(rail.left(), rail.right());
        painter.circle_filled(
            pos2(x, rail.top() - 9.0),
            2.2,
            alpha(view.theme.on_time, if at <= view.now { 1.0 } else { 0.6 }),
        );
    }
}

/// What goes wrong, as stretches of the line, with names above as far as there is room.
fn troubles(painter: &Painter, view: &View<'_>, rail: Rect, axis: TimeAxis) {
    let theme = view.theme;
    let start = view.run.overview.start;
    let rules = view.run.scenario.log.rules();
    let mut free = rail.left();
    let beginnings: Vec<f32> =
        view.run.scenario.faults.iter().map(|fault| axis.px_of((start + fault.stretch(&rules).0).micros())).collect();
    for fault in &view.run.scenario.faults {
        let (from, until) = fault.stretch(&rules);
        let x = |at: ProcTime| axis.px_of(at.micros()).within(rail.left(), rail.right());
        let (left, right) = (x(start + from), x(start + until));
        let colour = if fault.is_before_the_log() { alpha(theme.fault, 0.6) } else { theme.backpressure };
        painter.rect_filled(Rect::from_x_y_ranges(left..=right.max(left + 2.0), rail.y_range()), 0.0, colour);
        let words = painter.layout_no_wrap(fault.in_words(), font::regular(12.0), theme.t2);
        let width = words.size().x + 18.0;
        let y = rail.top() - 11.0;
        let size = words.size();
        let bolt = |x: f32| painter.add(marks::bolt(pos2(x, y), 5.0, theme.fault));
        let is_taken = beginnings.iter().any(|&other| other > left + 1.0 && other < left + width + 8.0);
        let before = left - size.x - 13.0;
        if (is_taken || left + width > rail.right()) && before >= free {
            // What comes next has its own name there.
            bolt(left);
            painter.galley(pos2(before, y - size.y / 2.0), words, theme.t2);
            free = left + 12.0;
        } else if left.min(rail.right() - width) >= free {
            let at = left.min(rail.right() - width);
            bolt(at + 4.0);
            painter.galley(pos2(at + 13.0, y - size.y / 2.0), words, theme.t2);
            free = at + width + 8.0;
        }
    }
}

fn ticks(painter: &Painter, view: &View<'_>, rail: Rect, axis: TimeAxis) {
    for tick in time_ticks::ticks(axis, 110.0) {
        let galley = painter.layout_no_wrap(tick.label, font::tick(), view.theme.t3);
        let half = galley.size().x / 2.0;
        let x = tick.px.within(rail.left() + half, rail.right() - half);
        painter.galley(pos2(x - half, rail.bottom() + 6.0), galley, view.theme.t3);
    }
}
