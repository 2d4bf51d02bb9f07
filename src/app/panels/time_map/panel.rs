//! The panel of the time map: what is kept between frames and what is computed once per run. What moves
//! the view is [`super::steer`]'s, the order of painting [`super::paint`]'s.

use std::sync::Arc;

use egui::{Align, Layout, Rect, Sense, Ui};

use crate::app::arrangement::Preset;
use crate::app::panels::time_map::camera::{Camera, Extent};
use crate::app::panels::time_map::counts::{self, Counts};
use crate::app::panels::time_map::crowd::CrowdTextures;
use crate::app::panels::time_map::detail::{self, DISCS_UP_TO, RecordDetail};
use crate::app::panels::time_map::header::header_ui;
use crate::app::panels::time_map::hover::{self, Hit};
use crate::app::panels::time_map::lanes::{self, LaneKeys, Lanes};
use crate::app::panels::time_map::layout::{MapLayout, Strips};
use crate::app::panels::time_map::model::MapModel;
use crate::app::panels::time_map::paint::{self, Drawn};
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::strips::StripScales;
use crate::app::panels::time_map::values::Said;
use crate::app::panels::time_map::{by_hand, rack, steer};
use crate::app::theme::space;
use crate::app::view::{Command, Selection, View};
use crate::app::widgets::{focus, frame};
use crate::pipeline::Aggregate;
use crate::record::KeyId;

/// What the panel keeps between frames.
pub struct TimeMapState {
    pub(super) cache: Option<Cache>,
    pub(super) camera: Option<Camera>,
    /// Where the view of delays has been put; `None` while it shows all.
    pub(super) delays: Option<Camera>,
    /// What the view was made for: a new stream starts at a new place.
    stream_seen: Option<usize>,
    pub(super) mode: Mode,
    /// Whether that stream is so short that it is shown whole at first.
    few: Option<bool>,
    /// How much closer than comfortable the view follows; 1 at first, smaller is closer.
    pub(super) zoom: f64,
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
            drawn: Drawn { plot: Rect::NOTHING, plates: Vec::new(), marks: Vec::new(), card: None, rack: None },
            key_filter: String::new(),
        }
    }
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
pub(super) struct Cache {
    generation: u64,
    key: Option<KeyId>,
    pub(super) model: Arc<MapModel>,
    pub(super) extent: Extent,
    scales: StripScales,
    /// Keys with how many records they have, most frequent first.
    keys: Vec<(KeyId, usize)>,
    /// Records of the shown key.
    of_key: Vec<u32>,
    said: Said,
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
            extent: Extent::of(trace, &view.run.windows().columns),
            scales: StripScales::of(trace),
            keys: frequent_keys(view),
            of_key: counts::records_of(trace, view.key),
            said: Said::default(),
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
    let TimeMapState { cache: Some(cache), mode, .. } = &*state else { return };
    // Without a service time something waits where a source is held up.
    let queue = view.run.trace.pipeline.service_time.micros() > 0 || cache.scales.most_waiting > 0;
    let as_delays = *mode == Mode::Delay;
    let lanes = Lanes::of(
        view.run.trace.pipeline.window,
        lane_keys(view, &cache.keys),
        lanes::most(MapLayout::height(body.height())),
    );
    // Beside a lesson there is the map alone; where delays run up, no strip shares its clock.
    let strips = Strips { waiting: queue && !as_delays, lag: !as_delays && view.preset != Preset::Learn };
    let layout = MapLayout::new(body, strips, lanes.as_ref().map(Lanes::height));
    let plot = layout.plot;
    let response = ui.interact(plot, ui.scope_id().with("plot"), Sense::click_and_drag());
    response.widget_info(|| {
        let up = if as_delays { "delay" } else { "processing time" };
        let label = format!("Time map: event time across, {up} up");
        egui::WidgetInfo::labeled(egui::Role::Canvas, true, label)
    });
    let in_rack = layout.rack.map(|rack| rack_response(ui, rack));
    let axes = steer::look(ui, &response, view, state, plot);
    let TimeMapState { cache: Some(cache), detail, textures, drawn, .. } = state else { return };
    let mut scene = Scene {
        view,
        model: &cache.model,
        said: &cache.said,
        axes,
        plot,
        foot: layout.foot(),
        has_lanes: lanes.is_some(),
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
    let rack = lanes.as_ref().zip(layout.rack);
    let over_rack = in_rack.as_ref().and_then(egui::Response::hover_pos).zip(rack);
    let in_lane = over_rack.map(|(at, (lanes, rect))| (at, rack::hit(&scene, lanes, rect, at)));
    let hit = match (pointer, in_lane) {
        (Some(at), _) => hover::hit(&scene, at),
        (None, Some((_, hit))) => hit,
        (None, None) => Hit::Nothing,
    };
    scene.hovered_column = match hit {
        Hit::Column(column) => Some(column),
        _ => None,
    };
    *drawn = if as_delays {
        paint::delays(&scene, ui, rack, textures, body)
    } else {
        paint::all(&scene, ui, (&layout, &cache.scales), rack, textures, body)
    };
    focus::ring(ui, view.theme, plot, &response);
    match (pointer, in_lane) {
        (Some(at), _) if view.injecting => by_hand::preview(&scene, at),
        (Some(at), _) | (None, Some((at, _))) => drawn.card = hover::card(&scene, hit, at),
        (None, None) => {}
    }
    if view.injecting {
        let most = cache.keys.first().map(|&(key, _)| key);
        let at = response.interact_pointer_pos().filter(|_| response.clicked());
        commands.extend(at.map(|at| by_hand::command(&scene, at, most)));
    } else if response.clicked() || in_rack.is_some_and(|rack| rack.clicked()) {
        commands.push(Command::Select(hover::selection(&scene, hit)));
    }
}

/// Listens in the rack of lanes: a bar can be pointed at and picked.
fn rack_response(ui: &Ui, rack: Rect) -> egui::Response {
    // Not in the order of the focus: its windows are rows of the emissions, too.
    let response = ui.interact(rack, ui.scope_id().with("lanes"), Sense::CLICK);
    response.widget_info(|| {
        let label = "Lanes: windows that overlap, one beside the other by event time";
        egui::WidgetInfo::labeled(egui::Role::Canvas, true, label)
    });
    response
}

fn lane_keys<'a>(view: &View<'_>, all: &'a [(KeyId, usize)]) -> LaneKeys<'a> {
    let selected = match view.selection {
        Selection::Window { key, .. } => key,
        Selection::Record(id) => view.run.trace.stream.keys().get(id.index()).copied(),
        Selection::None => None,
    };
    LaneKeys { all, shown: view.key, selected }
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
