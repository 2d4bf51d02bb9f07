//! Very many records at once: dots in one mesh, and densities as textures.
//!
//! The density of ordinary records is kept between frames: while the view stands still, a frame
//! only adds what was handled since the last one.

use std::ops::Range;

use egui::epaint::Mesh;
use egui::{Color32, Pos2, Rect, Shape, TextureHandle, TextureOptions, pos2};

use crate::app::panels::time_map::camera::Axes;
use crate::app::panels::time_map::scene::{RecordState, Scene};
use crate::app::panels::time_map::texture::{self, Density, Shades};
use crate::app::panels::time_map::to_come::ToCome;
use crate::app::view::{LegendItem, View};
use crate::record::KeyId;
use crate::runtime::Fate;

/// Side of a cell of the density of ordinary records, and of those that ask a question, in points.
const CELL: f32 = 1.5;
const SPECIAL_CELL: f32 = 2.5;

/// Textures that are kept between frames.
#[derive(Default)]
pub struct CrowdTextures {
    /// The soft dot and its radius in pixels.
    dot: Option<(f32, TextureHandle)>,
    on_time: Option<OnTime>,
    /// Densities of what asks a question.
    special: [Option<TextureHandle>; 3],
    /// Very many records to come.
    pub(super) to_come: Option<ToCome>,
}

/// The density of ordinary records, as far as it has been counted.
struct OnTime {
    seen: Seen,
    /// Records of which it is made.
    range: Range<usize>,
    density: Density,
    colour: Color32,
    shades: Shades,
    handle: TextureHandle,
}

impl OnTime {
    /// Brings the texture up to what has been counted: the rows that have changed, or all of it where the
    /// shades have.
    fn refresh(&mut self) {
        let rows = self.density.take_touched();
        if rows.is_empty() {
            return;
        }
        let shades = Shades::of(&self.density, self.colour);
        if shades == self.shades {
            let origin = [0, rows.start];
            self.handle.set_partial(origin, self.density.rows(rows, &shades), TextureOptions::NEAREST);
        } else {
            self.handle.set(self.density.image(&shades), TextureOptions::NEAREST);
            self.shades = shades;
        }
    }
}

/// What a density depends on besides the records.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Seen {
    generation: u64,
    key: Option<KeyId>,
    axes: Axes,
    plot: Rect,
}

impl Seen {
    /// What it depends on in this frame.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let View { run, key, .. } = *scene.view;
        Self { generation: run.generation, key, axes: scene.axes, plot: scene.plot }
    }
}

/// Draws the ordinary ones of a range of handled records as a density.
pub fn on_time(scene: &Scene<'_>, textures: &mut CrowdTextures, range: Range<usize>) {
    if !scene.view.legend.shows(LegendItem::OnTime) {
        return;
    }
    let seen = Seen::of(scene);
    let colour = scene.theme().on_time;
    let kept = textures.on_time.take().filter(|kept| {
        kept.seen == seen && kept.colour == colour && kept.range.start == range.start && kept.range.end <= range.end
    });
    let kept = match kept {
        Some(mut kept) => {
            count(scene, kept.range.end..range.end, &mut kept.density);
            kept.range = range;
            kept.refresh();
            kept
        }
        None => {
            let mut density = Density::new(scene.plot, CELL);
            count(scene, range.clone(), &mut density);
            density.take_touched();
            let shades = Shades::of(&density, colour);
            let image = density.image(&shades);
            let handle = scene.painter.ctx().load_texture("records on time", image, TextureOptions::NEAREST);
            OnTime { seen, range, density, colour, shades, handle }
        }
    };
    draw(scene, &kept.handle);
    textures.on_time = Some(kept);
}

fn count(scene: &Scene<'_>, range: Range<usize>, density: &mut Density) {
    let trace = scene.trace();
    let (times, keys) = (trace.stream.event_times(), trace.stream.keys());
    for id in range {
        let is_ordinary = trace.fates[id] == Fate::Counted && times[id] >= trace.watermark_before[id];
        if is_ordinary && scene.view.shows_key(keys[id]) {
            density.add(scene.axes.pos(times[id], trace.handled[id]));
        }
    }
}

/// Draws records of one state as a density: the same strength for the same number everywhere.
pub fn density(scene: &Scene<'_>, textures: &mut CrowdTextures, state: RecordState, places: &[Pos2], colour: Color32) {
    let mut density = Density::new(scene.plot, SPECIAL_CELL);
    places.iter().for_each(|&at| density.add(at));
    let image = density.image_by_count(colour);
    let (slot, name) = match state {
        RecordState::Behind => (0, "records behind"),
        RecordState::Dropped => (1, "records dropped"),
        _ => (2, "records in the side output"),
    };
    let handle = match &mut textures.special[slot] {
        Some(handle) => {
            handle.set(image, TextureOptions::NEAREST);
            handle.clone()
        }
        empty => empty.insert(scene.painter.ctx().load_texture(name, image, TextureOptions::NEAREST)).clone(),
    };
    draw(scene, &handle);
}

fn draw(scene: &Scene<'_>, handle: &TextureHandle) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    scene.painter.image(handle.id(), scene.plot, whole, Color32::WHITE);
}

/// Draws dots of one colour in one mesh of quads with a soft dot on each.
pub fn dots(scene: &Scene<'_>, textures: &mut CrowdTextures, dots: &[Pos2], radius: f32, tint: Color32) {
    if dots.is_empty() {
        return;
    }
    let per_point = scene.painter.pixels_per_point();
    let radius_px = radius * per_point;
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
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    for &at in dots {
        mesh.add_rect_with_uv(Rect::from_min_max(at - half, at + half), whole, tint);
    }
    scene.painter.add(Shape::mesh(mesh));
}
