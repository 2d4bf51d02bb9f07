//! The arrangements that the lab comes with, by the size of the window: pure geometry. Shares are in
//! points of the grid for 1600 x 1000; what grows is the time map.

use egui::{Id, Vec2};
use egui_tiles::{Container, Linear, LinearDir, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

use crate::app::panel::Panel;

/// Panels other than the time map never grow wider than this; wider ones would only stretch.
const SIDE_PANEL_MAX: f32 = 640.0;
/// From this width on, queues and results have a column of their own.
const FOUR_COLUMNS: f32 = 2_000.0;

/// An arrangement that the lab comes with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Preset {
    /// A lesson, the time map, few knobs.
    Learn,
    /// Knobs, time map, plots, and why.
    #[default]
    Tune,
    /// Large type: the topology, and what each guarantee makes of a failure.
    Present,
}

impl Preset {
    /// All of them, each with its name and what it is for.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Learn, "Learn", "A lesson beside the time map"),
        (Self::Tune, "Tune", "Knobs, time map, plots, and why"),
        (Self::Present, "Present", "Break a pipeline in front of people: large type, few panels"),
    ];
}

/// Whether a window of this size leaves out what it can.
pub fn is_compact(window: Vec2) -> bool {
    window.x < 1_440.0 || window.y < 900.0
}

/// The tiles of a preset in a body of `size`, in a window that is compact or not.
pub fn tree(preset: Preset, size: Vec2, compact: bool) -> Tree<Panel> {
    let mut tiles = Tiles::default();
    let root = match preset {
        Preset::Learn => learn(&mut tiles, size, compact),
        Preset::Tune => tune(&mut tiles, size, compact),
        Preset::Present => present(&mut tiles, size, compact),
    };
    Tree::new(Id::unique(("tiles", preset)), root, tiles)
}

fn linear(tiles: &mut Tiles<Panel>, dir: LinearDir, parts: &[(TileId, f32)]) -> TileId {
    let mut linear = Linear::new(dir, parts.iter().map(|(tile, _)| *tile).collect());
    for &(tile, points) in parts {
        linear.shares.set_share(tile, points.max(1.0));
    }
    tiles.insert_container(Container::Linear(linear))
}

fn learn(tiles: &mut Tiles<Panel>, size: Vec2, compact: bool) -> TileId {
    let (lesson, knobs) = if compact { (340.0, 232.0) } else { (412.0, 264.0) };
    let parts = [
        (tiles.insert_pane(Panel::Lesson), lesson),
        (tiles.insert_pane(Panel::TimeMap), size.x - lesson - knobs),
        (tiles.insert_pane(Panel::Settings), knobs),
    ];
    linear(tiles, LinearDir::Horizontal, &parts)
}

fn present(tiles: &mut Tiles<Panel>, size: Vec2, compact: bool) -> TileId {
    let above = if compact { (size.y * 0.44).round() } else { 372.0 + (size.y - 900.0).max(0.0) * 0.3 };
    let parts = [(tiles.insert_pane(Panel::Topology), above), (tiles.insert_pane(Panel::Recovery), size.y - above)];
    linear(tiles, LinearDir::Vertical, &parts)
}

fn tune(tiles: &mut Tiles<Panel>, size: Vec2, compact: bool) -> TileId {
    let settings = tiles.insert_pane(Panel::Settings);
    let why = tiles.insert_pane(Panel::Why);
    let (left, left_width, right_width) =
        if compact { (tiles.insert_tab_tile(vec![settings, why]), 232.0, 0.0) } else { (settings, 252.0, 312.0) };
    let last_width = if size.x >= FOUR_COLUMNS { 360.0 } else { 0.0 };
    let width = size.x - left_width - right_width - last_width;
    // A tall window gives a quarter of what it has more than the grid to the row below.
    let below = if compact { 200.0 } else { 264.0 } + (size.y - 836.0).max(0.0) * 0.25;
    let below = below.min(size.y * 0.42).round();
    let emissions = (width * 0.52).round().min(SIDE_PANEL_MAX.max(width - SIDE_PANEL_MAX));
    let parts = [(tiles.insert_pane(Panel::Emissions), emissions), (tiles.insert_pane(Panel::Late), width - emissions)];
    let row = linear(tiles, LinearDir::Horizontal, &parts);
    let parts = [(tiles.insert_pane(Panel::TimeMap), size.y - below), (row, below)];
    let middle = linear(tiles, LinearDir::Vertical, &parts);
    let mut columns = vec![(left, left_width), (middle, width)];
    if !compact {
        columns.push((why, right_width));
    }
    if last_width > 0.0 {
        let half = size.y / 2.0;
        let parts = [(tiles.insert_pane(Panel::Queues), half), (tiles.insert_pane(Panel::Results), half)];
        columns.push((linear(tiles, LinearDir::Vertical, &parts), last_width));
    }
    linear(tiles, LinearDir::Horizontal, &columns)
}
