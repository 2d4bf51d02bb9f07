//! The edges between tiles: hairlines that are dragged, or moved by arrows while they have the focus, and that say
//! between which panels they lie. A double click makes both sides alike.
//!
//! Only the two tiles that meet at an edge change, and neither becomes smaller than [`LEAST`] where there is room.

use egui::{CursorIcon, EventFilter, Key, Modifiers, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_tiles::{Container, LinearDir, Tile, TileId, Tree};

use crate::app::arrangement::tiling::LEAST;
use crate::app::panel::Panel;
use crate::app::theme::Theme;
use crate::app::widgets::within::Within as _;

/// Half of the breadth in which an edge can be taken hold of, in points.
const GRIP: f32 = 3.0;
/// An arrow moves an edge by so many points.
const STEP: f32 = 16.0;

/// Where two neighbours meet.
struct Edge {
    container: TileId,
    dir: LinearDir,
    /// Left and right, or above and below.
    sides: [TileId; 2],
    /// How long the sides are across the edge, in points.
    lengths: [f32; 2],
    line: Rect,
    name: String,
}

/// Draws the edges of `tree` over its tiles. Whether one of them was moved.
pub fn edges_ui(ui: &Ui, theme: &Theme, tree: &mut Tree<Panel>) -> bool {
    let mut is_moved = false;
    for edge in edges(tree) {
        if let Some(first) = edge_ui(ui, theme, &edge) {
            is_moved |= give(tree, &edge, first);
        }
    }
    is_moved
}

fn edges(tree: &Tree<Panel>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for container in tree.active_tiles() {
        let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get(container) else { continue };
        let shown = linear.children.iter().copied().filter(|&child| tree.is_visible(child));
        let shown: Vec<(TileId, Rect)> = shown.filter_map(|child| Some((child, tree.tiles.rect(child)?))).collect();
        for pair in shown.windows(2) {
            let [(before, first), (after, second)] = [pair[0], pair[1]];
            let (line, lengths) = match linear.dir {
                LinearDir::Horizontal => {
                    let x = (first.right() + second.left()) / 2.0;
                    (Rect::from_x_y_ranges(x..=x, first.y_range()), [first.width(), second.width()])
                }
                LinearDir::Vertical => {
                    let y = (first.bottom() + second.top()) / 2.0;
                    (Rect::from_x_y_ranges(first.x_range(), y..=y), [first.height(), second.height()])
                }
            };
            let names = [before, after].map(|tile| panel_of(tree, tile).map_or("nothing", Panel::title));
            let name = format!("Edge between {} and {}", names[0], names[1]);
            edges.push(Edge { container, dir: linear.dir, sides: [before, after], lengths, line, name });
        }
    }
    edges
}

/// The first panel of a tile that can be seen.
fn panel_of(tree: &Tree<Panel>, tile: TileId) -> Option<Panel> {
    match tree.tiles.get(tile)? {
        Tile::Pane(panel) => Some(*panel),
        Tile::Container(Container::Tabs(tabs)) => panel_of(tree, tabs.active?),
        Tile::Container(container) => container.children().find_map(|child| panel_of(tree, *child)),
    }
}

/// One edge. How long its first side is to be, where it was moved.
fn edge_ui(ui: &Ui, theme: &Theme, edge: &Edge) -> Option<f32> {
    let (is_upright, cursor) = match edge.dir {
        LinearDir::Horizontal => (true, CursorIcon::ResizeHorizontal),
        LinearDir::Vertical => (false, CursorIcon::ResizeVertical),
    };
    let grip = edge.line.expand2(if is_upright { vec2(GRIP, 0.0) } else { vec2(0.0, GRIP) });
    let response = ui.interact(grip, ui.scope_id().with(("edge", edge.sides)), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, ui.is_enabled(), &edge.name));
    let stroke = Stroke::new(if response.has_focus() { 3.0 } else { 1.5 }, theme.you);
    if response.hovered() || response.dragged() || response.has_focus() {
        let (from, to) = (edge.line.min, pos2(edge.line.max.x, edge.line.max.y));
        ui.painter().line_segment([from, to], stroke);
    }
    let response = response.on_hover_and_drag_cursor(cursor);
    let [first, second] = edge.lengths;
    if response.double_clicked() {
        return Some((first + second) / 2.0);
    }
    let pointer = response.interact_pointer_pos().filter(|_| response.dragged());
    let by = pointer.map(|at| if is_upright { at.x - edge.line.center().x } else { at.y - edge.line.center().y });
    by.or_else(|| by_key(ui, &response, is_upright)).filter(|by| *by != 0.0).map(|by| first + by)
}

/// How far arrows move an edge that has the focus.
fn by_key(ui: &Ui, response: &Response, is_upright: bool) -> Option<f32> {
    if !response.has_focus() {
        return None;
    }
    let filter = EventFilter { horizontal_arrows: is_upright, vertical_arrows: !is_upright, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let (back, on) = if is_upright { (Key::ArrowLeft, Key::ArrowRight) } else { (Key::ArrowUp, Key::ArrowDown) };
    let count = |key: Key| ui.input_mut(|input| input.count_and_consume_key(Modifiers::NONE, key)) as f32;
    Some((count(on) - count(back)) * STEP)
}

/// Gives the first side of an edge this length, and the second the rest. Whether that can be done.
fn give(tree: &mut Tree<Panel>, edge: &Edge, first: f32) -> bool {
    let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get_mut(edge.container) else { return false };
    let [before, after] = edge.sides;
    let both = edge.lengths[0] + edge.lengths[1];
    let shares = linear.shares[before] + linear.shares[after];
    if !(both > 0.0 && shares > 0.0) {
        return false;
    }
    let least = LEAST.x.min(both / 2.0);
    let share = shares * first.within(least, both - least) / both;
    linear.shares.set_share(before, share);
    linear.shares.set_share(after, shares - share);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::Id;
    use egui_tiles::Tiles;

    fn two(dir: LinearDir) -> (Tree<Panel>, Edge) {
        let mut tiles = Tiles::default();
        let sides = [tiles.insert_pane(Panel::Settings), tiles.insert_pane(Panel::TimeMap)];
        let container = match dir {
            LinearDir::Horizontal => tiles.insert_horizontal_tile(sides.to_vec()),
            LinearDir::Vertical => tiles.insert_vertical_tile(sides.to_vec()),
        };
        let edge =
            Edge { container, dir, sides, lengths: [300.0, 700.0], line: Rect::NOTHING, name: "an edge".to_owned() };
        (Tree::new(Id::unique("two tiles"), container, tiles), edge)
    }

    fn share_of_first(tree: &Tree<Panel>, edge: &Edge) -> f32 {
        let Some(Tile::Container(Container::Linear(linear))) = tree.tiles.get(edge.container) else { panic!("linear") };
        linear.shares[edge.sides[0]] / (linear.shares[edge.sides[0]] + linear.shares[edge.sides[1]])
    }

    #[test]
    fn an_edge_goes_where_it_is_put_and_stops_before_a_tile_is_gone() {
        for dir in [LinearDir::Horizontal, LinearDir::Vertical] {
            let (mut tree, edge) = two(dir);
            for (put, expected) in [(400.0, 0.4), (10.0, 0.096), (990.0, 0.904), (500.0, 0.5)] {
                assert!(give(&mut tree, &edge, put));
                assert!((share_of_first(&tree, &edge) - expected).abs() < 1e-6, "{put}");
            }
            let flat = Edge { lengths: [0.0, 0.0], ..edge };
            assert!(!give(&mut tree, &flat, 5.0));
            let narrow = Edge { lengths: [20.0, 30.0], ..flat };
            assert!(give(&mut tree, &narrow, 45.0));
            assert!((share_of_first(&tree, &narrow) - 0.5).abs() < 1e-6, "no room for both: alike");
        }
    }

    #[test]
    fn an_edge_is_named_by_the_panels_that_can_be_seen() {
        let mut tiles = Tiles::default();
        let tabs = [Panel::Why, Panel::Twin].map(|panel| tiles.insert_pane(panel));
        let right = tiles.insert_tab_tile(tabs.to_vec());
        let left = tiles.insert_pane(Panel::TimeMap);
        let root = tiles.insert_horizontal_tile(vec![left, right]);
        let mut tree = Tree::new(Id::unique("named tiles"), root, tiles);
        tree.make_active(|_, tile| matches!(tile, Tile::Pane(Panel::Twin)));
        assert_eq!(panel_of(&tree, left), Some(Panel::TimeMap));
        assert_eq!(panel_of(&tree, right), Some(Panel::Twin));
    }
}
