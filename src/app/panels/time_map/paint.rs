//! The order in which the time map is painted, from the ground up, and what labels must stay clear of.

use egui::{Pos2, Rect, Ui};

use crate::app::panels::time_map::crowd::CrowdTextures;
use crate::app::panels::time_map::facts::Facts;
use crate::app::panels::time_map::labels::Obstacles;
use crate::app::panels::time_map::lanes::Lanes;
use crate::app::panels::time_map::layout::MapLayout;
use crate::app::panels::time_map::records;
use crate::app::panels::time_map::running::open_windows;
use crate::app::panels::time_map::scene::Scene;
use crate::app::panels::time_map::strips::{self, StripScales};
use crate::app::panels::time_map::{bands, by_hand, delay, ghost, horizons, lines, rack, selection, text, windows};
use crate::app::view::LegendItem;

/// Where the last frame put what must not meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// The plot.
    pub plot: Rect,
    /// Plates under labels.
    pub plates: Vec<Rect>,
    /// Marks that ask a question, and those of the reader; empty where they are thousands.
    pub marks: Vec<Pos2>,
    /// What the card at the pointer says; `None` where there is none.
    pub card: Option<Facts>,
    /// The rack of lanes, where windows overlap.
    pub rack: Option<Rect>,
}

/// Paints the view of delays, from the ground up.
pub fn delays(
    scene: &Scene<'_>,
    ui: &Ui,
    lanes: Option<(&Lanes, Rect)>,
    textures: &mut CrowdTextures,
    body: Rect,
) -> Drawn {
    let outside = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
    let mut labels = delay::ground(scene);
    let specials = records::ordinary(scene, textures);
    let path = delay::watermark(scene);
    records::special(scene, textures, &specials);
    let marks = marks_of(scene, &specials);
    let rack = lanes.map(|(_, rect)| rect);
    if let Some((lanes, rect)) = lanes {
        let open = open_windows(scene.trace(), scene.model, scene.columns_in_view(), scene.view.key, scene.view.now);
        rack::paint(scene, &outside, lanes, rect, &open);
    }
    let bound = delay::axes(scene, &outside, body);
    labels.extend(selection::paint(scene));
    let mut obstacles = Obstacles::new(scene.plot);
    marks.iter().for_each(|&at| obstacles.add_mark(at, scene.radius + 1.5));
    obstacles.add_line(&path);
    bound.into_iter().for_each(|rect| obstacles.add_rect(rect));
    let plates = text::place_and_draw(scene, &labels, &mut obstacles);
    Drawn { plot: scene.plot, plates: plates.into_iter().chain(bound).collect(), marks, card: None, rack }
}

/// Marks that labels must leave free: those that ask a question, unless they are thousands, and those of
/// the reader.
fn marks_of(scene: &Scene<'_>, specials: &[records::Special]) -> Vec<Pos2> {
    let few = if specials.len() < 2_000 { specials } else { &[] };
    few.iter().map(|special| special.at).chain(by_hand::paint(scene)).collect()
}

/// Paints everything, from the ground up.
pub fn all(
    scene: &Scene<'_>,
    ui: &Ui,
    (layout, scales): (&MapLayout, &StripScales),
    lanes: Option<(&Lanes, Rect)>,
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
    let said = lines::impossible(scene);
    if scene.view.legend.shows(LegendItem::Perfect) {
        lines::perfect(scene);
    }
    ghost::paint(scene);
    let path = lines::watermark_path(scene);
    lines::watermark(scene, &path);
    records::special(scene, textures, &specials);
    let marks = marks_of(scene, &specials);
    ghost::rings(scene, ui.ctx());
    let dimensions = ghost::dimensions(scene, ghost::Clear { watermark: &path, marks: &marks });
    lines::axes(scene, &outside, body);
    if let Some(rect) = layout.waiting {
        strips::waiting(scene, &outside, rect, scales);
    }
    if let Some(rect) = layout.lag {
        strips::lag(scene, &outside, rect, scales);
    }
    let rack = lanes.map(|(_, rect)| rect);
    if let Some((lanes, rect)) = lanes {
        rack::paint(scene, &outside, lanes, rect, &painted.open);
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
    dimensions.into_iter().chain(said).for_each(|rect| obstacles.add_rect(rect));
    firing_lines.iter().for_each(|&rect| obstacles.add_rect(rect));
    let names = bands::names(scene, &marks);
    names.iter().for_each(|&rect| obstacles.add_rect(rect));
    let plates = text::place_and_draw(scene, &labels, &mut obstacles);
    Drawn { plot: scene.plot, plates: names.into_iter().chain(plates).collect(), marks, card: None, rack }
}
