//! The panel of the time map: its header with legend and choices, the order in which things are
//! painted, and what the pointer does.

use std::collections::BTreeMap;

use egui::{Align, Key, Layout, PointerButton, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, vec2};

use crate::app::panels::time_map::camera::{Camera, Extent};
use crate::app::panels::time_map::detail::{self, RecordDetail};
use crate::app::panels::time_map::hover::{self, Hit};
use crate::app::panels::time_map::labels::Obstacles;
use crate::app::panels::time_map::layout::MapLayout;
use crate::app::panels::time_map::model::MapModel;
use crate::app::panels::time_map::records::{self, RecordTextures};
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::strips::{self, StripScales};
use crate::app::panels::time_map::{bands, horizons, lines, text, windows};
use crate::app::theme::{font, space, stroke};
use crate::app::view::{Command, LegendItem, Selection, View};
use crate::app::widgets::controls::{Loudness, button};
use crate::app::widgets::frame;
use crate::app::widgets::legend::Entry;
use crate::human;
use crate::pipeline::{Aggregate, WindowSpec};
use crate::record::KeyId;

/// Keys that the menu lists, most frequent first; the others are one filter away on the command
/// line.
const KEYS_LISTED: usize = 40;

/// What the panel keeps between frames.
pub struct TimeMapState {
    cache: Option<Cache>,
    camera: Option<Camera>,
    /// What the view was made for: a new stream starts at a new place.
    stream_seen: Option<usize>,
    mode: Mode,
    /// How much closer than comfortable the view follows; 1 at first, smaller is closer.
    zoom: f64,
    detail: Option<RecordDetail>,
    textures: RecordTextures,
}

impl Default for TimeMapState {
    fn default() -> Self {
        Self {
            cache: None,
            camera: None,
            stream_seen: None,
            mode: Mode::default(),
            zoom: 1.0,
            detail: None,
            textures: RecordTextures::default(),
        }
    }
}

impl TimeMapState {
    /// The stretch of processing time that the map shows; `None` before it was drawn.
    pub fn shown(&self) -> Option<crate::app::time_axis::TimeRange> {
        self.camera.map(|camera| camera.proc)
    }
}

/// How the view moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Follows the current instant, one scale on both axes.
    #[default]
    Follow,
    /// The whole run, each axis to its own scale.
    Fit,
    /// Where the reader has put it.
    Free,
}

/// What is computed once per run and key.
struct Cache {
    generation: u64,
    key: Option<KeyId>,
    model: MapModel,
    extent: Extent,
    scales: StripScales,
    /// Keys by how many records they have.
    keys: Vec<KeyId>,
}

impl Cache {
    fn of(view: &View<'_>) -> Self {
        let trace = &view.run.trace;
        Self {
            generation: view.run.generation,
            key: view.key,
            model: MapModel::new(trace, view.key),
            extent: Extent::of(trace),
            scales: StripScales::of(trace),
            keys: frequent_keys(view),
        }
    }
}

fn frequent_keys(view: &View<'_>) -> Vec<KeyId> {
    let mut counts: BTreeMap<KeyId, usize> = BTreeMap::new();
    for &key in view.run.trace.stream.keys() {
        *counts.entry(key).or_default() += 1;
    }
    let mut keys: Vec<KeyId> = counts.keys().copied().collect();
    keys.sort_by_key(|key| (std::cmp::Reverse(counts.get(key).copied()), *key));
    keys.truncate(KEYS_LISTED);
    keys
}

/// Draws the panel into all of `ui`.
pub fn time_map_ui(ui: &mut Ui, view: &View<'_>, state: &mut TimeMapState, commands: &mut Vec<Command>) {
    let is_current = |cache: &Cache| cache.generation == view.run.generation && cache.key == view.key;
    if !state.cache.as_ref().is_some_and(is_current) {
        state.cache = Some(Cache::of(view));
    }
    let stream = std::sync::Arc::as_ptr(&view.run.trace.stream) as usize;
    if state.stream_seen != Some(stream) {
        state.stream_seen = Some(stream);
        state.zoom = 1.0;
        if state.mode == Mode::Free {
            state.mode = Mode::Follow;
        }
    }
    let rect = ui.max_rect();
    let mut mode = state.mode;
    let keys: Vec<KeyId> = state.cache.iter().flat_map(|cache| cache.keys.iter().copied()).collect();
    frame::panel(ui, view.theme, rect, "Time map", |ui| header_ui(ui, view, &keys, &mut mode, commands), |_| {});
    state.mode = mode;
    let body = rect.with_min_y(rect.top() + space::HEADER);
    frame::scope(ui, "time map body", body, Layout::top_down(Align::Min), |ui| {
        body_ui(ui, view, state, body, commands);
    });
}

fn header_ui(ui: &mut Ui, view: &View<'_>, keys: &[KeyId], mode: &mut Mode, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = 4.0;
    let room = ui.available_width();
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let choices = [
            (Mode::Follow, "Follow now", "One scale on both axes; the view follows the current instant"),
            (Mode::Fit, "Fit", "The whole run"),
        ];
        for (choice, name, help) in choices {
            let loudness = if *mode == choice { Loudness::Yours } else { Loudness::Quiet };
            if button(ui, view.theme, name, loudness).on_hover_text(help).clicked() {
                *mode = choice;
            }
        }
        if keys.len() > 1 {
            key_menu(ui, view, keys, commands);
        }
        let left = ui.available_rect_before_wrap();
        ui.scope_builder(egui::UiBuilder::new().max_rect(left), |ui| {
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| legend_ui(ui, view, room, commands));
        });
    });
}

fn key_menu(ui: &mut Ui, view: &View<'_>, keys: &[KeyId], commands: &mut Vec<Command>) {
    let table = view.run.trace.stream.key_table();
    let name = |key: KeyId| match table.name(key) {
        "" => "(empty key)".to_owned(),
        name => name.to_owned(),
    };
    let shown = view.key.map_or("All keys".to_owned(), name);
    let short: String = shown.chars().take(18).collect();
    let response = button(ui, view.theme, &format!("{short} \u{23f7}"), Loudness::Quiet);
    egui::Popup::menu(&response).show(|ui| {
        ui.set_min_width(160.0);
        egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            if ui.selectable_label(view.key.is_none(), "All keys").clicked() {
                commands.push(Command::ShowKey(None));
            }
            for &key in keys {
                if ui.selectable_label(view.key == Some(key), name(key)).clicked() {
                    commands.push(Command::ShowKey(Some(key)));
                }
            }
        });
    });
}

fn legend_ui(ui: &mut Ui, view: &View<'_>, room: f32, commands: &mut Vec<Command>) {
    let ledger = view.run.ledger_at(view.now);
    let behind = view.run.behind_at(view.now);
    let on_time = ledger.counted.saturating_sub(behind) + ledger.unassigned;
    let records = [
        (LegendItem::OnTime, "on time", Some(on_time)),
        (LegendItem::Behind, "behind", Some(behind)),
        (LegendItem::Dropped, "dropped", Some(ledger.dropped_late)),
        (LegendItem::SideOutput, "side", Some(ledger.side_output)),
    ];
    let lines = [
        (LegendItem::Watermark, "watermark", None),
        (LegendItem::Perfect, "perfect", None),
        (LegendItem::Ideal, "ideal", None),
    ];
    for (item, name, count) in records.into_iter().chain(lines) {
        // Without room zeros go first, then the words of the lines.
        if room < 900.0 && count == Some(0) && item == LegendItem::SideOutput {
            continue;
        }
        let named = count.is_some() || room >= 860.0;
        let entry = Entry { item, name, count, on: view.legend.shows(item), named };
        if entry.ui(ui, view.theme).clicked() {
            commands.push(Command::ToggleLegend(item));
        }
    }
    window_key_ui(ui, view);
}

/// What the columns are and what their numbers mean; left out without room.
fn window_key_ui(ui: &mut Ui, view: &View<'_>) {
    let pipeline = &view.run.trace.pipeline;
    let value = match pipeline.aggregate {
        Aggregate::Count => "count",
        Aggregate::Sum => "sum",
        Aggregate::Mean => "mean",
        Aggregate::Min => "least",
        Aggregate::Max => "greatest",
    };
    let per = match pipeline.window {
        WindowSpec::Tumbling { size, .. } => human::span(size),
        WindowSpec::Sliding { size, slide, .. } => format!("{}, every {}", human::span(size), human::span(slide)),
        WindowSpec::Session { gap } => format!("session, gap {}", human::span(gap)),
        WindowSpec::Cumulative { max, step, .. } => {
            format!("{}, growing by {}", human::span(max), human::span(step))
        }
        WindowSpec::Global => "everything".to_owned(),
    };
    let words = ui.painter().layout_no_wrap(format!("{value} per {per}"), font::legend(), view.theme.t2);
    let size = vec2(24.0 + words.size().x, space::HIT);
    if ui.available_width() < size.x {
        return;
    }
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words.text()));
    let swatch = Rect::from_center_size(Pos2::new(rect.left() + 11.0, rect.center().y + 1.0), vec2(12.0, 9.0));
    ui.painter().rect_filled(swatch, 0.0, view.theme.window_fill());
    ui.painter().hline(swatch.x_range(), swatch.top(), (2.0, view.theme.window));
    let at = Pos2::new(rect.left() + 22.0, rect.center().y - words.size().y / 2.0);
    ui.painter().galley(at, words, view.theme.t2);
}

fn body_ui(ui: &mut Ui, view: &View<'_>, state: &mut TimeMapState, body: Rect, commands: &mut Vec<Command>) {
    let TimeMapState { cache: Some(cache), camera, mode, zoom, detail, textures, .. } = state else { return };
    let queue = view.run.trace.pipeline.service_time.micros() > 0;
    let layout = MapLayout::new(body, queue);
    let plot = layout.plot;
    let response = ui.interact(plot, ui.scope_id().with("plot"), Sense::click_and_drag());
    response.widget_info(|| {
        let label = "Time map: event time across, processing time up";
        egui::WidgetInfo::labeled(egui::Role::Canvas, true, label)
    });
    let here = place(*camera, *mode, *zoom, cache, view, plot);
    let mut moved = moved(ui, &response, here, plot);
    if response.double_clicked() {
        *mode = Mode::Fit;
    } else if let Some(to) = moved {
        let closer = to.proc.length() / here.proc.length();
        if *mode == Mode::Follow && (closer - 1.0).abs() > 1e-9 {
            // The view goes on following, closer or from further away.
            *zoom = (*zoom * closer).clamp(1e-4, 1e3);
            moved = Some(place(*camera, *mode, *zoom, cache, view, plot));
        } else {
            *mode = Mode::Free;
        }
    }
    let now_at = moved.unwrap_or(here).clamped(&Extent { event: cache.extent.event.with_margin(1.0), ..cache.extent });
    *camera = Some(now_at);
    let axes = now_at.axes(plot);
    let mut scene = Scene {
        view,
        model: &cache.model,
        axes,
        plot,
        painter: ui.painter().with_clip_rect(plot.intersect(ui.clip_rect())),
        detail: RecordDetail::Marks,
        radius: 3.0,
        hovered_column: None,
    };
    let in_view = scene.records_in_view();
    scene.detail = detail_of(&scene, in_view.clone(), *detail);
    scene.radius = scene.detail.radius(in_view.len());
    *detail = Some(scene.detail);
    let pointer = response.hover_pos().filter(|_| !response.dragged());
    let hit = pointer.map_or(Hit::Nothing, |at| hover::hit(&scene, at));
    scene.hovered_column = match hit {
        Hit::Column(column) => Some(column),
        _ => None,
    };
    paint(&scene, ui, &layout, cache, textures, body);
    if let Some(at) = pointer {
        hover::card(&scene, hit, at);
    }
    if response.clicked() {
        commands.push(Command::Select(hover::selection(&scene, hit)));
    }
}

/// The detail of the records in view: discs only where they would not hide each other and say
/// something (counting takes no value into account).
fn detail_of(scene: &Scene<'_>, in_view: std::ops::Range<usize>, previous: Option<RecordDetail>) -> RecordDetail {
    let detail = RecordDetail::of(in_view.len(), previous);
    if detail != RecordDetail::Discs {
        return detail;
    }
    let trace = scene.trace();
    let centres: Vec<Pos2> = in_view
        .filter(|&i| scene.view.shows_key(trace.stream.keys()[i]))
        .map(|i| scene.axes.pos(trace.stream.event_times()[i], trace.handled[i]))
        .filter(|&at| scene.plot.contains(at))
        .collect();
    let radius = RecordDetail::Discs.radius(centres.len());
    let says = trace.pipeline.aggregate != Aggregate::Count;
    let apart = detail::mostly_apart(&centres, radius, previous == Some(RecordDetail::Discs));
    if says && apart { RecordDetail::Discs } else { RecordDetail::Marks }
}

/// Where the view is before the pointer moves it.
fn place(camera: Option<Camera>, mode: Mode, zoom: f64, cache: &Cache, view: &View<'_>, plot: Rect) -> Camera {
    match (mode, camera) {
        (Mode::Free, Some(camera)) => camera,
        (Mode::Fit, _) => cache.extent.whole(),
        _ => {
            let scale = cache.extent.comfortable_scale(plot.height()) * zoom;
            cache.extent.following(view.now, scale, plot.size())
        }
    }
}

/// The view after dragging, zooming and arrow keys; `None` when nothing moved it.
fn moved(ui: &Ui, response: &Response, camera: Camera, plot: Rect) -> Option<Camera> {
    if response.dragged_by(PointerButton::Primary) && response.drag_delta() != Vec2::ZERO {
        return Some(camera.dragged(response.drag_delta(), plot.size()));
    }
    let at: Pos2 = response.hover_pos()?;
    let axes = camera.axes(plot);
    let (scroll, zoom, modifiers) =
        ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta_2d(), input.modifiers));
    if zoom != Vec2::splat(1.0) {
        let factor = vec2(1.0 / zoom.x, 1.0 / zoom.y);
        return Some(camera.zoomed(factor, axes.event.at(at.x), axes.proc.at(at.y)));
    }
    if scroll != Vec2::ZERO {
        if modifiers.shift {
            return Some(camera.dragged(scroll, plot.size()));
        }
        let factor = (-(scroll.y + scroll.x) * 0.0035).exp();
        return Some(camera.zoomed(Vec2::splat(factor), axes.event.at(at.x), axes.proc.at(at.y)));
    }
    let key = |key: Key| ui.input(|input| input.key_pressed(key));
    let step = match (key(Key::Plus) || key(Key::Equals), key(Key::Minus)) {
        (true, _) => 0.8,
        (_, true) => 1.25,
        _ => return None,
    };
    let middle = plot.center();
    Some(camera.zoomed(Vec2::splat(step), axes.event.at(middle.x), axes.proc.at(middle.y)))
}

/// Paints everything, from the ground up.
fn paint(scene: &Scene<'_>, ui: &Ui, layout: &MapLayout, cache: &Cache, textures: &mut RecordTextures, body: Rect) {
    let outside = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
    lines::ground(scene);
    let strip_rects: Vec<Rect> = layout.waiting.into_iter().chain(layout.lag).collect();
    bands::tint(scene, &scene.painter, scene.plot);
    let painted = windows::paint(scene);
    let specials = records::ordinary(scene, textures);
    lines::ideal(scene);
    if scene.view.legend.shows(LegendItem::Perfect) {
        lines::perfect(scene);
    }
    lines::ghost(scene);
    let path = lines::watermark_path(scene);
    lines::watermark(scene, &path);
    records::special(scene, textures, &specials);
    lines::axes(scene, &outside, body);
    if let Some(rect) = layout.waiting {
        strips::waiting(scene, &outside, rect, &cache.scales);
    }
    if let Some(rect) = layout.lag {
        strips::lag(scene, &outside, rect, &cache.scales);
    }
    strip_rects.iter().for_each(|&rect| bands::tint(scene, &outside, rect));
    let right = layout.lag.or(layout.waiting).map_or(scene.plot.right(), |rect| rect.right());
    lines::now(scene, &outside, body, right);
    let windows::Painted { mut labels, lines: firing_lines, .. } = painted;
    labels.extend(horizons::paint(scene));
    selection(scene);
    let mut obstacles = Obstacles::new(scene.plot);
    if specials.len() < 2_000 {
        specials.iter().for_each(|special| obstacles.add_mark(special.at, scene.radius + 1.5));
    }
    obstacles.add_line(&path);
    firing_lines.iter().for_each(|&rect| obstacles.add_rect(rect));
    bands::names(scene).into_iter().for_each(|rect| obstacles.add_rect(rect));
    text::place_and_draw(scene, &labels, &mut obstacles);
}

/// The outline of what is selected, and the two distances of a selected record: up from the ideal
/// (its delay and its wait) and across to the watermark that met it.
fn selection(scene: &Scene<'_>) {
    let you = scene.theme().you;
    for column in scene.selected_columns() {
        windows::outline(scene, column, Stroke::new(stroke::SELECTION, you));
    }
    if let Some(column) = scene.hovered_column {
        windows::outline(scene, column, Stroke::new(stroke::HAIR, scene.theme().t3));
    }
    let Selection::Record(id) = scene.view.selection else { return };
    let trace = scene.trace();
    let Some((&happened, &handled)) = trace.stream.event_times().get(id.index()).zip(trace.handled.get(id.index()))
    else {
        return;
    };
    let at = scene.axes.pos(happened, handled);
    let ideal = Pos2::new(at.x, scene.axes.ideal_y(at.x));
    let line = Stroke::new(stroke::SELECTION, you);
    scene.painter.extend(egui::Shape::dashed_line(&[at, ideal], line, 1.5, 3.0));
    let met = trace.watermark_before[id.index()];
    if met.is_finite() {
        let x = scene.axes.event.px_of(met.micros());
        scene.painter.line_segment([at, Pos2::new(x, at.y)], line);
    }
    scene.painter.circle_stroke(at, scene.radius + 5.0, line);
}
