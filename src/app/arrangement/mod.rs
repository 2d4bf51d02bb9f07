//! Which panels are open and where they lie: a tree of tiles that can be dragged, resized, stacked as
//! tabs, closed and opened again; one tree for each preset, remembered once it was changed by hand.
//!
//! - [`presets`]: the trees that the lab comes with, by the size of the window
//! - [`tiling`], [`edges`]: how tiles are drawn, moved and resized

mod edges;
pub mod presets;
pub mod tiling;

use std::collections::BTreeMap;

use egui::Vec2;
use egui_tiles::{Container, Tile, TileId, Tree};
use serde::{Deserialize, Serialize};

use crate::app::panel::Panel;

pub use presets::{Preset, is_compact};

/// Where the panels lie.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrangement {
    /// The preset that is shown.
    pub preset: Preset,
    /// Trees that were changed by hand.
    changed: BTreeMap<Preset, Tree<Panel>>,
    /// A panel that has the whole body for itself.
    pub maximised: Option<Panel>,
    /// The tree of the preset as it comes, and the size that it was made for.
    #[serde(skip)]
    standard: Option<(Preset, Vec2, Tree<Panel>)>,
    /// Panels to open once there is a tree.
    #[serde(skip)]
    waiting: Vec<Panel>,
}

impl Arrangement {
    /// The tree that is shown in a body of `size`. A tree that nobody has changed follows the size.
    pub fn tree(&mut self, size: Vec2, compact: bool) -> &mut Tree<Panel> {
        for panel in std::mem::take(&mut self.waiting) {
            self.tree(size, compact);
            self.show(panel);
        }
        let preset = self.preset;
        if let Some(tree) = self.changed.get_mut(&preset) {
            return tree;
        }
        let is_right = self.standard.as_ref().is_some_and(|(of, for_size, _)| *of == preset && *for_size == size);
        if !is_right {
            let active = self.standard.as_ref().filter(|(of, ..)| *of == preset).map(|(.., tree)| active(tree));
            let mut tree = presets::tree(preset, size, compact);
            for panel in active.unwrap_or_default() {
                bring_forward(&mut tree, panel);
            }
            self.standard = Some((preset, size, tree));
        }
        &mut self.standard.get_or_insert_with(|| (preset, size, presets::tree(preset, size, compact))).2
    }

    /// The tree on screen has been changed by hand, and is kept from now on.
    pub fn keep(&mut self) {
        if let Some((preset, _, tree)) = self.standard.take_if(|(preset, ..)| *preset == self.preset) {
            self.changed.entry(preset).or_insert(tree);
        }
    }

    /// Whether the tiles of the preset on screen were changed by hand.
    pub fn is_changed(&self) -> bool {
        self.changed.contains_key(&self.preset)
    }

    /// The preset as it comes.
    pub fn reset(&mut self) {
        self.changed.remove(&self.preset);
        self.maximised = None;
        self.standard = None;
    }

    /// Shows a preset.
    pub fn show_preset(&mut self, preset: Preset) {
        self.preset = preset;
        self.maximised = None;
    }

    /// Whether the panel is open on screen, behind another tab or not.
    pub fn is_open(&self, panel: Panel) -> bool {
        !panel.is_tile() || self.shown().is_some_and(|tree| tree.tiles.find_pane(&panel).is_some())
    }

    /// Whether the panel can be seen.
    pub fn is_visible(&self, panel: Panel) -> bool {
        match self.maximised {
            Some(only) => only == panel || !panel.is_tile(),
            None => !panel.is_tile() || self.shown().is_some_and(|tree| active(tree).contains(&panel)),
        }
    }

    /// How large the panel was drawn last, where it was.
    pub fn size_of(&self, panel: Panel) -> Option<Vec2> {
        let tree = self.shown()?;
        let tile = tree.tiles.find_pane(&panel).filter(|_| self.is_visible(panel) && self.maximised.is_none())?;
        tree.tiles.rect(tile).map(|rect| rect.size()).filter(|size| size.min_elem() >= 64.0)
    }

    fn shown(&self) -> Option<&Tree<Panel>> {
        let standard = self.standard.as_ref().filter(|(preset, ..)| *preset == self.preset);
        self.changed.get(&self.preset).or_else(|| standard.map(|(.., tree)| tree))
    }

    fn shown_mut(&mut self) -> Option<&mut Tree<Panel>> {
        let standard = self.standard.as_mut().filter(|(preset, ..)| *preset == self.preset);
        self.changed.get_mut(&self.preset).or_else(|| standard.map(|(.., tree)| tree))
    }

    /// Opens the panel, or brings it forward. A new one becomes a tab: beside the settings or the reason
    /// why when it is narrow, else on the largest tile. The tuner has the whole body.
    pub fn show(&mut self, panel: Panel) {
        if panel == Panel::Tuner {
            self.maximised = Some(panel);
            return;
        }
        self.maximised = None;
        let Some(tree) = self.shown_mut().filter(|_| panel.is_tile()) else {
            self.waiting.push(panel);
            return;
        };
        if !bring_forward(tree, panel) {
            insert(tree, panel);
            // The twin comes and goes with the pinned run; anything else was opened to stay.
            if panel != Panel::Twin {
                self.keep();
            }
        }
    }

    /// Brings a panel forward that is open behind another one. Which one that is; `None` where nothing changes.
    pub fn uncover(&mut self, panel: Panel) -> Option<Panel> {
        if self.maximised.is_some() || self.is_visible(panel) || !self.is_open(panel) {
            return None;
        }
        let before = self.shown().map(active)?;
        self.show(panel);
        let after = self.shown().map(active)?;
        before.into_iter().find(|panel| !after.contains(panel))
    }

    /// Closes the panel. It can be opened again from the menu.
    pub fn close(&mut self, panel: Panel) {
        if self.maximised == Some(panel) {
            self.maximised = None;
        }
        let Some(tree) = self.shown_mut() else { return };
        if let Some(tile) = tree.tiles.find_pane(&panel)
            && tree.root() != Some(tile)
        {
            tree.remove_recursively(tile);
            self.keep();
        }
    }

    /// Gives the panel the whole body, or puts it back among the others.
    pub fn toggle_maximised(&mut self, panel: Panel) {
        self.maximised = if self.maximised == Some(panel) { None } else { Some(panel) };
    }
}

/// The panels that can be seen, in the order of their tiles.
fn active(tree: &Tree<Panel>) -> Vec<Panel> {
    tree.active_tiles().into_iter().filter_map(|tile| tree.tiles.get_pane(&tile).copied()).collect()
}

fn bring_forward(tree: &mut Tree<Panel>, panel: Panel) -> bool {
    tree.tiles.find_pane(&panel).is_some() && {
        tree.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == panel));
        true
    }
}

/// Stacks a panel on the tile of one that is like it.
fn insert(tree: &mut Tree<Panel>, panel: Panel) {
    let new = tree.tiles.insert_pane(panel);
    let likely: &[Panel] = if panel.is_narrow() {
        &[Panel::Why, Panel::Settings, Panel::Lesson, Panel::TimeMap]
    } else {
        &[Panel::TimeMap, Panel::Topology, Panel::Recovery]
    };
    let home = likely
        .iter()
        .find_map(|panel| tree.tiles.find_pane(panel))
        .or_else(|| tree.active_tiles().into_iter().find(|tile| *tile != new && tree.tiles.get_pane(tile).is_some()));
    match home {
        Some(home) => stack(tree, home, new),
        None => tree.root = Some(new),
    }
    bring_forward(tree, panel);
}

/// Puts `new` in front of `home`, in its tabs or in new ones.
fn stack(tree: &mut Tree<Panel>, home: TileId, new: TileId) {
    let parent = tree.tiles.parent_of(home);
    if let Some(Tile::Container(Container::Tabs(tabs))) = parent.and_then(|parent| tree.tiles.get_mut(parent)) {
        tabs.add_child(new);
        return;
    }
    let tabs = tree.tiles.insert_tab_tile(vec![home, new]);
    match parent.and_then(|parent| tree.tiles.get_mut(parent)) {
        Some(Tile::Container(container)) => replace_child(container, home, tabs),
        _ => tree.root = Some(tabs),
    }
}

fn replace_child(container: &mut Container, old: TileId, new: TileId) {
    match container {
        Container::Linear(linear) => {
            linear.children.iter_mut().filter(|child| **child == old).for_each(|child| *child = new);
            linear.shares.replace_with(old, new);
        }
        other => {
            other.remove_child(old);
            other.add_child(new);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

    fn shown(preset: Preset, size: Vec2, compact: bool) -> Arrangement {
        let mut arrangement = Arrangement { preset, ..Arrangement::default() };
        arrangement.tree(size, compact);
        arrangement
    }

    #[test]
    fn a_panel_opens_as_a_tab_closes_and_opens_again() {
        let mut arrangement = shown(Preset::Tune, vec2(1600.0, 836.0), false);
        assert!(arrangement.is_visible(Panel::TimeMap) && !arrangement.is_open(Panel::Topology));
        arrangement.show(Panel::Topology);
        assert!(arrangement.is_visible(Panel::Topology) && !arrangement.is_visible(Panel::TimeMap));
        arrangement.show(Panel::TimeMap);
        assert!(arrangement.is_open(Panel::Topology) && arrangement.is_visible(Panel::TimeMap));
        arrangement.close(Panel::Late);
        assert!(!arrangement.is_open(Panel::Late) && arrangement.is_changed());
        arrangement.show(Panel::Late);
        assert!(arrangement.is_visible(Panel::Late));
        arrangement.reset();
        arrangement.tree(vec2(1600.0, 836.0), false);
        assert!(arrangement.is_visible(Panel::Late) && !arrangement.is_open(Panel::Topology));
    }

    #[test]
    fn small_windows_stack_why_on_the_settings_and_large_ones_have_a_fourth_column() {
        let small = shown(Preset::Tune, vec2(1280.0, 654.0), true);
        assert!(small.is_visible(Panel::Settings) && small.is_open(Panel::Why) && !small.is_visible(Panel::Why));
        let large = shown(Preset::Tune, vec2(2048.0, 988.0), false);
        assert!(large.is_visible(Panel::Queues) && large.is_visible(Panel::Results));
    }

    #[test]
    fn a_tab_stays_in_front_while_the_window_is_resized() {
        let mut arrangement = shown(Preset::Tune, vec2(1280.0, 654.0), true);
        arrangement.show(Panel::Why);
        arrangement.tree(vec2(1300.0, 654.0), true);
        assert!(arrangement.is_visible(Panel::Why));
    }

    #[test]
    fn changes_are_remembered() {
        let mut arrangement = shown(Preset::Tune, vec2(1600.0, 836.0), false);
        arrangement.close(Panel::Emissions);
        let text = ron::to_string(&arrangement).expect("it can be written");
        let mut read: Arrangement = ron::from_str(&text).expect("it can be read");
        read.tree(vec2(1600.0, 836.0), false);
        assert!(!read.is_open(Panel::Emissions) && read.is_open(Panel::Late));
    }

    #[test]
    fn the_last_panel_cannot_be_closed() {
        let mut arrangement = shown(Preset::Present, vec2(1600.0, 836.0), false);
        arrangement.close(Panel::Topology);
        arrangement.close(Panel::Recovery);
        arrangement.show(Panel::TimeMap);
        assert!(arrangement.is_visible(Panel::TimeMap));
    }
}
