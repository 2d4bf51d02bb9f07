//! The panel of the time map: what is kept between frames, the order in which things are painted, and
//! what pointer and keys do.

use std::sync::Arc;

use egui::{Align, EventFilter, Key, Layout, PointerButton, Pos2, Rect, Response, Sense, Ui, Vec2, vec2};

use crate::app::panels::time_map::camera::{Axes, Camera, Extent};
use crate::app::panels::time_map::counts::{self, Counts};
use crate::app::panels::time_map::crowd::CrowdTextures;
use crate::app::panels::time_map::detail::{self, DISCS_UP_TO, RecordDetail};
use crate::app::panels::time_map::header::header_ui;
use crate::app::panels::time_map::hover::{self, Hit};
use crate::app::panels::time_map::labels::Obstacles;
use crate::app::panels::time_map::layout::MapLayout;
use crate::app::panels::time_map::model::MapModel;
use crate::app::panels::time_map::records;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::strips::{self, StripScales};
use crate::app::panels::time_map::{bands, by_hand, delay, ghost, horizons, lines, selection, text, windows, zoom};
use crate::app::theme::space;
use crate::app::view::{Command, LegendItem, View};
use crate::app::widgets::frame;
use crate::pipeline::Aggregate;
use crate::record::KeyId;

/// What the panel keeps between frames.
pub struct TimeMapState {
    cache: Option<Cache>,
    camera: Option<Camera>,
    /// Where the view of delays has been put; `None` while it shows all.
    delays: Option<Camera>,
    /// What the view was made for: a new stream starts at a new place.
    stream_seen: Option<usize>,
    mode: Mode,
    /// Whether that stream is so short that it is shown whole at first.
    few: Option<bool>,
    /// How much closer than comfortable the view follows; 1 at first, smaller is closer.
    zoom: f64,
    detail: Option<RecordDetail>,
    textures: CrowdTextures,
    drawn: Drawn,
    /// What is typed into the menu of keys.
    key_filter: String,
}

impl Default for TimeMapState {
    fn default() -> Self {
        Self {
            cache: None,
            camera: None,
            delays: None,
            stream_seen: None,
            mode: Mode::default(),
            few: None,
            zoom: 1.0,
            detail: None,
            textures: CrowdTextures::default(),
            drawn: Drawn { plot: Rect::NOTHING, plates: Vec::new(), marks: Vec::new() },
            key_filter: String::new(),
        }
    }
}

/// Where the last frame put what must not meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The plot.
    pub plot: Rect,
    /// Plates under labels.
    pub plates: Vec<Rect>,
    /// Marks that ask a question, and those of the reader; empty where they are thousands.
    pub marks: Vec<Pos2>,
}

impl TimeMapState {
    /// Where the last frame put its labels, and the marks that they must leave free.
    pub fn drawn(&self) -> &Drawn {
        &self.drawn
    }

    /// How the view moves.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What the plot shows of both clocks; `None` before it was drawn.
    pub fn camera(&self) -> Option<Camera> {
        if self.mode == Mode::Delay { self.delays } else { self.camera }
    }

    /// The stretch of processing time that the map shows; `None` before it was drawn, and where it shows
    /// delays.
    pub fn shown(&self) -> Option<crate::app::time_axis::TimeRange> {
        self.camera.filter(|_| self.mode != Mode::Delay).map(|camera| camera.proc)
    }
}

/// How the view moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Follows the current instant, one scale on both axes.
    #[default]
    Follow,
    /// The whole run, each axis to its own scale.
    Fit,
    /// Where the reader has put it.
    Free {
        /// Whether both axes have one scale.
        equal: bool,
    },
    /// Where it is, but with one scale on both axes.
    Equal,
    /// Delays up instead of processing time.
    Delay,
}

/// What is computed once per run and key.
struct Cache {
    generation: u64,
    key: Option<KeyId>,
    model: Arc<MapModel>,
    extent: Extent,
    scales: StripScales,
    /// Keys with how many records they have, most frequent first.
    keys: Vec<(KeyId, usize)>,
    /// Records of the shown key.
    of_key: Vec<u32>,
    /// What the records are called that are given up, where any are.
    given_up: Option<&'static str>,
}

impl Cache {
    fn of(view: &View<'_>) -> Self {
        let trace = &view.run.trace;
        Self {
            generation: view.run.generation,
            key: view.key,
            model: view.run.windows_of(view.key),
            extent: Extent::of(trace),
            scales: StripScales::of(trace),
            keys: frequent_keys(view),
            of_key: counts::records_of(trace, view.key),
            given_up: counts::given_up_word(view.run),
        }
    }
}

fn frequent_keys(view: &View<'_>) -> Vec<(KeyId, usize)> {
    let stream = &view.run.trace.stream;
    let mut counts = vec![0; stream.key_table().len()];
    for key in stream.keys() {
        counts[key.index()] += 1;
    }
    // There are fewer than 2^32 keys.
    let keys = counts.into_iter().enumerate().map(|(place, count)| (KeyId(place as u32), count));
    let mut keys: Vec<(KeyId, usize)> = keys.filter(|&(_, count)| count > 0).collect();
    keys.sort_by_key(|&(key, count)| (std::cmp::Reverse(count), key));
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
        state.delays = None;
        // A handful of records is seen at once, and more are followed.
        let few = view.run.trace.stream.len() <= DISCS_UP_TO;
        if state.few != Some(few) || matches!(state.mode, Mode::Free { .. }) {
            state.few = Some(few);
            state.mode = if few { Mode::Fit } else { Mode::Follow };
        }
    }
    let rect = ui.max_rect();
    let TimeMapState { cache: Some(cache), mode, key_filter, .. } = state else { return };
    let counts = Counts::at(view.run, view.now, view.key, &cache.of_key);
    frame::panel(
        ui,
        view.theme,
        rect,
        "Time map",
        |ui| header_ui(ui, view, &cache.keys, (counts, cache.given_up), mode, key_filter, commands),
        |_| {},
    );
    let body = rect.with_min_y(rect.top() + space::HEADER);
    frame::scope(ui, "time map body", body, Layout::top_down(Align::Min), |ui| {
        body_ui(ui, view, state, body, commands);
    });
}

fn body_ui(ui: &mut Ui, view: &View<'_>, state: &mut TimeMapState, body: Rect, commands: &mut Vec<Command>) {
    let TimeMapState { cache: Some(cache), camera, delays, mode, zoom, detail, textures, drawn, .. } = state else {
        return;
    };
    // Without a service time something waits where a source is held up.
    let queue = view.run.trace.pipeline.service_time.micros() > 0 || cache.scales.most_waiting > 0;
    let as_delays = *mode == Mode::Delay;
    let layout = if as_delays { MapLayout::plot_alone(body) } else { MapLayout::new(body, queue) };
    let plot = layout.plot;
    let response = ui.interact(plot, ui.scope_id().with("plot"), Sense::click_and_drag());
    response.widget_info(|| {
        let up = if as_delays { "delay" } else { "processing time" };
        let label = format!("Time map: event time across, {up} up");
        egui::WidgetInfo::labeled(egui::Role::Canvas, true, label)
    });
    let here = match *mode {
        Mode::Delay => delays.unwrap_or_else(|| delay::camera(view.run, &cache.extent)),
        mode => place(*camera, mode, *zoom, cache, view, plot),
    };
    let equal = || here.with_scale(here.axes(plot).event.us_per_px(), plot.size());
    let asked_equal = (*mode == Mode::Equal).then(equal);
    let mut moved = asked_equal
        .or_else(|| moved(ui, &response, here, plot))
        .or_else(|| asked(ui, &response, view, cache, here, plot));
    if response.double_clicked() || wants(ui, &response, Key::F) {
        *delays = None;
        *mode = if as_delays { Mode::Delay } else { Mode::Fit };
    } else if as_delays {
        *delays = moved.map(|to| to.clamped(&delay::extent(view.run, &cache.extent))).or(*delays);
    } else if let Some(to) = moved {
        let closer = to.proc.length() / here.proc.length();
        if *mode == Mode::Follow && (closer - 1.0).abs() > 1e-9 {
            // The view goes on following, closer or from further away.
            *zoom = (*zoom * closer).clamp(1e-4, 1e3);
            moved = Some(place(*camera, *mode, *zoom, cache, view, plot));
        } else {
            *mode = Mode::Free { equal: to.has_one_scale(plot.size()) };
        }
    }
    let reach = Extent { event: cache.extent.event.with_margin(1.0), ..cache.extent };
    let now_at = if as_delays { delays.unwrap_or(here) } else { moved.unwrap_or(here).clamped(&reach) };
    if !as_delays {
        *camera = Some(now_at);
    }
    let axes = Axes { delays: as_delays, ..now_at.axes(plot) };
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
    scene.detail = detail_of(&scene, in_view.len(), *detail);
    scene.radius = scene.detail.radius(in_view.len());
    *detail = Some(scene.detail);
    let pointer = response.hover_pos().filter(|_| !response.dragged());
    let hit = pointer.map_or(Hit::Nothing, |at| hover::hit(&scene, at));
    scene.hovered_column = match hit {
        Hit::Column(column) => Some(column),
        _ => None,
    };
    if as_delays {
        *drawn = paint_delays(&scene, ui, textures, body);
    } else {
        *drawn = paint(&scene, ui, &layout, cache, textures, body);
    }
    match pointer {
        Some(at) if view.injecting => by_hand::preview(&scene, at),
        Some(at) => hover::card(&scene, hit, at),
        None => {}
    }
    if view.injecting {
        let most = cache.keys.first().map(|&(key, _)| key);
        let at = response.interact_pointer_pos().filter(|_| response.clicked());
        commands.extend(at.map(|at| by_hand::command(&scene, at, most)));
    } else if response.clicked() {
        commands.push(Command::Select(hover::selection(&scene, hit)));
    }
}

/// The detail of the records in view: discs only where they would not hide each other and say
/// something (counting takes no value into account).
fn detail_of(scene: &Scene<'_>, in_view: usize, previous: Option<RecordDetail>) -> RecordDetail {
    let detail = RecordDetail::of(in_view, previous);
    if detail != RecordDetail::Discs {
        return detail;
    }
    let trace = scene.trace();
    let centres = scene.places_in_view();
    let radius = RecordDetail::Discs.radius(centres.len());
    let says = trace.pipeline.aggregate != Aggregate::Count;
    let apart = detail::mostly_apart(&centres, radius, previous == Some(RecordDetail::Discs));
    if says && apart { RecordDetail::Discs } else { RecordDetail::Marks }
}

/// Where the view is before the pointer moves it.
fn place(camera: Option<Camera>, mode: Mode, zoom: f64, cache: &Cache, view: &View<'_>, plot: Rect) -> Camera {
    match (mode, camera) {
        (Mode::Free { .. } | Mode::Equal, Some(camera)) => camera,
        (Mode::Fit, _) => cache.extent.whole(plot.size()),
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
    if response.has_focus() {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    }
    let modifiers: &[egui::Modifiers] = match (response.has_focus(), response.hovered()) {
        (true, _) => &[egui::Modifiers::NONE, egui::Modifiers::ALT],
        (_, true) => &[egui::Modifiers::ALT],
        _ => &[],
    };
    if let Some(by) = modifiers.iter().find_map(|&modifiers| arrow_step(ui, modifiers)) {
        return Some(camera.dragged(by * plot.size(), plot.size()));
    }
    let axes = camera.axes(plot);
    let about = |at: Pos2, factor: Vec2| Some(camera.zoomed(factor, axes.event.at(at.x), axes.proc.at(at.y)));
    if response.has_focus() || response.hovered() {
        let key = |key: Key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
        match (key(Key::Plus) || key(Key::Equals), key(Key::Minus)) {
            (true, _) => return about(plot.center(), Vec2::splat(0.8)),
            (_, true) => return about(plot.center(), Vec2::splat(1.25)),
            _ => {}
        }
    }
    let at = response.hover_pos()?;
    let (scroll, zoom, modifiers) =
        ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta_2d(), input.modifiers));
    if zoom != Vec2::splat(1.0) {
        return about(at, vec2(1.0 / zoom.x, 1.0 / zoom.y));
    }
    if scroll == Vec2::ZERO {
        None
    } else if modifiers.shift {
        Some(camera.dragged(scroll, plot.size()))
    } else {
        about(at, Vec2::splat((-(scroll.y + scroll.x) * 0.0035).exp()))
    }
}

/// Whether a key was pressed for the map: under the pointer, or with the focus.
fn wants(ui: &Ui, response: &Response, key: Key) -> bool {
    let is_for_map = response.has_focus() || (response.hovered() && !ui.ctx().text_edit_focused());
    is_for_map && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, key))
}

/// The view that was asked for by a key: the selection.
fn asked(ui: &Ui, response: &Response, view: &View<'_>, cache: &Cache, here: Camera, plot: Rect) -> Option<Camera> {
    wants(ui, response, Key::Z).then(|| zoom::to_selection(view, &cache.model, here, plot))?
}

/// A tenth of the plot in the direction of an arrow key; the content moves against it.
fn arrow_step(ui: &Ui, modifiers: egui::Modifiers) -> Option<Vec2> {
    let steps = [
        (Key::ArrowLeft, vec2(0.1, 0.0)),
        (Key::ArrowRight, vec2(-0.1, 0.0)),
        (Key::ArrowUp, vec2(0.0, 0.1)),
        (Key::ArrowDown, vec2(0.0, -0.1)),
    ];
    let pressed = |&(key, _): &(Key, Vec2)| ui.input_mut(|input| input.consume_key(modifiers, key));
    steps.into_iter().find(pressed).map(|(_, by)| by)
}

/// Paints the view of delays, from the ground up.
fn paint_delays(scene: &Scene<'_>, ui: &Ui, textures: &mut CrowdTextures, body: Rect) -> Drawn {
    let outside = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
    let mut labels = delay::ground(scene);
    let specials = records::ordinary(scene, textures);
    let path = delay::watermark(scene);
    records::special(scene, textures, &specials);
    let marks = marks_of(scene, &specials);
    let bound = delay::axes(scene, &outside, body);
    labels.extend(selection::paint(scene));
    let mut obstacles = Obstacles::new(scene.plot);
    marks.iter().for_each(|&at| obstacles.add_mark(at, scene.radius + 1.5));
    obstacles.add_line(&path);
    bound.into_iter().for_each(|rect| obstacles.add_rect(rect));
    let plates = text::place_and_draw(scene, &labels, &mut obstacles);
    Drawn { plot: scene.plot, plates: plates.into_iter().chain(bound).collect(), marks }
}

/// Marks that labels must leave free: those that ask a question, unless they are thousands, and those of
/// the reader.
fn marks_of(scene: &Scene<'_>, specials: &[records::Special]) -> Vec<Pos2> {
    let few = if specials.len() < 2_000 { specials } else { &[] };
    few.iter().map(|special| special.at).chain(by_hand::paint(scene)).collect()
}

/// Paints everything, from the ground up.
fn paint(
    scene: &Scene<'_>,
    ui: &Ui,
    layout: &MapLayout,
    cache: &Cache,
    textures: &mut CrowdTextures,
    body: Rect,
) -> Drawn {
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
    ghost::paint(scene);
    let path = lines::watermark_path(scene);
    lines::watermark(scene, &path);
    records::special(scene, textures, &specials);
    let marks = marks_of(scene, &specials);
    ghost::rings(scene, ui.ctx());
    let dimensions = ghost::dimensions(scene, &path);
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
    labels.extend(selection::paint(scene));
    let mut obstacles = Obstacles::new(scene.plot);
    if scene.is_figure() {
        scene.places_in_view().into_iter().for_each(|at| obstacles.add_mark(at, scene.radius));
    }
    marks.iter().for_each(|&at| obstacles.add_mark(at, scene.radius + 1.5));
    path.iter().for_each(|piece| obstacles.add_line(piece));
    dimensions.into_iter().for_each(|rect| obstacles.add_rect(rect));
    firing_lines.iter().for_each(|&rect| obstacles.add_rect(rect));
    let names = bands::names(scene, &marks);
    names.iter().for_each(|&rect| obstacles.add_rect(rect));
    let plates = text::place_and_draw(scene, &labels, &mut obstacles);
    Drawn { plot: scene.plot, plates: names.into_iter().chain(plates).collect(), marks }
}
