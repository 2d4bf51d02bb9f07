//! The whole run in one strip: how many records are in flight, where late and dropped ones were,
//! what went wrong, and the playhead. The run is recorded whole, so the future is drawn too,
//! paler. Press or drag to move the playhead.

use egui::epaint::PathStroke;
use egui::{
    Align2, Color32, CursorIcon, EventFilter, Key, Mesh, Modifiers, Painter, Pos2, Rangef, Rect, Response, Role, Sense,
    Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::app::panels::transport::recovery;
use crate::app::run::{OVERVIEW_BINS, Overview};
use crate::app::shortcuts::slider_focus_id;
use crate::app::theme::{Theme, alpha, font, radius};
use crate::app::time_axis::{TimeAxis, TimeRange};
use crate::app::time_ticks;
use crate::app::view::{Command, View};
use crate::app::widgets::within::Within as _;
use crate::app::widgets::{focus, marks};
use crate::human;
use crate::metrics::alerts::Severity;
use crate::scenario::alerts::AlertRule;
use crate::time::{ProcTime, Span};

/// Labels above the strip, ticks below it.
struct Rows {
    labels_y: f32,
    strip: Rect,
    ticks_y: f32,
}

impl Rows {
    fn of(area: Rect, compact: bool) -> Self {
        let (top, bottom) = if compact { (21.0, 18.0) } else { (26.0, 21.0) };
        let strip = Rect::from_min_max(pos2(area.left(), area.top() + top), pos2(area.right(), area.bottom() - bottom));
        Self { labels_y: area.top() + top / 2.0 - 2.0, strip, ticks_y: area.bottom() - bottom / 2.0 - 2.0 }
    }
}

/// Draws the timeline into `area`.
pub fn timeline_ui(
    ui: &mut Ui,
    view: &View<'_>,
    area: Rect,
    compact: bool,
    shown: Option<TimeRange>,
    commands: &mut Vec<Command>,
) {
    let rows = Rows::of(area, compact);
    let overview = &view.run.overview;
    let range = TimeRange::of_micros(overview.start.micros(), overview.end.micros());
    let axis = TimeAxis::new(range, rows.strip.left(), rows.strip.right());
    let response = seek_ui(ui, view, area, axis, commands);
    let painter = ui.painter();
    painter.rect_filled(rows.strip, 0.0, view.theme.plot);
    paint_faults(painter, view, &rows, axis, compact);
    recovery::paint(painter, view, rows.strip, axis);
    paint_level(painter, view, &rows, axis);
    paint_late(painter, view, &rows, axis);
    paint_ticks(painter, view.theme, &rows, axis);
    if let Some(shown) = shown {
        let x = |at: f64| axis.px(at).within(rows.strip.left(), rows.strip.right());
        let bracket = Rect::from_x_y_ranges(x(shown.start)..=x(shown.end), rows.strip.y_range());
        let rim = Stroke::new(1.0, alpha(view.theme.t2, 0.8));
        painter.rect_stroke(bracket, radius::PLATE, rim, egui::StrokeKind::Inside);
    }
    paint_playhead(painter, view.theme, &rows, axis.px_of(view.now.micros()));
    alerts_ui(ui, view, &rows, axis);
    let hovered = response.hover_pos().filter(|_| !response.dragged());
    response.on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
    if let Some(pointer) = hovered {
        hover_card(ui, view, &rows, axis, pointer);
    }
}

/// Presses and drags over `area` move the cursor.
pub fn seek_ui(ui: &Ui, view: &View<'_>, area: Rect, axis: TimeAxis, commands: &mut Vec<Command>) -> Response {
    let response = ui.interact(area, ui.scope_id().with("timeline"), Sense::click_and_drag());
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(ui.is_enabled(), view.now.as_secs_f64(), "Timeline");
        info.role = Role::Slider;
        info
    });
    focus::ring(ui, view.theme, area, &response);
    if let Some(now) = by_key(ui, view, &response) {
        commands.push(Command::Seek(now));
    }
    if let Some(pointer) = response.interact_pointer_pos()
        && (response.dragged() || response.clicked() || response.is_pointer_button_down_on())
    {
        commands.push(Command::Seek(ProcTime::from_micros(axis.micros_at(pointer.x))));
    }
    response
}

/// Arrows on a timeline that has the focus move by so many parts of the run.
const STEPS: i64 = 100;

/// Where arrows move the cursor while the timeline has the focus; the space bar still plays.
fn by_key(ui: &Ui, view: &View<'_>, response: &Response) -> Option<ProcTime> {
    if !response.has_focus() {
        return None;
    }
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.data_mut(|data| data.insert_temp(slider_focus_id(), response.id));
    let count = |key: Key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as i64;
    let steps = count(Key::ArrowRight) - count(Key::ArrowLeft);
    let (start, end) = view.run.clock_range();
    let by = ((end - start).micros() / STEPS).saturating_mul(steps);
    (steps != 0).then(|| ProcTime::from_micros(view.now.micros().saturating_add(by)))
}

/// The records in flight as an area, or those that arrive where nothing ever waits: solid up to
/// the playhead, pale after it.
fn paint_level(painter: &Painter, view: &View<'_>, rows: &Rows, axis: TimeAxis) {
    let overview = &view.run.overview;
    let (levels, colour) = if overview.nothing_waits() {
        (&overview.arrived, view.theme.on_time)
    } else {
        (&overview.in_flight, view.theme.busy)
    };
    let most = levels.iter().copied().max().unwrap_or(0).max(8) as f32;
    let bottom = rows.strip.bottom() - 1.0;
    let height = rows.strip.height() - 8.0;
    let now_x = axis.px_of(view.now.micros()).within(rows.strip.left(), rows.strip.right());
    let points: Vec<Pos2> = levels
        .iter()
        .enumerate()
        .map(|(bin, &level)| pos2(bin_x(&rows.strip, bin), bottom - height * level as f32 / most))
        .collect();
    for (clip, colour) in
        [(rows.strip.with_max_x(now_x), colour), (rows.strip.with_min_x(now_x), future(view.theme, colour))]
    {
        if clip.width() <= 0.0 {
            continue;
        }
        let painter = painter.with_clip_rect(clip.expand2(vec2(0.0, 1.0)).intersect(painter.clip_rect()));
        let points = part_of(&points, clip.x_range());
        painter.add(area_mesh(points, bottom, alpha(colour, 0.36)));
        painter.add(Shape::line(points.to_vec(), PathStroke::new(1.3, colour)));
    }
}

/// The points of a curve that can be seen in a stretch, and enough beside it for the curve to enter and
/// leave as it does.
fn part_of(points: &[Pos2], across: Rangef) -> &[Pos2] {
    let first = points.partition_point(|point| point.x < across.min - 4.0).saturating_sub(2);
    let last = (points.partition_point(|point| point.x <= across.max + 4.0) + 2).min(points.len());
    &points[first.min(last)..last]
}

/// A colour of what has not happened yet.
fn future(theme: &Theme, colour: Color32) -> Color32 {
    alpha(colour, if theme.is_dark() { 0.38 } else { 0.34 })
}

fn bin_x(strip: &Rect, bin: usize) -> f32 {
    strip.left() + strip.width() * (bin as f32 + 0.5) / OVERVIEW_BINS as f32
}

fn area_mesh(points: &[Pos2], bottom: f32, colour: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    for point in points {
        mesh.colored_vertex(*point, colour);
        mesh.colored_vertex(pos2(point.x, bottom), colour);
    }
    for i in 1..points.len() as u32 {
        mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
        mesh.add_triangle(2 * i, 2 * i - 1, 2 * i + 1);
    }
    mesh
}

/// A short bar where records were behind, a taller one where they were dropped.
fn paint_late(painter: &Painter, view: &View<'_>, rows: &Rows, axis: TimeAxis) {
    let theme = view.theme;
    let overview = &view.run.overview;
    let now_x = axis.px_of(view.now.micros());
    let bar = |bin: usize, height: f32, colour: Color32| {
        let x = painter.round_to_pixel_center(bin_x(&rows.strip, bin));
        let colour = if x > now_x { future(theme, colour) } else { colour };
        painter.vline(x, rows.strip.bottom() - height..=rows.strip.bottom(), Stroke::new(1.4, colour));
    };
    let growth = |records: u32| 1.5 * (1.0 + records as f32).log2();
    for (bin, &records) in overview.behind.iter().enumerate().filter(|(_, records)| **records > 0) {
        bar(bin, (4.0 + growth(records)).min(11.0), theme.behind);
    }
    for (bin, &records) in overview.dropped.iter().enumerate().filter(|(_, records)| **records > 0) {
        bar(bin, (7.0 + growth(records)).min(16.0), theme.dropped);
    }
}

/// What went wrong, as bands with a name above; and the first alert of dropped records.
fn paint_faults(painter: &Painter, view: &View<'_>, rows: &Rows, axis: TimeAxis, compact: bool) {
    let theme = view.theme;
    let start = view.run.overview.start;
    let mut labels: Vec<(f32, Alert, String)> = Vec::new();
    for fault in &view.run.scenario.faults {
        let (from, until) = fault.stretch(&view.run.scenario.log.rules());
        let x = |span: Span| axis.px_of((start + span).micros()).within(rows.strip.left(), rows.strip.right());
        let band = Rect::from_min_max(pos2(x(from), rows.strip.top()), pos2(x(until), rows.strip.bottom()));
        if fault.is_before_the_log() {
            let bar = Rect::from_min_max(band.min, pos2(band.right(), band.top() + 3.0));
            painter.rect_filled(bar, 0.0, alpha(theme.fault, 0.45));
            painter.rect_filled(band, 0.0, alpha(theme.fault, 0.04));
        } else {
            painter.rect_filled(band, 0.0, alpha(theme.backpressure, 0.14));
        }
        labels.push((band.left(), Alert::Fault, fault.in_words()));
    }
    let alerts = view.run.insight().map_or(&[][..], |insight| &insight.alerts);
    for alert in alerts {
        let x = |at: ProcTime| axis.px_of(at.micros()).within(rows.strip.left(), rows.strip.right());
        let until = alert.firing.cleared_at.map_or(rows.strip.right(), x);
        let bar =
            Rect::from_min_max(pos2(x(alert.firing.raised_at), rows.strip.top()), pos2(until, rows.strip.top() + 2.0));
        let (kind, colour) = match alert.severity() {
            Severity::Warning => (Alert::Warning, theme.warn),
            Severity::Critical => (Alert::Critical, theme.critical),
        };
        painter.rect_filled(bar, 0.0, alpha(colour, 0.8));
        labels.push((bar.left(), kind, alert.label.clone()));
    }
    let is_told = alerts.iter().any(|alert| matches!(alert.rule, AlertRule::DropRate { .. }));
    let first_drop = view.run.overview.dropped.iter().position(|&records| records > 0);
    if let Some(bin) = first_drop.filter(|_| !is_told) {
        let records = (view.run.marks.dropped.len() + view.run.marks.side_output.len()) as u64;
        let what = if view.run.marks.side_output.is_empty() { "dropped late" } else { "too late" };
        labels.push((bin_x(&rows.strip, bin), Alert::Warning, format!("{what} {}", human::count(records))));
    }
    paint_names(painter, theme, rows, compact, labels);
}

/// Marks in a row, and the names that have room: faults first, and never over another mark. In a small
/// window alerts are marks alone; pointing at them tells the rest.
fn paint_names(painter: &Painter, theme: &Theme, rows: &Rows, compact: bool, mut labels: Vec<(f32, Alert, String)>) {
    labels.sort_by(|a, b| (a.1, a.0).partial_cmp(&(b.1, b.0)).unwrap_or(std::cmp::Ordering::Equal));
    let marked: Vec<f32> = labels.iter().map(|(x, ..)| *x).collect();
    let mut taken: Vec<(f32, f32)> = Vec::new();
    for (x, alert, text) in labels {
        let at = pos2(x, rows.labels_y);
        painter.add(match alert {
            Alert::Fault => marks::bolt(at, 5.5, theme.fault),
            Alert::Warning => marks::triangle(at, 4.6, theme.warn),
            Alert::Critical => marks::octagon(at, 5.2, theme.critical),
        });
        if compact && alert != Alert::Fault {
            continue;
        }
        let galley = painter.layout_no_wrap(text, font::legend(), theme.t2);
        let width = galley.size().x;
        let is_free = |left: f32| {
            let (from, to) = (left - 4.0, left + width + 6.0);
            let hits_mark = marked.iter().any(|&mark| mark != x && from < mark + 6.0 && mark - 6.0 < to);
            let hits_name = taken.iter().any(|&(other_from, other_to)| from < other_to && other_from < to);
            !hits_mark && !hits_name && from >= rows.strip.left() && to <= rows.strip.right()
        };
        if let Some(left) = [x + 10.0, x - 10.0 - width].into_iter().find(|&left| is_free(left)) {
            painter.galley(pos2(left, at.y - galley.size().y / 2.0), galley, theme.t2);
            taken.push((left - 4.0, left + width + 6.0));
        }
    }
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Alert {
    Fault,
    Critical,
    Warning,
}

/// The marks of alerts as a screen reader and the pointer find them: each with its sentence.
fn alerts_ui(ui: &Ui, view: &View<'_>, rows: &Rows, axis: TimeAxis) {
    let alerts = view.run.insight().map_or(&[][..], |insight| &insight.alerts);
    for (place, alert) in alerts.iter().enumerate() {
        let x = axis.px_of(alert.firing.raised_at.micros()).within(rows.strip.left(), rows.strip.right());
        let rect = Rect::from_center_size(pos2(x, rows.labels_y), vec2(16.0, 18.0));
        let words = format!("Alert, {}: {}", alert.severity().word(), alert.words);
        let response = ui.interact(rect, ui.scope_id().with(("alert", place)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        response.on_hover_text(words);
    }
}

fn paint_ticks(painter: &Painter, theme: &Theme, rows: &Rows, axis: TimeAxis) {
    for tick in time_ticks::ticks(axis, 96.0) {
        let galley = painter.layout_no_wrap(tick.label, font::tick(), theme.t3);
        let half = galley.size().x / 2.0;
        let x = tick.px.within(rows.strip.left() + half, rows.strip.right() - half);
        let colour = if tick.major { theme.t2 } else { theme.t3 };
        painter.vline(
            painter.round_to_pixel_center(tick.px),
            rows.strip.bottom()..=rows.strip.bottom() + 3.0,
            (1.0, theme.idle),
        );
        painter.galley_with_override_text_color(pos2(x - half, rows.ticks_y - galley.size().y / 2.0), galley, colour);
    }
}

fn paint_playhead(painter: &Painter, theme: &Theme, rows: &Rows, x: f32) {
    let x = painter.round_to_pixel_center(x);
    let top = rows.strip.top() - 1.0;
    painter.vline(x, top..=rows.strip.bottom() + 4.0, Stroke::new(1.5, theme.now));
    let head = vec![
        pos2(x - 5.5, top - 7.0),
        pos2(x + 5.5, top - 7.0),
        pos2(x + 5.5, top - 1.5),
        pos2(x, top + 4.5),
        pos2(x - 5.5, top - 1.5),
    ];
    painter.add(Shape::convex_polygon(head, theme.now, PathStroke::new(1.0, theme.panel)));
}

/// What was going on under the pointer.
fn hover_card(ui: &Ui, view: &View<'_>, rows: &Rows, axis: TimeAxis, pointer: Pos2) {
    let overview: &Overview = &view.run.overview;
    let at = ProcTime::from_micros(axis.micros_at(pointer.x)).clamp(overview.start, overview.end);
    let bin = overview.bin_of(at);
    let (records, what) = if overview.nothing_waits() {
        (overview.arrived[bin], "arrived")
    } else {
        (overview.in_flight[bin], "in flight")
    };
    let clock = time_ticks::clock(at.micros(), axis.us_per_px());
    let mut words = format!("{clock}   {} {what}", human::count(u64::from(records)));
    for (records, name) in [(overview.behind[bin], "behind"), (overview.dropped[bin], "too late")] {
        if records > 0 {
            words.push_str(&format!("   {} {name}", human::count(u64::from(records))));
        }
    }
    let painter = ui.painter();
    let x = painter.round_to_pixel_center(pointer.x);
    painter.vline(x, rows.strip.y_range(), Stroke::new(1.0, alpha(view.theme.now, 0.35)));
    let galley = painter.layout_no_wrap(words, font::tick(), view.theme.t1);
    let size = galley.size() + vec2(12.0, 6.0);
    let left = (pointer.x + 8.0).min(rows.strip.right() - size.x).max(rows.strip.left());
    let card = Rect::from_min_size(pos2(left, rows.strip.top() + 5.0), size);
    painter.rect_filled(card, radius::PLATE, view.theme.raised);
    painter.rect_stroke(card, radius::PLATE, Stroke::new(1.0, view.theme.hair), egui::StrokeKind::Inside);
    painter.text(card.left_center() + vec2(6.0, 0.0), Align2::LEFT_CENTER, galley.text(), font::tick(), view.theme.t1);
}
