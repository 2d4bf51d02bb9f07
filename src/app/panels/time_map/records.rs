//! Records on the time map: at the event time across and the instant of handling up, with a mark by
//! fate. Ordinary records are drawn below the watermark, those that ask a question above it.

use egui::epaint::Mesh;
use egui::{Align2, Color32, Pos2, Rect, Shape, Stroke, TextureHandle, TextureOptions, pos2, vec2};

use crate::app::panels::number;
use crate::app::panels::time_map::detail::{self, MARKS_UP_TO, RecordDetail};
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::panels::time_map::texture::{self, Density};
use crate::app::theme::{alpha, font};
use crate::app::view::LegendItem;
use crate::app::widgets::marks;

/// Waits shorter than this are not drawn.
const LEAST_STEM: f32 = 6.0;

/// Textures that are kept between frames.
#[derive(Clone, Default)]
pub struct RecordTextures {
    /// The soft dot and its radius in pixels.
    dot: Option<(f32, TextureHandle)>,
    /// Densities by state.
    density: [Option<TextureHandle>; 4],
}

/// A record in view that is drawn above the lines.
#[derive(Clone, Copy, Debug)]
pub struct Special {
    /// Its place in arrival order.
    pub id: usize,
    /// What it is.
    pub state: RecordState,
    /// Where it is.
    pub at: Pos2,
}

/// Draws ordinary records, waits and records to come, and returns the ones that are drawn later.
pub fn ordinary(scene: &Scene<'_>, textures: &mut RecordTextures) -> Vec<Special> {
    let trace = scene.trace();
    let now = scene.view.now;
    let mut dots: Vec<Pos2> = Vec::new();
    let mut special: Vec<Special> = Vec::new();
    let mut stems = Mesh::default();
    let stem_colour = alpha(scene.theme().on_time, 0.16);
    let draws_stems = trace.pipeline.service_time.micros() > 0 && scene.detail != RecordDetail::Density;
    let reach = scene.plot.expand(scene.radius + 2.0);
    let times = trace.stream.event_times();
    let (arrivals, keys) = (trace.stream.arrivals(), trace.stream.keys());
    for id in scene.records_in_view() {
        if !scene.view.shows_key(keys[id]) {
            continue;
        }
        let x = scene.axes.event.px_of(times[id].micros());
        if x < reach.left() || x > reach.right() {
            continue;
        }
        let state = RecordState::of(trace, id, now);
        let y = scene.axes.proc.px_of(trace.handled[id].micros());
        if draws_stems && state != RecordState::ToCome {
            let from = scene.axes.proc.px_of(arrivals[id].micros());
            let to = y.max(scene.now_y());
            if from - to > LEAST_STEM {
                stems.add_colored_rect(Rect::from_min_max(pos2(x - 0.5, to), pos2(x + 0.5, from)), stem_colour);
            }
        }
        if y < reach.top() || y > reach.bottom() || !is_shown(scene, state) {
            continue;
        }
        match state {
            RecordState::OnTime if scene.detail != RecordDetail::Discs => dots.push(pos2(x, y)),
            _ => special.push(Special { id, state, at: pos2(x, y) }),
        }
    }
    scene.painter.add(Shape::mesh(stems));
    if scene.detail == RecordDetail::Density {
        density(scene, textures, 0, dots.iter().copied(), scene.theme().on_time);
    } else {
        mesh_of_dots(scene, textures, &dots);
    }
    let quiet = |state| matches!(state, RecordState::Waiting | RecordState::ToCome | RecordState::Unassigned);
    if scene.detail == RecordDetail::Discs {
        discs(scene, special.iter().filter(|s| quiet(s.state) || s.state == RecordState::OnTime));
        special.retain(|s| !quiet(s.state) && s.state != RecordState::OnTime);
    } else {
        special.iter().filter(|s| quiet(s.state)).for_each(|s| quiet_mark(scene, s));
        special.retain(|s| !quiet(s.state));
    }
    special
}

/// Whether the legend shows records of this state.
pub fn is_shown(scene: &Scene<'_>, state: RecordState) -> bool {
    let legend = scene.view.legend;
    match state {
        RecordState::Behind => legend.shows(LegendItem::Behind),
        RecordState::Dropped => legend.shows(LegendItem::Dropped),
        RecordState::SideOutput => legend.shows(LegendItem::SideOutput),
        _ => legend.shows(LegendItem::OnTime),
    }
}

/// Colour of the mark of a record.
pub fn colour(scene: &Scene<'_>, state: RecordState) -> Color32 {
    let theme = scene.theme();
    match state {
        RecordState::Behind => theme.behind,
        RecordState::Dropped => theme.dropped,
        RecordState::SideOutput => theme.side,
        RecordState::OnTime | RecordState::Unassigned => theme.on_time,
        RecordState::Waiting => theme.t2,
        RecordState::ToCome => theme.t3,
    }
}

/// Draws what is behind, dropped or in the side output; each has its own shape.
pub fn special(scene: &Scene<'_>, textures: &mut RecordTextures, records: &[Special]) {
    let states = [RecordState::Behind, RecordState::Dropped, RecordState::SideOutput];
    for (slot, state) in states.into_iter().enumerate() {
        let of_state = || records.iter().filter(move |record| record.state == state);
        if of_state().count() > MARKS_UP_TO {
            density(scene, textures, slot + 1, of_state().map(|record| record.at), colour(scene, state));
        } else if scene.detail == RecordDetail::Discs {
            discs(scene, of_state());
        } else {
            let scale = if scene.detail >= RecordDetail::Dots { 0.8 } else { scene.radius / 3.0 };
            scene.painter.extend(of_state().map(|record| mark(scene, record.state, record.at, scale)));
        }
    }
}

/// The mark of a handled record; scale 1 is the size for a few thousand of them.
pub fn mark(scene: &Scene<'_>, state: RecordState, at: Pos2, scale: f32) -> Shape {
    let colour = colour(scene, state);
    match state {
        RecordState::Behind => marks::diamond(at, marks::DIAMOND_HALF * scale, colour),
        RecordState::Dropped => marks::cross(at, marks::CROSS_HALF * scale, colour),
        RecordState::SideOutput => marks::square(at, marks::SQUARE_HALF * scale, colour),
        RecordState::OnTime => marks::dot(at, marks::DOT_RADIUS * scale, alpha(colour, 0.82)),
        RecordState::Unassigned => marks::hollow(at, marks::DOT_RADIUS * scale, alpha(colour, 0.6)),
        RecordState::Waiting => marks::hollow(at, marks::DOT_RADIUS * scale, colour),
        RecordState::ToCome => marks::hollow(at, marks::DOT_RADIUS * scale, alpha(colour, 0.45)),
    }
}

fn quiet_mark(scene: &Scene<'_>, record: &Special) {
    let scale = (scene.radius / 3.0).max(0.6);
    scene.painter.add(mark(scene, record.state, record.at, scale));
}

/// Discs with the value of the record inside.
fn discs<'r>(scene: &Scene<'_>, records: impl Iterator<Item = &'r Special>) {
    let theme = scene.theme();
    for record in records {
        let (at, ink) = (record.at, colour(scene, record.state));
        let text = match record.state {
            RecordState::Behind => {
                scene.painter.add(marks::diamond(at, scene.radius + 3.0, ink));
                theme.plot
            }
            RecordState::Dropped => {
                scene.painter.add(marks::cross(at, scene.radius * 0.6, ink));
                continue;
            }
            RecordState::SideOutput => {
                let rect = Rect::from_center_size(at, vec2(2.0, 2.0) * (scene.radius - 1.5));
                scene.painter.rect_filled(rect, 1.0, theme.plot);
                scene.painter.add(marks::square(at, scene.radius - 1.5, ink));
                theme.t1
            }
            RecordState::OnTime => {
                let fill = theme.plot.lerp_to_gamma(theme.on_time, 0.38);
                scene.painter.circle(at, scene.radius - 1.0, fill, Stroke::new(1.2, ink));
                theme.t1
            }
            RecordState::Waiting | RecordState::Unassigned => {
                scene.painter.circle(at, scene.radius - 1.0, theme.plot, Stroke::new(1.2, ink));
                theme.t2
            }
            RecordState::ToCome => {
                scene.painter.circle_stroke(at, scene.radius - 1.0, Stroke::new(1.2, alpha(ink, 0.5)));
                alpha(theme.t3, 0.8)
            }
        };
        let value = number::short(scene.trace().stream.values()[record.id]);
        let size = if value.chars().count() > 3 { 10.0 } else { 11.5 };
        scene.painter.text(at, Align2::CENTER_CENTER, value, font::medium(size), text);
    }
}

/// All ordinary records in one mesh of quads with a soft dot on each.
fn mesh_of_dots(scene: &Scene<'_>, textures: &mut RecordTextures, dots: &[Pos2]) {
    if dots.is_empty() {
        return;
    }
    let per_point = scene.painter.pixels_per_point();
    let radius_px = scene.radius * per_point;
    let known = textures.dot.as_ref().filter(|(radius, _)| *radius == radius_px).map(|(_, handle)| handle.clone());
    let handle = known.unwrap_or_else(|| {
        let image = texture::disc(radius_px);
        let handle = scene.painter.ctx().load_texture("record", image, TextureOptions::LINEAR);
        textures.dot = Some((radius_px, handle.clone()));
        handle
    });
    let mut mesh = Mesh::with_texture(handle.id());
    mesh.reserve_vertices(dots.len() * 4);
    mesh.reserve_triangles(dots.len() * 2);
    let half = handle.size_vec2() / per_point / 2.0;
    let tint = alpha(scene.theme().on_time, detail::dot_opacity(dots, scene.radius));
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    for &at in dots {
        mesh.add_rect_with_uv(Rect::from_min_max(at - half, at + half), whole, tint);
    }
    scene.painter.add(Shape::mesh(mesh));
}

fn density(
    scene: &Scene<'_>,
    textures: &mut RecordTextures,
    slot: usize,
    dots: impl Iterator<Item = Pos2>,
    colour: Color32,
) {
    let mut density = Density::new(scene.plot, if slot == 0 { 1.5 } else { 3.0 });
    dots.for_each(|at| density.add(at));
    let image = density.image(colour);
    let handle = match &mut textures.density[slot] {
        Some(handle) => {
            handle.set(image, TextureOptions::NEAREST);
            handle.clone()
        }
        empty => {
            let handle = scene.painter.ctx().load_texture(format!("density {slot}"), image, TextureOptions::NEAREST);
            empty.insert(handle).clone()
        }
    };
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    scene.painter.image(handle.id(), scene.plot, whole, Color32::WHITE);
}
